"""A template with its rows, as a page or one picture: a strip of scenes for each row, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from aistudios_dsl.draw.sheet import Strip, sheet
from aistudios_dsl.draw.shell import rendered
from aistudios_dsl.draw.storyboard import ScenePanel
from aistudios_dsl.errors import clock
from aistudios_dsl.layout.geometry import Box

if TYPE_CHECKING:
    from aistudios_dsl.check.findings import Finding

MOST = 60
"""How many rows a sheet shows."""
_OPEN = 12
"""Of how many rows the findings are open from the start."""

Rank = tuple[int, int, int, int, int]


@frozen
class RowStrip:
    """A row: its number, from 1, what it is known by, and its scenes and findings, or why it cannot be drawn."""

    number: int
    name: str
    panels: Sequence[ScenePanel] = ()
    loose: Sequence[Finding] = ()
    fault: str = ""
    hint: str = ""

    @property
    def findings(self) -> list[tuple[int, Finding]]:
        """What was found in the project and in its scenes, with the number in the picture, or 0."""
        return [*((0, one) for one in self.loose), *(one for panel in self.panels for one in panel.findings)]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many findings it has of each severity, where it has some."""
        from aistudios_dsl.check.findings import counted

        return [(kind, many) for kind, many in counted(found for _, found in self.findings).items() if many]

    @property
    def seconds(self) -> float:
        """How long its speech is estimated to take."""
        return sum(panel.scene.seconds for panel in self.panels)


def rank(number: int, findings: Sequence[Finding] | None) -> Rank:
    """Return what rows are sorted by, the worst first: those that give no project (None), then the most severe ones.

    >>> rank(1, []) > rank(2, None)
    True
    """
    from aistudios_dsl.check.findings import counted

    if findings is None:
        return 0, 0, 0, 0, number
    counts = counted(findings)
    return 1, -counts["error"], -counts["warning"], -counts["note"], number


def contact_page(
    title: str,
    strips: Sequence[RowStrip],
    total: int,
    counts: Sequence[tuple[str, int]],
    orientation: str,
    *,
    live: bool,
) -> str:
    """Return the page. `total`: how many rows there are; `counts`: how many of them have what, in words."""
    facts = {"title": title, "strips": strips, "total": total, "counts": counts, "orientation": orientation}
    return rendered("contact.html", live=live, open=_OPEN, **facts)


def contact_sheet(strips: Sequence[RowStrip], canvas: Box) -> str:
    """Return the strips as one SVG document."""
    return sheet([_as_strip(strip) for strip in strips], canvas)


def _as_strip(strip: RowStrip) -> Strip:
    tiles = [
        (
            f"scenes[{panel.index}]{f'  about {clock(panel.scene.seconds)}' if panel.scene.seconds else ''}",
            panel.picture,
        )
        for panel in strip.panels
    ]
    found = ", ".join(f"{many} {kind}{'s' if many > 1 else ''}" for kind, many in strip.counts)
    # The row's own words come last: they may be cut, or run from right to left and turn round what follows them.
    return Strip("  ·  ".join(filter(None, (f"row {strip.number}", found, strip.name))), tiles, strip.fault)
