"""The natural size of a picture, read from the head of its file: no pixel is decoded and nothing is fetched."""

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
    """Width and height (px) of a picture, as a browser counts them, from its path or from its bytes.

    A photograph that its EXIF data turn counts upright, as browsers show it. An SVG must say its width and height,
    which are rounded to whole px. BuildError if the file is missing, is no picture, or is a video: those are not read.

    >>> natural_size(b"GIF89a" + bytes([64, 1, 240, 0]))
    (320, 240)
    """
    if isinstance(source, bytes):
        return _size(BytesIO(source), "file (given as bytes)")
    path = fspath(source)
    if re.match(r"[a-z][a-z0-9+.-]+://|data:", path, re.IGNORECASE):
        raise BuildError("file is a URL, and nothing is fetched while building", hint=f"{_GIVE_IT}, or a local path")
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
        raise BuildError(
            f"{name} says that it is {width:g} x {height:g} px", hint=f"it may be damaged; else {_GIVE_IT}"
        )
    return size


def _svg_root(head: bytes) -> dict[str, str] | None:
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return None
    from xml.parsers import expat

    seen: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda tag, attributes: seen.append((tag, attributes))
    # What is broken further in does not matter here: the size stands in the first tag.
    with suppress(expat.ExpatError):
        parser.Parse(head)
    return seen[0][1] if seen and seen[0][0].rpartition(" ")[2] == "svg" else None


def _only_its_size(svg: dict[str, str]) -> BytesIO:
    # The library takes the first width and height in the text, which may be those of a shape inside.
    width, height = (svg.get(side, "").strip() for side in ("width", "height"))
    return BytesIO(f'<svg width="{width}" height="{height}"/>'.encode())


def _unreadable(name: str, head: bytes, svg: bool) -> BuildError:
    if svg:
        hint = f"write both into its <svg> tag in px, or {_GIVE_IT}"
        return BuildError(f"{name} is an SVG without a width and height of its own", hint=hint)
    if _VIDEO.match(head):
        return BuildError(f"{name} is a video, and video files are not read", hint=_GIVE_IT)
    return BuildError(f"{name} is {'no picture whose size can be read' if head else 'empty'}", hint=_GIVE_IT)
