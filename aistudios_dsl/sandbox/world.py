"""The state of the sandbox: tokens, projects, renders over time, and the ledger of accepted requests."""

from __future__ import annotations

import hashlib
import secrets
import time
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from aistudios_dsl.wire.jsontext import canonical

API = "/api/odin/v3"


@frozen
class Settings:
    """How the sandbox behaves. Times are in seconds."""

    key: str = "sandbox-key"
    app_id: str = "sandbox-app"
    user_key: str = "sandbox-user-key"
    token_seconds: float = 24 * 3600.0
    render_seconds: float = 2.0
    any_avatar: bool = False
    ledger: Path | None = None


class Refused(Exception):
    """A refusal: HTTP status, error code and message. The vendor publishes no codes, so these are invented."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status: int = status
        self.code: str = code
        self.message: str = message


@define
class Stored:
    """A stored project: its body, and its latest render if there is one."""

    id: str
    body: dict[str, Any]
    task: str = ""
    started: float = 0.0
    failed: bool = False
    created: float = field(factory=time.time)

    def progress(self, render_seconds: float) -> float:
        """Return how much is rendered, 0 to 100 percent; a draft stays at 0."""
        if not self.task:
            return 0.0
        share = (time.monotonic() - self.started) / render_seconds if render_seconds else 1.0
        return 40.0 if self.failed else round(min(share, 1.0) * 100, 1)

    def state(self, render_seconds: float) -> str:
        """Return `draft`, `exporting`, `failed` or `exported`; only the last is documented."""
        if not self.task:
            return "draft"
        done = self.progress(render_seconds) >= 100
        return "failed" if self.failed else "exported" if done else "exporting"


@define
class World:
    """Everything that one sandbox remembers."""

    settings: Settings
    tokens: dict[str, float] = field(factory=dict)
    projects: dict[str, Stored] = field(factory=dict)
    ledger: list[dict[str, Any]] = field(factory=list)
    requests: list[dict[str, Any]] = field(factory=list)
    hooks: list[dict[str, Any]] = field(factory=list)
    began: float = field(factory=time.monotonic)

    def token(self, app_id: object, user_key: object) -> str:
        """Return a new token for the pair. Raise `Refused` if the pair is wrong."""
        if (app_id, user_key) != (self.settings.app_id, self.settings.user_key):
            raise Refused(401, "invalid_user_key", "appId and userKey do not belong together")
        token = secrets.token_hex(16)
        self.tokens[token] = time.monotonic()
        return token

    def admit(self, authorization: str | None) -> None:
        """Raise `Refused` unless this is a valid token."""
        if not authorization:
            raise Refused(401, "no_token", "the Authorization header is missing")
        if authorization.lower().startswith("bearer"):
            raise Refused(401, "invalid_token", "send the raw token, without Bearer")
        issued = self.began if authorization == self.settings.key else self.tokens.get(authorization)
        if issued is None:
            raise Refused(401, "invalid_token", "this token is not known")
        if time.monotonic() - issued >= self.settings.token_seconds:
            raise Refused(401, "expired_token", "this token has expired; get a new one")

    def found(self, project_id: str) -> Stored:
        """Return the project with this id. Raise `Refused` if there is none."""
        if project_id not in self.projects:
            raise Refused(404, "no_project", f"there is no project {project_id}")
        return self.projects[project_id]

    def create(self, body: dict[str, Any], call: str = "create") -> Stored:
        """Store a new project, and start its render unless `isExport` is false."""
        stored = Stored(secrets.token_hex(12), body)
        self.projects[stored.id] = stored
        self.accept(call, stored, rendered=body.get("isExport") is not False)
        return stored

    def accept(self, call: str, stored: Stored, *, rendered: bool) -> None:
        """Write an accepted request to the ledger, and start the render that it pays for."""
        if rendered:
            stored.task, stored.started, stored.failed = secrets.token_hex(8), time.monotonic(), False
        payload = {key: value for key, value in stored.body.items() if key != "isExport"}
        entry = {
            "call": call,
            "projectId": stored.id,
            "name": stored.body.get("name"),
            "sha256": hashlib.sha256(canonical(payload).encode()).hexdigest(),
            "export": rendered,
        }
        self.ledger.append(entry)
        if self.settings.ledger:
            with self.settings.ledger.open("a", encoding="utf-8") as file:
                file.write(canonical(entry) + "\n")

    def summary(self, stored: Stored, host: str) -> dict[str, Any]:
        """Return a project as in the list."""
        seconds = self.settings.render_seconds
        name = stored.body.get("name", "Default Template")
        found = {"id": stored.id, "name": name, "state": stored.state(seconds)}
        return found | ({"download_url": video_url(stored, host)} if found["state"] == "exported" else {})

    def details(self, stored: Stored, host: str) -> dict[str, Any]:
        """Return a project as in `GET /editor/project/{id}`."""
        written = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(stored.created))
        summary = self.summary(stored, host)
        del summary["id"]
        return summary | {
            "_id": stored.id,
            "orientation": stored.body.get("orientation", "landscape"),
            "scenes": stored.body["scenes"],
            "userId": "sandbox-user",
            "templateId": None,
            "thumbnailUrl": None,
            "baseInfoId": None,
            "dictionary": stored.body.get("dictionary"),
            "backendTaskId": stored.task or None,
            "exportType": "video",
            "progress": stored.progress(self.settings.render_seconds),
            "creditSubstracted": credit(stored) if stored.task else 0,
            "createdAt": written,
            "updatedAt": written,
        }


def video_url(stored: Stored, host: str) -> str:
    """Return the address of the video."""
    return f"http://{host}/files/{stored.id}.mp4"


def credit(stored: Stored) -> int:
    """Return what a render costs here: one per scene. The real price is not documented."""
    return len(stored.body["scenes"])


def update(body: dict[str, Any], updates: Any) -> dict[str, Any]:
    """Return the body with changed clips; `updates` is a list, or an object with `value`. Raise `Refused`."""
    value = updates.get("value") if isinstance(updates, dict) else updates
    if isinstance(updates, dict) and "backgroundAudio" in updates:
        raise Refused(501, "not_in_sandbox", "updates.backgroundAudio is not part of this sandbox")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Refused(400, "invalid_body", "updates.value must be a list of objects")
    scenes = [dict(scene) for scene in body["scenes"]]
    for item in value:
        index = item.get("sceneIdx")
        found = [scene for scene in scenes if scene["sceneIdx"] == index]
        if not found:
            raise Refused(400, "invalid_body", f"no scene has the sceneIdx {index}")
        for scene in found:
            _change(scene, item.get("type"), item.get("values"))
    return body | {"scenes": scenes}


def _change(scene: dict[str, Any], kind: object, values: Any) -> None:
    if not isinstance(values, dict):
        raise Refused(400, "invalid_body", "values must be an object")
    if kind == "background":
        scene["background"] = scene["background"] | values
        return
    if not any(clip["type"] == kind for clip in scene["clips"]):
        raise Refused(400, "invalid_body", f"the scene has no clip of type {kind}")
    if isinstance(values.get("script"), str):
        values = values | {"script": {"org": values["script"], "tts": None}}
    scene["clips"] = [clip | values if clip["type"] == kind else clip for clip in scene["clips"]]
