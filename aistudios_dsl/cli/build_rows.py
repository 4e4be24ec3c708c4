"""One payload for each row: the loop behind `aistudios build --data`, which writes everything or nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, evolve, frozen

from aistudios_dsl.atomic_write import AtomicFile, AtomicFolder, report_write_errors
from aistudios_dsl.build.drafts import is_built
from aistudios_dsl.cli.base import print_line, printable, progress_bar, reject_overwriting, with_options
from aistudios_dsl.cli.data import ROW, DataFile, with_all_missing
from aistudios_dsl.errors import DslError, LoadError, TemplateError, did_you_mean, nearest, plural
from aistudios_dsl.service.intake import with_row
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.rows import DataRow, Rows, of_row
from aistudios_dsl.templates.values import readable, row_values, with_values
from aistudios_dsl.wire.jsontext import canonical

if TYPE_CHECKING:
    from aistudios_dsl.cli.options import ProjectFile
    from aistudios_dsl.plan.plan import Plan
    from aistudios_dsl.project import Project

_LONGEST_NAME = 240
"""Bytes; most file systems take 255, and an unfinished file has a longer name."""

_SHOWN_FAULTS = 20
_NAMED_ROWS = 3
_REFRESH = 64
"""How many rows pass between two updates of the progress bar."""


@define
class RowsJob:
    """What to do with each row, and how many rows are done."""

    project: Project
    plan: Plan | None  # None: render each row and convert it to `api`
    api: Any
    data: DataFile
    constants: Mapping[str, str]
    used: frozenset[str]  # the names that the template and the file names use
    strict: bool
    file_name: FileName | None
    skip: bool
    with_rows: bool
    written: int = 0
    skipped: int = 0
    slow: int = 0
    edged: dict[str, str] = Factory(dict)

    def render(self, row: Mapping[str, Any]) -> tuple[bytes, bool]:
        """Return the payload of a row, and whether it took the slow path."""
        if self.plan is None:
            return self.project.render(row).to_json(api=self.api).encode(), True
        slow_before = self.plan.slow_rows
        return self.plan.render_json(row), self.plan.slow_rows > slow_before


@frozen
class Outcome:
    """The payload of a row and the name of its file, or a fault in its place; and the columns that nothing uses."""

    number: int
    values: Mapping[str, Any]
    payload: bytes = b""
    name: str = ""
    slow: bool = False
    fault: DslError | None = None
    unused: DslError | None = None


def build_rows(
    source: ProjectFile,
    data: DataFile,
    output: Path | None,
    api: Any,
    indent: int | None,
    file_name: str | None,
    check_rows: bool,
    on_error: str | None,
    strict: bool,
    with_rows: bool,
) -> None:
    """Render every row and write the payloads; with `check_rows`, render every row before writing any."""
    project, started = source.load(), time.perf_counter()
    name = None if file_name is None else FileName(file_name, Templates(project.environment))
    used = {variable for names in project.variables().values() for variable in names}
    if not used:
        print_line("note: the template has no variables: every row gives the same payload", err=True)
    names = frozenset(used | (name.variables() if name else set()))
    plan = _compiled(project, api)
    job = RowsJob(project, plan, api, data, source.settings, names, strict, name, on_error == "skip", with_rows)
    try:
        _build(job, output, source.path, indent, check_rows)
    finally:
        data.tell_edged(job.edged)
    parts = [f"{plural(job.written, 'row')} in {time.perf_counter() - started:.1f} s"]
    if job.skip:
        listed = f" ({_skipped_path(output).name})" if output and job.skipped else ""
        parts.append(f"{job.skipped:,} skipped{listed}")
    if job.slow:
        parts.append(f"{job.slow:,} by the slow path")
    print_line(f"{output or 'stdout'}: {', '.join(parts)}", err=True)


def _build(job: RowsJob, output: Path | None, script: Path, indent: int | None, check_rows: bool) -> None:
    skipped = _skipped_path(output) if output and job.skip else None
    reject_overwriting(skipped, script, job.data.path)
    if check_rows:
        _check_rows(job)
    with report_write_errors(output) if output else nullcontext(), ExitStack() as stack:
        skips = stack.enter_context(AtomicFile(skipped)) if skipped else None
        put, finish = _destination(output, job.file_name is not None, (script, job.data.path), indent, stack)
        _write_rows(job, put, skips)
        if skips:
            skips.finish()
        if not job.written:
            hint = f"the reasons are in {skipped.name}" if skipped else ""
            many = "the one row was" if job.skipped == 1 else f"all {job.skipped} rows were"
            raise LoadError(f"{many} skipped, and nothing is written", hint=hint)
        finish()


def _compiled(project: Project, api: Any) -> Plan | None:
    drafts = all(scene._loaded is None and all(is_built(item) for item in scene._items) for scene in project.scenes)
    # A plan leaves loaded speech where it is; only a rendered project can be converted.
    return evolve(project, api=api or project.api).compile() if api is None or drafts else None


def _skipped_path(output: Path) -> Path:
    path = output.absolute()
    return path.with_name(f"{path.name}.skipped.jsonl")


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


# rendering


def _outcomes(job: RowsJob, rows: Rows) -> Iterator[Outcome]:
    names: dict[str, int] = {}
    for row in rows.outcomes():
        if isinstance(row, DslError):
            yield Outcome(rows.count, rows.unread, fault=row)
        else:
            yield _outcome(job, rows.count, row, names)


def _outcome(job: RowsJob, number: int, row: DataRow, names: dict[str, int]) -> Outcome:
    values = DataRow(with_values(row, job.constants), row.place) if job.constants else row
    unused = None
    if job.strict and (odd := [name for name in values if not readable([name]) & job.used]):
        unused = of_row(_unused(odd, job.used), number, row)
    try:
        name = job.file_name.render(values) if job.file_name else ""
        if name in names:
            raise TemplateError(f"the file name {name!r} is that of row {names[name]} too", "--name")
        payload, slow = job.render(values)
    except DslError as fault:
        fault = with_all_missing(fault, job.used, values)
        return Outcome(number, values, fault=of_row(fault, number, row), unused=unused)
    if name:
        names[name] = number
    if job.with_rows:
        payload = with_row(row, payload)
    return Outcome(number, values, payload, name, slow, unused=unused)


def _unused(unused: list[str], used: frozenset[str]) -> LoadError:
    shown = f"{'columns' if len(unused) > 1 else 'column'} {', '.join(map(repr, unused))}"
    near = next((name for name in unused if nearest(name, used)), None)
    hint = did_you_mean(near, sorted(used)) if near else "take it out, or leave --strict out"
    return LoadError(f"{shown}: used by no field of the template", hint=hint)


def _faults(outcome: Outcome, job: RowsJob) -> Iterator[DslError]:
    """The faults that stop the build: unused columns, and the row's own fault unless faulty rows are skipped."""
    if outcome.unused:
        yield outcome.unused
    if outcome.fault and not job.skip:
        yield outcome.fault


