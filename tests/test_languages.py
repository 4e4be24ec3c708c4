"""Messages, catalogues and languages: no word is lost, and none changes but by its catalogue."""

import gettext
import json
import pickle
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl import (
    BuildError,
    Catalogue,
    DslError,
    LoadError,
    Project,
    Scene,
    column,
    languages,
    wire,
)
from aistudios_dsl.build.localised import localised
from aistudios_dsl.cli import main
from aistudios_dsl.cli.base import load_script
from aistudios_dsl.languages.catalogues import Entry, locales_in
from aistudios_dsl.languages.messages import said_in
from aistudios_dsl.languages.pseudo import lengthened, pseudo
from aistudios_dsl.plan.plan import Programs
from aistudios_dsl.templates import trans
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.wire.jsontext import canonical
from tests.documents import ANY
from tests.examples import EXAMPLES, ROOT

babel = pytest.importorskip("babel", reason="the extra 'languages' is not installed")
from babel.messages.plurals import PLURALS  # noqa: E402

EDITOR = sorted((ROOT / "tests/data/editor_like").glob("*.json"))
LOADED = [*EDITOR, *(ROOT / "tests/data" / f"{name}_project.json" for name in ("seed", "scene_scripts"))]
HOST = "M000045058"
LESSONS = "{% trans n=count %}one lesson{% pluralize %}{{ n }} lessons{% endtrans %}"


def own_words(message):
    """The words of a message, as their own translation."""
    return (message.text,) if message.plural is None else (message.text, message.plural)


def written(project, rows=()):
    """The bytes of a project, or of each row."""
    plan = project.compile() if rows else None
    return [plan.render_json(row) for row in rows] if plan else [project.to_json().encode()]


# nothing is lost, nothing changes


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
@pytest.mark.parametrize("say", [lambda message: None, own_words], ids=["nothing", "the same words"])
def test_an_example_keeps_its_bytes_where_nothing_or_the_same_is_said(example, say, tmp_path):
    from aistudios_dsl.templates.rows import read_rows

    project = example.project
    path = Catalogue.of(project, "en").write(tmp_path / "en.po")
    rows = list(read_rows(example.data)) if example.data else []
    before = written(project, rows)
    assert project.messages()
    assert written(project.translated(path, "en"), rows) == before
    assert written(said_in(project, say), rows) == before


@pytest.mark.parametrize("path", LOADED, ids=lambda path: path.stem)
@pytest.mark.parametrize("template", [True, False])
def test_a_loaded_project_keeps_its_bytes_where_the_same_is_said(path, template, tmp_path):
    project = Project.load(path, template=template)
    catalogue = Catalogue.of(project, "ko").write(tmp_path / "ko.po")
    row = {name: "Ann" for names in project.variables().values() for name in names}
    assert project.messages()
    for same in (project.translated(catalogue, "ko"), said_in(project, own_words)):
        assert same.variables() == project.variables()
        assert written(same, [row] if row else []) == written(project, [row] if row else [])


@pytest.mark.slow
@settings(max_examples=60)
@given(ANY)
def test_any_document_keeps_its_bytes_where_the_same_is_said(document):
    project = Project.load(document, template=False)
    assert said_in(project, own_words).to_json() == canonical(document)


def video(say, **more):
    """A project with 50 messages of every kind; `say(n)` gives the words of message n."""
    project = Project(say(0), **more)
    for scene in range(7):
        first = 1 + 7 * scene
        label = column(gap=8).text(say(first + 4), tag="in-group")
        project = (
            project.scene()
            .text(say(first), tag="title", at=(100, 100))
            .text(say(first + 1), width=600, align="center")
            .avatar(HOST, say=say(first + 2), tag="host")
            .say(f"<p>{say(first + 3)} <b>!</b></p>", html=True)
            .place(label, at="bottom left")
            .audio("https://x.example/a.mp3", label=say(first + 5))
            .text(say(first + 6), each="item in items", tag="item {{ loop.index }}", at=(10, 400))
        )
    return project


LOCALES = """
ar bg ca cs da de el en-GB es et fa fi fr he hi hr hu id it ja ko lt nl pl pt-BR ru sv th uk zh-Hant-TW
""".split()  # noqa: SIM905 - as a list, it would take thirty lines


