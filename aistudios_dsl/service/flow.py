"""Every call to the service, without I/O: generators that yield steps, and are sent the answers."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias
from urllib.parse import quote, urljoin, urlsplit

from attrs import evolve, frozen

from aistudios_dsl.errors import (
    ApiError,
    BuildError,
    DslError,
    LoadError,
    RenderFailed,
    StillRendering,
    SubmissionUnknown,
)
from aistudios_dsl.service.download import Part, first_words, judge_link, judge_target
from aistudios_dsl.service.login import PREFIX, Login, Secret
from aistudios_dsl.service.requests import DEEPEST, Answer, Fault, Flow, Pause, Send, Work
from aistudios_dsl.service.response_status import KEY_HINT, data_of, is_about_the_token, refusal, shown, spent
from aistudios_dsl.service.webhook import percent_of
from aistudios_dsl.wire.jsontext import canonical, copied, depth, parse

ANSWER_ONLY = frozenset(
    (
        *("_id", "userId", "templateId", "state", "thumbnailUrl", "baseInfoId", "backendTaskId", "exportType"),
        *("progress", "creditSubstracted", "createdAt", "updatedAt", "download_url", "downloadUrl", "id", "projectId"),
    )
)
"""Keys of a project that the service gives and a create does not take: where one is, the body came from there."""
CREATE_KEYS = frozenset(
    ("name", "orientation", "dictionary", "scenes", "webhookUrl", "workspaceId", "resolution", "isExport")
)
"""Keys that a create takes."""
FAILED_STATES = frozenset({"failed", "fail", "error", "canceled", "cancelled", "aborted"})
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0
"""Seconds between two looks at a rendering, at first and at most."""
_MOST_REDIRECTS = 5
_RUN_OUT = (400, 401, 403, 404, 410)
"""What a host of files answers to an address that was good once."""
_ID = re.compile(r"(?=.*[A-Za-z0-9])[\w.:~@=+-]{1,200}", re.ASCII)
"""What an id is made of: nothing that would change an address, a file's name, or a line of text."""
_TURN = 0.05
"""Seconds after which a call looks again whether another one has fetched the token."""


class HasPayload(Protocol):
    """What can be sent: it has the JSON object of a project."""

    def to_dict(self) -> dict[str, Any]:
        """The body of a create."""
        ...


Payload: TypeAlias = HasPayload | Mapping[str, Any] | str | bytes


@frozen
class Job:
    """A project that the service holds. `export`: it is being rendered; else it is a draft."""

    id: str
    name: str = ""
    export: bool = True


@frozen
class Progress:
    """How far a rendering is, in percent, and the address of the video once there is one.

    `trouble` says why the last look failed, where `wait` goes on waiting after it.
    """

    id: str
    percent: float
    download_url: str = ""
    state: str = ""
    trouble: str = ""

    @property
    def done(self) -> bool:
        """Whether the video can be downloaded."""
        return self.percent >= 100 and bool(self.download_url)

    @property
    def failed(self) -> bool:
        """Whether the service gave up; no such state is documented, so it is read from the words it might use."""
        return self.state.casefold() in FAILED_STATES


