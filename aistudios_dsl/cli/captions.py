"""`aistudios captions`: what is said in a video as SRT or WebVTT, for one project or for each row of a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve, frozen

from aistudios_dsl.atomic_write import AtomicFolder, report_write_errors, write_text
from aistudios_dsl.cli.base import print_line, print_result, reject_overwriting
from aistudios_dsl.cli.data import DataFile, data_options, named_row, rendered_row
from aistudios_dsl.cli.options import ProjectFile, project_file
from aistudios_dsl.errors import DslError, TemplateError, plural, under

if TYPE_CHECKING:
    from aistudios_dsl.draw.captions import Format
    from aistudios_dsl.project import Project
    from aistudios_dsl.templates.rows import DataRow

_NAMED = 8
_UNLIKELY = 2
"""How many times longer or shorter than estimated a video may be before that is told."""


def _data_options(command: Any) -> Any:
    return data_options(command, format_option="--data-format")


@click.command()
@project_file
@click.option("-o", "--output", help="Write to this file .srt or .vtt, or with --name into this folder; not to stdout.")
@click.option(
    "--format", "kind", type=click.Choice(["srt", "vtt"]), help="Default by the name of the output, else srt."
)
@click.option("--seconds", type=float, help="The length of the real video, to which the times are scaled.")
@click.option("--video", metavar="FILE", help="The downloaded MP4, which says its length; with --name, a template.")
@click.option("--silent-seconds", default=0.0, show_default=True, help="Seconds that a scene without speech lasts.")
@_data_options
@click.option("--row", type=click.IntRange(1), help="Which row of --data to caption, from 1.")
@click.option("--name", "file_name", metavar="TEMPLATE", help='With -o DIR: a file for each row, "{{ id }}.vtt".')
def captions(
    source: ProjectFile,
    output: str | None,
    kind: Format | None,
    seconds: float | None,
    video: str | None,
    silent_seconds: float,
    data: DataFile | None,
    row: int | None,
    file_name: str | None,
) -> None:
    """Write what is said as captions.

    Lines have at most 42 letters, and a caption has at most two lines. The times are estimates from the words, scaled
    to the real video with --seconds or --video. WebVTT says so in a comment; SRT has no comments.

    A template needs --set, or --data with the number of a row; with --name, each row of --data gives a file.

    \b
    aistudios captions examples/talking_avatar.py -o talking.vtt
    aistudios captions examples/talking_avatar.py -o talking.srt --video talking.mp4
    aistudios captions examples/personalised.py --data examples/data/people.csv --row 2
    aistudios captions examples/personalised.py --data examples/data/people.csv -o captions --name "{{ id }}.vtt"
    """
    if seconds is not None and video is not None:
        raise click.UsageError("--seconds and --video both say how long the video is: give one of them")
    _reject_misfits(data, row, file_name, output, seconds)
    kind = _kind(kind, file_name if file_name is not None else output)
    asked = Asked(kind, seconds, video, silent_seconds)
    if data is not None and file_name is not None:
        _write_rows(source, data, Path(output or ""), file_name, video, asked)
        return
    target = None if output is None else Path(output)
    reject_overwriting(target, source.path, data.path if data else None, Path(video) if video else None)
    project = source.render() if data is None else rendered_row(source, data, row or 1)
    text, told = _captioned(project, asked)
    if target is None:
        print_result(text)
    else:
        write_text(target, text)
    print_line(f"{output or 'stdout'}: {told}", err=True)


def _reject_misfits(
    data: DataFile | None, row: int | None, file_name: str | None, output: str | None, seconds: float | None
) -> None:
    """Raise a usage error for options that do not go together."""
    if output == "":
        raise click.UsageError("-o needs a name: video.srt or video.vtt")
    if data is None:
        for option, value in (("row", row), ("name", file_name)):
            if value is not None:
                raise click.UsageError(f"--{option} requires --data")
        return
    if (row is None) == (file_name is None):
        raise click.UsageError("--data has many rows: name one with --row N, or a file for each with -o DIR --name")
    if file_name is not None and (output is None or Path(output).is_file()):
        raise click.UsageError("--name names a file for each row: name their folder with -o DIR")
    if file_name is not None and seconds is not None:
        raise click.UsageError('each row has its own length: give --video "videos/{{ id }}.mp4" instead of --seconds')


def _kind(kind: Format | None, name: str | None) -> Format:
    """Return the format that was asked for, by name or by the end of a file's name."""
    ending = (name or "").lower().rpartition(".")[2]
    named: Format | None = "srt" if ending == "srt" else "vtt" if ending == "vtt" else None
    if kind and named and kind != named:
        raise click.UsageError(f"--format {kind} does not go with the name {name}")
    if name is not None and not kind and not named:
        raise click.UsageError(f"{name} names neither .srt nor .vtt: say which with --format")
    return kind or named or "srt"


@frozen
class Asked:
    """What captions to write, and how long the video is."""

    kind: Format
    seconds: float | None
    video: str | None
    silent_seconds: float


def _captioned(project: Project, asked: Asked) -> tuple[str, str]:
    """Return the captions of a project, and what to tell of them."""
    from aistudios_dsl.draw.captions import captions
    from aistudios_dsl.errors import clock

    scenes, timing = project._timed(asked.seconds, asked.video, asked.silent_seconds)
    text = captions(scenes, timing, asked.kind)
    told = f"{clock(timing.seconds)}, estimated from the words"
    if timing.scale is not None:
        told = f"scaled to {clock(timing.seconds)}, the estimates times {timing.scale:.2f}"
        if not 1 / _UNLIKELY < timing.scale < _UNLIKELY:
            told += "; is it this video?"
    silent = [f"scenes[{index}]" for index, scene in enumerate(timing.scenes) if not scene.lines]
    if silent and not asked.silent_seconds:
        named = ", ".join(silent[:_NAMED]) + ("…" if len(silent) > _NAMED else "")
        told += f"\nnote: nothing is said in {named}, which counts as 0 s: --silent-seconds gives it more"
    return text, told


# rows


def _rows(source: ProjectFile, data: DataFile) -> Iterator[tuple[int, DataRow]]:
    """Yield the number and the values of each row. Raise the fault of one that has none."""
    from aistudios_dsl.templates.rows import DataRow
    from aistudios_dsl.templates.values import with_values

    for number, row in data.numbered():
        if isinstance(row, DslError):
            raise row
        yield number, DataRow(with_values(row, source.settings), row.place)


def _write_rows(
    source: ProjectFile, data: DataFile, folder: Path, file_name: str, video: str | None, asked: Asked
) -> None:
    from aistudios_dsl.cli.row_batches import FileName
    from aistudios_dsl.templates.environment import Templates
    from aistudios_dsl.templates.values import row_values

    project, names = source.load(), dict[str, int]()
    templates = Templates(project.environment)
    inputs = (source.path, data.path)
    with report_write_errors(folder), AtomicFolder(folder, inputs) as files:
        for number, row in _rows(source, data):
            with named_row(number, row):
                name = FileName(file_name, templates).render(row)
                if name in names:
                    raise TemplateError(f"the file name {name!r} is that of row {names[name]} too", "--name")
                names[name] = number
                with under("--video"):
                    own = None if video is None else templates.render(video, row_values(row))
                files.write(name, _captioned(project.render(row), evolve(asked, video=own))[0].encode())
        files.finish()
    print_line(f"{folder}: {plural(len(names), 'file')}, timed by estimates from the words", err=True)
