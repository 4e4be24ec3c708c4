"""How much the words of rows may grow: the room in each text that waits for a row, and where it shrinks or breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, get_args

from attrs import asdict, define, field, frozen

from aistudios_dsl.build.placement import Place, least_points
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.scene import Draft
from aistudios_dsl.errors import BuildError, DslError
from aistudios_dsl.layout.geometry import Box, canvas
from aistudios_dsl.layout.sizes import POINT, extent, length
from aistudios_dsl.layout.text import TextBox, fit, is_bold, measure, text_height, wrap
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.expansion import part_of
from aistudios_dsl.templates.render import kept_scenes
from aistudios_dsl.templates.values import row_values
from aistudios_dsl.wire.nodes import Text

Event = Literal["shrinks", "wraps", "breaks"]

AVERAGE = "enatioserhtldacnuiestormaehtdnlipgfwybek"
"""Letters about as frequent as in English, whose mean width is that of an average letter."""
_MOST_LETTERS = 4000


@frozen
class Laid:
    """How some words lie in a text: the events that happen to them, their points, and the width that is left (px)."""

    events: frozenset[Event]
    points: float
    left: float


@frozen
class TextRoom:
    """A text that waits for a row, and the room that it has: px across and down, and points down to `minimum`."""

    path: str
    tag: str
    text: str
    points: float
    minimum: float
    width: float
    height: float
    wraps: bool
    bold: bool
    family: str

    def laid(self, words: str) -> Laid:
        """Return how words lie in it."""
        found = set[Event]()
        points = self.points
        own = measure(words, points * POINT, bold=self.bold, family=self.family)
        if self.minimum < self.points:
            try:
                points, box = fit(
                    words,
                    point_size=int(self.points),
                    minimum=int(self.minimum),
                    width=self.width,
                    height=self.height,
                    bold=self.bold,
                    family=self.family,
                )
            except BuildError:
                points, box = self.minimum, self._wrapped(words, self.minimum)
                found.add("breaks")
            if points < self.points:
                found.add("shrinks")
        else:
            box = self._wrapped(words, points) if self.wraps else own
        if len(box.lines) > len(own.lines):
            found.add("wraps")
        widest = max(box.line_widths)
        tall = text_height(points * POINT, len(box.lines))
        if widest > self.width + 0.01 or tall > self.height + 0.01:
            found.add("breaks")
        return Laid(frozenset(found), points, self.width - widest)

    def _wrapped(self, words: str, points: float) -> TextBox:
        return wrap(words, points * POINT, self.width, bold=self.bold, family=self.family)


def rooms(project: BaseProject) -> Iterator[tuple[int, int, TextRoom]]:
    """Yield the texts of a template that wait for a row, each with the numbers of its scene and clip."""
    templates = Templates(project.environment)
    area = canvas(project.orientation if project.orientation in ("landscape", "portrait") else "landscape")
    for index, scene in enumerate(project.scenes):
        for number, item in enumerate(scene._items):
            if isinstance(item, Draft) and isinstance(item.clip, Text) and templates.is_template(item.clip.text):
                try:
                    yield index, number, _room(f"scenes[{index}].clips[{number}].text", item.clip, item.place, area)
                except DslError:
                    # A size that itself waits for a row has no room that could be told.
                    continue


def _room(path: str, clip: Text, place: Place, area: Box) -> TextRoom:
    points = clip.font_size
    if not isinstance(points, int | float):
        raise BuildError("font_size waits for a row")
    size = partial(TextRoom, path, clip.tag or "", clip.text, points)
    font = is_bold(clip.font_weight), clip.font_family or ""
    if isinstance(place.fit, tuple | list):
        across, down = place.fit
        width, height = extent(across, area.width, "fit width"), extent(down, area.height, "fit height")
        return size(least_points(place.min_font_size), width, height, True, *font)
    below = area.height if place.height is None else extent(place.height, area.height, "height")
    if place.width is not None:
        return size(points, extent(place.width, area.width, "width"), below, True, *font)
    return size(points, _free_width(place, area), below, False, *font)


def _free_width(place: Place, area: Box) -> float:
    """Return the width between the place of a text and the edges of the canvas."""
    if isinstance(place.at, tuple):
        return area.width - length(place.at[0], area.width, "x")
    margin = place.margin[0] if isinstance(place.margin, tuple) else place.margin
    return area.width - 2 * length(margin, area.width, "margin")


# rows


@define
class Strain:
    """What rows do to a text: which leaves the least width, and which has the fewest letters at each event."""

    room: TextRoom
    rows: int = 0
    widest: tuple[float, int, int] | None = None  # the width left (px), the row, its letters
    points: float = 0
    first: dict[Event, tuple[int, int]] = field(factory=dict)  # letters, row

    def add(self, number: int, words: str) -> None:
        """Count the words of a row."""
        laid, letters = self.room.laid(words), len(words)
        self.rows += 1
        self.points = min(self.points or laid.points, laid.points)
        if self.widest is None or laid.left < self.widest[0]:
            self.widest = laid.left, number, letters
        for event in laid.events:
            self.first[event] = min(self.first.get(event, (letters, number)), (letters, number))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        found = {event: {"letters": letters, "row": row} for event, (letters, row) in self.first.items()}
        left, row, letters = self.widest or (None, None, None)
        return {
            **asdict(self.room),
            "rows": self.rows,
            "left": left,
            "widest_row": row,
            "widest_letters": letters,
            "least_points": self.points,
            **{event: found.get(event) for event in get_args(Event)},
        }


class Stress:
    """Lays the words of row after row into the texts of a template."""

    def __init__(self, project: BaseProject) -> None:
        self._project = project
        self._templates = Templates(project.environment)
        self._parts = [part_of(scene, index) for index, scene in enumerate(project.scenes)]
        self._strains: dict[int, list[tuple[int, Strain]]] = {}
        for index, clip, room in rooms(project):
            self._strains.setdefault(index, []).append((clip, Strain(room)))

    @property
    def strains(self) -> list[Strain]:
        """What the rows so far did to each text."""
        return [strain for strains in self._strains.values() for _, strain in strains]

    def add(self, number: int, row: Mapping[str, Any]) -> None:
        """Lay out the words of a row. One that cannot be rendered is left out: its fault is told elsewhere."""
        try:
            for (index, _), bound, repetitions in kept_scenes(self._parts, self._templates, row_values(row)):
                part = self._parts[index]
                clips = repetitions.expanded(part, bound).clips if part.parts else ()
                for clip, strain in self._strains.get(index, ()):
                    rows = [each.row for each in clips if each.number == clip] if part.parts else [bound]
                    for each in rows:
                        strain.add(number, self._templates.render(strain.room.text, each))
        except DslError:
            return


# budgets


@frozen
class Budget:
    """How many average letters the variables of a text may have together before an event, at its own points."""

    path: str
    tag: str
    variables: tuple[str, ...]
    points: float
    letters: Mapping[Event, int]
    """The most letters before each event that happens."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def budgets(project: BaseProject) -> Iterator[Budget]:
    """Yield the budget of each text that waits for a row; one whose filters take no letters has none."""
    templates = Templates(project.environment)
    for _, _, room in rooms(project):
        names = tuple(dict.fromkeys((*templates.names(room.text), *templates.columns(room.text))))
        words = partial(_words, templates, room.text, names)
        try:
            words(len(AVERAGE))
        except DslError:
            continue
        found = {event: _most(room, words, event) for event in get_args(Event)}
        letters = {event: most for event, most in found.items() if most is not None}
        if names:
            yield Budget(room.path, room.tag, names, room.points, letters)


def _words(templates: Templates, text: str, names: tuple[str, ...], letters: int, gap: int = 0) -> str:
    """Return the text with so many average letters for its variables together, in words of `gap` letters."""
    each, more = divmod(letters, len(names) or 1)
    row = {name: _average(each + (number < more), gap) for number, name in enumerate(names)}
    return templates.render(text, row_values(row))


def _average(letters: int, gap: int) -> str:
    text = (AVERAGE * (letters // len(AVERAGE) + 1))[:letters]
    return " ".join(text[at : at + gap] for at in range(0, letters, gap)) if gap else text


def _most(room: TextRoom, words: Callable[..., str], event: Event) -> int | None:
    """Return the most letters before an event, None if none so many bring it about."""
    # What may wrap is tried with words of usual length, what must stay on its line with one word.
    gap = 6 if room.wraps else 0

    def happens(letters: int) -> bool:
        return event in room.laid(words(letters, gap)).events

    low, high = 0, 1
    while not happens(high):
        low, high = high, high * 2
        if high > _MOST_LETTERS:
            return None
    if happens(0):
        return 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if happens(middle) else (middle, high)
    return low
