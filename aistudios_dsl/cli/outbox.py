"""`aistudios outbox`: many payloads, each sent once, with a journal that survives interruptions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click
from attrs import asdict

from aistudios_dsl.cli.base import confirm_spending, print_line, printable, progress_bar
from aistudios_dsl.cli.options import AS_JSON, DESPITE_ERRORS, DOWNLOAD, FILE, TIMEOUT, YES
from aistudios_dsl.errors import DslError

if TYPE_CHECKING:
    from aistudios_dsl.service.journal import Entry
    from aistudios_dsl.service.outbox import Outbox, Row, RunSummary
    from aistudios_dsl.wire import Project

    Candidates = Mapping[str, tuple[dict[str, Any], ...]]


def _rate(ctx: click.Context, option: click.Parameter, value: str) -> float:
    """Return the requests a second of `2`, `2/s` or `90/min`."""
    number, _, unit = value.partition("/")
    seconds = {"": 1, "s": 1, "min": 60, "h": 3600}.get(unit)
    try:
        rate = float(number) / (seconds or 0)
    except (ValueError, ZeroDivisionError):
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise click.BadParameter(f"{value!r} is not a rate: write 2/s or 90/min")
    return rate


_JOURNAL = click.option("--journal", type=click.Path(path_type=Path, dir_okay=False), help="The journal file.")


@click.group()
def outbox() -> None:
    """Send many payloads, each of them once.

    A journal records what was sent, so a run that was interrupted can go on.
    """


@outbox.command()
@FILE
@click.option("--export/--draft", default=None, help="Render, which spends credits; or store drafts only.")
@_JOURNAL
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Requests at a time.")
@click.option("--rate", default="2/s", callback=_rate, show_default=True, help="Most requests: 2/s, 90/min.")
@click.option("--max-renders", type=click.IntRange(0), help="Most renderings in all runs of this journal.")
@DOWNLOAD
@TIMEOUT
@click.option("--key", help="Name rows by this key of their payload, not by line number.")
@click.option("--literal", is_flag=True, help="Send braces as text.")
@DESPITE_ERRORS
@YES
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
    """Check the payloads of a JSONL and send them.

    Run it again to go on: what was sent is not sent twice. The journal is FILE with the suffix .outbox, unless
    --journal names another.

    \b
    aistudios build video.py --data rows.csv -o videos.jsonl
    aistudios outbox run videos.jsonl --export --max-renders 10 --download videos
    """
    from aistudios_dsl.service import Client, Outbox

    if export is None:
        raise click.UsageError("choose one: --export (renders, spends credits) or --draft (stores only)")
    with Client() as client, Outbox(journal or file.parent / f"{file.stem}.outbox", client) as box:
        box.ensure_unused()
        found, new = _check(box, file, key, literal, despite_errors)
        budget = how["max_renders"]
        limit = f", at most {budget} renderings in all" if budget is not None and export else ""
        action = "rendered" if export else "stored"
        print_line(f"{new} of {len(found)} rows to be {action} at {client.base_url}{limit}", err=True)
        confirm_spending("Send them?", yes or not new or not export)
        box.add_entries(found, str(file))
        with _shown_changes(box) as show:
            summary = box.run(export=export, on_change=show, **how)
        _conclude(box, summary)


@outbox.command()
@_JOURNAL
@AS_JSON
def status(journal: Path | None, as_json: bool) -> None:
    """Count the rows in each state.

    Lists the rows that failed or whose state is unknown, and the commands that resolve them. For unknown rows, the
    service is asked for projects of the same name.
    """
    from aistudios_dsl.service import Outbox

    with Outbox(_find_journal(journal)) as box:
        listed = _candidates(box)
        if as_json:
            _print_json(box, listed)
            return
        for state, count in box.counts().items():
            print_line(f"{state:12}{count:6}")
        for row in box.rows("failed", "unknown"):
            print_line(f"row {row.key} ({row.name}): {row.state}: {row.note}")
            for line in _advice(row, listed, f" --journal {quote(str(journal))}" if journal else ""):
                print_line(f"  {line}")


@outbox.command()
@click.argument("row")
@click.option("--sent", metavar="ID", help="The row was sent, and is this project.")
@click.option("--not-sent", is_flag=True, help="The row was not sent; the next run sends it.")
@click.option("--again", is_flag=True, help="The row failed; the next run sends it again, which may cost again.")
@_JOURNAL
def mark(row: str, sent: str | None, not_sent: bool, again: bool, journal: Path | None) -> None:
    """Resolve a row that failed or is unknown.

    Look for the project on the dashboard first. Then say whether the row was sent, or send a failed one again.
    """
    from aistudios_dsl.service import Outbox

    if (sent is not None) + not_sent + again != 1:
        raise click.UsageError("choose one: --sent ID, --not-sent, or --again for a row that failed")
    with Outbox(_find_journal(journal)) as box:
        found = box.mark(row, sent=sent, not_sent=not_sent, again=again)
    print_line(f"row {found.key} ({found.name}): {found.state}")


def _find_journal(given: Path | None) -> Path:
    found = [given] if given else sorted(Path().glob("*.outbox"))
    if not found:
        raise DslError("there is no journal (*.outbox) in this folder", hint="name one: --journal FILE")
    if len(found) > 1:
        raise DslError(f"there are several journals: {', '.join(map(str, found))}", hint="name one: --journal FILE")
    if not found[0].is_file():
        raise DslError(f"there is no journal {found[0]}", hint="aistudios outbox run makes it")
    return found[0]


# run


def _check(box: Outbox, file: Path, key: str | None, literal: bool, despite_errors: bool) -> tuple[list[Entry], int]:
    """Read the payloads and check those not sent yet; return all of them, and how many those are.

    Raise `DslError` if the checks find errors.
    """
    from aistudios_dsl.check.findings import Finding, check
    from aistudios_dsl.check.summary import summed
    from aistudios_dsl.cli.check import print_summary
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
        print_summary(summary, "line", err=True)
    errors = summary.rows["error"]
    if errors and not despite_errors:
        hint = f"fix them (aistudios check {quote(str(file))} lists them again), or send them --despite-errors"
        raise DslError(f"nothing is sent: the checks found errors in {errors} of {summary.total} lines", hint=hint)
    return found, len(new)


@contextmanager
def _shown_changes(box: Outbox) -> Iterator[Callable[[Row], object]]:
    """Show each change of a row: a bar on a terminal, else a line."""
    if not sys.stderr.isatty():
        yield _print_change
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

    states = {row.number: row.state for row in box.rows()}
    ended = {"done", "downloaded", "failed", "unknown"}
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with progress_bar(*columns, transient=False) as bar:
        task = bar.add_task("sending", total=len(states))

        def show(row: Row) -> None:
            states[row.number] = row.state
            bar.update(task, completed=sum(state in ended for state in states.values()), description=row.state)
            if row.state in ("failed", "unknown"):
                text = printable(f"row {row.key} ({row.name}): {row.state}: {row.note}")
                bar.console.print(text, markup=False, highlight=False)

        yield show


def _print_change(row: Row) -> None:
    if row.state in ("submitting", "rendering"):
        return
    more = row.file or row.note or row.project_id
    print_line(f"row {row.key} ({row.name}): {row.state}{more and f': {more}'}", err=True)


def _conclude(box: Outbox, summary: RunSummary) -> None:
    """Print the counts; raise `DslError` if rows are left."""
    print_line(", ".join(f"{count} {state}" for state, count in summary.counts.items()))
    if summary.stopped:
        raise DslError(f"stopped: {summary.stopped}")
    where = f"aistudios outbox status --journal {quote(str(box.path))}"
    if box.rows("unknown"):
        raise DslError("some rows may have been sent: they are not sent again until you mark them", hint=where)
    if not summary.complete:
        raise DslError("some rows are not done", hint=where)


# status


def _candidates(box: Outbox) -> Candidates | None:
    """Return the service's projects that may be the unknown rows; None, with a note, if it cannot be asked."""
    from aistudios_dsl.service import Client, Outbox

    if not box.rows("unknown"):
        return {}
    try:
        with Client() as client, Outbox(box.path, client) as asking:
            return asking.candidates()
    except DslError as fault:
        print_line(f"note: the service could not be asked: {fault}", err=True)
        return None


