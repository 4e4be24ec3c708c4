"""Make the bundled font metrics again from Debian's `fonts-noto-cjk` and `fonts-noto-core`, and say what differs.

    pip install fonttools uharfbuzz
    python -m tests.tools.make_metrics [--write]

Advances are those of the font; kerning is what HarfBuzz shapes between two letters; the full-width punctuation that
Chromium tightens (CSS Text 4, text-spacing-trim) is a rule of the browser and no table of the font, so it is written
here. Letters of Latin, Greek and Cyrillic that the font lacks take their advance from Noto Sans, as the browser does.
"""

from __future__ import annotations

import json
import sys
import unicodedata
import zlib
from itertools import groupby
from pathlib import Path

import uharfbuzz
from fontTools.ttLib import TTCollection, TTFont

FONTS = Path("/usr/share/fonts")
TARGET = Path(__file__).parents[2] / "aistudios_dsl" / "layout" / "data" / "noto_sans_cjk.json.z"
LAST_LISTED = 0x3000
EXTRA_RANGES = ((0xFB00, 0xFB07), (0xFE00, 0xFFFF), (0x1F100, 0x1F200))
HANGUL = [(0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xD7B0, 0xD7C6), (0xD7CB, 0xD7FB)]
HANGUL += [(0xFFA0, 0xFFBE), (0xFFC2, 0xFFC7), (0xFFCA, 0xFFCF), (0xFFD2, 0xFFD7), (0xFFDA, 0xFFDC)]
KANA = [*range(0x3001, 0x3100), *range(0x31F0, 0x3200)]
SPACES = (*range(0x2000, 0x200B), 0x202F, 0x205F)
"""Spaces that HarfBuzz makes from the plain one where a font lacks them."""
OPENING = "〈《「『【〔〖〘〚〝（［｛｟"
CLOSING = "〉》」』】〕〗〙〛〞〟）］｝｠"
STOPS = "、。，．"
TRIMMED = (
    ("\u3000" + OPENING + "・：｢", OPENING, -500),
    (STOPS + CLOSING, "\u3000" + OPENING + CLOSING + STOPS + "・：｣", -500),
)


class Weight:
    """One weight of the font, as fontTools and HarfBuzz read it."""

    def __init__(self, name: str) -> None:
        path = FONTS / "opentype" / "noto" / f"NotoSansCJK-{name}.ttc"
        faces = TTCollection(path).fonts
        index = next(i for i, face in enumerate(faces) if "Sans CJK KR" in face["name"].getDebugName(4))
        self.glyphs, self.metrics = faces[index].getBestCmap(), faces[index]["hmtx"]
        self.shaper = uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)), index))
        self.noto = TTFont(FONTS / "truetype" / "noto" / f"NotoSans-{name}.ttf")

    def shaped(self, text: str) -> int:
        """The width of a text as one run of the font."""
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(self.shaper, buffer, {})
        return sum(position.x_advance for position in buffer.glyph_positions)

    def advances(self) -> dict[int, int]:
        """Every listed letter that the font has, by itself or by its parts."""
        codes = [*range(0x20, LAST_LISTED), *(c for first, end in EXTRA_RANGES for c in range(first, end))]
        codes = [code for code in codes if not any(a <= code <= b for a, b in HANGUL)]
        found = {code: self.metrics[self.glyphs[code]][0] for code in codes if code in self.glyphs}
        return found | {code: self.shaped(chr(code)) for code in codes if code not in found and self.composes(code)}

    def composes(self, code: int) -> bool:
        """Whether HarfBuzz finds the letter in the font, whole or in parts."""
        parts = [int(part, 16) for part in unicodedata.decomposition(chr(code)).split() if "<" not in part]
        compatible = "<" in unicodedata.decomposition(chr(code))
        if code in SPACES:
            return True
        in_parts = bool(parts) and not compatible and all(self.composes(part) for part in parts)
        return code in self.glyphs or in_parts

    def fallback(self, advances: dict[int, int]) -> dict[str, int]:
        """Letters of European scripts that only Noto Sans has."""
        glyphs, metrics = self.noto.getBestCmap(), self.noto["hmtx"]
        ranges = [
            (0xA0, 0x530),
            (0x1D00, 0x2000),
            (0x2000, 0x2070),
            (0x20A0, 0x2190),
            (0x2C60, 0x2C80),
            (0xA640, 0xA800),
        ]
        codes = [code for first, end in ranges for code in range(first, end) if code in glyphs and code not in advances]
        marks = ("Mn", "Me", "Cf", "Cc")
        return {chr(c): metrics[glyphs[c]][0] for c in codes if unicodedata.category(chr(c)) not in marks}

    def kerning(self, letters: list[str]) -> dict[tuple[str, str], int]:
        """What HarfBuzz puts between two letters, where that is not nothing."""
        alone = {letter: self.shaped(letter) for letter in letters}
        pairs = ((a, b) for a in letters for b in letters if _one_run(a, b))
        found = {(a, b): self.shaped(a + b) - alone[a] - alone[b] for a, b in pairs}
        return {pair: value for pair, value in found.items() if value}


