"""Speech: plain text to the paragraphs that the wire carries, and back."""

from __future__ import annotations

import html
import re

_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_LINE_BREAK = re.compile(r"[ \t]*\n[ \t]*")
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def paragraphs(text: str) -> str:
    """Plain text as HTML: paragraphs part at blank lines, other line breaks are spaces, only `& < >` are escaped.

    >>> paragraphs("Tom & Ann\\nsay hello.\\n\\nGoodbye.")
    '<p>Tom &amp; Ann say hello.</p><p>Goodbye.</p>'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    parts = (_LINE_BREAK.sub(" ", part.strip()) for part in _BLANK_LINES.split(lines))
    return "".join(f"<p>{part.translate(_ESCAPES)}</p>" for part in parts)


def plain(org: str) -> str:
    """The text of speech on the wire, a blank line between paragraphs, other tags taken out.

    >>> plain("<p>Tom &amp; Ann</p><p>say <span>hello</span>.</p>")
    'Tom & Ann\\n\\nsay hello.'
    """
    parts = _PARAGRAPH.findall(org) or [org]
    return "\n\n".join(html.unescape(re.sub(r"<[^>]*>", "", part)) for part in parts)
