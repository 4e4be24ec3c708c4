"""The values of a row on their way into a text: what is missing is refused, odd names are spelt, mix-ups are told."""

import decimal
import itertools
import sqlite3
from collections import deque, namedtuple
from datetime import date
from functools import cache

import numpy
import pandas
import pytest

from aistudios_dsl import DslError, Project, TemplateError
from aistudios_dsl.templates.values import spelling

MISSING = [
    None,
    float("nan"),
    decimal.Decimal("NaN"),
    decimal.Decimal("sNaN"),
    pandas.NA,
    pandas.NaT,
    numpy.float32("nan"),
    numpy.float64("nan"),
    numpy.datetime64("NaT"),
    numpy.ma.masked,
]
PRINTING = [
    "{{ v }}",
    "{{ v|upper }}",
    "{{ v|lower }}",
    "{{ v|trim }}",
    "{{ v|title }}",
    "{{ v|capitalize }}",
    "{{ v|string }}",
    "{{ v|replace('a', 'b') }}",
    "{{ 'a'|replace('a', v) }}",
    "{{ 'a' ~ v }}",
    "{{ v ~ 'a' }}",
    "{{ '%s'|format(v) }}",
    "{{ '%(x)s'|format(x=v) }}",
    "{{ '%s' % v }}",
    "{{ '%s' % (v,) }}",
    "{{ '{}'.format(v) }}",
    "{{ '{x}'.format(x=v) }}",
    "{{ '{v}'.format_map(row) }}",
    "{{ [v]|join }}",
    "{{ ['a', 'b']|join(v) }}",
    "{{ xs|join(', ', attribute='v') }}",
    "{{ xs|map(attribute='v')|join }}",
    "{{ [v]|map('upper')|list }}",
    "{{ [v] }}",
    "{{ [[v]]|string }}",
    "{{ {'a': v} }}",
    "{{ xs }}",
    "{{ v|e }}",
    "{{ v|safe }}",
    "{{ v|forceescape }}",
    "{{ v|center(9) }}",
    "{{ v|indent }}",
    "{{ v|truncate }}",
    "{{ v|wordwrap }}",
    "{{ v|wordcount }}",
    "{{ v|striptags }}",
    "{{ v|urlize }}",
    "{{ v|urlencode }}",
    "{{ {'a': v}|urlencode }}",
    "{{ v|pprint }}",
    "{{ v|int }}",
    "{{ v|float }}",
    "{{ row['v'] }}",
    "{{ row.v|upper }}",
    "{{ xs[0].v }}",
    "{{ [v]|first|upper }}",
    "{% for x in xs %}{{ x.v }}{% endfor %}",
    "{% set x = v %}{{ x|upper }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(v) }}",
    "{% filter upper %}{{ v }}{% endfilter %}",
]


def template(text, **scene):
    return Project().scene(**scene).text(text, width=90, height=90, tag="t")


@cache
def compiled(project):
    return project.compile()


def outcome(project, row):
    """The text, or the error; the plan must give the same bytes, or the same error."""
    try:
        plan = compiled(project)
        found = project.render(row)
    except DslError as fault:
        found = fault
    if isinstance(found, DslError):
        with pytest.raises(type(found)) as caught:
            project.compile().render_json(row)
        assert str(caught.value) == str(found)
        return str(found)
    slow = plan.slow_rows
    assert plan.render_json(row) == found.to_json().encode()
    assert plan.slow_rows == slow
    return found.find("t").text


