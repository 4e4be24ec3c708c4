"""Sizes: how large each drafted clip is on the wire, and the corner that its framing asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from operator import truediv
from typing import Any, assert_never, cast

from attrs import evolve, frozen

from aistudios_dsl.build.avatar import Avatar, Catalog, validate_language
from aistudios_dsl.build.boxes import number, ruler_of
from aistudios_dsl.build.drafts import Draft
from aistudios_dsl.build.editing import faults_in_words
from aistudios_dsl.build.placement import Around, Inside, Place, least_points, validate
from aistudios_dsl.build.resizing import FRAMED, breaks_lines, drawn_at, kept_edge, refilled, resized, with_numbers
from aistudios_dsl.build.theme import Theme
from aistudios_dsl.errors import BuildError, under
from aistudios_dsl.layout import text as measure
from aistudios_dsl.layout.geometry import Box, Point, canvas, corner_at, margins
from aistudios_dsl.layout.sizes import (
    POINT,
    Length,
    extent,
    is_near,
    length,
    plain,
    positive,
    rounded_down,
    rounded_up,
    scaled_size,
    seen_size,
)
from aistudios_dsl.wire.node import faults
from aistudios_dsl.wire.nodes import Audio, AvatarClip, Clip, Generation, Image, Shape, Text, Video

Pair = tuple[float, float]
"""Two numbers, across and down: a width and a height (px), or two scales."""
HEADS_ABOVE = 0.35
HEADS_SHOWN = {"head": 1.35, "bust": 2.2, "waist": 3.4}
"""How many heads a framing shows from the crown down, which is `HEADS_ABOVE` below the canvas top.

