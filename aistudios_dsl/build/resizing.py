"""Another place and size for a clip: arguments that replace others, and the numbers of a loaded clip for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Set
from typing import Any, TypeVar

from attrs import evolve, fields

from aistudios_dsl.build.avatar import Avatar
from aistudios_dsl.build.boxes import number, scales, seen_box
from aistudios_dsl.build.placement import Around, Place
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.geometry import Box, Point
from aistudios_dsl.layout.sizes import Fit, extent, scaled_size, unless_same
from aistudios_dsl.wire.node import UNSET, as_found
from aistudios_dsl.wire.nodes import AvatarClip, Clip, Image, Shape, Text, Video

M = TypeVar("M", bound=AvatarClip | Image | Video)
C = TypeVar("C", bound=Clip)
Pair = tuple[float, float]

FRAMED = ("framing", "head_at", "head_height", "avatar")
"""What says where an avatar stands by its head; resolve works it out."""
_SIZES = ("width", "height", "scale", "framing", "head_height")
"""What says how large a clip is, except a text: each but a width beside a height excludes the others."""
_SHARES = {"center": 0.5, "right": 1.0}


# the arguments


def merged(clip: Clip, old: Place, new: Place, given: Set[str]) -> Place:
    """Return the old place with what the new one was `given`, and without what that replaces."""
    said = {name for name in given if getattr(new, name) is not None}
    if said & set(_SIZES) and isinstance((new if "at" in given else old).at, Around):
        raise BuildError("around() sets the size", hint="give at= too, to place the clip in another way")
    dropped = _replaced_in_text(said) if isinstance(clip, Text) else _replaced(said)
    if not {"framing", "head_height"} & said and _is_scaled_beside_a_size(clip, old):
        dropped -= {"width", "height"} if "scale" in said else set()
    if "framing" in said and not isinstance(old.at, str):
        dropped |= {"at"}
    defaults: dict[str, Any] = {part.name: part.default for part in fields(Place)}
    changes = {name: defaults[name] for name in dropped} | {name: getattr(new, name) for name in given}
    if not isinstance(clip, Text) and said & set(_SIZES):
        changes["ratio"] = _ratio(old) if len(said & {"width", "height"}) == 1 else None
    return evolve(old, **changes)


def _replaced_in_text(said: Set[str]) -> set[str]:
    return ({"fit"} if said & {"width", "height"} else set()) | ({"width", "height"} if "fit" in said else set())


def _is_scaled_beside_a_size(clip: Clip, old: Place) -> bool:
    """Whether a scale multiplies width and height: for a shape, and where no natural size is known."""
    built: Any = clip.left
    figure = isinstance(old.avatar, Avatar) and old.avatar.size is None
    unknown = figure if isinstance(clip, AvatarClip) else old.natural is None
    return isinstance(clip, Shape) or (built is UNSET and unknown)


def _replaced(said: Set[str]) -> set[str]:
    dropped: set[str] = set(_SIZES) if said & set(_SIZES) else set()
    if dropped and not {"width", "height"} <= said:
        dropped |= {"fit"}
    if said & {"framing", "at"}:
        dropped |= {"head_at"}
    return dropped | ({"at", "framing"} if "head_at" in said else set())


def _ratio(old: Place) -> Any:
    """Return the width and height whose ratio one new side keeps; None where the natural size gives it."""
    if old.width is None or old.height is None:
        return old.ratio
    return None if old.natural and old.fit in ("contain", "cover") else (old.width, old.height)


def needs_canvas(clip: Clip, place: Place) -> bool:
    """Return whether a loaded clip's numbers follow only from the canvas, its neighbours, its letters, or a row."""
    if any(getattr(place, name) is not None for name in FRAMED) or breaks_lines(clip, place):
        return True
    if not (place.at is None or isinstance(place.at, tuple)):
        return True
    values = (place.width, place.height, *_items(place.at), *_items(place.scale), *_items(place.fit))
    return any(isinstance(value, str) for value in values if value not in ("contain", "cover", "stretch"))


def breaks_lines(clip: Clip, place: Place) -> bool:
    """Return whether the lines of a text are broken anew for the place."""
    one_side = (place.width is None) != (place.height is None)
    return isinstance(clip, Text) and (one_side or place.fit is not None)


def _items(value: Any) -> Iterable[Any]:
    return value if isinstance(value, tuple) else (value,)


# the numbers


def moved(clip: C, place: Place) -> C:
    """Return a loaded clip with its left-top corner at the point (px) that `at` is."""
    if not isinstance(place.at, tuple):
        return clip
    left, top = place.at
    assert not isinstance(left, str)
    assert not isinstance(top, str)
    return with_numbers(clip, left=left, top=top)


def resized(clip: Any, place: Place, canvas: Box) -> Any:
    """Return a loaded clip at the size that a place asks for; its left-top corner stays. Lines are not broken again.

    A picture of another natural size is centred in the box that the old one was seen in, unless a size is given.
    """
    width = None if place.width is None else extent(place.width, canvas.width, "width")
    height = None if place.height is None else extent(place.height, canvas.height, "height")
    factors = _factors(clip, place)
    if isinstance(clip, Text):
        return (
            with_numbers(clip, **factors) if width is None or height is None else _boxed(clip, width, height, factors)
        )
    if isinstance(clip, Shape):
        return _shape(clip, width, height, factors)
    return _medium(clip, place, width, height, factors) if isinstance(clip, AvatarClip | Image | Video) else clip


