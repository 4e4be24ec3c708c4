"""The sandbox as a web application: the service's calls, the files, and `/sandbox/…` to control it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
from attrs import evolve
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aistudios_dsl.errors import DslError, LoadError
from aistudios_dsl.sandbox.answers import Broken, after, error_page, refusal, video
from aistudios_dsl.sandbox.bodies import objections
from aistudios_dsl.sandbox.faults import BEFORE, Fault, Faults
from aistudios_dsl.sandbox.world import API, Refused, Settings, World, credit, update, video_url
from aistudios_dsl.wire.codec import load
from aistudios_dsl.wire.jsontext import parse

Handler = Callable[[Request], Awaitable[Any]]

AVATARS = [("M000045058", "Jonathan", "BG00002320"), ("M000320746", "Hannah", "BG00006160")]
LISTED = frozenset(ai_name for ai_name, _, _ in AVATARS)
TEMPLATES = [{"id": "sandbox-template", "name": "A greeting"}]
DROPDOWN_MODELS = [{"id": ai_name, "label": label, "avatarType": "studio"} for ai_name, label, _ in AVATARS]
TEMPLATE_TEXT: dict[str, Any] = {
    "id": "textImage-0template01",
    "type": "textImage",
    "layer": 2,
    "text": "Hello there",
    "fill": "#ffffff",
    "fontSize": 48,
    "fontFamily": "Noto Sans CJK",
    "align": "left",
    "left": 120.5,
    "top": 160.25,
    "width": 329.535446379,
    "height": 72.32,
    "scaleX": 1,
    "scaleY": 1,
}
"""A text as the editor writes it, in the box that its canvas measured."""
WORKSPACES = [{"workspaceId": "sandbox-workspace", "workspaceName": "Rehearsals"}]


def application(settings: Settings, faults: list[Fault] | None = None, seed: int = 0) -> Starlette:
    """Return the sandbox as an ASGI application, for `uvicorn`."""
    sandbox = Sandbox(World(settings), Faults(faults or []))
    sandbox.faults.chance.seed(seed)
    return Starlette(routes=sandbox.routes(), exception_handlers={404: no_such_call, 405: no_such_call})


async def no_such_call(request: Request, fault: Exception) -> Response:
    """Refuse an unknown path or method, in the envelope."""
    status = fault.status_code if isinstance(fault, HTTPException) else 404
    what = f"{request.method} {request.url.path} is not part of this sandbox"
    return refusal(Refused(status, "no_such_call", what))


class Sandbox:
    """The calls, one method each. They return the `data` of the envelope."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world: World = world
        self.faults: Faults = faults
        self.tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        """Return the calls, the files, and the controls."""
        project = "/editor/project"
        calls: list[tuple[str, str, str, Handler]] = [
            ("POST", "/auth/token", "token", self.token),
            ("GET", "/auth", "whoami", fixed({"isAuthenticated": True})),
            ("POST", project, "create", self.create),
            ("GET", project, "list", self.listing),
            ("DELETE", project, "delete", self.delete),
            ("POST", f"{project}/export", "export", self.export),
            ("GET", project + "/{id}", "get", self.get),
            ("POST", project + "/{id}", "update", self.update),
            ("GET", "/editor/progress/{id}", "progress", self.progress),
            ("GET", "/model", "models", fixed({"models": [model(*avatar) for avatar in AVATARS]})),
            ("GET", "/dropdown/models", "dropdown-models", fixed(DROPDOWN_MODELS)),
            ("GET", "/dropdown/workspaces", "dropdown-workspaces", fixed(WORKSPACES)),
            ("GET", "/dropdown/templates_business", "dropdown-templates", fixed(TEMPLATES)),
            ("POST", "/editor/template/{id}", "template", self.template),
        ]
        return [
            *(Route(API + path, self.call(name, handler), methods=[verb]) for verb, path, name, handler in calls),
            Route("/files/{name}", self.call("download", self.download), methods=["GET"]),
            Route("/sandbox/{what}", self.control, methods=["GET", "POST"]),
        ]

    def call(self, name: str, handler: Handler) -> Handler:
        """Return the handler with faults, the check of the token, and the envelope around its answer."""

        async def endpoint(request: Request) -> Response:
            world, struck = self.world, self.faults.drawn(name)
            request.state.kinds = {fault.kind for fault in struck}
            asked = {"token": "authorization" in request.headers, "range": request.headers.get("range")}
            self.world.requests.append({"call": name, "method": request.method, "path": request.url.path} | asked)
            for fault in struck:
                if fault.kind in BEFORE and (early := await self.before(fault, request)):
                    return early
            if world is not self.world:
                # The sandbox was reset while the request was delayed.
                return Broken(b"", sent=0)
            answer = await self.answer(name, handler, request)
            for fault in struck:
                answer = after(fault, answer)
            return answer

        return endpoint

    async def before(self, fault: Fault, request: Request) -> Response | None:
        """Return the answer of a fault in place of the call; None if it only delays the call."""
        if fault.kind == "delay":
            await request.body()  # read first: a caller that gives up meanwhile has still sent it
            await asyncio.sleep(fault.number)
            return None
        if fault.kind == "reset-before":
            return Broken(b"", sent=0)
        if fault.kind == "429":
            headers = {"Retry-After": f"{fault.number:g}"}
            return refusal(Refused(429, "too_many_requests", "too many requests"), headers)
        if fault.kind == "refused":
            return refusal(Refused(200, "refused", "a fault of the sandbox refuses this"))
        if fault.kind == "expired":
            self.world.tokens.pop(request.headers.get("authorization", ""), None)
            return refusal(Refused(401, "expired_token", "this token has expired; get a new one"))
        return error_page(fault.kind)

    async def answer(self, name: str, handler: Handler, request: Request) -> Response:
        """Return the answer of the call in the envelope; a file has no envelope."""
        try:
            if name not in ("token", "download"):
                self.world.admit(request.headers.get("authorization"))
            data = await handler(request)
        except Refused as no:
            return refusal(no)
        except ClientDisconnect:
            return Response(status_code=400)
        return data if isinstance(data, Response) else JSONResponse({"success": True, "data": data})

    # the documented calls

    async def token(self, request: Request) -> dict[str, Any]:
        sent = await body_of(request)
        return {"token": self.world.token(sent.get("appId"), sent.get("userKey"))}

    async def create(self, request: Request) -> dict[str, Any]:
        stored = self.world.create(self.checked(await body_of(request)))
        self.announce(stored.id, request)
        return {"projectId": stored.id}

    async def listing(self, request: Request) -> list[dict[str, Any]]:
        rendered = [stored for stored in self.world.projects.values() if stored.task]
        return [self.world.summary(stored, file_host(request)) for stored in rendered]

    async def get(self, request: Request) -> dict[str, Any]:
        stored = self.world.found(request.path_params["id"])
        return {"project": self.world.details(stored, file_host(request))}

    async def update(self, request: Request) -> dict[str, Any]:
        stored, sent = self.world.found(request.path_params["id"]), await body_of(request)
        changed = update(stored.body, sent.get("updates"))
        taken = ("webhookUrl", "isExport", "workspaceId", "resolution")
        stored.body = self.checked(changed | {key: sent[key] for key in taken if key in sent})
        self.world.accept("update", stored, rendered=sent.get("isExport") is not False)
        self.announce(stored.id, request)
        return {"projectId": stored.id}

    async def export(self, request: Request) -> dict[str, Any]:
        sent = await body_of(request)
        stored = self.world.found(str(sent.get("projectId")))
        taken = ("webhookUrl", "workspaceId", "resolution")
        stored.body = self.checked(stored.body | {key: sent[key] for key in taken if key in sent})
        self.world.accept("export", stored, rendered=True)
        self.announce(stored.id, request)
        return {"projectId": stored.id}

    async def progress(self, request: Request) -> dict[str, Any]:
        stored, seconds = self.world.found(request.path_params["id"]), self.world.settings.render_seconds
        stored.failed = stored.failed or "failed" in request.state.kinds
        found = {"progress": stored.progress(seconds), "state": stored.state(seconds)}
        return found | ({"downloadUrl": video_url(stored, file_host(request))} if found["progress"] == 100 else {})

    async def delete(self, request: Request) -> dict[str, Any]:
        ids = (await body_of(request)).get("ids")
        if not isinstance(ids, list):
            raise Refused(400, "invalid_body", "ids must be a list")
        return {"deletedCount": sum(self.world.projects.pop(str(one), None) is not None for one in ids)}

    async def template(self, request: Request) -> dict[str, Any]:
        """Make a draft from a template, with the avatar and the outfit of the request.

        The vendor's table calls them aiName and clothId, its samples model and clothes: both are taken.
        """
        sent, found = await body_of(request), [one for one in TEMPLATES if one["id"] == request.path_params["id"]]
        if not found:
            raise Refused(404, "no_template", f"there is no template {request.path_params['id']}")
        ai_name = sent.get("aiName", sent.get("model", AVATARS[0][0]))
        default = next((cloth for one, _, cloth in AVATARS if one == ai_name), "")
        cloth = sent.get("clothId", sent.get("clothes", default))
        clip = {"id": "aiModel-0template00", "type": "aiModel", "layer": 1, "left": 1240, "top": 120}
        clip |= {"width": 600, "height": 960, "model": {"ai_name": ai_name, "emotion": cloth}}
        clip |= {"script": {"org": "<p>Hello there.</p>", "tts": None}}
        scene = {"sceneIdx": 0, "background": {}, "clips": [clip, TEMPLATE_TEXT]}
        body = {"name": sent.get("name", found[0]["name"]), "scenes": [scene], "isExport": False}
        return {"projectId": self.world.create(self.checked(body), "template").id}

    async def download(self, request: Request) -> Response:
        """Return the video or a range of it. A token sent here went to a host that must not see it."""
        if "authorization" in request.headers:
            raise Refused(400, "token_sent", "a token was sent to the host of the files")
        self.world.found(request.path_params["name"].removesuffix(".mp4"))
        return video("changed" in request.state.kinds, request)

    def checked(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the project body. Raise `Refused` with everything that the tables or the codec object to."""
        found = objections(body, None if self.world.settings.any_avatar else LISTED)
        try:
            load(body)
        except LoadError as fault:
            found.append(str(fault))
        if found:
            raise Refused(400, "invalid_body", "; ".join(found))
        return body

    # webhooks

    def announce(self, project_id: str, request: Request) -> None:
        """Send the project's webhooks while it renders, in a separate task."""
        url = self.world.projects[project_id].body.get("webhookUrl")
        if url and self.world.projects[project_id].task:
            task = asyncio.create_task(self.hooks(project_id, str(url), file_host(request)))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def hooks(self, project_id: str, url: str, host: str) -> None:
        stored, seconds = self.world.projects[project_id], self.world.settings.render_seconds
        task = stored.task
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            for percent in (25, 50, 75, 100):
                await asyncio.sleep(seconds / 4)
                if stored.failed or stored.task != task:
                    return
                body = {"progress": percent, "backendTaskId": task}
                if percent == 100:
                    body |= {"credit": credit(stored), "download_url": video_url(stored, host)}
                self.world.hooks.append({"url": url, "body": body, "status": await post(client, url, body)})

    # controls

    async def control(self, request: Request) -> Response:
        """Answer what is under `/sandbox/`, only to this machine.

        POST: faults, settings, expire (tokens), forget (requests), reset. GET: ledger, requests, hooks.
        """
        if request.client and not is_loopback(request.client.host):
            return Response(status_code=403)
        what = request.path_params["what"]
        if request.method == "POST":
            try:
                return JSONResponse(self.command(what, parse(await request.body() or b"null")))
            except (DslError, TypeError) as fault:
                return JSONResponse({"error": str(fault)}, 400)
        shown = {"ledger": self.world.ledger, "requests": self.world.requests, "hooks": self.world.hooks}
        return JSONResponse(shown[what]) if what in shown else Response(status_code=404)

    def command(self, what: str, wanted: Any) -> Any:
        if what == "faults":
            self.faults.set([Fault.parse(text) for text in wanted])
        elif what == "settings":
            self.world.settings = evolve(self.world.settings, **wanted)
        elif what == "expire":
            self.world.tokens.clear()
        elif what == "forget":
            self.world.requests.clear()
        elif what == "reset":
            self.faults.set([])
            self.world = World(self.world.settings)
        return {"done": what}


def fixed(data: Any) -> Handler:
    """Return a handler that always answers with this data."""

    async def answer(request: Request) -> Any:
        return data

    return answer


async def body_of(request: Request) -> dict[str, Any]:
    """Return the request's JSON object. Raise `Refused` on anything else."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refused(400, "invalid_body", "Content-Type must be application/json")
    try:
        found = parse(await request.body(), "the body")
    except LoadError as fault:
        raise Refused(400, "invalid_body", str(fault)) from None
    if not isinstance(found, dict):
        raise Refused(400, "invalid_body", "the body must be an object")
    return found


def model(ai_name: str, label: str, cloth: str) -> dict[str, Any]:
    """Return one avatar as in `GET /model`."""
    thumbnail = "https://cdn.aistudios.com/ai/model-introduce/thumbnails"
    words = {"ko": label, "en": label}
    outfit = {"id": cloth, "label": {"ko": "기본", "en": "Basic"}, "thumbnail": f"{thumbnail}/{ai_name}_{cloth}.png"}
    return {"id": ai_name, "label": words, "thumbnail": f"{thumbnail}/{ai_name}.png", "clothes": [outfit]}


def file_host(request: Request) -> str:
    """Return another name of this machine for the files, so that a token sent there is noticed."""
    host, port = request.url.hostname, request.url.port or 80
    return f"{'localhost' if host == '127.0.0.1' else host}:{port}"


async def post(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> int:
    """Send one webhook; return the HTTP status, or 0 if it was not sent. The sandbox calls only this machine."""
    if not is_loopback(urlsplit(url).hostname or ""):
        return 0
    with suppress(httpx.HTTPError):
        answer = await client.post(url, content=json.dumps(body), headers={"Content-Type": "application/json"})
        return answer.status_code
    return 0


def is_loopback(host: str) -> bool:
    """Return whether the host is this machine. The sandbox shares no code with the client that it tests."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
