"""Rows, columns and grids, and clips inside and around others: where they stand, at any nesting."""

from itertools import combinations, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aistudios_dsl import (
    Avatar,
    BuildError,
    Project,
    Scene,
    above,
    around,
    below,
    column,
    grid,
    inside,
    left_of,
    right_of,
    row,
    wire,
)
from aistudios_dsl.build.boxes import seen_box
from aistudios_dsl.build.group import DEEPEST
from aistudios_dsl.resolve.project import setting_of
from aistudios_dsl.resolve.scene import corners_and_bounds, sizes_and_layout

CLOSE = 0.02
"""Text widths are rounded up to 0.01 px."""


def bounds(project, tag):
    """Left, top, right and bottom of what is seen of a clip."""
    box = seen_box(project.resolve().scenes[0].clips[[c.tag for c in project.resolve().scenes[0].clips].index(tag)])
    upright = box.bounds
    return upright.left, upright.top, upright.left + upright.width, upright.top + upright.height


def all_bounds(project):
    """The bounds (left, top, right, bottom) of each clip and of each group, by number and by -1 - number."""
    scene, setting = project.scenes[0], setting_of(project)
    sizes, layout = sizes_and_layout(scene, setting)
    _, found = corners_and_bounds(layout, scene._items, sizes, layout.order)
    edges = {node: (x, y, x + w, y + h) for node, (x, y, w, h) in found.items() if node < 0}
    for number, clip in enumerate(project.resolve().scenes[0].clips):
        box = seen_box(clip).bounds
        edges[number] = box.left, box.top, box.left + box.width, box.top + box.height
    return layout, edges


WORDS = st.sampled_from(["One", "Two words", "A longer line of several words", "", "two\nlines", "漢字かな交じり文"])


@st.composite
def groups(draw, depth=0):
    gap, padding = draw(st.sampled_from([0, 8, 24.5])), draw(st.sampled_from([0, 12, (30, 10)]))
    made = draw(
        st.sampled_from(
            [
                row(gap, draw(st.sampled_from(["top", "center", "bottom"])), padding),
                column(gap, draw(st.sampled_from(["left", "center", "right"])), padding),
                grid(draw(st.integers(1, 3)), gap, draw(st.sampled_from(["top left", "center", "bottom"])), padding),
            ]
        )
    )
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["text", "text", "shape", "turned", "group"]))
        if kind == "group" and depth < 3:
            made = made.place(draw(groups(depth + 1)))
        elif kind == "turned":
            made = made.image("https://x.example/a.png", natural=(80, 60), angle=draw(st.sampled_from([30, 90, 200])))
        elif kind == "shape":
            made = made.shape(
                "Square", fill="#fff", width=draw(st.sampled_from([40, 90.5])), stroke="#000", stroke_width=3
            )
        else:
            made = made.text(draw(WORDS), font_size=draw(st.sampled_from([12, 20, 33])))
    return made


@given(groups(), st.sampled_from([None, 900, "60%"]))
def test_children_stand_a_gap_apart_and_lie_inside_the_padding(group, width):
    try:
        layout, edges = all_bounds(Project().scene().place(group, width=width))
    except BuildError as fault:
        assume(fault.code != "no-room")
        raise
    for place, children in layout.children.items():
        flow, (left, top, right, bottom) = layout.groups[place].flow, edges[-1 - place]
        across, down = flow.padding if isinstance(flow.padding, tuple) else (flow.padding, flow.padding)
        inside = [
            edges[child][0] >= left + across - CLOSE and edges[child][2] <= right - across + CLOSE for child in children
        ]
        if width is not None and not all(inside):
            continue  # what is wider than its room sticks out, which is a finding
        assert all(inside)
        assert min(edges[child][1] for child in children) >= top + down - CLOSE
        assert max(edges[child][3] for child in children) <= bottom - down + CLOSE
        assert_apart(flow, [edges[child] for child in children])


