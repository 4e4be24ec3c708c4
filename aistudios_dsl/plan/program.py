"""JSON in parts, made ready to be filled by row after row: bytes that stay, and what each row puts between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any

from attrs import frozen

from aistudios_dsl.build.speech import escaped, paragraphs
from aistudios_dsl.layout.colour import parse_colour
from aistudios_dsl.plan.segments import Check, Group, Part, Said, Slot, Solid, all_written
from aistudios_dsl.plan.strings import Name, Reading, Strings, Written


@frozen
class _Form:
    """A name's word, written in one of three ways."""

    name: str
    way: str


class _Untame(Exception):
    """A word that the smooth sheet cannot take."""


class _Forms(dict[str, bytes]):
    """How words of at most `most` letters are written in one way; short ones are kept for the rows to come."""

    _MOST, _LONGEST = 512, 64

    def __init__(self, write: Callable[[str], bytes], most: int) -> None:
        super().__init__()
        self._write = write
        self._most = most

    def __missing__(self, word: str) -> bytes:
        if len(word) > self._most:
            raise OverflowError("a string may become too long")
        written = self._write(word)
        if len(word) <= self._LONGEST:
            if len(self) >= self._MOST:
                self.clear()
            self[word] = written
        return written


class Sheets:
    """Two sheets of the same JSON: the smooth one writes each word once, wherever it goes; the rough one takes any row.

    A word goes through the smooth one when parting into paragraphs treats it letter by letter, wherever it stands.
    """

    def __init__(self, strings: Strings, parts: Sequence[Part], checks: Sequence[Check]) -> None:
        smooth = [piece for part in parts for piece in _smoothed(strings, part)]
        from aistudios_dsl.templates.bounded import LONGEST

        room = LONGEST - max((len(written.text) for written in all_written(parts)), default=0)
        self._smooth = Sheet(strings, smooth, checks, room)
        self._escaped = [form.name for form in self._smooth.forms if form.way == "html"]
        self._rough: Sheet | None = None
        self._make_rough = partial(Sheet, strings, parts, checks)

    def fill(self, values: Mapping[str, Any]) -> bytes:
        """The JSON of a row's values."""
        # What other types hold may be HTML already, which Jinja knows not to escape.
        if not self._escaped or all(type(values[name]) in (str, int, float, bool) for name in self._escaped):
            try:
                return self._smooth.fill(values)
            except _Untame:
                pass
        if self._rough is None:
            self._rough = self._make_rough()
        return self._rough.fill(values)


def _is_tame(word: str) -> bool:
    return word.isprintable() and word != "" and word[0] != " " and word[-1] != " "


def _said(word: str) -> bytes:
    if not _is_tame(word):
        raise _Untame
    return _plain(escaped(word))


def _escaped(word: str) -> bytes:
    from markupsafe import escape

    return _plain(str(escape(word)))


def _plain(word: str) -> bytes:
    return encode_basestring(word)[1:-1].encode()


_LONGER = {"plain": 1, "html": len("&#34;"), "said": 1}
"""How many letters one letter of a word becomes at most."""

_WAYS: dict[str, Callable[[str], bytes]] = {"plain": _plain, "html": _escaped, "said": _said}


def _smoothed(strings: Strings, part: Part | _Form) -> Iterator[Part | _Form]:
    """A string of plain names as its parts."""
    written = part.line if isinstance(part, Said) else part
    pieces = strings.pieces(written) if isinstance(written, Written) else None
    if pieces is None or not isinstance(written, Written):
        yield part
    elif isinstance(part, Said):
        yield from _smoothed_speech(pieces)
    else:
        way = "html" if written.html else "plain"
        yield from (_Form(p.name, way) if isinstance(p, Name) else _plain(p) for p in pieces)


def _smoothed_speech(pieces: tuple[str | Name, ...]) -> Iterator[bytes | _Form]:
    constant = "".join(piece for piece in pieces if isinstance(piece, str))
    mark = next(letter for letter in map(chr, range(0xE000, 0xF000)) if letter not in constant)
    html = paragraphs("".join(mark if isinstance(piece, Name) else piece for piece in pieces))
    names = iter([piece.name for piece in pieces if isinstance(piece, Name)])
    first, *rest = html.split(mark)
    yield _plain(first)
    for text in rest:
        yield _Form(next(names), "said")
        yield _plain(text)


