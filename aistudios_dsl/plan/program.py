"""Segments of JSON made ready for row after row: the functions that write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Literal

from attrs import frozen

from aistudios_dsl.build.speech import escaped, paragraphs
from aistudios_dsl.build.theme import Theme
from aistudios_dsl.layout.colour import parse_colour
from aistudios_dsl.plan.generated import NotPython, Number, Otherwise, Source
from aistudios_dsl.plan.segments import Hole, MovedField, MovingClips, Segment, Slot, StringCheck, strings_in
from aistudios_dsl.plan.sizers import Sized, Sizer
from aistudios_dsl.plan.strings import PlainName, Strings, TemplateString
from aistudios_dsl.wire.jsontext import canonical, canonical_string

_KEPT, _LONGEST_KEPT = 512, 4096


@frozen
class _Word:
    """A name's word in a string, in HTML, or in plain speech."""

    name: str
    way: Literal["text", "html", "spoken"]


WAYS = {
    "text": "quoted({})[1:-1].encode()",
    "html": "quoted(str(escape({})))[1:-1].encode()",
    "spoken": "quoted(spoken({}))[1:-1].encode()",
    "speech": "quoted(paragraphs({}))[1:-1].encode()",
    "colour": "quoted(coloured({}))[1:-1].encode()",
    "rgb": "parse_colour(coloured({})).rgb.encode()",
}
"""The code that writes words, as they are, in HTML or in plain speech; and the strings of slots."""


class RowWriter:
    """Writes the JSON of rows, by the quickest of three functions that takes a row.

    The first measures lines of text by their words; it needs lines of plain letters. The second writes each word once,
    wherever it goes; in speech it must not change how that is cut into paragraphs. The last writes string by string.
    """

    def __init__(
        self, strings: Strings, segments: Sequence[Segment], checks: Sequence[StringCheck], theme: Theme | None
    ) -> None:
        self._written = partial(_Writing, strings, segments, checks, theme)
        first = self._written(by_words=True, by_lines=True)
        self._first = first.function()
        self._others = [(True, False), (False, False)] if first.has_lines else [(False, False)]
        self._made: dict[tuple[bool, bool], Callable[..., bytes]] = {}

    def write(self, values: Mapping[str, Any], holes: Sequence[bytes] = ()) -> bytes:
        """Return the JSON of a row, with `holes` in the order of the holes."""
        try:
            return self._first(values, holes)
        except Otherwise:
            return self._otherwise(values, holes)

    def _otherwise(self, values: Mapping[str, Any], holes: Sequence[bytes]) -> bytes:
        for way in self._others:
            if way not in self._made:
                self._made[way] = self._written(by_words=way[0], by_lines=way[1]).function()
            try:
                return self._made[way](values, holes)
            except Otherwise:
                pass
        raise Otherwise


