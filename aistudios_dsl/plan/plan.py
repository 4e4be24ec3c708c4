"""A template compiled for many rows: the bytes that rendering each row alone gives, without building it anew."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from io import TextIOBase
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from attrs import evolve

from aistudios_dsl.atomic_write import WholeFile
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.errors import DslError
from aistudios_dsl.plan.program import Sheets
from aistudios_dsl.plan.segments import (
    INDEX,
    Check,
    Hole,
    Opening,
    Part,
    checks,
    decided,
    is_template,
    json_parts,
    opened,
    openings,
    skeleton,
    stood_in,
)
from aistudios_dsl.plan.strings import Reading, Strings, Written, named
from aistudios_dsl.resolve.project import is_numbered, resolve_project, setting_of, with_settings
from aistudios_dsl.templates.render import filled_project, kept_scenes, render_project
from aistudios_dsl.templates.rows import of_row
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.jsontext import canonical

_ROWS_A_WRITE = 16
_PROGRAMS_KEPT = 64
_SCENES_KEPT = 256

Answers = tuple[str | bool, ...]
Signature = tuple[Answers, tuple[tuple[tuple[int, int], Answers], ...]]
"""What a row decides: for the project, and for each scene that it keeps, with its number and repetition."""


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
        """The UTF-8 JSON of one row, equal to `template.render(row).to_json().encode()`, and so are its errors."""
        try:
            return self._programs.render(row)
        except Exception:
            with self._lock:
                self.slow_rows += 1
        # The long way says what is wrong and where, as if nothing had been tried before.
        return canonical(dump(resolve_project(render_project(self.template, row)))).encode()

    def write_jsonl(self, rows: Iterable[Mapping[str, Any]], file: str | os.PathLike[str] | BinaryIO) -> int:
        """Write a line of JSON for each row, some rows at a time, and return their number.

        A path is written beside and renamed at the end, so that it holds all rows or is not touched. Errors name the
        row, counted from 1; a file opened for text raises `DslError`.
        """
        if isinstance(file, TextIOBase):
            raise DslError("the file takes text, and the lines are bytes", hint='open it with "wb", or give its path')
        if not isinstance(file, str | os.PathLike):
            return self._write(rows, file)
        with WholeFile(Path(file)) as whole:
            whole.write(b"")  # no rows are an empty file
            count = self._write(rows, whole)
            whole.finish()
        return count

    def _write(self, rows: Iterable[Mapping[str, Any]], file: BinaryIO | WholeFile) -> int:
        count, lines = 0, self._lines(rows)
        while batch := list(islice(lines, _ROWS_A_WRITE)):
            file.write(b"\n".join([*batch, b""]))
            count += len(batch)
        return count

    def _lines(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        for number, row in enumerate(rows, 1):
            try:
                yield self.render_json(row)
            except DslError as fault:
                raise of_row(fault, number, row) from fault.__cause__


class _Scenes:
    """Where the scenes go."""


class Programs:
    """The ways a template's rows can be written: one program for each answer to what a row decides."""

    def __init__(self, template: BaseProject) -> None:
        self._template = template
        self._strings = Strings(template.environment)
        templates = self._strings.templates
        self._head = tuple(_openings_of_head(template, self._strings))
        self._openings = [openings(scene, index, templates) for index, scene in enumerate(template.scenes)]
        self._asked = [_Asked(self._strings, found) for found in (self._head, *self._openings)]
        self._known: dict[Signature, list[tuple[int, Sheets]]] = {}
        self._skeletons: dict[Any, tuple[Part, ...]] = {}
        self._conditional = any(scene.when is not None or scene.each is not None for scene in template.scenes)
        self._origins = tuple((index, 0) for index in range(len(template.scenes)))
        self._decides = any(asked.found for asked in self._asked)
        self._once_only = self._names_of_conditions()
        self._static = None if self._conditional or self._decides else self._only_program()

    def _names_of_conditions(self) -> set[str]:
        templates, found = self._strings.templates, set[str]()
        for scene in self._template.scenes:
            if scene.each is not None:
                found.update(templates.expression_names(templates.each(scene.each)[1]))
            if scene.when is not None:
                found.update(templates.expression_names(scene.when))
        return found

    def _only_program(self) -> Sheets | None:
        try:
            [(_, sheets)] = self._program(((), tuple((origin, ()) for origin in self._origins)))
        except Exception:
            # Something is wrong with the template whatever the row: each row will say so.
            return None
        return sheets

    def render(self, row: Mapping[str, Any] | None) -> bytes:
        """The JSON of a row; any exception says no more than that this row has to be rendered the long way."""
        if self._static is not None:
            return self._static.fill({**row} if isinstance(row, dict) else _values(row))
        values = _values(row)
        signature, scopes = self._signature(values)
        program = self._known.get(signature)
        if program is None:
            program = self._program(signature)
            _keep(self._known, signature, program, _PROGRAMS_KEPT)
        return b"".join([sheets.fill(scopes[scope]) for scope, sheets in program])

    def _signature(self, values: Mapping[str, Any]) -> tuple[Signature, list[Mapping[str, Any]]]:
        for name in self._once_only:
            if hasattr(values.get(name), "__next__"):
                raise TypeError(f"{name} can be read only once")
        kept = list(kept_scenes(self._template.scenes, self._strings.templates, values))
        answers = tuple((origin, self._asked[origin[0] + 1](bound)) for origin, bound in kept)
        return (self._asked[0](values), answers), [values, *(bound for _, bound in kept)]

    def _program(self, signature: Signature) -> list[tuple[int, Sheets]]:
        """Stretches of JSON, each with the scope that its names are read in: 0 the row, n the row of the nth scene."""
        literal = self._literal(signature)
        if not literal.scenes and literal._loaded is None:
            raise ValueError("no scenes")
        document = dump(with_settings(literal, ()))
        document["scenes"] = Hole("", b"[", _SCENES, b"]")
        head = tuple(json_parts(document))
        stretches = [(0, list[Part](), list(checks(self._head, head)))]
        for part in head:
            if part is not _SCENES:
                stretches[-1][1].append(part)
                continue
            for number, (scope, parts, own) in enumerate(self._scenes(literal, signature)):
                if stretches[-1][0] != scope:
                    stretches.append((scope, [], []))
                stretches[-1][1].extend([b"," if number else b"", *(_numbered(part, number) for part in parts)])
                stretches[-1][2].extend(own)
            if stretches[-1][0]:
                stretches.append((0, [], []))
        return [(scope, Sheets(self._strings, parts, own)) for scope, parts, own in stretches]

    def _literal(self, signature: Signature) -> BaseProject:
        head, scenes = signature
        literals = []
        for origin, answers in scenes:
            index = origin[0]
            scene = stood_in(self._template.scenes[index], index, self._openings[index], answers)
            literals.append(evolve(scene, origin=origin))
        return filled_project(self._template, tuple(literals), opened(self._head, head))

    def _scenes(
        self, literal: BaseProject, signature: Signature
    ) -> Iterator[tuple[int, tuple[Part, ...], list[Check]]]:
        setting, numbered = setting_of(literal), is_numbered(literal)
        for number, (origin, answers) in enumerate(signature[1]):
            scene = self._template.scenes[origin[0]]
            key = origin, answers, setting.orientation, setting.taken, numbered
            parts = self._skeletons.get(key)
            if parts is None:
                parts = skeleton(scene, literal.scenes[number], setting, numbered=numbered)
                _keep(self._skeletons, key, parts, _SCENES_KEPT)
            own = list(checks(self._openings[origin[0]], parts))
            if any(check.judge is str.encode for check in own):
                raise ValueError("a string of the scene does not come through, so something else was made of it")
            yield 0 if scene.each is None else number + 1, parts, own


