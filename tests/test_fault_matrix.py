"""The table of docs/reliability.md is what happens; `tests/tools/fault_matrix.py` runs all of it, and writes it."""

import asyncio
import contextlib

import pytest

from aistudios_dsl import SubmissionUnknown
from aistudios_dsl.sandbox.faults import KINDS
from aistudios_dsl.service import AsyncClient, Client
from tests.tools import fault_matrix, odd_answers

pytestmark = pytest.mark.slow

SLOW_OR_ALIKE = ("delay", "slow", "502", "503", "504", "502-after", "503-after", "504-after")
RUN_HERE = tuple(kind for kind in KINDS if kind not in SLOW_OR_ALIKE)


@pytest.fixture(scope="module")
def outcomes(_sandbox_process):
    """Each judged as it comes: nothing lost, nothing sent twice, no half file, no key in a message or log."""
    return fault_matrix.run(_sandbox_process, RUN_HERE)


@pytest.mark.parametrize("client", ["Client", "AsyncClient"])
def test_every_fault_at_every_call_ends_as_documented(outcomes, client):
    documented = fault_matrix.documented()
    found = fault_matrix.cells(outcomes, client)
    assert len(found) == 2 * len(RUN_HERE) + len(fault_matrix.ODD)
    assert {key: documented[key] for key in found} == found


def test_the_table_has_a_line_for_every_fault():
    odd = {(kind, -1) for kind in fault_matrix.ODD}
    assert set(fault_matrix.documented()) == {(kind, times) for kind in KINDS for times in (0, 1)} | odd


def test_an_odd_answer_ends_as_an_error_of_ours_or_a_result_in_its_time():
    """A slice, with time for a busy machine; `python -m tests.tools.odd_answers` runs all of them."""
    some = odd_answers.ODD[::40]
    found = [outcome for lane in odd_answers.campaign(some, timeout=1.5, threads=12) for outcome in lane]
    assert len(found) == len(some) * len(odd_answers.CALLS) * 2


@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_a_create_that_is_answered_too_late_is_made_once_and_its_fate_called_unknown(sandbox, make):
    sandbox.faults("create:delay=0.6")

    async def tried():
        async with contextlib.AsyncExitStack() as stack:
            client = await fault_matrix.entered(stack, make(sandbox.key, base_url=sandbox.base_url, timeout=0.25))
            result = await fault_matrix.attempt(client, "create", [fault_matrix.BODY], {"export": True})
        await asyncio.sleep(0.6)
        return result

    assert isinstance(asyncio.run(tried()), SubmissionUnknown)
    assert sandbox.creates() == 1
    assert sum(request["call"] == "create" for request in sandbox.requests()) == 1
