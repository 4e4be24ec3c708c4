"""The options that say where rows come from, and what their commands tell about rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from aistudios_dsl.cli.base import print_line
from aistudios_dsl.errors import DslError, TemplateError, nearest

if TYPE_CHECKING:
    from aistudios_dsl.cli.options import ProjectFile
    from aistudios_dsl.project import Project
    from aistudios_dsl.templates.rows import DataRow, Rows

Command = Callable[..., Any]

ROW = re.compile(r"^row \d+(?: \(.*? (?:line|item|row) \d+\))?(?:: )?")
"""The number and place of a row, at the start of an error's path."""


@frozen
class DataFile:
    """The file, or standard input ("-"), that rows are read from, and how."""

    path: Path
    format: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    trim: bool = False

    def rows(self) -> Rows:
        """Return the rows, to be read once."""
        from aistudios_dsl.templates.rows import read_rows

        return read_rows(
            self.path, format=self.format, sheet=self.sheet, encoding=self.encoding, trim=self.trim, tell=True
        )

    def numbered(self, only: int | None = None) -> Iterator[tuple[int, DataRow | DslError]]:
        """Yield each row, or its fault, with its number from 1; or the only one that is asked for.

        At the end, say which values have blanks around them. Raise `DslError` if there is no such row.
        """
        rows = self.rows()
        for row in rows.outcomes():
            if only in (None, rows.count):
                yield rows.count, row
            if only == rows.count:
                break
        else:
            if only is not None:
                hint = f"the last is row {rows.count}" if rows.count else ""
                raise DslError(f"there is no row {only} in {self.path}", hint=hint)
        self.tell_edged(rows.edged)

    @property
    def is_read_once(self) -> bool:
        """Whether it is a stream, whose rows cannot be read again."""
        return str(self.path) == "-" or (self.path.exists() and not self.path.is_file())

    def tell_edged(self, edged: Mapping[str, str]) -> None:
        """Say in which columns there were blanks around a text, which make it another one."""
        for column, place in edged.items() if not self.trim else ():
            print_line(f"note: blanks around a value of {column!r}, first in {place}: --trim takes them off", err=True)


_PATH = click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Rows: .csv, .xlsx, .ods, .xls, .jsonl, .json, .parquet or .arrow; - is standard input.",
)
_SHEET = click.option("--sheet", metavar="NAME", help="The sheet of a workbook, if it has several.")
_ENCODING = click.option("--encoding", metavar="NAME", help="The encoding of a text file, such as cp1252; else UTF-8.")
_TRIM = click.option("--trim", is_flag=True, help="Take off blanks around the values.")


def data_options(command: Command, *, format_option: str = "--format") -> Command:
    """Add --data and the options for reading it; the command gets them as a `DataFile`, or None, as its `data`."""
    data_format = click.option(
        format_option, "data_format", metavar="KIND", help="What --data is, if its name does not say: csv, xlsx…"
    )

    @wraps(command)
    def run(*args: Any, data: Path | None, data_format: str | None, trim: bool, **more: Any) -> Any:
        options = {"format": data_format, "sheet": more.pop("sheet"), "encoding": more.pop("encoding"), "trim": trim}
        if data is not None:
            return command(*args, data=DataFile(data, **options), **more)
        given = next((name for name, value in options.items() if value), None)
        if given:
            option = format_option if given == "format" else f"--{given}"
            raise click.UsageError(f"{option} requires --data")
        return command(*args, data=None, **more)

    return _PATH(data_format(_SHEET(_ENCODING(_TRIM(run)))))


@contextmanager
def named_row(number: int, row: DataRow) -> Iterator[None]:
    """Name the row in an error that is raised inside."""
    from aistudios_dsl.templates.rows import of_row

    try:
        yield
    except DslError as fault:
        raise of_row(fault, number, row) from None


def rendered_row(source: ProjectFile, data: DataFile, number: int) -> Project:
    """Return the project with the values of one row, counted from 1, and of `--set`."""
    from aistudios_dsl.templates.values import with_values

    project = source.load()
    [(_, row)] = data.numbered(number)
    if isinstance(row, DslError):
        raise row
    with named_row(number, row):
        return project.render(with_values(row, source.settings))


def with_all_missing(fault: DslError, needed: Iterable[str], row: Iterable[Any]) -> DslError:
    """Return the error of a missing column with all columns that the row lacks, and the nearest names it has."""
    if fault.code != "missing-name":
        return fault
    from aistudios_dsl.templates.values import readable

    known = sorted(readable(row))
    missing = sorted(set(needed) - {*known, "row"})
    if len(missing) < 2:
        return fault
    # A name in braces is an identifier; row["…"] takes any.
    identifiers = [name for name in known if name.isidentifier()]
    near = {name: nearest(name, identifiers if name.isidentifier() else known) for name in missing}
    found = [f"{close!r} for {name!r}" for name, close in near.items() if close]
    hint = f"did you mean {', '.join(found)}?" if found else fault.hint
    return TemplateError(f"the row has no {', '.join(map(repr, missing))}", hint=hint, code=fault.code)
