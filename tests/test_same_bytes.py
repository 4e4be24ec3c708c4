"""Same script, same bytes: in any process, with any hash seed, without a network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))
BUILDS = [path for path in EXAMPLES if "project = " in path.read_text(encoding="utf-8") and "dask" not in path.name]
DATA = {"personalised": ["--data", str(Path(__file__).parent.parent / "examples" / "data" / "people.csv")]}
NO_NETWORK = """
import socket, sys
def refused(*a, **k): raise OSError("the network was used")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused
sys.argv = ["aistudios", "build", *sys.argv[1:]]
from aistudios_dsl.cli import main
main()
"""


def built(path, seed):
    env = os.environ | {"PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", NO_NETWORK, str(path), *DATA.get(path.stem, [])]
    return subprocess.run(command, capture_output=True, check=True, env=env).stdout


@pytest.mark.parametrize("path", BUILDS, ids=lambda path: path.stem)
def test_two_processes_write_the_same_bytes_without_network(path):
    first = built(path, "1")
    assert first.startswith(b"{")
    assert first == built(path, "2")


@pytest.mark.parametrize("path", BUILDS, ids=lambda path: path.stem)
def test_an_example_gives_its_golden_file(path):
    """Golden files are rewritten by `python -m tests.tools.make_golden`."""
    golden = Path(__file__).parent / "golden" / f"{path.stem}.json{'l' if path.stem in DATA else ''}"
    assert built(path, "0") == golden.read_bytes()
