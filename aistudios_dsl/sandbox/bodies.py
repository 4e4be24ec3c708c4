"""What a project body must contain, copied by hand from the vendor's tables.

It shares nothing with the codec, so that it finds mistakes there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from typing import Any

# One word per key: `name:kinds`, with `!` if the key is required. Kinds are those of _KINDS, or the allowed names; a
# number may have limits: `int1..30`.
PROJECT = (
    "scenes!:list name:str orientation:landscape|portrait dictionary:any webhookUrl:str isExport:bool"
    " workspaceId:str resolution:4k|1080|720|480"
)
SCENE = "sceneIdx!:int background!:object clips!:list watermark:bool thumbnailUrl:str scripts:list"
BACKGROUND = "id:str type:str source_type:str source_url:place source_color:str"
SCENE_SCRIPT = "org!:str isTTS!:bool tts!:any modelId!:str clothId!:str"
CLIP_SCRIPT = "org!:str tts:any"
MODEL = "ai_name!:str emotion!:str language:str source_url:str"
SHADOW = "color:str blur:number0..10 offsetX:number0.1..10 offsetY:number0.1..10 enabled:bool"
MOVES = "fade-in|fade-out|in-right|in-down|in-left|in-up|out-right|out-down|out-left|out-up|zoom-in|zoom-out"
ANIMATION = f"type!:{MOVES} duration!:int1..30 delay!:int0..30"
SHAPES = (
    "Line_v2|Arrow_1_v2|Arrow_2_v2|Circle|Triangle|Square|Parallelogram|Drop_1|Polygon|Pentagon|Oval_1|Oval_2"
    "|Hexagon_1|Hexagon_2|Diamond|Star|Rectangle_corner0"
)
EVERY_CLIP = (
    "id!:str type!:str layer!:int left!:number top!:number width!:number height!:number"
    " scaleX:number scaleY:number tag:str angle:number shadow:object animation:object"
)
CLIPS = {
    "aiModel": "model!:object script:object effects:list opacity:number",
    "shape": f"shapeName!:{SHAPES} fill!:str stroke:str strokeWidth:int strokeRadius:int opacity:number1..100",
    "image": "source_url!:url opacity:number1..100",
    "textImage": (
        "fill!:str text!:str fontSize!:int fontFamily:str align:left|center|right underline:bool opacity:number1..100"
    ),
    "videoImage": "video_url!:url source_url:url volume:number1..100 opacity:number1..100",
    "audio": "source_url!:url label!:str volume:number1..100",
}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_KINDS: dict[str, Callable[[Any], bool]] = {
    "any": lambda value: True,
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "number": _number,
    "int": lambda value: _number(value) and value % 1 == 0,
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "url": lambda value: isinstance(value, str) and re.match(r"https?://[^/\s]", value) is not None,
    "place": lambda value: isinstance(value, str) and re.match(r"https?://[^/\s]|/[^/]|$", value) is not None,
}
_WORDS = {"url": "an address that the service can fetch (https://...)", "place": "an address or a path of the service"}
_LIMITS = re.compile(r"(int|number)([\d.]+)\.\.([\d.]+)")


def objections(body: Any, avatars: Container[str] | None = None) -> list[str]:
    """Return everything in a project body that contradicts the documentation, with its place.

    `avatars`: the ids that the service lists, or None to allow any.

    >>> objections({"scenes": [{"sceneIdx": 0, "clips": []}]})
    ['scenes[0].background is required']
    """
    found = list(_value_objections(body, PROJECT, ""))
    for index, scene in enumerate(_items(body, "scenes")):
        found += _scene_objections(scene, f"scenes[{index}]")
    clips = [clip for scene in _items(body, "scenes") for clip in _items(scene, "clips") if isinstance(clip, dict)]
    return [*found, *_repeated_ids(clips), *(_unlisted_avatars(clips, avatars) if avatars is not None else ())]


def _scene_objections(scene: Any, place: str) -> Iterator[str]:
    yield from _value_objections(scene, SCENE, place)
    if isinstance(scene, dict) and isinstance(scene.get("background"), dict):
        yield from _value_objections(scene["background"], BACKGROUND, f"{place}.background")
    for index, clip in enumerate(_items(scene, "clips")):
        yield from _clip_objections(clip, f"{place}.clips[{index}]")
    models = [clip.get("model") for clip in _items(scene, "clips") if isinstance(clip, dict)]
    avatars = [(model.get("ai_name"), model.get("emotion")) for model in models if isinstance(model, dict)]
    for index, line in enumerate(_items(scene, "scripts")):
        where = f"{place}.scripts[{index}]"
        yield from _value_objections(line, SCENE_SCRIPT, where)
        if isinstance(line, dict) and (line.get("modelId"), line.get("clothId")) not in avatars:
            yield f"{where}: no avatar clip of the scene has this modelId and clothId"


def _clip_objections(clip: Any, place: str) -> Iterator[str]:
    yield from _value_objections(clip, EVERY_CLIP, place)
    if not isinstance(clip, dict):
        return
    if clip.get("type") not in list(CLIPS):
        yield f"{place}.type must be one of {', '.join(CLIPS)}"
        return
    yield from _value_objections(clip, CLIPS[clip["type"]], place)
    parts = {"model": MODEL, "script": CLIP_SCRIPT, "shadow": SHADOW, "animation": ANIMATION}
    for name, table in parts.items():
        if isinstance(clip.get(name), dict):
            yield from _value_objections(clip[name], table, f"{place}.{name}")


def _value_objections(value: Any, table: str, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place or 'the body'} must be an object"
        return
    for word in table.split():
        name, _, kinds = word.partition(":")
        where = f"{place}.{name.rstrip('!')}".lstrip(".")
        found = value.get(name.rstrip("!"), ...)
        if found is ... and name.endswith("!"):
            yield f"{where} is required"
        elif found not in (..., None) and not _is(found, kinds):
            yield f"{where} must be {_WORDS.get(kinds, kinds)}"
        elif found is None and name.endswith("!") and kinds != "any":
            yield f"{where} must not be null"


def _is(value: Any, kinds: str) -> bool:
    if limits := _LIMITS.fullmatch(kinds):
        kind, least, most = limits.groups()
        return _KINDS[kind](value) and float(least) <= value <= float(most)
    return _KINDS[kinds](value) if kinds in _KINDS else isinstance(value, str) and value in kinds.split("|")


def _items(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _unlisted_avatars(clips: list[dict[str, Any]], avatars: Container[str]) -> Iterator[str]:
    models = [clip["model"] for clip in clips if isinstance(clip.get("model"), dict)]
    for one in dict.fromkeys(str(model.get("ai_name")) for model in models):
        if one not in avatars:
            yield f"the avatar {one} is not among those that GET /model lists (sandbox --any-avatar takes it)"


def _repeated_ids(clips: list[dict[str, Any]]) -> Iterator[str]:
    ids = [clip.get("id") for clip in clips]
    for one in dict.fromkeys(name for name in ids if isinstance(name, str) and ids.count(name) > 1):
        yield f"the clip id {one} is given twice"
