"""How much the words of rows may grow: the room in each text that waits for a row, and where it shrinks or breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, get_args

from attrs import asdict, define, evolve, field, frozen

from aistudios_dsl.build.boxes import number, ruler_of
from aistudios_dsl.build.drafts import Draft, clip_of
from aistudios_dsl.build.placement import Margin, Position, least_points
from aistudios_dsl.build.project import BaseProject
from aistudios_dsl.build.resizing import drawn_at
from aistudios_dsl.build.scene import Scene, themed_scene
from aistudios_dsl.errors import BuildError, DslError
from aistudios_dsl.layout.geometry import bounds_of
from aistudios_dsl.layout.sizes import length
from aistudios_dsl.layout.text import measure, text_height
from aistudios_dsl.resolve.placing import Size
from aistudios_dsl.resolve.project import setting_of
from aistudios_dsl.resolve.rooms import NOWHERE, ClipSize, Room, RoomSize, Setting, room_within
from aistudios_dsl.resolve.scene import seen_size_of, sizes_and_layout
from aistudios_dsl.resolve.sizing import box_asked, clip_size, wraps
from aistudios_dsl.templates.environment import Templates
from aistudios_dsl.templates.preview_values import preview_visit, with_preview_values
from aistudios_dsl.templates.render import filled_project, render_values
from aistudios_dsl.templates.values import row_values
from aistudios_dsl.view.scene import font_px, laid_out
from aistudios_dsl.wire.node import as_found, holds_jinja
from aistudios_dsl.wire.nodes import Text

Event = Literal["shrinks", "wraps", "breaks"]
Sides = tuple[float | None, float | None]

AVERAGE = "enatioserhtldacnuiestormaehtdnlipgfwybek"
"""Letters about as frequent as in English, whose mean width is that of an average letter."""
_MOST_LETTERS = 4000
_ENDLESS = 1e7
_TOLERANCE = 0.01


@frozen
class OpenText:
    """A text that waits for a row."""

    path: str
    tag: str
    text: str


@frozen
class Laid:
    """How some words lie in a text: what happens to them, their points, and the room in the text's own px.

    `asked` are the points that the text was given, `left` is the width that its widest line leaves.
    """

    events: frozenset[Event]
    asked: float
    points: float
    width: float
    height: float
    wraps: bool
    left: float


class Laying:
    """A literal scene, and its texts at `places` whose words are tried, sized and placed as resolving does it.

    Raise `DslError` for a scene that is wrong whatever the words are.
    """

    def __init__(self, scene: Scene, setting: Setting, places: Sequence[int]) -> None:
        self._setting = setting
        self._items = themed_scene(scene, setting.theme)._items
        blank = tuple(_with_words(item, "") if place in places else item for place, item in enumerate(self._items))
        self._sizes, self._layout = sizes_and_layout(evolve(scene, items=blank), setting)
        self._arranged = self._layout.arrangement()
        self._order = self._layout.clips_of(self._layout.order)
        self._arrange(self._sizes)

    def laid(self, words: Mapping[int, str]) -> dict[int, Laid]:
        """Return how the texts lie with these words, by their places."""
        sides: dict[int, Sides] = {}
        broken: dict[int, bool] = {}
        sizes = list(self._sizes)
        for place, text in words.items():
            sizes[place] = self._tried(place, text, sides, broken)
        try:
            corners, _ = self._arrange(sizes)
        except BuildError:
            if len(words) == 1:
                return {place: self._without_room(place, text) for place, text in words.items()}
            # One of them leaves no room for the others: each is tried alone.
            return {place: found for each in words.items() for place, found in self.laid(dict([each])).items()}
        laid = {}
        for place, text in words.items():
            size: Any = corners[place][2] if isinstance(sizes[place], RoomSize) else sizes[place]
            laid[place] = self._read(place, text, size, self._room(place, sizes, sides), broken[place])
        return laid

    def _arrange(self, sizes: Sequence[ClipSize | RoomSize | None]) -> tuple[dict[int, Any], dict[int, Any]]:
        """Return the corners of the clips and the bounds of the groups at these sizes."""
        seen: list[Size] = [seen_size_of(self._items[clip], sizes[clip]) for clip in self._order]
        bounds: dict[int, Any] = {}
        return dict(zip(self._order, self._arranged(seen, bounds), strict=True)), bounds

    def _tried(
        self, place: int, words: str, sides: dict[int, Sides], broken: dict[int, bool]
    ) -> ClipSize | RoomSize | None:
        """Return the size of a text with other words; that of no words if these do not fit, which `broken` notes."""
        blank = self._sizes[place]
        draft: Any = _with_words(self._items[place], words)
        broken[place] = False
        try:
            size = clip_size(draft, self._setting)
        except BuildError:
            broken[place] = True
            return blank
        if not isinstance(size, RoomSize) or not isinstance(blank, RoomSize):
            return size

        def within(width: float | None, height: float | None) -> Any:
            sides[place], broken[place] = (width, height), False
            try:
                return size.within(width, height)
            except BuildError:
                broken[place] = True
                return blank.within(width, height)

        return RoomSize(within, size.shrinks)

    def _room(self, place: int, sizes: Sequence[Any], sides: Mapping[int, Sides]) -> Room:
        """Return the room of a text: where it flows, that which the others leave to endless words."""
        draft, canvas = self._items[place], self._setting.canvas
        assert isinstance(draft, Draft)
        across, down = sides.get(place, (None, None))
        if not wraps(draft):
            at, margin = draft.place.at, draft.place.margin
            return room_within(across, down, canvas) if place in sides else Room(self._free(at, margin), canvas.height)
        angle = number(draft.clip, "angle")

        def endless(width: float | None, height: float | None) -> Any:
            nonlocal across
            across = width
            return (_ENDLESS if width is None else width, 0), NOWHERE

        tried = list(sizes)
        tried[place] = RoomSize(endless, shrinks=True)
        try:
            _, bounds = self._arrange(tried)
        except BuildError:
            return room_within(*sides[place], canvas)
        if across is not None:
            return room_within(across, None, canvas)
        unit = self._layout.unit(place)
        others = bounds[unit][2] - bounds_of(0, 0, _ENDLESS, 0, angle)[2]
        group = self._layout.groups[-1 - unit]
        return Room(self._free(group.at, group.margin) - others, canvas.height)

    def _free(self, at: Position | None, margin: Margin) -> float:
        """Return the width between a place and the edges of the canvas."""
        area = self._setting.canvas
        if isinstance(at, tuple):
            return area.width - length(at[0], area.width, "x", low=-_ENDLESS)
        across = margin[0] if isinstance(margin, tuple) else margin
        return area.width - 2 * length(across, area.width, "margin")

    def _read(self, place: int, words: str, size: ClipSize, room: Room, is_broken: bool) -> Laid:
        draft: Any = self._items[place]
        asked = draft.clip.font_size
        scales = drawn_at(draft.clip) if draft.is_loaded else (abs(size.scale_x), abs(size.scale_y))
        # The words of a loaded text are drawn at its scale; those of others are sized before it.
        drawn = scales if draft.is_loaded else (1, 1)
        width, height = box_asked(draft.place, room)
        most = (room.width or 0) / scales[0] - size.stroke if width is None else width / drawn[0]
        tall = room.height / scales[1] - size.stroke if height is None else height / drawn[1]
        fields = {"width": size.width, "height": size.height, **size.fields}
        if is_broken:
            points = least_points(draft.place.min_font_size) if draft.place.fit else asked
            fields = {"width": most, "height": tall, "font_size": points}
        with as_found():
            clip = evolve(_with_words(draft, words).clip, **fields)
        laid, own = laid_out(clip), measure(words, font_px(clip), ruler=ruler_of(clip))
        lines, widest = (laid.lines, max(laid.line_widths)) if laid else ((), 0)
        found = set[Event]()
        if clip.font_size < asked:
            found.add("shrinks")
        if len(lines) > len(own.lines):
            found.add("wraps")
        is_tall = bool(lines) and text_height(font_px(clip), len(lines)) > tall + _TOLERANCE
        if is_broken or is_tall or widest > most + _TOLERANCE:
            found.add("breaks")
        limited = width is not None or room.wraps
        return Laid(frozenset(found), asked, clip.font_size, most, tall, limited, most - widest)

    def _without_room(self, place: int, words: str) -> Laid:
        clip: Any = clip_of(self._items[place])
        width = measure(words, font_px(clip), ruler=ruler_of(clip)).width
        return Laid(frozenset[Event](["breaks"]), clip.font_size, clip.font_size, 0, 0, True, -width)


def _with_words(item: Any, words: str) -> Any:
    with as_found():
        return evolve(item, clip=evolve(item.clip, text=words))


def open_texts(project: BaseProject, templates: Templates) -> dict[tuple[int, int], OpenText]:
    """Return the texts of a script that wait for a row, by the numbers of their scenes and clips."""
    return {
        (index, place): OpenText(f"scenes[{index}].clips[{place}].text", item.clip.tag or "", item.clip.text)
        for index, scene in enumerate(project.scenes)
        for place, item in enumerate(scene._items)
        if isinstance(item, Draft) and isinstance(item.clip, Text) and templates.is_template(item.clip.text)
    }


# rows


@define
class Strain:
    """What rows do to a text: which leaves the least width, and which has the fewest letters at each event."""

    text: OpenText
    rows: int = 0
    widest: tuple[Laid, int, int] | None = None  # its row, its letters
    points: float = 0
    first: dict[Event, tuple[int, int]] = field(factory=dict)  # letters, row

    def add(self, number: int, words: str, laid: Laid) -> None:
        """Count the words of a row."""
        letters = len(words)
        self.rows += 1
        self.points = min(self.points or laid.points, laid.points)
        if self.widest is None or laid.left < self.widest[0].left:
            self.widest = laid, number, letters
        for event in laid.events:
            self.first[event] = min(self.first.get(event, (letters, number)), (letters, number))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON; the points and the room are those of the widest row."""
        found = {event: {"letters": letters, "row": row} for event, (letters, row) in self.first.items()}
        laid, row, letters = self.widest or (None, None, None)
        return {
            **asdict(self.text),
            "points": laid and laid.asked,
            "width": laid and laid.width,
            "height": laid and laid.height,
            "rows": self.rows,
            "left": laid and laid.left,
            "widest_row": row,
            "widest_letters": letters,
            "least_points": self.points,
            **{event: found.get(event) for event in get_args(Event)},
        }


