"""`aistudios vars`: the variables that a row must have, for each field of the template."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aistudios_dsl.cli.base import load_script, print_line
from aistudios_dsl.cli.options import AS_JSON, FILE, OBJECT


@click.command("vars")
@FILE
@OBJECT
@AS_JSON
def variables(file: Path, name: str, as_json: bool) -> None:
    """List the variables of a template, field by field.

    \b
    aistudios vars examples/personalised.py
    aistudios vars examples/personalised.py --json
    """
    found = load_script(file, name).variables()
    if as_json:
        print_line(json.dumps(found, ensure_ascii=False))
        return
    width = max(map(len, found), default=0)
    for path, names in found.items():
        print_line(f"{path:{width}}  {', '.join(names)}")
    if not found:
        print_line(f"no variables: {file} is not a template", err=True)
