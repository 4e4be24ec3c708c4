"""Sizes: how large each drafted clip is on the wire, and the corner that its framing asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, assert_never, cast

from attrs import evolve, frozen

from aistudios_dsl.build.avatar import Avatar, Catalog, validate_language
from aistudios_dsl.build.boxes import number
from aistudios_dsl.build.editing import validate_colours
from aistudios_dsl.build.placement import Place, least_points, validate
from aistudios_dsl.build.scene import Draft
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout import text as measure
from aistudios_dsl.layout.geometry import Box, Point, canvas, corner_at, margins
from aistudios_dsl.layout.sizes import POINT, extent, is_near, length, plain, rounded_up, scaled_size, seen_size
from aistudios_dsl.wire.node import faults
from aistudios_dsl.wire.nodes import Audio, AvatarClip, Clip, Generation, Image, Shape, Text, Video

Pair = tuple[float, float]
"""Two numbers, across and down: a width and a height (px), or two scales."""
HEADS_ABOVE = 0.4
HEADS_SHOWN = {"head": 1.6, "bust": 3.0, "waist": 4.6}
"""How many head heights a framing shows, counted from the head's top, which is `HEADS_ABOVE` below the canvas top."""


@frozen
class Setting:
    """What all scenes of a project are resolved with: canvas, catalogue, generation, and the ids that are taken."""

    orientation: str
    catalog: Catalog
    api: Generation
    taken: frozenset[str] = frozenset()

    @property
    def canvas(self) -> Box:
        return canvas(self.orientation)


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
        """Width and height on the canvas (px)."""
        return seen_size(self.width, self.height, self.scale_x, self.scale_y, self.stroke)


def clip_size(draft: Draft, setting: Setting) -> ClipSize:
    """Validate a drafted clip, whose strings are rendered, and return its size."""
    clip = cast("AvatarClip | Image | Video | Shape | Text | Audio", draft.clip)
    place, canvas = draft.place, setting.canvas
    _validate(clip)
    validate(place)
    match clip:
        case AvatarClip():
            return _avatar(place, setting)
        case Audio():
            return ClipSize(0, 0)
        case Text():
            text, points, width, height = text_sizer(draft, canvas)(clip.text)
            fields = {"text": text, "font_size": points}
            return ClipSize(width, height, *_scales(place), number(clip, "stroke_width"), fields=fields)
        case Shape():
            return _shape(place, canvas, number(clip, "stroke_width"))
        case Image() | Video():
            return _medium(place, canvas, isinstance(clip, Image))
        case _:
            assert_never(clip)


def _validate(clip: Clip) -> None:
    for node in (clip, getattr(clip, "animation", None), getattr(clip, "shadow", None)):
        for fault in faults(node, literal=True) if node else ():
            raise fault
    validate_colours(clip)


def _wanted(place: Place, canvas: Box) -> tuple[float | None, float | None]:
    width = None if place.width is None else extent(place.width, canvas.width, "width")
    height = None if place.height is None else extent(place.height, canvas.height, "height")
    return width, height


def _medium(place: Place, canvas: Box, is_image: bool) -> ClipSize:
    width, height = _wanted(place, canvas)
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


def _shape(place: Place, canvas: Box, stroke: float) -> ClipSize:
    width, height = _wanted(place, canvas)
    width, height = width or height, height or width
    if width is None or height is None:
        raise BuildError("a shape needs a size", hint="give width=, height=, or both", code="no-size")
    return ClipSize(width, height, *_scales(place), stroke)


# texts

TextSizer = Callable[[str], tuple[str, float, float, float]]
"""From the words of a text to what is written: its lines, its point size, and the width and height of its box in px."""


def text_sizer(draft: Draft, canvas: Box) -> TextSizer:
    """Return what sizes a drafted text for any words; both raise `BuildError`."""
    clip: Any = draft.clip
    width, height = _wanted(draft.place, canvas)
    if width is not None and height is not None:
        if draft.place.fit is not None:
            _fit_box(draft.place, clip)
        given = clip.font_size, width, height
        return lambda text: (text, *given)
    if draft.place.fit is not None:
        return _fitted(draft.place, clip, canvas)
    measured = _measured(draft.place, clip, width, height)
    return measured if isinstance(draft.place.exact, bool) else _as_the_editor(measured, draft.place.exact)


def _measured(place: Place, clip: Text, width: float | None, height: float | None) -> TextSizer:
    written = plain if place.exact else rounded_up
    size = _letter_size(clip, place)
    if width is None:
        return _unwrapped(clip, size, height, written)
    return _wrapped(clip, size, width, height, written)


def _as_the_editor(measured: TextSizer, box: Pair) -> TextSizer:
    """Write the box that the editor measured where the words measure that, within what a canvas rounds."""

    def sized(text: str) -> tuple[str, float, float, float]:
        lines, points, width, height = measured(text)
        return (lines, points, *(box if is_near(width, box[0]) and is_near(height, box[1]) else (width, height)))

    return sized


def _letter_size(clip: Text, place: Place) -> float:
    # To the last digit, the editor multiplies before it divides.
    return clip.font_size * 4 / 3 if place.exact else clip.font_size * POINT


