"""Catalogues: translations of messages, read from PO files, and kept up to date with a project."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import Factory, field, frozen

from aistudios_dsl.atomic_write import report_write_errors, write_text
from aistudios_dsl.build.avatar import is_language, validate_language
from aistudios_dsl.build.keywords import checked, checked_class
from aistudios_dsl.build.language import same_language
from aistudios_dsl.build.localised import localised
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.speech import unpaired_tag
from aistudios_dsl.errors import (
    BuildError,
    DslError,
    LoadError,
    TemplateError,
    did_you_mean,
    expect,
    nearest,
    plural,
    under,
    unreadable,
)
from aistudios_dsl.languages.messages import Message, messages_of, said_in
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.trans import ENGLISH

if TYPE_CHECKING:
    from aistudios_dsl.languages.po import Po

B = TypeVar("B", bound=BaseProject)


@frozen
class Entry:
    """A message in a catalogue, and its translation.

    Attributes:
        text: The words of the original.
        context: Where they stand, as one of `Message.contexts`.
        forms: The translation, which has a form for each plural; "" where there is none.
        plural: The plural of the original, or None.
        is_fuzzy: Whether a tool guessed the translation, and no translator has looked at it. It is not used.
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
        """Whether all of its forms are there."""
        return all(self.forms)


@frozen
class Review:
    """What a catalogue lacks for a project, and what is wrong in it.

    Attributes:
        missing: The messages with letters that it has no translation of.
        fuzzy: Those of which it has only one that is fuzzy, with it.
        unused: Its entries for words that the project does not have.
        faults: What is wrong with its translations, each with its file and line.
    """

    missing: tuple[Message, ...]
    fuzzy: tuple[tuple[Message, Entry], ...]
    unused: tuple[Entry, ...]
    faults: tuple[DslError, ...]


def _by_words(catalogue: Catalogue) -> dict[tuple[str | None, str], Entry]:
    return {(entry.context, entry.text): entry for entry in catalogue.entries}