class Sheet:
    """Parts as one list to pick from: the bytes that stay, the words of the row, its whole strings, its layout.

    `room`: how many characters the words may write in all, so that no string can be too long.
    """

    def __init__(self, strings: Strings, parts: Sequence[Part | _Form], checks: Sequence[Check], room: int = 0) -> None:
        self._strings = strings
        self._written: dict[Written, int] = {}
        order = _spanned(parts)
        self.forms: list[_Form] = list(dict.fromkeys(part for part in order if isinstance(part, _Form)))
        shown = list(dict.fromkeys(part for part in order if isinstance(part, Written | Said | Solid)))
        self._shown = [(_shower(part), self._whole(_source(part))) for part in shown]
        spans = [part for part in order if isinstance(part, _Span)]
        groups = {
            group: [span for span in spans if span.group is group] for group in dict.fromkeys(s.group for s in spans)
        }
        self._layouts = [
            (_Layout(group, own), [self._whole(one) for one in group.written]) for group, own in groups.items()
        ]
        self._checks = [(check.judge, self._whole(check.written)) for check in checks]
        self._readers = [strings.reader(one) for one in self._written]
        self._set_names(order, room)
        self._constants = list(dict.fromkeys(part for part in order if isinstance(part, bytes)))
        pool = [*self._constants, *self.forms, *shown, *(span for own in groups.values() for span in own)]
        places = {part: place for place, part in enumerate(pool)}
        self._pick = itemgetter(*(places[part] for part in order))

    def _whole(self, written: Written) -> int:
        return self._written.setdefault(written, len(self._written))

    def _set_names(self, order: Sequence[Any], room: int) -> None:
        words, self._asked = self._strings.names(self._written)
        self._words = list(dict.fromkeys([*words, *(form.name for form in self.forms)]))
        times = Counter(part for part in order if isinstance(part, _Form))
        self._ways = [
            (form.name, _Forms(_WAYS[form.way], room // (len(times) * times[form] * _LONGER[form.way])))
            for form in self.forms
        ]

    def fill(self, values: Mapping[str, Any]) -> bytes:
        """The bytes of a row."""
        if not (self._words or self._written):
            return b"".join(self._pick(self._constants))
        reading = Reading(self._strings, values, self._words, self._asked)
        words = reading.words
        pool = self._constants + [forms[words[name]] for name, forms in self._ways]
        if self._written:
            texts = [read(reading) for read in self._readers]
            reading.close()
            for judge, at in self._checks:
                judge(texts[at])
            pool += [show(texts[at]) for show, at in self._shown]
            for layout, needed in self._layouts:
                pool += layout[texts[needed[0]] if len(needed) == 1 else tuple([texts[at] for at in needed])]
        return b"".join(self._pick(pool))


def _source(part: Written | Said | Solid) -> Written:
    return part.line if isinstance(part, Said) else part.colour if isinstance(part, Solid) else part


def _shower(part: Part) -> Callable[[str], bytes]:
    if isinstance(part, Said):
        return lambda text: _plain(paragraphs(text))
    if isinstance(part, Solid):
        return lambda text: parse_colour(text).rgb.encode()
    return _plain


def _joined(parts: Iterable[Part | _Form]) -> list[Any]:
    """The parts, with neighbouring bytes made one."""
    joined: list[Any] = [b""]
    for part in parts:
        if isinstance(part, bytes) and isinstance(joined[-1], bytes):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


@frozen(eq=False)
class _Span:
    """What a group of clips gives between two others' parts, in one format: the places in what it gives."""

    group: Group
    form: bytes
    places: tuple[int, ...]


def _spanned(parts: Iterable[Part | _Form]) -> list[Any]:
    """The parts, with what one group gives made one where only bytes stand between; two at least, for `itemgetter`."""
    order: list[Any] = []
    for part in _joined(parts):
        between = order[-1] if order and isinstance(order[-1], bytes) else b""
        before = order[-2] if between and len(order) > 1 else order[-1] if order else None
        if isinstance(part, Slot) and isinstance(before, _Span) and before.group is part.group:
            del order[-2 if between else -1 :]
            form = before.form + between.replace(b"%", b"%%") + part.form
            order.append(_Span(part.group, form, (*before.places, part.place)))
        else:
            order.append(_Span(part.group, part.form, (part.place,)) if isinstance(part, Slot) else part)
    return [*order, b"", b""]


class _Layout(dict[Any, list[bytes]]):
    """What a group gives for its words, span by span; words that come again are not measured again."""

    _MOST, _LONGEST = 512, 4096

    def __init__(self, group: Group, spans: Sequence[_Span]) -> None:
        super().__init__()
        self._laid_out = group.laid_out
        self._forms = [(span.form, itemgetter(*span.places)) for span in spans]
        whole = tuple(range(sum(len(mover.names) for mover in group.movers)))
        self._form = spans[0].form if spans[0].places == whole else None

    def __missing__(self, words: str | tuple[str, ...]) -> list[bytes]:
        given = self._laid_out((words,) if isinstance(words, str) else words)
        found = [self._form % tuple(given)] if self._form else [form % pick(given) for form, pick in self._forms]
        if len(found[0]) <= self._LONGEST:
            if len(self) >= self._MOST:
                self.clear()
            self[words] = found
        return found
