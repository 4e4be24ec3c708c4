"""The one reading of a scene: every part of the package sees the same boxes, lines, order and speech."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import BuildError, Project, Scene, above, below, diff, left_of, right_of
from aistudios_dsl.build.boxes import seen_box
from aistudios_dsl.build.speech import paragraphs, plain, utterances
from aistudios_dsl.check import rules
from aistudios_dsl.check.findings import MODULES
from aistudios_dsl.cli import main
from aistudios_dsl.cli.online import _size
from aistudios_dsl.errors import clock
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.view.scene import scene_views
from aistudios_dsl.wire.nodes import UnknownClip

URL = "https://cdn.example.com/lamp.png"
PLACE = {"layer": 1, "left": 100, "top": 300, "width": 400, "height": 200}
MODEL = {"ai_name": "M1", "emotion": "C1", "language": "en"}
PICTURE = {"id": "p", "type": "image", "source_url": URL, "tag": "lamp"} | PLACE
AVATAR = {"id": "a", "type": "aiModel", "model": MODEL, "tag": "host"} | PLACE


def document(*clips, **scene):
    return {"scenes": [{"background": {}, "sceneIdx": 0, "clips": list(clips)} | scene]}


def script(org, who="M1", cloth="C1", **more):
    return {"org": org, "isTTS": False, "tts": None, "modelId": who, "clothId": cloth} | more


def added(project, at):
    """The clip that stands beside another."""
    return project.shape("Square", fill="#fff", width=40, height=20, at=at).resolve().scenes[0].clips[-1]


# boxes


def test_a_clip_stands_beside_a_mirrored_one_where_that_is_seen():
    project = Project.load(document(PICTURE | {"scaleX": -1, "scaleY": -1}))
    assert added(project, below("lamp", gap=10)).top == 510
    assert added(project, above("lamp", gap=10)).top == 270
    assert added(project, right_of("lamp", gap=10)).left == 510
    assert added(project, left_of("lamp", gap=10)).left == 50


@pytest.mark.parametrize(
    "clip", [PICTURE | {"type": "videoImage", "video_url": URL}, AVATAR | {"tag": "lamp"}, PICTURE]
)
def test_a_clip_stands_beside_a_turned_one_whichever_type_has_the_angle(clip):
    turned = added(Project.load(document(clip | {"angle": 90})), below("lamp", gap=10))
    # A quarter turn about its left-top corner: 200 px to the left of it, 400 px below it.
    assert (turned.left, turned.top) == (100 - 100 - 20, 300 + 400 + 10)


def test_the_box_of_a_clip_is_read_from_what_it_has():
    unknown = UnknownClip(type="sticker", extra={"left": 5, "width": 10, "height": 20, "scaleX": -2, "angle": 45})
    assert seen_box(unknown) == Box(5, 0, 20, 20, 45)
    odd = UnknownClip(type="sticker", extra={"left": "5", "width": None, "scaleX": True, "strokeWidth": -4})
    assert seen_box(odd) == Box(0, 0, 0, 0, 0)


def test_the_parts_of_a_mirrored_clip_are_where_the_picture_shows_them():
    head = {"headCenterX": 60, "headCenterY": 10, "headWidth": 80, "headHeight": 100}
    avatar = AVATAR | {"model": MODEL | {"editor": head | {"modelTightX": 20, "modelTightY": 10}}}
    text = PLACE | {"id": "t", "type": "textImage", "text": "Hi", "fill": "#fff", "fontSize": 48, "width": 900}
    for scale, side in ((1, "left"), (-1, "right")):
        [view] = scene_views(Project.load(document(avatar | {"scaleX": scale}, text | {"scaleX": scale})).resolve())
        face, box = view.every[0].face, view.every[0].box
        line, room = view.every[1].lines[0], view.every[1].box
        assert (face.left - box.left) == (40 if side == "left" else 400 - 40 - 80)
        assert (line.left - room.left) == pytest.approx(0 if side == "left" else 900 - line.width)


# speech


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>Hello.</p><p>Bye.</p>", "Hello.\n\nBye."),
        ('<p class="x">Hello</p>', "Hello"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<div>a</div><div>b</div>", "a\n\nb"),
        ("before <p>in</p> after", "before\n\nin\n\nafter"),
        ("<p>One <b>two <i>th</i>ree</b></p>", "One two three"),
        ("<p>never closed <b>at all", "never closed at all"),
        ("<p>a &amp; b &lt;c&gt; &nbsp;&#33;</p>", "a & b <c> \u00a0!"),
        ("a<!-- not <b>said</b> -->b", "ab"),
        ("<script>var x = '<p>no</p>'</script>yes", "yes"),
        ("1 < 2, a<b and x<5 > y", "1 < 2, a<b and x<5 > y"),
        ("<p> spaces \n and lines </p>", "spaces   and lines"),
        ("", ""),
    ],
)
def test_words_of_html_speech_are_neither_lost_nor_glued(html, words):
    assert plain(html) == words


WORDS = st.text("abcéß한あ", min_size=1, max_size=4)
INLINE = st.sampled_from(
    ["<b>{}</b>", "<span class='x'>{}</span>", "<i>{}", "{}<!-- a > b -->", "<u title='a>b'>{}</u>"]
)
BLOCK = st.sampled_from(["<p>{}</p>", '<p class="y">{}</p>', "<div>{}</div>", "{}<br>", "<br/>{}", "<li>{}", "<p>{}"])


@st.composite
def html_and_words(draw):
    parts, words = [], []
    for _ in range(draw(st.integers(0, 5))):
        line = draw(st.lists(WORDS, min_size=1, max_size=4))
        words += line
        parts.append(draw(BLOCK).format(" ".join(draw(INLINE).format(word) for word in line)))
        parts.append(draw(st.sampled_from(["<br>", "<hr>", "</p>", " "])))
    return "".join(parts), words


@given(html_and_words())
def test_every_word_of_any_html_is_said_once(case):
    html, words = case
    assert plain(html).split() == words


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_plain_words_survive_the_way_to_html_and_back(text):
    org = paragraphs(text)
    assert paragraphs(plain(org)) == org


def test_a_twin_does_not_take_the_words_of_the_first_of_its_model():
    twin = AVATAR | {"id": "b", "tag": "twin", "layer": 2}
    project = Project.load(document(AVATAR, twin, scripts=[script("<p>Hello.</p>")]))
    [said] = utterances(project.resolve().scenes[0])
    assert (said.who, said.speaker, said.language, said.place) == ("host", 0, "en", "scripts[0]")
    edited = project.edit("host", say="Changed.").resolve().scenes[0]
    assert [line.text for line in utterances(edited)] == ["Changed."]
    with pytest.raises(BuildError, match="twice in the same outfit"):
        project.edit("twin", say="Mine.").resolve()


def test_another_voice_has_not_the_language_of_the_avatar():
    scene = document(AVATAR | {"script": {"org": "a", "tts": {"voice": "v"}}}, scripts=[script("b", isTTS=True)])
    assert [said.language for said in utterances(Project.load(scene).resolve().scenes[0])] == ["", ""]


# counting


def test_findings_and_messages_number_a_clip_alike():
    scene = Scene(background="#102030").text("ok", at="center")
    with pytest.raises(BuildError) as fault:
        Project().add(scene).image("lamp.png", width=-1, height=9)
    found = Project().add(scene).image("lamp.png", width=90, height=9, tag="{{ x }}", at="top")
    assert str(fault.value).startswith("scenes[0].clips[1] (image)")
    assert list(found.variables()) == ["scenes[0].clips[1].tag"]
    assert [finding.path for finding in found.render(x="t").check()] == ["scenes[0].clips[1].source_url"]
    loaded = Project.load(found.render(x="t").to_dict())
    assert [finding.path for finding in loaded.check()] == ["scenes[0].clips[2].source_url"]


def test_rows_are_numbered_as_their_script_is(tmp_path):
    script, rows = tmp_path / "video.py", tmp_path / "rows.csv"
    words = 'Project().scene(background="#102030").text("Hi {{ name }}", at=(0, 0))'
    script.write_text(f"from aistudios_dsl import Project\nproject = {words}\n", encoding="utf-8")
    rows.write_text("name\nAnn\n", encoding="utf-8")
    for more in (["--set", "name=Ann"], ["--data", str(rows)]):
        result = CliRunner().invoke(main, ["check", str(script), "--json", *more])
        assert [found["path"] for found in json.loads(result.stdout)["findings"]] == ["scenes[0].clips[0]"], more


def test_the_square_of_a_background_is_called_so():
    project = Project().scene(background="#102030").text("Hello", at="center")
    square, text = scene_views(project.resolve(), [True])[0].every
    assert (square.path, square.box) == ("scenes[0].background", Box(0, 0, 1920, 1080))
    assert text.path == "scenes[0].clips[0]"


def test_what_findings_advise_works():
    empty = Project().scene().text("{{ name or 'Hello' }}", at="center").render(name="")
    assert [finding.code for finding in empty.check()] == []
    twice = document(AVATAR | {"script": {"org": "<p>Hi.</p>", "tts": None}}, scripts=[script("<p>Ho.</p>")])
    assert "speech-twice" in [finding.code for finding in Project.load(twice).check()]
    assert "speech-twice" not in [finding.code for finding in Project.load(twice).edit("host", say="Hi.").check()]
    gone = Project.load(document(AVATAR | {"isDelete": True, "script": {"org": "<p>Hi.</p>", "tts": None}}))
    assert "deleted-avatar-speaks" in [finding.code for finding in gone.check()]
    voice = gone.edit("host", is_delete=False, voice_only=True)
    assert "deleted-avatar-speaks" not in [finding.code for finding in voice.check()]


def test_every_module_of_rules_is_in_the_table():
    files = {path.stem for path in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == files


# all readers

NUMBERS = st.one_of(st.integers(-300, 1500), st.floats(-300, 1500).map(lambda number: round(number, 3)))
SIZES = st.floats(1, 1200).map(lambda number: round(number, 2))
SCALES = st.sampled_from([1, -1, 0.5, -0.5, 2, -2.5])
ODD = st.sampled_from([{}, {"rotation": 3}, {"zoomX": 2, "kept": None}])
KINDS = {
    "aiModel": {"model": MODEL},
    "image": {"source_url": URL},
    "videoImage": {"video_url": URL},
    "shape": {"shapeName": "Star", "fill": "#abcdef", "strokeWidth": 6, "stroke": "#000000"},
    "textImage": {
        "text": "Warm light\n\nall night",
        "fontSize": 30,
        "fill": "#fff",
        "align": "right",
        "strokeWidth": 2,
    },
    "audio": {"source_url": URL, "label": "Theme"},
    "sticker": {"strokeWidth": 3},
}


@st.composite
def clips(draw, number):
    kind = draw(st.sampled_from(sorted(KINDS)))
    clip = {"id": f"{kind}-{number}", "type": kind, "layer": draw(st.integers(0, 4)), "tag": f"t{number}"} | KINDS[kind]
    clip |= {"left": draw(NUMBERS), "top": draw(NUMBERS), "width": draw(SIZES), "height": draw(SIZES)}
    clip |= {"scaleX": draw(SCALES), "scaleY": draw(SCALES)} if draw(st.booleans()) else {}
    clip |= {"angle": draw(st.sampled_from([0, 90, 180, -90, 33.5]))} if draw(st.booleans()) else {}
    if kind == "aiModel":
        clip["model"] = MODEL | {"ai_name": f"M{number}", "language": draw(st.sampled_from(["en", "ko", "ja"]))}
    return clip | draw(ODD)


@st.composite
def documents(draw):
    found = [draw(clips(number)) for number in range(draw(st.integers(1, 5)))]
    speech = st.sampled_from(["<p>Hello there. One two.</p>", "<p class='x'>안녕 하세요</p><p>Bye</p>", "a<br>b c d"])
    scene = {}
    for clip in found:
        who = clip.get("model", {}).get("ai_name")
        if who and draw(st.booleans()):
            if draw(st.booleans()):
                clip["script"] = {"org": draw(speech), "tts": None}
            else:
                scene.setdefault("scripts", []).append(script(draw(speech), who))
    return document(*found, **scene)


def box_on_wire(clip):
    """The box by Fabric.js's rules, from the JSON."""
    stroke = clip.get("strokeWidth", 0)
    width, height = clip["width"] + stroke, clip["height"] + stroke
    size = width * abs(clip.get("scaleX", 1)), height * abs(clip.get("scaleY", 1))
    return Box(clip["left"], clip["top"], *size, clip.get("angle", 0))


