"""Download a file: fill it beside its place, check it, and put it there complete or not at all."""

from __future__ import annotations

import codecs
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
from urllib.parse import unquote

from attrs import frozen

from aistudios_dsl.errors import ApiError, DslError
from aistudios_dsl.service.login import is_loopback, split_address
from aistudios_dsl.service.requests import Failure
from aistudios_dsl.service.response_status import shown

if sys.platform != "win32":
    import fcntl

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_DOCUMENTS = ("text/", "multipart/", "application/json", "application/xml", "application/xhtml")
_MARKUP = re.compile(r"<(script|style)\b.*?(?:</\1>|$)|<[^>]*(?:>|$)", re.DOTALL | re.IGNORECASE)
_HEAD = 2000
"""Bytes that are examined to see whether a response is a document, and what it says."""
_MEDIA = frozenset((".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif", ".mp3", ".m4a", ".wav"))
_LONGEST_NAME = 255
"""Bytes; most file systems have this limit."""


def validate_target(path: str | Path, overwrite: bool) -> Path:
    """Return the path of a file, or of the folder for it. Raise `DslError` if nothing can be written there."""
    if not isinstance(path, str | os.PathLike) or not str(path) or "\0" in str(path):
        raise DslError(f"{path!r} is not a path", hint="name a file, or an existing folder")
    target = Path(path)
    try:
        if not target.is_dir():
            wants_folder = str(path).endswith(("/", os.sep))
            if not wants_folder:
                mode_of_existing(target, overwrite=overwrite)
            if wants_folder or not target.parent.is_dir():
                raise DslError(f"there is no folder {path if wants_folder else target.parent}", hint="make it first")
    except OSError as error:
        raise DslError(f"cannot write {path}: {error.strerror}", hint="name another place") from None
    return target


def mode_of_existing(target: Path, *, overwrite: bool = True) -> int | None:
    """Return the permissions of an existing file, or None if there is none.

    Raise `DslError` if it may not be replaced: without `overwrite`, or because it is a folder, a device, a pipe, or a
    link to one.
    """
    try:
        found = target.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found):
        hint = "give another name"
        raise DslError(f"{target} is not a regular file, so it is not replaced", hint=hint, code="not-a-file")
    if not overwrite:
        raise _exists(target)
    return found & 0o777


def _exists(target: Path) -> DslError:
    return DslError(f"{target} already exists", hint="give another name, or overwrite=True", code="file-exists")


def validate_link(url: str, about: str, id: str) -> None:
    """Raise `ApiError` unless a video may come from this address: https, or http on this machine."""
    parts = split_address(url)
    if not url.isprintable() or not parts or not parts.hostname:
        message = "the video's address is not a web address"
    elif parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return
    else:
        message = f"the video's address is {parts.scheme}://{parts.hostname}, which is not https"
    raise ApiError(message, about, "ask the service why", project_id=id)


def safe_name(suggested: str, fallback: str) -> str:
    """Return a foreign file name as one that stays in its folder and is not a device, hidden or endless.

    Two long names stay different: what is cut off is replaced by a digest.

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
    return fallback if not name.strip("_") or is_device(name) else name


def is_device(name: str) -> bool:
    """Return whether Windows takes this file name for a device.

    >>> is_device("con.mp4"), is_device("contract.mp4")
    (True, False)
    """
    return _DEVICES.match(name) is not None


def name_in(disposition: str) -> str:
    """Return the file name in a Content-Disposition; `filename*` has priority (RFC 6266).

    >>> name_in("attachment; filename=plain.mp4; filename*=UTF-8''%EB%B9%84%EB%94%94%EC%98%A4.mp4")
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
    """Return the first words of a document for a message, as `: "..."`; "" if it has none.

    >>> first_words(b"<title>Gone</title><p>This link has expired")
    ': "Gone This link has expired"'
    """
    said = shown(_MARKUP.sub(" ", _decoded(body[:_HEAD])))[:200]
    return f': "{said}"' if said else ""


def _decoded(head: bytes) -> str:
    """Return the beginning of what may be a document as text; a byte order mark says in which encoding."""
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return head.decode("utf-16" if wide else "utf-8-sig", "replace")


@frozen
class _ContentRange:
    """The part of a file that a response says it holds: the bytes from `start` to before `end`, of `total`."""

    start: int
    end: int
    total: int


