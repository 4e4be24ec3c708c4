"""Changes to clips: fields set and validated, texts measured again, pictures replaced in their boxes, new speech."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, TypeVar

from attrs import evolve

from aistudios_dsl.build.boxes import seen_box
from aistudios_dsl.build.keywords import LABELS, hint_for
from aistudios_dsl.build.measured import measured_again
from aistudios_dsl.build.placement import animation_of
from aistudios_dsl.build.speech import paragraphs
from aistudios_dsl.errors import BuildError, expect
from aistudios_dsl.layout.colour import parse_colour
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.sizes import Fit, scaled_size, unless_same
from aistudios_dsl.wire.node import UNSET, as_found, fault_of, faults_of_extra, holds_jinja, keys
from aistudios_dsl.wire.nodes import CLIP_TYPES, AvatarClip, Clip, EditorClip, Image, Shape, Text, Video

C = TypeVar("C", bound=Clip)
M = TypeVar("M", bound=Image | Video)
T = TypeVar("T")

_JINJA = r"(?s)\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"
_KEPT = "\ue000(\\d+)\ue001"
COLOURS = ("fill", "stroke", "background_color")
"""The colours of a text or shape."""
GEOMETRY = ("left", "top", "width", "height", "scale_x", "scale_y")
PICTURE = ("natural", "file", "fit")
"""What `edit` takes for a picture or video beside the fields of its wire class."""
_AT_THE_VERB = "give at=, width=, height= or scale= to the verb that adds the clip"
_MORE: dict[type[Any], tuple[str, ...]] = {AvatarClip: ("say",), Image: PICTURE, Video: PICTURE}


def changed(clip: Any, changes: Mapping[str, Any]) -> Any:
    """Return the clip with some fields changed. Only these fields are validated."""
    known = {key.attribute: key for key in keys(type(clip))}
    if isinstance(changes.get("animation"), str | tuple | list):
        changes = {**changes, "animation": animation_of(changes["animation"])}
    kind = LABELS.get(clip.type, clip.type)
    for name, value in changes.items():
        if name not in known:
            others = {LABELS[wire_type]: _editable(cls) for wire_type, cls in CLIP_TYPES.items()}
            drafted = clip.left is UNSET and name in ("at", "margin", "scale")
            hint = _AT_THE_VERB if drafted else hint_for(name, _editable(type(clip)), others)
            raise BuildError(f"{kind} has no field {name!r}", hint=hint)
        if value is UNSET and known[name].required and getattr(clip, name) is not UNSET:
            raise BuildError(f"{name} cannot be removed: every {kind} has one")
        if fault := fault_of(known[name], value):
            raise fault
    with as_found():
        return measured_again(clip, evolve(clip, **changes))


def _editable(clip_class: type[Any]) -> tuple[str, ...]:
    return (*(key.attribute for key in keys(clip_class)), *_MORE.get(clip_class, ()))


def returned_by(fn: Callable[[C], C], clip: C) -> C:
    """Return what the function of a `map` makes of a clip, with the fields that differ validated."""
    with as_found():
        new = fn(clip)
    if not isinstance(new, type(clip)):
        raise BuildError(f"map's function returned {type(new).__name__}, not {type(clip).__name__}")
    names = [key.attribute for key in keys(type(clip))]
    changed(clip, {name: getattr(new, name) for name in names if getattr(new, name) != getattr(clip, name)})
    for fault in faults_of_extra(new) if new.extra != clip.extra else ():
        raise fault
    with as_found():
        result: C = measured_again(clip, new)
    return result


def validate_colours(clip: Clip) -> None:
    """Raise `BuildError` for a colour of a text or shape that no browser reads."""
    for name in COLOURS if isinstance(clip, Text | Shape) else ():
        validate_colour(name, getattr(clip, name, UNSET))


def validate_colour(name: str, value: Any) -> None:
    """Raise `BuildError` for a colour that no browser reads; Jinja waits for its row, and only a fill is required."""
    if (value or name == "fill") and not holds_jinja(value):
        parse_colour(value, name)


def validate_map(clip_class: Any, fn: object, tag: object) -> None:
    try:
        isinstance(None, clip_class)
    except TypeError:
        raise BuildError(f"map takes a class of clips, not {clip_class!r}", hint="such as wire.Text") from None
    expect(fn, Callable, "map takes a function from clip to clip", "such as a lambda")
    expect(tag, str | None, "tag must be a string", 'such as tag="logo"')


def refuse_geometry(old: Any, new: Any) -> None:
    """Raise `BuildError` where a field was set that resolve computes."""
    for name in GEOMETRY:
        if getattr(old, name) != getattr(new, name):
            raise BuildError(f"{name} is computed from the arguments of the verb", hint=_AT_THE_VERB)


def renamed(before: Any, after: Any) -> Any:
    """Return the clip after a change of its id, with its `name` changed too where that was the id."""
    if isinstance(after, EditorClip) and before.id != after.id and after.name == before.name == before.id:
        with as_found():
            return evolve(after, name=after.id)
    return after


# pictures


def natural_of(natural: Any, file: Any) -> tuple[float, float] | None:
    """Return the natural size (px) that was given, or that of a picture file; None where neither was given."""
    if file is None:
        return natural  # type: ignore[no-any-return]
    if natural is not None:
        raise BuildError("give natural= or file=, not both")
    if not isinstance(file, str | bytes | PathLike):
        raise BuildError(f"file is {file!r}", hint="file takes the path of a picture, or its bytes")
    from aistudios_dsl.layout.picture import natural_size

    return natural_size(file)


def refilled(clip: M, natural: tuple[float, float], fit: Fit = "contain") -> M:
    """Return the clip with a picture of another natural size (px), centred in the box it was seen in.

    `fit` as in `image`: "contain" stays inside that box, "cover" fills it and overflows, "stretch" takes its ratio.
    A clip that was mirrored stays mirrored.
    """
    old = seen_box(clip)
    across, down = scaled_size(natural, old.width, old.height, fit=fit)
    box = Box.about(old.centre, natural[0] * across, natural[1] * down, old.angle)
    numbers = {
        "width": natural[0],
        "height": natural[1],
        "scale_x": math.copysign(across, clip.scale_x or 1),
        "scale_y": math.copysign(down, clip.scale_y or 1),
        "left": box.left,
        "top": box.top,
    }
    changes: dict[str, Any] = {name: unless_same(getattr(clip, name), value) for name, value in numbers.items()}
    with as_found():
        return evolve(clip, **changes)


# speech


def spoken_html(text: str) -> str:
    """Return plain words as the HTML of loaded speech. Jinja in them stays as it is.

    >>> spoken_html("A < B, {{ 'yes' if n > 1 else 'no' }}")
    "<p>A &lt; B, {{ 'yes' if n > 1 else 'no' }}</p>"
    """
    kept = re.findall(_JINJA, text)
    numbers = iter(range(len(kept)))
    plain_text = re.sub(_JINJA, lambda _: f"\ue000{next(numbers)}\ue001", re.sub(_KEPT, "", text))
    return re.sub(_KEPT, lambda found: kept[int(found[1])], paragraphs(plain_text))


def first_replaced(items: Sequence[T], old: Sequence[T], new: T | None) -> tuple[T, ...]:
    """Return the items with the new one in place of the first old one, and without the other old ones.

    >>> first_replaced([1, 2, 4, 5], [2, 4], 0)
    (1, 0, 5)
    """
    first = items.index(old[0]) if old else 0
    kept = [item for item in items[first:] if item not in old]
    return (*items[:first], *([] if new is None else [new]), *kept)
