"""Advances and kerning of Noto Sans CJK, in thousandths of an em, read when a text is first measured."""

from __future__ import annotations

import json
import re
import sys
import zlib
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

from attrs import evolve, frozen

K = TypeVar("K", bound=str | tuple[str, str])

_FULL, _HANGUL = 1000, 920
_SPACES = frozenset("\t\r\v\f\u2028\u2029")
_LONGEST_KEPT = 24

UNSEEN = re.compile(
    "[\0-\x1f\x7f-\x9f\xad\u034f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
"""Letters that no font is asked for: control characters, joiners, and what chooses between forms of a letter."""
_PLAIN = re.compile(
    "[ -~\xa1-\xa8\xaa-\xac\xaf-\u02af\u0391-\u03a1\u03a3-\u03c9\u0410-\u044f"
    "\u3001-\u3011\u3041-\u3096\u30a1-\u30fc\u4e00-\u9fff\uac00-\ud7a3]+"
)
"""Letters of one line, in their normal form, that change neither the form nor the kind of a neighbour."""
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")
"""Marks for letters of any script."""
_END_A_JOIN = "\u0621\u0622\u0623\u0624\u0625\u0627\u0629\u062f\u0630\u0631\u0632\u0648\u0649"
"""Arabic letters that do not join the one behind them."""
_PICTOGRAPH = "[©®‼⁉™ℹ\u2190-\u2bff〰〽㊗㊙\U0001f000-\U0001faff]"
_TAIL = "(?:\ufe0f[\U0001f3fb-\U0001f3ff]?|[\U0001f3fb-\U0001f3ff])?[\U000e0020-\U000e007f]*"
PICTOGRAPH = re.compile(f"{_PICTOGRAPH}|[0-9#*]")
"""What becomes an emoji before U+FE0F."""
SEQUENCES = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*](?:\ufe0f\u20e3?|\u20e3)"
    f"|{_PICTOGRAPH}(?:{_TAIL}(?:\u200d{_PICTOGRAPH}{_TAIL})+|(?=[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020]){_TAIL})"
)
"""Emoji of several code points: flags, keycaps, skin tones and joined sequences. Each is as wide as one emoji."""
_LETTERS = re.compile(f"{SEQUENCES.pattern}|.", re.DOTALL)
_EMOJI = "\U0001f600"


def is_plain(text: str) -> bool:
    """Return whether a text is one line of letters that are measured one by one, wherever they stand.

    >>> is_plain("Zoë, 김"), is_plain("e\u0301"), is_plain("two\\nlines"), is_plain("")
    (True, False, False, False)
    """
    return text.isprintable() and text != "" if text.isascii() else _PLAIN.fullmatch(text) is not None


class WidthCache(dict[K, float]):
    """A dict that computes a missing width; only short keys are kept, and a full dict is emptied."""

    __slots__ = ("_compute", "_most")

    def __init__(self, compute: Callable[[K], float], most: int = 200_000) -> None:
        super().__init__()
        self._compute, self._most = compute, most

    def __missing__(self, key: K) -> float:
        found = self._compute(key)
        if len(key) <= _LONGEST_KEPT:
            if len(self) > self._most:
                self.clear()
            self[key] = found
        return found


@frozen(eq=False)
class Face:
    """One weight of the font. Kerning is a cell for the class of the left letter and that of the right one."""

    advances: dict[str, float]
    hangul: tuple[tuple[int, int], ...]
    left: dict[str, int]
    right: dict[str, int]
    cells: dict[tuple[int, int], int]
    cjk_left: dict[str, int]
    cjk_right: dict[str, int]
    cjk_cells: dict[tuple[int, int], int]

    def advance(self, letter: str) -> float:
        """Return the width of a letter alone; an estimate if the font lacks it."""
        found = self.advances.get(letter)
        if found is not None:
            return found
        if letter in _SPACES:
            return self.advances[" "]
        code = ord(letter)
        if any(first <= code <= last for first, last in self.hangul):
            return _HANGUL
        return _FULL if is_covered(letter) else _estimate(code)

    def kerning(self, before: str, letter: str) -> float:
        """Return the space between two letters beyond their advances; below 0 they move together."""
        found = self.cells.get((self.left.get(before, -1), self.right.get(letter, -1)), 0)
        found = found or self.cjk_cells.get((self.cjk_left.get(before, -1), self.cjk_right.get(letter, -1)), 0)
        if found or letter < "\u0300" or letter in self.advances or is_covered(letter):
            return found
        if _MARKS.match(letter) and is_covered(before):
            # A letter with a mark that the font lacks is drawn in another font, and so is as wide as it is there.
            return (_estimate(ord(before)) or _FULL) - self.advance(before)
        joins = before > "\u0530" and before not in _END_A_JOIN and is_estimated(before)
        return _joined(ord(letter)) if joins else 0


def is_covered(letter: str) -> bool:
    """Return whether the font has a letter of its own for a code point, as wide wherever it stands."""
    code, bits = ord(letter), _coverage()
    return code >> 3 < len(bits) and bool(bits[code >> 3] >> (code & 7) & 1)


def is_estimated(letter: str) -> bool:
    """Return whether the font lacks a letter, so that its width is an estimate."""
    return not (letter in face(False).advances or is_covered(letter) or UNSEEN.match(letter))


def _estimate(code: int) -> float:
    widths = _estimates()[0]
    return widths[code] if code < len(widths) else 0 if code >> 12 == 0xE0 else _FULL


