"""One brand in a TOML file, one script, both orientations: a hook, a face, a call to action.

aistudios build examples/branded.py --object landscape -o landscape.json
"""

from pathlib import Path

from aistudios_dsl import Project, Scene, Theme, above, around

BRAND = Theme.load(Path(__file__).with_name("brand.toml"))


def with_logo(scene):
    return scene.shape("Star", fill="sun", width=72, at="top right", margin=64)


def button(scene, words, **place):
    """A label on a plate that is as large as its words ask for."""
    return scene.text(words, style="label", tag="button", **place).shape(
        "Rectangle_corner0", fill="accent", at=around("button", padding=(64, 32)), tag="plate"
    )


scenes = [
    Scene(background="ink")
    .avatar("M000045058", say="Sitting all day? Here are three stretches.")
    .text("3 stretches\nfor desk workers", style="title", at="bottom", margin="10%"),
    Scene(background="ink")
    .avatar("M000045058", framing="bust", say="Roll your shoulders. Open your chest. Breathe.")
    .pipe(button, "Follow for more", at="bottom", margin="10%")
    .text("one minute a day", style="note", at=above("plate", gap=24)),
]

project = Project("Three stretches", orientation="portrait", theme=BRAND).add(*scenes).map_scenes(with_logo)
landscape = Project("Three stretches", theme=BRAND).add(*scenes).map_scenes(with_logo)
