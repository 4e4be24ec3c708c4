"""One run of an outbox: what is queued is sent, what renders is followed, what is done is saved."""

from __future__ import annotations

import heapq
import itertools
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Literal, Protocol

from attrs import define, evolve, field, frozen

from aistudios_dsl.errors import ApiError, BuildError, DslError, SubmissionUnknown
from aistudios_dsl.service.download import safe_name
from aistudios_dsl.service.flow import FIRST_PAUSE, LONGEST_PAUSE, Job, Payload, Progress
from aistudios_dsl.service.journal import Journal, Row
from aistudios_dsl.service.response_status import shown

IN_A_ROW = 5
"""After so many creates, or renders, that go wrong one after the other, nothing more is sent."""
_NOT_ABOUT_THE_ROW = (0, 401, 429)
"""Statuses of a create that was not made, and may be made later; 0 is a service out of reach."""
PATIENCE = 60.0
"""Seconds for which a project that was just made may be unknown to the service."""


class Sender(Protocol):
    """What the outbox asks of a client; `Client` has it."""

    @property
    def base_url(self) -> str:
        """The service's address."""
        ...

    def create(self, project: Payload, *, export: bool) -> Job:
        """Post a project."""
        ...

    def progress(self, id: str) -> Progress:
        """How far a rendering is."""
        ...

    def download(self, job: str, path: Path) -> Path:
        """Save a video."""
        ...

    def list(self) -> tuple[dict[str, Any], ...]:
        """The exported projects."""
        ...


@frozen
class Summary:
    """How a run ended: rows in each state, and why it stopped before the end, if it did."""

    counts: Mapping[str, int]
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """Whether every row is done, or downloaded."""
        return not self.stopped and not set(self.counts) - {"done", "downloaded"}


Step = Literal["create", "look", "fetch"]


@frozen(order=True)
class _Task:
    due: float
    turn: int
    step: Step = field(eq=False)
    row: Row = field(eq=False)
    pause: float = field(factory=lambda: FIRST_PAUSE, eq=False)
    until: float = field(default=float("inf"), eq=False)
    handed: float = field(default=0.0, eq=False)
    missing_until: float = field(default=float("inf"), eq=False)


