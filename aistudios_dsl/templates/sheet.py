"""JSON in parts, made ready to be filled by row after row: bytes that stay, and what each row puts between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from attrs import frozen

from aistudios_dsl.layout.colour import parse_colour
from aistudios_dsl.speech import paragraphs
from aistudios_dsl.templates.pieces import Name, Reading, Strings, Written
from aistudios_dsl.templates.skeleton import Check, Group, Part, Said, Slot, Solid, inside


@frozen
class _Form:
    """A name's word, written in one of three ways."""

    name: str
    way: str


class Sheets:
    """Two sheets of the same JSON: the smooth one writes each word once, wherever it goes; the rough one takes any row.

    Words are tame when escaping and parting into paragraphs treat them letter by letter, wherever they stand.
    """

    def __init__(self, strings: Strings, parts: Sequence[Part], checks: Sequence[Check]) -> None:
        self._rough = Sheet(strings, parts, checks)
        smooth = [piece for part in parts for piece in _smoothed(strings, part)]
        self._smooth = Sheet(strings, smooth, checks)
        self._tame = [form.name for form in self._smooth.forms if form.way != "plain"]

    def fill(self, values: Mapping[str, Any]) -> bytes:
        """The JSON of a row's values."""
        for name in self._tame:
            if not _is_tame(values[name]):
                return self._rough.fill(values)
        return self._smooth.fill(values)


def _is_tame(value: object) -> bool:
    if type(value) is str:
        return value.isprintable() and value != "" and value[0] != " " and value[-1] != " "
    return type(value) in (int, float, bool)


def _said(word: str) -> bytes:
    return inside(paragraphs(word)[3:-4]).encode()


def _escaped(word: str) -> bytes:
    from markupsafe import escape

    return inside(str(escape(word))).encode()


def _plain(word: str) -> bytes:
    return inside(word).encode()


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
    """Parts as one list to pick from: the bytes that stay, the words of the row, its whole strings, its layout."""

    def __init__(self, strings: Strings, parts: Sequence[Part | _Form], checks: Sequence[Check]) -> None:
        self._strings = strings
        self._written: dict[Written, int] = {}
        self.forms = list(dict.fromkeys(part for part in parts if isinstance(part, _Form)))
        shown = list(dict.fromkeys(part for part in parts if isinstance(part, Written | Said | Solid)))
        groups = list(dict.fromkeys(part.group for part in parts if isinstance(part, Slot)))
        self._shown = [(_shower(part), self._whole(_source(part))) for part in shown]
        self._groups = [(group, [self._whole(one) for one in group.written]) for group in groups]
        self._checks = [(check.judge, self._whole(check.written)) for check in checks]
        self._readers = [strings.reader(one) for one in self._written]
        self._set_names()
        self._constants = list(dict.fromkeys(_runs(parts)))
        places = self._places(shown, groups)
        self._pick = itemgetter(*(places[part] for part in _joined(parts)))

    def _whole(self, written: Written) -> int:
        return self._written.setdefault(written, len(self._written))

    def _set_names(self) -> None:
        words, self._asked = self._strings.names(self._written)
        self._words = list(dict.fromkeys([*words, *(form.name for form in self.forms)]))
        self._ways = [(form.name, _WAYS[form.way]) for form in self.forms]

    def _places(self, shown: Sequence[Part], groups: Sequence[Group]) -> dict[Any, int]:
        order: list[Any] = [*self._constants, *self.forms, *shown]
        for group in groups:
            order += [Slot(group, place) for place in range(sum(len(mover.names) for mover in group.movers))]
        return {part: place for place, part in enumerate(order)}

    def fill(self, values: Mapping[str, Any]) -> bytes:
        """The bytes of a row."""
        if not (self._words or self._written):
            return b"".join(self._pick(self._constants))
        reading = Reading(self._strings, values, self._words, self._asked)
        words = reading.words
        pool = [*self._constants, *[write(words[name]) for name, write in self._ways]]
        if self._written:
            texts = [read(reading) for read in self._readers]
            reading.close()
            for judge, at in self._checks:
                judge(texts[at])
            pool += [show(texts[at]) for show, at in self._shown]
            for group, needed in self._groups:
                pool += group.laid_out([texts[at] for at in needed])
        return b"".join(self._pick(pool))


def _source(part: Written | Said | Solid) -> Written:
    return part.line if isinstance(part, Said) else part.colour if isinstance(part, Solid) else part


def _shower(part: Part) -> Callable[[str], bytes]:
    if isinstance(part, Said):
        return lambda text: inside(paragraphs(text)).encode()
    if isinstance(part, Solid):
        return lambda text: parse_colour(text).rgb.encode()
    return _plain


def _joined(parts: Iterable[Part | _Form]) -> list[Any]:
    """The parts, with neighbouring bytes made one, and at least two of them for `itemgetter`."""
    joined: list[Any] = [b""]
    for part in parts:
        if isinstance(part, bytes) and isinstance(joined[-1], bytes):
            joined[-1] += part
        else:
            joined.append(part)
    return joined if len(joined) > 1 else [*joined, b""]


def _runs(parts: Iterable[Part | _Form]) -> list[bytes]:
    return [part for part in _joined(parts) if isinstance(part, bytes)]
