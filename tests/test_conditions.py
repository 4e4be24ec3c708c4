"""Clips and groups that depend on the row: what it keeps and repeats, what stands by the rest, and the plan of it."""

import pickle
import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import (
    Avatar,
    BuildError,
    Project,
    TemplateError,
    above,
    around,
    below,
    column,
    grid,
    inside,
    left_of,
    right_of,
    row,
)
from aistudios_dsl.check.findings import checked
from aistudios_dsl.plan import conditional

HOST, GUEST = Avatar("M1", "C1"), Avatar("M2", "C2")
SIZE = {"width": 300, "height": 600}


def scene(**settings):
    return Project(**settings).scene()


def box(made, tag=None, **place):
    return made.shape("Square", fill="#102030", width=100, height=50, tag=tag, **place)


def unnamed(project):
    """The JSON without ids, which tell what the template is."""
    found = project.to_dict()
    for clip in found["scenes"][0]["clips"]:
        for name in ("id", "name"):
            clip.pop(name, None)
    return found


def said(project):
    """The words of each line, in order, in either generation."""
    found = project.to_dict()["scenes"][0]
    scripts = found.get("scripts") or [clip["script"] for clip in found["clips"] if clip.get("script")]
    return [script["org"] for script in scripts]


def texts(project):
    return [clip.text for clip in project.resolve().scenes[0].clips if clip.type == "textImage"]


# what a row keeps, and what it is like

