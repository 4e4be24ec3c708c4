"""The journal of an outbox: one SQLite file that holds every row's state before anything is done about it."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

from attrs import fields, frozen

from aistudios_dsl.errors import DslError, LoadError, did_you_mean

State = Literal["queued", "submitting", "submitted", "rendering", "done", "downloaded", "failed", "unknown"]
STATES: tuple[State, ...] = get_args(State)
_MAYBE_PAID = "state not in ('queued', 'failed') or project_id != ''"
"""Rows whose render was, or may have been, requested."""
_OF_ONE = "key = ? AND current"
_GIVEN_UP = "renders given up"
"""The term that counts the failed renders of rows that were queued again."""
_SECONDS_GIVEN_UP = "seconds given up"
"""The term that has their seconds of speech."""
_HOME = "home"
"""The term that says where the file was when it was last written."""
_MOVED = "was moved or deleted while it was in use"
_FOLLOW = "move it back, or run it again by its new name"
_DAMAGED = "keep a copy, and look on the dashboard for what was sent before you begin another journal"
_SQLITE_ERRORS: dict[int | None, tuple[str, str]] = {
    sqlite3.SQLITE_NOTADB: ("this file is not a journal: give the journal another name", ""),
    sqlite3.SQLITE_CORRUPT: (_DAMAGED, "journal-damaged"),
    sqlite3.SQLITE_FULL: ("free space on the disk, then run it again: it continues where it stopped", ""),
}
"""A hint and a code for the errors of SQLite that have their own."""
_NO_JOURNAL = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CANTOPEN)
"""The errors of reading a file that is no journal: it is none, has no such table, or cannot be opened."""
_CRASHED = "the sending process ended before the service answered"

_MOST_SHOWN, _MOST_ALIKE = 20, 3
"""How many bad rows an error shows, and how many of those that say the same."""

_APPLICATION = 0x41534F42
_VERSION = 2
_TABLES = f"""
    CREATE TABLE rows (
        number INTEGER PRIMARY KEY AUTOINCREMENT,  -- never that of a row that was taken out
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,  -- no payload is in the journal twice, so none is sent twice
        state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN {STATES}),
        project_id TEXT NOT NULL DEFAULT '',
        percent REAL NOT NULL DEFAULT 0,
        file TEXT NOT NULL DEFAULT '',
        note TEXT NOT NULL DEFAULT '',
        free INTEGER NOT NULL DEFAULT 0,  -- marked as not sent: add may replace it
        current INTEGER NOT NULL DEFAULT 1,  -- 0: an earlier version of its key, or taken out before it was sent
        columns TEXT NOT NULL DEFAULT '',  -- the JSON of its row of the table
        seconds REAL,  -- of speech; NULL: not estimated
        sent TEXT NOT NULL DEFAULT '',  -- when it was made, UTC
        credits REAL  -- what it cost; NULL: nobody said
    );
    CREATE UNIQUE INDEX current_versions ON rows (key) WHERE current;
    CREATE INDEX versions ON rows (key);
    CREATE TABLE payloads (number INTEGER PRIMARY KEY, text TEXT NOT NULL);  -- apart, so that rows are read quickly
