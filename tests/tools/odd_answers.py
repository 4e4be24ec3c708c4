"""Odd answers at every call, sync and async, over real sockets: each ends as an error of ours or as a legal result.

`python -m tests.tools.odd_answers` runs all of them and prints the figures of docs/reliability.md: how many there were,
the longest call, and the memory of the process before and after. The server is a process of its own.
"""

import asyncio
import contextlib
import inspect
import json
import re
import resource
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import stamina
from attrs import field, frozen

from aistudios_dsl import DslError
from aistudios_dsl.service import AsyncClient, Client, flow
from aistudios_dsl.service.flow import Job, Progress

KEY, USER_KEY = "key-that-nobody-may-see", "user-key-that-nobody-may-see"
PAIR = {"app_id": "the-app", "user_key": USER_KEY}
BODY = {"name": "odd", "scenes": []}
VIDEO = b"\0\0\0\x18ftypmp42" + bytes(range(30))
TIMEOUT, ATTEMPTS = 0.4, 2
DRIP = 0.05
"""Seconds from one byte to the next: slow enough to outlast every call, fast enough for each single read."""

CALLS = {
    "whoami": ("whoami", ()),
    "list": ("list", ()),
    "get": ("get", ("p1",)),
    "progress": ("progress", ("p1",)),
    "avatars": ("avatars", ()),
    "workspaces": ("workspaces", ()),
    "token": ("whoami", ()),
    "wait": ("wait", ("p1", TIMEOUT)),
    "download": ("download", ("p1", "{folder}")),
    "delete": ("delete", ("p1",)),
    "create": ("create", (BODY,)),
    "export": ("export", ("p1",)),
    "template": ("create_from_template", ("t1",)),
    "models": ("models", ()),
    "templates": ("templates", ()),
}

# What the server answers to each call where it is not odd.

DATA = {
    "whoami": {"isAuthenticated": True},
    "list": [{"id": "p1", "state": "exported"}],
    "get": {"name": "odd", "scenes": []},
    "progress": {"progress": 100, "state": "", "downloadUrl": ""},
    "avatars": {"models": [{"id": "M1"}]},
    "workspaces": [{"workspaceId": "w"}],
    "token": {"token": "token-that-nobody-may-see"},
    "delete": {"deletedCount": 1},
    "create": {"projectId": "p1"},
    "export": {"projectId": "p1"},
    "template": {"projectId": "p1"},
    "models": [{"id": "M1"}],
    "templates": [{"id": "t1"}],
}


def envelope(data):
    return json.dumps({"success": True, "data": data}).encode()


def called(method, path):
    """Which call a request is."""
    return {
        ("GET", "/auth"): "whoami",
        ("POST", "/auth/token"): "token",
        ("GET", "/editor/project"): "list",
        ("POST", "/editor/project"): "create",
        ("DELETE", "/editor/project"): "delete",
        ("POST", "/editor/project/export"): "export",
        ("GET", "/model"): "avatars",
        ("GET", "/dropdown/workspaces"): "workspaces",
        ("GET", "/dropdown/models"): "models",
        ("GET", "/dropdown/templates_business"): "templates",
        ("POST", "/editor/template/t1"): "template",
        ("GET", "/video"): "download",
    }.get((method, path)) or ("progress" if path.startswith("/editor/progress/") else "get")


# How an answer is written: bytes, and the seconds between them.


