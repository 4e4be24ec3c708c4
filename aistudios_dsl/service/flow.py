"""Every call to the service, without I/O: generators that yield actions and receive the answers.

Any call raises `ApiError` if the service refuses it or cannot be reached.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeGuard
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
    expect,
)
from aistudios_dsl.service.download import PartialFile, first_words, validate_link, validate_target
from aistudios_dsl.service.login import PREFIX, Login, Secret
from aistudios_dsl.service.requests import Answer, Failure, Flow, Pause, Send, Work
from aistudios_dsl.service.response_status import KEY_HINT, data_of, made_data_of, refusal, refuses_token, shown
from aistudios_dsl.service.webhook import percent_of
from aistudios_dsl.wire.jsontext import canonical, copied, has_surrogate, parse
from aistudios_dsl.wire.node import camel

ANSWER_ONLY = frozenset(
    (
        *("_id", "userId", "templateId", "state", "thumbnailUrl", "baseInfoId", "backendTaskId", "exportType"),
        *("progress", "creditSubstracted", "createdAt", "updatedAt", "download_url", "downloadUrl", "id", "projectId"),
    )
)
"""Keys that the service adds to a project and a create does not accept: a body that has one came from the service."""
CREATE_KEYS = frozenset(
    ("name", "orientation", "dictionary", "scenes", "webhookUrl", "workspaceId", "resolution", "isExport")
)
"""Keys that a create accepts."""
FAILED_STATES = frozenset({"failed", "fail", "error", "canceled", "cancelled", "aborted"})
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0
"""Seconds between two progress requests: the first and the longest pause."""
_MOST_REDIRECTS = 5
_EXPIRED = (400, 401, 403, 404, 410)
"""How a file host may answer to an address that has expired."""
_ID = re.compile(r"(?=.*[A-Za-z0-9])[\w.:~@=+-]{1,200}", re.ASCII)
"""The letters of a project id: none that would change an address, a file name or a line of text."""
_HALF_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")
_LONGEST_ANSWER, _LONGEST_PROJECT = 1_000_000, 32_000_000
"""Bytes, decompressed: of most answers; of a project, which may have thousands of scenes, and of the list of all."""
_TOKEN_POLL = 0.05
"""Seconds between two looks at whether another call has fetched the token."""


class HasPayload(Protocol):
    """Anything that can be sent, such as a `Project`."""

    def to_dict(self) -> dict[str, Any]: ...


Payload: TypeAlias = HasPayload | Mapping[str, Any] | str | bytes


@frozen
class PreparedPayload:
    """A checked project body as canonical text without `isExport`; a create sends it without parsing it again."""

    text: str
    name: str

    def to_dict(self) -> dict[str, Any]:
        """Return the body."""
        return parse(self.text)  # type: ignore[no-any-return]

    def content(self, export: bool) -> str:
        """Return the text of the create."""
        return f"{self.text[:-1]},{canonical({'isExport': export})[1:]}"


@frozen
class Job:
    """A project that is stored at the service.

    Attributes:
        id: The id of the project.
        name: Its name, or "" if it has none or the name is not known.
        export: True if it is being rendered, False if it is a draft.

    Example:
        >>> Job("65f2a0", "Hello").export
        True
    """

    id: str
    name: str = ""
    export: bool = True


@frozen
class Progress:
    """How far a rendering is.

    Attributes:
        id: The id of the project.
        percent: 0 to 100.
        download_url: The address of the video, or "" while there is none.
        state: The state as the service names it, such as "exporting" or "failed".
        trouble: Why the last request failed, while `wait` keeps waiting; else "".

    Example:
        >>> Progress("65f2a0", 40).done
        False
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
        """Whether the service gave up. No such state is documented, so this knows the usual words for it."""
        return self.state.casefold() in FAILED_STATES


class _NoToken(Exception):
    """No token could be fetched now; its argument is the answer that says why."""


