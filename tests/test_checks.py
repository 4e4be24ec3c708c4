"""The checks: each rule by its page, what they leave alone, and the command that prints them."""

import json
import os
import re
import subprocess
import sys
from itertools import combinations
from random import Random

import pytest

from aistudios_dsl import Avatar, DslError, LoadError, Project, TemplateError, below, wire
from aistudios_dsl.build.speech import duration, systems, systems_of
from aistudios_dsl.check.findings import CODES, Finding, by_scene, checked, counted
from aistudios_dsl.check.rules import RULES
from aistudios_dsl.check.rules.media import shown_url, unreachable
from aistudios_dsl.check.summary import summed
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.overlap import overlap, pairs, upright_overlap
from aistudios_dsl.templates.rows import read_rows
from tests.examples import EXAMPLES, ROOT
from tests.pages import Reader, blocks

PAGE = ROOT / "docs" / "checks.md"
SHARED, *SHOWN = [block.code for block in blocks(PAGE) if block.language == "python"]
SECTIONS = re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
SHOP = "https://cdn.example.com/"
BLUE = {"source_type": "image", "source_url": "/images/background/bg_blue_gradient.png"}


def codes(project):
    return [finding.code for finding in project.check()]


def loaded(*clips, **scene):
    return Project.load({"scenes": [{"background": BLUE, "sceneIdx": 0, "clips": list(clips)} | scene]})


def clip(kind="image", number=1, **more):
    own = {"source_url": SHOP + "lamp.png"} if kind == "image" else {}
    box = {"left": 600, "top": 300, "width": 400, "height": 300}
    return {"id": f"{kind}-{number}", "type": kind, "layer": number} | box | own | more


def host(**more):
    model = {"ai_name": "M1", "emotion": "C1", "language": "en"}
    return clip("aiModel", 9, model=model, script={"org": "<p>Hello.</p>", "tts": None}) | more


# every rule has its page


def names_of(example):
    names = {}
    exec(SHARED, names)
    exec(example, names)
    return names


@pytest.mark.parametrize(
    ("section", "example"), list(zip(SECTIONS, SHOWN, strict=True)), ids=lambda text: text.split()[0]
)
def test_each_rule_finds_its_bad_example_and_is_silent_on_the_good_one(section, example):
    names = names_of(example)
    found = {name: names[name].check(original=names.get("original")) for name in ("bad", "good")}
    assert {finding.code for finding in found["bad"]} == {section.split()[0]}
    assert found["good"] == []


def test_every_rule_has_its_section_and_every_section_its_rule():
    assert sorted(section.split()[0] for section in SECTIONS) == sorted(CODES)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.split()[0])
def test_each_section_says_what_the_table_of_rules_says(section):
    rule = RULES[section.split()[0]]
    assert f"**{rule.severity}.** {rule.says}" in section
    assert f"*What to do:* {rule.remedy}.\n" in section


def test_the_commands_of_the_page_run_as_they_stand(tmp_path):
    reader = Reader(tmp_path)
    commands = [block for block in blocks(PAGE) if block.language == "sh"]
    assert commands
    for block in commands:
        reader.do(block)


# what ships is silent


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_example_is_silent_but_for_the_variables_of_templates(example):
    project = example.project
    assert set(codes(project)) <= ({"template-variable"} if project.variables() else set())


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.data], ids=lambda example: example.name)
def test_the_example_of_a_template_is_silent_for_each_of_its_rows_but_one_with_braces(example):
    for row, project in zip(read_rows(example.data), example.videos, strict=True):
        hostile = any("{{" in str(value) for value in row.values())
        assert set(codes(project)) == ({"leftover-braces"} if hostile else set())


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "golden").glob("*.json")), ids=lambda path: path.stem)
def test_golden_payloads_are_silent_when_they_are_loaded(path):
    assert codes(Project.load(path)) == []


@pytest.mark.parametrize("name", ["seed_project.json", "scene_scripts_project.json"])
def test_the_samples_are_silent(name):
    assert codes(Project.load(ROOT / "tests" / "data" / name)) == []


# findings


def test_a_finding_says_where_what_and_what_to_do():
    project = Project().scene().text("Hi").scene().image("lamp.png", width=400, height=300, tag="lamp")
    [finding] = project.check()
    assert (finding.code, finding.severity, finding.scene) == ("url-unreachable", "error", 1)
    assert (finding.path, finding.tag) == ("scenes[1].clips[0].source_url", "lamp")
    assert str(finding).startswith("error url-unreachable: scenes[1].clips[0].source_url (tag 'lamp'): lamp.png has no")


def test_a_text_without_a_tag_is_known_by_its_first_words():
    text = "Warm light, all night through, for you"
    untagged, tagged = (Project().scene().text(text, at=(0, 0), tag=tag) for tag in (None, "t"))
    assert "scenes[0].clips[0] ('Warm light, all night…'): the text reaches" in str(untagged.check()[0])
    assert untagged.check()[0].text == "Warm light, all night…"
    assert (tagged.check()[0].text, "(tag 't')" in str(tagged.check()[0])) == ("", True)
    twice = Project().scene().text("One", at=(300, 300)).text("Two", at=(300, 300))
    assert [finding.message for finding in twice.check()] == ["the text is over clips[0] (text, 'One')"]


def test_boxes_are_those_on_the_canvas():
    [finding] = Project().scene().image(SHOP, width=400, height=300, at=(1700, 100)).check()
    assert finding.boxes == (Box(1700, 100, 400, 300, 0),)
    assert finding.to_dict()["boxes"] == [{"left": 1700, "top": 100, "width": 400, "height": 300, "angle": 0}]


def test_findings_come_scene_by_scene_the_worst_first():
    scene = Project().scene().text("Hello", at=(0, 0)).image("lamp.png", width=9, height=9).scenes[0]
    project = Project(webhook_url="http://localhost/x").add(scene, scene)
    found = [(finding.scene, finding.severity) for finding in project.check()]
    assert found == [(None, "error"), (0, "error"), (0, "warning"), (1, "error"), (1, "warning")]
    assert [scene for scene, _ in by_scene(project.check())] == [None, 0, 1]


def test_a_code_is_ignored_for_all_clips_or_for_one():
    project = Project().scene().text("Hello", at=(0, 0), tag="a").text("Hello", at="bottom left", tag="b")
    assert [finding.tag for finding in project.check()] == ["a", "b"]
    assert [finding.tag for finding in project.check(ignore=["unsafe-area:a"])] == ["b"]
    assert project.check(ignore=["unsafe-area"]) == []
    with pytest.raises(DslError, match="did you mean 'unsafe-area'"):
        project.check(ignore=["unsafe_area"])


# layout


def test_a_turned_text_is_judged_where_it_is_seen():
    upright = Project().scene().text("A long headline", font_size=72, at=(110, 800), width=700)
    assert codes(upright) == []
    turned = Project().scene().text("A long headline", font_size=72, at=(110, 800), width=700, angle=90)
    assert codes(turned) == ["text-cut-off"]


