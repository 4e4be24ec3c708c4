"""Placeholders, in their true boxes, for what is not known offline: avatars, pictures, videos and backgrounds."""

from __future__ import annotations

import re

from aistudios_dsl.draw import outlines
from aistudios_dsl.draw.markup import element, escaped, figures, mirrored
from aistudios_dsl.draw.pictures import file_name
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.overlap import cut, upright_overlap
from aistudios_dsl.layout.text import units
from aistudios_dsl.view.scene import Seen
from aistudios_dsl.wire.node import shortened
from aistudios_dsl.wire.nodes import AvatarClip

FONTS = "'Noto Sans CJK', 'Noto Sans CJK KR', 'Noto Sans KR', 'Noto Sans CJK JP', 'Noto Sans', sans-serif"
"""The font that texts are measured with, as browsers and drawing programs may know it."""

_HEAD_WIDTH, _HEAD_HEIGHT = 0.083, 0.1377
"""The head's share of a figure's height where its model does not say: that of the documented avatar."""
_TINTS = {"blue": "#1f6fc4", "green": "#2e9150", "red": "#c0322c", "pink": "#c73f82", "purple": "#6a3fb0"}
_TINTS |= {"yellow": "#cda200", "orange": "#cf6f12", "black": "#000000", "white": "#e8eef4"}
_LEGIBLE, _LINE = 9.0, 1.9
"""The least font size, px, and the distance of two labels in font sizes."""


def label(text: str, x: float, y: float, size: float = 26, *, room: float = 1920) -> str:
    """Return words in a pill centred on (x, y), at most `room` px wide; "" where they would be too small to read.

    >>> label("lamp.png", 0, 0, room=10)
    ''
    """
    text = shortened(text, 48)
    size, width = min(size, room / (_ems(text) + 1.4)), _ems(text)
    if not text or size < _LEGIBLE:
        return ""
    pill = {"x": x - (width / 2 + 0.6) * size, "y": y - size * 0.85, "width": (width + 1.2) * size}
    font: dict[str, str | float] = {"font_family": FONTS, "font_size": size, "textLength": width * size}
    words = element(
        "text", escaped(text), x=x - width * size / 2, y=y + size * 0.36, fill="#3d4d61", **font,
        lengthAdjust="spacingAndGlyphs",
    )  # fmt: skip
    back = element("rect", **pill, height=size * 1.7, rx=size * 0.85, fill="#ffffff", fill_opacity=0.92)
    return element("g", back, words, class_="label")


def _ems(text: str) -> float:
    return max(1.0, units(text) / 1000)


def backdrop(url: str, canvas: Box, prefix: str) -> str:
    """Return a gradient in place of a background, in the colour that its file name mentions."""
    name = file_name(url) or "background"
    kind = "background of the service" if url.startswith("/") else "background"
    tint = next((word for word in re.split(r"[^a-z]+", name.lower()) if word in _TINTS), "")
    stops = [
        element("stop", offset=str(at), stop_color=_TINTS.get(tint, "#5b6b80"), stop_opacity=0.12 + 0.4 * at)
        for at in (0, 1)
    ]
    size = {"width": canvas.width, "height": canvas.height}
    return "".join(
        (
            element("linearGradient", *stops, id=f"{prefix}background", x1="0", y1="0", x2="0.4", y2="1"),
            element("rect", **size, fill="#ffffff"),
            element("rect", **size, fill=f"url(#{prefix}background)"),
            label(f"{kind}: {name}", canvas.width / 2, canvas.height - 44, room=canvas.width * 0.6),
        )
    )


def paper(box: Box) -> str:
    """Return a sheet with hills and a sun in place of a picture."""
    unit, x, y = min(box.width, box.height) / 2, box.width / 2, box.height * 0.44
    hills = outlines.polygon([(x + across * unit, y + down * unit) for across, down in _HILLS])
    sun = element("circle", cx=x + unit * 0.26, cy=y - unit * 0.26, r=unit * 0.1, fill="#9fb0c3")
    return _sheet(box, "#dbe2ea") + element("path", d=hills, fill="#9fb0c3") + sun


