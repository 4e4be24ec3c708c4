"""The outline of a project, printed and shown by the command line, which also says what a script drops."""

import json

import pytest
from attrs import evolve
from click.testing import CliRunner

from aistudios_dsl import Avatar, Project, above, diff, wire
from aistudios_dsl.cli import main
from tests.documents import REAL

U = "https://x.example"
PROJECT = (
    Project("Lumen One")
    .scene(background="#0b1b2b", when="vip", each="item in items")
    .avatar("M000045058", tag="host", say="Hello {{ name }}.\n\nWelcome.")
    .say("Bye.", by="host")
    .text("The lamp that reads with you, all night long and all day", tag="title", angle=90, at=(100, 20))
    .audio(f"{U}/theme.mp3", label="Theme")
    .scene(background=f"{U}/rooms/blue.png?signature=abc")
    .shape("Star", fill="red", width=90, at="top left")
    .image(f"{U}/lamp.png?signature=abc#x", natural=(10, 20), at=(0.25, 1))
    .video("https://ann:secret@x.example", width=640, height=360, id="film")
    .put(wire.UnknownClip(type="new", extra={"id": "n", "words": "x"}))
)
WRITTEN = """\
Lumen One (landscape, 2 scenes)
scenes[0]  when vip  each item in items  background #0b1b2b
  clips[0]  avatar  host   M000045058: Hello {{ name }}. Welcome. Bye.
  clips[1]  text    title  The lamp that reads with you, all night long an…
  clips[2]  audio          Theme
scenes[1]  background blue.png
  clips[0]  shape        Star
  clips[1]  image        lamp.png
  clips[2]  video  film  x.example
  clips[3]  new    n"""


def show(tmp_path, project, *args):
    """What `aistudios show` prints of a project with these arguments."""
    (tmp_path / "p.json").write_text(project.to_json(), encoding="utf-8")
    result = CliRunner().invoke(main, ["show", str(tmp_path / "p.json"), *args])
    assert result.exit_code == 0, result.output
    return result


def shown_script(tmp_path, text, *args, command="show"):
    path = tmp_path / "video.py"
    path.write_text(f"from aistudios_dsl import Project, Scene\n{text}\n", encoding="utf-8")
    return CliRunner().invoke(main, [command, str(path), *args])


def test_print_gives_a_short_outline_and_repr_stays_shorter():
    assert str(PROJECT) == WRITTEN
    assert repr(PROJECT) == "Project('Lumen One', 2 scenes)"
    assert str(Project()) == "Project (landscape, 0 scenes)"


def test_an_outline_says_what_the_script_says_even_if_it_cannot_be_resolved():
    broken = Project(orientation="{{ o }}").scene().avatar("M0", "C0").image(f"{U}/a.png").text("x", at=above("none"))
    clips = [line.split()[1:] for line in str(broken).splitlines()[2:]]
    assert clips == [["avatar", "M0"], ["image", "a.png"], ["text", "x"]]


def test_a_short_outline_counts_what_it_leaves_out():
    many = Project()
    for _ in range(12):
        many = many.scene()
    for number in range(20):
        many = many.text(f"Text {number}")
    assert str(many).splitlines()[-1] == "... and 2 more scenes"
    first = str(Project().add(many.scenes[-1]))
    assert first.splitlines()[-2:] == ["  clips[7]  text  Text 7", "  ... and 12 more clips"]


def test_an_outline_steers_no_terminal_and_stays_on_its_lines():
    text = str(Project("a\x1b]0;owned\x07").scene().text("red\x1b[31m\nnext\u2028line\x9b", tag="t\r"))
    assert text.splitlines() == [
        r"a\x1b]0;owned\x07 (landscape, 1 scene)",
        "scenes[0]",
        r"  clips[0]  text  t  red\x1b[31m next line\x9b",
    ]


def test_speech_of_both_generations_is_shown_with_its_speaker():
    guest = Avatar("M1", "C1")
    for api in ("1.4", "1.6"):
        project = Project(api=api).scene().avatar("M000045058", say="One.").avatar(guest, width=9, height=9, say="Two.")
        for each in (project, Project.load(project.to_dict())):
            words = [line.rpartition("  ")[2] for line in str(each).splitlines() if "avatar" in line]
            assert words == ["M000045058: One.", "M1: Two."]


SHOWN = """\
Project (landscape, 1 scene)
scenes[0]  background #0b1b2b
  clips[0]  text   t  100, 20  64.2 x 72.3  90°  Hi
  clips[1]  shape     0, 0  90 x 90              Star
  clips[2]  audio                                Theme
  clips[3]  image     0.2, 1  10 x 20            a.png
"""


