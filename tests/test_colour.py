"""Colours: read as a browser reads them, or refused in words; composited and weighed by the published formulas."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.colour import Colour, contrast, is_colour_literal, parse_colour

channels = st.integers(0, 255)
colours = st.builds(Colour, channels, channels, channels, st.floats(0, 1))
opaque = st.builds(Colour, channels, channels, channels)
laws = settings(max_examples=100)

# What Chromium's canvas answers for the same strings.
AS_IN_CHROMIUM = [
    ("#FFF", "#ffffff"),
    ("#1234", "#11223344"),
    ("#102030", "#102030"),
    ("#80808080", "#80808080"),
    (" red ", "#ff0000"),
    ("RebeccaPurple", "#663399"),
    ("darkslategrey", "#2f4f4f"),
    ("lightgoldenrodyellow", "#fafad2"),
    ("transparent", "#00000000"),
    ("rgb(16,32,48)", "#102030"),
    ("RGB( 16 , 32 , 48 )", "#102030"),
    ("rgb(1.5,2.5,3.5)", "#020304"),
    ("rgb(10%,20%,30%)", "#1a334d"),
    ("rgb(12.75%,0%,0%)", "#210000"),
    ("rgba(1,2,3)", "#010203"),
    ("rgb(1,2,3,.25)", "#01020340"),
    ("rgb(1 2 3/50%)", "#01020380"),
    ("rgb(+1 2 3 / 1)", "#010203"),
    ("hsl(210,50%,13%)", "#112132"),
    ("hsl(210deg 50% 13%)", "#112132"),
    ("hsl(-150,50%,13%)", "#112132"),
    ("hsla(210 , 50% , 13% , 25%)", "#11213240"),
]


@pytest.mark.parametrize(("text", "shown"), AS_IN_CHROMIUM)
def test_a_colour_is_what_the_browser_shows(text: str, shown: str) -> None:
    """Hex, functions and names are the eight-bit colour that Chromium paints."""
    assert parse_colour(text).hex == shown


FORMS = 'write "#102030", "rgb(16, 32, 48)", "hsl(210, 50%, 13%)" or a CSS colour name'
HEX = "a hex colour has 3, 4, 6 or 8 digits from 0-9 and a-f after the #"
RGB = 'write "rgb(16, 32, 48)": each 0 to 255, or each 0% to 100%; a fourth value is alpha, 0 to 1'
HSL = 'write "hsl(210, 50%, 13%)": degrees, then 0% to 100% twice; a fourth value is alpha, 0 to 1'

NO_COLOURS = [
    ("", FORMS),
    ("url(x)", FORMS),
    ("١٢٣", FORMS),
    ("dark blu", "did you mean 'darkblue'?"),
    ("tomatoe", "did you mean 'tomato'?"),
    ("light-grey", "did you mean 'lightgrey'?"),
    ("#12345", HEX),
    ("#xyz", HEX),
    ("#", HEX),
    ("rgb(1,2)", RGB),
    ("rgb(1, 2 3)", RGB),
    ("rgb(1 2 3 0.5)", RGB),
    ("rgb(1,2,3/.5)", RGB),
    ("rgb(1,2,3,)", RGB),
    ("rgb(10%,20,30)", RGB),
    ("rgb(300,0,0)", RGB),
    ("rgb(-1,0,0)", RGB),
    ("rgb(101%,0%,0%)", RGB),
    ("rgb(0,0,0,1.5)", RGB),
    ("rgb(10deg,0,0)", RGB),
    ("rgb (1,2,3)", RGB),
    ("rgb(nan,0,0)", RGB),
    ("rgb(٣,0,0)", RGB),
    ("hsl(210,50,13)", HSL),
    ("hsl(50%,50%,50%)", HSL),
    ("hsl(210,120%,13%)", HSL),
    ("hsl(210,50deg,13%)", HSL),
    ("hsl(.5turn 50% 13%)", HSL),
]


@pytest.mark.parametrize(("text", "hint"), NO_COLOURS)
def test_what_is_no_colour_is_refused_with_a_way_out(text: str, hint: str) -> None:
    """What a browser would ignore, and what it would silently clamp, is named with the form to write."""
    with pytest.raises(BuildError) as caught:
        parse_colour(text, "fill")
    assert (caught.value.message, caught.value.hint) == (f"fill is {text!r}, which is not a colour", hint)


@laws
@given(st.text(max_size=30) | st.from_regex(r"(rgb|hsl)a?\([0-9 ,./%deg+-]{0,30}\)?", fullmatch=True))
def test_any_text_is_a_colour_or_a_build_error(text: str) -> None:
    """No text ends in any other exception, and what is read lies in range."""
    try:
        colour = parse_colour(text)
    except BuildError:
        return
    assert all(0 <= channel <= 255 for channel in (colour.red, colour.green, colour.blue))
    assert 0 <= colour.alpha <= 1


def test_a_long_nonsense_is_refused_at_once() -> None:
    """The patterns do not backtrack over long runs of blanks."""
    started = time.perf_counter()
    for text in ("rgb(1" + " " * 50_000 + "x", "hsl(" + "1" * 50_000 + "x", "rgb(1 2 3 /" + " " * 50_000):
        with pytest.raises(BuildError):
            parse_colour(text)
    assert time.perf_counter() - started < 2


@laws
@given(opaque)
def test_both_written_forms_read_back(colour: Colour) -> None:
    """.rgb and .hex of an opaque colour are that colour again, and .rgb has no blanks."""
    assert parse_colour(colour.rgb) == parse_colour(colour.hex) == colour
    assert " " not in colour.rgb


@laws
@given(channels, channels, channels, channels)
def test_hex_keeps_alpha(red: int, green: int, blue: int, clear: int) -> None:
    """Eight digits read and written are the same eight digits, six if opaque."""
    text = f"#{red:02x}{green:02x}{blue:02x}{clear:02x}"
    assert parse_colour(text).hex == (text.removesuffix("ff") if clear == 255 else text)


@laws
@given(colours, opaque)
def test_compositing_lies_between_the_two(front: Colour, back: Colour) -> None:
    """Over an opaque background every channel lies between both, alpha is 1, and the rims are exact."""
    seen = front.over(back)
    assert seen.alpha == pytest.approx(1)
    for name in ("red", "green", "blue"):
        ends = sorted((getattr(front, name), getattr(back, name)))
        assert ends[0] <= getattr(seen, name) <= ends[1]
    assert Colour(front.red, front.green, front.blue, 0.0).over(back) == back
    assert back.over(front) == back


def test_clear_over_clear_is_clear() -> None:
    """Two colours that nobody sees make one that nobody sees; half over half is three quarters."""
    assert parse_colour("#12340000").over(parse_colour("transparent")) == parse_colour("transparent")
    assert Colour(255, 0, 0, 0.5).over(Colour(0, 0, 255, 0.5)) == Colour(170, 0, 85, 0.75)


# Ratios that WCAG's own techniques and common checkers state.
RATIOS = [
    ("black", "white", 21.0),
    ("white", "white", 1.0),
    ("#767676", "white", 4.54),
    ("#777777", "white", 4.48),
    ("red", "white", 4.0),
    ("blue", "white", 8.59),
    ("#00000080", "white", 4.0),
]


@pytest.mark.parametrize(("front", "back", "ratio"), RATIOS)
def test_contrast_is_the_published_ratio(front: str, back: str, ratio: float) -> None:
    """Contrast is WCAG's, of the colour that is seen over the background."""
    assert contrast(parse_colour(front), parse_colour(back)) == pytest.approx(ratio, abs=0.006)


@laws
@given(opaque, opaque)
def test_contrast_has_no_direction(one: Colour, other: Colour) -> None:
    """Swapping two opaque colours changes nothing, and the ratio is from 1 to 21."""
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("#fff", True),
        ("#{{ brand }}", True),
        ("rgb(1,2,3)", True),
        ("RGBA(1,2,3,.5)", True),
        ("hsl({{ hue }}, 50%, 50%)", True),
        ("hsla(1,1%,1%,1)", True),
        ("red", False),
        ("/images/#1.png", False),
        ("{{ colour }}", False),
        ("https://example.com/a.png", False),
        ("", False),
    ],
)
def test_a_colour_is_told_from_a_url_by_its_start(text: str, literal: bool) -> None:
    """Only the literal start decides, so that a template can be told apart before it is rendered."""
    assert is_colour_literal(text) is literal
