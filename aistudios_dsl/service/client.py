"""Client and AsyncClient: two thin drivers of the same flows, and the only user of httpx."""

from __future__ import annotations

import inspect
import logging
import os
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import aclosing, closing, suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Concatenate, Final, Generic, ParamSpec, Self, TypeVar

import anyio
import anyio.to_thread
import httpx
import stamina

from aistudios_dsl.errors import BuildError, DslError
from aistudios_dsl.service.flow import Calls
from aistudios_dsl.service.login import Secret, base_of, login
from aistudios_dsl.service.requests import Answer, Fault, Flow, Pause, Send, Step, Work

P = ParamSpec("P")
T = TypeVar("T")
H = TypeVar("H", bound=httpx.Client | httpx.AsyncClient)

_LONGEST_TIMEOUT = 86_400.0
_LONGEST_CONNECT = 10.0
"""Seconds; a host that takes no connection in so long is not there."""
_PACKINGS = ("gzip", "x-gzip", "deflate")
_LARGEST_ANSWER = 1_000_000
"""Bytes of an answer that is no download, unpacked."""
_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    UnicodeError,
)
_UNSENT = "nothing was sent; {check}; is the network up?"
_WORDS: dict[type[Exception], str] = {
    httpx.PoolTimeout: "every connection was busy for too long",
    httpx.ConnectTimeout: "{host} did not take the connection in time",
    httpx.TimeoutException: "{host} did not answer in time",
    httpx.ProxyError: "the proxy refused the connection to {host}",
    httpx.ConnectError: "{host} cannot be reached: {fault}",
    httpx.InvalidURL: "{host} is no host",
    UnicodeError: "{host} is no host",
    Exception: "the connection to {host} broke before the answer was whole",
}

logging.getLogger("stamina").addHandler(logging.NullHandler())  # retries are told to whoever set up logging


class _Broken(Exception):
    """An answer that is not read on."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


_TROUBLE = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError, _Broken)


class _Again(Exception):
    """An answer after which the request is sent once more, unless its attempts are used up."""

    def __init__(self, answer: Answer, wait: bool | float) -> None:
        super().__init__()
        self.answer = answer
        self.wait = wait


def _judged(timeout: object) -> float:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= _LONGEST_TIMEOUT:
        raise BuildError(f"timeout is {timeout!r}", hint="give seconds, above 0 and up to a day")
    return timeout


def _wait(fault: Exception) -> bool | float:
    return fault.wait if isinstance(fault, _Again) else False


def _limits(step: Send) -> dict[str, Any]:
    """A call is tried for about 45 s; a download as long as attempts bring more of it."""
    if step.until is not None:
        return {"attempts": 1, "timeout": None}
    return {"attempts": 6, "timeout": 45.0} if step.sink is None else {"attempts": 10, "timeout": None}


def _reached(step: Send) -> int:
    return step.sink.reached if step.sink else 0


class _Reply:
    """A response while it comes in, whichever client reads it."""

    def __init__(self, step: Send, usual: float) -> None:
        self._step = step
        self.streams = step.sink is not None
        """Whether it may take as long as something comes."""
        self.refused = False
        """Whether it is no part of a download, of which the first words are enough."""
        self.seconds = step.seconds(usual)
        """How long a call may take; a download, from one piece to the next."""
        self._answer = Answer()
        self._body: _Body | None = None
        self._sent = True
        self._socket: socket.socket | None = None

    def request(self, http: httpx.Client | httpx.AsyncClient, trace: Callable[..., Any]) -> httpx.Request:
        """The request to send; built here, so that no frame outlives it with a secret in it."""
        step, seconds = self._step, self.seconds
        timeout = httpx.Timeout(seconds, connect=min(seconds, _LONGEST_CONNECT))
        return http.build_request(
            step.method,
            step.url,
            headers=step.headers(),
            content=step.content(),
            timeout=timeout,
            extensions={"trace": trace},
        )

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow the connection: which it is, and whether it carries anything of the request yet."""
        if event.endswith("connect_tcp.started"):
            self._sent = False
        elif event.endswith("send_request_headers.started"):
            self._sent = info["request"].method != b"CONNECT"
        stream = info.get("return_value")
        if stream is not None and hasattr(stream, "get_extra_info"):
            self._socket = stream.get_extra_info("socket")

    def begin(self, response: httpx.Response) -> Callable[[bytes], object] | None:
        """Take the head, and say what takes the body, if it is worth reading."""
        self._answer = Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()})
        take = self._step.sink.begin(self._answer.status, self._answer.headers) if self._step.sink else None
        self.refused = self.streams and take is None
        self.streams = take is not None
        if take or (self.refused and self._answer.status < 400):
            return take
        self._body = _Body(self._answer.headers.get("content-encoding", "identity"))
        return self._body.take

    def broke(self, trouble: Exception) -> None:
        """Take the fault that came instead of the rest."""
        self._stop(_fault(trouble, self._step))

    def late(self) -> None:
        """Take it that the time is over."""
        text = _WORDS[httpx.TimeoutException].format(host=_host(self._step))
        self._stop(Fault(text, sent=self._sent, hint="" if self._sent else _UNSENT.format(check=_check(self._step))))

    def _stop(self, fault: Fault) -> None:
        self._answer = Answer(self._answer.status, self._answer.headers, fault=fault)

    def cut(self) -> None:
        """End the connection under a thread that reads from it."""
        if self._socket:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # of TLS too, which would say goodbye first

    def ended(self) -> Answer:
        """The answer. Raises `_Again` where it is one to ask anew after."""
        found, sink = self._answer, self._step.sink
        broken = sink.fault() if sink else None
        fault = broken if broken and not broken.passing else found.fault or broken
        if self._body and not fault and not self.refused:
            fault = self._body.fault()
        answer = Answer(found.status, found.headers, self._body.text() if self._body and not fault else b"", fault)
        wait = self._step.again(answer)
        if wait is not False:
            raise _Again(answer, wait)
        return answer


