"""Box geometry: anchors, neighbours, rotation and bounds.

Numbers are px and degrees. The rules are those of Fabric.js, the editor's canvas: y grows downwards, angles turn
clockwise, and `left, top` of a turned clip is where its own left-top corner is seen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Literal, TypeAlias, TypeVar

import attrs

from aistudios_dsl.errors import BuildError, did_you_mean
from aistudios_dsl.layout.sizes import Length, length, one_of

Point: TypeAlias = tuple[float, float]
Bounds: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height (px) of an upright box."""
Anchor: TypeAlias = Literal[
    "top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right"
]
Side: TypeAlias = Literal["above", "below", "left_of", "right_of"]
Align: TypeAlias = Literal["left", "center", "right", "top", "bottom"]
T = TypeVar("T", bound=Hashable)

ANCHORS: dict[Anchor, Point] = {
    "top left": (0, 0),
    "top": (0.5, 0),
    "top right": (1, 0),
    "left": (0, 0.5),
    "center": (0.5, 0.5),
    "right": (1, 0.5),
    "bottom left": (0, 1),
    "bottom": (0.5, 1),
    "bottom right": (1, 1),
}
"""The nine anchors, each as its share of the free space across and down."""

_ACROSS = {"left": 0, "center": 0.5, "right": 1}
_DOWN = {"top": 0, "center": 0.5, "bottom": 1}
_ALIGNS = {"above": _ACROSS, "below": _ACROSS, "left_of": _DOWN, "right_of": _DOWN}
_QUARTER_TURNS = ((1, 0), (0, 1), (-1, 0), (0, -1))


@attrs.frozen
class Box:
    """A clip as it is seen: `width` x `height` px, turned by `angle` degrees clockwise about its left-top corner.

    `left, top` (px) is that corner. Numbers are kept as they are given, so a position comes back to the last digit.

    >>> Box(100, 200, 400, 150, angle=90).bounds
    Box(left=-50, top=200, width=150, height=400, angle=0.0)
    """

    left: float
    top: float
    width: float
    height: float
    angle: float = 0.0

    @classmethod
    def about(cls, point: Point, width: float, height: float, angle: float = 0.0, origin: Point = (0.5, 0.5)) -> Box:
        """Return the box whose `origin` is at `point`. The origin is in shares of its size: (1, 0) is its right top."""
        right, down = _turned(origin[0] * width, origin[1] * height, angle)
        return cls(point[0] - right, point[1] - down, width, height, angle)

    def point(self, across: float, down: float) -> Point:
        """Return the canvas point at these shares of the box's width and height: (1, 0) is its right-top corner."""
        right, below = _turned(across * self.width, down * self.height, self.angle)
        return self.left + right, self.top + below

    @property
    def centre(self) -> Point:
        """The point in the middle."""
        return self.point(0.5, 0.5)

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """The box's own left-top, right-top, right-bottom and left-bottom corner, where they are seen."""
        return self.point(0, 0), self.point(1, 0), self.point(1, 1), self.point(0, 1)

    @property
    def bounds(self) -> Box:
        """The smallest upright box around this one; the same numbers if it is upright."""
        return Box(*bounds_of(self.left, self.top, self.width, self.height, self.angle))


def bounds_of(left: float, top: float, width: float, height: float, angle: float = 0.0) -> Bounds:
    """Return the bounds of a box that is turned about its left-top corner."""
    if not angle:
        return left, top, width, height
    cos, sin = _cos_sin(angle)
    return (
        left + min(0, cos * width) + min(0, -sin * height),
        top + min(0, sin * width) + min(0, cos * height),
        abs(cos) * width + abs(sin) * height,
        abs(sin) * width + abs(cos) * height,
    )


def bounds_around(several: Sequence[Bounds]) -> Bounds:
    """Return the smallest bounds around some.

    >>> bounds_around([(0, 0, 10, 10), (20, 5, 10, 10)])
    (0, 0, 30, 15)
    """
    if len(several) == 1:
        return several[0]
    left, top = min(each[0] for each in several), min(each[1] for each in several)
    right, bottom = max(each[0] + each[2] for each in several), max(each[1] + each[3] for each in several)
    return left, top, right - left, bottom - top


def canvas(orientation: object = "landscape") -> Box:
    """Return the canvas: 1080 x 1920 px for "portrait", else 1920 x 1080 px, as loaded projects may name any other."""
    return _PORTRAIT if orientation == "portrait" else _LANDSCAPE


_LANDSCAPE, _PORTRAIT = Box(0, 0, 1920, 1080), Box(0, 0, 1080, 1920)


def margins(margin: Length | tuple[Length, Length], area: Box) -> Point:
    """Return the margin (px) across and down: one length for both, or a pair; percentages are of the area's side."""
    pair = margin if isinstance(margin, tuple | list) else (margin, margin)
    if len(pair) != 2:
        raise BuildError(f"margin is {margin!r}", hint="give one length, or a pair (across, down)")
    return length(pair[0], area.width, "margin"), length(pair[1], area.height, "margin")


