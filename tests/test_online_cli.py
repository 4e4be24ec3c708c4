"""The commands that talk to the service, against the sandbox: what they print where, when they ask, how they end."""

import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import KEY
from tests.small_server import good, small_server
from tests.test_cli import ROOT, script

SEED = "examples/talking_avatar.py"
COMMAND = [sys.executable, "-m", "aistudios_dsl.cli"]


@pytest.fixture
def aistudios(sandbox):
    """Runs a command that meets the sandbox; `env` changes its environment."""

    def run(*args, cwd=ROOT, env=(), **more):
        environment = sandbox.environment | {"PYTHONPATH": str(ROOT)} | dict(env)
        command = [*COMMAND, *map(str, args)]
        result = subprocess.run(
            command, capture_output=True, text=True, cwd=cwd, check=False, env=environment, stdin=subprocess.DEVNULL
        )
        assert "Traceback" not in result.stderr
        assert KEY not in result.stdout + result.stderr
        return result

    return run


def test_whoami_says_that_the_key_is_good(aistudios, sandbox):
    assert aistudios("whoami").stdout == f"the key is valid at {sandbox.base_url}\n"
    assert json.loads(aistudios("whoami", "--json").stdout) == {"baseUrl": sandbox.base_url, "isAuthenticated": True}


def test_send_checks_tells_the_size_renders_waits_and_saves(aistudios, sandbox, tmp_path):
    result = aistudios("send", ROOT / SEED, "--export", "--yes", "--download", "videos", cwd=tmp_path)
    project_id, path = result.stdout.splitlines()
    assert (result.returncode, path) == (0, f"videos/{project_id}.mp4")
    assert [file.name for file in (tmp_path / "videos").iterdir()] == [f"{project_id}.mp4"]
    assert (tmp_path / path).read_bytes()[4:8] == b"ftyp"
    assert f"1 scene, 26 characters of speech, about 2.4 s; to be rendered at {sandbox.base_url}" in result.stderr
    assert f"{project_id}: 100 %" in result.stderr
    assert sandbox.creates() == 1


def test_a_draft_is_stored_unasked_and_not_rendered(aistudios, sandbox):
    result = aistudios("send", SEED, "--draft", "--json")
    assert "to be stored as a draft" in result.stderr
    assert list(json.loads(result.stdout)) == ["projectId"]
    assert [entry["export"] for entry in sandbox.ledger()] == [False]


def test_the_steps_of_send_are_commands_of_their_own(aistudios, tmp_path):
    project_id = aistudios("send", SEED, "--export", "--yes").stdout.strip()
    address = aistudios("wait", project_id).stdout.strip()
    assert address.endswith(f"/files/{project_id}.mp4")
    assert aistudios("status", project_id).stdout == f"100 %\texported\t{address}\n"
    told = json.loads(aistudios("status", project_id, "--json").stdout)
    assert told == {"projectId": project_id, "progress": 100, "state": "exported", "downloadUrl": address}
    saved = aistudios("download", project_id, "-o", tmp_path / "v.mp4", "--json")
    assert json.loads(saved.stdout)["file"] == str(tmp_path / "v.mp4")
    again = aistudios("download", project_id, "-o", tmp_path / "v.mp4")
    assert (again.returncode, "hint: give another name, or --overwrite\n" in again.stderr) == (1, True)
    nowhere = aistudios("download", project_id, "-o", "nodir/", cwd=tmp_path)
    assert (nowhere.returncode, "there is no folder nodir/" in nowhere.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]
    assert aistudios("download", project_id, "-o", tmp_path / "v.mp4", "--overwrite").returncode == 0


def test_list_shows_what_was_exported(aistudios):
    empty = aistudios("list")
    assert (empty.stdout, empty.stderr) == ("", "no project was exported; drafts are not listed\n")
    aistudios("send", SEED, "--draft")
    project_id = aistudios("send", SEED, "--export", "--yes", "--wait").stdout.split()[0]
    [line] = aistudios("list").stdout.splitlines()
    found, state, name, address = line.split("\t")
    assert (found, state, name) == (project_id, "exported", "Default Template")
    assert address.endswith(f"/files/{project_id}.mp4")
    assert [one["id"] for one in json.loads(aistudios("list", "--json").stdout)] == [project_id]


def test_get_writes_the_project_as_the_service_sent_it(aistudios, tmp_path):
    project_id = aistudios("send", SEED, "--draft").stdout.strip()
    file = tmp_path / "project.json"
    result = aistudios("get", project_id, "-o", file)
    assert (result.stdout, result.stderr) == ("", f"{file}: Default Template, 1 scene\n")
    assert aistudios("get", project_id).stdout == file.read_text(encoding="utf-8")
    [line] = aistudios("get", project_id, "--json").stdout.splitlines()
    assert json.loads(line) == json.loads(file.read_text(encoding="utf-8"))
    found = json.loads(file.read_text(encoding="utf-8"))
    assert (found["_id"], found["state"]) == (project_id, "draft")
    assert found["scenes"] == json.loads(aistudios("build", SEED).stdout)["scenes"]
    copy = aistudios("send", file, "--draft").stdout.strip()
    assert json.loads(aistudios("get", copy).stdout)["scenes"] == found["scenes"]
    for wrong, words in ((["get", "nope"], "there is no project nope"), (["get", "../x"], "is not a project id")):
        failed = aistudios(*wrong)
        assert (failed.returncode, words in failed.stderr) == (1, True)
    nowhere = aistudios("get", project_id, "-o", tmp_path / "no" / "project.json")
    assert (nowhere.returncode, "is its folder there" in nowhere.stderr) == (1, True)


