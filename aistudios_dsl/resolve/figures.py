"""Sizes of avatars: by their heads, by framing, or as they are asked for."""

from __future__ import annotations

import math

from attrs import evolve

from aistudios_dsl.build.avatar import Avatar, validate_language
from aistudios_dsl.build.placement import Place
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.geometry import Box, Point, corner_at, margins
from aistudios_dsl.layout.sizes import (
    extent,
    length,
    plain,
    scaled_size,
)
from aistudios_dsl.resolve.rooms import ClipSize, Pair, Room, Setting, scale_asked, scales_or_1, sides_asked

HEADS_ABOVE = 0.35
HEADS_SHOWN = {"head": 1.35, "bust": 2.2, "waist": 3.4}
"""How many heads a framing shows from the crown down, which is `HEADS_ABOVE` below the canvas top.

A head is the figure from its crown, the top of its box, to its chin, the bottom of its head box.
"""


def figure_size(place: Place, setting: Setting, room: Room) -> ClipSize:
    avatar = place.avatar
    assert avatar is not None
    if not isinstance(avatar, Avatar):
        avatar = setting.catalog.find(avatar.ai_name, avatar.cloth)
    if avatar.written is None:
        validate_language(place.language or avatar.language, literal=True)
    fields = {"model": avatar.model(place.language)}
    if avatar.size is not None:
        return evolve(_figure(avatar, avatar.size, place, setting.canvas, room), fields=fields)
    width, height = sides_asked(place, room)
    if width is None or height is None:
        hint = "give width= and height=, or learn its geometry: catalog.learn(project)"
        raise BuildError(f"the size of avatar {avatar.ai_name} is not known", hint=hint, code="no-size")
    if any(asked is not None for asked in (place.framing, place.head_at, place.head_height)):
        hint = "leave framing=, head_at= and head_height= out, or learn its geometry: catalog.learn(project)"
        raise BuildError(f"the head of avatar {avatar.ai_name} is not known", hint=hint)
    return ClipSize(width, height, *scales_or_1(place), fields=fields)


def _figure(avatar: Avatar, size: Pair, place: Place, canvas: Box, room: Room) -> ClipSize:
    framing = _framing_asked(avatar, place)
    if framing == "full":
        across, down = margins(place.margin, canvas)
        return ClipSize(*size, *scaled_size(size, canvas.width - 2 * across, canvas.height - 2 * down, fit="contain"))
    if framing is None:
        scales = _figure_scales(avatar, size, place, canvas, room)
        return ClipSize(*size, *scales, framed=_head_put(avatar, scales, place, canvas))
    scale = _framing_scale(avatar, size, framing, canvas)
    return ClipSize(*size, scale, scale, framed=_framed_by_head(avatar, size, scale, framing, place, canvas))


def _framing_asked(avatar: Avatar, place: Place) -> str | None:
    sizes = (place.width, place.height, place.scale, place.head_height)
    sized = any(value is not None for value in sizes)
    if place.framing is None:
        placed = sized or isinstance(place.at, tuple) or place.head_at is not None
        return None if placed else ("waist" if avatar.head else "full")
    if sized or place.head_at is not None:
        raise BuildError("framing sets the size", hint="give framing=, or a size, not both")
    return place.framing


def _head(avatar: Avatar) -> tuple[float, float, float, float]:
    if avatar.head_in_figure is None:
        raise BuildError(f"the head of avatar {avatar.ai_name} is not known", hint="give height= or at=(x, y)")
    return avatar.head_in_figure


def _crown_to_chin(avatar: Avatar) -> float:
    _, y, _, height = _head(avatar)
    if y + height <= 0:
        hint = "give height= or at=(x, y), or an Avatar whose head= lies inside tight="
        raise BuildError(f"the head of avatar {avatar.ai_name} lies above its figure", hint=hint)
    return y + height


def _figure_scales(avatar: Avatar, size: Pair, place: Place, canvas: Box, room: Room) -> Pair:
    if place.head_height is not None:
        if place.width is not None or place.height is not None or place.scale is not None:
            raise BuildError("head_height sets the size", hint="leave width, height and scale out")
        scale = plain(extent(place.head_height, canvas.height, "head_height") / _head(avatar)[3])
        return scale, scale
    width, height = sides_asked(place, room)
    if place.head_at is not None and width is None and height is None and place.scale is None:
        scale = _framing_scale(avatar, size, "waist", canvas)
        return scale, scale
    scale_x, scale_y = scaled_size(size, width, height, asked := scale_asked(place))
    return asked or (plain(scale_x), plain(scale_y))


def _framing_scale(avatar: Avatar, size: Pair, framing: str, canvas: Box) -> float:
    scale = canvas.height / ((HEADS_ABOVE + HEADS_SHOWN[framing]) * _crown_to_chin(avatar))
    return plain(min(scale, canvas.width / size[0]) if framing == "waist" else scale)


def _head_put(avatar: Avatar, scales: Pair, place: Place, canvas: Box) -> Point | None:
    if not place.head_at:
        return None
    if place.at is not None:
        raise BuildError("head_at and at both set the position", hint="give one of them")
    x, y, width, height = _head(avatar)
    across = length(place.head_at[0], canvas.width, "head_at x", low=-math.inf)
    down = length(place.head_at[1], canvas.height, "head_at y", low=-math.inf)
    return across - (x + width / 2) * scales[0], down - (y + height / 2) * scales[1]


def _framed_by_head(avatar: Avatar, size: Pair, scale: float, framing: str, place: Place, canvas: Box) -> Point | None:
    if place.at is not None and not isinstance(place.at, str):
        return None
    margin = place.margin[0] if isinstance(place.margin, tuple) else place.margin
    corner = corner_at(place.at or "bottom", canvas, (margin, 0))
    if framing == "waist":
        left = corner(size[0] * scale, 0)[0]
    else:
        x, _, width, _ = _head(avatar)
        left = corner(width * scale, 0)[0] - x * scale
    head = _crown_to_chin(avatar) * scale
    # What is seen of a small or short figure ends above the canvas bottom: it is lowered until it stands on it.
    floating = canvas.height - min(size[1] * scale, HEADS_SHOWN[framing] * head)
    above = HEADS_ABOVE * head
    return left, above if math.isclose(above, floating) else max(above, floating)
