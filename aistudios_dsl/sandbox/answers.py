"""Responses of the sandbox: refusals, broken answers, and the video with its ranges."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import struct
from contextlib import suppress
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from aistudios_dsl.sandbox.faults import Fault
from aistudios_dsl.sandbox.world import Refused


class Broken(Response):
    """A response that stops after `sent` bytes of its body, with a reset or a plain close."""

    def __init__(self, content: bytes, sent: int, *, reset: bool = True, of: Response | None = None) -> None:
        super().__init__(content, of.status_code if of else 200, dict(of.headers) if of else None)
        self.sent: int = sent
        self.reset: bool = reset
        self.silent: bool = of is None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the bytes, then break the connection."""
        if not self.silent:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self.body[: self.sent], "more_body": True})
            # Wait, because a reset discards what the peer has not read yet.
            await asyncio.sleep(0.05 if self.reset else 0)
        # ASGI cannot break a connection: uvicorn's `receive` is a method of the object that holds it.
        transport = receive.__self__.transport  # type: ignore[attr-defined]
        if self.reset:
            no_linger = struct.pack("ii", 1, 0)
            with suppress(OSError):  # the peer may have closed it first
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
            transport.abort()
        else:
            transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


class Slow(Response):
    """A response sent in twenty pieces over some seconds."""

    def __init__(self, of: Response, seconds: float) -> None:
        super().__init__(of.body, of.status_code, dict(of.headers))
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        size = max(1, -(-len(self.body) // 20))
        for start in range(0, len(self.body), size):
            await send({"type": "http.response.body", "body": self.body[start : start + size], "more_body": True})
            await asyncio.sleep(self.seconds / 20)
        await send({"type": "http.response.body", "body": b""})


def after(fault: Fault, answer: Response) -> Response:
    """Return the response as the fault changes it; the request has been carried out."""
    whole = bytes(answer.body)
    if fault.kind == "reset-after":
        return Broken(b"", sent=0)
    if fault.kind in ("cut", "short"):
        return Broken(whole, len(whole) // 2, reset=fault.kind == "cut", of=answer)
    if fault.kind == "slow":
        return Slow(answer, fault.number)
    if fault.kind == "truncated":
        return Response(whole[: len(whole) // 2], answer.status_code, media_type="application/json")
    if fault.kind == "not-json":
        return Response("<html><body>Please sign in to the guest network</body></html>", media_type="text/html")
    if fault.kind == "page":
        return Response("<html><h1>Please sign in</h1></html>", media_type="application/octet-stream")
    if fault.kind == "empty":
        return Response(media_type="video/mp4")
    if fault.kind.endswith("-after"):
        return error_page(fault.kind.removesuffix("-after"))
    return answer


def refusal(no: Refused, headers: dict[str, str] | None = None) -> Response:
    """Return a refusal in the envelope."""
    error = {"code": no.code, "msg": no.message}
    return JSONResponse({"success": False, "error": error}, no.status, headers)


def error_page(status: str) -> Response:
    """Return the HTML page of a gateway, without the envelope."""
    return Response(f"<html><h1>{status}</h1></html>", int(status), media_type="text/html")


def video(changed: bool, request: Request) -> Response:
    """Return the bundled video, or the requested range of it."""
    content = files("aistudios_dsl.sandbox").joinpath("video.mp4").read_bytes()
    if changed:
        content += b"\0\0\0\x0cfree0002"
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Accept-Ranges": "bytes"}
    asked = request.headers.get("range", "")
    if not asked.startswith("bytes=") or "no-range" in request.state.kinds:
        return Response(content, media_type="video/mp4", headers=headers)
    if request.headers.get("if-range", tag) != tag:
        return Response(content, media_type="video/mp4", headers=headers)
    piece = part(content, "bytes=7-" if "misplaced" in request.state.kinds else asked, headers)
    piece.status_code = 200 if "mislabelled" in request.state.kinds else piece.status_code
    return piece


def part(content: bytes, asked: str, headers: dict[str, str]) -> Response:
    """Return one range of the content, `bytes=FIRST-[LAST]` or `bytes=-COUNT`, or 416 if it is outside.

    Return everything if it is not a range or more than one, as a server may.
    """
    found = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", asked)
    first, last = found.groups() if found else ("", "")
    if not (first or last) or (first and last and int(last) < int(first)):
        return Response(content, media_type="video/mp4", headers=headers)
    begin = int(first) if first else max(0, len(content) - int(last))
    if begin >= len(content):
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{len(content)}"})
    piece = content[begin : int(last) + 1 if first and last else None]
    span = f"bytes {begin}-{begin + len(piece) - 1}/{len(content)}"
    return Response(piece, 206, headers | {"Content-Range": span}, media_type="video/mp4")
