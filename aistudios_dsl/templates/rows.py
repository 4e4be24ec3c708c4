"""Rows for a template, with their places: from files of many kinds, data frames, or an iterable of mappings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

from aistudios_dsl.errors import DslError, LoadError, TemplateError, did_you_mean
from aistudios_dsl.templates.frames import TableFile, is_frame, of_frame
from aistudios_dsl.templates.records import DataRow, Fault, Record
from aistudios_dsl.templates.textfiles import TextFile, is_stdin, of_csv, of_json, of_jsonl
from aistudios_dsl.templates.values import columns_of

__all__ = ["DataRow", "Rows", "mappings", "of_row", "read_rows"]

_KINDS = {"ndjson": "jsonl", "xlsm": "xlsx", "feather": "arrow", "ipc": "arrow", "arrows": "arrow"}
"""Endings of files that are read like others."""
FORMATS = ("csv", "tsv", "jsonl", "json", "xlsx", "xls", "ods", "parquet", "arrow")
_SHEETS = ("xlsx", "xls", "ods")
_READERS: dict[str, Callable[[TextFile], Iterator[Record]]] = {
    "csv": of_csv,
    "tsv": partial(of_csv, tabs=True),
    "jsonl": of_jsonl,
    "json": of_json,
}
"""The readers of text files."""


class Rows:
    """An iterator over rows that reads as it goes.

    `next` raises `TemplateError` for a faulty row, after which the rest can be read, and `LoadError` for a file that is
    not a table. `count` is the number of rows so far, faulty ones included. `unread` is what the last faulty row holds:
    values by name, and values without a name under "". `edged` names the columns in which a text had blanks around it,
    each with the place of the first.
    """

    def __init__(
        self,
        found: Iterator[Record],
        share: Callable[[], float] = lambda: 0.0,
        *,
        trim: bool = False,
        tell: bool = False,
    ) -> None:
        self._found = found
        self._share = share
        self._trim = trim
        self._tell = tell or trim
        self.edged: dict[str, str] = {}
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
            if isinstance(found, Fault):
                self.unread = found.values
                yield of_row(found.error, self.count, found)
            else:
                yield self._trimmed(found) if self._tell else found

    def _trimmed(self, row: DataRow) -> DataRow:
        texts = {name: value for name, value in row.items() if type(value) is str}
        if [*map(str.strip, texts.values())] == [*texts.values()]:
            return row
        edged = {name: value.strip() for name, value in texts.items() if value != value.strip()}
        for name in edged:
            self.edged.setdefault(name, row.place)
        return DataRow({**row, **edged}, row.place) if self._trim else row

    @property
    def share(self) -> float:
        """The part of the source that is read, from 0 to 1; 0 if its length is unknown."""
        return self._share()


def read_rows(
    source: str | os.PathLike[str] | Iterable[Any],
    *,
    format: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    trim: bool = False,
    tell: bool = False,
) -> Rows:
    """Return the rows of a file, of a data frame, or of an iterable of mappings.

    In tables, the first line names the columns. CSV columns are separated by commas, semicolons or tabs, and values are
    text. Empty lines are skipped. Raises `LoadError` for another kind of source.

    Args:
        source: A path, "-" for standard input, a data frame, or rows.
        format: One of `FORMATS`. Default by the ending of the path.
        sheet: The sheet of a workbook. Default the only one that is visible and not empty.
        encoding: That of a text file. Default UTF-8.
        trim: Whether blanks around texts are taken off. Default False.
        tell: Whether `edged` names the columns with such blanks, in tables whose cells people type. Default False.

    >>> [dict(row) for row in read_rows([{"name": "Ann"}])]
    [{'name': 'Ann'}]
    """
    if not isinstance(source, str | os.PathLike):
        return Rows(_of_mappings(mappings(source)), trim=trim)
    path = Path(source)
    kind = format or _kind(path)
    _refuse_misfits(kind, sheet, encoding)
    if kind in _SHEETS:
        from aistudios_dsl.templates.sheets import Spreadsheet

        book = Spreadsheet(path, sheet)
        return Rows(book.rows(), lambda: book.share, trim=trim, tell=tell)
    if kind in _READERS:
        file = TextFile(path, encoding)
        found = (
            of_csv(file, tabs=kind == "tsv")
            if kind in ("csv", "tsv")
            else {"jsonl": of_jsonl, "json": of_json}[kind](file)
        )
        return Rows(found, lambda: file.share, trim=trim, tell=tell and kind in ("csv", "tsv"))
    table = TableFile(path)
    return Rows(table.parquet() if kind == "parquet" else table.arrow(), lambda: table.share, trim=trim)


def _kind(path: Path) -> str:
    if is_stdin(path):
        raise LoadError("standard input has no ending that says what it is", hint="add --format, such as --format csv")
    ending = path.suffix.lower().removeprefix(".")
    kind = _KINDS.get(ending, ending)
    if kind not in FORMATS:
        hint = did_you_mean(ending, FORMATS) if ending else ""
        known = f"name it .csv, .xlsx, .jsonl or .parquet, or say --format {'|'.join(FORMATS)}"
        raise LoadError(f"{path.name} is not a known kind of table", hint=hint if hint.startswith("did") else known)
    return kind


def _refuse_misfits(kind: str, sheet: str | None, encoding: str | None) -> None:
    if kind not in FORMATS:
        raise LoadError(f"there is no format {kind!r}", hint=did_you_mean(kind, FORMATS))
    if sheet is not None and kind not in _SHEETS:
        raise LoadError(f"a .{kind} file has no sheets", hint="leave --sheet out")
    if encoding is not None and kind not in _READERS:
        raise LoadError(f"a .{kind} file says its encoding itself", hint="leave --encoding out")


def mappings(source: Any) -> Iterable[Any]:
    """Return the rows of a data frame, or of an iterable of rows as it is. Raises `LoadError` for anything else."""
    if is_frame(source):
        return of_frame(source)
    if isinstance(source, Mapping | bytes | str) or not isinstance(source, Iterable):
        hint = "give a path, a data frame, or mappings of names to values"
        raise LoadError(f"cannot read rows from {type(source).__name__}", hint=hint)
    return source


def of_row(fault: DslError, number: int, row: object) -> DslError:
    """Return the error with the row, counted from 1, and its place before the path.

    >>> print(of_row(TemplateError("the row has no 'name'", "name"), 2, DataRow(place="people.csv line 3")))
    row 2 (people.csv line 3): name: the row has no 'name'
    """
    place = getattr(row, "place", "")
    name = f"row {number} ({place})" if place else f"row {number}"
    return fault.under(f"{name}: " if fault.path else name)


def _of_mappings(source: Iterable[Any]) -> Iterator[Record]:
    for item in source:
        try:
            yield item if isinstance(item, DataRow) else DataRow(columns_of(item, may_be_none=False))
        except TemplateError as fault:
            yield Fault("", fault.message)
