"""What in a project still waits for a row: its templates, and the conditions of its scenes."""

from __future__ import annotations

from typing import TypeVar

from attrs import evolve

from aistudios_dsl.build.project import HEAD, BaseProject
from aistudios_dsl.build.scene import Scene, lines_named
from aistudios_dsl.errors import DslError, TemplateError
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.render import mapped

B = TypeVar("B", bound=BaseProject)
Pending = dict[str, tuple[str, ...]]


def pending(project: BaseProject) -> Pending:
    """Return the field paths of a project's templates and conditions, each with the names that a row must have."""
    if project._literal:
        return {}
    with lines_named(project.scenes):
        return _pending(project, Templates(project.environment))


def _pending(project: BaseProject, templates: Templates) -> Pending:
    found: Pending = {}

    def visit(path: str, text: str, html: bool) -> str:
        try:
            if templates.is_template(text):
                found[path] = templates.names(text)
        except DslError as fault:
            raise fault.under(path) from None
        return text

    for name in (*HEAD, "extra", "_loaded"):
        mapped(getattr(project, name), "" if name == "_loaded" else name, visit)
    for index, scene in enumerate(project.scenes):
        found |= _conditions(scene, index, templates)
        bound = templates.each(scene.each)[0] if scene.each is not None else ()
        before = set(found)
        mapped(scene, f"scenes[{index}]", visit)
        found |= {path: tuple(name for name in found[path] if name not in bound) for path in set(found) - before}
    return found


def validate_conditions(project: BaseProject) -> None:
    """Raise `TemplateError` for a `when` or `each` that Jinja cannot read."""
    with lines_named(project.scenes):
        for index, scene in enumerate(project.scenes):
            _conditions(scene, index, Templates(project.environment))


def _conditions(scene: Scene, index: int, templates: Templates) -> Pending:
    found: Pending = {}
    path = f"scenes[{index}].each"
    try:
        bound, source = templates.each(scene.each) if scene.each is not None else ((), "")
        if source:
            found[path] = templates.expression_names(source)
        path = f"scenes[{index}].when"
        if scene.when is not None:
            found[path] = tuple(name for name in templates.expression_names(scene.when) if name not in bound)
    except DslError as fault:
        raise fault.under(path) from None
    return found


def refuse_pending(project: BaseProject) -> None:
    """Raise `TemplateError` where a project waits for a row, with its first fields and the names they need."""
    found = pending(project)
    if not found:
        return
    shown = [f"{path} ({', '.join(names)})" if names else path for path, names in found.items()]
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    hint = "call .render(row) first; a loaded project whose braces are text: Project.load(..., template=False)"
    raise TemplateError(f"a template still, at {', '.join(shown[:3])}{more}", hint=hint, code="pending")


def without_pending(project: B, found: Pending) -> B:
    """Return the project with braces as text, and with those scenes empty that wait for a row."""
    waiting = {path.partition(".")[0] for path in found if not path.endswith(".when")}
    scenes = (
        Scene(position=scene._position, written_at=None) if f"scenes[{index}]" in waiting else scene
        for index, scene in enumerate(project.scenes)
    )
    return evolve(project, scenes=tuple(scenes), literal=True)
