"""`aistudios preview`: a project as a page, or as one picture for each scene, before anything is sent."""

from __future__ import annotations

import webbrowser
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import frozen

from aistudios_dsl.atomic_write import AtomicFolder, report_write_errors, write_text
from aistudios_dsl.cli.base import print_line, reject_overwriting
from aistudios_dsl.cli.data import DataFile, data_options
from aistudios_dsl.cli.options import ProjectFile, project_file
from aistudios_dsl.errors import DslError, plural

if TYPE_CHECKING:
    from aistudios_dsl.project import Project

DEFAULT_PORT = 8766


@frozen
class Preview:
    """What is to be seen of which project."""

    source: ProjectFile
    data: DataFile | None = None
    row: int | None = None
    scene: int | None = None
    media: Path | None = None

    @property
    def inputs(self) -> list[Path]:
        """The files and the folder that it names."""
        return [self.source.path, *([self.data.path] if self.data else []), *([self.media] if self.media else [])]

    def project(self) -> Project:
        """Return the project, with the values of its row."""
        return self.source.render() if self.data is None else _rendered_row(self.source, self.data, self.row or 1)

    def page(self, *, live: bool = False) -> str:
        """Return the page. `live`: with the script that follows changes."""
        return self.project()._page(self.media, self.scene, live=live)


@click.command()
@project_file
@click.option("-o", "--output", default="storyboard.html", show_default=True, help="A page; DIR/ or .svg: pictures.")
@data_options
@click.option("--row", type=click.IntRange(1), help="Which row of --data to show, from 1 (the default).")
@click.option("--scene", type=click.IntRange(0), help="Show this scene only, counted from 0 as in scenes[0].")
@click.option("--media", type=click.Path(path_type=Path), help="Folder with copies of pictures, named like the URLs.")
@click.option("--open", "show", is_flag=True, help="Open the page or picture.")
@click.option("--watch", "follow", is_flag=True, help="Serve the page on this machine, and show each change at once.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of --watch; 0 takes a free one.  [default: 8766]")
@click.pass_context
def preview(
    ctx: click.Context,
    source: ProjectFile,
    output: str,
    data: DataFile | None,
    row: int | None,
    scene: int | None,
    media: Path | None,
    show: bool,
    follow: bool,
    port: int | None,
) -> None:
    """Draw the scenes as a page or as pictures.

    The page shows every scene as it will be laid out, with its speech, its clips and the findings of the checks.
    Nothing is fetched: pictures are placeholders unless --media has a copy. A template shows its variables unless
    --set or --data fill them.

    \b
    aistudios preview examples/product_promo.py -o storyboard.html --open
    aistudios preview examples/product_promo.py --watch --open
    aistudios preview examples/personalised.py --data examples/data/people.csv --row 2
    aistudios preview examples/product_promo.py -o pictures/
    """
    if row is not None and data is None:
        raise click.UsageError("--row requires --data")
    shown = Preview(source, data, row, scene, media)
    if follow:
        _watch(shown, DEFAULT_PORT if port is None else port, ctx, show)
        return
    if port is not None:
        raise click.UsageError("--port requires --watch")
    if not output:
        raise click.UsageError("-o needs a name: PAGE.html, PICTURE.svg, or DIR/")
    target = Path(output)
    is_folder = output.endswith(("/", "\\")) or target.is_dir()
    if not is_folder and target.suffix.lower() not in (".html", ".htm", ".svg"):
        raise click.UsageError(f"-o {output}: name a page .html, one picture .svg, or a folder of pictures DIR/")
    reject_overwriting(target, source.path, data.path if data else None)
    with report_write_errors(output):
        if not is_folder and target.suffix.lower() != ".svg":
            written = [write_text(target, shown.page())]
        else:
            written = _write_pictures(shown, target, is_folder)
    many = f"{written[0]} to {written[-1].name}: {plural(len(written), 'picture')}"
    print_line(many if len(written) > 1 else str(written[0]), err=True)
    if show and not webbrowser.open(written[0].resolve().as_uri()):
        print_line("note: no browser could be opened", err=True)


def _watch(shown: Preview, port: int, ctx: click.Context, show: bool) -> None:
    from aistudios_dsl.cli.watch import watch

    if ctx.get_parameter_source("output") is not click.core.ParameterSource.DEFAULT:
        raise click.UsageError("--watch serves the page and writes none: leave out -o")
    if shown.data is not None and shown.data.is_read_once:
        raise click.UsageError("--watch reads --data again after each change: name a file")
    if not shown.source.path.is_file():
        shown.source.load()  # which tells what is wrong
    watch(shown, port, show=show)


def _rendered_row(source: ProjectFile, data: DataFile, number: int) -> Project:
    """Return the project with the values of one row, counted from 1, and of `--set`."""
    from aistudios_dsl.templates.rows import of_row
    from aistudios_dsl.templates.values import with_values

    project, rows = source.load(), data.rows()
    row = next(islice(rows, number - 1, None), None)
    if row is None:
        raise DslError(f"{data.path} has no row {number}", hint=f"it has {rows.count}")
    try:
        return project.render(with_values(row, source.settings))
    except DslError as fault:
        raise of_row(fault, number, row) from None


def _write_pictures(shown: Preview, target: Path, is_folder: bool) -> list[Path]:
    project = shown.project()
    numbers = range(len(project.scenes)) if shown.scene is None else [shown.scene]
    if not is_folder and len(numbers) != 1:
        raise click.UsageError(f"{target} is one picture: name a scene with --scene, or a folder with -o DIR/")
    pictures = {f"scene-{number}.svg": project.svg(number, media=shown.media) for number in numbers}
    if not is_folder:
        return [write_text(target, *pictures.values())]
    target.mkdir(parents=True, exist_ok=True)
    with AtomicFolder(target, shown.inputs) as folder:
        for name, text in pictures.items():
            folder.write(name, text.encode())
        folder.finish()
    return [target / name for name in pictures]
