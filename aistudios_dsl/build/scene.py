"""Scenes, and the drafts of clips that verbs put into them: wire clips whose geometry is still to be computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from functools import singledispatch
from inspect import unwrap
from typing import Any, Self, TypeGuard, TypeVar

from attrs import evolve, field, fields, frozen

from aistudios_dsl.build import editing, resizing
from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.boxes import is_backdrop, number
from aistudios_dsl.build.keywords import LABELS, arguments_of, checked_class, keyword_for, script_line
from aistudios_dsl.build.measured import kept_boxes, measured_again
from aistudios_dsl.build.placement import Around, AvatarId, GroupDraft, Place, animation_of, validate, validate_group
from aistudios_dsl.build.speech import speaker_of, unpaired_tag
from aistudios_dsl.build.theme import COLOURS, WORDS, Theme, backdrop_of, themed
from aistudios_dsl.build.verbs import VERB_OF, Verbs, place_of, verb, words_of
from aistudios_dsl.errors import BuildError, DslError, ScriptLine, expect, under
from aistudios_dsl.layout.colour import is_name, validate_background
from aistudios_dsl.layout.geometry import canvas
from aistudios_dsl.wire.jsontext import own_json
from aistudios_dsl.wire.node import (
    UNSET,
    Key,
    Node,
    as_found,
    fault_of,
    holds_jinja,
    keys,
    keys_by_attribute,
    reordered,
    replaced,
)
from aistudios_dsl.wire.nodes import (
    AnyClip,
    AvatarClip,
    Background,
    Clip,
    EditorClip,
    Effect,
    Image,
    Shape,
    Text,
    UnknownClip,
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
_PATH = re.compile(r"scenes\[(\d+)\](?:\.(clips|speech|groups)\[(\d+)\])?")


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


def _with_clip(item: Item, clip: Any) -> Item:
    new: Item = evolve(item, clip=clip) if isinstance(item, Draft) else clip
    return new


def label(index: int, clip: AnyClip) -> str:
    """Return the name of a clip in messages.

    >>> from aistudios_dsl.wire.nodes import Image
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


