"""What all commands share: errors without a traceback, printing, writing, and loading a script or a project JSON."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

from aistudios_dsl.errors import BuildError, DslError, LoadError, TemplateError, did_you_mean, near_file, nearest

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress, ProgressColumn

    from aistudios_dsl.project import Project


_LONGEST_SOURCE_LINE = 120
"""How many characters of a source line an error shows."""

HINTS = {
    "file-exists": "give another name, or --overwrite",
    "holds-braces": "fill them first, with aistudios build; if the braces are text: --literal",
    "not-rendered": "fill it with --set NAME=VALUE, or with rows: --data FILE; if the braces are text: --literal",
    "row-failed": "to render it again, which may cost again: --again",
    "template-syntax": "if the braces are text: write {{ '{{' }}, or add --literal",
    "unclosed-braces": "close it with '}}'; if the braces are text: write {{ '{{' }}, or add --literal",
    "template-too-large": "split it, or compute it in the row; if the braces are text: --literal",
}
"""What to do in a terminal, by the code of an error whose own hint says what to do in Python."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LOADED_FILES = f"{__name__}.loaded_files"
_FIELDS = ("scenes", "name", "orientation", "dictionary", "webhook_url", "workspace_id", "resolution", "extra")


class Commands(click.Group):
    """A group that imports a command when it is used, and shows this package's errors without a traceback.

    `sections` holds for each title the commands below it by name: where one is (`module:name` in this folder), and the
    first sentence of its help, so that listing them imports none.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, tuple[str, str]]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.sections = sections
        self._homes = {name: home for commands in sections.values() for name, (home, _) in commands.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return sorted(self._homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None for an unknown name."""
        if cmd_name not in self._homes:
            return None
        module, _, name = self._homes[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"aistudios_dsl.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands below the titles of their sections."""
        width = max(map(len, self._homes))
        for title, commands in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), words) for name, (_, words) in commands.items()])

    def main(self, *args: Any, **more: Any) -> Any:
        """Run the command line; report output that cannot be written in one line, and a closed pipe not at all."""
        _prepare_streams()
        try:
            try:
                with _cleanup_on_signals():
                    return super().main(*args, **more)
            finally:
                sys.stdout.flush()
        except OSError as fault:
            _exit_unwritten(fault)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Find the command; suggest the nearest one for an unknown name."""
        if args and args[0] not in self._homes and not args[0].startswith("-"):
            ctx.fail(f"no such command {args[0]!r}: {did_you_mean(args[0], self._homes)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; print an error of this package to stderr and exit with 1."""
        try:
            return super().invoke(ctx)
        except DslError as fault:
            print_line(f"error: {under_file(with_options(fault), ctx.meta.get(_LOADED_FILES, ()))}", err=True)
            ctx.exit(1)


def _prepare_streams() -> None:
    """Write UTF-8 whatever the locale says, and open the null device for each closed stream."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _exit_unwritten(fault: OSError) -> NoReturn:
    # Python flushes stdout once more at exit, and would print a second error.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if fault.errno != errno.EPIPE:
        print_line(f"error: cannot write to standard output: {fault.strerror}", err=True)
    sys.exit(1)


@contextmanager
def _cleanup_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the process as Ctrl-C does, so that unfinished files are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
    # A signal that is ignored stays ignored: nohup lets a build outlive its terminal.
    before = {end: found for end in ends if (found := signal.getsignal(end)) is not signal.SIG_IGN}
    for end in before:
        signal.signal(end, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        for end, found in before.items():
            signal.signal(end, found)


# errors


def with_options(fault: DslError) -> DslError:
    """Give an error, and each problem in it, the hint that names command-line options."""
    fault.hint = HINTS.get(fault.code, fault.hint)
    for problem in fault.problems if isinstance(fault, LoadError) else ():
        with_options(problem)
    return fault


def under_file(fault: DslError, files: Sequence[Path]) -> DslError:
    """Return the error with the line of the script, or the name of the one loaded file, before its path."""
    if fault.line:
        import linecache

        # The preview runs a script again after each change.
        linecache.checkcache(fault.line.file)
        source = linecache.getline(*fault.line)
        return _at_line(fault, f"{fault.line.file} line {fault.line.number}", source)
    if len(files) != 1 or not isinstance(fault, BuildError | TemplateError | LoadError):
        return fault
    whole = not fault.path and (not isinstance(fault, LoadError) or len(fault.problems) > 1)
    in_project = whole or re.split(r"[.\[]", fault.path)[0] in _FIELDS
    return fault.under(f"{files[0]}: " if fault.path else str(files[0])) if in_project else fault


def reject_overwriting(output: Path | None, *inputs: Path | None) -> None:
    """Raise a usage error if the output is one of the inputs, perhaps by a link."""
    if output is None:
        return
    from aistudios_dsl.atomic_write import is_one_of

    if is_one_of(output, [each for each in inputs if each is not None]):
        raise click.UsageError(f"{output} is an input, and would be overwritten: name another output")


# printing


def printable(text: str) -> str:
    r"""Escape control characters as JSON does: documents and services may hold some that steer a terminal.

    >>> printable("red: \x1b[31m")
    'red: \\u001b[31m'
    """
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_line(text: str, *, err: bool = False) -> None:
    """Print a line for people."""
    click.echo(printable(text), err=err)


def print_result(text: str) -> None:
    """Print a result for programs: exact, except on a terminal."""
    click.echo(printable(text) if sys.stdout.isatty() else text, nl=False)


def progress_bar(*columns: ProgressColumn, transient: bool = True) -> Progress:
    """Return a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*columns, console=Console(stderr=True), transient=transient)


