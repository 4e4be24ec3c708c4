"""A wrong keyword or method: refused, wherever it is given, with the right one."""

import inspect
import re
from pathlib import Path

import pytest

from aistudios_dsl import BuildError, Project, Scene
from aistudios_dsl.build.keywords import arguments_of
from aistudios_dsl.build.placement import Placed, Shaded, ShadedText, Sized, Turned

URL = "https://x.example/a.png"


def opened():
    return Project().scene()


WRONG = [
    (lambda: opened().text("x", colour="red"), "unknown argument 'colour'", "did you mean 'color'?"),
    (lambda: opened().text("x", fill="red"), "unknown argument 'fill'", "did you mean 'color'?"),
    (lambda: opened().text("x", font_weight=700), "unknown argument 'font_weight'", "did you mean 'bold'?"),
    (lambda: opened().text("x", zzz="x"), "unknown argument 'zzz'", "known are: text, font_size"),
    (lambda: opened().image(URL, source_url=URL), "unknown argument 'source_url'", "did you mean 'url'?"),
    (lambda: opened().shape("Star", color="#fff"), "unknown argument 'color'", "did you mean 'fill'?"),
    (lambda: opened().video(URL, angle=5), "unknown argument 'angle'", "only text, image and shape take 'angle'"),
    (lambda: opened().text("x", framing="bust"), "unknown argument 'framing'", "only avatar takes 'framing'"),
    (lambda: opened().audio(URL, label="x", volme=5), "unknown argument 'volme'", "did you mean 'volume'?"),
    (lambda: opened().text("x").say("x", bye="x"), "say(): unknown argument 'bye'", "did you mean 'by'?"),
    (lambda: Project().scene(title="x"), "scene(): unknown argument 'title'", "known are: background, watermark"),
    (lambda: Project(width=9), "Project(): unknown argument 'width'", "known are: name, orientation"),
    (lambda: Scene(backgroud="x"), "Scene(): unknown argument 'backgroud'", "did you mean 'background'?"),
    (lambda: opened().text("x", tag="t").edit("t", colour="#fff"), "text has no field 'colour'", "mean 'color'?"),
    (lambda: opened().text("x", tag="t").edit("t", blod=True), "text has no field 'blod'", "mean 'bold'?"),
    (lambda: opened().text("x", tag="t").edit("t", say="Hi"), "text has no field 'say'", "only avatar takes 'say'"),
    (lambda: opened().image(URL, tag="t").edit("t", video_url=URL), "image has no field 'video_url'", "mean 'url'?"),
    (lambda: opened().audio(URL, label="m", id="m").edit("m", at="top"), "audio has no field 'at'", "'left'?"),
]


@pytest.mark.parametrize(("call", "message", "hint"), WRONG, ids=[f"{row[1]}, {row[2]}" for row in WRONG])
def test_a_wrong_keyword_is_refused_with_the_right_one(call, message, hint):
    with pytest.raises(BuildError) as found:
        call()
    assert message in str(found.value)
    assert hint in found.value.hint


def test_a_wrong_keyword_of_a_clip_is_told_with_its_place():
    with pytest.raises(BuildError) as found:
        opened().text("x").image(URL, tag="logo", widht=9)
    assert found.value.path == "scenes[0].clips[1] (image, tag 'logo')"


def test_the_names_that_are_listed_are_those_of_the_verb_each_once_and_in_one_order():
    with pytest.raises(BuildError) as found:
        opened().text("x", zzz=3)
    names = found.value.hint.removeprefix("known are: ").split(", ")
    assert names == list(dict.fromkeys(arguments_of(inspect.unwrap(Scene.text)).keywords))
    assert {"color", "bold", "width", "at", "shadow"} <= set(names)
    assert not {"fill", "type", "font_weight", "background_color"} & set(names)


def test_every_name_that_a_typed_dict_gives_is_taken_when_the_program_runs():
    assert set(Shaded.__annotations__) <= set(arguments_of(inspect.unwrap(Scene.shape)).keywords)


@pytest.mark.parametrize(("wrong", "right"), [("txt", "text"), ("add_text", "text"), ("edti", "edit")])
def test_an_unknown_method_is_told_with_the_nearest(wrong, right):
    for value in (Project(), Scene()):
        with pytest.raises(AttributeError, match=f"has no '{wrong}': did you mean '{right}'"):
            getattr(value, wrong)
        assert not hasattr(value, "_no_such_thing")