_HILLS = ((-0.62, 0.32), (-0.2, -0.2), (0.06, 0.1), (0.2, -0.06), (0.56, 0.32))


def film(box: Box, *, poster: bool) -> str:
    """Return a play button, on a dark sheet where there is no poster."""
    unit, x, y = min(box.width, box.height) / 11, box.width / 2, box.height / 2
    triangle = outlines.polygon([(x - unit / 3, y - unit / 2), (x + unit / 2, y), (x - unit / 3, y + unit / 2)])
    button = element("circle", cx=x, cy=y, r=unit, fill="#11161d", stroke="#ffffff", stroke_width=unit / 12)
    return ("" if poster else _sheet(box, "#263140")) + button + element("path", d=triangle, fill="#ffffff")


def _sheet(box: Box, fill: str) -> str:
    return element("path", d=outlines.rectangle(box.width, box.height), fill=fill)


def unknown(seen: Seen) -> str:
    """Return a dashed box in place of a clip of a type that is not documented."""
    dashes: dict[str, str | float] = {"fill": "none", "stroke": "#9fb0c3", "stroke_width": 3}
    outline = element("path", d=outlines.rectangle(seen.box.width, seen.box.height), stroke_dasharray="14 10", **dashes)
    return outline + label(seen.kind, seen.box.width / 2, seen.box.height / 2, room=seen.box.width)


def figure(clip: AvatarClip, seen: Seen, canvas: Box) -> str:
    """Return a neutral figure in place of an avatar, with its ids where the canvas shows it."""
    box, head = seen.box, _head(seen)
    if not (box.width and box.height and head.width and head.height):
        return ""
    oval = {"cx": head.left + head.width / 2, "cy": head.top + head.height / 2, "rx": head.width / 2}
    body = element("path", d=outlines.body(box.width, box.height, head), fill="#8593a6")
    face = element(
        "ellipse", **oval, ry=head.height / 2, fill="#d8dfe8", stroke="#8593a6", stroke_width=box.height / 500
    )
    return mirrored(body + face, seen) + _names(clip, seen, head, canvas)


def _head(seen: Seen) -> Box:
    """The head from its crown, the top of the figure, to its chin: where the model has it, else where it usually is."""
    if seen.own_head:
        return seen.own_head
    width = min(_HEAD_WIDTH * seen.box.height, seen.box.width / 2)
    return Box((seen.box.width - width) / 2, 0, width, _HEAD_HEIGHT * seen.box.height)


def _names(clip: AvatarClip, seen: Seen, head: Box, canvas: Box) -> str:
    """The ids and effects, upright, on the chest or as near to it as the canvas shows the figure."""
    box = seen.box
    shown = cut(box.bounds, canvas) if upright_overlap(box.bounds, canvas, 0) else Box(0, 0, 0, 0)
    every = [clip.model.ai_name, clip.model.emotion, *(effect.type for effect in clip.effects or ())]
    # What is seen of a figure may have room for its id alone.
    for rows in (every, every[:1]):
        ems = max(_ems(shortened(row, 48)) for row in rows) + 1.4
        size = min(head.height / 5, 30, shown.height / (_LINE * len(rows) + 1), shown.width / ems)
        if size >= _LEGIBLE:
            chest = seen.place(Box(head.left + head.width / 2, (head.top + head.height) * 1.44, 0, 0))
            x, y = chest.left, chest.top
            wide, high = ems * size / 2, _LINE * size * len(rows)
            x = max(shown.left + wide, min(x, shown.left + shown.width - wide))
            y = max(shown.top, min(y, shown.top + shown.height - high)) + _LINE * size / 2
            names = [label(row, x, y + place * _LINE * size, size) for place, row in enumerate(rows)]
            upright = f"rotate({figures(-box.angle)}) translate({figures(-box.left)} {figures(-box.top)})"
            return element("g", *names, transform=upright)
    return ""
