"""Rules on clips that lie on one another: pictures at one place, covered texts, texts that outgrow their shape."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from aistudios_dsl.check.rules import Problem, named, problem, scene_rule
from aistudios_dsl.layout.colour import find_colour
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.overlap import TOLERANCE, Stack, covers, cut, overhang, upright_overlap
from aistudios_dsl.view.occlusion import hider, may_be_transparent, over_text, solid_throughout
from aistudios_dsl.view.scene import ESTIMATE_SLACK, SOLID, SceneView, Seen, animation_of, behind
from aistudios_dsl.wire.nodes import Image, Shape, Video

ALIKE = 0.9
"""The share of the larger of two pictures that both cover, above which they are at one place wherever they stand."""
_HALF = 0.5
_COVERED = 0.15
"""The share of a text's letters that must be covered to be reported."""
_THIN = 0.4
"""The share of a line's height below which a clip strikes a text through rather than covers it."""
_STANDS = 0.35
"""The share of a text that lies on a shape which it is taken to stand on."""
_PANEL = 2
"""How many times higher than its letters a shape is on which a line stands, rather than one that marks it."""
_MIDDLE = 0.15
_SPACE, _ROUGH = 0.2, 0.1
"""The share of a line's height that is empty above its letters, and below them, and how far that may be wrong."""
_PANELS = ("Square", "Rectangle_corner0")
_BARE = ("Line_v2", "Arrow_1_v2", "Arrow_2_v2")


@scene_rule("same-place", "warning", "move one of them, or remove it: without at=, clips stand in the centre")
def same_place(scene: SceneView) -> Iterator[Problem]:
    """Two pictures or videos lie on one another at the same place."""
    media = [seen for seen in scene.painted.items if _is_medium(seen, scene)]
    seen_in_part = Stack((seen for seen in media if not hider(seen, scene)), attrgetter("bounds"), scene.canvas)
    for front in media:
        backs = behind(front, seen_in_part, front.bounds)
        back = next((back for back in backs if _at_one_place(back, front)), None)
        if back:
            yield problem(f"the {front.kind} is at the same place as {named(back)}", front, front.box, back.box)


def _is_medium(seen: Seen, scene: SceneView) -> bool:
    if not isinstance(seen.clip, Image | Video) or seen.alpha < SOLID:
        return False
    return not (animation_of(seen) or covers(seen.bounds, scene.canvas))


def _at_one_place(back: Seen, front: Seen) -> bool:
    one, other = back.bounds, front.bounds
    if not upright_overlap(one, other, 1):
        return False
    across = _aligned(one.left, one.width, other.left, other.width)
    down = _aligned(one.top, one.height, other.top, other.height)
    larger, shared = max(_area(one), _area(other)), _area(cut(one, other))
    is_alike = shared >= ALIKE * larger or (back.asked.anywhere and front.asked.anywhere)
    if not (is_alike or (across and down)) or _may_frame(front, one):
        return False
    if is_alike or shared >= min(ALIKE * _area(one), _HALF * larger):
        return True
    # A strip along an edge of a picture is as wide or as high as the picture.
    is_strip = abs(one.width - other.width) <= TOLERANCE or abs(one.height - other.height) <= TOLERANCE
    return bool({0, 1} & across and {0, 1} & down) and not is_strip


def _aligned(start: float, size: float, other: float, other_size: float) -> set[float]:
    """Where along a side two clips are lined up, as shares of it: at their starts, their middles, their ends."""
    return {share for share in (0, 0.5, 1) if abs(start + share * size - other - share * other_size) <= 1}


def _may_frame(front: Seen, back: Box) -> bool:
    """Whether a picture in front may be a frame: it may be transparent, and reaches past all sides, but not far."""
    around_it = all(past < -TOLERANCE for past in overhang(back, front.bounds))
    return may_be_transparent(front) and around_it and _area(back) > 0.6 * _area(front.bounds)


def _area(box: Box) -> float:
    return box.width * box.height


@scene_rule("text-covered", "warning", "give the text a higher layer, or move one of them")
def text_covered(scene: SceneView) -> Iterator[Problem]:
    """A shape, a video or a JPEG covers some of a text's letters."""
    for text in scene.texts:
        least = _THIN * text.lines[0].height
        front = next(over_text(text, scene, solid_throughout, _COVERED, least), None)
        if front and not hider(text, scene):
            yield problem(f"letters of the text are behind {named(front)}", text, text.ink, front.box)


@scene_rule("text-past-shape", "warning", "make the shape larger, or wrap the text: width=, or fit=(width, height)")
def text_past_shape(scene: SceneView) -> Iterator[Problem]:
    """A text begins on a shape and reaches past its edge."""
    shapes = (seen for seen in scene.painted.items if _is_panel(seen, scene))
    panels = Stack(shapes, attrgetter("bounds"), scene.canvas)
    for text in scene.texts if panels.items else ():
        ink = text.ink
        backs = behind(text, panels, ink)
        shape = next((seen for seen in backs if upright_overlap(seen.bounds, ink, 0)), None)
        past = _past_shape(text, shape) if shape else 0
        if shape and past > 0:
            yield problem(f"the text reaches {past:.0f} px past {named(shape)}", text, ink, shape.box)


def _is_panel(seen: Seen, scene: SceneView) -> bool:
    clip = seen.clip
    if not isinstance(clip, Shape) or clip.shape_name in _BARE or seen.box.angle or covers(seen.bounds, scene.canvas):
        return False
    fill = find_colour(clip.fill)
    return fill is None or bool(fill.alpha) or bool(clip.stroke_width)


def _past_shape(text: Seen, shape: Seen) -> float:
    """How far (px) a text reaches past the shape it stands on; 0 where it does not, or stands on something else."""
    assert isinstance(shape.clip, Shape)
    ink, panel = _letters(text), shape.bounds
    if text.box.angle or not (ink.width and ink.height):
        return 0
    slack = (ESTIMATE_SLACK - 1) * ink.width if text.laid and text.laid.estimated else 2
    left, top, right, bottom = overhang(ink, panel)
    line = text.lines[0].height
    is_within_height, is_within_width = max(top, bottom) <= _ROUGH * line, max(left, right) <= slack
    shared = cut(ink, panel)
    across, down = shared.width / ink.width, shared.height / ink.height
    if shape.clip.shape_name not in _PANELS:
        x, y = ink.centre[0] - panel.centre[0], ink.centre[1] - panel.centre[1]
        is_label = abs(x) <= _MIDDLE * panel.width and abs(y) <= _MIDDLE * panel.height
        return max(left, right) if is_label and is_within_height and not is_within_width else 0
    if is_within_height and not is_within_width and across >= _STANDS:
        return max(left, right)
    # A lower panel would be a bar that marks a text, or underlines it.
    is_panel = panel.height > _PANEL * (1 - 2 * _SPACE) * line
    is_past = is_within_width and not is_within_height and is_panel and down >= _STANDS
    return max(top, bottom) if is_past else 0


def _letters(text: Seen) -> Box:
    """The box of a text's letters, without the space above and below them."""
    ink = text.ink
    space = _SPACE * text.lines[0].height
    return Box(ink.left, ink.top + space, ink.width, max(0, ink.height - 2 * space))
