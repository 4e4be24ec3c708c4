"""A portrait social clip: a hook, a face, a call to action."""

from aistudios_dsl import Project, above

ACCENT = "#d81b60"

project = (
    Project("Three stretches", orientation="portrait")
    .scene(background="#14213d")
    .avatar("M000045058", framing="waist", say="Sitting all day? Here are three stretches.")
    .text("3 stretches\nfor desk workers", font_size=72, bold=True, align="center", at="bottom", margin=200, tag="hook")
    .scene(background="#14213d")
    .avatar("M000045058", framing="bust", say="Roll your shoulders. Open your chest. Breathe.")
    .shape("Rectangle_corner0", fill=ACCENT, width="80%", height=180, at="bottom", margin=160, tag="button")
    .text("Follow for more", font_size=54, bold=True, at="bottom", margin=210, tag="call")
    .text("one minute a day", font_size=36, color="#fca311", at=above("button", gap=24))
)
