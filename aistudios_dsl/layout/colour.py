"""CSS colours: parsed strictly, composited, and compared for contrast."""

from __future__ import annotations

import colorsys
import math
import re
from collections.abc import Iterable
from functools import cache, lru_cache

import attrs

from aistudios_dsl.errors import BuildError, nearest

_NUMBER = r"([+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:%|deg)?)"
_NEXT = rf"\s*,\s*{_NUMBER}"
_COMMAS = rf"(?a)(rgb|hsl)a?\(\s*{_NUMBER}{_NEXT}{_NEXT}(?:{_NEXT})?\s*\)"
_SPACES = rf"(?a)(rgb|hsl)a?\(\s*{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}(?:\s*/\s*{_NUMBER})?\s*\)"
_HEX = r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})"
_NAME = re.compile(r"[^\W\d_][\w-]*")
_ADDRESS = re.compile(
    r"""(?is)[a-z][a-z0-9+.-]*://.+|data:image/\S+|[^"'<>()]*/[^"'<>()]*|[^\s"'<>()]+\.[a-z0-9]{2,5}(?:[?#]\S*)?"""
)
"""A URL, a path with a slash, or the name of a file with an ending."""
_HINTS = {
    "#": "a hex colour has 3, 4, 6 or 8 digits from 0-9 and a-f after the #",
    "rgb": 'write "rgb(16, 32, 48)": each 0 to 255, or each 0% to 100%; a fourth value is alpha, 0 to 1',
    "hsl": 'write "hsl(210, 50%, 13%)": degrees, then 0% to 100% twice; a fourth value is alpha, 0 to 1',
    "": 'write "#102030", "rgb(16, 32, 48)", "hsl(210, 50%, 13%)" or a CSS colour name',
}


@attrs.frozen
class Colour:
    """Red, green and blue from 0 to 255, and alpha from 0 (clear) to 1 (opaque).

    >>> parse_colour("navy").over(parse_colour("white")).rgb
    'rgb(0,0,128)'
    """

    red: int
    green: int
    blue: int
    alpha: float = 1.0

    @property
    def rgb(self) -> str:
        """The colour as `source_color` on the wire has it: no spaces, no alpha."""
        return f"rgb({self.red},{self.green},{self.blue})"

    @property
    def hex(self) -> str:
        """`#rrggbb`, or `#rrggbbaa` if it is not opaque."""
        clear = "" if self.alpha == 1 else f"{_rounded(self.alpha * 255):02x}"
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}{clear}"

    @property
    def luminance(self) -> float:
        """Relative luminance by WCAG 2.2, from 0 (black) to 1 (white), without alpha."""
        return 0.2126 * _linear(self.red) + 0.7152 * _linear(self.green) + 0.0722 * _linear(self.blue)

    def over(self, background: Colour) -> Colour:
        """Return the colour seen where this one lies over `background` (source-over compositing)."""
        behind = background.alpha * (1 - self.alpha)
        alpha = self.alpha + behind
        if not alpha:
            return Colour(0, 0, 0, 0.0)
        pairs = ((self.red, background.red), (self.green, background.green), (self.blue, background.blue))
        red, green, blue = (_rounded((front * self.alpha + back * behind) / alpha) for front, back in pairs)
        return Colour(red, green, blue, alpha)


def contrast(front: Colour, back: Colour) -> float:
    """Return the WCAG 2.2 contrast ratio, from 1 (none) to 21, of `front` over `back`.

    `back` counts as opaque: composite a translucent one with `over` first.

    >>> contrast(parse_colour("white"), parse_colour("black"))
    21.0
    """
    darker, lighter = sorted((front.over(attrs.evolve(back, alpha=1.0)).luminance, back.luminance))
    return (lighter + 0.05) / (darker + 0.05)


def is_colour_literal(text: str) -> bool:
    """Whether the text begins with `#`, `rgb(`, `rgba(`, `hsl(` or `hsla(`, in either case. Names do not count."""
    return text.lower().startswith(("#", "rgb(", "rgba(", "hsl(", "hsla("))


def is_name(text: str) -> bool:
    """Whether the text could be a name in a theme: a letter, then letters, digits, hyphens and underscores."""
    return _NAME.fullmatch(text) is not None


