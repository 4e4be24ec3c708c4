"""Conditions: which scenes, groups and clips a row keeps, how often each is repeated, and with which names."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from aistudios_dsl.build.drafts import Draft, Item
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.errors import under
from aistudios_dsl.templates.environment import LOOP, REPEATED, Templates

Row = Mapping[str, Any]
Scope = tuple[tuple[int, int], ...]
Pending = dict[str, tuple[str, ...]]


@frozen
class Part:
    """A scene, or a clip or group of it, with its conditions; `parts` are those that stand in it.

    `number` is that of the clip, or -1 minus that of the group. `path` names the part in messages.
    """

    path: str
    number: int
    when: str | None
    each: str | None
    parts: tuple[Part, ...] = ()

    def binding(self, templates: Templates) -> tuple[str, ...]:
        """Return the names that its `each` binds for it and for what stands in it."""
        return () if self.each is None else (LOOP, *templates.each(self.each)[0])


@frozen
class Occurrence:
    """A clip or group (its `number` in the template, as in `Part`) once in a row.

    `scope` are the repetitions that it is in, `row` the names that its strings may use, and `parent` the place of its
    group among the groups that are kept, or -1.
    """

    number: int
    scope: Scope
    row: Row
    parent: int = -1


@frozen
class Expansion:
    """What a row keeps of a scene, in the order of the template, and what it leaves out.

    `absent` also has each part that is repeated, without the names that its repetitions bind: its tag may be that of a
    repetition that another row has.
    """

    clips: list[Occurrence] = field(factory=list)
    groups: list[Occurrence] = field(factory=list)
    absent: list[Occurrence] = field(factory=list)


class Repetitions:
    """Counts the repetitions that a row makes of one scene and in it, as there is a most."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates
        self._left = REPEATED

    def of(self, part: Part, row: Row) -> Iterator[tuple[int, Row]]:
        """Yield the number of each repetition of the part that the row keeps, and the row with the names it binds."""
        for number, bound in enumerate(self._bindings(part, row)):
            if self._is_kept(part, bound):
                yield number, bound

    def _bindings(self, part: Part, row: Row) -> list[Row]:
        if part.each is None:
            return [row]
        with under(f"{part.path}.each"):
            found = self.templates.bindings(part.each, row, self._left)
        self._left -= len(found)
        return [{**row, **bound} for bound in found]

    def _is_kept(self, part: Part, row: Row) -> bool:
        if part.when is None:
            return True
        with under(f"{part.path}.when"):
            return self.templates.truth(part.when, row)

    def expanded(self, scene: Part, row: Row) -> Expansion:
        """Return what a row keeps of the clips and groups of a scene."""
        found = Expansion()
        for part in scene.parts:
            self._expand(part, row, (), -1, found)
        return found

    def _expand(self, part: Part, row: Row, scope: Scope, parent: int, found: Expansion) -> None:
        for repetition, bound in enumerate(self._bindings(part, row)):
            own = scope if part.each is None else (*scope, (part.number, repetition))
            if not self._is_kept(part, bound):
                self._leave_out(part, bound, own, found)
                continue
            kept, place = found.clips if part.number >= 0 else found.groups, len(found.groups)
            kept.append(Occurrence(part.number, own, bound, parent))
            for inner in part.parts:
                self._expand(inner, bound, own, place, found)
        if part.each is not None:
            self._leave_out(part, self._unbound(part, row), scope, found)

    def _leave_out(self, part: Part, row: Row, scope: Scope, found: Expansion) -> None:
        found.absent.append(Occurrence(part.number, scope, row))
        for inner in part.parts:
            self._leave_out(inner, self._unbound(inner, row), scope, found)

    def _unbound(self, part: Part, row: Row) -> Row:
        """Return the row without the names that the part binds: those outside of it are other ones, such as `loop`."""
        bound = part.binding(self.templates)
        return {name: value for name, value in row.items() if name not in bound} if bound else row


def part_of(scene: Scene, index: int) -> Part:
    """Return a scene of a project as the part with this index."""
    path = f"scenes[{index}]"
    parts = _inner(scene, path) if scene._is_conditional else ()
    return Part(path, index, scene.when, scene.each, parts)


def _inner(scene: Scene, path: str) -> tuple[Part, ...]:
    inside: dict[int, list[int]] = {parent: [] for parent in range(-1, len(scene._groups))}
    entered = set[int]()

    def enter(group: int) -> None:
        if group >= 0 and group not in entered:
            entered.add(group)
            enter(scene._groups[group].parent)
            inside[scene._groups[group].parent].append(-1 - group)

    for number, item in enumerate(scene._items):
        parent = item.parent if isinstance(item, Draft) else -1
        enter(parent)
        inside[parent].append(number)
    for group in range(len(scene._groups)):  # those without clips
        enter(group)

    def parts(parent: int) -> tuple[Part, ...]:
        return tuple(_clip(number) if number >= 0 else _group(-1 - number) for number in inside[parent])

    def _clip(number: int) -> Part:
        item: Item = scene._items[number]
        conditions = (item.when, item.each) if isinstance(item, Draft) else (None, None)
        return Part(f"{path}.clips[{number}]", number, *conditions)

    def _group(number: int) -> Part:
        group = scene._groups[number]
        return Part(f"{path}.groups[{number}]", -1 - number, group.when, group.each, parts(number))

    return parts(-1)


def conditions(part: Part, templates: Templates, bound: frozenset[str] = frozenset()) -> Pending:
    """Return the paths of each `each` and `when` of a part, each with the names that a row must have.

    Raise `TemplateError` for one that Jinja cannot read.
    """
    found: Pending = {}
    if part.each is not None:
        with under(path := f"{part.path}.each"):
            found[path] = _free(templates, templates.each(part.each)[1], bound)
            bound |= {*part.binding(templates)}
    if part.when is not None:
        with under(path := f"{part.path}.when"):
            found[path] = _free(templates, part.when, bound)
    for inner in part.parts:
        found |= conditions(inner, templates, bound)
    return found


def _free(templates: Templates, expression: str, bound: frozenset[str]) -> tuple[str, ...]:
    return free_names(templates.expression_names(expression), templates.expression_columns(expression), bound)


def free_names(names: Iterable[str], columns: Iterable[str], bound: Container[str] = ()) -> tuple[str, ...]:
    """Return the names and columns that no `each` binds."""
    own = () if "row" in bound else columns
    return tuple(sorted({name for name in names if name not in bound} | set(own)))


def bound_names(part: Part, templates: Templates, bound: frozenset[str] = frozenset()) -> dict[str, frozenset[str]]:
    """Return the names that are bound for a part and for each part in it, by its path."""
    bound |= {*part.binding(templates)}
    found = {part.path: bound}
    for inner in part.parts:
        found |= bound_names(inner, templates, bound)
    return found
