"""Kill the update of a thousand videos with SIGKILL, fifty times, and count what it made on two ledgers.

A journal has so many rows that are done. Then seven rows are edited, two removed and one added, and the plan for that
is applied until it is done, killed at exact steps and at random times. After each kill, a person answers for the rows
that are unknown: what the service lists is marked as sent, the rest as not sent. Exactly eight creates may be accepted,
as the sandbox says and as a witness between it and the outbox saw on the wire.
Run: python -m tests.tools.kill_plan [--rows 1000] [--kills 50] [--seed 0]
"""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve

from aistudios_dsl.service import Client, Outbox
from tests.tools import kill_outbox
from tests.tools.kill_outbox import die
from tests.tools.witness import witness

TAKING_IN = [f"taking in {moment}" for moment in ("before", "inside", "after")]
SENDING = [f"{state} {moment}" for state in ("submitting", "submitted") for moment in ("before", "inside", "after")]
LATER = [f"{state} {moment}" for state in ("done", "downloaded") for moment in ("before", "inside", "after")]
WORDS = {"reading": "while the payloads are read"} | {
    "taking in before": "before the plan is taken into the journal",
    "taking in inside": "before that is committed",
    "taking in after": "right after it",
}


class Update(kill_outbox.Campaign):
    """A journal of so many videos, the plan of its update, and the kills while it is applied.

    `seen`: the witness through which the outbox reaches the sandbox.
    """

    def __init__(self, sandbox, seen, folder, rows, seed=0):
        super().__init__(evolve(sandbox, base_url=seen.base_url), folder, rows, seed)
        self.seen = seen
        self.plan = folder / "plan.json"
        self.begin()

    def begin(self):
        """Make all videos, then edit seven rows, remove two, add one, and plan that."""
        documents = [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]
        with Client(self.sandbox.key, base_url=self.sandbox.base_url) as client, Outbox(self.journal, client) as outbox:
            outbox.add(documents, key="name")
            assert outbox.run(export=True, rate=1e6, concurrency=8, download=self.videos).complete
        self.before = len(self.creates())
        chosen = self.chance.sample(documents, 9)
        for document in chosen[:7]:
            document["scenes"][0]["clips"] = []
            document["scenes"][0]["background"] = {"source_color": "rgb(1,2,3)"}
        kept = [document for document in documents if document not in chosen[7:]]
        kept.append(documents[0] | {"name": "Video new"})
        self.file.write_text("".join(json.dumps(document) + "\n" for document in kept), encoding="utf-8")
        self.outbox("plan", str(self.file), "--key", "name", "--despite-errors", "-o", str(self.plan))
        assert json.loads(self.plan.read_text(encoding="utf-8"))["made"] == 8

    def moments(self, kills):
        """So many moments, in a random order: two thirds before everything is made, then those that come after it."""
        early = [*SENDING[:3] * 4, *SENDING[3:] * 2, *TAKING_IN * 4, *["reading"] * 3]
        late = [*LATER * 2, *["any time"] * 5]
        self.chance.shuffle(early)
        self.chance.shuffle(late)
        return [*early[: kills * 2 // 3], *late[: kills - kills * 2 // 3]]

    def kill_all(self, kills):
        """Apply the plan until it was killed so often; what did not come about is replaced by another moment."""
        wanted = self.moments(kills)
        while self.kills.total() < kills:
            moment = wanted.pop(0) if wanted else self.chance.choice([*TAKING_IN, "reading", "any time"])
            if self.was_killed(moment):
                self.kills[moment] += 1
                print(f"{self.kills.total()} of {kills}: {moment}", file=sys.stderr, flush=True)
                self.answer_for_the_rest()
            else:
                self.missed += 1
                assert self.missed < 5 * kills, moment

    def was_killed(self, moment):
        """Whether an apply was killed at this moment."""
        spec = [] if moment == "any time" else ["--die", moment]
        command = [sys.executable, __file__, "--child", *spec, "apply", str(self.plan), "--yes", "--concurrency", "1"]
        command += ["--rate", "1000/s", "--journal", str(self.journal), "--download", str(self.videos)]
        with (self.folder / "output.txt").open("ab") as output:
            process = subprocess.Popen(command, env=self.sandbox.environment, stdout=output, stderr=output)
        with process:
            if moment == "any time":
                time.sleep(self.chance.uniform(0.5, 3))
                process.kill()
            return process.wait(120) == -9

    def made(self):
        """How many creates were accepted since the plan was made. The ledgers agree, and no payload is in one twice."""
        creates, seen = self.creates(), self.seen.creates
        assert len(set(creates)) == len(creates)
        assert len({digest for _, digest, _ in seen}) == len(seen)
        assert Counter(name for name, *_ in seen) == Counter(entry["name"] for entry in self.sandbox.ledger())
        return len(seen) - self.before

    def finish_plan(self):
        """Apply the plan to its end; return the counts of the rows."""
        for _ in range(3):
            self.was_killed("never")
            self.answer_for_the_rest()
        return self.states()


# In the process that is killed


def child(args):
    """Run the command line, dying at an exact step if told to."""
    from aistudios_dsl.cli import main

    if args[0] == "--die":
        die_at(args[1])
        args = args[2:]
    main(["outbox", *args])


def die_at(moment):
    """Wrap what the moment is about, so that the process dies there."""
    from aistudios_dsl.service.journal import Journal
    from aistudios_dsl.service.versions import Comparison

    if moment == "reading":
        stage, rows = Comparison._stage, iter(range(random.randint(1, 20), -1, -1))
        Comparison._stage = lambda self, entry: stage(self, entry) if next(rows) else die()
    elif moment.startswith("taking in"):
        take_in, transaction = Comparison.take_in, Journal.transaction

        def dying(self, verify):
            if moment.endswith("before"):
                die()
            if moment.endswith("inside"):
                kill_outbox.die_before_commit(Journal, transaction)
            take_in(self, verify)
            die()

        Comparison.take_in = dying
    elif moment != "never":
        kill_outbox.die_at(moment, 1)


# The figures


def main(rows, kills, seed):
    """The whole campaign; what may not be raises AssertionError."""
    from tests.conftest import running_sandbox

    began = time.monotonic()
    with (
        TemporaryDirectory() as folder,
        running_sandbox("--render-seconds", "1") as sandbox,
        witness(sandbox.base_url) as seen,
    ):
        update = Update(sandbox, seen, Path(folder), rows, seed)
        update.kill_all(kills)
        counts = update.finish_plan()
        made = update.made()
        update.was_killed("never")
        print("| killed | times |\n| --- | --- |")
        for moment, times in sorted(update.kills.items()):
            print(f"| {WORDS.get(moment, moment)} | {times} |")
        print(f"\nkills: {update.kills.total()} ({update.missed} more runs ended before their moment came)")
        print(f"marked by hand: {dict(update.marked)}; rows: {dict(counts)}; {time.monotonic() - began:.0f} s")
        print(f"creates for the plan: {made}, after another apply: {update.made()}")
        assert made == update.made() == 8
        assert counts == Counter(downloaded=rows + 1)
        assert update.wrong_files() == []


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
    else:
        import argparse

        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--rows", type=int, default=1000)
        parser.add_argument("--kills", type=int, default=50)
        parser.add_argument("--seed", type=int, default=0)
        main(**vars(parser.parse_args()))
