"""JSON with holes: clips, and the scene around them, made once for all rows that need not have the same clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from attrs import evolve, frozen

from aistudios_dsl.build.drafts import Draft, Item, Line, clip_of, label
from aistudios_dsl.build.editing import GEOMETRY
from aistudios_dsl.build.scene import Scene, themed_scene
from aistudios_dsl.plan.choices import Answers, Choices
from aistudios_dsl.plan.generated import reader
from aistudios_dsl.plan.program import RowWriter, Values, json_of
from aistudios_dsl.plan.segments import Hole, OpenField, Slot, _coloured, checks, cut, placeholders, value_of
from aistudios_dsl.resolve.rooms import ClipSize, RoomSize, Setting
from aistudios_dsl.resolve.scene import resolve_scene, spelled_numbers
from aistudios_dsl.resolve.sizing import clip_size
from aistudios_dsl.resolve.speaking import generation_of, with_speech
from aistudios_dsl.templates.expansion import Occurrence, Row
from aistudios_dsl.templates.render import filled_part, mapped
from aistudios_dsl.wire.codec import dump
from aistudios_dsl.wire.node import UNSET, as_found
from aistudios_dsl.wire.nodes import AvatarClip, EditorClip, Generation, SceneScript, Text

_FORMS_KEPT = 1024
_ANY_ROOM = 1000.0


@frozen(eq=False)
class ClipForm:
    """A clip by itself, with placeholders for its strings.

    `item` is as resolving takes it, and `clip` as it is on the wire, with holes for what the other clips decide.
    `scripts` are the lines of speech that the scene has. `words` reads those of a text whose box goes with them.
    """

    item: Item
    clip: Any
    lines: tuple[Line, ...]
    json: RowWriter
    scripts: tuple[RowWriter, ...]
    words: Callable[[Row], tuple[str, ...]] | None

    def read(self, row: Row) -> None:
        """Raise what the strings of the clip raise for a row that does not show it."""
        for form in (self.json, *self.scripts):
            form.write(row, (b"",) * len(form.holes))
        if self.words:
            self.words(row)

    def filled_in(self, fields: dict[str, Any], known: Mapping[str, bytes]) -> Values:
        """Return the values of the holes, of fields as resolving computes them and of what is known as JSON."""
        if isinstance(self.item, Draft):
            if self.item.is_loaded:
                fields = dict(self._as_it_was(fields))
            else:
                spelled_numbers(self.item.place.spelled or {}, fields)
        return self.json.ordered({**known, **{name: json_of(value) for name, value in fields.items()}})

    def _as_it_was(self, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield the fields of a loaded clip that an edit changed: what stays the same is written as it was."""
        clip: Any = self.item.clip  # type: ignore[union-attr]
        if isinstance(clip, Text):
            yield from (("text", clip.text), ("font_size", clip.font_size))
        for name, value in fields.items():
            old = getattr(clip, name)
            if name not in GEOMETRY or name in self.json.holes:
                yield name, old if old == value else value
            elif not (old is UNSET and value == 1):
                raise ValueError(f"{name} is new to the clip")


