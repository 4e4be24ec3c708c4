"""Random projects in a real browser: every clip must be drawn where the wire says, every line as wide as its letters.

Run `python -m tests.tools.storyboard_boxes 200` for a long campaign; the suite runs a slice of it.
"""

import math
import random
import sys
import tempfile
from pathlib import Path
from typing import get_args

from aistudios_dsl import Avatar, Project, Scene, wire
from aistudios_dsl.layout.geometry import ANCHORS
from aistudios_dsl.layout.text import estimated
from aistudios_dsl.wire.nodes import ShapeName
from tests.chromium import Browser

PIXEL = 0.5
"""How far (px on the screen) a side may be from where the wire says."""
SHAPING = 0.01
"""How far, as a share, a line may be from the width that the font gives its letters; at least a pixel."""

TEXT = """Lamp Warm light, clear nights AVATAR Type “quoted” 89 € (50 %) to-day We’re fine… fi ffl; Größe naïve
안녕하세요 여러분 새로운 조명을 만나보세요. 읽기 좋은 빛 東京の夜。 「読む」ランプ 光与影，阅读灯 价格：¥ 100
Привет мир Ωμέγα"""
WORDS = TEXT.split()


def some_text(pick):
    words = [pick.choice(WORDS) for _ in range(pick.randint(1, 9))]
    return "".join(f"{word}{pick.choice('   ' + chr(10))}" for word in words).strip()


def some_place(pick):
    place = {"angle": pick.choice([0, 0, 90, -90, 180, pick.uniform(-360, 360)])}
    if pick.random() < 0.5:
        place["at"] = pick.choice(list(ANCHORS))
    else:
        place["at"] = (pick.uniform(-300, 1900), pick.uniform(-300, 1900))
    return place | {"opacity": pick.randint(1, 100)}


def with_text(scene, pick):
    own = {"font_size": pick.randint(8, 120), "bold": pick.random() < 0.4, "italic": pick.random() < 0.2}
    own |= {"align": pick.choice(["left", "center", "right"]), "underline": pick.random() < 0.2}
    own |= {"background": pick.choice([None, "#00000080"]), "stroke": "#ff0000"}
    own["stroke_width"] = pick.choice([0, 0, 2, 5])
    if pick.random() < 0.4:
        own["width"] = pick.randint(500, 1000)
    if pick.random() < 0.3:
        own["shadow"] = wire.Shadow(color="#00000080", blur=pick.randint(0, 10), offset_x=3, offset_y=9)
    return scene.text(some_text(pick), **own, **some_place(pick))


def with_shape(scene, pick):
    own = {"fill": f"hsl({pick.randint(0, 359)}, 60%, 50%)", "width": pick.uniform(4, 900)}
    own |= {"height": pick.uniform(4, 900), "stroke": "#102030", "stroke_width": pick.choice([0, 0, 1, 12, 40])}
    own |= {"stroke_radius": pick.choice([0, 0, 20, 400])}
    own["scale"] = pick.choice([1, 1, pick.uniform(0.1, 2)])
    return scene.shape(pick.choice(get_args(ShapeName)), **own, **some_place(pick))


def with_picture(scene, pick):
    own = {"natural": (pick.randint(1, 4000), pick.randint(1, 4000))}
    own |= pick.choice([{}, {"width": 300}, {"height": "40%"}, {"width": 640, "height": 360, "fit": "cover"}])
    return scene.image("https://x.example/picture.png", **own, **some_place(pick))


def with_video(scene, pick):
    place = some_place(pick)
    del place["angle"]
    return scene.video("https://x.example/v.mp4", natural=(1280, 720), width=pick.uniform(20, 1900), **place)


def with_avatar(scene, pick):
    if pick.random() < 0.5:
        return scene.avatar("M000045058", framing=pick.choice(["full", "waist", "bust", "head"]))
    size = {"width": pick.uniform(50, 1500), "height": pick.uniform(50, 3000)}
    return scene.avatar(Avatar("M2", "B2"), **size, at=pick.choice(list(ANCHORS)))


VERBS = (with_text, with_text, with_text, with_shape, with_shape, with_picture, with_video, with_avatar)


