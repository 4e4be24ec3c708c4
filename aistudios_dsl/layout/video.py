"""How long a video is, read from the header of its MP4 file without decoding it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from aistudios_dsl.errors import LoadError, unreadable

_HEAD = 32
"""Bytes that hold the times of a movie header of either version."""
_MOST_BOXES = 10_000
_GIVE_IT = "give the seconds instead"

Box = tuple[str, int, int]
"""The type of a box, and where its content begins and ends in the file."""


def video_seconds(path: str | os.PathLike[str]) -> float:
    """Return the seconds that an MP4 or QuickTime file says it lasts.

    Raise `LoadError` for a file that cannot be read, is of another kind, is cut off, or does not say.
    """
    file_path = Path(path)
    try:
        with file_path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            return _Header(file, file_path).seconds(size)
    except OSError as fault:
        raise unreadable(file_path, fault, "name an MP4 file") from None


class _Header:
    """The boxes of an open file."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path

    def seconds(self, size: int) -> float:
        self._refuse_other_kinds()
        # All parts are looked at, so that a download that broke off is noticed.
        movie = self._first("moov", list(self._boxes(0, size)))
        _, start, end = self._first("mvhd", self._boxes(*movie[1:]))
        version, *_ = head = self._read(start, end, _HEAD)
        if version not in (0, 1):
            raise self._fault(f"its header has version {version}, which is not known", _GIVE_IT)
        long = version == 1
        length, place = (8, 20) if long else (4, 12)
        scale = int.from_bytes(head[place : place + 4])
        found = int.from_bytes(head[place + 4 : place + 4 + length])
        if found == 0:
            found = self._of_fragments(*movie[1:])
        if not scale or not found or found == 2 ** (8 * length) - 1:
            raise self._fault("its header does not say how long it is", _GIVE_IT)
        return found / scale

    def _of_fragments(self, start: int, end: int) -> int:
        """Return the length that a video in fragments has in a box of its own, in units of the movie; else 0."""
        for name, *inside in self._boxes(start, end):
            if name == "mvex":
                for inner, first, last in self._boxes(*inside):
                    if inner == "mehd":
                        head = self._read(first, last, 8)
                        return int.from_bytes(self._read(first, last, 12)[4:] if head[0] == 1 else head[4:])
        return 0

    def _refuse_other_kinds(self) -> None:
        self._file.seek(0)
        head = self._file.read(12)
        if not head:
            raise self._fault("it is empty", "download it again")
        if head[4:8] not in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
            raise LoadError(f"{self._path} is not an MP4 file", hint=f"name the downloaded video, or {_GIVE_IT}")

    def _first(self, name: str, boxes: Iterable[Box]) -> Box:
        for box in boxes:
            if box[0] == name:
                return box
        raise self._fault(f"it has no header ({name})", f"download it again, or {_GIVE_IT}")

    def _boxes(self, start: int, end: int) -> Iterator[Box]:
        for _ in range(_MOST_BOXES):
            if start >= end:
                return
            head = self._read(start, end, 8)
            size, first = int.from_bytes(head[:4]), start + 8
            if size == 1:
                size, first = int.from_bytes(self._read(first, end, 8)), start + 16
            stop = start + size if size else end
            if stop < first or stop > end:
                raise self._fault("it is cut off or broken", "download it again")
            yield head[4:].decode("latin-1"), first, stop
            start = stop
        raise self._fault(f"it has more than {_MOST_BOXES:,} parts", _GIVE_IT)

    def _read(self, start: int, end: int, count: int) -> bytes:
        self._file.seek(start)
        found = self._file.read(min(count, end - start))
        if len(found) < count:
            raise self._fault("it is cut off or broken", "download it again")
        return found

    def _fault(self, message: str, hint: str) -> LoadError:
        return LoadError(f"the video {self._path} cannot be used: {message}", hint=hint)
