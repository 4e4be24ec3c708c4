"""What a translation does to a video: texts that no longer fit, and findings that the original does not have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeVar

from attrs import evolve, frozen

from aistudios_dsl.build.drafts import clip_of, with_clip
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.check.findings import Finding
from aistudios_dsl.errors import BuildError
from aistudios_dsl.wire.node import as_found
from aistudios_dsl.wire.nodes import Project as WireProject
from aistudios_dsl.wire.nodes import Text

B = TypeVar("B", bound=BaseProject)

UNFIT = "does-not-fit"
"""The code of a finding for words that leave a text no size. No rule finds it, so it cannot be ignored."""

_CLIP = re.compile(r"scenes\[(\d+)\]\.clips\[(\d+)\]")


@frozen
class Original:
    """A project that translations are compared with: literal, as it is on the wire, and what the checks find in it."""

    project: BaseProject
    whole: WireProject
    found: tuple[Finding, ...]


def fitted(project: B, original: BaseProject) -> tuple[B, WireProject, list[Finding]]:
    """Return a translated project as it can be laid out, its wire nodes, and a finding for each text that does not fit.

    Such a text has the words of the original again. Both projects are literal, and the original can be laid out.
    """
    found = list[Finding]()
    while True:
        try:
            whole = project.resolve()
        except BuildError as fault:
            place = _CLIP.match(fault.path)
            restored = place and _with_words_of(project, original, int(place[1]), int(place[2]))
            if not place or not restored:
                raise
            project = restored
            tag = clip_of(project.scenes[int(place[1])]._items[int(place[2])]).tag or ""
            found.append(Finding(UNFIT, "error", fault.message, place[0], tag, remedy=fault.hint))
        else:
            return project, whole, found


def _with_words_of(project: B, original: BaseProject, scene: int, clip: int) -> B | None:
    """Return the project with the words of the original in one text; None where they are not what is wrong."""
    new, old = (each.scenes[scene]._items[clip : clip + 1] for each in (project, original))
    words = [clip.text for clip in map(clip_of, (*new, *old)) if isinstance(clip, Text)]
    if len(words) != 2 or words[0] == words[1]:
        return None
    text: Any = clip_of(new[0])
    with as_found():
        restored = with_clip(new[0], evolve(text, text=words[1]))
    changed = project.scenes[scene]._with(clip, restored)
    return evolve(project, scenes=(*project.scenes[:scene], changed, *project.scenes[scene + 1 :]))


def new_among(found: Iterable[Finding], before: Iterable[Finding]) -> list[Finding]:
    """Return the findings that the original does not have."""
    known = {(one.code, one.message, one.path, one.paths) for one in before}
    return [one for one in found if (one.code, one.message, one.path, one.paths) not in known]
