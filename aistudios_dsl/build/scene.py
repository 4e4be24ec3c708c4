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
from aistudios_dsl.build.placement import Around, AvatarId, GroupDraft, Place, animation_of, validate, validate_group
from aistudios_dsl.build.speech import speaker_of, unpaired_tag
from aistudios_dsl.build.theme import WORDS, Theme, backdrop_of, themed
from aistudios_dsl.build.verbs import VERB_OF, Verbs, place_of, taken_by_verbs, verb
from aistudios_dsl.errors import BuildError, DslError, ScriptLine, expect, under
from aistudios_dsl.layout.colour import is_name, validate_background
from aistudios_dsl.wire.jsontext import own_json
from aistudios_dsl.wire.node import UNSET, as_found, fault_of, holds_jinja, keys
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
_BY_THE_VERB = {"type": "it follows from the verb", "name": "it follows from the id"}
_PLACE = frozenset(attribute.name for attribute in fields(Place))
_PATH = re.compile(r"scenes\[(\d+)\](?:\.(clips|speech|groups)\[(\d+)\])?")


@frozen
class Draft:
    """A wire clip whose geometry is still absent, and the place and size that its verb was given."""

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


def own_extra(extra: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a copy of further keys. Raise `BuildError` for what is not JSON."""
    expect(extra, Mapping | None, "extra must be a mapping of keys to JSON")
    own: Mapping[str, Any] | None = own_json(extra, "extra")
    return own


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
        extra: Further keys of the scene in the JSON. Default none.

    Raises:
        BuildError: An argument is unknown or has a wrong value.

    >>> Scene(background="#102030").text("Hello")
    Scene(1 clip)
    """

    backdrop: str | Background | None = field(default=None, alias="background")
    watermark: bool = False
    when: str | None = None
    each: str | None = None
    extra: Mapping[str, Any] | None = field(default=None, converter=own_extra)
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
        watermark = next(key for key in keys(WireScene) if key.attribute == "watermark")
        if fault := fault_of(watermark, self.watermark):
            raise fault
        for name in ("when", "each"):
            _condition(name, getattr(self, name))

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
        return evolve(self, items=(*self._items, Draft(clip, wanted, script_line(), when, each)))

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
            if isinstance(clip, Text) and isinstance(scene._items[index], Draft) and "style" in changes:
                scene = scene._restyled(index, changes.pop("style"))
            return scene._replaced(index, lambda clip: editing.changed(clip, changes), told=changes)

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

    def _restyled(self, index: int, style: Any) -> Scene:
        item = self._items[index]
        assert isinstance(item, Draft)
        validate(place := evolve(item.place, style=style))
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

    def _replaced(self, index: int, fn: Callable[[Any], Any], told: Iterable[str] = ()) -> Scene:
        item = self._items[index]
        if not isinstance(item, Draft):
            new = editing.renamed(item, fn(item))
            return evolve(self._with(index, new), kept_boxes=kept_boxes(self._kept_boxes, item, new))
        new = fn(item.clip)
        editing.refuse_geometry(item.clip, new)
        editing.validate_colours(new)
        place = item.place
        if isinstance(new, Text):
            changed = {name for name in WORDS.values() if getattr(new, name) != getattr(item.clip, name)}
            place = evolve(place, told=place.told.union(changed, (WORDS.get(name, name) for name in told)))
        return self._with(index, evolve(item, clip=new, place=place))


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


def placed_by(scenes: Sequence[Scene]) -> dict[str, frozenset[str]]:
    """Return which arguments about place and size the verb of each drafted clip was given, by the clip's path."""
    return {
        f"scenes[{number}].clips[{index}]": frozenset(
            part.name for part in fields(Place) if getattr(item.place, part.name) != part.default
        )
        for number, scene in enumerate(scenes)
        for index, item in enumerate(scene._items)
        if isinstance(item, Draft)
    }


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
    if not isinstance(item, Draft):
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
        if isinstance(item, Draft) and not (index < len(known) and known[index] is item):
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
    state |= written
    clip = cls(**state, extra=_further_keys(cls, place.get("extra")))
    where = {name: value for name, value in {**place, **own}.items() if name in _PLACE}
    if "avatar" in own:
        where["avatar"] = _named_avatar(*own["avatar"])
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
    expect(given, str | None, f"{name} must be a Jinja expression in a string")
    return given  # type: ignore[return-value]


def _further_keys(cls: type[Clip], extra: Any) -> Mapping[str, Any]:
    """Return a copy of a clip's further keys. Raise `BuildError` for a field of its class, with how to set that."""
    further = own_extra(extra) or {}
    for key in keys(cls) if further else ():
        if name := next((name for name in (key.wire, key.attribute) if name in further), None):
            word = keyword_for(key.attribute, taken_by_verbs()[VERB_OF[cls]])
            other = f"edit(tag, {key.attribute}=...) sets it"
            hint = f"the argument {word!r} sets it" if word else _BY_THE_VERB.get(key.attribute, other)
            raise BuildError(f"extra holds {name!r}, which is a field of wire.{cls.__name__}", hint=hint)
    return further


def _named_avatar(avatar: object, cloth: object) -> Avatar | AvatarId:
    if isinstance(avatar, Avatar):
        if cloth is not None:
            raise BuildError("an Avatar has its outfit already", hint="leave the second argument out")
        return avatar
    if not isinstance(avatar, str) or not isinstance(cloth, str | None):
        raise BuildError("avatar takes an Avatar, or an ai_name and a cloth id as strings")
    return AvatarId(avatar, cloth)


def _effects(effects: Any) -> Any:
    given: Iterable[Any] = (effects,) if isinstance(effects, str | Mapping) else () if effects is None else effects
    if not isinstance(given, Iterable):
        raise BuildError(f"effects is {effects!r}", hint='such as "head-only", or several in a list')
    return tuple(_effect(effect) for effect in given) or UNSET


def _effect(effect: str | Mapping[str, Any]) -> Effect:
    if isinstance(effect, str):
        return Effect(type=effect)
    if not isinstance(effect, Mapping) or "type" not in effect:
        raise BuildError("an effect is a name or a mapping with a type", hint='such as "head-only"')
    return Effect(type=effect["type"], extra={key: value for key, value in effect.items() if key != "type"})
