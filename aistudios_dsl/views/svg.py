"""One scene as SVG, from the numbers on the wire and nothing else: what is seen is what was computed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from attrs import field, frozen

from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout import text as measure
from aistudios_dsl.layout.colour import parse_colour
from aistudios_dsl.layout.geometry import Box, canvas
from aistudios_dsl.layout.sizes import POINT, seen_size
from aistudios_dsl.views import outlines
from aistudios_dsl.views.outlines import Rectangle, figures
from aistudios_dsl.views.pictures import Media, Pictures, file_name, read, scheme_of
from aistudios_dsl.views.sight import is_bold, laid_out
from aistudios_dsl.views.sketch import VARIABLE
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import AnyClip, AvatarClip, Background, Image, Project, Scene, Shadow, Shape, Text, Video

FONTS = "'Noto Sans CJK', 'Noto Sans CJK KR', 'Noto Sans KR', 'Noto Sans CJK JP', 'Noto Sans', sans-serif"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_PAPER, _LINES, _INK = "#dbe2ea", "#9fb0c3", "#3d4d61"
_HEAD_TOP, _HEAD_HEIGHT = 0.0547, 0.083
"""The head's share of the height of a figure whose model does not say where it is: that of the documented avatar."""


@frozen
class Drawing:
    """How a scene is drawn: the canvas (px), where pictures come from, and whether braces are variables.

    `prefix` keeps the ids of several scenes on one page apart.
    """

    frame: Box
    pictures: Pictures = field(factory=Pictures)
    template: bool = False
    prefix: str = ""


def picture(
    project: Project, index: int = 0, *, media: Media | None = None, links: bool = True, template: bool = False
) -> str:
    """The scene with this number, from 0, as an SVG document by itself.

    Pictures that `media` has a copy of are embedded; others are linked by URL, or stand-ins where `links` is false.
    Raises `BuildError` for a number that no scene has, and for a copy that is no picture.
    """
    scene = scene_at(project, index)
    drawing = Drawing(frame_of(project), read(media, pictures_of(scene), linked=links), template)
    return scene_svg(scene, drawing, title=project.name or "")


def scene_at(project: Project, index: int) -> Scene:
    """The scene with this number, from 0; `BuildError` where there is none."""
    many = len(project.scenes)
    if isinstance(index, int) and 0 <= index < many:
        return project.scenes[index]
    hint = f"they are numbered 0 to {many - 1}" if many else "open one with .scene() first"
    raise BuildError(f"there is no scene {index!r}", hint=hint)


def frame_of(project: Project) -> Box:
    """The canvas (px): landscape unless the project says portrait.

    >>> frame_of(Project(scenes=())).width
    1920
    """
    return canvas("portrait" if project.orientation == "portrait" else "landscape")


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


def scene_svg(scene: Scene, drawing: Drawing, *, title: str = "", over: str = "") -> str:
    """The scene as an SVG document; `title` is its name for those who do not see it, `over` is SVG on top of it.

    >>> from aistudios_dsl.layout.geometry import canvas
    >>> scene = Scene(background=Background(), clips=(), scene_idx=0)
    >>> scene_svg(scene, Drawing(canvas("landscape"))).partition("viewBox=")[2][:15]
    '"0 0 1920 1080"'
    """
    frame = drawing.frame
    clips = sorted(enumerate(scene.clips), key=lambda pair: layer_of(pair[1]))
    return element(
        "svg",
        _background(scene.background, drawing),
        *(_clip(clip, index, drawing) for index, clip in clips),
        over,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {figures(frame.width)} {figures(frame.height)}",
        width=frame.width,
        height=frame.height,
        class_="scene",
        role="img",
        aria_label=title or None,
        overflow="hidden",
    )


def layer_of(clip: AnyClip) -> float:
    """The layer of a clip, of one without a number the lowest."""
    return _number(clip, "layer", "layer", 0)


