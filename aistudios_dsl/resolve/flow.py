"""The inside of groups: rows, columns and grids set their clips one after the other by their measured sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from attrs import frozen

from aistudios_dsl.build.placement import GroupDraft
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.geometry import ANCHORS, bounds_of
from aistudios_dsl.layout.sizes import extent, plain, rounded_down
from aistudios_dsl.resolve.rooms import RoomSize

Put = Callable[[float, float, dict[int, Any], list[Any]], None]
"""Puts something at a left-top corner (px): notes its bounds by number, and the corner of each clip in it."""
Laid = tuple[float, float, Put]
"""Width and height (px) of a clip or group as it is seen, and what puts it somewhere."""

_SHARE = {"top": 0.0, "left": 0.0, "center": 0.5, "bottom": 1.0, "right": 1.0}


@frozen(eq=False)
class ClipFlow:
    """A clip: its place among the sizes, its number where its bounds are asked for, and its angle in degrees."""

    place: int
    node: int | None
    angle: float

    def shrinks(self, sizes: Sequence[Any]) -> bool:
        """Whether it can be made narrower: a text that wraps."""
        size = sizes[self.place]
        return isinstance(size, RoomSize) and size.shrinks

    def within(self, sizes: Sequence[Any], room: float | None) -> Laid:
        return self.measured(sizes, room, None)

    def measured(self, sizes: Sequence[Any], width: float | None, height: float | None) -> Laid:
        """Measure it in a room (px); None is a room without limit."""
        size, more = sizes[self.place], list[Any]()
        if isinstance(size, RoomSize):
            size, result = size.within(width, height)
            more = [result]
        across, down, wide, high = bounds_of(0, 0, size[0], size[1], self.angle)

        def put(left: float, top: float, bounds: dict[int, Any], found: list[Any]) -> None:
            found[self.place] = (plain(left - across), plain(top - down), *more)
            if self.node is not None:
                bounds[self.node] = (left, top, wide, high)

        return wide, high, put


@frozen(eq=False)
class GroupFlow:
    """A group and what flows in it."""

    draft: GroupDraft
    node: int
    children: Sequence[Flow]

    def shrinks(self, sizes: Sequence[Any]) -> bool:
        return self.draft.width is None and any(child.shrinks(sizes) for child in self.children)

    def refusal(self, message: str, hint: str, code: str = "") -> BuildError:
        """Return the error about this group."""
        return BuildError(message, self.draft.label(-1 - self.node), hint, code)

    def within(self, sizes: Sequence[Any], room: float | None) -> Laid:
        return self.measured(sizes, room, room)

    def measured(self, sizes: Sequence[Any], limit: float | None, side: float | None) -> Laid:
        """Measure it, at most `limit` px wide where it has no width; a percentage of its width is of `side` px."""
        flow, own = self.draft.flow, _own_width(self, side)
        across, down = flow.padding if isinstance(flow.padding, tuple) else (flow.padding, flow.padding)
        outer = limit if own is None else own
        room = None if outer is None else outer - 2 * across
        if room is not None and room <= 0:
            message = f"a {flow.kind} {plain(outer or 0):g} px wide has no room inside its padding of {across:g} px"
            raise self.refusal(message, "give it more width, or less padding", "no-room")
        inner = None if own is None else room
        laid, width, height, corners = _ARRANGED[flow.kind](self, sizes, room, inner)

        def put(left: float, top: float, bounds: dict[int, Any], found: list[Any]) -> None:
            bounds[self.node] = (left, top, width + 2 * across, height + 2 * down)
            for (_, _, put_child), (x, y) in zip(laid, corners, strict=True):
                put_child(left + across + x, top + down + y, bounds, found)

        return width + 2 * across, height + 2 * down, put


Flow = ClipFlow | GroupFlow
_Content = tuple[list[Laid], float, float, list[tuple[float, float]]]
"""What is in a group, the width and height of the content, and the corner of each within it."""


def _own_width(group: GroupFlow, side: float | None) -> float | None:
    width = group.draft.width
    if side is None and isinstance(width, str) and "%" in width:
        raise group.refusal(f"width is {width!r} of a group without width", "give the outer group width=", "no-width")
    return None if width is None else extent(width, side or 0, "width")


def _column(group: GroupFlow, sizes: Sequence[Any], room: float | None, inner: float | None) -> _Content:
    laid = [child.within(sizes, room) for child in group.children]
    width = max(wide for wide, _, _ in laid) if inner is None else inner
    share = _SHARE[group.draft.flow.align]
    tops, height = _one_after_the_other([high for _, high, _ in laid], group.draft.flow.gap)
    return laid, width, height, [(share * (width - wide), top) for (wide, _, _), top in zip(laid, tops, strict=True)]


def _row(group: GroupFlow, sizes: Sequence[Any], room: float | None, inner: float | None) -> _Content:
    laid = list(_side_by_side(group, sizes, room))
    height = max(high for _, high, _ in laid)
    share = _SHARE[group.draft.flow.align]
    lefts, width = _one_after_the_other([wide for wide, _, _ in laid], group.draft.flow.gap)
    corners = [(left, share * (height - high)) for (_, high, _), left in zip(laid, lefts, strict=True)]
    return laid, width if inner is None else inner, height, corners


def _side_by_side(group: GroupFlow, sizes: Sequence[Any], room: float | None) -> Iterator[Laid]:
    """Measure the children of a row. Where the room is too small, its texts share what the others leave."""
    if room is None:
        return (child.within(sizes, None) for child in group.children)
    shrinking = [child.shrinks(sizes) for child in group.children]
    laid = [
        child.within(sizes, None if shrinks else room) for child, shrinks in zip(group.children, shrinking, strict=True)
    ]
    left = room - group.draft.flow.gap * (len(laid) - 1)
    left -= sum(wide for (wide, _, _), shrinks in zip(laid, shrinking, strict=True) if not shrinks)
    widths = [wide for (wide, _, _), shrinks in zip(laid, shrinking, strict=True) if shrinks]
    if not widths or sum(widths) <= left:
        return iter(laid)
    if left <= 0:
        hint = "make the row wider, or its pictures smaller"
        raise group.refusal("the other clips of the row leave no room for its texts", hint, "no-room")
    most = rounded_down(_level(widths, left))
    return (
        child.within(sizes, most) if shrinks and size[0] > most else size
        for child, size, shrinks in zip(group.children, laid, shrinking, strict=True)
    )


def _level(widths: Sequence[float], room: float) -> float:
    """Return the most that each may take so that all fit: who needs less leaves the rest to the others.

    >>> _level([100, 700, 900], 1000)
    450.0
    """
    waiting = sorted(widths)
    for place, width in enumerate(waiting):
        share = room / (len(waiting) - place)
        if width > share:
            return share
        room -= width
    return max(widths)


def _grid(group: GroupFlow, sizes: Sequence[Any], room: float | None, inner: float | None) -> _Content:
    flow, columns = group.draft.flow, min(group.draft.flow.columns, len(group.children))
    if inner is not None:
        columns = flow.columns
    cell = None if room is None else (room - flow.gap * (flow.columns - 1)) / flow.columns
    if cell is not None and cell <= 0:
        hint = "make the grid wider, or its gap smaller"
        raise group.refusal(f"the gaps leave no room for {flow.columns} columns", hint, "no-room")
    laid = [child.within(sizes, cell) for child in group.children]
    if inner is not None and cell is not None:
        widths = [cell] * columns
    else:
        widths = [max(wide for wide, _, _ in laid[column::columns]) for column in range(columns)]
    rows = [laid[start : start + columns] for start in range(0, len(laid), columns)]
    heights = [max(high for _, high, _ in row) for row in rows]
    lefts, width = _one_after_the_other(widths, flow.gap)
    tops, height = _one_after_the_other(heights, flow.gap)
    across, down = ANCHORS[flow.align]
    corners = [
        (lefts[column] + across * (widths[column] - wide), tops[row] + down * (heights[row] - high))
        for row, cells in enumerate(rows)
        for column, (wide, high, _) in enumerate(cells)
    ]
    return laid, width if inner is None else inner, height, corners


def _one_after_the_other(sizes: Sequence[float], gap: float) -> tuple[list[float], float]:
    """Return where each begins, and where the last one ends (px).

    >>> _one_after_the_other([100, 50], 10)
    ([0, 110], 160)
    """
    starts = list(accumulate((size + gap for size in sizes), initial=0))
    return starts[:-1], starts[-1] - gap


_ARRANGED: dict[str, Callable[[GroupFlow, Sequence[Any], float | None, float | None], _Content]] = {
    "row": _row,
    "column": _column,
    "grid": _grid,
}
