"""`aistudios messages`: the words of a video for translators, as PO files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aistudios_dsl.cli.base import load_script, print_line, print_result, reject_overwriting
from aistudios_dsl.cli.options import CATALOG, FILE, LOCALES, OBJECT, OUTPUT
from aistudios_dsl.errors import plural

if TYPE_CHECKING:
    from aistudios_dsl.languages.catalogues import Catalogue


@click.group()
def messages() -> None:
    """Give the words of a video to translators, as PO files."""


@messages.command()
@FILE
@OBJECT
@OUTPUT
def extract(file: Path, name: str, output: Path | None) -> None:
    """Write all texts, speeches, labels and names as a template (.pot) that translators fill in.

    \b
    aistudios messages extract examples/talking_avatar.py -o locale/video.pot
    """
    from aistudios_dsl.languages.catalogues import Catalogue

    reject_overwriting(output, file)
    _put(Catalogue.of(load_script(file, name)), output)


@messages.command()
@FILE
@OBJECT
@CATALOG
@LOCALES
def update(file: Path, name: str, catalog: Path, locales: tuple[str, ...]) -> None:
    """Bring the PO files of a folder up to date. What translators wrote stays.

    Where words have changed, the translation of the old ones is marked as fuzzy, and not used until a translator takes
    the mark away. Translations of words that are gone stay at the end of the file, and come back with their words.

    --locales makes files for languages that have none.

    \b
    aistudios messages update examples/talking_avatar.py --locales de,ko
    """
    from aistudios_dsl.languages.catalogues import Catalogue, locales_in

    project = load_script(file, name)
    files = {"": catalog} if catalog.is_file() else locales_in(catalog)
    wanted = () if locales == ("all",) else locales
    new = [locale for locale in wanted if locale.casefold() not in {known.casefold() for known in files}]
    if catalog.is_file() and new:
        raise click.UsageError(f"{catalog} is one file: --catalog FOLDER takes several languages")
    if not files and not new:
        raise click.UsageError(f"{catalog} has no PO files yet: --locales de,ko makes some")
    for locale, path in files.items():
        before = Catalogue.read(path, locale or None)
        after = before.updated(project)
        after.write()
        review = after.review(project)
        print_line(
            f"{path}: {plural(len(after.entries), 'message')}, {len(review.missing):,} to translate,"
            f" {len(review.fuzzy):,} fuzzy"
        )
    for locale in new:
        _put(Catalogue.of(project, locale), catalog / f"{locale.replace('-', '_')}.po", err=False)


@messages.command()
@FILE
@OBJECT
@OUTPUT
@click.option("--longer", default=40.0, show_default=True, help="By how many percent its words are longer.")
def pseudo(file: Path, name: str, output: Path | None, longer: float) -> None:
    """Write the translations into a language that does not exist, to see what a long one does to the layout.

    Its words have an accent on each letter, so that words which no catalogue has stand out.

    \b
    aistudios messages pseudo examples/talking_avatar.py -o locale/en_XA.po
    aistudios build examples/talking_avatar.py --locale en-XA
    """
    from aistudios_dsl.languages.pseudo import pseudo as pseudo_of

    reject_overwriting(output, file)
    _put(pseudo_of(load_script(file, name), longer), output)


def _put(catalogue: Catalogue, output: Path | None, *, err: bool = True) -> None:
    if output is None:
        print_result(catalogue.to_po())
    else:
        print_line(f"{catalogue.write(output)}: {plural(len(catalogue.entries), 'message')}", err=err)
