"""A scene on the wire: sizes, places, layers, ids, background and speech that the script left to be computed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import evolve

from aistudios_dsl.build.boxes import seen_box
from aistudios_dsl.build.drafts import Draft, Item, clip_of, is_built, label
from aistudios_dsl.build.placement import validate_group
from aistudios_dsl.build.scene import Scene, themed_scene
from aistudios_dsl.errors import BuildError, under
from aistudios_dsl.layout import colour
from aistudios_dsl.layout.geometry import Bounds, Box, bounds_of
from aistudios_dsl.resolve.placing import Corner, Intent, Layout, Node, Size, intent_of
from aistudios_dsl.resolve.rooms import NOWHERE, ClipSize, RoomSize, Setting
from aistudios_dsl.resolve.sizing import clip_size
from aistudios_dsl.resolve.speaking import generation_of, with_speech
from aistudios_dsl.resolve.stacking import layers, lowest
from aistudios_dsl.wire.node import UNSET, as_found, replaced, with_keys
from aistudios_dsl.wire.nodes import AnyClip, Background, EditorClip, Shape, UnknownClip
from aistudios_dsl.wire.nodes import Scene as WireScene

SAMPLE_BACKGROUND = Background(
    source_type="image",
    source_url="/images/background/bg_blue_gradient.png",
    source_color="rgb(54,188,37)",
)
"""The background of the vendor's samples, which a scene gets that names none."""

SceneOrigin = tuple[int, int]
"""The number of a scene in the template, and its repetition."""
Fields = dict[str, Any]
"""The fields of a drafted clip that are computed, by name."""


def resolve_scene(scene: Scene, index: int, setting: Setting, open_texts: Collection[int] = ()) -> WireScene:
    """Compute the wire scene. Raises `BuildError` with the clip's place in the project.

    `open_texts` are the numbers of texts whose words are not known yet: what moves with them gets no geometry.
    """
    origin = scene._origin or (index, 0)
    with under(f"scenes[{index}]"):
        scene = themed_scene(scene, setting.theme)
        layout, computed = _laid_out(scene, setting, open_texts)
        background, square = _backdrop(scene, origin, setting, layout)
        clips = list(_finished(layout, computed, square, origin, setting.taken))
        clips, scripts = with_speech(scene, clips, generation_of(scene, setting.api))
        fields: Fields = {"background": background, "watermark": scene.watermark, "clips": tuple(clips)}
        if scripts:
            fields["scripts"] = scripts
        if scene._loaded is None:
            further = {name: value for name, value in (scene.extra or {}).items() if name != "scripts"}
            if "scripts" in (scene.extra or {}):
                fields.setdefault("scripts", ())
            return with_keys(WireScene(**fields, thumbnail_url=None, scene_idx=index), further, scene.key_order)
        with as_found():
            return evolve(scene._loaded, **fields)


def given_ids(scenes: Sequence[Scene]) -> frozenset[str]:
    """Return every id that a person gave or a document had. Raises `BuildError` where a given one is not unique."""
    places: dict[str, str] = {}
    for index, scene in enumerate(scenes):
        for number, item in enumerate(scene._items):
            clip = clip_of(item)
            place = f"scenes[{index}].{label(number, clip)}"
            # Nobody knows what the id of an unknown clip is for.
            is_ours = is_built(item) or (scene._loaded is None and not isinstance(clip, UnknownClip))
            if clip.id and clip.id in places and is_ours:
                hint = "give each clip a different id, or leave id= out"
                raise BuildError(f"the id {clip.id!r} is also used by {places[clip.id]}", place, hint)
            if clip.id:
                places[clip.id] = place
    return frozenset(places)


