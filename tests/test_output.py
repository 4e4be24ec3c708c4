"""What the tools write: no device, no input of their own, the mode that was there, and text that steers no terminal."""

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from aistudios_dsl import DslError, Project
from aistudios_dsl.atomic_write import AtomicFile, AtomicFolder, write_text
from aistudios_dsl.cli.base import printable
from tests.test_build_data import started

ROOT = Path(__file__).parent.parent
KEEP = """
from aistudios_dsl import Project
project = Project("{{ name|default('Ann') }}").scene(background="#102030").text("Grüße", width=300, height=90)
"""
STEERING = "a\x1b]0;owned\x07\x1b[31m[bold]\x9b31m\x7f\rb"


@pytest.fixture
def folder(tmp_path):
    """A folder with one input of each kind."""
    (tmp_path / "keep.py").write_text(KEEP, encoding="utf-8")
    literal = Project("Fine").scene(background="#102030").text("Grüße", width=300, height=90)
    (tmp_path / "p.json").write_text(literal.to_json(), encoding="utf-8")
    (tmp_path / "rows.csv").write_text("name,file\nAnn,rows.csv\n", encoding="utf-8")
    return tmp_path


def run(folder, *args, **how):
    command = [sys.executable, "-m", "aistudios_dsl.cli", *map(str, args)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | how.pop("env", {})
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how
    return subprocess.run(command, cwd=folder, env=environment, check=False, **streams)


OUTPUTS = {
    "build": ["build", "keep.py", "--set", "name=Ann", "-o"],
    "rows": ["build", "keep.py", "--data", "rows.csv", "-o"],
    "decompile": ["decompile", "p.json", "-o"],
    "schema": ["schema", "-o"],
    "preview": ["preview", "p.json", "-o"],
}


@pytest.mark.parametrize("command", OUTPUTS)
def test_a_pipe_is_refused_and_stays(folder, command):
    os.mkfifo(folder / "out.html")
    done = run(folder, *OUTPUTS[command], "out.html", timeout=60)
    assert done.returncode in (1, 2)
    assert b"not a regular file" in done.stderr or b"neither a file nor a folder" in done.stderr
    assert stat.S_ISFIFO((folder / "out.html").lstat().st_mode)


@pytest.mark.parametrize("command", OUTPUTS)
def test_what_is_replaced_keeps_its_mode_and_a_link_stays_a_link(folder, command):
    (folder / "real.html").write_text("before", encoding="utf-8")
    (folder / "real.html").chmod(0o640)
    (folder / "out.html").symlink_to("real.html")
    done = run(folder, *OUTPUTS[command], "out.html")
    assert done.returncode == 0, done.stderr
    assert (folder / "out.html").is_symlink()
    assert stat.S_IMODE((folder / "real.html").stat().st_mode) == 0o640
    assert (folder / "real.html").read_text(encoding="utf-8") != "before"
    assert not list(folder.glob(".*"))


def same(path):
    return path


def linked(path):
    path.with_name("link.html").symlink_to(path.name)
    return path.with_name("link.html")


def hard_linked(path):
    path.with_name("hard.html").hardlink_to(path)
    return path.with_name("hard.html")


INPUTS = [
    (["build", "keep.py"], "keep.py"),
    (["build", "p.json", "--literal"], "p.json"),
    (["build", "keep.py", "--data", "rows.csv"], "rows.csv"),
    (["build", "keep.py", "--data", "rows.csv"], "keep.py"),
    (["decompile", "p.json"], "p.json"),
    (["preview", "page.html"], "page.html"),
    (["preview", "keep.py", "--data", "rows.html"], "rows.html"),
]


@pytest.mark.parametrize("way", [same, linked, hard_linked])
@pytest.mark.parametrize(("args", "name"), INPUTS)
def test_no_command_overwrites_what_it_reads_under_whatever_name(folder, args, name, way):
    shutil.copy(folder / "p.json", folder / "page.html")
    shutil.copy(folder / "rows.csv", folder / "rows.html")
    before = (folder / name).read_bytes()
    done = run(folder, *args, "-o", way(folder / name).name)
    assert done.returncode == 2
    assert b"is an input, and would be overwritten" in done.stderr
    assert (folder / name).read_bytes() == before


def test_a_file_of_a_row_and_the_list_of_skipped_rows_overwrite_no_input_either(folder):
    done = run(folder, "build", "keep.py", "--data", "rows.csv", "-o", ".", "--name", "{{ file }}")
    assert (done.returncode, b"would be overwritten" in done.stderr) == (1, True)
    rows = (folder / "rows.csv").rename(folder / "out.skipped.jsonl")
    rows.write_text('{"name": "Ann"}\n', encoding="utf-8")
    done = run(folder, "build", "keep.py", "--data", rows.name, "-o", "out", "--on-error", "skip")
    assert (done.returncode, b"would be overwritten" in done.stderr) == (2, True)
    assert sorted(path.name for path in folder.iterdir()) == ["keep.py", "out.skipped.jsonl", "p.json"]


def test_the_files_of_a_folder_keep_their_modes_and_replace_no_pipe(tmp_path):
    write_text(tmp_path / "a.json", "1").chmod(0o600)
    os.mkfifo(tmp_path / "pipe.json")
    with AtomicFolder(tmp_path) as folder:
        folder.write("a.json", b"2")
        with pytest.raises(DslError, match="not a regular file"):
            folder.write("pipe.json", b"2")
        folder.finish()
    assert ((tmp_path / "a.json").read_text(), stat.S_IMODE((tmp_path / "a.json").stat().st_mode)) == ("2", 0o600)


def test_a_device_is_refused():
    with pytest.raises(DslError, match="/dev/null is not a regular file"):
        AtomicFile(Path("/dev/null"))


@pytest.mark.parametrize("env", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"PYTHONIOENCODING": "cp1252"}])
@pytest.mark.parametrize("args", [["build", "p.json"], ["decompile", "p.json"], ["diff", "p.json", "keep.py"]])
def test_output_is_utf_8_whatever_the_terminal_says(folder, args, env):
    wanted = run(folder, *args, env={"PYTHONIOENCODING": "utf-8"})
    done = run(folder, *args, env=env | {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert (done.returncode, done.stdout) == (0, wanted.stdout)
    assert args[0] == "diff" or "Grüße" in done.stdout.decode()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-", "| head -c 1 > head"])
@pytest.mark.parametrize("args", ["build p.json", "build keep.py --data rows.csv", "check p.json", "schema"])
def test_a_closed_stream_ends_quietly_and_is_nobody_elses(folder, args, closed):
    command = f"{sys.executable} -m aistudios_dsl.cli {args} {closed}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, env=environment, check=False)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"error" not in done.stderr.lower()


def test_what_steers_a_terminal_is_written_out():
    assert printable(STEERING) == r"a\u001b]0;owned\u0007\u001b[31m[bold]\u009b31m\u007f\u000db"
    assert printable("Grüße\t한국어\n😀") == "Grüße\t한국어\n😀"


def seen(folder, *args):
    """What a terminal is sent."""
    master, slave = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "aistudios_dsl.cli", *args],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    found = b""
    try:
        while part := os.read(master, 1 << 16):
            found += part
    except OSError:
        # So the end of a terminal is told on Linux.
        done.wait()
    os.close(master)
    return found.decode()


@pytest.mark.parametrize(
    "args",
    [
        ["check", "bad.json"],
        ["vars", "bad.json"],
        ["vars", "bad.json", "--json"],
        ["show", "bad.json"],
        ["show", "bad.json", "--literal"],
        ["diff", "bad.json", "p.json"],
        ["build", "bad.json"],
        ["build", "bad.json", "--literal"],
        ["decompile", "bad.json"],
        ["check", "broken.json"],
        ["check", "keep.py", "--data", "bad.jsonl"],
        ["build", "keep.py", "--data", "bad.jsonl"],
        ["build", "keep.py", "--data", "bad.jsonl", "-o", "out", "--name", "{{ name }}"],
    ],
)
def test_no_document_steers_the_terminal(folder, args):
    document = json.loads((folder / "p.json").read_text(encoding="utf-8"))
    clip = document["scenes"][0]["clips"][1]
    clip |= {"tag": STEERING, "text": "{{ name }}" + STEERING, "fill": STEERING}
    (folder / "bad.json").write_text(json.dumps(document | {"name": STEERING, STEERING: "{{ a }}"}), encoding="utf-8")
    (folder / "broken.json").write_text(json.dumps({"scenes": [{STEERING: 1, "clips": STEERING}]}), encoding="utf-8")
    (folder / "bad.jsonl").write_text(json.dumps({"name": STEERING}) + "\n", encoding="utf-8")
    shown = seen(folder, *args)
    assert shown
    assert "\x1b]0;" not in shown
    assert "\x07" not in shown
    assert "\x9b" not in shown
    assert "\x1b[31m[bold]" not in shown


@pytest.mark.parametrize("form", [["-o", "out.jsonl"], ["-o", "out", "--name", "{{ name }}.json"]])
def test_a_terminal_that_goes_away_leaves_nothing_half_done(tmp_path, form):
    process, feed = started(tmp_path, *form)
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate()
    feed.close()
    assert process.returncode == 128 + signal.SIGHUP, errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.jsonl", "template.py"]
