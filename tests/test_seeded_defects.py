"""Projects as the web editor writes them: untouched, check finds nothing new in them; spoilt, it names the defect."""

import copy
import json
from pathlib import Path

import pytest

from aistudios_dsl import Project

FOLDER = Path(__file__).parent / "data" / "editor_like"
PROJECTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
KNOWN = {
    # The small print at the bottom of each chapter is outside the title-safe area.
    "p05": {"unsafe-area"},
    "p08": {"template-variable"},
}


def findings(document):
    return Project.load(document).check()


@pytest.mark.parametrize("name", PROJECTS)
def test_an_untouched_project_has_no_finding_but_what_is_wrong_in_it(name):
    assert {finding.code for finding in findings(PROJECTS[name])} == KNOWN.get(name, set())


@pytest.mark.parametrize("row", [{"name": "Ann"}, {"name": "Dr. Wolfeschlegelsteinhausen"}])
def test_the_untouched_template_is_silent_once_it_is_rendered(row):
    rendered = Project.load(PROJECTS["p08"]).render(row)
    # The box grows with the words, and a long name reaches the avatar beside it.
    assert {finding.code for finding in rendered.check()} <= ({"text-over-face"} if len(row["name"]) > 9 else set())


# Each defect: the code that must name it, the project, where the finding must be, and what spoils it.


def clip(document, kind, scene=0, nth=0):
    return [one for one in document["scenes"][scene]["clips"] if one["type"] == kind][nth]


def put(kind, scene=0, nth=0, **fields):
    """Set fields of a clip; None takes one away."""

    def spoil(document):
        one = clip(document, kind, scene, nth)
        one |= fields

    return spoil


def say(org, scene=0):
    return put("aiModel", scene, script={"org": org, "tts": None})


def model(scene=0, **fields):
    def spoil(document):
        clip(document, "aiModel", scene)["model"] |= fields

    return spoil


def geometry(scene=0, **fields):
    def spoil(document):
        of = clip(document, "aiModel", scene)["model"]
        of["editor"] |= fields
        of["editorValue"] |= fields

    return spoil


def background(scene=0, **fields):
    def spoil(document):
        document["scenes"][scene]["background"] |= fields

    return spoil


def beside(kind, scene=0, nth=0, **fields):
    """Add a copy of a clip on top."""

    def spoil(document):
        clips = document["scenes"][scene]["clips"]
        one = copy.deepcopy(clip(document, kind, scene, nth))
        clips.append(one | {"id": f"{kind}-00000000000", "layer": 90} | fields)

    return spoil


def add(scene=0, **fields):
    def spoil(document):
        document["scenes"][scene]["clips"].append({"id": "new-00000000000", "layer": 90} | fields)

    return spoil


def scripts(*words, scene=0):
    def spoil(document):
        avatar = clip(document, "aiModel", scene)
        avatar.pop("script")
        of = {"isTTS": False, "tts": None, "modelId": avatar["model"]["ai_name"], "clothId": avatar["model"]["emotion"]}
        document["scenes"][scene]["scripts"] = [{"org": f"<p>{each}</p>"} | of for each in words]

    return spoil


def no_scenes(document):
    document["scenes"] = []


def no_background(document):
    document["scenes"][1]["background"] = {}


