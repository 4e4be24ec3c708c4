"""Scenes, and the drafts of clips that verbs put into them: wire clips whose geometry is still to be computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, singledispatch
from itertools import compress, count
from operator import is_not
from typing import Any, Self, TypeVar

from attrs import evolve, field, frozen

from aistudios_dsl.build import editing
from aistudios_dsl.build.boxes import is_backdrop, number
from aistudios_dsl.build.drafts import (
    KEY_ORDER,
    PENDING,
    Draft,
    Item,
    Line,
    clip_of,
    condition,
    drafted,
    is_built,
    label,
    label_of,
    own_extra,
    refuse_in_group,
    switch,
    with_clip,
)
from aistudios_dsl.build.edit_words import edited, told_of
from aistudios_dsl.build.keywords import checked_class, script_line
from aistudios_dsl.build.measured import kept_boxes
from aistudios_dsl.build.placement import (
    GroupDraft,
    validate_group,
)
from aistudios_dsl.build.speech import speaker_of, unpaired_tag
from aistudios_dsl.build.theme import WORDS, Theme, backdrop_of, themed
from aistudios_dsl.build.verbs import Verbs, names_of, refuse_name, verb
from aistudios_dsl.errors import BuildError, DslError, ScriptLine, expect, plural, under
from aistudios_dsl.layout.colour import is_name, validate_background
from aistudios_dsl.wire.node import (
    UNSET,
    as_found,
    computed,
    fault_of,
    holds_jinja,
    keys_by_attribute,
    reordered,
    replaced,
)
from aistudios_dsl.wire.nodes import (
    AnyClip,
    AvatarClip,
    Background,
    Clip,
    Text,
    UnknownClip,
)
from aistudios_dsl.wire.nodes import Scene as WireScene

C = TypeVar("C", bound=Clip)

_BY_THE_SCENE = {
    "background": "the argument 'background' sets it",
    "watermark": "the argument 'watermark' sets it",
    "clips": "the verbs add them",
    "scripts": "say(...) adds to it",
}
_PATH = re.compile(r"scenes\[(\d+)\](?:\.(clips|speech|groups)\[(\d+)\])?")


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
        expect(self.key_order, str | None, KEY_ORDER)
        if self.key_order:
            reordered(WireScene, self.extra or {}, self.key_order)
        for name in ("when", "each"):
            condition(name, getattr(self, name))

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
        return f"Scene({plural(len(self._items), 'clip')})"

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
        clips, index = list(self._clips()), self._place_of(tag_or_id)
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

    def _named(self, name: str) -> AnyClip | None:
        place = self._places.get(name)
        return None if place is None else clip_of(self._items[place])

    def _drafted_groups(self) -> Iterable[GroupDraft]:
        return self._groups

    @cached_property
    def _places(self) -> Mapping[str, int]:
        """The number of the first clip with each tag and each id."""
        found: dict[str, int] = {}
        for place, clip in enumerate(self._clips()):
            for name in names_of(clip):
                found.setdefault(name, place)
        return found

    def _place_of(self, name: object) -> int:
        """Return the number of the first clip with this tag or id. Raise `BuildError` if none has it."""
        place = self._places.get(name) if isinstance(name, str) else None
        return refuse_name(name, self._clips(), groups=self._groups) if place is None else place

    def _next_label(self, verb: str, tag: object) -> str:
        return label_of(len(self._items), verb, tag)

    def _plus(self, kind: str, cls: type[Clip], place: Mapping[str, Any], own: Mapping[str, Any], values: Any) -> Scene:
        with under(self._next_label(kind, place.get("tag"))):
            when, each = (condition(name, place.get(name)) for name in ("when", "each"))
            translate = switch("translate", own.get("translate", True))
            clip, wanted = drafted(cls, place, own, values)
        draft = Draft(clip, wanted, script_line(), when, each, translate=translate)
        scene = replaced(self, _items=(*self._items, draft))
        if (places := computed(self, "_places")) is not None:
            new = dict.fromkeys(names_of(clip_of(draft)), len(self._items))
            object.__setattr__(scene, "_places", {**new, **places})
        return scene

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
        speaker = next(self._avatars(), None)
        if speaker is None:
            raise BuildError("speech before any avatar", "say", "add .avatar(...) first")
        if by is not None:
            avatars = {place: clip_of(self._items[place]) for place in self._avatars()}
            named = [place for place, clip in avatars.items() if by in names_of(clip)]
            speaker = named[-1] if named else refuse_name(by, reversed(avatars.values()), "avatar")
        return replaced(self, _lines=(*self._lines, Line(text, speaker, html, script_line())))

    def _avatars(self) -> Iterator[int]:
        """Yield the numbers of its avatars, the last first."""
        places = reversed(range(len(self._items)))
        return (place for place in places if isinstance(clip_of(self._items[place]), AvatarClip))

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
        index = self._place_of(name)
        scene, clip = self, clip_of(self._items[index])
        with under(label(index, clip)):
            if isinstance(clip, AvatarClip) and "say" in changes:
                scene = scene._said_instead(index, clip, changes.pop("say"))
            editing.refuse_unknown(clip, changes)
            for name in ("id", "tag"):
                value = changes.get(name)
                others = (other for place, other in enumerate(self._clips()) if place != index)
                if value and any(getattr(other, name) == value for other in others):
                    hint = f"give each clip a different {name}"
                    raise BuildError(f"another clip of the scene has the {name} {value!r}", hint=hint)
            item = edited(scene._items[index], changes)
            if isinstance(item, Draft) and item.parent >= 0:
                refuse_in_group(scene._groups[item.parent].flow.kind, item)
            return scene._changed_to(index, item)._named_like(self, index)

    def _named_like(self, before: Scene, index: int) -> Scene:
        """Return this scene, which differs from one before only in a clip, with its places where the names stayed."""
        if names_of(clip_of(before._items[index])) == names_of(clip_of(self._items[index])):
            object.__setattr__(self, "_places", before._places)
        return self

    def _said_instead(self, index: int, clip: AvatarClip, text: Any) -> Scene:
        """Replace the first line of an avatar and drop its others; where it said nothing, it speaks last."""
        expect(text, str | None, "say must be a string or None")
        scene, unsaid = self, text
        with as_found():
            if clip.script:
                script = UNSET if text is None else evolve(clip.script, org=editing.spoken_html(text))
                scene, unsaid = scene._with(index, with_clip(self._items[index], evolve(clip, script=script))), None
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
        return replaced(self, _items=(*self._items[:index], item, *self._items[index + 1 :]))

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
        old: Any = clip_of(item)
        new = fn(old)
        if not is_built(item):
            return self._changed_to(index, with_clip(item, editing.renamed(old, new)))
        editing.refuse_geometry(old, new)
        editing.validate_colours(new, on_the_wire=True)
        changed = [
            name for name in WORDS.values() if isinstance(old, Text) and getattr(new, name) != getattr(old, name)
        ]
        return self._with(index, evolve(item, clip=new, place=told_of(item.place, changed)))

    def _changed_to(self, index: int, item: Item) -> Scene:
        """Put a changed clip in its place; a loaded text may keep the box of its old words."""
        old, scene = self._items[index], self._with(index, item)
        if is_built(old):
            return scene
        if isinstance(item, Draft) and any((item.place.width, item.place.height, item.place.fit)):
            return replaced(scene, _kept_boxes=self._kept_boxes - {clip_of(item).id})
        return replaced(scene, _kept_boxes=kept_boxes(self._kept_boxes, clip_of(old), clip_of(item)))


def no_scene(number: object, scenes: int) -> BuildError:
    """Return the error of a number that none of so many scenes has."""
    known = f"the scenes are numbered 0 to {scenes - 1}" if scenes > 1 else "the only scene has the number 0"
    hint = known if scenes else "open one with .scene() first"
    return BuildError(f"there is no scene {number!r}", hint=hint)


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
    items, known = scene._items, before._items if before else ()
    new: Iterable[int]
    # Most verbs add a clip at the end, and comparing the others as a whole is the fastest.
    if items[: len(known)] == known:
        new = range(len(known), len(items))
    elif len(items) == len(known):
        new = compress(count(), map(is_not, items, known))
    else:
        held = set(map(id, known))
        new = (index for index, item in enumerate(items) if id(item) not in held)
    for index in new:
        item = items[index]
        if is_built(item):
            with under(label(index, clip_of(item))):
                themed(item.clip, item.place, theme, waiting=True)
    backdrop = scene.backdrop
    if isinstance(backdrop, str) and not (before and backdrop == before.backdrop) and not holds_jinja(backdrop):
        backdrop_of(backdrop, theme)
