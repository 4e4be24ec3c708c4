"""`aistudios check`: what is wrong in a project, or likely not meant, before it costs credits."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aistudios_dsl.cli.base import load_script, setting

if TYPE_CHECKING:
    from aistudios_dsl.project import Project
    from aistudios_dsl.views.check import Finding

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="End with 1 on warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print an object: the findings, and how many of each severity.")
@click.option("--ignore", "ignored", multiple=True, metavar="CODE[:tag]", help="Leave a rule out, or for one clip.")
@click.option("--object", "name", default="project", show_default=True, help="The name the script gives its project.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A variable of the template; repeatable.")
def check(
    file: Path, strict: bool, as_json: bool, ignored: tuple[str, ...], name: str, settings: tuple[str, ...]
) -> None:
    """List what is wrong in FILE: a Python file that defines `project`, or a project JSON.

    Ends with 1 where there are errors. What each code means, with an example: docs/checks.md.

    \b
    aistudios check examples/talking_avatar.py
    aistudios check project.json --strict --ignore unsafe-area --ignore low-contrast:logo
    """
    from aistudios_dsl.views.check import counted

    _refuse_unknown(ignored)
    project = load_script(file, name)
    if settings:
        project = project.render(dict(setting(text) for text in settings))
    findings = project.check(ignore=ignored)
    counts = counted(findings)
    if as_json:
        found = [finding.to_dict() for finding in findings]
        click.echo(json.dumps({"findings": found, "counts": counts}, ensure_ascii=False))
    else:
        _print(findings, project)
    if counts["error"] or (strict and counts["warning"]):
        click.get_current_context().exit(1)


def _refuse_unknown(ignored: tuple[str, ...]) -> None:
    from aistudios_dsl.errors import did_you_mean
    from aistudios_dsl.views.check import CODES

    for text in ignored:
        code = text.partition(":")[0]
        if code not in CODES:
            raise click.BadParameter(f"there is no check {code!r}: {did_you_mean(code, CODES)}", param_hint="--ignore")


def _print(findings: Sequence[Finding], project: Project) -> None:
    """The findings of the project and of each scene; what to do is said once for each code."""
    from aistudios_dsl.views.check import by_scene, counted

    said = set[str]()
    for scene, group in by_scene(findings):
        click.secho("project" if scene is None else f"scenes[{scene}]", bold=True)
        for finding in group:
            tag = f" (tag {finding.tag!r})" if finding.tag else ""
            place = re.sub(r"^scenes\[\d+\]\.?", "", finding.path)
            where = f"{place}{tag}: " if place or tag else ""
            severity = click.style(f"{finding.severity:7}", fg=_COLOURS[finding.severity])
            click.echo(f"  {severity} {finding.code:22} {where}{finding.message}")
            if finding.remedy not in said:
                click.echo(f"          {'':22} {finding.remedy}")
            said.add(finding.remedy)
    counts = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counted(findings).items() if count]
    scenes = len(project.scenes)
    click.echo(f"{', '.join(counts) or 'nothing found'} in {scenes} scene{'' if scenes == 1 else 's'}")
