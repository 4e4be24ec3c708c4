"""Rules on URLs: the service must be able to reach what it fetches or calls."""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Iterator
from typing import Literal, assert_never
from urllib.parse import SplitResult, parse_qs, urlsplit

from attrs import frozen

from aistudios_dsl.check.rules import Problem, ProjectView, project_rule, scene_rule
from aistudios_dsl.layout.text import has_letters
from aistudios_dsl.view.scene import SceneView, Seen
from aistudios_dsl.wire.node import holds_jinja, shortened
from aistudios_dsl.wire.nodes import AnyClip, Audio, AvatarClip, Image, Shape, Text, UnknownClip, Video

_OWN_PATH = "/images/"
_HOME_PATHS = re.compile(r"/(?:home|users|tmp|var|mnt|media|volumes|private|root|opt|etc|srv)/", re.IGNORECASE)
_LOCAL_FILE = re.compile(r"[a-z]:[\\/]|\\\\|\.{1,2}[\\/]|~|file:", re.IGNORECASE)
_NUMERIC_HOST = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*", re.IGNORECASE)
_PAGES = {
    "youtube.com": r"/(?:watch|shorts|embed|live|playlist|v)\b",
    "youtube-nocookie.com": r"/.",
    "music.youtube.com": r"/.",
    "youtu.be": r"/.",
    "drive.google.com": r"/(?:file|open|drive)\b",
    "docs.google.com": r"/(?:document|presentation|spreadsheets)\b(?!.*/export\b)",
    "photos.google.com": r"/.",
    "photos.app.goo.gl": r"/.",
    "vimeo.com": r"/(?:\d|(?:channels|groups|album|showcase|ondemand|manage|event)/)",
    "player.vimeo.com": r"/video/",
    "dailymotion.com": r"/(?:video|embed)\b",
    "loom.com": r"/(?:share|embed)/",
    "tiktok.com": r"/@",
    "instagram.com": r"/(?:p|reel|tv)/",
    "facebook.com": r"/.",
    "twitter.com": r"/\w+/status/",
    "x.com": r"/\w+/status/",
    "github.com": r"/[^/]+/[^/]+/(?:blob|tree)/",
    "gist.github.com": r"/[^/]+/\w+$",
    "gitlab.com": r"/.+/-/(?:blob|tree)/",
    "bitbucket.org": r"/[^/]+/[^/]+/src/",
    "commons.wikimedia.org": r"/wiki/(?!Special:(?:FilePath|Redirect))",
    "imgur.com": r"/(?:a/|gallery/|\w+$)",
    "giphy.com": r"/(?:gifs|clips|stickers)/",
    "flickr.com": r"/photos/",
    "unsplash.com": r"/photos/(?!.*/download\b)",
    "pexels.com": r"/(?:[a-z]{2}-[a-z]{2}/)?(?:photo|video)/(?!.*/download\b)",
    "pixabay.com": r"/(?:photos|videos|illustrations|vectors|music)/",
    "soundcloud.com": r"/[^/]+/",
    "open.spotify.com": r"/.",
    "canva.com": r"/design/",
    "figma.com": r"/(?:file|design|proto)/",
    "onedrive.live.com": r"/(?!download\b)",
    "1drv.ms": r"/.",
    "wetransfer.com": r"/downloads/",
    "we.tl": r"/.",
}
"""The hosts that show media on pages, and how the paths of those pages begin."""
_INNER_NAMES = ("localhost", "local", "internal", "lan", "home.arpa", "intranet", "test", "invalid")


MediaKind = Literal["picture", "video", "sound"]


@frozen
class Address:
    """A URL of the project, the path of its field, and its clip."""

    url: str
    path: str
    seen: Seen | None = None
    is_background: bool = False

    @property
    def fault(self) -> str:
        """Why the service cannot fetch it; "" where it may."""
        return unreachable(self.url, is_background=self.is_background)

    @property
    def kind(self) -> MediaKind | None:
        """What the service makes of it; None for the URL that it calls."""
        name = self.path.rpartition(".")[2]
        if self.seen is None:
            return "picture" if self.is_background else None
        if isinstance(self.seen.clip, Audio):
            return "sound"
        return "video" if name == "video_url" else "picture"

    def problem(self, says: str) -> Problem:
        """Return the problem with this URL."""
        return Problem(f"{shown_url(self.url)} {says}", self.path, self.seen)


