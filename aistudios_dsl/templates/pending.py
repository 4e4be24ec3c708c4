"""What in a project still waits for a row: its templates, and its conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import TypeVar

from attrs import evolve

from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.scene import Scene, lines_named
from aistudios_dsl.errors import TemplateError
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.expansion import Pending, bound_names, conditions, free_names, part_of
from aistudios_dsl.templates.render import filled_project, mapped, template_strings

B = TypeVar("B", bound=BaseProject)

_OF_SCENE = re.compile(r"scenes\[\d+\]\.when")
_PART = re.compile(r"(scenes\[\d+\])\.(clips|groups|speech)\[(\d+)\]")


def pending(project: BaseProject) -> Pending:
    """Return the field paths of a project's templates and conditions, each with the names that a row must have."""
    if project._literal:
        return {}
    templates = Templates(project.environment)
    with lines_named(project.scenes):
        settings = template_strings(templates, partial(filled_project, project, ()))
        found = {path: free_names(templates.names(text), templates.columns(text)) for path, text, _ in settings}
        for index, scene in enumerate(project.scenes):
            part = part_of(scene, index)
            found |= conditions(part, templates)
            bound = bound_names(part, templates)
            for path, text, _ in template_strings(templates, partial(mapped, scene, part.path)):
                known = bound.get(_owner(path, scene), bound[part.path])
                found[path] = free_names(templates.names(text), templates.columns(text), known)
    return found


def _owner(path: str, scene: Scene) -> str:
    """Return the path of the clip or group whose names a string may use: those of speech are its speaker's."""
    found = _PART.match(path)
    if found is None or found[2] != "speech":
        return found[0] if found else path
    return f"{found[1]}.clips[{scene._lines[int(found[3])].speaker}]"


def refuse_pending(project: BaseProject) -> None:
    """Raise `TemplateError` where a project waits for a row, with its first fields and the names they need."""
    found = pending(project)
    if not found:
        return
    shown = [f"{path} ({', '.join(names)})" if names else path for path, names in found.items()]
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    hint = "call .render(row) first; if the braces of a loaded project are text: Project.load(..., template=False)"
    message = f"the project has templates to render first: {', '.join(shown[:3])}{more}"
    raise TemplateError(message, hint=hint, code="not-rendered")


def without_pending(project: B, found: Pending) -> B:
    """Return the project with braces as text, and with those scenes empty that wait for a row."""
    waiting = waiting_scenes(found)
    scenes = (
        Scene(position=scene._position, written_at=None)
        if f"scenes[{index}]" in waiting and not scene._is_as_loaded
        else scene
        for index, scene in enumerate(project.scenes)
    )
    return evolve(project, scenes=tuple(scenes), literal=True)


def waiting_scenes(found: Iterable[str]) -> set[str]:
    """Return the paths of the scenes of which something waits for a row, by the field paths of `pending`.

    The `when` of a scene decides only whether it is there.

    >>> waiting_scenes(["scenes[0].when", "scenes[1].clips[2].when"])
    {'scenes[1]'}
    """
    return {path.partition(".")[0] for path in found if not _OF_SCENE.fullmatch(path)}
