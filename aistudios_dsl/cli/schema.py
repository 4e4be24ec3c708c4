"""`aistudios schema`: the JSON Schema of the body, for editors and other languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from aistudios_dsl.atomic_write import write_text
from aistudios_dsl.cli.options import OUTPUT


@click.command()
@click.option("--api", type=click.Choice(["1.4", "1.6"]), default="1.4", show_default=True, help="API version.")
@OUTPUT
def schema(api: Any, output: Path | None) -> None:
    """Print the JSON Schema of a project body.

    The schema is of draft 2020-12. Speech is in the clip in API 1.4, in the scene in 1.6.

    \b
    aistudios schema -o project.schema.json
    aistudios schema --api 1.6
    """
    from aistudios_dsl.wire.schema import schema as make_schema

    text = json.dumps(make_schema(api), ensure_ascii=False, indent=2)
    if output is None:
        click.echo(text)
    else:
        write_text(output, text + "\n")
