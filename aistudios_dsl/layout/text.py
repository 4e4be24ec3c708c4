"""Text as the editor's canvas (Fabric.js) measures and wraps it: widths, line heights, line breaks."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from math import ceil

from attrs import evolve, frozen

from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout import line_breaks, metrics
from aistudios_dsl.layout.metrics import Ruler
from aistudios_dsl.layout.sizes import POINT, positive

FONT_SIZE_FACTOR = 1.13
LINE_HEIGHT = 1.16
BASELINE = 0.222
EMPTY_WIDTH = 2

_TIE = 1 - 1.68e-6
"""Chromium measures slightly less than the font says. That decides whether a word that just fits stays on its line."""

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_FAMILY = re.compile(r"noto sans cjk(?: (kr|jp|sc|tc|hk))?", re.IGNORECASE)
_OTHER_IN = {"sc": "·‘’“”•：；", "tc": "·‘’“”•、。，．：", "hk": "·‘’“”•、。，．："}
"""The letters that the Chinese faces of the font have wider, narrower or less tight than the Korean one."""
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe0e\ufe0f"
"""Letters without an outline that Unicode does not count as blanks: fillers, joiners, variation selectors."""
_LINE_ENDS = re.compile(r"\r?\n")
_WORD_GAPS = re.compile(r"[ \t\r]")
_CLOSING = (
    "!?)\\]}/»›、。，．！？：；）］｝｠」』】〕〉》〗〙〛〞〟・‥…"
    "ーぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰ-ㇿ々〻ヽヾゝゞ"
)
_OPENING = "(\\[{«‹（［｛｟「『【〔〈《〖〘〚〝"
_TIED_BEFORE, _TIED_AFTER = re.compile(rf"[{_CLOSING}]|[.,:;](?!\d)"), re.compile(rf"[{_OPENING}]$")
_TIED = re.compile(rf"[ \t\r](?:[{_CLOSING}]|[.,:;](?!\d))|[{_OPENING}][ \t\r]")
"""A gap where no line ends: UAX 14 keeps closing marks behind, and opening marks before, what they stand with."""


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


def measure(
    text: str, size: float, *, bold: bool = False, family: str = "Noto Sans CJK", ruler: Ruler | None = None
) -> TextBox:
    """Measure a text of `size` px with its own line breaks. It is as wide as its widest line, 2 px if it is empty.

    If `family` is not the bundled font, all its letters are `estimated`. A `ruler` stands for another face than `bold`
    and `family` name. Raise `BuildError` for a size of 0 or less.

    >>> measure("Hello, World!", 12).height
    13.559999999999999
    """
    positive(size, "font size")
    return _box(_lines(text), size, ruler or bundled(family, bold), None)


def measurer(
    size: float, bold: bool = False, *, ruler: Ruler | None = None
) -> Callable[[str], tuple[list[str], float]]:
    """Return a quick `measure` for many texts of `size` px: it gives the lines of a text and its width (px).

    >>> measurer(48)("Hello\\nAnn")[0]
    ['Hello', 'Ann']
    """
    width = (ruler or metrics.bundled(bold)).units

    def lines_and_width(text: str) -> tuple[list[str], float]:
        if text.isascii() and "\n" not in text:
            return [text], in_px(width(text), size) or EMPTY_WIDTH
        lines = _lines(text)
        return lines, in_px(max(map(width, lines)), size) or EMPTY_WIDTH

    return lines_and_width


def in_px(units: float, size: float) -> float:
    """Return thousandths of an em of a font of `size` px, in px."""
    return units * size / 1000


def wrap(
    text: str,
    size: float,
    width: float,
    *,
    bold: bool = False,
    family: str = "Noto Sans CJK",
    by_grapheme: bool | None = None,
    ruler: Ruler | None = None,
    balance: bool = False,
) -> TextBox:
    """Wrap a text of `size` px to `width` px at its spaces, at least as wide as its longest word.

    A word that is wider than `width` is broken where UAX 14 and the Japanese rules allow it, by phrase if BudouX is
    installed. `by_grapheme` asks for one of Fabric's own two ways: between any letters (True), or at spaces only
    (False). `balance` makes the lines of each paragraph about equally long.

    >>> wrap("one two three", 48, 200).lines
    ('one two', 'three')
    """
    positive(size, "font size")
    positive(width, "width")
    wrapper = _Wrapper(ruler or bundled(family, bold), width * 1000 / size / _TIE, by_grapheme, family)
    lines: list[str] = []
    for line in _lines(text):
        wrapped = wrapper.lines(line)
        lines += _balanced(line, wrapped, wrapper) if balance and len(wrapped) > 1 else wrapped
    return _box(lines, size, wrapper.ruler, max(width, wrapper.widest * size / 1000))


def _balanced(line: str, wrapped: list[str], wrapper: _Wrapper) -> list[str]:
    """Return the lines of a paragraph at the least width at which there are as many."""
    most, low, high = len(wrapped), 0.0, wrapper.limit
    best = wrapped
    for _ in range(12):
        middle = (low + high) / 2
        found = _Wrapper(wrapper.ruler, middle, wrapper.by_grapheme, wrapper.family, wrapper.limit).lines(line)
        if len(found) <= most:
            best, high = found, middle
        else:
            low = middle
    return best


class _Wrapper:
    """Wraps lines to a width in thousandths of an em; words that are wider than `full`, by default that, are broken.

    `widest` is the widest part that could not be broken.
    """

    def __init__(
        self, ruler: Ruler, limit: float, by_grapheme: bool | None, family: str, full: float | None = None
    ) -> None:
        self.ruler, self.limit, self.by_grapheme, self.family = ruler, limit, by_grapheme, family
        self.full = limit if full is None else full
        self.widest = 0.0

    def lines(self, line: str) -> list[str]:
        """Return the lines of a paragraph."""
        words, gap = (list(line), "") if self.by_grapheme else (_WORD_GAPS.split(line), " ")
        if self.by_grapheme is None and _TIED.search(line):
            words = list(self._tied(words))
        return list(self._filled(words, gap))

    def _tied(self, words: Sequence[str]) -> Iterator[str]:
        """Yield the words, with those that no line may part as one where the width allows it."""
        kept = words[0]
        for word in words[1:]:
            whole = f"{kept} {word}"
            tied = _TIED_BEFORE.match(word) or _TIED_AFTER.search(kept)
            if tied and self.ruler.units(whole) <= self.full:
                kept = whole
            else:
                yield kept
                kept = word
        yield kept

    def _filled(self, words: Iterable[str], gap: str) -> Iterator[str]:
        units, limit, full = self.ruler.units, self.limit, self.full
        gap_width = units(gap)
        line, taken, fresh = "", 0.0, True
        for word in words:
            wide = units(word)
            if wide > full and self.by_grapheme is None and not line_breaks.is_solid(word):
                *before, line = self._broken(word, line + gap if not fresh else "", taken + gap_width)
                yield from before
                taken, fresh = units(line), False
                continue
            self.widest = max(self.widest, wide)
            taken += wide + (0 if fresh else gap_width)
            if taken > limit and not fresh:
                yield line
                line, taken, fresh = "", wide, True
            line += word if fresh else gap + word
            fresh = False
        yield line

    def _broken(self, word: str, line: str, taken: float) -> Iterator[str]:
        """Yield the lines of a word that is wider than a line; the first one continues `line` where it can."""
        parts = _Parts(word, self)
        start, room = 0, self.limit - (taken if line else 0)
        while True:
            end = parts.end_within(start, room, fresh=not line)
            if end == len(parts.letters):
                yield line + "".join(parts.letters[start:])
                return
            yield line + "".join(parts.letters[start:end]) if end > start else line.rstrip(" ")
            start, line, room = end, "", self.limit


class _Word:
    """A word cut into letters: where a line may end in it, and how wide its parts are, in thousandths of an em."""

    def __init__(self, word: str, ruler: Ruler, family: str) -> None:
        self._word = word
        self.letters, measured = ruler.letters(word)
        added = map(ruler.pairs.__getitem__, pairwise(measured))
        self.ends = [0.0, *accumulate(added, initial=ruler.advances[measured[0]])]
        self.starts = [end - ruler.advances[letter] for end, letter in zip(self.ends[1:], measured, strict=True)]
        self._places = list(accumulate(map(len, self.letters), initial=0))
        thai = line_breaks.thai_places(word)
        self.allowed = self._numbers(sorted({*line_breaks.breaks(word), *thai}) if thai else line_breaks.breaks(word))
        self._ends_phrase = line_breaks.phrase_ends(word, family)
        self._phrase_ends: dict[int, bool] = {}

    def _numbers(self, places: Sequence[int]) -> list[int]:
        """Turn places among code points into numbers of letters, and add the end of the word."""
        if len(self.letters) == len(self._word):
            return [*places, len(self.letters)]
        number = {place: count for count, place in enumerate(self._places)}
        return [number[place] for place in places if place in number] + [len(self.letters)]

    def width(self, start: int, end: int) -> float:
        return self.ends[end] - self.starts[start]

    def is_phrase_end(self, at: int) -> bool:
        if self._ends_phrase is None or at == len(self.letters):
            return True
        if at not in self._phrase_ends:
            self._phrase_ends[at] = self._ends_phrase(self._places[at])
        return self._phrase_ends[at]

    @cached_property
    def emergency(self) -> list[int]:
        return self._numbers(line_breaks.emergency(self._word))


# `fit` and `balance` wrap the same words again and again.
_word_of = lru_cache(maxsize=16)(_Word)


class _Parts:
    """A word that is wider than a line, as a wrapper breaks it."""

    def __init__(self, word: str, wrapper: _Wrapper) -> None:
        self._word, self._wrapper = _word_of(word, wrapper.ruler, wrapper.family), wrapper
        self.letters = self._word.letters
        self._broken_part = -1  # where the part ends that was last found narrow enough once broken

    def end_within(self, start: int, room: float, *, fresh: bool) -> int:
        """Return where the line that starts there ends; where it starts if a fresh line is better."""
        word = self._word
        last = bisect_right(word.ends, room + word.starts[start]) - 1
        first, stop = bisect_right(word.allowed, start), bisect_right(word.allowed, last)
        phrase = next((at for at in reversed(word.allowed[first:stop]) if word.is_phrase_end(at)), start)
        if phrase > start:
            return phrase
        if stop > first and (fresh or self._next_phrase(first) > self._wrapper.limit + word.starts[start]):
            return word.allowed[stop - 1]
        return self._too_wide(start, last) if fresh else start

    def _next_phrase(self, first: int) -> float:
        """Return where the next phrase ends, in thousandths of an em from the start of the word."""
        return self._word.ends[next(at for at in self._word.allowed[first:] if self._word.is_phrase_end(at))]

    def _too_wide(self, start: int, last: int) -> int:
        """Return where a part that no rule breaks is broken all the same, if that makes all of it narrow enough."""
        word = self._word
        whole = word.allowed[bisect_right(word.allowed, start)]
        first = bisect_right(word.emergency, start)
        if whole != self._broken_part:
            ends = [start, *word.emergency[first : bisect_left(word.emergency, whole)], whole]
            if any(word.width(*part) > self._wrapper.limit for part in pairwise(ends)):
                self._wrapper.widest = max(self._wrapper.widest, word.width(start, whole))
                return whole
            self._broken_part = whole
        return word.emergency[max(first, bisect_right(word.emergency, last) - 1)]


def fit(
    text: str,
    *,
    point_size: int,
    minimum: int,
    width: float,
    height: float,
    bold: bool = False,
    family: str = "Noto Sans CJK",
    ruler: Ruler | None = None,
    balance: bool = False,
) -> tuple[int, TextBox]:
    """Return the largest whole point size from `point_size` down to `minimum` at which the wrapped text fits the box.

    `width` and `height` are px. Raise `BuildError` if the text does not fit at `minimum` points.

    >>> fit("Hello, World!", point_size=96, minimum=12, width=400, height=100)[0]
    49
    """
    positive(width, "fit width")
    positive(height, "fit height")
    ruler = ruler or bundled(family, bold)
    cannot_fit = _fit_refuser(text, width, height, ruler)
    for points in range(int(point_size), int(minimum) - 1, -1):
        if cannot_fit(points * POINT):
            continue
        box = wrap(text, points * POINT, width, family=family, ruler=ruler)
        if box.width <= width and box.height <= height:
            return points, wrap(
                text, points * POINT, width, family=family, ruler=ruler, balance=True
            ) if balance else box
    box = wrap(text, minimum * POINT, width, family=family, ruler=ruler)
    needs = f"it takes {box.width:.0f} x {box.height:.0f} px"
    message = f"the text does not fit {width:g} x {height:g} px at {minimum} pt: {needs}"
    raise BuildError(message, hint="make the box larger, the text shorter, or min_font_size smaller")


def _fit_refuser(text: str, width: float, height: float, ruler: Ruler) -> Callable[[float], bool]:
    """Return a quick test for sizes (px) that cannot fit: an unbreakable part is too wide, or the lines are too many.

    It does not wrap the text, so it lets some sizes pass that do not fit. Each break drops a gap. Kerning may gain up
    to a tenth of a word that is broken.
    """
    lines = [[(word, line_breaks.is_solid(word)) for word in _WORD_GAPS.split(line)] for line in _lines(text)]
    widest = max((ruler.units(word) for words in lines for word, solid in words if solid), default=0)
    gap = ruler.units(" ")
    filled = [sum(ruler.units(word) * (1 - 1e-9 if solid else 0.9) + gap for word, solid in words) for words in lines]

    def cannot_fit(size: float) -> bool:
        limit = width * 1000 / size / _TIE
        fewest = sum(max(1, ceil(units / (limit + gap))) for units in filled)
        return widest * size / 1000 > width or text_height(size, fewest) > height

    return cannot_fit


def widest_letter(text: str, size: float, bold: bool = False, *, ruler: Ruler | None = None) -> tuple[str, float]:
    """Return the widest letter of a text and its width in px; ("", 0) for no text.

    >>> widest_letter("lamp", 100)
    ('m', 92.6)
    """
    ruler = ruler or metrics.bundled(bold)
    letters = dict.fromkeys(unicodedata.normalize("NFC", text))
    widths = [(ruler.advances[letter] * size / 1000, letter) for letter in letters if letter not in "\r\n"]
    width, letter = max(widths, default=(0.0, ""))
    return letter, width


def longest_piece(text: str, size: float, *, ruler: Ruler) -> tuple[str, float]:
    """Return the widest part of a text that wrapping does not break, and its width in px; ("", 0) for no text.

    >>> longest_piece("a lamp", 100, ruler=metrics.bundled(False))
    ('lamp', 239.3)
    """
    words = (word for line in _lines(text) for word in _WORD_GAPS.split(line))
    pieces = dict.fromkeys(piece for word in words for piece in _unbreakable(word))
    width, piece = max(((ruler.units(piece) * size / 1000, piece) for piece in pieces), default=(0.0, ""))
    return piece, width


def _unbreakable(word: str) -> list[str]:
    if line_breaks.is_solid(word):
        return [word]
    ends = sorted({0, *line_breaks.breaks(word), *line_breaks.emergency(word), len(word)})
    return [word[start:end] for start, end in pairwise(ends)]


def has_letters(text: str) -> bool:
    """Whether anything of a text is seen: blanks, and letters without a width or an outline, are not.

    >>> has_letters(" \u200b\u3164"), has_letters(" a")
    (False, True)
    """
    first = text.lstrip()[:1]
    return (first.isascii() and first.isalnum()) or any(map(_is_inked, text))


def _is_inked(letter: str) -> bool:
    return not letter.isspace() and letter not in _BLANK and unicodedata.category(letter) not in ("Cf", "Cc")


def units(line: str, bold: bool = False) -> float:
    """Return the width of one line in thousandths of an em: advances and the kerning of each pair."""
    return metrics.bundled(bold).units(line)


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


def _box(lines: list[str], size: float, ruler: Ruler, width: float | None) -> TextBox:
    widths = tuple(ruler.units(line) * size / 1000 for line in lines)
    own = max(widths) or EMPTY_WIDTH
    return TextBox(
        own if width is None else width,
        text_height(size, len(lines)),
        tuple(lines),
        widths,
        ruler.estimated("".join(lines)),
    )


def estimated(text: str, family: str = "") -> str:
    """Return the letters of a text whose widths are estimates; all of them if `family` is not the bundled font.

    >>> estimated("Hello, مرحبا")
    'مرحبا'
    """
    return bundled(family, False).estimated(text)


def is_bundled(family: str) -> bool:
    """Return whether the bundled numbers are those of a family."""
    return _FAMILY.fullmatch(family.strip().strip("'\"")) is not None


def other_in(family: str) -> str:
    """Return the letters that the face of another region has in other widths than the bundled one."""
    found = _FAMILY.fullmatch(family.strip().strip("'\""))
    return _OTHER_IN.get((found[1] or "").lower(), "") if found else ""


@lru_cache(maxsize=256)
def bundled(family: str, bold: bool) -> Ruler:
    """Return the ruler of the bundled font, which knows in which letters the faces of other regions differ.

    It stands for any other family too, and then calls every letter an estimate.
    """
    ruler, other = metrics.bundled(bold), other_in(family)
    if family and not is_bundled(family):
        return evolve(ruler, estimated=lambda text: "".join(dict.fromkeys(text)))
    if not other:
        return ruler

    def estimated(text: str) -> str:
        return ruler.estimated(text) + "".join(letter for letter in dict.fromkeys(text) if letter in other)

    return evolve(ruler, estimated=estimated)