def validate_background(text: str) -> None:
    """Raise `BuildError` for a background that is empty, a malformed colour, or a colour that would count as a URL.

    >>> validate_background("/images/navy.png")
    >>> validate_background("navy")
    Traceback (most recent call last):
        ...
    aistudios_dsl.errors.BuildError: background is 'navy', which would be taken for a URL
      hint: write the colour as '#000080'
    """
    plain = text.strip().lower()
    if not plain:
        raise BuildError("background is empty", hint='give a colour such as "#102030", or a URL')
    if is_colour_literal(text):
        parse_colour(text, "background")
        return
    colour = find_colour(plain) or _from_hex(f"#{plain}") or _from_hex(f"#{plain.removeprefix('0x')}")
    if colour is None and " " in plain:
        colour = _names().get(plain.replace(" ", ""))
    if colour is not None:
        message = f"background is {text!r}, which would be taken for a URL"
        raise BuildError(message, hint=f"write the colour as {colour.hex!r}")
    if not _ADDRESS.fullmatch(text):
        raise BuildError(f"background is {text!r}, which is neither a colour nor a URL nor a path", hint=_other(plain))


def _other(text: str) -> str:
    """Return the hint for a background that is nothing known."""
    if re.match(r"[a-z-]+-gradient\(", text):
        return "a gradient is a picture: save it as one and give its URL, or give one colour"
    if text.startswith("url("):
        return "give the URL alone, without url()"
    if text.startswith("var("):
        return "give the colour itself: a project has no CSS variables"
    if re.match(r"[a-z-]+\(", text):
        return _HINTS[""]
    close = nearest(text, _names())
    return f"did you mean {_names()[close].hex!r}, {close}?" if close else 'give a colour such as "#102030", or a URL'


def parse_colour(text: str, what: str = "color") -> Colour:
    """Parse a CSS colour: hex, rgb() or hsl() with commas or spaces, a name, or transparent.

    Raise `BuildError`, which names `what`, for anything else. Unlike in a browser, values out of range and hsl()
    without percent signs are errors.

    >>> parse_colour("#1020"), parse_colour("hsl(210 50% 13% / 25%)").hex
    (Colour(red=17, green=0, blue=34, alpha=0.0), '#11213240')
    """
    colour = find_colour(text)
    if colour is None:
        raise BuildError(f"{what} is {text!r}, which is not a colour", hint=_hint(text.strip().lower()))
    return colour


def find_colour(value: object) -> Colour | None:
    """Return the colour that `parse_colour` reads; None for anything that is not a colour."""
    return _read(value.strip().lower()) if isinstance(value, str) else None


@lru_cache(maxsize=1024)
def _read(plain: str) -> Colour | None:
    return _from_hex(plain) or _from_function(plain) or _names().get(plain)


def _from_hex(text: str) -> Colour | None:
    if not re.fullmatch(_HEX, text):
        return None
    digits = text[1:] if len(text) > 5 else "".join(digit * 2 for digit in text[1:])
    red, green, blue, *clear = bytes.fromhex(digits)
    return Colour(red, green, blue, clear[0] / 255 if clear else 1.0)


def _from_function(text: str) -> Colour | None:
    match = re.fullmatch(_COMMAS, text) or re.fullmatch(_SPACES, text)
    if match is None:
        return None
    name, *channels, clear = match.groups(default="1")
    levels = _rgb_levels(channels) if name == "rgb" else _hsl_levels(channels)
    alpha = _share(clear, 1)
    if alpha is None or levels is None:
        return None
    red, green, blue = (_rounded(level * 255) for level in levels)
    return Colour(red, green, blue, alpha)


def _rgb_levels(channels: list[str]) -> list[float] | None:
    alike = len({channel.endswith("%") for channel in channels}) == 1
    levels = [level for channel in channels if (level := _share(channel, 255)) is not None]
    return levels if alike and len(levels) == 3 else None


def _hsl_levels(channels: list[str]) -> tuple[float, float, float] | None:
    hue, saturation, lightness = channels[0].removesuffix("deg"), *channels[1:]
    if hue.endswith("%") or not (saturation.endswith("%") and lightness.endswith("%")):
        return None
    chroma, light = _share(saturation, 1), _share(lightness, 1)
    if chroma is None or light is None:
        return None
    return colorsys.hls_to_rgb(float(hue) % 360 / 360, light, chroma)


def _share(argument: str, whole: float) -> float | None:
    if argument.endswith("deg"):
        return None
    share = float(argument[:-1]) / 100 if argument.endswith("%") else float(argument) / whole
    return share if 0 <= share <= 1 else None


def _hint(text: str) -> str:
    if re.fullmatch(_HEX, f"#{text}"):
        return f"did you mean '#{text}'?"
    kind = next(kind for kind in _HINTS if text.startswith(kind))
    close = "" if kind else nearest(text, _names())
    return f"did you mean {close!r}?" if close else _HINTS[kind]


