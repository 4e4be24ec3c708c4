"""What the editor made comes in, is changed by tag, and goes out with all the rest as it was."""

import json
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import Avatar, BuildError, Catalog, LoadError, Project, Scene, below, wire
from aistudios_dsl.wire.jsontext import canonical
from tests.documents import REAL, at, places_in

SEED = "seed_project"
DIALOGUE = Path(__file__).parent / "data" / "dialogue_in_one_scene.json"


def real(name):
    return json.loads(next(path for path in REAL if path.stem == name).read_text(encoding="utf-8"))


def clip_of(project, tag, scene=0):
    return next(c for c in project.to_dict()["scenes"][scene]["clips"] if tag in (c.get("tag"), c["id"]))


# what was not touched


@pytest.mark.parametrize("wrap", [lambda body: body, lambda body: {"success": True, "data": {"project": body}}])
def test_a_body_an_answer_and_a_file_load_alike(wrap, tmp_path):
    document = wrap(real(SEED))
    path = tmp_path / "project.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    for source in (document, json.dumps(document), json.dumps(document).encode(), path, str(path)):
        assert Project.load(source).to_json() == canonical(real(SEED))


def fields_of_clips():
    """A real project and the path of a string in one of its clips."""
    for file in REAL:
        document = json.loads(file.read_text(encoding="utf-8"))
        for path in places_in(document):
            if len(path) == 5 and path[-1] in ("source_url", "video_url", "label", "fill"):
                yield file, path


@settings(max_examples=60)
@given(
    st.sampled_from(list(fields_of_clips())), st.text(st.characters(exclude_characters="{", exclude_categories=["Cs"]))
)
def test_a_change_of_one_field_leaves_every_other_byte(place, value):
    file, path = place
    document = json.loads(file.read_text(encoding="utf-8"))
    clip, attribute = at(document, path[:-1]), path[-1]
    value = "#0a0b0c" if attribute == "fill" else value  # An edit refuses what is no colour.
    project = Project.load(document).edit(clip["id"], scene=path[1], **{attribute: value})
    clip[attribute] = value
    assert project.to_json() == canonical(document)


def test_a_new_field_comes_after_those_that_were_there():
    document = real(SEED)
    project = Project.load(document).edit("aiModel-1h4ij5h8e87", tag="host")
    document["scenes"][0]["clips"][0]["tag"] = "host"
    assert project.to_json() == canonical(document)


# texts


@pytest.mark.parametrize(("align", "share"), [("left", 0), ("center", 0.5), ("right", 1)])
@pytest.mark.parametrize("change", [{"text": "Hello, World"}, {"font_size": 60}, {"font_weight": 700}])
def test_a_measured_text_is_measured_again_about_its_aligned_edge(align, share, change):
    document = Project().scene().text("Hello", align=align, at=(100, 50), tag="t").to_dict()
    old, new = Project.load(document).find("t"), Project.load(document).edit("t", **change).find("t")
    fresh = Project().scene().text("Hello", tag="t").edit("t", **change).resolve().scenes[0].clips[0]
    assert (new.width, new.height, new.top) == (fresh.width, fresh.height, old.top)
    assert new.left + share * new.width == pytest.approx(old.left + share * old.width)


def test_a_size_that_is_given_with_the_text_is_taken():
    document = Project().scene().text("Hello", tag="t", at=(1, 2)).to_dict()
    new = Project.load(document).edit("t", text="Hello, World", width=500, height=99).find("t")
    assert (new.left, new.top, new.width, new.height) == (1, 2, 500, 99)


def test_map_measures_again_as_edit_does():
    document = Project().scene().text("Hello", tag="t").to_dict()
    mapped = Project.load(document).map(wire.Text, lambda clip: evolve(clip, text="Hello, World"), tag="t")
    assert mapped.to_json() == Project.load(document).edit("t", text="Hello, World").to_json()


def test_a_text_made_a_template_after_loading_is_measured_for_each_row():
    document = Project().scene().text("Hello", align="right", at=(100, 50), tag="t").to_dict()
    row = Project.load(document).edit("t", text="Hi {{ name }}").render(name="Ann").find("t")
    direct = Project.load(document).edit("t", text="Hi Ann").find("t")
    assert (row.text, row.width, row.height) == (direct.text, direct.width, direct.height)
    assert row.left == pytest.approx(direct.left)


