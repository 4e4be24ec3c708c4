"""One run of an outbox: send queued rows, follow the renderings, save finished videos."""

from __future__ import annotations

import heapq
import itertools
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Literal, Protocol

from attrs import define, evolve, field, frozen

from aistudios_dsl.errors import ApiError, BuildError, DslError, SubmissionUnknown
from aistudios_dsl.service.file_names import FileNames
from aistudios_dsl.service.flow import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Job,
    Payload,
    PreparedPayload,
    Progress,
    is_project_id,
)
from aistudios_dsl.service.journal import Journal, Row
from aistudios_dsl.service.response_status import shown

MAX_FAILURES = 5
"""After this many failed creates, or failed renders, in a row, nothing more is sent."""
_RETRY_CREATE = (0, 401, 429)
"""Statuses of a create that was not made and may succeed later; 0 is an unreachable service."""
NEW_PROJECT_GRACE = 60.0
"""Seconds for which the service may not know a project that it just made."""
_ROW_CODES = ("file-exists", "not-a-file")
_CREATES_FAILED = "creates were refused or had no clear answer"
_STOP_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Sender(Protocol):
    """What the outbox needs of a client; `Client` has it."""

    @property
    def base_url(self) -> str: ...
    def create(self, project: Payload, *, export: bool) -> Job: ...
    def progress(self, id: str) -> Progress: ...
    def download(self, job: str, path: Path, *, overwrite: bool = False) -> Path: ...
    def get(self, id: str) -> dict[str, Any]: ...
    def list(self) -> tuple[dict[str, Any], ...]: ...


@frozen
class RunSummary:
    """How a run ended.

    Attributes:
        counts: The number of rows in each state.
        stopped: Why the run stopped early, or "".
    """

    counts: Mapping[str, int]
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """Whether every row is done or downloaded."""
        return not self.stopped and not set(self.counts) - {"done", "downloaded"}


_Kind = Literal["create", "progress", "download"]


@frozen(order=True)
class _Task:
    """One request for a row. `due`, `until` and the like are `time.monotonic` seconds."""

    due: float
    turn: int
    kind: _Kind = field(eq=False)
    row: Row = field(eq=False)
    pause: float = field(factory=lambda: FIRST_PAUSE, eq=False)
    until: float = field(default=float("inf"), eq=False)
    missing_until: float = field(default=float("inf"), eq=False)
    started: float = field(default=0.0, eq=False)
    payload: PreparedPayload | None = field(default=None, eq=False)


