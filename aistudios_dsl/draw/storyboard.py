"""A whole project as one HTML page that asks nothing of any network: scenes, speech, clips and findings."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from attrs import frozen

from aistudios_dsl.build.keywords import LABELS
from aistudios_dsl.build.speech import duration, plain
from aistudios_dsl.draw.markup import element, escaped, figures
from aistudios_dsl.draw.pictures import Media, file_name, read
from aistudios_dsl.draw.preview_values import VARIABLE
from aistudios_dsl.draw.svg import Drawing, frame_of, layer_of, pictures_of, scene_at, scene_svg, seen
from aistudios_dsl.errors import DslError
from aistudios_dsl.layout.geometry import Box
from aistudios_dsl.wire.nodes import AnyClip, Audio, AvatarClip, Image, Project, Scene, Shape, Text, Video

if TYPE_CHECKING:
    from jinja2 import Template

    from aistudios_dsl.check.findings import Finding

SAFE = 0.05
"""Titles are safe this share of the canvas away from each edge: the inner nine tenths, as broadcasters have it."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_EXCERPT = 60
_BADGE = 22


@frozen
class Condition:
    """When a scene of a template is shown, and for each of what: the strings of `when=` and `each=`."""

    when: str | None = None
    each: str | None = None


@frozen
class Spoken:
    """One avatar's words in a scene, and the seconds they are estimated to take."""

    speaker: str
    text: str
    language: str
    seconds: float


@frozen
class Row:
    """One clip as the list shows it. `target` is the id of its box in the picture, "" where nothing is seen."""

    name: str
    kind: str
    detail: str
    layer: str
    box: str
    more: str
    target: str


@frozen
class Panel:
    """One scene as the page shows it."""

    number: int
    picture: str
    spoken: tuple[Spoken, ...]
    rows: tuple[Row, ...]
    findings: tuple[tuple[int, Finding], ...]
    condition: Condition

    @property
    def seconds(self) -> float:
        """How long its speech is estimated to take."""
        return sum(spoken.seconds for spoken in self.spoken)


def page(
    project: Project,
    *,
    media: Media | None = None,
    findings: Sequence[Finding] = (),
    conditions: Sequence[Condition] = (),
    template: bool = False,
    only: int | None = None,
) -> str:
    """The HTML of a storyboard. `media`: local copies of pictures, to embed; `conditions` of its scenes, in order.

    `template`: braces in texts are variables, shown as chips. `only`: the one scene to show, from 0. Raises
    `BuildError` for a copy that is no picture, and for a scene that is not there.

    >>> page(Project(scenes=()))[:15]
    '<!doctype html>'
    """
    frame = frame_of(project)
    scenes = [(index, scene_at(project, index)) for index in (range(len(project.scenes)) if only is None else [only])]
    pictures = read(media, (url for _, scene in scenes for url in pictures_of(scene)))
    panels = [
        _panel(
            scene,
            index,
            Drawing(frame, pictures, template, f"s{index + 1}-"),
            [finding for finding in findings if finding.scene == index],
            conditions[index] if index < len(conditions) else Condition(),
        )
        for index, scene in scenes
    ]
    loose = [finding for finding in findings if finding.scene is None]
    return _template().render(
        title=project.name or "Storyboard",
        size=f"{frame.width} × {frame.height} px",
        orientation="portrait" if frame.height > frame.width else "landscape",
        panels=panels,
        loose=loose,
        found=len(loose) + sum(len(panel.findings) for panel in panels),
        seconds=sum(panel.seconds for panel in panels),
        template=template,
        style=_asset("storyboard.css"),
        policy=_policy(),
    )


def framed(make: Callable[[], str]) -> str:
    """A page as a notebook shows it: in a sandboxed frame of its own; what hinders it, in words.

    >>> framed(lambda: "<p>Hello</p>")[:31]
    '<iframe sandbox srcdoc="&lt;p&g'
    """
    try:
        inner = make()
    except DslError as fault:
        return f"<pre>{escaped(str(fault))}</pre>"
    # Links in such a frame count from the page around it, unless they name the frame.
    inner = inner.replace('href="#', 'href="about:srcdoc#')
    size = 'width="100%" height="640" style="border: 0" title="Storyboard"'
    return f'<iframe sandbox srcdoc="{escaped(inner)}" {size}></iframe>'


def spoken_in(scene: Scene) -> Iterator[Spoken]:
    """What is said in a scene of either generation, line by line."""
    avatars = [clip for clip in scene.clips if isinstance(clip, AvatarClip)]
    for clip in avatars:
        if clip.script and clip.script.org:
            yield _spoken(clip.tag or clip.model.ai_name, clip.script.org, clip.model.language)
    for script in scene.scripts or ():
        ids = (script.model_id, script.cloth_id)
        own = [clip for clip in avatars if (clip.model.ai_name, clip.model.emotion) == ids]
        name, language = (own[0].tag, own[0].model.language) if own else ("", "")
        yield _spoken(name or script.model_id, script.org, language)


def clock(seconds: float) -> str:
    """A duration as people write it.

    >>> clock(4.26), clock(75)
    ('4.3 s', '1:15 min')
    """
    return f"{seconds:.1f} s" if seconds < 59.95 else f"{int(seconds + 0.5) // 60}:{int(seconds + 0.5) % 60:02} min"


def _spoken(speaker: str, org: str, language: object) -> Spoken:
    text = plain(org)
    code = language if isinstance(language, str) and _LANGUAGE.fullmatch(language) else ""
    return Spoken(speaker, text, code, duration(text, code))


