"""Rows from files: what is read, where each row stands, and what is refused at its own line."""

import io
import json
import pickle
import tracemalloc

import pytest

from aistudios_dsl import DslError, LoadError, Project, TemplateError
from aistudios_dsl.errors import near_file
from aistudios_dsl.templates.rows import DataRow, read_rows


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(tmp_path, name, content):
    return [dict(row) for row in read_rows(written(tmp_path, name, content))]


def outcomes(rows):
    """Every row, or the error that stands in its place."""
    found = []
    while True:
        try:
            found.append(dict(next(rows)))
        except StopIteration:
            return found
        except DslError as fault:
            found.append(str(fault))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("id,name\n1,Ann\n", [{"id": "1", "name": "Ann"}]),
        ("id,name\r\n1,Ann\r\n", [{"id": "1", "name": "Ann"}]),
        ("id,name\n1,Ann", [{"id": "1", "name": "Ann"}]),
        ("\ufeffid,name\n1,Ann\n", [{"id": "1", "name": "Ann"}]),
        (" id , name\n 1 , Ann\n", [{"id": " 1 ", "name": " Ann"}]),
        ('id,name\n1,"Lee, ""Ann"""\n', [{"id": "1", "name": 'Lee, "Ann"'}]),
        ('id,name\n1,"two\r\nlines"\n', [{"id": "1", "name": "two\r\nlines"}]),
        ("id,name\n1,a\u2028b\x0bc\x85d\n", [{"id": "1", "name": "a\u2028b\x0bc\x85d"}]),
        ("id,name\n1,{{ id }}\n", [{"id": "1", "name": "{{ id }}"}]),
        ("id;name\n1;Lee, Ann\n", [{"id": "1", "name": "Lee, Ann"}]),
        ("id\tname\n1\tLee; Ann\n", [{"id": "1", "name": "Lee; Ann"}]),
        ("id,name\n\n1,\n\n\n2,NaN\n", [{"id": "1", "name": ""}, {"id": "2", "name": "NaN"}]),
        ("name\nAnn\n", [{"name": "Ann"}]),
    ],
)
def test_csv_gives_its_values_as_they_stand(tmp_path, text, rows):
    assert read(tmp_path, "rows.csv", text) == rows


JSON_ROWS = [{"name": 'a\u2028b"\\', "price": 1.50, "list": [1, {"x": None}], "yes": True}, {"name": "😀"}]


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n  \n"])
def test_jsonl_is_read_by_line_feeds_alone(tmp_path, ascii_only, end):
    text = "".join(json.dumps(row, ensure_ascii=ascii_only) + end for row in JSON_ROWS)
    assert read(tmp_path, "rows.jsonl", text) == JSON_ROWS
    assert read(tmp_path, "rows.ndjson", "\ufeff" + text) == JSON_ROWS


def test_a_json_array_is_read_too(tmp_path):
    assert read(tmp_path, "rows.json", json.dumps(JSON_ROWS, indent=1)) == JSON_ROWS


def test_any_iterable_of_mappings_is_rows():
    assert [dict(row) for row in read_rows({"n": n} for n in range(3))] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_a_row_knows_the_line_that_it_starts_at(tmp_path):
    text = 'id,name\r\n\r\n1,"two\r\nlines"\r\n2,Ann\r\n'
    places = [row.place for row in read_rows(written(tmp_path, "people.csv", text))]
    assert places == ["people.csv line 3", "people.csv line 5"]
    places = [row.place for row in read_rows(written(tmp_path, "people.jsonl", '\n{"a":1}\n\n{"a":2}'))]
    assert places == ["people.jsonl line 2", "people.jsonl line 4"]
    assert [row.place for row in read_rows(written(tmp_path, "people.json", '[{"a":1}]'))] == ["people.json item 1"]


def test_a_row_keeps_its_place_when_pickled():
    row = pickle.loads(pickle.dumps(DataRow({"a": 1}, "rows.csv line 2")))
    assert (row, row.place) == ({"a": 1}, "rows.csv line 2")


