"""What a reader of rows yields: a row with its place, or a fault in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aistudios_dsl.errors import LoadError, TemplateError
from aistudios_dsl.templates.values import clash


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


class Fault:
    """A row that could not be read, and what was read of it."""

    def __init__(self, place: str, message: str, hint: str = "", path: str = "", values: Any = None) -> None:
        self.place = place
        self.values: Mapping[str, Any] = values or {}
        self.error: TemplateError = TemplateError(message, path, hint)


Record = DataRow | Fault

_ERRORS = frozenset(
    (
        *("#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"),
        *("#NV", "#BEZUG!", "#WERT!", "#ZAHL!"),
    )
)
"""What a spreadsheet shows where a formula failed, in English and German."""


def header(cells: list[str], place: str, remedy: str = "name it, or remove the column") -> list[str]:
    """Return the names of the columns. Raise `LoadError` for a column without a name, and for two with one."""
    names = [cell.strip() for cell in cells]
    if not any(names):
        raise LoadError("the header is empty", place, "the first line names the columns")
    for number, name in enumerate(names, 1):
        if not name:
            raise LoadError(f"column {number} has no name", place, remedy)
        if name in names[: number - 1]:
            first = names.index(name) + 1
            raise LoadError(f"columns {first} and {number} are both named {name!r}", place, "rename one")
    fault = clash(names)
    if fault:
        raise LoadError(fault[0], place, fault[2])
    return names


def of_cells(names: list[str], cells: list[Any], place: str) -> Record:
    """Return the row of a table, or the fault of one in which a formula failed."""
    row = DataRow(zip(names, cells, strict=True), place)
    if not _ERRORS.isdisjoint(cells):
        name, cell = next((name, cell) for name, cell in row.items() if cell in _ERRORS)
        return Fault(place, f"{name!r} is {cell}, the error of a formula", "correct the sheet", values=row)
    return row