def _one_run(before: str, letter: str) -> bool:
    """Whether the browser shapes the two together: it parts a text where the script changes, and between two kana."""
    scripts = [script for script in (_script(before), _script(letter)) if script]
    return len(set(scripts)) < 2 and scripts != ["kana", "kana"]


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "").partition(" ")[0]
    return {"HIRAGANA": "kana", "KATAKANA": "kana"}.get(name, name if name in ("LATIN", "GREEK", "CYRILLIC") else "")


def runs(advances: dict[int, int]) -> list[object]:
    """Advances as gaps and runs of neighbours."""
    out: list[object] = []
    end = 0
    for _, group in groupby(enumerate(sorted(advances)), key=lambda item: item[1] - item[0]):
        codes = [code for _, code in group]
        out += [codes[0] - end, [advances[code] for code in codes]]
        end = codes[-1] + 1
    return out


def classes(kerning: dict[tuple[str, str], int]) -> dict[str, object]:
    """Pairs as classes of letters that kern alike, and a cell for each two classes that do."""
    lefts, rights = _alike(kerning, 0), _alike(kerning, 1)
    of_left = {letter: number for number, group in enumerate(lefts) for letter in group}
    of_right = {letter: number for number, group in enumerate(rights) for letter in group}
    cells: dict[str, list[int]] = {}
    seen = {(of_left[a], of_right[b]): value for (a, b), value in kerning.items()}
    for (left, right), value in sorted(seen.items()):
        cells.setdefault(str(value), []).extend((left, right))
    return {"left": lefts, "right": rights, "cells": cells}


def _alike(kerning: dict[tuple[str, str], int], side: int) -> list[str]:
    rows: dict[str, dict[str, int]] = {}
    for pair, value in kerning.items():
        rows.setdefault(pair[side], {})[pair[1 - side]] = value
    groups: dict[tuple[tuple[str, int], ...], str] = {}
    for letter, row in sorted(rows.items()):
        key = tuple(sorted(row.items()))
        groups[key] = groups.get(key, "") + letter
    return list(groups.values())


def trimmed() -> dict[str, object]:
    """Chromium's own tightening of full-width punctuation."""
    pairs = {(a, b): value for lefts, rights, value in TRIMMED for a in lefts for b in rights}
    made = classes(pairs)
    cells = [
        [left, right, int(v)]
        for v, flat in made["cells"].items()
        for left, right in zip(flat[::2], flat[1::2], strict=True)
    ]
    return made | {"cells": [number for cell in cells for number in cell]}


def made() -> dict[str, object]:
    """The whole bundle."""
    bundle: dict[str, object] = {}
    for name in ("Regular", "Bold"):
        weight = Weight(name)
        advances = weight.advances()
        letters = [chr(code) for code in (*advances, *KANA, *range(0xFF00, 0xFF61)) if code < 0x3100 or code > 0xFAFF]
        known = weight.glyphs.keys() | advances.keys()
        letters = [a for a in dict.fromkeys(letters) if ord(a) in known and unicodedata.category(a) not in ("Mn", "Cf")]
        bundle[name.lower()] = {
            "advances": {"hangul": HANGUL, "runs": runs(advances)},
            "kern": classes(weight.kerning([a for a in letters if _can_kern(a)])),
            "fallback": weight.fallback(advances),
        }
    return bundle | {"cjkPairs": trimmed()}


def _can_kern(letter: str) -> bool:
    code = ord(letter)
    return code < 0x530 or 0x1E00 <= code < 0x2070 or 0x3001 <= code < 0x3200 or 0xFF00 <= code < 0xFF61


def compare(new: dict[str, object]) -> None:
    """Print how the new bundle measures single letters and pairs against the one in the package."""
    from aistudios_dsl.layout import metrics

    for bold, name in ((False, "regular"), (True, "bold")):
        old, fresh = metrics.face(bold), metrics.made_face(new, bold)
        letters = [chr(code) for code in (*range(0x20, 0x530), *range(0x1E00, 0x2070), *range(0x3000, 0x3100))]
        alone = [a for a in letters if old.advance(a) != fresh.advance(a)]
        pairs = [(a, b) for a in letters for b in letters if old.kerning(a, b) != fresh.kerning(a, b)]
        print(f"{name}: {len(alone)} of {len(letters)} advances differ: {''.join(alone[:40])}")
        print(f"{name}: {len(pairs)} of {len(letters) ** 2} pairs differ: {' '.join(a + b for a, b in pairs[:30])}")


if __name__ == "__main__":
    bundle = made()
    compare(bundle)
    packed = zlib.compress(json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    print(f"{len(packed)} bytes")
    if "--write" in sys.argv:
        TARGET.write_bytes(packed)
