"""What became of each key of an outbox, for a table beside that of the customers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import asdict, fields, frozen

from aistudios_dsl.service.journal import Journal

_QUERY = """
    SELECT key, (SELECT count(*) FROM rows e WHERE e.key = rows.key AND e.number <= rows.number), current, state,
        project_id, name, CASE state WHEN 'downloaded' THEN file ELSE '' END, seconds, sent, credits, note
    FROM rows WHERE current OR (? AND state != 'queued')
    ORDER BY (SELECT min(number) FROM rows e WHERE e.key = rows.key), number
"""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet runs as a formula."""


@frozen
class Result:
    """What became of one payload.

    Attributes:
        key: The key of its row.
        version: 1 for the first payload of the key, 2 for the next one, and so on.
        current: Whether it is the current payload of its key.
        state: The state of its row.
        project_id: The id of its project, or "".
        name: The name of its project.
        file: The path of the saved video, or "".
        seconds: The estimated seconds of its speech; None if they were not estimated.
        sent: When it was made, as UTC in ISO 8601, or "".
        credits: What it cost; None if no webhook and no look at the service told.
        note: What there is to say about the state, or "".
    """

    key: str
    version: int
    current: bool
    state: str
    project_id: str
    name: str
    file: str
    seconds: float | None
    sent: str
    credits: float | None
    note: str


RESULT_COLUMNS = tuple(one.name for one in fields(Result))


def results(journal: Journal, versions: bool) -> Iterator[Result]:
    """Yield the current version of each key; with `versions`, the earlier ones that were sent before it."""
    with journal.errors():
        for key, version, current, *more in journal.base.execute(_QUERY, (versions,)):
            yield Result(key, version, bool(current), *more)


def cells(result: Result) -> Sequence[str]:
    """Return the cells of a result. A spreadsheet runs none of them: a text that begins like a formula is quoted.

    >>> from attrs import evolve
    >>> one = Result("-7", 1, True, "done", "", "=1+1", "", None, "", 2.5, "")
    >>> list(cells(one))
    ['-7', '1', 'yes', 'done', '', "'=1+1", '', '', '', '2.5', '']
    """
    return [_cell(value) for value in asdict(result).values()]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    digits = text[1:].replace(".", "", 1)
    return digits.isascii() and digits.isdigit()
