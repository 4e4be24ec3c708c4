"""From intent to the wire: every size, place, id, layer and index that the script left to be computed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import evolve

from aistudios_dsl.build.boxes import seen_box
from aistudios_dsl.build.placement import Beside
from aistudios_dsl.build.scene import Draft, Item, Scene, clip_of, label
from aistudios_dsl.errors import BuildError, DslError, did_you_mean
from aistudios_dsl.layout import colour
from aistudios_dsl.layout.geometry import Anchor, Bounds, Box, bounds_of, corner_at, corner_beside, topological_order
from aistudios_dsl.layout.sizes import length, plain
from aistudios_dsl.resolve.sizing import Measured, Setting, measured
from aistudios_dsl.resolve.speaking import generation, spoken
from aistudios_dsl.wire.node import UNSET, as_found
from aistudios_dsl.wire.nodes import (
    AnyClip,
    Audio,
    AvatarClip,
    Background,
    EditorClip,
    Shape,
    UnknownClip,
)
from aistudios_dsl.wire.nodes import Scene as WireScene

SAMPLE_BACKGROUND = Background(
    source_type="image",
    source_url="/images/background/bg_blue_gradient.png",
    source_color="rgb(54,188,37)",
)
"""The background of the vendor's samples: what a scene that names none gets."""


def resolve_scene(scene: Scene, index: int, setting: Setting) -> WireScene:
    """The scene as it goes over the wire. Raises `BuildError` with the clip's place in the project."""
    try:
        drawn = _drawn(scene, setting)
        backdrop, clips = _with_backdrop(scene, _placed(drawn, setting.frame), setting)
        return _framed(scene, _named(scene, _layered(clips), index, setting), backdrop, index, setting)
    except DslError as fault:
        raise fault.under(f"scenes[{index}]") from None


def given_ids(scenes: Sequence[Scene]) -> frozenset[str]:
    """Every id that a person gave or a document had. Raises `BuildError` where a given one is not unique."""
    places: dict[str, str] = {}
    for index, scene in enumerate(scenes):
        for number, item in enumerate(scene._items):
            clip = clip_of(item)
            place = f"scenes[{index}].{label(number, clip)}"
            if clip.id and clip.id in places and (isinstance(item, Draft) or scene._loaded is None):
                hint = "give each clip its own, or none: one is made"
                raise BuildError(f"the id {clip.id!r} is that of {places[clip.id]} too", place, hint)
            if clip.id:
                places[clip.id] = place
    return frozenset(places)


def clip_id(kind: str, number: int | str, origin: tuple[int, int], taken: frozenset[str]) -> str:
    """The id of a clip: its type, a hyphen, and 11 of `[0-9a-v]` that follow from its place in the template.

    >>> clip_id("image", 0, (0, 0), frozenset()) == clip_id("image", 0, (0, 0), frozenset())
    True
    """
    for bump in range(len(taken) + 1):
        seed = f"{origin[0]}/{origin[1]}/{number}/{kind}/{bump}".encode()
        bits = int.from_bytes(hashlib.sha256(seed).digest()[:7]) >> 1
        found = f"{kind}-" + "".join("0123456789abcdefghijklmnopqrstuv"[bits >> 5 * place & 31] for place in range(11))
        if found not in taken:
            return found
    raise AssertionError("one more try than there are ids taken")


def _drawn(scene: Scene, setting: Setting) -> list[tuple[Item, Measured | None]]:
    drawn: list[tuple[Item, Measured | None]] = []
    for number, item in enumerate(scene._items):
        try:
            drawn.append(measured(item, setting) if isinstance(item, Draft) else (item, None))
        except DslError as fault:
            raise fault.under(label(number, clip_of(item))) from None
    return drawn


