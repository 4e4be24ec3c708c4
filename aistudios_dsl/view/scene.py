"""A resolved scene as viewers see and hear it: boxes, lines of text, faces, order in depth, colours and speech."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import repeat
from operator import attrgetter

from attrs import evolve, frozen

from aistudios_dsl.build.boxes import bounded, number, ruler_of, scales, seen_box
from aistudios_dsl.build.keywords import LABELS
from aistudios_dsl.build.speech import Utterance, utterances
from aistudios_dsl.layout.colour import Colour, find_colour
from aistudios_dsl.layout.geometry import Box, Point, canvas
from aistudios_dsl.layout.overlap import TOLERANCE, Stack, around, within
from aistudios_dsl.layout.sizes import POINT
from aistudios_dsl.layout.text import TextBox, baseline, has_letters, line_height, measure, text_height, wrap
from aistudios_dsl.view.asked import NOTHING, Asked, GroupBox
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import (
    Animation,
    AnyClip,
    Audio,
    AvatarClip,
    Image,
    Project,
    Scene,
    Shape,
    Text,
    UnknownClip,
    Video,
)

ESTIMATE_SLACK = 1.1
"""How much wider than its box a text may be whose width is only an estimate."""

SOLID = 0.75
"""The least opacity at which a clip hides a face or a text; only one of 1 hides a whole clip."""
LEAVING = ("fade-out", "out-right", "out-down", "out-left", "out-up", "zoom-out")
"""The animations after which a clip is gone."""

_JPEG = re.compile(r"[^?#]*\.jpe?g(?:[?#]|$)", re.IGNORECASE)
_SHARES = {"center": 0.5, "right": 1.0}
_SAMPLES = (0.1, 0.5, 0.9)
_UNSEEN = 1e-6
"""The share of a colour that nobody sees behind others."""
_CLEAR, _BLACK = Colour(0, 0, 0, 0.0), Colour(0, 0, 0)
_OVALS = ("Circle", "Oval_1", "Oval_2")
_RECTANGLES = ("Square", "Rectangle_corner0")


@frozen
class TextLine:
    """A line of a text: its words, its start and width in the text's own px, and its box on the canvas."""

    words: str
    x: float
    baseline: float
    width: float
    box: Box


@frozen(eq=False)
class Seen:
    """A clip of a scene: its box, turned about its left-top corner, and the upright box just around that (px)."""

    clip: AnyClip
    kind: str
    """The verb that adds its type; "background" for the square of a background colour."""
    index: int
    """Its place in the list of clips."""
    path: str
    """What findings call it, such as `scenes[0].clips[1]`."""
    box: Box
    bounds: Box
    depth: tuple[float, int]
    """Its order in depth, by layer, then by place in the list. The higher is in front."""
    alpha: float
    """Its opacity, 0 to 1."""
    asked: Asked = NOTHING
    """What its verb was given; nothing for what was loaded."""

    @property
    def tag(self) -> str:
        """Its tag, or ""."""
        return self.clip.tag or ""

    @property
    def is_shown(self) -> bool:
        """Whether the picture shows it: sounds, mere voices and clips of unknown types without a size are not shown."""
        clip = self.clip
        if isinstance(clip, UnknownClip):
            return bool(self.box.width and self.box.height)
        hidden = isinstance(clip, AvatarClip) and (clip.is_delete or clip.voice_only)
        return not (hidden or isinstance(clip, Audio))

    @cached_property
    def laid(self) -> TextBox | None:
        """The lines of a text, broken to the width of its box as the editor does; None where there are none."""
        return laid_out(self.clip) if isinstance(self.clip, Text) else None

    @cached_property
    def text_lines(self) -> tuple[TextLine, ...]:
        """The lines of a text that hold letters."""
        return tuple(_lines(self.clip, self.laid, self)) if self.laid and isinstance(self.clip, Text) else ()

    @cached_property
    def lines(self) -> tuple[Box, ...]:
        """The boxes of a text's lines that hold letters."""
        return tuple(line.box for line in self.text_lines)

    @cached_property
    def ink(self) -> Box:
        """The upright box around the lines of a text that has letters."""
        return around(self.lines)

    @cached_property
    def face(self) -> Box | None:
        """The box of an avatar's head; None where its model does not say."""
        return self.place(self.own_face) if self.own_face else None

    @cached_property
    def own_face(self) -> Box | None:
        """The box of an avatar's head inside its figure, as `place` takes it."""
        return _face(self.clip) if isinstance(self.clip, AvatarClip) else None

    @cached_property
    def own_head(self) -> Box | None:
        """The box of an avatar's head from its crown, the top of the figure, to its chin, inside its figure."""
        face = self.own_face
        if face is None:
            return None
        crown = min(face.top, 0)
        return Box(face.left, crown, face.width, face.top + face.height - crown)

    @cached_property
    def head(self) -> Box | None:
        """The box of an avatar's head with its hair; None where its model does not say."""
        return self.place(self.own_head) if self.own_head else None

    @property
    def mirrored(self) -> tuple[bool, bool]:
        """Whether a negative scale mirrors it across, and down."""
        return number(self.clip, "scale_x", 1) < 0, number(self.clip, "scale_y", 1) < 0

    def place(self, part: Box) -> Box:
        """Return where a part of it is seen: `part` is in px along its sides, as if it were not mirrored."""
        box, (across, down) = self.box, self.mirrored
        x = box.width - part.left - part.width if across else part.left
        y = box.height - part.top - part.height if down else part.top
        left, top = Box(box.left, box.top, 1, 1, box.angle).point(x, y)
        return Box(left, top, part.width, part.height, box.angle)


