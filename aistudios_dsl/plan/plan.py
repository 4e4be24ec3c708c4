"""A template compiled for many rows: the bytes of rendering each row, without building the project for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from io import TextIOBase
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO

from attrs import evolve

from aistudios_dsl.atomic_write import AtomicFile
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.errors import DslError, expect
from aistudios_dsl.layout.geometry import canvas
from aistudios_dsl.plan.choices import Answers, Choices, Decisions, RowIds
from aistudios_dsl.plan.conditional import ConditionalScene, made_ids
from aistudios_dsl.plan.generated import source_of
from aistudios_dsl.plan.kept import Kept
from aistudios_dsl.plan.program import RowWriter
from aistudios_dsl.plan.segments import (
    Hole,
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
from aistudios_dsl.templates.expansion import conditions, part_of
from aistudios_dsl.templates.render import filled, filled_project, for_each_row, kept_scenes, render_project
from aistudios_dsl.templates.values import KeyedRow, row_values
from aistudios_dsl.view.asked import asked_of
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical

if TYPE_CHECKING:
    from aistudios_dsl.templates.frames import DataFrame

_ROWS_A_WRITE = 16
_PROGRAMS_KEPT = 64
_SCENES_KEPT = 256
_CONDITIONAL_KEPT = 16

Signature = tuple[Answers, tuple[tuple[tuple[int, int], Answers], ...]]
"""What a row decides: for the project, and for each scene that it keeps, with its number and repetition."""
Write = Callable[..., bytes]
Writers = tuple[Write, list[tuple[int, Write]], set[str]]
"""What writes a row, what writes each scene for its holes from the row as the nth scene binds it, and the ids that are
made in scenes whose clips do not depend on the row."""


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

    def source(self) -> str:
        """Return the Python functions that the plan has generated so far, to be read.

        Each follows the values that its names stand for. Rows that need other functions add them.

        >>> from aistudios_dsl import Project
        >>> print(Project("For {{ name }}").scene().compile().source().splitlines()[-1])
            return written
        """
        return source_of(self._programs.strings)

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
        self.strings: Strings = Strings(template.environment)
        templates = self.strings.templates
        self._parts = [part_of(scene, index) for index, scene in enumerate(template.scenes)]
        found = [conditions(part, templates) for part in self._parts]
        self._read_twice = {name for each in found for names in each.values() for name in names}
        deciding = ("orientation", "resolution")
        self._head = open_fields(
            templates,
            partial(filled_project, template, ()),
            lambda path: ("deciding" if path in deciding else "free", -1, path),
        )
        self._fields = [open_fields_of_scene(scene, index, templates) for index, scene in enumerate(template.scenes)]
        self._choices = {
            index: Choices(self.strings, template.scenes[index], part, self._fields[index], template.theme)
            for index, part in enumerate(self._parts)
            if part.parts
        }
        self._bare = list(template.scenes)
        for index, choices in self._choices.items():
            self._bare[index], self._fields[index] = choices.bare(), tuple(choices.head)
        self._decisions = [Decisions(self.strings, found, template.theme) for found in (self._head, *self._fields)]
        self._writers = lru_cache(_PROGRAMS_KEPT)(self._new_writers)
        self._conditional_scenes = Kept(_CONDITIONAL_KEPT)
        self._scene_segments, self._scene_writers = Kept(_SCENES_KEPT), Kept(_SCENES_KEPT)
        self._only = self._only_writer()

    def _only_writer(self) -> Write | None:
        """Return the one way to write a template in which a row decides nothing."""
        conditional = any(part.parts or part.when is not None or part.each is not None for part in self._parts)
        if conditional or any(decisions.fields for decisions in self._decisions):
            return None
        try:
            write, _, _ = self._new_writers(((), tuple(((index, 0), ()) for index in range(len(self._parts)))))
        except Exception:
            # The template is at fault, whatever the row: each row will say so.
            return None
        return write

    def _measured(self, row: Mapping[str, Any] | KeyedRow | None) -> bytes:
        with self._template._measuring():
            return self._written(row)

    def _written(self, row: Mapping[str, Any] | KeyedRow | None) -> bytes:
        values, ids = row_values(row), RowIds()
        if self._only is not None:
            return self._only(values)
        signature, scopes = self._signature(values, ids)
        write, others, made = self._writers(signature)
        written = write(values, [write_scene(scopes[scope]) for scope, write_scene in others])
        if ids.given and not ids.given.isdisjoint(ids.made | made):
            raise ValueError("an id that is given could have been made for another clip")
        return written

    def _signature(self, values: Mapping[str, Any], ids: RowIds) -> tuple[Signature, list[Any]]:
        for name in self._read_twice:
            if hasattr(values.get(name), "__next__"):
                raise TypeError(f"{name} can be read only once")
        scopes: list[Any] = [values]
        answers = []
        for origin, bound, repetitions in kept_scenes(self._parts, self.strings.templates, values):
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
        segments: list[Segment] = [*(field.slot for field in self._head), Hole("scenes")]
        document = dump(with_settings(literal, ()))
        document["scenes"] = [token(len(self._head), "value")]
        theme, own, others = self._template.theme, list[Segment](), list[tuple[int, Any]]()
        head, made, taken = tuple(cut(document, segments)), set[str](), setting_of(literal).taken
        validated = list(checks(self._head, head, theme))
        for segment in head:
            if segment != Hole("scenes"):
                own.append(segment)
                continue
            for number, (scene, found) in enumerate(self._scenes(literal, signature)):
                own.append(b"," if number else b"")
                origin = signature[1][number][0]
                if self._choices and origin[0] not in self._choices:
                    made |= made_ids(literal.scenes[number], origin, taken)
                if isinstance(scene, tuple):
                    own += [_numbered(part, number) for part in scene]
                    validated += found
                else:
                    own.append(Hole("scene"))
                    others.append((number + 1, scene))
        return RowWriter(self.strings, own, validated, theme).write, others, made

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
    ) -> Iterator[tuple[tuple[Segment, ...] | Write, list[StringCheck]]]:
        """Yield the segments of each scene, and the checks of its strings; or what writes it in a scope of its own."""
        setting, numbered = setting_of(literal), is_numbered(literal)
        for number, (origin, answers) in enumerate(signature[1]):
            index, bare = origin[0], literal.scenes[number]
            scene, fields, choices = self._template.scenes[index], self._fields[index], self._choices.get(index)
            key: Any = answers, setting.orientation, setting.taken, numbered
            if choices:
                make = partial(ConditionalScene, choices, bare, setting, numbered=numbered)
                of_clips: ConditionalScene = self._conditional_scenes.of((index, *key), make)
                yield partial(of_clips.write, number=number, origin=origin), []
                continue
            counted = numbered and not has_own_number(scene)
            segments: tuple[Segment, ...] = self._scene_segments.of(
                (origin, *key), partial(scene_segments, scene, bare, fields, setting, numbered=counted)
            )
            own = list(checks(fields, segments, setting.theme))
            if any(validate is str.encode for _, validate in own):
                raise ValueError("a string of the scene is not in its JSON, so something else was made of it")
            if scene.each is None:
                yield segments, own
                continue
            parts = [_numbered(part, number) for part in segments]
            writer = partial(RowWriter, self.strings, parts, own, setting.theme)
            yield self._scene_writers.of((origin, number, *key), writer).write, []


def _numbered(segment: Segment, number: int) -> Segment:
    return str(number).encode() if segment == Hole("number") else segment
