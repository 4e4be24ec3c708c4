"""Boxes held against each other, turned or not: whether they overlap, lie inside one another, or reach past."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aistudios_dsl.layout.geometry import Box, Point

TOLERANCE = 0.5
"""Half a pixel: less than that nobody sees."""


def overlap(one: Box, other: Box, slack: float = 1.0) -> bool:
    """Whether two boxes, turned or not, share more than `slack` px in every direction.

    >>> overlap(Box(0, 0, 10, 10), Box(8, 8, 10, 10)), overlap(Box(0, 0, 10, 10, 45), Box(6, 0, 4, 4))
    (True, False)
    """
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


def _axes(box: Box) -> tuple[Point, Point]:
    radians = math.radians(box.angle % 360)
    return (math.cos(radians), math.sin(radians)), (-math.sin(radians), math.cos(radians))


def _shared(one: Sequence[Point], other: Sequence[Point], axis: Point) -> float:
    (low, high), (other_low, other_high) = (
        (min(shadow), max(shadow)) for shadow in ([x * axis[0] + y * axis[1] for x, y in box] for box in (one, other))
    )
    return min(high, other_high) - max(low, other_low)


def around(boxes: Sequence[Box]) -> Box:
    """The upright box just around some boxes.

    >>> around([Box(0, 0, 10, 10), Box(20, 5, 10, 10)])
    Box(left=0, top=0, width=30, height=15, angle=0.0)
    """
    bounds = [box.bounds for box in boxes]
    left, top = min(box.left for box in bounds), min(box.top for box in bounds)
    right, bottom = max(box.left + box.width for box in bounds), max(box.top + box.height for box in bounds)
    return Box(left, top, right - left, bottom - top)


def cut(box: Box, frame: Box) -> Box:
    """The part of an upright box that is within another, which it overlaps.

    >>> cut(Box(-5, 0, 10, 10), Box(0, 0, 100, 4))
    Box(left=0, top=0, width=5, height=4, angle=0.0)
    """
    left, top = max(box.left, frame.left), max(box.top, frame.top)
    right = min(box.left + box.width, frame.left + frame.width)
    bottom = min(box.top + box.height, frame.top + frame.height)
    return Box(left, top, right - left, bottom - top)


def inside(box: Box, frame: Box, slack: float = TOLERANCE) -> bool:
    """Whether an upright box is within another, but for `slack` px."""
    return not any(past > slack for past in overhang(box, frame))


def overhang(box: Box, frame: Box) -> tuple[float, float, float, float]:
    """How far (px) an upright box reaches past the left, top, right and bottom of another; less than 0 is room.

    >>> overhang(Box(-5, 0, 10, 10), Box(0, 0, 100, 100))
    (5, 0, -95, -90)
    """
    right, bottom = box.left + box.width, box.top + box.height
    past_right, past_bottom = right - frame.left - frame.width, bottom - frame.top - frame.height
    return frame.left - box.left, frame.top - box.top, past_right, past_bottom