class _Writing:
    """One function being written."""

    def __init__(
        self,
        strings: Strings,
        segments: Sequence[Segment],
        checks: Sequence[StringCheck],
        theme: Theme | None,
        *,
        by_words: bool,
        by_lines: bool,
    ) -> None:
        self._source, self._by_words, self._by_lines = Source(strings), by_words, by_lines
        self._segments, self._checks = segments, checks
        self._holes = 0
        self._of_lines: dict[MovingClips, list[Any] | None] = {}
        self._helpers: dict[str, Any] = {
            "quoted": canonical_string,
            "spoken": _spoken,
            "paragraphs": paragraphs,
            "parse_colour": parse_colour,
            "coloured": partial(_coloured, theme),
        }

    @property
    def has_lines(self) -> bool:
        """Whether a set of clips is measured by the words of its texts."""
        return any(values is not None for values in self._of_lines.values())

    def function(self) -> Callable[..., bytes]:
        source = self._source
        source.bind(self._helpers)
        if self._by_words:
            self._limit_words()
        for string, validate in self._checks:
            source.line(f"{source.bound(validate, 'check')}({source.text(string)})")
        parts = (part for segment in self._segments for part in self._parts(segment))
        items = _joined(item for part in parts for item in self._items(part))
        code = [source.constant(item) if isinstance(item, bytes) else item for item in items]
        return source.function(code[0] if len(code) == 1 else f"b''.join([{', '.join(code)}])")

    def _parts(self, segment: Segment) -> Iterator[Segment | _Word]:
        """Part a string of plain names into its constants and words; give back everything else."""
        is_parted = self._by_words and isinstance(segment, Slot) and segment.way in ("text", "speech")
        pieces = self._source.strings.pieces(segment.string) if isinstance(segment, Slot) and is_parted else None
        if pieces is None or not isinstance(segment, Slot):
            yield segment
        elif segment.way == "speech":
            yield from _spoken_parts(pieces)
        else:
            way: Literal["text", "html"] = "html" if segment.string.html else "text"
            yield from (_Word(each.name, way) if isinstance(each, PlainName) else _text(each) for each in pieces)

    def _limit_words(self) -> None:
        """Leave to the last function a row whose words may make a string too long, or be HTML already."""
        from aistudios_dsl.templates.bounded import LONGEST

        source, names, most = self._source, dict[str, bool](), 1
        strings = strings_in(self._segments)
        for string in sorted(strings, key=lambda string: string.text):
            pieces = source.strings.pieces(string) or ()
            times = Counter(each.name for each in pieces if isinstance(each, PlainName))
            names |= {name: string.html or names.get(name, False) for name in times}
            most = max(most, *(times.values()), 1) * (len("&#34;") if string.html and times else 1)
        for name in [name for name, is_html in names.items() if is_html]:
            from markupsafe import escape

            source.bind({"escape": escape})
            source.line(f"type({source.value(name)}) in PLAIN or otherwise()")
        if names:
            room = (LONGEST - max(len(string.text) for string in strings)) // most
            source.line(f"{' + '.join(f'len({source.word(name)})' for name in names)} <= {room} or otherwise()")

    def _items(self, part: Segment | _Word) -> Iterator[bytes | str]:
        """Yield constants, code that gives bytes, and fields; in lines of text, their words."""
        source = self._source
        match part:
            case bytes():
                yield part
            case _Word():
                yield source.variable("json", part, lambda: WAYS[part.way].format(source.word(part.name)))
            case Slot():
                yield source.variable("json", part, lambda: WAYS[part.way].format(source.text(part.string)))
            case Hole():
                yield f"holes[{self._holes}]"
                self._holes += 1
            case MovedField():
                yield from self._field(part)

    def _field(self, part: MovedField) -> Iterator[bytes | str]:
        group, source = part.group, self._source
        values = self._values(group) if self._by_lines else None
        if values is None:
            layout = source.bound(_Memory(partial(_laid_out, group)), "layout", group)
            texts = ", ".join(map(source.text, group.strings))
            yield f"{source.variable('fields', group, lambda: f'{layout}[{texts},]')}[{part.place}]"
        elif isinstance(value := values[part.place], TemplateString):
            yield b'"'
            yield from (item for piece in self._parts(Slot(value)) for item in self._items(piece))
            yield b'"'
        elif isinstance(value, Number):
            yield f"repr({value.code} if {value.code} % 1 else int({value.code})).encode()"
        else:
            yield canonical(value).encode()

    def _values(self, group: MovingClips) -> list[Any] | None:
        """Return the values of the fields of clips whose texts are of one line: strings, numbers and constants."""
        if group not in self._of_lines:
            self._of_lines[group] = self._source.tried(
                lambda: group.laid_out(self._of_line(group, *each) for each in group.sizers)
            )
        return self._of_lines[group]

    def _of_line(self, group: MovingClips, sizer: Sizer, place: int) -> Sized:
        if sizer.of_line is None:
            raise NotPython
        if place < 0 or sizer.ruler is None:
            return sizer.of_line(0)
        size, (_, *numbers) = sizer.of_line(self._source.units(group.strings[place], sizer.ruler))
        return size, (group.strings[place], *numbers)


def _spoken_parts(pieces: tuple[str | PlainName, ...]) -> Iterator[bytes | _Word]:
    constant = "".join(piece for piece in pieces if isinstance(piece, str))
    mark = next(letter for letter in map(chr, range(0xE000, 0xF000)) if letter not in constant)
    html = paragraphs("".join(mark if isinstance(piece, PlainName) else piece for piece in pieces))
    names = iter([piece.name for piece in pieces if isinstance(piece, PlainName)])
    first, *rest = html.split(mark)
    yield _text(first)
    for text in rest:
        yield _Word(next(names), "spoken")
        yield _text(text)


def _text(text: str) -> bytes:
    return canonical_string(text)[1:-1].encode()


def _spoken(word: str) -> str:
    """Return a word as it stands in a paragraph of speech."""
    if _cuts_speech(word):
        raise Otherwise
    return escaped(word)


def _cuts_speech(word: str) -> bool:
    return not word.isprintable() or word == "" or word[0] == " " or word[-1] == " "


def _coloured(theme: Theme | None, text: str) -> str:
    """Return the colour that a text names, or the text."""
    return (theme and theme._named(text)) or text


def _joined(items: Iterable[bytes | str]) -> Iterator[bytes | str]:
    """Make neighbouring constants one."""
    for kind, some in groupby(items, key=type):
        if kind is bytes:
            yield b"".join(some)  # type: ignore[arg-type]
        else:
            yield from some


class _Memory(dict[Any, Any]):
    """What is written for some words, for rows in which they come again; what is long is not kept."""

    def __init__(self, write: Callable[[Any], list[bytes]]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, words: Any) -> list[bytes]:
        written = self._write(words)
        if sum(map(len, written)) <= _LONGEST_KEPT:
            if len(self) >= _KEPT:
                self.clear()
            self[words] = written
        return written


def _laid_out(group: MovingClips, words: tuple[str, ...]) -> list[bytes]:
    """Return the JSON of the fields of clips that move, for the words of their texts."""
    values = group.laid_out(sizer.sized(words[place] if place >= 0 else "") for sizer, place in group.sizers)
    return [(canonical_string(each) if isinstance(each, str) else repr(each)).encode() for each in values]
