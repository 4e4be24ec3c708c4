"""The natural size of a picture, read from the start of its file without decoding it."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from os import PathLike, fspath
from pathlib import Path
from typing import BinaryIO, Literal

from aistudios_dsl.errors import BuildError

_HEAD = 65536
_VIDEO = re.compile(rb".{4}(?:ftyp|moov|mdat|wide)|\x1a\x45\xdf\xa3|RIFF.{4}AVI |OggS|FLV", re.DOTALL)
_PNG = b"\x89PNG\r\n\x1a\n"
_AVIF = re.compile(rb".{4}ftyp(?:avif|avis|(?:mif1|msf1|miaf).{0,64}?avi[fs])", re.DOTALL)
_UNSHOWN = {
    rb"II\*\0|MM\0\*|II\+\0|MM\0\+": "TIFF",
    rb".{4}ftyp(?:hei[cxms]|hev[cxms]|(?:mif1|msf1)(?!.{0,64}?avi[fs]))": "HEIC",
    rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51": "JPEG 2000",
    rb"8BPS": "Photoshop",
}
"""The heads of pictures whose size could be read, but which no browser shows."""
_LENGTH = re.compile(r"(?i)(\+?(?:\d+|\d*\.\d+)(?:e[+-]?\d+)?)(px|in|cm|mm|q|pt|pc|em|rem|)", re.ASCII)
_EMS = ("em", "EM", "eM", "Em")
_UNITS = {
    "": 1.0,
    "px": 1.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "q": 96 / 101.6,
    "pt": 96 / 72,
    "pc": 16.0,
    "em": 16.0,
    "rem": 16.0,
}
"""The units of lengths, in px; an em is that of a browser's own font size, as long as the picture names no font."""
_GIVE_IT = "give natural=(width, height) in px"


def natural_size(source: str | PathLike[str] | bytes) -> tuple[int, int]:
    """Return the width and height (px) of a picture as a browser shows it, from its path or its bytes.

    EXIF orientation is applied where browsers apply it. An SVG must state its width and height, which are rounded to
    whole px. Raise `BuildError` for a missing file, a video, or anything else that is not a picture.

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
    if svg is not None:
        width, height = _svg_size(svg, b"font" in head)
    elif _AVIF.match(head):
        width, height = _avif_size(head)
    else:
        width, height = imagesize.get(stream)
        if head.startswith(_PNG) and _png_orientation(head) >= 5:
            width, height = height, width
    if (width, height) == (-1, -1) or _unshown(head):
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


def _svg_size(svg: dict[str, str], has_font: bool) -> tuple[float, float]:
    """Return what the tag says, or -1 and -1 if only a page around it could tell."""
    found = [_LENGTH.fullmatch(svg.get(side, "").strip()) for side in ("width", "height")]
    sides = [float(one[1]) * _UNITS[one[2].lower()] for one in found if one and not (has_font and one[2][-2:] in _EMS)]
    return (sides[0], sides[1]) if len(sides) == 2 and min(sides) >= 0 else (-1, -1)


def _png_orientation(head: bytes) -> int:
    """Return the EXIF orientation of a PNG, 1 to 8; browsers ignore one that is damaged, or follows the pixels."""
    at = len(_PNG)
    while at + 12 <= len(head) and (kind := head[at + 4 : at + 8]) != b"IDAT":
        end = at + 8 + int.from_bytes(head[at : at + 4], "big")
        if kind == b"eXIf" and zlib.crc32(head[at + 4 : end]) == int.from_bytes(head[end : end + 4], "big"):
            return _orientation(head[at + 8 : end])
        at = end + 4
    return 1


def _orientation(exif: bytes) -> int:
    order: Literal["little", "big"] = "little" if exif[:2] == b"II" else "big"
    first = int.from_bytes(exif[4:8], order)
    for at in range(first + 2, first + 2 + 12 * int.from_bytes(exif[first : first + 2], order), 12):
        if int.from_bytes(exif[at : at + 2], order) == 0x112:
            return int.from_bytes(exif[at + 8 : at + 10], order)
        if at > len(exif):
            break
    return 1


def _avif_size(head: bytes) -> tuple[int, int]:
    """Return the size of the primary picture of an AVIF, turned as its `irot` says; its EXIF turns nothing."""
    meta = _inner(head, b"meta", skip=4)
    properties = [*_boxes(_inner(meta, b"iprp"), b"ipco")]
    item = _inner(meta, b"pitm")
    wanted = int.from_bytes(item[4 : 6 if item[:1] == b"\0" else 8], "big")
    used = [properties[one - 1] for one in _associations(meta).get(wanted, ()) if 0 < one <= len(properties)]
    size = next((body for kind, body in used if kind == b"ispe" and len(body) >= 12), b"")
    if not size:
        return -1, -1
    width, height = int.from_bytes(size[4:8], "big"), int.from_bytes(size[8:12], "big")
    turned = any(kind == b"irot" and body[:1] in (b"\1", b"\3") for kind, body in used)
    return (height, width) if turned else (width, height)


def _inner(data: bytes, name: bytes, skip: int = 0) -> bytes:
    return next((body[skip:] for kind, body in _boxes(data) if kind == name), b"")


def _boxes(data: bytes, inside: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and body of each box of an ISO media file, or of those inside one."""
    if inside:
        data = _inner(data, inside)
    at = 0
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        if length < 8:
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + length]
        at += length


def _associations(meta: bytes) -> dict[int, list[int]]:
    """Return the numbers of the properties that each picture has."""
    data = _inner(_inner(meta, b"iprp"), b"ipma")
    wide_id, wide = data[:1] != b"\0", bool(data[3:4] and data[3] & 1)
    found: dict[int, list[int]] = {}
    at, entries = 8, int.from_bytes(data[4:8], "big")
    for _ in range(min(entries, len(data))):
        item = int.from_bytes(data[at : at + (4 if wide_id else 2)], "big")
        at += 4 if wide_id else 2
        count, step = int.from_bytes(data[at : at + 1], "big"), 2 if wide else 1
        places = range(at + 1, at + 1 + count * step, step)
        mask = 0x7FFF if wide else 0x7F
        found[item] = [int.from_bytes(data[place : place + step], "big") & mask for place in places]
        at += 1 + count * step
    return found


def _unshown(head: bytes) -> str:
    """Return the kind of a picture that browsers do not show, or ""."""
    return next((kind for magic, kind in _UNSHOWN.items() if re.match(magic, head, re.DOTALL)), "")


def _unreadable(name: str, head: bytes, svg: bool) -> BuildError:
    if svg:
        hint = f"write both in its <svg> tag in px, or {_GIVE_IT}"
        return BuildError(f"{name} is an SVG without a width and height", hint=hint)
    if kind := _unshown(head):
        return BuildError(
            f"{name} is a {kind} picture, which Chromium cannot show", hint="save it as PNG, JPEG or WebP"
        )
    if _VIDEO.match(head) and not _AVIF.match(head):
        return BuildError(f"{name} is a video; the size of a video is not read", hint=_GIVE_IT)
    return BuildError(f"{name} is {'not a picture whose size can be read' if head else 'empty'}", hint=_GIVE_IT)
