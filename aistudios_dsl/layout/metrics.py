"""The advances and kerning of Noto Sans CJK, in thousandths of an em: read when text is first measured."""

from __future__ import annotations

import json
import unicodedata
import zlib
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

from attrs import frozen

_FULL, _HANGUL = 1000, 920
_SPACES = frozenset("\t\r\u2028\u2029")
_CACHED_PAIRS = 200_000
_CACHED_WORDS = 5_000
_LONGEST_CACHED_WORD = 24

_ESTIMATES: tuple[tuple[int, int, int], ...] = (
    (0x0530, 0x058F, 600),
    (0x0590, 0x05FF, 545),
    (0x0600, 0x08FF, 420),
    (0x0900, 0x0DFF, 510),
    (0x0E00, 0x0EFF, 590),
    (0x0F00, 0x10FF, 620),
    (0x1200, 0x17FF, 700),
    (0xFB1D, 0xFDFF, 420),
    (0xFE70, 0xFEFE, 420),
    (0x1F000, 0x1FAFF, 1245),
)
"""Ranges of letters that the font lacks, and what one of them is taken to be wide: averages of Debian's Noto fonts."""


class Pairs(dict[tuple[str, str], int]):
    """What a letter adds to a line after another: its own advance and the kerning between the two."""

    def __init__(self, face: Face) -> None:
        super().__init__()
        self._face = face

    def __missing__(self, pair: tuple[str, str]) -> int:
        if len(self) > _CACHED_PAIRS:
            self.clear()
        found = self[pair] = self._face.advance(pair[1]) + self._face.kerning(*pair)
        return found


class Words(dict[str, int]):
    """What a word adds to a line between two spaces: every pair from the space before it to the one behind it."""

    def __init__(self, pairs: Pairs) -> None:
        super().__init__()
        self._pairs = pairs

    def __missing__(self, word: str) -> int:
        if len(self) > _CACHED_WORDS:
            self.clear()
        found = sum(map(self._pairs.__getitem__, pairwise(f" {word} ")))
        if len(word) <= _LONGEST_CACHED_WORD:
            self[word] = found
        return found


class Edges(dict[str, int]):
    """What a line's first or last letter has less than a word between spaces that begins or ends with it."""

    def __init__(self, correction: Callable[[str], int]) -> None:
        super().__init__()
        self._correction = correction

    def __missing__(self, letter: str) -> int:
        found = self[letter] = self._correction(letter)
        return found


@frozen(eq=False)
class Face:
    """One weight of the font."""

    advances: dict[str, int]
    fallback: dict[str, int]
    hangul: tuple[tuple[int, int], ...]
    left: dict[str, int]
    right: dict[str, int]
    cells: dict[tuple[int, int], int]
    cjk_left: dict[str, int]
    cjk_right: dict[str, int]
    cjk_cells: dict[tuple[int, int], int]

    def advance(self, letter: str) -> int:
        """The width of a letter by itself, thousandths of an em; that of a letter outside the font is an estimate."""
        if letter in self.advances:
            return self.advances[letter]
        if letter in self.fallback:
            return self.fallback[letter]
        code = ord(letter)
        if letter in _SPACES:
            return self.advances[" "]
        if unicodedata.category(letter) in ("Mn", "Me", "Cf", "Cc"):
            return 0
        if any(first <= code <= last for first, last in self.hangul):
            return _HANGUL
        return next((width for first, last, width in _ESTIMATES if first <= code <= last), _FULL)

    def kerning(self, before: str, letter: str) -> int:
        """What stands between two letters more (or, below 0, less) than their advances."""
        found = self.cells.get((self.left.get(before, -1), self.right.get(letter, -1)), 0)
        return found or self.cjk_cells.get((self.cjk_left.get(before, -1), self.cjk_right.get(letter, -1)), 0)


def is_estimated(letter: str) -> bool:
    """Whether the font lacks the letter, so that its width is an estimate.

    >>> is_estimated("ส"), is_estimated("漢")
    (True, False)
    """
    code = ord(letter)
    return letter in face(False).fallback or any(first <= code <= last for first, last, _ in _ESTIMATES)


@cache
def face(bold: bool) -> Face:
    """The regular or the bold face."""
    return made_face(_data(), bold)


def made_face(data: Any, bold: bool) -> Face:
    """A face from the bundle that `tests/tools/make_metrics.py` makes."""
    part, cjk = data["bold" if bold else "regular"], data["cjkPairs"]
    kern = part["kern"]
    return Face(
        _runs(part["advances"]["runs"]),
        part["fallback"],
        tuple((first, last) for first, last in part["advances"]["hangul"]),
        _classes(kern["left"]),
        _classes(kern["right"]),
        {pair: int(value) for value, flat in kern["cells"].items() for pair in zip(flat[::2], flat[1::2], strict=True)},
        _classes(cjk["left"]),
        _classes(cjk["right"]),
        {(a, b): v for a, b, v in zip(cjk["cells"][::3], cjk["cells"][1::3], cjk["cells"][2::3], strict=True)},
    )


@cache
def pairs(bold: bool) -> Pairs:
    """The pair widths of the regular or the bold face, computed as they are met."""
    return Pairs(face(bold))


@cache
def words(bold: bool) -> Words:
    """The word widths of the regular or the bold face, computed as they are met."""
    return Words(pairs(bold))


@cache
def firsts(bold: bool) -> Edges:
    """By the first letter of a line: no space is before it."""
    between = pairs(bold)
    return Edges(lambda letter: face(bold).advance(letter) - between[" ", letter])


@cache
def lasts(bold: bool) -> Edges:
    """By the last letter of a line: no space is behind it."""
    between = pairs(bold)
    return Edges(lambda letter: -between[letter, " "])


@cache
def _data() -> Any:
    from importlib.resources import files

    packed = files("aistudios_dsl.layout").joinpath("data/noto_sans_cjk.json.z").read_bytes()
    return json.loads(zlib.decompress(packed))


def _runs(runs: list[Any]) -> dict[str, int]:
    advances: dict[str, int] = {}
    code = 0
    for gap, widths in zip(runs[::2], runs[1::2], strict=True):
        code += gap
        advances |= {chr(code + place): width for place, width in enumerate(widths)}
        code += len(widths)
    return advances


def _classes(groups: list[str]) -> dict[str, int]:
    return {letter: number for number, group in enumerate(groups) for letter in group}
