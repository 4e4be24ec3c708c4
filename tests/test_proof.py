"""What a language does to a video: who speaks it, its theme, its side, and all that the original does not have."""

import json
import re

import pytest
from attrs import evolve
from click.testing import CliRunner

from aistudios_dsl import Avatar, BuildError, Catalog, Catalogue, Project, TextStyle, Theme, column
from aistudios_dsl.check.translation import fitted
from aistudios_dsl.cli import main
from aistudios_dsl.languages.pseudo import pseudo
from aistudios_dsl.layout.text import measure
from aistudios_dsl.templates.rows import read_rows
from tests.examples import EXAMPLES, ROOT
from tests.tools.make_translated_cases import key, translated_texts

HOST = Catalog().avatars[0]
MINA = evolve(HOST, ai_name="M2", cloth="B2", language="ko")


def cast(project, locale="ko", words=None):
    """Who speaks a translation, and in which language."""
    scenes = project.translated(words or {}, locale).resolve().scenes
    models = [clip.model for scene in scenes for clip in scene.clips if clip.type == "aiModel"]
    return [(model.ai_name, model.language) for model in models]


def texts(project):
    return {clip.tag: clip for scene in project.resolve().scenes for clip in scene.clips if clip.type == "textImage"}


# avatars


def hosted(**settings):
    return Project(**settings).scene().avatar("M000045058", say="Hello.", tag="host")


@pytest.mark.parametrize(
    ("avatars", "locale", "speaks"),
    [
        ({"ko": MINA}, "ko", ("M2", "ko")),
        ({"ko": MINA}, "ko-KR", ("M2", "ko")),
        ({"ko": MINA}, "de", ("M000045058", "en")),
        ({"ko": {"host": MINA}}, "ko", ("M2", "ko")),
        ({"ko": MINA, "ko-KR": evolve(MINA, cloth="B3", ai_name="M3")}, "ko-KR", ("M3", "ko")),
        ({"pt_BR": evolve(MINA, language="pt")}, "pt-BR", ("M2", "pt")),
        ({"ko": evolve(MINA, language=None)}, "ko", ("M2", "ko")),
        (None, "ko", ("M000045058", "en")),
    ],
)
def test_a_language_has_its_own_avatar_which_speaks_it(avatars, locale, speaks):
    assert cast(hosted(avatars=avatars), locale) == [speaks]
    loaded = Project.load(hosted().to_dict())
    assert cast(evolve(loaded, avatars=avatars), locale) == [speaks]


def test_the_new_avatar_is_framed_by_its_own_head_and_says_the_translation():
    tall = evolve(MINA, tight=(100, 50, 500, 2300), head=(250, 100, 150, 160))
    project = hosted(avatars={"ko": tall}).translated({"Hello.": "안녕하세요."}, "ko")
    alone = Project().scene().avatar(tall, say="안녕하세요.", tag="host")
    assert project.resolve().scenes == alone.resolve().scenes


def test_a_row_that_names_the_avatar_is_left_to_name_it():
    project = Project(avatars={"ko": MINA}).scene().avatar("{{ who }}", "{{ outfit }}", say="Hello.")
    row = {"who": HOST.ai_name, "outfit": HOST.cloth}
    assert project.translated({}, "ko").render(row).to_json() == project.render(row).to_json()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"avatars": {"ko": HOST}}, "the avatar M000045058 speaks 'en', not 'ko'"),
        ({"avatars": {"ko": {"host": HOST}}}, r"M000045058 \(tag 'host'\) speaks 'en', not 'ko'"),
        ({"avatars": {"korean": MINA}}, "not a BCP 47 tag"),
        ({"avatars": {7: MINA}}, "a language must be a string"),
        ({"avatars": [MINA]}, "avatars must be a mapping"),
        ({"avatars": {"ko": "M2"}}, "must be an Avatar"),
        ({"themes": {"ko": {}}}, "must be a Theme"),
        ({"avatar": {"ko": MINA}}, "avatars"),
    ],
)
def test_what_is_no_avatar_or_theme_of_a_language_is_refused(settings, message):
    with pytest.raises(BuildError, match=message):
        Project(**settings)


