"""The service: a client, an outbox for many payloads, and webhooks. Each part is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aistudios_dsl.errors import did_you_mean

if TYPE_CHECKING:
    from aistudios_dsl.errors import RenderFailed, StillRendering
    from aistudios_dsl.service.client import AsyncClient, Client
    from aistudios_dsl.service.flow import Job, Progress
    from aistudios_dsl.service.outbox import Drift, Outbox, OutboxPlan, Result, Row, RunSummary
    from aistudios_dsl.service.webhook import Webhook, parse_webhook, verify_webhook, webhook_url

_NAMES = {
    "errors": ("RenderFailed", "StillRendering"),
    "service.client": ("AsyncClient", "Client"),
    "service.flow": ("Job", "Progress"),
    "service.outbox": ("Drift", "Outbox", "OutboxPlan", "Result", "Row", "RunSummary"),
    "service.webhook": ("Webhook", "parse_webhook", "verify_webhook", "webhook_url"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}
__all__ = [
    "AsyncClient",
    "Client",
    "Drift",
    "Job",
    "Outbox",
    "OutboxPlan",
    "Progress",
    "RenderFailed",
    "Result",
    "Row",
    "RunSummary",
    "StillRendering",
    "Webhook",
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
