"""What is drawn in place of what cannot be known offline: avatars, pictures, films and backgrounds, in true boxes."""

from __future__ import annotations

import re
from typing import Any

from aistudios_dsl.layout import text as measure
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.views import outlines
from aistudios_dsl.views.markup import element, escaped, figures
from aistudios_dsl.views.outlines import Rectangle
from aistudios_dsl.views.pictures import file_name, scheme_of
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import AvatarClip

FONTS = "'Noto Sans CJK', 'Noto Sans CJK KR', 'Noto Sans KR', 'Noto Sans CJK JP', 'Noto Sans', sans-serif"
"""The font that texts are measured with, as browsers and drawing programs may know it."""

_PAPER, _LINES, _INK = "#dbe2ea", "#9fb0c3", "#3d4d61"
_HEAD_TOP, _HEAD_HEIGHT = 0.0547, 0.083
"""The head's share of the height of a figure whose model does not say where it is: that of the documented avatar."""


def label(text: str, x: float, y: float, size: float = 26, *, room: float = 1920) -> str:
    """Words in a pill whose middle is (x, y), as large as `room` px lets them be; "" where that is too small to read.

    >>> label("lamp.png", 0, 0, room=10)
    ''
    """
    text = f"{text[:47]}…" if len(text) > 48 else text
    width = max(1.0, measure.units(text) / 1000)
    size = min(size, room / (width + 1.4))
    if not text or size < 9:
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


def figure(clip: AvatarClip, box: Box) -> str:
    """A neutral figure in an avatar's box, its head where the model says, with its id and outfit on the chest."""
    head = head_box(clip, box)
    x, y, width, height = head
    line: dict[str, str | float] = {"stroke": "#ffffff", "stroke_opacity": 0.45, "stroke_width": max(1.0, height / 60)}
    return "".join(
        (
            element("path", d=outlines.hair(box.width, head), fill="#5d6b7e", **line),
            element("path", d=outlines.body(box.width, box.height, head), fill="#8593a6", **line),
            element("ellipse", cx=x + width / 2, cy=y + height / 2, rx=width / 2, ry=height / 2, fill="#d8dfe8"),
            _names(clip, box, head),
        )
    )


def _names(clip: AvatarClip, box: Box, head: Rectangle) -> str:
    size = max(14.0, min(30.0, head[3] / 4))
    x, y = head[0] + head[2] / 2, head[1] + head[3] * 2.1
    effects = [effect.type for effect in clip.effects or () if isinstance(effect.type, str)]
    lines = [clip.model.ai_name, clip.model.emotion, *effects]
    room = 1.2 * box.width
    placed = (label(text, x, y + row * size * 1.9, size, room=room) for row, text in enumerate(lines))
    return "".join(placed)


def head_box(clip: AvatarClip, box: Box) -> Rectangle:
    """Where the head is (left, top, width, height), px from the corner of the figure's box as it is seen."""
    value = clip.model.editor or clip.model.editor_value or UNSET
    names = ("head_center_x", "head_center_y", "head_width", "head_height", "model_tight_x", "model_tight_y")
    numbers: list[Any] = [getattr(value, name, UNSET) for name in (*names, "model_tight_w", "model_tight_h")]
    if not all(isinstance(number, int | float) for number in numbers) or min(numbers[2:4] + numbers[6:]) <= 0:
        side = min(_HEAD_HEIGHT * box.height, box.width / 2)
        return (box.width - side) / 2, _HEAD_TOP * box.height, side, side
    left, top, width, height, tight_x, tight_y, tight_width, tight_height = numbers
    across, down = box.width / tight_width, box.height / tight_height
    return (left - tight_x) * across, (top - tight_y) * down, width * across, height * down
