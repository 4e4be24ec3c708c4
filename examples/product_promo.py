"""A product promo for both orientations: a lower third, a card with bullets, and a price on a badge.

aistudios build examples/product_promo.py --object portrait -o portrait.json
"""

from aistudios_dsl import Project, Scene, around, below, column, inside, row

CDN = "https://cdn.example.com/lamp"
NIGHT, PANEL, WARM = "#0b1b2b", "#16324a", "#ffc857"


def panel(scene, group, tag, **place):
    """Place a group with a plate behind it, which is as large as the words ask for."""
    return scene.place(group, tag=tag, **place).shape("Square", fill=PANEL, stroke_radius=16, at=around(tag))


def bullet(words):
    return row(gap=20).shape("Circle", fill=WARM, width=16).text(words, font_size=36)


title = (
    column(gap=8, padding=(48, 32))
    .text("Lumen One", font_size=96, color=WARM, bold=True, tag="name")
    .text("The lamp that reads with you.", font_size=40)
)
reasons = (
    column(gap=24, padding=48)
    .text("Light for every hour", font_size=48, bold=True)
    .place(bullet("Warm at night, clear by day"))
    .place(bullet("One charge lasts a week"))
    .place(bullet("Two years of guarantee"))
)

opening = (
    Scene(background=NIGHT)
    .video(
        f"{CDN}/lamp.mp4", poster=f"{CDN}/poster.jpg", natural=(1920, 1080), width="100%", height="100%", fit="cover"
    )
    .pipe(panel, title, "title", at="bottom left", margin=96)
    .audio(f"{CDN}/theme.mp3", label="Theme", volume=40)
)


def pitch(**figure):
    return (
        Scene(background=NIGHT)
        .avatar("M000045058", say="Meet Lumen One.\n\nYours for 89 euros.", **figure)
        .pipe(panel, reasons, "reasons", at="top left", margin=96)
        .image(
            f"{CDN}/lamp.png", natural=(1600, 1200), width=480, at=below("reasons", gap=48, align="left"), tag="lamp"
        )
        .shape("Circle", fill=WARM, width="40%", at=inside("lamp", "top right"), tag="badge", animation="zoom-in")
        .text("€89", fit=("70%", "50%"), color=NIGHT, bold=True, at=inside("badge"), animation="zoom-in")
    )


project = Project("Lumen One").add(opening, pitch(at="bottom right", margin=("6%", 0)))
portrait = Project("Lumen One", orientation="portrait").add(opening, pitch(at="bottom right", height="70%"))
