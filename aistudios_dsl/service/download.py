"""A file that is downloaded: filled beside its place, checked, and put there whole or not at all."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
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


def judge_target(path: str | Path, overwrite: bool) -> None:
    """Raise `DslError` where no file could be put there, before anything is asked of the service."""
    target = Path(path)
    if str(path).endswith(("/", os.sep)) and not target.is_dir():
        raise DslError(f"there is no folder {path}", hint="make it first")
    if target.exists() and not target.is_dir() and not overwrite:
        raise DslError(f"{target} is there already", hint=_TAKEN)
    if not target.is_dir() and not target.parent.is_dir():
        raise DslError(f"there is no folder {target.parent}", hint="make it first")


def judge_link(url: str, about: str, id: str) -> None:
    """Raise `ApiError` on an address that a video may not come from: https, or http on this very machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname and is_loopback(parts.hostname):
        return
    where = f"{parts.scheme}://{parts.hostname}" if parts.hostname else "no address of the web"
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
        self._validator = ""
        self._fault: Fault | None = None

    @classmethod
    def beside(cls, target: Path, id: str, overwrite: bool) -> Part:
        """The part for a file, or for a file in a folder that the service will name."""
        name = safe_name(id, "video")
        into_folder = target.is_dir()
        folder = target if into_folder else target.parent
        path = folder / f".{name if into_folder else target.name}.part"
        part = cls(path, None if into_folder else target, folder, name, overwrite)
        part._open()
        return part

    def _open(self) -> None:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as fault:
            raise self._refused(fault) from None
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        if not _locked(self._file, self._path):
            self._file.close()
            raise DslError(f"{self._path} is being filled by another download", hint="let it finish")
        self._file.truncate(0)

    # as a Sink

    def headers(self) -> dict[str, str]:
        """The request headers that ask for what is missing."""
        if self._size and self._validator:
            return {"Accept-Encoding": "identity", "Range": f"bytes={self._size}-", "If-Range": self._validator}
        return {"Accept-Encoding": "identity"}

    def begin(self, status: int, headers: Mapping[str, str]) -> Callable[[bytes], object] | None:
        """What takes the chunks of this response, or None where it is no part of the file."""
        self._fault = None
        if status not in (200, 206, 416):
            return None
        if status != 200 and not self._continues(headers):
            self._restart()
            self._fault = Fault("the video's host went on at another place")
            return None
        if status == 200:
            self._fault = self._opened(headers)
        return None if self._fault else self._write

    def fault(self) -> Fault | None:
        """What is wrong with the file now that the response is over."""
        if self._fault is None and self._total is not None and self._size != self._total:
            return Fault(f"the video broke off at {self._size} of {self._total} bytes")
        return self._fault

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate(0)
        self._size, self._total, self._validator = 0, None, ""

    def _continues(self, headers: Mapping[str, str]) -> bool:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", headers.get("content-range", ""))
        return match is not None and (int(match[1]), int(match[2])) == (self._size, self._total or int(match[2]))

    def _opened(self, headers: Mapping[str, str]) -> Fault | None:
        """Begin the file anew, and say what would make it no whole video."""
        self._restart()
        if headers.get("content-encoding", "identity") != "identity":
            return Fault(f"the video's host packs it as {headers['content-encoding']}, unasked", passing=False)
        if headers.get("content-type", "").casefold().startswith(_PAGES):
            return Fault(f"the video's host sends {headers['content-type']}, which is no video", passing=False)
        length = headers.get("content-length", "")
        self._total = int(length) if length.isdigit() else None
        if self._total == 0:
            return Fault("the video is empty")
        if self._total is None and headers.get("transfer-encoding", "").casefold() != "chunked":
            return Fault("the video's host does not say how long it is, so it cannot be told whole", passing=False)
        etag = headers.get("etag", "")
        self._validator = etag if etag and not etag.startswith("W/") else headers.get("last-modified", "")
        self._target = self._target or self._named(headers)
        return None

    def _named(self, headers: Mapping[str, str]) -> Path:
        message = Message()
        message["content-disposition"] = headers.get("content-disposition", "")
        target = self._folder / safe_name(message.get_filename() or "", f"{self._id}.mp4")
        judge_target(target, self._overwrite)
        return target

    def _write(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        try:
            while rest:
                written = self._file.write(rest)
                self._size += written
                rest = rest[written:]
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
            if os.path.samestat(os.fstat(self._file.fileno()), self._path.stat()):
                self._path.unlink()
        self._file.close()

    def _refused(self, fault: OSError) -> DslError:
        hint = "make room, or name another folder" if self._size else "may you write to its folder?"
        return DslError(f"cannot write {self._target or self._path}: {fault.strerror}", hint=hint)


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
    return path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())


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
