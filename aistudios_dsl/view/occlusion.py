"""Occlusion: the shapes, pictures, videos and avatars that hide a clip, a face or a text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, takewhile

from aistudios_dsl.build.boxes import number, scales
from aistudios_dsl.layout.colour import find_colour
from aistudios_dsl.layout.geometry import Box, Point
from aistudios_dsl.layout.overlap import TOLERANCE, around, cut, inside, upright_overlap, within
from aistudios_dsl.view.scene import SOLID, SceneView, Seen, is_jpeg, is_solid, paint, share_of
from aistudios_dsl.wire.nodes import AvatarClip, Image, Shape

FACE = 0.1
"""The share of a face that must be covered to be reported."""

_STEPS = [(step + 0.5) / 9 for step in range(9)]
_OVAL = [(x, y) for x in _STEPS for y in _STEPS if (x - 0.5) ** 2 + (y - 0.5) ** 2 <= 0.25]
_ALONG = (0.05, 0.275, 0.5, 0.725, 0.95)
_MIDDLE = 0.17
"""Every shape fills an ellipse of this radius about its centre, as a share of its box."""


def hider(back: Seen, scene: SceneView) -> Seen | None:
    """Return the clip that surely hides all that the canvas shows of another: a text's lines, or the box of others."""
    if back.index not in scene.hiders:
        scene.hiders[back.index] = _hider(back, scene)
    return scene.hiders[back.index]


def _hider(back: Seen, scene: SceneView) -> Seen | None:
    if not any(_before(back, scene.opaque.near(back.bounds))):
        return None
    parts = [part for box in back.lines or (back.box,) for part in _on_canvas(box, scene.canvas)]
    if not parts:
        return None
    corners = [corner for part in parts for corner in part.corners]
    # What is opaque is convex: it covers a box if it covers its corners.
    fronts = _before(back, scene.opaque.around(around(parts)))
    return next((front for front in fronts if all(_fills(front, corner) for corner in corners)), None)


def _fills(front: Seen, point: Point) -> bool:
    if not isinstance(front.clip, Shape):
        return share_of(front.box, point) is not None
    colour = paint(front, point)
    return colour is not None and colour.alpha == 1 and _is_off_corners(front, point)


def _is_off_corners(front: Seen, point: Point) -> bool:
    """Whether a point is not where a rectangle may be rounded off."""
    radius, (across, down) = max(0, number(front.clip, "stroke_radius")), scales(front.clip)
    x, y = within(front.box, point)
    near_x = min(x, front.box.width - x) < radius * across
    return not (near_x and min(y, front.box.height - y) < radius * down)


def _on_canvas(box: Box, canvas: Box) -> Iterator[Box]:
    if not upright_overlap(box.bounds, canvas, 0):
        return
    if box.angle and inside(box.bounds, canvas, 0):
        yield box
        return
    part = cut(box.bounds, canvas)
    slack = min(TOLERANCE, part.width / 2, part.height / 2)
    yield Box(part.left + slack, part.top + slack, part.width - 2 * slack, part.height - 2 * slack)


# kinds of clips that may hide something


def solid_avatar(seen: Seen) -> bool:
    """Whether a clip is an avatar that hides what is behind it."""
    return isinstance(seen.clip, AvatarClip) and is_solid(seen)


def solid_picture(seen: Seen) -> bool:
    """Whether a clip is a picture that hides what is behind it where it is not transparent."""
    return may_be_transparent(seen) and is_solid(seen)


def solid_throughout(seen: Seen) -> bool:
    """Whether a clip hides what is behind it, as a shape, a video or a JPEG does."""
    return is_solid(seen) and not (isinstance(seen.clip, AvatarClip) or may_be_transparent(seen))


def may_be_transparent(seen: Seen) -> bool:
    """Whether a clip is a picture that may be transparent somewhere."""
    return isinstance(seen.clip, Image) and not is_jpeg(seen)


# what they hide


def over_face(avatar: Seen, scene: SceneView) -> Iterator[Seen]:
    """Yield the clips, from the front, that cover more than a tenth of what the canvas shows of an avatar's face."""
    face = avatar.face
    fronts = list(_before(avatar, scene.painted_of(is_solid).near(face.bounds))) if face else []
    if face is None or not fronts:
        return
    points = [point for point in (face.point(*share) for share in _OVAL) if share_of(scene.canvas, point)]
    for front in fronts:
        if sum(_covers(front, point) for point in points) > FACE * len(points):
            yield front


def over_text(
    text: Seen, scene: SceneView, kind: Callable[[Seen], bool], share: float = 1, least: float = 0
) -> Iterator[Seen]:
    """Yield the clips of a kind, from the front, that cover at least this share of what the canvas shows of a text.

    `least`: how wide and high they are at least, px.
    """
    near = _before(text, scene.painted_of(kind).near(text.ink))
    fronts = (front for front in near if min(front.box.width, front.box.height) >= least)
    first = next(fronts, None)
    if first is None:
        return
    points = [line.point(along, 0.5) for line in text.lines for along in _ALONG]
    points = [point for point in points if share_of(scene.canvas, point)]
    may_miss = len(points) - math.ceil(share * len(points) - 1e-9)
    for front in chain((first,), fronts) if points else ():
        misses = (point for point in points if not _covers(front, point))
        if len(list(islice(misses, may_miss + 1))) <= may_miss:
            yield front


def _before(back: Seen, clips: Iterable[Seen]) -> Iterator[Seen]:
    """Those of some clips, which begin at the front, that are in front of another."""
    return takewhile(lambda front: front.depth > back.depth, clips)


def _covers(front: Seen, point: Point) -> bool:
    share = share_of(front.box, point)
    clip = front.clip
    if share is None:
        return False
    if isinstance(clip, AvatarClip):
        return _is_in_figure(front, point, share)
    if not isinstance(clip, Shape):
        return True
    colour = paint(front, point)
    if colour is not None:
        return colour.alpha >= SOLID
    fill = find_colour(clip.fill)
    return fill is not None and fill.alpha * front.alpha >= SOLID and _in_oval(share, _MIDDLE)


def _is_in_figure(front: Seen, point: Point, share: Point) -> bool:
    """Whether a point is in an avatar's head, or below it in the middle half of its box."""
    if front.face is None:
        return _in_oval(share, 0.25)
    head = share_of(front.face, point)
    if head is not None and _in_oval(head, 0.5):
        return True
    chin = share_of(front.box, front.face.point(0.5, 1))
    return chin is not None and share[1] >= chin[1] and 0.25 <= share[0] <= 0.75


def _in_oval(share: Point, radius: float) -> bool:
    return math.hypot(share[0] - 0.5, share[1] - 0.5) <= radius
