"""`aistudios check`: what is wrong in a project, or probably a mistake, before it costs credits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click

from aistudios_dsl.cli.base import file_kind, print_line, printable, with_options
from aistudios_dsl.cli.data import ROW, DataFile, data_options, with_all_missing
from aistudios_dsl.cli.options import AS_JSON, CATALOG, LOCALES, ProjectFile, named_locales, project_file
from aistudios_dsl.cli.stress import print_budgets, print_strains
from aistudios_dsl.errors import DslError, LoadError, did_you_mean, plural, unreadable

if TYPE_CHECKING:
    from aistudios_dsl.check.findings import Finding
    from aistudios_dsl.check.rules import Severity
    from aistudios_dsl.check.stress import Stress
    from aistudios_dsl.check.summary import FindingSummary, SharedFinding
    from aistudios_dsl.plan.plan import Plan
    from aistudios_dsl.project import Project

    Checks = Iterator[tuple[int, Callable[[], list[Finding]]]]

FAULT = "row-fault"
"""The code of a finding for a row or line that gives no project. No rule finds it, so it cannot be ignored."""

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
_NAMED_ROWS = 8


def _check_codes(ctx: click.Context, option: click.Parameter, ignored: tuple[str, ...]) -> tuple[str, ...]:
    from aistudios_dsl.check.findings import CODES
    from aistudios_dsl.cli.proof import CODES as OF_CATALOGUES

    known = (*CODES, *OF_CATALOGUES)
    for text in ignored:
        code = text.partition(":")[0]
        if code not in known:
            raise click.BadParameter(f"there is no check {code!r}: {did_you_mean(code, known)}")
    return ignored


@click.command()
@project_file
@data_options
@click.option("--row", type=click.IntRange(1), help="Check this row of --data, or line of a JSONL, only; from 1.")
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings too.")
@click.option(
    "--ignore", "ignored", multiple=True, metavar="CODE[:TAG]", callback=_check_codes, help="Skip a rule (for a clip)."
)
@click.option("--stress", is_flag=True, help="Tell how much room texts leave for longer words.")
@LOCALES
@CATALOG
@click.option(
    "--min-size",
    type=click.FloatRange(min=0),
    default=18.0,
    show_default=True,
    help="Points below which no language may make a text smaller.",
)
@AS_JSON
def check(
    source: ProjectFile,
    data: DataFile | None,
    row: int | None,
    strict: bool,
    ignored: tuple[str, ...],
    stress: bool,
    locales: tuple[str, ...],
    catalog: Path,
    min_size: float,
    as_json: bool,
) -> None:
    """List what is wrong or probably a mistake.

    FILE is a Python script that defines `project`, a project JSON, or a JSONL of payloads. Exits with 1 if there are
    errors. docs/checks.md explains each code with an example.

    --locales lists by language what its catalogue lacks, and what the original does not have: texts that do not fit,
    are smaller or take more lines, words over a face, a voice of another language.

    \b
    aistudios check examples/talking_avatar.py
    aistudios check project.json --strict --ignore unsafe-area --ignore low-contrast:logo
    aistudios check examples/personalised.py --data examples/data/people.csv
    aistudios check examples/personalised.py --data examples/data/people.csv --stress
    aistudios check examples/first_aid.py --locales all --catalog examples/locale
    aistudios check videos.jsonl
    """
    path = source.path
    if row is not None and data is None and not (path.is_file() and file_kind(path) == "jsonl"):
        raise click.UsageError("--row requires --data")
    if locales:
        counts = _check_languages(source, data, row, ignored, (locales, catalog, min_size), stress, as_json)
    else:
        counts = _check(source, data, row, ignored, stress, as_json)
    if counts["error"] or (strict and counts["warning"]):
        click.get_current_context().exit(1)


def _check(
    source: ProjectFile, data: DataFile | None, row: int | None, ignored: tuple[str, ...], stress: bool, as_json: bool
) -> Mapping[Severity, int]:
    from aistudios_dsl.check.stress import Stress

    path = source.path
    if path.is_file() and file_kind(path) == "jsonl":
        if stress:
            raise click.UsageError(f"--stress needs a template, and {path} has finished payloads")
        if source.settings or data:
            raise click.UsageError(f"{path} is JSONL with finished payloads: it takes no --set and no --data")
        return _check_many(_lines(path, ignored), "line", row, as_json)
    if data is not None:
        project = source.load()
        strained = Stress(project) if stress else None
        checks = _rows(project, data, source.settings, ignored, strained)
        return _check_many(checks, "row", row, as_json, strained)
    return _check_one(source.render(), ignored, as_json, stress)


def _check_languages(
    source: ProjectFile,
    data: DataFile | None,
    row: int | None,
    ignored: tuple[str, ...],
    languages: tuple[tuple[str, ...], Path, float],
    stress: bool,
    as_json: bool,
) -> Mapping[Severity, int]:
    from aistudios_dsl.cli.proof import proofs, prove, prove_rows

    if stress or (source.path.is_file() and file_kind(source.path) == "jsonl"):
        other = "--stress" if stress else f"{source.path}, which has finished payloads"
        raise click.UsageError(f"--locales does not go with {other}")
    locales, catalog, least = languages
    found = proofs(source, catalog, named_locales(locales, catalog), ignored, least)
    return prove(found, source, as_json) if data is None else prove_rows(found, source, data, row, as_json)


# one project


def _check_one(project: Project, ignored: tuple[str, ...], as_json: bool, stress: bool) -> Mapping[Severity, int]:
    from aistudios_dsl.check.findings import counted
    from aistudios_dsl.check.stress import budgets

    findings = project.check(ignore=ignored)
    counts = counted(findings)
    found = list(budgets(project)) if stress else []
    if as_json:
        report: dict[str, Any] = {"findings": [finding.to_dict() for finding in findings], "counts": counts}
        report |= {"stress": [budget.to_dict() for budget in found]} if stress else {}
        print_line(json.dumps(report, ensure_ascii=False))
        return counts
    if stress:
        print_budgets(found)
    print_by_scene(findings)
    kinds = ", ".join(plural(count, kind) for kind, count in counts.items() if count)
    print_line(f"{kinds or 'nothing found'} in {plural(len(project.scenes), 'scene')}")
    return counts


def print_by_scene(findings: Sequence[Finding]) -> None:
    """Print findings under the scenes that have them."""
    from aistudios_dsl.check.findings import by_scene

    shown = set[str]()
    for scene, group in by_scene(findings):
        click.secho("project" if scene is None else f"scenes[{scene}]", bold=True)
        for finding in group:
            _print_finding(finding, re.sub(r"^scenes\[\d+\]\.?", "", finding.path), finding.told, shown)


def _print_finding(finding: Finding, place: str, message: str, shown: set[str], err: bool = False) -> None:
    """Print a finding, and its remedy unless that is among those shown."""
    where = " ".join(filter(None, (place, finding.name)))
    severity = click.style(f"{finding.severity:7}", fg=_COLOURS[finding.severity])
    text = f"{finding.code:22} {f'{where}: ' if where else ''}{message}"
    # The colour is the one escape sequence that may reach the terminal.
    click.echo(f"  {severity} {printable(text)}", err=err)
    if finding.remedy and finding.remedy not in shown:
        print_line(f"          {'':22} {finding.remedy}", err=err)
    shown.add(finding.remedy)


# many payloads


def _lines(path: Path, ignored: tuple[str, ...]) -> Checks:
    """Yield the check of each payload of a JSONL, with its line number."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, partial(_check_line, line, ignored)
    except OSError as fault:
        raise unreadable(path, fault) from None


