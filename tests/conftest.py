"""What the tests share: the sandbox as a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import httpx
import pytest
from attrs import frozen
from hypothesis import settings

from tests.chromium import open_browser

# A busy machine is no fault of the code: no example has a deadline.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# What is kept between runs is not kept in the home folder of whoever runs the tests.
_CACHE = tempfile.TemporaryDirectory(prefix="cache-", ignore_cleanup_errors=True)
os.environ["XDG_CACHE_HOME"] = _CACHE.name

# A shell starts a background job with Ctrl-C ignored, and the commands under test would inherit that and wait forever.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Mark the tests that open a browser, so that `-m "not browser"` leaves them out."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


KEY = "not-to-be-seen-in-any-message"


@frozen
class RunningSandbox:
    """A sandbox in a process of its own, and its controls."""

    base_url: str
    process: subprocess.Popen
    key: str = KEY
    app_id: str = "sandbox-app"
    user_key: str = "sandbox-user-key"

    @property
    def environment(self):
        """The environment of a command that is to meet this sandbox."""
        own = {"AISTUDIOS_API_KEY": self.key, "AISTUDIOS_BASE_URL": self.base_url}
        return {name: value for name, value in os.environ.items() if not name.startswith("AISTUDIOS_")} | own

    def faults(self, *specs):
        """Put these faults (CALL:KIND[=N][:CHANCE][:xTIMES]) in force, and no others."""
        self._steer("faults", list(specs))

    def settings(self, **changes):
        """Change `render_seconds`, `token_seconds` and so on."""
        self._steer("settings", changes)

    def expire_tokens(self):
        """Forget every fetched token."""
        self._steer("expire", None)

    def forget_requests(self):
        """Forget which requests came."""
        self._steer("forget", None)

    def reset(self):
        """Forget everything but the settings."""
        self._steer("reset", None)

    def ledger(self):
        """What was accepted: call, projectId, name, sha256 of the payload (without isExport), export."""
        return self._seen("ledger")

    def requests(self):
        """Every request: call, method, path, whether it had a token, its Range."""
        return self._seen("requests")

    def hooks(self):
        """Every webhook: url, body, and the HTTP status of the answer (0: not sent)."""
        return self._seen("hooks")

    def creates(self):
        """How many creates were accepted."""
        return sum(entry["call"] == "create" for entry in self.ledger())

    def _steer(self, what, wanted):
        httpx.post(f"{self.base_url}/sandbox/{what}", json=wanted, trust_env=False).raise_for_status()

    def _seen(self, what):
        return httpx.get(f"{self.base_url}/sandbox/{what}", trust_env=False).raise_for_status().json()


@contextlib.contextmanager
def running_sandbox(*flags: object) -> Iterator[RunningSandbox]:
    """Start `aistudios sandbox` on a free port and end it afterwards."""
    command = [sys.executable, "-m", "aistudios_dsl.cli", "sandbox", "--port", "0", "--key", KEY, *map(str, flags)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            exports = dict(process.stdout.readline().split(" ", 1)[1].strip().split("=", 1) for _ in range(2))
            yield RunningSandbox(exports["AISTUDIOS_BASE_URL"], process)
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def _sandbox_process():
    with running_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(_sandbox_process):
    """A sandbox that knows nothing yet, has no faults, and renders in 0.2 seconds."""
    _sandbox_process.reset()
    _sandbox_process.settings(render_seconds=0.2, token_seconds=86400)
    return _sandbox_process


@pytest.fixture(scope="module")
def browser():
    """A real Chromium; where it is missing the test is skipped and says so."""
    opened = open_browser()
    yield opened
    opened.close()


@pytest.fixture
def start_sandbox():
    """Start sandboxes with flags of their own; they end with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *flags: stack.enter_context(running_sandbox(*flags))