@checked_class("items", "lines", "groups", "loaded", "position", "origin", "kept_boxes", "written_at")
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
    _groups: tuple[GroupDraft, ...] = field(default=(), alias="groups")
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
        # A name may be that of a colour of the theme, which the scene's project knows.
        if isinstance(self.backdrop, str) and not holds_jinja(self.backdrop) and not is_name(self.backdrop.strip()):
            validate_background(self.backdrop)
        if fault := fault_of(keys_by_attribute(WireScene)["watermark"], self.watermark):
            raise fault
        expect(self.key_order, str | None, _KEY_ORDER)
        if self.key_order:
            reordered(WireScene, self.extra or {}, self.key_order)
        _condition("when", self.when)
        _condition("each", self.each)

    def __hash__(self) -> int:
        # Clips and extra hold dicts, which do not hash. Equal scenes agree in these fields.
        return hash((self.watermark, self.when, self.each, len(self._items), self._position, self._origin))

    @property
    def _is_as_loaded(self) -> bool:
        """Whether all of it is on the wire already, with nothing of a script left to work out."""
        drafted = any(isinstance(item, Draft) for item in self._items)
        return self._loaded is not None and not (drafted or self._lines or self.when or self.each)

    @property
    def _is_conditional(self) -> bool:
        """Whether a row may leave out or repeat some of its clips or groups."""
        drafts = (item for item in self._items if isinstance(item, Draft))
        parts: Iterable[Draft | GroupDraft] = (*drafts, *self._groups)
        return any(part.when is not None or part.each is not None for part in parts)

    def __repr__(self) -> str:
        return f"Scene({len(self._items)} clip{'' if len(self._items) == 1 else 's'})"

    def _repr_html_(self) -> str:
        return notebook_html(self)

    @verb
    def clips(self) -> list[AnyClip]:
        """Return the clips in order. What a verb left to be computed is still absent.

        >>> [clip.tag for clip in Scene().text("Hi", tag="t").clips()]
        ['t']
        """
        return list(self._clips())

    @verb
    def remove(self, tag_or_id: str, /) -> Self:
        """Take a clip away, with what it says.

        Args:
            tag_or_id: The tag or id of the clip.

        Raises:
            BuildError: No clip has it.

        >>> Scene().text("Hi", tag="t").text("Ho").remove("t")
        Scene(1 clip)
        """
        clips = list(self._clips())
        index = place_of(tag_or_id, dict(enumerate(clips)))
        kept = (line for line in self._lines if line.speaker != index)
        lines = tuple(evolve(line, speaker=line.speaker - (line.speaker > index)) for line in kept)
        loaded = self._loaded
        if loaded and loaded.scripts:
            with as_found():
                scripts = tuple(script for script in loaded.scripts if speaker_of(script, clips) != index)
                loaded = evolve(loaded, scripts=scripts)
        return evolve(self, items=(*self._items[:index], *self._items[index + 1 :]), lines=lines, loaded=loaded)

    def _change(self, change: Callable[[Scene], Scene]) -> Self:
        return change(self)  # type: ignore[return-value]

    def _clips(self) -> Iterator[AnyClip]:
        return (clip_of(item) for item in self._items)

    def _next_label(self, verb: str, tag: object) -> str:
        return _label(len(self._items), verb, tag)

    def _plus(self, kind: str, cls: type[Clip], place: Mapping[str, Any], own: Mapping[str, Any], values: Any) -> Scene:
        with under(self._next_label(kind, place.get("tag"))):
            when, each = (_condition(name, place.get(name)) for name in ("when", "each"))
            clip, wanted = drafted(cls, place, own, values)
        return replaced(self, _items=(*self._items, Draft(clip, wanted, script_line(), when, each)))

    def _grouped(self, inner: Scene, group: GroupDraft) -> Scene:
        """Add the clips of a group, and the groups in it."""
        first, number = len(self._items), len(self._groups)
        with under(group.label(number)):
            validate_group(group)
        groups = [evolve(each, parent=each.parent + number + 1) for each in inner._groups]
        drafts = [item for item in inner._items if isinstance(item, Draft)]  # a group holds nothing else
        items = [evolve(draft, parent=draft.parent + number + 1) for draft in drafts]
        lines = [evolve(line, speaker=line.speaker + first) for line in inner._lines]
        return evolve(
            self,
            items=(*self._items, *items),
            lines=(*self._lines, *lines),
            groups=(*self._groups, evolve(group, written_at=script_line()), *groups),
        )

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

    def _with_background(self, value: str | Background | None) -> Scene:
        scene = evolve(self, background=value)
        if self._loaded is None:
            return scene
        known = [clip for clip in self._clips() if not isinstance(clip, UnknownClip)]
        lowest = min((clip.layer for clip in known if isinstance(clip.layer, int | float)), default=0)
        for index, item in enumerate(self._items):
            clip = clip_of(item)
            if not is_built(item) and is_backdrop(clip) and number(clip, "layer") == lowest:
                return scene._without(index)
        return scene

    def _without(self, index: int) -> Scene:
        """Return the scene without a clip that says nothing."""
        lines = tuple(evolve(line, speaker=line.speaker - (line.speaker > index)) for line in self._lines)
        return evolve(self, items=(*self._items[:index], *self._items[index + 1 :]), lines=lines)

    def _edited(self, name: str, changes: dict[str, Any]) -> Scene:
        clips = dict(enumerate(self._clips()))
        index = place_of(name, clips)
        scene, clip = self, clips[index]
        with under(label(index, clip)):
            if isinstance(clip, AvatarClip) and "say" in changes:
                scene = scene._said_instead(index, clip, changes.pop("say"))
            editing.refuse_unknown(clip, changes)
            for name in ("id", "tag"):
                value = changes.get(name)
                if value and any(getattr(other, name) == value for place, other in clips.items() if place != index):
                    hint = f"give each clip a different {name}"
                    raise BuildError(f"another clip of the scene has the {name} {value!r}", hint=hint)
            return scene._changed_to(index, edited(scene._items[index], changes))

    def _said_instead(self, index: int, clip: AvatarClip, text: Any) -> Scene:
        """Replace the first line of an avatar and drop its others; where it said nothing, it speaks last."""
        expect(text, str | None, "say must be a string or None")
        scene, unsaid = self, text
        with as_found():
            if clip.script:
                script = UNSET if text is None else evolve(clip.script, org=editing.spoken_html(text))
                scene, unsaid = scene._with(index, _with_clip(self._items[index], evolve(clip, script=script))), None
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

    def _replaced(self, index: int, fn: Callable[[Any], Any], told: Iterable[str] = ()) -> Scene:
        item = self._items[index]
        old: Any = clip_of(item)
        new = fn(old)
        if not is_built(item):
            return self._changed_to(index, _with_clip(item, editing.renamed(old, new)))
        editing.refuse_geometry(old, new)
        editing.validate_colours(new, on_the_wire=True)
        changed = [
            name for name in WORDS.values() if isinstance(old, Text) and getattr(new, name) != getattr(old, name)
        ]
        return self._with(index, evolve(item, clip=new, place=_told(item.place, changed)))

    def _changed_to(self, index: int, item: Item) -> Scene:
        """Put a changed clip in its place; a loaded text may keep the box of its old words."""
        old, scene = self._items[index], self._with(index, item)
        if is_built(old):
            return scene
        return evolve(scene, kept_boxes=kept_boxes(self._kept_boxes, clip_of(old), clip_of(item)))


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
    sequences = {"clips": scene._items, "speech": scene._lines, "groups": scene._groups}
    parts: Sequence[Item | Line | GroupDraft] = sequences.get(found[2], ())
    if not found[2] or int(found[3]) >= len(parts):
        return scene._written_at
    part = parts[int(found[3])]
    return part.written_at if isinstance(part, Draft | Line | GroupDraft) else None