@checked_class("po")
@frozen(eq=False, repr=False)
class Catalogue:
    """The translations of messages into one language. It never changes: `updated` returns a new one.

    Attributes:
        locale: The language, as a BCP 47 tag; None where nothing names it.
        entries: What it has, in the order of its file.
        rule: Which form of a plural a number takes, as the header `Plural-Forms` says it.
        path: The file that it was read from; "" for none.

    >>> from aistudios_dsl import Project
    >>> project = Project().scene().text("Hello", tag="title")
    >>> [(entry.context, entry.text) for entry in Catalogue.of(project, "de").entries]
    [('text title', 'Hello')]
    """

    locale: str | None
    entries: tuple[Entry, ...]
    rule: str = ENGLISH
    path: str = ""
    _po: Po | None = field(default=None, alias="po")
    _by_words: dict[tuple[str | None, str], Entry] = field(init=False, default=Factory(_by_words, takes_self=True))

    def __attrs_post_init__(self) -> None:
        validate_language(self.locale, "locale", literal=True)

    def __repr__(self) -> str:
        return f"Catalogue({self.locale!r}, {plural(len(self.entries), 'message')})"

    @classmethod
    @checked
    def read(cls, path: str | os.PathLike[str], locale: str | None = None) -> Self:
        """Return the catalogue of a PO file, or that of a language in a folder of them.

        Args:
            path: The file; or a folder with `de.po` or `de/LC_MESSAGES/video.po` for each language.
            locale: The language, as a BCP 47 tag. A folder needs it; for a file, its header's by default.

        Raises:
            LoadError: There is no such file or language, or it is no PO file; names the line.
        """
        expect(path, str | os.PathLike, "a catalogue is read from a path", 'such as "locale"')
        validate_language(locale, "locale", literal=True)
        place = Path(path)
        if place.is_dir():
            if locale is None:
                raise LoadError(f"{place} is a folder", hint="name the language too, such as locale='de'")
            place = _file_in(place, locale)
        po = _babel()
        try:
            data = place.read_bytes()
        except OSError as fault:
            raise unreadable(place, fault, "give a PO file, or a folder of them") from None
        found = cls._of_po(po.read(place, data, locale), str(place))
        if locale and found.locale and not same_language(locale, found.locale):
            raise LoadError(f"is in {found.locale!r}, not in {locale!r}", str(place), "its header says: Language")
        return found

    @classmethod
    @checked
    def of(cls, project: BaseProject, locale: str | None = None) -> Self:
        """Return the catalogue of a project's messages, without translations: what a translator fills in.

        Args:
            project: The project.
            locale: The language that it is to be filled in for, as a BCP 47 tag. Default none, a template.
        """
        validate_language(locale, "locale", literal=True)
        return cls._of_po(_with_messages(_babel().Po(locale), project, {}), "")

    @classmethod
    def _of_po(cls, po: Po, path: str) -> Self:
        entries = tuple(_entry(message) for message in po if message.id)
        named = (po.locale_identifier or "").replace("_", "-")
        return cls(named if is_language(named) else None, entries, po.plural_forms, path, po)

    @checked
    def updated(self, project: BaseProject) -> Self:
        """Return the catalogue with the messages that a project has now.

        Translations stay. Where words have changed, the new ones get the translation of the old ones, marked as fuzzy.
        Translations of words that are gone are kept as obsolete, and return with their words.

        Args:
            project: The project.
        """
        po = deepcopy(self._babel())
        _babel().update(po, _with_messages(_babel().Po(), project, self._by_words))
        return self._of_po(po, self.path)

    @checked
    def write(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Write it as a PO file, and return its path. A file that holds the same is left alone.

        Args:
            path: The file; one that is there is replaced. Default the one that it was read from.

        Raises:
            DslError: The file cannot be written.
        """
        expect(path or self.path or None, str | os.PathLike, "path must be that of a file", 'such as "locale/de.po"')
        place, text = Path(path or self.path), self.to_po()
        if not (place.is_file() and place.read_bytes() == text.encode()):
            with report_write_errors(place):
                place.parent.mkdir(parents=True, exist_ok=True)
            write_text(place, text)
        return place

    @checked
    def to_po(self) -> str:
        """Return the text of its PO file."""
        text: str = _babel().written(self._babel())
        return text

    def _babel(self) -> Po:
        if self._po is not None:
            return self._po
        po: Po = _babel().Po(self.locale)
        for entry in self.entries:
            words = entry.text if entry.plural is None else (entry.text, entry.plural)
            forms = entry.forms[0] if entry.plural is None else entry.forms
            po.add(words, forms, flags=["fuzzy"] if entry.is_fuzzy else [], context=entry.context)
        return po

    @checked
    def entry(self, message: Message) -> Entry | None:
        """Return what it has for a message: a translation, else one that is fuzzy, else an empty one, else None.

        Args:
            message: One of a project's messages.
        """
        found = (self._by_words.get((context, message.text)) for context in message.contexts)
        own = sorted((entry for entry in found if entry), key=lambda entry: (not entry.is_translated, entry.is_fuzzy))
        return next(iter(own), None)

    @checked
    def translation(self, message: Message) -> tuple[str, ...] | None:
        """Return the forms of a message in this language, of which all but a plural have one; None if it has none.

        Args:
            message: One of a project's messages.
        """
        entry = self.entry(message)
        if entry is None or entry.is_fuzzy or not entry.is_translated:
            return None
        return entry.forms if message.plural is not None else entry.forms[:1]

    @checked
    def review(self, project: BaseProject) -> Review:
        """Return what it lacks for a project, and what is wrong in it.

        Args:
            project: The project.
        """
        messages = {(message.contexts, message.text): message for message in messages_of(project)}.values()
        held = {(context, message.text) for message in messages for context in message.contexts}
        missing, fuzzy = [], []
        for message in {(message.context, message.text): message for message in messages}.values():
            entry = self.entry(message)
            if entry is not None and entry.is_translated and entry.is_fuzzy:
                fuzzy.append((message, entry))
            elif (entry is None or not entry.is_translated) and message.has_words:
                missing.append(message)
        unused = [entry for words, entry in self._by_words.items() if words not in held]
        return Review(tuple(missing), tuple(fuzzy), tuple(unused), tuple(self.faults(project)))

    @checked
    def faults(self, project: BaseProject) -> list[DslError]:
        """Return what is wrong with its translations of a project's messages, each with its file and line.

        A translation must be as good a template as its original, with the same variables.

        Args:
            project: The project.
        """
        templates = None if project._literal else Templates(project.environment)
        found: dict[str, DslError] = {}
        for message in messages_of(project):
            for form in self.translation(message) or ():
                entry = self.entry(message)
                at = f"{self.path} line {entry.line}" if entry and entry.line else f"{message.text[:40]!r}"
                for fault in _faults(message, form, templates):
                    fault = type(fault)(fault.message, at, fault.hint, code=fault.code)
                    found.setdefault(str(fault), fault)
        return list(found.values())


def translated(project: B, source: Any, locale: str) -> B:
    """Return a project in another language, with the words of a catalogue, a file, a folder or a mapping."""
    expect(locale, str, "locale must be a string", 'such as "de"')
    validate_language(locale, "locale", literal=True)
    catalogue = _catalogue(source, locale)
    faults = catalogue.faults(project)
    if len(faults) > 1:
        raise LoadError(f"{plural(len(faults), 'translation')} cannot be used", problems=tuple(faults))
    for fault in faults:
        raise fault
    return localised(said_in(project, catalogue.translation, catalogue.rule), locale)


def locales_in(folder: str | os.PathLike[str]) -> dict[str, Path]:
    """Return the PO files of a folder by their languages, sorted: `de.po`, or `de/LC_MESSAGES/video.po`."""
    place, found = Path(folder), dict[str, Path]()
    for file in sorted((*place.glob("*/LC_MESSAGES/*.po"), *place.glob("*.po"))):
        name = (file.stem if file.parent == place else file.parent.parent.name).replace("_", "-")
        if is_language(name):
            found[name] = file
    return dict(sorted(found.items()))


def _catalogue(source: Any, locale: str) -> Catalogue:
    if isinstance(source, Mapping):
        for words, said in source.items():
            expect(words, str, "a catalogue maps words to words", "such as {'Hello': 'Hallo'}")
            expect(said, str, f"the translation of {words!r} must be a string")
        return Catalogue(locale, tuple(Entry(words, None, (said,)) for words, said in source.items()))
    if not isinstance(source, Catalogue):
        expect(source, str | os.PathLike, "a catalogue is a Catalogue, a path or a mapping", 'such as "locale"')
        return Catalogue.read(source, locale)
    if source.locale and not same_language(source.locale, locale):
        raise LoadError(f"the catalogue is in {source.locale!r}, not in {locale!r}", source.path)
    return source


def _file_in(folder: Path, locale: str) -> Path:
    """Return the file of a language in a folder; that of its language for a region that has none of its own."""
    known = locales_in(folder)
    folded = {name.casefold(): file for name, file in known.items()}
    parts = locale.casefold().split("-")
    for count in range(len(parts), 0, -1):
        if file := folded.get("-".join(parts[:count])):
            return file
    hint = did_you_mean(locale, known) or f"aistudios messages update VIDEO --catalog {folder} --locales {locale}"
    raise LoadError(f"{folder} has no catalogue for {locale!r}", hint=hint, code="unknown-locale")


def _entry(message: Any) -> Entry:
    words: Any = message.id if message.pluralizable else (message.id, None)
    return Entry(words[0], message.context, _babel().forms(message), words[1], message.fuzzy, message.lineno or 0)


def _with_messages(po: Po, project: BaseProject, known: Mapping[tuple[str | None, str], Entry]) -> Po:
    """Add the messages of a project to a catalog, each with the contexts that are `known` of it, else its own."""
    for message in messages_of(project):
        words = message.text if message.plural is None else (message.text, message.plural)
        contexts = [context for context in message.contexts if (context, message.text) in known]
        for context in contexts or [message.context]:
            po.add(words, locations=[(message.path, None)], context=context)  # type: ignore[list-item]
    return po


def _faults(message: Message, form: str, templates: Templates | None) -> Iterator[DslError]:
    original = f"the original is {message.text[:60]!r}"
    if message.html and (tag := unpaired_tag(form)):
        yield LoadError(f"{tag} has no matching tag in {form[:60]!r}", hint=original)
    if templates is None:
        return
    with under(message.path):
        own = _names(templates, message.text) | _names(templates, message.plural or "")
    try:
        used = _names(templates, form)
    except TemplateError as fault:
        yield TemplateError(fault.message, hint=original, code=fault.code)
        return
    more, less = sorted(used - own - message.bound), sorted(own - used) if message.plural is None else []
    if more:
        hint = did_you_mean(more[0], sorted(own)) if nearest(more[0], own) else original
        named = ", ".join(map(repr, more))
        yield TemplateError(f"uses {named}, which the original does not", hint=hint, code="other-variables")
    elif less:
        named = ", ".join(map(repr, less))
        yield TemplateError(f"lacks {named}, which the original uses", hint=original, code="other-variables")


def _names(templates: Templates, text: str) -> set[str]:
    return {*templates.names(text), *templates.columns(text)} if templates.is_template(text) else set()


def _babel() -> Any:
    """Return the module that reads and writes PO files. Raise `BuildError` where Babel is not installed."""
    try:
        from aistudios_dsl.languages import po
    except ModuleNotFoundError:
        hint = "pip install 'aistudios-dsl[languages]'"
        raise BuildError("PO files need Babel", hint=hint, code="missing-extra") from None
    return po
