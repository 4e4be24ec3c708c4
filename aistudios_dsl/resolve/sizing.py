"""How large each drafted clip is seen, and where its framing wants it: the first half of layout, clip by clip."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from attrs import evolve, frozen

from aistudios_dsl.build.avatar import Avatar, Catalog
from aistudios_dsl.build.placement import AvatarId, Place, least_points, validate
from aistudios_dsl.build.scene import Draft, Item, validate_colours
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.geometry import Box, canvas, corner_at, margins
from aistudios_dsl.layout.sizes import POINT, extent, length, plain, rounded_up, scaled_size
from aistudios_dsl.wire.node import UNSET, Node, faults
from aistudios_dsl.wire.nodes import Audio, AvatarClip, Clip, Generation, Shape, Text

HEADS_ABOVE = 0.4
HEADS_SHOWN = {"head": 1.6, "bust": 3.0, "waist": 4.6}
"""How many head heights a framing shows, counted from the head's top, which is `HEADS_ABOVE` below the canvas top."""


@frozen
class Setting:
    """What a scene is resolved in: canvas, catalogue, generation, and the ids that are taken."""

    orientation: str
    catalog: Catalog
    api: Generation
    taken: frozenset[str] = frozenset()

    @property
    def frame(self) -> Box:
        """The canvas, px; that of landscape where a loaded project names an orientation of its own."""
        return canvas(self.orientation)


@frozen
class Measured:
    """A clip's size on the wire: natural width and height, scales, and where its framing wants it."""

    width: float
    height: float
    scale_x: float = 1
    scale_y: float = 1
    left: float | None = None
    top: float | None = None


def measured(draft: Draft, setting: Setting) -> tuple[Item, Measured]:
    clip, place, frame = draft.clip, draft.place, setting.frame
    _judge(clip)
    validate(place)
    if isinstance(clip, AvatarClip):
        return _avatar(draft, clip, setting)
    if isinstance(clip, Audio):
        return draft, Measured(0, 0)
    if isinstance(clip, Text):
        return _text(draft, clip, frame)
    if isinstance(clip, Shape):
        return draft, _shape(place, frame)
    return draft, _medium(place, frame)


def _judge(node: Node) -> None:
    for fault in faults(node, literal=True):
        raise fault
    for name in ("animation", "shadow"):
        part = getattr(node, name, UNSET)
        if part:
            _judge(part)
    if isinstance(node, Clip):
        validate_colours(node)


def _wanted(place: Place, frame: Box) -> tuple[float | None, float | None]:
    width = None if place.width is None else extent(place.width, frame.width, "width")
    height = None if place.height is None else extent(place.height, frame.height, "height")
    return width, height


def _medium(place: Place, frame: Box) -> Measured:
    width, height = _wanted(place, frame)
    if place.natural is None:
        if place.fit not in (None, "stretch"):
            hint = "give natural=(w, h), its own size, or file= of a local copy of a picture"
            raise BuildError(f"fit={place.fit!r} needs the size that it has by itself", hint=hint)
        if width is None or height is None:
            hint = "give natural=(w, h), file= of a local copy, or both width= and height="
            raise BuildError("its size is not known", hint=hint)
        scale_x, scale_y = _scales(place)
        return Measured(width, height, scale_x, scale_y)
    fit: Any = place.fit
    scale_x, scale_y = scaled_size(place.natural, width, height, _scale_asked(place), fit)
    return Measured(*place.natural, plain(scale_x), plain(scale_y))


def _scales(place: Place) -> tuple[float, float]:
    return _scale_asked(place) or (1, 1)


def _scale_asked(place: Place) -> tuple[float, float] | None:
    if place.scale is None:
        return None
    pair = place.scale if isinstance(place.scale, tuple) else (place.scale, place.scale)
    return extent(pair[0], 1, "scale"), extent(pair[1], 1, "scale")


def _shape(place: Place, frame: Box) -> Measured:
    width, height = _wanted(place, frame)
    if width is None and height is None:
        raise BuildError("a shape needs a size", hint="give width=, height=, or both")
    return Measured(*(width or height, height or width), *_scales(place))  # type: ignore[arg-type]


