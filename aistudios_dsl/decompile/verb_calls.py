"""Which verb says a clip: calls are tried from the simplest form upwards until one resolves to that very clip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, field, fields_dict, frozen

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.boxes import seen_box
from aistudios_dsl.build.placement import Beside
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.speech import paragraphs
from aistudios_dsl.build.speech import plain as spoken_words
from aistudios_dsl.errors import DslError
from aistudios_dsl.layout.geometry import ANCHORS, Anchor, Box, anchored, beside
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
    Clip,
    Effect,
    Image,
    Model,
    Script,
    Shape,
    Text,
    UnknownClip,
    Video,
)

Named = dict[str, Any]
_SHARES = {"left": 0.0, "center": 0.5, "right": 1.0}
_FURTHEST = 200
"""Px between two clips that are still read as one standing beside the other."""


@frozen
class Step:
    """One call of a verb."""

    verb: str
    args: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(factory=dict)

    def on(self, scene: Scene) -> Scene:
        """The scene with this verb done to it."""
        done: Scene = getattr(scene, self.verb)(*self.args, **self.named)
        return done


@frozen
class Stage:
    """What a clip is tried in: the setting, the scene's clips before it, and whether strings wait for a row."""

    setting: Setting
    before: tuple[AnyClip, ...] = ()
    template: bool = False

    @property
    def anchors(self) -> bool:
        """Whether the canvas is known, so that a clip can stand by its sides."""
        return not (self.template and holds_jinja(self.setting.orientation))

    def shows(self, step: Step) -> AnyClip:
        """The clip that the call gives here."""
        at = step.named.get("at")
        neighbours = [clip for clip in self.before if isinstance(at, Beside) and clip.tag == at.tag]
        return resolve_scene(step.on(Scene().put(*neighbours)), 0, self.setting).clips[-1]


def text_of(node: Node) -> str:
    """The canonical JSON text of a node."""
    return canonical(dump(node))


def in_order(node: Node) -> bool:
    """Whether the node's own keys stand as its class would write them."""
    found = list(dump(node))
    return found == [*(key for key in type(node).KEYS.split() if key in found), *node.extra]


def phrased(clip: AnyClip, stage: Stage) -> tuple[Step, ...]:
    """The calls whose clip has the same canonical text, layer and id stated; none where no verb can say it."""
    if isinstance(clip, UnknownClip) or clip.extra or not in_order(clip):
        return ()
    silent, speech = _speech(clip, stage)
    try:
        step = _phrased(silent, stage)
    except ArithmeticError:
        return ()
    return () if step is None or speech is None else (step, *speech)


def _phrased(clip: Clip, stage: Stage) -> Step | None:
    wanted = text_of(clip)
    found = next((step for step in _sized(clip, stage) if _gives(step, wanted, stage)), None)
    if found is None or not isinstance(found.named.get("at"), tuple):
        return found
    better = (_moved(found, place) for place in _places(clip, stage, _kept_edge(found, clip, stage)))
    return next((step for step in better if _gives(step, wanted, stage)), None)


def _gives(step: Step, wanted: str, stage: Stage) -> bool:
    try:
        return text_of(stage.shows(step)) == wanted
    except (DslError, ArithmeticError):
        return False


def _moved(step: Step, place: Named) -> Step:
    named: Named = {}
    for name, value in step.named.items():
        named |= place if name == "at" else {name: value}
    return evolve(step, named=named)


# how large


def _sized(clip: Clip, stage: Stage) -> Iterator[Step]:
    if isinstance(clip, AvatarClip):
        yield from _avatars(clip, stage)
    elif isinstance(clip, Text):
        yield from _texts(clip, stage)
    elif isinstance(clip, Shape):
        yield from _shapes(clip, stage)
    elif isinstance(clip, Audio):
        own = {"label": clip.label, **_stated(clip, volume=100)}
        yield Step("audio", (clip.source_url,), {**own, "layer": clip.layer, "id": clip.id})
    elif isinstance(clip, Image | Video):
        yield from _media(clip, stage)


def _media(clip: Image | Video, stage: Stage) -> Iterator[Step]:
    verb, url, own = "image", clip.source_url, Named()
    if isinstance(clip, Video):
        poster = {"poster": clip.source_url} if clip.source_url is not UNSET else {}
        verb, url, own = "video", clip.video_url, {**poster, **_stated(clip, volume=100)}
    for size in _scalings(clip, (clip.width, clip.height), stage):
        yield Step(verb, (url,), {**own, "natural": (clip.width, clip.height), **_at(clip), **size, **_common(clip)})


