"""Each fault of the sandbox, and some odd answers, at each call, sync and async: what comes of it, as a table.

`python -m tests.tools.fault_matrix` writes the table of docs/reliability.md anew, for its difference to be read.
"""

import asyncio
import contextlib
import itertools
import logging
import re
import tempfile
from collections import Counter
from importlib.resources import files
from pathlib import Path

import httpx
import stamina

from aistudios_dsl import ApiError, SubmissionUnknown
from aistudios_dsl.sandbox.faults import KINDS
from aistudios_dsl.service import AsyncClient, Client, flow
from tests.conftest import running_sandbox
from tests.tools import odd_answers
from tests.tools.odd_answers import attempt, entered, told

ROOT = Path(__file__).parents[2]

PAGE = ROOT / "docs" / "reliability.md"
MARKS = "<!-- matrix -->\n", "\n<!-- end of matrix -->"
ATTEMPTS = 3
TIMEOUTS = {"delay": 0.25}
NUMBERS = {"delay": 0.6, "slow": 0.1, "429": 1}
BODY = {"name": "rehearsal", "scenes": [{"sceneIdx": 0, "background": {}, "clips": []}]}
VIDEO = files("aistudios_dsl.sandbox").joinpath("video.mp4").read_bytes()

# What the table calls it: the sandbox's call that is struck, the client's method, its arguments.
CALLS = {
    "whoami": ("whoami", "whoami", ()),
    "list": ("list", "list", ()),
    "get": ("get", "get", ("{id}",)),
    "progress": ("progress", "progress", ("{id}",)),
    "avatars": ("models", "avatars", ()),
    "workspaces": ("dropdown-workspaces", "workspaces", ()),
    "token": ("token", "whoami", ()),
    "wait": ("progress", "wait", ("{id}",)),
    "download": ("download", "download", ("{id}", "{folder}")),
    "delete": ("delete", "delete", ("{id}",)),
    "create": ("create", "create", (BODY,)),
    "export": ("export", "export", ("{id}",)),
}
READS = ("whoami", "list", "get", "progress", "avatars", "workspaces")
COLUMNS = ("reads", "token", "wait", "download", "delete", "create", "export")
OF_DOWNLOADS = ("no-range", "changed", "mislabelled", "misplaced", "page", "empty")
AFTER_A_BREAK = ("no-range", "changed", "mislabelled", "misplaced", "403")
ONLY_AT = {"failed": ("wait",)} | dict.fromkeys(OF_DOWNLOADS, ("download",))
SPENDING = {"create", "export"}
ODD = {
    "drip-head": "headers that drip for ever",
    "drip-body": "a dripping body",
    "drip-redirect": "a redirect that drips for ever",
    "too-large": "5000000 bytes in chunks",
    "bomb": "1000000000 bytes as gzip",
    "deep": "each key is 900 lists deep",
    "odd-id": 'each key is "../../x" (9)',
    "echo": "the key inside its words",
    "problem": "a problem with 400 No",
}
"""What the table calls it, and which of the odd answers it is."""
TITLES = {
    1: "The fault strikes once:",
    0: f"It strikes every time, with {ATTEMPTS} attempts:",
    -1: f"The answer is odd, every time, with {ATTEMPTS} attempts:",
}


class Watch(logging.Handler):
    """Keeps every record of every logger, as text."""

    def __init__(self, logged):
        super().__init__()
        self.logged = logged

    def emit(self, record):
        self.logged.append(f"{record.getMessage()} {record.__dict__}")


