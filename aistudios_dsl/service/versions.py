"""What a source changes in a journal: the payload of each key, beside those that the journal has of it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Literal, get_args

from attrs import fields, frozen

from aistudios_dsl.errors import DslError
from aistudios_dsl.service.journal import Journal, combined_error

Action = Literal["new", "changed", "same", "gone", "unknown", "failed"]
ACTIONS: tuple[Action, ...] = get_args(Action)
MADE: tuple[Action, ...] = ("new", "changed")
"""What is made: the keys without a video yet, and those whose video was made from another payload."""

NAMED_BY = "key"
"""The term that says which column, or key of the payloads, the rows are named by."""
_DISAGREE = (
    "`aistudios outbox plan` shows what has changed, and apply makes it; `aistudios outbox mark ROW --not-sent` frees a"
    " row that was refused for a new payload"
)
_STAGED = """
    CREATE TEMP TABLE staged (
        number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE,
        columns TEXT NOT NULL, letters INTEGER NOT NULL, seconds REAL, payload TEXT
    )
"""
"""The rows of the source. SQLite keeps a temporary table on the disk, so memory does not grow with it."""
_STAGE = "INSERT INTO temp.staged VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_TWICE = "SELECT key FROM temp.staged WHERE key = ? OR sha256 = ? ORDER BY key = ? DESC LIMIT 1"
_COMPARED = """
    SELECT s.key, s.name, s.sha256, s.letters, s.seconds,
        now.sha256, now.state, now.note, now.free, that.key, that.state, that.free,
        EXISTS (SELECT 1 FROM rows WHERE key = s.key AND state != 'queued' AND sha256 != s.sha256)
    FROM temp.staged s
    LEFT JOIN rows now ON now.key = s.key AND now.current
    LEFT JOIN rows that ON that.sha256 = s.sha256
    ORDER BY s.number