PAIRS = {
    "a clip is left out": (
        box(box(scene(), "a", when="yes"), "b", at="top"),
        {"yes": False},
        box(scene(), "b", at="top"),
    ),
    "a clip is repeated": (
        scene().text(
            "{{ loop.index }} of {{ loop.length }}: {{ n }}", each="n in names", at=("10%", "{{ loop.index * 90 }}")
        ),
        {"names": ["Ann", "Bob"]},
        scene().text("1 of 2: Ann", at=("10%", "90")).text("2 of 2: Bob", at=("10%", "180")),
    ),
    "each binds first, then when decides": (
        scene().text("{{ n }}{{ loop.index }}{{ loop.last }}", each="n, ok in names", when="ok", at="top"),
        {"names": [("Ann", True), ("Bob", False), ("Cid", True)]},
        scene().text("Ann1False", at="top").text("Cid3True", at="top"),
    ),
    "what is absent takes no room in a group": (
        scene().place(box(box(box(row(gap=10), "a"), "b", when="yes"), "c"), at="top"),
        {"yes": 0},
        scene().place(box(box(row(gap=10), "a"), "c"), at="top"),
    ),
    "a grid has a cell for each item": (
        scene().place(grid(2, gap=5).text("{{ p.name }}", each="p in prices").text("Total"), at="center"),
        {"prices": [{"name": "Basic"}, {"name": "Team"}, {"name": "Company"}]},
        scene().place(grid(2, gap=5).text("Basic").text("Team").text("Company").text("Total"), at="center"),
    ),
    "a group is repeated with what is in it, and the inner names come after the outer": (
        scene().place(
            column().place(row(gap=4).text("{{ n }}", each="n in r").text("{{ loop.index }}"), each="r in rows"),
            at="top",
        ),
        {"rows": [["a", "b"], [], ["c"]]},
        scene().place(
            column()
            .place(row(gap=4).text("a").text("b").text("1"))
            .place(row(gap=4).text("2"))
            .place(row(gap=4).text("c").text("3")),
            at="top",
        ),
    ),
    "beside what is absent, a clip takes its place and margin": (
        box(box(scene(), "a", at="top left", margin=30, when="yes"), "b", at=below("a", gap=9)),
        {"yes": None},
        box(scene(), "b", at="top left", margin=30),
    ),
    "chains of absent clips are followed": (
        box(
            box(
                box(box(scene(), "z", at="left"), "a", at=above("z", gap=3), when="yes"), "b", at=below("a"), when="yes"
            ),
            "c",
            at=right_of("b"),
        ),
        {"yes": "false"},
        box(box(scene(), "z", at="left"), "c", at=above("z", gap=3)),
    ),
    "an absent clip without a place was in the center": (
        box(box(scene(), "a", when="yes"), "b", at=left_of("a")),
        {"yes": ""},
        box(scene(), "b", at="center"),
    ),
    "an absent avatar without a place was at the bottom": (
        box(scene().avatar("M000045058", tag="a", when="yes"), "b", at=inside("a", "top")),
        {"yes": 0.0},
        box(scene(), "b", at="bottom"),
    ),
    "inside what is absent, a clip takes its place, and percents are of the canvas": (
        box(scene(), "a", at="bottom right", margin=8, when="yes").text("x", at=inside("a", margin=2), tag="b"),
        {"yes": False},
        scene().text("x", at="bottom right", margin=8, tag="b"),
    ),
    "inside an absent clip of its own group, a clip flows with the others": (
        scene().place(box(row(gap=7), "a", when="yes").text("x", at=inside("a"), tag="b").text("y"), at="top"),
        {"yes": False},
        scene().place(row(gap=7).text("x", tag="b").text("y"), at="top"),
    ),
    "beside an absent child of a group, a clip takes the place of the outermost group": (
        box(
            scene().place(column().place(box(row(), "a", when="yes")).text("x"), at="top", margin=5), "b", at=below("a")
        ),
        {"yes": False},
        box(scene().place(column().text("x"), at="top", margin=5), "b", at="top", margin=5),
    ),
    "a group without clips is absent": (
        box(scene().place(box(row(padding=20), "a", when="yes"), at="left", tag="g"), "b", at=right_of("g")),
        {"yes": False},
        box(scene(), "b", at="left"),
    ),
    "around covers what is there": (
        box(box(box(scene(), "a", at="top", when="yes"), "b", at="left"), "c").shape(
            "Square", fill="red", at=around("a", "b", padding=4)
        ),
        {"yes": False},
        box(box(scene(), "b", at="left"), "c").shape("Square", fill="red", at=around("b", padding=4)),
    ),
    "around nothing, a clip is absent too, and so on": (
        box(scene(), "a", at="top", when="yes")
        .shape("Square", fill="red", at=around("a"), tag="r")
        .shape("Square", fill="blue", at=around("r"), tag="s")
        .text("x", at=below("s")),
        {"yes": False},
        scene().text("x", at="center"),
    ),
    "inside an absent clip that was around others, a clip stands inside the first": (
        box(scene(), "a", at="top")
        .shape("Square", fill="red", at=around("b", "a"), tag="r", when="yes")
        .text("x", at=below("r"))
        .text("b", tag="b", when="yes"),
        {"yes": False},
        box(scene(), "a", at="top").text("x", at=inside("a")),
    ),
    "alternatives share a tag": (
        box(box(scene(), "a", at="top", when="yes"), "a", at="left", when="not yes").text("x", at=below("a")),
        {"yes": False},
        box(scene(), "a", at="left").text("x", at=below("a")),
    ),
    "a tag that another number of items would give is that of an absent clip": (
        scene().text("{{ n }}", each="n in names", tag="n-{{ loop.index }}").text("x", at=below("n-3")),
        {"names": ["Ann"]},
        scene().text("Ann", tag="n-1").text("x", at="center"),
    ),
    "an absent repetition leaves the place that it would have had": (
        scene()
        .text("{{ n }}", each="n in names", tag="n-{{ loop.index }}", at=(7, "{{ loop.index * 90 }}"), when="n")
        .text("x", at=right_of("n-2")),
        {"names": ["true", "false"]},
        scene().text("true", tag="n-1", at=(7, "90")).text("x", at=(7, "180")),
    ),
    "in each repetition, what is absent is looked for in the same": (
        scene().place(
            row(gap=9).place(
                box(column(), "icon", when="c.icon").text("{{ c.name }}").text("new", at=inside("icon")),
                each="c in cards",
            ),
            at="top",
        ),
        {"cards": [{"name": "Ann", "icon": True}, {"name": "Bob", "icon": False}]},
        scene().place(
            row(gap=9)
            .place(box(column(), "icon").text("Ann").text("new", at=inside("icon")))
            .place(column().text("Bob").text("new")),
            at="top",
        ),
    ),
    "what one repetition lacks is not that of another, though both count from 1": (
        scene().place(
            row(gap=9).place(
                column()
                .text("{{ c.name }}", tag="name-{{ loop.index }}")
                .text("{{ n }}", each="n in c.notes", tag="note-{{ loop.index }}")
                .shape("Square", fill="#222222", at=around("name-{{ loop.index }}", "note-1")),
                each="c in cards",
            ),
            at="top",
        ),
        {"cards": [{"name": "Ann", "notes": ["one"]}, {"name": "Bob", "notes": []}]},
        scene().place(
            row(gap=9)
            .place(
                column()
                .text("Ann", tag="name-1")
                .text("one", tag="note-1")
                .shape("Square", fill="#222222", at=around("name-1", "note-1"))
            )
            .place(column().text("Bob", tag="name-2").shape("Square", fill="#222222", at=around("name-2"))),
            at="top",
        ),
    ),
    "an absent clip fails no row": (
        scene()
        .text("{{ no.such }}", tag="{{ name }}", at="{{ nowhere }}", when="yes")
        .text("x", at=below("a"))
        .text("a", tag="a"),
        {"yes": False, "name": "a", "no": 1, "nowhere": "nowhere"},
        scene().text("x", at=below("a")).text("a", tag="a"),
    ),
    "a number of a layer that is given counts where its clip is there": (
        box(box(scene(), "a", layer=9, when="yes"), "b", at="top"),
        {"yes": False},
        box(scene(), "b", at="top"),
    ),
    "the square of a background is behind the lowest layer that is there": (
        box(box(Project().scene(background="#102030"), "a", layer=-4, when="yes"), "b"),
        {"yes": False},
        box(Project().scene(background="#102030"), "b"),
    ),
}
"""Templates, rows, and the scenes that a person would have written for these rows."""