def _fitted(place: Place, clip: Text, canvas: Box) -> TextSizer:
    across, down = _fit_box(place, clip)
    box_width, box_height = extent(across, canvas.width, "fit width"), extent(down, canvas.height, "fit height")
    bold, written = measure.is_bold(clip.font_weight), plain if place.exact else rounded_up

    def sized(text: str) -> tuple[str, float, float, float]:
        size, box = measure.fit(
            text,
            point_size=int(clip.font_size),
            minimum=least_points(place.min_font_size),
            width=box_width,
            height=box_height,
            bold=bold,
            family=clip.font_family or "",
        )
        return "\n".join(box.lines), size, written(box.width), plain(box.height)

    return sized


def _unwrapped(clip: Text, size: float, height: float | None, written: Callable[[float], float]) -> TextSizer:
    points = clip.font_size
    lines_and_width = measure.measurer(size, measure.is_bold(clip.font_weight))
    of_one_line = plain(height or measure.text_height(size, 1))

    def sized(text: str) -> tuple[str, float, float, float]:
        lines, width = lines_and_width(text)
        if len(lines) == 1:
            return lines[0], points, written(width), of_one_line
        return "\n".join(lines), points, written(width), plain(height or measure.text_height(size, len(lines)))

    return sized


def _wrapped(
    clip: Text, size: float, width: float, height: float | None, written: Callable[[float], float]
) -> TextSizer:
    points, bold = clip.font_size, measure.is_bold(clip.font_weight)

    def sized(text: str) -> tuple[str, float, float, float]:
        letter, widest = measure.widest_letter(text, size, bold)
        if width < widest:
            raise BuildError(f"width is {width:g} px, but its letter {letter!r} alone is {widest:.1f} px wide")
        box = measure.wrap(text, size, width, bold=bold, family=clip.font_family or "")
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


def _avatar(place: Place, setting: Setting) -> ClipSize:
    avatar = place.avatar
    assert avatar is not None
    if not isinstance(avatar, Avatar):
        avatar = setting.catalog.find(avatar.ai_name, avatar.cloth)
    if avatar.written is None:
        validate_language(place.language or avatar.language, literal=True)
    fields = {"model": avatar.model(place.language)}
    if avatar.size is not None:
        return evolve(_figure(avatar, avatar.size, place, setting.canvas), fields=fields)
    width, height = _wanted(place, setting.canvas)
    if width is None or height is None:
        hint = "give width= and height=, or learn its geometry: catalog.learn(project)"
        raise BuildError(f"the size of avatar {avatar.ai_name} is not known", hint=hint, code="no-size")
    if any(asked is not None for asked in (place.framing, place.head_at, place.head_height)):
        hint = "leave framing=, head_at= and head_height= out, or learn its geometry: catalog.learn(project)"
        raise BuildError(f"the head of avatar {avatar.ai_name} is not known", hint=hint)
    return ClipSize(width, height, *_scales(place), fields=fields)


def _figure(avatar: Avatar, size: Pair, place: Place, canvas: Box) -> ClipSize:
    framing = _framing_asked(avatar, place)
    if framing == "full":
        across, down = margins(place.margin, canvas)
        return ClipSize(*size, *scaled_size(size, canvas.width - 2 * across, canvas.height - 2 * down, fit="contain"))
    if framing is None:
        scales = _figure_scales(avatar, size, place, canvas)
        return ClipSize(*size, *scales, framed=_head_put(avatar, scales, place, canvas))
    scales = _framing_scales(avatar, framing, canvas)
    return ClipSize(*size, *scales, framed=_framed_by_head(avatar, size, scales[0], place, canvas))


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


def _figure_scales(avatar: Avatar, size: Pair, place: Place, canvas: Box) -> Pair:
    if place.head_height is not None:
        if place.width is not None or place.height is not None or place.scale is not None:
            raise BuildError("head_height sets the size", hint="leave width, height and scale out")
        scale = plain(extent(place.head_height, canvas.height, "head_height") / _head(avatar)[3])
        return scale, scale
    width, height = _wanted(place, canvas)
    if place.head_at is not None and width is None and height is None and place.scale is None:
        return _framing_scales(avatar, "waist", canvas)
    scale_x, scale_y = scaled_size(size, width, height, asked := _scale_asked(place))
    return asked or (plain(scale_x), plain(scale_y))


def _framing_scales(avatar: Avatar, framing: str, canvas: Box) -> Pair:
    scale = plain(canvas.height / ((HEADS_ABOVE + HEADS_SHOWN[framing]) * _head(avatar)[3]))
    return scale, scale


def _head_put(avatar: Avatar, scales: Pair, place: Place, canvas: Box) -> Point | None:
    if not place.head_at:
        return None
    if place.at is not None:
        raise BuildError("head_at and at both set the position", hint="give one of them")
    x, y, width, height = _head(avatar)
    across = length(place.head_at[0], canvas.width, "head_at x", low=-math.inf)
    down = length(place.head_at[1], canvas.height, "head_at y", low=-math.inf)
    return across - (x + width / 2) * scales[0], down - (y + height / 2) * scales[1]


def _framed_by_head(avatar: Avatar, size: Pair, scale: float, place: Place, canvas: Box) -> Point | None:
    if place.at is not None and not isinstance(place.at, str):
        return None
    _, y, _, height = _head(avatar)
    seen_width, seen_height = size[0] * scale, size[1] * scale
    # A figure that ends above the canvas bottom would float: it is lowered until it stands on it.
    top = max(HEADS_ABOVE * height * scale - y * scale, canvas.height - seen_height)
    margin = place.margin[0] if isinstance(place.margin, tuple) else place.margin
    return corner_at(place.at or "bottom", canvas, (margin, 0))(seen_width, seen_height)[0], top
