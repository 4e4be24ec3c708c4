"""Rows rendered some at a time: what makes payloads of them, and what each batch gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, evolve, field, frozen

from aistudios_dsl.build.drafts import is_built
from aistudios_dsl.cli.data import with_all_missing
from aistudios_dsl.cli.options import in_language
from aistudios_dsl.errors import DslError, LoadError, TemplateError, did_you_mean, nearest
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.rows import DataRow, Rows, of_row
from aistudios_dsl.templates.values import readable, row_values, with_values

if TYPE_CHECKING:
    from aistudios_dsl.plan.plan import Plan
    from aistudios_dsl.project import Project

_LONGEST_NAME = 240
"""Bytes; most file systems take 255, and an unfinished file has a longer name."""
_ROWS = 16
"""How many rows are rendered before they are written."""
_PART = 1 << 18
"""How many bytes are written at a time, about: joining more takes new memory each time."""


@frozen
class FileName:
    """The template of the file names. Raises `TemplateError` if a row's name is not that of one file in the folder."""

    template: str
    templates: Templates

    def variables(self) -> set[str]:
        """Return the names that a row must have."""
        try:
            return {*self.templates.names(self.template), *self.templates.columns(self.template)}
        except DslError as fault:
            raise fault.under("--name") from None

    def render(self, row: Mapping[str, Any]) -> str:
        """Return the name for a row."""
        try:
            name = self.templates.render(self.template, row_values(row))
        except DslError as fault:
            raise fault.under("--name") from None
        forbidden = next((mark for mark in name if mark in "/\\" or mark < " "), None)
        hint = ""
        if not name.strip():
            problem = "the file name is empty"
        elif name in (".", ".."):
            problem = f"{name!r} is not a file name"
        elif forbidden:
            problem = f"the file name {name!r} contains {forbidden!r}, which is not allowed"
            hint = f"one folder holds all files: {{{{ name|replace({forbidden!r}, '-') }}}}"
        elif len(name.encode()) > _LONGEST_NAME:
            problem = f"the file name {name[:40]!r}… is {len(name.encode())} bytes long"
            hint = f"{_LONGEST_NAME} at most"
        else:
            return name
        raise TemplateError(problem, "--name", hint)


@frozen
class Outcome:
    """The payload of a row and the name of its file, or a fault in its place; and the columns that nothing uses."""

    number: int
    values: Mapping[str, Any]
    payload: bytes = b""
    name: str = ""
    fault: DslError | None = None
    unused: DslError | None = None


@define
class Batch:
    """What rows gave: how many were rendered, and by the slow path; their `lines`, and the `size` of these.

    `outcomes` has the rows with a fault; and where each row gives a file, all of them.
    """

    rendered: int = 0
    slow: int = 0
    lines: list[bytes] = Factory(list[bytes])
    size: int = 0
    outcomes: list[Outcome] = Factory(list[Outcome])

    def write_lines(self, write: Callable[[bytes], object]) -> None:
        """Write the lines, some at a time."""
        many = 1 + _PART * len(self.lines) // max(1, self.size)
        for start in range(0, len(self.lines), many):
            write(b"\n".join([*self.lines[start : start + many], b""]))


Item = DataRow | Outcome
"""A row, or in place of one that could not be read its fault."""


@define
class Languages:
    """The project and its plan, in the languages that a column of the rows names; each is made when a row wants it.

    `column`: None where all rows have the language of the project. A plan is None where rows are converted to `api`.
    """

    project: Project
    api: Any
    column: str | None
    catalog: Path
    _made: dict[str, tuple[Project, Plan | None]] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.column is None:
            self.of({})  # so that a process which is forked has the plan

    def of(self, row: Mapping[str, Any]) -> tuple[Project, Plan | None]:
        """Return the project in the language of a row, and its plan; those of the script where the row names none."""
        locale = "" if self.column is None else self._named(row, self.column)
        if locale not in self._made:
            project = in_language(self.project, locale, self.catalog) if locale else self.project
            self._made[locale] = project, _compiled(project, self.api)
        return self._made[locale]

    def _named(self, row: Mapping[str, Any], column: str) -> str:
        if column in row:
            return str(row[column] or "").strip()
        hint = did_you_mean(column, [key for key in row if isinstance(key, str)])
        raise TemplateError(f"the row has no {column!r}", "--locale-column", hint, "missing-name")


