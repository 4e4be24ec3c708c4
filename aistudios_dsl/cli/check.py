"""`aistudios check`: what is wrong in a project, or likely not meant, before it costs credits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from aistudios_dsl.cli.base import (
    LITERAL,
    is_json,
    is_lines,
    load_script,
    printable,
    refuse_filling,
    rendered,
    say,
    setting,
)
from aistudios_dsl.errors import DslError, LoadError

if TYPE_CHECKING:
    from aistudios_dsl.check.findings import Finding
    from aistudios_dsl.check.rules import Severity
    from aistudios_dsl.check.summary import FindingSummary, SharedFinding
    from aistudios_dsl.plan.plan import Plan
    from aistudios_dsl.project import Project

    Checks = Iterator[tuple[int, Callable[[], list[Finding]]]]

FAULT = "row-fault"
"""The code of what a row has that gives no project; no rule finds it, and none can ignore it."""

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
_NAMED_ROWS = 8
_ROW = re.compile(r"^row \d+(?: \(.*? (?:line|item) \d+\))?(?:: )?")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="End with 1 on warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print an object: the findings, and how many of each severity.")
@click.option("--ignore", "ignored", multiple=True, metavar="CODE[:tag]", help="Leave a rule out, or for one clip.")
@click.option("--object", "name", default="project", show_default=True, help="The name the script gives its project.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A variable of the template; repeatable.")
@click.option("--data", type=click.Path(path_type=Path), help="Rows (.csv, .jsonl, .json): check each of them.")
@click.option("--row", type=click.IntRange(1), help="Only this row of --data, or line of a JSONL, from 1.")
@LITERAL
def check(
    file: Path,
    strict: bool,
    as_json: bool,
    ignored: tuple[str, ...],
    name: str,
    settings: tuple[str, ...],
    data: Path | None,
    row: int | None,
    literal: bool,
) -> None:
    """List what is wrong in FILE: a Python file that defines `project`, a project JSON, or a JSONL of payloads.

    Ends with 1 where there are errors. What each code means, with an example: docs/checks.md.

    \b
    aistudios check examples/talking_avatar.py
    aistudios check project.json --strict --ignore unsafe-area --ignore low-contrast:logo
    aistudios check examples/personalised.py --data examples/data/people.csv
    aistudios check videos.jsonl
    """
    _refuse_unknown(ignored)
    refuse_filling(literal, settings, data)
    lines = file.is_file() and is_json(file) and is_lines(file)
    if lines and (settings or data):
        raise click.UsageError(f"{file} is JSONL, payloads that are rendered: they take no --set and no --data")
    if row is not None and not lines and data is None:
        raise click.UsageError("--row speaks of rows: give them with --data")
    if lines:
        counts = _tell_many(_of_lines(file, ignored), "line", row, as_json)
    else:
        project, constants = load_script(file, name, literal=literal), dict(setting(text) for text in settings)
        if data is None:
            counts = _tell_one(rendered(project, constants), ignored, as_json)
        else:
            counts = _tell_many(_of_rows(project, data, constants, ignored), "row", row, as_json)
    if counts["error"] or (strict and counts["warning"]):
        click.get_current_context().exit(1)


def _refuse_unknown(ignored: tuple[str, ...]) -> None:
    from aistudios_dsl.check.findings import CODES
    from aistudios_dsl.errors import did_you_mean

    for text in ignored:
        code = text.partition(":")[0]
        if code not in CODES:
            raise click.BadParameter(f"there is no check {code!r}: {did_you_mean(code, CODES)}", param_hint="--ignore")


# one project


def _tell_one(project: Project, ignored: tuple[str, ...], as_json: bool) -> Mapping[Severity, int]:
    from aistudios_dsl.check.findings import counted

    findings = project.check(ignore=ignored)
    counts = counted(findings)
    if as_json:
        found = [finding.to_dict() for finding in findings]
        say(json.dumps({"findings": found, "counts": counts}, ensure_ascii=False))
    else:
        _print(findings, project)
    return counts


def _print(findings: Sequence[Finding], project: Project) -> None:
    """The findings of the project and of each scene; what to do is said once for each code."""
    from aistudios_dsl.check.findings import by_scene, counted

    said = set[str]()
    for scene, group in by_scene(findings):
        click.secho("project" if scene is None else f"scenes[{scene}]", bold=True)
        for finding in group:
            _print_finding(finding, re.sub(r"^scenes\[\d+\]\.?", "", finding.path), finding.message, said)
    counts = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counted(findings).items() if count]
    scenes = len(project.scenes)
    say(f"{', '.join(counts) or 'nothing found'} in {scenes} scene{'' if scenes == 1 else 's'}")


def _print_finding(finding: Finding, place: str, message: str, said: set[str], err: bool = False) -> None:
    where = " ".join(filter(None, (place, finding.name)))
    severity = click.style(f"{finding.severity:7}", fg=_COLOURS[finding.severity])
    text = f"{finding.code:22} {f'{where}: ' if where else ''}{message}"
    # The colour is written as an escape too: it alone is meant.
    click.echo(f"  {severity} {printable(text)}", err=err)
    if finding.remedy and finding.remedy not in said:
        say(f"          {'':22} {finding.remedy}", err=err)
    said.add(finding.remedy)


# many payloads


def _of_lines(path: Path, ignored: tuple[str, ...]) -> Checks:
    """The check of each payload of a JSONL, with its line, from 1."""
    from aistudios_dsl.check.findings import checked

    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, partial(checked, line, ignore=ignored)
    except OSError as fault:
        raise DslError(f"cannot read {path}: {fault.strerror}") from None


def _of_rows(project: Project, data: Path, constants: Mapping[str, str], ignored: tuple[str, ...]) -> Checks:
    """The check of each row of a template, with its number, from 1; that of a faulty row raises."""
    from aistudios_dsl.errors import TemplateError
    from aistudios_dsl.templates.rows import read_rows

    # A template that no row can fill is one fault, not one of each row.
    plan = project.compile()
    rows = read_rows(data)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except TemplateError as fault:
            yield rows.count, partial(_raise, fault)
        else:
            yield rows.count, partial(_check_row, plan, {**row, **constants}, ignored)


def _check_row(plan: Plan, row: Mapping[str, Any], ignored: tuple[str, ...]) -> list[Finding]:
    from aistudios_dsl.check.findings import checked

    return checked(plan.render_json(row), ignore=ignored, script_clips=plan.script_clips(row))


def _raise(fault: DslError) -> NoReturn:
    raise fault


def _tell_many(checks: Checks, noun: str, only: int | None, as_json: bool) -> Mapping[Severity, int]:
    from aistudios_dsl.check.summary import summed

    summary = summed((number, _findings(check)) for number, check in checks if only in (None, number))
    if not summary.total:
        raise DslError(f"there is no {noun} {only}" if only else "there are no payloads in it")
    if as_json:
        found = [group.finding.to_dict() | {"rows": group.rows} for group in summary.groups]
        told = {"findings": found, "counts": summary.counts, "rows": summary.total}
        say(json.dumps(told, ensure_ascii=False))
    else:
        print_groups(summary, noun)
    return summary.counts


def _findings(check: Callable[[], list[Finding]]) -> list[Finding]:
    """What a check finds, or the fault that prevents it."""
    from aistudios_dsl.check.findings import Finding

    try:
        return check()
    except DslError as fault:
        problems = (fault.problems if isinstance(fault, LoadError) else ()) or (fault,)
        # Its row is told beside it: with the row in its path, no two were alike.
        return [Finding(FAULT, "error", one.message, _ROW.sub("", one.path), remedy=one.hint) for one in problems]


def print_groups(summary: FindingSummary, noun: str, *, err: bool = False) -> None:
    """Print each finding once, under the rows that have it; to stderr with `err`."""
    said = set[str]()
    for rows, groups in summary.by_rows().items():
        click.secho(_named(rows, summary.total, noun), bold=True, err=err)
        for group in groups:
            _print_finding(group.finding, group.finding.path, _message(group, noun), said, err)
    kinds = ", ".join(f"{kind}s in {count:,}" for kind, count in summary.rows.items() if count)
    total = f"{summary.total:,} {noun}{'' if summary.total == 1 else 's'}"
    say(f"{total}: {kinds}" if kinds else f"nothing found in {total}", err=err)


def _message(group: SharedFinding, noun: str) -> str:
    return group.finding.message if group.alike else f"{group.finding.message} ({noun} {group.rows[0]}; others alike)"


def _named(rows: tuple[int, ...], total: int, noun: str) -> str:
    if len(rows) == 1:
        return f"{noun} {rows[0]}"
    if len(rows) == total:
        return f"all {total:,} {noun}s"
    shown = ", ".join(map(str, rows[:_NAMED_ROWS]))
    return f"{noun}s {shown}" if len(rows) <= _NAMED_ROWS else f"{len(rows):,} {noun}s: {shown}, …"
