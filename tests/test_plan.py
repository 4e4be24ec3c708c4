"""A compiled template: the bytes of the slow path for every row, its errors, and no more memory or state than a row."""

import ast
import io
import json
import os
import pickle
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import Avatar, DslError, Project, TemplateError, above, below, right_of, wire
from aistudios_dsl.build.drafts import Draft
from tests.tools import fuzz_plan


def upper(environment):
    environment.filters["loud"] = str.upper


def rich():
    """Something of everything that a row can change."""
    return (
        Project("For {{ name }}", webhook_url="https://x.example/{{ name|urlencode }}", environment=upper)
        .scene(background="{{ background }}")
        .avatar("M000045058", say="Hello {{ name }},\n\nwelcome to {{ city }}.")
        .say("<p>{{ name }} & {{ city|loud }}</p>", html=True)
        .text("{{ name }}", tag="name", at="top", margin=40, color="{{ colour }}")
        .text("of {{ city }}", at=below("name", gap=8), fit=("50%", 200))
        .shape("Square", fill="#fff", width=50, height=9, at=above("name"))
        .scene(each="line in lines", when="line != name")
        .text("{{ line }}: {{ name }}", width=700, angle=30)
        .scene(when="vip")
        .image("https://x.example/{{ city }}.png", width="{{ size }}%", height=90, at="{{ at }}", tag="{{ name }}")
    )


ROW = {
    "name": "Ann",
    "city": 'Bonn "am" Rhein & <co>',
    "background": "#102030",
    "colour": "navy",
    "lines": ["one", "two\nlines"],
    "vip": True,
    "size": 50,
    "at": "top left",
}


def slow(template, row):
    return template.render(row).to_json().encode()


def refused(work, row):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        work(row)
    fault = caught.value
    return type(fault), str(fault), getattr(fault, "path", ""), getattr(fault, "hint", "")


VARIANTS = [
    {},
    {"name": "</script>\u2028\\"},
    {"name": "  edges  "},
    {"city": "a\r\n\r\nb"},
    {"city": ""},
    {"name": "{{ city }}"},
    {"name": "👩‍👩‍👧 漢字 e\u0301"},
    {"name": 7, "city": "2.5", "size": 2.5},
    {"name": True, "lines": []},
    {"lines": [1, {"a": 0}]},
    {"vip": "false"},
    {"background": "https://x.example/a.png"},
    {"background": "hsl(210, 50%, 13%)"},
    {"at": "center", "size": "12.5"},
    {"lines": ("Ann", "Bob")},
    {"unused": object(), None: "x"},
]


@pytest.mark.parametrize("change", VARIANTS)
def test_a_row_gives_the_bytes_of_the_slow_path_without_taking_it(change):
    template = rich()
    plan = template.compile()
    assert plan.render_json(ROW | change) == slow(template, ROW | change)
    assert plan.slow_rows == 0


FAULTS = [
    {"name": None},
    {"name": float("nan")},
    {"lines": [1, {"a": None}]},
    {"name": "\ud800"},
    {"colour": "no colour"},
    {"background": ""},
    {"background": "rgb(1"},
    {"at": "nowhere"},
    {"size": -1},
    {"vip": "perhaps"},
    {"lines": 5},
    {"city": "W" * 3000},
]


@pytest.mark.parametrize("change", FAULTS)
def test_a_row_that_cannot_be_rendered_raises_the_error_of_the_slow_path(change):
    template = rich()
    plan = template.compile()
    row = ROW | change
    assert refused(plan.render_json, row) == refused(lambda row: slow(template, row), row)
    assert plan.slow_rows == 1
    assert plan.render_json(ROW) == slow(template, ROW)


@pytest.mark.parametrize("row", [None, {}, [("name", "Ann")], 5, {"nmae": "Ann"}])
def test_a_row_that_lacks_names_or_is_none_raises_the_error_of_the_slow_path(row):
    template = rich()
    assert refused(template.compile().render_json, row) == refused(lambda row: slow(template, row), row)


def test_a_slice_of_the_fuzz_campaign_finds_no_difference():
    counted = fuzz_plan.campaign(1200, "suite")
    assert counted["equal bytes"] >= 0.7 * counted["pairs"]
    assert counted["equal bytes"] + counted["equal errors"] == counted["pairs"]


