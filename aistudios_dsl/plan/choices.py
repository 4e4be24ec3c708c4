"""What a row decides in a scene whose clips and groups depend on it: which there are, and what their strings decide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from attrs import evolve, frozen

from aistudios_dsl.build.drafts import Draft
from aistudios_dsl.build.placement import Around
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.theme import Theme
from aistudios_dsl.plan.generated import reader
from aistudios_dsl.plan.kept import Kept
from aistudios_dsl.plan.segments import ANSWERING, OpenField, decided
from aistudios_dsl.plan.strings import Strings
from aistudios_dsl.templates.expansion import Expansion, Occurrence, Part, Row, Scope
from aistudios_dsl.templates.neighbours import Absent
from aistudios_dsl.templates.render import absent_of, strings_of_absent

Answers = tuple[str | bool, ...]
Choice = tuple[int, Scope, int, Answers]
"""A clip or group that a row keeps: its number, its repetitions, the place of its group, what its strings decide."""
Outcome = tuple[tuple[Choice, ...], tuple[Choice, ...], tuple[Absent | None, ...]]
"""The clips and groups that a row keeps of a scene, and what it leaves out."""
_ABSENT_KEPT = 256
_OWNER = re.compile(r"scenes\[\d+\]\.(clips|groups|speech)\[(\d+)\]")


class Decisions:
    """The strings of a scene, of one of its parts or of the project that decide more than themselves."""

    def __init__(self, strings: Strings, found: Sequence[OpenField], theme: Theme | None) -> None:
        self.fields: list[OpenField] = [field for field in found if field.role in ANSWERING]
        self._theme = theme
        self._read = reader(strings, [field.string for field in self.fields]) if self.fields else tuple

    def __call__(self, row: Row) -> Answers:
        if not self.fields:
            return ()
        answers = decided(self.fields, self._read(row), self._theme)
        for answer in answers:
            str(answer).encode()
        return answers


class RowIds:
    """The ids in a row that not all rows have: those `given` to clips, those of them that must be unique, those `made`.

    A document may have an id twice, as long as no clip of the script has it too.
    """

    def __init__(self) -> None:
        self.given: set[str] = set()
        self.unique: set[str] = set()
        self.made: set[str] = set()


@frozen(eq=False)
class KeptScene:
    """A scene as a row keeps it, and the ids of the row."""

    row: Row
    clips: Sequence[Occurrence]
    outcome: Outcome
    ids: RowIds


class Choices:
    """A scene of the template whose clips and groups depend on the row.

    `head` are the strings outside of these, and `fields` those of each, by its number as in `Part`. Those of speech
    are its speaker's. `steady` are the clips that every row has under the same ids, and `repeated` those that an `each`
    of the scene repeats.
    """

    def __init__(
        self, strings: Strings, scene: Scene, part: Part, found: Sequence[OpenField], theme: Theme | None
    ) -> None:
        self.strings: Strings = strings
        self.scene: Scene = scene
        self.path: str = part.path
        self.fields: dict[int | None, list[OpenField]] = {}
        for field in found:
            self.fields.setdefault(_owner(field.path, scene), []).append(field)
        self.head: tuple[OpenField, ...] = tuple(self.fields.pop(None, ()))
        found_in = {number: Decisions(strings, fields, theme) for number, fields in self.fields.items()}
        self._decisions = {number: decisions for number, decisions in found_in.items() if decisions.fields}
        self._absent = {number: self._reader_of_absent(number) for number in _numbers(part)}
        self.steady: frozenset[int] = frozenset(filter(self._is_steady, _unconditional(part)))
        self.repeated: frozenset[int] = frozenset(_repeated(part))

    def bare(self) -> Scene:
        """Return the scene with its steady clips alone, and without speech."""
        items = tuple(item for number, item in enumerate(self.scene._items) if number in self.steady)
        return evolve(self.scene, items=items, lines=(), groups=())

    def kept(self, row: Row, found: Expansion, ids: RowIds) -> KeptScene:
        """Return the scene as a row keeps it. Raises what rendering its strings raises."""
        clips, groups = tuple(map(self._choice, found.clips)), tuple(map(self._choice, found.groups))
        absent = tuple(read(each) for each in found.absent if (read := self._absent[each.number]))
        return KeptScene(row, found.clips, (clips, groups, absent), ids)

    def _choice(self, found: Occurrence) -> Choice:
        decisions = self._decisions.get(found.number)
        return found.number, found.scope, found.parent, decisions(found.row) if decisions else ()

    def _reader_of_absent(self, number: int) -> Callable[[Occurrence], Absent | None] | None:
        """Return what reads where a part would stand; None where nothing can stand by it."""
        strings, templates = strings_of_absent(self.scene, number), self.strings.templates
        if not strings:
            return None
        if any(map(templates.is_template, strings)):
            return lambda found: absent_of(self.scene, found, templates)
        known = Kept(_ABSENT_KEPT)
        return lambda found: known.of(found.scope, lambda: absent_of(self.scene, found, templates))

    def _is_steady(self, number: int) -> bool:
        item = self.scene._items[number]
        is_around = isinstance(item, Draft) and isinstance(item.place.at, Around)
        return not is_around and all(field.name != "id" for field in self.fields.get(number, ()))


def _owner(path: str, scene: Scene) -> int | None:
    """Return the number of the part that a string of a scene belongs to; None for the scene itself."""
    found = _OWNER.match(path)
    if found is None:
        return None
    number = int(found[2])
    match found[1]:
        case "clips":
            return number
        case "groups":
            return -1 - number
        case _:
            return scene._lines[number].speaker


def _numbers(part: Part) -> Iterator[int]:
    for inner in part.parts:
        yield inner.number
        yield from _numbers(inner)


def _repeated(part: Part) -> Iterator[int]:
    for inner in part.parts:
        yield from _numbers(inner) if inner.each is not None else _repeated(inner)
        yield from (inner.number,) if inner.each is not None else ()


def _unconditional(part: Part) -> Iterator[int]:
    """Yield the clips that neither have conditions nor stand in a group that has."""
    for inner in part.parts:
        if inner.when is None and inner.each is None:
            yield from (inner.number,) if inner.number >= 0 else _unconditional(inner)
