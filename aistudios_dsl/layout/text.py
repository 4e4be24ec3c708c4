"""Text as the editor's canvas (Fabric.js) measures and wraps it: widths, line heights, line breaks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from math import ceil

from attrs import frozen

from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout import metrics
from aistudios_dsl.layout.sizes import POINT, positive

FONT_SIZE_FACTOR = 1.13
LINE_HEIGHT = 1.16
BASELINE = 0.222
EMPTY_WIDTH = 2

_TIE = 1 - 1.68e-6
"""Chromium measures slightly less than the font says. That decides whether a word that just fits stays on its line."""

_FAMILY = re.compile(r"noto sans cjk( kr)?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_LINE_ENDS = re.compile(r"\r?\n")
_WORD_GAPS = re.compile(r"[ \t\r]")
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)


@frozen
class TextBox:
    """A measured text: its size, its lines and their widths (px), and the letters whose width is an estimate."""

    width: float
    height: float
    lines: tuple[str, ...]
    line_widths: tuple[float, ...]
    estimated: str = ""


def is_bold(weight: object) -> bool:
    """Whether a font weight is drawn with the bold face, as in Chromium: "bold", "bolder", or 550 to 1000.

    >>> is_bold(550), is_bold("bold"), is_bold("700"), is_bold(500), is_bold("")
    (True, True, True, False, False)
    """
    if isinstance(weight, str):
        word = weight.strip().lower()
        if not _NUMBER.fullmatch(word):
            return word in ("bold", "bolder")
        weight = float(word)
    return isinstance(weight, int | float) and not isinstance(weight, bool) and 550 <= weight <= 1000


def measure(text: str, size: float, *, bold: bool = False, family: str = "Noto Sans CJK") -> TextBox:
    """Measure a text of `size` px with its own line breaks. It is as wide as its widest line, 2 px if it is empty.

    If `family` is not the bundled font, all its letters are `estimated`. Raise `BuildError` for a size of 0 or less.

    >>> measure("Hello, World!", 12).height
    13.559999999999999
    """
    positive(size, "font size")
    return _box(_lines(text), size, bold, family, None)


def measurer(size: float, bold: bool = False) -> Callable[[str], tuple[list[str], float]]:
    """Return a quick `measure` for many texts of `size` px: it gives the lines of a text and its width (px).

    >>> measurer(48)("Hello\\nAnn")[0]
    ['Hello', 'Ann']
    """
    width = _ruler(bold)

    def lines_and_width(text: str) -> tuple[list[str], float]:
        if text.isascii() and "\n" not in text:
            return [text], width(text) * size / 1000 or EMPTY_WIDTH
        lines = _lines(text)
        return lines, max(map(width, lines)) * size / 1000 or EMPTY_WIDTH

    return lines_and_width


def wrap(
    text: str,
    size: float,
    width: float,
    *,
    bold: bool = False,
    family: str = "Noto Sans CJK",
    by_grapheme: bool | None = None,
) -> TextBox:
    """Wrap a text of `size` px to `width` px as Fabric's Textbox does: at spaces, at least as wide as its longest word.

    A word with CJK letters that is wider than `width` is broken between letters, since such text has no spaces.
    `by_grapheme` asks for one of Fabric's own two ways: between any letters (True), or at spaces only (False).

    >>> wrap("one two three", 48, 200).lines
    ('one two', 'three')
    """
    positive(size, "font size")
    positive(width, "width")
    widest = width
    lines: list[str] = []
    limit = width * 1000 / size / _TIE
    for line in _lines(text):
        words, gap = (list(line), "") if by_grapheme else (_WORD_GAPS.split(line), " ")
        widths = [units(word, bold) for word in words]
        cjk = [by_grapheme is None and bool(_CJK.search(word)) for word in words]
        breakable = [loose and part > limit for loose, part in zip(cjk, widths, strict=True)]
        solid = [part for part, loose in zip(widths, breakable, strict=True) if not loose]
        widest = max([widest, *(part * size / 1000 for part in solid)])
        lines += _wrapped_line(words, widths, breakable, gap, limit, bold)
    return _box(lines, size, bold, family, widest)


def fit(
    text: str,
    *,
    point_size: int,
    minimum: int,
    width: float,
    height: float,
    bold: bool = False,
    family: str = "Noto Sans CJK",
) -> tuple[int, TextBox]:
    """Return the largest whole point size from `point_size` down to `minimum` at which the wrapped text fits the box.

    `width` and `height` are px. Raise `BuildError` if the text does not fit at `minimum` points.

    >>> fit("Hello, World!", point_size=96, minimum=12, width=400, height=100)[0]
    49
    """
    positive(width, "fit width")
    positive(height, "fit height")
    cannot_fit = _fit_refuser(text, width, height, bold)
    for points in range(int(point_size), int(minimum) - 1, -1):
        if cannot_fit(points * POINT):
            continue
        box = wrap(text, points * POINT, width, bold=bold, family=family)
        if box.width <= width and box.height <= height:
            return points, box
    box = wrap(text, minimum * POINT, width, bold=bold, family=family)
    needs = f"it takes {box.width:.0f} x {box.height:.0f} px"
    message = f"the text does not fit {width:g} x {height:g} px at {minimum} pt: {needs}"
    raise BuildError(message, hint="make the box larger, the text shorter, or min_font_size smaller")


def _fit_refuser(text: str, width: float, height: float, bold: bool) -> Callable[[float], bool]:
    """Return a quick test for sizes (px) that cannot fit: an unbreakable part is too wide, or the lines are too many.

    It does not wrap the text, so it lets some sizes pass that do not fit. Each break drops a gap. Kerning may gain up
    to a tenth of a word that is broken.
    """
    lines = [(_WORD_GAPS.split(line), 0.9 if _CJK.search(line) else 1 - 1e-9) for line in _lines(text)]
    parts = [part for words, _ in lines for word in words for part in (word if _CJK.search(word) else [word])]
    widest, gap = max((units(part, bold) for part in parts), default=0), units(" ", bold)
    filled = [share * sum(units(word, bold) + gap for word in words) for words, share in lines]

    def cannot_fit(size: float) -> bool:
        limit = width * 1000 / size / _TIE
        fewest = sum(max(1, ceil(units / (limit + gap))) for units in filled)
        return widest * size / 1000 > width or text_height(size, fewest) > height

    return cannot_fit


def widest_letter(text: str, size: float, bold: bool = False) -> tuple[str, float]:
    """Return the widest letter of a text and its width in px; ("", 0) for no text.

    >>> widest_letter("lamp", 100)
    ('m', 92.6)
    """
    letters = dict.fromkeys(unicodedata.normalize("NFC", text))
    widths = [(units(letter, bold) * size / 1000, letter) for letter in letters if letter not in "\r\n"]
    width, letter = max(widths, default=(0.0, ""))
    return letter, width


def units(line: str, bold: bool = False) -> int:
    """Return the width of one line in thousandths of an em: advances and the kerning of each pair."""
    return _ruler(bold)(line)


@cache
def _ruler(bold: bool) -> Callable[[str], int]:
    word, edge = metrics.words(bold).__getitem__, metrics.edges(bold)

    def units(line: str) -> int:
        return sum(map(word, line.split(" "))) + edge[line[0], line[-1]] if line else 0

    return units


def _lines(text: str) -> list[str]:
    if text.isascii() and "\n" not in text:
        return [text]
    return _LINE_ENDS.split(unicodedata.normalize("NFC", text))


def line_height(size: float) -> float:
    """Return the distance from one baseline to the next, px."""
    return FONT_SIZE_FACTOR * LINE_HEIGHT * size


def text_height(size: float, lines: int) -> float:
    """Return the height of a number of lines, px."""
    return FONT_SIZE_FACTOR * size * (LINE_HEIGHT * (lines - 1) + 1)


def baseline(size: float, line: int) -> float:
    """Return how far the baseline of a line (from 0) is below the top of the text, px."""
    return line * FONT_SIZE_FACTOR * LINE_HEIGHT * size + FONT_SIZE_FACTOR * size * (1 - BASELINE)


def _box(lines: list[str], size: float, bold: bool, family: str, width: float | None) -> TextBox:
    widths = tuple(units(line, bold) * size / 1000 for line in lines)
    own = max(widths) or EMPTY_WIDTH
    return TextBox(
        own if width is None else width,
        text_height(size, len(lines)),
        tuple(lines),
        widths,
        estimated("".join(lines), family),
    )


def estimated(text: str, family: str = "") -> str:
    """Return the letters of a text whose widths are estimates; all of them if `family` is not the bundled font.

    >>> estimated("Hello, مرحبا")
    'مرحبا'
    """
    if family and not _is_bundled(family):
        return "".join(dict.fromkeys(text))
    if text.isascii():
        return ""
    return "".join(letter for letter in dict.fromkeys(text) if letter > "~" and metrics.is_estimated(letter))


@cache
def _is_bundled(family: str) -> bool:
    return bool(_FAMILY.fullmatch(family.strip().strip("'\"")))


def _wrapped_line(
    words: list[str], widths: list[int], breakable: list[bool], gap: str, limit: float, bold: bool
) -> Iterator[str]:
    gap_width = units(gap, bold)
    line, taken, fresh = "", 0, True
    for word, wide, loose in zip(words, widths, breakable, strict=True):
        if loose:
            *full, line = _broken_word(word, line + gap if not fresh else "", limit, bold)
            yield from full
            taken, fresh = units(line, bold), False
            continue
        taken += wide + (0 if fresh else gap_width)
        if taken > limit and not fresh:
            yield line
            line, taken, fresh = "", wide, True
        line += word if fresh else gap + word
        fresh = False
    yield line


def _broken_word(word: str, line: str, limit: float, bold: bool) -> Iterator[str]:
    """Yield the lines of a CJK word that continues a line, broken where the next letter does not fit."""
    for letter in word:
        if line.strip() and units(line + letter, bold) > limit:
            yield line.rstrip(" ")
            line = ""
        line += letter
    yield line
