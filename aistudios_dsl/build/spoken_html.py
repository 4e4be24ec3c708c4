"""The words of speech that is written as HTML, and its tags without a partner."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Self

_BLOCKS = (
    "address article aside blockquote body caption dd details div dl dt fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr html li main nav ol option p pre section summary table td th title tr ul"
)
_BREAKS = dict.fromkeys(_BLOCKS.split(), "\n\n") | {"br": "\n", "break": " "}
_ALONE = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"))


class Reader(HTMLParser):
    """The `words` of an HTML text with line breaks, and its tags: those still `opened`, the first one `unpaired`."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.opened: list[str] = []
        self.unpaired: str = ""

    @classmethod
    def of(cls, html: str) -> Self:
        # The parser drops words after a "<" without a ">": it is text. Only up to the last "-->" is "<!--" a comment.
        end, reader = max(html.rfind("-->"), 0), cls()
        reader.feed(re.sub(r"<(?!!--|[^<>]*>)", "&lt;", html[:end]))
        reader.feed(re.sub(r"<(?!(?!!--)[^<>]*>)", "&lt;", html[end:]))
        reader.close()
        return reader

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in _ALONE:
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.words.append(_BREAKS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self.words.append(_BREAKS.get(tag, ""))
        if tag not in _ALONE and (not self.opened or self.opened.pop() != tag):
            self.unpaired = self.unpaired or f"</{tag}>"

    def handle_data(self, data: str) -> None:
        # What stands in a script or a style sheet is not spoken.
        if self.cdata_elem is None:
            self.words.append(data.replace("\n", " "))
