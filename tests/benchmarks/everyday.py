"""What building, loading and starting cost, as ratios of processor time inside interleaved rounds.

python -m tests.benchmarks.everyday                 # prints the tables
python -m tests.benchmarks.everyday --write         # and puts them into docs/performance.md
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from aistudios_dsl import Project, above
from tests.benchmarks import put_into_page

SCRIPT = 'from aistudios_dsl import Project\nproject = Project("Hi").scene(background="#102030").text("Hi", at="top")\n'


def project() -> Project:
    """Five scenes with an avatar that speaks, a picture, a panel and three texts each."""
    made = Project("For Ann", webhook_url="https://example.com/hooks/1")
    for part in range(5):
        made = (
            made.scene(background="/images/background/bg_blue_gradient.png")
            .avatar("M000045058", say=f"Part {part}: hello Ann, Firm & Sons has a plan for you.")
            .image(f"https://cdn.example.com/{part}.png", natural=(800, 600), at="top left", margin=40, width="20%")
            .shape("Square", fill="#102030", width=600, height=120, at="bottom right", margin=40, tag="panel")
            .text(f"Gold since 1 May, {part}", width=560, height=80, at="bottom right", margin=60)
            .text("A line that stays", at="bottom left", margin=40)
            .text("Right above the panel", at=above("panel", gap=24))
        )
    return made


def cpu(action: Callable[[], Any], count: int) -> float:
    """Seconds of processor time that an action takes, from its mean."""
    started = time.process_time()
    for _ in range(count):
        action()
    return (time.process_time() - started) / count


def pairs() -> dict[str, tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """What is compared, with what: the name and the two actions."""
    made = project()
    text = made.to_json()
    space: dict[str, Any] = {}
    exec(f"def by_hand(): return {json.loads(text)!r}", space)
    by_hand = space["by_hand"]

    def dumped() -> str:
        return json.dumps(by_hand(), ensure_ascii=False, separators=(",", ":"))

    assert dumped() == text == Project.load(text, template=False).to_json()
    return {
        "the verbs of five scenes, and `to_json`": (
            "a dict literal, `json.dumps`",
            lambda: project().to_json(),
            dumped,
        ),
        "`to_json`": ("a dict literal, `json.dumps`", made.to_json, dumped),
        "`Project.load` of a text": ("`json.loads`", lambda: Project.load(text), lambda: json.loads(text)),
    }


def library(rounds: int) -> Iterator[str]:
    """Rows for calls in this process."""
    for name, (other, action, against) in pairs().items():
        action()
        ratios = [cpu(action, 4) / cpu(against, 40) for _ in range(rounds)]
        yield f"| {name} | {other} | {median(ratios):.1f} |"


def starts(rounds: int) -> Iterator[str]:
    """Rows for processes, all modules compiled before."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "video.py")
        script.write_text(SCRIPT)
        aistudios = ["-m", "aistudios_dsl.cli"]
        cases = {
            "bare Python": ["-c", "pass"],
            "libraries": ["-c", "import attrs, jinja2"],
            "`import aistudios_dsl`": ["-c", "import aistudios_dsl"],
            "`from aistudios_dsl import Project`": ["-c", "from aistudios_dsl import Project"],
            "`aistudios --help`": [*aistudios, "--help"],
            "`aistudios build` of one text": [*aistudios, "build", str(script)],
            "`aistudios preview` of it": [*aistudios, "preview", str(script), "-o", f"{folder}/page.html"],
        }
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = kept | {"PYTHONPYCACHEPREFIX": folder}

        def started(arguments: list[str]) -> float:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *arguments], check=True, env=environment, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        taken = [{name: started(arguments) for name, arguments in cases.items()} for _ in range(rounds + 1)][1:]
    bare = median(one["bare Python"] for one in taken)
    libraries = median(one["libraries"] for one in taken) - bare
    for name in list(cases)[2:]:
        if "import" in name:
            ratio = (median(one[name] for one in taken) - bare) / libraries
            yield f"| {name}, beyond bare Python | `import attrs, jinja2`, likewise | {ratio:.2f} |"
        else:
            yield f"| {name} | bare Python | {median(one[name] / one['bare Python'] for one in taken):.1f} |"


def main() -> None:
    """Measure, print, and write the page if asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    lead = f"CPython {platform.python_version()}, {options.rounds} interleaved rounds, medians of processor time."
    rows = [*library(options.rounds), *starts(options.rounds)]
    text = "\n".join([lead, "", "| what | over | ratio |", "| --- | --- | --- |", *rows])
    print(text)
    if options.write:
        put_into_page("everyday", text)


if __name__ == "__main__":
    main()
