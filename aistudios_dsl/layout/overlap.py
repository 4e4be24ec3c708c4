"""Relations of boxes, turned or not: overlap, common bounds, intersection and overhang."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from aistudios_dsl.layout.geometry import Box, Point

TOLERANCE = 0.5
"""Half a pixel: less is not visible."""


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


def pairs(boxes: Sequence[Box], slack: float = 1.0) -> Iterator[tuple[int, int]]:
    """Yield the places of each two upright boxes that share more than `slack` px across and down, by a sweep.

    >>> list(pairs([Box(0, 0, 10, 10), Box(50, 0, 10, 10), Box(5, 5, 10, 10)]))
    [(0, 2)]
    """
    open_now: list[tuple[float, float, float, int]] = []
    for index in sorted(range(len(boxes)), key=lambda index: boxes[index].left):
        box = boxes[index]
        left, top, bottom = box.left + slack, box.top + slack, box.top + box.height - slack
        open_now = [one for one in open_now if one[0] > left]
        if box.width > slack:
            yield from ((other, index) for _, above, below, other in open_now if above < bottom and below > top)
            open_now.append((box.left + box.width, box.top, box.top + box.height, index))


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
