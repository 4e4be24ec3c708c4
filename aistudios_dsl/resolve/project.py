"""A whole project onto the wire: each scene resolved and numbered, under the settings that the project names."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from aistudios_dsl.build.avatar import Catalog
from aistudios_dsl.build.project import HEAD, BaseProject, generation
from aistudios_dsl.build.scene import lines_named
from aistudios_dsl.errors import BuildError
from aistudios_dsl.resolve.scene import given_ids, resolve_scene
from aistudios_dsl.resolve.sizing import Setting
from aistudios_dsl.resolve.speaking import converted
from aistudios_dsl.wire.node import UNSET, as_found
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
    with lines_named(project.scenes):
        setting = setting_of(project, api)
        scenes = [resolve_scene(scene, index, setting) for index, scene in enumerate(project.scenes)]
        if is_numbered(project):
            with as_found():
                scenes = [evolve(scene, scene_idx=index) for index, scene in enumerate(scenes)]
        resolved = with_settings(project, tuple(scenes))
        return resolved if api is None else converted(resolved, setting.api)


def setting_of(project: BaseProject, api: Generation | None = None) -> Setting:
    """Return what the scenes of a project are resolved in."""
    api = generation(project.api if api is None else api)
    return Setting(project.orientation, project.catalog or Catalog(), api, given_ids(project.scenes))


def is_numbered(project: BaseProject) -> bool:
    """Return whether the scenes get new numbers: all do, except those of a loaded list that has not changed."""
    positions = [scene._position for scene in project.scenes]
    return project._loaded is None or positions != list(range(project._loaded_scenes))


def with_settings(project: BaseProject, scenes: tuple[WireScene, ...]) -> WireProject:
    """Return the wire project of these scenes. A loaded one keeps the settings that have not changed as they were."""
    if project._loaded is None:
        values: dict[str, Any] = {name: _absent(getattr(project, name)) for name in HEAD}
        values["orientation"] = UNSET if project.orientation == "landscape" else project.orientation
        return WireProject(scenes=scenes, extra=project.extra or {}, **values)
    with as_found():
        loaded = {name: getattr(project._loaded, name) or None for name in HEAD}
        loaded["orientation"] = loaded["orientation"] or "landscape"
        new = {name: getattr(project, name) for name in HEAD if getattr(project, name) != loaded[name]}
        return evolve(project._loaded, scenes=scenes, **{name: _absent(value) for name, value in new.items()})


def _absent(value: Any) -> Any:
    return UNSET if value is None else value
