"""Catalogues: translations of messages, read from PO files, and kept up to date with a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import field, frozen

from aistudios_dsl.build.localised import localised
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.errors import DslError
from aistudios_dsl.languages.messages import Message, said_in
from aistudios_dsl.templates import trans

B = TypeVar("B", bound=BaseProject)
Source = "Catalogue | str | os.PathLike[str] | Mapping[str, str]"


@frozen
class Entry:
    """A message in a catalogue, and its translation.

    Attributes:
        text: The words of the original.
        context: What they are and where, as `Message.contexts` says; None for wherever they stand.
        forms: The translation, which has a form for each plural; "" where there is none.
        plural: The plural of the original, or None.
        is_fuzzy: Whether a tool guessed the translation, and no translator has looked at it: it is not used.
        line: The number of its line in the file, from 1; 0 without a file.
    """

    text: str
    context: str | None
    forms: tuple[str, ...]
    plural: str | None = None
    is_fuzzy: bool = False
    line: int = 0

    @property
    def is_translated(self) -> bool:
        """Whether all of its forms are there; one that is fuzzy may be wrong."""
        return all(self.forms)


@frozen
class Review:
    """What a catalogue lacks for a project, and what is wrong in it.

    Attributes:
        missing: The messages with words that it has no translation for.
        fuzzy: Those of which it has only one that is fuzzy, with it.
        unused: Its entries that are in no message of the project.
        faults: What is wrong with its translations, each with its file and line.
    """

    missing: tuple[Message, ...]
    fuzzy: tuple[tuple[Message, Entry], ...]
    unused: tuple[Entry, ...]
    faults: tuple[DslError, ...]


@frozen(eq=False, repr=False)
class Catalogue:
    """The translations of messages into one language. It never changes: `updated` returns a new one.

    Attributes:
        locale: The language, as a BCP 47 tag; None where the file does not say.
        entries: What it has, in the order of the file.
        rule: Which form of a plural a number takes, as the header `Plural-Forms` says.
        path: The file that it was read from; "" for none.
    """

    locale: str | None
    entries: tuple[Entry, ...]
    rule: str = trans.ENGLISH
    path: str = ""
    _found: dict[tuple[str | None, str], Entry] = field(init=False)

    def __attrs_post_init__(self) -> None:
        found = {(entry.context, entry.text): entry for entry in self.entries}
        object.__setattr__(self, "_found", found)

    def __repr__(self) -> str:
        return f"Catalogue({self.locale!r}, {len(self.entries)} messages)"

    def entry(self, message: Message) -> Entry | None:
        """Return what it has for a message: its translation, else one that is fuzzy, else an empty one, else None."""
        own = [
            self._found[context, message.text] for context in message.contexts if (context, message.text) in self._found
        ]
        done = [entry for entry in own if entry.is_translated]
        return next((entry for entry in done if not entry.is_fuzzy), next(iter(done or own), None))

    def translation(self, message: Message) -> tuple[str, ...] | None:
        """Return the forms of a message in this language, of which all but a plural have one; None for none."""
        entry = self.entry(message)
        usable = entry is not None and entry.is_translated and not entry.is_fuzzy
        return entry.forms if entry is not None and usable else None


def translated(project: B, source: Any, locale: str) -> B:
    """Return a project in another language, with the words that a catalogue, a file, a folder or a mapping has."""
    if isinstance(source, Mapping):
        source = Catalogue(locale, tuple(Entry(text, None, (words,)) for text, words in source.items()))
    return localised(said_in(project, source.translation, source.rule), locale)
