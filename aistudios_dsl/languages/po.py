"""PO files: reading one with the line of each fault, and writing one whose bytes follow from its messages alone."""

from __future__ import annotations

import codecs
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, PoFileParser, write_po

from aistudios_dsl.errors import LoadError, TemplateError
from aistudios_dsl.templates.trans import ENGLISH, form_of

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = "# The words of a video. Code in {{ }} or {% %} stays as it is."
_LINE = re.compile(
    r'\s*(?:#(?!~).*|(?:#~\s*)?(?:(?:msgctxt|msgid|msgid_plural|msgstr|msgstr\[\d\])\s+)?"(?:[^"\\]|\\.)*"|(?:#~)?)\s*'
)
_HEADER_LINE = re.compile(r"[\w-]+:.*|\s*")
_PREVIOUS = ("#|", "#~|")
"""How lines begin that quote an older original, which Babel would take for comments of a translator."""
_LIKE, _COMPARED = 0.6, 8
"""How alike words must be for the one to be taken for the other, of 1, and how many are looked at closely."""
_CHARSET = re.compile(rb"charset=([^\s\\\"]*)")
_HINTS = {
    "more translations": "the header's Plural-Forms says how many there are",
    "missing msgstr": 'write msgstr "" for words that are not translated yet',
}
"""What to do, by words of Babel's messages."""
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_VARYING = ("pot-creation-date", "generated-by")
"""Headers that say when and by what a file was made: without them the same messages give the same bytes."""
_FORMATS = {"python-format", "python-brace-format"}
"""What Babel takes a percent sign or a brace for, which are text here."""


class Po(Catalog):
    """Babel's catalog, with the headers that Babel does not know; reading refuses what Babel would pass over."""

    def __init__(self, locale: str | None = None, file: Path | None = None) -> None:
        super().__init__(locale and locale.replace("-", "_"), header_comment=_HEADER, fuzzy=False)
        self._file = file
        self._further: list[tuple[str, str]] = []

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """The headers that are written."""
        own = [(name, value) for name, value in self._get_mime_headers() if name.lower() not in _VARYING]
        *others, (name, value) = own + self._further
        return [*others, (name, f"{value}\n")]

    @mime_headers.setter
    def mime_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        known = {"language", "plural-forms", *(name.lower() for name, _ in self._get_mime_headers())}
        for name, value in headers:
            if name.lower() == "po-revision-date":
                self.revision_date = value  # as it is written
            elif name.lower() not in known:
                self._further.append((name, value))
            elif name.lower() not in _VARYING:
                self._set_mime_headers([(name, value)])

    def __setitem__(self, id: Any, message: Message) -> None:
        """Add a message. Raise `LoadError` for one that a file has twice, and for a header that nobody can read."""
        if self._file is not None:
            at = place_of(self._file, message.lineno or 1)
            if not id:
                _refuse_header(message.string, at)
            elif (there := self._messages.get(self._key_for(id, message.context))) is not None:
                hint = "take one of them out, or give it another msgctxt"
                raise LoadError(f"{id!r} is there already, on line {there.lineno}", at, hint)
        super().__setitem__(id, message)


def place_of(path: Path | str, line: int) -> str:
    """Return how messages name a line of a file."""
    return f"{path} line {line}"


def read(path: Path, data: bytes, locale: str | None = None) -> Po:
    """Return what a PO file holds. Raises `LoadError` with the line of what is wrong in it.

    `locale` is its language, where its header names none.
    """
    text = _decoded(path, data).replace("\r\n", "\n")
    lines = ["" if line.startswith(_PREVIOUS) else line for line in text.split("\n")]
    for number, line in enumerate(lines, 1):
        if not _LINE.fullmatch(line):
            hint = 'such as msgid "Hello"; a quote in a text is \\"'
            raise LoadError(f"{line.strip()[:60]!r} is not a line of a PO file", place_of(path, number), hint)
    found = Po(locale, path)
    parser = PoFileParser(found, abort_invalid=True)
    try:
        parser.parse(StringIO("\n".join(lines)))
    except PoFileError as fault:
        message = str(fault).rpartition(" on ")[0]
        hint = next((hint for words, hint in _HINTS.items() if words in message), "")
        raise LoadError(message, place_of(path, fault.lineno + 1), hint) from None
    except (ValueError, IndexError, AttributeError, AssertionError) as fault:
        raise LoadError(f"Babel cannot read it: {fault}", place_of(path, parser.offset + 1)) from None
    found.charset, found._file = "utf-8", None
    return found


