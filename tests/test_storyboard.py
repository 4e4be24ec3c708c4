"""The storyboard in a real Chromium: what is seen is what is sent, nothing is fetched, nothing runs."""

import base64
import copy
import io
import json
import os
import re
import subprocess
import sys
import zlib
from xml.etree import ElementTree

import pytest
from attrs import evolve
from click.testing import CliRunner
from PIL import Image, ImageChops

from aistudios_dsl import Avatar, BuildError, DslError, Project, Scene, TemplateError, below, wire
from aistudios_dsl.cli import main
from aistudios_dsl.cli.base import load_script
from aistudios_dsl.draw import outlines
from aistudios_dsl.draw.svg import Drawing, scene_svg, view_of
from aistudios_dsl.layout.geometry import canvas
from aistudios_dsl.wire.nodes import ShapeName
from tests.examples import EXAMPLES, ROOT
from tests.tools import make_gallery, storyboard_boxes

DOCS = ROOT / "docs"
AXE = (ROOT / "tests" / "data" / "axe.min.js").read_text(encoding="utf-8")

OFF, SHARE = 48, 0.002
"""A screenshot may differ from the kept one by more than so much (of 255) in this share of its pixels: fonts are
smoothed differently elsewhere. A word that is gone is more than that."""

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


@pytest.fixture
def shown(browser, tmp_path):
    def show(project, **screen):
        return browser.open(project.storyboard(tmp_path / "page.html"), **screen)

    return show


def row():
    return {"id": 1, "name": "Ann", "city": "Paris", "plan": "gold", "orders": 3, "spent": 99.5, "items": "Lamp;Shade"}


def quiet(browser):
    """No complaint in the console, no script in the page, and nothing asked for but the page itself."""
    foreign = [url for url in browser.requests() if not url.startswith(("file:", "data:"))]
    return browser.logged() == [] and foreign == [] and browser.run("return document.scripts.length") == 0


# Where clips are


@each_example
def test_every_clip_of_an_example_is_where_the_wire_says(shown, example):
    project = example.videos[0]
    browser = shown(project)
    assert list(storyboard_boxes.misplaced(project, browser.measured())) == []
    assert quiet(browser)


@pytest.mark.parametrize("seed", range(1000, 1010))
def test_every_clip_of_a_random_project_is_where_the_wire_says(shown, seed):
    project = storyboard_boxes.random_project(seed)
    browser = shown(project, width=1000 + seed % 10 * 50)
    assert list(storyboard_boxes.misplaced(project, browser.measured())) == []
    assert quiet(browser)


def test_a_misplaced_clip_would_be_found(shown):
    project = Project().scene(background="#ffffff").shape("Star", fill="red", width=300, at=(100, 100))
    moved = Project().scene(background="#ffffff").shape("Star", fill="red", width=300, at=(100, 102))
    assert len(list(storyboard_boxes.misplaced(moved, shown(project).measured()))) == 2


@pytest.mark.parametrize("name", ShapeName.__args__)
def test_every_shape_fills_its_box(browser, tmp_path, name):
    path = outlines.shape(name, 300, 170, radius=30)
    page = tmp_path / "shape.svg"
    page.write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><path d="{path}"/></svg>', encoding="utf-8")
    box = browser.open(page).run(
        "const b = document.querySelector('path').getBBox(); return [b.x,b.y,b.width,b.height]"
    )
    assert box == pytest.approx([0, 0, 300, 170], abs=0.02)


def test_the_shapes_differ_from_one_another():
    drawn = {name: outlines.shape(name, 300, 170) for name in ShapeName.__args__}
    alike = {frozenset(other for other in drawn if drawn[other] == path) for path in drawn.values()}
    # A square corner radius is all that parts these, and a circle in a wide box is an oval.
    same = [{"Line_v2", "Square", "Rectangle_corner0"}, {"Circle", "Oval_2"}]
    assert sorted(map(sorted, (group for group in alike if len(group) > 1))) == sorted(map(sorted, same))


def test_the_head_is_drawn_from_its_crown_to_its_chin(shown):
    project = Project().scene().avatar("M000045058", head_at=(700, 400), head_height=200)
    browser = shown(project, width=1600)
    place, head = browser.run(
        "const f = e => { const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height] };"
        "return [f(document.querySelector('svg.scene')), f(document.querySelector('ellipse'))]"
    )
    scale = place[2] / 1920
    crown = project.resolve().scenes[0].clips[0].top
    assert head[0] + head[2] / 2 - place[0] == pytest.approx(700 * scale, abs=0.5)
    assert head[1] - place[1] == pytest.approx(crown * scale, abs=0.5)
    assert head[1] + head[3] - place[1] == pytest.approx(500 * scale, abs=0.5)


PLACES = [
    *((framing, {}) for framing in ("full", "waist", "bust", "head")),
    *(("waist", {"left": x, "top": y}) for x in (-500, 800, 1700) for y in (-2000, 200, 950)),
    ("head", {"angle": 35}),
    ("waist", {"left": 900, "top": -400, "angle": 90}),
    ("waist", {"width": 40, "scaleX": 1}),
]