class _Body:
    """The body of an answer, unpacked as it comes, and never more than an answer has."""

    def __init__(self, packing: str) -> None:
        self._parts: list[bytes] = []
        self._room = _LARGEST_ANSWER
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32) if packing.casefold() in _PACKINGS else None

    def take(self, chunk: bytes) -> None:
        """Take the next piece."""
        try:
            text = self._unpacker.decompress(chunk, self._room + 1) if self._unpacker else chunk
        except zlib.error:
            raise _Broken(Fault("the service packed its answer wrongly")) from None
        self._room -= len(text)
        if self._room < 0:
            raise _Broken(Fault(f"the service answers with more than {_LARGEST_ANSWER:,} bytes", passing=False))
        self._parts.append(text)

    def text(self) -> bytes:
        """All of it."""
        return b"".join(self._parts)

    def fault(self) -> Fault | None:
        """What is wrong with it at its end."""
        whole = not self._unpacker or self._unpacker.eof or not any(self._parts)
        return None if whole else Fault("the connection broke before the answer was whole")


class _Watch:
    """Ends an exchange whose time is over: a timeout of httpx's is for one read, and each byte begins a new one."""

    def __init__(self, reply: _Reply) -> None:
        self._reply = reply
        self._done = threading.Event()
        self.late = False
        self.more()

    def more(self) -> None:
        """Begin the time anew."""
        self._until = time.monotonic() + self._reply.seconds

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow the connection, and send nothing over it once the time is over."""
        self._reply.trace(event, info)
        if self.late and event.endswith(("start_tls.started", "send_request_headers.started")):
            raise TimeoutError

    def _watch(self) -> None:
        while (left := self._until - time.monotonic()) > 0:
            if self._done.wait(left):
                return
        self.late = True
        self._reply.cut()

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()


class _Connections(Generic[H]):
    """The connections of each process: one that was forked opens its own, and reads nobody else's answers.

    Each is for one exchange, so that none is found dead by a create, whose fate would be unknown then. No cookies are
    kept, which would carry what the service put there to the host of a video; no proxy stands before this machine.
    """

    def __init__(self, kind: Callable[..., H], timeout: float, transport: Any) -> None:
        self.timeout = timeout
        self._kind, self._transport = kind, transport
        self._all = {os.getpid(): self._opened()}

    @property
    def own(self) -> H:
        """Those of this process. Raises `BuildError` where they were given, and are another's."""
        process = os.getpid()
        if process not in self._all:
            if self._transport is not None:
                hint = "make a client in each process"
                raise BuildError("the transport of this client belongs to the process that was forked", hint=hint)
            self._all.setdefault(process, self._opened())
        return self._all[process]

    def _opened(self) -> H:
        jar = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=0)
        try:
            return self._kind(transport=self._transport, cookies=jar, limits=limits, mounts={"http://": None})
        except (ImportError, OSError, ValueError, httpx.InvalidURL) as fault:
            hint = "look at SSL_CERT_FILE, HTTPS_PROXY and ALL_PROXY"
            raise BuildError(f"the environment sets a connection that cannot be: {fault}", hint=hint) from None


