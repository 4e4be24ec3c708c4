"""How long it takes to compare two large projects: scenes moved, scenes changed, and one scene whose clips all changed.

python -m tests.benchmarks.diff [SCENES]
"""

import sys
import time

from attrs import evolve

from aistudios_dsl import Project, Scene, diff, wire


def project(count):
    sky = Scene(background="/sky.png")
    made = (sky.text(f"Number {n}", at=(10, n)).shape("Star", fill="red", width=9 + n % 7) for n in range(count))
    return Project.load(Project().add(*made).to_dict())


def poster(count, mark=""):
    clips = [
        {"id": f"{mark}i{n}", "tag": f"{mark}t{n}", "type": "textImage", "layer": n, "text": f"{mark}Word {n}"}
        | {"fill": "#fff", "fontSize": 48, "left": n + 5.5 * len(mark), "top": 0, "width": 100, "height": 50}
        for n in range(count)
    ]
    return Project.load({"scenes": [{"background": {}, "sceneIdx": 0, "clips": clips}]})


def report(what, before, after):
    start = time.perf_counter()
    found = diff(before, after)
    print(f"{what}: {time.perf_counter() - start:.2f} s, {len(found):,} changes")


def main(count):
    base = project(count)
    scenes, half = base.scenes, count // 2
    report(f"{count:,} scenes, none changed", base, project(count))
    report(f"{count:,} scenes, half of them moved", base, base.with_scenes([*scenes[half:], *scenes[:half]]))
    changed = base.map(wire.Text, lambda clip: evolve(clip, opacity=50))
    report(f"{count:,} scenes, a clip changed in each", base, changed)
    for clips in (count // 10, count):
        report(f"{clips:,} clips with other tags, ids, words and places", poster(clips), poster(clips, "x"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
