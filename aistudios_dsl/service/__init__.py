"""The way to the service and back: a client, an outbox for many, and webhooks; each part is loaded when it is named."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aistudios_dsl.errors import RenderFailed, StillRendering, did_you_mean

if TYPE_CHECKING:
    from aistudios_dsl.service.client import AsyncClient as AsyncClient
    from aistudios_dsl.service.client import Client as Client
    from aistudios_dsl.service.flow import Job as Job
    from aistudios_dsl.service.flow import Progress as Progress
    from aistudios_dsl.service.outbox import Outbox as Outbox
    from aistudios_dsl.service.webhook import parse_webhook as parse_webhook
    from aistudios_dsl.service.webhook import verify_webhook as verify_webhook
    from aistudios_dsl.service.webhook import webhook_url as webhook_url

_HOMES = {
    "AsyncClient": "client",
    "Client": "client",
    "Job": "flow",
    "Outbox": "outbox",
    "Progress": "flow",
    "parse_webhook": "webhook",
    "verify_webhook": "webhook",
    "webhook_url": "webhook",
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
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
