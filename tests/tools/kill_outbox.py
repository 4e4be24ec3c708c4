"""Kill an outbox run with SIGKILL, many times at every moment, go on, and count what was sent twice (nothing may be).

The sandbox is a process of its own, and its ledger the witness. Kills come in two ways: from outside, at random times
and while a request is under way; and at an exact step, by a launcher that wraps the journal's writes in the killed
process (the package itself knows nothing of this). Run: python -m tests.tools.kill_outbox [--rows 1000] [--each 5]
"""

import contextlib
import hashlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from aistudios_dsl.service import Outbox

TESTS = Path(__file__).parents[1]
VIDEO = TESTS.parent / "aistudios_dsl/sandbox/video.mp4"
STATES = ["submitting", "submitted", "rendering", "done", "downloaded", "unknown", "failed", "queued"]
STEPS = [f"{state} {moment}" for state in STATES for moment in ("before", "inside", "after")]
WORDS = {
    "file named": "a video has its name, and its temporary name still",
    "create on its way": "a create is under way, not accepted yet",
    "create accepted": "a create is accepted, its answer under way",
    "progress asked": "a look at the progress is under way",
    "download half-way": "a video is half downloaded",
    "any time": "at a random time",
}


MOMENTS = [*STEPS, *WORDS]


def rows_file(path, count):
    """A JSONL of so many small projects, each with a name of its own."""
    scene = {"background": {}, "clips": [], "sceneIdx": 0}
    lines = (json.dumps({"name": f"Video {number}", "scenes": [scene]}) for number in range(1, count + 1))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


