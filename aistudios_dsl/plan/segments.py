"""A scene resolved once for many rows: its JSON, parted where a row's strings stand and where the layout follows them.

A scene is resolved with legal stand-ins (`Hole`) for its strings with holes, and each stand-in that reaches the JSON
becomes a part of it that a row fills. Strings that decide more than themselves (a tag, an anchor, a shape's name) have
no stand-in: a scene is resolved once for each of their values. Which strings can stand open is listed in `_role`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from json.encoder import encode_basestring
from typing import Any, Literal

from attrs import evolve, frozen

from aistudios_dsl.build.boxes import number, scales
from aistudios_dsl.build.editing import settled, settles
from aistudios_dsl.build.placement import Beside
from aistudios_dsl.build.scene import Draft, Item, Scene, clip_of, validate_colour
from aistudios_dsl.build.speech import paragraphs
from aistudios_dsl.errors import DslError
from aistudios_dsl.layout.colour import is_colour_literal, validate_background
from aistudios_dsl.layout.geometry import Bounds, bounds_of
from aistudios_dsl.layout.sizes import seen_size
from aistudios_dsl.plan.strings import Written
from aistudios_dsl.resolve.scene import beside_of, cornered, cover_of, placing_order, resolve_scene
from aistudios_dsl.resolve.sizing import Setting, measured, worded
from aistudios_dsl.resolve.speaking import generation, speaking
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.render import Visit, filled, mapped
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical
from aistudios_dsl.wire.node import as_found
from aistudios_dsl.wire.nodes import AvatarClip, Script, Shape, Text, UnknownClip
from aistudios_dsl.wire.nodes import Scene as WireScene

Role = Literal["free", "colour", "words", "speech", "backdrop", "deciding"]


def inside(text: str) -> str:
    """A text as it is written between the quotes of a JSON string.

    >>> inside('say "Hi"')
    'say \\\\"Hi\\\\"'
    """
    return encode_basestring(text)[1:-1]


@frozen
class Said:
    """A line of speech that a row writes, as paragraphs."""

    line: Written


@frozen
class Solid:
    """The colour that a row writes, as `source_color` has it."""

    colour: Written


@frozen
class Check:
    """What a string must be once a row has written it; raises what resolving would."""

    written: Written
    judge: Callable[[str], object]


@frozen(eq=False)
class Group:
    """Clips whose boxes follow the row's words, each after the one it stands beside."""

    written: tuple[Written, ...]
    movers: tuple[_Mover, ...]
    boxes: Mapping[str, Bounds]

    def laid_out(self, words: Sequence[str]) -> Sequence[Any]:
        """What each slot of the group holds, for the words of its texts."""
        boxes = dict(self.boxes)
        if len(self.movers) == 1:
            return self.movers[0].moved(words[0], boxes)
        rest = iter(words)
        found: list[Any] = []
        for mover in self.movers:
            found += mover.moved("" if mover.written is None else next(rest), boxes)
        return found


@frozen
class Slot:
    """One of the things that a group of clips gives, and how it is formatted."""

    group: Group
    place: int
    form: bytes


class _Index:
    """Where the scene's own number goes."""


INDEX = _Index()

Part = bytes | Written | Said | Solid | Slot | _Index


class Hole(str):
    """A stand-in for what a row brings: legal where it stands, and `parts` are what is written instead."""

    __slots__ = ("parts",)
    parts: tuple[Part, ...]

    def __new__(cls, stand_in: str, *parts: Part) -> Hole:
        hole = super().__new__(cls, stand_in)
        hole.parts = parts
        return hole


def quoted(stand_in: str, *parts: Part) -> Hole:
    """A hole in a JSON string."""
    return Hole(stand_in, b'"', *parts, b'"')


@frozen
class Opening:
    """A string with holes: where it stands, and what it takes part in."""

    path: str
    written: Written
    role: Role


def openings(scene: Scene, index: int, templates: Templates) -> tuple[Opening, ...]:
    """The strings of a scene that wait for a row."""
    found: list[Opening] = []

    def visit(path: str, text: str, html: bool) -> str:
        if is_template(templates, path, text):
            found.append(Opening(path, Written(text, html), _role(scene, path)))
        return text

    mapped(evolve(scene, when=None, each=None), f"scenes[{index}]", visit)
    return tuple(found)


def is_template(templates: Templates, path: str, text: str) -> bool:
    """Whether the string at this path has holes. Raises `TemplateError` with the path where it is broken."""
    try:
        return templates.is_template(text)
    except DslError as fault:
        raise fault.under(path) from None


