"""Read payloads for an outbox from a JSONL file or an iterable, and check each before any is accepted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aistudios_dsl.errors import DslError, LoadError, unreadable
from aistudios_dsl.service.flow import Payload, body_of
from aistudios_dsl.service.journal import Entry, combined_error
from aistudios_dsl.wire.codec import load
from aistudios_dsl.wire.jsontext import canonical
from aistudios_dsl.wire.nodes import Project

_DEFAULT_NAME = "Default Template"
_BRACES = re.compile(r"\{[{%]")


def entries(
    source: str | Path | Iterable[Payload],
    key: str | None,
    literal: bool,
    inspect: Callable[[Entry, Project], object] | None = None,
) -> list[Entry]:
    """Return the source as entries; `inspect` sees each entry with its loaded project.

    Raise `LoadError` with every row that cannot be sent.

    >>> [entry.key for entry in entries([{"name": "One", "scenes": []}], None, False)]
    ['1']
    """
    found, problems = list[Entry](), list[DslError]()
    for number, document in _documents(source):
        try:
            entry, project = _entry(number, document, key, literal)
            found.append(entry)
        except DslError as error:
            inner = error.problems if isinstance(error, LoadError) else ()
            problems += [problem.under(f"row {number} ") for problem in inner or (error,)]
        except RecursionError:
            problems.append(LoadError("is nested too deeply to be sent", f"row {number}"))
        else:
            if inspect:
                inspect(entry, project)
    if not found and not problems and isinstance(source, str | Path):
        raise LoadError(f"{source} is empty", hint="each line is the JSON of one project")
    if problems:
        raise combined_error(problems, "these rows cannot be sent")
    return found


def _documents(source: str | Path | Iterable[Payload]) -> Iterator[tuple[int, Payload]]:
    if not isinstance(source, str | Path):
        yield from enumerate(source, 1)
        return
    try:
        with Path(source).open("rb") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise unreadable(Path(source), error, "is it there, and a JSONL?") from None


def _entry(number: int, payload: Payload, key: str | None, literal: bool) -> tuple[Entry, Project]:
    document = body_of(payload)
    document.pop("isExport", None)  # whether to render is up to the run, not to the payload
    project = load(document)
    text = canonical(document)
    if not literal and _BRACES.search(text):
        hint = "render it first; or, if the braces are text: literal=True"
        path = next(_with_braces(document, ""), "")
        raise LoadError("holds Jinja that was not rendered", path, hint, code="holds-braces")
    name = document.get("name")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Entry(number, _key(number, document, key), str(name) if name else _DEFAULT_NAME, digest, text), project


def _with_braces(value: Any, path: str) -> Iterator[str]:
    """Yield the paths of the strings that hold Jinja."""
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
        raise LoadError(f"has no text or number under {key!r} to identify it by")
    return str(found)
