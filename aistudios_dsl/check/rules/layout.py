"""Rules on what is seen: texts and their boxes, the canvas and its safe area, faces, contrast, order in depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from operator import attrgetter, itemgetter

from attrs import evolve

from aistudios_dsl.build.boxes import is_backdrop, number, ruler_of, scales
from aistudios_dsl.check.rules import Problem, named, problem, scene_rule
from aistudios_dsl.errors import plural
from aistudios_dsl.layout.colour import Colour, contrast, find_colour
from aistudios_dsl.layout.fonts import exact_with, shown_letters
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.overlap import TOLERANCE, Stack, bleeds, inside, overhang, overlap, upright_overlap
from aistudios_dsl.layout.text import has_letters, longest_piece
from aistudios_dsl.view.occlusion import hider, may_be_transparent, over_face, over_text, solid_avatar, solid_picture
from aistudios_dsl.view.scene import (
    ESTIMATE_SLACK,
    LEAVING,
    SceneView,
    Seen,
    animation_of,
    behind,
    composite,
    faded,
    font_px,
    safe_area,
)
from aistudios_dsl.wire.node import shortened
from aistudios_dsl.wire.nodes import AvatarClip, Text

CONTRAST = 4.5
"""What WCAG 2.2 (1.4.3, level AA) asks of small text: it asks 3 of large, but a video may be watched small."""
SMALLEST = 12
"""Points below which a text is called small: the least that `fit` takes by itself."""
MOST = 0.6
"""The share of a text that is most of it."""
_MOST_UNDER = 3
"""How many texts under one text are told."""
_SIDES = ("left", "top", "right", "bottom")
_BLACK = Colour(0, 0, 0)


@scene_rule("no-size", "error", "give width and height; the natural size of media, the seen size of the others")
def no_size(scene: SceneView) -> Iterator[Problem]:
    """A clip without width or height is invisible."""
    for seen in scene.clips:
        if not seen.box.width or not seen.box.height:
            size = f"{seen.box.width:g} x {seen.box.height:g} px"
            yield problem(f"the {seen.kind} is {size}, so it is invisible", seen)


@scene_rule("text-empty", "warning", "give it text; if rows may have none, write {{ name or 'other words' }}")
def text_empty(scene: SceneView) -> Iterator[Problem]:
    """A text is empty, is transparent, or has only blanks and letters without an outline."""
    for seen in scene.clips:
        if isinstance(seen.clip, Text) and not has_letters(seen.clip.text):
            yield problem("the text has no letters that are seen", seen)
        elif isinstance(seen.clip, Text) and _is_clear(seen.clip):
            yield problem("the text is wholly transparent", seen)


@scene_rule("text-small", "warning", "make it 12 pt or more")
def text_small(scene: SceneView) -> Iterator[Problem]:
    """A text is smaller than 12 pt, counting its scale."""
    for seen in scene.clips:
        if not seen.lines:
            continue
        points = number(seen.clip, "font_size") * scales(seen.clip)[1]
        if points < SMALLEST - 0.01:
            yield problem(f"the text is {points:.3g} pt, less than {SMALLEST}", seen)


@scene_rule("word-too-wide", "warning", "make the box wider or the text smaller: fit=(width, height) finds the size")
def word_too_wide(scene: SceneView) -> Iterator[Problem]:
    """A word is wider than the width that its text was to be wrapped to, and makes the box wider."""
    for seen in scene.texts:
        clip, asked = seen.clip, seen.asked.width
        if asked is None or not isinstance(clip, Text) or number(clip, "width") <= asked + TOLERANCE:
            continue
        word, width = longest_piece(clip.text, font_px(clip), ruler=ruler_of(clip))
        if width > asked + TOLERANCE:
            yield problem(f"its word {shortened(word, 40)!r} is {width:.0f} px wide, but width is {asked:g} px", seen)


@scene_rule("text-overflow", "warning", "make the box larger or the text smaller: fit=(width, height) finds the size")
def text_overflow(scene: SceneView) -> Iterator[Problem]:
    """A text is wider or taller than its box."""
    for seen in scene.texts:
        laid = seen.laid
        assert laid is not None
        about, slack = ("about ", ESTIMATE_SLACK) if laid.estimated else ("", 1)
        width, height = number(seen.clip, "width"), number(seen.clip, "height")
        message = ""
        if max(laid.line_widths) > width * slack + TOLERANCE:
            message = f"its longest word is {about}{max(laid.line_widths):.0f} px wide, its box {width:.0f} px"
        elif laid.height > height + TOLERANCE:
            lines = plural(len(laid.lines), "line")
            message = f"{lines} of text take {about}{laid.height:.0f} px, its box is {height:.0f} px high"
        if message:
            yield problem(message, seen, seen.box, seen.ink)


@scene_rule("text-estimated", "note", "give the project the font files, or look at the text in the editor")
def text_estimated(scene: SceneView) -> Iterator[Problem]:
    """A text has letters that neither the bundled font nor the project's fonts have, so its width is an estimate."""
    for seen in scene.texts:
        letters = seen.laid.estimated if seen.laid else ""
        if letters:
            family = seen.clip.font_family if isinstance(seen.clip, Text) else ""
            remedy = f"measure it with fonts={exact_with(letters, family or '')}, or look at it in the editor"
            yield evolve(
                problem(f"the widths of the letters {shown_letters(letters)} are estimates", seen), remedy=remedy
            )


