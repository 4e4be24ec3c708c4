"""The keywords that a call takes, those of an unpacked TypedDict among them, and the right one for a wrong one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from typing import Any, TypeVar, get_args, get_type_hints

from aistudios_dsl.errors import BuildError, did_you_mean

T = TypeVar("T", bound=type[Any])

_SAME = (
    ("color", "fill"),
    ("bold", "font_weight"),
    ("italic", "font_style"),
    ("background", "background_color"),
    ("url", "source_url"),
    ("url", "video_url"),
    ("poster", "source_url"),
    ("name", "shape_name"),
    ("at", "left"),
    ("at", "top"),
)
"""What verbs and the wire call by two names."""


@cache
def keywords_of(call: Callable[..., Any]) -> tuple[str, ...]:
    """The names that a call takes, in the order of its signature.

    >>> keywords_of(lambda self, text, *, color="#fff": text)
    ('text', 'color')
    """
    found: list[str] = []
    for name, parameter in inspect.signature(call).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            (unpacked,) = get_args(get_type_hints(call)[name])
            found += unpacked.__annotations__
        elif parameter.kind is not parameter.POSITIONAL_ONLY and name != "self":
            found.append(name)
    return tuple(found)


def hint_for(name: str, known: Iterable[str], elsewhere: Mapping[str, Iterable[str]]) -> str:
    """What to write instead of a name that is not `known`; `elsewhere` says what others take.

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


def unknown_of(
    call: Callable[..., Any], given: Iterable[str], others: Iterable[Callable[..., Any]]
) -> BuildError | None:
    """What is wrong with keywords that a call does not take, and `others` may."""
    known = keywords_of(call)
    for name in given:
        if name not in known:
            elsewhere = {other.__name__: keywords_of(other) for other in others}
            return BuildError(f"unknown argument {name!r}", hint=hint_for(name, known, elsewhere))
    return None


def knows_its_keywords(*inner: str) -> Callable[[T], T]:
    """A class whose instances are made with keywords that it has, else `BuildError`; `inner` ones are not suggested."""

    def judged_class(cls: T) -> T:
        made: Callable[..., None] = cls.__init__

        @wraps(made)
        def judged(self: Any, /, *args: Any, **given: Any) -> None:
            known = keywords_of(made)
            for name in given:
                if name not in known:
                    hint = did_you_mean(name, [each for each in known if each not in inner])
                    raise BuildError(f"unknown argument {name!r}", f"{cls.__name__}()", hint)
            made(self, *args, **given)

        cls.__init__ = judged
        return cls

    return judged_class
