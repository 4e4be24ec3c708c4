"""What an outbox would make, for how much: the plan, its file, and whether it still fits its journal and its source."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from attrs import asdict, evolve, field, fields, frozen

from aistudios_dsl.errors import BuildError, DslError, LoadError, plural, speech_words, unreadable
from aistudios_dsl.service.journal import Journal
from aistudios_dsl.service.versions import ACTIONS, MADE, Comparison, Difference, state_digest
from aistudios_dsl.wire.jsontext import canonical, parse

Describe: TypeAlias = Callable[[str, str], Iterable[str]]
"""Says in words what is different between two payloads, the earlier one and the new one."""

_FORMAT, _VERSION = "aistudios-outbox-plan", 1
_DESCRIBED = 3
"""How many changed keys have their changes in words."""
_AGAIN = "plan again: aistudios outbox plan"
STALE = "plan-stale"
"""The code of errors about a plan that does not fit any more."""


@frozen
class PlannedRow(Difference):
    """A key whose video is not, or not surely, the one that the source asks for.

    Attributes:
        key: Its line number, or its value under the `key` of the plan.
        action: new, changed, gone, unknown or failed; same if an earlier video is the right one again. Only what is new
            or changed is made.
        name: The name of its project.
        sha256: The digest of its payload in the source; "" if it is gone.
        was: The digest of its payload in the journal, or "".
        letters: The letters of its speech.
        seconds: The estimated seconds of its speech; None if they were not estimated.
        note: Why it is unknown or failed; the state of its video if it is gone.
        words: What has changed, for the first changed keys.
    """

    words: tuple[str, ...] = field(default=(), converter=tuple[str, ...])


@frozen
class OutboxPlan:
    """What a source asks of a journal. Nothing has been sent or written for it.

    Attributes:
        rows: The keys that are not the same, in the order of the source.
        counts: How many keys are new, changed, same, gone, unknown and failed.
        export: Whether videos are rendered; otherwise drafts are stored.
        service: The address of the service.
        journal: The path of the journal.
        journal_id: What tells it from other journals; "" if there is none yet.
        state: A digest of what was sent for all other keys.
        source: The path of the payloads; "" if they came from elsewhere.
        payloads: A digest of their keys and payloads.
        key: What names the rows; None for their line numbers.
        literal: Whether braces are text.
        rate: Credits for a minute of speech, or None.

    Example:
        >>> from aistudios_dsl.service import Outbox
        >>> with Outbox(folder / "plan.outbox", client) as outbox:
        ...     print(str(outbox.plan([project])).partition(" at ")[0])
        1 row: 1 new
        to be rendered
    """

    rows: tuple[PlannedRow, ...]
    counts: Mapping[str, int]
    export: bool
    service: str
    journal: str
    journal_id: str
    state: str
    source: str
    payloads: str
    key: str | None = None
    literal: bool = False
    rate: float | None = None

    @property
    def made(self) -> tuple[PlannedRow, ...]:
        """The rows that are made."""
        return tuple(row for row in self.rows if row.action in MADE)

    @property
    def seconds(self) -> float:
        """The estimated seconds of speech in what is made."""
        return sum(row.seconds or 0.0 for row in self.made)

    @property
    def price(self) -> float | None:
        """The estimated credits for what is made; None without a rate."""
        return None if self.rate is None else self.seconds / 60 * self.rate

    def __str__(self) -> str:
        counts = ", ".join(f"{self.counts[action]:,} {action}" for action in ACTIONS if self.counts.get(action))
        total = sum(count for action, count in self.counts.items() if action != "gone")
        what = "rendered" if self.export else "stored as drafts"
        parts = [plural(len(self.made), "video" if self.export else "draft")]
        if any(row.seconds is not None for row in self.made):
            parts.append(speech_words(sum(row.letters for row in self.made), self.seconds))
        if self.price is not None:
            parts.append(f"about {self.price:,.1f} credits (an estimate: {self.rate:g} a minute of speech)")
        return f"{plural(total, 'row')}: {counts or 'none'}\nto be {what} at {self.service}: {', '.join(parts)}"

    def to_json(self) -> str:
        """Return the text of the plan's file, with a digest that shows if it was edited."""
        own = {"format": _FORMAT, "version": _VERSION} | asdict(self)
        made = {"made": len(self.made), "seconds": round(self.seconds, 3), "price": self.price}
        document = own | made
        return canonical(document | {"digest": _sealed(document)}, 2) + "\n"

    @classmethod
    def load(cls, path: str | Path) -> OutboxPlan:
        """Read a plan's file.

        Args:
            path: The file.

        Raises:
            LoadError: If it is not a plan, is of another version, or was edited or cut off.
        """
        try:
            text = Path(path).read_bytes()
        except OSError as error:
            raise unreadable(Path(path), error, "aistudios outbox plan -o writes it") from None
        document = parse(text, str(path))
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            raise LoadError(f"{path} is not the plan of an outbox", hint="aistudios outbox plan -o writes one")
        if document.get("version") != _VERSION:
            what = f"{path} is a plan of version {document.get('version')}; this release reads version {_VERSION}"
            raise LoadError(what, hint=_AGAIN)
        if document.pop("digest", None) != _sealed(document):
            raise LoadError(f"{path} was edited since it was planned", hint=f"a plan is applied as it is; {_AGAIN}")
        rows = tuple(PlannedRow(**row) for row in document["rows"])
        own: dict[str, Any] = {one.name: document[one.name] for one in fields(cls)} | {"rows": rows}
        return cls(**own)

    def limited(self, max_renders: int | None, max_minutes: float | None) -> None:
        """Raise `DslError` if the plan makes too much. Drafts have no limits.

        Args:
            max_renders: The most videos, or None.
            max_minutes: The most minutes of speech, or None.

        Raises:
            DslError: It makes more (code "plan-too-large").
        """
        for most, planned, noun in (
            (max_renders, float(len(self.made)), "videos"),
            (max_minutes, self.seconds / 60, "minutes of speech"),
        ):
            if self.export and most is not None and not planned <= most:  # so that NaN is no limit that lets all pass
                what = f"the plan makes {planned:,.4g} {noun}, and the limit is {most:,g}: nothing is sent"
                raise DslError(what, hint="raise the limit, or plan fewer rows", code="plan-too-large")