@scene_rule("text-in-old-box", "note", "see that the words fit; if not, give width= and height= along with them")
def text_in_old_box(scene: SceneView) -> Iterator[Problem]:
    """A loaded text has new words, but its old box, which was not the measure of the old words and so stays."""
    seen = {one.path: one for one in scene.every}
    for path in (f"{scene.path}.clips[{index}]" for index, asked in enumerate(scene.asked) if asked.in_old_box):
        message = "its words change, but its box stays, since that was not measured from its words"
        yield problem(message, seen[path]) if path in seen else Problem(message, path)


@scene_rule("off-canvas", "error", "move it onto the canvas, or remove it")
def off_canvas(scene: SceneView) -> Iterator[Problem]:
    """A clip lies completely outside the canvas."""
    for seen in scene.clips:
        if seen.box.width and seen.box.height and not overlap(seen.bounds, scene.canvas, 0):
            yield problem(f"the {seen.kind} is wholly off the canvas", seen)


@scene_rule("text-cut-off", "warning", "move it in, or make it smaller: fit=(width, height) finds the size")
def text_cut_off(scene: SceneView) -> Iterator[Problem]:
    """Part of a text lies outside the canvas."""
    for seen in scene.texts:
        ink = seen.ink
        if overlap(ink, scene.canvas, 0) and not inside(ink, scene.canvas):
            yield problem(f"the text reaches past the canvas {_past(ink, scene.canvas)}", seen, ink)


@scene_rule("face-cut-off", "warning", "framing= shows the whole head; head_at= and head_height= move and size it")
def face_cut_off(scene: SceneView) -> Iterator[Problem]:
    """Part of an avatar's head, from its crown to its chin, lies outside the canvas."""
    for seen in scene.clips:
        head = seen.head
        if head and overlap(seen.bounds, scene.canvas, 0) and not inside(head.bounds, scene.canvas):
            message = f"the head reaches past the canvas {_past(head.bounds, scene.canvas)}"
            yield Problem(message, seen.path, seen, (head,), _unframed(seen, scene))


def _unframed(seen: Seen, scene: SceneView) -> str:
    """What to do about a head that is cut, by who framed it; "" for what the rule says."""
    if not scene.asked:
        return ""
    given = seen.asked.arguments
    if given is None:
        name = seen.tag or seen.clip.id
        return f'edit({name!r}, framing="waist") shows the whole head; head_at= and head_height= move and size it'
    if "framing" in given:
        return "leave at= out or name an edge: then framing= shows the whole head"
    if "head_at" in given:
        return "move head_at= in, or make head_height= smaller: the hair lies outside the box that they speak of"
    return ""


@scene_rule("group-too-large", "warning", "make it smaller, give a group width=, or break it into several")
def group_too_large(scene: SceneView) -> Iterator[Problem]:
    """A group is larger than the canvas, or a group or clip is larger than the group around it."""
    boxes = {index: Box(*bounds) for index, _, _, bounds in scene.groups}
    for index, label, parent, _ in scene.groups:
        box = boxes[index]
        room, name = (boxes[parent], "the group around it") if parent >= 0 else (scene.canvas, "the canvas")
        past = [
            f"{size - most:.0f} px {way}"
            for size, most, way in ((box.width, room.width, "wider"), (box.height, room.height, "higher"))
            if size - most > TOLERANCE
        ]
        if past:
            kind = "group" if index >= 0 else "clip"
            yield Problem(f"the {kind} is {' and '.join(past)} than {name}", f"{scene.path}.{label}", None, (box,))