def test_boxes_that_only_touch_at_their_bounds_do_not_overlap():
    diamond = Box(200, 0, 200, 200, 45)
    assert overlap(diamond, Box(190, 100, 20, 20))
    assert not overlap(diamond, Box(70, 10, 60, 60))
    assert not overlap(Box(70, 10, 60, 60), diamond)


def test_a_face_turns_with_its_avatar():
    document = Project().scene().avatar("M000045058", at=(900, 100), say="Hi.").text("x" * 12, at=(1000, 300)).to_dict()
    assert codes(Project.load(document)) == ["text-over-face"]
    document["scenes"][0]["clips"][0]["angle"] = 90
    assert "text-over-face" not in codes(Project.load(document))


HOST = "M000045058"


@pytest.mark.parametrize(
    ("project", "remedy"),
    [
        (Project().scene().avatar(HOST, at=(600, -300), say="Hi."), "framing= shows the whole head"),
        (Project().scene().avatar(HOST, framing="bust", at=(600, -300), say="Hi."), "leave at= out or name an edge"),
        (Project().scene().avatar(HOST, head_at=(600, 100), say="Hi."), "move head_at= in, or make head_height="),
        (
            Project.load(Project().scene().avatar(HOST, at=(600, -50), tag="ann", say="Hi.").to_dict()),
            "edit('ann', framing=\"waist\") shows the whole head",
        ),
    ],
)
def test_a_head_whose_hair_is_cut_is_found_with_advice_for_who_framed_it(project, remedy):
    [finding] = project.check()
    assert finding.code == "face-cut-off"
    assert finding.remedy.startswith(remedy)
    [again] = checked(project.to_json())
    assert again.remedy == RULES["face-cut-off"].remedy


@pytest.mark.parametrize("framing", ["head", "bust", "waist", "full"])
@pytest.mark.parametrize("orientation", ["landscape", "portrait"])
def test_no_framing_cuts_off_the_head(framing, orientation):
    assert codes(Project(orientation=orientation).scene().avatar(HOST, framing=framing, say="Hi.")) == []


def test_the_crown_of_an_avatar_may_touch_the_edge_of_the_canvas():
    assert codes(Project().scene().avatar(HOST, at=(600, 0), say="Hi.")) == []
    assert codes(Project().scene().avatar(HOST, at=(600, -1), say="Hi.")) == ["face-cut-off"]


def frame(**more):
    return Project().scene(background="#102030").avatar("M000045058", framing="bust", say="Hi.", **more)


@pytest.mark.parametrize(
    ("project", "found"),
    [
        (frame().shape("Square", fill="#fff", width=500, height=500, at="top"), ["face-covered"]),
        (frame().shape("Star", fill="#fff", width=500, height=500, at=(710, 200)), ["face-covered"]),
        (frame().shape("Square", fill="#fff", width=500, height=500, at="top", layer=0), []),
        (frame().shape("Square", fill="#fff", width=500, height=500, at="top", opacity=20), []),
        (frame().shape("Square", fill="#ffffff80", width=500, height=500, at="top"), []),
        (frame().shape("Square", fill="#fff", width=500, height=500, at="top", animation="fade-out"), []),
        (frame().shape("Square", fill="#fff", width=500, height=500, at="left"), []),
        (frame().image(SHOP + "a.jpg", width=500, height=500, at="top"), ["face-covered"]),
        (frame().image(SHOP + "a.JPEG?w=1", width=500, height=500, at="top"), ["face-covered"]),
        (frame().image(SHOP + "a.png", width=500, height=500, at="top"), ["behind-picture"]),
        (frame().image(SHOP + "a", width=1920, height=1080, at=(0, 0)), ["behind-picture"]),
        (frame().image(SHOP + "a.jpg", width=1920, height=1080, at=(0, 0)), ["hidden"]),
        (frame().video(SHOP + "a.mp4", width=700, height=500, at="top"), ["face-covered"]),
        (frame().video(SHOP + "a.mp4", width=1920, height=1080, at=(0, 0)), ["hidden"]),
        (frame().avatar("M000045058", framing="bust", say="Ho."), ["face-covered"]),
        (
            Project().scene().avatar("M000045058", at="left", height="90%", say="Hi.")
            .avatar("M000045058", at="right", height="90%", say="Ho."),
            [],
        ),
    ],
)  # fmt: skip
def test_what_stands_before_a_face_is_found(project, found):
    assert codes(project) == found


def test_only_what_the_canvas_shows_of_a_clip_must_be_covered_to_hide_it():
    cover = {"width": 1000, "height": 1080, "at": (920, 0)}
    lamp = Project().scene().image(SHOP, width=400, height=300, at=(1700, 100))
    assert codes(lamp.video(SHOP + "a.mp4", **cover)) == ["hidden", "cut-off"]
    assert codes(lamp.video(SHOP + "a.mp4", **cover | {"width": 900})) == ["cut-off"]


def test_of_a_text_it_is_the_letters_that_must_be_covered():
    text = Project().scene().text("Hello", width=1500, height=80, at=(200, 200))
    assert codes(text.shape("Square", fill="#123", width=600, height=300, at=(150, 150))) == ["hidden"]
    assert codes(text.shape("Square", fill="#123", width=600, height=300, at=(250, 150))) == ["text-covered"]
    assert codes(text.shape("Square", fill="#123", width=600, height=300, at=(450, 150))) == []


def test_a_text_wholly_behind_an_avatar_or_a_picture_is_found():
    text = Project().scene().text("Hello", at=(880, 900), font_size=30)
    assert codes(text.avatar("M000045058", framing="bust", say="Hi.")) == ["text-behind-avatar"]
    assert codes(text.avatar("M000045058", framing="bust", say="Hi.", opacity=40)) == []
    assert codes(text.avatar("M000045058", framing="bust", say="Hi.", layer=0)) == []
    assert codes(text.image(SHOP, width=900, height=300, at=(500, 700))) == ["behind-picture"]
    assert codes(text.image(SHOP, width=900, height=300, at=(930, 700))) == []


def test_a_text_behind_the_face_is_told_as_such():
    project = Project().scene().avatar("M000045058", say="Hi.", layer=5).text("Hello", at="top", margin=160, layer=2)
    assert [finding.message for finding in project.check()] == ["the text is behind the face of clips[0] (avatar)"]


def test_only_the_letters_of_a_box_count():
    wide = Project().scene().text("Left", width=1600, height=80, at=(200, 200)).text("Right", at=(1640, 200))
    assert codes(wide) == []
    right = Project().scene().text("Left", width=1600, height=80, at=(200, 200), align="right")
    assert codes(right.text("Right", at=(1640, 200))) == ["text-over-text"]


def test_texts_that_take_turns_may_share_a_place():
    both = Project().scene().text("First", at=(300, 300), animation="fade-out")
    assert codes(both.text("Second", at=(300, 300), animation=("fade-in", 1, 1))) == []
    assert codes(both.text("Second", at=(300, 300), animation="fade-out")) == ["text-over-text"]


