"""Where a clip stands and how large it is seen: what a verb is given, before any geometry is computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, TypedDict, get_args

from attrs import field, frozen

from aistudios_dsl.build.avatar import Avatar, tupled, validate_language
from aistudios_dsl.build.keywords import checked_function
from aistudios_dsl.errors import BuildError, ScriptLine, did_you_mean, expect
from aistudios_dsl.layout.geometry import Align, Anchor, Side, canvas, corner_at, corner_beside
from aistudios_dsl.layout.sizes import FITS, Fit, Length, extent, finite, length, positive
from aistudios_dsl.wire.node import UNSET, Unset, holds_jinja, number_in, shown
from aistudios_dsl.wire.nodes import Animation, AnimationType, Shadow

Framing = Literal["full", "waist", "bust", "head"]
_FRAMINGS = get_args(Framing)


@frozen
class Beside:
    """A place next to another clip of the scene; made by `above`, `below`, `left_of` and `right_of`."""

    side: Side
    tag: str
    gap: Length = 0
    align: Align = "center"

    @property
    def tags(self) -> tuple[str, ...]:
        return (self.tag,)


@checked_function()
def above(tag: str, gap: Length = 0, align: Literal["left", "center", "right"] = "center") -> Beside:
    """Return the place above another clip, for `at=`.

    Args:
        tag: The tag of the other clip.
        gap: Distance between the two, in px or percent of the canvas height. Default 0.
        align: Which edges, or the centres, are lined up: "left", "center" or "right". Default "center".

    >>> above("headline", gap=24)
    Beside(side='above', tag='headline', gap=24, align='center')
    """
    return Beside("above", tag, gap, align)


@checked_function()
def below(tag: str, gap: Length = 0, align: Literal["left", "center", "right"] = "center") -> Beside:
    """Return the place below another clip, for `at=`.

    Args:
        tag: The tag of the other clip.
        gap: Distance between the two, in px or percent of the canvas height. Default 0.
        align: Which edges, or the centres, are lined up: "left", "center" or "right". Default "center".

    >>> below("headline", gap="2%").gap
    '2%'
    """
    return Beside("below", tag, gap, align)


@checked_function()
def left_of(tag: str, gap: Length = 0, align: Literal["top", "center", "bottom"] = "center") -> Beside:
    """Return the place to the left of another clip, for `at=`.

    Args:
        tag: The tag of the other clip.
        gap: Distance between the two, in px or percent of the canvas width. Default 0.
        align: Which edges, or the centres, are lined up: "top", "center" or "bottom". Default "center".

    >>> left_of("photo", align="top").align
    'top'
    """
    return Beside("left_of", tag, gap, align)


@checked_function()
def right_of(tag: str, gap: Length = 0, align: Literal["top", "center", "bottom"] = "center") -> Beside:
    """Return the place to the right of another clip, for `at=`.

    Args:
        tag: The tag of the other clip.
        gap: Distance between the two, in px or percent of the canvas width. Default 0.
        align: Which edges, or the centres, are lined up: "top", "center" or "bottom". Default "center".

    >>> right_of("photo").side
    'right_of'
    """
    return Beside("right_of", tag, gap, align)


Margin = Length | tuple[Length, Length]


@frozen
class Inside:
    """A place within the box of another clip or group; made by `inside`."""

    tag: str
    anchor: Anchor = "center"
    margin: Margin = field(default=0, converter=tupled)

    @property
    def tags(self) -> tuple[str, ...]:
        return (self.tag,)


@frozen
class Around:
    """The place and size of what covers other clips or groups; made by `around`."""

    tags: tuple[str, ...]
    padding: Margin = field(default=0, converter=tupled)


@checked_function()
def inside(tag: str, anchor: Anchor = "center", margin: Margin = 0) -> Inside:
    """Return a place within the box of another clip or group, for `at=`.

    Percentages of the clip that stands there (its `margin`, `width`, `height` and `fit`) are of that box.

    Args:
        tag: The tag of the other clip or group.
        anchor: One of the nine anchors, from "top left" to "bottom right". Default "center".
        margin: Distance from the edges that the anchor names, px or percent, or a pair (across, down). Default 0.

    >>> inside("badge", "bottom right", margin=12)
    Inside(tag='badge', anchor='bottom right', margin=12)
    """
    return Inside(tag, anchor, margin)


@checked_function()
def around(*tags: str, padding: Margin = 0) -> Around:
    """Return the place and size that cover other clips or groups, for `at=` of a shape or picture.

    What stands there is right behind the clips that it covers, unless it is given a `layer`.

    Args:
        tags: The tags of the other clips or groups.
        padding: How far it reaches beyond them, px or percent of the canvas, or a pair (across, down). Default 0.

    >>> around("title", "price", padding=(32, 16))
    Around(tags=('title', 'price'), padding=(32, 16))
    """
    return Around(tags, padding)


Position = Anchor | tuple[Length, Length] | Beside | Inside | Around
AnimationLike = AnimationType | tuple[AnimationType, int, int] | Animation


@frozen
class AvatarId:
    """The ids of an avatar that is looked up in the project's catalogue."""

    ai_name: str
    cloth: str | None


