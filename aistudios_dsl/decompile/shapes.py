"""Scenes that repeat one shape: the same verbs, with other words, places and ids. They become calls of a function."""

from __future__ import annotations

import inspect
import keyword
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import takewhile
from typing import Any

from attrs import evolve, field, frozen

from aistudios_dsl.build.scene import Scene
from aistudios_dsl.decompile.expressions import Call, Verbatim, flat, replaced
from aistudios_dsl.decompile.verb_calls import VerbCall

_MOST_DIFFERENCES = 4
"""How many arguments may be given in some scenes of one shape and not in others."""
_MOST_PARAMETERS = 24
_IDS = "ids"
_USUAL: Mapping[str, Any] = {"opacity": 100, "angle": 0, "margin": 0, "watermark": False}


@frozen
class SceneCalls:
    """The arguments that open a scene, the calls that fill it, and how many of its clips come from verbs."""

    opening: Mapping[str, Any] = field(factory=dict)
    calls: tuple[VerbCall, ...] = ()
    verbs: int = 0

    def apply(self, scene: Scene) -> Scene:
        """Return the scene after all calls."""
        for call in self.calls:
            scene = call.apply(scene)
        return scene


# values: scenes that call the same verbs are given the same arguments


def alike(scenes: Sequence[SceneCalls], *, exact: bool) -> list[dict[int, SceneCalls]]:
    """Return the groups of scenes that repeat one shape, by their numbers, with the same arguments in each.

    An argument that one scene gives and another does not is given there as its default. With `exact`, all texts are
    exact where one is: some of them are no other when they are rounded.
    """
    kinds: dict[Any, list[int]] = {}
    for number, scene in enumerate(scenes):
        verbs = tuple((call.verb, len(call.args)) for call in _with_speech_apart(scene.calls))
        kinds.setdefault(verbs, []).append(number)
    groups = (group for numbers in kinds.values() for group in _similar(scenes, numbers))
    return [_filled(scenes, group, {"exact": True} if exact else {}) for group in groups if len(group) > 1]


def _similar(scenes: Sequence[SceneCalls], numbers: Sequence[int]) -> list[list[int]]:
    """Split scenes with the same verbs into groups whose calls give nearly the same arguments."""
    groups: list[tuple[list[int], set[str], set[str]]] = []
    for number in numbers:
        names = set(_argument_names(scenes[number]))
        for place, (members, every, some) in enumerate(groups):
            if len((some | names) - (every & names)) <= _MOST_DIFFERENCES:
                groups[place] = ([*members, number], every & names, some | names)
                break
        else:
            groups.append(([number], names, names))
    return [members for members, _, _ in groups]


def _argument_names(scene: SceneCalls) -> Iterator[str]:
    yield from (f"scene.{name}" for name in scene.opening)
    for place, call in enumerate(_with_speech_apart(scene.calls)):
        yield from (f"{place}.{name}" for name in call.named)


def _filled(scenes: Sequence[SceneCalls], numbers: Sequence[int], instead: Mapping[str, Any]) -> dict[int, SceneCalls]:
    found = [scenes[number] for number in numbers]
    if len({tuple(call.verb for call in scene.calls) for scene in found}) > 1:
        found = [evolve(scene, calls=tuple(_with_speech_apart(scene.calls))) for scene in found]
    openings = _with_defaults([VerbCall("scene", (), scene.opening) for scene in found], instead)
    columns = [_with_defaults(column, instead) for column in zip(*(scene.calls for scene in found), strict=True)]
    rows = zip(*columns, strict=True) if columns else ((),) * len(found)
    return {
        number: evolve(scene, opening=opening.named, calls=tuple(calls))
        for number, scene, opening, calls in zip(numbers, found, openings, rows, strict=True)
    }


def _with_speech_apart(calls: Sequence[VerbCall]) -> Iterator[VerbCall]:
    """Yield the calls with the words of `avatar(say=...)` in a `say` of their own."""
    for call in calls:
        if call.verb == "avatar" and "say" in call.named:
            yield evolve(call, named={name: value for name, value in call.named.items() if name != "say"})
            yield VerbCall("say", (call.named["say"],))
        else:
            yield call


