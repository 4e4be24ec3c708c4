"""Scenes whose clips and groups depend on the row, put together from the JSON of each clip.

Ten conditions have 1,024 outcomes, too many for a program each. So the JSON of each clip is made once, with holes for
what depends on the others: its place, layer and id. What is filled in is worked out for each outcome by the functions
that resolve a scene, and kept for the outcomes seen last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from attrs import evolve, frozen

from aistudios_dsl.build.editing import GEOMETRY
from aistudios_dsl.build.placement import validate_group
from aistudios_dsl.build.scene import Draft, Item, Scene, clip_of, label
from aistudios_dsl.layout.sizes import plain
from aistudios_dsl.plan.choices import Choice, Choices, KeptScene, Outcome
from aistudios_dsl.plan.forms import ClipForm, Forms, Values
from aistudios_dsl.plan.segments import _loaded
from aistudios_dsl.resolve.placing import Arrangement, Layout, Size, intent_of
from aistudios_dsl.resolve.scene import SceneOrigin, _backdrop, _refuse_same_tags, clip_id, seed_of, seen_size_of
from aistudios_dsl.resolve.sizing import ClipSize, Room, RoomSize, Setting, clip_size, text_sizer
from aistudios_dsl.resolve.speaking import with_speech
from aistudios_dsl.resolve.stacking import layers
from aistudios_dsl.templates.neighbours import settled
from aistudios_dsl.templates.render import spoken
from aistudios_dsl.wire.jsontext import canonical, canonical_string

Sizer = Callable[[str], tuple[Size, Any]]
"""From the words of a text to the size of a clip, and what is written of it: a `ClipSize`, or the values of holes."""
_CLIPS_KEPT = 20_000
"""How many clips may be in all outcomes that are kept."""
_SIZERS_KEPT = 1024
_MADE_ID = re.compile(r"[A-Za-z]+-[0-9a-v]{11}")


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


@frozen(eq=False)
class _Worked:
    """What was worked out for an outcome.

    `places` and `forms` are those of its clips among the clips that the row has before any is left out for its
    neighbours. `worded` are the clips whose words move others, and `values` gives what is filled in for these words.
    `said` has the speaker and the number among its own of each line in the scene, and `ids` the ids that were given to
    clips that not all rows have.
    """

    places: list[int]
    forms: list[ClipForm]
    worded: list[int]
    values: Callable[[tuple[str, ...]], list[Values]]
    square: Values
    said: list[tuple[int, int]]
    ids: list[str]

    def __len__(self) -> int:
        return len(self.places)


class ConditionalScene:
    """Writes a scene for rows that keep different clips of it."""

    def __init__(self, choices: Choices, literal: Scene, setting: Setting, *, numbered: bool) -> None:
        self._choices, self._forms = choices, Forms(choices, literal, setting, numbered=numbered)
        self._worked = _Memory(self._work_out)
        self._sizers: dict[Any, tuple[Any, Sizer]] = {}
        self._values = _Memory(lambda worked, words: worked.values(words))

    def write(self, kept: KeptScene, number: int, origin: SceneOrigin) -> bytes:
        """Return the JSON of the scene, the nth of the project. An exception says that it takes the long way."""
        worked: _Worked = self._worked[kept.outcome, origin]
        self._refuse_ids(worked.ids, kept.ids)
        forms, rows = worked.forms, [kept.clips[place].row for place in worked.places]
        words = tuple(read(rows[place])[0] for place in worked.worded if (read := forms[place].words))
        parts = zip(forms, rows, self._values[worked, words], strict=True)
        clips = [form.json.written(row, values) for form, row, values in parts]
        head = self._forms.head
        if head.square:
            clips.insert(0, head.square.written(kept.row, worked.square))
        said = [forms[place].scripts[line].written(rows[place], ()) for place, line in worked.said]
        whole = head.spoken if said else head.silent
        values = {"clips": b",".join(clips), "scripts": b",".join(said), "number": b"%d" % number}
        return whole.written(kept.row, whole.ordered(values))

    def _refuse_ids(self, given: list[str], others: set[str]) -> None:
        """Leave ids that are given twice, or could be those of other clips, to the long way."""
        taken = self._forms.setting.taken
        if any(each in others or each in taken or _MADE_ID.fullmatch(each) for each in given):
            raise ValueError("an id may not be unique")
        others.update(given)

    def _work_out(self, outcome: Outcome, origin: SceneOrigin) -> _Worked:
        choices, groups, absent = outcome
        forms = [self._forms.clip(choice[0], choice[3]) for choice in choices]
        items = tuple(_standing(form.item, choice) for form, choice in zip(forms, choices, strict=True))
        drafts = tuple(_standing(self._forms.part(choice[0], choice[3]), choice) for choice in groups)
        expanded = evolve(self._forms.literal, items=items, groups=drafts)
        places, scene = settled(expanded, filter(None, absent))
        forms, numbers = [forms[place] for place in places], [choices[place][0] for place in places]
        values, square = self._filled_in(scene, forms, numbers, origin)
        worded = [place for place, form in enumerate(forms) if form.words]
        said = self._said(scene, forms, numbers)
        steady = self._choices.steady
        named = ((clip_of(item).id, number) for item, number in zip(scene._items, numbers, strict=True))
        ids = [name for name, number in named if name and number not in steady]
        return _Worked(places, forms, worded, values, square, said, ids)

    def _said(self, scene: Scene, forms: Sequence[ClipForm], numbers: Sequence[int]) -> list[tuple[int, int]]:
        """Return the lines that the scene has. Raise `BuildError` for speech that its generation cannot write."""
        lines = self._choices.scene._lines
        own: dict[int, int] = {}
        counts = dict.fromkeys(numbers, 0)
        for number, line in enumerate(lines):
            own[number] = counts.get(line.speaker, 0)
            counts[line.speaker] = own[number] + 1
        said = [(place, own[number]) for number, place in spoken(lines, numbers)]
        speech = tuple(evolve(forms[place].lines[line], speaker=place) for place, line in said)
        _, scripts = with_speech(
            evolve(scene, lines=speech, loaded=None), [form.clip for form in forms], self._forms.api
        )
        return said if scripts else []

    def _filled_in(
        self, scene: Scene, forms: Sequence[ClipForm], numbers: Sequence[int], origin: SceneOrigin
    ) -> tuple[Callable[[tuple[str, ...]], list[Values]], Values]:
        """Return what gives the values of all holes for the words of the texts, and the values of the square."""
        setting, items = self._forms.setting, scene._items
        before = self._choices.scene._items
        parts = zip(numbers, items, forms, strict=True)
        sized = [self._sized(before[number], item, form) for number, item, form in parts]
        layout = _layout(scene, [size for size, _ in sized], setting)
        _, squares = _backdrop(scene, origin, setting)
        in_front = layers(layout, max([0, *(square.layer for square in squares)]))
        known = [_named(item, place, in_front[place], origin, setting.taken) for place, item in enumerate(items)]
        order = layout.clips_of(layout.order)
        worded = [place for place, form in enumerate(forms) if form.words]
        square = {"layer": _number(squares[0].layer), "id": _text(squares[0].id)} if squares else {}
        head = self._forms.head.square
        values = _values(layout.arrangement(), order, [sizer for _, sizer in sized], worded, known, forms)
        return values, head.ordered(square) if head else ()

    def _sized(self, before: Item, item: Item, form: ClipForm) -> tuple[Any, Sizer]:
        """Return the size of a clip and its sizer, which are the same wherever it stands likewise."""
        key: Any = form
        if isinstance(item, Draft):
            key = form, item.place.at, item.place.margin, item.parent >= 0
        found = self._sizers.get(key)
        if found is None:
            setting = self._forms.setting
            size = clip_size(item, setting, label(0, clip_of(item))) if isinstance(item, Draft) else None
            found = size, _sizer(before, item, form, size, setting)
            if len(self._sizers) >= _SIZERS_KEPT:
                self._sizers.clear()
            self._sizers[key] = found
        return found


def _layout(scene: Scene, sizes: Sequence[Any], setting: Setting) -> Layout:
    """Return where the clips and groups of a scene are wanted, as `sizes_and_layout` does, for sizes that are known."""
    intents = []
    for place, (item, size) in enumerate(zip(scene._items, sizes, strict=True)):
        framed = size.framed if isinstance(size, ClipSize) else None
        intents.append(intent_of(place, item, framed, setting.canvas))
    for group in scene._groups:
        validate_group(group)
    _refuse_same_tags(scene)
    return Layout(intents, scene._groups, setting.canvas)


def _standing(part: Any, choice: Choice) -> Any:
    """Return a clip or group in its repetitions, and in its group."""
    _, scope, parent, _ = choice
    return evolve(part, scope=scope, parent=parent) if scope or parent >= 0 else part


def _named(item: Item, place: int, layer: Any, origin: SceneOrigin, taken: frozenset[str]) -> dict[str, bytes]:
    if not isinstance(item, Draft):
        return {}
    given = item.clip.id
    name = _text(given) if given else _made_id(item.clip.type, seed_of(item, place), origin, taken)
    return {"layer": _number(layer), "id": name, "name": name}


@lru_cache(maxsize=4096)
def _made_id(kind: str, seed: str, origin: SceneOrigin, taken: frozenset[str]) -> bytes:
    return _text(clip_id(kind, seed, origin, taken))


def _sizer(before: Item, item: Item, form: ClipForm, size: Any, setting: Setting) -> Sizer:
    """Return the sizer of a clip; `before` is it in the template."""
    if not form.words:
        seen = seen_size_of(item, size)
        return lambda words: (seen, size)
    if not isinstance(item, Draft):
        return _sizer_of_loaded(before, item)
    if isinstance(size, RoomSize):
        return _sizer_in_room(size)
    sized = text_sizer(item, Room(setting.canvas.width, setting.canvas.height))
    drawn = size.scale_x, size.scale_y, size.stroke

    def of_text(words: str) -> tuple[Size, Any]:
        text, points, width, height = sized(words)
        found = ClipSize(width, height, *drawn, fields={"text": text, "font_size": points})
        return found.seen, found

    return of_text


def _sizer_in_room(size: RoomSize) -> Sizer:
    assert size.words_within is not None  # every text has it
    words_within, shrinks = lru_cache(64)(size.words_within), size.shrinks

    def in_room(words: str) -> tuple[Size, Any]:
        def within(width: float | None, height: float | None) -> tuple[tuple[float, float], ClipSize]:
            found = words_within(width, height)(words)
            return found.seen, found

        return RoomSize(within, shrinks), None

    return in_room


def _sizer_of_loaded(before: Item, item: Item) -> Sizer:
    names, sized = _loaded(before, item, 0)

    def of_loaded(words: str) -> tuple[Size, Any]:
        bounds, values = sized([words])
        written = (value if isinstance(value, bytes) else _number(value) for value in values)
        return bounds, dict(zip(names, written, strict=True))

    return of_loaded


def _values(
    arranged: Arrangement,
    order: Sequence[int],
    sizers: Sequence[Sizer],
    worded: Sequence[int],
    known: Sequence[dict[str, bytes]],
    forms: Sequence[ClipForm],
) -> Callable[[tuple[str, ...]], list[Values]]:
    """Return what gives the values of all holes, for the words of the texts at `worded`."""

    def values(words: tuple[str, ...]) -> list[Values]:
        words_of = dict(zip(worded, words, strict=True))
        sized = [sizers[place](words_of.get(place, "")) for place in order]
        found: list[Values] = [()] * len(forms)
        for place, corner, (_, size) in zip(order, arranged([seen for seen, _ in sized]), sized, strict=True):
            if corner:
                left, top, *in_room = corner
                geometry = dict(_geometry(in_room[0] if in_room else size, left, top))
                found[place] = forms[place].json.ordered(known[place] | geometry)
            elif isinstance(size, dict):
                found[place] = forms[place].json.ordered(size)
        return found

    return values


def _geometry(size: ClipSize, left: float, top: float) -> Iterator[tuple[str, bytes]]:
    numbers = left, top, plain(size.width), plain(size.height), size.scale_x, size.scale_y
    yield from zip(GEOMETRY, map(_number, numbers), strict=True)
    if "text" in size.fields:
        yield "text", _text(size.fields["text"])
        yield "font_size", _number(size.fields["font_size"])


@lru_cache(maxsize=4096, typed=True)
def _number(number: Any) -> bytes:
    return canonical(number).encode()


def _text(text: str) -> bytes:
    return canonical_string(text).encode()
