"""Python expressions as text, laid out as `ruff format` lays them out: flat where they fit, else one item a line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

WIDTH = 88
"""Columns of a line, as `ruff format` has it by default."""
_STEP = 4


@frozen
class Name:
    """A variable, or any other expression that is never broken over lines."""

    text: str


@frozen
class Call:
    """A call of the function with this name. Values are plain data, `Name`s and further `Call`s.

    >>> flat(Call("below", ("title",), {"gap": 24}))
    'below("title", gap=24)'
    """

    function: str
    args: Sequence[Any] = ()
    named: Mapping[str, Any] = field(factory=dict)


def quoted(text: str) -> str:
    """A string literal: double quotes unless single ones save escapes, and no letter that does not print.

    >>> print(quoted('say "hi"'), quoted("it's\\n"))
    'say "hi"' "it's\\n"
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
    if not escaped.isprintable():
        escaped = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in escaped)
    return f"{quote}{escaped}{quote}"


def flat(value: Any) -> str:
    """The expression on one line."""
    if isinstance(value, Name):
        return value.text
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return repr(value).replace("e+", "e")
    brackets = _brackets(value)
    if brackets is None:
        return repr(value)
    items = [f"{prefix}{flat(item)}" for prefix, item in _items(value)]
    comma = "," if isinstance(value, tuple) and len(items) == 1 else ""
    return f"{brackets[0]}{', '.join(items)}{comma}{brackets[1]}"


def laid_out(value: Any, indent: int, start: int, end: int = 0, *, broken: bool = False) -> str:
    """The expression, from column `start` of a line indented by `indent`, with `end` more columns behind it."""
    line = flat(value)
    brackets = _brackets(value)
    if brackets is None or not any(_items(value)) or (start + width(line) + end <= WIDTH and not broken):
        return line
    inner = indent + _STEP
    rows = (
        f"{' ' * inner}{prefix}{laid_out(item, inner, inner + width(prefix), 1)},\n" for prefix, item in _items(value)
    )
    return f"{brackets[0]}\n{''.join(rows)}{' ' * indent}{brackets[1]}"


def assigned(name: str, value: Any, calls: Sequence[Call] = ()) -> str:
    """The statement `name = value.call(...).call(...)`.

    >>> print(assigned("project", Call("Project", ("Hi",)), [Call("scene")]))
    project = Project("Hi").scene()
    """
    line = f"{name} = {flat(value)}" + "".join(f".{flat(call)}" for call in calls)
    if width(line) <= WIDTH:
        return line
    if len(calls) - isinstance(value, Name) * ("[" not in flat(value)) < 2:
        return _joined(name, value, calls)
    first, rest = _first_row(value, calls)
    rows = [first, *(f".{laid_out(call, _STEP, _STEP + 1)}" for call in rest)]
    return f"{name} = (\n" + "".join(f"{' ' * _STEP}{row}\n" for row in rows) + ")"


def _first_row(value: Any, calls: Sequence[Call]) -> tuple[str, Sequence[Call]]:
    # The first call on a bare name stays beside it.
    if not isinstance(value, Name) or "[" in value.text:
        return laid_out(value, _STEP, _STEP), calls
    return f"{value.text}.{laid_out(calls[0], _STEP, _STEP + 1 + width(value.text))}", calls[1:]


def _joined(name: str, value: Any, calls: Sequence[Call]) -> str:
    """Fewer than two calls stay on one row, and what is in their brackets is broken: the last first."""
    text = f"{name} = {laid_out(value, 0, width(name) + 3, 1 if calls else 0)}"
    for call in calls:
        last = text.rpartition("\n")[2]
        text += f".{laid_out(call, 0, width(last) + 1)}"
    return text


def names_in(value: Any) -> Iterator[str]:
    """The variables and functions that the expression speaks of, each up to its first dot or bracket.

    >>> list(names_in([Call("Catalog().find", (Name("wire.UNSET"),))]))
    ['Catalog', 'wire']
    """
    if isinstance(value, Name | Call):
        text = value.text if isinstance(value, Name) else value.function
        yield re.split(r"\W", text, maxsplit=1)[0]
    if _brackets(value):
        yield from (name for _, item in _items(value) for name in names_in(item))


def width(text: str) -> int:
    """Columns that a terminal takes for the text: two for wide letters, none for those that join the one before.

    >>> width("안녕"), width("cafe\\u0301")
    (4, 4)
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


_PAIRS: dict[type, tuple[str, str]] = {dict: ("{", "}"), list: ("[", "]"), tuple: ("(", ")")}


def _brackets(value: Any) -> tuple[str, str] | None:
    if isinstance(value, Call):
        return f"{value.function}(", ")"
    return _PAIRS.get(type(value))


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Call):
        yield from (("", item) for item in value.args)
        yield from ((f"{name}=", item) for name, item in value.named.items())
    elif isinstance(value, dict):
        yield from ((f"{flat(key)}: ", item) for key, item in value.items())
    else:
        yield from (("", item) for item in value)