def _addresses(view: ProjectView) -> Iterator[Address]:
    if view.project.webhook_url:
        yield Address(view.project.webhook_url, "webhookUrl")
    for scene in view.scenes:
        background = scene.scene.background
        if background.source_url and background.source_type != "color":
            yield Address(background.source_url, f"{scene.path}.background.source_url", is_background=True)
        for seen in scene.every:
            yield from (Address(url, f"{seen.path}.{name}", seen) for name, url in _urls_of(seen.clip))


def _urls_of(clip: AnyClip) -> Iterator[tuple[str, str]]:
    match clip:
        case Image() | Audio():
            yield "source_url", clip.source_url
        case Video():
            yield "video_url", clip.video_url
            if clip.source_url:
                yield "source_url", clip.source_url
        case AvatarClip() | Shape() | Text() | UnknownClip():
            # The service has the pictures of its avatars.
            return
        case _:
            assert_never(clip)


def _literal_addresses(view: ProjectView) -> Iterator[Address]:
    return (address for address in _addresses(view) if not (view.pending and holds_jinja(address.url)))


@project_rule("url-unreachable", "error", "publish the file and give its https URL")
def url_unreachable(view: ProjectView) -> Iterator[Problem]:
    """The service cannot fetch a URL: it is a local path, an internal host, a private address, or not a URL."""
    for address in _literal_addresses(view):
        if address.fault:
            yield address.problem(address.fault)


@project_rule("url-insecure", "warning", "give an https URL")
def url_insecure(view: ProjectView) -> Iterator[Problem]:
    """A URL uses plain http, which others can read and change in transit."""
    for address in _literal_addresses(view):
        if address.url.strip().lower().startswith("http://") and not address.fault:
            yield address.problem("is plain http")


@project_rule("url-is-a-page", "warning", "give the URL of the file itself, on a host that serves files")
def url_is_a_page(view: ProjectView) -> Iterator[Problem]:
    """A media URL leads to a web page that shows the file, not to the file."""
    for address in _literal_addresses(view):
        parts = _split(address.url)
        if parts and address.path != "webhookUrl" and _is_page(parts):
            yield address.problem("is a web page, not a file")


def _is_page(parts: SplitResult) -> bool:
    host = (parts.hostname or "").lower().rstrip(".").removeprefix("www.").removeprefix("m.")
    if parse_qs(parts.query).get("raw") and host in ("github.com", "gitlab.com", "bitbucket.org"):
        return False
    if host == "dropbox.com":
        asked = parse_qs(parts.query)
        return not ("1" in asked.get("dl", ()) or "1" in asked.get("raw", ()))
    return host in _PAGES and bool(re.match(_PAGES[host], parts.path))


@project_rule("wrong-file-kind", "warning", "give a file of the kind that the clip shows or plays")
def wrong_file_kind(view: ProjectView) -> Iterator[Problem]:
    """A URL ends like a file of another kind: a document or a video as a picture, a picture as a video or a sound."""
    for address in _literal_addresses(view):
        parts, kind = _split(address.url), address.kind
        found = _SUFFIX.search(parts.path) if parts and kind else None
        suffix = found[1].lower() if found else ""
        is_of: str = next((name for name, suffixes in _SUFFIXES.items() if suffix in suffixes.split()), kind or "")
        if kind and is_of != kind and (kind, suffix) not in _ALSO:
            yield address.problem(f"is {_KINDS[is_of]}, not {_KINDS[kind]}")


_SUFFIX = re.compile(r"\.([a-z0-9]{2,5})/?$", re.IGNORECASE)
_KINDS = {"picture": "a picture", "video": "a video", "sound": "a sound", "document": "a document"}
_SUFFIXES = {
    "picture": "png jpg jpeg jpe jfif webp avif svg bmp tif tiff heic heif ico psd ai eps raw",
    "video": "mp4 m4v mov webm mkv avi wmv flv mpg mpeg 3gp ogv mts m2ts",
    "sound": "mp3 wav m4a aac ogg oga opus flac wma aif aiff mid midi amr",
    "document": "pdf doc docx ppt pptx xls xlsx odt odp ods txt md rtf csv json xml yaml yml html htm zip rar 7z gz tar"
    " srt vtt exe dmg js css py key pages",
}
"""The endings of files of each kind. GIFs are pictures and videos alike, and left out."""
_ALSO = frozenset(("sound", suffix) for suffix in ("mp4", "webm", "mov", "3gp", "m4v"))
"""Files of videos that may hold a sound alone."""


