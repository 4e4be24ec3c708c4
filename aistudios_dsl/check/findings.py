"""Findings: what is wrong, or likely not meant, in a resolved project, before it costs credits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from attrs import asdict, frozen

from aistudios_dsl.check.rules import (
    RULES,
    Hit,
    ProjectView,
    Rule,
    Severity,
    document,
    first_words,
    layout,
    media,
    speech,
)
from aistudios_dsl.errors import DslError, did_you_mean
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.view.scene import scene_views
from aistudios_dsl.wire.codec import load
from aistudios_dsl.wire.jsontext import parse
from aistudios_dsl.wire.nodes import Project, Text

MODULES = (layout, speech, media, document)
"""Where the rules stand; importing them enters each into the table."""
CODES = tuple(RULES)
"""Every code; docs/checks.md shows each with an example."""

RANK: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}
"""The severities, the gravest first."""
_INDEX = re.compile(r"^scenes\[(\d+)\](?:\.clips\[(\d+)\])?")


@frozen
class Finding:
    """One finding: `code` is stable, `path` its place such as `scenes[1].clips[2]`, `boxes` where it is seen (px).

    `severity`: an "error" is surely wrong, a "warning" likely, a "note" is worth knowing. `remedy`: what to do.
    """

    code: str
    severity: Severity
    message: str
    path: str
    tag: str = ""
    boxes: tuple[Box, ...] = ()
    remedy: str = ""
    text: str = ""
    """The first words of a text without a tag, to find it by."""

    def __str__(self) -> str:
        where = " ".join(filter(None, (self.path, self.name)))
        return f"{self.severity} {self.code}: {f'{where}: ' if where else ''}{self.message}\n  {self.remedy}"

    @property
    def name(self) -> str:
        """What its clip is known by, in brackets: its tag, else the first words of its text; "" where it has neither.

        >>> Finding("unsafe-area", "warning", "", "scenes[0].clips[2]", text="Hello").name
        "('Hello')"
        """
        return f"(tag {self.tag!r})" if self.tag else f"({self.text!r})" if self.text else ""

    @property
    def scene(self) -> int | None:
        """The number of its scene, from 0; None where it is about the project.

        >>> Finding("off-canvas", "error", "the image is wholly off the canvas", "scenes[1].clips[2]").scene
        1
        """
        found = _INDEX.match(self.path)
        return int(found[1]) if found else None

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON; boxes as objects of left, top, width, height (px) and angle (degrees)."""
        return {**asdict(self, recurse=False), "boxes": [asdict(box) for box in self.boxes]}


def check(
    project: Project, pending: Mapping[str, tuple[str, ...]] | None = None, *, ignore: Iterable[str] = ()
) -> list[Finding]:
    """The findings of a resolved project, scene by scene, the gravest first; none where all is well.

    `pending`: the variables that its templates wait for, by field. `ignore`: codes, or "code:tag" for one clip's;
    `DslError` with the nearest for a code that is none.
    """
    ignored = [_ignored(text) for text in ignore]
    view = ProjectView(project, scene_views(project), pending or {})
    found = (_finding(rule, hit, project) for rule in RULES.values() for hit in rule.find(view))
    kept = (finding for finding in found if not any(_is(finding, *one) for one in ignored))
    return sorted(kept, key=_order)


def checked(payload: str | bytes | Mapping[str, Any], *, ignore: Iterable[str] = ()) -> list[Finding]:
    """The findings of a payload as it would be sent, braces being text; `ignore` as `check` has it.

    Raises `LoadError` where it is no project at all.

    >>> [finding.code for finding in checked('{"scenes": [{"background": {}, "clips": [], "sceneIdx": 1}]}')]
    ['scene-order', 'empty-scene']
    """
    document = parse(payload) if isinstance(payload, str | bytes) else payload
    return check(load(document), ignore=ignore)


def _finding(rule: Rule, hit: Hit, project: Project) -> Finding:
    remedy = hit.remedy or rule.remedy
    words = "" if hit.tag else _words(hit.path, project)
    return Finding(rule.code, rule.severity, hit.message, hit.path, hit.tag, hit.boxes, remedy, words)


def _words(path: str, project: Project) -> str:
    """The first words of the text that a path leads to."""
    found = _INDEX.match(path)
    if not found or found[2] is None:
        return ""
    # A scene that waits for a row is empty here.
    clip = next(islice(project.scenes[int(found[1])].clips, int(found[2]), None), None)
    return first_words(clip.text) if isinstance(clip, Text) else ""


def _ignored(text: str) -> tuple[str, str]:
    code, _, tag = text.partition(":")
    if code not in RULES:
        raise DslError(f"there is no check {code!r}", hint=did_you_mean(code, RULES))
    return code, tag


def _is(finding: Finding, code: str, tag: str) -> bool:
    return finding.code == code and tag in ("", finding.tag)


def _order(finding: Finding) -> tuple[int, int, int]:
    found = _INDEX.match(finding.path)
    scene, clip = (-1, -1) if found is None else (int(found[1]), int(found[2] or -1))
    return scene, RANK[finding.severity], clip


def counted(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings there are of each severity.

    >>> counted([Finding("cut-off", "note", "", "scenes[0].clips[0]")])
    {'error': 0, 'warning': 0, 'note': 1}
    """
    counts: dict[Severity, int] = dict.fromkeys(RANK, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return counts


def by_scene(findings: Iterable[Finding]) -> Iterator[tuple[int | None, list[Finding]]]:
    """The findings of the project (None), then those of each scene that has some."""
    groups: dict[int | None, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.scene, []).append(finding)
    yield from groups.items()
