"""What a page draws over a scene: the boxes of its clips, the title-safe area, the findings, and what is animated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aistudios_dsl.draw.markup import element, escaped, placed
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.text import units
from aistudios_dsl.view.scene import SceneView, Seen, animation_in, safe_area
from aistudios_dsl.wire.nodes import Shape

if TYPE_CHECKING:
    from aistudios_dsl.check.findings import Finding

_BADGE = 22
_PILL, _LETTERS = 44.0, 24.0
"""The height of a pill that tells an animation, and its font size, px of the canvas."""


def over(scene: SceneView, numbered: Sequence[tuple[int, Finding]], prefix: str) -> str:
    """Return all marks of a scene; switches of the page show them. Ids begin with `prefix`."""
    return _safe_area(scene.canvas) + _boxes(scene, prefix) + _moves(scene) + findings(numbered)


def findings(numbered: Sequence[tuple[int, Finding]]) -> str:
    """Return an outline and a numbered badge for each box of the findings."""
    outlines, badges = [], []
    corners: dict[tuple[float, float], int] = {}
    for place, finding in numbered:
        kind = f"mark {finding.severity}"
        for box in finding.boxes:
            corner = max(_BADGE, box.bounds.left), max(_BADGE, box.bounds.top)
            corners[corner] = corners.get(corner, 0) + 1
            # Findings about one clip share a corner: their badges stand in a row.
            x = corner[0] + (corners[corner] - 1) * 2.1 * _BADGE
            outlines.append(element("g", _outline(box, "edge"), class_=kind))
            circle = element("circle", cx=x, cy=corner[1], r=_BADGE)
            words = element("text", str(place), x=x, y=corner[1], class_="number")
            badges.append(element("g", circle, words, class_=kind))
    return element("g", *outlines, *badges, class_="marks")


def kind_of(seen: Seen, scene: SceneView) -> str:
    """Return what people call a clip: its kind, or "background" for the square of a background colour."""
    return "background" if is_backdrop(seen, scene) else seen.kind


def is_backdrop(seen: Seen, scene: SceneView) -> bool:
    """Whether a clip is the square of a background colour, also in a project that was loaded."""
    square = isinstance(seen.clip, Shape) and seen.clip.shape_name == "Square"
    return square and seen.box == scene.canvas and seen is scene.by_depth[0]


def _boxes(scene: SceneView, prefix: str) -> str:
    drawn = [
        _outline(seen.box, "box", f"{prefix}clip-{seen.index}")
        + _tab((seen.tag or kind_of(seen, scene))[:40], seen.box)
        for seen in scene.every
        if seen.is_shown
    ]
    return element("g", *drawn, class_="boxes")


def _outline(box: Box, kind: str, name: str | None = None) -> str:
    stroke = {"vector_effect": "non-scaling-stroke", "fill": "none"}
    return element("rect", id=name, class_=kind, transform=placed(box), width=box.width, height=box.height, **stroke)


def _tab(words: str, box: Box) -> str:
    """The name of a box, by its left-top corner but inside the canvas."""
    around = box.bounds
    return element("text", escaped(words), x=max(8, around.left + 8), y=max(30, around.top + 30), class_="tab")


def _safe_area(canvas: Box) -> str:
    safe = safe_area(canvas)
    words = element("text", "title-safe area", x=safe.left + 12, y=safe.top + safe.height - 14, class_="tab")
    return element("g", _outline(safe, "edge"), words, class_="safe")


def _moves(scene: SceneView) -> str:
    """A pill over each clip that is animated, which says how and when; several at one place stand above one another."""
    drawn = []
    rows: dict[tuple[float, float], int] = {}
    for seen in scene.every:
        animation = animation_in(seen) if seen.is_shown else None
        if animation is not None:
            later = f" after {animation.delay} s" if animation.delay else ""
            words = f"▸ {animation.type[:24]}, {animation.duration} s{later}"
            width = units(words) / 1000 * _LETTERS + _PILL
            bounds, canvas = seen.bounds, scene.canvas
            left = max(0, min(bounds.left, canvas.width - width))
            bottom = max(_PILL, min(bounds.top - 6, canvas.height))
            row = rows[left, bottom] = rows.get((left, bottom), 0) + 1
            step = -_PILL if bottom - _PILL * row >= 0 else _PILL
            drawn.append(_pill(words, left, bottom - _PILL + (row - 1) * step * 1.1, width))
    return element("g", *drawn, class_="moves") if drawn else ""


def _pill(words: str, left: float, top: float, width: float) -> str:
    back = element("rect", x=left, y=top, width=width, height=_PILL, rx=_PILL / 2)
    return back + element("text", escaped(words), x=left + width / 2, y=top + _PILL * 0.69)
