"""`aistudios preview --watch`: serves a page on this machine, and draws it anew whenever a file of it changes."""

from __future__ import annotations

import asyncio
import pickle
import socket
import webbrowser
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aistudios_dsl.cli import redraw
from aistudios_dsl.cli.base import print_line
from aistudios_dsl.cli.redraw import Drawn, Stamp, stamp
from aistudios_dsl.cli.serving import Guarded, listen, missing_extra, own_hosts
from aistudios_dsl.draw.shell import fault_page, policy

if TYPE_CHECKING:
    import uvicorn
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from aistudios_dsl.cli.preview import Preview

HOST = "127.0.0.1"
LONGEST = 60.0
"""How long a script may run, s, before it is ended."""
IMPATIENT = 1.0
"""How long a drawing may have taken, s, that goes on when a file changes; one that has taken longer begins anew."""
_SETTLED, _MOST = 15, 60
"""For how long no further change comes until changes are looked at, and after how long they are anyway, ms."""
_LOOK = 500
"""After how long files are looked at even if the system has told no change, ms."""
_PULSE = 10.0
"""How often the server writes to a page that waits, s, so that it notices pages that are gone."""


def watch(preview: Preview, port: int, *, show: bool) -> None:
    """Serve a preview until Ctrl-C. Raise `DslError` if the port is taken, or the extra is missing."""
    try:
        import starlette  # noqa: F401 - the application needs it
        import uvicorn
        import watchfiles  # noqa: F401 - the watcher needs it
    except ImportError as fault:
        raise missing_extra("--watch", "preview", fault) from None
    listener = listen(HOST, port)
    live = Live(preview)
    hosts = own_hosts(listener.getsockname()[1])
    config = uvicorn.Config(
        Guarded(live.application(), hosts, policy(live=True)),
        log_level="error",
        timeout_graceful_shutdown=1,
        lifespan="off",
        ws="none",
        server_header=False,
    )
    # On Ctrl-C, uvicorn shuts down and then raises it again.
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(live, uvicorn.Server(config), listener, show))


async def _serve(live: Live, server: uvicorn.Server, listener: socket.socket, show: bool) -> None:
    address = f"http://{HOST}:{listener.getsockname()[1]}/"
    print_line(f"{address} shows {live.preview.source.path} and follows its changes; Ctrl-C ends it", err=True)
    if show and not await asyncio.to_thread(webbrowser.open, address):
        print_line("note: no browser could be opened", err=True)
    following = asyncio.create_task(live.follow())
    stopping = asyncio.create_task(live.stop_with(server))
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in (following, stopping):
            task.cancel()
        await asyncio.gather(following, stopping, return_exceptions=True)


class Workers:
    """The processes that draw: each draws once, and the next is warmed up meanwhile."""

    def __init__(self, preview: Preview) -> None:
        self.order: bytes = pickle.dumps(preview)
        self.next: asyncio.subprocess.Process | None = None
        self.began: float | None = None
        """When the drawing of now began, by the clock of the event loop; None while its process warms up."""

    async def draw(self) -> Drawn:
        """Return what a fresh process draws. Raise `EOFError` if it ends without an answer."""
        self.began = None
        worker = self.next = self.next or await self._start()
        assert worker.stdin is not None
        assert worker.stdout is not None
        if not await worker.stdout.readline():
            self.next = None
            raise EOFError
        self.began, self.next = asyncio.get_running_loop().time(), None
        try:
            worker.stdin.write(self.order)
            await worker.stdin.drain()
            drawn: Drawn = pickle.loads(await worker.stdout.read())
            return drawn
        finally:
            self.began = None
            await _end(worker)
            self.next = await self._start()

    def is_slow(self) -> bool:
        """Return whether the drawing of now has taken so long that a newer one should take its place."""
        return self.began is not None and asyncio.get_running_loop().time() - self.began > IMPATIENT

    async def end(self) -> None:
        """End the process that waits."""
        if self.next is not None:
            await _end(self.next)

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(*redraw.command(), stdin=pipe, stdout=pipe)