def _joined(code: int) -> float:
    """Return what a letter adds behind another one of a script that joins or stacks them, beyond its width alone."""
    widths = _estimates()[1]
    return widths[code] if code < len(widths) else 0


@cache
def face(bold: bool) -> Face:
    """Return the regular or the bold face."""
    return made_face(json.loads(unpacked("noto_sans_cjk.json.z")), bold)


def made_face(data: Any, bold: bool) -> Face:
    """Return a face of the bundle that `tests/tools/make_metrics.py` writes."""
    part, cjk = data["bold" if bold else "regular"], data["cjkPairs"]
    kern = part["kern"]
    return Face(
        _runs(part["advances"]["runs"]),
        tuple((first, last) for first, last in part["advances"]["hangul"]),
        _classes(kern["left"]),
        _classes(kern["right"]),
        {pair: int(value) for value, flat in kern["cells"].items() for pair in zip(flat[::2], flat[1::2], strict=True)},
        _classes(cjk["left"]),
        _classes(cjk["right"]),
        {(a, b): v for a, b, v in zip(cjk["cells"][::3], cjk["cells"][1::3], cjk["cells"][2::3], strict=True)},
    )


# measuring


@frozen(eq=False)
class Ruler:
    """Measures lines of text in one face of a font; widths are in thousandths of an em."""

    advances: WidthCache[str]
    """The width of a letter alone."""
    pairs: WidthCache[tuple[str, str]]
    """What a letter adds to a line after another one: its advance and the kerning between the two."""
    units: Callable[[str], float]
    """The width of a line: the advance of its first letter, and what each further one adds."""
    estimated: Callable[[str], str]
    """The letters of a text whose widths are estimates, each once."""
    letters: Callable[[str], tuple[Sequence[str], Sequence[str]]]
    """The letters of a word, which no line break parts, and each as it is measured."""
    adds: bool = False
    """Whether a line of plain letters is as wide as its advances and kernings are in whole numbers, so that its parts
    can be measured by themselves."""


def ruler_of(
    advance: Callable[[str], float],
    pair: Callable[[tuple[str, str]], float],
    estimated: Callable[[str], str],
    letters: Callable[[str], tuple[Sequence[str], Sequence[str]]],
) -> Ruler:
    """Return a ruler that remembers pairs, words, and the corrections for the ends of lines."""
    pairs, advances = WidthCache(pair), WidthCache(advance)
    between = pairs.__getitem__

    def word_between_spaces(word: str) -> float:
        measured = letters(word)[1]
        return sum(map(between, pairwise(f" {measured} " if isinstance(measured, str) else (" ", *measured, " "))))

    # A word counts all pairs from the space before it to the one after it ...
    words = WidthCache(word_between_spaces, most=5_000)
    # ... but no space is before the first letter of a line, and none after the last.
    edges = WidthCache[tuple[str, str]](
        lambda ends: advances[ends[0]] - between((" ", ends[0])) - between((ends[1], " "))
    )
    word = words.__getitem__

    def units(line: str) -> float:
        return sum(map(word, line.split(" "))) + edges[line[0], line[-1]] if line else 0

    return Ruler(advances, pairs, units, estimated, letters)


@cache
def bundled(bold: bool) -> Ruler:
    """Return the ruler of the bundled font."""
    advance, kerning = face(bold).advance, face(bold).kerning
    found = ruler_of(advance, lambda pair: advance(pair[1]) + kerning(*pair), lacking, with_emoji_whole)
    return evolve(found, adds=True)


def with_emoji_whole(word: str) -> tuple[Sequence[str], Sequence[str]]:
    """Return the letters of a word, and the same with one emoji for each that has several code points.

    >>> with_emoji_whole("1\ufe0f\u20e3!") == (["1\ufe0f\u20e3", "!"], ["\U0001f600", "!"])
    True
    """
    if word.isascii() or not SEQUENCES.search(word):
        return word, word
    letters = _LETTERS.findall(word)
    return letters, [letter if len(letter) == 1 else _EMOJI for letter in letters]


def lacking(text: str) -> str:
    """Return the letters of a text that the bundled font lacks, each once.

    >>> lacking("Hello, مرحبا")
    'مرحبا'
    """
    if text.isascii():
        return ""
    sequences = SEQUENCES.findall(text)
    rest = SEQUENCES.sub("", text) if sequences else text
    single = [letter for letter in dict.fromkeys(rest) if letter > "~" and is_estimated(letter)]
    return "".join([*dict.fromkeys(sequences), *single])


# data


@cache
def _coverage() -> bytes:
    return unpacked("coverage.z")


@cache
def _estimates() -> tuple[array[int], array[int]]:
    widths = array("h", unpacked("estimates.z"))
    if sys.byteorder == "big":
        widths.byteswap()
    half = len(widths) // 2
    return widths[:half], widths[half:]


def unpacked(name: str) -> bytes:
    """Return the content of a packed file in `data/`. `importlib.resources` would take longer to import than this."""
    from pkgutil import get_data

    packed = get_data("aistudios_dsl.layout", f"data/{name}")
    assert packed is not None, "the loader of this package reads no data"
    return zlib.decompress(packed)


def _runs(runs: list[Any]) -> dict[str, float]:
    advances: dict[str, float] = {}
    code = 0
    for gap, widths in zip(runs[::2], runs[1::2], strict=True):
        code += gap
        advances |= {chr(code + place): width for place, width in enumerate(widths)}
        code += len(widths)
    return advances


def _classes(groups: list[str]) -> dict[str, int]:
    return {letter: number for number, group in enumerate(groups) for letter in group}
