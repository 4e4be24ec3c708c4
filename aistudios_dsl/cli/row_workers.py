"""Rows rendered in several processes, whose lines end up in the order of the rows."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import cycle
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from attrs import Factory, define, evolve, field

from aistudios_dsl.cli.row_batches import Batch, Item, Renderer, batches
from aistudios_dsl.errors import DslError
from aistudios_dsl.templates.rows import Rows

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    Link: TypeAlias = Connection[Any, Any]

_ROWS = 128
"""How many rows a process gets at once; sending them costs little beside rendering them."""


@define
class Workers:
    """Processes that render rows in turn, each with the same plan, and write their lines to their place in a file.

    A process that is forked has the plan already; elsewhere it is sent, and compiled again. Each has one batch at a
    time, so that neither side waits for the other to read what it sends.
    """

    renderer: Renderer
    jobs: int
    start_method: str = Factory(lambda: _start_method())
    _links: list[Link] = field(init=False, factory=list)
    _processes: list[BaseProcess] = field(init=False, factory=list)

    def __enter__(self) -> Self:
        context: Any = multiprocessing.get_context(self.start_method)
        for _ in range(self.jobs):
            link, far = context.Pipe()
            process = context.Process(target=_work, args=(far, self.renderer), daemon=True)
            try:
                process.start()
            except (AttributeError, TypeError, pickle.PicklingError) as fault:
                hint = "move the filters of the script into a module that it imports, or leave --jobs out"
                raise DslError(f"the template cannot be sent to another process: {fault}", hint=hint) from None
            far.close()
            self._links.append(link)
            self._processes.append(process)
        return self

    def __exit__(self, *_: object) -> None:
        for link, process in zip(self._links, self._processes, strict=True):
            link.close()
            process.terminate()
            process.join()

    def batches(self, rows: Rows, *, keep: bool, file: Path | None = None) -> Iterator[Batch]:
        """Yield what rows give; their lines are written to `file`. Raise `DslError` if a process ends untimely."""
        try:
            yield from self._in_order(batches(rows, _ROWS), keep, file)
        except (EOFError, ConnectionError):
            message = "a process that renders rows ended untimely, and nothing is written"
            raise DslError(message, hint="did memory run out? give fewer --jobs", code="worker-died") from None

    def _in_order(self, found: Iterable[tuple[int, list[Item]]], keep: bool, file: Path | None) -> Iterator[Batch]:
        waiting: deque[Link] = deque()
        turns, place = cycle(self._links), 0

        def answer() -> Batch:
            nonlocal place
            link = waiting.popleft()
            batch: Batch = _received(link)
            link.send(place)
            place += batch.size
            return batch

        try:
            for first, items in found:
                task = pickle.dumps((first, items, keep, file))
                batch = answer() if len(waiting) == self.jobs else None
                link = next(turns)
                link.send_bytes(task)
                waiting.append(link)
                if batch:
                    yield batch
        except DslError:
            yield from (answer() for _ in range(len(waiting)))
            raise
        yield from (answer() for _ in range(len(waiting)))
        self._await_writing()

    def _await_writing(self) -> None:
        for link in self._links:
            link.send(None)
        for link in self._links:
            _received(link)


def _start_method() -> str:
    """Return how processes are started: forked where that is safe, so that each has the very template of this one."""
    safe = sys.platform == "linux" and threading.active_count() == 1
    return "fork" if safe else "spawn"


def _received(link: Link) -> Any:
    """Return what a worker answers. Raise the `OSError` that kept it from writing."""
    answer = link.recv()
    if isinstance(answer, OSError):
        raise answer
    return answer


def _work(link: Link, renderer: Renderer) -> None:
    """Render batches, one after the other, until the other side is gone."""
    # Ctrl-C is for the process that reads the rows. If that is killed, so is this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()  # collecting what was inherited would copy it
    unwritten: OSError | None = None
    with suppress(EOFError, ConnectionError):
        while True:
            task = link.recv()
            if unwritten or task is None:
                link.send(unwritten)
                continue
            first, items, keep, file = task
            batch = renderer.batch(first, items, keep=keep)
            link.send(evolve(batch, lines=[]) if file else batch)
            place = link.recv()
            if file and batch.lines:
                unwritten = _write(batch, file, place)


def _write(batch: Batch, file: Path, place: int) -> OSError | None:
    """Write the lines of a batch to their place in the file; return what kept them from it."""
    try:
        with file.open("r+b") as part:
            part.seek(place)
            batch.write_lines(part.write)
    except OSError as fault:
        return fault
    return None


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