@pytest.mark.parametrize("name", PAIRS)
def test_a_row_gives_what_a_person_would_have_written_for_it(name):
    template, values, expected = PAIRS[name]
    assert unnamed(template.render(values)) == unnamed(expected)


@pytest.mark.parametrize("name", PAIRS)
def test_the_plan_gives_the_same_bytes_on_its_fast_path(name):
    template, values, _ = PAIRS[name]
    plan = template.compile()
    assert plan.render_json(values) == template.render(values).to_json().encode()
    assert plan.slow_rows == 0


KINDS = {
    "text": lambda made, **place: made.text("{{ name }}", **place),
    "shape": lambda made, **place: made.shape("Circle", fill="red", width=40, **place),
    "image": lambda made, **place: made.image("https://x.example/a.png", natural=(60, 40), **place),
    "column": lambda made, **place: made.place(column(gap=3).text("in").text("{{ name }}"), **place),
}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(list(KINDS)), st.booleans(), st.sampled_from(["top", "left"])), max_size=6),
    st.booleans(),
    st.sampled_from(["1.4", "1.6"]),
)
def test_absent_clips_leave_no_trace(clips, in_group, api):
    def built(kept, conditional):
        whole = Project(api=api).scene(background="#102030")
        made = row(gap=5) if in_group else whole
        for number, (kind, present, at) in enumerate(clips):
            if present or not kept:
                place = {"when": f"present[{number}]"} if conditional else {}
                made = KINDS[kind](made, **place, **({} if in_group else {"at": at}))
        return whole.place(made, at="top") if in_group else made

    values = {"name": "Ann", "present": [present for _, present, _ in clips]}
    template = built(kept=False, conditional=True)
    assert unnamed(template.render(values)) == unnamed(built(kept=True, conditional=False).render(values))
    plan = template.compile()
    assert plan.render_json(values) == template.render(values).to_json().encode()
    assert plan.slow_rows == 0


