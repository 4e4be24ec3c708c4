"""The pictures of a drawing: local copies, embedded as data, and links."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from aistudios_dsl.errors import BuildError, expect

Media = Mapping[str, str | os.PathLike[str] | bytes] | str | os.PathLike[str]
"""Local copies: a mapping of URLs to files (or their bytes), or a folder that holds files named as the URLs end."""

_KINDS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"\xff\xd8\xff"), "jpeg"),
    (re.compile(rb"GIF8[79]a"), "gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp"),
    (re.compile(rb"....ftypavif", re.DOTALL), "avif"),
)
_WEB = re.compile(r"https?:", re.IGNORECASE)
_OWN_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=]+")


@frozen
class Pictures:
    """Where the picture of a URL comes from: `embedded` (URL to data URI), else the URL itself if `linked`."""

    embedded: Mapping[str, str] = field(factory=dict)
    linked: bool = False

    def source(self, url: object) -> str | None:
        """Return what an `<image>` points to; None where only a placeholder can be shown.

        >>> Pictures(linked=True).source("https://x.example/a.png"), Pictures().source("https://x.example/a.png")
        ('https://x.example/a.png', None)
        """
        if not isinstance(url, str):
            return None
        if url in self.embedded or _OWN_DATA.fullmatch(url):
            return self.embedded.get(url, url)
        return url if self.linked and _WEB.match(url) else None


def file_name(url: object) -> str:
    """Return the file name at the end of a URL; "" where there is none.

    >>> file_name("https://x.example/lamp%20one.png?size=2"), file_name("https://x.example/")
    ('lamp one.png', '')
    """
    if not isinstance(url, str) or url.startswith("data:"):
        return ""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return PurePosixPath(unquote(path).replace("\\", "/").rstrip("\0")).name


def read(media: Media | None, urls: Iterable[str], *, linked: bool = False) -> Pictures:
    """Embed the pictures of `urls` that `media` has a copy of. Raise `BuildError` for a file that is not a picture.

    >>> read({"https://x.example/a.gif": b"GIF89a"}, ["https://x.example/a.gif"]).embedded
    {'https://x.example/a.gif': 'data:image/gif;base64,R0lGODlh'}
    """
    found = {url: copy for url in dict.fromkeys(urls) if (copy := _copy(media, url)) is not None}
    return Pictures({url: _data_uri(url, copy) for url, copy in found.items()}, linked)


def _copy(media: Media | None, url: str) -> str | os.PathLike[str] | bytes | None:
    if media is None or isinstance(media, Mapping):
        return (media or {}).get(url)
    if not Path(media).is_dir():
        raise BuildError(f"media is {str(media)!r}, which is not a folder", hint="give a folder, or {url: file}")
    name = file_name(url)
    return Path(media) / name if name and (Path(media) / name).is_file() else None


def _data_uri(url: str, copy: str | os.PathLike[str] | bytes) -> str:
    try:
        expect(copy, str | bytes | os.PathLike, f"the copy of {url!r} must be a path or bytes")
        content = copy if isinstance(copy, bytes) else Path(copy).read_bytes()
    except OSError as fault:
        raise BuildError(f"the copy of {url!r} cannot be read: {fault.strerror}", hint="check the path") from None
    kind = next((kind for pattern, kind in _KINDS if pattern.match(content)), None)
    if kind is None:
        raise BuildError(f"the copy of {url!r} is not a picture", hint="give a PNG, JPEG, GIF, WebP or AVIF file")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