def features(template):
    """What a template of the campaign has of what plans can write."""
    yield from {type(clip).__name__ for clip in template._clips()}
    yield from (
        name
        for name in ("theme", "environment", "dictionary", "extra", "webhook_url", "locale")
        if getattr(template, name)
    )
    yield from ["fonts"] if template.fonts else []
    yield from ["loaded"] if template._loaded else []
    for scene in template.scenes:
        yield from ["html"] if any(line.html for line in scene._lines) else []
        yield from (f"scene {name}" for name in ("when", "each", "extra") if getattr(scene, name))
        for group in scene._groups:
            yield from (
                group.flow.kind,
                *(f"group {name}" for name in ("when", "each", "width") if getattr(group, name)),
            )
        for item in scene._items:
            if isinstance(item, Draft):
                yield from ["edited"] if item.is_loaded else []
                yield from (f"clip {name}" for name in ("when", "each") if getattr(item, name))
                yield type(item.place.at).__name__
                yield from (name for name in PLACES if getattr(item.place, name))


PLACES = ["fit", "balance", "scale", "width", "height", "style", "margin", "framing"]
FEATURES = {
    *("Text", "AvatarClip", "Image", "Video", "Audio", "Shape", "UnknownClip", "loaded", "edited", "html", *PLACES),
    *("theme", "environment", "dictionary", "extra", "webhook_url", "locale"),
    *("scene when", "scene each", "scene extra"),
    *("row", "column", "grid", "group when", "group each", "group width", "clip when", "clip each"),
    *("Beside", "Inside", "Around", "tuple", "str", "NoneType"),
}


@pytest.mark.parametrize(("more", "rendered"), [("", ""), (" of {{ name }}", " of Ann")])
@pytest.mark.parametrize("text", ["{% raw %}{{ x }}{% endraw %}", "{%- raw -%}  {{ x }}{% endraw %}"])
def test_braces_between_raw_tags_are_text_and_the_tags_are_gone(text, more, rendered):
    template = Project().scene().text(text + more).scene(when="vip").text("{{ name }}")
    found = template.compile().render_json(ROW)
    assert found == slow(template, ROW)
    assert json.loads(found)["scenes"][0]["clips"][0]["text"] == "{{ x }}" + rendered


def test_each_feature_is_in_many_valid_pairs_of_the_campaign():
    found = Counter()
    for number in range(1, 301):
        maker = fuzz_plan.Maker(f"suite/{number}")
        template = maker.template()
        if fuzz_plan.outcome(lambda: slow(template, maker.row())).valid:  # noqa: B023
            found.update(set(features(template)))
    wanted = FEATURES | ({"fonts"} if fuzz_plan.FONTS else set())
    assert {name: found[name] for name in wanted if found[name] < 3} == {}


@pytest.mark.parametrize("name", fuzz_plan.MUTATIONS)
def test_the_fuzz_campaign_finds_a_plan_that_is_broken_on_purpose(name, capsys):
    assert fuzz_plan.main(["--pairs", "5000", "--mutate", name]) == 1
    said = capsys.readouterr().out
    assert any(odd in said for odd in fuzz_plan.ODD)


@settings(max_examples=60)
@given(st.text(), st.text() | st.integers() | st.floats() | st.none() | st.lists(st.text()))
def test_any_value_is_written_as_the_slow_path_writes_it(name, city):
    row = {"name": name, "city": city}
    template = (
        Project()
        .scene(extra={"note": "{{ city }}{{ name }}"})
        .avatar("M000045058", say="{{ name }} of {{ city }}")
        .text("{{ name }}: {{ city }}", at="bottom right")
    )
    plan = template.compile()
    expected = fuzz_plan.outcome(lambda: slow(template, row))
    assert fuzz_plan.outcome(lambda: plan.render_json(row)) == expected
    assert plan.slow_rows == (not expected.valid)


def test_further_keys_of_clips_are_written_with_the_row_on_the_fast_path():
    extra = {"note": "for {{ name }}", "deep": [{"a": "{{ name }}", "b": 1.0}]}
    template = Project().scene().text("Hi", extra=extra).avatar("M000045058", extra=extra)
    template = template.audio("https://x.example/a.mp3", label="m", extra=extra)
    plan = template.compile()
    for name in ("Ann", 'A "<b>"', 5, ""):
        assert plan.render_json({"name": name}) == slow(template, {"name": name})
        clips = json.loads(plan.render_json({"name": name}))["scenes"][0]["clips"]
        assert [clip["note"] for clip in clips] == [f"for {name}"] * 3
    assert plan.slow_rows == 0


def test_what_a_row_leaves_behind_does_not_reach_the_next():
    template = Project("{% set a = name %}{{ a }}{{ city }}").scene()
    plan = template.compile()
    for name in ("one", "two"):
        row = {"name": name, "city": "{{ a }}"}
        assert plan.render_json(row) == slow(template, row)
    assert refused(plan.render_json, {"name": "x"}) == refused(lambda row: slow(template, row), {"name": "x"})