def test_two_speakers_are_told_apart_by_their_tags():
    two = Project().scene().avatar("M000045058", tag="host").avatar(evolve(HOST, cloth="B9"), tag="guest")
    named = evolve(two, avatars={"ko": {"guest": MINA}})
    assert cast(named) == [("M000045058", "en"), ("M2", "ko")]
    with pytest.raises(BuildError, match="is one avatar, but the project has 2"):
        cast(evolve(two, avatars={"ko": MINA}))
    with pytest.raises(BuildError, match="no avatar has the tag 'hots'") as fault:
        cast(evolve(two, avatars={"ko": {"hots": MINA}}))
    assert "host" in fault.value.hint


# themes, and letters that run from right to left


def test_a_language_has_its_own_theme():
    latin, arabic = (Theme(font_family=name, text={"title": TextStyle(font_size=60)}) for name in ("Inter", "Amiri"))
    project = Project(theme=latin, themes={"ar": arabic}).scene().text("Hi", style="title", tag="t")
    assert [texts(project.translated({}, locale))["t"].font_family for locale in ("de", "ar-EG")] == ["Inter", "Amiri"]


@pytest.mark.parametrize(("locale", "turned"), [("ar", True), ("he-IL", True), ("az-Arab", True), ("de", False)])
def test_texts_are_aligned_to_the_side_where_their_letters_begin(locale, turned):
    theme = Theme(text={"end": TextStyle(align="right"), "plain": TextStyle(font_size=20)})
    project = Project(theme=theme).scene().place(column().text("a\nb", tag="grouped"), at="bottom left", margin="10%")
    project = (
        project.text("a\nb", tag="silent").text("a\nb", style="end", tag="style").text("a\nb", align="center", tag="c")
    )
    project = project.text("a\nb", style="plain", tag="plain").text("a\nb", align="right", tag="right")
    sides = {tag: clip.align for tag, clip in texts(project.translated({}, locale)).items()}
    left, right = ("right", "left") if turned else ("left", "right")
    assert sides == {"grouped": left, "silent": left, "style": right, "c": "center", "plain": left, "right": right}
    before, after = texts(project), texts(project.translated({}, locale))
    assert {tag: (one.left, one.top) for tag, one in before.items()} == {
        tag: (one.left, one.top) for tag, one in after.items()
    }
    loaded = texts(Project.load(project.to_dict()).translated({}, locale))
    assert {tag: clip.align for tag, clip in loaded.items()} == sides


@pytest.mark.parametrize(
    ("written", "locale", "side"),
    [("ar", "de", "right"), ("ar", "he", "left"), (None, "he", "right"), ("de", "en", "left")],
)
def test_texts_turn_only_where_the_language_runs_the_other_way(written, locale, side):
    project = Project(locale=written).scene().text("a\nb", tag="t")
    assert project.translated({}, locale).find("t").align == side


def test_the_theme_of_a_language_says_its_sides_itself():
    shared, own = (Theme(text={"end": TextStyle(align=side)}) for side in ("left", "center"))
    project = Project(theme=shared, themes={"ar": own}).scene().text("a\nb", style="end", tag="t")
    sides = [texts(project.translated({}, locale))["t"].align for locale in ("ar", "he", "de")]
    assert sides == ["center", "right", "left"]


def test_a_side_that_the_row_chooses_stays_its_choice():
    project = Project().scene().text("a\nb", align="{{ side }}", tag="t").translated({}, "ar")
    assert project.render(side="left").find("t").align == "left"


# against the original


def slide(first, second="Wear a helmet", third="Go", say="Welcome to the site."):
    return (
        Project()
        .scene(background="#102030")
        .avatar(MINA, say=say, language="en", framing="bust", at="bottom right", tag="host")
        .text(first, fit=(600, 90), font_size=60, min_font_size=14, at="top left", margin=120, tag="title")
        .text(second, width=500, at=(200, 400), tag="rule")
        .text(third, fit=(200, 40), at="bottom left", margin=120, tag="button")
    )


def found_in(translation, original=None, **more):
    original = original or slide("Safety first")
    return {(finding.code, finding.tag) for finding in translation.check(original=original, **more)}