def test_an_id_does_not_depend_on_the_other_clips_of_the_row_and_layers_leave_no_gaps():
    template = scene().text("first", tag="a", when="a").text("n", each="n in many", tag="n-{{ loop.index }}")
    template = template.place(
        row().text("in", tag="b", when="b", each="n in many").text("last", tag="c", when="c"), at="top"
    )
    ids = {}
    for a, b, c, count in product([True, False], [True, False], [True, False], range(3)):
        clips = template.render(a=a, b=b, c=c, many=range(count)).resolve().scenes[0].clips
        assert [clip.layer for clip in clips] == list(range(1, len(clips) + 1))
        seen = {}
        for clip in clips:
            number = seen[clip.tag] = seen.get(clip.tag, 0) + 1
            ids.setdefault((clip.tag, number), set()).add(clip.id)
    assert len(ids) == 6
    assert all(len(found) == 1 for found in ids.values())
    assert len(set.union(*ids.values())) == 6


LOOP = "{{ loop.index }} {{ loop.index0 }} {{ loop.revindex }} {{ loop.revindex0 }} {{ loop.first }} {{ loop.last }}"


def test_loop_tells_where_a_repetition_stands_in_scenes_too():
    found = Project().scene(each="n in range(2)").text(LOOP, tag="t").render()
    assert [scene.find("t").text for scene in found.scenes] == ["1 0 2 1 True False", "2 1 1 0 False True"]


SPEECH = {
    "left out with its avatar": (
        lambda made: (
            made.avatar(HOST, **SIZE, say="Hi {{ name }}", when="a").say("More.").avatar(GUEST, **SIZE, say="Bye.")
        ),
        {"a": False, "name": "Ann"},
        {"1.4": ["<p>Bye.</p>"], "1.6": ["<p>Bye.</p>"]},
    ),
    "two avatars of which a row has one": (
        lambda made: made.avatar(HOST, **SIZE, say="Hi.", when="a").avatar(HOST, **SIZE, say="Hello.", when="not a"),
        {"a": False},
        {"1.4": ["<p>Hello.</p>"], "1.6": ["<p>Hello.</p>"]},
    ),
    "the lines of an avatar are one run, if the one between them is absent": (
        lambda made: (
            made.avatar(HOST, **SIZE, tag="h", say="One.")
            .avatar(GUEST, **SIZE, say="Two.", when="a")
            .say("Three.", by="h")
        ),
        {"a": False},
        {"1.4": ["<p>One.</p><p>Three.</p>"], "1.6": ["<p>One.</p>", "<p>Three.</p>"]},
    ),
    "each repetition says all of a run, in its own words": (
        lambda made: made.avatar(Avatar("M{{ n }}", "C"), **SIZE, each="n in range(2)", say="{{ n }} a").say(
            "{{ loop.index }} b"
        ),
        {},
        {
            "1.4": ["<p>0 a</p><p>1 b</p>", "<p>1 a</p><p>2 b</p>"],
            "1.6": ["<p>0 a</p>", "<p>1 b</p>", "<p>1 a</p>", "<p>2 b</p>"],
        },
    ),
}


@pytest.mark.parametrize("api", ["1.4", "1.6"])
@pytest.mark.parametrize("name", SPEECH)
def test_speech_follows_its_avatar(name, api):
    make, values, expected = SPEECH[name]
    template = make(scene(api=api))
    assert said(template.render(values)) == expected[api]
    plan = template.compile()
    assert plan.render_json(values) == template.render(values).to_json().encode()
    assert plan.slow_rows == 0


