"""Webhooks: what the service posts while a video renders, and signed addresses that name the job."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlunsplit

from attrs import field, frozen

from aistudios_dsl.errors import BuildError, DslError, LoadError
from aistudios_dsl.service.login import split_address
from aistudios_dsl.wire.jsontext import copied, parse

_JOB, _SIGNATURE = "job", "signature"
_MOST_PERCENT = 1e6
"""A greater number is not a progress; neither is NaN."""
_KEYS = {"progress", "credit", "download_url", "backendTaskId"}


@frozen
class Webhook:
    """What a webhook says.

    Attributes:
        progress: Percent, 0 to 100.
        credit: The credits spent, once it is done; else None.
        download_url: The address of the video, once it is done; else None.
        backend_task_id: The service's id of the rendering, or None.
        extra: All other keys of the body.

    Example:
        >>> Webhook(progress=100, download_url="https://x.example/v.mp4").done
        True
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
    """Parse the body of a webhook. Nothing proves that the service sent it; see `webhook_url`.

    Args:
        body: The body of the request, as it came or already parsed.

    Returns:
        The progress, and the video's address once it is done.

    Raises:
        LoadError: If this is not the body of a webhook.

    Example:
        >>> parse_webhook(b'{"progress": 40, "backendTaskId": "t1"}').progress
        40
    """
    if not isinstance(body, bytes | bytearray | str | Mapping):
        raise LoadError(f"the webhook's body is {type(body).__name__}, not bytes, text or a mapping")
    text = bytes(body) if isinstance(body, bytearray) else body
    document = text if isinstance(text, Mapping) else parse(text, "the webhook's body")
    if not isinstance(document, Mapping):
        raise LoadError("the webhook's body is not a JSON object")
    return Webhook(
        progress=_progress_in(document),
        credit=_value_in(document, "credit", int, float),
        download_url=_value_in(document, "download_url", str),
        backend_task_id=_value_in(document, "backendTaskId", str),
        extra={name: copied(value, name) for name, value in document.items() if name not in _KEYS},
    )


def percent_of(given: object) -> int | float | None:
    """Return a progress in percent, which may be text or null; None if it is not a number.

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


def _value_in(document: Mapping[str, Any], name: str, *kinds: type) -> Any:
    value = document.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
        what = "a string" if str in kinds else "a number"
        raise LoadError(f"must be {what}, not {value!r}", f"webhook.{name}")
    return value


def webhook_url(base: str, job_key: str, secret: str | bytes) -> str:
    """Return a webhook address that names your job and is signed.

    The service names no project in a webhook and signs nothing. This address does both, and only you can make it. It
    proves which job a call is about, not who calls: trust the service's `progress`, not the body of the call.

    Args:
        base: The address of your server, with http:// or https://. Its query is kept.
        job_key: Your own name for the job, such as a row number.
        secret: Your secret, any length above 0.

    Returns:
        The address to give as `webhook_url`.

    Raises:
        BuildError: If an argument is empty, has the wrong type, or the base already has `job` or `signature`.

    Example:
        >>> webhook_url("https://x.example/hook", "row-7", "my secret").partition("&")[0]
        'https://x.example/hook?job=row-7'
    """
    parts = split_address(base)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise BuildError(f"a webhook's address begins with https:// and a host, unlike {base!r}")
    if not isinstance(job_key, str) or not job_key:
        what = "is empty" if job_key == "" else f"is {type(job_key).__name__}, not text"
        raise BuildError(f"the job key {what}", hint="give your own name for this job, such as its row number")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if {_JOB, _SIGNATURE} & {name for name, _ in pairs}:
        raise BuildError(f"the address already has {_JOB!r} or {_SIGNATURE!r}", hint="take it out of the base")
    query = urlencode([*pairs, (_JOB, job_key), (_SIGNATURE, _signed(job_key, secret))])
    return urlunsplit(parts._replace(query=query))


def verify_webhook(url: str, secret: str | bytes) -> str:
    """Check the signature of a called address.

    Args:
        url: The called address, complete or from its path on.
        secret: The secret that was given to `webhook_url`.

    Returns:
        The job key in the address.

    Raises:
        DslError: If the address was not signed with this secret (code "bad-signature").
        BuildError: If an argument has the wrong type, or the secret is empty.

    Example:
        >>> verify_webhook(webhook_url("https://x.example/hook", "row-7", "my secret"), "my secret")
        'row-7'
    """
    if not isinstance(url, str):
        raise BuildError(f"the called address is {type(url).__name__}, not text", hint="give str(request.url)")
    parts = split_address(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True) if parts else []
    jobs, signatures = ([value for name, value in pairs if name == key] for key in (_JOB, _SIGNATURE))
    job, signature = (values[0] if len(values) == 1 else "" for values in (jobs, signatures))
    fits = hmac.compare_digest(_signed(job, secret).encode(), signature.encode("utf-8", "replace"))
    if not (fits and job):
        hint = "it was not made by webhook_url with this secret; answer 403 and do nothing"
        raise DslError("the webhook's address does not have your signature", hint=hint, code="bad-signature")
    return job


def _signed(job_key: str, secret: str | bytes) -> str:
    if not isinstance(secret, str | bytes):
        raise BuildError(f"the webhook secret is {type(secret).__name__}, not text or bytes")
    key = secret.encode() if isinstance(secret, str) else secret
    if not key:
        raise BuildError("the webhook secret is empty", hint='python -c "import secrets; print(secrets.token_hex())"')
    return hmac.new(key, b"aistudios webhook\0" + job_key.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
