"""A product promo for both orientations: a lower third, a card with bullets, and a price on a badge.

aistudios build examples/product_promo.py --object portrait -o portrait.json
"""

from aistudios_dsl import Project, Scene, around, below, column, inside, row

CDN = "https://cdn.example.com/lamp"
NIGHT, PANEL, WARM = "#0b1b2b", "#16324a", "#ffc857"


def bullet(words):
    return row(gap=20).shape("Circle", fill=WARM, width=16).text(words, font_size=36)


title = (
    column(gap=8)
    .text("Lumen One", font_size=96, color=WARM, bold=True, animation="fade-in")
    .text("The lamp that reads with you.", font_size=40)
)
card = (
    column(gap=24)
    .text("Light that follows the day", font_size=48, bold=True)
    .place(bullet("Warm at night, clear by day"))
    .place(bullet("One charge lasts a week"))
    .place(bullet("Two years of guarantee"))
)

opening = (
    Scene(background=NIGHT)
    .video(f"{CDN}/turntable.mp4", poster=f"{CDN}/poster.jpg", natural=(1920, 1080), width="100%")
    .place(title, at="bottom left", margin=120, tag="title")
    .shape("Square", fill="rgba(11, 27, 43, 0.72)", at=around("title", padding=(48, 32)))
    .audio(f"{CDN}/theme.mp3", label="Theme", volume=40)
)

pitch = (
    Scene(background=NIGHT)
    .avatar("M000045058", height="60%", at="bottom right", say="Meet Lumen One.\n\nYours for 89 euros.")
    .place(card, at="top left", margin=120, width=720, tag="card")
    .shape("Square", fill=PANEL, at=around("card", padding=48))
    .image(f"{CDN}/lamp.png", natural=(1600, 1200), width="30%", at=below("card", gap=96, align="left"), tag="lamp")
    .shape("Circle", fill=WARM, width=180, at=inside("lamp", "top right"), tag="badge", animation=("zoom-in", 1, 1))
    .text("€89", font_size=44, color=NIGHT, bold=True, at=inside("badge"))
)

project = Project("Lumen One").add(opening, pitch)
portrait = Project("Lumen One", orientation="portrait").add(opening, pitch)
