"""Broken scripts and documents, each with the exact message it gets.

The table is `tests/data/messages.json`; `python tests/test_messages.py` writes it anew, for its difference to be read.
"""

import json
import tempfile
from contextlib import chdir
from pathlib import Path

import pytest

from aistudios_dsl import (
    Avatar,
    DslError,
    Project,
    Scene,
    TextStyle,
    Theme,
    above,
    around,
    below,
    column,
    grid,
    inside,
    row,
    wire,
)

TABLE = Path(__file__).parent / "data" / "messages.json"
CASES = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else []


def loaded_theme(toml):
    """The theme in a file brand.toml with these lines."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("brand.toml").write_text(toml, encoding="utf-8")
        return Theme.load("brand.toml")


VERBS = (above, around, below, column, grid, inside, row)
NAMES = {each.__name__: each for each in (Project, Scene, Avatar, Theme, TextStyle, *VERBS)} | {
    "wire": wire,
    "U": "https://x.example/a.png",
    "T": Theme(colors={"brand": "#e4002b", "ink": "#111111"}, text={"title": TextStyle(font_size=72, color="brand")}),
    "toml": loaded_theme,
}


def message(case):
    try:
        if "document" in case:
            Project.load(case["document"].encode("utf-8", "surrogatepass"))
        else:
            eval(case["script"], NAMES | {"S": lambda: Project().scene()})
    except DslError as fault:
        return f"{type(fault).__name__}: {fault}"
    return "no error"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.get("script") or case.get("document") or "empty")
def test_a_mistake_gets_its_message(case):
    assert message(case) == case["message"]


def test_the_table_is_long_and_every_case_in_it_is_a_mistake():
    assert len(CASES) >= 40
    assert [case for case in CASES if case["message"] == "no error"] == []


if __name__ == "__main__":
    rows = [case | {"message": message(case)} for case in CASES]
    TABLE.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
