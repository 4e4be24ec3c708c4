"""The outbox's memory: one SQLite file in which every row's state is on disk before anything is done about it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

from attrs import fields, frozen

from aistudios_dsl.errors import DslError, LoadError, did_you_mean

State = Literal["queued", "submitting", "submitted", "rendering", "done", "downloaded", "failed", "unknown"]
STATES: tuple[State, ...] = get_args(State)
MAYBE_PAID = "state not in ('queued', 'failed') or project_id != ''"
"""Rows whose render was, or may have been, asked for."""
_GIVEN_UP = "renders given up"
"""The term that counts the failed renders of rows that were queued again."""

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
        free INTEGER NOT NULL DEFAULT 0  -- a person said it was not sent: it may come in anew
    );
    CREATE TABLE terms (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    PRAGMA application_id = {_APPLICATION};
    PRAGMA user_version = {_VERSION};
    COMMIT;
"""
_CRASHED = "the sending process ended before the service answered"


@frozen
class Row:
    """One payload of an outbox: its key, its state, and what is known of its project. `percent`: 0 to 100, rendered."""

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
    """A payload on its way into the journal: its line, the canonical text, and the sha256 of its bytes."""

    number: int
    key: str
    name: str
    sha256: str
    payload: str


_COLUMNS = ", ".join(field.name for field in fields(Row))