@pytest.mark.parametrize("orientation", ["landscape", "portrait"])
@pytest.mark.parametrize(("framing", "moved"), PLACES, ids=str)
def test_the_name_of_an_avatar_is_on_what_is_seen_of_its_figure(browser, tmp_path, framing, moved, orientation):
    document = Project(orientation=orientation).scene().avatar("M000045058", framing=framing).to_dict()
    document["scenes"][0]["clips"][0] |= moved
    project = Project.load(document)
    page, frame = tmp_path / "scene.svg", canvas(orientation)
    page.write_text(project.svg(), encoding="utf-8")
    labels = browser.open(page, frame.width, frame.height).run(
        "return [...document.querySelectorAll('.clip .label rect')].map(e => e.getBoundingClientRect())"
        ".map(r => [r.left, r.top, r.right, r.bottom])"
    )
    around = view_of(project.resolve(), 0).clips[0].bounds
    left, top = max(0, around.left), max(0, around.top)
    right, bottom = min(frame.width, around.left + around.width), min(frame.height, around.top + around.height)
    assert bool(labels) is (right - left > 80 and bottom - top > 20)
    assert [box for box in labels if box[0] < left - 1 or box[1] < top - 1] == []
    assert [box for box in labels if box[2] > right + 1 or box[3] > bottom + 1] == []


def test_clips_are_painted_in_the_order_of_their_layers():
    scene = Scene().shape("Star", fill="red", width=9, layer=5).shape("Circle", fill="red", width=9, layer=2)
    assert re.findall(r'data-clip="(\d)"', Project().add(scene).svg()) == ["1", "0"]


def test_what_is_only_heard_or_hidden_is_listed_and_not_drawn(shown):
    scene = Scene().audio("https://x.example/theme.mp3", label="Theme").avatar("M000045058", tag="voice")
    project = Project().add(scene.edit("voice", voice_only=True))
    browser = shown(project)
    assert browser.run("return document.querySelectorAll('.clip').length") == 0
    listed = browser.run("return document.querySelector('tbody').textContent")
    assert "Theme" in listed
    assert "voice only" in listed


# How clips look


def color_at(png, x, y):
    return Image.open(io.BytesIO(png)).convert("RGB").getpixel((x, y))


def test_fill_stroke_opacity_and_background_are_those_of_the_wire(browser, tmp_path):
    scene = Scene(background="#204060").shape(
        "Square", fill="#ff0000", width=200, height=200, at=(100, 100), opacity=50
    )
    scene = scene.shape(
        "Square", fill="#00ff00", stroke="#0000ff", stroke_width=40, width=200, height=200, at=(500, 100)
    )
    page = tmp_path / "scene.svg"
    page.write_text(Project().add(scene).svg(), encoding="utf-8")
    png = browser.open(page, 1920, 1080).picture()
    assert color_at(png, 20, 20) == (0x20, 0x40, 0x60)
    assert color_at(png, 200, 200) == pytest.approx((0x90, 0x20, 0x30), abs=1)
    assert color_at(png, 510, 200) == (0, 0, 255)
    assert color_at(png, 620, 220) == (0, 255, 0)


def test_a_loaded_clip_that_is_wholly_clear_is_not_seen(browser, tmp_path):
    clip = {"id": "a", "type": "shape", "layer": 1, "left": 0, "top": 0, "width": 900, "height": 900, "opacity": 0}
    clip |= {"shapeName": "Square", "fill": "#ff0000"}
    background = {"source_type": "color", "source_color": "#00ff00"}
    page = tmp_path / "scene.svg"
    document = {"scenes": [{"background": background, "sceneIdx": 0, "clips": [clip]}]}
    page.write_text(Project.load(document).svg(), encoding="utf-8")
    assert color_at(browser.open(page, 1920, 1080).picture(), 20, 20) == (0, 255, 0)


def mirrored(project, **scales):
    document = project.to_dict()
    document["scenes"][0]["clips"][-1] |= scales
    return Project.load(document)


def test_a_negative_scale_mirrors_shapes_pictures_and_texts_inside_their_boxes(browser, tmp_path):
    plain = Project().scene(background="#ffffff")
    triangle = plain.shape("Triangle", fill="#ff0000", width=200, height=200, at=(100, 100))
    image = png_file((255, 0, 0), (255, 255, 255))
    picture = plain.image("https://x.example/a.png", natural=(200, 200), at=(100, 100))
    text = plain.text("Hello", color="#ff0000", font_size=90, bold=True, width=1000, height=200, at=(100, 100))
    cases = [
        (triangle, {"scaleY": -1}, (100, 270, 130, 300), (100, 100, 130, 130)),
        (picture, {"scaleX": -1}, (100, 100, 130, 300), (270, 100, 300, 300)),
        (text, {"scaleX": -1}, (100, 100, 500, 300), (700, 100, 1100, 300)),
    ]
    page = tmp_path / "scene.svg"
    for project, scales, *places in cases:
        for each, expected in ((project, [True, False]), (mirrored(project, **scales), [False, True])):
            page.write_text(each.svg(media={"https://x.example/a.png": image}), encoding="utf-8")
            drawn = Image.open(io.BytesIO(browser.open(page, 1920, 1080).picture())).convert("RGB")
            # Green is 255 on the ground and near 0 in red ink.
            assert [drawn.crop(place).getextrema()[1][0] < 50 for place in places] == expected, scales


def test_the_page_calls_the_square_of_a_background_colour_the_background():
    project = Project().scene(background="#102030").text("Hello")
    template = Project().scene(background="#102030").text("Hello {{ name }}")
    for page in (project._page(), template._page(), Project.load(project.to_dict())._page()):
        listed = re.findall(r'<th scope="row"><a[^>]*>(\w+)</a>', page)
        assert listed == ["background", "text"]
        assert '<span class="detail" dir="auto">#102030</span>' in page


