"""The text of a script: imports, variables for repeated values, and chains of verb calls."""

from __future__ import annotations

import colorsys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import field, fields, frozen

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.placement import Beside
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.decompile.expressions import Call, Verbatim, assigned, names_in
from aistudios_dsl.decompile.verb_calls import VerbCall, in_order, same, text_of
from aistudios_dsl.layout.colour import Colour, find_colour, parse_colour
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.node import UNSET, Node, faults

_LONGEST_CHAIN = 40
"""Calls in one statement. Longer chains are hard to read, and a compiler refuses very long ones."""
_EXPORTS = ("Avatar", "Catalog", "Project", "above", "below", "left_of", "right_of", "wire")
_COLOUR_ARGUMENTS = ("color", "fill", "background", "stroke")
_HUES = ("RED", "ORANGE", "YELLOW", "GREEN", "GREEN", "CYAN", "CYAN", "BLUE", "BLUE", "PURPLE", "PINK", "PINK")

Assignment: TypeAlias = tuple[str, Any, Sequence[Call]]
"""The statement `name = value.call(...)`: name, value and calls."""


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


@frozen
class ScriptOutline:
    """A script before it is text: the call that starts the project, with its arguments, and the scenes.

    `loaded` means that the started project already has the scenes, without their clips.
    """

    args: tuple[Any, ...]
    named: Mapping[str, Any]
    scenes: tuple[SceneCalls, ...] = ()
    start: str = "Project"
    loaded: bool = False


def script_text(outline: ScriptOutline, *, literal: bool) -> str:
    """Return the script, laid out as `ruff format` does. `literal` means that braces are text."""
    variables = Variables.of(outline)
    constants = variables.assignments()
    statements = list(_statements(outline, variables, literal))
    used = {name for _, value, calls in [*constants, *statements] for name in names_in([value, *calls])}
    imports = ", ".join(name for name in _EXPORTS if name in used)
    blocks = [[f"from aistudios_dsl import {imports}"], *([[assigned(*row) for row in constants]] if constants else [])]
    blocks.append([assigned(*row) for row in statements])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _statements(outline: ScriptOutline, variables: Variables, literal: bool) -> Iterator[Assignment]:
    named = {name: variables.expression(value) for name, value in outline.named.items()}
    if literal:
        named |= {"literal": True} if outline.start == "Project" else {"template": False}
    start = Call(outline.start, [variables.expression(value) for value in outline.args], named)
    if outline.loaded and any(scene.calls for scene in outline.scenes):
        yield "loaded", start, ()
        yield from _filled_scenes(outline, variables)
        return
    scenes = [] if outline.loaded else outline.scenes
    chains = [variables.calls([VerbCall("scene", (), scene.opening), *scene.calls]) for scene in scenes]
    one_chain = [call for chain in chains for call in chain]
    if len(one_chain) <= _LONGEST_CHAIN:
        yield "project", start, one_chain
        return
    yield "project", start, ()
    for chain in chains:
        yield from _in_parts("project", Verbatim("project"), chain)


def _filled_scenes(outline: ScriptOutline, variables: Variables) -> Iterator[Assignment]:
    scenes = list[Verbatim]()
    for index, scene in enumerate(outline.scenes):
        loaded = Verbatim(f"loaded.scenes[{index}]")
        scenes.append(Verbatim(f"scene_{index}") if scene.calls else loaded)
        yield from _in_parts(f"scene_{index}", loaded, variables.calls(scene.calls))
    yield "project", Verbatim("loaded"), [Call("with_scenes", [scenes])]


def _in_parts(name: str, value: Verbatim, calls: Sequence[Call]) -> Iterator[Assignment]:
    for start in range(0, len(calls), _LONGEST_CHAIN):
        yield name, Verbatim(name) if start else value, calls[start : start + _LONGEST_CHAIN]


