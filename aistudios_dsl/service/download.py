"""A file that is downloaded: filled beside its place, checked, and put there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import ipaddress
import os
import re
import stat
import sys
from collections.abc import Callable, Mapping
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aistudios_dsl.errors import ApiError, DslError
from aistudios_dsl.service.steps import Fault

if sys.platform != "win32":
    import fcntl

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_TAKEN = "give another name, or overwrite=True"
_PAGES = ("text/", "application/json", "application/xml", "application/xhtml")
_MEDIA = frozenset((".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif", ".mp3", ".m4a", ".wav"))
_LONGEST_NAME = 255
"""Bytes; what most file systems take."""


def judge_target(path: str | Path, overwrite: bool) -> Path:
    """The place for a file. Raises `DslError` where none could be put there, before the service is asked anything."""
    if not isinstance(path, str | os.PathLike) or not str(path) or "\0" in str(path):
        raise DslError(f"{path!r} is no place for a file", hint="name a file, or a folder that is there")
    target = Path(path)
    try:
        fault = _fault_of(target, str(path), overwrite)
    except OSError as broken:
        raise DslError(f"cannot write {path}: {broken.strerror}", hint="name another place") from None
    if fault:
        raise fault
    return target


def _fault_of(target: Path, written: str, overwrite: bool) -> DslError | None:
    if target.is_dir():
        return None
    if written.endswith(("/", os.sep)):
        return DslError(f"there is no folder {written}", hint="make it first")
    if target.exists() and not overwrite:
        return DslError(f"{target} is there already", hint=_TAKEN)
    if not target.parent.is_dir():
        return DslError(f"there is no folder {target.parent}", hint="make it first")
    return None


def judge_link(url: str, about: str, id: str) -> None:
    """Raise `ApiError` on an address that a video may not come from: https, or http on this very machine."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what judges it
    except ValueError:
        parts = urlsplit("")
    if not url.isprintable() or not parts.hostname:
        raise ApiError("the video lies at no address of the web", about, "ask the service why", project_id=id)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return
    where = f"{parts.scheme}://{parts.hostname}"
    raise ApiError(f"the video lies at {where}, which is not https", about, "ask the service why", project_id=id)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("127.0.0.1.example.com")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def safe_name(suggested: str, fallback: str) -> str:
    """A file name of a stranger as one that stays in its folder and is no device, hidden or endless.

    >>> safe_name("../../etc/passwd", "video"), safe_name("..", "video"), safe_name("my film.mp4", "video")
    ('passwd', 'video', 'my film.mp4')
    """
    last = re.split(r"[/\\]", suggested)[-1]
    name = _UNSAFE.sub("_", "".join(letter for letter in last if letter.isprintable())).strip(". ")
    name = f"{Path(name).stem[:50]}{Path(name).suffix[:10]}"
    return fallback if not name.strip("_") or _DEVICES.match(name) else name


