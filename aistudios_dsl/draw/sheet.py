"""Several scenes as one picture: a grid of a project's, or a strip of scenes for each row of a table."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from attrs import frozen

from aistudios_dsl.draw.labels import FONTS
from aistudios_dsl.draw.markup import element, escaped
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.wire.node import shortened

_TILE = 480.0
"""The width of a landscape scene, px; a portrait one is as wide as looks as large."""
_GAP, _LETTERS, _LINE = 24.0, 20.0, 36.0
_MOST_WORDS, _MOST_ROWS = 84, 6
"""How many characters a line of words has at most, and how many lines a fault has."""


@frozen
class Strip:
    """Pictures in one line under a caption, each a scene as SVG with words of its own; `fault` stands for pictures."""

    caption: str
    tiles: Sequence[tuple[str, str]]
    fault: str = ""


def grid(tiles: Sequence[tuple[str, str]], canvas: Box) -> str:
    """Return a project's scenes, each with its words, as one SVG document about as wide as it is high."""
    across = max(1, math.ceil(math.sqrt(len(tiles) * canvas.height / canvas.width * 1.4)))
    return sheet([Strip("", tiles[at : at + across]) for at in range(0, len(tiles), across)], canvas)


def sheet(strips: Sequence[Strip], canvas: Box) -> str:
    """Return strips, from the top, as one SVG document.

    >>> sheet([Strip("row 1", [("scenes[0]", "<svg/>")])], Box(0, 0, 1920, 1080))[:38]
    '<svg xmlns="http://www.w3.org/2000/svg'
    """
    wide = _TILE if canvas.width >= canvas.height else _TILE * 0.5
    tile = Box(0, 0, wide, wide * canvas.height / canvas.width)
    most = max((len(strip.tiles) for strip in strips), default=0)
    # A row of words needs room for them, also where there are few pictures.
    width = max(most * (wide + _GAP) + _GAP, 900 if any(strip.caption for strip in strips) else 0)
    parts, top = list[str](), _GAP
    for strip in strips:
        drawn, top = _drawn(strip, top, tile, canvas)
        parts += drawn
    back = element("rect", width=width, height=top, fill="#f4f5f8")
    size = {"width": width, "height": top}
    return element("svg", back, *parts, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {top:g}", **size)


def _drawn(strip: Strip, top: float, tile: Box, canvas: Box) -> tuple[list[str], float]:
    """Return the SVG of a strip and where the next begins."""
    parts = list[str]()
    if strip.caption:
        parts.append(_words(strip.caption, _GAP, top + _LETTERS, weight="700"))
        top += _LINE
    for line in textwrap.wrap(strip.fault, _MOST_WORDS)[:_MOST_ROWS]:
        parts.append(_words(line, _GAP, top + _LETTERS, fill="#b3261e"))
        top += _LINE
    for place, (words, svg) in enumerate(strip.tiles):
        left = _GAP + place * (tile.width + _GAP)
        transform = f"translate({left:g} {top:g}) scale({tile.width / canvas.width:g})"
        parts += [element("g", svg, transform=transform), _words(words, left, top + tile.height + _LETTERS + 6)]
    return parts, top + (tile.height + _LINE + _GAP if strip.tiles else _GAP)


def _words(text: str, x: float, y: float, *, fill: str = "#17202b", weight: str = "400") -> str:
    font: dict[str, str | float] = {"font_family": FONTS, "font_size": _LETTERS, "font_weight": weight}
    return element("text", escaped(shortened(text, _MOST_WORDS)), x=x, y=y, fill=fill, **font)
