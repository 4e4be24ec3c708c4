"""What two processes gain over one, writing the same parts: one process, two, and a Dask cluster of two workers.

python -m tests.benchmarks.scale_out [ROWS] [ROUNDS]

Rounds are interleaved, and each ratio is taken inside its round; start-up of the workers is left out of the times and
shown by itself. Elapsed time says little where others use the cores; processor time, which counts client, scheduler and
workers, says what the cluster adds to the work itself.
"""

import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from dask.distributed import Client, LocalCluster

from aistudios_dsl.cli.base import load_script
from aistudios_dsl.templates.rows import read_rows
from examples.scale_out_dask import write_shard, write_shards

ROOT = Path(__file__).parent.parent.parent

TEMPLATE = ROOT / "examples" / "personalised.py"
PARTS = 8


def write_parts(folder, count):
    """`count` rows in equal parts, each row with a name of its own."""
    people = list(read_rows(ROOT / "examples" / "data" / "people.csv"))
    head = ",".join(people[0]) + "\n"
    for part in range(PARTS):
        with (folder / f"part-{part:02}.csv").open("w", encoding="utf-8") as file:
            file.write(head)
            for number in range(part, count, PARTS):
                row = people[number % len(people)] | {"id": str(number)}
                row["name"] += f" {number}"
                file.write(",".join('"' + value.replace('"', '""') + '"' for value in row.values()) + "\n")


def one_task(pair):
    """In a process of a pool: the plan is compiled there, since the example's filter is known to its script alone."""
    return write_shard(_plan(), *pair)


def _plan(kept=[]):  # noqa: B006
    if not kept:
        kept.append(load_script(TEMPLATE).compile())
    return kept[0]


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def processor_time(client):
    return time.process_time() + sum(client.run(time.process_time).values())


def main():
    count, rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8000, int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        parts, target = Path(folder, "parts"), Path(folder, "shards")
        parts.mkdir()
        target.mkdir()
        write_parts(parts, count)
        shards = {part: target / f"{part.stem}.jsonl" for part in sorted(parts.iterdir())}
        plan = _plan()
        began = time.perf_counter()
        cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
        with cluster, Client(cluster) as client, ProcessPoolExecutor(2, get_context("spawn")) as pool:
            started = time.perf_counter() - began
            list(pool.map(one_task, shards.items()))
            write_shards(client, plan, shards)
            times, work = [], []
            for _ in range(rounds):
                marks = [processor_time(client)]
                alone = timed(lambda: [write_shard(plan, *pair) for pair in shards.items()])
                marks.append(processor_time(client))
                two = timed(lambda: list(pool.map(one_task, shards.items())))
                marks.append(processor_time(client))
                dask = timed(lambda: write_shards(client, plan, shards))
                marks.append(processor_time(client))
                times.append((alone, two, dask))
                work.append((marks[3] - marks[2]) / (marks[1] - marks[0]))
        size = sum(path.stat().st_size for path in target.iterdir())
    report(count, size, started, times, work)


def report(count, size, started, times, work):
    """Print the medians, and the ratios inside each round."""
    print(
        f"{count} rows, {size / count / 1000:.1f} KB each, {PARTS} parts, {os.cpu_count()} cores, {len(times)} rounds"
    )
    print(f"starting the cluster: {started:.1f} s")
    for index, name in enumerate(("one process", "two processes", "Dask, two workers")):
        rate = statistics.median(count / each[index] for each in times)
        gain = statistics.median(each[0] / each[index] for each in times)
        print(f"{name}: {rate:,.0f} rows/s, {gain:.2f} x one process")
    print(f"processor time of Dask in all: {statistics.median(work):.2f} x that of one process")


if __name__ == "__main__":
    main()