def _placed(drawn: list[tuple[Item, Measured | None]], frame: Box) -> list[AnyClip]:
    boxes: dict[str, Bounds] = {}
    clips: dict[int, AnyClip] = {}
    wanted = {at.tag for item, _ in drawn if (at := beside_of(item))}
    for index in placing_order([item for item, _ in drawn]):
        item, size = drawn[index]
        clip = clip_of(item)
        try:
            if isinstance(item, Draft) and size is not None:
                clip = _at(item, size, boxes, frame)
            if clip.tag in wanted and not isinstance(clip, UnknownClip):
                boxes[clip.tag] = cover_of(clip)
        except DslError as fault:
            raise fault.under(label(index, clip)) from None
        clips[index] = clip
    return [clips[index] for index in sorted(clips)]


def placing_order(items: Sequence[Item]) -> list[int]:
    """The places of the items, each after the one that it stands beside. Raises `BuildError` for a circle."""
    names = {index: clip_of(item).tag or label(index, clip_of(item)) for index, item in enumerate(items)}
    _refuse_same_tags(items)
    links = {names[index]: at.tag for index, item in enumerate(items) if (at := beside_of(item))}
    queue = {name: index for index, name in names.items() if name in links}
    _refuse_unknown_neighbours(items)
    free = [index for index, name in names.items() if name not in links]
    return [*free, *(queue[name] for name in topological_order(links))]


def beside_of(item: Item) -> Beside | None:
    """The neighbour that a drafted clip is placed by."""
    return item.place.at if isinstance(item, Draft) and isinstance(item.place.at, Beside) else None


def _refuse_unknown_neighbours(items: Sequence[Item]) -> None:
    tags = [clip.tag for clip in map(clip_of, items) if clip.tag and not isinstance(clip, UnknownClip)]
    for index, item in enumerate(items):
        at = beside_of(item)
        if at and at.tag not in tags:
            hint = did_you_mean(at.tag, tags) or "no clip of the scene has a tag"
            message = f"{at.side}({at.tag!r}): no clip of the scene has this tag"
            raise BuildError(message, label(index, clip_of(item)), hint)


def _refuse_same_tags(items: Sequence[Item]) -> None:
    seen: dict[str, bool] = {}
    for index, item in enumerate(items):
        clip = clip_of(item)
        drafted = isinstance(item, Draft)
        if clip.tag and clip.tag in seen and (drafted or seen[clip.tag]):
            raise BuildError(f"two clips have the tag {clip.tag!r}", label(index, clip), "give each its own")
        if clip.tag:
            seen[clip.tag] = drafted


def cover_of(clip: AnyClip) -> Bounds:
    """What the clip covers of the canvas: left, top, width and height (px) of the upright box around it."""
    box = seen_box(clip)
    return bounds_of(box.left, box.top, box.width, box.height, box.angle)


def _at(draft: Draft, measured: Measured, boxes: Mapping[str, Bounds], frame: Box) -> Any:
    sized = evolve(
        draft.clip,
        width=plain(measured.width),
        height=plain(measured.height),
        scale_x=measured.scale_x,
        scale_y=measured.scale_y,
        left=0,
        top=0,
    )
    if isinstance(sized, Audio):
        return sized
    seen = seen_box(sized)
    left, top = cornered(draft, measured, seen.angle, frame)(seen.width, seen.height, boxes)
    return evolve(sized, left=left, top=top)


Cornered = Callable[[float, float, Mapping[str, Bounds]], tuple[float, float]]
"""What gives left and top from a seen width and height (px) and from what the clips already placed cover, by tag."""


def cornered(draft: Draft, measured: Measured, angle: float, frame: Box) -> Cornered:
    """Where a drafted clip, turned by `angle`, stands at whatever size it is seen."""
    at = draft.place.at
    if isinstance(at, tuple | list):
        point = _point(at, frame)
        return lambda width, height, boxes: point
    if measured.left is not None and measured.top is not None:
        put = plain(measured.left), plain(measured.top)
        return lambda width, height, boxes: put
    if isinstance(at, Beside):
        return _next_to(at, angle, frame)
    by_itself: Anchor = "bottom" if isinstance(draft.clip, AvatarClip) else "center"
    corner = corner_at(at or by_itself, frame, draft.place.margin, angle)

    def anchored(width: float, height: float, boxes: Mapping[str, Bounds]) -> tuple[float, float]:
        left, top = corner(width, height)
        return plain(left), plain(top)

    return anchored