class Stress:
    """Lays the words of row after row into the texts of a template."""

    def __init__(self, project: BaseProject) -> None:
        self._project = project
        texts = open_texts(project, Templates(project.environment))
        self._strains = {numbers: Strain(text) for numbers, text in texts.items()}

    @property
    def strains(self) -> list[Strain]:
        """What the rows so far did to each text."""
        return list(self._strains.values())

    def add(self, number: int, row: Mapping[str, Any]) -> None:
        """Lay out the words of a row. One that is wrong whatever its words is left out: its fault is told elsewhere."""
        try:
            with self._project._measuring():
                found = list(self._laid(render_values(self._project, row_values(row))))
        except DslError:
            return
        for strain, words, laid in found:
            strain.add(number, words, laid)

    def _laid(self, literal: BaseProject) -> Iterator[tuple[Strain, str, Laid]]:
        setting = setting_of(literal)
        for index, scene in enumerate(literal.scenes):
            origin = scene._origin[0] if scene._origin else index
            strains: dict[int, Strain] = {}
            words: dict[int, str] = {}
            for place, item in enumerate(scene._items):
                if not isinstance(item, Draft):
                    continue
                strain = self._strains.get((origin, item.number if item.number >= 0 else place))
                if strain and isinstance(item.clip, Text):
                    strains[place], words[place] = strain, item.clip.text
            if words:
                for place, laid in Laying(scene, setting, list(words)).laid(words).items():
                    yield strains[place], words[place], laid


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
    """Yield the budget of each text that waits for a row.

    One whose filters take no letters has none, and so has one whose size waits too.
    """
    templates = Templates(project.environment)
    with project._measuring():
        scenes = with_preview_values(project.scenes, templates)
        literal = filled_project(project, scenes, preview_visit(templates))
        for numbers, text in open_texts(project, templates).items():
            names = tuple(dict.fromkeys((*templates.names(text.text), *templates.columns(text.text))))
            if not names or _size_waits(project.scenes[numbers[0]], numbers[1]):
                continue
            try:
                yield _budget(literal, numbers, text, names, partial(_words, templates, text.text, names))
            except DslError:
                continue


