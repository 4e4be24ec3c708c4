"""What is drawn in place of what cannot be known offline: avatars, pictures, films and backgrounds, in true boxes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from aistudios_dsl.draw import outlines
from aistudios_dsl.draw.markup import element, escaped, figures
from aistudios_dsl.draw.outlines import Rectangle
from aistudios_dsl.draw.pictures import file_name, scheme_of
from aistudios_dsl.layout import text as measure
from aistudios_dsl.layout.geometry import Box, Point
from aistudios_dsl.layout.overlap import cut, inside, upright_overlap
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import AvatarClip

FONTS = "'Noto Sans CJK', 'Noto Sans CJK KR', 'Noto Sans KR', 'Noto Sans CJK JP', 'Noto Sans', sans-serif"
"""The font that texts are measured with, as browsers and drawing programs may know it."""

_PAPER, _LINES, _INK = "#dbe2ea", "#9fb0c3", "#3d4d61"
_HEAD_TOP, _HEAD_HEIGHT = 0.0547, 0.083
"""The head's share of the height of a figure whose model does not say where it is: that of the documented avatar."""
_SPECK = 0.01
_LEGIBLE, _PITCH = 9.0, 1.9
_GRID = 12


def label(text: str, x: float, y: float, size: float = 26, *, room: float = 1920) -> str:
    """Words in a pill whose middle is (x, y), as large as `room` px lets them be; "" where that is too small to read.

    >>> label("lamp.png", 0, 0, room=10)
    ''
    """
    text = _shortened(text)
    width = _ems(text)
    size = min(size, room / (width + 1.4))
    if not text or size < _LEGIBLE:
        return ""
    pill = element(
        "rect",
        x=x - (width + 1.2) * size / 2,
        y=y - size * 0.85,
        width=(width + 1.2) * size,
        height=size * 1.7,
        rx=size * 0.85,
        fill="#ffffff",
        fill_opacity=0.92,
    )
    words = element(
        "text",
        escaped(text),
        x=x - width * size / 2,
        y=y + size * 0.36,
        textLength=width * size,
        lengthAdjust="spacingAndGlyphs",
        font_family=FONTS,
        font_size=size,
        fill=_INK,
    )
    return element("g", pill, words, class_="label")


def _shortened(text: str) -> str:
    return f"{text[:47]}…" if len(text) > 48 else text


def _ems(text: str) -> float:
    return max(1.0, measure.units(_shortened(text)) / 1000)


def backdrop(url: str, frame: Box, prefix: str) -> str:
    """A stand-in for a background that is not at hand: a fall of light in the colour that its name speaks of."""
    name = file_name(url) or "background"
    kind = "background of the service" if not scheme_of(url) else "background"
    tint = next((word for word in re.split(r"[^a-z]+", name.lower()) if word in _TINTS), "")
    light, dark = _TINTS.get(tint, ("#eef1f5", "#c3ccd8"))
    width, height, gradient = frame.width, frame.height, f"{prefix}background"
    stops = element("stop", offset="0", stop_color=light) + element("stop", offset="1", stop_color=dark)
    return "".join(
        (
            element("linearGradient", stops, id=gradient, x1="0", y1="0", x2="0.4", y2="1"),
            element("rect", width=width, height=height, fill=f"url(#{gradient})"),
            label(f"{kind}: {name}", width / 2, height - 44, room=width * 0.6),
        )
    )


_TINTS = {
    "blue": ("#dbe9fb", "#7fa9dd"),
    "green": ("#e0f3e5", "#86bf98"),
    "red": ("#fbe1e0", "#d98b87"),
    "pink": ("#fde6f0", "#dd93b5"),
    "purple": ("#ece4fa", "#a58bd3"),
    "yellow": ("#fdf6d8", "#dcc261"),
    "orange": ("#fdebd8", "#dfa468"),
    "black": ("#4a5160", "#171b22"),
    "white": ("#ffffff", "#e9edf2"),
}


def paper(box: Box, *, dark: bool) -> str:
    """A stand-in for a picture: paper with hills and a sun, or dark where it is a film."""
    sheet = element("path", d=outlines.rectangle(box.width, box.height), fill="#263140" if dark else _PAPER)
    if dark:
        return sheet
    unit, x, y = min(box.width, box.height) * 0.5, box.width / 2, box.height * 0.44
    hills = "".join(
        (
            f"M{figures(x - unit * 0.62)} {figures(y + unit * 0.32)}l{figures(unit * 0.42)} {figures(-unit * 0.52)}",
            f"l{figures(unit * 0.26)} {figures(unit * 0.30)}l{figures(unit * 0.14)} {figures(-unit * 0.16)}",
            f"l{figures(unit * 0.36)} {figures(unit * 0.38)}Z",
        )
    )
    sun = element("circle", cx=x + unit * 0.26, cy=y - unit * 0.26, r=unit * 0.1, fill=_LINES)
    return sheet + element("path", d=hills, fill=_LINES) + sun


def film(box: Box) -> str:
    """What marks a video: the perforated edges of a film, and a sign to play it."""
    strip = min(box.height * 0.07, 44)
    across = figures(box.width)
    strips = "".join(f"M0 {figures(y)}h{across}v{figures(strip)}h-{across}Z" for y in (0.0, box.height - strip))
    holes = "".join(f"M{figures(strip / 2)} {figures(y)}H{across}" for y in (strip / 2, box.height - strip / 2))
    unit, x, y = min(box.width, box.height) * 0.09, box.width / 2, box.height / 2
    start = f"M{figures(x - unit * 0.32)} {figures(y - unit * 0.5)}"
    play = f"{start}v{figures(unit)}l{figures(unit * 0.86)} {figures(-unit / 2)}Z"
    dashes = f"{figures(strip * 0.62)} {figures(strip * 0.9)}"
    return "".join(
        (
            element("path", d=strips, fill="#11161d"),
            element("path", d=holes, stroke="#e9eef5", stroke_width=strip * 0.42, stroke_dasharray=dashes, fill="none"),
            element("circle", cx=x, cy=y, r=unit, fill="#11161d", fill_opacity=0.72),
            element("path", d=play, fill="#ffffff"),
        )
    )


