"""A scene on the wire: sizes, places, layers, ids, background and speech that the script left to be computed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve

from aistudios_dsl.build.boxes import seen_box
from aistudios_dsl.build.placement import Place
from aistudios_dsl.build.scene import Draft, Item, Scene, clip_of, label
from aistudios_dsl.errors import BuildError, under
from aistudios_dsl.layout import colour
from aistudios_dsl.layout.geometry import Bounds, Box, bounds_of
from aistudios_dsl.layout.sizes import plain
from aistudios_dsl.resolve.placing import Intent, arrange, intent_of
from aistudios_dsl.resolve.sizing import ClipSize, Setting, clip_size
from aistudios_dsl.resolve.speaking import generation_of, with_speech
from aistudios_dsl.wire.node import UNSET, as_found, with_keys
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


def resolve_scene(scene: Scene, index: int, setting: Setting) -> WireScene:
    """Compute the wire scene. Raises `BuildError` with the clip's place in the project."""
    origin = scene._origin or (index, 0)
    with under(f"scenes[{index}]"):
        computed = _laid_out(scene._items, setting)
        background, square = _backdrop(scene, origin, setting)
        clips = list(_finished(scene, computed, square, origin, setting.taken))
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
            is_ours = isinstance(item, Draft) or (scene._loaded is None and not isinstance(clip, UnknownClip))
            if clip.id and clip.id in places and is_ours:
                hint = "give each clip a different id, or leave id= out"
                raise BuildError(f"the id {clip.id!r} is also used by {places[clip.id]}", place, hint)
            if clip.id:
                places[clip.id] = place
    return frozenset(places)


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


def sizes_and_intents(items: Sequence[Item], setting: Setting) -> tuple[list[ClipSize | None], list[Intent]]:
    """Return the size of each drafted clip, and where each clip is wanted."""
    sizes: list[ClipSize | None] = []
    intents: list[Intent] = []
    for index, item in enumerate(items):
        with under(label(index, clip_of(item))):
            size = clip_size(item, setting) if isinstance(item, Draft) else None
            intents.append(intent_of(index, item, size.framed if size else None, setting.canvas))
        sizes.append(size)
    _refuse_same_tags(items)
    return sizes, intents


def bounds_of_clip(clip: AnyClip) -> Bounds:
    """Return left, top, width and height (px) of the upright box around a clip."""
    box = seen_box(clip)
    return bounds_of(box.left, box.top, box.width, box.height, box.angle)


def _laid_out(items: Sequence[Item], setting: Setting) -> list[Fields | None]:
    """Compute size and place of the drafted clips; None stands for a clip that has them."""
    if not any(isinstance(item, Draft) for item in items):
        return [None] * len(items)
    sizes, intents = sizes_and_intents(items, setting)
    seen = [size.seen if size else bounds_of_clip(clip_of(item)) for item, size in zip(items, sizes, strict=True)]
    corners = arrange(intents, setting.canvas)(seen)
    computed: list[Fields | None] = []
    for index, (item, size, corner) in enumerate(zip(items, sizes, corners, strict=True)):
        if size is None:
            computed.append(None)
            continue
        place: Place = item.place  # type: ignore[union-attr]
        given = (place.width, place.height, *(place.natural or ()))
        # A number that was given is written as it was.
        sides = [side if any(side is one for one in given) else plain(side) for side in (size.width, size.height)]
        numbers = (*sides, size.scale_x, size.scale_y, *corner)
        fields: Fields = dict(zip(("width", "height", "scale_x", "scale_y", "left", "top"), numbers, strict=True))
        with under(label(index, clip_of(item))):
            for name, number in fields.items():
                if not math.isfinite(number):
                    raise BuildError(f"{name} must be a finite number, not {number}")
            fields |= _spelled(place.spelled or {}, fields)
        computed.append({**fields, **size.fields})
    return computed


def _spelled(spelled: Mapping[str, Any], fields: Fields) -> Fields:
    """Return numbers as `extra` spells them. Raise `BuildError` where it says others than those of the clip."""
    for name, number in spelled.items():
        if fields[name] != (1 if number is UNSET else number):
            said = "leaves it out" if number is UNSET else f"says {number}"
            hint = "extra only spells a number in another way; at=, width=, height= and scale= set it"
            raise BuildError(f"{name} is {fields[name]}, but extra {said}", hint=hint)
    return dict(spelled)


def _refuse_same_tags(items: Sequence[Item]) -> None:
    drafted: dict[str, bool] = {}
    for index, item in enumerate(items):
        clip, is_draft = clip_of(item), isinstance(item, Draft)
        tag = clip.tag
        # A document may have a tag twice, as long as no clip of the script has it too.
        if tag and tag in drafted and (is_draft or drafted[tag]):
            raise BuildError(f"two clips have the tag {tag!r}", label(index, clip), "give each clip a different tag")
        if tag:
            drafted[tag] = is_draft


def _backdrop(scene: Scene, origin: SceneOrigin, setting: Setting) -> tuple[Background, list[Shape]]:
    """Return the background, and where it is a colour the square that shows it."""
    value = scene.backdrop
    if value is None:
        return SAMPLE_BACKGROUND, []
    if isinstance(value, Background):
        return value, []
    if not colour.is_colour_literal(value):
        return evolve(SAMPLE_BACKGROUND, source_url=value), []
    solid = colour.parse_colour(value, "background")
    square = _square(value, scene._items, clip_id("shape", "background", origin, setting.taken), setting.canvas)
    return evolve(SAMPLE_BACKGROUND, source_color=solid.rgb), [square]


def _square(fill: str, items: Sequence[Item], name: str, canvas: Box) -> Shape:
    """Make a square as large as the canvas, behind everything: the documented way that surely shows a plain colour."""
    layers: list[Any] = [clip.layer for clip in map(clip_of, items) if not isinstance(clip, UnknownClip)]
    return Shape(
        id=name,
        layer=min([2, *(layer for layer in layers if layer is not UNSET)]) - 1,
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
    scene: Scene, computed: Sequence[Fields | None], square: Sequence[Shape], origin: SceneOrigin, taken: frozenset[str]
) -> Iterator[AnyClip]:
    """Give the drafted clips what was computed, ids, and layers in front of what comes before them."""
    highest: float = max([0, *(clip.layer for clip in square)])
    yield from square
    for index, (item, fields) in enumerate(zip(scene._items, computed, strict=True)):
        clip: Any = clip_of(item)
        if isinstance(item, Draft) and fields is not None:
            fields["layer"] = math.floor(highest) + 1 if clip.layer is UNSET else clip.layer
            fields["id"] = clip.id or clip_id(clip.type, index, origin, taken)
            if isinstance(clip, EditorClip):
                fields["name"] = fields["id"] if clip.name is UNSET else clip.name
            with as_found():  # It was validated before it was sized.
                clip = evolve(clip, **fields)
        if not isinstance(clip, UnknownClip):
            highest = max(highest, clip.layer)
        yield clip
