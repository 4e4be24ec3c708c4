"""Downloads from a host that breaks off, names wrong ranges, changes the file and refuses: a whole file or none.

`python -m tests.tools.fuzz_download --sequences 500 --seed 1` runs each sequence with both clients and compares
digests. What no client can see is left out: a host that gives other bytes under one strong ETag, or calls a part whole.
"""

import argparse
import asyncio
import contextlib
import hashlib
import inspect
import json
import random
import socket
import socketserver
import struct
import tempfile
import time
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from threading import Thread

import stamina
from attrs import Factory, define

from aistudios_dsl import DslError
from aistudios_dsl.service import AsyncClient, Client

ATTEMPTS = 4
PAGES = (
    ("text/html", b"<html><h1>Please sign in</h1></html>"),
    ("application/octet-stream", b'{"error": "gone"}'),
    (None, b"\xef\xbb\xbf\n<!doctype html><p>gone</p>"),
    ("application/problem+json", b'{"title": "Gone"}'),
)
REFUSALS = (400, 401, 403, 404, 410, 416, 429, 500, 503)
LONG_AGO = "Wed, 21 Oct 2015 07:28:00 GMT", "Thu, 22 Oct 2015 07:28:00 GMT"


@define(slots=False)
class Host:
    """One sequence: the versions of the file, how they are told apart, and what is done to each request in turn."""

    seed: int
    chance: random.Random = Factory(lambda self: random.Random(self.seed), takes_self=True)
    version: int = 0
    links: int = 0
    done: list = Factory(list)

    def __attrs_post_init__(self):
        pick = self.chance
        size = pick.choice((1, 50, 5_000, 100_000, 150_000))
        first = pick.randbytes(size - 1)
        other = bytes(byte ^ 0x5A for byte in first) + b"\1" * pick.choice((0, 0, 0, 1, 777))
        self.files = [b"\0" + first, b"\0" + other]  # as a video begins; they differ in every byte from there on
        self.known_by = pick.choice(("etag", "etag", "etag", "modified", "weak", "modified", "just now", "nothing"))
        self.plan = [pick.choice(MISDEEDS) for _ in range(pick.randint(2, 10))]
        self.never_good = pick.random() < 0.15

    digests = property(lambda self: {hashlib.sha256(file).hexdigest() for file in self.files})

    def validators(self):
        """The headers that name the version; "just now" and "weak" name both alike, and so prove nothing."""
        name = self.version
        return {
            "etag": {"ETag": f'"{name}"', "Last-Modified": LONG_AGO[0]},
            "weak": {"ETag": 'W/"0"', "Last-Modified": LONG_AGO[0]},
            "modified": {"Last-Modified": LONG_AGO[name]},
            "just now": {"Last-Modified": formatdate(usegmt=True)},
            "nothing": {},
        }[self.known_by]

    def answer(self, path, asked):
        """The bytes to send for a request, and whether the connection is reset afterwards."""
        if "/editor/progress/" in path:
            self.links += 1
            link = f"http://{asked['host']}/video-{self.seed}-{self.links}"
            envelope = {"success": True, "data": {"progress": 100, "downloadUrl": link}}
            return told(200, {"Content-Type": "application/json"}, json.dumps(envelope).encode()), False
        deed = self.plan.pop(0) if self.plan else self.chance.choice(MISDEEDS) if self.never_good else honest
        self.done.append(deed.__name__)
        return deed(self, asked)

    def start(self, asked):
        """Where an honest host begins: at the range asked for, if the file is still the same."""
        start = int(asked["range"].removeprefix("bytes=").removesuffix("-")) if "range" in asked else 0
        same = asked.get("if-range") in (None, *self.validators().values())
        return start if same and start < len(self.files[self.version]) else 0

    def response(self, start, **changes):
        """The file from `start` on, with what is changed about the answer."""
        file = self.files[self.version]
        span = {"Content-Range": f"bytes {start}-{len(file) - 1}/{len(file)}"} if start else {}
        headers = {"Content-Type": "video/mp4"} | self.validators() | span | changes.pop("headers", {})
        status, body = changes.pop("status", 206 if start else 200), changes.pop("body", file[start:])
        return told(status, headers, body, **changes)

    def middle(self):
        """A place in the file."""
        return self.chance.randrange(len(self.files[self.version]))


