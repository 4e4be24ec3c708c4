"""Scenes in which clips and groups depend on the row: the JSON of each clip, put together as a row keeps them.

Ten conditions have 1,024 outcomes, too many for a program each. So the JSON of each clip is made once, with holes for
what depends on the others: its place, layer and id. What is filled in is worked out for each outcome, by the functions
that resolve a scene, and kept for the outcomes seen last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import evolve, frozen

from aistudios_dsl.build.editing import GEOMETRY
from aistudios_dsl.build.placement import Around
from aistudios_dsl.build.scene import Draft, Item, Line, Scene, clip_of, label
from aistudios_dsl.layout.sizes import plain
from aistudios_dsl.plan.program import RowWriter
from aistudios_dsl.plan.segments import (
    ANSWERING,
    _COLOURS,
    OpenField,
    _coloured,
    _loaded,
    checks,
    cut,
    decided,
    placeholders,
    strings_in,
    token,
)
from aistudios_dsl.plan.strings import Reading, Strings
from aistudios_dsl.resolve.placing import Arrangement, Size
from aistudios_dsl.resolve.scene import (
    SceneOrigin,
    _backdrop,
    clip_id,
    resolve_scene,
    seed_of,
    seen_size_of,
    sizes_and_layout,
)
from aistudios_dsl.resolve.sizing import ClipSize, Room, RoomSize, Setting, clip_size, text_sizer
from aistudios_dsl.resolve.speaking import generation_of, with_speech
from aistudios_dsl.resolve.stacking import layers
from aistudios_dsl.templates.expansion import Expansion, Occurrence, Part, Row, Scope
from aistudios_dsl.templates.neighbours import Absent, settled
from aistudios_dsl.templates.render import absent_of, filled, filled_part, mapped, part_at, spoken, strings_of_absent
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical, canonical_string
from aistudios_dsl.wire.node import as_found
from aistudios_dsl.wire.nodes import AvatarClip, EditorClip, SceneScript, Text

Answers = tuple[str | bool, ...]
Choice = tuple[int, Scope, int, Answers]
"""A clip or group that a row keeps: number, repetitions, place of its group, and what its strings decide."""
Outcome = tuple[tuple[Choice, ...], tuple[Choice, ...], tuple[Absent | tuple[int, Scope], ...]]
"""What a row decides in a scene: the clips and groups that it keeps, and what it leaves out."""
Values = Mapping[str, bytes]

_FORMS_KEPT = 1024
_CLIPS_KEPT = 20_000
"""How many clips the outcomes that are kept have in all, and so the places of clips that are kept for some words."""
_HOLE = b"\0"
"""What is filled in stands so in JSON, which has no such byte."""
_MADE_ID = re.compile(r"[A-Za-z]+-[0-9a-v]{11}")
_OWNER = re.compile(r"scenes\[\d+\]\.(clips|groups|speech)\[(\d+)\]")
_ANY_ROOM = 1000.0


@frozen(eq=False)
class KeptScene:
    """A scene as a row keeps it; `ids` are those given so far to clips that not all rows have."""

    row: Row
    expansion: Expansion
    outcome: Outcome
    ids: set[str]


class Choices:
    """What rows decide in a scene of the template: `head` has the strings outside of its clips and groups."""

    def __init__(self, strings: Strings, scene: Scene, part: Part, found: Sequence[OpenField]) -> None:
        self.strings, self.scene, self.part = strings, scene, part
        self.fields: dict[int | None, list[OpenField]] = {None: []}
        for each in found:
            self.fields.setdefault(_owner(each.path, scene), []).append(each)
        self.head: list[OpenField] = self.fields.pop(None)
        self._deciding = {number: own for number, fields in self.fields.items() if (own := _answering(fields))}
        self._read = {number: Reading(strings, [each.string for each in own]) for number, own in self._deciding.items()}
        self._tagged = {number: _is_open(scene, number, strings) for number in _numbers(part)}
        self.steady = set(filter(self._is_steady, _unconditional(part)))
        """The clips that every row has, under the same ids."""

    def _is_steady(self, number: int) -> bool:
        item = self.scene._items[number]
        is_around = isinstance(item, Draft) and isinstance(item.place.at, Around)
        return not is_around and all(field.name != "id" for field in self.fields.get(number, ()))

    def bare(self) -> Scene:
        """Return the scene with the clips that every row has."""
        items = tuple(item for number, item in enumerate(self.scene._items) if number in self.steady)
        return evolve(self.scene, items=items, lines=(), groups=())

    def made(self, row: Row, found: Expansion, ids: set[str]) -> KeptScene:
        clips, groups = tuple(map(self._choice, found.clips)), tuple(map(self._choice, found.groups))
        absent: list[Any] = []
        for each in found.absent:
            is_open = self._tagged[each.number]
            if is_open is not None:
                absent.append(
                    absent_of(self.scene, each, self.strings.templates) if is_open else (each.number, each.scope)
                )
        return KeptScene(row, found, (clips, groups, tuple(absent)), ids)

    def _choice(self, found: Occurrence) -> Choice:
        number = found.number
        if number not in self._deciding:
            return number, found.scope, found.parent, ()
        answers = decided(self._deciding[number], self._read[number](found.row))
        for answer in answers:
            str(answer).encode()
        return number, found.scope, found.parent, answers


def _owner(path: str, scene: Scene) -> int | None:
    """Return the number of the clip that a string of a scene belongs to, -1 minus that of a group, or None."""
    found = _OWNER.match(path)
    if found is None:
        return None
    number = int(found[2])
    return scene._lines[number].speaker if found[1] == "speech" else number if found[1] == "clips" else -1 - number


def _answering(fields: Sequence[OpenField]) -> list[OpenField]:
    return [field for field in fields if field.role in ANSWERING]


def _numbers(part: Part) -> Iterator[int]:
    for inner in part.parts:
        yield inner.number
        yield from _numbers(inner)


def _unconditional(part: Part) -> Iterator[int]:
    for inner in part.parts:
        if inner.when is None and inner.each is None:
            yield from (inner.number,) if inner.number >= 0 else _unconditional(inner)


def _is_open(scene: Scene, number: int, strings: Strings) -> bool | None:
    """Return whether a row decides where a part stands that it leaves out; None where nothing can stand by it."""
    found = list(strings_of_absent(scene, number))
    return any(map(strings.templates.is_template, found)) if found else None


class _Memory(dict[Any, Any]):
    """What was made of some keys, for rows in which they come again."""

    def __init__(self, make: Callable[..., Any]) -> None:
        super().__init__()
        self._make = make
        self._clips = 0

    def __missing__(self, key: Any) -> Any:
        made = self._make(*key)
        self._clips += len(made)
        if self._clips > _CLIPS_KEPT:
            self.clear()
            self._clips = len(made)
        self[key] = made
        return made


class _Form:
    """JSON with holes, and with strings that a row writes. The document has tokens for both."""

    def __init__(self, strings: Strings, document: Any, segments: Sequence[Any], found: Sequence[OpenField]) -> None:
        pieces = list(cut(document, segments))
        self.holes = [piece for piece in pieces if isinstance(piece, str)]
        self._pieces: list[Any] = [_HOLE if isinstance(piece, str) else piece for piece in pieces]
        own = list(checks([field for field in found if field.role != "words"], self._pieces))
        if any(validate is str.encode for _, validate in own):
            raise ValueError("a string of the scene is not in its JSON, so something else was made of it")
        self._writer = RowWriter(strings, self._pieces, own)
        is_constant = not own and not strings_in(self._pieces)
        self._constant = self._writer.write({}).split(_HOLE) if is_constant else None

    def written(self, row: Row, values: Values) -> bytes:
        pieces = self._constant or self._writer.write(row).split(_HOLE)
        if len(pieces) == 1:
            return pieces[0]
        found = [pieces[0]]
        for name, piece in zip(self.holes, pieces[1:], strict=True):
            found += values[name], piece
        return b"".join(found)


@frozen(eq=False)
class _ClipForm:
    """A clip by itself: as resolving takes it, with placeholders for its strings, and as JSON with its speech.

    `clip` is on the wire, with holes. `words` reads the words of a text whose box goes with them.
    """

    item: Item
    clip: Any
    lines: tuple[Line, ...]
    json: _Form
    scripts: tuple[_Form, ...]
    words: Callable[[Row], list[str]] | None


@frozen(eq=False)
class _Outcome:
    """The clips that rows with the same decisions keep: the places of their occurrences, forms, and values of holes.

    `said` has the place of each speaker among the clips, and the number of its line among the lines of its own.
    """

    places: list[int]
    forms: list[_ClipForm]
    worded: list[int]
    """The clips whose words decide sizes."""
    valued: Callable[[tuple[str, ...]], list[Values]]
    square: Values
    said: list[tuple[int, int]]
    ids: list[str]
    """The ids that were given to clips that not all rows have."""

    def __len__(self) -> int:
        return len(self.places)


class ConditionalScene:
    """Writes a scene whose clips depend on the row, under one setting and what a row decides outside of its clips."""

    def __init__(self, choices: Choices, literal: Scene, setting: Setting, *, numbered: bool) -> None:
        self._choices, self._setting, self._numbered = choices, setting, numbered
        self._literal = evolve(literal, items=())
        self._api = generation_of(choices.scene, setting.api)
        self._form = lru_cache(_FORMS_KEPT)(self._new_form)
        self._outcomes = _Memory(self._new_outcome)
        self._values = _Memory(lambda found, words: found.valued(words))
        self._silent, self._spoken, self._square = self._head_forms()

    def write(self, kept: KeptScene, number: int, origin: SceneOrigin) -> bytes:
        """Return the JSON of the scene, which is the nth of the project. Raises what resolving would raise."""
        found: _Outcome = self._outcomes[kept.outcome, origin]
        if any(each in kept.ids or each in self._setting.taken or _MADE_ID.fullmatch(each) for each in found.ids):
            raise ValueError("an id is given twice, or looks like one that is made")
        kept.ids.update(found.ids)
        rows = [kept.expansion.clips[place].row for place in found.places]
        words = tuple(found.forms[place].words(rows[place])[0] for place in found.worded)  # type: ignore[misc]
        parts = zip(found.forms, rows, self._values[found, words], strict=True)
        clips = [form.json.written(row, values) for form, row, values in parts]
        if self._square is not None:
            clips.insert(0, self._square.written(kept.row, found.square))
        said = [found.forms[place].scripts[line].written(rows[place], {}) for place, line in found.said]
        values = {"clips": b",".join(clips), "scripts": b",".join(said), "number": str(number).encode()}
        return (self._spoken if said else self._silent).written(kept.row, values)

    def _head_forms(self) -> tuple[_Form, _Form, _Form | None]:
        """Return the forms of the scene without and with lines of speech in it, and of the square behind it."""
        segments: list[Any] = [field.slot for field in self._choices.head]
        wire = resolve_scene(self._literal, 0, self._setting)
        with as_found():
            wire = _coloured(wire, len(wire.clips), self._choices.head, segments)
            squares, wire = wire.clips, evolve(wire, clips=())
            if self._numbered:
                wire = evolve(wire, scene_idx=_hole("number", segments))
            nobody = SceneScript(org="", is_tts=False, tts=None, model_id="", cloth_id="")
            spoken = evolve(wire, scripts=(*(wire.scripts or ()), nobody))
            square = evolve(squares[0], layer=_hole("layer", segments), id=_hole("id", segments)) if squares else None
        silent, said = dump(wire), dump(spoken)
        silent["clips"] = said["clips"] = [_hole("clips", segments)]
        said["scripts"][-1] = _hole("scripts", segments)
        strings, head = self._choices.strings, self._choices.head
        behind = square and _Form(strings, dump(square), segments, ())
        return _Form(strings, silent, segments, head), _Form(strings, said, segments, head), behind

    def _new_form(self, number: int, answers: Answers) -> _ClipForm:
        scene, path = self._choices.scene, self._choices.part.path
        found = self._choices.fields.get(number, [])
        visit = placeholders(found, answers)
        item = filled_part(scene, path, Occurrence(number, (), {}), visit)
        numbers = [each for each, line in enumerate(scene._lines) if line.speaker == number]
        lines = tuple(mapped(scene._lines[each], f"{path}.speech[{each}]", visit) for each in numbers)
        alone = tuple(evolve(line, speaker=0) for line in lines)
        segments: list[Any] = [field.slot for field in found]
        words = [field.string for field in found if field.role == "words"]
        with as_found():
            clip = self._holed(item, bool(words), segments)
            colours = {_COLOURS[field.name]: token(place) for place, field in enumerate(found) if field.role == "colour"}
            clip = evolve(clip, **colours)
        clips, scripts = with_speech(evolve(self._literal, items=(item,), lines=alone, loaded=None), [clip], self._api)
        strings = self._choices.strings
        said = [field for field in found if field.role == "speech" and scripts]
        json = _Form(strings, dump(clips[0]), segments, [field for field in found if field not in said])
        forms = tuple(_Form(strings, dump(script), segments, ()) for script in scripts)
        return _ClipForm(item, clip, lines, json, forms, Reading(strings, words) if words else None)

    def _holed(self, item: Item, has_words: bool, segments: list[Any]) -> Any:
        """Return a clip as it is on the wire, with holes for what the others and its words decide."""
        clip: Any = clip_of(item)
        if not isinstance(item, Draft):
            names: tuple[str, ...] = ("text", "left", "top", "width", "height") if has_words else ()
            return evolve(clip, **{name: _hole(name, segments) for name in names})
        size = clip_size(item, self._setting, label(0, clip))
        if isinstance(size, RoomSize) and isinstance(clip, AvatarClip):
            size = size.within(_ANY_ROOM, _ANY_ROOM)[1]
        names = ("id", *(["name"] if isinstance(clip, EditorClip) else []), "layer", *GEOMETRY)
        if isinstance(clip, Text) and (item.place.width is None or item.place.height is None):
            names = (*names, "text", "font_size")
        fields = size.fields if isinstance(size, ClipSize) else {}
        return evolve(clip, **fields | {name: _hole(name, segments) for name in names})

    def _new_outcome(self, outcome: Outcome, origin: SceneOrigin) -> _Outcome:
        clips, groups, left_out = outcome
        scene, path = self._choices.scene, self._choices.part.path
        forms = [self._form(number, answers) for number, _, _, answers in clips]
        items = [_numbered(form.item, choice) for form, choice in zip(forms, clips, strict=True)]
        drafts = []
        for choice in groups:
            visit = placeholders(self._choices.fields.get(choice[0], []), choice[3])
            drafts.append(_numbered(filled_part(scene, path, Occurrence(choice[0], (), {}), visit), choice))
        absent = [self._absent(each) for each in left_out]
        expanded = evolve(self._literal, items=tuple(items), groups=tuple(drafts))
        places, whole = settled(expanded, [each for each in absent if each])
        forms = [forms[place] for place in places]
        return self._arranged(whole, places, forms, [clips[place][0] for place in places], origin)

    def _absent(self, each: Any) -> Absent | None:
        if isinstance(each, Absent):
            return each
        number, scope = each
        return absent_of(self._choices.scene, Occurrence(number, scope, {}), self._choices.strings.templates)

    def _arranged(
        self, whole: Scene, places: list[int], forms: list[_ClipForm], numbers: list[int], origin: SceneOrigin
    ) -> _Outcome:
        taken, scene = self._setting.taken, self._choices.scene
        sizes, layout = sizes_and_layout(whole, self._setting)
        _, squares = _backdrop(whole, origin, self._setting)
        known: list[dict[str, bytes]] = []
        in_front = layers(layout, max([0, *(clip.layer for clip in squares)]))
        for place, (item, layer) in enumerate(zip(whole._items, in_front, strict=True)):
            known.append({})
            if isinstance(item, Draft):
                name = _text(item.clip.id or clip_id(item.clip.type, seed_of(item, place), origin, taken))
                known[-1] = {"layer": _number(layer), "id": name, "name": name}
        said, counts = [], dict.fromkeys(numbers, ())
        lines = [(number, place) for number, place in spoken(scene._lines, numbers)]
        own = {number: [n for n, line in enumerate(scene._lines) if line.speaker == number] for number in counts}
        said = [(place, own[numbers[place]].index(number)) for number, place in lines]
        speech = tuple(evolve(forms[place].lines[line], speaker=place) for place, line in said)
        # Refuses what the generation cannot say.
        with_speech(evolve(whole, lines=speech, loaded=None), [form.clip for form in forms], self._api)
        order = layout.clips_of(layout.order)
        sizers = [self._sizer(whole._items[place], forms[place], numbers[place], sizes[place]) for place in order]
        worded = [place for place in order if forms[place].words is not None]
        valued = _valued(layout.arrangement(), order, sizers, worded, known)
        square = {"layer": _number(squares[0].layer), "id": _text(squares[0].id)} if squares else {}
        given = [
            clip_of(item).id
            for item, number in zip(whole._items, numbers, strict=True)
            if clip_of(item).id and number not in self._choices.steady
        ]
        return _Outcome(
            places,
            forms,
            worded,
            valued,
            square,
            said if self._api != "1.4" else [],
            given,
        )

    def _sizer(self, item: Item, form: _ClipForm, number: int, size: Any) -> Callable[[str], tuple[Size, Any]]:
        """Return what gives, for the words of a text, the size of a clip, and the values that come with it."""
        if form.words is None:
            seen = seen_size_of(item, size)
            return lambda words: (seen, size)
        if size is None:
            names, loaded = _loaded(self._choices.scene._items[number], item, 0)

            def of_loaded(words: str) -> tuple[Size, Any]:
                bounds, values = loaded([words])
                return bounds, dict(zip(names, map(_value, values), strict=True))

            return of_loaded
        assert isinstance(item, Draft)
        if isinstance(size, RoomSize):
            within, shrinks = lru_cache(64)(size.words_within), size.shrinks  # type: ignore[arg-type]

            def in_room(words: str) -> tuple[Size, Any]:
                def sized(width: float | None, height: float | None) -> Any:
                    found = within(width, height)(words)
                    return found.seen, found

                return RoomSize(sized, shrinks), None

            return in_room
        canvas = self._setting.canvas
        text_size, drawn = text_sizer(item, Room(canvas.width, canvas.height)), (size.scale_x, size.scale_y, size.stroke)

        def of_draft(words: str) -> tuple[Size, Any]:
            text, points, width, height = text_size(words)
            found = ClipSize(width, height, *drawn, fields={"text": text, "font_size": points})
            return found.seen, found

        return of_draft


def _valued(
    arranged: Arrangement, order: Sequence[int], sizers: Sequence[Any], worded: Sequence[int], known: Sequence[Values]
) -> Callable[[tuple[str, ...]], list[Values]]:
    """Return what gives the values of all holes for the words of the texts."""

    def valued(words: tuple[str, ...]) -> list[Values]:
        given = dict(zip(worded, words, strict=True))
        sized = [sizer(given.get(place, "")) for place, sizer in zip(order, sizers, strict=True)]
        found: list[Values] = list(known)
        for place, corner, (_, size) in zip(order, arranged([seen for seen, _ in sized]), sized, strict=True):
            if corner:
                left, top, *within = corner
                found[place] = {**known[place], **_geometry(within[0] if within else size, left, top)}
            elif isinstance(size, dict):
                found[place] = size
        return found

    return valued


def _geometry(size: ClipSize, left: float, top: float) -> dict[str, bytes]:
    numbers = (left, top, plain(size.width), plain(size.height), size.scale_x, size.scale_y)
    values = dict(zip(GEOMETRY, map(_number, numbers), strict=True))
    if "text" in size.fields:
        values |= {"text": _text(size.fields["text"]), "font_size": _number(size.fields["font_size"])}
    return values


def _numbered(part: Any, choice: Choice) -> Any:
    return evolve(part, scope=choice[1], parent=choice[2]) if hasattr(part, "scope") else part


def _hole(name: str, segments: list[Any]) -> Any:
    segments.append(name)
    return token(len(segments) - 1, "value")


def _value(value: Any) -> bytes:
    return value if isinstance(value, bytes) else _number(value)


@lru_cache(maxsize=4096, typed=True)
def _number(number: Any) -> bytes:
    return canonical(number).encode()


def _text(text: str) -> bytes:
    return canonical_string(text).encode()
