"""Rows from text files: CSV, JSONL and JSON, in UTF-8 or an encoding that is named."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from aistudios_dsl.errors import LoadError, nearest, plural, unreadable
from aistudios_dsl.templates.records import DataRow, Fault, Record, header, of_cells
from aistudios_dsl.wire.jsontext import copied, parse
from aistudios_dsl.wire.node import shown

_UNSOUND = re.compile(r"\\u[dD]|\d[eE]|\d{308}")
"""JSON text that may give an unpaired surrogate, or a number beyond all floats."""

_CSV_FAULTS = {
    "unexpected end": ("a quote is opened and never closed", "close it, or write a quote inside a value twice"),
    "expected after": ("text follows a closing quote", 'a quote inside a value is written twice: ""'),
    "field larger": ("a value is too long", "is a quote left open?"),
    "new-line character": ("a carriage return stands alone", "save the file with the line ends of Windows or Unix"),
}
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_ENCODINGS = ("utf-8", "utf-16", "cp1252", "cp1250", "cp1251", "latin-1", "mac-roman", "shift-jis", "cp949", "gb18030")

_MAGIC = {
    b"PK\x03\x04": "a ZIP archive",
    b"\xd0\xcf\x11\xe0": "an Excel workbook (.xls)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "an SQLite database",
    b"\x89PNG": "a picture",
    b"{\\rtf": "a text document (RTF)",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
    b"<table": "a web page",
    b"<?xml": "XML",
}
_IN_ZIP = {"xl/": "an Excel workbook (.xlsx)", "Index/": "a Numbers document", "word/": "a Word document"}


class TextFile:
    """The lines of a text file or of standard input, split at line feeds only, and the share of it that is read."""

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self.path = path
        self.name: str = "standard input" if is_stdin(path) else path.name
        self.line: int = 0
        self.share: float = 0.0
        self._encoding = "utf-8" if encoding is None else _known_encoding(encoding)

    @property
    def place(self) -> str:
        return f"{self.name} line {self.line}"

    def __iter__(self) -> Iterator[str]:
        try:
            with opened(self.path) as file:
                refuse_binary(self.path, self.name, file)
                size = os.fstat(file.fileno()).st_size if not is_stdin(self.path) else 0
                yield from self._utf_8(file, size) if self._encoding == "utf-8" else self._others(file, size)
        except OSError as fault:
            raise unreadable(self.path, fault) from None

    def _utf_8(self, file: BinaryIO, size: int) -> Iterator[str]:
        read = 0
        for line in file:
            self.line += 1
            read += len(line)
            self.share = read / size if size else 0.0
            yield self._checked(self._decoded(line))

    def _others(self, file: BinaryIO, size: int) -> Iterator[str]:
        # In UTF-16, a byte of a letter may be that of a line feed.
        try:
            with io.TextIOWrapper(file, self._encoding, newline="\n") as lines:
                for line in lines:
                    self.line += 1
                    self.share = file.tell() / size if size else 0.0
                    yield self._checked(line)
        except UnicodeError as fault:
            reason = getattr(fault, "reason", str(fault))
            raise LoadError(f"is not {self._encoding}: {reason}", self.name, "give another --encoding") from None

    @property
    def is_utf_8(self) -> bool:
        return self._encoding == "utf-8"

    def _decoded(self, line: bytes) -> str:
        try:
            text = line.decode("utf-8-sig" if self.line == 1 else "utf-8")
        except UnicodeDecodeError as fault:
            hint = _guess(line, fault.start, first=self.line == 1)
            raise LoadError(f"is not UTF-8, at byte {fault.start + 1} of the line", self.place, hint) from None
        if "\0" in text and self.line == 1 and _is_wide(line):
            raise LoadError("holds a NUL character", self.place, _WIDE.format("utf-16-le"))
        return text

    def _checked(self, text: str) -> str:
        if "\0" in text:
            raise LoadError("holds a NUL character", self.place, "is it a text file, in UTF-8?")
        return text


_WIDE = "it reads as UTF-16: --encoding {}; or save it as UTF-8"


def _guess(line: bytes, start: int, *, first: bool) -> str:
    """Return the hint for bytes that are not UTF-8: the encoding in which they can be read."""
    if first and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _WIDE.format("utf-16")
    try:
        text = line.decode("cp1252")
    except UnicodeDecodeError:
        return "save it as UTF-8, or name its --encoding"
    before, after = re.split(r"[\W_]+", text[:start])[-1], re.split(r"[\W_]+", text[start:])[0]
    word = before + (after or text[start])
    return f"{word[:40]!r} reads as Windows-1252: --encoding cp1252; or save it as UTF-8"


def _is_wide(line: bytes) -> bool:
    return line[1::2].count(0) > len(line) // 3


def _known_encoding(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except LookupError:
        near = nearest(name, _ENCODINGS)
        hint = f"did you mean {near!r}?" if near else f"such as {', '.join(_ENCODINGS[:3])}"
        raise LoadError(f"there is no encoding {name!r}", hint=hint) from None
    if not getattr(found, "_is_text_encoding", True):
        raise LoadError(f"{name!r} is not an encoding of text", hint=f"such as {', '.join(_ENCODINGS[:3])}")
    return "utf-8" if found.name in ("utf-8", "ascii", "utf-8-sig") else found.name


def is_stdin(path: Path) -> bool:
    """Tell whether a path stands for standard input."""
    return str(path) == "-"


def opened(path: Path) -> BinaryIO:
    """Return a file, or standard input, opened for bytes."""
    if not is_stdin(path):
        return path.open("rb")
    try:
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    except OSError:
        # A stream that a program has put there has no descriptor.
        return io.BytesIO(sys.stdin.buffer.read())


def head_of(file: Any) -> bytes:
    """Return the first bytes of a file without reading on, as far as it can tell."""
    peek = getattr(file, "peek", None)
    return bytes(peek(64)[:64]) if peek else b""


def refuse_binary(path: Path, name: str, file: BinaryIO) -> None:
    """Raise `LoadError` for a file that is not text, with what it is."""
    kind = kind_of(head_of(file), path)
    if kind:
        known = re.search(r"\(\.(\w+)\)", kind) or re.search(r"a (Parquet|Arrow) ", f"a{kind[2:]}")
        ending = known[1].lower() if known else ""
        hint = f"name it .{ending}, or say --format {ending}" if ending else "save it as CSV in UTF-8"
        raise LoadError(f"{name} is {kind}, not a text file", hint=hint)


def kind_of(head: bytes, path: Path) -> str:
    """Return what a file is by its first bytes, if that is nothing that holds rows as text; else ""."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic) or start.startswith(magic)), "")
    if kind == "a ZIP archive" and not is_stdin(path):
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                if "mimetype" in names and b"spreadsheet" in archive.read("mimetype"):
                    return "a LibreOffice workbook (.ods)"
        except (zipfile.BadZipFile, OSError):
            return kind
        return next((kind for inner, kind in _IN_ZIP.items() if any(name.startswith(inner) for name in names)), kind)
    return kind


