"""The body as a JSON Schema (2020-12), made from the wire classes: for editors, and for other languages."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Literal

from aistudios_dsl.wire.node import Key, Node, keys
from aistudios_dsl.wire.nodes import CLIP_TYPES, Project, UnknownClip

Generation = Literal["1.4", "1.6"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: dict[type, str] = {int: "number", float: "number", str: "string", bool: "boolean", type(None): "null"}
_ELSEWHERE: dict[tuple[Generation, str, str], str] = {
    ("1.4", "Scene", "scripts"): "In docs 1.4, speech stands in the avatar's clip: clips[].script.",
    ("1.6", "AvatarClip", "script"): "In docs 1.5 and later, speech stands in the scene: scenes[].scripts.",
}
"""Keys of one generation that have no place in the other."""


def schema(api: Generation = "1.4") -> dict[str, Any]:
    """The JSON Schema of a project body whose speech is written in the clip ("1.4") or in the scene ("1.6").

    Keys that no class knows are allowed, and `null` wherever a key may be absent, as loading takes them.

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
    properties = {key.wire: _property(cls, key, api) for key in keys(cls)}
    required = [key.wire for key in keys(cls) if key.required]
    described = {"type": "object", "description": _first_line(cls), "properties": properties}
    return described | ({"required": required} if required else {})


def _first_line(cls: type[Node]) -> str:
    return inspect.getdoc(cls).partition("\n")[0].replace("`", "")  # type: ignore[union-attr]


def _property(cls: type[Node], key: Key, api: Generation) -> dict[str, Any]:
    elsewhere = _ELSEWHERE.get((api, cls.__name__, key.wire))
    if elsewhere:
        return {"not": {}, "description": elsewhere}
    kind = next((name for name, known in CLIP_TYPES.items() if known is cls), None)
    if key.wire == "type" and kind:
        return {"const": kind}
    value = _value(key)
    if key.array:
        value = {"type": "array", "items": value}
    return value if key.required or not value else _or_null(value)


def _value(key: Key) -> dict[str, Any]:
    if key.node:
        return {"$ref": f"#/$defs/{'Clip' if key.attribute == 'clips' else key.node.__name__}"}
    if not key.kinds:
        return {}
    names = list(dict.fromkeys(_TYPES[kind] for kind in key.kinds))
    value: dict[str, Any] = {"type": names[0] if len(names) == 1 else names}
    return value | _limits(key)


def _limits(key: Key) -> dict[str, Any]:
    rule = key.rule
    found = {
        "type": "integer" if rule.whole else None,
        "minimum": rule.low,
        "maximum": rule.high,
        "enum": list(rule.one_of) or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _or_null(value: dict[str, Any]) -> dict[str, Any]:
    if "type" not in value:
        # Not anyOf: validators then say where inside the object the fault is.
        return {"type": ["object", "null"], "if": {"type": "object"}, "then": value}
    types = value["type"] if isinstance(value["type"], list) else [value["type"]]
    enum = {"enum": [*value["enum"], None]} if "enum" in value else {}
    return value | {"type": list(dict.fromkeys([*types, "null"]))} | enum


def _any_clip() -> dict[str, Any]:
    """Each known type by its own rules; a type that no page names is any object."""
    kinds = [
        {
            "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
            "then": {"$ref": f"#/$defs/{cls.__name__}"},
        }
        for kind, cls in CLIP_TYPES.items()
    ]
    known = {"type": "string", "anyOf": [{"enum": list(CLIP_TYPES)}, {"type": "string"}]}
    return {"type": "object", "properties": {"type": known}, "required": ["type"], "allOf": kinds}
