"""Scenes, and the drafts of clips that verbs put into them: wire clips whose geometry is still to be computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import singledispatch
from typing import Any, Self, TypeVar

from attrs import evolve, field, fields, frozen

from aistudios_dsl.build import editing
from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.keywords import LABELS, checked_class, keyword_for, script_line
from aistudios_dsl.build.measured import kept_boxes
from aistudios_dsl.build.placement import AvatarId, Place, animation_of, validate
from aistudios_dsl.build.speech import speaker_of, unpaired_tag
from aistudios_dsl.build.verbs import VERB_OF, Verbs, place_of, taken_by_verbs
from aistudios_dsl.errors import BuildError, DslError, ScriptLine, expect, under
from aistudios_dsl.layout.colour import validate_background
from aistudios_dsl.wire.jsontext import own_json
from aistudios_dsl.wire.node import UNSET, Key, Node, as_found, fault_of, holds_jinja, keys, reordered
from aistudios_dsl.wire.nodes import (
    AnyClip,
    AvatarClip,
    Background,
    Clip,
    EditorClip,
    Effect,
    Image,
    Video,
)
from aistudios_dsl.wire.nodes import Scene as WireScene

C = TypeVar("C", bound=Clip)

PENDING: Any = UNSET
"""The value of a required field that resolve fills in."""
_PENDING = dict.fromkeys(("id", "layer", *editing.GEOMETRY), PENDING)
_DEFAULTS: dict[str, Any] = {"opacity": 100, "angle": 0}
_LOCKS = ("movement_x", "movement_y", "rotation", "scaling_x", "scaling_y", "skewing_x", "skewing_y", "uni_scaling")
_EDITOR_STATE = {"lock_scaling_flip": True, "fill": "rgb(0,0,0)"} | {f"lock_{name}": False for name in _LOCKS}
_AVATAR_STATE = {"model": PENDING, "head_only": None, "voice_only": False, "is_delete": False}
_KEY_ORDER = 'key_order must be names of keys in a string, such as "left top width height"'
_BY_THE_SCENE = {
    "background": "the argument 'background' sets it",
    "watermark": "the argument 'watermark' sets it",
    "clips": "the verbs add them",
    "scripts": "say(...) adds to it",
}
_PLACE = frozenset(attribute.name for attribute in fields(Place))
_PATH = re.compile(r"scenes\[(\d+)\](?:\.(clips|speech)\[(\d+)\])?")


@frozen
class Draft:
    """A wire clip whose geometry is still absent, and the place and size that its verb was given."""

    clip: Clip
    place: Place
    written_at: ScriptLine | None = field(default=None, eq=False, repr=False)


@frozen
class Line:
    """A line of speech, and the number of the avatar that says it among the items of its scene."""

    text: str
    speaker: int
    html: bool = False
    written_at: ScriptLine | None = field(default=None, eq=False, repr=False)


Item = Draft | AnyClip


def clip_of(item: Item) -> AnyClip:
    return item.clip if isinstance(item, Draft) else item  # type: ignore[return-value]


def label(index: int, clip: AnyClip) -> str:
    """Return the name of a clip in messages.

    >>> label(2, Image(id="i", layer=1, left=0, top=0, width=1, height=1, source_url="https://x.y/z.png", tag="logo"))
    "clips[2] (image, tag 'logo')"
    """
    return _label(index, LABELS.get(clip.type, clip.type), clip.tag)


def _label(index: int, kind: str, tag: object) -> str:
    return f"clips[{index}] ({kind}{f', tag {tag!r}' if tag else ''})"


def own_extra(extra: Any, cls: type[Node], hint_of: Callable[[Key], str]) -> Mapping[str, Any] | None:
    """Return a copy of the further keys of an object.

    Among them may be fields of its class, by their keys: those that nothing else sets, those that are null, and with
    `UNSET` those that are left out. Raise `BuildError` for any other field, with what sets it as `hint_of` says, and
    for what is not JSON.
    """
    expect(extra, Mapping | None, "extra must be a mapping of keys to JSON")
    if extra is None:
        return None
    absent = {name for name, value in extra.items() if value is UNSET}
    for key in keys(cls):
        if not key.required and key.wire in extra and extra[key.wire] in (None, UNSET):
            absent.discard(key.wire)
        elif name := next((name for name in (key.wire, key.attribute) if name in extra), None):
            hint = hint_of(key) or ("" if name == key.wire else f"its key is {key.wire!r}")
            if hint:
                raise BuildError(f"extra holds {name!r}, which is a field of wire.{cls.__name__}", hint=hint)
    for name in absent:
        raise BuildError(f"extra leaves out {name!r}, which is no optional field of wire.{cls.__name__}")
    unset = {name: value for name, value in extra.items() if value is UNSET}
    return {**own_json({name: value for name, value in extra.items() if value is not UNSET}, "extra"), **unset}


def _extra_of_scene(extra: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    # An empty list of scripts is said by no verb.
    silent = isinstance(extra, Mapping) and extra.get("scripts") == []
    return own_extra(
        extra,
        WireScene,
        lambda key: "" if silent and key.attribute == "scripts" else _BY_THE_SCENE.get(key.attribute, ""),
    )


@singledispatch
def notebook_html(value: object) -> str:
    """Return the HTML that a notebook shows for a value.

    An extension point: a scene cannot draw itself, because drawing needs the layout. `aistudios_dsl.project`, which
    can lay out and draw, registers its function here for `Scene`.
    """
    from html import escape

    return f"<pre>{escape(repr(value))}</pre>"


@checked_class("items", "lines", "loaded", "position", "origin", "kept_boxes", "written_at")
@frozen(kw_only=True, repr=False)
class Scene(Verbs):
    """One scene: a background and clips. The verbs return a new scene with a clip more.

    Args:
        background: A colour, the URL of a picture, or a `wire.Background`. Default the blue of the vendor's samples.
        watermark: Whether the service adds its watermark. Default False.
        when: A Jinja expression; the scene is left out of the rows where it is false. Default None, always in.
        each: "item in items": the scene is repeated for each item. Default None, once.
        extra: Further keys of the scene in the JSON; of its own `thumbnailUrl` and `sceneIdx`, and with `wire.UNSET`
            those that are left out. Default none.
        key_order: Keys of the JSON, in the order in which they follow each other, such as "sceneIdx background".
            Default that of the vendor's samples.

    Raises:
        BuildError: An argument is unknown or has a wrong value.

    >>> Scene(background="#102030").text("Hello")
    Scene(1 clip)
    """

    backdrop: str | Background | None = field(default=None, alias="background")
    watermark: bool = False
    when: str | None = None
    each: str | None = None
    extra: Mapping[str, Any] | None = field(default=None, converter=_extra_of_scene)
    key_order: str | None = None
    _items: tuple[Item, ...] = field(default=(), alias="items")
    _lines: tuple[Line, ...] = field(default=(), alias="lines")
    _loaded: WireScene | None = field(default=None, alias="loaded")
    """The loaded scene that this one came from: its keys, their order, and the fields the DSL does not model."""
    _position: int | None = field(default=None, alias="position")
    """The number of a loaded scene in its document."""
    _origin: tuple[int, int] | None = field(default=None, alias="origin")
    """The number of a rendered scene in its template, and its repetition."""
    _kept_boxes: frozenset[str] = field(default=frozenset(), eq=False, alias="kept_boxes")
    """The ids of loaded texts with other words than their boxes were made for."""
    _written_at: ScriptLine | None = field(factory=script_line, eq=False, alias="written_at")

    def __attrs_post_init__(self) -> None:
        expect(self.backdrop, str | Background | None, "background must be a colour, a URL or a wire.Background")
        if isinstance(self.backdrop, str) and not holds_jinja(self.backdrop):
            validate_background(self.backdrop)
        watermark = next(key for key in keys(WireScene) if key.attribute == "watermark")
        if fault := fault_of(watermark, self.watermark):
            raise fault
        expect(self.key_order, str | None, _KEY_ORDER)
        reordered(WireScene, self.extra or {}, self.key_order)
        for name in ("when", "each"):
            expect(getattr(self, name), str | None, f"{name} must be a Jinja expression in a string")

    def __hash__(self) -> int:
        # Clips and extra hold dicts, which do not hash. Equal scenes agree in these fields.
        return hash((self.watermark, self.when, self.each, len(self._items), self._position, self._origin))

    @property
    def _is_as_loaded(self) -> bool:
        """Whether all of it is on the wire already, with nothing of a script left to work out."""
        drafted = any(isinstance(item, Draft) for item in self._items)
        return self._loaded is not None and not (drafted or self._lines or self.when or self.each)

    def __repr__(self) -> str:
        return f"Scene({len(self._items)} clip{'' if len(self._items) == 1 else 's'})"

    def _repr_html_(self) -> str:
        return notebook_html(self)

    def _change(self, change: Callable[[Scene], Scene]) -> Self:
        return change(self)  # type: ignore[return-value]

    def _clips(self) -> Iterator[AnyClip]:
        return (clip_of(item) for item in self._items)

    def _next_label(self, verb: str, tag: object) -> str:
        return _label(len(self._items), verb, tag)

    def _plus(self, kind: str, cls: type[Clip], place: Mapping[str, Any], own: Mapping[str, Any], values: Any) -> Scene:
        with under(self._next_label(kind, place.get("tag"))):
            clip, wanted = drafted(cls, place, own, values)
        return evolve(self, items=(*self._items, Draft(clip, wanted, script_line())))

    def _spoken(self, text: str, by: str | None, html: bool) -> Scene:
        expect(text, str, "speech must be a string", path="say")
        if html and not holds_jinja(text) and (tag := unpaired_tag(text)):
            hint = "such as <p>Hello <b>you</b></p>; for plain words leave html=True out"
            raise BuildError(f"html=True takes complete HTML, but {tag} has no matching tag", "say", hint)
        avatars = {place: clip for place, clip in enumerate(self._clips()) if isinstance(clip, AvatarClip)}
        if not avatars:
            raise BuildError("speech before any avatar", "say", "add .avatar(...) first")
        speaker = max(avatars) if by is None else place_of(by, avatars, "avatar")
        return evolve(self, lines=(*self._lines, Line(text, speaker, html, script_line())))

    def _edited(self, name: str, changes: dict[str, Any]) -> Scene:
        clips = dict(enumerate(self._clips()))
        index = place_of(name, clips)
        scene, clip = self, clips[index]
        with under(label(index, clip)):
            if isinstance(clip, AvatarClip) and "say" in changes:
                scene = scene._said_instead(index, clip, changes.pop("say"))
            if isinstance(clip, Image | Video) and (given := set(editing.PICTURE) & set(changes)):
                scene = scene._pictured(index, clip, {name: changes.pop(name) for name in given})
            for name in ("id", "tag"):
                value = changes.get(name)
                if value and any(getattr(other, name) == value for place, other in clips.items() if place != index):
                    hint = f"give each clip a different {name}"
                    raise BuildError(f"another clip of the scene has the {name} {value!r}", hint=hint)
            return scene._replaced(index, lambda clip: editing.changed(clip, changes))

    def _said_instead(self, index: int, clip: AvatarClip, text: Any) -> Scene:
        """Replace the first line of an avatar and drop its others; where it said nothing, it speaks last."""
        expect(text, str | None, "say must be a string or None")
        scene, unsaid = self, text
        with as_found():
            if clip.script:
                script = UNSET if text is None else evolve(clip.script, org=editing.spoken_html(text))
                scene, unsaid = scene._with(index, evolve(clip, script=script)), None
            clips, scripts = list(self._clips()), (self._loaded.scripts if self._loaded else ()) or ()
            said = [script for script in scripts if speaker_of(script, clips) == index]
            if self._loaded and said:
                new = None if unsaid is None else evolve(said[0], org=editing.spoken_html(unsaid))
                scripts = editing.first_replaced(scripts, said, new)
                scene, unsaid = evolve(scene, loaded=evolve(self._loaded, scripts=scripts)), None
        lines = [line for line in self._lines if line.speaker == index]
        line = None if unsaid is None else Line(unsaid, index, written_at=script_line())
        if line is not None and not lines:
            return evolve(scene, lines=(*self._lines, line))
        return evolve(scene, lines=editing.first_replaced(self._lines, lines, line))

    def _pictured(self, index: int, clip: Image | Video, given: Mapping[str, Any]) -> Scene:
        item, fit = self._items[index], given.get("fit")
        size = editing.natural_of(given.get("natural"), given.get("file"))
        validate(Place(natural=size, fit=fit))
        if not isinstance(item, Draft):
            return self._with(index, editing.refilled(clip, size or (clip.width, clip.height), fit or "contain"))
        place = evolve(item.place, natural=size or item.place.natural, fit=fit or item.place.fit)
        return self._with(index, evolve(item, place=place))

    def _with(self, index: int, item: Item) -> Scene:
        return evolve(self, items=(*self._items[:index], item, *self._items[index + 1 :]))

    def _mapped(self, clip_class: type[C], fn: Callable[[C], C], tag: str | None) -> Scene:
        editing.validate_map(clip_class, fn, tag)
        scene = self
        for index, clip in enumerate(self._clips()):
            if isinstance(clip, clip_class) and tag in (None, clip.tag):
                with under(label(index, clip)):
                    scene = scene._replaced(index, lambda clip: editing.returned_by(fn, clip))
        return scene

    def _replaced(self, index: int, fn: Callable[[Any], Any]) -> Scene:
        item = self._items[index]
        if not isinstance(item, Draft):
            new = editing.renamed(item, fn(item))
            return evolve(self._with(index, new), kept_boxes=kept_boxes(self._kept_boxes, item, new))
        new = fn(item.clip)
        editing.refuse_geometry(item.clip, new)
        editing.validate_colours(new)
        return self._with(index, evolve(item, clip=new))


def scene_of(node: WireScene, position: int) -> Scene:
    """Return the scene of a loaded wire scene, with its number in the document."""
    watermark: Any = node.watermark
    return Scene(
        background=node.background,
        watermark=watermark,
        items=node.clips,
        position=position,
        loaded=evolve(node, clips=(), background=PENDING, watermark=UNSET),
        written_at=None,
    )


@contextmanager
def lines_named(scenes: Sequence[Scene]) -> Generator[None]:
    """Add to errors raised inside the line of the user's script that wrote the scene, clip or speech of their path."""
    try:
        yield
    except DslError as fault:
        raise fault.at(_line_of(fault.path, scenes)) from fault.__cause__


