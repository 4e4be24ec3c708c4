"""Rules on what is seen: texts and their boxes, the canvas and its safe area, faces, contrast, order in depth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from operator import itemgetter

from aistudios_dsl.check.rules import Hit, first_words, hit, of_scene
from aistudios_dsl.layout.colour import Colour, contrast
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.layout.overlap import TOLERANCE, around, inside, overhang, overlap
from aistudios_dsl.view.occlusion import hider, may_be_clear, over_face, over_text
from aistudios_dsl.view.scene import ESTIMATE_SLACK, SceneView, Seen, colour_of, composite, faded, near
from aistudios_dsl.wire.nodes import Animation, AvatarClip, Text

SAFE = 0.05
"""The border that television keeps free of titles: 5 % of the picture at each side."""
CONTRAST = 4.5
"""What WCAG 2.2 (1.4.3, level AA) asks of small text: it asks 3 of large, but a video may be watched small."""
_SIDES = ("left", "top", "right", "bottom")
_BLACK = Colour(0, 0, 0)
_LEAVING = ("fade-out", "out-right", "out-down", "out-left", "out-up", "zoom-out")


@of_scene("no-size", "error", "give width and height; the natural size of media, the seen size of the others")
def no_size(scene: SceneView) -> Iterator[Hit]:
    """A clip without width or height is not seen."""
    for seen in scene.clips:
        if not seen.box.width or not seen.box.height:
            yield hit(f"the {seen.kind} is {seen.box.width:g} x {seen.box.height:g} px: nothing is seen of it", seen)


@of_scene("text-empty", "warning", "give it words, or take it out for this row: when=")
def text_empty(scene: SceneView) -> Iterator[Hit]:
    """A text without letters shows nothing."""
    for seen in scene.clips:
        if isinstance(seen.clip, Text) and not seen.clip.text.strip():
            yield hit("the text has no letters", seen)


@of_scene("text-overflow", "warning", "make the box larger or the text smaller: fit=(width, height) finds the size")
def text_overflow(scene: SceneView) -> Iterator[Hit]:
    """Text is wider or taller than its box."""
    for seen in scene.texts:
        clip, laid = seen.clip, seen.laid
        assert isinstance(clip, Text)
        assert laid is not None
        about = "about " if laid.estimated else ""
        width, height = max(laid.line_widths), laid.height
        box_width, box_height = near(clip.width), near(clip.height)
        room = box_width * (ESTIMATE_SLACK if laid.estimated else 1)
        if width > room + TOLERANCE:
            wide = f"its longest word is {about}{width:.0f} px wide, its box {box_width:.0f}"
            yield hit(wide, seen, seen.box, around(seen.lines))
        elif height > box_height + TOLERANCE:
            lines = f"{len(laid.lines)} line{'' if len(laid.lines) == 1 else 's'}"
            yield hit(
                f"{lines} of text take {about}{height:.0f} px, its box is {box_height:.0f} px high",
                seen,
                seen.box,
                around(seen.lines),
            )


@of_scene("text-estimated", "note", "look at it in the editor, or use letters and fonts that the bundled font has")
def text_estimated(scene: SceneView) -> Iterator[Hit]:
    """The width of letters that the bundled font lacks is an estimate."""
    for seen in scene.texts:
        letters = seen.laid.estimated if seen.laid else ""
        if letters:
            shown = letters if len(letters) <= 20 else f"{letters[:20]}…"
            yield hit(f"the width of {shown!r} is an estimate", seen)


@of_scene("off-canvas", "error", "move it onto the canvas, or take it out")
def off_canvas(scene: SceneView) -> Iterator[Hit]:
    """A clip lies wholly outside the picture."""
    for seen in scene.clips:
        if seen.box.width and seen.box.height and not overlap(seen.bounds, scene.frame, 0):
            yield hit(f"the {seen.kind} is wholly off the canvas", seen)


@of_scene("text-cut-off", "warning", "move it in, or make it smaller: fit=(width, height) finds the size")
def text_cut_off(scene: SceneView) -> Iterator[Hit]:
    """A part of a text lies outside the picture."""
    for seen in scene.texts:
        ink = around(seen.lines)
        if overlap(ink, scene.frame, 0) and not inside(ink, scene.frame):
            yield hit(f"the text reaches past the canvas {_past(ink, scene.frame)}", seen, ink)


@of_scene("face-cut-off", "warning", "use framing=, or head_at= and head_height=")
def face_cut_off(scene: SceneView) -> Iterator[Hit]:
    """A part of an avatar's head lies outside the picture."""
    for seen in scene.clips:
        if seen.face and overlap(seen.bounds, scene.frame, 0) and not inside(seen.face.bounds, scene.frame):
            yield hit(f"the head reaches past the canvas {_past(seen.face.bounds, scene.frame)}", seen, seen.face)


