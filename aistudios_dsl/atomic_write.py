"""Files and folders that appear under their name when they are complete, and not before.

A file that is replaced keeps its mode. A symbolic link is followed. Only regular files are replaced.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

from aistudios_dsl.errors import DslError


def write_text(path: Path, text: str) -> Path:
    """Write a file and return its path. Raise `DslError` if it cannot be written."""
    return write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file and return its path. Raise `DslError` if it cannot be written."""
    if path.is_dir():
        raise DslError(f"{path} is a folder", hint="name the file in it")
    with report_write_errors(path), AtomicFile(path) as file:
        file.write(content)
        file.finish()
    return path


@contextmanager
def report_write_errors(path: Path | str) -> Iterator[None]:
    """Raise `DslError` if the system does not let us write this file or folder."""
    try:
        yield
    except OSError as fault:
        hint = "is its folder there, and may you write to it?"
        raise DslError(f"cannot write {path}: {fault.strerror}", hint=hint) from None


def is_one_of(path: Path, others: Iterable[Path]) -> bool:
    """Tell whether a path leads to one of these files, perhaps by a link."""
    return any(path.exists() and other.exists() and path.samefile(other) for other in others)


class AtomicFile:
    """A file that is written beside its name and renamed by `finish`, or removed without it.

    If nothing was written, `finish` removes an older file of that name. Raises `DslError` if the name is that of a
    device or a pipe.
    """

    def __init__(self, path: Path) -> None:
        self._target, self._mode = _target(path)
        self._part = _part_of(self._target)
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, data: bytes) -> None:
        """Append to the file; the first write opens it."""
        self._opened().write(data)

    def opened(self) -> Path:
        """Return the path of the unfinished file, for other processes to write to."""
        self._opened()
        return self._part

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = self._part.open("wb", buffering=1 << 18)
            if self._mode is not None:
                self._part.chmod(self._mode)
        return self._file

    def finish(self) -> None:
        """Give the file its name, in one step."""
        if self._file is None:
            self._target.unlink(missing_ok=True)
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._target)

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            # A full disk refuses the rest of the buffer; the error that led here matters more.
            with suppress(OSError):
                self._file.close()
            self._part.unlink(missing_ok=True)


class AtomicFolder:
    """Files that are written into a temporary folder and moved by `finish`; none may replace one of the `inputs`.

    A new folder appears in one step. Into an existing folder, the complete files are moved one by one: a kill at that
    moment leaves some of them new and others old.
    """

    def __init__(self, path: Path, inputs: Iterable[Path] = ()) -> None:
        self._path = path
        self._inputs = tuple(inputs)
        self._is_new = not path.is_dir()
        self._part = _part_of(path) if self._is_new else path / f".{os.getpid()}.part"

    def __enter__(self) -> Self:
        self._part.mkdir()
        return self

    def write(self, name: str, data: bytes) -> None:
        """Add a file. Raise `FileExistsError` if the file system holds the name for that of an earlier one."""
        mode = None if self._is_new else self._mode_of(self._path / name)
        with (self._part / name).open("xb") as file:
            file.write(data)
        if mode is not None:
            (self._part / name).chmod(mode)

    def _mode_of(self, path: Path) -> int | None:
        if is_one_of(path, self._inputs):
            raise DslError(f"{path} is an input, and would be overwritten", hint="name another folder")
        return _target(path)[1]

    def finish(self) -> None:
        """Move the files into the folder."""
        if not self._path.is_dir():
            self._part.rename(self._path)
            return
        for entry in self._part.iterdir():
            target, _ = _target(self._path / entry.name)
            entry.replace(target)

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._part, ignore_errors=True)


def _target(path: Path) -> tuple[Path, int | None]:
    """Return the path at the end of all links, and the mode of a file there. Raise `DslError` for a device or pipe."""
    target = Path(os.path.realpath(path))
    try:
        mode = path.stat().st_mode
    except OSError:
        return target, None
    if stat.S_ISREG(mode):
        return target, stat.S_IMODE(mode)
    if stat.S_ISDIR(mode):
        return target, None
    raise DslError(f"{path} is not a regular file", hint="name a file; a pipe can read from stdout")


def _part_of(path: Path) -> Path:
    # The process id keeps two runs with the same output apart.
    absolute = path.absolute()
    return absolute.with_name(f".{absolute.name}.{os.getpid()}.part")
