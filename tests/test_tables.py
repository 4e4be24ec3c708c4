"""Tables as spreadsheets, databases and people write them: the rows that each gives, or the message."""

import json
import sqlite3
import sys
import tracemalloc
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy
import pandas
import polars
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest

from aistudios_dsl import DslError, LoadError, Project
from aistudios_dsl.templates.rows import read_rows

BOOKS = Path(__file__).parent / "data" / "spreadsheets"
ANN = [{"name": "Ann", "city": "Bonn"}]
JOERG = [{"name": "Jörg", "city": "Köln"}]
EURO = "name;price\r\nJörg;5 €\r\n"


def outcomes(path, **options):
    """The rows as texts, or the error of one; or the error of the file."""
    try:
        found = list(read_rows(path, **options).outcomes())
    except DslError as fault:
        return str(fault)
    return [
        str(row) if isinstance(row, DslError) else {name: str(value) for name, value in row.items()} for row in found
    ]


# As spreadsheets and editors write them: the file's name, its bytes, how it is read, and the rows or the message.
TEXTS = [
    ("excel_semicolons.csv", b"name;city\r\nAnn;Bonn\r\n", {}, ANN),
    ("excel_utf8.csv", "\ufeffname;city\r\nJörg;Köln\r\n", {}, JOERG),
    ("google.csv", "name,city\r\nJörg,Köln\r\n", {}, JOERG),
    ("excel_text.txt", "name\tcity\r\nAnn\tBonn\r\n", {"format": "tsv"}, ANN),
    ("tabs.tsv", "name\tcity\nAnn\tBonn\n", {}, ANN),
    ("commas.tsv", "name, first\tcity; now\nLee, A\tBonn\n", {}, [{"name, first": "Lee, A", "city; now": "Bonn"}]),
    ("sep.csv", "sep=;\r\nname;city\r\nAnn;Bonn\r\n", {}, ANN),
    ("sep_upper.csv", 'SEP=|\r\nname|city\r\nAnn|"Bonn"\r\n', {}, ANN),
    ("sep_quoted.csv", '"sep=,"\nname,city\nAnn,Bonn\n', {}, ANN),
    ("sep_bom.csv", "\ufeffsep=;\r\nname;city\r\nAnn;Bonn\r\n", {}, ANN),
    ("sep_lines.csv", "sep=;\nname;city\nAnn\n", {},
     ["row 1 (sep_lines.csv line 3): has 1 column, the header has 2: 'city' missing"]),
    ("quoted_header.csv", '"name, first";city\nAnn;Bonn\n', {}, [{"name, first": "Ann", "city": "Bonn"}]),
    ("mixed_header.csv", "name;city, zip;note\nAnn;Bonn;x\n", {}, [{"name": "Ann", "city, zip": "Bonn", "note": "x"}]),
    ("broken_header.csv", '"name\n(first)",city\nAnn,Bonn\n', {}, [{"name\n(first)": "Ann", "city": "Bonn"}]),
    ("one_column.csv", "name\nAnn\n", {}, [{"name": "Ann"}]),
    ("cp1252.csv", EURO.encode("cp1252"), {}, "cp1252.csv line 2: is not UTF-8, at byte 2 of the line\n"
     "  hint: 'Jörg' reads as Windows-1252: --encoding cp1252; or save it as UTF-8"),
    ("cp1252.csv", EURO.encode("cp1252"), {"encoding": "cp1252"}, [{"name": "Jörg", "price": "5 €"}]),
    ("cp1252.csv", EURO.encode("cp1252"), {"encoding": "windows-1252"}, [{"name": "Jörg", "price": "5 €"}]),
    ("cp1252.jsonl", '{"name":"Jörg"}\n'.encode("cp1252"), {"encoding": "cp1252"}, [{"name": "Jörg"}]),
    ("cp1252.json", '[{"name":"Jörg"}]'.encode("cp1252"), {"encoding": "cp1252"}, [{"name": "Jörg"}]),
    ("utf16.csv", EURO.encode("utf-16"), {}, "it reads as UTF-16: --encoding utf-16; or save it as UTF-8"),
    ("utf16.csv", EURO.encode("utf-16"), {"encoding": "utf-16"}, [{"name": "Jörg", "price": "5 €"}]),
    ("utf16_tabs.txt", "name\tcity\r\nJörg\tKöln\r\n".encode("utf-16"), {"format": "tsv", "encoding": "UTF16"}, JOERG),
    ("utf16le.csv", EURO.encode("utf-16-le"), {}, "it reads as UTF-16: --encoding utf-16-le"),
    ("utf16le.csv", EURO.encode("utf-16-le"), {"encoding": "utf-16-le"}, [{"name": "Jörg", "price": "5 €"}]),
    ("ogham.csv", "name\u0a0a,b\nਊ,x\n".encode("utf-16"), {"encoding": "utf-16"}, [{"name\u0a0a": "ਊ", "b": "x"}]),
    ("cut.csv", EURO.encode("utf-16")[:-1], {"encoding": "utf-16"}, "is not utf-16: truncated data"),
    ("latin.csv", EURO.encode("cp1252"), {"encoding": "ascii"}, "is not UTF-8"),
    ("odd.csv", b"a\n1\n", {"encoding": "utf8x"}, "there is no encoding 'utf8x'\n  hint: did you mean 'utf-8'?"),
    ("odd.csv", b"a\n1\n", {"encoding": "base64"}, "'base64' is not an encoding of text"),
    ("quotes.csv", 'name,city\n"Lee, ""Ann""","two\r\nlines"\n', {}, [{"name": 'Lee, "Ann"', "city": "two\r\nlines"}]),
    ("empty_lines.csv", "name,city\r\n\r\nAnn,Bonn\r\n\r\n", {}, ANN),
    ("blank_row.csv", "name,city\nAnn,Bonn\n,\n", {}, [*ANN, "row 2 (blank_row.csv line 3): every column is empty"]),
    ("trailing.csv", "name;city;\nAnn;Bonn;\n", {}, "trailing.csv line 1: column 3 has no name"),
    ("twice.csv", "name,name\nAnn,Bonn\n", {}, "columns 1 and 2 are both named 'name'"),
    ("clash.csv", "First Name,First-Name\na,b\n", {},
     "clash.csv line 1: the columns 'First Name' and 'First-Name' are both"),
    ("formula.csv", "name,sum\nAnn,#DIV/0!\nBob,3\n", {},
     ["row 1 (formula.csv line 2): 'sum' is #DIV/0!, the error of a formula", {"name": "Bob", "sum": "3"}]),
    ("german.csv", "name;sum\nAnn;#NV\n", {}, ["row 1 (german.csv line 2): 'sum' is #NV, the error of a formula"]),
    ("edges.csv", "name,city\n Ann ,Bonn\n", {}, [{"name": " Ann ", "city": "Bonn"}]),
    ("edges.csv", "name,city\n Ann ,\u00a0Bonn\n", {"trim": True}, ANN),
    ("zeros.csv", "id\n007\n", {}, [{"id": "007"}]),
    ("null.json", '[{"name":null}]', {}, [{"name": "None"}]),
    ("workbook.csv", (BOOKS / "gaps.xlsx").read_bytes(), {},
     "workbook.csv is an Excel workbook (.xlsx), not a text file\n"
     "  hint: name it .xlsx, or say --format xlsx"),
    ("workbook.csv", (BOOKS / "gaps.xlsx").read_bytes(), {"format": "xlsx"}, [ANN[0], {"name": "Bob", "city": ""}]),
    ("old.csv", (BOOKS / "hidden.xls").read_bytes(), {}, "old.csv is an Excel workbook (.xls), not a text file"),
    ("libre.csv", (BOOKS / "hidden.ods").read_bytes(), {}, "libre.csv is a LibreOffice workbook (.ods)"),
    ("zip.csv", b"PK\x03\x04" + bytes(60), {}, "zip.csv is a ZIP archive, not a text file\n  hint: save it as CSV"),
    ("page.csv", "<!DOCTYPE html><html>", {}, "page.csv is a web page, not a text file"),
    ("paper.csv", b"%PDF-1.7\n", {}, "paper.csv is a PDF, not a text file"),
    ("table.xls", "<html><table><tr><td>name</td></tr></table></html>", {}, "table.xls is a web page, not a workbook"),
    ("really.xlsx", "name,city\nAnn,Bonn\n", {}, "really.xlsx is text, not a workbook\n  hint: name it .csv"),
    ("broken.xlsx", b"PK\x03\x04" + bytes(600), {}, "broken.xlsx is a ZIP archive, not a workbook"),
    ("empty.xlsx", b"", {}, "empty.xlsx cannot be read as a workbook"),
    ("text.parquet", "name\nAnn\n", {}, "text.parquet is text, not a Parquet file"),
    ("text.arrow", "name\nAnn\n", {}, "text.arrow is text, not an Arrow file"),
    ("a.csv", "a\n1\n", {"sheet": "People"}, "a .csv file has no sheets\n  hint: leave --sheet out"),
    ("a.parquet", "a", {"encoding": "cp1252"}, "a .parquet file says its encoding itself"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "options", "expected"), TEXTS)