def _line_of(path: str, scenes: Sequence[Scene]) -> ScriptLine | None:
    found = _PATH.match(path)
    if found is None or int(found[1]) >= len(scenes):
        return None
    scene = scenes[int(found[1])]
    parts: Sequence[Item | Line] = {"clips": scene._items, "speech": scene._lines}.get(found[2], ())
    if not found[2] or int(found[3]) >= len(parts):
        return scene._written_at
    part = parts[int(found[3])]
    return part.written_at if isinstance(part, Draft | Line) else None


# drafts


def drafted(
    cls: type[Clip], place: Mapping[str, Any], own: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[Clip, Place]:
    """Return the clip that a verb describes, and its place. Raises `BuildError` for a value that is wrong anywhere.

    `place` holds the keywords of the place, `own` the verb's own arguments about place and size, and `values` the
    fields of the clip. None leaves a field out where the class does not require it.
    """
    known = {key.attribute: key for key in keys(cls)}
    stated = {name: value for name, value in {**_DEFAULTS, **place}.items() if name in known and name not in _PLACE}
    stated |= values
    for name, read in (("animation", animation_of), ("effects", _effects)):
        if name in stated:
            stated[name] = read(stated[name])
    optional = {name for name, key in known.items() if not key.required} | set(_PENDING)
    written = {name: UNSET if value is None and name in optional else value for name, value in stated.items()}
    state: dict[str, Any] = _PENDING | (_EDITOR_STATE if issubclass(cls, EditorClip) else {})
    state |= _AVATAR_STATE if cls is AvatarClip else {}
    further = dict(own_extra(place.get("extra"), cls, lambda key: _hint_for_field(cls, key)) or {})
    own_fields = {name: further.pop(key.wire) for name, key in known.items() if key.wire in further}
    spelled = {name: own_fields.pop(name) for name in editing.GEOMETRY if name in own_fields}
    state |= written | own_fields
    order = place.get("key_order")
    expect(order, str | None, _KEY_ORDER)
    clip = cls(**state, extra=further, key_order=reordered(cls, further, order))
    where = {name: value for name, value in {**place, **own}.items() if name in _PLACE}
    if "avatar" in own:
        where["avatar"] = _named_avatar(*own["avatar"])
    if spelled:
        where["spelled"] = spelled
    if "file" in own:
        where["natural"] = editing.natural_of(own["natural"], own["file"])
    wanted = Place(**where)
    validate(wanted)
    editing.validate_colours(clip)
    return clip, wanted


def _hint_for_field(cls: type[Clip], key: Key) -> str:
    """Return what sets a field of a clip; "" if only `extra` does."""
    word = keyword_for(key.attribute, taken_by_verbs()[VERB_OF[cls]])
    # bold=True is one of many weights.
    if word and word != "bold" and key.attribute not in editing.GEOMETRY:
        return f"the argument {word!r} sets it"
    return "it follows from the verb" if key.attribute == "type" else ""


def _named_avatar(avatar: object, cloth: object) -> Avatar | AvatarId:
    if isinstance(avatar, Avatar):
        if cloth is not None:
            raise BuildError("an Avatar has its outfit already", hint="leave the second argument out")
        return avatar
    if not isinstance(avatar, str) or not isinstance(cloth, str | None):
        raise BuildError("avatar takes an Avatar, or an ai_name and a cloth id as strings")
    return AvatarId(avatar, cloth)


def _effects(effects: Any) -> Any:
    if effects is None:
        return UNSET
    given: Iterable[Any] = (effects,) if isinstance(effects, str | Mapping) else effects
    if not isinstance(given, Iterable):
        raise BuildError(f"effects is {effects!r}", hint='such as "head-only", or several in a list')
    return tuple(_effect(effect) for effect in given)


def _effect(effect: str | Mapping[str, Any]) -> Effect:
    if isinstance(effect, str):
        return Effect(type=effect)
    if not isinstance(effect, Mapping) or "type" not in effect:
        raise BuildError("an effect is a name or a mapping with a type", hint='such as "head-only"')
    return Effect(type=effect["type"], extra={key: value for key, value in effect.items() if key != "type"})
