"""`aistudios outbox`: many payloads, each sent once, with a journal that survives interruptions."""

from __future__ import annotations

import csv
import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click
from attrs import asdict

from aistudios_dsl.atomic_write import write_text
from aistudios_dsl.cli.base import (
    confirm_spending,
    print_line,
    print_result,
    printable,
    progress_bar,
    reject_overwriting,
)
from aistudios_dsl.cli.options import AS_JSON, DESPITE_ERRORS, DOWNLOAD, FILE, OUTPUT, TIMEOUT, YES
from aistudios_dsl.errors import DslError, plural

if TYPE_CHECKING:
    from aistudios_dsl.service.outbox import Outbox, OutboxPlan, Result, Row, RunSummary
    from aistudios_dsl.wire import Project

    Candidates = Mapping[str, tuple[dict[str, Any], ...]]

_ENDED = ("done", "downloaded", "failed", "unknown")
_MOST_KEYS, _MOST_CHANGES = 10, 5
"""How many keys of each action are printed, and how many changes of one."""


def _rate(ctx: click.Context, option: click.Parameter, value: str) -> float:
    """Return the requests a second of `2/s` or `90/min`; a number alone may be meant as the price of `plan --rate`."""
    number, _, unit = value.partition("/")
    seconds = {"s": 1, "min": 60, "h": 3600}.get(unit)
    try:
        rate = float(number) / (seconds or 0)
    except (ValueError, ZeroDivisionError):
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise click.BadParameter(f"{value!r} is not a rate of requests: write 2/s or 90/min")
    return rate


_JOURNAL = click.option("--journal", type=click.Path(path_type=Path, dir_okay=False), help="The journal file.")
_KEY = click.option("--key", help="Name rows by this column, or key of their payload, not by line number.")
_LITERAL = click.option("--literal", is_flag=True, help="Send braces as text.")
_NAME = click.option("--name", metavar="TEMPLATE", help='With --download: name each file by its row, "{{ id }}.mp4".')
_CONCURRENCY = click.option(
    "--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Requests at a time."
)
_RATE = click.option("--rate", default="2/s", callback=_rate, show_default=True, help="Most requests: 2/s, 90/min.")


@click.group()
def outbox() -> None:
    """Send many payloads, each of them once.

    A journal records what was sent, so a run that was interrupted can go on.
    """


@outbox.command()
@FILE
@click.option("--export/--draft", default=None, help="Render, which spends credits; or store drafts only.")
@_JOURNAL
@_CONCURRENCY
@_RATE
@click.option("--max-renders", type=click.IntRange(0), help="Most renderings in all runs of this journal.")
@click.option("--max-minutes", type=click.FloatRange(0), help="Most minutes of speech in all runs of this journal.")
@DOWNLOAD
@_NAME
@TIMEOUT
@_KEY
@_LITERAL
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
    name: str | None,
    **how: Any,
) -> None:
    """Check the payloads of a JSONL and send them: plan and apply in one.

    Run it again to go on: what was sent is not sent twice. A key whose payload changed is made again; it says so before
    it asks. The journal is FILE with the suffix .outbox, unless --journal names another.

    \b
    aistudios build video.py --data rows.csv -o videos.jsonl
    aistudios outbox run videos.jsonl --export --max-renders 10 --download videos
    """
    from aistudios_dsl.service import Client, Outbox

    if export is None:
        raise click.UsageError("choose one: --export (renders, spends credits) or --draft (stores only)")
    naming = _naming(name, how["download"])
    with Client() as client, Outbox(journal or _journal_of(file), client) as box:
        found = _planned(box, file, key, literal, despite_errors, export=export)
        limits = [(how["max_renders"], "renderings"), (how["max_minutes"], "minutes of speech")]
        words = [f"; at most {most:g} {noun} in all" for most, noun in limits if most is not None and export]
        print_line(f"{found}{''.join(words)}", err=True)
        confirm_spending("Send them?", yes or not found.made or not export)
        box.accept(found)
        with _shown_changes(box) as show:
            summary = box.run(export=export, on_change=show, name=naming, plan=found, **how)
        _conclude(box, summary)


