"""Jinja in a project's strings: what is rendered, what is refused, and what a row must have."""

import pickle

import pytest

from aistudios_dsl import Project, TemplateError
from aistudios_dsl.templates.environment import Templates

PLAIN = Templates()


def shout(environment):
    environment.filters["shout"] = lambda text: text.upper() + "!"
    environment.globals["brand"] = "Lumen"


def brackets(environment):
    environment.variable_start_string, environment.variable_end_string = "[[", "]]"


@pytest.mark.parametrize(
    ("text", "row", "result"),
    [
        ("{{ a }}", {"a": "{{ b }}"}, "{{ b }}"),
        ("{{ a }}\n", {"a": 1}, "1\n"),
        ("{{ a.b[0] }}", {"a": {"b": ["x"]}}, "x"),
        ("{{ a or '' }}", {"a": None}, ""),
        ("{% for n in range(3) %}{{ n }}{% endfor %}", {}, "012"),
        ("{{ range }}", {"range": "own"}, "own"),
        ("<{{ a }}>", {"a": "<&"}, "<<&>"),
    ],
)
def test_a_value_is_data(text, row, result):
    assert PLAIN.render(text, row) == result


def test_in_html_values_are_escaped_and_the_text_itself_is_not():
    assert PLAIN.render("<p>{{ a }}</p>", {"a": '<&">'}, html=True) == "<p>&lt;&amp;&#34;&gt;</p>"


@pytest.mark.parametrize("text", ["plain", "50 % { off }", "}} and %}", ""])
def test_text_without_jinja_is_no_template(text):
    assert not PLAIN.is_template(text)


@pytest.mark.parametrize(
    "text", ["{{ a }}", "{% if a %}{% endif %}", "a {# comment #} b", "{{ 1 }}", "{% raw %}a{% endraw %}"]
)
def test_text_with_jinja_is_a_template(text):
    assert PLAIN.is_template(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{ b }} {{ a.c }}", ("a", "b")),
        ("{% for x in xs %}{{ x }}{{ loop.index }}{% endfor %}", ("xs",)),
        ("{% set x = y %}{{ x }}", ("y",)),
        ("{{ range }}", ("range",)),
        ("{{ range(n) }}", ("n",)),
    ],
)
def test_names_are_those_that_a_row_must_have(text, names):
    assert PLAIN.names(text) == names


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("{{ name }}", {"nmae": "Ann"}, "the row has no 'name'\n  hint: did you mean 'nmae'?"),
        ("{{ range }}", {}, "the row has no 'range'"),
        ("{{ a.frist }}", {"a": {"first": 1}}, "no attribute 'frist'\n  hint: did you mean 'first'?"),
        ("{{ a }}", {"a": None}, "a value is None"),
        ("{{ a }}", {"a": float("nan")}, "a value is nan"),
        ("{{ a * 10 }}", {"a": 1e308}, "a value is inf"),
        ("{{ a }}", {"a": "\ud800"}, "an unpaired surrogate"),
        ("{{ a / 0 }}", {"a": 1}, "ZeroDivisionError"),
        ("{{ ''.__class__.__mro__ }}", {}, "unsafe"),
        ("one\ntwo {{ a", {"a": 1}, "line 2 ('two {{ a')"),
        ("{% endfor %}", {}, "line 1"),
    ],
)
def test_what_cannot_be_rendered_is_told(text, row, message):
    with pytest.raises(TemplateError) as caught:
        PLAIN.render(text, row)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [(True, True), (0, False), (None, False), ("1", True), ("true", True), ("FALSE", False), ("", False), (2.5, True)],
)
def test_when_takes_what_is_plainly_true_or_false(value, kept):
    assert PLAIN.truth("vip", {"vip": value}) is kept
    assert len(Project().scene(when="vip").scene().render(vip=value).scenes) == 1 + kept


@pytest.mark.parametrize("value", ["yes", [1], {"a": 1}, float("nan")])
def test_when_refuses_the_rest(value):
    with pytest.raises(TemplateError, match="neither true nor false"):
        PLAIN.truth("vip", {"vip": value})


def test_each_binds_first_and_then_when_decides():
    project = Project().scene(each="name, n in people", when="n > 1").text("{{ name }}", width=9, height=9)
    assert project.variables() == {"scenes[0].each": ("people",)}
    scenes = project.render(people=[("Ann", 1), ("Bob", 2), ("Cid", 3)]).to_dict()["scenes"]
    assert [scene["clips"][0]["text"] for scene in scenes] == ["Bob", "Cid"]
    assert [scene["sceneIdx"] for scene in scenes] == [0, 1]
    assert len({scene["clips"][0]["id"] for scene in scenes}) == 2