def _text(draft: Draft, clip: Text, frame: Box) -> tuple[Item, Measured]:
    text, points, width, height = worded(draft, frame)(clip.text)
    size_on_wire = Measured(width, height, *_scales(draft.place))
    return evolve(draft, clip=evolve(clip, text=text, font_size=points)), size_on_wire


Worded = Callable[[str], tuple[str, float, float, float]]
"""From the words of a text to what is written: its lines, its point size, and the width and height of its box in px."""


def worded(draft: Draft, frame: Box) -> Worded:
    """How a drafted text writes whatever words it is given. Raises `BuildError`, as what it returns does."""
    clip: Any = draft.clip
    width, height = _wanted(draft.place, frame)
    if width is not None and height is not None:
        if draft.place.fit is not None:
            _fit_box(draft.place, clip)
        given = clip.font_size, width, height
        return lambda text: (text, *given)
    if draft.place.fit is not None:
        return _fitted(draft.place, clip, frame)
    return _unwrapped(clip, height) if width is None else _wrapped(clip, width, height)


def _fitted(place: Place, clip: Text, frame: Box) -> Worded:
    from aistudios_dsl.layout import text as measure

    across, down = _fit_box(place, clip)
    box_width, box_height = extent(across, frame.width, "fit width"), extent(down, frame.height, "fit height")
    bold = measure.is_bold(clip.font_weight)

    def words(text: str) -> tuple[str, float, float, float]:
        size, box = measure.fit(
            text,
            point_size=int(clip.font_size),
            minimum=least_points(place.min_font_size),
            width=box_width,
            height=box_height,
            bold=bold,
            family=clip.font_family,
        )
        return "\n".join(box.lines), size, rounded_up(box.width), plain(box.height)

    return words


def _unwrapped(clip: Text, height: float | None) -> Worded:
    from aistudios_dsl.layout import text as measure

    points, size = clip.font_size, clip.font_size * POINT
    measured = measure.measurer(size, measure.is_bold(clip.font_weight))
    of_one_line = plain(height or measure.text_height(size, 1))

    def words(text: str) -> tuple[str, float, float, float]:
        lines, width = measured(text)
        if len(lines) == 1:
            return lines[0], points, rounded_up(width), of_one_line
        return "\n".join(lines), points, rounded_up(width), plain(height or measure.text_height(size, len(lines)))

    return words


def _wrapped(clip: Text, width: float, height: float | None) -> Worded:
    from aistudios_dsl.layout import text as measure

    points, size, bold = clip.font_size, clip.font_size * POINT, measure.is_bold(clip.font_weight)

    def words(text: str) -> tuple[str, float, float, float]:
        letter, widest = measure.widest_letter(text, size, bold)
        if width < widest:
            raise BuildError(f"width is {width:g} px, but its letter {letter!r} alone is {widest:.1f} px wide")
        box = measure.wrap(text, size, width, bold=bold, family=clip.font_family)
        return "\n".join(box.lines), points, rounded_up(box.width), plain(height or box.height)

    return words


def _fit_box(place: Place, clip: Text) -> tuple[Any, Any]:
    if not isinstance(place.fit, tuple | list) or len(place.fit) != 2:
        raise BuildError("fit of a text is a box", hint="fit=(width, height), px or percent")
    if place.width is not None or place.height is not None:
        raise BuildError("give fit=, or width= and height=, not both")
    if least_points(place.min_font_size) > clip.font_size:
        raise BuildError(f"min_font_size {place.min_font_size} is above font_size {clip.font_size}")
    return place.fit


def _avatar(draft: Draft, clip: AvatarClip, setting: Setting) -> tuple[Item, Measured]:
    place = draft.place
    avatar = _looked_up(place.avatar, setting.catalog)
    known = evolve(draft, clip=evolve(clip, model=avatar.model(place.language)))
    if avatar.size is None:
        width, height = _wanted(place, setting.frame)
        if width is None or height is None:
            hint = "give width= and height=, or learn its geometry: catalog.learn(project)"
            raise BuildError(f"the size of avatar {avatar.ai_name} is not known", hint=hint)
        if any(asked is not None for asked in (place.framing, place.head_at, place.head_height)):
            hint = "leave framing=, head_at= and head_height= out, or learn its geometry: catalog.learn(project)"
            raise BuildError(f"the head of avatar {avatar.ai_name} is not known", hint=hint)
        return known, Measured(width, height, *_scales(place))
    return known, _figure(avatar, avatar.size, place, setting.frame)


