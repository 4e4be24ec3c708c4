"""A template and a row give what the same script gives with the row's values written into it."""

import json
import re
from urllib.parse import quote

import pytest
from attrs import frozen

from aistudios_dsl import BuildError, Project, TemplateError, above, below, left_of, wire
from aistudios_dsl.wire.jsontext import canonical

HOSTILE = 'Tom & "Ann" <b>{{ x }}</b>'


def without_line(fault):
    """The words of an error that names a line of this file, without that line."""
    words, named = re.subn(r", test_templates.py line \d+", "", str(fault))
    assert named == 1
    return words


def everything(word):
    """A project that takes every string it can from `word`."""
    return (
        Project(
            word("name"),
            orientation=word("orientation"),
            webhook_url=f"https://{word('host')}/hook",
            workspace_id=word("word"),
            resolution=word("resolution"),
            dictionary=[{"from": word("word"), "to": "x"}],
        )
        .scene(background=f"https://{word('host')}/b.png", extra={"note": word("word")})
        .avatar(word("model"), word("cloth"), say=f"Hi {word('word')}.", framing=word("framing"), tag="host")
        .say(word("word"), by="host")
        .image(f"https://{word('host')}/a.png", width=word("width"), height="30%", fit=word("fit"), tag=word("tag"))
        .video(f"https://{word('host')}/a.mp4", poster=f"{word('word')}.jpg", width=9, height=9, at=word("anchor"))
        .audio(f"https://{word('host')}/a.mp3", label=word("word"), id=word("id"))
        .scene(background=word("colour"))
        .shape(word("shape"), fill=word("colour"), stroke=word("colour"), width=word("width"), tag=word("tag"))
        .text(word("word"), font_size=30, color=word("colour"), align=word("align"), at=below(word("tag"), gap="2%"))
        .text("x", fit=(word("width"), "20%"), font_family=word("font"), background=word("colour"))
        .image("https://x.example/a.png", width=9, height=9, animation=(word("animation"), 1, 0))
        .avatar("M000045058", effects=[word("effect"), {"type": "other", "by": word("word")}])
    )


ROW = {
    "name": "A video",
    "orientation": "portrait",
    "host": "x.example",
    "word": HOSTILE,
    "resolution": "720",
    "model": "M000045058",
    "cloth": "BG00002320",
    "framing": "bust",
    "width": "40%",
    "fit": "stretch",
    "tag": "here",
    "anchor": "top left",
    "id": "own-id",
    "colour": "#ff0000",
    "shape": "Star",
    "align": "center",
    "font": "Noto Sans CJK",
    "animation": "zoom-in",
    "effect": "head-only",
}


def test_every_string_of_a_script_may_be_a_template():
    template = everything(lambda name: f"{{{{ {name} }}}}")
    assert set().union(*template.variables().values()) == set(ROW)
    rendered = template.render(ROW)
    assert rendered.to_json() == everything(ROW.get)._literally().to_json()
    assert template.compile().render_json(ROW) == rendered.to_json().encode()


@pytest.mark.parametrize("name", sorted(ROW))
def test_each_name_is_asked_for_with_its_field_and_the_nearest_that_the_row_has(name):
    row = {key: value for key, value in ROW.items() if key != name} | {f"{name}s": "x"}
    with pytest.raises(TemplateError) as caught:
        list(everything(lambda name: f"{{{{ {name} }}}}").render_all([ROW, row]))
    assert str(caught.value).startswith("row 2: ")
    assert f": the row has no '{name}'\n  hint: did you mean '{name}s'?" in str(caught.value)


BROKEN = [
    ("orientation", "lanscape", "orientation", "did you mean 'landscape'?"),
    ("resolution", "8k", "resolution", "known are: 4k, 1080, 720, 480"),
    ("model", "M00004505", "scenes[0].clips[0] (avatar, tag 'host')", "did you mean 'M000045058'?"),
    ("framing", "wiast", "scenes[0].clips[0] (avatar, tag 'host')", "did you mean 'waist'?"),
    ("width", "wide", "scenes[0].clips[1] (image, tag 'here')", "a percentage of the canvas"),
    ("fit", "contian", "scenes[0].clips[1] (image, tag 'here')", "did you mean 'contain'?"),
    ("anchor", "top lfet", "scenes[0].clips[2] (video)", "did you mean 'top left'?"),
    ("colour", "#f", "background", "a hex colour has"),
    ("shape", "Starr", "scenes[1].clips[0].shapeName", "did you mean 'Star'?"),
    ("align", "centre", "scenes[1].clips[1].align", "did you mean 'center'?"),
    ("animation", "zoom", "scenes[1].clips[3].animation.type", "did you mean 'zoom-in'?"),
]


