"""A program of verbs as the text of a script: imports, variables for what comes again, and chains of calls."""

from __future__ import annotations

import colorsys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import field, fields, frozen

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.placement import Beside
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.decompile.verb_calls import Step, in_order, same, text_of
from aistudios_dsl.decompile.expressions import Call, Name, assigned, names_in
from aistudios_dsl.errors import DslError
from aistudios_dsl.layout.colour import Colour, parse_colour
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.node import UNSET, Node, faults

_CHAIN = 40
"""Calls in one statement: longer chains are hard to read, and much longer ones no compiler takes."""


@frozen
class Plan:
    """One scene: what it is opened with, and the calls that fill it."""

    opening: Mapping[str, Any] = field(factory=dict)
    steps: tuple[Step, ...] = ()
    verbs: int = 0

    def on(self, scene: Scene) -> Scene:
        for step in self.steps:
            scene = step.on(scene)
        return scene


@frozen
class Program:
    """A script before it is text: the call that the project starts from, and its scenes.

    `loaded`: the start has the scenes already, without their clips. `args` and `named` are those of the start.
    """

    args: tuple[Any, ...]
    named: Mapping[str, Any]
    scenes: tuple[Plan, ...] = ()
    start: str = "Project"
    loaded: bool = False


def written(program: Program, *, literal: bool) -> str:
    """The script's text, laid out as `ruff format` would; `literal`: braces are text."""
    names = Names.of(program)
    statements = [*names.statements(), *_statements(program, names, literal)]
    known = {name for statement in statements for name in statement.names()}
    imports = [name for name in _EXPORTS if name in known]
    blank = [""] if names.statements() else []
    lines = [str(statement) for statement in statements]
    lines[len(names.statements()) : 0] = blank
    return "\n".join([f"from aistudios_dsl import {', '.join(imports)}", "", *lines, ""])


_EXPORTS = ("Avatar", "Catalog", "Project", "above", "below", "left_of", "right_of", "wire")


@frozen
class Statement:
    """`target = value.call(...)`."""

    target: str
    value: Any
    calls: Sequence[Call] = ()

    def __str__(self) -> str:
        return assigned(self.target, self.value, self.calls)

    def names(self) -> Iterator[str]:
        """Every name that the statement speaks of."""
        yield from (name for part in (self.value, *self.calls) for name in names_in(part))


def _statements(program: Program, names: Names, literal: bool) -> Iterator[Statement]:
    start = _start(program, names, literal)
    if program.loaded and any(plan.steps for plan in program.scenes):
        yield Statement("loaded", start)
        yield from _loaded(program, names)
        return
    scenes = [] if program.loaded else program.scenes
    chains = [[_code(Step("scene", (), plan.opening), names), *_calls(plan, names)] for plan in scenes]
    whole = [call for chain in chains for call in chain]
    short = len(whole) <= _CHAIN
    yield Statement("project", start, whole if short else [])
    for chain in [] if short else chains:
        yield from _in_parts("project", Name("project"), chain)


def _start(program: Program, names: Names, literal: bool) -> Call:
    named = {name: names.code(value) for name, value in program.named.items()}
    if literal:
        named |= {"literal": True} if program.start == "Project" else {"template": False}
    return Call(program.start, [names.code(value) for value in program.args], named)


def _loaded(program: Program, names: Names) -> Iterator[Statement]:
    scenes = list[Name]()
    for index, plan in enumerate(program.scenes):
        calls = _calls(plan, names)
        scenes.append(Name(f"scene_{index}" if calls else f"loaded.scenes[{index}]"))
        yield from _in_parts(f"scene_{index}", Name(f"loaded.scenes[{index}]"), calls)
    yield Statement("project", Name("loaded"), [Call("with_scenes", [scenes])])


def _calls(plan: Plan, names: Names) -> list[Call]:
    return [_code(step, names) for step in plan.steps]


def _in_parts(target: str, value: Name, calls: Sequence[Call]) -> Iterator[Statement]:
    for start in range(0, len(calls), _CHAIN):
        yield Statement(target, Name(target) if start else value, calls[start : start + _CHAIN])


def _code(step: Step, names: Names) -> Call:
    args = [names.avatars[_who(step.args)]] if _who(step.args) in names.avatars else map(names.code, step.args)
    return Call(step.verb, list(args), {name: names.argument(name, value) for name, value in step.named.items()})


