"""`aistudios preview`: a project as a page, or as one picture for each scene, before anything is sent."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aistudios_dsl.atomic_write import AtomicFolder, report_write_errors, write_text
from aistudios_dsl.cli.base import print_line, reject_overwriting
from aistudios_dsl.cli.data import DataFile, data_options
from aistudios_dsl.cli.options import CATALOG, LOCALES, ProjectFile, named_locales, project_file
from aistudios_dsl.errors import DslError, plural

if TYPE_CHECKING:
    from aistudios_dsl.project import Project


@click.command()
@project_file
@click.option("-o", "--output", default="storyboard.html", show_default=True, help="A page; DIR/ or .svg: pictures.")
@data_options
@click.option("--row", type=click.IntRange(1), help="Which row of --data to show, from 1 (the default).")
@click.option("--scene", type=click.IntRange(0), help="Show this scene only, counted from 0 as in scenes[0].")
@click.option("--media", type=click.Path(path_type=Path), help="Folder with copies of pictures, named like the URLs.")
@LOCALES
@CATALOG
@click.option("--open", "show", is_flag=True, help="Open the page or picture.")
def preview(
    source: ProjectFile,
    output: str,
    data: DataFile | None,
    row: int | None,
    scene: int | None,
    media: Path | None,
    locales: tuple[str, ...],
    catalog: Path,
    show: bool,
) -> None:
    """Draw the scenes as a page or as pictures.

    The page shows every scene as it will be laid out, with its speech, its clips and the findings of the checks.
    Nothing is fetched: pictures are placeholders unless --media has a copy. A template shows its variables unless
    --set or --data fill them. With --locales, each scene is shown in these languages side by side.

    \b
    aistudios preview examples/product_promo.py -o storyboard.html --open
    aistudios preview examples/personalised.py --data examples/data/people.csv --row 2
    aistudios preview examples/first_aid.py --locales de,ko,ar --catalog examples/locale -o languages.html
    aistudios preview examples/product_promo.py -o pictures/
    """
    if row is not None and data is None:
        raise click.UsageError("--row requires --data")
    if not output:
        raise click.UsageError("-o needs a name: PAGE.html, PICTURE.svg, or DIR/")
    target = Path(output)
    is_folder = output.endswith(("/", "\\")) or target.is_dir()
    if not is_folder and target.suffix.lower() not in (".html", ".htm", ".svg"):
        raise click.UsageError(f"-o {output}: name a page .html, one picture .svg, or a folder of pictures DIR/")
    reject_overwriting(target, source.path, data.path if data else None)
    number = row or 1
    values = None if data is None else _row(data, number)
    project = _filled(source, values, number)
    if locales and (is_folder or target.suffix.lower() == ".svg"):
        raise click.UsageError("--locales draws a page: -o PAGE.html")
    with report_write_errors(output):
        if locales:
            found = source.in_languages(named_locales(locales, catalog), catalog)
            translations = [_filled(each, values, number) for _, each in found]
            written = [write_text(target, project._side_by_side(translations, media, scene))]
        elif not is_folder and target.suffix.lower() != ".svg":
            written = [project.storyboard(target, media=media, scene=scene)]
        else:
            numbers = range(len(project.scenes)) if scene is None else [scene]
            written = _write_pictures(
                project, target, is_folder, numbers, media, [source.path, *([data.path] if data else [])]
            )
    many = f"{written[0]} to {written[-1].name}: {plural(len(written), 'picture')}"
    print_line(many if len(written) > 1 else str(written[0]), err=True)
    if show and not webbrowser.open(written[0].resolve().as_uri()):
        print_line("note: no browser could be opened", err=True)


def _row(data: DataFile, number: int) -> Any:
    """Return one row, counted from 1."""
    rows = data.rows()
    row = next(islice(rows, number - 1, None), None)
    if row is None:
        raise DslError(f"{data.path} has no row {number}", hint=f"it has {rows.count}")
    return row


def _filled(source: ProjectFile, row: Any, number: int) -> Project:
    """Return the project with the values of a row, if there is one, and of `--set`."""
    from aistudios_dsl.templates.rows import of_row
    from aistudios_dsl.templates.values import with_values

    if row is None:
        return source.render()
    try:
        return source.load().render(with_values(row, source.settings))
    except DslError as fault:
        raise of_row(fault, number, row) from None


def _write_pictures(
    project: Project, target: Path, is_folder: bool, numbers: Sequence[int], media: Path | None, inputs: Sequence[Path]
) -> list[Path]:
    if not is_folder and len(numbers) != 1:
        raise click.UsageError(f"{target} is one picture: name a scene with --scene, or a folder with -o DIR/")
    pictures = {f"scene-{number}.svg": project.svg(number, media=media) for number in numbers}
    if not is_folder:
        return [write_text(target, *pictures.values())]
    target.mkdir(parents=True, exist_ok=True)
    with AtomicFolder(target, inputs) as folder:
        for name, text in pictures.items():
            folder.write(name, text.encode())
        folder.finish()
    return [target / name for name in pictures]