def test_an_answer_that_is_no_project_is_not_written(aistudios, tmp_path):
    with small_server() as server:
        server.answers["/editor/project/p1"] = [good({"name": "odd"})]
        result = aistudios("get", "p1", "-o", tmp_path / "p.json", env={"AISTUDIOS_BASE_URL": server.url})
    assert (result.returncode, "the service sent no project" in result.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_avatars_are_lines_of_ids_and_names(aistudios):
    assert aistudios("avatars").stdout.splitlines()[0] == "M000045058\tBG00002320\tJonathan\tBasic"
    assert json.loads(aistudios("avatars", "--json").stdout)[0]["id"] == "M000045058"


def test_both_generations_of_speech_are_counted(aistudios, tmp_path):
    for api in ("1.4", "1.6"):
        (tmp_path / "p.json").write_text(aistudios("build", SEED, "--api", api).stdout, encoding="utf-8")
        assert "26 characters of speech" in aistudios("send", tmp_path / "p.json", "--draft").stderr


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        ([SEED], 2, "choose one: --export (renders, spends credits) or --draft"),
        ([SEED, "--export", "--draft"], 2, "choose one"),
        ([SEED, "--draft", "--wait"], 2, "a draft is not rendered"),
        ([SEED, "--export"], 2, "there is no terminal to ask on: add --yes"),
        ([SEED, "--export", "--yes", "--download", "/dev/null/x"], 1, "cannot make the folder"),
        (["examples/personalised.py", "--export", "--yes"], 1, "--set name=…"),
        (["examples/nothing.py", "--export", "--yes"], 1, "there is no file"),
    ],
)
def test_what_must_not_be_sent_is_not_sent(aistudios, sandbox, args, code, words):
    result = aistudios("send", *args)
    assert (result.returncode, result.stdout) == (code, "")
    assert words in result.stderr
    assert sandbox.creates() == 0


BROKEN = "project = Project('x').scene().image('http://x.example/a.png', natural=(9, 9), at=(5000, 0))"


def test_errors_of_the_checks_stop_the_send_unless_told(aistudios, sandbox, tmp_path):
    path = script(tmp_path, BROKEN)
    stopped = aistudios("send", path, "--draft")
    assert (stopped.returncode, sandbox.creates()) == (1, 0)
    assert "error off-canvas: scenes[0].clips[0]" in stopped.stderr
    assert "not sent: the checks found 1 error" in stopped.stderr
    assert aistudios("send", path, "--draft", "--despite-errors").returncode == 0
    assert sandbox.creates() == 1


def test_all_variables_that_are_missing_are_told_at_once(aistudios, tmp_path):
    path = script(tmp_path, "project = Project('{{ a }}').scene().text('{{ b }} {{ c }}')")
    for command in (["build", path], ["send", path, "--draft"], ["check", path], ["preview", path]):
        result = aistudios(*command, "--set", "a=1", cwd=tmp_path)
        assert result.returncode == 1
        assert "needs b, c as well\n  hint: give them: --set b=… --set c=…" in result.stderr


def test_variables_are_filled_from_set(aistudios, sandbox, tmp_path):
    path = script(tmp_path, "project = Project('Hi {{ name }}').scene()")
    assert aistudios("send", path, "--draft", "--set", "name=Ann").returncode == 0
    assert [entry["name"] for entry in sandbox.ledger()] == ["Hi Ann"]


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"AISTUDIOS_API_KEY": "wrong"}, "this token is not known (HTTP 401"),
        ({"AISTUDIOS_API_KEY": ""}, "the API key is empty"),
        ({"AISTUDIOS_API_KEY": f"Bearer {KEY}"}, "the service takes it raw"),
        ({"AISTUDIOS_BASE_URL": "app.aistudios.com"}, "does not begin with https://"),
        ({"AISTUDIOS_BASE_URL": "http://127.0.0.1:1"}, "cannot be reached"),
    ],
)
def test_a_key_or_host_that_is_not_right_ends_with_one(aistudios, env, words):
    result = aistudios("whoami", env=env)
    assert (result.returncode, result.stdout) == (1, "")
    assert words in result.stderr


@pytest.mark.parametrize("command", ["status", "wait", "download"])
def test_an_id_that_does_not_exist_ends_with_one(aistudios, command):
    result = aistudios(command, "no-such-id")
    assert result.returncode == 1
    assert "there is no project no-such-id (HTTP 404" in result.stderr


