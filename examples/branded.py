"""One brand in a TOML file, one script, both orientations: a hook, and a call to action.

aistudios build examples/branded.py --object portrait -o portrait.json
"""

from pathlib import Path

from aistudios_dsl import Project, Scene, Theme, around, column, row

BRAND = Theme.load(Path(__file__).with_name("brand.toml"))


def plate(scene, group, tag, fill, **place):
    """Place a group with a plate behind it; in a scene or in another group."""
    return scene.place(group, tag=tag, **place).shape("Square", fill=fill, stroke_radius=24, at=around(tag))


def with_logo(scene):
    return scene.shape("Star", fill="sun", width=72, at="top right", margin="5%", tag="logo")


hook = row(padding=(64, 32)).text("3 stretches\nfor desk workers", style="title")
button = row(padding=(64, 32)).text("Follow for more", style="label")
call = (
    column(gap=24, align="center", padding=48)
    .text("one minute a day", style="note")
    .pipe(plate, button, "button", "accent")
)

scenes = [
    Scene(background="ink")
    .avatar("M000045058", say="Sitting all day? Here are three stretches.")
    .pipe(plate, hook, "hook", "accent", at="bottom", margin="6%"),
    Scene(background="ink")
    .avatar("M000045058", framing="bust", say="Roll your shoulders. Open your chest. Breathe.")
    .pipe(plate, call, "call", "panel", at="bottom", margin="6%"),
]

project = Project("Three stretches", theme=BRAND).add(*scenes).map_scenes(with_logo)
portrait = Project("Three stretches", orientation="portrait", theme=BRAND).add(*scenes).map_scenes(with_logo)