def test_a_faulty_row_is_told_in_its_place_and_the_rest_can_still_be_read(tmp_path):
    text = "id,name,city\n1,Ann,Rome\n2,Bob\n3,Lee, Cid,Oslo\n,,\n4,Eve,Bonn\n"
    assert outcomes(read_rows(written(tmp_path, "p.csv", text))) == [
        {"id": "1", "name": "Ann", "city": "Rome"},
        "row 2 (p.csv line 3): has 2 columns, the header has 3: 'city' missing",
        "row 3 (p.csv line 4): has 4 columns, the header has 3: 'Oslo' has no column\n"
        "  hint: put quotes around a value with a comma",
        "row 4 (p.csv line 5): every column is empty\n  hint: spreadsheets leave such lines: remove it",
        {"id": "4", "name": "Eve", "city": "Bonn"},
    ]


def test_a_faulty_line_of_json_is_told_in_its_place_and_the_rest_can_still_be_read(tmp_path):
    lines = [
        ('{"a":1}', {"a": 1}),
        ("[1]", "row 2 (p.jsonl line 2): must be an object, not a list"),
        ('{"a":"\\uD800"}', "row 3 (p.jsonl line 3): a: contains an unpaired surrogate"),
        ('{"a":[{"b":1e999}]}', "row 4 (p.jsonl line 4): a[0].b: must be a finite number, not inf"),
        ('{"a":NaN}', "row 5 (p.jsonl line 5): the line holds NaN"),
        ('{"a":-Infinity}', "row 6 (p.jsonl line 6): the line holds -Infinity"),
        ('{"a":{"b":1,"b":2}}', "row 7 (p.jsonl line 7): the line has the key 'b' twice"),
        ('{"a":1,}', "row 8 (p.jsonl line 8): column 8: the line is not JSON: a comma before '}'"),
        ('{"a":', "row 9 (p.jsonl line 9): column 6: the line is not JSON: it ends in the middle"),
        ('{"a":1} {"a":2}', "row 10 (p.jsonl line 10): column 9: the line is not JSON: extra data"),
        ('{"a":"\\uD83D\\uDE00"}', {"a": "😀"}),
    ]
    found = outcomes(read_rows(written(tmp_path, "p.jsonl", "\n".join(line for line, _ in lines))))
    for (line, expected), seen in zip(lines, found, strict=True):
        assert seen == expected if isinstance(expected, dict) else seen.startswith(expected), line


def test_a_faulty_item_of_an_array_is_told_in_its_place(tmp_path):
    found = outcomes(read_rows(written(tmp_path, "p.json", '[3, {"a":"\\udc00"}, {"a":1}]')))
    assert found[0] == "row 1 (p.json item 1): must be an object, not 3"
    assert found[1].startswith("row 2 (p.json item 2): a: contains an unpaired surrogate")
    assert found[2] == {"a": 1}


