"""A loaded project becomes the script that builds it again, to the last byte, with verbs wherever they say it."""

import ast
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import Avatar, LoadError, Project, Scene, TemplateError, below, wire
from aistudios_dsl.decompile.expressions import Call, Verbatim, assigned, quoted
from aistudios_dsl.wire.jsontext import canonical
from tests.documents import ANY, HOSTILE, REAL, spoilt

NAMES = {"Avatar", "Catalog", "Project", "above", "below", "left_of", "right_of", "wire"}
BLUE = "/images/background/bg_blue_gradient.png"


def rebuilt(source):
    names = {}
    exec(source, names)
    return names["project"]


def same_again(document, *, template=False):
    """The script of a document, which was seen to give that document."""
    source = Project.load(document, template=template).to_python()
    assert rebuilt(source)._literally().to_json() == canonical(document), source
    return source


def formatted(source, tmp_path):
    pytest.importorskip("ruff", reason="ruff is not installed: pip install -e '.[dev]'")
    path = tmp_path / "script.py"
    path.write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--quiet", str(path)]
    subprocess.run(command, check=True)
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_samples_and_examples_need_no_put(path, tmp_path):
    source = same_again(json.loads(path.read_text(encoding="utf-8")))
    assert (source.puts, source.share) == (0, 1.0)
    assert "put(" not in source
    assert "load" not in source
    assert formatted(source, tmp_path) == source


def test_the_sample_is_a_few_lines_without_a_number_but_the_position():
    for path in REAL:
        if path.parent.name == "data":
            source = Project.load(path).to_python()
            numbers = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
            assert len(source.splitlines()) <= 15
            assert [n for n in numbers if isinstance(n, float | int)] == [630.2493927359487, 146.74129135713008]


@settings(max_examples=60)
@given(ANY)
def test_any_project_that_loads_is_built_again(document):
    """The long run of this is tests/tools/fuzz_source.py."""
    same_again(document)


@settings(max_examples=60)
@given(spoilt())
def test_a_real_project_with_spoilt_parts_is_built_again(document):
    try:
        Project.load(document)
    except LoadError:
        return
    same_again(document)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_strings_stay_data_wherever_they_stand(text, tmp_path):
    project = Project(text, extra={f"x{text}": {text: [text]}}, literal=True)
    project = project.scene(extra={f"y{text}": text}).text(text or " ", tag=text, width=100, height=50)
    project = project.avatar("M000045058", say=text).image(text, natural=(9, 9)).scene(background=BLUE)
    source = same_again(project.to_dict())
    assert formatted(source, tmp_path) == source
    for node in ast.walk(ast.parse(source)):
        assert not isinstance(node, ast.BinOp | ast.JoinedStr | ast.Import)
        if isinstance(node, ast.Name):
            assert node.id in {*NAMES, "project"}


@settings(max_examples=200)
@given(st.text())
def test_a_quoted_string_is_that_string(text):
    assert ast.literal_eval(quoted(text)) == text


# what each verb can say


def last_call(project):
    """The last call of the script that the project's JSON becomes, on one line."""
    source = same_again(project.to_dict())
    assert source.puts == 0
    call = ast.parse(source).body[-1].value
    given = [ast.get_source_segment(source, argument) for argument in call.args]
    given += [f"{part.arg}={ast.get_source_segment(source, part.value)}" for part in call.keywords]
    return f".{call.func.attr}({', '.join(given)})"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"natural": (800, 600)}, "natural=(800, 600)"),
        ({"natural": (800, 600), "at": "top right"}, 'natural=(800, 600), at="top right"'),
        ({"natural": (800, 600), "at": "bottom", "margin": 40}, 'natural=(800, 600), at="bottom", margin=40'),
        ({"natural": (800, 600), "width": 400}, "natural=(800, 600), width=400"),
        ({"natural": (800, 600), "height": "50%"}, "natural=(800, 600), width=720"),
        ({"natural": (800, 600), "width": "33%"}, 'natural=(800, 600), width="33%"'),
        ({"natural": (800, 600), "scale": 0.125}, "natural=(800, 600), width=100"),
        ({"natural": (799, 601), "scale": 0.5}, "natural=(799, 601), scale=0.5"),
        ({"natural": (800, 600), "width": 80, "height": 80}, "natural=(800, 600), width=80, height=80"),
        ({"natural": (800, 600), "at": (1.25, 7)}, "natural=(800, 600), at=(1.25, 7)"),
        ({"natural": (800, 600), "angle": 30, "at": "left"}, 'natural=(800, 600), at="left", angle=30'),
        ({"natural": (800, 600), "opacity": None, "angle": None}, "natural=(800, 600), opacity=None, angle=None"),
        ({"natural": (8, 6), "animation": ("zoom-in", 2, 0)}, 'natural=(8, 6), animation=("zoom-in", 2, 0)'),
        ({"natural": (8, 6), "layer": 7, "tag": "t"}, 'natural=(8, 6), layer=7, tag="t"'),
    ],
)
def test_the_simplest_form_that_is_exact_is_taken(written, expected):
    assert last_call(Project().scene().image("u", **written)) == f'.image("u", {expected})'


