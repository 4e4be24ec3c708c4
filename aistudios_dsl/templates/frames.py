"""Rows from data frames of any library, and from Parquet and Arrow files, a few at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from aistudios_dsl.errors import DslError, LoadError, unreadable
from aistudios_dsl.templates.records import DataRow, Record, header
from aistudios_dsl.templates.textfiles import head_of, is_stdin, kind_of, opened

_AT_ONCE = 1000
_MISSING = 'pip install "aistudios-dsl[frames]"'


class DataFrame(Protocol):
    """A data frame of pandas, Polars, Arrow or another library."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return its columns, as Arrow defines it."""
        ...


def is_frame(source: Any) -> bool:
    """Tell whether a value is a data frame: pandas, Polars, Arrow and all others that narwhals knows."""
    marks = ("__narwhals_dataframe__", "__narwhals_lazyframe__", "__arrow_c_stream__", "__dataframe__", "to_pandas")
    kind = type(source)
    return any(hasattr(kind, mark) for mark in marks) or (hasattr(kind, "collect") and hasattr(kind, "columns"))


def of_frame(frame: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a data frame; a lazy one is collected."""
    try:
        import narwhals
    except ImportError:
        raise DslError("data frames need the extra frames", hint=_MISSING) from None
    try:
        whole: Any = narwhals.from_native(frame)
    except TypeError:
        hint = "give a data frame, a path, or mappings of names to values"
        raise LoadError(f"cannot read rows from {type(frame).__name__}", hint=hint) from None
    if hasattr(whole, "collect"):
        whole = whole.collect()
    header(list(map(str, whole.columns)), type(frame).__name__)
    yield from whole.iter_rows(named=True, buffer_size=_AT_ONCE)


class TableFile:
    """A Parquet or Arrow file, and the share of it that is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name: str = "standard input" if is_stdin(path) else path.name
        self.share: float = 0.0

    def parquet(self) -> Iterator[Record]:
        """Yield the rows of a Parquet file."""

        def batches(file: Any) -> Iterable[Any]:
            from pyarrow.parquet import ParquetFile

            table = ParquetFile(file)
            return _counted(table.iter_batches(_AT_ONCE), table.metadata.num_rows)

        return self._rows(batches, "a Parquet file")

    def arrow(self) -> Iterator[Record]:
        """Yield the rows of an Arrow file (Feather) or stream."""

        def batches(file: Any) -> Iterable[Any]:
            from pyarrow import ArrowInvalid, ipc

            try:
                table = ipc.open_file(file)
            except ArrowInvalid:
                file.seek(0)
                return ((batch, 0.0) for batch in ipc.open_stream(file))
            count = table.num_record_batches
            return ((table.get_batch(at), (at + 1) / count) for at in range(count))

        return self._rows(batches, "an Arrow file")

    def _rows(self, batches: Any, wanted: str) -> Iterator[Record]:
        try:
            from pyarrow import ArrowException, BufferReader, OSFile
        except ImportError:
            raise DslError("Parquet and Arrow files need the extra frames", hint=_MISSING) from None
        head = b""
        try:
            with opened(self.path) as stream:
                head = head_of(stream)
                source = BufferReader(stream.read()) if is_stdin(self.path) else OSFile(str(self.path))
            number = 0
            for batch, share in batches(source):
                if not number:
                    header(batch.schema.names, self.name)
                for part in _slices(batch):
                    for values in part.to_pylist():
                        number += 1
                        yield DataRow(values, f"{self.name} row {number}")
                self.share = share
        except OSError as fault:
            if isinstance(fault, ArrowException):
                raise self._refused(head, fault, wanted) from None
            raise unreadable(self.path, fault) from None
        except ArrowException as fault:
            raise self._refused(head, fault, wanted) from None
        if not number:
            raise LoadError(f"{self.name} holds no rows")

    def _refused(self, head: bytes, fault: Exception, wanted: str) -> LoadError:
        kind = kind_of(head, self.path)
        what = kind or ("text" if head and b"\0" not in head else "")
        message = f"is {what}, not {wanted}" if what else f"cannot be read: {str(fault).partition('.')[0]}"
        return LoadError(f"{self.name} {message}", hint="name it after what it is, or say so with --format")


def _counted(batches: Iterable[Any], total: int) -> Iterator[tuple[Any, float]]:
    read = 0
    for batch in batches:
        read += batch.num_rows
        yield batch, read / total if total else 0.0


def _slices(batch: Any) -> Iterator[Any]:
    """Yield a batch in parts, so that few rows are Python objects at a time."""
    for start in range(0, batch.num_rows, _AT_ONCE):
        yield batch.slice(start, _AT_ONCE)
