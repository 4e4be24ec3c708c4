"""Rules on what is seen: texts and their boxes, the canvas and its safe area, faces, contrast, order in depth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from operator import itemgetter

from aistudios_dsl.build.boxes import number
from aistudios_dsl.check.rules import Problem, ProjectView, first_words, problem, project_rule, scene_rule
from aistudios_dsl.layout.colour import Colour, contrast, find_colour
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.overlap import TOLERANCE, around, inside, overhang, overlap
from aistudios_dsl.view.occlusion import hider, may_be_transparent, over_face, over_text
from aistudios_dsl.view.scene import ESTIMATE_SLACK, SceneView, Seen, composite, faded, safe_area
from aistudios_dsl.wire.nodes import Animation, AvatarClip, Text

CONTRAST = 4.5
"""What WCAG 2.2 (1.4.3, level AA) asks of small text: it asks 3 of large, but a video may be watched small."""
_SIDES = ("left", "top", "right", "bottom")
_BLACK = Colour(0, 0, 0)
_LEAVING = ("fade-out", "out-right", "out-down", "out-left", "out-up", "zoom-out")


@scene_rule("no-size", "error", "give width and height; the natural size of media, the seen size of the others")
def no_size(scene: SceneView) -> Iterator[Problem]:
    """A clip without width or height is invisible."""
    for seen in scene.clips:
        if not seen.box.width or not seen.box.height:
            size = f"{seen.box.width:g} x {seen.box.height:g} px"
            yield problem(f"the {seen.kind} is {size}, so it is invisible", seen)


@scene_rule("text-empty", "warning", "give it text; if rows may have none, write {{ name or 'other words' }}")
def text_empty(scene: SceneView) -> Iterator[Problem]:
    """A text is empty."""
    for seen in scene.clips:
        if isinstance(seen.clip, Text) and not seen.clip.text.strip():
            yield problem("the text has no letters", seen)


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
            lines = f"{len(laid.lines)} line{'' if len(laid.lines) == 1 else 's'}"
            message = f"{lines} of text take {about}{laid.height:.0f} px, its box is {height:.0f} px high"
        if message:
            yield problem(message, seen, seen.box, around(seen.lines))


@scene_rule("text-estimated", "note", "look at it in the editor, or use letters that the bundled font has")
def text_estimated(scene: SceneView) -> Iterator[Problem]:
    """A text has letters that the bundled font lacks, so its width is an estimate."""
    for seen in scene.texts:
        letters = seen.laid.estimated if seen.laid else ""
        if letters:
            shown = letters if len(letters) <= 20 else f"{letters[:20]}…"
            yield problem(f"the width of {shown!r} is an estimate", seen)


@project_rule("text-in-old-box", "note", "see that the words fit; if not, give width= and height= along with them")
def text_in_old_box(view: ProjectView) -> Iterator[Problem]:
    """A loaded text has new words, but its old box, which was not the measure of the old words and so stays."""
    for scene, clips in zip(view.scenes, view.old_boxes, strict=False):
        seen = {one.path: one for one in scene.every}
        for path in (f"{scene.path}.clips[{index}]" for index in clips):
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
        ink = around(seen.lines)
        if overlap(ink, scene.canvas, 0) and not inside(ink, scene.canvas):
            yield problem(f"the text reaches past the canvas {_past(ink, scene.canvas)}", seen, ink)


@scene_rule("face-cut-off", "warning", "use framing=, or head_at= and head_height=")
def face_cut_off(scene: SceneView) -> Iterator[Problem]:
    """Part of an avatar's head lies outside the canvas."""
    for seen in scene.clips:
        if seen.face and overlap(seen.bounds, scene.canvas, 0) and not inside(seen.face.bounds, scene.canvas):
            yield problem(f"the head reaches past the canvas {_past(seen.face.bounds, scene.canvas)}", seen, seen.face)


@scene_rule("cut-off", "note", "if this is not intended, move it in or make it smaller")
def cut_off(scene: SceneView) -> Iterator[Problem]:
    """Part of a picture, a video or a shape lies outside the canvas."""
    for seen in scene.clips:
        if isinstance(seen.clip, Text | AvatarClip) or not overlap(seen.bounds, scene.canvas, 0):
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
        ink = around(seen.lines)
        if inside(ink, scene.canvas) and not inside(ink, safe):
            yield problem(f"the text reaches past the title-safe area {_past(ink, safe)}", seen, ink, safe)


@scene_rule("text-over-face", "warning", "move the text, or frame the avatar elsewhere: head_at=")
def text_over_face(scene: SceneView) -> Iterator[Problem]:
    """A text and an avatar's face overlap."""
    faces = [(seen, seen.face) for seen in scene.clips if seen.face]
    for text in scene.texts:
        for avatar, face in faces:
            covered = tuple(line for line in text.lines if overlap(line, face))
            if covered:
                how = "over" if text.depth > avatar.depth else "behind"
                yield problem(f"the text is {how} the face of {_named(avatar)}", text, face, *covered)


