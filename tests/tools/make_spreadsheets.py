"""Write tests/data/spreadsheets with LibreOffice: the workbooks that the tests of rows read.

    python -m tests.tools.make_spreadsheets        # needs soffice on the PATH

Each workbook is written as flat OpenDocument first, which LibreOffice opens, computes and saves in the other formats.
"""

import subprocess
import tempfile
from datetime import date, datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

FOLDER = Path(__file__).parents[1] / "data" / "spreadsheets"
FORMATS = {"xlsx": "Calc MS Excel 2007 XML", "xls": "MS Excel 97", "ods": "calc8"}
AS_TEXT = {
    "people_utf8.csv": "44,34,76,1,,0,false,true",
    "people_cp1252.csv": "59,34,1,1,,0,false,true",
    "people_utf16.tsv": "9,34,65535,1,,0,false,true",
}
"""How LibreOffice writes the first workbook as text: the separator, the quote, the encoding, as shown."""

STYLES = {
    "zeros": '<number:number-style style:name="N1"><number:number number:decimal-places="0" '
    'number:min-integer-digits="5"/></number:number-style>',
    "day": '<number:date-style style:name="N2"><number:day number:style="long"/><number:text>.</number:text>'
    '<number:month number:style="long"/><number:text>.</number:text><number:year number:style="long"/>'
    "</number:date-style>",
    "moment": '<number:date-style style:name="N3"><number:year number:style="long"/><number:text>-</number:text>'
    '<number:month number:style="long"/><number:text>-</number:text><number:day number:style="long"/>'
    '<number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/></number:date-style>',
    "percent": '<number:percentage-style style:name="N4"><number:number number:decimal-places="0" '
    'number:min-integer-digits="1"/><number:text>%</number:text></number:percentage-style>',
    "money": '<number:number-style style:name="N5"><number:number number:decimal-places="2" '
    'number:min-integer-digits="1" number:grouping="true"/></number:number-style>',
    "truth": '<number:boolean-style style:name="N6"><number:boolean/></number:boolean-style>',
    "clock": '<number:time-style style:name="N7"><number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/></number:time-style>',
}
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" '
    'xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" '
    'office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
)


def cell(value):
    """The XML of a cell; a pair is a value with the name of its format, and a text that starts with = is a formula."""
    value, name = value if isinstance(value, tuple) else (value, "")
    style = f' table:style-name="{name}"' if name else ""
    match value:
        case None:
            return f"<table:table-cell{style}/>"
        case bool():
            return f'<table:table-cell{style} office:value-type="boolean" office:boolean-value="{str(value).lower()}"/>'
        case int() | float():
            kind = "percentage" if name == "percent" else "float"
            return f'<table:table-cell{style} office:value-type="{kind}" office:value="{value!r}"/>'
        case datetime() | date():
            text = value.isoformat()
            return f'<table:table-cell{style} office:value-type="date" office:date-value="{text}"/>'
        case str() if value.startswith("PT"):
            return f'<table:table-cell{style} office:value-type="time" office:time-value="{value}"/>'
        case str() if value.startswith("="):
            return f"<table:table-cell{style} table:formula={quoteattr('of:' + value)}/>"
        case _:
            lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in str(value).split("\n"))
            return f'<table:table-cell{style} office:value-type="string">{lines}</table:table-cell>'


MERGED = '<table:table-cell table:number-columns-spanned="2"><text:p>Name</text:p></table:table-cell>'
MERGED = MERGED.replace("<table:table-cell ", '<table:table-cell office:value-type="string" ')
COVERED = "<table:covered-table-cell/>"


def workbook(sheets):
    """A workbook of sheets: their names, whether they are hidden, and their rows, of values or of XML."""
    numbers = "".join(STYLES.values())
    cells = "".join(
        f'<style:style style:name="{name}" style:family="table-cell" style:data-style-name="N{number}"/>'
        for number, name in enumerate(STYLES, 1)
    )
    tables = "".join(
        f'<style:style style:name="{name}" style:family="table">'
        f'<style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("seen", "true"), ("hidden", "false"))
    )
    found = []
    for name, hidden, rows in sheets:
        lines = "".join(
            f"<table:table-row>{row if isinstance(row, str) else ''.join(map(cell, row))}</table:table-row>"
            for row in rows
        )
        style = "hidden" if hidden else "seen"
        found.append(f'<table:table table:name="{escape(name)}" table:style-name="{style}">{lines}</table:table>')
    styles = f"<office:automatic-styles>{numbers}{cells}{tables}</office:automatic-styles>"
    body = f"<office:body><office:spreadsheet>{''.join(found)}</office:spreadsheet></office:body>"
    return f"{HEAD}{styles}{body}</office:document>"


PEOPLE = [
    ["First Name", "Id", "Code", "Born", "Met", "Share", "Price", "VIP", "Note", "Total", "At"],
    [
        *("Ann", 5, (42, "zeros"), (date(1990, 3, 1), "day"), (datetime(2026, 3, 1, 14, 30), "moment")),
        *((0.5, "percent"), (1234.5, "money"), (True, "truth"), "two\nlines", "=2*3", ("PT09H05M00S", "clock")),
    ],
    [
        *("Jörg & Co", 7, (7, "zeros"), (date(2001, 12, 31), "day"), (datetime(2026, 12, 1, 0, 0), "moment")),
        *((1, "percent"), (20, "money"), (False, "truth"), "007", '="a"&"b"', ("PT23H59M00S", "clock")),
    ],
    ["이름", 1000000, None, None, None, None, 2.25, None, " edge ", "=1/4", None],
]
WORKBOOKS = {
    "people": [("People", False, PEOPLE)],
    "two_sheets": [
        ("Guests", False, [["name"], ["Ann"], ["Bob"]]),
        ("Notes", True, [["old"], ["x"]]),
        ("Staff", False, [["name"], ["Cid"]]),
        ("Empty", False, []),
    ],
    "hidden": [("New", False, [["name"], ["Ann"]]), ("Old", True, [["name"], ["Zoe"]]), ("Blank", False, [])],
    "merged": [("Sheet1", False, [f"{MERGED}{COVERED}{cell('City')}", ["Ann", "Lee", "Bonn"]])],
    "titled": [("Sheet1", False, [["Guests of 2026"], [], ["name", "city"], ["Ann", "Bonn"]])],
    "gaps": [("Sheet1", False, [[], [None, "name", "city"], [None, "Ann", "Bonn"], [], [None, "Bob", None], [], []])],
    "faults": [("Sheet1", False, [["name", "sum"], ["Ann", "=1/0"], ["Bob", "=nope(1)"], ["Cid", 3]])],
    "header_only": [("Sheet1", False, [["name", "city"]])],
    "empty": [("Sheet1", False, [])],
}


def main():
    """Write all workbooks, some in every format, the others as .xlsx."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, sheets in WORKBOOKS.items():
            source = Path(folder) / f"{name}.fods"
            source.write_text(workbook(sheets), encoding="utf-8")
            for suffix in FORMATS if name in ("people", "hidden", "faults") else ("xlsx",):
                target = f"{suffix}:{FORMATS[suffix]}"
                convert(source, target, FOLDER, folder)
        for name, options in AS_TEXT.items():
            convert(Path(folder) / "people.fods", f"csv:Text - txt - csv (StarCalc):{options}", Path(folder), folder)
            Path(folder, "people.csv").rename(FOLDER / name)


def convert(source, target, output, folder):
    """Let LibreOffice convert a file, with a profile of its own."""
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", "--headless", profile, "--convert-to", target, "--outdir", output, source]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
