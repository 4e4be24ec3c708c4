"""Text is measured and wrapped as Fabric.js does it in Chromium, on cases measured there."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import BuildError, Project
from aistudios_dsl.layout import text as layout

DATA = Path(__file__).parent / "data"
MEASURED = json.loads((DATA / "text_cases.json").read_text(encoding="utf-8"))
CASES = [MEASURED["meta"]["defaults"] | case for case in MEASURED["cases"]]
WRAPPED = json.loads(gzip.decompress((DATA / "wrap_cases.json.gz").read_bytes()))["cases"]
NOT_ON_THE_WIRE = {"charSpacing", "lineHeight"}
WORDS = st.text(alphabet="abcAVTo .,éŁΩж한글漢字かな、。“”- ", max_size=60)


def is_bold(case):
    return layout.is_bold(int(case["weight"]) if str(case["weight"]).isdigit() else case["weight"])


def expressible(case):
    """Whether the payload can say it; "Noto Sans CJK" alone was no installed family where the cases were measured."""
    if case["family"] == "Noto Sans CJK":
        return False
    return not any(
        case.get(name, MEASURED["meta"]["defaults"].get(name)) != MEASURED["meta"]["defaults"].get(name)
        for name in NOT_ON_THE_WIRE
    )


def measured(case):
    size, bold, family = case["size"], is_bold(case), case["family"]
    if case["cls"] == "Textbox":
        return layout.wrap(
            case["text"], size, case["wrap"], bold=bold, family=family, by_grapheme=bool(case.get("splitByGrapheme"))
        )
    return layout.measure(case["text"], size, bold=bold, family=family)


INSIDE = [case for case in CASES if expressible(case) and not measured(case).estimated]
OUTSIDE = [case for case in CASES if expressible(case) and measured(case).estimated]


@pytest.mark.parametrize("case", INSIDE, ids=lambda case: f"{case['id']}-{case['script']}")
def test_inside_the_font_sizes_and_lines_are_those_of_the_canvas(case):
    box = measured(case)
    assert box.width == pytest.approx(case["width"], abs=0.01)
    assert box.height == pytest.approx(case["height"], abs=0.01)
    if case["cls"] == "Textbox":
        assert list(box.lines) == case["lines"]


def test_most_measured_cases_are_inside_the_font():
    assert len(INSIDE) >= 60
    assert {case["script"] for case in OUTSIDE} <= {
        "accented",
        "emoji",
        "arabic",
        "hebrew",
        "devanagari",
        "thai",
        "family",
    }


@pytest.mark.parametrize("case", OUTSIDE, ids=lambda case: f"{case['id']}-{case['script']}")
def test_outside_the_font_the_estimate_is_within_a_quarter_and_the_height_exact(case):
    box = measured(case)
    assert box.width == pytest.approx(case["width"], rel=0.25)
    assert box.height == pytest.approx(case["height"], abs=0.01)


def test_random_wrapped_texts_break_as_on_the_canvas():
    total, breaks, heights = Counter(), Counter(), Counter()
    for case in WRAPPED:
        box = layout.wrap(case["text"], case["size"], case["wrap"], bold=is_bold(case), by_grapheme=bool(case.get("g")))
        total[case["script"]] += 1
        breaks[case["script"]] += [len(line) for line in box.lines] == case["v5"]["breaks"]
        heights[case["script"]] += abs(box.height - case["v5"]["height"]) < 0.01
    assert len(total) == 8
    assert {script: breaks[script] / total[script] for script in total if breaks[script] < 0.98 * total[script]} == {}
    assert heights == total


@settings(max_examples=150)
@given(WORDS, st.integers(6, 120), st.integers(20, 900))
def test_wrapped_lines_give_the_text_back(text, size, width):
    lines = layout.wrap(text, size, width).lines
    assert "".join("".join(lines).split()) == "".join(text.replace("\r", " ").split())


@settings(max_examples=80)
@given(WORDS.filter(str.strip), st.integers(30, 90), st.integers(150, 900), st.integers(40, 500))
def test_fit_takes_the_largest_size_that_fits(text, points, width, height):
    try:
        size, box = layout.fit(text, point_size=points, minimum=6, width=width, height=height)
    except BuildError:
        over = layout.wrap(text, 8, width)
        assert over.width > width or over.height > height
        return
    assert box.width <= width
    assert box.height <= height
    if size < points:
        larger = layout.wrap(text, (size + 1) * 4 / 3, width)
        assert larger.width > width or larger.height > height


@settings(max_examples=60)
@given(WORDS, st.integers(1, 200))
def test_width_and_height_are_linear_in_size(text, size):
    one, other = layout.measure(text, 1), layout.measure(text, size)
    assert other.height == pytest.approx(one.height * size)
    if text.strip():
        assert other.width == pytest.approx(one.width * size)


def test_a_run_of_cjk_letters_is_broken_where_the_box_ends():
    box = layout.wrap("吾輩は猫である。名前はまだ無い。", 40, 210)
    assert "".join(box.lines) == "吾輩は猫である。名前はまだ無い。"
    assert max(box.line_widths) <= 210
    assert len(box.lines) >= 3
    assert box.width == 210


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layout.measure("x", 0), "font size is 0"),
        (lambda: layout.measure("x", float("inf")), "font size is inf"),
        (lambda: layout.wrap("x", 10, -5), "width is -5"),
        (lambda: layout.fit("word", point_size=20, minimum=12, width=9, height=99), "does not fit 9 x 99 px at 12 pt"),
    ],
)
def test_bad_sizes_are_refused(call, message):
    with pytest.raises(BuildError, match=message):
        call()


def clip(**more):
    return Project().scene().text("Hello, World!", **more).to_dict()["scenes"][0]["clips"][0]


def test_the_verb_measures_in_points_and_rounds_the_width_up():
    assert clip(font_size=9)["width"] == 72.56
    assert clip(font_size=9)["height"] == pytest.approx(13.56)


def test_the_verb_writes_the_breaks_it_found():
    assert clip(width=200)["text"] == "Hello,\nWorld!"
    assert clip(width=200)["width"] == 200


def test_the_verb_fits_a_text_into_its_box():
    fitted = clip(font_size=96, fit=(400, 100), at="top left")
    assert fitted["fontSize"] == 49
    assert fitted["width"] == 400
    with pytest.raises(BuildError, match=r"clips\[0\] \(text\).*: the text does not fit 20 x 20 px at 12 pt"):
        clip(fit=(20, 20))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"width": 5}, "width is 5 px, but its letter 'W' alone is"),
        ({"width": 0}, "width is 0"),
        ({"width": "12 %%"}, "width is '12 %%'"),
        ({"fit": (300,)}, "fit of a text must be a box"),
        ({"fit": (300, 100), "width": 5}, "give fit=, or width= and height=, not both"),
        ({"fit": (300, 100), "min_font_size": 60}, "min_font_size 60 is above font_size 48"),
        ({"fit": (float("inf"), 100)}, "fit width is inf"),
        ({"font_size": 0}, "font_size is 0"),
        ({"font_size": -4}, "font_size is -4"),
    ],
)
def test_the_verb_refuses_what_no_box_can_hold(asked, message):
    with pytest.raises(BuildError) as caught:
        clip(**asked)
    assert message in str(caught.value)


def test_an_estimate_is_never_silent():
    project = Project().scene().text("Hello").text("مرحبا").text("Hello", font_family="Comic Sans")
    assert project.estimates() == {"scenes[0].clips[1]": "مرحبا", "scenes[0].clips[2]": "Helo"}


LETTERS = st.text("abc AV To.\n漢字かな 한국", min_size=1, max_size=60)


@given(LETTERS, st.floats(80, 900), st.floats(30, 500), st.booleans())
def test_fit_takes_the_first_size_from_above_that_fits(text, width, height, bold):
    """Sizes are passed over only where wrapping them would show that they do not fit."""

    def fits(points):
        box = layout.wrap(text, points * layout.POINT, width, bold=bold)
        return (
            max(box.width, layout.widest_letter(text, points * layout.POINT, bold)[1]) <= width and box.height <= height
        )

    first = next((points for points in range(72, 11, -1) if fits(points)), None)
    if first is None:
        with pytest.raises(BuildError, match="does not fit"):
            layout.fit(text, point_size=72, minimum=12, width=width, height=height, bold=bold)
    else:
        assert layout.fit(text, point_size=72, minimum=12, width=width, height=height, bold=bold)[0] == first
