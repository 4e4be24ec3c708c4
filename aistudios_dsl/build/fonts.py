"""Fonts: the user's font files, as a script gives them."""

from __future__ import annotations

from attrs import frozen

from aistudios_dsl.build.keywords import checked_class
from aistudios_dsl.layout.fonts import FontSet


@checked_class()
@frozen
class Fonts(FontSet):
    """Font files that texts are measured with; see docs/howto/fonts.md. It needs the extra `fonts`.

    Of a family, the face is taken that CSS takes for the weight and style of a text; a variable font has all weights in
    its range. A letter comes from the first file that has it: those of the text's family, then `fallback`, then the
    bundled numbers of Noto Sans CJK. What none has is an estimate.

    Args:
        families: Files by the name that `font_family` has: a path, or several. Default none.
        fallback: Files for letters that the family lacks, in this order. Default none.

    Raises:
        BuildError: A file cannot be read or is not a font; or the extra is not installed.

    >>> Fonts({"Inter": "no-such-file.ttf"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    aistudios_dsl.errors.BuildError: the font file ...no-such-file.ttf cannot be read: No such file or directory
      hint: give the path of the file: the fonts of the system are not searched
    """

    def __hash__(self) -> int:
        # attrs would hash the mapping.
        return FontSet.__hash__(self)
