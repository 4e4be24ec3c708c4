"""A project's JSON as the Python script that builds it: verbs where they give it exactly, wire objects elsewhere."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from aistudios_dsl.build.avatar import Avatar, Catalog
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.speech import speaker_of
from aistudios_dsl.decompile.script import ScriptOutline, script_text
from aistudios_dsl.decompile.shapes import SceneCalls, alike
from aistudios_dsl.decompile.verb_calls import (
    Context,
    Earlier,
    VerbCall,
    calls_for,
    moved_keys,
    same,
    speech_call,
    text_of,
)
from aistudios_dsl.errors import DslError
from aistudios_dsl.layout.colour import is_colour_literal
from aistudios_dsl.resolve.rooms import Setting
from aistudios_dsl.resolve.scene import clip_id, resolve_scene
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical, depth
from aistudios_dsl.wire.node import UNSET, Unset, holds_jinja, keys
from aistudios_dsl.wire.nodes import AnyClip, Generation, Shape
from aistudios_dsl.wire.nodes import Project as WireProject
from aistudios_dsl.wire.nodes import Scene as WireScene

if TYPE_CHECKING:
    from aistudios_dsl.project import Project

_DEEPEST = 40
"""Levels of JSON that are written as Python. Deeper JSON is written as text: a parser takes at most 200 brackets."""


class Source(str):
    """A script, with the number of the project's clips that verbs add, and of those that `put` or `load` adds."""

    verbs: int
    puts: int

    @property
    def clips(self) -> int:
        """The number of clips in the project."""
        return self.verbs + self.puts

    @property
    def share(self) -> float:
        """The share of the clips that verbs add, 0 to 1; 1 if there is no clip."""
        return self.verbs / self.clips if self.clips else 1.0


def decompile(project: WireProject, project_class: type[Project], *, literal: bool = True) -> Source:
    """Return the script of a project, after running its calls to check that they give the same canonical text.

    `literal` means that braces in strings are text; otherwise they are Jinja.
    """
    wanted = text_of(project)
    reader = ProjectReader(project, not literal, _first_places(project))
    plain = next(outline for outline in reader.outlines() if _gives(outline, project_class, wanted))
    shaped = () if plain.loaded else (plain.with_shapes(alike(plain.scenes, exact=exact)) for exact in (True, False))
    outline = next((each for each in shaped if each.shapes and _gives(each, project_class, wanted)), plain)
    braces = literal and any(mark in wanted for mark in ("{{", "{%", "{#"))
    source = Source(script_text(outline, plain, literal=braces))
    source.verbs = sum(scene.verbs for scene in plain.scenes)
    source.puts = sum(len(scene.clips) for scene in project.scenes) - source.verbs
    return source


def _gives(outline: ScriptOutline, project_class: type[Project], wanted: str) -> bool:
    """Whether the script gives this canonical text, with braces as text."""
    try:
        if outline.start == "Project":
            project = project_class(*outline.args, **outline.named, literal=True)
        else:
            project = project_class.load(*outline.args, template=False)
        if outline.loaded:
            pairs = zip(outline.scenes, project.scenes, strict=True)
            project = project.with_scenes([calls.apply(scene) for calls, scene in pairs])
        else:
            project = project.add(*(calls.apply(Scene(**calls.opening)) for calls in outline.scenes))
        return project.to_json() == wanted
    except DslError:
        return False


