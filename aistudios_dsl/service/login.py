"""The caller's keys, kept out of every repr and message, and the address of the service."""

from __future__ import annotations

import ipaddress
import os
import re
import threading
import time
from urllib.parse import SplitResult, quote, urlsplit

from attrs import define, field, frozen

from aistudios_dsl.errors import BuildError, DslError

GLOBAL_HOST = "https://app.aistudios.com"
PREFIX = "/api/odin/v3"
_ADDRESS = re.compile(r"(?i)https?://(\[[0-9a-f:.]+\]|[^\s/\\?#%:\[\]]+)(:[0-9]+)?(/[^\s?#\\]*)?")
_RENEW_AFTER = 23 * 3600
"""Seconds after which a new token is fetched: a token is valid for 24 hours."""
_LONG_ENOUGH = 8
"""Letters: a key this long is not in a text by chance."""


class Secret:
    """A key or a token that is not shown in a repr.

    >>> Secret("abc")
    <secret>
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def of(cls, text: str | None) -> Secret | None:
        """Return the text as a secret; None stays None."""
        if text is not None and not isinstance(text, str):
            raise BuildError(f"a key must be text, not {type(text).__name__}")
        return None if text is None else cls(text)

    def __repr__(self) -> str:
        return "<secret>"

    def reveal(self) -> str:
        """Return the text, only to write it into a request."""
        return self._text

    def forms(self) -> set[str]:
        """Return the ways an answer may spell the text: as it is, as in a URL, as in a Python string."""
        return {self._text, quote(self._text, safe=""), repr(self._text)[1:-1]}


@frozen
class Token:
    """A token, and until when (in `time.monotonic` seconds) it is used."""

    secret: Secret
    until: float


@define
class Login:
    """The keys of a caller: a token that is ready to send, or the pair that fetches one."""

    app_id: Secret | None = None
    user_key: Secret | None = None
    token: Token | None = field(default=None)
    refused: Secret | None = field(default=None, init=False)
    """The previous token, which an answer may still quote."""
    path: str = field(default="", init=False)
    """The path in the service's address, usually ""."""
    locks: dict[int, threading.Lock] = field(factory=dict, init=False, repr=False, eq=False)

    @property
    def renews(self) -> bool:
        """Whether a new token can be fetched."""
        return self.user_key is not None

    def current(self) -> Secret | None:
        """Return the token to send, or None if one must be fetched first."""
        return self.token.secret if self.token and time.monotonic() < self.token.until else None

    @property
    def lock(self) -> threading.Lock:
        """The lock of the call that fetches a token; each process has one, so that a fork inherits no locked lock."""
        return self.locks.setdefault(os.getpid(), threading.Lock())

    def renew(self, token: Secret) -> Secret:
        """Use a token that the service just issued."""
        self.refused = self.token.secret if self.token else None
        self.token = Token(token, time.monotonic() + _RENEW_AFTER)
        return token

    def scrubbed(self, text: str) -> str:
        """Return the text with every secret replaced by `***`, in upper or lower case."""
        for secret in (self.app_id, *self._keys):
            for form in secret.forms() if secret else ():
                text = re.sub(re.escape(form), "***", text, flags=re.IGNORECASE)
        return text

    def is_in(self, text: str) -> bool:
        """Return whether the text contains a key or token that is too long to be there by chance."""
        forms = [form for secret in self._keys if secret for form in secret.forms()]
        return any(len(form) >= _LONG_ENOUGH and form in text for form in forms)

    def clean(self, error: DslError) -> None:
        """Remove what `is_in` finds from an error: a host may quote it anywhere, such as in a media type."""
        words = [self.scrubbed(word) if isinstance(word, str) and self.is_in(word) else word for word in error.args]
        error.args = tuple(words)
        error.message, error.path, error.hint = words[:3]

    @property
    def _keys(self) -> tuple[Secret | None, ...]:
        return self.user_key, self.token.secret if self.token else None, self.refused


def login(api_key: Secret | None, app_id: Secret | None, user_key: Secret | None) -> Login:
    """Return the login from the arguments, else from the environment. Raise `BuildError` if it is incomplete."""
    if api_key is None and app_id is None and user_key is None:
        api_key = _from_environment("AISTUDIOS_API_KEY")
    if api_key is not None:
        if app_id or user_key:
            raise BuildError("an API key and an app id with its user key are two ways to log in", hint="give one")
        return Login(token=Token(_validated(api_key, "the API key"), float("inf")))
    app_id = app_id or _from_environment("AISTUDIOS_APP_ID")
    user_key = user_key or _from_environment("AISTUDIOS_USER_KEY")
    if app_id is None and user_key is None:
        hint = "set AISTUDIOS_API_KEY, or AISTUDIOS_APP_ID and AISTUDIOS_USER_KEY, or give Client(api_key)"
        raise BuildError("there is no API key", hint=hint, code="no-key")
    if app_id is None or user_key is None:
        given, missing = ("an app id", "user key") if user_key is None else ("a user key", "app id")
        hint = f"give both; AISTUDIOS_{missing.upper().replace(' ', '_')} is one way"
        raise BuildError(f"{given} is given without its {missing}", hint=hint, code="no-key")
    return Login(_validated(app_id, "the app id"), _validated(user_key, "the user key"))


def _from_environment(name: str) -> Secret | None:
    return Secret(os.environ[name]) if name in os.environ else None


def _validated(secret: Secret, what: str) -> Secret:
    found = Secret(secret.reveal().strip())
    if not found.reveal():
        raise BuildError(f"{what} is empty", hint="is the variable set in this shell, and exported?")
    if found.reveal().lower().startswith("bearer "):
        raise BuildError(f'{what} begins with "Bearer"', hint="give the key alone: the service takes it raw")
    if not all("!" <= letter <= "~" for letter in found.reveal()):
        raise BuildError(f"{what} contains a space or a character that no key has", hint="copy the whole key again")
    return found


def base_of(base_url: str | None) -> str:
    """Return the address that paths are appended to. Raise `BuildError` if it is not valid.

    >>> base_of("http://127.0.0.1:8000/")
    'http://127.0.0.1:8000'
    """
    given = base_url if base_url is not None else os.environ.get("AISTUDIOS_BASE_URL") or GLOBAL_HOST
    if not isinstance(given, str):
        raise BuildError(f"the base URL is {type(given).__name__}, not text", hint=f"write it as in {GLOBAL_HOST}")
    base = given.strip().rstrip("/").removesuffix(PREFIX)
    problem = _problem_of(base)
    if problem:
        raise BuildError(problem, hint=f"write it as in {GLOBAL_HOST}; http:// is only for this machine: 127.0.0.1")
    return base


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("127.0.0.1.example.com")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def split_address(url: object) -> SplitResult | None:
    """Return the parts of an address, or None if it cannot be split or its port is not valid."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading the port validates it
    except ValueError:
        return None
    return parts


def _problem_of(base: str) -> str:
    if "@" in base:
        return "the base URL contains a user name or password"
    parts = split_address(base)
    if parts is None:
        return "the base URL is not a valid address"
    if parts.scheme not in ("http", "https"):
        return f"the base URL {base!r} does not begin with https://"
    if not parts.hostname or not _ADDRESS.fullmatch(base):
        return "the base URL has " + ("more than a host and a path" if parts.hostname else "no host")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return f"the base URL {base!r} is not https: the key would cross the network unencrypted to {parts.hostname}"
    return ""
