"""Places: where clips are wanted and how large they are seen give the left-top corner of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from aistudios_dsl.build.boxes import number
from aistudios_dsl.build.placement import Beside, Margin
from aistudios_dsl.build.scene import Draft, Item, clip_of, label
from aistudios_dsl.errors import BuildError, did_you_mean, under
from aistudios_dsl.layout.geometry import (
    Anchor,
    Bounds,
    Box,
    Point,
    bounds_of,
    corner_at,
    corner_beside,
    topological_order,
)
from aistudios_dsl.layout.sizes import length, plain
from aistudios_dsl.resolve.sizing import Pair
from aistudios_dsl.wire.nodes import Audio, AvatarClip, UnknownClip

Arrangement = Callable[[Sequence[Pair | Bounds]], list[Point | tuple[()]]]
"""From the seen size of each clip, or the bounds of one that stands already, to the corner of each that is placed."""


@frozen
class Intent:
    """Where one clip of a scene is wanted: at a point (px), at an anchor of the canvas, or beside another clip.

    `at` is None for a clip that stands already, such as a loaded one.
    """

    index: int
    item: Item
    at: Point | Anchor | Beside | None = None
    margin: Margin = 0
    angle: float = 0

    @property
    def tag(self) -> str:
        """The name that other clips are placed by; a clip of an unknown type has none."""
        clip = clip_of(self.item)
        return "" if isinstance(clip, UnknownClip) else clip.tag or ""

    @property
    def label(self) -> str:
        return label(self.index, clip_of(self.item))


def intent_of(index: int, item: Item, framed: Point | None, canvas: Box) -> Intent:
    """Read what an item wants. `framed` is the corner (px) that the framing of an avatar asks for."""
    if not isinstance(item, Draft):
        return Intent(index, item)
    at: Any = item.place.at
    if isinstance(item.clip, Audio):
        at = (0, 0)
    elif isinstance(at, tuple):
        sides = (at[0], canvas.width, "at x"), (at[1], canvas.height, "at y")
        at = tuple(length(value, side, name, low=-math.inf) for value, side, name in sides)
    elif framed:
        at = (plain(framed[0]), plain(framed[1]))
    elif at is None:
        at = "bottom" if isinstance(item.clip, AvatarClip) else "center"
    return Intent(index, item, at, item.place.margin, number(clip_of(item), "angle"))


def arrange(intents: Sequence[Intent], canvas: Box) -> Arrangement:
    """Prepare the places of clips for any sizes. Raises `BuildError` for an unknown neighbour, and for a circle."""
    targets = {intent.at.tag for intent in intents if isinstance(intent.at, Beside)}
    steps = []
    for place in placing_order(intents):
        intent = intents[place]
        with under(intent.label):
            corner = _corner(intent, canvas)
        beside = intent.at.tag if isinstance(intent.at, Beside) else ""
        steps.append((place, corner, beside, intent.tag if intent.tag in targets else "", intent.angle))

    def corners(seen: Sequence[Any]) -> list[Point | tuple[()]]:
        found: list[Point | tuple[()]] = [()] * len(seen)
        bounds: dict[str, Bounds] = {}
        for place, corner, beside, tag, angle in steps:
            if corner is None:
                bounds[tag] = seen[place]
                continue
            width, height = seen[place]
            if isinstance(corner, tuple):
                left, top = corner
            else:
                left, top = corner(bounds[beside], width, height) if beside else corner(width, height)
                left, top = plain(left), plain(top)
            found[place] = (left, top)
            if tag:
                bounds[tag] = bounds_of(left, top, width, height, angle) if angle else (left, top, width, height)
        return found

    return corners


def placing_order(intents: Sequence[Intent]) -> list[int]:
    """Order the intents so that each comes after its neighbour: their places in the sequence."""
    names = [intent.tag or intent.label for intent in intents]
    tags = [intent.tag for intent in intents if intent.tag]
    links: dict[str, str] = {}
    for name, intent in zip(names, intents, strict=True):
        if isinstance(at := intent.at, Beside):
            if at.tag not in tags:
                hint = did_you_mean(at.tag, tags) or "give the other clip a tag="
                message = f"{at.side}({at.tag!r}): no clip of the scene has this tag"
                raise BuildError(message, intent.label, hint, "unknown-tag")
            links[name] = at.tag
    places = {name: place for place, name in enumerate(names)}
    free = [place for place, intent in enumerate(intents) if not isinstance(intent.at, Beside)]
    return [*free, *(places[name] for name in topological_order(links))]


def _corner(intent: Intent, canvas: Box) -> Any:
    """Return the corner itself, or what gives it: from the neighbour's bounds where there is one, and the size."""
    at = intent.at
    if isinstance(at, Beside):
        side = canvas.height if at.side in ("above", "below") else canvas.width
        return corner_beside(at.side, length(at.gap, side, "gap", low=-math.inf), at.align, intent.angle)
    return corner_at(at, canvas, intent.margin, intent.angle) if isinstance(at, str) else at