@frozen(eq=False)
class SceneView:
    """A scene as it is seen and heard. `path` is its place in the project.

    `has_backdrop`: its first clip is the square of a background colour, which messages do not count. `asked`: what its
    script asked of the clips that it counts. `pending`: the paths of its fields that wait for a row. `groups`: those of
    its script.
    """

    scene: Scene
    path: str
    canvas: Box
    has_backdrop: bool = False
    asked: tuple[Asked, ...] = ()
    pending: frozenset[str] = frozenset()
    groups: Sequence[GroupBox] = ()

    @cached_property
    def every(self) -> tuple[Seen, ...]:
        """All clips, in the order of the document."""
        return tuple(_seen(clip, index, self) for index, clip in enumerate(self.scene.clips))

    @cached_property
    def clips(self) -> tuple[Seen, ...]:
        """The clips of known types that are shown, in the order of the document."""
        return tuple(seen for seen in self.every if seen.is_shown and not isinstance(seen.clip, UnknownClip))

    @cached_property
    def faces(self) -> Stack[Seen]:
        """The avatars whose faces are known, by these, in the order of the document."""
        return Stack((seen for seen in self.clips if seen.face), attrgetter("face.bounds"), self.canvas)

    @cached_property
    def texts(self) -> tuple[Seen, ...]:
        """The texts that have letters, but for those that wait for a row."""
        return tuple(seen for seen in self.clips if seen.lines and not self._waits(f"{seen.path}."))

    @cached_property
    def painted(self) -> Stack[Seen]:
        """The clips from front to back."""
        clips = sorted(self.clips, key=lambda seen: seen.depth, reverse=True)
        return Stack(clips, attrgetter("bounds"), self.canvas)

    def painted_of(self, kind: Callable[[Seen], bool]) -> Stack[Seen]:
        """The clips for which a function of the module holds, from front to back."""
        if kind not in self._kinds:
            self._kinds[kind] = Stack(filter(kind, self.painted.items), attrgetter("bounds"), self.canvas)
        return self._kinds[kind]

    @cached_property
    def opaque(self) -> Stack[Seen]:
        """The opaque clips from front to back, without those that one in front of them hides in the same box."""
        kept: dict[tuple[Box, int], Seen] = {}
        for seen in filter(_is_opaque, self.painted.items):
            kept.setdefault((seen.box, 0 if _fills_box(seen) else seen.index + 1), seen)
        return Stack(kept.values(), attrgetter("bounds"), self.canvas)

    @cached_property
    def _kinds(self) -> dict[Callable[[Seen], bool], Stack[Seen]]:
        return {}

    @cached_property
    def by_depth(self) -> tuple[Seen, ...]:
        """All clips, from back to front."""
        return tuple(sorted(self.every, key=lambda seen: seen.depth))

    @cached_property
    def speech(self) -> tuple[Utterance, ...]:
        """What is said in it."""
        return tuple(said for said in utterances(self.scene) if has_letters(said.text))

    @property
    def seconds(self) -> float:
        """How long its speech is estimated to take; 0 where nothing is said."""
        return sum(said.seconds for said in self.speech)

    def _waits(self, path: str) -> bool:
        return any(field.startswith(path) for field in self.pending)

    def waits(self, said: Utterance) -> bool:
        """Whether an utterance waits for a row."""
        return self._waits(self.path_of(said))

    def path_of(self, said: Utterance) -> str:
        """Return what findings call the script of an utterance."""
        if said.speaker is None or said.place.startswith("scripts"):
            return f"{self.path}.{said.place}"
        return f"{self.every[said.speaker].path}.script"

    @cached_property
    def hiders(self) -> dict[int, Seen | None]:
        """What hides a clip, by its place in the list, for those that were asked for."""
        return {}

    def grounds(self, above: Seen, lines: Sequence[Box]) -> Iterator[Colour]:
        """Yield the known colours behind the lines of a text; none where a picture is behind them."""
        for line in lines:
            for share in _SAMPLES:
                colour = self._ground(above, line.point(share, 0.5))
                if colour is not None:
                    yield colour

    def _ground(self, above: Seen, point: Point) -> Colour | None:
        layers: list[Colour] = []
        clear = 1.0
        for seen in behind(above, self.painted, Box(*point, 0, 0)):
            colour = paint(seen, point)
            if colour is None:
                return None
            clear *= 1 - colour.alpha
            if clear < _UNSEEN:
                return composite([*layers, evolve(colour, alpha=1.0)])
            layers.append(colour)
        colour = _backdrop(self.scene)
        return None if colour is None else composite([*layers, colour])