def told(status, headers, body, chunked=False, length=True, cut=None):
    """A response as bytes; a header that is None is left out."""
    if chunked:
        headers = headers | {"Transfer-Encoding": "chunked"}
        pieces = [body[at : at + 40_000] for at in range(0, len(body), 40_000)]
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    elif length:
        headers = {"Content-Length": len(body)} | headers
    headers = {"Date": formatdate(usegmt=True), "Connection": "close"} | headers
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
    return "\r\n".join([*lines, "\r\n"]).encode() + body[:cut]


# What a host does; each returns the bytes, and whether the connection is reset.


def honest(host, asked):
    return host.response(host.start(asked), chunked=host.chance.random() < 0.3), False


def breaks(host, asked):
    chunked = host.chance.random() < 0.3
    return host.response(host.start(asked), cut=host.middle(), chunked=chunked), host.chance.random() < 0.5


def changes_and_breaks(host, asked):
    host.version = 1 - host.version
    return breaks(host, asked)


def changes(host, asked):
    host.version = 1 - host.version
    return honest(host, asked)


def changes_under_a_range(host, asked):
    """It leaves If-Range aside, and may not name the version."""
    host.version = 1 - host.version
    return leaves_the_condition_aside(host, asked)


def leaves_the_condition_aside(host, asked):
    start = host.start({name: value for name, value in asked.items() if name != "if-range"})
    nameless = {"ETag": None, "Last-Modified": None} if host.chance.random() < 0.5 else {}
    return host.response(start, headers=nameless, cut=host.chance.choice((None, host.middle()))), False


def leaves_the_range_aside(host, asked):
    return host.response(0), False


def a_part_as_the_whole(host, asked):
    """A 200 that carries Content-Range."""
    return host.response(host.chance.choice((host.start(asked), host.middle())), status=200), False


def a_short_part(host, asked):
    """The part begins where it should, and ends early."""
    return part_from(host, host.start(asked))


def another_part(host, asked):
    """The part is what it says, and not what was asked for."""
    return part_from(host, host.middle())


def part_from(host, start):
    """A part that is what it says."""
    end = host.chance.randint(start, len(host.files[host.version]) - 1)
    span = f"bytes {start}-{end}/{len(host.files[host.version])}"
    body = host.files[host.version][start : end + 1]
    chunked = host.chance.random() < 0.5
    return host.response(start, status=206, headers={"Content-Range": span}, body=body, chunked=chunked), False


def a_wrong_range(host, asked):
    start, size = host.start(asked), len(host.files[host.version])
    wrong = host.chance.choice(
        (
            None,
            f"bytes {start}-{size - 1}/{size + 1}",
            f"bytes {start}-{size}/{size}",
            f"bytes {start + 1}-{size - 1}/{size}",
            f"bytes {size - 1}-{start}/{size}",
            f"bytes {start}-{size - 1}/*",
            f"bytes {start}-{size - 1}/{size}, bytes {start}-{size - 1}/{size}",
            "pages 1-2/3",
        )
    )
    status = host.chance.choice((200, 206)) if wrong else 206  # a 200 without a range says that it is the whole
    return host.response(start, status=status, headers={"Content-Range": wrong}), False


def several_parts(host, asked):
    kind = {"Content-Type": "multipart/byteranges; boundary=x", "Content-Range": None}
    body = b"--x\r\nContent-Range: bytes 0-3/9\r\n\r\nabcd\r\n--x--"
    return host.response(1, status=host.chance.choice((200, 206)), headers=kind, body=body), False


def more_than_announced(host, asked):
    start = host.start(asked)
    body = host.files[host.version][start:] + b"more"
    span = f"bytes {start}-{len(host.files[host.version]) - 1}/{len(host.files[host.version])}"
    return host.response(start, status=206, headers={"Content-Range": span}, body=body, chunked=True), False


def refuses(host, asked):
    return told(host.chance.choice(REFUSALS), {"Content-Type": "text/plain"}, b"no"), False


