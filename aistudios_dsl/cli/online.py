"""The commands that talk to the service: whoami, send, status, wait, download, avatars."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aistudios_dsl.cli.base import LITERAL, load_script, printable, refuse_filling, rendered, say, setting
from aistudios_dsl.errors import ApiError, DslError, SubmissionUnknown

if TYPE_CHECKING:
    from aistudios_dsl.project import Project
    from aistudios_dsl.service import Client
    from aistudios_dsl.service.flow import Job, Progress

_as_json = click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, for programs.")
_patience = click.option("--timeout", default=1800.0, show_default=True, help="Wait at most so many seconds.")


@click.command()
@_as_json
def whoami(as_json: bool) -> None:
    """Try the key, which is free."""
    with _client() as client:
        said = client.whoami()
        _tell({"baseUrl": client.base_url} | said, f"the key is good at {client.base_url}", as_json)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--export", is_flag=True, help="Render it, which spends credits.")
@click.option("--draft", is_flag=True, help="Store it on the dashboard; nothing is rendered.")
@click.option("--wait", "waits", is_flag=True, help="Wait until it is rendered.")
@click.option("--download", "folder", type=click.Path(path_type=Path, file_okay=False), help="Wait, and save it here.")
@click.option("--yes", is_flag=True, help="Do not ask before spending.")
@click.option("--despite-errors", is_flag=True, help="Send it even if the checks find errors.")
@click.option("--object", "name", default="project", show_default=True, help="The name the script gives its project.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A variable of the template; repeatable.")
@LITERAL
@_patience
@_as_json
def send(
    file: Path,
    export: bool,
    draft: bool,
    waits: bool,
    folder: Path | None,
    yes: bool,
    despite_errors: bool,
    name: str,
    settings: tuple[str, ...],
    literal: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Check FILE, a script or a project JSON, and post it: once.

    Prints the project's id, and then the video's address or file.

    \b
    aistudios send video.py --draft
    aistudios send video.py --export --download videos
    """
    _refuse_misfits(export, draft, waits or folder is not None)
    refuse_filling(literal, settings)
    project = _literal(load_script(file, name, literal=literal), settings)
    _check(project, despite_errors)
    if folder is not None:
        _make(folder)
    with _client() as client:
        _ask(project, export, yes, client.base_url)
        with _result(as_json) as tell:
            job = _create(client, project, export)
            tell(projectId=job.id)
            if waits or folder:
                _finish(client, job, folder, timeout, tell)


@click.command()
@click.argument("project_id", metavar="ID")
@_as_json
def status(project_id: str, as_json: bool) -> None:
    """Print how far the rendering of ID is, and where its video lies."""
    with _client() as client:
        seen = client.progress(project_id)
    words = [f"{seen.percent:g} %", seen.state, seen.download_url]
    _tell(_facts(seen), "\t".join(word for word in words if word), as_json)


@click.command()
@click.argument("project_id", metavar="ID")
@_patience
@_as_json
def wait(project_id: str, timeout: float, as_json: bool) -> None:
    """Wait until ID is rendered, and print the video's address."""
    with _client() as client:
        seen = _waited(client, project_id, timeout)
    _tell(_facts(seen), seen.download_url, as_json)


@click.command()
@click.argument("project_id", metavar="ID")
@click.option("-o", "--output", default=".", help="A file, or a folder (here).")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@_as_json
def download(project_id: str, output: str, overwrite: bool, as_json: bool) -> None:
    """Save the video of ID, whole or not at all, and print its path."""
    with _client() as client:
        path = _saved(client, project_id, output, overwrite)
    _tell({"projectId": project_id, "file": str(path)}, str(path), as_json)


@click.command()
@_as_json
def avatars(as_json: bool) -> None:
    """Print the avatars that this key may use: id, cloth id, and their names, a line for each cloth."""
    with _client() as client:
        found = client.avatars()
    lines = [line for avatar in found for line in _cloth_lines(avatar)]
    _tell(found, "\n".join(lines), as_json)


def _client() -> Client:
    from aistudios_dsl.service import Client

    return Client()


def _tell(value: Any, text: str, as_json: bool) -> None:
    from aistudios_dsl.wire.jsontext import canonical

    say(canonical(value) if as_json else text)


def _facts(seen: Progress) -> dict[str, Any]:
    facts = {"projectId": seen.id, "progress": seen.percent, "state": seen.state, "downloadUrl": seen.download_url}
    return {name: value for name, value in facts.items() if value != ""}


def _cloth_lines(avatar: Mapping[str, Any]) -> Iterator[str]:
    for cloth in avatar.get("clothes") or [{}]:
        ids = str(avatar.get("id", "")), str(cloth.get("id", ""))
        yield "\t".join((*ids, _label(avatar), _label(cloth)))


def _label(thing: Mapping[str, Any]) -> str:
    label = thing.get("label") or ""
    return str(label.get("en") or next(iter(label.values()), "")) if isinstance(label, Mapping) else str(label)


# send, step by step


def _refuse_misfits(export: bool, draft: bool, waits: bool) -> None:
    if export == draft:
        raise click.UsageError("say --export (renders, spends credits) or --draft (stores it only), one of them")
    if draft and waits:
        raise click.UsageError("a draft is not rendered, so there is nothing to wait for: use --export")