def update(po: Po, template: Po) -> None:
    """Give a catalog the messages of a template, and keep all translations."""
    for gone in po.obsolete.values():
        if po.get(gone.id, gone.context) is None:
            po[gone.id] = gone
    po.obsolete.clear()
    known = set(po._messages)
    po.update(template, no_fuzzy_matching=True)
    po.obsolete = {key: gone for key, gone in po.obsolete.items() if any(forms(gone))}
    _guess([message for key, message in po._messages.items() if key not in known], po.obsolete)


def _guess(new: Iterable[Message], gone: dict[Any, Message]) -> None:
    """Give each new message the translation of the one that is gone and most like it, and take that one away.

    It is fuzzy unless only the context is another one. Babel would compare each with all, in quadratic time.
    """
    holders = defaultdict[str, list[Any]](list)
    for key, message in gone.items():
        for piece in _pieces(message):
            holders[piece].append(key)
    taken = set[Any]()
    for message in new:
        shared = Counter(key for piece in _pieces(message) for key in holders.get(piece, ()))
        alike = [(_likeness(gone[key], message), key) for key, _ in shared.most_common(_COMPARED)]
        likeness, key = max(alike, key=lambda pair: pair[0], default=(0, None))
        if likeness >= _LIKE and gone[key].pluralizable == message.pluralizable:
            message.string, message.user_comments = gone[key].string, gone[key].user_comments
            message.flags |= gone[key].flags | ({"fuzzy"} if likeness < 1 else set())
            taken.add(key)
    for key in taken:
        del gone[key]


def _likeness(one: Message, other: Message) -> float:
    if one.id == other.id:
        return 1
    old, new = (_words(each).casefold() for each in (one, other))
    return min(0.99, SequenceMatcher(None, old, new, autojunk=False).ratio())


def _pieces(message: Message) -> set[str]:
    words = f" {_words(message).casefold()} "
    return {words[start : start + 3] for start in range(len(words) - 2)}


def _words(message: Message) -> str:
    return message.id[0] if message.pluralizable else str(message.id)


def forms(message: Message) -> tuple[str, ...]:
    """Return the translation of a message, which has a form for each plural."""
    string: Any = message.string
    return tuple(string) if message.pluralizable else (string or "",)


def written(po: Po) -> str:
    """Return the text of a PO file."""
    for message in (*po, *po.obsolete.values()):
        message.flags -= _FORMATS
    file = BytesIO()
    write_po(file, po)
    return file.getvalue().decode().rstrip() + "\n"


def _decoded(path: Path, data: bytes) -> str:
    if data.startswith(_UTF_16):
        raise LoadError("is UTF-16, which PO files cannot be", str(path), "save it as UTF-8")
    found = _CHARSET.search(data)
    name = found[1].decode("ascii", "replace") if found else ""
    if name.upper() in ("", "CHARSET", "UTF-8", "UTF8"):
        name = "utf-8-sig"
    try:
        return data.decode(name)
    except LookupError:
        line = data[: found.start() if found else 0].count(b"\n") + 1
        hint = '"Content-Type: text/plain; charset=UTF-8\\n"'
        raise LoadError(f"the header names an unknown encoding, {name!r}", place_of(path, line), hint) from None
    except UnicodeDecodeError as fault:
        line = data[: fault.start].count(b"\n") + 1
        name = "UTF-8" if name == "utf-8-sig" else name
        hint = "save it as UTF-8, or name its encoding in the header, such as charset=cp1252"
        raise LoadError(f"is not {name}: byte {data[fault.start]:#04x}", place_of(path, line), hint) from None


def _refuse_header(header: Any, at: str) -> None:
    for line in str(header).split("\n"):
        if not _HEADER_LINE.fullmatch(line):
            hint = 'such as "Language: de\\n"'
            raise LoadError(f"the header holds {line[:60]!r}, which is not a name with a value", at, hint)
        name, _, value = line.partition(":")
        if name.strip().lower() == "plural-forms":
            try:
                form_of(value)
            except TemplateError as fault:
                hint = f'such as "Plural-Forms: {ENGLISH}\\n"'
                raise LoadError(f"the header's Plural-Forms: {fault.message}", at, hint) from None
