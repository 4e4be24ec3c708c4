"""`aistudios decompile` and `aistudios diff`, as a user meets them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SEED, OTHER = ROOT / "tests/data/seed_project.json", ROOT / "tests/data/scene_scripts_project.json"


def aistudios(*args, cwd=ROOT):
    command = [sys.executable, "-m", "aistudios_dsl.cli", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, encoding="utf-8")


def test_a_decompiled_script_builds_the_same_bytes(tmp_path):
    result = aistudios("decompile", SEED, "-o", tmp_path / "video.py")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "1 clip: 1 by verb (100%), 0 by put or as loaded\n"
    assert aistudios("build", tmp_path / "video.py").stdout == aistudios("build", SEED).stdout


def test_decompile_prints_the_script_and_nothing_else():
    assert aistudios("decompile", SEED).stdout.startswith("from aistudios_dsl import Project\n\nproject = (\n")


@pytest.mark.parametrize(
    ("name", "note"), [("{{ who }}", "variables: who"), ("{% x", "name: braces that are not a template")]
)
def test_decompile_tells_what_braces_are_taken_for(tmp_path, name, note):
    path = tmp_path / "project.json"
    path.write_text(json.dumps({"name": name, "scenes": []}), encoding="utf-8")
    assert f"note: {note}" in aistudios("decompile", path).stderr
    literal = aistudios("decompile", path, "--literal", "-o", tmp_path / "video.py")
    assert "note" not in literal.stderr
    assert json.loads(aistudios("build", tmp_path / "video.py").stdout)["name"] == name


def test_diff_says_in_words_what_changed_and_ends_with_0():
    result = aistudios("diff", SEED, OTHER)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == 'scenes[0]: speech is written in "the clips" -> "the scene"\n'
    assert aistudios("diff", SEED, SEED).stdout == "no difference\n"


def test_diff_compares_scripts_with_payloads_and_prints_json():
    assert aistudios("diff", ROOT / "examples/talking_avatar.py", SEED, "--json").stdout == "[]\n"
    [change] = json.loads(aistudios("diff", SEED, OTHER, "--json").stdout)
    assert change["kind"] == "changed"


def test_a_file_that_is_none_is_the_users_error():
    result = aistudios("diff", SEED, "nothing.json")
    assert result.returncode == 1
    assert result.stderr.startswith("error: there is no file nothing.json")