def test_ids_of_a_scene_do_not_depend_on_what_other_scenes_a_row_keeps():
    project = Project().scene(when="vip").scene().text("x", width=9, height=9)
    with_it, without = (project.render(vip=vip).to_dict()["scenes"][-1]["clips"] for vip in (True, False))
    assert with_it == without


def test_the_user_s_filters_and_globals_are_known_and_asked_of_no_row():
    project = Project("{{ brand }} {{ name|shout }}", environment=shout).scene()
    assert project.variables() == {"name": ("name",)}
    assert project.render(name="ann").to_dict()["name"] == "Lumen ANN!"
    assert pickle.loads(pickle.dumps(project)).render(name="bob").name == "Lumen BOB!"


def failing(environment):
    environment.filters["fail"] = lambda value: 1 / 0


def test_an_error_of_the_user_s_filter_is_the_cause_of_what_is_raised():
    project = Project(environment=failing).scene().text("{{ 1|fail }}", width=9, height=9)
    for render in (project.render, project.compile().render_json):
        with pytest.raises(TemplateError, match=r"scenes\[0\]\.clips\[0\]\.text, .*: rendering failed") as caught:
            render({})
        assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_the_user_s_own_delimiters_are_followed():
    own = Templates(brackets)
    assert own.is_template("[[ a ]]")
    assert own.render("{{ a }} [[ a ]]", {"a": 1}) == "{{ a }} 1"


def test_every_string_of_a_project_may_be_a_template():
    project = (
        Project("{{ a }}", webhook_url="https://{{ a }}/", orientation="{{ o }}")
        .scene(background="#{{ hex }}")
        .shape("{{ shape }}", fill="{{ fill }}", width="{{ w }}", height=5, at="{{ at }}", tag="{{ a }}-tag")
        .image("https://{{ a }}/x.png", width=5, height=5, at=("{{ w }}", 0))
        .avatar("{{ model }}", say="Hi {{ a }}")
    )
    row = {"a": "A", "o": "portrait", "hex": "102030", "shape": "Star", "fill": "red", "w": "50%", "at": "top left"}
    row |= {"model": "M000045058"}
    assert set().union(*project.variables().values()) == set(row)
    built = project.render(row).to_dict()
    square, star, image, avatar = built["scenes"][0]["clips"]
    assert (built["name"], built["orientation"], square["fill"]) == ("A", "portrait", "#102030")
    assert (star["shapeName"], star["width"], star["left"], star["tag"]) == ("Star", 540, 0, "A-tag")
    assert (image["source_url"], image["left"]) == ("https://A/x.png", 540)
    assert avatar["script"]["org"] == "<p>Hi A</p>"


def test_speech_escapes_what_a_row_brings():
    project = Project().scene().avatar("M000045058", say="{{ a }}").say("<p>{{ a }}</p>", html=True)
    clip = project.render(a="A & <B>\n\nC").to_dict()["scenes"][0]["clips"][0]
    assert clip["script"]["org"] == "<p>A &amp; &lt;B&gt;</p><p>C</p><p>A &amp; &lt;B&gt;\n\nC</p>"


def test_a_loaded_template_is_rendered_too_and_literal_braces_are_kept_on_request():
    body = Project("{{ a }}").scene()
    document = body.render(a="{{ name }} 100%").to_dict()
    assert Project.load(document).render(name="Ann").to_dict()["name"] == "Ann 100%"
    assert Project.load(document, template=False).to_dict() == document


def test_a_rendered_project_is_literal():
    project = Project("{{ a }}").scene().render(a="{{ b }}")
    assert project.to_dict()["name"] == "{{ b }}"
    assert project.variables() == {}
    with pytest.raises(TemplateError, match="rendered already"):
        project.render(b=1)


def test_render_all_names_the_row_that_failed():
    project = Project("{{ a }}").scene()
    rendered = project.render_all([{"a": 1}, {"b": 2}])
    assert next(rendered).name == "1"
    with pytest.raises(TemplateError, match="row 2: name: the row has no 'a'"):
        next(rendered)