async def _end(worker: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        worker.kill()
    await worker.wait()


class Live:
    """The newest page, and those who wait for the next."""

    def __init__(self, preview: Preview) -> None:
        self.preview: Preview = preview
        self.workers: Workers = Workers(preview)
        self.files: dict[str, Stamp | None] = {str(path.absolute()): None for path in preview.inputs}
        self.page: str = fault_page(preview.source.path.name)
        self.version: int = 0
        self.drawing: bool = False
        self.ended: bool = False
        self._news: asyncio.Event = asyncio.Event()
        self._new_files: asyncio.Event = asyncio.Event()

    # drawing

    async def follow(self) -> None:
        """Draw, and draw again whenever a file that was read has changed, until cancelled."""
        drawing = asyncio.create_task(self._draw())
        try:
            async with aclosing(self._wakes()) as wakes:
                async for _ in wakes:
                    if self.is_stale() and (drawing.done() or self.workers.is_slow()):
                        await _cancelled(drawing)
                        drawing = asyncio.create_task(self._draw())
        finally:
            await _cancelled(drawing)
            await self.workers.end()

    def is_stale(self) -> bool:
        """Return whether a file has changed since it was read, or since the drawing of now began."""
        return any(stamp(path) != kept for path, kept in self.files.items())

    async def _draw(self) -> None:
        """Draw until nothing has changed meanwhile."""
        while True:
            self.files = {path: stamp(path) for path in self.files}
            self._tell(drawing=True)
            drawn = await self._drawn()
            self.files |= drawn.files
            if drawn.page != self.page:
                self.page, self.version = drawn.page, self.version + 1
            self._tell(drawing=False)
            if not self.is_stale():
                self._new_files.set()
                return

    async def _drawn(self) -> Drawn:
        name = self.preview.source.path.name
        try:
            async with asyncio.timeout(LONGEST):
                return await self.workers.draw()
        except TimeoutError:
            return Drawn(fault_page(name, "", f"{name} has run for {LONGEST:.0f} s", "is there an endless loop?"))
        except EOFError:
            return Drawn(fault_page(name, "", f"{name} ended the process that draws", "does it call os._exit()?"))

    async def _wakes(self) -> AsyncGenerator[None, None]:
        """Yield whenever files may have changed."""
        from watchfiles import awatch

        while True:
            folders = sorted({folder for path in self.files if (folder := _watched(path))})
            self._new_files.clear()
            yield
            try:
                wakes = awatch(
                    *folders,
                    watch_filter=None,
                    recursive=False,
                    step=_SETTLED,
                    debounce=_MOST,
                    rust_timeout=_LOOK,
                    yield_on_timeout=True,
                    stop_event=self._new_files,
                )
                async for _ in wakes:
                    yield
            except OSError:
                # A folder has gone, or the system watches no more of them: files are looked at all the same.
                await asyncio.sleep(_LOOK / 1000)

    # serving

    def application(self) -> ASGIApp:
        """Return what answers with the page, and tells of each new one."""
        from starlette.applications import Starlette
        from starlette.responses import HTMLResponse, StreamingResponse
        from starlette.routing import Route

        async def page(_: Request) -> Response:
            return HTMLResponse(self.page)

        async def changes(_: Request) -> Response:
            return StreamingResponse(self._events(), media_type="text/event-stream")

        return Starlette(routes=[Route("/", page), Route("/changes", changes)])

    async def _events(self) -> AsyncGenerator[str, None]:
        told: tuple[int, bool] | None = None
        while not self.ended:
            news, now = self._news, (self.version, self.drawing)
            if now != told:
                told = now
                yield f"event: {'drawing' if self.drawing else 'drawn'}\ndata: {self.version}\n\n"
            try:
                async with asyncio.timeout(_PULSE):
                    await news.wait()
            except TimeoutError:
                yield ": still here\n\n"

    def _tell(self, *, drawing: bool) -> None:
        self.drawing = drawing
        self._news.set()
        self._news = asyncio.Event()

    async def stop_with(self, server: uvicorn.Server) -> None:
        """End the answers that wait for news when the server is told to stop."""
        while not server.should_exit:
            await asyncio.sleep(0.1)
        self.ended = True
        self._news.set()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _watched(path: str) -> str:
    """Return the folder whose changes tell of a file: its own, or the nearest that is there."""
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    return str(next((each for each in (folder, *folder.parents) if each.is_dir()), ""))