@lru_cache(maxsize=4096)
def clip_id(kind: str, number: int | str, origin: SceneOrigin, taken: frozenset[str]) -> str:
    """Make the id of a clip: its type, a hyphen, and 11 of `[0-9a-v]` that follow from its place in the template.

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


def sizes_and_layout(scene: Scene, setting: Setting) -> tuple[list[ClipSize | RoomSize | None], Layout]:
    """Return the size of each drafted clip, and where clips and groups are wanted."""
    sizes: list[ClipSize | RoomSize | None] = []
    for index, item in enumerate(scene._items):
        name = label(index, clip_of(item))
        with under(name):
            sizes.append(clip_size(item, setting, name) if isinstance(item, Draft) else None)
    return sizes, layout_of(scene, sizes, setting)


def layout_of(scene: Scene, sizes: Sequence[ClipSize | RoomSize | None], setting: Setting) -> Layout:
    """Return where the clips and groups of a scene are wanted, for these sizes of the clips."""
    intents: list[Intent] = []
    for index, (item, size) in enumerate(zip(scene._items, sizes, strict=True)):
        framed = size.framed if isinstance(size, ClipSize) else None
        with under(label(index, clip_of(item))):
            intents.append(intent_of(index, item, framed, setting.canvas))
    for number, group in enumerate(scene._groups):
        with under(group.label(number)):
            validate_group(group)
    _refuse_same_tags(scene)
    return Layout(intents, scene._groups, setting.canvas)


def bounds_of_clip(clip: AnyClip) -> Bounds:
    """Return left, top, width and height (px) of the upright box around a clip."""
    box = seen_box(clip)
    return bounds_of(box.left, box.top, box.width, box.height, box.angle)


def _laid_out(scene: Scene, setting: Setting, open_texts: Collection[int]) -> tuple[Layout, list[Fields | None]]:
    """Compute size and place of the drafted clips; None stands for a clip that has them."""
    items = scene._items
    if not any(isinstance(item, Draft) for item in items):
        return Layout([Intent(index, item) for index, item in enumerate(items)], (), setting.canvas), [None] * len(
            items
        )
    sizes, layout = sizes_and_layout(scene, setting)
    moving = {unit for units, _ in layout.moving(open_texts) for unit in units}
    staying = [unit for unit in layout.order if unit not in moving]
    corners, _ = corners_and_bounds(layout, items, sizes, staying)
    computed: list[Fields | None] = []
    for index, (item, size) in enumerate(zip(items, sizes, strict=True)):
        if size is None:
            computed.append(None)
            continue
        left, top, *found = corners.get(index, (0, 0, NOWHERE))  # type: ignore[misc]
        known: Any = found[0] if isinstance(size, RoomSize) else size
        numbers = (known.width, known.height, known.scale_x, known.scale_y, left, top)
        fields: Fields = dict(zip(("width", "height", "scale_x", "scale_y", "left", "top"), numbers, strict=True))
        for name, number in fields.items():
            if not math.isfinite(number):
                message = f"{name} must be a finite number, not {number}"
                raise BuildError(message, label(index, clip_of(item)))
        spelled = item.place.spelled if isinstance(item, Draft) else None
        if spelled:
            # What moves with words that are not known yet is compared when they are.
            with under(label(index, clip_of(item))):
                fields |= spelled_numbers(spelled, fields) if index in corners else spelled
        fields |= known.fields
        if not is_built(item):  # What stays the same is written as it was, or stays absent.
            fields = {name: value for name, value in fields.items() if _differs(clip_of(item), name, value)}
        computed.append(fields)
    return layout, computed


def spelled_numbers(spelled: Mapping[str, Any], fields: Fields) -> Fields:
    """Return numbers as `extra` spells them. Raise `BuildError` where it says others than those of the clip."""
    for name, number in spelled.items():
        if fields[name] != (1 if number is UNSET else number):
            said = "leaves it out" if number is UNSET else f"says {number}"
            hint = "extra only spells a number in another way; at=, width=, height= and scale= set it"
            raise BuildError(f"{name} is {fields[name]}, but extra {said}", hint=hint)
    return dict(spelled)


def _differs(clip: Any, name: str, value: Any) -> bool:
    old = getattr(clip, name)
    return not (old == value or (old is UNSET and name in ("scale_x", "scale_y") and value == 1))


def corners_and_bounds(
    layout: Layout, items: Sequence[Item], sizes: Sequence[ClipSize | RoomSize | None], units: Sequence[Node]
) -> tuple[dict[int, Corner], dict[Node, Bounds]]:
    """Return the corner of each clip of these units, and the bounds of groups and of what others are placed by."""
    bounds: dict[Node, Bounds] = {}
    order = layout.clips_of(units)
    seen = [seen_size_of(items[clip], sizes[clip]) for clip in order]
    corners = layout.arrangement(units)(seen, bounds)
    return dict(zip(order, corners, strict=True)), bounds


def group_boxes(scene: Scene, setting: Setting) -> list[tuple[int, str, int, Bounds]]:
    """Return number, label, number of the outer group (-1 for none) and bounds of each group of a literal scene.

    Clip n that flows in a group is among them, with the number -1 - n.
    """
    if not scene._groups:
        return []
    scene = themed_scene(scene, setting.theme)
    sizes, layout = sizes_and_layout(scene, setting)
    corners, bounds = corners_and_bounds(layout, scene._items, sizes, layout.order)
    groups = enumerate(scene._groups)
    found = [(n, each.label(n), each.parent, bounds[-1 - n]) for n, each in groups if -1 - n in bounds]
    for intent in layout.intents:
        if intent.parent >= 0 and intent.at is None:
            left, top, *more = corners[intent.index]  # type: ignore[misc]
            size: Any = more[0] if more else sizes[intent.index]
            width, height = size.seen
            box = bounds_of(left, top, width, height, intent.angle)
            found.append((-1 - intent.index, intent.label, intent.parent, box))
    return found


def seen_size_of(item: Item, size: ClipSize | RoomSize | None) -> Size:
    """Return how large a clip is seen as an arrangement takes it: the bounds of one that stands already."""
    if size is None:
        return bounds_of_clip(clip_of(item))
    return size.seen if isinstance(size, ClipSize) else size


def _refuse_same_tags(scene: Scene) -> None:
    owners: dict[Any, Any] = {}
    for index, item in enumerate(scene._items):
        clip = clip_of(item)
        scope, own = (item.scope, index) if isinstance(item, Draft) and is_built(item) else ((), None)
        # A document may have a tag twice, as long as no clip of the script has it too.
        if clip.tag and _is_taken(clip.tag, scope, own, owners):
            raise BuildError(
                f"two clips have the tag {clip.tag!r}", label(index, clip), "give each clip a different tag"
            )
    for number, group in enumerate(scene._groups):
        if group.tag and _is_taken(group.tag, group.scope, -1 - number, owners):
            hint = "give each clip and group a different tag"
            raise BuildError(f"another clip or group has the tag {group.tag!r}", group.label(number), hint)


def _is_taken(tag: str, scope: Sequence[tuple[int, int]], own: int | None, owners: dict[Any, Any]) -> bool:
    """Return whether another has the tag: one that is not in another repetition of the same clip or group."""
    steps = [*((number, True) for number, _ in scope), (own, False)]
    keys = [(tag, tuple(scope[:depth])) for depth in range(len(steps))]
    return any(owners.setdefault(key, step) != step for key, step in zip(keys, steps, strict=True))


def _backdrop(scene: Scene, origin: SceneOrigin, setting: Setting, layout: Layout) -> tuple[Background, list[Shape]]:
    """Return the background, and where it is a colour the square that shows it."""
    value = scene.backdrop
    if value is None:
        return SAMPLE_BACKGROUND, []
    if isinstance(value, Background):
        return value, []
    if not colour.is_colour_literal(value):
        return evolve(SAMPLE_BACKGROUND, source_url=value), []
    solid = colour.parse_colour(value, "background")
    name = clip_id("shape", "background", origin, setting.taken)
    square = _square(value, min(2, lowest(layout)) - 1, name, setting.canvas)
    return evolve(SAMPLE_BACKGROUND, source_color=solid.rgb), [square]


def _square(fill: str, layer: Any, name: str, canvas: Box) -> Shape:
    """Make a square as large as the canvas, behind everything: the documented way that surely shows a plain colour."""
    return Shape(
        id=name,
        layer=layer,
        shape_name="Square",
        fill=fill,
        left=0,
        top=0,
        width=canvas.width,
        height=canvas.height,
        scale_x=1,
        scale_y=1,
        angle=0,
        opacity=100,
        stroke="",
        stroke_width=0,
        stroke_radius=0,
    )


def _finished(
    layout: Layout,
    computed: Sequence[Fields | None],
    square: Sequence[Shape],
    origin: SceneOrigin,
    taken: frozenset[str],
) -> Iterator[AnyClip]:
    """Give the drafted clips what was computed, ids, and layers in front of what comes before them."""
    yield from square
    in_front = layers(layout, max([0, *(clip.layer for clip in square)]))
    for intent, fields, layer in zip(layout.intents, computed, in_front, strict=True):
        item = intent.item
        clip: Any = clip_of(item)
        if fields is not None:
            if isinstance(item, Draft) and item.is_loaded and item.scope:  # A repetition needs an id that is new.
                fields["id"] = clip_id(clip.type, seed_of(item, intent.index), origin, taken)
            if is_built(item):
                fields["layer"] = layer
                fields["id"] = clip.id or clip_id(clip.type, seed_of(item, intent.index), origin, taken)
                if isinstance(clip, EditorClip) and clip.name is UNSET:
                    fields["name"] = fields["id"]
            clip = replaced(clip, **fields)  # It was validated before it was sized.
        yield clip


def seed_of(item: Draft, index: int) -> str:
    """Return what the id of a clip follows from: its number in the template, and its repetitions."""
    return ".".join(str(number) for number in (index if item.number < 0 else item.number, *(n for _, n in item.scope)))
