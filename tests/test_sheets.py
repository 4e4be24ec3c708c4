"""PNG pictures that show the same lines as Chromium, and the contact sheet of a table's rows."""

import io
import subprocess
import sys

import pytest
from click.testing import CliRunner
from PIL import Image, ImageChops

from aistudios_dsl import BuildError, DslError, Fonts, Project
from aistudios_dsl.check.findings import Finding
from aistudios_dsl.cli import main
from aistudios_dsl.draw import png
from aistudios_dsl.draw.contact import RowStrip, contact_sheet
from aistudios_dsl.draw.svg import view_of
from aistudios_dsl.layout.geometry import Box
from tests.examples import EXAMPLES, ROOT
from tests.extras import needs
from tests.test_storyboard import AXE, quiet
from tests.tools import storyboard_boxes

pytestmark = needs("resvg_py", "png")


def drawn(content):
    return Image.open(io.BytesIO(content)).convert("RGB")


def as_chromium_shows(browser, tmp_path, project, scene=0):
    page = tmp_path / "scene.svg"
    page.write_text(project.svg(scene, links=False), encoding="utf-8")
    size = drawn(project.png(scene)).size
    return drawn(browser.open(page, *size).picture())


# PNG

OFF, SHARE = 48, 0.01
"""Edges of letters are smoothed differently; a word elsewhere, or in another font, is more than so many pixels."""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_png_shows_an_example_as_chromium_does(browser, tmp_path, example):
    project = example.videos[0]
    for scene in range(len(project.scenes)):
        levels = (
            ImageChops.difference(drawn(project.png(scene)), as_chromium_shows(browser, tmp_path, project, scene))
            .convert("L")
            .histogram()
        )
        assert sum(levels[OFF:]) / sum(levels) <= SHARE, scene


@pytest.mark.parametrize("seed", range(1000, 1006))
def test_a_png_shows_a_random_project_as_chromium_does(browser, tmp_path, seed):
    project = storyboard_boxes.random_project(seed)
    both = drawn(project.png()), as_chromium_shows(browser, tmp_path, project)
    levels = ImageChops.difference(*both).convert("L").histogram()
    assert sum(levels[OFF:]) / sum(levels) <= SHARE


WORDS = (
    "Warm light, clear nights AVATAR Type “quoted” 89 € (50 %) fi ffl; Größe naïve",
    "안녕하세요 여러분 새로운 조명을 만나보세요.",
    "東京の夜。「読む」ランプ 光与影，阅读灯",
    "Привет мир Ωμέγα",
)


@pytest.mark.parametrize(
    "style", [{}, {"bold": True}, {"align": "right"}, {"align": "center", "font_size": 30}], ids=str
)
def test_every_line_stands_where_chromium_puts_it(browser, tmp_path, style):
    project = Project().scene(background="#ffffff")
    for number, words in enumerate(WORDS):
        project = project.text(
            words, at=(60, 40 + 250 * number), width=1500, color="#000000", **{"font_size": 50, **style}
        )
    ours, theirs = drawn(project.png()), as_chromium_shows(browser, tmp_path, project)
    lines = [line for seen in view_of(project.resolve(), 0).clips for line in seen.lines]
    assert len(lines) >= 4
    for line in lines:
        frame = tuple(round(px) for px in (line.left - 9, line.top, line.left + line.width + 9, line.top + line.height))
        one, other = (
            ImageChops.invert(each.crop(frame).convert("L")).point(lambda v: 255 * (v > 128)).getbbox()
            for each in (ours, theirs)
        )
        assert one is not None
        assert one == pytest.approx(other, abs=2), frame


def test_a_png_is_as_wide_as_asked_and_a_sheet_shows_every_scene():
    project = Project()
    for colour in ("#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff"):
        project = project.scene(background=colour)
    assert drawn(project.png()).size == (1920, 1080)
    assert drawn(project.png(1, width=640)).size == (640, 360)
    sheet = drawn(project.png(None))
    colours = {colour for count, colour in sheet.getcolors(1 << 24) if count > 100_000}
    assert {(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)} <= colours
    assert drawn(project.png(None, width=500)).width == 500


def test_pictures_at_hand_are_in_a_png(tmp_path):
    url = "https://x.example/a.png"
    Image.new("RGB", (8, 6), (200, 0, 0)).save(tmp_path / "a.png")
    project = Project().scene(background="#ffffff").image(url, natural=(8, 6), width=800, at="center")
    assert drawn(project.png(media=tmp_path)).getpixel((960, 540)) == (200, 0, 0)
    assert drawn(project.png()).getpixel((960, 540)) != (200, 0, 0)