@pytest.mark.parametrize("text", PRINTING)
def test_a_missing_value_of_any_kind_never_becomes_text(text):
    """Whatever Jinja makes a text with, the error names the field and the variable, and how to give it a text."""
    project = template(text)
    for value in MISSING:
        found = outcome(project, {"v": value, "xs": [{"v": value}]})
        assert found.startswith("scenes[0].clips[0].text, test_values.py line"), (value, found)
        assert "a value is None" in found
        assert "hint: give it a text: {{ " in found
        assert "v' is missing in the row" in found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ v|default('x', true) }}", "x"),
        ("{{ v or 'x' }}", "x"),
        ("{{ 'yes' if v else 'no' }}", "no"),
        ("{{ 'yes' if not v else 'no' }}", "yes"),
        ("{{ v is none }}", "True"),
        ("{{ v is not none and v > 3 }}", "False"),
        ("{{ v == 5 }} {{ v != 5 }} {{ v == none }}", "False True True"),
        ("{{ v in ['a', 5] }}", "False"),
        ("{{ v|int(0) }} {{ v|int(default=7) }} {{ v|float(0.5) }}", "0 7 0.5"),
        ("{{ xs[0].v|default('x', true) }}", "x"),
        ("{{ xs|map(attribute='v')|map('default', 'x', true)|join }}", "x"),
        ("{{ xs|rejectattr('v', 'none')|list|length }}", "0"),
        ("{{ {'a': v}|tojson }}", '{"a": null}'),
        ("{{ [v]|length }}", "1"),
    ],
)
def test_what_asks_about_a_missing_value_works(text, shown):
    project = template(text)
    for value in MISSING:
        assert outcome(project, {"v": value, "xs": [{"v": value}]}) == shown


@pytest.mark.parametrize("text", ["{{ v > 3 }}", "{{ v|length }}", "{{ v + 1 }}", "{% for x in v %}{% endfor %}"])
def test_what_needs_a_value_says_that_it_is_missing(text):
    found = outcome(template(text), {"v": pandas.NA})
    assert "rendering failed: TypeError" in found
    assert "hint: v is missing in the row: ask first, as in v is not none and …" in found


def test_a_condition_on_a_missing_value_is_false_and_may_ask():
    for value in MISSING:
        project = template("kept").scene(when="v").text("no").scene(when="v is none", watermark=True)
        assert len(project.render(v=value).scenes) == 2


@pytest.mark.parametrize(
    ("text", "row", "name"),
    [
        ("{{ a }}{{ b|upper }}", {"a": 1, "b": None, "c": None}, "b"),
        ("{{ a|default('', true) }}{{ b|upper }}", {"a": None, "b": None}, "b"),
        ("{{ b|default('', true) }}{{ a ~ '' }}", {"a": None, "b": None}, "a"),
        ("{{ a.b[0].c|upper }}", {"a": {"b": [{"c": None}]}}, "a.b[0].c"),
        ("{{ row['First Name']|upper }}", {"First Name": None}, "First Name"),
        ("{{ First_Name|upper }}", {"First Name": None}, "First_Name"),
    ],
)
def test_the_variable_at_fault_is_named(text, row, name):
    assert f"a value is None: {name!r} is missing in the row\n" in outcome(template(text), row)


@pytest.mark.parametrize("value", [float("inf"), decimal.Decimal("-Infinity"), numpy.float32("inf")])
def test_an_infinite_number_is_refused_behind_a_filter_too(value):
    for text in ("{{ v }}", "{{ v|string }}", "{{ [v] }}", "{{ 'a' ~ v }}"):
        assert "which cannot be shown" in outcome(template(text), {"v": value})


def test_a_method_that_is_not_called_is_refused():
    for text in ("{{ v.upper }}", "{{ v.upper|string }}", "{{ 'a' ~ v.upper }}", "{{ row.items }}", "{{ v.format }}"):
        found = outcome(template(text), {"v": "Ann"})
        assert "a value is the function '" in found
        assert "()" in found


def own_filters(environment):
    environment.filters["money"] = lambda value: "free" if value is None else f"{value} €"


def test_an_own_filter_gets_none_for_a_missing_value_and_decides():
    project = Project("{{ v|money }}", environment=own_filters).scene()
    assert [project.render(v=value).name for value in (pandas.NA, 5)] == ["free", "5 €"]


class Person:
    def __init__(self, name):
        self.name = name


def test_a_missing_attribute_of_an_object_is_refused_too():
    assert "a value is nan" in outcome(template("{{ p.name|upper }}"), {"p": Person(float("nan"))})
    assert outcome(template("{{ p.name|default('x', true) }}"), {"p": Person(pandas.NaT)}) == "x"


