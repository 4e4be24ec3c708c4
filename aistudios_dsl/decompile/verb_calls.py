"""Find the verb call that gives a clip: candidates are tried, simplest first, until one resolves to that very clip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, TypeAlias, assert_never

from attrs import evolve, field, fields_dict, frozen

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.boxes import seen_box
from aistudios_dsl.build.placement import Beside
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.speech import paragraphs
from aistudios_dsl.build.speech import plain as spoken_words
from aistudios_dsl.errors import DslError
from aistudios_dsl.layout.geometry import ANCHORS, Align, Anchor, Box, Side, corner_at, corner_beside
from aistudios_dsl.layout.sizes import plain
from aistudios_dsl.resolve.scene import resolve_scene
from aistudios_dsl.resolve.sizing import Setting
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical
from aistudios_dsl.wire.node import UNSET, Node, as_found, holds_jinja
from aistudios_dsl.wire.nodes import (
    Animation,
    AnyClip,
    Audio,
    AvatarClip,
    Image,
    Model,
    Shape,
    Text,
    UnknownClip,
    Video,
)

Named: TypeAlias = dict[str, Any]
KnownClip: TypeAlias = AvatarClip | Image | Video | Shape | Text | Audio
_ALIGN_SHARES = {"left": 0.0, "center": 0.5, "right": 1.0}
_LARGEST_GAP = 200
"""Two clips further apart than this (px) are not described as neighbours."""


@frozen
class VerbCall:
    """One call of a verb on a scene."""

    verb: str
    args: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(factory=dict)

    def apply(self, scene: Scene) -> Scene:
        """Return the scene after the call."""
        changed: Scene = getattr(scene, self.verb)(*self.args, **self.named)
        return changed


@frozen
class Context:
    """What a call depends on: the setting, the scene's clips before it, and whether strings are templates."""

    setting: Setting
    before: tuple[AnyClip, ...] = ()
    template: bool = False

    @property
    def canvas(self) -> Box:
        """The canvas, px."""
        return self.setting.canvas

    @property
    def knows_canvas(self) -> bool:
        """Whether the orientation is known, so that a clip can be placed by the sides of the canvas."""
        return not self.is_template(self.setting.orientation)

    def is_template(self, value: object) -> bool:
        """Whether a value is known only when a row is rendered."""
        return self.template and holds_jinja(value)

    def clip_of(self, call: VerbCall) -> AnyClip:
        """Return the clip that a call gives here."""
        at = call.named.get("at")
        neighbours = [clip for clip in self.before if isinstance(at, Beside) and clip.tag == at.tag]
        return resolve_scene(call.apply(Scene().put(*neighbours)), 0, self.setting).clips[-1]

    def gives(self, call: VerbCall, wanted: str) -> bool:
        """Whether a call gives the clip with this canonical text."""
        try:
            return text_of(self.clip_of(call)) == wanted
        except (DslError, ArithmeticError):
            return False


def text_of(node: Node) -> str:
    """Return the canonical JSON text of a node."""
    return canonical(dump(node))


def in_order(node: Node) -> bool:
    """Whether the node's keys are in the order in which its class writes them."""
    found = list(dump(node))
    return found == [*(key for key in type(node).KEYS.split() if key in found), *node.extra]


def same(value: Any, other: Any) -> bool:
    """Whether two values are equal and of one type: 1, 1.0 and True differ in JSON."""
    return type(value) is type(other) and value == other


def calls_for(clip: AnyClip, context: Context) -> tuple[VerbCall, ...]:
    """Return the calls that give exactly this clip, its layer and id included; none if no verb can.

    The first call adds the clip; an avatar's speech may follow.
    """
    if isinstance(clip, UnknownClip) or clip.extra or not in_order(clip):
        return ()
    silent, speech = _without_speech(clip, context)
    try:
        call = _best_call(silent, context)
    except ArithmeticError:
        return ()
    return () if call is None or speech is None else (call, *speech)


def _best_call(clip: KnownClip, context: Context) -> VerbCall | None:
    wanted = text_of(clip)
    found = next((call for call in _candidates(clip, context) if context.gives(call, wanted)), None)
    if found is None or not isinstance(found.named.get("at"), tuple):
        return found
    better = (_moved(found, place) for place in _places(clip, context, _kept_edge(found, clip, context)))
    return next((call for call in better if context.gives(call, wanted)), None)


def _moved(call: VerbCall, place: Named) -> VerbCall:
    named: Named = {}
    for name, value in call.named.items():
        named |= place if name == "at" else {name: value}
    return evolve(call, named=named)


