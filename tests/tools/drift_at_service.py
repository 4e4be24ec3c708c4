"""Change one key in some of many stored projects, over HTTP, and compare what `Outbox.drift` finds.

The sandbox keeps the projects and adds the keys that the service documents to add. Exactly those that were changed may
be found. Run: python -m tests.tools.drift_at_service [--rows 1100] [--changed 100] [--seed 0]
"""

import json
import random
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from aistudios_dsl import Project
from aistudios_dsl.service import Client, Outbox

EDITS = [
    ("textImage", lambda clip: {"text": clip["text"] + "!"}),
    ("textImage", lambda clip: {"left": clip["left"] + 1}),
    ("textImage", lambda clip: {"fontSize": clip["fontSize"] + 1}),
    ("textImage", lambda clip: {"angle": 3}),
    ("image", lambda clip: {"opacity": 50}),
    ("image", lambda clip: {"source_url": "https://cdn.example.com/b.png"}),
    ("aiModel", lambda clip: {"script": "Something else."}),
    ("aiModel", lambda clip: {"layer": clip["layer"] + 1}),
    ("background", lambda clip: {"source_color": "rgb(9,9,9)"}),
]
"""A type of clip, and what the editor makes of one of its keys."""


def document(number):
    """The project of a row, as a script writes it."""
    return (
        Project(f"Video {number}")
        .scene()
        .avatar("M000045058", "BG00002320", say=f"Hello, number {number}.")
        .image("https://cdn.example.com/a.png", natural=(400, 300), at="left")
        .text(f"Number {number}", at="top", margin=60)
    ).to_dict()


def edit(sandbox, project_id, body, chance):
    """Change one key of a stored project by the service's own call."""
    kind, made = chance.choice(EDITS)
    scene = body["scenes"][0]
    clip = scene["background"] if kind == "background" else next(one for one in scene["clips"] if one["type"] == kind)
    values = {"updates": {"value": [{"sceneIdx": 0, "type": kind, "values": made(clip)}]}, "isExport": False}
    headers = {"Authorization": sandbox.key, "Content-Type": "application/json"}
    url = f"{sandbox.base_url}/api/odin/v3/editor/project/{project_id}"
    with urllib.request.urlopen(
        urllib.request.Request(url, json.dumps(values).encode(), headers), timeout=30
    ) as answer:
        assert json.load(answer)["success"], values


def campaign(sandbox, folder, rows, changed, seed):
    """Make the drafts, change some, and return the keys that were changed and those that were found."""
    chance, bodies = random.Random(seed), [document(number) for number in range(rows)]
    with Client(sandbox.key, base_url=sandbox.base_url) as client, Outbox(folder / "videos.outbox", client) as outbox:
        outbox.add(bodies)
        assert outbox.run(export=False, rate=1e6, concurrency=8).complete
        before = [one.key for one in outbox.drift()]
        chosen = chance.sample(outbox.rows(), changed)
        for row in chosen:
            edit(sandbox, row.project_id, bodies[row.number - 1], chance)
        began = time.monotonic()
        found = [one.key for one in outbox.drift()]
        return before, {row.key for row in chosen}, found, time.monotonic() - began


def main(rows, changed, seed):
    """Print the figures; a wrong one raises AssertionError."""
    from tests.conftest import running_sandbox

    with TemporaryDirectory() as folder, running_sandbox() as sandbox:
        before, chosen, found, seconds = campaign(sandbox, Path(folder), rows, changed, seed)
    print(f"{rows} stored projects, {len(before)} reported before any was changed")
    right, wrong = len(chosen & set(found)), len(set(found) - chosen)
    print(f"{len(chosen)} changed at one key each: {right} found, {wrong} others; {seconds:.0f} s")
    assert (before, set(found), len(found)) == ([], chosen, changed)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1100)
    parser.add_argument("--changed", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
