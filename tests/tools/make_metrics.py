"""Make the bundled font metrics again from Debian's `fonts-noto-cjk`, and say what differs.

    pip install fonttools uharfbuzz
    apt-get install fonts-noto-cjk fonts-noto-core fonts-noto-color-emoji chromium chromium-driver
    python -m tests.tools.make_metrics [--write]

Advances and coverage are those of the font; kerning is what HarfBuzz shapes between two letters; the full-width
punctuation that Chromium tightens (CSS Text 4, text-spacing-trim) is a rule of the browser and no table of the font,
so it is written here. Letters that the font lacks are estimates: what Chromium adds to a line for them, in these fonts.
"""

from __future__ import annotations

import json
import sys
import unicodedata
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import uharfbuzz
from fontTools.ttLib import TTCollection

from tests.chromium import Browser

FONTS = Path("/usr/share/fonts")
DATA = Path(__file__).parents[2] / "aistudios_dsl" / "layout" / "data"
LAST_LISTED = 0x3000
FULL = 1000
LAST_COVERED, LAST_ESTIMATED = 0x32400, 0x1FC00
IGNORED = [0xAD, 0x34F, 0x61C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
IGNORED += [*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)]
"""Letters without a width of their own, whatever the font says; the line separators are spaces."""
CONJOINING = (*range(0x1160, 0x1200), *range(0xD7B0, 0xD7FC), 0x302E, 0x302F)
"""Parts of old Hangul syllables: their width depends on what is before them, so they count as lacking."""
BEFORE = {
    0x0590: "א", 0x0600: "لمينهتبس", 0x0700: "ܒ", 0x0750: "لمينهتبس", 0x0780: "ކ", 0x07C0: "ߓ",
    0x0800: "", 0x0860: "ب", 0x0900: "कतरन", 0x0980: "ক", 0x0A00: "ਕ", 0x0A80: "ક", 0x0B00: "କ", 0x0B80: "கதரன",
    0x0C00: "క", 0x0C80: "ಕ", 0x0D00: "ക", 0x0D80: "ක", 0x0E00: "ก", 0x0E80: "ກ", 0x0F00: "ཀ", 0x1000: "က",
    0x10A0: "", 0x1160: "ᄀ", 0x1200: "", 0x1780: "ក", 0x1800: "ᠪ", 0x18B0: "", 0xA8E0: "क", 0xA900: "",
    0xAA60: "က", 0xAA80: "", 0xD7B0: "ᄀ", 0xD800: "", 0xFB50: "", 0xFE10: "",
}  # fmt: skip
"""From where on a letter is estimated behind these, so that it joins, and a mark does not stand on a dotted circle."""
EXTRA_RANGES = ((0xFB00, 0xFB07), (0xFE00, 0xFFFF), (0x1F100, 0x1F200))
HANGUL = [(0x1100, 0x115F), (0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7A3)]
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

    def shaped(self, text: str) -> int:
        """The width of a text as one run of the font."""
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(self.shaper, buffer, {})
        return sum(position.x_advance for position in buffer.glyph_positions)

    def advances(self) -> dict[int, float]:
        """Every listed letter that the font has, by itself or by its parts, and the others that are not 1 em wide."""
        codes = [*range(0x20, LAST_LISTED), *(c for first, end in EXTRA_RANGES for c in range(first, end))]
        codes += [code for code in self.glyphs if code >= LAST_LISTED and self.width(code) != FULL]
        skipped = {*IGNORED, *CONJOINING, *(code for first, last in HANGUL for code in range(first, last + 1))}
        codes = [code for code in dict.fromkeys(codes) if code not in skipped]
        found = {code: self.width(code) for code in codes if code in self.glyphs}
        made = {code: self.shaped(chr(code)) for code in codes if code not in found and self.composes(code)}
        return found | made | {code: width for code, width in self.spaces().items() if code in made}

    def width(self, code: int) -> int:
        """The advance of a letter that the font has; a mark has none."""
        is_mark = unicodedata.category(chr(code)) == "Mn"
        return 0 if is_mark else self.metrics[self.glyphs[code]][0]

    def spaces(self) -> dict[int, float]:
        """Spaces that HarfBuzz makes, with the fractions of a unit that it keeps when a browser asks."""
        parts = {0x2004: FULL / 3, 0x2006: FULL / 6, 0x200A: FULL / 16, 0x202F: self.shaped(" ") / 2}
        return parts | {0x205F: FULL * 4 / 18}

    def composes(self, code: int) -> bool:
        """Whether HarfBuzz finds the letter in the font, whole or in parts."""
        parts = [int(part, 16) for part in unicodedata.decomposition(chr(code)).split() if "<" not in part]
        compatible = "<" in unicodedata.decomposition(chr(code))
        if code in SPACES:
            return True
        in_parts = bool(parts) and not compatible and all(self.composes(part) for part in parts)
        return code in self.glyphs or in_parts

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