class Calls:
    """The calls of one login to one service, as flows. Their docstrings are those of the methods of `Client`."""

    def __init__(self, login: Login, base: str) -> None:
        self._login = login
        self.base = base
        login.path = urlsplit(base).path

    def clean(self, error: DslError) -> None:
        """Remove keys and tokens from an error."""
        self._login.clean(error)

    def whoami(self) -> Flow[dict[str, Any]]:
        """Test the key, which costs nothing.

        Returns:
            What the service says about the key.

        Raises:
            ApiError: If the service does not accept the key (code "key-refused") or cannot be reached.

        Example:
            >>> client.whoami()
            {'isAuthenticated': True}
        """
        data = yield from self._read("GET", "/auth", about="whoami")
        if data.get("isAuthenticated") is True:
            return data
        del data  # it may hold a token
        raise ApiError("the service does not accept the key", "whoami", KEY_HINT, 200, code="key-refused")

    def create(self, project: Payload, *, export: bool) -> Flow[Job]:
        """Post a project. It is sent again only if nothing can have been sent.

        Args:
            project: A `Project` or anything with `to_dict()`, or the body as a mapping or JSON text.
            export: True renders it, which spends credits; False stores a draft.

        Returns:
            The new project's id, its name, and whether it is being rendered.

        Raises:
            BuildError: If this is not a project.
            ApiError: If the service refuses it or cannot be reached; nothing was made.
            SubmissionUnknown: If it may have been made, and charged. Look before you send it again.

        Example:
            >>> job = client.create(project, export=True)
            >>> job.name, job.export
            ('Hello', True)
        """
        text, name = _create_text(project, export)
        about = f"creating {name!r}" if name else "creating a project without a name"
        answer = yield from self._call("POST", "/editor/project", text.encode(), safe=False)
        look = _where_to_look(name)
        found, problem = self._id_in(made_data_of(answer, self._login, about, look))
        if not found:
            raise SubmissionUnknown(f"it was made, and maybe charged, but {problem}", about, look, answer.status)
        return Job(found, name, export)

    def create_from_template(
        self,
        template_id: str,
        *,
        name: str | None = None,
        avatar: str | None = None,
        cloth: str | None = None,
        workspace_id: str | None = None,
    ) -> Flow[Job]:
        """Make a project from a template of the service. It is a draft: nothing is rendered.

        It is sent again only if nothing can have been sent.

        Args:
            template_id: The id of the template, as `templates` lists it.
            name: The name of the project. Default: the service's choice.
            avatar: The id of the avatar that speaks. Default: that of the template.
            cloth: The id of its outfit. Default: the service's choice.
            workspace_id: The workspace to make it in. Default: the login's own.

        Returns:
            The new project's id, for `get` and `export`.

        Raises:
            BuildError: If this is not the id of a template.
            ApiError: If there is no such template (code "not-found"), or the call fails; nothing was made.
            SubmissionUnknown: If it may have been made. Look before you send it again.

        Example:
            >>> job = client.create_from_template("sandbox-template", name="For Ann", avatar="M000045058")
            >>> client.get(job)["name"], job.export
            ('For Ann', False)
        """
        if not is_project_id(template_id):
            raise BuildError(
                f"{shown(repr(template_id))} is not a template id", hint="give an id that templates() lists"
            )
        # The service's table names these keys. Its samples say `model` and `clothes` for the middle two.
        words = _strings(name=name, avatar=avatar, cloth=cloth, workspace_id=workspace_id)
        names = {"name": "name", "avatar": "aiName", "cloth": "clothId", "workspace_id": "workspaceId"}
        body = {names[keyword]: value for keyword, value in words.items()}
        about, look = f"a project from template {template_id}", _where_to_look(name or "", "made")
        path = f"/editor/template/{quote(template_id, safe='')}"
        answer = yield from self._call("POST", path, canonical(body).encode(), safe=False)
        found, problem = self._id_in(made_data_of(answer, self._login, about, look, costs=False))
        if not found:
            raise SubmissionUnknown(f"it was made, but {problem}", about, look, answer.status)
        return Job(found, name or "", export=False)

    def get(self, id: str | Job) -> Flow[dict[str, Any]]:
        """Fetch a stored project.

        Args:
            id: A project id, or what `create` returned.

        Returns:
            The project's JSON, with what the service added to it.

        Raises:
            ApiError: If there is no such project (code "not-found"), or the call fails.

        Example:
            >>> client.get(client.create(project, export=False))["name"]
            'Hello'
        """
        path = f"/editor/project/{_quoted(id)}"
        data = yield from self._read("GET", path, about="project", id=_id(id), longest=_LONGEST_PROJECT)
        project = data.get("project", data)
        return project if isinstance(project, dict) else {}

    def list(self) -> Flow[tuple[dict[str, Any], ...]]:
        """List the exported projects; drafts are not listed.

        Returns:
            `id`, `name`, `state` ("exported" when ready) and `download_url` of each project.

        Example:
            >>> job = client.create(project, export=True)
            >>> [found["name"] for found in client.list() if found["id"] == job.id]
            ['Hello']
        """
        data = yield from self._read("GET", "/editor/project", about="the list of projects", longest=_LONGEST_PROJECT)
        return _objects(data)

    def export(
        self,
        id: str | Job,
        *,
        workspace_id: str | None = None,
        resolution: str | None = None,
        webhook_url: str | None = None,
    ) -> Flow[Job]:
        """Render a stored project, which spends credits. It is sent again only if nothing can have been sent.

        Args:
            id: A project id, or what `create` returned.
            workspace_id: The workspace to render in. Default: that of the project.
            resolution: "4k", "1080", "720" or "480". Default: that of the project.
            webhook_url: The address to post progress to; see `webhook_url`. Default: that of the project.

        Returns:
            The job to wait for.

        Raises:
            ApiError: If the service refuses it or cannot be reached; nothing was rendered.
            SubmissionUnknown: If the rendering may have begun. Look before you export it again.

        Example:
            >>> client.export(client.create(project, export=False), resolution="720").export
            True
        """
        given = _strings(workspace_id=workspace_id, resolution=resolution, webhook_url=webhook_url)
        body = {"projectId": _id(id)} | {camel(keyword): value for keyword, value in given.items()}
        about = f"exporting {_id(id)}"
        look = f"look at its progress before exporting it again: aistudios status {_id(id)}"
        answer = yield from self._call("POST", "/editor/project/export", canonical(body).encode(), safe=False)
        found, _ = self._id_in(made_data_of(answer, self._login, about, look, _id(id)))
        return Job(found or _id(id), id.name if isinstance(id, Job) else "")

    def progress(self, id: str | Job) -> Flow[Progress]:
        """Ask how far a rendering is.

        Args:
            id: A project id, or what `create` returned.

        Returns:
            The percentage, the state, and the video's address once there is one.

        Raises:
            ApiError: If there is no such project (code "not-found"), or the call fails.

        Example:
            >>> client.progress(client.create(project, export=True)).percent
            100.0
        """
        path = f"/editor/progress/{_quoted(id)}"
        return self._progress_in((yield from self._read("GET", path, about="progress of", id=_id(id))), _id(id))

    def wait(
        self, job: str | Job, timeout: float = 1800.0, on_progress: Callable[[Progress], object] | None = None
    ) -> Flow[Progress]:
        """Wait until a rendering is done. Transient errors (no connection, 429, 5xx) do not end the wait.

        Args:
            job: What `create` or `export` returned, or a project id.
            timeout: Seconds to wait at most, 0 or more; 1800 by default. The vendor says that 10 minutes can pass.
            on_progress: Called with the `Progress` after each request; its `trouble` names a transient error.

        Returns:
            The progress, with the video's address.

        Raises:
            RenderFailed: If the service gave up.
            StillRendering: If the time is up. The rendering goes on; `project_id` is there to wait again.
            ApiError: If the job is a draft, or the service refuses the request.

        Example:
            >>> client.wait(client.create(project, export=True), timeout=600).done
            True
        """
        project_id = _validated_wait(job, timeout)
        end, pause = time.monotonic() + timeout, FIRST_PAUSE
        seen = Progress(project_id, 0)
        while True:
            answer = yield from self._call("GET", f"/editor/progress/{_quoted(job)}", until=end)
            if answer.transient:
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
            requested = (seen.trouble and answer.retry_after) or 0.0
            yield Pause(min(left, max(pause * random.uniform(0.8, 1.2), requested)))
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def download(self, job: str | Job | Progress, path: str | Path, *, overwrite: bool = False) -> Flow[Path]:
        """Save the video of a finished rendering. A broken download is resumed; the file appears only when complete.

        Args:
            job: A project id, or what `create`, `export` or `wait` returned.
            path: The file to write, or an existing folder, where the file gets the service's name for it.
            overwrite: True replaces an existing file.

        Returns:
            The path of the file.

        Raises:
            ApiError: If there is no video yet (code "not-ready"), or it cannot be downloaded.
            DslError: If the file exists (code "file-exists") or cannot be written.

        Example:
            >>> job = client.wait(client.create(project, export=True))
            >>> client.download(job, folder / "hello.mp4").name
            'hello.mp4'
        """
        project_id = _id(job)
        target = validate_target(path, overwrite)
        url = yield from self._link(project_id)
        part: PartialFile = yield Work(lambda: PartialFile.beside(target, project_id, overwrite))
        try:
            yield from self._fetch(url, part, project_id)
            saved: Path = yield Work(part.finish)
            return saved
        finally:
            part.discard()

    def delete(self, ids: str | Job | Iterable[str | Job]) -> Flow[int]:
        """Delete projects.

        Args:
            ids: A project id or a job, or several of them.

        Returns:
            How many projects were deleted.

        Example:
            >>> client.delete(client.create(project, export=False))
            1
        """
        these = [_id(one) for one in ([ids] if isinstance(ids, str | Job) else ids)]
        body = canonical({"ids": these}).encode()
        answer = yield from self._call("DELETE", "/editor/project", body, safe=False)
        data = data_of(answer, self._login, f"deleting {', '.join(these)}", these[0] if len(these) == 1 else "")
        count = data.get("deletedCount", 0)
        return count if isinstance(count, int) else 0

    def avatars(self) -> Flow[tuple[dict[str, Any], ...]]:
        """List the avatars of this login.

        Returns:
            `id`, `label` and `clothes` of each avatar.

        Example:
            >>> client.avatars()[0]["label"]["en"]
            'Jonathan'
        """
        data = yield from self._read("GET", "/model", about="the avatars")
        return _objects(data, "models")

    def models(self) -> Flow[tuple[dict[str, Any], ...]]:
        """List the avatars of this login as the service's menus show them.

        Returns:
            `id`, `label` and `avatarType` of each avatar; `avatars` has the outfits too.

        Example:
            >>> client.models()[0]
            {'id': 'M000045058', 'label': 'Jonathan', 'avatarType': 'studio'}
        """
        data = yield from self._read("GET", "/dropdown/models", about="the menu of avatars")
        return _objects(data)

    def templates(self) -> Flow[tuple[dict[str, Any], ...]]:
        """List the templates of the service, for `create_from_template`.

        Returns:
            `id` and `name` of each template.

        Example:
            >>> client.templates()
            ({'id': 'sandbox-template', 'name': 'A greeting'},)
        """
        data = yield from self._read("GET", "/dropdown/templates_business", about="the templates")
        return _objects(data)

    def workspaces(self) -> Flow[tuple[dict[str, Any], ...]]:
        """List the workspaces of this login.

        Returns:
            `workspaceId` and `workspaceName` of each workspace.

        Example:
            >>> client.workspaces()[0]["workspaceId"]
            'sandbox-workspace'
        """
        data = yield from self._read("GET", "/dropdown/workspaces", about="the workspaces")
        return _objects(data)

    # one request, with a valid token

    def _read(
        self, method: str, path: str, *, about: str, id: str = "", longest: int = _LONGEST_ANSWER
    ) -> Flow[dict[str, Any]]:
        answer = yield from self._call(method, path, longest=longest)
        return data_of(answer, self._login, f"{about} {id}" if id else about, id)

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        safe: bool = True,
        until: float | None = None,
        longest: int = _LONGEST_ANSWER,
    ) -> Flow[Answer]:
        try:
            token = self._login.current() or (yield from self._renewed(None, until))
            request = Send(method, f"{self.base}{PREFIX}{path}", token, body, safe, until=until, longest=longest)
            answer: Answer = yield request
            if self._login.renews and refuses_token(answer):
                token = yield from self._renewed(token, until)
                answer = yield evolve(request, token=token)
        except _NoToken as error:
            return error.args[0]  # type: ignore[no-any-return]
        return answer

    def _renewed(self, refused: Secret | None, until: float | None = None) -> Flow[Secret]:
        """Return a token other than the refused one; of several calls at once, one fetches it for all."""
        lock = self._login.lock
        while not lock.acquire(blocking=False):
            if until is not None and time.monotonic() >= until:
                raise _NoToken(Answer(failure=Failure("another call is still fetching the token", sent=False)))
            yield Pause(_TOKEN_POLL)
        try:
            current = self._login.current()
            if current is not None and current is not refused:
                return current
            body = {"appId": self._login.app_id, "userKey": self._login.user_key}
            answer: Answer = yield Send("POST", f"{self.base}{PREFIX}/auth/token", body=body, until=until)
            if until is not None and answer.transient:
                raise _NoToken(answer)
            token = _token_in(data_of(answer, self._login, "the app id and user key"))
            if token is None:
                raise ApiError("the service sent no token", "the app id and user key", status=answer.status)
            return self._login.renew(token)
        finally:
            lock.release()

    # reading an answer

    def _id_in(self, data: Mapping[str, Any]) -> tuple[str, str]:
        """Return the project's id, or "" and why it cannot be used."""
        found = data.get("projectId")
        if is_project_id(found) and not self._login.is_in(found):
            return found, ""
        if found in (None, ""):
            return "", "the service sent no id"
        return "", f"the service sent an unusable id: {shown(self._login.scrubbed(repr(found)))}"

    def _progress_in(self, data: Mapping[str, Any], id: str) -> Progress:
        said, state = data.get("progress"), shown(self._login.scrubbed(str(data.get("state") or "")))
        url = str(data.get("downloadUrl") or data.get("download_url") or "")
        percent, safe = percent_of(said), not self._login.is_in(url)
        said = shown(self._login.scrubbed(repr(said)))
        del data  # it may hold a token
        if percent is None:
            del url
            raise ApiError(f"progress is {said}, not a number", f"progress of {id}", project_id=id)
        if not safe:
            del url
            hint = "only the service may see your key, so the video is not requested: report it to the service"
            raise ApiError("the video's address contains your key", f"progress of {id}", hint, project_id=id)
        return Progress(id, percent, url, state)

    # the video

    def _link(self, id: str) -> Flow[str]:
        seen = yield from self.progress(id)
        if not (seen.done or seen.failed):
            hint, message = f"wait for it first: aistudios wait {id}", f"the video is not ready: {seen.percent:g} %"
            raise ApiError(message, f"download of {id}", hint, project_id=id, code="not-ready")
        return _ended(seen, 0).download_url

    def _fetch(self, url: str, part: PartialFile, id: str) -> Flow[None]:
        """Fill the file, without a token because the video may be on any host.

        If an address brought some of the video and then expired, a new one is requested.
        """
        about, reached = f"download of {id}", 0
        answer: Answer = yield from self._follow(url, part, about, id)
        while answer.failure is None and answer.status in _EXPIRED and part.reached > reached:
            reached = part.reached
            url = yield from self._link(id)
            answer = yield from self._follow(url, part, about, id)
        if answer.failure:
            raise ApiError(answer.failure.text, about, answer.failure.hint, answer.status, project_id=id)
        if answer.status not in (200, 206):
            message = f"the video's host answers HTTP {answer.status}{first_words(answer.body)}"
            hint = "its address may have expired: download it again to get a new one"
            raise ApiError(message, about, hint if answer.status in _EXPIRED else "", answer.status, project_id=id)

    def _follow(self, url: str, part: PartialFile, about: str, id: str) -> Flow[Answer]:
        """Return the answer after all redirects; only so many may follow each other without a byte of the video."""
        hops, reached = 0, part.reached
        while hops <= _MOST_REDIRECTS:
            validate_link(url, about, id)
            answer: Answer = yield Send("GET", url, sink=part)
            location = answer.headers.get("location")
            if answer.failure or not (300 <= answer.status < 400 and location):
                return answer
            with suppress(ValueError):
                location = urljoin(url, location)
            url = location
            hops, reached = hops + 1 if part.reached == reached else 1, part.reached
        raise ApiError(f"the video's host redirects more than {_MOST_REDIRECTS} times", about, project_id=id)


