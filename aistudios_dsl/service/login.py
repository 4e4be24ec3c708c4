"""Who is calling, and where: keys kept out of every repr and message, and the service's address."""

from __future__ import annotations

import ipaddress
import os
import re
import threading
import time
from urllib.parse import quote, urlsplit

from attrs import define, field, frozen

from aistudios_dsl.errors import BuildError, DslError

GLOBAL_HOST = "https://app.aistudios.com"
PREFIX = "/api/odin/v3"
_ADDRESS = re.compile(r"(?i)https?://(\[[0-9a-f:.]+\]|[^\s/\\?#%:\[\]]+)(:[0-9]+)?(/[^\s?#\\]*)?")
_RENEW_AFTER = 23 * 3600
"""Seconds after which a token is fetched anew: the service keeps one for 24 hours."""
_NO_CHANCE = 8
"""Letters; a text that holds so many of a key holds the key."""


class Secret:
    """A key or a token that shows itself only when asked to.

    >>> Secret("abc")
    <secret>
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def of(cls, text: str | None) -> Secret | None:
        """The text as a secret; None stays None."""
        if text is not None and not isinstance(text, str):
            raise BuildError(f"a key is text, not {type(text).__name__}")
        return None if text is None else cls(text)

    def __repr__(self) -> str:
        return "<secret>"

    def reveal(self) -> str:
        """The text itself: only for the moment it is written into a request."""
        return self._text

    def forms(self) -> set[str]:
        """How the text may be written in an answer: as it is, as in a URL, as in a Python string."""
        return {self._text, quote(self._text, safe=""), repr(self._text)[1:-1]}


@frozen
class Token:
    """A token, and until when (in `time.monotonic` seconds) it is used."""

    secret: Secret
    until: float

    @classmethod
    def fresh(cls, secret: Secret) -> Token:
        """A token the service just gave."""
        return cls(secret, time.monotonic() + _RENEW_AFTER)


@define
class Login:
    """The keys of a caller: one ready to send, or the pair that a token is fetched with."""

    app_id: Secret | None = None
    user_key: Secret | None = None
    token: Token | None = field(default=None)
    refused: Secret | None = field(default=None, init=False)
    """The token before: an answer may still quote it."""
    path: str = field(default="", init=False)
    """Of the service's address; "" where that is a host alone."""
    turns: dict[int, threading.Lock] = field(factory=dict, init=False, repr=False, eq=False)

    @property
    def renews(self) -> bool:
        """Whether a new token can be fetched."""
        return self.user_key is not None

    def current(self) -> Secret | None:
        """The token to send, or None where one must be fetched first."""
        return self.token.secret if self.token and time.monotonic() < self.token.until else None

    @property
    def turn(self) -> threading.Lock:
        """Held by the call that fetches a token; a forked process has a lock that no thread of its parent holds."""
        return self.turns.setdefault(os.getpid(), threading.Lock())

    def renew(self, token: Secret) -> Secret:
        """Use a token that the service just gave."""
        self.refused = self.token.secret if self.token else None
        self.token = Token.fresh(token)
        return token

    def scrubbed(self, text: str) -> str:
        """The text with every secret in it blotted out, whatever the case of its letters."""
        for secret in (self.app_id, *self._keys):
            for form in secret.forms() if secret else ():
                text = re.sub(re.escape(form), "***", text, flags=re.IGNORECASE)
        return text

    def is_in(self, text: str) -> bool:
        """Whether the text holds a key or a token that is long enough not to be there by chance."""
        forms = [form for secret in self._keys if secret for form in secret.forms()]
        return any(len(form) >= _NO_CHANCE and form in text for form in forms)

    def clean(self, fault: DslError) -> None:
        """Take what `is_in` finds out of an error: a host may quote it anywhere, as in the type of a download."""
        words = [self.scrubbed(word) if isinstance(word, str) and self.is_in(word) else word for word in fault.args]
        fault.args = tuple(words)
        fault.message, fault.path, fault.hint = words[:3]

    @property
    def _keys(self) -> tuple[Secret | None, ...]:
        return self.user_key, self.token.secret if self.token else None, self.refused


def login(api_key: Secret | None, app_id: Secret | None, user_key: Secret | None) -> Login:
    """The login out of what was given, else of the environment. Raises `BuildError` where it is none, or not whole."""
    if api_key is None and app_id is None and user_key is None:
        api_key = _from_environment("AISTUDIOS_API_KEY")
    if api_key is not None:
        if app_id or user_key:
            raise BuildError("an API key and an app id with its user key are two ways to log in", hint="give one")
        return Login(token=Token(_judged(api_key, "the API key"), float("inf")))
    app_id = app_id or _from_environment("AISTUDIOS_APP_ID")
    user_key = user_key or _from_environment("AISTUDIOS_USER_KEY")
    if app_id is None and user_key is None:
        hint = "set AISTUDIOS_API_KEY, or AISTUDIOS_APP_ID and AISTUDIOS_USER_KEY, or give Client(api_key)"
        raise BuildError("there is no API key", hint=hint)
    if app_id is None or user_key is None:
        given, missing = ("an app id", "user key") if user_key is None else ("a user key", "app id")
        name = f"AISTUDIOS_{missing.upper().replace(' ', '_')}"
        raise BuildError(f"{given} is given without its {missing}", hint=f"give both; {name} is one way")
    return Login(_judged(app_id, "the app id"), _judged(user_key, "the user key"))


def _from_environment(name: str) -> Secret | None:
    return Secret(os.environ[name]) if name in os.environ else None


def _judged(secret: Secret, what: str) -> Secret:
    whole = Secret(secret.reveal().strip())
    if not whole.reveal():
        raise BuildError(f"{what} is empty", hint="is the variable set in this shell, and exported?")
    if whole.reveal().lower().startswith("bearer "):
        raise BuildError(f'{what} begins with "Bearer"', hint="give the key alone: the service takes it raw")
    if not all("!" <= letter <= "~" for letter in whole.reveal()):
        raise BuildError(f"{what} holds a space or a letter that no key has", hint="copy it again, whole and alone")
    return whole


def base_of(base_url: str | None) -> str:
    """The address that paths are put behind. Raises `BuildError` where it is none.

    >>> base_of("http://127.0.0.1:8000/")
    'http://127.0.0.1:8000'
    """
    given = base_url if base_url is not None else os.environ.get("AISTUDIOS_BASE_URL") or GLOBAL_HOST
    if not isinstance(given, str):
        raise BuildError(f"the base URL is {type(given).__name__}, not text", hint=f"write it as in {GLOBAL_HOST}")
    base = given.strip().rstrip("/").removesuffix(PREFIX)
    fault = _fault_of(base)
    if fault:
        raise BuildError(fault, hint=f"write it as in {GLOBAL_HOST}; http:// is for this machine alone: 127.0.0.1")
    return base


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("127.0.0.1.example.com")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _fault_of(base: str) -> str:
    if "@" in base:
        return "the base URL holds a user name or password"
    try:
        parts = urlsplit(base)
        parts.port  # noqa: B018 - reading it is what judges it
    except ValueError as fault:
        return f"the base URL is no address: {fault}"
    if parts.scheme not in ("http", "https"):
        return f"the base URL {base!r} does not begin with https://"
    if not parts.hostname or not _ADDRESS.fullmatch(base):
        return "the base URL is " + ("more than a host and a path" if parts.hostname else "no host")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return f"the base URL {base!r} is not https: the key would go to {parts.hostname} for all to read"
    return ""
