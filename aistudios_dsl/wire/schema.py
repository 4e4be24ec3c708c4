"""The JSON Schema (2020-12) of a project, made from the wire classes, for editors and other languages."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from aistudios_dsl.wire.node import Key, Node, keys
from aistudios_dsl.wire.nodes import CLIP_TYPES, Generation, Project, UnknownClip

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: dict[type, str] = {int: "number", float: "number", str: "string", bool: "boolean", type(None): "null"}
_ELSEWHERE: dict[tuple[Generation, str, str], str] = {
    ("1.4", "Scene", "scripts"): "In docs 1.4, speech is in the avatar's clip: clips[].script.",
    ("1.6", "AvatarClip", "script"): "In docs 1.5 and later, speech is in the scene: scenes[].scripts.",
}
"""Keys that one generation does not have."""


def schema(api: Generation = "1.4") -> dict[str, Any]:
    """Return the JSON Schema of a project whose speech is in the clips ("1.4") or in the scenes ("1.6").

    Unknown keys are allowed, and so is `null` for every optional key, as in loading.

    >>> schema()["$defs"]["Animation"]["properties"]["duration"]
    {'type': 'integer', 'minimum': 1, 'maximum': 30}
    """
    classes = dict.fromkeys(_classes(Project))
    definitions = {cls.__name__: _object(cls, api) for cls in classes}
    definitions["Clip"] = _any_clip()
    where = "in the avatar's clip (docs 1.4)" if api == "1.4" else "in the scene (docs 1.5 and later)"
    return {
        "$schema": _DIALECT,
        "title": f"AI Studios V3 project, speech {where}",
        "$ref": "#/$defs/Project",
        "$defs": definitions,
    }


def _classes(cls: type[Node]) -> Iterator[type[Node]]:
    yield cls
    for key in keys(cls):
        for inner in (*CLIP_TYPES.values(), UnknownClip) if key.attribute == "clips" else (key.node,):
            if inner is not None:
                yield from _classes(inner)


def _object(cls: type[Node], api: Generation) -> dict[str, Any]:
    first_line = (inspect.getdoc(cls) or "").partition("\n")[0].replace("`", "")
    properties = {key.wire: _property(cls, key, api) for key in keys(cls)}
    required = [key.wire for key in keys(cls) if key.required]
    described = {"type": "object", "description": first_line, "properties": properties}
    return described | ({"required": required} if required else {})


def _property(cls: type[Node], key: Key, api: Generation) -> dict[str, Any]:
    elsewhere = _ELSEWHERE.get((api, cls.__name__, key.wire))
    if elsewhere:
        return {"not": {}, "description": elsewhere}
    kind = next((name for name, known in CLIP_TYPES.items() if known is cls), None)
    if key.wire == "type" and kind:
        return {"const": kind}
    value = {"type": "array", "items": _value(key)} if key.array else _value(key)
    return value if key.required or not value else _or_null(value)


def _value(key: Key) -> dict[str, Any]:
    if key.node:
        return {"$ref": f"#/$defs/{'Clip' if key.attribute == 'clips' else key.node.__name__}"}
    if not key.kinds:
        return {}
    names = list(dict.fromkeys(_TYPES[kind] for kind in key.kinds))
    found = {
        "type": "integer" if key.rule.whole else names[0] if len(names) == 1 else names,
        "minimum": key.rule.low,
        "maximum": key.rule.high,
        "enum": list(key.rule.one_of) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _or_null(value: dict[str, Any]) -> dict[str, Any]:
    if "type" not in value:
        # With anyOf, validators would not say where in the object the fault is.
        return {"type": ["object", "null"], "if": {"type": "object"}, "then": value}
    types = value["type"] if isinstance(value["type"], list) else [value["type"]]
    enum = {"enum": [*value["enum"], None]} if "enum" in value else {}
    return value | {"type": list(dict.fromkeys([*types, "null"]))} | enum


def _any_clip() -> dict[str, Any]:
    """Return the schema of a clip: a known type by its class, an unknown one as any object."""
    kinds = [
        {
            "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
            "then": {"$ref": f"#/$defs/{cls.__name__}"},
        }
        for kind, cls in CLIP_TYPES.items()
    ]
    known = {"type": "string", "anyOf": [{"enum": list(CLIP_TYPES)}, {"type": "string"}]}
    return {"type": "object", "properties": {"type": known}, "required": ["type"], "allOf": kinds}