@pytest.mark.parametrize(("name", "value", "path", "hint"), BROKEN, ids=[case[0] for case in BROKEN])
def test_a_rendered_value_is_judged_as_a_written_one(name, value, path, hint):
    with pytest.raises((TemplateError, BuildError)) as caught:
        everything(lambda name: f"{{{{ {name} }}}}").render(ROW | {name: value}).to_json()
    assert path in str(caught.value)
    assert hint in str(caught.value)


def test_a_value_is_escaped_in_html_speech_alone():
    project = (
        Project("{{ a }}", webhook_url="https://x.example/?{{ a }}")
        .scene(background="https://x.example/{{ a|urlencode }}.png")
        .avatar("M000045058", say="{{ a }}", tag="{{ a }}")
        .say("<p>{{ a }}</p>", html=True)
        .text("{{ a }}")
    )
    with pytest.raises(BuildError, match="neither a colour nor a URL nor a path"):
        project.background("https://x.example/{{ a }}.png").render(a=HOSTILE).to_dict()
    built = project.render(a=HOSTILE).to_dict()
    scene = built["scenes"][0]
    plain = '<p>Tom &amp; "Ann" &lt;b&gt;{{ x }}&lt;/b&gt;</p>'
    html = "<p>Tom &amp; &#34;Ann&#34; &lt;b&gt;{{ x }}&lt;/b&gt;</p>"
    assert scene["clips"][0]["script"]["org"] == plain + html
    assert built["name"] == scene["clips"][1]["text"] == scene["clips"][0]["tag"] == HOSTILE
    assert built["webhookUrl"] == f"https://x.example/?{HOSTILE}"
    assert scene["background"]["source_url"] == f"https://x.example/{quote(HOSTILE)}.png"


@pytest.mark.parametrize("api", ["1.4", "1.6"])
def test_loaded_speech_is_html_already_and_its_values_are_escaped(api):
    document = Project(api=api).scene().avatar("M000045058", say="Hi name").to_json().replace("Hi name", "Hi {{ a }}")
    assert "<p>Hi &lt;b&gt;</p>" in Project.load(document).render(a="<b>").to_json()


# when and each


TEMPLATE = (
    Project()
    .scene(when="vip")
    .text("{{ name }}", tag="head")
    .scene(each="quarter, sales in quarters", when="sales > 0", background="#102030")
    .text("{{ quarter }}", at=above("bar", gap=8), tag="head")
    .shape("Square", fill="red", width="{{ sales }}%", height=40, tag="bar")
    .text("{{ sales }} of {{ total }}", at=left_of("bar", gap=8))
    .scene()
    .text("Bye {{ name }}", tag="head")
    .text("!", at=below("head"))
)


def by_hand(name, vip, kept, total):
    """The same scenes, written one by one."""
    project = Project()
    if vip:
        project = project.scene().text(name, tag="head")
    for quarter, sales in kept:
        project = (
            project.scene(background="#102030")
            .text(quarter, at=above("bar", gap=8), tag="head")
            .shape("Square", fill="red", width=f"{sales}%", height=40, tag="bar")
            .text(f"{sales} of {total}", at=left_of("bar", gap=8))
        )
    return project.scene().text(f"Bye {name}", tag="head").text("!", at=below("head"))


def without_ids(project):
    document = project.to_dict()
    for scene in document["scenes"]:
        for clip in scene["clips"]:
            del clip["id"]
    return canonical(document)


@pytest.mark.parametrize("vip", [True, False])
@pytest.mark.parametrize("sales", [[], [0, 0], [12], [10, 0, 35, 7]])
def test_indexes_layers_and_places_are_those_of_scenes_written_by_hand(vip, sales):
    pairs = [(f"Q{number}", sold) for number, sold in enumerate(sales, 1)]
    rendered = TEMPLATE.render(name="Ann", vip=vip, quarters=pairs, total=sum(sales))
    kept = [pair for pair in pairs if pair[1]]
    assert without_ids(rendered) == without_ids(by_hand("Ann", vip, kept, sum(sales)))
    scenes = rendered.to_dict()["scenes"]
    assert [scene["sceneIdx"] for scene in scenes] == list(range(vip + len(kept) + 1))
    ids = [clip["id"] for scene in scenes for clip in scene["clips"]]
    assert len(set(ids)) == len(ids)


