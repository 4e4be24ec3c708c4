"""What a script asked for that the JSON of a clip no longer says."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from attrs import fields, frozen

from aistudios_dsl.build.drafts import Draft, Item, clip_of, is_built
from aistudios_dsl.build.measured import is_measured
from aistudios_dsl.build.placement import Place
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.geometry import Bounds, Box
from aistudios_dsl.layout.sizes import extent
from aistudios_dsl.wire.nodes import Text

_LEAST = fields(Place).min_font_size.default


@frozen
class Asked:
    """What a script asked of a clip.

    Attributes:
        width: The width (px) that wraps a text.
        stretched: Whether a picture is to be stretched.
        anywhere: Whether it was given no place.
        idle: The arguments without effect.
        arguments: The arguments about place and size that its verb was given; None for a loaded clip.
        in_old_box: Whether it is a text with other words than its box was made for, now or in a row.
        repeated: Whether a row repeated it, so that others may have its tag.
    """

    width: float | None = None
    stretched: bool = False
    anywhere: bool = False
    idle: tuple[str, ...] = ()
    arguments: frozenset[str] | None = None
    in_old_box: bool = False
    repeated: bool = False


NOTHING = Asked()
GroupBox = tuple[int, str, int, Bounds]
"""The number of a group, its label, the number of its outer group or -1, and its bounds (px); or -1 - n for clip n."""


def asked_of(scene: Scene, canvas: Box, path: str = "", waiting: Container[str] = ()) -> tuple[Asked, ...]:
    """Return what was asked of each clip that a script counts in a scene; lengths with Jinja are left out.

    `waiting` holds the paths of fields that wait for a row, under the `path` of the scene.
    """
    return tuple(
        _asked(item, canvas) if is_built(item) else _of_loaded(item, scene, f"{path}.clips[{number}].text" in waiting)
        for number, item in enumerate(scene._items)
    )


def _of_loaded(item: Item, scene: Scene, changes: bool) -> Asked:
    clip, repeated = clip_of(item), isinstance(item, Draft) and bool(item.scope)
    if not isinstance(clip, Text):
        return Asked(repeated=repeated)
    return Asked(in_old_box=clip.id in scene._kept_boxes or (changes and not is_measured(clip)), repeated=repeated)


def _asked(item: Draft, canvas: Box) -> Asked:
    place = item.place
    given = frozenset(part.name for part in fields(Place) if getattr(place, part.name) != part.default)
    known: dict[str, Any] = {"arguments": given, "repeated": bool(item.scope)}
    if not isinstance(item.clip, Text):
        anywhere = place.at is None and item.parent < 0
        return Asked(stretched=place.fit == "stretch", anywhere=anywhere, **known)
    return Asked(_wrap_width(place, canvas), idle=tuple(_idle(place)), **known)


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
