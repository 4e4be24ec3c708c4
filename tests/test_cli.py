"""The command line as a user meets it: what it prints, where, and how it ends."""

import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from aistudios_dsl import Project, cli
from aistudios_dsl.cli import COMMANDS, main
from aistudios_dsl.cli.base import HINTS

ROOT = Path(__file__).parent.parent


def aistudios(*args, cwd=ROOT):
    command = [sys.executable, "-m", "aistudios_dsl.cli", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, env=os.environ)


def script(tmp_path, text):
    path = tmp_path / "video.py"
    path.write_text(f"from aistudios_dsl import Project\n{text}\n", encoding="utf-8")
    return path


def test_build_prints_the_payload_and_nothing_else():
    result = aistudios("build", "examples/talking_avatar.py")
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout) == json.loads((ROOT / "tests/data/seed_project.json").read_text(encoding="utf-8"))


def test_build_says_on_stderr_which_text_is_only_estimated(tmp_path):
    result = aistudios("build", script(tmp_path, "project = Project().scene().text('สวัสดี')"))
    assert "note: scenes[0].clips[0]: the widths of the letters 'สวัดี' are estimates" in result.stderr
    assert json.loads(result.stdout)


def test_build_takes_a_project_json_too():
    result = aistudios("build", "tests/data/seed_project.json", "--api", "1.6")
    expected = json.loads((ROOT / "tests/data/scene_scripts_project.json").read_text(encoding="utf-8"))
    assert json.loads(result.stdout) == expected


def test_build_writes_a_file_whole_and_counts_on_stderr(tmp_path):
    result = aistudios("build", "examples/product_promo.py", "-o", tmp_path / "promo.json")
    assert result.stdout == ""
    assert "2 scenes, 17 clips" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["promo.json"]
    assert json.loads((tmp_path / "promo.json").read_text(encoding="utf-8"))["name"] == "Lumen One"


def test_build_fills_variables_from_set(tmp_path):
    path = script(tmp_path, "project = Project('Hi {{ name }}').scene()")
    assert json.loads(aistudios("build", path, "--set", "name=Ann").stdout)["name"] == "Hi Ann"


def test_build_takes_another_object(tmp_path):
    path = script(tmp_path, "video = portrait = Project('Other').scene()")
    assert json.loads(aistudios("build", path, "--object", "video").stdout)["name"] == "Other"
    assert "did you mean --object portrait?" in aistudios("build", path, "--object", "potrait").stderr


BROKEN = [
    ("project = Project().scene().text('x', opacity=140)", ["video.py line 2", "opacity is 140", "takes 1 to 100"]),
    ("def make():\n    return {}['a']\nproject = make()", ["video.py line 3", "KeyError: 'a'", "return {}['a']"]),
    ("video = Project()", ["defines no 'project'", "did you mean --object video?"]),
    ("land = portrait = Project()", ["defines no 'project'", "choose one: --object land or portrait"]),
    ("project = 3", ["'project'", "is a value of type int, not a Project"]),
    ("project = Project(", ["line 2", "'(' was never closed"]),
    ("import sys; sys.exit(3)", ["exited with code 3"]),
    ("project = Project()", ["the project has no scenes", "keep what they return"]),
    ("import no_such_thing", ["line 2", "ModuleNotFoundError: No module named 'no_such_thing'"]),
    (
        "project = Project('{{ name }}').scene()",
        ["to render first: name (name)", "--set NAME=VALUE", "--literal"],
    ),
]


@pytest.mark.parametrize(("text", "words"), BROKEN, ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_a_script_that_fails_shows_its_own_line_and_not_our_stack(tmp_path, text, words):
    result = aistudios("build", script(tmp_path, text), "-o", tmp_path / "out.json")
    assert result.returncode == 1
    assert result.stdout == ""
    assert [word for word in words if word not in result.stderr] == [], result.stderr
    assert "Traceback" not in result.stderr
    assert "aistudios_dsl/" not in result.stderr.replace(str(ROOT / "examples"), "")
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["build", "examples/talking_avatr.py"], 1, "did you mean 'talking_avatar.py'?"),
        (["build", "examples/nothing.json"], 1, "there is no file examples/nothing.json"),
        (["build", "examples"], 1, "examples is a folder\n  hint: name a script or project in it"),
        (["buidl", "x"], 2, "did you mean 'build'?"),
        (["build"], 2, "Missing argument 'FILE'"),
        (["build", "examples/dialogue.py", "--set", "name"], 2, "'name' is not NAME=VALUE"),
        (["build", "examples/dialogue.py", "-o", "no/such/folder/x.json"], 1, "is its folder there"),
        (["build", "tests/data/dialogue_in_one_scene.json", "--api", "1.4"], 1, "speaks again"),
    ],
)
def test_wrong_use_is_told_with_the_way_out(args, code, words):
    result = aistudios(*args)
    assert result.returncode == code
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_version_and_help():
    assert aistudios("--version").stdout.startswith("aistudios, version 0.2.0")
    shown = aistudios("--help")
    assert shown.returncode == 0
    assert "build" in shown.stdout


