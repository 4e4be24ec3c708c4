"""Sizes of texts: measured, wrapped, fitted, or given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aistudios_dsl.build.boxes import number, ruler_of
from aistudios_dsl.build.drafts import Draft
from aistudios_dsl.build.placement import Place, least_points
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout import text as measure
from aistudios_dsl.layout.sizes import (
    POINT,
    is_near,
    plain,
    rounded_down,
    rounded_up,
)
from aistudios_dsl.resolve.rooms import Pair, Room, fit_px, scales_or_1, sides_asked
from aistudios_dsl.wire.nodes import Text

TextSizer = Callable[[str], tuple[str, float, float, float]]
"""From the words of a text to what is written: its lines, its point size, and the width and height of its box in px."""


def text_sizer(draft: Draft, room: Room) -> TextSizer:
    """Return what sizes a drafted text for any words; both raise `BuildError`."""
    clip: Any = draft.clip
    width, height = sides_asked(draft.place, room)
    is_wrapped = (width is not None and height is None) or room.wraps
    if draft.place.balance and draft.place.fit is None and not is_wrapped:
        hint = "give width= without height=, or fit=(width, height)"
        raise BuildError("balance= is for lines that are wrapped", hint=hint)
    if width is not None and height is not None:
        if draft.place.fit is not None:
            _fit_box(draft.place, clip)
        given = clip.font_size, width, height
        return lambda text: (text, *given)
    if draft.place.fit is not None:
        return _fitted(draft.place, clip, room)
    if width is not None:
        measured = _wrapped(draft.place, clip, width, height)
    else:
        measured = _unwrapped(draft.place, clip, height)
        if room.wraps and room.width is not None:
            measured = _narrowed(measured, draft, rounded_down(room.width), height)
    exact = draft.place.exact
    return measured if isinstance(exact, bool) else _as_the_editor(measured, exact)


def line_sizer(draft: Draft, room: Room) -> Callable[[Any], Any] | None:
    """Return what gives the width and height (px) for the width of one line of letters, in thousandths of an em.

    They are those of `text_sizer`, and the text stands as it is. None where a box depends on the words themselves.
    """
    width, height = sides_asked(draft.place, room)
    if width is not None or draft.place.fit is not None or room.wraps or not isinstance(draft.place.exact, bool):
        return None
    clip: Any = draft.clip
    size, written = _letter_size(draft.place, clip), plain if draft.place.exact else rounded_up
    of_one_line = plain(height or measure.text_height(size, 1))
    return lambda units: (written(measure.in_px(units, size)), of_one_line)


def _as_the_editor(measured: TextSizer, box: Pair) -> TextSizer:
    """Write the box that the editor measured where the words measure that, within what a canvas rounds."""

    def sized(text: str) -> tuple[str, float, float, float]:
        lines, points, width, height = measured(text)
        return (lines, points, *(box if is_near(width, box[0]) and is_near(height, box[1]) else (width, height)))

    return sized


def _narrowed(unwrapped: TextSizer, draft: Draft, most: float, height: float | None) -> TextSizer:
    """Return what wraps the words where they are seen wider than `most` px."""
    clip: Any = draft.clip
    scale, stroke = scales_or_1(draft.place)[0], number(clip, "stroke_width")
    wrapped: list[TextSizer] = []

    def sized(text: str) -> tuple[str, float, float, float]:
        found = unwrapped(text)
        if (found[2] + stroke) * scale <= most:
            return found
        if not wrapped:
            wrapped.append(_wrapped(draft.place, clip, max(rounded_down(most / scale - stroke), 0.01), height))
        return wrapped[0](text)

    return sized


def _fitted(place: Place, clip: Text, room: Room) -> TextSizer:
    across, down = _fit_box(place, clip)
    box_width, box_height = fit_px((across, down), room)
    family, ruler, written = clip.font_family or "", ruler_of(clip), plain if place.exact else rounded_up

    def sized(text: str) -> tuple[str, float, float, float]:
        size, box = measure.fit(
            text,
            point_size=int(clip.font_size),
            minimum=least_points(place.min_font_size),
            width=box_width,
            height=box_height,
            family=family,
            ruler=ruler,
            balance=place.balance,
        )
        return "\n".join(box.lines), size, written(box.width), plain(box.height)

    return sized


def _letter_size(place: Place, clip: Text) -> float:
    # To the last digit, the editor multiplies before it divides.
    return clip.font_size * 4 / 3 if place.exact else clip.font_size * POINT


def _unwrapped(place: Place, clip: Text, height: float | None) -> TextSizer:
    points, size, written = clip.font_size, _letter_size(place, clip), plain if place.exact else rounded_up
    lines_and_width = measure.measurer(size, ruler=ruler_of(clip))
    of_one_line = plain(height or measure.text_height(size, 1))

    def sized(text: str) -> tuple[str, float, float, float]:
        lines, width = lines_and_width(text)
        if len(lines) == 1:
            return lines[0], points, written(width), of_one_line
        return "\n".join(lines), points, written(width), plain(height or measure.text_height(size, len(lines)))

    return sized


def _wrapped(place: Place, clip: Text, width: float, height: float | None) -> TextSizer:
    points, size, written = clip.font_size, _letter_size(place, clip), plain if place.exact else rounded_up
    family, ruler = clip.font_family or "", ruler_of(clip)

    def sized(text: str) -> tuple[str, float, float, float]:
        letter, widest = measure.widest_letter(text, size, ruler=ruler)
        if width < widest:
            raise BuildError(
                f"width is {width:g} px, but its letter {letter!r} alone is {widest:.1f} px wide", code="no-room"
            )
        box = measure.wrap(text, size, width, family=family, ruler=ruler, balance=place.balance)
        return "\n".join(box.lines), points, written(box.width), plain(height or box.height)

    return sized


def _fit_box(place: Place, clip: Text) -> tuple[Any, Any]:
    if not isinstance(place.fit, tuple | list) or len(place.fit) != 2:
        raise BuildError("fit of a text must be a box", hint="give fit=(width, height), in px or percent")
    if place.width is not None or place.height is not None:
        raise BuildError("give fit=, or width= and height=, not both")
    if least_points(place.min_font_size) > clip.font_size:
        raise BuildError(f"min_font_size {place.min_font_size} is above font_size {clip.font_size}")
    return place.fit