@pytest.mark.parametrize("size", [0, -4, 10**400, 1e300])
def test_a_loaded_text_of_no_sensible_size_still_changes(size):
    document = Project().scene().text("Hello", tag="t").to_dict()
    document["scenes"][0]["clips"][0]["fontSize"] = size
    new = clip_of(Project.load(document).edit("t", text="Bye"), "t")
    assert new == document["scenes"][0]["clips"][0] | {"text": "Bye"}


# pictures


def picture(**place):
    return Project().scene().image("u", tag="p", **place).to_dict()


def seen(clip):
    return clip["left"], clip["top"], clip["width"] * clip["scaleX"], clip["height"] * clip["scaleY"]


def test_another_picture_keeps_the_box_of_the_old_one():
    document = picture(natural=(800, 600), width=400, at=(100, 200))
    new = clip_of(Project.load(document).edit("p", source_url="v"), "p")
    assert new == document["scenes"][0]["clips"][0] | {"source_url": "v"}


@pytest.mark.parametrize(
    ("natural", "fit", "expected"),
    [
        ((1600, 1200), None, (100, 200, 400, 300)),
        ((500, 500), None, (150, 200, 300, 300)),
        ((500, 500), "cover", (100, 150, 400, 400)),
        ((500, 500), "stretch", (100, 200, 400, 300)),
        ((800, 200), None, (100, 300, 400, 100)),
    ],
)
def test_a_picture_of_another_size_stands_about_the_same_centre(natural, fit, expected):
    document = picture(natural=(800, 600), width=400, at=(100, 200))
    given = {"natural": natural} | ({"fit": fit} if fit else {})
    new = clip_of(Project.load(document).edit("p", source_url="v", **given), "p")
    assert (new["width"], new["height"]) == natural
    assert seen(new) == pytest.approx(expected)


def test_a_turned_picture_keeps_its_centre_too():
    document = picture(natural=(800, 600), width=400, angle=90, at="center")
    new = clip_of(Project.load(document).edit("p", natural=(300, 300)), "p")
    left, top, width, height = seen(new)
    assert (left - height / 2, top + width / 2) == pytest.approx((960, 540))


@pytest.mark.parametrize("flips", [("scaleX",), ("scaleY",), ("scaleX", "scaleY")])
@pytest.mark.parametrize("angle", [None, 0, 90])
def test_a_flipped_picture_stays_flipped_in_the_box_it_was_seen_in(flips, angle):
    document = Project().scene().image("u", natural=(100, 200), at=(50, 300), angle=angle, tag="p").to_dict()
    upright = Project.load(document).edit("p", natural=(100, 100)).find("p")
    clip = document["scenes"][0]["clips"][0]
    clip |= dict.fromkeys(flips, -1)
    new = clip_of(Project.load(document).edit("p", natural=(100, 100)), "p")
    assert (new["left"], new["top"]) == (upright.left, upright.top)
    assert angle or (new["left"], new["top"]) == (50, 350)
    assert [new["scaleX"], new["scaleY"]] == [-1 if name in flips else 1 for name in ("scaleX", "scaleY")]
    assert Project.load(document).edit("p", natural=(100, 200)).to_json() == canonical(document)


def test_a_built_picture_is_laid_out_anew():
    project = Project().scene().image("u", natural=(800, 600), width=400, tag="p").edit("p", natural=(400, 400))
    assert seen(clip_of(project, "p")) == (760, 340, 400, 400)


def test_the_size_may_be_read_from_a_file():
    gif = b"GIF89a" + (300).to_bytes(2, "little") + (100).to_bytes(2, "little") + b"\x00\x00\x00"
    new = clip_of(Project.load(picture(natural=(600, 200), width=60)).edit("p", file=gif), "p")
    assert (new["width"], new["height"], new["scaleX"]) == (300, 100, 0.2)


@pytest.mark.parametrize("given", [{"natural": (0, 1)}, {"natural": 5}, {"fit": "kontain"}])
def test_a_size_that_is_none_is_refused_by_the_clip(given):
    with pytest.raises(BuildError, match=r"scenes\[0\].clips\[0\] \(image, tag 'p'\)"):
        Project.load(picture(natural=(8, 6))).edit("p", **given)


# speech


