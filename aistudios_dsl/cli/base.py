"""What the commands share: errors as a user reads them, a script run for its project, what a file is."""

from __future__ import annotations

import errno
import json
import linecache
import os
import re
import runpy
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from aistudios_dsl.atomic_write import is_one_of
from aistudios_dsl.errors import BuildError, DslError, LoadError, TemplateError, did_you_mean, near_file, nearest

if TYPE_CHECKING:
    from aistudios_dsl.project import Project


_SCRIPTS = (".py", ".pyw", "")
_LINES = (".jsonl", ".ndjson")
_SOURCE_SHOWN = 120
"""How many characters of a source line an error shows."""

_OPTIONS = {
    "or overwrite=True": "or --overwrite",
    "if its braces are meant: literal=True": "if its braces are meant: --literal",
    "which may cost again: again=True": "which may cost again: --again",
    "on the dashboard, or in client.list() if it was to be rendered, before": "on the dashboard before",
    "call .render(row) first; a loaded project whose braces are text: Project.load(..., template=False)": (
        "fill it with --set NAME=VALUE, or with rows: --data FILE; where its braces are text: --literal"
    ),
    "Project.load(..., template=False)": "--literal",
}
"""The hints that speak of calls, and what they are in a terminal."""

_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SCRIPTS_READ = f"{__name__}.scripts"
_FIELDS = ("scenes", "name", "orientation", "dictionary", "webhook_url", "workspace_id", "resolution", "extra")

LITERAL: Final = click.option("--literal", is_flag=True, help="Braces in the project's strings are text.")


def refuse_filling(literal: bool, *given: object) -> None:
    """Raise a usage error where values are given for a project whose braces are text."""
    if literal and any(given):
        raise click.UsageError("--literal takes braces as text: there is nothing for --set or --data to fill")


class Commands(click.Group):
    """A group that suggests the nearest command and shows this package's errors without a traceback."""

    def main(self, *args: Any, **more: Any) -> Any:
        """As click does; where the results cannot be written, say so in one line, or nothing to a closed pipe."""
        _set_up_streams()
        try:
            try:
                return super().main(*args, **more)
            finally:
                sys.stdout.flush()
        except OSError as fault:
            _end_unwritten(fault)

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
            fault = _under_script(fault, ctx.meta.get(_SCRIPTS_READ, ()))
            say(f"error: {_in_options(str(fault))}", err=True)
            ctx.exit(1)


def _set_up_streams() -> None:
    """UTF-8 whatever the terminal says, and nowhere to write or read where a stream is closed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _end_unwritten(fault: OSError) -> NoReturn:
    # Python flushes once more as it ends, and would complain of it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if fault.errno != errno.EPIPE:
        say(f"error: cannot write to standard output: {fault.strerror}", err=True)
    sys.exit(1)


def _under_script(fault: DslError, scripts: Sequence[Path]) -> DslError:
    """The error under the name of the one script or project that was read, where it speaks of a project's fields."""
    if fault.line:
        # The preview runs a script again after each change.
        linecache.checkcache(fault.line.file)
        source = linecache.getline(*fault.line)
        return _at_line(fault, f"{fault.line.file} line {fault.line.number}", source)
    if len(scripts) != 1 or not isinstance(fault, BuildError | TemplateError | LoadError):
        return fault
    whole = not fault.path and (not isinstance(fault, LoadError) or len(fault.problems) > 1)
    of_project = whole or re.split(r"[.\[]", fault.path)[0] in _FIELDS
    return fault.under(f"{scripts[0]}: " if fault.path else str(scripts[0])) if of_project else fault


def _in_options(text: str) -> str:
    """What an error says to do in Python, as it is done on the command line."""
    for python, option in _OPTIONS.items():
        text = text.replace(python, option)
    return text


def printable(text: str) -> str:
    """The text with what would steer a terminal written out, as JSON writes it: documents and services may hold it.

    >>> printable("red: \\x1b[31m")
    'red: \\\\u001b[31m'
    """
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: str, *, err: bool = False) -> None:
    """Print a line for people."""
    click.echo(printable(text), err=err)


def say_result(text: str) -> None:
    """Print what a program may read, to the letter; a terminal is not steered by it."""
    click.echo(printable(text) if sys.stdout.isatty() else text, nl=False)


def refuse_input(output: Path | None, *inputs: Path | None) -> None:
    """Raise a usage error where a command would overwrite what it reads, under whatever name."""
    if output is not None and is_one_of(output, [each for each in inputs if each is not None]):
        raise click.UsageError(f"{output} is read here, and would be overwritten: name another output")