@frozen
class Variables:
    """The variables of a script: colours used more than once, and avatars that are data or used more than once."""

    colours: Mapping[str, Verbatim]
    avatars: Mapping[str, tuple[Verbatim, tuple[Any, ...]]]
    """By `_avatar_key`: the variable, and the arguments that name the avatar."""

    @classmethod
    def of(cls, outline: ScriptOutline) -> Variables:
        """Choose the variables of a script."""
        calls = [call for scene in outline.scenes for call in scene.calls]
        named = [scene.opening for scene in outline.scenes] + [call.named for call in calls if call.verb != "put"]
        colours = Counter(part[key] for part in named for key in _COLOUR_ARGUMENTS if find_colour(part.get(key)))
        repeated = [colour for colour, times in colours.items() if times > 1]
        avatars = {_avatar_key(call.args): call.args for call in calls if call.verb == "avatar"}
        times = Counter(_avatar_key(call.args) for call in calls if call.verb == "avatar")
        kept = [key for key, args in avatars.items() if times[key] > 1 or isinstance(args[0], Avatar)]
        names = ["AVATAR"] if len(kept) == 1 else [f"AVATAR_{number}" for number in range(1, len(kept) + 1)]
        return cls(
            dict(zip(repeated, colour_names(repeated), strict=True)),
            {key: (Verbatim(name), avatars[key]) for key, name in zip(kept, names, strict=True)},
        )

    def assignments(self) -> list[Assignment]:
        """Return the statements that define the variables."""
        colours: list[Assignment] = [(name.text, colour, ()) for colour, name in self.colours.items()]
        return colours + [(name.text, self._avatar(args), ()) for name, args in self.avatars.values()]

    def _avatar(self, args: tuple[Any, ...]) -> Call:
        avatar = args[0]
        if not isinstance(avatar, Avatar):
            return Call("Catalog().find", args)
        if avatar.written is not None:
            return Call("Avatar.from_model", [self.expression(avatar.written)])
        given = {
            part.name: getattr(avatar, part.name)
            for part in fields(Avatar)
            if part.name not in ("ai_name", "cloth") and not same(getattr(avatar, part.name), part.default)
        }
        return Call("Avatar", (avatar.ai_name, avatar.cloth), given)

    def calls(self, calls: Sequence[VerbCall]) -> list[Call]:
        """Return verb calls as expressions."""
        return [self._call(call) for call in calls]

    def _call(self, call: VerbCall) -> Call:
        avatar = self.avatars.get(_avatar_key(call.args))
        args = [avatar[0]] if avatar else [self.expression(value) for value in call.args]
        return Call(call.verb, args, {name: self._argument(name, value) for name, value in call.named.items()})

    def _argument(self, name: str, value: Any) -> Any:
        is_variable = name in _COLOUR_ARGUMENTS and isinstance(value, str) and value in self.colours
        return self.colours[value] if is_variable else self.expression(value)

    def expression(self, value: Any) -> Any:
        """Return the expression of any value: data, a wire object, or a place beside another clip."""
        match value:
            case Node():
                return self._node(value)
            case Beside():
                named = {"gap": value.gap} if value.gap else {}
                align = {"align": value.align} if value.align != "center" else {}
                return Call(value.side, [value.tag], {**named, **align})
            case Mapping():
                return {key: self.expression(item) for key, item in value.items()}
            case list() | tuple():
                return type(value)(map(self.expression, value))
            case _:
                return value

    def _node(self, node: Node) -> Call:
        kind = f"wire.{type(node).__name__}"
        if not in_order(node) or any(faults(node)):
            return Call("wire.load_node", [Verbatim(kind), dump(node)])
        named = dict[str, Any]()
        for part in fields(type(node)):
            value = getattr(node, part.name)
            if part.name not in ("extra", "key_order") and not same(value, part.default):
                named[part.name] = Verbatim("wire.UNSET") if value is UNSET else self.expression(value)
        return Call(kind, (), named | ({"extra": self.expression(node.extra)} if node.extra else {}))


def _avatar_key(args: tuple[Any, ...]) -> str:
    """Return a text that is the same for equal avatars only."""
    avatar = args[0] if args else None
    return f"{avatar} {text_of(avatar.model())}" if isinstance(avatar, Avatar) else repr(args)


def colour_names(colours: Sequence[str]) -> list[Verbatim]:
    """Return a variable name for each colour, numbered where several colours have the same name.

    >>> [name.text for name in colour_names(["#0b1b2b", "#ff0000", "#ee0000"])]
    ['DARK_BLUE', 'RED_1', 'RED_2']
    """
    words = [_colour_name(parse_colour(colour)) for colour in colours]
    numbered = (f"{word}_{words[: place + 1].count(word)}" for place, word in enumerate(words))
    return [Verbatim(word if words.count(word) == 1 else name) for word, name in zip(words, numbered, strict=True)]


def _colour_name(colour: Colour) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(colour.red / 255, colour.green / 255, colour.blue / 255)
    if not 0.05 <= lightness <= 0.95:
        return "WHITE" if lightness > 0.5 else "BLACK"
    shade = "DARK_" if lightness < 0.3 else "LIGHT_" if lightness > 0.75 else ""
    return shade + ("GREY" if saturation < 0.12 else _HUES[round(hue * 12) % 12])