def test_a_mirrored_clip_is_judged_like_any_other():
    found = loaded(clip(scaleX=-1), clip("image", 2, left=5000, scaleX=-1)).check(ignore="mirrored")
    assert [finding.code for finding in found] == ["off-canvas"]


def test_a_portrait_project_is_judged_on_a_portrait_canvas():
    project = Project(orientation="portrait").scene().text("Hello", at=(300, 1500))
    assert codes(project) == []
    assert codes(Project().scene().text("Hello", at=(300, 1500))) == ["off-canvas"]


def test_an_avatar_that_is_not_seen_covers_nothing():
    avatar = Project().scene().avatar("M000045058", say="Hi.").text("Hello", at="top", margin=160)
    assert codes(avatar) == ["text-over-face"]
    document = avatar.to_dict()
    document["scenes"][0]["clips"][0]["voiceOnly"] = True
    assert codes(Project.load(document)) == []


# scenes without clips


def test_a_verb_whose_result_was_not_kept_leaves_an_empty_scene():
    project = Project().scene(background="#102030")
    project.text("Hello")
    assert [(finding.code, finding.path) for finding in project.check()] == [("empty-scene", "scenes[0]")]
    assert "keep the result" in project.check()[0].remedy
    assert codes(Project().scene().add(Project().scene().text("Hi").scenes[0])) == ["empty-scene"]


def test_a_scene_that_waits_for_a_row_is_not_called_empty():
    project = Project().scene().text("Hello {{ name }}")
    assert codes(project) == ["template-variable"]
    assert codes(Project().scene().text("Hello").scene(each="item in items")) == ["template-variable"]


# contrast


def grey(scene):
    return scene.text("Hello", color="#777777", tag="t")


@pytest.mark.parametrize(
    ("project", "found"),
    [
        (grey(Project().scene(background="#ffffff")), True),
        (grey(Project().scene(background="#111111")), True),
        (Project().scene(background="#ffffff").text("Hello", color="#767676"), False),
        (grey(Project().scene()), False),
        (grey(Project().scene(background="#fff").image(SHOP, width=900, height=900)), False),
        (grey(Project().scene(background="#fff").shape("Star", fill="#888", width=900)), False),
        (grey(Project().scene(background="#fff").shape("Circle", fill="#111", width=900)), True),
        (Project().scene().text("Hello", color="#777777", background="#888888"), True),
        (Project().scene().text("Hello", color="#000000", background="#ffffff"), False),
        (Project().scene(background="#fff").text("Hello", stroke="#000", stroke_width=4), False),
        (Project().scene(background="#fff").text("Hello", color="#00000040"), True),
        (Project().scene(background="#fff").text("Hello", color="#000", opacity=20), True),
        (
            Project()
            .scene(background="#fff")
            .shape("Square", fill="#000000cc", width=900, height=400)
            .text("Hello", color="#ffffff"),
            False,
        ),
        (
            Project().scene(background="#fff").shape("Square", fill="#000", width=900, height=400, layer=9)
            .text("Hello", color="#333", layer=3),
            None,
        ),
        (grey(Project().scene(background=wire.Background(source_type="color", source_color="#fff"))), True),
    ],
)  # fmt: skip
def test_contrast_is_that_with_what_is_surely_behind_the_text(project, found):
    """Found, not found, or (None) not asked, since the text is hidden."""
    expected = {True: ["low-contrast"], False: [], None: ["hidden"]}[found]
    assert codes(project) == expected


def test_the_contrast_that_is_told_is_that_of_wcag():
    [finding] = grey(Project().scene(background="#ffffff")).check()
    assert finding.message == "#777777 on #ffffff has a contrast of 4.47 to 1, less than 4.5"


def test_a_fill_and_an_outline_of_one_contrast_are_told_apart():
    """Both are clear here, and so the ground is all that is seen."""
    project = Project().scene(background="#000000")
    found = codes(project.text("Hi", color="#ff000000", stroke="#00ff0000", stroke_width=2))
    assert "low-contrast" in found


def test_a_turned_shape_is_no_ground_beside_itself():
    scene = (
        Project().scene(background="#ffffff").shape("Square", fill="#000", width=600, height=80, at=(400, 400), angle=0)
    )
    assert codes(scene.text("Hello", color="#333", at=(600, 405))) == ["low-contrast"]
    turned = (
        Project()
        .scene(background="#ffffff")
        .shape("Square", fill="#000", width=600, height=80, at=(400, 300), angle=90)
    )
    assert codes(turned.text("Hello", color="#333", at=(600, 405))) == []


# addresses


@pytest.mark.parametrize(
    "url",
    [
        "lamp.png", "./lamp.png", "../lamp.png", "/home/ann/lamp.png", "/pictures/lamp.png", "C:\\lamp.png",
        "C:/lamp.png", "\\\\server\\lamp.png", "~/lamp.png", "file:///lamp.png", "//cdn.example.com/lamp.png",
        "cdn.example.com/lamp.png", "http://localhost:8000/lamp.png", "https://LOCALHOST/lamp.png",
        "https://x.localhost/a", "https://nas/lamp.png", "https://nas.local/a", "https://build.internal/a",
        "https://127.0.0.1/a", "https://127.1/a", "https://0x7f.0.0.1/a", "https://2130706433/a",
        "https://10.0.0.3/a", "https://172.16.9.9/a", "https://192.168.1.2/a", "https://169.254.169.254/a",
        "https://[::1]/a", "https://[fe80::1]/a", "https://[fd00::1]/a", "https://[::ffff:10.0.0.1]/a",
        "https://0.0.0.0/a", "ftp://example.com/a", "blob:https://x.example/1", "data:image/png;base64,AAAA",
        "http://[::1", "https://", "https:///a", "https://:443/a", "https://999.1.1.1/a", "https://1.2.3.4.5/a",
        "https://x.example:port/a", "https://x.example/a b.png", "", " ",
    ],
)  # fmt: skip
def test_an_address_that_the_service_cannot_reach_is_found(url):
    assert unreachable(url)
    assert "url-unreachable" in codes(loaded(clip(source_url=url)))


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example.com/lamp.png", "HTTPS://CDN.EXAMPLE.COM/lamp.png", "https://8.8.8.8/a",
        "https://[2606:4700::1111]/a", "https://xn--bcher-kva.example/a", "https://bücher.example/ä.png",
        "https://x.example:8443/a?b=c#d", "/images/background/bg_blue_gradient.png",
    ],
)  # fmt: skip
def test_an_address_that_it_can_reach_is_let_be(url):
    assert unreachable(url) == ""


def test_every_address_of_a_project_is_looked_at():
    video = clip("videoImage", 2, video_url="a.mp4", source_url="a.png", left=100)
    audio = clip("audio", 3, source_url="a.mp3", label="Music")
    project = loaded(clip(source_url="b.png"), video, audio, background={"source_url": "sky.png"})
    project = Project.load(project.to_dict() | {"webhookUrl": "http://localhost/x"})
    assert [finding.path for finding in project.check()] == [
        "webhookUrl",
        "scenes[0].background.source_url",
        "scenes[0].clips[0].source_url",
        "scenes[0].clips[1].video_url",
        "scenes[0].clips[1].source_url",
        "scenes[0].clips[2].source_url",
    ]


