"""The messages of a project: every text, speech, label and name in it, and the project with others in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from attrs import evolve, frozen

from aistudios_dsl.build.drafts import Draft, clip_of
from aistudios_dsl.build.editing import JINJA, spoken_html
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.speech import plain, speaker_of
from aistudios_dsl.errors import expect
from aistudios_dsl.templates import trans
from aistudios_dsl.templates.render import filled

B = TypeVar("B", bound=BaseProject)

Kind = Literal["text", "speech", "label", "name"]
Say = Callable[["Message"], Sequence[str] | None]
"""Returns the forms of a message in another language, of which all but a plural have one; None keeps its words."""

_PLACE = re.compile(
    r"clips\[(?P<clip>\d+)\]\.(?P<field>text|label|script\.org)"
    r"|speech\[(?P<line>\d+)\]\.text|scripts\[(?P<script>\d+)\]\.org"
)
_KINDS: dict[str | None, Kind] = {"text": "text", "label": "label"}


@frozen
class Message:
    """Words of a project, as a translator gets them.

    Attributes:
        text: The words, with Jinja's braces. Those of speech are plain, unless their HTML says more than paragraphs.
        context: What they are, and the tag of their clip, such as "text headline"; or what `{% trans %}` names.
        kind: "text", "speech", "label" of a sound, or "name" of the project.
        path: Their place, such as `scenes[0].clips[1].text`.
        scene: The number of their scene; None for the name of the project.
        clip: The number of the clip that shows or says them; None where there is none.
        plural: Their plural in `{% trans %}`; None elsewhere.
        html: Whether they are HTML.
        bound: Names that `{% trans %}` binds, which a translation may use.
    """

    text: str
    context: str
    kind: Kind
    path: str
    scene: int | None = None
    clip: int | None = None
    plural: str | None = None
    html: bool = False
    bound: frozenset[str] = frozenset()

    @property
    def contexts(self) -> tuple[str | None, ...]:
        """The contexts that a catalogue may give them, the first found counts: their place, their own, and none."""
        return self.path, self.context, None

    @property
    def has_words(self) -> bool:
        """Whether there is a letter outside of braces, so that a language can say it in another way."""
        return _has_words(self.text)


def _has_words(text: str) -> bool:
    return any(map(str.isalpha, re.sub(JINJA, "", text)))


def messages_of(project: BaseProject) -> tuple[Message, ...]:
    """Return the messages of a project, in its order.

    >>> from aistudios_dsl import Project
    >>> [(found.context, found.text) for found in messages_of(Project().scene().text("Hi {{ name }}", tag="title"))]
    [('text title', 'Hi {{ name }}')]
    """
    expect(project, BaseProject, "project must be a Project")
    found = list[Message]()
    said_in(project, found.append)  # which keeps each message as it is
    return tuple(found)


def said_in(project: B, say: Say, rule: str = trans.ENGLISH) -> B:
    """Return a project with what `say` gives for each message; `rule` says which form of a plural a number takes.

    Loaded texts are measured again, as where they are edited.
    """
    with project._measuring():
        name = _said(project.name or "", False, Message("", "name", "name", "name"), say, rule)
        scenes = tuple(_scene(scene, index, say, rule) for index, scene in enumerate(project.scenes))
    return evolve(project, name=name or project.name, scenes=scenes)


def _scene(scene: Scene, index: int, say: Say, rule: str) -> Scene:
    path = f"scenes[{index}]"
    clips = list(scene._clips())
    scripts = (scene._loaded.scripts if scene._loaded else ()) or ()

    def clip_at(found: re.Match[str]) -> int | None:
        if found["clip"]:
            return int(found["clip"])
        if found["line"]:
            return scene._lines[int(found["line"])].speaker
        return speaker_of(scripts[int(found["script"])], clips)

    def visit(place: str, text: str, html: bool) -> str:
        found = _PLACE.fullmatch(place, len(path) + 1)
        number = clip_at(found) if found else None
        item = None if number is None else scene._items[number]
        if found is None or (isinstance(item, Draft) and not item.translate):
            return text
        kind = _KINDS.get(found["field"], "speech")
        tag = clip_of(item).tag if item is not None else ""
        return _said(text, html, Message("", f"{kind} {tag}" if tag else kind, kind, place, index, number), say, rule)

    return evolve(filled(scene, path, visit), when=scene.when, each=scene.each)


def _said(text: str, html: bool, place: Message, say: Say, rule: str) -> str:
    """Return a text as `say` has it. `place` is its message without the words."""
    if not text.strip():
        return text
    around = trans.replaced(text, lambda block: "")
    if around != text and not _has_words(around):
        return trans.replaced(text, lambda block: _block_said(block, evolve(place, html=html), say, rule))
    words = plain(text) if html else text
    is_plain = html and spoken_html(words) == text
    forms = say(evolve(place, text=words if is_plain else text, html=html and not is_plain))
    if forms is None:
        return text
    return spoken_html(forms[0]) if is_plain else forms[0]


def _block_said(block: trans.Block, place: Message, say: Say, rule: str) -> str:
    context = block.context or place.context
    own = evolve(place, text=block.one, plural=block.many, context=context, bound=frozenset(block.bound))
    forms = say(own) if block.one.strip() else None
    return block.source if forms is None else block.said(forms, rule)