def _compiled(project: Project, api: Any) -> Plan | None:
    drafts = all(scene._loaded is None and all(is_built(item) for item in scene._items) for scene in project.scenes)
    # A plan leaves loaded speech where it is; only a rendered project can be converted.
    return evolve(project, api=api or project.api).compile() if api is None or drafts else None


@frozen
class Renderer:
    """What makes payloads of rows. It can be sent to another process.

    `used`: the names that the template and the file names use. `stops`: whether faulty rows end the build. `with_rows`:
    whether each row is written beside its payload.
    """

    languages: Languages
    constants: Mapping[str, str]
    used: frozenset[str]
    strict: bool
    file_name: FileName | None
    stops: bool
    with_rows: bool

    def batch(self, first: int, items: Sequence[Item], *, keep: bool) -> Batch:
        """Return what rows give, up to a fault that ends the build; with `keep` their payloads, else all faults."""
        found = Batch()
        for number, item in enumerate(items, first):
            outcome = item if isinstance(item, Outcome) else self._outcome(number, item, found)
            if isinstance(outcome, bytes):
                if keep:
                    found.lines.append(outcome)
                continue
            found.outcomes.append(outcome if keep else evolve(outcome, payload=b""))
            if keep and (outcome.unused or (outcome.fault and self.stops)):
                break
        found.size = sum(map(len, found.lines)) + len(found.lines)
        return found

    def _outcome(self, number: int, row: DataRow, found: Batch) -> bytes | Outcome:
        """Return what a row gives: the payload alone where there is no more to say."""
        values = DataRow(with_values(row, self.constants), row.place) if self.constants else row
        unused = self._unused(number, values) if self.strict else None
        name = ""
        try:
            name = self.file_name.render(values) if self.file_name else ""
            payload = self._payload(values, found)
        except DslError as fault:
            fault = of_row(with_all_missing(fault, self.used, values), number, row)
            return Outcome(number, values, b"", name, fault, unused)
        if self.with_rows:
            from aistudios_dsl.service.intake import with_row

            payload = with_row(row, payload)
        found.rendered += 1
        return Outcome(number, values, payload, name, None, unused) if name or unused else payload

    def _payload(self, values: DataRow, found: Batch) -> bytes:
        project, plan = self.languages.of(values)
        if plan is None:
            found.slow += 1
            return project.render(values).to_json(api=self.languages.api).encode()
        before = plan.slow_rows
        payload = plan.render_json(values)
        found.slow += plan.slow_rows - before
        return payload

    def _unused(self, number: int, row: DataRow) -> DslError | None:
        odd = _odd(tuple(row), self.used)
        if not odd:
            return None
        shown = f"{'columns' if len(odd) > 1 else 'column'} {', '.join(map(repr, odd))}"
        near = next((name for name in odd if nearest(name, self.used)), None)
        hint = did_you_mean(near, sorted(self.used)) if near else "take it out, or leave --strict out"
        return of_row(LoadError(f"{shown}: used by no field of the template", hint=hint), number, row)


@lru_cache(maxsize=64)
def _odd(names: tuple[str, ...], used: frozenset[str]) -> list[str]:
    """Return the columns that no field uses; most rows of a table have the same columns."""
    return [name for name in names if not readable([name]) & used]


def batches(rows: Rows, size: int) -> Iterator[tuple[int, list[Item]]]:
    """Yield rows some at a time, with the number of the first. If the file breaks off, those before come first."""
    items, first = list[Item](), 1
    try:
        for row in rows.outcomes():
            items.append(row if isinstance(row, DataRow) else Outcome(rows.count, rows.unread, fault=row))
            if len(items) == size:
                yield first, items
                items, first = [], rows.count + 1
    except DslError:
        if items:
            yield first, items
        raise
    if items:
        yield first, items


def in_this_process(renderer: Renderer, rows: Rows, *, keep: bool) -> Iterator[Batch]:
    """Yield what rows give."""
    for first, items in batches(rows, _ROWS):
        yield renderer.batch(first, items, keep=keep)
