"""Sizes of clips for any words, and what is filled into the holes of their JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from aistudios_dsl.build.drafts import Draft, Item
from aistudios_dsl.build.editing import GEOMETRY
from aistudios_dsl.plan import segments
from aistudios_dsl.plan.forms import ClipForm, Values
from aistudios_dsl.plan.segments import edited_sizer, loaded_sizer
from aistudios_dsl.resolve.placing import Arrangement, Corner, Size
from aistudios_dsl.resolve.rooms import ClipSize, Room, RoomSize, Setting
from aistudios_dsl.resolve.scene import seen_size_of, spelled_numbers
from aistudios_dsl.resolve.text_sizes import text_sizer
from aistudios_dsl.wire.jsontext import canonical, canonical_string
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import Text

Writing = Callable[[Corner], dict[str, bytes]]
"""From the corner of a clip to the values of its holes, by name."""
Sizer = Callable[[str], tuple[Size, Writing]]
"""From the words of a text to its size; other clips have the same for any words."""


def sizer_of(before: Item, item: Item, form: ClipForm, size: Any, setting: Setting) -> Sizer:
    """Return the sizer of a clip; `before` is it in the template."""
    if not form.words:
        same = seen_size_of(item, size), _writing(item, form, size)
        return lambda words: same
    if not isinstance(item, Draft):
        return _sizer_by(loaded_sizer(before, item, 0), lambda corner: {})
    if item.is_loaded:
        assert isinstance(before, Draft)
        return _sizer_by(edited_sizer(before, item, 0, setting), _writing(item, form, size))
    if isinstance(size, RoomSize):
        return _sizer_in_room(size, item.place.spelled or {})
    spelled = item.place.spelled or {}
    sized = text_sizer(item, Room(setting.canvas.width, setting.canvas.height))
    drawn = size.scale_x, size.scale_y, size.stroke

    def of_text(words: str) -> tuple[Size, Writing]:
        text, points, width, height = sized(words)
        found = ClipSize(width, height, *drawn, fields={"text": text, "font_size": points})
        return found.seen, partial(_geometry, spelled, found)

    return of_text


def _sizer_in_room(size: RoomSize, spelled: Mapping[str, Any]) -> Sizer:
    assert size.words_within is not None  # every text has it
    words_within, shrinks, writing = lru_cache(64)(size.words_within), size.shrinks, partial(_geometry, spelled, None)

    def in_room(words: str) -> tuple[Size, Writing]:
        def within(width: float | None, height: float | None) -> tuple[tuple[float, float], ClipSize]:
            found = words_within(width, height)(words)
            return found.seen, found

        return RoomSize(within, shrinks), writing

    return in_room


def _sizer_by(sizer: segments.Sizer, writing: Writing) -> Sizer:
    """Return the sizer of a loaded text, from what gives its fields that its words change."""

    def of_loaded(words: str) -> tuple[Size, Writing]:
        seen, values = sizer.sized([words])
        own = _written(dict(zip(sizer.fields, values, strict=True)))
        return seen, lambda corner: {**writing(corner), **own}

    return of_loaded


def values_of(
    arranged: Arrangement,
    order: Sequence[int],
    sizers: Sequence[Sizer],
    worded: Sequence[int],
    known: Sequence[dict[str, bytes]],
    forms: Sequence[ClipForm],
) -> Callable[[tuple[str, ...]], list[Values]]:
    """Return what gives the values of all holes, for the words of the texts at `worded`."""

    def values(words: tuple[str, ...]) -> list[Values]:
        words_of = dict(zip(worded, words, strict=True))
        sized = [sizers[place](words_of.get(place, "")) for place in order]
        found: list[Values] = [()] * len(forms)
        for place, corner, (_, writing) in zip(order, arranged([seen for seen, _ in sized]), sized, strict=True):
            found[place] = forms[place].json.ordered(known[place] | writing(corner))
        return found

    return values


def _writing(item: Item, form: ClipForm, size: Any) -> Writing:
    known = size if isinstance(size, ClipSize) else None
    if isinstance(item, Draft) and item.is_loaded:
        return partial(_changes, item.clip, form, known)
    return partial(_geometry, item.place.spelled or {}, known) if isinstance(item, Draft) else lambda corner: {}


def _geometry(spelled: Mapping[str, Any], known: ClipSize | None, corner: Corner) -> dict[str, bytes]:
    fields = dict(_fields(known, corner))
    spelled_numbers(spelled, fields)
    return _written(fields)


def _written(fields: Mapping[str, Any]) -> dict[str, bytes]:
    return {name: text_json(value) if name == "text" else number_json(value) for name, value in fields.items()}


def _changes(clip: Any, form: ClipForm, known: ClipSize | None, corner: Corner) -> dict[str, bytes]:
    """Return the values of a loaded clip that an edit changed: what stays the same is written as it was."""
    values = {"text": text_json(clip.text), "font_size": number_json(clip.font_size)} if isinstance(clip, Text) else {}
    for name, value in _fields(known, corner):
        old: Any = getattr(clip, name)
        if old is UNSET and value == 1 and name not in form.json.holes:
            continue
        if name in GEOMETRY and name not in form.json.holes:
            raise ValueError(f"{name} is new to the clip")
        kept: Any = old if old == value else value
        values[name] = text_json(kept) if name == "text" else number_json(kept)
    return values


def _fields(known: ClipSize | None, corner: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a clip that follow from its size and corner, as resolving computes them."""
    left, top, *in_room = corner
    size: Any = in_room[0] if in_room else known
    yield from zip(GEOMETRY, (left, top, size.width, size.height, size.scale_x, size.scale_y), strict=True)
    yield from ((name, size.fields[name]) for name in ("text", "font_size") if name in size.fields)


@lru_cache(maxsize=4096, typed=True)
def number_json(number: Any) -> bytes:
    return canonical(number).encode()


def text_json(text: str) -> bytes:
    return canonical_string(text).encode()