@pytest.mark.parametrize(
    ("given", "right"),
    [
        *(("navy", "#000080"), ("RED", "#ff0000"), ("102030", "#102030"), (" #102030", "#102030"), ("abc", "#aabbcc")),
        *(("0xff0000", "#ff0000"), ("light blue", "#add8e6"), ("Dark Slate Grey", "#2f4f4f"), ("0XFFF", "#ffffff")),
    ],
)
def test_a_background_colour_that_would_pass_for_a_url_is_refused_with_its_hex_form(given, right):
    template = Project().scene(background="{{ colour }}")
    for build in (
        lambda: Project().add(Scene(background=given)),
        lambda: template.render(colour=given),
        lambda: template.compile().render_json({"colour": given}),
    ):
        with pytest.raises(BuildError, match="taken for a URL") as found:
            build()
        assert found.value.hint == f"write the colour as '{right}'"


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("oklch(0.7 0.1 200)", 'write "#102030"'),
        ("hwb(200 10% 10%)", 'write "#102030"'),
        ("lab(50% 40 59)", 'write "#102030"'),
        ("color(display-p3 1 0 0 / 50%)", 'write "#102030"'),
        ("color-mix(in srgb, red, blue)", 'write "#102030"'),
        ("linear-gradient(90deg, red, blue)", "a gradient is a picture"),
        ("repeating-conic-gradient(red, blue)", "a gradient is a picture"),
        ("var(--brand)", "a project has no CSS variables"),
        ("url(https://x.example/a.png)", "give the URL alone"),
        ("tomatoe", "did you mean '#ff6347', tomato?"),
        ("no picture", "give a colour"),
        ("12345", "give a colour"),
    ],
)
def test_a_background_that_is_neither_a_colour_nor_a_url_nor_a_path_is_refused(given, hint):
    template = Project().scene(background="{{ colour }}")
    for build in (
        lambda: Project().add(Scene(background=given)),
        lambda: template.render(colour=given),
        lambda: template.compile().render_json({"colour": given}),
    ):
        with pytest.raises(BuildError, match="neither a colour nor a URL nor a path") as found:
            build()
        assert hint in found.value.hint


@pytest.mark.parametrize("url", ["images/blue", "a.b/c d.png?x=1#y", "file:///a.png", "data:image/png;base64,AA=="])
def test_paths_of_every_form_are_background_pictures(url):
    assert Project().scene(background=url).to_dict()["scenes"][0]["background"]["source_url"] == url


@pytest.mark.parametrize("url", ["navy.png", "/navy", "https://x.example/102030", "https://x.example/red"])
def test_every_other_string_is_a_background_picture(url):
    assert Project().scene(background=url).to_dict()["scenes"][0]["background"]["source_url"] == url


@pytest.mark.parametrize("effects", ["head-only", {"type": "head-only"}, ["head-only"]])
def test_a_single_effect_needs_no_list(effects):
    clips = opened().avatar("M000045058", effects=effects).to_dict()["scenes"][0]["clips"]
    assert clips[0]["effects"] == [{"type": "head-only"}]


PLACES = {"avatar": Sized, "text": ShadedText, "image": Turned, "video": Sized, "shape": Shaded}


@pytest.mark.parametrize("name", PLACES)
def test_a_verb_says_in_its_docstring_what_else_it_takes(name):
    said = re.search(r"Takes (.*?) as\s+`placement\.(\w+)`", inspect.getdoc(getattr(Scene, name)), re.DOTALL)
    assert sorted(re.findall(r"`(\w+)`", said[1])) == sorted(PLACES[name].__annotations__)
    assert set(PLACES[name].__annotations__) <= set(arguments_of(inspect.unwrap(getattr(Scene, name))).keywords)


def test_the_docstrings_of_the_places_explain_each_keyword():
    explained = " ".join(kind.__doc__ for kind in (Placed, Sized, Turned, Shaded))
    assert [name for name in Shaded.__annotations__ if f"`{name}`" not in explained] == []


def test_the_reference_has_each_keyword_with_the_verbs_that_take_it():
    page = (Path(__file__).parent.parent / "docs" / "reference" / "project.md").read_text(encoding="utf-8")
    verbs = {name: arguments_of(inspect.unwrap(getattr(Scene, name))).keywords for name in (*PLACES, "audio")}
    page = page.partition("| taken by |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    table = {name: row[2] for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    assert sorted(table) == sorted(Shaded.__annotations__)
    for name, takers in table.items():
        named = [
            verb
            for verb in verbs
            if takers == "all" or (takers == "all but audio" and verb != "audio") or verb in takers.split(", ")
        ]
        assert named == [verb for verb in verbs if name in verbs[verb]], name
