"""What a flow asks of its driver (send, pause, work), and the answer to a request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Mapping
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from aistudios_dsl.service.login import Secret
from aistudios_dsl.wire.jsontext import DEEPEST, depth

T = TypeVar("T")
_LONGEST_REQUESTED_WAIT = 120.0
"""Seconds. If the service asks for a longer wait, the caller gets its answer instead."""


@frozen
class Failure:
    """Why no complete answer came.

    `sent`: the request, or part of it, may have arrived. `transient`: a retry may succeed.
    """

    text: str
    sent: bool = True
    transient: bool = True
    hint: str = ""


@frozen(repr=False)
class Answer:
    """A complete response, or the failure in its place. It has no repr because its body may hold a token."""

    status: int = 0
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""
    failure: Failure | None = None

    @cached_property
    def envelope(self) -> dict[str, Any] | None:
        """The JSON object in the body; None if the body is cut off or did not come from the service."""
        try:
            # More lenient than `jsontext.parse`: a repeated key must not hide that a create was accepted.
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) and depth(value, DEEPEST + 1) <= DEEPEST else None

    @property
    def transient(self) -> bool:
        """Whether a retry may succeed: the connection broke, there were too many requests, or the service failed."""
        if self.failure:
            return self.failure.transient
        return self.status == 429 or self.status >= 500 or (self.status < 300 and self.envelope is None)

    @property
    def retry_after(self) -> float | None:
        """The seconds that the service asks to wait, or None."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
        except (ValueError, TypeError, OverflowError, OSError):
            return None


class DownloadSink(Protocol):
    """Where a download goes. It knows where to continue after a broken connection."""

    reached: int
    """The most bytes it has held so far."""

    def headers(self) -> Mapping[str, str]: ...  # the request headers that ask for the missing bytes
    def begin(self, status: int, headers: Mapping[str, str]) -> Callable[[bytes], object] | None: ...
    def failure(self) -> Failure | None: ...  # what is wrong with the file after the response


@frozen
class Send:
    """One request. A `safe` request may be repeated after any failure; others only if nothing can have been sent.

    With `until` (in `time.monotonic` seconds) it is sent once, for an answer by then; the flow itself retries.
    An answer that is not a download has at most `longest` bytes, decompressed.
    """

    method: str
    url: str
    token: Secret | None = None
    body: Mapping[str, Any] | bytes | None = field(default=None, repr=False)
    safe: bool = True
    sink: DownloadSink | None = None
    until: float | None = None
    longest: int = 1_000_000

    def headers(self) -> dict[str, str]:
        """Return the headers to send, including the raw token."""
        if self.sink:
            return dict(self.sink.headers())
        found = {"Accept": "application/json", "Accept-Encoding": "gzip", "Content-Type": "application/json"}
        return found | ({"Authorization": self.token.reveal()} if self.token else {})

    def content(self) -> bytes | None:
        """Return the body to send, with its secrets revealed."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        plain = {name: value.reveal() if isinstance(value, Secret) else value for name, value in self.body.items()}
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def reached(self) -> int:
        """The bytes downloaded so far."""
        return self.sink.reached if self.sink else 0

    def time_limit(self, usual: float) -> float:
        """Return how many seconds the exchange may take; the last request before `until` gets at least one."""
        return usual if self.until is None else min(usual, max(1.0, self.until - time.monotonic()))

    def attempts(self) -> dict[str, Any]:
        """Return how often to try, as arguments of stamina; `timeout` is the seconds for all attempts."""
        if self.until is not None:
            return {"attempts": 1, "timeout": None}
        return {"attempts": 6, "timeout": 45.0} if self.sink is None else {"attempts": 10, "timeout": None}

    def retry(self, answer: Answer) -> bool | float:
        """Return whether to send again after this answer; a number is the seconds that the service asked to wait."""
        if answer.failure:
            return answer.failure.transient and (self.safe or not answer.failure.sent)
        if not self.safe or not answer.transient or (self.sink and answer.status < 300):
            return False
        wait = answer.retry_after if answer.status >= 300 else None
        return True if wait is None else wait <= _LONGEST_REQUESTED_WAIT and wait


@frozen
class Pause:
    """Wait for some seconds."""

    seconds: float


@frozen
class Work:
    """Do a task that may block on the disk."""

    task: Callable[[], Any]


Action: TypeAlias = Send | Pause | Work
Flow: TypeAlias = Generator[Action, Any, T]