def test_a_background_may_be_a_path_of_the_service_and_no_path_of_ones_own():
    assert codes(Project().scene(background="/backgrounds/blue.png").text("Hi")) == []
    assert codes(Project().scene(background="/home/ann/blue.png").text("Hi")) == ["url-unreachable"]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://www.youtube.com/watch?v=abc", True), ("https://youtu.be/abc", True),
        ("https://m.youtube.com/shorts/abc", True), ("https://vimeo.com/123456", True),
        ("https://drive.google.com/file/d/abc/view?usp=sharing", True), ("https://drive.google.com/open?id=1", True),
        ("https://www.dropbox.com/s/abc/a.png?dl=0", True), ("https://www.dropbox.com/s/abc/a.png", True),
        ("https://www.dropbox.com/s/abc/a.png?dl=1", False), ("https://dropbox.com/s/abc/a.png?raw=1", False),
        ("https://drive.google.com/uc?export=download&id=1", False), ("https://dl.dropboxusercontent.com/a.png", False),
        ("https://i.ytimg.com/vi/abc/0.jpg", False), ("https://cdn.example.com/youtube.com/watch", False),
        ("https://www.youtube-nocookie.com/embed/a", True), ("https://music.youtube.com/watch?v=a", True),
        ("https://player.vimeo.com/video/1", True), ("https://vimeo.com/channels/staffpicks/1", True),
        ("https://player.vimeo.com/external/1?s=hd", False), ("https://i.vimeocdn.com/video/1.jpg", False),
        ("https://github.com/a/b/blob/main/c.png", True), ("https://github.com/a/b/blob/main/c.png?raw=true", False),
        ("https://github.com/a/b/raw/main/c.png", False), ("https://raw.githubusercontent.com/a/b/main/c.png", False),
        ("https://commons.wikimedia.org/wiki/File:Lamp.jpg", True), ("https://i.imgur.com/abc.png", False),
        ("https://commons.wikimedia.org/wiki/Special:FilePath/Lamp.jpg", False), ("https://imgur.com/abc", True),
    ],
)  # fmt: skip
def test_a_page_that_shows_a_file_is_no_file(url, found):
    assert codes(loaded(clip(source_url=url))) == (["url-is-a-page"] if found else [])


def test_no_message_shows_what_may_be_secret_in_an_address():
    url = "http://ann:s3cret@x.example/a.png?key=s3cret#s3cret"
    assert shown_url(url) == "http://x.example/a.png"
    findings = loaded(clip(source_url=url), clip("image", 2, source_url=url.replace("x.example", "10.0.0.1"))).check()
    assert {finding.code for finding in findings} == {"url-insecure", "url-unreachable", "url-password", "same-place"}
    assert "s3cret" not in str([finding.to_dict() for finding in findings])


# speech


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "Good evening, Анна.", False),
        ("en", "Добрый вечер, Ann.", True),
        ("ko", "안녕하세요 LG", False),
        ("ko", "Hello everyone", True),
        ("ja-JP", "東京", False),
        ("zh_CN", "你好", False),
        ("zh", "こんにちは", True),
        ("en", "2024!", False),
        ("tlh", "Добрый вечер", False),
        ("", "Добрый вечер", False),
    ],
)
def test_speech_is_held_to_the_letters_of_the_avatars_language(language, text, found):
    model = {"ai_name": "M1", "emotion": "C1", "language": language}
    project = loaded(host(model=model, script={"org": f"<p>{text}</p>", "tts": None}))
    assert codes(project) == (["speech-script"] if found else [])


def test_a_line_in_another_voice_is_not_held_to_the_avatars_language():
    line = {"org": "<p>Добрый вечер</p>", "isTTS": False, "tts": None, "modelId": "M1", "clothId": "C1"}
    silent = {key: value for key, value in host().items() if key != "script"}
    assert codes(loaded(silent, scripts=[line])) == ["speech-script"]
    assert codes(loaded(silent, scripts=[line | {"isTTS": True, "tts": {}}])) == []


def test_one_avatar_may_listen_to_another():
    guest = Avatar("M2", "C2")
    scene = Project().scene().avatar("M000045058", at="left", height="90%", say="Hello.")
    assert codes(scene.avatar(guest, width=400, height=900, at="right")) == []


def test_an_empty_paragraph_is_no_speech():
    assert codes(loaded(host(script={"org": "<p> </p>", "tts": None}))) == ["avatar-silent"]


@pytest.mark.parametrize(
    ("text", "language", "seconds"),
    [
        ("", "en", 0),
        ("word " * 150, "en", 60),
        ("89", "en", 0.8),
        ("字" * 250, "zh", 60),
        ("字" * 350, "ja", 60),
        ("가" * 300, "ko", 60),
        ("ก" * 750, "th", 60),
        ("One. Two.\n\nThree.", "en", 2.4),
    ],
)
def test_the_time_of_speech_is_estimated_from_its_stated_basis(text, language, seconds):
    assert duration(text, language) == pytest.approx(seconds)


def test_writing_systems_are_counted_by_letters():
    assert systems("Привет, world!!") == {"Cyrillic": 6, "Latin": 5}
    assert systems("가나다 豈 カタ ﾊﾝ") == {"Kana": 4, "Hangul": 3, "Han": 1}
    assert systems_of("zh-Hant-TW") == ("Han",)


# documents


def test_keys_of_the_editor_and_of_other_objects_are_let_be():
    project = loaded(clip(_id="1", originX="left", strokeWidth=0, themb_src="x", sourceURLs=1, userId="u", flipX=False))
    assert [finding.path for finding in project.check()] == []


def test_a_key_that_is_spelt_otherwise_is_found_at_every_level():
    video = clip("videoImage", 1, video_url=SHOP + "a.mp4", resource_url="x", animation_={})
    video |= {"font_size": 3}
    project = Project.load({"scenes": [], "webhook_url": "x"})
    assert [(finding.path, finding.remedy) for finding in project.check(ignore="no-scenes")] == [
        ("webhook_url", "did you mean 'webhookUrl'?")
    ]
    found = loaded(video, scene_idx=3).check()
    assert [finding.path for finding in found] == ["scenes[0].scene_idx", "scenes[0].clips[0].resource_url"]


def test_values_of_inner_objects_are_judged_with_their_path():
    animation = {"type": "fade_in", "duration": 99, "delay": 0}
    found = loaded(clip(animation=animation, tag="lamp"), sceneIdx=0).check()
    assert [(finding.path, finding.tag, finding.remedy) for finding in found] == [
        ("scenes[0].clips[0].animation.type", "lamp", "did you mean 'fade-in'?"),
        ("scenes[0].clips[0].animation.duration", "lamp", "give one of the documented values"),
    ]


# templates