LONG = "Sicherheit hat auf der ganzen Baustelle immer Vorrang vor allem"


@pytest.mark.parametrize(
    ("translation", "found"),
    [
        (slide("Safety first"), set()),
        (slide("Sicherheit"), set()),
        (slide("Sicherheit", second="Auf der ganzen Baustelle gilt die Helmpflicht"), {("more-lines", "rule")}),
        (slide(LONG), {("more-lines", "title")}),
        (slide("Sicherheit", third="Donaudampfschifffahrtsgesellschaft"), {("does-not-fit", "button")}),
        (
            slide(LONG * 9, third="Donaudampfschifffahrtsgesellschaft"),
            {("does-not-fit", "title"), ("does-not-fit", "button")},
        ),
        (slide("Sicherheit", say="Добро пожаловать на площадку."), {("speech-script", "host")}),
        (
            slide("Sicherheit", second="a\nb\nc\nd\ne\nf\ng\nh\ni"),
            {("more-lines", "rule"), ("text-cut-off", "rule")},
        ),
    ],
    ids=range(8),
)
def test_a_translation_is_told_all_that_the_original_does_not_have(translation, found):
    assert found_in(translation) == found


def test_a_text_is_small_from_the_points_that_the_check_is_told():
    one = slide("Safety first")
    shrunk = one.edit(
        "title", text="Sicherheit geht auf jeder Baustelle vor, von früh bis spät in die Nacht", fit=(600, 40)
    )
    points = texts(shrunk)["title"].font_size
    assert 14 <= points < 18
    assert ("text-shrunk", "title") in found_in(shrunk)
    assert ("text-shrunk", "title") not in found_in(shrunk, min_size=points)
    assert ("text-shrunk", "title") not in found_in(shrunk, original=shrunk)


def test_a_fault_that_no_words_explain_is_raised_as_it_is():
    unknown = hosted(avatars={"ko": Avatar("M3", "B3")})
    with pytest.raises(BuildError, match="the size of avatar M3 is not known"):
        unknown.translated({}, "ko").check(original=unknown)


def test_only_projects_of_as_many_scenes_are_compared():
    with pytest.raises(BuildError, match="original has 1 scene"):
        slide("x").scene().check(original=slide("y"))
    with pytest.raises(BuildError, match="original must be a Project"):
        slide("x").check(original={"scenes": []})


@pytest.mark.parametrize(
    ("avatar", "locale", "found"),
    [
        (HOST, "de", True),
        (HOST, "en-GB", False),
        (evolve(HOST, language="de-AT"), "de", False),
        (evolve(HOST, language=None), "de", False),
        (evolve(HOST, language="iw"), "he", False),
    ],
)
def test_a_voice_of_another_language_is_named(avatar, locale, found):
    project = Project().scene().avatar(avatar, say="Ok.").translated({}, locale)
    voices = [finding for finding in project.check() if finding.code == "voice-language"]
    assert bool(voices) is found
    assert all(f'avatars={{"{locale}": Avatar(...)}}' in finding.remedy for finding in voices)


def test_templates_are_compared_as_far_as_they_wait_for_no_row():
    original = slide("Safety first").scene(background="#102030").text("Hi {{ name }}", width=300, tag="hi")
    german = original.translated({"Wear a helmet": "Auf der ganzen Baustelle gilt die Helmpflicht"}, "de")
    assert ("more-lines", "rule") in found_in(german, original)
    greeted = original.translated({"Hi {{ name }}": "Herzlich willkommen, {{ name }}"}, "de")
    row = {"name": "Ann"}
    assert ("more-lines", "hi") in found_in(greeted.render(row), original.render(row))


# a language 40 % longer, and the translations of the example