def test_a_send_of_unknown_fate_says_what_to_do(aistudios, sandbox, tmp_path):
    sandbox.faults("create:reset-after")
    result = aistudios("send", script(tmp_path, "project = Project('Lost').scene()"), "--export", "--yes")
    assert (result.returncode, result.stdout) == (1, "")
    assert "it may have been made, and charged" in result.stderr
    assert "look for 'Lost' on the dashboard before you send it again" in result.stderr
    assert sandbox.creates() == 1


def test_a_wait_that_ends_early_has_told_the_id(aistudios, sandbox):
    sandbox.settings(render_seconds=600)
    plain = aistudios("send", SEED, "--export", "--yes", "--wait", "--timeout", "0.1")
    told = json.loads(aistudios("send", SEED, "--export", "--yes", "--wait", "--timeout", "0.1", "--json").stdout)
    assert plain.returncode == 1
    assert f"aistudios wait {plain.stdout.strip()}" in plain.stderr
    assert [entry["projectId"] for entry in sandbox.ledger()] == [plain.stdout.strip(), told["projectId"]]


def test_ctrl_c_stops_the_waiting_and_not_the_rendering(aistudios, sandbox):
    sandbox.settings(render_seconds=600)
    project_id = aistudios("send", SEED, "--export", "--yes").stdout.strip()
    command = [*COMMAND, "wait", project_id]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=sandbox.environment) as process:
        assert process.stderr.readline().startswith(project_id)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 1
    assert "you stopped waiting; the rendering goes on" in said
    assert f"aistudios wait {project_id}" in said


def test_ctrl_c_in_a_download_names_the_command_that_does_it_again(aistudios, sandbox, tmp_path):
    project_id = aistudios("send", SEED, "--export", "--yes", "--wait").stdout.split()[0]
    sandbox.faults("download:slow=60")
    command = [*COMMAND, "download", project_id, "-o", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=sandbox.environment) as process:
        while not any(request["call"] == "download" for request in sandbox.requests()):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 1
    assert f"download it again: aistudios download {project_id} -o {tmp_path}" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
def test_a_download_that_is_ended_leaves_no_part_of_the_video(aistudios, sandbox, tmp_path, end):
    project_id = aistudios("send", SEED, "--export", "--yes", "--wait").stdout.split()[0]
    sandbox.faults("download:slow=60")
    command = [*COMMAND, "download", project_id, "-o", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=sandbox.environment) as process:
        while not list(tmp_path.iterdir()):
            time.sleep(0.02)
        process.send_signal(end)
    assert process.returncode == 128 + end
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:1", "127.0.0.1:1 cannot be reached"),
        ("page", "not an answer in the service's form; the base URL has a path, '/v1', and the client appends"),
    ],
)
def test_a_wait_says_at_once_what_is_in_its_way_and_goes_on(sandbox, address, words):
    with small_server() as server:
        server.answers["*"] = [(200, {}, b"<h1>It works!</h1>")]
        base = {"AISTUDIOS_BASE_URL": f"{server.url}/v1" if address == "page" else address}
        command = [*COMMAND, "wait", "p1", "--timeout", "30"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=sandbox.environment | base) as process:
            first = process.stderr.readline()
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
    assert first.startswith("p1: still waiting; ")
    assert words in first
    assert "you stopped waiting" in rest


def test_ctrl_c_while_a_create_is_under_way_says_that_its_fate_is_unknown(sandbox):
    sandbox.faults("create:delay=60")
    command = [*COMMAND, "send", SEED, "--export", "--yes"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=sandbox.environment) as process:
        while not any(request["call"] == "create" for request in sandbox.requests()):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 1
    assert "interrupted while it was being sent: it may have been made, and charged" in said
    assert "Traceback" not in said


def on_a_terminal(environment, answer, *args):
    """Run a command whose terminal is one, and answer its question; returns what was on the screen, and the code."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [*COMMAND, *args], environment)
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 1000)
        except OSError:
            break
        shown += piece
        if b"Send it? [y/N]" in shown and answer:
            os.write(terminal, answer.encode())
            answer = ""
        if not piece:
            break
    os.close(terminal)
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize(("answer", "code", "made"), [("n\n", 1, 0), ("\n", 1, 0), ("y\n", 0, 1)])
def test_a_terminal_is_asked_before_credits_are_spent(sandbox, answer, code, made):
    environment = sandbox.environment | {"TERM": "xterm", "COLUMNS": "200"}
    shown, ended = on_a_terminal(environment, answer, "send", SEED, "--export", "--wait")
    assert "Rendering spends credits. Send it? [y/N]" in shown
    assert (ended, sandbox.creates()) == (code, made)


def test_braces_that_are_text_are_sent_where_that_is_said(aistudios, sandbox, tmp_path):
    document = json.loads((ROOT / "tests/data/seed_project.json").read_text(encoding="utf-8")) | {"name": "{{ fine }}"}
    path = tmp_path / "braces.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    refused = aistudios("send", path, "--draft")
    assert "the project is a template and needs fine" in refused.stderr
    assert "if the braces are text: --literal" in refused.stderr
    assert sandbox.creates() == 0
    assert aistudios("send", path, "--draft", "--literal").returncode == 0
    assert sandbox.creates() == 1