def _rounded(number: float) -> int:
    # Browsers round halves up; Python's round() rounds them to even.
    return math.floor(number + 0.5)


def _linear(channel: int) -> float:
    level = channel / 255
    return float(level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4)


def colour_names() -> Iterable[str]:
    """Return the names of CSS."""
    return _names()


@cache
def _names() -> dict[str, Colour]:
    pairs = (entry.split(":") for entry in _CSS_NAMES.split())
    named = {name: Colour(*bytes.fromhex(digits)) for name, digits in pairs}
    return named | {"transparent": Colour(0, 0, 0, 0.0)}


# CSS Color Module Level 4, section 6.1, in its order.
_CSS_NAMES = """
aliceblue:f0f8ff antiquewhite:faebd7 aqua:00ffff aquamarine:7fffd4 azure:f0ffff beige:f5f5dc bisque:ffe4c4
black:000000 blanchedalmond:ffebcd blue:0000ff blueviolet:8a2be2 brown:a52a2a burlywood:deb887 cadetblue:5f9ea0
chartreuse:7fff00 chocolate:d2691e coral:ff7f50 cornflowerblue:6495ed cornsilk:fff8dc crimson:dc143c cyan:00ffff
darkblue:00008b darkcyan:008b8b darkgoldenrod:b8860b darkgray:a9a9a9 darkgreen:006400 darkgrey:a9a9a9 darkkhaki:bdb76b
darkmagenta:8b008b darkolivegreen:556b2f darkorange:ff8c00 darkorchid:9932cc darkred:8b0000 darksalmon:e9967a
darkseagreen:8fbc8f darkslateblue:483d8b darkslategray:2f4f4f darkslategrey:2f4f4f darkturquoise:00ced1
darkviolet:9400d3 deeppink:ff1493 deepskyblue:00bfff dimgray:696969 dimgrey:696969 dodgerblue:1e90ff firebrick:b22222
floralwhite:fffaf0 forestgreen:228b22 fuchsia:ff00ff gainsboro:dcdcdc ghostwhite:f8f8ff gold:ffd700 goldenrod:daa520
gray:808080 green:008000 greenyellow:adff2f grey:808080 honeydew:f0fff0 hotpink:ff69b4 indianred:cd5c5c indigo:4b0082
ivory:fffff0 khaki:f0e68c lavender:e6e6fa lavenderblush:fff0f5 lawngreen:7cfc00 lemonchiffon:fffacd lightblue:add8e6
lightcoral:f08080 lightcyan:e0ffff lightgoldenrodyellow:fafad2 lightgray:d3d3d3 lightgreen:90ee90 lightgrey:d3d3d3
lightpink:ffb6c1 lightsalmon:ffa07a lightseagreen:20b2aa lightskyblue:87cefa lightslategray:778899
lightslategrey:778899 lightsteelblue:b0c4de lightyellow:ffffe0 lime:00ff00 limegreen:32cd32 linen:faf0e6
magenta:ff00ff maroon:800000 mediumaquamarine:66cdaa mediumblue:0000cd mediumorchid:ba55d3 mediumpurple:9370db
mediumseagreen:3cb371 mediumslateblue:7b68ee mediumspringgreen:00fa9a mediumturquoise:48d1cc mediumvioletred:c71585
midnightblue:191970 mintcream:f5fffa mistyrose:ffe4e1 moccasin:ffe4b5 navajowhite:ffdead navy:000080 oldlace:fdf5e6
olive:808000 olivedrab:6b8e23 orange:ffa500 orangered:ff4500 orchid:da70d6 palegoldenrod:eee8aa palegreen:98fb98
paleturquoise:afeeee palevioletred:db7093 papayawhip:ffefd5 peachpuff:ffdab9 peru:cd853f pink:ffc0cb plum:dda0dd
powderblue:b0e0e6 purple:800080 rebeccapurple:663399 red:ff0000 rosybrown:bc8f8f royalblue:4169e1 saddlebrown:8b4513
salmon:fa8072 sandybrown:f4a460 seagreen:2e8b57 seashell:fff5ee sienna:a0522d silver:c0c0c0 skyblue:87ceeb
slateblue:6a5acd slategray:708090 slategrey:708090 snow:fffafa springgreen:00ff7f steelblue:4682b4 tan:d2b48c
teal:008080 thistle:d8bfd8 tomato:ff6347 turquoise:40e0d0 violet:ee82ee wheat:f5deb3 white:ffffff whitesmoke:f5f5f5
yellow:ffff00 yellowgreen:9acd32
"""
