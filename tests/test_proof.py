"""What a language does to a video: who speaks it, its theme, its side, and all that the original does not have."""

import pytest
from attrs import evolve

from aistudios_dsl import Avatar, BuildError, Catalog, Project, TextStyle, Theme, column

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
        ({"avatars": {"korean": MINA}}, "no BCP 47 tag"),
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
    assert ("voice-language" in [finding.code for finding in project.check()]) is found


def test_templates_are_compared_as_far_as_they_wait_for_no_row():
    original = slide("Safety first").scene(background="#102030").text("Hi {{ name }}", width=300, tag="hi")
    german = original.translated({"Wear a helmet": "Auf der ganzen Baustelle gilt die Helmpflicht"}, "de")
    assert ("more-lines", "rule") in found_in(german, original)
    greeted = original.translated({"Hi {{ name }}": "Herzlich willkommen, {{ name }}"}, "de")
    row = {"name": "Ann"}
    assert ("more-lines", "hi") in found_in(greeted.render(row), original.render(row))
