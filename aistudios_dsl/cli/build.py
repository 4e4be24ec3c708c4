"""`aistudios build`: the JSON of a project, or one payload for each row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from aistudios_dsl.cli.base import print_line, print_result, reject_overwriting
from aistudios_dsl.cli.data import DataFile, data_options
from aistudios_dsl.cli.options import CATALOG, LOCALE, LOCALES, ProjectFile, named_locales, project_file
from aistudios_dsl.errors import plural


@click.command()
@project_file
@data_options
@click.option("--name", "file_name", metavar="TEMPLATE", help='With -o DIR: name a file for each row, "{{ id }}.json".')
@click.option("--check-rows", is_flag=True, help="Render all rows before writing any, and list all errors.")
@click.option("--on-error", type=click.Choice(["stop", "skip"]), help="Stop at a faulty row (default), or skip it.")
@click.option("--strict", is_flag=True, help="Refuse rows with columns that no field uses.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Render rows in this many processes."
)
@click.option("--with-rows", is_flag=True, help="Write each row beside its payload, for `outbox --key` and `--name`.")
@click.option("--api", type=click.Choice(["1.4", "1.6"]), help="Write speech in the clip (1.4) or in the scene (1.6).")
@click.option("--indent", type=click.IntRange(0, 8), help="Indent the JSON by this many spaces.")
@LOCALE
@LOCALES
@click.option("--locale-column", metavar="NAME", help="Take the words of the language that this column names.")
@CATALOG
@click.option("-o", "--output", help="Write to this file or folder, not to stdout.")
def build(
    source: ProjectFile,
    data: DataFile | None,
    api: Any,
    indent: int | None,
    output: str | None,
    locale: str | None,
    locales: tuple[str, ...],
    catalog: Path,
    **of_rows: Any,
) -> None:
    """Print the JSON of a script or a project.

    FILE is a Python script that defines `project`, or a project JSON. What the script prints goes to stderr.

    With --data, the project is a template, and each row gives one payload: a line of JSON, or a file with --name.
    A value given with --set replaces the column of that name in all rows.

    With --with-rows, a line is {"row": {...}, "payload": {...}}: the outbox keeps the row to name the video, and sends
    the payload alone.

    With --on-error skip, faulty rows and their errors are listed beside the output, in OUTPUT.skipped.jsonl; without
    -o, on stderr alone. The command exits with 0 unless every row was skipped.

    With --locale, the words are those of a PO file of the folder --catalog; those that it lacks stay. --locales writes
    a file for each language: -o video.json makes video.de.json, video.ko.json and so on.

    \b
    aistudios build examples/talking_avatar.py
    aistudios build examples/personalised.py --data examples/data/people.csv -o videos.jsonl
    aistudios build examples/personalised.py --data examples/data/people.csv -o videos --name "{{ id }}.json"
    """
    _reject_misfits(data, output, indent, of_rows)
    many = named_locales(locales, catalog)
    _reject_mixed_languages(data, output, locale, many, of_rows)
    target = None if output is None else Path(output)
    jobs = [(target, source)]
    if wanted := many or (() if locale is None else (locale,)):
        jobs = [(_named_for(own, target, many), found) for own, found in source.in_languages(wanted, catalog)]
    for path, _ in jobs:
        reject_overwriting(path, source.path, data.path if data else None)
    for path, found in jobs:
        if data is None:
            _build_one(found, api, indent, path)
        else:
            from aistudios_dsl.cli.build_rows import build_rows

            build_rows(found, data, path if output else None, api, indent, catalog=catalog, **of_rows)


def _named_for(locale: str, target: Path | None, many: tuple[str, ...]) -> Path | None:
    """Return where one of many languages is written: the output, with the language before its suffix."""
    return target.with_name(f"{target.stem}.{locale}{target.suffix}") if target and many else target


def _build_one(source: ProjectFile, api: Any, indent: int | None, output: Path | None) -> None:
    from aistudios_dsl.wire.codec import dump
    from aistudios_dsl.wire.jsontext import canonical

    project = source.render()
    whole = project.resolve(api=api)
    text = canonical(dump(whole), indent) + "\n"
    for path, letters in project._estimates_in(whole).items():
        from aistudios_dsl.layout.fonts import shown_letters

        print_line(
            f"note: {path}: the widths of the letters {shown_letters(letters)} are estimates; "
            "aistudios check names fonts that have them",
            err=True,
        )
    if output is None:
        print_result(text)
        return
    from aistudios_dsl.atomic_write import write_text

    write_text(output, text)
    clips = sum(len(scene._items) for scene in project.scenes)
    print_line(f"{output}: {plural(len(project.scenes), 'scene')}, {plural(clips, 'clip')}", err=True)


def _reject_mixed_languages(
    data: DataFile | None, output: str | None, locale: str | None, many: tuple[str, ...], of_rows: Mapping[str, Any]
) -> None:
    """Raise a usage error for options about languages that do not go together."""
    if sum((locale is not None, bool(many), bool(of_rows["locale_column"]))) > 1:
        raise click.UsageError("give one of --locale, --locales and --locale-column")
    if many and (not output or not Path(output).name or (Path(output).is_dir() and not of_rows["file_name"])):
        raise click.UsageError("--locales writes a file for each language: -o video.json makes video.de.json and so on")
    if many and data and data.is_read_once:
        raise click.UsageError(f"--locales reads the rows once for each language, and {_read_once(data)}")


def _read_once(data: DataFile) -> str:
    return "standard input can be read once" if str(data.path) == "-" else f"{data.path} is not a regular file"


def _reject_all(of_rows: Mapping[str, Any]) -> None:
    """Raise a usage error for the first option that is about rows."""
    for option, value in of_rows.items():
        if value:
            name = "name" if option == "file_name" else option.replace("_", "-")
            raise click.UsageError(f"--{name} requires --data")


def _reject_misfits(data: DataFile | None, output: str | None, indent: int | None, of_rows: Mapping[str, Any]) -> None:
    """Raise a usage error for options that do not go together."""
    target = None if output is None else Path(output)
    if target and target.exists() and not (target.is_file() or target.is_dir()):
        raise click.UsageError(f"{output} is neither a file nor a folder: without -o the JSON goes to stdout")
    if data is None:
        _reject_all({**of_rows, "jobs": of_rows["jobs"] > 1})
        return
    if of_rows["with_rows"] and of_rows["file_name"] is not None:
        raise click.UsageError("--with-rows writes lines of JSONL, and --name files: choose one")
    if of_rows["check_rows"] and data.is_read_once:
        raise click.UsageError(f"--check-rows reads the rows twice, and {_read_once(data)}")
    if of_rows["file_name"] is not None:
        if target is None or target.is_file():
            raise click.UsageError("--name names a file for each row: name their folder with -o DIR")
    elif target and (str(output).endswith(("/", "\\")) or target.is_dir()):
        raise click.UsageError(f'{target} is a folder: name the files in it, such as --name "{{{{ id }}}}.json"')
    elif indent is not None:
        raise click.UsageError("JSONL has one line for each row: --indent requires --name")
