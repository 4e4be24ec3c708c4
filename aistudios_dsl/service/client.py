"""Client and AsyncClient: a blocking and an async driver of the same flows; only this module uses httpx."""

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
from aistudios_dsl.service.requests import Action, Answer, Failure, Flow, Pause, Send, Work

P = ParamSpec("P")
T = TypeVar("T")
H = TypeVar("H", bound=httpx.Client | httpx.AsyncClient)
Transport = TypeVar("Transport", bound=httpx.BaseTransport | httpx.AsyncBaseTransport)

_LONGEST_TIMEOUT = 86_400.0
_LONGEST_CONNECT = 10.0
"""Seconds."""
_ENCODINGS = ("gzip", "x-gzip", "deflate")
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
_MESSAGES: dict[type[Exception], str] = {
    httpx.PoolTimeout: "every connection was busy for too long",
    httpx.ConnectTimeout: "{host} did not take the connection in time",
    httpx.TimeoutException: "{host} did not answer in time",
    httpx.ProxyError: "the proxy refused the connection to {host}",
    httpx.ConnectError: "{host} cannot be reached: {error}",
    httpx.InvalidURL: "{host} is not a valid host",
    UnicodeError: "{host} is not a valid host",
    Exception: "the connection to {host} broke before the answer was complete",
}

logging.getLogger("stamina").addHandler(logging.NullHandler())  # retries are logged only if the program logs


class _Unreadable(Exception):
    """Stops reading an answer; its argument is the `Failure`."""


_ERRORS = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError, _Unreadable)


class _Retry(Exception):
    """An answer after which the request is sent again if attempts are left."""

    def __init__(self, answer: Answer, wait: bool | float) -> None:
        super().__init__()
        self.answer = answer
        self.wait = wait


def _retry_wait(error: Exception) -> bool | float:
    return error.wait if isinstance(error, _Retry) else False


