"""A project as a script says it: settings and scenes, before anything is rendered, laid out or written."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, cast

from attrs import evolve, field, frozen

from aistudios_dsl.build.avatar import Avatar, Catalog, validate_language
from aistudios_dsl.build.drafts import own_extra
from aistudios_dsl.build.keywords import checked
from aistudios_dsl.build.language import Speaking, validate_by_language
from aistudios_dsl.build.placement import GroupDraft
from aistudios_dsl.build.scene import Scene, lines_named, no_scene, refuse_unknown_names, scene_of
from aistudios_dsl.build.theme import Theme
from aistudios_dsl.build.verbs import Verbs, refuse_name, verb
from aistudios_dsl.errors import BuildError, expect, plural, under
from aistudios_dsl.wire.jsontext import own_json
from aistudios_dsl.wire.node import UNSET, Key, computed, fault_of, keys_by_attribute, reordered, replaced
from aistudios_dsl.wire.nodes import AnyClip, Background, Generation, Orientation, Resolution
from aistudios_dsl.wire.nodes import Project as WireProject

if TYPE_CHECKING:
    from jinja2 import Environment

    from aistudios_dsl.build.fonts import Fonts


_NOTHING = nullcontext[None]()


def _extra_of_project(extra: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return own_extra(extra, WireProject, lambda key: _hint_for_key(key, (extra or {}).get(key.wire)))


def _hint_for_key(key: Key, value: object) -> str:
    """Return what sets a field of the project; "" if only `extra` does."""
    # The orientation that a project has without saying so is written only on request.
    if key.attribute == "is_export" or (key.attribute, value) == ("orientation", "landscape"):
        return ""
    return "scene(...) adds them" if key.attribute == "scenes" else f"the argument {key.attribute!r} sets it"


def _own_dictionary(dictionary: Any) -> Any:
    return own_json(dictionary, "dictionary")


def _own_map(given: Any) -> Any:
    return dict(given) if isinstance(given, Mapping) else given


HEAD = ("name", "orientation", "dictionary", "webhook_url", "workspace_id", "resolution")
"""The settings that are on the wire."""


@frozen(repr=False)
class BaseProject(Verbs):
    """What a project holds, and the methods that return it changed."""

    name: str | None = None
    orientation: Orientation | str = field(default="landscape", kw_only=True)
    webhook_url: str | None = field(default=None, kw_only=True)
    dictionary: Any = field(default=None, kw_only=True, converter=_own_dictionary)
    api: Generation = field(default="1.4", kw_only=True)
    catalog: Catalog | None = field(default=None, kw_only=True)
    environment: Callable[[Environment], None] | None = field(default=None, kw_only=True)
    workspace_id: str | None = field(default=None, kw_only=True)
    resolution: Resolution | str | None = field(default=None, kw_only=True)
    fonts: Fonts | None = field(default=None, kw_only=True)
    theme: Theme | None = field(default=None, kw_only=True)
    avatars: Mapping[str, Avatar | Mapping[str, Avatar]] | None = field(default=None, kw_only=True, converter=_own_map)
    themes: Mapping[str, Theme] | None = field(default=None, kw_only=True, converter=_own_map)
    extra: Mapping[str, Any] | None = field(default=None, kw_only=True, converter=_extra_of_project)
    key_order: str | None = field(default=None, kw_only=True)
    locale: str | None = field(default=None, kw_only=True)
    scenes: tuple[Scene, ...] = field(default=(), kw_only=True)
    _loaded: WireProject | None = field(default=None, kw_only=True, alias="loaded")
    """The loaded project that this one came from: its keys, their order, and the fields the DSL does not model."""
    _loaded_scenes: int = field(default=0, kw_only=True, alias="loaded_scenes")
    """How many scenes the loaded project had: scenes are numbered again only when the list has changed."""
    _literal: bool = field(default=False, kw_only=True, alias="literal")
    """Whether braces are text: the project is rendered, or was loaded so."""
    _row_left_all_out: bool = field(default=False, kw_only=True, eq=False, alias="row_left_all_out")

    def __attrs_post_init__(self) -> None:
        if self._loaded is None:
            _validate(self)

    def __hash__(self) -> int:
        # Clips, dictionary and extra hold dicts, which do not hash. Equal projects agree in these settings.
        return hash((self.name, self.orientation, self.webhook_url, self.workspace_id, self.api, len(self.scenes)))

    def __repr__(self) -> str:
        name = f"{self.name!r}, " if self.name else ""
        return f"Project({name}{plural(len(self.scenes), 'scene')})"

    @abstractmethod
    def resolve(self, *, api: Generation | None = None) -> WireProject:
        """Return the wire nodes."""

    @verb
    def scene(
        self,
        *,
        background: str | Background | None = None,
        watermark: bool = False,
        when: str | None = None,
        each: str | None = None,
        extra: Mapping[str, Any] | None = None,
        key_order: str | None = None,
    ) -> Self:
        """Open a new scene, to which the verbs that follow apply.

        Args:
            background: A colour, the URL of a picture, or a `wire.Background`. Default the vendor's blue picture.
            watermark: Whether the service adds its watermark. Default False.
            when: A Jinja expression; rows where it is false leave the scene out. Default None, always in.
            each: "item in items": the scene is repeated for each item. Default None, once.
            extra: Further keys of the scene in the JSON, as `Scene` takes them. Default none.
            key_order: Keys of the JSON, in the order in which they follow each other. Default the vendor's.

        Raises:
            BuildError: An argument is unknown or has a wrong value.

        >>> from aistudios_dsl import Project
        >>> Project().scene(background="#102030").scene()
        Project(2 scenes)
        """
        opened = Scene(
            background=background, watermark=watermark, when=when, each=each, extra=extra, key_order=key_order
        )
        return self.add(opened)

    @checked
    def add(self, *scenes: Scene) -> Self:
        """Add scenes that were made separately.

        Args:
            scenes: Scenes, which come after those that are there.

        Raises:
            BuildError: One is not a `Scene`.

        >>> from aistudios_dsl import Project, Scene
        >>> Project().add(Scene(), Scene())
        Project(2 scenes)
        """
        for scene in scenes:
            expect(scene, Scene, "add takes Scene values", "such as add(Scene())")
        whole = (*self.scenes, *scenes)
        with lines_named(whole):
            for index, scene in enumerate(scenes, len(self.scenes)):
                with under(f"scenes[{index}]"):
                    refuse_unknown_names(scene, self.theme)
        return replaced(self, scenes=whole)

    @checked
    def with_scenes(self, scenes: Iterable[Scene]) -> Self:
        """Replace the scenes: to insert, remove or reorder them.

        Args:
            scenes: The new scenes, in order.

        Raises:
            BuildError: This is not a list of `Scene` values.

        >>> from aistudios_dsl import Project
        >>> project = Project().scene().scene()
        >>> project.with_scenes(project.scenes[:1])
        Project(1 scene)
        """
        expect(scenes, Iterable, "with_scenes takes a list of scenes", "such as with_scenes([scene])")
        return replaced(self, scenes=()).add(*scenes)

    @checked
    def map_scenes(self, fn: Callable[[Scene], Scene]) -> Self:
        """Replace each scene by what a function makes of it, such as the scene with a logo.

        Args:
            fn: A function from a scene to the scene that takes its place.

        Raises:
            BuildError: This is not a function, or it returns something else than a `Scene`.

        >>> from aistudios_dsl import Project
        >>> project = Project().scene().scene().map_scenes(lambda scene: scene.text("Lumen", at="top right"))
        >>> len(project.clips())
        2
        """
        expect(fn, Callable, "map_scenes takes a function from scene to scene", "such as map_scenes(with_logo)")
        made = []
        for index, scene in enumerate(self.scenes):
            with under(f"scenes[{index}]"):
                made.append(fn(scene))
            hint = "return what the verbs return, as in: return scene.image(...)"
            expect(made[-1], Scene, "map_scenes's function must return a Scene", hint, f"scenes[{index}]")
        return self.with_scenes(made)

    @checked
    def clips(self) -> list[tuple[int, AnyClip]]:
        """Return the clips in order, each with the number of its scene, from 0.

        What a verb left to be computed is still absent; `resolve().scenes` has it.

        >>> from aistudios_dsl import Project
        >>> [(scene, clip.type) for scene, clip in Project().scene().text("Hi").clips()]
        [(0, 'textImage')]
        """
        return [(index, clip) for index, scene in enumerate(self.scenes) for clip in scene._clips()]

    @verb
    def edit(self, tag_or_id: str, /, *, scene: int | None = None, **changes: Any) -> Self:
        """Change a clip of the scene opened last, else of the one scene that has it, in the words of its verb.

        Args:
            tag_or_id: The tag or id of the clip.
            scene: The number of its scene, from 0. Default found by the tag.
            changes: What `Scene.edit` takes.

        Raises:
            BuildError: The tag, a field or the scene is unknown, several scenes have the tag, or a value is wrong.

        >>> from aistudios_dsl import Project
        >>> Project().scene().text("Hi", tag="t").scene().edit("t", text="Hello").find("t").text
        'Hello'
        """
        index = self._scene_with(tag_or_id, scene, "edit")
        edited = self._changed_at(index, lambda found: found.edit(tag_or_id, **changes))
        homes = computed(self, "_homes")
        if homes is not None and edited.scenes[index]._places is self.scenes[index]._places:
            object.__setattr__(edited, "_homes", homes)
        return edited

    @verb
    def remove(self, tag_or_id: str, /, *, scene: int | None = None) -> Self:
        """Take a clip away, with what it says, from the scene opened last, else from the one scene that has it.

        Args:
            tag_or_id: The tag or id of the clip.
            scene: The number of its scene, from 0. Default found by the tag.

        Raises:
            BuildError: The tag or the scene is unknown, or several scenes have the tag.

        >>> from aistudios_dsl import Project
        >>> Project().scene().text("Hi", tag="t").scene().remove("t").clips()
        []
        """
        index = self._scene_with(tag_or_id, scene, "remove")
        return self._changed_at(index, lambda found: found.remove(tag_or_id))

    def _scene_with(self, name: str, scene: int | None, verb: str) -> int:
        if scene is not None:
            if not isinstance(scene, int) or not 0 <= scene < len(self.scenes):
                raise no_scene(scene, len(self.scenes))
            return scene
        if self.scenes and isinstance(name, str) and name in self.scenes[-1]._places:
            return len(self.scenes) - 1
        holders = self._homes.get(name, ()) if isinstance(name, str) else ()
        if not holders and any(group.tag == name for scene in self.scenes for group in scene._groups):
            hint = "give the tag of a clip in it"
            raise BuildError(f"{name!r} is the tag of a group, which is not a clip", hint=hint, code="unknown-tag")
        if not holders:
            refuse_name(name, self._clips(), groups=self._drafted_groups())
        if len(holders) > 1:
            more = ", ..." if verb == "edit" else ""
            hint = f"name one of them: {verb}({name!r}, scene={holders[0]}{more})"
            raise BuildError(f"scenes {holders} all have a clip {name!r}", hint=hint)
        return holders[0]

    @cached_property
    def _homes(self) -> Mapping[str, list[int]]:
        """The numbers of the scenes that have a clip with each tag and each id."""
        found: dict[str, list[int]] = {}
        for index, scene in enumerate(self.scenes):
            for name in scene._places:
                found.setdefault(name, []).append(index)
        return found

    def _named(self, name: str) -> AnyClip | None:
        clip = self.scenes[-1]._named(name) if self.scenes else None
        if clip is None and (homes := self._homes.get(name)):
            return self.scenes[homes[-1]]._named(name)
        return clip

    def _change(self, change: Callable[[Scene], Scene]) -> Self:
        if not self.scenes:
            raise BuildError("there is no scene yet", hint="open one with .scene() first")
        return self._changed_at(len(self.scenes) - 1, change)

    def _change_all(self, change: Callable[[Scene], Scene]) -> Self:
        return replaced(self, scenes=tuple(self._changed(index, change) for index in range(len(self.scenes))))

    def _changed(self, index: int, change: Callable[[Scene], Scene]) -> Scene:
        with under(f"scenes[{index}]"), self._measuring():
            scene = change(self.scenes[index])
            refuse_unknown_names(scene, self.theme, self.scenes[index])
        return scene

    def _changed_at(self, index: int, change: Callable[[Scene], Scene]) -> Self:
        scene = self._changed(index, change)
        return replaced(self, scenes=(*self.scenes[:index], scene, *self.scenes[index + 1 :]))

    def _measuring(self) -> AbstractContextManager[None]:
        """Measure texts with the project's fonts, and write dates and numbers in its language, inside the block."""
        if self.fonts is None:
            return _NOTHING if self.locale is None else Speaking(self.locale)
        return self._in_force()

    @contextmanager
    def _in_force(self) -> Iterator[None]:
        from aistudios_dsl.layout.fonts import using

        with using(self.fonts), Speaking(self.locale):
            yield

    def _clips(self) -> Iterator[AnyClip]:
        return (clip for scene in reversed(self.scenes) for clip in scene._clips())

    def _drafted_groups(self) -> Iterable[GroupDraft]:
        return (group for scene in self.scenes for group in scene._groups)

    def _literally(self) -> Self:
        """Return the same project with its braces taken as text, as `load(..., template=False)` takes them."""
        return evolve(self, literal=True)

    @classmethod
    def _of_wire(cls, node: WireProject, *, literal: bool) -> Self:
        """Return the project of loaded wire nodes, which are not validated."""
        head: dict[str, Any] = {name: getattr(node, name) or None for name in HEAD}
        # What the project holds itself goes from the loaded one, which keeps a null, an empty value, and the default.
        kept: dict[str, Any] = {name: UNSET for name, value in head.items() if value is not None}
        if head["orientation"]:
            kept["orientation"] = "landscape"
        head["orientation"] = head["orientation"] or "landscape"
        # A scene added to it writes speech where the others do.
        head["api"] = "1.4" if all(scene.scripts is UNSET for scene in node.scenes) else "1.6"
        scenes = tuple(scene_of(scene, position) for position, scene in enumerate(node.scenes))
        loaded = evolve(node, scenes=(), **kept)
        return cls(**head, scenes=scenes, loaded=loaded, loaded_scenes=len(scenes), literal=literal)


