"""`aistudios diff`: what changed from one project to another."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aistudios_dsl.cli.base import load_script, print_line
from aistudios_dsl.cli.options import AS_JSON


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@AS_JSON
def diff(before: Path, after: Path, as_json: bool) -> None:
    """Describe what changed between two projects.

    BEFORE and AFTER are scripts that define `project`, or project JSON. Exits with 0 whether or not they differ.

    \b
    aistudios diff old.json new.json
    """
    from aistudios_dsl.diff import diff

    found = diff(load_script(before), load_script(after))
    print_line(json.dumps([change.to_dict() for change in found], ensure_ascii=False) if as_json else str(found))