def test_a_shadow_falls_where_the_canvas_casts_it_even_when_the_clip_is_turned(browser, tmp_path):
    shadow = wire.Shadow(color="#000000", blur=0, offset_x=10, offset_y=10, enabled=True)
    shape = {"fill": "#ff0000", "width": 200, "height": 200, "angle": 180, "shadow": shadow}
    page = tmp_path / "scene.svg"
    page.write_text(Project().scene(background="#ffffff").shape("Square", at=(300, 300), **shape).svg(), "utf-8")
    png = browser.open(page, 1920, 1080).picture()
    assert color_at(png, 305, 305) == (0, 0, 0)
    assert color_at(png, 95, 95) == (255, 255, 255)


def test_underline_panel_shadow_and_mitres_are_painted_as_fabric_paints_them(browser, tmp_path):
    """The colours are those that Fabric.js 5.5.2 paints at these points of the same clips, in the same Chromium."""
    shadow = wire.Shadow(color="#ff0000", blur=0, offset_x=10, offset_y=10, enabled=True)
    outlined = {"fill": "#ccffcc", "stroke": "#008800", "stroke_width": 20}
    words = {"color": "#000000", "stroke": "#0000ff", "stroke_width": 6, "background": "#ffcccc", "underline": True}
    project = (
        Project()
        .scene(background="#ffffff")
        .text("One", at=(100, 100), width=200, height=300, **words)
        .shape("Square", at=(500, 100), width=200, height=100, fill="#0088ff", opacity=50, shadow=shadow)
        .shape("Triangle", at=(900, 100), width=400, height=500, **outlined)
        .shape("Triangle", at=(1400, 100), width=160, height=200, shadow=shadow, **outlined)
    )
    painted = {
        "the panel, as high as the line": ((290, 170), (255, 204, 204)),
        "below the panel, inside the box": ((290, 200), (255, 255, 255)),
        "the underline": ((120, 166), (0, 0, 0)),
        "the underline below the last letter": ((180, 166), (0, 0, 0)),
        "the shadow that shows through": ((550, 150), (127, 131, 191)),
        "the clip beside it": ((505, 105), (127, 195, 255)),
        "the shadow, paler": ((705, 205), (255, 127, 127)),
        "a mitre past a large box": ((1110, 95), (255, 255, 255)),
        "a mitre inside it": ((1110, 105), (0, 136, 0)),
        "a mitre past a small box": ((1490, 92), (0, 136, 0)),
        "its shadow": ((1502, 102), (255, 0, 0)),
    }
    page = tmp_path / "scene.svg"
    page.write_text(project.svg(), encoding="utf-8")
    png = browser.open(page, 1920, 1080).picture()
    for what, (point, color) in painted.items():
        assert color_at(png, *point) == pytest.approx(color, abs=2), what


def test_a_loaded_run_of_cjk_that_is_wider_than_its_box_stays_in_one_line():
    document = Project().scene().text("吾輩は猫である。名前はまだ無い。").to_dict()
    document["scenes"][0]["clips"][0] |= {"width": 300}
    assert (
        Project.load(document).svg().count("<text ")
        == Project.load(Project().scene().to_dict()).svg().count("<text ") + 1
    )


@pytest.mark.parametrize(("words", "direction"), [("مرحبا بكم", "rtl"), ("Hello", "ltr")])
def test_speech_stands_on_the_side_where_its_script_begins(shown, words, direction):
    page = shown(Project().scene().avatar("M000045058", say=words))
    assert page.run("return getComputedStyle(document.querySelector('blockquote')).direction") == direction


def png_file(*colors):
    """A picture of 2 x 2 px: one colour, or one for the left half and one for the right."""

    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)

    head = (2).to_bytes(4) + (2).to_bytes(4) + bytes([8, 2, 0, 0, 0])
    rows = zlib.compress((b"\0" + bytes([*colors[0], *colors[-1]])) * 2)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_at_hand_is_embedded_and_seen(browser, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "red one.png").write_bytes(png_file((255, 0, 0)))
    url = "https://x.example/deep/red%20one.png?v=2"
    project = Project().scene(background=url).image(url, natural=(2, 2), width=400, height=400, fit="stretch")
    for media in (folder, {url: folder / "red one.png"}, {url: png_file((255, 0, 0))}):
        page = project.storyboard(tmp_path / "page.html", media=media)
        assert page.read_text(encoding="utf-8").count("data:image/png;base64,") == 2
    browser.open(page)
    assert quiet(browser)
    left, top, *_ = browser.run(
        "const r=document.querySelector('svg.scene').getBoundingClientRect(); return [r.x, r.y]"
    )
    assert color_at(browser.picture(), round(left) + 20, round(top) + 20) == (255, 0, 0)


def test_a_picture_that_is_not_at_hand_is_linked_by_the_svg_and_never_by_the_page(tmp_path):
    url = "https://x.example/lamp.png"
    project = Project().scene().image(url, natural=(800, 600))
    assert f'href="{url}"' in project.svg()
    assert "href" not in project.svg(links=False)
    assert url not in project.storyboard(tmp_path / "page.html").read_text(encoding="utf-8").partition("<table>")[0]


@pytest.mark.parametrize(
    ("media", "words"),
    [
        ({"https://x.example/a.png": b"<svg onload='alert(1)'/>"}, "is not a picture"),
        ({"https://x.example/a.png": "no/such/file.png"}, "cannot be read"),
        ("no/such/folder", "which is not a folder"),
    ],
)
def test_a_copy_that_is_no_picture_is_refused(media, words):
    project = Project().scene().image("https://x.example/a.png", natural=(8, 6))
    with pytest.raises(BuildError, match=words):
        project.svg(media=media)


# The page


