"""A loaded text whose box is the canvas's measure of its words gets the canvas's box for its new words."""

import math
import struct

import pytest

from aistudios_dsl import Project
from aistudios_dsl.build.measured import Measure, measure_of
from aistudios_dsl.layout import text as layout
from aistudios_dsl.wire.jsontext import canonical
from tests.test_text import INSIDE, WRAPPED, is_bold

NEAR = pytest.approx


def document(text, size, width, height, bold=False, **more):
    """A project with one text of `size` px in this box, as the canvas writes it."""
    clip = {"id": "t", "type": "textImage", "layer": 1, "text": text, "fill": "#fff", "fontSize": size * 0.75}
    clip |= {"fontWeight": 700 if bold else "", "left": 100, "top": 50, "width": width, "height": height}
    return {"scenes": [{"background": {}, "clips": [clip | {"scaleX": 1, "scaleY": 1} | more], "sceneIdx": 0}]}


def after_edit(found, words):
    return Project.load(found, template=False).edit("t", text=words)


def after_render(found, words):
    """The box of a template is that of its braces, which the editor takes for words."""
    template = Project.load(found)
    rendered = template.render(words=words)
    assert template.compile().render_json({"words": words}) == rendered.to_json().encode()
    return rendered


WAYS = [(after_edit, "Some other words"), (after_render, "{{ words }}")]
ROUNDINGS = {
    "not": float,
    "to 0.01": lambda width: round(width, 2),
    "down to 0.05": lambda width: math.floor(width * 20) / 20,
    "to single precision": lambda width: struct.unpack("f", struct.pack("f", width))[0],
}


def cases(old):
    """Yield the size and weight of each measured case, the box of the old words, and the canvas's box for its own."""
    for case in INSIDE:
        if case["cls"] == "Text":
            box = layout.measure(old, case["size"], bold=is_bold(case))
            yield case, box, (case["width"], case["height"]), {}
    for case in WRAPPED:
        by_grapheme = bool(case.get("g"))
        box = layout.wrap(old, case["size"], case["wrap"], bold=is_bold(case), by_grapheme=by_grapheme)
        # The canvas keeps a box that a long word has widened, so the next words are wrapped at another width.
        if box.width == case["wrap"]:
            yield case, box, (case["v5"]["width"], case["v5"]["height"]), {"splitByGrapheme": by_grapheme}


@pytest.mark.parametrize(("after", "old"), WAYS)
@pytest.mark.parametrize("rounded", ROUNDINGS.values(), ids=ROUNDINGS)
def test_at_least_995_of_1000_texts_get_the_box_of_the_canvas_for_their_new_words(after, old, rounded):
    wrong, count = [], 0
    for case, box, expected, more in cases(old):
        count += 1
        found = document(old, case["size"], rounded(box.width), rounded(box.height), is_bold(case), **more)
        clip = after(found, case["text"]).find("t")
        if (clip.width, clip.height) != (NEAR(expected[0], abs=0.05), NEAR(expected[1], abs=0.05)):
            wrong.append((case["text"], clip.width, clip.height, expected))
    assert count > 700
    assert len(wrong) <= 0.005 * count, wrong


def test_every_box_of_the_canvas_is_recognised():
    missed = []
    for case in [*INSIDE, *({**case, **case[version]} for case in WRAPPED for version in ("v5", "v6"))]:
        found = document(case["text"], case["size"], case["width"], case["height"], is_bold(case))
        if measure_of(Project.load(found, template=False).find("t")) is None:
            missed.append(case)
    assert missed == []


