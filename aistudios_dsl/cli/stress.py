"""What `aistudios check --stress` prints: the room of each text for the rows, or the letters it has room for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

from aistudios_dsl.cli.base import plural, print_line

if TYPE_CHECKING:
    from aistudios_dsl.check.stress import Budget, Strain, TextRoom


def print_strains(strains: Iterable[Strain]) -> None:
    """Print, for each text, what the widest row leaves of it, and the fewest letters that shrink, wrap or break it."""
    from aistudios_dsl.check.stress import Event

    found = list(strains)
    for strain in found:
        print_line(_title(strain.room))
        if strain.widest is None:
            print_line("  no row shows it")
            continue
        left, row, letters = strain.widest
        room = f"leaves {left:.0f} px of {strain.room.width:.0f}" if left >= 0 else f"is {-left:.0f} px too wide"
        print_line(f"  widest   row {row}, {plural(letters, 'letter')}: {room}")
        for event in get_args(Event):
            if event in strain.first:
                letters, row = strain.first[event]
                to = f"; {strain.points:g} pt at worst" if event == "shrinks" else ""
                print_line(f"  {event:8} row {row}, {plural(letters, 'letter')}{to}")
    if not found:
        print_line("no text waits for a row")


def print_budgets(budgets: Iterable[Budget]) -> None:
    """Print, for each text, how many average letters its variables may have."""
    found = list(budgets)
    for budget in found:
        print_line(f"{budget.path}{f' (tag {budget.tag!r})' if budget.tag else ''}")
        names = ", ".join(budget.variables)
        together = " together" if len(budget.variables) > 1 else ""
        if not budget.letters:
            print_line(f"  {names}: no limit")
        for event, letters in sorted(budget.letters.items(), key=lambda item: item[1]):
            print_line(
                f"  {names}: up to {letters:,} average letters{together} at {budget.points:g} pt, then it {event}"
            )
    if not found:
        print_line("no text waits for a row")


def _title(room: TextRoom) -> str:
    tag = f" (tag {room.tag!r})" if room.tag else ""
    return f"{room.path}{tag}: {room.points:g} pt in {room.width:.0f} x {room.height:.0f} px"