@pytest.mark.slow
def test_thirty_languages_with_fifty_messages_are_those_that_scripts_in_these_languages_build(tmp_path):
    def english(number):
        return f"Words {number} for {{{{ name }}}}, {number} % off"

    original, rows = video(english), [{"name": "Ann", "items": [1, 2]}, {"name": "한국", "items": []}]
    assert len(LOCALES) == 30
    assert len(original.messages()) == 50
    for locale in LOCALES:

        def said(number, locale=locale):
            return f'{locale} «{number}» \\ "{number}" {{{{ name }}}} 語 {"a long word " * (number % 5)}\n{number}'

        text = Catalogue.of(original, locale).to_po()
        catalogue = Catalogue.read(_filled(tmp_path / f"{locale.replace('-', '_')}.po", text, english, said))
        review = catalogue.review(original)
        assert (review.missing, review.fuzzy, review.unused, review.faults) == ((), (), (), ())
        translated = original.translated(tmp_path, locale)
        assert translated.locale == locale
        assert written(translated, rows) == written(localised(video(said), locale), rows)


def _filled(path, text, english, said):
    """Write a PO file with each `english` message translated by what is `said`."""
    from aistudios_dsl.languages import po

    found = po.read(path, text.encode())
    by_words = {english(number): said(number) for number in range(50)}
    by_words |= {f"<p>{words} <b>!</b></p>": f"<p>{new} <b>!</b></p>" for words, new in by_words.items()}
    for message in found:
        message.string = by_words.get(message.id, message.string)
    path.write_text(po.written(found), encoding="utf-8")
    return path


def test_a_loaded_text_is_measured_again_and_speech_stays_html_as_where_they_are_edited():
    built = Project().scene().text("Hello", at=(100, 100), id="t").avatar(HOST, say="One.\n\nTwo & three.", id="a")
    loaded = Project.load(built.to_dict())
    translated = loaded.translated({"Hello": "Guten Morgen", "One.\n\nTwo & three.": "Eins < zwei."}, "de")
    assert translated.to_json() == loaded.edit("t", text="Guten Morgen").edit("a", say="Eins < zwei.").to_json()
    assert '"org":"<p>Eins &lt; zwei.</p>"' in translated.to_json()
    newer = Project.load(built.to_dict(api="1.6")).translated({"One.\n\nTwo & three.": "Eins."}, "de")
    assert newer.to_dict()["scenes"][0]["scripts"][0]["org"] == "<p>Eins.</p>"


def test_speech_that_is_more_than_paragraphs_is_a_message_as_html():
    project = Project().scene().avatar(HOST).say("<p>Hi <b>you</b></p>", html=True).say("<p>A &amp; B</p>", html=True)
    assert [(message.text, message.html) for message in project.messages()] == [
        ("<p>Hi <b>you</b></p>", True),
        ("A & B", False),
    ]
    with pytest.raises(LoadError, match="</p> has no matching tag"):
        project.translated({"<p>Hi <b>you</b></p>": "<p>Hallo <b>du</p>"}, "de")


# which words are messages


KEPT = {
    "a text": Scene().text("Lumen", translate=False),
    "what an avatar says": Scene().avatar(HOST, say="Lumen", translate=False).say("Lumen"),
    "a label": Scene().audio("https://x.example/a.mp3", label="Lumen", translate=False),
    "a text in a group": Scene().place(column().text("Lumen", translate=False)),
    "a repeated text": Scene().text("Lumen", translate=False, each="n in range(2)"),
    "an edited text": Scene().text("Lumen", tag="t").edit("t", translate=False, color="red"),
    "a text edited later": Scene().text("Lumen", tag="t", translate=False).edit("t", color="red"),
    "a mapped text": Scene().text("Lumen", translate=False).map(wire.Text, lambda clip: clip),
    "a removed neighbour": Scene().text("x", tag="x").text("Lumen", translate=False).remove("x"),
}


@pytest.mark.parametrize("scene", KEPT.values(), ids=KEPT)
def test_a_clip_that_is_not_to_be_translated_keeps_its_words_on_every_way(scene):
    project = Project().add(scene)
    for way in (project, project.render(), pickle.loads(pickle.dumps(project))):
        assert way.messages() == ()
        assert way.translated({"Lumen": "Licht"}, "de").scenes == way.scenes
    assert "Lumen" in project.render().to_json()
    assert "translate" not in project.render().to_json()


def test_a_loaded_clip_may_be_kept_too_and_its_bytes_stay():
    loaded = Project.load(Project().scene().text("Lumen", id="t").text("Hello").to_dict())
    kept = loaded.edit("t", translate=False)
    assert [message.text for message in kept.messages()] == ["Hello"]
    assert kept.to_json() == loaded.to_json()
    assert kept.edit("t", translate=True).messages() == loaded.messages()
    with pytest.raises(BuildError, match="translate must be True or False, not str"):
        Scene().text("x", translate="no")


