"""Sizes that a script asks for: px, percentages and scales, read strictly."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from aistudios_dsl.errors import BuildError, did_you_mean

Length: TypeAlias = float | str
Fit: TypeAlias = Literal["contain", "cover", "stretch"]

POINT = 4 / 3
"""Pixels per point: the vendor states px : pt = 4 : 3."""
FITS: tuple[Fit, ...] = ("contain", "cover", "stretch")
_LENGTH = r"(?a)\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*(%?)\s*"
_LENGTH_HINT = 'give a number of px, or a percentage of the canvas such as "45%"'
LARGEST = 1e9
"""The largest number that verbs take; documents may hold any."""


def length(value: Length, side: float, what: str = "width", low: float = 0) -> float:
    """Return a length in px, given as a number, a string that holds one, or a percentage of `side` (px) as in "12.5%".

    A number is returned as it is. Raise `BuildError`, which names `what`, for anything else and below `low` (px).

    >>> length(640, 1920), length("45%", 1920), length(" -5 %", 1080, "gap", low=-100)
    (640, 864, -54)
    """
    number = _px(value, side, what)
    if number < low:
        raise BuildError(f"{what} is {value!r}, less than {plain(low)} px", hint=_LENGTH_HINT)
    return number


def extent(value: Length, side: float, what: str = "width") -> float:
    """Return a `length` that is above 0 px."""
    return positive(_px(value, side, what), what)


def positive(value: object, what: str) -> float:
    """Return a finite number above 0 as it is. Raise `BuildError`, which names `what`, for anything else."""
    number = finite(value, what)
    if number <= 0:
        raise BuildError(f"{what} is {value!r}, but must be more than 0")
    return number


def finite(value: object, what: str) -> float:
    """Return a number from -1e9 to 1e9 as it is. Raise `BuildError`, which names `what`, for all else and bools."""
    # NaN, infinity and integers too large for a float all fail the one comparison.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        raise BuildError(f"{what} is {value!r}", hint=f"{what} must be a finite number, at most 1e9")
    return value


def plain(number: float) -> float:
    """Return a number as JavaScript writes it: 760 for 760.0.

    >>> plain(760.0), plain(0.5)
    (760, 0.5)
    """
    return int(number) if isinstance(number, float) and number.is_integer() else number


def unless_same(old: float, new: float) -> float:
    """Return the old number as it was written if the new one is equal, else the new one as `plain` gives it.

    >>> unless_same(200.0, 200), unless_same(200, 180.0)
    (200.0, 180)
    """
    return old if old == new else plain(new)


def rounded_up(width: float) -> float:
    """Return a width (px) rounded up to 0.01, so that its lines fit it wherever they are wrapped again.

    >>> rounded_up(72.551875), rounded_up(72.56)
    (72.56, 72.56)
    """
    # An excess below a millionth comes from float arithmetic.
    return plain(math.ceil(width * 100 - 5e-7) / 100)


def rounded_down(width: float) -> float:
    """Return a width (px) rounded down to 0.01, so that lines whose width is rounded up fit it.

    >>> rounded_down(72.559)
    72.55
    """
    return plain(math.floor(width * 100) / 100)


def is_near(one: float, other: float) -> bool:
    """Return whether two lengths (px) differ by no more than a canvas rounds.

    >>> is_near(456.5112036132812, 456.52), is_near(456.5, 457)
    (True, False)
    """
    return abs(one - other) <= max(0.05, 1e-4 * abs(other))


def seen_size(
    width: float, height: float, scale_x: float = 1, scale_y: float = 1, stroke_width: float = 0
) -> tuple[float, float]:
    """Return the width and height (px) at which a clip is seen; the stroke is scaled with the clip."""
    return (width + stroke_width) * scale_x, (height + stroke_width) * scale_y


def scaled_size(
    natural: tuple[float, float],
    width: float | None = None,
    height: float | None = None,
    scale: float | tuple[float, float] | None = None,
    fit: Fit | None = None,
) -> tuple[float, float]:
    """Return the `scale_x, scale_y` that show a medium of `natural` size at the width and height asked for, all px.

    One of width and height keeps the ratio; both are taken as they are; neither gives the natural size. `fit` needs
    both: "contain" is the largest size inside them, "cover" the smallest around them (nothing is cropped), "stretch"
    exactly both. `scale` is one factor or a pair (across, down), and excludes the others. Raise `BuildError` for
    numbers of 0 or less.

    >>> scaled_size((1280, 800), width=960), scaled_size((1280, 800), 640, 640, fit="cover")
    ((0.75, 0.75), (0.8, 0.8))
    """
    own_width, own_height = positive(natural[0], "natural width"), positive(natural[1], "natural height")
    across = None if width is None else positive(width, "width") / own_width
    down = None if height is None else positive(height, "height") / own_height
    if scale is not None:
        if any(other is not None for other in (across, down, fit)):
            hint = "give scale alone, or width and height with or without fit"
            raise BuildError("scale is given beside width, height or fit", hint=hint)
        pair = scale if isinstance(scale, tuple) else (scale, scale)
        return positive(pair[0], "scale"), positive(pair[1], "scale")
    if fit is not None:
        return _fitted(fit, across, down)
    return across or down or 1, down or across or 1


def one_of(value: str, known: Iterable[str], what: str) -> None:
    """Raise `BuildError` with the nearest known name if `value` is not one of the `known`."""
    names = tuple(known)
    if value not in names:
        raise BuildError(f"{what} is {value!r}", hint=did_you_mean(str(value), names))


def _px(value: Length, side: float, what: str) -> float:
    if not isinstance(value, str):
        return finite(value, what)
    match = re.fullmatch(_LENGTH, value)
    if match is None:
        raise BuildError(f"{what} is {value!r}", hint=_LENGTH_HINT)
    number = float(match[1])
    return finite(plain(side * number / 100 if match[2] else number), what)


def _fitted(fit: Fit, across: float | None, down: float | None) -> tuple[float, float]:
    one_of(fit, FITS, "fit")
    if across is None or down is None:
        raise BuildError(f"fit={fit!r} needs both width and height", hint="give both, or leave fit out")
    if fit == "stretch":
        return across, down
    ratio = min(across, down) if fit == "contain" else max(across, down)
    return ratio, ratio