def test_a_text_file_gives_its_rows_or_says_what_it_is(tmp_path, name, content, options, expected):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = outcomes(path, **options)
    if isinstance(expected, str):
        assert expected in str(found)
        return
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.startswith(other) if isinstance(other, str) else one == other


SHOWN = {
    "Ann": ["5", "00042", "01.03.1990", "2026-03-01 14:30", "0.5", "1234.5", "True", "two\nlines", "6", "09:05"],
    "Jörg & Co": ["7", "00007", "31.12.2001", "2026-12-01 00:00", "1", "20", "False", "007", "ab", "23:59"],
    "이름": ["1000000", "", "", "", "", "2.25", "", " edge ", "0.25", ""],
}
OF_XLS = {
    "Ann": ["5", "42", "1990-03-01", "2026-03-01 14:30:00", "0.5", "1234.5", "True", "two\nlines", "6", "09:05:00"],
    "Jörg & Co": ["7", "7", "2001-12-31", "2026-12-01", "1", "20", "False", "007", "ab", "23:59:00"],
    "이름": SHOWN["이름"],
}


@pytest.mark.parametrize(("ending", "shown"), [("xlsx", SHOWN), ("ods", SHOWN), ("xls", OF_XLS)])
def test_a_workbook_gives_what_its_cells_show(ending, shown):
    """Whole numbers have no point, and dates and leading zeros are those of the cell; an .xls does not tell formats."""
    found = outcomes(BOOKS / f"people.{ending}")
    assert {row["First Name"]: list(row.values())[1:] for row in found} == shown


