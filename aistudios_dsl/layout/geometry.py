"""Boxes on the canvas: how large a clip is seen, where it stands and how it is turned. Pure numbers, px and degrees.

The editor's canvas is Fabric.js, so its rules hold here: y grows downwards, angles turn clockwise on the screen, and
`left, top` of a turned clip is where its own left-top corner lands after the turn, not the left-top of what it covers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Literal, TypeAlias, TypeVar

import attrs

from aistudios_dsl.errors import BuildError, did_you_mean
from aistudios_dsl.layout.sizes import Length, length, one_of

Point: TypeAlias = tuple[float, float]
Cover: TypeAlias = tuple[float, float, float, float]
Orientation: TypeAlias = Literal["landscape", "portrait"]
Anchor: TypeAlias = Literal[
    "top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right"
]
Side: TypeAlias = Literal["above", "below", "left_of", "right_of"]
Align: TypeAlias = Literal["left", "center", "right", "top", "bottom"]
Name = TypeVar("Name", bound=Hashable)

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
"""The nine anchors, each as its share of the free room across and down."""

_ACROSS = {"left": 0, "center": 0.5, "right": 1}
_DOWN = {"top": 0, "center": 0.5, "bottom": 1}
_ALIGNS = {"above": _ACROSS, "below": _ACROSS, "left_of": _DOWN, "right_of": _DOWN}
_QUARTERS = ((1, 0), (0, 1), (-1, 0), (0, -1))


@attrs.frozen
class Box:
    """A clip as it is seen: `width` x `height` px, turned by `angle` degrees clockwise about its left-top corner.

    `left, top` (px) is that corner, as Fabric.js writes it. Numbers are kept as given, so a position that was asked
    for comes back to the last digit.

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
        """The box with `point` at its `origin`, given in shares of its own width and height: (0.5, 0.5) is the centre.

        >>> Box.about((960, 540), 400, 150)
        Box(left=760.0, top=465.0, width=400, height=150, angle=0.0)
        """
        right, down = _turned(origin[0] * width, origin[1] * height, angle)
        return cls(point[0] - right, point[1] - down, width, height, angle)

    def point(self, across: float, down: float) -> Point:
        """The canvas point at these shares of the box's own width and height: (1, 0) is its right-top corner.

        >>> Box(100, 200, 400, 150, angle=90).point(1, 0)
        (100, 600)
        """
        right, below = _turned(across * self.width, down * self.height, self.angle)
        return self.left + right, self.top + below

    @property
    def centre(self) -> Point:
        """The point that turning about the middle would leave in place."""
        return self.point(0.5, 0.5)

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """The clip's own left-top, right-top, right-bottom and left-bottom corner, where they are seen."""
        return self.point(0, 0), self.point(1, 0), self.point(1, 1), self.point(0, 1)

    @property
    def bounds(self) -> Box:
        """The upright box just around the turned one; at a multiple of 360 degrees the very same numbers."""
        return Box(*covered(self.left, self.top, self.width, self.height, self.angle))


def covered(left: float, top: float, width: float, height: float, angle: float = 0.0) -> Cover:
    """Left, top, width and height of the upright box just around a box that is turned about its left-top corner.

    >>> covered(100, 200, 400, 150, 90)
    (-50, 200, 150, 400)
    """
    if not angle:
        return left, top, width, height
    cos, sin = _cos_sin(angle)
    return (
        left + min(0, cos * width) + min(0, -sin * height),
        top + min(0, sin * width) + min(0, cos * height),
        abs(cos) * width + abs(sin) * height,
        abs(sin) * width + abs(cos) * height,
    )


def canvas(orientation: Orientation) -> Box:
    """The whole picture: 1920 x 1080 px in landscape, 1080 x 1920 px in portrait; else BuildError.

    >>> canvas("portrait").height
    1920
    """
    one_of(orientation, ("landscape", "portrait"), "orientation")
    return Box(0, 0, 1920, 1080) if orientation == "landscape" else Box(0, 0, 1080, 1920)


def margins(margin: Length | tuple[Length, Length], frame: Box) -> Point:
    """The inset (px) across and down: one length for both, or a pair; percentages are of `frame`'s own side.

    >>> margins("5%", canvas("landscape")), margins((0, 40), canvas("landscape"))
    ((96, 54), (0, 40))
    """
    across, down = _pair(margin) if isinstance(margin, (tuple, list)) else (margin, margin)
    return length(across, frame.width, "margin"), length(down, frame.height, "margin")


def anchored(
    width: float,
    height: float,
    angle: float,
    anchor: Anchor,
    frame: Box,
    margin: Length | tuple[Length, Length] = 0,
) -> Box:
    """The box of this seen size and angle whose bounds touch `frame` (upright, such as `canvas`) at `anchor`.

    `margin` keeps it off the edges that the anchor names. BuildError for an unknown anchor or a negative margin.

    >>> anchored(400, 150, 0, "bottom right", canvas("landscape"), margin=40)
    Box(left=1480, top=890, width=400, height=150, angle=0)
    """
    return Box(*anchoring(angle, anchor, frame, margin)(width, height), width, height, angle)