def setting(text: str) -> tuple[str, str]:
    """The name and value of a `--set`. Raises a usage error where it is none."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--set")
    return name, value


def rendered(project: Project, settings: Mapping[str, str]) -> Project:
    """The project with the values of `--set`. Raises `TemplateError` with all that are missing, and not the first."""
    try:
        return project.render(settings) if settings else project
    except TemplateError as fault:
        needed = project.variables()
        if set(needed.get(fault.path, ())) <= settings.keys():
            raise
        known = {name for names in needed.values() for name in names}
        missing = sorted(known - settings.keys())
        hint = f"give them: {' '.join(f'--set {name}=…' for name in missing)}"
        strange = next((name for name in settings if name not in known and nearest(name, missing)), "")
        hint += f"; for {strange!r}, {did_you_mean(strange, missing)}" if strange else ""
        raise TemplateError(f"the project is a template and needs {', '.join(missing)} as well", hint=hint) from None


def load_script(path: Path, name: str = "project", *, literal: bool = False) -> Project:
    """The project of a Python file, under `name`, or of a project JSON. Raises `DslError` on anything else.

    What a file is, its suffix says, and for others its content: JSON is never run. `literal`: braces are text.
    """
    from aistudios_dsl.project import Project

    if path.is_dir():
        raise DslError(f"{path} is a folder", hint=f"name a script or project in it, such as {path / 'video.py'}")
    if not path.exists():
        raise DslError(f"there is no file {path}", hint=near_file(path))
    command = click.get_current_context(silent=True)
    if command is not None:
        command.meta.setdefault(_SCRIPTS_READ, []).append(path)
    if path.suffix.lower() not in _SCRIPTS or is_json(path):
        return Project.load(_single(path), template=not literal)
    project = _named(path, name)
    return project._literally() if literal else project


def is_json(path: Path) -> bool:
    """Whether a file is JSON, or holds JSON under another name than that of a script."""
    if path.suffix.lower() in (".json", *_LINES):
        return True
    return path.suffix.lower() != ".py" and _start(path, 4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def is_lines(path: Path) -> bool:
    """Whether a JSON file holds several objects, one a line: by its name, or by its first two lines."""
    if path.suffix.lower() in _LINES:
        return True
    try:
        with path.open("rb") as file:
            lines = (line for line in file if line.strip())
            first, second = next(lines, b""), next(lines, b"")
        return second[:1] == b"{" and isinstance(json.loads(first), dict)
    except (OSError, ValueError, RecursionError):
        return False


def _start(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""


def _single(path: Path) -> Path:
    """The path of a file that holds one project. Raises `DslError` for one that does not."""
    if not is_json(path):
        hint = "name a script .py, a project .json; rows go with --data"
        raise DslError(f"{path} is neither a script nor a project JSON", hint=hint)
    if is_lines(path):
        hint = f"to send them: aistudios outbox run {path}; to check them: aistudios check {path}"
        raise DslError(f"{path} is JSONL, a payload on each line, and one project is asked for", hint=hint)
    return path


def _named(path: Path, name: str) -> Project:
    from aistudios_dsl.project import Project

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
        # Stdout is for the result: what a script prints must not come between.
        with redirect_stdout(sys.stderr):
            return runpy.run_path(str(path))
    except SystemExit as fault:
        raise DslError(f"{path} ended by itself, with exit code {fault.code}") from None
    except SyntaxError as fault:
        place = f"{fault.filename} line {fault.lineno}"
        raise DslError(f"{fault.msg}: {_cut(fault.text or '')}", place) from None
    except Exception as fault:
        raise _at_own_line(path, fault) from None
    finally:
        sys.path.remove(str(path.parent.resolve()))


def _at_own_line(path: Path, fault: Exception) -> DslError:
    """The error as the script's author sees it: the last line of theirs, and not the stack of this package."""
    package = str(Path(__file__).parent.parent)
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if _is_own(frame.filename, package)]
    last = frames[-1] if frames else None
    if isinstance(fault, DslError) and fault.line:
        return fault
    if not isinstance(fault, DslError):
        fault = DslError(f"{type(fault).__name__}: {fault}")
    place = f"{last.filename} line {last.lineno}" if last else str(path)
    return _at_line(fault, place, (last.line if last else "") or "")


def _at_line(fault: DslError, place: str, source: str) -> DslError:
    where = f"{fault.path}: " if fault.path else ""
    shown = f"\n    {_cut(source)}" if source.strip() else ""
    return DslError(f"{where}{fault.message}{shown}", place, fault.hint, fault.code)


def _cut(line: str) -> str:
    line = line.strip()
    return line if len(line) <= _SOURCE_SHOWN else f"{line[:_SOURCE_SHOWN]}…"


def _is_own(filename: str, package: str) -> bool:
    return not filename.startswith((package, "<")) and Path(filename).name != "runpy.py"
