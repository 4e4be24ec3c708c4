"""Same script, same bytes: in any process, with any hash seed, without a network."""

import os
import subprocess
import sys

import pytest

from tests.examples import EXAMPLES

NO_NETWORK = """
import socket, sys
def refused(*a, **k): raise OSError("the network was used")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused
sys.argv = ["aistudios", "build", *sys.argv[1:]]
from aistudios_dsl.cli import main
main()
"""


each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


def built(example, seed):
    env = os.environ | {"PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", NO_NETWORK, *example.arguments]
    return subprocess.run(command, capture_output=True, check=True, env=env).stdout


@each_example
def test_two_processes_write_the_same_bytes_without_network(example):
    first = built(example, "1")
    assert first.startswith(b"{")
    assert first == built(example, "2")


@each_example
def test_an_example_gives_its_golden_file(example):
    """Golden files are rewritten by `python -m tests.tools.make_golden`."""
    assert built(example, "0") == example.golden.read_bytes()


def test_every_golden_file_is_of_an_example():
    kept = {path.stem for path in EXAMPLES[0].golden.parent.iterdir()}
    assert kept == {example.name for example in EXAMPLES}