@pytest.mark.parametrize("book", ["people.xlsx", "people.ods"])
def test_dates_whole_numbers_and_zeros_are_what_libreoffice_shows(book):
    """The CSV that LibreOffice wrote of the workbook, cells as shown, has the same texts."""
    shown = outcomes(BOOKS / "people_utf8.csv")
    assert len(shown) == 3
    for ours, theirs in zip(outcomes(BOOKS / book), shown, strict=True):
        same = ours.keys() - {"Share", "Price", "VIP"}
        assert {name: ours[name] for name in same} == {name: theirs[name] for name in same}


def test_text_files_of_libreoffice_are_read_in_their_encodings():
    shown = outcomes(BOOKS / "people_utf8.csv")
    latin = outcomes(BOOKS / "people_cp1252.csv", encoding="cp1252")
    assert latin[:2] == shown[:2]
    assert latin[2]["First Name"] == "??"  # Windows-1252 has no Korean letters
    assert outcomes(BOOKS / "people_utf16.tsv", encoding="utf-16") == shown
    assert "'Jörg' reads as Windows-1252: --encoding cp1252" in outcomes(BOOKS / "people_cp1252.csv")


@pytest.mark.parametrize(
    ("options", "reading"),
    [
        ({}, {}),
        ({"sep": ";"}, {}),
        ({"sep": "\t"}, {}),
        ({"encoding": "utf-8-sig"}, {}),
        ({"encoding": "utf-16", "sep": ";"}, {"encoding": "utf-16"}),
        ({"encoding": "cp1252", "quoting": 1}, {"encoding": "cp1252"}),
        ({"lineterminator": "\r\n"}, {}),
    ],
)
def test_what_pandas_writes_as_text_is_read(tmp_path, options, reading):
    frame = pandas.DataFrame({"name": ['Jörg "J", Lee; x', "Ann\nLee"], "n": [1, 2]})
    frame.to_csv(tmp_path / "rows.csv", index=False, **options)
    expected = [{"name": name, "n": str(n)} for name, n in zip(frame["name"], frame["n"], strict=True)]
    assert outcomes(tmp_path / "rows.csv", **reading) == expected
    frame.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    assert outcomes(tmp_path / "rows.jsonl") == expected