def anchoring(
    angle: float, anchor: Anchor, frame: Box, margin: Length | tuple[Length, Length] = 0
) -> Callable[[float, float], Point]:
    """`anchored` for many sizes: what gives the left-top corner of a box of this seen width and height (px).

    >>> anchoring(0, "bottom right", canvas("landscape"), 40)(400, 150)
    (1480, 890)
    """
    across, down = _shares(anchor)
    inset_across, inset_down = margins(margin, frame)
    first_left, push_right = frame.left, (1 - 2 * across) * inset_across
    first_top, push_down = frame.top, (1 - 2 * down) * inset_down
    room_across, room_down = frame.width, frame.height

    def corner(width: float, height: float) -> Point:
        own_left, own_top, wide, high = covered(0, 0, width, height, angle) if angle else (0, 0, width, height)
        left = first_left + (across * (room_across - wide) + push_right)
        top = first_top + (down * (room_down - high) + push_down)
        return left - own_left, top - own_top

    return corner


def beside(
    side: Side,
    target: Box,
    width: float,
    height: float,
    angle: float = 0.0,
    gap: float = 0,
    align: Align = "center",
) -> Box:
    """The box of this seen size and angle on one side of `target`, with `gap` px between their bounds.

    `align` is left, center or right for above and below; top, center or bottom for left_of and right_of.

    >>> beside("below", Box(100, 100, 400, 150), 200, 50, gap=24, align="right")
    Box(left=300, top=274, width=200, height=50, angle=0.0)
    """
    bounds = target.bounds
    around = (bounds.left, bounds.top, bounds.width, bounds.height)
    return Box(*neighbouring(side, angle, gap, align)(around, width, height), width, height, angle)


def neighbouring(
    side: Side, angle: float = 0.0, gap: float = 0, align: Align = "center"
) -> Callable[[Cover, float, float], Point]:
    """`beside` for many sizes: what gives the left-top corner from what the target covers and a seen width and height.

    >>> neighbouring("below", gap=24, align="right")((100, 100, 400, 150), 200, 50)
    (300, 274)
    """
    one_of(side, _ALIGNS, "side")
    one_of(align, _ALIGNS[side], f"align of {side}")
    share, upright, after = _ALIGNS[side][align], side in ("above", "below"), side in ("below", "right_of")

    def corner(around: Cover, width: float, height: float) -> Point:
        own_left, own_top, wide, high = covered(0, 0, width, height, angle)
        left, top, around_wide, around_high = around
        if upright:
            left += share * (around_wide - wide)
            top += around_high + gap if after else -gap - high
        else:
            left += around_wide + gap if after else -gap - wide
            top += share * (around_high - high)
        return left - own_left, top - own_top

    return corner


def order(links: Mapping[Name, Name]) -> tuple[Name, ...]:
    """The names in an order in which each comes after the one it is placed by; BuildError names a circle.

    A target that is no key itself stands on its own and is left out.

    >>> order({"logo": "line", "line": "title"})
    ('line', 'logo')
    """
    try:
        known = TopologicalSorter({name: (target,) for name, target in links.items()}).static_order()
        return tuple(name for name in known if name in links)
    except CycleError as error:
        circle = " -> ".join(map(str, _circle(links, set(error.args[1]))))
        hint = "give one of them a place of its own, such as an anchor or (x, y)"
        raise BuildError(f"clips are placed by one another in a circle: {circle}", hint=hint) from None


def _circle(links: Mapping[Name, Name], members: set[Name]) -> list[Name]:
    circle = [next(name for name in links if name in members)]
    while links[circle[-1]] != circle[0]:
        circle.append(links[circle[-1]])
    return [*circle, circle[0]]


def _cos_sin(angle: float) -> Point:
    quarters, rest = divmod(angle, 90)
    if not rest:
        return _QUARTERS[int(quarters) % 4]
    radians = math.radians(angle % 360)
    return math.cos(radians), math.sin(radians)


def _turned(right: float, down: float, angle: float) -> Point:
    cos, sin = _cos_sin(angle)
    return cos * right - sin * down, sin * right + cos * down


def _pair(margin: tuple[Length, ...] | list[Length]) -> tuple[Length, Length]:
    if len(margin) != 2:
        raise BuildError(f"margin is {margin!r}", hint="give one length, or a pair (across, down)")
    return margin[0], margin[1]


def _shares(anchor: Anchor) -> Point:
    for name, shares in ANCHORS.items():
        if name == anchor:
            return shares
    raise BuildError(f"at is {anchor!r}, which is no anchor", hint=_anchor_meant(str(anchor)))


def _anchor_meant(said: str) -> str:
    # "top center", "left-top" and "middle" say the right thing in other words.
    words = set(re.split(r"[\s_-]+", said.casefold())) - {"center", "centre", "middle"}
    meant = [name for name in ANCHORS if set(name.split()) == (words or {"center"})]
    return f"did you mean {meant[0]!r}?" if meant else did_you_mean(said, ANCHORS)