class Rehearsal:
    """A sandbox, the two clients, and a watch on everything that is logged."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.steering = httpx.Client(base_url=f"{sandbox.base_url}/sandbox", trust_env=False)
        self.api = httpx.Client(
            base_url=f"{sandbox.base_url}/api/odin/v3", headers={"Authorization": sandbox.key}, trust_env=False
        )
        self.logged = []

    def prepared(self):
        """A rendered project in a sandbox without faults; returns its id."""
        self.steering.post("/reset", json=None)
        self.steering.post("/settings", json={"render_seconds": 0})
        return self.api.post("/editor/project", json=BODY).json()["data"]["projectId"]

    def struck(self, call, kind, times):
        """Put the fault in force, behind one that makes it matter where it needs another."""
        number = f"={NUMBERS[kind]}" if kind in NUMBERS else ""
        limit = f":x{times}" if times else ""
        first = [f"{call}:cut:x1"] if call == "download" and kind in AFTER_A_BREAK else []
        self.steering.post("/faults", json=[*first, f"{call}:{kind}{number}{limit}"]).raise_for_status()

    def seen(self, what):
        """What the sandbox noted."""
        return self.steering.get(f"/{what}").json()

    async def outcome(self, client, name, kind, times):
        """What comes of one call under one fault, after judging that nothing was lost, doubled or told."""
        call, method, args = CALLS[name]
        project_id = self.prepared()
        paid, asked = len(self.seen("ledger")), len(self.seen("requests"))
        self.struck(call, kind, times)
        with tempfile.TemporaryDirectory() as folder:
            filled = [a.format(id=project_id, folder=folder) if isinstance(a, str) else a for a in args]
            more = {"export": True} if method == "create" else {"timeout": 0.6} if method == "wait" else {}
            result = await attempt(client, method, filled, more)
            judge_folder(Path(folder), result)
        if kind == "delay" and name in SPENDING:
            await asyncio.sleep(NUMBERS["delay"])  # what the sandbox does late is counted too
        requests = Counter(request["call"] for request in self.seen("requests")[asked:])
        judge_ledger(name, result, len(self.seen("ledger")) - paid, requests[call])
        self.judge_secrets(client, result)
        word = type(result).__name__ if isinstance(result, Exception) else "done"
        return worded(word, method, requests[call])

    def judge_secrets(self, client, result):
        """Fail where a key or token is in the message, in a local variable of the traceback, or in a log."""
        texts = [*self.logged, *told(result)]
        token = client._calls._login.current()
        secrets = [self.sandbox.key, self.sandbox.user_key, *([token.reveal()] if token else [])]
        assert [text for text in texts if any(secret in text for secret in secrets)] == []
        self.logged.clear()

    def watch(self):
        """Keep every record of every logger."""

        handler, root = Watch(self.logged), logging.getLogger()
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        return lambda: (root.removeHandler(handler), root.setLevel(logging.WARNING))


def worded(word, call, requests):
    """An outcome as the table says it."""
    sent = str(requests) if requests <= ATTEMPTS else f"more than {ATTEMPTS}"
    return word if requests == 1 or call == "wait" else f"{word}, {sent} requests"


def odd_outcomes():
    """The outcome of each (client, call, kind, -1) where a service that is not the sandbox answers oddly."""
    drips = {name: kind for kind, name in ODD.items() if kind.startswith("drip")}
    whole = {name: kind for kind, name in ODD.items() if name not in drips}
    return odd_lanes(drips, timeout=1.0) | odd_lanes(whole, timeout=10.0)


def odd_lanes(kinds, timeout):
    """The outcomes of some odd answers; only what drips needs a timeout so short that a busy machine may miss it."""
    lanes = odd_answers.campaign(
        [odd_answers.BY_NAME[name] for name in kinds], timeout=timeout, attempts=ATTEMPTS, threads=24
    )
    return {
        (client, call, kinds[name], -1): worded(word, call, requests)
        for lane in lanes
        for client, call, name, word, _, requests in lane
    }


def judge_folder(folder, result):
    """Fail where a file is there that is not the whole video."""
    whole = (VIDEO, VIDEO + b"\0\0\0\x0cfree0002")
    found = list(folder.iterdir())
    assert all(file.suffix == ".mp4" and file.read_bytes() in whole for file in found)
    assert len(found) == isinstance(result, Path)


def judge_ledger(name, result, made, sent):
    """Fail where something was paid twice, or made though the error denies it, or lost though it does not say so."""
    if name not in SPENDING:
        return
    assert made <= 1
    if isinstance(result, SubmissionUnknown):
        assert sent == 1
    else:
        assert made == (not isinstance(result, ApiError))


async def campaign(sandbox, kinds=tuple(KINDS)):
    """The outcome of each (client, call, kind, times); each client is used for all that need no new token."""
    rehearsal = Rehearsal(sandbox)
    unwatch = rehearsal.watch()
    found = {}
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(unwatch)
        stack.enter_context(rehearsal.steering)
        stack.enter_context(rehearsal.api)
        for make in (Client, AsyncClient):
            shared = {}
            for kind, name, times in itertools.product(kinds, CALLS, (1, 0)):
                if name in ONLY_AT.get(kind, CALLS):
                    keys = keys_for(sandbox, name, kind)
                    wanted = ("app_id" in keys, TIMEOUTS.get(kind, 10))
                    if "app_id" in keys or wanted not in shared:
                        client = make(**keys, base_url=sandbox.base_url, timeout=wanted[1])
                        shared[wanted] = await entered(stack, client)
                    outcome = await rehearsal.outcome(shared[wanted], name, kind, times)
                    found[make.__name__, name, kind, times] = outcome
    return found


def keys_for(sandbox, name, kind):
    """The key; where the token is in question, the pair that fetches one and so can renew it."""
    if name == "token" or kind == "expired":
        return {"app_id": sandbox.app_id, "user_key": sandbox.user_key}
    return {"api_key": sandbox.key}


def cells(found, client="Client"):
    """The lines of the table: what comes of each column for a (kind, times)."""
    keys = dict.fromkeys((kind, times) for _, _, kind, times in found)
    return {key: tuple(cell(found, client, column, *key) for column in COLUMNS) for key in keys}


def cell(found, client, column, kind, times):
    """One cell: the outcome, or the outcomes that the calls of the column differ in."""
    names = READS if column == "reads" else (column,)
    words = [found[client, name, kind, times] for name in names if (client, name, kind, times) in found]
    return "; ".join(dict.fromkeys(words)) or "–"


def table(found):
    """The outcomes as Markdown: faults with the same outcomes share a line, the reads a column."""
    parts = []
    for times, title in TITLES.items():
        lines = {}
        for (kind, struck), line in cells(found).items():
            if struck == times:
                lines.setdefault(line, []).append(f"`{kind}`")
        rows = [(", ".join(kinds), *line) for line, kinds in lines.items()]
        head = [("fault", *COLUMNS), ("---",) * (1 + len(COLUMNS))]
        parts.append(f"{title}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in [*head, *rows]))
    return "\n\n".join(parts)


def documented():
    """The lines of the table as docs/reliability.md has it."""
    found, times = {}, 1
    for line in PAGE.read_text(encoding="utf-8").partition(MARKS[0])[2].partition(MARKS[1])[0].splitlines():
        times = next((number for number, title in TITLES.items() if title == line), times)
        parts = tuple(part.strip() for part in line.strip("|").split("|"))
        for kind in re.findall("`(.*?)`", parts[0]):
            found[kind, times] = parts[1:]
    return found


def run(sandbox, kinds=tuple(KINDS)):
    """The outcomes, with retries that do not wait."""
    pauses, flow.FIRST_PAUSE = flow.FIRST_PAUSE, 0.02
    stamina.set_testing(True, attempts=ATTEMPTS, cap=True)
    try:
        return asyncio.run(campaign(sandbox, kinds)) | odd_outcomes()
    finally:
        stamina.set_testing(False)
        flow.FIRST_PAUSE = pauses


def main():
    """Write the table into the page."""
    with running_sandbox() as started:
        made = table(run(started))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(before + MARKS[0] + made + MARKS[1] + after, encoding="utf-8")


if __name__ == "__main__":
    main()