_ASKED = ("deciding", "backdrop")
_PATH = re.compile(r"scenes\[\d+\]\.(?:clips\[(\d+)\]\.)?(.+)", re.DOTALL)
_COLOURS = {"fill": "fill", "stroke": "stroke", "backgroundColor": "background_color"}
_FREE_OF_DRAFTS = re.compile(r"source_url|video_url|label|shadow\.color|effects\[\d+\]\.(?:type|extra\..+)", re.DOTALL)
_DECIDING_OF_WIRE = re.compile(r"id|tag|extra\.(?:id|tag)|model\.ai_name|model\.emotion|(?:animation\.)?type|shapeName")
_DECIDING_OF_TEXTS = re.compile(r"align|font.*")


def _role(scene: Scene, path: str) -> Role:
    found = _PATH.fullmatch(path)
    number, name = found.groups() if found else (None, "")
    if number is not None:
        return _role_in_clip(scene._items[int(number)], name)
    if name == "background" and isinstance(scene.backdrop, str):
        return "backdrop"
    if name.startswith("speech["):
        return "speech"
    return "free" if name.startswith(("background.", "extra.", "scripts[")) else "deciding"


def _role_in_clip(item: Item, name: str) -> Role:
    clip = clip_of(item)
    if isinstance(item, Draft):
        if isinstance(clip, Text) and name == "text":
            return "words" if item.place.width is None or item.place.height is None else "free"
        if isinstance(clip, Text | Shape) and name in _COLOURS:
            return "colour"
        return "free" if _FREE_OF_DRAFTS.fullmatch(name) else "deciding"
    if _DECIDING_OF_WIRE.fullmatch(name):
        return "deciding"
    if isinstance(clip, Text):
        return "words" if name == "text" and settles(clip) else _role_in_text(name)
    return "free"


def _role_in_text(name: str) -> Role:
    return "deciding" if _DECIDING_OF_TEXTS.fullmatch(name) else "free"


def decided(found: Sequence[Opening], read: Callable[[Written], str]) -> tuple[str | bool, ...]:
    """What a row decides in a scene: the scene has one skeleton for each such answer."""
    answers: list[str | bool] = []
    for opening in found:
        if opening.role in _ASKED:
            text = read(opening.written)
            answers.append(text if opening.role == "deciding" else is_colour_literal(text))
    return tuple(answers)


def opened(found: Sequence[Opening], answers: Sequence[str | bool]) -> Visit:
    """What puts stand-ins and answers into a scene, string by string."""
    given = iter(answers)
    holes = {
        (opening.path, opening.written.text): _stand_in(opening, next(given) if opening.role in _ASKED else "")
        for opening in found
    }
    return lambda path, text, html: holes.get((path, text), text)


def checks(found: Sequence[Opening], parts: Iterable[Part]) -> Iterator[Check]:
    """What the strings must pass once they are written; of those that no part writes, only that they can be."""
    shown = set(all_written(parts))
    for opening in found:
        if opening.role == "colour":
            yield Check(opening.written, partial(validate_colour, _COLOURS[opening.path.rpartition(".")[2]]))
        elif opening.role == "backdrop":
            yield Check(opening.written, validate_background)
        elif opening.role != "deciding" and opening.written not in shown:
            yield Check(opening.written, str.encode)


def all_written(parts: Iterable[Part]) -> Iterator[Written]:
    """The strings that a row writes in these parts."""
    for part in parts:
        if isinstance(part, Written):
            yield part
        elif isinstance(part, Said):
            yield part.line
        elif isinstance(part, Slot):
            yield from part.group.written


def _stand_in(opening: Opening, answer: str | bool) -> str:
    if opening.role == "deciding":
        return str(answer)
    colour = opening.role == "colour" or (opening.role == "backdrop" and answer)
    return quoted("#000000" if colour else "/" if opening.role == "backdrop" else "", opening.written)


def stood_in(scene: Scene, index: int, found: Sequence[Opening], answers: Sequence[str | bool]) -> Scene:
    """The scene, literal, with its stand-ins."""
    return filled(scene, f"scenes[{index}]", opened(found, answers))


def skeleton(scene: Scene, literal: Scene, setting: Setting, *, numbered: bool) -> tuple[Part, ...]:
    """The parts of a scene's JSON; `numbered` leaves its number open. Raises what resolving the scene raises."""
    wire = resolve_scene(literal, literal._origin[0] if literal._origin else 0, setting)
    with as_found():
        wire = _tinted(literal, _spoken(literal, _moved(scene, literal, wire, setting), setting))
        number: Any = Hole("", INDEX)
        wire = evolve(wire, scene_idx=number) if numbered else wire
    return tuple(json_parts(dump(wire)))


