"""The differences between two projects, in words, by tag and field."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Literal, TypeVar

from attrs import evolve, field, frozen

from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.scene import label
from aistudios_dsl.build.speech import plain, utterances
from aistudios_dsl.errors import BuildError
from aistudios_dsl.wire.jsontext import canonical
from aistudios_dsl.wire.node import UNSET, Node, keys, shortened
from aistudios_dsl.wire.nodes import AnyClip, AvatarClip, Project, Scene, Text

N = TypeVar("N", bound=Node)
Kind = Literal["added", "removed", "moved", "changed"]
_ALIKE = 0.5
"""The share of fields that clips of one type must have in common to be taken for the same clip."""


@frozen
class Change:
    """One difference: its place, its kind, and the old and new value, `UNSET` where there is none.

    `place` counts the scenes and clips of the later project's JSON; for what was removed, those of the earlier one's.
    """

    place: str
    kind: Kind
    field: str = ""
    old: Any = UNSET
    new: Any = UNSET
    tag: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        if self.kind == "moved":
            return f"{where}moved here from {self.old}"
        if self.kind != "changed":
            words = self.new or self.old
            return f"{where}{self.kind}{f' ({words})' if words else ''}"
        if self.old is UNSET and self.new is UNSET:
            return f"{where}{self.field} differs"
        if self.old is UNSET or self.new is UNSET:
            word, value = ("added", self.new) if self.old is UNSET else ("removed", self.old)
            return f"{where}{self.field} {word}: {_quoted(value)}"
        return f"{where}{self.field} {_quoted(self.old)} -> {_quoted(self.new)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON; `tag`, `field`, `old` and `new` only where it has them."""
        words = {name: getattr(self, name) for name in ("tag", "field") if getattr(self, name)}
        values = {name: getattr(self, name) for name in ("old", "new") if getattr(self, name) is not UNSET}
        return {"kind": self.kind, "place": self.place, **words, **values}


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


def _scenes(old: Sequence[Scene], new: Sequence[Scene]) -> Iterator[Change]:
    names = {id(scene): _names(scene) for scene in (*old, *new)}

    def likeness(here: Scene, there: Scene) -> float:
        return _share(names[id(here)], names[id(there)]) or _share(_types(here), _types(there)) / 1000

    partner = _like_pairs(old, new, _equal_pairs(old, new, _text, {}), likeness, 0.0001)
    kept = _kept_order(partner)
    for there, scene in enumerate(new):
        place = f"scenes[{there}]"
        if there not in partner:
            yield Change(place, "added", new=_summary(scene))
            continue
        if there not in kept:
            yield Change(place, "moved", old=f"scenes[{partner[there]}]", new=place)
        yield from _scene(old[partner[there]], scene, place, (partner[there], there))
    for here in sorted(set(range(len(old))) - set(partner.values())):
        yield Change(f"scenes[{here}]", "removed", old=_summary(old[here]))


def _scene(old: Scene, new: Scene, place: str, numbers: tuple[int, int]) -> Iterator[Change]:
    # A scene number that follows from the place of the scene is not a change.
    counted = (old.scene_idx, new.scene_idx) == numbers
    yield from _fields(old, new, place, skip=("clips", "scripts", *(["scene_idx"] if counted else [])))
    yield from _speech(old, new, place)
    yield from _clips(old.clips, new.clips, place)


def _summary(scene: Scene) -> str:
    clips = f"{len(scene.clips)} clip{'' if len(scene.clips) == 1 else 's'}"
    words = " ".join(said.text for said in utterances(scene))
    return f"{clips}, {_quoted(words)}" if words else clips


def _names(scene: Scene) -> frozenset[Any]:
    """What a scene is matched by: its clips and its speech."""
    return frozenset([*(clip.tag or _content(clip) for clip in scene.clips), *(org for _, org in _said(scene))])


def _types(scene: Scene) -> frozenset[str]:
    return frozenset(["scene", *(clip.type for clip in scene.clips)])


# speech


Said = tuple[str, str]
"""Who says it, and the HTML."""


def _said(scene: Scene) -> list[Said]:
    return [(said.who, said.org) for said in utterances(scene)]


def _speech(old: Scene, new: Scene, place: str) -> Iterator[Change]:
    from difflib import SequenceMatcher

    before, after = _said(old), _said(new)
    for _, low, high, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        for here, there in zip_longest(before[low:high], after[start:end]):
            if here != there:
                yield from _reworded(here, there, place)
    if before == after and before and bool(old.scripts) != bool(new.scripts):
        where = ("the clips", "the scene") if new.scripts else ("the scene", "the clips")
        yield Change(place, "changed", "speech is written in", *where)
    for number, (said, says) in enumerate(zip(old.scripts or (), new.scripts or (), strict=False)):
        yield from _fields(said, says, f"{place}.scripts[{number}]", skip=("org", "model_id", "cloth_id"))


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