def test_an_id_stays_with_its_scene_and_repetition_whatever_else_a_row_keeps():
    def ids(vip, *sales):
        pairs = [(f"Q{number}", sold) for number, sold in enumerate(sales, 1)]
        scenes = TEMPLATE.render(name="Ann", vip=vip, quarters=pairs, total=1).to_dict()["scenes"]
        return {scene["clips"][-1].get("text"): scene["clips"][-1]["id"] for scene in scenes}

    many, few = ids(True, 10, 20, 30), ids(False, 0, 20)
    assert many["20 of 1"] == few["20 of 1"]
    assert many["!"] == few["!"]


def test_a_row_that_leaves_no_scene_is_told_what_left_them_out():
    project = Project().scene(when="vip").scene(each="x in xs")
    with pytest.raises(BuildError, match=r"no scenes\n  hint: the row left every scene out: see their when"):
        project.render(vip=False, xs=[]).to_json()
    for empty in (Project(), Project().render(), Project()._literally()):
        with pytest.raises(BuildError, match=r"no scenes\n  hint: verbs return a new project"):
            empty.to_json()


def test_what_each_binds_is_not_asked_of_a_row_and_goes_before_its_values():
    project = Project().scene(each="name in names", when="name != 'Bob'").text("{{ name }} {{ city }}", tag="t")
    assert project.variables() == {"scenes[0].each": ("names",), "scenes[0].clips[0].text": ("city",)}
    texts = [
        scene["clips"][0]["text"]
        for scene in project.render(names=["Ann", "Bob", "{{ city }}"], name="row", city="Rome").to_dict()["scenes"]
    ]
    assert texts == ["Ann Rome", "{{ city }} Rome"]


@pytest.mark.parametrize(
    ("scene", "row", "message"),
    [
        ({"each": "x of xs"}, {}, "scenes[0].each: each='x of xs' is not a loop\n  hint: write each=\"item in items\""),
        ({"each": "x in xs +"}, {}, "scenes[0].each: 'xs +' is not a Jinja expression"),
        ({"when": "vip ="}, {}, "scenes[0].when: 'vip =' is not a Jinja expression"),
        ({"each": "x in xs"}, {"xss": []}, "scenes[0].each: the row has no 'xs'\n  hint: did you mean 'xss'?"),
        ({"when": "vip"}, {"vips": 1}, "scenes[0].when: the row has no 'vip'\n  hint: did you mean 'vips'?"),
        ({"each": "x in xs"}, {"xs": "abc"}, "scenes[0].each: each='x in xs': xs is str, not a list"),
        ({"each": "x, y in xs"}, {"xs": [1]}, "scenes[0].each: each='x, y in xs': 1 is not 2 values"),
        ({"when": "n > 3"}, {"n": "4"}, "scenes[0].when: rendering failed: TypeError"),
    ],
)
def test_a_condition_that_cannot_be_carried_out_is_told_with_its_field(scene, row, message):
    project = Project().scene(**scene).text("x")
    with pytest.raises(TemplateError) as caught:
        project.render(row)
    assert message in without_line(caught.value)
    if "Jinja expression" in message or "not a loop" in message:
        with pytest.raises(TemplateError) as caught:
            project.compile()
        assert message in without_line(caught.value)


# the user's own environment