@project_rule("url-mistyped", "warning", "copy the address again")
def url_mistyped(view: ProjectView) -> Iterator[Problem]:
    """A URL has a blank at an end, an invisible letter, or `&amp;` where a query has `&`."""
    for address in _literal_addresses(view):
        if fault := _mistyped(address.url):
            yield address.problem(fault)


def _mistyped(url: str) -> str:
    if not url.strip():
        return ""
    if found := next((letter for letter in url if not letter.isascii() and not _is_seen(letter)), ""):
        return f"has an invisible letter (U+{ord(found):04X})"
    if url != url.strip():
        return "has a blank at its start or end"
    return "has &amp; where its query needs &" if "&amp;" in url.lower() else ""


def _is_seen(letter: str) -> bool:
    return not letter.isspace() and unicodedata.category(letter) not in ("Cf", "Cc")


@project_rule("url-password", "warning", "publish the file without a password, or under a signed URL")
def url_password(view: ProjectView) -> Iterator[Problem]:
    """A URL has a user or a password in it, which everybody who sees the project can read."""
    for address in _literal_addresses(view):
        parts = _split(address.url)
        if parts and (parts.username or parts.password):
            yield address.problem("has a user name or a password")


@scene_rule("audio-unlabelled", "note", "give label= the name that the editor shall show")
def audio_unlabelled(scene: SceneView) -> Iterator[Problem]:
    """A sound has an empty label, so the editor shows it without a name."""
    for seen in scene.every:
        if isinstance(seen.clip, Audio) and not has_letters(seen.clip.label):
            yield Problem("the label of the audio is empty", f"{seen.path}.label", seen)


def unreachable(url: str, *, is_background: bool = False) -> str:
    """Return why the service cannot fetch a URL, in words; "" where it may. Nothing is sent.

    >>> unreachable("https://192.168.0.7/a.png"), unreachable("https://cdn.example.com/a.png")
    ('is at a private address', '')
    """
    if not url.strip():
        return "is empty"
    if url.startswith(_OWN_PATH) or (is_background and url.startswith("/") and not _local(url)):
        return ""
    parts = _split(url)
    if parts is None:
        return "is not a URL"
    if _local(url):
        return "is a path on your own machine"
    if not parts.scheme or not parts.netloc:
        return f"is a {parts.scheme}: URL, not http(s)" if parts.scheme else "has no scheme such as https://"
    if parts.scheme.lower() not in ("http", "https"):
        return f"has the scheme {parts.scheme}:, not https:"
    return _unreachable_host(parts.hostname or "")


def _local(url: str) -> bool:
    return bool(_LOCAL_FILE.match(url) or _HOME_PATHS.match(url))


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        return None
    return None if re.search(r"\s", url.strip()) else parts


def _unreachable_host(host: str) -> str:
    if not host:
        return "names no host"
    number = _ip(host)
    if number is not None:
        loopback = "your own machine" if number.is_loopback or number.is_unspecified else ""
        return f"is at {loopback}" if loopback else "" if number.is_global else "is at a private address"
    if _NUMERIC_HOST.fullmatch(host):
        return "names no host"
    name = host.removesuffix(".").lower()
    if "" in name.split("."):
        return "has an empty label in its host name"
    if name == "localhost" or name.endswith(".localhost"):
        return "is at your own machine"
    inner = "." not in name or any(name.endswith(f".{end}") for end in _INNER_NAMES)
    return "is on an internal network" if inner else ""


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _old_spelling(host)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _old_spelling(host: str) -> ipaddress.IPv4Address | None:
    # Browsers and curl also take 127.1, 0x7f.0.0.1 and 2130706433.
    if not _NUMERIC_HOST.fullmatch(host):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def shown_url(url: str) -> str:
    """Return at most 80 characters of a URL, without its user, query and fragment, which may be secret.

    >>> shown_url("https://ann:key@x.example/a.png?token=1")
    'https://x.example/a.png'
    """
    bare = re.sub(r"^([a-z][a-z0-9+.-]*:)?//[^/?#]*@", r"\1//", url.strip(), flags=re.IGNORECASE)
    bare = re.split("[?#]", bare, maxsplit=1)[0] or "the URL"
    if bare.lower().startswith("data:"):
        bare = "data:…"
    bare = re.sub(r"[\x00-\x1f\x7f-\x9f]", "", bare)
    return shortened(bare, 80)