def planned(journal: Journal, comparison: Comparison, describe: Describe | None = None, **terms: Any) -> OutboxPlan:
    """Return the plan of a comparison; `terms` are its own fields."""
    counts, rows = Counter[str](), list[PlannedRow]()
    for one in comparison.differences():
        counts[one.action] += 1
        if one.action != "same" or one.sha256 != one.was:
            rows.append(_row(one, _words(journal, comparison, one, describe, counts)))
    return OutboxPlan(
        tuple(rows),
        {action: counts[action] for action in ACTIONS},
        journal=str(journal.path),
        journal_id=journal.term("id") if journal.is_file else "",
        state=state_digest(journal, frozenset(_touched(rows))),
        payloads=comparison.digest(),
        **terms,
    )


def _row(one: Difference, words: Iterable[str]) -> PlannedRow:
    seconds = None if one.seconds is None else round(one.seconds, 3)
    return PlannedRow(**asdict(evolve(one, seconds=seconds)), words=words)


def _words(
    journal: Journal, comparison: Comparison, one: Difference, describe: Describe | None, counts: Mapping[str, int]
) -> Iterable[str]:
    if not describe or one.action != "changed" or counts["changed"] > _DESCRIBED:
        return ()
    number = journal.number(one.was)
    new = comparison.payload(one.key)
    return describe(journal.payload(number), new) if number and new else ()


def verify(plan: OutboxPlan, journal: Journal, comparison: Comparison) -> None:
    """Raise `DslError` (code "plan-stale") unless the source and the journal are those of the plan.

    What the plan itself has made since is no change, so a plan can be applied again after an interruption.
    """
    if comparison.digest() != plan.payloads:
        raise DslError(f"{plan.source or 'the source'} has changed since the plan was made", hint=_AGAIN, code=STALE)
    if plan.journal_id and journal.term("id") != plan.journal_id:
        raise DslError(f"{journal.path} is not the journal of this plan", hint=f"it was {plan.journal}", code=STALE)
    if not journal.is_file and os.path.realpath(journal.path) != os.path.realpath(plan.journal):
        what = f"the plan is for the journal {plan.journal}, and {journal.path} is not there yet"
        raise DslError(what, hint=f"leave out --journal, or {_AGAIN}", code=STALE)
    touched, shown = _touched(plan.rows), {row.key for row in plan.rows}
    changed = next((key for key, row in touched.items() if _has_changed(row, journal)), None)
    if changed is None:
        # It would be taken out, and the plan does not say so.
        changed = next((key for key, _ in journal.queued() if key not in shown), None)
    if changed is None and state_digest(journal, frozenset(touched)) == plan.state:
        return
    where = "" if changed is None else f" (row {changed})"
    raise DslError(f"{journal.path} has changed since the plan was made{where}", hint=_AGAIN, code=STALE)


def verify_queue(plan: OutboxPlan, journal: Journal) -> None:
    """Raise `DslError` (code "plan-stale") if a run would send what the plan does not make."""
    made = {(row.key, row.sha256) for row in plan.made}
    other = next((key for key, sha256 in journal.queued() if (key, sha256) not in made), None)
    if other is not None:
        raise DslError(f"row {other} of {journal.path} is to be sent, but not by this plan", hint=_AGAIN, code=STALE)


def _touched(rows: Iterable[PlannedRow]) -> dict[str, PlannedRow]:
    """Return the rows whose current version the plan makes or changes, by their keys."""
    settled = {"gone", "unknown"}
    touched = (row for row in rows if row.action in MADE or (row.action not in settled and row.sha256 != row.was))
    return {row.key: row for row in touched}


def _has_changed(row: PlannedRow, journal: Journal) -> bool:
    """Whether the journal has neither what it had of a key when it was planned, nor what the plan makes of it."""
    now = journal.current(row.key)
    if now == row.sha256 or row.action not in MADE:
        return now not in (row.sha256, row.was)
    sent_since = [row.sha256, *([row.was] if row.action == "new" else [])]
    return now != row.was or any(journal.sent_name(one) is not None for one in sent_since)


def reject_credits(name: str, value: object, of: str) -> None:
    """Raise `BuildError` unless this may be a price in credits; `of` says what has the price."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and 0 <= value < float("inf")):  # type: ignore[operator]
        raise BuildError(f"{name} is {value!r}", hint=f"give the credits for {of}, 0 or more")


def _sealed(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(document).encode()).hexdigest()
