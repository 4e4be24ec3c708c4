"""Text is measured and wrapped as Fabric.js does it in Chromium, on cases measured there."""

import gzip
import json
import subprocess
import sys
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import BuildError, Project
from aistudios_dsl.layout import line_breaks, metrics
from aistudios_dsl.layout import text as layout
from tests.tools import text_error_table

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


# what the font lacks


def test_what_is_not_marked_is_within_a_five_thousandth_in_every_script():
    known = 0
    for case in text_error_table.cases():
        box = layout.measure(case["text"], case["size"], bold=case["weight"] >= 600)
        if "wrap" not in case and not box.estimated:
            known += 1
            assert box.width == pytest.approx(case["width"], rel=2e-4), case
    assert known > 400


def test_what_is_not_marked_breaks_as_on_the_canvas():
    for case in (case for case in text_error_table.cases() if "wrap" in case):
        box = layout.wrap(case["text"], case["size"], case["wrap"], bold=case["weight"] >= 600, by_grapheme=False)
        assert box.estimated or [len(line) for line in box.lines] == case["breaks"], case


@pytest.mark.parametrize(
    ("text", "width", "estimated"),
    [
        ("⭐⭐⭐⭐⭐ 4.9", 785, "⭐"),
        ("✅ Done", 393, "✅"),
        ("H₂O", 182, "₂"),
        ("1\ufe0f\u20e3", 125, "1\ufe0f\u20e3"),
        ("🇰🇷🇯🇵", 250, "🇰🇷🇯🇵"),
        ("👍🏽", 125, "👍🏽"),
        ("👨\u200d👩\u200d👧", 125, "👨\u200d👩\u200d👧"),
        ("☀", 100, ""),
        ("☀\ufe0f", 125, "☀\ufe0f"),
        ("a\u00adb", 118, ""),
        ("a\u2028b", 140.5, ""),
        ("a\x0bb", 140.5, ""),
        ("a\x85b", 118, ""),
    ],
)
def test_special_letters_are_as_wide_as_on_the_canvas(text, width, estimated):
    box = layout.measure(text, 100)
    assert box.width == pytest.approx(width, abs=0.5)
    assert box.estimated == estimated


def test_bold_narrow_spaces_have_their_half_units():
    assert layout.units("\u202f", bold=True) == 113.5


def test_a_letter_is_marked_exactly_if_the_font_has_no_glyph_for_it():
    assert [letter for letter in "Aé한漢あ。①℃★♥→•ﬁ𠀋" if metrics.is_estimated(letter)] == []
    assert "".join(letter for letter in "ąęłğşقกक⭐❤₂ⁿ🎉" if metrics.is_estimated(letter)) == "ąęłğşقกक⭐❤₂ⁿ🎉"


@pytest.mark.parametrize(
    ("family", "estimated"),
    [
        ("Noto Sans CJK JP", ""),
        ("'Noto Sans CJK KR'", ""),
        ("Noto Sans CJK SC", "“：”"),
        ("Noto Sans CJK TC", "“：”。"),
    ],
)
def test_a_regional_face_is_an_estimate_only_in_the_letters_that_differ(family, estimated):
    assert layout.estimated("“價格：100”。", family) == estimated


# line breaks

CJK = st.text(alphabet="漢字かなカナッャー々。、」』）！？「『（・…한글abc12iPhone", min_size=1, max_size=60)
NO_START = "。、」』）！？ーッャ々…・"
NO_END = "「『（"


@settings(max_examples=300)
@given(CJK, st.integers(200, 900))
def test_no_line_starts_with_a_closing_or_ends_with_an_opening_mark_where_the_box_leaves_a_choice(text, width):
    lines = layout.wrap(text, 48, width).lines
    assert "".join("".join(lines).split()) == "".join(text.split())
    ends = [0, *line_breaks.breaks(text), len(text)]
    wide = [(a, b) for a, b in pairwise(ends) if layout.units(text[a:b]) * 48 / 1000 > width]
    place = 0
    for before, after in pairwise(lines):
        place += len(before)
        no_choice = any(a < place < b for a, b in wide)
        assert no_choice or (after[0] not in NO_START and before[-1] not in NO_END), lines


@pytest.mark.parametrize(
    ("text", "size", "width", "lines"),
    [
        ("「水」と火。", 100, 320, ("「水」", "と火。")),
        ("iPhone15を使う", 40, 200, ("iPhone15", "を使う")),
        ("ちょっとまって", 100, 310, None),
        ("co-operation", 48, 200, ("co-", "operation")),
        ("https://a.example/b/c", 48, 300, None),
        ("Oui, bonjour !", 48, 280, ("Oui,", "bonjour !")),
        ("supercalifragilistic", 48, 200, ("supercalifragilistic",)),
    ],
)
def test_a_word_wider_than_its_box_is_broken_as_a_typesetter_would(text, size, width, lines):
    found = layout.wrap(text, size, width).lines
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    if lines is not None:
        assert found == lines
    else:
        assert len(found) > 1
        assert all(line[0] not in "ょっ/" for line in found)