class Campaign:
    """One outbox, killed and taken up again until it is done."""

    def __init__(self, sandbox, folder, rows, seed=0):
        self.sandbox, self.folder, self.rows = sandbox, folder, rows
        self.file = rows_file(folder / "videos.jsonl", rows)
        self.journal, self.videos = folder / "videos.outbox", folder / "videos"
        self.chance = random.Random(seed)
        self.kills, self.missed, self.parts_seen, self.marked = Counter(), 0, 0, Counter()

    def kill(self, moments):
        """Kill once at each of these moments, in a random order; what did not come about is tried again."""
        wanted = list(moments)
        self.chance.shuffle(wanted)
        total = len(wanted)
        while wanted:
            moment = wanted.pop()
            if self.killed_at(moment, self.budget(len(wanted))):
                print(f"{self.kills.total() + 1} of {total}: {moment}", file=sys.stderr, flush=True)
                self.kills[moment] += 1
                self.parts_seen += bool(self.parts())
            else:
                self.missed += 1
                assert self.missed < 5 * total, (moment, wanted)
                wanted.insert(0, moment)
        self.sandbox.faults()

    def budget(self, kills_left):
        """The renders that the next run may come to, so that some are left for the last kill."""
        with Outbox(self.journal) as outbox:
            queued = outbox.counts().get("queued", 0) if outbox.counts() else self.rows
        return self.rows - queued + max(4, queued // (kills_left + 1))

    def killed_at(self, moment, budget):
        """Whether a run was killed at this moment."""
        self.sandbox.faults(*faults_for(moment))
        self.sandbox.forget_requests()
        exact = moment in STEPS or moment == "file named"
        spec = ["--die", f"{moment} {self.chance.randint(1, 2)}"] if exact else []
        with self.started(budget, spec) as process:
            if not exact and self.has_come(moment, process):
                process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.terminate()
            process.wait()
            return process.returncode == -signal.SIGKILL

    @contextlib.contextmanager
    def started(self, budget, spec=()):
        """A run as a process of its own."""
        flags = ["--export", "--yes", "--rate", "1000/s", "--concurrency", "8", "--max-renders", str(budget)]
        command = [sys.executable, __file__, "--child", *spec, "run", str(self.file), *flags]
        command += ["--journal", str(self.journal), "--download", str(self.videos)]
        with (self.folder / "output.txt").open("ab") as output:
            process = subprocess.Popen(command, env=self.sandbox.environment, stdout=output, stderr=output)
        with process:
            yield process

    def has_come(self, moment, process):
        """Wait for the moment; False where the process was over, or too slow."""
        if moment == "any time":
            time.sleep(self.chance.uniform(0.2, 2.5))
            return True
        before, end = self.sandbox.creates(), time.monotonic() + 10
        call = {"create on its way": "create", "progress asked": "progress", "download half-way": "download"}
        while process.poll() is None and time.monotonic() < end:
            if moment == "create accepted" and self.sandbox.creates() > before:
                return True
            if any(request["call"] == call.get(moment) for request in self.sandbox.requests()):
                time.sleep(0.5 if moment == "download half-way" else 0)
                return True
            time.sleep(0.002)
        return False

    def finish(self):
        """Run to the end, and return how many rows are in each state."""
        while True:
            with self.started(self.rows) as process:
                process.wait()
            assert process.returncode in (0, 1), (self.folder / "output.txt").read_text(encoding="utf-8")[-2000:]
            counts = self.states()
            if not set(counts) - {"downloaded", "unknown", "failed"}:
                return counts

    def states(self):
        """How many rows are in each state, as `outbox status` tells it."""
        return Counter(row["state"] for row in self.status())

    def status(self):
        """Every row, as `outbox status --json` tells it."""
        return json.loads(self.outbox("status", "--json"))["rows"]

    def outbox(self, *args):
        """What an outbox command prints."""
        command = [sys.executable, "-m", "aistudios_dsl.cli", "outbox", *args, "--journal", str(self.journal)]
        environment = self.sandbox.environment
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    def answer_for_the_rest(self):
        """Do as a person would: mark what the service lists under the row's name as sent, and the rest as not sent."""
        marked = Counter()
        for row in self.status():
            if row["state"] in ("unknown", "failed"):
                listed = row.get("candidates", [])
                assert len(listed) < 2, row
                with Outbox(self.journal) as outbox:
                    outbox.mark(row["key"], **{"sent": listed[0]["id"]} if listed else {"not_sent": True})
                marked["sent" if listed else "not sent"] += 1
        self.marked += marked
        return marked

    def creates(self):
        """The sha256 of every payload that the sandbox took as a create."""
        return [entry["sha256"] for entry in self.sandbox.ledger() if entry["call"] == "create"]

    def parts(self):
        """The files that are under way."""
        return list(self.videos.glob(".*")) if self.videos.is_dir() else []

    def wrong_files(self):
        """Files in the folder of videos that are not whole videos."""
        whole = hashlib.sha256(VIDEO.read_bytes()).digest()
        files = [path for path in self.videos.iterdir() if path not in self.parts()]
        return self.parts() + [path for path in files if hashlib.sha256(path.read_bytes()).digest() != whole]


def faults_for(moment):
    """What the sandbox is to do so that the moment comes, and lasts."""
    provoking = {"unknown": "create:reset-after:x2", "failed": "create:refused:x2", "queued": "create:429:x2"}
    if moment.split()[0] in provoking:
        return [provoking[moment.split()[0]]]
    return {
        "create on its way": ["create:delay=1:x2"],
        "create accepted": ["create:slow=1:x2"],
        "progress asked": ["progress:delay=1:x2"],
        "download half-way": ["download:slow=2:x2"],
    }.get(moment, [])


# In the process that is killed


def child(args):
    """Run the command line, dying at an exact step if told to."""
    from aistudios_dsl.cli import main

    if args[0] == "--die":
        die_at(*args[1].rsplit(" ", 1))
        args = args[2:]
    main(["outbox", *args])


def die_at(moment, turn):
    """Wrap the journal's write, or the naming of a file, so that the process dies at the turn-th such moment."""
    turns = itertools.count(1)

    def is_it():
        return next(turns) == int(turn)

    if moment == "file named":
        die_after_link(is_it)
    else:
        die_in_change(*moment.split(), is_it)


def die_after_link(is_it):
    """Die between naming a finished download and dropping its temporary name."""
    link = os.link

    def dying(*args, **kwargs):
        link(*args, **kwargs)
        if is_it():
            die()

    os.link = dying


def die_in_change(state, moment, is_it):
    """Die before a row's new state is written, before it is committed, or right after."""
    from aistudios_dsl.service.journal import Journal

    change, transaction, armed = Journal.change, Journal.transaction, []

    @contextlib.contextmanager
    def dying_transaction(self):
        with transaction(self):
            yield
            if armed:
                die()

    def dying_change(self, row, **columns):
        hit = columns.get("state") == state and is_it()
        if hit and moment == "before":
            die()
        if hit and moment == "inside":
            armed.append(True)
        found = change(self, row, **columns)
        if hit:
            die()
        return found

    Journal.change, Journal.transaction = dying_change, dying_transaction


def die_before_commit(journal, transaction):
    """Die before the next transaction of a journal is committed."""

    @contextlib.contextmanager
    def dying(self):
        with transaction(self):
            yield
            die()

    journal.transaction = dying


def die():
    """Die at once, as by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


# The figures


def table(campaign):
    """The kills as two Markdown tables."""
    lines = ["| change to | killed before it | before its commit | after its commit |", "| --- | --- | --- | --- |"]
    for state in STATES:
        times = (campaign.kills[f"{state} {moment}"] for moment in ("before", "inside", "after"))
        lines.append(f"| `{state}` | {' | '.join(map(str, times))} |")
    lines += ["", "| killed while | times |", "| --- | --- |"]
    lines += [f"| {words} | {campaign.kills[moment]} |" for moment, words in WORDS.items()]
    return "\n".join(lines)


def report(campaign, seconds):
    """Check everything, and print it; what may not be raises AssertionError."""
    counts = campaign.finish()
    twice = len(campaign.creates()) - len(set(campaign.creates()))
    print(table(campaign))
    print(f"\nkills: {campaign.kills.total()} ({campaign.missed} more runs ended before their moment came)")
    print(f"kills that left a temporary file: {campaign.parts_seen}")
    print(f"after the last resume: {dict(counts)}")
    print(f"creates accepted: {len(campaign.creates())}, payloads created twice: {twice}")
    print(f"files: {len(list(campaign.videos.iterdir()))}, not whole: {len(campaign.wrong_files())}")
    print(f"rows marked by hand: {dict(campaign.answer_for_the_rest())}")
    counts = campaign.finish()
    print(
        f"after that: {dict(counts)}; creates accepted: {len(campaign.creates())}; {time.monotonic() - seconds:.0f} s"
    )
    assert twice == 0
    assert counts == {"downloaded": campaign.rows}
    assert len(set(campaign.creates())) == len(campaign.creates()) == campaign.rows
    assert campaign.wrong_files() == []


def main(rows, each):
    """The whole campaign."""
    from tests.conftest import running_sandbox

    began = time.monotonic()
    with TemporaryDirectory() as folder, running_sandbox("--render-seconds", "4") as sandbox:
        campaign = Campaign(sandbox, Path(folder), rows)
        campaign.kill(MOMENTS * each + ["any time"] * 5 * each)
        report(campaign, began)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
    else:
        import argparse

        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--rows", type=int, default=1000)
        parser.add_argument("--each", type=int, default=5, help="kills at each moment")
        main(**vars(parser.parse_args()))