@outbox.command()
@FILE
@click.option("--draft", is_flag=True, help="Plan drafts, which are not rendered.")
@_JOURNAL
@_KEY
@click.option("--rate", type=click.FloatRange(0), metavar="CREDITS", help="Credits for a minute of speech: a price.")
@click.option("--check", "look", is_flag=True, help="Ask the service which projects have changed there; this is free.")
@_LITERAL
@DESPITE_ERRORS
@OUTPUT
def plan(
    file: Path,
    draft: bool,
    journal: Path | None,
    key: str | None,
    rate: float | None,
    look: bool,
    literal: bool,
    despite_errors: bool,
    output: Path | None,
) -> None:
    """Say which videos would be made, and for how much. Nothing is sent.

    Each key is new, changed, same, gone, unknown or failed. Only what is new or changed would be made: what is unknown
    or failed waits for `outbox mark`, and what is gone stays in the journal. With -o, `outbox apply` makes the plan.

    With --check, lists the videos that were changed at the service since they were sent, such as in its editor.

    \b
    aistudios outbox plan team.jsonl --key id --rate 12 -o plan.json
    aistudios outbox plan team.jsonl --key id --check
    """
    from aistudios_dsl.service import Client, Outbox

    path = journal or _journal_of(file)
    reject_overwriting(output, file, path)
    with Outbox(path) as box:
        found = _planned(box, file, key, literal, despite_errors, export=not draft, rate=rate)
    _print_plan(found)
    if look:
        with Client() as client, Outbox(path, client) as box:
            _print_drift(box)
    if output:
        write_text(output, found.to_json())
        print_line(f"to make this plan: aistudios outbox apply {quote(str(output))}", err=True)


@outbox.command()
@click.argument("plan_file", metavar="PLAN", type=click.Path(path_type=Path))
@_JOURNAL
@click.option("--max-renders", type=click.IntRange(0), help="Refuse a plan that renders more videos.")
@click.option("--max-minutes", type=click.FloatRange(0), help="Refuse a plan with more minutes of speech.")
@_CONCURRENCY
@_RATE
@DOWNLOAD
@_NAME
@TIMEOUT
@YES
def apply(
    plan_file: Path,
    journal: Path | None,
    max_renders: int | None,
    max_minutes: float | None,
    name: str | None,
    yes: bool,
    **how: Any,
) -> None:
    """Make exactly what a plan of `outbox plan -o` says.

    Refuses if the payloads or the journal have changed since. If it is interrupted, apply the same plan again: nothing
    is made twice. Run it in the folder where the plan was made.

    \b
    aistudios outbox apply plan.json --max-renders 10 --download videos --name "{{ id }}.mp4"
    """
    from aistudios_dsl.service import Client, Outbox, OutboxPlan

    found, naming = OutboxPlan.load(plan_file), _naming(name, how["download"])
    with Client() as client, Outbox(journal or Path(found.journal), client) as box:
        box.ensure_unused()
        left = box.remaining(found)
        print_line(f"{found}{_sent_before(len(found.made), left)}", err=True)
        confirm_spending("Make this plan?", yes or not left or not found.export)
        with _shown_changes(box, len(found.made)) as show:
            summary = box.apply(
                found, max_renders=max_renders, max_minutes=max_minutes, on_change=show, name=naming, **how
            )
        _conclude(box, summary)


@outbox.command()
@_JOURNAL
@click.option("--versions", is_flag=True, help="List the earlier videos of each key too.")
@OUTPUT
@AS_JSON
def results(journal: Path | None, versions: bool, output: Path | None, as_json: bool) -> None:
    """List what became of each key, as a table.

    The columns are key, version, current, state, project_id, name, file, seconds, sent, credits and note. In the CSV, a
    text that a spreadsheet would run as a formula has an apostrophe before it; --json has every text as it is.

    \b
    aistudios outbox results -o results.csv
    aistudios outbox results --json --versions
    """
    from aistudios_dsl.service import Outbox

    path = _find_journal(journal)
    reject_overwriting(output, path)
    with Outbox(path) as box:
        found = box.results(versions=versions)
        text = _json_lines(found) if as_json else _csv(found)
    if output:
        write_text(output, text)
    else:
        print_result(text)


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


def _journal_of(file: Path) -> Path:
    return file.parent / f"{file.stem}.outbox"


def _find_journal(given: Path | None) -> Path:
    found = [given] if given else sorted(Path().glob("*.outbox"))
    if not found:
        raise DslError("there is no journal (*.outbox) in this folder", hint="name one: --journal FILE")
    if len(found) > 1:
        raise DslError(f"there are several journals: {', '.join(map(str, found))}", hint="name one: --journal FILE")
    if not found[0].is_file():
        raise DslError(f"there is no journal {found[0]}", hint="aistudios outbox run makes it")
    return found[0]


# plan and run