def seen(clip: AnyClip) -> Box | None:
    """The box (px) in which a clip is seen; None for what is only heard, or not shown.

    >>> seen(Shape(id="s", layer=1, left=5, top=6, width=90, height=40, shape_name="Star", fill="red", stroke_width=10))
    Box(left=5, top=6, width=100, height=50, angle=0)
    """
    hidden = isinstance(clip, AvatarClip) and (clip.is_delete or clip.voice_only)
    if hidden or clip.type == "audio" or (scale := _scale(clip)) is None:
        return None
    width, height = (_number(clip, name, name, 0) for name in ("width", "height"))
    wide, high = seen_size(abs(width), abs(height), *scale, _stroke_width(clip))
    left, top, angle = (_number(clip, name, name, 0) for name in ("left", "top", "angle"))
    return Box(left, top, wide, high, angle)


def pictures_of(scene: Scene) -> Iterator[str]:
    """The URLs of the pictures that the scene would show."""
    if isinstance(scene.background.source_url, str):
        yield scene.background.source_url
    for clip in scene.clips:
        model = clip.model if isinstance(clip, AvatarClip) else None
        url = model.source_url if model else getattr(clip, "source_url", UNSET)
        if isinstance(url, str) and clip.type != "audio":
            yield url


def label(text: str, x: float, y: float, size: float = 26, *, room: float = 1920) -> str:
    """Words in a pill whose middle is (x, y), as large as `room` px lets them be; "" where that is too small to read.

    >>> label("lamp.png", 0, 0, room=10)
    ''
    """
    text = f"{text[:47]}…" if len(text) > 48 else text
    width = max(1.0, measure.units(text) / 1000)
    size = min(size, room / (width + 1.4))
    if not text or size < 9:
        return ""
    pill = element(
        "rect",
        x=x - (width + 1.2) * size / 2,
        y=y - size * 0.85,
        width=(width + 1.2) * size,
        height=size * 1.7,
        rx=size * 0.85,
        fill="#ffffff",
        fill_opacity=0.92,
    )
    words = element(
        "text",
        escaped(text),
        x=x - width * size / 2,
        y=y + size * 0.36,
        textLength=width * size,
        lengthAdjust="spacingAndGlyphs",
        font_family=FONTS,
        font_size=size,
        fill=_INK,
    )
    return element("g", pill, words, class_="label")


def _number(clip: AnyClip, attribute: str, wire: str, default: float) -> float:
    value = getattr(clip, attribute, UNSET) or clip.extra.get(wire)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default


def _scale(clip: AnyClip) -> tuple[float, float] | None:
    """The scales of a clip, both above 0, since the canvas turns a negative one into a flip; None where one is 0."""
    found = []
    for attribute, wire in (("scale_x", "scaleX"), ("scale_y", "scaleY")):
        value = getattr(clip, attribute, UNSET)
        found.append(abs(value if value == 0 else _number(clip, attribute, wire, 1)))
    return (found[0], found[1]) if all(found) else None


def _stroke_width(clip: AnyClip) -> float:
    return max(0, _number(clip, "stroke_width", "strokeWidth", 0))


def _paint(role: str, colour: object) -> dict[str, str | float]:
    """A colour as SVG attributes: hex and opacity. What no browser reads is black, as on the editor's canvas."""
    if not isinstance(colour, str) or not colour.strip():
        return {role: "none"}
    try:
        found = parse_colour(colour)
    except BuildError:
        return {role: "#000000"}
    opaque: dict[str, str | float] = {role: f"#{found.red:02x}{found.green:02x}{found.blue:02x}"}
    return opaque if found.alpha == 1 else opaque | {f"{role}_opacity": found.alpha}


def _background(background: Background, drawing: Drawing) -> str:
    size = {"width": drawing.frame.width, "height": drawing.frame.height}
    source = drawing.pictures.source(background.source_url)
    if background.source_type in ("image", UNSET) and source:
        return element("image", href=source, preserveAspectRatio="xMidYMid slice", **size)
    if background.source_type not in ("image", UNSET) or not background.source_url:
        return element("rect", **size, **_paint("fill", background.source_color or "#ffffff"))
    return _unseen_background(background.source_url, drawing)


def _unseen_background(url: str, drawing: Drawing) -> str:
    """A stand-in for a background that is not at hand: a fall of light in the colour that its name speaks of."""
    name = file_name(url) or "background"
    kind = "background of the service" if not scheme_of(url) else "background"
    tint = next((word for word in re.split(r"[^a-z]+", name.lower()) if word in _TINTS), "")
    light, dark = _TINTS.get(tint, ("#eef1f5", "#c3ccd8"))
    width, height, gradient = drawing.frame.width, drawing.frame.height, f"{drawing.prefix}background"
    stops = element("stop", offset="0", stop_color=light) + element("stop", offset="1", stop_color=dark)
    return "".join(
        (
            element("linearGradient", stops, id=gradient, x1="0", y1="0", x2="0.4", y2="1"),
            element("rect", width=width, height=height, fill=f"url(#{gradient})"),
            label(f"{kind}: {name}", width / 2, height - 44, room=width * 0.6),
        )
    )


