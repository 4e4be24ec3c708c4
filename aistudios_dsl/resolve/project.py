"""A whole project onto the wire: each scene resolved and numbered, under the settings that the project names."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from aistudios_dsl.build.avatar import Catalog
from aistudios_dsl.build.project import HEAD, BaseProject, generation
from aistudios_dsl.build.scene import Scene, lines_named
from aistudios_dsl.errors import BuildError, under
from aistudios_dsl.resolve.rooms import Setting
from aistudios_dsl.resolve.scene import given_ids, resolve_scene
from aistudios_dsl.resolve.speaking import converted
from aistudios_dsl.wire.node import as_found, with_keys
from aistudios_dsl.wire.nodes import Generation
from aistudios_dsl.wire.nodes import Project as WireProject
from aistudios_dsl.wire.nodes import Scene as WireScene


def resolve_project(project: BaseProject, api: Generation | None = None) -> WireProject:
    """Return the wire nodes of a literal project; `api` rewrites its speech for another generation."""
    if not project.scenes and project._loaded is None:
        hint = "verbs return a new project: keep what they return, as in project = project.scene()"
        if project._row_left_all_out:
            hint = "the row left every scene out: see their when= and each="
        raise BuildError("the project has no scenes", hint=hint, code="no-scenes")
    with lines_named(project.scenes), project._measuring():
        setting = setting_of(project, api)
        scenes = [resolve_scene(scene, index, setting) for index, scene in enumerate(project.scenes)]
        for index, scene in enumerate(scenes if api else ()):
            with under(f"scenes[{index}]"):
                first = len(scene.clips) - len(project.scenes[index]._items)
                scenes[index] = converted(scene, setting.api, first)
        if is_numbered(project):
            with as_found():
                for index, scene in enumerate(scenes):
                    if not has_own_number(project.scenes[index]):
                        scenes[index] = evolve(scene, scene_idx=index)
        return with_settings(project, tuple(scenes))


def setting_of(project: BaseProject, api: Generation | None = None) -> Setting:
    api = generation(project.api if api is None else api)
    return Setting(project.orientation, project.catalog or Catalog(), api, given_ids(project.scenes), project.theme)


def is_numbered(project: BaseProject) -> bool:
    """Return whether the scenes get new numbers: all do, except those of a loaded list that has not changed."""
    positions = [scene._position for scene in project.scenes]
    return project._loaded is None or positions != list(range(project._loaded_scenes))


def has_own_number(scene: Scene) -> bool:
    """Return whether a scene of a script was given the number that is written."""
    return "sceneIdx" in (scene.extra or {})


def with_settings(project: BaseProject, scenes: tuple[WireScene, ...]) -> WireProject:
    given: dict[str, Any] = {name: value for name in HEAD if (value := getattr(project, name)) is not None}
    if project.orientation == "landscape":
        del given["orientation"]
    if project._loaded is None:
        return with_keys(WireProject(scenes=scenes, **given), project.extra, project.key_order)
    with as_found():
        return evolve(project._loaded, scenes=scenes, **given)
