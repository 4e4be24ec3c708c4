"""How the time of each operation grows with its work: processor time against n, and the exponent of the curve.

    python -m tests.benchmarks.growth                   # prints the table
    python -m tests.benchmarks.growth --write           # and puts it into docs/performance.md
    python -m tests.benchmarks.growth --slice           # a quick look, as CI does: fails where an exponent passes 1.3
    python -m tests.benchmarks.growth --only check      # operations with this in their name; goes with all of these

The exponent is the slope of log time over log n between the upper sizes, where fixed costs no longer hide it. 1 means
that time follows the work, 2 that it follows its square.
"""

import argparse
import gc
import math
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from statistics import linear_regression
from typing import Any, Literal

from attrs import evolve, frozen

from aistudios_dsl import Project, Scene, below, diff, wire
from aistudios_dsl.service.flow import Job, Progress
from aistudios_dsl.service.outbox import Outbox
from tests.benchmarks import put_into_page

MOST = 1.3
"""The largest exponent that the slice lets pass; the table's aim is 1.2."""
TOO_LONG = 15.0
"""Seconds after which larger sizes of an operation are left out."""

Unit = Literal["scenes", "clips", "rows"]
SIZES: dict[Unit, tuple[int, ...]] = {
    "scenes": (10, 100, 500, 1000, 2000, 4000),
    "clips": (10, 100, 250, 500, 1000, 2000),
    "rows": (10, 100, 500, 1000, 2000, 4000),
}
"""The sizes measured. The exponent is fitted on the last `UPPER` of them."""
UPPER = 4
SLICE: dict[Unit, tuple[int, int]] = {"scenes": (40, 400), "clips": (60, 600), "rows": (100, 1000)}
"""The two sizes of the slice."""

Work = Callable[[], object]


@frozen
class Operation:
    """Something to measure: `prepare` makes the input of a size, and returns the work to be timed.

    `slow`: how many times smaller it is in the slice.
    """

    name: str
    unit: Unit
    prepare: Callable[[int], Work]
    slow: int = 1


OPERATIONS: list[Operation] = []


def operation(name: str, *units: Unit, slow: int = 1) -> Callable[[Callable[..., Work]], None]:
    """Enter a function that prepares work: of a size, or for several units of a project of that many of each."""

    def enter(prepare: Callable[..., Work]) -> None:
        for unit in units:
            made = prepare if len(units) == 1 else _of_project(prepare, unit)
            OPERATIONS.append(Operation(name, unit, made, slow))

    return enter


def _of_project(prepare: Callable[[Project], Work], unit: Unit) -> Callable[[int], Work]:
    return lambda count: prepare(many_scenes(count) if unit == "scenes" else Project().add(grid(count)))


# what is measured


def many_scenes(count: int) -> Project:
    """Scenes with an avatar that speaks, two texts and a shape each."""
    project = Project("Many scenes")
    for number in range(count):
        project = (
            project.scene(background="#102030")
            .avatar("M000045058", at="bottom right", say=f"This is scene {number}.")
            .text(f"Scene number {number}", at=(120, 90 + number % 50), tag=f"title {number}")
            .text("One line below it", font_size=32, at=below(f"title {number}", gap=12))
            .shape("Circle", fill="#ffc857", width=200, at=(100, 700))
        )
    return project