"""
"""Each staged row beside `now`, the current version of its key, and `that`, whichever has its payload."""
_GONE = "SELECT key, name, state FROM rows WHERE current AND key NOT IN (SELECT key FROM temp.staged) ORDER BY number"
_UNDECIDED = "('submitting', 'unknown')"
_DIFFERS = f"""EXISTS (
    SELECT 1 FROM temp.staged s WHERE s.key = rows.key AND s.sha256 != rows.sha256
) AND state NOT IN {_UNDECIDED}"""
_NOT_IN_SOURCE = "NOT EXISTS (SELECT 1 FROM temp.staged s WHERE s.key = rows.key AND s.sha256 = rows.sha256)"
_NEVER_SENT = f"state = 'queued' AND NOT free AND {_NOT_IN_SOURCE}"
_WITHOUT_CURRENT = "NOT EXISTS (SELECT 1 FROM rows r WHERE r.key = s.key AND r.current)"
_INSERT = f"""INSERT INTO rows (key, name, sha256, columns, seconds)
    SELECT key, name, sha256, columns, seconds FROM temp.staged s WHERE {_WITHOUT_CURRENT} ORDER BY s.number"""
_TAKE_IN = (
    # What was never sent, and is not wanted any more, leaves no trace, unless a person marked it.
    f"DELETE FROM payloads WHERE number IN (SELECT number FROM rows WHERE {_NEVER_SENT})",
    f"DELETE FROM rows WHERE {_NEVER_SENT}",
    f"UPDATE rows SET current = 0 WHERE current AND state = 'queued' AND {_NOT_IN_SOURCE}",
    f"UPDATE rows SET current = 0 WHERE current AND {_DIFFERS}",
    f"""UPDATE rows SET current = 1 WHERE NOT current AND number IN (
        SELECT r.number FROM temp.staged s JOIN rows r ON r.key = s.key AND r.sha256 = s.sha256 WHERE {_WITHOUT_CURRENT}
    )""",
    _INSERT,
    """INSERT INTO payloads SELECT r.number, s.payload FROM temp.staged s JOIN rows r USING (sha256)
        WHERE r.number NOT IN (SELECT number FROM payloads)""",
    """UPDATE rows SET columns = s.columns, seconds = coalesce(rows.seconds, s.seconds) FROM temp.staged s
        WHERE s.key = rows.key AND s.sha256 = rows.sha256
        AND (s.columns != rows.columns OR (rows.seconds IS NULL AND s.seconds IS NOT NULL))""",
)
"""One transaction: each key gets its staged payload as its current version; nothing that may have been sent is lost."""


@frozen
class Entry:
    """A checked payload: its line, its canonical text, and the sha256 of that text.

    `payload` is None if the journal has it. `columns`: the JSON of its row of the table, or "". `letters` and `seconds`
    are those of its speech.
    """

    number: int
    key: str
    name: str
    sha256: str
    columns: str = ""
    letters: int = 0
    seconds: float | None = None
    payload: str | None = None


_values_of = attrgetter(*(one.name for one in fields(Entry)))


@frozen
class Difference:
    """One key of the source and what it asks for. `was`: the sha256 of the current version in the journal, or ""."""

    key: str
    action: Action
    name: str = ""
    sha256: str = ""
    was: str = ""
    letters: int = 0
    seconds: float | None = None
    note: str = ""


class Comparison:
    """A source, staged beside a journal. It changes nothing before `take_in`.

    Raise `LoadError` with every row that cannot be sent or is there twice.
    """

    def __init__(self, journal: Journal, entries: Iterable[Entry], source: str, key: str | None) -> None:
        self._journal, self._source = journal, source
        base = journal.base
        with journal.errors():
            base.execute("DROP TABLE IF EXISTS temp.staged")
            base.execute(_STAGED)
        self._key = key
        twice = [problem for entry in entries if (problem := self._stage(entry))]
        if twice:
            raise combined_error(twice, f"{source} has rows twice", "name rows by a column that is different in each")

    def _stage(self, entry: Entry) -> DslError | None:
        with self._journal.errors():
            try:
                self._journal.base.execute(_STAGE, _values_of(entry))
            except sqlite3.IntegrityError:
                return self._twice(entry)
        return None

    def _twice(self, entry: Entry) -> DslError:
        [[key]] = self._journal.base.execute(_TWICE, (entry.key, entry.sha256, entry.key))
        if key == entry.key:
            return DslError("is the key of two rows", f"row {key}")
        return _same_payload(entry.key, key)

    def _raise(self, problems: list[DslError], hint: str) -> None:
        if problems:
            raise combined_error(problems, f"{self._source} does not agree with {self._journal.path}", hint)

    def _naming(self) -> str:
        """Return the hint if the names of rows may be why payloads have other keys, else ""."""
        before = self._journal.term(NAMED_BY)
        if before != (self._key or ""):
            name = f"{before!r}: give the same key" if before else "line: give no key"
            return f"the journal names its rows by {name}"
        return "" if before else "rows without a key are known by their line: a line taken out moves all that follow"

    def differences(self) -> Iterator[Difference]:
        """Yield what each key asks for: those of the source in its order, then those that are gone.

        Raise `LoadError` at the end with every row whose payload another key has.
        """
        problems = list[DslError]()
        with self._journal.errors():
            for values in self._journal.base.execute(_COMPARED):
                key, name, sha256, letters, seconds, now, state, note, _, owner, known, free, sent_before = values
                if owner not in (None, key) and (known != "queued" or free):
                    problems.append(_same_payload(key, owner))
                    continue
                action = _action(state, known, sent_before, owner == key)
                told = note if action not in MADE else ""
                yield Difference(key, action, name, sha256, now or "", letters, seconds, told)
            self._raise(problems, self._naming())
            for key, name, state in self._journal.base.execute(_GONE):
                yield Difference(key, "gone", name, note=state)

    def refuse_changes(self) -> None:
        """Raise `LoadError` with every row that has changed, is gone, or has the payload of another."""
        problems = list[DslError]()
        with self._journal.errors():
            for key, _, sha256, _, _, now, _, _, free, owner, *_ in self._journal.base.execute(_COMPARED):
                if owner not in (None, key):
                    problems.append(_same_payload(key, owner))
                elif now is not None and now != sha256 and not free:
                    problems.append(DslError("has changed since it was added", f"row {key}"))
            gone = "is in the journal, but no longer in the file"
            problems += [DslError(gone, f"row {key}") for key, _, _ in self._journal.base.execute(_GONE)]
        self._raise(problems, _DISAGREE)

    def payload(self, key: str) -> str:
        """Return the staged payload of a key whose payload the journal does not have, or ""."""
        with self._journal.errors():
            query = "SELECT payload FROM temp.staged WHERE key = ?"
            found = self._journal.base.execute(query, (key,)).fetchone()
        return (found and found[0]) or ""

    def take_seconds(self, found: Iterable[tuple[float | None, str]]) -> None:
        """Take over seconds of speech that were estimated before, each with the digest of its payload."""
        with self._journal.errors():
            self._journal.base.executemany("UPDATE temp.staged SET seconds = ? WHERE sha256 = ?", found)

    def digest(self) -> str:
        """Return a digest of every key and payload of the source, in its order."""
        with self._journal.errors():
            return _digest(self._journal.base.execute("SELECT key, sha256 FROM temp.staged ORDER BY number"))

    def _is_empty(self) -> bool:
        with self._journal.errors():
            return self._journal.base.execute("SELECT 1 FROM temp.staged").fetchone() is None

    def take_in(self, verify: Callable[[], object]) -> int:
        """Make the staged payloads the current ones; return how many are new. The journal is made if there is none.

        `verify` raises if they may not be; it is called under the lock.
        """
        journal = self._journal
        if not journal.is_file:
            verify()
            if self._is_empty():
                return 0
            self._move(journal.begin())
        with journal.exclusive():
            verify()
            with journal.errors(), journal.transaction():
                journal.base.execute("INSERT OR REPLACE INTO terms VALUES (?, ?)", (NAMED_BY, self._key or ""))
                return sum(journal.base.execute(step).rowcount * (step is _INSERT) for step in _TAKE_IN)

    def _move(self, before: sqlite3.Connection) -> None:
        base = self._journal.base
        with self._journal.errors():
            base.execute(_STAGED)
            base.execute("BEGIN")
            base.executemany(_STAGE, before.execute("SELECT * FROM temp.staged"))
            base.execute("COMMIT")
        before.close()


def state_digest(journal: Journal, but: frozenset[str]) -> str:
    """Return a digest of what was sent for every key `but` some: its payload, and whether that went well."""
    came_to = "CASE state WHEN 'failed' THEN 1 WHEN 'unknown' THEN 2 WHEN 'submitting' THEN 2 ELSE 0 END"
    query = f"SELECT key, sha256, {came_to} FROM rows WHERE current AND state != 'queued' ORDER BY number"
    with journal.errors():
        return _digest(row for row in journal.base.execute(query) if row[0] not in but)


def _digest(rows: Iterable[tuple[str, ...]]) -> str:
    """Return a digest of rows of a key, its payload's digest, and perhaps a number; a key may hold any letter."""
    found = hashlib.sha256()
    for key, *more in rows:
        found.update(f"{len(key)} {key} {more}\n".encode())
    return found.hexdigest()


def _action(state: str | None, known: str | None, sent_before: bool, is_own: bool) -> Action:
    """Say what a key asks for, by the states of its current version and of the version that has its payload."""
    if state in ("unknown", "submitting") or (is_own and known in ("unknown", "submitting")):
        return "unknown"
    if not is_own or known == "queued":
        return "changed" if sent_before else "new"
    return "failed" if known == "failed" else "same"


def _same_payload(key: str, other: str) -> DslError:
    hint = "each would be made, and charged: take one out, or change its name"
    return DslError(f"is the same payload as row {other}", f"row {key}", hint)
