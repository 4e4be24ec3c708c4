"""A template compiled for many rows: each row's JSON, the same bytes as rendering it alone, without building it anew."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from aistudios_dsl.errors import DslError
from aistudios_dsl.templates.rows import of_row

_ROWS_A_WRITE = 16


class Rendered(Protocol):
    """A literal project."""

    def to_json(self) -> str: ...


class Template(Protocol):
    """What a plan needs of a project."""

    def render(self, row: Mapping[str, Any] | None = None, /) -> Rendered: ...


class Plan:
    """What `Project.compile()` gives. It pickles, and threads may share it.

    `slow_rows` counts the rows that had to be rendered the long way; those that cannot be rendered are among them.
    """

    def __init__(self, template: Template) -> None:
        self.template = template
        self.slow_rows = 0

    def __reduce__(self) -> tuple[type[Plan], tuple[Template]]:
        return Plan, (self.template,)

    def render_json(self, row: Mapping[str, Any] | None = None, /) -> bytes:
        """The UTF-8 JSON of one row, equal to `template.render(row).to_json().encode()`, and so are its errors."""
        self.slow_rows += 1
        return self.template.render(row).to_json().encode()

    def write_jsonl(self, rows: Iterable[Mapping[str, Any]], file: str | os.PathLike[str] | BinaryIO) -> int:
        """Write a line of JSON for each row, some rows at a time, and return their number.

        A path is written beside and renamed at the end, so that it holds all rows or is not touched. Errors name the
        row, counted from 1.
        """
        if not isinstance(file, str | os.PathLike):
            return self._write(rows, file)
        target = Path(file)
        beside = target.with_name(f".{target.name}.part")
        try:
            with beside.open("wb") as part:
                count = self._write(rows, part)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        return count

    def _write(self, rows: Iterable[Mapping[str, Any]], file: BinaryIO) -> int:
        count, lines = 0, self._lines(rows)
        while batch := list(islice(lines, _ROWS_A_WRITE)):
            file.write(b"\n".join([*batch, b""]))
            count += len(batch)
        return count

    def _lines(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        for number, row in enumerate(rows, 1):
            try:
                yield self.render_json(row)
            except DslError as fault:
                raise of_row(fault, number, row) from fault.__cause__