@frozen
class Place:
    """The place and size that a verb was given. Lengths are px, or percent of the canvas side they run along."""

    at: Position | None = field(default=None, converter=tupled)
    margin: Margin = field(default=0, converter=tupled)
    width: Length | None = None
    height: Length | None = None
    scale: float | tuple[float, float] | None = field(default=None, converter=tupled)
    natural: tuple[float, float] | None = field(default=None, converter=tupled)
    fit: Fit | tuple[Length, Length] | None = field(default=None, converter=tupled)
    min_font_size: int | str = 12
    balance: bool = False
    exact: bool | tuple[float, float] = field(default=False, converter=tupled)
    framing: Framing | None = None
    head_at: tuple[Length, Length] | None = field(default=None, converter=tupled)
    head_height: Length | None = None
    avatar: Avatar | AvatarId | None = None
    language: str | None = None
    style: str | None = None
    told: frozenset[str] = frozenset()
    """The fields of a text that its verb was told, which its style does not set."""
    ratio: tuple[Length, Length] | None = None
    """The width and height that an edit of one of them keeps the ratio of."""
    spelled: Mapping[str, Any] | None = field(default=None, hash=False)
    """Numbers of the wire that are written in another way, such as 604.0 for 604, or left out where they are 1."""


def validate(place: Place) -> None:
    """Raise `BuildError` for what is wrong on any canvas. Strings with Jinja are validated once they are rendered."""
    for name in ("width", "height", "head_height"):
        _validate_length(getattr(place, name), name, extent)
    _validate_at(place.at)
    validate_margin(place.margin, "margin")
    for value in _parts(place.scale, "scale", "give one factor, or a pair (across, down)", single=True):
        _validate_length(value, "scale", extent)
    for value in _parts(place.natural, "natural", "natural takes two numbers, such as natural=(640, 360)"):
        positive(value, "natural")
    for value in _parts(place.head_at, "head_at", "head_at takes two numbers, such as head_at=(640, 360)"):
        _validate_length(value, "head_at", _any_length)
    expect(place.style, str | None, "style must be the name of a text style", 'such as style="title"')
    validate_language(place.language)
    expect(place.balance, bool, "balance must be True or False")
    if not holds_jinja(place.min_font_size):
        least_points(place.min_font_size)
    _validate_spelling(place)
    fit: object = place.fit
    if not isinstance(fit, str | tuple | None):
        hint = 'a text takes fit=(width, height); a picture or video "contain", "cover" or "stretch"'
        raise BuildError(f"fit is {fit!r}", hint=hint)
    names = fit if isinstance(fit, str) else None
    for name, value, known in (("framing", place.framing, _FRAMINGS), ("fit", names, FITS)):
        if value is not None and not holds_jinja(value) and value not in known:
            raise BuildError(f"{name} {value!r} is not known", hint=did_you_mean(str(value), known))


def _validate_spelling(place: Place) -> None:
    if not isinstance(place.exact, bool):
        for side in _parts(place.exact, "exact", "give True, or the box (width, height) that the editor measured"):
            positive(side, "exact")
    for name, number in (place.spelled or {}).items():
        if number is not UNSET:
            finite(number, f"extra {name}")


