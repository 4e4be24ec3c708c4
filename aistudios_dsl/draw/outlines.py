"""The outlines that views draw: the editor's 17 shapes and an avatar's figure, as SVG path data that fills its box."""

from __future__ import annotations

import math
from collections.abc import Callable

from aistudios_dsl.draw.markup import figures
from aistudios_dsl.layout.geometry import Point

Rectangle = tuple[float, float, float, float]

_HALF_BODY = (
    ((0.0, 0.045), (0.30, 0.050), (0.52, 0.075)),
    ((0.76, 0.095), (0.84, 0.140), (0.88, 0.200)),
    ((0.93, 0.250), (1.00, 0.300), (1.00, 0.340)),
    ((1.00, 0.380), (0.80, 0.395), (0.62, 0.405)),
    ((0.62, 0.500), (0.60, 0.700), (0.56, 1.000)),
    ((0.40, 1.000), (0.26, 1.000), (0.12, 1.000)),
    ((0.12, 0.800), (0.07, 0.620), (0.00, 0.540)),
)
"""Curves from neck to shoulder, upper arm, elbow, hip, foot, instep and crotch: shares of half the width, and of the
height below the chin."""


def shape(name: str, width: float, height: float, radius: float = 0) -> str:
    """The path of one of the 17 shapes, which touches all four sides of a box of `width` x `height` px.

    `radius` (px) rounds the corners of Square and Rectangle_corner0. An unknown shape is drawn as its box.

    >>> shape("Diamond", 200, 100)
    'M100 0L200 50L100 100L0 50Z'
    """
    if name in _POLYGONS:
        return _polygon([(x * width, y * height) for x, y in _POLYGONS[name]])
    if name in _CURVES:
        return _CURVES[name](width, height)
    return rectangle(width, height, radius if name in ("Square", "Rectangle_corner0") else 0)


def rectangle(width: float, height: float, radius: float = 0) -> str:
    """A rectangle with corners rounded by `radius` px, at most half its shorter side.

    >>> rectangle(30, 20)
    'M0 0L30 0L30 20L0 20Z'
    """
    r = max(0, min(radius, width / 2, height / 2))
    if not r:
        return _polygon([(0, 0), (width, 0), (width, height), (0, height)])
    return _path(
        f"M{_at(r, 0)}H{figures(width - r)}{_arc(r, r, width, r)}V{figures(height - r)}",
        f"{_arc(r, r, width - r, height)}H{figures(r)}{_arc(r, r, 0, height - r)}V{figures(r)}{_arc(r, r, r, 0)}",
    )


def ellipse(width: float, height: float) -> str:
    """An ellipse as wide and high as its box.

    >>> ellipse(20, 10)
    'M0 5A10 5 0 0 1 10 0A10 5 0 0 1 20 5A10 5 0 0 1 10 10A10 5 0 0 1 0 5Z'
    """
    # In quarters: the middle of a half would follow from its ends, and shift where they are rounded.
    x, y = width / 2, height / 2
    ends = ((x, 0.0), (width, y), (x, height), (0.0, y))
    return _path(f"M{_at(0, y)}", *(_arc(x, y, *end) for end in ends))


def hair(width: float, head: Rectangle) -> str:
    """What lies behind the head of a figure `width` px wide: a dome from the top of its box to the cheeks."""
    x, y, across, down = head
    left, right = max(0, x - across * 0.07), min(width, x + across * 1.07)
    ear, end, radius = max(0, y + down * 0.3), max(0, y + down * 0.66), (right - left) / 2
    dome = f"M{_at(left, ear)}{_arc(radius, ear, left + radius, 0)}{_arc(radius, ear, right, ear)}"
    under = f"C{_at(right, end)} {_at(right - radius * 0.3, end)} {_at(left + radius, end)}"
    return _path(dome, under, f"C{_at(left + radius * 0.3, end)} {_at(left, end)} {_at(left, ear)}")