@frozen
class ProjectReader:
    """Reads a project as the calls that build it."""

    project: WireProject
    template: bool
    first_places: Mapping[str, tuple[int, int]]
    """The first scene and clip with each id: a verb takes no id that is in use."""
    catalog: Catalog = field(factory=Catalog)
    avatars: dict[str, Avatar] = field(factory=dict)
    scales: dict[int, dict[str, Any]] = field(factory=dict)

    def outlines(self) -> Iterator[ScriptOutline]:
        """Yield possible scripts, the simplest first. The last one can express any project."""
        scenes, document = self.project.scenes, dump(self.project)
        spoken = any(scene.scripts for scene in scenes)
        opened = self._opened_scenes("1.6" if spoken else "1.4")
        key_order = moved_keys(self.project)
        if opened is not None and key_order is not None:
            # Project(...).scene(...): arguments say everything.
            yield ScriptOutline(*self._arguments(spoken, key_order), opened)
        head = document | {"scenes": []}
        if opened is not None and not spoken and depth(head) <= _DEEPEST:
            # Project.load({...}).scene(...): what no argument says is loaded.
            yield ScriptOutline((head,), {}, opened, "Project.load")
        head = document | {"scenes": [scene | {"clips": []} for scene in document["scenes"]]}
        if depth(head) <= _DEEPEST:
            # Project.load({...}) without its clips, which verbs add to the loaded scenes.
            filled = (
                self._filled(scene, index, "1.4" if scene.scripts is UNSET else "1.6", speech=False)
                for index, scene in enumerate(scenes)
            )
            yield ScriptOutline((head,), {}, tuple(filled), "Project.load", loaded=True)
        whole = document if depth(document) <= _DEEPEST else canonical(document)
        yield ScriptOutline((whole,), {}, (), "Project.load")

    def _arguments(self, spoken: bool, key_order: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of `Project(...)`."""
        values = {key.attribute: getattr(self.project, key.attribute) for key in keys(WireProject)}
        given = {name: value for name, value in values.items() if name != "scenes" and value is not UNSET}
        args = (given.pop("name"),) if "name" in given else ()
        api = {"api": "1.6"} if spoken else {}
        extra = {"isExport": given.pop("is_export")} if "is_export" in given else {}
        if given.get("orientation") == "landscape":
            extra["orientation"] = given.pop("orientation")
        extra |= self.project.extra
        more = {"extra": extra, "key_order": key_order}
        return args, given | api | {name: value for name, value in more.items() if value}

    def _setting(self, api: Generation) -> Setting:
        return Setting(self.project.orientation or "landscape", self.catalog, api)

    def _opened_scenes(self, api: Generation) -> tuple[SceneCalls, ...] | None:
        """Return the scenes as `.scene(...)` and verbs; None if one of them holds what no argument says."""
        scenes = self.project.scenes
        if not all(map(_is_usual, scenes)):
            return None
        return tuple(self._opened(scene, index, api) for index, scene in enumerate(scenes))

    def _opened(self, scene: WireScene, index: int, api: Generation) -> SceneCalls:
        opening, squares = self._background(scene, index)
        opening |= {"watermark": True} if scene.watermark else {}
        extra = {**_lacking_in_scene(scene, index), **scene.extra}
        more = {"extra": extra, "key_order": moved_keys(scene)}
        opening |= {name: value for name, value in more.items() if value}
        return evolve(self._filled(scene, index, api, squares), opening=opening)

    def _background(self, scene: WireScene, index: int) -> tuple[dict[str, Any], int]:
        """Return the `background` argument, and how many clips it adds: a colour adds a square."""
        first = scene.clips[0] if scene.clips else None
        if isinstance(first, Shape) and is_colour_literal(first.fill) and self._shows(first.fill, scene, index, 1):
            return {"background": first.fill}, 1
        for value in (None, scene.background.source_url):
            if self._shows(value, scene, index, 0):
                return {} if value is None else {"background": value}, 0
        return {"background": scene.background}, 0

    def _shows(self, background: Any, scene: WireScene, index: int, squares: int) -> bool:
        # The square's layer is below those of all other clips, so they have to be there.
        try:
            shown = resolve_scene(Scene(background=background).put(*scene.clips[squares:]), index, self._setting("1.4"))
        except DslError:
            return False
        alike = [text_of(clip) for clip in shown.clips] == [text_of(clip) for clip in scene.clips]
        return alike and text_of(shown.background) == text_of(scene.background)

    def _filled(
        self, scene: WireScene, index: int, api: Generation, squares: int = 0, *, speech: bool = True
    ) -> SceneCalls:
        """Return the calls that add a scene's clips, after the first `squares`, and the speech that is in the scene."""
        clips = scene.clips
        tags = Counter(clip.tag for clip in clips if clip.tag)
        added, verbs = list[list[VerbCall]](), squares
        unique_tags = {tag for tag, times in tags.items() if times == 1 and not (self.template and holds_jinja(tag))}
        context = Context(self._setting(api), self.template, Earlier(unique_tags), self.avatars, self.scales)
        for clip in clips[:squares]:
            context.before.add(clip)
        for place in range(squares, len(clips)):
            clip = clips[place]
            unique = self.first_places[clip.id] == (index, place) and tags[clip.tag or ""] < 2
            calls = list(calls_for(clip, context)) if unique else []
            if calls:
                verbs += 1
                default_id = clip_id(clip.type, place - squares, (index, 0), frozenset())
                calls[0] = _without_defaults(calls[0], default_id, context)
            added.append(calls or [VerbCall("put", (clip,))])
            context.before.add(clip)
        lines = self._lines(scene, clips[squares:]) if speech else []
        return SceneCalls({}, tuple(_with_lines(added, lines, clips[squares:])), verbs)

    def _lines(self, scene: WireScene, clips: Sequence[AnyClip]) -> list[tuple[int, VerbCall]]:
        """Return the lines of a scene's scripts, each with the place of its avatar among these clips."""
        spoken = ((speaker_of(script, clips), script.org) for script in scene.scripts or ())
        return [(place, speech_call(org, self.template)) for place, org in spoken if place is not None]


def _first_places(project: WireProject) -> dict[str, tuple[int, int]]:
    places: dict[str, tuple[int, int]] = {}
    for index, scene in enumerate(project.scenes):
        for place, clip in enumerate(scene.clips):
            places.setdefault(clip.id, (index, place))
    return places


def _is_usual(scene: WireScene) -> bool:
    """Whether a scene that verbs build can have these values."""
    return isinstance(scene.watermark, bool | Unset) and scene.scripts is not None and moved_keys(scene) is not None


def _lacking_in_scene(scene: WireScene, index: int) -> dict[str, Any]:
    """Return what no argument of a scene says."""
    lacking: dict[str, tuple[bool, Any]] = {
        "watermark": (scene.watermark is UNSET, UNSET),
        "sceneIdx": (not same(scene.scene_idx, index), scene.scene_idx),
        "thumbnailUrl": (scene.thumbnail_url is not None, scene.thumbnail_url),
        "scripts": (scene.scripts == (), []),
    }
    return {name: value for name, (is_lacking, value) in lacking.items() if is_lacking}


def _without_defaults(call: VerbCall, default_id: str, context: Context) -> VerbCall:
    """Return the call without the layer and the id that the clip gets anyway."""
    defaults = {"id": default_id, "layer": math.floor(context.before.highest) + 1}
    named = {name: value for name, value in call.named.items() if not same(value, defaults.get(name, UNSET))}
    return evolve(call, named=named)


def _with_lines(
    added: list[list[VerbCall]], lines: list[tuple[int, VerbCall]], clips: Sequence[AnyClip]
) -> Iterator[VerbCall]:
    """Yield the calls with the lines: next to their avatars if each speaks once, in order; else at the end, by name."""
    places = [place for place, _ in lines]
    ending = list[VerbCall]()
    for place, line in lines:
        if places == sorted(set(places)):
            added[place].append(line)
        else:
            clip, calls = clips[place], added[place]
            if not clip.tag and calls[0].verb == "avatar":
                calls[0] = evolve(calls[0], named={**calls[0].named, "id": clip.id})
            ending.append(evolve(line, named={"by": clip.tag or clip.id, **line.named}))
    for calls in added:
        yield from _joined(calls)
    yield from ending


def _joined(calls: list[VerbCall]) -> list[VerbCall]:
    """Return an avatar's calls with its first line as the argument `say`, if that is plain words."""
    if len(calls) < 2 or calls[0].verb != "avatar" or calls[1].named:
        return calls
    return [evolve(calls[0], named={"say": calls[1].args[0], **calls[0].named}), *calls[2:]]
