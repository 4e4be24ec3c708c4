"""Print how far measured texts are from Fabric.js in Chromium, per script, as the table of docs/layout.md."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from statistics import fmean
from typing import Any

from aistudios_dsl.layout.text import measure, wrap

DATA = Path(__file__).parents[1] / "data"


def cases(name: str = "script_cases.json.gz") -> list[dict[str, Any]]:
    """The texts with Fabric's answers."""
    found: list[dict[str, Any]] = json.loads(gzip.decompress((DATA / name).read_bytes()))
    return found


def table() -> str:
    """Markdown: for each script the errors of the widths, of known and of estimated texts apart, and equal breaks."""
    rows = [
        "| script | letters | texts | mean width error | worst | same breaks |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    errors: dict[tuple[str, bool], list[float]] = {}
    breaks: dict[tuple[str, bool], list[bool]] = {}
    for case in cases():
        bold = case["weight"] >= 600
        if "wrap" in case:
            box = wrap(case["text"], case["size"], case["wrap"], bold=bold, by_grapheme=False)
            key = case["script"], bool(box.estimated)
            breaks.setdefault(key, []).append([len(line) for line in box.lines] == case["breaks"])
        else:
            box = measure(case["text"], case["size"], bold=bold)
            key = case["script"], bool(box.estimated)
            errors.setdefault(key, []).append(abs(box.width - case["width"]) / case["width"])
    for (script, estimated), found in errors.items():
        same, letters = breaks[script, estimated], "some estimated" if estimated else "inside the font"
        numbers = f"{len(found)} | {fmean(found):.4%} | {max(found):.4%} | {sum(same) / len(same):.0%}"
        rows.append(f"| {script} | {letters} | {numbers} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
