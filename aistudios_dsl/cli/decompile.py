"""`aistudios decompile` and `aistudios diff`: a project as the script that builds it, and as what changed in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aistudios_dsl.atomic_write import write_text
from aistudios_dsl.cli.base import load_script, refuse_input, say, say_result

if TYPE_CHECKING:
    from aistudios_dsl.decompile.source import Source
    from aistudios_dsl.project import Project


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write here instead of to stdout.")
@click.option("--literal", is_flag=True, help="Braces in the project's strings are text, not variables.")
def decompile(file: Path, output: Path | None, literal: bool) -> None:
    """Print the Python that builds the project JSON FILE, to the last byte.

    Verbs say what they say exactly, .put(...) the rest; stderr tells how much of each there is.

    \b
    aistudios decompile project.json -o video.py
    aistudios build video.py
    """
    refuse_input(output, file)
    project = load_script(file)
    source = (project._literally() if literal else project).to_python()
    say(_shares(source), err=True)
    if not project._literal and not literal:
        _tell_variables(project)
    if output is None:
        say_result(source)
    else:
        write_text(output, source)


def _shares(source: Source) -> str:
    clips = f"{source.clips} clip{'' if source.clips == 1 else 's'}"
    return f"{clips}: {source.verbs} by verb ({source.share:.0%}), {source.puts} by put or as loaded"


def _tell_variables(project: Project) -> None:
    from aistudios_dsl.errors import TemplateError

    try:
        names = sorted({name for names in project.variables().values() for name in names})
    except TemplateError as fault:
        say(f"note: {fault.path}: braces that are no template; --literal takes them as text", err=True)
        return
    if names:
        say(f"note: variables: {', '.join(names)}; --literal takes braces as text", err=True)


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
def diff(before: Path, after: Path, as_json: bool) -> None:
    """Say in words what changed from BEFORE to AFTER: scripts that define `project`, or project JSON.

    Ends with 0 whether or not they differ.

    \b
    aistudios diff old.json new.json
    """
    from aistudios_dsl.diff import diff

    found = diff(load_script(before), load_script(after))
    say(json.dumps([change.to_dict() for change in found], ensure_ascii=False) if as_json else str(found))
