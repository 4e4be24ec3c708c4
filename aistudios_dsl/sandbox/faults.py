"""Faults on demand: which call fails, how, and how often."""

from __future__ import annotations

import random

from attrs import define, field, frozen

from aistudios_dsl.errors import DslError, did_you_mean

CALLS = [
    *("token", "whoami", "create", "list", "get", "update", "export", "progress", "delete"),
    *("models", "dropdown-models", "dropdown-workspaces", "dropdown-templates", "template", "download"),
]

BEFORE = {
    "delay": "answers after so many seconds (=1)",
    "reset-before": "resets the connection before the body is read",
    "429": "too many requests, with Retry-After in seconds (=1)",
    "500": "an error page, and nothing done (also 502, 503, 504)",
    **dict.fromkeys(("502", "503", "504"), ""),
    "403": "an error page, as from an address that has expired",
    "refused": "success: false with HTTP 200, and nothing done",
    "expired": "401, and the token is no longer valid (a ready key stays valid)",
}
AFTER = {
    "reset-after": "carries out the request, then resets the connection without an answer",
    "500-after": "carries out the request, then answers 500 (also 502, 503, 504)",
    **dict.fromkeys(("502-after", "503-after", "504-after"), ""),
    "truncated": "carries out the request, then sends half of the JSON",
    "not-json": "carries out the request, then sends an HTML page with HTTP 200",
    "failed": "a render that answers with the state failed (progress only)",
    "cut": "resets the connection in the middle of the answer",
    "short": "closes the connection in the middle of the answer",
    "slow": "spreads the answer over so many seconds (=2)",
    "no-range": "ignores Range and sends the whole file (download only)",
    "changed": "sends another version of the file, with another ETag (download only)",
    "mislabelled": "sends the requested part as 200, with its Content-Range (download only)",
    "misplaced": "sends a part that begins elsewhere (download only)",
    "page": "sends an HTML page as application/octet-stream (download only)",
    "empty": "sends a file of no bytes (download only)",
}
KINDS = BEFORE | AFTER
_NUMBERS = {"delay": 1.0, "429": 1.0, "slow": 2.0}


@frozen
class Fault:
    """One fault: its call (or `*`), kind and number, how likely it is, and how often it can happen."""

    call: str
    kind: str
    number: float = 0.0
    chance: float = 1.0
    times: float = float("inf")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Parse `CALL:KIND[=NUMBER][:CHANCE][:xTIMES]`. Raise `DslError` if it is not valid.

        >>> Fault.parse("create:reset-after:0.1")
        Fault(call='create', kind='reset-after', number=0.0, chance=0.1, times=inf)
        >>> Fault.parse("progress:429=2:x3").times
        3.0
        """
        call, _, rest = text.partition(":")
        written, *limits = rest.split(":")
        kind, _, number = written.partition("=")
        _known("call", call, ["*", *CALLS])
        _known("fault", kind, KINDS)
        try:
            chance = next((float(limit) for limit in limits if not limit.startswith("x")), 1.0)
            times = next((float(int(limit[1:])) for limit in limits if limit.startswith("x")), float("inf"))
            return cls(call, kind, float(number) if number else _NUMBERS.get(kind, 0.0), chance, times)
        except ValueError:
            raise DslError(f"{text!r} is not a fault", hint="write CALL:KIND[=NUMBER][:CHANCE][:xTIMES]") from None


@define
class Faults:
    """The faults in force, and how often each has happened."""

    wanted: list[Fault] = field(factory=list)
    chance: random.Random = field(factory=lambda: random.Random(0))
    struck: dict[int, int] = field(factory=dict)

    def set(self, faults: list[Fault]) -> None:
        """Replace the faults."""
        self.wanted, self.struck = faults, {}

    def drawn(self, call: str) -> list[Fault]:
        """Return the faults of this request: delays, and at most one other. The rest keep their counts."""
        found = list[Fault]()
        for index, fault in enumerate(self.wanted):
            applies = fault.call in (call, "*") and self.struck.get(index, 0) < fault.times
            free = fault.kind == "delay" or all(other.kind == "delay" for other in found)
            if applies and free and self.chance.random() < fault.chance:
                self.struck[index] = self.struck.get(index, 0) + 1
                found.append(fault)
        return found


def _known(what: str, name: str, known: dict[str, str] | list[str]) -> None:
    if name not in known:
        raise DslError(f"{name!r} is not a {what} of the sandbox", hint=did_you_mean(name, known))