def _shapes(clip: Shape, stage: Stage) -> Iterator[Step]:
    own = {"fill": clip.fill, **_unless(clip, stroke="", stroke_width=0, stroke_radius=0)}
    for size in _boxes(clip, stage, square=True):
        yield Step("shape", (clip.shape_name,), {**own, **_at(clip), **size, **_common(clip)})


def _texts(clip: Text, stage: Stage) -> Iterator[Step]:
    own: Named = _unless(clip, font_size=48)
    own |= {"color": clip.fill} if clip.fill != "#ffffff" else {}
    own |= _unless(clip, align="left")
    own |= {"bold": True} if same(clip.font_weight, 700) else {}
    own |= {"italic": True} if clip.font_style == "italic" else {}
    own |= _unless(clip, underline=False, font_family="Noto Sans CJK")
    own |= {"background": clip.background_color} if clip.background_color else {}
    own |= _unless(clip, stroke="", stroke_width=0)
    # A text that waits for its row is measured for it if it was measured before, and keeps its box if it was not.
    rewrapped = (
        [] if _waits(clip, stage) else [*_wrapped(clip, stage), (clip.text, {"height": clip.height, **_scale(clip)})]
    )
    boxes = ((clip.text, size) for size in _boxes(clip, stage))
    for text, size in ((clip.text, _scale(clip)), *rewrapped, *boxes):
        yield Step("text", (text,), {**own, **_at(clip), **size, **_common(clip)})


def _boxes(clip: Text | Shape, stage: Stage, *, square: bool = False) -> Iterator[Named]:
    scale = _scale(clip)
    for width in _lengths(clip.width, stage.setting.frame.width, stage):
        if square and same(clip.width, clip.height):
            yield {"width": width, **scale}
        for height in _lengths(clip.height, stage.setting.frame.height, stage):
            yield {"width": width, "height": height, **scale}


def _wrapped(clip: Text, stage: Stage) -> Iterator[tuple[str, Named]]:
    """A text whose box is as wide as it was wrapped at: in one piece, where wrapping breaks it at the same places."""
    for width in _lengths(clip.width, stage.setting.frame.width, stage):
        yield clip.text.replace("\n", " "), {"width": width, **_scale(clip)}
        yield clip.text, {"width": width, **_scale(clip)}


def _scale(clip: Clip) -> Named:
    across, down = clip.scale_x, clip.scale_y
    if same(across, 1) and same(down, 1):
        return {}
    return {"scale": across if same(across, down) else (across, down)}


def _scalings(clip: Clip, natural: tuple[float, float], stage: Stage) -> Iterator[Named]:
    """Ways to say a scale: none, a seen width or height, the scale itself, both sides."""
    across, down = clip.scale_x, clip.scale_y
    if not (_is_number(across) and _is_number(down)):
        return
    if same(across, 1) and same(down, 1):
        yield {}
        return
    frame = stage.setting.frame
    widths = _lengths(round(natural[0] * across, 2), frame.width, stage)
    heights = _lengths(round(natural[1] * down, 2), frame.height, stage)
    if not same(across, down):
        yield {"width": widths[0], "height": heights[0]}
        yield {"scale": (across, down)}
        return
    sides = [{"width": width} for width in widths] + [{"height": height} for height in heights]
    handy = [side for side in sides if not isinstance(next(iter(side.values())), float)]
    yield from handy
    if round(across, 4) == across:
        yield {"scale": across}
    yield from sides
    yield {"scale": across}


def _lengths(value: float, side: float, stage: Stage) -> list[float | str]:
    """A length as people would give it, then in px."""
    percent = round(value / side * 100, 6)
    in_percent = stage.anchors and percent % 1 == 0 and 0 < percent <= 100
    handy = in_percent and (value % 1 != 0 or percent == 100)
    return [f"{percent:.0f}%", plain(value)] if handy else [plain(value)]


# where


def _at(clip: Clip) -> Named:
    return {"at": (clip.left, clip.top)}


def _waits(clip: Clip, stage: Stage) -> bool:
    return stage.template and isinstance(clip, Text) and holds_jinja(clip.text)


def _kept_edge(step: Step, clip: Clip, stage: Stage) -> float | None:
    """Of a text that is measured for its row: the share of its width that must stay where it is."""
    if not _waits(clip, stage) or "width" in step.named:
        return None
    return _SHARES.get(clip.align, 0.0) if isinstance(clip, Text) else None