def speech(project, scene=0):
    found = project.to_dict()["scenes"][scene]
    clips = [clip["script"]["org"] for clip in found["clips"] if "script" in clip]
    return clips + [(line["modelId"], line["org"]) for line in found.get("scripts", [])]


def test_what_an_avatar_says_is_replaced_in_the_clip():
    document = real(SEED)
    script = document["scenes"][0]["clips"][0]["script"]
    script |= {"tts": {"voice": 1}, "own": 2}
    project = Project.load(document).edit("aiModel-1h4ij5h8e87", say="A < B\n\nC")
    script["org"] = "<p>A &lt; B</p><p>C</p>"
    assert project.to_json() == canonical(document)


def test_what_an_avatar_says_is_replaced_in_the_scene_where_it_began():
    document = json.loads(DIALOGUE.read_text(encoding="utf-8"))
    project = Project.load(document).edit("host", say="Once.")
    assert speech(project) == [("M000045058", "<p>Once.</p>"), ("M000000000", "<p>A lamp that reads with you.</p>")]


@pytest.mark.parametrize("api", ["1.4", "1.6"])
@pytest.mark.parametrize("loaded", [False, True])
def test_silence_new_words_and_one_more_line(api, loaded):
    guest = Avatar("M2", "B2")
    project = Project(api=api).scene().avatar("M000045058", say="A", tag="host").say("B")
    project = project.avatar(guest, width=9, height=9, tag="guest")
    if loaded:
        project = Project.load(project.to_dict())
    words = [line if isinstance(line, str) else line[1] for line in speech(project.edit("host", say="New"))]
    assert words == ["<p>New</p>"]
    assert speech(project.edit("host", say=None)) == []
    if api == "1.4" or not loaded:
        assert "<p>New</p>" in str(speech(project.edit("guest", say="New")))
    assert "<p>C</p>" in str(speech(project.say("C", by="guest")))


def test_speech_is_edited_by_scene_where_the_tag_is_in_several():
    project = Project().scene().avatar("M000045058", say="A", tag="host")
    project = project.scene().avatar("M000045058", say="B", tag="host").scene()
    with pytest.raises(BuildError, match=r"scenes \[0, 1\] all have") as caught:
        project.edit("host", say="C")
    assert "edit('host', scene=0, ...)" in caught.value.hint
    changed = Project.load(project.to_dict()).edit("host", scene=1, say="C")
    assert [speech(changed, scene) for scene in (0, 1)] == [["<p>A</p>"], ["<p>C</p>"]]
    with pytest.raises(BuildError, match="there is no scene 9"):
        project.edit("host", scene=9, say="C")


NAMES = st.sampled_from("abcd")
STEPS = st.one_of(
    st.tuples(st.just("text"), NAMES),
    st.tuples(st.just("scene"), st.none()),
    st.tuples(st.just("remove"), NAMES),
    st.tuples(st.just("rename"), st.tuples(NAMES, NAMES)),
    st.tuples(st.just("edit"), NAMES),
)


@given(st.lists(STEPS, max_size=25))
@settings(deadline=None)
def test_after_any_changes_a_name_finds_the_clip_that_looking_through_all_finds(steps):
    project = Project().scene()
    for number, (verb, name) in enumerate(steps):
        try:
            if verb == "scene":
                project = project.scene()
            elif verb == "text":
                project = project.text(str(number), tag=name)
            elif verb == "rename":
                project = project.edit(name[0], tag=name[1])
            elif verb == "edit":
                project = project.edit(name, text=str(number))
            else:
                project = project.remove(name)
        except BuildError:
            continue
        for sought in "abcd":
            having = [[clip for clip in scene.clips() if clip.tag == sought] for scene in project.scenes]
            found = next((clips[0] for clips in reversed(having) if clips), None)
            if found is None:
                with pytest.raises(BuildError, match="no clip has the tag or id"):
                    project.find(sought)
            else:
                assert project.find(sought) is found
            assert [sought in scene._places for scene in project.scenes] == [bool(clips) for clips in having]


@pytest.mark.parametrize("name", [SEED, "scene_scripts_project"])
def test_speech_may_be_a_template_in_either_generation(name):
    said = "Hi {{ 'Sir' if age > 30 else name }} & co"
    project = Project.load(real(name)).edit("aiModel-1h4ij5h8e87", say=said)
    assert "Hi A&lt;n &amp; co" in str(speech(project.render(name="A<n", age=3)))


