"""Documents made to hang a tool or to fill memory: each tool ends soon, with its result or with an error of ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aistudios_dsl import BuildError, DslError, LoadError, Project, TemplateError
from aistudios_dsl.service import Client, Outbox
from aistudios_dsl.service.webhook import parse_webhook
from aistudios_dsl.templates.bounded import LONGEST
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.rows import read_rows
from aistudios_dsl.wire.jsontext import canonical, copied, parse

ROOT = Path(__file__).parent.parent
SECONDS, MEMORY = 100, 1 << 30
"""For all tools on one document, on a machine that is busy with others; alone, each takes a few seconds at most."""

TOOLS = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
from click.testing import CliRunner
from aistudios_dsl import DslError, Project
from aistudios_dsl.cli import main

def ran(*args):
    result = CliRunner().invoke(main, args)
    return result.exit_code, repr(result.exception), result.stderr[-900:]

def called(use):
    try:
        use(Project.load("p.json"))
    except DslError as fault:
        return 1, "", str(fault)
    return 0, "", ""

row = {{"name": "Ann"}}
print(json.dumps({{
    "check": ran("check", "p.json"),
    "check a row": ran("check", "p.json", "--set", "name=Ann"),
    "vars": ran("vars", "p.json"),
    "show": ran("show", "p.json"),
    "preview": ran("preview", "p.json", "-o", "p.html"),
    "decompile": ran("decompile", "p.json", "-o", "p.py"),
    "build": ran("build", "p.json", "--set", "name=Ann", "-o", "out.json"),
    "diff": ran("diff", "p.json", "p.json"),
    "compile": called(lambda project: project.compile().render_json(row)),
    "render": called(lambda project: project.render(row)),
    "print": called(str),
}}))
"""

NESTED = "{% set n = namespace(s=[0, 0]) %}{% for i in range(60) %}{% set n.s = WRAP %}{% endfor %}{{ n.s }}"
LOOPS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
NEGATIVE = ("'a'.center(-10**15)", "'a'|indent(-10**15)", "[1]|tojson(-10**15)", "lipsum(-1, max=10**15)")
STRINGS = {
    "power": "{{ 9**(9**9) }}",
    "repeated text": "{{ 'a'*3*10**9 }}",
    "too many digits": "{{ 10**6000 }}",
    "repeated list": "{{ [0]*10**9 }}",
    "center": "{{ 'a'|center(10**9) }}",
    "ljust": "{{ 'a'.ljust(10**9) }}",
    "mapped": "{{ range(100000)|map('center', 100000)|list }}",
    "format": "{{ '{:1000000000}'.format(1) }}{{ '%1000000000d' % 1 }}",
    "joined": "{{ ('a'*100000).join(range(1000)|map('string')) }}",
    "replaced": "{{ ('a'*100000)|replace('a', 'b'*100000) }}",
    "loops": "{% for a in range(99999) %}{% for b in range(99999) if false %}{% endfor %}{% endfor %}",
    "macros": "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "lists in lists": NESTED.replace("WRAP", "[n.s, n.s]"),
    "mappings in mappings": NESTED.replace("WRAP", "{'a': n.s, 'b': n.s}"),
    "namespaces in namespaces": NESTED.replace("WRAP", "namespace(a=n.s, b=n.s)"),
    "wide lists in lists": NESTED.replace("60", "99999").replace("WRAP", f"[{'n.s, ' * 1900}]"),
    "text with itself": NESTED.replace("WRAP", "n.s ~ n.s"),
    "batch of a negative fill": "{{ [1]|batch(10**9, -10**9)|list }}",
    "slices of a negative fill": "{{ [1]|slice(10**9, -10**9)|list }}",
    "empty paragraphs": "{{ lipsum(10**8, False, -5, 0) }}",
    **{f"loops after {call}": f"{{{{ {call} }}}}{LOOPS}" for call in NEGATIVE},
    "compared": "{% set a = range(99999)|list %}{% for i in range(99999) %}{{ -1 in a }}{% endfor %}",
    "constant in autoescape": "{% autoescape 9**(9**9) %}a{% endautoescape %}",
    "long number": "{{ " + "9" * 5000 + " }}",
    "nested blocks": "{% if 1 %}" * 200 + "{% endif %}" * 200,
    "long chain": "{{ " + "1+" * 20000 + "1 }}",
    "many holes": "{{ name }}" * 100000,
    "many branches": "".join(f"{{% if a{n} %}}{{% set b{n}=1 %}}{{% endif %}}" for n in range(5000)),
    "open braces": "{{ '" * 200000,
}


