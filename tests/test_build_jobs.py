"""`aistudios build --data --jobs`: several processes give the bytes and the errors of one, and leave nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from aistudios_dsl.cli import main, row_workers
from tests.pages import ROOT

SCRIPT = """
from aistudios_dsl import Project, below
project = (
    Project("For {{ name }}")
    .scene(background="{{ colour or '#102030' }}")
    .text("Hello {{ name }}", at="top", margin=60, tag="name")
    .text("{{ number|int }} of {{ city }}", at=below("name", gap=20))
)
"""
COUNT = 700
"""Rows for six batches."""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "video.py").write_text(SCRIPT, encoding="utf-8")
    return tmp_path


def rows_file(faulty=(), more="", column=""):
    lines = [
        f"Ann {number},{'not a number' if number in faulty else number},#aabbcc,Köln{column and ',x'}"
        for number in range(1, COUNT + 1)
    ]
    Path("rows.csv").write_text(f"name,number,colour,city{column}\n" + "\n".join(lines) + f"\n{more}", encoding="utf-8")


def build(*arguments, jobs):
    result = CliRunner().invoke(main, ["build", "video.py", "--data", "rows.csv", *map(str, arguments), "--jobs", jobs])
    written = {}
    for path in sorted(Path().rglob("*")):
        if path.is_file() and path.suffix not in (".py", ".csv", ".pyc"):
            written[str(path)] = path.read_bytes()
            path.unlink()
    return result.exit_code, result.stdout, re.sub(r"in \d+\.\d s", "in a while", result.stderr), written


FAULTS = (5, 130, 131, 290, 700)


@pytest.mark.parametrize(
    ("faulty", "arguments"),
    [
        ((), ()),
        ((), ("-o", "out.jsonl")),
        ((), ("-o", "out.jsonl", "--set", "city=Bonn", "--strict")),
        ((), ("-o", "out.jsonl", "--check-rows")),
        ((), ("-o", "out.jsonl", "--api", "1.6")),
        ((), ("-o", "out", "--name", "{{ number }}.json", "--indent", 1)),
        ((), ("-o", "out", "--name", "{{ number|int % 600 }}.json")),
        ((), ("-o", "out", "--name", "{{ number|int % 600 }}.json", "--on-error", "skip")),
        (FAULTS, ()),
        (FAULTS, ("-o", "out.jsonl")),
        (FAULTS, ("-o", "out.jsonl", "--check-rows")),
        (FAULTS, ("-o", "out.jsonl", "--on-error", "skip")),
        (FAULTS, ("--on-error", "skip")),
        (FAULTS, ("-o", "out", "--name", "{{ number }}.json", "--on-error", "skip")),
        (range(COUNT + 1), ("-o", "out.jsonl", "--on-error", "skip")),
    ],
)
def test_several_processes_give_the_bytes_and_the_errors_of_one(faulty, arguments):
    rows_file(faulty)
    alone, together = build(*arguments, jobs=1), build(*arguments, jobs=3)
    assert together == alone
    assert alone[3] or alone[1] or alone[0] == 1


@pytest.mark.parametrize("arguments", [(), ("-o", "out.jsonl"), ("--on-error", "skip"), ("--check-rows",)])
@pytest.mark.parametrize("more", ["Ann,1\n", '"Ann,1,#fff,Rome\n'], ids=["a short row", "a quote that stays open"])
def test_a_file_that_breaks_off_is_told_after_the_rows_before_it(more, arguments):
    rows_file(more=more)
    assert build(*arguments, jobs=2) == build(*arguments, jobs=1)


def test_columns_that_nothing_uses_are_refused_alike():
    rows_file((9,), column=",extra")
    for more in ((), ("--check-rows",), ("--on-error", "skip")):
        assert build("--strict", *more, jobs=2) == build("--strict", *more, jobs=1)


def test_processes_that_are_not_forked_get_the_template_sent(monkeypatch):
    monkeypatch.setattr(row_workers, "_start_method", lambda: "spawn")
    rows_file(FAULTS)
    options = ("-o", "out.jsonl", "--on-error", "skip")
    assert build(*options, jobs=2) == build(*options, jobs=1)
    own_filter = "def more(env): env.filters['loud'] = str.upper\n"
    Path("video.py").write_text(own_filter + SCRIPT.replace('"For {{ name }}"', '"{{ name|loud }}", environment=more'))
    code, _, errors, written = build("-o", "out.jsonl", jobs=2)
    assert (code, written) == (1, {})
    assert "the template cannot be sent to another process" in errors
    assert "move the filters of the script into a module" in errors


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
def test_a_disk_that_is_full_is_told_alike():
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    rows_file()
    found = [command("-o", "out.jsonl", "--jobs", jobs, preexec_fn=limit).communicate(timeout=60) for jobs in (1, 2)]
    assert found[0] == found[1]
    assert found[0][1].startswith(b"error: cannot write out.jsonl: File too large")
    assert sorted(path.name for path in Path().iterdir()) == ["rows.csv", "video.py"]


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")
def test_a_worker_that_dies_is_told_and_the_old_output_stays():
    rows_file()
    dies = "import os\ndef more(env): env.filters['dies'] = lambda name: os._exit(9) if '400' in name else name\n"
    Path("video.py").write_text(dies + SCRIPT.replace('"For {{ name }}"', '"{{ name|dies }}", environment=more'))
    Path("out.jsonl").write_text("old", encoding="utf-8")
    result = command("-o", "out.jsonl", "--jobs", 2).communicate(timeout=60)
    assert b"error: a process that renders rows ended untimely, and nothing is written" in result[1]
    assert Path("out.jsonl").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in Path().iterdir()) == ["out.jsonl", "rows.csv", "video.py"]


def command(*arguments, data="rows.csv", **more):
    code = "from aistudios_dsl.cli import main; main(prog_name='aistudios')"
    line = [sys.executable, "-c", code, "build", "video.py", "--data", data, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    # A test run in the background ignores Ctrl-C, and its children would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True, **more
        )
    finally:
        signal.signal(signal.SIGINT, before)


def started(folder):
    """A build that has written some rows of several processes, and waits for more."""
    process = command("-o", "out.jsonl", "--format", "csv", "--jobs", 2, data="-", stdin=subprocess.PIPE)
    process.stdin.write(b"name,number,colour,city\n" + b"Ann,1,#fff,Rome\n" * 2000)
    process.stdin.flush()
    until(lambda: any(path.stat().st_size > 10_000 for path in folder.glob(".out.jsonl.*.part")))
    return process, children(process.pid)


def children(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]


def until(holds, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ending_it_ends_its_processes_and_leaves_the_old_output(folder, number):
    Path("out.jsonl").write_text("old", encoding="utf-8")
    process, workers = started(folder)
    assert len(workers) == 2
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    errors = process.communicate(timeout=20)[1]
    assert process.returncode != 0
    assert b"Traceback" not in errors
    until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    assert Path("out.jsonl").read_text(encoding="utf-8") == "old"
    parts = [path.name for path in Path().glob(".*.part")]
    assert (parts == []) == (number != signal.SIGKILL)
