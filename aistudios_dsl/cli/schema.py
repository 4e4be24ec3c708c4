"""`aistudios schema`: the JSON Schema of the body, for editors and other languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from aistudios_dsl.atomic_write import write_text


@click.command()
@click.option("--api", type=click.Choice(["1.4", "1.6"]), default="1.4", show_default=True, help="Where speech stands.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write here instead of to stdout.")
def schema(api: Any, output: Path | None) -> None:
    """Print the JSON Schema (2020-12) of a project body: speech in the clip (1.4), or in the scene (1.6).

    \b
    aistudios schema -o project.schema.json
    aistudios schema --api 1.6
    """
    from aistudios_dsl.wire.schema import schema as made

    text = json.dumps(made(api), ensure_ascii=False, indent=2)
    if output is None:
        click.echo(text)
    else:
        write_text(output, text + "\n")
