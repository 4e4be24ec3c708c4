"""The rules of `check`: each is one function with its code, severity and remedy, kept in one table."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Literal

from attrs import frozen

from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.view.scene import SceneView, Seen
from aistudios_dsl.wire.node import Key, Node, keys
from aistudios_dsl.wire.nodes import Clip, Project

Severity = Literal["error", "warning", "note"]

WORDS = 24
"""How many characters of a text name a clip that has no tag."""


@frozen
class Hit:
    """What a rule found: a message, where, and where it is seen. `remedy` replaces that of the rule."""

    message: str
    path: str
    tag: str = ""
    boxes: tuple[Box, ...] = ()
    remedy: str = ""


@frozen(eq=False)
class ProjectView:
    """A resolved project, its scenes as they are seen, and the variables that its templates still wait for."""

    project: Project
    scenes: tuple[SceneView, ...]
    pending: Mapping[str, tuple[str, ...]]

    @cached_property
    def nodes(self) -> tuple[tuple[str, str, Node], ...]:
        """Every object of the project, with its path and the tag of the clip it belongs to."""
        return tuple(walk(self.project))


@frozen
class Rule:
    """One rule: how grave it is, what it says (`says`, the first line of its function), and what to do about it."""

    code: str
    severity: Severity
    says: str
    remedy: str
    find: Callable[[ProjectView], Iterator[Hit]]


RULES: dict[str, Rule] = {}
"""Every rule by its code."""

OfProject = Callable[[ProjectView], Iterator[Hit]]
OfScene = Callable[[SceneView], Iterator[Hit]]


def of_project(code: str, severity: Severity, remedy: str) -> Callable[[OfProject], OfProject]:
    """Enter a function into the table as the rule of this code; it gets the whole project."""

    def enter(find: OfProject) -> OfProject:
        RULES[code] = Rule(code, severity, inspect.getdoc(find) or "", remedy, find)
        return find

    return enter


def of_scene(code: str, severity: Severity, remedy: str) -> Callable[[OfScene], OfScene]:
    """Enter a function into the table as the rule of this code; it gets one scene after the other."""

    def enter(find: OfScene) -> OfScene:
        def find_all(view: ProjectView) -> Iterator[Hit]:
            for scene in view.scenes:
                yield from find(scene)

        RULES[code] = Rule(code, severity, inspect.getdoc(find) or "", remedy, find_all)
        return find

    return enter


def first_words(text: str) -> str:
    """The start of a text, in one line of at most 24 characters.

    >>> first_words("Warm light,\\nall night through")
    'Warm light, all night…'
    """
    line = " ".join(text[: 8 * WORDS].split())
    return line if len(line) <= WORDS else f"{line[: WORDS - 1].rpartition(' ')[0] or line[: WORDS - 1]}…"


def hit(message: str, seen: Seen, *boxes: Box) -> Hit:
    """A hit at a clip, seen in its own box where no other is given."""
    return Hit(message, seen.path, seen.tag, boxes or (seen.box,))


_BRANCHES: dict[type[Node], tuple[Key, ...]] = {}


def walk(node: Node, path: str = "", tag: str = "") -> Iterator[tuple[str, str, Node]]:
    """An object of the wire and all below it, each with its path and the tag of the clip it belongs to."""
    if isinstance(node, Clip):
        tag = node.tag or ""
    yield path, tag, node
    for key in _branches(type(node)):
        value = getattr(node, key.attribute)
        inner = f"{path}.{key.wire}" if path else key.wire
        if isinstance(value, Node):
            yield from walk(value, inner, tag)
        else:
            for index, item in enumerate(value or ()):
                yield from walk(item, f"{inner}[{index}]", tag)


def _branches(cls: type[Node]) -> tuple[Key, ...]:
    if cls not in _BRANCHES:
        _BRANCHES[cls] = tuple(key for key in keys(cls) if key.node)
    return _BRANCHES[cls]