class _NoToken(Exception):
    """No token now, but perhaps soon; the answer says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Calls:
    """The calls of one login to one service, as flows."""

    def __init__(self, login: Login, base: str) -> None:
        self._login = login
        self.base = base
        login.path = urlsplit(base).path

    def clean(self, fault: DslError) -> None:
        """Take keys and tokens out of an error."""
        self._login.clean(fault)

    def whoami(self) -> Flow[dict[str, Any]]:
        """Try the key, which is free, and return what the service says of it. Raises `ApiError` where it is refused."""
        data = yield from self._read("GET", "/auth", about="whoami")
        if data.get("isAuthenticated") is True:
            return data
        del data  # it may hold a token
        raise ApiError("the service does not accept the key", "whoami", KEY_HINT, 200, code="key-refused")

    def create(self, project: Payload, *, export: bool) -> Flow[Job]:
        """Post a project. `export=True` renders it, which spends credits; False stores a draft.

        `project` has `to_dict()`, or is the body as a mapping or as JSON text. Sent again only where nothing can have
        been sent. Raises `ApiError` where the service refuses it, and `SubmissionUnknown` where it may have been made.
        """
        body = body_of(project, export=export)
        name = str(body.get("name") or "")
        about = f"creating {name!r}" if name else "creating a project without a name"
        answer = yield from self._call("POST", "/editor/project", canonical(body).encode(), safe=False)
        look = _where_to_look(name)
        found, odd = self._id_in(spent(answer, self._login, about, look))
        if not found:
            raise SubmissionUnknown(f"it was made, and maybe charged, but {odd}", about, look, answer.status)
        return Job(found, name, export)

    def get(self, id: str | Job) -> Flow[dict[str, Any]]:
        """The stored project, with what the service added to it."""
        data = yield from self._read("GET", f"/editor/project/{_quoted(id)}", about="project", id=_id(id))
        project = data.get("project", data)
        return project if isinstance(project, dict) else {}

    def list(self) -> Flow[tuple[dict[str, Any], ...]]:
        """The exported projects: `id`, `name`, `state` ("exported" when ready) and `download_url` of each."""
        data = yield from self._read("GET", "/editor/project", about="the list of projects")
        return _objects(data)

    def export(
        self,
        id: str | Job,
        *,
        workspace_id: str | None = None,
        resolution: str | None = None,
        webhook_url: str | None = None,
    ) -> Flow[Job]:
        """Render a stored project, which spends credits; sent again only where nothing can have been sent.

        Raises `SubmissionUnknown` where the rendering may have begun.
        """
        given = {"workspaceId": workspace_id, "resolution": resolution, "webhookUrl": webhook_url}
        body = {"projectId": _id(id)} | {name: value for name, value in given.items() if value is not None}
        about = f"exporting {_id(id)}"
        look = f"look at its progress before exporting it again: aistudios status {_id(id)}"
        answer = yield from self._call("POST", "/editor/project/export", canonical(body).encode(), safe=False)
        found, _ = self._id_in(spent(answer, self._login, about, look, _id(id)))
        return Job(found or _id(id), id.name if isinstance(id, Job) else "")

    def progress(self, id: str | Job) -> Flow[Progress]:
        """How far a rendering is."""
        path = f"/editor/progress/{_quoted(id)}"
        return self._progress_in((yield from self._read("GET", path, about="progress of", id=_id(id))), _id(id))

    def wait(
        self, job: str | Job, timeout: float = 1800.0, on_progress: Callable[[Progress], object] | None = None
    ) -> Flow[Progress]:
        """Wait for a rendering to be done, at most `timeout` seconds; a vendor's page says it can take 10 minutes.

        `on_progress` is called after each look. A fault that may pass (no connection, 429, 5xx) is waited out; the
        `trouble` of what `on_progress` gets says so. Raises `RenderFailed` where the service gave up, and
        `StillRendering` where the time is over: both have `project_id`.
        """
        project_id = _judged_wait(job, timeout)
        end, pause = time.monotonic() + timeout, FIRST_PAUSE
        seen = Progress(project_id, 0)
        while True:
            answer = yield from self._call("GET", f"/editor/progress/{_quoted(job)}", until=end)
            if answer.may_pass:
                why = refusal(answer, self._login, "", project_id)
                seen = evolve(seen, trouble="; ".join(filter(None, (why.message, why.hint))))
            else:
                about = f"progress of {project_id}"
                seen = self._progress_in(data_of(answer, self._login, about, project_id), project_id)
            if on_progress is not None:
                on_progress(seen)
            left = end - time.monotonic()
            if seen.done or seen.failed or left <= 0:
                return _ended(seen, timeout)
            asked = (seen.trouble and answer.retry_after) or 0.0
            yield Pause(min(left, max(pause * random.uniform(0.8, 1.2), asked)))
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def download(self, job: str | Job | Progress, path: str | Path, *, overwrite: bool = False) -> Flow[Path]:
        """Save the video to a file, or under the service's name for it into a folder, and return the file's path.

        The file appears whole or not at all; a break is resumed. An existing file is kept unless `overwrite`. Raises
        `ApiError` where there is no video yet, `DslError` where the disk refuses.
        """
        project_id = _id(job)
        target = judge_target(path, overwrite)
        url = yield from self._link(project_id)
        part: Part = yield Work(lambda: Part.beside(target, project_id, overwrite))
        try:
            yield from self._fetch(url, part, project_id)
            saved: Path = yield Work(part.finish)
            return saved
        finally:
            part.discard()

    def delete(self, ids: str | Job | Iterable[str | Job]) -> Flow[int]:
        """Delete projects, and return how many were."""
        these = [_id(one) for one in ([ids] if isinstance(ids, str | Job) else ids)]
        body = canonical({"ids": these}).encode()
        answer = yield from self._call("DELETE", "/editor/project", body, safe=False)
        data = data_of(answer, self._login, f"deleting {', '.join(these)}", these[0] if len(these) == 1 else "")
        count = data.get("deletedCount", 0)
        return count if isinstance(count, int) else 0

    def avatars(self) -> Flow[tuple[dict[str, Any], ...]]:
        """The avatars of this login: `id`, `label` and `clothes` of each."""
        data = yield from self._read("GET", "/model", about="the avatars")
        return _objects(data, "models")

    def workspaces(self) -> Flow[tuple[dict[str, Any], ...]]:
        """The workspaces of this login: `workspaceId` and `workspaceName` of each."""
        data = yield from self._read("GET", "/dropdown/workspaces", about="the workspaces")
        return _objects(data)

    # one request, with a token that is good

    def _read(self, method: str, path: str, *, about: str, id: str = "") -> Flow[dict[str, Any]]:
        answer = yield from self._call(method, path)
        return data_of(answer, self._login, f"{about} {id}" if id else about, id)

    def _call(
        self, method: str, path: str, body: bytes | None = None, *, safe: bool = True, until: float | None = None
    ) -> Flow[Answer]:
        try:
            token = self._login.current() or (yield from self._renewed(None, until))
            request = Send(method, f"{self.base}{PREFIX}{path}", token, body, safe, until=until)
            answer: Answer = yield request
            if self._login.renews and is_about_the_token(answer):
                token = yield from self._renewed(token, until)
                answer = yield evolve(request, token=token)
        except _NoToken as fault:
            return fault.answer
        return answer

    def _renewed(self, refused: Secret | None, until: float | None = None) -> Flow[Secret]:
        """A token that is not the refused one: of many calls at once, one fetches it for all."""
        turn = self._login.turn
        while not turn.acquire(blocking=False):
            if until is not None and time.monotonic() >= until:
                raise _NoToken(Answer(fault=Fault("another call is still fetching the token", sent=False)))
            yield Pause(_TURN)
        try:
            current = self._login.current()
            if current is not None and current is not refused:
                return current
            return (yield from self._fetched(until))
        finally:
            turn.release()

    def _fetched(self, until: float | None) -> Flow[Secret]:
        body = {"appId": self._login.app_id, "userKey": self._login.user_key}
        answer: Answer = yield Send("POST", f"{self.base}{PREFIX}/auth/token", body=body, until=until)
        if until is not None and answer.may_pass:
            raise _NoToken(answer)
        token = _token_in(data_of(answer, self._login, "the app id and user key"))
        if token is None:
            raise ApiError("the service gave no token", "the app id and user key", status=answer.status)
        return self._login.renew(token)

    # what an answer holds

    def _id_in(self, data: Mapping[str, Any]) -> tuple[str, str]:
        """The project's id; where it is none to use, or holds a key, "" and the words for it."""
        found = data.get("projectId")
        if isinstance(found, str) and _ID.fullmatch(found) and not self._login.is_in(found):
            return found, ""
        if found in (None, ""):
            return "", "the service gave no id"
        return "", f"what the service gave is no id: {shown(self._login.scrubbed(repr(found)))}"

    def _progress_in(self, data: Mapping[str, Any], id: str) -> Progress:
        said, state = data.get("progress"), shown(self._login.scrubbed(str(data.get("state") or "")))
        url = str(data.get("downloadUrl") or data.get("download_url") or "")
        percent, safe = percent_of(said), not self._login.is_in(url)
        said = shown(self._login.scrubbed(repr(said)))
        del data
        if percent is None:
            del url
            raise ApiError(f"progress is {said}, not a number", f"progress of {id}", project_id=id)
        if not safe:
            del url
            hint = "nobody but the service may see it, so the video is not asked for: tell the service"
            raise ApiError("the video's address holds your key", f"progress of {id}", hint, project_id=id)
        return Progress(id, percent, url, state)

    # the video

    def _link(self, id: str) -> Flow[str]:
        seen = yield from self.progress(id)
        if seen.failed:
            _ended(seen, 0)
        if not seen.done:
            hint = f"wait for it first: aistudios wait {id}"
            raise ApiError(f"the video is not ready: {seen.percent:g} %", f"download of {id}", hint, project_id=id)
        return seen.download_url

    def _fetch(self, url: str, part: Part, id: str) -> Flow[None]:
        """Fill the part, without a token: the video may lie on any host.

        An address that brought some of it and then runs out is asked for anew.
        """
        about, reached = f"download of {id}", 0
        answer: Answer = yield from self._followed(url, part, about, id)
        while answer.fault is None and answer.status in _RUN_OUT and part.reached > reached:
            reached = part.reached
            url = yield from self._link(id)
            answer = yield from self._followed(url, part, about, id)
        if answer.fault:
            raise ApiError(answer.fault.text, about, answer.fault.hint, answer.status, project_id=id)
        if answer.status not in (200, 206):
            run_out = "its address may have run out: download it again, and a new one is asked for"
            message = f"the video's host answers HTTP {answer.status}{first_words(answer.body)}"
            hint = run_out if answer.status in _RUN_OUT else ""
            raise ApiError(message, about, hint, answer.status, project_id=id)

    def _followed(self, url: str, part: Part, about: str, id: str) -> Flow[Answer]:
        """The answer at the end of the redirects, of which so many may come in a row without a byte of the video."""
        hops, reached = 0, part.reached
        while hops <= _MOST_REDIRECTS:
            judge_link(url, about, id)
            answer: Answer = yield Send("GET", url, sink=part)
            location = answer.headers.get("location")
            if answer.fault or not (300 <= answer.status < 400 and location):
                return answer
            url = _joined(url, location)
            hops, reached = hops + 1 if part.reached == reached else 1, part.reached
        raise ApiError(f"the video's host redirects more than {_MOST_REDIRECTS} times", about, project_id=id)


