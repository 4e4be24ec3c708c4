"""Run an outbox under every trick that could send a row twice, and count creates on a ledger that is not the sandbox.

In each round several runs work on one journal at once. Meanwhile the journal gets other names, is moved, and loses its
lock file; the runs are killed, forked, nested, threaded, or stripped of their lock. Then one run goes on to the end. No
payload may be created twice, and every row must be done, refused, or unknown.
Run: python -m tests.tools.trick_outbox [--rounds 200] [--rows 24] [--seed 0]
"""

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import aistudios_dsl
from aistudios_dsl import DslError
from aistudios_dsl.service import Client, Outbox, journal, runner

ODD_IDS = ["a\tb", "..", "nul\0", "\ud800", "", "x" * 10_000, "a/b"]
ANSWERS = {"made": 70, "odd id": 6, "made, no answer": 6, "no answer": 4, "refused": 8, "busy": 6}
WAYS = ["plain", "nested", "threads", "fork", "no lock", "dying"]
TRICKS = ["symbolic link", "hard link", "move", "lock deleted", "parallel", "kill"]
CHILD = Path(__file__).resolve()
OWN = os.environ | {"PYTHONPATH": str(Path(aistudios_dsl.__file__).parents[1])}
"""The environment of a run: it is of the same package as this script."""


class Ledger(BaseHTTPRequestHandler):
    """The service, as far as an outbox asks; it writes down every create, and answers some of them oddly."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server, number = self.server, next(self.server.numbers)
        with server.turn:
            how = server.chance.choices(list(ANSWERS), list(ANSWERS.values()))[0]
            odd = server.chance.choice(ODD_IDS)
            wait = server.chance.uniform(0, 0.08)
        if number > server.free:
            server.played.wait(20)
        made = odd if how == "odd id" else f"project-{number}"
        time.sleep(wait)
        if how in ("made", "odd id", "made, no answer"):
            server.creates.append((body["name"], made))
        time.sleep(wait)
        if how == "refused":
            self.answer(400, {"success": False, "error": {"code": 1, "msg": "refused"}})
        elif how == "busy":
            self.answer(429, {"success": False, "error": {"code": 2, "msg": "busy"}})
        elif how.endswith("no answer"):
            self.close_connection = True
        else:
            self.answer(200, {"success": True, "data": {"projectId": made}})

    def do_GET(self):
        done = {"progress": 100, "downloadUrl": "http://127.0.0.1/video.mp4", "state": "exported"}
        self.answer(200, {"success": True, "data": done})

    def answer(self, status, value):
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(OSError):  # its asker was killed
            self.wfile.write(content)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    """A server whose askers may be killed."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def ledger(seed):
    """A ledger at work on a free port."""
    server = Server(("127.0.0.1", 0), Ledger)
    server.daemon_threads = True
    server.creates, server.numbers = [], itertools.count(1)
    server.chance, server.turn = random.Random(seed), threading.Lock()
    # Mostly some creates are held until the tricks are played, so that the runs surely meet.
    server.free, server.played = server.chance.choice([6, 12, 10_000]), threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class Round:
    """One journal, the runs on it, and the tricks played on it."""

    def __init__(self, server, folder, rows, seed, seen):
        self.server, self.folder, self.seen = server, folder, seen
        self.chance = random.Random(seed)
        self.rows, self.count = folder / "videos.jsonl", rows
        scene = {"background": {}, "clips": [], "sceneIdx": 0}
        lines = (json.dumps({"name": f"Video {number}", "scenes": [scene]}) for number in range(rows))
        self.rows.write_text("\n".join(lines), encoding="utf-8")
        self.journal = folder / "videos.outbox"
        self.processes, self.names = [], itertools.count(1)
        with Outbox(self.journal) as outbox:
            outbox.add(self.rows)

    def start(self, way, journal=None):
        """Start a run in a process of its own, by this name of the journal."""
        self.seen[f"run: {way}"] += 1
        address = f"http://127.0.0.1:{self.server.server_port}"
        command = [sys.executable, str(CHILD), "--child", way, str(journal or self.journal), str(self.rows), address]
        with (self.folder / "output.txt").open("ab") as output:
            process = subprocess.Popen(command, env=OWN, stdout=output, stderr=output, start_new_session=True)
        self.processes.append(process)
        return process

    def play(self, ways, tricks):
        """Start the runs, and play the tricks while they work."""
        for way in ways:
            self.start(way)
        end = time.monotonic() + 20
        while not self.server.creates and time.monotonic() < end and self.processes[-1].poll() is None:
            time.sleep(0.01)
        for trick in tricks:
            time.sleep(self.chance.uniform(0, 0.15))
            self.seen[trick] += 1
            self.trick(trick)
            if trick != "kill":
                time.sleep(self.chance.uniform(0.2, 1.2))
        time.sleep(1)
        self.server.played.set()
        for process in self.processes:
            process.wait(120)

    def trick(self, trick):
        """Play one trick, and start another run that it should fool."""
        other = self.folder / f"other-{next(self.names)}"
        other.mkdir()
        new = other / self.chance.choice(["videos.outbox", "renamed.outbox"])
        if trick == "kill":
            if alive := [process for process in self.processes if process.poll() is None]:
                self.seen["killed"] += 1
                os.killpg(self.chance.choice(alive).pid, signal.SIGKILL)
            return
        if trick == "symbolic link":
            new.symlink_to(self.journal)
        elif trick == "hard link":
            new.hardlink_to(self.journal)
            if self.chance.random() < 0.5:
                self.journal.rename(self.journal.with_suffix(".old"))
                self.journal = new
        elif trick == "move":
            self.start("plain")
            self.journal = self.journal.rename(new)
        elif trick == "lock deleted":
            Path(f"{self.journal}.lock").unlink(missing_ok=True)
        self.start(self.chance.choice(["plain", "plain", "no lock"]), new if new.exists() else None)

    def finish(self):
        """Do what the messages ask for, and run to the end."""
        for name in self.folder.rglob("*"):
            if name != self.journal and name.is_file() and not name.is_symlink() and name.samefile(self.journal):
                name.unlink()
        for _ in range(40):
            for rest in self.folder.rglob("*.outbox-journal"):
                here = Path(f"{self.journal}-journal")
                if rest != here and not Path(str(rest).removesuffix("-journal")).exists():
                    self.seen["rest of a commit moved along"] += 1
                    rest.rename(here)
            self.start("plain").wait(120)
            with Outbox(self.journal) as outbox:
                found = outbox.rows()
            if len(found) == self.count and not {row.state for row in found} - {"done", "failed", "unknown"}:
                return found
        raise AssertionError((self.folder / "output.txt").read_text(encoding="utf-8")[-3000:])

    def judge(self, found):
        """The names that were created twice, and the rows that the ledger contradicts."""
        made = Counter(name for name, _ in self.server.creates)
        ids = dict(self.server.creates)
        twice = [name for name, times in made.items() if times > 1]
        lost = [row for row in found if row.state == "done" and ids.get(row.name) != row.project_id]
        lost += [row for row in found if row.state == "failed" and row.name in made]
        return twice, lost


