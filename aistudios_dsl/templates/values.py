"""What templates get of a row: its values, with None for each that is missing, under names that Jinja can read."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from functools import lru_cache
from inspect import isroutine
from math import isfinite, isinf
from typing import Any, NoReturn, Protocol

from attrs import frozen

from aistudios_dsl.errors import TemplateError

_LARGEST = 1_000_000
"""The most items and characters in a list or mapping of a row."""
_DEEPEST = 100

PLAIN = frozenset((str, int, bool, float, type(None)))
"""The types whose values are taken as they are, if they are not NaN."""
_SHOWN = frozenset((str, int, bool))
_ABSENT = ("NAType", "NaTType", "NullScalar", "MaskedConstant")
"""The types of pandas, Arrow and NumPy whose only value says that there is none."""
_GROUPS = (list, tuple, set, frozenset, deque, KeysView, ValuesView, ItemsView)
_HOLDERS = (*_GROUPS, Mapping)


class KeyedRow(Protocol):
    """A row that is read by keys, such as `sqlite3.Row`."""

    def keys(self) -> Iterable[Any]:
        """Return the names of its columns."""
        ...

    def __getitem__(self, key: Any, /) -> Any:
        """Return the value of a column."""
        ...


class WholeRow(dict[str, Any]):
    """A row by the names that its columns have, which every template can read as `row`."""


def row_values(row: Any) -> dict[str, Any]:
    """Return the values that templates can name: those of the row, and `row` itself. None is a row without values.

    A column whose name is no identifier is there under both names. What is missing (NaN, NaT, NA) is None.

    >>> values = row_values({"First Name": "Ann", "age": float("nan"), None: ["more"]})
    >>> values["First_Name"], values["age"], values["row"]
    ('Ann', None, {'First Name': 'Ann', 'age': None})
    """
    whole = WholeRow(row if isinstance(row, dict) else columns_of(row))
    for name, value in whole.items():
        kind = type(value)
        if kind is not str and kind is not int and (kind is not float or value != value):
            whole[name] = _settled(value, name)
    names = _names(tuple(whole))
    if names is _AS_THEY_ARE:
        return {"row": whole, **whole}
    for name in names.unreadable:
        del whole[name]
    values = {"row": whole, **whole}
    for spelt, name in names.spelt:
        values[spelt] = whole[name]
    return values


def columns_of(row: Any, *, may_be_none: bool = True) -> Mapping[Any, Any]:
    """Return a row as a mapping: a mapping, a row of a database (`sqlite3.Row`), or a named tuple."""
    if row is None and may_be_none:
        return {}
    if isinstance(row, Mapping):
        return row
    # A named tuple, or a row of SQLAlchemy.
    as_mapping: Callable[[], Mapping[Any, Any]] | None = getattr(row, "_asdict", None)
    if as_mapping is not None:
        return as_mapping()
    if row is None or not hasattr(row, "keys") or not hasattr(row, "__getitem__"):
        hint = 'such as {"name": "Ann"}'
        raise TemplateError(f"a row is a mapping of names to values, not {type(row).__name__}", hint=hint)
    names = list(row.keys())
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TemplateError(f"two columns of the row are both named {twice!r}", hint="name one otherwise: … AS …")
    return {name: row[name] for name in names}


# names


@frozen
class _Names:
    """The spellings of columns whose names are no identifiers, with those names, and the names that are no text."""

    spelt: tuple[tuple[str, str], ...] = ()
    unreadable: tuple[Any, ...] = ()


@lru_cache(maxsize=256)
def _names(names: tuple[Any, ...]) -> _Names:
    texts = [name for name in names if isinstance(name, str)]
    fault = clash(texts)
    if fault:
        raise TemplateError(*fault)
    spelt = tuple((spelling(name), name) for name in texts if spelling(name) not in ("", name))
    unreadable = tuple(name for name in names if not isinstance(name, str))
    return _Names(spelt, unreadable) if spelt or unreadable else _AS_THEY_ARE


_AS_THEY_ARE = _Names()


@lru_cache(maxsize=4096)
def spelling(column: str) -> str:
    """Return the name by which a template reads a column; "" if only `row["…"]` can.

    >>> spelling("First Name"), spelling("Price (€)"), spelling("2nd"), spelling("№?")
    ('First_Name', 'Price', '_2nd', '')
    """
    if column.isidentifier():
        return column
    kept = "".join(letter if f"a{letter}".isidentifier() else " " for letter in unicodedata.normalize("NFC", column))
    joined = "_".join(kept.split())
    return joined if not joined or joined.isidentifier() else f"_{joined}"


def clash(columns: Iterable[str]) -> tuple[str, str, str] | None:
    """Return message, path and hint if two columns have the same spelling.

    >>> clash(["First Name", "First-Name"])[0]
    "the columns 'First Name' and 'First-Name' are both {{ First_Name }}"
    """
    seen: dict[str, str] = {}
    for name in columns:
        spelt = spelling(name)
        if spelt and seen.setdefault(spelt, name) != name:
            return f"the columns {seen[spelt]!r} and {name!r} are both {{{{ {spelt} }}}}", "", "rename one"
    return None


def readable(columns: Iterable[Any]) -> set[str]:
    """Return the names by which templates can read some columns.

    >>> sorted(readable(["First Name", "age", None]))
    ['First Name', 'First_Name', 'age']
    """
    names = [name for name in columns if isinstance(name, str)]
    return {*names, *filter(None, map(spelling, names))}


def with_values(row: Any, more: Mapping[str, Any] | None) -> Any:
    """Return a row with more values, each in place of the column that a template reads by the same name.

    >>> with_values({"First Name": "Ann"}, {"First_Name": "Bob"})
    {'First_Name': 'Bob'}
    """
    if not more:
        return row
    taken = {spelling(name) or name for name in more}
    kept = {
        name: value
        for name, value in columns_of(row).items()
        if name not in more and not (isinstance(name, str) and spelling(name) in taken)
    }
    return kept | dict(more)


# missing values


def is_missing(value: Any) -> bool:
    """Tell whether a value says that there is none: None, NaN of any kind, NaT, NA.

    >>> is_missing(float("nan")), is_missing(""), is_missing(0)
    (True, False, False)
    """
    if type(value) in PLAIN:
        return value != value or value is None
    if type(value).__name__ in _ABSENT or getattr(value, "is_valid", True) is False:
        return True
    if isinstance(value, (str, *_HOLDERS)):
        return False
    try:
        # A signalling NaN of decimal refuses to be compared.
        return bool(value.is_nan() if hasattr(value, "is_nan") else value != value)
    except Exception:
        return False


def _settled(value: Any, name: str) -> Any:
    """Return a value with None for what is missing in it. Raise `TemplateError` for one that holds too much."""
    if type(value) is float or not isinstance(value, _HOLDERS):
        return None if is_missing(value) else value
    try:
        return _Settling().settled(value, 0)
    except _TooMuch as fault:
        hint = "give the template what it shows, and no more"
        raise TemplateError(f"{str(name)!r} {fault}", hint=hint) from None


class _TooMuch(Exception):
    """A value of a row that holds too many items, or too many levels of them."""


class _Settling:
    """Counts the items and characters of one value at every depth, and puts None for what is missing."""

    def __init__(self) -> None:
        self._left = _LARGEST

    def settled(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is str:
            self._spend(len(value))
        if kind in PLAIN:
            return None if value != value else value
        if depth > _DEEPEST:
            raise _TooMuch(f"has more than {_DEEPEST} levels: does it contain itself?")
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if not isinstance(value, _GROUPS):
            return None if is_missing(value) else value
        self._spend(len(value))
        found = [self.settled(item, depth + 1) for item in value]
        same = kind not in (list, tuple) or all(new is old for new, old in zip(found, value, strict=True))
        return value if same else kind(found)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        self._spend(2 * len(value))
        found = {}
        for key, item in value.items():
            if type(key) is str:
                self._spend(len(key))
            else:
                self.settled(key, depth + 1)
            found[key] = self.settled(item, depth + 1)
        same = type(value) is not dict or all(found[key] is item for key, item in value.items())
        return value if same else found

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _TooMuch(f"holds more than {_LARGEST:,} items and characters: does it hold a list many times over?")


# no missing value becomes text


def checked_value(value: Any) -> Any:
    """Return a value that is to be printed. Raise `TemplateError` if it, or an item of it, has no text."""
    kind = type(value)
    if kind is not str and kind not in _SHOWN and not (kind is float and isfinite(value)):
        refuse_missing(value)
    return value


def refuse_missing(*values: Any) -> None:
    """Raise `TemplateError` if a value, or an item at any depth, is missing, infinite, undefined, or the whole row."""
    for value in values:
        kind = type(value)
        if kind is not str and kind not in _SHOWN and not (kind is float and isfinite(value)):
            for one in _leaves(value):
                if type(one) not in _SHOWN:
                    _check_leaf(one)


def _leaves(value: Any) -> Iterator[Any]:
    rest, left = [value], _LARGEST
    while rest:
        one = rest.pop()
        if isinstance(one, WholeRow):
            raise TemplateError("the whole row is printed", hint='name a column: {{ row["First Name"] }}')
        if isinstance(one, Mapping):
            rest += [*one.keys(), *one.values()]
        elif isinstance(one, _GROUPS):
            rest.extend(one)
        else:
            yield one
        left -= 1
        if left < 0:
            raise TemplateError(f"a value is printed that has more than {_LARGEST:,} items")


def _check_leaf(value: Any) -> None:
    if is_missing(value):
        refuse(value)
    fail: Callable[[], NoReturn] | None = getattr(value, "_fail_with_undefined_error", None)
    if fail is not None:
        fail()
    if isroutine(value):
        raise TemplateError(f"a value is the function {value.__name__!r}", hint=f"call it: {value.__name__}()")
    if _is_infinite(value):
        raise TemplateError(f"a value is {value}, which cannot be shown", hint="was something divided by zero?")


def refuse(value: Any) -> NoReturn:
    """Raise the error of a missing value, which `Templates` gives the name of the variable."""
    hint = "give it a text: {{ name or '' }} or {{ name|default('', true) }}"
    raise TemplateError(f"a value is {value}", hint=hint, code="missing-value")


def _is_infinite(value: Any) -> bool:
    try:
        return not isinstance(value, str) and hasattr(value, "__float__") and isinf(value)
    except Exception:
        return False
