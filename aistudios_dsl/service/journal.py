"""The journal of an outbox: one SQLite file that holds every row's state before anything is done about it."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

from attrs import fields, frozen

from aistudios_dsl.errors import DslError, LoadError, did_you_mean

State = Literal["queued", "submitting", "submitted", "rendering", "done", "downloaded", "failed", "unknown"]
STATES: tuple[State, ...] = get_args(State)
_MAYBE_PAID = "state not in ('queued', 'failed') or project_id != ''"
"""Rows whose render was, or may have been, requested."""
_GIVEN_UP = "renders given up"
"""The term that counts the failed renders of rows that were queued again."""
_HOME = "home"
"""The term that says where the file was when it was last written."""
_MOVED = "was moved or deleted while it was in use"
_FOLLOW = "move it back, or run it again by its new name"
_DAMAGED = "keep a copy, and look on the dashboard for what was sent before you begin another journal"
_DISAGREE = (
    "put new rows at the end or into another file; `aistudios outbox mark ROW --not-sent` frees a row that was refused"
    " for a new payload"
)
_SQLITE_ERRORS: dict[int | None, tuple[str, str]] = {
    sqlite3.SQLITE_NOTADB: ("this file is not a journal: give the journal another name", ""),
    sqlite3.SQLITE_CORRUPT: (_DAMAGED, "journal-damaged"),
    sqlite3.SQLITE_FULL: ("free space on the disk, then run it again: it continues where it stopped", ""),
}
"""A hint and a code for the errors of SQLite that have their own."""
_CRASHED = "the sending process ended before the service answered"

_APPLICATION = 0x41534F42
_VERSION = 1
_SCHEMA = f"""
    BEGIN;
    CREATE TABLE rows (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        payload TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN {STATES}),
        project_id TEXT NOT NULL DEFAULT '',
        percent REAL NOT NULL DEFAULT 0,
        file TEXT NOT NULL DEFAULT '',
        note TEXT NOT NULL DEFAULT '',
        free INTEGER NOT NULL DEFAULT 0  -- marked as not sent: add may replace it
    );
    CREATE TABLE terms (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    PRAGMA application_id = {_APPLICATION};
    PRAGMA user_version = {_VERSION};
    COMMIT;
"""


@frozen
class Row:
    """One payload of an outbox and its state.

    Attributes:
        number: Its place in the journal, from 1.
        key: Its line number, or its value under the `key` of `Outbox.add`.
        name: The name of its project.
        state: queued, submitting, submitted, rendering, done, downloaded, failed or unknown.
        project_id: The id of its project, or "".
        percent: How much is rendered, 0 to 100.
        file: The path of the saved video, or "".
        note: What there is to say about the state, or "".

    Example:
        >>> Row(1, "1", "Hello", "queued").percent
        0.0
    """

    number: int
    key: str
    name: str
    state: State
    project_id: str = ""
    percent: float = 0.0
    file: str = ""
    note: str = ""


@frozen
class Entry:
    """A checked payload: its line, its canonical text, and the sha256 of that text."""

    number: int
    key: str
    name: str
    sha256: str
    payload: str


_COLUMNS = ", ".join(field.name for field in fields(Row))
_KINDS = (int, str, str, str, str, float, str, str)
"""The type of each column."""


class InUse(DslError):
    """Another process is working on the journal."""

    code = "journal-in-use"


class Journal:
    """A journal file. It is made when the first rows are added; a file that cannot be written can still be read.

    SQLite locks the file itself, whatever its name, but recovers an interrupted commit from a file beside its name.
    So the journal has only one name: links are resolved, and a second hard link, or a move during a run, stops it.
    It uses no write-ahead log, because a log left behind by a move would take committed states with it.

    Raises `DslError` if the file is not a journal, has another version, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = Path(os.path.realpath(path))
        self._lock_name = f"{self._file}.lock"
        self._process = os.getpid()
        self._exclusive = False
        self._is_file = self._file.exists() or not self._file.parent.is_dir()
        if self._is_file:
            self._open()
        else:
            # There is no file until rows have been accepted.
            self._base = sqlite3.connect(":memory:", isolation_level=None)
            self._base.executescript(_SCHEMA)

    def _open(self) -> None:
        if self._file.exists() and not self._file.is_file():
            raise DslError(f"{self.path} is not a regular file", hint="give the journal another name")
        # A lock file that cannot be written cannot be locked either, and SQLite says nothing.
        written = self._file, self._file.parent, Path(self._lock_name)
        self._writable = all(os.access(path, os.W_OK) for path in written if path.exists())
        where = f"{self._file.as_uri()}{'' if self._writable else '?mode=ro'}"
        with self._dsl_errors():
            self._base = sqlite3.connect(where, uri=True, isolation_level=None, timeout=60)
        try:
            self._prepare()
        except DslError:
            self._base.close()
            raise

    def _prepare(self) -> None:
        with self._dsl_errors():
            # Read first, so that a foreign file is not written to.
            tables = self._one("SELECT count(*) FROM sqlite_master")
            known = self._one("PRAGMA application_id"), self._one("PRAGMA user_version")
            if (known, tables) != ((0, 0), 0):
                self._validate(*known)
            self._base.execute("PRAGMA synchronous = EXTRA")
        if not self._writable:
            return
        try:
            with self.exclusive():
                pass
        except InUse:
            # Its process is alive, so its `submitting` rows may still get their answers.
            return

    def _validate(self, application: int, version: int) -> None:
        if application != _APPLICATION:
            raise DslError(
                f"{self.path} is a database, but not an outbox journal", hint="give the journal another name"
            )
        if version != _VERSION:
            what = f"{self.path} is a journal of version {version}; this release reads version {_VERSION}"
            raise DslError(what, hint="finish it with the release that began it, or begin another journal")
        found = self._one("PRAGMA quick_check(1)")
        if found != "ok":
            raise self._damaged(str(found))

    def _damaged(self, what: str) -> DslError:
        return DslError(f"{self.path} is damaged: {what}", hint=_DAMAGED, code="journal-damaged")

    @contextmanager
    def exclusive(self) -> Generator[None]:
        """Lock the journal against every other process. The lock ends with the process, however it ends.

        Rows that a dead process left in `submitting` become `unknown`. Raise `InUse` if it is locked, also by a run of
        this object.
        """
        if not self._is_file:
            self._refuse_moved()
            yield
            return
        if self._exclusive:
            raise InUse(f"a run is working on {self.path}", hint="wait until it has returned")
        self._hold()
        try:
            self._exclusive = True
            self._refuse_links()
            self._mark_crashed()
            yield
        finally:
            self._exclusive = False
            self._lock.close()

    def _hold(self) -> None:
        with self._dsl_errors():
            # A lock of SQLite on a file beside the journal works on every platform and does not stop readers.
            self._lock = sqlite3.connect(self._lock_name, isolation_level=None, timeout=0)
        try:
            self._lock.execute("PRAGMA journal_mode = MEMORY")
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._lock.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                hint = "let it finish, or stop it with Ctrl-C"
                raise InUse(f"another process is working on {self.path}", hint=hint) from None
            raise DslError(f"cannot lock {self._lock_name}: {error}", hint="may you write to its folder?") from None
        self._held = _identity(self._lock_name)

    def _refuse_moved(self) -> None:
        """Raise `DslError` if a journal was here, as its lock file shows: its rows may have been sent."""
        if Path(self._lock_name).exists() and not self._file.exists():
            hint = f"run it by its new name; only if nothing was sent: delete {self._lock_name} to start again"
            raise DslError(f"{self.path} was a journal, and was moved or deleted", hint=hint)

    def _refuse_links(self) -> None:
        """Raise `DslError` unless the file still has its name, and no other."""
        try:
            names = self._file.stat().st_nlink
        except OSError:
            raise DslError(f"{self.path} {_MOVED}", hint=_FOLLOW) from None
        if names > 1:
            hint = "remove the other names (find -samefile shows them), or make them symbolic links"
            what = f"{self.path} is one of {names} hard links to the journal: others may run it by them"
            raise InUse(what, hint=hint)

    def _mark_crashed(self) -> None:
        with self._dsl_errors():
            self._one("PRAGMA journal_mode = DELETE")
            if not self._one("SELECT count(*) FROM sqlite_master"):
                self._base.executescript(_SCHEMA)
            self._note_place()
            left = "UPDATE rows SET state = 'unknown', note = ? WHERE state = 'submitting'"
            self._base.execute(left, (_CRASHED,))

    def _note_place(self) -> None:
        """Record the file's place. Raise `DslError` if it was moved without the rest of an interrupted commit."""
        here, home = str(self._file), self._term(_HOME)
        if home == here:
            return
        rest = Path(f"{home}-journal")
        if home and not Path(home).exists() and rest.exists():
            what = f"{self.path} was moved without {rest}, which an interrupted commit left there"
            raise DslError(what, hint=f"move that file to {here}-journal, and try again")
        self._base.execute("INSERT OR REPLACE INTO terms VALUES (?, ?)", (_HOME, here))

    def close(self) -> None:
        """Close the file."""
        if os.getpid() == self._process:
            self._base.close()

    # reading

    def rows(self, *states: str) -> tuple[Row, ...]:
        """Return the rows in these states, or all. Raise `DslError` on an unknown state."""
        for state in states:
            if state not in STATES:
                raise DslError(f"{state!r} is not a state of a row", hint=did_you_mean(state, STATES))
        wanted = f"WHERE state IN ({', '.join('?' * len(states))})" if states else ""
        with self._dsl_errors():
            found = self._base.execute(f"SELECT {_COLUMNS} FROM rows {wanted} ORDER BY number", states)
            return tuple(self._row_of(values) for values in found)

    def _row_of(self, values: tuple[Any, ...]) -> Row:
        row = Row(*values)
        if row.state in STATES and all(map(isinstance, values, _KINDS)):
            return row
        raise self._damaged(f"row {row.number} has impossible values")

    def row(self, key: str) -> Row:
        """Return the row with this key. Raise `DslError` if there is none."""
        found = {row.key: row for row in self.rows()}
        if key not in found:
            raise DslError(f"{self.path} has no row {key!r}", hint=did_you_mean(key, list(found)[:1000]))
        return found[key]

    def counts(self) -> dict[str, int]:
        """Return how many rows are in each state, without empty states."""
        with self._dsl_errors():
            found = dict(self._base.execute("SELECT state, count(*) FROM rows GROUP BY state").fetchall())
        return {state: found[state] for state in STATES if state in found}

    def renders(self) -> int:
        """Return how many renders were, or may have been, requested."""
        with self._dsl_errors():
            now = self._one(f"SELECT count(*) FROM rows WHERE {_MAYBE_PAID}")
            return int(now + self._one("SELECT coalesce(max(value), 0) + 0 FROM terms WHERE name = ?", _GIVEN_UP))

    def payload(self, row: Row) -> str:
        """Return the canonical text to send for a row. Raise `DslError` if it is not what was added."""
        [(_, text)] = self._payloads("number = ?", row.number)
        return text

    def verify_payloads(self) -> None:
        """Raise `DslError` if the payload of a queued row is not what was added."""
        for _ in self._payloads("state = 'queued'"):
            pass

    def _payloads(self, which: str, *values: Any) -> Iterator[tuple[str, str]]:
        """Yield keys and verified payloads: SQLite does not notice changed bytes in a text."""
        with self._dsl_errors():
            for key, sha256, text in self._base.execute(f"SELECT key, sha256, payload FROM rows WHERE {which}", values):
                if not isinstance(text, str) or hashlib.sha256(text.encode()).hexdigest() != sha256:
                    raise self._damaged(f"the payload of row {key} is not the one that was added")
                yield key, text

    # writing

    def add(self, entries: Sequence[Entry], source: str) -> int:
        """Add the entries that are new, all or none, and return how many there were.

        Raise `LoadError` with every row that has changed, is gone, or is there twice.
        """
        if not self._is_file:
            with self.exclusive():
                if not self._add(entries, source):
                    return 0
            self._base.close()
            self._is_file = True
            self._open()
        with self.exclusive():
            return self._add(entries, source)

    def _add(self, entries: Sequence[Entry], source: str) -> int:
        with self._dsl_errors(), self._transaction():
            seen, problems, new = set[str](), list[DslError](), 0
            for entry in entries:
                twice = entry.key in seen
                seen.add(entry.key)
                problem = DslError("is the key of two rows", f"row {entry.key}") if twice else self._problem(entry)
                problems += [problem] if problem else []
                new += 0 if problem else self._insert(entry)
            gone = [row.key for row in self.rows() if row.key not in seen]
            problems += [DslError("is in the journal, but no longer in the file", f"row {key}") for key in gone]
            if problems:
                raise combined_error(problems, f"{source} does not agree with {self.path}", _DISAGREE)
            return new

    def _problem(self, entry: Entry) -> DslError | None:
        find = "SELECT key, sha256, free FROM rows WHERE key = ? OR sha256 = ?"
        for key, sha256, free in self._base.execute(find, (entry.key, entry.sha256)):
            if key != entry.key:
                hint = "each would be made, and charged: take one out, or change its name"
                return DslError(f"is the same payload as row {key}", f"row {entry.key}", hint)
            if sha256 != entry.sha256 and not free:
                return DslError("has changed since it was added", f"row {key}")
        return None

    def _insert(self, entry: Entry) -> int:
        values = (entry.name, entry.sha256, entry.payload, entry.key)
        freed = "UPDATE rows SET name = ?, sha256 = ?, payload = ? WHERE key = ? AND free"
        if self._base.execute(freed, values).rowcount:
            return 0
        fresh = "INSERT OR IGNORE INTO rows (name, sha256, payload, key) VALUES (?, ?, ?, ?)"
        return self._base.execute(fresh, values).rowcount

    def claim(self, row: Row) -> Row:
        """Record that a queued row is being sent. Raise `DslError` if another run may send it."""
        if _identity(self._lock_name) != self._held:
            # The lock file was deleted: the first run to lock a new one continues.
            self._lock.close()
            self._hold()
        self._refuse_links()
        return self.change(row, state="submitting", free=0)

    def change(self, row: Row, **columns: Any) -> Row:
        """Write a row's new state to disk. Raise `InUse` if the journal's row is no longer as `row` says."""
        words = ", ".join(f"{name} = ?" for name in columns)
        with self._dsl_errors(), self._transaction():
            return self._update(row, words, *columns.values())

    def _update(self, row: Row, words: str, *values: Any) -> Row:
        # An answer may come for a row that another run took for abandoned.
        states = (row.state, "unknown" if row.state == "submitting" else row.state)
        unchanged = "number = ? AND project_id = ? AND state IN (?, ?)"
        values = (*values, row.number, row.project_id, *states)
        if self._base.execute(f"UPDATE rows SET {words} WHERE {unchanged}", values).rowcount != 1:
            raise InUse(f"another run has changed row {row.key} of {self.path}", hint="wait until one run has finished")
        [found] = self._base.execute(f"SELECT {_COLUMNS} FROM rows WHERE number = ?", (row.number,))
        return self._row_of(found)

    def requeue(self, row: Row) -> Row:
        """Queue a row again; a render that it requested still counts."""
        queued = "state = 'queued', project_id = '', percent = 0, free = 1, note = ?"
        note = f"to be sent again; it was {row.project_id}" if row.project_id else "to be sent again"
        more = "ON CONFLICT (name) DO UPDATE SET value = value + 1"
        with self._dsl_errors(), self._transaction():
            if row.project_id:
                self._base.execute(f"INSERT INTO terms VALUES (?, '1') {more}", (_GIVEN_UP,))
            return self._update(row, queued, note)

    def fix_term(self, name: str, value: str, words: str) -> None:
        """Fix a term of the journal (the service, or render or draft) for good. Raise `DslError` on another value."""
        with self._dsl_errors():
            settled = self._term(name)
            if not settled:
                self._base.execute("INSERT INTO terms VALUES (?, ?)", (name, value))
        if settled and settled != value:
            raise DslError(words.format(settled), str(self.path), "begin another journal for it")

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._base.execute("COMMIT")
        except BaseException:
            # After some errors SQLite has already rolled back.
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise

    def _term(self, name: str) -> str:
        found = self._base.execute("SELECT value FROM terms WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else ""

    def _one(self, query: str, *values: Any) -> Any:
        [[value]] = self._base.execute(query, values)
        return value

    @contextmanager
    def _dsl_errors(self) -> Generator[None]:
        if os.getpid() != self._process:
            # A forked process does not inherit the locks of SQLite, so its writes would be unguarded.
            what = f"{self.path} was opened before this process was forked"
            raise DslError(what, hint="open an Outbox in each process that uses one")
        try:
            yield
        except (sqlite3.Error, UnicodeError, OverflowError) as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_READONLY_DBMOVED":
                raise DslError(f"{self.path} {_MOVED}", hint=_FOLLOW) from None
            known = getattr(error, "sqlite_errorcode", None)
            if known is None and isinstance(error, sqlite3.OperationalError):
                known = sqlite3.SQLITE_CORRUPT  # a text that is not UTF-8; sqlite3 gives this error no code
            hint, code = _SQLITE_ERRORS.get(known, ("is its folder there, and may you write to it?", ""))
            raise DslError(f"{self.path}: {error}", hint=hint, code=code) from None


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def combined_error(problems: list[DslError], message: str, hint: str = "") -> LoadError:
    """Return one error for all bad rows; the first twenty are shown."""
    if len(problems) == 1:
        [only] = problems
        return LoadError(only.message, only.path.strip(), only.hint or hint, (only,), only.code)
    more = f" ({len(problems)} rows, the first 20:)" if len(problems) > 20 else ""
    return LoadError(message + more, "", hint, tuple(problems[:20]))