def test_messages_have_a_place_and_a_context_that_stays_where_scenes_move():
    scene = Scene().text("Hi", tag="title").text("Ho").avatar(HOST, say="Yes.", tag="host").text(" ").text("{{ n }}")
    found = Project("Video").add(Scene(), scene).messages()
    assert [(message.context, message.path, message.has_words) for message in found] == [
        ("name", "name", True),
        ("text title", "scenes[1].clips[0].text", True),
        ("text", "scenes[1].clips[1].text", True),
        ("text", "scenes[1].clips[4].text", False),
        ("speech host", "scenes[1].speech[0].text", True),
    ]
    assert {message.context for message in Project("Video").add(scene).messages()} == {one.context for one in found}


def po_file(folder, *entries, name="de.po"):
    """Write a PO file of (context, words, translation) and return its path."""
    blocks = ['msgid ""', 'msgstr ""', '"Language: de\\n"', '"Content-Type: text/plain; charset=utf-8\\n"', ""]
    for context, words, said in entries:
        blocks += [f"msgctxt {json.dumps(context)}"] if context else []
        blocks += [f"msgid {json.dumps(words)}", f"msgstr {json.dumps(said, ensure_ascii=False)}", ""]
    (folder / name).write_text("\n".join(blocks), encoding="utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("count", "expected"), [(1, "Offen Offen Offen"), (2, "Offen Öffnen Öffnen"), (3, "Offen Öffnen Auf")]
)
def test_the_same_words_are_translated_once_or_by_context_or_by_place(count, expected, tmp_path):
    project = Project().scene().text("Open", tag="a").text("Open", tag="b").scene().text("Open", tag="b")
    entries = [(None, "Open", "Offen"), ("text b", "Open", "Öffnen"), ("scenes[1].clips[0].text", "Open", "Auf")]
    catalogue = Catalogue.read(po_file(tmp_path, *entries[:count]))
    for one in (catalogue, catalogue.updated(project)):
        assert len(one.entries) == count
        assert " ".join(clip.text for _, clip in project.translated(one, "de").clips()) == expected


# plurals


@pytest.mark.parametrize("rule", sorted({f"nplurals={count}; plural={rule};" for count, rule in PLURALS.values()}))
def test_each_language_takes_the_form_of_a_number_that_gettext_takes(rule):
    count, expression = trans.form_of(rule)
    block = {}
    trans.replaced(LESSONS, lambda found: block.setdefault("one", found).source)
    text = block["one"].said([f"form {number}" for number in range(count)], rule)
    choose = gettext.c2py(expression)
    for n in (*range(130), 1000, 1_000_000, 1_000_001):
        for count in (n, str(n)):
            assert Templates().render(text, {"count": count}) == f"form {choose(n)}", n


def test_a_block_is_a_message_with_a_plural_and_is_said_in_the_forms_of_the_language(tmp_path):
    project = Project().scene().text(LESSONS, tag="t").avatar(HOST, say=f"Hi {LESSONS}", tag="host")
    [lessons, speech] = project.messages()
    assert (lessons.text, lessons.plural) == ("one lesson", "{{ n }} lessons")
    assert speech.text == f"Hi {LESSONS}"
    text = Catalogue.of(project, "pl").to_po()
    assert text.count("msgstr[") == 3
    for form, words in enumerate(("jedna lekcja", "{{ n }} lekcje", "{{ n }} lekcji")):
        text = text.replace(f'msgstr[{form}] ""', f'msgstr[{form}] "{words}"')
    (tmp_path / "pl.po").write_text(text, encoding="utf-8")
    plan = project.translated(tmp_path, "pl").compile()
    said = {"1": "jedna lekcja", "3": "3 lekcje", "5": "5 lekcji", "22": "22 lekcje"}
    for count, words in said.items():
        assert json.loads(plan.render_json({"count": count}))["scenes"][0]["clips"][0]["text"] == words
    assert plan.slow_rows == 0