@scene_rule("cut-off", "note", "if this is not intended, move it in or make it smaller")
def cut_off(scene: SceneView) -> Iterator[Problem]:
    """Part of a picture, a video or a shape lies outside the canvas."""
    for seen in scene.clips:
        if isinstance(seen.clip, Text | AvatarClip) or not overlap(seen.bounds, scene.canvas, 0):
            continue
        if bleeds(seen.bounds, scene.canvas):
            continue
        left, top, right, bottom = (past > TOLERANCE for past in overhang(seen.bounds, scene.canvas))
        if (left != right or top != bottom) and not inside(scene.canvas, seen.bounds):
            yield problem(f"the {seen.kind} reaches past the canvas {_past(seen.bounds, scene.canvas)}", seen)


def _past(box: Box, area: Box) -> str:
    past = [f"{px:.0f} px {side}" for px, side in zip(overhang(box, area), _SIDES, strict=True) if px > TOLERANCE]
    return f"({', '.join(past)})"


_INSET = 'move it in by that much: give an anchor such as "top left" margin="5%", or change at=(x, y) or gap='


@scene_rule("unsafe-area", "warning", _INSET)
def unsafe_area(scene: SceneView) -> Iterator[Problem]:
    """A text reaches outside the title-safe area; players and phones may cover it there."""
    safe = safe_area(scene.canvas)
    for seen in scene.texts:
        ink = seen.ink
        if inside(ink, scene.canvas) and not inside(ink, safe):
            yield problem(f"the text reaches past the title-safe area {_past(ink, safe)}", seen, ink, safe)


@scene_rule("text-over-face", "warning", "move the text, or frame the avatar elsewhere: head_at=")
def text_over_face(scene: SceneView) -> Iterator[Problem]:
    """A text and an avatar's face overlap."""
    for text in scene.texts if scene.faces.items else ():
        for avatar in scene.faces.near(text.ink):
            face = avatar.face
            covered = tuple(line for line in text.lines if face and overlap(line, face))
            if face and covered:
                how = "over" if text.depth > avatar.depth else "behind"
                yield problem(f"the text is {how} the face of {named(avatar)}", text, face, *covered)


@scene_rule("text-over-text", "warning", "move one of them: below(tag, gap=) keeps them apart")
def text_over_text(scene: SceneView) -> Iterator[Problem]:
    """Two texts overlap and are shown at the same time."""
    shown = (seen for seen in scene.texts if _shown(seen, scene))
    texts = Stack(sorted(shown, key=lambda seen: seen.depth, reverse=True), attrgetter("ink"), scene.canvas)
    for front in texts.items:
        backs = (back for back in behind(front, texts, front.ink) if _collide(back, front, scene))
        for back in islice(backs, _MOST_UNDER):
            yield problem(f"the text is over {named(back)}", front, front.ink, back.ink)


def _collide(back: Seen, front: Seen, scene: SceneView) -> bool:
    if not upright_overlap(back.ink, front.ink, 1) or _take_turns(back, front):
        return False
    return any(overlap(one, other) for one in _shown(back, scene) for other in _shown(front, scene))


def _shown(seen: Seen, scene: SceneView) -> list[Box]:
    """The lines of a text that the canvas shows."""
    return [line for line in seen.lines if overlap(line, scene.canvas, 0)]


def _take_turns(one: Seen, other: Seen) -> bool:
    kinds = [animation_of(seen) for seen in (one, other)]
    return all(kinds) and sum(kind in LEAVING for kind in kinds) == 1


@scene_rule("hidden", "warning", "give it a higher layer, or remove it")
def hidden(scene: SceneView) -> Iterator[Problem]:
    """The whole visible part of a clip is behind a video, a JPEG or an opaque shape."""
    for seen in scene.clips:
        front = _hider(seen, scene)
        if front:
            yield problem(f"the {seen.kind} is hidden by {named(front)}", seen, seen.box, front.box)


@scene_rule(
    "background-twice", "warning", "remove one of the squares; .background() replaces the one of a loaded scene"
)
def background_twice(scene: SceneView) -> Iterator[Problem]:
    """The square of a plain background is hidden by another full-canvas square."""
    for seen in scene.clips:
        front = hider(seen, scene) if is_backdrop(seen.clip) else None
        if front and is_backdrop(front.clip):
            yield problem(f"the {seen.kind} is hidden by {named(front)}", seen, seen.box)


def _hider(seen: Seen, scene: SceneView) -> Seen | None:
    """The clip that hides another; None for a backdrop, which may be covered."""
    is_backdrop = inside(scene.canvas, seen.bounds) and not isinstance(seen.clip, Text | AvatarClip)
    return None if is_backdrop else hider(seen, scene)


