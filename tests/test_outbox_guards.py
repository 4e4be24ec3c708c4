"""Attacks on plan and apply: whatever is copied, swapped, renamed or at work at once, nothing is paid for twice."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aistudios_dsl import BuildError, DslError, LoadError
from aistudios_dsl.service import Outbox, journal
from aistudios_dsl.service.intake import split
from tests import test_outbox_plan
from tests.test_outbox import FAST, ROOT, aistudios, jsonl, payload, payloads
from tests.test_outbox_plan import FAST_APPLY, actions, named, speaking, with_columns

client, outbox = test_outbox_plan.client, test_outbox_plan.outbox


def keyed(**numbers):
    """One line for each key, whose payload has this number."""
    return [{"row": {"id": key}, "payload": payload(number)} for key, number in numbers.items()]


def sent_names(sandbox):
    return sorted(entry["name"] for entry in sandbox.ledger())


# Two at once


def test_two_applies_at_once_make_the_plan_once(sandbox, tmp_path):
    sandbox.settings(render_seconds=0)
    file = jsonl(tmp_path / "videos.jsonl", payloads(20))
    aistudios(sandbox, "plan", file, "-o", "plan.json", "--despite-errors", cwd=tmp_path)
    command = [sys.executable, "-m", "aistudios_dsl.cli", "outbox", "apply", "plan.json", "--yes", "--rate", "1000/s"]
    environment = sandbox.environment | {"PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) for _ in range(3)]
    assert 0 in [process.wait() for process in both], [process.stderr.read() for process in both]
    assert sent_names(sandbox) == sorted(f"Video {number}" for number in range(1, 21))
    for process in both:
        process.stderr.close()


def test_what_another_takes_in_between_is_not_sent_under_this_plan(outbox, sandbox, client, tmp_path, monkeypatch):
    plan, accept = outbox.plan(payloads(2)), Outbox.accept

    def overtaken(self, *args):
        accept(self, *args)
        with Outbox(outbox.path, client) as other:
            accept(other, other.plan(payloads(9)))

    monkeypatch.setattr(Outbox, "accept", overtaken)
    with pytest.raises(DslError, match=r"row 3 of .* is to be sent, but not by this plan") as caught:
        outbox.apply(plan, **FAST_APPLY)
    assert (caught.value.code, sandbox.creates()) == ("plan-stale", 0)


def test_a_plan_does_not_take_out_rows_that_were_added_since(outbox, client):
    plan = outbox.plan(payloads(2))
    with Outbox(outbox.path, client) as other:
        other.add(payloads(5))
    with pytest.raises(DslError, match=r"has changed since the plan was made \(row 3\)"):
        outbox.apply(plan, payloads(2), **FAST_APPLY)
    with Outbox(outbox.path) as other:
        assert other.counts() == {"queued": 5}


def test_an_apply_while_a_run_is_at_work_is_refused(outbox, sandbox, client):
    outbox.add(payloads(1))
    plan = outbox.plan(payloads(2))
    refused = []

    def apply_too(row):
        with Outbox(outbox.path, client) as other, pytest.raises(DslError) as caught:
            other.apply(plan, payloads(2), **FAST_APPLY)
        refused.append(caught.value.code)

    outbox.run(**FAST, on_change=apply_too)
    assert (set(refused), sandbox.creates()) == ({"journal-in-use"}, 1)


# Journals that are copied, replaced or begun elsewhere


def test_a_copied_journal_sends_nothing_while_its_original_is_there(outbox, sandbox, client, tmp_path):
    outbox.apply(outbox.plan(payloads(2)), **FAST_APPLY)
    plan = outbox.plan(payloads(4))
    copy = shutil.copy(outbox.path, tmp_path / "copy.outbox")
    for _ in range(2):
        with Outbox(copy, client) as other, pytest.raises(DslError, match="is a copy of the journal") as caught:
            other.apply(plan, payloads(4), **FAST_APPLY)
    assert (caught.value.code, sandbox.creates()) == ("journal-copied", 2)
    assert outbox.apply(plan, payloads(4), **FAST_APPLY).complete
    outbox.close()
    outbox.path.unlink()
    with Outbox(copy, client) as other:
        assert other.counts() == {"queued": 2, "done": 2}
        other.ensure_unused()


@pytest.mark.parametrize("there", ["a journal of its own", "no journal"])
def test_a_moved_journal_goes_on_whatever_is_at_its_old_place(outbox, sandbox, client, tmp_path, there):
    outbox.apply(outbox.plan(payloads(2)), **FAST_APPLY)
    outbox.close()
    moved = outbox.path.rename(tmp_path / "moved.outbox")
    (tmp_path / "videos.outbox.lock").unlink()
    if there == "no journal":
        outbox.path.write_text("no journal", encoding="utf-8")
    else:
        with Outbox(outbox.path) as other:
            other.add(payloads(1))
    with Outbox(moved, client) as other:
        assert other.apply(other.plan(payloads(3)), payloads(3), **FAST_APPLY).complete
    assert sandbox.creates() == 3


def test_a_first_plan_is_applied_to_its_own_journal_only(outbox, sandbox, client, tmp_path):
    plan = outbox.plan(payloads(2))
    with Outbox(tmp_path / "other.outbox", client) as other, pytest.raises(DslError) as caught:
        other.apply(plan, payloads(2), **FAST_APPLY)
    assert "the plan is for the journal" in caught.value.message
    assert (caught.value.code, sandbox.creates(), list(tmp_path.glob("other*"))) == ("plan-stale", 0, [])


@pytest.mark.parametrize("lock_too", [False, True])
def test_a_plan_whose_journal_is_gone_sends_nothing(outbox, sandbox, client, tmp_path, lock_too):
    outbox.apply(outbox.plan(payloads(2)), **FAST_APPLY)
    plan = outbox.plan(payloads(3))
    outbox.close()
    outbox.path.unlink()
    if lock_too:
        (tmp_path / "videos.outbox.lock").unlink()
    with (
        Outbox(outbox.path, client) as other,
        pytest.raises(DslError, match=r"was a journal, and|is not the journal of"),
    ):
        other.apply(plan, payloads(3), **FAST_APPLY)
    assert sandbox.creates() == 2


# Payloads that move between keys


def test_sent_payloads_that_two_keys_exchange_are_not_sent_again(outbox, sandbox):
    outbox.apply(outbox.plan(keyed(a=1, b=2), key="id"), **FAST_APPLY)
    with pytest.raises(LoadError, match="is the same payload as row b") as caught:
        outbox.plan(keyed(a=2, b=1), key="id")
    assert (len(caught.value.problems), sandbox.creates()) == (2, 2)


def test_keys_that_are_renamed_do_not_send_their_payloads_again(outbox, sandbox):
    outbox.apply(outbox.plan(keyed(a=1, b=2), key="id"), **FAST_APPLY)
    for source, key in ((keyed(c=1, d=2), "id"), (payloads(2), None), (keyed(a=1, b=2), "name")):
        with pytest.raises(LoadError, match="is the same payload as row"):
            outbox.plan(source, key=key)
    assert sandbox.creates() == 2


def test_a_payload_taken_over_from_a_queued_key_is_sent_once(outbox, sandbox):
    outbox.apply(outbox.plan(keyed(a=1), key="id"), **FAST_APPLY)
    outbox.accept(outbox.plan(keyed(a=1, b=2), key="id"))
    source = keyed(a=2, b=3)
    plan = outbox.plan(source, key="id")
    assert actions(plan) == {"a": "changed", "b": "new"}
    for _ in range(2):
        assert outbox.apply(plan, source, **FAST_APPLY).complete
    assert sent_names(sandbox) == ["Video 1", "Video 2", "Video 3"]


def test_a_payload_that_its_queued_key_has_sent_meanwhile_is_not_sent_for_another(outbox, sandbox, client):
    outbox.accept(outbox.plan(keyed(b=2), key="id"))
    plan = outbox.plan(keyed(a=2, b=3), key="id")
    with Outbox(outbox.path, client) as other:
        other.run(**FAST)
    with pytest.raises(DslError, match="has changed since the plan was made") as caught:
        outbox.apply(plan, keyed(a=2, b=3), **FAST_APPLY)
    assert (caught.value.code, sandbox.creates()) == ("plan-stale", 1)


def test_a_payload_that_goes_and_comes_back_while_unknown_or_freed_is_made_once(outbox, sandbox):
    sandbox.faults("create:reset-before:x1")
    outbox.apply(outbox.plan(keyed(a=1), key="id"), **FAST_APPLY)
    other = keyed(a=2)
    assert outbox.apply(outbox.plan(other, key="id"), other, **FAST_APPLY).counts == {"unknown": 1}
    outbox.mark("a", not_sent=True)
    for number in (2, 1, 2, 1):
        source = keyed(a=number)
        assert outbox.apply(outbox.plan(source, key="id"), source, **FAST_APPLY).complete
    assert sent_names(sandbox) == ["Video 1", "Video 2"]


def test_a_row_that_is_queued_again_after_the_plan_waits_for_another_plan(outbox, sandbox):
    sandbox.faults("create:refused:x1")
    outbox.apply(outbox.plan(keyed(a=1), key="id"), **FAST_APPLY)
    outbox.apply(outbox.plan(keyed(a=2), key="id"), **FAST_APPLY)
    back = outbox.plan(keyed(a=1), key="id")
    assert (actions(back), back.made) == ({"a": "failed"}, ())
    outbox.apply(back, keyed(a=1), **FAST_APPLY)
    outbox.mark("a", again=True)
    with pytest.raises(DslError, match=r"row a of .* is to be sent, but not by this plan"):
        outbox.apply(back, keyed(a=1), **FAST_APPLY)
    assert sandbox.creates() == 1


# Lines of every kind


def test_a_number_and_its_text_are_one_key(outbox):
    with pytest.raises(LoadError, match="row 1: is the key of two rows"):
        outbox.plan([with_columns(0, payload(1), id=1), with_columns(0, payload(2), id="1")], key="id")


BAD_LINES = {
    "a key twice": (b'{"row":{"id":1,"id":2},"payload":%b}', "'id' twice"),
    "NaN": (b'{"row":{"id":1,"x":NaN},"payload":%b}', "NaN"),
    "half a letter": (b'{"row":{"id":"\\ud800"},"payload":%b}', "unpaired surrogate"),
    "a huge number": (b'{"row":{"id":1,"x":' + b"9" * 5000 + b'},"payload":%b}', "too long to be read"),
    "a row that is a list": (b'{"row":[1],"payload":%b}', "must be the row of the table"),
    "true as key": (b'{"row":{"id":true},"payload":%b}', "no text or number under 'id'"),
}


@pytest.mark.parametrize("sent", [False, True])
@pytest.mark.parametrize("bad", BAD_LINES)
def test_a_bad_row_is_told_whether_its_payload_was_sent_or_not(outbox, tmp_path, bad, sent):
    text = json.dumps(payload(1), separators=(",", ":")).encode()
    if sent:
        source = [{"row": {"id": 1}, "payload": payload(1)}]
        outbox.apply(outbox.plan(source, key="id"), source, **FAST_APPLY)
    line, words = BAD_LINES[bad]
    (tmp_path / "rows.jsonl").write_bytes(line % text)
    with pytest.raises(LoadError, match=words) as caught:
        outbox.plan(tmp_path / "rows.jsonl", key="id")
    assert str(caught.value).startswith("row 1")


@pytest.mark.parametrize("row", [{"id": 10**5000}, {"id": 1, "x": float("nan")}, {"id": 1, "x": object()}, {1: 2}])
def test_a_row_that_is_no_json_is_refused_by_its_line(outbox, row):
    with pytest.raises(LoadError, match=r"^row 1"):
        outbox.plan([{"row": row, "payload": payload(1)}], key="id")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_a_byte_order_mark_and_is_export_change_no_payload(outbox, sandbox, tmp_path, mark, end):
    def write(*more):
        rows = [{"row": {"id": number}, "payload": payload(number) | dict(more)} for number in (1, 2)]
        (tmp_path / "rows.jsonl").write_bytes(mark + b"".join(json.dumps(row).encode() + end for row in rows))
        return outbox.plan(tmp_path / "rows.jsonl", key="id", export=False)

    outbox.apply(write(), **FAST_APPLY)
    assert write(("isExport", True)).counts["same"] == 2
    assert [entry["export"] for entry in sandbox.ledger()] == [False, False]


def test_a_byte_order_mark_before_a_row_is_no_part_of_it():
    assert split('\ufeff{"row":{"id":7},"payload":{}}') == split(b'\xef\xbb\xbf{"row":{"id":7},"payload":{}}')


def test_another_order_of_the_keys_is_told_before_it_is_paid_for(sandbox, tmp_path):
    file = jsonl(tmp_path / "videos.jsonl", payloads(1))
    aistudios(sandbox, "run", file, "--draft", "--despite-errors", cwd=tmp_path)
    jsonl(file, [dict(reversed(payload(1).items()))])
    assert "the order of keys differs" in aistudios(sandbox, "plan", file, "--draft").stdout


# Files


def test_a_file_of_the_same_relative_name_in_another_folder_is_not_overwritten(
    outbox,
    sandbox,
    client,
    tmp_path,
    monkeypatch,
):
    source = [with_columns(1, payload(1), file="ann")]
    for folder in ("one", "two"):
        (tmp_path / folder / "videos").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "one")
    outbox.apply(outbox.plan(source, key="id"), download="videos", name=named, **FAST_APPLY)
    monkeypatch.chdir(tmp_path / "two")
    (tmp_path / "two/videos/ann.mp4").write_bytes(b"my own")
    source = [with_columns(1, payload(2), file="ann")]
    outbox.apply(outbox.plan(source, key="id"), download="videos", name=named, **FAST_APPLY)
    assert (tmp_path / "two/videos/ann.mp4").read_bytes() == b"my own"


@pytest.mark.parametrize("name", ["videos.outbox", "videos.outbox-journal", "VIDEOS.outbox.lock"])
def test_no_row_names_its_video_like_the_journal(outbox, sandbox, tmp_path, name):
    source = [with_columns(1, payload(1), file=name)]
    with pytest.raises(LoadError, match="is that of the journal, or of a file beside it"):
        outbox.apply(outbox.plan(source, key="id"), download=tmp_path, name=lambda row: row["file"])
    assert sandbox.creates() == 0


def test_a_video_that_took_the_name_of_a_deleted_one_is_found_under_its_own_key_only(outbox, tmp_path):
    how = {"download": tmp_path / "videos", "name": named} | FAST_APPLY
    first = [with_columns(1, payload(1), file="ann")]
    outbox.apply(outbox.plan(first, key="id"), **how)
    (tmp_path / "videos/ann.mp4").unlink()
    second = [with_columns(1, payload(2), file="bob"), with_columns(2, payload(3), file="ann")]
    outbox.apply(outbox.plan(second, key="id"), **how)
    found = {(one.key, one.version): Path(one.file).name for one in outbox.results(versions=True)}
    assert found == {("c1", 1): "", ("c1", 2): "bob.mp4", ("c2", 1): "ann.mp4"}


# Sums of money


@pytest.mark.parametrize("credits", [-1, float("nan"), float("inf"), "2.5", True])
def test_what_is_no_price_is_not_recorded(outbox, credits):
    outbox.add(payloads(1))
    with pytest.raises(BuildError, match="give the credits for the video, 0 or more"):
        outbox.charge(1, credits)
    assert outbox.rows()[0].credits is None


def test_a_webhook_without_an_id_or_a_price_charges_no_row(outbox):
    outbox.add(payloads(3))
    outbox.charge(1, 2)
    assert (outbox.charge("", 2.5), outbox.charge(1, None)) == (0, 0)
    assert [row.credits for row in outbox.rows()] == [2.0, None, None]


@pytest.mark.parametrize("limit", ["max_renders", "max_minutes"])
def test_a_limit_that_is_no_number_lets_nothing_pass(outbox, sandbox, limit):
    plan = outbox.plan(payloads(1))
    with pytest.raises(DslError, match="and the limit is nan: nothing is sent"):
        outbox.apply(plan, payloads(1), **{limit: float("nan")})
    outbox.accept(plan)
    assert outbox.run(**FAST, **{limit: float("nan")}).stopped.startswith("the budget of nan")
    assert sandbox.creates() == 0


def test_the_minutes_of_a_render_that_is_requested_again_count_twice(outbox, sandbox, monkeypatch):
    said = [speaking(1, "one two three four five " * 30)]
    outbox.accept(outbox.plan(said, inspect=lambda number, project: (1, 60.0)))
    sandbox.faults("progress:failed:x1")
    outbox.run(**FAST)
    assert outbox.counts() == {"failed": 1}
    outbox.mark(1, again=True)
    assert outbox.run(**FAST, max_minutes=1.5).stopped == "the budget of 1.5 minutes of speech is spent"
    assert outbox.run(**FAST, max_minutes=2).complete
    assert (outbox._journal.renders(), outbox._journal.seconds()) == (2, 120.0)


def test_a_place_in_the_journal_is_never_used_again(outbox, client):
    """A run that holds a row of another's payload would send one, and record the other."""
    outbox.add(payloads(2))
    [_, last] = outbox.rows()
    outbox.accept(outbox.plan([payload(1), payload(9)]))
    assert [row.number for row in outbox.rows()] == [1, 3]
    with outbox._journal.exclusive(), pytest.raises(journal.InUse):
        outbox._journal.claim(last)
