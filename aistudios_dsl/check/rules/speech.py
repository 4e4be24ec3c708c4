"""Rules on what is said: who says it, in which writing system, for how long, and where it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from attrs import frozen

from aistudios_dsl.build.speech import duration, plain, systems, systems_of
from aistudios_dsl.check.rules import Hit, of_scene
from aistudios_dsl.view.scene import SceneView
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import AvatarClip, SceneScript

LONG = 180
"""Seconds of speech in one scene above which it is called very long; the service documents no limit."""


@frozen
class Spoken:
    """What one avatar says, in plain text. `language` is "" where the voice is another than the avatar's own."""

    text: str
    path: str
    tag: str
    language: str


def _avatars(scene: SceneView) -> list[tuple[str, AvatarClip]]:
    numbered = enumerate(scene.scene.clips)
    return [(f"{scene.path}.clips[{number}]", clip) for number, clip in numbered if isinstance(clip, AvatarClip)]


def _spoken(scene: SceneView) -> Iterator[Spoken]:
    avatars = _avatars(scene)
    for path, clip in avatars:
        if clip.script and clip.script.org:
            language = clip.model.language or "" if clip.script.tts in (None, UNSET) else ""
            yield Spoken(plain(clip.script.org), f"{path}.script", clip.tag or "", language)
    by_name = {(clip.model.ai_name, clip.model.emotion): clip for _, clip in avatars}
    for number, line in enumerate(scene.scene.scripts or ()):
        by = by_name.get((line.model_id, line.cloth_id))
        language = by.model.language or "" if by and not line.is_tts else ""
        yield Spoken(plain(line.org), f"{scene.path}.scripts[{number}]", by.tag or "" if by else "", language)


def _said(scene: SceneView) -> list[Spoken]:
    return [spoken for spoken in _spoken(scene) if spoken.text.strip()]


@of_scene("speech-without-avatar", "error", "add the avatar that says it, or take the line out")
def speech_without_avatar(scene: SceneView) -> Iterator[Hit]:
    """A scene has lines, but no avatar to say them."""
    lines = [line for line in scene.scene.scripts or () if plain(line.org).strip()]
    if lines and not _avatars(scene):
        yield Hit(f"{len(lines)} line{'' if len(lines) == 1 else 's'} of speech and no avatar", f"{scene.path}.scripts")


@of_scene("scripts-disagree", "error", "modelId and clothId must be the ai_name and emotion of an avatar's model")
def scripts_disagree(scene: SceneView) -> Iterator[Hit]:
    """A line of the scene's speech names an avatar or outfit that is not in the scene."""
    known = {(clip.model.ai_name, clip.model.emotion) for _, clip in _avatars(scene)}
    for number, line in enumerate(scene.scene.scripts or ()):
        if known and (line.model_id, line.cloth_id) not in known:
            there = ", ".join(f"{name} in {cloth}" for name, cloth in sorted(known))
            message = f"says {line.model_id} in {line.cloth_id}; the scene has {there}"
            yield Hit(message, f"{scene.path}.scripts[{number}]")


@of_scene("scripts-ambiguous", "warning", "use another outfit or scene for one of them, or write speech in the clips")
def scripts_ambiguous(scene: SceneView) -> Iterator[Hit]:
    """Two avatars of a scene have the same model and outfit, so that its lines cannot tell them apart."""
    twins = Counter((clip.model.ai_name, clip.model.emotion) for _, clip in _avatars(scene))
    for number, line in enumerate(scene.scene.scripts or ()):
        if twins[line.model_id, line.cloth_id] > 1:
            message = f"{line.model_id} in {line.cloth_id} is in the scene more than once: which one speaks is not said"
            yield Hit(message, f"{scene.path}.scripts[{number}]")


@of_scene("speech-twice", "warning", "keep one of them: to_dict(api=...) writes either")
def speech_twice(scene: SceneView) -> Iterator[Hit]:
    """A scene has speech in its clips and in its scripts."""
    in_clips = [path for path, clip in _avatars(scene) if clip.script and plain(clip.script.org).strip()]
    if in_clips and any(plain(line.org).strip() for line in scene.scene.scripts or ()):
        yield Hit("speech is written in the clip and in the scene's scripts", f"{in_clips[0]}.script")


@of_scene(
    "deleted-avatar-speaks", "warning", "set isDelete to false, or voiceOnly to true for a voice without a figure"
)
def deleted_avatar_speaks(scene: SceneView) -> Iterator[Hit]:
    """An avatar that is marked as deleted has speech."""
    for path, clip in _avatars(scene):
        if clip.is_delete and _speaks(scene, clip):
            yield Hit("the avatar has speech, but is deleted (isDelete)", path, clip.tag or "")


def _speaks(scene: SceneView, clip: AvatarClip) -> bool:
    own = bool(clip.script) and bool(plain(clip.script.org).strip())
    return own or any(_says(line, clip) for line in scene.scene.scripts or ())


def _says(line: SceneScript, clip: AvatarClip) -> bool:
    same = (line.model_id, line.cloth_id) == (clip.model.ai_name, clip.model.emotion)
    return same and bool(plain(line.org).strip())


@of_scene("avatar-silent", "warning", "give it something to say: .say(...)")
def avatar_silent(scene: SceneView) -> Iterator[Hit]:
    """An avatar is shown in a scene in which nobody speaks."""
    if _said(scene):
        return
    for seen in scene.clips:
        if isinstance(seen.clip, AvatarClip):
            yield Hit("the avatar has no speech, and nobody else in the scene", seen.path, seen.tag, (seen.box,))


@of_scene(
    "speech-script", "warning", "write the speech in the avatar's language, or take an avatar that speaks this one"
)
def speech_script(scene: SceneView) -> Iterator[Hit]:
    """Most letters of a speech are of another writing system than the avatar's language is written in."""
    for spoken in _said(scene):
        own = systems_of(spoken.language)
        counted = systems(spoken.text)
        if own and sum(counted.values()) > 2 * sum(counted.get(system, 0) for system in own):
            most = next(system for system in counted if system not in own)
            message = f"is mostly {most} letters, but the avatar's language is {spoken.language!r}"
            yield Hit(message, spoken.path, spoken.tag)


@of_scene("speech-long", "warning", "split it over several scenes, which also gives the viewer something new to see")
def speech_long(scene: SceneView) -> Iterator[Hit]:
    """The speech of a scene takes an estimated three minutes or more."""
    said = _said(scene)
    if sum(len(spoken.text) for spoken in said) < LONG:
        return
    seconds = sum(duration(spoken.text, spoken.language) for spoken in said)
    if seconds >= LONG:
        minutes, rest = divmod(round(seconds), 60)
        yield Hit(f"the speech takes about {minutes} min {rest:02} s (an estimate)", scene.path)