def test_of_a_template_the_scenes_that_wait_for_nothing_are_checked():
    project = Project("Hi {{ name }}").scene().text("Hi {{ name }}", at=(0, 0)).scene(when="vip").text("x", at=(0, 0))
    found = [(finding.code, finding.path) for finding in project.check()]
    assert found == [
        ("template-variable", "name"),
        ("template-variable", "scenes[0].clips[0].text"),
        ("unsafe-area", "scenes[1].clips[0]"),
        ("template-variable", "scenes[1].when"),
    ]
    assert codes(project.render(name="Ann", vip=True)) == ["unsafe-area", "unsafe-area"]


def test_braces_of_a_project_that_is_no_template_are_found():
    document = Project().scene().text("Hello (name)").to_dict()
    document["scenes"][0]["clips"][0]["text"] = "Hello {{ name }}"
    assert codes(Project.load(document, template=False)) == ["leftover-braces", "text-overflow"]
    assert codes(Project.load(document)) == ["template-variable", "text-in-old-box"]


def test_a_loaded_template_keeps_its_indexes_when_it_is_checked():
    first = clip(source_url=SHOP + "{{ name }}.png")
    scenes = [
        {"background": BLUE, "sceneIdx": 0, "clips": [first]},
        {"background": BLUE, "sceneIdx": 5, "clips": [clip(number=2)]},
    ]
    assert codes(Project.load({"scenes": scenes})) == ["template-variable", "scene-order"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hi {name}", "{name}"), ("Hi { name }!", "{ name }"), ("Hi {{name}", "{{name}"), ("{a.b}", "{a.b}"),
        ("Hi {{ name } there", "{{ name }"), ("{}", ""), ("{1, 2}", ""), ("{a, b}", ""), ("f(x) = {x > 1}", ""),
    ],
)  # fmt: skip
def test_a_name_in_single_braces_is_noted(text, found):
    project = loaded(clip("textImage", 1, text=text, fontSize=30, fill="#fff"))
    said = [finding.message for finding in project._literally().check() if finding.code == "single-braces"]
    assert said == ([f"contains {found!r} literally"] if found else [])


def test_single_braces_are_found_in_speech_of_either_generation():
    script = {"org": "<p>Hi {name}</p>", "tts": None}
    line = script | {"isTTS": False, "modelId": "M1", "clothId": "C1"}
    assert codes(loaded(host(script=script))) == ["single-braces"]
    silent = {key: value for key, value in host().items() if key != "script"}
    assert codes(loaded(silent, scripts=[line])) == ["single-braces"]


def test_rendered_braces_are_no_single_ones():
    project = Project().scene().text("Hi {{ name }}").render(name="{{ other }}")
    assert codes(project) == ["leftover-braces"]


# words


SAYS = [
    ("Hello None", "None"), ("Dear None,", "None"), ("Welcome, None!", "None"), ("None", "None"),
    ("None, hello", "None"), ("Total: None", "None"), ("You save None euros", "None"), ("Hi undefined", "undefined"),
    ("NaN %", "NaN"), ("nan", "nan"), ("$nan", "nan"), ("Score: nan!", "nan"), ("nan points", "nan"),
    ("[object Object]", "[object Object]"), ("None of them", ""), ("Second to None", ""), ("All or None", ""),
    ("Allergens: None", ""), ("My nan bakes", ""), ("It is undefined at 0", ""), ("NaNny", ""), ("Nan Goldin", ""),
    ("Nonetheless", ""), ("null Probleme", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), SAYS)
def test_a_missing_value_is_told_from_english(text, found):
    said = [finding.message for finding in Project().scene().text(text).check() if finding.code == "placeholder-words"]
    assert said == ([f"the text says {found!r}, as a program writes for a missing value"] if found else [])


MARKUP = [
    ("<p>A <b>lamp</b>.</p>", "<b>"), ("<p>A **lamp**.</p>", "**lamp**"), ("<p>A *lamp*.</p>", "*lamp*"),
    ("<p>_So_ new.</p>", "_So_"), ("<p># New</p>", "# N"), ("<p>[a](https://b.c)</p>", "[a](https://b.c)"),
    ("<p>a &amp;amp; b</p>", "&amp;"), ("<p>&lt;i&gt;a</p>", "<i>"), ("<p>a<break/>b</p>", "<break/>"),
    ("<p>`a` b</p>", "`a`"), ("<ul><li>a</li></ul>", "<ul>"), ("<p>* a</p><p>* b</p>", "* a"),
    ("<h1>A</h1>", "<h1>"), ("<speak>A</speak>", "<speak>"), ("<p>- a</p><p>- b</p>", "- a - b"),
    ("<p>A <span class='x'>b</span><br>c &amp; d.</p>", ""), ("<p>2 * 3 * 4, 5 &lt; 6 &gt; 1</p>", ""),
    ("<p>snake_case_name, #1, C# and 3 &lt; x</p>", ""), ("<p>Say - well - no.</p>", ""),
]  # fmt: skip


@pytest.mark.parametrize(("org", "found"), MARKUP)
def test_markup_is_told_from_speech(org, found):
    project = loaded(host(script={"org": org, "tts": None}))
    said = [finding.message for finding in project.check() if finding.code == "markup"]
    assert said == ([f"the speech has markup: {found}"] if found else [])


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("See https://a.example/b?c=1.", True), ("See www.example.com.", True), ("See example.com/lamps.", True),
        ("See example.com.", False), ("Node.js/React and/or e.g./i.e.", False), ("Write to ann@example.com.", False),
    ],
)  # fmt: skip
def test_a_url_is_told_from_a_name(words, found):
    said = codes(Project().scene().avatar("M000045058", say=words))
    assert ("spoken-url" in said) is found


# payloads


def test_a_payload_is_checked_as_it_would_be_sent():
    document = WRONG.to_dict()
    found = WRONG.check()
    assert checked(document) == checked(json.dumps(document)) == checked(WRONG.to_json().encode()) == found
    assert [finding.code for finding in checked(document, ignore=["url-unreachable"])] == ["unsafe-area"]
    with pytest.raises(LoadError, match="is not JSON"):
        checked("{")


# whatever is loaded is judged, never crashed on


NUMBERS = [0, -1, 1e-9, 1e9, 1e300, -1e300, 0.5, 90, 10**400]
STRINGS = ["", "x", "{{ a }}", "#12", "ß字ก", "http://[", "\x1b[31m", "<p>", "word " * 99]
ANYTHING = [*NUMBERS, *STRINGS, None, True, [], {}]


def spoilt(document, random):
    """The document with one value of it replaced, mostly by one of its kind, or a key taken out or added."""
    holders = [holder for holder in inner(document) if holder]
    if not holders:
        return document
    holder = random.choice(holders)
    key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    chance = random.random()
    if chance < 0.05:
        del holder[key]
    elif chance < 0.1 and isinstance(holder, dict):
        holder[f"{key}_"] = holder[key]
    elif chance < 0.2:
        holder[key] = random.choice(ANYTHING)
    elif isinstance(holder[key], str):
        holder[key] = random.choice(STRINGS)
    elif isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
        holder[key] = random.choice(NUMBERS)
    return document