@each_example
def test_the_page_of_an_example_looks_as_it_was_when_someone_looked(shown, example, tmp_path):
    browser = shown(example.project, width=1280)
    browser.run("document.body.style.fontFamily = \"'Noto Sans CJK KR'\"")
    seen = Image.open(io.BytesIO(browser.picture(0.5))).convert("RGB")
    kept = Image.open(example.golden.with_suffix(".png")).convert("RGB")
    seen.save(tmp_path / "seen.png")
    assert abs(seen.height - kept.height) <= 4, f"look at {tmp_path / 'seen.png'}"
    kept = kept.crop((0, 0, *seen.size))
    levels = ImageChops.difference(seen, kept).convert("L").histogram()
    hint = f"look at {tmp_path / 'seen.png'}; tests/tools/make_gallery.py --screenshots keeps it"
    assert sum(levels[OFF:]) / sum(levels) <= SHARE, hint


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_axe_finds_nothing_serious(shown, width, dark):
    project = load_script(ROOT / "examples" / "personalised.py").render(row())
    project = project.scene(background="#8899aa").text("Pale", color="#90a0b0", at=(9, 9), tag="pale")
    browser = shown(project, width=width, dark=dark)
    assert browser.run("return document.querySelectorAll('.finding').length") > 1
    browser.run(AXE)
    report = browser.driver.execute_async_script("axe.run().then(arguments[0])")
    assert len(report["passes"]) > 15
    grave = [f"{found['id']}: {found['help']}" for found in report["violations"] if found["impact"] != "minor"]
    assert grave == []


def focused(browser):
    return browser.run("const e = document.activeElement; return e.id || e.getAttribute('href') || e.localName")


def test_the_page_works_without_a_mouse(shown):
    project = Project().scene().text("Hello", tag="greeting", at="center").scene()
    browser = shown(project)
    visible = "return getComputedStyle(document.querySelector(arguments[0])).visibility"

    def press(key):
        browser.press(key)
        return focused(browser)

    order = [press("TAB") for _ in range(8)]
    assert order[:6] == ["#scenes", "show-boxes", "show-safe", "show-marks", "#scene-0", "#scene-1"]
    assert order[6:] == ["#scene-0", "summary"]
    press("ENTER")
    assert press("TAB") == "#s0-clip-0"
    assert browser.run(visible, "#s0-clip-0") == "hidden"
    press("ENTER")
    assert browser.run(visible, "#s0-clip-0") == "visible"
    browser.run("document.getElementById('show-boxes').focus()")
    assert browser.run(visible, ".boxes") == "hidden"
    press("SPACE")
    assert browser.run(visible, ".boxes") == "visible"
    press("TAB")
    press("SPACE")
    assert browser.run(visible, ".safe") == "visible"


def test_the_page_is_no_wider_than_a_phone(shown):
    for example in EXAMPLES:
        browser = shown(example.project, width=360, height=740)
        assert browser.run("return document.documentElement.scrollWidth") == 360, example.name


def numbered(scenes):
    project = Project("Many")
    for number in range(scenes):
        project = project.scene(background="#102030").text(f"Scene {number}", at="top left", color="#ffffff")
    return project


PICTURE = "return document.querySelectorAll('figure')[arguments[0]].getBoundingClientRect().width"


def test_pictures_take_most_of_a_card_and_the_places_of_clips_are_folded_away(shown):
    browser = shown(numbered(2), width=1440)
    card = browser.run("return document.querySelector('.scene-card').getBoundingClientRect().width")
    assert browser.run(PICTURE, 0) > 0.7 * card
    assert browser.run("return document.querySelector('table').checkVisibility({contentVisibilityAuto: true})") is False
    browser.run("document.querySelector('summary').click()")
    assert browser.run("return document.querySelector('table').getBoundingClientRect().width") > 0.9 * card


def test_many_scenes_are_an_overview_in_which_a_scene_opens_in_its_place(shown):
    few, many = (
        "return document.getElementById('show-overview')",
        "return document.querySelector('#show-overview').checked",
    )
    assert shown(numbered(3)).run(few) is None
    assert shown(numbered(4)).run(many) is False
    browser = shown(numbered(30), width=1440)
    assert browser.run(many) is True
    tops = "return [...document.querySelectorAll('.scene-card')].map(e => e.getBoundingClientRect().top)"
    assert len({round(top) for top in browser.run(tops)[:4]}) == 1
    tile = browser.run(PICTURE, 5)
    browser.driver.find_element("css selector", "#title-5 a").click()
    assert browser.run(PICTURE, 5) > 3 * tile
    assert browser.run(PICTURE, 6) == tile
    browser.driver.find_element("css selector", "#scene-5 summary").click()
    browser.driver.find_element("css selector", "#scene-5 tbody a").click()
    assert browser.run(PICTURE, 5) > 3 * tile
    browser.run("document.querySelector('#scene-5 .close').click()")
    assert browser.run(PICTURE, 5) == tile


@pytest.mark.parametrize("width", [390, 1280, 1440])
def test_links_to_24_scenes_need_no_scroll_bar(shown, width):
    browser = shown(numbered(24), width=width)
    assert browser.run("return document.querySelectorAll('nav a').length") == 24
    wide = "return [...document.querySelectorAll('html, nav, nav ol')].map(e => e.scrollWidth - e.clientWidth)"
    assert browser.run(wide) == [0, 0, 0]