def corner_at(
    anchor: Anchor, area: Box, margin: Length | tuple[Length, Length] = 0, angle: float = 0.0
) -> Callable[[float, float], Point]:
    """Return the function from a seen width and height (px) to the left-top corner of a box at an anchor of `area`.

    The box, turned by `angle`, touches the upright area with its bounds. `margin` keeps it away from the edges that
    the anchor names. Raise `BuildError` for an unknown anchor or a negative margin.

    >>> corner_at("bottom right", canvas(), margin=40)(400, 150)
    (1480, 890)
    """
    across, down = _shares(anchor)
    inset_across, inset_down = margins(margin, area)
    first_left, push_right = area.left, (1 - 2 * across) * inset_across
    first_top, push_down = area.top, (1 - 2 * down) * inset_down
    room_across, room_down = area.width, area.height

    def corner(width: float, height: float) -> Point:
        own_left, own_top, wide, high = bounds_of(0, 0, width, height, angle) if angle else (0, 0, width, height)
        left = first_left + (across * (room_across - wide) + push_right)
        top = first_top + (down * (room_down - high) + push_down)
        return left - own_left, top - own_top

    return corner


def corner_within(
    anchor: Anchor, margin: Length | tuple[Length, Length] = 0, angle: float = 0.0
) -> Callable[[Bounds, float, float], Point]:
    """Return the function of `corner_at` whose area, the bounds of a neighbour, comes first.

    >>> corner_within("bottom right", margin=10)((100, 100, 400, 150), 200, 50)
    (290, 190)
    """

    def corner(area: Bounds, width: float, height: float) -> Point:
        return corner_at(anchor, Box(*area), margin, angle)(width, height)

    return corner


def corner_beside(
    side: Side, gap: float = 0, align: Align = "center", angle: float = 0.0
) -> Callable[[Bounds, float, float], Point]:
    """Return the function from a neighbour's bounds, a seen width and height (px) to the left-top corner beside it.

    The bounds are `gap` px apart. `align` is left, center or right for above and below; top, center or bottom for
    left_of and right_of. The box is turned by `angle`.

    >>> corner_beside("below", gap=24, align="right")((100, 100, 400, 150), 200, 50)
    (300, 274)
    """
    one_of(side, _ALIGNS, "side")
    one_of(align, _ALIGNS[side], f"align of {side}")
    share, upright, after = _ALIGNS[side][align], side in ("above", "below"), side in ("below", "right_of")

    def corner(neighbour: Bounds, width: float, height: float) -> Point:
        own_left, own_top, wide, high = bounds_of(0, 0, width, height, angle) if angle else (0, 0, width, height)
        left, top, room_across, room_down = neighbour
        if upright:
            left += share * (room_across - wide)
            top += room_down + gap if after else -gap - high
        else:
            left += room_across + gap if after else -gap - wide
            top += share * (room_down - high)
        return left - own_left, top - own_top

    return corner


def topological_order(links: Mapping[T, Iterable[T]], name: Callable[[T], object] = str) -> tuple[T, ...]:
    """Return the keys, each after its targets. Raise `BuildError` for a circle, with the names of those in it."""
    try:
        return tuple(key for key in TopologicalSorter(links).static_order() if key in links)
    except CycleError as error:
        circle = error.args[1][:0:-1]
        first = min(range(len(circle)), key=lambda place: list(links).index(circle[place]))
        names = [str(name(key)) for key in (*circle[first:], *circle[:first], circle[first])]
        hint = "place one of them at an anchor or at (x, y)"
        message = f"clips are placed by one another in a circle: {' -> '.join(names)}"
        raise BuildError(message, hint=hint, code="circle") from None


def _cos_sin(angle: float) -> Point:
    quarters, rest = divmod(angle, 90)
    if not rest:
        # Exact, so that no 465.00000000000006 appears.
        return _QUARTER_TURNS[int(quarters) % 4]
    radians = math.radians(angle % 360)
    return math.cos(radians), math.sin(radians)


def _turned(right: float, down: float, angle: float) -> Point:
    cos, sin = _cos_sin(angle)
    return cos * right - sin * down, sin * right + cos * down


def _shares(anchor: Anchor) -> Point:
    # A loop, since an unhashable value is a mistake to report, not a TypeError.
    for name, shares in ANCHORS.items():
        if name == anchor:
            return shares
    # "top center", "left-top" and "middle" are other words for known anchors.
    words = set(re.split(r"[\s_-]+", str(anchor).casefold())) - {"center", "centre", "middle"}
    meant = [name for name in ANCHORS if set(name.split()) == (words or {"center"})]
    hint = f"did you mean {meant[0]!r}?" if meant else did_you_mean(str(anchor), ANCHORS)
    raise BuildError(f"at is {anchor!r}, which is not an anchor", hint=hint)
