"""One video for each customer: a template over rows, with a scene for each order and one for gold members alone.

aistudios build examples/personalised.py --data examples/data/people.csv -o videos.jsonl
"""

from aistudios_dsl import Project, column

NIGHT, GOLD = "#0b1b2b", "#ffc857"
SHOP = "https://shop.example.com"


def shop_words(environment):
    """Filters of one's own: the prices in the data are in cents."""
    environment.filters["euros"] = lambda cents: f"€{int(cents) / 100:,.2f}"


thanks = (
    column(gap=24)
    .text("Thank you, {{ name }}", font_size=80, min_font_size=36, fit=("100%", 220))
    .text("{{ spent|euros }} in {{ city }}", font_size=48, color=GOLD)
)
order = (
    column(gap=32, align="center")
    .image(SHOP + "/pictures/{{ item|lower|replace(' ', '-') }}.png", natural=(1200, 900), width="100%")
    .text("{{ item }}", font_size=56)
)
project = (
    Project("Thank you, {{ name }}", webhook_url=SHOP + "/rendered/{{ id }}", environment=shop_words)
    .scene(background=NIGHT)
    .avatar("M000045058", say="Hello {{ name }}!\n\nThank you for {{ orders }} orders.", at="bottom right")
    .place(thanks, at="left", margin="5%", width="50%")
    .scene(background=NIGHT, each="item in items.split(';')", when="item != ''")
    .place(order, width="50%")
    .scene(background=GOLD, when="plan == 'gold'")
    .avatar("M000045058", framing="bust", say="{{ name }}, gold members such as you ship for free.")
)
