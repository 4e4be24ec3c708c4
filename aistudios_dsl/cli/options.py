"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve, frozen

from aistudios_dsl.cli.base import load_script, print_line
from aistudios_dsl.errors import TemplateError, did_you_mean, nearest, plural
from aistudios_dsl.templates.values import readable

if TYPE_CHECKING:
    from aistudios_dsl.project import Project

Command = Callable[..., Any]

FILE = click.argument("file", type=click.Path(path_type=Path))
OBJECT = click.option("--object", "name", default="project", show_default=True, help="Name of the project in a script.")
LITERAL = click.option("--literal", is_flag=True, help="Take braces in the project's strings as text.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
OUTPUT = click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file, not to stdout.")
YES = click.option("--yes", is_flag=True, help="Do not ask before spending credits.")
DESPITE_ERRORS = click.option("--despite-errors", is_flag=True, help="Send even if the checks find errors.")
TIMEOUT = click.option("--timeout", default=1800.0, show_default=True, help="Seconds to wait for a rendering.")
DOWNLOAD = click.option(
    "--download", type=click.Path(path_type=Path, file_okay=False), help="Wait, and save videos in this folder."
)


def _parse_settings(ctx: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    settings = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{text!r} is not NAME=VALUE")
        settings[name] = value
    return settings


SET = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_parse_settings,
    help="Fill a variable; repeatable.",
)


def _parse_locales(ctx: click.Context, option: click.Parameter, text: str | None) -> tuple[str, ...]:
    named = [part.strip() for part in (text or "").split(",") if part.strip()]
    if text is not None and not named:
        raise click.BadParameter("it names no language")
    return tuple({locale.casefold(): locale for locale in reversed(named)}.values())[::-1]


CATALOG = click.option(
    "--catalog",
    type=click.Path(path_type=Path),
    default=Path("locale"),
    show_default=True,
    help="The folder of the PO files, or one of them.",
)
LOCALE = click.option("--locale", metavar="TAG", help="Take the words of this language, such as de or pt-BR.")
LOCALES = click.option(
    "--locales", metavar="TAGS", callback=_parse_locales, help='Several languages, such as "de,ko,ar"; or "all".'
)


def named_locales(locales: tuple[str, ...], catalog: Path) -> tuple[str, ...]:
    """Return the languages that were named; for "all" those that the catalogue has."""
    if locales != ("all",):
        return locales
    from aistudios_dsl.languages.catalogues import locales_in

    found = tuple(locales_in(catalog))
    if not found:
        raise click.UsageError(f"{catalog} has no PO files: --catalog names their folder")
    return found


@frozen
class ProjectFile:
    """The script or project JSON that a command reads, and the options for reading it."""

    path: Path
    object_name: str
    settings: Mapping[str, str]
    literal: bool
    loaded: Project | None = None

    def load(self) -> Project:
        """Return the project as it is written, or as it was loaded."""
        return self.loaded or load_script(self.path, self.object_name, literal=self.literal)

    def in_languages(self, locales: tuple[str, ...], catalog: Path) -> Iterator[tuple[str, ProjectFile]]:
        """Yield the file with its project in each language, and say what the catalogues lack."""
        project = self.load()
        for locale in locales:
            yield locale, evolve(self, loaded=in_language(project, locale, catalog))

    def render(self) -> Project:
        """Return the project with the values of `--set`. Raise `TemplateError` with all the names that are missing."""
        project = self.load()
        try:
            return project.render(self.settings) if self.settings else project
        except TemplateError as fault:
            needed = project.variables()
            if set(needed.get(fault.path, ())) <= readable(self.settings):
                raise
            raise _missing({name for names in needed.values() for name in names}, self.settings) from None


def in_language(project: Project, locale: str, catalog: Path) -> Project:
    """Return the project in a language, and say how many of its words the catalogue lacks."""
    from aistudios_dsl.languages.catalogues import Catalogue

    found = Catalogue.read(catalog, locale)
    translated, review = project.translated(found, locale), found.review(project)
    parts = [
        f"no translation of {plural(len(review.missing), 'message')}" if review.missing else "",
        f"{len(review.fuzzy)} fuzzy, not used" if review.fuzzy else "",
        f"{len(review.unused)} that nothing says any more" if review.unused else "",
    ]
    if any(parts):
        print_line(f"note: {found.path}: {', '.join(filter(None, parts))}", err=True)
    return translated


def _missing(known: set[str], settings: Mapping[str, str]) -> TemplateError:
    missing = sorted(known - readable(settings))
    hint = f"give them: {set_options(missing)}"
    misspelt = next((name for name in settings if name not in known and nearest(name, missing)), "")
    hint += f"; for {misspelt!r}, {did_you_mean(misspelt, missing)}" if misspelt else ""
    return TemplateError(f"the project is a template and needs {', '.join(missing)} as well", hint=hint)


def set_options(names: list[str]) -> str:
    """Return the options that fill these variables."""
    return " ".join(f"--set {name}=…" if name.isidentifier() else f'--set "{name}=…"' for name in names)


def project_file(command: Command) -> Command:
    """Add the argument FILE with --object, --set and --literal; the command gets them as its `source`."""

    @wraps(command)
    def run(file: Path, name: str, settings: dict[str, str], literal: bool, **more: Any) -> Any:
        if literal and (settings or more.get("data")):
            raise click.UsageError("--literal takes braces as text: there is nothing for --set or --data to fill")
        return command(ProjectFile(file, name, settings, literal), **more)

    return FILE(OBJECT(SET(LITERAL(run))))