class PartialFile:
    """A file that is being downloaded, as `.NAME.part` beside its place. It is a `DownloadSink`."""

    def __init__(self, path: Path, target: Path | None, folder: Path, id: str, overwrite: bool) -> None:
        self._path, self._target, self._folder = path, target, folder
        self._id, self._overwrite = id, overwrite
        self._size = 0
        self._end: int | None = None
        self._total: int | None = None
        self._version: tuple[str, str] = "", ""
        self._validator = ""
        self._answered = False
        self._document = ""
        self._failure: Failure | None = None
        self.reached: int = 0
        try:
            descriptor = _open_part(path)
        except OSError as error:
            raise self._cannot_write(error) from None
        self._file: Any = os.fdopen(descriptor, "r+b", buffering=0)
        if not _locked(self._file, self._path):
            self._file.close()
            raise DslError(f"{self._path} is being filled by another download", hint="let it finish")
        self._file.truncate(0)

    @classmethod
    def beside(cls, target: Path, id: str, overwrite: bool) -> PartialFile:
        """Open the partial file for a target, or for a file in a folder that the service will name."""
        name = safe_name(id, "video")
        into_folder = target.is_dir()
        folder = target if into_folder else target.parent
        stem = name if into_folder else target.name
        if len(os.fsencode(f".{stem}.part")) > _LONGEST_NAME:
            stem = hashlib.sha256(os.fsencode(stem)).hexdigest()[:32]
        return cls(folder / f".{stem}.part", None if into_folder else target, folder, name, overwrite)

    # as a DownloadSink

    def headers(self) -> dict[str, str]:
        """Return the request headers that ask for the missing bytes, if the host can say that the file is the same."""
        found = {"Accept-Encoding": "identity"}
        if self._size and self._validator:
            found |= {"Range": f"bytes={self._size}-", "If-Range": self._validator}
        return found

    def begin(self, status: int, headers: Mapping[str, str]) -> Callable[[bytes], object] | None:
        """Return what takes the chunks of this response, or None if it is not part of the file."""
        self._failure, self._document = None, ""
        self._answered = status in (200, 206) or (status == 416 and self._size > 0)
        if not self._answered:
            return None
        held = _content_range(headers)
        if (status == 200 and "content-range" not in headers) or (held and held.start == 0):
            self._failure = self._start(headers, held)
        elif held is None or not self._continues(held, headers):
            self._start_over("the video's host continued at another place")
        else:
            self._failure = _encoded(headers)
            self._end, self._total = held.end, held.total
        if self._failure and not self._failure.transient:
            return None
        return self._write

    def failure(self) -> Failure | None:
        """Return what is wrong with the file after the response; None also if the response is not part of it."""
        if not self._answered or self._failure:
            return self._failure
        self._file.seek(0)
        head: bytes = self._file.read(_HEAD)
        self._file.seek(self._size)
        if self._document or _decoded(head).lstrip()[:1] in tuple('<{["'):
            kind = self._document or "a page"
            return Failure(f"the video's host sends {kind}, which is not a video{first_words(head)}", transient=False)
        if not self._size:
            return Failure("the video is empty")
        if self._total is not None and self._size != self._total:
            return Failure(f"the video broke off at {self._size} of {self._total} bytes")
        return None

    def _start_over(self, why: str) -> None:
        """Drop what there is, so that the next request asks for the whole file."""
        self._clear()
        self._failure = Failure(why)

    def _clear(self) -> None:
        self._file.seek(0)
        self._file.truncate(0)
        self._size, self._end, self._total = 0, None, None
        self._version, self._validator = ("", ""), ""

    def _continues(self, held: _ContentRange, headers: Mapping[str, str]) -> bool:
        """Return whether a part continues the file that we have the beginning of.

        Parts are joined only under one strong validator (RFC 9110, 15.3.7.3): an equal length proves nothing.
        """
        theirs = _version(headers)
        same = self._validator in theirs and all(a in ("", b) for a, b in zip(theirs, self._version, strict=True))
        here = held.start == self._size and held.total == (self._total or held.total)
        return bool(self._validator) and same and here and not _document_type(headers)

    def _start(self, headers: Mapping[str, str], held: _ContentRange | None) -> Failure | None:
        """Start the file from its first byte; return what makes it no complete video."""
        known = self._total if self._validator and self._validator == _strong_validator(headers) else None
        self._clear()
        self._document = _document_type(headers)
        if self._document:
            return None
        total = held.total if held else _length(headers)
        if known and total not in (None, known):
            return Failure(f"the video's host says {total} bytes, after {known} of the same file")
        self._total = total or known
        if total == 0:
            return Failure("the video is empty")
        if total is None and headers.get("transfer-encoding", "").casefold() != "chunked":
            message = "the video's host does not say how long it is, so a broken connection would go unnoticed"
            return Failure(message, transient=False)
        self._end = held.end if held else self._total
        self._version, self._validator = _version(headers), _strong_validator(headers)
        self._target = self._target or self._named(headers)
        return _encoded(headers)

    def _named(self, headers: Mapping[str, str]) -> Path:
        name = safe_name(name_in(headers.get("content-disposition", "")), self._id)
        media = Path(name).suffix.casefold() in _MEDIA
        target = self._folder / (name if media else f"{name}.mp4")
        try:
            mode_of_existing(target, overwrite=self._overwrite)
        except OSError as error:
            raise self._cannot_write(error) from None
        return target

    def _write(self, chunk: bytes) -> None:
        if self._failure or (self._document and self._size >= _HEAD):
            return
        if self._end is not None and self._size + len(chunk) > self._end:
            self._start_over("the video's host sends more than it announced")
            return
        rest = memoryview(chunk)
        try:
            while rest:
                written = self._file.write(rest)
                self._size += written
                rest = rest[written:]
            self.reached = max(self.reached, self._size)
        except OSError as error:
            raise self._cannot_write(error) from None

    # the end

    def finish(self) -> Path:
        """Put the file in its place; its data is on disk before it has its name. Raise `DslError` if that fails."""
        assert self._target is not None
        try:
            mode = mode_of_existing(self._target, overwrite=self._overwrite)
            if mode is not None and sys.platform != "win32":
                os.fchmod(self._file.fileno(), mode)
            os.fsync(self._file.fileno())
            if sys.platform == "win32":
                self._file.close()
            _put(self._path, self._target, self._overwrite)
        except FileExistsError:
            raise _exists(self._target) from None
        except OSError as error:
            raise self._cannot_write(error) from None
        return self._target

    def discard(self) -> None:
        """Remove the partial file; a finished file stays."""
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(self._file.fileno()), self._path.lstat()):
                self._path.unlink()
        self._file.close()

    def _cannot_write(self, error: OSError) -> DslError:
        hint = "free some space, or name another folder" if self._size else "may you write to its folder?"
        return DslError(f"cannot write {self._target or self._path}: {error.strerror}", hint=hint)