@scene_rule("face-covered", "warning", "give the avatar a higher layer, or move one of them")
def face_covered(scene: SceneView) -> Iterator[Problem]:
    """A shape, a video, a JPEG or another avatar covers an avatar's face."""
    for avatar, front in _before_faces(scene):
        if not may_be_transparent(front):
            yield _behind("the face", avatar, front)


@scene_rule("text-behind-avatar", "warning", "give the text a higher layer, or move it")
def text_behind_avatar(scene: SceneView) -> Iterator[Problem]:
    """A whole text is behind an avatar's body."""
    for text, front in _before_texts(scene, solid_avatar, 1):
        yield _behind("the text", text, front)


@scene_rule("behind-picture", "note", "if the picture is opaque there, give what it hides a higher layer")
def behind_picture(scene: SceneView) -> Iterator[Problem]:
    """A face, or most of a text, is behind a picture, which may be transparent there."""
    for avatar, front in _before_faces(scene):
        if may_be_transparent(front):
            yield _behind("the face", avatar, front)
    for text, front in _before_texts(scene, solid_picture, MOST):
        if not any(over_text(text, scene, solid_avatar)):
            yield _behind("the text", text, front)


def _behind(what: str, seen: Seen, front: Seen) -> Problem:
    return problem(f"{what} is behind {named(front)}", seen, seen.face or seen.box, front.box)


def _before_faces(scene: SceneView) -> Iterator[tuple[Seen, Seen]]:
    """Each avatar whose face is covered, but not hidden as a whole, with what covers it, opaque clips first."""
    for avatar in scene.clips:
        fronts = sorted(over_face(avatar, scene), key=may_be_transparent)
        if fronts and not _hider(avatar, scene):
            yield avatar, fronts[0]


def _before_texts(scene: SceneView, kind: Callable[[Seen], bool], share: float) -> Iterator[tuple[Seen, Seen]]:
    """Each text of which a clip covers this share, but for those that are hidden as a whole or at a face."""
    for text in scene.texts:
        front = next(over_text(text, scene, kind, share), None)
        if front is None or _hider(text, scene):
            continue
        near = [seen.face for seen in scene.faces.near(text.ink) if seen.face]
        if not any(overlap(line, face) for line in text.lines for face in near):
            yield text, front


@scene_rule("low-contrast", "warning", "choose a lighter or darker colour, or put an opaque shape behind the text")
def low_contrast(scene: SceneView) -> Iterator[Problem]:
    """The contrast between a text and its background is below 4.5 to 1."""
    for seen in scene.texts:
        found = [pair for pair in _grounds(scene, seen) if pair[0] < CONTRAST]
        if found:
            ratio, front, ground = min(found, key=lambda pair: pair[0])
            ratio_shown = f"{int(ratio * 100) / 100:.2f}"
            message = f"{front.hex} on {ground.hex} has a contrast of {ratio_shown} to 1, less than {CONTRAST}"
            yield problem(message, seen, seen.ink)


def _grounds(scene: SceneView, seen: Seen) -> Iterator[tuple[float, Colour, Colour]]:
    clip = seen.clip
    assert isinstance(clip, Text)
    fronts = [faded(ink, seen.alpha) for ink in _inks(clip)]
    plate = find_colour(clip.background_color)
    behind = [faded(plate, seen.alpha)] if plate else []
    lines = _shown(seen, scene)
    if fronts and lines:
        hidden_ground = bool(behind) and behind[0].alpha == 1
        for ground in (_BLACK,) if hidden_ground else scene.grounds(seen, lines):
            yield _weighed(tuple(fronts), (*behind, ground))


def _inks(clip: Text) -> list[Colour]:
    """The known colours of a text's letters and their outline."""
    found = [find_colour(clip.fill), find_colour(clip.stroke) if clip.stroke_width else None]
    return [ink for ink in found if ink]


def _is_clear(clip: Text) -> bool:
    inks = _inks(clip)
    return bool(inks) and not any(ink.alpha for ink in inks)


@lru_cache(maxsize=1024)
def _weighed(fronts: tuple[Colour, ...], layers: tuple[Colour, ...]) -> tuple[float, Colour, Colour]:
    ground = composite(layers)
    return max(((contrast(front, ground), front, ground) for front in fronts), key=itemgetter(0))


@scene_rule("layers-tied", "warning", "give each clip of the scene a different layer")
def layers_tied(scene: SceneView) -> Iterator[Problem]:
    """Two clips of a scene have the same layer, so their order is undefined."""
    first: dict[float, Seen] = {}
    for seen in scene.clips:
        layer = seen.depth[0]
        other = first.setdefault(layer, seen)
        if other is not seen:
            yield problem(f"layer {layer} is also used by {named(other)}", seen, seen.box, other.box)
