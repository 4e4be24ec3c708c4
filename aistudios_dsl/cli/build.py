"""`aistudios build`: a script or a project JSON becomes payloads, one, or one for each row."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from aistudios_dsl.atomic_write import write_text
from aistudios_dsl.cli.base import (
    LITERAL,
    load_script,
    refuse_filling,
    refuse_input,
    rendered,
    say,
    say_result,
    setting,
)

if TYPE_CHECKING:
    from aistudios_dsl.cli.build_rows import Job, Renderer, Tally
    from aistudios_dsl.project import Project


@click.command()
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--object", "name", default="project", show_default=True, help="The name the script gives its project.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A variable, for all rows; repeatable.")
@click.option("--data", type=click.Path(path_type=Path), help="Rows (.csv, .jsonl, .json): one payload for each.")
@click.option("--name", "file_name", metavar="TEMPLATE", help='With --data and -o DIR: a file a row, "{{ id }}.json".')
@click.option("--check-rows", is_flag=True, help="Render every row before the first is written, and list all faults.")
@click.option(
    "--on-error",
    type=click.Choice(["stop", "skip"]),
    help="At a faulty row: stop (default), or list and go on, to end with 0.",
)
@click.option("--strict", is_flag=True, help="Refuse rows with columns that no field uses.")
@click.option("--api", type=click.Choice(["1.4", "1.6"]), help="Where speech is written: in the clip, or in the scene.")
@LITERAL
@click.option("--indent", type=click.IntRange(0, 8), help="Spread the JSON over lines.")
@click.option("-o", "--output", help="Write here instead of to stdout: whole, or not at all.")
def build(
    script: Path,
    name: str,
    settings: tuple[str, ...],
    data: Path | None,
    api: Any,
    literal: bool,
    indent: int | None,
    output: str | None,
    **bulk: Any,
) -> None:
    """Print the JSON of SCRIPT: a Python file that defines `project`, or a project JSON.

    With --data, SCRIPT is a template and each row gives one payload: a line of JSON, or with --name a file. A value
    given with --set holds for all rows, in place of a column of that name. What SCRIPT itself prints goes to stderr.

    Rows that --on-error skip goes past are listed with their reasons beside the output, in OUTPUT.skipped.jsonl;
    without -o, on stderr alone. It ends with 1 only where no row is left.

    \b
    aistudios build examples/talking_avatar.py
    aistudios build examples/personalised.py --data examples/data/people.csv -o videos.jsonl
    aistudios build examples/personalised.py --data examples/data/people.csv -o videos --name "{{ id }}.json"
    """
    constants = dict(setting(text) for text in settings)
    refuse_filling(literal, settings, data)
    _refuse_misfits(data, output, indent, bulk)
    refuse_input(Path(output) if output else None, script, data)
    if data is None:
        _build_one(load_script(script, name, literal=literal), constants, api, indent, output)
    else:
        _build_rows(load_script(script, name), (script, data), constants, api, indent, output, bulk)


def _build_one(
    project: Project, constants: Mapping[str, str], api: Any, indent: int | None, output: str | None
) -> None:
    project = rendered(project, constants)
    text = project.to_json(indent, api=api)
    for path, letters in project.estimates().items():
        say(f"note: {path}: the width of {letters!r} is an estimate: the bundled font lacks it", err=True)
    if output is None:
        say_result(text + "\n")
    else:
        write_text(Path(output), text + "\n")
        say(f"{output}: {_counted(project)}", err=True)


def _build_rows(
    project: Project,
    inputs: tuple[Path, Path],
    constants: Mapping[str, str],
    api: Any,
    indent: int | None,
    output: str | None,
    bulk: Mapping[str, Any],
) -> None:
    from aistudios_dsl.cli.build_rows import FileNamer, Job, run, skipped_path
    from aistudios_dsl.templates.environment import Templates

    namer = FileNamer(bulk["file_name"], Templates(project.environment)) if bulk["file_name"] is not None else None
    used = {variable for names in project.variables().values() for variable in names}
    named = namer.variables() if namer else set[str]()
    job = Job(
        inputs=inputs,
        plan=_plan(project, api),
        constants=constants,
        used=frozenset(used | named) if bulk["strict"] else None,
        name=namer,
        indent=indent,
        skip=bulk["on_error"] == "skip",
    )
    if not used:
        say("note: the template has no variables: every row gives the same payload", err=True)
    if output and job.skip:
        refuse_input(skipped_path(Path(output)), *inputs)
    tally = run(job, Path(output) if output else None, check=bulk["check_rows"])
    say(_summary(tally, job, output), err=True)


def _plan(project: Project, api: Any) -> Renderer:
    from aistudios_dsl.build.scene import Draft
    from aistudios_dsl.cli.build_rows import Converting

    drawn = all(
        scene._loaded is None and all(isinstance(item, Draft) for item in scene._items) for scene in project.scenes
    )
    if api is None or drawn:
        return evolve(project, api=api or project.api).compile()
    return Converting(project, api)


def _summary(tally: Tally, job: Job, output: str | None) -> str:
    from aistudios_dsl.cli.build_rows import skipped_path

    rows = f"{tally.written:,} row{'' if tally.written == 1 else 's'}"
    parts = [f"{rows} in {time.perf_counter() - tally.started:.1f} s"]
    if job.skip:
        beside = f" ({skipped_path(Path(output)).name})" if output and tally.skipped else ""
        parts.append(f"{tally.skipped:,} skipped{beside}")
    if tally.slow:
        parts.append(f"{tally.slow:,} by the slow path")
    return f"{output or 'stdout'}: {', '.join(parts)}"


def _refuse_misfits(data: Path | None, output: str | None, indent: int | None, bulk: Mapping[str, Any]) -> None:
    """Raise a usage error for options that do not go together."""
    target = None if output is None else Path(output)
    if target and target.exists() and not (target.is_file() or target.is_dir()):
        raise click.UsageError(f"{output} is neither a file nor a folder: without -o the JSON goes to stdout")
    if data is None:
        given = [{"file_name": "name"}.get(option, option.replace("_", "-")) for option in bulk if bulk[option]]
        if given:
            raise click.UsageError(f"--{given[0]} speaks of rows: give them with --data")
        return
    if bulk["check_rows"] and data.exists() and not data.is_file():
        raise click.UsageError(f"--check-rows reads the rows twice, and {data} is no file that can be")
    _refuse_wrong_form(target, str(output).endswith(("/", "\\")), indent, bulk["file_name"])


def _refuse_wrong_form(target: Path | None, slash: bool, indent: int | None, file_name: str | None) -> None:
    """Raise a usage error where a folder is named for lines, or lines for a folder."""
    if file_name is not None:
        if target is None or target.is_file():
            raise click.UsageError("--name gives a file for each row: name their folder with -o DIR")
    elif target and (slash or target.is_dir()):
        raise click.UsageError(f'{target} is a folder: name the files in it, such as --name "{{{{ id }}}}.json"')
    elif indent is not None:
        raise click.UsageError("JSONL has one line for each row: --indent goes with --name alone")


def _counted(project: Project) -> str:
    scenes, clips = len(project.scenes), sum(len(scene._items) for scene in project.scenes)
    return f"{scenes} scene{'' if scenes == 1 else 's'}, {clips} clip{'' if clips == 1 else 's'}"
