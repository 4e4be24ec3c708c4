"""Names for what a script says more than once: colours, addresses, shadows, animations, sizes, places, avatars."""

from __future__ import annotations

import colorsys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from aistudios_dsl.decompile.expressions import SPREAD, Call, Verbatim, flat, names_in, replaced
from aistudios_dsl.layout.colour import Colour, find_colour, parse_colour

Constant: TypeAlias = tuple[str, Any]
"""A name and the expression that it stands for."""
Change: TypeAlias = Callable[[Any, str], Any]

_COLOURS = ("color", "fill", "background", "stroke")
_PAIRS = {"natural": "SIZE", "at": "PLACE"}
_HUES = ("RED", "ORANGE", "YELLOW", "GREEN", "GREEN", "CYAN", "CYAN", "BLUE", "BLUE", "PURPLE", "PINK", "PINK")
_IMPORTED = ("Avatar", "Catalog", "above", "below", "left_of", "right_of", "wire")
_SHORTEST = 25
"""Further keys and addresses that take fewer columns are not named."""
_FEWEST_SHARED = 3
"""How many items of dicts have to be the same to be named."""


def extracted(expressions: Sequence[Any]) -> tuple[list[Constant], list[Any]]:
    """Return the constants of a script, and its expressions with the names in their place.

    >>> extracted([Call("text", ("A",), {"color": "#ff0000"}), Call("text", ("B",), {"color": "#ff0000"})])[0]
    [('RED', '#ff0000')]
    """
    shared, expressions = _with_shared_items(expressions)
    found: dict[str, tuple[str, Any]] = {}
    times = Counter[str]()

    def count(value: Any, where: str) -> Any:
        name = _name_for(value, where)
        if name is None or _is_of_function(value):
            return value
        key = _key(name, value)
        found.setdefault(key, (name, _defined(value)))
        times[key] += 1
        if isinstance(value, Call) and value.function == "avatar":
            _named_of(value, count)
        return Verbatim("counted")

    for expression in expressions:
        replaced(expression, count)
    kept = {key: (name, value) for key, (name, value) in found.items() if times[key] >= _fewest(name, value)}
    taken = {name for name, _ in shared}
    names = dict(zip(kept, _unique([name for name, _ in kept.values()], taken), strict=True))

    def name_it(value: Any, where: str) -> Any:
        name = _name_for(value, where)
        key = "" if name is None or _is_of_function(value) else _key(name, value)
        if key not in names:
            return value
        if isinstance(value, Call) and value.function == "avatar":
            return Call("avatar", [Verbatim(names[key])], _named_of(value, name_it))
        return Verbatim(names[key])

    new = [replaced(expression, name_it) for expression in expressions]
    constants = [(names[key], value) for key, (_, value) in kept.items()]
    return sorted(constants, key=lambda constant: not isinstance(constant[1], str)) + shared, new


def _named_of(call: Call, change: Change) -> dict[str, Any]:
    return {name: replaced(item, change, f"{call.function}.{name}") for name, item in call.named.items()}


def _is_of_function(value: Any) -> bool:
    """Whether a value holds a parameter of a function, which has no meaning outside of it."""
    if isinstance(value, Call) and value.function == "avatar":
        value = value.args
    return any(name not in _IMPORTED for name in names_in(value))


def _name_for(value: Any, where: str) -> str | None:
    """Return what a value may be called; None for one that stays where it is."""
    verb, _, argument = where.partition(".")
    if isinstance(value, str):
        if argument.rpartition("_")[2] in _COLOURS and find_colour(value):
            return _colour_name(parse_colour(value))
        is_address = value.startswith(("http://", "https://", "/")) and len(value) > _SHORTEST
        return _name_of_address(verb, argument) if is_address else None
    if isinstance(value, Call):
        is_named = value.function == "avatar" or value.function.startswith(("Avatar", "wire."))
        return _name_of_call(value) if is_named and not _is_of_function(value) else None
    if isinstance(value, tuple) and argument == "animation" and value and isinstance(value[0], str):
        return _as_name(value[0])
    if isinstance(value, tuple) and argument in _PAIRS and all(isinstance(number, int | float) for number in value):
        return f"{verb.upper()}_{_PAIRS[argument]}"
    if isinstance(value, dict) and argument == "extra" and len(flat(value)) > _SHORTEST:
        return "EXTRA"
    return None


def _name_of_address(verb: str, argument: str) -> str:
    if argument in ("background", "poster"):
        return argument.upper()
    return f"{verb.upper()}_URL" if argument == "0" else "URL"