def least_points(value: Any) -> int:
    """Return a `min_font_size` in points. Raises `BuildError` where it is not a whole number from 1 up.

    >>> least_points("12")
    12
    """
    points = number_in(value) if isinstance(value, str) else value
    if isinstance(points, bool) or not isinstance(points, int) or points < 1:
        raise BuildError(f"min_font_size is {shown(value)}, but takes whole numbers from 1 up")
    return points


def animation_of(value: Any) -> Animation | Unset:
    """Return the animation that a verb was given in any of its forms. Raises `BuildError` for anything else.

    >>> animation_of(("fade-in", 2, 0))
    Animation(type='fade-in', duration=2, delay=0)
    """
    if value is None or isinstance(value, Animation):
        return UNSET if value is None else value
    kind, *times = (value, 1, 0) if isinstance(value, str) else value if isinstance(value, tuple | list) else (value,)
    if len(times) == 2:
        try:
            return Animation(type=kind, duration=times[0], delay=times[1])
        except BuildError as fault:
            raise BuildError(f"animation {fault.message}", hint=fault.hint) from None
    hint = 'such as "fade-in" or ("fade-in", 1, 0)'
    raise BuildError(f"animation {value!r} is neither a type nor (type, duration, delay)", hint=hint)


def _validate_length(value: Any, name: str, read: Any) -> None:
    if value is not None and not holds_jinja(value):
        read(value, 1000, name)


def _any_length(value: Any, side: float, name: str) -> float:
    return length(value, side, name, low=-math.inf)


def _parts(value: Any, name: str, hint: str, *, single: bool = False) -> tuple[Any, ...]:
    """Return the numbers of a pair, or where that is allowed of a single number; none for None."""
    if value is None:
        return ()
    if single and not isinstance(value, tuple):
        return (value,)
    if not isinstance(value, tuple) or len(value) != 2:
        raise BuildError(f"{name} is {value!r}", hint=hint)
    return value


def _validate_at(at: Any) -> None:
    if isinstance(at, str) and not holds_jinja(at):
        corner_at(at, canvas())  # type: ignore[arg-type]
    elif isinstance(at, Beside | Inside | Around):
        _validate_beside(at)
    elif isinstance(at, tuple) and len(at) == 2:
        for value, name in zip(at, ("at x", "at y"), strict=True):
            _validate_length(value, name, _any_length)
    elif not isinstance(at, str | None):
        hint = 'give (x, y), an anchor such as "top left", above("tag") or inside("tag")'
        raise BuildError(f"at={at!r} is not a place", hint=hint)


def _validate_beside(at: Beside | Inside | Around) -> None:
    name = at.side if isinstance(at, Beside) else type(at).__name__.lower()
    if not at.tags:
        raise BuildError(f"{name}() names no clip", hint=f'such as {name}("headline")', code="no-tags")
    for tag in at.tags:
        if not isinstance(tag, str):
            raise BuildError(f"{name}({tag!r}) needs the tag of a clip", hint=f'such as {name}("headline")')
    match at:
        case Beside():
            _validate_length(at.gap, "gap", _any_length)
            if not holds_jinja(at.align):
                corner_beside(at.side, align=at.align)
        case Inside():
            if not holds_jinja(at.anchor):
                corner_at(at.anchor, canvas())
            validate_margin(at.margin, "margin")
        case Around():
            validate_margin(at.padding, "padding")


def validate_margin(value: Any, name: str) -> None:
    """Raise `BuildError` where the value is neither a length from 0 px up nor a pair of them."""
    for each in _parts(value, name, "give one length, or a pair (across, down)", single=True):
        _validate_length(each, name, length)


FlowKind = Literal["row", "column", "grid"]


@frozen
class Flow:
    """How a group sets its clips one after the other: `gap` and `padding` in px, `columns` of a grid."""

    kind: FlowKind
    gap: float = 0
    align: Anchor = "center"
    padding: float | tuple[float, float] = field(default=0, converter=tupled)
    columns: int = 1


