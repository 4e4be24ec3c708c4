"""A running `aistudios preview --watch` for tests, and how long it takes until a page tells a change."""

import contextlib
import re
import subprocess
import sys
import time

from attrs import frozen


@frozen
class Watching:
    """A preview that follows its files; `process` writes what its scripts print to `told`."""

    url: str
    process: subprocess.Popen
    told: list

    @property
    def port(self):
        return int(self.url.rstrip("/").rpartition(":")[2])


@contextlib.contextmanager
def watching(*args):
    """Start a preview on a free port and end it afterwards."""
    command = [sys.executable, "-m", "aistudios_dsl.cli", "preview", *map(str, args), "--watch", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        told = []
        try:
            for line in process.stderr:
                told.append(line)
                found = re.match(r"(http://127\.0\.0\.1:\d+/) shows ", line)
                if found:
                    break
            else:
                raise AssertionError("".join(told))
            yield Watching(found[1], process, told)
        finally:
            process.terminate()


def until(condition, seconds=60):
    """Wait until something is so, and return how long that took, s."""
    start = time.perf_counter()
    while not condition():
        assert time.perf_counter() - start < seconds, "it did not come about"
        time.sleep(0.01)
    return time.perf_counter() - start
