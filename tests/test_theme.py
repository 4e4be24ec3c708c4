"""Themes: names of colours and styles mean what the theme says, wherever they stand and whenever they are known."""

import pickle
import re
import sys

import pytest
from attrs import evolve, fields

from aistudios_dsl import BuildError, LoadError, Project, Scene, TextStyle, Theme, wire
from aistudios_dsl.build.theme import WORDS

BRAND, NAVY = "#e4002b", "rgb(0, 31, 63)"
THEME = Theme(
    colors={"brand": BRAND, "navy": NAVY},
    text={
        "title": TextStyle(font_size=72, bold=True, color="brand", align="center"),
        "plate": TextStyle(background="navy", stroke="gold", stroke_width=2, italic=True, underline=True),
    },
    font_family="Inter",
)
LETTERS = {"font_size": 48, "color": "#ffffff", "align": "left", "bold": False, "italic": False, "underline": False}
LETTERS |= {"font_family": "Inter", "background": None, "stroke": None, "stroke_width": None}
TITLE = LETTERS | {"font_size": 72, "bold": True, "color": BRAND, "align": "center"}
PLATE = LETTERS | {"background": NAVY, "stroke": "gold", "stroke_width": 2, "italic": True, "underline": True}


def text_of(theme, **own):
    return Project(theme=theme).scene().text("Hello", **own).to_json()


@pytest.mark.parametrize(
    ("own", "meant"),
    [
        ({}, LETTERS),
        ({"style": "title"}, TITLE),
        ({"style": "plate"}, PLATE),
        ({"style": ""}, LETTERS),
        ({"style": "title", "bold": False, "color": "#ffffff"}, TITLE | {"bold": False, "color": "#ffffff"}),
        ({"style": "title", "font_size": 48, "font_family": "Lato"}, TITLE | {"font_size": 48, "font_family": "Lato"}),
        ({"style": "plate", "background": None, "stroke": None}, PLATE | {"background": None, "stroke": None}),
        ({"style": "title", "align": None}, TITLE | {"align": None}),
    ],
)
def test_a_style_gives_what_the_verb_was_not_told(own, meant):
    assert text_of(THEME, **own) == text_of(None, **meant)


def everywhere(project, colour, title):
    """A project with a colour in each place that takes one, and a text in a style."""
    shadow = wire.Shadow(color=colour, blur=2)
    return (
        project.scene(background=colour)
        .text("Hello {{ name }}", color=colour, background=colour, stroke=colour, stroke_width=2, shadow=shadow)
        .shape("Star", fill=colour, stroke=colour, stroke_width=2, width=90, shadow=shadow)
        .text("Bye {{ name }}", at="top", **title)
        .scene()
        .background(colour)
    )


@pytest.mark.parametrize(
    ("name", "value"), [("brand", BRAND), ("navy", NAVY), (" navy ", NAVY), ("#102030", "#102030")]
)
def test_a_colour_name_is_taken_in_every_place_and_from_every_row(name, value):
    plain = {key: value for key, value in TITLE.items() if value is not None}
    expected = everywhere(Project(), value, plain | {"color": value}).render(name="Ann").to_json()
    expected = expected.replace("Noto Sans CJK", "Inter")
    named = everywhere(Project(theme=THEME), name, {"style": "title", "color": name})
    from_row = everywhere(Project(theme=THEME), "{{ colour }}", {"style": "{{ style }}", "color": "{{ colour }}"})
    row = {"name": "Ann", "colour": name, "style": "title"}
    assert named.render(name="Ann").to_json() == expected
    assert from_row.render(row).to_json() == expected
    for template in (named, from_row):
        plan = template.compile()
        assert plan.render_json(row).decode() == expected
        assert plan.slow_rows == 0


def test_a_constant_name_is_part_of_what_a_plan_keeps():
    plan = Project(theme=THEME).scene().text("{{ name }}", style="title", background="navy").compile()
    assert re.findall(r"values\[(.*)\]", plan.source()) == ["'name'"]
    assert plan.render_json({"name": "Ann"}).count(NAVY.encode()) == 1


def test_a_scene_of_its_own_meets_the_theme_in_its_project():
    scene = Scene(background="brand").text("Hello", style="title", color="navy", tag="t")
    assert scene.find("t").fill == "navy"
    inside = Project(theme=THEME).scene(background="brand").text("Hello", style="title", color="navy", tag="t")
    assert Project(theme=THEME).add(scene).to_json() == inside.to_json()


@pytest.mark.parametrize("own", [{"style": "titel"}, {"color": "brnd"}, {"shadow": wire.Shadow(color="navi")}])
def test_a_name_that_the_theme_lacks_is_refused_where_the_theme_is_known_with_the_line_of_the_script(own):
    scene, line = Scene().text("Hello", **own), sys._getframe().f_lineno
    for meet in (Project(theme=THEME).add, Project(theme=THEME).with_scenes([]).add):
        with pytest.raises(BuildError, match="did you mean") as found:
            meet(scene)
        assert found.value.line == (__file__, line)
    with pytest.raises(BuildError, match="did you mean"):
        Project(theme=THEME).scene().text("Hello", **own)
    late = evolve(Project(theme=THEME), scenes=(scene,))
    with pytest.raises(BuildError, match="did you mean") as found:
        late.resolve()
    assert found.value.line == (__file__, line)


