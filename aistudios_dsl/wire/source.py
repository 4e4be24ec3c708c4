"""Where a document comes from: a path, a mapping, or JSON text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from aistudios_dsl.errors import LoadError, unreadable
from aistudios_dsl.wire.jsontext import parse

_HINT = "give a path, a mapping, or JSON text"


def document_of(source: str | bytes | os.PathLike[str] | Mapping[str, Any]) -> Any:
    """Return the JSON value of a source. Raise `LoadError` if it cannot be read.

    >>> document_of('{"scenes": []}')
    {'scenes': []}
    """
    if isinstance(source, Mapping):
        return source
    if isinstance(source, bytes) or (isinstance(source, str) and source.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")):
        return parse(source)
    if not isinstance(source, str | os.PathLike):
        raise LoadError(f"cannot load {type(source).__name__}", hint=_HINT)
    from pathlib import Path

    path = Path(source)
    if not str(source).strip():
        raise LoadError("there is nothing to load", hint=_HINT)
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as fault:
        raise unreadable(path, fault, _HINT) from None