@define
class Run:
    """One run: this thread alone decides and writes, workers alone wait for the service."""

    journal: Journal
    client: Sender
    export: bool
    concurrency: int
    gap: float
    max_renders: int | None
    folder: Path | None
    timeout: float
    on_change: Callable[[Row], object] | None
    waiting: list[_Task] = field(factory=list)
    flying: int = 0
    not_before: float = 0.0
    quiet_until: float = 0.0
    held: str = ""
    stopped: str = ""
    faults: list[Exception] = field(factory=list)
    bad: Counter[str] = field(factory=Counter)
    made: dict[str, str] = field(factory=dict)
    turns: Iterator[int] = field(factory=itertools.count)
    orders: SimpleQueue[tuple[_Task, str] | None] = field(factory=SimpleQueue)
    results: SimpleQueue[tuple[_Task, Any] | None] = field(factory=SimpleQueue)

    def go(self) -> Summary:
        """Work until nothing is left to do, or to wait for."""
        self.journal.judge()
        for row in self.journal.rows():
            self.made |= {row.project_id: row.key} if row.project_id else {}
            self.plan_row(row)
        for _ in range(self.concurrency):
            threading.Thread(target=self.work, daemon=True).start()
        try:
            while self.flying or (self.waiting and not self.stopped):
                self.go_on()
        finally:
            for _ in range(self.concurrency):
                self.orders.put(None)
        if self.faults:
            raise _one_of(self.faults)
        counts = self.journal.counts()
        held = self.held if "queued" in counts else ""
        unsaved = counts.get("done", 0) if self.folder and self.export else 0
        return Summary(counts, self.stopped or held or (f"{unsaved} videos could not be saved" if unsaved else ""))

    def go_on(self) -> None:
        """Hand out what is due and take an answer. After a fault nothing more is sent; answers are still written."""
        try:
            self.dispatch()
            self.settle(self.next_result())
        except Exception as fault:
            self.faults.append(fault)
            self.stopped, self.on_change = _note(fault), None

    def interrupt(self) -> None:
        """Begin nothing more."""
        self.stopped = "interrupted; what was in flight is finished, and another run goes on from here"
        self.results.put(None)

    # what to do

    def plan_row(self, row: Row) -> None:
        """Plan what is next for a row as the journal has it."""
        if row.state == "queued":
            self.plan("create", row)
        elif row.state in ("submitted", "rendering"):
            self.plan("look", row, until=time.monotonic() + self.timeout)
        elif row.state == "unknown" and row.project_id:
            # To look is free: it may have turned up.
            self.plan("look", row, until=time.monotonic() + self.timeout, missing_until=0.0)
        elif row.state == "done" and self.folder and self.export:
            self.plan("fetch", row)

    def plan(self, step: Step, row: Row, wait: float = 0.0, **more: float) -> None:
        """Put a task in line, to be done in so many seconds."""
        heapq.heappush(self.waiting, _Task(time.monotonic() + wait, next(self.turns), step, row, **more))

    def dispatch(self) -> None:
        """Hand out what is due, as far as hands and the rate allow."""
        while self.waiting and not self.stopped and self.flying < self.concurrency and self.delay() <= 0:
            task = evolve(heapq.heappop(self.waiting), handed=time.monotonic())
            payload = ""
            if task.step == "create":
                if not self.may_send():
                    continue
                payload = self.journal.payload(task.row)
                task = evolve(task, row=self.journal.claim(task.row))
            self.not_before = max(self.not_before, time.monotonic()) + self.gap
            self.flying += 1
            self.orders.put((task, payload))
            if task.step == "create":
                self.tell(task.row)

    def delay(self) -> float:
        """Seconds until the next task may be handed out."""
        return max(self.waiting[0].due, self.not_before) - time.monotonic()

    def may_send(self) -> bool:
        """Whether one more create is wanted: nothing speaks against it, and the budget is not spent."""
        if self.held:
            return False
        if self.export and self.max_renders is not None and self.journal.renders() >= self.max_renders:
            self.held = f"the budget of {self.max_renders} renders is spent"
        return not self.held

    def next_result(self) -> tuple[_Task, Any] | None:
        """The next answer, or None when it is time to hand out more, or when there is nothing to wait for."""
        if not self.flying and not self.waiting:
            return None
        free = self.waiting and not self.stopped and self.flying < self.concurrency
        try:
            return self.results.get(timeout=max(0.0, self.delay()) if free else None)
        except Empty:
            return None

    # workers

    def work(self) -> None:
        """One worker: do what is ordered until told to end."""
        while order := self.orders.get():
            try:
                self.results.put((order[0], self.ask(*order)))
            except BaseException as fault:
                self.results.put((order[0], fault))

    def ask(self, task: _Task, payload: str) -> Job | Progress | Path:
        """The one request of a task."""
        if task.step == "create":
            return self.client.create(payload, export=self.export)
        if task.step == "look":
            return self.client.progress(task.row.project_id)
        assert self.folder
        return _fetched(self.client, task.row, self.folder)

    # answers

    def settle(self, result: tuple[_Task, Any] | None) -> None:
        """Write down what came of a task, and plan what follows."""
        if result is None:
            return
        task, outcome = result
        self.flying -= 1
        if isinstance(outcome, BaseException):
            self.went_wrong(task, outcome)
        elif isinstance(outcome, Job):
            self.created(task.row, outcome)
        elif isinstance(outcome, Progress):
            self.looked(task, outcome)
        else:
            self.change(task.row, state="downloaded", file=str(outcome))

    def created(self, row: Row, job: Job) -> None:
        odd = "" if is_project_id(job.id) else f"{shown(repr(job.id))[:100]}, which is no project id"
        if odd or job.id in self.made:
            words = odd or f"{job.id}, which is row {self.made[job.id]}"
            self.change(row, state="unknown", note=f"the service called it {words}")
            self.wrong_again("create", "creates were refused, or had no clear answer")
            return
        self.made[job.id] = row.key
        self.bad["create"] = self.bad["trouble"] = 0
        try:
            row = self.change(row, state="submitted" if self.export else "done", project_id=job.id, note="")
        except DslError as fault:
            raise DslError(f"row {row.key} was sent as {job.id}, but {fault.message}", fault.path, fault.hint) from None
        if self.export:
            self.plan("look", row, FIRST_PAUSE, until=time.monotonic() + self.timeout)

    def looked(self, task: _Task, seen: Progress) -> None:
        self.bad["trouble"] = 0
        if seen.failed:
            self.change(task.row, state="failed", percent=seen.percent, note=f"the service says {seen.state!r}")
            self.wrong_again("render", "renders failed")
        elif seen.done:
            self.bad["render"] = 0
            self.plan_row(self.change(task.row, state="done", percent=100.0, note=""))
        else:
            row = task.row
            if (row.state, row.percent) != ("rendering", seen.percent):
                row = self.change(row, state="rendering", percent=seen.percent, note="")
            self.look_again(task, row)

    def look_again(self, task: _Task, row: Row) -> None:
        if time.monotonic() + task.pause > task.until:
            self.change(row, note=f"not done after {self.timeout:g} s; another run looks again")
            return
        pause = min(task.pause * 1.5, LONGEST_PAUSE)
        self.plan("look", row, task.pause, pause=pause, until=task.until)

    def went_wrong(self, task: _Task, fault: BaseException) -> None:
        if task.step == "create":
            self.create_went_wrong(task, fault)
        elif isinstance(fault, BuildError):
            # Its id cannot be asked for: that is this row's trouble, and no other's.
            self.change(task.row, state="unknown" if task.step == "look" else task.row.state, note=_note(fault))
        elif not isinstance(fault, ApiError):
            self.stopped = _note(fault)
        elif fault.status != 404:
            self.trouble(task, fault)
        elif task.step == "look":
            self.missing(task, fault)
        else:
            self.change(task.row, note=_note(fault))
        if not isinstance(fault, DslError):
            raise fault

    def missing(self, task: _Task, fault: ApiError) -> None:
        """The service does not know a project: it may be a moment behind, so look again for a while; keep the id."""
        now = time.monotonic()
        until = min(task.missing_until, now + PATIENCE)
        if now + task.pause <= min(until, task.until):
            pause = min(task.pause * 1.5, LONGEST_PAUSE)
            self.plan("look", task.row, task.pause, pause=pause, until=task.until, missing_until=until)
            return
        note = f"the service called it {task.row.project_id}, and does not know it now: {_note(fault)}"
        if (task.row.state, task.row.note) != ("unknown", note):
            self.change(task.row, state="unknown", note=note)

    def create_went_wrong(self, task: _Task, fault: BaseException) -> None:
        known = isinstance(fault, DslError) and not isinstance(fault, SubmissionUnknown)
        if (
            known
            and isinstance(fault, ApiError)
            and (fault.status in _NOT_ABOUT_THE_ROW or fault.code == "key-refused")
        ):
            self.trouble(task, fault)
            return
        self.change(task.row, state="failed" if known else "unknown", note=_note(fault))
        self.wrong_again("create", "creates were refused, or had no clear answer")

    def trouble(self, task: _Task, fault: ApiError) -> None:
        """The service is out of reach, busy, or refuses the key: leave the row as it was, and come back later."""
        row = self.change(task.row, state="queued", note=_note(fault)) if task.step == "create" else task.row
        if task.handed >= self.quiet_until:
            # What was in flight already met the same trouble.
            self.bad["trouble"] += 1
        if fault.code == "key-refused" or fault.status == 401 or self.bad["trouble"] >= IN_A_ROW:
            self.stopped = _note(fault)
        wait = min(2.0 ** self.bad["trouble"], LONGEST_PAUSE)
        self.quiet_until = self.not_before = max(self.not_before, time.monotonic() + wait)
        self.plan(task.step, row, wait, pause=task.pause, until=task.until, missing_until=task.missing_until)

    def wrong_again(self, kind: str, words: str) -> None:
        self.bad[kind] += 1
        if self.bad[kind] >= IN_A_ROW:
            self.held = f"{IN_A_ROW} {words}, one after the other: nothing more is sent"

    def change(self, row: Row, **columns: Any) -> Row:
        """Write a row's new state, then tell of it."""
        if "note" in columns:
            columns["note"] = shown(columns["note"])
        found = self.journal.change(row, **columns)
        self.tell(found)
        return found

    def tell(self, row: Row) -> None:
        """Tell whoever wants to know that a row has changed."""
        if self.on_change:
            self.on_change(row)