def is_project_id(found: object) -> TypeGuard[str]:
    """Return whether the service can be asked about a project by this id.

    >>> is_project_id("65f2a0"), is_project_id("../65f2a0"), is_project_id("")
    (True, False, False)
    """
    return isinstance(found, str) and _ID.fullmatch(found) is not None


def body_of(project: Payload) -> dict[str, Any]:
    """Return the body of a create. Raise `BuildError` if this is not a project.

    A body that came from the service loses the keys that a create does not accept; your own body keeps all its keys.

    >>> body_of({"_id": "1", "name": "Hello", "scenes": [], "credit": 2})
    {'name': 'Hello', 'scenes': []}
    """
    body = _mapping_of(project)
    if not isinstance(body.get("scenes"), list | tuple):
        raise BuildError("this is not a project: it has no scenes", hint="give a Project, or the JSON that it builds")
    if any(name in ANSWER_ONLY or name.startswith("_") for name in body):
        return {name: _without_marks(value) for name, value in body.items() if name in CREATE_KEYS}
    return body


def _create_text(project: Payload, export: bool) -> tuple[str, str]:
    """Return the canonical text of a create, and the project's name."""
    if not isinstance(export, bool):
        raise BuildError(f"export is {export!r}", hint="True renders and spends credits, False stores a draft")
    if isinstance(project, PreparedPayload):
        return project.content(export), project.name
    body = body_of(project)
    return canonical({**body, "isExport": export}), str(body.get("name") or "")