def _panel(scene: Scene, index: int, drawing: Drawing, findings: Sequence[Finding], condition: Condition) -> Panel:
    numbered = tuple(enumerate(findings, 1))
    over = _safe_area(drawing.frame) + _boxes(scene, drawing.prefix) + _marks(numbered)
    clips = sorted(enumerate(scene.clips), key=lambda pair: layer_of(pair[1]))
    return Panel(
        index + 1,
        scene_svg(scene, drawing, title=f"Picture of scene {index + 1}", over=over),
        tuple(spoken_in(scene)),
        tuple(_row(clip, number, drawing.prefix) for number, clip in clips),
        numbered,
        condition,
    )


def _row(clip: AnyClip, number: int, prefix: str) -> Row:
    box = seen(clip)
    return Row(
        clip.tag or "",
        LABELS.get(clip.type, clip.type),
        _excerpt(_detail(clip)),
        figures(layer_of(clip)),
        _box_words(box) if box else "—",
        ", ".join(_more(clip)),
        f"{prefix}clip-{number}" if box else "",
    )


def _detail(clip: AnyClip) -> str:
    if isinstance(clip, Text):
        return clip.text
    if isinstance(clip, Shape):
        return clip.shape_name
    if isinstance(clip, AvatarClip):
        return f"{clip.model.ai_name} in {clip.model.emotion}"
    if isinstance(clip, Audio):
        return clip.label
    if isinstance(clip, Image | Video):
        return file_name(clip.video_url if isinstance(clip, Video) else clip.source_url)
    return clip.id


def _more(clip: AnyClip) -> Iterator[str]:
    """What a still picture does not tell."""
    if isinstance(clip, AvatarClip) and (clip.is_delete or clip.voice_only):
        yield "not shown" if clip.is_delete else "voice only"
    if getattr(clip, "angle", 0):
        yield f"turned {figures(clip.angle)}°"  # type: ignore[union-attr]
    opacity = getattr(clip, "opacity", 100)
    if isinstance(opacity, int | float) and opacity != 100:
        yield f"{figures(opacity)} % opaque"
    volume = getattr(clip, "volume", 100)
    if isinstance(volume, int | float) and volume != 100:
        yield f"volume {figures(volume)} %"
    if animation := getattr(clip, "animation", None):
        yield f"{animation.type} for {animation.duration} s after {animation.delay} s"


def _excerpt(text: str) -> str:
    line = " ".join(text[: 4 * _EXCERPT].split())
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"


def _box_words(box: Box) -> str:
    left, top, width, height = (figures(round(number, 2)) for number in (box.left, box.top, box.width, box.height))
    return f"{left}, {top}\n{width} × {height}"


def _boxes(scene: Scene, prefix: str) -> str:
    drawn = []
    for number, clip in enumerate(scene.clips):
        if box := seen(clip):
            name = clip.tag or LABELS.get(clip.type, clip.type)
            drawn.append(_outline(box, "box", f"{prefix}clip-{number}") + _tab(name[:40], box))
    return element("g", *drawn, class_="boxes")


def _outline(box: Box, kind: str, name: str | None = None) -> str:
    turn = f" rotate({figures(box.angle)})" if box.angle else ""
    moved = f"translate({figures(box.left)} {figures(box.top)}){turn}"
    stroke = {"vector_effect": "non-scaling-stroke", "fill": "none"}
    return element("rect", id=name, class_=kind, transform=moved, width=box.width, height=box.height, **stroke)


def _tab(words: str, box: Box) -> str:
    """The name of a box, by its left-top corner but inside the canvas."""
    around = box.bounds
    return element("text", escaped(words), x=max(8, around.left + 8), y=max(30, around.top + 30), class_="tab")


def _safe_area(frame: Box) -> str:
    inset = Box(frame.width * SAFE, frame.height * SAFE, frame.width * (1 - 2 * SAFE), frame.height * (1 - 2 * SAFE))
    words = element("text", "title-safe area", x=inset.left + 12, y=inset.top + inset.height - 14, class_="tab")
    return element("g", _outline(inset, "edge"), words, class_="safe")


def _marks(findings: Sequence[tuple[int, Finding]]) -> str:
    outlines, badges = [], []
    corners: dict[tuple[float, float], int] = {}
    for number, finding in findings:
        kind = f"mark {finding.severity}"
        for box in finding.boxes:
            corner = max(_BADGE, box.bounds.left), max(_BADGE, box.bounds.top)
            corners[corner] = corners.get(corner, 0) + 1
            # Findings about one clip share a corner: their badges stand in a row.
            x = corner[0] + (corners[corner] - 1) * 2.1 * _BADGE
            outlines.append(element("g", _outline(box, "edge"), class_=kind))
            badges.append(element("g", *_badge(number, x, corner[1]), class_=kind))
    return element("g", *outlines, *badges, class_="marks")


def _badge(number: int, x: float, y: float) -> tuple[str, str]:
    words = element("text", str(number), x=x, y=y, class_="number")
    return element("circle", cx=x, cy=y, r=_BADGE), words


def _words(text: str, template: bool) -> list[tuple[bool, str]]:
    """A text in pieces, the variables of a template apart."""
    if not template:
        return [(False, text)]
    pieces: list[tuple[bool, str]] = []
    end = 0
    for found in VARIABLE.finditer(text):
        pieces += [(False, text[end : found.start()]), (True, found[0].strip("{%} \u00a0"))]
        end = found.end()
    return [piece for piece in [*pieces, (False, text[end:])] if piece[1]]


@cache
def _asset(name: str) -> str:
    return files("aistudios_dsl.draw").joinpath(f"page/{name}").read_text(encoding="utf-8")


@cache
def _policy() -> str:
    """Nothing may be asked for, and nothing runs: the page's own style is known by its hash, and there is no script."""
    digest = base64.b64encode(hashlib.sha256(_asset("storyboard.css").encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"clock": clock, "words": _words}
    return environment.from_string(_asset("storyboard.html"))
