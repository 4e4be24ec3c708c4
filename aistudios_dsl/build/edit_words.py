"""Edits: arguments of a verb, given to a clip that is there already, whether a verb made it or it was loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from inspect import unwrap
from typing import Any

from attrs import evolve

from aistudios_dsl.build import editing, resizing
from aistudios_dsl.build.drafts import (
    KEY_ORDER,
    PLACE_ARGUMENTS,
    Draft,
    Item,
    clip_of,
    condition,
    drafted,
    further_keys,
    is_built,
    switch,
)
from aistudios_dsl.build.keywords import arguments_of, keyword_for, script_line
from aistudios_dsl.build.measured import measured_again
from aistudios_dsl.build.placement import (
    Place,
)
from aistudios_dsl.build.theme import COLOURS, WORDS
from aistudios_dsl.build.verbs import VERB_OF, Verbs, words_of
from aistudios_dsl.errors import BuildError, expect
from aistudios_dsl.layout.geometry import canvas
from aistudios_dsl.wire.node import UNSET, as_found, keys, reordered
from aistudios_dsl.wire.nodes import (
    AvatarClip,
    Clip,
    Text,
)

_OF_DRAFT: dict[str, Callable[[str, Any], Any]] = {"when": condition, "each": condition, "translate": switch}
"""What a draft holds beside its clip and place, and what reads it."""
_FILLERS: dict[str, Any] = {"text": "", "url": "", "label": "", "name": "Square", "fill": "#000000"}
"""Legal values of what a verb requires, where an edit does not give it."""


class _Asked:
    """Takes what a verb makes of its arguments, in the place of a scene."""

    @staticmethod
    def _add(verb: str, cls: type[Clip], place: Any, own: Mapping[str, Any], **values: Any) -> Any:
        return cls, place, own, values


def _worded(item: Item, words: Mapping[str, Any]) -> tuple[Clip, Place]:
    """Return the clip and place that the verb of a clip makes of these arguments. Raises `BuildError` as the verb."""
    clip: Any = clip_of(item)
    call, given = unwrap(getattr(Verbs, VERB_OF[type(clip)])), dict(words)
    first: tuple[Any, ...] = ()
    if isinstance(clip, AvatarClip):
        known = isinstance(item, Draft) and item.place.avatar
        named = known.ai_name if known else clip.model.ai_name
        first = (given.pop("avatar", None) or named, given.pop("cloth", None))
    required = {name: _FILLERS[name] for name in arguments_of(call).required if name not in words and not first}
    try:
        asked = call(_Asked, *first, **required, **given)
    except BuildError as fault:
        raise BuildError(fault.message, hint=fault.hint) from None  # Its place is that of the clip.
    return drafted(*asked)


def edited(item: Item, changes: Mapping[str, Any]) -> Item:
    """Return a clip after an edit: of what its verb takes in the verb's meaning, and of other fields as on the wire."""
    clip: Any = clip_of(item)
    taken = words_of(type(clip))
    of_draft = {name: read(name, changes[name]) for name, read in _OF_DRAFT.items() if name in changes}
    words = {name: value for name, value in changes.items() if name in taken and name not in _OF_DRAFT}
    if "style" in words and not is_built(item):
        raise BuildError("a style is for texts that a verb made", hint="give font_size=, color= and the like")
    for word in unread_words(type(clip)) & words.keys():
        raise BuildError(f"edit cannot change {word}", hint="give it to the verb that adds the clip")
    values, place = _read(item, words) if words else ({}, Place())
    new = editing.changed(clip, values | {name: value for name, value in changes.items() if name not in taken})
    if {"extra", "key_order"} & words.keys():
        new = _with_further_keys(new, words)
    given = {_ASKED_AS.get(word, word) for word in words} & PLACE_ARGUMENTS
    if is_built(item):
        editing.refuse_geometry(clip, new)
        editing.validate_colours(new, on_the_wire=True)
        told = [WORDS.get(name, name) for name in changes if isinstance(clip, Text)]
        place = told_of(resizing.merged(clip, item.place, place, given), told)
        return evolve(item, clip=new, place=place, **of_draft)
    if any(getattr(new, name, None) != getattr(clip, name, None) for name in COLOURS):
        editing.validate_colours(new, names=False)
    changed: Any = _edited_on_the_wire(item, editing.renamed(clip, new), place, given)
    if not of_draft:
        return changed  # type: ignore[no-any-return]
    return evolve(changed if isinstance(changed, Draft) else Draft(changed, Place(), script_line()), **of_draft)