@define
class Run:
    """One run. Only this thread decides and writes the journal; only the workers wait for the service."""

    journal: Journal
    client: Sender
    export: bool
    concurrency: int
    gap: float
    max_renders: int | None
    max_minutes: float | None
    files: FileNames | None
    """Where videos are saved; None: they are not."""
    timeout: float
    on_change: Callable[[Row], object] | None
    waiting: list[_Task] = field(factory=list)
    in_flight: int = 0
    not_before: float = 0.0
    outage_until: float = 0.0
    hold: str = ""
    """Why nothing more is sent, while renderings are still followed."""
    stopped: str = ""
    errors: list[Exception] = field(factory=list)
    failures: Counter[str] = field(factory=Counter)
    """Failures in a row, of each kind."""
    known_ids: dict[str, str] = field(factory=dict)
    renders: int = 0
    seconds: float = 0.0
    """Renders that were, or may have been, requested in all runs, and their seconds of speech: counted once."""
    turns: Iterator[int] = field(factory=itertools.count)
    orders: SimpleQueue[_Task | None] = field(factory=SimpleQueue)
    results: SimpleQueue[tuple[_Task, Any] | None] = field(factory=SimpleQueue)

    def run(self) -> RunSummary:
        """Work until there is nothing left to do or to wait for."""
        self.journal.verify_payloads()
        self.renders, self.seconds = self.journal.renders(), self.journal.seconds()
        for row in self.journal.select("true"):
            if row.project_id:
                self.known_ids[row.project_id] = row.key
            self.plan_row(row)
        for _ in range(self.concurrency):
            threading.Thread(target=self.work, daemon=True).start()
        try:
            while self.in_flight or (self.waiting and not self.stopped):
                self.advance()
        finally:
            for _ in range(self.concurrency):
                self.orders.put(None)
        if self.errors:
            raise _combined(self.errors)
        counts = self.journal.counts()
        hold = self.hold if "queued" in counts else ""
        unsaved = counts.get("done", 0) if self.files and self.export else 0
        return RunSummary(counts, self.stopped or hold or (f"{unsaved} videos could not be saved" if unsaved else ""))

    def advance(self) -> None:
        """Start what is due and take a result. After an error nothing more is sent; results are still written."""
        try:
            self.dispatch()
            if result := self.next_result():
                self.in_flight -= 1
                self.take(*result)
        except Exception as error:
            self.errors.append(error)
            self.stopped, self.on_change = _note(error), None

    def interrupt(self) -> None:
        """Start nothing more."""
        self.stopped = "interrupted; what was in flight is finished, and another run continues from here"
        self.results.put(None)

    # what to do

    def plan_row(self, row: Row) -> None:
        """Plan the next request for a row, according to its state. Earlier versions of a key are only followed."""
        until = time.monotonic() + self.timeout
        if row.state == "queued" and row.current:
            self.plan("create", row)
        elif row.state in ("submitted", "rendering"):
            self.plan("progress", row, until=until)
        elif row.state == "unknown" and row.project_id:
            # A progress request is free, and the project may be there by now.
            self.plan("progress", row, until=until, missing_until=0.0)
        elif row.state == "done" and row.current and self.files and self.export:
            self.plan("download", row)

    def plan(self, kind: _Kind, row: Row, wait: float = 0.0, **more: Any) -> None:
        """Plan a request in so many seconds."""
        heapq.heappush(self.waiting, _Task(time.monotonic() + wait, next(self.turns), kind, row, **more))

    def poll_again(self, task: _Task, row: Row, **more: float) -> None:
        """Ask for the progress again after a longer pause."""
        self.plan("progress", row, task.pause, pause=min(task.pause * 1.5, LONGEST_PAUSE), until=task.until, **more)

    def dispatch(self) -> None:
        """Hand due tasks to the workers, as far as concurrency and rate allow."""
        while self.waiting and not self.stopped and self.in_flight < self.concurrency and self.delay() <= 0:
            task = evolve(heapq.heappop(self.waiting), started=time.monotonic())
            if task.kind == "create":
                if not self.may_send(task.row):
                    continue
                payload = PreparedPayload(self.journal.payload(task.row.number), task.row.name)
                task = evolve(task, row=self.journal.claim(task.row), payload=payload)
                self.count_render(task.row, 1)
            elif task.kind == "download" and self.files:
                reserved = self.reserve(task.row)
                if reserved is None:
                    continue
                task = evolve(task, row=reserved)
            self.not_before = max(self.not_before, time.monotonic()) + self.gap
            self.in_flight += 1
            self.orders.put(task)
            if task.kind == "create":
                self.report(task.row)

    def delay(self) -> float:
        """Return the seconds until the next task may start."""
        return max(self.waiting[0].due, self.not_before) - time.monotonic()

    def may_send(self, row: Row) -> bool:
        """Return whether a row may be sent: nothing holds it back, and the budget is not spent."""
        if self.export and not self.hold:
            minutes = (self.seconds + (row.seconds or 0.0)) / 60
            if self.max_renders is not None and not self.renders < self.max_renders:
                self.hold = f"the budget of {self.max_renders} renders is spent"
            elif self.max_minutes is not None and not minutes <= self.max_minutes:
                self.hold = f"the budget of {self.max_minutes:g} minutes of speech is spent"
        return not self.hold

    def count_render(self, row: Row, number: int) -> None:
        """Count a render that may be requested, or (-1) one that surely was not."""
        self.renders += number
        self.seconds += number * (row.seconds or 0.0)

    def reserve(self, row: Row) -> Row | None:
        """Return a row with the file that its video is to become; None, with a note, if that is not possible."""
        assert self.files
        try:
            return self.files.reserve(self.journal, row)
        except DslError as error:
            if error.code not in _ROW_CODES:
                raise
            self.change(row, note=_note(error))
            return None

    def next_result(self) -> tuple[_Task, Any] | None:
        """Return the next result, or None if a task is due or there is nothing to wait for."""
        if not self.in_flight and not self.waiting:
            return None
        free = self.waiting and not self.stopped and self.in_flight < self.concurrency
        try:
            return self.results.get(timeout=max(0.0, self.delay()) if free else None)
        except Empty:
            return None

    # workers

    def work(self) -> None:
        """Do tasks, as one worker, until None comes."""
        while task := self.orders.get():
            try:
                self.results.put((task, self.request(task)))
            except BaseException as error:
                self.results.put((task, error))

    def request(self, task: _Task) -> Job | Progress | Path:
        """Do the one request of a task."""
        if task.payload is not None:
            return self.client.create(task.payload, export=self.export)
        if task.kind == "progress":
            return self.client.progress(task.row.project_id)
        assert self.files
        return self.files.save(self.client, task.row)

    # results

    def take(self, task: _Task, outcome: object) -> None:
        """Write what came of a task, and plan what follows."""
        if isinstance(outcome, BaseException):
            self.failed(task, outcome)
        elif isinstance(outcome, Job):
            self.created(task.row, outcome)
        elif isinstance(outcome, Progress):
            self.progressed(task, outcome)
        else:
            self.change(task.row, state="downloaded", file=str(outcome))

    def created(self, row: Row, job: Job) -> None:
        problem = "" if is_project_id(job.id) else f"{shown(repr(job.id))[:100]}, which is not a project id"
        if not problem and job.id in self.known_ids:
            problem = f"{job.id}, which is row {self.known_ids[job.id]}"
        if problem:
            self.change(row, state="unknown", note=f"the service called it {problem}")
            self.count_failure("create", _CREATES_FAILED)
            return
        self.known_ids[job.id] = row.key
        self.failures["create"] = self.failures["outage"] = 0
        try:
            state, sent = "submitted" if self.export else "done", datetime.now(UTC).isoformat(timespec="seconds")
            row = self.change(row, state=state, project_id=job.id, note="", sent=sent)
        except DslError as error:
            message = f"row {row.key} was sent as {job.id}, but {error.message}"
            raise DslError(message, error.path, error.hint, error.code) from None
        if self.export:
            self.plan("progress", row, FIRST_PAUSE, until=time.monotonic() + self.timeout)

    def progressed(self, task: _Task, seen: Progress) -> None:
        row, self.failures["outage"] = task.row, 0
        if seen.failed:
            self.change(row, state="failed", percent=seen.percent, note=f"the service says {seen.state!r}")
            self.count_failure("render", "renders failed")
        elif seen.done:
            self.failures["render"] = 0
            self.plan_row(self.change(row, state="done", percent=100.0, note=""))
        else:
            if (row.state, row.percent) != ("rendering", seen.percent):
                row = self.change(row, state="rendering", percent=seen.percent, note="")
            if time.monotonic() + task.pause > task.until:
                self.change(row, note=f"not done after {self.timeout:g} s; another run asks again")
            else:
                self.poll_again(task, row)

    def failed(self, task: _Task, error: BaseException) -> None:
        row = task.row
        if task.kind == "create":
            self.create_failed(task, error)
        elif isinstance(error, BuildError) or (isinstance(error, DslError) and error.code in _ROW_CODES):
            # The id cannot be asked for, or another file has the video's name, which concerns this row only.
            self.change(row, state="unknown" if task.kind == "progress" else row.state, note=_note(error))
        elif not isinstance(error, ApiError):
            self.stopped = _note(error)
        elif error.status != 404:
            self.outage(task, error)
        elif task.kind == "progress":
            self.missing(task, error)
        else:
            self.change(row, note=_note(error))
        if not isinstance(error, DslError):
            raise error

    def missing(self, task: _Task, error: ApiError) -> None:
        """Handle a project that the service does not know yet, or any more: ask for a while, and keep the id."""
        now = time.monotonic()
        until = min(task.missing_until, now + NEW_PROJECT_GRACE)
        if now + task.pause <= min(until, task.until):
            self.poll_again(task, task.row, missing_until=until)
            return
        note = f"the service called it {task.row.project_id}, and does not know it now: {_note(error)}"
        if (task.row.state, task.row.note) != ("unknown", note):
            self.change(task.row, state="unknown", note=note)

    def create_failed(self, task: _Task, error: BaseException) -> None:
        known = isinstance(error, DslError) and not isinstance(error, SubmissionUnknown)
        if known and isinstance(error, ApiError) and (error.status in _RETRY_CREATE or error.code == "key-refused"):
            self.outage(task, error)
            return
        self.change(task.row, state="failed" if known else "unknown", note=_note(error))
        self.count_render(task.row, -known)
        self.count_failure("create", _CREATES_FAILED)

    def outage(self, task: _Task, error: ApiError) -> None:
        """Leave the row as it was and try again later: the service is unreachable, busy, or refuses the key."""
        row = task.row
        if task.kind == "create":
            row = self.change(row, state="queued", note=_note(error))
            self.count_render(row, -1)
        if task.started >= self.outage_until:
            # Tasks that were in flight when it began do not count again.
            self.failures["outage"] += 1
        if error.code == "key-refused" or error.status == 401 or self.failures["outage"] >= MAX_FAILURES:
            self.stopped = _note(error)
        wait = min(2.0 ** self.failures["outage"], LONGEST_PAUSE)
        self.outage_until = self.not_before = max(self.not_before, time.monotonic() + wait)
        self.plan(task.kind, row, wait, pause=task.pause, until=task.until, missing_until=task.missing_until)

    def count_failure(self, kind: str, words: str) -> None:
        self.failures[kind] += 1
        if self.failures[kind] >= MAX_FAILURES:
            self.hold = f"{MAX_FAILURES} {words}, one after the other: nothing more is sent"

    def change(self, row: Row, **columns: Any) -> Row:
        """Write a row's new state, then report it."""
        if "note" in columns:
            columns["note"] = shown(columns["note"])
        found = self.journal.change(row, **columns)
        self.report(found)
        return found

    def report(self, row: Row) -> None:
        if self.on_change:
            self.on_change(row)


def _note(error: BaseException) -> str:
    return shown(error.message) if isinstance(error, DslError) else type(error).__name__


def _combined(errors: list[Exception]) -> Exception:
    """Return the first error, with the others as notes and in its message."""
    first, *others = errors
    for other in others:
        first.add_note(str(other))
    if isinstance(first, DslError) and others:
        first.message = "; ".join([first.message, *map(_note, others)])
    return first


@contextmanager
def stop_on_signal(stop: Callable[[], None]) -> Generator[None]:
    """Call `stop` on the first Ctrl-C, SIGTERM or hang-up; the second has its usual effect. `nohup` keeps working."""
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may set handlers.
        yield
        return
    before = {number: signal.getsignal(number) for number in _STOP_SIGNALS}
    before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def first(number: int, frame: object) -> None:
        restore()
        stop()

    try:
        for number in before:
            signal.signal(number, first)
        yield
    finally:
        restore()