def _check_line(line: bytes, ignored: tuple[str, ...]) -> list[Finding]:
    from aistudios_dsl.check.findings import checked
    from aistudios_dsl.service.intake import split

    _, payload = split(line)
    return checked(cast("bytes | Mapping[str, Any]", payload), ignore=ignored)


def _rows(
    project: Project, data: DataFile, constants: Mapping[str, str], ignored: tuple[str, ...], stress: Stress | None
) -> Checks:
    """Yield the check of each row of a template, with its number; that of a faulty row raises its fault."""
    from aistudios_dsl.templates.values import with_values

    # A template that no row can fill is one fault, not one of each row.
    plan = project.compile()
    needed = {name for names in project.variables().values() for name in names}
    for number, row in data.numbered():
        if isinstance(row, DslError):
            yield number, partial(_raise, row)
            continue
        values = with_values(row, constants)
        if stress:
            stress.add(number, values)
        yield number, partial(_check_row, plan, values, needed, ignored)


def _check_row(plan: Plan, row: Mapping[str, Any], needed: set[str], ignored: tuple[str, ...]) -> list[Finding]:
    from aistudios_dsl.check.findings import checked

    try:
        document = plan.render_json(row)
    except DslError as fault:
        raise with_all_missing(fault, needed, row) from None
    with plan.template._measuring():
        return checked(document, ignore=ignored, **plan.of_script(row))