def _with_defaults(calls: Sequence[VerbCall], instead: Mapping[str, Any]) -> list[VerbCall]:
    """Return calls of one verb, each with the arguments of all, in one order; `instead` has defaults of its own."""
    order: list[str] = []
    for call in calls:
        place = 0
        for name in call.named:
            place = order.index(name) + 1 if name in order else place
            if name not in order:
                order.insert(place, name)
                place += 1
    defaults = {name: instead[name] if name in instead else default_of(calls[0].verb, name) for name in order}
    return [evolve(call, named={**defaults, **call.named}) for call in calls]


@cache
def default_of(verb: str, name: str) -> Any:
    """Return what an argument of a verb is where it is not given.

    >>> default_of("video", "volume"), default_of("image", "angle"), default_of("text", "tag")
    (100, 0, None)
    """
    given = inspect.signature(inspect.unwrap(getattr(Scene, verb, Scene))).parameters.get(name)
    return _USUAL.get(name) if given is None or given.default is given.empty else given.default


# expressions: what differs becomes a parameter


@frozen
class Made:
    """A function that makes the scenes of one shape, and the arguments of each scene by its number."""

    name: str
    parameters: tuple[str, ...]
    body: tuple[Call, ...]
    arguments: Mapping[int, Mapping[str, Any]]

    def call(self, number: int) -> Call:
        """Return the call that makes a scene."""
        return Call(self.name, (), self.arguments[number])

    def makes(self, number: int, chain: Sequence[Call]) -> bool:
        """Whether the function, called with the arguments of a scene, makes exactly these calls."""
        values = dict(self.arguments[number])
        values |= {f"{_IDS}[{place}]": value for place, value in enumerate(values.pop(_IDS, ()))}

        def filled(value: Any, where: str) -> Any:
            return values.get(value.text, value) if isinstance(value, Verbatim) else value

        return [flat(replaced(call, filled)) for call in self.body] == [flat(call) for call in chain]


@frozen
class _Slot:
    """A part that differs between scenes: the clip and argument that it is of, and its value in each scene."""

    clip: str
    argument: str
    values: tuple[Any, ...]


def made(name: str, chains: Mapping[int, Sequence[Call]]) -> Made | None:
    """Return the function that makes scenes of one shape; None if too much of them differs.

    Each chain opens with the call that makes the scene.
    """
    slots: dict[str, _Slot] = {}
    rows = list(chains.values())
    labels = _labels(rows)
    body = [_merged(column, slots, label, "") for column, label in zip(zip(*rows, strict=True), labels, strict=True)]
    ids = [key for key, slot in slots.items() if slot.argument == "id"]
    grouped = ids if len(ids) > 2 else []
    if not slots or len(slots) - len(grouped) > _MOST_PARAMETERS:
        return None
    names = _parameter_names({key: slot for key, slot in slots.items() if key not in grouped})
    parts = names | {key: f"{_IDS}[{place}]" for place, key in enumerate(grouped)}

    def named(value: Any, where: str) -> Any:
        return Verbatim(parts[value.text]) if isinstance(value, Verbatim) and value.text in parts else value

    arguments = {
        number: {names[key]: slots[key].values[place] for key in names}
        | ({_IDS: tuple(slots[key].values[place] for key in grouped)} if grouped else {})
        for place, number in enumerate(chains)
    }
    parameters = (*names.values(), *([_IDS] if grouped else []))
    maker = Made(name, parameters, tuple(replaced(call, named) for call in body), arguments)
    return maker if all(maker.makes(number, chain) for number, chain in chains.items()) else None


