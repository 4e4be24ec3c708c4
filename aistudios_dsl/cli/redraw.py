"""A process that draws one page when it is told to: a fresh one for each change, started and warmed up beforehand.

Scripts find no modules of an earlier run in it, it can be ended in the middle of an endless loop, and because the
package is loaded before the change comes, the change is seen at once.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import signal
import sys
import sysconfig
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from aistudios_dsl.cli.preview import Preview

COMMAND = ("-P", "-c", "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from {} import main; main()")
"""What starts such a process, which finds modules where this one does."""

Stamp = tuple[int, int, int]
"""The time (ns), size and number of a file: another one has other contents."""


@frozen
class Drawn:
    """A page, and the files it was made from: what each was when it was read; None for one that was not there."""

    page: str
    files: dict[str, Stamp | None] = field(factory=dict)


def command() -> list[str]:
    """Return the command line of such a process."""
    first, second, code = COMMAND
    return [sys.executable, first, second, code.format(__name__), json.dumps(sys.path)]


def stamp(path: str) -> Stamp | None:
    """Return what a file is now; None where there is none."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def main() -> None:
    """Warm up, wait for a `Preview` on standard input, and write what was drawn to standard output."""
    # Ctrl-C is for the server, which ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders, answer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what a script prints is not the answer
    _warm_up()
    answer.write(b"\n")
    answer.flush()
    try:
        preview: Preview = pickle.load(orders)
    except EOFError:
        return
    threading.Thread(target=_end_with, args=(orders,), daemon=True).start()
    files = ReadFiles()
    sys.addaudithook(files.note)
    sys.argv = [str(preview.source.path)]
    # A cached module is told by the second of its change and its size: too little for changes in quick succession.
    sys.dont_write_bytecode = True
    page = drawn(preview)
    for path in preview.inputs:
        files.add(str(path))
    files.noting = False
    with answer:
        pickle.dump(Drawn(page, files.found), answer)


def _end_with(orders: IO[bytes]) -> None:
    """End this process with the one that started it, which keeps the pipe open."""
    orders.read()
    os._exit(1)


def _warm_up() -> None:
    from aistudios_dsl.project import Project

    example = Project("Warm").scene(background="#102030").avatar("M000045058", say="Hello.").text("Hello", at="center")
    example._page(live=True)


def drawn(preview: Preview) -> str:
    """Return the page of a preview, or that of the error which prevents it."""
    from aistudios_dsl.cli.base import under_file, with_options
    from aistudios_dsl.draw.shell import fault_page
    from aistudios_dsl.errors import DslError

    path = preview.source.path
    try:
        return preview.page(live=True)
    except DslError as fault:
        told = under_file(with_options(fault), [path])
        words = str(told).removeprefix(f"{told.path}: ").removesuffix(f"\n  hint: {told.hint}")
        return fault_page(path.name, told.path, words, told.hint)
    except Exception as fault:
        return fault_page(path.name, "", f"{type(fault).__name__}: {fault}")


_CHANGES = frozenset(("os.rename", "os.remove", "os.mkdir", "os.rmdir"))
_EVENTS = _CHANGES | {"open", "os.listdir", "os.scandir"}


class ReadFiles:
    """The files and folders that a run reads or looks for, as Python's audit events tell them."""

    def __init__(self) -> None:
        self.found: dict[str, Stamp | None] = {}
        self.noting: bool = True
        self._written: set[str] = set()
        paths = sysconfig.get_paths()
        kinds = ("stdlib", "platstdlib", "purelib", "platlib")
        package = str(Path(__file__).parent.parent)
        roots = {package, *(paths[kind] for kind in kinds), "/dev", "/proc", "/sys"}
        self._foreign: list[Path] = [Path(root).resolve() for root in roots]

    def note(self, event: str, args: tuple[Any, ...]) -> None:
        """Note a file that is opened to be read, or a folder that is listed; forget what the run changes itself."""
        if not self.noting or event not in _EVENTS:
            return
        paths = [Path(os.fsdecode(path)).absolute() for path in args[:2] if isinstance(path, str | bytes) and path]
        if event in _CHANGES or (event == "open" and _writes(*args[1:3])):
            for path in paths if event == "os.rename" else paths[:1]:
                # With its folder: a file that comes or goes changes that too, and the run would be drawn for ever.
                self._forget(str(path), str(path.parent))
        elif paths and (event != "open" or not paths[0].is_dir()):
            with suppress(OSError, ValueError):
                self.add(str(paths[0]))

    def _forget(self, *paths: str) -> None:
        self._written.update(paths)
        for path in paths:
            self.found.pop(path, None)

    def add(self, path: str) -> None:
        """Note a file or folder, but for those of Python and of installed packages, and those that the run wrote."""
        if path.endswith(".pyc"):
            path = importlib.util.source_from_cache(path)
        file, real = str(Path(path).absolute()), Path(path).resolve()
        if file not in self._written and not any(real.is_relative_to(root) for root in self._foreign):
            # What it was when it was first read: a change since then is seen.
            self.found.setdefault(file, stamp(file))


def _writes(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