@pytest.mark.parametrize("levels", [100, 330, 490, 3000])
@pytest.mark.parametrize(("left", "right"), [("(", ")"), ("not ", ""), ("[", "]")])
def test_a_template_nested_too_deeply_is_refused_and_no_stack_is_shown(left, right, levels):
    """However deep: where Jinja reads it, where it looks for names, and where it compiles it."""
    text = f"{{{{ {left * levels}name{right * levels} }}}}"
    for use in (Templates().names, Templates().is_template, lambda text: Templates().render(text, {"name": "Ann"})):
        assert told(use, text) in (
            "",
            "is nested too deeply for Jinja to read",
            "the template calls itself endlessly",
            "holds more than 500 pieces of Jinja, or more than 10,000 characters in them",
        )


TOO_DEEP = ("", "is nested too deeply for Jinja to read", "the template calls itself endlessly")


def told(use, text):
    try:
        use(text)
    except TemplateError as fault:
        return fault.message
    return ""


BROKEN = [
    ("{{ n | uper }}", "line 1 ('{{ n | uper }}'): No filter named 'uper'.", "did you mean 'upper'?"),
    (
        "a\n{{ n | euros }}",
        "line 2 ('{{ n | euros }}'): No filter named 'euros'.",
        "Project(environment=...) adds your own filters",
    ),
    ("{{ 'a' | euros }}", "No filter named 'euros'.", "adds your own filters"),
    ("{% if n is evn %}a{% endif %}", "No test named 'evn'.", "did you mean 'even'?"),
    ("{{ n | uper if n else '' }}", "No filter named 'uper'.", "did you mean 'upper'?"),
    ("{% fore n in m %}", "unknown tag 'fore'", "did you mean 'for'?"),
    ("{{ n }", "line 1 ('{{ n }'): '{{' is never closed", "close it with '}}'; if the braces are text: "),
    ("{{ n", "line 1 ('{{ n'): '{{' is never closed", "close it with '}}'; "),
    ("{{ n } and {{ m }}", "'{{' is never closed", "close it with '}}'; "),
]


@pytest.mark.parametrize(("text", "message", "hint"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_filter_test_or_tag_that_nobody_made_is_told_wherever_the_template_is_read(text, message, hint):
    project = Project().scene().text(text, tag="t")
    for read in (
        project.variables,
        project.compile,
        project.check,
        project.to_json,
        lambda: project.render(n=1, m=[]),
        project.svg,
    ):
        with pytest.raises(TemplateError) as found:
            read()
        assert found.value.path == "scenes[0].clips[0].text"
        assert message in found.value.message
        assert hint in found.value.hint


def test_a_filter_of_ones_own_is_near_too():
    with pytest.raises(TemplateError, match="did you mean 'shout'"):
        Templates(shout).names("{{ n | shuot }}")


@pytest.mark.parametrize(
    ("when", "hint"),
    [
        ("n > 5", "n is text: n|int or n|float is a number"),
        ("tier = 1", "compare with =="),
        ("{{ tier }} == 1", "write an expression without braces"),
        ("n | uper", "did you mean 'upper'?"),
    ],
)
def test_a_condition_that_cannot_be_read_gets_a_way_out(when, hint):
    with pytest.raises(TemplateError) as found:
        Project().scene(when=when).render(n="7", tier=1)
    assert found.value.path == "scenes[0].when"
    assert hint in found.value.hint


def test_numbers_of_a_csv_are_told_in_a_text_as_well():
    with pytest.raises(TemplateError, match=r"n\|int or n\|float is a number"):
        PLAIN.render("{{ n * m + 1 }}", {"n": "1", "m": 2})
    assert PLAIN.render("{{ n|int + 1 }}", {"n": "1"}) == "2"


def test_a_name_that_a_template_asks_after_may_be_missing():
    template = Project('{{ name|default("friend") }}{% if city is defined %} of {{ city }}{% endif %}').scene()
    assert template.variables() == {}
    rows = [{}, {"name": "Ann"}, {"name": "Ann", "city": "Bonn"}]
    assert [template.render(row).name for row in rows] == ["friend", "Ann", "Ann of Bonn"]
    plan = template.compile()
    assert [plan.render_json(row).decode() for row in rows] == [template.render(row).to_json() for row in rows]
    assert not Project().scene().scene(when="vip is defined and vip").render().scenes[1:]
    with pytest.raises(TemplateError, match="the row has no 'city'"):
        Project("{{ name|default('x') }} of {{ city }}").scene().render({})


def broken(environment):
    environment.filters["shout"] = environment.no_such_thing


def test_an_environment_function_that_fails_is_told_by_name():
    with pytest.raises(TemplateError, match="environment=broken failed: AttributeError"):
        Project(environment=broken).scene().text("{{ a }}").render(a=1)
