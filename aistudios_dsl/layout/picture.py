"""The natural size of a picture, read from the start of its file without decoding it."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from io import BytesIO
from os import PathLike, fspath
from pathlib import Path
from typing import BinaryIO

from aistudios_dsl.errors import BuildError

_HEAD = 65536
_VIDEO = re.compile(rb".{4}(?:ftyp|moov|mdat|wide)|\x1a\x45\xdf\xa3|RIFF.{4}AVI |OggS|FLV", re.DOTALL)
_GIVE_IT = "give natural=(width, height) in px"


def natural_size(source: str | PathLike[str] | bytes) -> tuple[int, int]:
    """Return the width and height (px) of a picture as a browser shows it, from its path or its bytes.

    EXIF orientation is applied. An SVG must state its width and height, which are rounded to whole px. Raise
    `BuildError` for a missing file, a video, or anything else that is not a picture.

    >>> natural_size(b"GIF89a" + bytes([64, 1, 240, 0]))
    (320, 240)
    """
    if isinstance(source, bytes):
        return _size(BytesIO(source), "file (given as bytes)")
    path = fspath(source)
    if re.match(r"[a-z][a-z0-9+.-]+://|data:", path, re.IGNORECASE):
        raise BuildError("file is a URL, but building fetches nothing", hint=f"{_GIVE_IT}, or a local path")
    try:
        with Path(path).open("rb") as stream:
            return _size(stream, f"file {path!r}")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise BuildError(f"file {path!r} cannot be read: {reason}", hint=f"check the path, or {_GIVE_IT}") from None


def _size(stream: BinaryIO, name: str) -> tuple[int, int]:
    import imagesize

    head = stream.read(_HEAD)
    svg = _svg_root(head)
    width, height = imagesize.get(stream if svg is None else _only_its_size(svg))
    if (width, height) == (-1, -1):
        raise _unreadable(name, head, svg is not None)
    # Browsers round an SVG's size to whole px, halves up; all others are whole.
    size = math.floor(width + 0.5), math.floor(height + 0.5)
    if min(size) < 1:
        raise BuildError(f"{name} says it is {width:g} x {height:g} px", hint=f"it may be damaged; else {_GIVE_IT}")
    return size


def _svg_root(head: bytes) -> dict[str, str] | None:
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return None
    from xml.parsers import expat

    seen: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda tag, attributes: seen.append((tag, attributes))
    # The first tag holds the size, so errors after it do not matter.
    with suppress(expat.ExpatError):
        parser.Parse(head)
    return seen[0][1] if seen and seen[0][0].rpartition(" ")[2] == "svg" else None


def _only_its_size(svg: dict[str, str]) -> BytesIO:
    # The library reads the first width and height in the text, which may be those of a shape inside.
    width, height = (svg.get(side, "").strip() for side in ("width", "height"))
    return BytesIO(f'<svg width="{width}" height="{height}"/>'.encode())


def _unreadable(name: str, head: bytes, svg: bool) -> BuildError:
    if svg:
        hint = f"write both in its <svg> tag in px, or {_GIVE_IT}"
        return BuildError(f"{name} is an SVG without a width and height", hint=hint)
    if _VIDEO.match(head):
        return BuildError(f"{name} is a video; the size of a video is not read", hint=_GIVE_IT)
    return BuildError(f"{name} is {'not a picture whose size can be read' if head else 'empty'}", hint=_GIVE_IT)