@frozen
class GroupDraft:
    """A group as it stands in a scene: its clips and groups name it by its number, as their `parent`.

    `number` and `scope` are those of a `Draft`.
    """

    flow: Flow
    at: Position | None = field(default=None, converter=tupled)
    margin: Margin = field(default=0, converter=tupled)
    width: Length | None = None
    layer: int | None = None
    tag: str | None = None
    when: str | None = None
    each: str | None = None
    parent: int = -1
    number: int = -1
    scope: tuple[tuple[int, int], ...] = ()
    written_at: ScriptLine | None = field(default=None, eq=False, repr=False)

    def label(self, index: int) -> str:
        """Return the name of the group in messages."""
        return f"groups[{index}] ({self.flow.kind}{f', tag {self.tag!r}' if self.tag else ''})"


def validate_group(group: GroupDraft) -> None:
    """Raise `BuildError` for what is wrong with a group on any canvas."""
    validate(Place(at=group.at, margin=group.margin, width=group.width))
    if isinstance(group.at, Around):
        hint = "around() is for a shape or picture; place the group with an anchor, inside() or below()"
        raise BuildError("a group takes its size from its clips, not from around()", hint=hint)
    if group.layer is not None and (isinstance(group.layer, bool) or not isinstance(group.layer, int)):
        raise BuildError(f"layer is {group.layer!r}", hint="give a whole number; the higher is in front")
    for name in ("tag", "when", "each"):
        expect(getattr(group, name), str | None, f"{name} must be a string")


class Placed(TypedDict, total=False):
    """The keywords of every clip that is seen.

    `at`: one of nine anchors, from "top left" to "bottom right"; or `(x, y)`, the left and top in px or percent of the
    canvas; or `above("tag")`, `below`, `left_of`, `right_of`, `inside("tag")`, and for a shape or picture
    `around("tag")`. Default "center", for an avatar "bottom". A clip in a group takes only the last two.
    `margin`: distance from the edges that the anchor names, px or percent, or a pair (across, down). Default 0.
    `scale`: a factor above 0, or a pair (across, down). Default 1.
    `layer`: a whole number; the higher is in front. Default one more than the highest so far.
    `id`: the id on the wire, unique in the project. Default one that follows from the clip's number.
    `tag`: a name to find the clip by, unique in its scene. Default none.
    `opacity`: 1 to 100 percent, or None to leave it out. Default 100.
    `when`: a Jinja expression; the clip is left out of the rows where it is false. Default None, always in.
    `each`: "item in items": the clip is repeated for each item, with `loop.index` and its like. Default None, once.
    `extra`: further keys of the clip in the JSON. Of its class it takes those that no argument sets, such
    as `lockRotation`; those to be left out, with `wire.UNSET`; and its numbers in another spelling, such as 604.0
    as `width`. Default none.
    `key_order`: keys of the JSON, in the order in which they follow each other, such as "left top width height".
    Default that of the vendor's samples.
    """

    at: Position
    margin: Margin
    scale: float | tuple[float, float]
    layer: int
    id: str
    tag: str
    opacity: float | None
    when: str | None
    each: str | None
    extra: Mapping[str, Any]
    key_order: str


class Sized(Placed, total=False):
    """The keywords of a clip with a size.

    `width`, `height`: px above 0, or percent of the canvas; one alone keeps the ratio. Default the natural size.
    """

    width: Length
    height: Length


class Turned(Sized, total=False):
    """The keywords of a clip that turns and is animated.

    `angle`: degrees clockwise, or None to leave it out. Default 0.
    `animation`: a type such as "fade-in"; or `(type, duration, delay)` in whole seconds, duration 1 to 30 and delay
    0 to 30; or a `wire.Animation`. Default none; a type alone takes 1 s without delay. The vendor does not say the
    unit: seconds are an assumption.
    """

    angle: float | None
    animation: AnimationLike


class Shaded(Turned, total=False):
    """The keywords of a clip with a shadow.

    `shadow`: such as `wire.Shadow(color="#00000060", blur=4)`. Default none.
    """

    shadow: Shadow


class ShadedText(Placed, total=False):
    """The keywords of a text: those of `Shaded`, except for `width`, an argument of the verb, which wraps it."""

    height: Length
    angle: float | None
    animation: AnimationLike
    shadow: Shadow
