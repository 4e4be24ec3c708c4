"""SVG as text: elements, numbers, transforms and colours, with everything from a project escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

from aistudios_dsl.layout.colour import find_colour
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.view.scene import Seen

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def element(tag: str, /, *children: str, **attributes: str | float | None) -> str:
    """Return an SVG element. Attributes are escaped, and left out where they are None; children are SVG.

    >>> element("text", escaped("a < b"), x=1.50, font_size=12, fill=None)
    '<text x="1.5" font-size="12">a &lt; b</text>'
    """
    start, inside = "", "".join(children)
    for name, value in attributes.items():
        if value is not None:
            start += f' {_attribute(name)}="{escaped(value) if isinstance(value, str) else figures(value)}"'
    return f"<{tag}{start}>{inside}</{tag}>" if inside else f"<{tag}{start}/>"


@cache
def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def escaped(text: str) -> str:
    """Return text escaped for XML and HTML, without the control characters that neither allows.

    >>> escaped('<b> & "b"')
    '&lt;b&gt; &amp; &quot;b&quot;'
    """
    return _NOT_XML.sub("", text).translate(_ESCAPES)


def policy(style: str, script: str = "") -> str:
    """Return the security policy of a page that fetches and runs nothing, and has this one style sheet.

    With a script, it runs this one, and fetches from where it was served.

    >>> policy("h1 { margin: 0 }")[:41]
    "default-src 'none'; img-src data:; style-"
    """
    served = f" script-src '{_hash(script)}'; connect-src 'self';" if script else ""
    return f"default-src 'none'; img-src data:; style-src '{_hash(style)}';{served} base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def figures(number: float) -> str:
    """Return a number as SVG text, rounded to a ten-thousandth: less than a screen shows.

    >>> figures(12.0), figures(0.1 + 0.2), figures(-0.00001)
    ('12', '0.3', '0')
    """
    if type(number) is int:
        return str(number)
    text = f"{number:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def placed(box: Box) -> str:
    """Return the transform from px in a box, along its sides, to px of the canvas."""
    turn = f" rotate({figures(box.angle)})" if box.angle else ""
    return f"translate({figures(box.left)} {figures(box.top)}){turn}"


def mirrored(svg: str, seen: Seen) -> str:
    """Return the drawing of a clip, in px of its box, mirrored about the middle of the box if the clip is."""
    across, down = seen.mirrored
    if not (across or down):
        return svg
    corner = f"{figures(seen.box.width if across else 0)} {figures(seen.box.height if down else 0)}"
    return element("g", svg, transform=f"translate({corner}) scale({-1 if across else 1} {-1 if down else 1})")


def paint(role: str, colour: object) -> dict[str, str | float]:
    """Return a colour as SVG attributes, hex and opacity. An invalid one is black, as on the editor's canvas.

    >>> paint("fill", "#ff000080")
    {'fill': '#ff0000', 'fill_opacity': 0.5019607843137255}
    """
    if not isinstance(colour, str) or not colour.strip():
        return {role: "none"}
    found = find_colour(colour)
    if found is None:
        return {role: "#000000"}
    opaque: dict[str, str | float] = {role: f"#{found.red:02x}{found.green:02x}{found.blue:02x}"}
    return opaque if found.alpha == 1 else opaque | {f"{role}_opacity": found.alpha}
