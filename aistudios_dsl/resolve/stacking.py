"""Layers: which clip of a scene is in front of which."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aistudios_dsl.build.drafts import clip_of
from aistudios_dsl.build.placement import Around
from aistudios_dsl.resolve.placing import Layout
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import UnknownClip


def layers(layout: Layout, highest: float = 0) -> list[float | None]:
    """Return the layer of each clip; None for a clip of an unknown type.

    A clip without a layer gets one more than the highest so far. What stands around others comes right before the
    lowest of them. The clips of a group with a layer count on from it. `highest` is the layer of what is behind all.
    """
    found = [_given(layout, clip) for clip in range(len(layout.intents))]
    most = _most_around(layout)
    next_of_group: dict[int, float] = {}
    for clip in _from_back_to_front(layout, most):
        layer = found[clip]
        if layer is None and not isinstance(clip_of(layout.intents[clip].item), UnknownClip):
            group = _layered_group(layout, clip)
            if group >= 0:
                layer = next_of_group.get(group, layout.groups[group].layer or 0)
                next_of_group[group] = layer + 1
            else:
                layer = min(math.floor(highest) + 1, most.get(clip, math.inf))
            found[clip] = layer
        highest = max(highest, highest if layer is None else layer)
    return found


def lowest(layout: Layout) -> float:
    """Return the lowest layer that a clip was given, or must have to be behind those; infinity for none."""
    most = _most_around(layout)
    least = (_least(layout, clip, most) for clip in range(len(layout.intents)))
    return min((layer for layer in least if layer is not None), default=math.inf)


def _given(layout: Layout, clip: int) -> float | None:
    item = clip_of(layout.intents[clip].item)
    layer: Any = None if isinstance(item, UnknownClip) else item.layer
    return None if layer is UNSET else layer


def _layered_group(layout: Layout, clip: int) -> int:
    group = layout.intents[clip].parent
    while group >= 0 and layout.groups[group].layer is None:
        group = layout.groups[group].parent
    return group


def _most_around(layout: Layout) -> dict[int, float]:
    """Return the highest layer of each clip that stands around others and has no layer: right behind those given.

    It is infinity where no layer is given. What others stand around comes before them.
    """
    if not any(isinstance(intent.at, Around) for intent in layout.intents):
        return {}
    most: dict[int, float] = {}
    for unit in layout.order:
        if unit >= 0 and isinstance(layout.intents[unit].at, Around) and _given(layout, unit) is None:
            members = layout.clips_of(layout.targets[unit])
            least = (_least(layout, member, most) for member in members)
            most[unit] = min((math.ceil(layer) - 1 for layer in least if layer is not None), default=math.inf)
    return most


def _least(layout: Layout, clip: int, most: Mapping[int, float]) -> float | None:
    """Return the lowest layer that a clip may get; None where nothing says it."""
    given, group = _given(layout, clip), _layered_group(layout, clip)
    if given is not None:
        return given
    if group >= 0:
        return layout.groups[group].layer
    layer = most.get(clip, math.inf)
    return None if layer == math.inf else layer


def _from_back_to_front(layout: Layout, surrounding: Iterable[int]) -> Sequence[int]:
    clips: Sequence[int] = range(len(layout.intents))
    if not surrounding:
        return clips
    # A clip's key sorts it; that of what surrounds it begins likewise, and goes on with less than infinity.
    keys: list[tuple[float, ...]] = [(clip, math.inf) for clip in clips]
    for count, clip in enumerate(surrounding):
        lowest = min((keys[member] for member in layout.clips_of(layout.targets[clip])), default=keys[clip])
        keys[clip] = (*lowest[:-1], count, math.inf)
    return sorted(clips, key=keys.__getitem__)
