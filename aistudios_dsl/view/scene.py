"""What a viewer sees of a resolved scene: clips as boxes on the canvas, texts as lines, avatars as faces, grounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, TypeGuard

from attrs import evolve, field, frozen

from aistudios_dsl.build.keywords import LABELS
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.colour import Colour, parse_colour
from aistudios_dsl.layout.geometry import Box, Point, canvas
from aistudios_dsl.layout.overlap import TOLERANCE, around, inside, upright_overlap
from aistudios_dsl.layout.sizes import POINT, seen_size
from aistudios_dsl.layout.text import TextBox, line_height, measure, text_height, wrap
from aistudios_dsl.layout.text import is_bold as is_bold_weight
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import Audio, AvatarClip, Clip, Project, Scene, Shape, Text, UnknownClip

ESTIMATE_SLACK = 1.1
"""How much wider than its box a text may be whose width is only an estimate."""

_FAR = 1e8
_SHARES = {"center": 0.5, "right": 1.0}
_SAMPLES = (0.1, 0.5, 0.9)
_CLEAR = Colour(0, 0, 0, 0.0)
_RECTANGLES = ("Square", "Rectangle_corner0")


@frozen(eq=False)
class Seen:
    """One clip as it is seen: its box, turned about its left-top corner, and the upright box just around it (px)."""

    clip: Clip
    path: str
    box: Box
    bounds: Box
    depth: tuple[float, int]
    """What is painted later, and so in front, is more: by layer, then by place in the list."""
    alpha: float
    """Its opacity, 0 to 1."""

    @property
    def tag(self) -> str:
        """Its tag, or "" where it has none."""
        return self.clip.tag or ""

    @property
    def kind(self) -> str:
        """Its type as the verbs call it."""
        return LABELS.get(self.clip.type, self.clip.type)

    @cached_property
    def laid(self) -> TextBox | None:
        """A text's lines as the editor's canvas breaks them to the width of its box; None where there are none."""
        return laid_out(self.clip) if isinstance(self.clip, Text) else None

    @cached_property
    def lines(self) -> tuple[Box, ...]:
        """The boxes of a text's lines that hold letters."""
        return tuple(_line_boxes(self.clip, self.laid, self.box)) if self.laid and isinstance(self.clip, Text) else ()

    @cached_property
    def face(self) -> Box | None:
        """The box of an avatar's head; None where its model says nothing of it."""
        return _face(self.clip, self.box) if isinstance(self.clip, AvatarClip) else None


