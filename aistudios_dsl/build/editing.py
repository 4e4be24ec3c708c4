"""Loaded clips changed: another picture in the old one's place, and other words where an avatar had its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from attrs import evolve

from aistudios_dsl.build.speech import paragraphs
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.sizes import Fit, scaled_size, unless_same
from aistudios_dsl.wire.node import as_found
from aistudios_dsl.wire.nodes import Image, Video

M = TypeVar("M", bound=Image | Video)
L = TypeVar("L")

_JINJA = r"(?s)\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"
_KEPT = "\ue000(\\d+)\ue001"


def refilled(clip: M, natural: tuple[float, float], fit: Fit = "contain") -> M:
    """The clip with a picture of another natural size (px) about the centre of the box it was seen in.

    `fit` as in `image`: "contain" stays inside that box, "cover" fills it and overflows, "stretch" takes its ratio.
    """
    scale_x, scale_y = (scale if isinstance(scale, int | float) else 1 for scale in (clip.scale_x, clip.scale_y))
    angle = clip.angle or 0 if isinstance(clip, Image) else 0
    old = Box(clip.left, clip.top, clip.width * scale_x, clip.height * scale_y, angle)
    across, down = scaled_size(natural, old.width, old.height, fit=fit)
    new = Box.about(old.centre, natural[0] * across, natural[1] * down, angle)
    with as_found():
        return evolve(
            clip,
            width=unless_same(clip.width, natural[0]),
            height=unless_same(clip.height, natural[1]),
            scale_x=unless_same(clip.scale_x, across),
            scale_y=unless_same(clip.scale_y, down),
            left=unless_same(clip.left, new.left),
            top=unless_same(clip.top, new.top),
        )


def spoken_html(text: str) -> str:
    """Plain words as the HTML of loaded speech; what Jinja reads stays as it is.

    >>> spoken_html("A < B, {{ 'yes' if n > 1 else 'no' }}")
    "<p>A &lt; B, {{ 'yes' if n > 1 else 'no' }}</p>"
    """
    kept = re.findall(_JINJA, text)
    numbers = iter(range(len(kept)))
    plain_text = re.sub(_JINJA, lambda _: f"\ue000{next(numbers)}\ue001", re.sub(_KEPT, "", text))
    return re.sub(_KEPT, lambda found: kept[int(found[1])], paragraphs(plain_text))


def first_replaced(items: Iterable[L], is_old: Callable[[L], bool], new: L | None) -> Iterator[L]:
    """The items with the new one in place of the first old one, and without the other old ones.

    >>> list(first_replaced([1, 2, 4, 5], lambda n: n % 2 == 0, 0))
    [1, 0, 5]
    """
    for item in items:
        if not is_old(item):
            yield item
        elif new is not None:
            yield new
            new = None
