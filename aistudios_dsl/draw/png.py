"""SVG drawings as PNG, by resvg (extra `png`), with the fonts of the system and of the project."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from aistudios_dsl.draw.labels import FONTS
from aistudios_dsl.draw.markup import element
from aistudios_dsl.errors import BuildError, DslError

LARGEST = 100_000_000
"""How many pixels a picture may have: the renderer ends the whole process if it gets no memory."""
_SIZE = re.compile(r'<svg [^>]*?\bwidth="([\d.]+)" height="([\d.]+)"')


def png(svg: str, width: int | None = None, fonts: Iterable[Path] = ()) -> bytes:
    """Return an SVG document as PNG, `width` px wide or as wide as it says, with more font files than the system has.

    Raises:
        BuildError: The picture would be too large, or shows an AVIF file.
        DslError: The extra is missing, or there is no font to draw words with.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError as fault:
        hint = "pip install 'aistudios-dsl[png]'"
        raise DslError(
            f"a PNG needs a package that is not installed: {fault.name}", "", hint, "missing-extra"
        ) from None
    _refuse_large(svg, width)
    if '"data:image/avif' in svg:
        raise BuildError("an AVIF picture cannot be shown in a PNG", hint="give a PNG, JPEG, GIF or WebP copy of it")
    files = tuple(sorted(map(str, fonts)))
    if "<text" in svg and not _draws_words(files):
        hint = "install one, such as Noto Sans CJK: apt-get install fonts-noto-cjk"
        raise DslError("no font was found to draw words with", "", hint, "no-font")
    return svg_to_bytes(svg_string=svg, width=width, font_files=list(files))


def _refuse_large(svg: str, width: int | None) -> None:
    found = _SIZE.match(svg)
    own, high = (float(found[1]), float(found[2])) if found else (1.0, 1.0)
    wide = width or own
    if wide * wide * high / own > LARGEST:
        hint = "give a smaller width, or draw fewer scenes"
        raise BuildError(f"the picture would have {wide * wide * high / own:,.0f} pixels, over {LARGEST:,}", hint=hint)


@cache
def _draws_words(files: tuple[str, ...]) -> bool:
    """Whether a letter leaves a mark: without any font, words would be missing and nothing would tell."""
    from resvg_py import svg_to_bytes

    def drawn(words: str) -> bytes:
        inside = element("text", words, x=2, y=16, font_family=FONTS, font_size=16)
        svg = element("svg", inside, xmlns="http://www.w3.org/2000/svg", width=20, height=20)
        return svg_to_bytes(svg_string=svg, font_files=list(files))

    return drawn("M") != drawn(" ")
