"""Places: where clips and groups are wanted and how large clips are seen give the left-top corner of each clip."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import frozen

from aistudios_dsl.build.boxes import number
from aistudios_dsl.build.drafts import Draft, Item, clip_of, label
from aistudios_dsl.build.placement import Around, Beside, GroupDraft, Inside, Margin
from aistudios_dsl.errors import BuildError, did_you_mean, under
from aistudios_dsl.layout.geometry import (
    Anchor,
    Bounds,
    Box,
    Point,
    bounds_around,
    bounds_of,
    corner_at,
    corner_beside,
    corner_within,
    margins,
    topological_order,
)
from aistudios_dsl.layout.sizes import length, plain
from aistudios_dsl.resolve.flow import ClipFlow, Flow, GroupFlow, Laid
from aistudios_dsl.resolve.rooms import Pair, RoomSize
from aistudios_dsl.wire.nodes import Audio, AvatarClip, UnknownClip

Node = int
"""Clip n of a scene, or its group -1 - n."""
Size = Pair | Bounds | RoomSize
"""The seen size of a clip, the bounds of one that stands already, or what gives the size once its room is known."""
Corner = tuple[()] | tuple[float, float] | tuple[float, float, Any]
"""The corner of a placed clip, and what its `RoomSize` gave; nothing for one that stands already."""
Arrangement = Callable[..., list[Corner]]
"""From the size of each clip, and a dict that gets the bounds of groups and neighbours, to the corner of each clip."""


@frozen
class Intent:
    """Where one clip of a scene is wanted: at a point (px), at an anchor, or beside, inside or around others.

    `at` is None for a clip that stands already, such as a loaded one, and for one that flows in its group.
    """

    index: int
    item: Item
    at: Point | Anchor | Beside | Inside | Around | None = None
    margin: Margin = 0
    angle: float = 0

    @property
    def parent(self) -> int:
        """The number of its group, or -1."""
        return self.item.parent if isinstance(self.item, Draft) else -1

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
    angle = number(clip_of(item), "angle")
    if isinstance(item.place.at, Around) and angle:
        raise BuildError("a turned clip cannot cover others", hint="leave angle= out, or place and size it yourself")
    at: Any = _in_px(item.place.at, canvas)
    if isinstance(item.clip, Audio):
        at = (0, 0)
    elif framed and not isinstance(at, tuple):
        at = (plain(framed[0]), plain(framed[1]))
    elif at is None and item.parent < 0:
        at = "bottom" if isinstance(item.clip, AvatarClip) else "center"
    return Intent(index, item, at, item.place.margin, angle)


def _in_px(at: Any, canvas: Box) -> Any:
    if not isinstance(at, tuple):
        return at
    sides = (at[0], canvas.width, "at x"), (at[1], canvas.height, "at y")
    return tuple(length(value, side, name, low=-math.inf) for value, side, name in sides)


@frozen(slots=False)
class Layout:
    """The clips and groups of a scene as they are wanted, each by its number."""

    intents: Sequence[Intent]
    groups: Sequence[GroupDraft]
    canvas: Box

    @cached_property
    def children(self) -> Mapping[int, Sequence[Node]]:
        """The clips and groups that flow in each group which has any, in order."""
        found: dict[int, list[Node]] = {}
        for intent in self.intents if self.groups else ():
            node, parent = intent.index, intent.parent if intent.at is None else -1
            while parent >= 0:
                is_new = parent not in found
                found.setdefault(parent, []).append(node)
                if not is_new:
                    break
                node, parent = -1 - parent, self.groups[parent].parent
        return found

    def unit(self, node: Node) -> Node:
        """Return what a clip or group is placed with: itself, or its outermost group."""
        if node >= 0:
            intent = self.intents[node]
            if intent.at is not None or intent.parent < 0:
                return node
            node = -1 - intent.parent
        while (parent := self.groups[-1 - node].parent) >= 0:
            node = -1 - parent
        return node

    def clips_of(self, units: Sequence[Node]) -> list[int]:
        """Return the numbers of the clips that are placed with these units."""
        found: list[int] = []
        waiting = list(reversed(units))
        while waiting:
            node = waiting.pop()
            if node >= 0:
                found.append(node)
            else:
                waiting.extend(reversed(self.children[-1 - node]))
        return found

    @cached_property
    def targets(self) -> Mapping[Node, tuple[Node, ...]]:
        """What each clip or group stands beside, inside or around. Raise `BuildError` for a tag that none has."""
        owners = self._owners()
        found: dict[Node, tuple[Node, ...]] = {}
        for intent in self.intents:
            if isinstance(intent.at, Beside | Inside | Around):
                scope = intent.item.scope if isinstance(intent.item, Draft) else ()
                found[intent.index] = self._named(intent.at, scope, owners, intent.label)
        for place in self.children:
            group = self.groups[place]
            if isinstance(group.at, Beside | Inside):
                found[-1 - place] = self._named(group.at, group.scope, owners, group.label(place))
        return found

    def _owners(self) -> Mapping[str, list[Node]]:
        owners: dict[str, list[Node]] = {}
        for intent in self.intents:
            if intent.tag:
                owners.setdefault(intent.tag, []).append(intent.index)
        for place in self.children:
            if tag := self.groups[place].tag:
                owners.setdefault(tag, []).append(-1 - place)
        return owners

    def _named(
        self, at: Beside | Inside | Around, scope: Any, owners: Mapping[str, list[Node]], where: str
    ) -> tuple[Node, ...]:
        found: list[Node] = []
        for tag in at.tags:
            if tag not in owners:
                verb = at.side if isinstance(at, Beside) else type(at).__name__.lower()
                if any(group.tag == tag for group in self.groups):
                    hint = "add a clip to it that takes room, or stand by another one"
                    raise BuildError(f"{verb}({tag!r}): the group of this tag is empty", where, hint, "unknown-tag")
                hint = did_you_mean(tag, owners) or "give the other clip a tag="
                raise BuildError(f"{verb}({tag!r}): no clip of the scene has this tag", where, hint, "unknown-tag")
            found += self._nearest(owners[tag], scope)
        return tuple(dict.fromkeys(found))

    def _nearest(self, nodes: Sequence[Node], scope: Any) -> Sequence[Node]:
        """Return those of a repeated clip or group that are in the same repetition; if none is, all of them."""
        if len(nodes) == 1:
            return nodes
        scopes = [self._scope(node) for node in nodes]
        if () in scopes:  # A document may have a tag twice: the last one counts.
            return nodes[-1:]
        shared = [_shared(each, scope) for each in scopes]
        return [node for node, count in zip(nodes, shared, strict=True) if count == max(shared)]

    def _scope(self, node: Node) -> Any:
        if node < 0:
            return self.groups[-1 - node].scope
        item = self.intents[node].item
        return item.scope if isinstance(item, Draft) else ()

    @cached_property
    def order(self) -> tuple[Node, ...]:
        """The clips and outermost groups that are placed, each after what it is placed by.

        Raise `BuildError` for a circle.
        """
        units = [intent.index for intent in self.intents if intent.at is not None or intent.parent < 0]
        units += [-1 - place for place in self.children if self.groups[place].parent < 0]
        links = {unit: tuple(self.unit(node) for node in nodes) for unit, nodes in self.targets.items()}
        free = [unit for unit in units if unit not in links]
        return (*free, *topological_order(links, self._name)) if links else tuple(free)

    def _name(self, node: Node) -> str:
        if node >= 0:
            return self.intents[node].tag or self.intents[node].label
        return self.groups[-1 - node].tag or self.groups[-1 - node].label(-1 - node)

    def moving(self, clips: Collection[int]) -> list[tuple[list[Node], list[Node]]]:
        """Return the units that move with the sizes of these clips, in sets that do not depend on one another.

        Each set is in the order of placing, beside the clips and groups that it is placed by and that stay.
        """
        grown, sets = {self.unit(clip) for clip in clips}, _Sets()
        for unit in self.order:
            before = [each for node in self.targets.get(unit, ()) if (each := self.unit(node)) in sets]
            if before or unit in grown:
                sets.join(unit, before)
        found = []
        for units in sets.listed():
            nodes = dict.fromkeys(node for unit in units for node in self.targets.get(unit, ()))
            found.append((units, [node for node in nodes if self.unit(node) not in sets]))
        return found

    def arrangement(
        self, units: Sequence[Node] | None = None, standing: Mapping[Node, Bounds] | None = None
    ) -> Arrangement:
        """Prepare the places of these units, by default of all, for any sizes.

        The sizes, and the corners that come of them, stand in the order of `clips_of`. `standing` has the bounds of
        what the units are placed by and that is not among them.
        """
        units = self.order if units is None else units
        places = {clip: place for place, clip in enumerate(self.clips_of(units))}
        wanted = {node for nodes in self.targets.values() for node in nodes}
        steps: list[Any] = []
        for unit in units:
            name = self._name(unit) if unit < 0 else self.intents[unit].label
            with under(self.groups[-1 - unit].label(-1 - unit) if unit < 0 else name):
                steps.append(self._step(unit, places, wanted))
        still = standing or {}

        def corners(sizes: Sequence[Size], bounds: dict[Node, Bounds] | None = None) -> list[Corner]:
            found: list[Corner] = [()] * len(sizes)
            bounds = dict(still) if bounds is None else bounds
            for place, corner, beside, node, angle in steps:
                if corner is None:
                    bounds[node] = sizes[place]
                    continue
                if place < 0:
                    corner(sizes, bounds, found)
                    continue
                width, height = sizes[place]
                if isinstance(corner, tuple):
                    left, top = corner
                else:
                    left, top = corner(width, height) if beside is None else corner(bounds[beside], width, height)
                    left, top = plain(left), plain(top)
                found[place] = left, top
                if node is not None:
                    bounds[node] = bounds_of(left, top, width, height, angle) if angle else (left, top, width, height)
            return found

        return corners

    def _step(self, unit: Node, places: Mapping[int, int], wanted: Collection[Node]) -> tuple[Any, ...]:
        """Return how a unit is placed: its place among the sizes, corner, neighbour, and what is kept of it.

        A negative place stands for a function that places a group, or a clip whose size depends on its room.
        """
        intent: Any = self.intents[unit] if unit >= 0 else None
        at, margin, angle = (intent.at, intent.margin, intent.angle) if intent else self._group_wanted(-1 - unit)
        if at is None:
            return places[unit], None, None, unit, 0
        targets = self.targets.get(unit, ())
        flows = unit < 0 or isinstance(at, Inside | Around)
        if not flows and len(targets) < 2:
            corner = self._corner(at, margin, angle)
            beside = targets[0] if targets else None
            return places[unit], corner, beside, unit if unit in wanted else None, angle
        return -1, self._special(unit, places, wanted, at, margin, angle), None, None, 0

    def _group_wanted(self, place: int) -> tuple[Any, Margin, float]:
        group = self.groups[place]
        at = _in_px(group.at, self.canvas)
        return "center" if at is None else at, group.margin, 0

    def _corner(self, at: Any, margin: Margin, angle: float) -> Any:
        """Return the corner itself, or what gives it: from the neighbour's bounds where there is one, and the size."""
        canvas = self.canvas
        if isinstance(at, Beside):
            side = canvas.height if at.side in ("above", "below") else canvas.width
            return corner_beside(at.side, length(at.gap, side, "gap", low=-math.inf), at.align, angle)
        if isinstance(at, Inside):
            return corner_within(at.anchor, at.margin, angle)
        return at if isinstance(at, tuple) else corner_at(at, canvas, margin, angle)

    def _special(
        self, unit: Node, places: Mapping[int, int], wanted: Collection[Node], at: Any, margin: Margin, angle: float
    ) -> Callable[..., None]:
        """Return what places a group, or a clip that stands inside or around others or beside several."""
        flow = self._flow(unit, places, wanted, angle)
        targets = self.targets.get(unit, ())

        def measured(sizes: Sequence[Size], width: float, height: float) -> Laid:
            if isinstance(flow, GroupFlow):
                return flow.measured(sizes, None, width)
            return flow.measured(sizes, width, height)

        if isinstance(at, Around):
            across, down = margins(at.padding, self.canvas)

            def cover(sizes: Sequence[Size], bounds: dict[Node, Bounds], found: list[Corner]) -> None:
                left, top, width, height = bounds_around([bounds[node] for node in targets])
                left, top, width, height = left - across, top - down, width + 2 * across, height + 2 * down
                wide, high, put = measured(sizes, width, height)
                put(left + (width - wide) / 2, top + (height - high) / 2, bounds, found)

            return cover
        corner: Any = self._corner(at, margin, 0)
        whole = self.canvas.width, self.canvas.height

        def place(sizes: Sequence[Size], bounds: dict[Node, Bounds], found: list[Corner]) -> None:
            area = bounds_around([bounds[node] for node in targets]) if targets else ()
            wide, high, put = measured(sizes, *(area[2:] if isinstance(at, Inside) else whole))
            if area:
                left, top = corner(area, wide, high)
            else:
                left, top = corner if isinstance(corner, tuple) else corner(wide, high)
            put(left, top, bounds, found)

        return place

    def _flow(self, node: Node, places: Mapping[int, int], wanted: Collection[Node], angle: float = 0) -> Flow:
        if node >= 0:
            return ClipFlow(places[node], node if node in wanted else None, angle)
        place = -1 - node
        children = []
        for child in self.children[place]:
            turned = self.intents[child].angle if child >= 0 else 0
            children.append(self._flow(child, places, wanted, turned))
        return GroupFlow(self.groups[place], node, children)


class _Sets(dict[Node, Node]):
    """Nodes in sets: each leads, over others of its set, to the one that stands for the set."""

    def join(self, node: Node, others: Iterable[Node]) -> None:
        """Add a node, and make its set one with those of the others."""
        self[node] = node
        for other in others:
            self[self._first(other)] = node

    def listed(self) -> list[list[Node]]:
        """Return the sets, with their nodes in the order in which they were added."""
        found: dict[Node, list[Node]] = {}
        for node in self:
            found.setdefault(self._first(node), []).append(node)
        return list(found.values())

    def _first(self, node: Node) -> Node:
        while self[node] != node:
            self[node] = self[self[node]]
            node = self[node]
        return node


def _shared(one: Sequence[Any], other: Sequence[Any]) -> int:
    count = 0
    for count, (mine, yours) in enumerate(zip(one, other, strict=False), 1):
        if mine != yours:
            return count - 1
    return count
