"""The errors of this package, each with a stable code.

The code of an error is that of its class, unless it has one of these:

- `no-scenes`: the project has no scenes
- `no-size`: a clip has no size, and none can be computed
- `no-font`: a font file cannot be read, or has changed
- `missing-extra`: a package that an extra installs is not there
- `unknown-tag`: no clip has this tag or id
- `circle`: clips are placed by one another in a circle
- `no-tags`: `around()` names no clip
- `in-group`: a clip or an argument that has no place in a group
- `no-width`: a percentage of the width of a group that has none
- `no-room`: the room is too narrow for what is in it
- `unknown-style`: the theme has no style of this name
- `unknown-avatar`: the catalogue does not have this avatar or outfit
- `avatar-language`: the avatar of a language speaks another one
- `not-rendered`: a template has to be rendered first
- `missing-name`, `missing-value`: a row lacks a name that a template needs, or has no value for it
- `template-syntax`, `unclosed-braces`: Jinja cannot read a template
- `template-too-large`: a template is too large or nested too deeply
- `other-variables`: a translation has other variables than its original
- `unknown-locale`: a folder of catalogues has no such language
- `no-key`, `key-refused`: there is no API key, or the service does not accept it
- `unreachable`: nothing was sent, because there was no connection
- `rate-limited`: the service asks to send fewer requests
- `not-found`: the service has no such project
- `not-ready`: the video is not rendered yet
- `file-exists`, `not-a-file`: a download would replace a file, or something that is not one
- `bad-signature`: a webhook's address is not signed with this secret
- `holds-braces`: a payload of an outbox was not rendered
- `journal-in-use`, `journal-damaged`: an outbox cannot use its journal
- `journal-copied`: the journal of an outbox is a copy, and its original is still there
- `plan-stale`: the payloads, the journal or the service are not those of an outbox's plan any more
- `plan-too-large`: an outbox's plan makes more than a limit allows
- `row-failed`: a row of an outbox has failed, so its mark does not fit
- `worker-died`: a process that renders rows ended untimely

The tree::

    DslError                     a script, a document, a row or a call is wrong
    ├── BuildError               a verb, or a scene as a whole, cannot become a project
    ├── LoadError                a document is not a project; lists every problem found in it
    ├── TemplateError            a template cannot be read, or cannot be rendered with this row
    └── ApiError                 the service refused, or could not be reached
        ├── SubmissionUnknown    a create was sent and no answer came: never retried automatically
        ├── RenderFailed         the service could not render the video
        └── StillRendering       the wait ended before the video was ready; its id allows another wait
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from pathlib import Path


class ScriptLine(NamedTuple):
    """A line of the user's script.

    >>> str(ScriptLine("videos/hello.py", 7))
    'hello.py line 7'
    """

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file.replace(chr(92), '/').rpartition('/')[2]} line {self.number}"


class DslError(Exception):
    """Something is wrong.

    Args:
        message: What is wrong.
        path: Where, such as `scenes[0].clips[1] (image)`; "" for no place.
        hint: What to do; "" where there is nothing to add.
        code: A stable name for the kind of fault. Programs branch on it, never on a message or a hint.

    Attributes:
        line: The line of the user's script that wrote the scene or clip, for faults found after that line has run.

    >>> print(DslError("opacity is 140", "scenes[0].clips[1] (image)", "give 1 to 100"))
    scenes[0].clips[1] (image): opacity is 140
      hint: give 1 to 100
    """

    code: str = "error"
    line: ScriptLine | None = None

    def __init__(self, message: str, path: str = "", hint: str = "", code: str = "") -> None:
        super().__init__(message, path, hint, code)
        self.message = message
        self.path = path
        self.hint = hint
        if code:
            self.code = code

    def __str__(self) -> str:
        where = ", ".join(str(part) for part in (self.path, self.line) if part)
        return f"{where}{': ' if where else ''}{self.message}" + (f"\n  hint: {self.hint}" if self.hint else "")

    def under(self, parent: str) -> Self:
        """Return the same error with its path under a parent's path.

        Args:
            parent: The path to put in front, such as "scenes[2]".

        >>> print(BuildError("no text", "clips[1]").under("scenes[2]"))
        scenes[2].clips[1]: no text
        """
        joined = not parent or parent.endswith(" ") or not self.path or self.path.startswith("[")
        return self._with(path=f"{parent}{'' if joined else '.'}{self.path}")

    def at(self, line: ScriptLine | None) -> Self:
        """Return the same error with the line of the user's script that it comes from.

        Args:
            line: The line, or None if it is not known. An error that already has a line keeps it.
        """
        return self if line is None or self.line else self._with(line=line)

    def hinting(self, hint: str) -> Self:
        """Return the same error with another hint.

        Args:
            hint: What to do instead.
        """
        return self._with(hint=hint)

    def _with(self, **changes: Any) -> Self:
        copy = type(self).__new__(type(self))
        copy.__dict__.update(self.__dict__ | changes)
        copy.args = (copy.message, copy.path, copy.hint, *self.args[3:])
        return copy


class under:  # noqa: N801  (used as a function)
    """Put the paths of errors raised inside under a parent's path.

    >>> with under("scenes[2]"):
    ...     raise BuildError("no text", "clips[1]")
    Traceback (most recent call last):
    aistudios_dsl.errors.BuildError: scenes[2].clips[1]: no text
    """

    # A generator would cost several times as much, and each string of a project is rendered inside one.
    __slots__ = ("parent",)

    def __init__(self, parent: str) -> None:
        self.parent: str = parent

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, fault: BaseException | None, traceback: object) -> None:
        if isinstance(fault, DslError):
            raise fault.under(self.parent) from fault.__cause__


class BuildError(DslError):
    """Raised when a script asks for something that a project cannot hold."""

    code = "build"


def expect(value: object, kind: Any, message: str, hint: str = "", path: str = "") -> None:
    """Raise `BuildError` for a value of another type than `kind`; the message ends with the type that it has.

    >>> expect(3, str | None, "tag must be a string")
    Traceback (most recent call last):
    aistudios_dsl.errors.BuildError: tag must be a string, not int
    """
    if not isinstance(value, kind):
        raise BuildError(f"{message}, not {type(value).__name__}", path, hint)


class LoadError(DslError):
    """Raised when a document is not a project. `problems` holds an error for each thing wrong, in document order.

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
    """Raised when a template cannot be parsed, or cannot be rendered with its row."""

    code = "template"


