"""`edit` in the words of the verbs: on clips that verbs made, and on loaded ones, which give the same video."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import Avatar, BuildError, Project, above, below, wire
from aistudios_dsl.build.boxes import seen_box
from aistudios_dsl.build.edit_words import unread_words
from aistudios_dsl.build.verbs import VERB_OF
from aistudios_dsl.layout.geometry import ANCHORS

URL = "https://x.example/a.png"
HOST = "M000045058"


def built(orientation="landscape"):
    return (
        Project(orientation=orientation)
        .scene(background="#102030")
        .text("Hello wide world", tag="title", at=(100, 50))
        .text("One two three four five six", width=300, tag="para", at=(400, 300))
        .image(URL, natural=(800, 600), width=400, tag="lamp", at=(100, 200))
        .video(URL, natural=(640, 360), tag="film", at=(700, 500))
        .shape("Star", fill="#ff0000", width=200, height=100, stroke="#ffffff", stroke_width=4, tag="star", at=(5, 6))
        .avatar(HOST, say="Hi.", tag="host", height=900, at=(50, 60))
        .audio(URL, label="Music", id="music")
    )


def loaded(*args):
    return Project.load(built(*args).to_dict())


def clip_of(project, name):
    clips = [clip for clip in project.to_dict()["scenes"][0]["clips"] if name in (clip.get("tag"), clip["id"])]
    assert len(clips) == 1
    return clips[0]


def box_of(project, name):
    [clip] = [clip for clip in project.resolve().scenes[0].clips if name in (clip.tag, clip.id)]
    box = seen_box(clip)
    return box.left, box.top, box.width, box.height


SEEN = ["title", "para", "lamp", "film", "star", "host"]


@pytest.mark.parametrize("name", SEEN)
@pytest.mark.parametrize(
    "changes",
    [
        {"at": "top right", "margin": (40, "5%")},
        {"at": "center"},
        {"at": ("10%", 20)},
        {"at": (7, 8.5)},
        {"at": below("star", gap=10)},
        {"width": 150},
        {"width": "25%"},
        {"width": 330, "at": "bottom left"},
        {"height": 400, "width": 500},
        {"scale": 0.5},
        {"scale": (2, 3), "at": above("star")},
    ],
    ids=str,
)
@pytest.mark.parametrize("orientation", ["landscape", "portrait"])
def test_an_edit_of_place_and_size_gives_a_loaded_clip_the_box_of_a_built_one(name, changes, orientation):
    if name == "star" and "star" in str(changes.get("at")):
        changes = changes | {"at": below("lamp")}
    expected = box_of(built(orientation).edit(name, **changes), name)
    assert box_of(loaded(orientation).edit(name, **changes), name) == pytest.approx(expected, abs=0.011)


@pytest.mark.parametrize("name", ["lamp", "film", "host"])
@pytest.mark.parametrize("make", [built, loaded])
def test_one_side_is_the_seen_size_and_keeps_the_ratio(name, make):
    _, _, width, height = box_of(make(), name)
    found = box_of(make().edit(name, width=100), name)
    assert found[2:] == pytest.approx((100, 100 * height / width))
    found = box_of(make().edit(name, height=100), name)
    assert found[2:] == pytest.approx((100 * width / height, 100))
    twice = make().edit(name, width=100, height=77).edit(name, width=50)
    assert box_of(twice, name)[2:] == pytest.approx((50, 38.5))


@pytest.mark.parametrize("make", [built, loaded])
def test_a_size_in_percent_or_of_the_row_keeps_the_ratio_too(make):
    assert box_of(make().edit("lamp", width="50%"), "lamp")[2:] == pytest.approx((960, 720))
    template = make().edit("lamp", height="{{ h }}").edit("star", width="10%")
    project = template.render(h=60)
    assert box_of(project, "lamp")[2:] == pytest.approx((80, 60))
    assert box_of(project, "star")[2:] == pytest.approx((196, 100))


WORDS = [
    ("title", {"color": "#00ff00"}, {"fill": "#00ff00"}),
    ("title", {"bold": True, "italic": True}, {"fontWeight": 700, "fontStyle": "italic"}),
    ("title", {"background": "#00f", "stroke": None}, {"backgroundColor": "#00f", "stroke": ""}),
    ("title", {"animation": "fade-in"}, {"animation": {"type": "fade-in", "duration": 1, "delay": 0}}),
    ("title", {"text": "Bye", "align": "right"}, {"text": "Bye", "align": "right"}),
    ("title", {"opacity": 40, "layer": 12}, {"opacity": 40, "layer": 12}),
    ("title", {"fit": (150, 90), "min_font_size": 8}, {"fontSize": 22}),
    ("para", {"width": 500}, {"text": "One two three\nfour five six", "width": 500}),
    ("lamp", {"url": "v", "opacity": None}, {"source_url": "v", "opacity": None}),
    ("lamp", {"extra": {"own": [1]}, "lock_rotation": True}, {"own": [1], "lockRotation": True}),
    ("film", {"url": "v", "poster": "p", "volume": 7}, {"video_url": "v", "source_url": "p", "volume": 7}),
    ("star", {"name": "Circle", "fill": "#123456"}, {"shapeName": "Circle", "fill": "#123456"}),
    ("music", {"url": "v", "label": "New"}, {"source_url": "v", "label": "New"}),
    ("host", {"effects": "head-only", "voice_only": True}, {"effects": [{"type": "head-only"}], "voiceOnly": True}),
]


@pytest.mark.parametrize(("name", "changes", "wire_keys"), WORDS, ids=lambda value: str(value))
@pytest.mark.parametrize("make", [built, loaded])
def test_an_edit_takes_the_words_of_the_verb_in_its_meaning(name, changes, wire_keys, make):
    clip = clip_of(make().edit(name, **changes), name)
    assert {key: clip.get(key) for key in wire_keys} == wire_keys


def test_a_language_and_an_outfit_are_edited_on_loaded_avatars_too():
    assert clip_of(loaded().edit("host", language="ko"), "host")["model"]["language"] == "ko"
    other = Avatar("M1", "B1", origin=(900, 900), tight=(0, 0, 300, 600), head=(100, 50, 100, 100))
    left, top, width, height = box_of(loaded(), "host")
    found = box_of(loaded().edit("host", avatar=other), "host")
    assert found[3] <= height + 1e-6
    assert (found[0] + found[2] / 2, found[1] + found[3] / 2) == pytest.approx((left + width / 2, top + height / 2))
    assert clip_of(loaded().edit("host", avatar=other, framing="bust"), "host")["model"]["ai_name"] == "M1"


@pytest.mark.parametrize("framing", ["head", "bust", "waist", "full"])
@pytest.mark.parametrize("at", [None, "left", "bottom right"])
def test_a_loaded_avatar_is_framed_as_a_built_one(framing, at):
    asked = {"framing": framing} | ({"at": at} if at else {})
    fresh = Project().scene().avatar(HOST, tag="host", **asked)
    assert box_of(loaded().edit("host", **asked), "host") == box_of(fresh, "host")
    assert box_of(built().edit("host", **asked), "host") == box_of(fresh, "host")


def test_a_framed_avatar_moves_only_across_to_an_anchor():
    document = Project().scene().avatar(HOST, tag="host").to_dict()
    left, top, *_ = box_of(Project.load(document).edit("host", at="left"), "host")
    assert (left, top) == (0, box_of(Project.load(document), "host")[1])


@settings(max_examples=40)
@given(
    st.sampled_from(SEEN),
    st.sampled_from([*ANCHORS, (30, 40)]),
    st.none() | st.integers(10, 900),
    st.sampled_from([{}, {"angle": 30}, {"scaleX": -1.5}, {"scaleY": -1, "angle": 90}]),
)
def test_an_edited_clip_stands_at_its_anchor_and_every_other_key_stays(name, at, width, odd):
    document = built().to_dict()
    [clip] = [clip for clip in document["scenes"][0]["clips"] if clip.get("tag") == name]
    if name in ("film", "host"):
        odd = {key: value for key, value in odd.items() if key != "angle"}
    clip |= odd | {"ownKey": 1.0}
    changes = {"at": at} | ({"width": width} if width and name not in ("title", "para") else {})
    project = Project.load(document).edit(name, **changes)
    [after] = [clip for clip in project.resolve().scenes[0].clips if clip.tag == name]
    box = seen_box(after)
    bounds, (across, down) = (box.bounds, ANCHORS.get(at, (None, None)) if isinstance(at, str) else (None, None))
    if isinstance(at, tuple):
        assert (box.left, box.top) == at
    else:
        assert bounds.left + across * bounds.width == pytest.approx(across * 1920, abs=1e-6)
        if name != "host" or bounds.height <= 1080:
            assert bounds.top + down * bounds.height == pytest.approx(down * 1080, abs=1e-6)
    if "width" in changes:
        stroke = 4 * abs(after.scale_x) if name == "star" else 0
        assert box.width == pytest.approx(width + stroke)
    moved = {"left", "top", "width", "height", "scaleX", "scaleY"}
    kept = clip_of(project, name)
    assert list(kept) == list(clip)
    assert {key: kept[key] for key in kept if key not in moved} == {key: clip[key] for key in clip if key not in moved}
    assert (kept["scaleX"] < 0) == (clip["scaleX"] < 0)


def test_a_change_of_place_leaves_every_number_that_it_does_not_change_as_it_was_written():
    document = loaded().to_dict()
    [clip] = [clip for clip in document["scenes"][0]["clips"] if clip.get("tag") == "lamp"]
    clip |= {"width": 800.0, "height": 600.0, "top": 200.0}
    del clip["scaleX"], clip["scaleY"]
    project = Project.load(document).edit("lamp", at=("10%", 200))
    clip["left"] = 192
    assert json.dumps(project.to_dict()) == json.dumps(document)


@pytest.mark.parametrize("make", [built, loaded])
def test_a_plan_gives_the_bytes_of_rendering_an_edited_template(make):
    template = (
        make()
        .edit("title", text="Hi {{ name }}", at="{{ where }}", color="{{ colour }}")
        .edit("lamp", at=below("title"), width="{{ w }}", url="https://x.example/{{ name }}.png")
        .edit("para", width="{{ w }}", text="To {{ name }}, with love and more")
        .edit("host", framing="{{ framing }}", say="Hello {{ name }}.")
        .edit("star", name="{{ shape }}", extra={"own": "{{ name }}"})
    )
    plan = template.compile()
    for name, where, w, framing in (("Ann", "top", 300, "bust"), ("Bob <b>", "bottom right", 250, "waist")):
        row = {"name": name, "where": where, "w": w, "framing": framing, "shape": "Circle", "colour": "#abcdef"}
        assert plan.render_json(row) == template.render(row).to_json().encode()
    assert plan.slow_rows == 0


def test_edits_of_one_clip_add_up_and_the_last_says_its_place():
    project = (
        loaded().edit("lamp", at="top right").edit("lamp", width=200).edit("lamp", url="v").edit("lamp", opacity=50)
    )
    assert box_of(project, "lamp") == pytest.approx((1720, 0, 200, 150))
    assert clip_of(project, "lamp")["source_url"] == "v"
    assert box_of(project.edit("lamp", at=(1, 2)), "lamp") == pytest.approx((1, 2, 200, 150))
    assert project.edit("lamp", at=(1, 2)).scenes[0]._items[3].left == 1


def test_names_of_the_wire_that_no_argument_sets_are_taken_as_they_are():
    project = loaded().edit("lamp", left=9, scale_x=-0.25)
    assert (clip_of(project, "lamp")["left"], clip_of(project, "lamp")["scaleX"]) == (9, -0.25)
    with pytest.raises(BuildError, match="url and source_url are two names of one thing"):
        loaded().edit("lamp", url="a", source_url="b")


def test_a_loaded_text_that_was_placed_is_measured_for_each_row_on_the_fast_path():
    document = Project().scene().text("Hello", tag="t", align="right", at=(100.5, 50)).text("x", tag="u").to_dict()
    loaded = Project.load(document).edit("t", text="Hello {{ name }}", at="top right").edit("u", at=below("t"))
    plan = loaded.compile()
    for name in ("Ann", "Bartholomew the Great", "two\nlines", "", "{{ x }}"):
        assert plan.render_json({"name": name}) == loaded.render(name=name).to_json().encode()
        left, top, width, _ = box_of(loaded.render(name=name), "t")
        assert (left + width, top) == pytest.approx((1920, 0))
    assert plan.slow_rows == 0
    assert len(plan._programs._scene_segments) == 1


@pytest.mark.parametrize("cls", VERB_OF, ids=lambda cls: cls.__name__)
def test_every_keyword_of_a_verb_is_taken_by_edit(cls):
    assert unread_words(cls) == set()


@pytest.mark.parametrize(
    ("name", "odd", "changes", "fault"),
    [
        ("title", {"scaleX": 0}, {"width": 100}, "its scale is 0"),
        ("title", {"scaleX": 0}, {"width": 100, "height": 50}, "its scale is 0"),
        ("title", {"fontSize": 10**400}, {"width": 100}, "font_size is"),
        ("title", {"fontSize": 0}, {"fit": (100, 50)}, "font_size is 0"),
        ("star", {"scaleY": 0}, {"width": 100}, "its scale is 0"),
        ("star", {"height": 0}, {"width": 100}, "its size is not known"),
        ("lamp", {"width": 0}, {"width": 100}, "its size is not known"),
        ("host", {"height": 0}, {"scale": 2}, "its size is not known"),
    ],
)
def test_a_loaded_clip_without_a_sensible_size_says_so(name, odd, changes, fault):
    document = built().to_dict()
    [clip] = [clip for clip in document["scenes"][0]["clips"] if clip.get("tag") == name]
    clip |= odd
    with pytest.raises(BuildError, match=fault):
        Project.load(document).edit(name, **changes).to_dict()


def test_a_loaded_clip_without_a_size_is_given_both_sides():
    document = built().to_dict()
    [clip] = [clip for clip in document["scenes"][0]["clips"] if clip.get("tag") == "lamp"]
    clip |= {"width": 0, "height": 0}
    assert box_of(Project.load(document).edit("lamp", width=30, height=20), "lamp") == (100, 200, 30, 20)


# the background


@pytest.mark.parametrize("value", ["#ffffff", "https://x.example/b.png", None, wire.Background(source_type="image")])
def test_a_background_replaces_the_square_of_a_loaded_scene(value):
    fresh = Project().scene(background=value).text("Hi", tag="t").avatar(HOST, say="Hello.", tag="host")
    expected = fresh.to_dict()["scenes"][0]
    before = Project().scene(background="#102030").text("Hi", tag="t").avatar(HOST, say="Hello.", tag="host")
    project = Project.load(before.to_dict()).background(value)
    assert [clip["type"] for clip in project.to_dict()["scenes"][0]["clips"]] == [
        clip["type"] for clip in expected["clips"]
    ]
    assert project.to_dict()["scenes"][0]["background"] == expected["background"]
    said = project.edit("host", say="New.").say("More.", by="host").to_dict()["scenes"][0]["clips"][-1]
    assert said["script"]["org"] == "<p>New.</p><p>More.</p>"


def test_lines_said_before_the_square_went_stay_with_their_avatar():
    before = Project().scene(background="#102030").avatar(HOST, tag="host").to_dict()
    project = Project.load(before).say("Hello.").background(None)
    assert clip_of(project, "host")["script"]["org"] == "<p>Hello.</p>"


@pytest.mark.parametrize(
    "change", [{"opacity": 50}, {"width": 900}, {"angle": 3}, {"layer": 9}, {"shapeName": "Circle"}, {"strokeWidth": 2}]
)
def test_a_square_that_is_not_the_background_stays(change):
    document = Project().scene(background="#102030").text("Hi").to_dict()
    document["scenes"][0]["clips"][0] |= change
    assert len(Project.load(document).background("https://x.example/b.png").to_dict()["scenes"][0]["clips"]) == 2


def test_clips_that_verbs_added_to_a_loaded_scene_stay_beside_a_new_background():
    project = Project.load(Project().scene(background="#102030").text("Hi").to_dict()).text("Ho", tag="new")
    clips = project.background("#ffffff").to_dict()["scenes"][0]["clips"]
    assert [clip["type"] for clip in clips] == ["shape", "textImage", "textImage"]
    assert clips[0]["fill"] == "#ffffff"


def test_a_second_background_square_is_found():
    document = Project().scene(background="#102030").text("Hi").to_dict()
    [square, _] = document["scenes"][0]["clips"]
    document["scenes"][0]["clips"].append(square | {"id": "again", "layer": 0.5})
    found = [finding.code for finding in Project.load(document).check()]
    assert found.count("background-twice") == 1
