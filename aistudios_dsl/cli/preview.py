"""`aistudios preview`: a script as a page to look at, or as one picture a scene, before anything is sent."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aistudios_dsl.atomic_write import AtomicFolder, write_text
from aistudios_dsl.cli.base import LITERAL, load_script, refuse_filling, refuse_input, rendered, say, setting
from aistudios_dsl.errors import DslError

if TYPE_CHECKING:
    from aistudios_dsl.project import Project


@click.command()
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--object", "name", default="project", show_default=True, help="The name the script gives its project.")
@click.option("-o", "--output", default="storyboard.html", show_default=True, help="A page; DIR/ or .svg: pictures.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A variable of the template; repeatable.")
@click.option("--data", type=click.Path(path_type=Path), help="Rows (.csv, .jsonl, .json): one of them is shown.")
@click.option("--row", type=click.IntRange(1), help="Which row of --data, from 1 (the default).")
@LITERAL
@click.option("--scene", type=click.IntRange(0), help="Only this scene, counted from 0 as in scenes[0].")
@click.option("--media", type=click.Path(path_type=Path), help="A folder with copies of pictures, named as URLs end.")
@click.option("--open", "show", is_flag=True, help="Open what was written.")
def preview(
    script: Path,
    name: str,
    output: str,
    settings: Sequence[str],
    data: Path | None,
    row: int | None,
    literal: bool,
    scene: int | None,
    media: Path | None,
    show: bool,
) -> None:
    """Show SCRIPT: every scene as it will be laid out, with its speech, its clips and what the checks found.

    A template is shown with its variables; --set or --data fill them. Nothing is fetched: pictures are stand-ins unless
    --media has a copy.

    \b
    aistudios preview examples/product_promo.py -o storyboard.html --open
    aistudios preview examples/personalised.py --data examples/data/people.csv --row 2
    aistudios preview examples/product_promo.py -o pictures/
    """
    if row is not None and data is None:
        raise click.UsageError("--row speaks of rows: give them with --data")
    refuse_filling(literal, settings, data)
    if not output:
        raise click.UsageError("-o has no name after it: give PAGE.html, PICTURE.svg, or DIR/")
    target = Path(output)
    folder = output.endswith(("/", "\\")) or target.is_dir()
    if not folder and target.suffix.lower() not in (".html", ".htm", ".svg"):
        raise click.UsageError(f"-o {output}: a page is named .html, one picture .svg, and a folder of them DIR/")
    refuse_input(target, script, data)
    project = load_script(script, name, literal=literal)
    project = filled(project, dict(setting(text) for text in settings), data, row or 1)
    try:
        written = _write(project, target, folder, scene, media, [each for each in (script, data) if each])
    except OSError as fault:
        hint = "is its folder there, and may you write to it?"
        raise DslError(f"cannot write {output}: {fault.strerror}", hint=hint) from None
    many = f"{written[0]} to {written[-1].name}: {len(written)} pictures"
    say(many if len(written) > 1 else str(written[0]), err=True)
    if show and not webbrowser.open(written[0].resolve().as_uri()):
        say("note: no browser could be opened", err=True)


def filled(project: Project, constants: dict[str, str], data: Path | None, number: int) -> Project:
    """The project with the values of row `number` of the data, from 1, and with the constants."""
    if data is None:
        return rendered(project, constants)
    from aistudios_dsl.templates.rows import of_row, read_rows

    rows = read_rows(data)
    row = next(islice(rows, number - 1, None), None)
    if row is None:
        raise DslError(f"{data} has no row {number}", hint=f"it has {rows.count}")
    try:
        return project.render({**row, **constants})
    except DslError as fault:
        raise of_row(fault, number, row) from None


def _write(
    project: Project, target: Path, folder: bool, scene: int | None, media: Path | None, inputs: Sequence[Path]
) -> list[Path]:
    """Write a page, a picture, or a folder of pictures, and return what was written."""
    if not folder and target.suffix.lower() != ".svg":
        return [project.storyboard(target, media=media, scene=scene)]
    numbers = [scene] if scene is not None else list(range(len(project.scenes)))
    if not folder and len(numbers) != 1:
        raise click.UsageError(f"{target} is one picture: name a scene with --scene, or a folder with -o DIR/")
    pictures = [(number, project.svg(number, media=media)) for number in numbers]
    if not folder:
        return [write_text(target, pictures[0][1])]
    target.mkdir(parents=True, exist_ok=True)
    with AtomicFolder(target, inputs) as whole:
        for number, text in pictures:
            whole.write(f"scene-{number}.svg", text.encode())
        whole.finish()
    return [target / f"scene-{number}.svg" for number, _ in pictures]
