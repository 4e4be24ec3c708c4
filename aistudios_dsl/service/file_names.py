"""The files that an outbox saves videos as: named by key and project, or by the columns of each row."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from attrs import define

from aistudios_dsl.errors import DslError, LoadError
from aistudios_dsl.service.download import is_device, mode_of_existing, safe_name
from aistudios_dsl.service.journal import Journal, Row, combined_error

Name: TypeAlias = Callable[[Mapping[str, Any]], str]
"""Names a file by the columns of its row."""

_MAY_BE_SAVED = ("queued", "submitted", "rendering", "done", "unknown")
_FORBIDDEN = '<>:"/\\|?*'


class Saver(Protocol):
    """What saves a video; `Client` has it."""

    def download(self, job: str, path: Path, *, overwrite: bool = False) -> Path: ...


@define
class FileNames:
    """The folder of the videos, and the name of each row's file, or None for the usual names."""

    folder: Path
    names: Mapping[int, str] | None = None

    @classmethod
    def of(cls, journal: Journal, folder: Path, name: Name | None) -> FileNames:
        """Name the files of rows that may be saved. Raise `LoadError` with every name that cannot be, or is taken."""
        if name is None:
            return cls(folder)
        folder = folder.resolve()  # as a relative one, it would be another's in another folder
        names, problems, own = dict[int, str](), list[DslError](), journal.name_in(folder)
        saved = (row for row in journal.rows("downloaded") if Path(row.file).parent == folder)
        keys = {_folded(Path(row.file).name): row.key for row in saved}
        for row in journal.rows(*_MAY_BE_SAVED):
            columns = journal.columns(row.number)
            try:
                names[row.number] = _validated(name(columns), own)
            except DslError as error:
                hint = error.hint if columns else "it came without its row: aistudios build --data --with-rows"
                problems.append(DslError(error.message, f"row {row.key}", hint))
                continue
            other = keys.setdefault(_folded(names[row.number]), row.key)
            if other != row.key:
                what = f"its file {names[row.number]!r} is that of row {other} too"
                problems.append(DslError(what, f"row {row.key}", "use a column that is different in each row"))
        if problems:
            raise combined_error(problems, "these files cannot be named, and nothing is sent")
        return cls(folder, names)

    def reserve(self, journal: Journal, row: Row) -> Row:
        """Record the file that a row's video is to become, so that after a kill it is known to be its own.

        Raise `DslError` (code "file-exists" or "not-a-file") if something else has the name.
        """
        if self.names is None:
            return row
        target = str(self.folder / self.names[row.number])
        if row.file == target:
            return row
        if mode_of_existing(Path(target)) is not None and journal.owner(target) != row.key:
            hint = "move it away, or name the videos otherwise"
            raise DslError(f"{target} is there, and was not saved by this outbox", hint=hint, code="file-exists")
        return journal.reserve(row, target)

    def save(self, client: Saver, row: Row) -> Path:
        """Save a row's video. An existing file of the usual name is the video: that name has the project's id."""
        if self.names is not None:
            return client.download(row.project_id, Path(row.file), overwrite=True)
        target = self.folder / f"{safe_name(row.key, 'row')[:60]}-{safe_name(row.project_id, 'video')}.mp4"
        if mode_of_existing(target) is None:
            return client.download(row.project_id, target)
        target.with_name(f".{target.name}.part").unlink(missing_ok=True)
        return target


def _folded(name: str) -> str:
    """Return what names of one file share, on systems that fold case or compose letters."""
    return unicodedata.normalize("NFC", name).casefold()


def _validated(name: str, journal: str = "") -> str:
    """Return a name that is one file of a folder on every system. Raise `LoadError` for any other.

    `journal`: the name of the journal if it is in the same folder; SQLite has files beside it, some for a moment only.

    >>> _validated("ann.mp4")
    'ann.mp4'
    """
    odd = next((mark for mark in name if mark in _FORBIDDEN or not mark.isprintable()), None)
    if odd is not None:
        problem = f"contains {odd!r}"
    elif not name.strip(" .") or name != name.strip(" ") or name.startswith(".") or name.endswith("."):
        problem = "is empty, hidden, or begins or ends with a blank or a dot"
    elif is_device(name):
        problem = "is the name of a device on Windows"
    elif len(name.encode()) > 200:
        problem = "is longer than 200 bytes"
    elif journal and _folded(name).startswith(_folded(journal)):
        problem = "is that of the journal, or of a file beside it"
    else:
        return name
    raise LoadError(f"the file name {name[:60]!r} {problem}", hint="change it: {{ name|replace('/', '-') }}")
