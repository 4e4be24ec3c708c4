"""The box in which a clip is seen, by Fabric.js's rules, and what measures the words of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aistudios_dsl.layout.geometry import Box, canvas
from aistudios_dsl.layout.sizes import LARGEST, seen_size
from aistudios_dsl.wire.node import UNSET, camel
from aistudios_dsl.wire.nodes import Clip, Shape, Text, UnknownClip

if TYPE_CHECKING:
    from aistudios_dsl.layout.metrics import Ruler


def seen_box(clip: Clip | UnknownClip) -> Box:
    """Return the clip's box in px: `(width + stroke) * scale`, turned by its angle about its left-top corner.

    A negative scale mirrors the clip in place. What is missing or not a number counts as 0, a scale as 1.
    """
    stroke = max(0, number(clip, "stroke_width"))
    size = abs(number(clip, "width")), abs(number(clip, "height"))
    width, height = seen_size(*size, *scales(clip), stroke)
    return Box(number(clip, "left"), number(clip, "top"), width, height, number(clip, "angle"))


def is_backdrop(clip: Clip | UnknownClip) -> bool:
    """Return whether a clip is the square of a plain background: as large as a canvas, upright, not drawn over time."""
    if not isinstance(clip, Shape) or clip.shape_name != "Square" or number(clip, "opacity", 100) != 100:
        return False
    plain = not (clip.animation or clip.shadow or number(clip, "stroke_width") or number(clip, "stroke_radius"))
    return plain and seen_box(clip) in (canvas("landscape"), canvas("portrait"))


def scales(clip: Clip | UnknownClip) -> tuple[float, float]:
    """Return how much wider and higher than its own size a clip is seen, mirrored or not."""
    return abs(number(clip, "scale_x", 1)), abs(number(clip, "scale_y", 1))


def number(clip: Clip | UnknownClip, name: str, default: float = 0) -> float:
    """Return a number of a clip, from its field or, where its class has none of this name, from its unknown keys."""
    value = getattr(clip, name, UNSET)
    if value is UNSET:
        value = clip.extra.get(camel(name), default) if clip.extra else default
    return bounded(value, default)


def bounded(value: object, default: float = 0) -> float:
    """Return a number as it is, at most 1e9 from 0, and the default for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    return value if -LARGEST <= value <= LARGEST else max(-LARGEST, min(LARGEST, value))


def ruler_of(clip: Text) -> Ruler:
    """Return what measures the words of a text, in its font, weight and style, with the project's fonts."""
    from aistudios_dsl.layout.fonts import ruler

    return ruler(clip.font_family or "", clip.font_weight, clip.font_style)
