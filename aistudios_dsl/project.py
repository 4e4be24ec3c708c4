"""Project: the one value people hold. It opens scenes, takes the verbs, and ends in JSON."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import evolve, field, frozen

from aistudios_dsl.build.avatar import Catalog
from aistudios_dsl.build.keywords import knows_its_keywords
from aistudios_dsl.build.scene import Scene, Verbs, own_extra, verb
from aistudios_dsl.errors import BuildError, DslError, LoadError, TemplateError, near_file
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.render import Visit, mapped, render_scenes, renderer
from aistudios_dsl.wire.jsontext import canonical, copied, parse
from aistudios_dsl.wire.node import UNSET, as_found, fault_of, keys
from aistudios_dsl.wire.nodes import AnyClip, Background, Generation, Orientation, Resolution, Text
from aistudios_dsl.wire.nodes import Project as WireProject
from aistudios_dsl.wire.nodes import Scene as WireScene

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

    from aistudios_dsl.check.findings import Finding
    from aistudios_dsl.decompile.source import Source
    from aistudios_dsl.draw.pictures import Media
    from aistudios_dsl.plan.plan import Plan
    from aistudios_dsl.resolve.sizing import Setting

_HEADLINE_FIELDS = ("name", "orientation", "dictionary", "webhook_url", "workspace_id", "resolution")


@knows_its_keywords("scenes", "loaded", "loaded_scenes", "literal")
@frozen(repr=False)
class Project(Verbs):
    """A video: scenes, and what holds for all of them.

    `orientation`: "landscape" (1920 x 1080 px) or "portrait" (1080 x 1920 px). `api`: where speech is written, in the
    clip ("1.4") or in the scene ("1.6"). `catalog`: where avatar ids are looked up. `environment`: a module-level
    function that gets the Jinja environment and may add filters and globals. Raises `BuildError` on a wrong value.

    >>> Project("Hello").scene(background="#102030").text("Hello", width=600, height=80)
    Project('Hello', 1 scene)
    """

    name: str | None = None
    orientation: Orientation | str = field(default="landscape", kw_only=True)
    webhook_url: str | None = field(default=None, kw_only=True)
    dictionary: Any = field(default=None, kw_only=True)
    api: Generation = field(default="1.4", kw_only=True)
    catalog: Catalog | None = field(default=None, kw_only=True)
    environment: Callable[[Environment], None] | None = field(default=None, kw_only=True)
    workspace_id: str | None = field(default=None, kw_only=True)
    resolution: Resolution | str | None = field(default=None, kw_only=True)
    extra: Mapping[str, Any] | None = field(default=None, kw_only=True, converter=own_extra)
    scenes: tuple[Scene, ...] = field(default=(), kw_only=True)
    _loaded: WireProject | None = field(default=None, kw_only=True, eq=False, alias="loaded")
    """The loaded project that this one came from, for its keys and their order."""
    _loaded_scenes: int = field(default=0, kw_only=True, alias="loaded_scenes")
    """How many scenes the loaded project had: indexes are given anew only when the list is another."""
    _literal: bool = field(default=False, kw_only=True, alias="literal")
    """Rendered, or loaded as it is: braces are text."""

    def __attrs_post_init__(self) -> None:
        if self._loaded is None:
            _judge(self)
            # What the caller does to theirs later changes nothing here.
            object.__setattr__(self, "dictionary", _own(self.dictionary))

    def __hash__(self) -> int:
        # Clips, dictionary and extra hold dicts, which do not hash; equal projects have all of these in common.
        return hash((self.name, self.orientation, self.webhook_url, self.workspace_id, self.api, len(self.scenes)))

    def __repr__(self) -> str:
        name = f"{self.name!r}, " if self.name else ""
        return f"Project({name}{len(self.scenes)} scene{'' if len(self.scenes) == 1 else 's'})"

    @verb
    def scene(
        self,
        *,
        background: str | Background | None = None,
        watermark: bool = False,
        when: str | None = None,
        each: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Self:
        """Open a new scene, to which the verbs that follow speak; the arguments are those of `Scene`.

        >>> len(Project().scene().scene().scenes)
        2
        """
        return self.add(Scene(background=background, watermark=watermark, when=when, each=each, extra=extra))

    def add(self, *scenes: Scene) -> Self:
        """Add scenes that were made by themselves.

        >>> len(Project().add(Scene(), Scene()).scenes)
        2
        """
        for scene in scenes:
            if not isinstance(scene, Scene):
                raise BuildError(f"add takes Scene values, not {type(scene).__name__}")
        return evolve(self, scenes=(*self.scenes, *scenes))

    def with_scenes(self, scenes: Iterable[Scene]) -> Self:
        """The same project with these scenes instead: to insert, remove or reorder them.

        >>> project = Project().scene().scene()
        >>> len(project.with_scenes(project.scenes[:1]).scenes)
        1
        """
        return evolve(self, scenes=()).add(*scenes)

    def _change(self, change: Callable[[Scene], Scene]) -> Self:
        if not self.scenes:
            raise BuildError("there is no scene yet", hint="open one with .scene() first")
        try:
            last = change(self.scenes[-1])
        except DslError as fault:
            raise fault.under(f"scenes[{len(self.scenes) - 1}]") from None
        return evolve(self, scenes=(*self.scenes[:-1], last))

    def _clips(self) -> Iterator[AnyClip]:
        return (clip for scene in reversed(self.scenes) for clip in scene._clips())

    def edit(self, tag_or_id: str, /, *, scene: int | None = None, **changes: Any) -> Self:
        """Change fields of the clip with this tag or id, in the scene opened last, else in the one scene that has it.

        `scene`: the number of the scene instead, from 0. What else can be changed: see `Scene.edit`.

        >>> Project().scene().text("Hi", tag="t").scene().edit("t", text="Hello").find("t").text
        'Hello'
        """
        if scene is not None:
            return self._at(self._numbered(scene), lambda found: found.edit(tag_or_id, **changes))
        holders = [i for i, each in enumerate(self.scenes) if any(tag_or_id in (c.tag, c.id) for c in each._clips())]
        if not holders or holders[-1] == len(self.scenes) - 1:
            self.find(tag_or_id)
            return super().edit(tag_or_id, **changes)
        if len(holders) > 1:
            hint = f"name one of them: edit({tag_or_id!r}, scene={holders[0]}, ...)"
            raise BuildError(f"scenes {holders} all have a clip {tag_or_id!r}", hint=hint)
        return self._at(holders[0], lambda found: found.edit(tag_or_id, **changes))

    def _numbered(self, scene: int) -> int:
        if not isinstance(scene, int) or not 0 <= scene < len(self.scenes):
            raise BuildError(f"there is no scene {scene!r}", hint=f"scenes count from 0 to {len(self.scenes) - 1}")
        return scene

    def map(self, clip_class: Any, fn: Any, *, tag: str | None = None) -> Self:
        """Replace each clip of a wire class (and tag), in every scene, by what `fn` makes of it."""
        project = self
        for index in range(len(self.scenes)):
            project = project._at(index, lambda scene: scene.map(clip_class, fn, tag=tag))
        return project

    def _at(self, index: int, change: Callable[[Scene], Scene]) -> Self:
        try:
            scene = change(self.scenes[index])
        except DslError as fault:
            raise fault.under(f"scenes[{index}]") from None
        return evolve(self, scenes=(*self.scenes[:index], scene, *self.scenes[index + 1 :]))

    # templates

    @property
    def _templates(self) -> Templates:
        return Templates(self.environment)

    def variables(self) -> dict[str, tuple[str, ...]]:
        """The variables a row must have, for each field that needs some.

        >>> Project().scene().text("Hello {{ name }}", width=9, height=9).variables()
        {'scenes[0].clips[0].text': ('name',)}
        """
        return {path: names for path, names in self._pending().items() if names}

    def render(self, row: Mapping[str, Any] | None = None, /, **variables: Any) -> Self:
        """The literal project for one row. Raises `TemplateError` naming the field and the variable.

        >>> Project().scene().text("Hello {{ name }}", tag="t").render(name="Ann").find("t").text
        'Hello Ann'
        """
        if self._literal:
            raise TemplateError("this project is rendered already", hint="render the template, not its result")
        if row is not None and not isinstance(row, Mapping):
            raise TemplateError(f"a row is a mapping of names to values, not {type(row).__name__}")
        # No template can use a name that is no string; Jinja would fall over it.
        values = {name: value for name, value in {**(row or {}), **variables}.items() if isinstance(name, str)}
        scenes = tuple(render_scenes(self.scenes, self._templates, values))
        return self._filled(scenes, renderer(self._templates, values))

    def _filled(self, scenes: tuple[Scene, ...], visit: Visit) -> Self:
        """The literal project with these scenes, and with what `visit` makes of every string outside of them."""
        head = {name: mapped(getattr(self, name), name, visit) for name in (*_HEADLINE_FIELDS, "extra")}
        loaded = mapped(self._loaded, "", visit)
        return evolve(self, **head, loaded=loaded, scenes=scenes, literal=True)

    def render_all(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Self]:
        """The literal project of each row, one at a time. Errors name the row, counted from 1."""
        for number, row in enumerate(rows, 1):
            try:
                yield self.render(row)
            except DslError as fault:
                from aistudios_dsl.templates.rows import of_row

                raise of_row(fault, number, row) from fault.__cause__

    def compile(self) -> Plan:
        """A plan for many rows: its `render_json(row)` gives the bytes of `render(row).to_json()`, much faster.

        Raises `TemplateError` where a template is broken, with its field and line.

        >>> Project("For {{ name }}").scene().compile().render_json({"name": "Ann"})[:18]
        b'{"name":"For Ann",'
        """
        from aistudios_dsl.plan.plan import Plan

        if self._literal:
            raise TemplateError("this project is rendered already", hint="compile the template, not its result")
        for index, scene in enumerate(self.scenes):
            self._conditions(index, scene)
        return Plan(self)

    def _pending(self) -> dict[str, tuple[str, ...]]:
        """Every field whose string is a template still, with the names it needs."""
        if self._literal:
            return {}
        found: dict[str, tuple[str, ...]] = {}
        templates = self._templates

        def visit(path: str, text: str, html: bool) -> str:
            try:
                if templates.is_template(text):
                    found[path] = tuple(templates.names(text))
            except DslError as fault:
                raise fault.under(path) from None
            return text

        for name in (*_HEADLINE_FIELDS, "extra", "_loaded"):
            mapped(getattr(self, name), "" if name == "_loaded" else name, visit)
        for index, scene in enumerate(self.scenes):
            found |= self._conditions(index, scene)
            bound = self._bound(scene)
            before = set(found)
            mapped(scene, f"scenes[{index}]", visit)
            for path in set(found) - before:
                found[path] = tuple(name for name in found[path] if name not in bound)
        return found

    def _bound(self, scene: Scene) -> tuple[str, ...]:
        return self._templates.each(scene.each)[0] if scene.each is not None else ()

    def _conditions(self, index: int, scene: Scene) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        path = f"scenes[{index}].each"
        try:
            bound, source = self._templates.each(scene.each) if scene.each is not None else ((), "")
            if source:
                found[path] = self._templates.expression_names(source)
            path = f"scenes[{index}].when"
            if scene.when is not None:
                names = self._templates.expression_names(scene.when)
                found[path] = tuple(name for name in names if name not in bound)
        except DslError as fault:
            raise fault.under(path) from None
        return found

    # ends

    def resolve(self, *, api: Generation | None = None) -> WireProject:
        """The wire nodes, every layout field computed. `api` rewrites speech for the other generation.

        Raises `BuildError` for what cannot be said, `TemplateError` while variables wait for a row.
        """
        from aistudios_dsl.resolve.scene import resolve_scene
        from aistudios_dsl.resolve.speaking import converted

        self._refuse_pending()
        if not self.scenes and self._loaded is None:
            hint = "verbs return a new project: keep what they return, as in project = project.scene()"
            if self._literal:
                hint = "where a row leaves every scene out, see their when= and each="
            raise BuildError("the project has no scenes", hint=hint)
        setting = self._setting(api)
        scenes = tuple(resolve_scene(scene, index, setting) for index, scene in enumerate(self.scenes))
        whole = self._framed(self._renumbered(scenes))
        return whole if api is None else converted(whole, setting.api)

    def _setting(self, api: Generation | None = None) -> Setting:
        from aistudios_dsl.resolve.scene import given_ids
        from aistudios_dsl.resolve.sizing import Setting

        return Setting(
            self.orientation, self.catalog or Catalog(), _generation(api or self.api), given_ids(self.scenes)
        )

    def _refuse_pending(self) -> None:
        pending = self._pending()
        if not pending:
            return
        shown = [f"{path} ({', '.join(names)})" if names else path for path, names in pending.items()]
        more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
        hint = "call .render(row) first; a loaded project whose braces are text: Project.load(..., template=False)"
        raise TemplateError(f"a template still, at {', '.join(shown[:3])}{more}", hint=hint)

    def _renumbered(self, scenes: tuple[WireScene, ...]) -> tuple[WireScene, ...]:
        if not self._is_numbered:
            return scenes
        with as_found():
            return tuple(evolve(scene, scene_idx=index) for index, scene in enumerate(scenes))

    @property
    def _is_numbered(self) -> bool:
        """Whether its scenes are numbered here: all are but those of a loaded list that is still the same."""
        return self._loaded is None or [scene._position for scene in self.scenes] != list(range(self._loaded_scenes))

    def _framed(self, scenes: tuple[WireScene, ...]) -> WireProject:
        if self._loaded is None:
            values = {name: _absent(getattr(self, name)) for name in _HEADLINE_FIELDS}
            values["orientation"] = UNSET if self.orientation == "landscape" else self.orientation
            return WireProject(scenes=scenes, extra=self.extra or {}, **values)
        with as_found():
            loaded = {name: getattr(self._loaded, name) or None for name in _HEADLINE_FIELDS}
            loaded["orientation"] = loaded["orientation"] or "landscape"
            new = {name: getattr(self, name) for name in _HEADLINE_FIELDS if getattr(self, name) != loaded[name]}
            return evolve(self._loaded, scenes=scenes, **{name: _absent(value) for name, value in new.items()})

    def estimates(self) -> dict[str, str]:
        """The texts whose width was only estimated, with the letters that the bundled font lacks; see docs/layout.md.

        >>> Project().scene().text("Hello", tag="t").text("สวัสดี").estimates()
        {'scenes[0].clips[1]': 'สวัดี'}
        """
        from aistudios_dsl.layout.text import estimated

        return {
            f"scenes[{index}].clips[{number}]": letters
            for index, scene in enumerate(self.resolve().scenes)
            for number, clip in enumerate(scene.clips)
            if isinstance(clip, Text) and (letters := estimated(clip.text, clip.font_family or ""))
        }

    def check(self, *, ignore: Iterable[str] = ()) -> list[Finding]:
        """What is wrong or likely not meant, scene by scene, the gravest first; the rules are in docs/checks.md.

        `ignore`: codes, or "code:tag". Of a template, the fields that wait for a row are noted, and the scenes that
        wait for none are checked. Raises what `resolve` raises, and `DslError` for an unknown code.

        >>> [finding.code for finding in Project().scene().text("Hello", at=(0, 0)).check()]
        ['unsafe-area']
        """
        from aistudios_dsl.check.findings import check

        pending = self._pending()
        return check(self._settled(pending).resolve(), pending, ignore=ignore)

    def _settled(self, pending: Mapping[str, tuple[str, ...]]) -> Self:
        """The project read literally, with the scenes emptied that wait for a row."""
        waiting = {path.partition(".")[0] for path in pending if not path.endswith(".when")}
        scenes = (
            Scene(position=scene._position) if f"scenes[{index}]" in waiting else scene
            for index, scene in enumerate(self.scenes)
        )
        return evolve(self, scenes=tuple(scenes), literal=True)

    def to_dict(self, *, api: Generation | None = None) -> dict[str, Any]:
        """The project as the JSON object that the service takes; see `resolve` for what it raises.

        >>> list(Project().scene(background="/images/background/bg_blue_gradient.png").to_dict())
        ['scenes']
        """
        from aistudios_dsl.wire.codec import dump

        return dump(self.resolve(api=api))

    def to_json(self, indent: int | None = None, *, api: Generation | None = None) -> str:
        """The project's one canonical JSON text; `indent` spreads it over lines.

        >>> Project().scene(watermark=True).to_json().partition('"watermark"')[2]
        ':true,"clips":[],"thumbnailUrl":null,"sceneIdx":0}]}'
        """
        return canonical(self.to_dict(api=api), indent)

    def to_python(self) -> Source:
        """The script that builds the same JSON; its `.verbs` and `.puts` count the clips said by verb and by `put`.

        Braces stay what they are in this project: text, or templates. Raises what `resolve` raises, and `TemplateError`
        for templates that verbs wrote: those have their script.

        >>> print(Project("Hi").scene().text("Hello", at="top", margin=40).to_python(), end="")
        from aistudios_dsl import Project
        <BLANKLINE>
        project = Project("Hi").scene().text("Hello", at="top", margin=40)
        """
        from aistudios_dsl.decompile.source import decompile

        if not all(scene._is_as_loaded for scene in self.scenes):
            self._refuse_pending()
        return decompile(self._literally().resolve(), type(self), literal=self._literal)

    def _literally(self) -> Self:
        """The same project with its braces taken as text, as `load(..., template=False)` takes them.

        >>> Project().scene().text("{{ x }}")._literally().resolve().scenes[0].clips[0].text
        '{{ x }}'
        """
        return evolve(self, literal=True)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the JSON, indented, to a file, and return its path. Raises `DslError` where it cannot be written."""
        return _written(path, self.to_json(indent=2) + "\n")

    def svg(self, scene: int = 0, *, media: Media | None = None, links: bool = True) -> str:
        """One scene, numbered from 0, as an SVG document: every clip in its computed box. See docs/storyboard.md.

        `media` embeds pictures: {url: file}, or a folder of files named as the URLs end. Other pictures are linked by
        URL; `links=False` draws stand-ins instead. A template shows its variables. Raises `BuildError`.

        >>> Project().scene(background="#102030").svg()[:38]
        '<svg xmlns="http://www.w3.org/2000/svg'
        """
        from aistudios_dsl.draw.svg import picture

        whole, template = self._viewed()
        return picture(whole, scene, media=media, links=links, template=template)

    def storyboard(self, path: str | os.PathLike[str], *, media: Media | None = None, scene: int | None = None) -> Path:
        """Write a page that shows every scene, or only one, with its speech, clips and findings; return its path.

        The page is one file that asks nothing of any network: pictures are stand-ins unless `media` has a copy, as in
        `svg`. A template shows its variables. Raises what `resolve` raises, `BuildError` as `svg` does, and `DslError`
        where the file cannot be written.
        """
        return _written(path, self._page(media, scene))

    def _page(self, media: Media | None = None, scene: int | None = None) -> str:
        from aistudios_dsl.check.findings import check
        from aistudios_dsl.draw.storyboard import Condition, page

        whole, template = self._viewed()
        conditions = [Condition(each.when, each.each) for each in self.scenes] if template else []
        # A page shows what waits for a row where it stands: no need to list it again.
        found = self.check(ignore=("template-variable",)) if template else check(whole)
        return page(whole, media=media, findings=found, conditions=conditions, template=template, only=scene)

    def _repr_html_(self) -> str:
        """The scenes as a notebook shows them: in a frame of their own, in which nothing runs."""
        from aistudios_dsl.draw.storyboard import framed

        return framed(self._page)

    def _viewed(self) -> tuple[WireProject, bool]:
        """The wire nodes to look at, and whether they are those of a template, which has no numbers of its own yet."""
        if not self._pending():
            return self._literally().resolve(), False
        from aistudios_dsl.draw.preview_values import sketched, sketcher

        sketch = self._filled(sketched(self.scenes, self._templates), sketcher(self._templates))
        try:
            return sketch.resolve(), True
        except BuildError as fault:
            hint = f"{fault.hint}. " if fault.hint else ""
            raise type(fault)(fault.message, fault.path, f"{hint}To look at one row: .render(row)") from None

    @classmethod
    def load(cls, source: str | bytes | os.PathLike[str] | Mapping[str, Any], *, template: bool = True) -> Self:
        """A project from a path, a mapping, or JSON text: a body, or the service's answer to GET, envelope and all.

        `template=False` takes braces in strings as text. Raises `LoadError` with every problem of the document.

        >>> Project.load({"scenes": []})
        Project(0 scenes)
        """
        from aistudios_dsl.wire.codec import load, unwrapped

        node = load(unwrapped(_document(source)))
        with as_found():
            return cls._of_wire(node, literal=not template)

    @classmethod
    def _of_wire(cls, node: WireProject, *, literal: bool) -> Self:
        scenes = tuple(_scene_of(scene, position) for position, scene in enumerate(node.scenes))
        head: dict[str, Any] = {name: getattr(node, name) or None for name in _HEADLINE_FIELDS}
        head["orientation"] = head["orientation"] or "landscape"
        # What is added to it speaks where it does.
        head["api"] = "1.4" if all(scene.scripts is UNSET for scene in node.scenes) else "1.6"
        return cls(**head, scenes=scenes, loaded=evolve(node, scenes=()), loaded_scenes=len(scenes), literal=literal)


