"""A template and a row to a literal project: strings rendered, scenes, groups and clips repeated or left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar

from attrs import evolve, fields, has

from aistudios_dsl.build.drafts import Draft, Item, Line, clip_of, is_built
from aistudios_dsl.build.measured import kept_boxes, measured_again
from aistudios_dsl.build.placement import GroupDraft
from aistudios_dsl.build.project import HEAD, BaseProject
from aistudios_dsl.build.scene import Scene, lines_named
from aistudios_dsl.build.theme import backdrop_of
from aistudios_dsl.errors import DslError, TemplateError, under
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.expansion import Occurrence, Part, Repetitions, part_of
from aistudios_dsl.templates.neighbours import Absent, absent, default_place, settled, tag_of
from aistudios_dsl.templates.values import row_values, with_values
from aistudios_dsl.wire.jsontext import SCALARS
from aistudios_dsl.wire.node import Node, Unset, as_found, fault_of, keys, number_in
from aistudios_dsl.wire.nodes import Animation, Effect, SceneScript, Script

B = TypeVar("B", bound=BaseProject)
T = TypeVar("T")
Visit = Callable[[str, str, bool], str]
"""A function from the path of a field, its string, and whether that is HTML, to the string that takes its place."""
_WITHOUT_STRINGS = SCALARS - {str} | {Unset}

_NOT_TEMPLATES = {"key_order", "written_at", "_written_at", "_origin", "when", "each", "number", "parent", "scope"}
_RENAMED = {"backdrop": "background", "_items": "clips", "_lines": "speech", "_groups": "groups"}
_RENAMED |= dict.fromkeys(("_loaded", "clip", "place", "flow"), "")


def mapped(value: Any, path: str, visit: Visit, *, html: bool = False) -> Any:
    """Return a value with `visit` applied to each string of the user in it; an unchanged value is the same object."""
    if isinstance(value, str):
        return visit(path, value, html)
    if type(value) in _WITHOUT_STRINGS:
        return value
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
        if type(old) in _WITHOUT_STRINGS:
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


def render_project(project: B, row: Any, variables: Mapping[str, Any] | None = None) -> B:
    """Return the literal project of a row. Raises `TemplateError` with the field and the name that is missing."""
    refuse_rendered(project)
    return render_values(project, row_values(with_values(row, variables)))


def render_values(project: B, values: Mapping[str, Any]) -> B:
    """Return the literal project of what `row_values` gives."""
    templates = Templates(project.environment)
    with lines_named(project.scenes), project._measuring():
        parts = [part_of(scene, index) for index, scene in enumerate(project.scenes)]
        scenes = tuple(
            _rendered(project, origin, parts[origin[0]], repetitions, bound)
            for origin, bound, repetitions in kept_scenes(parts, templates, values)
        )
        return filled_project(project, scenes, renderer(templates, values))


def _rendered(
    project: BaseProject, origin: tuple[int, int], part: Part, repetitions: Repetitions, row: Mapping[str, Any]
) -> Scene:
    scene = _scene_of_row(project.scenes[origin[0]], part, repetitions, row)
    if isinstance(scene.backdrop, str):
        with under(part.path):
            backdrop_of(scene.backdrop, project.theme)
    return evolve(scene, origin=origin)


def for_each_row(rows: Any, make: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
    """Yield what is made of each row; errors name the row, counted from 1."""
    from aistudios_dsl.templates.rows import mappings, of_row

    for number, row in enumerate(mappings(rows), 1):
        try:
            yield make(row)
        except DslError as fault:
            raise of_row(fault, number, row) from fault.__cause__


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
    parts: Sequence[Part], templates: Templates, row: Mapping[str, Any]
) -> Iterator[tuple[tuple[int, int], Mapping[str, Any], Repetitions]]:
    """Yield the number and repetition of each scene that a row keeps, and the row with the names that `each` binds.

    The last of the three expands what is in the scene.
    """
    for index, part in enumerate(parts):
        repetitions = Repetitions(templates)
        for repetition, bound in repetitions.of(part, row):
            yield (index, repetition), bound, repetitions


def _scene_of_row(scene: Scene, part: Part, repetitions: Repetitions, row: Mapping[str, Any]) -> Scene:
    """Return the literal scene of a row, with the clips and groups that the row keeps."""
    templates = repetitions.templates
    if not part.parts:
        return filled(scene, part.path, renderer(templates, row))
    found = repetitions.expanded(part, row)

    def visit(occurrence: Occurrence) -> Visit:
        return renderer(templates, occurrence.row)

    head = filled(evolve(scene, items=(), lines=(), groups=()), part.path, renderer(templates, row))
    items, boxes = list[Item](), head._kept_boxes
    for each in found.clips:
        items.append(filled_part(scene, part.path, each, visit(each)))
        boxes = _kept_boxes(boxes, scene._items[each.number], items[-1])
    groups = tuple(filled_part(scene, part.path, each, visit(each)) for each in found.groups)
    left_out = [absent_of(scene, each, templates) for each in found.absent]
    kept, whole = settled(evolve(head, items=tuple(items), groups=groups, kept_boxes=boxes), filter(None, left_out))
    speakers = [found.clips[place] for place in kept]
    lines = tuple(
        evolve(mapped(scene._lines[number], f"{part.path}.speech[{number}]", visit(speakers[place])), speaker=place)
        for number, place in spoken(scene._lines, [each.number for each in speakers])
    )
    return evolve(whole, lines=lines)


def filled_part(scene: Scene, path: str, occurrence: Occurrence, visit: Visit) -> Any:
    """Return a clip or group as it is in a row, with `visit` applied to its strings."""
    number = occurrence.number
    old = part_at(scene, number)
    if isinstance(old, GroupDraft):
        new = mapped(old, f"{path}.groups[{-1 - number}]", visit)
    else:
        new = _measured_again(old, mapped(old, f"{path}.clips[{number}]", visit))
    if not isinstance(new, Draft | GroupDraft):
        return new
    own = number if number >= 0 else -1 - number
    return evolve(new, when=None, each=None, number=own, scope=occurrence.scope, parent=occurrence.parent)


def part_at(scene: Scene, number: int) -> Item | GroupDraft:
    """Return clip n of a scene, or its group -1 - n."""
    return scene._items[number] if number >= 0 else scene._groups[-1 - number]


def spoken(lines: Sequence[Line], clips: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the number of each line that is said in a row, and the place of its speaker among the clips kept.

    A clip that is repeated says all of its lines up to those of another speaker before its next repetition speaks.

    >>> list(spoken([Line("One.", 3), Line("Two.", 3)], [0, 3, 3]))
    [(0, 1), (1, 1), (0, 2), (1, 2)]
    """
    places: dict[int, list[int]] = {}
    for place, number in enumerate(clips):
        places.setdefault(number, []).append(place)
    said = [number for number, line in enumerate(lines) if line.speaker in places]
    for speaker, run in groupby(said, lambda number: lines[number].speaker):
        turn = list(run)
        yield from ((number, place) for place in places[speaker] for number in turn)