def _literal(project: Project, settings: tuple[str, ...]) -> Project:
    """The project with its variables filled in. Raises `DslError` where some are missing."""
    project = rendered(project, dict(map(setting, settings)))
    missing = sorted({name for names in project.variables().values() for name in names})
    if missing:
        hint = f"give them: {' '.join(f'--set {name}=…' for name in missing)}; many rows: aistudios outbox"
        hint += "; are its braces text? --literal" if project._loaded is not None else ""
        raise DslError(f"the project is a template and needs {', '.join(missing)}", hint=hint)
    return project


def _check(project: Project, despite_errors: bool) -> None:
    findings = [finding for finding in project.check() if finding.severity != "note"]
    for finding in findings:
        say(str(finding), err=True)
    errors = sum(finding.severity == "error" for finding in findings)
    if errors and not despite_errors:
        hint = "mend them (aistudios check shows them again), or send it --despite-errors"
        raise DslError(f"not sent: the checks found {errors} error{'' if errors == 1 else 's'}", hint=hint)


def _ask(project: Project, export: bool, yes: bool, host: str) -> None:
    """Show what it comes to, and ask before it spends. Raises a usage error where there is nobody to ask."""
    say(f"{_size(project)}; to be {'rendered' if export else 'stored as a draft'} at {host}", err=True)
    if yes or not export:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("rendering spends credits, and there is nobody to ask: add --yes")
    click.confirm("Rendering spends credits. Send it?", abort=True, err=True)


def _size(project: Project) -> str:
    from aistudios_dsl.draw.storyboard import clock
    from aistudios_dsl.view.scene import scene_views

    scenes = scene_views(project.resolve())
    said = [utterance for scene in scenes for utterance in scene.speech]
    seconds, letters = sum(one.seconds for one in said), sum(len(one.text) for one in said)
    speech = f"{letters:,} characters of speech, about {clock(seconds)}" if said else "no speech"
    return f"{project.name or 'without a name'}: {len(scenes)} scene{'' if len(scenes) == 1 else 's'}, {speech}"


def _create(client: Client, project: Project, export: bool) -> Job:
    try:
        return client.create(project, export=export)
    except KeyboardInterrupt:
        hint = "look for it on the dashboard before sending it again: sent twice it is made, and charged, twice"
        message = "interrupted while it was being sent: it may have been made, and charged"
        raise SubmissionUnknown(message, f"creating {project.name!r}", hint) from None


def _make(folder: Path) -> None:
    """Make the folder before anything is spent on what is to go there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise DslError(f"cannot make the folder {folder}: {fault.strerror}", hint="name another one") from None


def _finish(client: Client, job: Job, folder: Path | None, timeout: float, tell: Callable[..., None]) -> None:
    seen = _waited(client, job, timeout)
    if folder is None:
        tell(downloadUrl=seen.download_url)
    else:
        tell(file=str(_saved(client, seen.id, str(folder))))


def _waited(client: Client, job: Job | str, timeout: float) -> Progress:
    project_id = job if isinstance(job, str) else job.id
    stopped, again = "you stopped waiting; it goes on without you", f"wait again: aistudios wait {project_id}"
    with _interruptible(f"rendering of {project_id}", stopped, again, project_id), _shown_progress() as show:
        return client.wait(job, timeout, show)


def _saved(client: Client, project_id: str, output: str, overwrite: bool = False) -> Path:
    place = "" if output == "." else f" -o {shlex.quote(output)}"
    again = f"download it again: aistudios download {project_id}{place}{' --overwrite' if overwrite else ''}"
    with _interruptible(f"download of {project_id}", "you stopped it; no file is left", again, project_id):
        return client.download(project_id, output, overwrite=overwrite)


@contextmanager
def _interruptible(about: str, message: str, again: str, project_id: str) -> Iterator[None]:
    """Ctrl-C ends what costs nothing with the command that does it again."""
    try:
        yield
    except KeyboardInterrupt:
        raise ApiError(message, about, again, project_id=project_id) from None


@contextmanager
def _result(as_json: bool) -> Iterator[Callable[..., None]]:
    """What `send` comes to: each fact a line as soon as it is known; as JSON one object, however it ends."""
    known: dict[str, Any] = {}

    def tell(**facts: Any) -> None:
        known.update(facts)
        if not as_json:
            say("\n".join(map(str, facts.values())))

    try:
        yield tell
    finally:
        if as_json and known:
            _tell(known, "", as_json)


@contextmanager
def _shown_progress() -> Iterator[Callable[[Progress], object]]:
    """Shows a rendering's progress on stderr: a bar on a terminal, else a line whenever it moved."""
    if not sys.stderr.isatty():
        yield _line_printer(partial(say, err=True))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rendering", total=100)
        trouble = _line_printer(lambda line: bar.console.print(printable(line), markup=False, highlight=False))

        def show(seen: Progress) -> None:
            bar.update(task, completed=seen.percent, description=escape(printable(seen.state)) or "rendering")
            if seen.trouble:
                trouble(seen)

        yield show


def _line_printer(put: Callable[[str], object]) -> Callable[[Progress], object]:
    """Puts a line whenever the rendering moved, or something else is in the way."""
    last: list[tuple[float, str]] = []

    def show(seen: Progress) -> None:
        if last != [(seen.percent, seen.trouble)]:
            put(f"{seen.id}: " + (f"still waiting; {seen.trouble}" if seen.trouble else f"{seen.percent:g} %"))
        last[:] = [(seen.percent, seen.trouble)]

    return show
