"""A project's wire form as the Python that builds it again: verbs where they give it exactly, wire clips elsewhere."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from attrs import evolve, frozen

from aistudios_dsl.build.avatar import Catalog
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.speech import speaker_of
from aistudios_dsl.decompile.verb_calls import Stage, Step, in_order, line, phrased, same, text_of
from aistudios_dsl.decompile.script import Plan, Program, written
from aistudios_dsl.errors import DslError
from aistudios_dsl.layout.colour import is_colour_literal
from aistudios_dsl.resolve.scene import clip_id, resolve_scene
from aistudios_dsl.resolve.sizing import Setting
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical, depth
from aistudios_dsl.wire.node import UNSET, keys
from aistudios_dsl.wire.nodes import AnyClip, Generation, Shape, UnknownClip
from aistudios_dsl.wire.nodes import Project as WireProject
from aistudios_dsl.wire.nodes import Scene as WireScene

_DEEPEST = 40
"""Levels of JSON that are still written as Python: a parser takes no more than 200 brackets in one another."""


class Buildable(Protocol):
    """What a project's class gives: verbs, and the JSON in the end."""

    @property
    def scenes(self) -> tuple[Scene, ...]: ...
    def add(self, *scenes: Scene) -> Buildable: ...
    def with_scenes(self, scenes: Iterable[Scene]) -> Buildable: ...
    def to_json(self) -> str: ...


class Maker(Protocol):
    """A project's class, which what is written here is tried with."""

    def __call__(self, *args: Any, **named: Any) -> Buildable: ...
    def load(self, source: Any, *, template: bool = True) -> Buildable: ...


class Source(str):
    """A script, and how it says the project's clips: `verbs` of them by verb, `puts` as wire clips."""

    verbs: int
    puts: int

    @property
    def clips(self) -> int:
        """How many clips the project has."""
        return self.verbs + self.puts

    @property
    def share(self) -> float:
        """The share of the clips that a verb says, 0 to 1; 1 where there is no clip."""
        return self.verbs / self.clips if self.clips else 1.0


def decompile(project: WireProject, make: Maker, *, literal: bool = True) -> Source:
    """The Python of a project whose canonical text is that of `project`, shown by building it.

    `literal`: braces in strings are text, else they are Jinja that waits for a row.
    """
    wanted = text_of(project)
    reading = Reading(project, not literal, _first_places(project))
    forms = (form(reading) for form in (_built, _headed, _framed, _document))
    program = next(form for form in forms if form is not None and _gives(form, make, wanted))
    braces = literal and any(mark in wanted for mark in ("{{", "{%", "{#"))
    source = Source(written(program, literal=braces))
    source.verbs = sum(plan.verbs for plan in program.scenes)
    source.puts = sum(len(scene.clips) for scene in project.scenes) - source.verbs
    return source


def _gives(program: Program, make: Maker, wanted: str) -> bool:
    try:
        return _project_of(program, make).to_json() == wanted
    except DslError:
        return False


def _project_of(program: Program, make: Maker) -> Buildable:
    """The project that the script gives, its braces taken as text."""
    if program.start == "Project":
        project = make(*program.args, **program.named, literal=True)
    else:
        project = make.load(*program.args, template=False)
    if program.loaded:
        pairs = zip(program.scenes, project.scenes, strict=True)
        return project.with_scenes([plan.on(scene) for plan, scene in pairs])
    return project.add(*(plan.on(Scene(**plan.opening)) for plan in program.scenes))


# the four forms of a script, from the simplest to the one that can say anything


def _built(reading: Reading) -> Program | None:
    """`Project(...).scene(...)`: all of it said by arguments."""
    project = reading.project
    if not in_order(project) or project.is_export is not UNSET:
        return None
    values = {key.attribute: getattr(project, key.attribute) for key in keys(WireProject)}
    args = () if project.name is UNSET else (values["name"],)
    head = {name: value for name, value in values.items() if name not in ("name", "scenes") and value is not UNSET}
    api: Generation = "1.6" if any(scene.scripts for scene in project.scenes) else "1.4"
    head |= {"api": api} if api == "1.6" else {}
    head |= {"extra": project.extra} if project.extra else {}
    scenes = reading.opened_scenes(api)
    return None if scenes is None else Program(args, head, scenes)


def _headed(reading: Reading) -> Program | None:
    """`Project.load({...}).scene(...)`: what no argument of the project says is loaded."""
    head = dump(reading.project) | {"scenes": []}
    spoken = any(scene.scripts for scene in reading.project.scenes)
    scenes = None if spoken or depth(head) > _DEEPEST else reading.opened_scenes("1.4")
    return None if scenes is None else Program((head,), {}, scenes, "Project.load")


def _framed(reading: Reading) -> Program | None:
    """`Project.load({...})` of all but the clips, which verbs add to the scenes."""
    document = dump(reading.project)
    for scene in document["scenes"]:
        scene["clips"] = []
    if depth(document) > _DEEPEST:
        return None
    scenes = tuple(
        reading.filled(scene, index, generation_of(scene), lines=False)
        for index, scene in enumerate(reading.project.scenes)
    )
    return Program((document,), {}, scenes, "Project.load", loaded=True)


def _document(reading: Reading) -> Program:
    """`Project.load(...)` of the whole, as text where it is too deep for brackets."""
    document = dump(reading.project)
    return Program((document if depth(document) <= _DEEPEST else canonical(document),), {}, (), "Project.load")


def generation_of(scene: WireScene) -> Generation:
    """Where a loaded scene has its speech."""
    return "1.4" if scene.scripts is UNSET else "1.6"


# scenes