# rows as they come


ROW = {"First Name": "Ann", "E-Mail": "a@x.example", "2nd": "b", "Price (€)": 5, "№": "n", "row": 1}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ First_Name }}", "Ann"),
        ('{{ row["First Name"] }}', "Ann"),
        ("{{ E_Mail }}", "a@x.example"),
        ("{{ _2nd }}", "b"),
        ("{{ Price }}", "5"),
        ("{{ row['№'] }}", "n"),
        ("{{ row|length }}", "5"),
        ("{{ row.items()|map('first')|join('; ') }}", "First Name; E-Mail; 2nd; Price (€); №"),
        ("{{ row['nope']|default('none') }}", "none"),
        ("{{ FirstName }}", "the row has no 'FirstName'\n  hint: did you mean 'First_Name'?"),
        ("{{ row['Frist Name'] }}", "the row has no 'Frist Name'\n  hint: did you mean 'First Name'?"),
        ("{{ First Name }}", "hint: the column 'First Name' is {{ First_Name }} or {{ row[\"First Name\"] }}"),
        ("{{ E-Mail }}", "hint: the column 'E-Mail' is {{ E_Mail }} or {{ row[\"E-Mail\"] }}"),
        (
            "{{ 'for ' ~ First Name|upper }}",
            "hint: the column 'First Name' is {{ First_Name }} or {{ row[\"First Name\"] }}",
        ),
        (
            "{{ row['First Name'].strftime('%d') }}",
            "a text has no attribute 'strftime'\n  hint: a CSV has dates as texts",
        ),
        ("{{ row }}", "the whole row is printed\n  hint: name a column"),
        ("{{ row|string }}", "the whole row is printed"),
        ("{{ [row] }}", "the whole row is printed"),
    ],
)
def test_a_column_is_read_by_its_name_or_by_its_spelling(text, shown):
    row = {name: value for name, value in ROW.items() if name != "row"}
    assert shown in outcome(template(text), row)


def test_a_column_named_row_is_that_column():
    assert outcome(template("{{ row }}"), ROW) == "1"


def test_two_columns_with_one_spelling_are_refused():
    found = outcome(template("a {{ b }}"), {"First Name": 1, "First-Name": 2, "b": 3})
    assert found == "the columns 'First Name' and 'First-Name' are both {{ First_Name }}\n  hint: rename one"


def test_a_value_given_beside_the_row_replaces_the_column_it_spells():
    project = Project("{{ First_Name }}").scene()
    assert project.render({"First Name": "Ann"}, First_Name="Bob").name == "Bob"


def test_variables_list_the_columns_that_row_reads():
    project = Project("{{ row['First Name'] }}").scene(each="row in rows").text("{{ row['x'] }}", width=9, height=9)
    assert project.variables() == {"name": ("First Name",), "scenes[0].each": ("rows",)}


@pytest.mark.parametrize(
    ("column", "name"),
    [
        *(("First Name", "First_Name"), ("Größe", "Größe"), ("Gro\u0308ße in m", "Größe_in_m"), ("a--b", "a_b")),
        *(("1", "_1"), ("%", ""), ("", ""), (" a ", "a"), ("이름 (성)", "이름_성"), ("a.b/c", "a_b_c")),
    ],
)
def test_a_spelling_is_an_identifier_or_nothing(column, name):
    assert spelling(column) == name
    assert name == "" or name.isidentifier()


Point = namedtuple("Point", "x y")


def test_a_row_may_be_what_a_database_gives():
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    row = database.execute("""select 'Ann' as "First Name", null as gap""").fetchone()
    assert outcome(template("{{ First_Name }}"), row) == "Ann"
    assert "'gap' is missing" in outcome(template("{{ gap|upper }}"), row)
    twice = database.execute("select 1 as a, 2 as a").fetchone()
    assert "two columns of the row are both named 'a'" in outcome(template("{{ a }}"), twice)
    database.close()
    assert outcome(template("{{ x }}{{ y }}"), Point(1, "b")) == "1b"
    assert outcome(template("{{ day }}"), {"day": date(2026, 3, 1)}) == "2026-03-01"


