"""The natural size of pictures, from files and bytes whose heads are made here by hand."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout.picture import natural_size


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">L4sLLBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0) + bytes(64)


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(8)


def jpeg(width: int, height: int, orientation: int = 1) -> bytes:
    """A JPEG up to its frame header, with the EXIF orientation that a camera writes."""
    tiff = b"MM\0*" + struct.pack(">LHHHLHHL", 8, 1, 0x112, 3, 1, orientation, 0, 0)
    exif = b"Exif\0\0" + tiff
    app1 = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + app1 + frame + b"\xff\xd9"


def webp(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + bytes(4) + b"WEBPVP8X" + struct.pack("<LL", 10, 0) + sides + bytes(32)


def svg(attributes: str, before: str = "", inside: str = "") -> bytes:
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


@pytest.mark.parametrize("make", [png, gif, jpeg, webp])
@pytest.mark.parametrize("size", [(1, 1), (1920, 1080), (2333, 3500)])
def test_bitmaps_say_their_size(make: Callable[[int, int], bytes], size: tuple[int, int], tmp_path: Path) -> None:
    """The size in the head is the answer, from bytes, a str path and a Path alike."""
    data = make(*size)
    path = tmp_path / "picture"
    path.write_bytes(data)
    assert natural_size(data) == natural_size(path) == natural_size(str(path)) == size


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photograph_counts_upright(orientation: int) -> None:
    """EXIF orientations 5 to 8 swap the sides, as a browser's naturalWidth and naturalHeight do."""
    assert natural_size(jpeg(40, 20, orientation)) == ((20, 40) if orientation >= 5 else (40, 20))


def turned(kind: str, orientation: int) -> bytes:
    """A picture of 40 x 20 px that Pillow writes with this EXIF orientation, for an AVIF as `irot` and `imir`."""
    exif = Image.Exif()
    exif[0x112] = orientation
    out = BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, kind, exif=exif.tobytes() if kind == "AVIF" else exif)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "AVIF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_other_pictures_are_turned_as_chromium_turns_them(kind: str, orientation: int) -> None:
    """Chromium heeds the eXIf of a PNG and the irot of an AVIF, and not the EXIF of a WebP."""
    upright = kind == "WEBP" or orientation < 5
    assert natural_size(turned(kind, orientation)) == ((40, 20) if upright else (20, 40))


def test_an_exif_that_chromium_ignores_turns_nothing() -> None:
    """Neither an eXIf chunk behind the pixels nor a damaged one counts."""
    data = turned("PNG", 6)
    at = data.index(b"eXIf") - 4
    end = at + 12 + int.from_bytes(data[at : at + 4], "big")
    chunk, last = data[at:end], data.index(b"IEND") - 4
    assert natural_size(data) == (20, 40)
    assert natural_size(data[:at] + data[end:last] + chunk + data[last:]) == (40, 20)
    assert natural_size(data[: end - 1] + bytes([data[end - 1] ^ 1]) + data[end:]) == (40, 20)


DOCTYPE = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">'
SVGS = [
    (svg('width="120" height="80"'), (120, 80)),
    (svg("height='80px' width=' 120px '"), (120, 80)),
    (svg('width="120pt" height="80pt"'), (160, 107)),
    (svg('width="2in" height="1in"'), (192, 96)),
    (svg('width="80Q" height="40q"'), (76, 38)),
    (svg('width="120PX" height="80Px"'), (120, 80)),
    (svg('width="10em" height="5EM"'), (160, 80)),
    (svg('width="10rem" height="5rem"'), (160, 80)),
    (svg('width="2cm" height="10mm"'), (76, 38)),
    (svg('width="10pc" height="1e2"'), (160, 100)),
    (svg('width="+12" height=".5in"'), (12, 48)),
    (svg('width="120.6" height="80.4" viewBox="0 0 1 1"'), (121, 80)),
    (svg('data-width="3" stroke-width="2" width="120" height="80"'), (120, 80)),
    (svg('width="120" height="80"', before="<!-- drawn by hand -->\n" * 40), (120, 80)),
    (svg('width="120" height="80"', before='<?xml version="1.0"?>' + DOCTYPE), (120, 80)),
    (b"\xef\xbb\xbf" + svg('width="120" height="80"', inside="<g>" * 9000), (120, 80)),
    (b'<s:svg xmlns:s="http://www.w3.org/2000/svg" width="9" height="8"/>', (9, 8)),
]


@pytest.mark.parametrize(("data", "size"), SVGS, ids=range(len(SVGS)))
def test_an_svg_says_its_size_in_its_root(data: bytes, size: tuple[int, int]) -> None:
    """Width and height of the root tag count, in whole px as Chromium rounds them, whatever stands around them."""
    assert natural_size(data) == size


NO_ROOT_SIZE = [
    svg('viewBox="0 0 100 50"'),
    svg('viewBox="0 0 100 50"', inside='<rect width="3" height="4"/>'),
    svg('width="100%" height="100%" viewBox="0 0 100 50"'),
    svg('width="200" viewBox="0 0 100 50"'),
    svg('width="" height=""'),
    svg('width="-5" height="5"'),
    svg('width="10em" height="5em" font-size="20"'),
    svg('width="10em" height="5em"', inside="<style>svg { font: 20px serif }</style>"),
    svg('width="10rem" height="5rem" style="font-size: 20px"'),
    svg('width="10ex" height="5ch"'),
    svg('width="12." height="20"'),
    svg('width="120 px" height="80"'),
    svg('width="calc(1px + 2px)" height="80"'),
    svg('width="10vw" height="10vh"'),
]


