"""Client and AsyncClient: two thin drivers of the same flows, and the only user of httpx."""

from __future__ import annotations

import inspect
import logging
import ssl
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing, closing
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

import anyio
import anyio.to_thread
import httpx
import stamina

from aistudios_dsl.errors import BuildError
from aistudios_dsl.service.flow import Calls
from aistudios_dsl.service.login import Secret, base_of, login
from aistudios_dsl.service.steps import Answer, Fault, Flow, Pause, Send, Step, Work

P = ParamSpec("P")
T = TypeVar("T")

_LONGEST_TIMEOUT = 86_400.0
_TROUBLE = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)
_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    UnicodeError,
)
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

    def __init__(self, step: Send) -> None:
        self._step = step
        self._answer = Answer()
        self._body: list[bytes] = []

    def request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request to send; built here, so that no frame outlives it with a secret in it."""
        step = self._step
        seconds = step.seconds(http.timeout.read or _LONGEST_TIMEOUT)
        return http.build_request(
            step.method, step.url, headers=step.headers(), content=step.content(), timeout=seconds
        )

    def begin(self, response: httpx.Response) -> Callable[[bytes], object]:
        """Take the head, and say what takes the body."""
        self._answer = Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()})
        sink = self._step.sink
        take = sink.begin(self._answer.status, self._answer.headers) if sink else None
        return take or self._body.append

    def broke(self, trouble: Exception) -> None:
        """Take the fault that came instead of the rest."""
        self._answer = Answer(self._answer.status, self._answer.headers, fault=_fault(trouble, self._step))

    def ended(self) -> Answer:
        """The answer. Raises `_Again` where it is one to ask anew after."""
        found, sink = self._answer, self._step.sink
        broken = sink.fault() if sink else None
        fault = broken if broken and not broken.passing else found.fault or broken
        answer = Answer(found.status, found.headers, b"".join(self._body), fault)
        wait = self._step.again(answer)
        if wait is not False:
            raise _Again(answer, wait)
        return answer


def _fault(trouble: Exception, step: Send) -> Fault:
    """What a fault of httpx's means. The text of most is left out: it can quote what was sent."""
    host = step.url.split("/")[2]
    check = "check AISTUDIOS_BASE_URL" if step.sink is None else "the address came from the service"
    tls = next((cause for cause in _chain(trouble) if isinstance(cause, ssl.SSLError)), None)
    if isinstance(trouble, httpx.ConnectError) and tls and not isinstance(tls, ssl.SSLEOFError):
        return _tls_fault(tls, host, check)
    words = next(words for kind, words in _WORDS.items() if isinstance(trouble, kind))
    text = words.format(host=host, fault=trouble if isinstance(trouble, httpx.ConnectError) else "")
    unsent = isinstance(trouble, _NOTHING_SENT)
    hint = f"nothing was sent; {check}; is the network up?" if unsent else ""
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
    from AISTUDIOS_API_KEY, or AISTUDIOS_APP_ID and AISTUDIOS_USER_KEY, and AISTUDIOS_BASE_URL. `timeout`: seconds for
    each connection, write and read. `transport`: an httpx transport. Raises `BuildError` on keys that cannot be right.

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
        self._http = httpx.Client(timeout=_judged(timeout), transport=transport)

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
        reply = _Reply(step)
        try:
            response = self._http.send(reply.request(self._http), stream=True)
            with closing(response):
                take = reply.begin(response)
                for chunk in response.iter_bytes():
                    take(chunk)
        except _TROUBLE as trouble:
            reply.broke(trouble)
        return reply.ended()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

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
        self._http = httpx.AsyncClient(timeout=_judged(timeout), transport=transport)

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
        reply = _Reply(step)
        try:
            response = await self._http.send(reply.request(self._http), stream=True)
            async with aclosing(response):
                take = reply.begin(response)
                async for chunk in response.aiter_bytes():
                    take(chunk)
        except _TROUBLE as trouble:
            reply.broke(trouble)
        return reply.ended()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self.base_url!r})"
