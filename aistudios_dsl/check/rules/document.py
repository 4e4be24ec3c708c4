"""Rules on the document itself: ids, indexes, keys and values, and templates that wait for a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from itertools import islice
from typing import Any

from aistudios_dsl.check.rules import Problem, ProjectView, project_rule, scene_rule
from aistudios_dsl.errors import BuildError, did_you_mean
from aistudios_dsl.layout.colour import parse_colour
from aistudios_dsl.layout.overlap import inside
from aistudios_dsl.templates.pending import waiting_scenes
from aistudios_dsl.view.scene import SceneView, Seen
from aistudios_dsl.wire import nodes
from aistudios_dsl.wire.node import UNSET, Key, Node, ValueRule, fault_of, holds_jinja, keys
from aistudios_dsl.wire.nodes import AnyClip, SceneScript, Script, Shape, Text, UnknownClip

_RENDER = "to check everything, render it with a row: .render(row), --set or --data; if the braces are text: --literal"
_KEEP = "add clips; verbs return a new project, so keep the result: project = project.text(...)"
_SINGLE = re.compile(r"(?<![{\w])\{{1,2} ?[A-Za-z_][\w.]{0,40} ?\}{1,2}(?!\})")
_NEAR = 0.8
_LONGEST_KEY = 40
_KEYS_LOOKED_AT = 500


@scene_rule("duplicate-id", "error", "give each clip a different id")
def duplicate_id(scene: SceneView) -> Iterator[Problem]:
    """Two clips of a scene have the same id."""
    return _duplicates(scene, "id", lambda clip: clip.id)


def _duplicates(scene: SceneView, what: str, of: Callable[[AnyClip], str]) -> Iterator[Problem]:
    first: dict[str, Seen] = {}
    for seen in scene.every:
        name = of(seen.clip)
        if name and first.setdefault(name, seen) is not seen:
            place = first[name].path.rpartition(".")[2]
            yield Problem(f"the {what} {name!r} is also used by {place}", seen.path, seen)


@project_rule("id-in-two-scenes", "warning", "give each clip of the project a different id")
def id_in_two_scenes(view: ProjectView) -> Iterator[Problem]:
    """Clips in two scenes have the same id."""
    first: dict[str, str] = {}
    for scene in view.scenes:
        for seen in scene.every:
            if isinstance(seen.clip, UnknownClip):
                continue
            if seen.clip.id and first.setdefault(seen.clip.id, scene.path) != scene.path:
                yield Problem(f"the id {seen.clip.id!r} is also used in {first[seen.clip.id]}", seen.path, seen)


@scene_rule("duplicate-tag", "warning", "give each clip of the scene a different tag: edits by tag change only one")
def duplicate_tag(scene: SceneView) -> Iterator[Problem]:
    """Two clips of a scene have the same tag."""
    found = _duplicates(scene, "tag", lambda clip: clip.tag or "")
    yield from (problem for problem in found if not (problem.seen and problem.seen.asked.repeated))


@project_rule("scene-order", "warning", "number the scenes from 0 in the order of the list")
def scene_order(view: ProjectView) -> Iterator[Problem]:
    """A scene's sceneIdx is not its index in the list."""
    for index, scene in enumerate(view.project.scenes):
        if scene.scene_idx != index:
            yield Problem(f"sceneIdx is {scene.scene_idx}, but this is scenes[{index}]", f"scenes[{index}].sceneIdx")


@project_rule("no-scenes", "error", "add a scene: project.scene(...)")
def no_scenes(view: ProjectView) -> Iterator[Problem]:
    """A project has no scenes, so there is no video."""
    if not view.project.scenes:
        yield Problem("the project has no scenes", "scenes")


@scene_rule("unknown-type", "error", "write the type as the API spells it")
def unknown_type(scene: SceneView) -> Iterator[Problem]:
    """A clip's type is not documented, but its name or its keys are those of a documented one."""
    for seen in scene.every:
        clip = seen.clip
        if isinstance(clip, UnknownClip) and (meant := _intended_type(clip)):
            yield Problem(f"the type {clip.type!r} is not known", f"{seen.path}.type", seen, remedy=f"write {meant!r}")


