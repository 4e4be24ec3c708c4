"""Rows for a template, with their places: from CSV, JSONL, a JSON array or an iterable of mappings."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Self

from aistudios_dsl.errors import DslError, LoadError, TemplateError, near_file
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


class DataRow(dict[str, Any]):
    """The values of one row by name, and its `place`, such as "people.csv line 3", or "".

    >>> row = DataRow({"name": "Ann"}, "people.csv line 2")
    >>> row, row.place
    ({'name': 'Ann'}, 'people.csv line 2')
    """

    __slots__ = ("place",)

    def __init__(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), place: str = "") -> None:
        super().__init__(values)
        self.place: str = place


class Rows:
    """An iterator over rows that reads as it goes.

    `next` raises `TemplateError` for a faulty row, after which the rest can be read, and `LoadError` for a file that is
    not a table. `count` is the number of rows so far, faulty ones included. `unread` is what the last faulty row holds:
    values by name, and values without a name under "".
    """

    def __init__(self, found: Iterator[DataRow | _Fault], share: Callable[[], float]) -> None:
        self._found = found
        self._share = share
        self.count: int = 0
        self.unread: Mapping[str, Any] = {}

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> DataRow:
        for row in self.outcomes():
            if isinstance(row, DslError):
                raise row
            return row
        raise StopIteration

    def outcomes(self) -> Iterator[DataRow | DslError]:
        """Yield each row, or the error in its place."""
        for found in self._found:
            self.count += 1
            if isinstance(found, _Fault):
                self.unread = found.values
                yield of_row(found.error, self.count, found)
            else:
                yield found

    @property
    def share(self) -> float:
        """The part of the source that is read, from 0 to 1; 0 if its length is unknown."""
        return self._share()


class _Fault:
    """A row that could not be read, and what was read of it."""

    def __init__(self, place: str, message: str, hint: str = "", path: str = "", values: Any = None) -> None:
        self.place = place
        self.values: Mapping[str, Any] = values or {}
        self.error = TemplateError(message, path, hint)


def read_rows(source: str | os.PathLike[str] | Iterable[Mapping[str, Any]]) -> Rows:
    """Return the rows of a file (.csv with a header, .jsonl, or .json with one array) or of an iterable of mappings.

    A file is UTF-8. CSV columns are separated by commas, or by `;` or tabs if the header has no comma, and values are
    text. Empty lines are skipped. Raises `LoadError` for another kind of source.

    >>> [dict(row) for row in read_rows([{"name": "Ann"}])]
    [{'name': 'Ann'}]
    """
    if isinstance(source, str | os.PathLike):
        file = _File(Path(source))
        return Rows(_reader(file.path)(file), lambda: file.share)
    if isinstance(source, Mapping | bytes) or not isinstance(source, Iterable):
        hint = "give a path, or mappings of names to values"
        raise LoadError(f"cannot read rows from {type(source).__name__}", hint=hint)
    return Rows(_of_mappings(source), lambda: 0.0)


def of_row(fault: DslError, number: int, row: object) -> DslError:
    """Return the error with the row, counted from 1, and its place before the path.

    >>> print(of_row(TemplateError("the row has no 'name'", "name"), 2, DataRow(place="people.csv line 3")))
    row 2 (people.csv line 3): name: the row has no 'name'
    """
    place = getattr(row, "place", "")
    name = f"row {number} ({place})" if place else f"row {number}"
    return fault.under(f"{name}: " if fault.path else name)


class _File:
    """The lines of a UTF-8 file, split at line feeds only, and the share of it that is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 0
        self.share = 0.0

    @property
    def place(self) -> str:
        return f"{self.path.name} line {self.line}"

    def __iter__(self) -> Iterator[str]:
        try:
            with self.path.open("rb") as file:
                size, read = os.fstat(file.fileno()).st_size, 0
                for line in file:
                    self.line += 1
                    read += len(line)
                    self.share = read / (size or read)
                    yield self._decoded(line)
        except OSError as fault:
            raise _unreadable(self.path, fault) from None

    def _decoded(self, line: bytes) -> str:
        try:
            text = line.decode("utf-8-sig" if self.line == 1 else "utf-8")
        except UnicodeDecodeError as fault:
            wide = self.line == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff"))
            hint = f"{'it looks like UTF-16: ' if wide else ''}save it as UTF-8"
            raise LoadError(f"is not UTF-8, at byte {fault.start + 1} of the line", self.place, hint) from None
        if "\0" in text:
            raise LoadError("holds a NUL character", self.place, "is it a text file, in UTF-8?")
        return text


def _unreadable(path: Path, fault: OSError) -> LoadError:
    near = near_file(path) if isinstance(fault, FileNotFoundError) else ""
    return LoadError(f"cannot read {path}: {fault.strerror}", hint=near)


