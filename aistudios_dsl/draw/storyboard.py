"""A project as one HTML page that loads nothing from a network: scenes, speech, clips and findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, assert_never

from attrs import frozen

from aistudios_dsl.build.boxes import number
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.draw import marks
from aistudios_dsl.draw.markup import figures
from aistudios_dsl.draw.pictures import Media, file_name, read
from aistudios_dsl.draw.shell import rendered
from aistudios_dsl.draw.svg import Drawing, pictures_of, scene_svg, views_of
from aistudios_dsl.layout.geometry import canvas
from aistudios_dsl.view.scene import SceneView, Seen, animation_in
from aistudios_dsl.wire.nodes import Audio, AvatarClip, Image, Project, Shape, Text, UnknownClip, Video

if TYPE_CHECKING:
    from aistudios_dsl.build.project import BaseProject
    from aistudios_dsl.check.findings import Finding

OVERVIEW_FROM, OVERVIEW_AT, MOST_LINKS = 4, 13, 24
"""From how many scenes on the page offers an overview, and opens with it; up to how many it has a link to each."""


@frozen
class ScenePanel:
    """One scene as a page shows it, with its numbered findings; `template`: the scene of the script it comes from."""

    index: int
    scene: SceneView
    picture: str
    findings: Sequence[tuple[int, Finding]]
    template: Scene | None = None

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many findings it has of each severity, where it has some."""
        from aistudios_dsl.check.findings import counted

        found = counted(finding for _, finding in self.findings) if self.findings else {}
        return [(severity, many) for severity, many in found.items() if many]

    def kind(self, seen: Seen) -> str:
        """Return what people call one of its clips."""
        return marks.kind_of(seen, self.scene)

    def detail(self, seen: Seen) -> str:
        """Return what distinguishes one of its clips from others of its type."""
        if isinstance(seen.clip, Shape) and marks.is_backdrop(seen, self.scene):
            return seen.clip.fill
        return _detail(seen)

    def more(self, seen: Seen) -> str:
        """Return what its picture does not show of a clip."""
        return _more(seen)

    def place(self, seen: Seen) -> tuple[str, str]:
        """Return where a clip is, and its size, px; dashes for one that is not shown."""
        box, shown = seen.box, seen.is_shown
        left, top, width, height = (figures(round(px, 2)) for px in (box.left, box.top, box.width, box.height))
        return (f"{left}, {top}", f"{width} × {height}") if shown else ("—", "—")


def page(
    project: Project,
    *,
    media: Media | None = None,
    findings: Sequence[Finding] = (),
    templates: Sequence[Scene] = (),
    only: int | None = None,
    script_clips: Sequence[int] = (),
    live: bool = False,
) -> str:
    """Return a storyboard as HTML. `media`: local copies of pictures, to embed. `only`: the one scene to show, from 0.

    `templates`: the scenes of a template as the script has them; braces in texts are then variables, shown as chips.
    `script_clips`: how many clips of each scene its script counts; the square of a background colour comes before them.
    `live`: with the script that follows changes. Raise `BuildError` for a copy that is not a picture, and for a scene
    that is not there.

    >>> page(Project(scenes=()))[:15]
    '<!doctype html>'
    """
    size = canvas(project.orientation)
    panels = panels_of(
        project, media=media, findings=findings, templates=templates, only=only, script_clips=script_clips
    )
    loose = [finding for finding in findings if finding.scene is None]
    return rendered(
        "storyboard.html",
        live=live,
        title=project.name or "Storyboard",
        size=f"{size.width} × {size.height} px",
        orientation=orientation_of(project),
        panels=panels,
        loose=loose,
        found=len(loose) + sum(len(panel.findings) for panel in panels),
        seconds=sum(panel.scene.seconds for panel in panels),
        template=bool(templates),
        animated=any(animation_in(seen) for panel in panels for seen in panel.scene.every),
        overview_from=OVERVIEW_FROM,
        overview_at=OVERVIEW_AT,
        most_links=MOST_LINKS,
    )


def panels_of(
    project: Project,
    *,
    media: Media | None = None,
    findings: Sequence[Finding] = (),
    templates: Sequence[Scene] = (),
    only: int | None = None,
    script_clips: Sequence[int] = (),
    prefix: str = "",
    marked: bool = True,
) -> list[ScenePanel]:
    """Return the scenes to show, drawn with their marks unless not `marked`.

    Ids begin with `prefix`; the rest is as `page` takes it.
    """
    scenes = views_of(project, only, script_clips)
    pictures = read(media, (url for scene in scenes.values() for url in pictures_of(scene)))
    found: dict[int | None, list[tuple[int, Finding]]] = {}
    for finding in findings:
        numbered = found.setdefault(finding.scene, [])
        numbered.append((len(numbered) + 1, finding))
    panels = []
    for index, scene in scenes.items():
        own, names = found.get(index, []), f"{prefix}s{index}-"
        drawing = Drawing(pictures, bool(templates), names)
        title, over = f"Picture of scenes[{index}]", marks.over(scene, own, names) if marked else ""
        drawn = scene_svg(scene, drawing, title=title, over=over)
        panels.append(ScenePanel(index, scene, drawn, own, templates[index] if templates else None))
    return panels


def orientation_of(project: Project | BaseProject) -> str:
    """Return "portrait" or "landscape"."""
    size = canvas(project.orientation)
    return "portrait" if size.height > size.width else "landscape"


def _detail(seen: Seen) -> str:
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
    clip, animation = seen.clip, animation_in(seen)
    facts = []
    if isinstance(clip, AvatarClip) and not seen.is_shown:
        facts.append("not shown" if clip.is_delete else "voice only")
    if seen.box.angle:
        facts.append(f"turned {figures(seen.box.angle)}°")
    for name, words in (("opacity", "{} % opaque"), ("volume", "volume {} %")):
        if number(clip, name, 100) != 100:
            facts.append(words.format(figures(number(clip, name, 100))))
    if animation:
        facts.append(f"{animation.type} for {animation.duration} s after {animation.delay} s (seconds assumed)")
    return ", ".join(facts)
