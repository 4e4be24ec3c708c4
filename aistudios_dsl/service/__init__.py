"""The service: a client, an outbox for many payloads, and webhooks. Each part is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aistudios_dsl.errors import did_you_mean

if TYPE_CHECKING:
    from aistudios_dsl.errors import RenderFailed as RenderFailed
    from aistudios_dsl.errors import StillRendering as StillRendering
    from aistudios_dsl.service.client import AsyncClient as AsyncClient
    from aistudios_dsl.service.client import Client as Client
    from aistudios_dsl.service.flow import Job as Job
    from aistudios_dsl.service.flow import Progress as Progress
    from aistudios_dsl.service.outbox import Outbox as Outbox
    from aistudios_dsl.service.webhook import parse_webhook as parse_webhook
    from aistudios_dsl.service.webhook import verify_webhook as verify_webhook
    from aistudios_dsl.service.webhook import webhook_url as webhook_url

_HOMES = {
    "AsyncClient": "service.client",
    "Client": "service.client",
    "Job": "service.flow",
    "Outbox": "service.outbox",
    "Progress": "service.flow",
    "RenderFailed": "errors",
    "StillRendering": "errors",
    "parse_webhook": "service.webhook",
    "verify_webhook": "service.webhook",
    "webhook_url": "service.webhook",
}
__all__ = [
    "AsyncClient",
    "Client",
    "Job",
    "Outbox",
    "Progress",
    "RenderFailed",
    "StillRendering",
    "parse_webhook",
    "verify_webhook",
    "webhook_url",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"{__name__} has no {name!r}: {did_you_mean(name, _HOMES)}")
    return getattr(import_module(f"aistudios_dsl.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