@pytest.mark.parametrize("data", NO_ROOT_SIZE, ids=range(len(NO_ROOT_SIZE)))
def test_an_svg_without_a_size_is_never_guessed(data: bytes) -> None:
    """A viewBox, percentages or the sizes of shapes inside are no natural size: the message says what to write."""
    with pytest.raises(BuildError) as caught:
        natural_size(data)
    assert caught.value.message == "file (given as bytes) is an SVG without a width and height"
    assert caught.value.hint == "write both in its <svg> tag in px, or give natural=(width, height) in px"


UNREADABLE = [
    (b"", "is empty"),
    (b"hello", "is not a picture whose size can be read"),
    (b"<!doctype html><html><svg width='1' height='1'/></html>", "is not a picture whose size can be read"),
    (b"<svg width=1", "is not a picture whose size can be read"),
    (b"\x89PNG\r\n\x1a\n", "is not a picture whose size can be read"),
    (b"\xff\xd8\xff\xe0", "is not a picture whose size can be read"),
    (b"%PDF-1.7\n", "is not a picture whose size can be read"),
    (b"II*\0" + bytes(64), "is a TIFF picture, which Chromium cannot show"),
    (b"MM\0*" + bytes(64), "is a TIFF picture, which Chromium cannot show"),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64), "is a HEIC picture, which Chromium cannot show"),
    (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(64), "is a HEIC picture, which Chromium cannot show"),
    (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(64), "is a JPEG 2000 picture, which Chromium cannot show"),
    (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(64), "is not a picture whose size can be read"),
    (b"\0\0\0\x18ftypmp42" + bytes(64), "is a video; the size of a video is not read"),
    (b"\0\0\0\x14ftypqt  " + bytes(64), "is a video; the size of a video is not read"),
    (b"\x1a\x45\xdf\xa3" + bytes(64), "is a video; the size of a video is not read"),
    (b"RIFF\1\2\3\4AVI LIST", "is a video; the size of a video is not read"),
]


@pytest.mark.parametrize(("data", "said"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_is_no_picture_is_named(data: bytes, said: str) -> None:
    """Empty, foreign, cut off and video files each get a clear answer, and a way on."""
    with pytest.raises(BuildError) as caught:
        natural_size(data)
    assert caught.value.message == f"file (given as bytes) {said}"
    shown = "save it as PNG, JPEG or WebP" if "cannot show" in said else "give natural=(width, height) in px"
    assert caught.value.hint == shown


@pytest.mark.parametrize(
    ("data", "size"),
    [(png(0, 20), "0 x 20"), (gif(20, 0), "20 x 0"), (svg('width="0" height="9"'), "0 x 9")],
    ids=["png", "gif", "svg"],
)
def test_a_picture_without_extent_is_refused(data: bytes, size: str) -> None:
    """A side of zero px can be neither scaled nor seen."""
    with pytest.raises(BuildError) as caught:
        natural_size(data)
    assert caught.value.message == f"file (given as bytes) says it is {size} px"
    assert caught.value.hint == "it may be damaged; else give natural=(width, height) in px"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path stands in the message; a directory and an impossible path fare alike."""
    missing = tmp_path / "logo.png"
    for path, reason in ((missing, "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(BuildError) as caught:
            natural_size(path)
        assert caught.value.message == f"file {str(path)!r} cannot be read: {reason}"
        assert caught.value.hint == "check the path, or give natural=(width, height) in px"
    with pytest.raises(BuildError, match="cannot be read: embedded null byte"):
        natural_size("a\0b")


@pytest.mark.parametrize("url", ["https://cdn.example.com/a.png?sig=s3cret", "HTTP://x", "data:image/png;base64,AA"])
def test_a_url_is_not_fetched_nor_shown(url: str) -> None:
    """Building touches no network, and what a signed URL holds stays out of the message."""
    with pytest.raises(BuildError) as caught:
        natural_size(url)
    assert str(caught.value) == (
        "file is a URL, but building fetches nothing\n  hint: give natural=(width, height) in px, or a local path"
    )


HEADS = [
    turned("PNG", 6),
    turned("AVIF", 6),
    png(9, 9),
    gif(9, 9),
    jpeg(9, 9, 6),
    webp(9, 9),
    svg('width="9" height="9"'),
    b"\0\0\0\x18ftypavif",
    b"II*\0",
]


@settings(max_examples=200)
@given(st.sampled_from(HEADS), st.integers(0, 80), st.binary(max_size=60))
def test_any_bytes_are_a_size_or_a_build_error(head: bytes, kept: int, rest: bytes) -> None:
    """Damaged and cut files end in no other exception, and every answer has an extent."""
    try:
        width, height = natural_size(head[:kept] + rest)
    except BuildError:
        return
    assert width >= 1
    assert height >= 1


def test_the_reader_is_loaded_only_when_a_picture_is_read() -> None:
    """Importing the module costs neither imagesize nor an XML parser."""
    code = (
        "import sys, aistudios_dsl.layout.picture; print([m for m in ('imagesize', 'xml.parsers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
