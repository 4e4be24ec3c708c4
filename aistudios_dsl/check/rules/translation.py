"""Rules on translations: who speaks them, and what they do to the texts of the original."""

from __future__ import annotations

from collections.abc import Iterator

from aistudios_dsl.build.boxes import number, scales
from aistudios_dsl.build.language import same_language
from aistudios_dsl.check.rules import Problem, ProjectView, problem, project_rule
from aistudios_dsl.check.rules.speech import foreign_system
from aistudios_dsl.view.scene import Seen

_REMEDY = 'give the project an avatar for it: avatars={"de": Avatar(...)}, or language= if this one speaks it too'


@project_rule("voice-language", "warning", _REMEDY)
def voice_language(view: ProjectView) -> Iterator[Problem]:
    """An avatar speaks another language than that of the project."""
    for scene in view.scenes if view.locale else ():
        for said in scene.speech:
            if not said.language or same_language(said.language, view.locale or "") or foreign_system(said):
                continue
            speaker = None if said.speaker is None else scene.every[said.speaker]
            message = f"the avatar's language is {said.language!r}, but the project is in {view.locale!r}"
            remedy = _REMEDY.replace('"de"', f'"{view.locale}"')
            yield Problem(message, scene.path_of(said), speaker, remedy=remedy)


@project_rule("more-lines", "note", "see that it looks right; if not, shorten the translation or make width= larger")
def more_lines(view: ProjectView) -> Iterator[Problem]:
    """A text takes more lines than in the original."""
    for seen, before in _texts(view):
        lines, few = (len(one.laid.lines) if one.laid else 0 for one in (seen, before))
        if lines > few:
            yield problem(f"the text takes {lines} lines, the original {few}", seen, seen.ink)


@project_rule("text-shrunk", "warning", "shorten the translation, or make the box of fit=(width, height) larger")
def text_shrunk(view: ProjectView) -> Iterator[Problem]:
    """A text is smaller than in the original, and smaller than 18 pt or the `min_size` of the check."""
    for seen, before in _texts(view):
        points, full = (number(one.clip, "font_size") * scales(one.clip)[1] for one in (seen, before))
        if points < min(view.least, full) - 0.01:
            message = f"the text is {points:.3g} pt, less than {view.least:g}; the original is {full:.3g} pt"
            yield problem(message, seen, seen.ink)


def _texts(view: ProjectView) -> Iterator[tuple[Seen, Seen]]:
    """Yield each text with that of the original."""
    for scene, before in zip(view.scenes, view.original, strict=False):
        if len(scene.every) == len(before.every):
            originals = {seen.index: seen for seen in before.texts}
            for seen in scene.texts:
                if seen.index in originals:
                    yield seen, originals[seen.index]
