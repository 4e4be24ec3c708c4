"""Write AI Studios videos as Python; get the exact project JSON, offline."""

from typing import TYPE_CHECKING, Any

from aistudios_dsl import wire
from aistudios_dsl.build.avatar import Avatar, Catalog
from aistudios_dsl.build.group import Group, column, grid, row
from aistudios_dsl.build.placement import above, around, below, inside, left_of, right_of
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.theme import TextStyle, Theme
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
from aistudios_dsl.project import Project

if TYPE_CHECKING:
    from aistudios_dsl.build.fonts import Fonts
    from aistudios_dsl.check.findings import Finding
    from aistudios_dsl.languages.catalogues import Catalogue
    from aistudios_dsl.languages.messages import Message
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
__version__ = "0.1.0"

_LATER = {
    "Catalogue": "languages.catalogues",
    "Finding": "check.findings",
    "Fonts": "build.fonts",
    "Message": "languages.messages",
    "LineTiming": "view.timing",
    "SceneTiming": "view.timing",
    "Timing": "view.timing",
}


def __getattr__(name: str) -> Any:
    # These are loaded when they are first used, so that this import stays light.
    if module := _LATER.get(name):
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
