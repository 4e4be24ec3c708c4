"""A template and a row to a literal project: strings rendered, scenes repeated or left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from attrs import evolve, fields, has

from aistudios_dsl.build.measured import kept_boxes, measured_again
from aistudios_dsl.build.project import HEAD, BaseProject
from aistudios_dsl.build.scene import Item, Line, Scene, lines_named
from aistudios_dsl.errors import DslError, TemplateError, under
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.wire.node import UNSET, Node, as_found, fault_of, keys, number_in
from aistudios_dsl.wire.nodes import Animation, Effect, SceneScript, Script

B = TypeVar("B", bound=BaseProject)
T = TypeVar("T")
Visit = Callable[[str, str, bool], str]
"""A function from the path of a field, its string, and whether that is HTML, to the string that takes its place."""

_NOT_TEMPLATES = {"key_order", "written_at", "_written_at", "_origin", "when", "each"}
_RENAMED = {"backdrop": "background", "_items": "clips", "_lines": "speech", "_loaded": "", "clip": "", "place": ""}


def mapped(value: Any, path: str, visit: Visit, *, html: bool = False) -> Any:
    """Return a value with `visit` applied to each string of the user in it; an unchanged value is the same object."""
    if isinstance(value, str):
        return visit(path, value, html)
    if isinstance(value, tuple | list):
        return _mapped_items(value, path, visit)
    if isinstance(value, Mapping):
        new = {key: mapped(item, f"{path}.{key}", visit) for key, item in value.items()}
        return new if any(new[key] is not value[key] for key in new) else value
    return _mapped_fields(value, path, visit) if _strings(type(value)) else value


def _strings(cls: type[Any]) -> tuple[tuple[str, str, str], ...]:
    """Return the fields of a class that may hold strings of the user: attribute, name in `__init__`, name in paths."""
    if cls not in _STRINGS_OF:
        _STRINGS_OF[cls] = tuple(_read_strings(cls)) if has(cls) else ()
    return _STRINGS_OF[cls]


_STRINGS_OF: dict[type[Any], tuple[tuple[str, str, str], ...]] = {}


def _read_strings(cls: type[Any]) -> Iterator[tuple[str, str, str]]:
    wire_names: dict[str, str] = {key.attribute: key.wire for key in keys(cls)} if issubclass(cls, Node) else {}
    # The type of a clip is that of its class. The user chooses the type of an animation or effect.
    fixed = _NOT_TEMPLATES | (set() if issubclass(cls, Animation | Effect) else {"type"})
    for attribute in fields(cls):
        name = attribute.name
        if name not in fixed:
            yield name, attribute.alias or name, ({name: name} | _RENAMED | wire_names)[name]


def _mapped_items(value: Any, path: str, visit: Visit) -> Any:
    new = [mapped(item, f"{path}[{index}]", visit) for index, item in enumerate(value)]
    return type(value)(new) if any(a is not b for a, b in zip(new, value, strict=True)) else value


def _mapped_fields(value: Any, path: str, visit: Visit) -> Any:
    changes: dict[str, Any] = {}
    for name, alias, shown in _strings(type(value)):
        old = getattr(value, name)
        if old is None or old is UNSET or old is False or old is True:
            continue
        html = name == "org" if isinstance(value, Script | SceneScript) else isinstance(value, Line) and value.html
        new = mapped(old, f"{path}.{shown}" if shown and path else shown or path, visit, html=html)
        if new is not old:
            changes[alias] = new
    return _changed(value, changes, path) if changes else value


def _changed(value: Any, changes: dict[str, Any], path: str) -> Any:
    for key in keys(type(value)) if isinstance(value, Node) else ():
        new = changes.get(key.attribute)
        if not isinstance(new, str):
            continue
        number = number_in(new) if float in key.kinds and str not in key.kinds else None
        changes[key.attribute] = new if number is None else number
        fault = fault_of(key, changes[key.attribute], literal=True)
        if fault:
            raise TemplateError(fault.message, f"{path}.{key.wire}", fault.hint)
    with under(path), as_found():
        return evolve(value, **changes)


def render_project(project: B, row: Mapping[str, Any] | None, variables: Mapping[str, Any] | None = None) -> B:
    """Return the literal project of a row. Raises `TemplateError` with the field and the name that is missing."""
    refuse_rendered(project)
    values = row_values(row) | row_values(variables)
    templates = Templates(project.environment)
    with lines_named(project.scenes):
        visit = renderer(templates, values)
        scenes = tuple(
            evolve(filled(project.scenes[origin[0]], f"scenes[{origin[0]}]", renderer(templates, bound)), origin=origin)
            for origin, bound in kept_scenes(project.scenes, templates, values)
        )
        return filled_project(project, scenes, visit)


def for_each_row(rows: Iterable[Mapping[str, Any]], make: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
    """Yield what is made of each row; errors name the row, counted from 1."""
    if not isinstance(rows, Iterable):
        raise TemplateError(f"rows must be a list of rows, not {type(rows).__name__}", hint='such as [{"name": "Ann"}]')
    for number, row in enumerate(rows, 1):
        try:
            yield make(row)
        except DslError as fault:
            from aistudios_dsl.templates.rows import of_row

            raise of_row(fault, number, row) from fault.__cause__


def row_values(row: Any) -> dict[str, Any]:
    """Return the values that templates can name. None is a row without values.

    >>> row_values({"name": "Ann", None: ["more"]})
    {'name': 'Ann'}
    """
    if row is None:
        return {}
    if not isinstance(row, Mapping):
        hint = 'such as {"name": "Ann"}'
        raise TemplateError(f"a row is a mapping of names to values, not {type(row).__name__}", hint=hint)
    # No template can use a name that is not a string, and Jinja fails on one.
    return {name: value for name, value in row.items() if isinstance(name, str)}


def refuse_rendered(project: BaseProject) -> None:
    if project._literal:
        raise TemplateError("this project is rendered already", hint="use the template, not its result")


def filled_project(project: B, scenes: tuple[Scene, ...], visit: Visit) -> B:
    """Return the literal project of these scenes, with `visit` applied to each string outside of them."""
    head = {name: mapped(getattr(project, name), name, visit) for name in (*HEAD, "extra")}
    loaded = mapped(project._loaded, "", visit)
    left_out = bool(project.scenes) and not scenes
    return evolve(project, **head, loaded=loaded, scenes=scenes, literal=True, row_left_all_out=left_out)


def kept_scenes(
    scenes: tuple[Scene, ...], templates: Templates, row: Mapping[str, Any]
) -> Iterator[tuple[tuple[int, int], Mapping[str, Any]]]:
    """Yield the number and repetition of each scene that a row keeps, and the row with the names that `each` binds."""
    for index, scene in enumerate(scenes):
        path = f"scenes[{index}]"
        for repetition, bound in enumerate(_bindings(scene, templates, row, path)):
            if _is_kept(scene, templates, bound, path):
                yield (index, repetition), bound


def _bindings(scene: Scene, templates: Templates, row: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    if scene.each is None:
        return [row]
    with under(f"{path}.each"):
        return [{**row, **bound} for bound in templates.bindings(scene.each, row)]


def _is_kept(scene: Scene, templates: Templates, row: Mapping[str, Any], path: str) -> bool:
    if scene.when is None:
        return True
    with under(f"{path}.when"):
        return templates.truth(scene.when, row)


def filled(scene: Scene, path: str, visit: Visit) -> Scene:
    """Return the literal scene, with `visit` applied to its strings and its loaded texts measured again."""
    new: Scene = mapped(evolve(scene, when=None, each=None), path, visit)
    items, kept = list[Item](), scene._kept_boxes
    for before, rendered in zip(scene._items, new._items, strict=True):
        after = measured_again(before, rendered)
        kept = kept_boxes(kept, before, after)
        items.append(after)
    return evolve(new, items=tuple(items), kept_boxes=kept)


def renderer(templates: Templates, row: Mapping[str, Any]) -> Visit:
    """Return a `Visit` that renders strings with a row; its errors carry the path of the field."""

    def visit(path: str, text: str, html: bool) -> str:
        with under(path):
            return templates.render(text, row, html=html) if templates.is_template(text) else text

    return visit


def template_strings(templates: Templates, walk: Callable[[Visit], object]) -> list[tuple[str, str, bool]]:
    """Return what a walk visits with each template: path, string, and whether that is HTML.

    Raise `TemplateError` with the path of a broken one.
    """
    found: list[tuple[str, str, bool]] = []

    def visit(path: str, text: str, html: bool) -> str:
        with under(path):
            if templates.is_template(text):
                found.append((path, text, html))
        return text

    walk(visit)
    return found
