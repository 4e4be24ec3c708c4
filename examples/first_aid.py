"""One video in five languages, for each course of a list: the translations are in examples/locale.

aistudios check examples/first_aid.py --data examples/data/courses.csv --locales all --catalog examples/locale
"""

from attrs import evolve

from aistudios_dsl import Catalog, Project, TextStyle, Theme, around, below, column, row

LOOK = Theme(
    colors={"night": "#12263a", "red": "#c8102e", "snow": "#ffffff"},
    text={
        "title": TextStyle(font_size=72, bold=True, color="snow"),
        "fact": TextStyle(font_size=44, color="snow"),
    },
)
HOST = Catalog().avatars[0]
# The documented avatar stands for those of your account that speak these languages.
SPEAKERS = {language: evolve(HOST, language=language) for language in ("de", "es", "ko", "ar")}
ARABIC = evolve(LOOK, font_family="Noto Sans Arabic")


def step(number, words):
    return row(gap=28).text(f"{number}", style="title", translate=False).text(words, style="fact")


facts = (
    column(gap=36)
    .text("First aid\nin one day", style="title", fit=(1000, 260), min_font_size=40)
    .text("Next course: {{ day|date }}", style="fact")
    .text("{{ city }}", style="fact", translate=False)
)
steps = (
    column(gap=40)
    .place(step(1, "Check that it is safe"))
    .place(step(2, "Call for help"))
    .place(step(3, "Press hard and fast"))
)
project = (
    Project("First aid in {{ city }}", theme=LOOK, themes={"ar": ARABIC}, avatars=SPEAKERS)
    .scene(background="night")
    .avatar("M000045058", say="Would you know what to do? Our next course is on {{ day|date }}.", at="bottom right")
    .place(facts, at="left", margin="6%")
    .scene(background="night")
    .avatar("M000045058", say="Check that it is safe. Call for help. Press hard and fast.", at="bottom right")
    .place(steps, at="left", margin="6%")
    .scene(background="night")
    .avatar("M000045058", framing="bust", say="We have {{ seats|number }} seats. Save yours today!", at="bottom right")
    .text("Save your seat", style="title", at="left", margin="8%", tag="call")
    .shape("Square", fill="red", stroke_radius=20, at=around("call", padding=(44, 28)))
    .text("{{ price|money('EUR') }}", style="fact", at=below("call", gap=72), translate=False)
)
