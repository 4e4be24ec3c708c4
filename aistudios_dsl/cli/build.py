"""`aistudios build`: a script or a project JSON becomes payloads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aistudios_dsl.cli.base import load_script, write_whole

if TYPE_CHECKING:
    from aistudios_dsl.project import Project


@click.command()
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--object", "name", default="project", show_default=True, help="The name the script gives its project.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A variable of the template; repeatable.")
@click.option("--api", type=click.Choice(["1.4", "1.6"]), help="Where speech is written: in the clip, or in the scene.")
@click.option("--indent", type=click.IntRange(0, 8), help="Spread the JSON over lines.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write here instead of to stdout.")
def build(
    script: Path, name: str, settings: tuple[str, ...], api: Any, indent: int | None, output: Path | None
) -> None:
    """Print the JSON of SCRIPT: a Python file that defines `project`, or a project JSON.

    \b
    aistudios build examples/talking_avatar.py
    aistudios build examples/template.py --set name=Ann -o ann.json
    """
    project = load_script(script, name)
    if settings:
        project = project.render(dict(_setting(text) for text in settings))
    text = project.to_json(indent, api=api)
    for path, letters in project.estimates().items():
        click.echo(f"note: {path}: the width of {letters!r} is an estimate: the bundled font lacks it", err=True)
    if output is None:
        click.echo(text)
    else:
        write_whole(output, text + "\n")
        click.echo(f"{output}: {_counted(project)}", err=True)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--set")
    return name, value


def _counted(project: Project) -> str:
    scenes, clips = len(project.scenes), sum(len(scene.items) for scene in project.scenes)
    return f"{scenes} scene{'' if scenes == 1 else 's'}, {clips} clip{'' if clips == 1 else 's'}"
