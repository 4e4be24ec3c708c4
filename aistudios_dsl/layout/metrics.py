"""Advances and kerning of Noto Sans CJK, in thousandths of an em, read when a text is first measured."""

from __future__ import annotations

import json
import unicodedata
import zlib
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

from attrs import frozen

K = TypeVar("K", bound=str | tuple[str, str])

_FULL, _HANGUL = 1000, 920
_SPACES = frozenset("\t\r\u2028\u2029")
_LONGEST_KEPT = 24

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
"""Ranges of letters that the font lacks, with the average width of one of them in Debian's Noto fonts."""


class WidthCache(dict[K, int]):
    """A dict that computes a missing width; only short keys are kept, and a full dict is emptied."""

    __slots__ = ("_compute", "_most")

    def __init__(self, compute: Callable[[K], int], most: int = 200_000) -> None:
        super().__init__()
        self._compute, self._most = compute, most

    def __missing__(self, key: K) -> int:
        found = self._compute(key)
        if len(key) <= _LONGEST_KEPT:
            if len(self) > self._most:
                self.clear()
            self[key] = found
        return found


@frozen(eq=False)
class Face:
    """One weight of the font. Kerning is a cell for the class of the left letter and that of the right one."""

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
        """Return the width of a letter alone; an estimate if the font lacks it."""
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
        """Return the space between two letters beyond their advances; below 0 they move together."""
        found = self.cells.get((self.left.get(before, -1), self.right.get(letter, -1)), 0)
        return found or self.cjk_cells.get((self.cjk_left.get(before, -1), self.cjk_right.get(letter, -1)), 0)


def is_estimated(letter: str) -> bool:
    """Whether the font lacks a letter, so that its width is an estimate."""
    code = ord(letter)
    return letter in face(False).fallback or any(first <= code <= last for first, last, _ in _ESTIMATES)


@cache
def face(bold: bool) -> Face:
    """Return the regular or the bold face."""
    return made_face(_data(), bold)


def made_face(data: Any, bold: bool) -> Face:
    """Return a face of the bundle that `tests/tools/make_metrics.py` writes."""
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
def pairs(bold: bool) -> WidthCache[tuple[str, str]]:
    """Return what a letter adds to a line after another one: its advance and the kerning between the two."""
    advance, kerning = face(bold).advance, face(bold).kerning
    return WidthCache(lambda pair: advance(pair[1]) + kerning(*pair))


@cache
def words(bold: bool) -> WidthCache[str]:
    """Return what a word adds to a line between two spaces: all pairs from the space before it to the one after it."""
    pair = pairs(bold).__getitem__
    return WidthCache(lambda word: sum(map(pair, pairwise(f" {word} "))), most=5_000)


@cache
def edges(bold: bool) -> WidthCache[tuple[str, str]]:
    """Return the correction for a line's first and last letter: no space is before the one and after the other."""
    between, advance = pairs(bold), face(bold).advance
    return WidthCache(lambda ends: advance(ends[0]) - between[" ", ends[0]] - between[ends[1], " "])


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
