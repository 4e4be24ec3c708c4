"""When each line of a project's speech is said: the estimates one after the other, or scaled to a real video."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from aistudios_dsl.errors import BuildError
from aistudios_dsl.view.scene import SceneView

LONGEST = 24 * 3600
"""Seconds, up to which a video may last."""
_CHECK = "give the length of the whole video, or fewer silent_seconds"


@frozen
class LineTiming:
    """When a line of speech is said, in seconds from the start of the video.

    Attributes:
        who: The tag of the avatar that says it, else its ai_name.
        text: The words.
        language: The language code of the avatar; "" where it has none, or another voice speaks.
        path: Where the line is, such as `scenes[0].clips[1].script`.
        start: When it begins.
        seconds: How long it takes.
    """

    who: str
    text: str
    language: str
    path: str
    start: float
    seconds: float


@frozen
class SceneTiming:
    """When a scene is shown, in seconds from the start of the video.

    Attributes:
        start: When it begins.
        seconds: How long it takes; where nothing is said, what `silent_seconds` says.
        lines: Its lines of speech.
    """

    start: float
    seconds: float
    lines: tuple[LineTiming, ...]


@frozen
class Timing:
    """What `Project.timing()` returns.

    Attributes:
        seconds: The length of the video.
        scale: By what the estimates are multiplied to fill a real video of that length; None for the estimates.
        scenes: The scenes.
    """

    seconds: float
    scale: float | None
    scenes: tuple[SceneTiming, ...]


def timing(scenes: Sequence[SceneView], seconds: float | None = None, silent_seconds: float = 0) -> Timing:
    """Return when each line is said; with `seconds`, as long as a real video lasts, all of them in proportion.

    A scene in which nothing is said lasts `silent_seconds`, whatever the scale. Raise `BuildError` for a length that no
    video has, and where nothing is said that could fill it.
    """
    _validate("silent_seconds", silent_seconds, "0 or more")
    scale = None if seconds is None else _scale(scenes, seconds, silent_seconds)
    found, start = list[SceneTiming](), 0.0
    for scene in scenes:
        lines, end = list[LineTiming](), start
        for said in scene.speech:
            length = said.seconds * (scale or 1)
            lines.append(LineTiming(said.who, said.text, said.language, scene.path_of(said), end, length))
            end += length
        end += 0 if lines else silent_seconds
        found.append(SceneTiming(start, end - start, tuple(lines)))
        start = end
    return Timing(start if seconds is None else float(seconds), scale, tuple(found))


def _scale(scenes: Sequence[SceneView], seconds: float, silent_seconds: float) -> float:
    _validate("seconds", seconds, "above 0")
    spoken = sum(scene.seconds for scene in scenes)
    if not spoken:
        raise BuildError("nothing is said that could be timed", hint="add speech: .avatar(..., say=...)")
    silent = silent_seconds * sum(not scene.speech for scene in scenes)
    if seconds <= silent:
        raise BuildError(f"scenes without speech take {silent:g} s, but the video {seconds:g} s", hint=_CHECK)
    return (seconds - silent) / spoken


def _validate(name: str, value: float, least: str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= LONGEST or (value == 0 and least == "above 0"):
        raise BuildError(f"{name} is {value!r}", hint=f"give seconds, {least} and up to a day")
