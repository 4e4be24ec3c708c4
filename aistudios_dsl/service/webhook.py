"""Webhooks: what the service posts when a rendering moves, and an address that says which job it is about."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from attrs import field, frozen

from aistudios_dsl.errors import BuildError, DslError, LoadError
from aistudios_dsl.wire.jsontext import copied, parse

_JOB, _SIGNATURE = "job", "signature"
_MOST_PERCENT = 1e6
"""What is above is no progress; NaN is none either."""
_KEYS = {"progress", "credit", "download_url", "backendTaskId"}


@frozen
class Webhook:
    """What the service tells: `progress` in percent; `credit` spent and `download_url` once it is 100.

    `extra` holds whatever else the body has.
    """

    progress: int | float
    credit: int | float | None = None
    download_url: str | None = None
    backend_task_id: str | None = None
    extra: Mapping[str, Any] = field(factory=dict)

    @property
    def done(self) -> bool:
        """Whether the video can be downloaded."""
        return self.progress >= 100 and bool(self.download_url)


def parse_webhook(body: bytes | bytearray | str | Mapping[str, Any]) -> Webhook:
    """What a webhook's body says. Raises `LoadError` where it is none. Nothing proves that the service sent it.

    >>> parse_webhook(b'{"progress": 40, "backendTaskId": "t1"}').progress
    40
    """
    if not isinstance(body, bytes | bytearray | str | Mapping):
        raise LoadError(f"the webhook's body is {type(body).__name__}, not bytes, text or a mapping")
    text = bytes(body) if isinstance(body, bytearray) else body
    document = text if isinstance(text, Mapping) else parse(text, "the webhook's body")
    if not isinstance(document, Mapping):
        raise LoadError("the webhook's body is no JSON object")
    return Webhook(
        progress=_progress_in(document),
        credit=_taken(document, "credit", int, float),
        download_url=_taken(document, "download_url", str),
        backend_task_id=_taken(document, "backendTaskId", str),
        extra={name: copied(value, name) for name, value in document.items() if name not in _KEYS},
    )


def percent_of(given: object) -> int | float | None:
    """A progress as the service writes it, as text or as null too, in percent; None where it is no number.

    >>> percent_of(40), percent_of("100"), percent_of(None), percent_of("soon")
    (40, 100.0, 0, None)
    """
    try:
        number = float(given) if isinstance(given, str) else 0 if given is None else given
    except ValueError:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= _MOST_PERCENT:
        return None
    return number


def _progress_in(document: Mapping[str, Any]) -> int | float:
    if "progress" not in document:
        raise LoadError("is missing", "webhook.progress")
    percent = percent_of(document["progress"])
    if percent is None:
        raise LoadError(f"must be a number, not {document['progress']!r}", "webhook.progress")
    return percent


def _taken(document: Mapping[str, Any], name: str, *kinds: type) -> Any:
    value = document.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
        what = "a string" if str in kinds else "a number"
        raise LoadError(f"must be {what}, not {value!r}", f"webhook.{name}")
    return value


def webhook_url(base: str, job_key: str, secret: str | bytes) -> str:
    """The address to give as `webhook_url`: `base`, with your own name for the job and a signature over it.

    The service names no project in a webhook and signs nothing; this address, which only you can make, does both. It
    proves whose job a call is about, not who calls: believe what the service's `progress` says, not the body.

    >>> webhook_url("https://x.example/hook", "row-7", "my secret").partition("&")[0]
    'https://x.example/hook?job=row-7'
    """
    parts = _parts(base)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise BuildError(f"a webhook's address begins with https:// and a host, unlike {base!r}")
    if not isinstance(job_key, str) or not job_key:
        what = "is empty" if job_key == "" else f"is {type(job_key).__name__}, not text"
        raise BuildError(f"the job key {what}", hint="give your own name for this job, such as its row number")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if {_JOB, _SIGNATURE} & {name for name, _ in pairs}:
        raise BuildError(f"the address has a {_JOB!r} or {_SIGNATURE!r} of its own", hint="take it out of the base")
    query = urlencode([*pairs, (_JOB, job_key), (_SIGNATURE, _signed(job_key, secret))])
    return urlunsplit(parts._replace(query=query))


def verify_webhook(url: str, secret: str | bytes) -> str:
    """The job key of a called address, whole or from its path on. Raises `DslError` where the signature does not fit.

    >>> verify_webhook(webhook_url("https://x.example/hook", "row-7", "my secret"), "my secret")
    'row-7'
    """
    if not isinstance(url, str):
        raise BuildError(f"the called address is {type(url).__name__}, not text", hint="give str(request.url)")
    parts = _parts(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True) if parts else []
    jobs, signatures = ([value for name, value in pairs if name == key] for key in (_JOB, _SIGNATURE))
    job, signature = (values[0] if len(values) == 1 else "" for values in (jobs, signatures))
    fits = hmac.compare_digest(_signed(job, secret).encode(), signature.encode("utf-8", "replace"))
    if not (fits and job):
        hint = "it was not made by webhook_url with this secret; answer 403 and do nothing"
        raise DslError("the webhook's address is not signed by you", hint=hint)
    return job


def _parts(url: object) -> SplitResult | None:
    """The parts of an address, or None where it is none."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what judges it
    except ValueError:
        return None
    return parts


def _signed(job_key: str, secret: str | bytes) -> str:
    if not isinstance(secret, str | bytes):
        raise BuildError(f"the webhook secret is {type(secret).__name__}, not text or bytes")
    key = secret.encode() if isinstance(secret, str) else secret
    if not key:
        raise BuildError("the webhook secret is empty", hint='python -c "import secrets; print(secrets.token_hex())"')
    return hmac.new(key, b"aistudios webhook\0" + job_key.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
