"""Sizes: how large each drafted clip is on the wire, and the corner that its framing asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_never, cast

from attrs import evolve

from aistudios_dsl.build.boxes import number
from aistudios_dsl.build.drafts import Draft
from aistudios_dsl.build.editing import faults_in_words
from aistudios_dsl.build.placement import Around, Inside, Place, validate
from aistudios_dsl.errors import BuildError, under
from aistudios_dsl.layout.sizes import (
    Length,
    plain,
    scaled_size,
)
from aistudios_dsl.resolve.edited_sizes import edited_size
from aistudios_dsl.resolve.figures import figure_size
from aistudios_dsl.resolve.rooms import (
    ClipSize,
    Pair,
    Room,
    RoomSize,
    Setting,
    fit_px,
    room_within,
    scale_asked,
    scales_or_1,
    sides_asked,
)
from aistudios_dsl.resolve.text_sizes import text_sizer
from aistudios_dsl.wire.node import faults, holds_jinja, keys
from aistudios_dsl.wire.nodes import Audio, AvatarClip, Clip, Image, Shape, Text, Video


def clip_size(draft: Draft, setting: Setting, label: str = "") -> ClipSize | RoomSize:
    """Validate a drafted clip, whose strings are rendered, and return its size; `label` is for later errors."""
    clip, canvas = draft.clip, setting.canvas
    validate(draft.place)
    if not draft.is_loaded:
        _validate(clip)
    if not depends_on_room(draft):
        return _size(draft, setting, Room(canvas.width, canvas.height))

    def within(width: float | None, height: float | None) -> tuple[Pair, ClipSize]:
        with under(label):
            if isinstance(draft.place.at, Around):
                size = covering_size(draft, width or 0, height or 0)
            else:
                size = _size(draft, setting, room_within(width, height, canvas))
        return size.seen, size

    if not isinstance(clip, Text) or draft.is_loaded:
        return RoomSize(within)
    return RoomSize(within, wraps(draft), lambda width, height: _text_size(draft, room_within(width, height, canvas)))


def box_asked(place: Place, room: Room) -> tuple[float | None, float | None]:
    """Return the width and height (px) that a text was given, or those of the box that it is fitted into."""
    return sides_asked(place, room) if place.fit is None else fit_px(place.fit, room)


def _size(draft: Draft, setting: Setting, room: Room) -> ClipSize:
    place = draft.place
    size = _any_size(draft, setting, room)
    # A number that was given is written as it was.
    given = place.width, place.height, *(place.natural or ()), *(place.exact if isinstance(place.exact, tuple) else ())
    width, height = (side if any(side is one for one in given) else plain(side) for side in (size.width, size.height))
    return size if width is size.width and height is size.height else evolve(size, width=width, height=height)


def _any_size(draft: Draft, setting: Setting, room: Room) -> ClipSize:
    clip = cast("AvatarClip | Image | Video | Shape | Text | Audio", draft.clip)
    place = draft.place
    if draft.is_loaded:
        return edited_size(clip, place, setting, room)
    match clip:
        case AvatarClip():
            return figure_size(place, setting, room)
        case Audio():
            return ClipSize(0, 0)
        case Text():
            return _text_size(draft, room)(clip.text)
        case Shape():
            return _shape(place, room, number(clip, "stroke_width"))
        case Image() | Video():
            return _medium(place, room, isinstance(clip, Image))
        case _:
            assert_never(clip)


def _text_size(draft: Draft, room: Room) -> Callable[[str], ClipSize]:
    sizer, scales, stroke = text_sizer(draft, room), scales_or_1(draft.place), number(draft.clip, "stroke_width")

    def sized(words: str) -> ClipSize:
        text, points, width, height = sizer(words)
        return ClipSize(width, height, *scales, stroke, fields={"text": text, "font_size": points})

    return sized


def depends_on_room(draft: Draft) -> bool:
    """Return whether a clip's size waits for that of its group, or of the clips it stands inside or around."""
    place = draft.place
    if isinstance(place.at, Around):
        return True
    if isinstance(place.at, Inside):
        lengths = (place.width, place.height, *(place.fit if isinstance(place.fit, tuple) else ()))
        return any(isinstance(each, str) and "%" in each for each in lengths)
    return draft.parent >= 0 and (
        wraps(draft) or any(isinstance(each, str) and "%" in each for each in (place.width, _fit_width(place)))
    )


def wraps(draft: Draft) -> bool:
    """Return whether a clip is a text that wraps in the room of its group."""
    place = draft.place
    flows = draft.parent >= 0 and place.at is None
    return flows and isinstance(draft.clip, Text) and place.width is None and place.fit is None


def _fit_width(place: Place) -> Length | None:
    return place.fit[0] if isinstance(place.fit, tuple) else None


def covering_size(draft: Draft, width: float, height: float) -> ClipSize:
    """Return the size of a clip that is seen `width` x `height` px, around others."""
    clip, place = draft.clip, draft.place
    if isinstance(clip, Shape):
        stroke = number(clip, "stroke_width")
        if stroke > min(width, height):
            hint = "give around() more padding, or a thinner stroke"
            raise BuildError(f"a stroke of {stroke:g} px is wider than what it surrounds", hint=hint)
        return ClipSize(plain(width - stroke), plain(height - stroke), stroke=stroke)
    natural = place.natural or ((number(clip, "width"), number(clip, "height")) if draft.is_loaded else None)
    if natural is None:
        return ClipSize(plain(width), plain(height))
    fit: Any = place.fit
    scale_x, scale_y = scaled_size(natural, width, height, fit=fit)
    return ClipSize(*natural, plain(scale_x), plain(scale_y))


def _validate(clip: Clip) -> None:
    """Raise `BuildError` for braces that are text, and no value. All else was judged as it was said or rendered."""
    for node in (clip, getattr(clip, "animation", None), getattr(clip, "shadow", None)):
        if node and (node.extra or any(holds_jinja(getattr(node, key.attribute)) for key in keys(type(node)))):
            for fault in faults(node, literal=True):
                raise next(faults_in_words(clip, literal=True), fault)


def _medium(place: Place, room: Room, is_image: bool) -> ClipSize:
    width, height = sides_asked(place, room)
    # Only a picture has a file= to read its size from.
    ways = ["natural=(w, h)", "file= with a local copy"] if is_image else ["natural=(w, h)"]
    if place.natural is None:
        if place.fit not in (None, "stretch"):
            hint = f"give {' or '.join(ways)}"
            raise BuildError(f"fit={place.fit!r} needs its natural size", hint=hint, code="no-size")
        if width is None or height is None:
            hint = f"give {', '.join(ways)}, or both width= and height="
            raise BuildError("its size is not known", hint=hint, code="no-size")
        return ClipSize(width, height, *scales_or_1(place))
    fit: Any = place.fit
    scale_x, scale_y = scaled_size(place.natural, width, height, asked := scale_asked(place), fit)
    return ClipSize(*place.natural, *(asked or (plain(scale_x), plain(scale_y))))


def _shape(place: Place, room: Room, stroke: float) -> ClipSize:
    width, height = sides_asked(place, room)
    width, height = width or height, height or width
    if width is None or height is None:
        raise BuildError("a shape needs a size", hint="give width=, height=, or both", code="no-size")
    return ClipSize(width, height, *scales_or_1(place), stroke)
