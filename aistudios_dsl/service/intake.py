"""Read payloads for an outbox from a JSONL file or an iterable, and check each before any is accepted."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from aistudios_dsl.errors import DslError, LoadError, nearest, unreadable
from aistudios_dsl.service.flow import Payload, body_of
from aistudios_dsl.service.journal import combined_error
from aistudios_dsl.service.versions import Entry
from aistudios_dsl.wire.codec import load
from aistudios_dsl.wire.jsontext import canonical, copied, parse
from aistudios_dsl.wire.nodes import Project

_DEFAULT_NAME = "Default Template"
_BRACES = re.compile(r"\{[{%]")
_ROW, _PAYLOAD = '{"row":', ',"payload":'
_WITH_ROW = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:row|payload)"')
_DECODER = json.JSONDecoder()

Inspect = Callable[[int, Project], tuple[int, float] | None]
"""Sees the number and the project of each row that was not sent; returns the letters and seconds of its speech."""


@frozen
class Sent:
    """What the journal knows of a payload that was sent, by its sha256.

    `name`: its name, else None. `key`: its key, if the rows are named by the same column; None to read it again.
    """

    name: Callable[[str], str | None]
    key: Callable[[str], str] | None = None


def with_row(row: Mapping[str, Any], payload: bytes) -> bytes:
    """Return the line of a payload with the row of the table that it was made from.

    >>> with_row({"id": 7}, b'{"scenes":[]}')
    b'{"row":{"id":7},"payload":{"scenes":[]}}'
    """
    columns = {str(name): None if value != value else value for name, value in row.items()}  # NaN is no JSON
    try:
        text = json.dumps(columns, ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False)
    except ValueError:  # an infinity
        text = canonical({name: str(value) for name, value in columns.items()})
    return b"".join((_ROW.encode(), text.encode("utf-8", "replace"), _PAYLOAD.encode(), payload, b"}"))


def split(document: Payload) -> tuple[dict[str, Any] | None, Payload]:
    """Return the row of the table in a line, or None, and the payload.

    >>> split('{"row":{"id":7},"payload":{"scenes":[]}}')
    ({'id': 7}, {'scenes': []})
    """
    found: Any = document
    if isinstance(document, str | bytes):
        begin = document[:100] if isinstance(document, bytes) else document[:100].encode("utf-8", "replace")
        if not _WITH_ROW.match(begin):
            return None, document
        found = parse(document, "the line")
    if not (isinstance(found, Mapping) and set(found) == {"row", "payload"}):
        return None, document
    return _validated_row(found["row"]), found["payload"]


def _validated_row(row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise LoadError("must be the row of the table, an object", "row")
    return copied(row, "row")  # type: ignore[no-any-return]


_NOTHING = Sent(lambda sha256: None)


def entries(
    source: str | Path | Iterable[Payload],
    key: str | None,
    literal: bool,
    inspect: Inspect | None = None,
    sent: Sent = _NOTHING,
) -> Iterator[Entry]:
    """Yield the source as entries.

    Raise `LoadError` at the end with every row that cannot be sent.

    >>> [entry.key for entry in entries([{"name": "One", "scenes": []}], None, False)]
    ['1']
    """
    problems, is_empty = list[DslError](), True
    for number, document in _documents(source):
        is_empty = False
        try:
            known = _known(number, document, key, sent)
            entry = known or _checked(number, document, key, literal, inspect, sent)
        except DslError as error:
            inner = error.problems if isinstance(error, LoadError) else ()
            problems += [problem.under(f"row {number}{' ' * bool(problem.path)}") for problem in inner or (error,)]
        except RecursionError:
            problems.append(LoadError("is nested too deeply to be sent", f"row {number}"))
        else:
            yield entry
    if is_empty and isinstance(source, str | Path):
        raise LoadError(f"{source} is empty", hint="each line is the JSON of one project")
    if problems:
        raise combined_error(problems, "these rows cannot be sent")


def _documents(source: str | Path | Iterable[Payload]) -> Iterator[tuple[int, Payload]]:
    if not isinstance(source, str | Path):
        yield from enumerate(source, 1)
        return
    try:
        with Path(source).open("rb") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise unreadable(Path(source), error, "is it there, and a JSONL?") from None


def _known(number: int, document: Payload, key: str | None, sent: Sent) -> Entry | None:
    """Return the entry of a line whose payload, letter for letter, was sent before; else None.

    It was checked then, so neither it nor its project is read again.
    """
    if not isinstance(document, bytes):
        return None
    columns, payload = "", document.strip()
    try:
        if payload.startswith(_ROW.encode()):
            columns, payload = _cut(payload.decode())
        sha256 = hashlib.sha256(payload).hexdigest()
        name = sent.name(sha256)
        if name is None:
            return None
        if key is not None and not columns and sent.key:
            return Entry(number, sent.key(sha256), name, sha256)
        row = _validated_row(parse(columns, "the row")) if columns else {}
        own = json.loads(payload) if key is not None and key not in row else {}
    except (ValueError, RecursionError):
        return None
    return Entry(number, _key(number, row, own, key), name, sha256, columns)


def _cut(line: str) -> tuple[str, bytes]:
    """Return the texts of the row and of the payload in a line of `with_row`. Raise `ValueError` if it is not one."""
    _, end = _DECODER.raw_decode(line, len(_ROW))
    if not line.startswith(_PAYLOAD, end):
        raise ValueError(line)
    return line[len(_ROW) : end], line[end + len(_PAYLOAD) : -1].encode()


def _checked(number: int, line: Payload, key: str | None, literal: bool, inspect: Inspect | None, sent: Sent) -> Entry:
    columns, payload = split(line)
    document = body_of(payload)
    document.pop("isExport", None)  # whether to render is up to the run, not to the payload
    text = canonical(document)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    row = "" if columns is None else canonical(columns)
    name = sent.name(sha256)
    if name is not None:
        return Entry(number, _key(number, columns or {}, document, key), name, sha256, row)
    project = load(document)
    if not literal and _BRACES.search(text):
        hint = "render it first; or, if the braces are text: literal=True"
        path = next(_with_braces(document, ""), "")
        raise LoadError("holds Jinja that was not rendered", path, hint, code="holds-braces")
    own = _key(number, columns or {}, document, key)
    name = str(document.get("name") or _DEFAULT_NAME)
    letters, seconds = (inspect(number, project) if inspect else None) or (0, None)
    return Entry(number, own, name, sha256, row, letters, seconds, text)


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


def _key(number: int, columns: Mapping[str, Any], document: Mapping[str, Any], key: str | None) -> str:
    found = number if key is None else columns.get(key, document.get(key))
    if not isinstance(found, bool) and isinstance(found, str | int) and found != "":
        return str(found)
    near = nearest(key or "", [*columns, *document]) if found is None else ""
    hint = f"did you mean {near!r}?" if near else ""
    if not near and not columns:
        hint = "it may be a column of the table: write the rows into the lines with aistudios build --data --with-rows"
    raise LoadError(f"has no text or number under {key!r} to identify it by", hint=hint)
