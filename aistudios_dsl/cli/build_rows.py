"""One payload for each row: the loop behind `aistudios build --data`, which writes everything or nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, evolve, frozen

from aistudios_dsl.atomic_write import AtomicFile, AtomicFolder, report_write_errors
from aistudios_dsl.cli.base import print_line, printable, progress_bar, reject_overwriting, with_options
from aistudios_dsl.cli.data import ROW, DataFile
from aistudios_dsl.cli.row_batches import Batch, FileName, Languages, Outcome, Renderer, in_this_process
from aistudios_dsl.errors import DslError, LoadError, TemplateError, plural
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.rows import Rows, of_row
from aistudios_dsl.wire.jsontext import canonical

if TYPE_CHECKING:
    from aistudios_dsl.cli.options import ProjectFile
    from aistudios_dsl.cli.row_workers import Workers

_SHOWN_FAULTS = 20
_NAMED_ROWS = 3
_REFRESH = 64
"""How many rows pass between two updates of the progress bar."""


@define
class RowsJob:
    """Rows to be rendered, what renders them, and how many are done."""

    renderer: Renderer
    workers: Workers | None
    data: DataFile
    written: int = 0
    skipped: int = 0
    slow: int = 0
    edged: dict[str, str] = Factory(dict)

    def batches(self, rows: Rows, *, keep: bool, file: Path | None) -> Iterator[Batch]:
        """Yield what rows give; workers write lines to `file` themselves."""
        if self.workers:
            return self.workers.batches(rows, keep=keep, file=file)
        return in_this_process(self.renderer, rows, keep=keep)


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
    jobs: int,
    locale_column: str | None,
    catalog: Path,
) -> None:
    """Render every row and write the payloads; with `check_rows`, render every row before writing any."""
    project, started = source.load(), time.perf_counter()
    name = None if file_name is None else FileName(file_name, Templates(project.environment))
    used = {variable for names in project.variables().values() for variable in names}
    if not used:
        print_line("note: the template has no variables: every row gives the same payload", err=True)
    names = frozenset(used | (name.variables() if name else set()) | ({locale_column} if locale_column else set()))
    languages = Languages(project, api, locale_column, catalog)
    stops = on_error != "skip"
    renderer = Renderer(languages, source.settings, names, strict, name, stops, with_rows)
    with _workers(renderer, jobs) as workers:
        job = RowsJob(renderer, workers, data)
        try:
            _build(job, output, source.path, indent, check_rows)
        finally:
            data.tell_edged(job.edged)
    parts = [f"{plural(job.written, 'row')} in {time.perf_counter() - started:.1f} s"]
    if not stops:
        listed = f" ({_skipped_path(output).name})" if output and job.skipped else ""
        parts.append(f"{job.skipped:,} skipped{listed}")
    if job.slow:
        parts.append(f"{job.slow:,} by the slow path")
    print_line(f"{output or 'stdout'}: {', '.join(parts)}", err=True)


def _build(job: RowsJob, output: Path | None, script: Path, indent: int | None, check_rows: bool) -> None:
    skipped = _skipped_path(output) if output and not job.renderer.stops else None
    reject_overwriting(skipped, script, job.data.path)
    if check_rows:
        _check_rows(job)
    with report_write_errors(output) if output else nullcontext(), ExitStack() as stack:
        skips = stack.enter_context(AtomicFile(skipped)) if skipped else None
        inputs, is_folder = (script, job.data.path), job.renderer.file_name is not None
        put = _destination(output, is_folder, inputs, indent, stack)
        _write_rows(job, put, skips)
        if skips:
            skips.finish()
        if not job.written:
            hint = f"the reasons are in {skipped.name}" if skipped else ""
            many = "the one row was" if job.skipped == 1 else f"all {job.skipped} rows were"
            raise LoadError(f"{many} skipped, and nothing is written", hint=hint)
        put.finish()


def _workers(renderer: Renderer, jobs: int) -> AbstractContextManager[Workers | None]:
    if jobs == 1:
        return nullcontext()
    from aistudios_dsl.cli.row_workers import Workers

    return Workers(renderer, jobs)


def _skipped_path(output: Path) -> Path:
    path = output.absolute()
    return path.with_name(f"{path.name}.skipped.jsonl")


def _faults(outcome: Outcome, job: RowsJob) -> list[DslError]:
    """The faults that stop the build: unused columns, and the row's own fault unless faulty rows are skipped."""
    return [*filter(None, (outcome.unused, outcome.fault if job.renderer.stops else None))]