def assert_apart(flow, edges):
    """The children of a row or column stand its gap apart, and the cells of a grid no nearer."""
    for one, other in pairwise(edges):
        if flow.kind == "row":
            assert other[0] - one[2] == pytest.approx(flow.gap, abs=CLOSE)
        if flow.kind == "column":
            assert other[1] - one[3] == pytest.approx(flow.gap, abs=CLOSE)
    for one, other in combinations(edges, 2):
        assert max(other[0] - one[2], one[0] - other[2], other[1] - one[3]) >= flow.gap - CLOSE


@given(st.sampled_from(["top left", "top", "right", "center", "bottom right"]), st.integers(0, 40), WORDS)
def test_what_stands_inside_stays_inside_when_it_fits(anchor, margin, words):
    project = (
        Project()
        .scene()
        .shape("Square", fill="#fff", width=900, height=500, at=(37, 91), tag="card")
        .text(words, font_size=20, at=inside("card", anchor, margin), tag="words")
    )
    outer, inner = bounds(project, "card"), bounds(project, "words")
    assert outer[0] - CLOSE <= inner[0]
    assert inner[2] <= outer[2] + CLOSE
    assert outer[1] - CLOSE <= inner[1]
    assert inner[3] <= outer[3] + CLOSE


@given(groups(), WORDS, st.sampled_from([0, 16, (32, "2%")]))
def test_what_stands_around_covers_what_it_names_and_is_right_behind_it(group, words, padding):
    project = (
        Project()
        .scene()
        .text("before", at="top left", tag="before")
        .text(words, at=("20%", 300), angle=20, tag="words")
        .place(group, at=below("words", gap=9), tag="group")
        .text("after", at="bottom", tag="after")
        .shape("Square", fill="#123", at=around("group", "words", padding=padding), tag="plate")
    )
    _, edges = all_bounds(project)
    clips = project.resolve().scenes[0].clips
    plate = len(clips) - 1
    covered = [edges[1], edges[-1]]
    assert edges[plate][0] <= min(each[0] for each in covered) + CLOSE
    assert edges[plate][3] >= max(each[3] for each in covered) - CLOSE
    layers = sorted((clip.layer, number) for number, clip in enumerate(clips))
    assert [number for _, number in layers][:2] == [0, plate]
    assert [layer for layer, _ in layers] == list(range(1, len(clips) + 1))


def test_percentages_inside_are_of_the_neighbours_box():
    project = (
        Project()
        .scene()
        .shape("Square", fill="#fff", width=400, height=200, at=(100, 100), tag="card")
        .image("https://x.example/a.png", natural=(80, 60), width="50%", at=inside("card", "top left", "10%"), tag="in")
    )
    assert bounds(project, "in") == (140, 120, 340, 270)


def test_a_group_with_width_wraps_its_texts_and_gives_percentages_a_side():
    words = "so many words that no line of this width could hold them all"
    project = (
        Project()
        .scene()
        .place(
            column(padding=20, gap=10)
            .text(words, font_size=24, tag="words")
            .shape("Square", fill="#fff", width="50%", height=10, tag="rule"),
            width=400,
            at="top left",
        )
    )
    assert project.find("words").text == words
    assert "\n" in project.resolve().scenes[0].clips[0].text
    assert bounds(project, "words")[2] <= 380 + CLOSE
    assert bounds(project, "rule")[2] - bounds(project, "rule")[0] == 180


def test_the_texts_of_a_row_share_the_room_that_the_others_leave():
    long = "one two three four five six seven eight nine ten"
    project = (
        Project()
        .scene()
        .place(
            row(gap=10)
            .shape("Circle", fill="#fff", width=90, tag="dot")
            .text("Hi", font_size=20, tag="short")
            .place(column().text(long, font_size=20, tag="long")),
            width=500,
            at="top left",
        )
    )
    short = bounds(project, "short")
    assert "\n" not in project.resolve().scenes[0].clips[1].text
    assert "\n" in project.resolve().scenes[0].clips[2].text
    assert bounds(project, "long")[0] == pytest.approx(short[2] + 10)
    assert 499 < bounds(project, "long")[2] <= 500 + CLOSE