def test_the_plan_makes_one_form_of_a_clip_however_many_outcomes_its_conditions_have():
    template = scene()
    for number in range(8):
        template = box(template, f"t{number}", at=("5%", 90 * number), when=f"bits[{number}] == '1'")
    plan = template.text("{{ name }}", at=below("t3")).compile()
    for number in range(2**8):
        plan.render_json({"bits": f"{number:08b}", "name": "Ann"})
    assert plan.slow_rows == 0
    [scene_of_plan] = plan._programs._conditional_scenes.values()
    assert plan._programs._writers.cache_info().misses == 1
    assert scene_of_plan._forms.clip.cache_info().misses == 9


def test_the_plan_forgets_outcomes_when_they_have_many_clips(monkeypatch):
    monkeypatch.setattr(conditional, "_CLIPS_KEPT", 50)
    template = scene().text("{{ n }}", each="n in range(count)")
    plan = template.compile()
    for count in (*range(20), *range(20)):
        assert plan.render_json({"count": count}) == template.render(count=count).to_json().encode()
        [scene_of_plan] = plan._programs._conditional_scenes.values()
        assert sum(map(len, scene_of_plan._worked.values())) <= 50
        assert sum(map(len, scene_of_plan._values.values())) <= 50


@pytest.mark.parametrize(
    "template",
    [
        scene().text("x", each="n in range(10001)"),
        scene().place(row().text("x", each="n in range(200)"), each="m in range(60)"),
        Project().scene(each="n in range(200)").text("x", each="m in range(60)"),
    ],
)
def test_the_repetitions_in_a_scene_are_bounded_together(template):
    for work in (template.render, template.compile().render_json):
        with pytest.raises(TemplateError, match="makes more than 10,000 repetitions"):
            work({})


def test_the_names_that_an_each_binds_are_no_variables():
    template = (
        Project()
        .scene(each="s in scenes", when="s.ok")
        .place(
            column().text("{{ p.name }} {{ loop.index }} {{ s.x }} {{ other }}", each="p in ps", when="p"),
            each="ps in all",
        )
        .avatar(HOST, **SIZE, each="a in s.hosts", say="{{ a }} {{ loop.last }} {{ who }}")
        .text("{{ p }} {{ loop }}")
    )
    assert template.variables() == {
        "scenes[0].each": ("scenes",),
        "scenes[0].groups[0].each": ("all",),
        "scenes[0].clips[0].text": ("other",),
        "scenes[0].clips[2].text": ("p",),
        "scenes[0].speech[0].text": ("who",),
    }
    with pytest.raises(TemplateError, match=r"scenes\[0\]\.clips\[0\]\.when"):
        Project().scene().text("x", when="vip").to_dict()


def test_a_template_is_drawn_with_all_of_its_clips_and_is_not_checked_before_it_has_a_row():
    template = box(box(scene(), "a", at=(0, 0), when="yes"), "a", at=(0, 0), when="not yes").text(
        "{{ n }}", each="n in ns"
    )
    assert template.svg().count("<rect") >= 2
    assert {finding.code for finding in template.check()} == {"template-variable"}


def test_a_plan_with_conditions_can_be_pickled():
    template, values, _ = PAIRS["a group is repeated with what is in it, and the inner names come after the outer"]
    plan = pickle.loads(pickle.dumps(template.compile()))
    assert plan.render_json(values) == template.render(values).to_json().encode()
    assert plan.slow_rows == 0


IDS = [
    ("own", "own", "the id 'own' is also used by"),
    ("own-{{ loop.index }}", "own-2", "the id 'own-2' is also used by"),
    ("own-{{ loop.index }}", "own-3", ""),
]


@pytest.mark.parametrize(("repeated", "other", "fault"), IDS)
def test_given_ids_are_unique_among_the_clips_that_a_row_has(repeated, other, fault):
    template = scene().text("x", each="n in range(2)", id=repeated).scene().text("y", id=other)
    for work in (lambda: template.render().to_json(), template.compile().render_json):
        if fault:
            with pytest.raises(BuildError, match=fault):
                work()
        else:
            work()


numbered = scene().text("{{ n }}", each="n in names", tag="n-{{ loop.index }}", at=below("n-{{ loop.index0 }}"))


