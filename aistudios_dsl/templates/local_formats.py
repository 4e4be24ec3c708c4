"""Filters that write dates, numbers and money as the language of the project does, by Babel (extra `languages`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from functools import lru_cache
from numbers import Real
from typing import TYPE_CHECKING, Any

from aistudios_dsl.build.language import ENGLISH, from_near_to_far, locale_in_force
from aistudios_dsl.errors import TemplateError, did_you_mean, nearest
from aistudios_dsl.templates.values import refuse_missing
from aistudios_dsl.wire.node import shown

if TYPE_CHECKING:
    from babel import Locale

_MOST_DIGITS = 40
"""How many digits a number may have before its decimal point, and after it."""
_LONGEST_FORMAT = 100
_WIDTHS = ("short", "medium", "long", "full")
_EXACT = Context(prec=3 * _MOST_DIGITS, rounding=ROUND_HALF_UP)


def number(value: Any, digits: Any = None) -> str:
    """Write a number with the marks of the language: `{{ n|number }}`, `{{ n|number(2) }}` with two decimals.

    >>> number(1234567.891), number("1234.5", 2)
    ('1,234,567.891', '1,234.50')
    """
    figure, locale = _figure(value, "number"), _locale("number")
    from babel.numbers import format_decimal

    pattern = locale.decimal_formats[None].pattern
    if digits is not None:
        if type(digits) is not int or not 0 <= digits <= _MOST_DIGITS:
            raise TemplateError(f"number({shown(digits)}): give the decimals, from 0 to {_MOST_DIGITS}")
        pattern = re.sub(r"\.[#0]+", f".{'0' * digits}" if digits else "", pattern)
    with localcontext(_EXACT):
        return format_decimal(figure, pattern, locale=locale)


def money(value: Any, currency: Any = "") -> str:
    """Write an amount of money with the marks of the language: `{{ price|money("EUR") }}`.

    >>> money(1234.5, "EUR"), money("990", "JPY")
    ('€1,234.50', '¥990')
    """
    refuse_missing(currency)
    figure, locale = _figure(value, "money"), _locale("money")
    from babel.numbers import format_currency

    code = currency.strip().upper() if isinstance(currency, str) else ""
    if code not in locale.currencies:
        known = nearest(code, locale.currencies) if code else ""
        hint = did_you_mean(code, locale.currencies) if known else 'such as {{ price|money("EUR") }}'
        raise TemplateError(f"the filter money needs the code of a currency, not {shown(currency)}", hint=hint)
    with localcontext(_EXACT):
        return format_currency(figure, code, locale=locale)


def day(value: Any, format: Any = "long") -> str:
    """Write a date as the language does: `{{ day|date }}`, or "short", "medium", "full", or a pattern of CLDR.

    >>> day("2026-03-01"), day("2026-03-01", "short"), day("2026-03-01", "EEEE d MMMM")
    ('March 1, 2026', '3/1/26', 'Sunday 1 March')
    """
    refuse_missing(value, format)
    moment, locale = _moment(value), _locale("date")
    from babel.dates import format_date, format_datetime

    if not isinstance(format, str) or not format.strip() or len(format) > _LONGEST_FORMAT:
        hint = f'"short", "medium", "long", "full", or a pattern of at most {_LONGEST_FORMAT} characters'
        raise TemplateError(f"date({shown(format)}) is not a date format", hint=hint)
    if format.isalpha() and format.islower() and nearest(format, _WIDTHS) not in ("", format):
        raise TemplateError(f"date({shown(format)}) is not a date format", hint=did_you_mean(format, _WIDTHS))
    write: Callable[..., str] = format_datetime
    if format in _WIDTHS or not isinstance(moment, datetime):
        write = format_date
    try:
        return write(moment, format, locale=locale)
    except (ValueError, KeyError, AttributeError):
        hint = 'letters stand for parts, as in "d MMMM y"; a date has no hours; put words in quotes'
        raise TemplateError(f"date({shown(format)}) is not a format for this date", hint=hint) from None


LOCAL_FILTERS: dict[str, Callable[..., Any]] = {"number": number, "money": money, "date": day}
"""The filters by their names in templates."""


@lru_cache(maxsize=64)
def _babel(locale: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    for near in from_near_to_far(locale):
        try:
            return Locale.parse(near, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(ENGLISH)


def _locale(name: str) -> Locale:
    """Return the locale in force, or the nearest that Babel knows. Raise `TemplateError` where Babel is missing."""
    try:
        return _babel(locale_in_force())
    except ImportError:
        hint = "pip install 'aistudios-dsl[languages]'"
        raise TemplateError(f"the filter {name} needs the extra languages", hint=hint) from None


def _figure(value: Any, name: str) -> Decimal:
    """Return a number, or a text that is one, exactly as it is written."""
    refuse_missing(value)
    figure = None
    # True counts as 1 in Python, and Decimal is no Real.
    if type(value) is not bool and isinstance(value, str | Real | Decimal):
        with suppress(InvalidOperation, ValueError):
            figure = Decimal(str(value).strip())
    if figure is None or not figure.is_finite():
        hint = "give the row numbers, or texts such as 1234.50; a template converts others: price|replace(',', '.')"
        raise TemplateError(f"the filter {name} got {shown(value)}, which is not a number", hint=hint)
    if figure and (figure.adjusted() >= _MOST_DIGITS or -_exponent(figure) > _MOST_DIGITS):
        raise TemplateError(f"the filter {name} got a number of more than {_MOST_DIGITS} digits")
    return figure


def _exponent(figure: Decimal) -> int:
    exponent = figure.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _moment(value: Any) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        text = value.strip()
        try:
            return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
        except ValueError:
            pass
    hint = "give the row dates, or texts such as 2026-03-01"
    raise TemplateError(f"the filter date got {shown(value)}, which is not a date", hint=hint)
