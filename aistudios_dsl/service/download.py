"""A file that is downloaded: filled beside its place, checked, and put there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import sys
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from attrs import frozen

from aistudios_dsl.errors import ApiError, DslError
from aistudios_dsl.service.login import is_loopback
from aistudios_dsl.service.requests import Fault
from aistudios_dsl.service.response_status import shown

if sys.platform != "win32":
    import fcntl

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_TAKEN = "give another name, or overwrite=True"
_PAGES = ("text/", "multipart/", "application/json", "application/xml", "application/xhtml")
_MARKUP = re.compile(r"<(script|style)\b.*?(?:</\1>|$)|<[^>]*(?:>|$)", re.DOTALL | re.IGNORECASE)
_HEAD = 2000
"""Bytes of an answer that are looked at to see whether it is a page, and what it says."""
_MEDIA = frozenset((".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif", ".mp3", ".m4a", ".wav"))
_LONGEST_NAME = 255
"""Bytes; what most file systems take."""


def judge_target(path: str | Path, overwrite: bool) -> Path:
    """The place for a file. Raises `DslError` where none could be put there, before the service is asked anything."""
    if not isinstance(path, str | os.PathLike) or not str(path) or "\0" in str(path):
        raise DslError(f"{path!r} is no place for a file", hint="name a file, or a folder that is there")
    target = Path(path)
    try:
        if not target.is_dir():
            _judge_file(target, str(path), overwrite)
    except OSError as broken:
        raise DslError(f"cannot write {path}: {broken.strerror}", hint="name another place") from None
    return target


def _judge_file(target: Path, written: str, overwrite: bool) -> None:
    if written.endswith(("/", os.sep)):
        raise DslError(f"there is no folder {written}", hint="make it first")
    kept_mode(target, overwrite)
    if not target.parent.is_dir():
        raise DslError(f"there is no folder {target.parent}", hint="make it first")


def kept_mode(target: Path, overwrite: bool) -> int | None:
    """The permissions of the file that would be replaced, or None where there is none.

    Raises `DslError` where it is to be kept, or is no regular file: a folder, a device, a pipe, or a link to one.
    """
    try:
        found = target.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found):
        raise DslError(f"{target} is no regular file, so it is not replaced", hint="give another name")
    if not overwrite:
        raise DslError(f"{target} is there already", hint=_TAKEN)
    return found & 0o777


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


def safe_name(suggested: str, fallback: str) -> str:
    """A file name of a stranger as one that stays in its folder and is no device, hidden or endless.

    Two long names stay two: what is cut off is replaced by a digest.

    >>> safe_name("../../etc/passwd", "video"), safe_name("..", "video"), safe_name("my film.mp4", "video")
    ('passwd', 'video', 'my film.mp4')
    >>> safe_name("Welcome to our company, dear colleague of the north.mp4", "video")
    'Welcome to our company, dear colleague of-f8171d60.mp4'
    """
    last = re.split(r"[/\\]", suggested)[-1]
    name = _UNSAFE.sub("_", "".join(letter for letter in last if letter.isprintable())).strip(". ")
    stem, suffix = Path(name).stem, Path(name).suffix
    if len(stem) > 50 or len(suffix) > 10:
        digest = hashlib.sha256(last.encode("utf-8", "replace")).hexdigest()[:8]
        name = f"{stem[:41]}-{digest}{suffix[:10]}"
    return fallback if not name.strip("_") or _DEVICES.match(name) else name


def named_in(disposition: str) -> str:
    """The file name of a Content-Disposition; `filename*` wins, as RFC 6266 says.

    >>> named_in("attachment; filename=plain.mp4; filename*=UTF-8''%EB%B9%84%EB%94%94%EC%98%A4.mp4")
    '비디오.mp4'
    """
    extended = re.search(r"(?i)\bfilename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)", disposition)
    if extended:
        return unquote(extended[2], extended[1])
    plain = re.search(r'(?i)\bfilename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', disposition)
    if not plain:
        return ""
    return plain[2] if plain[1] is None else re.sub(r"\\(.)", r"\1", plain[1])


def first_words(body: bytes) -> str:
    """What a page or a document says, begun, for a message: `: "..."`, or nothing where it says nothing.

    >>> first_words(b"<title>Gone</title><p>This link has expired")
    ': "Gone This link has expired"'
    """
    said = shown(_MARKUP.sub(" ", body[:_HEAD].decode("utf-8", "replace")))[:200]
    return f': "{said}"' if said else ""


@frozen
class _Span:
    """The part of a file that a response says it holds: the bytes from `start` to before `end`, of `total`."""

    start: int
    end: int
    total: int


class Part:
    """A file under way: `.NAME.part` beside its place. It is a `Sink`: it knows what it has and what to ask for."""

    def __init__(self, path: Path, target: Path | None, folder: Path, id: str, overwrite: bool) -> None:
        self._path, self._target, self._folder = path, target, folder
        self._id, self._overwrite = id, overwrite
        self._file: Any = None
        self._size = 0
        self._end: int | None = None
        self._total: int | None = None
        self._version: tuple[str, str] = "", ""
        self._validator = ""
        self._answered = False
        self._page = ""
        self._fault: Fault | None = None
        self.reached: int = 0

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
        """The request headers that ask for what is missing, if the host can say whether it is still the same file."""
        asked = {"Accept-Encoding": "identity"}
        if self._size and self._validator:
            asked |= {"Range": f"bytes={self._size}-", "If-Range": self._validator}
        return asked

    def begin(self, status: int, headers: Mapping[str, str]) -> Callable[[bytes], object] | None:
        """What takes the chunks of this response, or None where it is no part of the file."""
        self._fault, self._page = None, ""
        self._answered = status in (200, 206) or (status == 416 and self._size > 0)
        if not self._answered:
            return None
        span = _span(headers)
        if (status == 200 and "content-range" not in headers) or (span and span.start == 0):
            self._fault = self._begun(headers, span)
        elif span is None or not self._continues(span, headers):
            self._again("the video's host went on at another place")
        else:
            self._fault = _packed(headers)
            self._end, self._total = span.end, span.total
        if self._fault and not self._fault.passing:
            return None
        return self._write

    def fault(self) -> Fault | None:
        """What is wrong with the file now that the response is over; None too where it was no part of the file."""
        if not self._answered or self._fault:
            return self._fault
        head = self._head()
        if self._page or head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"<", b"{", b"[", b'"'):
            kind = self._page or "a page"
            return Fault(f"the video's host sends {kind}, which is no video{first_words(head)}", passing=False)
        if not self._size:
            return Fault("the video is empty")
        if self._total is not None and self._size != self._total:
            return Fault(f"the video broke off at {self._size} of {self._total} bytes")
        return None

    def _head(self) -> bytes:
        self._file.seek(0)
        head: bytes = self._file.read(_HEAD)
        self._file.seek(self._size)
        return head

    def _again(self, why: str) -> None:
        """Forget what there is, so that the next request begins anew."""
        self._restart()
        self._fault = Fault(why)

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate(0)
        self._size, self._end, self._total = 0, None, None
        self._version, self._validator = ("", ""), ""

    def _continues(self, span: _Span, headers: Mapping[str, str]) -> bool:
        """Whether a part goes on where we are, in the very file that we have the beginning of.

        Parts are joined only under one strong validator (RFC 9110, 15.3.7.3): a length alone proves nothing.
        """
        theirs = _version(headers)
        same = self._validator in theirs and all(a in ("", b) for a, b in zip(theirs, self._version, strict=True))
        here = span.start == self._size and span.total == (self._total or span.total)
        return bool(self._validator) and same and here and not _page(headers)

    def _begun(self, headers: Mapping[str, str], span: _Span | None) -> Fault | None:
        """Begin the file anew, and say what would make it no whole video."""
        known = self._total if self._validator and self._validator == _strong(headers) else None
        self._restart()
        self._page = _page(headers)
        if self._page:
            return None
        total = span.total if span else _length(headers)
        if known and total not in (None, known):
            return Fault(f"the video's host says {total} bytes, after {known} of the same file")
        self._total = total or known
        if total == 0:
            return Fault("the video is empty")
        if total is None and headers.get("transfer-encoding", "").casefold() != "chunked":
            return Fault("the video's host does not say how long it is, so it cannot be told whole", passing=False)
        self._end = span.end if span else self._total
        self._version, self._validator = _version(headers), _strong(headers)
        self._target = self._target or self._named(headers)
        return _packed(headers)

    def _named(self, headers: Mapping[str, str]) -> Path:
        name = safe_name(named_in(headers.get("content-disposition", "")), self._id)
        media = Path(name).suffix.casefold() in _MEDIA
        target = self._folder / (name if media else f"{name}.mp4")
        try:
            kept_mode(target, self._overwrite)
        except OSError as fault:
            raise self._refused(fault) from None
        return target

    def _write(self, chunk: bytes) -> None:
        if self._fault or (self._page and self._size >= _HEAD):
            return
        if self._end is not None and self._size + len(chunk) > self._end:
            self._again("the video's host sends more than it announced")
            return
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
            mode = kept_mode(self._target, self._overwrite)
            if mode is not None and sys.platform != "win32":
                os.fchmod(self._file.fileno(), mode)
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


def _span(headers: Mapping[str, str]) -> _Span | None:
    """The part that a response says it holds; None where it says none, or one that cannot be."""
    match = re.fullmatch(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", headers.get("content-range", ""))
    if not match:
        return None
    span = _Span(int(match[1]), int(match[2]) + 1, int(match[3]))
    fits = span.start < span.end <= span.total and _length(headers) in (None, span.end - span.start)
    return span if fits else None


def _length(headers: Mapping[str, str]) -> int | None:
    length = headers.get("content-length", "")
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else None


def _version(headers: Mapping[str, str]) -> tuple[str, str]:
    return headers.get("etag", ""), headers.get("last-modified", "")


def _strong(headers: Mapping[str, str]) -> str:
    """What tells this version of the file from every other: a strong ETag, or "".

    Without any ETag, the time of the last change, if it was over by a second when the host answered (RFC 9110, 8.8.2).
    """
    etag, modified = _version(headers)
    if etag or not modified.isascii():
        return etag if re.fullmatch(r'"[!#-~]*"', etag) else ""
    try:
        age = parsedate_to_datetime(headers.get("date", "")) - parsedate_to_datetime(modified)
    except (ValueError, TypeError, OverflowError):
        return ""
    return modified if age.total_seconds() >= 1 else ""


def _page(headers: Mapping[str, str]) -> str:
    """The media type where it is that of a text, a document or a message, and so of no video; else ""."""
    kind = headers.get("content-type", "").partition(";")[0].strip().casefold()
    return kind if kind.startswith(_PAGES) or kind.endswith(("+json", "+xml")) else ""


def _packed(headers: Mapping[str, str]) -> Fault | None:
    packing = headers.get("content-encoding", "").strip()
    if packing.casefold() in ("", "identity"):
        return None
    return Fault(f"the video's host packs it as {packing}, unasked", passing=False)


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
