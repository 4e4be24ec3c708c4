"""What a flow asks of its driver: send this, wait so long, do that; and the answer that it gets to a request."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Mapping
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from aistudios_dsl.service.login import Secret
from aistudios_dsl.wire.jsontext import depth

T = TypeVar("T")
DEEPEST = 100
"""Levels of JSON; what is nested deeper is no project, and no answer."""
_LONGEST_REQUESTED_WAIT = 120.0
"""Seconds; a service that asks for more gets its answer passed on, not a program that hangs."""


@frozen
class Fault:
    """Why no whole answer came. `sent`: the request, or a part of it, may have arrived; `passing`: it may go better."""

    text: str
    sent: bool = True
    passing: bool = True
    hint: str = ""


@frozen(repr=False)
class Answer:
    """A response, read to its end, or the fault that came instead. Its body may hold a token, so it has no repr."""

    status: int = 0
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""
    fault: Fault | None = None

    @cached_property
    def envelope(self) -> dict[str, Any] | None:
        """The JSON object of the body, or None where it is none: cut, or from something else than the service."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) and depth(value, DEEPEST + 1) <= DEEPEST else None

    @property
    def may_pass(self) -> bool:
        """Whether what is wrong may be over soon: a broken connection, too many requests, trouble at the service."""
        if self.fault:
            return self.fault.passing
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


class Sink(Protocol):
    """Where a download goes; it knows where to go on after a break."""

    reached: int
    """The most bytes that it ever had."""

    def headers(self) -> Mapping[str, str]:
        """The request headers that ask for what is missing."""
        ...

    def begin(self, status: int, headers: Mapping[str, str]) -> Callable[[bytes], object] | None:
        """What takes the chunks of this response, or None where it is no part of the file."""
        ...

    def fault(self) -> Fault | None:
        """What is wrong with the file now that the response is over."""
        ...


@frozen
class Send:
    """One request. A `safe` one may be sent again after any fault, another only where nothing can have been sent.

    `until`, in `time.monotonic` seconds: it is sent once, for an answer by then; the flow itself asks again.
    """

    method: str
    url: str
    token: Secret | None = None
    body: Mapping[str, Any] | bytes | None = field(default=None, repr=False)
    safe: bool = True
    sink: Sink | None = None
    until: float | None = None

    def headers(self) -> dict[str, str]:
        """The headers to send, the raw token among them."""
        if self.sink:
            return dict(self.sink.headers())
        found = {"Accept": "application/json", "Accept-Encoding": "gzip", "Content-Type": "application/json"}
        return found | ({"Authorization": self.token.reveal()} if self.token else {})

    def content(self) -> bytes | None:
        """The body to send, its secrets revealed."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        plain = {name: value.reveal() if isinstance(value, Secret) else value for name, value in self.body.items()}
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()

    def seconds(self, usual: float) -> float:
        """How long the exchange may take: what is usual, or what is left; a last look has a second."""
        return usual if self.until is None else min(usual, max(1.0, self.until - time.monotonic()))

    def again(self, answer: Answer) -> bool | float:
        """Whether to send once more after this answer; a number is the seconds that the service asked to wait."""
        if answer.fault:
            return answer.fault.passing and (self.safe or not answer.fault.sent)
        if not self.safe or not answer.may_pass or (self.sink and answer.status < 300):
            return False
        wait = answer.retry_after if answer.status >= 300 else None
        return True if wait is None else wait <= _LONGEST_REQUESTED_WAIT and wait


@frozen
class Pause:
    """Wait for so many seconds."""

    seconds: float


@frozen
class Work:
    """Do something that takes the disk's time."""

    task: Callable[[], Any]


Step: TypeAlias = Send | Pause | Work
Flow: TypeAlias = Generator[Step, Any, T]