def test_a_neighbour_is_named_where_the_place_is_no_round_number():
    scene = Scene().text("Title", at=(100, 100), tag="title").text("Words", at=below("title", gap=12, align="left"))
    assert 'at=below("title", gap=12, align="left")' in same_again(Project().add(scene).to_dict())


def test_a_wrapped_text_is_in_one_piece_again():
    project = Project().scene().text("One two three four five six seven eight nine ten", width=500)
    assert '.text("One two three four five six seven eight nine ten", width=500)' in same_again(project.to_dict())


@pytest.mark.parametrize("framing", [None, "full", "bust", "head"])
@pytest.mark.parametrize("at", [None, "bottom left", "bottom right"])
def test_an_avatar_is_framed_again(framing, at):
    asked = {name: value for name, value in (("framing", framing), ("at", at)) if value}
    shown = "".join(f', {name}="{value}"' for name, value in asked.items())
    calls = last_call(Project().scene().avatar("M000045058", **asked))
    assert calls == f'.avatar("M000045058", "BG00002320"{shown})'


def test_another_avatar_is_written_as_data_and_named_once():
    own = Avatar("M9", "B9", language="ko", origin=(1000, 2000), tight=(100, 100, 800, 1800), head=(400, 120, 150, 160))
    project = Project().scene().avatar(own, say="One.").scene().avatar(own, framing="bust")
    source = same_again(project.to_dict())
    assert source.count("Avatar(") == 1
    assert source.count(".avatar(AVATAR") == 2
    assert source.puts == 0


def test_a_model_that_no_rule_gives_is_written_as_the_editor_had_it():
    document = Project().scene().avatar("M000045058").to_dict()
    document["scenes"][0]["clips"][0]["model"]["maskFile"] = "other.mp4"
    source = same_again(document)
    assert "Avatar.from_model(" in source
    assert source.puts == 0


def test_repeated_colours_become_variables_in_words():
    scene = Scene(background="#0b1b2b").shape("Star", fill="#ff0000", width=9)
    source = same_again(Project().add(scene, scene).to_dict())
    assert 'DARK_BLUE = "#0b1b2b"\nRED = "#ff0000"' in source
    assert source.count("background=DARK_BLUE") == source.count("fill=RED") == 2


@pytest.mark.parametrize(
    ("org", "said"),
    [
        ("<p>Tom &amp; Ann</p><p>say hello.</p>", 'say="Tom & Ann\\n\\nsay hello."'),
        ("<p>A <span>word</span></p>", '.say("<p>A <span>word</span></p>", html=True)'),
        ("", '.say("", html=True)'),
    ],
)
def test_speech_is_plain_words_where_they_give_the_same_paragraphs(org, said):
    document = Project().scene().avatar("M000045058", say="x").to_dict()
    document["scenes"][0]["clips"][0]["script"]["org"] = org
    assert said in same_again(document)


def test_a_dialogue_names_its_speakers():
    project = Project(api="1.6").scene().avatar("M000045058", id="host").avatar(Avatar("M2", "B2"), width=9, height=9)
    project = project.say("A", by="host").say("B").say("C", by="host")
    source = same_again(project.to_dict())
    assert '.say("A", by="host")' in source
    assert source.puts == 0


# what no verb says


def test_what_no_verb_says_is_put_visibly():
    document = Project().scene().shape("Star", fill="red", width=9).to_dict()
    document["scenes"][0]["clips"][0]["glow"] = 3
    source = same_again(document)
    assert (source.verbs, source.puts) == (0, 1)
    assert ".put(\n        wire.Shape(" in source
    assert 'extra={"glow": 3}' in source


def test_another_key_order_and_odd_values_are_loaded_as_found():
    document = Project().scene().shape("Star", fill="red", width=9).to_dict()
    [clip] = document["scenes"][0]["clips"]
    document["scenes"][0]["clips"] = [dict(reversed(clip.items())), clip | {"opacity": 140, "id": "b"}]
    source = same_again(document)
    assert source.count("wire.load_node(") == 2