class ApiError(DslError):
    """Raised when the service refuses a call, or cannot be reached. Keys and tokens are never part of it.

    Attributes:
        status: The HTTP status; 0 where no answer came.
        vendor_code: The service's own error code as text; "" where it sent none.
        project_id: The project that the call was about; "" where there is none.
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
    """Raised when a create was sent and no answer came. It may have been made and charged: check before you retry."""

    code = "submission-unknown"


class RenderFailed(ApiError):
    """Raised when the service could not render the video of `project_id`."""

    code = "render-failed"


class StillRendering(ApiError):
    """Raised when the wait ends before the video is ready; wait again with `project_id`."""

    code = "still-rendering"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name closest to a misspelt one, or "" where none is close.

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
    """Return the hint for an unknown name: the closest known name, else all of them.

    >>> did_you_mean("colour", ["color", "width"])
    "did you mean 'color'?"
    """
    known = list(known)
    close = nearest(name, known)
    return f"did you mean {close!r}?" if close else "known are: " + ", ".join(map(str, known)) if known else ""


def near_file(path: Path) -> str:
    """Return the hint for a missing file: a file beside it with nearly the same name and the same suffix, else "".

    A file that differs only in its suffix is suggested too.
    """
    from difflib import SequenceMatcher, get_close_matches

    wanted, kind = _fold(path.stem), path.suffix.casefold()
    beside = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    stems = {_fold(entry.stem): entry.name for entry in beside if entry.suffix.casefold() == kind}
    alike = [entry for entry in beside if _fold(entry.stem) == wanted]
    if alike and wanted not in stems:
        stems[wanted] = max(alike, key=lambda entry: SequenceMatcher(None, entry.suffix.casefold(), kind).ratio()).name
    close = get_close_matches(wanted, stems, n=1, cutoff=0.75)
    return f"did you mean {stems[close[0]]!r}?" if close else ""


def _fold(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").replace(" ", "")


def unreadable(path: Path, fault: OSError | ValueError, hint: str = "") -> LoadError:
    """Return the error of a file that cannot be opened or read; its hint is the nearest name, else the one given."""
    near = near_file(path) if isinstance(fault, FileNotFoundError) else ""
    return LoadError(f"cannot read {path}: {getattr(fault, 'strerror', None) or fault}", hint=near or hint)


def clock(seconds: float) -> str:
    """Return a duration as people write it.

    >>> clock(4.26), clock(75)
    ('4.3 s', '1:15 min')
    """
    return f"{seconds:.1f} s" if seconds < 59.95 else f"{int(seconds + 0.5) // 60}:{int(seconds + 0.5) % 60:02} min"


def speech_words(letters: int, seconds: float) -> str:
    """Return in words how much is said.

    >>> speech_words(1300, 75)
    '1,300 characters of speech, about 1:15 min'
    """
    return f"{letters:,} characters of speech, about {clock(seconds)}" if letters else "no speech"


def plural(count: int, noun: str) -> str:
    """Return the count with its noun.

    >>> plural(1, "row"), plural(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
