"""Where a clip is asked to stand and how large to be seen: the intent beside a clip whose geometry is still absent."""

from __future__ import annotations

import math
from typing import Any, Literal, TypedDict, get_args

from attrs import field, frozen

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.errors import BuildError, did_you_mean
from aistudios_dsl.layout.geometry import Align, Anchor, Side, canvas, corner_at, corner_beside
from aistudios_dsl.layout.sizes import FITS, Fit, Length, extent, length, positive
from aistudios_dsl.wire.node import holds_jinja, number_in, shown
from aistudios_dsl.wire.nodes import Animation, AnimationType, Shadow

Framing = Literal["full", "waist", "bust", "head"]


@frozen
class Beside:
    """A place next to another clip of the scene, named by its tag; made by `above`, `below`, `left_of`, `right_of`."""

    side: Side
    tag: str
    gap: Length = 0
    align: Align = "center"


def above(tag: str, gap: Length = 0, align: Literal["left", "center", "right"] = "center") -> Beside:
    """Over the clip with this tag, `gap` px (or "2%" of the canvas height) apart.

    >>> above("headline", gap=24)
    Beside(side='above', tag='headline', gap=24, align='center')
    """
    return Beside("above", tag, gap, align)


def below(tag: str, gap: Length = 0, align: Literal["left", "center", "right"] = "center") -> Beside:
    """Under the clip with this tag, `gap` px (or "2%" of the canvas height) apart.

    >>> below("headline", gap="2%").gap
    '2%'
    """
    return Beside("below", tag, gap, align)


def left_of(tag: str, gap: Length = 0, align: Literal["top", "center", "bottom"] = "center") -> Beside:
    """To the left of the clip with this tag, `gap` px (or "2%" of the canvas width) apart.

    >>> left_of("photo", align="top").align
    'top'
    """
    return Beside("left_of", tag, gap, align)


def right_of(tag: str, gap: Length = 0, align: Literal["top", "center", "bottom"] = "center") -> Beside:
    """To the right of the clip with this tag, `gap` px (or "2%" of the canvas width) apart.

    >>> right_of("photo").side
    'right_of'
    """
    return Beside("right_of", tag, gap, align)


Position = Anchor | tuple[Length, Length] | Beside
Margin = Length | tuple[Length, Length]
AnimationLike = AnimationType | tuple[AnimationType, int, int] | Animation


@frozen
class AvatarId:
    """An avatar named by its ids, to be looked up in the project's catalogue."""

    ai_name: str
    cloth: str | None


