"""Find the verb call that gives a clip: candidates are tried, simplest first, until one resolves to that very clip."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any, TypeAlias, assert_never

from attrs import evolve, field, fields_dict, frozen

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.boxes import seen_box
from aistudios_dsl.build.editing import GEOMETRY
from aistudios_dsl.build.measured import is_measured
from aistudios_dsl.build.placement import Beside
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.speech import paragraphs
from aistudios_dsl.build.speech import plain as spoken_words
from aistudios_dsl.errors import DslError
from aistudios_dsl.layout.geometry import ANCHORS, Align, Anchor, Box, Side, corner_at, corner_beside
from aistudios_dsl.layout.sizes import plain
from aistudios_dsl.resolve.rooms import Setting
from aistudios_dsl.resolve.scene import resolve_scene
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical
from aistudios_dsl.wire.node import UNSET, Node, as_found, holds_jinja, keys
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
_EXACT: Named = {"exact": True}
_SPELLED = frozenset({"width", "height", "left", "top", "scaleX", "scaleY"})
_FRAMINGS = ("", "bust", "head", "full")
_NEIGHBOURS = 8
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


class Earlier:
    """The clips of a scene that come before a call: their highest layer, and those that others can be placed beside.

    Only the last few clips that line up with a box are kept, so that a scene of many clips is read in good time.
    """

    def __init__(self, tags: Container[str]) -> None:
        """Start with no clips. Only those with one of the `tags` are remembered as neighbours."""
        self.highest: float = 0
        self.tagged: dict[str, AnyClip] = {}
        self._tags = tags
        self._lined_up: dict[tuple[str, float], deque[tuple[str, Box]]] = {}

    def add(self, clip: AnyClip) -> None:
        """Add the next clip."""
        if isinstance(clip, UnknownClip):
            return
        self.highest = max(self.highest, clip.layer)
        if isinstance(clip, Audio) or not clip.tag or clip.tag not in self._tags:
            return
        self.tagged[clip.tag] = clip
        target = seen_box(clip).bounds
        for line in _lines(target):
            self._lined_up.setdefault(line, deque(maxlen=_NEIGHBOURS)).append((clip.tag, target))

    def lined_up(self, bounds: Box) -> dict[str, Box]:
        """Return the last clips that share an edge or a centre line with a box, by their tags."""
        found = (pair for line in _lines(bounds) for pair in reversed(self._lined_up.get(line, ())))
        return dict(found)


def _lines(box: Box) -> tuple[tuple[str, float], ...]:
    """Return the edges and centre lines of a box; those of two clips that line up are equal."""
    left, top = box.left, box.top
    across = (("left", left), ("center", left + box.width / 2), ("right", left + box.width))
    down = (("top", top), ("middle", top + box.height / 2), ("bottom", top + box.height))
    return tuple((name, round(number, 2)) for name, number in (*across, *down))


@frozen
class Context:
    """What a call depends on: the setting, the scene's clips before it, and whether strings are templates."""

    setting: Setting
    template: bool
    before: Earlier
    avatars: dict[str, Avatar] = field(factory=dict)
    """Avatars that were read before, by the text of their models."""
    scales: dict[int, dict[str, Any]] = field(factory=dict)
    """The scales at which framings show those avatars."""

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
        neighbours = [self.before.tagged[at.tag]] if isinstance(at, Beside) else []
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
    return moved_keys(node) == ""


def moved_keys(node: Node) -> str | None:
    """Return the keys that are not where their class writes them, as `key_order` takes them; None if it cannot."""
    found = list(dump(node))
    known = set(found)
    usual = [*(key for key in type(node).KEYS.split() if key in known), *node.extra]
    places = [place for place, (one, other) in enumerate(zip(found, usual, strict=True)) if one != other]
    moved = found[places[0] : places[-1] + 1] if places else []
    return " ".join(moved) if all(key.split() == [key] for key in moved) else None


def same(value: Any, other: Any) -> bool:
    """Whether two values are equal and of one type: 1, 1.0 and True differ in JSON."""
    return type(value) is type(other) and value == other


