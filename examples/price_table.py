"""A price table from data: a card for each plan of a row, with a bullet for each of its perks, and a badge on the best.

aistudios build examples/price_table.py --data examples/data/offers.jsonl -o videos.jsonl
"""

from aistudios_dsl import Project, Theme, around, column, grid, row

COLORS = Theme(colors={"night": "#101828", "panel": "#1d2939", "best": "#067647", "sun": "#ffc857"})

perk = row(gap=16).shape("Circle", fill="sun", width=12).text("{{ perk }}", font_size=32)
badge = row(padding=(16, 8)).text("Best value", color="night", font_size=24, bold=True)
card = (
    column(gap=24, padding=40)
    .place(
        row(gap=24)
        .text("{{ plan.name }}", font_size=40, bold=True)
        .place(badge, when="plan.best", tag="badge")
        .shape("Square", fill="sun", stroke_radius=8, at=around("badge"))
    )
    .place(row(gap=12, align="bottom").text("€{{ plan.price }}", font_size=72, bold=True).text("a month", font_size=32))
    .place(column(gap=12).place(perk, each="perk in plan.perks"))
)
table = grid(3, gap=32, align="top").place(
    column()
    .place(card, width="100%", tag="card")
    .shape("Square", fill="{{ 'best' if plan.best else 'panel' }}", stroke_radius=16, at=around("card")),
    each="plan in plans",
    width="100%",
)

project = (
    Project("Offers for {{ customer }}", theme=COLORS)
    .scene(background="night")
    .avatar("M000045058", say="{{ customer }}, these are your plans.", voice_only=True)
    .place(
        column(gap=64).text("{{ customer }}, choose your plan", font_size=64, bold=True).place(table, width="100%"),
        width="90%",
    )
)