def behind(seen: Seen, stack: Stack[Seen], box: Box) -> Iterator[Seen]:
    """Return the clips of a stack, which begins at the front, that are behind another and touch a box."""
    return stack.near(box, bisect_right(stack.items, _from_front(seen), key=_from_front))


def _from_front(seen: Seen) -> tuple[float, int]:
    return -seen.depth[0], -seen.depth[1]


def scene_views(
    project: Project,
    script_clips: Sequence[int] = (),
    asked: Sequence[tuple[Asked, ...]] = (),
    pending: Iterable[str] = (),
    groups: Sequence[Sequence[GroupBox]] = (),
) -> tuple[SceneView, ...]:
    """Return the views of a resolved project's scenes.

    `script_clips`: how many clips of each scene its script counts; the square of a background colour comes before them.
    `asked`: what its script asked of them. `pending`: the paths of the fields that wait for a row. `groups`:
    the groups of each scene of a script.
    """
    size = canvas(project.orientation)
    counts = script_clips or [len(scene.clips) for scene in project.scenes]
    waiting: dict[str, set[str]] = {}
    for path in pending:
        waiting.setdefault(path.partition(".")[0], set()).add(path)
    none = repeat((), len(counts))
    scenes = zip(project.scenes, counts, asked or none, groups or repeat((), len(counts)), strict=True)
    return tuple(
        SceneView(scene, path, size, len(scene.clips) > count, own, frozenset(waiting.get(path, ())), grouped)
        for index, (scene, count, own, grouped) in enumerate(scenes)
        for path in (f"scenes[{index}]",)
    )


def safe_area(canvas: Box) -> Box:
    """Return the title-safe area, px: the inner nine tenths of the canvas, as broadcasters have it."""
    across, down = canvas.width / 20, canvas.height / 20
    return Box(across, down, canvas.width - 2 * across, canvas.height - 2 * down)


def _seen(clip: AnyClip, index: int, scene: SceneView) -> Seen:
    counted = index - scene.has_backdrop
    box = seen_box(clip)
    return Seen(
        clip,
        LABELS.get(clip.type, clip.type) if counted >= 0 else "background",
        index,
        f"{scene.path}.clips[{counted}]" if counted >= 0 else f"{scene.path}.background",
        box,
        box.bounds if box.angle else box,
        (number(clip, "layer"), index),
        min(1.0, max(0.0, number(clip, "opacity", 100) / 100)),
        scene.asked[counted] if 0 <= counted < len(scene.asked) else NOTHING,
    )


def laid_out(clip: Text) -> TextBox | None:
    """Return the lines of a text, broken to the width of its box as the editor does; None where there are none."""
    size, width, ruler = font_px(clip), number(clip, "width"), ruler_of(clip)
    if not (has_letters(clip.text) and size > 0 and width > 0):
        return None
    box = measure(clip.text, size, ruler=ruler)
    room = width * (ESTIMATE_SLACK if box.estimated else 1)
    # The editor breaks lines at spaces alone.
    return box if box.width <= room + TOLERANCE else wrap(clip.text, size, room, by_grapheme=False, ruler=ruler)


def font_px(clip: Text) -> float:
    """Return the font size of a text, px."""
    return bounded(number(clip, "font_size") * POINT)


def _lines(clip: Text, laid: TextBox, seen: Seen) -> Iterator[TextLine]:
    size, share = font_px(clip), _SHARES.get(clip.align or "", 0.0)
    edge, (across, down) = max(0, number(clip, "stroke_width")) / 2, scales(clip)
    for index, (words, width) in enumerate(zip(laid.lines, laid.line_widths, strict=True)):
        if has_letters(words):
            x, top = share * (number(clip, "width") - width), index * line_height(size)
            corner = (edge + x) * across, (edge + top) * down
            part = Box(*corner, width * across, text_height(size, 1) * down)
            yield TextLine(words, x, baseline(size, index), width, seen.place(part))