@define
class SharedFault:
    """A fault of one row or several, with the numbers of the first ones."""

    fault: DslError
    numbers: list[int] = Factory(list)
    count: int = 0

    def add(self, number: int) -> None:
        """Count another row that has it."""
        self.count += 1
        if len(self.numbers) < _NAMED_ROWS:
            self.numbers.append(number)

    def named(self) -> DslError:
        """Return the error with the numbers of its rows."""
        if self.count == 1:
            return self.fault
        named, more = [str(number) for number in self.numbers], self.count - len(self.numbers)
        last = f"{more:,} more" if more else named.pop()
        path = ROW.sub("", self.fault.path)
        rows = f"rows {', '.join(named)} and {last}"
        return TemplateError(self.fault.message, f"{rows}: {path}" if path else rows, self.fault.hint, self.fault.code)


def _check_rows(job: RowsJob) -> None:
    """Raise `LoadError` with the first kinds of faults if any row has one."""
    found: dict[tuple[str, str, str], SharedFault] = {}
    faulty, reported, has_more = 0, set[str](), False
    for outcome in _with_progress(job, "checking"):
        # All rows have the same unused columns: report them once.
        faults = [fault for fault in _faults(outcome, job) if fault is outcome.fault or fault.message not in reported]
        reported.update(fault.message for fault in faults if fault is outcome.unused)
        faulty += bool(faults)
        for fault in faults:
            key = ROW.sub("", fault.path), fault.message, fault.hint
            if key in found or len(found) < _SHOWN_FAULTS:
                found.setdefault(key, SharedFault(fault)).add(outcome.number)
            else:
                has_more = True
    if not faulty:
        return
    shared = [each.named() for each in found.values()]
    many = f"{'1 row is' if faulty == 1 else f'{faulty:,} rows are'} faulty, and nothing is written"
    if len(shared) == 1:
        raise shared[0] if faulty == 1 else shared[0].under(f"{many}: ")
    first = f"; the first {_SHOWN_FAULTS} kinds of faults" if has_more else ""
    raise LoadError(f"{many}{first}", problems=tuple(shared))


