"""A landscape product promo with all six clip types, placed by anchors and by one another."""

from aistudios_dsl import Project, Scene, below, left_of, right_of

CDN = "https://cdn.example.com/lamp"
NIGHT, WARM = "#0b1b2b", "#ffc857"

opening = (
    Scene(background=NIGHT)
    .video(f"{CDN}/turntable.mp4", poster=f"{CDN}/poster.jpg", natural=(1920, 1080), height="100%", at="center")
    .shape("Square", fill="rgba(11, 27, 43, 0.72)", width="100%", height=300, at="bottom", tag="band")
    .text("Lumen One", font_size=96, color=WARM, bold=True, at=(120, 810), tag="name", animation="fade-in")
    .text("The lamp that reads with you.", font_size=40, at=below("name", gap=4, align="left"))
    .audio(f"{CDN}/theme.mp3", label="Theme", volume=40)
)

pitch = (
    Scene(background=NIGHT)
    .avatar("M000045058", at="bottom right", say="Meet Lumen One.\n\nYours for 89 euros.")
    .text(
        "Warm light at night, clear light by day. One charge lasts a week.",
        font_size=60,
        min_font_size=28,
        fit=(960, 260),
        at=(96, 96),
    )
    .image(f"{CDN}/lamp.png", natural=(1600, 1200), width="36%", at="bottom left", margin=96, tag="lamp")
    .shape("Circle", fill=WARM, width=220, at=right_of("lamp", gap=60), tag="badge", animation=("zoom-in", 1, 1))
    .text("€89", font_size=56, color=NIGHT, bold=True, at=left_of("badge", gap=-176))
)

project = Project("Lumen One").add(opening, pitch)
