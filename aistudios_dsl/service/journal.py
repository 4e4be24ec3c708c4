"""The outbox's memory: one SQLite file in which every row's state is on disk before anything is done about it."""

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
_KINDS = (int, str, str, str, str, float, str, str)
"""What each column holds in a sound journal."""


class Journal:
    """A journal file, made where there is none as soon as there are rows to take in.

    A file that cannot be written can still be read.

    SQLite locks the file itself, whatever its name, but recovers an interrupted commit from a file beside its name.
    So the journal keeps to one name: links are resolved, and a second hard link, or a move during a run, stops it.
    It uses no write-ahead log, because a log left behind by a move would take committed states with it.

    Raises `DslError` where the file is no journal, is of another version, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = Path(os.path.realpath(path))
        self._lock_name = f"{self._file}.lock"
        self._process = os.getpid()
        self._alone = False
        self._is_file = self._file.exists() or not self._file.parent.is_dir()
        if self._is_file:
            self._open()
        else:
            # Until there are rows that can be taken in, no file is made.
            self._base = sqlite3.connect(":memory:", isolation_level=None)
            self._base.executescript(_SCHEMA)

    def _open(self) -> None:
        self._writable = all(os.access(path, os.W_OK) for path in (self._file, self._file.parent) if path.exists())
        where = f"{self._file.as_uri()}{'' if self._writable else '?mode=ro'}"
        with self._told():
            self._base = sqlite3.connect(where, uri=True, isolation_level=None, timeout=60)
        try:
            self._prepare()
        except DslError:
            self._base.close()
            raise

    def _prepare(self) -> None:
        with self._told():
            # A look first: what is not ours is not written to.
            tables = self._one("SELECT count(*) FROM sqlite_master")
            known = self._one("PRAGMA application_id"), self._one("PRAGMA user_version")
            if (known, tables) != ((0, 0), 0):
                self._judge(*known)
            self._base.execute("PRAGMA synchronous = EXTRA")
        if not self._writable:
            return
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

        Rows left in `submitting` by a process that is gone become `unknown`. Raises `InUse`, also for a call out of a
        run of this very object.
        """
        if not self._is_file:
            self._judge_place()
            yield
            return
        if self._alone:
            raise InUse(f"a run is working on {self.path}", hint="wait until it has returned")
        self._hold()
        try:
            self._alone = True
            self._judge_name()
            self._recover()
            yield
        finally:
            self._alone = False
            self._lock.close()

    def _hold(self) -> None:
        with self._told():
            # SQLite's own lock on a file beside the journal: every platform has it, and readers stay free.
            self._lock = sqlite3.connect(self._lock_name, isolation_level=None, timeout=0)
        try:
            self._lock.execute("PRAGMA journal_mode = MEMORY")
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as fault:
            self._lock.close()
            if fault.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                hint = "let it finish, or stop it with Ctrl-C"
                raise InUse(f"another process is working on {self.path}", hint=hint) from None
            raise DslError(f"cannot lock {self._lock_name}: {fault}", hint="may you write to its folder?") from None
        self._held = _identity(self._lock_name)

    def _judge_place(self) -> None:
        """Raise `DslError` where a journal was, as its lock file shows: what it holds may have been sent."""
        if Path(self._lock_name).exists() and not self._file.exists():
            hint = f"run it by its new name; only if nothing was sent: delete {self._lock_name} to begin anew"
            raise DslError(f"{self.path} was a journal, and was moved or deleted", hint=hint)

    def _judge_name(self) -> None:
        """Raise `DslError` unless the file has one name, the one it was opened by."""
        try:
            names = self._file.stat().st_nlink
        except OSError:
            raise DslError(f"{self.path} {_MOVED}", hint=_FOLLOW) from None
        if names > 1:
            hint = "remove the other names (find -samefile shows them), or make them symbolic links"
            raise InUse(
                f"{self.path} is one of {names} hard links to the journal: others may run it by them", hint=hint
            )

    def _recover(self) -> None:
        with self._told():
            self._one("PRAGMA journal_mode = DELETE")
            if not self._one("SELECT count(*) FROM sqlite_master"):
                self._base.executescript(_SCHEMA)
            self._settle_in()
            left = "UPDATE rows SET state = 'unknown', note = ? WHERE state = 'submitting'"
            self._base.execute(left, (_CRASHED,))

    def _settle_in(self) -> None:
        """Remember the file's place. Raises `DslError` where it was moved without the rest of a commit cut short."""
        here, home = str(self._file), self._term(_HOME)
        if home == here:
            return
        rest = Path(f"{home}-journal")
        if home and not Path(home).exists() and rest.exists():
            what = f"{self.path} was moved without {rest}, which a commit that was cut short left there"
            raise DslError(what, hint=f"move that file to {here}-journal, and try again")
        self._base.execute("INSERT OR REPLACE INTO terms VALUES (?, ?)", (_HOME, here))

    def close(self) -> None:
        """Close the file."""
        if os.getpid() == self._process:
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
            return tuple(self._sound(values) for values in found)

    def _sound(self, values: tuple[Any, ...]) -> Row:
        row = Row(*values)
        if row.state in STATES and all(map(isinstance, values, _KINDS)):
            return row
        raise DslError(f"{self.path} is damaged: row {row.number} holds what no row can", hint=_DAMAGED)

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
                if not isinstance(text, str) or hashlib.sha256(text.encode()).hexdigest() != sha256:
                    what = f"{self.path} is damaged: the payload of row {key} is not the one that was taken in"
                    raise DslError(what, hint=_DAMAGED)
                yield key, text

    # writing

    def add(self, entries: Sequence[Entry], source: str) -> int:
        """Take in the entries that are new, all or none, and return how many were.

        Raises `LoadError` with every row that changed since it was taken in, is gone, or is there twice.
        """
        if not self._is_file:
            with self.alone():
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

    def claim(self, row: Row) -> Row:
        """Write that a queued row is being sent. Raises `DslError` unless it is this run's alone to send."""
        if _identity(self._lock_name) != self._held:
            # The lock was deleted: whoever takes it first goes on.
            self._lock.close()
            self._hold()
        self._judge_name()
        return self.change(row, state="submitting", free=0)

    def change(self, row: Row, **columns: Any) -> Row:
        """Write a row's new state; it is on disk when this returns. Raises `InUse` where it is not as `row` says."""
        words = ", ".join(f"{name} = ?" for name in columns)
        with self._told(), self._transaction():
            return self._update(row, words, *columns.values())

    def _update(self, row: Row, words: str, *values: Any) -> Row:
        # An answer may come to a row that another run took for abandoned.
        states = (row.state, "unknown" if row.state == "submitting" else row.state)
        unchanged = "number = ? AND project_id = ? AND state IN (?, ?)"
        values = (*values, row.number, row.project_id, *states)
        if self._base.execute(f"UPDATE rows SET {words} WHERE {unchanged}", values).rowcount != 1:
            raise InUse(f"another run has changed row {row.key} of {self.path}", hint="let one run finish alone")
        [found] = self._base.execute(f"SELECT {_COLUMNS} FROM rows WHERE number = ?", (row.number,))
        return self._sound(found)

    def again(self, row: Row) -> Row:
        """Queue a row whose render failed; what it asked for so far still counts as asked for."""
        queued = "state = 'queued', project_id = '', percent = 0, free = 1, note = ?"
        note = f"to be sent again; it was {row.project_id}" if row.project_id else "to be sent again"
        more = "ON CONFLICT (name) DO UPDATE SET value = value + 1"
        with self._told(), self._transaction():
            if row.project_id:
                self._base.execute(f"INSERT INTO terms VALUES (?, '1') {more}", (_GIVEN_UP,))
            return self._update(row, queued, note)

    def agree(self, name: str, value: str, words: str) -> None:
        """Hold the journal to one term (the service, render or draft) for good. Raises `DslError` on another."""
        with self._told():
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
            # After some faults SQLite has rolled back by itself.
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
    def _told(self) -> Generator[None]:
        if os.getpid() != self._process:
            # SQLite's locks do not pass to a forked process, so what it writes would not be guarded.
            what = f"{self.path} was opened before this process was forked"
            raise DslError(what, hint="open an Outbox in each process that uses one")
        try:
            yield
        except (sqlite3.Error, UnicodeError, OverflowError) as fault:
            if getattr(fault, "sqlite_errorname", "") == "SQLITE_READONLY_DBMOVED":
                raise DslError(f"{self.path} {_MOVED}", hint=_FOLLOW) from None
            raise DslError(f"{self.path}: {fault}", hint=_hint(fault)) from None


class InUse(DslError):
    """Another process holds the journal."""


_HOME = "home"
"""The term that says where the file was when it was last written."""
_MOVED = "was moved or deleted while it was in use"
_FOLLOW = "move it back, or run it again by its new name"
_DAMAGED = "copy it away, and look on the dashboard for what was sent before you begin another journal"
_DISAGREE = (
    "put new rows at the end or into another file; `aistudios outbox mark ROW --not-sent` frees a row that was refused"
    " for a new payload"
)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _hint(fault: Exception) -> str:
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