def kept_edge(before: Text, after: Text) -> Point:
    """Return the left-top corner (px) of a text of another width whose aligned edge stays where it was."""
    share = _SHARES.get(after.align, 0.0) if isinstance(after.align, str) else 0.0
    (old, _), (new, _) = scales(before), scales(after)
    shift = share * (number(before, "width") * old - number(after, "width") * new)
    box = Box(number(before, "left"), number(before, "top"), shift, 0, number(before, "angle"))
    return box.corners[1] if shift else (box.left, box.top)


def drawn_at(clip: Clip) -> Pair:
    """Return the scales at which a clip is drawn. Raise `BuildError` where one is 0, so that no size can be seen."""
    across, down = scales(clip)
    if not (across and down):
        raise BuildError("its scale is 0, so it is not seen at any size", hint="give scale= too, such as scale=1")
    return across, down


def _factors(clip: Clip, place: Place) -> dict[str, float]:
    """The scales that were given. A clip that was mirrored stays mirrored."""
    if place.scale is None:
        return {}
    across, down = place.scale if isinstance(place.scale, tuple) else (place.scale, place.scale)
    return _signed(clip, extent(across, 1, "scale"), extent(down, 1, "scale"))


def _signed(clip: Clip, across: float, down: float) -> dict[str, float]:
    signs = number(clip, "scale_x", 1), number(clip, "scale_y", 1)
    return {"scale_x": math.copysign(across, signs[0]), "scale_y": math.copysign(down, signs[1])}


def _boxed(clip: Text, width: float, height: float, factors: dict[str, float]) -> Text:
    across, down = drawn_at(with_numbers(clip, **factors))
    after = with_numbers(clip, **factors, width=width / across, height=height / down)
    left, top = kept_edge(clip, after)
    return with_numbers(after, left=left, top=top)


def _shape(clip: Shape, width: float | None, height: float | None, factors: dict[str, float]) -> Shape:
    if (width, height) == (None, None):
        return with_numbers(clip, **factors)
    across, down = (1.0, 1.0) if factors else drawn_at(clip)
    seen = _sides((number(clip, "width") * across, number(clip, "height") * down), width, height)
    return with_numbers(clip, width=seen[0] / across, height=seen[1] / down, **factors)


def _medium(clip: M, place: Place, width: float | None, height: float | None, factors: dict[str, float]) -> M:
    fit: Any = place.fit
    own = number(clip, "width"), number(clip, "height")
    if (width, height) == (None, None) and not factors:
        return clip if fit is None and place.natural is None else refilled(clip, place.natural or own, fit or "contain")
    if place.natural is None and not (own[0] > 0 and own[1] > 0):
        if width is None or height is None:
            raise _unknown_size()
        return with_numbers(clip, width=width, height=height, **_signed(clip, 1, 1))
    natural = place.natural or own
    named = {} if place.natural is None else {"width": natural[0], "height": natural[1]}
    if factors or fit or place.natural or (width is not None and height is not None):
        scale = (abs(factors["scale_x"]), abs(factors["scale_y"])) if factors else None
        return with_numbers(clip, **named, **_signed(clip, *scaled_size(natural, width, height, scale, fit)))
    across, down = scales(clip)
    if across == down:
        across, down = scaled_size(own, width, height)
    else:
        seen = _sides((own[0] * across, own[1] * down), width, height)
        across, down = seen[0] / own[0], seen[1] / own[1]
    return with_numbers(clip, **_signed(clip, across, down))


def _unknown_size() -> BuildError:
    return BuildError("its size is not known", hint="give both width= and height=", code="no-size")


def _sides(seen: Pair, width: float | None, height: float | None) -> Pair:
    """Return the width and height (px) for one or both of them; one alone keeps the ratio of what is seen."""
    if width is not None and height is not None:
        return width, height
    if not (seen[0] and seen[1]):
        raise _unknown_size()
    factor = width / seen[0] if width is not None else 1 if height is None else height / seen[1]
    return seen[0] * factor, seen[1] * factor


def refilled(clip: M, natural: Pair, fit: Fit = "contain") -> M:
    """Return the clip with a picture of another natural size (px), centred in the box it was seen in.

    `fit` as in `image`: "contain" stays inside that box, "cover" fills it and overflows, "stretch" takes its ratio.
    A clip that was mirrored stays mirrored.
    """
    old = seen_box(clip)
    across, down = scaled_size(natural, old.width, old.height, fit=fit)
    box = Box.about(old.centre, natural[0] * across, natural[1] * down, old.angle)
    sizes = {"width": natural[0], "height": natural[1], "left": box.left, "top": box.top}
    return with_numbers(clip, **sizes, **_signed(clip, across, down))


def with_numbers(clip: C, **numbers: float) -> C:
    """Return the clip with other numbers; those that are the same stay as they are written, or absent."""
    same_factor = {
        name for name in ("scale_x", "scale_y") if name in numbers and number(clip, name, 1) == numbers[name]
    }
    changes: dict[str, Any] = {
        name: unless_same(getattr(clip, name), value) for name, value in numbers.items() if name not in same_factor
    }
    with as_found():
        return evolve(clip, **changes)