class Journal:
    """A journal file, made where there is none as soon as there are rows to take in.

    Raises `DslError` where the file is no journal, is of another version, is damaged, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._alone = False
        self._is_file = path.exists() or not path.parent.is_dir()
        if self._is_file:
            self._open()
        else:
            # Until there are rows that can be taken in, no file is made.
            self._base = sqlite3.connect(":memory:", isolation_level=None)
            self._base.executescript(_SCHEMA)

    def _open(self) -> None:
        with self._told():
            self._base = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        try:
            self._prepare()
        except DslError:
            self._base.close()
            raise

    def _prepare(self) -> None:
        with self._told():
            # A look first: what is not ours is not written to.
            known = self._one("PRAGMA application_id"), self._one("PRAGMA user_version")
            tables = self._one("SELECT count(*) FROM sqlite_master")
            if (known, tables) != ((0, 0), 0):
                self._judge(*known)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")
        try:
            with self.alone():
                pass
        except InUse:
            # Its process is alive; what is being submitted may still be answered.
            return

    def _judge(self, application: int, version: int) -> None:
        if application != _APPLICATION:
            raise DslError(f"{self.path} is a database, but no outbox journal", hint="give the journal another name")
        if version != _VERSION:
            what = f"{self.path} is a journal of version {version}; this release reads version {_VERSION}"
            raise DslError(what, hint="finish it with the release that began it, or begin another journal")
        found = self._one("PRAGMA quick_check(1)")
        if found != "ok":
            raise DslError(f"{self.path} is damaged: {found}", hint=_DAMAGED)

    @contextmanager
    def alone(self) -> Generator[None]:
        """Hold the journal against every other process; the hold ends with the process, however it ends.

        Rows left in `submitting` by a process that is gone become `unknown`. Raises `InUse`.
        """
        if self._alone or not self._is_file:
            yield
            return
        with closing(self._hold()):
            self._alone = True
            try:
                self._recover()
                yield
            finally:
                self._alone = False

    def _hold(self) -> sqlite3.Connection:
        with self._told():
            # SQLite's own lock on a file beside the journal: every platform has it, and readers stay free.
            lock = sqlite3.connect(f"{self.path}.lock", isolation_level=None, timeout=0)
        try:
            lock.execute("PRAGMA journal_mode = MEMORY")
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as fault:
            lock.close()
            if fault.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                hint = "let it finish, or stop it with Ctrl-C"
                raise InUse(f"another process is working on {self.path}", hint=hint) from None
            raise DslError(f"cannot lock {self.path}: {fault}", hint="may you write to its folder?") from None
        return lock

    def _recover(self) -> None:
        with self._told():
            if not self._one("SELECT count(*) FROM sqlite_master"):
                self._base.executescript(_SCHEMA)
            left = "UPDATE rows SET state = 'unknown', note = ? WHERE state = 'submitting'"
            self._base.execute(left, (_CRASHED,))

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    # reading

    def rows(self, *states: str) -> tuple[Row, ...]:
        """The rows in these states, or all, in their order. Raises `DslError` on a state that there is not."""
        for state in states:
            if state not in STATES:
                raise DslError(f"{state!r} is no state of a row", hint=did_you_mean(state, STATES))
        wanted = f"WHERE state IN ({', '.join('?' * len(states))})" if states else ""
        with self._told():
            found = self._base.execute(f"SELECT {_COLUMNS} FROM rows {wanted} ORDER BY number", states)
            return tuple(Row(*values) for values in found)

    def row(self, key: str) -> Row:
        """The row of this key. Raises `DslError` where there is none."""
        found = [row for row in self.rows() if row.key == key]
        if not found:
            hint = did_you_mean(key, [row.key for row in self.rows()][:1000])
            raise DslError(f"{self.path} has no row {key!r}", hint=hint)
        return found[0]

    def counts(self) -> dict[str, int]:
        """How many rows are in each state; states without rows are left out."""
        with self._told():
            found = dict(self._base.execute("SELECT state, count(*) FROM rows GROUP BY state").fetchall())
        return {state: found[state] for state in STATES if state in found}

    def renders(self) -> int:
        """How many renders were, or may have been, asked for."""
        with self._told():
            now = self._one(f"SELECT count(*) FROM rows WHERE {MAYBE_PAID}")
            return int(now + self._one("SELECT coalesce(max(value), 0) + 0 FROM terms WHERE name = ?", _GIVEN_UP))

    def payload(self, row: Row) -> str:
        """The canonical text that is sent for a row. Raises `DslError` where it is not what was taken in."""
        [(_, text)] = self._payloads("number = ?", row.number)
        return text

    def judge(self) -> None:
        """Read every payload that is to be sent. Raises `DslError` where one is not what was taken in."""
        for _ in self._payloads("state = 'queued'"):
            pass

    def _payloads(self, which: str, *values: Any) -> Iterator[tuple[str, str]]:
        """Keys and payloads. The file is sound to SQLite when single bytes of a text have changed; to us it is not."""
        with self._told():
            for key, sha256, text in self._base.execute(f"SELECT key, sha256, payload FROM rows WHERE {which}", values):
                if hashlib.sha256(text.encode()).hexdigest() != sha256:
                    what = f"{self.path} is damaged: the payload of row {key} is not the one that was taken in"
                    raise DslError(what, hint=_DAMAGED)
                yield key, text

    # writing

    def add(self, entries: Sequence[Entry], source: str) -> int:
        """Take in the entries that are new, all or none, and return how many were.

        Raises `LoadError` with every row that changed since it was taken in, is gone, or is there twice.
        """
        if not self._is_file:
            if not self._taken(entries, source):
                return 0
            self._base.close()
            self._is_file = True
            self._open()
        with self.alone():
            return self._taken(entries, source)

    def _taken(self, entries: Sequence[Entry], source: str) -> int:
        with self._told(), self._transaction():
            seen, problems, new = set[str](), list[DslError](), 0
            for entry in entries:
                twice = entry.key in seen
                seen.add(entry.key)
                problem = DslError("is the key of two rows", f"row {entry.key}") if twice else self._problem(entry)
                problems += [problem] if problem else []
                new += 0 if problem else self._insert(entry)
            gone = [row.key for row in self.rows() if row.key not in seen]
            problems += [DslError("is in the journal, and no longer in the file", f"row {key}") for key in gone]
            if problems:
                raise refused(problems, f"{source} does not agree with {self.path}", _DISAGREE)
            return new

    def _problem(self, entry: Entry) -> DslError | None:
        find = "SELECT key, sha256, free FROM rows WHERE key = ? OR sha256 = ?"
        for key, sha256, free in self._base.execute(find, (entry.key, entry.sha256)):
            if key != entry.key:
                hint = "each would be made, and charged: take one out, or change its name"
                return DslError(f"is the same payload as row {key}", f"row {entry.key}", hint)
            if sha256 != entry.sha256 and not free:
                return DslError("has changed since the journal took it in", f"row {key}")
        return None

    def _insert(self, entry: Entry) -> int:
        values = (entry.name, entry.sha256, entry.payload, entry.key)
        freed = "UPDATE rows SET name = ?, sha256 = ?, payload = ? WHERE key = ? AND free"
        if self._base.execute(freed, values).rowcount:
            return 0
        fresh = "INSERT OR IGNORE INTO rows (name, sha256, payload, key) VALUES (?, ?, ?, ?)"
        return self._base.execute(fresh, values).rowcount

    def change(self, row: Row, **columns: Any) -> Row:
        """Write a row's new state; it is on disk when this returns."""
        words = ", ".join(f"{name} = ?" for name in columns)
        with self._told(), self._transaction():
            self._base.execute(f"UPDATE rows SET {words} WHERE number = ?", (*columns.values(), row.number))
        return self.row_numbered(row.number)

    def again(self, row: Row) -> Row:
        """Queue a row whose render failed; what it asked for so far still counts as asked for."""
        queued = "state = 'queued', project_id = '', percent = 0, free = 1, note = ?"
        note = f"to be sent again; it was {row.project_id}" if row.project_id else "to be sent again"
        more = "ON CONFLICT (name) DO UPDATE SET value = value + 1"
        with self._told(), self._transaction():
            if row.project_id:
                self._base.execute(f"INSERT INTO terms VALUES (?, '1') {more}", (_GIVEN_UP,))
            self._base.execute(f"UPDATE rows SET {queued} WHERE number = ?", (note, row.number))
        return self.row_numbered(row.number)

    def row_numbered(self, number: int) -> Row:
        """The row of this number."""
        with self._told():
            [found] = self._base.execute(f"SELECT {_COLUMNS} FROM rows WHERE number = ?", (number,))
        return Row(*found)

    def agree(self, name: str, value: str, words: str) -> None:
        """Hold the journal to one term (the service, render or draft) for good. Raises `DslError` on another."""
        with self._told():
            self._base.execute("INSERT OR IGNORE INTO terms VALUES (?, ?)", (name, value))
            settled = self._one("SELECT value FROM terms WHERE name = ?", name)
        if settled != value:
            raise DslError(words.format(settled), str(self.path), "begin another journal for it")

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    def _one(self, query: str, *values: Any) -> Any:
        [[value]] = self._base.execute(query, values)
        return value

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as fault:
            raise DslError(f"{self.path}: {fault}", hint=_hint(fault)) from None


class InUse(DslError):
    """Another process holds the journal."""


_DAMAGED = "copy it away, and look on the dashboard for what was sent before you begin another journal"
_DISAGREE = (
    "put new rows at the end or into another file; `aistudios outbox mark ROW --not-sent` frees a row that was refused"
    " for a new payload"
)


def _hint(fault: sqlite3.DatabaseError) -> str:
    words = str(fault)
    if "not a database" in words:
        return "this file is no journal: give the journal another name"
    if "malformed" in words or "Could not decode" in words:
        return _DAMAGED
    if "full" in words:
        return "make room on the disk, then run it again: it goes on where it stopped"
    return "is its folder there, and may you write to it?"


def refused(problems: list[DslError], message: str, hint: str = "") -> LoadError:
    """One error for all rows that cannot be taken; the first twenty are shown."""
    if len(problems) == 1:
        [only] = problems
        return LoadError(only.message, only.path.strip(), only.hint or hint, (only,))
    more = f" ({len(problems)} rows, the first 20:)" if len(problems) > 20 else ""
    return LoadError(message + more, "", hint, tuple(problems[:20]))
