"""Rules on media and avatars as pictures: their proportions, their strokes, and the geometry of an avatar's model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aistudios_dsl.build.boxes import bounded, scales
from aistudios_dsl.check.rules import Problem, ProjectView, problem, project_rule, scene_rule
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.overlap import overhang
from aistudios_dsl.view.scene import SceneView, Seen
from aistudios_dsl.wire.node import UNSET, shortened
from aistudios_dsl.wire.nodes import AvatarClip, EditorValue, Image, Model, Video

STRETCH = 1.02
"""How many times one scale may be the other before people see it."""
_SLACK = 0.02
"""How far, as a share of its picture, a figure may reach past it: the editor rounds."""
_FILE = re.compile(r"(?:^|/)(?:tight_ai_mov_thm_)?(?P<ids>[^/?#]+?)(?:_org)?\.[a-z0-9]+(?:[?#]|$)", re.IGNORECASE)
_IDS = re.compile(r"M\d{5,}_BG\d{5,}")


@scene_rule("distorted", "warning", 'give width or height alone, or fit="cover"; fit="stretch" says that it is meant')
def distorted(scene: SceneView) -> Iterator[Problem]:
    """A picture, a video or an avatar is stretched: its two scales differ by more than 2 %."""
    for seen in scene.clips:
        across, down = scales(seen.clip)
        if not isinstance(seen.clip, Image | Video | AvatarClip) or seen.asked.stretched or not (across and down):
            continue
        if max(across, down) > STRETCH * min(across, down):
            how, times = ("wide", across / down) if across > down else ("high", down / across)
            yield problem(f"the {seen.kind} is {times:.2f} times as {how} as its proportions ask", seen)


@scene_rule("mirrored", "note", "if this is not intended, make its scales positive")
def mirrored(scene: SceneView) -> Iterator[Problem]:
    """A picture, a video, an avatar or a text is mirrored, with all that is written on it."""
    for seen in scene.clips:
        flips = [seen.clip.extra.get(name) is True for name in ("flipX", "flipY")]
        across, down = (one is not other for one, other in zip(seen.mirrored, flips, strict=True))
        if (across or down) and seen.kind != "shape":
            how = " and ".join(["left to right"] * across + ["top to bottom"] * down)
            yield problem(f"the {seen.kind} is mirrored {how}", seen)


@scene_rule("stroke-on-media", "note", "put a shape with a stroke behind it, slightly larger")
def stroke_on_media(scene: SceneView) -> Iterator[Problem]:
    """A picture, a video or an avatar has a stroke, which the API documents for shapes and texts only."""
    for seen in scene.clips:
        if isinstance(seen.clip, Image | Video | AvatarClip):
            width = bounded(seen.clip.extra.get("strokeWidth"))
            if width > 0:
                yield problem(f"the {seen.kind} has a stroke of {width:g} px, which may not be drawn", seen)


@project_rule("model-disagrees", "warning", "take model whole from one avatar in one outfit: its ids and its URLs")
def model_disagrees(view: ProjectView) -> Iterator[Problem]:
    """An avatar's ids are not those in the URL of its picture, so another outfit may be rendered than is shown."""
    for seen, clip in _avatars(view):
        model, own = clip.model, f"{clip.model.ai_name}_{clip.model.emotion}"
        for key, url in _pictures(model):
            found = _FILE.search(url)
            ids = found["ids"] if found else ""
            named = ids.startswith(f"{model.ai_name}_") or "tight_ai_mov_thm_" in url or _IDS.match(ids)
            if named and not ids.startswith(own):
                message = f"it is {model.ai_name} in {model.emotion}, but its picture is of {shortened(ids, 40)}"
                yield Problem(message, f"{seen.path}.model.{key}", seen)
                break


def _pictures(model: Model) -> Iterator[tuple[str, str]]:
    yield "source_url", model.source_url or ""
    if model.deploy_image:
        yield "deployImage.edit_src", model.deploy_image.edit_src or ""
        yield "deployImage.org_src", model.deploy_image.org_src or ""


