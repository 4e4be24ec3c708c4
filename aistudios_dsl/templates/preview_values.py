"""Preview values: a template shown without a row keeps the variables of its texts, and gets likely values elsewhere."""

from __future__ import annotations

import re
from typing import Any

from attrs import evolve

from aistudios_dsl.build.avatar import Catalog
from aistudios_dsl.build.drafts import Draft, Item, clip_of
from aistudios_dsl.build.placement import Around, AvatarId, Beside, Inside
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.layout.colour import is_colour_literal
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.neighbours import tag_of
from aistudios_dsl.templates.render import Visit, mapped
from aistudios_dsl.wire.node import UNSET, as_found

_LIGHT, _DARK = "#d5dce6", "#3a4657"
_GUESSES: dict[str, str] = {
    **dict.fromkeys(("fill", "stroke"), _LIGHT),
    **dict.fromkeys(("backgroundColor", "color", "source_color"), _DARK),
    "shapeName": "Square",
    "align": "center",
    "fontStyle": "",
    "fontFamily": "",
    "style": "",
    "orientation": "landscape",
    "resolution": "1080",
    "at": "center",
    "at[]": "25%",
    "head_at[]": "50%",
    "framing": "waist",
    "language": "en",
    "fit": "contain",
    **dict.fromkeys(("width", "height", "fit[]", "head_height"), "40%"),
    **dict.fromkeys(("margin", "margin[]", "gap"), "0%"),
    "fontSize": "48",
    **dict.fromkeys(("opacity", "volume"), "100"),
    **dict.fromkeys(("angle", "strokeWidth", "strokeRadius", "delay"), "0"),
    **dict.fromkeys(("min_font_size", "layer", "scale", "scale[]", "duration", "blur", "offsetX", "offsetY"), "1"),
}
"""The value of a template where its variables cannot be shown, by field; `[]` is one of several."""

VARIABLE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
"""A variable or tag in the text of a template."""


def with_preview_values(scenes: tuple[Scene, ...], templates: Templates) -> tuple[Scene, ...]:
    """Return the scenes with preview values. Text keeps its variables in braces; `each` repeats nothing.

    >>> from aistudios_dsl.build.scene import Scene
    >>> scene = Scene().text("Hi {{ name }}", color="{{ colour }}")
    >>> clip = next(with_preview_values((scene,), Templates())[0]._clips())
    >>> clip.text.replace(chr(160), "_"), clip.fill
    ('Hi {{_name_}}', '#d5dce6')
    """
    visit = preview_visit(templates)
    known = (_with_figures(_by_likely_tags(_without_same_tags(scene), templates), templates) for scene in scenes)
    return tuple(mapped(scene, f"scenes[{index}]", visit) for index, scene in enumerate(known))


def preview_visit(templates: Templates) -> Visit:
    """Return the function that gives a string of a template its preview value."""

    def visit(path: str, text: str, html: bool) -> str:
        if not templates.is_template(text):
            return text
        field = re.sub(r"\[\d+\]", "[]", path.rpartition(".")[2])
        if field == "background" and is_colour_literal(text):
            return _DARK
        if field in _GUESSES:
            return _GUESSES[field]
        # A variable stays on one line, as its value usually does.
        return VARIABLE.sub(lambda found: re.sub(r"\s+", "\u00a0", found[0]), text)

    return visit


def _without_same_tags(scene: Scene) -> Scene:
    """Return the scene, where the first clip or group of a tag keeps it: rows choose among the others by `when`."""
    if not scene._is_conditional:
        return scene
    seen: set[str | None] = {None, ""}

    def is_first(tag: str | None) -> bool:
        new = tag not in seen
        seen.add(tag)
        return new

    groups = tuple(group if is_first(group.tag) else evolve(group, tag=None) for group in scene._groups)
    items = tuple(item if is_first(clip_of(item).tag or "") else _untagged(item) for item in scene._items)
    return evolve(scene, items=items, groups=groups)


def _untagged(item: Item) -> Item:
    with as_found():
        return evolve(item, clip=evolve(item.clip, tag=UNSET)) if isinstance(item, Draft) else item


def _by_likely_tags(scene: Scene, templates: Templates) -> Scene:
    """Return the scene, where what stands by a tag that a row makes stands by the first clip or group it may be."""
    tags = [*map(tag_of, scene._items), *map(tag_of, scene._groups)]
    made = [tag for tag in tags if templates.is_template(tag)]

    def likely(tag: str, own: str) -> str | None:
        if tag in tags or not (made or templates.is_template(tag)):
            return tag
        fitting = tags if templates.is_template(tag) else made
        meant = [each for each in fitting if each and _may_be_one(each, tag, templates)]
        return next((each for each in meant if each != own), None if meant or templates.is_template(tag) else tag)

    def moved(part: Any, at: Any) -> Any:
        if not isinstance(at, Beside | Inside | Around):
            return at
        found = [near for tag in at.tags if (near := likely(tag, tag_of(part)))]
        if isinstance(at, Around):
            return evolve(at, tags=tuple(found)) if found else at
        return evolve(at, tag=found[0]) if found else None

    def placed(item: Item) -> Item:
        if not isinstance(item, Draft) or item.place.at is None:
            return item
        return evolve(item, place=evolve(item.place, at=moved(item, item.place.at)))

    groups = tuple(evolve(group, at=moved(group, group.at)) for group in scene._groups)
    return evolve(scene, items=tuple(map(placed, scene._items)), groups=groups)


def _may_be_one(tag: str, other: str, templates: Templates) -> bool:
    """Whether two tags, of which at least one is a template, may be the same in a row."""
    return bool(templates.pattern(tag).fullmatch(other) or templates.pattern(other).fullmatch(tag))


def _with_figures(scene: Scene, templates: Templates) -> Scene:
    return evolve(scene, items=tuple(_with_a_figure(item, templates) for item in scene._items))


def _with_a_figure(item: Item, templates: Templates) -> Item:
    """The item, whose avatar gets the geometry of the documented one where its ids wait for a row."""
    named = item.place.avatar if isinstance(item, Draft) else None
    if not isinstance(item, Draft) or not isinstance(named, AvatarId):
        return item
    if not any(templates.is_template(part) for part in (named.ai_name, named.cloth or "")):
        return item
    figure = evolve(Catalog().avatars[0], ai_name=named.ai_name, cloth=named.cloth or "")
    return evolve(item, place=evolve(item.place, avatar=figure))
