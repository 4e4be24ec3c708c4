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
from aistudios_dsl.build.keywords import LABELS, checked_class, script_line
from aistudios_dsl.build.placement import AvatarId, Place, animation_of, validate
from aistudios_dsl.build.speech import speaker_of, unpaired_tag
from aistudios_dsl.build.verbs import Verbs, names_of, no_such_clip
from aistudios_dsl.errors import BuildError, DslError, LoadError, ScriptLine
from aistudios_dsl.layout.colour import parse_colour, validate_background
from aistudios_dsl.wire.jsontext import copied
from aistudios_dsl.wire.node import UNSET, as_found, fault_of, holds_jinja, keys
from aistudios_dsl.wire.nodes import (
    AnyClip,
    AvatarClip,
    Background,
    Clip,
    EditorClip,
    Effect,
    Image,
    SceneScript,
    Text,
    Video,
)
from aistudios_dsl.wire.nodes import Scene as WireScene
from aistudios_dsl.wire.nodes import Shape as ShapeClip

C = TypeVar("C", bound=Clip)

PENDING: Any = UNSET
"""The value of a required field that resolve fills in."""
_PENDING = dict.fromkeys(("id", "layer", *editing.GEOMETRY), PENDING)
_DEFAULTS: dict[str, Any] = {"opacity": 100, "angle": 0}
_LOCKS = ("movement_x", "movement_y", "rotation", "scaling_x", "scaling_y", "skewing_x", "skewing_y", "uni_scaling")
_EDITOR_STATE = {"lock_scaling_flip": True, "fill": "rgb(0,0,0)"} | {f"lock_{name}": False for name in _LOCKS}
_AVATAR_STATE = {"model": PENDING, "head_only": None, "voice_only": False, "is_delete": False}
_PLACE = frozenset(attribute.name for attribute in fields(Place))
_PATH = re.compile(r"scenes\[(\d+)\](?:\.(clips|speech)\[(\d+)\])?")


@frozen
class Draft:
    """A wire clip whose geometry is still absent, and the place and size that its verb was given."""

    clip: Clip
    place: Place
    number: int
    written_at: ScriptLine | None = field(default=None, eq=False, repr=False)


@frozen
class Line:
    """A line of speech, and its speaker: the number of a draft or the id of a loaded clip."""

    text: str
    speaker: int | str
    html: bool = False
    written_at: ScriptLine | None = field(default=None, eq=False, repr=False)


Item = Draft | AnyClip


def clip_of(item: Item) -> AnyClip:
    """Return the wire clip of an item, drafted or loaded."""
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
    """Return a copy of further keys, which nothing outside can change. Raises `BuildError` for what is not JSON."""
    given: object = extra
    if not isinstance(given, Mapping | None):
        raise BuildError(f"extra must be a mapping of keys to JSON, not {type(given).__name__}")
    try:
        own: Mapping[str, Any] | None = copied(extra, "extra")
        return own
    except LoadError as fault:
        raise BuildError(fault.message, fault.path, fault.hint) from None


@singledispatch
def notebook_html(value: object) -> str:
    """Return the HTML that a notebook shows for a value.

    An extension point: a scene cannot draw itself, because drawing needs the layout. `aistudios_dsl.project`, which
    can lay out and draw, registers its function here for `Scene`.
    """
    from html import escape

    return f"<pre>{escape(repr(value))}</pre>"


