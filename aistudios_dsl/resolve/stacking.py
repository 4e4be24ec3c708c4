"""Layers: which clip of a scene is in front of which."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from aistudios_dsl.build.placement import Around
from aistudios_dsl.build.scene import clip_of
from aistudios_dsl.resolve.placing import Layout
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import UnknownClip


def layers(layout: Layout, highest: float = 0) -> list[float | None]:
    """Return the layer of each clip; None for a clip of an unknown type.

    A clip without a layer gets one more than the highest so far. What stands around others comes right before the
    lowest of them. The clips of a group with a layer count on from it. `highest` is the layer of what is behind all.
    """
    found: list[float | None] = [_given(layout, clip) for clip in range(len(layout.intents))]
    next_of_group: dict[int, int] = {}
    for clip in _from_back_to_front(layout):
        layer = found[clip]
        if layer is None and not isinstance(clip_of(layout.intents[clip].item), UnknownClip):
            group = _layered_group(layout, clip)
            if group >= 0:
                layer = next_of_group.get(group, layout.groups[group].layer or 0)
                next_of_group[group] = layer + 1
            else:
                layer = min([math.floor(highest) + 1, *_below_targets(layout, clip)])
            found[clip] = layer
        highest = max(highest, highest if layer is None else layer)
    return found


def _given(layout: Layout, clip: int) -> float | None:
    item = clip_of(layout.intents[clip].item)
    layer: Any = None if isinstance(item, UnknownClip) else item.layer
    return None if layer is UNSET else layer


def _layered_group(layout: Layout, clip: int) -> int:
    group = layout.intents[clip].parent
    while group >= 0 and layout.groups[group].layer is None:
        group = layout.groups[group].parent
    return group


def _below_targets(layout: Layout, clip: int) -> Iterator[float]:
    """Yield the highest layers behind the given layers of what a clip stands around."""
    if not isinstance(layout.intents[clip].at, Around):
        return
    for member in layout.clips_of(layout.targets[clip]):
        group, given = _layered_group(layout, member), _given(layout, member)
        least = layout.groups[group].layer if given is None and group >= 0 else given
        if least is not None:
            yield math.ceil(least) - 1


def _from_back_to_front(layout: Layout) -> Sequence[int]:
    clips: Sequence[int] = range(len(layout.intents))
    surrounding = [
        unit
        for unit in layout.order
        if unit >= 0 and isinstance(layout.intents[unit].at, Around) and _given(layout, unit) is None
    ]
    if not surrounding:
        return clips
    # A clip's key sorts it; that of what surrounds it begins likewise, and goes on with less than infinity.
    keys: list[tuple[float, ...]] = [(clip, math.inf) for clip in clips]
    for count, clip in enumerate(surrounding):
        lowest = min((keys[member] for member in layout.clips_of(layout.targets[clip])), default=keys[clip])
        keys[clip] = (*lowest[:-1], count, math.inf)
    return sorted(clips, key=keys.__getitem__)