def _places(clip: Clip, stage: Stage, edge: float | None) -> Iterator[Named]:
    """Ways to say where the clip stands, the handiest first, `(x, y)` last."""
    point: Named = {"at": (clip.left, clip.top)}
    found = list[Named]()
    if stage.anchors:
        box, frame = seen_box(clip), stage.setting.frame
        anchors: list[Anchor] = [anchor for anchor in ANCHORS if edge in (None, ANCHORS[anchor][0])]
        found += [place for anchor in anchors for place in _anchored(clip, anchor, box, frame)]
        found += _beside(box, stage) if edge is None else []
    pointed = [point] if edge in (None, 0.0) else []
    yield from (place for place in sorted([*found, *pointed], key=_effort))


def _effort(place: Named) -> tuple[int, float]:
    """How much a reader has to take in: no number, round margins, a round point, round gaps, and then the rest."""
    at, margin = place.get("at"), place.get("margin", 0)
    insets = margin if isinstance(margin, tuple) else (margin,)
    if isinstance(at, tuple):
        return (2, 0) if all(isinstance(number, int) for number in at) else (6, 0)
    if isinstance(at, Beside):
        return (3 if isinstance(at.gap, int) else 5), abs(at.gap)  # type: ignore[arg-type]
    if margin == 0:
        return (0, 0 if at is None else 1)
    return (1 if all(isinstance(inset, int) for inset in insets) else 4), sum(insets)


def _anchored(clip: Clip, anchor: Anchor, box: Box, frame: Box) -> Iterator[Named]:
    by_itself = "bottom" if isinstance(clip, AvatarClip) else "center"
    for margin in _margins(anchor, box.bounds, frame, (clip.left, clip.top)):
        put = anchored(box.width, box.height, box.angle, anchor, frame, margin)
        if (plain(put.left), plain(put.top)) == (clip.left, clip.top):
            at = {} if anchor == by_itself else {"at": anchor}
            yield at if margin == 0 else {**at, "margin": margin}


def _margins(anchor: Anchor, bounds: Box, frame: Box, point: tuple[float, float]) -> Iterator[Any]:
    """Margins that may be what was meant: none, one at the named side, the same at two, or two that are no point."""
    yield 0
    across, down = ANCHORS[anchor]
    left = round(bounds.left if across == 0 else frame.width - bounds.left - bounds.width, 2)
    top = round(bounds.top if down == 0 else frame.height - bounds.top - bounds.height, 2)
    asked = {plain(inset) for inset, share in ((left, across), (top, down)) if share != 0.5}
    if anchor == "top left" or min(asked, default=0) < 0:
        return
    if len(asked) == 1:
        yield from asked
    elif len(asked) == 2 and (_touches(down, top) or _touches(across, left) or _is_rounder((left, top), point)):
        yield plain(left), plain(top)


def _touches(share: float, inset: float) -> bool:
    return share == 1 and inset == 0


def _is_rounder(margins: tuple[float, float], point: tuple[float, float]) -> bool:
    return not any(inset % 1 for inset in margins) and any(number % 1 for number in point)


def _beside(box: Box, stage: Stage) -> Iterator[Named]:
    bounds = box.bounds
    for clip in reversed(stage.before):
        if isinstance(clip, UnknownClip | Audio) or not clip.tag or (stage.template and holds_jinja(clip.tag)):
            continue
        target = seen_box(clip)
        for at in _neighbours(clip.tag, bounds, target.bounds):
            put = beside(at.side, target, box.width, box.height, box.angle, at.gap, at.align)  # type: ignore[arg-type]
            if (plain(put.left), plain(put.top)) == (box.left, box.top):
                yield {"at": at}


def _neighbours(tag: str, bounds: Box, target: Box) -> Iterator[Beside]:
    gaps: dict[Any, float] = {
        "below": bounds.top - target.top - target.height,
        "above": target.top - bounds.top - bounds.height,
        "right_of": bounds.left - target.left - target.width,
        "left_of": target.left - bounds.left - bounds.width,
    }
    for side, gap in gaps.items():
        ends = ("left", "right") if side in ("above", "below") else ("top", "bottom")
        for align in ("center", *ends) if abs(gap) <= _FURTHEST else ():
            yield Beside(side, tag, plain(round(gap, 2)), align)  # type: ignore[arg-type]


# what else


def _common(clip: Clip) -> Named:
    own: Named = {"layer": clip.layer}
    own |= _stated(clip, opacity=100, angle=0)
    shadow, animation = getattr(clip, "shadow", UNSET), getattr(clip, "animation", UNSET)
    own |= {"shadow": shadow} if shadow is not UNSET else {}
    own |= {"animation": _animation(animation)} if animation else {}
    own |= {"tag": clip.tag} if clip.tag is not UNSET else {}
    return {**own, "id": clip.id}