_TINTS = {
    "blue": ("#dbe9fb", "#7fa9dd"),
    "green": ("#e0f3e5", "#86bf98"),
    "red": ("#fbe1e0", "#d98b87"),
    "pink": ("#fde6f0", "#dd93b5"),
    "purple": ("#ece4fa", "#a58bd3"),
    "yellow": ("#fdf6d8", "#dcc261"),
    "orange": ("#fdebd8", "#dfa468"),
    "black": ("#4a5160", "#171b22"),
    "white": ("#ffffff", "#e9edf2"),
}


def _clip(clip: AnyClip, index: int, drawing: Drawing) -> str:
    box = seen(clip)
    if box is None:
        return ""
    shadow, use = _shadow(clip, box, f"{drawing.prefix}shadow-{index}")
    turn = f" rotate({figures(box.angle)})" if box.angle else ""
    moved = f"translate({figures(box.left)} {figures(box.top)}){turn}"
    opacity = max(0.0, min(_number(clip, "opacity", "opacity", 100) / 100, 1))
    inner = element("g", _content(clip, box, drawing), transform=moved, class_="seen")
    return shadow + element(
        "g", inner, class_="clip", data_clip=str(index), opacity=None if opacity == 1 else opacity, filter=use
    )


def _content(clip: AnyClip, box: Box, drawing: Drawing) -> str:
    if isinstance(clip, Shape):
        return _shape(clip)
    if isinstance(clip, Text):
        return _text(clip, box, drawing)
    if isinstance(clip, AvatarClip):
        return _avatar(clip, box, drawing)
    if isinstance(clip, Image | Video):
        return _medium(clip, box, drawing)
    dashed: dict[str, str | float] = {
        "fill": "#ffffff",
        "fill_opacity": 0.15,
        "stroke": _LINES,
        "stroke_width": 3,
        "stroke_dasharray": "14 10",
    }
    name = label(clip.type, box.width / 2, box.height / 2, room=box.width)
    return element("path", d=outlines.rectangle(box.width, box.height), **dashed) + name


def _shadow(clip: AnyClip, box: Box, name: str) -> tuple[str, str | None]:
    """A drop shadow as the canvas casts it: scaled with the clip, never turned with it, half the blur as deviation."""
    shadow: Shadow = getattr(clip, "shadow", UNSET)
    if not isinstance(shadow, Shadow) or shadow.enabled is False:
        return "", None
    across, down = _scale(clip) or (1, 1)
    flood = {
        name.replace("fill", "flood"): value for name, value in _paint("fill_", shadow.color or "#00000060").items()
    }
    colour = {"flood_color": flood.get("flood_", "#000000"), "flood_opacity": flood.get("flood__opacity")}
    dx, dy = ((5 if side is UNSET else side) for side in (shadow.offset_x, shadow.offset_y))
    blur = (shadow.blur or 0) * (across + down) / 4
    cast = element("feDropShadow", dx=dx * across, dy=dy * down, stdDeviation=blur, **colour)
    around, room = box.bounds, 4 * blur + (abs(dx) + abs(dy)) * max(across, down)
    region = {"x": around.left - room, "y": around.top - room, "width": around.width + 2 * room}
    region["height"] = around.height + 2 * room
    units = {"filterUnits": "userSpaceOnUse", "color_interpolation_filters": "sRGB"}
    return element("filter", cast, id=name, **units, **region), f"url(#{name})"


def _shape(clip: Shape) -> str:
    stroke, radius = _stroke_width(clip), max(0, _number(clip, "stroke_radius", "strokeRadius", 0))
    line = _paint("stroke", clip.stroke) if clip.stroke and stroke else {}
    return element(
        "path",
        d=outlines.shape(clip.shape_name, clip.width, clip.height, radius),
        transform=_grown(clip, stroke),
        stroke_width=stroke if line else None,
        stroke_linejoin="round" if radius and line else None,
        **_paint("fill", clip.fill),
        **line,
    )