def test_own_font_files_draw_the_words(tmp_path):
    ttlib = pytest.importorskip("fontTools.ttLib")
    with ttlib.TTFont(ROOT / "tests" / "data" / "fonts" / "latin-700.ttf") as font:
        for record in font["name"].names:
            record.string = "Only Here"
        font["name"].setName("OnlyHere", 6, 3, 1, 0x409)  # the renderer takes no font without a PostScript name
        font.save(tmp_path / "own.ttf")
    project = Project(fonts=Fonts({"Only Here": tmp_path / "own.ttf"})).scene(background="#ffffff")
    project = project.text("Hamburg", font_family="Only Here", font_size=200, color="#000000")
    assert png.png(project.svg()) != project.png()


def test_no_file_of_the_machine_gets_into_a_png(tmp_path):
    secret = tmp_path / "secret.png"
    Image.new("RGB", (8, 6), (200, 0, 0)).save(secret)
    for url in (str(secret), secret.as_uri(), f"../../..{secret}"):
        document = Project().scene(background="#ffffff").image("https://x.example/a.png", natural=(8, 6)).to_dict()
        document["scenes"][0]["clips"][-1] |= {"source_url": url, "left": 0, "top": 0, "scaleX": 100, "scaleY": 100}
        document["scenes"][0]["background"] |= {"source_url": url, "source_type": "image"}
        picture = drawn(Project.load(document).png())
        assert (200, 0, 0) not in {colour for _, colour in picture.getcolors(1 << 24)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"scene": 7}, "there is no scene 7"),
        ({"scene": "1"}, "there is no scene '1'"),
        ({"width": 0}, "must be 1 or more"),
        ({"width": "9"}, "must be a number of px"),
        ({"width": 20_000}, "225,000,000 pixels"),
        ({"media": {"https://x.example/a.png": b"\0\0\0 ftypavif"}}, "AVIF"),
        ({"media": "no/such/folder"}, "not a folder"),
    ],
)
def test_what_cannot_be_a_png_is_told(arguments, words):
    project = Project().scene().image("https://x.example/a.png", natural=(8, 6))
    with pytest.raises(BuildError, match=words):
        project.png(**arguments)


def test_a_missing_font_is_told(monkeypatch):
    monkeypatch.setattr(png, "_draws_words", lambda files: False)
    with pytest.raises(DslError, match="no font was found") as told:
        Project().scene().text("Hello").png()
    assert told.value.code == "no-font"


def test_a_missing_renderer_is_named_with_what_installs_it():
    code = "import sys; sys.modules['resvg_py'] = None; from aistudios_dsl import Project; Project().scene().png()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'aistudios-dsl[png]'" in result.stderr


def aistudios(*args, input=None):
    return CliRunner().invoke(main, ["preview", *map(str, args)], input=input)


def test_preview_writes_png_of_a_scene_of_a_sheet_and_into_a_folder(tmp_path):
    script = ROOT / "examples" / "product_promo.py"
    for name, more, width in (("one.png", ["--scene", 1], 1920), ("sheet.png", [], 1032)):
        result = aistudios(script, "-o", tmp_path / name, *more)
        assert result.exit_code == 0, result.output
        assert drawn((tmp_path / name).read_bytes()).width == width
    assert aistudios(script, "-o", f"{tmp_path}/all/", "--png").exit_code == 0
    assert [path.name for path in sorted((tmp_path / "all").iterdir())] == ["scene-0.png", "scene-1.png"]
    wrong = aistudios(script, "-o", tmp_path / "page.html", "--png")
    assert (wrong.exit_code, "name a file .png" in wrong.stderr) == (2, True)


# Contact sheets

TEMPLATE = """from aistudios_dsl import Project

project = (
    Project("For {{ name }}")
    .scene(background="#ffffff")
    .text("Hello {{ name }}", font_size=80, at=("{{ x }}", 300), color="{{ ink }}")
    .scene(background="#102030", when="more")
    .avatar("M000045058", say="Hello {{ name }}.")
)
"""


@pytest.fixture
def template(tmp_path):
    script = tmp_path / "video.py"
    script.write_text(TEMPLATE, encoding="utf-8")
    return script


def table(tmp_path, *rows):
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["name,x,ink,more", *rows]) + "\n", encoding="utf-8")
    return path


FINE, WARNED, WRONG, BROKEN = "Ann,300,#000000,1", "Bo,300,#eeeeee,", "Cem,2500,#000000,", "Dan,300,no-colour,1"