def _fetched(client: Sender, row: Row, folder: Path) -> Path:
    """The row's video in the folder. Its name holds the project's id, so one that is there is this one, and whole."""
    target = folder / f"{safe_name(row.key, 'row')[:60]}-{safe_name(row.project_id, 'video')}.mp4"
    if not target.exists():
        return client.download(row.project_id, target)
    target.with_name(f".{target.name}.part").unlink(missing_ok=True)
    return target


def is_project_id(found: object) -> bool:
    """Whether this can be asked for as a project: an id that cannot would hold up every run to come."""
    good = isinstance(found, str) and found.isprintable() and re.fullmatch(r"(?!\.+$)[^\s/\\?#]{1,200}", found)
    return bool(good)


def _note(fault: BaseException) -> str:
    return shown(fault.message) if isinstance(fault, DslError) else type(fault).__name__


def _one_of(faults: list[Exception]) -> Exception:
    """The first fault, with what the others say of it."""
    first, *others = faults
    for other in others:
        first.add_note(str(other))
    if isinstance(first, DslError) and others:
        first.message = "; ".join([first.message, *map(_note, others)])
    return first


@contextmanager
def ctrl_c(stop: Callable[[], None]) -> Generator[None]:
    """The first Ctrl-C or SIGTERM calls `stop`, the second one does what it always did."""
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread may set handlers.
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def first(number: int, frame: object) -> None:
        for each, handler in before.items():
            signal.signal(each, handler)
        stop()

    try:
        for number in before:
            signal.signal(number, first)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