def _without_speech(clip: KnownClip, context: Context) -> tuple[KnownClip, tuple[VerbCall, ...] | None]:
    """Return the clip without its speech, and the calls that say it: None if only the wire form can."""
    if not isinstance(clip, AvatarClip) or clip.script is UNSET:
        return clip, ()
    script = clip.script
    if context.setting.api != "1.4" or not script or script.tts is not None or script.extra:
        return clip, None
    with as_found():
        silent = evolve(clip, script=UNSET, key_order=())
    return silent, (speech_call(script.org, context.template),) if in_order(script) else None


def speech_call(org: str, template: bool) -> VerbCall:
    """Return the `say` call for this HTML: as plain words if they give the same paragraphs, else as HTML.

    A template keeps HTML, since a row's values are escaped in HTML but not in plain words.

    >>> speech_call("<p>Hello.</p>", False).args
    ('Hello.',)
    """
    words = spoken_words(org)
    if paragraphs(words) == org and not (template and holds_jinja(org)):
        return VerbCall("say", (words,))
    return VerbCall("say", (org,), {"html": True})


# candidates: verb, content and size, with the place as (x, y)


def _candidates(clip: KnownClip, context: Context) -> Iterator[VerbCall]:
    match clip:
        case AvatarClip():
            yield from _avatar_calls(clip, context)
        case Text():
            named = _text_style(clip)
            for text, size in _text_sizes(clip, context):
                yield _call("text", text, clip, named | _at(clip) | size)
        case Shape():
            named = {"fill": clip.fill} | _unusual(clip, stroke="", stroke_width=0, stroke_radius=0)
            for size in _box_sizes(clip, context, square=True):
                yield _call("shape", clip.shape_name, clip, named | _at(clip) | size)
        case Image() | Video():
            yield from _media_calls(clip, context)
        case Audio():
            named = {"label": clip.label} | _unusual(clip, volume=100) | {"layer": clip.layer, "id": clip.id}
            yield VerbCall("audio", (clip.source_url,), named)
        case _:
            assert_never(clip)


def _media_calls(clip: Image | Video, context: Context) -> Iterator[VerbCall]:
    verb, url, named = "image", clip.source_url, Named()
    if isinstance(clip, Video):
        poster = {"poster": clip.source_url} if clip.source_url is not UNSET else {}
        verb, url, named = "video", clip.video_url, poster | _unusual(clip, volume=100)
    named |= {"natural": (clip.width, clip.height)} | _at(clip)
    for size in _scaled_sizes(clip, (clip.width, clip.height), context):
        yield _call(verb, url, clip, named | size)


def _call(verb: str, content: Any, clip: KnownClip, named: Named) -> VerbCall:
    return VerbCall(verb, (content,), named | _common(clip))


def _at(clip: KnownClip) -> Named:
    return {"at": (clip.left, clip.top)}


def _common(clip: KnownClip) -> Named:
    """Return the arguments that the verbs share: layer, id, and the others if they are not the default."""
    named: Named = {"layer": clip.layer} | _unusual(clip, opacity=100, angle=0)
    if isinstance(clip, Shape | Text) and clip.shadow is not UNSET:
        named["shadow"] = clip.shadow
    if isinstance(clip, Shape | Text | Image) and clip.animation:
        named["animation"] = _animation(clip.animation)
    if clip.tag is not UNSET:
        named["tag"] = clip.tag
    return named | {"id": clip.id}


def _animation(animation: Animation) -> Any:
    if animation.extra or not in_order(animation):
        return animation
    if same(animation.duration, 1) and same(animation.delay, 0):
        return animation.type
    return animation.type, animation.duration, animation.delay


def _unusual(clip: KnownClip, **usual: Any) -> Named:
    """Return the fields whose value is not the usual one; None for a field that is absent from the JSON."""
    has = {name: getattr(clip, name) for name in usual if name in fields_dict(type(clip))}
    return {name: None if value is UNSET else value for name, value in has.items() if not same(value, usual[name])}


def _text_style(clip: Text) -> Named:
    values = {
        "font_size": (clip.font_size, 48),
        "color": (clip.fill, "#ffffff"),
        "align": (clip.align, "left"),
        "bold": (same(clip.font_weight, 700), False),
        "italic": (clip.font_style == "italic", False),
        "underline": (clip.underline, False),
        "font_family": (clip.font_family, "Noto Sans CJK"),
        "background": (clip.background_color or "", ""),
        "stroke": (clip.stroke, ""),
        "stroke_width": (clip.stroke_width, 0),
    }
    return {name: value for name, (value, usual) in values.items() if value is not UNSET and not same(value, usual)}


