"""A price table from data: one card for each plan of a row, with a bullet for each of its perks.

aistudios build examples/price_table.py --data examples/data/offers.jsonl -o videos.jsonl
"""

from aistudios_dsl import Project, around, below, column, grid, inside, row

NIGHT, PANEL, BEST = "#101828", "#1d2939", "#067647"

perk = row(gap=12).shape("Circle", fill=BEST, width=12).text("{{ perk }}", font_size=28)
plan = (
    column(gap=20, padding=48)
    .text("{{ plan.name }}", font_size=40, bold=True, tag="name")
    .text("€{{ plan.price }} a month", font_size=32, color="#98a2b3")
    .place(column(gap=12).place(perk, each="perk in plan.perks"), width="100%", tag="perks")
    .shape("Square", fill=PANEL, at=around("name", "perks", padding=40), tag="card")
    .shape("Square", fill=BEST, at=around("badge", padding=(16, 4)), when="plan.best")
    .text(
        "Best value", font_size=24, bold=True, at=inside("card", "top right", margin=12), when="plan.best", tag="badge"
    )
)

project = (
    Project("Offers for {{ customer }}")
    .scene(background=NIGHT)
    .text("{{ customer }}, choose your plan", font_size=64, bold=True, at="top", margin=120, tag="headline")
    .place(
        grid(3, gap=32, align="top").place(plan, each="plan in plans", width="100%"),
        at=below("headline", gap=64),
        width="88%",
    )
    .scene(background=NIGHT)
    .avatar("M000045058", say="Which one is yours, {{ customer }}?")
)