def without_sandbox_words(environment):
    environment.filters["cents"] = lambda amount: f"{int(amount) / 100:.2f}"
    environment.tests["large"] = lambda number: int(number) > 9
    environment.globals |= {"shop": "Lumen", "vat": lambda amount: int(amount) * 19 // 100}


def test_filters_tests_and_globals_of_one_s_own_work_in_every_string_and_condition():
    project = (
        Project("{{ shop }}", environment=without_sandbox_words)
        .scene(when="count is large", each="price in prices")
        .text("{{ price|cents }} + {{ vat(price)|cents }}")
    )
    assert set().union(*project.variables().values()) == {"count", "prices"}
    built = project.render(count="12", prices=[1000, "250"]).to_dict()
    texts = [scene["clips"][0]["text"] for scene in built["scenes"]]
    assert (built["name"], texts) == ("Lumen", ["10.00 + 1.90", "2.50 + 0.47"])


@pytest.mark.parametrize("environment", [3, "filters", {"filters": {}}])
def test_an_environment_that_is_no_function_is_refused(environment):
    with pytest.raises(BuildError, match="environment must be a function"):
        Project(environment=environment)


# rows


@pytest.mark.parametrize("row", [[1], "name", 3, [("name", "Ann")]])
def test_a_row_that_is_no_mapping_is_refused_and_named(row):
    project = Project("{{ name }}").scene()
    with pytest.raises(TemplateError, match="a row is a mapping of names to values"):
        project.render(row)
    with pytest.raises(TemplateError, match=r"^row 2: a row is a mapping of names to values"):
        list(project.render_all([{"name": "Ann"}, row]))


@pytest.mark.parametrize("value", ["\ud800", float("nan"), float("inf"), None])
def test_a_value_that_is_no_text_is_refused_and_named(value):
    with pytest.raises(TemplateError, match=r"^row 1: name: a value "):
        list(Project("{{ name }}").scene().render_all([{"name": value}]))


def test_a_name_that_is_no_string_is_passed_over():
    assert Project("{{ name }}").scene().render({3: "x", "name": "Ann"}).name == "Ann"


@frozen
class Person:
    """An object of the user's."""

    name: str


def test_values_of_any_kind_are_reached_with_dots():
    project = Project("{{ person.name }} {{ order.lines[0]['what'] }}").scene()
    row = {"person": Person("Ann"), "order": {"lines": [{"what": "Lamp"}]}}
    assert project.render(row).name == "Ann Lamp"


def test_a_syntax_error_names_its_field_and_line_wherever_the_template_is_used():
    project = Project().scene().text("one\ntwo {{ name", tag="t")
    for use in (project.variables, lambda: project.render(name="Ann"), project.compile, project.to_json):
        with pytest.raises(
            TemplateError, match=r"clips\[0\].text, test_templates.py line \d+: line 2 \('two {{ name'\)"
        ):
            use()


def test_a_loaded_project_is_a_template_in_every_string_too():
    document = everything(ROW.get)._literally().to_dict()
    text = json.dumps(document).replace("x.example", "{{ host }}")
    loaded = Project.load(text.replace("{{ x }}", "{{ '{{ x }}' }}"))
    assert {"host"} == set().union(*loaded.variables().values())
    assert loaded.render(host="x.example").to_json() == canonical(document)


def test_wire_objects_hold_templates_too():
    clip = wire.Image(id="i", layer=1, left=0, top=0, width=1, height=1, source_url="{{ url }}", tag="{{ tag }}")
    background = wire.Background(source_type="image", source_url="{{ url }}")
    project = Project().scene(background=background).put(clip)
    assert set().union(*project.variables().values()) == {"url", "tag"}
    scene = project.render(url="u", tag="t").to_dict()["scenes"][0]
    assert (scene["background"]["source_url"], scene["clips"][0]["source_url"], scene["clips"][0]["tag"]) == (
        "u",
        "u",
        "t",
    )


NUMBERS = [
    ({"font_size": "{{ n }}"}, "50", {"fontSize": 50}),
    ({"font_size": "{{ n }}"}, 50, {"fontSize": 50}),
    ({"font_size": "{{ n }}", "fit": (300, 90), "min_font_size": "{{ n }}"}, " 20 ", {"fontSize": 20}),
    ({"opacity": "{{ n }}", "layer": "{{ n }}"}, "7", {"opacity": 7, "layer": 7}),
    ({"angle": "{{ n }}"}, "4.5", {"angle": 4.5}),
]


@pytest.mark.parametrize(("given", "value", "expected"), NUMBERS)
def test_a_rendered_number_is_a_number_on_the_wire_on_both_ways(given, value, expected):
    project = Project().scene().text("Hi", **given)
    rendered = project.render(n=value)
    clip = rendered.to_dict()["scenes"][0]["clips"][0]
    assert {name: clip[name] for name in expected} == expected
    assert project.compile().render_json({"n": value}) == rendered.to_json().encode()
    assert project.svg()


@pytest.mark.parametrize("value", ["50 pt", "", "4.5", "0", "1e3", "nan"])
def test_what_is_no_font_size_is_refused_with_its_field(value):
    project = Project().scene().text("Hi", font_size="{{ n }}")
    for render in (project.render, project.compile().render_json):
        with pytest.raises(
            TemplateError, match=r"scenes\[0\].clips\[0\].fontSize, test_templates.py line \d+: font_size"
        ):
            render({"n": value})


def test_a_number_in_quotes_gets_the_number_as_a_hint():
    with pytest.raises(BuildError, match="leave out the quotes: font_size=48"):
        Project().scene().text("Hi", font_size="48")
    with pytest.raises(BuildError, match=r"such as wire.Shadow\(color='#000'\)"):
        Project().scene().text("Hi", shadow="#000")
