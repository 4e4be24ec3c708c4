"""Speech on the wire: in the clips (docs 1.4) or in the scene (docs 1.5 and later), and from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from attrs import evolve

from aistudios_dsl.build.drafts import label
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.speech import paragraphs, speaker_of
from aistudios_dsl.errors import BuildError
from aistudios_dsl.wire.node import UNSET, as_found
from aistudios_dsl.wire.nodes import AnyClip, AvatarClip, Generation, SceneScript, Script
from aistudios_dsl.wire.nodes import Scene as WireScene

_SAID_TWICE = "has speech both in its clips and in the scene"
SpokenHtml = tuple[int, str]
"""The place of an avatar among the clips, and the HTML that it says."""


def generation_of(scene: Scene, default: Generation) -> Generation:
    """Return where the scene writes speech: a loaded one goes on as it was, a built one as the project says."""
    if scene._loaded is None:
        return default
    if scene._loaded.scripts is not UNSET:
        return "1.6"
    in_clips = any(isinstance(clip, AvatarClip) and clip.script for clip in scene._clips())
    return "1.4" if in_clips else default


def with_speech(scene: Scene, clips: list[AnyClip], api: Generation) -> tuple[list[AnyClip], tuple[SceneScript, ...]]:
    """Add the scene's lines to its clips or scripts. A background square may stand before the clips of its items."""
    before = (scene._loaded and scene._loaded.scripts) or ()
    first = len(clips) - len(scene._items)
    lines = [(first + line.speaker, line.text if line.html else paragraphs(line.text)) for line in scene._lines]
    if api == "1.4":
        return _in_clips(lines, clips, first), before
    return clips, (*before, *_in_scene(lines, clips, first))


def converted(scene: WireScene, api: Generation, first: int) -> WireScene:
    """Write speech where `api` has it. Raise `BuildError` for what the other generation cannot say.

    The clips of the script begin with the `first`; errors count from it.
    """
    with as_found():
        return _to_clips(scene, first) if api == "1.4" else _to_scene(scene, first)


def _in_clips(lines: Sequence[SpokenHtml], clips: Sequence[AnyClip], first: int) -> list[AnyClip]:
    turns = [speaker for speaker, _ in groupby(speaker for speaker, _ in lines)]
    for again in dict.fromkeys(speaker for speaker in turns if turns.count(speaker) > 1):
        hint = 'split the scene, or use Project(api="1.6"), which writes speech in the scene'
        message = 'speaks again after another avatar, which api="1.4" cannot express'
        raise BuildError(message, label(again - first, clips[again]), hint)
    spoken = list(clips)
    for speaker, html in lines:
        clip = spoken[speaker]
        assert isinstance(clip, AvatarClip)
        script = clip.script or Script(org="", tts=None)
        script = evolve(script, org=script.org + html)
        with as_found():
            spoken[speaker] = evolve(clip, script=script)
    return spoken


def _in_scene(lines: Sequence[SpokenHtml], clips: Sequence[AnyClip], first: int) -> list[SceneScript]:
    who = [(clip.model.ai_name, clip.model.emotion) if isinstance(clip, AvatarClip) else None for clip in clips]
    speaking = {who[speaker] for speaker, _ in lines}
    for place, clip in enumerate(clips):
        if who[place] in speaking and who[place] in who[:place]:
            message = 'is in the scene twice in the same outfit, and api="1.6" cannot tell the two apart'
            hint = 'use another outfit or scene for one of them, or api="1.4"'
            raise BuildError(message, label(place - first, clip), hint)
    return [
        SceneScript(org=html, is_tts=False, tts=None, model_id=clip.model.ai_name, cloth_id=clip.model.emotion)
        for place, html in lines
        if isinstance(clip := clips[place], AvatarClip)
    ]


def _to_scene(scene: WireScene, first: int) -> WireScene:
    scripts = {
        index: clip.script for index, clip in enumerate(scene.clips) if isinstance(clip, AvatarClip) and clip.script
    }
    if not scripts:
        return scene
    if scene.scripts:
        raise BuildError(_SAID_TWICE, hint="take one of them out")
    for script in scripts.values():
        if script.tts not in (None, UNSET) or script.extra:
            message = "another voice (tts) in a clip has no known equivalent in the scene"
            raise BuildError(message, hint='keep api="1.4"')
    clips = [evolve(clip, script=UNSET) if isinstance(clip, AvatarClip) else clip for clip in scene.clips]
    lines = [(index, script.org) for index, script in scripts.items()]
    return evolve(scene, clips=tuple(clips), scripts=tuple(_in_scene(lines, clips, first)))


def _to_clips(scene: WireScene, first: int) -> WireScene:
    if scene.scripts is UNSET or scene.scripts is None:
        return scene
    if scene.scripts and any(isinstance(clip, AvatarClip) and clip.script and clip.script.org for clip in scene.clips):
        raise BuildError(_SAID_TWICE, hint="take one of them out")
    lines = []
    for script in scene.scripts:
        if script.is_tts or script.tts is not None or script.extra:
            raise BuildError("a line in another voice has no known equivalent in the clips", hint='keep api="1.6"')
        speaker = speaker_of(script, scene.clips)
        if speaker is None:
            message = f"a line is spoken by {script.model_id} in {script.cloth_id}, who is not in the scene"
            raise BuildError(message, hint="add that avatar, or remove the line")
        lines.append((speaker, script.org))
    return evolve(scene, clips=tuple(_in_clips(lines, scene.clips, first)), scripts=UNSET)
