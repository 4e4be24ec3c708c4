"""Loaded texts measured again: how the box of a text follows from its words, and the box of its new words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from aistudios_dsl.build.boxes import number, ruler_of
from aistudios_dsl.errors import DslError
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.sizes import POINT, is_near, plain, rounded_up, unless_same
from aistudios_dsl.wire.node import as_found, holds_jinja
from aistudios_dsl.wire.nodes import Text

if TYPE_CHECKING:
    from aistudios_dsl.layout.text import TextBox

_DOUBT = 0.25
"""How far the width of letters that the font lacks may be from its estimate."""


@frozen
class Measure:
    """How the box of a text follows from its words.

    Attributes:
        width: What the words are wrapped at, px; None where they are not wrapped.
        by_grapheme: Whether they are wrapped between any letters (True), at spaces only (False), or in our own way,
            which breaks only long words of CJK letters (None).
        ratio: How many times wider than estimated the canvas draws the letters that the font lacks.
    """

    width: float | None = None
    by_grapheme: bool | None = None
    ratio: float = 1

    def box(self, clip: Text) -> TextBox:
        """Measure the words of a text in this way."""
        from aistudios_dsl.layout.text import measure, wrap

        size, ruler, family = clip.font_size * POINT, ruler_of(clip), clip.font_family or ""
        if self.width is not None:
            box = wrap(clip.text, size, self.width, family=family, by_grapheme=self.by_grapheme, ruler=ruler)
        else:
            box = measure(clip.text, size, ruler=ruler)
        width = box.width * self.ratio if box.estimated else box.width
        return evolve(box, width=width, height=_height(clip, len(box.lines)))


def measure_of(clip: Text) -> Measure | None:
    """Return how a text's box was measured from its words, to within what a canvas rounds; None where it was not."""
    sized = all(isinstance(side, int | float) and side > 0 for side in (clip.width, clip.height))
    if not sized or number(clip, "char_spacing"):
        return None
    try:
        box = Measure().box(clip)
        if is_near(box.width, clip.width) and is_near(box.height, clip.height):
            return Measure()
        doubt = _doubt(box)
        if doubt and abs(clip.width / box.width - 1) <= doubt:
            return Measure(ratio=clip.width / box.width) if is_near(box.height, clip.height) else None
        return next((way for way in _wrapped_ways(clip, len(box.lines)) if _is_wrapped(clip, way)), None)
    except (DslError, OverflowError):
        return None


def is_measured(clip: Text) -> bool:
    """Return whether the text's box is the measure of its words, and so changes with them."""
    return measure_of(clip) is not None


def measured_again(before: Any, after: Any, way: Measure | None = None) -> Any:
    """Return the clip after a change. A text whose box was the measure of its words is measured again.

    It keeps its aligned edge. A box that the change gave, or that is not the measure of the old words, stays.
    `way` is the measure of the old words, where it is known.
    """
    if not _has_new_words(before, after):
        return after
    way = way or measure_of(before)
    return after if way is None else _refitted(after, way)


def kept_boxes(known: frozenset[Any], before: Any, after: Any) -> frozenset[Any]:
    """Return the ids of the texts that have other words than their boxes were made for, after one more change.

    Those are loaded texts whose boxes are no measure of their words, and so stay when these change.
    """
    if not isinstance(before, Text) or not (before.id in known or _has_new_words(before, after)):
        return known
    stays = _box(before) == _box(after) and not is_measured(after)
    return known - {before.id} | ({after.id} if stays else set())


def _refitted(clip: Text, way: Measure) -> Text:
    """Return the text in the box of its words, its aligned edge where it was.

    The breaks that wrapping finds are written, so that the lines stay; those of a template are written for each row.
    """
    box = way.box(clip)
    text, width = clip.text, rounded_up(box.width)
    if way.width is not None:
        text = text if holds_jinja(text) else "\n".join(box.lines)
        width = clip.width if is_near(box.width, clip.width) else width
    share = {"center": 0.5, "right": 1.0}.get(clip.align, 0.0) if isinstance(clip.align, str) else 0.0
    shift = share * (clip.width - width) * (clip.scale_x if isinstance(clip.scale_x, int | float) else 1)
    corner = Box(clip.left, clip.top, shift, 0, clip.angle or 0).corners[1] if shift else (clip.left, clip.top)
    numbers = {"left": corner[0], "top": corner[1], "width": width, "height": plain(box.height)}
    changes: dict[str, Any] = {name: unless_same(getattr(clip, name), value) for name, value in numbers.items()}
    with as_found():
        return evolve(clip, text=text, **changes)


def _has_new_words(before: Any, after: Any) -> bool:
    return isinstance(before, Text) and _box(before) == _box(after) and _words(before) != _words(after)


def _box(clip: Text) -> tuple[Any, ...]:
    return clip.left, clip.top, clip.width, clip.height


def _words(clip: Text) -> tuple[Any, ...]:
    return clip.text, clip.font_size, clip.font_family, clip.font_weight


def _wrapped_ways(clip: Text, lines: int) -> Iterator[Measure]:
    """Yield the ways of wrapping a text of so many lines at its width, the likeliest first.

    The canvas breaks at spaces unless it is told otherwise. Where it broke no line, nothing says how it would.
    """
    ours, split = Measure(clip.width), clip.extra.get("splitByGrapheme")
    if isinstance(split, bool):
        yield Measure(clip.width, split)
        return
    if len(ours.box(clip).lines) == lines:
        yield ours
    yield from (Measure(clip.width, False), Measure(clip.width, True), ours)


def _is_wrapped(clip: Text, way: Measure) -> bool:
    box = way.box(clip)
    if not is_near(box.width, clip.width):
        return False
    if way.by_grapheme is not False:
        return is_near(box.height, clip.height)
    # The canvas widens its box to the longest word, and may keep the lines of the width that it was given.
    words = Measure(1, by_grapheme=False).box(clip)
    most = len(words.lines) if is_near(words.width, clip.width) else len(box.lines)
    return any(is_near(_height(clip, lines), clip.height) for lines in range(len(box.lines), most + 1))


def _height(clip: Text, lines: int) -> float:
    """Return the height of some lines of a text, px; the editor may have set their distance."""
    from aistudios_dsl.layout.text import LINE_HEIGHT, text_height

    return text_height(clip.font_size * POINT, 1) * (number(clip, "line_height", LINE_HEIGHT) * (lines - 1) + 1)


def _doubt(box: TextBox) -> float:
    """Return the share of a width by which it may be wrong: that of the letters that are estimated, up to a quarter."""
    unsure = sum(line.count(letter) for line in box.lines for letter in box.estimated)
    return min(_DOUBT, unsure / max(1, sum(map(len, box.lines))))