PNG = "https://cdn.example.com/a.png"
LATE = {"type": "fade-in", "duration": 2, "delay": 25}
DEFECTS = [
    # unknown types
    ("unknown-type", "p01", put("textImage", type="text")),
    ("unknown-type", "p02", put("aiModel", type="avatar")),
    ("unknown-type", "p05", put("videoImage", scene=1, type="video")),
    ("unknown-type", "p08", put("image", scene=2, type="Image")),
    ("unknown-type", "p08", put("shape", type="hexagon")),
    # words wider than their box
    ("text-overflow", "p01", put("textImage", text="Arbeitsunfähigkeitsbescheinigung", width=500)),
    ("text-overflow", "p02", put("textImage", nth=2, width=90)),
    # hidden under, or lying on, another
    ("same-place", "p01", beside("image", source_url=PNG)),
    ("same-place", "p05", beside("image", scene=2, source_url=PNG, width=300, height=300)),
    ("same-place", "p08", beside("image", scene=1, source_url=PNG, scaleX=0.5, scaleY=0.5)),
    (
        "hidden",
        "p02",
        add(type="image", source_url="https://a.example/b.jpg", width=700, height=120, left=150, top=120),
    ),
    (
        "text-covered",
        "p01",
        add(type="shape", shapeName="Circle", fill="#fff", width=200, height=200, left=90, top=700),
    ),
    ("text-over-text", "p02", beside("textImage", text="Extra words")),
    ("behind-picture", "p05", add(type="image", source_url=PNG, width=500, height=160, left=90, top=890)),
    # distorted
    ("distorted", "p01", put("image", scaleY=0.6)),
    ("distorted", "p02", put("aiModel", scaleX=1.1)),
    ("distorted", "p05", put("videoImage", scene=3, scaleY=4.4)),
    ("distorted", "p08", put("aiModel", scene=1, scaleY=0.95)),
    # beyond the shape
    ("text-past-shape", "p02", put("textImage", text="Quarterly update for all of Europe", width=1500)),
    ("text-past-shape", "p02", put("textImage", nth=1, text="• Point 1: " + "open the Seoul office " * 4, width=1200)),
    # small
    ("text-small", "p01", put("textImage", nth=1, fontSize=9)),
    ("text-small", "p02", put("textImage", nth=3, scaleX=0.4, scaleY=0.4)),
    # invisible
    ("text-empty", "p01", put("textImage", text="\u200b\u200b")),
    ("text-empty", "p05", put("textImage", text="\u3164")),
    ("text-empty", "p02", put("textImage", text="\u00a0\u2800 ")),
    # missing values
    ("placeholder-words", "p01", put("textImage", text="Welcome None")),
    ("placeholder-words", "p02", put("textImage", text="Hello undefined!", width=700)),
    ("placeholder-words", "p05", put("textImage", text="nan")),
    ("placeholder-words", "p01", say("<p>Good morning, None. Let us begin.</p>")),
    ("leftover-braces", "p01", put("textImage", text="Welcome name }}")),
    ("leftover-braces", "p08", put("textImage", scene=1, text="Hello name }}")),
    ("leftover-braces", "p02", say("<p>Hello name }}, welcome.</p>")),
    # markup and URLs in speech
    ("markup", "p01", say("<p>This is <b>very</b> important.</p>")),
    ("markup", "p01", say("<p>This is **very** important.</p>")),
    ("markup", "p02", say("<p>Research &amp;amp; development.</p>")),
    ("markup", "p05", say("<p>Wait.<break time='1s'/> Go on.</p>")),
    ("markup", "p02", put("textImage", text="Profit &amp; loss")),
    ("spoken-url", "p05", say("<p>Read more at https://example.com/chapters?id=7 today.</p>")),
    ("spoken-url", "p01", say("<p>Go to www.example.com now.</p>")),
    # ids against pictures
    ("model-disagrees", "p01", model(emotion="BG00009999")),
    ("model-disagrees", "p02", model(scene=3, ai_name="M000011111")),
    # kinds of files
    ("wrong-file-kind", "p01", put("image", source_url="https://cdn.example.com/report.pdf")),
    ("wrong-file-kind", "p08", put("image", source_url="https://cdn.example.com/clip.mp4?v=2")),
    ("wrong-file-kind", "p05", put("audio", source_url="https://cdn.example.com/notes.txt")),
    ("wrong-file-kind", "p05", put("videoImage", video_url="https://cdn.example.com/still.JPG")),
    # pages
    ("url-is-a-page", "p05", put("videoImage", video_url="https://www.youtube-nocookie.com/embed/abc")),
    ("url-is-a-page", "p05", put("audio", source_url="https://music.youtube.com/watch?v=abc")),
    ("url-is-a-page", "p05", put("videoImage", video_url="https://player.vimeo.com/video/123")),
    ("url-is-a-page", "p05", put("videoImage", video_url="https://vimeo.com/channels/staffpicks/123")),
    ("url-is-a-page", "p01", put("image", source_url="https://github.com/o/r/blob/main/logo.png")),
    # faulty URLs
    ("url-mistyped", "p01", put("image", source_url=f"{PNG} ")),
    ("url-mistyped", "p02", background(source_url="https://cdn.example.com/of\u200bfice.png")),
    ("url-mistyped", "p05", put("audio", source_url="https://cdn.example.com/a.mp3?x=1&amp;y=2")),
    ("url-password", "p08", put("image", source_url="https://ann:secret@cdn.example.com/a.png")),
    ("url-unreachable", "p01", put("image", source_url="https://cdn..example.com/a.png")),
    ("audio-unlabelled", "p05", put("audio", label=" ")),
    # scenes and backgrounds
    ("no-scenes", "p01", no_scenes),
    ("background-empty", "p01", background(source_url="")),
    ("background-empty", "p02", no_background),
    ("wrong-file-kind", "p02", background(source_url="https://cdn.example.com/office.mp4")),
    ("url-unreachable", "p08", background(source_url="blue")),
    # speech and its time
    ("animation-late", "p01", put("textImage", animation=LATE)),
    ("animation-late", "p02", put("textImage", nth=2, animation=LATE | {"delay": 12})),
    ("scripts-several", "p01", scripts("Hello.", "Welcome.")),
    ("scripts-several", "p05", scripts("One.", "Two.", "Three.")),
    # pictures as they are drawn, and the geometry of avatars
    ("mirrored", "p01", put("image", scaleX=-0.4321)),
    ("mirrored", "p08", put("image", flipX=True)),
    ("stroke-on-media", "p05", put("image", stroke="#ffffff", strokeWidth=6)),
    ("avatar-geometry", "p01", geometry(headCenterX=1200)),
    ("avatar-geometry", "p02", geometry(headHeight=-185)),
    ("avatar-geometry", "p05", geometry(modelTightW=2000)),
    ("avatar-geometry", "p08", geometry(headCenterY=2600)),
    ("avatar-two-sizes", "p01", geometry(scene=2, headWidth=120, headHeight=130)),
    # what was found before
    ("off-canvas", "p01", put("image", left=-900)),
    ("cut-off", "p08", put("image", left=1700)),
    ("bad-value", "p02", put("aiModel", opacity=140)),
    ("layers-tied", "p05", put("image", layer=5)),
    ("duplicate-tag", "p01", put("image", tag="title0")),
    ("low-contrast", "p02", put("textImage", fill="#f0f0f0")),
]


ENTAILED = {
    ("text-overflow", "p02"): ["text-over-text"],
    ("same-place", "p05"): ["duplicate-tag"],
    ("distorted", "p05"): ["cut-off"],
    ("text-past-shape", "p02"): ["text-overflow"],
    ("avatar-geometry", "p01"): ["face-cut-off"],
    ("avatar-geometry", "p08"): ["face-cut-off"],
}
"""What else is true of a spoilt project."""


@pytest.mark.parametrize(("code", "name", "spoil"), DEFECTS, ids=[f"{code}-{name}" for code, name, _ in DEFECTS])
def test_a_seeded_defect_is_found_for_the_right_reason(code, name, spoil):
    document = copy.deepcopy(PROJECTS[name])
    before = {(finding.code, finding.path) for finding in findings(document)}
    spoil(document)
    new = [finding for finding in findings(document) if (finding.code, finding.path) not in before]
    assert code in {finding.code for finding in new}
    assert {finding.code for finding in new} <= {code, *ENTAILED.get((code, name), ())}