def test_a_shown_date_or_number_is_still_one():
    row = next(read_rows(BOOKS / "people.xlsx"))
    assert isinstance(row["Born"], date)
    assert isinstance(row["Met"], datetime)
    project = Project("{{ Born.year }} {{ Code + 1 }} {{ Code }} {{ Born }} {{ 'x' if Code == 42 }}").scene()
    assert project.render(row).name == "1990 43 00042 01.03.1990 x"
    assert json.loads(project.compile().render_json(row))["name"] == "1990 43 00042 01.03.1990 x"


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("hidden.xlsx", {}, [{"name": "Ann"}]),
        ("hidden.xls", {}, [{"name": "Ann"}]),
        ("hidden.ods", {}, [{"name": "Ann"}]),
        ("hidden.xlsx", {"sheet": "Old"}, [{"name": "Zoe"}]),
        ("hidden.xlsx", {"sheet": "old"}, "hidden.xlsx has no sheet 'old'\n  hint: did you mean 'Old'?"),
        ("hidden.xlsx", {"sheet": "Blank"}, "hidden.xlsx 'Blank' is empty"),
        ("two_sheets.xlsx", {}, "two_sheets.xlsx has 2 sheets: 'Guests', 'Staff'\n  hint: choose one: --sheet Guests"),
        ("two_sheets.xlsx", {"sheet": "Guests"}, [{"name": "Ann"}, {"name": "Bob"}]),
        ("gaps.xlsx", {}, [{"name": "Ann", "city": "Bonn"}, {"name": "Bob", "city": ""}]),
        ("merged.xlsx", {}, "merged.xlsx row 1: column 2 has no name\n  hint: name it; is a cell of the header merged"),
        ("titled.xlsx", {}, "row 1 (titled.xlsx row 3): 'city' is in column 2, which has no name"),
        ("faults.xlsx", {}, "row 1 (faults.xlsx row 2): 'sum' is #DIV/0!, the error of a formula"),
        ("faults.xlsx", {}, "row 2 (faults.xlsx row 3): 'sum' is #NAME?, the error of a formula"),
        ("faults.ods", {}, "row 1 (faults.ods row 2): 'sum' is #DIV/0!, the error of a formula"),
        ("header_only.xlsx", {}, "header_only.xlsx has a header and no rows"),
        ("empty.xlsx", {}, "empty.xlsx is empty"),
        ("nope.xlsx", {}, "No such file"),
    ],
)
def test_a_sheet_is_chosen_and_its_faults_are_told(name, options, expected):
    found = outcomes(BOOKS / name, **options)
    if isinstance(expected, list):
        assert found == expected
    else:
        assert any(expected in str(one) for one in ([found] if isinstance(found, str) else found)), found


def test_columns_with_blanks_around_a_text_are_named_once(tmp_path):
    rows = read_rows(BOOKS / "people.xlsx", tell=True)
    list(rows)
    assert rows.edged == {"Note": "people.xlsx row 4"}
    trimmed = list(read_rows(BOOKS / "people.xlsx", trim=True))
    assert trimmed[2]["Note"] == "edge"
    assert trimmed[2].place == "people.xlsx row 4"


# data frames and databases