def endless():
    found = []
    found.append(found)
    return found


def doubled():
    found = ["a"]
    for _ in range(60):
        found = [found, found]
    return found


@pytest.mark.parametrize("make", [endless, doubled, lambda: {"a": endless()}, lambda: (doubled(),)])
@pytest.mark.parametrize("text", ["{{ v }}", "{{ v|length }}", "no more"])
def test_a_value_that_contains_itself_or_shares_without_end_is_refused_at_once(make, text):
    found = outcome(template(text + "{{ w }}"), {"v": make(), "w": 1})
    assert found.startswith(("'v' has more than 100 levels", "'v' holds more than 1,000,000 items and characters"))


def test_large_values_within_the_bounds_are_taken():
    row = {"v": [{"n": n, "t": "x" * 10} for n in range(10_000)], "d": deque([1, 2]), "p": Point(1, 2)}
    assert outcome(template("{{ v|length }} {{ d|sum }} {{ p.x }}"), row) == "10000 3 1"


def test_values_of_a_row_stay_as_they_are():
    """Making room for what is missing changes no object of the caller's."""
    inner = {"n": [float("nan"), 1]}
    row = {"v": inner}
    Project("{{ v.n[1] }}").scene().render(row)
    assert row["v"] is inner
    assert inner["n"][0] != inner["n"][0]


# conditions


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("n == 5", "compares the number 5 with the text '5', which is never equal to it"),
        ("n != 5", "compares the number 5 with the text '5'"),
        ("5 == n", "compares the number 5 with the text '5'"),
        ("n == 5.0", "compares the number 5.0 with the text '5'"),
        ("n == m", "compares the number 7 with the text '5'"),
        ("n in [4, 5]", "compares the number 4 with the text '5'"),
        ("n not in (4, 5)", "compares the number 4 with the text '5'"),
        ("n is eq 5", "compares the number 5 with the text '5'"),
        ("[n]|select('==', 5)|list|length == 1", "compares the number 5 with the text '5'"),
        ("vip == true", "compares True with the text 'yes'"),
        ("n > 4", "hint: n is text: n|int or n|float is a number"),
        ("plan", "when='plan' is 'gold', which is neither true nor false\n  hint: to ask whether there is one:"),
        ("plan", "when=\"plan != ''\""),
    ],
)
def test_a_condition_that_compares_a_number_with_a_text_is_told(when, told):
    found = outcome(template("a", when=when), {"n": "5", "m": 7, "vip": "yes", "plan": "gold"})
    assert told in found
    assert found.startswith("scenes[0].when")


@pytest.mark.parametrize(
    "when", ["n|int == 5", "n == '5'", "plan == 'gold'", "plan != 5", "m == 7", "m == 7.0", "plan in ['gold', 5]"]
)
def test_other_comparisons_hold(when):
    assert outcome(template("a", when=when), {"n": "5", "m": 7, "plan": "gold"}) == "a"


def test_numbers_of_numpy_and_decimal_count_as_numbers():
    row = {"n": numpy.int64(5), "f": numpy.float32(0.5), "b": numpy.bool_(True), "d": decimal.Decimal(2), "t": "5"}
    for when in ("n > 4", "n == 5", "n", "b", "f < 1", "d == 2", "n != 6 and b"):
        assert outcome(template("{{ n }} {{ f }} {{ d }}", when=when), row) == "5 0.5 2"
    for when in ("t == n", "t == d", "t in [n]"):
        assert "with the text '5', which is never equal to it" in outcome(template("a", when=when), row)


def test_a_comparison_in_a_text_is_told_too():
    found = outcome(template("{% if n == 5 %}five{% else %}other{% endif %}"), {"n": "5"})
    assert "compares the number 5 with the text '5'" in found


def test_rows_are_told_by_their_number():
    project = Project("{{ v|upper }}").scene()
    with pytest.raises(TemplateError, match="row 2: name: a value is None: 'v' is missing in the row"):
        list(project.render_all(itertools.chain([{"v": "a"}], [{"v": pandas.NaT}])))