def calls_for(clip: AnyClip, context: Context) -> tuple[VerbCall, ...]:
    """Return the calls that give exactly this clip, its layer and id included; none if no verb can.

    The first call adds the clip; an avatar's speech may follow.
    """
    key_order = moved_keys(clip)
    if isinstance(clip, UnknownClip) or key_order is None:
        return ()
    silent, speech = _without_speech(clip, context)
    try:
        call = _best_call(silent, {"key_order": key_order} if key_order else {}, context)
    except ArithmeticError:
        return ()
    return () if call is None or speech is None else (call, *speech)


def _best_call(clip: KnownClip, ordered: Named, context: Context) -> VerbCall | None:
    wanted = text_of(clip)
    found = _first_exact(clip, ordered, context, wanted)
    if found is None or not isinstance(found.named.get("at"), tuple):
        return found
    for place in _places(clip, context, _kept_edge(found, clip, context)):
        moved = _moved(found, place)
        if place == _at(clip) or context.gives(moved, wanted):
            return moved
    return None


def _first_exact(clip: KnownClip, ordered: Named, context: Context, wanted: str) -> VerbCall | None:
    """Return the first candidate that gives the clip, with what it lacks as `extra`; best without another spelling."""
    respelled: VerbCall | None = None
    for call in _candidates(clip, context):
        try:
            given = context.clip_of(call)
            extra = _lacking(given, clip)
            if extra is None:
                continue
            more = ({"extra": extra} if extra else {}) | ordered
            completed = evolve(call, named={**call.named, **more}) if more else call
            if text_of(context.clip_of(completed) if more else given) != wanted:
                continue
        except (DslError, ArithmeticError):
            continue
        if not _SPELLED.intersection(extra):
            return completed
        respelled = respelled or completed
    return respelled


def _lacking(given: AnyClip, wanted: KnownClip) -> Named | None:
    """Return what `extra` has to hold for a clip that verbs give to be the wanted one; None if it cannot be."""
    extra: Named = {}
    for key in keys(type(wanted)):
        value, found = getattr(wanted, key.attribute), getattr(given, key.attribute)
        if same(value, found) or isinstance(value, Node | tuple):
            continue
        if key.attribute == "text" or (key.attribute in GEOMETRY and (1 if value is UNSET else value) != found):
            return None
        extra[key.wire] = value
    return {**extra, **wanted.extra}


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
        silent = evolve(clip, script=UNSET, key_order=tuple(key for key in clip.key_order if key != "script"))
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
            outline = _unusual(clip, stroke="", stroke_width=0, stroke_radius=0)
            named = {"fill": clip.fill} | {name: value for name, value in outline.items() if value is not None}
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
    if isinstance(clip, Shape | Text) and clip.shadow:
        named["shadow"] = clip.shadow
    if isinstance(clip, Shape | Text | Image) and clip.animation:
        named["animation"] = _animation(clip.animation)
    if isinstance(clip.tag, str) and not isinstance(clip, Audio):
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
    return {
        name: value for name, (value, usual) in values.items() if value not in (UNSET, None) and not same(value, usual)
    }


def _text_sizes(clip: Text, context: Context) -> Iterator[tuple[str, Named]]:
    """Yield the words, in one piece where wrapping breaks them at the same places, and the size asked for."""
    scale = _scale(clip)
    yield clip.text, scale
    yield clip.text, scale | _EXACT
    if is_measured(clip):
        yield clip.text, scale | {"exact": (clip.width, clip.height)}
    # A row's words are measured again only if the template's own words were, so a template's box is given or measured.
    if not context.is_template(clip.text):
        for width in _lengths(clip.width, context.canvas.width, context):
            yield clip.text.replace("\n", " "), {"width": width} | scale
            yield clip.text, {"width": width} | scale
            yield clip.text, {"width": width} | scale | _EXACT
        yield clip.text, {"height": clip.height} | scale
    yield from ((clip.text, size) for size in _box_sizes(clip, context))


def _box_sizes(clip: Text | Shape, context: Context, *, square: bool = False) -> Iterator[Named]:
    for width in _lengths(clip.width, context.canvas.width, context):
        if square and same(clip.width, clip.height):
            yield {"width": width} | _scale(clip)
        for height in _lengths(clip.height, context.canvas.height, context):
            yield {"width": width, "height": height} | _scale(clip)


def _scale(clip: KnownClip) -> Named:
    across, down = _scales(clip)
    if same(across, 1) and same(down, 1):
        return {}
    return {"scale": across if same(across, down) else (across, down)}