def _merged(values: Sequence[Any], slots: dict[str, _Slot], clip: str, argument: str) -> Any:
    """Return the expression that all have in common, with a slot for each part that differs."""
    first = values[0]
    texts = tuple(flat(value) for value in values)
    if len(set(texts)) == 1:
        return first
    if all(isinstance(value, Call) and _outline(value) == _outline(first) for value in values):
        columns = list(zip(*(value.args for value in values), strict=True))
        args = [_merged(column, slots, clip, argument or str(place)) for place, column in enumerate(columns)]
        named = {
            name: _merged([value.named[name] for value in values], slots, clip, argument or name)
            for name in first.named
        }
        return Call(first.function, args, named)
    if all(isinstance(value, dict) and list(value) == list(first) for value in values) and first:
        return {key: _merged([value[key] for value in values], slots, clip, _as_word(str(key))) for key in first}
    pairs = all(isinstance(value, tuple) and len(value) == 2 for value in values) and argument in ("at", "natural")
    if pairs and any(flat(first[place]) == flat(value[place]) for place in (0, 1) for value in values[1:]):
        sides = ("left", "top") if argument == "at" else ("natural_width", "natural_height")
        columns = list(zip(*values, strict=True))
        if any(len(set(map(flat, column))) == 1 for column in columns):
            return tuple(_merged(column, slots, clip, side) for column, side in zip(columns, sides, strict=True))
    return _slot(values, texts, slots, clip, argument)


def _slot(values: Sequence[Any], texts: tuple[str, ...], slots: dict[str, _Slot], clip: str, argument: str) -> Verbatim:
    # Numbers may be equal by chance; words, addresses and ids are the same thing.
    key = "\0".join(texts) if all(isinstance(value, str) and len(value) > 2 for value in values) else str(len(slots))
    slots.setdefault(key, _Slot(clip, argument, tuple(values)))
    return Verbatim(key)


def _outline(call: Call) -> tuple[Any, ...]:
    return call.function, len(call.args), tuple(call.named)


# names


_TAKEN = ("above", "below", "left_of", "right_of", "wire")
_OF_A_CLIP = (
    "at",
    "left",
    "top",
    "width",
    "height",
    "scale",
    "natural",
    "layer",
    "fill",
    "color",
    "margin",
    "extra",
    "exact",
)
"""Arguments whose names say little without that of the clip."""
_FIRST = {"image": "url", "video": "url", "audio": "url", "text": "words", "say": "say", "shape": "shape_name"}


def _labels(rows: Sequence[Sequence[Call]]) -> list[str]:
    """Return what each call is about: the letters that the tags of its clip share, else its verb, numbered."""
    verbs = [call.function for call in rows[0]]
    times, seen, labels = Counter(verbs), Counter[str](), list[str]()
    for place, verb in enumerate(verbs):
        seen[verb] += 1
        tags = [tag for row in rows if isinstance(tag := row[place].named.get("tag"), str)]
        word = _as_word(_shared_start(tags).rstrip("0123456789_- ")) if len(tags) == len(rows) else ""
        usual = verb if times[verb] == 1 else f"{verb}_{seen[verb]}"
        labels.append(word if word and word not in (*labels, *verbs) else usual)
    return labels


def _shared_start(texts: Sequence[str]) -> str:
    """Return the letters with which all texts start."""
    letters = takewhile(lambda column: len(set(column)) == 1, zip(*texts, strict=False))
    return "".join(column[0] for column in letters)


def _parameter_names(slots: Mapping[str, _Slot]) -> dict[str, str]:
    """Return a name for each slot: its argument where only one has it, else the clip, or both."""
    short = {key: _short_name(slot) for key, slot in slots.items()}
    times, names = Counter(short.values()), dict[str, str]()
    for key, slot in slots.items():
        long = slot.clip if slot.argument == "0" else f"{slot.clip}_{slot.argument}"
        unique = times[short[key]] == 1 and slot.argument not in _OF_A_CLIP
        name = stem = _as_word(short[key] if unique else long) or "value"
        number = 1
        while name in (*names.values(), _IDS):
            number += 1
            name = f"{stem}_{number}"
        names[key] = name
    return names


def _short_name(slot: _Slot) -> str:
    if slot.argument != "0":
        return slot.argument
    return _FIRST.get(slot.clip.rstrip("_0123456789"), slot.clip)


def _as_word(text: str) -> str:
    """Return a text as a name in lower case; "" if it cannot be one.

    >>> _as_word("lockRotation"), _as_word("Lower third"), _as_word("제목")
    ('lock_rotation', 'lower_third', '')
    """
    word = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()).strip("_")
    return word if word.isidentifier() and not keyword.iskeyword(word) and word not in _TAKEN else ""