def _face(clip: AvatarClip) -> Box | None:
    value = clip.model.editor or clip.model.editor_value
    if not value:
        return None
    head = value.head_center_x, value.head_center_y, value.head_width, value.head_height
    numbers = (*head, value.model_tight_x, value.model_tight_y)
    x, y, width, height, tight_x, tight_y = map(bounded, numbers)
    if UNSET in numbers or width <= 0 or height <= 0:
        return None
    across, down = scales(clip)
    return Box((x - tight_x) * across, (y - tight_y) * down, width * across, height * down)


def animation_in(seen: Seen) -> Animation | None:
    """Return a clip's animation; None where it has none."""
    animation = getattr(seen.clip, "animation", None)
    return animation if isinstance(animation, Animation) else None


def animation_of(seen: Seen) -> str:
    """Return the type of a clip's animation; "" where it has none."""
    animation = animation_in(seen)
    return animation.type if animation else ""


def is_solid(seen: Seen) -> bool:
    """Whether a clip hides what is behind it: an animated one if it appears at once and stays; a text never."""
    animation = animation_in(seen)
    comes_and_goes = animation is not None and (animation.type in LEAVING or bounded(animation.delay) > 0)
    if seen.alpha < SOLID or comes_and_goes or isinstance(seen.clip, Text):
        return False
    fill = find_colour(seen.clip.fill) if isinstance(seen.clip, Shape) else _BLACK
    return fill is not None and fill.alpha * seen.alpha >= SOLID


def _fills_box(seen: Seen) -> bool:
    """Whether an opaque clip leaves no corner of its box free."""
    clip = seen.clip
    return not isinstance(clip, Shape) or (clip.shape_name in _RECTANGLES and not clip.stroke_radius)


def _is_opaque(seen: Seen) -> bool:
    """Whether a clip is solid without a clear spot or a hollow."""
    clip = seen.clip
    if seen.alpha < 1 or not is_solid(seen):
        return False
    if not isinstance(clip, Shape):
        return isinstance(clip, Video) or is_jpeg(seen)
    fill = find_colour(clip.fill)
    return clip.shape_name in (*_RECTANGLES, *_OVALS, "Diamond") and fill is not None and fill.alpha == 1


def is_jpeg(seen: Seen) -> bool:
    """Whether a clip is a picture without transparency, by the suffix of its URL."""
    return isinstance(seen.clip, Image) and bool(_JPEG.match(seen.clip.source_url))


# colours


def faded(colour: Colour, alpha: float) -> Colour:
    """Return the colour of a clip of this opacity (0 to 1)."""
    return colour if alpha == 1 else evolve(colour, alpha=colour.alpha * alpha)


def composite(layers: Sequence[Colour]) -> Colour:
    """Return what is seen of colours behind one another, the first in front."""
    colour = layers[-1]
    for layer in reversed(layers[:-1]):
        colour = layer.over(colour)
    return colour


def _backdrop(scene: Scene) -> Colour | None:
    solid = scene.background.source_type == "color"
    return find_colour(scene.background.source_color) if solid else None


def paint(seen: Seen, point: Point) -> Colour | None:
    """Return the colour that a clip paints at a point, clear where it paints none; None where it is not known."""
    if not isinstance(seen.clip, Text | Shape):
        return None if share_of(seen.box, point) else _CLEAR
    clip = seen.clip
    if isinstance(clip, Text):
        plate = find_colour(clip.background_color or "transparent")
        over_letters = any(share_of(line, point) for line in seen.lines)
        return None if over_letters or plate is None else _filled(seen, point, plate, edge=True)
    fill = find_colour(clip.fill)
    if fill is None:
        return None
    return _filled(seen, point, fill, edge=clip.shape_name in _RECTANGLES)


def _filled(seen: Seen, point: Point, fill: Colour, *, edge: bool) -> Colour | None:
    share = share_of(seen.box, point)
    if share is None:
        return _CLEAR
    if edge or _surely_filled(seen.clip, share):
        return faded(fill, seen.alpha)
    circle = isinstance(seen.clip, Shape) and seen.clip.shape_name == "Circle"
    return _CLEAR if circle else None


def _surely_filled(clip: AnyClip, share: Point) -> bool:
    x, y = abs(share[0] - 0.5) * 2, abs(share[1] - 0.5) * 2
    name = clip.shape_name if isinstance(clip, Shape) else ""
    if name in _OVALS:
        return x * x + y * y <= 1
    return name == "Diamond" and x + y <= 1


def share_of(box: Box, point: Point) -> Point | None:
    """Return where a point lies in a box, as shares of its width and height; None outside."""
    if not box.width or not box.height:
        return None
    x, y = within(box, point)
    share = x / box.width, y / box.height
    return share if 0 <= share[0] <= 1 and 0 <= share[1] <= 1 else None