SAID = {
    LESSONS: {1: "one lesson", "1": "one lesson", 2: "2 lessons", 0: "0 lessons"},
    "{% trans %}Hello{% endtrans %}, {{ count }}": {1: "Hello, 1"},
    "{% trans trimmed count %}\n one\n line {% pluralize %}\n many {{ count }}{% endtrans %}": {
        1: "one line",
        2: "many 2",
    },
    "a {%- trans n=count -%} one {%- pluralize n -%} many {{ n }} {%- endtrans -%} b": {1: "aoneb", 2: "amany 2b"},
    '{% trans "menu" n=[count, 9]|min, who="x, y" %}{{ who }}{% pluralize %}{{ n }}{% endtrans %}': {1: "x, y", 3: "3"},
    "{# {% trans %} #}{% trans %}a{% endtrans %}{% trans %}b{% endtrans %}{{ count }}": {1: "ab1"},
    "trans {{ count }} endtrans": {1: "trans 1 endtrans"},
}


@pytest.mark.parametrize("text", SAID)
def test_a_text_with_blocks_is_rendered_without_any_catalogue_as_jinja_would(text):
    project = Project().scene().text(text, tag="t", at=(0, 0))
    plan = project.compile()
    for count, words in SAID[text].items():
        assert project.render(count=count).find("t").text == words
        assert json.loads(plan.render_json({"count": count}))["scenes"][0]["clips"][0]["text"] == words
    assert plan.slow_rows == 0
    assert set(project.variables().popitem()[1]) == {"count"}


def with_i18n(environment):
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(str.upper, lambda one, many, n: one.upper() if n == 1 else many.upper(), True)


def test_an_environment_that_reads_blocks_itself_still_does():
    project = Project(environment=with_i18n).scene().text("{% trans %}Hello{% endtrans %}", tag="t")
    assert project.render().find("t").text == "HELLO"


# keeping catalogues up to date


def test_an_update_keeps_what_translators_wrote_and_the_second_changes_no_byte(tmp_path):
    path = po_file(
        tmp_path,
        ("text title", "Welcome to Lumen", "Willkommen bei Lumen"),
        ("text", "See you", "Bis bald"),
        ("text", "Not done yet", ""),
    )
    before = path.read_text(encoding="utf-8")
    path.write_text("# Ours.\n" + before.replace('utf-8\\n"', 'utf-8\\n"\n"X-Tool: 3\\n"'), encoding="utf-8")
    project = Project().scene().text("Welcome to Lumen!", tag="title").text("New")
    updated = Catalogue.read(path).updated(project)
    updated.write()
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Ours.\n")
    assert '"X-Tool: 3\\n"' in text
    assert "POT-Creation-Date" not in text
    assert '#~ msgid "See you"\n#~ msgstr "Bis bald"' in text
    assert "Not done yet" not in text
    [(message, entry)] = updated.review(project).fuzzy
    assert (message.text, entry.forms) == ("Welcome to Lumen!", ("Willkommen bei Lumen",))
    assert project.translated(tmp_path, "de").find("title").text == "Welcome to Lumen!"
    for _ in range(2):
        Catalogue.read(path).updated(project).write()
        assert path.read_text(encoding="utf-8") == text
    back = Catalogue.read(path).updated(project.text("See you"))
    assert "#~" not in back.to_po()
    assert [entry.forms for entry in back.entries if entry.text == "See you"] == [("Bis bald",)]


def test_a_catalogue_follows_from_its_messages_alone_and_a_write_of_the_same_touches_nothing(tmp_path):
    project = video(lambda number: f"Words {number}")
    path = Catalogue.of(project, "de").write(tmp_path / "new" / "de.po")
    before = path.stat()
    assert Catalogue.of(project, "de").write(path) == path
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert Catalogue.read(path).updated(project).to_po() == path.read_text(encoding="utf-8")


def test_an_update_compares_each_changed_message_with_few_others_and_a_new_tag_asks_no_translator(monkeypatch):
    from aistudios_dsl.languages import po

    compared = []

    class Counted(po.SequenceMatcher):
        def ratio(self):
            compared.append(1)
            return super().ratio()

    monkeypatch.setattr(po, "SequenceMatcher", Counted)

    def project(ending, tag):
        scene = Scene()
        for number in range(200):
            scene = scene.text(f"Lesson {number} of the course{ending}", tag=f"{tag}-{number}")
        return Project().add(scene)

    catalogue = pseudo(project("", "a"))
    changed = catalogue.updated(project(", now", "a"))
    assert len(changed.review(project(", now", "a")).fuzzy) == 200
    assert len(compared) <= 200 * po._COMPARED
    compared.clear()
    moved = catalogue.updated(project("", "b"))
    assert moved.review(project("", "b")).fuzzy == ()
    assert [entry.forms for entry in moved.entries] == [entry.forms for entry in catalogue.entries]


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1).filter(str.strip)