def _host(step: Send) -> str:
    return step.url.split("/")[2]


def _check(step: Send) -> str:
    return "check AISTUDIOS_BASE_URL" if step.sink is None else "the address came from the service"


def _fault(trouble: Exception, step: Send) -> Fault:
    """What a fault of httpx's means. The text of most is left out: it can quote what was sent."""
    if isinstance(trouble, _Broken):
        return trouble.fault
    host, check = _host(step), _check(step)
    tls = next((cause for cause in _chain(trouble) if isinstance(cause, ssl.SSLError)), None)
    if isinstance(trouble, httpx.ConnectError) and tls and not isinstance(tls, ssl.SSLEOFError):
        return _tls_fault(tls, host, check)
    words = next(words for kind, words in _WORDS.items() if isinstance(trouble, kind))
    text = words.format(host=host, fault=trouble if isinstance(trouble, httpx.ConnectError) else "")
    unsent = isinstance(trouble, _NOTHING_SENT)
    hint = _UNSENT.format(check=check) if unsent else ""
    return Fault(text, sent=not unsent, passing=isinstance(trouble, httpx.TransportError), hint=hint)


def _tls_fault(tls: ssl.SSLError, host: str, check: str) -> Fault:
    if isinstance(tls, ssl.SSLCertVerificationError):
        hint = f"{check}; SSL_CERT_FILE names a file with an authority of your own"
        text = f"the certificate of {host} is not trusted: {tls.verify_message}"
        return Fault(text, sent=False, passing=False, hint=hint)
    text = f"{host} speaks no TLS that is understood here ({tls.reason or 'no reason given'})"
    return Fault(text, sent=False, passing=False, hint=f"{check}: is it http:// at this port?")


def _chain(trouble: BaseException | None) -> Iterator[BaseException]:
    while trouble is not None:
        yield trouble
        trouble = trouble.__cause__ or trouble.__context__


def _described(method: Any, call: Callable[..., Any]) -> Any:
    """Give a method the name, text and signature of its call, for `help` and notebooks."""
    method.__name__, method.__doc__ = call.__name__, call.__doc__
    call.__qualname__ = call.__name__  # what Python says of a missing argument names it, and not the class behind
    signature = inspect.signature(call)
    returned = str(signature.return_annotation).removeprefix("Flow[").removesuffix("]")
    method.__signature__ = signature.replace(return_annotation=returned)
    return method


