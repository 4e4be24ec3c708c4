"""JSON as text: parsed with clear errors, written in one canonical form."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from json.encoder import encode_basestring
from types import NoneType
from typing import Any, NoReturn

from aistudios_dsl.errors import BuildError, LoadError

DEEPEST = 100
"""How many levels a JSON value may have: more than a project needs, and few enough for every JSON reader."""
SCALARS = frozenset({str, int, float, bool, NoneType})
"""The types of JSON values that hold no others. Asking for the exact type is much faster than `isinstance`."""


def canonical(value: Any, indent: int | None = None) -> str:
    """Return the one text of a JSON value: no spaces, keys in their order, non-ASCII letters as they are.

    `indent` gives the same text spread over lines. Raise `BuildError` for NaN, infinity and values nested too deeply.

    >>> canonical({"text": "Grüße", "left": 1.0})
    '{"text":"Grüße","left":1.0}'
    """
    separators = (",", ":") if indent is None else (",", ": ")
    try:
        return json.dumps(value, ensure_ascii=False, separators=separators, allow_nan=False, indent=indent)
    except ValueError as fault:
        raise BuildError(f"this cannot be written as JSON: {fault}") from fault
    except RecursionError:
        raise BuildError(f"this is nested too deeply to be written as JSON: {DEEPEST} levels at most") from None


canonical_string: Callable[[str], str] = encode_basestring
"""The canonical text of one string, quotes included: a faster `canonical`."""


def parse(text: str | bytes, source: str = "the document") -> Any:
    """Return the value of a JSON text. Raise `LoadError` for invalid JSON, a key given twice, NaN, and too many levels.

    >>> parse('{"left": 1.50}')
    {'left': 1.5}
    """
    string = _decoded(text, source) if isinstance(text, bytes) else text.removeprefix("\ufeff")
    try:
        value = json.loads(string, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except json.JSONDecodeError as fault:
        raise _syntax_error(string, fault, source) from None
    except RecursionError:
        raise _too_deep(source) from None
    except LoadError as fault:
        raise LoadError(f"{source} {fault.message}", hint=fault.hint) from None
    except ValueError as fault:
        raise LoadError(f"{source} holds a number too long to be read", hint=str(fault)) from None
    # Without its brackets, a text can have no levels.
    if max(string.count("["), string.count("{")) >= DEEPEST // 2 and depth(value, DEEPEST + 1) > DEEPEST:
        raise _too_deep(source)
    return value


def _too_deep(source: str) -> LoadError:
    return LoadError(f"{source} is nested too deeply: more than {DEEPEST} levels", hint="write it in fewer levels")


def copied(value: Any, path: str = "") -> Any:
    """Return a deep copy of any JSON value, in lists and dicts.

    Raise `LoadError`, with the path inside, for anything else, and for more than `DEEPEST` levels.

    >>> copied({"voice": ("a", 1)})
    {'voice': ['a', 1]}
    """
    if type(value) not in SCALARS and depth(value, DEEPEST + 1) > DEEPEST:
        raise LoadError(f"is nested too deeply: more than {DEEPEST} levels", path, "write it in fewer levels")
    return copied_inside(value, path)


def own_json(value: Any, name: str) -> Any:
    """Return a copy of JSON, which nothing outside can change. Raise `BuildError` for what is not JSON."""
    try:
        return copied(value, name)
    except LoadError as fault:
        raise BuildError(fault.message, fault.path, fault.hint) from None


def copied_inside(value: Any, path: str = "") -> Any:
    """Return what `copied` does for a value inside one that is known to have few levels."""
    if isinstance(value, str):
        return whole_text(value, path)
    if isinstance(value, float) and not math.isfinite(value):
        raise LoadError(f"must be a finite number, not {value}", path)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [copied_inside(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        inside = f"{path}." if path else ""
        return {_key(key, path): copied_inside(item, f"{inside}{key}") for key, item in value.items()}
    raise LoadError(f"must be JSON, not {type(value).__name__}", path)


def depth(value: Any, most: int = 1000) -> int:
    """Return how many levels a JSON value has, counted up to `most`; a scalar has 1."""
    levels, layer = 0, [value]
    while layer and levels < most:
        nests = {id(part): _parts(part) for part in layer if type(part) not in SCALARS}
        layer = [part for parts in nests.values() for part in parts]
        levels += 1
    return levels


def _parts(value: Any) -> Iterable[Any]:
    """Return what a JSON value holds."""
    # Asking for the exact type first is much faster.
    if type(value) is dict or (type(value) is not list and isinstance(value, Mapping)):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def has_surrogate(text: str) -> bool:
    """Whether a string has an unpaired surrogate, which UTF-8 cannot encode."""
    return not text.isascii() and re.search("[\ud800-\udfff]", text) is not None


def whole_text(value: str, path: str = "") -> str:
    """Return the string. Raise `LoadError` for an unpaired surrogate."""
    if has_surrogate(value):
        raise LoadError("contains an unpaired surrogate", path, "write the character itself")
    return value


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise LoadError(f"has the key {key!r}, but keys must be strings", path)
    return whole_text(key, path)


def _decoded(text: bytes, source: str) -> str:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise LoadError(f"{source} is not UTF-8 (byte {fault.start})", hint="save it as UTF-8") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise LoadError(f"has the key {twice!r} twice in one object", hint="keep one: JSON readers drop the other")
    return found


def _no_constant(name: str) -> NoReturn:
    raise LoadError(f"holds {name}, which is not a JSON number")


def _syntax_error(text: str, fault: json.JSONDecodeError, source: str) -> LoadError:
    if not text.strip():
        return LoadError(f"{source} is empty")
    at = fault.pos
    if fault.msg.startswith("Illegal trailing comma"):
        # Python 3.13 points at the comma, its forerunners at what follows.
        at = text.index(",", at) + 1
        at += len(text[at:]) - len(text[at:].lstrip())
    place = f"line {text.count(chr(10), 0, at) + 1} column {at - text.rfind(chr(10), 0, at)}"
    if text[:at].rstrip().endswith(",") and text[at:].lstrip()[:1] in ("}", "]"):
        return LoadError(f"{source} is not JSON: a comma before {text[at:].lstrip()[0]!r}", place, "remove the comma")
    if at >= len(text.rstrip()) or fault.msg.startswith("Unterminated string"):
        return LoadError(f"{source} is not JSON: it ends in the middle", place, "was it cut off?")
    return LoadError(f"{source} is not JSON: {fault.msg[0].lower()}{fault.msg[1:]}", place)
