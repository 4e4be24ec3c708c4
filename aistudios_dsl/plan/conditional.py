"""Scenes whose clips and groups depend on the row, put together from the JSON of each clip.

Ten conditions have 1,024 outcomes, too many for a program each. What each outcome fills into the holes of its clips is
worked out by the functions that resolve a scene, and kept for the outcomes seen last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve, frozen

from aistudios_dsl.build.drafts import Draft, Item, clip_of, is_built, label
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.plan.choices import Choice, Choices, KeptScene, Outcome, RowIds
from aistudios_dsl.plan.forms import ClipForm, Forms
from aistudios_dsl.plan.kept import Kept
from aistudios_dsl.plan.program import Values, json_of
from aistudios_dsl.plan.sizers import Sizer, fixed, sizer_of
from aistudios_dsl.resolve.rooms import Setting
from aistudios_dsl.resolve.scene import SceneOrigin, _backdrop, clip_id, layout_of, seed_of
from aistudios_dsl.resolve.sizing import clip_size
from aistudios_dsl.resolve.speaking import with_speech
from aistudios_dsl.resolve.stacking import layers
from aistudios_dsl.templates.neighbours import settled
from aistudios_dsl.templates.render import spoken

_CLIPS_KEPT = 20_000
"""How many clips may be in all outcomes that are kept."""
_SIZERS_KEPT = 1024


@frozen(eq=False)
class _Worked:
    """What was worked out for an outcome.

    `places` and `forms` are those of its clips among the clips that the row has before any is left out for its
    neighbours; those are `left_out`. `worded` are the clips whose words move others, and `values` gives what is filled
    in for these words. `said` has the speaker and the number among its own of each line in the scene. The ids are those
    of clips that not all rows have: `unique` ones, those of a document, and those that are `made`.
    """

    places: list[int]
    forms: list[ClipForm]
    left_out: list[tuple[int, ClipForm]]
    worded: list[int]
    values: Callable[[tuple[str, ...]], list[Values]]
    square: Values
    said: list[tuple[int, int]]
    unique: list[str]
    loaded: set[str]
    made: set[str]

    def __len__(self) -> int:
        return len(self.places)


class ConditionalScene:
    """Writes a scene for rows that keep different clips of it."""

    def __init__(self, choices: Choices, literal: Scene, setting: Setting, *, numbered: bool) -> None:
        self._choices, self._forms = choices, Forms(choices, literal, setting, numbered=numbered)
        self._worked, self._sizers = Kept(_CLIPS_KEPT, self._work_out, len), Kept(_SIZERS_KEPT)
        self._values = Kept(_CLIPS_KEPT, lambda worked, words: worked.values(words), len)

    def write(self, kept: KeptScene, number: int, origin: SceneOrigin) -> bytes:
        """Return the JSON of the scene, the nth of the project. An exception says that it takes the long way."""
        worked: _Worked = self._worked[kept.outcome, origin]
        self._note_ids(worked, kept.ids)
        for place, form in worked.left_out:
            form.read(kept.clips[place].row)
        forms, rows = worked.forms, [kept.clips[place].row for place in worked.places]
        words = tuple(read(rows[place])[0] for place in worked.worded if (read := forms[place].words))
        parts = zip(forms, rows, self._values[worked, words], strict=True)
        clips = [form.json.write(row, values) for form, row, values in parts]
        head = self._forms
        if head.square:
            clips.insert(0, head.square.write(kept.row, worked.square))
        said = [forms[place].scripts[line].write(rows[place], ()) for place, line in worked.said]
        whole = head.spoken if said else head.silent
        values = {"clips": b",".join(clips), "scripts": b",".join(said), "number": b"%d" % number}
        return whole.write(kept.row, whole.ordered(values))

    def _note_ids(self, worked: _Worked, ids: RowIds) -> None:
        """Note the ids of a row. One that is not unique takes the long way."""
        taken = self._forms.setting.taken
        for name in worked.unique:
            if name in ids.given or name in taken:
                raise ValueError("an id is given twice")
            ids.given.add(name)
            ids.unique.add(name)
        if not ids.unique.isdisjoint(worked.loaded) or not taken.isdisjoint(worked.loaded):
            raise ValueError("a loaded id is given again")
        ids.given.update(worked.loaded)
        ids.made.update(worked.made)

    def _work_out(self, outcome: Outcome, origin: SceneOrigin) -> _Worked:
        choices, groups, absent = outcome
        forms = [self._forms.clip(choice[0], choice[3]) for choice in choices]
        items = tuple(_standing(form.item, choice) for form, choice in zip(forms, choices, strict=True))
        drafts = tuple(_standing(self._forms.part(choice[0], choice[3]), choice) for choice in groups)
        expanded = evolve(self._forms.literal, items=items, groups=drafts)
        places, scene = settled(expanded, filter(None, absent))
        left_out = [(place, form) for place, form in enumerate(forms) if place not in places]
        forms, numbers = [forms[place] for place in places], [choices[place][0] for place in places]
        values, square = self._filled_in(scene, forms, numbers, origin)
        worded = [place for place, form in enumerate(forms) if form.words]
        said = self._said(scene, forms, numbers)
        steady, is_loaded = self._choices.steady, self._choices.scene._loaded is not None
        unique: list[str] = []
        loaded: set[str] = set()
        for item, number in zip(scene._items, numbers, strict=True):
            name = clip_of(item).id
            if name and number not in steady:
                loaded.add(name) if is_loaded and not is_built(item) else unique.append(name)
        made = made_ids(scene, origin, self._forms.setting.taken)
        return _Worked(places, forms, left_out, worded, values, square, said, unique, loaded, made)

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
        layout = layout_of(scene, [size for size, _ in sized], setting)
        _, squares = _backdrop(scene, origin, setting, layout)
        in_front = layers(layout, max([0, *(square.layer for square in squares)]))
        known = [_named(item, place, in_front[place], origin, setting.taken) for place, item in enumerate(items)]
        order = layout.clips_of(layout.order)
        worded = [place for place, form in enumerate(forms) if form.words]
        square = {"layer": json_of(squares[0].layer), "id": json_of(squares[0].id)} if squares else {}
        head = self._forms.square
        places, arranged = {place: number for number, place in enumerate(worded)}, layout.arrangement()

        def values(words: tuple[str, ...]) -> list[Values]:
            found: list[Values] = [()] * len(forms)
            own = [sized[place][1].sized(words[places[place]] if place in places else "") for place in order]
            for place, corner, (_, fields) in zip(order, arranged([seen for seen, _ in own]), own, strict=True):
                size, sizer = sized[place]
                named: Any = zip(sizer.fields, corner[2] if len(corner) > 2 else fields, strict=True)
                of_corner = zip(("left", "top"), corner, strict=False)
                found[place] = forms[place].filled_in(fixed(size) | dict(of_corner) | dict(named), known[place])
            return found

        return values, head.ordered(square) if head else ()

    def _sized(self, before: Item, item: Item, form: ClipForm) -> tuple[Any, Sizer]:
        """Return the size of a clip and its sizer, which are the same wherever it stands likewise."""
        key: Any = form
        if isinstance(item, Draft):
            key = form, item.place.at, item.place.margin, item.parent >= 0
        setting = self._forms.setting

        def sized() -> tuple[Any, Sizer]:
            size = clip_size(item, setting, label(0, clip_of(item))) if isinstance(item, Draft) else None
            return size, sizer_of(before, item, size, form.words is not None, setting)

        found: tuple[Any, Sizer] = self._sizers.of(key, sized)
        return found


def _standing(part: Any, choice: Choice) -> Any:
    """Return a clip or group in its repetitions, and in its group."""
    _, scope, parent, _ = choice
    return evolve(part, scope=scope, parent=parent) if scope or parent >= 0 else part


def made_ids(scene: Scene, origin: SceneOrigin, taken: frozenset[str]) -> set[str]:
    """Return the ids that a literal scene does not give to its clips, and that of its background's square."""
    # Only a colour, which is a string, is shown by a square: a loaded background is not.
    found = {clip_id("shape", "background", origin, taken)} if isinstance(scene.backdrop, str) else set()
    for place, item in enumerate(scene._items):
        if isinstance(item, Draft) and (item.scope if item.is_loaded else not item.clip.id):
            found.add(clip_id(item.clip.type, seed_of(item, place), origin, taken))
    return found


def _named(item: Item, place: int, layer: Any, origin: SceneOrigin, taken: frozenset[str]) -> dict[str, bytes]:
    if not isinstance(item, Draft):
        return {}
    own = "" if item.is_loaded and item.scope else item.clip.id
    name = json_of(own or clip_id(item.clip.type, seed_of(item, place), origin, taken))
    return {"layer": json_of(layer), "id": name, "name": name}