@project_rule("avatar-geometry", "warning", "read the avatar anew from a project of the editor: catalog.learn(project)")
def avatar_geometry(view: ProjectView) -> Iterator[Problem]:
    """An avatar's geometry cannot be right: its head is outside the figure, or the figure outside its picture."""
    for seen, clip in _avatars(view):
        for key, value in (("editor", clip.model.editor), ("editorValue", clip.model.editor_value)):
            if value and (fault := _nonsense(value)):
                yield Problem(fault, f"{seen.path}.model.{key}", seen, (seen.box,))
                break


def _nonsense(value: EditorValue) -> str:
    head = _box(value, "head_center_x", "head_center_y", "head_width", "head_height")
    figure = _box(value, "model_tight_x", "model_tight_y", "model_tight_w", "model_tight_h")
    sizes = [size for box in (head, figure) if box for size in (box.width, box.height)]
    if any(size < 0 for size in sizes):
        return f"a size of its head or figure is negative ({min(sizes):g} px)"
    if figure and 0 in (figure.width, figure.height):
        return f"its figure is {figure.width:g} x {figure.height:g} px"
    if head and figure and (head.width > figure.width or head.height > figure.height):
        return f"its head ({_size(head)}) is larger than its figure ({_size(figure)})"
    if head and 0 in (head.width, head.height):
        return f"its head is {_size(head)}" if any((head.left, head.top, head.width, head.height)) else ""
    if head and figure and max(overhang(Box(*head.centre, 0, 0), figure)) > 0:
        return "its head is outside its figure"
    wide, high = bounded(value.model_origin_w), bounded(value.model_origin_h)
    if figure and wide > 0 and high > 0:
        left, top, right, bottom = overhang(figure, Box(0, 0, wide, high))
        if max(left, right) > _SLACK * wide or max(top, bottom) > _SLACK * high:
            return f"its figure ({_size(figure)}) reaches out of its picture ({wide:g} x {high:g} px)"
    return ""


def _size(box: Box) -> str:
    return f"{box.width:g} x {box.height:g} px"


def _box(value: EditorValue, *names: str) -> Box | None:
    numbers = [getattr(value, name) for name in names]
    return None if UNSET in numbers else Box(*map(bounded, numbers))


@project_rule("avatar-two-sizes", "warning", "give both clips the same model; a catalogue would keep only the last")
def avatar_two_sizes(view: ProjectView) -> Iterator[Problem]:
    """An avatar in one outfit has a head or a figure of two sizes in one project."""
    first: dict[tuple[str, str], tuple[Seen, tuple[float, ...]]] = {}
    for seen, clip in _avatars(view):
        for sizes in _sizes_of(clip.model):
            other, known = first.setdefault((clip.model.ai_name, clip.model.emotion), (seen, sizes))
            if any(abs(one - before) > 0.5 for one, before in zip(sizes, known, strict=True)):
                was, now = ("{:g} x {:g} px, figure {:g} x {:g} px".format(*each) for each in (known, sizes))
                yield Problem(f"its head is {now}, but in {other.path} {was}", f"{seen.path}.model", seen)
                break


def _sizes_of(model: Model) -> Iterator[tuple[float, ...]]:
    for value in (model.editor, model.editor_value):
        if value and not _nonsense(value) and (sizes := _sizes(value)):
            yield sizes


def _sizes(value: EditorValue) -> tuple[float, ...]:
    names = ("head_width", "head_height", "model_tight_w", "model_tight_h")
    numbers = [getattr(value, name) for name in names]
    return () if UNSET in numbers else tuple(map(bounded, numbers))


def _avatars(view: ProjectView) -> Iterator[tuple[Seen, AvatarClip]]:
    for scene in view.scenes:
        yield from ((seen, seen.clip) for seen in scene.every if isinstance(seen.clip, AvatarClip))
