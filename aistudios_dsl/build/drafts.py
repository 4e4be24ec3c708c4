"""Drafts: wire clips whose numbers are still to be computed, and what the arguments of a verb make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeGuard, assert_never

from attrs import evolve, field, fields, frozen

from aistudios_dsl.build import editing
from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.keywords import LABELS, keyword_for
from aistudios_dsl.build.placement import (
    Around,
    AvatarId,
    FlowKind,
    Inside,
    Place,
    animation_of,
    validate,
)
from aistudios_dsl.build.verbs import words_of
from aistudios_dsl.errors import BuildError, ScriptLine, expect
from aistudios_dsl.wire.jsontext import own_json
from aistudios_dsl.wire.node import UNSET, Key, Node, as_found, file_of, keys, keys_by_attribute, reordered
from aistudios_dsl.wire.nodes import (
    AnyClip,
    Audio,
    AvatarClip,
    Clip,
    EditorClip,
    Effect,
    Image,
    Shape,
    Text,
    UnknownClip,
    Video,
)

PENDING: Any = UNSET
"""The value of a required field that resolve fills in."""
_PENDING = dict.fromkeys(("id", "layer", *editing.GEOMETRY), PENDING)
_DEFAULTS: dict[str, Any] = {"opacity": 100, "angle": 0}
_LOCKS = ("movement_x", "movement_y", "rotation", "scaling_x", "scaling_y", "skewing_x", "skewing_y", "uni_scaling")
_EDITOR_STATE = {"lock_scaling_flip": True, "fill": "rgb(0,0,0)"} | {f"lock_{name}": False for name in _LOCKS}
_AVATAR_STATE = {"model": PENDING, "head_only": None, "voice_only": False, "is_delete": False}
KEY_ORDER = 'key_order must be names of keys in a string, such as "left top width height"'
PLACE_ARGUMENTS = frozenset(attribute.name for attribute in fields(Place))


@frozen
class Draft:
    """A wire clip, and the place and size that its verb or an edit was given; resolve works out its numbers."""

    clip: Clip
    place: Place
    written_at: ScriptLine | None = field(default=None, eq=False, repr=False)
    when: str | None = None
    each: str | None = None
    parent: int = -1
    """The number of its group in the scene, or -1."""
    number: int = -1
    """Its number in the template, where a row has left clips out or repeated some; else -1."""
    scope: tuple[tuple[int, int], ...] = ()
    """The repetitions that it is in, outermost first: what is repeated (clip n, group -1 - n), and its count from 0."""
    translate: bool = True
    """Whether its words are messages, which other languages say in their own way."""

    @property
    def is_loaded(self) -> bool:
        """Whether the clip has numbers already, such as a loaded one; its place then says only what an edit changes."""
        left: Any = self.clip.left
        return left is not UNSET


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


def is_built(item: Item) -> TypeGuard[Draft]:
    """Whether a verb made the clip, which has no numbers yet."""
    return isinstance(item, Draft) and not item.is_loaded


def with_clip(item: Item, clip: Any) -> Item:
    new: Item = evolve(item, clip=clip) if isinstance(item, Draft) else clip
    return new


def label(index: int, clip: AnyClip) -> str:
    """Return the name of a clip in messages.

    >>> from aistudios_dsl.wire.nodes import Image
    >>> label(2, Image(id="i", layer=1, left=0, top=0, width=1, height=1, source_url="https://x.y/z.png", tag="logo"))
    "clips[2] (image, tag 'logo')"
    """
    return label_of(index, LABELS.get(clip.type, clip.type), clip.tag)


def known_by(clip: AnyClip) -> str:
    """Return what a clip is known by: its words, the name of its shape or avatar, its label, or its file.

    >>> from aistudios_dsl.wire.nodes import Image
    >>> known_by(Image(id="i", layer=1, left=0, top=0, width=1, height=1, source_url="https://x.y/z.png"))
    'z.png'
    """
    match clip:
        case Text():
            return clip.text
        case Shape():
            return clip.shape_name
        case AvatarClip():
            return clip.model.ai_name
        case Audio():
            return clip.label or file_of(clip.source_url)
        case Image() | Video() | UnknownClip():
            return file_of(url_of(clip))
        case _:
            assert_never(clip)


def url_of(clip: AnyClip) -> str:
    """Return the URL of a clip's video or picture, also of a type that is not known; "" if it has none."""
    values = {**clip.extra, **{name: getattr(clip, name, UNSET) for name in ("source_url", "video_url")}}
    return next((values[name] for name in ("video_url", "source_url") if isinstance(values.get(name), str)), "")


