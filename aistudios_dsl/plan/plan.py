"""A template compiled for many rows: the bytes of rendering each row, without building the project for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache, partial
from io import TextIOBase
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from attrs import evolve

from aistudios_dsl.atomic_write import AtomicFile
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.errors import DslError, expect
from aistudios_dsl.plan.program import RowWriter
from aistudios_dsl.plan.segments import (
    ANSWERING,
    OpenField,
    Role,
    Segment,
    StringCheck,
    checks,
    cut,
    decided,
    open_fields,
    open_fields_of_scene,
    placeholders,
    scene_segments,
    token,
)
from aistudios_dsl.plan.strings import RowStrings, Strings
from aistudios_dsl.resolve.project import has_own_number, is_numbered, resolve_project, setting_of, with_settings
from aistudios_dsl.templates.pending import conditions, texts_in_old_boxes
from aistudios_dsl.templates.render import filled, filled_project, for_each_row, kept_scenes, render_project, row_values
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical

_ROWS_A_WRITE = 16
_PROGRAMS_KEPT = 64
_SCENES_KEPT = 256

Answers = tuple[str | bool, ...]
Signature = tuple[Answers, tuple[tuple[tuple[int, int], Answers], ...]]
"""What a row decides: for the project, and for each scene that it keeps, with its number and repetition."""
Writers = list[tuple[int, RowWriter]]
"""Writers for stretches of JSON, each with the scope of its names: 0 the row, n the row as the nth scene binds it."""


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

    def render_json(self, row: Mapping[str, Any] | None = None, /) -> bytes:
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

    def script_clips(self, row: Mapping[str, Any]) -> list[int]:
        """Return how many clips the script has in each scene that a row keeps, as `checked` takes them."""
        return self._programs.script_clips(row)

    def old_boxes(self, row: Mapping[str, Any]) -> list[list[int]]:
        """Return, for each scene that a row keeps, the texts with other words than their boxes were made for."""
        return self._programs.old_boxes(row)

    def write_jsonl(self, rows: Iterable[Mapping[str, Any]], file: str | os.PathLike[str] | BinaryIO) -> int:
        """Write one line of JSON for each row, a few rows at a time.

        Args:
            rows: The values of each row by name; read as they are written.
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

    def _write(self, rows: Iterable[Mapping[str, Any]], file: BinaryIO | AtomicFile) -> int:
        count, lines = 0, for_each_row(rows, self.render_json)
        while batch := list(islice(lines, _ROWS_A_WRITE)):
            file.write(b"\n".join([*batch, b""]))
            count += len(batch)
        return count