def _raise(fault: DslError) -> NoReturn:
    raise fault


def _check_many(
    checks: Checks, noun: str, only: int | None, as_json: bool, stress: Stress | None = None
) -> Mapping[Severity, int]:
    from aistudios_dsl.check.summary import summed

    last = 0

    def wanted() -> Iterator[tuple[int, list[Finding]]]:
        nonlocal last
        for last, check in checks:
            if only in (None, last):
                yield last, row_findings(check)

    summary = summed(wanted())
    if not summary.total and only:
        raise DslError(f"there is no {noun} {only}", hint=f"the last is {noun} {last}")
    if not summary.total:
        raise DslError("there are no payloads in it")
    if as_json:
        found = [group.finding.to_dict() | {"rows": group.rows} for group in summary.groups]
        report = {"findings": found, "counts": summary.counts, "rows": summary.total}
        report |= {"stress": [strain.to_dict() for strain in stress.strains]} if stress else {}
        print_line(json.dumps(report, ensure_ascii=False))
    else:
        if stress:
            print_strains(stress.strains)
        print_summary(summary, noun)
    return summary.counts


def row_findings(check: Callable[[], list[Finding]]) -> list[Finding]:
    """Return what the check of a row finds, or the fault that prevents it."""
    from aistudios_dsl.check.findings import Finding

    try:
        return check()
    except DslError as fault:
        with_options(fault)
        problems = (fault.problems if isinstance(fault, LoadError) else ()) or (fault,)
        # Equal findings of several rows are printed once, so the row is not part of the path.
        return [Finding(FAULT, "error", one.message, ROW.sub("", one.path), remedy=one.hint) for one in problems]


def print_summary(summary: FindingSummary, noun: str, *, err: bool = False) -> None:
    """Print each finding once, under the rows that have it; to stderr with `err`."""
    shown = set[str]()
    for rows, groups in summary.by_rows().items():
        click.secho(_title(rows, summary.total, noun), bold=True, err=err)
        for group in groups:
            _print_finding(group.finding, group.finding.path, _message(group, noun), shown, err)
    kinds = ", ".join(f"{kind}s in {count:,}" for kind, count in summary.rows.items() if count)
    total = plural(summary.total, noun)
    print_line(f"{total}: {kinds}" if kinds else f"nothing found in {total}", err=err)


def _message(group: SharedFinding, noun: str) -> str:
    message = group.finding.told
    return message if group.alike else f"{message} ({noun} {group.rows[0]}; others are similar)"


def _title(rows: tuple[int, ...], total: int, noun: str) -> str:
    if len(rows) == 1:
        return f"{noun} {rows[0]}"
    if len(rows) == total:
        return f"all {total:,} {noun}s"
    shown = ", ".join(map(str, rows[:_NAMED_ROWS]))
    return f"{noun}s {shown}" if len(rows) <= _NAMED_ROWS else f"{len(rows):,} {noun}s: {shown}, …"
