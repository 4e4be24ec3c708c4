"""Webhooks: read strictly, tied to a job by an address that only its maker can make, and taken by the example."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from aistudios_dsl import BuildError, DslError, LoadError
from aistudios_dsl.service import parse_webhook, verify_webhook, webhook_url

EXAMPLES = Path(__file__).parent.parent / "examples"
SECRET = "a secret of the test"
DONE = b'{"progress":100,"credit":2.5,"download_url":"https://x.example/v.mp4","backendTaskId":"t1","new":[1]}'


def test_a_webhook_is_read_whole():
    hook = parse_webhook(DONE)
    assert (hook.progress, hook.credit, hook.download_url) == (100, 2.5, "https://x.example/v.mp4")
    assert (hook.backend_task_id, hook.extra, hook.done) == ("t1", {"new": [1]}, True)


def test_a_webhook_under_way_has_neither_credit_nor_video():
    hook = parse_webhook({"progress": 40, "backendTaskId": "t1", "credit": None})
    assert (hook.progress, hook.credit, hook.download_url, hook.done) == (40, None, None, False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is empty"),
        (b"{", "it ends in the middle"),
        (b"[]", "is not a JSON object"),
        (None, "is NoneType"),
        (b"\xff", "is not UTF-8"),
        (b"{}", "webhook.progress: is missing"),
        (b'{"progress": "soon"}', "webhook.progress: must be a number, not 'soon'"),
        (b'{"progress": 1e9}', "webhook.progress: must be a number, not 1000000000.0"),
        (b'{"progress": true}', "must be a number, not True"),
        (b'{"progress": 1, "progress": 2}', "twice"),
        (b'{"progress": 1, "credit": "2"}', "webhook.credit: must be a number"),
        (b'{"progress": 1, "download_url": 3}', "webhook.download_url: must be a string"),
    ],
)
def test_what_is_no_webhook_is_refused(body, words):
    with pytest.raises(LoadError) as caught:
        parse_webhook(body)
    assert words in str(caught.value)


@pytest.mark.parametrize(("value", "percent"), [("100", 100), ("12.5", 12.5), (None, 0)])
def test_a_progress_may_be_told_as_text_or_not_at_all(value, percent):
    hook = parse_webhook({"progress": value, "download_url": "https://x.example/v.mp4"})
    assert (hook.progress, hook.done) == (percent, percent == 100)


def test_a_webhook_may_come_as_a_bytearray():
    assert parse_webhook(bytearray(DONE)) == parse_webhook(DONE)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: webhook_url("https://[bad", "row-7", SECRET), "begins with https://"),
        (lambda: webhook_url(None, "row-7", SECRET), "begins with https://"),
        (lambda: webhook_url("https://x.example", 7, SECRET), "the job key is int"),
        (lambda: webhook_url("https://x.example", "row-7", None), "the webhook secret is NoneType"),
        (lambda: verify_webhook("http://[x?job=a", SECRET), "does not have your signature"),
        (lambda: verify_webhook(httpx.URL("http://x.example"), SECRET), r"is URL, not text\n  hint: give str"),
    ],
)
def test_what_is_no_address_key_or_secret_is_told(ask, words):
    with pytest.raises(DslError, match=words):
        ask()


@pytest.mark.parametrize("job", ["row-7", "a b&c=d", "작업", "x" * 500, "100%", "#1"])
def test_the_job_key_comes_back_from_a_called_address(job):
    url = webhook_url("https://x.example/hook?tenant=1", job, SECRET)
    assert url.startswith("https://x.example/hook?tenant=1&job=")
    assert SECRET not in url
    assert verify_webhook(url, SECRET) == job
    assert verify_webhook(url.removeprefix("https://x.example"), SECRET.encode()) == job


def changed(url):
    job, _, signature = url.partition("&signature=")
    other = "0" if signature[0] != "0" else "1"
    return [
        url.replace("row-7", "row-8"),
        f"{job}&signature={other}{signature[1:]}",
        f"{job}&signature={signature[:-1]}",
        f"{job}&signature=",
        f"{job}&signature={quote('é' * 64)}",
        job,
        f"https://x.example/hook?signature={signature}",
        f"{url}&job=row-8",
        f"{url}&signature={signature}",
        "https://x.example/hook",
        "",
    ]


def test_an_address_that_was_tampered_with_is_refused():
    for url in changed(webhook_url("https://x.example/hook", "row-7", SECRET)):
        with pytest.raises(DslError, match="does not have your signature"):
            verify_webhook(url, SECRET)
    with pytest.raises(DslError, match="does not have your signature"):
        verify_webhook(webhook_url("https://x.example/hook", "row-7", "another"), SECRET)


def test_a_correlation_that_could_not_be_checked_is_not_made():
    with pytest.raises(BuildError, match="begins with https://"):
        webhook_url("x.example/hook", "row-7", SECRET)
    with pytest.raises(BuildError, match="the job key is empty"):
        webhook_url("https://x.example", "", SECRET)
    with pytest.raises(BuildError, match="the webhook secret is empty"):
        webhook_url("https://x.example", "row-7", "")
    with pytest.raises(BuildError, match="already has"):
        webhook_url("https://x.example?job=1", "row-7", SECRET)


@pytest.fixture
def example():
    """The example, served by uvicorn on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "webhook_server:app", "--port", str(port), "--log-level", "warning"]
    environment = os.environ | {"WEBHOOK_SECRET": SECRET}
    with subprocess.Popen(command, cwd=EXAMPLES, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            while process.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/hook", process
        finally:
            process.terminate()


def test_the_example_takes_what_the_sandbox_sends_and_nothing_else(example, sandbox):
    from aistudios_dsl import Project
    from aistudios_dsl.service import Client

    address, process = example
    signed = webhook_url(address, "row-7", SECRET)
    assert httpx.post(address, content=DONE).status_code == 403
    assert httpx.post(signed.replace("row-7", "row-8"), content=DONE).status_code == 403
    assert httpx.post(signed, content=b"{").status_code == 400
    with Client(sandbox.key, base_url=sandbox.base_url) as client:
        client.create(Project("Hello", webhook_url=signed).scene(), export=True)
    lines = [process.stdout.readline().strip() for _ in range(4)]
    assert lines == ["row-7: 25 %", "row-7: 50 %", "row-7: 75 %", "row-7: 100 %, done"]