def label_of(index: int, kind: str, tag: object) -> str:
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
        raise BuildError(f"extra leaves out {name!r}, which is not an optional field of wire.{cls.__name__}")
    unset = {name: value for name, value in extra.items() if value is UNSET}
    return {**own_json({name: value for name, value in extra.items() if value is not UNSET}, "extra"), **unset}


def drafted(
    cls: type[Clip], place: Mapping[str, Any], own: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[Clip, Place]:
    """Return the clip that a verb describes, and its place. Raises `BuildError` for a value that is wrong anywhere.

    `place` holds the keywords of the place, `own` the verb's own arguments about place and size, and `values` the
    fields of the clip. None leaves a field out where the class does not require it.
    """
    known = keys_by_attribute(cls)
    stated = {
        name: value for name, value in {**_DEFAULTS, **place}.items() if name in known and name not in PLACE_ARGUMENTS
    }
    stated |= values
    for name, read in (("animation", animation_of), ("effects", _effects)):
        if name in stated:
            stated[name] = read(stated[name])
    written = {
        name: UNSET if value is None and (name in _PENDING or not known[name].required) else value
        for name, value in stated.items()
    }
    state: dict[str, Any] = _PENDING | (_EDITOR_STATE if issubclass(cls, EditorClip) else {})
    state |= _AVATAR_STATE if cls is AvatarClip else {}
    further = further_keys(cls, place.get("extra"))
    own_fields = {name: further.pop(key.wire) for name, key in known.items() if key.wire in further} if further else {}
    spelled = {name: own_fields.pop(name) for name in editing.GEOMETRY if name in own_fields}
    state |= written | own_fields
    order = place.get("key_order")
    expect(order, str | None, KEY_ORDER)
    with as_found():
        clip = cls(**state, extra=further, key_order=reordered(cls, further, order))
    for fault in editing.faults_in_words(clip):
        raise fault
    where = {name: value for name, value in {**place, **own}.items() if name in PLACE_ARGUMENTS}
    if "avatar" in own:
        where["avatar"] = _named_avatar(*own["avatar"])
    if spelled:
        where["spelled"] = spelled
    if "file" in own:
        where["natural"] = editing.natural_of(own["natural"], own["file"])
    wanted = Place(**where)
    if isinstance(wanted.at, Around):
        _validate_around(cls, wanted)
    validate(wanted)
    editing.validate_colours(clip)
    return clip, wanted


def _validate_around(cls: type[Clip], wanted: Place) -> None:
    if not issubclass(cls, Image | Video | Shape):
        raise BuildError(
            "around() gives a size, which only a shape, picture or video can take", hint='use inside("tag")'
        )
    if any(size is not None for size in (wanted.width, wanted.height, wanted.scale)):
        raise BuildError("around() sets the size", hint="leave width=, height= and scale= out")


def refuse_in_group(kind: FlowKind, draft: Draft) -> None:
    """Raise `BuildError` where a clip of a group wants a place of its own, or an avatar has no size."""
    place, beside = draft.place, isinstance(draft.place.at, Around | Inside)
    is_avatar = isinstance(draft.clip, AvatarClip)
    for name, wanted in (("at", place.at), ("margin", place.margin)):
        if wanted not in (None, 0) and not beside:
            message = f"a clip of a {kind} takes no {name}=, since the group places it"
            hint = "leave it out; gap=, padding= and align= of the group set the distances"
            raise BuildError(message, hint=hint, code="in-group")
    for name in ("framing", "head_at") if is_avatar else ():
        if getattr(place, name) is not None:
            message = f"{name}= is about the canvas, so it has no meaning in a group"
            raise BuildError(message, hint="give height= or width=", code="in-group")
    if is_avatar and all(getattr(place, name) is None for name in ("width", "height", "scale", "head_height")):
        hint = "give height=, width=, scale= or head_height="
        raise BuildError("an avatar in a group needs a size", hint=hint, code="in-group")


def condition(name: str, given: object) -> str | None:
    if given is not None:
        expect(given, str, f"{name} must be a Jinja expression in a string")
    return given  # type: ignore[return-value]


def switch(name: str, given: object) -> bool:
    expect(given, bool, f"{name} must be True or False")
    return given  # type: ignore[return-value]


def further_keys(cls: type[Clip], extra: Any) -> dict[str, Any]:
    return dict(own_extra(extra, cls, lambda key: _hint_for_field(cls, key)) or {})


def _hint_for_field(cls: type[Clip], key: Key) -> str:
    """Return what sets a field of a clip; "" if only `extra` does."""
    word = keyword_for(key.attribute, words_of(cls))
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
