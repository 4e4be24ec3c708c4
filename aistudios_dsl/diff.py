"""The differences between two projects, in words, by tag and field."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile, zip_longest
from typing import Any, Literal

from attrs import evolve, field, frozen

from aistudios_dsl.build.drafts import known_by, label, url_of
from aistudios_dsl.build.keywords import LABELS
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.speech import plain, utterances
from aistudios_dsl.errors import BuildError, plural
from aistudios_dsl.layout.sizes import plain as as_written
from aistudios_dsl.wire.jsontext import canonical
from aistudios_dsl.wire.node import UNSET, Node, keys, shortened
from aistudios_dsl.wire.nodes import AnyClip, AvatarClip, Project, Scene, Text

Kind = Literal["added", "removed", "moved", "shifted", "changed"]
_ALIKE = 0.5
"""The share of fields that clips of one type must have in common to be taken for the same clip."""
_MOST_COMPARED = 10_000
"""How many pairs are compared one by one; of more, only those that share something rare, or stand near each other."""
_RARE, _NEAR = 12, 6
_NAMED = 6
"""How many clips a change of several names."""
_LONGEST_NAME = 40
_MOST_ALIKE, _LEAD = 30, 24
"""With how many equal characters long values are shown from their beginning; else, how many stand before the change."""


@frozen
class Change:
    """One difference: its place, its kind, and the old and new value, `UNSET` where there is none.

    `place` counts the scenes and clips of the later project's JSON; for what was removed, those of the earlier one's.
    What several clips share, such as a shift by `new`, is one change, whose `parts` are those of the clips.
    """

    place: str
    kind: Kind
    field: str = ""
    old: Any = UNSET
    new: Any = UNSET
    tag: str = ""
    parts: tuple[Change, ...] = ()

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        if self.kind == "shifted":
            return f"{where}{_shift_in_words(self.new)}"
        if self.kind == "moved":
            return f"{where}moved here from {self.old}"
        if self.kind != "changed":
            named = ".clips[" in self.place and not self.tag
            words = "" if named else self.new or self.old
            return f"{where}{self.kind}{f' ({words})' if words else ''}"
        if self.old is UNSET and self.new is UNSET:
            return f"{where}{self.field} differs"
        if self.old is UNSET or self.new is UNSET:
            word, value = ("added", self.new) if self.old is UNSET else ("removed", self.old)
            return f"{where}{self.field} {word}: {_quoted(value)}"
        return f"{where}{self.field} {_contrasted(self.old, self.new)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON; `tag`, `field`, `old`, `new` and `parts` only where it has them."""
        words = {name: getattr(self, name) for name in ("tag", "field") if getattr(self, name)}
        values = {name: getattr(self, name) for name in ("old", "new") if getattr(self, name) is not UNSET}
        parts = {"parts": [part.to_dict() for part in self.parts]} if self.parts else {}
        return {"kind": self.kind, "place": self.place, **words, **values, **parts}


@frozen
class Diff:
    """The changes in reading order: print it for one line each, or "no difference"; its length is their number."""

    changes: tuple[Change, ...] = field(converter=tuple[Change, ...])

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or "no difference"


def diff(before: BaseProject | Project, after: BaseProject | Project) -> Diff:
    """Return what changed from one project to another: print it, or go through its changes.

    Clips are matched by tag, then by content, then by id; scenes by the clips and words that they share. Templates are
    compared as they are written.

    Args:
        before: The earlier project.
        after: The later project.

    Raises:
        BuildError: Where one of them is not a project, or cannot be resolved.

    >>> from aistudios_dsl import Project
    >>> print(diff(Project("A").scene(), Project("B").scene()))
    name "A" -> "B"
    """
    old, new = _resolved(before), _resolved(after)
    found = [*_fields(old, new, "", skip=("scenes",)), *_scenes(old.scenes, new.scenes)]
    if not found and _text(old) != _text(new):
        found = [Change("", "changed", "the order of keys")]
    return Diff(found)


def _resolved(project: object) -> Project:
    if isinstance(project, BaseProject):
        return evolve(project, literal=True).resolve()
    if not isinstance(project, Project):
        hint = "Project.load(...) reads a path, a mapping or JSON text"
        raise BuildError(f"diff compares projects, not {type(project).__name__}", hint=hint)
    return project