def _text_sizes(clip: Text, context: Context) -> Iterator[tuple[str, Named]]:
    """Yield the words, in one piece where wrapping breaks them at the same places, and the size asked for."""
    scale = _scale(clip)
    yield clip.text, scale
    # A row's words are measured again only if the template's own words were, so a template's box is given or measured.
    if not context.is_template(clip.text):
        for width in _lengths(clip.width, context.canvas.width, context):
            yield clip.text.replace("\n", " "), {"width": width} | scale
            yield clip.text, {"width": width} | scale
        yield clip.text, {"height": clip.height} | scale
    yield from ((clip.text, size) for size in _box_sizes(clip, context))


def _box_sizes(clip: Text | Shape, context: Context, *, square: bool = False) -> Iterator[Named]:
    for width in _lengths(clip.width, context.canvas.width, context):
        if square and same(clip.width, clip.height):
            yield {"width": width} | _scale(clip)
        for height in _lengths(clip.height, context.canvas.height, context):
            yield {"width": width, "height": height} | _scale(clip)


def _scale(clip: KnownClip) -> Named:
    across, down = clip.scale_x, clip.scale_y
    if same(across, 1) and same(down, 1):
        return {}
    return {"scale": across if same(across, down) else (across, down)}


def _scaled_sizes(clip: KnownClip, natural: tuple[float, float], context: Context) -> Iterator[Named]:
    """Yield ways to say a scale: nothing, a handy width or height, a short factor, and the rest."""
    across, down, scale = clip.scale_x, clip.scale_y, _scale(clip)
    if not (isinstance(across, int | float) and isinstance(down, int | float)):
        return
    widths = _lengths(round(natural[0] * across, 2), context.canvas.width, context)
    heights = _lengths(round(natural[1] * down, 2), context.canvas.height, context)
    sides: list[Named] = [{"width": width} for width in widths] + [{"height": height} for height in heights]
    if not scale:
        yield {}
    elif not same(across, down):
        yield {"width": widths[0], "height": heights[0]}
        yield scale
    else:
        handy = [side for side in sides if not any(isinstance(length, float) for length in side.values())]
        yield from handy
        if round(across, 4) == across:
            yield scale
        yield from (side for side in sides if side not in handy)
        yield scale


def _lengths(value: float, side: float, context: Context) -> list[float | str]:
    """Return a length in percent of the canvas if that is the shorter number, then in px."""
    percent = round(value / side * 100, 6)
    in_percent = context.knows_canvas and percent % 1 == 0 and 0 < percent <= 100
    handy = in_percent and (value % 1 != 0 or percent == 100)
    return [f"{percent:.0f}%", plain(value)] if handy else [plain(value)]


def _avatar_calls(clip: AvatarClip, context: Context) -> Iterator[VerbCall]:
    if not in_order(clip.model):
        return
    args, avatar, named = _avatar_arguments(clip.model, context)
    if clip.effects:
        effects = clip.effects
        named["effects"] = [
            {"type": effect.type, **effect.extra} if effect.extra else effect.type for effect in effects
        ]
    sizes = _scaled_sizes(clip, avatar.size, context) if avatar.size else [{"width": clip.width, "height": clip.height}]
    for place in chain(_framings(clip, avatar, context), (_at(clip) | size for size in sizes)):
        yield VerbCall("avatar", args, named | place | _common(clip))


def _avatar_arguments(model: Model, context: Context) -> tuple[tuple[Any, ...], Avatar, Named]:
    """Return the arguments that name an avatar: its ids if the catalogue gives this model, else an `Avatar`."""
    for known in context.setting.catalog.avatars:
        if (known.ai_name, known.cloth) == (model.ai_name, model.emotion):
            language = None if model.language == known.language else model.language or None
            if text_of(known.model(language)) == text_of(model):
                return (model.ai_name, model.emotion), known, {"language": language} if language else {}
    avatar = Avatar.from_model(model)
    return (avatar,), avatar, {}


def _framings(clip: AvatarClip, avatar: Avatar, context: Context) -> Iterator[Named]:
    """Yield the framings that show the avatar at the clip's scale, each with the places it may have."""
    scale = clip.scale_x
    if not (avatar.size and context.knows_canvas and isinstance(scale, int | float) and same(scale, clip.scale_y)):
        return
    for framing in ({}, {"framing": "bust"}, {"framing": "head"}, {"framing": "full"}):
        try:
            shown = context.clip_of(VerbCall("avatar", (avatar,), framing | {"id": "x", "layer": 1}))
        except (DslError, ArithmeticError):
            continue
        if isinstance(shown, AvatarClip) and same(shown.scale_x, scale):
            yield framing
            by_head = framing.get("framing") in ("head", "bust") and avatar.head_in_figure
            x, _, width, _ = by_head or (0, 0, *avatar.size)
            left = clip.left + x * scale
            for at, margin in (("bottom left", left), ("bottom right", context.canvas.width - left - width * scale)):
                yield framing | {"at": at}
                yield framing | {"at": at, "margin": plain(round(margin, 2))}