@settings(max_examples=100)
@given(st.dictionaries(WORDS, WORDS, min_size=1, max_size=4))
def test_any_words_come_back_from_a_file_as_they_were(said):
    from aistudios_dsl.languages import po

    entries = tuple(Entry(words, None, (form,)) for words, form in said.items())
    text = Catalogue("de", entries).to_po()
    found = Catalogue._of_po(po.read(Path("de.po"), text.encode()), "")
    assert {entry.text: entry.forms[0] for entry in found.entries} == said
    assert found.to_po() == text


# what is wrong in a catalogue


HEAD = 'msgid ""\nmsgstr ""\n"Language: de\\n"\n'
TEMPLATE = (
    Project().scene().text("Hello {{ name }}").text("It's {{ row['First Name'] }}").text("50 {off}").text(LESSONS)
)
BROKEN = {
    "an open brace": ('msgid "Hello {{ name }}"\nmsgstr "Hallo {{ name"', 6, "'{{' is never closed"),
    "a brace too few": ('msgid "Hello {{ name }}"\nmsgstr "Hallo {{ name }"', 6, "'{{' is never closed"),
    "an unknown filter": ('msgid "Hello {{ name }}"\nmsgstr "Hallo {{ name|uper }}"', 6, "No filter named 'uper'"),
    "another variable": ('msgid "Hello {{ name }}"\nmsgstr "Hallo {{ nmae }}"', 6, "uses 'nmae'"),
    "a variable less": ('msgid "Hello {{ name }}"\nmsgstr "Hallo"', 6, "lacks 'name'"),
    "a column less": ("msgid \"It's {{ row['First Name'] }}\"\nmsgstr \"Es ist\"", 6, "lacks 'First Name'"),
    "braces where there were none": ('msgid "50 {off}"\nmsgstr "50 {{off}}"', 6, "uses 'off'"),
    "a plural with another variable": (
        'msgid "one lesson"\nmsgid_plural "{{ n }} lessons"\nmsgstr[0] "eine"\nmsgstr[1] "{{ m }}"', 6, "uses 'm'"
    ),
    "no closing quote": ('msgid "Hello {{ name }}"\nmsgstr "Hallo', 7, "is not a line of a PO file"),
    "a quote within": ('msgid "Hello"\nmsgstr "Ha"llo"', 7, "is not a line of a PO file"),
    "an unknown keyword": ('msgid "Hello"\nmsgstring "Hallo"', 7, "is not a line of a PO file"),
    "no translation": ('msgid "Hello"\n\nmsgid "Ho"\nmsgstr "Ho"', 6, "missing msgstr"),
    "the same words twice": ('msgid "a"\nmsgstr "b"\n\n#: x\nmsgid "a"\nmsgstr "c"', 10, "is there already, on line 6"),
    "too many plurals": ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] ""\nmsgstr[1] ""\nmsgstr[2] ""', 6, "more translat"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_what_a_translator_broke_is_named_with_file_and_line(case, tmp_path):
    text, line, message = BROKEN[case]
    path = tmp_path / "de.po"
    path.write_text(f"{HEAD}\n\n{text}\n", encoding="utf-8")
    with pytest.raises(DslError) as raised:
        TEMPLATE.translated(tmp_path, "de")
    assert raised.value.path == f"{path} line {line}"
    assert message in raised.value.message
    assert raised.value.hint


def test_all_faults_are_named_at_once_and_none_where_braces_are_text(tmp_path):
    words = {"Hello {{ name }}": "Hallo {{ nme }}", "50 {off}": "{{"}
    with pytest.raises(LoadError) as raised:
        TEMPLATE.translated(words, "de")
    assert [fault.code for fault in raised.value.problems] == ["other-variables", "unclosed-braces"]
    literal = Project.load(Project().scene().text("Hi", id="t").to_dict(), template=False)
    assert literal.translated({"Hi": "{{ x"}, "de").find("t").text == "{{ x"


