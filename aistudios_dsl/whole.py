"""Output that appears under its name when it is finished, and not at all before: one file, or a folder of files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from aistudios_dsl.errors import DslError


def write_text(path: Path, text: str) -> Path:
    """Write the file whole or not at all, and return its path. Raises `DslError` where it cannot be written."""
    if path.is_dir():
        raise DslError(f"{path} is a folder", hint="name the file in it")
    try:
        with WholeFile(path) as file:
            file.write(text.encode())
            file.finish()
    except OSError as fault:
        hint = "is its folder there, and may you write to it?"
        raise DslError(f"cannot write {path}: {fault.strerror}", hint=hint) from None
    return path


class WholeFile:
    """A file written beside its name and renamed by `finish`; left without that, what was written is removed.

    Where nothing was written, `finish` removes an older file of that name: no file says that there was nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = _beside(path)
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, data: bytes) -> None:
        """Add to the file, which is opened by the first write."""
        if self._file is None:
            self._file = self._part.open("wb", buffering=1 << 18)
        self._file.write(data)

    def finish(self) -> None:
        """Put the file under its name, in one step."""
        if self._file is None:
            self.path.unlink(missing_ok=True)
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self.path)

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None) -> None:
        if self._file is not None:
            _close(self._file)
            self._part.unlink(missing_ok=True)


class WholeFolder:
    """Files written into a folder of their own first; `finish` puts them under its name.

    A folder that is not there yet appears in one step. Into one that is, the finished files are moved one by one: each
    is whole, but a kill in that moment leaves some of them new and others as they were.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path / f".{os.getpid()}.part" if path.is_dir() else _beside(path)

    def __enter__(self) -> Self:
        self._part.mkdir()
        return self

    def write(self, name: str, data: bytes) -> None:
        """Add a file. Raises `FileExistsError` where the file system takes the name for that of an earlier one."""
        with (self._part / name).open("xb") as file:
            file.write(data)

    def finish(self) -> None:
        """Put the files under the folder's name."""
        if not self.path.is_dir():
            self._part.rename(self.path)
            return
        for entry in self._part.iterdir():
            entry.replace(self.path / entry.name)

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None) -> None:
        shutil.rmtree(self._part, ignore_errors=True)


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