def test_groups_are_placed_as_one_by_every_kind_of_place():
    pair = row(gap=10).shape("Square", fill="#fff", width=100).shape("Square", fill="#fff", width=100)
    project = Project().scene().shape("Star", fill="#fff", width=400, height=400, at=(700, 300), tag="star")
    places = {
        "corner": (40, 60),
        "right bottom": "bottom right",
        "over": above("star", gap=5),
        "under": below("star", gap=5, align="left"),
        "before": left_of("star"),
        "behind": right_of("star", align="top"),
        "in": inside("star", "bottom"),
    }
    for tag, at in places.items():
        project = project.place(pair, at=at, tag=tag)
    layout, edges = all_bounds(project)
    found = {layout.groups[-1 - node].tag: edge for node, edge in edges.items() if node < 0}
    assert found == {
        "corner": (40, 60, 250, 160),
        "right bottom": (1710, 980, 1920, 1080),
        "over": (795, 195, 1005, 295),
        "under": (700, 705, 910, 805),
        "before": (490, 450, 700, 550),
        "behind": (1100, 300, 1310, 400),
        "in": (795, 600, 1005, 700),
    }


def test_layers_follow_the_order_of_the_verbs_and_count_on_from_a_groups_layer():
    pair = row().text("a").text("b")
    project = Project().scene().text("x").place(pair, layer=7).place(pair).text("y")
    assert [clip.layer for clip in project.resolve().scenes[0].clips] == [1, 7, 8, 9, 10, 11]


@pytest.mark.parametrize("background", [None, "#102030"])
@pytest.mark.parametrize("layer", [-3, 1, 2, 3, 9])
@pytest.mark.parametrize("in_group", [False, True])
def test_all_that_is_around_a_given_layer_is_behind_it_and_in_front_of_the_background(layer, in_group, background):
    scene = Scene(background=background).text("first")
    scene = scene.place(row().text("x"), layer=layer, tag="x") if in_group else scene.text("x", layer=layer, tag="x")
    for number, outer in enumerate(["x", "plate-0", "plate-1"]):
        scene = scene.shape("Square", fill="#fff", tag=f"plate-{number}", at=around(outer, padding=9))
    *square, _, words, inner, middle, outermost = Project().add(scene).resolve().scenes[0].clips
    assert words.layer == layer > inner.layer > middle.layer > outermost.layer
    assert all(clip.layer < outermost.layer for clip in square)


def test_what_is_around_a_clip_with_a_given_layer_is_behind_it():
    project = Project().scene().text("a").text("b", layer=2, tag="b").shape("Square", fill="#fff", at=around("b"))
    assert [clip.layer for clip in project.resolve().scenes[0].clips] == [1, 2, 1]
    given = Project().scene().text("a", tag="a").shape("Square", fill="#fff", at=around("a"), layer=9)
    assert [clip.layer for clip in given.resolve().scenes[0].clips] == [1, 9]


def test_a_stroke_of_what_is_around_lies_within_its_box():
    project = (
        Project()
        .scene()
        .text("a", tag="a")
        .shape("Square", fill="#fff", stroke="#000", stroke_width=6, at=around("a", padding=10), tag="plate")
    )
    words, plate = bounds(project, "a"), bounds(project, "plate")
    assert plate == pytest.approx((words[0] - 10, words[1] - 10, words[2] + 10, words[3] + 10))


def test_a_component_is_a_function_that_returns_a_group():
    def bullet(words):
        return row(gap=12).shape("Circle", fill="#fff", width=12).text(words, font_size=20)

    listed = column(gap=8).place(bullet("One")).place(bullet("Two"))
    project = Project().scene().place(listed, at="left")
    assert [type(clip).__name__ for clip in project.resolve().scenes[0].clips] == ["Shape", "Text", "Shape", "Text"]


def test_the_avatars_of_a_group_speak():
    host = Avatar("M1", "C1")
    group = row().avatar(host, width=300, height=600, say="Hello.", tag="host").say("Bye.", by="host")
    clips = Project().scene().text("x").place(group).resolve().scenes[0].clips
    assert clips[1].script.org == "<p>Hello.</p><p>Bye.</p>"


