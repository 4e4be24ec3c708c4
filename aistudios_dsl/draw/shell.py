"""What all pages share: the frame with its security policy, the style sheet, the script of a served page, filters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from aistudios_dsl.build.avatar import is_language
from aistudios_dsl.draw import markup
from aistudios_dsl.draw.markup import escaped, figures
from aistudios_dsl.errors import DslError, clock, plural
from aistudios_dsl.templates.preview_values import VARIABLE
from aistudios_dsl.wire.node import shortened

if TYPE_CHECKING:
    from jinja2 import Environment

_STYLE, _SCRIPT = "storyboard.css", "live.js"


def rendered(name: str, *, live: bool = False, **values: Any) -> str:
    """Return the page of a template of `page/`. `live`: with the script that shows each new version of a served one."""
    script = _asset(_SCRIPT) if live else ""
    frame = {"style": _asset(_STYLE), "policy": policy(live=live), "script": script}
    return _environment().get_template(name).render(**frame, **values)


def fault_page(title: str, where: str = "", message: str = "", hint: str = "") -> str:
    """Return the live page that tells why there is no picture; without a message, that the first is being drawn."""
    return rendered("fault.html", live=True, title=title, where=where, message=message, hint=hint)


@cache
def policy(*, live: bool = False) -> str:
    """Return the security policy of these pages. `live`: that of a page with the script."""
    return markup.policy(_asset(_STYLE), _asset(_SCRIPT) if live else "")


def framed(make: Callable[[], str]) -> str:
    """Return a page in a sandboxed frame, as notebooks show it, or the error that prevents it.

    >>> framed(lambda: "<p>Hello</p>")[:31]
    '<iframe sandbox srcdoc="&lt;p&g'
    """
    try:
        inner = make()
    except DslError as fault:
        return f"<pre>{escaped(str(fault))}</pre>"
    # Links in such a frame count from the page around it, unless they name the frame.
    inner = inner.replace('href="#', 'href="about:srcdoc#')
    size = 'width="100%" height="640" style="border: 0" title="Storyboard"'
    return f'<iframe sandbox srcdoc="{escaped(inner)}" {size}></iframe>'


def _language(code: str) -> str:
    return code if is_language(code) else ""


def _excerpt(text: str) -> str:
    return shortened(" ".join(text[:240].split()))


def _words(text: str, template: bool) -> list[tuple[bool, str]]:
    """The pieces of a text, each with whether it is a variable of a template."""
    if not template:
        return [(False, text)]
    pieces: list[tuple[bool, str]] = []
    end = 0
    for found in VARIABLE.finditer(text):
        pieces += [(False, text[end : found.start()]), (True, found[0].strip("{%} \u00a0"))]
        end = found.end()
    return [piece for piece in [*pieces, (False, text[end:])] if piece[1]]


@cache
def _asset(name: str) -> str:
    return files("aistudios_dsl.draw").joinpath(f"page/{name}").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_asset),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": clock, "words": _words, "excerpt": _excerpt, "figures": figures}
    environment.filters |= {"language": _language, "plural": plural}
    return environment