def _grown(clip: AnyClip, stroke: float) -> str:
    # The canvas draws the stroke over the edge, and counts it into the box: half of it on each side.
    across, down = _scale(clip) or (1, 1)
    return f"scale({across:.10g} {down:.10g}) translate({figures(stroke / 2)} {figures(stroke / 2)})"


def _text(clip: Text, box: Box, drawing: Drawing) -> str:
    size, stroke, bold = clip.font_size * POINT, _stroke_width(clip), is_bold(clip)
    lines = laid_out(clip)
    if lines is None:
        return ""
    share = {"center": 0.5, "right": 1.0}.get(clip.align, 0.0) if isinstance(clip.align, str) else 0.0
    starts = [share * (clip.width - width) for width in lines.line_widths]
    drawn = [
        _line(line, x, measure.baseline(size, number), width)
        for number, (line, x, width) in enumerate(zip(lines.lines, starts, lines.line_widths, strict=True))
    ]
    chips = [
        chip
        for number, (line, x) in enumerate(zip(lines.lines, starts, strict=True))
        for chip in (_chips(line, x, measure.baseline(size, number), size, bold) if drawing.template else ())
    ]
    words = element(
        "g",
        *drawn,
        font_family=_family(clip),
        font_size=size,
        font_weight="700" if bold else "400",
        font_style="italic" if clip.font_style == "italic" else None,
        text_decoration="underline" if clip.underline is True else None,
        stroke_width=stroke if clip.stroke and stroke else None,
        **_paint("fill", clip.fill),
        **(_paint("stroke", clip.stroke) if clip.stroke and stroke else {}),
    )
    behind = _paint("fill", clip.background_color)
    panel = element("path", d=outlines.rectangle(box.width, box.height), **behind) if clip.background_color else ""
    return panel + element("g", *chips, words, transform=_grown(clip, stroke))


def _line(line: str, x: float, y: float, width: float) -> str:
    if not line.strip() or not width:
        return ""
    words = escaped(line.replace("\t", " ").replace("\r", " "))
    # The computed width is imposed on every browser, so that none shows a line longer than it was measured.
    fixed: dict[str, str | float] = {"textLength": width, "lengthAdjust": "spacingAndGlyphs"}
    return element("text", words, x=x, y=y, **fixed, **{"xml:space": "preserve"})


def _chips(line: str, x: float, y: float, size: float, bold: bool) -> Iterator[str]:
    for found in VARIABLE.finditer(line):
        before, whole = (measure.units(line[:end], bold) * size / 1000 for end in found.span())
        box = {"x": x + before, "y": y - size * 0.95, "width": whole - before, "height": size * 1.25, "rx": size * 0.2}
        yield element("rect", **box, fill="#e0a100", fill_opacity=0.22, stroke="#e0a100", stroke_width=size / 24)


def _family(clip: Text) -> str:
    name = re.sub(r"[^\w .-]", "", clip.font_family) if isinstance(clip.font_family, str) else ""
    return FONTS if not name or name.lower().startswith("noto sans cjk") else f"'{name}', {FONTS}"


def _medium(clip: Image | Video, box: Box, drawing: Drawing) -> str:
    source = drawing.pictures.source(clip.source_url)
    size = {"width": box.width, "height": box.height}
    film = isinstance(clip, Video)
    shown = element("image", href=source, preserveAspectRatio="none", **size) if source else _paper(box, film)
    if film:
        shown += _film(box)
    if source:
        return shown
    name = file_name(clip.video_url if isinstance(clip, Video) else clip.source_url) or "picture"
    natural = f"{figures(clip.width)} × {figures(clip.height)}"
    middle, line = box.width / 2, min(26.0, box.height / 8)
    low = box.height * (0.24 if film else 0.78)
    return shown + label(f"{name}  {natural}", middle, low, line, room=box.width * 0.96)


