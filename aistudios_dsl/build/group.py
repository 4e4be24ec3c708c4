"""Groups: rows, columns and grids of clips, which are laid out by their sizes and placed as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from inspect import unwrap
from typing import Any, Literal, Self

from attrs import evolve, field, frozen

from aistudios_dsl.build.drafts import label, refuse_in_group
from aistudios_dsl.build.keywords import arguments_of, checked_function
from aistudios_dsl.build.placement import Flow, GroupDraft
from aistudios_dsl.build.scene import Scene
from aistudios_dsl.build.verbs import Verbs, verb
from aistudios_dsl.errors import BuildError, plural, under
from aistudios_dsl.layout.geometry import ANCHORS, Anchor
from aistudios_dsl.layout.sizes import finite, one_of
from aistudios_dsl.wire.nodes import AnyClip, Audio, Background, Clip

_ALIGNS = {"row": ("top", "center", "bottom"), "column": ("left", "center", "right"), "grid": tuple(ANCHORS)}
DEEPEST = 50
"""How many groups may stand inside one another."""


@frozen(repr=False)
class Group(Verbs):
    """A row, column or grid; made by `row`, `column` and `grid`. The verbs return a new group with a clip more.

    A group sets its clips one after the other by their measured sizes, so they take no `at` and no `margin`; only
    `inside` and `around` are allowed, for a clip that takes no room. `Scene.place` puts a group into a scene, and
    `place` puts it into another group.
    """

    _flow: Flow = field(alias="flow")
    _inner: Scene = field(factory=Scene, alias="inner")

    def __attrs_post_init__(self) -> None:
        flow = self._flow
        with under(f"{flow.kind}()"):
            one_of(flow.align, _ALIGNS[flow.kind], "align")
            padding: tuple[object, ...] = flow.padding if isinstance(flow.padding, tuple) else (flow.padding,)
            spaces: tuple[tuple[str, object], ...] = (("gap", flow.gap), *(("padding", each) for each in padding))
            for name, value in spaces:
                if isinstance(value, str) or finite(value, name) < 0:
                    raise BuildError(f"{name} is {value!r}", hint="give a number of px from 0 up")
            if len(padding) > 2:
                raise BuildError(f"padding is {flow.padding!r}", hint="give one number, or a pair (across, down)")
            if isinstance(flow.columns, bool) or not isinstance(flow.columns, int) or flow.columns < 1:
                raise BuildError(f"columns is {flow.columns!r}", hint="give a whole number from 1 up")

    def __hash__(self) -> int:
        return hash((self._flow, self._inner))

    def __repr__(self) -> str:
        return f"{self._flow.kind}({plural(len(self._inner._items), 'clip')})"

    def _change(self, change: Callable[[Scene], Scene]) -> Self:
        with under(self._flow.kind):
            return evolve(self, inner=change(self._inner))

    def _clips(self) -> Iterator[AnyClip]:
        return self._inner._clips()

    def _named(self, name: str) -> AnyClip | None:
        return self._inner._named(name)

    def _drafted_groups(self) -> Iterable[GroupDraft]:
        return self._inner._groups

    def _add(self, verb: str, cls: type[Clip], place: Any, own: Mapping[str, Any], **values: Any) -> Self:
        with under(f"{self._flow.kind}.{self._inner._next_label(verb, place.get('tag'))}"):
            if issubclass(cls, Audio):
                raise BuildError("a sound has no place in a group", hint="add it to the scene", code="in-group")
        added = super()._add(verb, cls, place, own, **values)
        added._refuse(len(self._inner._items))
        return added

    def _edit(self, tag_or_id: str, changes: dict[str, Any]) -> Self:
        edited = super()._edit(tag_or_id, changes)
        edited._refuse(self._inner._place_of(tag_or_id))
        return edited

    def _refuse(self, index: int) -> None:
        """Raise `BuildError` where one of its clips wants a place of its own."""
        item: Any = self._inner._items[index]
        if item.parent < 0:  # Those of the groups in it are refused by the scene.
            with under(f"{self._flow.kind}.{label(index, item.clip)}"):
                refuse_in_group(self._flow.kind, item)

    def _place(self, group: Group, draft: GroupDraft) -> Self:
        with under(f"{self._flow.kind}.place()"):
            if draft.at is not None or draft.margin != 0:
                hint = "leave it out; gap=, padding= and align= of the outer group set the distances"
                raise BuildError("a group in a group takes no at= and no margin=", hint=hint, code="in-group")
            if _depth(group._inner._groups) >= DEEPEST:
                raise BuildError(f"groups are nested more than {DEEPEST} deep", hint="put some side by side")
        return super()._place(group, draft)

    @verb
    def clips(self) -> list[AnyClip]:
        """Return the clips in order, those of the groups in it among them.

        >>> [clip.tag for clip in row().text("Hi", tag="t").clips()]
        ['t']
        """
        return list(self._clips())

    @verb
    def remove(self, tag_or_id: str, /) -> Self:
        """Take a clip away, with what it says.

        Args:
            tag_or_id: The tag or id of the clip.

        Raises:
            BuildError: No clip has it.

        >>> row().text("Hi", tag="t").text("Ho").remove("t")
        row(1 clip)
        """
        return self._change(lambda scene: scene.remove(tag_or_id))

    def background(self, value: str | Background | None) -> Self:
        """Refuse: a scene has a background, a group has none.

        Args:
            value: Whatever it is.

        Raises:
            BuildError: Always, with what to do instead.
        """
        hint = 'put a shape behind it: .shape("Square", fill="#102030", at=around("its tag"))'
        raise BuildError("a group has no background", f"{self._flow.kind}.background()", hint)

    def put(self, *clips: AnyClip) -> Self:
        """Refuse: a wire clip stands where its numbers say.

        Args:
            clips: Whatever they are.

        Raises:
            BuildError: Always, with what to do instead.
        """
        hint = "put it into the scene, or use the verb of its type"
        raise BuildError(
            "a wire clip has its place already, so no group can place it", f"{self._flow.kind}.put()", hint
        )


def _depth(groups: Sequence[GroupDraft]) -> int:
    depths: list[int] = []
    for group in groups:  # a parent stands before its children
        depths.append(1 + (depths[group.parent] if group.parent >= 0 else 1))
    return max(depths, default=1)


def _of_place() -> Mapping[str, Sequence[str]]:
    return {"place": arguments_of(unwrap(Verbs.place)).keywords}


@checked_function(_of_place)
def row(
    gap: float = 0, align: Literal["top", "center", "bottom"] = "center", padding: float | tuple[float, float] = 0
) -> Group:
    """Return an empty row: its clips stand side by side, from left to right.

    Args:
        gap: Distance between neighbours in px, from 0 up. Default 0.
        align: Where lower clips stand: "top", "center" or "bottom". Default "center".
        padding: Space between the clips and the edges of the row in px, or a pair (across, down). Default 0.

    Returns:
        A group with the verbs of a scene. `place` puts it into a scene or another group.

    Raises:
        BuildError: A value is wrong.

    >>> row(gap=24).shape("Circle", fill="#ff0000", width=40).text("Now live")
    row(2 clips)
    """
    return Group(Flow("row", gap, align, padding))


@checked_function(_of_place)
def column(
    gap: float = 0, align: Literal["left", "center", "right"] = "left", padding: float | tuple[float, float] = 0
) -> Group:
    """Return an empty column: its clips stand one below the other.

    Args:
        gap: Distance between neighbours in px, from 0 up. Default 0.
        align: Where narrower clips stand: "left", "center" or "right". Default "left".
        padding: Space between the clips and the edges of the column in px, or a pair (across, down). Default 0.

    Returns:
        A group with the verbs of a scene. `place` puts it into a scene or another group.

    Raises:
        BuildError: A value is wrong.

    >>> column(gap=16, align="center").text("Title").text("Subtitle", font_size=28)
    column(2 clips)
    """
    return Group(Flow("column", gap, align, padding))


@checked_function(_of_place)
def grid(columns: int, gap: float = 0, align: Anchor = "center", padding: float | tuple[float, float] = 0) -> Group:
    """Return an empty grid: its clips fill cells from left to right, row after row.

    A column is as wide as its widest clip; where the grid has a width, all columns share it equally. A row is as high
    as its highest clip.

    Args:
        columns: How many cells a row has, from 1 up.
        gap: Distance between neighbouring cells in px, from 0 up. Default 0.
        align: Where a clip stands in its cell: one of the nine anchors. Default "center".
        padding: Space between the cells and the edges of the grid in px, or a pair (across, down). Default 0.

    Returns:
        A group with the verbs of a scene. `place` puts it into a scene or another group.

    Raises:
        BuildError: A value is wrong.

    >>> grid(3, gap=24).text("Basic").text("Team").text("Company")
    grid(3 clips)
    """
    return Group(Flow("grid", gap, align, padding, columns))
