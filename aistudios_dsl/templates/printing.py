"""Filters and operators of Jinja that refuse what must not become text: missing values, and numbers taken for texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from inspect import signature
from numbers import Number
from typing import Any

from jinja2.filters import FILTERS, make_attrgetter
from jinja2.tests import TESTS

from aistudios_dsl.errors import TemplateError
from aistudios_dsl.templates.local_formats import LOCAL_FILTERS
from aistudios_dsl.templates.values import checked_value, is_missing, refuse_missing

_WRITING = (
    *("capitalize", "center", "e", "escape", "forceescape", "indent", "lower", "pprint", "replace", "safe"),
    *("string", "striptags", "title", "trim", "truncate", "upper", "urlencode", "urlize", "wordcount", "wordwrap"),
)
"""The filters that make a text of any value. `tojson` and `xmlattr` have their own ways to write that there is none."""
_QUICK: dict[str, Callable[[str], str]] = {
    "do_capitalize": str.capitalize,
    "do_lower": str.lower,
    "do_upper": str.upper,
}
"""What Jinja's own functions do with a text."""
_DIGITS = re.compile(r"\s*[+-]?\d+(?:\.\d+)?\s*")
_TRUTHS = ("true", "false", "yes", "no", "1", "0")
"""Texts that people write for yes and no."""


def _writing(function: Callable[..., Any]) -> Callable[..., Any]:
    if hasattr(function, "jinja_pass_arg"):

        @wraps(function)
        def written_in(context: Any, /, *args: Any, **named: Any) -> Any:
            refuse_missing(*args, *named.values())
            return function(context, *args, **named)

        return written_in
    if len(signature(function).parameters) == 1:
        quick: Callable[[str], Any] = _QUICK.get(function.__name__, function)

        @wraps(function)
        def written_alone(value: Any, /) -> Any:
            if type(value) is str:
                return quick(value)
            refuse_missing(value)
            return function(value)

        return written_alone

    @wraps(function)
    def written(*args: Any, **named: Any) -> Any:
        for value in args:
            if type(value) is not str:
                checked_value(value)
        if named:
            refuse_missing(*named.values())
        return function(*args, **named)

    return written


_join, _default = FILTERS["join"], FILTERS["default"]
_format: Callable[..., Any] = FILTERS["format"]


@wraps(_format)
def _formatted(value: Any, *args: Any, **named: Any) -> Any:
    for arg in args:
        if type(arg) is not str:
            checked_value(arg)
    if named or type(value) is not str:
        refuse_missing(value, *named.values())
        return _format(value, *args, **named)
    return value % args


@wraps(_join)
def _joined(context: Any, value: Any, d: Any = "", attribute: Any = None) -> Any:
    environment = context.environment
    values = list(value if attribute is None else map(make_attrgetter(environment, attribute), value))
    refuse_missing(d, *values)
    return _join(context, values, d)


@wraps(_default)
def _defaulted(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    # NaN counts as true.
    return default_value if boolean and is_missing(value) else _default(value, default_value, boolean)


def _number(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def converted(value: Any, *args: Any, **named: Any) -> Any:
        if not args and "default" not in named:
            refuse_missing(value)
        return function(value, *args, **named)

    return converted


FILTERS_OF_ROWS: dict[str, Callable[..., Any]] = {
    **{name: _writing(FILTERS[name]) for name in _WRITING},
    **{name: _number(name, FILTERS[name]) for name in ("int", "float")},
    **dict.fromkeys(("d", "default"), _defaulted),
    "format": _formatted,
    "join": _joined,
    **LOCAL_FILTERS,
}
"""Jinja's filters that make texts and numbers, for values that may be missing; and those that Jinja has not."""


def equal(left: Any, right: Any) -> Any:
    """Return `left == right`. Raise `TemplateError` if one is a number, and the other a text of digits."""
    if type(left) is not type(right):
        _check_alike(left, right)
    return left == right


def _unequal(left: Any, right: Any) -> bool:
    return not equal(left, right)


def within(left: Any, right: Any) -> Any:
    """Return `left in right`. Raise `TemplateError` if only the types keep a number from being among the items."""
    if isinstance(right, list | tuple) and isinstance(left, str | Number):
        for item in right:
            if type(item) is not type(left):
                _check_alike(left, item)
    return left in right


TESTS_OF_ROWS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("==", "eq", "equalto"), equal),
    **dict.fromkeys(("!=", "ne"), _unequal),
    "in": within,
}
assert TESTS_OF_ROWS.keys() <= TESTS.keys()


def may_be_number(value: object) -> bool:
    """Tell whether a constant of a comparison may be a number or a text of one."""
    return not isinstance(value, str) or value.strip().lower() in _TRUTHS or bool(_DIGITS.fullmatch(value))


def _check_alike(left: Any, right: Any) -> None:
    text, other = (left, right) if isinstance(left, str) else (right, left)
    if not isinstance(text, str):
        return
    if type(other) is bool:
        if text.strip().lower() in _TRUTHS:
            message = f"compares {other!r} with the text {text!r}, which is never equal to it"
            hint = "ask the value itself, as in when=\"vip\", or compare texts: vip == 'true'"
            raise TemplateError(message, hint=hint)
    elif isinstance(other, Number) and _DIGITS.fullmatch(text):
        message = f"compares the number {other} with the text {text!r}, which is never equal to it"
        raise TemplateError(message, hint="compare numbers: n|int == 5, or texts: n == '5'")