def _paper(box: Box, film: bool) -> str:
    """A stand-in for a picture: paper with hills and a sun, or dark where it is a film."""
    sheet = element("path", d=outlines.rectangle(box.width, box.height), fill="#263140" if film else _PAPER)
    if film:
        return sheet
    unit, x, y = min(box.width, box.height) * 0.5, box.width / 2, box.height * 0.44
    hills = "".join(
        (
            f"M{figures(x - unit * 0.62)} {figures(y + unit * 0.32)}l{figures(unit * 0.42)} {figures(-unit * 0.52)}",
            f"l{figures(unit * 0.26)} {figures(unit * 0.30)}l{figures(unit * 0.14)} {figures(-unit * 0.16)}",
            f"l{figures(unit * 0.36)} {figures(unit * 0.38)}Z",
        )
    )
    sun = element("circle", cx=x + unit * 0.26, cy=y - unit * 0.26, r=unit * 0.1, fill=_LINES)
    return sheet + element("path", d=hills, fill=_LINES) + sun


def _film(box: Box) -> str:
    strip = min(box.height * 0.07, 44)
    across = figures(box.width)
    strips = "".join(f"M0 {figures(y)}h{across}v{figures(strip)}h-{across}Z" for y in (0.0, box.height - strip))
    holes = "".join(f"M{figures(strip / 2)} {figures(y)}H{across}" for y in (strip / 2, box.height - strip / 2))
    unit, x, y = min(box.width, box.height) * 0.09, box.width / 2, box.height / 2
    start = f"M{figures(x - unit * 0.32)} {figures(y - unit * 0.5)}"
    play = f"{start}v{figures(unit)}l{figures(unit * 0.86)} {figures(-unit / 2)}Z"
    dashes = f"{figures(strip * 0.62)} {figures(strip * 0.9)}"
    return "".join(
        (
            element("path", d=strips, fill="#11161d"),
            element("path", d=holes, stroke="#e9eef5", stroke_width=strip * 0.42, stroke_dasharray=dashes, fill="none"),
            element("circle", cx=x, cy=y, r=unit, fill="#11161d", fill_opacity=0.72),
            element("path", d=play, fill="#ffffff"),
        )
    )


def _avatar(clip: AvatarClip, box: Box, drawing: Drawing) -> str:
    source = drawing.pictures.source(clip.model.source_url) if drawing.pictures.embedded else None
    if source:
        return element("image", href=source, preserveAspectRatio="none", width=box.width, height=box.height)
    head = head_box(clip, box)
    x, y, width, height = head
    line: dict[str, str | float] = {"stroke": "#ffffff", "stroke_opacity": 0.45, "stroke_width": max(1.0, height / 60)}
    return "".join(
        (
            element("path", d=outlines.hair(box.width, head), fill="#5d6b7e", **line),
            element("path", d=outlines.body(box.width, box.height, head), fill="#8593a6", **line),
            element("ellipse", cx=x + width / 2, cy=y + height / 2, rx=width / 2, ry=height / 2, fill="#d8dfe8"),
            _names(clip, box, head),
        )
    )


def _names(clip: AvatarClip, box: Box, head: Rectangle) -> str:
    """Who it is in which outfit, on the chest."""
    size = max(14.0, min(30.0, head[3] / 4))
    x, y = head[0] + head[2] / 2, head[1] + head[3] * 2.1
    effects = [effect.type for effect in clip.effects or () if isinstance(effect.type, str)]
    lines = [clip.model.ai_name, clip.model.emotion, *effects]
    room = 1.2 * box.width
    placed = (label(text, x, y + row * size * 1.9, size, room=room) for row, text in enumerate(lines))
    return "".join(placed)


def head_box(clip: AvatarClip, box: Box) -> Rectangle:
    """Where the head is (left, top, width, height), px from the corner of the figure's box as it is seen."""
    value = clip.model.editor or clip.model.editor_value or UNSET
    names = ("head_center_x", "head_center_y", "head_width", "head_height", "model_tight_x", "model_tight_y")
    numbers: list[Any] = [getattr(value, name, UNSET) for name in (*names, "model_tight_w", "model_tight_h")]
    if not all(isinstance(number, int | float) for number in numbers) or min(numbers[2:4] + numbers[6:]) <= 0:
        side = min(_HEAD_HEIGHT * box.height, box.width / 2)
        return (box.width - side) / 2, _HEAD_TOP * box.height, side, side
    left, top, width, height, tight_x, tight_y, tight_width, tight_height = numbers
    across, down = box.width / tight_width, box.height / tight_height
    return (left - tight_x) * across, (top - tight_y) * down, width * across, height * down
