"""The table of check rules, and what a rule reads and yields. Each rule is one function in a module of this folder."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Literal

from attrs import frozen

from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.view.scene import SceneView, Seen
from aistudios_dsl.wire.node import Key, Node, keys
from aistudios_dsl.wire.nodes import Project, Text

Severity = Literal["error", "warning", "note"]

WORDS = 24
"""How many characters of a text name a clip that has no tag."""


LEAST = 18
"""Points below which a translation makes a text smaller than it should be, if it is not told otherwise."""


@frozen
class Problem:
    """What a rule found: a message, its path, the clip, and boxes that show it. `remedy` replaces that of the rule."""

    message: str
    path: str
    seen: Seen | None = None
    boxes: tuple[Box, ...] = ()
    remedy: str = ""


@frozen
class Words:
    """Words that viewers read (`org` is "") or hear (`org` is their HTML), with the path of their field and clip."""

    text: str
    path: str
    seen: Seen | None
    org: str = ""


@frozen(eq=False)
class ProjectView:
    """A resolved project, its scenes as they are seen, and the variables that its templates wait for, by field.

    `locale`: the language of a translation; `original`: the scenes that it was translated from; `least`: the points
    below which its texts are not to be smaller than those.
    """

    project: Project
    scenes: tuple[SceneView, ...]
    pending: Mapping[str, tuple[str, ...]]
    locale: str | None = None
    original: tuple[SceneView, ...] = ()
    least: float = LEAST

    @cached_property
    def nodes(self) -> tuple[tuple[str, Seen | None, Node], ...]:
        """Every object of the project, with its path and the clip that it belongs to."""
        found: list[tuple[str, Seen | None, Node]] = [("", None, self.project)]
        for scene in self.scenes:
            found += [(path, None, node) for path, node in walk(scene.scene, scene.path, skip="clips")]
            found += [(path, seen, node) for seen in scene.every for path, node in walk(seen.clip, seen.path)]
        return tuple(found)

    @cached_property
    def words(self) -> tuple[Words, ...]:
        """All that is read or heard, but for what waits for a row."""
        return tuple(words for scene in self.scenes for words in _words_of(scene))


def _words_of(scene: SceneView) -> Iterator[Words]:
    for seen in scene.clips:
        path = f"{seen.path}.text"
        if isinstance(seen.clip, Text) and path not in scene.pending:
            yield Words(seen.clip.text, path, seen)
    for said in scene.speech:
        if not scene.waits(said):
            yield Words(
                said.text, scene.path_of(said), None if said.speaker is None else scene.every[said.speaker], said.org
            )


@frozen
class CheckRule:
    """A rule: `says` is the docstring of its function, `remedy` what to do about what it finds."""

    code: str
    severity: Severity
    says: str
    remedy: str
    find: Callable[[ProjectView], Iterator[Problem]]


RULES: dict[str, CheckRule] = {}
"""Every rule by its code."""

ProjectRule = Callable[[ProjectView], Iterator[Problem]]
SceneRule = Callable[[SceneView], Iterator[Problem]]


def project_rule(code: str, severity: Severity, remedy: str) -> Callable[[ProjectRule], ProjectRule]:
    """Register a function that reads the whole project."""

    def enter(find: ProjectRule) -> ProjectRule:
        RULES[code] = CheckRule(code, severity, inspect.getdoc(find) or "", remedy, find)
        return find

    return enter


def scene_rule(code: str, severity: Severity, remedy: str) -> Callable[[SceneRule], SceneRule]:
    """Register a function that reads one scene."""

    def enter(find: SceneRule) -> SceneRule:
        def find_all(view: ProjectView) -> Iterator[Problem]:
            for scene in view.scenes:
                yield from find(scene)

        find_all.__doc__ = find.__doc__
        project_rule(code, severity, remedy)(find_all)
        return find

    return enter


def first_words(seen: Seen) -> str:
    """Return the start of a text clip, in one line of at most 24 characters; "" for clips of other types."""
    if not isinstance(seen.clip, Text):
        return ""
    line = " ".join(seen.clip.text[: 8 * WORDS].split())
    return line if len(line) <= WORDS else f"{line[: WORDS - 1].rpartition(' ')[0] or line[: WORDS - 1]}…"


def problem(message: str, seen: Seen, *boxes: Box) -> Problem:
    """Return a problem of a clip, shown by its own box where no other is given."""
    return Problem(message, seen.path, seen, boxes or (seen.box,))


def named(seen: Seen) -> str:
    """Return what a message calls a clip beside the one it is about: its place, its type, and its tag or words."""
    place = seen.path.rpartition(".")[2]
    words = first_words(seen)
    known_by = f", tag {seen.tag!r}" if seen.tag else f", {words!r}" if words else ""
    return f"{place} ({seen.kind}{known_by})"


_INNER: dict[type[Node], tuple[Key, ...]] = {}


def walk(node: Node, path: str, *, skip: str = "") -> Iterator[tuple[str, Node]]:
    """Yield a wire object and all objects in it, each with its path; the lists in its field `skip` are left out."""
    yield path, node
    if type(node) not in _INNER:
        _INNER[type(node)] = tuple(key for key in keys(type(node)) if key.node)
    for key in _INNER[type(node)]:
        value = getattr(node, key.attribute)
        if isinstance(value, Node):
            yield from walk(value, f"{path}.{key.wire}")
        elif key.attribute != skip:
            for index, item in enumerate(value or ()):
                yield from walk(item, f"{path}.{key.wire}[{index}]")
