"""The rows of `aistudios preview --data` as a contact sheet: each is rendered and checked, and the worst are drawn."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from aistudios_dsl.cli.base import with_options
from aistudios_dsl.cli.data import DataFile, with_all_missing
from aistudios_dsl.cli.options import ProjectFile
from aistudios_dsl.errors import DslError, plural
from aistudios_dsl.wire.node import shortened

if TYPE_CHECKING:
    from aistudios_dsl.check.findings import Finding
    from aistudios_dsl.draw.contact import Rank, RowStrip
    from aistudios_dsl.project import Project

_VALUES, _LONGEST = 4, 60
"""By how many values a row is known, and how many characters of them."""


@frozen
class Outcome:
    """What a row gave: a project and its findings, or a fault; `rank` is lower for worse ones."""

    rank: Rank
    name: str
    project: Project | None = None
    findings: Sequence[Finding] = ()
    fault: DslError | None = None


@frozen
class Contact:
    """The worst outcomes of so many rows, and how many rows have what."""

    template: Project
    worst: Sequence[Outcome]
    total: int
    counts: Sequence[tuple[str, int]]

    @property
    def told(self) -> str:
        """How many rows there are, and how many of them have what, in words."""
        some = [f"{many} {what.lower()}" for what, many in self.counts if many]
        return ", ".join([plural(self.total, "row"), *some])

    def only(self) -> Project:
        """Return the project of the one row. Raise its fault if it has none."""
        outcome = self.worst[0]
        if outcome.project is None:
            raise outcome.fault or DslError("the row gives no project")
        return outcome.project

    def page(self, media: Path | None, scene: int | None, *, live: bool) -> str:
        """Return the page of the rows; the other arguments are as `Project.storyboard` takes them."""
        from aistudios_dsl.draw.contact import contact_page
        from aistudios_dsl.draw.storyboard import orientation_of

        strips = [_strip(outcome, media, scene, marks=True) for outcome in self.worst]
        orientation = orientation_of(self.template)
        return contact_page(self._title(), strips, self.total, self.counts, orientation, live=live)

    def png(self, media: Path | None, scene: int | None) -> bytes:
        """Return the rows as one picture, without marks of the findings."""
        from aistudios_dsl.draw.contact import contact_sheet
        from aistudios_dsl.draw.png import png
        from aistudios_dsl.layout.geometry import canvas

        strips = [_strip(outcome, media, scene, marks=False) for outcome in self.worst]
        return png(contact_sheet(strips, canvas(self.template.orientation)), None, self.template._font_files())

    def _title(self) -> str:
        return self.template.name or "Rows"


def contact(source: ProjectFile, data: DataFile) -> Contact:
    """Return the contact sheet of the rows of a file. Raise `DslError` if it has none, or is not a table."""
    from aistudios_dsl.draw.contact import MOST

    template, worst, total = source.load(), list[tuple[tuple[int, ...], Outcome]](), 0
    counts = dict.fromkeys(("Not built", "With errors", "With warnings"), 0)
    for total, outcome in enumerate(_outcomes(template, source, data), 1):
        broken, errors, warnings, *_ = outcome.rank
        counts["Not built"] += not broken
        counts["With errors"] += errors < 0
        counts["With warnings"] += warnings < 0
        # A heap of the worst so far, of which the best comes first and is the one to leave.
        entry = tuple(-part for part in outcome.rank), outcome
        heapq.heappush(worst, entry) if total <= MOST else heapq.heappushpop(worst, entry)
    kept = sorted((outcome for _, outcome in worst), key=lambda outcome: outcome.rank)
    return Contact(template, kept, total, list(counts.items()))


def _outcomes(template: Project, source: ProjectFile, data: DataFile) -> Iterator[Outcome]:
    from aistudios_dsl.draw.contact import rank
    from aistudios_dsl.templates.values import with_values

    needed = {name for names in template.variables().values() for name in names}
    for number, row in data.numbered():
        if isinstance(row, DslError):
            yield Outcome(rank(number, None), "", fault=with_options(row))
            continue
        name, values = _name(row), with_values(row, source.settings)
        try:
            project = template.render(values)
            findings = project._checked((), across=False)
        except DslError as fault:
            told = with_options(with_all_missing(fault, needed, values))
            yield Outcome(rank(number, None), name, fault=told)
        else:
            yield Outcome(rank(number, findings), name, project, findings)


def _name(row: Mapping[str, Any]) -> str:
    words = [text for value in row.values() if (text := " ".join(str(value).split()))]
    return shortened(", ".join(words[:_VALUES]), _LONGEST)


def _strip(outcome: Outcome, media: Path | None, scene: int | None, *, marks: bool) -> RowStrip:
    from aistudios_dsl.draw.contact import RowStrip

    number = outcome.rank[-1]
    if outcome.project is None:
        fault = outcome.fault
        hint = fault.hint if fault else ""
        return RowStrip(number, outcome.name, fault=str(fault).removesuffix(f"\n  hint: {hint}"), hint=hint)
    panels = outcome.project._panels(outcome.findings, media, scene, f"r{number}", marks=marks)
    loose = [finding for finding in outcome.findings if finding.scene is None]
    return RowStrip(number, outcome.name, panels, loose)
