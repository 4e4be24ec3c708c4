"""One scene as SVG, from the numbers on the wire and nothing else: what is seen is what was computed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from attrs import evolve, field, fields_dict, frozen

from aistudios_dsl.draw import outlines, placeholders
from aistudios_dsl.draw.markup import element, escaped, figures, paint
from aistudios_dsl.draw.pictures import Media, Pictures, file_name, read
from aistudios_dsl.draw.preview_values import VARIABLE
from aistudios_dsl.errors import BuildError
from aistudios_dsl.layout import text as measure
from aistudios_dsl.layout.geometry import Box, canvas
from aistudios_dsl.layout.sizes import POINT, seen_size
from aistudios_dsl.view.scene import is_bold, laid_out, near
from aistudios_dsl.wire.node import UNSET, Node, as_found
from aistudios_dsl.wire.nodes import AnyClip, AvatarClip, Background, Image, Project, Scene, Shadow, Shape, Text, Video


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
    """The scene with this number, from 0, its numbers within a drawing's reach; `BuildError` where there is none."""
    many = len(project.scenes)
    if isinstance(index, int) and 0 <= index < many:
        scene: Scene = _within_reach(project.scenes[index])
        return scene
    hint = f"they are numbered 0 to {many - 1}" if many else "open one with .scene() first"
    raise BuildError(f"there is no scene {index!r}", hint=hint)


def _within_reach(value: Any) -> Any:
    """The value with each number in it kept within what drawing can reckon with, far off any canvas as that is."""
    if isinstance(value, int | float):
        return value if isinstance(value, bool) else near(value)
    if isinstance(value, list | tuple):
        return type(value)(map(_within_reach, value))
    if isinstance(value, dict):
        return {key: _within_reach(each) for key, each in value.items()}
    if not isinstance(value, Node):
        return value
    given = {name: getattr(value, name) for name in fields_dict(type(value))}
    kept = {name: _within_reach(each) for name, each in given.items() if not isinstance(each, str)}
    changed = {name: each for name, each in kept.items() if each != given[name]}
    with as_found():
        return evolve(value, **changed) if changed else value


def frame_of(project: Project) -> Box:
    """The canvas (px): landscape unless the project says portrait.

    >>> frame_of(Project(scenes=())).width
    1920
    """
    return canvas(project.orientation)


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


def _number(clip: AnyClip, attribute: str, wire: str, default: float) -> float:
    value = getattr(clip, attribute, UNSET)
    value = clip.extra.get(wire) if value is UNSET else value
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


def _background(background: Background, drawing: Drawing) -> str:
    size = {"width": drawing.frame.width, "height": drawing.frame.height}
    source = drawing.pictures.source(background.source_url)
    if background.source_type in ("image", UNSET) and source:
        return element("image", href=source, preserveAspectRatio="xMidYMid slice", **size)
    if background.source_type not in ("image", UNSET) or not background.source_url:
        return element("rect", **size, **paint("fill", background.source_color or "#ffffff"))
    return placeholders.backdrop(background.source_url, drawing.frame, drawing.prefix)


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
        "stroke": "#9fb0c3",
        "stroke_width": 3,
        "stroke_dasharray": "14 10",
    }
    name = placeholders.label(clip.type, box.width / 2, box.height / 2, room=box.width)
    return element("path", d=outlines.rectangle(box.width, box.height), **dashed) + name


def _shadow(clip: AnyClip, box: Box, name: str) -> tuple[str, str | None]:
    """A drop shadow as the canvas casts it: scaled with the clip, never turned with it, half the blur as deviation."""
    shadow: Shadow = getattr(clip, "shadow", UNSET)
    if not isinstance(shadow, Shadow) or shadow.enabled is False:
        return "", None
    across, down = _scale(clip) or (1, 1)
    flood = {
        name.replace("fill", "flood"): value for name, value in paint("fill_", shadow.color or "#00000060").items()
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
    line = paint("stroke", clip.stroke) if clip.stroke and stroke else {}
    return element(
        "path",
        d=outlines.shape(clip.shape_name, clip.width, clip.height, radius),
        transform=_grown(clip, stroke),
        stroke_width=stroke if line else None,
        stroke_linejoin="round" if radius and line else None,
        **paint("fill", clip.fill),
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
        **paint("fill", clip.fill),
        **(paint("stroke", clip.stroke) if clip.stroke and stroke else {}),
    )
    behind = paint("fill", clip.background_color)
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
    bundled = not name or name.lower().startswith("noto sans cjk")
    return placeholders.FONTS if bundled else f"'{name}', {placeholders.FONTS}"


def _medium(clip: Image | Video, box: Box, drawing: Drawing) -> str:
    source = drawing.pictures.source(clip.source_url)
    size = {"width": box.width, "height": box.height}
    film = isinstance(clip, Video)
    shown = placeholders.paper(box, dark=film)
    if source:
        shown = element("image", href=source, preserveAspectRatio="none", **size)
    if film:
        shown += placeholders.film(box)
    if source:
        return shown
    name = file_name(clip.video_url if isinstance(clip, Video) else clip.source_url) or "picture"
    natural = f"{figures(clip.width)} × {figures(clip.height)}"
    middle, line = box.width / 2, min(26.0, box.height / 8)
    low = box.height * (0.24 if film else 0.78)
    return shown + placeholders.label(f"{name}  {natural}", middle, low, line, room=box.width * 0.96)


def _avatar(clip: AvatarClip, box: Box, drawing: Drawing) -> str:
    # Only a copy at hand is sure to show: a stand-in says more than a picture that may be missing.
    source = drawing.pictures.embedded.get(clip.model.source_url or "")
    if source:
        return element("image", href=source, preserveAspectRatio="none", width=box.width, height=box.height)
    return placeholders.figure(clip, box, drawing.frame)
