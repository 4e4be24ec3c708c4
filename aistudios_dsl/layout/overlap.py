"""Relations of boxes, turned or not: overlap, common bounds, intersection and overhang."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby, islice
from typing import Generic, TypeVar

from aistudios_dsl.layout.geometry import Box, Point

T = TypeVar("T")
TOLERANCE = 0.5
"""Half a pixel: less is not visible."""
_CELLS, _FEW = 12, 24
"""How many cells an area has across and down, and how many things are not worth it."""


def overlap(one: Box, other: Box, slack: float = 1.0) -> bool:
    """Whether two boxes, turned or not, share more than `slack` px in every direction."""
    if not upright_overlap(one.bounds, other.bounds, slack):
        return False
    if not one.angle % 90 and not other.angle % 90:
        return True
    return all(_shared(one.corners, other.corners, axis) > slack for box in (one, other) for axis in _axes(box))


def upright_overlap(one: Box, other: Box, slack: float) -> bool:
    """Whether two upright boxes share more than `slack` px across and down."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    return across > slack and down > slack


class Stack(Generic[T]):
    """Things that lie on one another, in their order, with an index of those that touch each cell of an area.

    Of thousands it looks only at those in the cells of a box, and at no more than its caller takes.

    >>> stack = Stack([Box(0, 0, 10, 10), Box(50, 0, 10, 10), Box(5, 5, 10, 10)], lambda box: box, Box(0, 0, 60, 60))
    >>> [box.left for box in stack.near(Box(6, 6, 1, 1))]
    [0, 5]
    """

    def __init__(self, items: Iterable[T], box_of: Callable[[T], Box], area: Box) -> None:
        self.items: tuple[T, ...] = tuple(items)
        self._area = area
        boxes = [box_of(item) for item in self.items]
        self._edges = [(box.left, box.top, box.left + box.width, box.top + box.height) for box in boxes]
        self._cells: dict[tuple[int, int], list[int]] = {}
        for rank, box in enumerate(boxes if len(boxes) > _FEW else ()):
            for cell in self._touched(box):
                self._cells.setdefault(cell, []).append(rank)

    def near(self, box: Box, first: int = 0) -> Iterator[T]:
        """Yield those that touch an upright box, in their order, from number `first` on."""
        yield from self._reaching(box, box.left, box.top, box.left + box.width, box.top + box.height, first)

    def around(self, box: Box) -> Iterator[T]:
        """Yield those whose boxes an upright box is inside of, give or take half a pixel, in their order."""
        right, bottom = box.left + box.width - TOLERANCE, box.top + box.height - TOLERANCE
        # They are all in the cell of its centre, and reach beyond its far edges.
        centre = Box(*box.centre, 0, 0)
        yield from self._reaching(centre, right, bottom, box.left + TOLERANCE, box.top + TOLERANCE)

    def _reaching(self, box: Box, left: float, top: float, right: float, bottom: float, first: int = 0) -> Iterator[T]:
        """Yield those in the cells of a box that begin before the right and bottom, and end after the left and top."""
        for rank in self._ranks(box, first):
            start, high, end, low = self._edges[rank]
            if start <= right and end >= left and high <= bottom and low >= top:
                yield self.items[rank]

    def _ranks(self, box: Box, first: int) -> Iterable[int]:
        if not self._cells:
            return range(first, len(self.items))
        cells = [self._cells[cell] for cell in self._touched(box) if cell in self._cells]
        parts = [islice(cell, bisect_left(cell, first), None) for cell in cells]
        return parts[0] if len(parts) == 1 else (rank for rank, _ in groupby(merge(*parts)))

    def _touched(self, box: Box) -> Iterator[tuple[int, int]]:
        """Yield the cells that a box touches; what is off the area counts as on its edge."""
        area = self._area
        columns = _span(box.left - area.left, box.width, area.width)
        rows = _span(box.top - area.top, box.height, area.height)
        return ((column, row) for column in columns for row in rows)