def inner(value):
    if isinstance(value, dict | list):
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from inner(each)


@pytest.mark.parametrize("seed", range(8))
def test_a_document_that_loads_is_checked_whatever_it_holds(seed):
    random = Random(seed)
    checked = 0
    for path in sorted((ROOT / "tests" / "golden").glob("*.json")) * 12:
        document = json.loads(path.read_text(encoding="utf-8"))
        for _ in range(random.randint(1, 4)):
            document = spoilt(document, random)
        try:
            project = Project.load(document)
        except LoadError:
            continue
        found = project.check()
        assert all(isinstance(finding, Finding) and finding.remedy for finding in found)
        checked += 1
    assert checked > 10


def test_long_and_hostile_values_are_checked_in_time_that_grows_with_their_length():
    """Each of these took time that grew with the square of its length in some way of looking at it."""
    long = 30_000
    script = {"org": "<p>" * long + "<" * long + "." * long + "x" + "<p>" + "word " * long + "</p>", "tts": None}
    text = clip("textImage", 3, text="x\n" * long + "{{" * long, fontSize=48, fill="#fff")
    keys = {f"sourceurl{number}": 1 for number in range(5_000)}
    scene = {"background": {}, "sceneIdx": 0, "clips": [host(script=script), text, clip(**keys)]}
    found = {finding.code for finding in Project.load({"scenes": [scene]}, template=False).check()}
    assert found >= {"speech-long", "text-overflow"}


# the command


def aistudios(*args):
    command = [sys.executable, "-m", "aistudios_dsl.cli", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, env=os.environ)


def saved(tmp_path, project):
    return project.save(tmp_path / "project.json")


WARNED = Project("Hi").scene().text("Hi").scene().text("Hello", at=(0, 0), tag="hello")
WRONG = WARNED.image("lamp.png", width=90, height=90, at=(300, 300))


def test_the_command_groups_by_scene_and_ends_with_1_on_errors(tmp_path):
    result = aistudios("check", saved(tmp_path, WRONG))
    assert (result.returncode, result.stderr) == (1, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["scenes[1]"]
    assert lines[1][:3] == ["error", "url-unreachable", "clips[1].source_url:"]
    assert lines[3][:5] == ["warning", "unsafe-area", "clips[0]", "(tag", "'hello'):"]
    assert result.stdout.splitlines()[-1] == "1 error, 1 warning in 2 scenes"


def test_warnings_end_with_1_only_when_it_is_strict(tmp_path):
    path = saved(tmp_path, WARNED)
    assert aistudios("check", path).returncode == 0
    assert aistudios("check", path, "--strict").returncode == 1
    assert aistudios("check", path, "--strict", "--ignore", "unsafe-area:hello").returncode == 0
    assert aistudios("check", path, "--strict", "--ignore", "unsafe-area:other").returncode == 1


def test_the_command_prints_json_for_programs(tmp_path):
    result = aistudios("check", saved(tmp_path, WRONG), "--json")
    found = json.loads(result.stdout)
    assert result.returncode == 1
    assert found["counts"] == {"error": 1, "warning": 1, "note": 0}
    assert [finding["code"] for finding in found["findings"]] == ["url-unreachable", "unsafe-area"]
    assert set(found["findings"][0]) == {
        "code",
        "severity",
        "message",
        "path",
        "tag",
        "boxes",
        "remedy",
        "text",
        "count",
        "paths",
    }


def test_an_unknown_code_is_wrong_use_and_gets_the_nearest():
    result = aistudios("check", "examples/talking_avatar.py", "--ignore", "low_contrast:x")
    assert result.returncode == 2
    assert "there is no check 'low_contrast': did you mean 'low-contrast'?" in result.stderr


def test_a_clean_script_says_so_and_a_template_is_checked_with_set():
    clean = aistudios("check", "examples/talking_avatar.py", "--strict")
    assert (clean.returncode, clean.stdout) == (0, "nothing found in 1 scene\n")
    waiting = aistudios("check", "examples/personalised.py", "--strict")
    assert waiting.returncode == 0
    assert "waits for city, spent" in waiting.stdout
    values = ["name=Ann", "id=1", "orders=2", "spent=300", "city=Oslo", "items=", "plan=gold"]
    filled = aistudios("check", "examples/personalised.py", *(part for value in values for part in ("--set", value)))
    assert (filled.returncode, filled.stdout) == (0, "nothing found in 2 scenes\n")


def test_a_variable_that_no_row_gives_is_named():
    result = aistudios("check", "examples/personalised.py", "--set", "nmae=Ann")
    assert result.returncode == 1
    assert "needs city, id, items, name, orders, plan, spent as well" in result.stderr
    assert "for 'nmae', did you mean 'name'?" in result.stderr


def test_the_schema_command_prints_either_generation(tmp_path):
    old, new = (json.loads(aistudios("schema", "--api", api).stdout) for api in ("1.4", "1.6"))
    assert old["$defs"]["Scene"]["properties"]["scripts"]["not"] == {}
    assert new["$defs"]["Scene"]["properties"]["scripts"]["items"] == {"$ref": "#/$defs/SceneScript"}
    assert aistudios("schema", "-o", tmp_path / "s.json").stdout == ""
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8")) == old


def test_what_cannot_be_resolved_cannot_be_checked():
    with pytest.raises(DslError, match="has no scenes"):
        Project().check()
    with pytest.raises(TemplateError):
        Project().scene().text("{{ a").check()
    assert codes(Project().scene().text("A", tag="a", at=(200, 200)).text("B", at=below("a"))) == []


# the command, over many rows


PEOPLE = "name,picture\nAnn,https://cdn.example.com/a.png\nBen,C:/b.png\nCy\nDi,https://cdn.example.com/d.png\n"


@pytest.fixture
def batch(tmp_path):
    """A template and its rows: of four, the second has a wrong picture, and the third too few columns."""
    script, rows = tmp_path / "card.py", tmp_path / "people.csv"
    verbs = '.text("Hello {{ name }}", at=(0, 0)).image("{{ picture }}", width=400, height=300, at=(700, 300))'
    script.write_text(f"from aistudios_dsl import Project\n\nproject = Project().scene(){verbs}\n", encoding="utf-8")
    rows.write_text(PEOPLE, encoding="utf-8")
    return script, rows


def test_every_row_is_checked_and_what_rows_share_is_said_once(batch):
    script, rows = batch
    result = aistudios("check", script, "--data", rows)
    assert (result.returncode, result.stderr) == (1, "")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0] == "rows 1, 2, 4"
    assert lines[1].startswith("warning unsafe-area            scenes[0].clips[0] ('Hello Ann'): the text reaches past")
    at = lines.index("row 2")
    assert lines[at + 1].startswith("error   url-unreachable        scenes[0].clips[1].source_url: C:/b.png is a path")
    at = lines.index("row 3")
    assert lines[at + 1].startswith("error   row-fault              has 1 column, the header has 2: 'picture' missing")
    assert lines[-1] == "4 rows: errors in 2, warnings in 3"