def test_a_row_that_is_no_mapping_is_told_by_its_number():
    assert outcomes(read_rows([{"a": 1}, ["a"], None])) == [
        {"a": 1},
        "row 2: a row is a mapping of names to values, not list",
        "row 3: a row is a mapping of names to values, not NoneType",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.csv", "", "p.csv is empty\n  hint: the first line names the columns"),
        ("p.csv", "\ufeff", "p.csv line 1: the header is empty"),
        ("p.csv", "\n1,2\n", "p.csv line 1: the header is empty"),
        ("p.csv", " , \n1,2\n", "p.csv line 1: the header is empty"),
        ("p.csv", "id,\n1,2\n", "p.csv line 1: column 2 has no name"),
        ("p.csv", "id,name, id\n1,2,3\n", "p.csv line 1: columns 1 and 3 are both named 'id'"),
        ("p.csv", "id,name\n", "p.csv has a header and no rows"),
        ("p.csv", "id,name\n\n\n", "p.csv has a header and no rows"),
        ("p.csv", b"id,name\n1,Ann\n2,J\xf6rg\n", "p.csv line 3: is not UTF-8, at byte 4 of the line"),
        ("p.csv", "id,name\n1,Ann\n".encode("utf-16"), "it reads as UTF-16: --encoding utf-16; or save it as UTF-8"),
        ("p.csv", "id,name\n1,Ann\n".encode("utf-16-le"), "p.csv line 1: holds a NUL character"),
        ("p.csv", 'id,name\n1,"Ann\n2,Bob\n', "p.csv line 2: a quote is opened and never closed"),
        ("p.csv", 'id,name\n1,"Ann" Lee\n', "p.csv line 2: text follows a closing quote"),
        ("p.csv", 'id,name\n1,"' + "x" * 140_000 + '"\n', "p.csv line 2: a value is too long"),
        ("p.csv", "id,name\r1,Ann\r", "p.csv line 1: a carriage return stands alone"),
        ("p.jsonl", "", "p.jsonl is empty\n  hint: each line is one JSON object"),
        ("p.jsonl", "\n \n", "p.jsonl is empty"),
        ("p.jsonl", b'{"a":1}\n{"a":"\xff"}\n', "p.jsonl line 2: is not UTF-8, at byte 7 of the line"),
        ("p.json", "", "p.json is empty"),
        ("p.json", "[]", "p.json holds no rows"),
        ("p.json", '{"a":1}', "must be an array of objects, not an object\n  hint: one object on each line is JSONL"),
        ("p.json", "[{]", "p.json is not JSON"),
        ("p.json", b'["\xff"]', "p.json is not UTF-8"),
        ("p.xslx", "PK", "p.xslx is not a known kind of table\n  hint: did you mean 'xlsx'?"),
        ("p.dat", "a\n1\n", "p.dat is not a known kind of table\n  hint: name it .csv, .xlsx, .jsonl or .parquet"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, message):
    with pytest.raises(LoadError) as caught:
        list(read_rows(written(tmp_path, name, content)))
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_told_with_the_nearest(tmp_path):
    written(tmp_path, "people.csv", "a\n1\n")
    for name, hint in (("poeple.csv", "did you mean 'people.csv'?"), ("people.json", "did you mean 'people.csv'?")):
        with pytest.raises(LoadError, match="No such file") as caught:
            next(read_rows(tmp_path / name))
        assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("nope.csv", ""),
        ("nope.json", ""),
        ("l2.py", ""),
        ("ofer.jsonl", "offer.jsonl"),
        ("Offer.JSONL", "offer.jsonl"),
        ("offer", "offer.jsonl"),
        ("offer.jsnl", "offer.jsonl"),
        ("no/folder/offer.jsonl", ""),
    ],
)
def test_only_a_file_that_is_truly_near_is_suggested(tmp_path, name, near):
    for other in ("space.csv", "offer.jsonl", "offer.outbox", "e.py", "offer_2024.csv"):
        (tmp_path / other).touch()
    assert near_file(tmp_path / name) == (f"did you mean {near!r}?" if near else "")


@pytest.mark.parametrize("source", [{"a": 1}, b"a", 3, None])
def test_what_is_neither_a_path_nor_rows_is_refused(source):
    with pytest.raises(LoadError, match="cannot read rows from"):
        read_rows(source)


def test_reading_ends_after_a_file_was_refused(tmp_path):
    rows = read_rows(written(tmp_path, "p.csv", b"a\n1\n\xff\n2\n"))
    assert dict(next(rows)) == {"a": "1"}
    with pytest.raises(LoadError, match="line 3"):
        next(rows)
    assert list(rows) == []


def test_errors_of_rendering_name_the_line(tmp_path):
    rows = read_rows(written(tmp_path, "p.csv", 'nmae\n"Ann\nLee"\nBob\n'))
    next(rows)
    with pytest.raises(TemplateError) as caught:
        list(Project("{{ name }}").scene().render_all(rows))
    assert str(caught.value) == ("row 1 (p.csv line 4): name: the row has no 'name'\n  hint: did you mean 'nmae'?")
    with pytest.raises(TemplateError, match=r"row 1 \(p.csv line 2\): name: the row has no 'name'"):
        Project("{{ name }}").scene().compile().write_jsonl(read_rows(tmp_path / "p.csv"), io.BytesIO())


@pytest.mark.parametrize(("name", "line"), [("p.csv", "{n},Ann\n"), ("p.jsonl", '{{"id":{n},"name":"Ann"}}\n')])
def test_memory_stays_flat_however_many_rows_there_are(tmp_path, name, line):
    def peak(count):
        head = "id,name\n" if name == "p.csv" else ""
        path = written(tmp_path, name, head + "".join(line.format(n=n) for n in range(count)))
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_rows(path)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(20_000) < peak(1_000) + 200_000


def test_how_much_is_read_grows_to_all(tmp_path):
    rows = read_rows(written(tmp_path, "p.csv", "a\n" + "1\n" * 9))
    shares = [rows.share for _ in rows]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1], rows.count) == (0.2, 1.0, 9)