def generation(api: Any) -> Generation:
    """Return where speech is written. Raises `BuildError` for anything but "1.4" and "1.6"."""
    if api not in ("1.4", "1.6"):
        raise BuildError(f"api {api!r} is not known", hint='"1.4" writes speech in the clip, "1.6" in the scene')
    return cast("Generation", api)


def _validate(project: BaseProject) -> None:
    known = keys_by_attribute(WireProject)
    for name in ("name", "orientation", "webhook_url", "workspace_id", "resolution"):
        if fault := fault_of(known[name], getattr(project, name)):
            raise fault
    if "orientation" in (project.extra or {}) and project.orientation != "landscape":
        raise BuildError("extra holds 'orientation'", hint="the argument 'orientation' sets it")
    expect(project.key_order, str | None, "key_order must be names of keys in a string", 'such as "scenes name"')
    reordered(WireProject, project.extra or {}, project.key_order)
    generation(project.api)
    hint = "write it at the top of a module, so that a plan can be pickled"
    expect(project.environment, Callable | None, "environment must be a function that takes Jinja's environment", hint)
    validate_language(project.locale, "locale", literal=True)
    expect(project.theme, Theme | None, "theme must be a Theme", "Theme.load(path) reads one")
    validate_by_language(project.avatars, project.themes)
    expect(project.catalog, Catalog | None, "catalog must be a Catalog", "Catalog.load(path) reads one")
    if project.fonts is not None:
        from aistudios_dsl.build.fonts import Fonts

        expect(project.fonts, Fonts, "fonts must be Fonts", "such as fonts=Fonts({'Inter': ['Inter-Regular.ttf']})")
