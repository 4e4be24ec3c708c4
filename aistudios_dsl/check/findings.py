"""Findings: what is wrong, or probably unintended, in a project."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from attrs import asdict, evolve, frozen

from aistudios_dsl.check.rules import (
    LEAST,
    RULES,
    CheckRule,
    Problem,
    ProjectView,
    Severity,
    document,
    figures,
    first_words,
    layout,
    media,
    places,
    speech,
    translation,
    words,
)
from aistudios_dsl.errors import DslError, did_you_mean
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.view.asked import Asked, GroupBox
from aistudios_dsl.view.scene import scene_views
from aistudios_dsl.wire.codec import load
from aistudios_dsl.wire.jsontext import parse
from aistudios_dsl.wire.nodes import Project

MODULES = (layout, places, figures, words, speech, translation, media, document)
"""The modules with the rules. Importing them enters each rule into the table."""
CODES = tuple(RULES)
"""Every code; docs/checks.md shows each with an example."""

RANK: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}
"""The severities, the worst first."""
MANY = 5
"""How many findings of one code a scene has before they become one."""
MANY_SCENES = 2
"""How many scenes have an equal finding before these become one."""
_PATHS_TOLD = 3
_BOXES_KEPT = 60
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
        count: How many findings it stands for; default 1, itself.
        paths: The paths of the others.
    """

    code: str
    severity: Severity
    message: str
    path: str
    tag: str = ""
    boxes: tuple[Box, ...] = ()
    remedy: str = ""
    text: str = ""
    count: int = 1
    paths: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = " ".join(filter(None, (self.path, self.name)))
        return f"{self.severity} {self.code}: {f'{where}: ' if where else ''}{self.told}\n  {self.remedy}"

    @property
    def told(self) -> str:
        """Its message, and where the others are that it stands for.

        >>> Finding("off-canvas", "error", "it is off", "clips[0]", count=2, paths=("clips[4]",)).told
        'it is off (and 1 more: clips[4])'
        """
        if not self.paths:
            return self.message
        more = ", ".join(self.paths[:_PATHS_TOLD]) + (", …" if len(self.paths) > _PATHS_TOLD else "")
        return f"{self.message} (and {len(self.paths):,} more: {more})"

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
    asked: Sequence[tuple[Asked, ...]] = (),
    groups: Sequence[Sequence[GroupBox]] = (),
    across: bool = True,
    locale: str | None = None,
    original: Project | None = None,
    least: float = LEAST,
) -> list[Finding]:
    """Return the findings of a resolved project, scene by scene, the worst first.

    Those of one code in a scene are one finding, with a count, where they are more than five.

    Args:
        project: The project as it would be sent.
        pending: The variables that its templates wait for, by field.
        ignore: Codes, or "code:tag" for those of one clip.
        script_clips: How many clips of each scene its script counts, so that paths do not count the square of a
            background colour. Default all.
        asked: What its script asked of these clips. Default nothing.
        groups: The groups of its script in each scene. Default none.
        across: Whether equal findings of three scenes or more are one as well. Default True.
        locale: The language that it was translated into. Default none.
        original: The resolved project that it was translated from. Default none.
        least: The points below which its texts are not to be smaller than those of the original. Default 18.

    Raises:
        DslError: For an unknown code, with the nearest known one.
    """
    ignored = set(map(_known, ignore))
    waiting = pending or {}
    scenes = scene_views(project, script_clips, asked, waiting, groups)
    before = scene_views(original, script_clips) if original else ()
    view = ProjectView(project, scenes, waiting, locale, before, least)
    every = (_finding(rule, problem) for rule in RULES.values() for problem in rule.find(view))
    kept = (one for one in every if not {one.code, f"{one.code}:{one.tag}"} & ignored)
    found = _gathered(in_order(kept), _in_scene, MANY)
    return _gathered(found, _in_any_scene, MANY_SCENES) if across else found


def checked(
    payload: str | bytes | Mapping[str, Any],
    *,
    ignore: Iterable[str] = (),
    script_clips: Sequence[int] = (),
    asked: Sequence[tuple[Asked, ...]] = (),
) -> list[Finding]:
    """Return the findings of a payload, whose braces are text. Raise `LoadError` if it is not a project.

    >>> [finding.code for finding in checked('{"scenes": [{"background": {}, "clips": [], "sceneIdx": 1}]}')]
    ['scene-order', 'background-empty', 'empty-scene']
    """
    document = parse(payload) if isinstance(payload, str | bytes) else payload
    return check(load(document), ignore=ignore, script_clips=script_clips, asked=asked)


def _in_scene(finding: Finding) -> Hashable:
    return None if finding.code == "template-variable" else (finding.code, finding.scene)


def _in_any_scene(finding: Finding) -> Hashable:
    place = _INDEX.sub(lambda found: f".{found[2]}", finding.path)
    return None if finding.count > 1 else (finding.code, finding.message, finding.tag, place)


def _gathered(findings: Sequence[Finding], kind: Callable[[Finding], Hashable], most: int) -> list[Finding]:
    """Make one finding of those of a kind where they are more than `most`; a kind of None is left alone."""
    kinds = [kind(finding) for finding in findings]
    groups: dict[Hashable, list[Finding]] = {}
    for of, finding in zip(kinds, findings, strict=True):
        groups.setdefault(of, []).append(finding)
    gathered: list[Finding] = []
    for of, finding in zip(kinds, findings, strict=True):
        group = groups[of]
        if of is None or len(group) <= most:
            gathered.append(finding)
        elif finding is group[0]:
            gathered.append(_one_of(group))
    return gathered


def _one_of(group: Sequence[Finding]) -> Finding:
    first = group[0]
    boxes = tuple(box for finding in group if finding.scene == first.scene for box in finding.boxes)
    paths = tuple(path for finding in group for path in (finding.path, *finding.paths))
    return evolve(first, boxes=boxes[:_BOXES_KEPT], count=sum(one.count for one in group), paths=paths[1:])


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


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings scene by scene, the worst first."""
    return sorted(findings, key=_order)


def counted(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Return how many findings there are of each severity."""
    counts = Counter[Severity]()
    for finding in findings:
        counts[finding.severity] += finding.count
    return {severity: counts[severity] for severity in RANK}


def by_scene(findings: Iterable[Finding]) -> Iterator[tuple[int | None, list[Finding]]]:
    """Yield the findings of the project (None), then those of each scene that has some, from sorted findings."""
    return ((scene, list(group)) for scene, group in groupby(findings, lambda finding: finding.scene))
