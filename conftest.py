"""Gives the examples in the docstrings of `Client` and `Outbox` a sandbox to call."""

import pytest

from aistudios_dsl import Project
from aistudios_dsl.service import Client
from tests.conftest import running_sandbox


@pytest.fixture(scope="session")
def _example_client():
    with (
        running_sandbox("--render-seconds", 0) as sandbox,
        Client(sandbox.key, base_url=sandbox.base_url) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def _example_names(request):
    """Name what the examples of the service use: `client`, `project`, and an empty `folder`."""
    if isinstance(request.node, pytest.DoctestItem) and "service" in request.node.name:
        given = {"client": request.getfixturevalue("_example_client"), "folder": request.getfixturevalue("tmp_path")}
        names = request.getfixturevalue("doctest_namespace")
        names |= given | {"project": Project("Hello").scene(background="#101820").text("Hello")}
