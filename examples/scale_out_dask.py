"""Many machines, one plan: each part of the rows (.csv or .jsonl) becomes a shard of JSONL with the part's name.

python examples/scale_out_dask.py examples/personalised.py parts shards --workers 2
python examples/scale_out_dask.py examples/personalised.py parts shards --scheduler tcp://10.0.0.1:8786

The workers of a running cluster need this package and folders that they share.
"""

import argparse
import sys
import uuid
from pathlib import Path

from dask.distributed import Client, LocalCluster, as_completed

from aistudios_dsl.cli.base import load_script
from aistudios_dsl.templates.rows import read_rows


def write_shard(plan, part, shard):
    """The task of a worker: all rows of one part, written beside the shard and renamed at the end."""
    # A worker that was given up may still write while another does its work again, so each has a file of its own.
    beside = shard.with_name(f".{shard.name}.{uuid.uuid4().hex}.part")
    try:
        with beside.open("wb") as file:
            count = plan.write_jsonl(read_rows(part), file)
        beside.replace(shard)
    finally:
        beside.unlink(missing_ok=True)
    return count


def shards_of(parts, target):
    """Each part with the path of its shard."""
    found = {
        part: target / f"{part.stem}.jsonl" for part in sorted(parts.glob("*")) if part.suffix in (".csv", ".jsonl")
    }
    if not found or len(set(found.values())) < len(found):
        sys.exit(f"{parts} must hold .csv or .jsonl files, each with a stem of its own")
    return found


def write_shards(client, plan, shards):
    """Write every shard, and return how many parts failed; each is told, and holds up no other."""
    [sent] = client.scatter([plan], broadcast=True)
    tasks = {client.submit(write_shard, sent, *pair, pure=False): pair[1] for pair in shards.items()}
    failed = 0
    for task in as_completed(tasks):
        fault = task.exception()
        failed += fault is not None
        print(f"{tasks[task].name}: {fault or f'{task.result()} rows'}", file=sys.stderr)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("script", type=Path, help="a Python file that defines `project`, a template")
    parser.add_argument("parts", type=Path, help="a folder of .csv or .jsonl files")
    parser.add_argument("shards", type=Path, help="a folder for the shards")
    parser.add_argument("--workers", type=int, default=2, help="processes of a cluster on this machine")
    parser.add_argument("--scheduler", help="the address of a running cluster instead")
    args = parser.parse_args()
    plan = load_script(args.script).compile()
    shards = shards_of(args.parts.resolve(), args.shards.resolve())
    args.shards.mkdir(parents=True, exist_ok=True)
    if args.scheduler:
        with Client(args.scheduler) as client:
            return write_shards(client, plan, shards)
    cluster = LocalCluster(n_workers=args.workers, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client:
        return write_shards(client, plan, shards)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
