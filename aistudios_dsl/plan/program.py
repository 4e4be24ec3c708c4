"""Segments of JSON made ready for row after row: which bytes stay, and what each row puts between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, Literal

from attrs import frozen

from aistudios_dsl.build.speech import escaped, paragraphs
from aistudios_dsl.build.theme import Theme
from aistudios_dsl.layout.colour import parse_colour
from aistudios_dsl.plan.segments import MovedField, MovingClips, Segment, Slot, StringCheck, strings_in
from aistudios_dsl.plan.strings import PlainName, RowStrings, Strings, TemplateString
from aistudios_dsl.wire.jsontext import canonical_string


@frozen
class _Word:
    """A name's word in a string, in HTML, or in plain speech."""

    name: str
    way: Literal["text", "html", "speech"]


class _CutsSpeech(Exception):
    """A word that would change how speech is cut into paragraphs."""


class _Memory(dict[Any, Any]):
    """What is written for some words, for rows in which they come again; what is long is not kept."""

    _MOST = 512

    def __init__(self, write: Callable[[Any], Any], longest: int) -> None:
        super().__init__()
        self._write = write
        self._longest = longest

    def __missing__(self, words: Any) -> Any:
        written = self._write(words)
        if len(written if isinstance(written, bytes) else written[0]) <= self._longest:
            if len(self) >= self._MOST:
                self.clear()
            self[words] = written
        return written


class RowWriter:
    """Writes the JSON of rows. Where the words of a row allow it, each is written once, wherever it goes.

    A word of speech must not change how the speech is cut into paragraphs. Other rows are written string by string.
    """

    def __init__(
        self,
        strings: Strings,
        segments: Sequence[Segment],
        checks: Sequence[StringCheck],
        theme: Theme | None,
    ) -> None:
        from aistudios_dsl.templates.bounded import LONGEST

        pieces: list[Segment | _Word] = [piece for segment in segments for piece in _pieces(strings, segment)]
        room = LONGEST - max((len(string.text) for string in strings_in(segments)), default=0)
        self._by_words = _Writer(strings, pieces, checks, theme, room)
        self._escaped = [word.name for word in self._by_words.words if word.way == "html"]
        self._by_strings: _Writer | None = None
        self._make_by_strings = partial(_Writer, strings, segments, checks, theme)

    def write(self, values: Mapping[str, Any]) -> bytes:
        # Values of other types may be HTML already, which Jinja knows not to escape.
        if not self._escaped or all(type(values[name]) in (str, int, float, bool) for name in self._escaped):
            try:
                return self._by_words.write(values)
            except _CutsSpeech:
                pass
        if self._by_strings is None:
            self._by_strings = self._make_by_strings()
        return self._by_strings.write(values)


def _cuts_speech(word: str) -> bool:
    return not word.isprintable() or word == "" or word[0] == " " or word[-1] == " "


def _text(word: str) -> bytes:
    return canonical_string(word)[1:-1].encode()


def _html(word: str) -> bytes:
    from markupsafe import escape

    return _text(str(escape(word)))


def _speech(word: str) -> bytes:
    if _cuts_speech(word):
        raise _CutsSpeech
    return _text(escaped(word))


_LONGEST_LETTER = {"text": 1, "html": len("&#34;"), "speech": 1}
"""How many characters a letter of a word becomes at most."""

_OF_WORDS: dict[str, Callable[[str], bytes]] = {"text": _text, "html": _html, "speech": _speech}


def _ways_of_strings(theme: Theme | None) -> dict[str, Callable[[str], bytes]]:
    """Return what writes a string, by the way of its slot."""

    def colour(text: str) -> str:
        return (theme and theme._named(text)) or text

    return {
        "text": _text,
        "speech": lambda text: _text(paragraphs(text)),
        "colour": lambda text: _text(colour(text)),
        "rgb": lambda text: parse_colour(colour(text)).rgb.encode(),
    }


def _pieces(strings: Strings, segment: Segment) -> Iterator[Segment | _Word]:
    """Part a string of plain names into its constants and words; give back everything else."""
    parted = isinstance(segment, Slot) and segment.way in ("text", "speech")
    pieces = strings.pieces(segment.string) if isinstance(segment, Slot) and parted else None
    if pieces is None or not isinstance(segment, Slot):
        yield segment
    elif segment.way == "speech":
        yield from _speech_pieces(pieces)
    else:
        way: Literal["text", "html"] = "html" if segment.string.html else "text"
        yield from (_Word(each.name, way) if isinstance(each, PlainName) else _text(each) for each in pieces)


def _speech_pieces(pieces: tuple[str | PlainName, ...]) -> Iterator[bytes | _Word]:
    constant = "".join(piece for piece in pieces if isinstance(piece, str))
    mark = next(letter for letter in map(chr, range(0xE000, 0xF000)) if letter not in constant)
    html = paragraphs("".join(mark if isinstance(piece, PlainName) else piece for piece in pieces))
    names = iter([piece.name for piece in pieces if isinstance(piece, PlainName)])
    first, *rest = html.split(mark)
    yield _text(first)
    for text in rest:
        yield _Word(next(names), "speech")
        yield _text(text)


