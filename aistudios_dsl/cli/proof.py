"""`aistudios check --locales`: what each language lacks, and what it does to the layout, listed by language."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve, field, frozen

from aistudios_dsl.check.findings import Finding, counted, in_order
from aistudios_dsl.check.summary import FindingSummary, summed
from aistudios_dsl.cli.base import print_line, with_options
from aistudios_dsl.cli.data import DataFile, with_all_missing
from aistudios_dsl.cli.options import ProjectFile
from aistudios_dsl.errors import DslError, LoadError, plural
from aistudios_dsl.wire.node import shortened

if TYPE_CHECKING:
    from pathlib import Path

    from aistudios_dsl.check.rules import Severity
    from aistudios_dsl.languages.catalogues import Catalogue
    from aistudios_dsl.project import Project

MISSING, FUZZY, UNUSED, FAULT = "missing-translation", "fuzzy-translation", "unused-translation", "translation-fault"
CODES = (MISSING, FUZZY, UNUSED)
"""The codes of findings about a catalogue, which can be ignored; a fault cannot."""


@frozen
class Proof:
    """How a language is checked: its project and catalogue, what to ignore, and the points below which nothing shrinks.

    `project` is None where the catalogue cannot be used; `found` says why, and what it lacks.
    """

    name: str
    project: Project | None
    found: tuple[Finding, ...] = ()
    ignored: tuple[str, ...] = ()
    least: float = field(default=18, kw_only=True)

    def check(self, original: Project, row: Mapping[str, Any]) -> list[Finding]:
        """Return what its layout has that the original has not, with a row; of the original itself, all."""
        if self.project is None:
            return []
        before = original.render(row) if row else original
        if self.project is original:
            return before.check(ignore=self.ignored)
        after = self.project.render(row) if row else self.project
        return after.check(original=before, ignore=self.ignored, min_size=self.least)


def proofs(
    source: ProjectFile, catalog: Path, locales: Sequence[str], ignored: tuple[str, ...], least: float
) -> tuple[Project, list[Proof]]:
    """Return the project, and how it and each language are checked. Raise `DslError` for an unknown language."""
    from aistudios_dsl.languages.catalogues import Catalogue

    project = source.load()
    rules = tuple(code for code in ignored if code.partition(":")[0] not in CODES)
    found = [Proof("original", project, ignored=rules)]
    for locale in locales:
        whole = Proof(locale, None, ignored=rules, least=least)
        try:
            catalogue = Catalogue.read(catalog, locale)
        except LoadError as fault:
            if fault.code == "unknown-locale":
                raise
            found.append(evolve(whole, found=tuple(_faults([fault]))))
            continue
        lacks = [finding for finding in _lacks(catalogue, project) if finding.code not in ignored]
        try:
            found.append(evolve(whole, project=project.translated(catalogue, locale), found=tuple(lacks)))
        except DslError as fault:
            problems = (fault.problems if isinstance(fault, LoadError) else ()) or (fault,)
            found.append(evolve(whole, found=(*_faults(problems), *lacks)))
    return project, found


def _faults(faults: Sequence[DslError]) -> Iterator[Finding]:
    return (Finding(FAULT, "error", fault.message, fault.path, remedy=fault.hint) for fault in faults)


def _lacks(catalogue: Catalogue, project: Project) -> Iterator[Finding]:
    review = catalogue.review(project)
    for message in review.missing:
        words = f"{shortened(message.text)!r} has no translation"
        yield Finding(MISSING, "warning", words, message.path, remedy=f"translate it in {catalogue.path}")
    for message, entry in review.fuzzy:
        words = f"the translation of {shortened(message.text)!r} is fuzzy, so it is not used"
        remedy = f"look at it in {catalogue.path} line {entry.line}, and take the mark fuzzy off"
        yield Finding(FUZZY, "warning", words, message.path, remedy=remedy)
    for entry in review.unused:
        words = f"no scene has {shortened(entry.text)!r} any more"
        place = f"{catalogue.path} line {entry.line}"
        yield Finding(UNUSED, "note", words, place, remedy="aistudios messages update takes such messages out")


# printing


def prove(project: Project, found: Sequence[Proof], source: ProjectFile, as_json: bool) -> Mapping[Severity, int]:
    """Print the findings of each language, and return how many there are of each severity."""
    from aistudios_dsl.cli.check import print_by_scene

    total, report = Counter[Any](), dict[str, Any]()
    original = source.render()
    for proof in found:
        check = partial(proof.check, project, source.settings)
        # A fault of the original ends the command, as without --locales.
        findings = in_order([*proof.found, *(check() if proof.project is project else _outcome(check))])
        counts = counted(findings)
        total.update(counts)
        report[proof.name] = {"findings": [finding.to_dict() for finding in findings], "counts": counts}
        if not as_json:
            click.secho(f"== {proof.name}", bold=True)
            print_by_scene(findings)
            print_line(f"{proof.name}: {_kinds(counts)} in {plural(len(original.scenes), 'scene')}")
    return _finished(report, total, as_json)


def prove_rows(
    project: Project, found: Sequence[Proof], source: ProjectFile, data: DataFile, only: int | None, as_json: bool
) -> Mapping[Severity, int]:
    """Print the findings of each language over many rows, and return how many there are of each severity."""
    from aistudios_dsl.cli.check import print_by_scene, print_summary, row_findings
    from aistudios_dsl.templates.values import with_values

    rows = data.rows()
    given = [(rows.count, row) for row in rows.outcomes()]
    data.tell_edged(rows.edged)
    chosen = [(number, row) for number, row in given if only in (None, number)]
    if not chosen:
        hint = f"the last is row {given[-1][0]}" if given else ""
        raise DslError(f"there is no row {only}" if only else "there are no rows in it", hint=hint)
    needed = {name for names in project.variables().values() for name in names}

    def checked(proof: Proof, row: Any) -> list[Finding]:
        if isinstance(row, DslError):
            raise row
        values = with_values(row, source.settings)
        try:
            return proof.check(project, values)
        except DslError as fault:
            raise with_all_missing(fault, needed, values) from None

    total, report = Counter[Any](), dict[str, Any]()
    for proof in found:
        summary: FindingSummary = summed((number, row_findings(partial(checked, proof, row))) for number, row in chosen)
        counts = {kind: count + counted(proof.found)[kind] for kind, count in summary.counts.items()}
        total.update(counts)
        shared = [group.finding.to_dict() | {"rows": group.rows} for group in summary.groups]
        lacks = [finding.to_dict() for finding in proof.found]
        report[proof.name] = {"findings": [*lacks, *shared], "counts": counts, "rows": summary.total}
        if not as_json:
            click.secho(f"== {proof.name}", bold=True)
            print_by_scene(in_order(proof.found))
            if proof.project is not None:
                print_summary(summary, "row")
    return _finished(report, total, as_json)


def _finished(report: dict[str, Any], total: Counter[Any], as_json: bool) -> Mapping[Severity, int]:
    if as_json:
        own = {"original": report.pop("original"), "locales": report, "counts": dict(total)}
        print_line(json.dumps(own, ensure_ascii=False))
    return total


def _outcome(check: Callable[[], list[Finding]]) -> list[Finding]:
    """Return what a check finds, or the fault that prevents it."""
    try:
        return check()
    except DslError as fault:
        return list(_faults([with_options(fault)]))


def _kinds(counts: Mapping[Severity, int]) -> str:
    return ", ".join(plural(count, kind) for kind, count in counts.items() if count) or "nothing found"