class Part:
    """A file under way: `.NAME.part` beside its place. It is a `Sink`: it knows what it has and what to ask for."""

    def __init__(self, path: Path, target: Path | None, folder: Path, id: str, overwrite: bool) -> None:
        self._path, self._target, self._folder = path, target, folder
        self._id, self._overwrite = id, overwrite
        self._file: Any = None
        self._size = 0
        self._total: int | None = None
        self._version: tuple[str, str] = "", ""
        self.reached: int = 0
        self._fault: Fault | None = None

    @classmethod
    def beside(cls, target: Path, id: str, overwrite: bool) -> Part:
        """The part for a file, or for a file in a folder that the service will name."""
        name = safe_name(id, "video")
        into_folder = target.is_dir()
        folder = target if into_folder else target.parent
        path = folder / _part_name(name if into_folder else target.name)
        part = cls(path, None if into_folder else target, folder, name, overwrite)
        part._open()
        return part

    def _open(self) -> None:
        try:
            descriptor = _opened(self._path)
        except OSError as fault:
            raise self._refused(fault) from None
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        if not _locked(self._file, self._path):
            self._file.close()
            raise DslError(f"{self._path} is being filled by another download", hint="let it finish")
        self._file.truncate(0)

    # as a Sink

    def headers(self) -> dict[str, str]:
        """The request headers that ask for what is missing.

        With a strong validator the host itself judges whether it is still the same file. Without, `_continues` does.
        """
        asked = {"Accept-Encoding": "identity"}
        if not self._size or not (self._validator or self._total):
            return asked
        asked |= {"Range": f"bytes={self._size}-"}
        return asked | ({"If-Range": self._validator} if self._validator else {})

    def begin(self, status: int, headers: Mapping[str, str]) -> Callable[[bytes], object] | None:
        """What takes the chunks of this response, or None where it is no part of the file."""
        self._fault = None
        if status not in (200, 206, 416):
            return None
        span = _span(headers) if status == 206 else None
        if status == 200 or (span and span[0] == self._size == 0):
            self._fault = self._begun(headers, span[1] if span else _length(headers))
        elif span is None or not self._continues(span, headers):
            self._restart()
            self._fault = Fault("the video's host went on at another place")
        else:
            self._fault = _packed(headers)
            self._total = span[1]
        return None if self._fault else self._write

    def fault(self) -> Fault | None:
        """What is wrong with the file now that the response is over."""
        if self._fault is None and self._total is not None and self._size != self._total:
            return Fault(f"the video broke off at {self._size} of {self._total} bytes")
        return self._fault

    @property
    def _validator(self) -> str:
        etag, modified = self._version
        return etag if etag and not etag.startswith("W/") else modified

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate(0)
        self._size, self._total, self._version = 0, None, ("", "")

    def _continues(self, span: tuple[int, int], headers: Mapping[str, str]) -> bool:
        """Whether a part goes on where we are, in a file as long as ours that names no other version."""
        versions = zip(self._version, _version(headers), strict=True)
        same = all(ours == theirs for ours, theirs in versions if ours and theirs)
        return same and span == (self._size, self._total or span[1])

    def _begun(self, headers: Mapping[str, str], total: int | None) -> Fault | None:
        """Begin the file anew, and say what would make it no whole video."""
        self._restart()
        if headers.get("content-type", "").casefold().startswith(_PAGES):
            return Fault(f"the video's host sends {headers['content-type']}, which is no video", passing=False)
        self._total = total
        if total == 0:
            return Fault("the video is empty")
        if total is None and headers.get("transfer-encoding", "").casefold() != "chunked":
            return Fault("the video's host does not say how long it is, so it cannot be told whole", passing=False)
        self._version = _version(headers)
        self._target = self._target or self._named(headers)
        return _packed(headers)

    def _named(self, headers: Mapping[str, str]) -> Path:
        message = Message()
        message["content-disposition"] = headers.get("content-disposition", "")
        name = safe_name(message.get_filename() or "", self._id)
        media = Path(name).suffix.casefold() in _MEDIA
        return judge_target(self._folder / (name if media else f"{name}.mp4"), self._overwrite)

    def _write(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        try:
            while rest:
                written = self._file.write(rest)
                self._size += written
                rest = rest[written:]
            self.reached = max(self.reached, self._size)
        except OSError as fault:
            raise self._refused(fault) from None

    # the end

    def finish(self) -> Path:
        """Put the file in its place, on disk before it has its name. Raises `DslError` where the disk refuses."""
        assert self._target is not None
        try:
            os.fsync(self._file.fileno())
            if sys.platform == "win32":
                self._file.close()
            _put(self._path, self._target, self._overwrite)
        except FileExistsError:
            raise DslError(f"{self._target} is there already", hint=_TAKEN) from None
        except OSError as fault:
            raise self._refused(fault) from None
        return self._target

    def discard(self) -> None:
        """Leave nothing behind but the finished file."""
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(self._file.fileno()), self._path.lstat()):
                self._path.unlink()
        self._file.close()

    def _refused(self, fault: OSError) -> DslError:
        hint = "make room, or name another folder" if self._size else "may you write to its folder?"
        return DslError(f"cannot write {self._target or self._path}: {fault.strerror}", hint=hint)


def _part_name(name: str) -> str:
    whole = f".{name}.part"
    if len(os.fsencode(whole)) <= _LONGEST_NAME:
        return whole
    return f".{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}.part"


def _opened(path: Path) -> int:
    """A descriptor of the part. What lies there under its name is emptied only where it can be nobody's file."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and not path.is_symlink():
        return descriptor
    os.close(descriptor)
    if not stat.S_ISREG(found.st_mode) or path.is_symlink():
        raise OSError(errno.EEXIST, "something else than a file lies there")
    path.unlink()  # a finished video's second name, left by a program that was killed between giving and taking names
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)


def _span(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Where a part begins, and how long the whole file is."""
    match = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})", headers.get("content-range", ""))
    return (int(match[1]), int(match[2])) if match else None


def _length(headers: Mapping[str, str]) -> int | None:
    length = headers.get("content-length", "")
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else None


def _version(headers: Mapping[str, str]) -> tuple[str, str]:
    return headers.get("etag", ""), headers.get("last-modified", "")


def _packed(headers: Mapping[str, str]) -> Fault | None:
    packing = headers.get("content-encoding", "identity")
    return None if packing == "identity" else Fault(f"the video's host packs it as {packing}, unasked", passing=False)


def _locked(file: Any, path: Path) -> bool:
    """Whether the file is ours alone; one that was finished between opening and locking is a video by now."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except FileNotFoundError:
        return False


def _put(part: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        part.replace(target)
        return
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if target.exists():
            raise FileExistsError from None
        part.replace(target)
    else:
        part.unlink()