@pytest.mark.parametrize(
    ("text", "width", "height", "way"),
    [
        ("Hello", 157.184, 72.32, Measure()),
        ("Hello", 157.23, 72.27, Measure()),
        ("Hello", 157.3, 72.32, Measure(157.3)),
        ("Hello", 157.1, 72.32, None),
        ("Hello", 157.184, 72.5, None),
        ("Hello", 0, 72.32, None),
        ("Hello", 500, 200, None),
        ("one two three", 300, 156.2112, Measure(300, by_grapheme=False)),
        ("one\ntwo three", 300, 156.2112, Measure(300)),
        ("漢字かな漢字", 200, 156.2112, Measure(200, by_grapheme=True)),
        ("", 2, 72.32, Measure()),
    ],
)
def test_a_box_says_how_it_was_measured(text, width, height, way):
    assert measure_of(Project.load(document(text, 64, width, height)).find("t")) == way


@pytest.mark.parametrize(
    ("old", "new", "box"),
    [
        ({"charSpacing": 100}, "Hello you", (157.184, 72.32)),
        ({"charSpacing": 0, "lineHeight": 1.16}, "Hello\nyou", (157.19, 156.2112)),
        ({"lineHeight": 2}, "Hello\nyou", (157.19, 216.96)),
        ({"scaleX": 2, "scaleY": 2}, "Hello\nyou", (157.19, 156.2112)),
    ],
)
def test_keys_of_the_canvas_that_set_letters_and_lines_apart_count(old, new, box):
    clip = after_edit(document("Hello", 64, 157.184, 72.32, **old), new).find("t")
    assert (clip.width, clip.height) == (NEAR(box[0]), NEAR(box[1]))


def test_wrapped_words_are_wrapped_again_and_their_breaks_written():
    found = document("one two three", 64, 300, 156.2112)
    edited = Project.load(found).edit("t", text="four five six seven").find("t")
    assert (edited.text, edited.width, edited.height) == ("four five\nsix seven", 300, 156.2112)
    template = Project.load(found).edit("t", text="{{ a }} and {{ b }}")
    assert template.find("t").text == "{{ a }} and {{ b }}"
    assert template.render(a="four five", b="six").find("t").text == "four five\nand six"


def test_a_word_wider_than_its_box_widens_it_about_the_aligned_edge():
    found = document("one two three", 64, 300, 156.2112, align="right")
    old, new = Project.load(found).find("t"), Project.load(found).edit("t", text="Donaudampfschiff").find("t")
    assert new.width > old.width
    assert new.left + new.width == NEAR(old.left + old.width)


def test_letters_that_the_font_lacks_are_scaled_as_the_canvas_drew_them():
    word = "مرحبا"
    own = layout.measure(word, 64).width
    found = document(word, 64, own * 1.2, 72.32)
    twice = Project.load(found).edit("t", text=f"{word}\n{word}").find("t")
    assert twice.width == NEAR(own * 1.2, abs=0.02)
    assert Project.load(found).edit("t", text="Hello").find("t").width == 157.19


def test_a_row_that_gives_the_braces_themselves_changes_nothing():
    found = document("{{ words }}", 64, layout.measure("{{ words }}", 64).width, 72.32)
    assert after_render(found, "{{ words }}").to_json() == canonical(found)


def codes(project):
    return [finding.code for finding in project.check() if finding.code == "text-in-old-box"]


def test_a_text_with_new_words_in_its_old_box_is_found_until_it_gets_another():
    found = document("Hello", 64, 500, 200)
    project = Project.load(found)
    edited = project.edit("t", text="Bye")
    assert codes(project) == []
    for changed in (edited, edited.edit("t", id="u"), edited.edit("t", fill="#f00")):
        assert codes(changed) == ["text-in-old-box"]
    assert codes(edited.edit("t", height=72.32)) == codes(edited.edit("t", width=600)) == []
    assert codes(Project.load(document("Hello", 64, 157.184, 72.32)).edit("t", text="Bye")) == []


def test_a_template_in_an_old_box_is_found_before_and_after_it_is_rendered():
    project = Project.load(document("Hi {{ name }}", 64, 500, 200))
    assert codes(project) == codes(project.render(name="Ann")) == ["text-in-old-box"]
    assert project.compile().of_script({"name": "Ann"})["asked"][0][0].in_old_box
