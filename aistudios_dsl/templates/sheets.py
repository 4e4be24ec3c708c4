"""Rows from spreadsheets (.xlsx, .xls, .ods), with dates, whole numbers and leading zeros as the cells show them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aistudios_dsl.errors import DslError, LoadError, did_you_mean, unreadable
from aistudios_dsl.templates.cells import Note, notes_of, shown_as
from aistudios_dsl.templates.records import Fault, Record, header, of_cells
from aistudios_dsl.templates.textfiles import is_stdin, kind_of, opened

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

Place = str


class Spreadsheet:
    """One sheet of a workbook, and the share of it that is read."""

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        self.path = path
        self.name: str = "standard input" if is_stdin(path) else path.name
        self.share: float = 0.0
        self._sheet = sheet

    def rows(self) -> Iterator[Record]:
        """Yield the rows below the first row that is not empty, which names the columns; empty rows are skipped."""
        try:
            with opened(self.path) as file:
                document = file.read()
        except OSError as fault:
            raise unreadable(self.path, fault) from None
        workbook = _workbook(document, self.path, self.name)
        sheet, place = self._chosen(workbook)
        notes = notes_of(document, sheet.name)
        first_column = (sheet.start or (0, 0))[1]
        names: list[str] = []
        found = False
        for number, values in enumerate(sheet.iter_rows()):
            if not any(value != "" for value in values):
                continue
            self.share = (number + 1) / (sheet.total_height + 1)
            where = f"{place} row {number + 1}"
            cells = [_cell(value, notes.get((number, first_column + at))) for at, value in enumerate(values)]
            if not names:
                names = _header(cells, where)
                continue
            found = True
            yield _row(names, cells, where)
        if not found:
            raise LoadError(f"{place} {'has a header and no rows' if names else 'is empty'}")

    def _chosen(self, workbook: CalamineWorkbook) -> tuple[CalamineSheet, Place]:
        """Return the sheet that is named, or the only one that is visible and not empty."""
        names = workbook.sheet_names
        if self._sheet is not None:
            if self._sheet not in names:
                hint = did_you_mean(self._sheet, names)
                raise LoadError(f"{self.name} has no sheet {self._sheet!r}", hint=hint)
            return workbook.get_sheet_by_name(self._sheet), f"{self.name} {self._sheet!r}"
        seen = [each.name for each in workbook.sheets_metadata if str(each.visible).endswith(".Visible")]
        filled = [name for name in seen if workbook.get_sheet_by_name(name).start is not None]
        if len(filled) > 1:
            message = f"{self.name} has {len(filled)} sheets: {', '.join(map(repr, filled))}"
            raise LoadError(message, hint=f"choose one: --sheet {_quoted(filled[0])}")
        if not filled:
            hidden = [name for name in names if name not in seen]
            hint = f"is it on a hidden sheet? --sheet {_quoted(hidden[0])}" if hidden else ""
            raise LoadError(f"{self.name} is empty", hint=hint)
        return workbook.get_sheet_by_name(filled[0]), self.name


def _quoted(name: str) -> str:
    return name if name.isalnum() else f'"{name}"'


def _workbook(document: bytes, path: Path, name: str) -> CalamineWorkbook:
    try:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError
    except ImportError:
        raise DslError("spreadsheets need the extra excel", hint='pip install "aistudios-dsl[excel]"') from None
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(document))
    except PasswordError:
        raise LoadError(f"{name} is protected by a password", hint="save it without one") from None
    except (CalamineError, OSError, ValueError) as fault:
        kind = kind_of(document[:64], path)
        what = kind if kind and "Excel" not in kind and "LibreOffice" not in kind else ""
        if not what and document and b"\0" not in document[:512]:
            what = "text"
        hint = "name it .csv, or say --format csv" if what == "text" else "save it as .xlsx"
        message = f"{name} is {what}, not a workbook" if what else f"{name} cannot be read as a workbook: {fault}"
        raise LoadError(message, hint=hint) from None


def _header(cells: list[Any], place: str) -> list[str]:
    """Return the names of the columns, as far as there are any."""
    texts = [str(cell) for cell in cells]
    while texts and not texts[-1].strip():
        texts.pop()
    return header(texts, place, "name it; is a cell of the header merged, or is there a title above it?")


def _row(names: list[str], cells: list[Any], place: str) -> Record:
    rest = cells[len(names) :]
    beyond = next((cell for cell in rest if cell != ""), None)
    if beyond is not None:
        message = f"{beyond!r} is in column {len(names) + rest.index(beyond) + 1}, which has no name"
        hint = "name the column; is a cell of the header merged, or is there a title above it?"
        return Fault(place, message, hint, values=dict(zip(names, cells, strict=False)) | {"": rest})
    return of_cells(names, [*cells, *[""] * (len(names) - len(cells))][: len(names)], place)


def _cell(value: Any, note: Note | None) -> Any:
    """Return what a cell gives: a whole number without its point, and what the cell shows where that is known."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if note is None:
        return value
    return note if isinstance(note, str) else shown_as(value, note(value))
