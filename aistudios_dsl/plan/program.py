"""Segments of JSON made ready for row after row: the functions that write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import count, groupby
from typing import Any, Literal

from attrs import frozen
from markupsafe import escape

from aistudios_dsl.build.speech import escaped, paragraphs
from aistudios_dsl.build.theme import Theme
from aistudios_dsl.layout.colour import parse_colour
from aistudios_dsl.plan.generated import NotPython, Number, Otherwise, Source
from aistudios_dsl.plan.kept import Kept
from aistudios_dsl.plan.segments import Hole, MovedField, MovingClips, Segment, Slot, StringCheck, strings_in
from aistudios_dsl.plan.sizers import Sized, Sizer
from aistudios_dsl.plan.strings import PlainName, Strings, TemplateString
from aistudios_dsl.templates.bounded import LONGEST
from aistudios_dsl.wire.jsontext import canonical_string

_BYTES_KEPT = 500_000


Values = tuple[bytes, ...]
"""What is filled into the holes of some JSON, in their order."""


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
    """Writes the JSON of rows, by the quicker of two functions that takes a row.

    The first writes each word once, wherever it goes, and measures lines of text by their words. Words in speech must
    not change how that is cut into paragraphs, and the lines need plain letters. The second writes string by string.
    """

    def __init__(
        self, strings: Strings, segments: Sequence[Segment], checks: Sequence[StringCheck], theme: Theme | None
    ) -> None:
        self.holes: list[str] = [each.name for each in segments if isinstance(each, Hole)]
        self._by_words = _Writing(strings, theme, by_words=True).json(segments, checks)
        self._by_strings = lru_cache(1)(lambda: _Writing(strings, theme, by_words=False).json(segments, checks))

    def ordered(self, values: Mapping[str, bytes]) -> Values:
        """Return the JSON for the holes, given by name, in the order of the holes."""
        return tuple([values[name] for name in self.holes])

    def write(self, values: Mapping[str, Any], holes: Sequence[bytes] = ()) -> bytes:
        """Return the JSON of a row, with what is filled into the holes."""
        try:
            return self._by_words(values, holes)
        except Otherwise:
            return self._by_strings()(values, holes)


class _Writing(Source):
    """One function of a writer."""

    def __init__(self, strings: Strings, theme: Theme | None, *, by_words: bool) -> None:
        super().__init__(strings)
        self._by_words, self._holes = by_words, count()
        self._of_lines: dict[MovingClips, list[Any] | None] = {}
        self.known |= {"quoted": canonical_string, "spoken": _spoken, "paragraphs": paragraphs, "escape": escape}
        self.known |= {"parse_colour": parse_colour, "coloured": partial(_coloured, theme)}

    def json(self, segments: Sequence[Segment], checks: Sequence[StringCheck]) -> Callable[..., bytes]:
        """Return the function that writes some segments and checks some strings."""
        if self._by_words:
            self._limit_words(strings_in(segments))
        for string, validate in checks:
            self.lines.append(f"{self.bound(validate, 'check')}({self.text(string)})")
        items = _joined(item for segment in segments for part in self._parts(segment) for item in self._items(part))
        code = [self.bound(item, "constant", item) if isinstance(item, bytes) else item for item in items]
        return self.function(code[0] if len(code) == 1 else f"b''.join([{', '.join(code)}])")

    def _parts(self, segment: Segment) -> Iterator[Segment | _Word]:
        """Part a string of plain names into its constants and words; give back everything else."""
        is_parted = self._by_words and isinstance(segment, Slot) and segment.way in ("text", "speech")
        pieces = self.strings.pieces(segment.string) if isinstance(segment, Slot) and is_parted else None
        if pieces is None or not isinstance(segment, Slot):
            yield segment
        elif segment.way == "speech":
            yield from _spoken_parts(pieces)
        else:
            way: Literal["text", "html"] = "html" if segment.string.html else "text"
            yield from (_Word(each.name, way) if isinstance(each, PlainName) else _text(each) for each in pieces)

    def _limit_words(self, strings: Collection[TemplateString]) -> None:
        """Leave to the last function a row whose words may make a string too long, or be HTML already."""
        html, names, most = set[str](), dict[str, None](), 1
        for string in strings:
            times = Counter(each.name for each in self.strings.pieces(string) or () if isinstance(each, PlainName))
            names |= dict.fromkeys(times)
            html |= set(times) if string.html else set()
            most = max(most, max(times.values(), default=1) * (len("&#34;") if string.html else 1))
        for name in sorted(html):
            self.lines.append(f"type({self.value(name)}) in PLAIN or otherwise()")
        if names:
            letters = " + ".join(f"len({self.word(name)})" for name in sorted(names))
            room = (LONGEST - max(len(string.text) for string in strings)) // most
            self.lines.append(f"{letters} <= {room} or otherwise()")

    def _items(self, part: Segment | _Word) -> Iterator[bytes | str]:
        """Yield constants, and code that gives bytes."""
        match part:
            case bytes():
                yield part
            case _Word():
                yield self.variable("json", part, lambda: WAYS[part.way].format(self.word(part.name)))
            case Slot():
                yield self.variable("json", part, lambda: WAYS[part.way].format(self.text(part.string)))
            case Hole():
                yield f"holes[{next(self._holes)}]"
            case MovedField():
                yield from self._field(part)

    def _field(self, part: MovedField) -> Iterator[bytes | str]:
        group = part.group
        if self._by_words and group not in self._of_lines:
            sized = (self._of_line(group, *each) for each in group.sizers)
            self._of_lines[group] = self.tried(lambda: group.laid_out(sized))
        values = self._of_lines.get(group)
        if values is None:
            kept = Kept(_BYTES_KEPT, partial(_laid_out, group), lambda written: sum(map(len, written)))
            layout = self.bound(kept, "layout", group)
            texts = ", ".join(map(self.text, group.strings))
            yield f"{self.variable('fields', group, lambda: f'{layout}[{texts},]')}[{part.place}]"
        elif isinstance(value := values[part.place], TemplateString):
            yield b'"'
            yield from (item for piece in self._parts(Slot(value)) for item in self._items(piece))
            yield b'"'
        elif isinstance(value, Number):
            code = f"repr({value.code} if {value.code} % 1 else int({value.code})).encode()"
            yield self.variable("json", code, lambda: code)
        else:
            yield json_of(value)

    def _of_line(self, group: MovingClips, sizer: Sizer, place: int) -> Sized:
        """Return the size of a clip whose text, if it has one, is of one line: it is a string, and its numbers code."""
        if sizer.of_line is None:
            raise NotPython
        if place < 0 or sizer.ruler is None:
            return sizer.of_line(0)
        size, (_, *numbers) = sizer.of_line(self.units(group.strings[place], sizer.ruler))
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


def _laid_out(group: MovingClips, *words: str) -> list[bytes]:
    """Return the JSON of the fields of clips that move, for the words of their texts."""
    values = group.laid_out(sizer.sized(words[place] if place >= 0 else "") for sizer, place in group.sizers)
    return list(map(json_of, values))


def json_of(value: str | float) -> bytes:
    """Return the JSON of a text or a number, which Python and JSON write alike."""
    return (canonical_string(value) if isinstance(value, str) else repr(value)).encode()