@pytest.mark.parametrize(
    ("template", "count"),
    [
        (numbered.text("first", at=right_of("n-1")), 2),
        (
            numbered.text("any", at=below("n-{{ chosen }}")).text("a", tag="own-{{ own }}").text("b", at=inside("n-9")),
            4,
        ),
        (numbered.shape("Square", fill="#222222", at=around("n-1", "n-2")), 2),
        (
            scene()
            .place(row().text("{{ c }}"), each="c in cards", tag="card-{{ c }}")
            .shape("Star", fill="#222222", width=9, at=inside("card-a")),
            2,
        ),
    ],
)
def test_a_page_of_a_template_shows_what_stands_by_tags_that_rows_make(template, count):
    assert len(set(re.findall(r'data-clip="(\d)"', template.svg()))) == count
    with pytest.raises(BuildError, match="no clip of the scene has this tag"):
        template.text("lost", at=below("nobody")).svg()


def test_no_check_minds_that_repetitions_share_a_tag():
    template = scene().text("{{ n }}", each="n in range(3)", tag="n", at=(200, "{{ 200 + 200 * n }}"))
    assert template.render().check() == []
    plan = template.compile()
    assert checked(plan.render_json(), **plan.of_script({})) == []


DOCUMENT = (
    box(scene(), "lamp", at=(300, 200))
    .text("{{ '{{ name }}' }}", tag="title", at=(500, 400), align="right")
    .avatar("M000045058", say="Hello.", tag="host")
    .render()
    .to_dict()
)
EDITS = [
    ({"lamp": {"when": "yes"}}, [{"yes": True}, {"yes": False}]),
    ({"lamp": {"when": "yes", "width": 40}, "title": {"when": "not yes"}}, [{"yes": True}, {"yes": False}]),
    (
        {"title": {"at": below("lamp"), "when": "yes"}, "lamp": {"when": "other"}},
        [{"yes": 1, "other": 0}, {"yes": 0, "other": 1}],
    ),
    ({"lamp": {"each": "n in range(count)", "at": ("10%", "{{ 90 * loop.index }}")}}, [{"count": 0}, {"count": 3}]),
    ({"host": {"when": "yes"}}, [{"yes": True}, {"yes": False}]),
]


@pytest.mark.parametrize(("edits", "rows"), EDITS)
def test_loaded_clips_depend_on_the_row_too(edits, rows):
    template = Project.load(DOCUMENT)
    for tag, changes in edits.items():
        template = template.edit(tag, **changes)
    plan = template.text("More", at=right_of("lamp")).compile()
    for values in rows:
        values = values | {"name": "Ann"}
        assert plan.render_json(values) == plan.template.render(values).to_json().encode()
    assert plan.slow_rows == 0


def test_rows_that_lack_a_loaded_background_take_no_long_way():
    document = Project().scene(background="#102030").text("a").to_dict()
    square = document["scenes"][0]["clips"][0]["id"]
    plan = Project.load(document).edit(square, when="yes").text("b").compile()
    for yes in (True, False):
        assert plan.render_json({"yes": yes}) == plan.template.render(yes=yes).to_json().encode()
    assert plan.slow_rows == 0


def test_beside_an_absent_loaded_clip_a_clip_takes_its_corner():
    template = (
        Project.load(DOCUMENT).edit("lamp", when="yes").shape("Star", fill="red", width=9, tag="s", at=below("lamp"))
    )
    star = template.render(yes=False, name="Ann").resolve().scenes[0].clips[-1]
    assert (star.left, star.top) == (300, 200)


def test_an_id_that_is_given_keeps_a_made_one_away_in_the_rows_that_have_it():
    made = scene().text("a").resolve().scenes[0].clips[0].id
    template = scene().text("a").text("b", id=made, when="yes").text("c", when="not yes")
    plan = template.compile()
    for yes in (True, False):
        assert plan.render_json({"yes": yes}) == template.render(yes=yes).to_json().encode()
    assert plan.slow_rows == 1
