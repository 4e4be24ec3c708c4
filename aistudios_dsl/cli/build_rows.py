"""One payload for each row: the loop behind `aistudios build --data`, which writes all or nothing."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from attrs import Factory, define, frozen

from aistudios_dsl.atomic_write import AtomicFile, AtomicFolder
from aistudios_dsl.cli.base import printable, say
from aistudios_dsl.errors import DslError, LoadError, TemplateError, did_you_mean, nearest
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.rows import Row, Rows, of_row, read_rows
from aistudios_dsl.wire.jsontext import canonical

if TYPE_CHECKING:
    from aistudios_dsl.project import Project

_SHOWN_FAULTS = 20
_REFRESH = 64


class Renderer(Protocol):
    """What renders rows: a plan. `slow_rows` counts those that it had to render the long way."""

    @property
    def slow_rows(self) -> int: ...

    def render_json(self, row: Mapping[str, Any], /) -> bytes: ...


class Converting:
    """A plan for a project whose speech must be rewritten, row by row, for another generation of the API."""

    def __init__(self, project: Project, api: Any) -> None:
        self._project = project
        self._api = api
        self.slow_rows: int = 0

    def render_json(self, row: Mapping[str, Any], /) -> bytes:
        """The payload of one row."""
        self.slow_rows += 1
        return self._project.render(row).to_json(api=self._api).encode()


@frozen
class Job:
    """What is to be done with each row.

    `inputs`: the script and the rows. `used`: with --strict, the names that the template uses. `name`: gives each row
    its file. `indent`: of the files.
    """

    inputs: tuple[Path, Path]
    plan: Renderer
    constants: Mapping[str, str]
    used: frozenset[str] | None
    name: FileNamer | None
    indent: int | None
    skip: bool


@frozen
class Outcome:
    """What became of one row: a payload and perhaps a file's name, or a fault; and the columns that nothing uses."""

    number: int
    values: Mapping[str, Any]
    payload: bytes = b""
    name: str = ""
    slow: bool = False
    fault: DslError | None = None
    unused: DslError | None = None


@define
class Tally:
    """What the summary at the end counts."""

    written: int = 0
    skipped: int = 0
    slow: int = 0
    started: float = Factory(time.perf_counter)


class Sink(Protocol):
    """Where payloads go."""

    def put(self, outcome: Outcome) -> None:
        """Take one payload."""

    def finish(self) -> None:
        """All are there: let them be seen."""


class _Lines(AtomicFile):
    def put(self, outcome: Outcome) -> None:
        self.write(outcome.payload)
        self.write(b"\n")


class _Files(AtomicFolder):
    def __init__(self, path: Path, inputs: Iterable[Path], indent: int | None) -> None:
        super().__init__(path, inputs)
        self._indent = indent

    def put(self, outcome: Outcome) -> None:
        payload = outcome.payload
        if self._indent is not None:
            payload = canonical(json.loads(payload), self._indent).encode()
        self.write(outcome.name, payload + b"\n")


class _Stdout:
    def __init__(self) -> None:
        self._file = sys.stdout.buffer
        self._seen = sys.stdout.isatty()

    def put(self, outcome: Outcome) -> None:
        line = printable(outcome.payload.decode()).encode() if self._seen else outcome.payload
        self._file.write(line + b"\n")

    def finish(self) -> None:
        self._file.flush()


def run(job: Job, output: Path | None, *, check: bool) -> Tally:
    """Render every row and write it; with `check`, render every row before the first is written."""
    tally = Tally()
    if check:
        _check(job)
    with _ended_by_signals(), _write_errors_told(output), ExitStack() as stack:
        skips = stack.enter_context(AtomicFile(skipped_path(output))) if output and job.skip else None
        sink = _sink(job, output, stack)
        for outcome in _watched(job, "writing"):
            if outcome.fault is None:
                sink.put(outcome)
                tally.written += 1
                tally.slow += outcome.slow
            else:
                _skip(outcome, job, skips)
                tally.skipped += 1
        if skips:
            skips.finish()
        if not tally.written:
            _refuse_nothing(tally, output)
        sink.finish()
    return tally


def skipped_path(output: Path) -> Path:
    """Where the rows that were skipped are listed, beside the output."""
    whole = output.absolute()
    return whole.with_name(f"{whole.name}.skipped.jsonl")


@frozen
class FileNamer:
    """Gives a row its file's name. Raises `TemplateError` where that is no name of one file inside the folder."""

    template: str
    templates: Templates

    def variables(self) -> set[str]:
        """The names that a row must have for it."""
        try:
            return set(self.templates.names(self.template))
        except DslError as fault:
            raise fault.under("--name") from None

    def __call__(self, row: Mapping[str, Any]) -> str:
        try:
            return _sound_name(self.templates.render(self.template, row))
        except DslError as fault:
            raise fault.under("--name") from None


def _sound_name(name: str) -> str:
    if not name.strip():
        raise TemplateError("the file name is empty")
    if name in (".", ".."):
        raise TemplateError(f"{name!r} is no file name")
    unfit = next((mark for mark in name if mark in "/\\" or mark < " "), None)
    if unfit:
        hint = f"one folder holds all files: {{{{ name|replace({unfit!r}, '-') }}}}"
        raise TemplateError(f"the file name {name!r} holds {unfit!r}, which is no part of a name", hint=hint)
    if len(name.encode()) > 240:
        raise TemplateError(f"the file name {name[:40]!r}… is {len(name.encode())} bytes long", hint="240 at most")
    return name


