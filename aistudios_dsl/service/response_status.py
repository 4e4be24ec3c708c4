"""What an answer means: done, refused, or of unknown fate; and the words for it."""

from __future__ import annotations

import re
from typing import Any

from aistudios_dsl.errors import ApiError, SubmissionUnknown
from aistudios_dsl.service.login import PREFIX, Login
from aistudios_dsl.service.requests import Answer

KEY_HINT = (
    "a token is good for 24 hours; check AISTUDIOS_API_KEY, or use AISTUDIOS_APP_ID and AISTUDIOS_USER_KEY, with which"
    " it is renewed by itself"
)
_OF_THE_TOKEN = re.compile(
    r"unauthori[sz]ed|authenticat|(token|api[ _-]?key)\b.*\b(expired|invalid|not|missing|unknown)"
    r"|(expired|invalid|missing|unknown)[\W_]+(\w+ ){0,2}(token|api[ _-]?key)"
)
"""What a refusal says that is about the token, as against a lack of credits that are called so."""


def data_of(answer: Answer, login: Login, about: str, id: str = "") -> dict[str, Any]:
    """What the envelope holds; a list is put under "items". Raises `ApiError` on anything but a success."""
    if answer.fault or answer.status >= 300 or (answer.envelope or {}).get("success") is not True:
        raise refusal(answer, login, about, id)
    data = (answer.envelope or {}).get("data")
    return data if isinstance(data, dict) else {"items": data}


def spent(answer: Answer, login: Login, about: str, look: str, id: str = "") -> dict[str, Any]:
    """As `data_of`, for what costs: raises `SubmissionUnknown` unless the answer is a success or a definite no."""
    if _is_definite(answer):
        return data_of(answer, login, about, id)
    why = refusal(answer, login, about, id)
    message = f"it may have been made, and charged: {why.message}"
    raise SubmissionUnknown(message, about, look, answer.status, why.vendor_code, id)


def _is_definite(answer: Answer) -> bool:
    """Whether the answer leaves no doubt: nothing was sent, the service itself answered, or the request was refused."""
    if answer.fault:
        return not answer.fault.sent
    if answer.status < 300:
        return answer.envelope is not None and isinstance(answer.envelope.get("success"), bool)
    return answer.status < 500 and answer.status != 408


def is_about_the_token(answer: Answer) -> bool:
    """Whether the service refuses the token, and so did nothing else."""
    if answer.status == 401:
        return True
    envelope = answer.envelope or {}
    if answer.fault or answer.status not in (200, 403) or envelope.get("success") is not False:
        return False
    error = envelope.get("error")
    parts = error.values() if isinstance(error, dict) else [error]
    said = " ".join(map(str, parts)).casefold()
    return "401" in said.split() or _OF_THE_TOKEN.search(said) is not None


def refusal(answer: Answer, login: Login, about: str, id: str) -> ApiError:
    """The error that tells why this answer is no success."""
    if answer.fault:
        return ApiError(login.scrubbed(answer.fault.text), about, answer.fault.hint, project_id=id)
    envelope = answer.envelope or {}
    error = envelope.get("error") or envelope.get("message") or _problem(envelope)
    error = error if isinstance(error, dict) else {"msg": error}
    vendor_code = shown(login.scrubbed(str(error.get("code") or "")))
    said = shown(login.scrubbed(str(error.get("msg") or error.get("message") or "")))
    detail = f"{said} ({_number(answer, vendor_code)})" if said else _number(answer, vendor_code)
    if answer.envelope is None:
        detail = f"{detail}, and no answer of the service's form"
    message, code = f"the service said no: {detail}", "key-refused" if is_about_the_token(answer) else ""
    return ApiError(message, about, _hint_for(answer, login), answer.status, vendor_code, id, code)


def _problem(envelope: dict[str, Any]) -> str:
    """What a body of RFC 9457 (application/problem+json) says, which a gateway may send for the service."""
    return ": ".join(str(envelope[name]) for name in ("title", "detail") if envelope.get(name))


def _hint_for(answer: Answer, login: Login) -> str:
    if is_about_the_token(answer):
        return KEY_HINT
    if answer.status == 429:
        wait = answer.retry_after
        return f"too many requests: try again in {wait:.0f} s" if wait else "too many requests: try again later"
    lost = answer.envelope is None and answer.status < 500
    if login.path and (lost or answer.status == 404):
        return f"the base URL has a path, {login.path!r}, after which the client puts {PREFIX}: is it right?"
    if lost:
        return "is AISTUDIOS_BASE_URL the service's address?"
    return "is the id right, and of this login?" if answer.status == 404 else ""


def _number(answer: Answer, code: str) -> str:
    return f"HTTP {answer.status}, code {code}" if code else f"HTTP {answer.status}"


def shown(text: str) -> str:
    """Foreign text as one short printable line."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(line.split())[:300]
