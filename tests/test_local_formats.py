"""Dates, numbers and money in the language of the project; what they refuse; the plan writes what render writes."""

import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal

import numpy
import pandas
import pytest
from attrs import evolve

from aistudios_dsl import Project, TemplateError
from aistudios_dsl.plan.plan import Plan
from tests.extras import needs

pytestmark = needs("babel", "languages")
DAY, MOMENT = date(2026, 3, 1), datetime(2026, 3, 1, 14, 30)


def saying(text, locale=None):
    return evolve(Project().scene().text(text, tag="t"), locale=locale)


def written(text, locale=None, **row):
    """The text as `render` writes it; the plan must write the same bytes on its fast path."""
    template = saying(text, locale)
    rendered, plan = template.render(row), template.compile()
    assert plan.render_json(row) == rendered.to_json().encode()
    assert plan.slow_rows == 0
    return rendered.find("t").text


@pytest.mark.parametrize(
    ("text", "locale", "value", "shown"),
    [
        ("money('EUR')", None, 1234.5, "€1,234.50"),
        ("money('EUR')", "de", "1234.5", "1.234,50\xa0€"),
        ("money('EUR')", "fr", Decimal("1234.5"), "1\u202f234,50\xa0€"),
        ("money('JPY')", "ja", 990, "￥990"),
        ("money('eur')", "pt-BR", 3, "€\xa03,00"),
        ("money('USD')", "en", 0.125, "$0.13"),
        ("number", "de", 1234567.5, "1.234.567,5"),
        ("number", "hi", 1234567.5, "12,34,567.5"),
        ("number(2)", "de", 3, "3,00"),
        ("number(0)", "de", 2.5, "3"),
        ("number", "de", numpy.float32(0.1), "0,1"),
        ("number", "de", numpy.int64(5000), "5.000"),
        ("number", "de", "9" * 40, ".".join(["9", *["999"] * 13])),
        ("date", None, DAY, "March 1, 2026"),
        ("date", "de", "2026-03-01", "1. März 2026"),
        ("date", "ko", DAY, "2026년 3월 1일"),
        ("date", "ko-KR", pandas.Timestamp(DAY), "2026년 3월 1일"),
        ("date('short')", "de", DAY, "01.03.26"),
        ("date('EEEE, d. MMMM')", "de", DAY, "Sonntag, 1. März"),
        ("date('d. MMM, HH:mm')", "de", MOMENT, "1. März, 14:30"),
        ("date", "xx-unknown", DAY, "March 1, 2026"),
    ],
)
def test_values_are_written_as_the_language_writes_them(text, locale, value, shown):
    assert written(f"{{{{ x|{text} }}}}", locale, x=value) == shown


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("money", 3, "needs the code of a currency"),
        ("money('EURO')", 3, "did you mean 'EUR'"),
        ("money(none)", 3, "a value is None"),
        ("money('EUR')", None, "'x' is missing in the row"),
        ("money('EUR')", "1.234,50", "is not a number"),
        ("number", float("nan"), "'x' is missing in the row"),
        ("number", float("inf"), "cannot be shown"),
        ("number", True, "got true, which is not a number"),
        ("number", [1], "got a list, which is not a number"),
        ("number", Decimal("1e99"), "more than 40 digits"),
        ("number", "1e-999999", "more than 40 digits"),
        ("number(-1)", 3, "give the decimals"),
        ("number('2')", 3, "give the decimals"),
        ("date", "yesterday", "is not a date"),
        ("date", 20260301, "is not a date"),
        ("date", pandas.NaT, "'x' is missing in the row"),
        ("date('meduim')", DAY, "did you mean 'medium'"),
        ("date('HH:mm')", DAY, "a date has no hours"),
        ("date(5)", DAY, "is not a date format"),
        ("date('y' * 101)", DAY, "at most 100 characters"),
    ],
)
def test_what_has_no_such_text_is_refused_alike_by_render_and_plan(text, value, message):
    template = saying(f"{{{{ x|{text} }}}}", "de")
    faults = []
    for render in (template.render, template.compile().render_json):
        with pytest.raises(TemplateError, match=message) as fault:
            render({"x": value})
        faults.append(str(fault.value))
    assert faults[0] == faults[1]


def test_a_filter_of_the_user_replaces_one_of_the_same_name():
    template = evolve(saying("{{ x|money('EUR') }}", "de"), environment=own_money)
    assert template.render(x=3).find("t").text == "3 EUR"


def own_money(environment):
    environment.filters["money"] = lambda value, code: f"{value} {code}"


def test_the_language_is_that_of_each_project_even_where_templates_are_shared():
    text = "{{ x|number }}"
    assert [written(text, locale, x=1.5) for locale in ("de", None, "fr", "en")] == ["1,5", "1.5", "1,5", "1.5"]


def test_without_babel_the_extra_is_named():
    code = (
        "import sys; sys.modules['babel'] = None\n"
        "from aistudios_dsl import Project\n"
        "Project().scene().text('{{ x|number }}').render(x=3)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'aistudios-dsl[languages]'" in done.stderr


def test_templates_without_these_filters_load_no_babel():
    code = "import sys; from aistudios_dsl import Project; Project('{{ x }}').scene().render(x=1); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name for name in done.stdout.split() if name.partition(".")[0] == "babel"}
    assert "jinja2" in done.stdout.split()


def test_a_plan_that_is_pickled_keeps_its_language():
    import pickle

    plan = pickle.loads(pickle.dumps(saying("{{ x|number }}", "de").compile()))
    assert isinstance(plan, Plan)
    assert b'"1,5"' in plan.render_json({"x": 1.5})
