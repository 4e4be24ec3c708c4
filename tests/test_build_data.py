"""`aistudios build --data` and `aistudios vars` as a user meets them: what is written, what is refused, what stays."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from aistudios_dsl.cli import main
from aistudios_dsl.cli.base import load_script
from aistudios_dsl.templates.rows import read_rows

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "personalised.py"
PEOPLE = ROOT / "examples" / "data" / "people.csv"
TEMPLATE = """
from aistudios_dsl import Project
project = Project("Hi {{ name }}").scene().text("{{ name }} of {{ city }}", font_size=40)
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command line in a folder with a template."""
    (tmp_path / "template.py").write_text(TEMPLATE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(main, [str(arg) for arg in args])


def rows_file(text, name="rows.csv"):
    Path(name).write_text(text, encoding="utf-8", newline="")
    return name


def titles(text):
    return [json.loads(line)["name"] for line in text.removesuffix("\n").split("\n")]


def here():
    return sorted(path.name for path in Path().iterdir())


def expected(script, data):
    return "".join(f"{project.to_json()}\n" for project in load_script(script).render_all(read_rows(data)))


# what is written


def test_every_row_gives_the_line_that_rendering_it_alone_gives(run):
    result = run("build", EXAMPLE, "--data", PEOPLE, "-o", "out.jsonl")
    assert result.exit_code == 0, result.stderr
    assert Path("out.jsonl").read_bytes() == expected(EXAMPLE, PEOPLE).encode()
    assert result.stdout == ""
    assert result.stderr.startswith("out.jsonl: 5 rows in ")
    assert here() == ["out.jsonl", "template.py"]


def test_without_an_output_the_lines_go_to_stdout_and_the_summary_to_stderr(run):
    result = run("build", "template.py", "--data", rows_file("name,city\nAnn,Rome\nBob,Oslo\n"))
    assert titles(result.stdout) == ["Hi Ann", "Hi Bob"]
    assert result.stderr.startswith("stdout: 2 rows in ")


def test_a_folder_gets_a_file_for_each_row(run):
    args = ["build", EXAMPLE, "--data", PEOPLE, "-o", "videos", "--name", "{{ id }}-{{ city|lower }}.json"]
    assert run(*args).exit_code == 0
    names = ["1001-berlin.json", "1002-wien.json", "1003-são paulo, sp.json", "1004-台北.json", "1005-nantes.json"]
    assert sorted(path.name for path in Path("videos").iterdir()) == names
    texts = [(Path("videos") / name).read_text(encoding="utf-8") for name in names]
    assert "".join(texts) == expected(EXAMPLE, PEOPLE)
    assert here() == ["template.py", "videos"]


def test_a_folder_that_is_there_keeps_its_other_files(run):
    Path("videos").mkdir()
    for name in ("Ann.json", "note.txt"):
        (Path("videos") / name).write_text("old", encoding="utf-8")
    data = rows_file("name,city\nAnn,Rome\n")
    args = ["--data", data, "-o", "videos/", "--name", "{{ name }}.json", "--indent", 2]
    assert run("build", "template.py", *args).exit_code == 0
    assert sorted(path.name for path in Path("videos").iterdir()) == ["Ann.json", "note.txt"]
    project = load_script(Path("template.py")).render(name="Ann", city="Rome")
    assert (Path("videos") / "Ann.json").read_text(encoding="utf-8") == project.to_json(2) + "\n"


HOSTILE = ["a\u2028b\u2029c\x85d", "a\r\nb", "q\"u'o\\te", "</script>&<b>", "{{ city }}{% raw %}{#", "😀\x0b\t", "€,;"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_data_whatever_it_holds(run, value):
    quoted = '"' + value.replace('"', '""') + '"'
    rows_file(f"name,city\r\n{quoted},Rome\r\n", "rows.csv")
    rows_file(json.dumps({"name": value, "city": "Rome"}, ensure_ascii=False) + "\n", "rows.jsonl")
    rows_file(json.dumps([{"name": value, "city": "Rome"}]), "rows.json")
    for data in ("rows.csv", "rows.jsonl", "rows.json"):
        result = run("build", "template.py", "--data", data, "-o", "out.jsonl")
        assert result.exit_code == 0, result.stderr
        lines = Path("out.jsonl").read_bytes().removesuffix(b"\n").split(b"\n")
        assert [json.loads(line)["name"] for line in lines] == [f"Hi {value}"]
        assert lines == [load_script(Path("template.py")).render(name=value, city="Rome").to_json().encode()]


def test_a_set_value_holds_for_all_rows_and_goes_before_a_column(run):
    data = rows_file("name\nAnn\nBob\n")
    result = run("build", "template.py", "--data", data, "--set", "city=Rome", "--strict")
    assert ["of Rome" in line for line in result.stdout.splitlines()] == [True, True]
    result = run("build", "template.py", "--data", data, "--set", "city=Rome", "--set", "name=Eve")
    assert titles(result.stdout) == ["Hi Eve", "Hi Eve"]


@pytest.mark.parametrize("api", ["1.4", "1.6"])
def test_the_generation_asked_for_is_that_of_rendering_each_row_alone(run, api):
    script = "from aistudios_dsl import Project\n"
    script += "drawn = Project().scene().avatar('M000045058', say='Hi {{ name }}')\n"
    script += "project = Project.load(drawn.render(name='{{ name }}').to_dict())\n"
    Path("speech.py").write_text(script, encoding="utf-8")
    data = rows_file("name\nAnn & Co\n")
    for name in ("project", "drawn"):
        result = run("build", "speech.py", "--object", name, "--data", data, "--api", api)
        alone = load_script(Path("speech.py"), name).render(name="Ann & Co").to_json(api=api)
        assert result.stdout == alone + "\n", result.stderr


# what is refused


FAULTY = "name,city\nAnn,Rome\nBob\nCid,Oslo\nDan,a,b\n"


@pytest.mark.parametrize("form", [["-o", "out.jsonl"], ["-o", "out", "--name", "{{ name }}.json"]])
def test_a_faulty_row_stops_all_and_nothing_is_written(run, form):
    result = run("build", "template.py", "--data", rows_file(FAULTY), *form)
    assert result.exit_code == 1
    assert result.stderr == "error: row 2 (rows.csv line 3): has 1 column, the header has 2: 'city' missing\n"
    assert here() == ["rows.csv", "template.py"]


def test_an_older_output_stays_when_a_row_is_faulty(run):
    Path("out.jsonl").write_text("old", encoding="utf-8")
    assert run("build", "template.py", "--data", rows_file(FAULTY), "-o", "out.jsonl").exit_code == 1
    assert Path("out.jsonl").read_text(encoding="utf-8") == "old"
    assert here() == ["out.jsonl", "rows.csv", "template.py"]


def test_check_rows_lists_every_fault_before_anything_is_written(run):
    result = run("build", "template.py", "--data", rows_file(FAULTY), "--check-rows")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "2 rows are faulty, and nothing is written" in result.stderr
    assert "row 2 (rows.csv line 3)" in result.stderr
    assert "row 4 (rows.csv line 5): has 3 columns, the header has 2: 'b' has no column" in result.stderr
    many = "name,city\n" + "Ann\n" * 30
    result = run("build", "template.py", "--data", rows_file(many), "--check-rows")
    assert "30 rows are faulty, and nothing is written: rows 1, 2, 3 and 27 more: has 1 column" in result.stderr
    unlike = "name,city\n" + "".join(f"Ann,x,{n}\n" for n in range(30))
    result = run("build", "template.py", "--data", rows_file(unlike), "--check-rows")
    assert "30 rows are faulty, and nothing is written; the first 20 kinds of faults" in result.stderr
    assert result.stderr.count("row ") == 20
    fine = run("build", "template.py", "--data", rows_file("name,city\nAnn,Rome\n"), "--check-rows")
    assert titles(fine.stdout) == ["Hi Ann"]


def test_one_fault_of_many_rows_is_one_line_and_all_missing_columns_are_named_at_once(run):
    data = rows_file("nmae,ctiy\n" + "Ann,Rome\n" * 20)
    for args in (["build", "template.py", "--data", data], ["check", "template.py", "--data", data]):
        result = run(*args, *(["--check-rows"] if args[0] == "build" else []))
        said = result.stderr + result.stdout
        assert result.exit_code == 1
        assert said.count("the row has no 'city', 'name'") == 1
        assert "did you mean 'ctiy' for 'city', 'nmae' for 'name'?" in said
    build = run("build", "template.py", "--data", data, "--check-rows").stderr
    assert "20 rows are faulty, and nothing is written: rows 1, 2, 3 and 17 more: the row has no" in build


def test_check_tells_each_missing_variable_with_its_own_rows(run):
    rows = [{"name": None, "city": "x"}, {"name": "Ann", "city": None}, {"name": None, "city": "y"}]
    data = rows_file("".join(json.dumps(row) + "\n" for row in rows), "rows.jsonl")
    said = run("check", "template.py", "--data", data).stdout
    assert "rows 1, 3\n  error   row-fault              scenes[0].clips[0].text: a value is None: 'name' is" in said
    assert "row 2\n  error   row-fault              scenes[0].clips[0].text: a value is None: 'city' is" in said
    assert "others are similar" not in said


def test_blanks_around_values_are_told_once_a_column_and_trim_takes_them_off(run):
    data = rows_file("name,city\nAnn, Rome\nBob , Oslo\n")
    result = run("build", "template.py", "--data", data, "-o", "out.jsonl", "--check-rows")
    notes = [line for line in result.stderr.splitlines() if line.startswith("note:")]
    assert notes == [
        "note: blanks around a value of 'city', first in rows.csv line 2: --trim takes them off",
        "note: blanks around a value of 'name', first in rows.csv line 3: --trim takes them off",
    ]
    assert "note: blanks around a value of 'city'" in run("check", "template.py", "--data", data).stderr
    trimmed = run("build", "template.py", "--data", data, "--trim")
    assert "note:" not in trimmed.stderr
    assert titles(trimmed.stdout) == ["Hi Ann", "Hi Bob"]


def test_set_fills_a_column_by_its_name_or_its_spelling(run):
    script = (
        "from aistudios_dsl import Project\nproject = Project('{{ First_Name }} {{ row[\"Last Name\"] }}').scene()\n"
    )
    Path("odd.py").write_text(script, encoding="utf-8")
    result = run("build", "odd.py", "--set", "First Name=Ann", "--set", "Last Name=Lee")
    assert json.loads(result.stdout)["name"] == "Ann Lee", result.stderr
    result = run("build", "odd.py", "--set", "First Name=Ann")
    assert 'needs Last Name as well\n  hint: give them: --set "Last Name=…"' in result.stderr
    data = rows_file("First Name,Last Name\nAnn,Lee\n")
    assert titles(run("build", "odd.py", "--data", data).stdout) == ["Ann Lee"]
    assert titles(run("build", "odd.py", "--data", data, "--set", "First_Name=Bob").stdout) == ["Bob Lee"]
    assert run("build", "odd.py", "--data", data, "--strict").exit_code == 0


def test_rows_come_from_standard_input(tmp_path):
    (tmp_path / "template.py").write_text(TEMPLATE, encoding="utf-8")
    command = [sys.executable, "-m", "aistudios_dsl.cli", "build", "template.py", "--data", "-"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def built(text, *more):
        made = subprocess.run([*command, *more], cwd=tmp_path, input=text, capture_output=True, env=environment)
        return made.stdout.decode(), made.stderr.decode()

    assert titles(built(b"name;city\nAnn;Rome\n", "--format", "csv")[0]) == ["Hi Ann"]
    assert titles(built(b'{"name":"Bob","city":"x"}\n', "--format", "jsonl")[0]) == ["Hi Bob"]
    assert titles(built((ROOT / "tests/data/spreadsheets/gaps.xlsx").read_bytes(), "--format", "xlsx")[0]) == [
        "Hi Ann",
        "Hi Bob",
    ]
    assert "add --format, such as --format csv" in built(b"")[1]
    assert "there is no format 'cvs'\n  hint: did you mean 'csv'?" in built(b"", "--format", "cvs")[1]
    assert "standard input can be read once" in built(b"", "--format", "csv", "--check-rows")[1]
    assert "row 1 (standard input line 2): has 1 column" in built(b"name,city\nAnn\n", "--format", "csv")[1]


def test_skipped_rows_stand_with_their_reasons_in_a_file_beside_the_output(run):
    data = rows_file("name,city\nAnn,Rome\nBob\nAnn,Oslo\nCid,Bonn\n")
    args = ["build", "template.py", "--data", data, "--on-error", "skip", "-o"]
    result = run(*args, "out", "--name", "{{ name }}.json")
    assert result.exit_code == 0
    assert ", 2 skipped (out.skipped.jsonl)" in result.stderr
    assert sorted(path.name for path in Path("out").iterdir()) == ["Ann.json", "Cid.json"]
    skipped = [json.loads(line) for line in Path("out.skipped.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [entry["row"] for entry in skipped] == [2, 3]
    assert skipped[0]["reason"] == "row 2 (rows.csv line 3): has 1 column, the header has 2: 'city' missing"
    assert skipped[0]["values"] == {"name": "Bob"}
    assert "the file name 'Ann.json' is that of row 1 too" in skipped[1]["reason"]
    assert skipped[1]["values"] == {"name": "Ann", "city": "Oslo"}
    assert run(*args, "out.jsonl").exit_code == 0
    assert titles(Path("out.jsonl").read_text(encoding="utf-8")) == ["Hi Ann", "Hi Ann", "Hi Cid"]


def test_what_could_be_read_of_a_skipped_row_is_kept(run):
    values = []
    for data in (rows_file("name,city\nAnn,Rome,x,y\n,Bonn\n"), rows_file('{"name":\n{"name": "Cid"}\n', "rows.jsonl")):
        assert run("build", "template.py", "--data", data, "--on-error", "skip", "-o", "out.jsonl").exit_code in (0, 1)
        lines = Path("out.jsonl.skipped.jsonl").read_text(encoding="utf-8").splitlines()
        values.append(json.loads(lines[0])["values"])
    assert values == [{"name": "Ann", "city": "Rome", "": ["x", "y"]}, {"": '{"name":'}]


def test_a_list_of_skipped_rows_goes_when_nothing_is_skipped_any_more(run):
    args = ["build", "template.py", "--data", "rows.csv", "--on-error", "skip", "-o", "out.jsonl"]
    rows_file(FAULTY)
    assert run(*args).exit_code == 0
    assert Path("out.jsonl.skipped.jsonl").exists()
    rows_file("name,city\nAnn,Rome\n")
    assert run(*args).exit_code == 0
    assert here() == ["out.jsonl", "rows.csv", "template.py"]


def test_on_stdout_skipped_rows_are_told_on_stderr(run):
    result = run("build", "template.py", "--data", rows_file(FAULTY), "--on-error", "skip")
    assert titles(result.stdout) == ["Hi Ann", "Hi Cid"]
    assert result.stderr.count("skipped: row ") == 2
    assert result.exit_code == 0


def test_where_every_row_is_skipped_nothing_is_written_but_the_reasons(run):
    data = rows_file("nmae,city\nAnn,Rome\nBob,Oslo\n")
    result = run("build", "template.py", "--data", data, "--on-error", "skip", "-o", "out.jsonl")
    assert result.exit_code == 1
    assert "all 2 rows were skipped, and nothing is written" in result.stderr
    assert here() == ["out.jsonl.skipped.jsonl", "rows.csv", "template.py"]


def test_a_broken_file_is_never_skipped(run):
    Path("rows.csv").write_bytes(b"name,city\nAnn,Rome\nJ\xf6rg,Wien\n")
    for more in ([], ["--on-error", "skip"], ["--check-rows"], ["--on-error", "skip", "--check-rows"]):
        result = run("build", "template.py", "--data", "rows.csv", "-o", "out.jsonl", *more)
        assert result.exit_code == 1
        assert "rows.csv line 3: is not UTF-8" in result.stderr
    assert here() == ["rows.csv", "template.py"]


@pytest.mark.parametrize("skip", [[], ["--on-error", "skip"]])
def test_strict_refuses_columns_that_nothing_uses(run, skip):
    args = ["build", "template.py", "--data", rows_file("name,city,citi\nAnn,Rome,Roma\n"), "-o", "o.jsonl"]
    result = run(*args, "--strict", *skip)
    assert result.exit_code == 1
    assert "row 1 (rows.csv line 2): column 'citi': used by no field of the template" in result.stderr
    assert "did you mean 'city'?" in result.stderr
    assert not Path("o.jsonl").exists()
    assert run(*args).exit_code == 0
    named = run("build", "template.py", "--data", "rows.csv", "-o", "d", "--name", "{{ citi }}", "--strict")
    assert named.exit_code == 0, named.stderr


def test_check_rows_lists_columns_that_nothing_uses_once_and_the_faults_of_all_rows(run):
    data = rows_file("name,city,citi\nAnn,Rome,Roma\nBob,Oslo,Oslo\nCid\n")
    result = run("build", "template.py", "--data", data, "--strict", "--check-rows")
    assert result.exit_code == 1
    assert "2 rows are faulty, and nothing is written\n" in result.stderr
    assert result.stderr.count("column 'citi': used by no field") == 1
    assert "row 3 (rows.csv line 4): has 1 column, the header has 3" in result.stderr


MISSING = [
    (
        "nmae,city\nAnn,Rome\n",
        ["row 1 (rows.csv line 2): scenes[0].clips[0].text: the row has no 'name'", "did you mean 'nmae'?"],
    ),
    ("", ["rows.csv is empty"]),
    ("name,city\n", ["rows.csv has a header and no rows"]),
    ("name,name\nAnn,Rome\n", ["rows.csv line 1: columns 1 and 2 are both named 'name'"]),
    ("name,\nAnn,Rome\n", ["rows.csv line 1: column 2 has no name"]),
    ('name,city\n"Ann,Rome\n', ["rows.csv line 2: a quote is opened and never closed"]),
]


@pytest.mark.parametrize(("text", "words"), MISSING)
def test_wrong_data_is_told_and_nothing_written(run, text, words):
    result = run("build", "template.py", "--data", rows_file(text), "-o", "out.jsonl")
    assert result.exit_code == 1
    assert [word for word in words if word not in result.stderr] == [], result.stderr
    assert here() == ["rows.csv", "template.py"]


JSON_FAULTS = [
    ('{"name":"\\ud800","city":"x"}', "row 1 (rows.jsonl line 1): name: contains an unpaired surrogate"),
    ('{"name":NaN,"city":"x"}', "row 1 (rows.jsonl line 1): the line holds NaN, which is not a JSON number"),
    ('{"name":-1e999,"city":"x"}', "row 1 (rows.jsonl line 1): name: must be a finite number, not -inf"),
    ('{"name":null,"city":"x"}', "row 1 (rows.jsonl line 1): scenes[0].clips[0].text: a value is None"),
    ('["Ann","Rome"]', "row 1 (rows.jsonl line 1): must be an object, not a list"),
    ('{"name":"A","name":"B","city":"x"}', "row 1 (rows.jsonl line 1): the line has the key 'name' twice"),
    ('{"name":"A","city":"x"', "row 1 (rows.jsonl line 1): column 23: the line is not JSON: it ends in the middle"),
]


@pytest.mark.parametrize(("line", "words"), JSON_FAULTS)
def test_a_wrong_line_of_json_is_told_and_nothing_written(run, line, words):
    result = run("build", "template.py", "--data", rows_file(line + "\n", "rows.jsonl"), "-o", "out.jsonl")
    assert result.exit_code == 1
    assert words in result.stderr
    assert here() == ["rows.jsonl", "template.py"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{{ city }}/{{ name }}.json", "'/'"),
        ("../{{ name }}.json", "'/'"),
        ("..\\{{ name }}.json", "'\\\\'"),
        ("{{ name }}\n.json", "'\\n'"),
        ("..", "'..' is not a file name"),
        ("", "the file name is empty"),
        ("{{ ' ' }}", "the file name is empty"),
        ("{{ name * 99 }}", "is 297 bytes long"),
        ("same.json", "the file name 'same.json' is that of row 1 too"),
        ("{{ nam }}.json", "did you mean 'name'?"),
        ("{{ name }.json", "--name: line 1"),
    ],
)
def test_a_file_name_that_leaves_the_folder_or_is_none_is_refused(run, name, words):
    data = rows_file("name,city\nAnn,Rome\nBob,Oslo\n")
    result = run("build", "template.py", "--data", data, "-o", "out", "--name", name)
    assert result.exit_code == 1
    assert "--name" in result.stderr
    assert words in result.stderr
    assert here() == ["rows.csv", "template.py"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--name", "x"], "--name requires --data"),
        (["--check-rows"], "--check-rows requires --data"),
        (["--strict"], "--strict requires --data"),
        (["--sheet", "x"], "--sheet requires --data"),
        (["--trim"], "--trim requires --data"),
        (["--on-error", "skip"], "--on-error requires --data"),
        (["--data", "rows.csv", "--name", "x"], "name their folder with -o DIR"),
        (["--data", "rows.csv", "--name", "x", "-o", "template.py"], "name their folder with -o DIR"),
        (["--data", "rows.csv", "-o", "."], '. is a folder: name the files in it, such as --name "{{ id }}.json"'),
        (["--data", "rows.csv", "-o", "new/"], "new is a folder"),
        (["--data", "rows.csv", "-o", "rows.csv"], "rows.csv is an input, and would be overwritten"),
        (["--data", "rows.csv", "--indent", 2], "--indent requires --name"),
        (["--data", "rows.csv", "-o", "/dev/null"], "neither a file nor a folder"),
        (["--data", "pipe.csv", "--check-rows"], "reads the rows twice, and pipe.csv is not a regular file"),
        (["--data", "rows.csv", "--on-error", "ignore"], "'ignore' is not one of 'stop', 'skip'"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_use(run, args, words):
    data = rows_file("name,city\nAnn,Rome\n")
    os.mkfifo("pipe.csv")
    before = Path(data).read_bytes()
    result = run("build", "template.py", *args)
    assert result.exit_code == 2, result.stderr
    assert words in " ".join(result.stderr.split())
    assert Path(data).read_bytes() == before


@pytest.mark.parametrize("form", [["-o", "no/folder/out.jsonl"], ["-o", "no/folder", "--name", "{{ name }}.json"]])
def test_an_output_that_cannot_be_written_is_told(run, form):
    result = run("build", "template.py", "--data", rows_file("name,city\nAnn,Rome\n"), *form)
    assert result.exit_code == 1
    assert "cannot write no/folder" in result.stderr
    assert "is its folder there" in result.stderr


def test_a_template_without_variables_is_told(run):
    Path("plain.py").write_text("from aistudios_dsl import Project\nproject = Project().scene()\n", encoding="utf-8")
    result = run("build", "plain.py", "--data", rows_file("name\nAnn\n"))
    assert "note: the template has no variables: every row gives the same payload" in result.stderr


def test_a_template_syntax_error_names_its_field_and_line(run):
    script = "from aistudios_dsl import Project\nproject = Project('one\\ntwo {{ name').scene()\n"
    Path("broken.py").write_text(script, encoding="utf-8")
    result = run("build", "broken.py", "--data", rows_file("name\nAnn\n"), "-o", "out.jsonl")
    assert result.exit_code == 1
    assert "name: line 2 ('two {{ name')" in result.stderr
    assert not Path("out.jsonl").exists()


# a process that ends in the middle


def started(tmp_path, *form):
    """A build that has written some rows and waits for more, fed through a pipe that bears a file's name."""
    (tmp_path / "template.py").write_text(TEMPLATE, encoding="utf-8")
    os.mkfifo(tmp_path / "rows.jsonl")
    command = [sys.executable, "-m", "aistudios_dsl.cli", "build", "template.py", "--data", "rows.jsonl", *form]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    # A test run in the background ignores Ctrl-C, and its children would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment)
    signal.signal(signal.SIGINT, before)
    feed = (tmp_path / "rows.jsonl").open("w", encoding="utf-8")
    for number in range(50):
        feed.write(json.dumps({"name": f"Ann {number}", "city": "Rome"}) + "\n")
    feed.flush()
    while not list(tmp_path.glob(".*.part")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    return process, feed


FORMS = [["-o", "out.jsonl"], ["-o", "out", "--name", "{{ name }}.json"]]


@pytest.mark.parametrize("form", FORMS, ids=["lines", "folder"])
def test_kill_in_the_middle_leaves_nothing_under_the_final_name(tmp_path, form):
    process, feed = started(tmp_path, *form)
    process.kill()
    _, errors = process.communicate()
    feed.close()
    assert process.returncode == -signal.SIGKILL, errors
    assert not (tmp_path / form[1]).exists()


@pytest.mark.parametrize("form", FORMS, ids=["lines", "folder"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 1)], ids=["terminate", "ctrl-c"])
def test_ending_it_in_the_middle_removes_what_was_begun(tmp_path, form, number, code):
    process, feed = started(tmp_path, *form)
    process.send_signal(number)
    _, errors = process.communicate()
    feed.close()
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.jsonl", "template.py"]