def _with_progress(job: RowsJob, action: str) -> Iterator[Outcome]:
    """The outcomes of all rows; on a terminal, with a bar that shows how much of the file is read."""
    rows = job.data.rows()
    job.edged = rows.edged
    if not sys.stderr.isatty():
        yield from _outcomes(job, rows)
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with progress_bar(*columns) as bar:
        task = bar.add_task(action, total=1.0)
        for outcome in _outcomes(job, rows):
            yield outcome
            if rows.count % _REFRESH == 0:
                bar.update(task, completed=rows.share, description=f"{action}, {rows.count:,} rows")


# writing


def _destination(
    output: Path | None, is_folder: bool, inputs: Iterable[Path], indent: int | None, stack: ExitStack
) -> tuple[Callable[[Outcome], object], Callable[[], object]]:
    """Return what writes a payload, and what completes the output: lines on stdout or in a file, or files."""
    if output is None:
        stdout, for_people = sys.stdout.buffer, sys.stdout.isatty()

        def print_payload(outcome: Outcome) -> None:
            line = printable(outcome.payload.decode()).encode() if for_people else outcome.payload
            stdout.write(line + b"\n")

        return print_payload, stdout.flush
    if not is_folder:
        file = stack.enter_context(AtomicFile(output))
        return lambda outcome: file.write(outcome.payload + b"\n"), file.finish
    folder = stack.enter_context(AtomicFolder(output, inputs))

    def write_file(outcome: Outcome) -> None:
        payload = outcome.payload
        if indent is not None:
            payload = canonical(json.loads(payload), indent).encode()
        folder.write(outcome.name, payload + b"\n")

    return write_file, folder.finish


def _write_rows(job: RowsJob, put: Callable[[Outcome], object], skips: AtomicFile | None) -> None:
    for outcome in _with_progress(job, "writing"):
        for fault in _faults(outcome, job):
            raise fault
        if outcome.fault is None:
            put(outcome)
            job.written += 1
            job.slow += outcome.slow
        else:
            _skip(outcome, with_options(outcome.fault), job, skips)
            job.skipped += 1


def _skip(outcome: Outcome, fault: DslError, job: RowsJob, skips: AtomicFile | None) -> None:
    if skips is None:
        print_line(f"skipped: {fault}", err=True)
        return
    own = {key: value for key, value in outcome.values.items() if key not in job.constants}
    entry = {"row": outcome.number, "reason": f"{fault.path}: {fault.message}", "hint": fault.hint, "values": own}
    skips.write(json.dumps(entry, default=str).encode() + b"\n")
