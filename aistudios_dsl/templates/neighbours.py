"""What stands beside, inside or around a clip or group that a row leaves out: it takes the place of what is absent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import evolve, frozen

from aistudios_dsl.build.drafts import Draft, Item, clip_of
from aistudios_dsl.build.placement import Around, Beside, GroupDraft, Inside, Margin, Position
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.wire.nodes import AvatarClip, UnknownClip

Spot = tuple[Position | None, Margin]
"""An `at` and a `margin`; the `at` of a clip that flows in its group is None."""
Scope = tuple[tuple[int, int], ...]
"""The repetitions that a clip or group is in, as in `Draft.scope`."""


@frozen
class Absent:
    """A clip or group that a row leaves out, and where it would stand.

    The tag is a pattern where it needs names that the row does not bind. What would flow in a group has the number of
    that group in the template as `flows_in`, and the place of its outermost group.
    """

    tag: str | re.Pattern[str]
    scope: Scope
    at: Position
    margin: Margin = 0
    flows_in: int = -1


def absent(tag: str | re.Pattern[str], part: Draft | GroupDraft, groups: Sequence[GroupDraft], scope: Scope) -> Absent:
    """Return what is absent, where `groups` are those that the parents of the part count."""
    place = part.place if isinstance(part, Draft) else part
    if place.at is not None:
        return Absent(tag, scope, place.at, place.margin)
    if part.parent < 0:
        return Absent(tag, scope, default_place(part), place.margin)
    outer, flows_in = groups[part.parent], number_of(groups, part.parent)
    while outer.parent >= 0:
        outer = groups[outer.parent]
    return Absent(tag, scope, outer.at or default_place(outer), outer.margin, flows_in)


def default_place(part: Draft | GroupDraft) -> Position:
    """Return where a clip or group stands that says nothing about it, outside of groups."""
    if isinstance(part, Draft) and part.is_loaded:
        return part.clip.left, part.clip.top
    return "bottom" if isinstance(part, Draft) and isinstance(part.clip, AvatarClip) else "center"


def number_of(groups: Sequence[GroupDraft], place: int) -> int:
    """Return the number in the template of the group at this place, or -1 for no group."""
    if place < 0:
        return -1
    return place if groups[place].number < 0 else groups[place].number


def tag_of(part: Item | GroupDraft) -> str:
    """Return the tag of a clip or group, or ""."""
    if isinstance(part, GroupDraft):
        return part.tag or ""
    clip = clip_of(part)
    return "" if isinstance(clip, UnknownClip) else clip.tag or ""


def flowing(items: Iterable[Item], groups: Sequence[GroupDraft]) -> set[int]:
    """Return the groups in which a clip flows; the others take no room, and nothing can stand by them."""
    found = set[int]()
    for item in items:
        place = item.parent if isinstance(item, Draft) and item.place.at is None else -1
        while place >= 0 and place not in found:
            found.add(place)
            place = groups[place].parent
    return found


def settled(scene: Scene, left_out: Iterable[Absent]) -> tuple[list[int], Scene]:
    """Return which clips of an expanded scene a row keeps, and the scene with these.

    Beside and inside of what is absent, they take its place. What is around nothing is absent too, and so is a group
    in which no clip flows.
    """
    row = _Row(scene, left_out)
    items = tuple(map(row.put, row.items.values()))
    groups = tuple(row.put(each) if place in row.flowing else _emptied(each) for place, each in row.groups)
    return list(row.items), evolve(scene, items=items, groups=groups)


class _Row:
    """What a row keeps of a scene, and where the rest would stand."""

    def __init__(self, scene: Scene, left_out: Iterable[Absent]) -> None:
        self.items = dict(enumerate(scene._items))
        self.groups = list(enumerate(scene._groups))
        self.flowing = flowing(scene._items, scene._groups)
        self._all_groups = scene._groups
        self._absent: dict[str, list[Absent]] = {}
        self._patterns: list[Absent] = []
        for each in left_out:
            self._leave_out(each)
        for place, group in self.groups:
            if place not in self.flowing:
                self._leave_out_part(group)
        self._present = self._seen()
        while gone := [number for number, item in self.items.items() if self._is_around_nothing(item)]:
            for number in gone:
                self._leave_out_part(self.items.pop(number))
            self._present = self._seen()

    def _seen(self) -> dict[str, list[Scope]]:
        found: dict[str, list[Scope]] = {}
        for part in (*self.items.values(), *(group for place, group in self.groups if place in self.flowing)):
            if tag := tag_of(part):
                found.setdefault(tag, []).append(_scope(part))
        return found

    def _leave_out_part(self, part: Any) -> None:
        if tag := tag_of(part):
            self._leave_out(absent(tag, part, self._all_groups, part.scope))

    def _leave_out(self, absent: Absent) -> None:
        if isinstance(absent.tag, str):
            self._absent.setdefault(absent.tag, []).append(absent)
        else:
            self._patterns.append(absent)

    def _absent_as(self, tag: str, scope: Scope) -> Absent | None:
        """Return what is absent of this tag, unless what has it is as near: in as many of the same repetitions."""
        near = max((_shared(each, scope) for each in self._present.get(tag, ())), default=-1)
        named = self._absent.get(tag) or [each for each in self._patterns if _fits(each, tag)]
        nearest = max(named, key=lambda each: _shared(each.scope, scope), default=None)
        return nearest if nearest and _shared(nearest.scope, scope) > near else None

    def _is_around_nothing(self, item: Item) -> bool:
        at = item.place.at if isinstance(item, Draft) else None
        return isinstance(at, Around) and all(self._absent_as(tag, _scope(item)) for tag in at.tags)

    def put(self, part: Any) -> Any:
        """Return the clip or group in the place that it takes."""
        if not isinstance(part, Draft | GroupDraft):
            return part
        place = part.place if isinstance(part, Draft) else part
        if not isinstance(place.at, Beside | Inside | Around):
            return part
        at, margin = self._spot(place.at, place.margin, part.scope, number_of(self._all_groups, part.parent))
        if (at, margin) == (place.at, place.margin):
            return part
        moved: Any = evolve(place, at=at, margin=margin)
        return evolve(part, place=moved) if isinstance(part, Draft) else moved

    def _spot(self, at: Position, margin: Margin, scope: Scope, group: int) -> Spot:
        if isinstance(at, Around):
            return evolve(at, tags=tuple(tag for tag in at.tags if not self._absent_as(tag, scope))), margin
        passed = set[str]()
        while isinstance(at, Beside | Inside) and (found := self._absent_as(at.tag, scope)):
            if at.tag in passed:
                return "center", 0
            passed.add(at.tag)
            if found.flows_in == group >= 0:
                return None, 0
            at, margin = found.at, found.margin
            if isinstance(at, Around):
                target = next((tag for tag in at.tags if not self._absent_as(tag, scope)), None)
                return (Inside(target), 0) if target else ("center", 0)
        return at, margin


def _emptied(group: GroupDraft) -> GroupDraft:
    """Return a group in which no clip flows without what nobody sees, and so cannot be wrong."""
    return evolve(group, tag=None, at=None, margin=0, width=None)


def _scope(part: Item | GroupDraft) -> Scope:
    return part.scope if isinstance(part, Draft | GroupDraft) else ()


def _shared(one: Scope, other: Scope) -> int:
    """Return how many repetitions two parts are in together."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _fits(absent: Absent, tag: str) -> bool:
    return not isinstance(absent.tag, str) and absent.tag.fullmatch(tag) is not None