# scenes


@frozen(eq=False)
class _Whole:
    """A scene with its JSON, which is written once; `text` is that of all but its number."""

    scene: Scene
    json: dict[str, Any]
    text: str

    @property
    def names(self) -> frozenset[Hashable]:
        """What it is matched by: its clips and its speech."""
        clips = zip(self.scene.clips, self.json["clips"], strict=True)
        said = (org for _, org in _said(self.scene))
        return frozenset([*(clip.tag or _content(json) for clip, json in clips), *said])

    @property
    def types(self) -> frozenset[str]:
        return frozenset(["scene", *(clip.type for clip in self.scene.clips)])


def _wholes(scenes: Sequence[Scene]) -> list[_Whole]:
    found = ((scene, _plain(scene)) for scene in scenes)
    return [_Whole(scene, json, canonical(json | {"sceneIdx": 0})) for scene, json in found]


def _scenes(before: Sequence[Scene], after: Sequence[Scene]) -> Iterator[Change]:
    old, new = _wholes(before), _wholes(after)
    partner = _equal_pairs([scene.text for scene in old], [scene.text for scene in new], {})
    free = _rest(len(old), len(new), partner)
    heres, theres = {at: old[at].names for at in free[0]}, {at: new[at].names for at in free[1]}

    def likeness(here: int, there: int) -> float:
        return _share(heres[here], theres[there]) or _share(old[here].types, new[there].types) / 1000

    partner = _like_pairs(heres, theres, partner, likeness, 0.0001)
    moved = partner.keys() - _kept_order(partner)
    ids: list[Change] = []
    for there, scene in enumerate(new):
        place = f"scenes[{there}]"
        if there not in partner:
            yield Change(place, "added", new=_summary(scene.scene))
            continue
        here = partner[there]
        if there in moved and not _follows(there, partner, moved):
            last = there
            while _follows(last + 1, partner, moved):
                last += 1
            yield Change(_run(there, last), "moved", old=_run(here, here + last - there), new=_run(there, last))
        for change in _scene(old[here], scene, place, (here, there)):
            if change.field == "id" and change.kind == "changed" and change.place != place:
                ids.append(change)
            else:
                yield change
    for here in sorted(set(range(len(old))) - set(partner.values())):
        yield Change(f"scenes[{here}]", "removed", old=_summary(old[here].scene))
    yield from _shared_ids(ids)


def _shared_ids(ids: list[Change]) -> Iterator[Change]:
    """Yield changes of ids as one: an id follows from the place of its clip, so many change where one comes in."""
    scenes = {change.place.partition(".")[0] for change in ids}
    where = f"{plural(len(ids), 'clip')} in {plural(len(scenes), 'scene')}"
    yield from ids if len(ids) < 2 else [Change(where, "changed", "id", parts=tuple(ids))]


def _follows(there: int, partner: Mapping[int, int], moved: Iterable[int]) -> bool:
    """Whether a moved scene still comes right after the one that it came after before."""
    return there in moved and there - 1 in moved and partner[there] == partner[there - 1] + 1


def _run(first: int, last: int) -> str:
    return f"scenes[{first}]" if first == last else f"scenes[{first}..{last}]"


def _scene(old: _Whole, new: _Whole, place: str, numbers: tuple[int, int]) -> Iterator[Change]:
    here, there = old.scene, new.scene
    # A scene number that follows from the place of the scene is not a change.
    counted = (here.scene_idx, there.scene_idx) == numbers
    if old.text == new.text:
        yield from () if counted else _value(here.scene_idx, there.scene_idx, place, "scene_idx")
        return
    yield from _fields(here, there, place, skip=("clips", "scripts", *(["scene_idx"] if counted else [])))
    yield from _speech(here, there, place)
    yield from _clips(old, new, place)


def _summary(scene: Scene) -> str:
    clips = plural(len(scene.clips), "clip")
    words = " ".join(said.text for said in utterances(scene))
    return f"{clips}, {_quoted(words)}" if words else clips


# speech


Said = tuple[str, str]
"""Who says it, and the HTML."""


def _said(scene: Scene) -> list[Said]:
    return [(said.who, said.org) for said in utterances(scene)]