# In the processes that run


def child(way, path, rows, address):
    """One run, by its way; an error of ours ends it with code 1, any other with a traceback and code 2."""
    from tests.tools.kill_outbox import die_at

    runner.FIRST_PAUSE, runner.LONGEST_PAUSE, runner.NEW_PROJECT_GRACE = 0.02, 0.05, 0.2
    if way == "dying":
        die_at(f"{random.choice(['submitting', 'submitted', 'done'])} inside", random.randint(1, 6))
    if way == "no lock":
        journal.Journal._hold = no_hold
    if way == "threads":
        threads = [threading.Thread(target=run, args=(path, rows, address)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return
    run(path, rows, address, way)


def no_hold(self):
    """Hold nothing: what a run relies on then is the journal's guarded changes."""
    self._lock = journal.sqlite3.connect(":memory:")
    self._held = journal._identity(self._lock_name)


def run(path, rows, address, way="plain"):
    """Add and run. Errors of the package are printed, as the command prints them."""
    try:
        with Client("key", base_url=address) as client, Outbox(path, client) as outbox:
            if Path(f"{path}.lock").exists():
                # Elsewhere no journal ever was, and the file could be begun anew there.
                outbox.add(Path(rows))
            changes = itertools.count(1)

            def nested(row):
                if next(changes) % 5 == 1:
                    for other in (outbox, Outbox(path, client)):
                        with contextlib.suppress(DslError):
                            other.run(export=True, rate=1000.0)

            def forked(row):
                if next(changes) == 7:
                    fork(outbox, path, rows, address)

            how = {"nested": nested, "fork": forked}.get(way)
            if way == "fork" and random.random() < 0.5:
                fork(outbox, path, rows, address)
            print(dict(outbox.run(export=True, rate=1000.0, on_change=how).counts), flush=True)
    except DslError as fault:
        print(f"{way}: {fault}", flush=True)


def fork(outbox, path, rows, address):
    """Leave behind a process that goes on with what it inherited, and then with an outbox of its own."""
    if os.fork() == 0:
        try:
            with contextlib.suppress(DslError):
                outbox.run(export=True, rate=1000.0)
            run(path, rows, address)
        finally:
            os._exit(0)


# The figures


def rounds(count, rows, seed, folder):
    """Play so many rounds; what was seen, what was created twice, and what was lost."""
    seen, twice, lost = Counter(), [], []
    for number in range(seed, seed + count):
        chance = random.Random(number)
        ways = [WAYS[number % len(WAYS)], *chance.choices(WAYS, k=chance.choice([0, 0, 1]))]
        tricks = [TRICKS[number // len(WAYS) % len(TRICKS)], *chance.choices(TRICKS, k=chance.randint(0, 2))]
        # Where a journal was moved from without its lock file, another can begin.
        tricks.sort(key="lock deleted".__eq__)
        place = folder / str(number)
        place.mkdir(parents=True)
        with ledger(number) as server:
            one = Round(server, place, rows, number, seen)
            one.play(ways, tricks)
            found = one.finish()
            more, less = one.judge(found)
        output = (place / "output.txt").read_text(encoding="utf-8")
        assert "Traceback" not in output, output
        seen.update(f"row: {row.state}" for row in found)
        seen["creates"] += len(server.creates)
        for words in (
            "another process is working",
            "hard links to",
            "was moved or deleted while",
            "was a journal, and",
            "another run has changed",
        ):
            seen[f"refused: {words}"] += output.count(words)
        twice += more
        lost += less
        print(f"round {number}: {ways} {tricks}: {len(more)} twice, {len(less)} lost", file=sys.stderr, flush=True)
    return seen, twice, lost


def main(count, rows, seed):
    """Print the figures; what may not be raises AssertionError."""
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        seen, twice, lost = rounds(count, rows, seed, Path(folder))
    for what, times in sorted(seen.items()):
        print(f"{what}: {times}")
    print(f"{count} rounds of {rows} rows, {time.monotonic() - began:.0f} s: {len(twice)} twice, {len(lost)} lost")
    assert (twice, lost) == ([], [])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        import argparse

        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--rounds", type=int, default=200, dest="count")
        parser.add_argument("--rows", type=int, default=24)
        parser.add_argument("--seed", type=int, default=0)
        main(**vars(parser.parse_args()))
