"""The text of a script: imports, constants, functions for scenes of one shape, and chains of verb calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from attrs import evolve, fields, frozen

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.placement import Beside
from aistudios_dsl.decompile.constants import extracted
from aistudios_dsl.decompile.expressions import Call, Verbatim, assigned, defined, lines_of, names_in, quoted
from aistudios_dsl.decompile.shapes import Made, SceneCalls, made
from aistudios_dsl.decompile.verb_calls import VerbCall, in_order, same
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.node import Node, Unset, faults, shortened

_LONGEST_CHAIN = 40
"""Calls in one statement. Longer chains are hard to read, and a compiler refuses very long ones."""
_EXPORTS = ("Avatar", "Catalog", "Project", "Scene", "above", "below", "left_of", "right_of", "wire")
_MAKER = "make_scene"

Assignment: TypeAlias = tuple[str, Any, Sequence[Call], str]
"""The statement `name = value.call(...)`: name, value and calls; and a comment above it, or ""."""


@frozen
class ScriptOutline:
    """A script before it is text: the call that starts the project, with its arguments, and the scenes.

    `loaded` means that the started project already has the scenes, without their clips. `shapes` are the groups of
    scenes, by their numbers, that repeat one shape, with the same arguments in each.
    """

    args: tuple[Any, ...]
    named: Mapping[str, Any]
    scenes: tuple[SceneCalls, ...] = ()
    start: str = "Project"
    loaded: bool = False
    shapes: tuple[Mapping[int, SceneCalls], ...] = ()

    def with_shapes(self, shapes: Sequence[Mapping[int, SceneCalls]]) -> ScriptOutline:
        """Return the outline with scenes that repeat one shape, said with the same arguments."""
        scenes = {number: scene for shape in shapes for number, scene in shape.items()}
        return evolve(self, shapes=tuple(shapes), scenes=tuple(map(scenes.get, range(len(self.scenes)), self.scenes)))


def script_text(outline: ScriptOutline, plain: ScriptOutline, *, literal: bool) -> str:
    """Return the script, laid out as `ruff format` does. `literal` means that braces are text.

    `plain` is the same script without shapes. Shapes that make it no shorter are not used.
    """
    makers = list(_makers(outline, plain))
    statements = list(_statements(plain, makers, literal))
    parts = [part for _, value, calls, _ in statements for part in (value, *calls)]
    constants, new = extracted([*(call for maker in makers for call in maker.body), *parts])
    rest = iter(new)
    makers = [evolve(maker, body=tuple(next(rest) for _ in maker.body)) for maker in makers]
    lines = list[str]()
    for name, _, calls, comment in statements:
        lines += [f"# {comment}"] if comment else []
        lines.append(assigned(name, next(rest), [next(rest) for _ in calls]))
    used = {name for part in [*new, *(value for _, value in constants)] for name in names_in(part)}
    imports = ", ".join(name for name in _EXPORTS if name in used)
    blocks = [[f"from aistudios_dsl import {imports}"], [assigned(name, value) for name, value in constants]]
    text = "\n\n".join("\n".join(block) for block in blocks if block)
    for maker in makers:
        text += "\n\n\n" + defined(maker.name, maker.parameters, maker.body[0], maker.body[1:])
    return text + ("\n\n\n" if makers else "\n\n") + "\n".join(lines) + "\n"


def _makers(outline: ScriptOutline, plain: ScriptOutline) -> Iterator[Made]:
    """Yield the functions for shapes that take fewer lines than the scenes do without them."""
    for place, shape in enumerate(outline.shapes, 1):
        name = _MAKER if len(outline.shapes) == 1 else f"{_MAKER}_{place}"
        maker = made(name, {number: _chain("Scene", scene) for number, scene in shape.items()})
        if maker is None:
            continue
        there = sum(lines_of(call, 4) for number in shape for call in _chain("scene", plain.scenes[number]))
        calls = sum(lines_of(maker.call(number), 8) for number in shape)
        if calls + sum(lines_of(call, 8) for call in maker.body) + 5 < there:
            yield maker


def _chain(opening: str, scene: SceneCalls) -> list[Call]:
    return [Call(opening, (), _named(scene.opening)), *map(_call, scene.calls)]


def _statements(outline: ScriptOutline, makers: Sequence[Made], literal: bool) -> Iterator[Assignment]:
    named = _named(outline.named)
    if literal:
        named |= {"literal": True} if outline.start == "Project" else {"template": False}
    start = Call(outline.start, [expression(value) for value in outline.args], named)
    if outline.loaded and any(scene.calls for scene in outline.scenes):
        yield "loaded", start, (), ""
        yield from _filled_scenes(outline)
        return
    chains = list(_chains([] if outline.loaded else outline.scenes, makers))
    one_chain = [call for _, chain in chains for call in chain]
    if len(one_chain) <= _LONGEST_CHAIN:
        yield "project", start, one_chain, ""
        return
    yield "project", start, (), ""
    for comment, chain in chains:
        yield from _in_parts("project", Verbatim("project"), chain, comment)


def _chains(scenes: Sequence[SceneCalls], makers: Sequence[Made]) -> Iterator[tuple[str, list[Call]]]:
    """Yield the calls of each scene with a comment, and one call for scenes in a row that functions make."""
    maker_of = {number: maker for maker in makers for number in maker.arguments}
    for is_made, numbers in groupby(range(len(scenes)), key=maker_of.__contains__):
        if not is_made:
            yield from ((_title(number, scenes[number]), _chain("scene", scenes[number])) for number in numbers)
            continue
        calls = [maker_of[number].call(number) for number in numbers]
        for start in range(0, len(calls), _LONGEST_CHAIN):
            yield "", [Call("add", calls[start : start + _LONGEST_CHAIN])]


def _title(number: int, scene: SceneCalls) -> str:
    """Return what tells a scene from the others: its number and first words, as one line."""
    words = next((call.args[0] for call in scene.calls if call.verb == "text"), "")
    return f"Scene {number}" + (f": {quoted(shortened(words))}" if words else "")


def _filled_scenes(outline: ScriptOutline) -> Iterator[Assignment]:
    scenes = list[Verbatim]()
    for index, scene in enumerate(outline.scenes):
        loaded = Verbatim(f"loaded.scenes[{index}]")
        scenes.append(Verbatim(f"scene_{index}") if scene.calls else loaded)
        yield from _in_parts(f"scene_{index}", loaded, [_call(call) for call in scene.calls], _title(index, scene))
    yield "project", Verbatim("loaded"), [Call("with_scenes", [scenes])], ""


def _in_parts(name: str, value: Verbatim, calls: Sequence[Call], comment: str) -> Iterator[Assignment]:
    for start in range(0, len(calls), _LONGEST_CHAIN):
        yield name, Verbatim(name) if start else value, calls[start : start + _LONGEST_CHAIN], "" if start else comment


# expressions


def _call(call: VerbCall) -> Call:
    return Call(call.verb, [expression(value) for value in call.args], _named(call.named))


def _named(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: expression(value) for name, value in named.items()}


def expression(value: Any) -> Any:
    """Return the expression of any value: data, a wire object, an avatar, or a place beside another clip."""
    match value:
        case Unset():
            return Verbatim("wire.UNSET")
        case Node():
            return _node(value)
        case Avatar():
            return _avatar(value)
        case Beside():
            named = {"gap": value.gap} if value.gap else {}
            align = {"align": value.align} if value.align != "center" else {}
            return Call(value.side, [value.tag], {**named, **align})
        case Mapping():
            return {key: expression(item) for key, item in value.items()}
        case list() | tuple():
            return type(value)(map(expression, value))
        case _:
            return value


def _avatar(avatar: Avatar) -> Call:
    if avatar.written is not None:
        return Call("Avatar.from_model", [expression(avatar.written)])
    given = {
        part.name: expression(getattr(avatar, part.name))
        for part in fields(Avatar)
        if part.name not in ("ai_name", "cloth") and not same(getattr(avatar, part.name), part.default)
    }
    return Call("Avatar", (avatar.ai_name, avatar.cloth), given)


def _node(node: Node) -> Call:
    kind = f"wire.{type(node).__name__}"
    if not in_order(node) or any(faults(node)):
        return Call("wire.load_node", [Verbatim(kind), dump(node)])
    named = dict[str, Any]()
    for part in fields(type(node)):
        value = getattr(node, part.name)
        if part.name not in ("extra", "key_order") and not same(value, part.default):
            named[part.name] = expression(value)
    return Call(kind, (), named | ({"extra": expression(node.extra)} if node.extra else {}))
