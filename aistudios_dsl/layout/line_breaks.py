"""Where a line may end inside a word: UAX 14 with its strict rules for Japanese, and phrases where BudouX is installed.

The classes of letters are those of Unicode 16. `tests/tools/make_line_breaks.py` makes the table from uniseg, which
itself takes 75 µs a letter, a hundred times of what measuring one takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache

from aistudios_dsl.layout.metrics import unpacked

CLASSES = (
    "AL", "B2", "BA", "BB", "CB", "CL", "CM", "CP", "EB", "EM", "EX", "GL", "H2", "H3", "HL", "HY", "ID", "IN", "IS",
    "JL", "JT", "JV", "NS", "NU", "OP", "PO", "PR", "QF", "QI", "QU", "RI", "SY", "WJ", "ZW", "ZWJ",
)  # fmt: skip
"""The classes of UAX 14 after LB1, with QI and QF for the quotation marks that open and close."""

_LETTERS, _QUOTES, _HANGUL = ("AL", "HL"), ("QU", "QI", "QF"), ("JL", "JV", "JT", "H2", "H3")
_IDEOGRAPHS = ("ID", "EB", "EM")
_COMBINING = frozenset({"CM", "ZWJ", "RI"})
_NO_BREAK_BEFORE = ("WJ", "ZW", "CL", "CP", "EX", "SY", "IS", "BA", "HY", "NS", "IN")

_LONGEST_KEPT = 200
_KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_THAI = re.compile("[\u0e00-\u0e7f]")
_SOLID = re.compile(r"[A-Za-z0-9À-ɏ.,'’]*")


def is_solid(word: str) -> bool:
    """Whether no line may end inside a word, as a quick look at it tells; False may also mean "perhaps"."""
    return _SOLID.fullmatch(word) is not None


def breaks(word: str) -> tuple[int, ...]:
    """Return the places inside a word, which has no spaces, where UAX 14 lets a line end.

    >>> breaks("「水」と火。"), breaks("co-op"), breaks("iPhone")
    ((3, 4), (3,), ())
    """
    return _kept_breaks(word) if len(word) <= _LONGEST_KEPT else tuple(_breaks(word))


@lru_cache(maxsize=1024)
def _kept_breaks(word: str) -> tuple[int, ...]:
    return tuple(_breaks(word))


def _breaks(word: str) -> Iterator[int]:
    found = list(map(_class_of, word))
    bases: Sequence[str] = [name for name, _ in found]
    starts: Sequence[int] = range(len(bases))
    if not _COMBINING.isdisjoint(bases):
        bases, starts = _bases(bases)
    wide = [found[place][1] for place in starts]
    for number, kept in enumerate(map(_keeps_alone, bases, bases[1:]), 1):
        if not (_keeps(bases, wide, number) if kept is None else kept):
            start = starts[number]
            if word[start - 1] != "\u200d":  # LB8a
                yield start


def _bases(names: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the classes of the letters without the marks on them, and their places."""
    bases: list[str] = []
    starts: list[int] = []
    for place, name in enumerate(names):
        # LB9: a mark belongs to the letter before it; LB10: one that has none is a letter.
        if name in ("CM", "ZWJ"):
            if bases and bases[-1] != "ZW":
                continue
            name = "AL"
        elif name == "RI" and bases and bases[-1] == "RI":
            name = "second RI"  # LB30a: a flag is two letters
        bases.append(name)
        starts.append(place)
    return bases, starts


@cache
def _keeps_alone(before: str, letter: str) -> bool | None:
    """Whether a letter stays on the line of the one before it; None where that depends on what is around them."""
    if "ZW" in (before, letter):
        return letter == "ZW"
    if before in (*_QUOTES, "HY", "BA", "CL", "CP", "SY", "IS", "PO", "PR") or letter in (*_QUOTES, "OP"):
        return None
    return _pair_keeps(before, letter, False)


