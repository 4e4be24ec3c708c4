"""Write AI Studios videos as Python; get the exact project JSON, offline. Each name is imported when first used."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aistudios_dsl import wire
    from aistudios_dsl.build.avatar import Avatar, Catalog
    from aistudios_dsl.build.fonts import Fonts
    from aistudios_dsl.build.group import Group, column, grid, row
    from aistudios_dsl.build.placement import above, around, below, inside, left_of, right_of
    from aistudios_dsl.build.scene import Scene
    from aistudios_dsl.build.theme import TextStyle, Theme
    from aistudios_dsl.check.findings import Finding
    from aistudios_dsl.diff import diff
    from aistudios_dsl.errors import (
        ApiError,
        BuildError,
        DslError,
        LoadError,
        RenderFailed,
        StillRendering,
        SubmissionUnknown,
        TemplateError,
    )
    from aistudios_dsl.languages.catalogues import Catalogue
    from aistudios_dsl.languages.messages import Message
    from aistudios_dsl.project import Project
    from aistudios_dsl.view.timing import LineTiming, SceneTiming, Timing

__all__ = [
    "ApiError",
    "Avatar",
    "BuildError",
    "Catalog",
    "Catalogue",
    "DslError",
    "Finding",
    "Fonts",
    "Group",
    "LineTiming",
    "LoadError",
    "Message",
    "Project",
    "RenderFailed",
    "Scene",
    "SceneTiming",
    "StillRendering",
    "SubmissionUnknown",
    "TemplateError",
    "TextStyle",
    "Theme",
    "Timing",
    "above",
    "around",
    "below",
    "column",
    "diff",
    "grid",
    "inside",
    "left_of",
    "right_of",
    "row",
    "wire",
]
__version__ = "0.2.0"

_NAMES = {
    "build.avatar": "Avatar Catalog",
    "build.fonts": "Fonts",
    "build.group": "Group column grid row",
    "build.placement": "above around below inside left_of right_of",
    "build.theme": "TextStyle Theme",
    "check.findings": "Finding",
    "diff": "diff",
    "languages.catalogues": "Catalogue",
    "languages.messages": "Message",
    "errors": "ApiError BuildError DslError LoadError RenderFailed StillRendering SubmissionUnknown TemplateError",
    "project": "Project Scene",  # which lets a notebook draw a scene
    "view.timing": "LineTiming SceneTiming Timing",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}

if not TYPE_CHECKING:  # A checker that saw this would accept every name.

    def __getattr__(name: str) -> Any:
        if name in ("errors", "wire"):
            return import_module(f"{__name__}.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


class _Package(ModuleType):
    """This package. The import system writes each module into it, and so would hide the function `diff`."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
