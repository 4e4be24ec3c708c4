"""Preview values: a template shown without a row keeps the variables of its texts, and gets likely values elsewhere."""

from __future__ import annotations

import re

from attrs import evolve

from aistudios_dsl.build.avatar import Catalog
from aistudios_dsl.build.placement import AvatarId
from aistudios_dsl.build.scene import Draft, Item, Scene, clip_of
from aistudios_dsl.layout.colour import is_colour_literal
from aistudios_dsl.templates.environment import Templates
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
    known = (_with_figures(_without_same_tags(scene), templates) for scene in scenes)
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