def body_of(project: Payload, *, export: bool) -> dict[str, Any]:
    """The body of a create, `isExport` written. Raises `BuildError`.

    Of a body that the service gave, only what a create takes is posted again; one of your own keeps all its keys.

    >>> body_of({"_id": "1", "name": "Hello", "scenes": [], "credit": 2}, export=False)
    {'name': 'Hello', 'scenes': [], 'isExport': False}
    """
    if not isinstance(export, bool):
        raise BuildError(f"export is {export!r}", hint="True renders and spends credits, False stores a draft")
    body = _mapping_of(project)
    if not isinstance(body.get("scenes"), list | tuple):
        raise BuildError("this is no project: it has no scenes", hint="give a Project, or the JSON that it builds")
    if any(name in ANSWER_ONLY or name.startswith("_") for name in body):
        body = {name: _without_marks(value) for name, value in body.items() if name in CREATE_KEYS}
    return {**body, "isExport": export}


def _without_marks(value: Any) -> Any:
    """A value without the keys that a database puts into every object."""
    if isinstance(value, Mapping):
        return {name: _without_marks(inner) for name, inner in value.items() if name not in ("_id", "__v")}
    return [_without_marks(inner) for inner in value] if isinstance(value, list | tuple) else value


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _mapping_of(project: Payload) -> Mapping[str, Any]:
    try:
        found: Any = parse(project, "the project") if isinstance(project, str | bytes) else project
        found = found.to_dict() if hasattr(found, "to_dict") else found
        if depth(found, DEEPEST + 1) > DEEPEST:
            raise BuildError(f"the project is nested too deeply: more than {DEEPEST} levels")
        if isinstance(found, Mapping):
            return {name: copied(value, str(name)) for name, value in found.items()}
    except LoadError as fault:
        raise BuildError(fault.message, fault.path, fault.hint) from None
    hint = "give a Project, a mapping, or JSON text"
    raise BuildError(f"a project cannot be sent as {type(found).__name__}", hint=hint)