def strings_of_absent(scene: Scene, number: int) -> list[str]:
    """Return the strings that say where a part would stand: those that `absent_of` renders."""
    part = part_at(scene, number)
    if not isinstance(part, Draft | GroupDraft) or not (tag := tag_of(part)):
        return []
    found = [tag]
    place = absent(tag, part, scene._groups, ())

    def visit(path: str, text: str, html: bool) -> str:
        found.append(text)
        return text

    mapped((place.at, place.margin), "", visit)
    return found


def absent_of(scene: Scene, occurrence: Occurrence, templates: Templates) -> Absent | None:
    """Return what a row leaves out; None where nothing can stand by it, as it has no tag.

    It must not make a row fail: the default stands for what cannot be rendered.
    """
    part = part_at(scene, occurrence.number)
    if not isinstance(part, Draft | GroupDraft) or not (tag := tag_of(part)):
        return None
    render = renderer(templates, occurrence.row)

    def visit(path: str, text: str, html: bool) -> str:
        if templates.is_template(text) and any(name not in occurrence.row for name in templates.names(text)):
            raise TemplateError("a name is not bound")  # which rendering would say too, after looking for a hint
        return render(path, text, html)

    found = absent(tag, part, scene._groups, occurrence.scope)
    try:
        found = evolve(found, tag=visit("", tag, False))
    except TemplateError:
        found = evolve(found, tag=templates.pattern(tag))
    try:
        return evolve(found, at=mapped(found.at, "", visit), margin=mapped(found.margin, "", visit))
    except TemplateError:
        return evolve(found, at=default_place(part), margin=0)


def filled(scene: Scene, path: str, visit: Visit) -> Scene:
    """Return the literal scene, with `visit` applied to its strings and its loaded texts measured again."""
    new: Scene = mapped(evolve(scene, when=None, each=None), path, visit)
    items, kept = list[Item](), scene._kept_boxes
    for before, rendered in zip(scene._items, new._items, strict=True):
        items.append(_measured_again(before, rendered))
        kept = _kept_boxes(kept, before, items[-1])
    return evolve(new, items=tuple(items), kept_boxes=kept)


def _kept_boxes(known: frozenset[Any], before: Item, after: Item) -> frozenset[Any]:
    return known if is_built(before) else kept_boxes(known, clip_of(before), clip_of(after))


def _measured_again(before: Item, after: Item) -> Item:
    if isinstance(before, Draft) and isinstance(after, Draft):
        return evolve(after, clip=measured_again(before.clip, after.clip)) if before.is_loaded else after
    return measured_again(before, after)  # type: ignore[no-any-return]


def renderer(templates: Templates, row: Mapping[str, Any]) -> Visit:
    """Return a `Visit` that renders strings with a row; its errors carry the path of the field."""

    def visit(path: str, text: str, html: bool) -> str:
        if templates.is_text(text):
            return text
        with under(path):
            return templates.render(text, row, html=html) if templates.is_template(text) else text

    return visit


def template_strings(templates: Templates, walk: Callable[[Visit], object]) -> list[tuple[str, str, bool]]:
    """Return what a walk visits with each template: path, string, and whether that is HTML.

    Raise `TemplateError` with the path of a broken one.
    """
    found: list[tuple[str, str, bool]] = []

    def visit(path: str, text: str, html: bool) -> str:
        if not templates.is_text(text):
            with under(path):
                if templates.is_template(text):
                    found.append((path, text, html))
        return text

    walk(visit)
    return found
