"""A template compiled for many rows: the bytes of rendering each row, without building the project for each."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from io import TextIOBase
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO

from attrs import evolve, frozen

from aistudios_dsl.atomic_write import AtomicFile
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.errors import DslError, expect
from aistudios_dsl.layout.geometry import canvas
from aistudios_dsl.plan.choices import Answers, Choices, Decisions, RowIds
from aistudios_dsl.plan.conditional import ConditionalScene, made_ids
from aistudios_dsl.plan.program import RowWriter
from aistudios_dsl.plan.segments import (
    Role,
    Segment,
    StringCheck,
    checks,
    cut,
    open_fields,
    open_fields_of_scene,
    placeholders,
    scene_segments,
    token,
)
from aistudios_dsl.plan.strings import Strings
from aistudios_dsl.resolve.project import has_own_number, is_numbered, resolve_project, setting_of, with_settings
from aistudios_dsl.resolve.rooms import Setting
from aistudios_dsl.templates.expansion import conditions, part_of
from aistudios_dsl.templates.render import filled, filled_project, for_each_row, kept_scenes, render_project
from aistudios_dsl.templates.values import KeyedRow, plain_values, row_values
from aistudios_dsl.view.asked import asked_of
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical

if TYPE_CHECKING:
    from aistudios_dsl.templates.frames import DataFrame

_ROW = re.compile(r"\brow\b")
_ROWS_A_WRITE = 16
_PROGRAMS_KEPT = 64
_SCENES_KEPT = 256
_CONDITIONAL_KEPT = 16

Signature = tuple[Answers, tuple[tuple[tuple[int, int], Answers], ...]]
"""What a row decides: for the project, and for each scene that it keeps, with its number and repetition."""
Write = Callable[[Any], bytes]
Writers = list[tuple[int, Write]]
"""What writes stretches of JSON, each with the scope of its names: 0 the row, n the row as the nth scene binds it."""


class Plan:
    """What `Project.compile()` gives. It pickles, and threads may share it.

    `slow_rows` counts the rows that had to be rendered the long way; those that cannot be rendered are among them.
    """

    def __init__(self, template: BaseProject) -> None:
        self.template = template
        self.slow_rows: int = 0
        self._lock = Lock()
        self._programs = Programs(template)

    def __reduce__(self) -> tuple[type[Plan], tuple[BaseProject]]:
        return Plan, (self.template,)

    def render_json(self, row: Mapping[str, Any] | KeyedRow | None = None, /) -> bytes:
        """Return the UTF-8 JSON of one row: the bytes, or the error, of `template.render(row).to_json().encode()`.

        >>> from aistudios_dsl import Project
        >>> Project("For {{ name }}").scene().compile().render_json({"name": "Ann"})[:18]
        b'{"name":"For Ann",'
        """
        try:
            return self._programs.render(row)
        except Exception:
            with self._lock:
                self.slow_rows += 1
        # The long way says what is wrong and where, as if nothing had been tried before.
        return canonical(dump(resolve_project(render_project(self.template, row)))).encode()

    def of_script(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the JSON of a row does not tell of its script, as `checked` takes it."""
        project = render_project(self.template, row)
        area = canvas(project.orientation)
        return {
            "script_clips": [len(scene._items) for scene in project.scenes],
            "asked": [asked_of(scene, area) for scene in project.scenes],
        }

    def write_jsonl(self, rows: Iterable[Any] | DataFrame, file: str | os.PathLike[str] | BinaryIO) -> int:
        """Write one line of JSON for each row, a few rows at a time.

        Args:
            rows: The values of each row by name, or a data frame; read as they are written.
            file: A path, which appears when all rows are written, or a file opened for bytes.

        Returns:
            The number of rows.

        Raises:
            DslError: A row cannot be rendered (its number, from 1, is in the path), or the file is opened for text.
        """
        if isinstance(file, TextIOBase):
            raise DslError("the file takes text, and the lines are bytes", hint='open it with "wb", or give its path')
        if not isinstance(file, str | os.PathLike):
            expect(getattr(file, "write", None), Callable, "file must be a path or a file opened for bytes")
            return self._write(rows, file)
        with AtomicFile(Path(file)) as whole:
            whole.write(b"")  # no rows are an empty file
            count = self._write(rows, whole)
            whole.finish()
        return count

    def _write(self, rows: Iterable[Any] | DataFrame, file: BinaryIO | AtomicFile) -> int:
        count, lines = 0, for_each_row(rows, self.render_json)
        while batch := list(islice(lines, _ROWS_A_WRITE)):
            file.write(b"\n".join([*batch, b""]))
            count += len(batch)
        return count


