"""What sizes a clip for any words of a row, and which of its fields follow from them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from attrs import evolve, frozen

from aistudios_dsl.build.boxes import ruler_of, seen_box
from aistudios_dsl.build.drafts import Draft, Item
from aistudios_dsl.build.measured import measure_of, measured_again
from aistudios_dsl.build.resizing import resized
from aistudios_dsl.layout.metrics import Ruler
from aistudios_dsl.layout.sizes import seen_size
from aistudios_dsl.resolve.rooms import ClipSize, Pair, Room, RoomSize, Setting
from aistudios_dsl.resolve.scene import bounds_of_clip, seen_size_of
from aistudios_dsl.resolve.text_sizes import line_sizer, text_sizer
from aistudios_dsl.wire.node import as_found

Sized = tuple[Any, tuple[Any, ...]]
"""The size that a clip is placed by, and the values of its fields. A size that depends on its room gives the values."""

_NUMBERS = ("width", "height", "scale_x", "scale_y")


@frozen(eq=False)
class Sizer:
    """What sizes a clip for its words; `fields` names the values that it gives.

    `of_line` gives the same for the units of a text of one line, with None for the text. It is None where the words
    have to be known. `ruler` measures the units of a text.
    """

    fields: tuple[str, ...]
    sized: Callable[[str], Sized]
    of_line: Callable[[Any], Sized] | None = None
    ruler: Ruler | None = None


def sizer_of(before: Item, item: Any, size: Any, has_words: bool, setting: Setting) -> Sizer:
    """Return the sizer of a clip; `before` is it in the template, and `has_words` whether a row decides its text."""
    if has_words and not isinstance(item, Draft):
        return _loaded(before, item)
    if has_words and isinstance(before, Draft) and before.is_loaded:
        return _edited(before, item, setting)
    if isinstance(size, RoomSize):
        return _in_room(item, size, has_words)
    if has_words:
        return _drafted(item, size, setting)
    same: Sized = seen_size_of(item, size), ()
    return Sizer((), lambda words: same, lambda units: same)


def fixed(size: Any) -> dict[str, Any]:
    """Return the fields of a clip that follow from its size alone."""
    if not isinstance(size, ClipSize):
        return {}
    numbers = {name: getattr(size, name) for name in _NUMBERS}
    return numbers | {name: size.fields[name] for name in ("text", "font_size") if name in size.fields}


def _drafted(item: Draft, size: ClipSize, setting: Setting) -> Sizer:
    room, clip = Room(setting.canvas.width, setting.canvas.height), item.clip
    text_size, fits, line = text_sizer(item, room), item.place.fit is not None, line_sizer(item, room)
    drawn = size.scale_x, size.scale_y, size.stroke
    as_is = drawn == (1, 1, 0)

    def sized(words: str) -> Sized:
        text, points, width, height = text_size(words)
        seen = (width, height) if as_is else seen_size(width, height, *drawn)
        return seen, (text, width, height, points) if fits else (text, width, height)

    def of_line(units: Any) -> Sized:
        width, height = line(units)  # type: ignore[misc]
        return seen_size(width, height, *drawn), (None, width, height)

    names = ("text", "width", "height", *(["font_size"] if fits else []))
    return Sizer(names, sized, of_line if line else None, ruler_of(clip))  # type: ignore[arg-type]


def _in_room(item: Draft, size: RoomSize, has_words: bool) -> Sizer:
    """Return the sizer of a clip in a group, or inside or around others."""
    is_boxed = item.place.width is not None and item.place.height is not None
    names = _NUMBERS if size.words_within is None or is_boxed else (*_NUMBERS, "text", "font_size")
    words_within = lru_cache(maxsize=64)(size.words_within) if has_words and size.words_within else None

    def sized(words: str) -> Sized:
        def within(width: float | None, height: float | None) -> tuple[Pair, tuple[Any, ...]]:
            found = words_within(width, height)(words) if words_within else size.within(width, height)[1]
            numbers = found.width, found.height, found.scale_x, found.scale_y
            return found.seen, (*numbers, *(found.fields[name] for name in names[4:]))

        return RoomSize(within, size.shrinks), ()

    return Sizer(names, sized)


def _edited(before: Draft, after: Any, setting: Setting) -> Sizer:
    """Return the sizer of a loaded text whose box goes with its words, at another place or scale."""
    old = before.clip
    with as_found():
        kept = evolve(after.clip, left=old.left, top=old.top, width=old.width, height=old.height)

    def sized(words: str) -> Sized:
        with as_found():
            clip = measured_again(old, evolve(kept, text=words))
        new = resized(clip, after.place, setting.canvas)
        seen = seen_box(new)
        return (seen.width, seen.height), (new.text, new.width, new.height)

    return Sizer(("text", "width", "height"), sized)


def _loaded(before: Any, after: Any) -> Sizer:
    """Return the sizer of a loaded text whose box is our own measure of its words, and goes with them."""
    way = measure_of(before)
    with as_found():
        kept = evolve(after, left=before.left, top=before.top, width=before.width, height=before.height)

    def sized(words: str) -> Sized:
        with as_found():
            new = evolve(kept, text=words)
        clip = measured_again(before, new, way)
        return bounds_of_clip(clip), (clip.text, clip.left, clip.top, clip.width, clip.height)

    return Sizer(("text", "left", "top", "width", "height"), sized)
