"""SVG as text: elements, numbers and colours, with everything that a project holds escaped."""

from __future__ import annotations

import re

from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.colour import parse_colour

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def element(tag: str, /, *children: str, **attributes: str | float | None) -> str:
    """An SVG element. Attributes are escaped, those that are None left out; children are SVG already.

    >>> element("text", escaped("a < b"), x=1.50, font_size=12, fill=None)
    '<text x="1.5" font-size="12">a &lt; b</text>'
    """
    given = [(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items() if value is not None]
    start = "".join(f' {name}="{escaped(v) if isinstance(v, str) else figures(v)}"' for name, v in given)
    inside = "".join(children)
    return f"<{tag}{start}>{inside}</{tag}>" if inside else f"<{tag}{start}/>"


def escaped(text: str) -> str:
    """Text as XML and HTML hold it; control characters, which neither may hold, are left out.

    >>> escaped('<b> & "b"')
    '&lt;b&gt; &amp; &quot;b&quot;'
    """
    return _NOT_XML.sub("", text).translate(_ESCAPES)


def figures(number: float) -> str:
    """A number as SVG writes it, to a ten-thousandth: far below what a screen shows.

    >>> figures(12.0), figures(0.1 + 0.2), figures(-0.00001)
    ('12', '0.3', '0')
    """
    text = f"{number:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def paint(role: str, colour: object) -> dict[str, str | float]:
    """A colour as SVG attributes: hex and opacity. What no browser reads is black, as on the editor's canvas.

    >>> paint("fill", "#ff000080")
    {'fill': '#ff0000', 'fill_opacity': 0.5019607843137255}
    """
    if not isinstance(colour, str) or not colour.strip():
        return {role: "none"}
    try:
        found = parse_colour(colour)
    except BuildError:
        return {role: "#000000"}
    opaque: dict[str, str | float] = {role: f"#{found.red:02x}{found.green:02x}{found.blue:02x}"}
    return opaque if found.alpha == 1 else opaque | {f"{role}_opacity": found.alpha}