def _of_csv(file: _File) -> Iterator[DataRow | _Fault]:
    records = _records(file)
    line, cells = next(records, (0, []))
    if not line:
        raise LoadError(f"{file.path.name} is empty", hint="the first line names the columns")
    names = _header(cells, f"{file.path.name} line {line}")
    start = line
    for line, cells in records:
        yield _of_record(names, cells, f"{file.path.name} line {line}")
    if line == start:
        raise LoadError(f"{file.path.name} has a header and no rows")


def _records(file: _File) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line that it starts at, as a quoted value may have several lines."""
    lines = iter(file)
    first = next(lines, None)
    if first is None:
        return
    delimiter = next((mark for mark in ",;\t" if mark in first), ",")
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    start = 1
    try:
        for cells in reader:
            if cells or start == 1:
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as fault:
        known = next((words for key, words in _CSV_FAULTS.items() if key in str(fault)), (str(fault), ""))
        raise LoadError(known[0], f"{file.path.name} line {start}", known[1]) from None


def _header(cells: list[str], place: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not any(names):
        raise LoadError("the header is empty", place, "the first line names the columns")
    for number, name in enumerate(names, 1):
        if not name:
            raise LoadError(f"column {number} has no name", place, "name it, or remove the column")
        if name in names[: number - 1]:
            first = names.index(name) + 1
            raise LoadError(f"columns {first} and {number} are both named {name!r}", place, "rename one")
    return names


def _of_record(names: list[str], cells: list[str], place: str) -> DataRow | _Fault:
    if len(cells) == len(names):
        if len(names) > 1 and not any(cells):
            return _Fault(place, "every column is empty", "spreadsheets leave such lines: remove it")
        return DataRow(zip(names, cells, strict=True), place)
    values: dict[str, Any] = dict(zip(names, cells, strict=False))
    what = f"has {len(cells)} column{'' if len(cells) == 1 else 's'}, the header has {len(names)}"
    if len(cells) < len(names):
        return _Fault(place, f"{what}: {', '.join(map(repr, names[len(cells) :]))} missing", values=values)
    rest = cells[len(names) :]
    hint = "put quotes around a value with a comma"
    return _Fault(place, f"{what}: {rest[0]!r} has no column", hint, values=values | {"": rest})


def _of_jsonl(file: _File) -> Iterator[DataRow | _Fault]:
    empty = True
    for text in file:
        if text.strip():
            empty = False
            yield _of_line(text.rstrip("\r\n"), file.place)
    if empty:
        raise LoadError(f"{file.path.name} is empty", hint="each line is one JSON object")


def _of_line(text: str, place: str) -> DataRow | _Fault:
    try:
        value = parse(text, "the line")
        return _of_value(copied(value) if _UNSOUND.search(text) else value, place)
    except LoadError as fault:
        column = fault.path.removeprefix("line 1 ")
        return _Fault(place, fault.message, fault.hint, column, {"": text})


def _of_json(file: _File) -> Iterator[DataRow | _Fault]:
    try:
        document = file.path.read_bytes()
    except OSError as fault:
        raise _unreadable(file.path, fault) from None
    values = parse(document, file.path.name)
    if not isinstance(values, list):
        hint = "one object on each line is JSONL: name the file .jsonl"
        raise LoadError(f"must be an array of objects, not {shown(values)}", file.path.name, hint)
    if not values:
        raise LoadError(f"{file.path.name} holds no rows")
    for number, value in enumerate(values, 1):
        file.share = number / len(values)
        place = f"{file.path.name} item {number}"
        try:
            yield _of_value(copied(value), place)
        except LoadError as fault:
            yield _Fault(place, fault.message, fault.hint, fault.path)


def _of_value(value: Any, place: str) -> DataRow | _Fault:
    return DataRow(value, place) if isinstance(value, dict) else _Fault(place, f"must be an object, not {shown(value)}")


def _of_mappings(source: Iterable[Any]) -> Iterator[DataRow | _Fault]:
    for item in source:
        if isinstance(item, Mapping):
            yield DataRow(item, getattr(item, "place", ""))
        else:
            yield _Fault("", f"a row is a mapping of names to values, not {type(item).__name__}")


_READERS: dict[str, Callable[[_File], Iterator[DataRow | _Fault]]] = {
    ".csv": _of_csv,
    ".tsv": _of_csv,
    ".jsonl": _of_jsonl,
    ".ndjson": _of_jsonl,
    ".json": _of_json,
}


def _reader(path: Path) -> Callable[[_File], Iterator[DataRow | _Fault]]:
    found = _READERS.get(path.suffix.lower())
    if found is None:
        raise LoadError(f"{path.name} is not a known kind of table", hint="name it .csv, .jsonl or .json")
    return found
