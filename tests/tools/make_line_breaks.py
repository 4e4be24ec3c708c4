"""Make the table of line break classes again, from the Unicode data of uniseg.

    pip install uniseg
    python -m tests.tools.make_line_breaks [--write]

A byte for each code point: twice the number of its class in `line_breaks.CLASSES`, and 1 more if it is East Asian.
"""

from __future__ import annotations

import sys
import unicodedata
import zlib
from pathlib import Path

from uniseg.linebreak import line_break
from uniseg.unicodedatawrapper import EA, GC, category, east_asian_width

from aistudios_dsl.layout.line_breaks import CLASSES

TARGET = Path(__file__).parents[2] / "aistudios_dsl" / "layout" / "data" / "line_breaks.z"
LAST = 0x32400
RESOLVED = {"AI": "AL", "SG": "AL", "XX": "AL", "CJ": "NS", "AK": "AL", "AP": "AL", "AS": "AL", "VF": "CM", "VI": "CM"}
RESOLVED |= {"BK": "ZW", "CR": "ZW", "LF": "ZW", "NL": "ZW", "SP": "ZW"}
"""LB1, strict; the aksaras of LB28a stay together; what ends a line on paper only allows it on a canvas."""


def class_of(letter: str) -> str:
    """The class that the rules ask for: LB1, with the two kinds of quotation marks that point somewhere apart."""
    found = line_break(letter).value
    if found == "SA":
        return "CM" if category(letter) in (GC.MN, GC.MC) else "AL"
    if found == "QU":
        return {GC.PI: "QI", GC.PF: "QF"}.get(category(letter), "QU")
    if found == "ID" and unicodedata.category(letter) == "Cn" and "\U0001f000" < letter < "\U0001fffe":
        return "EB"  # LB30b: a pictograph to come may take a skin tone
    return RESOLVED.get(found, found)


def table() -> bytes:
    """The bytes of all code points."""
    wide = (EA.F, EA.W, EA.H)
    letters = [chr(code) if not 0xD800 <= code < 0xE000 else "a" for code in range(LAST)]
    return bytes(2 * CLASSES.index(class_of(letter)) + (east_asian_width(letter) in wide) for letter in letters)


if __name__ == "__main__":
    packed = zlib.compress(table(), 9)
    print(f"{len(packed)} bytes")
    if "--write" in sys.argv:
        TARGET.write_bytes(packed)