def _written(path: str | os.PathLike[str], text: str) -> Path:
    from pathlib import Path

    from aistudios_dsl.atomic_write import write_text

    return write_text(Path(path), text)


def _shown(scene: Scene) -> str:
    return Project().add(scene)._repr_html_()


Scene.shown = staticmethod(_shown)


def _scene_of(node: WireScene, position: int) -> Scene:
    return Scene(
        background=node.background,
        watermark=node.watermark,
        items=node.clips,
        position=position,
        loaded=evolve(node, clips=(), background=UNSET, watermark=UNSET),
    )


def _absent(value: Any) -> Any:
    return UNSET if value is None else value


def _judge(project: Project) -> None:
    known = {key.attribute: key for key in keys(WireProject)}
    for name in ("name", "orientation", "webhook_url", "workspace_id", "resolution"):
        fault = fault_of(known[name], getattr(project, name))
        if fault:
            raise fault
    _generation(project.api)
    environment: object = project.environment
    if environment is not None and not callable(environment):
        message = f"environment must be a function that is given Jinja's environment, not {type(environment).__name__}"
        raise BuildError(message, hint="write it at the top of a module, so that a plan can be sent to other processes")
    catalog: object = project.catalog
    if not isinstance(catalog, Catalog | None):
        raise BuildError(
            f"catalog must be a Catalog, not {type(catalog).__name__}", hint="Catalog.load(path) reads one"
        )


def _own(dictionary: Any) -> Any:
    try:
        return copied(dictionary, "dictionary")
    except LoadError as fault:
        raise BuildError(fault.message, fault.path, fault.hint) from None


def _generation(api: Generation) -> Generation:
    if api not in ("1.4", "1.6"):
        raise BuildError(f"api {api!r} is not known", hint='"1.4" writes speech in the clip, "1.6" in the scene')
    return api


def _document(source: str | bytes | os.PathLike[str] | Mapping[str, Any]) -> Any:
    if isinstance(source, Mapping):
        return source
    if isinstance(source, bytes) or (isinstance(source, str) and source.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")):
        return parse(source)
    if not isinstance(source, str | os.PathLike):
        raise LoadError(f"cannot load {type(source).__name__}", hint="give a path, a mapping, or JSON text")
    from pathlib import Path

    path = Path(source)
    if not str(source).strip():
        raise LoadError("there is nothing to load", hint="give a path, a mapping, or JSON text")
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as fault:
        hint = near_file(path) or "give a path, a mapping, or JSON text"
        raise LoadError(f"cannot read {path}: {fault.strerror}", hint=hint) from None