def _name_of_call(call: Call) -> str | None:
    if call.function == "avatar":
        return "AVATAR" if all(isinstance(part, str) for part in call.args) else None
    if call.function.startswith("Avatar"):
        return "AVATAR"
    if call.function == "wire.load_node":
        cls, document = call.args[0].text, call.args[1]
        kind = document["type"] if cls == "wire.UnknownClip" else cls.removeprefix("wire.")
        return _as_name(kind if isinstance(kind, str) else "clip")
    return _as_name(call.function.removeprefix("wire.")) if call.function.startswith("wire.") else None


def _as_name(text: str) -> str:
    word = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in text).strip("_").upper()
    return word if word[:1].isalpha() else "CLIP"


def _key(name: str, value: Any) -> str:
    # Only its ids make two avatars of the catalogue the same.
    return f"{name} {flat(_defined(value))}"


def _defined(value: Any) -> Any:
    is_verb = isinstance(value, Call) and value.function == "avatar"
    return Call("Catalog().find", value.args) if is_verb else value


def _fewest(name: str, value: Any) -> int:
    if isinstance(value, tuple):
        return 3
    return 1 if isinstance(value, Call) and value.function.startswith("Avatar") else 2


def _unique(names: Sequence[str], taken: Collection[str] = ()) -> Iterator[str]:
    """Yield the names, numbered where several are the same or one is taken.

    >>> list(_unique(["RED", "BLUE", "RED"]))
    ['RED_1', 'BLUE', 'RED_2']
    """
    times, seen, taken = Counter([*names, *taken]), Counter[str](), {*names, *taken}
    for name in names:
        if times[name] == 1:
            yield name
            continue
        seen[name] += 1
        while f"{name}_{seen[name]}" in taken:
            seen[name] += 1
        yield f"{name}_{seen[name]}"


def _colour_name(colour: Colour) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(colour.red / 255, colour.green / 255, colour.blue / 255)
    if not 0.05 <= lightness <= 0.95:
        return "WHITE" if lightness > 0.5 else "BLACK"
    shade = "DARK_" if lightness < 0.3 else "LIGHT_" if lightness > 0.75 else ""
    return shade + ("GREY" if saturation < 0.12 else _HUES[round(hue * 12) % 12])


# further keys that differ in some items only


def _with_shared_items(expressions: Sequence[Any]) -> tuple[list[Constant], list[Any]]:
    """Name the longest run of items that further keys share with others, such as the locks that the editor writes."""
    extras = list[dict[Any, Any]]()

    def collect(value: Any, where: str) -> Any:
        if isinstance(value, dict) and where.endswith(".extra"):
            extras.append(value)
            return Verbatim("collected")
        return value

    for expression in expressions:
        replaced(expression, collect)
    runs = _shared_runs(extras)
    names = dict(zip(runs, _unique([_name_of_run(run) for run in runs.values()]), strict=True))

    def spread(value: Any, where: str) -> Any:
        if not (isinstance(value, dict) and where.endswith(".extra")):
            return value
        for key, run in runs.items():
            if key == _run_key(value, run):
                items = {name: item for name, item in value.items() if name not in run}
                before = list(value)[: list(value).index(next(iter(run)))]
                return {**{name: items.pop(name) for name in before}, SPREAD: Verbatim(names[key]), **items}
        return value

    return [(names[key], run) for key, run in runs.items()], [replaced(each, spread) for each in expressions]


def _shared_runs(extras: Sequence[Mapping[Any, Any]]) -> dict[str, dict[Any, Any]]:
    """Return the runs of equal items in dicts that have the same keys and differ elsewhere."""
    alike: dict[tuple[Any, ...], list[Mapping[Any, Any]]] = {}
    for extra in extras:
        alike.setdefault(tuple(extra), []).append(extra)
    runs: dict[str, dict[Any, Any]] = {}
    for names, members in alike.items():
        run: list[Any] = []
        longest: list[Any] = []
        for name in names:
            is_same = len({flat(member[name]) for member in members}) == 1 and not _is_of_function(members[0][name])
            run = [*run, name] if is_same else []
            longest = max(longest, run, key=len)
        if len(members) > 1 and _FEWEST_SHARED <= len(longest) < len(names):
            items = {name: members[0][name] for name in longest}
            runs.setdefault(_run_key(members[0], items), items)
    return runs


def _run_key(extra: Mapping[Any, Any], run: Mapping[Any, Any]) -> str:
    """Return a text that is the same for the same run only; "" where the run is not in these further keys."""
    names, first = list(extra), next(iter(run))
    start = names.index(first) if first in extra else 0
    found = {name: extra[name] for name in names[start : start + len(run)]}
    return flat(found) if flat(found) == flat(dict(run)) else ""


def _name_of_run(run: Mapping[Any, Any]) -> str:
    return "LOCKS" if all(str(name).startswith("lock") for name in run) else "EXTRA"