def test_a_group_is_a_value_with_the_verbs_of_a_scene():
    first = column().text("One", tag="one")
    second = first.edit("one", text="Two").text("Three")
    assert first.find("one").text == "One"
    assert [clip.text for clip in second._clips()] == ["Two", "Three"]
    assert first == column().text("One", tag="one")
    assert (repr(first), repr(second)) == ("column(1 clip)", "column(2 clips)")


def test_an_empty_group_adds_nothing():
    project = Project().scene().place(row(), tag="none").text("x")
    assert len(project.resolve().scenes[0].clips) == 1


def deep(levels):
    group = row().text("x")
    for _ in range(levels - 1):
        group = row().place(group)
    return Scene().place(group)


def test_groups_nest_as_deep_as_is_allowed():
    assert len(Project().add(deep(DEEPEST)).resolve().scenes[0].clips) == 1


dot = wire.Shape(id="d", layer=1, left=0, top=0, width=9, height=9, shape_name="Circle", fill="#fff")
SQUARE = {"fill": "#fff", "width": 9}
REFUSED = {
    "a tag that none has": lambda: Scene().text("x", at=inside("card")),
    "around a tag that none has": lambda: Scene().text("a", tag="card").shape("Square", fill="#fff", at=around("crad")),
    "around nothing": lambda: Scene().shape("Square", fill="#fff", at=around()),
    "around from a text": lambda: Scene().text("a", tag="a").text("x", at=around("a")),
    "around with a size": lambda: Scene().text("a", tag="a").shape("Square", fill="#fff", width=9, at=around("a")),
    "around, turned": lambda: Scene().text("a", tag="a").shape("Square", fill="#fff", angle=9, at=around("a")),
    "around as a group": lambda: Scene().text("a", tag="a").place(row().text("x"), at=around("a")),
    "a negative padding": lambda: Scene().text("a", tag="a").shape("Square", fill="#fff", at=around("a", padding=-3)),
    "no anchor": lambda: Scene().text("a", tag="a").text("x", at=inside("a", "middle")),
    "a stroke wider than what it surrounds": lambda: (
        Scene()
        .shape("Star", **SQUARE, tag="a")
        .shape("Square", fill="#fff", stroke="#000", stroke_width=30, at=around("a"))
    ),
    "a circle through a group": lambda: (
        Scene()
        .text("a", tag="a", at=below("in", gap=4))
        .place(column().text("b", tag="in"), at=inside("a"), tag="card")
    ),
    "a group below its own clip": lambda: Scene().place(column().text("b", tag="in"), at=below("in"), tag="card"),
    "a place in a group": lambda: row().text("x", at="top left"),
    "a corner in a group": lambda: grid(2).shape("Star", **SQUARE, at=(1, 2)),
    "a neighbour in a group": lambda: column().text("a", tag="a").text("x", at=below("a")),
    "a margin in a group": lambda: column().text("x", margin=10),
    "a group with a place in a group": lambda: row().place(column().text("x"), at="top"),
    "a sound in a group": lambda: row().audio("https://x.example/a.mp3", label="Music"),
    "an avatar without size in a group": lambda: row().avatar("M000045058"),
    "a place in a group by an edit": lambda: row().text("x", tag="x").edit("x", at="top"),
    "a place in a placed group by an edit": lambda: Scene().place(row().text("x", tag="x")).edit("x", at=(1, 2)),
    "a margin in a group by an edit": lambda: Scene().place(row().text("x", tag="x")).edit("x", margin=9),
    "a framing in a group by an edit": lambda: (
        Scene().place(row().avatar("M000045058", height=9, tag="x")).edit("x", framing="bust")
    ),
    "no size in a group by an edit": lambda: row().avatar("M000045058", height=9, tag="x").edit("x", height=None),
    "a size of what is around, by an edit": lambda: (
        Scene().text("a", tag="a").shape("Star", fill="#fff", tag="x", at=around("a")).edit("x", width=9)
    ),
    "a change to a group": lambda: Scene().place(row().text("x"), tag="card").edit("card", width=9),
    "a group taken away": lambda: Project().scene().place(row().text("x"), tag="card").remove("card"),
    "below a group without clips": lambda: Scene().place(row(), tag="card").text("x", at=below("card")),
    "a framing in a group": lambda: row().avatar("M000045058", framing="bust", height=9),
    "a wire clip in a group": lambda: row().put(dot),
    "a background of a group": lambda: row().background("#fff"),
    "a percentage in a group without width": lambda: Scene().place(row().shape("Star", fill="#fff", width="50%")),
    "a group's percentage in one without": lambda: Scene().place(row().place(column().text("x"), width="50%")),
    "padding wider than the group": lambda: Scene().place(column(padding=90).text("x"), width=100),
    "gaps wider than the group": lambda: Scene().place(grid(3, gap=90).text("x"), width=100),
    "a row without room for words": lambda: Scene().place(
        row().shape("Star", fill="#fff", width=90).text("x"), width=90
    ),
    "a gap that is no number": lambda: column(gap="x"),
    "a negative gap": lambda: row(gap=-1),
    "an unknown align": lambda: row(align="left"),
    "an align of a column": lambda: column(align="middle"),
    "no columns": lambda: grid(0),
    "three paddings": lambda: row(padding=(1, 2, 3)),
    "a scene as a group": lambda: Scene().place(Scene()),
    "a tag twice": lambda: Scene().text("a", tag="a").place(row().text("x"), tag="a"),
    "a layer that is no number": lambda: Scene().place(row().text("x"), layer="top"),
    "groups nested too deeply": lambda: deep(DEEPEST + 1),
}