def _paired(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@frozen
class Place:
    """What the verbs were told about place and size. Lengths are px, or percent of the canvas side they run along."""

    at: Position | None = field(default=None, converter=_paired)
    margin: Margin = field(default=0, converter=_paired)
    width: Length | None = None
    height: Length | None = None
    scale: float | tuple[float, float] | None = field(default=None, converter=_paired)
    natural: tuple[float, float] | None = field(default=None, converter=_paired)
    fit: Fit | tuple[Length, Length] | None = field(default=None, converter=_paired)
    min_font_size: int | str = 12
    framing: Framing | None = None
    head_at: tuple[Length, Length] | None = field(default=None, converter=_paired)
    head_height: Length | None = None
    avatar: Avatar | AvatarId | None = None
    language: str | None = None


def validate(place: Place) -> None:
    """Raise `BuildError` for what is wrong whatever the canvas is; strings that hold Jinja are judged when rendered."""
    for name in ("width", "height", "head_height"):
        _validate_length(getattr(place, name), name, extent)
    _validate_at(place.at)
    for value in _one_or_two(place.margin, "margin", "give one length, or a pair (across, down)"):
        _validate_length(value, "margin", length)
    for value in _one_or_two(place.scale, "scale", "give one factor, or a pair (across, down)"):
        _validate_length(value, "scale", extent)
    for value in _pair(place.natural, "natural"):
        positive(value, "natural")
    for value in _pair(place.head_at, "head_at"):
        _validate_length(value, "head_at", _any_length)
    if not holds_jinja(place.min_font_size):
        least_points(place.min_font_size)
    _validate_name(place.framing, get_args(Framing), "framing")
    if isinstance(place.fit, str):
        _validate_name(place.fit, FITS, "fit")


def least_points(value: Any) -> int:
    """A `min_font_size` as a number of points. Raises `BuildError` where it is none.

    >>> least_points("12")
    12
    """
    points = number_in(value) if isinstance(value, str) else value
    if isinstance(points, bool) or not isinstance(points, int) or points < 1:
        raise BuildError(f"min_font_size is {shown(value)}, but takes whole numbers from 1 up")
    return points


def _validate_length(value: Any, name: str, read: Any) -> None:
    if value is not None and not holds_jinja(value):
        read(value, 1000, name)


def _any_length(value: Any, side: float, name: str) -> float:
    return length(value, side, name, low=-math.inf)


def _pair(value: Any, name: str) -> tuple[Any, ...]:
    if value is not None and not (isinstance(value, tuple | list) and len(value) == 2):
        raise BuildError(f"{name} is {value!r}", hint=f"{name} takes two numbers, such as {name}=(640, 360)")
    return tuple(value or ())


def _one_or_two(value: Any, name: str, hint: str) -> tuple[Any, ...]:
    if not isinstance(value, tuple):
        return (value,)
    if len(value) != 2:
        raise BuildError(f"{name} is {value!r}", hint=hint)
    return value


def _validate_at(at: Any) -> None:
    if isinstance(at, str):
        if not holds_jinja(at):
            corner_at(at, canvas())  # type: ignore[arg-type]
    elif isinstance(at, Beside):
        _validate_beside(at)
    elif isinstance(at, tuple) and len(at) == 2:
        for value, name in zip(at, ("at x", "at y"), strict=True):
            _validate_length(value, name, _any_length)
    elif at is not None:
        raise BuildError(f"at={at!r} is no place", hint='give (x, y), an anchor such as "top left", or above("tag")')


def _validate_beside(at: Beside) -> None:
    tag: object = at.tag
    if not isinstance(tag, str):
        raise BuildError(f"{at.side}({tag!r}): a neighbour is named by its tag", hint=f'such as {at.side}("headline")')
    _validate_length(at.gap, "gap", _any_length)
    if not holds_jinja(at.align):
        corner_beside(at.side, align=at.align)


def _validate_name(value: Any, known: Any, what: str) -> None:
    if value is not None and not holds_jinja(value) and value not in known:
        raise BuildError(f"{what} {value!r} is not known", hint=did_you_mean(str(value), known))


class Placed(TypedDict, total=False):
    """Place, order and names of a clip: what every clip that is seen can be told.

    `at`: one of nine anchors ("top left" to "bottom right"), `(x, y)`, which is left and top in px or percent, or
    `above("tag")` and its sisters; center, of an avatar bottom. `margin`: how far from the edges that an anchor names,
    one length or `(across, down)`; 0. `scale`: a factor, or `(across, down)`; 1. `layer`: a whole number, the higher in
    front; one more than the highest so far. `id`: on the wire; made from the clip's place. `tag`: the name to find it
    by, once in a scene. `opacity`: 1 to 100 percent, None leaves it out; 100.
    """

    at: Position
    margin: Margin
    scale: float | tuple[float, float]
    layer: int
    id: str
    tag: str
    opacity: float | None


class Sized(Placed, total=False):
    """A clip that can be given a `width` and a `height`, px or percent of the canvas; one of them keeps the ratio."""

    width: Length
    height: Length


class Turned(Sized, total=False):
    """A clip that can be turned and can come and go.

    `angle`: degrees clockwise, None leaves it out; 0. `animation`: its type, such as "fade-in", or `(type, duration,
    delay)` with 1 to 30 and 0 to 30 whole seconds, or a `wire.Animation`; none.
    """

    angle: float | None
    animation: AnimationLike


class Shaded(Turned, total=False):
    """A clip that can also drop a `shadow`, such as `wire.Shadow(color="#00000060", blur=4)`; none."""

    shadow: Shadow


class ShadedText(Placed, total=False):
    """A text: its width is the verb's own argument, since it wraps; the rest as for a shaded clip."""

    height: Length
    angle: float | None
    animation: AnimationLike
    shadow: Shadow
