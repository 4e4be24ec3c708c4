"""`check --stress`: the room of each text for the rows that are there, and for those that may come."""

import itertools
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from aistudios_dsl import Project, TextStyle, Theme, below, column, grid, row
from aistudios_dsl.build.scene import themed_scene
from aistudios_dsl.check.stress import AVERAGE, Stress, budgets
from aistudios_dsl.cli import main
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.sizes import POINT
from aistudios_dsl.layout.text import fit, measure, wrap


def strain(names, **place):
    project = Project().scene().text("{{ name }}", tag="t", **place)
    stress = Stress(project)
    for number, name in enumerate(names, 1):
        stress.add(number, {"name": name})
    [found] = stress.strains
    return found


def test_a_text_without_a_size_breaks_where_it_leaves_the_canvas():
    names = ["W" * count for count in (5, 40, 20, 30)]
    found = strain(names, font_size=48, at="top", margin=60)
    width = measure(names[1], 48 * POINT).width
    laid, *widest = found.widest
    assert laid.width == 1920 - 120
    assert (laid.left, *widest) == (pytest.approx(1800 - width), 2, 40)
    first = min(len(name) for name in names if measure(name, 48 * POINT).width > 1800)
    assert found.first == {"breaks": (first, names.index("W" * first) + 1)}


def test_a_text_of_a_width_wraps_and_breaks_at_a_long_word():
    names = ["Ann", "Maximilian Alexander von Hohenstein", "Rhabarberbarbara" * 4]
    found = strain(names, font_size=48, width=600)
    assert len(wrap(names[1], 48 * POINT, 600).lines) > 1
    assert found.first == {"wraps": (35, 2), "breaks": (64, 3)}
    assert found.widest[1] == 3


def test_a_fitted_text_shrinks_before_it_breaks():
    names = ["Ann", "Ann-Sophie Maximiliane", "Maximilian Alexander von und zu Hohenstein " * 8]
    found = strain(names, font_size=80, min_font_size=36, fit=(700, 130))
    points = fit(names[1], point_size=80, minimum=36, width=700, height=130)[0]
    assert points < 80
    with pytest.raises(BuildError):
        fit(names[2], point_size=80, minimum=36, width=700, height=130)
    assert found.first["shrinks"] == (22, 2)
    assert found.first["breaks"] == (len(names[2]), 3)
    assert found.points == 36


def test_a_box_breaks_where_its_lines_are_too_many():
    found = strain(["one", "one two three four five six seven eight nine"], font_size=48, width=300, height=100)
    assert found.first == {"wraps": (44, 2), "breaks": (44, 2)}


def test_a_row_that_does_not_show_a_text_or_cannot_fill_it_is_left_out():
    project = Project().scene(when="vip").text("{{ name }}").scene(each="n in names").text("{{ n }}")
    stress = Stress(project)
    for number, values in enumerate([{"vip": 0, "name": "a", "names": []}, {"vip": 1}, {"vip": 1, "name": None}], 1):
        stress.add(number, values)
    stress.add(4, {"vip": 1, "name": "abc", "names": ["x", "yz"]})
    assert [(each.rows, each.widest[1]) for each in stress.strains] == [(1, 4), (2, 4)]


def test_a_text_whose_size_waits_has_no_budget_but_rows_strain_it():
    project = Project().scene().text("fixed", tag="a").text("{{ x }}", width="{{ w }}", at=below("a", gap=9))
    assert list(budgets(project)) == []
    stress = Stress(project)
    stress.add(1, {"x": "one two three four five", "w": 300})
    [found] = stress.strains
    assert (found.widest[0].width, set(found.first)) == (300, {"wraps"})


THEME = Theme(text={"big": TextStyle(font_size=90, bold=True)})
CARD = column(gap=8, padding=30).text("{{ name }}", tag="n").text("{{ city }}", font_size=30)
PAIR = (
    row(gap=20, padding=(10, 0)).text("{{ name }}").text("{{ city }}", bold=True).shape("Square", fill="red", width=90)
)
TABLE = grid(3, gap=10).text("{{ name }}").text("fixed").text("{{ city }}", fit=(300, 90), min_font_size=20)
TEMPLATES = {
    "style": Project(theme=THEME).scene().text("{{ name }}", style="big", width=700),
    "style of a row": Project(theme=THEME).scene().text("{{ name }}", style="{{ style }}", fit=("40%", 300)),
    "balance": Project().scene().text("{{ name }}", width=700, balance=True, font_size=60),
    "exact": Project().scene().text("{{ name }}", fit=(500, 120), exact=True, font_size=60),
    "scale": Project().scene().text("{{ name }}", scale=2, font_size=60),
    "box": Project().scene().text("{{ name }}", width=500, height=200),
    "column": Project().scene().place(CARD, width=500),
    "column without width": Project().scene().place(CARD),
    "row": Project().scene().place(PAIR, width=800, margin=40),
    "row without width": Project().scene().place(PAIR, margin=40, at="top"),
    "grid": Project().scene().place(TABLE, width=1200),
    "nested": Project().scene().place(column(gap=4).place(PAIR, width="50%").text("{{ city }}"), width=1500),
    "repeated": Project().scene().place(CARD, width=600, each="name in names", when="loop.index != 2"),
    "condition": Project().scene().text("{{ name }}", width=500, when="name|length > 9").text("{{ city }}"),
    "beside": Project().scene().text("Hi", tag="a").text("{{ name }}", at=below("a"), width="30%"),
}
NAMES = [
    "Ann",
    "Maximilian Alexander von und zu Hohenstein",
    "Rhabarberbarbara" * 3,
    "",
    "two\nlines",
    "W" * 60,
    "漢字" * 20,
]