SAYS = '\n\nmsgid "Hello"\nmsgstr "Grüße"'
NO_RULE = "line 1: the header's Plural-Forms"
FILES = {
    "another encoding": ('"Content-Type: text/plain; charset=cp1252\\n"' + SAYS, "cp1252", None),
    "a byte order mark": ('"Language: de\\n"' + SAYS, "utf-8-sig", None),
    "windows line ends": (('"Language: de\\n"' + SAYS).replace("\n", "\r\n"), "utf-8", None),
    "no language": (SAYS, "utf-8", None),
    "an older original": (f'\n\n#| msgid "Hi"{SAYS}\n\n#~| msgid "a"\n#~ msgid "b"\n#~ msgstr "c"', "utf-8", None),
    "bytes of another encoding": ('"Language: de\\n"' + SAYS, "cp1252", "line 6: is not UTF-8: byte 0xfc"),
    "an unknown encoding": ('"Content-Type: text/plain; charset=utf-80\\n"', "utf-8", "line 3: the header names"),
    "UTF-16": ("", "utf-16", "is UTF-16"),
    "a header without names": ('"de\\n"', "utf-8", "line 1: the header holds 'de'"),
    "plurals that are none": ('"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;\\n"', "utf-8", NO_RULE),
    "plurals that run code": ('"Plural-Forms: nplurals=2; plural=__import__(n);\\n"', "utf-8", NO_RULE),
    "another language": ('"Language: ko\\n"', "utf-8", "is in 'ko', not in 'de'"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_is_read_in_its_encoding_or_refused_with_its_line(case, tmp_path):
    text, encoding, message = FILES[case]
    path = tmp_path / "de.po"
    path.write_bytes(f'msgid ""\nmsgstr ""\n{text}'.encode(encoding))
    project = Project().scene().text("Hello", tag="t")
    if message is None:
        assert project.translated(path, "de").find("t").text == "Grüße"
        assert Catalogue.read(path).updated(project).to_po().count("Grüße") == 1
        return
    with pytest.raises(LoadError) as raised:
        project.translated(path, "de")
    assert message in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_language_is_found_in_both_layouts_and_else_the_nearest_is_named(tmp_path):
    project = Project().scene().text("Hello", tag="t")
    for name in ("de", "pt_BR"):
        Catalogue("de" if name == "de" else "pt-BR", (Entry("Hello", None, (name,)),)).write(tmp_path / f"{name}.po")
    Catalogue("ko", (Entry("Hello", None, ("ko",)),)).write(tmp_path / "ko" / "LC_MESSAGES" / "video.po")
    (tmp_path / "notes.po").touch()
    assert list(locales_in(tmp_path)) == ["de", "ko", "pt-BR"]
    for locale, said in {"de": "de", "de-AT": "de", "pt-br": "pt_BR", "ko": "ko"}.items():
        assert project.translated(tmp_path, locale).find("t").text == said
    wrong = {
        "pt": ("unknown-locale", "did you mean 'pt-BR'?"),
        "fr": ("unknown-locale", "known are: de, ko, pt-BR"),
        "german": ("build", 'such as "en", "ko" or "pt-BR"'),
        "pt_BR": ("build", "did you mean 'pt-BR'?"),
    }
    for locale, (code, hint) in wrong.items():
        with pytest.raises(DslError) as raised:
            project.translated(tmp_path, locale)
        assert (raised.value.code, raised.value.hint) == (code, hint)


def test_arguments_of_another_type_are_refused_with_what_to_give():
    project, catalogue = Project().scene().text("Hello"), Catalogue("ko", ())
    for source, locale, message in (
        (7, "de", "a catalogue is a Catalogue, a path or a mapping, not int"),
        ({"Hello": 7}, "de", "the translation of 'Hello' must be a string, not int"),
        ({7: "Hallo"}, "de", "a catalogue maps words to words, not int"),
        ({}, None, "locale must be a string, not NoneType"),
        (catalogue, "de", "the catalogue is in 'ko', not in 'de'"),
        ("no/such.po", "de", "cannot read no/such.po"),
    ):
        with pytest.raises(DslError) as raised:
            project.translated(source, locale)
        assert message in str(raised.value)
    with pytest.raises(BuildError, match='locale is "deutsch", which is not a BCP 47 tag'):
        Project(locale="deutsch")
    with pytest.raises(BuildError, match="longer is 900"):
        pseudo(project, 900)


def test_without_babel_a_mapping_still_translates_and_a_file_names_the_extra(monkeypatch):
    project = Project().scene().text("Hello", tag="t")
    monkeypatch.delitem(sys.modules, "aistudios_dsl.languages.po", raising=False)
    monkeypatch.delattr(languages, "po", raising=False)
    monkeypatch.setitem(sys.modules, "babel.messages.catalog", None)
    assert project.translated({"Hello": "Hallo"}, "de").find("t").text == "Hallo"
    with pytest.raises(BuildError, match=r"PO files need Babel\n  hint: pip install 'aistudios-dsl\[languages\]'"):
        Catalogue.of(project)


# the pseudo-language


@given(st.text(max_size=60), st.integers(0, 300))
def test_the_pseudo_language_is_as_much_longer_as_it_is_told_and_has_no_letter_without_accent(text, longer):
    text = text.replace("{", "").replace("@", "").replace("://", "").replace("www.", "")
    found = lengthened(text, longer)
    letters = sum(map(str.isalpha, text))
    assert sum(map(str.isalpha, found)) == round(letters * (1 + longer / 100))
    assert len(found) - len(text) == round(letters * (1 + longer / 100)) - letters
    assert not set(found) & set("abcdefghijklmnoprstuwxyzABCDEFGHIKLMNOPRSTUWXYZ")


def test_the_pseudo_language_keeps_code_and_addresses_and_its_letters_are_no_estimates():
    text = "See {{ link|upper }} or https://x.example/a, {% if a %}me@x.example{% endif %}"
    assert lengthened(text) == "Šééé {{ link|upper }} ööř https://x.example/a, {% if a %}me@x.example{% endif %}"
    assert lengthened("<p>A&amp;b <b>c</b></p>", html=True) == "<p>Á&amp;ḃḃ <b>č</b></p>"
    project = Project().scene().text("The five boxing wizards jump quickly. JVQ")
    assert project.translated(pseudo(project), "en-XA").estimates() == {}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_example_has_a_pseudo_language_that_a_file_keeps(example, tmp_path):
    project = example.project
    made = pseudo(project)
    path = made.write(tmp_path / "en_XA.po")
    review = Catalogue.read(tmp_path, "en-XA").review(project)
    assert (review.missing, review.fuzzy, review.unused, review.faults) == ((), (), (), ())
    assert project.translated(path, "en-XA").messages() == project.translated(made, "en-XA").messages()


# rows


def test_three_languages_and_a_thousand_rows_take_the_compiled_plan_and_one_compile_each(tmp_path, monkeypatch):
    source = tmp_path / "video.py"
    source.write_text(
        "from aistudios_dsl import Project\n"
        "project = (Project('For {{ name }}').scene().text('Hello {{ name }}', tag='t', at='top')\n"
        f"    .avatar('{HOST}', say='Hi {{{{ name }}}}, {LESSONS}').text({LESSONS!r}, at=(90, 900), width=600))\n",
        encoding="utf-8",
    )
    rows = tmp_path / "rows.csv"
    rows.write_text("name,count,lang\n" + "".join(f"Ann {n},{n},{['de', 'ko', 'ar'][n % 3]}\n" for n in range(1000)))
    runner, folder = CliRunner(), tmp_path / "locale"
    update = ["messages", "update", str(source), "--catalog", str(folder), "--locales", "de,ko,ar"]
    assert runner.invoke(main, update).exit_code == 0
    for path in folder.glob("*.po"):
        text = path.read_text(encoding="utf-8").replace(
            'msgid "Hello {{ name }}"\nmsgstr ""', f'msgid "Hello {{{{ name }}}}"\nmsgstr "{path.stem} {{{{ name }}}}"'
        )
        for form in range(6):
            text = text.replace(f'msgstr[{form}] ""', f'msgstr[{form}] "{path.stem} {form} {{{{ n }}}}"')
        path.write_text(text, encoding="utf-8")
    compiled = []
    read = Programs._read
    monkeypatch.setattr(
        Programs, "_read", lambda self, template: (compiled.append(template.locale), read(self, template))[1]
    )
    options = ["--data", str(rows), "--catalog", str(folder), "-o", str(tmp_path / "out.jsonl")]
    found = runner.invoke(main, ["build", str(source), "--locales", "de,ko,ar", *options])
    assert found.exit_code == 0, found.output
    assert compiled == ["de", "ko", "ar"]
    assert "slow" not in found.output
    project, outputs = load_script(source), {}
    for locale in ("de", "ko", "ar"):
        outputs[locale] = (tmp_path / f"out.{locale}.jsonl").read_bytes().splitlines()
        assert len(outputs[locale]) == 1000
        translated = project.translated(folder, locale)
        for n in (0, 1, 2, 3, 11, 100, 999):
            row = {"name": f"Ann {n}", "count": str(n), "lang": ""}
            assert outputs[locale][n] == translated.render(row).to_json().encode()
            assert f'"text":"{locale} Ann {n}"'.encode() in outputs[locale][n]
    compiled.clear()
    found = runner.invoke(main, ["build", str(source), "--locale-column", "lang", *options])
    assert found.exit_code == 0, found.output
    assert (compiled, "slow" in found.output) == (["de", "ko", "ar"], False)
    mixed = (tmp_path / "out.jsonl").read_bytes().splitlines()
    assert mixed == [outputs[["de", "ko", "ar"][n % 3]][n] for n in range(1000)]


# the command line


def aistudios(*args):
    found = CliRunner().invoke(main, [str(arg) for arg in args])
    return found.exit_code, found.output


@pytest.fixture
def greeting(tmp_path):
    """A script whose words have a German translation, in a folder with its catalogue."""
    path = tmp_path / "video.py"
    path.write_text(
        "from aistudios_dsl import Project\nproject = Project('Hi {{ name }}').scene().text('Hello', at=(9, 9))\n"
    )
    (tmp_path / "locale").mkdir()
    po_file(tmp_path / "locale", (None, "Hello", "Hallo"), (None, "Gone", "Weg"))
    return path


def test_build_takes_the_words_of_a_language_and_says_what_it_lacks(greeting):
    catalog = greeting.parent / "locale"
    code, output = aistudios("build", greeting, "--locale", "de", "--catalog", catalog, "--set", "name=Ann")
    assert code == 0
    assert f"note: {catalog / 'de.po'}: no translation of 1 message, 1 that nothing says any more" in output
    assert '"text":"Hallo"' in output
    out = greeting.parent / "out.json"
    code, output = aistudios(
        "build", greeting, "--locales", "all", "--catalog", catalog, "--set", "name=Ann", "-o", out
    )
    assert code == 0
    assert [path.name for path in greeting.parent.glob("out*")] == ["out.de.json"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--locale", "dd"], "known are: de"),
        (["--locale", "Deutsch"], "not a BCP 47 tag"),
        (["--locale", "de", "--locales", "de"], "give one of --locale, --locales and --locale-column"),
        (["--locales", "de,ko"], "-o video.json makes video.de.json"),
        (["--locale-column", "lang"], "--locale-column requires --data"),
        (["--locale", ""], 'locale is "", which is not a BCP 47 tag'),
        (["--locales", " ,", "-o", "x.json"], "it names no language"),
        (["--locales", "de", "-o", "."], "-o video.json makes video.de.json"),
        (["--locales", "de", "--data", "-", "-o", "x.jsonl"], "standard input can be read once"),
        (["--locales", "all", "--catalog", "examples", "-o", "x.json"], "examples has no PO files"),
    ],
)
def test_build_refuses_languages_that_do_not_go_together(options, message, greeting):
    catalog = [] if "--catalog" in options else ["--catalog", greeting.parent / "locale"]
    filled = [] if "--data" in options else ["--set", "name=Ann"]
    code, output = aistudios("build", greeting, *options, *catalog, *filled)
    assert code != 0
    assert message in output


def test_a_row_whose_language_is_unknown_is_named(greeting):
    rows = greeting.parent / "rows.csv"
    rows.write_text("name,lang\nAnn,de\nBob,\nCem,dd\n")
    options = ["--catalog", greeting.parent / "locale", "--data", rows, "--on-error", "skip"]
    code, output = aistudios("build", greeting, *options, "--locale-column", "lang")
    assert code == 0
    assert ['"text":"Hallo"' in line for line in output.splitlines() if line.startswith("{")] == [True, False]
    assert "has no catalogue for 'dd'" in output
    code, output = aistudios("build", greeting, *options, "--locale-column", "language")
    assert code == 1
    assert "the row has no 'language'" in output


def test_the_messages_commands_write_files_that_they_read(greeting):
    folder = greeting.parent / "locale"
    code, output = aistudios("messages", "extract", greeting, "-o", folder / "video.pot")
    assert (code, output) == (0, f"{folder / 'video.pot'}: 2 messages\n")
    code, output = aistudios("messages", "update", greeting, "--catalog", folder, "--locales", "ko,de")
    assert (code, output) == (
        0,
        f"{folder / 'de.po'}: 2 messages, 1 to translate, 0 fuzzy\n{folder / 'ko.po'}: 2 messages\n",
    )
    code, output = aistudios("messages", "pseudo", greeting, "-o", folder / "en_XA.po")
    assert code == 0
    code, output = aistudios("build", greeting, "--locale", "en-XA", "--catalog", folder, "--set", "name=Ann")
    assert '"text":"Ḣééľľľö"' in output
    assert "note:" not in output
    code, output = aistudios("messages", "update", greeting, "--catalog", greeting.parent / "none")
    assert (code, "has no PO files yet: --locales de,ko makes some" in output) == (2, True)
    assert aistudios("messages", "extract", greeting)[1].startswith("# The words of a video.")