def seen_texts(video):
    """Where the letters of each text are on the wire, by its path: left, top, right and bottom, px."""
    found = {}
    for number, (scene, script) in enumerate(zip(video.resolve().scenes, video.scenes, strict=True)):
        first = len(scene.clips) - len(script._items)  # the square of a background
        for index, clip in enumerate(scene.clips[first:]):
            if clip.type == "textImage":
                scale, size = clip.scale_x or 1, clip.font_size * 4 / 3
                box = measure(clip.text, size, bold=clip.font_weight == 700)
                left = clip.left + {"center": 0.5, "right": 1}.get(clip.align, 0) * (clip.width - box.width) * scale
                edges = (left, clip.top, left + box.width * scale, clip.top + box.height * (clip.scale_y or 1))
                found[f"scenes[{number}].clips[{index}]"] = edges
    return found


def past_canvas(video):
    width, height = (1080, 1920) if video.orientation == "portrait" else (1920, 1080)
    return {
        path
        for path, (left, top, right, bottom) in seen_texts(video).items()
        if min(left, top, width - right, height - bottom) < -0.5
    }


def paths(findings, *codes):
    return {path for one in findings if one.code in codes for path in (one.path, *one.paths)}


@pytest.mark.parametrize("longer", [40, 120])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_overflow_of_a_longer_language_is_named_and_no_other(example, longer):
    project = example.project
    translated = project.translated(pseudo(project, longer), "en-XA")
    for row in list(read_rows(example.data))[:4] if example.data else [{}]:
        original, video = (each.render(row) if row else each for each in (project, translated))
        found = video.check(original=original)
        fitting, _, unfit = fitted(video, original)
        assert paths(unfit, "does-not-fit") == paths(found, "does-not-fit")
        assert paths(found, "text-cut-off", "off-canvas") == past_canvas(fitting) - past_canvas(original)
        before, after = seen_texts(original), seen_texts(fitting)
        assert paths(found, "more-lines") == {
            path for path, lines in line_counts(fitting).items() if lines > line_counts(original)[path]
        }
        assert before.keys() == after.keys()


def line_counts(video):
    scenes = zip(video.resolve().scenes, video.scenes, strict=True)
    return {
        f"scenes[{number}].clips[{index}]": clip.text.count("\n")
        for number, (scene, script) in enumerate(scenes)
        for index, clip in enumerate(scene.clips[len(scene.clips) - len(script._items) :])
        if clip.type == "textImage"
    }


def test_a_longer_language_is_found_to_overflow_in_an_example_that_is_silent():
    portrait = next(example.project for example in EXAMPLES if example.name == "product_promo-portrait")
    longer = portrait.translated(pseudo(portrait), "en-XA")
    found = {(finding.code, finding.path) for finding in longer.check(original=portrait)}
    assert {("text-cut-off", "scenes[0].clips[1]"), ("text-cut-off", "scenes[0].clips[2]")} <= found


CASES = json.loads((ROOT / "tests" / "data" / "translated_cases.json").read_text(encoding="utf-8"))


def test_translated_texts_are_measured_as_fabric_measures_them():
    for text, points, weight, width, height in CASES:
        box = measure(text, points * 4 / 3, bold=weight == 700)
        assert (box.width, box.height) == pytest.approx((width, height), abs=0.01), text


def test_the_cases_are_those_of_the_examples():
    """`python -m tests.tools.make_translated_cases` measures them anew."""
    assert {key(clip) for clip in translated_texts()} == {tuple(case[:3]) for case in CASES}


FIRST_AID = next(example for example in EXAMPLES if example.name == "first_aid")


@pytest.mark.parametrize("locale", ["ar", "de", "es", "ko"])
def test_the_translations_of_the_example_are_whole_and_fit(locale):
    catalogue = Catalogue.read(ROOT / "examples" / "locale", locale)
    review = catalogue.review(FIRST_AID.project)
    assert (review.missing, review.fuzzy, review.unused, review.faults) == ((), (), (), ())
    translated, rows = FIRST_AID.translations[locale], list(read_rows(FIRST_AID.data))
    plan = translated.compile()
    for row, original in zip(rows, FIRST_AID.videos, strict=True):
        video = translated.render(row)
        # The bundled font has no Arabic letters.
        assert {one.code for one in video.check(original=original)} <= {"text-estimated"}
        assert plan.render_json(row) == video.to_json().encode()
    assert plan.slow_rows == 0


# the command