def _span(start: float, length: float, room: float) -> range:
    low, high = (int(min(max(at / room, 0), 1) * (_CELLS - 1)) for at in (start, start + length))
    return range(low, high + 1)


def _axes(box: Box) -> tuple[Point, Point]:
    radians = math.radians(box.angle % 360)
    return (math.cos(radians), math.sin(radians)), (-math.sin(radians), math.cos(radians))


def _shared(one: Sequence[Point], other: Sequence[Point], axis: Point) -> float:
    (low, high), (other_low, other_high) = (
        (min(shadow), max(shadow)) for shadow in ([x * axis[0] + y * axis[1] for x, y in box] for box in (one, other))
    )
    return min(high, other_high) - max(low, other_low)


def within(box: Box, point: Point) -> Point:
    """Return where a point of the canvas is in a box: px from its left-top corner, along its sides.

    >>> within(Box(100, 100, 50, 20, angle=90), (90, 130))
    (30, 10)
    """
    if not box.angle:
        return point[0] - box.left, point[1] - box.top
    return Box(0, 0, 1, 1, -box.angle).point(point[0] - box.left, point[1] - box.top)


def around(boxes: Sequence[Box]) -> Box:
    """Return the upright box just around some boxes.

    >>> around([Box(0, 0, 10, 10), Box(20, 5, 10, 10)])
    Box(left=0, top=0, width=30, height=15, angle=0.0)
    """
    bounds = [box.bounds for box in boxes]
    left, top = min(box.left for box in bounds), min(box.top for box in bounds)
    right, bottom = max(box.left + box.width for box in bounds), max(box.top + box.height for box in bounds)
    return Box(left, top, right - left, bottom - top)


def cut(box: Box, area: Box) -> Box:
    """Return the part of an upright box that is within another that it overlaps.

    >>> cut(Box(-5, 0, 10, 10), Box(0, 0, 100, 4))
    Box(left=0, top=0, width=5, height=4, angle=0.0)
    """
    left, top = max(box.left, area.left), max(box.top, area.top)
    right = min(box.left + box.width, area.left + area.width)
    bottom = min(box.top + box.height, area.top + area.height)
    return Box(left, top, right - left, bottom - top)


def inside(box: Box, area: Box, slack: float = TOLERANCE) -> bool:
    """Whether an upright box is within an area, give or take `slack` px."""
    return not any(past > slack for past in overhang(box, area))


def covers(box: Box, area: Box, share: float = 0.01) -> bool:
    """Whether an upright box covers an area, but for `share` of its width and height at each side.

    >>> covers(Box(4, -20, 1915, 1100), Box(0, 0, 1920, 1080)), covers(Box(40, 0, 1880, 1080), Box(0, 0, 1920, 1080))
    (True, False)
    """
    left, top, right, bottom = overhang(box, area)
    return min(left, right) >= -share * area.width and min(top, bottom) >= -share * area.height


def bleeds(box: Box, area: Box, share: float = 0.01) -> bool:
    """Whether an upright box runs along a whole side of an area and reaches past it by at most `share` of its size.

    >>> [bleeds(box, Box(0, 0, 1920, 1080)) for box in (Box(-2, 700, 1925, 385), Box(1700, 100, 225, 300))]
    [True, False]
    """
    left, top, right, bottom = overhang(box, area)
    across, down = share * area.width, share * area.height
    is_small = max(left, right) <= across and max(top, bottom) <= down
    runs = min(left, right) >= -across and max(top, bottom) >= -down
    return is_small and (runs or (min(top, bottom) >= -down and max(left, right) >= -across))


def overhang(box: Box, area: Box) -> tuple[float, float, float, float]:
    """Return how far (px) an upright box reaches past the left, top, right and bottom of an area; room is negative.

    >>> overhang(Box(-5, 0, 10, 10), Box(0, 0, 100, 100))
    (5, 0, -95, -90)
    """
    right, bottom = box.left + box.width, box.top + box.height
    past_right, past_bottom = right - area.left - area.width, bottom - area.top - area.height
    return area.left - box.left, area.top - box.top, past_right, past_bottom
