"""Texts in the user's own fonts are measured and wrapped as Fabric.js does it in Chromium with the same files."""

import gzip
import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aistudios_dsl import BuildError, Fonts, Project
from aistudios_dsl.layout import fonts as own_fonts
from aistudios_dsl.layout import text as layout

pytest.importorskip("uharfbuzz", reason="the extra `fonts` is not installed")

DATA = Path(__file__).parent / "data"
FONTS = DATA / "fonts"
CASES = json.loads(gzip.decompress((DATA / "font_cases.json.gz").read_bytes()))
SCRIPTS = sorted({case["script"] for case in CASES})
LATIN = [FONTS / "latin-400.ttf", FONTS / "latin-700.ttf"]
THAI = FONTS / "thai-400.ttf"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def fonts_of(script):
    files = sorted(FONTS.glob(f"{script}-*.ttf"))
    return Fonts({"Small": files}) if script in ("latin", "variable") else Fonts(fallback=files)


def test_every_script_has_its_cases():
    assert " ".join(SCRIPTS) == "arabic devanagari emoji hebrew latin polish tamil thai turkish variable"
    assert all(sum(case["script"] == script for case in CASES) == 60 for script in SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_in_a_given_font_widths_are_within_a_thousandth_and_breaks_are_those_of_the_canvas(script):
    fonts = fonts_of(script)
    for case in (case for case in CASES if case["script"] == script):
        ruler = fonts._ruler(case["family"], case["weight"])
        if "wrap" in case:
            box = layout.wrap(case["text"], case["size"], case["wrap"], by_grapheme=False, ruler=ruler)
            assert [len(line) for line in box.lines] == case["breaks"], case
        else:
            box = layout.measure(case["text"], case["size"], ruler=ruler)
            assert box.width == pytest.approx(case["width"], rel=2e-4), case
        assert box.estimated == ""


def test_a_plan_with_fonts_pickles_and_gives_the_bytes_of_rendering():
    fonts = Fonts({"Small": LATIN}, fallback=[THAI])
    project = Project(fonts=fonts).scene().text("The {{ name }} สวัสดี", font_family="Small")
    plan = project.compile()
    for name in ("brown fox", "AVATAR Yes! office", "สวัสดีครับ"):
        row = {"name": name}
        assert pickle.loads(pickle.dumps(plan)).render_json(row) == plan.render_json(row)
        assert plan.render_json(row) == project.render(row).to_json().encode()
    assert plan.slow_rows == 0
    assert project.render(name="fox").to_json() != Project(scenes=project.scenes).render(name="fox").to_json()


def test_a_loaded_text_in_a_given_font_is_measured_again_when_it_is_edited_or_rendered():
    fonts = Fonts({"Small": LATIN})
    short, long = ("The fox", "The quick brown fox, naïve")
    made = [Project(fonts=fonts).scene().text(words, font_family="Small", tag="t").to_dict() for words in (short, long)]
    widths = [document["scenes"][0]["clips"][0]["width"] for document in made]
    edited = Project.load(made[0], fonts=fonts).edit("t", text=long)
    assert edited.find("t").width == widths[1]
    guessed = Project.load(made[0]).edit("t", text=long).find("t").width
    assert guessed not in widths
    assert guessed == pytest.approx(widths[1], rel=0.25)  # without the font, by an estimate
    made[0]["scenes"][0]["clips"][0]["text"] = short
    template = Project.load(made[0], fonts=fonts).edit("t", text="{{ words }}")
    assert template.find("t").text == "{{ words }}"


def test_the_page_and_the_findings_measure_with_the_fonts_too():
    words = "مرحبا بكم"
    project = Project(fonts=Fonts(fallback=[FONTS / "arabic-400.ttf"])).scene().text(words, at="center")
    assert project.estimates() == {}
    assert project.check() == []
    without = Project().scene().text(words, at="center")
    [finding] = without.check()
    assert finding.code == "text-estimated"
    assert "NotoSansArabic-Regular.ttf" in finding.remedy
    drawn, guessed = (re.search(rf'textLength="([\d.]+)"[^>]*>{words}<', each.svg())[1] for each in (project, without))
    assert float(drawn) == pytest.approx(project.to_dict()["scenes"][0]["clips"][0]["width"], abs=0.01)
    assert drawn != guessed


@pytest.mark.parametrize(
    ("weight", "italic", "taken"),
    [
        (400, False, "latin-400"),
        (500, False, "latin-400"),
        (600, False, "latin-700"),
        (900, True, "latin-700"),
        (100, False, "latin-400"),
    ],
)
def test_the_face_is_the_one_that_css_takes(weight, italic, taken):
    first = Fonts({"Small": LATIN})._chain("Small", weight, italic)[0]
    assert first.file.path.stem == taken


def test_the_order_is_family_then_fallback_then_the_bundled_numbers_then_an_estimate():
    ruler = Fonts({"Small": LATIN}, fallback=[THAI])._ruler("Small")
    assert ruler.estimated("The ส 한 漢") == ""
    assert ruler.estimated("The ا") == "ا"
    assert ruler.units("한") == 920
    assert ruler.units("T") != layout.units("T")
    assert Fonts(fallback=LATIN)._ruler("Noto Sans CJK").units("The") == layout.units("The")
    assert Fonts({"Small": LATIN})._ruler("Other").estimated("Hi") == "Hi"


def test_widths_are_kept_between_runs_by_the_content_of_the_file(tmp_path):
    script = (
        "import sys; from aistudios_dsl import Fonts, Project\n"
        f"fonts = Fonts({{'Small': [{str(LATIN[0])!r}]}})\n"
        "print(Project(fonts=fonts).scene().text('The fox', font_family='Small').to_json())\n"
    )
    run = lambda: subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout  # noqa: E731
    first = run()
    [kept] = Path(os.environ["XDG_CACHE_HOME"]).rglob("*.json")
    widths = json.loads(kept.read_text(encoding="utf-8"))
    assert len(widths) > 6
    assert run() == first
    kept.write_text("not JSON", encoding="utf-8")
    assert run() == first


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Fonts({"A": "none.ttf"}), "none.ttf cannot be read: No such file"),
        (lambda: Fonts({"A": __file__}), "test_fonts.py is not a font"),
        (lambda: Fonts({"A": []}), "family 'A' has no font files"),
        (lambda: Fonts({"A": 5}), "family 'A' must be font files, not int"),
        (lambda: Fonts({"A": [5]}), "family 'A' must be the paths of font files, not int"),
        (lambda: Fonts([THAI]), "families must be a mapping of names to font files, not list"),
        (lambda: Fonts(fallback=[FONTS]), "cannot be read: Is a directory"),
        (lambda: Fonts({"A": THAI}, fallbak=[THAI]), "unknown argument 'fallbak'"),
        (lambda: Project(fonts={"A": THAI}), "fonts must be Fonts, not dict"),
    ],
)
def test_wrong_fonts_are_refused(call, message):
    with pytest.raises(BuildError, match=message):
        call()