def confirm_spending(question: str, yes: bool) -> None:
    """Ask before credits are spent. Raise a usage error if nobody can answer."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("rendering spends credits, and there is no terminal to ask on: add --yes")
    click.confirm(f"Rendering spends credits. {question}", abort=True, err=True)


# loading


def load_script(path: Path, name: str = "project", *, literal: bool = False) -> Project:
    """Return the project called `name` in a script, or the project in a JSON file; with `literal`, braces are text."""
    from aistudios_dsl.project import Project

    if path.is_dir():
        raise DslError(f"{path} is a folder", hint=f"name a script or project in it, such as {path / 'video.py'}")
    if not path.exists():
        raise DslError(f"there is no file {path}", hint=near_file(path))
    command = click.get_current_context(silent=True)
    if command is not None:
        command.meta.setdefault(_LOADED_FILES, []).append(path)
    match file_kind(path):
        case "script":
            project = _run_script(path, name)
            return project._literally() if literal else project
        case "json":
            return Project.load(path, template=not literal)
        case "jsonl":
            hint = f"to send them: aistudios outbox run {path}; to check them: aistudios check {path}"
            raise DslError(f"{path} is JSONL with a payload on each line; this command takes one project", hint=hint)
        case "unknown":
            hint = "name a script (.py) or a project (.json); give rows with --data"
            raise DslError(f"{path} is neither a script nor a project JSON", hint=hint)


def file_kind(path: Path) -> Literal["script", "json", "jsonl", "unknown"]:
    """Tell what a file is by its suffix, or by its first characters if the suffix says nothing. JSON is never run."""
    import json

    suffix = path.suffix.lower()
    if suffix == ".py":
        return "script"
    if suffix in (".jsonl", ".ndjson"):
        return "jsonl"
    try:
        with path.open("rb") as file:
            if suffix != ".json" and file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
                return "script" if suffix in (".pyw", "") else "unknown"
            file.seek(0)
            lines = filter(bytes.strip, file)
            first, second = next(lines, b""), next(lines, b"")
        return "jsonl" if second[:1] == b"{" and isinstance(json.loads(first), dict) else "json"
    except (OSError, ValueError, RecursionError):
        return "json"


def _run_script(path: Path, name: str) -> Project:
    from aistudios_dsl.cli.dropped import notes
    from aistudios_dsl.project import Project

    found = _run(path)
    for note in notes(path, found):
        print_line(f"note: {note}", err=True)
    if name not in found:
        made = [key for key, value in found.items() if isinstance(value, Project)]
        raise DslError(f"{path} defines no {name!r}", hint=_other_object(name, made))
    project = found[name]
    if not isinstance(project, Project):
        raise DslError(f"{name!r} in {path} is a value of type {type(project).__name__}, not a Project")
    return project


def _other_object(name: str, made: list[str]) -> str:
    """Return the hint for a script whose projects have other names."""
    close = nearest(name, made) or (made[0] if len(made) == 1 else "")
    if close:
        return f"did you mean --object {close}?"
    return f"choose one: --object {' or '.join(made)}" if made else f"write {name} = Project()..."


def _run(path: Path) -> dict[str, Any]:
    import runpy

    sys.path.insert(0, str(path.parent.resolve()))
    try:
        # Stdout is for the result alone, so what a script prints goes to stderr.
        with redirect_stdout(sys.stderr):
            return runpy.run_path(str(path))
    except SystemExit as fault:
        raise DslError(f"{path} exited with code {fault.code}") from None
    except SyntaxError as fault:
        place = f"{fault.filename} line {fault.lineno}"
        raise DslError(f"{fault.msg}: {_shortened(fault.text or '')}", place) from None
    except Exception as fault:
        raise _at_own_line(path, fault) from None
    finally:
        sys.path.remove(str(path.parent.resolve()))


def _at_own_line(path: Path, fault: Exception) -> DslError:
    """Return the error with the last line of the user's script, without the stack of this package."""
    import traceback

    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if _is_own(frame.filename)]
    last = frames[-1] if frames else None
    if isinstance(fault, DslError) and fault.line:
        return fault
    if not isinstance(fault, DslError):
        fault = DslError(f"{type(fault).__name__}: {fault}")
    place = f"{last.filename} line {last.lineno}" if last else str(path)
    return _at_line(fault, place, (last.line if last else "") or "")


def _at_line(fault: DslError, place: str, source: str) -> DslError:
    where = f"{fault.path}: " if fault.path else ""
    shown = f"\n    {_shortened(source)}" if source.strip() else ""
    return DslError(f"{where}{fault.message}{shown}", place, fault.hint, fault.code)


def _shortened(line: str) -> str:
    line = line.strip()
    return line if len(line) <= _LONGEST_SOURCE_LINE else f"{line[:_LONGEST_SOURCE_LINE]}…"


def _is_own(filename: str) -> bool:
    package = __file__[: __file__.rindex("cli")]
    return not filename.startswith((package, "<")) and re.split(r"[\\/]", filename)[-1] != "runpy.py"