def test_an_edit_wins_over_the_style_even_where_it_gives_the_default():
    project = Project(theme=THEME).scene().text("Hello", style="title", tag="t")
    assert project.edit("t", fill="#ffffff").resolve().scenes[0].clips[0].fill == "#ffffff"
    larger = project.map(wire.Text, lambda clip: evolve(clip, font_size=clip.font_size + 2))
    assert larger.resolve().scenes[0].clips[0].font_size == 50
    restyled = project.edit("t", style="plate").resolve().scenes[0].clips[0]
    assert (restyled.font_size, restyled.background_color) == (48, NAVY)
    with pytest.raises(BuildError, match="style is 'plat'"):
        project.edit("t", style="plat")


def test_wire_clips_and_loaded_projects_are_left_as_they_are():
    clip = wire.Text(
        id="t", layer=1, left=0, top=0, width=9, height=9, text="Hi", fill="brand", font_size=9, font_family="Lato"
    )
    put = Project(theme=THEME).scene().put(clip)
    assert put.resolve().scenes[0].clips == (clip,)
    document = Project(theme=THEME).scene().text("Hello", style="title").to_dict()
    loaded = Project.load(document)
    assert loaded.theme is None
    assert loaded.to_dict() == document
    assert Project(theme=THEME).add(*loaded.scenes).to_dict() == document


def test_a_theme_is_a_value():
    again = pickle.loads(pickle.dumps(THEME))
    assert again == THEME
    assert hash(again) == hash(THEME)
    assert evolve(THEME, font_family="Lato") != THEME
    template = Project(theme=THEME).scene().text("{{ name }}", style="title", color="{{ colour }}")
    plan = pickle.loads(pickle.dumps(template.compile()))
    row = {"name": "Ann", "colour": "navy"}
    assert plan.render_json(row) == template.render(row).to_json().encode()


TOML = """
font_family = "Inter"

[colors]
brand = "#e4002b"
navy = "rgb(0, 31, 63)"

[text.title]
font_size = 72
bold = true
color = "brand"
align = "center"

[text.plate]
background = "navy"
stroke = "gold"
stroke_width = 2
italic = true
underline = true
"""


def test_a_theme_is_loaded_from_toml(tmp_path):
    path = tmp_path / "brand.toml"
    path.write_text(TOML, encoding="utf-8")
    assert Theme.load(path) == Theme.load(str(path)) == THEME


def test_a_css_name_of_the_theme_is_kept_in_the_form_that_a_background_takes():
    theme = Theme(colors={"brand": " RebeccaPurple ", "none": "transparent", "glass": "#FFF8"})
    assert theme.colors == {"brand": "#663399", "none": "#00000000", "glass": "#FFF8"}
    scene = Project(theme=theme).scene(background="brand").resolve().scenes[0]
    assert (scene.clips[0].fill, scene.background.source_color) == ("#663399", "rgb(102,51,153)")


def test_a_style_has_a_word_for_each_word_of_text_about_letters():
    assert [attribute.name for attribute in fields(TextStyle)] == list(WORDS)


def test_a_style_says_which_words_belong_to_the_verb():
    with pytest.raises(BuildError, match=r"only the verb \.text takes 'fit'"):
        TextStyle(fit=(400, 200))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff", "is not text in UTF-8"),
        (b"brand = =", "is not TOML: .*line 1"),
        (b"[text.title]\nbold = True", "is not TOML: .*line 2.*\n  hint: .*bold = true"),
        (b"a = " + b"[" * 50_000, "is not TOML"),
        (b"text = 5", "text: must be a table"),
        (b"[text]\ntitle = 5", "text.title: must be a table"),
        (b"[colors]\nbrand = '{{ colour }}'", "a theme holds no templates"),
        (b"font_family = '{{ font }}'", "a theme holds no templates"),
        (b"[text.title]\nfont_size = 2026-01-01", "font_size must be a number"),
        (b"[text.title]\nfont-size = 9", "did you mean 'font_size'"),
        (b"[text.title]\nmin_font_size = 40", "only the verb .text takes 'min_font_size'"),
        (b"[text.title]\ncolor = 'brnd'\n[colors]\nbrand = 'red'", "did you mean 'brand'"),
    ],
)
def test_a_file_that_is_no_theme_is_refused_with_its_name(tmp_path, content, words):
    path = tmp_path / "brand.toml"
    path.write_bytes(content)
    with pytest.raises(LoadError, match=f"(?s){re.escape(str(path))}.*{words}"):
        Theme.load(path)