def test_rows_are_strips_the_worst_first(browser, tmp_path, template):
    rows = table(tmp_path, FINE, WARNED, BROKEN, WRONG, FINE)
    page = tmp_path / "page.html"
    result = aistudios(template, "--data", rows, "-o", page)
    assert (result.exit_code, result.stderr) == (0, f"{page}: 5 rows, 1 not built, 1 with errors, 1 with warnings\n")
    browser.open(page)
    assert quiet(browser)
    titles = browser.run("return [...document.querySelectorAll('.strip h2')].map(e => e.textContent)")
    assert titles == ["row 3", "row 4", "row 2", "row 1", "row 5"]
    shown = browser.run("return [...document.querySelectorAll('.strip')].map(e => e.querySelectorAll('figure').length)")
    assert shown == [0, 1, 1, 2, 2]
    assert "no-colour" in browser.run("return document.querySelector('.fault').textContent")
    facts = browser.run("return document.querySelector('.facts').innerText").split("\n")
    assert dict(zip(facts[::2], facts[1::2], strict=True)) == {
        "Rows": "5",
        "Not built": "1",
        "With errors": "1",
        "With warnings": "1",
    }
    width = "return document.querySelectorAll('figure')[0].getBoundingClientRect().width"
    before = browser.run(width)
    browser.driver.find_element("css selector", "figure a").click()
    assert browser.run(width) > 2 * before
    assert len(set(browser.run("return [...document.querySelectorAll('[id]')].map(e => e.id)"))) == browser.run(
        "return document.querySelectorAll('[id]').length"
    )


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_axe_finds_nothing_serious_on_a_contact_sheet(browser, tmp_path, template, width, dark):
    rows = table(tmp_path, FINE, WARNED, BROKEN, WRONG)
    assert aistudios(template, "--data", rows, "-o", tmp_path / "page.html").exit_code == 0
    browser.open(tmp_path / "page.html", width=width, dark=dark)
    assert browser.run("return document.documentElement.scrollWidth") == width
    browser.run(AXE)
    report = browser.driver.execute_async_script("axe.run().then(arguments[0])")
    assert len(report["passes"]) > 12
    assert [found["id"] for found in report["violations"] if found["impact"] != "minor"] == []


def test_of_many_rows_the_worst_sixty_are_shown(tmp_path, template):
    rows = table(tmp_path, *[FINE] * 70, WRONG, *[FINE] * 30, BROKEN)
    page = tmp_path / "page.html"
    assert aistudios(template, "--data", rows, "-o", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert text.count('class="strip"') == 60
    assert "<dd>the worst 60</dd>" in text
    assert text.index('id="row-102"') < text.index('id="row-71"') < text.index('id="row-1"')
    assert 'id="row-59"' not in text


def test_one_row_is_a_storyboard_and_no_row_is_an_error(tmp_path, template):
    page = tmp_path / "page.html"
    assert aistudios(template, "--data", table(tmp_path, FINE), "-o", page).exit_code == 0
    assert "Contact sheet" not in page.read_text(encoding="utf-8")
    assert "Hello Ann" in page.read_text(encoding="utf-8")
    given = table(tmp_path, FINE, WARNED).read_text(encoding="utf-8")
    result = aistudios(template, "--data", "-", "--format", "csv", "-o", page, input=given)
    assert result.exit_code == 0, result.output
    assert page.read_text(encoding="utf-8").count('class="strip"') == 2
    assert aistudios(template, "--data", table(tmp_path, FINE, WARNED), "--row", 2, "-o", page).exit_code == 0
    assert "Hello Bo" in page.read_text(encoding="utf-8")
    broken = aistudios(template, "--data", table(tmp_path, BROKEN), "-o", page)
    assert (broken.exit_code, "no-colour" in broken.stderr) == (1, True)
    empty = aistudios(template, "--data", table(tmp_path), "-o", page)
    assert (empty.exit_code, "has a header and no rows" in empty.stderr) == (1, True)


def test_rows_are_one_picture_and_folders_of_pictures_show_the_first(tmp_path, template):
    rows = table(tmp_path, FINE, WARNED, BROKEN)
    assert aistudios(template, "--data", rows, "-o", tmp_path / "rows.png").exit_code == 0
    sheet = drawn((tmp_path / "rows.png").read_bytes())
    assert {colour for count, colour in sheet.getcolors(1 << 24) if count > 50_000} >= {(255, 255, 255), (16, 32, 48)}
    assert aistudios(template, "--data", rows, "-o", f"{tmp_path}/all/").exit_code == 0
    assert "Hello Ann" in (tmp_path / "all" / "scene-0.svg").read_text(encoding="utf-8")


def test_the_caption_of_a_row_tells_its_findings_before_its_words():
    """Words from right to left, or cut at the end, would otherwise take the number with them."""
    found = Finding("text-outside", "warning", "the text is outside", "name")
    sheet = contact_sheet([RowStrip(4, f"دبي {'long ' * 20}", loose=[found, found])], Box(0, 0, 1080, 1920))
    assert "row 4  ·  2 warnings  ·  دبي long" in sheet


def test_a_missing_column_is_told_in_the_strip_with_all_that_are_missing(tmp_path, template):
    rows = tmp_path / "rows.csv"
    rows.write_text("nmae,x\nAnn,1\nBo,2\n", encoding="utf-8")
    assert aistudios(template, "--data", rows, "-o", tmp_path / "page.html").exit_code == 0
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "the row has no" in text
    assert "did you mean" in text