def _speech(old: Scene, new: Scene, place: str) -> Iterator[Change]:
    before, after = _said(old), _said(new)
    low = start = 0
    for end, high in (*sorted(_same_lines(before, after).items()), (len(after), len(before))):
        for here, there in zip_longest(before[low:high], after[start:end]):
            if here != there:
                yield from _reworded(here, there, place)
        low, start = high + 1, end + 1
    if before == after and before and bool(old.scripts) != bool(new.scripts):
        where = ("the clips", "the scene") if new.scripts else ("the scene", "the clips")
        yield Change(place, "changed", "speech is written in", *where)
    for number, (said, says) in enumerate(zip(old.scripts or (), new.scripts or (), strict=False)):
        yield from _fields(said, says, f"{place}.scripts[{number}]", skip=("org", "model_id", "cloth_id"))


def _same_lines(old: list[Said], new: list[Said]) -> Pairs:
    """Return the lines that were said before, in the order in which they were said."""
    if len(old) * len(new) <= _MOST_COMPARED:
        from difflib import SequenceMatcher

        blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        return {there + step: here + step for here, there, size in blocks for step in range(size)}
    ends = (range(min(len(old), len(new))), range(-1, -1 - min(len(old), len(new)), -1))
    same = [at for end in ends for at in takewhile(lambda at: old[at] == new[at], end)]
    partner = _equal_pairs(old, new, {at % len(new): at % len(old) for at in same})
    return {there: partner[there] for there in _kept_order(partner)}


def _reworded(old: Said | None, new: Said | None, place: str) -> Iterator[Change]:
    if old and new and old[0] != new[0]:
        yield from (*_reworded(old, None, place), *_reworded(None, new, place))
        return
    here, there = (plain(said[1]) if said else UNSET for said in (old, new))
    if here == there:
        here, there = (said[1] if said else UNSET for said in (old, new))
    who = (old or new or ("", ""))[0]
    yield Change(place, "changed", f"speech of {who!r}", here, there)


# clips


def _clips(before: _Whole, after: _Whole, place: str) -> Iterator[Change]:
    old, new = before.scene.clips, after.scene.clips
    partner = _partners(before.json["clips"], after.json["clips"])
    kept = _kept_order(partner)
    told: dict[int, list[Change]] = {}
    for there, clip in enumerate(new):
        where, tag = f"{place}.{_called(there, clip)}", clip.tag or ""
        if there not in partner:
            told[there] = [Change(where, "added", new=_shown_by(clip), tag=tag)]
            continue
        told[there] = [evolve(change, tag=tag) for change in _clip(old[partner[there]], clip, where)]
        if there not in kept:
            told[there].insert(0, Change(where, "moved", "", f"clips[{partner[there]}]", f"clips[{there}]", tag))
    yield from _shifts(told, place, len(partner))
    for changes in told.values():
        yield from changes
    for here in sorted(set(range(len(old))) - set(partner.values())):
        clip = old[here]
        yield Change(f"{place}.{_called(here, clip)}", "removed", old=_shown_by(clip), tag=clip.tag or "")


