"""Output that appears under its name when it is finished, and not at all before: one file, or a folder of files.

What is written over keeps its mode. A symbolic link is followed, as an editor does; what is no regular file is refused.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from aistudios_dsl.errors import DslError


def write_text(path: Path, text: str) -> Path:
    """Write the file whole or not at all, and return its path. Raises `DslError` where it cannot be written."""
    if path.is_dir():
        raise DslError(f"{path} is a folder", hint="name the file in it")
    try:
        with AtomicFile(path) as file:
            file.write(text.encode())
            file.finish()
    except OSError as fault:
        hint = "is its folder there, and may you write to it?"
        raise DslError(f"cannot write {path}: {fault.strerror}", hint=hint) from None
    return path


def is_one_of(path: Path, others: Iterable[Path]) -> bool:
    """Whether a file is one of these others, under whatever name: by a link, say."""
    return any(path.exists() and other.exists() and path.samefile(other) for other in others)


class AtomicFile:
    """A file written beside its name and renamed by `finish`; left without that, what was written is removed.

    Where nothing was written, `finish` removes an older file of that name: no file says that there was nothing. Raises
    `DslError` where a device, a pipe or the like has the name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._target, self._mode = _target(path)
        self._part = _beside(self._target)
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, data: bytes) -> None:
        """Add to the file, which is opened by the first write."""
        if self._file is None:
            self._file = self._part.open("wb", buffering=1 << 18)
            _set_mode(self._part, self._mode)
        self._file.write(data)

    def finish(self) -> None:
        """Put the file under its name, in one step."""
        if self._file is None:
            self._target.unlink(missing_ok=True)
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._target)

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None) -> None:
        if self._file is not None:
            _close(self._file)
            self._part.unlink(missing_ok=True)


class AtomicFolder:
    """Files written into a folder of their own first; `finish` puts them under its name.

    A folder that is not there yet appears in one step. Into one that is, the finished files are moved one by one: each
    is whole, but a kill in that moment leaves some of them new and others as they were. None takes the place of an
    `inputs` file.
    """

    def __init__(self, path: Path, inputs: Iterable[Path] = ()) -> None:
        self.path = path
        self._inputs = tuple(inputs)
        self._part = path / f".{os.getpid()}.part" if path.is_dir() else _beside(path)

    def __enter__(self) -> Self:
        self._part.mkdir()
        return self

    def write(self, name: str, data: bytes) -> None:
        """Add a file. Raises `FileExistsError` where the file system takes the name for that of an earlier one."""
        if is_one_of(self.path / name, self._inputs):
            raise DslError(f"{self.path / name} is read here, and would be overwritten", hint="name another folder")
        _, mode = _target(self.path / name)
        with (self._part / name).open("xb") as file:
            file.write(data)
        _set_mode(self._part / name, mode)

    def finish(self) -> None:
        """Put the files under the folder's name."""
        if not self.path.is_dir():
            self._part.rename(self.path)
            return
        for entry in self._part.iterdir():
            target, _ = _target(self.path / entry.name)
            entry.replace(target)

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None) -> None:
        shutil.rmtree(self._part, ignore_errors=True)


def _target(path: Path) -> tuple[Path, int | None]:
    """The file that is meant, at the end of all links, and its mode where it is there. Raises `DslError` for others."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return Path(os.path.realpath(path)), None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DslError(f"{path} is no regular file", hint="name a file; a pipe can take what goes to stdout")
    return Path(os.path.realpath(path)), stat.S_IMODE(mode) if stat.S_ISREG(mode) else None


def _set_mode(path: Path, mode: int | None) -> None:
    if mode is not None:
        path.chmod(mode)


def _beside(path: Path) -> Path:
    # The process's number keeps two runs with one output from writing into one another.
    whole = path.absolute()
    return whole.with_name(f".{whole.name}.{os.getpid()}.part")


def _close(file: IO[bytes]) -> None:
    try:
        file.close()
    except OSError:
        # A full disk refuses the rest of the buffer; the error that led here is the one to tell.
        return