def _keeps(bases: Sequence[str], wide: Sequence[bool], at: int) -> bool:
    """Whether the letter `at` stays on the line of the one before it."""
    before, letter = bases[at - 1], bases[at]
    if before in _QUOTES or letter in _QUOTES:
        if _keeps_quote(bases, wide, at):
            return True
    elif (before in ("CL", "CP", "SY", "IS") and letter in ("PO", "PR")) or (before == "SY" and letter == "NU"):
        return _ends_number(bases, at - 1)  # LB25
    elif before in ("PO", "PR") and letter == "OP":
        return bases[at + 1 : at + 2] == ["NU"] or bases[at + 1 : at + 3] == ["IS", "NU"]  # LB25
    elif before in ("HY", "BA") and _keeps_hyphen(bases, at):
        return True
    return _pair_keeps(before, letter, wide[at - 1] if before == "CP" else wide[at])


def _keeps_hyphen(bases: Sequence[str], at: int) -> bool:
    if at == 1 or bases[at - 2] in ("ZW", "CB", "GL"):  # LB20a
        return bases[at - 1] == "HY" and bases[at] == "AL"
    return bases[at - 2] == "HL" and bases[at] != "HL"  # LB21a


def _ends_number(bases: Sequence[str], last: int) -> bool:
    """Whether a number ends at `last`: digits, and between or behind them stops, slashes and one closing mark."""
    if bases[last] in ("CL", "CP"):
        last -= 1
    while last >= 0 and bases[last] in ("SY", "IS"):
        last -= 1
    return last >= 0 and bases[last] == "NU"


def _keeps_quote(bases: Sequence[str], wide: Sequence[bool], at: int) -> bool:
    before, letter = bases[at - 1], bases[at]
    if before == "QI" and (at == 1 or bases[at - 2] in ("OP", *_QUOTES, "GL", "ZW")):  # LB15a
        return True
    if letter == "QF" and (at + 1 == len(bases) or bases[at + 1] in _AFTER_CLOSING):  # LB15b
        return True
    if letter in ("QU", "QF") or before in ("QU", "QI"):  # LB19
        return True
    # LB19a: between East Asian letters a line may end before an opening quotation mark and after a closing one.
    if letter in _QUOTES and not (wide[at - 1] and at + 1 < len(bases) and wide[at + 1]):
        return True
    return before in _QUOTES and not (wide[at] and at > 1 and wide[at - 2])


_AFTER_CLOSING = ("GL", "WJ", "CL", *_QUOTES, "CP", "EX", "IS", "SY", "ZW")


@cache
def _pair_keeps(before: str, letter: str, wide_bracket: bool) -> bool:
    """The rules from LB7 on that look at two letters alone."""
    if letter in _NO_BREAK_BEFORE or before in ("WJ", "GL", "OP", "BB") or before == letter == "B2":
        return True
    if letter == "GL":
        return before not in ("BA", "HY")
    if "CB" in (before, letter):
        return False
    pairs: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
        (("SY",), ("HL",)),
        (_LETTERS, ("NU", "PR", "PO", *_LETTERS)),
        (("NU",), (*_LETTERS, "PO", "PR", "NU")),
        (("PR",), (*_IDEOGRAPHS, *_LETTERS, "NU", *_HANGUL)),
        (("PO",), (*_LETTERS, "NU")),
        ((*_IDEOGRAPHS, *_HANGUL), ("PO",)),
        (("HY", "IS"), ("NU",)),
        (("JL",), ("JL", "JV", "H2", "H3")),
        (("JV", "H2"), ("JV", "JT")),
        (("JT", "H3"), ("JT",)),
        (("IS",), _LETTERS),
        (("EB",), ("EM",)),
        (("RI",), ("second RI",)),
    )  # fmt: skip
    if not wide_bracket:
        pairs += (((*_LETTERS, "NU"), ("OP",)), (("CP",), (*_LETTERS, "NU")))
    return any(before in left and letter in right for left, right in pairs)