def test_keys_of_the_service_are_loaded_and_scenes_still_said_by_verbs():
    document = {"_id": "p1", **Project("N").scene().text("Hi").to_dict(), "progress": 100.0}
    source = same_again(document)
    assert "Project.load(" in source
    assert '.text("Hi")' in source


def test_scenes_with_numbers_of_their_own_keep_them():
    document = Project("N").scene().text("Hi").scene().text("Ho").to_dict()
    document["scenes"][1]["sceneIdx"] = 0
    source = same_again(document)
    assert source.puts == 0
    assert "loaded.with_scenes([scene_0, scene_1])" in source


def test_clips_that_share_an_id_are_put_but_for_the_first():
    document = Project().scene().text("Hi", id="a").to_dict()
    document["scenes"][0]["clips"] *= 3
    source = same_again(document)
    assert (source.verbs, source.puts) == (1, 2)


def test_many_clips_are_no_endless_chain(tmp_path):
    scene = Scene()
    for number in range(300):
        scene = scene.text(str(number))
    source = same_again(Project().add(scene, *[Scene()] * 100).to_dict())
    assert source.count("project = ") > 100
    assert formatted(source, tmp_path) == source


def test_brackets_too_deep_for_a_parser_are_text():
    deep = json.loads("[" * 90 + "]" * 90)
    assert "Project.load(\n    '" in same_again({"scenes": [], "dictionary": deep})


# templates


def test_braces_are_text_in_a_literal_project_and_variables_in_a_template():
    document = Project("{{ name }}").scene().text("Hi {{ name }}", at=(1, 2))._literally().to_dict()
    literal, template = (Project.load(document, template=wanted).to_python() for wanted in (False, True))
    assert rebuilt(literal).to_json() == canonical(document)
    assert "literal=True" in literal
    assert "literal" not in template
    with pytest.raises(TemplateError):
        rebuilt(template).to_json()
    rows = [made.render(name="Ann & Bo").to_json() for made in (rebuilt(template), Project.load(document))]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("align", ["left", "center", "right"])
@pytest.mark.parametrize("at", [(3.5, 2), "top", "bottom right"])
@pytest.mark.parametrize("size", [{}, {"width": 300, "height": 80}])
def test_a_template_gives_the_same_rows_as_the_project_it_was_made_of(align, at, size):
    text = {"align": align, "at": at, **size}
    document = (
        Project().scene().avatar("M000045058", say="Hi {{ n }}").text("Hello {{ n }}", **text)._literally().to_dict()
    )
    loaded = Project.load(document)
    again = rebuilt(loaded.to_python())
    assert again.variables().values()
    rows = [project.render(n="<Ann>").to_dict()["scenes"][0]["clips"] for project in (loaded, again)]
    assert rows[0][0] == rows[1][0]
    assert near(*(row[1] for row in rows))


def near(one, other):
    """Whether two clips are alike, but for the last digit of a number that was worked out in another order."""
    return all(value == pytest.approx(other[name]) for name, value in one.items())


def test_a_template_that_verbs_wrote_has_its_script_already():
    with pytest.raises(TemplateError, match="templates to render first"):
        Project().scene(when="vip").text("Hi").to_python()


# layout


def test_statements_are_laid_out_as_ruff_would(tmp_path):
    long = "x" * 50
    parts = [
        assigned("a", Call("f", [long], {"b": [long, {"k": (1,), long: []}]})),
        assigned("a", Call("f", [long]), [Call("g", [long])]),
        assigned("a", Call("f"), [Call("g", [long], {"n": long})]),
        assigned("a", Call("f", [long * 2]), [Call("g"), Call("h", [1e22, -0.0, None, True])]),
        assigned("a", Verbatim("b"), [Call("g", [long]), Call("h", [long])]),
        assigned("a", Verbatim("b"), [Call("g", [long]), Call("h", [long]), Call("i")]),
        assigned("a", Verbatim("b.c[0]"), [Call("g", [long]), Call("h", [long])]),
        assigned("a", Call("f", ["안녕하세요" * 9]), [Call("g")]),
        assigned("a", Call("f", ["안녕" * 20]), [Call("g"), Call("h")]),
    ]
    source = "\n".join(parts) + "\n"
    assert formatted(source, tmp_path) == source


def test_wire_nodes_are_loaded_as_found():
    node = wire.load_node(
        wire.Image,
        {"type": "image", "id": "a", "layer": 1, "left": 0, "top": 0, "width": -1, "height": 1, "source_url": "u"},
    )
    assert node.width == -1
    with pytest.raises(LoadError, match="is missing"):
        wire.load_node(wire.Image, {"type": "image"})