def _blocking(call: Callable[Concatenate[Calls, P], Flow[T]]) -> Callable[Concatenate[Client, P], T]:
    def method(self: Client, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run(call(self._calls, *args, **kwargs))

    return _described(method, call)  # type: ignore[no-any-return]


def _awaited(
    call: Callable[Concatenate[Calls, P], Flow[T]],
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]:
    async def method(self: AsyncClient, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(call(self._calls, *args, **kwargs))

    return _described(method, call)  # type: ignore[no-any-return]


class Client:
    """The service, as calls that block. Use it in a `with`, or `close()` it.

    `api_key` is a key or a ready token; `app_id` with `user_key` fetch a token and renew it. What is not given comes
    from AISTUDIOS_API_KEY, or AISTUDIOS_APP_ID and AISTUDIOS_USER_KEY, and AISTUDIOS_BASE_URL. `timeout`: seconds that
    each try of a call may take, to its last byte; a download, from one piece to the next. `transport`: an httpx
    transport, for one process. Raises `BuildError` on keys and addresses that cannot be right.

    >>> Client("my-key", base_url="http://127.0.0.1:8000")
    Client('http://127.0.0.1:8000')
    """

    base_url: str = ""
    """The service's address."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        app_id: str | None = None,
        user_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        keys = Secret.of(api_key), Secret.of(app_id), Secret.of(user_key)
        del api_key, app_id, user_key  # a traceback that shows locals shows none
        self.base_url: str = base_of(base_url)
        self._calls = Calls(login(*keys), self.base_url)
        self._http = _Connections(httpx.Client, _judged(timeout), transport)

    whoami: Final = _blocking(Calls.whoami)
    create: Final = _blocking(Calls.create)
    get: Final = _blocking(Calls.get)
    list: Final = _blocking(Calls.list)
    export: Final = _blocking(Calls.export)
    progress: Final = _blocking(Calls.progress)
    wait: Final = _blocking(Calls.wait)
    download: Final = _blocking(Calls.download)
    delete: Final = _blocking(Calls.delete)
    avatars: Final = _blocking(Calls.avatars)
    workspaces: Final = _blocking(Calls.workspaces)

    def _run(self, flow: Flow[T]) -> T:
        with closing(flow):
            try:
                step = next(flow)
                while True:
                    step = flow.send(self._do(step))
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            except DslError as fault:
                self._calls.clean(fault)
                raise

    def _do(self, step: Step) -> Any:
        if isinstance(step, Work):
            return step.task()
        if isinstance(step, Pause):
            return time.sleep(step.seconds)
        while True:
            reached = _reached(step)
            try:
                return stamina.RetryingCaller(**_limits(step))(_wait, self._exchange, step)
            except _Again as last:
                if _reached(step) == reached:
                    return last.answer

    def _exchange(self, step: Send) -> Answer:
        http = self._http.own
        reply = _Reply(step, self._http.timeout)
        with _Watch(reply) as watch:
            try:
                response = http.send(reply.request(http, watch.trace), stream=True)
                with closing(response):
                    take = reply.begin(response)
                    if take:
                        for chunk in response.iter_raw():
                            if reply.streams:
                                watch.more()
                            take(chunk)
                            if reply.refused:
                                break
            except _TROUBLE as trouble:
                reply.broke(trouble)
        if watch.late:
            reply.late()
        return reply.ended()

    def close(self) -> None:
        """Close the connections."""
        self._http.own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.base_url!r})"


class AsyncClient:
    """The service, as calls to await: arguments and methods are those of `Client`. Use it in an `async with`.

    >>> AsyncClient("my-key", base_url="http://127.0.0.1:8000")
    AsyncClient('http://127.0.0.1:8000')
    """

    base_url: str = ""
    """The service's address."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        app_id: str | None = None,
        user_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        keys = Secret.of(api_key), Secret.of(app_id), Secret.of(user_key)
        del api_key, app_id, user_key
        self.base_url: str = base_of(base_url)
        self._calls = Calls(login(*keys), self.base_url)
        self._http = _Connections(httpx.AsyncClient, _judged(timeout), transport)

    whoami: Final = _awaited(Calls.whoami)
    create: Final = _awaited(Calls.create)
    get: Final = _awaited(Calls.get)
    list: Final = _awaited(Calls.list)
    export: Final = _awaited(Calls.export)
    progress: Final = _awaited(Calls.progress)
    wait: Final = _awaited(Calls.wait)
    download: Final = _awaited(Calls.download)
    delete: Final = _awaited(Calls.delete)
    avatars: Final = _awaited(Calls.avatars)
    workspaces: Final = _awaited(Calls.workspaces)

    async def _run(self, flow: Flow[T]) -> T:
        with closing(flow):
            try:
                step = next(flow)
                while True:
                    step = flow.send(await self._do(step))
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            except DslError as fault:
                self._calls.clean(fault)
                raise

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Work):
            return await anyio.to_thread.run_sync(step.task)
        if isinstance(step, Pause):
            return await anyio.sleep(step.seconds)
        while True:
            reached = _reached(step)
            try:
                return await stamina.AsyncRetryingCaller(**_limits(step))(_wait, self._exchange, step)
            except _Again as last:
                if _reached(step) == reached:
                    return last.answer

    async def _exchange(self, step: Send) -> Answer:
        http = self._http.own
        reply = _Reply(step, self._http.timeout)

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            reply.trace(event, info)

        with anyio.move_on_after(reply.seconds) as scope:
            try:
                response = await http.send(reply.request(http, trace), stream=True)
                async with aclosing(response):
                    take = reply.begin(response)
                    if take:
                        async for chunk in response.aiter_raw():
                            if reply.streams:
                                scope.deadline = anyio.current_time() + reply.seconds
                            take(chunk)
                            if reply.refused:
                                break
            except _TROUBLE as trouble:
                reply.broke(trouble)
        if scope.cancelled_caught:
            reply.late()
        return reply.ended()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.own.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.base_url!r})"