def emergency(word: str) -> tuple[int, ...]:
    """Return where a word may end that UAX 14 keeps whole: between letters, but not between two of an alphabet.

    >>> emergency("！！a1")
    (1, 2)
    """
    names = [_class_of(letter)[0] for letter in word]
    bases: list[str] = []
    for name in names:
        bases.append(bases[-1] if name == "CM" and bases else name)
    return tuple(at for at in range(1, len(word)) if not _kept_always(bases[at - 1], names[at]))


def _kept_always(before: str, letter: str) -> bool:
    if letter in ("CM", "ZWJ", "EM", "WJ", "GL") or before in ("ZWJ", "WJ", "GL"):
        return True
    return before == letter == "RI" or (before in _OF_WORDS and letter in _OF_WORDS)


_OF_WORDS = (*_LETTERS, "NU", "IS", "QU", "QI", "QF", "SY", "HY")


# phrases

_WINDOWS = {
    "UW1": (-3, -2), "UW2": (-2, -1), "UW3": (-1, 0), "UW4": (0, 1), "UW5": (1, 2), "UW6": (2, 3),
    "BW1": (-2, 0), "BW2": (-1, 1), "BW3": (0, 2),
    "TW1": (-3, 0), "TW2": (-2, 1), "TW3": (-1, 2), "TW4": (0, 3),
}  # fmt: skip
"""The letters around a place whose scores BudouX adds up, from the first to before the last."""
_EDGE = "\0" * 3
Window = tuple[Callable[[str, int], int], int, int]
"""What scores the letters of a window, and from where to where it reaches behind `_EDGE`."""


def phrase_ends(word: str, family: str = "") -> Callable[[int], bool] | None:
    """Return what tells whether a phrase of Japanese, Chinese or Thai ends at a place in a word.

    None where BudouX is not installed or has no model. Chinese is read as simplified, except in the Taiwan and Hong
    Kong faces of Noto Sans CJK. BudouX itself reads whole texts; a line end needs a look at a few places only.
    """
    name = "ja" if _KANA.search(word) else "th" if _THAI.search(word) else "zh-hans" if _HAN.search(word) else ""
    if name == "zh-hans" and family.upper().endswith((" TC", " HK")):
        name = "zh-hant"
    model = _model(name) if name else None
    if model is None:
        return None
    scores, base = model
    # A window that reaches beyond the word holds an edge, and so is in no table.
    padded = f"{_EDGE}{word}{_EDGE}"

    def ends(place: int) -> bool:
        return base + sum([score(padded[place + first : place + last], 0) for score, first, last in scores]) > 0

    return ends


def thai_places(word: str) -> list[int]:
    """Return where a line may end in Thai, which UAX 14 leaves to a dictionary; none without BudouX."""
    ends = phrase_ends(word) if _THAI.search(word) else None
    if ends is None:
        return []
    inside = (at for at in range(1, len(word)) if _THAI.match(word[at - 1]) and _THAI.match(word[at]))
    return [at for at in inside if _class_of(word[at])[0] != "CM" and ends(at)]


@cache
def _model(name: str) -> tuple[list[Window], float] | None:
    """Return what scores the letters of each window in `_EDGE` and a word, and what the scores are added to."""
    try:
        import budoux
    except ModuleNotFoundError:
        return None
    loaders = {
        "ja": budoux.load_default_japanese_parser,
        "zh-hans": budoux.load_default_simplified_chinese_parser,
        "zh-hant": budoux.load_default_traditional_chinese_parser,
        "th": budoux.load_default_thai_parser,
    }
    model = loaders[name]().model
    windows = ((table, *_WINDOWS[feature]) for feature, table in model.items())
    scores: list[Window] = [(table.get, first + len(_EDGE), last + len(_EDGE)) for table, first, last in windows]
    return scores, -0.5 * sum(sum(table.values()) for table in model.values())


# data


@cache
def _class_of(letter: str) -> tuple[str, bool]:
    code, table = ord(letter), _table()
    if code < len(table):
        return CLASSES[table[code] >> 1], bool(table[code] & 1)
    return ("CM", False) if code >> 12 == 0xE0 else ("AL", False)


@cache
def _table() -> bytes:
    return unpacked("line_breaks.z")
