"""Labels in pills, which say what a placeholder stands for and keep off the words of the scene."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from aistudios_dsl.draw.markup import element, escaped
from aistudios_dsl.layout.geometry import Box, Point
from aistudios_dsl.layout.overlap import TOLERANCE, inside
from aistudios_dsl.layout.text import units
from aistudios_dsl.view.scene import SceneView
from aistudios_dsl.wire.node import shortened

FONTS = "'Noto Sans CJK', 'Noto Sans CJK KR', 'Noto Sans KR', 'Noto Sans CJK JP', 'Noto Sans', sans-serif"
"""The font that texts are measured with, as browsers and drawing programs may know it."""
LEGIBLE, LINE = 9.0, 1.9
"""The least font size, px, and the distance of two labels in font sizes."""

_MOST = 48
_CELL = 24
"""The side, px, of the squares that a canvas is divided into to tell where words are."""

Cell = tuple[int, int]


class Room:
    """The canvas of a scene, and where its words and labels leave room for another label.

    Words are noted in squares of the canvas, so that looking for room takes as long beside one text as beside 1,000.
    """

    def __init__(self, scene: SceneView) -> None:
        self.canvas: Box = scene.canvas
        self._scene: SceneView = scene

    @cached_property
    def _taken(self) -> set[Cell]:
        lines = (line.box.bounds for seen in self._scene.clips for line in seen.text_lines)
        return {cell for line in lines for cell in self._cells(line)}

    def take(self, *boxes: Box) -> bool:
        """Keep these upright boxes for a label if all are free and on the canvas, and return whether they were."""
        if not all(inside(box, self.canvas, TOLERANCE) for box in boxes):
            return False
        cells = {cell for box in boxes for cell in self._cells(box)}
        if cells & self._taken:
            return False
        self._taken.update(cells)
        return True

    def _cells(self, box: Box) -> Iterator[Cell]:
        left, top = max(0, int(box.left / _CELL)), max(0, int(box.top / _CELL))
        right = min(self.canvas.width, box.left + box.width) / _CELL
        bottom = min(self.canvas.height, box.top + box.height) / _CELL
        for x in range(left, int(right) + 1):
            for y in range(top, int(bottom) + 1):
                yield x, y


def first_free(text: str, spots: Iterable[Point], size: float, width: float, room: Room, within: Box) -> str:
    """Return a label at the first spot, in px of the box `within`, where it covers no words; "" if there is none.

    `size` is the font size and `width` the most that the pill may be wide, px.
    """
    size = _size(text, size, width)
    if size < LEGIBLE:
        return ""
    for x, y in spots:
        pill = _pill(text, x, y, size)
        corner = Box(within.left, within.top, 1, 1, within.angle).point(pill.left, pill.top)
        if room.take(Box(*corner, pill.width, pill.height, within.angle).bounds):
            return label(text, x, y, size)
    return ""


def label(text: str, x: float, y: float, size: float) -> str:
    """Return words in a pill centred on (x, y).

    >>> label("", 0, 0, 26)
    ''
    """
    text = shortened(text, _MOST)
    if not text:
        return ""
    width, pill = ems(text) * size, _pill(text, x, y, size)
    font: dict[str, str | float] = {"font_family": FONTS, "font_size": size, "textLength": width}
    words = element(
        "text", escaped(text), x=x - width / 2, y=y + size * 0.36, fill="#3d4d61", **font,
        lengthAdjust="spacingAndGlyphs",
    )  # fmt: skip
    box = {"x": pill.left, "y": pill.top, "width": pill.width, "height": pill.height}
    back = element("rect", **box, rx=size * 0.85, fill="#ffffff", fill_opacity=0.92)
    return element("g", back, words, class_="label")


def ems(text: str) -> float:
    """Return the width of a label's words, in font sizes."""
    return max(1.0, units(shortened(text, _MOST)) / 1000)


def _size(text: str, size: float, width: float) -> float:
    return min(size, width / (ems(text) + 1.4)) if text else 0


def _pill(text: str, x: float, y: float, size: float) -> Box:
    width = (ems(text) + 1.2) * size
    return Box(x - width / 2, y - size * 0.85, width, size * 1.7)
