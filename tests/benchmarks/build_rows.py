"""What `aistudios build --data` takes beyond `plan.write_jsonl`, and what `--jobs` gains.

python -m tests.benchmarks.build_rows [ROWS] [ROUNDS]

Of one process, processor time; of several, elapsed time too, beside what as many processes gain that only count. Rounds
are interleaved, ratios are taken inside a round, and medians shown. "small" is a scene with one text, and has three
times the rows; "large" is the template of `payloads`.
"""

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from contextlib import chdir, redirect_stderr
from io import StringIO
from pathlib import Path

from aistudios_dsl.cli import main as command
from aistudios_dsl.cli.base import load_script
from aistudios_dsl.templates.rows import read_rows
from tests.benchmarks import payloads

SMALL = """
from aistudios_dsl import Project
project = Project("For {{ name }}").scene(background="#102030").text("Hello {{ name }}", at="top", margin=60)
"""
LARGE = """
from tests.benchmarks.payloads import template
project = template()
"""
OPTIONS = {"": (), "--set": ("--set", "plan=gold"), "--strict": ("--strict",)}
JOBS = 2


def write_inputs(count):
    """The two templates and their rows."""
    Path("large.py").write_text(LARGE, encoding="utf-8")
    Path("small.py").write_text(SMALL, encoding="utf-8")
    with Path("large.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in payloads.rows(count))
    with Path("small.csv").open("w", encoding="utf-8") as file:
        file.write("name\n")
        file.writelines(f"{row['name']}\n" for row in payloads.rows(3 * count))


def by_hand(template, rows):
    load_script(template).compile().write_jsonl(read_rows(rows), "by_hand.jsonl")


def files_by_hand(template, rows):
    plan, folder = load_script(template).compile(), Path(tempfile.mkdtemp(dir="."))
    for number, row in enumerate(read_rows(rows)):
        (folder / f"{number}.json").write_bytes(plan.render_json(row))


def build(template, rows, *more, output="built.jsonl"):
    arguments = ["build", template, "--data", rows, "-o", output, *map(str, more)]
    with redirect_stderr(StringIO()):
        command(arguments, standalone_mode=False)


def cpu(work, *arguments, **more):
    """The seconds of processor time, those of child processes included, and the elapsed ones."""
    started, began = time.perf_counter(), _cpu()
    work(*arguments, **more)
    return _cpu() - began, time.perf_counter() - started


def _cpu():
    own, of_children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + of_children.ru_utime + of_children.ru_stime


def counting(processes, steps=12_000_000):
    """The elapsed seconds of processes that share steps and touch no memory."""
    started, found = time.perf_counter(), []
    for _ in range(processes):
        pid = os.fork()
        if not pid:
            for _ in range(steps // processes):
                pass
            os._exit(0)
        found.append(pid)
    for pid in found:
        os.waitpid(pid, 0)
    return time.perf_counter() - started


def one_process(path, rows, rounds):
    for name, options in OPTIONS.items():
        pairs = [(cpu(by_hand, path, rows)[0], cpu(build, str(path), rows, *options)[0]) for _ in range(rounds)]
        print(f"{path.stem} {name}: {statistics.median(b / a for a, b in pairs):.2f} x write_jsonl (processor time)")


def several(path, rows, rounds):
    pairs = []
    for _ in range(rounds):
        alone, together = cpu(build, str(path), rows), cpu(build, str(path), rows, "--jobs", JOBS, output="jobs.jsonl")
        pairs.append((alone[1] / together[1], together[0] / alone[0], counting(1) / counting(JOBS)))
    assert Path("built.jsonl").read_bytes() == Path("jobs.jsonl").read_bytes()
    gain, work, bare = (statistics.median(each) for each in zip(*pairs, strict=True))
    gained = f"{gain:.2f} x the rows a second (counting: {bare:.2f} x)"
    print(f"{path.stem} --jobs {JOBS}: {gained}, {work:.2f} x the processor time")


def main():
    count, rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        write_inputs(count)
        for path, rows in ((Path("small.py"), "small.csv"), (Path("large.py"), "large.jsonl")):
            by_hand(path, rows)
            one_process(path, rows, rounds)
            several(path, rows, rounds)
        names = ["--name", "{{ name }}.json"]
        small = Path("small.py"), "small.csv"
        pairs = []
        for turn in range(3):
            own = cpu(build, "small.py", "small.csv", *names, output=f"files-{turn}")
            pairs.append((cpu(files_by_hand, *small)[0], own[0]))
        print(f"small --name: {statistics.median(b / a for a, b in pairs):.2f} x render_json and a file each")


if __name__ == "__main__":
    main()