def figure(clip: AvatarClip, box: Box, frame: Box) -> str:
    """A neutral figure in an avatar's box, its head where the model says, with its id and outfit on the chest.

    Where the chest is off the canvas, `frame`, they are on what is seen of the figure. "" for a box without an area.
    """
    if min(box.width, box.height) < _SPECK:
        return ""
    head = head_box(clip, box)
    x, y, width, height = head
    line: dict[str, str | float] = {"stroke": "#ffffff", "stroke_opacity": 0.45, "stroke_width": max(1.0, height / 60)}
    return "".join(
        (
            element("path", d=outlines.hair(box.width, head), fill="#5d6b7e", **line),
            element("path", d=outlines.body(box.width, box.height, head), fill="#8593a6", **line),
            element("ellipse", cx=x + width / 2, cy=y + height / 2, rx=width / 2, ry=height / 2, fill="#d8dfe8"),
            _names(clip, box, head, frame),
        )
    )


def _names(clip: AvatarClip, box: Box, head: Rectangle, frame: Box) -> str:
    effects = [effect.type for effect in clip.effects or () if isinstance(effect.type, str)]
    lines = [line for line in (clip.model.ai_name, clip.model.emotion, *effects) if line]
    first = head[0] + head[2] / 2, head[1] + head[3] * 2.1
    largest = max(14.0, min(30.0, head[3] / 4))
    # What is seen of a figure may have room for its id alone.
    for rows in filter(None, (lines, lines[:1])):
        size = largest
        while size >= _LEGIBLE:
            if middle := _room(rows, size, first, box, frame):
                return _stacked(rows, size, middle)
            size *= 0.88
    return ""


def _stacked(rows: list[str], size: float, middle: Point) -> str:
    top = middle[1] - size * _PITCH * (len(rows) - 1) / 2
    return "".join(label(row, middle[0], top + number * size * _PITCH, size) for number, row in enumerate(rows))


def _room(rows: list[str], size: float, first: Point, box: Box, frame: Box) -> Point | None:
    """The middle of labels one below the other, seen whole within the figure's box; None where there is no room.

    In px from the corner of the box, along its sides, as near as can be to where the first has its middle at `first`.
    """
    if not upright_overlap(box.bounds, frame, 0):
        return None
    block = Box(0, 0, (max(map(_ems, rows)) + 1.2) * size, (_PITCH * (len(rows) - 1) + 1.7) * size)
    chest = first[0], first[1] + size * _PITCH * (len(rows) - 1) / 2
    return next((middle for middle in _middles(chest, block, box, frame) if _fits(middle, block, box, frame)), None)


def _middles(chest: Point, block: Box, box: Box, frame: Box) -> Iterator[Point]:
    """Where labels may stand: on the chest, as near to it as an upright box allows, then all over what is seen."""
    yield chest
    seen, corner = cut(box.bounds, frame), Box(box.left, box.top, 1, 1, box.angle)
    x, y = corner.point(*chest)
    left, top = seen.left + block.width / 2, seen.top + block.height / 2
    x = max(left, min(x, seen.left + seen.width - block.width / 2))
    y = max(top, min(y, seen.top + seen.height - block.height / 2))
    yield _within(box, (x, y))
    if box.angle % 360:
        shares = [number / _GRID for number in range(1, _GRID)]
        spread = [_within(box, seen.point(across, down)) for across in shares for down in shares]
        yield from sorted(spread, key=lambda point: math.dist(point, chest))


def _within(box: Box, point: Point) -> Point:
    """A point of the canvas in px from the corner of a box, along its sides."""
    return Box(0, 0, 1, 1, -box.angle).point(point[0] - box.left, point[1] - box.top)


def _fits(middle: Point, block: Box, box: Box, frame: Box) -> bool:
    own = Box.about(middle, block.width, block.height)
    left, top = Box(box.left, box.top, 1, 1, box.angle).point(own.left, own.top)
    placed = Box(left, top, block.width, block.height, box.angle)
    return inside(own, Box(0, 0, box.width, box.height)) and inside(placed.bounds, frame)


def head_box(clip: AvatarClip, box: Box) -> Rectangle:
    """Where the head is (left, top, width, height), px from the corner of the figure's box as it is seen."""
    value = clip.model.editor or clip.model.editor_value or UNSET
    names = ("head_center_x", "head_center_y", "head_width", "head_height", "model_tight_x", "model_tight_y")
    numbers: list[Any] = [getattr(value, name, UNSET) for name in (*names, "model_tight_w", "model_tight_h")]
    if not all(isinstance(number, int | float) for number in numbers) or min(numbers[2:4] + numbers[6:]) < _SPECK:
        side = min(_HEAD_HEIGHT * box.height, box.width / 2)
        return (box.width - side) / 2, _HEAD_TOP * box.height, side, side
    left, top, width, height, tight_x, tight_y, tight_width, tight_height = numbers
    across, down = box.width / tight_width, box.height / tight_height
    return (left - tight_x) * across, (top - tight_y) * down, width * across, height * down