def _open_part(path: Path) -> int:
    """Open the partial file. What has its name already is overwritten only if it cannot be anybody's file."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    found = os.fstat(descriptor)
    regular = stat.S_ISREG(found.st_mode) and not path.is_symlink()
    if regular and found.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    if not regular:
        raise OSError(errno.EEXIST, "its name is taken by something that is not a file")
    path.unlink()  # a second name of a finished video: a program was killed between adding and removing names
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)


def _content_range(headers: Mapping[str, str]) -> _ContentRange | None:
    """Return the part that a response says it holds, or None if it says none or an impossible one."""
    match = re.fullmatch(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", headers.get("content-range", ""))
    if not match:
        return None
    held = _ContentRange(int(match[1]), int(match[2]) + 1, int(match[3]))
    fits = held.start < held.end <= held.total and _length(headers) in (None, held.end - held.start)
    return held if fits else None


def _length(headers: Mapping[str, str]) -> int | None:
    length = headers.get("content-length", "")
    return int(length) if re.fullmatch("[0-9]{1,18}", length) else None


def _version(headers: Mapping[str, str]) -> tuple[str, str]:
    return headers.get("etag", ""), headers.get("last-modified", "")


def _strong_validator(headers: Mapping[str, str]) -> str:
    """Return what identifies this version of the file: a strong ETag, or "".

    Without any ETag, the time of the last change, if it was at least a second before the answer (RFC 9110, 8.8.2).
    """
    etag, modified = _version(headers)
    if etag or not modified.isascii():
        return etag if re.fullmatch(r'"[!#-~]*"', etag) else ""
    try:
        age = parsedate_to_datetime(headers.get("date", "")) - parsedate_to_datetime(modified)
    except (ValueError, TypeError, OverflowError):
        return ""
    return modified if age.total_seconds() >= 1 else ""


def _document_type(headers: Mapping[str, str]) -> str:
    """Return the media type if it is that of a text or document, and so not of a video; else ""."""
    kind = headers.get("content-type", "").partition(";")[0].strip().casefold()
    return kind if kind.startswith(_DOCUMENTS) or kind.endswith(("+json", "+xml")) else ""


def _encoded(headers: Mapping[str, str]) -> Failure | None:
    encoding = headers.get("content-encoding", "").strip()
    if encoding.casefold() in ("", "identity"):
        return None
    return Failure(f"the video's host compresses it as {encoding}, unasked", transient=False)


def _locked(file: Any, path: Path) -> bool:
    """Return whether we have the file alone. If it was finished between opening and locking, it is a video by now."""
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
