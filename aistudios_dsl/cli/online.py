"""The commands that talk to the service: whoami, send, status, wait, download, list, get, avatars."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aistudios_dsl.atomic_write import write_text
from aistudios_dsl.cli.base import confirm_spending, print_line, print_result, printable, progress_bar
from aistudios_dsl.cli.options import (
    AS_JSON,
    DESPITE_ERRORS,
    DOWNLOAD,
    OUTPUT,
    TIMEOUT,
    YES,
    ProjectFile,
    project_file,
    set_options,
)
from aistudios_dsl.errors import ApiError, DslError, SubmissionUnknown, plural, speech_words

if TYPE_CHECKING:
    from aistudios_dsl.project import Project
    from aistudios_dsl.service import Client
    from aistudios_dsl.service.flow import Job, Progress

ID = click.argument("project_id", metavar="ID")


@click.command()
@AS_JSON
def whoami(as_json: bool) -> None:
    """Check that the key is valid; this is free."""
    with _client() as client:
        answer = client.whoami()
        _print(as_json, {"baseUrl": client.base_url} | answer, f"the key is valid at {client.base_url}")


@click.command()
@project_file
@click.option("--export", is_flag=True, help="Render it, which spends credits.")
@click.option("--draft", is_flag=True, help="Store it on the dashboard without rendering.")
@click.option("--wait", "waits", is_flag=True, help="Wait until it is rendered.")
@DOWNLOAD
@TIMEOUT
@YES
@DESPITE_ERRORS
@AS_JSON
def send(
    source: ProjectFile,
    export: bool,
    draft: bool,
    waits: bool,
    download: Path | None,
    timeout: float,
    yes: bool,
    despite_errors: bool,
    as_json: bool,
) -> None:
    """Check a project and send it once.

    FILE is a script or a project JSON. Prints the project's id, then the address or the file of the video.

    \b
    aistudios send video.py --draft
    aistudios send video.py --export --download videos
    """
    if export == draft:
        raise click.UsageError("choose one: --export (renders, spends credits) or --draft (stores only)")
    if draft and (waits or download):
        raise click.UsageError("a draft is not rendered, so there is nothing to wait for: use --export")
    project = _complete(source)
    _check(project, despite_errors)
    if download is not None:
        _make_folder(download)
    with _client() as client:
        action = "rendered" if export else "stored as a draft"
        print_line(f"{_size(project)}; to be {action} at {client.base_url}", err=True)
        confirm_spending("Send it?", yes or not export)
        with _result(as_json) as report:
            job = _create(client, project, export)
            report(projectId=job.id)
            if waits or download:
                seen = _wait(client, job, timeout)
                if download is None:
                    report(downloadUrl=seen.download_url)
                else:
                    report(file=str(_save(client, seen.id, str(download))))


@click.command()
@ID
@AS_JSON
def status(project_id: str, as_json: bool) -> None:
    """Print the progress of a rendering and its address."""
    with _client() as client:
        seen = client.progress(project_id)
    words = [f"{seen.percent:g} %", seen.state, seen.download_url]
    _print(as_json, _facts(seen), "\t".join(word for word in words if word))


@click.command()
@ID
@TIMEOUT
@AS_JSON
def wait(project_id: str, timeout: float, as_json: bool) -> None:
    """Wait for a rendering and print its address."""
    with _client() as client:
        seen = _wait(client, project_id, timeout)
    _print(as_json, _facts(seen), seen.download_url)


@click.command()
@ID
@click.option("-o", "--output", default=".", show_default=True, help="Save it as this file, or in this folder.")
@click.option("--overwrite", is_flag=True, help="Replace a file that exists.")
@AS_JSON
def download(project_id: str, output: str, overwrite: bool, as_json: bool) -> None:
    """Save a video and print its path.

    The file appears when it is complete, or not at all.
    """
    with _client() as client:
        path = _save(client, project_id, output, overwrite)
    _print(as_json, {"projectId": project_id, "file": str(path)}, str(path))


@click.command("list")
@AS_JSON
def list_projects(as_json: bool) -> None:
    """List the exported projects; this is free.

    Prints a line for each: its id, state, name, and the address of its video where there is one. Drafts are not listed.

    \b
    aistudios list
    """
    with _client() as client:
        found = client.list()
    if found or as_json:
        _print(as_json, found, "\n".join(_project_line(project) for project in found))
    if not found:
        print_line("no project was exported; drafts are not listed", err=True)


@click.command()
@ID
@OUTPUT
@AS_JSON
def get(project_id: str, output: Path | None, as_json: bool) -> None:
    """Fetch a project as JSON; this is free.

    It may be a project of the editor, or one that was sent. Every key is kept as the service sent it. The other
    commands take the file as it is; `send` leaves out what only the service sets. With --json, it is one line.

    \b
    aistudios get ID -o project.json
    aistudios decompile project.json -o video.py
    """
    from aistudios_dsl.wire.jsontext import canonical

    with _client() as client:
        found = client.get(project_id)
    if not isinstance(found.get("scenes"), list):
        raise ApiError("the service sent no project", f"project {project_id}", project_id=project_id)
    text = canonical(found, None if as_json else 2) + "\n"
    if output is None:
        print_result(text)
        return
    write_text(output, text)
    name = found.get("name") or "without a name"
    print_line(f"{output}: {name}, {plural(len(found['scenes']), 'scene')}", err=True)


@click.command()
@AS_JSON
def avatars(as_json: bool) -> None:
    """List the avatars that this key may use.

    Prints a line for each outfit: the avatar's id, the outfit's cloth id, and the names of both.
    """
    with _client() as client:
        found = client.avatars()
    _print(as_json, found, "\n".join(line for avatar in found for line in _cloth_lines(avatar)))


def _client() -> Client:
    from aistudios_dsl.service import Client

    return Client()


def _print(as_json: bool, value: Any, text: str) -> None:
    from aistudios_dsl.wire.jsontext import canonical

    print_line(canonical(value) if as_json else text)


def _facts(seen: Progress) -> dict[str, Any]:
    facts = {"projectId": seen.id, "progress": seen.percent, "state": seen.state, "downloadUrl": seen.download_url}
    return {name: value for name, value in facts.items() if value != ""}


def _project_line(project: Mapping[str, Any]) -> str:
    facts = [project.get("id") or project.get("_id"), project.get("state"), project.get("name")]
    facts += [url for url in (project.get("download_url") or project.get("downloadUrl"),) if url]
    return "\t".join(str(fact or "") for fact in facts)


def _cloth_lines(avatar: Mapping[str, Any]) -> Iterator[str]:
    for cloth in avatar.get("clothes") or [{}]:
        ids = str(avatar.get("id", "")), str(cloth.get("id", ""))
        yield "\t".join((*ids, _label(avatar), _label(cloth)))


def _label(thing: Mapping[str, Any]) -> str:
    label = thing.get("label") or ""
    return str(label.get("en") or next(iter(label.values()), "")) if isinstance(label, Mapping) else str(label)


# send, step by step


def _complete(source: ProjectFile) -> Project:
    """Return the project with its variables filled. Raise `DslError` if some have no value."""
    project = source.render()
    missing = sorted({name for names in project.variables().values() for name in names})
    if missing:
        hint = f"give them: {set_options(missing)}; for many rows: aistudios outbox"
        hint += "; if the braces are text: --literal" if project._loaded is not None else ""
        raise DslError(f"the project is a template and needs {', '.join(missing)}", hint=hint)
    return project


def _check(project: Project, despite_errors: bool) -> None:
    findings = [finding for finding in project.check() if finding.severity != "note"]
    for finding in findings:
        print_line(str(finding), err=True)
    errors = sum(finding.severity == "error" for finding in findings)
    if errors and not despite_errors:
        hint = "fix them (aistudios check lists them again), or send it --despite-errors"
        raise DslError(f"not sent: the checks found {plural(errors, 'error')}", hint=hint)


def _size(project: Project) -> str:
    from aistudios_dsl.check.summary import spoken

    resolved = project.resolve()
    speech = speech_words(*spoken(resolved))
    return f"{project.name or 'without a name'}: {plural(len(resolved.scenes), 'scene')}, {speech}"


def _make_folder(folder: Path) -> None:
    """Make the folder for the video before credits are spent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise DslError(f"cannot make the folder {folder}: {fault.strerror}", hint="name another one") from None