@frozen(eq=False)
class SceneView:
    """A scene as it is seen. `frame` is the canvas, `path` its place in the document."""

    scene: Scene
    path: str
    frame: Box
    clips: tuple[Seen, ...] = field(init=False)
    """The clips that are seen, in the order of the document."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "clips", tuple(_seen(self.scene, self.path)))

    @cached_property
    def texts(self) -> tuple[Seen, ...]:
        """The texts that have letters."""
        return tuple(seen for seen in self.clips if seen.lines)

    @cached_property
    def painted(self) -> tuple[Seen, ...]:
        """The clips from front to back."""
        return tuple(sorted(self.clips, key=lambda seen: seen.depth, reverse=True))

    def grounds(self, above: Seen, lines: Sequence[Box]) -> Iterator[Colour]:
        """The colours behind the lines of a text, where they are known: not where a picture is behind them."""
        ink = around(lines)
        behind = [seen for seen in self.painted if seen.depth < above.depth and upright_overlap(seen.bounds, ink, 0)]
        if all(_is_even(seen, ink) for seen in behind):
            points = [lines[0].centre]
        else:
            points = [line.point(share, 0.5) for line in lines for share in _SAMPLES]
        found = (self._ground(behind, point) for point in points)
        return (colour for colour in found if colour is not None)

    def _ground(self, behind: Sequence[Seen], point: Point) -> Colour | None:
        layers: list[Colour] = []
        for seen in behind:
            colour = paint(seen, point)
            if colour is None:
                return None
            layers.append(colour)
            if colour.alpha == 1:
                return composite(layers)
        colour = _backdrop(self.scene)
        return None if colour is None else composite([*layers, colour])


def scene_views(project: Project) -> tuple[SceneView, ...]:
    """The scenes of a resolved project as they are seen."""
    frame = canvas(project.orientation)
    return tuple(SceneView(scene, f"scenes[{index}]", frame) for index, scene in enumerate(project.scenes))


def _seen(scene: Scene, path: str) -> Iterator[Seen]:
    for number, clip in enumerate(scene.clips):
        if isinstance(clip, UnknownClip | Audio):
            continue
        if isinstance(clip, AvatarClip) and (clip.is_delete or clip.voice_only):
            continue
        box = _box(clip)
        bounds = box.bounds if box.angle else box
        yield Seen(clip, f"{path}.clips[{number}]", box, bounds, (clip.layer, number), _alpha(clip))


def _alpha(clip: Clip) -> float:
    percent = getattr(clip, "opacity", UNSET)
    return min(1.0, max(0.0, percent / 100)) if is_number(percent) else 1.0


def _box(clip: Clip) -> Box:
    # A negative scale mirrors a clip in place, and the editor may turn clips whose class here has no angle.
    stroke = near(getattr(clip, "stroke_width", 0))
    scales = abs(near(clip.scale_x, 1)), abs(near(clip.scale_y, 1))
    width, height = seen_size(near(clip.width), near(clip.height), *scales, stroke)
    angle = clip.extra.get("angle", getattr(clip, "angle", 0))
    return Box(near(clip.left), near(clip.top), width, height, near(angle))


def near(value: Any, otherwise: float = 0) -> float:
    """A number as it is, but none so far away that floats lose it; `otherwise` for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return otherwise
    return max(-_FAR, min(_FAR, value))


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a number that a canvas can hold.

    >>> is_number(1), is_number(True), is_number(UNSET), is_number(10**400)
    (True, False, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and -_FAR <= value <= _FAR


def laid_out(clip: Text) -> TextBox | None:
    """A text's lines as the editor's canvas breaks them to the width of its box; None where there are none."""
    size, width = near(clip.font_size) * POINT, near(clip.width)
    if not (clip.text.strip() and size > 0 and width > 0):
        return None
    family = clip.font_family or "Noto Sans CJK"
    box = measure(clip.text, size, bold=is_bold(clip), family=family)
    room = width * (ESTIMATE_SLACK if box.estimated else 1)
    return box if box.width <= room + TOLERANCE else wrap(clip.text, size, room, bold=is_bold(clip), family=family)


def is_bold(clip: Text) -> bool:
    """Whether the bold face is drawn: `font_weight` "bold", or 600 and more."""
    return is_bold_weight(clip.font_weight)


def _line_boxes(clip: Text, laid: TextBox, box: Box) -> Iterator[Box]:
    size, share = near(clip.font_size) * POINT, _SHARES.get(clip.align, 0.0)
    edge = near(clip.stroke_width) / 2
    across, down = abs(near(clip.scale_x, 1)), abs(near(clip.scale_y, 1))
    corner = Box(box.left, box.top, 1, 1, box.angle)
    for number, (line, width) in enumerate(zip(laid.lines, laid.line_widths, strict=True)):
        if line.strip():
            x, y = edge + share * (near(clip.width) - width), edge + number * line_height(size)
            left, top = corner.point(x * across, y * down)
            yield Box(left, top, width * across, text_height(size, 1) * down, box.angle)


def _face(clip: AvatarClip, box: Box) -> Box | None:
    value = clip.model.editor or clip.model.editor_value
    if not value:
        return None
    head = (value.head_center_x, value.head_center_y, value.head_width, value.head_height)
    if not all(map(is_number, (*head, value.model_tight_x, value.model_tight_y))):
        return None
    across, down = abs(near(clip.scale_x, 1)), abs(near(clip.scale_y, 1))
    corner = Box(box.left, box.top, 1, 1, box.angle)
    left, top = corner.point((head[0] - value.model_tight_x) * across, (head[1] - value.model_tight_y) * down)
    return Box(left, top, head[2] * across, head[3] * down, box.angle)


# colours


@lru_cache(maxsize=1024)
def colour_of(text: Any) -> Colour | None:
    """The colour that a browser reads; None where it reads none."""
    try:
        return parse_colour(text) if isinstance(text, str) and text else None
    except BuildError:
        return None


def faded(colour: Colour, alpha: float) -> Colour:
    """The colour of a clip of this opacity (0 to 1)."""
    return colour if alpha == 1 else evolve(colour, alpha=colour.alpha * alpha)


def composite(layers: Sequence[Colour]) -> Colour:
    """What is seen of colours one behind the other, the first in front."""
    colour = layers[-1]
    for layer in reversed(layers[:-1]):
        colour = layer.over(colour)
    return colour


def _backdrop(scene: Scene) -> Colour | None:
    solid = scene.background.source_type == "color"
    return colour_of(scene.background.source_color) if solid else None


def _is_even(seen: Seen, ink: Box) -> bool:
    """Whether a clip paints the same, as far as is known, everywhere in a box."""
    clip = seen.clip
    uneven = seen.box.angle or isinstance(clip, Text) or (isinstance(clip, Shape) and clip.shape_name != "Square")
    return not uneven and inside(ink, seen.bounds, 0)


def paint(seen: Seen, point: Point) -> Colour | None:
    """What a clip paints at a point: a colour (clear where it paints nothing), or None where that is not known."""
    if not isinstance(seen.clip, Text | Shape):
        return None if share_of(seen.box, point) else _CLEAR
    clip = seen.clip
    if isinstance(clip, Text):
        plate = colour_of(clip.background_color or "transparent")
        over_letters = any(share_of(line, point) for line in seen.lines)
        return None if over_letters or plate is None else _filled(seen, point, plate, edge=True)
    fill = colour_of(clip.fill)
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


def _surely_filled(clip: Clip, share: Point) -> bool:
    x, y = abs(share[0] - 0.5) * 2, abs(share[1] - 0.5) * 2
    name = clip.shape_name if isinstance(clip, Shape) else ""
    if name in ("Circle", "Oval_1", "Oval_2"):
        return x * x + y * y <= 1
    return name == "Diamond" and x + y <= 1


def share_of(box: Box, point: Point) -> Point | None:
    """Where a point lies in a box, as shares of its own width and height; None outside."""
    if not box.width or not box.height:
        return None
    x, y = Box(0, 0, 1, 1, -box.angle).point(point[0] - box.left, point[1] - box.top)
    share = x / box.width, y / box.height
    return share if 0 <= share[0] <= 1 and 0 <= share[1] <= 1 else None
