"""Local servers: a socket on this machine, and the guard that answers this machine's own pages only."""

from __future__ import annotations

import socket
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from aistudios_dsl.errors import DslError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one. Raise `DslError` where another program does already."""
    # Without the protocol, asyncio leaves Nagle's algorithm on, and each small answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        hint = "another program may listen there: give another --port, or 0 for a free one"
        raise DslError(f"cannot listen on {host}:{port}: {fault.strerror}", hint=hint) from None
    listener.listen(512)
    return listener


def missing_extra(what: str, extra: str, fault: ImportError) -> DslError:
    """Return the error of a command that needs a package of an extra."""
    hint = f"pip install 'aistudios-dsl[{extra}]'"
    return DslError(f"{what} needs a package that is not installed: {fault.name}", hint=hint, code="missing-extra")


def own_hosts(port: int) -> frozenset[str]:
    """Return the names by which this machine asks a server on its loopback address."""
    return frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))


def refusal(headers: dict[str, str], hosts: Collection[str]) -> str:
    """Return why a request is refused; "" for one that this machine's own page may make.

    A page of another site can send requests to a loopback address, by its number or by a name of its own that leads
    there (DNS rebinding): its browser tells the name, and where the request comes from.
    """
    host, origin = headers.get("host", "").lower(), headers.get("origin")
    if host not in hosts:
        return "this server answers to its own address only"
    if origin is not None and origin.lower() not in {f"http://{name}" for name in hosts}:
        return "this server answers its own pages only"
    typed = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not typed:
        return "this server answers its own pages only"
    return ""


class Guarded:
    """An application that refuses what other sites ask, and forbids browsers to share or keep what it answers."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], policy: str) -> None:
        self.app: ASGIApp = app
        self.hosts: Collection[str] = hosts
        self.headers: list[tuple[bytes, bytes]] = [
            (name.encode(), value.encode())
            for name, value in {
                "content-security-policy": f"{policy}; frame-ancestors 'none'",
                "cross-origin-opener-policy": "same-origin",
                "cross-origin-resource-policy": "same-origin",
                "x-content-type-options": "nosniff",
                "referrer-policy": "no-referrer",
                "cache-control": "no-store",
            }.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with 403."""
        from starlette.responses import PlainTextResponse

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self.headers]
            await send(message)

        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}
        why = refusal(given, self.hosts)
        app = PlainTextResponse(f"{why}\n", 403) if why else self.app
        await app(scope, receive, guarded)
