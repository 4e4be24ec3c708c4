"""The outline of a project: its scenes, and the kind, tag, first words and box of each clip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import asdict, frozen

from aistudios_dsl.build.drafts import Draft, Item, clip_of, known_by
from aistudios_dsl.build.keywords import LABELS
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.speech import plain, speaker_of
from aistudios_dsl.errors import plural
from aistudios_dsl.layout.geometry import Box, canvas
from aistudios_dsl.view.scene import SceneView, scene_views
from aistudios_dsl.wire.node import file_of, shortened
from aistudios_dsl.wire.nodes import AvatarClip, Background
from aistudios_dsl.wire.nodes import Project as WireProject

_SCENES, _CLIPS = 10, 8
"""The most scenes, and clips of each, that a short outline shows."""


@frozen
class ClipOutline:
    """A clip; `number` counts from 0, as messages do.

    `id` is "" where it is not computed yet; `box` (px) is None there, and where the clip is not seen.
    """

    number: int
    kind: str
    tag: str
    id: str
    words: str
    box: Box | None = None


@frozen
class SceneOutline:
    """A scene and its clips; `background` is "" where the script names none."""

    background: str
    when: str | None
    each: str | None
    clips: Sequence[ClipOutline]


@frozen
class Outline:
    """A project and its scenes."""

    name: str
    orientation: str
    scenes: Sequence[SceneOutline]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, with the numbers of the scenes and clips; boxes in px."""
        size = canvas(self.orientation)
        scenes = [{"scene": number, **asdict(scene)} for number, scene in enumerate(self.scenes)]
        head = {"name": self.name, "orientation": self.orientation, "width": size.width, "height": size.height}
        return {**head, "scenes": scenes}

    def lines(self, *, short: bool = False) -> Iterator[str]:
        """Yield it line by line; a `short` one leaves out what is many."""
        yield f"{_shown(self.name) or 'Project'} ({_shown(self.orientation)}, {plural(len(self.scenes), 'scene')})"
        shown = self.scenes[:_SCENES] if short else self.scenes
        for number, scene in enumerate(shown):
            conditions = [("when", scene.when), ("each", scene.each), ("background", scene.background)]
            yield "  ".join([f"scenes[{number}]", *(f"{word} {_shown(value)}" for word, value in conditions if value)])
            yield from _clip_lines(scene.clips[:_CLIPS] if short else scene.clips)
            yield from _rest(len(scene.clips) - _CLIPS, "clip", "  ") if short else ()
        yield from _rest(len(self.scenes) - len(shown), "scene", "")


def _rest(count: int, noun: str, indent: str) -> Iterator[str]:
    if count > 0:
        yield f"{indent}... and {plural(count, f'more {noun}')}"


def _clip_lines(clips: Sequence[ClipOutline]) -> Iterator[str]:
    cells = [[f"  clips[{clip.number}]", *map(_shown, (clip.kind, clip.tag or clip.id))] for clip in clips]
    for row, clip in zip(cells, clips, strict=True):
        row += _box(clip.box), _shown(clip.words)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width]
        yield "  ".join(padded).rstrip()


def _box(box: Box | None) -> str:
    if box is None:
        return ""
    numbers = (box.left, box.top, box.width, box.height, box.angle)
    left, top, width, height, angle = (f"{round(number, 1):g}" for number in numbers)
    return f"{left}, {top}  {width} x {height}" + (f"  {angle}°" if box.angle else "")


def _shown(text: str) -> str:
    """Return the first words of a text on one line, with what steers a terminal escaped."""
    words = shortened(" ".join(text[:400].split()), 48)
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in words)


def outline(project: BaseProject, whole: WireProject | None = None) -> Outline:
    """Return the outline of a project; with its wire nodes, also the boxes of its clips.

    Without them it shows what the script says, computes nothing, and so cannot fail.
    """
    views = scene_views(whole, [len(scene._items) for scene in project.scenes]) if whole else ()
    boxes = [_boxes(view) for view in views] or [{}] * len(project.scenes)
    scenes = [_scene(scene, found) for scene, found in zip(project.scenes, boxes, strict=True)]
    head = whole or project
    return Outline(head.name or "", head.orientation or "landscape", scenes)


def _boxes(view: SceneView) -> dict[int, Box]:
    return {seen.index - view.has_backdrop: seen.box for seen in view.every if seen.is_shown}


def _scene(scene: Scene, boxes: Mapping[int, Box]) -> SceneOutline:
    said = _said(scene)
    clips = []
    for number, item in enumerate(scene._items):
        clip = clip_of(item)
        words = ": ".join(filter(None, (_named(item), said.get(number, ""))))
        kind = LABELS.get(clip.type, clip.type)
        clips.append(ClipOutline(number, kind, clip.tag or "", clip.id or "", words, boxes.get(number)))
    return SceneOutline(_backdrop(scene.backdrop), scene.when, scene.each, clips)


def _named(item: Item) -> str:
    """Return what a clip is known by; an avatar of a script by the one that the verb named."""
    asked = item.place.avatar if isinstance(item, Draft) else None
    return asked.ai_name if asked else known_by(clip_of(item))


def _said(scene: Scene) -> dict[int, str]:
    """Return what each avatar says, by the number of its clip."""
    clips = list(scene._clips())
    lines = [(line.speaker, plain(line.text) if line.html else line.text) for line in scene._lines]
    in_clips = [(number, clip.script) for number, clip in enumerate(clips) if isinstance(clip, AvatarClip)]
    scripts = (scene._loaded.scripts if scene._loaded else ()) or ()
    in_scene = [(speaker_of(script, clips), script) for script in scripts]
    said: dict[int, str] = {}
    for number, script in (*in_clips, *in_scene):
        if number is not None and script:
            said[number] = f"{said.get(number, '')} {plain(script.org)}".strip()
    for number, text in lines:
        said[number] = f"{said.get(number, '')} {text}".strip()
    return said


def _backdrop(backdrop: str | Background | None) -> str:
    if isinstance(backdrop, Background):
        backdrop = (backdrop.source_color if backdrop.source_type == "color" else backdrop.source_url) or ""
    return file_of(backdrop or "")
