"""Themes: colours and text styles by name. `themed` and `backdrop_of` put values in the place of the names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from os import PathLike
from typing import Any, TypeVar

from attrs import evolve, field, fields, frozen

from aistudios_dsl.build.keywords import checked_class, hint_for
from aistudios_dsl.build.placement import Place
from aistudios_dsl.errors import BuildError, DslError, LoadError, expect, nearest, under, unreadable
from aistudios_dsl.layout.colour import (
    colour_names,
    find_colour,
    is_colour_literal,
    is_name,
    parse_colour,
    validate_background,
)
from aistudios_dsl.wire.node import UNSET, as_found, fault_of, holds_jinja, keys_by_attribute
from aistudios_dsl.wire.nodes import Align, Clip, Shape, Text

C = TypeVar("C", bound=Clip)
T = TypeVar("T")

COLOURS = ("fill", "stroke", "background_color")
"""The colours of a text or shape. Its shadow has one more."""
_MAY_HAVE_NONE = ("stroke", "background", "background_color")

WORDS = {
    "font_size": "font_size",
    "color": "fill",
    "align": "align",
    "bold": "font_weight",
    "italic": "font_style",
    "underline": "underline",
    "font_family": "font_family",
    "background": "background_color",
    "stroke": "stroke",
    "stroke_width": "stroke_width",
}
"""What a style says, in the words of `.text`, and the field of the wire of each."""
_OF_THE_VERB = {"the verb .text": ("fit", "min_font_size", "balance", "width", "at", "margin")}
"""What a text is told where it stands, and a style does not say."""
_WORD_OF = {field: word for word, field in reversed(WORDS.items())}


def word_for(clip: Clip, name: str) -> str:
    """Return the verb's word for a field of a text or shape.

    >>> word_for(Shape.__new__(Shape), "fill"), word_for(Text.__new__(Text), "fill")
    ('fill', 'color')
    """
    return _WORD_OF.get(name, name) if isinstance(clip, Text) else name


def switched(given: object, name: str, value: T, path: str = "") -> T | str:
    """Return the value of a switch that is on, and "" for one that is off."""
    # A string, such as "no" or a template, would silently switch it on.
    expect(given, bool, f"{name} must be True or False", path=path)
    return value if given else ""


@checked_class(others=lambda: _OF_THE_VERB)
@frozen(kw_only=True)
class TextStyle:
    """How the letters of a text look, for `Theme(text=...)`. Each parameter is that of `.text`; None says nothing.

    Args:
        font_size: Whole points from 1 up. Default None.
        color: Colour of the letters, or the name of one of the theme. Default None.
        align: "left", "center" or "right". Default None.
        bold: Whether the letters are bold. Default None.
        italic: Whether they are italic. Default None.
        underline: Whether they are underlined. Default None.
        font_family: Name of the font. Default None, that of the theme.
        background: Colour of the box, or the name of one of the theme. Default None.
        stroke: Colour of the outline of the letters, or the name of one of the theme. Default None.
        stroke_width: Width of that outline in px, from 0 up. Default None.

    Raises:
        BuildError: An argument is unknown or has a wrong value.

    >>> TextStyle(font_size=72, bold=True).font_size
    72
    """

    font_size: int | None = None
    color: str | None = None
    align: Align | None = None
    bold: bool | None = None
    italic: bool | None = None
    underline: bool | None = None
    font_family: str | None = None
    background: str | None = None
    stroke: str | None = None
    stroke_width: float | None = None

    def __attrs_post_init__(self) -> None:
        known = keys_by_attribute(Text)
        for name, value in self._fields.items():
            if holds_jinja(value):
                raise BuildError(f"{name} is {value!r}, but a theme holds no templates", hint=_PER_ROW)
            if fault := fault_of(known[name], value):
                raise fault

    @property
    def _fields(self) -> dict[str, Any]:
        """What it says, as fields of the wire."""
        said = {word: value for word in WORDS if (value := getattr(self, word)) is not None}
        for word, value in (("bold", 700), ("italic", "italic")):
            if word in said:
                said[word] = switched(said[word], word, value)
        return {WORDS[word]: value for word, value in said.items()}


_PER_ROW = 'give several a name, and let the row choose one: color="{{ colour }}" or style="{{ style }}"'


def _own_colors(colors: Mapping[str, str]) -> dict[str, str]:
    hint = 'such as colors={"brand": "#e4002b"}'
    expect(colors, Mapping, "colors must be a mapping of names to colours", hint)
    own = {}
    for name, value in colors.items():
        _validate_name(name, "colour")
        with under(f"colors.{name}"):
            expect(value, str, "a colour must be a string", hint)
        if holds_jinja(value):
            raise BuildError(f"colors.{name} is {value!r}, but a theme holds no templates", hint=_PER_ROW)
        colour = parse_colour(value, f"colors.{name}")
        # A background is a colour only where it begins like one.
        own[name] = value.strip() if is_colour_literal(value.strip()) else colour.hex
    return own


def _own_styles(styles: Mapping[str, TextStyle]) -> dict[str, TextStyle]:
    hint = 'such as text={"title": TextStyle(font_size=72)}'
    expect(styles, Mapping, "text must be a mapping of names to text styles", hint)
    for name, style in styles.items():
        _validate_name(name, "style")
        expect(style, TextStyle, "a style must be a TextStyle", hint, path=f"text.{name}")
    return dict(styles)


def _validate_name(name: Any, kind: str) -> None:
    if not isinstance(name, str) or not is_name(name):
        hint = "a letter, then letters, digits, - and _"
        raise BuildError(f"{name!r} cannot be the name of a {kind}", hint=hint)


@checked_class()
@frozen(kw_only=True)
class Theme:
    """A brand: colours and text styles by name, and the font. `Project(theme=...)` takes it.

    A name of its colours is taken wherever a colour is, before the names of CSS. What a verb is told wins over a style.

    Args:
        colors: Colours by name, such as `{"brand": "#e4002b"}`. Default none.
        text: Text styles by name, such as `{"title": TextStyle(font_size=72)}`. Default none.
        font_family: Name of the font of texts that name none, by themselves or by their style. Default "Noto Sans CJK".

    Raises:
        BuildError: An argument is unknown or has a wrong value, or a style names a colour that is not there.

    >>> theme = Theme(colors={"brand": "#e4002b"}, text={"title": TextStyle(font_size=72, color="brand")})
    >>> from aistudios_dsl import Project
    >>> clip = Project(theme=theme).scene().text("Hi", style="title").resolve().scenes[0].clips[0]
    >>> clip.font_size, clip.fill
    (72, '#e4002b')
    """

    colors: Mapping[str, str] = field(default={}, converter=_own_colors)
    text: Mapping[str, TextStyle] = field(default={}, converter=_own_styles)
    font_family: str | None = None

    def __attrs_post_init__(self) -> None:
        TextStyle(font_family=self.font_family)  # validates it
        for name, style in self.text.items():
            with under(f"text.{name}"):
                for word in ("color", "background", "stroke"):
                    if (value := getattr(style, word)) is not None:
                        colour_of(value, word, self)

    def __hash__(self) -> int:
        return hash((tuple(self.colors), tuple(self.text), self.font_family))

    def _named(self, value: str) -> str | None:
        """Return the colour of this name, or None. As in CSS, spaces around it do not count."""
        return self.colors.get(value.strip())

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Theme:
        """Return the theme in a TOML file: `font_family`, a table `[colors]`, and a table `[text.NAME]` for each style.

        Args:
            path: The file.

        Raises:
            BuildError: This is not a path.
            LoadError: The file cannot be read, is not TOML, or is not a theme.
        """
        import tomllib
        from pathlib import Path

        expect(path, str | PathLike, "path must be that of a file", 'such as "brand.toml"')
        try:
            document = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError:
            raise LoadError(f"{path} is not text in UTF-8") from None
        except (tomllib.TOMLDecodeError, RecursionError) as fault:
            hint = 'such as brand = "#e4002b" below [colors], or bold = true below [text.title]'
            raise LoadError(f"{path} is not TOML: {fault}", hint=hint) from None
        except (OSError, ValueError) as fault:
            raise unreadable(Path(path), fault) from None
        try:
            return _theme_of(document)
        except DslError as fault:
            where = f"{path}: {fault.path}" if fault.path else str(path)
            raise LoadError(fault.message, where, fault.hint) from None


def _theme_of(document: Mapping[str, Any]) -> Theme:
    _refuse_unknown(document, [attribute.name for attribute in fields(Theme)])
    for name, example in (("colors", "[colors]"), ("text", "[text.title]")):
        expect(document.get(name, {}), Mapping, "must be a table", f"such as {example}", path=name)
    styles = {}
    for name, table in document.get("text", {}).items():
        with under(f"text.{name}"):
            expect(table, Mapping, "must be a table", f"such as [text.{name}]")
            _refuse_unknown(table, WORDS, _OF_THE_VERB)
            styles[name] = TextStyle(**table)
    return Theme(**{**document, "text": styles})


def _refuse_unknown(
    table: Mapping[str, Any], known: Collection[str], elsewhere: Mapping[str, Iterable[str]] = {}
) -> None:
    for name in table:
        if name not in known:
            raise BuildError(f"unknown key {name!r}", hint=hint_for(name, known, elsewhere))


# names and what they stand for


def colour_of(value: str, what: str, theme: Theme | None) -> str:
    """Return the CSS colour that a script means; "" is none, where `what` may have none.

    Raises `BuildError`, which names `what`, for one that is not known.
    """
    if value == "" and what in _MAY_HAVE_NONE:
        return value
    if theme is None:
        parse_colour(value, what)
    elif (named := theme._named(value)) is not None:
        return named
    elif find_colour(value) is None:
        if not is_name(value.strip()):
            parse_colour(value, what)
        near = nearest(value, [*theme.colors, *colour_names()])
        hint = f"did you mean {near!r}?" if near else _known("colours", theme.colors)
        raise BuildError(f"{what} is {value!r}, which is neither a colour of the theme nor one of CSS", hint=hint)
    return value


def backdrop_of(value: str, theme: Theme | None) -> str:
    """Return the colour, as it is recognised on a background, or the URL that a script means by its background."""
    if theme is not None and (named := theme._named(value)) is not None:
        return named
    near = nearest(value, theme.colors) if theme is not None and is_name(value.strip()) else ""
    if near:
        message = f"background is {value!r}, which is neither a colour of the theme nor a URL"
        raise BuildError(message, hint=f"did you mean {near!r}?")
    validate_background(value)
    return value


def is_backdrop_colour(value: str, theme: Theme | None) -> bool:
    """Whether a background is a colour, not a URL."""
    return is_colour_literal(value) or (theme is not None and theme._named(value) is not None)


def _known(kind: str, names: Iterable[str]) -> str:
    return f"{kind} of the theme: {', '.join(names) or 'none'}"


def themed(clip: C, place: Place, theme: Theme | None, *, waiting: bool = False) -> C:
    """Return a drafted clip with the letters of its style, and with colours in the place of their names.

    `waiting` passes over what waits for a row. Raises `BuildError` for a style or colour that is not known.
    """
    if not isinstance(clip, Text | Shape):
        return clip
    changes = _of_style(place, theme, waiting) if isinstance(clip, Text) and (theme is not None or place.style) else {}
    for name in COLOURS:
        value: Any = changes.get(name, getattr(clip, name, UNSET))
        if isinstance(value, str) and not (waiting and holds_jinja(value)):
            colour = colour_of(value, word_for(clip, name), theme)
            if colour is not value or changes:
                changes[name] = colour
    shadow: Any = clip.shadow
    if shadow and shadow.color is not UNSET and not (waiting and holds_jinja(shadow.color)):
        shade = colour_of(shadow.color, "shadow.color", theme)
        if shade != shadow.color:
            with as_found():
                changes["shadow"] = evolve(shadow, color=shade)
    new = {name: value for name, value in changes.items() if value != getattr(clip, name)} if changes else None
    if not new:
        return clip
    with as_found():
        changed: C = evolve(clip, **new)
    return changed


def _of_style(place: Place, theme: Theme | None, waiting: bool) -> dict[str, Any]:
    """Return the fields that a text gets from its style, and from the theme, where its verb was not told them."""
    given: dict[str, Any] = {}
    if theme is not None and theme.font_family:
        given["font_family"] = theme.font_family
    if place.style and not (waiting and holds_jinja(place.style)):
        given |= _style_of(place.style, theme)._fields
    return {name: value for name, value in given.items() if name not in place.told}


def _style_of(name: str, theme: Theme | None) -> TextStyle:
    if theme is None:
        hint = 'Project(theme=Theme(text={"title": TextStyle(font_size=72)})) has one'
        raise BuildError(f"style is {name!r}, but the project has no theme", hint=hint, code="unknown-style")
    if name not in theme.text:
        near = nearest(name, theme.text)
        hint = f"did you mean {near!r}?" if near else _known("styles", theme.text)
        raise BuildError(f"style is {name!r}, which the theme does not have", hint=hint, code="unknown-style")
    return theme.text[name]
