"""A fault that shows only later names the line of the script that wrote the clip or scene."""

import pickle
import sys
import timeit
from pathlib import Path

import pytest
from click.testing import CliRunner

from aistudios_dsl import BuildError, DslError, Project, Scene, TemplateError, below
from aistudios_dsl.build.keywords import script_line
from aistudios_dsl.cli import main

SCRIPT = """from aistudios_dsl import Project, below

project = (
    Project()
    .scene(background="#102030", {scene})
    .text("Hello", tag="title")
    .{clip}
)
"""
LATE = [
    ({"clip": "image('https://x.example/a.png')"}, 7, "scenes[0].clips[1] (image): its size is not known"),
    ({"clip": "avatar('M000045085')"}, 7, "scenes[0].clips[1] (avatar): avatar M000045085 is not in the catalogue"),
    ({"clip": "text('x', at=below('titel'))"}, 7, "scenes[0].clips[1] (text): below('titel'): no clip"),
    ({"clip": "text('{{ n }')"}, 7, "scenes[0].clips[1].text: line 1 ('{{ n }'): '{{' is never closed"),
    ({"clip": "avatar('M000045058', say='{{ n }')"}, 7, "scenes[0].speech[0].text: line 1 ('{{ n }')"),
    ({"scene": "when='vip ='"}, 5, "scenes[0].when: 'vip =' is not a Jinja expression"),
]


def script(path, scene="when=None", clip="say('Hi')"):
    clip = "shape('Star', fill='red', width=9)" if clip == "say('Hi')" else clip
    path.write_text(SCRIPT.format(scene=scene, clip=clip), encoding="utf-8")


@pytest.mark.parametrize(("parts", "line", "words"), LATE, ids=[row[2] for row in LATE])
def test_the_command_line_shows_the_line_that_wrote_the_clip(tmp_path, monkeypatch, parts, line, words):
    monkeypatch.chdir(tmp_path)
    script(Path("hello.py"), **parts)
    result = CliRunner().invoke(main, ["build", "hello.py"])
    assert result.exit_code == 1
    first, source = result.stderr.splitlines()[:2]
    assert first.startswith(f"error: hello.py line {line}: {words}")
    assert source.strip() == Path("hello.py").read_text(encoding="utf-8").splitlines()[line - 1].strip()


def here():
    return sys._getframe(1).f_lineno


def test_the_error_has_the_line_and_prints_it():
    project, line = Project().scene().image("https://x.example/a.png"), here()
    with pytest.raises(BuildError) as found:
        project.resolve()
    assert found.value.line == (__file__, line)
    assert str(found.value).startswith(f"scenes[0].clips[0] (image), test_script_lines.py line {line}: its size")
    assert pickle.loads(pickle.dumps(found.value)).line == (__file__, line)


def test_the_line_is_that_of_the_function_that_wrote_the_clip():
    def with_logo(scene):
        return scene.image("https://x.example/a.png"), here()

    scene, line = with_logo(Scene())
    with pytest.raises(BuildError) as found:
        Project().add(scene).to_json()
    assert found.value.line.number == line


def test_a_row_a_plan_and_a_pickled_plan_name_the_line():
    project, line = Project().scene().image("{{ url }}", width="{{ size }}", height=9), here()
    plan = project.compile()
    row = {"url": "https://x.example/a.png", "size": "wide"}
    sent = pickle.loads(pickle.dumps(plan))
    for write in (lambda row: project.render(row).to_json(), plan.render_json, sent.render_json):
        with pytest.raises(DslError) as found:
            write(row)
        assert found.value.line.number == line
    with pytest.raises(TemplateError) as found:
        list(project.render_all([{"url": "x"}]))
    assert (found.value.path[:6], found.value.line.number) == ("row 1:", line)


def test_the_line_is_no_part_of_the_value():
    one = Scene().avatar("M000045058", say="Hi").text("Hello")
    two = Scene().avatar("M000045058", say="Hi").text("Hello")
    assert one == two
    assert "test_script_lines" not in repr(one._items) + repr(one._lines) + Project().add(one).to_json()


def test_a_loaded_clip_and_a_script_without_a_file_name_no_line():
    document = Project().scene().text("x", tag="t").to_dict()
    project = Project.load(document).text("x", at=below("u"))
    loaded = Project.load(document | {"name": "{{ n }"})
    with pytest.raises(BuildError) as found:
        project.resolve()
    assert found.value.line is not None
    for fails in (loaded.to_json, lambda: eval("P().scene().image('u').to_json()", {"P": Project})):
        with pytest.raises(DslError) as found:
            fails()
        assert found.value.line is None


def test_finding_the_line_costs_a_verb_little():
    assert min(timeit.repeat(script_line, number=1000, repeat=5)) / 1000 < 20e-6


@pytest.mark.parametrize("api", ["1.4", "1.6"])
def test_a_fault_of_speech_counts_clips_as_the_script_does(api):
    scene = Scene(background="#102030").avatar("M000045058", tag="a").avatar("M000045058", at="bottom left", tag="b")
    scene = scene.say("One.", by="a").say("Two.", by="b").say("Three.", by="a")
    with pytest.raises(BuildError, match=rf"clips\[{0 if api == '1.4' else 1}\] \(avatar, tag"):
        Project(api=api).add(scene).to_dict()