def _budget(
    literal: BaseProject, numbers: tuple[int, int], text: OpenText, names: tuple[str, ...], words: Callable[..., str]
) -> Budget:
    index, place = numbers
    laying = Laying(literal.scenes[index], setting_of(evolve(literal, scenes=())), [place])

    def laid(letters: int, gap: int = 0) -> Laid:
        return laying.laid({place: words(letters, gap)})[place]

    usual = laid(len(AVERAGE))
    # What may wrap is tried with words of usual length, what must stay on its line with one word.
    found = {event: _most(partial(laid, gap=6 if usual.wraps else 0), event) for event in get_args(Event)}
    letters = {event: most for event, most in found.items() if most is not None}
    return Budget(text.path, text.tag, names, usual.asked, letters)


def _size_waits(scene: Scene, place: int) -> bool:
    """Tell whether the size of a text, or that of a group that it is in, waits for a row."""
    item: Any = scene._items[place]
    own = item.place
    values = [own.width, own.height, own.fit, own.scale, own.min_font_size, own.style]
    values += [item.clip.font_size, item.clip.stroke_width, item.clip.font_family, item.clip.font_weight]
    parent = item.parent
    while parent >= 0:
        values.append(scene._groups[parent].width)
        parent = scene._groups[parent].parent
    return any(map(holds_jinja, values))


def _words(templates: Templates, text: str, names: tuple[str, ...], letters: int, gap: int = 0) -> str:
    """Return the text with so many average letters for its variables together, in words of `gap` letters."""
    each, more = divmod(letters, len(names) or 1)
    row = {name: _average(each + (number < more), gap) for number, name in enumerate(names)}
    return templates.render(text, row_values(row))


def _average(letters: int, gap: int) -> str:
    text = (AVERAGE * (letters // len(AVERAGE) + 1))[:letters]
    return " ".join(text[at : at + gap] for at in range(0, letters, gap)) if gap else text


def _most(laid: Callable[[int], Laid], event: Event) -> int | None:
    """Return the most letters before an event, None if none so many bring it about."""

    def happens(letters: int) -> bool:
        return event in laid(letters).events

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