def runs(advances: dict[int, float]) -> list[object]:
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
        }
    return bundle | {"cjkPairs": trimmed()}


def _can_kern(letter: str) -> bool:
    code = ord(letter)
    return code < 0x530 or 0x1E00 <= code < 0x2070 or 0x3001 <= code < 0x3200 or 0xFF00 <= code < 0xFF61


def coverage() -> bytes:
    """A bit for each letter that the font has and that is as wide wherever it stands."""
    bits = bytearray(LAST_COVERED // 8)
    for code in Weight("Regular").glyphs.keys() - {*CONJOINING, *IGNORED}:
        bits[code >> 3] |= 1 << (code & 7)
    return bytes(bits)


def estimates() -> bytes:
    """What Chromium shows for letters that the font lacks, in thousandths of an em, as two arrays.

    The first has for each letter its width alone; for a letter of the font, that with a mark that the font lacks, since
    then all of it is drawn in another font. The second has what a letter adds to a line behind another one beyond that.
    """
    known = Weight("Regular").glyphs
    lacked = [code for code in range(LAST_ESTIMATED) if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")]
    marked = [code for code in (*range(0x20, 0x7F), *range(0xA1, 0x530), *range(0x1E00, 0x2000)) if code in known]
    alone = array("h", [FULL]) * LAST_ESTIMATED
    for code, width in zip(lacked, widths(map(chr, lacked)), strict=True):
        alone[code] = min(round(width), 0x7FFF)
    for code, width in zip(marked, widths(chr(code) + LACKED_MARK for code in marked), strict=True):
        alone[code] = round(width)
    for code in IGNORED:
        if code < LAST_ESTIMATED:
            alone[code] = 0
    found = alone + joined([code for code in lacked if code not in known])
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def joined(codes: Sequence[int]) -> array[int]:
    """What each letter adds behind the usual ones of its script, beyond its width alone."""
    before = [BEFORE.get(max((first for first in BEFORE if first <= code), default=0), "") for code in codes]
    pairs = [(one, chr(code)) for code, some in zip(codes, before, strict=True) for one in some]
    single = sorted({letter for pair in pairs for letter in pair})
    width = dict(zip(single, widths(single), strict=True))
    added: dict[str, list[float]] = {}
    for (one, letter), whole in zip(pairs, widths(map("".join, pairs)), strict=True):
        added.setdefault(letter, []).append(whole - width[one] - width[letter])
    found = array("h", [0]) * LAST_ESTIMATED
    for letter, more in added.items():
        found[ord(letter)] = round(sum(more) / len(more))
    return found


LACKED_MARK = "\u0310"
WIDTHS = """
const [texts, font] = arguments, paper = document.createElement('canvas').getContext('2d');
paper.font = font;
return texts.map(text => paper.measureText(text).width * 2.5);
"""


def widths(texts: Iterable[str]) -> list[float]:
    """The widths of texts in Chromium, in thousandths of an em."""
    browser, left = Browser(), list(texts)
    try:
        browser.driver.get("data:text/html,<meta charset=utf-8>")
        batches: Sequence[list[str]] = [left[at : at + 5000] for at in range(0, len(left), 5000)]
        return [width for batch in batches for width in browser.run(WIDTHS, batch, '400px "Noto Sans CJK KR"')]
    finally:
        browser.close()


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
    files = {
        "noto_sans_cjk.json.z": json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode(),
        "coverage.z": coverage(),
        "estimates.z": estimates(),
    }
    for name, content in files.items():
        packed = zlib.compress(content, 9)
        print(f"{name}: {len(packed)} bytes")
        if "--write" in sys.argv:
            (DATA / name).write_bytes(packed)