def _judged_wait(job: str | Job, timeout: object) -> str:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout >= 0:
        raise BuildError(f"timeout is {timeout!r}", hint="give the seconds to wait at most")
    if isinstance(job, Job) and not job.export:
        hint = "render it first, which spends credits: export(id)"
        raise ApiError("it is a draft, which nobody renders", f"rendering of {job.id}", hint, project_id=job.id)
    return _id(job)


def _token_in(data: Mapping[str, Any]) -> Secret | None:
    found = data.get("token")
    return Secret(found) if isinstance(found, str) and re.fullmatch("[!-~]+", found) else None


def _id(job: str | Job | Progress) -> str:
    found = job.id if isinstance(job, Job | Progress) else job
    if not isinstance(found, str) or not _ID.fullmatch(found):
        raise BuildError(f"{shown(repr(found))} is no project id", hint="it is what create returned")
    return found


def _quoted(job: str | Job) -> str:
    return quote(_id(job), safe="")


def _objects(data: dict[str, Any], name: str = "items") -> tuple[dict[str, Any], ...]:
    """The objects of a list, which stands alone or under some name."""
    lists = (value for key, value in data.items() if isinstance(value, list))
    items = data[name] if isinstance(data.get(name), list) else next(lists, [])
    return tuple(item for item in items if isinstance(item, dict))


def _where_to_look(name: str) -> str:
    what = f"{name!r}" if name else "it (it has no name)"
    return (
        f"look for {what} on the dashboard, or in client.list() if it was to be rendered, before sending it again:"
        " sent twice it is made, and charged, twice"
    )


def _ended(seen: Progress, timeout: float) -> Progress:
    if seen.done:
        return seen
    about = f"rendering of {seen.id}"
    if seen.failed:
        hint = "nothing is rendered any more; look at the project on the dashboard"
        raise RenderFailed(f"the service gave up at {seen.percent:g} %: {seen.state}", about, hint, 200, "", seen.id)
    hint = f"it goes on without you; wait again: aistudios wait {seen.id}"
    message = f"not done after {timeout:g} s: {seen.percent:g} %"
    message += f"; the last look failed: {seen.trouble}" if seen.trouble else ""
    raise StillRendering(message, about, hint, 0 if seen.trouble else 200, "", seen.id)
