"""Write AI Studios videos as Python; get the exact project JSON, offline."""

from aistudios_dsl import wire
from aistudios_dsl.build.avatar import Avatar, Catalog
from aistudios_dsl.build.placement import above, below, left_of, right_of
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.diff import diff
from aistudios_dsl.errors import (
    ApiError,
    BuildError,
    DslError,
    LoadError,
    SubmissionUnknown,
    TemplateError,
)
from aistudios_dsl.project import Project

__all__ = [
    "ApiError",
    "Avatar",
    "BuildError",
    "Catalog",
    "DslError",
    "LoadError",
    "Project",
    "Scene",
    "SubmissionUnknown",
    "TemplateError",
    "above",
    "below",
    "diff",
    "left_of",
    "right_of",
    "wire",
]
__version__ = "0.1.0"