def _without_marks(value: Any) -> Any:
    """Return the value without the keys that a database adds to every object."""
    if isinstance(value, Mapping):
        return {name: _without_marks(inner) for name, inner in value.items() if name not in ("_id", "__v")}
    return [_without_marks(inner) for inner in value] if isinstance(value, list | tuple) else value


def _mapping_of(project: Payload) -> dict[str, Any]:
    try:
        text = project if isinstance(project, str | bytes) else None
        found: Any = parse(text, "the project") if text is not None else project
        found = found.to_dict() if hasattr(found, "to_dict") else found
        if isinstance(found, Mapping):
            is_sound = isinstance(found, dict) and text is not None and not _may_hold_surrogates(text)
            return dict(found) if is_sound else copied(found)
    except LoadError as error:
        message = error.message if error.path or isinstance(project, str | bytes) else f"the project {error.message}"
        raise BuildError(message, error.path, error.hint) from None
    hint = "give a Project, a mapping, or JSON text"
    raise BuildError(f"a project cannot be sent as {type(found).__name__}", hint=hint)


def _may_hold_surrogates(text: str | bytes) -> bool:
    """Whether JSON text may hold half a character, which cannot be sent; a parsed text has no other fault."""
    if isinstance(text, bytes):
        return _HALF_ESCAPED.search(text) is not None
    return has_surrogate(text) or _HALF_ESCAPED.search(text.encode()) is not None