def test_a_picture_says_what_is_animated_beside_the_clip(shown):
    project = Project().scene().text("Hello", at="center", animation=("fade-in", 2, 3)).text("Still", at="top left")
    browser = shown(project)
    assert browser.run("return [...document.querySelectorAll('.moves text')].map(e => e.textContent)") == [
        "▸ fade-in, 2 s after 3 s"
    ]
    gap = "const f = q => document.querySelector(q).getBoundingClientRect();"
    assert browser.run(f"{gap} return f('.moves rect').bottom <= f('.box').top")
    browser.run("document.getElementById('show-moves').click()")
    assert browser.run("return getComputedStyle(document.querySelector('.moves text')).visibility") == "hidden"
    assert shown(numbered(1)).run("return document.getElementById('show-moves')") is None


def test_labels_keep_off_the_words_and_off_each_other(shown):
    card = {"at": "bottom", "margin": 40, "width": 900, "background": "#00000080", "color": "#ffffff"}
    project = Project().scene(background="/images/background/bg_blue_gradient.png").avatar("M000045058", at="bottom")
    project = project.text("A long lower third over the chest of the speaker", font_size=70, **card)
    project = project.text("And more words on the chest", at=(650, 560), font_size=50).avatar("M000045058", at="bottom")
    project = project.image("https://x.example/a.png", natural=(800, 600), width=500, at="left")
    project = project.text("Words over the label of a picture", at=(20, 640), font_size=40)
    drawn = shown(project).run(
        "const f = q => [...document.querySelectorAll(q)].map(e => e.getBoundingClientRect())"
        ".map(r => [r.left, r.top, r.right, r.bottom]);"
        "return [f('.label rect'), f('.seen text:not(.label text)')]"
    )
    pills, words = drawn
    assert len(pills) >= 3
    assert len(words) >= 4

    def meet(one, other):
        return min(one[2], other[2]) > max(one[0], other[0]) and min(one[3], other[3]) > max(one[1], other[1])

    assert [(pill, line) for pill in pills for line in words if meet(pill, line)] == []
    assert [pill for place, pill in enumerate(pills) for other in pills[:place] if meet(pill, other)] == []


A4, LETTER = (8.27, 11.69), (8.5, 11)


