"""Outlines as SVG path data that fills its box: the editor's 17 shapes, and a figure."""

from __future__ import annotations

import math
from collections.abc import Callable

from aistudios_dsl.draw.markup import figures
from aistudios_dsl.layout.geometry import Box, Point


def shape(name: str, width: float, height: float, radius: float = 0) -> str:
    """Return the path of one of the 17 shapes, which touches all four sides of a box of `width` x `height` px.

    `radius` (px) rounds the corners of Square and Rectangle_corner0. An unknown shape is drawn as its box.

    >>> shape("Diamond", 200, 100)
    'M100 0L200 50L100 100L0 50Z'
    """
    if name in _POLYGONS:
        return polygon([(x * width, y * height) for x, y in _POLYGONS[name]])
    if name in _CURVES:
        return _CURVES[name](width, height)
    return rectangle(width, height, radius if name in ("Square", "Rectangle_corner0") else 0)


def has_corners(name: str) -> bool:
    """Return whether a stroke around a shape has mitres that reach past its box.

    >>> has_corners("Star"), has_corners("Square")
    (True, False)
    """
    return name in _POLYGONS or name.startswith("Arrow")


def rectangle(width: float, height: float, radius: float = 0) -> str:
    """Return a rectangle with corners rounded by `radius` px, at most half its shorter side."""
    r = max(0, min(radius, width / 2, height / 2))
    if not r:
        return polygon([(0, 0), (width, 0), (width, height), (0, height)])
    return _path(
        f"M{_at(r, 0)}H{figures(width - r)}{_arc(r, r, width, r)}V{figures(height - r)}",
        f"{_arc(r, r, width - r, height)}H{figures(r)}{_arc(r, r, 0, height - r)}V{figures(r)}{_arc(r, r, r, 0)}",
    )


def ellipse(width: float, height: float) -> str:
    """Return an ellipse as wide and high as its box."""
    # In quarters: the middle of a half would follow from its ends, and shift where they are rounded.
    x, y = width / 2, height / 2
    ends = ((x, 0.0), (width, y), (x, height), (0.0, y))
    return _path(f"M{_at(0, y)}", *(_arc(x, y, *end) for end in ends))


def body(width: float, height: float, head: Box) -> str:
    """Return neck, shoulders and all below of a figure, touching its box of `width` x `height` px but at the top."""
    middle, neck, chin = head.left + head.width / 2, head.width * 0.28, min(head.top + head.height, height * 0.9)
    heads = -0.1, 0.4, 0.12, 1.4
    throat, collar, shoulder, elbow = (min(chin + share * head.height, height * 0.95) for share in heads)
    left, right = middle - neck, middle + neck
    return _path(
        f"M{_at(left, throat)}C{_at(left, collar)} {_at(0, shoulder)} {_at(0, elbow)}L{_at(width * 0.16, height)}",
        f"H{figures(width * 0.84)}L{_at(width, elbow)}",
        f"C{_at(width, shoulder)} {_at(right, collar)} {_at(right, throat)}",
    )


def _at(x: float, y: float) -> str:
    return f"{figures(x)} {figures(y)}"


def _arc(across: float, down: float, x: float, y: float) -> str:
    return f"A{_at(across, down)} 0 0 1 {_at(x, y)}"


def _path(*parts: str) -> str:
    return f"{''.join(parts)}Z"


def polygon(points: list[Point]) -> str:
    """Return the closed path through some points."""
    return _path("M" + "L".join(_at(*point) for point in points))


def _regular(corners: int, turn: float, inner: float = 1) -> list[Point]:
    """A regular polygon in a box of 1 x 1, all sides touched; `inner` draws every other corner in, for stars."""
    angles = [math.radians(turn + 360 * corner / corners) for corner in range(corners)]
    reach = [inner if corner % 2 else 1 for corner in range(corners)]
    points = [(math.sin(angle) * far, -math.cos(angle) * far) for angle, far in zip(angles, reach, strict=True)]
    (left, right), (top, bottom) = ((min(side), max(side)) for side in zip(*points, strict=True))
    return [((x - left) / (right - left), (y - top) / (bottom - top)) for x, y in points]


def _drop(width: float, height: float) -> str:
    middle, widest = width / 2, height * 0.66
    return _path(
        f"M{_at(middle, 0)}C{_at(width * 0.62, height * 0.2)} {_at(width, height * 0.4)} {_at(width, widest)}",
        f"{_arc(middle, height - widest, middle, height)}{_arc(middle, height - widest, 0, widest)}",
        f"C{_at(0, height * 0.4)} {_at(width * 0.38, height * 0.2)} {_at(middle, 0)}",
    )


def _arrow(width: float, height: float) -> str:
    start, top, low = width - min(height * 0.9, width * 0.5), height * 0.33, height * 0.67
    return polygon([(0, top), (start, top), (start, 0), (width, height / 2), (start, height), (start, low), (0, low)])


def _double_arrow(width: float, height: float) -> str:
    head, top, low, middle = min(height * 0.9, width * 0.4), height * 0.33, height * 0.67, height / 2
    end = width - head
    above: list[Point] = [(0, middle), (head, 0), (head, top), (end, top), (end, 0), (width, middle)]
    return polygon([*above, (end, height), (end, low), (head, low), (head, height)])


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
    "Oval_1": lambda width, height: rectangle(width, height, height),
    "Oval_2": ellipse,
    "Drop_1": _drop,
    "Arrow_1_v2": _arrow,
    "Arrow_2_v2": _double_arrow,
}