def numbers(element):
    found = re.fullmatch(r"translate\((\S+) (\S+)\)(?: rotate\((\S+)\))?", element.get("transform"))
    return [float(number or 0) for number in found.groups()]


@settings(max_examples=40, deadline=None)
@given(document=documents())
def test_all_readers_agree_on_boxes_lines_order_and_speech(document):
    project, [raw] = Project.load(document, template=False), document["scenes"]
    [view] = scene_views(project.resolve())
    boxes = {seen.index: seen.box for seen in view.every}
    assert boxes == {index: box_on_wire(clip) for index, clip in enumerate(raw["clips"])}

    picture = ElementTree.fromstring(project.svg(links=False))
    drawn = [element for element in picture.iter() if element.get("class") == "clip"]
    shown = [seen for seen in view.by_depth if seen.is_shown]
    assert [int(element.get("data-clip")) for element in drawn] == [seen.index for seen in shown]
    assert [seen.depth for seen in view.by_depth] == sorted((clip["layer"], i) for i, clip in enumerate(raw["clips"]))
    for element, seen in zip(drawn, shown, strict=True):
        inner = next(one for one in element if one.get("class") == "seen")
        assert numbers(inner) == pytest.approx([seen.box.left, seen.box.top, seen.box.angle], abs=1e-3)
        if seen.kind == "text":
            lines = [one for one in inner.iter() if one.get("textLength")]
            assert [line.text for line in lines] == [line.words for line in seen.text_lines]
            assert [float(line.get("x")) for line in lines] == pytest.approx([x.x for x in seen.text_lines], abs=1e-3)

    page = project._page()
    for seen in shown:
        rect = re.search(rf'<rect id="s0-clip-{seen.index}" [^>]*>', page)[0]
        width, height = (float(re.search(rf'{side}="(\S+?)"', rect)[1]) for side in ("width", "height"))
        assert (width, height) == pytest.approx((seen.box.width, seen.box.height), abs=1e-3)

    findings = [finding for finding in project.check() if finding.code in ("off-canvas", "cut-off", "layers-tied")]
    assert [finding.boxes[0] for finding in findings] == [boxes[int(found.path[-2])] for found in findings]

    for seen in view.clips:
        there = added(project, below(seen.tag, gap=10))
        around = seen.bounds
        assert there.top == pytest.approx(around.top + around.height + 10)
        assert there.left == pytest.approx(around.left + around.width / 2 - 20)

    silent = [{key: value for key, value in clip.items() if key != "script"} for clip in raw["clips"]]
    unsaid = Project.load({"scenes": [raw | {"clips": silent, "scripts": []}]}, template=False)
    lost = [(change.field, change.old) for change in diff(project, unsaid) if change.field.startswith("speech of")]
    assert lost == [(f"speech of {said.who!r}", said.text) for said in view.speech]

    seconds = clock(sum(said.seconds for said in view.speech))
    in_page = re.search(r"<dt>Speech</dt><dd>(?:about )?(.*?)</dd>", page)[1]
    assert in_page == (seconds if view.speech else "none")
    assert _size(project).endswith(f"about {seconds}" if view.speech else "no speech")