def _looked_up(avatar: Avatar | AvatarId | None, catalog: Catalog) -> Avatar:
    if isinstance(avatar, Avatar):
        return avatar
    assert avatar is not None
    return catalog.find(avatar.ai_name, avatar.cloth)


def _figure(avatar: Avatar, size: tuple[float, float], place: Place, frame: Box) -> Measured:
    framing = _framing_asked(avatar, place)
    if framing is None:
        scale = _figure_scale(avatar, size, place, frame)
        measured = Measured(*size, *scale)
        return _head_put(avatar, measured, place, frame) if place.head_at else measured
    if framing == "full":
        across, down = margins(place.margin, frame)
        fitted = scaled_size(size, frame.width - 2 * across, frame.height - 2 * down, fit="contain")
        return Measured(*size, *fitted)
    return _framed_by_head(avatar, size, framing, place, frame)


def _framing_asked(avatar: Avatar, place: Place) -> str | None:
    sizes = (place.width, place.height, place.scale, place.head_height)
    sized = any(value is not None for value in sizes)
    if place.framing is None:
        by_itself = sized or isinstance(place.at, tuple) or place.head_at is not None
        return None if by_itself else ("waist" if avatar.head else "full")
    if sized or place.head_at is not None:
        raise BuildError("framing sets the size by itself", hint="give framing=, or a size, not both")
    return place.framing


def _head(avatar: Avatar) -> tuple[float, float, float, float]:
    if avatar.head_in_figure is None:
        raise BuildError(f"the head of avatar {avatar.ai_name} is not known", hint="give height= or at=(x, y)")
    return avatar.head_in_figure


def _figure_scale(avatar: Avatar, size: tuple[float, float], place: Place, frame: Box) -> tuple[float, float]:
    if place.head_height is not None:
        if place.width is not None or place.height is not None or place.scale is not None:
            raise BuildError("head_height sets the size by itself", hint="leave width, height and scale out")
        scale = plain(extent(place.head_height, frame.height, "head_height") / _head(avatar)[3])
        return scale, scale
    width, height = _wanted(place, frame)
    if place.head_at is not None and width is None and height is None and place.scale is None:
        scale = _heads_scale(avatar, "waist", frame)
        return scale, scale
    scale_x, scale_y = scaled_size(size, width, height, _scale_asked(place))
    return plain(scale_x), plain(scale_y)


def _heads_scale(avatar: Avatar, framing: str, frame: Box) -> float:
    return plain(frame.height / ((HEADS_ABOVE + HEADS_SHOWN[framing]) * _head(avatar)[3]))


def _head_put(avatar: Avatar, measured: Measured, place: Place, frame: Box) -> Measured:
    assert place.head_at is not None
    if place.at is not None:
        raise BuildError("head_at and at both say where it stands", hint="give one of them")
    x, y, width, height = _head(avatar)
    across = length(place.head_at[0], frame.width, "head_at x", low=-math.inf)
    down = length(place.head_at[1], frame.height, "head_at y", low=-math.inf)
    left = across - (x + width / 2) * measured.scale_x
    return evolve(measured, left=left, top=down - (y + height / 2) * measured.scale_y)


def _framed_by_head(avatar: Avatar, size: tuple[float, float], framing: str, place: Place, frame: Box) -> Measured:
    scale = _heads_scale(avatar, framing, frame)
    measured = Measured(*size, scale, scale)
    if place.at is not None and not isinstance(place.at, str):
        return measured
    _, y, _, height = _head(avatar)
    seen_width, seen_height = size[0] * scale, size[1] * scale
    # A figure that ends above the canvas bottom would float: it is lowered until it stands on it.
    top = max(HEADS_ABOVE * height * scale - y * scale, frame.height - seen_height)
    left, _ = corner_at(place.at or "bottom", frame, (_across(place), 0))(seen_width, seen_height)
    return evolve(measured, left=left, top=top)


def _across(place: Place) -> float | str:
    return place.margin[0] if isinstance(place.margin, tuple) else place.margin