class Programs:
    """The ways in which a template's rows are written: one program for each answer to what a row decides."""

    def __init__(self, template: BaseProject) -> None:
        with template._measuring():
            self._read(template)
        self.render: Callable[[Mapping[str, Any] | KeyedRow | None], bytes] = (
            self._written if template.fonts is None and template.locale is None else self._measured
        )
        """Returns the JSON of a row. An exception says only that this row has to be rendered the long way."""

    def _read(self, template: BaseProject) -> None:
        self._template = template
        self._strings = Strings(template.environment)
        templates = self._strings.templates
        self._parts = [part_of(scene, index) for index, scene in enumerate(template.scenes)]
        found = [conditions(part, templates) for part in self._parts]
        self._read_twice = {name for each in found for names in each.values() for name in names}
        self._head = open_fields(templates, partial(filled_project, template, ()), _place_in_head)
        self._fields = [open_fields_of_scene(scene, index, templates) for index, scene in enumerate(template.scenes)]
        self._choices = {
            index: Choices(self._strings, template.scenes[index], part, self._fields[index], template.theme)
            for index, part in enumerate(self._parts)
            if part.parts
        }
        self._reads_row = any(map(_ROW.search, self._all_strings()))
        self._bare = list(template.scenes)
        for index, choices in self._choices.items():
            self._bare[index], self._fields[index] = choices.bare(), tuple(choices.head)
        self._decisions = [Decisions(self._strings, found, template.theme) for found in (self._head, *self._fields)]
        self._writers = lru_cache(_PROGRAMS_KEPT)(self._new_writers)
        self._made = lru_cache(_PROGRAMS_KEPT)(self._made_ids)
        self._scene_segments: dict[Any, tuple[Segment, ...]] = {}
        self._conditional_scenes: dict[Any, ConditionalScene] = {}
        self._only = self._only_writer()

    def _all_strings(self) -> Iterator[str]:
        """Yield the strings and the expressions that rows are rendered with."""
        yield from (field.string.text for found in (self._head, *self._fields) for field in found)
        waiting = list(self._parts)
        while waiting:
            part = waiting.pop()
            yield from filter(None, (part.when, part.each))
            waiting += part.parts

    def _only_writer(self) -> Write | None:
        """Return the one way to write a template in which a row decides nothing."""
        conditional = any(part.parts or part.when is not None or part.each is not None for part in self._parts)
        if conditional or any(decisions.fields for decisions in self._decisions):
            return None
        try:
            [(_, write)] = self._new_writers(((), tuple(((index, 0), ()) for index in range(len(self._parts)))))
        except Exception:
            # The template is at fault, whatever the row: each row will say so.
            return None
        return write

    def _measured(self, row: Mapping[str, Any] | KeyedRow | None) -> bytes:
        with self._template._measuring():
            return self._written(row)

    def _written(self, row: Mapping[str, Any] | KeyedRow | None) -> bytes:
        if self._only is not None:
            values = None if self._reads_row else plain_values(row)
            return self._only(row_values(row) if values is None else values)
        values, ids = row_values(row), RowIds()
        signature, scopes = self._signature(values, ids)
        written = b"".join([write(scopes[scope]) for scope, write in self._writers(signature)])
        if ids.given and not ids.given.isdisjoint(ids.made | self._made(signature)):
            raise ValueError("an id that is given could have been made for another clip")
        return written

    def _made_ids(self, signature: Signature) -> set[str]:
        """Return the ids that are made in scenes whose clips do not depend on the row."""
        literal = self._literal(signature)
        taken, pairs = setting_of(literal).taken, zip(literal.scenes, signature[1], strict=True)
        found = [made_ids(scene, origin, taken) for scene, (origin, _) in pairs if origin[0] not in self._choices]
        return set().union(*found)

    def _signature(self, values: Mapping[str, Any], ids: RowIds) -> tuple[Signature, list[Any]]:
        for name in self._read_twice:
            if hasattr(values.get(name), "__next__"):
                raise TypeError(f"{name} can be read only once")
        scopes: list[Any] = [values]
        answers = []
        for origin, bound, repetitions in kept_scenes(self._parts, self._strings.templates, values):
            index = origin[0]
            answers.append((origin, self._decisions[index + 1](bound)))
            choices = self._choices.get(index)
            found = choices and choices.kept(bound, repetitions.expanded(self._parts[index], bound), ids)
            scopes.append(found or bound)
        return (self._decisions[0](values), tuple(answers)), scopes

    def _new_writers(self, signature: Signature) -> Writers:
        literal = self._literal(signature)
        if not literal.scenes and literal._loaded is None:
            raise ValueError("no scenes")
        segments: list[Segment] = [*(field.slot for field in self._head), "scenes"]
        document = dump(with_settings(literal, ()))
        document["scenes"] = [token(len(self._head), "value")]
        head = tuple(cut(document, segments))
        stretches = [_Stretch(0, [], list(checks(self._head, head, self._template.theme)))]
        for segment in head:
            if segment != "scenes":
                stretches[-1].segments.append(segment)
                continue
            for number, (scope, scene, own) in enumerate(self._scenes(literal, signature)):
                comma = b"," if number else b""
                if isinstance(scene, ConditionalScene):
                    _on(stretches, 0).segments.append(comma)
                    origin = signature[1][number][0]
                    stretches.append(_Stretch(scope, [], [], partial(scene.write, number=number, origin=origin)))
                    continue
                stretch = _on(stretches, scope)
                stretch.segments.extend([comma, *(_numbered(part, number) for part in scene)])
                stretch.checks.extend(own)
            _on(stretches, 0)
        return [(each.scope, each.write or self._writer(each)) for each in stretches]

    def _writer(self, stretch: _Stretch) -> Write:
        return RowWriter(self._strings, stretch.segments, stretch.checks, self._template.theme).write

    def _literal(self, signature: Signature) -> BaseProject:
        head, scenes = signature
        literals = []
        for origin, answers in scenes:
            index = origin[0]
            visit = placeholders(self._fields[index], answers)
            scene = filled(self._bare[index], f"scenes[{index}]", visit)
            literals.append(evolve(scene, origin=origin))
        return filled_project(self._template, tuple(literals), placeholders(self._head, head))

    def _scenes(
        self, literal: BaseProject, signature: Signature
    ) -> Iterator[tuple[int, tuple[Segment, ...] | ConditionalScene, list[StringCheck]]]:
        """Yield the scope of each scene, its segments or what writes it, and the checks of its strings."""
        setting, numbered = setting_of(literal), is_numbered(literal)
        for number, (origin, answers) in enumerate(signature[1]):
            if origin[0] in self._choices:
                yield number + 1, self._conditional(literal.scenes[number], origin[0], answers, setting, numbered), []
                continue
            scene, fields = self._template.scenes[origin[0]], self._fields[origin[0]]
            key = origin, answers, setting.orientation, setting.taken, numbered
            counted = numbered and not has_own_number(scene)
            segments = self._scene_segments.get(key)
            if segments is None:
                if len(self._scene_segments) >= _SCENES_KEPT:
                    self._scene_segments.clear()
                segments = scene_segments(scene, literal.scenes[number], fields, setting, numbered=counted)
                self._scene_segments[key] = segments
            own = list(checks(fields, segments, setting.theme))
            if any(validate is str.encode for _, validate in own):
                raise ValueError("a string of the scene is not in its JSON, so something else was made of it")
            yield 0 if scene.each is None else number + 1, segments, own

    def _conditional(
        self, literal: Scene, index: int, answers: Answers, setting: Setting, numbered: bool
    ) -> ConditionalScene:
        key = index, answers, setting.orientation, setting.taken, numbered
        found = self._conditional_scenes.get(key)
        if found is None:
            if len(self._conditional_scenes) >= _CONDITIONAL_KEPT:
                self._conditional_scenes.clear()
            found = ConditionalScene(self._choices[index], literal, setting, numbered=numbered)
            self._conditional_scenes[key] = found
        return found


@frozen
class _Stretch:
    """Segments of JSON under one scope, and the checks of their strings; or what writes a scene."""

    scope: int
    segments: list[Segment]
    checks: list[StringCheck]
    write: Write | None = None


def _on(stretches: list[_Stretch], scope: int) -> _Stretch:
    """Return the stretch of a scope to go on with."""
    if stretches[-1].scope != scope or stretches[-1].write:
        stretches.append(_Stretch(scope, [], []))
    return stretches[-1]


def _numbered(segment: Segment, number: int) -> Segment:
    return str(number).encode() if segment == "number" else segment


def _place_in_head(path: str) -> tuple[Role, int, str]:
    return "deciding" if path in ("orientation", "resolution") else "free", -1, path