# the place, said by an anchor or a neighbour instead of (x, y)


def _places(clip: KnownClip, context: Context, edge: float | None) -> list[Named]:
    """Return ways to say where the clip is, the simplest first. `edge`: the share of its width that has to stay."""
    found = [_at(clip)] if edge in (None, 0.0) else []
    if context.knows_canvas:
        box = seen_box(clip)
        anchors: list[Anchor] = [anchor for anchor, (across, _) in ANCHORS.items() if edge in (None, across)]
        neighbours = _beside(box, context) if edge is None else ()
        found = [*(place for anchor in anchors for place in _anchored(clip, anchor, box, context)), *neighbours, *found]
    return sorted(found, key=_effort)


def _kept_edge(call: VerbCall, clip: KnownClip, context: Context) -> float | None:
    """Return which share of the width of a text must stay in place if its words are measured for each row."""
    if not isinstance(clip, Text) or "width" in call.named or not context.is_template(clip.text):
        return None
    return _ALIGN_SHARES.get(clip.align or "left", 0.0)


def _effort(place: Named) -> tuple[int, float]:
    """Rank a place by what a reader takes in: no number, round margins, a round point, round gaps, and the rest."""
    at, margin = place.get("at"), place.get("margin", 0)
    insets = margin if isinstance(margin, tuple) else (margin,)
    if isinstance(at, tuple):
        return (2, 0) if all(isinstance(number, int) for number in at) else (6, 0)
    if isinstance(at, Beside):
        return (3 if isinstance(at.gap, int) else 5), abs(at.gap)  # type: ignore[arg-type]
    if margin == 0:
        return (0, 0 if at is None else 1)
    return (1 if all(isinstance(inset, int) for inset in insets) else 4), sum(insets)


def _anchored(clip: KnownClip, anchor: Anchor, box: Box, context: Context) -> Iterator[Named]:
    default = "bottom" if isinstance(clip, AvatarClip) else "center"
    for margin in _margins(anchor, box.bounds, context.canvas, (clip.left, clip.top)):
        left, top = corner_at(anchor, context.canvas, margin, box.angle)(box.width, box.height)
        if (plain(left), plain(top)) == (clip.left, clip.top):
            at = {} if anchor == default else {"at": anchor}
            yield at if margin == 0 else {**at, "margin": margin}


def _margins(anchor: Anchor, bounds: Box, canvas: Box, point: tuple[float, float]) -> Iterator[Any]:
    """Yield likely margins: none, one for the named sides, or a pair if it is simpler than `(x, y)`."""
    yield 0
    across, down = ANCHORS[anchor]
    left = round(bounds.left if across == 0 else canvas.width - bounds.left - bounds.width, 2)
    top = round(bounds.top if down == 0 else canvas.height - bounds.top - bounds.height, 2)
    insets = {plain(inset) for inset, share in ((left, across), (top, down)) if share != 0.5}
    if anchor == "top left" or min(insets, default=0) < 0:
        return
    touches = (down == 1 and top == 0) or (across == 1 and left == 0)
    rounder = not (left % 1 or top % 1) and any(number % 1 for number in point)
    if len(insets) == 1:
        yield from insets
    elif len(insets) == 2 and (touches or rounder):
        yield plain(left), plain(top)


def _beside(box: Box, context: Context) -> Iterator[Named]:
    for clip in reversed(context.before):
        if isinstance(clip, UnknownClip | Audio) or not clip.tag or context.is_template(clip.tag):
            continue
        target = seen_box(clip).bounds
        neighbour = (target.left, target.top, target.width, target.height)
        for side, gap, align in _neighbours(box.bounds, target):
            left, top = corner_beside(side, gap, align, box.angle)(neighbour, box.width, box.height)
            if (plain(left), plain(top)) == (box.left, box.top):
                yield {"at": Beside(side, clip.tag, gap, align)}


def _neighbours(bounds: Box, target: Box) -> Iterator[tuple[Side, float, Align]]:
    """Yield the sides on which the target is near, with the gap (px) and each way to align."""
    gaps: dict[Side, float] = {
        "below": bounds.top - target.top - target.height,
        "above": target.top - bounds.top - bounds.height,
        "right_of": bounds.left - target.left - target.width,
        "left_of": target.left - bounds.left - bounds.width,
    }
    for side, gap in gaps.items():
        aligns: tuple[Align, ...] = ("center", "top", "bottom")
        if side in ("above", "below"):
            aligns = ("center", "left", "right")
        for align in aligns if abs(gap) <= _LARGEST_GAP else ():
            yield side, plain(round(gap, 2)), align