@pytest.mark.parametrize(("name", "content"), [("cut.ttf", None), ("bad.woff", b"wOFF" + b"x" * 60)])
def test_a_broken_file_is_refused(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(THAI.read_bytes()[:300] if content is None else content)
    with pytest.raises(BuildError, match=f"{name} is not a font"):
        Fonts({"A": file})


def test_a_file_that_changed_after_it_was_read_is_refused(tmp_path):
    copy = tmp_path / "own.ttf"
    copy.write_bytes((FONTS / "turkish-400.ttf").read_bytes() + b"\0\0\0\0")
    fonts = Fonts({"Changed": copy})
    copy.write_bytes(THAI.read_bytes())
    with pytest.raises(BuildError, match="has changed since it was read"):
        fonts._ruler("Changed")


def test_without_harfbuzz_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "uharfbuzz", None)
    with pytest.raises(BuildError) as caught:
        Fonts({"A": THAI})
    assert caught.value.hint == "pip install 'aistudios-dsl[fonts]'"


def test_fonts_are_equal_whose_files_have_the_same_content(tmp_path):
    copy = tmp_path / "copy.ttf"
    copy.write_bytes(THAI.read_bytes())
    assert Fonts({"A": THAI}) == Fonts({"A": [copy]})
    assert hash(Fonts({"A": THAI})) == hash(Fonts({"A": [copy]}))
    assert Fonts({"A": THAI}) != Fonts({"A": LATIN})


def test_files_are_named_for_what_is_an_estimate():
    assert "NotoSansArabic-Regular.ttf" in own_fonts.exact_with("مر", "")
    assert "NotoColorEmoji.ttf" in own_fonts.exact_with("1\ufe0f\u20e3", "Noto Sans CJK")
    assert own_fonts.exact_with("Hi", "Playfair Display") == "Fonts({'Playfair Display': [its font files]})"
    assert "NotoSansCJK" in own_fonts.exact_with("“", "Noto Sans CJK SC")