def resolved(make):
    return Project().add(make()).resolve()


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_group_or_place_cannot_be_is_refused_with_what_to_do(name):
    with pytest.raises(BuildError) as raised:
        resolved(REFUSED[name])
    assert raised.value.hint


def test_a_clip_is_taken_away_from_a_group_as_from_a_scene():
    card = (
        column().text("a", tag="a").place(row().avatar("M000045058", height=90, say="Hi", tag="b").text("c", tag="c"))
    )
    kept = card.remove("b")
    assert [clip.tag for clip in kept.clips()] == ["a", "c"]
    assert Project().scene().place(kept).to_dict() == Project().scene().place(card).remove("b").to_dict()
    with pytest.raises(BuildError, match="no clip has the tag or id 'd'"):
        card.remove("d")


wide = {"fill": "#fff", "width": 700, "height": 30}
LARGER = {
    "a group than the canvas": (row().shape("Star", **wide).shape("Star", **wide).shape("Star", **wide), None, 180),
    "a clip than its group": (column().shape("Star", **wide), 500, 200),
    "a group than the group around it": (row().place(row().shape("Star", **wide).shape("Star", **wide)), 1000, 400),
    "none": (column().shape("Star", **wide), 700, 0),
    "a turned clip that fits": (column().shape("Star", **wide, angle=90), 40, 0),
    "a clip that takes no room": (column().text("x", tag="x").shape("Star", **wide, at=inside("x")), 500, 0),
}


@pytest.mark.parametrize("name", LARGER)
def test_what_is_larger_than_what_is_around_it_is_found_once(name):
    group, width, past = LARGER[name]
    found = [each for each in Project().scene().place(group, width=width).check() if each.code == "group-too-large"]
    assert [f"is {past} px wider than" in each.message for each in found] == [True] * bool(past)


def test_a_project_loaded_with_clips_takes_places_by_them():
    document = Project().scene().text("Title", at=(100, 200), tag="title").to_dict()
    loaded = Project.load(document).shape("Square", fill="#fff", at=around("title", padding=10), tag="plate")
    words, plate = bounds(loaded, "title"), bounds(loaded, "plate")
    assert plate == pytest.approx((words[0] - 10, words[1] - 10, words[2] + 10, words[3] + 10))
    assert [clip.layer for clip in loaded.resolve().scenes[0].clips] == [1, 0]