# what a file is


PAYLOAD = '{"scenes":[],"name":"%s","x":false}'


def commands(group=main, path=""):
    """Every command of the command line by its words."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield f"{path} {name}".strip(), command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}".strip())


def test_every_command_in_a_module_is_on_the_command_line():
    on_it = list(map(id, [main, *(command for _, command in commands())]))
    for found in pkgutil.iter_modules(cli.__path__):
        if found.name != "__main__":
            values = vars(importlib.import_module(f"aistudios_dsl.cli.{found.name}")).items()
            missing = [name for name, value in values if isinstance(value, click.Command) and id(value) not in on_it]
            assert not missing, f"add {missing} of cli/{found.name}.py to the commands in cli/__init__.py"


def test_the_list_of_commands_says_what_each_command_says_of_itself():
    listed = {name: words for commands in COMMANDS.values() for name, (_, words) in commands.items()}
    own = {name: main.get_command(None, name).get_short_help_str(limit=1000) for name in main.list_commands(None)}
    assert listed == own
    assert {main.get_command(None, name).name for name in own} == set(own)
    shown = aistudios("--help").stdout.partition("exit.\n\n")[2]
    assert re.findall(r"^(\S.*):$", shown, re.MULTILINE) == list(COMMANDS)
    assert re.findall(r"^  (\S+) +(.+)$", shown, re.MULTILINE) == list(listed.items())


def test_every_code_that_has_a_hint_for_the_command_line_is_raised():
    package = ROOT / "aistudios_dsl"
    sources = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py") if path.parent.name != "cli")
    assert [code for code in HINTS if f'"{code}"' not in sources] == []


@pytest.mark.parametrize("group", [[], ["outbox"]])
def test_the_help_of_each_command_fits_its_line(group):
    shown = CliRunner().invoke(main, [*group, "--help"], terminal_width=80).stdout.partition("exit.\n\n")[2]
    lines = [line for line in shown.splitlines() if line.startswith(" ")]
    assert lines
    assert [line for line in lines if line.endswith("...") or not re.match(r"  \S+ +\S", line)] == []


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=[name for name, _ in commands()])
def test_every_command_and_every_option_is_explained(name, command):
    assert command.help
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


@pytest.mark.parametrize("name", ["launch.JSON", "launch.txt", "launch", "launch.payload"])
def test_json_under_another_name_is_read_and_never_run(tmp_path, name):
    path = tmp_path / name
    path.write_text(PAYLOAD % "Launch", encoding="utf-8")
    result = aistudios("build", path)
    assert (result.returncode, json.loads(result.stdout)["name"]) == (0, "Launch"), result.stderr


@pytest.mark.parametrize("name", ["offers.jsonl", "offers.json", "offers.txt"])
@pytest.mark.parametrize("command", [["build"], ["decompile"], ["send", "--draft"], ["preview"]])
def test_jsonl_in_place_of_a_project_is_told_as_such(tmp_path, name, command):
    path = tmp_path / name
    path.write_text("\n".join(PAYLOAD % each for each in ("One", "Two")), encoding="utf-8")
    result = aistudios(*command, path)
    assert result.returncode == 1
    assert f"{path} is JSONL with a payload on each line; this command takes one project" in result.stderr
    assert f"aistudios outbox run {path}" in result.stderr
    assert len(result.stderr) < 600


def test_rows_in_place_of_a_project_are_not_run(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("name\nAnn\n", encoding="utf-8")
    result = aistudios("build", path)
    assert "people.csv is neither a script nor a project JSON" in result.stderr
    assert "give rows with --data" in result.stderr


def test_a_long_source_line_is_cut_in_an_error(tmp_path):
    for text in (f"project = nothing + '{'x' * 4000}'", f"project = = '{'x' * 400}'"):
        result = aistudios("build", script(tmp_path, text))
        assert "project = " in result.stderr
        assert len(result.stderr) < 600


@pytest.mark.parametrize(
    "command", [["build", "examples/dialogue.py"], ["decompile", "tests/data/seed_project.json"], ["schema"]]
)
def test_a_folder_in_place_of_a_file_to_write_is_told(command, tmp_path):
    for folder in (".", "..", "", tmp_path):
        result = aistudios(*command, "-o", folder)
        assert result.returncode == 1
        assert "is a folder" in result.stderr
        assert "Traceback" not in result.stderr


# braces that are text


@pytest.fixture
def braces(tmp_path):
    """A payload in which a customer wrote braces."""
    path = tmp_path / "4.json"
    Project("Hi").scene().text("Say {{ fine }}", at=(300, 300), tag="t")._literally().save(path)
    return path


def test_braces_are_text_where_that_is_said(braces, tmp_path):
    built = aistudios("build", braces, "--literal")
    assert json.loads(built.stdout) == json.loads(braces.read_text(encoding="utf-8"))
    checked = aistudios("check", braces, "--literal")
    assert (checked.returncode, "leftover-braces" in checked.stdout) == (0, True)
    assert "waits for" not in checked.stdout
    shown = aistudios("preview", braces, "--literal", "-o", tmp_path / "4.html")
    assert (shown.returncode, shown.stderr) == (0, f"{tmp_path / '4.html'}\n")


def test_without_it_check_says_what_to_do_of_braces_that_are_text(braces):
    assert "--literal" in aistudios("check", braces).stdout


@pytest.mark.parametrize("command", [["build"], ["check"], ["preview"], ["send", "--draft"]])
def test_values_and_braces_that_are_text_do_not_go_together(braces, command):
    result = aistudios(*command, braces, "--literal", "--set", "fine=x")
    assert result.returncode == 2
    assert "there is nothing for --set or --data to fill" in " ".join(result.stderr.replace("│", "").split())


@pytest.mark.parametrize("command", [["build"], ["check"], ["preview"], ["decompile"], ["send", "--draft"]])
def test_what_layout_refuses_names_the_line_of_the_script(tmp_path, command):
    path = script(tmp_path, "from aistudios_dsl import below\nproject = Project().scene().text('x', at=below('titel'))")
    result = aistudios(*command, path)
    assert result.returncode == 1
    assert f"error: {path} line 3: scenes[0].clips[0] (text): below('titel')" in result.stderr
    assert "\n    project = Project().scene().text('x', at=below('titel'))\n" in result.stderr


def test_a_folder_given_for_a_script_is_named_as_one(tmp_path):
    result = aistudios("build", tmp_path)
    assert result.returncode == 1
    assert f"error: {tmp_path} is a folder\n  hint: name a script or project in it" in result.stderr


def test_other_errors_are_not_told_of_the_script(tmp_path):
    path = script(tmp_path, "project = Project('{{ name }}').scene()")
    rows = tmp_path / "rows.csv"
    rows.write_text("nam\nAnn\n", encoding="utf-8")
    assert "error: row 1 (" in aistudios("build", path, "--data", rows).stderr
    assert f"error: {path}: the project has templates to render first: name" in aistudios("build", path).stderr
    assert "error: cannot write" in aistudios("build", path, "--set", "name=x", "-o", tmp_path / "no" / "x.json").stderr
    assert f"error: {path} line 2: " in aistudios("build", script(tmp_path, "Project(nam='x')")).stderr


def test_the_problems_of_a_document_are_told_under_its_name(tmp_path):
    path = tmp_path / "broken.json"
    path.write_text('{"scenes":[{}]}', encoding="utf-8")
    assert aistudios("build", path).stderr.startswith(f"error: {path}: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(
    "args",
    [
        ["build", "examples/product_promo.py"],
        ["build", "examples/personalised.py", "--data", "examples/data/people.csv"],
        ["check", "examples/talking_avatar.py"],
        ["decompile", "tests/data/seed_project.json"],
        ["vars", "examples/personalised.py"],
        ["show", "examples/product_promo.py"],
        ["schema"],
        ["build", "--help"],
        ["--help"],
    ],
)
def test_results_that_cannot_be_written_are_one_line_and_1(args):
    command = [sys.executable, "-m", "aistudios_dsl.cli", *args]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1:] == ["error: cannot write to standard output: No space left on device"]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "args", [["examples/product_promo.py"], ["examples/personalised.py", "--data", "examples/data/people.csv"]]
)
def test_a_closed_pipe_ends_quietly(args):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "aistudios_dsl.cli", "build", *args]
    try:
        result = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    finally:
        os.close(writing)
    assert (result.returncode, result.stderr) == (1, "")


def test_what_a_script_prints_goes_to_stderr(tmp_path):
    result = aistudios("build", script(tmp_path, "print('noise')\nproject = Project('Quiet').scene()"))
    assert (json.loads(result.stdout)["name"], result.stderr) == ("Quiet", "noise\n")


def test_the_hint_for_braces_that_are_no_template_names_the_option(tmp_path):
    path = Project("Sale {% off")._literally().scene().save(tmp_path / "project.json")
    result = aistudios("build", path)
    assert (result.returncode, "--literal" in result.stderr, "Project.load" in result.stderr) == (1, True, False)
    assert json.loads(aistudios("build", path, "--literal").stdout)["name"] == "Sale {% off"


def test_the_help_says_where_skipped_rows_are_listed_and_how_it_exits():
    words = " ".join(aistudios("build", "--help").stdout.split())
    assert "OUTPUT.skipped.jsonl; without -o, on stderr alone" in words
    assert "exits with 0 unless every row was skipped" in words