@scene_rule("text-over-text", "warning", "move one of them: below(tag, gap=) keeps them apart")
def text_over_text(scene: SceneView) -> Iterator[Problem]:
    """Two texts overlap and are shown at the same time."""
    for back, front in combinations(sorted(scene.texts, key=lambda seen: seen.depth), 2):
        if not overlap(back.bounds, front.bounds) or _take_turns(back, front):
            continue
        if any(overlap(one, other) for one in _shown(back, scene) for other in _shown(front, scene)):
            yield problem(f"the text is over {_named(back)}", front, around(front.lines), around(back.lines))


def _shown(seen: Seen, scene: SceneView) -> list[Box]:
    """The lines of a text that the canvas shows."""
    return [line for line in seen.lines if overlap(line, scene.canvas, 0)]


def _take_turns(one: Seen, other: Seen) -> bool:
    kinds = [_animation(seen) for seen in (one, other)]
    return all(kinds) and sum(kind in _LEAVING for kind in kinds) == 1


def _animation(seen: Seen) -> str:
    animation = getattr(seen.clip, "animation", None)
    return animation.type if isinstance(animation, Animation) else ""


def _named(seen: Seen) -> str:
    place = seen.path.rpartition(".")[2]
    words = first_words(seen)
    known_by = f", tag {seen.tag!r}" if seen.tag else f", {words!r}" if words else ""
    return f"{place} ({seen.kind}{known_by})"


@scene_rule("hidden", "warning", "give it a higher layer, or remove it")
def hidden(scene: SceneView) -> Iterator[Problem]:
    """The whole visible part of a clip is behind a video, a JPEG or an opaque square."""
    for seen in scene.clips:
        front = _hider(seen, scene)
        if front:
            yield problem(f"the {seen.kind} is hidden by {_named(front)}", seen, seen.box, front.box)


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
    for text, front in _before_texts(scene):
        if isinstance(front.clip, AvatarClip):
            yield _behind("the text", text, front)


@scene_rule("behind-picture", "note", "if the picture is opaque there, give what it hides a higher layer")
def behind_picture(scene: SceneView) -> Iterator[Problem]:
    """A face or a whole text is behind a picture, which may be transparent there."""
    for avatar, front in _before_faces(scene):
        if may_be_transparent(front):
            yield _behind("the face", avatar, front)
    for text, front in _before_texts(scene):
        if may_be_transparent(front):
            yield _behind("the text", text, front)


def _behind(what: str, seen: Seen, front: Seen) -> Problem:
    return problem(f"{what} is behind {_named(front)}", seen, seen.face or seen.box, front.box)


def _before_faces(scene: SceneView) -> Iterator[tuple[Seen, Seen]]:
    """Each avatar whose face is covered, but not hidden as a whole, with what covers it, opaque clips first."""
    for avatar in scene.clips:
        fronts = sorted(over_face(avatar, scene), key=may_be_transparent)
        if fronts and not _hider(avatar, scene):
            yield avatar, fronts[0]


def _before_texts(scene: SceneView) -> Iterator[tuple[Seen, Seen]]:
    """Each text behind an avatar's body, or a picture; those at a face, and those hidden, have their own rules."""
    faces = [seen.face for seen in scene.clips if seen.face]
    for text in scene.texts:
        fronts = sorted(over_text(text, scene), key=may_be_transparent)
        if not fronts or _hider(text, scene):
            continue
        if not any(overlap(line, face) for line in text.lines for face in faces):
            yield text, fronts[0]


@scene_rule("low-contrast", "warning", "choose a lighter or darker colour, or put an opaque shape behind the text")
def low_contrast(scene: SceneView) -> Iterator[Problem]:
    """The contrast between a text and its background is below 4.5 to 1."""
    for seen in scene.texts:
        found = [pair for pair in _grounds(scene, seen) if pair[0] < CONTRAST]
        if found:
            ratio, front, ground = min(found, key=lambda pair: pair[0])
            ratio_shown = f"{int(ratio * 100) / 100:.2f}"
            message = f"{front.hex} on {ground.hex} has a contrast of {ratio_shown} to 1, less than {CONTRAST}"
            yield problem(message, seen, around(seen.lines))


def _grounds(scene: SceneView, seen: Seen) -> Iterator[tuple[float, Colour, Colour]]:
    clip = seen.clip
    assert isinstance(clip, Text)
    inks = [find_colour(clip.fill), find_colour(clip.stroke) if clip.stroke_width else None]
    fronts = [faded(ink, seen.alpha) for ink in inks if ink]
    plate = find_colour(clip.background_color)
    behind = [faded(plate, seen.alpha)] if plate else []
    lines = _shown(seen, scene)
    if fronts and lines:
        hidden_ground = bool(behind) and behind[0].alpha == 1
        for ground in (_BLACK,) if hidden_ground else scene.grounds(seen, lines):
            yield _weighed(tuple(fronts), (*behind, ground))


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
            yield problem(f"layer {layer} is also used by {_named(other)}", seen, seen.box, other.box)
