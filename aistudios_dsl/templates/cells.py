"""What the cells of a workbook show, where that is more than their value: failed formulas, dates, leading zeros.

The library that reads the values drops formats, and gives an empty text for a formula that failed.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from functools import partial
from typing import Any
from xml.parsers import expat

Note = str | Callable[[Any], str]
"""The error that a cell shows, or what gives the text that it shows of its value."""
Notes = dict[tuple[int, int], Note]
"""Notes by row and column, from 0."""

_ZEROS = re.compile(r"0{2,}")
_ERROR = re.compile(rb"(?:(?!</?(?:\w+:)?c[\s>]).)*?<(?:\w+:)?v>(#[^<]*)<", re.DOTALL)
"""The rest of a cell that shows an error."""
_BUILT_IN = {20: "h:mm", 21: "h:mm:ss", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM"}
"""The formats with fixed numbers that look the same in every language."""
_TOKEN = re.compile(r'\[[^\]]*\]|"([^"]*)"|\\(.)|AM/PM|A/P|y+|m+|d+|h+|s+|.', re.IGNORECASE | re.DOTALL)


class ShownNumber(int):
    """A whole number that is written with the zeros of its cell."""

    shown: str = ""

    def __str__(self) -> str:
        return self.shown or int.__repr__(self)


class ShownDate(date):
    """A date that is written as its cell shows it."""

    shown: str = ""

    def __str__(self) -> str:
        return self.shown or self.isoformat()


class ShownMoment(datetime):
    """A date and time that are written as their cell shows them."""

    shown: str = ""

    def __str__(self) -> str:
        return self.shown or self.isoformat(" ")


class ShownTime(time):
    """A time that is written as its cell shows it."""

    shown: str = ""

    def __str__(self) -> str:
        return self.shown or self.isoformat()


def shown_as(value: Any, text: str) -> Any:
    """Return a value that counts and compares as before, and is written as this text.

    >>> code = shown_as(42, "00042")
    >>> str(code), code + 1
    ('00042', 43)
    """
    found: Any
    match value:
        case _ if not text or text == str(value):
            return value
        case datetime():
            found = ShownMoment.fromisoformat(value.isoformat())
        case date():
            found = ShownDate.fromisoformat(value.isoformat())
        case time():
            found = ShownTime.fromisoformat(value.isoformat())
        case int() if not isinstance(value, bool):
            found = ShownNumber(value)
        case _:
            return value
    found.shown = text
    return found


def notes_of(document: bytes, sheet: str) -> Notes:
    """Return the notes on the cells of a sheet: none for an .xls, whose formats are not read."""
    if not document.startswith(b"PK"):
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(document)) as archive:
            if "content.xml" in archive.namelist():
                return _OdsSheet(sheet).read(archive.read("content.xml"))
            return _xlsx_notes(archive, sheet)
    except (KeyError, zipfile.BadZipFile, expat.ExpatError, ValueError):
        # The values were read; what the cells show is told only where it can be found.
        return {}


# .xlsx


def _xlsx_notes(archive: zipfile.ZipFile, sheet: str) -> Notes:
    formats = _formats(archive.read("xl/styles.xml")) if "xl/styles.xml" in archive.namelist() else {}
    wanted = "|".join(map(str, formats))
    styled = rf'|\bs="(?:{wanted})"' if wanted else ""
    cell = re.compile(rf'<(?:\w+:)?c\s(?=[^>]*?(?:\bt="e"{styled}))([^>]*)>'.encode())
    found: Notes = {}
    document = archive.read(_part(archive, sheet))
    for match in cell.finditer(document):
        attributes = match[1].decode()
        place = re.search(r'\br="([A-Z]+)(\d+)"', attributes)
        if not place:
            continue
        note: Note | None
        if 't="e"' in attributes:
            error = _ERROR.match(document, match.end())
            note = error[1].decode() if error else "#VALUE!"
        else:
            style = re.search(r'\bs="(\d+)"', attributes)
            note = formats.get(int(style[1])) if style else None
        if note is not None:
            found[int(place[2]) - 1, _column(place[1])] = note
    return found


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the file that holds a sheet."""
    ids = [tag for tag in _tags(archive.read("xl/workbook.xml")) if tag[0] == "sheet" and tag[1].get("name") == sheet]
    [(_, attributes)] = ids
    wanted = next(value for key, value in attributes.items() if key.rpartition(" ")[2] == "id")
    links = _tags(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(found["Target"] for tag, found in links if tag == "Relationship" and found["Id"] == wanted)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _tags(document: bytes) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda tag, attributes: found.append((tag.rpartition(" ")[2], attributes))
    parser.Parse(document, True)
    return found


def _formats(styles: bytes) -> dict[int, Callable[[Any], str]]:
    """Return what writes the values of each style whose format can be followed."""
    codes, found, inside, number = dict(_BUILT_IN), dict[int, Callable[[Any], str]](), False, 0
    for tag, attributes in _tags(styles):
        if tag == "numFmt":
            codes[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif tag in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            inside = tag == "cellXfs"
        elif tag == "xf" and inside:
            write = _writer(codes.get(int(attributes.get("numFmtId", 0)), ""))
            if write:
                found[number] = write
            number += 1
    return found


def _writer(code: str) -> Callable[[Any], str] | None:
    """Return what writes a value in an Excel format of zeros, or of a date in numbers.

    >>> _writer("00000")(42), _writer("dd.mm.yyyy")(date(2026, 3, 1)), _writer("#,##0.00")
    ('00042', '01.03.2026', None)
    """
    if _ZEROS.fullmatch(code):
        return partial(_zero_filled, len(code))
    parts = [(found[0], found[1] or found[2]) for found in _TOKEN.finditer(code.partition(";")[0])]
    tokens = [token.lower() for token, literal in parts if literal is None and not token.startswith("[")]
    words = any(token.startswith(("mmm", "ddd")) for token in tokens)
    if words or not any(token[0] in "ymdhs" for token in tokens) or any(token[0] in "0#?%eg" for token in tokens):
        # The names of months and days depend on the language of the reader.
        return None
    return partial(_moment, parts)


def _zero_filled(width: int, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return ""
    return f"{'-' if value < 0 else ''}{abs(value):0{width}d}"


def _moment(parts: list[tuple[str, str | None]], value: Any) -> str:
    if not isinstance(value, date | time):
        return ""
    whole = value if isinstance(value, datetime) else _as_moment(value)
    half = any(token.upper() in ("AM/PM", "A/P") for token, _ in parts)
    return "".join(_written(whole, half, parts))


def _as_moment(value: date | time) -> datetime:
    return datetime.combine(date.min, value) if isinstance(value, time) else datetime.combine(value, time.min)


def _written(moment: datetime, half: bool, parts: list[tuple[str, str | None]]) -> Iterator[str]:
    kinds = [token[0].lower() if literal is None else "" for token, literal in parts]
    for at, (token, literal) in enumerate(parts):
        kind, pad = kinds[at], "02d" if len(token) > 1 else "d"
        near = [*reversed(kinds[:at]), "-"], [*kinds[at + 1 :], "-"]
        before, after = (next((one for one in side if one in "ymdhs" and one), "") for side in near)
        if literal is not None:
            yield literal
        elif token.startswith("["):
            continue
        elif token.upper() in ("AM/PM", "A/P"):
            yield "AM" if moment.hour < 12 else "PM"
        elif kind == "y":
            yield f"{moment.year:04d}" if len(token) > 2 else f"{moment.year % 100:02d}"
        elif kind == "m":
            # An m beside hours or seconds stands for minutes.
            yield format(moment.minute if before == "h" or after == "s" else moment.month, pad)
        elif kind in "dhs" and kind:
            hour = (moment.hour - 1) % 12 + 1 if half else moment.hour
            yield format({"d": moment.day, "h": hour, "s": moment.second}[kind], pad)
        else:
            yield token


# .ods


class _OdsSheet:
    """Reads one table of an OpenDocument: the texts that its cells hold beside their values."""

    def __init__(self, sheet: str) -> None:
        self._sheet = sheet
        self._inside = False
        self._row, self._column = -1, 0
        self._rows, self._columns = 1, 1
        self._kind = ""
        self._text: list[str] = []
        self._found: Notes = {}

    def read(self, document: bytes) -> Notes:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.Parse(document, True)
        return self._found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        given = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if name == "table":
            self._inside = given.get("name") == self._sheet
            self._row, self._rows = -1, 1
        elif name == "table-row":
            self._row += self._rows
            self._rows, self._column, self._columns = int(given.get("number-rows-repeated", 1)), 0, 0
        elif name in ("table-cell", "covered-table-cell"):
            self._column += self._columns
            self._columns = int(given.get("number-columns-repeated", 1))
            kinds = [value for key, value in attributes.items() if key.endswith(" value-type")]
            self._kind = "error" if "error" in kinds else kinds[0] if kinds else ""
            self._text.clear()

    def _end(self, tag: str) -> None:
        if not self._inside or not tag.endswith(" table-cell") or not self._kind:
            return
        text = "".join(self._text).strip()
        note: Note | None = None
        if self._kind == "error":
            note = text if text.startswith("#") else "#VALUE!"
        elif self._kind in ("date", "time") or (self._kind == "float" and re.fullmatch(r"-?0\d+", text)):
            note = partial(_same, text)
        if note is not None:
            for row in range(self._row, self._row + min(self._rows, 1000)):
                for column in range(self._column, self._column + min(self._columns, 1000)):
                    self._found[row, column] = note


def _same(text: str, value: Any) -> str:
    return text