@frozen
class Reading:
    """The project that is read, and how: what each scene and clip of it is made from."""

    project: WireProject
    template: bool
    firsts: Mapping[str, tuple[int, int]]
    """Where each id stands first: a verb takes no id that is there already."""

    def setting(self, api: Generation) -> Setting:
        return Setting(self.project.orientation or "landscape", Catalog(), api)

    def opened_scenes(self, api: Generation) -> tuple[Plan, ...] | None:
        """The scenes as `.scene(...)` and verbs; None where one of them has what no argument says."""
        scenes = self.project.scenes
        if not all(_is_usual(scene, index) for index, scene in enumerate(scenes)):
            return None
        return tuple(self._opened(scene, index, api) for index, scene in enumerate(scenes))

    def _opened(self, scene: WireScene, index: int, api: Generation) -> Plan:
        opening, taken = self._background(scene, index)
        opening |= {"watermark": True} if scene.watermark else {}
        opening |= {"extra": scene.extra} if scene.extra else {}
        plan = self.filled(scene, index, api, taken)
        return evolve(plan, opening=opening)

    def _background(self, scene: WireScene, index: int) -> tuple[dict[str, Any], int]:
        """What the scene is opened with, and how many clips come of it: the square of a colour."""
        first = scene.clips[0] if scene.clips else None
        is_colour = isinstance(first, Shape) and is_colour_literal(first.fill)
        if isinstance(first, Shape) and is_colour and self._shows(first.fill, scene, index, 1):
            return {"background": first.fill}, 1
        for value in (None, scene.background.source_url):
            if self._shows(value, scene, index, 0):
                return {} if value is None else {"background": value}, 0
        return {"background": scene.background}, 0

    def _shows(self, background: Any, scene: WireScene, index: int, squares: int) -> bool:
        # The square's layer is below those of all the other clips, so they are there.
        others = scene.clips[squares:]
        try:
            shown = resolve_scene(Scene(background=background).put(*others), index, self.setting("1.4"))
        except DslError:
            return False
        alike = [text_of(clip) for clip in shown.clips] == [text_of(clip) for clip in scene.clips]
        return alike and text_of(shown.background) == text_of(scene.background)

    def filled(self, scene: WireScene, index: int, api: Generation, taken: int = 0, *, lines: bool = True) -> Plan:
        """The calls that add the scene's clips, but for those `taken` already, and its `lines` of speech."""
        clips = scene.clips
        tags = Counter(clip.tag for clip in clips if clip.tag)
        added, verbs = list[list[Step]](), taken
        for place in range(taken, len(clips)):
            clip, stage = clips[place], Stage(self.setting(api), clips[:place], self.template)
            alone = self.firsts[clip.id] == (index, place) and tags[clip.tag] < 2
            found = phrased(clip, stage) if alone else ()
            verbs += bool(found)
            number = clip_id(clip.type, place - taken, (index, 0), frozenset())
            added.append([_brief(found[0], number, stage), *found[1:]] if found else [Step("put", (clip,))])
        spoken = _lines(scene, self.template, taken) if lines else []
        return Plan({}, tuple(_with_lines(added, spoken, clips[taken:])), verbs)


def _first_places(project: WireProject) -> dict[str, tuple[int, int]]:
    places: dict[str, tuple[int, int]] = {}
    for index, scene in enumerate(project.scenes):
        for place, clip in enumerate(scene.clips):
            places.setdefault(clip.id, (index, place))
    return places


def _is_usual(scene: WireScene, index: int) -> bool:
    """Whether nothing of the scene is unlike what a built one has."""
    written = isinstance(scene.watermark, bool) and scene.thumbnail_url is None and in_order(scene)
    numbered = isinstance(scene.scene_idx, int) and scene.scene_idx == index
    return written and numbered and (scene.scripts is UNSET or bool(scene.scripts))


def _brief(step: Step, usual_id: str, stage: Stage) -> Step:
    """The call without the layer and the id that it would be given anyway."""
    layers = [clip.layer for clip in stage.before if not isinstance(clip, UnknownClip)]
    usual = {"id": usual_id, "layer": math.floor(max([0, *layers])) + 1}
    return evolve(
        step, named={name: value for name, value in step.named.items() if not same(value, usual.get(name, UNSET))}
    )


def _lines(scene: WireScene, template: bool, first: int) -> list[tuple[int, Step]]:
    """The scene's own lines of speech, each with the place, from the `first` clip on, of the avatar that says it."""
    found = ((speaker_of(said, scene.clips[first:]), said.org) for said in scene.scripts or ())
    return [(place, line(org, template)) for place, org in found if place is not None]


def _with_lines(added: list[list[Step]], lines: list[tuple[int, Step]], clips: Sequence[AnyClip]) -> Iterator[Step]:
    """The calls with the lines: each beside its avatar where one speaks after the other, else all in the end."""
    places = [place for place, _ in lines]
    in_turn = places == sorted(set(places))
    ending = list[Step]()
    for place, step in lines:
        if in_turn:
            added[place].append(step)
        else:
            ending.append(_named_line(step, clips[place], added[place]))
    for steps in added:
        yield from _joined(steps)
    yield from ending


def _named_line(step: Step, clip: AnyClip, steps: list[Step]) -> Step:
    if not clip.tag and steps[0].verb == "avatar":
        steps[0] = evolve(steps[0], named={**steps[0].named, "id": clip.id})
    return evolve(step, named={"by": clip.tag or clip.id, **step.named})


def _joined(steps: list[Step]) -> list[Step]:
    """An avatar's first line, where it is plain words, as the argument of the avatar."""
    if len(steps) < 2 or steps[0].verb != "avatar" or steps[1].named:
        return steps
    return [evolve(steps[0], named={"say": steps[1].args[0], **steps[0].named}), *steps[2:]]
