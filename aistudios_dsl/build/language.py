"""The language of a project: the locale in force while it is rendered, and which way its letters run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar

from aistudios_dsl.build.avatar import Avatar, validate_language
from aistudios_dsl.build.theme import Theme
from aistudios_dsl.errors import BuildError, expect, under

T = TypeVar("T")

ENGLISH = "en"
"""The language of a project that does not say its own."""

_RIGHT_TO_LEFT = frozenset(
    ("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "lrc", "mzn", "nqo", "pnb", "ps", "sd", "syr", "ug", "ur", "yi")
)
_SCRIPTS = frozenset(("adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"))
"""Languages that are written from right to left by default, and writing systems that run so, in lower case."""

_IN_FORCE: ContextVar[str | None] = ContextVar("locale", default=None)


class Speaking:
    """Writes dates, numbers and money as in this language inside a `with` block; a plan enters one for each row."""

    __slots__ = ("_locale", "_token")

    def __init__(self, locale: str | None) -> None:
        self._locale = locale

    def __enter__(self) -> None:
        self._token = _IN_FORCE.set(self._locale)

    def __exit__(self, *fault: object) -> None:
        _IN_FORCE.reset(self._token)


def locale_in_force() -> str:
    """Return the locale of the project that is being rendered; "en" where it has none."""
    return _IN_FORCE.get() or ENGLISH


def parts(locale: str) -> list[str]:
    """Return the parts of a locale in lower case; files have underscores where BCP 47 has dashes.

    >>> parts("zh_Hant-TW")
    ['zh', 'hant', 'tw']
    """
    return re.split("[-_@.]", locale.strip().lower())


def from_near_to_far(locale: str) -> Iterator[str]:
    """Yield a locale, then those that stand for it where there is none, down to the language alone.

    >>> list(from_near_to_far("zh_Hant_TW"))
    ['zh-hant-tw', 'zh-hant', 'zh']
    """
    found = parts(locale)
    return ("-".join(found[:count]) for count in range(len(found), 0, -1))


def for_locale(known: Mapping[str, T] | None, locale: str) -> T | None:
    """Return what is known for a locale, else for the nearest that stands for it.

    >>> for_locale({"pt": 1, "pt_BR": 2}, "pt-BR"), for_locale({"pt": 1}, "pt-BR"), for_locale(None, "pt")
    (2, 1, None)
    """
    own = {"-".join(parts(name)): value for name, value in (known or {}).items()}
    return next((own[near] for near in from_near_to_far(locale) if near in own), None)


def same_language(one: str, other: str) -> bool:
    """Tell whether two locales are of one language.

    >>> same_language("pt-BR", "pt_PT"), same_language("pt", "es")
    (True, False)
    """
    alike = {"iw": "he", "in": "id", "tl": "fil", "nb": "no"}
    one, other = parts(one)[0], parts(other)[0]
    return alike.get(one, one) == alike.get(other, other)


def runs_right_to_left(locale: str) -> bool:
    """Tell whether a language is written from right to left.

    >>> [runs_right_to_left(locale) for locale in ("ar-EG", "he", "az-Arab", "ur-Latn", "de")]
    [True, True, True, False, False]
    """
    language, *more = parts(locale)
    script = next((part for part in more if len(part) == 4 and part.isalpha()), "")
    return script in _SCRIPTS if script else language in _RIGHT_TO_LEFT


def validate_by_language(avatars: Any, themes: Any) -> None:
    """Raise `BuildError` for what `Project` does not take by language, and for an avatar that speaks another one."""
    for name, given, example in (("avatars", avatars, "Avatar(...)"), ("themes", themes, "Theme(...)")):
        hint = f'such as {name}={{"ko": {example}}}'
        expect(given, Mapping | None, f"{name} must be a mapping of languages", hint)
        for locale, value in (given or {}).items():
            with under(f"{name}[{locale!r}]"):
                expect(locale, str, "a language must be a string", hint)
                validate_language("-".join(parts(locale)), literal=True)
                if name == "themes":
                    expect(value, Theme, "must be a Theme", hint)
                else:
                    _validate_cast(value, locale, hint)


def _validate_cast(cast: Any, locale: str, hint: str) -> None:
    by_tag = cast if isinstance(cast, Mapping) else {"": cast}
    for tag, avatar in by_tag.items():
        expect(avatar, Avatar, "must be an Avatar, or a mapping of tags to Avatar values", hint)
        if avatar.language and not same_language(avatar.language, locale):
            who = f"{avatar.ai_name} (tag {tag!r})" if tag else avatar.ai_name
            hint = f"take an avatar whose language is {locale!r}, or leave its language= out if it speaks this one too"
            message = f"the avatar {who} speaks {avatar.language!r}, not {locale!r}"
            raise BuildError(message, hint=hint, code="avatar-language")
