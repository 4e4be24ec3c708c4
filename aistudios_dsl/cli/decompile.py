"""`aistudios decompile`: the Python script that builds a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aistudios_dsl.atomic_write import write_text
from aistudios_dsl.cli.base import load_script, print_line, print_result, reject_overwriting
from aistudios_dsl.cli.options import FILE, LITERAL, OUTPUT
from aistudios_dsl.errors import TemplateError, plural

if TYPE_CHECKING:
    from aistudios_dsl.project import Project


@click.command()
@FILE
@OUTPUT
@LITERAL
def decompile(file: Path, output: Path | None, literal: bool) -> None:
    """Print the script that builds a project JSON.

    The script builds the same JSON, byte for byte: with verbs where they give it exactly, with .put(...) for the rest.
    Stderr says how many clips of each kind there are.

    \b
    aistudios decompile project.json -o video.py
    aistudios build video.py
    """
    reject_overwriting(output, file)
    project = load_script(file)
    source = (project._literally() if literal else project).to_python()
    clips = plural(source.clips, "clip")
    counts = f"{source.verbs} by verb ({source.share:.0%}), {source.puts} by put or as loaded"
    print_line(f"{clips}: {counts}", err=True)
    if not project._literal and not literal:
        _note_variables(project)
    if output is None:
        print_result(source)
    else:
        write_text(output, source)


def _note_variables(project: Project) -> None:
    try:
        names = sorted({name for names in project.variables().values() for name in names})
    except TemplateError as fault:
        print_line(f"note: {fault.path}: braces that are not a template; --literal takes them as text", err=True)
        return
    if names:
        print_line(f"note: variables: {', '.join(names)}; --literal takes braces as text", err=True)
