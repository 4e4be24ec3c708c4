"""Rules on speech: who says it, in which writing system, for how long, and where it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from aistudios_dsl.build.boxes import bounded
from aistudios_dsl.build.speech import Utterance, speaker_of, systems, systems_of
from aistudios_dsl.check.rules import Problem, scene_rule
from aistudios_dsl.errors import clock, plural
from aistudios_dsl.view.scene import SceneView, Seen
from aistudios_dsl.wire.nodes import Animation, AvatarClip, SceneScript

LONG = 180
"""Seconds of speech in one scene above which it is called very long; the service documents no limit."""
SLOWER, AFTER = 1.2, 6
"""How many times longer than estimated speech may take, and how many seconds a scene may last after it."""


def _avatars(scene: SceneView) -> list[tuple[Seen, AvatarClip]]:
    return [(seen, seen.clip) for seen in scene.every if isinstance(seen.clip, AvatarClip)]


def _who(clip: AvatarClip) -> tuple[str, str]:
    return clip.model.ai_name, clip.model.emotion


def _scripts(scene: SceneView) -> Iterator[tuple[SceneScript, str]]:
    return ((script, f"{scene.path}.scripts[{index}]") for index, script in enumerate(scene.scene.scripts or ()))


@scene_rule("speech-without-avatar", "error", "add the avatar that speaks it, or remove the line")
def speech_without_avatar(scene: SceneView) -> Iterator[Problem]:
    """A scene has speech, but no avatar to speak it."""
    lines = len(scene.speech)
    if lines and not _avatars(scene):
        yield Problem(f"{plural(lines, 'line')} of speech and no avatar", f"{scene.path}.scripts")


@scene_rule("scripts-disagree", "error", "modelId and clothId must be the ai_name and emotion of an avatar's model")
def scripts_disagree(scene: SceneView) -> Iterator[Problem]:
    """A line of the scene's speech names an avatar or an outfit that is not in the scene."""
    there = ", ".join(f"{name} in {cloth}" for name, cloth in sorted({_who(clip) for _, clip in _avatars(scene)}))
    for script, path in _scripts(scene):
        if there and speaker_of(script, scene.scene.clips) is None:
            yield Problem(f"names {script.model_id} in {script.cloth_id}, but the scene has {there}", path)


@scene_rule("scripts-ambiguous", "warning", "use another outfit or scene for one of them, or write speech in the clips")
def scripts_ambiguous(scene: SceneView) -> Iterator[Problem]:
    """Two avatars of a scene have the same model and outfit, so its lines do not say which of them speaks."""
    twins = Counter(_who(clip) for _, clip in _avatars(scene))
    for script, path in _scripts(scene):
        if twins[script.model_id, script.cloth_id] > 1:
            message = f"{script.model_id} in {script.cloth_id} is in the scene more than once, and either may speak"
            yield Problem(message, path)


@scene_rule("speech-twice", "warning", "write it in one place: edit(tag, say=...) replaces everything an avatar says")
def speech_twice(scene: SceneView) -> Iterator[Problem]:
    """A scene has speech both in its clips and in its scripts."""
    places = [scene.path_of(said) for said in scene.speech if said.place.startswith("clips")]
    if 0 < len(places) < len(scene.speech):
        yield Problem("speech is written in the clip and in the scene's scripts", places[0])


@scene_rule("deleted-avatar-speaks", "warning", "set isDelete to false; voiceOnly hides a figure and keeps its voice")
def deleted_avatar_speaks(scene: SceneView) -> Iterator[Problem]:
    """An avatar marked as deleted has speech."""
    speakers = {said.speaker for said in scene.speech}
    for seen, clip in _avatars(scene):
        if clip.is_delete and seen.index in speakers:
            yield Problem("the avatar has speech, but is deleted (isDelete)", seen.path, seen)


@scene_rule("avatar-silent", "warning", "give it something to say: .say(...)")
def avatar_silent(scene: SceneView) -> Iterator[Problem]:
    """An avatar is shown in a scene without speech."""
    for seen in () if scene.speech else scene.clips:
        if isinstance(seen.clip, AvatarClip):
            yield Problem("neither the avatar nor anyone else in the scene speaks", seen.path, seen, (seen.box,))


@scene_rule("speech-script", "warning", "write the speech in the avatar's language, or choose an avatar that speaks it")
def speech_script(scene: SceneView) -> Iterator[Problem]:
    """Most letters of a speech are not in the writing system of the avatar's language."""
    for said in scene.speech:
        system = foreign_system(said)
        if system:
            message = f"is mostly {system} letters, but the avatar's language is {said.language!r}"
            speaker = None if said.speaker is None else scene.every[said.speaker]
            yield Problem(message, scene.path_of(said), speaker)


def foreign_system(said: Utterance) -> str:
    """Return the writing system of most letters of a speech, if it is none of the speaker's language; else ""."""
    own, counted = systems_of(said.language), systems(said.text)
    if not own or sum(counted.values()) <= 2 * sum(counted.get(system, 0) for system in own):
        return ""
    return next(system for system in counted if system not in own)


@scene_rule("speech-long", "warning", "split it over several scenes")
def speech_long(scene: SceneView) -> Iterator[Problem]:
    """The speech of a scene takes an estimated three minutes or more."""
    if sum(len(said.org) for said in scene.speech) < LONG:
        return
    if scene.seconds >= LONG:
        yield Problem(f"the speech takes about {clock(scene.seconds)} (an estimate)", scene.path)


@scene_rule("scripts-several", "warning", "put each turn into a scene of its own, as docs/howto/two_speakers.md does")
def scripts_several(scene: SceneView) -> Iterator[Problem]:
    """A scene has several lines of speech; one page of the vendor allows only one."""
    lines = len(scene.scene.scripts or ())
    if lines > 1:
        yield Problem(f"the scene has {lines} scripts", f"{scene.path}.scripts")


@scene_rule("animation-late", "warning", "make delay and duration shorter, or the speech longer")
def animation_late(scene: SceneView) -> Iterator[Problem]:
    """An animation ends well after the speech of its scene, and may never be seen."""
    if not scene.speech or any(scene.waits(said) for said in scene.speech):
        return
    seconds = scene.seconds
    for seen in scene.clips:
        animation = getattr(seen.clip, "animation", None)
        ends = bounded(animation.delay) + bounded(animation.duration) if isinstance(animation, Animation) else 0
        if ends > SLOWER * seconds + AFTER:
            message = f"the animation ends after {ends:g} s, the speech after about {seconds:.0f} s (an estimate)"
            yield Problem(message, f"{seen.path}.animation", seen, (seen.box,))