def _sink(job: Job, output: Path | None, stack: ExitStack) -> Sink:
    if output is None:
        return _Stdout()
    if job.name:
        return stack.enter_context(_Files(output, job.inputs, job.indent))
    return stack.enter_context(_Lines(output))


def _outcomes(job: Job, rows: Rows) -> Iterator[Outcome]:
    names: dict[str, int] = {}
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except LoadError:
            raise
        except DslError as fault:
            yield Outcome(rows.count, rows.unread, fault=fault)
        else:
            yield _outcome(job, rows.count, row, names)


def _outcome(job: Job, number: int, row: Row, names: dict[str, int]) -> Outcome:
    values = Row({**row, **job.constants}, row.place) if job.constants else row
    unused = None
    if job.used is not None and not values.keys() <= job.used:
        unused = of_row(_unused(values, job.used), number, row)
    try:
        name = job.name(values) if job.name else ""
        if name in names:
            raise TemplateError(f"the file name {name!r} is that of row {names[name]} too", "--name")
        slow_before = job.plan.slow_rows
        payload = job.plan.render_json(values)
    except DslError as fault:
        return Outcome(number, values, fault=of_row(fault, number, row), unused=unused)
    if name:
        names[name] = number
    return Outcome(number, values, payload, name, job.plan.slow_rows > slow_before, unused=unused)


def _unused(values: Iterable[str], used: frozenset[str]) -> LoadError:
    unused = [name for name in values if name not in used]
    shown = f"{'columns' if len(unused) > 1 else 'column'} {', '.join(map(repr, unused))}"
    near = next((name for name in unused if nearest(name, used)), None)
    hint = did_you_mean(near, sorted(used)) if near else "take it out, or leave --strict out"
    return LoadError(f"{shown}: used by no field of the template", hint=hint)


def _watched(job: Job, doing: str) -> Iterator[Outcome]:
    """The outcomes; on a terminal with a bar that shows how much of the rows is read."""
    rows = read_rows(job.inputs[1])
    outcomes = _outcomes(job, rows)
    shown = _with_bar(outcomes, rows, doing) if sys.stderr.isatty() else outcomes
    for outcome in shown:
        if doing == "writing":
            for fault in _faults(outcome, job):
                raise fault
        yield outcome


def _with_bar(outcomes: Iterator[Outcome], rows: Rows, doing: str) -> Iterator[Outcome]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(doing, total=1.0)
        for outcome in outcomes:
            yield outcome
            if rows.count % _REFRESH == 0:
                progress.update(task, completed=rows.share, description=f"{doing}, {rows.count:,} rows")


def _check(job: Job) -> None:
    faults: list[DslError] = []
    count, said = 0, set[str]()
    for outcome in _watched(job, "checking"):
        # Columns that nothing uses are the table's: said once, not in every row.
        found = [fault for fault in _faults(outcome, job) if fault is outcome.fault or fault.message not in said]
        said.update(fault.message for fault in found if fault is outcome.unused)
        count += bool(found)
        faults += found[: _SHOWN_FAULTS - len(faults)]
    if count == len(faults) == 1:
        raise faults[0]
    if count:
        first = f"; the first {_SHOWN_FAULTS}" if count > _SHOWN_FAULTS else ""
        many = "1 row is" if count == 1 else f"{count} rows are"
        raise LoadError(f"{many} faulty, and nothing is written{first}", problems=tuple(faults))


def _faults(outcome: Outcome, job: Job) -> Iterator[DslError]:
    """What stops the build; a faulty row does not where rows may be skipped."""
    if outcome.unused:
        yield outcome.unused
    if outcome.fault and not job.skip:
        yield outcome.fault


def _skip(outcome: Outcome, job: Job, skips: AtomicFile | None) -> None:
    fault = outcome.fault
    assert fault is not None
    if skips is None:
        say(f"skipped: {fault}", err=True)
        return
    own = {key: value for key, value in outcome.values.items() if key not in job.constants}
    entry = {"row": outcome.number, "reason": f"{fault.path}: {fault.message}", "hint": fault.hint, "values": own}
    skips.write(json.dumps(entry, default=str).encode() + b"\n")


def _refuse_nothing(tally: Tally, output: Path | None) -> NoReturn:
    hint = f"the reasons are in {skipped_path(output).name}" if output else ""
    many = "the one row was" if tally.skipped == 1 else f"all {tally.skipped} rows were"
    raise LoadError(f"{many} skipped, and nothing is written", hint=hint)


@contextmanager
def _write_errors_told(output: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        if output is None:
            raise
        hint = "is its folder there, and may you write to it?"
        raise DslError(f"cannot write {output}: {fault.strerror}", hint=hint) from None


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP end the process as Ctrl-C does, so that unfinished files are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
    # What is ignored stays so: nohup lets a build outlive its terminal.
    before = {end: found for end in ends if (found := signal.getsignal(end)) is not signal.SIG_IGN}
    for end in before:
        signal.signal(end, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        for end, found in before.items():
            signal.signal(end, found)
