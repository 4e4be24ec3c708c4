"""One page that shows each scene in several languages side by side, with what the checks find in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from attrs import frozen

from aistudios_dsl.draw.markup import element, escaped, policy
from aistudios_dsl.draw.pictures import Media, Pictures, read
from aistudios_dsl.draw.svg import Drawing, pictures_of, scene_svg, views_of
from aistudios_dsl.view.scene import SceneView
from aistudios_dsl.wire.nodes import Project

if TYPE_CHECKING:
    from aistudios_dsl.check.findings import Finding


@frozen
class Version:
    """A project in one language, resolved, under the name that the page calls it by.

    `template`: whether braces in its texts are variables. `script_clips`: how many clips its script counts by scene.
    """

    name: str
    project: Project
    template: bool = False
    script_clips: Sequence[int] = ()
    findings: Sequence[Finding] = ()


def page(versions: Sequence[Version], *, title: str = "", media: Media | None = None, only: int | None = None) -> str:
    """Return the page as HTML. `media`: local copies of pictures. `only`: the one scene to show, from 0.

    Raise `BuildError` for a copy that is not a picture, and for a scene that is not there.

    >>> page([])[:15]
    '<!doctype html>'
    """
    count = max((len(version.project.scenes) for version in versions), default=0)
    shown = range(count) if only is None else [only]
    views = {
        (index, number): view
        for number, version in enumerate(versions)
        for index, view in views_of(version.project, only, version.script_clips).items()
    }
    pictures = read(media, (url for view in views.values() for url in pictures_of(view)))
    style = files("aistudios_dsl.draw").joinpath("page/side_by_side.css").read_text(encoding="utf-8")
    sections = (_section(index, versions, views, pictures) for index in shown)
    head = (
        '<meta charset="utf-8">',
        element("meta", http_equiv="Content-Security-Policy", content=policy(style)),
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        element("title", escaped(title or "Languages")),
        f"<style>{style}</style>",
    )
    names = ", ".join(version.name for version in versions)
    body = (element("h1", escaped(title or "Languages")), element("p", escaped(names)), *sections)
    return f'<!doctype html><html lang="en"><head>{"".join(head)}</head><body>{"".join(body)}</body></html>\n'


def _section(
    index: int, versions: Sequence[Version], views: dict[tuple[int, int], SceneView], pictures: Pictures
) -> str:
    figures = (
        _figure(version, views[index, number], f"v{number}s{index}-", index, pictures)
        for number, version in enumerate(versions)
        if (index, number) in views
    )
    return element("section", element("h2", f"scenes[{index}]"), element("div", *figures, class_="versions"))


def _figure(version: Version, view: SceneView, prefix: str, index: int, pictures: Pictures) -> str:
    title = f"scenes[{index}] in {version.name}"
    return element(
        "figure",
        element("figcaption", escaped(version.name)),
        scene_svg(view, Drawing(pictures, version.template, prefix), title=title),
        *_speech(view),
        *_findings([finding for finding in version.findings if finding.scene in (index, None)]),
    )


def _speech(view: SceneView) -> Iterator[str]:
    for said in view.speech:
        # Each line runs as its own letters do.
        yield element("blockquote", escaped(said.text), dir="auto")


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    if findings:
        yield element("ul", *(_item(finding) for finding in findings))


def _item(finding: Finding) -> str:
    where = f"{finding.name} " if finding.name else ""
    words = f"{finding.code}: {where}{finding.told}"
    return element("li", escaped(words), class_=finding.severity, dir="auto")