def _advice(row: Row, listed: Candidates | None, journal: str) -> Iterator[str]:
    """What to do about a row that failed or is unknown; `journal` is the option that names the journal, or ""."""

    def mark(option: str) -> str:
        return f"aistudios outbox mark {quote(row.key)} {option}{journal}"

    if row.state == "failed":
        cost = " as a new project, which may cost again" if row.project_id else ""
        yield f"to send it again{cost}: {mark('--again')}"
        return
    for project in (listed or {}).get(row.key, ()):
        yield f"the service has {project.get('id')} of this name, {project.get('state')}"
        sent = f"--sent {quote(str(project.get('id')))}"
        yield f"  if it is this row: {mark(sent)}"
    if listed is not None and not listed.get(row.key):
        yield "the service lists nothing else of this name (it lists no drafts: look at the dashboard)"
    if row.project_id:
        yield f"it was made as {row.project_id}, and is charged if it exists: look for that id on the dashboard"
        yield f"  if it is there, run again to follow it; if not, make it again: {mark('--not-sent')}"
    else:
        yield f"if it was not sent: {mark('--not-sent')}"


def _print_json(box: Outbox, listed: Candidates | None) -> None:
    from aistudios_dsl.wire.jsontext import canonical

    rows = [asdict(row) for row in box.rows()]
    for row in rows:
        if row["state"] == "unknown":
            row["candidates"] = None if listed is None else listed.get(row["key"], ())
    print_line(canonical({"counts": box.counts(), "rows": rows}))