def test_show_prints_where_each_clip_is_seen(tmp_path):
    text = "project = Project().scene(background='#0b1b2b').text('Hi', tag='t', at=(100, 20), angle=90)"
    text += ".shape('Star', fill='red', width=90, at='top left').audio('https://x.example/a.mp3', label='Theme')"
    text += ".image('https://x.example/a.png', natural=(10, 20), at=(0.25, 1))"
    result = shown_script(tmp_path, text)
    assert (result.stdout, result.stderr) == (SHOWN, "")


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_show_gives_programs_the_exact_boxes(tmp_path, path):
    project = Project.load(path)
    found = json.loads(show(tmp_path, project, "--json").stdout)
    whole = project.resolve()
    assert found["orientation"] == (whole.orientation or "landscape")
    assert [len(scene["clips"]) for scene in found["scenes"]] == [len(scene.clips) for scene in whole.scenes]
    for scene, wired in zip(found["scenes"], whole.scenes, strict=True):
        for shown, clip in zip(scene["clips"], wired.clips, strict=True):
            assert shown["id"] == clip.id
            assert isinstance(clip, wire.Audio) or (shown["box"]["left"], shown["box"]["top"]) == (clip.left, clip.top)


def test_a_plain_background_is_no_clip_of_the_outline(tmp_path):
    project = Project().scene(background="#102030").text("Hi", tag="t")
    result = shown_script(tmp_path, "project = Project().scene(background='#102030').text('Hi', tag='t')", "--json")
    [scene] = json.loads(result.stdout)["scenes"]
    box = project.resolve().scenes[0].clips[1]
    assert scene["background"] == "#102030"
    assert [(clip["number"], clip["tag"], clip["words"]) for clip in scene["clips"]] == [(0, "t", "Hi")]
    assert scene["clips"][0]["box"]["width"] == box.width


def test_a_template_is_shown_with_likely_values_or_with_those_that_are_set(tmp_path):
    template = "project = Project().scene(when='n').text('Hi {{ n }}', at='{{ at }}')"
    likely = shown_script(tmp_path, template)
    assert "when n" in likely.stdout
    assert "Hi {{ n }}" in likely.stdout
    assert likely.stderr.startswith("note: a template")
    given = shown_script(tmp_path, template, "--set", "n=1", "--set", "at=top left")
    assert "when" not in given.stdout
    assert "0, 0" in given.stdout
    assert given.stderr == ""
    missing = shown_script(tmp_path, template, "--set", "n=1")
    assert missing.exit_code == 1
    assert "needs at as well" in missing.stderr


# dropped results

DROPPED = [
    ("project.text('x')", "project = project.text(...)"),
    ("project.text('x').text('y')", "project = project.text(...).text(...)"),
    ("project.scene()", "project = project.scene(...)"),
    ("project.remove('t')", "project = project.remove(...)"),
    ("project.edit('t', text='x')", "project = project.edit(...)"),
    ("project.map_scenes(lambda scene: scene)", "project = project.map_scenes(...)"),
    ("scene.text('x')", "scene = scene.text(...)"),
    ("Project('x').scene()", "project = Project(...).scene(...)"),
    ("for n in '12':\n    project.text(n)", "project = project.text(...)"),
    ("if project:\n    pass\nelse:\n    project.text('x')", "project = project.text(...)"),
    ("try:\n    pass\nfinally:\n    project.text('x')", "project = project.text(...)"),
    ("match 1:\n    case 1:\n        project.text('x')", "project = project.text(...)"),
]
KEPT = [
    "project = project.text('x')",
    "other = project.text('x')",
    "project.to_json()",
    "project.text('x').check()",
    "project.pipe(print)",
    "project.render({})",
    "Project.load({'scenes': []})",
    "print(project.text('x'))",
    "class Other:\n    text = print\nother = Other()\nother.text('x')",
    "def shown(project):\n    project.text('x')",
]
START = "project = Project('P').scene().text('Hello', tag='t')\nscene = Scene()\n"


@pytest.mark.parametrize(("statement", "remedy"), DROPPED)
def test_a_statement_whose_new_value_is_dropped_is_noticed_with_its_line(tmp_path, statement, remedy):
    result = shown_script(tmp_path, START + statement, command="build")
    verb = remedy.rpartition(" ")[2].partition("(")[0]
    number = 4 + [verb in line for line in statement.splitlines()].index(True)
    kind = remedy.partition(" ")[0]
    note = f"the new {kind} is dropped, so this does nothing: write {remedy}"
    line = f"note: {tmp_path / 'video.py'} line {number}: {note}"
    assert (result.exit_code, result.stderr) == (0, f"{line}\n")
    assert json.loads(result.stdout)["name"] == "P"


@pytest.mark.parametrize("statement", KEPT)
def test_no_other_statement_is_noticed(tmp_path, statement):
    result = shown_script(tmp_path, START + statement, command="build")
    assert result.exit_code == 0, result.stderr
    assert "dropped" not in result.stderr


def test_an_outline_and_a_diff_name_a_url_by_its_file_without_login_and_data_not_at_all():
    before = Project("x").scene().image("data:image/png;base64,AAA/defgh==", width=9, height=9, at=(0, 0))
    before = before.image("https://ann:secret@x.example", width=9, height=9, at=(0, 0))
    before = Project.load(before.to_dict())
    after = before.map(wire.Image, lambda clip: evolve(clip, left=5) if "secret" in clip.source_url else clip)
    assert "defgh" not in str(before)
    for said in (str(before), "\n".join(map(str, diff(before, after)))):
        assert "secret" not in said
        assert "x.example" in said
