"""Project: the value that people hold. It takes the verbs, and hands on to what renders, lays out, checks and draws."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from attrs import evolve, frozen

from aistudios_dsl.build.boxes import ruler_of
from aistudios_dsl.build.keywords import checked, checked_class
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.scene import Scene, lines_named, notebook_html
from aistudios_dsl.errors import BuildError, did_you_mean, expect, plural, under
from aistudios_dsl.wire.jsontext import canonical
from aistudios_dsl.wire.node import as_found
from aistudios_dsl.wire.nodes import Generation, Text
from aistudios_dsl.wire.nodes import Project as WireProject
from aistudios_dsl.wire.source import document_of

if TYPE_CHECKING:
    from pathlib import Path

    from aistudios_dsl.build.fonts import Fonts
    from aistudios_dsl.check.findings import Finding
    from aistudios_dsl.check.translation import Original
    from aistudios_dsl.decompile.source import Source
    from aistudios_dsl.draw.captions import Format as CaptionFormat
    from aistudios_dsl.draw.pictures import Media
    from aistudios_dsl.draw.storyboard import ScenePanel
    from aistudios_dsl.languages.catalogues import Catalogue
    from aistudios_dsl.languages.messages import Message
    from aistudios_dsl.plan.plan import Plan
    from aistudios_dsl.templates.frames import DataFrame
    from aistudios_dsl.templates.values import KeyedRow
    from aistudios_dsl.view.scene import SceneView
    from aistudios_dsl.view.timing import Timing


@checked_class("scenes", "loaded", "loaded_scenes", "literal", "row_left_all_out")
@frozen(repr=False)
class Project(BaseProject):
    """A video: scenes, and the settings that hold for all of them.

    Args:
        name: Its name on the dashboard. Default none.
        orientation: "landscape" (1920 x 1080 px) or "portrait" (1080 x 1920 px). Default "landscape".
        webhook_url: The URL that the service calls when the video is ready. Default none.
        dictionary: How words are pronounced, as JSON. Default none.
        api: Where speech is written: "1.4" in the clip, "1.6" in the scene. Default "1.4".
        catalog: Where avatars are looked up by their ids. Default a `Catalog()`, with the one documented avatar.
        environment: A function at the top of a module that takes the Jinja environment and may add filters and globals.
        workspace_id: The workspace that the project belongs to. Default none.
        resolution: "4k", "1080", "720" or "480". Default none, which leaves the choice to the service.
        theme: The colours and text styles that verbs take by name, and the font. Default none.
        avatars: Who speaks in a language: `{"ko": Avatar(...)}`, or by tag `{"ko": {"host": Avatar(...)}}`. Default
            those of the verbs.
        themes: The theme for a language: `{"ar": Theme(...)}`. Default `theme`.
        fonts: `Fonts` to measure texts with. Default none, which leaves the bundled numbers of Noto Sans CJK.
        extra: Further keys of the project in the JSON; of its own `isExport`, and "landscape" as `orientation`, which
            is not written otherwise. Default none.
        key_order: Keys of the JSON, in the order in which they follow each other, such as "scenes name". Default that
            of the vendor's samples.
        locale: The language of its words, as a BCP 47 tag such as "de" or "pt-BR"; it is not in the JSON. `translated`
            sets it. Default none.

    Raises:
        BuildError: An argument is unknown or has a wrong value.

    >>> Project("Hello").scene(background="#102030").text("Hello", width=600, height=80)
    Project('Hello', 1 scene)
    """

    def __hash__(self) -> int:
        # attrs would hash the fields.
        return BaseProject.__hash__(self)

    def __str__(self) -> str:
        """Return a short outline: the scenes with the kind, tag and first words of their clips."""
        from aistudios_dsl.draw.outline import outline

        return "\n".join(outline(self).lines(short=True))

    # templates

    @checked
    def variables(self) -> dict[str, tuple[str, ...]]:
        """Return the names that a row must have, for each field that needs some.

        >>> Project().scene().text("Hello {{ name }}", width=9, height=9).variables()
        {'scenes[0].clips[0].text': ('name',)}
        """
        from aistudios_dsl.templates.pending import pending

        return {path: names for path, names in pending(self).items() if names}

    @checked
    def render(self, row: Mapping[str, Any] | KeyedRow | None = None, /, **variables: Any) -> Self:
        """Return the literal project of one row.

        Args:
            row: Names and values: a mapping, or a row of a database. Default none.
            variables: More of them; they override those of the row.

        Raises:
            TemplateError: A name is missing, or a template cannot be rendered; names the field.

        >>> Project().scene().text("Hello {{ name }}", tag="t").render(name="Ann").find("t").text
        'Hello Ann'
        """
        from aistudios_dsl.templates.render import render_project

        return render_project(self, row, variables)

    @checked
    def render_all(self, rows: Iterable[Any] | DataFrame) -> Iterator[Self]:
        """Yield the literal project of each row.

        Args:
            rows: Mappings of names to values, rows of a database, or a data frame; taken one at a time.

        Raises:
            TemplateError: As `render` does; names the row, counted from 1.

        >>> [project.name for project in Project("For {{ name }}").render_all([{"name": "Ann"}])]
        ['For Ann']
        """
        from aistudios_dsl.templates.render import for_each_row

        yield from for_each_row(rows, self.render)

    @checked
    def compile(self) -> Plan:
        """Return a plan for many rows: `render_json(row)` gives the bytes of `render(row).to_json()`, much faster.

        Raises:
            TemplateError: A template is broken; names its field and line.

        >>> Project("For {{ name }}").scene().compile().render_json({"name": "Ann"})[:18]
        b'{"name":"For Ann",'
        """
        from aistudios_dsl.plan.plan import Plan
        from aistudios_dsl.templates.render import refuse_rendered

        refuse_rendered(self)
        with lines_named(self.scenes):
            return Plan(self)

    # languages

    @checked
    def messages(self) -> tuple[Message, ...]:
        """Return every text, speech, label and name in the project, as translators get them.

        >>> [found.text for found in Project("For {{ name }}").scene().text("Hello").messages()]
        ['For {{ name }}', 'Hello']
        """
        from aistudios_dsl.languages.messages import messages_of

        return messages_of(self)

    @checked
    def translated(self, catalogue: Catalogue | str | os.PathLike[str] | Mapping[str, str], locale: str) -> Self:
        """Return the project in another language. Words without a translation stay as they are.

        Args:
            catalogue: A `Catalogue`; the path of a PO file, or of a folder with one for each language; or a mapping of
                words to their translations.
            locale: The language, as a BCP 47 tag such as "de" or "pt-BR".

        Raises:
            LoadError: There is no such language or file, or a translation has other variables than its original.

        >>> Project().scene().text("Hello", tag="t").translated({"Hello": "Hallo"}, "de").find("t").text
        'Hallo'
        """
        from aistudios_dsl.languages.catalogues import translated

        return translated(self, catalogue, locale)

    # ends

    @checked
    def resolve(self, *, api: Generation | None = None) -> WireProject:
        """Return the wire nodes, with every size, place, id and layer computed.

        Args:
            api: The generation that speech is rewritten for, "1.4" or "1.6". Default as the project has it.

        Raises:
            BuildError: Something in the script cannot be said on the wire.
            TemplateError: Templates wait for a row.

        >>> Project().scene().text("Hello", at="top", margin=60).resolve().scenes[0].clips[0].top
        60
        """
        from aistudios_dsl.resolve.project import resolve_project
        from aistudios_dsl.templates.pending import refuse_pending

        refuse_pending(self)
        return resolve_project(self, api)

    @checked
    def to_dict(self, *, api: Generation | None = None) -> dict[str, Any]:
        """Return the JSON object that the service takes.

        Args:
            api: As in `resolve`.

        Raises:
            DslError: What `resolve` raises.

        >>> list(Project().scene(background="/images/background/bg_blue_gradient.png").to_dict())
        ['scenes']
        """
        from aistudios_dsl.wire.codec import dump

        return dump(self.resolve(api=api))

    @checked
    def to_json(self, indent: int | None = None, *, api: Generation | None = None) -> str:
        """Return the JSON text; the same project always gives the same text.

        Args:
            indent: The spaces of each level, from 0 up. Default all on one line.
            api: As in `resolve`.

        Raises:
            DslError: What `resolve` raises.

        >>> Project().scene(watermark=True).to_json().partition('"watermark"')[2]
        ':true,"clips":[],"thumbnailUrl":null,"sceneIdx":0}]}'
        """
        expect(indent, int | None, "indent must be the number of spaces", "such as indent=2")
        if indent is not None and indent < 0:
            raise BuildError(f"indent is {indent}, but must be 0 or more")
        return canonical(self.to_dict(api=api), indent)

    @checked
    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the JSON, indented, to a file, and return its path.

        Args:
            path: The file; one that is there is replaced.

        Raises:
            DslError: What `resolve` raises; or the file cannot be written.
        """
        return _written(path, self.to_json(indent=2) + "\n")

    @checked
    def to_python(self) -> Source:
        """Return the script that builds the same JSON; its `verbs` and `puts` count the clips that each kind writes.

        Braces stay what they are in this project: text, or templates.

        Raises:
            BuildError: What `resolve` raises.
            TemplateError: A verb wrote a template: its script is yours already.

        >>> print(Project("Hi").scene().text("Hello", at="top", margin=40).to_python(), end="")
        from aistudios_dsl import Project
        <BLANKLINE>
        project = Project("Hi").scene().text("Hello", at="top", margin=40)
        """
        from aistudios_dsl.decompile.source import decompile
        from aistudios_dsl.templates.pending import refuse_pending

        if not all(scene._is_as_loaded for scene in self.scenes):
            refuse_pending(self)
        return decompile(self._literally().resolve(), type(self), literal=self._literal)

    @checked
    def estimates(self) -> dict[str, str]:
        """Return the texts whose width is an estimate, with the letters that the bundled font lacks (docs/layout.md).

        Raises:
            DslError: What `resolve` raises.

        >>> Project().scene().text("Hello", tag="t").text("สวัสดี").estimates()
        {'scenes[0].clips[1]': 'สวัดี'}
        """
        return self._estimates_in(self.resolve())

    def _estimates_in(self, whole: WireProject) -> dict[str, str]:
        texts = (clip for scene in whole.scenes for clip in scene.clips if isinstance(clip, Text))
        with self._measuring():
            found = {id(clip): letters for clip in texts if (letters := ruler_of(clip).estimated(clip.text))}
        if not found:
            return {}
        from aistudios_dsl.view.scene import scene_views

        views = (seen for scene in scene_views(whole, self._script_clips()) for seen in scene.every)
        return {seen.path: found[id(seen.clip)] for seen in views if id(seen.clip) in found}

    def _script_clips(self) -> list[int]:
        return [len(scene._items) for scene in self.scenes]

    @checked
    def check(
        self, *, ignore: str | Iterable[str] = (), original: Project | None = None, min_size: float = 18
    ) -> list[Finding]:
        """Return what is wrong or probably unintended, scene by scene, errors first; docs/checks.md has the rules.

        In a template, the fields that wait for a row are noted, and the scenes that wait for none are checked.

        Args:
            ignore: A code or several, such as "unsafe-area", or "unsafe-area:logo" for one tag. Default none.
            original: The project that this one was translated from, with the same row. Only findings that it does not
                have are returned; a text that does not fit is one of them. Default none.
            min_size: Points below which no text may be smaller than in the original. Default 18.

        Raises:
            DslError: What `resolve` raises; or a code is unknown.

        >>> [finding.code for finding in Project().scene().text("Hello", at="top left").check()]
        ['unsafe-area']
        """
        expect(min_size, int | float, "min_size must be points", "such as min_size=18")
        if original is None:
            return self._checked(ignore)
        expect(original, Project, "original must be a Project", "the one that this was translated from")
        return self._checked_against(original._as_original(ignore), ignore, min_size)

    def _checked(self, ignore: str | Iterable[str], *, across: bool = True) -> list[Finding]:
        settled, waiting = self._settled()
        return settled._found(settled.resolve(), self, waiting, ignore, across=across)

    def _settled(self) -> tuple[Self, Mapping[str, tuple[str, ...]]]:
        """Return the project without what waits for a row, and the variables that each string waits for."""
        from aistudios_dsl.templates.pending import pending, without_pending

        waiting = pending(self)
        return without_pending(self, waiting), waiting

    def _as_original(self, ignore: str | Iterable[str] = ()) -> Original:
        """Return what translations are compared with."""
        from aistudios_dsl.check.translation import Original

        settled, waiting = self._settled()
        whole = settled.resolve()
        return Original(settled, whole, tuple(settled._found(whole, self, waiting, ignore)))

    def _checked_against(self, original: Original, ignore: str | Iterable[str], least: float) -> list[Finding]:
        from aistudios_dsl.check.findings import in_order
        from aistudios_dsl.check.translation import fitted, new_among

        if len(original.project.scenes) != len(self.scenes):
            hint = "give the project that this one was translated from, rendered with the same row"
            counts = f"{plural(len(original.project.scenes), 'scene')}, and this project {len(self.scenes)}"
            raise BuildError(f"original has {counts}", hint=hint)
        own, waiting = self._settled()
        settled, whole, unfit = fitted(own, original.project)
        found = settled._found(whole, self, waiting, ignore, original=original.whole, least=least)
        return in_order([*unfit, *new_among(found, original.found)])

    def _found(
        self,
        whole: WireProject,
        template: BaseProject,
        waiting: Mapping[str, tuple[str, ...]],
        ignore: str | Iterable[str] = (),
        **more: Any,
    ) -> list[Finding]:
        from aistudios_dsl.check.findings import check
        from aistudios_dsl.layout.geometry import canvas
        from aistudios_dsl.resolve.project import setting_of
        from aistudios_dsl.resolve.scene import group_boxes
        from aistudios_dsl.view.asked import asked_of

        codes = (ignore,) if isinstance(ignore, str) else tuple(ignore) if isinstance(ignore, Iterable) else (ignore,)
        if not all(isinstance(code, str) for code in codes):
            raise BuildError(f"ignore is {ignore!r}", hint='give the codes of checks, such as ignore=["unsafe-area"]')
        area = canvas(self.orientation)
        with self._measuring():
            asked = [asked_of(scene, area, f"scenes[{index}]", waiting) for index, scene in enumerate(template.scenes)]
            setting = setting_of(self)
            groups = [group_boxes(scene, setting) for scene in self.scenes]
            clips = self._script_clips()
            more |= {"script_clips": clips, "asked": asked, "groups": groups, "locale": self.locale}
            return check(whole, waiting, ignore=codes, **more)

    @checked
    def timing(
        self,
        *,
        seconds: float | None = None,
        video: str | os.PathLike[str] | None = None,
        silent_seconds: float = 0,
    ) -> Timing:
        """Return when each scene begins and each line is said: an estimate from the words, see docs/howto/captions.md.

        Args:
            seconds: The length of the real video, above 0 and up to 86,400; all times are scaled to it. Default none.
            video: The downloaded MP4, whose header says how long it is. Default none.
            silent_seconds: How long each scene lasts in which nothing is said, 0 to 86,400. Default 0.

        Raises:
            DslError: What `resolve` raises.
            LoadError: The video cannot be read, or does not say how long it is.
            BuildError: A length is none of a video, or nothing is said that could fill it.

        >>> Project().scene().avatar("M000045058", say="One two three four five.").timing().seconds
        2.4
        """
        return self._timed(seconds, video, silent_seconds)[1]

    @checked
    def captions(
        self,
        format: CaptionFormat = "srt",
        *,
        seconds: float | None = None,
        video: str | os.PathLike[str] | None = None,
        silent_seconds: float = 0,
    ) -> str:
        """Return what is said as a file of captions, timed as `timing` says.

        A comment in WebVTT says that the times are estimates. SRT has no comments.

        Args:
            format: "srt" (SubRip) or "vtt" (WebVTT). Default "srt".
            seconds: As in `timing`.
            video: As in `timing`.
            silent_seconds: As in `timing`.

        Raises:
            DslError: What `timing` raises.
            BuildError: Nothing is said.

        >>> print(Project().scene().avatar("M000045058", say="One two three four five.").captions(), end="")
        1
        00:00:00,000 --> 00:00:02,400
        One two three four five.
        """
        from aistudios_dsl.draw.captions import FORMATS, captions

        if format not in FORMATS:
            raise BuildError(f"format is {format!r}", hint=did_you_mean(str(format), FORMATS))
        return captions(*self._timed(seconds, video, silent_seconds), format)

    def _timed(
        self, seconds: float | None, video: str | os.PathLike[str] | None, silent_seconds: float
    ) -> tuple[tuple[SceneView, ...], Timing]:
        from aistudios_dsl.layout.video import video_seconds
        from aistudios_dsl.view.scene import scene_views
        from aistudios_dsl.view.timing import timing

        if seconds is not None and video is not None:
            raise BuildError("seconds and video both say how long the video is", hint="give one of them")
        expect(video, str | os.PathLike | None, "video must be the path of a file", 'such as "video.mp4"')
        scenes = scene_views(self.resolve(), self._script_clips())
        return scenes, timing(scenes, seconds if video is None else video_seconds(video), silent_seconds)

    @checked
    def svg(self, scene: int = 0, *, media: Media | None = None, links: bool = True) -> str:
        """Return a scene as an SVG document, with every clip in its computed box; see docs/storyboard.md.

        A template shows its variables.

        Args:
            scene: The number of the scene, from 0. Default 0.
            media: Copies of pictures to embed: {url: file}, or a folder of files named as the URLs end. Default none.
            links: Whether other pictures are linked by URL; else placeholders are drawn. Default True.

        Raises:
            DslError: What `resolve` raises.
            BuildError: There is no such scene, or a copy is not a picture.

        >>> Project().scene(background="#102030").svg()[:38]
        '<svg xmlns="http://www.w3.org/2000/svg'
        """
        from aistudios_dsl.draw.svg import picture

        _validate_media(media)
        with self._measuring():
            resolved, template = self._viewed()
            return picture(resolved, scene, media=media, links=links, template=template)

    @checked
    def storyboard(self, path: str | os.PathLike[str], *, media: Media | None = None, scene: int | None = None) -> Path:
        """Write a page that shows the scenes with their speech, clips and findings, and return its path.

        The page is one file that loads nothing from a network. A template shows its variables.

        Args:
            path: The file; one that is there is replaced.
            media: Copies of pictures, as in `svg`; placeholders are drawn for the others. Default none.
            scene: The number of the one scene to show, from 0. Default all.

        Raises:
            DslError: What `svg` raises; or the file cannot be written.
        """
        return _written(path, self._page(media, scene))

    def _page(self, media: Media | None = None, scene: int | None = None, *, live: bool = False) -> str:
        from aistudios_dsl.draw.storyboard import page

        _validate_media(media)
        whole, template = self._viewed()
        # A page shows each template where it is, so the findings do not list them again.
        ignored = ("template-variable",)
        found = self._checked(ignored, across=False) if template else self._found(whole, self, {}, across=False)
        scenes = self.scenes if template else ()
        clips = self._script_clips()
        return page(whole, media=media, findings=found, templates=scenes, only=scene, script_clips=clips, live=live)

    def _panels(
        self, findings: Sequence[Finding], media: Media | None, scene: int | None, prefix: str, *, marks: bool
    ) -> list[ScenePanel]:
        """Return the scenes as a contact sheet shows them; ids begin with `prefix`."""
        from aistudios_dsl.draw.storyboard import panels_of

        _validate_media(media)
        with self._measuring():
            whole, template = self._viewed()
            return panels_of(
                whole,
                media=media,
                findings=findings,
                templates=self.scenes if template else (),
                only=scene,
                script_clips=self._script_clips(),
                prefix=prefix,
                marked=marks,
            )

    @checked
    def png(self, scene: int | None = 0, *, media: Media | None = None, width: int | None = None) -> bytes:
        """Return a scene, or all of them on one sheet, as PNG; it needs the extra `png`.

        Args:
            scene: The number of the scene, from 0; None for a sheet of all. Default 0.
            media: Copies of pictures, as in `svg`, but for AVIF files; placeholders are drawn for the others. Default
                none.
            width: The width, px, from 1 up. Default that of the canvas, or of a sheet with scenes 480 px wide.

        Raises:
            DslError: What `svg` raises; the extra or a font to draw with is missing; or the picture would be too large.

        >>> Project().scene(background="#102030").png(width=160)[1:4]
        b'PNG'
        """
        from aistudios_dsl.draw.png import png
        from aistudios_dsl.draw.sheet import grid
        from aistudios_dsl.layout.geometry import canvas

        expect(width, int | None, "width must be a number of px", "such as width=960")
        if width is not None and width < 1:
            raise BuildError(f"width is {width}, but must be 1 or more")
        if scene is not None:
            return png(self.svg(scene, media=media, links=False), width, self._font_files())
        panels = self._panels((), media, None, "", marks=False)
        tiles = [(f"scenes[{panel.index}]", panel.picture) for panel in panels]
        return png(grid(tiles, canvas(self.orientation)), width, self._font_files())

    def _font_files(self) -> list[Path]:
        if self.fonts is None:
            return []
        return [file.path for files in (*self.fonts.families.values(), self.fonts.fallback) for file in files]

    def _repr_html_(self) -> str:
        from aistudios_dsl.draw.shell import framed

        return framed(self._page)

    def _side_by_side(self, translations: Sequence[Self], media: Media | None = None, scene: int | None = None) -> str:
        """Return a page with the scenes of this project and of its translations, and what is found in these alone."""
        from aistudios_dsl.check.rules import LEAST
        from aistudios_dsl.check.translation import fitted
        from aistudios_dsl.draw.side_by_side import Version, page

        _validate_media(media)
        ignored = ("template-variable",)
        shown, template = self._with_preview_values()
        original = self._as_original(ignored)
        versions = [Version("original", shown.resolve(), template, self._script_clips(), original.found)]
        for translation in translations:
            name = translation.locale or "translation"
            with under(name):
                _, whole, _ = fitted(translation._with_preview_values()[0], shown)
                found = translation._checked_against(original, ignored, LEAST)
            versions.append(Version(name, whole, template, translation._script_clips(), found))
        return page(versions, title=self.name or "", media=media, only=scene)

    def _viewed(self) -> tuple[WireProject, bool]:
        """Return the wire nodes to draw, and whether they are those of a template, with preview values."""
        from aistudios_dsl.templates.pending import pending

        try:
            shown, template = self._with_preview_values()
            return shown.resolve(), template
        except BuildError as fault:
            if not pending(self):
                raise
            raise fault.hinting(" ".join(filter(None, (fault.hint and f"{fault.hint}.", _ONE_ROW)))) from None

    def _with_preview_values(self) -> tuple[Self, bool]:
        """Return a literal project to draw, and whether it is that of a template, with preview values."""
        from aistudios_dsl.templates.pending import pending

        if not pending(self):
            return self._literally(), False
        from aistudios_dsl.templates.environment import Templates
        from aistudios_dsl.templates.preview_values import preview_visit, with_preview_values
        from aistudios_dsl.templates.render import filled_project

        templates = Templates(self.environment)
        return filled_project(self, with_preview_values(self.scenes, templates), preview_visit(templates)), True

    @classmethod
    @checked
    def load(
        cls,
        source: str | bytes | os.PathLike[str] | Mapping[str, Any],
        *,
        template: bool = True,
        fonts: Fonts | None = None,
    ) -> Self:
        """Return the project of a JSON document: a body, or the service's answer to a GET, envelope and all.

        Args:
            source: A path, a mapping, or JSON text.
            template: Whether braces in its strings are templates; else they are text. Default True.
            fonts: `Fonts` to measure its texts with. Default none.

        Raises:
            LoadError: The document is not a project; lists every problem.

        >>> Project.load({"scenes": []})
        Project(0 scenes)
        """
        from aistudios_dsl.wire.codec import load, unwrapped

        node = load(unwrapped(document_of(source)))
        with as_found():
            project = cls._of_wire(node, literal=not template)
        return project if fonts is None else evolve(project, fonts=fonts)


_ONE_ROW = "To look at one row: .render(row)"


@notebook_html.register
def _scene_html(scene: Scene) -> str:
    """Draw a scene on a landscape canvas, in the generation that can write its speech."""
    from aistudios_dsl.draw.shell import framed

    def page() -> str:
        try:
            return Project().add(scene)._page()
        except BuildError:
            return Project(api="1.6").add(scene)._page()

    return framed(page)


def _written(path: str | os.PathLike[str], text: str) -> Path:
    from pathlib import Path

    from aistudios_dsl.atomic_write import write_text

    expect(path, str | os.PathLike, "path must be that of a file", 'such as "video.json"')
    return write_text(Path(path), text)


def _validate_media(media: Media | None) -> None:
    expect(media, Mapping | str | os.PathLike | None, "media must be a folder or a mapping", "such as {url: file}")