def told_of(place: Place, fields: Iterable[str]) -> Place:
    """Return a place that notes which fields of a text its script set, so that no style does."""
    return evolve(place, told=place.told.union(fields)) if fields else place


def _read(item: Item, words: Mapping[str, Any]) -> tuple[dict[str, Any], Place]:
    """Return the fields of a clip that arguments of its verb set, with their values, and the place that they ask for.

    `UNSET` takes a field away, as None does.
    """
    clip: Any = clip_of(item)
    taken = words_of(type(clip))
    worded = {key: word for key in keys(type(clip)) if (word := keyword_for(key.attribute, taken)) in words}
    for key, word in worded.items():
        editing.refuse_removal(clip, key, word, words[word])
    made, place = _worded(item, {word: None if value is UNSET else value for word, value in words.items()})
    return {
        key.attribute: UNSET if words[word] is UNSET else getattr(made, key.attribute)
        for key, word in worded.items()
        if word not in PLACE_ARGUMENTS
    }, place


def _with_further_keys(clip: Clip, words: Mapping[str, Any]) -> Clip:
    own = {key.wire: key.attribute for key in keys(type(clip))}
    further = further_keys(type(clip), words.get("extra"))
    given: dict[str, Any] = {own[name]: further.pop(name) for name in own if name in further}
    given["extra"] = {**clip.extra, **further}
    if "key_order" in words:
        expect(words["key_order"], str | None, KEY_ORDER)
        given["key_order"] = reordered(type(clip), given["extra"], words["key_order"])
    with as_found():
        return evolve(clip, **given)


def unread_words(cls: type[Clip]) -> set[str]:
    """Return the arguments of a clip's verb that `edit` finds neither in the clip nor in the place that it makes."""
    taken = words_of(cls)
    fields_set = {keyword_for(key.attribute, taken) for key in keys(cls)}
    return (
        {word for word in taken if _ASKED_AS.get(word, word) not in PLACE_ARGUMENTS}
        - fields_set
        - {"extra", "key_order", *_OF_DRAFT}
    )


_ASKED_AS = {"file": "natural", "cloth": "avatar"}
"""What the place holds of arguments that have another name there."""


def _edited_on_the_wire(item: Item, new: Any, place: Place, given: Set[str]) -> Item:
    """Return a clip that has numbers, changed to `new`, at the place that was given; some wait for the canvas."""
    old = clip_of(item)
    pending = resizing.merged(new, item.place if isinstance(item, Draft) else Place(), place, given)
    if isinstance(new, AvatarClip) and "language" in given:
        with as_found():
            new = evolve(new, model=evolve(new.model, language=UNSET if place.language is None else place.language))
        pending = evolve(pending, language=None)
    if "margin" in given and place.margin and (pending.at is None or isinstance(pending.at, tuple)):
        hint = 'such as at="top left", margin=40'
        raise BuildError("margin keeps a clip from an edge, and no edge is named", hint=hint)
    if not given & {"width", "height", "fit"}:
        new = measured_again(old, new)
    if not given and not isinstance(item, Draft):
        return new  # type: ignore[no-any-return]
    if resizing.needs_canvas(new, pending):
        return Draft(new, pending, script_line())
    return resizing.moved(resizing.resized(new, pending, canvas()), pending)  # type: ignore[no-any-return]