def _validated_wait(job: str | Job, timeout: object) -> str:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout >= 0:
        raise BuildError(f"timeout is {timeout!r}", hint="give the seconds to wait, 0 or more")
    if isinstance(job, Job) and not job.export:
        hint = "export it first, which spends credits: export(id)"
        raise ApiError("this is a draft, which is not rendered", f"rendering of {job.id}", hint, project_id=job.id)
    return _id(job)


def _token_in(data: Mapping[str, Any]) -> Secret | None:
    found = data.get("token")
    return Secret(found) if isinstance(found, str) and re.fullmatch("[!-~]+", found) else None


def _id(job: str | Job | Progress) -> str:
    found = job.id if isinstance(job, Job | Progress) else job
    if not is_project_id(found):
        raise BuildError(f"{shown(repr(found))} is not a project id", hint="give what create returned")
    return found


def _quoted(job: str | Job) -> str:
    return quote(_id(job), safe="")


def _objects(data: dict[str, Any], name: str = "items") -> tuple[dict[str, Any], ...]:
    """Return the objects of a list; the list may stand under any name."""
    lists = (value for key, value in data.items() if isinstance(value, list))
    items = data[name] if isinstance(data.get(name), list) else next(lists, [])
    return tuple(item for item in items if isinstance(item, dict))


def _strings(**given: object) -> dict[str, str]:
    """Return the keywords that were given. Raise `BuildError` for one that is no string."""
    for keyword, value in given.items():
        expect(value, str | None, f"{keyword} must be a string")
    return {keyword: value for keyword, value in given.items() if isinstance(value, str)}


def _where_to_look(name: str, again: str = "made and charged again") -> str:
    what = f"{name!r}" if name else "it (it has no name)"
    return f"look for {what} on the dashboard before you send it again: a second copy is {again}"


def _ended(seen: Progress, timeout: float) -> Progress:
    """Return a progress that is done. Raise `RenderFailed` or `StillRendering` otherwise."""
    if seen.done:
        return seen
    about = f"rendering of {seen.id}"
    if seen.failed:
        hint = "it is no longer being rendered; look at the project on the dashboard"
        raise RenderFailed(f"the service gave up at {seen.percent:g} %: {seen.state}", about, hint, 200, "", seen.id)
    hint = f"it goes on without you; wait again: aistudios wait {seen.id}"
    message = f"not done after {timeout:g} s: {seen.percent:g} %"
    message += f"; the last request failed: {seen.trouble}" if seen.trouble else ""
    raise StillRendering(message, about, hint, 0 if seen.trouble else 200, "", seen.id)
