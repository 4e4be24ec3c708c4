"""The examples that build videos: every project of each script, and the rows that the script's docstring names."""

import re
import runpy
from pathlib import Path

from attrs import frozen

from aistudios_dsl import Project
from aistudios_dsl.cli.base import load_script
from aistudios_dsl.languages.catalogues import locales_in
from aistudios_dsl.templates.rows import read_rows

ROOT = Path(__file__).parent.parent


@frozen
class Example:
    """A project of a script, by its name there, and the file of rows where the project is a template."""

    path: Path
    object: str
    data: Path | None

    @property
    def name(self):
        return self.path.stem if self.object == "project" else f"{self.path.stem}-{self.object}"

    @property
    def golden(self):
        return ROOT / "tests" / "golden" / f"{self.name}.json{'l' if self.data else ''}"

    @property
    def arguments(self):
        """What `aistudios build` needs to build it."""
        return [str(self.path), "--object", self.object, *(["--data", str(self.data)] if self.data else [])]

    @property
    def project(self):
        return load_script(self.path, self.object)

    @property
    def videos(self):
        """The project, or that of each row."""
        return self.filled(self.project)

    @property
    def translations(self):
        """Its projects in other languages, where its docstring checks some: those of the catalogues in `locale`."""
        if "--locales" not in self.path.read_text(encoding="utf-8"):
            return {}
        folder = ROOT / "examples" / "locale"
        return {locale: self.project.translated(folder, locale) for locale in locales_in(folder)}

    def filled(self, project):
        """A version of the project as it is, or with each row."""
        return list(project.render_all(read_rows(self.data))) if self.data else [project]


def _found():
    for path in sorted((ROOT / "examples").glob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "\nproject = " not in source:
            continue  # a program, such as a webhook server
        data = re.search(r"examples/data/[\w.]+", source)
        for name, value in runpy.run_path(str(path)).items():
            if isinstance(value, Project):
                yield Example(path, name, ROOT / data[0] if data else None)


EXAMPLES = list(_found())