@of_scene("cut-off", "note", "if that is not meant, move it in or make it smaller")
def cut_off(scene: SceneView) -> Iterator[Hit]:
    """A part of a picture, a video or a shape lies outside the picture; filling the canvas to both sides is meant."""
    for seen in scene.clips:
        if isinstance(seen.clip, Text | AvatarClip) or not overlap(seen.bounds, scene.frame, 0):
            continue
        left, top, right, bottom = (past > TOLERANCE for past in overhang(seen.bounds, scene.frame))
        if (left != right or top != bottom) and not _spans(seen.bounds, scene.frame):
            yield hit(f"the {seen.kind} reaches past the canvas {_past(seen.bounds, scene.frame)}", seen)


def _spans(box: Box, frame: Box) -> bool:
    return all(past >= -TOLERANCE for past in overhang(box, frame))


def _past(box: Box, frame: Box) -> str:
    past = [f"{px:.0f} px {side}" for px, side in zip(overhang(box, frame), _SIDES, strict=True) if px > TOLERANCE]
    return f"({', '.join(past)})"


@of_scene(
    "unsafe-area",
    "warning",
    'move it in by so much: an anchor such as "top left" takes margin="5%", at=(x, y) and gap= other numbers',
)
def unsafe_area(scene: SceneView) -> Iterator[Hit]:
    """A text stands outside the title-safe area, which players and phones may cover."""
    across, down = SAFE * scene.frame.width, SAFE * scene.frame.height
    safe = Box(across, down, scene.frame.width - 2 * across, scene.frame.height - 2 * down)
    for seen in scene.texts:
        ink = around(seen.lines)
        if inside(ink, scene.frame) and not inside(ink, safe):
            yield hit(f"the text reaches past the title-safe area {_past(ink, safe)}", seen, ink, safe)


@of_scene("text-over-face", "warning", "move the text, or frame the avatar elsewhere: head_at=")
def text_over_face(scene: SceneView) -> Iterator[Hit]:
    """Text and an avatar's face stand at the same place."""
    faces = [(seen, seen.face) for seen in scene.clips if seen.face]
    for text in scene.texts:
        for avatar, face in faces:
            covered = tuple(line for line in text.lines if overlap(line, face))
            if covered:
                how = "over" if text.depth > avatar.depth else "behind"
                yield hit(f"the text is {how} the face of {_named(avatar)}", text, face, *covered)


@of_scene("text-over-text", "warning", "move one of them: below(tag, gap=) keeps them apart")
def text_over_text(scene: SceneView) -> Iterator[Hit]:
    """Two texts stand at the same place, and do not take turns."""
    for back, front in combinations(sorted(scene.texts, key=lambda seen: seen.depth), 2):
        if not overlap(back.bounds, front.bounds) or _take_turns(back, front):
            continue
        if any(overlap(one, other) for one in _shown(back, scene) for other in _shown(front, scene)):
            yield hit(f"the text is over {_named(back)}", front, around(front.lines), around(back.lines))


def _shown(seen: Seen, scene: SceneView) -> list[Box]:
    """The lines of a text that the canvas shows."""
    return [line for line in seen.lines if overlap(line, scene.frame, 0)]


def _take_turns(one: Seen, other: Seen) -> bool:
    kinds = [_animation(seen) for seen in (one, other)]
    return all(kinds) and sum(kind in _LEAVING for kind in kinds) == 1


def _animation(seen: Seen) -> str:
    animation = getattr(seen.clip, "animation", None)
    return animation.type if isinstance(animation, Animation) else ""


def _named(seen: Seen) -> str:
    place = seen.path.rpartition(".")[2]
    words = seen.clip.text if isinstance(seen.clip, Text) else ""
    known_by = f", tag {seen.tag!r}" if seen.tag else f", {first_words(words)!r}" if words else ""
    return f"{place} ({seen.kind}{known_by})"


