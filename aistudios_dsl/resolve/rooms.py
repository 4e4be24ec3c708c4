"""What clips are sized in and with: the setting of a project, rooms, and the lengths that a place asks for in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from aistudios_dsl.build.avatar import Catalog
from aistudios_dsl.build.placement import Place
from aistudios_dsl.build.theme import Theme
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.geometry import Box, Point, canvas
from aistudios_dsl.layout.sizes import (
    Length,
    extent,
    seen_size,
)
from aistudios_dsl.wire.nodes import Generation

Pair = tuple[float, float]
"""Two numbers, across and down: a width and a height (px), or two scales."""


@frozen
class Setting:
    """What all scenes of a project are resolved with: canvas, catalogue, generation, ids that are taken, and theme."""

    orientation: str
    catalog: Catalog
    api: Generation
    taken: frozenset[str] = frozenset()
    theme: Theme | None = None

    @property
    def canvas(self) -> Box:
        return canvas(self.orientation)


@frozen
class Room:
    """What a clip is sized in: percentages run along its sides (px). Where it `wraps`, no text is wider than it.

    A group without width has no width to give.
    """

    width: float | None
    height: float
    wraps: bool = False


@frozen
class ClipSize:
    """A clip's natural size (px) and scales on the wire, and the width of its stroke (px).

    `framed` is the corner that an avatar's framing asks for, `fields` what else of the clip follows from its size.
    """

    width: float
    height: float
    scale_x: float = 1
    scale_y: float = 1
    stroke: float = 0
    framed: Point | None = None
    fields: Mapping[str, Any] = {}

    @property
    def seen(self) -> Pair:
        """Width and height on the canvas (px); a negative scale mirrors a clip."""
        return seen_size(self.width, self.height, abs(self.scale_x), abs(self.scale_y), self.stroke)


NOWHERE = ClipSize(0, 0)
"""The size of a clip whose room is not known yet."""


@frozen(eq=False)
class RoomSize:
    """The size of a clip that depends on its room: in a group, or inside or around other clips.

    `within` gives, for a width and height (px), the size at which the clip is seen, and what else follows from it. A
    clip that `shrinks` is a text that wraps where the room is narrower than its words. `words_within` gives, for a
    room, what sizes a text for any words.
    """

    within: Callable[[float | None, float | None], tuple[Pair, Any]]
    shrinks: bool = False
    words_within: Callable[[float | None, float | None], Callable[[str], ClipSize]] | None = None


def room_within(width: float | None, height: float | None, canvas: Box) -> Room:
    """Return the room of a clip that is sized within these sides: one without height is in a group."""
    return Room(width, height or canvas.height, wraps=height is None)


def sides_asked(place: Place, room: Room) -> tuple[float | None, float | None]:
    width = None if place.width is None else width_px(place.width, room, "width")
    height = None if place.height is None else extent(place.height, room.height, "height")
    if place.ratio is None or (width is None) == (height is None):
        return width, height
    across, down = width_px(place.ratio[0], room, "width"), extent(place.ratio[1], room.height, "height")
    return (width, width * down / across) if width is not None else (height * across / down, height)  # type: ignore[operator]


def fit_px(fit: Any, room: Room) -> Pair:
    return width_px(fit[0], room, "fit width"), extent(fit[1], room.height, "fit height")


def width_px(width: Length, room: Room, name: str) -> float:
    if room.width is None and isinstance(width, str) and "%" in width:
        hint = "give the group width=, as in .place(group, width=600)"
        raise BuildError(f"{name} is {width!r} of a group without width", hint=hint, code="no-width")
    return extent(width, room.width or 0, name)


def scales_or_1(place: Place) -> Pair:
    return scale_asked(place) or (1, 1)


def scale_asked(place: Place) -> Pair | None:
    if place.scale is None:
        return None
    pair = place.scale if isinstance(place.scale, tuple) else (place.scale, place.scale)
    return extent(pair[0], 1, "scale"), extent(pair[1], 1, "scale")