def test_balanced_lines_are_as_many_and_about_equally_long():
    text = "The quick brown fox jumps over the lazy dog and then it rests"
    greedy, balanced = (layout.wrap(text, 48, 900, balance=balance) for balance in (False, True))
    assert len(balanced.lines) == len(greedy.lines)
    spread = [max(box.line_widths) - min(box.line_widths) for box in (greedy, balanced)]
    assert spread[1] < spread[0]
    assert balanced.width == greedy.width == 900


def test_the_verb_balances_and_refuses_to_where_nothing_is_wrapped():
    text = "one two three four"
    assert clip_of_text(text, width=360, balance=True)["text"] == "one two\nthree four"
    assert clip_of_text(text, fit=(360, 200), balance=True)["text"].count("\n") == 1
    for asked in ({}, {"width": 300, "height": 100}):
        with pytest.raises(BuildError, match="balance= is for lines that are wrapped"):
            clip_of_text(text, balance=True, **asked)
    with pytest.raises(BuildError, match="balance must be True or False"):
        clip_of_text(text, width=300, balance="yes")


def test_a_word_wider_than_the_width_it_is_wrapped_to_is_a_finding():
    words = "the supercalifragilistic word"
    project = Project().scene().text(words, width=300, at="center", tag="t")
    [finding] = project.check()
    assert finding.code == "word-too-wide"
    assert finding.message == "its word 'supercalifragilistic' is 544 px wide, but width is 300 px"
    assert Project.load(project.to_dict()).check() == []
    assert Project().scene().text(words, width=600, at="center").check() == []


def clip_of_text(text, **more):
    return Project().scene().text(text, **more).to_dict()["scenes"][0]["clips"][0]


@settings(max_examples=500)
@given(
    st.text(
        alphabet="abc1 2%$-/.,日本ッャー。「」（）“”’한글กข👍🏽🇰🇷\u200b\u2060\u00a0\u3000\u0301\u200dא".replace(
            " ", ""
        ),
        max_size=12,
    )
)
def test_places_for_breaks_are_those_of_another_implementation_of_uax_14(word):
    uniseg = pytest.importorskip("uniseg.linebreak", reason="the extra `test` is not installed")
    theirs = tuple(place for place in uniseg.line_break_boundaries(word) if 0 < place < len(word))
    # uniseg overlooks that LB21a of Unicode 16 spares wide letters such as U+3000.
    assert line_breaks.breaks(word) == theirs or ("א" in word and "\u3000" in word)


def test_phrases_are_those_of_budoux():
    budoux = pytest.importorskip("budoux", reason="the extra `cjk` is not installed")
    for text, parser in (
        ("今日はとても天気がいいので散歩に行きました。", budoux.load_default_japanese_parser()),
        ("今天是晴天，我们去公园散步吧。", budoux.load_default_simplified_chinese_parser()),
        ("วันนี้อากาศดีมากเราไปเดินเล่นกัน", budoux.load_default_thai_parser()),
    ):
        ends = line_breaks.phrase_ends(text)
        phrases = parser.parse(text)
        theirs = [sum(map(len, phrases[:count])) for count in range(1, len(phrases))]
        assert [place for place in range(1, len(text)) if ends(place)] == theirs


def test_japanese_is_broken_between_phrases_where_they_fit():
    pytest.importorskip("budoux", reason="the extra `cjk` is not installed")
    lines = layout.wrap("今日はとても天気がいいので散歩に行きました。", 64, 500).lines
    assert lines == ("今日はとても", "天気がいいので", "散歩に行きました。") or all(len(line) <= 7 for line in lines)


def test_without_budoux_lines_are_filled_and_thai_is_kept_whole(monkeypatch):
    monkeypatch.setattr(line_breaks, "_model", lambda name: None)
    monkeypatch.setattr(layout, "_word_of", layout._Word)  # which keeps no words that had phrases
    lines = layout.wrap("今日はとても天気がいいので散歩に行きました。", 64, 500).lines
    assert len(lines[0]) == 7
    assert layout.wrap("วันนี้อากาศดีมากเราไปเดินเล่นกัน", 64, 300).lines == ("วันนี้อากาศดีมากเราไปเดินเล่นกัน",)


def test_fitting_a_long_word_cuts_it_into_letters_once_for_all_sizes(monkeypatch):
    cut, tried, wrap = [], [], layout.wrap
    monkeypatch.setattr(layout, "_word_of", lru_cache(lambda *word: cut.append(word) or layout._Word(*word)))
    monkeypatch.setattr(layout, "wrap", lambda *args, **how: tried.append(args) or wrap(*args, **how))
    layout.fit("長い文章を折り返します。" * 30, point_size=96, minimum=12, width=700, height=400)
    assert len(cut) == 1 < len(tried)


def test_plain_latin_loads_no_table_but_the_one_of_the_font():
    script = (
        "import sys; from aistudios_dsl.layout import metrics, line_breaks, text\n"
        "text.wrap('one two three (four)', 48, 200); text.measure('Hello', 48, bold=True)\n"
        "print(metrics._coverage.cache_info().misses, line_breaks._table.cache_info().misses)\n"
        "print({'uniseg', 'budoux', 'uharfbuzz', 'fontTools'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout
    assert ran == "0 0\nset()\n"


def test_the_bundled_data_stays_small():
    data = Path(metrics.__file__).parent / "data"
    assert sum(file.stat().st_size for file in data.iterdir()) < 100_000