def test_one_row_is_checked_alone(batch):
    script, rows = batch
    result = aistudios("check", script, "--data", rows, "--row", 4, "--ignore", "unsafe-area", "--strict")
    assert (result.returncode, result.stdout) == (0, "nothing found in 1 row\n")
    assert aistudios("check", script, "--data", rows, "--row", 4, "--strict").returncode == 1
    assert (
        "there is no row 9\n  hint: the last is row 4" in aistudios("check", script, "--data", rows, "--row", 9).stderr
    )


def test_many_rows_are_few_lines(batch):
    script, rows = batch
    rows.write_text("name,picture\n" + "".join(f"Ann {n},b{n}.png\n" for n in range(400)), encoding="utf-8")
    result = aistudios("check", script, "--data", rows)
    assert len(result.stdout.splitlines()) == 6
    assert result.stdout.startswith("all 400 rows\n  error   url-unreachable")
    assert "b0.png has no scheme such as https:// (row 1; others are similar)" in result.stdout
    assert result.stdout.endswith("\n400 rows: errors in 400, warnings in 400\n")


def test_a_batch_of_payloads_is_checked_line_by_line(tmp_path):
    path = tmp_path / "videos.jsonl"
    wrong = WRONG.to_dict()
    wrong["scenes"][0]["clips"][0]["opacity"] = 900
    lines = [WARNED.to_json(), json.dumps(wrong), "", '{"scenes": 3}', "{", WARNED.to_json()]
    path.write_text("\n".join(lines), encoding="utf-8")
    result = aistudios("check", path)
    assert result.returncode == 1
    told = [line.split()[:2] for line in result.stdout.splitlines() if not line.startswith(" " * 10)]
    assert told == [
        ["lines", "1,"], ["warning", "unsafe-area"],
        ["line", "2"], ["error", "bad-value"], ["error", "url-unreachable"],
        ["line", "4"], ["error", "row-fault"],
        ["line", "5"], ["error", "row-fault"],
        ["5", "lines:"],
    ]  # fmt: skip
    alone = aistudios("check", path, "--row", 1)
    assert (alone.returncode, alone.stdout.splitlines()[-1]) == (0, "1 line: warnings in 1")


def test_many_rows_are_counted_in_json(batch):
    script, rows = batch
    found = json.loads(aistudios("check", script, "--data", rows, "--json").stdout)
    assert (found["rows"], found["counts"]) == (4, {"error": 2, "warning": 3, "note": 0})
    assert [(one["code"], one["rows"]) for one in found["findings"]] == [
        ("unsafe-area", [1, 2, 4]),
        ("url-unreachable", [2]),
        ("row-fault", [3]),
    ]


def test_what_the_script_asked_for_is_known_of_each_row():
    """The JSON of a text does not say the width that it was to be wrapped to."""
    scene = Project().scene(background="#102030", when="plan == 'gold'")
    scene = scene.text("{{ word }}", font_size=40, width="{{ wide }}")
    project = scene.scene(each="item in items").text("{{ item }}", width="20%", min_font_size=20)
    plan = project.compile()
    row = {
        "plan": "gold",
        "wide": 300,
        "word": "Donaudampfschifffahrt",
        "items": ["Lamp", "Geschwindigkeitsbegrenzung"],
    }
    expected = project.render(row).check()
    assert [(finding.code, finding.path) for finding in expected] == [
        ("word-too-wide", "scenes[0].clips[0]"),
        ("idle-keyword", "scenes[1].clips[0]"),
        ("idle-keyword", "scenes[2].clips[0]"),
        ("word-too-wide", "scenes[2].clips[0]"),
    ]
    assert checked(plan.render_json(row), **plan.of_script(row)) == expected


def test_the_payload_of_a_plan_has_the_findings_of_its_row():
    project = (
        Project()
        .scene(background="{{ colour }}", when="plan == 'gold'")
        .text("{{ name }}", at=(0, 0))
        .scene(background="#ffffff", each="item in items")
        .text("{{ item }}", color="white", tag="item")
    )
    plan = project.compile()
    for row in ROWS_WITH_SCENES:
        expected = project.render(row).check()
        assert expected
        assert checked(plan.render_json(row), **plan.of_script(row)) == expected
    assert plan.slow_rows == 0


ROWS_WITH_SCENES = [
    {"plan": plan, "colour": colour, "name": "Ann", "items": items}
    for plan, colour in (("gold", "#102030"), ("gold", "/images/a.png"), ("basic", "#102030"))
    for items in (["Lamp"], ["Lamp", "{{ Shade }}", ""])
]


def low(count):
    scene = Project().scene()
    for number in range(count):
        scene = scene.text("Hello", font_size=20, at=(number * 200, 0))
    return scene


def test_many_findings_of_a_kind_in_a_scene_become_one_with_a_count():
    assert [finding.count for finding in low(5).check()] == [1] * 5
    [finding] = low(6).check()
    assert (finding.code, finding.path, finding.count) == ("unsafe-area", "scenes[0].clips[0]", 6)
    assert finding.paths == tuple(f"scenes[0].clips[{number}]" for number in range(1, 6))
    assert "(and 5 more: scenes[0].clips[1], scenes[0].clips[2], scenes[0].clips[3], …)" in str(finding)
    assert counted([finding]) == {"error": 0, "warning": 6, "note": 0}


def test_equal_findings_of_many_scenes_become_one_and_a_storyboard_marks_each():
    two = Project().scene().text("Hi", at=(0, 0)).scene().text("Hi", at=(0, 0))
    assert [finding.path for finding in two.check()] == ["scenes[0].clips[0]", "scenes[1].clips[0]"]
    three = two.scene().text("Hi", at=(0, 0))
    [finding] = three.check()
    assert (finding.count, finding.paths) == (3, ("scenes[1].clips[0]", "scenes[2].clips[0]"))
    assert three._repr_html_().count("title-safe area (") == 3


def test_a_sweep_finds_the_pairs_that_comparing_all_finds():
    random = Random(1)
    for count in (0, 1, 2, 60):
        for size in (5, 60, 400):
            boxes = [
                Box(*(random.choice((0, 30, random.random() * 500)) for _ in "xy"), size, 40) for _ in range(count)
            ]
            every = combinations(range(count), 2)
            expected = {(one, other) for one, other in every if upright_overlap(boxes[one], boxes[other], 1)}
            assert {tuple(sorted(pair)) for pair in pairs(boxes)} == expected


# clips on clips


PHOTO, SIGN = SHOP + "photo.jpg", SHOP + "sign.png"


def picture(url=SIGN, size=(400, 300), at=(300, 300), **more):
    return Project().scene().image(url, width=size[0], height=size[1], at=at, **more)


