"""Placeholders, in their true boxes, for what is not known offline: avatars, pictures, videos and backgrounds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from aistudios_dsl.draw import outlines
from aistudios_dsl.draw.labels import LEGIBLE, LINE, Room, ems, first_free, label
from aistudios_dsl.draw.markup import element, figures, mirrored
from aistudios_dsl.draw.pictures import file_name
from aistudios_dsl.layout.geometry import Box, Point
from aistudios_dsl.layout.overlap import cut, upright_overlap
from aistudios_dsl.view.scene import Seen
from aistudios_dsl.wire.nodes import AvatarClip

_HEAD_WIDTH, _HEAD_HEIGHT = 0.083, 0.1377
"""The head's share of a figure's height where its model does not say: that of the documented avatar."""
_TINTS = {"blue": "#1f6fc4", "green": "#2e9150", "red": "#c0322c", "pink": "#c73f82", "purple": "#6a3fb0"}
_TINTS |= {"yellow": "#cda200", "orange": "#cf6f12", "black": "#000000", "white": "#e8eef4"}


def backdrop(url: str, room: Room, prefix: str) -> str:
    """Return a gradient in place of a background, in the colour that its file name mentions."""
    name = file_name(url) or "background"
    kind = "background of the service" if url.startswith("/") else "background"
    tint = next((word for word in re.split(r"[^a-z]+", name.lower()) if word in _TINTS), "")
    stops = [
        element("stop", offset=str(at), stop_color=_TINTS.get(tint, "#5b6b80"), stop_opacity=0.12 + 0.4 * at)
        for at in (0, 1)
    ]
    canvas = room.canvas
    size = {"width": canvas.width, "height": canvas.height}
    spots = [(canvas.width * across, y) for y in (canvas.height - 44, 44) for across in (0.5, 0.25, 0.75)]
    return "".join(
        (
            element("linearGradient", *stops, id=f"{prefix}background", x1="0", y1="0", x2="0.4", y2="1"),
            element("rect", **size, fill="#ffffff"),
            element("rect", **size, fill=f"url(#{prefix}background)"),
            first_free(f"{kind}: {name}", spots, 26, canvas.width * 0.45, room, canvas),
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


def unknown(seen: Seen, room: Room) -> str:
    """Return a dashed box in place of a clip of a type that is not documented."""
    dashes: dict[str, str | float] = {"fill": "none", "stroke": "#9fb0c3", "stroke_width": 3}
    outline = element("path", d=outlines.rectangle(seen.box.width, seen.box.height), stroke_dasharray="14 10", **dashes)
    return outline + first_free(seen.kind, [_at(seen.box, 0.5)], 26, seen.box.width, room, seen.box)


def medium(text: str, seen: Seen, room: Room, spots: Sequence[float]) -> str:
    """Return the label of a picture or video at the first spot that is free: shares of its height, in the middle."""
    size, width = min(26.0, seen.box.height / 8), seen.box.width * 0.96
    return first_free(text, [_at(seen.box, down) for down in spots], size, width, room, seen.box)


def _at(box: Box, down: float) -> Point:
    return box.width / 2, box.height * down


def figure(clip: AvatarClip, seen: Seen, room: Room) -> str:
    """Return a neutral figure in place of an avatar, with its ids where the canvas shows it."""
    box, head = seen.box, _head(seen)
    if not (box.width and box.height and head.width and head.height):
        return ""
    oval = {"cx": head.left + head.width / 2, "cy": head.top + head.height / 2, "rx": head.width / 2}
    body = element("path", d=outlines.body(box.width, box.height, head), fill="#8593a6")
    face = element(
        "ellipse", **oval, ry=head.height / 2, fill="#d8dfe8", stroke="#8593a6", stroke_width=box.height / 500
    )
    return mirrored(body + face, seen) + _names(clip, seen, head, room)


_TRIES = 8
"""How many places below and above the chest are tried."""


def _head(seen: Seen) -> Box:
    """The head from its crown, the top of the figure, to its chin: where the model has it, else where it usually is."""
    if seen.own_head:
        return seen.own_head
    width = min(_HEAD_WIDTH * seen.box.height, seen.box.width / 2)
    return Box((seen.box.width - width) / 2, 0, width, _HEAD_HEIGHT * seen.box.height)


def _names(clip: AvatarClip, seen: Seen, head: Box, room: Room) -> str:
    """The ids and effects, upright, on the chest or as near to it as the canvas shows the figure, off the words."""
    box, canvas = seen.box, room.canvas
    shown = cut(box.bounds, canvas) if upright_overlap(box.bounds, canvas, 0) else Box(0, 0, 0, 0)
    every = [clip.model.ai_name, clip.model.emotion, *(effect.type for effect in clip.effects or ())]
    x, chest = seen.place(Box(head.left + head.width / 2, (head.top + head.height) * 1.44, 0, 0)).corners[0]
    # What is seen of a figure may have room for its id alone.
    for rows in (every, every[:1]):
        wide = max(map(ems, rows)) + 1.4
        size = min(head.height / 5, 30, shown.height / (LINE * len(rows) + 1), shown.width / wide)
        if size >= LEGIBLE:
            width, high = wide * size, LINE * size * len(rows)
            left = max(shown.left, min(x - width / 2, shown.left + shown.width - width))
            for top in _near(chest, high, shown):
                if room.take(Box(left, top, width, high)):
                    lines = [top + (place + 0.5) * LINE * size for place in range(len(rows))]
                    names = [label(row, left + width / 2, y, size) for row, y in zip(rows, lines, strict=True)]
                    upright = f"rotate({figures(-box.angle)}) translate({figures(-box.left)} {figures(-box.top)})"
                    return element("g", *names, transform=upright)
    return ""


def _near(chest: float, high: float, shown: Box) -> Iterator[float]:
    """Yield tops for something `high` px high in what is shown: at the chest, then by turns below and above."""
    last = shown.top + shown.height - high
    first = max(shown.top, min(chest, last))
    yield first
    for step in range(1, _TRIES + 1):
        yield from (top for top in (first + step * high, first - step * high) if shown.top <= top <= last)