def of_string(text):
    document = Project("Fine").scene(background="#102030").text("TEXT", width=300, height=90).to_dict()
    document["scenes"][0]["clips"][-1]["text"] = text
    return json.dumps(document)


DOCUMENTS = {
    **{name: of_string(text) for name, text in STRINGS.items()},
    **{f"{levels} levels": '{"scenes":' + "[" * levels + "]" * levels + "}" for levels in (900, 100_000)},
    **{
        f"{levels} levels of extra": '{"scenes":[],"x":' + '{"a":' * levels + "1" + "}" * (levels + 1)
        for levels in (900,)
    },
    "flags": of_string("🇩🇪" * 20_000),
    "a bad name": of_string("{{ name }} \x1b]0;owned\x07\x1b[31m\x9b31m"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_tool_ends_soon_and_with_an_error_of_ours_or_none(tmp_path, name):
    (tmp_path / "p.json").write_text(DOCUMENTS[name], encoding="utf-8")
    command = [sys.executable, "-c", TOOLS.format(memory=MEMORY)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ended = json.loads(done.stdout)
    for tool, (code, exception, said) in ended.items():
        assert (code, exception) in ((0, "None"), (0, ""), (1, "SystemExit(1)"), (1, "")), (tool, exception, said)
        assert "Traceback" not in said
        assert "problems in the document" not in said
        assert not {"\x1b", "\x07", "\x9b"} & set(said)
    if name in STRINGS and name != "many holes":
        assert "scenes[0].clips[1].text: " in ended["render"][2]
        assert ended["compile"] == ended["render"]
        assert "scenes[0].clips[1].text: " in ended["build"][2]


@pytest.mark.parametrize("text", [text for name, text in STRINGS.items() if name != "many holes"])
def test_rendering_names_the_string_that_has_no_end_and_the_plan_says_the_same(text):
    project = Project("a").scene().text("fine").text(text, width=9, height=9)
    with pytest.raises(TemplateError) as slow:
        project.render(name="Ann")
    with pytest.raises(TemplateError) as fast:
        project.compile().render_json({"name": "Ann"})
    assert str(fast.value) == str(slow.value)
    assert slow.value.path == "scenes[0].clips[1].text"


@pytest.mark.parametrize(
    "text", ["{{ name }}", "Hi {{ name }}{{ name }}", "{{ name|upper }}", "{% for i in 'ab' %}{{ name }}{% endfor %}"]
)
@pytest.mark.parametrize("length", [LONGEST // 2 - 40, LONGEST // 2, LONGEST, LONGEST + 1])
@pytest.mark.parametrize("html", [False, True])
def test_the_plan_takes_texts_of_the_length_that_rendering_takes(text, length, html):
    project = Project(text).scene()
    project = project.avatar("M000045058").say(text, html=True) if html else project
    row, plan = {"name": "&" * length}, project.compile()
    assert outcome(lambda: plan.render_json(row)) == outcome(lambda: project.render(row).to_json().encode())


def outcome(use):
    try:
        return use()
    except TemplateError as fault:
        return str(fault)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{{ 2**10 }} {{ 'ab' * 3 }} {{ 3 * [1] }} {{ 7 % 4 }} {{ 1 + 2.5 }}", "1024 ababab [1, 1, 1] 3 3.5"),
        (
            "{{ 'a'|center(5) }}|{{ 'a'.ljust(3) }}|{{ '%05.1f' % 2.5 }}|{{ '{:>4}'.format('x') }}",
            "  a  |a  |002.5|   x",
        ),
        ("{{ [1, 2, 3]|join(', ') }} {{ ', '.join(['a', 'b']) }} {{ ['b', 'a']|sort|first }}", "1, 2, 3 a, b a"),
        ("{{ people|map(attribute='name')|join('; ') }} {{ people|sum(attribute='age') }}", "Ann; Bob 70"),
        ("{% for p in people if p.age > 30 %}{{ loop.index }}{{ p.name }}{% else %}none{% endfor %}", "1Bob"),
        ("{{ [[1], [2]]|sum(start=[]) }} {{ range(10000)|sum }} {{ 'x' ~ 1 ~ 'y' }}", "[1, 2] 49995000 x1y"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}{{ 'abc'[1:] }}{{ (1, 2)[0] }}", "a1bc1"),
        ("{% autoescape true %}{{ '<' }}{% endautoescape %}{{ 'a\nb'|indent(2) }}", "&lt;a\n  b"),
    ],
)
def test_what_templates_do_in_earnest_is_within_the_bounds(text, wanted):
    people = [{"name": "Ann", "age": 30}, {"name": "Bob", "age": 40}]
    assert Templates().render(text, {"people": people}) == wanted


def deep(levels, kind):
    value = 1
    for _ in range(levels):
        value = {"a": value} if kind is dict else [value]
    return value


def text_of(levels, kind):
    left, right = ('{"a":', "}") if kind is dict else ("[", "]")
    return left * levels + "1" + right * levels


def rows_of(tmp_path, suffix, text):
    path = tmp_path / f"rows{suffix}"
    path.write_text(text, encoding="utf-8")
    return list(read_rows(path))


@pytest.mark.parametrize("kind", [dict, list])
@pytest.mark.parametrize("levels", [101, 300, 900, 5000, 100_000])
def test_what_is_nested_too_deeply_is_our_error_everywhere(tmp_path, kind, levels):
    value, text = deep(levels, kind), text_of(levels, kind)
    body = {"scenes": [], "x": value}
    with Client("key", base_url="http://127.0.0.1:9") as client, Outbox(tmp_path / "j.outbox", client) as box:
        uses = [
            lambda: parse(text),
            lambda: copied(value),
            lambda: parse_webhook('{"progress": 1, "x": ' + text + "}"),
            lambda: parse_webhook({"progress": 1, "x": value}),
            lambda: rows_of(tmp_path, ".jsonl", '{"a": ' + text + "}\n"),
            lambda: rows_of(tmp_path, ".json", '[{"a": ' + text + "}]"),
            lambda: box.add([body]),
            lambda: client.create(body, export=False),
            lambda: client.create('{"scenes": [], "x": ' + text + "}", export=False),
            lambda: Project(dictionary=value),
            lambda: Project(extra={"x": value}),
            lambda: Project().scene(extra={"x": value}),
            lambda: Project.load(body),
            lambda: Project.load('{"scenes": [], "x": ' + text + "}"),
        ]
        for use in uses:
            with pytest.raises(DslError, match="nested too deeply"):
                use()


def test_json_too_deep_to_be_written_and_a_value_that_holds_itself_are_our_errors():
    itself = []
    itself.append(itself)
    with pytest.raises(LoadError, match="nested too deeply"):
        copied(itself)
    with pytest.raises(BuildError, match="nested too deeply"):
        canonical(deep(100_000, list))


def test_what_each_makes_of_one_scene_is_bounded():
    project = Project().scene(each="i in range(10001)")
    with pytest.raises(TemplateError, match="makes more than 10,000 repetitions"):
        project.render()


def test_a_dictionary_is_the_projects_own_and_projects_hash():
    given = [{"from": "a"}]
    project = Project(dictionary=given).scene()
    given[0]["from"] = "b"
    given.append({})
    assert project.dictionary == [{"from": "a"}]
    again = Project(dictionary=[{"from": "a"}]).scene()
    assert {project: 1}[again] == 1
    assert {Project(extra={"a": [1]}), Project.load({"scenes": []}), Project().scene().text("a")}
