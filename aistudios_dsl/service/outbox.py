"""Send many payloads, each once; after any interruption a new run continues where the last one stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aistudios_dsl.errors import BuildError, DslError, LoadError
from aistudios_dsl.service.drift import Drift, drifted
from aistudios_dsl.service.file_names import FileNames, Name
from aistudios_dsl.service.flow import Payload, is_project_id
from aistudios_dsl.service.intake import Inspect, Sent, entries
from aistudios_dsl.service.journal import Journal, Row
from aistudios_dsl.service.login import base_of
from aistudios_dsl.service.outbox_plan import STALE, Describe, OutboxPlan, planned, reject_credits, verify, verify_queue
from aistudios_dsl.service.results import Result, results
from aistudios_dsl.service.runner import Run, RunSummary, Sender, stop_on_signal
from aistudios_dsl.service.versions import NAMED_BY, Comparison

if TYPE_CHECKING:
    from aistudios_dsl.service.client import Client

__all__ = ["Drift", "Outbox", "OutboxPlan", "Result", "Row", "RunSummary"]


class Outbox:
    """Payloads in a SQLite journal, each sent at most once.

    A row is queued, submitting, submitted, rendering, done, downloaded; or it ends as failed, or as unknown if it may
    or may not have been sent. An unknown row is never sent again automatically. The first `add` or `apply` makes the
    file. When the payload of a key changes, the journal keeps the earlier one with its project.

    Args:
        path: The file of the journal.
        client: A `Client` to send with. Without one, rows can be read, added and marked.

    Raises:
        DslError: If the file is not a journal, has another version, or is damaged (code "journal-damaged").

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder, Outbox(f"{folder}/videos.outbox") as outbox:
        ...     outbox.add([{"name": "One", "scenes": []}, {"name": "Two", "scenes": []}])
        ...     outbox.counts()
        2
        {'queued': 2}
    """

    def __init__(self, path: str | Path, client: Client | Sender | None = None) -> None:
        self._journal = Journal(Path(path))
        # The methods of Client are final, so pyright takes them for class variables, which no protocol's methods are.
        self._client: Sender | None = client  # pyright: ignore[reportAttributeAccessIssue, reportAssignmentType]
        self._compared: tuple[OutboxPlan, Comparison] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Outbox({str(self.path)!r})"

    @property
    def path(self) -> Path:
        """The file of the journal."""
        return self._journal.path

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def add(self, source: str | Path | Iterable[Payload], *, key: str | None = None, literal: bool = False) -> int:
        """Add payloads. Give the complete source every time; rows that are already in the journal are not added again.

        Args:
            source: A JSONL file, or an iterable of projects, mappings or JSON texts.
            key: The key of the payload that identifies a row. Default: its line number.
            literal: True accepts payloads with Jinja braces, as text.

        Returns:
            How many rows are new.

        Raises:
            LoadError: Names every row that is not a project, has changed, is gone, or is there twice. Nothing is added.
            DslError: If another process works on the journal (code "journal-in-use").

        Example:
            >>> with Outbox(folder / "add.outbox") as outbox:
            ...     outbox.add([project, {"name": "Two", "scenes": []}])
            2
        """
        found = self._comparison(source, key, literal)
        return found.take_in(found.refuse_changes)

    def _comparison(
        self, source: str | Path | Iterable[Payload], key: str | None, literal: bool, inspect: Inspect | None = None
    ) -> Comparison:
        self._compared = None
        journal, words = self._journal, str(source) if isinstance(source, str | Path) else "this source"
        is_named_so = journal.term(NAMED_BY) == (key or "")
        found = entries(
            source, key, literal, inspect, Sent(journal.sent_name, journal.sent_key if is_named_so else None)
        )
        with journal.exclusive():
            return Comparison(journal, found, words, key)

    def plan(
        self,
        source: str | Path | Iterable[Payload],
        *,
        key: str | None = None,
        literal: bool = False,
        export: bool = True,
        rate: float | None = None,
        inspect: Inspect | None = None,
        describe: Describe | None = None,
    ) -> OutboxPlan:
        """Compare a source with the journal, and say what `apply` would make. Nothing is sent or written.

        A key is new, changed, same, gone, unknown or failed; what is new or changed would be made. A payload that was
        made before is not made again: its video becomes the current one. What is gone is shown, and stays.

        Args:
            source: A JSONL file, or an iterable, complete, as for `add`.
            key: The column, or the key of the payload, that identifies a row. Default: its line number.
            literal: True accepts payloads with Jinja braces, as text.
            export: True renders, False stores drafts.
            rate: Credits for a minute of speech, 0 or more, for the price. Default: no price.
            inspect: Called with the number and the project of each row that was not sent yet; returns the letters and
                the seconds of its speech, or None.
            describe: Called with two payloads as text, the earlier one and the new one; returns what has changed, in
                words.

        Returns:
            The plan. Print it, or write its `to_json()` to a file.

        Raises:
            LoadError: Names every row that is not a project, or is there twice.
            DslError: If another process works on the journal (code "journal-in-use").

        Example:
            >>> with Outbox(folder / "two.outbox") as outbox:
            ...     added = outbox.add([project])
            ...     outbox.plan([project, {"name": "Two", "scenes": []}]).counts["new"]
            2
        """
        if rate is not None:
            reject_credits("rate", rate, "a minute of speech")
        terms = {"key": key, "literal": literal, "export": export, "rate": rate}
        service = self._client.base_url if self._client else self._journal.term("service") or base_of(None)
        self._journal.agree(*_service(service))
        self._journal.agree(*_mode(export))
        path = str(source) if isinstance(source, str | Path) else ""
        comparison = self._comparison(source, key, literal, inspect)
        found = planned(self._journal, comparison, describe, source=path, service=service, **terms)
        self._compared = found, comparison
        return found

    def accept(self, plan: OutboxPlan, source: str | Path | Iterable[Payload] | None = None) -> int:
        """Take the payloads of a plan into the journal, so that `run` makes exactly those.

        Args:
            plan: What `plan` returned, or `OutboxPlan.load`.
            source: The payloads, if the plan was not made from a file, or the file was moved.

        Returns:
            How many rows are new.

        Raises:
            DslError: If the payloads or the journal have changed since (code "plan-stale").

        Example:
            >>> with Outbox(folder / "accept.outbox") as outbox:
            ...     outbox.accept(outbox.plan([project]))
            1
        """
        self._journal.agree(*_service(plan.service))
        self._journal.agree(*_mode(plan.export))
        made, comparison = self._compared or (None, None)
        if comparison is None or made is not plan:
            given = plan.source if source is None else source
            if not given:
                raise BuildError("this plan was not made from a file", hint="give its payloads: apply(plan, source)")
            if source is None and not Path(plan.source).exists():
                hint = "apply a plan in the folder where it was made"
                raise LoadError(f"{plan.source}, which the plan is for, is not there", hint=hint)
            comparison = self._comparison(given, plan.key, plan.literal)
            comparison.take_seconds((row.seconds, row.sha256) for row in plan.made)
        self._compared = None
        return comparison.take_in(lambda: verify(plan, self._journal, comparison))

    def apply(
        self,
        plan: OutboxPlan,
        source: str | Path | Iterable[Payload] | None = None,
        *,
        max_renders: int | None = None,
        max_minutes: float | None = None,
        **how: Any,
    ) -> RunSummary:
        """Make exactly what a plan says. After an interruption, apply it again: nothing is made twice.

        Args:
            plan: What `plan` returned, or `OutboxPlan.load`.
            source: The payloads, if the plan was not made from a file, or the file was moved.
            max_renders: Refuse a plan that renders more videos. Default: no limit.
            max_minutes: Refuse a plan with more minutes of speech. Default: no limit.
            how: `concurrency`, `rate`, `download`, `name`, `timeout` and `on_change`, as in `run`.

        Returns:
            The number of rows in each state, and why the run stopped early, if it did.

        Raises:
            DslError: If the payloads or the journal have changed since (code "plan-stale"), the plan is larger than a
                limit (code "plan-too-large"), or it is about another service.

        Example:
            >>> with Outbox(folder / "apply.outbox", client) as outbox:
            ...     outbox.apply(outbox.plan([project], export=False)).counts
            {'done': 1}
        """
        plan.limited(max_renders, max_minutes)
        address = self._sender.base_url
        if plan.service != address:
            hint = "set AISTUDIOS_BASE_URL to that address, or plan again"
            raise DslError(f"the plan is for {plan.service}, not for {address}", hint=hint, code=STALE)
        self.accept(plan, source)
        return self.run(export=plan.export, plan=plan, **how)

    def remaining(self, plan: OutboxPlan) -> int:
        """Return how many of a plan's videos are still to be made, after it was applied in part.

        Args:
            plan: What `plan` returned, or `OutboxPlan.load`.

        Example:
            >>> with Outbox(folder / "remaining.outbox") as outbox:
            ...     outbox.remaining(outbox.plan([project]))
            1
        """
        return sum(self._journal.sent_name(row.sha256) is None for row in plan.made)

    def drift(self, on_look: Callable[[str], object] | None = None) -> Iterator[Drift]:
        """Ask the service which projects are no longer what was sent; this is free.

        Keys that the service adds do not count. What each project cost is recorded, if the service says so.

        Args:
            on_look: Called with the key of each row that was looked at.

        Yields:
            Each current row whose project differs, with the fields.

        Raises:
            ApiError: If a call fails.

        Example:
            >>> with Outbox(folder / "drift.outbox", client) as outbox:
            ...     summary = outbox.apply(outbox.plan([project], export=False))
            ...     list(outbox.drift())
            []
        """
        return drifted(self._journal, self._agreed_client(), on_look)

    def results(self, *, versions: bool = False) -> Iterator[Result]:
        """Yield what became of each key, in the order in which the keys were first added.

        Args:
            versions: True yields the earlier versions of each key too, before the current one.

        Example:
            >>> with Outbox(folder / "results.outbox", client) as outbox:
            ...     summary = outbox.apply(outbox.plan([project], export=False))
            ...     [(one.key, one.state, one.name) for one in outbox.results()]
            [('1', 'done', 'Hello')]
        """
        return results(self._journal, versions)

    def charge(self, key: str | int, credits: float | None) -> int:
        """Record what a video cost, as a webhook told. A run may be at work meanwhile.

        Args:
            key: The key of the row, or the id of its project.
            credits: What it cost, 0 or more. None, which a webhook says before the end, records nothing.

        Returns:
            How many rows that were: 1, or 0 if there is none.

        Raises:
            BuildError: If that is not a price.

        Example:
            >>> with Outbox(folder / "charge.outbox") as outbox:
            ...     added = outbox.add([project])
            ...     outbox.charge(1, credits=2.5)
            1
        """
        if credits is None:
            return 0
        reject_credits("credits", credits, "the video")
        return self._journal.charge(str(key), credits)

    def rows(self, *states: str, versions: bool = False) -> tuple[Row, ...]:
        """List the rows in the order they were added.

        Args:
            states: Only rows in these states. Default: all.
            versions: True lists the earlier payloads of each key too.

        Returns:
            The rows.

        Raises:
            DslError: If there is no such state.

        Example:
            >>> with Outbox(folder / "rows.outbox") as outbox:
            ...     outbox.rows("failed", "unknown")
            ()
        """
        return self._journal.rows(*states, versions=versions)

    def counts(self) -> dict[str, int]:
        """Count the rows in each state; states without rows are left out."""
        return self._journal.counts()

    def ensure_unused(self) -> None:
        """Raise `DslError` if another process works on the journal."""
        with self._journal.exclusive():
            pass

    def mark(self, key: str | int, *, sent: str | None = None, not_sent: bool = False, again: bool = False) -> Row:
        """Record what became of a row whose outcome is unknown, or queue a failed row again. Give exactly one of three.

        Args:
            key: The key of the row: its line number, or its value under the `key` of `add`.
            sent: It was sent; this is the id of its project.
            not_sent: It was not sent. It is queued again, and `add` may bring another payload for it.
            again: It failed. It is queued again; if its render failed, it becomes a new project and may cost again.

        Returns:
            The row as it is now.

        Raises:
            BuildError: If `sent` is not a project id, or not exactly one of the three is given.
            DslError: If the state of the row leaves no doubt, or there is no such row.

        Example:
            >>> with Outbox(folder / "mark.outbox") as outbox:
            ...     added = outbox.add([project])
            ...     outbox.mark(1, not_sent=True)
            Traceback (most recent call last):
            aistudios_dsl.errors.DslError: row 1 is queued: there is nothing to mark
        """
        if (sent is not None) + not_sent + again != 1:
            raise BuildError("give either sent, with the project's id, or not_sent, or again")
        if sent is not None and not is_project_id(sent):
            raise BuildError(f"{sent!r} is not a project id", hint="give the id that the dashboard shows")
        with self._journal.exclusive():
            row = self._journal.row(str(key))
            _validate_mark(row, again)
            if again or (not_sent and row.project_id):
                # A row that had an id still counts as a render.
                return self._journal.requeue(row)
            if sent is None:
                return self._journal.change(row, state="queued", free=1, note="marked as not sent")
            for other in self.rows(versions=True):
                if other.project_id == sent and other.number != row.number:
                    raise DslError(f"{sent} is row {other.key} ({other.name})")
            return self._journal.change(row, state="submitted", project_id=sent, note="marked as sent")

    def candidates(self) -> dict[str, tuple[dict[str, Any], ...]]:
        """List, for each unknown row, the service's projects with its name that are not another row.

        The service lists exported projects only; look for drafts on the dashboard.

        Returns:
            The projects under the key of each row, as in `Client.list`.

        Raises:
            ApiError: If the call fails.

        Example:
            >>> with Outbox(folder / "candidates.outbox", client) as outbox:
            ...     outbox.candidates()
            {}
        """
        unknown = self.rows("unknown")
        listed = self._agreed_client().list() if unknown else ()
        known = {row.project_id: row.number for row in self.rows(versions=True)}
        return {
            row.key: tuple(
                one
                for one in listed
                if one.get("name") == row.name and known.get(str(one.get("id")), row.number) == row.number
            )
            for row in unknown
        }

    def run(
        self,
        *,
        export: bool,
        concurrency: int = 4,
        rate: float = 2.0,
        max_renders: int | None = None,
        max_minutes: float | None = None,
        download: str | Path | None = None,
        name: Name | None = None,
        timeout: float = 1800.0,
        on_change: Callable[[Row], object] | None = None,
        plan: OutboxPlan | None = None,
    ) -> RunSummary:
        """Send the queued rows, follow the renderings, and save the videos.

        The first Ctrl-C lets what is in flight finish; the second does not.

        Args:
            export: True renders, which spends credits; False stores drafts.
            concurrency: Requests at once, 1 or more; 4 by default.
            rate: Requests per second at most, above 0; 2 by default.
            max_renders: Renders at most, over the whole life of the journal. Default: no limit.
            max_minutes: Estimated minutes of speech at most, over the whole life of the journal, as far as they were
                estimated. Default: no limit.
            download: The folder to save the videos in. Default: they are not saved.
            name: Names a video's file by the columns of its row. Default: the key and the project's id.
            timeout: Seconds to follow each rendering; 1800 by default.
            on_change: Called with each `Row` that has changed.
            plan: An accepted plan. Refuse to run if rows are queued that it does not make. Default: send what is
                queued.

        Returns:
            The number of rows in each state, and why the run stopped early, if it did.

        Raises:
            DslError: If another process works on the journal (code "journal-in-use"), it was begun with another service
                or the other value of `export`, it is a copy of a journal that is still there (code "journal-copied"),
                or more is queued than the plan makes (code "plan-stale").

        Example:
            >>> with Outbox(folder / "run.outbox", client) as outbox:
            ...     added = outbox.add([project])
            ...     outbox.run(export=False).counts
            {'done': 1}
        """
        if not isinstance(export, bool):
            raise BuildError(f"export is {export!r}", hint="True renders and spends credits, False stores drafts")
        if concurrency < 1 or rate <= 0:
            raise BuildError("concurrency must be 1 or more, and rate more than 0")
        folder = _made_folder(download)
        with self._journal.exclusive():
            self._journal.refuse_copy()
            client = self._agreed_client()
            if plan:
                verify_queue(plan, self._journal)
            self._journal.fix_term(*_mode(export))
            files = FileNames.of(self._journal, folder, name) if folder else None
            limits = max_renders, max_minutes
            run = Run(self._journal, client, export, concurrency, 1 / rate, *limits, files, timeout, on_change)
            with stop_on_signal(run.interrupt):
                return run.run()

    @property
    def _sender(self) -> Sender:
        if self._client is None:
            raise BuildError("this outbox has no client", hint="write Outbox(path, client)")
        return self._client

    def _agreed_client(self) -> Sender:
        """Return the client. Raise `DslError` if the journal is about another service."""
        self._journal.fix_term(*_service(self._sender.base_url))
        return self._sender


def _service(address: str) -> tuple[str, str, str]:
    """Return the term that says which service a journal is about, its value, and what is wrong with another one."""
    return "service", address, f"is about {{}}, not about {address}"


def _mode(export: bool) -> tuple[str, str, str]:
    return "mode", "render" if export else "draft", "was begun to {} and continues so"


def _validate_mark(row: Row, again: bool) -> None:
    was = f"row {row.key} is {row.state}{row.project_id and f' as {row.project_id}'}"
    if row.state == "failed" and row.project_id and not again:
        hint = "to render it again, which may cost again: again=True"
        raise DslError(f"{was}: its render failed", hint=hint, code="row-failed")
    if row.state not in ("failed", "unknown") or (again and row.state != "failed"):
        raise DslError(f"{was}: there is nothing to mark", hint="again is for rows that failed" if again else "")


def _made_folder(download: str | Path | None) -> Path | None:
    if download is None:
        return None
    folder = Path(download)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DslError(f"cannot make the folder {folder}: {error.strerror}") from None
    return folder