def sheets(browser, inches, landscape):
    """How many pages of paper the open page is printed on."""
    paper = {"paperWidth": inches[0], "paperHeight": inches[1], "landscape": landscape}
    pdf = base64.b64decode(browser.driver.execute_cdp_cmd("Page.printToPDF", paper)["data"])
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def crowded(orientation, clips):
    """Three scenes of half a minute, each with so many clips."""
    names = ShapeName.__args__
    scene = Scene(background="#ffffff").avatar("M000045058", say="Hello there everyone. " * 20)
    for number in range(clips - 1):
        at, size = (20 + number % 6 * 170, 30 + number // 6 * 95), {"width": 140, "height": 90}
        scene = scene.shape(names[number % 17], fill="#36c", tag=f"shape_{number}", at=at, angle=5, opacity=70, **size)
    return Project("Crowded", orientation=orientation).add(scene).add(scene).add(scene)


@pytest.mark.parametrize("clips", [1, 18, 40])
@pytest.mark.parametrize("orientation", ["landscape", "portrait"])
def test_a_page_of_paper_holds_one_scene(shown, orientation, clips):
    browser = shown(crowded(orientation, clips))
    printed = [sheets(browser, inches, landscape) for inches in (A4, LETTER) for landscape in (False, True)]
    assert printed == [3, 3, 3, 3]


@each_example
def test_an_example_is_printed_on_as_many_pages_as_it_has_scenes(shown, example):
    project = example.project
    browser = shown(project)
    printed = {sheets(browser, inches, landscape) for inches in (A4, LETTER) for landscape in (False, True)}
    assert printed == {len(project.scenes)}


def test_dark_and_light_follow_the_reader(shown):
    back = "return getComputedStyle(document.body).backgroundColor"
    project = Project().scene()
    assert shown(project).run(back) == "rgb(244, 245, 248)"
    assert shown(project, dark=True).run(back) == "rgb(16, 20, 26)"


def test_speech_durations_and_findings_are_told(shown):
    project = Project("Talk").scene(background="#8899aa").avatar("M000045058", say="One two three four five.")
    browser = shown(project.text("Pale", color="#90a0b0", at="top left", tag="pale"))
    text = browser.run("return document.body.innerText")
    assert "One two three four five." in text
    assert "about 2.4 s" in text
    codes = [finding.code for finding in project.text("Pale", color="#90a0b0", at="top left", tag="pale").check()]
    assert codes
    assert [code for code in codes if code not in text] == []
    assert browser.run("return document.querySelectorAll('.marks circle').length") > 0


def test_speech_in_the_scene_is_shown_by_its_speaker(shown):
    text = shown(load_script(ROOT / "examples" / "dialogue.py")).run("return document.body.innerText")
    assert [
        re.search(f"{who}[^\n]*\n+{words}", text) is not None
        for who, words in [("host", "Welcome"), ("guest", "A lamp"), ("host", "I want one")]
    ] == [True] * 3


# Templates


def test_a_template_is_shown_with_its_variables(shown):
    scene = Scene(background="#{{ tint }}", when="vip", each="offer in offers")
    scene = scene.avatar("{{ who }}", say="Hello {{ name }}!").text(
        "Dear {{ name }},", color="{{ ink }}", align="{{ a }}"
    )
    scene = scene.image("https://x.example/{{ offer.id }}.png", natural=(800, 600), width="{{ w }}%", at="{{ place }}")
    scene = scene.shape("{{ form }}", fill="#123", width="50%", at=("{{ x }}", 9)).text(
        "x{{ name }}", fit=("{{ w }}", 90)
    )
    browser = shown(Project("For {{ name }}").add(scene))
    chips = browser.run("return [...document.querySelectorAll('.chip')].map(chip => chip.textContent)")
    assert chips[:4] == ["name", "for each offer in offers", "when vip", "name"]
    assert "offer.id" in chips
    assert browser.run("return document.querySelector('.seen text').textContent") is not None
    assert quiet(browser)


def test_braces_of_a_rendered_project_are_text(shown):
    project = Project("{{ a }}").scene().text("{{ a }}").render(a="{{ b }}")
    browser = shown(project)
    assert browser.run("return document.querySelectorAll('.chip').length") == 0
    assert browser.run("return document.querySelector('h1').textContent") == "{{ b }}"


def test_a_template_that_cannot_be_laid_out_says_how_to_look_at_a_row():
    project = Project().scene().text("{{ one }} {{ two }}", fit=(30, 10))
    with pytest.raises(BuildError, match="To look at one row"):
        project.svg()


# Hostile content

EVIL = (
    "</script><script>window.hit = 1</script>",
    '"><img src=x onerror="window.hit = 1">',
    "'><svg onload='window.hit = 1'>",
    "]]></style></title></textarea><script>hit = 1</script>",
    "javascript:window.hit = 1",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='hit = 1'><script>hit = 1</script></svg>",
    'data:image/png;base64,AAAA" onload="window.hit=1',
    "url(https://evil.example/fill.svg#x)",
    "\u202e\u2066مرحبا بالعالم עברית",
    "a\0b\x01c\x1b[31m\u2028\u2029",
    "{{ 7 * 7 }}{% for %}&lt;script&gt;&#60;script&#62;",
    "https://evil.example/<b>.png",
)


def hostile(evil):
    number = {"layer": 1, "left": 9, "top": 9, "width": 400, "height": 90}
    model = {"ai_name": evil, "emotion": evil, "language": evil, "source_url": evil}
    kinds = [
        {
            "type": "textImage",
            "text": evil,
            "fill": evil,
            "fontSize": 20,
            "fontFamily": evil,
            "align": evil,
            "tag": evil,
        }
        | {"stroke": evil, "strokeWidth": 2, "fontWeight": evil, "fontStyle": evil, "backgroundColor": evil}
        | {"shadow": {"color": evil, "enabled": True}, "animation": {"type": evil, "duration": 1, "delay": 0}},
        {"type": "shape", "shapeName": evil, "fill": evil, "stroke": evil, "strokeWidth": 3},
        {"type": "image", "source_url": evil},
        {"type": "videoImage", "video_url": evil, "source_url": evil},
        {"type": "audio", "source_url": evil, "label": evil},
        {
            "type": "aiModel",
            "model": model,
            "script": {"org": f"<p>{evil}</p>", "tts": None},
            "effects": [{"type": evil}],
        },
        {"type": evil},
    ]
    clips = [{"id": evil, "name": evil} | number | kind for kind in kinds]
    background = {"id": evil, "type": evil, "source_type": "image", "source_url": evil, "source_color": evil}
    document = {"name": evil, "scenes": [{"background": background, "sceneIdx": 0, "clips": clips}]}
    return Project.load(json.dumps(document), template=False)


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_nothing_in_a_project_runs_or_leaves_or_breaks_the_page(shown, evil):
    browser = shown(hostile(evil))
    assert quiet(browser)
    assert browser.run("return window.hit") is None
    assert browser.run("return document.querySelectorAll('section').length") == 1
    assert browser.run("return document.querySelectorAll('tbody tr').length") == 7
    assert browser.run("return document.querySelector('footer').textContent").startswith("Laid out by")
    assert browser.run("return document.querySelectorAll('img, iframe, object, script, form').length") == 0
    links = browser.run("return [...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    assert [link for link in links if not link.startswith("#")] == []


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_nothing_runs_in_a_picture_by_itself(browser, tmp_path, evil):
    page = tmp_path / "scene.svg"
    page.write_text(hostile(evil).svg(links=False), encoding="utf-8")
    browser.open(page)
    assert browser.logged() == []
    assert browser.run("return window.hit") is None
    assert browser.run("return document.documentElement.localName") == "svg"
    assert browser.run("return document.querySelectorAll('script, parsererror').length") == 0
    assert [url for url in browser.requests() if not url.startswith("file:")] == []


def test_an_svg_links_to_nothing_but_the_web():
    for evil in EVIL[:-1]:
        assert re.findall(r' href="([^"]*)"', hostile(evil).svg()) == []


def test_a_text_of_100_000_characters_is_shown(shown):
    long = "Lorem ipsum dolor sit amet 조명 " * 3_500
    number = {"id": "t", "layer": 1, "left": 0, "top": 0, "width": 900, "height": 90}
    clip = number | {"type": "textImage", "text": long[:100_000], "fill": "#fff", "fontSize": 20, "tag": "x" * 100_000}
    solid = number | {"type": "textImage", "text": "m" * 100_000, "fill": "#fff", "fontSize": 20, "align": "left"}
    document = {"name": long, "scenes": [{"background": {}, "sceneIdx": 0, "clips": [clip, solid]}]}
    browser = shown(Project.load(document))
    assert quiet(browser)
    assert browser.run("return document.querySelectorAll('.seen text').length") > 1000
    assert browser.run("return document.documentElement.scrollWidth") <= 1280


def test_odd_numbers_leave_a_picture_that_can_be_read(browser, tmp_path):
    place = {"layer": 1, "left": 0, "top": 0, "width": 9, "height": 9}
    image, shape = {"type": "image", "source_url": "u"}, {"type": "shape", "shapeName": "?", "fill": ""}
    clips = [
        {"id": "a"} | place | image | {"left": -1e8, "top": 1e8, "width": 1e8, "height": 0},
        {"id": "b"} | place | image | {"scaleX": -2, "scaleY": 0, "angle": 1e7, "opacity": 4000},
        {"id": "c"} | place | image | {"scaleX": -2, "scaleY": 1e-9, "angle": -1e-9, "layer": -3},
        {"id": "d"} | place | shape | {"strokeWidth": -4, "strokeRadius": -1, "shadow": {}},
        {"id": "e"} | place | {"type": "textImage", "text": "x", "fill": "red", "fontSize": 0, "width": 0},
        {"type": "sticker", "left": "here", "width": None},
    ]
    document = {"scenes": [{"background": {}, "sceneIdx": 0, "clips": clips}]}
    page = tmp_path / "scene.svg"
    page.write_text(Project.load(document).svg(links=False), encoding="utf-8")
    browser.open(page)
    assert browser.logged() == []
    assert browser.run("return document.documentElement.localName") == "svg"


def numbers_in(value, path=()):
    """The place of each number in a document."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from numbers_in(inner, (*path, key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def with_number(document, path, number):
    changed = copy.deepcopy(document)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = number
    return changed


def every_kind():
    url, size = "https://x.example/a.png", {"width": 90, "height": 60}
    shadow = wire.Shadow(color="#000000", blur=5, offset_x=2, offset_y=2, enabled=True)
    scene = Scene(background="#102030").text("Hi", stroke="#f00", stroke_width=2).avatar("M000045058", say="Hello")
    scene = scene.shape("Star", fill="red", stroke="#000", stroke_width=3, shadow=shadow, **size)
    return Project("Far").add(scene.image(url, **size).video(url, natural=(16, 9), **size)).to_dict()


@pytest.mark.parametrize(
    "number", [10**400, -(10**400), 1e308, 0, 5e-324], ids=["1e400", "-1e400", "1e308", "0", "5e-324"]
)
def test_a_number_of_any_size_anywhere_leaves_a_picture_of_finite_numbers(number):
    document = every_kind()
    for path in numbers_in(document):
        try:
            project = Project.load(with_number(document, path, number), template=False)
        except DslError:
            continue
        drawn = ElementTree.fromstring(project.svg())
        spoilt = [value for one in drawn.iter() for value in one.attrib.values() if re.search(r"\b(nan|inf)\b", value)]
        assert spoilt == [], path
        assert "<section" in project._repr_html_() or "&lt;section" in project._repr_html_(), path
        assert project.check() is not None, path


def test_an_avatar_without_a_width_is_drawn_as_nothing():
    document = json.loads((ROOT / "tests/data/seed_project.json").read_text(encoding="utf-8"))
    for clip in document["scenes"][0]["clips"]:
        clip["width"] = 0
    assert "<ellipse" not in Project.load(document).svg()


# Ways to it


def test_the_gallery_is_the_one_its_script_makes():
    stale = [name for name, text in make_gallery.pictures().items() if (DOCS / "img" / name).read_text("utf-8") != text]
    assert stale == []
    assert (DOCS / "gallery.md").read_text(encoding="utf-8") == make_gallery.page()


def test_a_scene_that_is_not_there_is_told(tmp_path):
    project = Project().scene().scene()
    for number in (2, -1, "1"):
        with pytest.raises(BuildError, match=r"there is no scene .*\n.*numbered 0 to 1"):
            project.svg(number)
    with pytest.raises(BuildError, match="there is no scene 5"):
        project.storyboard(tmp_path / "page.html", scene=5)


def test_one_scene_can_be_shown_by_its_own_number(browser, tmp_path):
    project = Project().scene().scene().text("Pale", color="#fff", background="#fff", at="top left")
    browser.open(project.storyboard(tmp_path / "page.html", scene=1))
    assert browser.run("return [...document.querySelectorAll('h2')].map(e => e.textContent)") == ["scenes[1]"]
    assert browser.run("return document.querySelectorAll('.finding').length") > 0


def test_a_notebook_shows_projects_and_scenes_in_a_frame_where_nothing_runs(browser, tmp_path):
    project = Project(EVIL[0]).scene().text(EVIL[1], at="center")
    page = tmp_path / "notebook.html"
    shown = project._repr_html_() + project.scenes[0]._repr_html_()
    page.write_text(f"<!doctype html><meta charset='utf-8'>{shown}", encoding="utf-8")
    browser.open(page)
    assert browser.run("return document.querySelectorAll('iframe[sandbox]').length") == 2
    assert browser.run("return window.hit") is None
    browser.driver.switch_to.frame(0)
    browser.driver.find_element("css selector", "summary").click()
    browser.driver.find_element("css selector", "tbody a").click()
    assert browser.run("return document.querySelectorAll('svg.scene .box:target').length") == 1
    browser.driver.switch_to.default_content()


@pytest.mark.parametrize("loaded", [False, True])
def test_a_scene_shows_itself_in_the_generation_that_can_write_its_speech(loaded):
    project = Project(api="1.6").scene().avatar("M000045058", say="One.", tag="a")
    project = project.avatar(Avatar("M2", "B2"), width=9, height=9, say="Two.").say("Three.", by="a")
    project = Project.load(project.to_dict()) if loaded else project
    twins = Project().scene().avatar("M000045058", say="Four.").avatar("M000045058", say="Five.", at="left")
    twins = Project.load(twins.to_dict()) if loaded else twins
    for scene, words in ((project.scenes[0], ["One.", "Two.", "Three."]), (twins.scenes[0], ["Four.", "Five."])):
        shown = scene._repr_html_()
        assert shown.startswith("<iframe")
        assert [word for word in words if word not in shown] == []


def test_a_notebook_shows_what_hinders_a_scene():
    assert "no clip of the scene has this tag" in Scene().text("x", at=below("nothing"))._repr_html_()


def test_pages_and_pictures_are_the_same_bytes_each_time(tmp_path):
    project = EXAMPLES[0].project
    one, two = (project.storyboard(tmp_path / name).read_bytes() for name in ("1.html", "2.html"))
    assert one == two
    assert project.svg() == project.svg()


def test_the_drawing_needs_nothing_but_the_wire():
    scene = view_of(Project().scene(background="#102030").text("Hello").resolve(), 0)
    assert scene_svg(evolve(scene, scene=evolve(scene.scene, clips=())), Drawing()).count("data-clip") == 0
    assert ">Hello</text>" in scene_svg(scene, Drawing())


def test_drawing_loads_no_template_engine_and_no_browser_library():
    code = "import sys, aistudios_dsl.draw.storyboard, aistudios_dsl.draw.svg; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"jinja2", "cattrs", "click", "httpx", "rich"} & set(loaded) == set()


def aistudios(*args):
    return CliRunner().invoke(main, ["preview", *map(str, args)])


def test_preview_writes_a_page_and_says_where(tmp_path):
    result = aistudios(ROOT / "examples/product_promo.py", "-o", tmp_path / "page.html")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "page.html" in result.stderr
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count("<section") == 2


def test_preview_writes_one_picture_a_scene_into_a_folder(tmp_path):
    assert aistudios(ROOT / "examples/product_promo.py", "-o", f"{tmp_path}/pictures/").exit_code == 0
    assert [path.name for path in sorted((tmp_path / "pictures").iterdir())] == ["scene-0.svg", "scene-1.svg"]
    one = tmp_path / "one.svg"
    assert aistudios(ROOT / "examples/product_promo.py", "--scene", 1, "-o", one).exit_code == 0
    assert one.read_text(encoding="utf-8") == (tmp_path / "pictures" / "scene-1.svg").read_text(encoding="utf-8")


def test_preview_makes_the_folders_it_is_to_write_into(tmp_path):
    assert aistudios(ROOT / "examples/product_promo.py", "-o", f"{tmp_path}/some/pictures/").exit_code == 0
    assert len(list((tmp_path / "some" / "pictures").iterdir())) == 2


def test_preview_shows_a_template_or_one_of_its_rows(tmp_path):
    script, data = ROOT / "examples/personalised.py", ROOT / "examples/data/people.csv"
    page = tmp_path / "page.html"
    assert aistudios(script, "-o", page).exit_code == 0
    assert "Storyboard of a template" in page.read_text(encoding="utf-8")
    assert aistudios(script, "-o", page, "--data", data, "--row", 2, "--set", "name=Zoë").exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "Zoë" in text
    assert "Storyboard of a template" not in text


def test_preview_says_what_it_wrote_into_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = aistudios(ROOT / "examples/product_promo.py", "-o", ".").stderr
    assert told == "scene-0.svg to scene-1.svg: 2 pictures\n"
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["scene-0.svg", "scene-1.svg"]


def test_preview_opens_what_it_wrote(tmp_path):
    opener, opened = tmp_path / "opener", tmp_path / "opened"
    opener.write_text(f'#!/bin/sh\necho "$1" > {opened}\n', encoding="utf-8")
    opener.chmod(0o755)
    command = [sys.executable, "-m", "aistudios_dsl.cli", "preview", ROOT / "examples/dialogue.py", "--open"]
    environment = os.environ | {"BROWSER": str(opener)}
    subprocess.run([*command, "-o", tmp_path / "page.html"], check=True, env=environment, capture_output=True)
    assert opened.read_text(encoding="utf-8").strip() == (tmp_path / "page.html").as_uri()


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["examples/product_promo.py", "--scene", 2], 1, "there is no scene 2\n  hint: the scenes are numbered 0 to 1"),
        (["examples/product_promo.py", "-o", "x.svg"], 2, "name a scene with --scene"),
        (["examples/product_promo.py", "-o", "x.html", "--png"], 2, "name a file .png, or a folder DIR/"),
        (["examples/product_promo.py", "-o", ""], 2, "-o needs a name"),
        (["examples/product_promo.py", "-o", "x.pdf"], 2, "name a page .html, one picture .png or .svg"),
        (["examples/product_promo.py", "-o", "no/such/folder/x.html"], 1, "is its folder there"),
        (["examples/product_promo.py", "--row", 2], 2, "--row requires --data"),
        (["examples/personalised.py", "--data", "examples/data/people.csv", "--row", 999], 1, "there is no row 999 in"),
        (["examples/personalised.py", "--set", "name=Ann"], 1, "needs city, id, items, orders, plan, spent as well"),
        (["examples/product_promo.py", "--media", "nowhere"], 1, "is not a folder"),
    ],
)
def test_preview_tells_what_is_wrong(args, code, words, monkeypatch):
    monkeypatch.chdir(ROOT)
    result = aistudios(*args)
    assert result.exit_code == code
    assert words in result.stderr


def test_a_template_error_is_the_one_of_the_build():
    with pytest.raises(TemplateError):
        Project().scene().text("{{ open").svg()


def test_a_finding_of_a_text_without_a_tag_shows_its_first_words(tmp_path):
    project = Project().scene().text("Warm <b>light</b> at night", at=(0, 0))
    page = project.storyboard(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "scenes[0].clips[0] “Warm &lt;b&gt;light&lt;/b&gt; at…”" in page
