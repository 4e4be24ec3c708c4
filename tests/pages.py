"""A page of the documentation, run from top to bottom as a reader would: files written, commands typed, Python run."""

import contextlib
import csv
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from attrs import evolve, frozen

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r'^```(\w*)(?: title="([^"]*)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PORT = "8765"
"""What pages write; a free one is typed instead."""
OTHER_TERMINAL = "another terminal"
INSTALL = "install"
"""Done already in the environment of the tests; `tests/tools/newcomer.py` types these commands too."""


@frozen
class Block:
    language: str
    title: str
    code: str

    @property
    def is_prompt(self):
        """Answers are shown in the block, which doctest runs."""
        return self.code.lstrip().startswith(">>>")


def blocks(page):
    return [Block(*found) for found in FENCE.findall(page.read_text(encoding="utf-8"))]


def first_video():
    """The project of the README's first script, with the first row of the table below it."""
    shown = blocks(ROOT / "README.md")
    code, table = (next(block.code for block in shown if block.language == kind) for kind in ("python", "csv"))
    names = {}
    exec(code, names)
    return names["project"].render(next(csv.DictReader(table.splitlines())))


class Reader:
    """Someone in a folder, following a page to the letter; `installs` from nothing, or has all that is needed."""

    def __init__(self, folder, *, installs=False):
        self.folder = folder
        self.installs = installs
        self.names = {"__name__": "__page__"}
        self.background = []
        self.port = free_port()
        self.exports = folder / ".exports"
        self.exports.touch()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "PIP_NO_CACHE_DIR": "1"}
        if not installs:
            shutil.copytree(ROOT / "examples", folder / "examples")
            self.env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{self.env['PATH']}"

    def follow(self, page):
        try:
            for block in blocks(page):
                self.do(block)
        finally:
            for process in self.background:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM)
                process.communicate(timeout=20)

    def do(self, block):
        code = block.code.replace(PORT, str(self.port))
        if block.title == OTHER_TERMINAL:
            code = code.replace("--watch", "--watch --port 0")
        block = evolve(block, code=code)
        if block.title == INSTALL and not self.installs:
            return
        if block.language == "sh":
            self.start(block.code) if block.title == OTHER_TERMINAL else self.type(block.code)
        elif block.title:
            (self.folder / block.title).write_text(block.code, encoding="utf-8")
        elif block.language == "python" and not block.is_prompt:
            with contextlib.chdir(self.folder):
                exec(compile(block.code, "page", "exec"), self.names)

    def type(self, commands):
        """The commands in one shell; what they export holds for the next block."""
        script = f"set -euo pipefail\nsource {self.exports}\n{commands}\nexport -p > {self.exports}\n"
        run = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert run.returncode == 0, f"{commands}\n{run.stdout}\n{run.stderr}"
        return run.stdout

    def start(self, command):
        process = subprocess.Popen(
            ["bash", "-c", f"source {self.exports}; exec {command}"],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.background.append(process)
        said = ""
        for line in process.stdout:
            said += line
            if found := re.search(r"http://[\d.:]+", line):
                wait_for(found[0])
                return
        raise AssertionError(f"{command} ended with {process.wait()}\n{said}")


def wait_for(url, seconds=20):
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