def _point(at: Sequence[Any], frame: Box) -> tuple[float, float]:
    left = length(at[0], frame.width, "at x", low=-math.inf)
    return left, length(at[1], frame.height, "at y", low=-math.inf)


def _next_to(at: Beside, angle: float, frame: Box) -> Cornered:
    side = frame.height if at.side in ("above", "below") else frame.width
    gap = length(at.gap, side, "gap", low=-math.inf)
    corner = corner_beside(at.side, gap, at.align, angle)

    def beside(width: float, height: float, boxes: Mapping[str, Bounds]) -> tuple[float, float]:
        left, top = corner(boxes[at.tag], width, height)
        return plain(left), plain(top)

    return beside


def _layered(clips: list[AnyClip]) -> list[AnyClip]:
    highest: float = 0
    layered = list[AnyClip]()
    for clip in clips:
        if not isinstance(clip, UnknownClip):
            clip = clip if clip.layer is not UNSET else evolve(clip, layer=math.floor(highest) + 1)
            highest = max(highest, clip.layer)
        layered.append(clip)
    return layered


def _with_backdrop(scene: Scene, clips: list[AnyClip], setting: Setting) -> tuple[Background, list[AnyClip]]:
    value = scene.backdrop
    if value is None:
        return SAMPLE_BACKGROUND, clips
    if isinstance(value, Background):
        return value, clips
    if not colour.is_colour_literal(value):
        return evolve(SAMPLE_BACKGROUND, source_url=value), clips
    solid = colour.parse_colour(value, "background")
    return evolve(SAMPLE_BACKGROUND, source_color=solid.rgb), _over_square(value, clips, setting.frame)


def _over_square(fill: str, clips: list[AnyClip], frame: Box) -> list[AnyClip]:
    """The clips over a full-canvas square: the documented form that is certain to show a plain colour."""
    given = [clip.layer for clip in clips if not isinstance(clip, UnknownClip) and clip.layer is not UNSET]
    lowest = min([2, *given]) - 1
    square = Shape(
        id=UNSET,
        layer=lowest,
        shape_name="Square",
        fill=fill,
        left=0,
        top=0,
        width=frame.width,
        height=frame.height,
        scale_x=1,
        scale_y=1,
        angle=0,
        opacity=100,
        stroke="",
        stroke_width=0,
        stroke_radius=0,
    )
    return [square, *clips]


def _named(scene: Scene, clips: list[AnyClip], index: int, setting: Setting) -> list[AnyClip]:
    origin = scene._origin or (index, 0)
    offset = len(clips) - len(scene._items)
    numbers: list[int | str] = ["background"] * offset
    numbers += [item.number if isinstance(item, Draft) else -1 for item in scene._items]
    return [_with_id(clip, number, origin, setting.taken) for clip, number in zip(clips, numbers, strict=True)]


def _with_id(clip: AnyClip, number: int | str, origin: tuple[int, int], taken: frozenset[str]) -> AnyClip:
    if number == -1:
        return clip
    name = clip.id or clip_id(clip.type, number, origin, taken)
    names = {"id": name, "name": name} if isinstance(clip, EditorClip) else {"id": name}
    named: AnyClip = evolve(clip, **names)  # type: ignore[arg-type]
    return named


def _framed(scene: Scene, clips: list[AnyClip], backdrop: Background, index: int, setting: Setting) -> WireScene:
    api = generation(scene, setting.api)
    clips, scripts = spoken(scene, clips, api)
    if scene._loaded is None:
        return WireScene(
            background=backdrop,
            watermark=scene.watermark,
            scripts=scripts or UNSET,
            clips=tuple(clips),
            thumbnail_url=None,
            scene_idx=index,
            extra=scene.extra or {},
        )
    with as_found():
        kept = scene._loaded.scripts if scripts == () and scene._loaded.scripts is not UNSET else scripts or UNSET
        return evolve(scene._loaded, background=backdrop, clips=tuple(clips), scripts=kept, watermark=scene.watermark)
