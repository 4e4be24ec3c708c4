"""Arguments of calls: which ones a verb takes, what is wrong with those given, and the script line that gave them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from typing import Any, TypeVar, cast, get_args, get_type_hints

from attrs import frozen

from aistudios_dsl.errors import BuildError, ScriptLine, did_you_mean

T = TypeVar("T", bound=type[Any])
F = TypeVar("F", bound=Callable[..., Any])
Others = Callable[[], Mapping[str, Iterable[str]]]

LABELS: dict[str, str] = {
    "aiModel": "avatar",
    "textImage": "text",
    "image": "image",
    "videoImage": "video",
    "audio": "audio",
    "shape": "shape",
}
"""The verb that adds each type of clip."""
_SAME = (
    ("color", "fill"),
    ("bold", "font_weight"),
    ("italic", "font_style"),
    ("background", "background_color"),
    ("poster", "source_url"),
    ("url", "source_url"),
    ("url", "video_url"),
    ("name", "shape_name"),
    ("avatar", "model"),
    ("say", "script"),
    ("at", "left"),
    ("at", "top"),
    ("scale", "scale_x"),
    ("scale", "scale_y"),
)
"""Names of the same thing: in the verbs, and on the wire. Of two that a verb takes, the first is meant."""
_PACKAGE = __file__[: __file__.rindex("build")]


def script_line() -> ScriptLine | None:
    """Return the line outside this package that is running, or None where it is in no file."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith((_PACKAGE, "<attrs ")):
        frame = frame.f_back
    file = frame.f_code.co_filename
    return None if file.startswith("<") else ScriptLine(file, frame.f_lineno)


@frozen
class Arguments:
    """The arguments that a call takes, without `self`."""

    positional: tuple[str, ...]
    keywords: tuple[str, ...]
    required: tuple[str, ...]
    any_number: bool
    any_keyword: bool


