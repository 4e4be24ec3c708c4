"""`aistudios preview`: a project as a page, or as one picture for each scene, before anything is sent."""

from __future__ import annotations

import webbrowser
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from attrs import evolve, frozen

from aistudios_dsl.atomic_write import AtomicFolder, report_write_errors, write_bytes, write_text
from aistudios_dsl.cli.base import print_line, reject_overwriting
from aistudios_dsl.cli.data import DataFile, data_options, rendered_row
from aistudios_dsl.cli.options import CATALOG, LOCALES, ProjectFile, named_locales, project_file
from aistudios_dsl.errors import plural

if TYPE_CHECKING:
    from aistudios_dsl.cli.preview_rows import Contact
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
    locales: tuple[str, ...] = ()
    catalog: Path = Path("locale")

    @property
    def inputs(self) -> list[Path]:
        """The files and the folder that it names."""
        return [self.source.path, *([self.data.path] if self.data else []), *([self.media] if self.media else [])]

    def project(self) -> Project:
        """Return the project, with the values of its row."""
        return self.source.render() if self.data is None else rendered_row(self.source, self.data, self.row or 1)

    @cached_property
    def rows(self) -> Contact | None:
        """Return the rows to show side by side; None where one project is to be shown."""
        from aistudios_dsl.cli.preview_rows import contact

        return None if self.data is None or self.row is not None else contact(self.source, self.data)

    def page(self, *, live: bool = False) -> str:
        """Return the page: that of a project, of its languages, or of several rows. `live`: it follows changes."""
        if self.locales:
            return self.project()._side_by_side(self._translations(), self.media, self.scene)
        rows = self.rows
        if rows is None:
            return self.project()._page(self.media, self.scene, live=live)
        if rows.total == 1:
            return rows.only()._page(self.media, self.scene, live=live)
        return rows.page(self.media, self.scene, live=live)

    def _translations(self) -> list[Project]:
        found = self.source.in_languages(named_locales(self.locales, self.catalog), self.catalog)
        return [evolve(self, source=source).project() for _, source in found]

    def png(self) -> bytes:
        """Return the picture: of a scene, of all scenes of a project, or of the scenes of several rows."""
        rows = self.rows
        if rows is not None and rows.total > 1:
            return rows.png(self.media, self.scene)
        project = self.project() if rows is None else rows.only()
        return project.png(0 if len(project.scenes) == 1 else self.scene, media=self.media)


@click.command()
@project_file
@click.option(
    "-o", "--output", default="storyboard.html", show_default=True, help="A page; .png, .svg, DIR/: pictures."
)
@data_options
@click.option("--row", type=click.IntRange(1), help="Show this row of --data only, from 1; else all, the worst first.")
@click.option("--scene", type=click.IntRange(0), help="Show this scene only, counted from 0 as in scenes[0].")
@click.option("--media", type=click.Path(path_type=Path), help="Folder with copies of pictures, named like the URLs.")
@LOCALES
@CATALOG
@click.option("--png", "as_png", is_flag=True, help="Write PNG into DIR/, not SVG.")
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
    locales: tuple[str, ...],
    catalog: Path,
    as_png: bool,
    show: bool,
    follow: bool,
    port: int | None,
) -> None:
    """Draw the scenes as a page or as pictures.

    The page shows every scene as it will be laid out, with its speech, its clips and the findings of the checks.
    Nothing is fetched: pictures are placeholders unless --media has a copy. A template shows its variables unless
    --set or --data fill them. Several rows make a contact sheet: a strip of scenes for each, the worst first.
    With --locales, each scene is shown in these languages side by side.

    \b
    aistudios preview examples/product_promo.py -o storyboard.html --open
    aistudios preview examples/product_promo.py --watch --open
    aistudios preview examples/personalised.py --data examples/data/people.csv
    aistudios preview examples/personalised.py --data examples/data/people.csv --row 2
    aistudios preview examples/first_aid.py --locales de,ko,ar --catalog examples/locale -o languages.html
    aistudios preview examples/product_promo.py -o sheet.png
    aistudios preview examples/product_promo.py -o pictures/ --png
    """
    if row is not None and data is None:
        raise click.UsageError("--row requires --data")
    shown = Preview(source, data, row, scene, media, locales, catalog)
    if follow and locales:
        raise click.UsageError("--locales writes a page: leave out --watch")
    if follow:
        _watch(shown, DEFAULT_PORT if port is None else port, ctx, show)
        return
    if port is not None:
        raise click.UsageError("--port requires --watch")
    target, kind = _target(output, as_png)
    if locales and kind != "page":
        raise click.UsageError("--locales draws a page: -o PAGE.html")
    reject_overwriting(target, source.path, data.path if data else None)
    with report_write_errors(output):
        if kind == "page":
            written = [write_text(target, shown.page())]
        elif kind == "png":
            written = [write_bytes(target, shown.png())]
        else:
            written = _write_pictures(shown, target, kind == "folder", as_png)
    many = f"{written[0]} to {written[-1].name}: {plural(len(written), 'picture')}"
    rows = shown.rows if kind in ("page", "png") and not locales else None
    one = f"{written[0]}: {rows.told}" if rows else str(written[0])
    print_line(many if len(written) > 1 else one, err=True)
    if show and not webbrowser.open(written[0].resolve().as_uri()):
        print_line("note: no browser could be opened", err=True)


def _target(output: str, as_png: bool) -> tuple[Path, Literal["page", "png", "svg", "folder"]]:
    """Return where to write, and what. Raise a usage error for a name that does not tell."""
    if not output:
        raise click.UsageError("-o needs a name: PAGE.html, PICTURE.png, PICTURE.svg, or DIR/")
    target = Path(output)
    if output.endswith(("/", "\\")) or target.is_dir():
        return target, "folder"
    if as_png and target.suffix.lower() != ".png":
        raise click.UsageError(f"--png writes pictures, and {output} is not one: name a file .png, or a folder DIR/")
    match target.suffix.lower():
        case ".html" | ".htm":
            return target, "page"
        case ".png":
            return target, "png"
        case ".svg":
            return target, "svg"
    hint = "name a page .html, one picture .png or .svg, or a folder of pictures DIR/"
    raise click.UsageError(f"-o {output}: {hint}")


def _watch(shown: Preview, port: int, ctx: click.Context, show: bool) -> None:
    from aistudios_dsl.cli.watch import watch

    if ctx.get_parameter_source("output") is not click.core.ParameterSource.DEFAULT:
        raise click.UsageError("--watch serves the page and writes none: leave out -o")
    if shown.data is not None and shown.data.is_read_once:
        raise click.UsageError("--watch reads --data again after each change: name a file")
    if not shown.source.path.is_file():
        shown.source.load()  # which tells what is wrong
    watch(shown, port, show=show)


def _write_pictures(shown: Preview, target: Path, is_folder: bool, as_png: bool) -> list[Path]:
    project = shown.project()
    numbers = range(len(project.scenes)) if shown.scene is None else [shown.scene]
    if not is_folder and len(numbers) != 1:
        raise click.UsageError(f"{target} is one picture: name a scene with --scene, or a folder with -o DIR/")
    pictures = {
        f"scene-{number}.{'png' if as_png else 'svg'}": project.png(number, media=shown.media)
        if as_png
        else project.svg(number, media=shown.media).encode()
        for number in numbers
    }
    if not is_folder:
        return [write_bytes(target, *pictures.values())]
    target.mkdir(parents=True, exist_ok=True)
    with AtomicFolder(target, shown.inputs) as folder:
        for name, content in pictures.items():
            folder.write(name, content)
        folder.finish()
    return [target / name for name in pictures]