def _named_once(outcomes: Iterable[Outcome], names: dict[str, int]) -> Iterator[Outcome]:
    """Yield the outcomes, with a fault for a row whose file has the name of an earlier one; add to those `names`."""
    for outcome in outcomes:
        name = outcome.name
        if name in names:
            fault = TemplateError(f"the file name {name!r} is that of row {names[name]} too", "--name")
            outcome = evolve(outcome, fault=of_row(fault, outcome.number, outcome.values))
        elif name and not outcome.fault:
            names[name] = outcome.number
        yield outcome


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
    found_outcomes = (outcome for batch in _with_progress(job, keep=False) for outcome in batch.outcomes)
    for outcome in _named_once(found_outcomes, {}):
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


def _with_progress(job: RowsJob, *, keep: bool, file: Path | None = None) -> Iterator[Batch]:
    """What all rows give; on a terminal, with a bar that shows how much of the file is read."""
    rows = job.data.rows()
    job.edged = rows.edged
    if not sys.stderr.isatty():
        yield from job.batches(rows, keep=keep, file=file)
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    action, told = "writing" if keep else "checking", 0
    with progress_bar(*columns) as bar:
        task = bar.add_task(action, total=1.0)
        for batch in job.batches(rows, keep=keep, file=file):
            yield batch
            if rows.count >= told + _REFRESH:
                told = rows.count
                bar.update(task, completed=rows.share, description=f"{action}, {rows.count:,} rows")


# writing


@frozen
class _Destination:
    """Where payloads go: `lines` of many rows, or the file of one `row`; and what completes the output."""

    lines: Callable[[bytes], object]
    row: Callable[[Outcome], object]
    finish: Callable[[], object]
    file: AtomicFile | None = None


def _destination(
    output: Path | None, is_folder: bool, inputs: Iterable[Path], indent: int | None, stack: ExitStack
) -> _Destination:
    """Return what writes payloads on stdout, in a file, or in a folder of files."""
    if output is None:
        stdout, for_people = sys.stdout.buffer, sys.stdout.isatty()

        def print_lines(lines: bytes) -> None:
            stdout.write(printable(lines.decode()).encode() if for_people else lines)

        return _of_lines(print_lines, stdout.flush)
    if not is_folder:
        file = stack.enter_context(AtomicFile(output))
        return _of_lines(file.write, file.finish, file)
    folder = stack.enter_context(AtomicFolder(output, inputs))

    def write_file(outcome: Outcome) -> None:
        payload = outcome.payload
        if indent is not None:
            payload = canonical(json.loads(payload), indent).encode()
        folder.write(outcome.name, payload + b"\n")

    return _Destination(lambda lines: None, write_file, folder.finish)


def _of_lines(
    write: Callable[[bytes], object], finish: Callable[[], object], file: AtomicFile | None = None
) -> _Destination:
    return _Destination(write, lambda outcome: write(outcome.payload + b"\n"), finish, file)


def _write_rows(job: RowsJob, put: _Destination, skips: AtomicFile | None) -> None:
    names = dict[str, int]()
    file = put.file.opened() if put.file and job.workers else None
    for batch in _with_progress(job, keep=True, file=file):
        batch.write_lines(put.lines)
        job.written += batch.rendered
        job.slow += batch.slow
        for outcome in _named_once(batch.outcomes, names):
            for fault in _faults(outcome, job):
                raise fault
            if outcome.fault is None:
                put.row(outcome)
            else:
                job.written -= bool(outcome.payload)
                _skip(outcome, with_options(outcome.fault), job, skips)
                job.skipped += 1


def _skip(outcome: Outcome, fault: DslError, job: RowsJob, skips: AtomicFile | None) -> None:
    if skips is None:
        print_line(f"skipped: {fault}", err=True)
        return
    own = {key: value for key, value in outcome.values.items() if key not in job.renderer.constants}
    entry = {"row": outcome.number, "reason": f"{fault.path}: {fault.message}", "hint": fault.hint, "values": own}
    skips.write(json.dumps(entry, default=str).encode() + b"\n")
