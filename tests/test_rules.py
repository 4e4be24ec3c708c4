"""The rules of the design, one test or more each, named by what must hold."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from aistudios_dsl import (
    Avatar,
    BuildError,
    Catalog,
    DslError,
    LoadError,
    Project,
    Scene,
    TemplateError,
    above,
    below,
    diff,
    right_of,
    wire,
)
from aistudios_dsl.layout.geometry import ANCHORS
from aistudios_dsl.layout.sizes import rounded_up
from aistudios_dsl.layout.text import measure
from aistudios_dsl.wire.jsontext import canonical

BLUE = "/images/background/bg_blue_gradient.png"
PICTURE = "https://x.example/a.png"
OTHER = Avatar("M2", "B2")


def clips(project, scene=0):
    return project.to_dict()["scenes"][scene]["clips"]


def box(clip):
    return [clip[name] for name in ("left", "top", "width", "height", "scaleX", "scaleY")]


def picture(**more):
    return {
        "id": "p",
        "type": "image",
        "layer": 3,
        "left": 1,
        "top": 2,
        "width": 3,
        "height": 4,
        "source_url": "u",
    } | more


def body(*scenes):
    return {"scenes": [{"background": {}, "sceneIdx": 7, "clips": list(scene)} for scene in scenes]}


# 1. Absent is absent


def test_a_loaded_clip_gets_no_geometry_and_no_index_it_did_not_have():
    document = body([picture()], [picture(scaleX=None)])
    assert Project.load(document).to_json() == canonical(document)


def test_indexes_are_renumbered_only_when_the_list_of_scenes_changed():
    project = Project.load(body([], []))
    assert [scene.scene_idx for scene in project.resolve().scenes] == [7, 7]
    assert [scene.scene_idx for scene in project.with_scenes(project.scenes[::-1]).resolve().scenes] == [0, 1]
    assert [scene.scene_idx for scene in project.scene().resolve().scenes] == [0, 1, 2]


# 2. Strict when building, tolerant when loading


def test_a_loaded_value_out_of_range_is_kept_and_a_built_one_refused():
    document = body([picture(opacity=140, animation={"type": "spin", "duration": 0, "delay": 0})])
    project = Project.load(document)
    assert project.to_json() == canonical(document)
    assert project.edit("p", source_url="v").find("p").opacity == 140
    with pytest.raises(BuildError, match="opacity is 140"):
        project.edit("p", opacity=140)
    with pytest.raises(BuildError, match="opacity is 140"):
        wire.Image(id="a", layer=1, left=0, top=0, width=1, height=1, source_url="u", opacity=140)


def test_map_judges_only_what_it_changed():
    project = Project.load(body([picture(opacity=140)]))
    assert project.map(wire.Image, lambda clip: evolve(clip, left=5)).find("p").left == 5
    with pytest.raises(BuildError, match="opacity is 0"):
        project.map(wire.Image, lambda clip: evolve(clip, opacity=0))


# 3. Canonical text


def test_opaque_json_is_copied_at_both_rims():
    words = {"list": [1]}
    project = Project(dictionary=words).scene()
    project.to_dict()["dictionary"]["list"].append(2)
    assert project.to_dict()["dictionary"] == {"list": [1]}


# 4. Same script, same bytes


def test_ids_follow_from_the_place_in_the_script():
    first, second = (
        Project().scene().image(PICTURE, width=9, height=9),
        Project().scene().image(PICTURE, width=8, height=8),
    )
    assert clips(first)[0]["id"] == clips(second)[0]["id"]
    kind, _, tail = clips(first)[0]["id"].partition("-")
    assert kind == "image"
    assert len(tail) == 11
    assert set(tail) <= set("0123456789abcdefghijklmnopqrstuv")


def test_ids_are_unique_and_step_aside_for_given_ones():
    free = clips(Project().scene().image(PICTURE, width=9, height=9))[0]["id"]
    project = Project().scene().image(PICTURE, width=9, height=9).scene().image(PICTURE, width=9, height=9, id=free)
    ids = [scene["clips"][0]["id"] for scene in project.to_dict()["scenes"]]
    assert ids[1] == free
    assert ids[0] != free


def test_layers_count_on_from_the_highest_so_far():
    project = (
        Project().scene().put(wire.Audio(id="a", layer=5, left=0, top=0, width=0, height=0, source_url="u", label="l"))
    )
    project = project.shape("Star", fill="red", width=9).shape("Star", fill="red", width=9, layer=2)
    project = project.shape("Star", fill="red", width=9)
    assert [clip["layer"] for clip in clips(project)] == [5, 6, 2, 7]


# 5. Speech


def test_lines_of_one_avatar_are_paragraphs_of_its_clip():
    project = Project().scene().avatar("M000045058", say="A\nB & C").say("<p>D</p>", html=True)
    assert clips(project)[0]["script"] == {"org": "<p>A B &amp; C</p><p>D</p>", "tts": None}


def dialogue(api):
    scene = Scene().avatar("M000045058", tag="host").avatar(OTHER, width=100, height=300, tag="guest")
    return Project(api=api).add(scene.say("A", by="host").say("B").say("C", by="host"))


def test_a_b_a_can_be_said_in_the_scene_and_not_in_the_clips():
    scripts = dialogue("1.6").to_dict()["scenes"][0]["scripts"]
    assert [(line["org"], line["modelId"]) for line in scripts] == [
        ("<p>A</p>", "M000045058"),
        ("<p>B</p>", "M2"),
        ("<p>C</p>", "M000045058"),
    ]
    with pytest.raises(BuildError, match="speaks again"):
        dialogue("1.4").to_dict()
    with pytest.raises(BuildError, match="speaks again"):
        dialogue("1.6").to_dict(api="1.4")


def test_twins_cannot_be_told_apart_in_the_scene():
    scene = Scene().avatar("M000045058", say="A").avatar("M000045058", say="B")
    assert [clip["script"]["org"] for clip in clips(Project().add(scene))] == ["<p>A</p>", "<p>B</p>"]
    with pytest.raises(BuildError, match="twice in the same outfit"):
        Project(api="1.6").add(scene).to_dict()


def test_a_voice_of_another_kind_has_no_equal_in_the_other_generation():
    script = {"org": "x", "isTTS": True, "tts": {"voice": 1}, "modelId": "M2", "clothId": "B2"}
    avatar = {"type": "aiModel", "model": {"ai_name": "M2", "emotion": "B2"}}
    document = body([{key: value for key, value in picture().items() if key != "source_url"} | avatar])
    document["scenes"][0]["scripts"] = [script]
    assert Project.load(document).to_json() == canonical(document)
    with pytest.raises(BuildError, match="no known equivalent"):
        Project.load(document).to_dict(api="1.4")


# 7. Background


@pytest.mark.parametrize(
    ("colour", "rgb"),
    [("#102030", "rgb(16,32,48)"), ("rgb(1, 2, 3)", "rgb(1,2,3)"), ("hsl(0, 100%, 50%)", "rgb(255,0,0)")],
)
def test_a_colour_is_a_square_below_everything(colour, rgb):
    project = Project().scene(background=colour).shape("Star", fill="red", width=9)
    scene = project.to_dict()["scenes"][0]
    square, star = scene["clips"]
    assert (square["shapeName"], square["fill"], box(square)) == ("Square", colour, [0, 0, 1920, 1080, 1, 1])
    assert square["layer"] < star["layer"]
    assert scene["background"] == {
        "id": "background",
        "type": "background",
        "source_type": "image",
        "source_url": BLUE,
        "source_color": rgb,
    }


def test_the_square_is_lowest_even_below_given_layers():
    project = Project().scene(background="#000").shape("Star", fill="red", width=9, layer=-3)
    assert [clip["layer"] for clip in clips(project)] == [-4, -3]


def test_any_other_string_is_a_url_and_a_wire_background_is_taken_whole():
    assert Project().scene(background=PICTURE).resolve().scenes[0].background.source_url == PICTURE
    whole = wire.Background(source_type="color", source_color="red")
    assert Project().scene(background=whole).to_dict()["scenes"][0]["background"] == {
        "id": "background",
        "type": "background",
        "source_type": "color",
        "source_color": "red",
    }


# 8. Text


@pytest.mark.parametrize(("align", "kept"), [("left", 0), ("center", 0.5), ("right", 1)])
def test_a_loaded_text_that_changes_keeps_its_aligned_edge_where_its_box_was_measured(align, kept):
    document = Project().scene().text("Hello", align=align, at=(100, 50), tag="t").to_dict()
    old = Project.load(document).find("t")
    new = Project.load(document).edit("t", text="Hello, World").find("t")
    assert new.width > old.width
    assert new.left + kept * new.width == pytest.approx(old.left + kept * old.width)


def test_a_loaded_text_in_a_box_of_its_own_stays_in_it():
    document = Project().scene().text("Hello", width=500, height=200, tag="t").to_dict()
    assert Project.load(document).edit("t", text="Hello, World").find("t").width == 500


def test_a_loaded_template_text_is_measured_again_for_its_row():
    document = Project().scene().text("Hi (name)", tag="t", at=(0, 0)).to_dict()
    measured = Project.load(document).edit("t", text="Hi").find("t").width
    document["scenes"][0]["clips"][0]["text"] = "Hi {{ name }}"
    assert Project.load(document).render(name="Ann").find("t").width == document["scenes"][0]["clips"][0]["width"]
    assert measured < document["scenes"][0]["clips"][0]["width"]


# 9. Sizes and places


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"natural": (800, 600)}, [560, 240, 800, 600, 1, 1]),
        ({"natural": (800, 600), "width": 400}, [760, 390, 800, 600, 0.5, 0.5]),
        ({"natural": (800, 600), "height": "50%"}, [600, 270, 800, 600, 0.9, 0.9]),
        ({"natural": (800, 600), "width": 400, "height": 600}, [760, 240, 800, 600, 0.5, 1]),
        ({"natural": (800, 600), "width": 400, "height": 600, "fit": "contain"}, [760, 390, 800, 600, 0.5, 0.5]),
        ({"natural": (800, 600), "width": 400, "height": 600, "fit": "cover"}, [560, 240, 800, 600, 1, 1]),
        ({"natural": (800, 600), "scale": 0.5, "at": "top left", "margin": 10}, [10, 10, 800, 600, 0.5, 0.5]),
        ({"width": 30, "height": 40, "at": (1.5, "50%")}, [1.5, 540, 30, 40, 1, 1]),
    ],
)
def test_media_carry_their_natural_size_and_a_scale(asked, expected):
    assert box(clips(Project().scene().image(PICTURE, **asked))[0]) == expected


def test_shapes_carry_their_seen_size_and_one_side_makes_a_square():
    assert box(clips(Project().scene().shape("Star", fill="red", width=200))[0]) == [860, 440, 200, 200, 1, 1]


def test_neighbours_stand_beside_each_other_and_may_come_later():
    scene = Scene().shape("Star", fill="red", width=100, at=below("b", gap=10), tag="a")
    scene = scene.shape("Star", fill="red", width=200, at=(100, 100), tag="b")
    scene = scene.shape("Star", fill="red", width=50, at=right_of("a"))
    assert [box(clip)[:2] for clip in clips(Project().add(scene))] == [[150, 310], [100, 100], [250, 335]]


def test_a_circle_of_neighbours_is_named():
    scene = Scene().shape("Star", fill="red", width=9, at=above("b"), tag="a")
    scene = scene.shape("Star", fill="red", width=9, at=above("a"), tag="b")
    with pytest.raises(BuildError, match="a -> b -> a"):
        Project().add(scene).to_dict()


def test_two_clips_with_one_tag_are_refused():
    scene = Scene().shape("Star", fill="red", width=9, tag="a").shape("Star", fill="red", width=9, tag="a")
    with pytest.raises(BuildError, match="two clips have the tag 'a'"):
        Project().add(scene).to_dict()


def test_audio_has_a_zero_box():
    assert box(clips(Project().scene().audio("https://x.example/a.mp3", label="Music"))[0]) == [0, 0, 0, 0, 1, 1]


def test_text_with_both_sides_is_a_box_as_given():
    assert box(clips(Project().scene().text("Hi", width=300, height=99, at="bottom right"))[0]) == [
        1620,
        981,
        300,
        99,
        1,
        1,
    ]


# 10. Avatars


HEADS = {"head": 1.35, "bust": 2.2, "waist": 3.4}
CROWN_TO_CHIN = 290 + 185 - 168.16666666666669
"""One head of the built-in avatar: its crown is the top of its figure."""


@pytest.mark.parametrize("framing", HEADS)
@pytest.mark.parametrize(("orientation", "height"), [("landscape", 1080), ("portrait", 1920)])
def test_a_framing_shows_so_many_heads_from_the_crown_down(framing, orientation, height):
    clip = clips(Project(orientation=orientation).scene().avatar("M000045058", framing=framing))[0]
    head = CROWN_TO_CHIN * clip["scaleY"]
    assert height - clip["top"] == pytest.approx(HEADS[framing] * head)
    if (framing, orientation) == ("waist", "portrait"):
        assert clip["width"] * clip["scaleX"] == pytest.approx(1080)
        assert clip["top"] > 0.35 * head
    else:
        assert clip["top"] == pytest.approx(0.35 * head)


@given(
    st.sampled_from([*HEADS, "full", None]),
    st.sampled_from(["landscape", "portrait"]),
    st.sampled_from([*ANCHORS, None]),
    st.tuples(st.integers(20, 3000), st.integers(20, 3000)),
    st.tuples(st.floats(0, 0.9), st.floats(0, 0.5), st.floats(0.05, 0.9), st.floats(0.05, 0.5)),
)
def test_no_framing_cuts_the_crown_or_makes_the_figure_float_and_the_waist_is_never_wider_than_the_canvas(
    framing, orientation, at, size, head
):
    x, y, width, height = (share * size[place % 2] for place, share in enumerate(head))
    tight = (100, 50, *size)
    avatar = Avatar("M1", "B1", origin=(4000, 4000), tight=tight, head=(100 + x, 50 + y, width, height))
    given = {"framing": framing} if framing else {}
    project = Project(orientation=orientation).scene().avatar(avatar, **given, **({"at": at} if at else {}))
    [clip] = clips(project)
    canvas_width, canvas_height = (1920, 1080) if orientation == "landscape" else (1080, 1920)
    assert clip["top"] > -1e-6
    if framing in (*HEADS, None):
        assert clip["top"] + clip["height"] * clip["scaleY"] > canvas_height - 1e-6
    if framing in ("waist", "full", None):
        assert clip["width"] * clip["scaleX"] < canvas_width + 1e-6
    if framing in ("head", "bust") and at:
        left = clip["left"] + x * clip["scaleX"]
        share = ANCHORS[at][0]
        assert left + share * width * clip["scaleX"] == pytest.approx(share * canvas_width, abs=1e-6)


def test_a_head_above_its_figure_cannot_frame_it():
    avatar = Avatar("M1", "B1", origin=(900, 900), tight=(0, 500, 400, 400), head=(0, 0, 100, 100))
    with pytest.raises(BuildError, match="lies above its figure"):
        Project().scene().avatar(avatar).to_dict()


def test_waist_and_bottom_centre_is_the_framing_by_itself():
    plain, named = (clips(Project().scene().avatar("M000045058", **more))[0] for more in ({}, {"framing": "waist"}))
    assert plain == named
    assert plain["left"] + 679 * plain["scaleX"] / 2 == pytest.approx(960)


def test_full_fits_the_whole_figure():
    clip = clips(Project().scene().avatar("M000045058", framing="full", margin=40))[0]
    assert clip["height"] * clip["scaleY"] == pytest.approx(1000)
    assert clip["top"] == pytest.approx(40)


def test_a_point_alone_means_scale_one():
    clip = clips(Project().scene().avatar("M000045058", at=(10.5, 20)))[0]
    assert box(clip) == [10.5, 20, 679, 2229, 1, 1]


def test_the_head_stands_where_it_was_asked_to():
    clip = clips(Project().scene().avatar("M000045058", head_at=("50%", 300), head_height=370))[0]
    assert clip["scaleX"] == 2
    assert clip["left"] + (613.3333333333334 - 367.33333333333337 + 91) * 2 == pytest.approx(960)
    assert clip["top"] + (290 - 168.16666666666669 + 92.5) * 2 == pytest.approx(300)


def test_an_avatar_without_geometry_is_the_minimal_model_and_needs_a_size():
    with pytest.raises(BuildError, match="size of avatar M2 is not known"):
        Project().scene().avatar(OTHER).to_dict()
    clip = clips(Project().scene().avatar(OTHER, width=100, height=300))[0]
    assert clip["model"] == {"ai_name": "M2", "emotion": "B2"}
    assert box(clip) == [910, 780, 100, 300, 1, 1]


def test_a_catalogue_learns_what_the_editor_wrote(tmp_path):
    document = Project().scene().avatar("M000045058").to_dict()
    model = document["scenes"][0]["clips"][0]["model"]
    model |= {"ai_name": "M9", "source_url": "https://own.example/me.png", "surprise": 1}
    catalog = Catalog().learn(document)
    assert [str(lesson) for lesson in catalog.learnt] == [
        "M9 in BG00002320: new, 679 x 2229 px, written as the editor had it"
    ]
    again = Catalog.load(catalog.save(tmp_path / "avatars.json"))
    assert again.avatars == catalog.avatars
    assert clips(Project(catalog=again).scene().avatar("M9"))[0]["model"] == model


# 11. Defaults


def test_name_and_orientation_are_written_only_when_given():
    assert list(Project().scene().to_dict()) == ["scenes"]
    assert list(Project("N", orientation="portrait").scene().to_dict()) == ["name", "orientation", "scenes"]


def test_what_is_set_to_nothing_is_absent():
    clip = clips(Project().scene().image(PICTURE, width=9, height=9, opacity=None))[0]
    assert "opacity" not in clip
    assert {"animation", "shadow", "tag"} & set(clip) == set()
    assert clip["angle"] == 0


# 12. From the service


def test_keys_that_only_the_service_writes_are_kept_by_load_and_dump():
    document = body([]) | {"_id": "p1", "userId": "u", "progress": 100.0}
    assert Project.load(document).to_json() == canonical(document)


# verbs


def test_verbs_copy():
    base = Project().scene()
    a, b = base.text("A", width=9, height=9), base.image(PICTURE, width=9, height=9)
    assert [len(list(project._clips())) for project in (base, a, b)] == [0, 1, 1]


def test_a_builder_whose_result_was_dropped_hints_at_it():
    project = Project()
    project.scene()
    with pytest.raises(BuildError, match=r"no scenes\n  hint: .*keep what they return"):
        project.to_dict()


def test_edit_finds_the_scene_that_has_the_tag():
    project = Project().scene().text("A", tag="a").scene().text("B", tag="b").edit("a", text="C")
    assert project.find("a").text == "C"


def test_pipe_puts_a_function_into_the_chain():
    assert Project().scene().pipe(lambda project, words: project.text(words), "Hi").find
    assert len(list(Project().scene().pipe(lambda project: project.text("Hi"))._clips())) == 1


def test_a_pending_template_is_not_dumped():
    project = Project().scene(when="vip").text("Hello {{ name }}", width=9, height=9)
    with pytest.raises(TemplateError, match=r"scenes\[0\].when \(vip\), scenes\[0\].clips\[0\].text \(name\)"):
        project.to_dict()


PICTURE = "https://x.example/a.png"


def test_fit_needs_the_natural_size():
    for scene in (
        Scene().image(PICTURE, width=200, height=100, fit="cover"),
        Scene().video(PICTURE, width=9, height=9, fit="contain"),
    ):
        with pytest.raises(BuildError, match="needs its natural size"):
            Project().add(scene).to_dict()
    scene = Scene().image(PICTURE, width=200, height=100, natural=(50, 50), fit="cover")
    assert Project().add(scene).to_dict()["scenes"][0]["clips"][0]["scaleX"] == 4


def test_a_framing_is_moved_across_by_its_anchor():
    tops, lefts = set(), []
    for at in ("left", "center", "right", "bottom right"):
        clip = Project().scene().avatar("M000045058", framing="bust", at=at).to_dict()["scenes"][0]["clips"][0]
        tops.add(clip["top"])
        lefts.append(clip["left"])
    assert len(tops) == 1
    assert lefts[0] < lefts[1] < lefts[2] == lefts[3]


@pytest.mark.parametrize("html", ["Hi <b>you", "<p>Hi", "Hi</p>", "<p>Hi <b>you</p>"])
def test_speech_as_html_has_its_tags_in_pairs(html):
    with pytest.raises(BuildError, match="no matching tag"):
        Scene().avatar("M000045058").say(html, html=True)


@pytest.mark.parametrize(
    "html", ["<p>Hi<br>you</p>", "plain words", "<span class='a'>x</span>", "{% if a %}<b>{% endif %}"]
)
def test_speech_as_html_is_taken_to_the_letter(html):
    assert Scene().avatar("M000045058").say(html, html=True)._lines[0].text == html


def test_a_file_that_cannot_be_written_is_told_as_an_error_of_this_package(tmp_path):
    project = Project().scene().text("Hi")
    for write in (project.save, project.storyboard):
        with pytest.raises(DslError, match="is its folder there"):
            write(tmp_path / "no" / "such" / "folder.x")
        with pytest.raises(DslError, match="is a folder"):
            write(tmp_path)
        assert write(str(tmp_path / "out")) == tmp_path / "out"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# Lists serve where tuples do, and every bold weight is one


@pytest.mark.parametrize("weight", [550, 600, 700, 900, 1000, "bold", "Bold", "bolder", "700", " 550.5 "])
def test_every_bold_weight_is_measured_as_bold(weight):
    for size in ({}, {"width": 150}, {"fit": (150, 300)}):
        bold = Project().scene().text("Hello wide world", bold=True, **size)
        edited = Project().scene().text("Hello wide world", tag="t", **size).edit("t", font_weight=weight)
        assert box(clips(edited)[0]) == box(clips(bold)[0])


@pytest.mark.parametrize("weight", [0, 500, 549, 1001, "", "normal", "lighter", "500", "7_00", "inf", "bold!"])
def test_a_weight_that_is_none_or_below_550_is_measured_as_regular(weight):
    edited = Project().scene().text("Hello world", tag="t").edit("t", font_weight=weight)
    assert box(clips(edited)[0]) == box(clips(Project().scene().text("Hello world"))[0])


def test_a_list_serves_as_a_tuple_wherever_a_place_takes_a_pair():
    def scenes(pair):
        return (
            Project()
            .scene()
            .avatar("M000045058", at=pair(100, 200))
            .avatar("M000045058", framing="bust", margin=pair(50, 0), at="left")
            .avatar("M000045058", head_at=pair(900, 300), scale=pair(1, 2))
            .image(PICTURE, natural=pair(800, 600), scale=pair(2, 3))
            .text("Hello", fit=pair(300, 100))
        )

    assert scenes(lambda *values: list(values)).to_dict() == scenes(lambda *values: values).to_dict()
    assert clips(scenes(lambda *values: list(values)))[0]["scaleX"] == 1


def test_a_head_stands_where_it_is_put_with_a_pair_of_scales_too():
    one, pair = (Project().scene().avatar("M000045058", head_at=(960, 300), scale=scale) for scale in (2, (2, 2)))
    assert clips(one) == clips(pair)


def test_values_of_none_leave_align_and_underline_out():
    clip = clips(Project().scene().text("Hello", align=None, underline=None))[0]
    assert "align" not in clip
    assert "underline" not in clip


# Numbers that no figure can have


def seed_with(**numbers):
    document = Project().scene().avatar("M000045058").to_dict()
    model = document["scenes"][0]["clips"][0]["model"]
    for part in ("editor", "editorValue"):
        model[part] |= numbers
    return document


def test_an_avatar_whose_head_has_no_height_is_learnt_without_a_head():
    catalog = Catalog().learn(seed_with(headHeight=0))
    assert catalog.find("M000045058").head is None
    clip = clips(Project(catalog=catalog).scene().avatar("M000045058"))[0]
    assert clip["model"]["editor"]["headHeight"] == 0


@pytest.mark.parametrize("name", ["modelOriginH", "modelOriginW", "modelTightW", "modelTightH"])
def test_an_avatar_of_no_extent_is_learnt_as_it_is_written_but_without_a_size(name):
    document = seed_with(**{name: 0})
    avatar = Catalog(avatars=()).learn(document).find("M000045058")
    assert avatar.size is None
    assert (
        Project(catalog=Catalog((avatar,)))
        .scene()
        .avatar("M000045058", width=1, height=1)
        .to_dict()["scenes"][0]["clips"][0]["model"]
        == document["scenes"][0]["clips"][0]["model"]
    )


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"ai_name": 1, "cloth": "B"}, "ai_name of an avatar must be a string"),
        ({"ai_name": "M", "cloth": None}, "cloth of an avatar must be a string"),
        ({"ai_name": "M", "cloth": "B", "tight": "x"}, "tight of an avatar is 'x'"),
        ({"ai_name": "M", "cloth": "B", "origin": 3}, "origin of an avatar is 3"),
        ({"ai_name": "M", "cloth": "B", "written": {}}, "missing|problems"),
    ],
)
def test_a_catalogue_of_wrong_values_is_refused_with_its_place(entry, reason, tmp_path):
    path = tmp_path / "catalog.json"
    path.write_text(canonical({"avatars": [{"ai_name": "M", "cloth": "A"}, entry]}), encoding="utf-8")
    with pytest.raises(LoadError, match=reason) as caught:
        Catalog.load(path)
    assert caught.value.path.startswith("avatars[1]")


def test_what_is_no_project_is_told_by_learn_and_diff():
    with pytest.raises(BuildError, match="learns from a project, not int"):
        Catalog().learn(3)
    with pytest.raises(BuildError, match="diff compares projects, not dict"):
        diff(Project().scene(), {"scenes": []})


# Speech from one generation to the other


def spoken_body(*speakers, scripts=()):
    project = Project().scene().scene().image(PICTURE, width=1, height=1)
    for says in speakers:
        project = project.avatar("M000045058", say=says)
    document = project.to_dict()
    if scripts:
        document["scenes"][1]["scripts"] = list(scripts)
    return document


def test_speech_in_clips_and_scene_at_once_becomes_neither_generation():
    line = {"org": "<p>Two.</p>", "isTTS": False, "tts": None, "modelId": "M000045058", "clothId": "BG00002320"}
    project = Project.load(spoken_body("One.", scripts=[line]))
    for api in ("1.4", "1.6"):
        with pytest.raises(BuildError, match=r"^scenes\[1\]: has speech both in its clips and in the scene"):
            project.to_dict(api=api)


def test_a_speaker_with_a_silent_twin_is_refused_at_its_place():
    for speakers in (("One.", None), (None, "One."), ("One.", "Two.")):
        with pytest.raises(BuildError, match=r"^scenes\[1\]\.clips\[2\] \(avatar\): is in the scene twice"):
            Project.load(spoken_body(*speakers)).to_dict(api="1.6")


def test_twins_that_are_silent_keep_no_other_from_speaking():
    silent = Project().scene().avatar(OTHER, width=1, height=1).avatar(OTHER, width=1, height=1)
    document = silent.avatar("M000045058", say="One.").to_dict()
    assert len(Project.load(document).to_dict(api="1.6")["scenes"][0]["scripts"]) == 1


def test_what_was_given_to_a_clip_as_extra_comes_last_on_the_wire_and_can_be_changed_afterwards():
    extra = {"k": [1], "hidden": False}
    project = Project().scene().text("Hi", tag="t", extra=extra)
    extra["k"].append(2)
    assert list(project.to_dict()["scenes"][0]["clips"][0].items())[-3:] == [
        ("tag", "t"),
        ("k", [1]),
        ("hidden", False),
    ]


def test_further_keys_of_its_class_set_fields_leave_them_out_and_spell_numbers_in_another_way():
    extra = {"lockRotation": True, "name": "lamp", "opacity": wire.UNSET, "scaleX": wire.UNSET, "width": 8.0, "new": 1}
    [clip] = Project().scene().image("u", natural=(8, 6), extra=extra, id="i").to_dict()["scenes"][0]["clips"]
    assert (clip["lockRotation"], clip["name"], clip["new"]) == (True, "lamp", 1)
    assert "opacity" not in clip
    assert "scaleX" not in clip
    assert repr(clip["width"]) == "8.0"
    assert list(clip)[-1] == "new"


@pytest.mark.parametrize("name", ["{{ n }}", "Ann"])
def test_fields_that_extra_sets_are_the_same_in_a_plan(name):
    extra = {"lockRotation": True, "name": "{{ n }}", "headOnly": wire.UNSET, "note": "{{ n }}"}
    template = Project(extra={"orientation": "landscape", "isExport": True}, key_order="isExport name")
    template = template.scene(extra={"sceneIdx": 4, "thumbnailUrl": "{{ n }}", "watermark": wire.UNSET})
    template = template.avatar("M000045058", extra=extra, effects=[], voice_only=None, key_order="note id")
    template = template.text("{{ n }}", exact=True, key_order="left top").scene(key_order="sceneIdx background")
    text = template.render(n=name).to_json()
    assert template.compile().render_json({"n": name}) == text.encode()
    assert text.startswith('{"isExport":true,"orientation":"landscape","scenes":[{"background"')
    assert '"thumbnailUrl":"' + name in text
    assert '{"sceneIdx":1,"background"' in text


def test_an_exact_text_has_the_width_of_its_letters_and_any_other_one_rounded_up():
    widths = []
    for exact in (True, False):
        [clip] = Project().scene().text("Welcome", font_size=28, exact=exact).to_dict()["scenes"][0]["clips"]
        widths.append(clip["width"])
    assert widths[0] == measure("Welcome", 28 * 4 / 3).width
    assert widths[1] == rounded_up(widths[0]) != widths[0]


@pytest.mark.parametrize("size", [48, 27])
def test_the_box_that_the_editor_measured_is_written_for_words_that_measure_that(size):
    measured = measure("Hello Ann", size * 4 / 3)
    box = (measured.width - 0.0123, measured.height)
    template = Project().scene().text("Hello {{ name }}", font_size=size, exact=box, align="right", at="top right")
    for name, expected in {"Ann": box[0], "Bartholomew": measure("Hello Bartholomew", size * 4 / 3).width}.items():
        text = template.render(name=name).to_json()
        [clip] = Project.load(text, template=False).to_dict()["scenes"][0]["clips"]
        assert (clip["width"], clip["left"]) == (expected, 1920 - expected)
        assert template.compile().render_json({"name": name}) == text.encode()


def test_an_avatar_may_be_only_heard():
    [clip] = Project().scene().avatar("M000045058", voice_only=True, say="Hi").to_dict()["scenes"][0]["clips"]
    assert clip["voiceOnly"] is True


@pytest.mark.parametrize("language", ["english", "en_US", "", "{{ x }}", "e", "en-", "zh-Hant-TW-"])
def test_a_language_that_is_no_tag_is_refused_where_it_is_given_and_where_a_row_gives_it(language):
    template = Project().scene().avatar("M000045058", language="{{ language }}")
    own = Project().scene().avatar(Avatar("M1", "B1", language="{{ language }}"), width=9, height=9)
    for call in (
        lambda: Project(literal=True).scene().avatar("M000045058", language=language).to_dict(),
        lambda: template.render(language=language).to_dict(),
        lambda: template.compile().render_json({"language": language}),
        lambda: own.render(language=language).to_dict(),
        lambda: own.compile().render_json({"language": language}),
    ):
        with pytest.raises(DslError, match="not a BCP 47 tag") as found:
            call()
        assert "clips[0]" in found.value.path


@pytest.mark.parametrize("language", ["en", "ko", "pt-BR", "zh-Hant-TW", "sr-Latn", "es-419", "de-CH-1996", "EN-us"])
def test_a_language_tag_is_written_as_it_is(language):
    [clip] = Project().scene().avatar("M000045058", language=language).to_dict()["scenes"][0]["clips"]
    assert clip["model"]["language"] == language


def test_an_avatar_that_the_editor_gave_another_language_is_learnt_exactly():
    model = wire.Model(ai_name="M1", emotion="B1", language="KR_ko!")
    assert Avatar.from_model(model).model() == model


def test_what_was_given_as_extra_can_be_changed_afterwards_without_harm():
    """Rule 3: opaque JSON is copied at both rims."""
    extra = {"k": [1]}
    project = Project(extra=extra).scene(extra=extra)
    extra["k"].append(2)
    extra["new"] = 1
    written = project.to_dict()
    assert (written["k"], written["scenes"][0]["k"], "new" in written) == ([1], [1], False)
    written["k"].append(3)
    assert project.to_dict()["k"] == [1]
