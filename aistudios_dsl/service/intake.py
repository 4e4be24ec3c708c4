"""What comes into an outbox: the payloads of a JSONL or of an iterable, each judged before any is taken."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aistudios_dsl.errors import DslError, LoadError, near_file
from aistudios_dsl.service.flow import Payload, body_of
from aistudios_dsl.service.journal import Entry, refused
from aistudios_dsl.wire.codec import load
from aistudios_dsl.wire.jsontext import canonical

_DEFAULT_NAME = "Default Template"
_BRACES = re.compile(r"\{[{%]")


def _documents(source: str | Path | Iterable[Payload]) -> Iterator[tuple[int, Payload]]:
    if not isinstance(source, str | Path):
        yield from enumerate(source, 1)
        return
    try:
        with Path(source).open("rb") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as fault:
        hint = near_file(Path(source)) or "is it there, and a JSONL?"
        raise DslError(f"cannot read {source}: {fault.strerror}", hint=hint) from None


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
        except RecursionError:
            problems.append(LoadError("is nested too deeply to be sent", f"row {number}"))
    if not found and not problems and isinstance(source, str | Path):
        raise LoadError(f"{source} is empty", hint="each line is the JSON of one project")
    if problems:
        raise refused(problems, "these rows cannot be sent")
    return found


def _entry(number: int, payload: Payload, key: str | None, literal: bool) -> Entry:
    body = body_of(payload, export=True)
    # How it is sent belongs to the run, not to the payload.
    document = {name: value for name, value in body.items() if name != "isExport"}
    load(document)
    text = canonical(document)
    if not literal and _BRACES.search(text):
        hint = "render it first; or, if its braces are meant: literal=True"
        raise LoadError("holds Jinja that was not rendered", next(_with_braces(document, ""), ""), hint)
    name = document.get("name")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Entry(number, _key(number, document, key), str(name) if name else _DEFAULT_NAME, digest, text)


def _with_braces(value: Any, path: str) -> Iterator[str]:
    """The paths of the strings that hold Jinja."""
    if isinstance(value, str) and _BRACES.search(value):
        yield path
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _with_braces(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _with_braces(inner, f"{path}[{index}]")


def _key(number: int, document: Mapping[str, Any], key: str | None) -> str:
    found = number if key is None else document.get(key)
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise LoadError(f"has no text or number under {key!r} to know it by")
    return str(found)