def test_only_avatars_speak_and_only_pictures_have_a_natural_size():
    project = Project().scene().text("Hi", tag="t").avatar("M000045058", tag="host")
    with pytest.raises(BuildError, match="text has no field 'say'"):
        project.edit("t", say="Hi")
    with pytest.raises(BuildError, match="avatar has no field 'natural'"):
        project.edit("host", natural=(1, 1))
    with pytest.raises(BuildError, match="say must be a string"):
        project.edit("host", say=3)
    with pytest.raises(BuildError, match="did you mean 'say'"):
        project.edit("host", sya="Hi")


# scenes


def test_scenes_are_appended_inserted_removed_and_reordered():
    loaded = Project.load(real("product_promo"))
    opening, pitch = loaded.scenes
    extra = Scene().text("Extra", tag="extra")
    orders = {
        "append": [opening, pitch, extra],
        "insert": [opening, extra, pitch],
        "remove": [pitch],
        "reorder": [pitch, opening],
    }
    before = {id(scene): body["clips"] for scene, body in zip(loaded.scenes, loaded.to_dict()["scenes"], strict=True)}
    for name, scenes in orders.items():
        found = loaded.with_scenes(scenes).to_dict()["scenes"]
        assert [scene["sceneIdx"] for scene in found] == list(range(len(scenes))), name
        kept = [body["clips"] for body, scene in zip(found, scenes, strict=True) if id(scene) in before]
        assert kept == [before[id(scene)] for scene in scenes if id(scene) in before]
    assert loaded.add(extra).to_json() == loaded.with_scenes(orders["append"]).to_json()


def test_a_loaded_project_takes_verbs_and_rows():
    loaded = Project.load(real(SEED)).text("Hello {{ name }}", at="top", tag="t").say("Bye {{ name }}.")
    clips = loaded.render(name="A & B").to_dict()["scenes"][0]["clips"]
    assert [clip["layer"] for clip in clips] == [1, 2]
    assert clips[0]["script"]["org"] == "<p>Hello, this is test video.</p><p>Bye A &amp; B.</p>"
    assert clips[1]["text"] == "Hello A & B"


def test_braces_in_loaded_strings_render_as_in_built_ones():
    built = (
        Project("{{ n }}").scene().avatar("M000045058", say="Hi {{ n }}").image("https://x/{{ n }}.png", natural=(8, 6))
    )
    loaded = Project.load(built._literally().to_dict())
    assert loaded.variables().values()
    assert loaded.render(n="Ann").to_dict() == built.render(n="Ann").to_dict()


@pytest.mark.parametrize("answer", [{"success": True, "data": None}, {"success": True, "data": {"projectId": "p1"}}])
def test_an_answer_without_a_project_is_told_as_one(answer):
    with pytest.raises(LoadError, match="contains no project"):
        Project.load(answer)


def test_a_catalogue_learns_from_an_answer_as_it_came():
    body = json.loads((Path(__file__).parent / "data" / "seed_project.json").read_text(encoding="utf-8"))
    learnt = Catalog().learn({"success": True, "data": {"project": body}}).learnt
    assert [lesson.avatar.ai_name for lesson in learnt] == ["M000045058"]


def test_loading_nothing_is_told_as_that():
    with pytest.raises(LoadError, match="there is nothing to load"):
        Project.load("")


def test_a_scene_added_to_a_loaded_project_speaks_where_that_does():
    data = Path(__file__).parent / "data"
    for name, key in (("seed_project.json", "clips"), ("scene_scripts_project.json", "scripts")):
        added = Project.load(data / name).scene().avatar("M000045058", say="Hello").to_dict()["scenes"][1]
        assert "Hello" in json.dumps(added[key])
        assert ("scripts" in added) == (key == "scripts")


# what an edit leaves as it was


def seed_speaker():
    body = real(SEED)
    return body, body["scenes"][0]["clips"][0]


def test_a_speaker_renamed_goes_on_speaking_and_its_name_goes_with_its_id():
    body, clip = seed_speaker()
    assert clip["name"] == clip["id"]
    renamed = Project.load(body).say("More.").edit(clip["id"], id="zz").to_dict()["scenes"][0]["clips"][0]
    assert (renamed["id"], renamed["name"]) == ("zz", "zz")
    assert renamed["script"]["org"] == clip["script"]["org"] + "<p>More.</p>"


