"""The public wire classes: `wire.Image`, `wire.Animation`, `wire.UNSET` and others."""

from collections.abc import Mapping
from typing import Any, TypeVar

from aistudios_dsl.wire.node import UNSET, Node, Unset
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
    "UNSET", "Animation", "AnyClip", "Audio", "AvatarClip", "Background", "Clip", "DeployImage", "DeploySize", "Editor",
    "EditorValue", "Effect", "Image", "Model", "Node", "Origin", "Project", "Scene", "SceneScript", "Script", "Shadow",
    "Shape", "Text", "UnknownClip", "Unset", "Video", "load_node",
]  # fmt: skip

N = TypeVar("N", bound=Node)


def load_node(cls: type[N], document: Mapping[str, Any]) -> N:
    """Return a node from its JSON object as found, with unknown keys, key order and undocumented values.

    Args:
        cls: The wire class, such as `wire.Image`.
        document: The JSON object.

    Raises:
        LoadError: A value has the wrong kind, or keys are missing; lists all of them.

    >>> load_node(Effect, {"strength": 2, "type": "blur"}).extra
    {'strength': 2}
    """
    from aistudios_dsl.wire import codec

    return codec.load_node(cls, document)