def _intended_type(clip: UnknownClip) -> str:
    name = _folded(clip.type[:_LONGEST_KEY])
    for known, also in _TYPES.items():
        if name == _folded(known) or name in also.split():
            return known
    if near := get_close_matches(name, {_folded(known): known for known in _TYPES}, 1, _NEAR):
        return next(known for known in _TYPES if _folded(known) == near[0])
    return next((known for known, own in _TELLING if all(key in clip.extra for key in own.split())), "")


_TYPES = {
    "aiModel": "avatar avatars model aiavatar aihuman human presenter person actor speaker",
    "image": "img picture photo pic imageclip jpg jpeg png gif logo",
    "videoImage": "video movie clip mp4 videoclip uservideo",
    "shape": "shapes rect rectangle square circle ellipse triangle star line arrow svgshape",
    "textImage": "text texts textbox itext title headline heading caption label string paragraph",
    "audio": "sound music mp3 voice song bgm wav audioclip backgroundaudio",
}
"""The types, each with other names for it, folded."""
_TELLING = (
    ("videoImage", "video_url"), ("textImage", "text fontSize"), ("shape", "shapeName"), ("aiModel", "model"),
    ("audio", "source_url label"),
)  # fmt: skip
"""Types and the keys by which a clip of another name is recognised; any clip may have a mere `source_url`."""


@scene_rule("background-empty", "warning", 'give a picture: background="https://…", or a colour: "#102030"')
def background_empty(scene: SceneView) -> Iterator[Problem]:
    """A scene's background has neither a picture nor a colour."""
    background = scene.scene.background
    value = background.source_color if background.source_type == "color" else background.source_url
    if not (isinstance(value, str) and value.strip()):
        yield Problem("the background is empty", f"{scene.path}.background")


@scene_rule("idle-keyword", "warning", "give fit=(width, height) as well, or leave it out")
def idle_keyword(scene: SceneView) -> Iterator[Problem]:
    """A verb was given a keyword that has no effect: `min_font_size` without `fit`."""
    for seen in scene.every:
        for name in seen.asked.idle:
            yield Problem(f"{name} has no effect without fit", seen.path, seen)


@project_rule("empty-scene", "warning", _KEEP)
def empty_scene(view: ProjectView) -> Iterator[Problem]:
    """A scene has no clips except its background."""
    waiting = waiting_scenes(view.pending)
    for scene in view.scenes:
        backdrops = sum(_is_backdrop(seen, scene) for seen in scene.clips)
        if len(scene.scene.clips) == backdrops and not scene.scene.scripts and scene.path not in waiting:
            yield Problem("the scene has no clips" + (" but its background" if backdrops else ""), scene.path)


def _is_backdrop(seen: Seen, scene: SceneView) -> bool:
    plain = isinstance(seen.clip, Shape) and seen.clip.shape_name == "Square"
    return plain and inside(scene.canvas, seen.bounds)


@project_rule("bad-value", "error", "give one of the documented values")
def bad_value(view: ProjectView) -> Iterator[Problem]:
    """A value is not one of the documented values."""
    for path, seen, node in view.nodes:
        for key in _ruled(type(node)):
            fault = fault_of(key, getattr(node, key.attribute), literal=not view.pending)
            if fault:
                yield Problem(fault.message, f"{path}.{key.wire}".lstrip("."), seen, remedy=fault.hint)


@project_rule("bad-colour", "error", 'write a colour as CSS does, such as "#102030"')
def bad_colour(view: ProjectView) -> Iterator[Problem]:
    """A text or a shape has a colour that browsers cannot read."""
    for path, seen, node in view.nodes:
        for name, wire in _COLOURS if isinstance(node, Text | Shape) else ():
            value: Any = getattr(node, name, UNSET)
            if (value or (name == "fill" and value == "")) and not (view.pending and holds_jinja(value)):
                try:
                    parse_colour(value, wire)
                except BuildError as fault:
                    yield Problem(fault.message, f"{path}.{wire}", seen, remedy=fault.hint)


_COLOURS = (("fill", "fill"), ("stroke", "stroke"), ("background_color", "backgroundColor"))