# themes


def themed_scene(scene: Scene, theme: Theme | None) -> Scene:
    """Return the scene, whose strings are rendered, with values in the place of the names of its theme."""
    items = tuple(_themed_item(index, item, theme) for index, item in enumerate(scene._items))
    if all(new is old for new, old in zip(items, scene._items, strict=True)):
        items = scene._items
    backdrop = backdrop_of(scene.backdrop, theme) if isinstance(scene.backdrop, str) else scene.backdrop
    if items is scene._items and backdrop == scene.backdrop:
        return scene
    return evolve(scene, items=items, background=backdrop)


def _themed_item(index: int, item: Item, theme: Theme | None) -> Item:
    if not is_built(item):
        return item
    with under(label(index, clip_of(item))):
        clip = themed(item.clip, item.place, theme)
    if clip is item.clip and not item.place.style:
        return item
    return evolve(item, clip=clip, place=evolve(item.place, style=None))


def refuse_unknown_names(scene: Scene, theme: Theme | None, before: Scene | None = None) -> None:
    """Raise `BuildError` for the name of a colour or style that the theme lacks, in what is new since `before`."""
    known = before._items if before else ()
    # Most verbs add a clip at the end, and comparing the others as a whole is the fastest.
    first = len(known) if scene._items[: len(known)] == known else 0
    for index, item in enumerate(scene._items[first:], first):
        if is_built(item) and not (index < len(known) and known[index] is item):
            with under(label(index, clip_of(item))):
                themed(item.clip, item.place, theme, waiting=True)
    backdrop = scene.backdrop
    if isinstance(backdrop, str) and not (before and backdrop == before.backdrop) and not holds_jinja(backdrop):
        backdrop_of(backdrop, theme)


