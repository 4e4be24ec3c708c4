"""Rules on URLs: the service must be able to reach what it fetches or calls."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qs, urlsplit

from attrs import frozen

from aistudios_dsl.check.rules import Problem, ProjectView, project_rule
from aistudios_dsl.view.scene import Seen
from aistudios_dsl.wire.node import holds_jinja, shortened
from aistudios_dsl.wire.nodes import AnyClip, Audio, Image, Video

_OWN_PATH = "/images/"
_HOME_PATHS = re.compile(r"/(?:home|users|tmp|var|mnt|media|volumes|private|root|opt|etc|srv)/", re.IGNORECASE)
_LOCAL_FILE = re.compile(r"[a-z]:[\\/]|\\\\|\.{1,2}[\\/]|~|file:", re.IGNORECASE)
_NUMERIC_HOST = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*", re.IGNORECASE)
_PAGES = {
    "youtube.com": r"/(?:watch|shorts|embed|live|playlist)\b",
    "youtu.be": r"/.",
    "drive.google.com": r"/(?:file|open|drive)\b",
    "vimeo.com": r"/\d",
}
"""The hosts that show media on pages, and how the paths of those pages begin."""
_INNER_NAMES = ("localhost", "local", "internal", "lan", "home.arpa", "intranet", "test", "invalid")


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
    if isinstance(clip, Image | Audio):
        yield "source_url", clip.source_url
    if isinstance(clip, Video):
        yield "video_url", clip.video_url
        if clip.source_url:
            yield "source_url", clip.source_url


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
    host = (parts.hostname or "").lower().removeprefix("www.").removeprefix("m.")
    if host == "dropbox.com":
        asked = parse_qs(parts.query)
        return not ("1" in asked.get("dl", ()) or "1" in asked.get("raw", ()))
    return host in _PAGES and bool(re.match(_PAGES[host], parts.path))


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
    name = host.rstrip(".").lower()
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
