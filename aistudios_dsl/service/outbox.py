"""Many payloads, each sent once: an outbox that can be killed at any moment and goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aistudios_dsl.errors import BuildError, DslError
from aistudios_dsl.service.flow import Payload
from aistudios_dsl.service.intake import entries
from aistudios_dsl.service.journal import Journal, Row
from aistudios_dsl.service.runner import Run, Sender, Summary, ctrl_c, is_project_id

if TYPE_CHECKING:
    from aistudios_dsl.service.client import Client

__all__ = ["Outbox", "Row", "Summary"]


class Outbox:
    """Payloads in a SQLite journal at `path`, sent through a blocking client; each row at most once.

    The file is made by the first `add` that takes something in.
    A row goes queued, submitting, submitted, rendering, done, downloaded; or it ends as failed, or as unknown, when it
    may or may not have been sent: such a row is never sent again by itself. Without a `client` it can be read, added
    to and marked. Raises `DslError` where the journal is none, is of another version, or is damaged.

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Outbox({str(self.path)!r})"

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self._journal.path

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def add(self, source: str | Path | Iterable[Payload], *, key: str | None = None, literal: bool = False) -> int:
        """Take in the payloads of a JSONL file, or of an iterable, and return how many were new.

        A row is known by its line number, or by what the payload has under `key`; give the whole source each time.
        Payloads that still hold Jinja are refused unless `literal`. Raises `LoadError`, with nothing taken in, naming
        every row that is no project, changed since, is gone, or is the same as another.
        """
        found = entries(source, key, literal)
        return self._journal.add(found, str(source) if isinstance(source, str | Path) else "this source")

    def rows(self, *states: str) -> tuple[Row, ...]:
        """The rows, or those in these states, in the order they came in."""
        return self._journal.rows(*states)

    def counts(self) -> dict[str, int]:
        """How many rows are in each state."""
        return self._journal.counts()

    def judge_alone(self) -> None:
        """Raise `DslError` where another process works on the journal."""
        with self._journal.alone():
            pass

    def mark(self, key: str | int, *, sent: str | None = None, not_sent: bool = False, again: bool = False) -> Row:
        """Say what became of a row that nobody else can tell: `sent` as this project id, or `not_sent`.

        A row that is not sent is queued again, and `add` may bring another payload for it. So is, with `again`, a row
        that failed: one whose render failed is then a new project, which may be charged anew. Raises `DslError` where
        the row's state leaves no doubt, and `BuildError` where `sent` is no project id.
        """
        if (sent is not None) + not_sent + again != 1:
            raise BuildError("say either sent, with the project's id, or not_sent, or again")
        if sent is not None and not is_project_id(sent):
            raise BuildError(
                f"{sent!r} is no project id", hint="it is what create returned, and what the dashboard shows"
            )
        with self._journal.alone():
            row = self._journal.row(str(key))
            self._judge_mark(row, again)
            if again or (not_sent and row.project_id):
                # What had an id counts as asked for.
                return self._journal.again(row)
            if sent is None:
                return self._journal.change(row, state="queued", free=1, note="marked as not sent")
            for other in self.rows():
                if other.project_id == sent and other.key != row.key:
                    raise DslError(f"{sent} is row {other.key} ({other.name})")
            return self._journal.change(row, state="submitted", project_id=sent, note="marked as sent")

    def _judge_mark(self, row: Row, again: bool) -> None:
        was = f"row {row.key} is {row.state}{row.project_id and f' as {row.project_id}'}"
        if row.state == "failed" and row.project_id and not again:
            raise DslError(f"{was}: its render failed", hint="to render it again, which may cost again: again=True")
        if row.state not in ("failed", "unknown") or (again and row.state != "failed"):
            raise DslError(f"{was}: nothing to say", hint="" if not again else "again is for rows that failed")

    def candidates(self) -> dict[str, tuple[dict[str, Any], ...]]:
        """For each unknown row, the projects that the service lists under its name and that no other row is.

        The service lists what was exported; a draft is seen on the dashboard only. Raises `ApiError`.
        """
        unknown = self.rows("unknown")
        listed = self._agreed().list() if unknown else ()
        known = {row.project_id: row.key for row in self.rows()}
        return {
            row.key: tuple(
                one
                for one in listed
                if one.get("name") == row.name and known.get(str(one.get("id")), row.key) == row.key
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
        download: str | Path | None = None,
        timeout: float = 1800.0,
        on_change: Callable[[Row], object] | None = None,
    ) -> Summary:
        """Send what is queued, follow what renders, and save the videos into the folder `download` if one is given.

        `export=True` renders, which spends credits; False stores drafts. At most `concurrency` requests at once and
        `rate` requests a second are made, at most `max_renders` renders are asked for over the journal's whole life,
        and each rendering is followed for `timeout` seconds. Ctrl-C lets what is in flight finish; a second one does
        not. Raises `DslError` where another process works on the journal, or where it was begun with other terms.
        """
        if not isinstance(export, bool):
            raise BuildError(f"export is {export!r}", hint="True renders and spends credits, False stores drafts")
        if concurrency < 1 or rate <= 0:
            raise BuildError("concurrency must be 1 or more, and rate more than 0")
        folder = _folder(download)
        with self._journal.alone():
            client = self._agreed()
            self._journal.agree("mode", "render" if export else "draft", "was begun to {} and goes on so")
            run = Run(self._journal, client, export, concurrency, 1 / rate, max_renders, folder, timeout, on_change)
            with ctrl_c(run.interrupt):
                return run.go()

    def _agreed(self) -> Sender:
        """The client, if it is one of the service that this journal is about."""
        if self._client is None:
            raise BuildError("this outbox has no client", hint="write Outbox(path, client)")
        self._journal.agree("service", self._client.base_url, f"is about {{}}, and not about {self._client.base_url}")
        return self._client


def _folder(download: str | Path | None) -> Path | None:
    if download is None:
        return None
    folder = Path(download)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise DslError(f"cannot make the folder {folder}: {fault.strerror}") from None
    return folder
