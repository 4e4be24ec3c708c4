"""One scene as SVG, drawn from its view."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import assert_never

from attrs import field, frozen

from aistudios_dsl.build.boxes import bounded, number, scales
from aistudios_dsl.build.scene import no_scene
from aistudios_dsl.draw import outlines, placeholders
from aistudios_dsl.draw.labels import FONTS, Room
from aistudios_dsl.draw.markup import element, escaped, figures, mirrored, paint, placed
from aistudios_dsl.draw.pictures import Media, Pictures, file_name, read
from aistudios_dsl.layout.text import is_bold, units
from aistudios_dsl.templates.preview_values import VARIABLE
from aistudios_dsl.view.scene import SceneView, Seen, TextLine, font_px, scene_views
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import (
    AnyClip,
    Audio,
    AvatarClip,
    Background,
    Image,
    Project,
    Shadow,
    Shape,
    Text,
    UnknownClip,
    Video,
)

Attributes = dict[str, str | float]


@frozen
class Drawing:
    """How scenes are drawn: with which pictures, and whether braces are variables.

    `prefix` keeps the ids of several scenes on one page apart.
    """

    pictures: Pictures = field(factory=Pictures)
    template: bool = False
    prefix: str = ""


def picture(
    project: Project, index: int = 0, *, media: Media | None = None, links: bool = True, template: bool = False
) -> str:
    """Return one scene of a resolved project, counted from 0, as an SVG document.

    Pictures that `media` has a copy of are embedded; others are linked by URL, or placeholders where `links` is false.
    Raise `BuildError` for a scene that is not there, and for a copy that is not a picture.
    """
    scene = view_of(project, index)
    drawing = Drawing(read(media, pictures_of(scene), linked=links), template)
    return scene_svg(scene, drawing, title=project.name or "")


def view_of(project: Project, index: int) -> SceneView:
    """Return the view of one scene, counted from 0. Raise `BuildError` if there is no such scene."""
    return _one_of(scene_views(project), index)


def views_of(project: Project, only: int | None = None, script_clips: Sequence[int] = ()) -> dict[int, SceneView]:
    """Return the views of the scenes by number, or that of one. Raise `BuildError` if there is no such scene."""
    views = scene_views(project, script_clips)
    return dict(enumerate(views)) if only is None else {only: _one_of(views, only)}


def _one_of(views: Sequence[SceneView], index: int) -> SceneView:
    if isinstance(index, int) and 0 <= index < len(views):
        return views[index]
    raise no_scene(index, len(views))


def pictures_of(scene: SceneView) -> Iterator[str]:
    """Yield the URLs of the pictures that a scene would show."""
    if scene.scene.background.source_url:
        yield scene.scene.background.source_url
    for seen in scene.every:
        clip = seen.clip
        url = clip.model.source_url if isinstance(clip, AvatarClip) else getattr(clip, "source_url", UNSET)
        if isinstance(url, str) and not isinstance(clip, Audio):
            yield url


def scene_svg(scene: SceneView, drawing: Drawing, *, title: str = "", over: str = "") -> str:
    """Return a scene as an SVG document, with a name for screen readers, and with more SVG `over` it."""
    size, room = scene.canvas, Room(scene)
    # The labels of clips have their choice of the room before that of the background.
    clips = [_clip(seen, room, drawing) for seen in scene.by_depth if seen.is_shown]
    return element(
        "svg",
        _background(scene.scene.background, room, drawing),
        *clips,
        over,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {figures(size.width)} {figures(size.height)}",
        width=size.width,
        height=size.height,
        class_="scene",
        role="img",
        aria_label=title or None,
        overflow="hidden",
    )


def _background(background: Background, room: Room, drawing: Drawing) -> str:
    size = {"width": room.canvas.width, "height": room.canvas.height}
    source = drawing.pictures.source(background.source_url)
    if background.source_type in ("image", UNSET) and source:
        return element("image", href=source, preserveAspectRatio="xMidYMid slice", **size)
    if background.source_type not in ("image", UNSET) or not background.source_url:
        return element("rect", **size, **paint("fill", background.source_color or "#ffffff"))
    return placeholders.backdrop(background.source_url, room, drawing.prefix)


def _clip(seen: Seen, room: Room, drawing: Drawing) -> str:
    shadow, use = _shadow(seen, f"{drawing.prefix}shadow-{seen.index}")
    opacity = None if seen.alpha == 1 else seen.alpha
    # A translucent clip is made so before it casts its shadow, which therefore is paler and shows through.
    inside, outside = (opacity, None) if use else (None, opacity)
    content = _content(seen, room, drawing)
    inner = element("g", content, transform=placed(seen.box), class_="seen", opacity=inside)
    return shadow + element("g", inner, class_="clip", data_clip=str(seen.index), opacity=outside, filter=use)


def _content(seen: Seen, room: Room, drawing: Drawing) -> str:
    match seen.clip:
        case Shape() as clip:
            return mirrored(_shape(clip, seen), seen)
        case Text() as clip:
            return mirrored(_text(clip, seen, drawing), seen)
        case AvatarClip() as clip:
            # Only an embedded copy surely shows; a placeholder says more than a missing picture.
            source = drawing.pictures.embedded.get(clip.model.source_url or "")
            return _image(source, seen) if source else placeholders.figure(clip, seen, room)
        case Image() | Video() as clip:
            return _medium(clip, seen, room, drawing)
        case UnknownClip():
            return placeholders.unknown(seen, room)
        case Audio():
            return ""
        case never:
            assert_never(never)


def _image(source: str, seen: Seen) -> str:
    size = {"width": seen.box.width, "height": seen.box.height}
    return mirrored(element("image", href=source, preserveAspectRatio="none", **size), seen)


def _shadow(seen: Seen, name: str) -> tuple[str, str | None]:
    """A drop shadow as the canvas casts it: scaled with the clip, not turned with it, half the blur as deviation."""
    shadow = getattr(seen.clip, "shadow", None)
    if not isinstance(shadow, Shadow) or shadow.enabled is False:
        return "", None
    across, down = scales(seen.clip)
    colour = paint("flood_color", shadow.color or "#00000060")
    flood = {"flood_opacity": colour.get("flood_color_opacity"), "flood_color": colour["flood_color"]}
    dx, dy, blur = bounded(shadow.offset_x, 5), bounded(shadow.offset_y, 5), bounded(shadow.blur) * (across + down) / 4
    cast = element("feDropShadow", dx=dx * across, dy=dy * down, stdDeviation=blur, **flood)
    past_corners = 2 * number(seen.clip, "stroke_width")  # how far a mitre reaches at most
    room = 4 * blur + (abs(dx) + abs(dy) + past_corners) * max(across, down)
    around = seen.bounds
    region = {"x": around.left - room, "y": around.top - room, "width": around.width + 2 * room}
    region["height"] = around.height + 2 * room
    units = {"filterUnits": "userSpaceOnUse", "color_interpolation_filters": "sRGB"}
    return element("filter", cast, id=name, **units, **region), f"url(#{name})"


_LEAST_CACHE = 256
"""The least side, px, of the picture that Fabric draws a clip in before it puts it on the canvas."""


def _shape(clip: Shape, seen: Seen) -> str:
    stroke, radius = _stroke(clip), max(0, number(clip, "stroke_radius"))
    width, height = abs(number(clip, "width")), abs(number(clip, "height"))
    drawn = element(
        "path",
        d=outlines.shape(clip.shape_name, width, height, radius),
        transform=_grown(clip),
        stroke_linejoin="round" if radius and stroke else None,
        **paint("fill", clip.fill),
        **stroke,
    )
    return _cut_as_cached(drawn, seen) if stroke and outlines.has_corners(clip.shape_name) else drawn


def _cut_as_cached(drawn: str, seen: Seen) -> str:
    """Cut the mitres of a stroke off where the canvas does: 1 px past the box, or past a square of 256 px around it."""
    across, down = (max(side + 2, _LEAST_CACHE) for side in (seen.box.width, seen.box.height))
    x, y = (seen.box.width - across) / 2, (seen.box.height - down) / 2
    view = " ".join(map(figures, (x, y, across, down)))
    return element("svg", drawn, x=x, y=y, width=across, height=down, viewBox=view)


def _stroke(clip: Shape | Text) -> Attributes:
    width = max(0, number(clip, "stroke_width"))
    return {"stroke_width": width, **paint("stroke", clip.stroke)} if clip.stroke and width else {}


def _grown(clip: AnyClip) -> str:
    # The canvas draws the stroke over the edge, and counts it into the box: half of it on each side.
    (across, down), edge = scales(clip), figures(max(0, number(clip, "stroke_width")) / 2)
    return f"scale({across:.10g} {down:.10g}) translate({edge} {edge})"


def _text(clip: Text, seen: Seen, drawing: Drawing) -> str:
    size, bold = font_px(clip), is_bold(clip.font_weight)
    lines = [line for line in seen.text_lines if line.width]
    if not lines:
        return ""
    words = element(
        "g",
        *map(_line, lines),
        font_family=_family(clip),
        font_size=size,
        font_weight="700" if bold else "400",
        font_style="italic" if clip.font_style == "italic" else None,
        **paint("fill", clip.fill),
        **_stroke(clip),
    )
    chips = [chip for line in lines if drawing.template for chip in _chips(line, size, bold)]
    rules = [_underline(line, size, clip) for line in lines if clip.underline is True]
    return _panel(clip, seen) + element("g", *chips, *rules, words, transform=_grown(clip))


def _underline(line: TextLine, size: float, clip: Text) -> str:
    """Return the line under words as the canvas draws it: unbroken, and without the stroke of the letters."""
    return element(
        "rect", x=line.x, y=line.baseline + size / 10, width=line.width, height=size / 15, **paint("fill", clip.fill)
    )


def _panel(clip: Text, seen: Seen) -> str:
    """Return the background of a text, which is as high as its lines, whatever the height on the wire."""
    laid = seen.laid
    if not clip.background_color or laid is None:
        return ""
    stroke, (across, down) = max(0, number(clip, "stroke_width")), scales(clip)
    width = max(seen.box.width, (max(laid.line_widths) + stroke) * across) if not laid.estimated else seen.box.width
    sheet = outlines.rectangle(width, (laid.height + stroke) * down)
    return element("path", d=sheet, **paint("fill", clip.background_color))


def _line(line: TextLine) -> str:
    words = escaped(line.words.replace("\t", " ").replace("\r", " "))
    # The computed width is imposed on every browser, so that none shows a line longer than it was measured.
    fixed: Attributes = {"textLength": line.width, "lengthAdjust": "spacingAndGlyphs", "xml:space": "preserve"}
    return element("text", words, x=line.x, y=line.baseline, **fixed)


def _chips(line: TextLine, size: float, bold: bool) -> Iterator[str]:
    for found in VARIABLE.finditer(line.words):
        start, end = (units(line.words[:place], bold) * size / 1000 for place in found.span())
        box = {"x": line.x + start, "y": line.baseline - size * 0.95, "width": end - start, "height": size * 1.25}
        gold: Attributes = {"fill": "#e0a100", "fill_opacity": 0.22, "stroke": "#e0a100", "stroke_width": size / 24}
        yield element("rect", **box, rx=size * 0.2, **gold)


def _family(clip: Text) -> str:
    name = re.sub(r"[^\w .-]", "", clip.font_family or "")
    bundled = not name or name.lower().startswith("noto sans cjk")
    return FONTS if bundled else f"'{name}', {FONTS}"


def _medium(clip: Image | Video, seen: Seen, room: Room, drawing: Drawing) -> str:
    box, source, film = seen.box, drawing.pictures.source(clip.source_url), isinstance(clip, Video)
    if source:
        return _image(source, seen) + (placeholders.film(box, poster=True) if film else "")
    sheet = placeholders.film(box, poster=False) if film else placeholders.paper(box)
    name = file_name(clip.video_url if isinstance(clip, Video) else clip.source_url) or "picture"
    natural = f"{figures(number(clip, 'width'))} × {figures(number(clip, 'height'))}"
    spots = (0.24, 0.78, 0.9, 0.1) if film else (0.78, 0.9, 0.1, 0.5)
    return sheet + placeholders.medium(f"{name}  {natural}", seen, room, spots)
