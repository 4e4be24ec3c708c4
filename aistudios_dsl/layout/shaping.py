"""One or two letters shaped by HarfBuzz in font files, as Chromium shapes and measures them for Fabric.js."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from attrs import field, frozen

from aistudios_dsl.errors import BuildError, near_file
from aistudios_dsl.layout import metrics

_SIZE = 400
"""The font size in px at which Fabric measures letters."""
_UNITS = _SIZE << 16
"""What HarfBuzz counts an em in, as in Chromium."""
_RIGHT_TO_LEFT, _FOLLOWING = ("R", "AL"), ("NSM", "BN")
_ONE_BY_ONE = {"Hira", "Kana", "Hani"}
"""Scripts whose letters Chromium shapes one by one."""
_CONTROLS = dict.fromkeys(map(ord, "\t\r\n\v\f\u2028\u2029"), " ")
_MISSING = "Fonts need HarfBuzz and fontTools"
_EXTRA = "pip install 'aistudios-dsl[fonts]'"


@frozen
class FontFile:
    """A font file: where it is, and what it says of itself. Two are equal whose content is."""

    path: Path = field(eq=False)
    digest: str
    number: int = 0
    """Its number in a collection."""
    family: str = field(default="", eq=False)
    weights: tuple[float, float] = field(default=(400, 400), eq=False)
    """The least and the greatest weight: the same unless the font is variable."""
    italic: bool = field(default=False, eq=False)


@frozen
class Cut:
    """A font file at a weight; `emboldened` where a bold is asked for and the file has none."""

    file: FontFile
    weight: float
    emboldened: bool = False


def font_files(path: Path) -> list[FontFile]:
    """Return the fonts of a file. Raise `BuildError` if it cannot be read or is no font."""
    hb = harfbuzz()
    content = _content(path)
    digest = sha256(content).hexdigest()
    blob = hb.Blob(_unpacked(content, path))
    count = hb.Face(blob).count
    faces = [hb.Face(blob, number) for number in range(count)]
    if not faces or not faces[0].glyph_count or not faces[0].unicodes:
        raise BuildError(f"{path} is not a font", hint="give .ttf, .otf, .ttc, .woff or .woff2 files")
    return [_read(face, path, digest, number) for number, face in enumerate(faces)]


def _read(face: Any, path: Path, digest: str, number: int) -> FontFile:
    hb = harfbuzz()
    names, font = hb.OTNameIdPredefined, hb.Font(face)
    family = face.get_name(names.TYPOGRAPHIC_FAMILY) or face.get_name(names.FONT_FAMILY) or ""
    axes = {axis.tag: (axis.min_value, axis.max_value) for axis in face.axis_infos}
    weight = font.get_style_value(hb.StyleTag.WEIGHT)
    italic = font.get_style_value(hb.StyleTag.ITALIC) >= 1 or font.get_style_value(hb.StyleTag.SLANT_ANGLE) != 0
    return FontFile(path, digest, number, family, axes.get("wght", (weight, weight)), italic)


def harfbuzz() -> Any:
    """Return the module that shapes. Raise `BuildError` if it is not installed."""
    try:
        import uharfbuzz
    except ModuleNotFoundError:
        raise BuildError(_MISSING, hint=_EXTRA, code="missing-extra") from None
    return uharfbuzz


def version() -> str:
    """Return the version of HarfBuzz, on which widths may depend."""
    return str(harfbuzz().version_string())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        hint = near_file(path) or "give the path of the file: the fonts of the system are not searched"
        raise BuildError(f"the font file {path} cannot be read: {fault.strerror}", hint=hint, code="no-font") from None


def _unpacked(content: bytes, path: Path) -> bytes:
    """Return the font that a WOFF or WOFF2 file holds; other content is a font, if anything."""
    if content[:4] not in (b"wOFF", b"wOF2"):
        return content
    from fontTools.ttLib import TTFont

    unpacked = BytesIO()
    try:
        with TTFont(BytesIO(content)) as packed:
            packed.flavor = None
            packed.save(unpacked)
    except ImportError:
        raise BuildError(f"unpacking {path} needs brotli", hint=_EXTRA, code="missing-extra") from None
    except Exception as fault:  # fontTools raises whatever the broken part of a file leads to.
        raise BuildError(f"{path} is not a font: {fault}") from None
    return unpacked.getvalue()


@frozen(eq=False)
class _Opened:
    """A font ready to shape: `factor` corrects the advances of pictures, `bolder` is what emboldening adds to one."""

    font: Any
    glyph: Any
    """The glyph of a code point, or None."""
    is_colour: bool
    factor: float
    bolder: float
    is_cjk: bool


@cache
def _opened(cut: Cut) -> _Opened:
    hb, file = harfbuzz(), cut.file
    content = _content(file.path)
    if sha256(content).hexdigest() != file.digest:
        raise BuildError(f"the font file {file.path} has changed since it was read", code="no-font")
    unpacked = _unpacked(content, file.path)
    face = hb.Face(hb.Blob(unpacked), file.number)
    font = hb.Font(face)
    font.scale = _UNITS, _UNITS
    axes = {axis.tag: (axis.min_value, axis.max_value) for axis in face.axis_infos}
    # Chromium sets the optical size to that of the letters.
    wanted = {"wght": cut.weight, "opsz": float(_SIZE)}
    font.set_variations({tag: min(max(wanted[tag], low), high) for tag, (low, high) in axes.items() if tag in wanted})
    is_colour = bool(face.has_color_png or face.has_color_layers or face.has_color_paint or face.has_color_svg)
    factor = _picture_factor(unpacked, file.number) if face.has_color_png else 1.0
    bolder = _SIZE / 24 if cut.emboldened else 0.0
    return _Opened(font, font.get_nominal_glyph, is_colour, factor, bolder, "halt" in _features(face))


def _features(face: Any) -> set[str]:
    scripts = range(len(face.get_table_script_tags("GPOS")))
    return {tag for script in scripts for tag in face.get_language_feature_tags("GPOS", script)}


def _picture_factor(content: bytes, number: int) -> float:
    """Return how much wider Chromium draws the pictures of a font than its advances say: as its one strike has them."""
    from fontTools.ttLib import TTFont

    with TTFont(BytesIO(content), fontNumber=number, lazy=True) as font:
        if "CBLC" not in font:
            return 1.0
        strike = font["CBLC"].strikes[0]
        name = next(iter(strike.indexSubTables[0].names))
        glyph = font["CBDT"].strikeData[0][name]
        sizes = getattr(glyph, "metrics", None) or strike.indexSubTables[0].metrics
        drawn = getattr(sizes, "Advance", None) or sizes.horiAdvance
        head: Any = font["head"]
        advance: int = font["hmtx"][name][0]
        return float(drawn / strike.bitmapSizeTable.ppemX / (advance / head.unitsPerEm))


class Shaper:
    """Measures letters and pairs in fonts, the first that has a letter being taken; None stands for the bundled one."""

    def __init__(self, cuts: Sequence[Cut | None], bold: bool) -> None:
        self._fonts: list[_Opened | None] = [None if cut is None else _opened(cut) for cut in cuts]
        self._face: metrics.Face = metrics.face(bold)
        self.has_emoji: bool = any(font is not None and font.is_colour for font in self._fonts)

    def covers(self, letter: str) -> bool:
        """Return whether a font has a letter, the bundled one included."""
        return bool(metrics.UNSEEN.match(letter)) or self._place(letter) is not None

    def _place(self, letter: str, *more: str) -> int | None:
        for place, font in enumerate(self._fonts):
            if all(_has(font, each) for each in (letter, *more)):
                return place
        return None

    def advance(self, letter: str) -> float:
        """Return the width of a letter alone, in thousandths of an em."""
        return self._width(letter.translate(_CONTROLS))

    def pair(self, letters: tuple[str, str]) -> float:
        """Return what the second letter adds to a line after the first one."""
        before, letter = (each.translate(_CONTROLS) for each in letters)
        return self._pair_width(before, letter) - self._width(before)

    def _width(self, letter: str) -> float:
        [font] = self._fonts_of(letter)
        return self._face.advance(letter) if font is None else _shaped(font, letter)

    def _pair_width(self, before: str, letter: str) -> float:
        emoji = self._emoji_of(before, letter)
        if emoji is not None:
            return _shaped(emoji, before + letter)
        place = self._shared_place(before, letter)
        font = None if place is None else self._fonts[place]
        if font is None and self._fonts_of(before, letter) == [None, None]:
            return self._face.advance(before) + self._face.advance(letter) + self._face.kerning(before, letter)
        if font is None or not _one_run(before, letter):
            return self._width(before) + self._width(letter)
        return _shaped(font, before + letter) + self._tightened(font, before, letter)

    def _fonts_of(self, *letters: str) -> list[_Opened | None]:
        places = map(self._place, letters)
        return [None if place is None else self._fonts[place] for place in places]

    def _shared_place(self, before: str, letter: str) -> int | None:
        """Return the place of the font that two letters are drawn in together."""
        if unicodedata.category(letter) in ("Mn", "Mc", "Me") and not metrics.UNSEEN.match(letter):
            # A mark and what it stands on are of one font.
            whole = self._place(before, letter)
            if whole is not None:
                return whole
        unseen = metrics.UNSEEN.match
        first, second = self._place(before), self._place(letter)
        # What takes no room of its own may still change the form of the letter beside it.
        if unseen(before) or unseen(letter):
            return first if unseen(letter) else second
        return first if first == second else None

    def _emoji_of(self, before: str, letter: str) -> _Opened | None:
        """Return the font of an emoji that is asked for by the second of two code points."""
        if letter != "\ufe0f" or not metrics.PICTOGRAPH.match(before):
            return None
        colour = (font for font in self._fonts if font is not None and font.is_colour)
        return next((font for font in colour if font.glyph(ord(before)) is not None), None)

    def _tightened(self, font: _Opened, before: str, letter: str) -> float:
        """Return what Chromium takes from between two full-width punctuation marks."""
        if not font.is_cjk or max(before, letter) < "\u2000":
            return 0
        face = self._face
        cell = face.cjk_left.get(before, -1), face.cjk_right.get(letter, -1)
        return face.cjk_cells.get(cell, 0)


def _has(font: _Opened | None, letter: str) -> bool:
    if metrics.UNSEEN.match(letter):
        return True
    if font is None:
        return not metrics.is_estimated(letter)
    return font.glyph(ord(letter)) is not None or _composes(font, letter)


def _composes(font: _Opened, letter: str) -> bool:
    """Whether the font has all the parts of a letter that HarfBuzz takes apart."""
    parts = unicodedata.normalize("NFD", letter)
    return parts != letter and all(font.glyph(ord(part)) is not None for part in parts)


def _shaped(font: _Opened, text: str) -> float:
    hb = harfbuzz()
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(font.font, buffer, {})
    advances = [position.x_advance for position in buffer.glyph_positions]
    width: float = sum(advances) * font.factor + font.bolder * sum(advance > 0 for advance in advances)
    return width * 1000 / _UNITS


def _one_run(before: str, letter: str) -> bool:
    """Whether the browser shapes two letters together: it parts them at spaces and where script or direction change."""
    if before == " " or letter == " ":
        return False
    scripts = {script for script in (_script(before), _script(letter)) if script}
    if len(scripts) > 1 or (scripts <= _ONE_BY_ONE and _script(before) and _script(letter)):
        return False
    ways = [unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in (before, letter)]
    if unicodedata.bidirectional(letter) in _FOLLOWING:
        return True
    return ways[0] == ways[1]


@cache
def _script(letter: str) -> str:
    buffer = harfbuzz().Buffer()
    buffer.add_str(letter)
    buffer.guess_segment_properties()
    return buffer.script or ""