def test_a_value_that_can_be_read_only_once_is_read_by_the_slow_path_alone():
    template = Project("{% for n in numbers %}{{ n }}{% endfor %}").scene(each="n in numbers").scene()
    plan = template.compile()
    assert plan.render_json({"numbers": iter("12")}) == slow(template, {"numbers": iter("12")})
    assert plan.slow_rows == 1


def test_given_ids_are_kept_free_of_those_that_are_made():
    template = (
        Project()
        .scene(when="first")
        .put(
            wire.Shape(id="textImage-taken", layer=1, left=0, top=0, width=1, height=1, shape_name="Star", fill="#fff")
        )
    )
    made = template.scene().text("{{ name }}").render(first=False, name="x").to_dict()["scenes"][0]["clips"][0]["id"]
    template = template.edit("textImage-taken", id=made).scene().text("{{ name }}")
    plan = template.compile()
    for first in (True, False):
        row = {"first": first, "name": "Ann"}
        assert plan.render_json(row) == slow(template, row)
    assert plan.slow_rows == 0


def test_the_square_of_a_loaded_background_may_depend_on_the_row():
    document = Project().scene(background="#102030").text("Hi").render().to_dict()
    square = document["scenes"][0]["clips"][0]["id"]
    template = Project.load(document).edit(square, when="vip").scene().text("{{ name }}")
    plan = template.compile()
    for vip in (True, False):
        row = {"vip": vip, "name": "Ann"}
        assert plan.render_json(row) == slow(template, row)
    assert plan.slow_rows == 0


def test_a_loaded_text_is_measured_again_for_each_row():
    document = Project().scene().text("Hello {{ '{{ name }}' }}", align="right", tag="t").render().to_dict()
    template = Project.load(document).shape("Square", fill="red", width=9, at=below("t"))
    plan = template.compile()
    for name in ("Ann", "Bartholomew", "two\nlines", "{{ x }}"):
        assert plan.render_json({"name": name}) == slow(template, {"name": name})
    assert plan.slow_rows == 0


@pytest.mark.parametrize("api", ["1.4", "1.6"])
def test_a_line_said_after_those_of_a_loaded_template_keeps_them(api):
    document = Project(api=api).scene().avatar("M000045058", say="Hello {{ '{{ name }}' }}").render().to_dict()
    template = Project.load(document).say("Goodbye.").say("{{ name }}")
    plan = template.compile()
    assert plan.render_json({"name": "<Ann>"}) == slow(template, {"name": "<Ann>"})
    assert plan.slow_rows == 0


def test_an_avatar_that_a_row_names_brings_its_own_geometry():
    template = Project().scene().avatar(Avatar("M1", "C{{ n }}", origin=(100, 300), tight=(1, 2, 80, 270)), at="left")
    plan = template.compile()
    for n in (1, 2):
        assert plan.render_json({"n": n}) == slow(template, {"n": n})
    assert plan.slow_rows == 0


def test_a_plan_pickles_small_and_counts_anew():
    template = rich()
    plan = template.compile()
    assert refused(plan.render_json, {})
    packed = pickle.dumps(plan)
    assert len(packed) < 16_384
    copy = pickle.loads(packed)
    assert (copy.slow_rows, copy.render_json(ROW)) == (0, slow(template, ROW))


def test_threads_share_a_plan():
    template = rich()
    plan = template.compile()
    rows = [ROW | {"name": f"Ann {n}", "vip": n % 2, "lines": ["x"] * (n % 3)} for n in range(300)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(plan.render_json, rows))
    assert found == [slow(template, row) for row in rows]
    assert plan.slow_rows == 0