"""
_NEW_ID = "INSERT INTO terms VALUES ('id', lower(hex(randomblob(16))))"
_SCHEMA = f"""
    BEGIN;
    {_TABLES}
    CREATE TABLE terms (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    {_NEW_ID};
    PRAGMA application_id = {_APPLICATION};
    PRAGMA user_version = {_VERSION};
    COMMIT;
"""
_KEPT = "number, key, name, sha256, state, project_id, percent, file, note, free"
_UPGRADE = f"""
    BEGIN IMMEDIATE;
    ALTER TABLE rows RENAME TO rows_1;
    {_TABLES}
    INSERT INTO rows ({_KEPT}) SELECT {_KEPT} FROM rows_1;
    INSERT INTO payloads SELECT number, payload FROM rows_1;
    DROP TABLE rows_1;
    {_NEW_ID};
    PRAGMA user_version = {_VERSION};
    COMMIT;
"""
"""From version 1, which had one payload for each key."""


@frozen
class Row:
    """One payload of an outbox and its state. A key has several after its payload changed; the last is the current one.

    Attributes:
        number: Its place in the journal, from 1.
        key: Its line number, or its value under the `key` of `Outbox.add`.
        name: The name of its project.
        state: queued, submitting, submitted, rendering, done, downloaded, failed or unknown.
        project_id: The id of its project, or "".
        percent: How much is rendered, 0 to 100.
        file: The path of the saved video, or "".
        note: What there is to say about the state, or "".
        current: Whether it is the current payload of its key.
        seconds: The estimated seconds of its speech; None if they were not estimated.
        sent: When it was made, as UTC in ISO 8601, or "".
        credits: What it cost; None if no webhook and no look at the service told.

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
    current: bool = True
    seconds: float | None = None
    sent: str = ""
    credits: float | None = None


_COLUMNS = ", ".join(field.name for field in fields(Row))
_KINDS = (int, str, str, str, str, float, str, str, int, float | None, str, float | None)
"""The type of each column."""
_STATE, _CURRENT = 3, 8
"""The places of two columns."""


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
            self.base: sqlite3.Connection = sqlite3.connect(":memory:", isolation_level=None)
            self.base.executescript(_SCHEMA)

    def _open(self) -> None:
        if self._file.exists() and not self._file.is_file():
            raise DslError(f"{self.path} is not a regular file", hint="give the journal another name")
        # A lock file that cannot be written cannot be locked either, and SQLite says nothing.
        written = self._file, self._file.parent, Path(self._lock_name)
        self._writable = all(os.access(path, os.W_OK) for path in written if path.exists())
        where = f"{self._file.as_uri()}{'' if self._writable else '?mode=ro'}"
        with self.errors():
            self.base = sqlite3.connect(where, uri=True, isolation_level=None, timeout=60)
        try:
            self._prepare()
        except DslError:
            self.base.close()
            raise

    def _prepare(self) -> None:
        with self.errors():
            # Read first, so that a foreign file is not written to.
            tables = self._one("SELECT count(*) FROM sqlite_master")
            known = self._one("PRAGMA application_id"), self._one("PRAGMA user_version")
            if (known, tables) != ((0, 0), 0):
                self._validate(*known)
            is_old = known == (_APPLICATION, 1)
            self.base.execute("PRAGMA synchronous = EXTRA")
        if not self._writable:
            if is_old:
                hint = "an earlier release reads it; where it may be written to, this one upgrades it"
                raise DslError(f"{self.path} is a journal of version 1, and may not be written to", hint=hint)
            return
        try:
            with self.exclusive():
                pass
        except InUse:
            if is_old:
                raise
            # Its process is alive, so its `submitting` rows may still get their answers.
            return

    def _validate(self, application: int, version: int) -> None:
        if application != _APPLICATION:
            raise DslError(
                f"{self.path} is a database, but not an outbox journal", hint="give the journal another name"
            )
        if version not in (1, _VERSION):
            what = f"{self.path} is a journal of version {version}; this release reads version {_VERSION}"
            raise DslError(what, hint="use the release that wrote it, or begin another journal")
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
        with self.errors():
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
        with self.errors():
            self._one("PRAGMA journal_mode = DELETE")
            if not self._one("SELECT count(*) FROM sqlite_master"):
                self.base.executescript(_SCHEMA)
            self._note_place()
            if self._one("PRAGMA user_version") == 1:
                self._upgrade()
            left = "UPDATE rows SET state = 'unknown', note = ? WHERE state = 'submitting'"
            self.base.execute(left, (_CRASHED,))

    def _upgrade(self) -> None:
        try:
            self.base.executescript(_UPGRADE)
        finally:
            if self.base.in_transaction:
                self.base.execute("ROLLBACK")

    @property
    def is_file(self) -> bool:
        """Whether there is a file, which is made when the first rows are taken in."""
        return self._is_file

    def begin(self) -> sqlite3.Connection:
        """Make the file; return the connection that was used before, which is still open."""
        self._refuse_moved()
        before, self._is_file = self.base, True
        self._open()
        return before

    def _note_place(self) -> None:
        """Record the file's place. Raise `DslError` if it was moved without the rest of an interrupted commit."""
        here, home = str(self._file), self.term(_HOME)
        if home == here or self._original():
            return
        rest = Path(f"{home}-journal")
        if home and not Path(home).exists() and rest.exists():
            what = f"{self.path} was moved without {rest}, which an interrupted commit left there"
            raise DslError(what, hint=f"move that file to {here}-journal, and try again")
        self.base.execute("INSERT OR REPLACE INTO terms VALUES (?, ?)", (_HOME, here))

    def name_in(self, folder: Path) -> str:
        """Return the name of the file if it is in this folder, else ""."""
        return self._file.name if self._file.parent == folder else ""

    def refuse_copy(self) -> None:
        """Raise `DslError` if this is a copy and its original is still there: each could send what the other sent."""
        with self.errors():
            original = self._original()
        if original:
            hint = f"run that one; or, if this one is to take its place, delete {original}"
            raise DslError(f"{self.path} is a copy of the journal {original}", hint=hint, code="journal-copied")

    def _original(self) -> str:
        """Return the path of the journal that this is a copy of; "" if it is none, or has taken the other's place."""
        home = self.term(_HOME)
        if home in ("", str(self._file)) or not Path(home).is_file() or self._file.samefile(home):
            return ""
        try:
            where = f"{Path(home).as_uri()}?mode=ro"
            with closing(sqlite3.connect(where, uri=True, timeout=60)) as other:
                found = other.execute("SELECT value FROM terms WHERE name = 'id'").fetchone()
        except sqlite3.Error as error:
            if error.sqlite_errorcode in _NO_JOURNAL:
                return ""
            raise
        return home if found and found[0] == self.term("id") else ""

    def close(self) -> None:
        """Close the file."""
        if os.getpid() == self._process:
            self.base.close()

    # reading

    def rows(self, *states: str, versions: bool = False) -> tuple[Row, ...]:
        """Return the rows in these states, or all; with `versions`, the earlier ones of each key too.

        Raise `DslError` on an unknown state.
        """
        for state in states:
            if state not in STATES:
                raise DslError(f"{state!r} is not a state of a row", hint=did_you_mean(state, STATES))
        wanted = [*([] if versions else ["current"]), *([f"state IN ({_marks(states)})"] if states else [])]
        return tuple(self.select(" AND ".join(wanted) or "true", *states))

    def select(self, which: str, *values: Any) -> Iterator[Row]:
        """Yield the rows that this SQL describes."""
        with self.errors():
            found = self.base.execute(f"SELECT {_COLUMNS} FROM rows WHERE {which} ORDER BY number", values)
            yield from map(self._row_of, found)

    def _row_of(self, values: tuple[Any, ...]) -> Row:
        if values[_STATE] in STATES and all(map(isinstance, values, _KINDS)):
            return Row(*values[:_CURRENT], bool(values[_CURRENT]), *values[_CURRENT + 1 :])  # type: ignore[call-arg]
        raise self._damaged(f"row {values[0]} has impossible values")

    def row(self, key: str) -> Row:
        """Return the current row with this key. Raise `DslError` if there is none."""
        for row in self.select(_OF_ONE, key):
            return row
        with self.errors():
            known = [str(found) for (found,) in self.base.execute("SELECT key FROM rows WHERE current LIMIT 1000")]
        raise DslError(f"{self.path} has no row {key!r}", hint=did_you_mean(key, known))

    def counts(self) -> dict[str, int]:
        """Return how many current rows are in each state, without empty states."""
        with self.errors():
            query = "SELECT state, count(*) FROM rows WHERE current GROUP BY state"
            found = dict(self.base.execute(query).fetchall())
        return {state: found[state] for state in STATES if state in found}

    def renders(self) -> int:
        """Return how many renders were, or may have been, requested."""
        with self.errors():
            now = self._one(f"SELECT count(*) FROM rows WHERE {_MAYBE_PAID}")
            return int(now + self._sum(_GIVEN_UP))

    def seconds(self) -> float:
        """Return the seconds of speech in the renders that were, or may have been, requested."""
        with self.errors():
            now = self._one(f"SELECT coalesce(sum(seconds), 0.0) FROM rows WHERE {_MAYBE_PAID}")
            return float(now + self._sum(_SECONDS_GIVEN_UP))

    def _sum(self, term: str) -> float:
        return self._one("SELECT coalesce(max(value), 0) + 0 FROM terms WHERE name = ?", term)  # type: ignore[no-any-return]

    def payload(self, number: int) -> str:
        """Return the canonical text to send for a row. Raise `DslError` if it is not what was added."""
        for _, text in self._payloads("rows.number = ?", number):
            return text
        raise self._damaged(f"row {number} has no payload")

    def columns(self, number: int) -> dict[str, Any]:
        """Return the row of the table that a payload was made from; empty if it came without one."""
        with self.errors():
            text = self._one("SELECT columns FROM rows WHERE number = ?", number)
        return json.loads(text) if text else {}

    def verify_payloads(self) -> None:
        """Raise `DslError` if the payload of a queued row is not what was added."""
        for _ in self._payloads("state = 'queued' AND current"):
            pass

    def _payloads(self, which: str, *values: Any) -> Iterator[tuple[str, str]]:
        """Yield keys and verified payloads: SQLite does not notice changed bytes in a text."""
        with self.errors():
            query = f"SELECT key, sha256, text FROM rows LEFT JOIN payloads USING (number) WHERE {which}"
            for key, sha256, text in self.base.execute(query, values):
                if not isinstance(text, str) or hashlib.sha256(text.encode()).hexdigest() != sha256:
                    raise self._damaged(f"the payload of row {key} is not the one that was added")
                yield key, text

    # writing

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
        with self.errors(), self.transaction():
            return self._update(row, words, *columns.values())

    def _update(self, row: Row, words: str, *values: Any) -> Row:
        # An answer may come for a row that another run took for abandoned.
        states = (row.state, "unknown" if row.state == "submitting" else row.state)
        unchanged = "number = ? AND project_id = ? AND current >= ? AND state IN (?, ?)"
        values = (*values, row.number, row.project_id, row.current, *states)
        if self.base.execute(f"UPDATE rows SET {words} WHERE {unchanged}", values).rowcount != 1:
            raise InUse(f"another run has changed row {row.key} of {self.path}", hint="wait until one run has finished")
        [found] = self.base.execute(f"SELECT {_COLUMNS} FROM rows WHERE number = ?", (row.number,))
        return self._row_of(found)

    def requeue(self, row: Row) -> Row:
        """Queue a row again; a render that it requested still counts."""
        queued = "state = 'queued', project_id = '', percent = 0, free = 1, note = ?"
        note = f"to be sent again; it was {row.project_id}" if row.project_id else "to be sent again"
        add = "INSERT INTO terms VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value"
        with self.errors(), self.transaction():
            if row.project_id:
                self.base.executemany(add, [(_GIVEN_UP, 1), (_SECONDS_GIVEN_UP, row.seconds or 0.0)])
            return self._update(row, queued, note)

    def queued(self) -> Iterator[tuple[str, str]]:
        """Yield the key and the sha256 of each row that the next run sends."""
        with self.errors():
            query = "SELECT key, sha256 FROM rows WHERE current AND state = 'queued' ORDER BY number"
            yield from self.base.execute(query)

    def number(self, sha256: str) -> int:
        """Return the number of the row with this payload, or 0."""
        return int(self._first("SELECT number FROM rows WHERE sha256 = ?", sha256) or 0)

    def current(self, key: str) -> str:
        """Return the sha256 of the current payload of a key, or ""."""
        return str(self._first(f"SELECT sha256 FROM rows WHERE {_OF_ONE}", key) or "")

    def sent_name(self, sha256: str) -> str | None:
        """Return the name of the payload with this sha256 if it was sent, or may have been; else None."""
        return self._first("SELECT name FROM rows WHERE sha256 = ? AND state != 'queued'", sha256)  # type: ignore[no-any-return]

    def sent_key(self, sha256: str) -> str:
        """Return the key of the payload with this sha256, or ""."""
        return str(self._first("SELECT key FROM rows WHERE sha256 = ?", sha256) or "")

    def _first(self, query: str, *values: Any) -> Any:
        with self.errors():
            found = self.base.execute(query, values).fetchone()
        return found and found[0]

    def charge(self, key: str, credits: float) -> int:
        """Record what the current row of a key, or the row with this project id, cost; return how many there were."""
        found = "UPDATE rows SET credits = ? WHERE (project_id = ? AND project_id != '') OR (key = ? AND current)"
        with self.errors():
            return self.base.execute(found, (credits, key, key)).rowcount

    def reserve(self, row: Row, file: str) -> Row:
        """Record that a row's video is to become this file. An earlier version of a key has it no longer."""
        gave_up = "UPDATE rows SET file = '', state = 'done' WHERE file = ? AND NOT current"
        with self.errors(), self.transaction():
            self.base.execute(gave_up, (file,))
            return self._update(row, "file = ?", file)

    def owner(self, file: str) -> str | None:
        """Return the key whose video was, or is to be, saved as this file; None if no row's was."""
        return self._first("SELECT key FROM rows WHERE file = ?", file)  # type: ignore[no-any-return]

    def fix_term(self, name: str, value: str, words: str) -> None:
        """Fix a term of the journal (the service, or render or draft) for good. Raise `DslError` on another value."""
        self.agree(name, value, words)
        with self.errors():
            self.base.execute("INSERT OR IGNORE INTO terms VALUES (?, ?)", (name, value))

    def agree(self, name: str, value: str, words: str) -> None:
        """Raise `DslError` if a term of the journal has another value."""
        settled = self.term(name)
        if settled and settled != value:
            raise DslError(words.format(settled), str(self.path), "begin another journal for it")

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Write all of what is inside, or nothing."""
        self.base.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.base.execute("COMMIT")
        except BaseException:
            # After some errors SQLite has already rolled back.
            if self.base.in_transaction:
                self.base.execute("ROLLBACK")
            raise

    def term(self, name: str) -> str:
        """Return a term of the journal, or "" if it is not fixed yet."""
        return str(self._first("SELECT value FROM terms WHERE name = ?", name) or "")

    def _one(self, query: str, *values: Any) -> Any:
        [[value]] = self.base.execute(query, values)
        return value

    @contextmanager
    def errors(self) -> Generator[None]:
        """Raise the errors of SQLite as `DslError`, and one in a forked process."""
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


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def combined_error(problems: list[DslError], message: str, hint: str = "") -> LoadError:
    """Return one error for all bad rows; of each kind, the first are shown, and at most twenty in all."""
    if len(problems) == 1:
        [only] = problems
        return LoadError(only.message, only.path.strip(), only.hint or hint, (only,), only.code)
    shown = tuple(itertools.islice(_first_of_each_kind(problems), _MOST_SHOWN))
    more = f" ({len(problems)} rows, the first {len(shown)}:)" if len(shown) < len(problems) else ""
    return LoadError(message + more, "", hint, shown)


def _first_of_each_kind(problems: Iterable[DslError]) -> Iterator[DslError]:
    """Yield problems in their order, but few of those that say the same."""
    counts = Counter[str]()
    for problem in problems:
        kind = problem.hint or problem.message
        counts[kind] += 1
        if counts[kind] <= _MOST_ALIKE:
            yield problem