@pytest.fixture
def run():
    def run_command(*arguments, code=0, **more):
        done = CliRunner().invoke(main, list(map(str, arguments)), **more)
        assert done.exit_code == code, done.output
        return done

    return run_command


@pytest.fixture
def video(tmp_path):
    """A script beside a folder of catalogues: German lacks a message, has one fuzzy, and one that nothing says."""
    script, folder = tmp_path / "video.py", tmp_path / "locale"
    script.write_text(SCRIPT, encoding="utf-8")
    folder.mkdir()
    for name, text in {"de": GERMAN, "ko": KOREAN, "fr": FRENCH}.items():
        (folder / f"{name}.po").write_text(text, encoding="utf-8")
    return script


SCRIPT = """
from aistudios_dsl import Project

project = (
    Project("Rules")
    .scene(background="#102030")
    .avatar("M000045058", say="Welcome to the site.", tag="host", at="bottom right")
    .text("Go", fit=(200, 40), at="bottom left", margin=120, tag="button")
    .text("Wear a helmet", width=500, at=(200, 400), tag="rule")
)
"""
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
GERMAN = (
    f'{HEAD}msgid "Rules"\nmsgstr "Regeln"\n\n'
    'msgid "Go"\nmsgstr "Donaudampfschifffahrtsgesellschaft"\n\n'
    '#, fuzzy\nmsgid "Wear a helmet"\nmsgstr "Helm tragen"\n\nmsgid "Old"\nmsgstr "Alt"\n'
)
KOREAN = (
    f'{HEAD}msgid "Rules"\nmsgstr "규칙"\n\nmsgid "Go"\nmsgstr "시작"\n\n'
    'msgid "Wear a helmet"\nmsgstr "안전모 착용"\n\n'
    'msgid "Welcome to the site."\nmsgstr "현장에 오신 것을 환영합니다."\n'
)
FRENCH = f'{HEAD}msgid "Rules"\nmsgstr "Règles {{{{ x }}}}"\n'


def listed(run, video, *more, code=1):
    done = run("check", video, "--locales", "all", "--catalog", video.parent / "locale", "--json", *more, code=code)
    report = json.loads(done.output)
    return {
        name: {finding["code"]: finding for finding in part["findings"]}
        for name, part in {**report["locales"], "original": report["original"]}.items()
    }


def test_the_command_lists_by_language_what_is_missing_wrong_or_does_not_fit(run, video):
    found = listed(run, video)
    assert {name: set(codes) for name, codes in found.items()} == {
        "original": set(),
        "de": {"missing-translation", "fuzzy-translation", "unused-translation", "does-not-fit", "voice-language"},
        "fr": {"missing-translation", "translation-fault"},
        "ko": {"speech-script"},
    }
    german = found["de"]
    assert german["missing-translation"]["path"] == "scenes[0].speech[0].text"
    assert german["fuzzy-translation"]["path"] == "scenes[0].clips[2].text"
    assert re.search(r"locale/de.po line \d+", german["unused-translation"]["path"])
    assert german["does-not-fit"]["tag"] == "button"
    assert re.search(r"locale/fr.po line \d+", found["fr"]["translation-fault"]["path"])


def test_the_command_exits_as_check_does_and_ignores_what_it_is_told_to(run, video):
    command = ["check", video, "--catalog", video.parent / "locale", "--locales"]
    run(*command, "ko")
    run(*command, "ko", "--strict", code=1)
    run(*command, "ko", "--strict", "--ignore", "speech-script")
    run(*command, "de", code=1)
    found = listed(run, video, "--ignore", "fuzzy-translation", "--ignore", "voice-language:host")
    assert set(found["de"]) == {"missing-translation", "unused-translation", "does-not-fit"}
    assert "did you mean 'fuzzy-translation'" in run(*command, "de", "--ignore", "fuzzy-translations", code=2).output