def _clips(old: Sequence[AnyClip], new: Sequence[AnyClip], place: str) -> Iterator[Change]:
    partner: dict[int, int] = {}
    for key in (_known_by("tag"), _content, _known_by("id")):
        partner = _equal_pairs(old, new, key, partner)
    partner = _like_pairs(old, new, partner, _likeness, _ALIKE)
    kept = _kept_order(partner)
    for there, clip in enumerate(new):
        where = f"{place}.{label(there, clip)}"
        if there not in partner:
            yield Change(where, "added", new=_shown_by(clip), tag=clip.tag or "")
            continue
        if there not in kept:
            yield Change(where, "moved", old=f"clips[{partner[there]}]", new=f"clips[{there}]", tag=clip.tag or "")
        yield from (evolve(change, tag=clip.tag or "") for change in _clip(old[partner[there]], clip, where))
    for here in sorted(set(range(len(old))) - set(partner.values())):
        yield Change(f"{place}.{label(here, old[here])}", "removed", old=_shown_by(old[here]), tag=old[here].tag or "")


def _clip(old: AnyClip, new: AnyClip, where: str) -> Iterator[Change]:
    # The editor names a clip by its id, and speech is compared scene by scene.
    renamed = all(getattr(clip, "name", clip.id) == clip.id for clip in (old, new))
    yield from _fields(old, new, where, skip=("script", *(["name"] if renamed else [])))
    if isinstance(old, AvatarClip) and isinstance(new, AvatarClip) and old.script and new.script:
        yield from _fields(old.script, new.script, where, skip=("org",), under="script.")


def _known_by(name: str) -> Callable[[AnyClip], str]:
    return lambda clip: f"{clip.type} {getattr(clip, name)}" if getattr(clip, name) else ""


def _content(clip: AnyClip) -> str:
    return canonical({name: value for name, value in _plain(clip).items() if name not in ("id", "name", "layer")})


def _likeness(old: AnyClip, new: AnyClip) -> float:
    if old.type != new.type:
        return 0
    here, there = (
        {(name, canonical(value)) for name, value in _plain(clip).items() if name not in ("id", "name")}
        for clip in (old, new)
    )
    return len(here & there) / max(len(here), len(there))


def _shown_by(clip: AnyClip) -> str:
    """What identifies a clip to a reader: its words, URL or shape."""
    if isinstance(clip, Text):
        return _quoted(clip.text)
    found = (getattr(clip, name, UNSET) for name in ("source_url", "video_url", "shape_name"))
    return next((value for value in found if isinstance(value, str)), "")


# pairs: for each later item that is an earlier one, where that was


def _equal_pairs(
    old: Sequence[N], new: Sequence[N], key: Callable[[N], str], partner: Mapping[int, int]
) -> dict[int, int]:
    """The pairs so far, and those whose keys are equal and not empty, in their order."""
    free: dict[str, list[int]] = {}
    for here, item in enumerate(old):
        if here not in set(partner.values()) and key(item):
            free.setdefault(key(item), []).append(here)
    found = dict(partner)
    for there, item in enumerate(new):
        if there not in found and free.get(key(item)):
            found[there] = free[key(item)].pop(0)
    return found


def _like_pairs(
    old: Sequence[N],
    new: Sequence[N],
    partner: Mapping[int, int],
    likeness: Callable[[N, N], float],
    least: float,
) -> dict[int, int]:
    """The pairs so far, and pairs of the rest, the most alike first."""
    heres = [here for here in range(len(old)) if here not in set(partner.values())]
    theres = [there for there in range(len(new)) if there not in partner]
    rated = [(-likeness(old[here], new[there]), abs(here - there), here, there) for here in heres for there in theres]
    found = dict(partner)
    for rating, _, here, there in sorted(rated):
        if -rating >= least and there not in found and here not in set(found.values()):
            found[there] = here
    return found


def _kept_order(partner: Mapping[int, int]) -> set[int]:
    """The most later items that still stand in their old order: those that have not moved."""
    ends: list[int] = []
    chains: list[list[int]] = []
    for there in sorted(partner):
        place = bisect_left(ends, partner[there])
        chain = [*(chains[place - 1] if place else []), there]
        ends[place : place + 1], chains[place : place + 1] = [partner[there]], [chain]
    return set(chains[-1]) if chains else set()


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
