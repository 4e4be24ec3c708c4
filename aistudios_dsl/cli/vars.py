"""`aistudios vars`: the variables that a row must have, for each field of the template."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aistudios_dsl.cli.base import load_script, say


@click.command("vars")
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--object", "name", default="project", show_default=True, help="The name the script gives its project.")
@click.option("--json", "as_json", is_flag=True, help="Print an object: field path to a list of names.")
def variables(script: Path, name: str, as_json: bool) -> None:
    """Print the variables that SCRIPT's template needs, field by field.

    \b
    aistudios vars examples/personalised.py
    aistudios vars examples/personalised.py --json
    """
    found = load_script(script, name).variables()
    if as_json:
        say(json.dumps(found, ensure_ascii=False))
        return
    width = max(map(len, found), default=0)
    for path, names in found.items():
        say(f"{path:{width}}  {', '.join(names)}")
    if not found:
        say("no variables: SCRIPT is no template", err=True)
