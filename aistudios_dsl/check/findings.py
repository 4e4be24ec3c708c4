"""Findings: what is wrong, or probably unintended, in a project."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from attrs import asdict, frozen

from aistudios_dsl.check.rules import (
    RULES,
    CheckRule,
    Problem,
    ProjectView,
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
from aistudios_dsl.wire.nodes import Project

MODULES = (layout, speech, media, document)
"""The modules with the rules. Importing them enters each rule into the table."""
CODES = tuple(RULES)
"""Every code; docs/checks.md shows each with an example."""

RANK: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}
"""The severities, the worst first."""
_INDEX = re.compile(r"^scenes\[(\d+)\](?:\.clips\[(\d+)\])?")


@frozen
class Finding:
    """Something that is wrong in a project, or probably unintended.

    Attributes:
        code: The stable name of the rule, such as "unsafe-area".
        severity: "error" if it is surely wrong, "warning" if likely, "note" if it is worth knowing.
        message: What is wrong.
        path: Where, such as `scenes[1].clips[2]`.
        tag: The tag of the clip, or "".
        boxes: The boxes that show it, px.
        remedy: What to do.
        text: The first words of a text without a tag, or "".
    """

    code: str
    severity: Severity
    message: str
    path: str
    tag: str = ""
    boxes: tuple[Box, ...] = ()
    remedy: str = ""
    text: str = ""

    def __str__(self) -> str:
        where = " ".join(filter(None, (self.path, self.name)))
        return f"{self.severity} {self.code}: {f'{where}: ' if where else ''}{self.message}\n  {self.remedy}"

    @property
    def name(self) -> str:
        """The tag of its clip, else the first words of its text, in brackets; "" where it has neither.

        >>> Finding("unsafe-area", "warning", "", "scenes[0].clips[2]", text="Hello").name
        "('Hello')"
        """
        return f"(tag {self.tag!r})" if self.tag else f"({self.text!r})" if self.text else ""

    @property
    def scene(self) -> int | None:
        """The index of its scene; None where it is about the project.

        >>> Finding("off-canvas", "error", "the image is wholly off the canvas", "scenes[1].clips[2]").scene
        1
        """
        found = _INDEX.match(self.path)
        return int(found[1]) if found else None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON; boxes as objects of left, top, width, height (px) and angle (degrees)."""
        return {**asdict(self, recurse=False), "boxes": [asdict(box) for box in self.boxes]}


def check(
    project: Project,
    pending: Mapping[str, tuple[str, ...]] | None = None,
    *,
    ignore: Iterable[str] = (),
    script_clips: Sequence[int] = (),
    old_boxes: Sequence[Sequence[int]] = (),
) -> list[Finding]:
    """Return the findings of a resolved project, scene by scene, the worst first.

    Args:
        project: The project as it would be sent.
        pending: The variables that its templates wait for, by field.
        ignore: Codes, or "code:tag" for those of one clip.
        script_clips: How many clips of each scene its script counts, so that paths do not count the square of a
            background colour. Default all.
        old_boxes: The clips of each scene, by number, that are texts with other words than their boxes were made for.

    Raises:
        DslError: For an unknown code, with the nearest known one.
    """
    ignored = set(map(_known, ignore))
    view = ProjectView(project, scene_views(project, script_clips), pending or {}, old_boxes)
    found = (_finding(rule, problem) for rule in RULES.values() for problem in rule.find(view))
    kept = (one for one in found if not {one.code, f"{one.code}:{one.tag}"} & ignored)
    return sorted(kept, key=_order)


def checked(
    payload: str | bytes | Mapping[str, Any],
    *,
    ignore: Iterable[str] = (),
    script_clips: Sequence[int] = (),
    old_boxes: Sequence[Sequence[int]] = (),
) -> list[Finding]:
    """Return the findings of a payload, whose braces are text. Raise `LoadError` if it is not a project.

    >>> [finding.code for finding in checked('{"scenes": [{"background": {}, "clips": [], "sceneIdx": 1}]}')]
    ['scene-order', 'empty-scene']
    """
    document = parse(payload) if isinstance(payload, str | bytes) else payload
    return check(load(document), ignore=ignore, script_clips=script_clips, old_boxes=old_boxes)


def _finding(rule: CheckRule, problem: Problem) -> Finding:
    tag, words = (problem.seen.tag, first_words(problem.seen)) if problem.seen else ("", "")
    words = "" if tag else words
    remedy = problem.remedy or rule.remedy
    return Finding(rule.code, rule.severity, problem.message, problem.path, tag, problem.boxes, remedy, words)


def _known(text: str) -> str:
    code, _, tag = text.partition(":")
    if code not in RULES:
        raise DslError(f"there is no check {code!r}", hint=did_you_mean(code, RULES))
    return f"{code}:{tag}" if tag else code


def _order(finding: Finding) -> tuple[int, int, int]:
    found = _INDEX.match(finding.path)
    scene, clip = (-1, -1) if found is None else (int(found[1]), int(found[2] or -1))
    return scene, RANK[finding.severity], clip


def counted(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Return how many findings there are of each severity."""
    counts = Counter(finding.severity for finding in findings)
    return {severity: counts[severity] for severity in RANK}


def by_scene(findings: Iterable[Finding]) -> Iterator[tuple[int | None, list[Finding]]]:
    """Yield the findings of the project (None), then those of each scene that has some, from sorted findings."""
    return ((scene, list(group)) for scene, group in groupby(findings, lambda finding: finding.scene))
