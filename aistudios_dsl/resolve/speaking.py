"""Speech onto the wire, in the clips (docs 1.4) or in the scene (docs 1.5 and later), and from one to the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from attrs import evolve

from aistudios_dsl.build.scene import Draft, Line, Scene, clip_of, label
from aistudios_dsl.build.speech import paragraphs, speaker_of
from aistudios_dsl.errors import BuildError, DslError
from aistudios_dsl.wire.node import UNSET
from aistudios_dsl.wire.nodes import AnyClip, AvatarClip, Generation, Project, SceneScript, Script
from aistudios_dsl.wire.nodes import Scene as WireScene


def generation(scene: Scene, default: Generation) -> Generation:
    """Where the scene writes speech: a loaded one goes on as it was, a built one as the project says."""
    if scene._loaded is None:
        return default
    if scene._loaded.scripts is not UNSET:
        return "1.6"
    spoken = any(isinstance(clip, AvatarClip) and clip.script for clip in map(clip_of, scene._items))
    return "1.4" if spoken else default


def spoken(scene: Scene, clips: list[AnyClip], api: Generation) -> tuple[list[AnyClip], tuple[SceneScript, ...]]:
    before = () if scene._loaded is None or not scene._loaded.scripts else scene._loaded.scripts
    if not scene._lines:
        return clips, before
    speakers = speaking(scene, clips)
    if api == "1.4":
        return _in_clips(scene._lines, clips, speakers), before
    return clips, (*before, *_in_scene(scene._lines, clips, speakers))


def speaking(scene: Scene, clips: Sequence[AnyClip]) -> list[int]:
    """For each line of the scene's speech, the place in `clips` of who says it; a backdrop clip may lead them."""
    offset = len(clips) - len(scene._items)
    keys: dict[int | str, int] = {
        item.number if isinstance(item, Draft) else item.id: offset + place for place, item in enumerate(scene._items)
    }
    return [keys[line.speaker] for line in scene._lines]


def _html(line: Line) -> str:
    return line.text if line.html else paragraphs(line.text)


def _in_clips(lines: Sequence[Line], clips: list[AnyClip], speakers: list[int]) -> list[AnyClip]:
    turns = [speaker for at, speaker in enumerate(speakers) if at == 0 or speakers[at - 1] != speaker]
    again = next((speaker for speaker, count in Counter(turns).items() if count > 1), None)
    if again is not None:
        hint = 'split the scene, or write speech in the scene: Project(api="1.6")'
        message = "speaks again after another avatar, which speech in the clips (1.4) cannot say"
        raise BuildError(message, label(again, clips[again]), hint)
    said_by = list(clips)
    for speaker in dict.fromkeys(speakers):
        clip = clips[speaker]
        assert isinstance(clip, AvatarClip)
        old = clip.script or Script(org="", tts=None)
        said = "".join(_html(line) for line, by in zip(lines, speakers, strict=True) if by == speaker)
        said_by[speaker] = evolve(clip, script=evolve(old, org=old.org + said))
    return said_by


def _in_scene(lines: Sequence[Line], clips: list[AnyClip], speakers: list[int]) -> Iterator[SceneScript]:
    _refuse_twins(clips, {_who(clips[speaker]) for speaker in speakers})  # type: ignore[arg-type]
    for line, speaker in zip(lines, speakers, strict=True):
        clip = clips[speaker]
        assert isinstance(clip, AvatarClip)
        yield scene_script(clip, _html(line))


def scene_script(clip: AvatarClip, org: str) -> SceneScript:
    """A line of the scene's speech, in the avatar's own voice."""
    return SceneScript(org=org, is_tts=False, tts=None, model_id=clip.model.ai_name, cloth_id=clip.model.emotion)


def _refuse_twins(clips: Sequence[AnyClip], speaking: Collection[tuple[str, str]]) -> None:
    seen: set[tuple[str, str]] = set()
    for index, clip in enumerate(clips):
        if isinstance(clip, AvatarClip) and (who := _who(clip)) in speaking:
            if who in seen:
                message = "is in the scene twice in the same outfit: speech in the scene (1.6) cannot tell them apart"
                raise BuildError(message, label(index, clip), "use another outfit or scene, or api='1.4'")
            seen.add(who)


def converted(project: Project, api: Generation) -> Project:
    """The same project with speech written where `api` has it. Raises `BuildError` where the other has no equal."""
    return evolve(project, scenes=tuple(_written(scene, i, api) for i, scene in enumerate(project.scenes)))


def _written(scene: WireScene, index: int, api: Generation) -> WireScene:
    try:
        return _to_clips(scene) if api == "1.4" else _to_scene(scene)
    except DslError as fault:
        raise fault.under(f"scenes[{index}]") from None


def _said_twice() -> BuildError:
    return BuildError("has speech in its clips and in the scene", hint="take one of them out")


def _to_scene(scene: WireScene) -> WireScene:
    speaking = [clip for clip in scene.clips if isinstance(clip, AvatarClip) and clip.script]
    if not speaking:
        return scene
    if scene.scripts:
        raise _said_twice()
    _refuse_twins(scene.clips, {_who(clip) for clip in speaking})
    for clip in speaking:
        if clip.script.tts not in (None, UNSET) or clip.script.extra:
            raise BuildError("a script's tts has no known equal in the scene", hint="keep api='1.4'")
    scripts = tuple(scene_script(clip, clip.script.org) for clip in speaking)
    return evolve(scene, clips=tuple(_silent(clip) for clip in scene.clips), scripts=scripts)


def _silent(clip: AnyClip) -> AnyClip:
    return evolve(clip, script=UNSET) if isinstance(clip, AvatarClip) else clip


def _to_clips(scene: WireScene) -> WireScene:
    if scene.scripts is UNSET or scene.scripts is None:
        return scene
    if scene.scripts and any(isinstance(clip, AvatarClip) and clip.script and clip.script.org for clip in scene.clips):
        raise _said_twice()
    for script in scene.scripts:
        if script.is_tts or script.tts is not None or script.extra:
            raise BuildError("a line in another voice has no known equal in the clips", hint="keep api='1.6'")
    clips = list(scene.clips)
    lines = tuple(Line(script.org, 0, html=True) for script in scene.scripts)
    speakers = [_speaker_of(script, clips) for script in scene.scripts]
    return evolve(scene, clips=tuple(_in_clips(lines, clips, speakers)), scripts=UNSET)


def _speaker_of(script: SceneScript, clips: Sequence[AnyClip]) -> int:
    index = speaker_of(script, clips)
    if index is not None:
        return index
    message = f"no avatar of the scene is {script.model_id} in {script.cloth_id}, which has a line"
    raise BuildError(message, hint="make scripts and avatar clips agree")


def _who(clip: AvatarClip) -> tuple[str, str]:
    return clip.model.ai_name, clip.model.emotion
