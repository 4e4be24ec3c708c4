"""`aistudios check --locales`: what each language lacks, and what it does to the layout, listed by language."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from aistudios_dsl.check.findings import Finding, counted, in_order
from aistudios_dsl.check.summary import summed
from aistudios_dsl.cli.base import print_line, with_options
from aistudios_dsl.cli.data import DataFile, with_all_missing
from aistudios_dsl.cli.options import ProjectFile
from aistudios_dsl.errors import DslError, LoadError, plural
from aistudios_dsl.templates.values import with_values
from aistudios_dsl.wire.node import shortened

if TYPE_CHECKING:
    from pathlib import Path

    from aistudios_dsl.check.rules import Severity
    from aistudios_dsl.check.translation import Original
    from aistudios_dsl.languages.catalogues import Catalogue
    from aistudios_dsl.project import Project

ORIGINAL = "original"
MISSING, FUZZY, UNUSED, FAULT = "missing-translation", "fuzzy-translation", "unused-translation", "translation-fault"
CODES = (MISSING, FUZZY, UNUSED)
"""The codes of findings about a catalogue, which can be ignored; a fault cannot."""


@frozen
class Proof:
    """A language to be checked: its project, and what its catalogue lacks. Without a project, that cannot be used."""

    name: str
    project: Project | None
    found: tuple[Finding, ...] = ()


@frozen
class Proofs:
    """A project and its languages, the rules to ignore, and the points below which no language makes a text smaller."""

    project: Project
    languages: tuple[Proof, ...]
    ignored: tuple[str, ...]
    least: float

    def checks(self, row: Any) -> Iterator[tuple[str, Callable[[], list[Finding]]]]:
        """Yield the check of the original, then that of each language: what the original does not have. With a row."""
        original = cache(lambda: _filled(self.project, row)._as_original(self.ignored))
        yield ORIGINAL, lambda: list(original().found)
        for language in self.languages:
            yield language.name, partial(self._check, language.project, original, row)

    def _check(self, project: Project | None, original: Callable[[], Original], row: Any) -> list[Finding]:
        if project is None:
            return []
        return _filled(project, row)._checked_against(original(), self.ignored, self.least)


def _filled(project: Project, row: Any) -> Project:
    return project if row is None else project.render(row)


def proofs(
    source: ProjectFile, catalog: Path, locales: Sequence[str], ignored: tuple[str, ...], least: float
) -> Proofs:
    """Return how a project and its languages are checked. Raise `DslError` for an unknown language."""
    project = source.load()
    rules = tuple(code for code in ignored if code.partition(":")[0] not in CODES)
    languages = tuple(_proof(project, catalog, locale, ignored) for locale in locales)
    return Proofs(project, languages, rules, least)


def _proof(project: Project, catalog: Path, locale: str, ignored: tuple[str, ...]) -> Proof:
    from aistudios_dsl.languages.catalogues import Catalogue

    try:
        catalogue = Catalogue.read(catalog, locale)
    except LoadError as fault:
        if fault.code == "unknown-locale":
            raise
        return Proof(locale, None, tuple(_faults([fault])))
    lacks = tuple(finding for finding in _lacks(catalogue, project) if finding.code not in ignored)
    try:
        return Proof(locale, project.translated(catalogue, locale), lacks)
    except DslError as fault:
        problems = (fault.problems if isinstance(fault, LoadError) else ()) or (fault,)
        return Proof(locale, None, (*_faults(problems), *lacks))


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


def prove(proofs: Proofs, source: ProjectFile, as_json: bool) -> Mapping[Severity, int]:
    """Print the findings of each language, and return how many there are of each severity."""
    from aistudios_dsl.cli.check import print_by_scene

    scenes = plural(len(source.render().scenes), "scene")
    report = _Report(as_json)
    lacks = {language.name: language.found for language in proofs.languages}
    for name, check in proofs.checks(source.settings or None):
        # A fault of the original ends the command, as without --locales.
        findings = in_order([*lacks.get(name, ()), *(check() if name == ORIGINAL else _outcome(check))])
        counts = counted(findings)
        report.add(name, counts, findings=[finding.to_dict() for finding in findings])
        if not as_json:
            print_by_scene(findings)
            print_line(f"{name}: {_kinds(counts)} in {scenes}")
    return report.finish()


def prove_rows(
    proofs: Proofs, source: ProjectFile, data: DataFile, only: int | None, as_json: bool
) -> Mapping[Severity, int]:
    """Print the findings of each language over many rows, and return how many there are of each severity."""
    from aistudios_dsl.cli.check import print_by_scene, print_summary, row_findings

    needed = {name for names in proofs.project.variables().values() for name in names}
    lacks = {ORIGINAL: (), **{language.name: language.found for language in proofs.languages}}
    found: dict[str, list[tuple[int, list[Finding]]]] = {name: [] for name in lacks}
    for number, row in data.numbered(only):
        values = row if isinstance(row, DslError) else with_values(row, source.settings)
        for name, check in proofs.checks(values):
            found[name].append((number, row_findings(partial(_of_row, check, values, needed))))
    unusable = {language.name for language in proofs.languages if language.project is None}
    report = _Report(as_json)
    for name, rows in found.items():
        summary, own = summed(rows), lacks[name]
        counts: dict[Severity, int] = {kind: count + counted(own)[kind] for kind, count in summary.counts.items()}
        shared = [group.finding.to_dict() | {"rows": group.rows} for group in summary.groups]
        report.add(name, counts, findings=[*(finding.to_dict() for finding in own), *shared], rows=summary.total)
        if not as_json:
            print_by_scene(in_order(own))
        if not as_json and name not in unusable:
            print_summary(summary, "row")
    return report.finish()


def _of_row(check: Callable[[], list[Finding]], row: Any, needed: set[str]) -> list[Finding]:
    """Return what a check of a row finds. Raise its fault, with all columns that the row lacks."""
    if isinstance(row, DslError):
        raise row
    try:
        return check()
    except DslError as fault:
        raise with_all_missing(fault, needed, row) from None


class _Report:
    """What is found in each language, printed as it comes, or at the end as JSON."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._parts: dict[str, dict[str, Any]] = {}
        self._total = Counter[Any]()

    def add(self, name: str, counts: Mapping[Severity, int], **part: Any) -> None:
        """Add a language, and print its name."""
        self._total.update(counts)
        self._parts[name] = {**part, "counts": counts}
        if not self._as_json:
            click.secho(f"== {name}", bold=True)

    def finish(self) -> Mapping[Severity, int]:
        """Return how many findings there are of each severity."""
        if self._as_json:
            original = self._parts.pop(ORIGINAL)
            report = {"original": original, "locales": self._parts, "counts": dict(self._total)}
            print_line(json.dumps(report, ensure_ascii=False))
        return self._total


def _outcome(check: Callable[[], list[Finding]]) -> list[Finding]:
    """Return what a check finds, or the fault that prevents it."""
    try:
        return check()
    except DslError as fault:
        return list(_faults([with_options(fault)]))


def _kinds(counts: Mapping[Severity, int]) -> str:
    return ", ".join(plural(count, kind) for kind, count in counts.items() if count) or "nothing found"
