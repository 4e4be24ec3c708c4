"""What a script asked for that the JSON of a clip no longer says."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import fields, frozen

from aistudios_dsl.build.placement import Place
from aistudios_dsl.build.scene import Draft, Item, Scene
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.sizes import extent
from aistudios_dsl.wire.node import holds_jinja
from aistudios_dsl.wire.nodes import Text

_LEAST = fields(Place).min_font_size.default


@frozen
class Asked:
    """What the verb of a clip was given: the width (px) that wraps a text, "stretch", keywords without effect.

    `anywhere`: whether it was given no place.
    """

    width: float | None = None
    stretched: bool = False
    anywhere: bool = False
    idle: tuple[str, ...] = ()


NOTHING = Asked()


def asked_of(scene: Scene, canvas: Box) -> tuple[Asked, ...]:
    """Return what was asked of each clip that a script counts in a scene; lengths with Jinja are left out."""
    return tuple(_asked(item, canvas) for item in scene._items)


def waits_for_row(scene: Scene) -> bool:
    """Whether a row decides what `asked_of` returns for a scene."""
    places = (item.place for item in scene._items if isinstance(item, Draft))
    return any(holds_jinja(value) for place in places for value in (place.width, place.fit))


def _asked(item: Item, canvas: Box) -> Asked:
    if not isinstance(item, Draft):
        return NOTHING
    place = item.place
    if not isinstance(item.clip, Text):
        return Asked(stretched=place.fit == "stretch", anywhere=place.at is None)
    return Asked(_wrap_width(place, canvas), idle=tuple(_idle(place)))


def _wrap_width(place: Place, canvas: Box) -> float | None:
    if place.width is None or place.height is not None:
        return None
    try:
        return extent(place.width, canvas.width)
    except BuildError:
        return None


def _idle(place: Place) -> Iterator[str]:
    if place.fit is None and place.min_font_size != _LEAST:
        yield "min_font_size"