# CSV


def of_csv(file: TextFile, *, tabs: bool = False) -> Iterator[Record]:
    """Yield the rows of a table whose first line names the columns."""
    records = _records(file, "\t" if tabs else "")
    line, cells = next(records, (0, []))
    if not line:
        raise LoadError(f"{file.name} is empty", hint="the first line names the columns")
    names = header(cells, f"{file.name} line {line}")
    start = line
    for line, cells in records:
        yield _of_record(names, cells, f"{file.name} line {line}")
    if line == start:
        raise LoadError(f"{file.name} has a header and no rows")


def _records(file: TextFile, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line that it starts at, as a quoted value may have several lines."""
    lines = iter(file)
    first, skipped = next(lines, None), 0
    named = _SEPARATOR.fullmatch(first or "")
    if named:
        first, skipped = next(lines, None), 1
    if first is None:
        return
    mark = named[1] if named else delimiter or _delimiter(first)
    reader = csv.reader(chain([first], lines), delimiter=mark, strict=True)
    start = 1 + skipped
    try:
        for cells in reader:
            if cells or start == 1:
                yield start, cells
            start = reader.line_num + 1 + skipped
    except csv.Error as fault:
        known = next((words for key, words in _CSV_FAULTS.items() if key in str(fault)), (str(fault), ""))
        raise LoadError(known[0], f"{file.name} line {start}", known[1]) from None


def _delimiter(line: str) -> str:
    """Return the mark that a header has most often outside of quotes; a comma, if it has none.

    >>> _delimiter('"Name, first";"City"')
    ';'
    """
    bare = re.sub(r'"[^"]*(?:"|$)', "", line)
    return max(",;\t", key=bare.count)


def _of_record(names: list[str], cells: list[str], place: str) -> Record:
    if len(cells) == len(names):
        if len(names) > 1 and not any(cells):
            return Fault(place, "every column is empty", "spreadsheets leave such lines: remove it")
        return of_cells(names, cells, place)
    values: dict[str, Any] = dict(zip(names, cells, strict=False))
    what = f"has {plural(len(cells), 'column')}, the header has {len(names)}"
    if len(cells) < len(names):
        return Fault(place, f"{what}: {', '.join(map(repr, names[len(cells) :]))} missing", values=values)
    rest = cells[len(names) :]
    hint = "put quotes around a value with a comma"
    return Fault(place, f"{what}: {rest[0]!r} has no column", hint, values=values | {"": rest})


# JSON


def of_jsonl(file: TextFile) -> Iterator[Record]:
    """Yield the row of each line that is not empty."""
    empty = True
    for text in file:
        if text.strip():
            empty = False
            yield _of_line(text.rstrip("\r\n"), file.place)
    if empty:
        raise LoadError(f"{file.name} is empty", hint="each line is one JSON object")


def _of_line(text: str, place: str) -> Record:
    try:
        value = parse(text, "the line")
        return _of_value(copied(value) if _UNSOUND.search(text) else value, place)
    except LoadError as fault:
        column = fault.path.removeprefix("line 1 ")
        return Fault(place, fault.message, fault.hint, column, {"": text})


def of_json(file: TextFile) -> Iterator[Record]:
    """Yield the row of each item of an array."""
    values = parse(_whole(file), file.name)
    if not isinstance(values, list):
        hint = "one object on each line is JSONL: name the file .jsonl"
        raise LoadError(f"must be an array of objects, not {shown(values)}", file.name, hint)
    if not values:
        raise LoadError(f"{file.name} holds no rows")
    for number, value in enumerate(values, 1):
        file.share = number / len(values)
        place = f"{file.name} item {number}"
        try:
            yield _of_value(copied(value), place)
        except LoadError as fault:
            yield Fault(place, fault.message, fault.hint, fault.path)


def _whole(file: TextFile) -> str | bytes:
    if file.is_utf_8:
        try:
            with opened(file.path) as stream:
                return stream.read()
        except OSError as fault:
            raise unreadable(file.path, fault) from None
    return "".join(file)


def _of_value(value: Any, place: str) -> Record:
    return DataRow(value, place) if isinstance(value, dict) else Fault(place, f"must be an object, not {shown(value)}")
