"""`aistudios show`: the outline of a project."""

from __future__ import annotations

import json

import click

from aistudios_dsl.cli.base import print_line
from aistudios_dsl.cli.options import AS_JSON, ProjectFile, project_file


@click.command()
@project_file
@AS_JSON
def show(source: ProjectFile, as_json: bool) -> None:
    """List the scenes of a project and their clips.

    Each clip has its kind, tag or id, box and first words.

    Boxes are left, top, width and height in px, and the angle of a turned clip. A template is shown with likely values
    for its variables, or with those of --set. With --json, words are whole.

    \b
    aistudios show video.py
    aistudios show project.json --json
    """
    from aistudios_dsl.draw.outline import outline

    project = source.render()
    whole, template = project._viewed()
    found = outline(project, whole)
    if template:
        print_line("note: a template, with likely values for its variables; --set NAME=VALUE gives others", err=True)
    if as_json:
        print_line(json.dumps(found.to_dict() | {"template": template}, ensure_ascii=False))
        return
    for line in found.lines():
        print_line(line)