def _scales(clip: KnownClip) -> tuple[Any, Any]:
    across, down = clip.scale_x, clip.scale_y
    return 1 if across is UNSET else across, 1 if down is UNSET else down


def _scaled_sizes(clip: KnownClip, natural: tuple[float, float], context: Context) -> Iterator[Named]:
    """Yield ways to say a scale: nothing, a handy width or height, a short factor, and the rest."""
    (across, down), scale = _scales(clip), _scale(clip)
    if not (isinstance(across, int | float) and isinstance(down, int | float)):
        return
    widths = _lengths(plain(round(natural[0] * across, 2)), context.canvas.width, context)
    heights = _lengths(plain(round(natural[1] * down, 2)), context.canvas.height, context)
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
    return [f"{percent:.0f}%", value] if handy else [value]


def _avatar_calls(clip: AvatarClip, context: Context) -> Iterator[VerbCall]:
    args, avatar, named = _avatar_arguments(clip.model, context)
    named |= _unusual(clip, voice_only=False) if clip.voice_only is not None else {}
    if isinstance(clip.effects, tuple):
        named["effects"] = [
            {"type": effect.type, **effect.extra} if effect.extra else effect.type for effect in clip.effects
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
    text = text_of(model)
    avatar = context.avatars.get(text) or context.avatars.setdefault(text, Avatar.from_model(model))
    return (avatar,), avatar, {}


def _framings(clip: AvatarClip, avatar: Avatar, context: Context) -> Iterator[Named]:
    """Yield the framings that show the avatar at the clip's scale, each with the places it may have."""
    scale = clip.scale_x
    if not (avatar.size and context.knows_canvas and isinstance(scale, int | float) and same(scale, clip.scale_y)):
        return
    scales = context.scales.get(id(avatar)) or context.scales.setdefault(id(avatar), _framed_scales(avatar, context))
    for framing in (framing for framing in _FRAMINGS if same(scales.get(framing), scale)):
        named = {"framing": framing} if framing else {}
        yield named
        x, _, width, _ = (framing in ("head", "bust") and avatar.head_in_figure) or (0, 0, *avatar.size)
        left = clip.left + x * scale
        for at, margin in (("bottom left", left), ("bottom right", context.canvas.width - left - width * scale)):
            yield named | {"at": at}
            yield named | {"at": at, "margin": plain(round(margin, 2))}


def _framed_scales(avatar: Avatar, context: Context) -> dict[str, Any]:
    """Return the scale at which each framing shows an avatar; "" is the usual one."""
    found: dict[str, Any] = {}
    for framing in _FRAMINGS:
        named = {"framing": framing} if framing else {}
        with suppress(DslError, ArithmeticError):
            shown = context.clip_of(VerbCall("avatar", (avatar,), named | {"id": "x", "layer": 1}))
            found[framing] = getattr(shown, "scale_x", None)
    return found


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
        return (2, 0) if all(isinstance(number, int) for number in at) else (4, 0)
    if isinstance(at, Beside):
        return (3 if isinstance(at.gap, int) else 5), abs(at.gap)  # type: ignore[arg-type]
    if margin == 0:
        return (0, 0 if at is None else 1)
    return (1 if all(isinstance(inset, int) and inset <= _LARGEST_GAP for inset in insets) else 6), sum(insets)


def _anchored(clip: KnownClip, anchor: Anchor, box: Box, context: Context) -> Iterator[Named]:
    default = "bottom" if isinstance(clip, AvatarClip) else "center"
    for margin in _margins(anchor, box.bounds, context.canvas, (clip.left, clip.top)):
        left, top = corner_at(anchor, context.canvas, margin, box.angle)(box.width, box.height)
        if same(plain(left), clip.left) and same(plain(top), clip.top):
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
    for tag, target in context.before.lined_up(box.bounds).items():
        neighbour = (target.left, target.top, target.width, target.height)
        for side, gap, align in _neighbours(box.bounds, target):
            left, top = corner_beside(side, gap, align, box.angle)(neighbour, box.width, box.height)
            if same(plain(left), box.left) and same(plain(top), box.top):
                yield {"at": Beside(side, tag, gap, align)}


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
