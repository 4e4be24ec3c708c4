"""What an answer means: success, refusal, or an unknown outcome; and the error that says so."""

from __future__ import annotations

import re
from typing import Any

from aistudios_dsl.errors import ApiError, SubmissionUnknown
from aistudios_dsl.service.login import PREFIX, Login
from aistudios_dsl.service.requests import Answer

KEY_HINT = (
    "a token is valid for 24 hours; check AISTUDIOS_API_KEY, or use AISTUDIOS_APP_ID and AISTUDIOS_USER_KEY, which"
    " renew it automatically"
)
_ABOUT_THE_TOKEN = re.compile(
    r"unauthori[sz]ed|authenticat|(token|api[ _-]?key)\b.*\b(expired|invalid|not|missing|unknown)"
    r"|(expired|invalid|missing|unknown)[\W_]+(\w+ ){0,2}(token|api[ _-]?key)"
)
"""Matches a refusal of the token, but not a lack of credits that are called tokens."""


def data_of(answer: Answer, login: Login, about: str, id: str = "") -> dict[str, Any]:
    """Return the data in the envelope, a list under "items". Raise `ApiError` on anything but a success."""
    if answer.failure or answer.status >= 300 or (answer.envelope or {}).get("success") is not True:
        raise refusal(answer, login, about, id)
    data = (answer.envelope or {}).get("data")
    return data if isinstance(data, dict) else {"items": data}


def made_data_of(
    answer: Answer, login: Login, about: str, look: str, id: str = "", *, costs: bool = True
) -> dict[str, Any]:
    """As `data_of`, for a call that makes something: raise `SubmissionUnknown` unless the answer is definite."""
    if _is_definite(answer):
        return data_of(answer, login, about, id)
    why = refusal(answer, login, about, id)
    message = f"it may have been made{', and charged' if costs else ''}: {why.message}"
    raise SubmissionUnknown(message, about, look, answer.status, why.vendor_code, id)


def _is_definite(answer: Answer) -> bool:
    """Return whether there is no doubt: nothing was sent, the service itself answered, or the request was refused."""
    if answer.failure:
        return not answer.failure.sent
    if answer.status < 300:
        return answer.envelope is not None and isinstance(answer.envelope.get("success"), bool)
    return answer.status < 500 and answer.status != 408


def refuses_token(answer: Answer) -> bool:
    """Return whether the service refuses the token, and so did nothing else."""
    if answer.status == 401:
        return True
    envelope = answer.envelope or {}
    if answer.failure or answer.status not in (200, 403) or envelope.get("success") is not False:
        return False
    error = envelope.get("error")
    parts = error.values() if isinstance(error, dict) else [error]
    said = " ".join(map(str, parts)).casefold()
    return "401" in said.split() or _ABOUT_THE_TOKEN.search(said) is not None


def refusal(answer: Answer, login: Login, about: str, id: str) -> ApiError:
    """Return the error that says why this answer is not a success."""
    if answer.failure:
        hint, code = answer.failure.hint, "" if answer.failure.sent else "unreachable"
        return ApiError(login.scrubbed(answer.failure.text), about, hint, project_id=id, code=code)
    envelope = answer.envelope or {}
    # A gateway may answer for the service, in the form of RFC 9457 (application/problem+json).
    problem = ": ".join(str(envelope[name]) for name in ("title", "detail") if envelope.get(name))
    error = envelope.get("error") or envelope.get("message") or problem
    error = error if isinstance(error, dict) else {"msg": error}
    vendor_code = shown(login.scrubbed(str(error.get("code") or "")))
    said = shown(login.scrubbed(str(error.get("msg") or error.get("message") or "")))
    number = f"HTTP {answer.status}, code {vendor_code}" if vendor_code else f"HTTP {answer.status}"
    detail = f"{said} ({number})" if said else number
    if answer.envelope is None:
        detail += ", not an answer in the service's form"
    hint, code = _advice(answer, login)
    return ApiError(f"the service refused: {detail}", about, hint, answer.status, vendor_code, id, code)


def _advice(answer: Answer, login: Login) -> tuple[str, str]:
    """Return the hint and the code of a refusal."""
    if refuses_token(answer):
        return KEY_HINT, "key-refused"
    if answer.status == 429:
        wait = answer.retry_after
        return f"too many requests: try again {f'in {wait:.0f} s' if wait else 'later'}", "rate-limited"
    code = "not-found" if answer.status == 404 else ""
    foreign = answer.envelope is None and answer.status < 500
    if login.path and (foreign or code):
        return f"the base URL has a path, {login.path!r}, and the client appends {PREFIX}: is it right?", code
    if foreign:
        return "is AISTUDIOS_BASE_URL the service's address?", code
    return "is the id right, and does it belong to this login?" if code else "", code


def shown(text: str) -> str:
    """Return foreign text as one short printable line."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(line.split())[:300]