def body(width: float, height: float, head: Rectangle) -> str:
    """The neck and all below it of a figure of `width` x `height` px, which touches its box left, right and below."""
    x, y, across, down = head
    middle = min(max(x + across / 2, width * 0.1), width * 0.9)
    chin = min(y + down * 0.9, height * 0.9)
    half = min(middle, width - middle)
    neck = min(0.25, across * 0.28 / half) if half else 0
    right = [_placed(point, neck, middle, width - middle, chin, height) for point in _half()]
    left = [_placed(point, neck, middle, -middle, chin, height) for point in _half()]
    back = left[-2::-1]
    curves = [f"C{' '.join(_at(*point) for point in three)}" for three in _threes(right[1:] + back)]
    return _path(f"M{_at(*right[0])}", *curves)


def _half() -> list[Point]:
    return [(0.0, 0.0), *(point for curve in _HALF_BODY for point in curve)]


def _placed(point: Point, neck: float, middle: float, half: float, chin: float, height: float) -> Point:
    share, down = point
    across = max(share, neck) if down < 0.2 else share
    return middle + across * half, chin + down * (height - chin)


def _threes(points: list[Point]) -> list[list[Point]]:
    return [points[start : start + 3] for start in range(0, len(points), 3)]


def _at(x: float, y: float) -> str:
    return f"{figures(x)} {figures(y)}"


def _arc(across: float, down: float, x: float, y: float) -> str:
    return f"A{_at(across, down)} 0 0 1 {_at(x, y)}"


def _path(*parts: str) -> str:
    return f"{''.join(parts)}Z"


def _polygon(points: list[Point]) -> str:
    return _path("M" + "L".join(_at(*point) for point in points))


def _regular(corners: int, turn: float, inner: float = 1) -> list[Point]:
    """A regular polygon in a box of 1 x 1, all sides touched; `inner` draws every other corner in, for stars."""
    angles = [math.radians(turn + 360 * corner / corners) for corner in range(corners)]
    reach = [inner if corner % 2 else 1 for corner in range(corners)]
    points = [(math.sin(angle) * far, -math.cos(angle) * far) for angle, far in zip(angles, reach, strict=True)]
    (left, right), (top, bottom) = ((min(side), max(side)) for side in zip(*points, strict=True))
    return [((x - left) / (right - left), (y - top) / (bottom - top)) for x, y in points]


def _pill(width: float, height: float) -> str:
    return rectangle(width, height, min(width, height) / 2)


def _drop(width: float, height: float) -> str:
    middle, widest = width / 2, height * 0.66
    return _path(
        f"M{_at(middle, 0)}C{_at(width * 0.62, height * 0.2)} {_at(width, height * 0.4)} {_at(width, widest)}",
        f"{_arc(middle, height - widest, middle, height)}{_arc(middle, height - widest, 0, widest)}",
        f"C{_at(0, height * 0.4)} {_at(width * 0.38, height * 0.2)} {_at(middle, 0)}",
    )


def _arrow(width: float, height: float) -> str:
    start = width - min(height * 0.9, width * 0.5)
    top, bottom = height * 0.33, height * 0.67
    shaft = [(0, top), (start, top), (start, 0), (width, height / 2), (start, height), (start, bottom), (0, bottom)]
    return _polygon([(float(x), float(y)) for x, y in shaft])


def _double_arrow(width: float, height: float) -> str:
    head, top, bottom, middle = min(height * 0.9, width * 0.4), height * 0.33, height * 0.67, height / 2
    above: list[Point] = [(0, middle), (head, 0), (head, top), (width - head, top), (width - head, 0), (width, middle)]
    below: list[Point] = [(width - head, height), (width - head, bottom), (head, bottom), (head, height)]
    return _polygon([*above, *below])


_POLYGONS: dict[str, list[Point]] = {
    "Triangle": [(0.5, 0), (1, 1), (0, 1)],
    "Parallelogram": [(0.25, 0), (1, 0), (0.75, 1), (0, 1)],
    "Polygon": _regular(8, 22.5),
    "Pentagon": _regular(5, 0),
    "Hexagon_1": _regular(6, 30),
    "Hexagon_2": _regular(6, 0),
    "Diamond": [(0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)],
    "Star": _regular(10, 0, math.cos(math.radians(72)) / math.cos(math.radians(36))),
}

_CURVES: dict[str, Callable[[float, float], str]] = {
    "Circle": ellipse,
    "Oval_1": _pill,
    "Oval_2": ellipse,
    "Drop_1": _drop,
    "Arrow_1_v2": _arrow,
    "Arrow_2_v2": _double_arrow,
}
