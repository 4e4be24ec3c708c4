"""Every error this package raises on purpose, and how it is worded.

The tree::

    DslError                     something said in the script, the document, the row or the call is wrong
    ├── BuildError               a verb, or the scene as a whole, cannot become a project
    ├── LoadError                a document is no project JSON; holds every problem found in it
    ├── TemplateError            a Jinja string cannot be rendered with this row
    └── ApiError                 the service, or the way to it, said no
        ├── SubmissionUnknown    a create was sent and its fate is unknown: never retried by itself
        ├── RenderFailed         the service gave the rendering up
        └── StillRendering       the wait ended before the rendering; its id is there to go on with
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class DslError(Exception):
    """What is wrong (`message`), where (`path`), and what to do about it (`hint`).

    >>> print(DslError("opacity is 140", "scenes[0].clips[1] (image)", "give 1 to 100"))
    scenes[0].clips[1] (image): opacity is 140
      hint: give 1 to 100
    """

    code: str = "error"
    """A stable name for the kind of fault; programs branch on it, never on a message or a hint."""

    def __init__(self, message: str, path: str = "", hint: str = "", code: str = "") -> None:
        super().__init__(message, path, hint, code)
        self.message = message
        self.path = path
        self.hint = hint
        if code:
            self.code = code

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        way_out = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{where}{self.message}{way_out}"

    def under(self, parent: str) -> DslError:
        """The same error, its path seen from one level further out.

        >>> print(BuildError("no text", "clips[1]").under("scenes[2]"))
        scenes[2].clips[1]: no text
        """
        joined = not parent or parent.endswith(" ") or not self.path or self.path.startswith("[")
        joint = "" if joined else "."
        copy = type(self).__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.path = f"{parent}{joint}{self.path}"
        copy.args = (self.message, copy.path, *self.args[2:])
        return copy


class BuildError(DslError):
    """The script asks for something that no project can hold."""

    code = "build"


class LoadError(DslError):
    """A document is not a project; `problems` holds one error for each thing wrong with it, in document order.

    >>> print(LoadError("2 problems in the project", problems=(DslError("is missing", "scenes[0].background"),
    ...     DslError("must be a number, not \\"wide\\"", "scenes[0].clips[0].width"))))
    2 problems in the project
      scenes[0].background: is missing
      scenes[0].clips[0].width: must be a number, not "wide"
    """

    code = "load"

    def __init__(
        self, message: str, path: str = "", hint: str = "", problems: tuple[DslError, ...] = (), code: str = ""
    ) -> None:
        super().__init__(message, path, hint, code)
        self.args: tuple[Any, ...] = (message, path, hint, problems, code)
        self.problems = problems

    def __str__(self) -> str:
        lines = [super().__str__()]
        for problem in self.problems if len(self.problems) > 1 else ():
            lines.extend(f"  {line}" for line in str(problem).splitlines())
        return "\n".join(lines)


class TemplateError(DslError):
    """A string with Jinja in it cannot be parsed, or cannot be rendered with the row at hand."""

    code = "template"


class ApiError(DslError):
    """The service, or the way to it, said no.

    `status` is the HTTP status (0 where no answer came), `vendor_code` the vendor's own error code as text ("" where
    none was sent), `project_id` the project the call was about ("" where none). The token is never part of it.
    """

    code = "api"

    def __init__(
        self,
        message: str,
        path: str = "",
        hint: str = "",
        status: int = 0,
        vendor_code: str = "",
        project_id: str = "",
        code: str = "",
    ) -> None:
        super().__init__(message, path, hint, code)
        self.args: tuple[Any, ...] = (message, path, hint, status, vendor_code, project_id, code)
        self.status = status
        self.vendor_code = vendor_code
        self.project_id = project_id


class SubmissionUnknown(ApiError):
    """A create was sent and no answer came: it may have been made, and charged. Look before sending again."""

    code = "submission-unknown"


class RenderFailed(ApiError):
    """The service gave the rendering up; `project_id` is the project it was of."""

    code = "render-failed"


class StillRendering(ApiError):
    """The time to wait is over and the rendering is not; `project_id` is there to go on waiting with."""

    code = "still-rendering"


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name closest to a misspelt one, or "" where none is near.

    >>> nearest("fade_in", ["fade-in", "fade-out"]), nearest("xyz", ["fade-in"])
    ('fade-in', '')
    """
    from difflib import get_close_matches

    known = list(known)
    folded = {_fold(candidate): candidate for candidate in reversed(known)}
    if _fold(name) in folded:
        return folded[_fold(name)]
    close = get_close_matches(_fold(name), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The hint for a name nobody knows: the nearest one, else the whole list.

    >>> did_you_mean("colour", ["color", "width"])
    "did you mean 'color'?"
    """
    known = list(known)
    close = nearest(name, known)
    return f"did you mean {close!r}?" if close else "known are: " + ", ".join(map(str, known)) if known else ""


def near_file(path: Path) -> str:
    """The hint for a file that is not there: one beside it of nearly the same name and the same suffix; else "".

    Where only the suffix is another, that file is meant as well.
    """
    from difflib import get_close_matches

    wanted, kind = _fold(path.stem), path.suffix.casefold()
    beside = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    stems = {_fold(entry.stem): entry.name for entry in beside if entry.suffix.casefold() == kind}
    stems = {_fold(entry.stem): entry.name for entry in beside if _fold(entry.stem) == wanted} | stems
    close = get_close_matches(wanted, stems, n=1, cutoff=0.75)
    return f"did you mean {stems[close[0]]!r}?" if close else ""


def _fold(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").replace(" ", "")
