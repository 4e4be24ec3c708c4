"""The user's own fonts: files by family, weight and style, and what measures texts in them."""

from __future__ import annotations

import atexit
import json
import os
import unicodedata
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache, lru_cache
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from aistudios_dsl.errors import BuildError, expect
from aistudios_dsl.layout import metrics, text
from aistudios_dsl.layout.metrics import Ruler, ruler_of

if TYPE_CHECKING:
    from aistudios_dsl.layout.shaping import Cut, FontFile

FontPath = str | os.PathLike[str]
_BOLD = 600
_FORMAT = 2
"""Counted up when pairs are measured in another way, so that no widths of before are taken from the cache."""


def _files(given: FontPath | Iterable[FontPath], what: str) -> tuple[FontFile, ...]:
    from aistudios_dsl.layout.shaping import font_files

    paths = [given] if isinstance(given, str | os.PathLike) else given
    hint = "such as Fonts({'Inter': ['Inter-Regular.ttf', 'Inter-Bold.ttf']})"
    expect(paths, Iterable, f"{what} must be font files", hint)
    found: list[FontFile] = []
    for path in paths:
        expect(path, str | os.PathLike, f"{what} must be the paths of font files", hint)
        found += font_files(Path(path).absolute())
    if not found and what != "fallback":
        raise BuildError(f"{what} has no font files", hint=hint)
    return tuple(found)


def _families(given: Mapping[str, FontPath | Iterable[FontPath]]) -> dict[str, tuple[FontFile, ...]]:
    expect(given, Mapping, "families must be a mapping of names to font files", "such as Fonts({'Inter': [path]})")
    families: dict[str, tuple[FontFile, ...]] = {}
    for name, paths in given.items():
        expect(name, str, "the name of a family must be a string")
        files = _files(paths, f"family {name!r}")
        # Of a collection, such as the one of Noto Sans CJK, only the faces of the family are meant.
        families[_key(name)] = tuple(file for file in files if _key(file.family) == _key(name)) or files
    return families


def _fallback(given: FontPath | Iterable[FontPath]) -> tuple[FontFile, ...]:
    return _files(given, "fallback")


def _key(family: str) -> str:
    return family.strip().strip("'\"").lower()


@frozen
class FontSet:
    """Font files by family, and those for letters that a family lacks; `build.fonts.Fonts` says how they are used."""

    families: Mapping[str, tuple[FontFile, ...]] = field(default={}, converter=_families)
    fallback: tuple[FontFile, ...] = field(default=(), converter=_fallback)

    def __hash__(self) -> int:
        return hash((*self.families, self.fallback))

    def _ruler(self, family: str, weight: object = 400, italic: bool = False) -> Ruler:
        """Return what measures lines in a family; a family that is not known is an estimate, as it is without files."""
        number = weight if isinstance(weight, int | float) and not isinstance(weight, bool) else 400
        asked = 700 if weight == "bold" else min(max(number, 1), 1000)
        return _ruler_in(self, family, asked, italic)

    def _chain(self, family: str, weight: float, italic: bool) -> tuple[Cut | None, ...]:
        """Return the fonts that a family looks for a letter in, in order; None is the bundled one."""
        found: list[Cut | None] = []
        for name in family.split(","):
            files = self.families.get(_key(name))
            if files:
                found += _matching(files, weight, italic)
            elif text.is_bundled(name) and None not in found:
                found.append(None)
        for _, alike in groupby(self.fallback, lambda file: file.family):
            found += _matching(tuple(alike), weight, italic)
        return tuple(found) if None in found else (*found, None)

    def _knows(self, family: str) -> bool:
        """Return whether the files, or the bundled numbers, are of a family."""
        return any(_key(name) in self.families or text.is_bundled(name) for name in family.split(","))


def _matching(files: tuple[FontFile, ...], weight: float, italic: bool) -> list[Cut]:
    """Return the files of a family that CSS takes for a weight and style: all those that say the same of themselves."""
    from aistudios_dsl.layout.shaping import Cut

    styled = [file for file in files if file.italic == italic] or list(files)
    best = min(_distance(file.weights, weight) for file in styled)
    taken = [file for file in styled if _distance(file.weights, weight) == best]
    drawn = [min(max(weight, file.weights[0]), file.weights[1]) for file in taken]
    return [Cut(file, at, at < _BOLD <= weight) for file, at in zip(taken, drawn, strict=True)]


def _distance(weights: tuple[float, float], asked: float) -> tuple[int, float]:
    """Return how far a face is from a weight: those on the side that CSS looks at first come before the others."""
    low, high = weights
    if low <= asked <= high:
        return 0, 0
    if 400 <= asked <= 500:
        return (1, low) if asked < low <= 500 else (2, -high) if high < asked else (3, low)
    heavier = asked > 500
    if low > asked:
        return (1 if heavier else 2), low
    return (2 if heavier else 1), -high


@lru_cache(maxsize=256)
def _ruler_in(fonts: FontSet, family: str, weight: float, italic: bool) -> Ruler:
    family = family or "Noto Sans CJK"
    if not fonts._knows(family):
        return text.bundled(family, weight >= _BOLD)
    chain = fonts._chain(family, weight, italic)
    if all(cut is None for cut in chain):
        return text.bundled(family, weight >= _BOLD)
    return _ruler_of_chain(chain, weight >= _BOLD, text.other_in(family))