def json_parts(value: Any) -> Iterator[Part]:
    """Canonical JSON, parted at its holes."""
    pending: list[str] = []
    for part in _parts(value):
        if isinstance(part, str):
            pending.append(part)
        else:
            yield "".join(pending).encode()
            pending.clear()
            yield part
    yield "".join(pending).encode()


def _parts(value: Any) -> Iterator[Part | str]:
    if isinstance(value, Hole):
        yield from value.parts
    elif isinstance(value, dict):
        yield "{"
        for number, (key, item) in enumerate(value.items()):
            yield f"{',' if number else ''}{encode_basestring(key)}:"
            yield from _parts(item)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, item in enumerate(value):
            yield "," if number else ""
            yield from _parts(item)
        yield "]"
    else:
        yield encode_basestring(value) if isinstance(value, str) else canonical(value)


def _tinted(literal: Scene, wire: WireScene) -> WireScene:
    """The scene whose background colour, where a row gives it, is open in both of its forms."""
    fill = literal.backdrop
    if not isinstance(fill, Hole) or not is_colour_literal(fill):
        return wire
    solid = quoted("", Solid(_written(fill)))
    return evolve(wire, background=evolve(wire.background, source_color=solid))


def _spoken(literal: Scene, wire: WireScene, setting: Setting) -> WireScene:
    """The scene whose speech is open wherever a line has holes."""
    if not literal._lines:
        return wire
    lines = [_line_parts(line.text, line.html) for line in literal._lines]
    if generation(literal, setting.api) == "1.6":
        scripts = list(wire.scripts)
        first = len(scripts) - len(lines)
        for number, parts in enumerate(lines, first):
            scripts[number] = evolve(scripts[number], org=quoted("", *parts))
        return evolve(wire, scripts=tuple(scripts))
    clips = list(wire.clips)
    speakers = speaking(literal, clips)
    for speaker in dict.fromkeys(speakers):
        said = [part for parts, by in zip(lines, speakers, strict=True) if by == speaker for part in parts]
        clips[speaker] = _saying(clips[speaker], [*_said_before(literal, wire, speaker), *said])
    return evolve(wire, clips=tuple(clips))


def _saying(clip: Any, parts: Sequence[Part]) -> Any:
    return evolve(clip, script=evolve(clip.script, org=quoted("", *parts)))


def _said_before(literal: Scene, wire: WireScene, speaker: int) -> Sequence[Part]:
    item = clip_of(literal._items[speaker - (len(wire.clips) - len(literal._items))])
    script: Script | None = item.script if isinstance(item, AvatarClip) else None
    return _line_parts(script.org, html=True) if script else ()


def _line_parts(text: str, html: bool) -> tuple[Part, ...]:
    if not isinstance(text, Hole):
        return (inside(text if html else paragraphs(text)).encode(),)
    return (_written(text) if html else Said(_written(text)),)


@frozen
class _Mover:
    """A clip whose box the row's words move. `names` are the fields that it fills anew."""

    at: int
    written: Written | None
    names: tuple[str, ...]
    moved: Callable[[str, dict[str, Bounds]], Sequence[Any]]
    beside: str = ""
    tag: str = ""
    as_bytes: Collection[str] = ()
    """The fields that are given as JSON already."""


class _Numbers(dict[float, bytes]):
    """The JSON of numbers that come again and again, such as the height of a line."""

    _MOST = 128

    def __missing__(self, number: float) -> bytes:
        if len(self) >= self._MOST:
            self.clear()
        found = self[number] = repr(number).encode()
        return found


def _moved(scene: Scene, literal: Scene, wire: WireScene, setting: Setting) -> WireScene:
    """The scene whose clips are open wherever the words of a row move them."""
    offset = len(wire.clips) - len(literal._items)
    movers = _movers(scene, literal, wire.clips[offset:], setting)
    fixed = {clip.tag: cover_of(clip) for clip in wire.clips[offset:] if not isinstance(clip, UnknownClip) and clip.tag}
    clips = list(wire.clips)
    for members in _groups(movers):
        needed = {mover.beside: fixed[mover.beside] for mover in members if mover.beside in fixed}
        group = Group(tuple(m.written for m in members if m.written), tuple(members), needed)
        place = 0
        for mover in members:
            changes: dict[str, Any] = {}
            for name in mover.names:
                slot = Slot(group, place, b"%b" if name in mover.as_bytes else b"%a")
                changes[name] = Hole("", slot)
                place += 1
            clips[offset + mover.at] = evolve(clips[offset + mover.at], **changes)
    return evolve(wire, clips=tuple(clips))