@project_rule("unknown-key", "warning", "write the key as the API spells it")
def unknown_key(view: ProjectView) -> Iterator[Problem]:
    """An undocumented key is spelt almost like a documented one that the object lacks."""
    for path, seen, node in view.nodes:
        if isinstance(node, UnknownClip):
            continue
        for name in islice(node.extra, _KEYS_LOOKED_AT):
            if meant := _intended_key(name, node):
                remedy = did_you_mean(meant, [meant])
                yield Problem(f"the key {name!r} is not known", f"{path}.{name}".lstrip("."), seen, remedy=remedy)


def _intended_key(name: str, node: Node) -> str:
    if name in _every_key() or name.startswith("_") or len(name) > _LONGEST_KEY:
        return ""
    absent = (key.wire for key in keys(type(node)) if getattr(node, key.attribute) in (UNSET, None, ""))
    folded = _folded(name)
    for key in keys(type(node)):
        if _folded(key.wire) == folded:
            return key.wire
    matcher = SequenceMatcher(b=folded)
    for known in absent:
        matcher.set_seq1(_folded(known))
        if matcher.quick_ratio() >= _NEAR and matcher.ratio() >= _NEAR:
            return known
    return ""


def _folded(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


@cache
def _every_key() -> frozenset[str]:
    classes = [cls for cls in vars(nodes).values() if isinstance(cls, type) and issubclass(cls, Node) and cls.KEYS]
    return frozenset(key.wire for cls in classes for key in keys(cls))


@project_rule("template-variable", "note", _RENDER)
def template_variable(view: ProjectView) -> Iterator[Problem]:
    """A field is a template; its scene is checked once it is rendered."""
    for path, names in view.pending.items():
        yield Problem(f"waits for {', '.join(names)}" if names else "is a template", path)


@project_rule("leftover-braces", "warning", "render the template, or remove the braces")
def leftover_braces(view: ProjectView) -> Iterator[Problem]:
    """A rendered project still has Jinja in a text, or one of its braces, which viewers would read or hear."""
    for path, seen, node in view.nodes:
        for key in _strings(type(node)):
            value = getattr(node, key.attribute)
            if isinstance(value, str) and _BRACE(value) and not (view.pending and holds_jinja(value)):
                fault = "has Jinja braces that nothing will fill" if _holds_braces(value) else ""
                if fault := fault or (_lone_brace(value) if key.attribute in _READ else ""):
                    yield Problem(fault, f"{path}.{key.wire}".lstrip("."), seen)


_STRINGS: dict[type[Node], tuple[Key, ...]] = {}


def _strings(cls: type[Node]) -> tuple[Key, ...]:
    """The keys of a class that may hold a string."""
    if cls not in _STRINGS:
        _STRINGS[cls] = tuple(key for key in keys(cls) if str in key.kinds)
    return _STRINGS[cls]


_BRACE = re.compile("[{}]").search


_READ = ("text", "org", "name", "label")
_PAIRS = (("{{", "}}"), ("{%", "%}"))


def _holds_braces(text: str) -> bool:
    return any(0 <= text.find(start) <= text.rfind(end) - 2 for start, end in _PAIRS)


def _lone_brace(text: str) -> str:
    # Braces of JSON and CSS come in pairs; what _SINGLE matches is told as a name in single braces.
    is_paired = text.count("{") == text.count("}") and "{%" not in text and "%}" not in text
    if is_paired or _SINGLE.search(text):
        return ""
    return next((f"has {mark} without its partner" for pair in _PAIRS for mark in pair if mark in text), "")


@project_rule("single-braces", "note", "write a variable with two braces on each side: {{ name }}")
def single_braces(view: ProjectView) -> Iterator[Problem]:
    """A text or a speech has a name in single braces, which is not a variable."""
    for path, seen, node in view.nodes:
        if isinstance(node, Text | Script | SceneScript):
            key = "text" if isinstance(node, Text) else "org"
            found = next(filter(_is_single, _SINGLE.findall(getattr(node, key))), None)
            if found:
                yield Problem(f"contains {found!r} literally", f"{path}.{key}", seen)


def _is_single(found: str) -> bool:
    return not (found.startswith("{{") and found.endswith("}}"))


_RULED: dict[type[Node], tuple[Key, ...]] = {}


def _ruled(cls: type[Node]) -> tuple[Key, ...]:
    """The keys of a class whose values the documentation limits."""
    if cls not in _RULED:
        _RULED[cls] = tuple(key for key in keys(cls) if key.rule != ValueRule())
    return _RULED[cls]