def test_a_name_of_its_own_stays_where_the_id_is_changed():
    body, clip = seed_speaker()
    clip["name"] = "Ann"
    assert Project.load(body).edit(clip["id"], id="zz").find("zz").name == "Ann"


@pytest.mark.parametrize("angle", [0, 90])
@pytest.mark.parametrize("kind", [int, float])
def test_an_edit_writes_the_numbers_that_it_does_not_change_as_they_were(angle, kind):
    built = Project().scene().text("Hello", at=(100, 200), align="center", angle=angle, tag="t").to_dict()
    clip = built["scenes"][0]["clips"][0]
    clip |= {"left": kind(100), "top": kind(200)}
    after = clip_of(Project.load(built).edit("t", text="Hi"), "t")
    kept = "left" if angle else "top"
    assert repr(after[kept]) == repr(clip[kept])
    assert after["width"] < clip["width"]


def test_no_edit_takes_a_required_field_from_a_loaded_clip():
    built = Project().scene().text("Hello", tag="t").to_dict()
    for name in ("text", "id", "left"):
        with pytest.raises(BuildError, match=f"{name} cannot be removed"):
            Project.load(built).edit("t", **{name: wire.UNSET})


def test_an_edit_may_take_a_field_away_that_is_not_required():
    built = Project().scene().text("Hello", tag="t").to_dict()
    assert "opacity" not in clip_of(Project.load(built).edit("t", opacity=wire.UNSET), "t")


def test_an_edit_of_a_drafted_clip_refuses_a_colour_that_its_verb_refuses():
    with pytest.raises(BuildError, match=r"clips\[0\] \(text, tag 't'\): color is 'redd'"):
        Project().scene().text("Hi", tag="t").edit("t", fill="redd")


@pytest.mark.parametrize("name", ["id", "tag"])
@pytest.mark.parametrize("loaded", [False, True])
def test_an_edit_gives_no_clip_the_id_or_tag_of_another(name, loaded):
    project = Project().scene().text("A", tag="a", id="one").text("B", tag="b", id="two")
    project = Project.load(project.to_dict()) if loaded else project
    taken = getattr(project.find("a"), name)
    with pytest.raises(BuildError, match=f"another clip of the scene has the {name} '{taken}'"):
        project.edit("b", **{name: taken})
    assert project.edit("a", **{name: taken}).to_json() == project.to_json()


@pytest.mark.parametrize(("extra", "fault"), [({"text": "Bye"}, "extra holds 'text'"), ({"own": object()}, "be JSON")])
@pytest.mark.parametrize("loaded", [False, True])
def test_a_map_refuses_further_keys_that_a_wire_class_refuses(extra, fault, loaded):
    project = Project().scene().text("Hi", tag="t")
    project = Project.load(project.to_dict()) if loaded else project
    with pytest.raises(BuildError, match=fault) as caught:
        project.map(wire.Text, lambda clip: evolve(clip, extra=extra))
    assert caught.value.path.startswith("scenes[0].clips[0] (text, tag 't')")


@pytest.mark.parametrize("extra", [{"id": "z"}, {"own": object()}, {"own": float("nan")}])
def test_a_wire_object_refuses_further_keys_that_are_not_json_or_are_fields(extra):
    with pytest.raises(BuildError, match="extra"):
        wire.Background(extra=extra)


def test_a_line_is_said_by_the_avatar_that_was_named_where_ids_are_templates_or_stand_twice():
    body, clip = seed_speaker()
    twin = json.loads(json.dumps(clip)) | {"tag": "twin"}
    body["scenes"][0]["clips"].append(twin)
    clip |= {"tag": "host"}
    assert speech(Project.load(body).say("More.", by="host")) == [
        clip["script"]["org"] + "<p>More.</p>",
        twin["script"]["org"],
    ]
    clip["id"] = "{{ id }}"
    said = Project.load(body).say("More.", by="host").render(id="x")
    assert speech(said)[0].endswith("<p>More.</p>")