def _planned(box: Outbox, file: Path, key: str | None, literal: bool, despite_errors: bool, **terms: Any) -> OutboxPlan:
    """Plan the payloads of a file, and check those not sent yet. Raise `DslError` if the checks find errors."""
    from aistudios_dsl.check.findings import Finding, check
    from aistudios_dsl.check.summary import spoken, summed
    from aistudios_dsl.cli.check import print_summary

    box.ensure_unused()
    ignored = ("leftover-braces",) if literal else ()
    new = dict[int, list[Finding]]()

    def inspect(number: int, project: Project) -> tuple[int, float]:
        new[number] = [one for one in check(project, ignore=ignored) if one.severity != "note"]
        return spoken(project)

    found = box.plan(file, key=key, literal=literal, inspect=inspect, describe=_changes, **terms)
    summary = summed(new.items())
    if summary.groups:
        print_summary(summary, "line", err=True)
    errors = summary.rows["error"]
    if errors and not despite_errors:
        hint = f"fix them (aistudios check {quote(str(file))} lists them again), or send them --despite-errors"
        raise DslError(f"nothing is sent: the checks found errors in {errors} of {summary.total} lines", hint=hint)
    return found


def _changes(before: str, after: str) -> list[str]:
    """Say in words what is different between two payloads."""
    from aistudios_dsl.diff import diff
    from aistudios_dsl.wire.codec import load
    from aistudios_dsl.wire.jsontext import parse

    found = [str(change) for change in diff(load(parse(before)), load(parse(after)))]
    more = [f"and {len(found) - _MOST_CHANGES:,} more"] if len(found) > _MOST_CHANGES else []
    return found[:_MOST_CHANGES] + more


def _print_plan(found: OutboxPlan) -> None:
    """Print a plan: the first keys of each action, the words of the first changes, and the sum."""
    shown = Counter[str]()
    for row in found.rows:
        shown[row.action] += 1
        if shown[row.action] <= _MOST_KEYS:
            print_line(f"{row.action:8} {row.key} ({row.name}){row.note and f': {row.note}'}")
            for line in row.words:
                print_line(f"           {line}")
    for action, count in shown.items():
        if count > _MOST_KEYS:
            print_line(f"{action:8} and {count - _MOST_KEYS:,} more")
    print_line(str(found))


def _print_drift(box: Outbox) -> None:
    looked = itertools.count()
    found = 0
    for one in box.drift(lambda _: next(looked)):
        found += 1
        print_line(f"changed at the service: {one}")
    print_line(f"{plural(found, 'project')} of {next(looked):,} differ from what was sent")


def _sent_before(planned: int, left: int) -> str:
    """Say how much of a plan an earlier run has sent; "" if nothing."""
    if left == planned:
        return ""
    return f"; sent before: {planned - left:,}, still to send: {left:,}" if left else "; all were sent before"


def _naming(name: str | None, download: Path | None) -> Callable[[Mapping[str, Any]], str] | None:
    """Return what names a file by its row, or None. Raise `DslError` for a template that cannot be read."""
    if name is None:
        return None
    if download is None:
        raise click.UsageError("--name names downloads: name their folder with --download")
    from aistudios_dsl.cli.row_batches import FileName
    from aistudios_dsl.templates.environment import Templates

    template = FileName(name, Templates())
    template.variables()
    return template.render


@contextmanager
def _shown_changes(box: Outbox, new: int = 0) -> Iterator[Callable[[Row], object]]:
    """Show each change of a row: a bar on a terminal, else a line. `new`: how many rows are still to be taken in."""
    if not sys.stderr.isatty():
        yield _print_change
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

    counts = box.counts()
    ended = {row.number for row in box.rows(*_ENDED)}
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with progress_bar(*columns, transient=False) as bar:
        task = bar.add_task("sending", total=max(sum(counts.values()), len(ended) + new))

        def show(row: Row) -> None:
            # What has ended is kept, not counted again: each change costs the same however many rows there are.
            (ended.add if row.state in _ENDED else ended.discard)(row.number)
            bar.update(task, completed=len(ended), description=row.state)
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


# results


def _csv(found: Iterable[Result]) -> str:
    from aistudios_dsl.service.results import RESULT_COLUMNS, cells

    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(RESULT_COLUMNS)
    table.writerows(map(cells, found))
    return text.getvalue()


def _json_lines(found: Iterable[Result]) -> str:
    from aistudios_dsl.wire.jsontext import canonical

    return "".join(canonical(asdict(one)) + "\n" for one in found)


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
        if not row.project_id:
            yield "a create that was cut off may still arrive: look again in a minute"
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
