"""Changes to clips: fields set and validated, texts measured again, pictures replaced in their boxes, new speech."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any, TypeVar

from attrs import evolve

from aistudios_dsl.build.keywords import LABELS, hint_for, keyword_for
from aistudios_dsl.build.measured import measured_again
from aistudios_dsl.build.speech import paragraphs
from aistudios_dsl.build.theme import COLOURS, word_for
from aistudios_dsl.build.verbs import VERB_OF, words_of
from aistudios_dsl.errors import BuildError, expect
from aistudios_dsl.layout.colour import is_name, parse_colour
from aistudios_dsl.wire.node import (
    UNSET,
    Key,
    as_found,
    fault_of,
    faults_of_extra,
    holds_jinja,
    keys,
    keys_by_attribute,
)
from aistudios_dsl.wire.nodes import Clip, EditorClip, Shape, Text

C = TypeVar("C", bound=Clip)
T = TypeVar("T")

JINJA = r"(?s:\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})"
"""What in a text is code."""
_KEPT = "\ue000(\\d+)\ue001"
GEOMETRY = ("left", "top", "width", "height", "scale_x", "scale_y")


def taken_by_edit(clip_class: type[Any]) -> tuple[str, ...]:
    """Return what `edit` takes for a clip: the arguments of its verb, and the fields that these do not set."""
    words = words_of(clip_class)
    return (*words, *(key.attribute for key in keys(clip_class) if key.attribute not in words))


def refuse_unknown(clip: Any, names: Iterable[str]) -> None:
    """Raise `BuildError` for a name that `edit` does not take, and for two names of one thing."""
    names, taken, words = tuple(names), taken_by_edit(type(clip)), words_of(type(clip))
    for name in names:
        if name not in taken:
            others = {verb: taken_by_edit(cls) for cls, verb in VERB_OF.items()}
            kind = LABELS.get(clip.type, clip.type)
            raise BuildError(f"{kind} has no field {name!r}", hint=hint_for(name, taken, others))
        word = keyword_for(name, words)
        if word and word != name and word in names:
            raise BuildError(f"{word} and {name} are two names of one thing", hint=f"give {word}= alone")


def refuse_removal(clip: Any, key: Key, name: str, value: object) -> None:
    """Raise `BuildError` where `UNSET` would take a field away that every clip of the type has."""
    if value is UNSET and key.required and getattr(clip, key.attribute) is not UNSET:
        raise BuildError(f"{name} cannot be removed: every {LABELS.get(clip.type, clip.type)} has one")


def changed(clip: Any, changes: Mapping[str, Any]) -> Any:
    """Return the clip with some fields of its wire class changed. Only these fields are validated."""
    known = keys_by_attribute(type(clip))
    for name, value in changes.items():
        refuse_removal(clip, known[name], name, value)
        if fault := fault_of(known[name], value):
            raise fault
    with as_found():
        return evolve(clip, **changes)


def returned_by(fn: Callable[[C], C], clip: C) -> C:
    """Return what the function of a `map` makes of a clip, with the fields that differ validated."""
    with as_found():
        new = fn(clip)
    if not isinstance(new, type(clip)):
        raise BuildError(f"map's function returned {type(new).__name__}, not {type(clip).__name__}")
    values = ((key.attribute, getattr(clip, key.attribute), getattr(new, key.attribute)) for key in keys(type(clip)))
    # 0 equals False, which is another value in JSON.
    changed(clip, {name: value for name, old, value in values if value != old or type(value) is not type(old)})
    for fault in faults_of_extra(new) if new.extra != clip.extra else ():
        raise fault
    with as_found():
        result: C = measured_again(clip, new)
    return result


def faults_in_words(clip: Clip, *, literal: bool = False) -> Iterator[BuildError]:
    """Yield what is wrong with the values of a clip, in the words of its verb."""
    for key in keys(type(clip)):
        value = getattr(clip, key.attribute)
        if value is not UNSET and fault_of(key, value, literal=literal):
            word = keyword_for(key.attribute, words_of(type(clip)))
            fault = fault_of(evolve(key, attribute=word or key.attribute), value, literal=literal)
            yield from [fault] if fault else []


def validate_colours(clip: Clip, *, on_the_wire: bool = False, names: bool = True) -> None:
    """Raise `BuildError` for what is no colour of a text or shape; it says the verb's word, or that `on_the_wire`.

    `names` lets those pass that a theme may have.
    """
    for field in COLOURS if isinstance(clip, Text | Shape) else ():
        value: Any = getattr(clip, field, UNSET)
        if (value or field == "fill") and not (holds_jinja(value) or (names and is_name(value.strip()))):
            parse_colour(value, field if on_the_wire else word_for(clip, field))


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
            hint = "edit(tag, at=..., width=..., height=..., scale=...) changes them"
            raise BuildError(f"{name} is computed from the arguments of the verb", hint=hint)


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


# speech


def spoken_html(text: str) -> str:
    """Return plain words as the HTML of loaded speech. Jinja in them stays as it is.

    >>> spoken_html("A < B, {{ 'yes' if n > 1 else 'no' }}")
    "<p>A &lt; B, {{ 'yes' if n > 1 else 'no' }}</p>"
    """
    kept = re.findall(JINJA, text)
    numbers = iter(range(len(kept)))
    plain_text = re.sub(JINJA, lambda _: f"\ue000{next(numbers)}\ue001", re.sub(_KEPT, "", text))
    return re.sub(_KEPT, lambda found: kept[int(found[1])], paragraphs(plain_text))


def first_replaced(items: Sequence[T], old: Sequence[T], new: T | None) -> tuple[T, ...]:
    """Return the items with the new one in place of the first old one, and without the other old ones.

    >>> first_replaced([1, 2, 4, 5], [2, 4], 0)
    (1, 0, 5)
    """
    first = items.index(old[0]) if old else 0
    kept = [item for item in items[first:] if item not in old]
    return (*items[:first], *([] if new is None else [new]), *kept)