def random_project(seed):
    """A project of one to three scenes that is the same for the same seed."""
    pick = random.Random(seed)
    project = Project(f"Random {seed}", orientation=pick.choice(["landscape", "portrait"]))
    for _ in range(pick.randint(1, 3)):
        scene = Scene(background=pick.choice(["#334455", "/images/background/bg_blue_gradient.png", "#ffffff"]))
        for _ in range(pick.randint(1, 9)):
            scene = pick.choice(VERBS)(scene, pick)
        project = project.add(scene)
    return project


def bounds(clip, stroke=True):
    """The upright box around a clip of the JSON, by the canvas's own rules; without its stroke, what is filled."""
    width, height = clip["width"], clip["height"]
    outer = clip.get("strokeWidth") or 0
    edge = 0 if stroke else outer / 2
    radians = math.radians(clip.get("angle") or 0)
    corners = [
        (x * clip.get("scaleX", 1), y * clip.get("scaleY", 1))
        for x in (edge, width + outer - edge)
        for y in (edge, height + outer - edge)
    ]
    xs = [clip["left"] + math.cos(radians) * x - math.sin(radians) * y for x, y in corners]
    ys = [clip["top"] + math.sin(radians) * x + math.cos(radians) * y for x, y in corners]
    return [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]


def misplaced(project, measured):
    """What is not where the wire says, or not as wide as its letters, in words."""
    document = project.to_dict()
    portrait = document.get("orientation") == "portrait"
    assert len(measured) == len(document["scenes"])
    for number, (scene, seen) in enumerate(zip(document["scenes"], measured, strict=True)):
        left, top, width, _ = seen["place"]
        scale = width / (1080 if portrait else 1920)
        for index, clip in enumerate(scene["clips"]):
            if clip["type"] == "audio" or clip.get("voiceOnly"):
                continue
            name = f"scene {number} clip {index} ({clip['type']} {clip.get('shapeName', '')})"
            drawn = seen["clips"][str(index)]
            places = [(seen["boxes"].get(str(index)), bounds(clip))]
            if clip["type"] != "textImage":
                places.append((drawn["drawn"], bounds(clip, stroke=clip["type"] != "shape")))
            for box, wanted in places:
                on_screen = [wanted[0] * scale + left, wanted[1] * scale + top, wanted[2] * scale, wanted[3] * scale]
                if box and any(abs(a - b) > PIXEL for a, b in zip(box, on_screen, strict=True)):
                    yield f"{name}: at {box}, the wire says {on_screen}"
            yield from (f"{name}: {fault}" for line in drawn["lines"] for fault in ill_set(line, clip))


def ill_set(line, clip):
    """What is wrong with one line of text as the browser set it."""
    if clip["type"] != "textImage":
        return
    if abs(line["seen"] - line["asked"]) > PIXEL:
        yield f"{line['text']!r} is {line['seen']} px wide, not {line['asked']}"
    if not estimated(line["text"]) and abs(line["shaped"] - line["asked"]) > max(1, SHAPING * line["asked"]):
        yield f"{line['text']!r} is {line['shaped']} px wide by the font, {line['asked']} as computed"
    start = {"left": 0, "center": 0.5, "right": 1}[clip["align"]] * (clip["width"] - line["asked"])
    if abs(line["x"] - start) > PIXEL or not -PIXEL < line["y"] < clip["height"]:
        yield f"{line['text']!r} starts at {line['x']}, {line['y']}"


def campaign(many):
    """Look at so many projects and print what is wrong."""
    browser, faults, clips, lines = Browser(), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(many):
            project = random_project(seed)
            browser.open(project.storyboard(Path(folder) / "page.html"), width=900 + 7 * (seed % 100))
            measured = browser.measured()
            clips += sum(len(scene["clips"]) for scene in measured)
            lines += sum(len(clip["lines"]) for scene in measured for clip in scene["clips"].values())
            trouble = [*misplaced(project, measured), *browser.logged()]
            trouble += [url for url in browser.requests() if not url.startswith("file:")]
            faults += len(trouble)
            for words in trouble:
                print(f"seed {seed}: {words}")
    browser.close()
    print(f"{many} projects, {clips} clips, {lines} lines of text: {faults} faults")
    return faults


if __name__ == "__main__":
    sys.exit(campaign(int(sys.argv[1]) if len(sys.argv) > 1 else 200) > 0)