def _partners(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> Pairs:
    """Return which earlier clip each later one is: by its tag, its content, its content but for the tag, its id."""
    partner: Pairs = {}
    for key in (_known_by("tag"), _content, lambda clip: _content(clip, "tag"), _known_by("id")):
        if len(partner) < min(len(old), len(new)):
            partner = _equal_pairs([key(clip) for clip in old], [key(clip) for clip in new], partner)
    free = _rest(len(old), len(new), partner)
    heres, theres = {at: _traits(old[at]) for at in free[0]}, {at: _traits(new[at]) for at in free[1]}

    def likeness(here: int, there: int) -> float:
        if old[here]["type"] != new[there]["type"]:
            return 0
        one, other = heres[here], theres[there]
        return len(one & other) / max(len(one), len(other))

    return _like_pairs(heres, theres, partner, likeness, _ALIKE)


def _clip(old: AnyClip, new: AnyClip, where: str) -> Iterator[Change]:
    # The editor names a clip by its id, and speech is compared scene by scene.
    renamed = all(getattr(clip, "name", clip.id) == clip.id for clip in (old, new))
    yield from _fields(old, new, where, skip=("script", *(["name"] if renamed else [])))
    if isinstance(old, AvatarClip) and isinstance(new, AvatarClip) and old.script and new.script:
        yield from _fields(old.script, new.script, where, skip=("org",), under="script.")


def _known_by(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda clip: f"{clip['type']} {clip[name]}" if clip.get(name) else ""


def _content(clip: dict[str, Any], *others: str) -> str:
    return canonical({name: value for name, value in clip.items() if name not in ("id", "name", "layer", *others)})


def _traits(clip: dict[str, Any]) -> frozenset[Hashable]:
    return frozenset((name, canonical(value)) for name, value in clip.items() if name not in ("id", "name"))


def _called(index: int, clip: AnyClip) -> str:
    """Return what a clip is called: by its tag, else by its words, file, shape or avatar."""
    name = "" if clip.tag else shortened(" ".join(known_by(clip).split()), _LONGEST_NAME)
    return f"clips[{index}] ({LABELS.get(clip.type, clip.type)} {name!r})" if name else label(index, clip)


def _shown_by(clip: AnyClip) -> str:
    """Return what identifies a clip to a reader: its words, URL or shape."""
    return _quoted(clip.text) if isinstance(clip, Text) else url_of(clip) or getattr(clip, "shape_name", "")


# what several clips share

_SHIFTS = (("layer",), ("left", "top"))
_SIZED = frozenset(("width", "height", "scale_x", "scale_y", "angle"))
_WAYS = {"left": ("left", "right"), "top": ("up", "down")}


def _shifts(told: Mapping[int, list[Change]], place: str, paired: int) -> Iterator[Change]:
    """Yield the shifts that several clips of a scene share, and take them out of what is told of each clip."""
    for fields in _SHIFTS:
        groups: dict[tuple[float, ...], list[list[Change]]] = defaultdict(list)
        for changes in told.values():
            by = {change.field: change for change in changes if change.kind == "changed"}
            steps = tuple(_step(by.get(name)) for name in fields)
            if any(steps) and None not in steps and (fields == ("layer",) or not by.keys() & _SIZED):
                groups[steps].append([by[name] for name in fields if name in by])  # type: ignore[index]
        shared = {steps: clips for steps, clips in groups.items() if len(clips) > 1}
        gone = {id(change) for clips in shared.values() for found in clips for change in found}
        for changes in told.values():
            changes[:] = [change for change in changes if id(change) not in gone]
        for steps, clips in shared.items():
            parts = tuple(change for found in clips for change in found)
            new = {name: as_written(step) for name, step in zip(fields, steps, strict=True) if step}
            every = f"all {paired} clips" if paired == len(told) else f"all {paired} other clips"
            who = every if len(clips) == paired else _named(clips)
            yield Change(f"{place}, {who}", "shifted", " and ".join(new), new=new, parts=parts)


def _step(change: Change | None) -> float | None:
    """Return by how much a number changed; 0 where it did not, None where that is no number."""
    values = (change.old, change.new) if change else (0, 0)
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return None
    return round(values[1] - values[0], 6)


def _named(clips: Sequence[Sequence[Change]]) -> str:
    names = [found[0].place.partition(" (")[2].removesuffix(")") for found in clips]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} clips ({'; '.join(names[:_NAMED])}{more})"


def _shift_in_words(by: Mapping[str, float]) -> str:
    """Return a shift as people say it.

    >>> _shift_in_words({"left": -40, "top": 20}), _shift_in_words({"layer": 1})
    ('moved 40 px left and 20 px down', 'layer +1')
    """
    if "layer" in by:
        return f"layer {by['layer']:+g}"
    return "moved " + " and ".join(f"{abs(step):g} px {_WAYS[name][step > 0]}" for name, step in by.items())


# pairs: for each later item that is an earlier one, where that was

Pairs = dict[int, int]


def _equal_pairs(old: Sequence[Hashable], new: Sequence[Hashable], partner: Pairs) -> Pairs:
    """Return the pairs so far, and those whose keys are equal and not empty, in their order."""
    taken, found = set(partner.values()), dict(partner)
    free: dict[Hashable, deque[int]] = defaultdict(deque)
    for here, key in enumerate(old):
        if key and here not in taken:
            free[key].append(here)
    for there, key in enumerate(new):
        if there not in found and free.get(key):
            found[there] = free[key].popleft()
    return found


def _rest(old: int, new: int, partner: Pairs) -> tuple[list[int], list[int]]:
    """Return the numbers of the earlier and of the later items that have no partner yet."""
    taken = set(partner.values())
    return [here for here in range(old) if here not in taken], [there for there in range(new) if there not in partner]


Traits = Mapping[int, frozenset[Hashable]]
"""By the number of an item, what it is recognised by."""


def _like_pairs(old: Traits, new: Traits, partner: Pairs, likeness: Callable[[int, int], float], least: float) -> Pairs:
    """Return the pairs so far, and pairs of the rest, the most alike first."""
    pairs = ((here, there) for there, heres in _candidates(old, new) for here in heres)
    rated = [(-likeness(here, there), abs(here - there), here, there) for here, there in pairs]
    found, taken = dict(partner), set[int]()
    for rating, _, here, there in sorted(rated):
        if -rating >= least and there not in found and here not in taken:
            found[there] = here
            taken.add(here)
    return found


def _candidates(old: Traits, new: Traits) -> Iterator[tuple[int, Iterable[int]]]:
    """Yield each later item with the earlier ones that it may be: of many, only those with a rare trait, or nearby."""
    heres = list(old)
    if len(old) * len(new) <= _MOST_COMPARED:
        yield from ((there, heres) for there in new)
        return
    holders: dict[Hashable, list[int]] = defaultdict(list)
    for here, traits in old.items():
        for trait in traits:
            holders[trait].append(here)
    rare = {trait: found for trait, found in holders.items() if len(found) <= _RARE}
    for rank, (there, traits) in enumerate(new.items()):
        same_place, same_rank = bisect_left(heres, there), rank * len(heres) // len(new)
        near = [here for at in (same_place, same_rank) for here in heres[max(0, at - _NEAR) : at + _NEAR]]
        yield there, {*near, *(here for trait in traits for here in rare.get(trait, ()))}


def _kept_order(partner: Pairs) -> set[int]:
    """Return the most later items that still stand in their old order: those that have not moved."""
    ends: list[int] = []
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for there in sorted(partner):
        place = bisect_left(ends, partner[there])
        before[there] = tails[place - 1] if place else None
        ends[place : place + 1], tails[place : place + 1] = [partner[there]], [there]
    kept: set[int] = set()
    last = tails[-1] if tails else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return kept


def _share(one: frozenset[Any], other: frozenset[Any]) -> float:
    return len(one & other) / (len(one | other) or 1)


# fields


def _fields(old: Node, new: Node, place: str, *, skip: Sequence[str] = (), under: str = "") -> Iterator[Change]:
    """The fields that differ, those of inner objects under their own names, then the unknown keys."""
    names = [key.attribute for key in keys(type(new)) if key.attribute not in skip]
    for name in names if type(old) is type(new) else []:
        here, there = getattr(old, name), getattr(new, name)
        if isinstance(here, Node) and isinstance(there, Node):
            yield from _fields(here, there, place, under=f"{under}{name}.")
        else:
            yield from _value(here, there, place, f"{under}{name}")
    for name in dict.fromkeys([*old.extra, *new.extra]):
        yield from _value(old.extra.get(name, UNSET), new.extra.get(name, UNSET), place, f"{under}{name}")


def _value(old: Any, new: Any, place: str, name: str) -> Iterator[Change]:
    if old is new or (isinstance(old, str) and old == new):
        return
    here, there = _plain(old), _plain(new)
    if (old is UNSET) != (new is UNSET) or (old is not UNSET and canonical(here) != canonical(there)):
        yield Change(place, "changed", name, here, there)


def _plain(value: Any) -> Any:
    if isinstance(value, Node):
        from aistudios_dsl.wire.codec import dump

        return dump(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _text(node: Node) -> str:
    return canonical(_plain(node))


def _quoted(value: Any) -> str:
    return shortened(canonical(value))


def _contrasted(old: Any, new: Any) -> str:
    """Quote both values; what is too long to be shown whole is shown from shortly before they differ."""
    texts = canonical(old), canonical(new)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*texts, strict=False)))
    if same < _MOST_ALIKE or all(text == shortened(text) for text in texts):
        return " -> ".join(map(shortened, texts))
    begin = texts[0].find(" ", same - _LEAD, same) + 1 or same
    return " -> ".join(shortened(f"…{text[begin:]}") for text in texts)