def test_the_command_prints_each_language_under_its_name(run, video):
    text = run("check", video, "--catalog", video.parent / "locale", "--locales", "ko,de", code=1).output
    assert re.findall(r"^== (\w+)$", text, re.MULTILINE) == ["original", "ko", "de"]
    assert "ko: 1 warning in 1 scene" in text
    assert "look at it in" in text
    rows = video.parent / "rows.csv"
    rows.write_text("x\n1\n", encoding="utf-8")
    command = ["check", video, "--catalog", video.parent / "locale", "--locales", "fr", "--data", rows]
    done = run(*command, code=1).output
    assert "nothing found" not in done.partition("== fr")[2], "of a language that no row was checked in"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--locales", "xx"], 1, "known are: de, fr, ko"),
        (["--locales", "de-"], 1, "not a BCP 47 tag"),
        (["--locales", "all", "--stress"], 2, "--locales does not go with --stress"),
        (["--locales", "de", "--min-size", "-1"], 2, "min-size"),
        (["--locales", "de", "--row", "1"], 2, "--row requires --data"),
    ],
)
def test_the_command_refuses_what_it_cannot_check(run, video, arguments, code, message):
    done = run("check", video, "--catalog", video.parent / "locale", *arguments, code=code)
    assert message in done.output


def test_rows_are_checked_in_each_language(run, tmp_path):
    report = tmp_path / "rows.csv"
    report.write_text("city,day,price,seats\nBonn,2026-03-02,9,1\nBonn,soon,9,1\n", encoding="utf-8")
    command = ["check", FIRST_AID.path, "--catalog", ROOT / "examples" / "locale", "--locales", "de,ko", "--json"]
    found = json.loads(run(*command, "--data", report, code=1).output)
    assert found["locales"].keys() == {"de", "ko"}
    for part in (found["original"], *found["locales"].values()):
        assert [(one["code"], one["rows"]) for one in part["findings"]] == [("row-fault", [2])]
    assert found["counts"]["error"] == 3
    json.loads(run(*command, "--data", report, "--row", 1).output)
    assert "there is no row 9" in run(*command, "--data", report, "--row", 9, code=1).output
    stream = report.read_text(encoding="utf-8").rpartition("Bonn")[0]
    json.loads(run(*command, "--data", "-", "--format", "csv", input=stream).output)


def test_the_preview_shows_each_scene_in_all_languages(run, tmp_path):
    page = tmp_path / "languages.html"
    command = ["preview", FIRST_AID.path, "--catalog", ROOT / "examples" / "locale", "--data", FIRST_AID.data]
    run(*command, "--locales", "de,ar", "-o", page)
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"<figcaption>(\w+)</figcaption>", text) == ["original", "de", "ar"] * 3
    assert len(set(re.findall(r' id="([^"]+)"', text))) == len(re.findall(r' id="([^"]+)"', text))
    assert "Platz sichern" in text
    assert "احجز مقعدك" in text
    run(*command, "--locales", "all", "--scene", 1, "-o", page)
    assert page.read_text(encoding="utf-8").count("<figcaption>") == 5
    assert "--locales draws a page" in run(*command, "--locales", "de", "-o", f"{tmp_path}/x.svg", code=2).output


def test_the_preview_draws_a_text_that_does_not_fit_in_the_words_of_the_original(run, video, tmp_path):
    page = tmp_path / "languages.html"
    run("preview", video, "--catalog", video.parent / "locale", "--locales", "de", "-o", page)
    assert 'class="error" dir="auto">does-not-fit' in page.read_text(encoding="utf-8")


def test_a_fault_of_the_original_ends_the_command_and_one_of_a_language_is_listed(run, video):
    faulty = video.read_text(encoding="utf-8").replace("(200, 40)", "(20, 4)")
    command = ["--catalog", video.parent / "locale", "--locales", "ko"]
    unknown = video.read_text(encoding="utf-8").replace('"Rules")', '"Rules", avatars={"ko": Avatar("M3", "B3")})')
    video.write_text(unknown.replace("import Project", "import Avatar, Project"), encoding="utf-8")
    assert "translation-fault" in run("check", video, *command, code=1).output
    done = run("preview", video, *command, "-o", video.parent / "page.html", code=1)
    assert "ko.scenes[0].clips[0]" in done.output
    video.write_text(faulty, encoding="utf-8")
    done = run("check", video, *command, code=1)
    assert "error: " in done.output
    assert "does not fit 20 x 4 px" in done.output
    assert "== ko" not in done.output
