"""How long the storyboard of 200 scenes takes, and how large it is: `python -m tests.benchmarks.storyboard`."""

import statistics
import tempfile
import time
from pathlib import Path

from aistudios_dsl import Project, Scene, below

SCENES, ROUNDS = 200, 5


def made():
    """A project of so many scenes, each with an avatar, a picture, three texts and a shape."""
    project = Project("Two hundred scenes")
    for number in range(SCENES):
        scene = Scene(background="#0b1b2b").avatar("M000045058", at="bottom right", say=f"This is scene {number}.")
        scene = scene.text(f"Scene {number}: warm light at night", font_size=60, width="45%", at=(96, 96), tag="title")
        scene = scene.text("One charge lasts a week. 한 번 충전으로 일주일.", font_size=36, at=below("title", gap=12))
        scene = scene.image(
            "https://x.example/lamp.png", natural=(1600, 1200), width="30%", at="bottom left", margin=96
        )
        scene = scene.shape("Circle", fill="#ffc857", width=220, at=(800, 700), tag="badge")
        project = project.add(scene.text(f"€{number}", font_size=56, color="#0b1b2b", at=(840, 770)))
    return project


def main():
    """Print the figures."""
    project = made()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        seconds = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            project.storyboard(page)
            seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
        checked = len(project.check())
        check = time.perf_counter() - start
        start = time.perf_counter()
        project.resolve()
        resolve = time.perf_counter() - start
        size = page.stat().st_size
    print(f"{SCENES} scenes: first {seconds[0]:.2f} s, median {statistics.median(seconds):.2f} s, {size / 1e6:.2f} MB")
    print(f"of that, resolve {resolve:.2f} s, check {check:.2f} s ({checked} findings)")


if __name__ == "__main__":
    main()