def test_an_error_of_speech_rewritten_counts_the_clips_of_the_script():
    two = Project().scene().avatar("M000045058", say="A", tag="a").avatar("M000045058", say="B", tag="b")
    loaded = Project.load(two.to_dict()).background("#102030")
    with pytest.raises(BuildError, match=r"scenes\[0\]\.clips\[1\] \(avatar, tag 'b'\)"):
        loaded.resolve(api="1.6")


# settings


def test_a_setting_that_replaces_a_loaded_one_is_all_that_is_left_of_it():
    loaded = Project.load(real(SEED) | {"name": "{{ name }}", "orientation": "{{ side }}"})
    project = evolve(loaded, name="Plain", orientation="portrait")
    assert project.variables() == {}
    assert (project.to_dict()["name"], project.to_dict()["orientation"]) == ("Plain", "portrait")


@pytest.mark.parametrize("value", [None, "", "landscape", "portrait"])
def test_a_loaded_setting_is_written_as_it_was(value):
    document = real(SEED) | {"orientation": value, "webhookUrl": None, "dictionary": [], "resolution": "720"}
    assert Project.load(document).to_json() == canonical(document)


# values


def test_projects_that_write_other_json_are_not_equal():
    document = real(SEED)
    assert Project.load(document) == Project.load(document)
    assert Project.load(document) != Project.load(document | {"own": 1})
    assert Project.load(document) != Project.load(document | {"isExport": True})


def test_equal_scenes_and_projects_have_one_hash():
    for make in (lambda: Scene(extra={"own": [1]}).text("Hi"), lambda: Project.load(real(SEED)).scenes[0]):
        assert make() == make()
        assert hash(make()) == hash(make())
        assert len({make(), make()}) == 1


# remove, clips and map_scenes


def talk(api):
    """Two avatars that talk, with a text between them."""
    project = Project(api=api).scene().avatar("M000045058", tag="ann", say="One.", at="left").text("Hi", tag="t")
    return project.avatar(Avatar("M1", "C1"), tag="bob", say="Two.", width=300, height=600).say("Three.", by="ann")


@pytest.mark.parametrize("load", [False, True])
@pytest.mark.parametrize("gone", ["ann", "t", "bob"])
def test_a_clip_is_removed_with_what_it_says_and_nothing_else(load, gone):
    project = talk("1.6")
    if load:
        project = Project.load(project.to_dict())
    scene = project.remove(gone).resolve().scenes[0]
    assert [clip.tag for clip in scene.clips] == [tag for tag in ("ann", "t", "bob") if tag != gone]
    said = {"ann": ["<p>Two.</p>"], "bob": ["<p>One.</p>", "<p>Three.</p>"]}
    assert [line.org for line in scene.scripts or ()] == said.get(gone, ["<p>One.</p>", "<p>Two.</p>", "<p>Three.</p>"])


def test_a_removed_clip_leaves_every_other_byte_of_a_loaded_project():
    document = Project().scene().text("A", tag="a").text("B", tag="b").scene().text("C", tag="c").to_dict()
    removed = Project.load(document).remove("a").to_dict()
    del document["scenes"][0]["clips"][0]
    assert removed == document


def test_what_stands_beside_a_removed_clip_is_an_error_at_resolve():
    project = Project().scene().text("A", tag="a").text("B", at=below("a")).remove("a")
    with pytest.raises(BuildError, match=r"below\('a'\): no clip of the scene has this tag"):
        project.resolve()


def test_clips_come_with_the_numbers_of_their_scenes():
    project = Project().scene().text("A", tag="a").scene().scene().text("B", tag="b").text("C", tag="c")
    assert [(scene, clip.tag) for scene, clip in project.clips()] == [(0, "a"), (2, "b"), (2, "c")]
    assert [clip.tag for clip in project.scenes[2].clips()] == ["b", "c"]


def test_map_scenes_changes_every_scene_and_keeps_their_conditions():
    project = Project().scene(when="vip").text("A").scene(each="n in names")
    both = project.map_scenes(lambda scene: scene.text("Lumen", tag="logo"))
    assert [scene.find("logo").text for scene in both.scenes] == ["Lumen", "Lumen"]
    assert [(scene.when, scene.each) for scene in both.scenes] == [("vip", None), (None, "n in names")]
    loaded = Project.load(Project().scene().scene().to_dict())
    assert loaded.map_scenes(lambda scene: scene).to_json() == loaded.to_json()