def redirects(host, asked):
    status = host.chance.choice((301, 302, 303, 307, 308))
    return told(status, {"Location": f"/video-{host.seed}-{host.chance.randrange(1000)}"}, b"over there"), False


def a_page(host, asked):
    kind, page = host.chance.choice(PAGES)
    return host.response(0, headers={"Content-Type": kind}, body=page, chunked=host.chance.random() < 0.5), False


def nothing(host, asked):
    return host.response(0, body=b"", chunked=host.chance.random() < 0.5), False


def no_length(host, asked):
    return host.response(0, length=False, cut=host.chance.choice((None, host.middle()))), False


def packed(host, asked):
    return host.response(host.start(asked), headers={"Content-Encoding": host.chance.choice(("Identity", "br"))}), False


def no_answer(host, asked):
    return b"", host.chance.random() < 0.5


MISDEEDS = (
    *[breaks] * 6,
    *[a_short_part] * 3,
    *[changes_and_breaks, changes, changes_under_a_range, a_part_as_the_whole, another_part, a_wrong_range] * 2,
    *(leaves_the_condition_aside, leaves_the_range_aside, several_parts, more_than_announced),
    *(refuses, redirects, redirects, a_page, nothing, no_length, packed, no_answer),
)


class Server(socketserver.ThreadingTCPServer):
    """Speaks HTTP by hand, so that it can say anything; `host` decides what."""

    allow_reuse_address, daemon_threads = True, True
    host = None


class Handler(socketserver.StreamRequestHandler):
    """One request, one answer, and the end of the connection."""

    def handle(self):
        """Read the head, and send what the host says."""
        with contextlib.suppress(OSError):  # a client that ends with the test hangs up
            first, *lines = iter(lambda: self.rfile.readline().decode().strip(), "")
            asked = {name.casefold(): value for name, _, value in (line.partition(": ") for line in lines)}
            sent, reset = self.server.host.answer(first.split(" ")[1], asked)
            self.wfile.write(sent)
            if reset:
                time.sleep(0.005)  # a reset discards what the peer has not read yet
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextlib.contextmanager
def serving():
    """A server on a free port."""
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


async def downloaded(client, folder):
    """What comes of it: the file, or the error of ours."""
    try:
        result = client.download("p1", folder)
        return await result if inspect.isawaitable(result) else result
    except DslError as fault:
        return fault


def judged(host, result, folder):
    """The outcome in a word. Fails where a file is there that is no whole version, or none though one was promised."""
    found = list(folder.iterdir())
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in found]
    story = f"sequence {host.seed} ({host.known_by}): {', '.join(host.done)}: {result}"
    assert found == ([result] if isinstance(result, Path) else []), story
    assert set(digests) <= host.digests, f"neither version, but a mixture; {story}"
    return "whole" if found else "none"


async def campaign(sequences, seed):
    """The outcomes and the misdeeds of so many sequences, with each client."""
    outcomes, deeds = Counter(), Counter()
    with serving() as server:
        base = f"http://127.0.0.1:{server.server_address[1]}"
        with Client("key", base_url=base, timeout=5) as blocking:
            async with AsyncClient("key", base_url=base, timeout=5) as awaited:
                for number in range(sequences):
                    for client in (blocking, awaited):
                        server.host = host = Host(seed * 1_000_000 + number)
                        with tempfile.TemporaryDirectory() as folder:
                            result = await downloaded(client, Path(folder))
                            outcomes[type(client).__name__, judged(host, result, Path(folder))] += 1
                        deeds.update(host.done)
    return outcomes, deeds


def run(sequences, seed):
    """The campaign, with retries that do not wait."""
    stamina.set_testing(True, attempts=ATTEMPTS, cap=True)
    try:
        return asyncio.run(campaign(sequences, seed))
    finally:
        stamina.set_testing(False)


def main():
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = time.monotonic()
    outcomes, deeds = run(asked.sequences, asked.seed)
    for (client, outcome), count in sorted(outcomes.items()):
        print(f"{client}: {outcome}: {count}")
    print(f"{deeds.total()} requests in {time.monotonic() - began:.0f} s: {dict(deeds.most_common())}")


if __name__ == "__main__":
    main()
