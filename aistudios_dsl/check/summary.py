"""What many rows come to: each finding once, with the rows that share it; and how much is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import frozen

from aistudios_dsl.build.speech import utterances
from aistudios_dsl.check.findings import RANK, Finding
from aistudios_dsl.check.rules import Severity
from aistudios_dsl.layout.text import has_letters
from aistudios_dsl.wire.nodes import Project


def spoken(project: Project) -> tuple[int, float]:
    """Return how many letters are said in a project, and the estimated seconds: what `send` and the outbox tell.

    >>> spoken(Project(scenes=()))
    (0, 0.0)
    """
    every = (utterance for scene in project.scenes for utterance in utterances(scene))
    said = [utterance for utterance in every if has_letters(utterance.text)]
    return sum(len(one.text) for one in said), sum((one.seconds for one in said), 0.0)


@frozen
class SharedFinding:
    """The finding of the first of some rows, with the numbers of all; `alike`: whether they have the same message."""

    finding: Finding
    rows: tuple[int, ...]
    alike: bool = True


@frozen
class FindingSummary:
    """The findings of `total` rows."""

    groups: tuple[SharedFinding, ...]
    total: int

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity, over all rows."""
        return {kind: sum(len(group.rows) for group in self._of(kind)) for kind in RANK}

    @property
    def rows(self) -> dict[Severity, int]:
        """How many rows have findings of each severity."""
        return {kind: len({row for group in self._of(kind) for row in group.rows}) for kind in RANK}

    def by_rows(self) -> Mapping[tuple[int, ...], list[SharedFinding]]:
        """Return the findings by the rows that share them, the worst first."""
        found: dict[tuple[int, ...], list[SharedFinding]] = {}
        for group in sorted(self.groups, key=lambda group: (group.rows[0], -len(group.rows))):
            found.setdefault(group.rows, []).append(group)
        return {rows: sorted(groups, key=lambda group: RANK[group.finding.severity]) for rows, groups in found.items()}

    def _of(self, kind: Severity) -> list[SharedFinding]:
        return [group for group in self.groups if group.finding.severity == kind]


def summed(found: Iterable[tuple[int, Iterable[Finding]]]) -> FindingSummary:
    """Sum the findings of numbered rows: those with the same code, path and remedy become one.

    >>> one = Finding("off-canvas", "error", "the image is wholly off the canvas", "scenes[0].clips[0]")
    >>> [(group.finding.code, group.rows) for group in summed([(1, [one]), (2, []), (3, [one])]).groups]
    [('off-canvas', (1, 3))]
    """
    first: dict[tuple[str, str, str, int], Finding] = {}
    rows: dict[tuple[str, str, str, int], list[int]] = {}
    unlike = set[tuple[str, str, str, int]]()
    total = 0
    for number, findings in found:
        total += 1
        # A row may have a finding twice at one place, such as a text over two faces: each counts.
        times = Counter[tuple[str, str, str]]()
        for finding in findings:
            place = finding.code, finding.path, finding.remedy
            times[place] += 1
            key = (*place, times[place])
            if first.setdefault(key, finding).message != finding.message:
                unlike.add(key)
            rows.setdefault(key, []).append(number)
    groups = (SharedFinding(finding, tuple(rows[key]), key not in unlike) for key, finding in first.items())
    return FindingSummary(tuple(groups), total)
