"""The wire classes under one name: `wire.Image`, `wire.Animation`, `wire.UNSET` and so on."""

from collections.abc import Mapping
from typing import Any, TypeVar

from aistudios_dsl.wire.node import UNSET, Node
from aistudios_dsl.wire.nodes import (
    Animation,
    AnyClip,
    Audio,
    AvatarClip,
    Background,
    Clip,
    DeployImage,
    DeploySize,
    Editor,
    EditorValue,
    Effect,
    Image,
    Model,
    Origin,
    Project,
    Scene,
    SceneScript,
    Script,
    Shadow,
    Shape,
    Text,
    UnknownClip,
    Video,
)

__all__ = [
    "UNSET",
    "Animation",
    "AnyClip",
    "Audio",
    "AvatarClip",
    "Background",
    "Clip",
    "DeployImage",
    "DeploySize",
    "Editor",
    "EditorValue",
    "Effect",
    "Image",
    "Model",
    "Node",
    "Origin",
    "Project",
    "Scene",
    "SceneScript",
    "Script",
    "Shadow",
    "Shape",
    "Text",
    "UnknownClip",
    "Video",
    "load_node",
]

N = TypeVar("N", bound=Node)


def load_node(cls: type[N], document: Mapping[str, Any]) -> N:
    """A node from its JSON object as found: unknown keys, key order and undocumented values are kept.

    Raises `LoadError` with every problem of the object, which are kinds and missing keys.

    >>> load_node(Effect, {"strength": 2, "type": "blur"}).extra
    {'strength': 2}
    """
    from aistudios_dsl.wire import codec

    return codec.load_node(cls, document)
