"""Sizes of loaded clips that an edit moved or sized."""

from __future__ import annotations

from operator import truediv
from typing import Any

from attrs import evolve

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.boxes import number, ruler_of
from aistudios_dsl.build.drafts import Draft
from aistudios_dsl.build.placement import Place
from aistudios_dsl.build.resizing import FRAMED, breaks_lines, drawn_at, kept_edge, refilled, resized, with_numbers
from aistudios_dsl.layout import text as measure
from aistudios_dsl.layout.geometry import Box, Point, corner_at
from aistudios_dsl.layout.sizes import (
    POINT,
    positive,
)
from aistudios_dsl.resolve.figures import figure_size
from aistudios_dsl.resolve.rooms import ClipSize, Pair, Room, Setting, fit_px, sides_asked
from aistudios_dsl.resolve.text_sizes import TextSizer, text_sizer
from aistudios_dsl.wire.nodes import AvatarClip, Clip, Text


def edited_size(clip: Clip, place: Place, setting: Setting, room: Room) -> ClipSize:
    """Return the size of a clip that has numbers, and the corner where it stays if it is not placed anew."""
    if isinstance(clip, AvatarClip) and any(getattr(place, name) is not None for name in FRAMED):
        return _reframed(clip, place, setting, room)
    fields: dict[str, Any] = {}
    new: Any = resized(clip, place, Box(0, 0, room.width or 0, room.height))
    if isinstance(clip, Text) and breaks_lines(clip, place):
        text, points, width, height = _inside(new, place, room)(clip.text)
        fields = {"text": text, "font_size": points}
        new = with_numbers(new, width=width, height=height)
    scales = number(new, "scale_x", 1), number(new, "scale_y", 1)
    size = ClipSize(new.width, new.height, *scales, max(0, number(new, "stroke_width")), fields=fields)
    return evolve(size, framed=_corner_kept(clip, new, size.seen, place, setting.canvas))


def _corner_kept(clip: Clip, new: Any, seen: Pair, place: Place, canvas: Box) -> Point | None:
    """Return the corner where an edited clip stays; None where its new place says all.

    An avatar that is taller than the canvas is framed, so that an anchor alone moves it only across.
    """
    if place.at is None:
        return kept_edge(clip, new) if isinstance(clip, Text) else (new.left, new.top)
    is_sized = any(value is not None for value in (place.width, place.height, place.scale))
    if isinstance(clip, AvatarClip) and isinstance(place.at, str) and seen[1] > canvas.height and not is_sized:
        margin = place.margin[0] if isinstance(place.margin, tuple) else place.margin
        return corner_at(place.at, canvas, (margin, 0))(*seen)[0], new.top
    return None


def _reframed(clip: AvatarClip, place: Place, setting: Setting, room: Room) -> ClipSize:
    avatar = place.avatar or Avatar.from_model(clip.model)
    sized = any(getattr(place, name) is not None for name in ("framing", "head_at", "head_height", "width", "height"))
    if not (sized or place.scale is not None):
        # Another figure is centred in the box that the old one was seen in.
        if not isinstance(avatar, Avatar):
            avatar = setting.catalog.find(avatar.ai_name, avatar.cloth)
        new = refilled(clip, avatar.size or (clip.width, clip.height))
        scales = number(new, "scale_x", 1), number(new, "scale_y", 1)
        fields = {"model": avatar.model(place.language)}
        stays = (new.left, new.top) if place.at is None else None
        return ClipSize(new.width, new.height, *scales, framed=stays, fields=fields)
    size = figure_size(evolve(place, avatar=avatar), setting, room)
    stays = (clip.left, clip.top) if place.at is None and place.framing is None else None
    return evolve(size, framed=size.framed or stays, fields=size.fields if place.avatar else {})


def _inside(clip: Text, place: Place, room: Room) -> TextSizer:
    """Return what sizes a text that is drawn at its scale so that it is seen at a place's width or in its box."""
    (across, down), fit = drawn_at(clip), place.fit
    positive(clip.font_size, "font_size")
    width, height = sides_asked(place, room)
    wanted = Place(
        width=width and width / across,
        height=height and height / down,
        fit=fit and tuple(map(truediv, fit_px(fit, room), (across, down))),
        min_font_size=place.min_font_size,
        balance=place.balance,
    )
    if width is None and height is not None:
        wanted = evolve(wanted, width=number(clip, "width"))
    sizer = text_sizer(Draft(clip, wanted), room)
    return lambda text: sizer(_unbroken(clip, text))


def _unbroken(clip: Text, text: str) -> str:
    """Return the words of a text without the breaks that wrapping them at its width gave; other breaks stay."""
    size, width, ruler = clip.font_size * POINT, number(clip, "width"), ruler_of(clip)
    lines = text.split("\n")
    if len(lines) > 1 and width > max(measure.measure(text, size, ruler=ruler).line_widths) + 0.05:
        for joined in (" ".join(lines), "".join(lines)):
            wrapped = measure.wrap(joined, size, width, family=clip.font_family or "", ruler=ruler)
            if list(wrapped.lines) == lines:
                return joined
    return text