def _create(client: Client, project: Project, export: bool) -> Job:
    try:
        return client.create(project, export=export)
    except KeyboardInterrupt:
        hint = "look for it on the dashboard before you send it again: a second copy is made and charged again"
        message = "interrupted while it was being sent: it may have been made, and charged"
        raise SubmissionUnknown(message, f"creating {project.name!r}", hint) from None


def _wait(client: Client, job: Job | str, timeout: float) -> Progress:
    project_id = job if isinstance(job, str) else job.id
    stopped, again = "you stopped waiting; the rendering goes on", f"wait again: aistudios wait {project_id}"
    with _interruptible(f"rendering of {project_id}", stopped, again, project_id), _shown_progress() as show:
        return client.wait(job, timeout, show)


def _save(client: Client, project_id: str, output: str, overwrite: bool = False) -> Path:
    place = "" if output == "." else f" -o {shlex.quote(output)}"
    again = f"download it again: aistudios download {project_id}{place}{' --overwrite' if overwrite else ''}"
    with _interruptible(f"download of {project_id}", "you stopped it; no file is left", again, project_id):
        return client.download(project_id, output, overwrite=overwrite)


@contextmanager
def _interruptible(about: str, message: str, again: str, project_id: str) -> Iterator[None]:
    """On Ctrl-C, name the command that goes on."""
    try:
        yield
    except KeyboardInterrupt:
        raise ApiError(message, about, again, project_id=project_id) from None


@contextmanager
def _result(as_json: bool) -> Iterator[Callable[..., None]]:
    """Print each fact as soon as it is known; or, as JSON, all of them in one object, however the command ends."""
    known: dict[str, Any] = {}

    def report(**facts: Any) -> None:
        known.update(facts)
        if not as_json:
            print_line("\n".join(map(str, facts.values())))

    try:
        yield report
    finally:
        if as_json and known:
            _print(True, known, "")


@contextmanager
def _shown_progress() -> Iterator[Callable[[Progress], object]]:
    """Show a rendering's progress on stderr: a bar on a terminal, else a line for each change."""
    if not sys.stderr.isatty():
        yield _change_printer(partial(print_line, err=True))
        return
    from rich.markup import escape

    with progress_bar() as bar:
        task = bar.add_task("rendering", total=100)
        print_trouble = _change_printer(lambda line: bar.console.print(printable(line), markup=False, highlight=False))

        def show(seen: Progress) -> None:
            bar.update(task, completed=seen.percent, description=escape(printable(seen.state)) or "rendering")
            if seen.trouble:
                print_trouble(seen)

        yield show


def _change_printer(put: Callable[[str], object]) -> Callable[[Progress], object]:
    """Return a function that prints a line when the percentage or the trouble changed."""
    last: tuple[float, str] | None = None

    def show(seen: Progress) -> None:
        nonlocal last
        if last != (seen.percent, seen.trouble):
            put(f"{seen.id}: " + (f"still waiting; {seen.trouble}" if seen.trouble else f"{seen.percent:g} %"))
        last = (seen.percent, seen.trouble)

    return show