DATA = {
    "First Name": ["Ann", "Bob", None],
    "n": [1, 2, 3],
    "price": [1.5, float("nan"), 2.0],
    "day": [date(2026, 3, 1), None, date(2026, 3, 2)],
    "cost": [Decimal("1.50"), None, Decimal("2")],
}
TEMPLATE = Project("{{ First_Name or 'you' }}/{{ n }}/{{ price|default('?', true) }}/{{ cost or '-' }}").scene()
NAMES = ["Ann/1/1.5/1.50", "Bob/2/?/-", "you/3/2.0/2"]


def tables():
    return {
        "pandas": pandas.DataFrame(DATA),
        "pandas_na": pandas.DataFrame(DATA).convert_dtypes(),
        "polars": polars.DataFrame(DATA, strict=False),
        "lazy": polars.LazyFrame(DATA, strict=False),
        "arrow": pyarrow.table({**DATA, "cost": pyarrow.array(DATA["cost"], pyarrow.decimal128(9, 2))}),
    }


def same(names):
    """Names as they are, with costs of two decimals where a library keeps one scale for a column."""
    return [name.removesuffix(".00") for name in names]


@pytest.mark.parametrize("kind", tables())
def test_any_data_frame_is_rows(tmp_path, kind):
    frame = tables()[kind]
    assert same(project.name for project in TEMPLATE.render_all(frame)) == NAMES
    target = tmp_path / "out.jsonl"
    plan = TEMPLATE.compile()
    assert plan.write_jsonl(frame, target) == 3
    assert plan.slow_rows == 0
    assert target.read_text(encoding="utf-8") == "".join(f"{one.to_json()}\n" for one in TEMPLATE.render_all(frame))
    with pytest.raises(DslError, match="row 3: name: a value is None: 'First_Name' is missing in the row"):
        list(Project("{{ First_Name|upper }}").scene().render_all(frame))


def test_numbers_of_a_frame_may_be_compared():
    frame = pandas.DataFrame({"n": [1, 5], "vip": [False, True], "name": ["Ann", "Bob"]})
    project = Project("{{ name }}").scene().scene(when="n > 2 and vip").text("{{ n }}")
    rows = [row for _, row in frame.iterrows()]
    for source in (frame, polars.from_pandas(frame), rows, frame.to_dict("records"), list(frame.itertuples())):
        assert [len(made.scenes) for made in project.render_all(source)] == [1, 2]


def test_parquet_and_arrow_files_are_rows(tmp_path):
    table = tables()["arrow"]
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet")
    with pyarrow.ipc.new_file(tmp_path / "rows.arrow", table.schema) as file:
        file.write_table(table)
    with pyarrow.ipc.new_stream(tmp_path / "stream.arrows", table.schema) as stream:
        stream.write_table(table)
    tables()["pandas"].drop(columns="cost").to_feather(tmp_path / "pandas.feather")
    for name in ("rows.parquet", "rows.arrow", "stream.arrows"):
        rows = read_rows(tmp_path / name)
        found = list(rows)
        assert [row.place for row in found] == [f"{name} row {number}" for number in (1, 2, 3)]
        assert same(project.name for project in TEMPLATE.render_all(found)) == NAMES
    assert len(list(read_rows(tmp_path / "pandas.feather"))) == 3
    pyarrow.parquet.write_table(table.slice(0, 0), tmp_path / "none.parquet")
    assert outcomes(tmp_path / "none.parquet") == "none.parquet holds no rows"


def test_two_columns_of_a_frame_with_one_spelling_are_refused():
    with pytest.raises(LoadError, match=r"both \{\{ a_b \}\}"):
        list(Project("x {{ a_b }}").scene().render_all(pandas.DataFrame({"a b": [1], "a-b": [2]})))


@pytest.mark.parametrize("source", [5, "text", {"a": 1}, numpy.array([[1, 2]]), pandas.Series([1])])
def test_what_is_neither_rows_nor_a_frame_is_refused(source):
    with pytest.raises(DslError, match=r"cannot read rows from|a row is a mapping"):
        list(Project("{{ a }}").scene().render_all(source))