HOSTILE = [
    "'+print('ran')+'",
    '""")\nprint("ran")\n("""',
    "%s %(name)s {braces} {0}",
    "\\'+print('ran')#\n",
    "line\nprint('ran')",
    "%{{ name }}%",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_template_becomes_code_of_its_plan(text, capsys):
    strings = [text + "{{ name }}", text + "{{ name|upper }}", "{{ (" + repr(text) + " ~ name)|upper }}"]
    strings += ["{{ " + repr(text) + " if name else name }}{% if name == " + repr(text) + " %}" + text + "{% endif %}"]
    scene = Project(strings[0], environment=upper).scene(extra={"note": strings})
    for string in strings:
        scene = scene.text(string, at="top").avatar("M000045058", say=string)
    plan = scene.compile()
    for name in ("Ann", text):
        assert plan.render_json({"name": name}) == slow(scene, {"name": name})
    assert plan.slow_rows == 0
    assert capsys.readouterr().out == ""


def test_the_source_of_a_plan_is_python_that_names_what_it_is_bound_to():
    template = Project("For {{ name }}").scene().text("{{ name|title }}!", at="top")
    plan = template.compile()
    assert "values['name']" in plan.source()
    assert "# is_plain: is_plain" in plan.source()
    functions = ast.parse(plan.source()).body
    assert plan.render_json({"name": "\U0001f600"}) == slow(template, {"name": "\U0001f600"})
    assert len(ast.parse(plan.source()).body) == len(functions) + 1
    assert pickle.loads(pickle.dumps(plan)).source().count("def write(") == len(functions)


def test_lines_of_text_are_measured_by_their_words_and_placed_by_arithmetic_in_the_source():
    template = (
        Project()
        .scene()
        .text("{{ name }}, {{ city }}", tag="a", at="top", margin=40, font_size=37, bold=True)
        .text("to {{ name|upper }}", at=below("a", gap=8), scale=0.5, stroke="red", stroke_width=3)
        .image("https://x.example/a.png", natural=(30, 40), at=right_of("a"))
    )
    plan = template.compile()
    assert "fields" not in plan.source()
    for name, city in [("AVA", "Tor"), ("Zoë", "Łódź"), ("김 민수", "서울"), ("x", "  y "), ("1234", "Ye, To")]:
        assert plan.render_json({"name": name, "city": city}) == slow(template, {"name": name, "city": city})
    assert "fields" not in plan.source()
    for name in ["e\u0301", "two\nlines", "1\ufe0f\u20e3", "مرحبا", "", "\u200b"]:
        assert plan.render_json({"name": name, "city": "x"}) == slow(template, {"name": name, "city": "x"})
    assert "fields" in plan.source()
    assert plan.slow_rows == 0


def test_a_filter_may_render_with_the_plan_itself():
    inner = Project("{{ a|upper }}{{ b }}").scene().compile()
    outer = Project("{{ a|upper }}{{ inner(b)|length }}{{ a|upper }}").scene().compile()
    row = {"a": "x", "b": "y", "inner": lambda b: inner.render_json({"a": b, "b": b})}
    assert outer.render_json(row) == slow(outer.template, row)
    assert outer.slow_rows == 0


def test_a_broken_template_is_told_when_it_is_compiled():
    with pytest.raises(TemplateError, match=r"scenes\[0\]\.clips\[0\]\.text, test_plan.py line \d+: line 2"):
        Project().scene().text("one\n{{ two").compile()
    with pytest.raises(TemplateError, match="rendered already"):
        Project("{{ a }}").scene().render(a=1).compile()


def test_lines_are_written_to_a_path_or_an_open_file(tmp_path):
    template = Project("{{ name }}\n\u2028").scene()
    rows = [{"name": f"Ann\n{n}"} for n in range(40)]
    target, file = tmp_path / "out.jsonl", io.BytesIO()
    assert template.compile().write_jsonl(iter(rows), target) == template.compile().write_jsonl(rows, file) == 40
    assert target.read_bytes() == file.getvalue() == b"".join(slow(template, row) + b"\n" for row in rows)
    assert [json.loads(line)["name"] for line in target.read_bytes().splitlines()][39] == "Ann\n39\n\u2028"


def test_a_path_holds_every_row_or_is_not_touched(tmp_path):
    target = tmp_path / "out.jsonl"
    target.write_text("before")
    plan = Project("{{ name }}").scene().compile()
    with pytest.raises(TemplateError, match="row 2: name: the row has no 'name'"):
        plan.write_jsonl([{"name": "Ann"}, {"nmae": "Bob"}], target)
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_no_rows_are_an_empty_file(tmp_path):
    assert Project("{{ name }}").scene().compile().write_jsonl([], tmp_path / "out.jsonl") == 0
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_what_is_under_way_bears_the_number_of_its_process(tmp_path):
    def rows():
        assert [path.name for path in tmp_path.iterdir()] == [f".out.jsonl.{os.getpid()}.part"]
        yield {"name": "Ann"}

    assert Project("{{ name }}").scene().compile().write_jsonl(rows(), tmp_path / "out.jsonl") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_lines_are_not_written_to_a_file_of_text():
    plan = Project("{{ name }}").scene().compile()
    with pytest.raises(DslError, match="the file takes text") as caught:
        plan.write_jsonl([{"name": "Ann"}], io.StringIO())
    assert '"wb"' in caught.value.hint
