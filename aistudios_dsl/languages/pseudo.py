"""The pseudo-language: the words of a project with accents and longer, to see a layout before it is translated."""

from __future__ import annotations

import re

from aistudios_dsl.build.editing import JINJA
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.errors import BuildError
from aistudios_dsl.languages.catalogues import Catalogue, Entry
from aistudios_dsl.languages.messages import messages_of

LOCALE = "en-XA"
"""Its BCP 47 tag: XA is kept for private use, and others call their pseudo-languages so too."""

_ACCENTS = str.maketrans(
    "abcdefghijklmnoprstuwxyzABCDEFGHIKLMNOPRSTUWXYZ",
    "áḃčďéḟġḣíǰǩľḿñöṕřšťüẃẋýžÁḂČĎÉḞĠḢÍǨĽḾÑÖṔŘŠŤÜẂẊÝŽ",
)
"""Letters that the bundled font has, so that their widths are no estimates; it has no accented J, q and v."""
_KEPT = rf"{JINJA}|(?:https?://|www\.)[^\s{{}}]+|[^\s{{}}]+@[^\s{{}}]+"
_KEPT_IN_HTML = rf"{_KEPT}|<[^<>]*>|&\w+;|&#\w+;"


def lengthened(text: str, longer: float = 40, *, html: bool = False) -> str:
    """Return a text with accents, and with so many percent more letters. Code and addresses stay.

    >>> lengthened("Hello {{ name }}")
    'Ḣééľľľö {{ name }}'
    """
    kept = re.compile(_KEPT_IN_HTML if html else _KEPT)
    letters, made, end = 0, list[str](), 0

    def say(words: str) -> None:
        nonlocal letters
        for letter in words:
            before = round(letters * (1 + longer / 100))
            letters += letter.isalpha()
            many = round(letters * (1 + longer / 100)) - before if letter.isalpha() else 1
            made.append(letter.translate(_ACCENTS) * many)

    for found in kept.finditer(text):
        say(text[end : found.start()])
        made.append(found[0])
        end = found.end()
    say(text[end:])
    return "".join(made)


def pseudo(project: BaseProject, longer: float = 40) -> Catalogue:
    """Return the catalogue that says every message of a project with accents and longer.

    Args:
        project: The project.
        longer: By how many percent, from 0 to 300. Default 40.

    >>> from aistudios_dsl import Project
    >>> project = Project().scene().text("Now live", tag="t")
    >>> project.translated(pseudo(project), "en-XA").find("t").text
    'Ñööẃ ľľívéé'
    """
    if not 0 <= longer <= 300:
        raise BuildError(f"longer is {longer!r}", hint="give a percentage from 0 to 300")
    entries = {}
    for message in messages_of(project):
        own = (message.text,) if message.plural is None else (message.text, message.plural)
        forms = tuple(lengthened(words, longer, html=message.html) for words in own)
        entries[message.context, message.text] = Entry(message.text, message.context, forms, message.plural)
    return Catalogue(LOCALE, tuple(entries.values()))