class Forms:
    """The forms of a scene, under one setting and what a row decides outside of its clips."""

    def __init__(self, choices: Choices, literal: Scene, setting: Setting, *, numbered: bool) -> None:
        self.choices: Choices = choices
        self._theme = setting.theme
        self.literal: Scene = themed_scene(evolve(literal, items=()), setting.theme)
        self.setting: Setting = evolve(setting, theme=None)
        self.api: Generation = generation_of(choices.scene, setting.api)
        self._way: Literal["text", "colour"] = "colour" if setting.theme and setting.theme.colors else "text"
        self._wire = resolve_scene(self.literal, 0, self.setting)
        self.silent: RowWriter
        self.spoken: RowWriter
        self.square: RowWriter | None
        self.silent, self.spoken, self.square = self._head(numbered)
        self.clip: Callable[[int, Answers], ClipForm] = lru_cache(_FORMS_KEPT)(self._clip)

    def part(self, number: int, answers: Answers) -> Any:
        """Return a clip or group with placeholders for its strings."""
        visit = placeholders(self.choices.fields.get(number, ()), answers)
        return filled_part(self.choices.scene, self.choices.path, Occurrence(number, (), {}), visit)

    def _head(self, numbered: bool) -> tuple[RowWriter, RowWriter, RowWriter | None]:
        """Return the scene without its clips, silent and with speech, and the square of its background."""
        found = self.choices.head
        segments: list[Any] = [field.slot for field in found]
        with as_found():
            wire = _coloured(self._wire, len(self._wire.clips), found, segments, self._way)
            squares, wire = wire.clips, evolve(wire, clips=())
            if numbered:
                wire = evolve(wire, scene_idx=value_of(Hole("number"), segments))
            nobody = SceneScript(org="", is_tts=False, tts=None, model_id="", cloth_id="")
            heard = evolve(wire, scripts=(*(wire.scripts or ()), nobody))
            square = evolve(squares[0], **_holes(("layer", "id"), segments)) if squares else None
        silent, spoken = dump(wire), dump(heard)
        silent["clips"] = spoken["clips"] = [value_of(Hole("clips"), segments)]
        spoken["scripts"][-1] = value_of(Hole("scripts"), segments)
        behind = self._form(dump(square), segments, ()) if square else None
        return self._form(silent, segments, found), self._form(spoken, segments, found), behind

    def _clip(self, number: int, answers: Answers) -> ClipForm:
        scene, path = self.choices.scene, self.choices.path
        found = self.choices.fields.get(number, [])
        visit = placeholders(found, answers)
        own = [(each, line) for each, line in enumerate(scene._lines) if line.speaker == number]
        lines = [evolve(mapped(line, f"{path}.speech[{each}]", visit), speaker=0) for each, line in own]
        alone = evolve(self.literal, items=(self.part(number, answers),), lines=tuple(lines), loaded=None)
        alone = themed_scene(alone, self._theme)
        words = [field.string for field in found if field.role == "words"]
        segments: list[Any] = [Slot(each.string, self._way) if each.role == "colour" else each.slot for each in found]
        with as_found():
            clip = self._holed(alone._items[0], bool(words), segments)
            clip = _coloured(evolve(self._wire, clips=(clip,)), -number, found, segments, self._way).clips[0]
        clips, scripts = with_speech(alone, [clip], self.api)
        said = [field for field in found if field.role == "speech" and scripts]
        return ClipForm(
            alone._items[0],
            clip,
            alone._lines,
            self._form(dump(clips[0]), segments, [field for field in found if field not in said]),
            tuple(self._form(dump(script), segments, ()) for script in scripts),
            reader(self.choices.strings, words) if words else None,
        )

    def _holed(self, item: Item, has_words: bool, segments: list[Any]) -> Any:
        """Return a clip as it is on the wire, with holes for what the other clips and its words decide."""
        clip: Any = clip_of(item)
        if not isinstance(item, Draft):
            return evolve(clip, **_holes(("text", *GEOMETRY[:4]) if has_words else (), segments))
        size = clip_size(item, self.setting, label(0, clip))
        known = dict(size.fields if isinstance(size, ClipSize) else {})
        if isinstance(size, RoomSize) and isinstance(clip, AvatarClip):
            known = dict(size.within(_ANY_ROOM, _ANY_ROOM)[1].fields)  # its model, which is the same in any
        if item.is_loaded:
            return self._holed_edit(item, size, known, has_words, segments)
        names = ["id", "layer", *GEOMETRY]
        names += ["name"] if isinstance(clip, EditorClip) and clip.name is UNSET else []
        if isinstance(clip, Text) and (item.place.width is None or item.place.height is None):
            names += "text", "font_size"
        spelled = dict(item.place.spelled or {})
        names = [name for name in names if name not in spelled]
        return evolve(clip, **known | spelled | _holes(names, segments))

    def _holed_edit(
        self, item: Draft, size: ClipSize | RoomSize, known: dict[str, Any], has_words: bool, segments: list[Any]
    ) -> Any:
        """Return a loaded clip that an edit changed. What stays the same is written as it was, or stays absent."""
        clip: Any = item.clip
        model = {"model": known["model"]} if "model" in known and known["model"] != clip.model else {}
        names = ["id"] if item.number in self.choices.repeated else []
        names += [name for name in GEOMETRY if getattr(clip, name) is not UNSET or getattr(size, name, 1) != 1]
        if has_words:
            names.append("text")
        elif isinstance(item.clip, Text) and (isinstance(size, RoomSize) or "text" in known):
            names += "text", "font_size"
        return evolve(clip, **model, **_holes(names, segments))

    def _form(self, document: Any, segments: Sequence[Any], found: Sequence[OpenField]) -> RowWriter:
        """Return a document with tokens as a form; `found` are the strings to be checked."""
        pieces = list(cut(document, segments))
        own = list(checks([field for field in found if field.role != "words"], pieces, self._theme))
        if any(validate is str.encode for _, validate in own):
            raise ValueError("a string of the scene is not in its JSON, so something else was made of it")
        return RowWriter(self.choices.strings, pieces, own, self._theme)


def _holes(names: Sequence[str], segments: list[Any]) -> dict[str, Any]:
    return {name: value_of(Hole(name), segments) for name in names}