class Programs:
    """The ways in which a template's rows are written: one program for each answer to what a row decides."""

    def __init__(self, template: BaseProject) -> None:
        self._template = template
        self._strings = Strings(template.environment)
        templates = self._strings.templates
        found = [conditions(scene, index, templates) for index, scene in enumerate(template.scenes)]
        self._read_twice = {name for each in found for names in each.values() for name in names}
        self._head = open_fields(templates, partial(filled_project, template, ()), _place_in_head)
        self._fields = [open_fields_of_scene(scene, index, templates) for index, scene in enumerate(template.scenes)]
        self._decisions = [_Decisions(self._strings, found) for found in (self._head, *self._fields)]
        self._writers = lru_cache(_PROGRAMS_KEPT)(self._new_writers)
        self._scene_segments: dict[Any, tuple[Segment, ...]] = {}
        self._only = self._only_writer()

    def _only_writer(self) -> RowWriter | None:
        """Return the one writer of a template in which a row decides nothing."""
        scenes = self._template.scenes
        conditional = any(scene.when is not None or scene.each is not None for scene in scenes)
        if conditional or any(decisions.fields for decisions in self._decisions):
            return None
        try:
            [(_, writer)] = self._new_writers(((), tuple(((index, 0), ()) for index in range(len(scenes)))))
        except Exception:
            # The template is at fault, whatever the row: each row will say so.
            return None
        return writer

    def render(self, row: Mapping[str, Any] | None) -> bytes:
        """Return the JSON of a row. An exception says only that this row has to be rendered the long way."""
        if self._only is not None:
            return self._only.write({**row} if isinstance(row, dict) else row_values(row))
        values = row_values(row)
        signature, scopes = self._signature(values)
        return b"".join([writer.write(scopes[scope]) for scope, writer in self._writers(signature)])

    def script_clips(self, row: Mapping[str, Any]) -> list[int]:
        """Return how many clips the script has in each scene that a row keeps."""
        scenes = self._template.scenes
        kept = kept_scenes(scenes, self._strings.templates, row_values(row))
        return [len(scenes[origin[0]]._items) for origin, _ in kept]

    def old_boxes(self, row: Mapping[str, Any]) -> list[list[int]]:
        """Return the texts of each scene that a row keeps with other words than their boxes were made for."""
        kept = kept_scenes(self._template.scenes, self._strings.templates, row_values(row))
        return [self._old_boxes[origin[0]] for origin, _ in kept]

    @cached_property
    def _old_boxes(self) -> list[list[int]]:
        waiting = {field.path for found in self._fields for field in found}
        return [texts_in_old_boxes(scene, index, waiting) for index, scene in enumerate(self._template.scenes)]

    def _signature(self, values: Mapping[str, Any]) -> tuple[Signature, list[Mapping[str, Any]]]:
        for name in self._read_twice:
            if hasattr(values.get(name), "__next__"):
                raise TypeError(f"{name} can be read only once")
        kept = list(kept_scenes(self._template.scenes, self._strings.templates, values))
        answers = tuple((origin, self._decisions[origin[0] + 1](bound)) for origin, bound in kept)
        return (self._decisions[0](values), answers), [values, *(bound for _, bound in kept)]

    def _new_writers(self, signature: Signature) -> Writers:
        literal = self._literal(signature)
        if not literal.scenes and literal._loaded is None:
            raise ValueError("no scenes")
        segments: list[Segment] = [*(field.slot for field in self._head), "scenes"]
        document = dump(with_settings(literal, ()))
        document["scenes"] = [token(len(self._head), "value")]
        head = tuple(cut(document, segments))
        stretches = [(0, list[Segment](), list(checks(self._head, head)))]
        for segment in head:
            if segment != "scenes":
                stretches[-1][1].append(segment)
                continue
            for number, (scope, parts, own) in enumerate(self._scenes(literal, signature)):
                if stretches[-1][0] != scope:
                    stretches.append((scope, [], []))
                stretches[-1][1].extend([b"," if number else b"", *(_numbered(part, number) for part in parts)])
                stretches[-1][2].extend(own)
            if stretches[-1][0]:
                stretches.append((0, [], []))
        return [(scope, RowWriter(self._strings, parts, own)) for scope, parts, own in stretches]

    def _literal(self, signature: Signature) -> BaseProject:
        head, scenes = signature
        literals = []
        for origin, answers in scenes:
            index = origin[0]
            visit = placeholders(self._fields[index], answers)
            scene = filled(self._template.scenes[index], f"scenes[{index}]", visit)
            literals.append(evolve(scene, origin=origin))
        return filled_project(self._template, tuple(literals), placeholders(self._head, head))

    def _scenes(
        self, literal: BaseProject, signature: Signature
    ) -> Iterator[tuple[int, tuple[Segment, ...], list[StringCheck]]]:
        setting, numbered = setting_of(literal), is_numbered(literal)
        for number, (origin, answers) in enumerate(signature[1]):
            scene, fields = self._template.scenes[origin[0]], self._fields[origin[0]]
            key = origin, answers, setting.orientation, setting.taken, numbered
            counted = numbered and not has_own_number(scene)
            segments = self._scene_segments.get(key)
            if segments is None:
                if len(self._scene_segments) >= _SCENES_KEPT:
                    self._scene_segments.clear()
                segments = scene_segments(scene, literal.scenes[number], fields, setting, numbered=counted)
                self._scene_segments[key] = segments
            own = list(checks(fields, segments))
            if any(validate is str.encode for _, validate in own):
                raise ValueError("a string of the scene is not in its JSON, so something else was made of it")
            yield 0 if scene.each is None else number + 1, segments, own


def _numbered(segment: Segment, number: int) -> Segment:
    return str(number).encode() if segment == "number" else segment


def _place_in_head(path: str) -> tuple[Role, int, str]:
    return "deciding" if path in ("orientation", "resolution") else "free", -1, path


class _Decisions:
    """The strings of a scene, or of the project, that decide more than themselves."""

    def __init__(self, strings: Strings, found: Iterable[OpenField]) -> None:
        self.fields = [field for field in found if field.role in ANSWERING]
        self._strings = strings
        self._names = strings.names(field.string for field in self.fields)
        self._readers = [strings.reader(field.string) for field in self.fields]

    def __call__(self, values: Mapping[str, Any]) -> Answers:
        if not self.fields:
            return ()
        row = RowStrings(self._strings, values, *self._names)
        answers = decided(self.fields, [read(row) for read in self._readers])
        row.close()
        for answer in answers:
            str(answer).encode()
        return answers
