"""How long it takes to check a project of 200 scenes, each with an avatar, speech, four texts, a picture and shapes.

python -m tests.benchmarks.check [SCENES]
"""

import statistics
import sys
import time

from aistudios_dsl import Project
from aistudios_dsl.check.findings import check

TARGET = 0.5
ROUNDS = 9


def project(scenes):
    made = Project("Two hundred scenes")
    for number in range(scenes):
        made = made.scene(background="#102030").avatar("M000045058", at="bottom right", say=f"This is scene {number}.")
        made = made.shape("Square", fill="#0b1b2b", width=900, height=760, at=(96, 96))
        for line in range(4):
            words = f"Line {line} of scene {number} is long enough to be wrapped in the middle."
            made = made.text(words, width=600, at=(120, 120 + 180 * line), font_size=32)
        made = made.image("https://cdn.example.com/lamp.png", natural=(800, 600), width=200, at=(760, 880))
    return made


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def report(scenes):
    made = project(scenes)
    resolved = made.resolve()
    clips = sum(len(scene.clips) for scene in resolved.scenes)
    print(f"{scenes} scenes, {clips:,} clips, {len(check(resolved)):,} findings; {ROUNDS} rounds")
    print(f"project.check(), which resolves first: {times(made.check)} (target: under {TARGET} s)")
    print(f"check() of the resolved project:       {times(lambda: check(resolved))}")


def times(work):
    taken = [seconds(work) for _ in range(ROUNDS)]
    return f"best {min(taken):.3f} s, median {statistics.median(taken):.3f} s"


if __name__ == "__main__":
    report(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