def grid(count: int, across: int = 50, step: int = 36) -> Scene:
    """One scene of small clips in rows, texts and shapes in turn."""
    scene = Scene(background="#102030")
    for number in range(count):
        at = (40 + step * (number % across), 40 + step * (number // across))
        if number % 2:
            scene = scene.shape("Square", fill="#ffc857", width=24, at=at, tag=f"t{number}")
        else:
            scene = scene.text(f"n{number}", font_size=9, at=at, tag=f"t{number}")
    return scene


def chain(count: int) -> Scene:
    """One scene of clips, each below the one before."""
    scene = Scene().text("First", at=(100, 100), font_size=9, tag="t0")
    for number in range(1, count):
        scene = scene.text(f"Line {number}", font_size=9, at=below(f"t{number - 1}", gap=2), tag=f"t{number}")
    return scene


def template_of(count: int) -> Project:
    """One scene of clips, of which every second waits for a row."""
    return Project().add(grid(count)).map(wire.Text, lambda clip: evolve(clip, text=f"{clip.text} {{{{ name }}}}"))


def loaded(scene: Scene) -> Project:
    """A scene as it comes from the wire."""
    return Project.load(Project().add(scene).to_dict())


@operation("build", "scenes")
def _(count: int) -> Work:
    return lambda: many_scenes(count)


@operation("build", "clips")
def _(count: int) -> Work:
    return lambda: grid(count)


@operation("build, each `below` the last", "clips")
def _(count: int) -> Work:
    return lambda: chain(count)


@operation("build with a `dictionary` of n words", "scenes")
def _(count: int) -> Work:
    words = [{"from": f"word {number}", "to": f"said {number}"} for number in range(count)]

    def work() -> Project:
        project = Project(dictionary=words)
        for _ in range(count):
            project = project.scene().text("Hello")
        return project

    return work


@operation("`resolve`", "scenes", "clips")
def _(project: Project) -> Work:
    return project.resolve


@operation("`resolve`, each `below` the last", "clips")
def _(count: int) -> Work:
    return Project().add(chain(count)).resolve


@operation("`to_json`", "scenes", "clips")
def _(project: Project) -> Work:
    return project.to_json


@operation("`load`", "scenes", "clips")
def _(project: Project) -> Work:
    text = project.to_json()
    return lambda: Project.load(text)


@operation("`check`", "scenes", "clips")
def _(project: Project) -> Work:
    return project.check


@operation("`check`, all at one spot", "clips")
def _(count: int) -> Work:
    return Project().add(grid(count, step=0)).check


@operation("`check`, pictures at one spot", "clips")
def _(count: int) -> Work:
    scene = Scene()
    for number in range(count):
        scene = scene.image(f"https://cdn.example.com/{number}.png", natural=(800, 600))
    return Project().add(scene).check


@operation("`diff`, half of the scenes moved", "scenes")
def _(count: int) -> Work:
    base = Project.load(many_scenes(count).to_dict())
    scenes, half = base.scenes, count // 2
    after = base.with_scenes([*scenes[half:], *scenes[:half]])
    return lambda: diff(base, after)


@operation("`diff`, a clip of each scene changed", "scenes", slow=2)
def _(count: int) -> Work:
    base = Project.load(many_scenes(count).to_dict())
    after = base.map(wire.Shape, lambda clip: evolve(clip, opacity=50))
    return lambda: diff(base, after)


@operation("`diff`, all tags, ids and words changed", "clips")
def _(count: int) -> Work:
    def poster(mark: str) -> Project:
        clips = [
            {"id": f"{mark}i{n}", "tag": f"{mark}t{n}", "type": "textImage", "layer": n, "text": f"{mark}Word {n}"}
            | {"fill": "#fff", "fontSize": 48, "left": n + 5.5 * len(mark), "top": 0, "width": 100, "height": 50}
            for n in range(count)
        ]
        return Project.load({"scenes": [{"background": {}, "sceneIdx": 0, "clips": clips}]})

    before, after = poster(""), poster("x")
    return lambda: diff(before, after)


@operation("storyboard", "scenes", "clips", slow=2)
def _(project: Project) -> Work:
    return project._page


@operation("storyboard, all at one spot", "clips")
def _(count: int) -> Work:
    return Project().add(grid(count, step=0))._page


@operation("`to_python`", "scenes", "clips", slow=8)
def _(project: Project) -> Work:
    return Project.load(project.to_dict()).to_python


@operation("`to_python`, off the canvas", "clips", slow=8)
def _(count: int) -> Work:
    return loaded(grid(count, across=5, step=400)).to_python


@operation("`to_python`, each `below` the last", "clips", slow=8)
def _(count: int) -> Work:
    return loaded(chain(count)).to_python


@operation("`compile`", "scenes", "clips")
def _(project: Project) -> Work:
    return project.compile


@operation("`compile`, each `below` the last", "clips")
def _(count: int) -> Work:
    template = Project().add(chain(count).edit("t0", text="{{ name }}"))
    return template.compile


@operation("a row of the plan, each `below` the last", "clips")
def _(count: int) -> Work:
    plan = Project().add(chain(count).edit("t0", text="{{ name }}")).compile()
    names = iter(range(1_000_000))
    return lambda: plan.render_json({"name": f"Ann {next(names)}"})


@operation("a row of the plan, all read it", "clips")
def _(count: int) -> Work:
    plan = template_of(count).compile()
    names = iter(range(1_000_000))
    return lambda: plan.render_json({"name": f"Ann {next(names)}"})


@operation("`check` of a template", "clips")
def _(count: int) -> Work:
    return template_of(count).check


@operation("n of `find`", "scenes", "clips")
def _(project: Project) -> Work:
    tags = [clip.tag for _, clip in project.clips() if clip.tag]
    return lambda: [project.find(tag) for tag in tags]


@operation("n of `edit`", "scenes", "clips")
def _(project: Project) -> Work:
    tags = [clip.tag for _, clip in project.clips() if clip.tag]

    def work() -> None:
        edited = project
        for tag in tags:
            edited = edited.edit(tag, opacity=50)

    return work


@operation("`map`", "scenes", "clips")
def _(project: Project) -> Work:
    return lambda: project.map(wire.Text, lambda clip: evolve(clip, opacity=50))


# the outbox


class Instant:
    """A service that answers at once."""

    base_url = "https://instant.example"

    def create(self, project: Any, *, export: bool) -> Job:
        """Answer with an id that follows from the name."""
        return Job(f"id{project.name.rpartition(' ')[2]}")

    def progress(self, id: str) -> Progress:
        """Answer that the video is there."""
        return Progress(id, 100, "https://instant.example/video.mp4")


def bodies(count: int) -> list[dict[str, Any]]:
    """Small payloads."""
    return [{"name": f"Video {number}", "scenes": []} for number in range(count)]


@operation("outbox: `add`", "rows")
def _(count: int) -> Work:
    some = bodies(count)

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder, Outbox(f"{folder}/a.outbox") as outbox:
            outbox.add(some)

    return work


@operation("outbox: `add` and `run` with `max_renders`", "rows")
def _(count: int) -> Work:
    some = bodies(count)

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder, Outbox(f"{folder}/a.outbox", Instant()) as outbox:
            outbox.add(some)
            assert outbox.run(export=True, rate=1e9, max_renders=count).complete

    return work


# measuring


def seconds(work: Work) -> float:
    """The processor time that it takes, of all threads."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def best(work: Work, least: float = 0.3, most: int = 9) -> float:
    """The best of several rounds, as many as fit into some time."""
    taken = [seconds(work)]
    while len(taken) < most and sum(taken) < least:
        taken.append(seconds(work))
    return min(taken)


def curve(of: Operation) -> dict[int, float]:
    """Seconds by size, up to one that takes too long."""
    found: dict[int, float] = {}
    for size in SIZES[of.unit]:
        found[size] = best(of.prepare(size))
        if found[size] > TOO_LONG:
            break
    return found


def exponent(taken: dict[int, float]) -> float:
    """The slope of log time over log n at the upper sizes.

    >>> exponent({10: 5, 100: 5, 200: 20, 400: 80, 800: 320})
    2.0
    """
    upper = list(taken)[-UPPER:]
    slope = linear_regression([math.log(size) for size in upper], [math.log(taken[size]) for size in upper]).slope
    return round(slope, 2)


def quick_exponent(of: Operation, tries: int = 8, most: float = MOST) -> float:
    """The slope between the two sizes of the slice.

    Other work on the machine only adds time, so the best of more rounds is nearer to the truth: it looks again as long
    as the exponent is too large, and gives up in the end.
    """
    small, large = (size // of.slow for size in SLICE[of.unit])
    at_small, at_large = of.prepare(small), of.prepare(large)
    least, most_taken, found = math.inf, math.inf, math.inf
    for _ in range(tries):
        least = min(least, *(seconds(at_small) for _ in range(3)))
        most_taken = min(most_taken, seconds(at_large))
        found = math.log(most_taken / least) / math.log(large / small)
        if found <= most:
            break
    return round(found, 2)


# the page


def table(operations: list[Operation]) -> Iterator[str]:
    """The table, as Markdown, row by row as it is measured."""
    yield (
        f"CPython {platform.python_version()}, {os.cpu_count()} cores; processor time, best of up to nine rounds. The"
        " exponent is fitted on the four largest sizes."
    )
    for unit, sizes in SIZES.items():
        if not any(of.unit == unit for of in operations):
            continue
        yield ""
        of_what = "clips in one scene" if unit == "clips" else unit
        yield f"| n {of_what} | {' | '.join(f'{n:,}' for n in sizes)} | exponent |"
        yield f"| --- |{' --- |' * (len(sizes) + 1)}"
        for of in operations:
            if of.unit == unit:
                taken = curve(of)
                shown = " | ".join(shown_seconds(taken.get(size)) for size in sizes)
                yield f"| {of.name} | {shown} | {exponent(taken):.2f} |"


def shown_seconds(taken: float | None) -> str:
    """A time in ms or s.

    >>> shown_seconds(0.0123), shown_seconds(2.5), shown_seconds(None)
    ('12 ms', '2.5 s', '')
    """
    if taken is None:
        return ""
    return f"{taken:.3g} s" if taken >= 1 else f"{taken * 1000:.2g} ms" if taken < 0.01 else f"{taken * 1000:.0f} ms"


def main() -> None:
    """Measure, print, and write the page if asked; or look at the slice."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--slice", action="store_true", help=f"two sizes each; exit code 1 for an exponent over {MOST}")
    parser.add_argument("--only", default="", help="only operations with this in their name")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write takes all operations")
    operations = [of for of in OPERATIONS if options.only in of.name]
    if options.slice:
        found = {f"{of.name} ({of.unit})": quick_exponent(of) for of in operations}
        for name, slope in found.items():
            print(f"{slope:5.2f}  {name}{f'  is more than {MOST}' if slope > MOST else ''}")
        sys.exit(any(slope > MOST for slope in found.values()))
    lines = []
    for line in table(operations):
        print(line, flush=True)
        lines.append(line)
    if options.write:
        put_into_page("growth", "\n".join(lines))


if __name__ == "__main__":
    main()