def _animation(animation: Animation) -> Any:
    if animation.extra or not in_order(animation):
        return animation
    if same(animation.duration, 1) and same(animation.delay, 0):
        return animation.type
    return animation.type, animation.duration, animation.delay


def _stated(clip: Clip, **usual: Any) -> Named:
    """What differs from the verb's defaults; None says that it is not on the wire."""
    has = {name: getattr(clip, name) for name in usual if name in fields_dict(type(clip))}
    return {name: None if value is UNSET else value for name, value in has.items() if not same(value, usual[name])}


def _unless(clip: Clip, **usual: Any) -> Named:
    has = {name: getattr(clip, name) for name in usual}
    return {name: value for name, value in has.items() if value is not UNSET and not same(value, usual[name])}


def same(value: Any, other: Any) -> bool:
    """Whether two values are written alike: 1, 1.0 and True are not.

    >>> same(1, 1.0)
    False
    """
    return type(value) is type(other) and value == other


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


# avatars


def _avatars(clip: AvatarClip, stage: Stage) -> Iterator[Step]:
    if not in_order(clip.model):
        return
    who, avatar, own = _who(clip.model, stage)
    own |= {"effects": [_effect(effect) for effect in clip.effects]} if clip.effects else {}
    rest = _common(clip)
    for framing in _framings(clip, avatar, stage):
        yield Step("avatar", who, {**own, **framing, **rest})
    sizes = _scalings(clip, avatar.size, stage) if avatar.size else _boxed(clip)
    for size in sizes:
        yield Step("avatar", who, {**own, **_at(clip), **size, **rest})


def _boxed(clip: AvatarClip) -> Iterator[Named]:
    yield {"width": clip.width, "height": clip.height}


def _who(model: Model, stage: Stage) -> tuple[tuple[Any, ...], Avatar, Named]:
    for known in stage.setting.catalog.avatars:
        if (known.ai_name, known.cloth) == (model.ai_name, model.emotion):
            spoken = None if model.language == known.language else model.language or None
            if text_of(known.model(spoken)) == text_of(model):
                return (model.ai_name, model.emotion), known, {"language": spoken} if spoken else {}
    avatar = Avatar.from_model(model)
    return (avatar,), avatar, {}


def _effect(effect: Effect) -> str | Mapping[str, Any]:
    return {"type": effect.type, **effect.extra} if effect.extra else effect.type


def _speech(clip: Clip, stage: Stage) -> tuple[Clip, tuple[Step, ...] | None]:
    """The clip without what it says, and the calls that say it; None where only the wire form can."""
    script = clip.script if isinstance(clip, AvatarClip) else UNSET
    if script is UNSET:
        return clip, ()
    if stage.setting.api != "1.4" or not isinstance(script, Script) or script.tts is not None or script.extra:
        return clip, None
    with as_found():
        silent = evolve(clip, script=UNSET, key_order=())  # type: ignore[call-arg]
    return silent, (line(script.org, stage.template),) if in_order(script) else None


def line(org: str, template: bool, by: Named | None = None) -> Step:
    """The call that says this speech: in plain words where they give the same paragraphs again, else as HTML.

    In a template the values of HTML are escaped otherwise than those of plain words, so it stays HTML.

    >>> line("<p>Hello.</p>", False).args
    ('Hello.',)
    """
    words = spoken_words(org)
    if paragraphs(words) == org and not (template and holds_jinja(org)):
        return Step("say", (words,), by or {})
    return Step("say", (org,), {**(by or {}), "html": True})


def _framings(clip: AvatarClip, avatar: Avatar, stage: Stage) -> Iterator[Named]:
    if not (avatar.size and stage.anchors and same(clip.scale_x, clip.scale_y)):
        return
    for framing in ({}, {"framing": "bust"}, {"framing": "head"}, {"framing": "full"}):
        try:
            shown = stage.shows(Step("avatar", (avatar,), {**framing, "id": "x", "layer": 1}))
        except (DslError, ArithmeticError):
            continue
        if not isinstance(shown, AvatarClip) or not same(shown.scale_x, clip.scale_x):
            continue
        yield {**framing}
        seen, frame = avatar.size[0] * clip.scale_x, stage.setting.frame
        for at, margin in (("bottom left", clip.left), ("bottom right", frame.width - clip.left - seen)):
            yield {**framing, "at": at}
            yield {**framing, "at": at, "margin": plain(round(margin, 2))}
