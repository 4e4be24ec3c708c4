"""A project as one HTML page that loads nothing from a network: scenes, speech, clips and findings."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, assert_never

from attrs import frozen

from aistudios_dsl.build.boxes import number
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.draw.markup import element, escaped, figures, placed
from aistudios_dsl.draw.pictures import Media, file_name, read
from aistudios_dsl.draw.svg import Drawing, pictures_of, scene_svg, view_of
from aistudios_dsl.errors import DslError, clock
from aistudios_dsl.layout.geometry import Box, canvas
from aistudios_dsl.templates.preview_values import VARIABLE
from aistudios_dsl.view.scene import SceneView, Seen, safe_area
from aistudios_dsl.wire.node import shortened
from aistudios_dsl.wire.nodes import Animation, Audio, AvatarClip, Image, Project, Shape, Text, UnknownClip, Video

if TYPE_CHECKING:
    from jinja2 import Template

    from aistudios_dsl.check.findings import Finding

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BADGE = 22


@frozen
class ScenePanel:
    """One scene as the page shows it, with its numbered findings; `template`: the scene of the script it comes from."""

    index: int
    scene: SceneView
    picture: str
    findings: Sequence[tuple[int, Finding]]
    template: Scene | None = None

    @property
    def seconds(self) -> float:
        """How long its speech is estimated to take."""
        return sum(said.seconds for said in self.scene.speech)


def page(
    project: Project,
    *,
    media: Media | None = None,
    findings: Sequence[Finding] = (),
    templates: Sequence[Scene] = (),
    only: int | None = None,
    script_clips: Sequence[int] = (),
) -> str:
    """Return a storyboard as HTML. `media`: local copies of pictures, to embed. `only`: the one scene to show, from 0.

    `templates`: the scenes of a template as the script has them; braces in texts are then variables, shown as chips.
    `script_clips`: how many clips of each scene its script counts; the square of a background colour comes before them.
    Raise `BuildError` for a copy that is not a picture, and for a scene that is not there.

    >>> page(Project(scenes=()))[:15]
    '<!doctype html>'
    """
    size = canvas(project.orientation)
    shown = range(len(project.scenes)) if only is None else [only]
    scenes = {index: view_of(project, index, script_clips) for index in shown}
    pictures = read(media, (url for scene in scenes.values() for url in pictures_of(scene)))
    panels = list[ScenePanel]()
    for index, scene in scenes.items():
        numbered = list(enumerate((finding for finding in findings if finding.scene == index), 1))
        prefix = f"s{index}-"
        over = _safe_area(scene.canvas) + _boxes(scene, prefix) + _marks(numbered)
        drawing = Drawing(pictures, bool(templates), prefix)
        drawn = scene_svg(scene, drawing, title=f"Picture of scenes[{index}]", over=over)
        panels.append(ScenePanel(index, scene, drawn, numbered, templates[index] if templates else None))
    loose = [finding for finding in findings if finding.scene is None]
    return _template().render(
        title=project.name or "Storyboard",
        size=f"{size.width} × {size.height} px",
        orientation="portrait" if size.height > size.width else "landscape",
        panels=panels,
        loose=loose,
        found=len(loose) + sum(len(panel.findings) for panel in panels),
        seconds=sum(panel.seconds for panel in panels),
        template=bool(templates),
        style=_asset("storyboard.css"),
        policy=_policy(),
    )


def framed(make: Callable[[], str]) -> str:
    """Return a page in a sandboxed frame, as notebooks show it, or the error that prevents it.

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


def _detail(seen: Seen) -> str:
    """What distinguishes a clip from others of its type."""
    match seen.clip:
        case Text(text=words) | Shape(shape_name=words) | Audio(label=words) | UnknownClip(id=words):
            return words
        case AvatarClip(model=model):
            return f"{model.ai_name} in {model.emotion}"
        case Video(video_url=url) | Image(source_url=url):
            return file_name(url)
        case never:
            assert_never(never)


def _more(seen: Seen) -> str:
    """What a still picture does not show."""
    clip, animation = seen.clip, getattr(seen.clip, "animation", None)
    facts = []
    if isinstance(clip, AvatarClip) and not seen.is_shown:
        facts.append("not shown" if clip.is_delete else "voice only")
    if seen.box.angle:
        facts.append(f"turned {figures(seen.box.angle)}°")
    for name, words in (("opacity", "{} % opaque"), ("volume", "volume {} %")):
        if number(clip, name, 100) != 100:
            facts.append(words.format(figures(number(clip, name, 100))))
    if isinstance(animation, Animation):
        facts.append(f"{animation.type} for {animation.duration} s after {animation.delay} s (seconds assumed)")
    return ", ".join(facts)


def _language(code: str) -> str:
    return code if _LANGUAGE.fullmatch(code) else ""


def _excerpt(text: str) -> str:
    return shortened(" ".join(text[:240].split()))


def _box_words(box: Box) -> str:
    left, top, width, height = (figures(round(px, 2)) for px in (box.left, box.top, box.width, box.height))
    return f"{left}, {top}\n{width} × {height}"


def _boxes(scene: SceneView, prefix: str) -> str:
    drawn = [
        _outline(seen.box, "box", f"{prefix}clip-{seen.index}") + _tab((seen.tag or seen.kind)[:40], seen.box)
        for seen in scene.every
        if seen.is_shown
    ]
    return element("g", *drawn, class_="boxes")


def _outline(box: Box, kind: str, name: str | None = None) -> str:
    stroke = {"vector_effect": "non-scaling-stroke", "fill": "none"}
    return element("rect", id=name, class_=kind, transform=placed(box), width=box.width, height=box.height, **stroke)


def _tab(words: str, box: Box) -> str:
    """The name of a box, by its left-top corner but inside the canvas."""
    around = box.bounds
    return element("text", escaped(words), x=max(8, around.left + 8), y=max(30, around.top + 30), class_="tab")


def _safe_area(canvas: Box) -> str:
    safe = safe_area(canvas)
    words = element("text", "title-safe area", x=safe.left + 12, y=safe.top + safe.height - 14, class_="tab")
    return element("g", _outline(safe, "edge"), words, class_="safe")


def _marks(findings: Sequence[tuple[int, Finding]]) -> str:
    outlines, badges = [], []
    corners: dict[tuple[float, float], int] = {}
    for place, finding in findings:
        kind = f"mark {finding.severity}"
        for box in finding.boxes:
            corner = max(_BADGE, box.bounds.left), max(_BADGE, box.bounds.top)
            corners[corner] = corners.get(corner, 0) + 1
            # Findings about one clip share a corner: their badges stand in a row.
            x = corner[0] + (corners[corner] - 1) * 2.1 * _BADGE
            outlines.append(element("g", _outline(box, "edge"), class_=kind))
            circle = element("circle", cx=x, cy=corner[1], r=_BADGE)
            words = element("text", str(place), x=x, y=corner[1], class_="number")
            badges.append(element("g", circle, words, class_=kind))
    return element("g", *outlines, *badges, class_="marks")


def _words(text: str, template: bool) -> list[tuple[bool, str]]:
    """The pieces of a text, each with whether it is a variable of a template."""
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
    """The page's security policy: it fetches and runs nothing, and has the one style sheet with this hash."""
    digest = base64.b64encode(hashlib.sha256(_asset("storyboard.css").encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"clock": clock, "words": _words, "excerpt": _excerpt, "figures": figures}
    environment.filters |= {"detail": _detail, "more": _more, "box": _box_words, "language": _language}
    return environment.from_string(_asset("storyboard.html"))