@pytest.mark.parametrize("form", FORMS, ids=["lines", "folder"])
def test_a_build_left_alone_writes_what_it_was_fed(tmp_path, form):
    process, feed = started(tmp_path, *form)
    feed.close()
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "50 rows in " in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([form[1], "rows.jsonl", "template.py"])


# the bar


def test_a_bar_is_shown_on_a_terminal_alone(tmp_path):
    (tmp_path / "template.py").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("name,city\n" + "Ann,Rome\n" * 200, encoding="utf-8")
    command = [sys.executable, "-m", "aistudios_dsl.cli", "build", "template.py", "--data", "rows.csv", "-o", "o.jsonl"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "80"}
    plain = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, check=True)
    assert plain.stderr.startswith("o.jsonl: 200 rows in ")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError as fault:
        # Linux says so where the other end of a terminal is closed.
        assert fault.errno == 5  # noqa: PT017
    os.close(ours)
    assert process.communicate() == (b"", None)
    assert process.returncode == 0
    assert b"writing" in shown
    assert b"\x1b[" in shown
    assert b"o.jsonl: 200 rows in " in shown


# vars


def test_vars_prints_the_names_that_each_field_needs(run):
    result = run("vars", "template.py")
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["name", "name"],
        ["scenes[0].clips[0].text", "city,", "name"],
    ]
    shown = json.loads(run("vars", "template.py", "--json").stdout)
    assert shown == {"name": ["name"], "scenes[0].clips[0].text": ["city", "name"]}


def test_vars_says_where_there_are_none(run):
    result = run("vars", ROOT / "examples" / "product_promo.py")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no variables" in result.stderr
    assert run("vars", ROOT / "examples" / "product_promo.py", "--json").stdout == "{}\n"
