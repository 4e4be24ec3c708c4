"""The command line, `aistudios`: each command imports its part only when it runs."""

from __future__ import annotations

import runpy
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aistudios_dsl.errors import DslError, did_you_mean

if TYPE_CHECKING:
    from aistudios_dsl.project import Project


class Commands(click.Group):
    """A group that suggests the nearest command and shows this package's errors without a traceback."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """As click does, with the nearest command in the message."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            ctx.fail(f"no such command {args[0]!r}: {did_you_mean(args[0], self.commands)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of this package goes to stderr and ends with 1."""
        try:
            return super().invoke(ctx)
        except DslError as fault:
            click.echo(f"error: {fault}", err=True)
            ctx.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aistudios-dsl", prog_name="aistudios")
def main() -> None:
    """Write AI Studios videos as Python; get the exact project JSON, offline."""


@main.command()
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


def write_whole(path: Path, text: str) -> None:
    """Write the file whole or not at all: beside it first, then renamed."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise DslError(
            f"cannot write {path}: {fault.strerror}", hint="is its folder there, and may you write to it?"
        ) from None


def load_script(path: Path, name: str = "project") -> Project:
    """The project of a Python file, under `name`, or of a project JSON. Raises `DslError` on anything else."""
    from aistudios_dsl.project import Project

    if path.suffix == ".json":
        return Project.load(path)
    if not path.is_file():
        near = did_you_mean(
            path.name, [entry.name for entry in path.parent.glob("*") if entry.suffix in (".py", ".json")]
        )
        raise DslError(f"there is no file {path}", hint=near if near.startswith("did you") else "")
    found = _run(path)
    if name not in found:
        made = [key for key, value in found.items() if isinstance(value, Project)]
        hint = f"did you mean --object {made[0]}?" if made else f"write {name} = Project()..."
        raise DslError(f"{path} defines no {name!r}", hint=hint)
    if not isinstance(found[name], Project):
        raise DslError(f"{name!r} in {path} is a {type(found[name]).__name__}, not a Project")
    return found[name]  # type: ignore[no-any-return]


def _run(path: Path) -> dict[str, Any]:
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        return runpy.run_path(str(path))
    except SystemExit as fault:
        raise DslError(f"{path} ended by itself, with exit code {fault.code}") from None
    except SyntaxError as fault:
        place = f"{fault.filename} line {fault.lineno}"
        raise DslError(f"{fault.msg}: {(fault.text or '').strip()}", place) from None
    except Exception as fault:
        raise _at_own_line(path, fault) from None
    finally:
        sys.path.remove(str(path.parent.resolve()))


def _at_own_line(path: Path, fault: Exception) -> DslError:
    """The error as the script's author sees it: the last line of theirs, and not the stack of this package."""
    package = str(Path(__file__).parent)
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if _is_own(frame.filename, package)]
    last = frames[-1] if frames else None
    place = f"{last.filename} line {last.lineno}" if last else str(path)
    source = f"\n    {last.line}" if last and last.line else ""
    if isinstance(fault, DslError):
        where = f"{fault.path}: " if fault.path else ""
        return DslError(f"{where}{fault.message}{source}", place, fault.hint)
    return DslError(f"{type(fault).__name__}: {fault}{source}", place)


def _is_own(filename: str, package: str) -> bool:
    return not filename.startswith((package, "<")) and Path(filename).name != "runpy.py"


if __name__ == "__main__":
    main()