@cache
def arguments_of(call: Callable[..., Any]) -> Arguments:
    """Return what a call takes; the keys of an unpacked TypedDict are keywords.

    >>> arguments_of(lambda self, text, *, color="#fff": text).keywords
    ('text', 'color')
    """
    parameters = [each for each in inspect.signature(call).parameters.values() if each.name not in ("self", "cls")]
    kinds = {each.kind: each for each in parameters}
    named = [each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    more = kinds.get(inspect.Parameter.VAR_KEYWORD)
    unpacked = get_args(get_type_hints(call)[more.name]) if more and "Unpack[" in str(more.annotation) else ()
    keywords = [each.name for each in named if each.kind is not each.POSITIONAL_ONLY]
    return Arguments(
        positional=tuple(each.name for each in named if each.kind is not each.KEYWORD_ONLY),
        keywords=(*keywords, *(unpacked[0].__annotations__ if unpacked else ())),
        required=tuple(each.name for each in named if each.default is each.empty),
        any_number=inspect.Parameter.VAR_POSITIONAL in kinds,
        any_keyword=more is not None and not unpacked,
    )


def keyword_for(name: str, taken: Iterable[str]) -> str:
    """Return which of the keywords `taken` by a verb sets a field of its wire class; "" if none does.

    >>> keyword_for("fill", ["text", "color", "width"]), keyword_for("width", ["width"]), keyword_for("script", ["at"])
    ('color', 'width', '')
    """
    taken = tuple(taken)
    return next((word for word, field in (*_SAME, (name, name)) if field == name and word in taken), "")


def hint_for(name: str, known: Iterable[str], elsewhere: Mapping[str, Iterable[str]]) -> str:
    """Return what to write instead of an unknown name; `elsewhere` maps other calls to what they take.

    >>> hint_for("angle", ["at", "scale"], {"image": ["at", "angle"], "text": ["angle"]})
    "only image and text take 'angle'"
    """
    known = tuple(dict.fromkeys(known))
    for same in _SAME:
        if name in same and (other := same[same[0] == name]) in known:
            return f"did you mean {other!r}?"
    takers = [owner for owner, names in elsewhere.items() if name in names]
    if not takers:
        return did_you_mean(name, known)
    who = " and ".join(part for part in (", ".join(takers[:-1]), takers[-1]) if part)
    return f"only {who} take{'s' if len(takers) == 1 else ''} {name!r}"


def misuse(
    call: Callable[..., Any],
    args: Sequence[object],
    given: Mapping[str, object],
    others: Others = dict,
    private: Sequence[str] = (),
) -> BuildError | None:
    """Return what is wrong with the arguments of a call, which stand without `self`, or None.

    `others` gives the keywords of other calls, for the hint; no hint names the `private` keywords.
    """
    taken = arguments_of(call)
    if len(args) > len(taken.positional) and not taken.any_number:
        return _too_many(taken, args)
    by_position = taken.positional[: len(args)]
    for name in given:
        if name in by_position:
            return BuildError(f"the argument {name!r} is given twice", hint="give it once")
        if name in taken.positional and name not in taken.keywords:
            return BuildError(
                f"the argument {name!r} is given by name", hint=f"give {name} by position, without a name"
            )
        if name not in taken.keywords and not taken.any_keyword:
            hint = hint_for(name, [each for each in taken.keywords if each not in private], others())
            return BuildError(f"unknown argument {name!r}", hint=hint)
    for name in taken.required:
        if name not in by_position and name not in given:
            order = f"give it, as in {call.__name__}({', '.join(taken.positional)})"
            hint = order if name in taken.positional else f"give {name}=..."
            return BuildError(f"the argument {name!r} is missing", hint=hint)
    return None


def _too_many(taken: Arguments, args: Sequence[object]) -> BuildError:
    most = len(taken.positional)
    count = f"{most or 'no'} positional argument{'' if most == 1 else 's'}"
    named = next((name for name in taken.keywords if name not in taken.positional), "")
    rest = "the others" if most else "them"
    hint = f"give {rest} by name, such as {named}=..." if named else f"leave {rest} out"
    if any(type(each).__name__ == "Scene" for each in args):
        hint = "add(scene) adds a Scene"
    return BuildError(f"takes {count}, not {len(args)}", hint=hint)


def checked(
    call: F,
    *,
    name: str = "",
    others: Others = dict,
    private: Sequence[str] = (),
    refuse: Callable[[Any, BuildError, object], None] | None = None,
) -> F:
    """Return a method that raises `BuildError` where Python would raise `TypeError` for its arguments.

    The error stands under `name`, by default that of the method. `refuse` may raise it elsewhere: it gets the object,
    the error, and the argument `tag`. `others` and `private` are those of `misuse`.
    """

    @wraps(call)
    def method(self: Any, /, *args: Any, **given: Any) -> Any:
        fault = misuse(call, args, given, others, private)
        if fault and refuse:
            refuse(self, fault, given.get("tag"))
        if fault:
            raise fault.under(f"{name or call.__name__}()")
        return call(self, *args, **given)

    return cast("F", method)


def checked_function(others: Others = dict) -> Callable[[F], F]:
    """Return a decorator for a function that raises `BuildError` where Python would raise `TypeError`."""

    def decorate(call: F) -> F:
        @wraps(call)
        def function(*args: Any, **given: Any) -> Any:
            if fault := misuse(call, args, given, others):
                raise fault.under(f"{call.__name__}()")
            return call(*args, **given)

        return cast("F", function)

    return decorate


def checked_class(*private: str, others: Others = dict) -> Callable[[T], T]:
    """Return a decorator for a class that refuses wrong arguments with `BuildError`.

    `others` and `private` are those of `misuse`.
    """

    def decorate(cls: T) -> T:
        cls.__init__ = checked(cls.__init__, name=cls.__name__, others=others, private=private)
        return cls

    return decorate