A head is the figure from its crown, the top of its box, to its chin, the bottom of its head box.
"""


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


def scales_in_any_room(draft: Draft, size: ClipSize | RoomSize) -> Pair | None:
    """Return the scales of a clip where no room and no words change them."""
    if isinstance(size, ClipSize):
        return size.scale_x, size.scale_y
    return (1, 1) if isinstance(draft.clip, Text | Shape) and draft.place.scale is None else None


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


def room_within(width: float | None, height: float | None, canvas: Box) -> Room:
    """Return the room of a clip that is sized within these sides: one without height is in a group."""
    return Room(width, height or canvas.height, wraps=height is None)


def box_asked(place: Place, room: Room) -> tuple[float | None, float | None]:
    """Return the width and height (px) that a text was given, or those of the box that it is fitted into."""
    return _wanted(place, room) if place.fit is None else _fit_px(place.fit, room)


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
        return _edited_size(clip, place, setting, room)
    match clip:
        case AvatarClip():
            return _avatar(place, setting, room)
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
    sizer, scales, stroke = text_sizer(draft, room), _scales(draft.place), number(draft.clip, "stroke_width")

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
    for node in (clip, getattr(clip, "animation", None), getattr(clip, "shadow", None)):
        for fault in faults(node, literal=True) if node else ():
            raise next(faults_in_words(clip, literal=True), fault)


def _wanted(place: Place, room: Room) -> tuple[float | None, float | None]:
    width = None if place.width is None else _across(place.width, room, "width")
    height = None if place.height is None else extent(place.height, room.height, "height")
    if place.ratio is None or (width is None) == (height is None):
        return width, height
    across, down = _across(place.ratio[0], room, "width"), extent(place.ratio[1], room.height, "height")
    return (width, width * down / across) if width is not None else (height * across / down, height)  # type: ignore[operator]


def _edited_size(clip: Clip, place: Place, setting: Setting, room: Room) -> ClipSize:
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
    size = _avatar(evolve(place, avatar=avatar), setting, room)
    stays = (clip.left, clip.top) if place.at is None and place.framing is None else None
    return evolve(size, framed=size.framed or stays, fields=size.fields if place.avatar else {})


def _inside(clip: Text, place: Place, room: Room) -> TextSizer:
    """Return what sizes a text that is drawn at its scale so that it is seen at a place's width or in its box."""
    (across, down), fit = drawn_at(clip), place.fit
    positive(clip.font_size, "font_size")
    width, height = _wanted(place, room)
    wanted = Place(
        width=width and width / across,
        height=height and height / down,
        fit=fit and tuple(map(truediv, _fit_px(fit, room), (across, down))),
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


def _fit_px(fit: Any, room: Room) -> Pair:
    return _across(fit[0], room, "fit width"), extent(fit[1], room.height, "fit height")


def _across(width: Length, room: Room, name: str) -> float:
    if room.width is None and isinstance(width, str) and "%" in width:
        hint = "give the group width=, as in .place(group, width=600)"
        raise BuildError(f"{name} is {width!r} of a group without width", hint=hint, code="no-width")
    return extent(width, room.width or 0, name)


def _medium(place: Place, room: Room, is_image: bool) -> ClipSize:
    width, height = _wanted(place, room)
    # Only a picture has a file= to read its size from.
    ways = ["natural=(w, h)", "file= with a local copy"] if is_image else ["natural=(w, h)"]
    if place.natural is None:
        if place.fit not in (None, "stretch"):
            hint = f"give {' or '.join(ways)}"
            raise BuildError(f"fit={place.fit!r} needs its natural size", hint=hint, code="no-size")
        if width is None or height is None:
            hint = f"give {', '.join(ways)}, or both width= and height="
            raise BuildError("its size is not known", hint=hint, code="no-size")
        return ClipSize(width, height, *_scales(place))
    fit: Any = place.fit
    scale_x, scale_y = scaled_size(place.natural, width, height, asked := _scale_asked(place), fit)
    return ClipSize(*place.natural, *(asked or (plain(scale_x), plain(scale_y))))


def _scales(place: Place) -> Pair:
    return _scale_asked(place) or (1, 1)


def _scale_asked(place: Place) -> Pair | None:
    if place.scale is None:
        return None
    pair = place.scale if isinstance(place.scale, tuple) else (place.scale, place.scale)
    return extent(pair[0], 1, "scale"), extent(pair[1], 1, "scale")


def _shape(place: Place, room: Room, stroke: float) -> ClipSize:
    width, height = _wanted(place, room)
    width, height = width or height, height or width
    if width is None or height is None:
        raise BuildError("a shape needs a size", hint="give width=, height=, or both", code="no-size")
    return ClipSize(width, height, *_scales(place), stroke)


# texts

TextSizer = Callable[[str], tuple[str, float, float, float]]
"""From the words of a text to what is written: its lines, its point size, and the width and height of its box in px."""


def text_sizer(draft: Draft, room: Room) -> TextSizer:
    """Return what sizes a drafted text for any words; both raise `BuildError`."""
    clip: Any = draft.clip
    width, height = _wanted(draft.place, room)
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


def _as_the_editor(measured: TextSizer, box: Pair) -> TextSizer:
    """Write the box that the editor measured where the words measure that, within what a canvas rounds."""

    def sized(text: str) -> tuple[str, float, float, float]:
        lines, points, width, height = measured(text)
        return (lines, points, *(box if is_near(width, box[0]) and is_near(height, box[1]) else (width, height)))

    return sized


def _narrowed(unwrapped: TextSizer, draft: Draft, most: float, height: float | None) -> TextSizer:
    """Return what wraps the words where they are seen wider than `most` px."""
    clip: Any = draft.clip
    scale, stroke = _scales(draft.place)[0], number(clip, "stroke_width")
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
    box_width, box_height = _fit_px((across, down), room)
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


# avatars


def _avatar(place: Place, setting: Setting, room: Room) -> ClipSize:
    avatar = place.avatar
    assert avatar is not None
    if not isinstance(avatar, Avatar):
        avatar = setting.catalog.find(avatar.ai_name, avatar.cloth)
    if avatar.written is None:
        validate_language(place.language or avatar.language, literal=True)
    fields = {"model": avatar.model(place.language)}
    if avatar.size is not None:
        return evolve(_figure(avatar, avatar.size, place, setting.canvas, room), fields=fields)
    width, height = _wanted(place, room)
    if width is None or height is None:
        hint = "give width= and height=, or learn its geometry: catalog.learn(project)"
        raise BuildError(f"the size of avatar {avatar.ai_name} is not known", hint=hint, code="no-size")
    if any(asked is not None for asked in (place.framing, place.head_at, place.head_height)):
        hint = "leave framing=, head_at= and head_height= out, or learn its geometry: catalog.learn(project)"
        raise BuildError(f"the head of avatar {avatar.ai_name} is not known", hint=hint)
    return ClipSize(width, height, *_scales(place), fields=fields)


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
    width, height = _wanted(place, room)
    if place.head_at is not None and width is None and height is None and place.scale is None:
        scale = _framing_scale(avatar, size, "waist", canvas)
        return scale, scale
    scale_x, scale_y = scaled_size(size, width, height, asked := _scale_asked(place))
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