class _Exchange:
    """One request and the response to it as it comes in, for either client."""

    def __init__(self, request: Send, timeout: float) -> None:
        self._request = request
        self.streams = request.sink is not None
        """Whether it may go on as long as data keeps coming."""
        self.refused = False
        """Whether the response is not part of the download, so that its first words are enough."""
        self.seconds = request.time_limit(timeout)
        """How long a call may take; for a download, the longest gap between two chunks."""
        self._answer = Answer()
        self._body: _Body | None = None
        self._sent = True
        self._socket: socket.socket | None = None

    def request(self, http: httpx.Client | httpx.AsyncClient, trace: Callable[..., Any]) -> httpx.Request:
        """Return the request to send. It is built here so that no frame outlives it with a secret in it."""
        request, seconds = self._request, self.seconds
        timeout = httpx.Timeout(seconds, connect=min(seconds, _LONGEST_CONNECT))
        return http.build_request(
            request.method,
            request.url,
            headers=request.headers(),
            content=request.content(),
            timeout=timeout,
            extensions={"trace": trace},
        )

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note the socket, and whether any of the request has been sent."""
        if event.endswith("connect_tcp.started"):
            self._sent = False
        elif event.endswith("send_request_headers.started"):
            self._sent = info["request"].method != b"CONNECT"
        stream = info.get("return_value")
        if stream is not None and hasattr(stream, "get_extra_info"):
            self._socket = stream.get_extra_info("socket")

    def begin(self, response: httpx.Response) -> Callable[[bytes], object] | None:
        """Take the status and headers; return what takes the body, or None if the body is not needed."""
        self._answer = Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()})
        sink = self._request.sink
        take = sink.begin(self._answer.status, self._answer.headers) if sink else None
        self.refused = self.streams and take is None
        self.streams = take is not None
        if take or (self.refused and self._answer.status < 400):
            return take
        self._body = _Body(self._answer.headers.get("content-encoding", "identity"), self._request.longest)
        return self._body.take

    def fail(self, error: Exception) -> None:
        """Record the error that ended the exchange."""
        self._stop(_failure(error, self._request))

    def time_out(self) -> None:
        """Record that the time is up."""
        text = _MESSAGES[httpx.TimeoutException].format(host=_host(self._request))
        hint = "" if self._sent else _UNSENT.format(check=_check(self._request))
        self._stop(Failure(text, sent=self._sent, hint=hint))

    def _stop(self, failure: Failure) -> None:
        self._answer = Answer(self._answer.status, self._answer.headers, failure=failure)

    def abort(self) -> None:
        """Shut down the socket under a thread that is reading from it."""
        if self._socket:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # the plain method: TLS would send a goodbye

    def result(self) -> Answer:
        """Return the answer. Raise `_Retry` if the request should be sent again."""
        found, sink = self._answer, self._request.sink
        damage = sink.failure() if sink else None
        failure = damage if damage and not damage.transient else found.failure or damage
        if self._body and not failure and not self.refused:
            failure = self._body.failure()
        answer = Answer(found.status, found.headers, self._body.text() if self._body and not failure else b"", failure)
        wait = self._request.retry(answer)
        if wait is not False:
            raise _Retry(answer, wait)
        return answer


class _Body:
    """The body of an answer, decompressed as it arrives, up to so many bytes."""

    def __init__(self, encoding: str, longest: int) -> None:
        self._parts: list[bytes] = []
        self._room = self._longest = longest
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding.casefold() in _ENCODINGS else None

    def take(self, chunk: bytes) -> None:
        """Add a chunk."""
        try:
            text = self._unpacker.decompress(chunk, self._room + 1) if self._unpacker else chunk
        except zlib.error:
            raise _Unreadable(Failure("the service sent an answer that cannot be decompressed")) from None
        self._room -= len(text)
        if self._room < 0:
            raise _Unreadable(Failure(f"the service answers with more than {self._longest:,} bytes", transient=False))
        self._parts.append(text)

    def text(self) -> bytes:
        """Return the whole body."""
        return b"".join(self._parts)

    def failure(self) -> Failure | None:
        """Return the failure if the compressed data ends early."""
        complete = not self._unpacker or self._unpacker.eof or not any(self._parts)
        return None if complete else Failure("the connection broke before the answer was complete")


class _Deadline:
    """Ends an exchange that takes too long. A timeout of httpx is for one read, and every byte restarts it."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange
        self._done = threading.Event()
        self.passed = False
        self.extend()

    def extend(self) -> None:
        """Restart the time."""
        self._until = time.monotonic() + self._exchange.seconds

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow the connection, and let nothing be sent over it once the time is up."""
        self._exchange.trace(event, info)
        if self.passed and event.endswith(("start_tls.started", "send_request_headers.started")):
            raise TimeoutError

    def _watch(self) -> None:
        while (left := self._until - time.monotonic()) > 0:
            if self._done.wait(left):
                return
        self.passed = True
        self._exchange.abort()

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()


def _host(request: Send) -> str:
    return request.url.split("/")[2]


def _check(request: Send) -> str:
    return "check AISTUDIOS_BASE_URL" if request.sink is None else "the address came from the service"


def _failure(error: Exception, request: Send) -> Failure:
    """Return what an error of httpx means. Most error texts are left out because they can quote what was sent."""
    if isinstance(error, _Unreadable):
        return error.args[0]  # type: ignore[no-any-return]
    host, check = _host(request), _check(request)
    tls = next((cause for cause in _chain(error) if isinstance(cause, ssl.SSLError)), None)
    if isinstance(error, httpx.ConnectError) and tls and not isinstance(tls, ssl.SSLEOFError):
        return _tls_failure(tls, host, check)
    message = next(message for kind, message in _MESSAGES.items() if isinstance(error, kind))
    text = message.format(host=host, error=error if isinstance(error, httpx.ConnectError) else "")
    unsent = isinstance(error, _NOTHING_SENT)
    hint = _UNSENT.format(check=check) if unsent else ""
    return Failure(text, sent=not unsent, transient=isinstance(error, httpx.TransportError), hint=hint)


def _tls_failure(tls: ssl.SSLError, host: str, check: str) -> Failure:
    if isinstance(tls, ssl.SSLCertVerificationError):
        hint = f"{check}; set SSL_CERT_FILE to a file that has your own certificate authority"
        text = f"the certificate of {host} is not trusted: {tls.verify_message}"
    else:
        hint = f"{check}: is it http:// at this port?"
        text = f"the TLS handshake with {host} failed ({tls.reason or 'no reason given'})"
    return Failure(text, sent=False, transient=False, hint=hint)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class _BaseClient(Generic[H, Transport]):
    """What both clients share: the checked arguments, and the connections of each process.

    A forked process opens its own connections, so that it reads no answer of another process. Each connection serves
    one exchange: a create must not meet a connection that is already dead, because its outcome would be unknown. No
    cookies are kept: they would go to the host of the videos. A proxy is not used for http://, which is this machine.
    """

    base_url: str = ""
    """The address of the service."""
    _kind: Callable[..., H]

    def __init__(
        self,
        api_key: str | None = None,
        *,
        app_id: str | None = None,
        user_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 30.0,
        transport: Transport | None = None,
    ) -> None:
        keys = Secret.of(api_key), Secret.of(app_id), Secret.of(user_key)
        del api_key, app_id, user_key  # so that a traceback with local variables does not show them
        self.base_url = base_of(base_url)
        self._calls = Calls(login(*keys), self.base_url)
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= _LONGEST_TIMEOUT:
            raise BuildError(f"timeout is {timeout!r}", hint="give seconds, above 0 and up to a day")
        self._timeout, self._transport = timeout, transport
        self._connections = {os.getpid(): self._connect()}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    @property
    def _http(self) -> H:
        """The connections of this process. Raise `BuildError` if the transport belongs to the parent process."""
        process = os.getpid()
        if process not in self._connections:
            if self._transport is not None:
                hint = "make a client in each process"
                raise BuildError("the transport of this client belongs to the process that was forked", hint=hint)
            self._connections.setdefault(process, self._connect())
        return self._connections[process]

    def _connect(self) -> H:
        jar = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=0)
        try:
            return self._kind(transport=self._transport, cookies=jar, limits=limits, mounts={"http://": None})
        except (ImportError, OSError, ValueError, httpx.InvalidURL) as error:
            hint = "look at SSL_CERT_FILE, HTTPS_PROXY and ALL_PROXY"
            raise BuildError(f"the environment describes an impossible connection: {error}", hint=hint) from None


def _described(method: Any, call: Callable[..., Any]) -> Any:
    """Give a method the name, docstring and signature of its call, for `help` and notebooks."""
    method.__name__, method.__doc__ = call.__name__, call.__doc__
    call.__qualname__ = call.__name__  # so that Python's message about a missing argument does not name `Calls`
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


class Client(_BaseClient[httpx.Client, httpx.BaseTransport]):
    """A connection to the service, with calls that block. Use it in a `with` block, or call `close()`.

    Args:
        api_key: A key or a ready token. If no key is given, AISTUDIOS_API_KEY is read.
        app_id: With `user_key`, fetches a token and renews it. Default: AISTUDIOS_APP_ID.
        user_key: See `app_id`. Default: AISTUDIOS_USER_KEY.
        base_url: The address of the service. Default: AISTUDIOS_BASE_URL, else https://app.aistudios.com.
        timeout: Seconds for each attempt of a call, until its last byte; for a download, the longest gap between
            two chunks. Above 0, up to 86,400; 30 by default.
        transport: An httpx transport, for this process only.

    Raises:
        BuildError: If a key, the address or the timeout cannot be right, or there is no key.

    Example:
        >>> Client("my-key", base_url="http://127.0.0.1:8000")
        Client('http://127.0.0.1:8000')
    """

    _kind = httpx.Client
    whoami: Final = _blocking(Calls.whoami)
    create: Final = _blocking(Calls.create)
    create_from_template: Final = _blocking(Calls.create_from_template)
    get: Final = _blocking(Calls.get)
    list: Final = _blocking(Calls.list)
    export: Final = _blocking(Calls.export)
    progress: Final = _blocking(Calls.progress)
    wait: Final = _blocking(Calls.wait)
    download: Final = _blocking(Calls.download)
    delete: Final = _blocking(Calls.delete)
    avatars: Final = _blocking(Calls.avatars)
    models: Final = _blocking(Calls.models)
    templates: Final = _blocking(Calls.templates)
    workspaces: Final = _blocking(Calls.workspaces)

    def _run(self, flow: Flow[T]) -> T:
        with closing(flow):
            try:
                action = next(flow)
                while True:
                    action = flow.send(self._do(action))
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            except DslError as error:
                self._calls.clean(error)
                raise

    def _do(self, action: Action) -> Any:
        if isinstance(action, Work):
            return action.task()
        if isinstance(action, Pause):
            return time.sleep(action.seconds)
        while True:  # a download gets new attempts whenever the last ones brought more of it
            reached = action.reached
            try:
                return stamina.RetryingCaller(**action.attempts())(_retry_wait, self._send, action)
            except _Retry as last:
                if action.reached == reached:
                    return last.answer

    def _send(self, request: Send) -> Answer:
        http, exchange = self._http, _Exchange(request, self._timeout)
        with _Deadline(exchange) as deadline:
            try:
                response = http.send(exchange.request(http, deadline.trace), stream=True)
                with closing(response):
                    if take := exchange.begin(response):
                        for chunk in response.iter_raw():
                            if exchange.streams:
                                deadline.extend()
                            take(chunk)
                            if exchange.refused:
                                break
            except _ERRORS as error:
                exchange.fail(error)
        if deadline.passed:
            exchange.time_out()
        return exchange.result()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_BaseClient[httpx.AsyncClient, httpx.AsyncBaseTransport]):
    """A connection to the service, with calls to await. Use it in an `async with` block, or await `close()`.

    Its arguments and methods are those of `Client`; `transport` is an httpx async transport.

    Example:
        >>> AsyncClient("my-key", base_url="http://127.0.0.1:8000")
        AsyncClient('http://127.0.0.1:8000')
    """

    _kind = httpx.AsyncClient
    whoami: Final = _awaited(Calls.whoami)
    create: Final = _awaited(Calls.create)
    create_from_template: Final = _awaited(Calls.create_from_template)
    get: Final = _awaited(Calls.get)
    list: Final = _awaited(Calls.list)
    export: Final = _awaited(Calls.export)
    progress: Final = _awaited(Calls.progress)
    wait: Final = _awaited(Calls.wait)
    download: Final = _awaited(Calls.download)
    delete: Final = _awaited(Calls.delete)
    avatars: Final = _awaited(Calls.avatars)
    models: Final = _awaited(Calls.models)
    templates: Final = _awaited(Calls.templates)
    workspaces: Final = _awaited(Calls.workspaces)

    async def _run(self, flow: Flow[T]) -> T:
        with closing(flow):
            try:
                action = next(flow)
                while True:
                    action = flow.send(await self._do(action))
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            except DslError as error:
                self._calls.clean(error)
                raise

    async def _do(self, action: Action) -> Any:
        if isinstance(action, Work):
            return await anyio.to_thread.run_sync(action.task)
        if isinstance(action, Pause):
            return await anyio.sleep(action.seconds)
        while True:
            reached = action.reached
            try:
                return await stamina.AsyncRetryingCaller(**action.attempts())(_retry_wait, self._send, action)
            except _Retry as last:
                if action.reached == reached:
                    return last.answer

    async def _send(self, request: Send) -> Answer:
        http, exchange = self._http, _Exchange(request, self._timeout)

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            exchange.trace(event, info)

        with anyio.move_on_after(exchange.seconds) as scope:
            try:
                response = await http.send(exchange.request(http, trace), stream=True)
                async with aclosing(response):
                    if take := exchange.begin(response):
                        async for chunk in response.aiter_raw():
                            if exchange.streams:
                                scope.deadline = anyio.current_time() + exchange.seconds
                            take(chunk)
                            if exchange.refused:
                                break
            except _ERRORS as error:
                exchange.fail(error)
        if scope.cancelled_caught:
            exchange.time_out()
        return exchange.result()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