@cache
def _ruler_of_chain(chain: tuple[Cut | None, ...], bold: bool, other: str) -> Ruler:
    from aistudios_dsl.layout.shaping import Shaper

    shaper = Shaper(chain, bold)
    known = _known_widths(chain, bold)

    def advance(letter: str) -> float:
        if letter not in known:
            known[letter] = shaper.advance(letter)
        return known[letter]

    def pair(letters: tuple[str, str]) -> float:
        key = "".join(letters)
        if key not in known:
            known[key] = shaper.pair(letters)
        return known[key]

    def letters(word: str) -> Any:
        return (word, word) if shaper.has_emoji else metrics.with_emoji_whole(word)

    def estimated(line: str) -> str:
        sequences = () if shaper.has_emoji else tuple(dict.fromkeys(metrics.SEQUENCES.findall(line)))
        rest = metrics.SEQUENCES.sub("", line) if sequences else line
        first = chain.index(None)
        return "".join(
            [
                *sequences,
                *(each for each in dict.fromkeys(rest) if not shaper.covers(each) or (first == 0 and each in other)),
            ]
        )

    return ruler_of(advance, pair, estimated, letters)


# what would be exact


def exact_with(letters: str, family: str) -> str:
    """Return the `Fonts` that would measure what is an estimate now, with the names of Noto's files where they do.

    >>> exact_with("สวัดี🎉", "")
    "Fonts(fallback=['NotoSansThai-Regular.ttf', 'NotoColorEmoji.ttf'])"
    """
    fonts, own = fonts_in_force(), family.split(",")[0].strip().strip("'\"")
    known = text.is_bundled(family or "Noto Sans CJK") if fonts is None else fonts._knows(family or "Noto Sans CJK")
    if not known:
        return f"Fonts({{{own!r}: [its font files]}})"
    if any(letter in text.other_in(family) for letter in letters):
        return f"Fonts({{{own!r}: ['NotoSansCJK-Regular.ttc', 'NotoSansCJK-Bold.ttc']}})"
    files = dict.fromkeys(name for name in map(_noto_file, letters) if name)
    return f"Fonts(fallback={list(files) or ['a font file with these letters']})"


def shown_letters(letters: str) -> str:
    """Return the first letters of a text's estimate, in quotes, without breaks.

    >>> shown_letters("สวัดี\\n🎉")
    "'สวัดี🎉'"
    """
    seen = "".join(letters.split())
    return f"'{seen}'" if len(seen) <= 20 else f"'{seen[:20]}…'"


def _noto_file(letter: str) -> str:
    """Return the file of Noto's that has a letter, as far as its name in Unicode tells."""
    if metrics.UNSEEN.match(letter):
        return ""
    if ord(letter) >= 0x1F000 or (metrics.PICTOGRAPH.match(letter) and letter > "9") or letter == "\u20e3":
        return "NotoColorEmoji.ttf"
    script = unicodedata.name(letter, "").partition(" ")[0].title()
    if script in _IN_NOTO_SANS:
        return "NotoSans-Regular.ttf"
    return f"NotoSans{_FILES.get(script, script)}-Regular.ttf" if script else ""


_IN_NOTO_SANS = ("Latin", "Greek", "Cyrillic", "Superscript", "Subscript", "Modifier", "Combining")
_FILES = {"Mathematical": "Math", "Braille": "Symbols2", "Musical": "Symbols2", "Nko": "NKo"}


# kept between runs


def _known_widths(chain: tuple[Cut | None, ...], bold: bool) -> dict[str, float]:
    """Return the widths that an earlier run measured; those that are added are kept when this one ends."""
    from aistudios_dsl.layout.shaping import version

    cuts = [cut and (cut.file.digest, cut.file.number, cut.weight, cut.emboldened) for cut in chain]
    name = sha256(json.dumps([_FORMAT, version(), bold, cuts]).encode()).hexdigest()
    path = _cache_folder() / f"{name[:32]}.json"
    known = _read_widths(path)
    atexit.register(_keep_widths, path, known, len(known))
    return known


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aistudios_dsl" / "fonts"


def _read_widths(path: Path) -> dict[str, float]:
    # A cache that is not there or not readable is no cache.
    with suppress(OSError, ValueError):
        found = json.loads(path.read_bytes())
        if isinstance(found, dict) and all(type(width) in (int, float) for width in found.values()):
            return found
    return {}


def _keep_widths(path: Path, known: dict[str, float], before: int) -> None:
    if len(known) == before:
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(_read_widths(path) | known), encoding="utf-8")
        new.replace(path)


# in force

_IN_FORCE: ContextVar[FontSet | None] = ContextVar("fonts", default=None)


def fonts_in_force() -> FontSet | None:
    return _IN_FORCE.get()


@contextmanager
def using(fonts: FontSet | None) -> Generator[None]:
    """Measure texts with these fonts inside the block."""
    token = _IN_FORCE.set(fonts)
    try:
        yield
    finally:
        _IN_FORCE.reset(token)


def ruler(family: str, weight: object, style: object) -> Ruler:
    """Return what measures texts of a family, weight and style with the fonts in force."""
    fonts = _IN_FORCE.get()
    if fonts is None:
        return text.bundled(family, text.is_bold(weight))
    return fonts._ruler(family, weight, style == "italic")