@checked_class("items", "lines", "loaded", "position", "origin", "written_at")
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
    _loaded: WireScene | None = field(default=None, alias="loaded")
    """The loaded scene that this one came from: its keys, their order, and the fields the DSL does not model."""
    _position: int | None = field(default=None, alias="position")
    """The number of a loaded scene in its document."""
    _origin: tuple[int, int] | None = field(default=None, alias="origin")
    """The number of a rendered scene in its template, and its repetition."""
    _written_at: ScriptLine | None = field(factory=script_line, eq=False, alias="written_at")

    def __attrs_post_init__(self) -> None:
        backdrop: object = self.backdrop
        if not isinstance(backdrop, str | Background | None):
            kind = type(backdrop).__name__
            raise BuildError(f"background must be a colour, a URL or a wire.Background, not {kind}")
        if isinstance(backdrop, str) and not holds_jinja(backdrop):
            validate_background(backdrop)
        validate_watermark(self.watermark)
        for name in ("when", "each"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise BuildError(f"{name} must be a Jinja expression in a string, not {type(value).__name__}")

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

    def _next_label(self, kind: str, tag: object) -> str:
        return _label(len(self._items), kind, tag)

    def _plus(self, kind: str, cls: type[Clip], place: Mapping[str, Any], own: Mapping[str, Any], values: Any) -> Scene:
        try:
            clip, wanted = drafted(cls, place, own, values)
        except DslError as fault:
            raise fault.under(self._next_label(kind, place.get("tag"))) from None
        return evolve(self, items=(*self._items, Draft(clip, wanted, len(self._items), script_line())))

    def _spoken(self, text: str, by: str | None, html: bool) -> Scene:
        if not isinstance(text, str):
            raise BuildError(f"speech must be a string, not {type(text).__name__}", "say")
        if html and not holds_jinja(text) and (tag := unpaired_tag(text)):
            hint = "such as <p>Hello <b>you</b></p>; for plain words leave html=True out"
            raise BuildError(f"html=True takes ready HTML, and {tag} stands without its partner", "say", hint)
        return evolve(self, lines=(*self._lines, Line(text, self._speaker(by), html, script_line())))

    def _speaker(self, by: str | None) -> int | str:
        avatars = [item for item in self._items if isinstance(clip_of(item), AvatarClip)]
        if not avatars:
            raise BuildError("speech before any avatar", "say", "add .avatar(...) first")
        if by is None:
            return _speaker_key(avatars[-1])
        for item in avatars:
            if by in names_of(clip_of(item)):
                return _speaker_key(item)
        raise no_such_clip(by, map(clip_of, avatars))

    def _edited(self, name: str, changes: dict[str, Any]) -> Scene:
        index = next((i for i, clip in enumerate(self._clips()) if name in names_of(clip)), None)
        if index is None:
            raise no_such_clip(name, self._clips())
        clip, scene = clip_of(self._items[index]), self
        try:
            if isinstance(clip, AvatarClip) and "say" in changes:
                scene = scene._said_instead(index, clip, changes.pop("say"))
            if isinstance(clip, Image | Video) and (given := set(editing.PICTURE) & set(changes)):
                scene = scene._pictured(index, clip, {name: changes.pop(name) for name in given})
        except DslError as fault:
            raise fault.under(label(index, clip)) from None
        return scene._replaced(index, lambda clip: editing.changed(clip, changes))

    def _said_instead(self, index: int, clip: AvatarClip, text: object) -> Scene:
        """Replace the first line of an avatar and drop its others; where it said nothing, it speaks last."""
        if not isinstance(text, str | None):
            raise BuildError(f"say must be a string or None, not {type(text).__name__}")
        scene, unsaid = self, text
        if clip.script:
            with as_found():
                script = UNSET if text is None else evolve(clip.script, org=editing.spoken_html(text))
                scene, unsaid = self._with(index, evolve(clip, script=script)), None
        scene, unsaid = scene._said_in_scene(index, unsaid)
        speaker = _speaker_key(self._items[index])
        new = None if unsaid is None else Line(unsaid, speaker, written_at=script_line())
        lines = tuple(editing.first_replaced(scene._lines, lambda line: line.speaker == speaker, new))
        said = any(line.speaker == speaker for line in scene._lines)
        return evolve(scene, lines=lines if new is None or said else (*lines, new))

    def _said_in_scene(self, index: int, text: str | None) -> tuple[Scene, str | None]:
        scripts, clips = (self._loaded.scripts if self._loaded else ()) or (), list(self._clips())

        def is_old(script: SceneScript) -> bool:
            return speaker_of(script, clips) == index

        old = next(filter(is_old, scripts), None)
        if self._loaded is None or old is None:
            return self, text
        with as_found():
            new = None if text is None else evolve(old, org=editing.spoken_html(text))
            scripts = tuple(editing.first_replaced(scripts, is_old, new))
            return evolve(self, loaded=evolve(self._loaded, scripts=scripts)), None

    def _pictured(self, index: int, clip: Image | Video, given: Mapping[str, Any]) -> Self:
        item, fit = self._items[index], given.get("fit")
        size = editing.natural_of(given.get("natural"), given.get("file"))
        validate(Place(natural=size, fit=fit))
        if not isinstance(item, Draft):
            return self._with(index, editing.refilled(clip, size or (clip.width, clip.height), fit or "contain"))
        place = evolve(item.place, natural=size or item.place.natural, fit=fit or item.place.fit)
        return self._with(index, evolve(item, place=place))

    def _with(self, index: int, item: Item) -> Self:
        return evolve(self, items=(*self._items[:index], item, *self._items[index + 1 :]))

    def _mapped(self, clip_class: type[C], fn: Callable[[C], C], tag: str | None) -> Scene:
        editing.validate_map(clip_class, fn, tag)
        scene = self
        for index, clip in enumerate(self._clips()):
            if isinstance(clip, clip_class) and tag in (None, clip.tag):
                scene = scene._replaced(index, lambda clip: editing.remade(fn, clip))
        return scene

    def _replaced(self, index: int, fn: Callable[[Any], Any]) -> Scene:
        item = self._items[index]
        clip = clip_of(item)
        try:
            new = fn(clip)
            if isinstance(item, Draft):
                editing.refuse_geometry(clip, new)
        except DslError as fault:
            raise fault.under(label(index, clip)) from None
        if isinstance(item, Draft):
            return self._with(index, evolve(item, clip=new))
        lines = tuple(evolve(line, speaker=new.id) if line.speaker == clip.id else line for line in self._lines)
        return evolve(self._with(index, editing.renamed(clip, new)), lines=lines)


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


def located(fault: DslError, scenes: Sequence[Scene]) -> DslError:
    """Return the fault with the line of the user's script that wrote the scene, clip or speech of its path."""
    found = _PATH.match(fault.path)
    if found is None or int(found[1]) >= len(scenes):
        return fault
    scene = scenes[int(found[1])]
    parts: Sequence[Item | Line] = {"clips": scene._items, "speech": scene._lines}.get(found[2], ())
    if not found[2] or int(found[3]) >= len(parts):
        return fault.at(scene._written_at)
    part = parts[int(found[3])]
    return fault.at(part.written_at if isinstance(part, Draft | Line) else None)


@contextmanager
def lines_named(scenes: Sequence[Scene]) -> Generator[None]:
    """Inside, errors get the line of the user's script that wrote their scene or clip."""
    try:
        yield
    except DslError as fault:
        raise located(fault, scenes) from fault.__cause__


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
    clip = cls(**state)
    where = {name: value for name, value in {**place, **own}.items() if name in _PLACE}
    if "avatar" in own:
        where["avatar"] = _named_avatar(*own["avatar"])
    if "file" in own:
        where["natural"] = editing.natural_of(own["natural"], own["file"])
    wanted = Place(**where)
    validate(wanted)
    validate_colours(clip)
    return clip, wanted


def validate_colours(clip: Clip) -> None:
    """Raise `BuildError` for a colour of a text or shape that no browser reads; Jinja waits for its row."""
    if isinstance(clip, Text | ShapeClip):
        for name in ("fill", "stroke", "background_color"):
            validate_colour(name, getattr(clip, name, UNSET))


def validate_colour(name: str, value: Any) -> None:
    """Raise `BuildError` for a value that no browser reads as a colour; only a fill is required."""
    if (value or name == "fill") and not holds_jinja(value):
        parse_colour(value, name)


def validate_watermark(watermark: object) -> None:
    """Raise `BuildError` for a watermark that is neither true nor false; Jinja waits for its row."""
    fault = fault_of(next(key for key in keys(WireScene) if key.attribute == "watermark"), watermark)
    if fault:
        raise fault


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


def _speaker_key(item: Item) -> int | str:
    return item.number if isinstance(item, Draft) else item.id
