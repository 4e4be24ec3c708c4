"""What `aistudios check --stress` prints: the room of each text for the rows, or the letters it has room for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

from aistudios_dsl.cli.base import print_line
from aistudios_dsl.errors import plural

if TYPE_CHECKING:
    from aistudios_dsl.check.stress import Budget, OpenText, Strain


def print_strains(strains: Iterable[Strain]) -> None:
    """Print, for each text, what the widest row leaves of it, and the fewest letters that shrink, wrap or break it."""
    from aistudios_dsl.check.stress import Event

    found = list(strains)
    for strain in found:
        title = _title(strain.text)
        if strain.widest is None:
            print_line(f"{title}\n  no row shows it")
            continue
        laid, row, letters = strain.widest
        print_line(f"{title}: {laid.asked:g} pt in {laid.width:.0f} x {laid.height:.0f} px")
        room = (
            f"leaves {laid.left:.0f} px of {laid.width:.0f}" if laid.left >= 0 else f"is {-laid.left:.0f} px too wide"
        )
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
        print_line(_title(budget))
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


def _title(text: OpenText | Budget) -> str:
    return f"{text.path}{f' (tag {text.tag!r})' if text.tag else ''}"
