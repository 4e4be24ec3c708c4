"""What comes into an outbox: the payloads of a JSONL or of an iterable, each judged before any is taken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aistudios_dsl.errors import DslError, LoadError
from aistudios_dsl.service.flow import Payload, body_of
from aistudios_dsl.service.journal import Entry, refused
from aistudios_dsl.wire.codec import load
from aistudios_dsl.wire.jsontext import canonical

_DEFAULT_NAME = "Default Template"


def _documents(source: str | Path | Iterable[Payload]) -> Iterator[tuple[int, Payload]]:
    if not isinstance(source, str | Path):
        yield from enumerate(source, 1)
        return
    try:
        with Path(source).open("rb") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as fault:
        raise DslError(f"cannot read {source}: {fault.strerror}", hint="is it there, and a JSONL?") from None


def entries(source: str | Path | Iterable[Payload], key: str | None, literal: bool) -> list[Entry]:
    """The source as entries. Raises `LoadError` with every row that is none.

    >>> [entry.key for entry in entries([{"name": "One", "scenes": []}], None, False)]
    ['1']
    """
    found, problems = list[Entry](), list[DslError]()
    for number, document in _documents(source):
        try:
            found.append(_entry(number, document, key, literal))
        except DslError as fault:
            inner = fault.problems if isinstance(fault, LoadError) else ()
            problems += [problem.under(f"row {number} ") for problem in inner or (fault,)]
    if problems:
        raise refused(problems, "these rows cannot be sent")
    return found


def _entry(number: int, payload: Payload, key: str | None, literal: bool) -> Entry:
    body = body_of(payload, export=True)
    # How it is sent belongs to the run, not to the payload.
    document = {name: value for name, value in body.items() if name != "isExport"}
    load(document)
    text = canonical(document)
    if not literal and ("{{" in text or "{%" in text):
        raise LoadError("holds Jinja that was not rendered", hint="render it; or say that its braces are meant")
    name = document.get("name")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Entry(_key(number, document, key), str(name) if name else _DEFAULT_NAME, digest, text)


def _key(number: int, document: Mapping[str, Any], key: str | None) -> str:
    found = number if key is None else document.get(key)
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise LoadError(f"has no text or number under {key!r} to know it by")
    return str(found)