@of_scene("hidden", "warning", "give it a higher layer, or take it out")
def hidden(scene: SceneView) -> Iterator[Hit]:
    """All that the canvas shows of a clip is covered by a video, a JPEG or an opaque square in front of it."""
    for seen in scene.clips:
        front = _hider(seen, scene)
        if front:
            yield hit(f"the {seen.kind} is hidden by {_named(front)}", seen, seen.box, front.box)


def _hider(seen: Seen, scene: SceneView) -> Seen | None:
    """The clip that hides another, which is no mere backdrop."""
    is_backdrop = _spans(seen.bounds, scene.frame) and not isinstance(seen.clip, Text | AvatarClip)
    return None if is_backdrop else hider(seen, scene)


@of_scene("face-covered", "warning", "give the avatar a higher layer, or move one of them")
def face_covered(scene: SceneView) -> Iterator[Hit]:
    """A shape, a video, a JPEG or another avatar stands before an avatar's face."""
    for avatar, front in _before_faces(scene):
        if not may_be_clear(front):
            yield _behind("the face", avatar, front)


@of_scene("text-behind-avatar", "warning", "give the text a higher layer, or move it")
def text_behind_avatar(scene: SceneView) -> Iterator[Hit]:
    """The whole of a text stands behind an avatar's body."""
    for text, front in _before_texts(scene):
        if isinstance(front.clip, AvatarClip):
            yield _behind("the text", text, front)


@of_scene("behind-picture", "note", "where the picture is not clear there, give what it hides a higher layer")
def behind_picture(scene: SceneView) -> Iterator[Hit]:
    """A face, or the whole of a text, lies behind a picture, which may be clear there or not."""
    for avatar, front in _before_faces(scene):
        if may_be_clear(front):
            yield _behind("the face", avatar, front)
    for text, front in _before_texts(scene):
        if may_be_clear(front):
            yield _behind("the text", text, front)


def _behind(what: str, seen: Seen, front: Seen) -> Hit:
    return hit(f"{what} is behind {_named(front)}", seen, seen.face or seen.box, front.box)


def _before_faces(scene: SceneView) -> Iterator[tuple[Seen, Seen]]:
    """Each avatar whose face is covered but not all of it hidden, with what covers it: what surely does, if any."""
    for avatar in scene.clips:
        fronts = sorted(over_face(avatar, scene), key=may_be_clear)
        if fronts and not _hider(avatar, scene):
            yield avatar, fronts[0]


def _before_texts(scene: SceneView) -> Iterator[tuple[Seen, Seen]]:
    """Each text behind an avatar's body, or a picture; those at a face, and those hidden, have their own rules."""
    faces = [seen.face for seen in scene.clips if seen.face]
    for text in scene.texts:
        fronts = sorted(over_text(text, scene), key=may_be_clear)
        if not fronts or _hider(text, scene):
            continue
        if not any(overlap(line, face) for line in text.lines for face in faces):
            yield text, fronts[0]


@of_scene("low-contrast", "warning", "choose a lighter or darker colour, or put an opaque shape behind the text")
def low_contrast(scene: SceneView) -> Iterator[Hit]:
    """The contrast of a text against a ground of known colour is below 4.5 to 1."""
    for seen in scene.texts:
        found = [pair for pair in _grounds(scene, seen) if pair[0] < CONTRAST]
        if found:
            ratio, front, ground = min(found, key=lambda pair: pair[0])
            ratio_shown = f"{int(ratio * 100) / 100:.2f}"
            message = f"{front.hex} on {ground.hex} has a contrast of {ratio_shown} to 1, less than {CONTRAST}"
            yield hit(message, seen, around(seen.lines))


def _grounds(scene: SceneView, seen: Seen) -> Iterator[tuple[float, Colour, Colour]]:
    clip = seen.clip
    assert isinstance(clip, Text)
    inks = [colour_of(clip.fill), colour_of(clip.stroke) if clip.stroke_width else None]
    fronts = [faded(ink, seen.alpha) for ink in inks if ink]
    plate = colour_of(clip.background_color)
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


@of_scene("layers-tied", "warning", "give each clip of the scene a layer of its own")
def layers_tied(scene: SceneView) -> Iterator[Hit]:
    """Two clips of a scene have the same layer: which is in front is not said."""
    first: dict[float, Seen] = {}
    for seen in scene.clips:
        if seen.clip.layer in first:
            other = first[seen.clip.layer]
            yield hit(f"layer {seen.clip.layer} is that of {_named(other)} too", seen, seen.box, other.box)
        first.setdefault(seen.clip.layer, seen)
