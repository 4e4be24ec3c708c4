"""`aistudios outbox`: many payloads, each sent once, through a journal that survives every interruption."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click
from attrs import asdict

from aistudios_dsl.cli.base import printable, say
from aistudios_dsl.errors import DslError

if TYPE_CHECKING:
    from aistudios_dsl.service.journal import Entry
    from aistudios_dsl.service.outbox import Outbox, Row, RunSummary
    from aistudios_dsl.wire import Project


def _rate(ctx: click.Context, option: click.Parameter, value: str) -> float:
    """Requests a second, from `2`, `2/s` or `90/min`."""
    number, _, unit = value.partition("/")
    seconds = {"": 1, "s": 1, "min": 60, "h": 3600}.get(unit)
    try:
        rate = float(number) / (seconds or 0)
    except (ValueError, ZeroDivisionError):
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise click.BadParameter(f"{value!r} is no rate: write 2/s or 90/min")
    return rate


_journal = click.option("--journal", type=click.Path(path_type=Path, dir_okay=False), help="The journal's file.")


@click.group()
def outbox() -> None:
    """Send many payloads, each once, and go on after any interruption."""


@outbox.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--export/--draft", default=None, help="Render, which spends credits; or store drafts only.")
@_journal
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Requests at once.")
@click.option("--rate", default="2/s", callback=_rate, show_default=True, help="At most so many requests: 2/s, 90/min.")
@click.option("--max-renders", type=click.IntRange(0), help="A budget over all runs of this journal.")
@click.option("--download", type=click.Path(path_type=Path, file_okay=False), help="Save the videos in this folder.")
@click.option("--timeout", default=1800.0, show_default=True, help="Follow each rendering for so many seconds.")
@click.option("--key", help="The payload's key that names a row; else its line number does.")
@click.option("--literal", is_flag=True, help="Braces in the payloads are meant, and no forgotten template.")
@click.option("--despite-errors", is_flag=True, help="Send them even if the checks find errors.")
@click.option("--yes", is_flag=True, help="Do not ask before spending.")
def run(
    file: Path,
    export: bool | None,
    journal: Path | None,
    key: str | None,
    literal: bool,
    despite_errors: bool,
    yes: bool,
    **how: Any,
) -> None:
    """Check the payloads of FILE, a JSONL, and send them. Run it again to go on: what was sent is not sent twice.

    The journal is FILE with the suffix .outbox, unless --journal names another.

    \b
    aistudios build video.py --data rows.csv -o videos.jsonl
    aistudios outbox run videos.jsonl --export --max-renders 10 --download videos
    """
    from aistudios_dsl.service import Client, Outbox

    if export is None:
        raise click.UsageError("say --export (renders, spends credits) or --draft")
    with Client() as client, Outbox(journal or file.parent / f"{file.stem}.outbox", client) as box:
        box.ensure_unused()
        found, new = _checked(box, file, key, literal, despite_errors)
        _ask(f"{new} of {len(found)}", client.base_url, export, yes or not new, how["max_renders"])
        box.add_entries(found, str(file))
        with _shown(box) as show:
            summary = box.run(export=export, on_change=show, **how)
        _conclude(box, summary)


@outbox.command()
@_journal
@click.option("--json", "as_json", is_flag=True, help="Print every row as JSON.")
def status(journal: Path | None, as_json: bool) -> None:
    """Print how many rows are in each state; for those whose fate is unknown, what the service has by their name."""
    from aistudios_dsl.service import Outbox

    with Outbox(_the_journal(journal)) as box:
        listed = _candidates(box)
        marking = _mark(journal)
        if as_json:
            _print_json(box, listed)
            return
        for state, count in box.counts().items():
            say(f"{state:12}{count:6}")
        for row in box.rows("failed", "unknown"):
            say(f"row {row.key} ({row.name}): {row.state}: {row.note}")
            for line in _advice(row, listed, marking) if row.state == "unknown" else (_again(row, marking),):
                say(f"  {line}")


@outbox.command()
@click.argument("row")
@click.option("--sent", metavar="ID", help="It was sent, and is this project.")
@click.option("--not-sent", is_flag=True, help="It was not sent: the next run sends it.")
@click.option("--again", is_flag=True, help="It failed: the next run sends it anew, which may cost anew.")
@_journal
def mark(row: str, sent: str | None, not_sent: bool, again: bool, journal: Path | None) -> None:
    """Say what became of a ROW whose fate is unknown, after a look at the dashboard; or send one that failed again."""
    from aistudios_dsl.service import Outbox

    if (sent is not None) + not_sent + again != 1:
        raise click.UsageError("say --sent ID or --not-sent, or --again for a row that failed")
    with Outbox(_the_journal(journal)) as box:
        found = box.mark(row, sent=sent, not_sent=not_sent, again=again)
    say(f"row {found.key} ({found.name}): {found.state}")


def _the_journal(given: Path | None) -> Path:
    found = [given] if given else sorted(Path().glob("*.outbox"))
    if not found:
        raise DslError("there is no journal (*.outbox) in this folder", hint="name one: --journal FILE")
    if len(found) > 1:
        raise DslError(f"which journal? {', '.join(map(str, found))}", hint="name one: --journal FILE")
    if not found[0].is_file():
        raise DslError(f"there is no journal {found[0]}", hint="outbox run makes it")
    return found[0]


def _checked(box: Outbox, file: Path, key: str | None, literal: bool, despite_errors: bool) -> tuple[list[Entry], int]:
    """Read the payloads and check those not sent yet; return all of them, and how many those are.

    Raise `DslError` if the checks find errors.
    """
    from aistudios_dsl.check.findings import Finding, check
    from aistudios_dsl.check.summary import summed
    from aistudios_dsl.cli.check import print_groups
    from aistudios_dsl.service.intake import entries

    sent = {row.key for row in box.rows() if row.state != "queued"}
    ignored = ("leftover-braces",) if literal else ()
    new = dict[int, list[Finding]]()

    def inspect(entry: Entry, project: Project) -> None:
        if entry.key not in sent:
            new[entry.number] = [one for one in check(project, ignore=ignored) if one.severity != "note"]

    found = entries(file, key, literal, inspect)
    summary = summed(new.items())
    if summary.groups:
        print_groups(summary, "line", err=True)
    errors = summary.rows["error"]
    if errors and not despite_errors:
        hint = f"mend them (aistudios check {quote(str(file))} shows them again), or send them --despite-errors"
        raise DslError(f"nothing is sent: the checks found errors in {errors} of {summary.total} lines", hint=hint)
    return found, len(new)


def _ask(rows: str, service: str, export: bool, yes: bool, budget: int | None) -> None:
    limit = f", at most {budget} renders in all" if budget is not None and export else ""
    say(f"{rows} rows to be {'rendered' if export else 'stored'} at {service}{limit}", err=True)
    if export and not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("rendering spends credits, and there is nobody to ask: add --yes")
        click.confirm("Rendering spends credits. Send them?", abort=True, err=True)


@contextmanager
def _shown(box: Outbox) -> Iterator[Callable[[Row], object]]:
    """Show each change: a bar on a terminal, else a line."""
    if not sys.stderr.isatty():
        yield lambda row: None if row.state in ("submitting", "rendering") else _line(row)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    total = sum(box.counts().values())
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    states = {row.number: row.state for row in box.rows()}
    ended = {"done", "downloaded", "failed", "unknown"}
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("sending", total=total)

        def show(row: Row) -> None:
            states[row.number] = row.state
            bar.update(task, completed=sum(state in ended for state in states.values()), description=row.state)
            if row.state in ("failed", "unknown"):
                text = printable(f"row {row.key} ({row.name}): {row.state}: {row.note}")
                bar.console.print(text, markup=False, highlight=False)

        yield show


def _line(row: Row) -> None:
    more = row.file or row.note or row.project_id
    say(f"row {row.key} ({row.name}): {row.state}{more and f': {more}'}", err=True)


def _conclude(box: Outbox, summary: RunSummary) -> None:
    """The counts on stdout; what is left to do, as an error."""
    say(", ".join(f"{count} {state}" for state, count in summary.counts.items()))
    if summary.stopped:
        raise DslError(f"stopped: {summary.stopped}")
    where = f"aistudios outbox status --journal {quote(str(box.path))}"
    if box.rows("unknown"):
        raise DslError("some rows may have been sent, or not: they are not sent again by themselves", hint=where)
    if not summary.complete:
        raise DslError("some rows are not done", hint=where)


def _candidates(box: Outbox) -> dict[str, tuple[dict[str, Any], ...]] | None:
    """What the service lists for the unknown rows; None, with a note, where it cannot be asked."""
    from aistudios_dsl.service import Client, Outbox

    if not box.rows("unknown"):
        return {}
    try:
        with Client() as client, Outbox(box.path, client) as asking:
            return asking.candidates()
    except DslError as fault:
        say(f"note: the service could not be asked: {fault}", err=True)
        return None


def _mark(journal: Path | None) -> Callable[[Row, str], str]:
    """The command that marks a row of this journal."""
    more = f" --journal {quote(str(journal))}" if journal else ""
    return lambda row, what: f"aistudios outbox mark {quote(row.key)} {what}{more}"


def _again(row: Row, mark: Callable[[Row, str], str]) -> str:
    cost = ", a new project, which may cost anew" if row.project_id else ""
    return f"to send it again{cost}: {mark(row, '--again')}"


def _advice(
    row: Row, listed: dict[str, tuple[dict[str, Any], ...]] | None, mark: Callable[[Row, str], str]
) -> Iterator[str]:
    for project in (listed or {}).get(row.key, ()):
        yield f"the service has {project.get('id')} of this name, {project.get('state')}"
        sent = f"--sent {quote(str(project.get('id')))}"
        yield f"  if it is this row: {mark(row, sent)}"
    if listed is not None and not listed.get(row.key):
        yield "the service lists nothing else of this name (it lists no drafts: look at the dashboard)"
    if row.project_id:
        yield f"it was made as {row.project_id}, and is charged if it is there: look for that id on the dashboard"
        yield f"  if the dashboard has it, run again to look again; if not, to make it anew: {mark(row, '--not-sent')}"
        return
    yield f"if it was not sent: {mark(row, '--not-sent')}"


def _print_json(box: Outbox, listed: dict[str, tuple[dict[str, Any], ...]] | None) -> None:
    from aistudios_dsl.wire.jsontext import canonical

    rows = [asdict(row) for row in box.rows()]
    for row in rows:
        if row["state"] == "unknown":
            row["candidates"] = None if listed is None else listed.get(row["key"], ())
    say(canonical({"counts": box.counts(), "rows": rows}))