# drafts


def drafted(
    cls: type[Clip], place: Mapping[str, Any], own: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[Clip, Place]:
    """Return the clip that a verb describes, and its place. Raises `BuildError` for a value that is wrong anywhere.

    `place` holds the keywords of the place, `own` the verb's own arguments about place and size, and `values` the
    fields of the clip. None leaves a field out where the class does not require it.
    """
    known = keys_by_attribute(cls)
    stated = {name: value for name, value in {**_DEFAULTS, **place}.items() if name in known and name not in _PLACE}
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
    further = _further_keys(cls, place.get("extra"))
    own_fields = {name: further.pop(key.wire) for name, key in known.items() if key.wire in further} if further else {}
    spelled = {name: own_fields.pop(name) for name in editing.GEOMETRY if name in own_fields}
    state |= written | own_fields
    order = place.get("key_order")
    expect(order, str | None, _KEY_ORDER)
    with as_found():
        clip = cls(**state, extra=further, key_order=reordered(cls, further, order))
    for fault in editing.faults_in_words(clip):
        raise fault
    where = {name: value for name, value in {**place, **own}.items() if name in _PLACE}
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


def _condition(name: str, given: object) -> str | None:
    if given is not None:
        expect(given, str, f"{name} must be a Jinja expression in a string")
    return given  # type: ignore[return-value]


def _further_keys(cls: type[Clip], extra: Any) -> dict[str, Any]:
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


# edits

_CONDITIONS = ("when", "each")
_FILLERS: dict[str, Any] = {"text": "", "url": "", "label": "", "name": "Square", "fill": "#000000"}
"""Legal values of what a verb requires, where an edit does not give it."""


class _Asked:
    """Takes what a verb makes of its arguments, in the place of a scene."""

    @staticmethod
    def _add(verb: str, cls: type[Clip], place: Any, own: Mapping[str, Any], **values: Any) -> Any:
        return cls, place, own, values


def _worded(item: Item, words: Mapping[str, Any]) -> tuple[Clip, Place]:
    """Return the clip and place that the verb of a clip makes of these arguments. Raises `BuildError` as the verb."""
    clip: Any = clip_of(item)
    call, given = unwrap(getattr(Verbs, VERB_OF[type(clip)])), dict(words)
    first: tuple[Any, ...] = ()
    if isinstance(clip, AvatarClip):
        known = isinstance(item, Draft) and item.place.avatar
        named = known.ai_name if known else clip.model.ai_name
        first = (given.pop("avatar", None) or named, given.pop("cloth", None))
    required = {name: _FILLERS[name] for name in arguments_of(call).required if name not in words and not first}
    try:
        asked = call(_Asked, *first, **required, **given)
    except BuildError as fault:
        raise BuildError(fault.message, hint=fault.hint) from None  # Its place is that of the clip.
    return drafted(*asked)


def edited(item: Item, changes: Mapping[str, Any]) -> Item:
    """Return a clip after an edit: of what its verb takes in the verb's meaning, and of other fields as on the wire."""
    clip: Any = clip_of(item)
    taken = words_of(type(clip))
    conditions: dict[str, Any] = {name: _condition(name, changes[name]) for name in _CONDITIONS if name in changes}
    words = {name: value for name, value in changes.items() if name in taken and name not in _CONDITIONS}
    if "style" in words and not is_built(item):
        raise BuildError("a style is for texts that a verb made", hint="give font_size=, color= and the like")
    for word in unread_words(type(clip)) & words.keys():
        raise BuildError(f"edit cannot change {word}", hint="give it to the verb that adds the clip")
    values, place = _read(item, words) if words else ({}, Place())
    new = editing.changed(clip, values | {name: value for name, value in changes.items() if name not in taken})
    if {"extra", "key_order"} & words.keys():
        new = _with_further_keys(new, words)
    given = {_ASKED_AS.get(word, word) for word in words} & _PLACE
    if is_built(item):
        editing.refuse_geometry(clip, new)
        editing.validate_colours(new, on_the_wire=True)
        told = [WORDS.get(name, name) for name in changes if isinstance(clip, Text)]
        place = _told(resizing.merged(clip, item.place, place, given), told)
        return evolve(item, clip=new, place=place, **conditions)
    if any(getattr(new, name, None) != getattr(clip, name, None) for name in COLOURS):
        editing.validate_colours(new, names=False)
    changed: Any = _edited_on_the_wire(item, editing.renamed(clip, new), place, given)
    if not conditions:
        return changed  # type: ignore[no-any-return]
    return evolve(changed if isinstance(changed, Draft) else Draft(changed, Place(), script_line()), **conditions)


def _told(place: Place, fields: Iterable[str]) -> Place:
    return evolve(place, told=place.told.union(fields)) if fields else place


def _read(item: Item, words: Mapping[str, Any]) -> tuple[dict[str, Any], Place]:
    """Return the fields of a clip that arguments of its verb set, with their values, and the place that they ask for.

    `UNSET` takes a field away, as None does.
    """
    clip: Any = clip_of(item)
    taken = words_of(type(clip))
    worded = {key: word for key in keys(type(clip)) if (word := keyword_for(key.attribute, taken)) in words}
    for key, word in worded.items():
        editing.refuse_removal(clip, key, word, words[word])
    made, place = _worded(item, {word: None if value is UNSET else value for word, value in words.items()})
    return {
        key.attribute: UNSET if words[word] is UNSET else getattr(made, key.attribute)
        for key, word in worded.items()
        if word not in _PLACE
    }, place


def _with_further_keys(clip: Clip, words: Mapping[str, Any]) -> Clip:
    own = {key.wire: key.attribute for key in keys(type(clip))}
    further = _further_keys(type(clip), words.get("extra"))
    given: dict[str, Any] = {own[name]: further.pop(name) for name in own if name in further}
    given["extra"] = {**clip.extra, **further}
    if "key_order" in words:
        expect(words["key_order"], str | None, _KEY_ORDER)
        given["key_order"] = reordered(type(clip), given["extra"], words["key_order"])
    with as_found():
        return evolve(clip, **given)


def unread_words(cls: type[Clip]) -> set[str]:
    """Return the arguments of a clip's verb that `edit` finds neither in the clip nor in the place that it makes."""
    taken = words_of(cls)
    fields_set = {keyword_for(key.attribute, taken) for key in keys(cls)}
    return (
        {word for word in taken if _ASKED_AS.get(word, word) not in _PLACE}
        - fields_set
        - {"extra", "key_order", *_CONDITIONS}
    )


_ASKED_AS = {"file": "natural", "cloth": "avatar"}
"""What the place holds of arguments that have another name there."""


def _edited_on_the_wire(item: Item, new: Any, place: Place, given: Set[str]) -> Item:
    """Return a clip that has numbers, changed to `new`, at the place that was given; some wait for the canvas."""
    old = clip_of(item)
    pending = resizing.merged(new, item.place if isinstance(item, Draft) else Place(), place, given)
    if isinstance(new, AvatarClip) and "language" in given:
        with as_found():
            new = evolve(new, model=evolve(new.model, language=UNSET if place.language is None else place.language))
        pending = evolve(pending, language=None)
    if "margin" in given and place.margin and (pending.at is None or isinstance(pending.at, tuple)):
        hint = 'such as at="top left", margin=40'
        raise BuildError("margin keeps a clip from an edge, and no edge is named", hint=hint)
    if not given & {"width", "height", "fit"}:
        new = measured_again(old, new)
    if not given and not isinstance(item, Draft):
        return new  # type: ignore[no-any-return]
    if resizing.needs_canvas(new, pending):
        return Draft(new, pending, script_line())
    return resizing.moved(resizing.resized(new, pending, canvas()), pending)  # type: ignore[no-any-return]


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
