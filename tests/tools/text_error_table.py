"""Print how far measured texts are from Fabric.js in Chromium, per script, as the table of docs/layout.md."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from aistudios_dsl.layout.text import measure, wrap

DATA = Path(__file__).parents[1] / "data"


def table() -> str:
    """Markdown: widths of single texts, then line breaks of random wrapped texts."""
    meta, cases = json.loads((DATA / "text_cases.json").read_text(encoding="utf-8")).values()
    rows = ["| script | texts | greatest width error | letters |", "| --- | --- | --- | --- |"]
    worst: dict[tuple[str, bool], list[float]] = {}
    for case in (meta["defaults"] | case for case in cases):
        if case["cls"] == "Text" and case["family"] == "Noto Sans CJK KR" and "charSpacing" not in case:
            weight = str(case["weight"])
            bold = weight == "bold" or (weight.isdigit() and int(weight) >= 600)
            box = measure(case["text"], case["size"], bold=bold)
            error = abs(box.width - case["width"]) / case["width"]
            worst.setdefault((case["script"], bool(box.estimated)), []).append(error)
    for (script, estimated), errors in worst.items():
        letters = "some estimated" if estimated else "inside the font"
        rows.append(f"| {script} | {len(errors)} | {max(errors):.4%} | {letters} |")
    return "\n".join([*rows, "", *wrapped()])


def wrapped() -> list[str]:
    """The rows of the wrapped texts."""
    cases = json.loads(gzip.decompress((DATA / "wrap_cases.json.gz").read_bytes()))["cases"]
    found: dict[str, list[bool]] = {}
    for case in cases:
        bold, by_grapheme = case["weight"] >= 600, bool(case.get("g"))
        box = wrap(case["text"], case["size"], case["wrap"], bold=bold, by_grapheme=by_grapheme)
        found.setdefault(case["script"], []).append([len(line) for line in box.lines] == case["v5"]["breaks"])
    rows = ["| script | wrapped texts | with the same breaks |", "| --- | --- | --- |"]
    return rows + [f"| {script} | {len(same)} | {sum(same) / len(same):.0%} |" for script, same in found.items()]


if __name__ == "__main__":
    print(table())
