"""Many machines, one plan: shards written by a small cluster of processes are what one process writes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import frozen

from aistudios_dsl.cli.base import load_script
from aistudios_dsl.templates.rows import read_rows
from tests.extras import needs

EXAMPLES = Path(__file__).parent.parent / "examples"
SCALE_OUT = EXAMPLES / "scale_out_dask.py"
TEMPLATE = EXAMPLES / "personalised.py"
PEOPLE = list(read_rows(EXAMPLES / "data" / "people.csv"))

pytestmark = [needs("distributed", "dask"), pytest.mark.slow]


@frozen
class Run:
    """How the example ended."""

    code: int
    errors: str
    shards: dict[str, bytes]


def scaled_out(parts, target):
    command = [sys.executable, "-W", "error", str(SCALE_OUT), str(TEMPLATE), str(parts), str(target), "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    files = sorted(target.iterdir()) if target.is_dir() else []
    return Run(done.returncode, done.stderr, {path.name: path.read_bytes() for path in files})


def write_parts(folder, count, rows_each):
    """Parts in CSV and JSONL by turns, and the lines that one process makes of all their rows."""
    folder.mkdir()
    rows = [PEOPLE[n % len(PEOPLE)] | {"id": str(n)} for n in range(count * rows_each)]
    for number in range(count):
        own = rows[number * rows_each : (number + 1) * rows_each]
        if number % 2:
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in own)
            (folder / f"part-{number:03}.jsonl").write_text(text, encoding="utf-8")
        else:
            head = ",".join(own[0]) + "\n"
            text = "".join(
                ",".join('"' + value.replace('"', '""') + '"' for value in row.values()) + "\n" for row in own
            )
            (folder / f"part-{number:03}.csv").write_text(head + text, encoding="utf-8")
    return [project.to_json().encode() + b"\n" for project in load_script(TEMPLATE).render_all(rows)]


def test_shards_of_two_processes_are_byte_for_byte_what_one_process_writes(tmp_path):
    lines = write_parts(tmp_path / "parts", 6, 40)
    run = scaled_out(tmp_path / "parts", tmp_path / "shards")
    assert run.code == 0, run.errors
    assert list(run.shards) == [f"part-{number:03}.jsonl" for number in range(6)]
    assert list(run.shards.values()) == [b"".join(lines[start : start + 40]) for start in range(0, 240, 40)]


def test_a_part_that_fails_is_named_with_its_line_and_holds_up_no_other(tmp_path):
    lines = write_parts(tmp_path / "parts", 2, 3)
    (tmp_path / "parts" / "broken.csv").write_text("id,nmae\n1,Ann\n", encoding="utf-8")
    run = scaled_out(tmp_path / "parts", tmp_path / "shards")
    assert run.code == 1
    assert "broken.jsonl: row 1 (broken.csv line 2): " in run.errors
    assert run.shards == {"part-000.jsonl": b"".join(lines[:3]), "part-001.jsonl": b"".join(lines[3:])}


def test_two_parts_of_one_name_are_refused_before_anything_is_written(tmp_path):
    write_parts(tmp_path / "parts", 1, 1)
    (tmp_path / "parts" / "part-000.jsonl").write_text("{}\n", encoding="utf-8")
    run = scaled_out(tmp_path / "parts", tmp_path / "shards")
    assert run.code == 1
    assert "each with a stem of its own" in run.errors
    assert not (tmp_path / "shards").exists()