def _movers(scene: Scene, literal: Scene, clips: Sequence[Any], setting: Setting) -> list[_Mover]:
    wanted = {by.tag: False for item in literal._items if (by := beside_of(item))}
    movers: list[_Mover] = []
    for at in placing_order(literal._items):
        item, clip = literal._items[at], clip_of(literal._items[at])
        beside = beside_of(item)
        words = clip.text if isinstance(clip, Text) and isinstance(clip.text, Hole) else None
        mover = None
        if isinstance(item, Draft):
            given = item.place.width is not None and item.place.height is not None
            if (words is not None and not given) or (beside and wanted[beside.tag]):
                mover = _drafted(at, item, None if given else words, clips[at], setting, wanted)
        elif words is not None and isinstance(clip, Text):
            before = clip_of(scene._items[at])
            mover = _settling(at, before, clip, words) if isinstance(before, Text) and settles(before) else None
        if mover is not None:
            movers.append(mover)
            wanted |= {mover.tag: True} if mover.tag in wanted else {}
    return movers


def _drafted(at: int, draft: Draft, words: Hole | None, clip: Any, setting: Setting, wanted: Collection[str]) -> _Mover:
    """A drafted text with holes, or a clip that stands beside one that moves."""
    _, size = measured(draft, setting)
    (scale_x, scale_y), stroke, angle = scales(clip), number(clip, "stroke_width"), number(clip, "angle")
    corner = cornered(draft, size, angle, setting.frame)
    beside = draft.place.at.tag if isinstance(draft.place.at, Beside) else ""
    tag = clip.tag if clip.tag in wanted else ""

    as_written = (scale_x, scale_y, stroke) == (1, 1, 0)

    def seen_and_placed(width: float, height: float, boxes: dict[str, Bounds]) -> tuple[float, float]:
        width, height = seen_size(width, height, scale_x, scale_y, stroke)
        left, top = corner(width, height, boxes)
        if tag:
            boxes[tag] = bounds_of(left, top, width, height, angle)
        return left, top

    placed = corner if as_written and not tag else seen_and_placed
    if words is None:
        own = clip.width, clip.height
        return _Mover(at, None, ("left", "top"), lambda text, boxes: placed(*own, boxes), beside, tag)
    sized, fits = worded(draft, setting.frame), draft.place.fit is not None

    # One memory for each, since 54 and 54.0 would be one key.
    heights, tops = _Numbers(), _Numbers()

    def moved(text: str, boxes: dict[str, Bounds]) -> Sequence[Any]:
        shown, points, width, height = sized(text)
        left, top = placed(width, height, boxes)
        if fits:
            return encode_basestring(shown).encode(), width, heights[height], left, tops[top], points
        return encode_basestring(shown).encode(), width, heights[height], left, tops[top]

    names = ("text", "width", "height", "left", "top", *(("font_size",) if fits else ()))
    return _Mover(at, _written(words), names, moved, beside, tag, ("text", "height", "top"))


def _settling(at: int, before: Text, after: Text, words: Hole) -> _Mover:
    """A loaded text whose box was our measure of its words, and goes with them."""
    with as_found():
        kept = evolve(after, left=before.left, top=before.top, width=before.width, height=before.height)

    def moved(text: str, boxes: dict[str, Bounds]) -> Sequence[Any]:
        with as_found():
            clip = settled(before, evolve(kept, text=text))
        if clip.tag:
            boxes[clip.tag] = cover_of(clip)
        return tuple(getattr(clip, name) for name in names)

    names = ("left", "top", "width", "height")
    return _Mover(at, _written(words), names, moved, tag=after.tag or "")


def _written(hole: Hole) -> Written:
    return next(part for part in hole.parts if isinstance(part, Written))


def _groups(movers: Sequence[_Mover]) -> list[list[_Mover]]:
    """The movers that hang together, each group in the order of placing."""
    groups: list[list[_Mover]] = []
    by_tag: dict[str, list[_Mover]] = {}
    for mover in movers:
        group = by_tag.get(mover.beside) if mover.beside else None
        if group is None:
            group = []
            groups.append(group)
        group.append(mover)
        if mover.tag:
            by_tag[mover.tag] = group
    return groups
