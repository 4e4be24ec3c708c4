"""Which stored projects are no longer what was sent: someone has changed them at the service, or they are gone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from attrs import field, frozen

from aistudios_dsl.errors import ApiError
from aistudios_dsl.service.flow import is_project_id
from aistudios_dsl.service.journal import Journal, Row
from aistudios_dsl.service.runner import Sender
from aistudios_dsl.wire.jsontext import canonical, parse

_AT_ONCE = 4
"""Reads under way at a time."""
_AHEAD = 32
_RETURNED = frozenset({"name", "orientation", "dictionary", "scenes"})
"""What a create takes and the service documents to return; other keys of the body may be missing."""
_EMPTY_BY_DEFAULT = (
    "text script tag animation shadow effects headOnly voiceOnly isDelete stroke backgroundColor fontWeight fontStyle"
    " underline"
)
_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    **dict.fromkeys(_EMPTY_BY_DEFAULT.split(), ()),
    **dict.fromkeys(("angle", "strokeWidth", "strokeRadius"), (0,)),
    **dict.fromkeys(("opacity", "volume"), (100,)),
    **dict.fromkeys(("scaleX", "scaleY"), (1,)),
    "fontFamily": ("Noto Sans CJK",),
    "align": ("left",),
    "name": ("Default Template",),
    "orientation": ("landscape",),
}
"""Keys that change a video, and their documented defaults: beside these and what is empty, an added one counts."""
_LONGEST = 60
_TOLD = 20
"""How many fields of a project are told."""


@frozen
class Drift:
    """A project that is no longer what was sent.

    Attributes:
        key: The key of its row.
        project_id: Its id.
        fields: What differs, in words, such as `scenes[0].clips[1].text: "Hello" -> "Hi"`; empty if it is gone.
    """

    key: str
    project_id: str
    fields: tuple[str, ...] = field(converter=tuple[str, ...])

    def __str__(self) -> str:
        return f"row {self.key} ({self.project_id}): " + ("; ".join(self.fields) or "the service has it no longer")


def drifted(journal: Journal, client: Sender, on_look: Callable[[str], object] | None = None) -> Iterator[Drift]:
    """Yield the current rows whose stored project differs. Some reads are under way at a time, and few are waiting."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = deque[tuple[Row, Future[dict[str, Any] | None]]]()
        try:
            for row in journal.rows():
                if is_project_id(row.project_id):
                    waiting.append((row, pool.submit(_stored, client, row.project_id)))
                if len(waiting) >= _AHEAD:
                    yield from _told(journal, *waiting.popleft(), on_look)
            while waiting:
                yield from _told(journal, *waiting.popleft(), on_look)
        finally:
            pool.shutdown(cancel_futures=True)


def _stored(client: Sender, project_id: str) -> dict[str, Any] | None:
    try:
        return client.get(project_id)
    except ApiError as error:
        if error.status != 404:
            raise
        return None


def _told(
    journal: Journal, row: Row, looked: Future[dict[str, Any] | None], on_look: Callable[[str], object] | None
) -> Iterator[Drift]:
    stored = looked.result()
    if on_look:
        on_look(row.key)
    if stored is None:
        yield Drift(row.key, row.project_id, ())
        return
    cost = stored.get("creditSubstracted")
    if isinstance(cost, int | float) and not isinstance(cost, bool) and cost > 0 and row.credits is None:
        journal.charge(row.project_id, cost)
    if found := tuple(differences(parse(journal.payload(row.number)), stored))[:_TOLD]:
        yield Drift(row.key, row.project_id, found)


def differences(sent: Mapping[str, Any], stored: Mapping[str, Any]) -> Iterator[str]:
    """Yield what differs in a stored project, in words, without what the service adds.

    >>> list(differences({"scenes": [{"a": 1}]}, {"_id": "7", "scenes": [{"a": 2, "id": "x"}]}))
    ['scenes[0].a: 1 -> 2']
    """
    compared = {name: value for name, value in sent.items() if name in _RETURNED or name in stored}
    yield from _object(compared, stored, "")


def _object(sent: Mapping[str, Any], stored: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, value in sent.items():
        place = f"{path}.{name}" if path else name
        if name in stored:
            yield from _value(value, stored[name], place)
        elif not _is_default(name, value):
            yield f"{place}: {_short(value)} is gone"
    for name, value in stored.items():
        if name not in sent and name in _DEFAULTS and not _is_default(name, value) and not _repeats_id(stored, name):
            yield f"{path}.{name}: {_short(value)} is new" if path else f"{name}: {_short(value)} is new"


def _value(sent: Any, stored: Any, path: str) -> Iterator[str]:
    if isinstance(sent, Mapping) and isinstance(stored, Mapping):
        yield from _object(sent, stored, path)
    elif isinstance(sent, list) and isinstance(stored, list) and len(sent) == len(stored):
        for index, (one, other) in enumerate(zip(sent, stored, strict=True)):
            yield from _value(one, other, f"{path}[{index}]")
    elif isinstance(sent, list) and isinstance(stored, list):
        yield f"{path}: {len(sent)} -> {len(stored)} of them"
    elif isinstance(sent, bool) is not isinstance(stored, bool) or sent != stored:
        yield f"{path}: {_short(sent)} -> {_short(stored)}"


def _is_default(name: str, value: Any) -> bool:
    """Whether a key says nothing: what is empty, or the documented default."""
    return value is None or value is False or value in ("", [], {}) or value in _DEFAULTS.get(name, ())


def _repeats_id(stored: Mapping[str, Any], name: str) -> bool:
    """Whether it is the name of a clip, which the editor sets to its id."""
    return name == "name" and "type" in stored


def _short(value: Any) -> str:
    text = canonical(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