@pytest.mark.parametrize(
    ("project", "found"),
    [
        (picture().image(SIGN, width=400, height=300, at=(300, 300)), True),
        (picture().image(SIGN, width=390, height=300, at=(303, 302)), True),
        (picture().image(SIGN, width=200, height=100, at=(300, 300)), True),
        (picture().image(SIGN, width=500, height=400, at=(250, 250)), True),
        (picture(at="center").image(SIGN, width=100, height=80, at="center"), False),
        (picture(at=None).image(SIGN, width=100, height=80), True),
        (picture(PHOTO).image(SIGN, width=440, height=340, at=(280, 280)), False),
        (picture().image(SIGN, width=400, height=60, at=(300, 540)), False),
        (picture().image(SIGN, width=400, height=300, at=(700, 300)), False),
        (picture().image(SIGN, width=400, height=300, at=(300, 300), animation=("fade-in", 1, 2)), False),
        (picture(size=(1920, 1080), at=(0, 0)).image(SIGN, width=1900, height=1060, at=(10, 10)), False),
        (picture(size=(1920, 1080), at=(0, 0)).image(SIGN, width=900, height=700, at=(0, 0)), False),
    ],
)
def test_pictures_at_one_place_are_told_from_compositions(project, found):
    assert ("same-place" in codes(project)) is found


def panel(width, height, at=(200, 300), name="Square", **more):
    return Project().scene(background="#000000").shape(name, fill="#222244", width=width, height=height, at=at, **more)


@pytest.mark.parametrize(
    ("project", "past"),
    [
        (panel(500, 120).text("Order your lamp today", font_size=40, at=(230, 320)), True),
        (panel(300, 120).text("Order your lamp today", font_size=40, at=(150, 320)), True),
        (panel(900, 120).text("Order your lamp today", font_size=40, at=(230, 320)), False),
        (panel(900, 60).text("Order your lamp today", font_size=40, at=(230, 300)), False),
        (panel(900, 200).text("One\nTwo\nThree\nFour", font_size=40, at=(230, 320)), True),
        (panel(300, 60).text("Order\nyour lamp", font_size=40, at=(230, 300)), False),
        (panel(900, 400).text("Order your lamp today", font_size=40, at=(230, 270)), True),
        (panel(540, 30, (200, 340)).text("Order your lamp today", font_size=40, at=(210, 300)), False),
        (panel(100, 100).text("Order your lamp today", font_size=40, at=(230, 320)), False),
        (panel(300, 300, (800, 350), name="Circle").text("Order your lamp today", font_size=40, at=(680, 470)), True),
        (panel(300, 300, (100, 350), name="Circle").text("Order your lamp today", font_size=40, at=(230, 470)), False),
        (panel(300, 6, name="Line_v2").text("Order your lamp today", font_size=40, at=(200, 270)), False),
        (panel(1920, 1080, (0, 0)).text("Order your lamp today", font_size=40, at=(1600, 500)), False),
    ],
)
def test_a_text_past_the_shape_it_stands_on_is_told_from_decoration(project, past):
    assert ("text-past-shape" in codes(project)) is past


@pytest.mark.parametrize(
    ("name", "size", "at", "found"),
    [
        ("Square", (90, 90), (200, 300), True), ("Circle", (90, 90), (200, 300), True),
        ("Rectangle_corner0", (60, 90), (200, 300), True), ("Line_v2", (240, 6), (190, 330), False),
        ("Square", (240, 6), (190, 331), False), ("Square", (90, 90), (200, 420), False),
        ("Star", (20, 20), (200, 300), False),
    ],
)  # fmt: skip
def test_covered_letters_are_told_from_struck_ones(name, size, at, found):
    text = Project().scene(background="#000000").text("$ 49 only", font_size=40, at=(200, 300))
    said = codes(text.shape(name, fill="#ff0000", width=size[0], height=size[1], at=at))
    assert ("text-covered" in said) is found


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ((-2.5, 700, 1925.5, 386), False), ((-4.6, -3.4, 1923.9, 1082.2), False), ((1800, -5, 130, 1090), False),
        ((-2, 200, 400, 300), True), ((-30, 700, 1980, 300), False), ((-30, 700, 1900, 300), True),
        ((100, 900, 1700, 185), True), ((0, 900, 1920, 220), True),
    ],
)  # fmt: skip
def test_a_bleed_of_one_percent_along_a_side_is_no_mistake(box, found):
    left, top, width, height = box
    said = codes(loaded(clip("shape", shapeName="Square", fill="#123", left=left, top=top, width=width, height=height)))
    assert ("cut-off" in said) is found


@pytest.mark.parametrize(
    ("kind", "more", "meant"),
    [
        ("text", {"text": "a", "fontSize": 3}, "textImage"), ("Image", {}, "image"), ("VIDEO", {}, "videoImage"),
        ("ai_model", {}, "aiModel"), ("textImge", {}, "textImage"), ("music", {}, "audio"), ("rect", {}, "shape"),
        ("thing", {"video_url": "https://a.example/b.mp4"}, "videoImage"), ("thing", {"shapeName": "Star"}, "shape"),
        ("sticker", {"source_url": "https://a.example/b.png"}, ""), ("lottie", {}, ""), ("chart", {"data": [1]}, ""),
        ("", {}, ""), ("group", {"objects": []}, ""),
    ],
)  # fmt: skip
def test_a_type_that_means_another_is_told_from_an_undocumented_one(kind, more, meant):
    said = [finding for finding in loaded(clip(kind, **more)).check() if finding.code == "unknown-type"]
    assert [finding.remedy for finding in said] == ([f"write {meant!r}"] if meant else [])


@pytest.mark.parametrize("name", ["image", "audio"])
@pytest.mark.parametrize(
    ("end", "kinds"),
    [
        ("png", {"audio"}), ("GIF", set()), ("mp3", {"image"}), ("mp4", {"image"}), ("pdf", {"image", "audio"}),
        ("txt?x=1", {"image", "audio"}), ("php", set()), ("png/v2", set()), ("svg#x", {"audio"}),
    ],
)  # fmt: skip
def test_a_file_of_the_wrong_kind_is_known_by_its_ending(name, end, kinds):
    said = codes(loaded(clip(name, source_url=f"{SHOP}a.{end}", label="A")))
    assert ("wrong-file-kind" in said) is (name in kinds)


def test_two_findings_of_a_rule_at_one_place_are_both_counted():
    one, two = (Finding("text-over-face", "warning", f"over {number}", "scenes[0].clips[2]") for number in (0, 1))
    summary = summed([(1, [one, two]), (2, [one])])
    assert [(group.finding, group.rows, group.alike) for group in summary.groups] == [
        (one, (1, 2), True),
        (two, (1,), True),
    ]
    assert (summary.counts["warning"], summary.rows["warning"], summary.total) == (3, 2, 2)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["examples/talking_avatar.py", "--row", "2"], "--row requires --data"),
        (["videos.jsonl", "--set", "a=b"], "it takes no --set and no --data"),
    ],
)
def test_options_that_do_not_fit_are_wrong_use(args, words, tmp_path):
    path = tmp_path / "videos.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    result = aistudios("check", *(path if arg == "videos.jsonl" else arg for arg in args))
    assert result.returncode == 2
    assert words in " ".join(result.stderr.replace("│", "").split())