@frozen(eq=False)
class _Span:
    """Neighbouring fields of one group of clips that move, and the constants between them, as one format."""

    group: MovingClips
    form: bytes
    places: tuple[int, ...]


def _within(most: int, write: Callable[[str], bytes]) -> Callable[[str], bytes]:
    """Return what writes words of at most so many letters."""

    def written(word: str) -> bytes:
        if len(word) > most:
            raise OverflowError("a string may become too long")
        return write(word)

    return written


class _Writer:
    """Puts together what stays, and of a row its words, its strings, and the fields of clips that move.

    The words of a row may write `room` characters in all, so that no string becomes too long.
    """

    def __init__(
        self,
        strings: Strings,
        pieces: Sequence[Segment | _Word],
        checks: Sequence[StringCheck],
        theme: Theme | None,
        room: int = 0,
    ) -> None:
        self._strings = strings
        self._numbers: dict[TemplateString, int] = {}
        order = _spanned(_joined(pieces))
        times = Counter(each for each in order if isinstance(each, _Word))
        self.words: list[_Word] = list(times)
        slots = list(dict.fromkeys(each for each in order if isinstance(each, Slot)))
        ways = _ways_of_strings(theme)
        self._slots = [(ways[slot.way], self._number(slot.string)) for slot in slots]
        groups: dict[MovingClips, list[_Span]] = {}
        for each in order:
            if isinstance(each, _Span):
                groups.setdefault(each.group, []).append(each)
        self._layouts = [
            (
                _Memory(_layout_writer(group, spans), 4096),
                itemgetter(*(self._number(string) for string in group.strings)),
            )
            for group, spans in groups.items()
        ]
        self._checks = [(validate, self._number(string)) for string, validate in checks]
        self._readers = [strings.reader(string) for string in self._numbers]
        names, self._asked = strings.names(self._numbers)
        self._names = list(dict.fromkeys([*names, *(word.name for word in self.words)]))
        self._words = []
        for word in self.words:
            most = room // (len(times) * times[word] * _LONGEST_LETTER[word.way])
            self._words.append((word.name, _Memory(_within(most, _OF_WORDS[word.way]), 64)))
        self._constants = list(dict.fromkeys(each for each in order if isinstance(each, bytes)))
        pool = [*self._constants, *self.words, *slots, *(span for spans in groups.values() for span in spans)]
        places = {each: place for place, each in enumerate(pool)}
        # With one item, itemgetter would give it bare.
        self._pick = itemgetter(*(places[each] for each in order))

    def _number(self, string: TemplateString) -> int:
        return self._numbers.setdefault(string, len(self._numbers))

    def write(self, values: Mapping[str, Any]) -> bytes:
        if not (self._names or self._numbers):
            return b"".join(self._pick(self._constants))
        row = RowStrings(self._strings, values, self._names, self._asked)
        words = row.words
        pool = self._constants + [written[words[name]] for name, written in self._words]
        if self._numbers:
            texts = [read(row) for read in self._readers]
            row.close()
            for validate, number in self._checks:
                validate(texts[number])
            pool += [write(texts[number]) for write, number in self._slots]
            for written, pick in self._layouts:
                pool += written[pick(texts)]
        return b"".join(self._pick(pool))


def _joined(pieces: Iterable[Segment | _Word]) -> list[Any]:
    """Make neighbouring constants one; a constant is between any two other pieces."""
    joined: list[Any] = [b""]
    for piece in pieces:
        if not isinstance(piece, bytes):
            joined += [piece, b""]
        else:
            joined[-1] += piece
    return joined


def _spanned(pieces: list[Any]) -> list[Any]:
    """Make the fields of one group one where only constants are between them."""
    order: list[Any] = pieces[:1]
    for piece, constant in zip(pieces[1::2], pieces[2::2], strict=True):
        before = order[-2] if len(order) > 1 else None
        if not isinstance(piece, MovedField):
            order += [piece, constant]
        elif isinstance(before, _Span) and before.group is piece.group:
            form = before.form + order[-1].replace(b"%", b"%%") + piece.form
            order[-2:] = [_Span(piece.group, form, (*before.places, piece.place)), constant]
        else:
            order += [_Span(piece.group, piece.form, (piece.place,)), constant]
    return [*order, b""]


def _layout_writer(group: MovingClips, spans: Sequence[_Span]) -> Callable[[str | tuple[str, ...]], list[bytes]]:
    """Return what writes the spans of a group of clips that move, for the words of its texts."""
    laid_out, forms = group.laid_out, [(span.form, itemgetter(*span.places)) for span in spans]

    def write(words: str | tuple[str, ...]) -> list[bytes]:
        values = laid_out((words,) if isinstance(words, str) else words)
        return [form % pick(values) for form, pick in forms]

    return write