def rendered_events(template, values):
    """What rendering does to the texts of a row; None where the row cannot be rendered for lack of room."""
    try:
        literal = template.render(values)
        document = literal.to_dict()
    except BuildError:
        return None
    found = set()
    for scene, wire in zip(literal.scenes, document["scenes"], strict=True):
        for item, clip in zip(themed_scene(scene, template.theme)._items, wire["clips"], strict=True):
            if clip["type"] == "textImage":
                found |= {"shrinks"} if clip["fontSize"] < item.clip.font_size else set()
                found |= {"wraps"} if clip["text"].count("\n") > item.clip.text.count("\n") else set()
    return found


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_rows_do_to_texts_is_what_rendering_them_does(name):
    template = TEMPLATES[name]
    for values in itertools.product(NAMES, NAMES[::-1], ["", "big"]):
        known = dict(zip(("name", "city", "style"), values, strict=True)) | {"names": [values[0], "x", values[1]]}
        stress = Stress(template)
        stress.add(1, known)
        told, found = set().union(*(each.first for each in stress.strains)), rendered_events(template, known)
        if found is None:
            assert "breaks" in told, known
        elif name != "box":
            assert told - {"breaks"} == found, known
        else:  # The editor breaks its lines.
            assert found == set()


@pytest.mark.parametrize("name", ["style", "balance", "exact", "scale", "column", "row", "grid", "beside"])
def test_a_budget_is_kept_by_rendering_and_spent_by_a_letter_more(name):
    template = TEMPLATES[name]
    for budget in budgets(template):
        [variable] = budget.variables
        for event in budget.letters.keys() & {"shrinks", "wraps"}:
            assert budget.letters[event] < 400

            def events(letters, variable=variable):
                words = " ".join(re.findall(".{1,6}", (AVERAGE * 11)[:letters]))
                # The texts of other variables have those as their words, as in a preview.
                others = {name: f"{{{{\u00a0{name}\u00a0}}}}" for name in ("name", "city")}
                return rendered_events(template, others | {variable: words})

            within, beyond = events(budget.letters[event]), events(budget.letters[event] + 1)
            assert event not in within
            assert beyond is None or event in beyond


def test_a_budget_is_the_last_number_of_letters_before_the_event():
    project = Project().scene().text("Dear {{ name }}", font_size=48, at="top", margin=60)
    [budget] = budgets(project)
    letters = budget.letters["breaks"]
    text = "Dear " + AVERAGE * 10

    def width(count):
        return measure(text[: 5 + count], 48 * POINT).width

    assert width(letters) <= 1800 < width(letters + 1)
    assert (budget.variables, budget.points, set(budget.letters)) == (("name",), 48, {"breaks"})


def test_a_text_whose_filters_take_no_letters_has_no_budget():
    assert list(budgets(Project().scene().text("{{ '%.2f'|format(price) }}"))) == []


def test_average_letters_are_as_wide_as_english():
    english = (Path(__file__).parent.parent / "docs" / "security.md").read_text(encoding="utf-8")
    letters = "".join(letter for letter in english.lower() if "a" <= letter <= "z")
    ours = measure(AVERAGE, 100).width / len(AVERAGE)
    assert ours == pytest.approx(measure(letters, 100).width / len(letters), rel=0.03)


SCRIPT = """
from aistudios_dsl import Project
project = Project().scene().text("{{ name }}, {{ city }}", font_size=96, tag="who", at="top", margin=60)
"""


def test_the_command_tells_budgets_without_rows_and_strains_with_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.py").write_text(SCRIPT, encoding="utf-8")
    Path("rows.csv").write_text("name,city\nAnn,Bonn\n" + "W" * 40 + ",Rome\n,\n", encoding="utf-8")

    def run(*args):
        return CliRunner().invoke(main, ["check", "t.py", "--stress", *args])

    plain = run()
    assert "scenes[0].clips[0].text (tag 'who')\n  city, name: up to " in plain.stdout
    assert " average letters together at 96 pt, then it breaks" in plain.stdout
    found = run("--data", "rows.csv")
    assert (
        "scenes[0].clips[0].text (tag 'who'): 96 pt in 1800 x 1080 px\n  widest   row 2, 46 letters: is "
        in found.stdout
    )
    assert "  breaks   row 2, 46 letters\n" in found.stdout
    assert "every column is empty" in found.stdout
    report = json.loads(run("--data", "rows.csv", "--json").stdout)["stress"]
    assert [(one["path"], one["breaks"], one["shrinks"]) for one in report] == [
        ("scenes[0].clips[0].text", {"letters": 46, "row": 2}, None)
    ]
    assert json.loads(run("--json").stdout)["stress"][0]["variables"] == ["city", "name"]
    Path("p.jsonl").write_text("{}\n", encoding="utf-8")
    assert "--stress needs a template" in CliRunner().invoke(main, ["check", "p.jsonl", "--stress"]).stderr
