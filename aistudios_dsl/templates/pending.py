"""What in a project still waits for a row: its templates, and the conditions of its scenes."""

from __future__ import annotations

from collections.abc import Container
from functools import partial
from typing import TypeVar

from attrs import evolve

from aistudios_dsl.build.measured import is_measured
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.scene import Scene, lines_named
from aistudios_dsl.errors import TemplateError, under
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.render import filled_project, mapped, template_strings
from aistudios_dsl.wire.nodes import Text

B = TypeVar("B", bound=BaseProject)
Pending = dict[str, tuple[str, ...]]


def pending(project: BaseProject) -> Pending:
    """Return the field paths of a project's templates and conditions, each with the names that a row must have."""
    if project._literal:
        return {}
    templates = Templates(project.environment)
    with lines_named(project.scenes):
        settings = template_strings(templates, partial(filled_project, project, ()))
        found = {path: templates.names(text) for path, text, _ in settings}
        for index, scene in enumerate(project.scenes):
            found |= conditions(scene, index, templates)
            bound = templates.each(scene.each)[0] if scene.each is not None else ()
            for path, text, _ in template_strings(templates, partial(mapped, scene, f"scenes[{index}]")):
                found[path] = tuple(name for name in templates.names(text) if name not in bound)
    return found


def conditions(scene: Scene, index: int, templates: Templates) -> Pending:
    """Return the paths of a scene's `each` and `when`, each with the names that a row must have.

    Raise `TemplateError` for one that Jinja cannot read.
    """
    found: Pending = {}
    bound: tuple[str, ...] = ()
    if scene.each is not None:
        with under(path := f"scenes[{index}].each"):
            bound, source = templates.each(scene.each)
            found[path] = templates.expression_names(source)
    if scene.when is not None:
        with under(path := f"scenes[{index}].when"):
            found[path] = tuple(name for name in templates.expression_names(scene.when) if name not in bound)
    return found


def texts_in_old_boxes(scene: Scene, index: int, waiting: Container[str]) -> list[int]:
    """Return the numbers of the clips that are texts with other words than their boxes were made for, now or in a row.

    `waiting` holds the field paths of templates, in which the scene has this `index`.
    """
    found = []
    for number, clip in enumerate(scene._items):
        if isinstance(clip, Text):
            changes = f"scenes[{index}].clips[{number}].text" in waiting and not is_measured(clip)
            found += [number] if changes or clip.id in scene._kept_boxes else []
    return found


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
    waiting = {path.partition(".")[0] for path in found if not path.endswith(".when")}
    scenes = (
        Scene(position=scene._position, written_at=None) if f"scenes[{index}]" in waiting else scene
        for index, scene in enumerate(project.scenes)
    )
    return evolve(project, scenes=tuple(scenes), literal=True)