def test_rows_of_a_database_are_rows(tmp_path):
    database = sqlite3.connect(tmp_path / "people.db")
    database.row_factory = sqlite3.Row
    database.execute('create table people ("First Name" text, n integer, price real, cost text)')
    database.executemany(
        "insert into people values (?, ?, ?, ?)", [("Ann", 1, 1.5, "1.50"), ("Bob", 2, None, None), (None, 3, 2.0, "2")]
    )
    names = [project.name for project in TEMPLATE.render_all(database.execute("select * from people"))]
    assert names == NAMES
    assert [dict(row) for row in read_rows(database.execute("select n from people"))] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert TEMPLATE.compile().write_jsonl(database.execute("select * from people"), tmp_path / "o.jsonl") == 3
    database.close()


# size

MANY = 100_000


def peak(work):
    """The most bytes of Python objects while it works, after a first turn that loads what it needs."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def written(folder, kind, count):
    path = folder / f"{count}.{kind}"
    if kind == "csv":
        path.write_text("id,name\n" + "".join(f"{n},Ann {n}\n" for n in range(count)), encoding="utf-8")
    elif kind == "jsonl":
        path.write_text("".join(f'{{"id":{n},"name":"Ann {n}"}}\n' for n in range(count)), encoding="utf-8")
    else:
        frame = pandas.DataFrame({"id": range(count), "name": [f"Ann {n}" for n in range(count)]})
        frame.to_parquet(path, row_group_size=20_000)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_hundred_thousand_rows_stream_at_flat_memory(tmp_path, kind):
    plan = Project("{{ id }} {{ name }}").scene().compile()

    files = {count: written(tmp_path, kind, count) for count in (10, 2_000, MANY)}
    made = {
        count: lambda count=count: plan.write_jsonl(read_rows(files[count]), tmp_path / "out.jsonl") for count in files
    }
    made[10]()
    assert peak(made[MANY]) < peak(made[2_000]) + 1_000_000
    with (tmp_path / "out.jsonl").open("rb") as file:
        assert sum(1 for _ in file) == 2_000


@pytest.mark.slow
def test_a_sheet_of_a_hundred_thousand_rows_is_read(tmp_path):
    path = tmp_path / "many.xlsx"
    write_sheet(path, MANY)
    rows = read_rows(path)
    last = {}
    for row in rows:
        last = row
    assert (rows.count, str(last["code"]), last["name"], rows.share) == (MANY, "99999", "Ann 99999", 1.0)


def write_sheet(path, count):
    """A workbook of this many rows, as small as Excel reads it."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    packages = "http://schemas.openxmlformats.org/package/2006/relationships"

    def text(place, words):
        return f'<c r="{place}" t="inlineStr"><is><t>{words}</t></is></c>'

    lines = [f'<row r="1">{text("A1", "code")}{text("B1", "name")}</row>']
    lines += [
        f'<row r="{n + 2}"><c r="A{n + 2}" s="1"><v>{n}</v></c>{text(f"B{n + 2}", f"Ann {n}")}</row>'
        for n in range(count)
    ]
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packages}"><Relationship Id="r1" Type="{links}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{space}" xmlns:r="{links}"><sheets>'
        '<sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}">'
        f'<Relationship Id="r1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{links}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{space}"><numFmts count="1"><numFmt numFmtId="170" formatCode="00000"/>'
        '</numFmts><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("module", "use", "extra"),
    [
        ("python_calamine", lambda folder: list(read_rows(BOOKS / "gaps.xlsx")), "excel"),
        ("pyarrow", lambda folder: list(read_rows(folder / "rows.parquet")), "frames"),
        ("narwhals", lambda folder: list(Project().scene().render_all(pandas.DataFrame({"a": [1]}))), "frames"),
    ],
)
def test_a_missing_extra_is_named_with_its_install_line(tmp_path, monkeypatch, module, use, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DslError) as caught:
        use(tmp_path)
    assert caught.value.hint == f'pip install "aistudios-dsl[{extra}]"'