def headed(body, *lines, status="200 OK", kind="application/json"):
    """A response of this body, whole and in one piece."""
    about = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind else []), *lines]
    return "\r\n".join([*about, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body


def chunked(pieces, *lines, kind="application/json"):
    yield "\r\n".join(
        ["HTTP/1.1 200 OK", f"Content-Type: {kind}", *lines, "Transfer-Encoding: chunked", "", ""]
    ).encode()
    for piece in pieces:
        yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"


def dripped(text, first=b""):
    yield first
    for at in range(len(text)):
        yield text[at : at + 1]
        yield DRIP


def for_ever(piece, first=b""):
    yield first
    while True:
        yield piece
        yield DRIP


def packed(size, wbits):
    """So many bytes of JSON, packed, without their end: small on the way, large where they are unpacked."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    first = packer.compress(b'{"success": true, "data": {"x": "') + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + piece * (size // 1_000_000)


def padded(size, good):
    """The good answer, a megabyte at a time, with spaces before its end up to this size."""
    yield good[:-1]
    left = size - len(good)
    while left > 0:
        yield b" " * min(left, 1_000_000)
        left -= 1_000_000
    yield good[-1:]


def nested(depth, opening="[", closing="]"):
    return opening * depth + closing * depth


# The odd answers: a name for each, and what it makes of the good one.


@frozen
class Odd:
    """An answer: `write(body, data, secret)` gives bytes, or pieces of them with pauses between."""

    name: str
    write: object = field(repr=False)


VALUES = (
    *("null", "true", "0", "-1", "1.5", "1e400", "NaN", "-Infinity", "7" * 400, "7" * 5000),
    *(
        '""',
        '" "',
        '"x"',
        '"a\\tb"',
        '"."',
        '".."',
        '"/"',
        '"\\u0000"',
        '"\\ud800"',
        '"../../x"',
        '"%2e%2e"',
        '"a?b#c"',
    ),
    *('"비디오"', f'"{"x" * 10_000}"', "[]", "[1, null]", "[[[]]]", "{}", '{"a": {"b": []}}', '"true"'),
)
PLACES = {
    "all of it": "{value}",
    "success": '{{"success": {value}, "data": {data}}}',
    "data": '{{"success": true, "data": {value}}}',
    "each key": '{{"success": true, "data": {{{keys}}}}}',
    "each item": '{{"success": true, "data": [{value}, {value}]}}',
    "error": '{{"success": false, "error": {value}}}',
    "its words": '{{"success": false, "error": {{"code": {value}, "msg": {value}}}}}',
}


def placed(place, value, body, data, secret):
    keys = ", ".join(f'"{key}": {value}' for key in (data if isinstance(data, dict) else {"id": 1}))
    return headed(PLACES[place].format(value=value, data=json.dumps(data), keys=keys).encode())


def fixed(answer):
    return lambda body, data, secret: answer


def typed():
    for place in PLACES:
        for value in (
            VALUES if place in ("each key", "its words", "data") else VALUES[:: 3 if place == "success" else 2]
        ):
            yield Odd(f"{place} is {value[:20]} ({len(value)})", partial(placed, place, value))


def deep():
    for depth in (50, 99, 101, 500, 900, 990, 1100, 100_000):
        for place in ("all of it", "each key", "its words"):
            yield Odd(f"{place} is {depth} lists deep", partial(placed, place, nested(depth)))
        objects = nested(depth, '{"a":', "}").replace(":}", ":1}", 1)
        yield Odd(f"data is {depth} objects deep", partial(placed, "data", objects))


def large():
    for size in (999_000, 1_000_001, 5_000_000, 50_000_000):
        yield Odd(
            f"{size} bytes",
            lambda body, *_, size=size: [headed(b"")[:-5] + f"{size}\r\n\r\n".encode(), *padded(size, body)],
        )
        yield Odd(f"{size} bytes in chunks", lambda body, *_, size=size: chunked(padded(size, body)))
        first = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        yield Odd(f"{size} bytes to the end", lambda body, *_, size=size, first=first: [first, *padded(size, body)])
    yield Odd("an endless body", lambda *_: (piece for piece in flood(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 100_000)))
    yield Odd("an endless head", lambda *_: (piece for piece in flood(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 10_000)))
    yield Odd("headers without end", lambda *_: (piece for piece in flood(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000)))
    yield Odd(
        "100 Continue without end", lambda *_: (piece for piece in flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99))
    )


def flood(first, piece):
    yield first
    while True:
        yield piece


def packings():
    for size in (1_000_000, 10_000_000, 1_000_000_000):
        for label, wbits in (("gzip", 31), ("deflate", 15)):
            yield Odd(
                f"{size} bytes as {label}",
                lambda *_, size=size, label=label, wbits=wbits: headed(
                    packed(size, wbits), f"Content-Encoding: {label}"
                ),
            )
    for label in ("gzip", "GZIP", "x-gzip", "identity", "br", "zstd", "gzip, gzip", "", "\x80"):
        yield Odd(
            f"gzip called {label!r}", lambda body, *_, label=label: headed(zipped(body), f"Content-Encoding: {label}")
        )
        yield Odd(f"plain called {label!r}", lambda body, *_, label=label: headed(body, f"Content-Encoding: {label}"))
    for cut in (1, 10, 20, -4, -1):
        yield Odd(f"gzip cut at {cut}", lambda body, *_, cut=cut: headed(zipped(body)[:cut], "Content-Encoding: gzip"))
    yield Odd("gzip and more", lambda body, *_: headed(zipped(body) * 2 + b"more", "Content-Encoding: gzip"))
    yield Odd(
        "gzip dripped",
        lambda body, *_: dripped(zipped(body), headed(zipped(body), "Content-Encoding: gzip")[: -len(zipped(body))]),
    )


def zipped(body):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def drips():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    yield Odd("a dripping head", lambda body, *_: dripped(headed(body)))
    yield Odd("a head that drips for ever", fixed_pieces(b"x", head + b"X-Slow: "))
    yield Odd("headers that drip for ever", fixed_pieces(b"X-Slow: y\r\n", head))
    yield Odd("100 Continue that drips for ever", fixed_pieces(b"HTTP/1.1 100 Continue\r\n\r\n"))
    yield Odd("a dripping body", lambda body, *_: dripped(body, headed(body)[: -len(body)]))
    yield Odd("dripping chunks", lambda body, *_: dripped(b"".join(chunked([body])), b""))
    yield Odd("a chunk's size that drips for ever", fixed_pieces(b"0", head + b"Transfer-Encoding: chunked\r\n\r\n"))
    yield Odd("a chunk's note that drips for ever", fixed_pieces(b"a", head + b"Transfer-Encoding: chunked\r\n\r\n5;"))
    yield Odd("a trailer that drips for ever", fixed_pieces(b"a", head + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: "))
    yield Odd("a redirect that drips for ever", fixed_pieces(b" ", b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"))
    yield Odd(
        "an error page that drips for ever", fixed_pieces(b" ", b"HTTP/1.1 500 No\r\nContent-Length: 9999\r\n\r\n")
    )
    yield Odd("silence", lambda *_: [9.0])
    yield Odd("a head, then silence", lambda *_: [head, 9.0])
    yield Odd("half a body, then silence", lambda body, *_: [headed(body)[:-5], 9.0])


def fixed_pieces(piece, first=b""):
    return lambda *_: for_ever(piece, first)


def cuts():
    for cut in (0, 1, 8, 12, 15, 30, 60, -1, -2, -10, -20):
        yield Odd(f"cut at {cut}", lambda body, *_, cut=cut: headed(body)[:cut])
        yield Odd(f"chunks cut at {cut}", lambda body, *_, cut=cut: b"".join(chunked([body]))[:cut])


def statuses():
    said = b'{"type": "about:blank", "title": "No", "detail": "not today", "status": 400}'
    for status in (
        100,
        101,
        199,
        201,
        204,
        205,
        206,
        300,
        301,
        304,
        307,
        400,
        401,
        403,
        404,
        408,
        429,
        451,
        500,
        503,
        599,
        600,
        999,
    ):
        yield Odd(f"status {status}", lambda body, *_, status=status: headed(body, status=f"{status} Odd"))
    for status in ("200 OK", "400 No", "401 No", "404 No", "409 No", "500 No"):
        yield Odd(f"a problem with {status}", fixed(headed(said, status=status, kind="application/problem+json")))
    for line in ("000 X", "20 X", "2000 X", "-1 X", "abc X", "", "200"):
        yield Odd(f"the status line {line!r}", lambda body, *_, line=line: headed(body, status=line))


def types():
    for kind in (
        "",
        "text/html",
        "text/plain",
        "application/xml",
        "application/octet-stream",
        "image/png",
        "video/mp4",
        "x",
    ):
        yield Odd(f"the type {kind!r}", lambda body, *_, kind=kind: headed(body, kind=kind))
        yield Odd(f"a page of type {kind!r}", fixed(headed(b"<!doctype html><p>Sign in", kind=kind)))
    for name in ("utf-16", "utf-32", "utf-8-sig", "utf-7"):
        yield Odd(f"JSON in {name}", lambda body, *_, name=name: headed(body.decode().encode(name)))
    for text in (
        b"",
        b"\0",
        b"\xff\xfe",
        b"{}{}",
        b"[",
        b'"',
        b"{'a': 1}",
        b'{"success": true, "success": false}',
        b"/* */ {}",
    ):
        yield Odd(f"the body {text!r}", fixed(headed(text)))


def heads():
    for line in (
        *("Content-Length: 1", "Content-Length: -1", "Content-Length: x", "Content-Length: 99999999999999999999"),
        *(
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: x",
            "Connection: upgrade",
        ),
        *(
            "Location: http://[",
            "Location: //",
            "Location: \x80",
            "Set-Cookie: a=b; Domain=.0.0.1",
            "X" * 70_000,
            "X: " + "y" * 120_000,
        ),
        *(
            ": no name",
            "no colon",
            "Content-Range: bytes 5-1/3",
            "ETag: \x80",
            'Content-Disposition: attachment; filename="../../x"',
        ),
    ):
        yield Odd(f"the header {line[:40]!r}", lambda body, *_, line=line: headed(body, line))
    for wait in ("0", "-1", "99999999", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "NaN"):
        yield Odd(
            f"429 with {wait!r}", lambda body, *_, wait=wait: headed(body, f"Retry-After: {wait}", status="429 Slowly")
        )


def garbage():
    for text in (
        *(
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"220 mail\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x15\x03\x01\x00\x02\x02\x28",
            b"\0" * 999,
        ),
        *(
            b"<html>",
            b"HTTP/0.9 200 OK\r\n\r\n",
            b"HTTP/2 200\r\n\r\n",
            b"\r\n" * 999,
            b"HTTP/1.1 200 OK\n\n{}",
            b"GET / HTTP/1.1\r\n\r\n",
        ),
    ):
        yield Odd(f"{text[:20]!r}", fixed(text))


def echoes():
    """The key and the token, wherever a service may write them."""
    for place in PLACES:
        yield Odd(
            f"the key as {place}",
            lambda body, data, secret, place=place: placed(place, json.dumps(secret), body, data, secret),
        )
        yield Odd(
            f"the key inside {place}",
            lambda body, data, secret, place=place: placed(
                place, json.dumps(f"https://{secret}.example/?k={secret}"), body, data, secret
            ),
        )
    for line in (
        "Location: http://{}.example/",
        "Content-Type: {}",
        "Content-Encoding: {}",
        "Set-Cookie: {}",
        "Retry-After: {}",
    ):
        for status in ("200 OK", "302 Found", "429 Slowly"):
            yield Odd(
                f"the key in {line!r}, {status}",
                lambda body, data, secret, line=line, status=status: headed(
                    body, line.format(secret), status=status, kind=""
                ),
            )
    yield Odd("the key as a page", lambda body, data, secret: headed(f"<p>{secret}".encode(), kind="text/html"))
    yield Odd(
        "the key as a problem",
        lambda body, data, secret: headed(
            json.dumps({"title": secret, "detail": secret, "code": secret}).encode(), status="400 No"
        ),
    )
    yield Odd("the key as a status", lambda body, data, secret: headed(body, status=f"200 {secret}"))


ODD = tuple(
    odd
    for family in (typed, deep, large, packings, drips, cuts, statuses, types, heads, garbage, echoes)
    for odd in family()
)
BY_NAME = {odd.name: odd for odd in ODD}

# The server: /CLIENT-CALL is a service that answers oddly to that call, and well to every other; /set says how oddly.


class Handler(socketserver.StreamRequestHandler):
    """One request for one connection."""

    def handle(self):
        method, target, _ = self.rfile.readline().decode("latin-1").split(" ", 2)
        headers = {}
        while line := self.rfile.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        _, lane, path = target.split("/", 2)
        if lane == "set":
            self.server.now |= {path.split("/")[0]: int(path.split("/")[1])}
            self.wfile.write(headed(json.dumps(self.server.counts.pop(path.split("/")[0], 0)).encode()))
            return
        found = called(method, f"/{path}".removeprefix("/api/odin/v3"))
        call = lane.partition("-")[2]
        answer = self.good(found, f"http://{headers['host']}/{lane}/video")
        if found == ("progress" if call == "wait" else call):
            self.server.counts[lane] += 1
            secret = headers.get("authorization") or json.loads(body or b"{}").get("userKey", "")
            good, data = (VIDEO, {}) if found == "download" else (envelope(DATA[found]), DATA[found])
            answer = ODD[self.server.now[lane]].write(good, data, secret)
        with contextlib.suppress(OSError):
            for piece in [answer] if isinstance(answer, bytes) else answer:
                time.sleep(piece) if isinstance(piece, float) else self.wfile.write(piece)

    def good(self, call, link):
        if call == "download":
            return headed(VIDEO, kind="video/mp4")
        return headed(envelope(DATA[call] | {"downloadUrl": link} if call == "progress" else DATA[call]))


class Server(socketserver.ThreadingTCPServer):
    """Knows which odd answer each lane is to get, and how many requests it struck."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 100

    def __init__(self, *args):
        super().__init__(*args)
        self.counts, self.now = Counter(), {}

    def handle_error(self, *_):
        """A client that hangs up is no news."""


@contextlib.contextmanager
def odd_service():
    """The server in a process of its own; gives its address."""
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def serve():
    with Server(("127.0.0.1", 0), Handler) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()


# One call, and what must hold of it.


async def attempt(client, method, args, more):
    """The result of a call, or the error it raised; what is not ours is no outcome."""
    try:
        result = getattr(client, method)(*args, **more)
        return await result if inspect.isawaitable(result) else result
    except DslError as fault:
        return fault


def told(result):
    """Every text in which an error could show a secret: its message, and the local variables of its traceback."""
    if not isinstance(result, Exception):
        return []
    whole = traceback.TracebackException.from_exception(result, capture_locals=True)
    return [str(result), repr(result), *whole.format()]


async def outcome(client, call):
    """What comes of one call, and how long it took."""
    method, args = CALLS[call]
    more = {"export": True} if method == "create" else {}
    if call == "token":
        client._calls._login.token = None
    with tempfile.TemporaryDirectory() as folder:
        filled = [folder if arg == "{folder}" else arg for arg in args]
        began = time.monotonic()
        result = await attempt(client, method, filled, more)
        seconds = time.monotonic() - began
        starts = [file.read_bytes()[:8] for file in Path(folder).iterdir()]
    assert starts == [VIDEO[:8]] * isinstance(result, Path), starts
    assert not isinstance(result, Job | Progress) or re.fullmatch(r"[\w-]{1,20}", result.id, re.ASCII)
    secrets = [KEY, USER_KEY, DATA["token"]["token"]]
    assert [text for text in told(result) if any(secret in text for secret in secrets)] == []
    return result, seconds


@contextlib.contextmanager
def hurried(attempts=ATTEMPTS):
    """Retries and looks that do not wait."""
    pauses, flow.FIRST_PAUSE = flow.FIRST_PAUSE, 0.02
    stamina.set_testing(True, attempts=attempts, cap=True)
    try:
        yield
    finally:
        stamina.set_testing(False)
        flow.FIRST_PAUSE = pauses


async def lane(make, call, base, odd, timeout):
    """The (client, call, odd answer, kind of outcome, seconds, requests) of each odd answer, all met by one client.

    A call may take two tries, of two requests each where a token is refused, and what a busy machine adds; a download
    goes on while something comes.
    """
    name, found = f"{make.__name__}-{call}", []
    limit = (6 if call != "download" else 18) * timeout + 1.0
    keys = PAIR if call == "token" else {"api_key": KEY}
    async with contextlib.AsyncExitStack() as stack:
        client = await entered(stack, make(**keys, base_url=f"{base}/{name}", timeout=timeout))
        for each in odd:
            struck(base, name, ODD.index(each))
            try:
                result, seconds = await outcome(client, call)
                assert seconds < limit, f"{seconds} s"
                word = type(result).__name__ if isinstance(result, Exception) else "done"
                found.append((make.__name__, call, each.name, word, seconds, struck(base, name, 0)))
                # A busy server may not have read the one request by now.
                assert word != "SubmissionUnknown" or found[-1][-1] <= 1, "sent again, though it may have been made"
            except BaseException as fault:
                fault.add_note(f"{name}: {each.name}")
                raise
    return found


async def entered(stack, client):
    """The client, to be closed with the stack."""
    if isinstance(client, AsyncClient):
        return await stack.enter_async_context(client)
    return stack.enter_context(client)


def struck(base, name, number):
    """Say which odd answer comes next, and learn how many requests met the one before."""
    with urllib.request.urlopen(f"{base}/set/{name}/{number}", timeout=60) as answer:
        return json.load(answer)


def campaign(odd=ODD, calls=tuple(CALLS), timeout=TIMEOUT, attempts=ATTEMPTS, threads=6):
    """What came of each, lane by lane; raises where a rule is broken."""
    with odd_service() as base, hurried(attempts), ThreadPoolExecutor(threads) as pool:
        lanes = [(make, call) for make in (Client, AsyncClient) for call in calls]
        yield from pool.map(lambda one: asyncio.run(lane(*one, base, odd, timeout)), lanes)


def memory():
    """The megabytes that this process holds now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize() / 1e6


def main():
    """Run all of it, and print the figures."""
    if "--serve" in sys.argv:
        serve()
    began, sizes, found = time.monotonic(), [], []
    for outcomes in campaign():
        found += outcomes
        sizes.append(round(memory()))
    words = Counter(word for *_, word, _, _ in found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{len(ODD)} odd answers x {len(CALLS)} calls x 2 clients: {len(found)} in {time.monotonic() - began:.0f} s")
    print(f"{dict(words)}; slowest: {sorted(found, key=lambda one: one[4])[-5:]}")
    print(f"memory after each call and client: {sizes} MB, at most {peak:.0f}; threads: {threading.active_count()}")


if __name__ == "__main__":
    main()
