"""A scene resolved once for many rows: its JSON, cut into segments where a row's strings stand and where clips move.

Most placeholders of strings are tokens, which come through to the JSON and are cut out of it. Colours and the words of
measured texts have to be legal while the scene is resolved, so tokens take their place afterwards. Strings that decide
more than themselves (a tag, an anchor, the name of a shape) have none: each of their values is resolved by itself.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any, Literal

from attrs import evolve, fields, frozen

from aistudios_dsl.build.drafts import Draft, Item, clip_of
from aistudios_dsl.build.measured import is_measured
from aistudios_dsl.build.placement import Place
from aistudios_dsl.build.resizing import breaks_lines
from aistudios_dsl.build.scene import Scene, themed_scene
from aistudios_dsl.build.theme import COLOURS, Theme, backdrop_of, colour_of, is_backdrop_colour
from aistudios_dsl.layout.sizes import plain
from aistudios_dsl.plan.sizers import Sizer, fixed, sizer_of
from aistudios_dsl.plan.strings import TemplateString
from aistudios_dsl.resolve.placing import Arrangement
from aistudios_dsl.resolve.rooms import Setting
from aistudios_dsl.resolve.scene import corners_and_bounds, resolve_scene, sizes_and_layout, spelled_numbers
from aistudios_dsl.resolve.sizing import depends_on_room
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.render import Visit, mapped, template_strings
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical
from aistudios_dsl.wire.node import UNSET, as_found, camel
from aistudios_dsl.wire.nodes import AnyClip, Clip, Shape, Text
from aistudios_dsl.wire.nodes import Scene as WireScene


@frozen
class Slot:
    """Where a row writes a string: as it is, as paragraphs of speech, as the colour that it names, or as its rgb()."""

    string: TemplateString
    way: Literal["text", "speech", "colour", "rgb"] = "text"


@frozen
class MovedField:
    """Where a row writes a field of a clip that moves: the `place` of the value among those of its group."""

    group: MovingClips
    place: int


@frozen
class Hole:
    """Where JSON is filled in that is made elsewhere: what this name stands for."""

    name: str


Segment = bytes | Slot | MovedField | Hole
"""A stretch of JSON, or what comes between two. A document has a hole for its scenes, and a scene for its number."""
_MARK = secrets.token_hex(8)
"""Drawn when the process starts, so that no document holds it."""
_TOKEN = re.compile(rf'"{_MARK}v(\d+);"|<p>{_MARK}p(\d+);</p>|{_MARK}s(\d+);')


def token(number: int, kind: Literal["string", "paragraph", "value"] = "string") -> str:
    """Return what stands for a segment in a document: in a string, as a paragraph of speech, or as a whole value."""
    return f"{_MARK}{kind[0]}{number};"


def cut(document: Any, segments: Sequence[Segment]) -> Iterator[Segment]:
    """Write a document as canonical JSON, with the numbered segments in place of its tokens."""
    text, end = canonical(document), 0
    for found in _TOKEN.finditer(text):
        yield _constant(text[end : found.start()])
        yield segments[int(found[found.lastindex or 0])]
        end = found.end()
    yield _constant(text[end:])


def _constant(text: str) -> bytes:
    if _MARK in text:
        raise ValueError("part of a token is left in the document")
    return text.encode()


Role = Literal["free", "colour", "words", "speech", "backdrop", "deciding"]


@frozen
class OpenField:
    """A string that waits for a row: where it stands, and what it takes part in; `clip` is -1 outside of clips."""

    path: str
    string: TemplateString
    role: Role
    clip: int = -1
    name: str = ""

    @property
    def slot(self) -> Slot:
        """The segment that its token stands for."""
        return Slot(self.string, "speech" if self.role == "speech" and not self.string.html else "text")


def open_fields(
    templates: Templates, walk: Callable[[Visit], object], placed: Callable[[str], tuple[Role, int, str]]
) -> tuple[OpenField, ...]:
    """Return the strings of a walk that wait for a row; `placed` gives role, clip and name of a path."""
    strings = template_strings(templates, walk)
    return tuple(OpenField(path, TemplateString(text, html), *placed(path)) for path, text, html in strings)


def open_fields_of_scene(scene: Scene, index: int, templates: Templates) -> tuple[OpenField, ...]:
    def placed(path: str) -> tuple[Role, int, str]:
        number, name = _PATH.fullmatch(path).groups()  # type: ignore[union-attr]
        if number is None:
            return _role(scene, name), -1, name
        return _role_in_clip(scene._items[int(number)], name), int(number), name

    return open_fields(templates, partial(mapped, scene, f"scenes[{index}]"), placed)


_PATH = re.compile(r"scenes\[\d+\]\.(?:clips\[(\d+)\]\.)?(.+)", re.DOTALL)
_COLOURS = {camel(name): name for name in COLOURS} | {"shadow.color": "shadow.color"}
_FREE_OF_DRAFTS = re.compile(r"source_url|video_url|label|effects\[\d+\]\.(?:type|extra\..+)|extra\..+", re.DOTALL)
_DECIDING_OF_WIRE = re.compile(r"id|tag|extra\.(?:id|tag)|model\.ai_name|model\.emotion|(?:animation\.)?type|shapeName")
_PLACED = frozenset(part.name for part in fields(Place))
_DECIDING_OF_TEXTS = re.compile(r"align|font.*")


def _role(scene: Scene, name: str) -> Role:
    if name == "background" and isinstance(scene.backdrop, str):
        return "backdrop"
    if name.startswith("speech["):
        return "speech"
    return "free" if name.startswith(("background.", "extra.", "scripts[")) else "deciding"


def _role_in_clip(item: Item, name: str) -> Role:
    clip = clip_of(item)
    if isinstance(item, Draft) and item.is_loaded:
        return _role_in_edited(item, name)
    if isinstance(item, Draft):
        if isinstance(clip, Text) and name == "text":
            return "words" if item.place.width is None or item.place.height is None else "free"
        if isinstance(clip, Text | Shape) and name in _COLOURS:
            return "colour"
        return "free" if _FREE_OF_DRAFTS.fullmatch(name) else "deciding"
    if isinstance(clip, Text) and name == "text" and is_measured(clip):
        return "words"
    return _role_on_the_wire(clip, name)


def _role_in_edited(item: Draft, name: str) -> Role:
    """What a string of a loaded clip takes part in that an edit has given another place or size."""
    if re.split(r"[.\[]", name, maxsplit=1)[0] in _PLACED:
        return "deciding"
    if not isinstance(item.clip, Text) or name != "text":
        return _role_on_the_wire(item.clip, name)
    if breaks_lines(item.clip, item.place) or depends_on_room(item):
        return "deciding"
    if not is_measured(item.clip) or item.place.width is not None:
        return "free"
    # A number such as 100.0 stays as it is written where it does not change.
    as_written = all(repr(plain(number)) == repr(number) for number in (item.clip.left, item.clip.top))
    return "words" if item.place.at is not None and as_written else "deciding"


def _role_on_the_wire(clip: AnyClip | Clip, name: str) -> Role:
    deciding = _DECIDING_OF_WIRE.fullmatch(name) or (isinstance(clip, Text) and _DECIDING_OF_TEXTS.fullmatch(name))
    return "deciding" if deciding else "free"


ANSWERING = ("deciding", "backdrop")
"""The roles of strings that decide more than themselves."""


def decided(fields: Iterable[OpenField], texts: Iterable[str], theme: Theme | None) -> tuple[str | bool, ...]:
    """Return what a row decides in a scene, which is resolved once for each such answer."""
    return tuple(
        text if field.role == "deciding" else is_backdrop_colour(text, theme)
        for field, text in zip(fields, texts, strict=True)
    )


def placeholders(found: Sequence[OpenField], answers: Sequence[str | bool]) -> Visit:
    """Return what puts placeholders and answers in the place of the strings."""
    given = iter(answers)
    texts = {
        (field.path, field.string.text): _placeholder(number, field, next(given) if field.role in ANSWERING else "")
        for number, field in enumerate(found)
    }
    return lambda path, text, html: texts.get((path, text), text)


def _placeholder(number: int, field: OpenField, answer: str | bool) -> str:
    match field.role:
        case "deciding":
            return str(answer)
        case "backdrop":
            return "#000000" if answer else "/"
        case "colour":
            return "#000000"
        case "words":
            return ""
        case "speech" | "free":
            return token(number, "paragraph" if field.slot.way == "speech" else "string")


StringCheck = tuple[TemplateString, Callable[[str], object]]
"""A string, and what validates it once a row has written it; raises what resolving would."""


def checks(found: Sequence[OpenField], segments: Sequence[Segment], theme: Theme | None) -> Iterator[StringCheck]:
    """Return the checks of the strings; of those in no segment, only that they can be encoded."""
    written = strings_in(segments)
    for field in found:
        if field.role == "colour":
            yield field.string, partial(colour_of, what=_COLOURS[field.name], theme=theme)
        elif field.role == "backdrop":
            yield field.string, partial(backdrop_of, theme=theme)
        elif field.role != "deciding" and field.string not in written:
            yield field.string, str.encode


def strings_in(segments: Sequence[Segment]) -> set[TemplateString]:
    written = {segment.string for segment in segments if isinstance(segment, Slot)}
    for group in {segment.group for segment in segments if isinstance(segment, MovedField)}:
        written.update(group.strings)
    return written


def scene_segments(
    scene: Scene, literal: Scene, found: Sequence[OpenField], setting: Setting, *, numbered: bool
) -> tuple[Segment, ...]:
    """Return the JSON of a scene, whose `literal` holds placeholders. `numbered` leaves its number to be filled in.

    Raises what resolving the scene raises.
    """
    theme = setting.theme
    literal, setting = themed_scene(literal, theme), evolve(setting, theme=None)
    open_texts = {field.clip for field in found if field.role == "words"}
    wire = resolve_scene(literal, literal._origin[0] if literal._origin else 0, setting, open_texts)
    # Without names of colours, a row's colour is written as it is, like any string.
    way: Literal["text", "colour"] = "colour" if theme and theme.colors else "text"
    segments: list[Segment] = [Slot(field.string, way) if field.role == "colour" else field.slot for field in found]
    with as_found():
        wire = _coloured(wire, len(wire.clips) - len(literal._items), found, segments, way)
        wire = _moved(wire, scene, literal, found, segments, setting)
        if numbered:
            wire = evolve(wire, scene_idx=value_of(Hole("number"), segments))
    return tuple(cut(dump(wire), segments))


def value_of(segment: Segment, segments: list[Segment]) -> Any:
    """Return the token of one more segment, which stands for a whole value."""
    segments.append(segment)
    return token(len(segments) - 1, "value")


def _coloured(
    wire: WireScene, first: int, found: Sequence[OpenField], segments: list[Segment], way: Literal["text", "colour"]
) -> WireScene:
    """Put the tokens of colours, and that of the background, in the place of their placeholders."""
    clips, background = list[Any](wire.clips), wire.background
    for number, field in enumerate(found):
        if field.role == "colour":
            clip = clips[first + field.clip]
            if field.name == "shadow.color":
                change = {"shadow": evolve(clip.shadow, color=token(number))}
            else:
                change = {_COLOURS[field.name]: token(number)}
            clips[first + field.clip] = evolve(clip, **change)
        elif field.role == "backdrop" and first:
            segments += Slot(field.string, way), Slot(field.string, "rgb")
            clips[0] = evolve(clips[0], fill=token(len(segments) - 2))
            background = evolve(background, source_color=token(len(segments) - 1))
        elif field.role == "backdrop":
            background = evolve(background, source_url=token(number))
    return evolve(wire, clips=tuple(clips), background=background)


@frozen(eq=False)
class MovingClips:
    """Clips that move with some strings, each after what it is placed by.

    `sizers` has with each sizer the place of its words among the strings, or -1. `spelled` are the numbers that the
    script spells, with their places among the values.
    """

    strings: tuple[TemplateString, ...]
    sizers: tuple[tuple[Sizer, int], ...]
    arranged: Arrangement
    spelled: tuple[tuple[int, Any], ...]

    def laid_out(self, sized: Iterable[tuple[Any, tuple[Any, ...]]]) -> list[Any]:
        """Return the values of the fields of all clips, then the corners of those that are placed.

        Fields of a clip may follow from its room, which is known when it is placed.
        """
        seen, values = map(list, zip(*sized, strict=True))
        places: list[Any] = []
        for number, corner in enumerate(self.arranged(seen)):
            places += corner[:2]
            if len(corner) > 2:
                values[number] = corner[2]
        found = [*chain.from_iterable(values), *places]
        for place, number in self.spelled:
            if found[place] != number:
                raise ValueError("a number is not what the script spells")
        return found


def _moved(
    wire: WireScene,
    scene: Scene,
    literal: Scene,
    found: Sequence[OpenField],
    segments: list[Segment],
    setting: Setting,
) -> WireScene:
    """Put tokens in the place of all fields that the words of a row change."""
    words = {field.clip: field.string for field in found if field.role == "words"}
    if not words:
        return wire
    sizes, layout = sizes_and_layout(literal, setting)
    clips, first = list[Any](wire.clips), len(wire.clips) - len(literal._items)

    sets = layout.moving(words)
    moved = {unit for moving, _ in sets for unit in moving}
    _, bounds = corners_and_bounds(layout, literal._items, sizes, [unit for unit in layout.order if unit not in moved])
    for moving, staying in sets:
        members = layout.clips_of(moving)
        strings = tuple(dict.fromkeys(words[index] for index in members if index in words))
        places = {string: place for place, string in enumerate(strings)}
        sizers = [
            sizer_of(scene._items[index], literal._items[index], sizes[index], index in words, setting)
            for index in members
        ]
        arranged = layout.arrangement(moving, {node: bounds[node] for node in staying})
        names = [(index, name) for index, sizer in zip(members, sizers, strict=True) for name in sizer.fields]
        names += [(index, name) for index in members if sizes[index] for name in ("left", "top")]
        spelled: dict[int, Any] = {}
        said = {index: dict(_spelled(literal._items[index])) for index in members}
        for place, (index, name) in enumerate(names):
            if name in said[index]:
                spelled[place] = said[index].pop(name)
        for index, numbers in said.items():
            spelled_numbers(numbers, fixed(sizes[index]))
        worded = [places[words[index]] if index in words else -1 for index in members]
        group = MovingClips(strings, tuple(zip(sizers, worded, strict=True)), arranged, tuple(spelled.items()))
        for place, (index, name) in enumerate(names):
            if place not in spelled:
                field = MovedField(group, place)
                clips[first + index] = evolve(clips[first + index], **{name: value_of(field, segments)})
    return evolve(wire, clips=tuple(clips))


def _spelled(item: Item) -> Iterator[tuple[str, float]]:
    """Yield the numbers that the script spells for a clip."""
    for name, number in ((item.place.spelled if isinstance(item, Draft) else None) or {}).items():
        yield name, 1 if number is UNSET else number