_SCENES: Any = _Scenes()


def _keep(kept: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    if len(kept) >= most:
        kept.clear()
    kept[key] = value


def _numbered(part: Part, number: int) -> Part:
    return str(number).encode() if part is INDEX else part


def _values(row: Mapping[Any, Any] | None) -> dict[str, Any]:
    if not isinstance(row, Mapping | None):
        raise TypeError("a row is a mapping")
    return named(row or {})


def _openings_of_head(template: BaseProject, strings: Strings) -> list[Opening]:
    found: list[Opening] = []

    def visit(path: str, text: str, html: bool) -> str:
        if is_template(strings.templates, path, text):
            role: Any = "deciding" if path in ("orientation", "resolution") else "free"
            found.append(Opening(path, Written(text, html), role))
        return text

    filled_project(template, (), visit)
    return found


class _Asked:
    """The strings of a scene, or of the project, that decide more than themselves."""

    def __init__(self, strings: Strings, found: Iterable[Opening]) -> None:
        self.found = [opening for opening in found if opening.role in ("deciding", "backdrop")]
        self._strings = strings
        written = [opening.written for opening in self.found]
        self._names = strings.names(written)
        self._readers = {one: strings.reader(one) for one in written}

    def __call__(self, values: Mapping[str, Any]) -> Answers:
        if not self.found:
            return ()
        reading = Reading(self._strings, values, *self._names)
        answers = decided(self.found, lambda written: self._readers[written](reading))
        reading.close()
        for answer in answers:
            str(answer).encode()
        return answers
