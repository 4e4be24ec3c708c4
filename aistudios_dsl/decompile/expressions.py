"""Python expressions as text, laid out as `ruff format` does: on one line where they fit, else one item per line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

WIDTH = 88
"""Columns per line, the default of `ruff format`."""
_INDENT = 4
_BRACKETS: dict[type, tuple[str, str]] = {dict: ("{", "}"), list: ("[", "]"), tuple: ("(", ")")}


@frozen
class Verbatim:
    """An expression written as it is and never broken over lines, such as a variable."""

    text: str


SPREAD = Verbatim("**")
"""The key in a dict of another dict, whose items stand there: `{**LOCKS}`."""


@frozen
class Call:
    """A function call. Values are plain data, `Verbatim`s and other `Call`s.

    >>> flat(Call("below", ("title",), {"gap": 24}))
    'below("title", gap=24)'
    """

    function: str
    args: Sequence[Any] = ()
    named: Mapping[str, Any] = field(factory=dict)


def quoted(text: str) -> str:
    """Return a string literal in double quotes, or in single quotes if that saves escapes.

    Characters that do not print are escaped.

    >>> print(quoted('say "hi"'), quoted("it's\\n"))
    'say "hi"' "it's\\n"
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
    if not escaped.isprintable():
        escaped = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in escaped)
    return f"{quote}{escaped}{quote}"


def flat(value: Any) -> str:
    """Return the expression on one line."""
    if isinstance(value, Verbatim):
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


def _laid_out(value: Any, indent: int, start: int, end: int = 0) -> str:
    """Return the expression from column `start` of a line with this indent; `end` more columns follow it."""
    line = flat(value)
    brackets = _brackets(value)
    if brackets is None or not any(_items(value)) or start + width(line) + end <= WIDTH:
        return line
    inner = indent + _INDENT
    # Arguments may share one row; the items of a dict, list or tuple may not.
    row = ", ".join(f"{prefix}{flat(item)}" for prefix, item in _items(value))
    if isinstance(value, Call) and inner + width(row) <= WIDTH:
        return f"{brackets[0]}\n{' ' * inner}{row}\n{' ' * indent}{brackets[1]}"
    rows = (
        f"{' ' * inner}{prefix}{_laid_out(item, inner, inner + width(prefix), 1)},\n" for prefix, item in _items(value)
    )
    return f"{brackets[0]}\n{''.join(rows)}{' ' * indent}{brackets[1]}"


def assigned(name: str, value: Any, calls: Sequence[Call] = ()) -> str:
    """Return the statement `name = value.call(...).call(...)`.

    >>> print(assigned("project", Call("Project", ("Hi",)), [Call("scene")]))
    project = Project("Hi").scene()
    """
    return _chain(f"{name} = ", value, calls, 0)


def defined(name: str, parameters: Sequence[str], value: Any, calls: Sequence[Call]) -> str:
    """Return a function that returns `value.call(...).call(...)`.

    >>> print(defined("titled", ["words"], Call("Scene"), [Call("text", [Verbatim("words")])]))
    def titled(words):
        return Scene().text(words)
    """
    head = _laid_out(Call(f"def {name}", [Verbatim(parameter) for parameter in parameters]), 0, 0, 1)
    return f"{head}:\n{_chain('return ', value, calls, _INDENT)}"


def _chain(prefix: str, value: Any, calls: Sequence[Call], indent: int) -> str:
    """Return a statement of `prefix` and a chain of calls, on lines with this indent."""
    line = f"{' ' * indent}{prefix}{flat(value)}" + "".join(f".{flat(call)}" for call in calls)
    if width(line) <= WIDTH:
        return line
    bare_name = isinstance(value, Verbatim) and "[" not in value.text
    if len(calls) - bare_name < 2:
        return _on_one_row(f"{' ' * indent}{prefix}", value, calls, indent)
    inner = indent + _INDENT
    rows = [_laid_out(value, inner, inner)]
    if bare_name:
        # The first call on a bare name stays on its line.
        rows = [f"{rows[0]}.{_laid_out(calls[0], inner, inner + 1 + width(rows[0]))}"]
    rows += [f".{_laid_out(call, inner, inner + 1)}" for call in calls[bare_name:]]
    body = "".join(f"{' ' * inner}{row}\n" for row in rows)
    return f"{' ' * indent}{prefix}(\n{body}{' ' * indent})"


def _on_one_row(prefix: str, value: Any, calls: Sequence[Call], indent: int) -> str:
    """Fewer than two calls stay on one row; their brackets are broken instead."""
    text = f"{prefix}{_laid_out(value, indent, width(prefix), 1 if calls else 0)}"
    for call in calls:
        last = text.rpartition("\n")[2]
        text += f".{_laid_out(call, indent, width(last) + 1)}"
    return text


def lines_of(value: Any, indent: int) -> int:
    """Return how many lines an expression takes as an item of brackets with this indent."""
    return _laid_out(value, indent, indent, 1).count("\n") + 1


def replaced(value: Any, change: Callable[[Any, str], Any], where: str = "") -> Any:
    """Return an expression after `change` of each part of it, the outer ones first; what is changed stays as it is.

    `where` is the function or verb, and the argument, that a part stands in: "text.color", "image.0".

    >>> flat(replaced(Call("f", [1, (2, 1)]), lambda part, where: Verbatim("ONE") if part == 1 else part))
    'f(ONE, (2, ONE))'
    """
    changed = change(value, where)
    if changed is not value or _brackets(changed) is None:
        return changed
    if isinstance(value, Call):
        args = [replaced(item, change, f"{value.function}.{place}") for place, item in enumerate(value.args)]
        named = {name: replaced(item, change, f"{value.function}.{name}") for name, item in value.named.items()}
        return Call(value.function, args, named)
    if isinstance(value, dict):
        return {key: replaced(item, change, where) for key, item in value.items()}
    return type(value)(replaced(item, change, where) for item in value)


def names_in(value: Any) -> Iterator[str]:
    """Yield the variables and functions that an expression uses, each up to its first dot or bracket.

    >>> list(names_in([Call("Catalog().find", (Verbatim("wire.UNSET"),))]))
    ['Catalog', 'wire']
    """
    if isinstance(value, Verbatim | Call):
        text = value.text if isinstance(value, Verbatim) else value.function
        yield re.split(r"\W", text, maxsplit=1)[0]
    if _brackets(value):
        yield from (name for _, item in _items(value) for name in names_in(item))


def width(text: str) -> int:
    """Return the terminal columns of a text: two for a wide character, none for a combining one.

    >>> width("안녕"), width("cafe\\u0301")
    (4, 4)
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _brackets(value: Any) -> tuple[str, str] | None:
    return (f"{value.function}(", ")") if isinstance(value, Call) else _BRACKETS.get(type(value))


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each item inside the brackets with what precedes it: a dict's key, a keyword, or nothing."""
    if isinstance(value, Call):
        yield from (("", item) for item in value.args)
        yield from ((f"{name}=", item) for name, item in value.named.items())
    elif isinstance(value, dict):
        yield from (("**" if key == SPREAD else f"{flat(key)}: ", item) for key, item in value.items())
    else:
        yield from (("", item) for item in value)