@frozen
class Names:
    """The variables of a script: repeated colours, and avatars that are data or come again."""

    colours: Mapping[str, Name]
    avatars: Mapping[str, Name]
    people: Sequence[tuple[Any, ...]]

    @classmethod
    def of(cls, program: Program) -> Names:
        """The variables that this program is better for."""
        steps = [step for plan in program.scenes for step in plan.steps]
        named = [plan.opening for plan in program.scenes] + [step.named for step in steps if step.verb != "put"]
        found = Counter(part[key] for part in named for key in _COLOURS if _is_colour(part.get(key)))
        colours = [value for value, times in found.items() if times > 1]
        people = {_who(step.args): step.args for step in steps if step.verb == "avatar"}
        times = Counter(_who(step.args) for step in steps if step.verb == "avatar")
        kept = [who for who in people if times[who] > 1 or isinstance(people[who][0], Avatar)]
        words = ["AVATAR"] if len(kept) == 1 else [f"AVATAR_{number}" for number in range(1, len(kept) + 1)]
        avatars = dict(zip(kept, map(Name, words), strict=True))
        return cls(dict(zip(colours, colour_names(colours), strict=True)), avatars, [people[who] for who in kept])

    def statements(self) -> list[Statement]:
        """The variables' own lines."""
        colours = [Statement(name.text, value) for value, name in self.colours.items()]
        pairs = zip(self.avatars.values(), self.people, strict=True)
        return colours + [Statement(name.text, self._avatar(who)) for name, who in pairs]

    def _avatar(self, who: tuple[Any, ...]) -> Call:
        avatar = who[0]
        if not isinstance(avatar, Avatar):
            return Call("Catalog().find", who)
        if avatar.written is not None:
            return Call("Avatar.from_model", [self.code(avatar.written)])
        given = {
            part.name: getattr(avatar, part.name)
            for part in fields(Avatar)
            if part.name not in ("ai_name", "cloth") and not same(getattr(avatar, part.name), part.default)
        }
        return Call("Avatar", (avatar.ai_name, avatar.cloth), given)

    def argument(self, name: str, value: Any) -> Any:
        """The expression of a verb's argument."""
        is_variable = name in _COLOURS and isinstance(value, str) and value in self.colours
        return self.colours[value] if is_variable else self.code(value)

    def code(self, value: Any) -> Any:
        """The expression of any value: data, a wire object, a place beside another clip."""
        if isinstance(value, Node):
            return self._node(value)
        if isinstance(value, Beside):
            named = {"gap": value.gap} if value.gap else {}
            return Call(value.side, [value.tag], named | ({"align": value.align} if value.align != "center" else {}))
        if isinstance(value, Mapping):
            return {key: self.code(item) for key, item in value.items()}
        return type(value)(map(self.code, value)) if isinstance(value, list | tuple) else value

    def _node(self, node: Node) -> Call:
        kind = f"wire.{type(node).__name__}"
        if not in_order(node) or any(faults(node)):
            return Call("wire.load_node", [Name(kind), dump(node)])
        named = dict[str, Any]()
        for part in fields(type(node)):
            value = getattr(node, part.name)
            if part.name in ("extra", "key_order") or same(value, part.default):
                continue
            named[part.name] = Name("wire.UNSET") if value is UNSET else self.code(value)
        return Call(kind, (), named | ({"extra": self.code(node.extra)} if node.extra else {}))


def _who(args: tuple[Any, ...]) -> str:
    """What tells avatars apart: equal ones have equal text."""
    avatar = args[0] if args else None
    return f"{avatar} {text_of(avatar.model())}" if isinstance(avatar, Avatar) else repr(args)


_COLOURS = ("color", "fill", "background", "stroke")


def _is_colour(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(parse_colour(value))
    except DslError:
        return False


def colour_names(colours: Sequence[str]) -> list[Name]:
    """A name for each colour in words, with a number where several have the same.

    >>> [name.text for name in colour_names(["#0b1b2b", "#ff0000", "#ee0000"])]
    ['DARK_BLUE', 'RED_1', 'RED_2']
    """
    words = [_words(parse_colour(colour)) for colour in colours]
    return [
        Name(word if words.count(word) == 1 else f"{word}_{words[: place + 1].count(word)}")
        for place, word in enumerate(words)
    ]


_HUES = ("RED", "ORANGE", "YELLOW", "GREEN", "GREEN", "CYAN", "CYAN", "BLUE", "BLUE", "PURPLE", "PINK", "PINK")


def _words(colour: Colour) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(colour.red / 255, colour.green / 255, colour.blue / 255)
    if not 0.05 <= lightness <= 0.95:
        return "WHITE" if lightness > 0.5 else "BLACK"
    shade = "DARK_" if lightness < 0.3 else "LIGHT_" if lightness > 0.75 else ""
    return shade + ("GREY" if saturation < 0.12 else _HUES[round(hue * 12) % 12])
