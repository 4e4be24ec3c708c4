"""The outbox sends every row at most once, whatever breaks, and says of each what became of it."""

import contextlib
import itertools
import json
import os
import pty
import random
import resource
import shlex
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from aistudios_dsl import ApiError, BuildError, DslError, LoadError, Project
from aistudios_dsl.service import Client, Outbox, journal, runner
from aistudios_dsl.service.flow import Job
from tests.conftest import KEY
from tests.tools import kill_outbox, trick_outbox

ROOT = Path(__file__).parent.parent
SCENE = {"background": {}, "clips": [], "sceneIdx": 0}


def payload(number, **more):
    return {"name": f"Video {number}", "scenes": [SCENE]} | more


def payloads(count):
    return [payload(number) for number in range(1, count + 1)]


def jsonl(path, documents):
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
    return path


@pytest.fixture
def client(sandbox, monkeypatch):
    """A client of a sandbox that renders at once; the outbox looks again soon."""
    sandbox.settings(render_seconds=0)
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(runner, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(runner, "NEW_PROJECT_GRACE", 0.3)
    with Client(sandbox.key, base_url=sandbox.base_url) as found:
        yield found


@pytest.fixture
def outbox(client, tmp_path):
    with Outbox(tmp_path / "videos.outbox", client) as found:
        yield found


def aistudios(sandbox, *args, cwd=ROOT, **more):
    command = [sys.executable, "-m", "aistudios_dsl.cli", "outbox", *map(str, args)]
    more = {"env": sandbox.environment} | more
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, **more)


FAST = {"export": True, "rate": 1000.0}


# Each row once


def test_every_row_is_sent_once_rendered_and_saved(outbox, sandbox, tmp_path):
    told = []
    assert outbox.add(payloads(12)) == 12
    summary = outbox.run(**FAST, download=tmp_path / "videos", on_change=told.append)
    assert (summary.complete, dict(summary.counts)) == (True, {"downloaded": 12})
    assert sorted(entry["name"] for entry in sandbox.ledger()) == sorted(row.name for row in outbox.rows())
    assert {Path(row.file).read_bytes() for row in outbox.rows()} == {kill_outbox.VIDEO.read_bytes()}
    assert sorted(Path(row.file).name for row in outbox.rows()) == sorted(
        path.name for path in (tmp_path / "videos").iterdir()
    )
    assert [row.state for row in told if row.key == "3"] == ["submitting", "submitted", "done", "downloaded"]


def test_a_second_run_sends_nothing(outbox, sandbox):
    outbox.add(payloads(3))
    outbox.run(**FAST)
    assert outbox.add(payloads(3)) == 0
    assert outbox.run(**FAST).complete
    assert sandbox.creates() == 3


def test_the_journal_and_the_service_name_the_same_bytes(outbox, sandbox):
    outbox.add([Project("Über").scene().text("„Grüße“")])
    outbox.run(**FAST)
    with contextlib.closing(sqlite3.connect(outbox.path)) as base:
        assert base.execute("SELECT sha256 FROM rows").fetchall() == [(sandbox.ledger()[0]["sha256"],)]


def test_the_state_is_on_disk_before_the_request_leaves(client, tmp_path):
    path, seen = tmp_path / "videos.outbox", []

    class Watching:
        base_url = client.base_url
        progress, download, list = client.progress, client.download, client.list

        def create(self, project, *, export):
            with Outbox(path) as other:
                seen.extend((row.name, row.state) for row in other.rows())
            return client.create(project, export=export)

    with Outbox(path, Watching()) as outbox:
        outbox.add(payloads(1))
        outbox.run(**FAST)
    assert seen == [("Video 1", "submitting")]


def test_drafts_are_stored_and_not_rendered(outbox, sandbox, client, tmp_path):
    outbox.add(payloads(2))
    assert outbox.run(export=False, download=tmp_path / "videos").complete
    assert [entry["export"] for entry in sandbox.ledger()] == [False, False]
    assert client.list() == ()
    with pytest.raises(DslError, match="was begun to draft"):
        outbox.run(**FAST)


def test_a_journal_of_a_rehearsal_is_not_taken_to_another_service(outbox):
    outbox.add(payloads(1))
    outbox.run(**FAST)
    words = r"is about http://127\.0\.0\.1:\d+, not about https://app"
    with (
        Client(KEY, base_url="https://app.aistudios.com") as real,
        Outbox(outbox.path, real) as other,
        pytest.raises(DslError, match=words),
    ):
        other.run(**FAST)


# Rows whose fate is unknown


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "503-after", "truncated", "not-json", "cut"])
def test_an_unknown_row_is_not_sent_again_by_itself(outbox, sandbox, fault):
    outbox.add(payloads(2))
    sandbox.faults(f"create:{fault}:x1")
    outbox.run(**FAST, concurrency=1)
    creates = sandbox.creates()
    assert outbox.counts() == {"done": 1, "unknown": 1}
    summary = outbox.run(**FAST)
    assert (summary.complete, sandbox.creates()) == (False, creates)


def test_what_the_service_lists_under_its_name_is_told_and_a_person_decides(outbox, sandbox):
    outbox.add(payloads(3))
    sandbox.faults("create:reset-after:x1", "create:reset-before:x1")
    outbox.run(**FAST, concurrency=1)
    found = outbox.candidates()
    [made] = [projects for projects in found.values() if projects]
    [sent] = [key for key, projects in found.items() if projects]
    [not_sent] = [key for key, projects in found.items() if not projects]
    assert made[0]["name"] == outbox.rows("unknown")[0].name
    assert outbox.mark(sent, sent=made[0]["id"]).state == "submitted"
    assert outbox.mark(not_sent, not_sent=True).state == "queued"
    assert outbox.run(**FAST).complete
    assert sorted(entry["name"] for entry in sandbox.ledger()) == ["Video 1", "Video 2", "Video 3"]


def test_a_row_left_in_submitting_by_a_crash_becomes_unknown(outbox, tmp_path):
    outbox.add(payloads(1))
    with contextlib.closing(sqlite3.connect(outbox.path)) as base:
        base.execute("UPDATE rows SET state = 'submitting'")
        base.commit()
    with Outbox(outbox.path) as other:
        [row] = other.rows()
    assert (row.state, row.note) == ("unknown", "the sending process ended before the service answered")


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ({"key": "1", "sent": "x"}, "row 1 is done as"),
        ({"key": "9", "not_sent": True}, "has no row '9'"),
        ({"key": "2", "not_sent": True}, "row 2 is queued: there is nothing to mark"),
        ({"key": "2"}, "give either sent"),
        ({"key": "2", "sent": "x", "not_sent": True}, "give either sent"),
    ],
)
def test_a_mark_is_refused_where_there_is_no_doubt(outbox, mark, words):
    outbox.add(payloads(2))
    outbox.run(**FAST, max_renders=1)
    with pytest.raises(DslError, match=words):
        outbox.mark(**mark)


def test_one_project_cannot_be_two_rows(outbox, sandbox):
    outbox.add(payloads(2))
    sandbox.faults("create:reset-before:x1")
    outbox.run(**FAST, concurrency=1)
    [other] = outbox.rows("done")
    [unknown] = outbox.rows("unknown")
    with pytest.raises(DslError, match=f"{other.project_id} is row {other.key}"):
        outbox.mark(unknown.key, sent=other.project_id)


# What comes in


CLIP = r"row 1 scenes\[0\]\.clips\[0\]\.a: holds Jinja .*\n  hint: render it first; or, .*: literal=True"
BAD_ROWS = [
    (["{"], "row 1 line 1 column 2: the project is not JSON"),
    (["[]"], "row 1: a project cannot be sent as list"),
    (['{"name": "x"}'], "row 1: this is not a project: it has no scenes"),
    ([json.dumps(payload(1)), '{"scenes": [{"sceneIdx": 0, "clips": []}]}'], r"row 2 scenes\[0\]\.background"),
    ([json.dumps(payload(1)), json.dumps(payload(1))], "row 2: is the same payload as row 1"),
    ([json.dumps(payload("{{ name }}"))], "row 1 name: holds Jinja that was not rendered"),
    (['{"name": "x", "scenes": [{"background": {}, "sceneIdx": 0, "clips": [{"type": "new", "a": "{%"}]}]}'], CLIP),
    ([], "rows.jsonl is empty"),
    (["", "", "{", "{"], "these rows cannot be sent\n  row 3"),
]


@pytest.mark.parametrize(("lines", "words"), BAD_ROWS, ids=[words for _, words in BAD_ROWS])
def test_rows_that_cannot_be_sent_are_named_and_none_is_taken_in(outbox, tmp_path, lines, words):
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(LoadError, match=words):
        outbox.add(tmp_path / "rows.jsonl")
    assert outbox.counts() == {}
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


def test_a_journal_is_made_when_there_is_something_to_journal(tmp_path):
    path = tmp_path / "videos.outbox"
    with Outbox(path) as outbox:
        assert (outbox.rows(), outbox.add([]), path.exists()) == ((), 0, False)
        assert (outbox.add(payloads(2)), path.exists()) == (2, True)
    with Outbox(path) as outbox:
        assert outbox.counts() == {"queued": 2}


def test_of_two_that_begin_one_journal_each_finds_what_the_other_took_in(tmp_path):
    with Outbox(tmp_path / "videos.outbox") as one, Outbox(tmp_path / "videos.outbox") as other:
        assert (one.add(payloads(2)), other.add(payloads(3))) == (2, 1)
        assert one.counts() == other.counts() == {"queued": 3}


def test_braces_that_are_meant_can_be_sent(outbox, sandbox):
    outbox.add([payload("{{ name }}")], literal=True)
    assert outbox.run(**FAST).complete
    assert sandbox.ledger()[0]["name"] == "Video {{ name }}"


def test_a_source_that_changed_is_refused_with_every_row_that_did(outbox):
    outbox.add(payloads(4))
    changed = [payload(1), payload(2, orientation="portrait"), payload(3, orientation="portrait")]
    with pytest.raises(LoadError) as caught:
        outbox.add([*changed, payload(9)])
    assert [f"{fault.path} {fault.message}" for fault in caught.value.problems] == [
        "row 2 has changed since it was added",
        "row 3 has changed since it was added",
        "row 4 has changed since it was added",
    ]
    with pytest.raises(LoadError, match="row 4: is in the journal, but no longer in the file"):
        outbox.add(payloads(3))
    assert outbox.add(payloads(6)) == 2


def test_rows_known_by_a_key_may_change_places(outbox):
    outbox.add(payloads(3), key="name")
    assert outbox.add(payloads(4)[::-1], key="name") == 1
    assert [row.key for row in outbox.rows()] == ["Video 1", "Video 2", "Video 3", "Video 4"]
    with pytest.raises(LoadError, match="row Video 1: is the key of two rows"):
        outbox.add([*payloads(4), payload(1, orientation="portrait")], key="name")
    with pytest.raises(LoadError, match="has no text or number under 'id'"):
        outbox.add(payloads(1), key="id")


def test_a_refused_row_is_mended_and_sent(outbox, sandbox):
    broken = payload(1)
    broken["scenes"] = [SCENE | {"sceneIdx": 0.5}]
    outbox.add([broken])
    outbox.run(**FAST)
    [row] = outbox.rows("failed")
    assert "scenes[0].sceneIdx must be int" in row.note
    with pytest.raises(LoadError, match="outbox mark ROW --not-sent"):
        outbox.add(payloads(1))
    outbox.mark("1", not_sent=True)
    outbox.add(payloads(1))
    assert outbox.run(**FAST).complete
    assert sandbox.creates() == 1
    with pytest.raises(LoadError, match="has changed"):
        outbox.add([broken])


# Limits, and what goes wrong


def test_the_budget_holds_over_all_runs(outbox, sandbox):
    outbox.add(payloads(5))
    for _ in range(2):
        summary = outbox.run(**FAST, max_renders=2)
        assert summary.stopped == "the budget of 2 renders is spent"
    assert (sandbox.creates(), outbox.counts()) == (2, {"queued": 3, "done": 2})


def test_requests_keep_their_distance(outbox, sandbox):
    outbox.add(payloads(4))
    began = time.monotonic()
    outbox.run(export=False, rate=20.0)
    assert time.monotonic() - began >= 3 / 20
    assert sandbox.creates() == 4


def test_too_many_requests_are_sent_later_and_nothing_is_lost(outbox, sandbox):
    outbox.add(payloads(3))
    sandbox.faults("create:429=0:x3")
    assert outbox.run(**FAST).complete
    assert sandbox.creates() == 3


def test_a_key_that_is_refused_stops_the_run_and_the_rows_wait(outbox, sandbox):
    outbox.add(payloads(20))
    sandbox.faults("*:expired")
    summary = outbox.run(**FAST)
    assert "expired" in summary.stopped
    assert (dict(summary.counts), sandbox.creates()) == ({"queued": 20}, 0)


@pytest.mark.parametrize(("fault", "state"), [("refused", "failed"), ("503-after", "unknown")])
def test_creates_that_go_wrong_in_a_row_hold_back_the_rest(outbox, sandbox, fault, state):
    outbox.add(payloads(40))
    sandbox.faults(f"create:{fault}")
    summary = outbox.run(**FAST, concurrency=2)
    assert "nothing more is sent" in summary.stopped
    assert 5 <= summary.counts[state] <= 6
    assert summary.counts["queued"] >= 34


def test_a_render_that_fails_is_told(outbox, sandbox):
    outbox.add(payloads(1))
    sandbox.faults("progress:failed")
    assert not outbox.run(**FAST).complete
    assert outbox.rows("failed")[0].note == "the service says 'failed'"


def test_a_failed_render_is_asked_for_again_when_a_person_says_so(outbox, sandbox):
    outbox.add(payloads(2))
    sandbox.faults("progress:failed")
    outbox.run(**FAST, max_renders=1)
    [failed] = outbox.rows("failed")
    sandbox.faults()
    assert outbox.run(**FAST, max_renders=1).counts["failed"] == 1
    with pytest.raises(DslError, match=r"its render failed\n  hint: .*: again=True"):
        outbox.mark(failed.key, not_sent=True)
    assert outbox.mark(failed.key, again=True).state == "queued"
    assert outbox.run(**FAST, max_renders=2).stopped == "the budget of 2 renders is spent"
    assert (sandbox.creates(), outbox.counts()) == (2, {"queued": 1, "done": 1})
    with pytest.raises(DslError, match="there is nothing to mark\n  hint: again is for rows that failed"):
        outbox.mark(outbox.rows("done")[0].key, again=True)
    assert outbox.run(**FAST).complete
    assert sandbox.creates() == 3


def test_a_render_without_end_is_left_to_another_run(outbox, sandbox):
    sandbox.settings(render_seconds=3600)
    outbox.add(payloads(1))
    assert not outbox.run(**FAST, timeout=0.1).complete
    assert outbox.rows("rendering")[0].note == "not done after 0.1 s; another run asks again"
    sandbox.settings(render_seconds=0)
    assert outbox.run(**FAST).complete


def test_a_project_that_is_not_there_is_unknown_again(outbox, sandbox):
    outbox.add(payloads(2))
    sandbox.faults("create:reset-after:x1")
    outbox.run(**FAST, concurrency=1)
    outbox.mark(outbox.rows("unknown")[0].key, sent="no-such-project")
    outbox.run(**FAST)
    [row] = outbox.rows("unknown")
    assert row.project_id == "no-such-project"
    assert "the service called it no-such-project, and does not know it now: " in row.note
    assert outbox.run(**FAST).counts["unknown"] == 1, "another run asks again"
    [made] = outbox.candidates()[row.key]
    outbox.mark(row.key, sent=made["id"])
    assert outbox.run(**FAST).complete


class Scripted:
    """A client whose creates and looks are given; what is not, is asked of the real one."""

    def __init__(self, client, create=None, progress=None):
        self.base_url, self.download, self.list = client.base_url, client.download, client.list
        self.create = create or client.create
        self.progress = progress or client.progress


def test_a_project_that_is_known_a_moment_later_keeps_its_id_and_is_followed(outbox, client):
    looks = itertools.count()

    def late(project_id):
        if next(looks) < 3:
            raise ApiError("not found", status=404)
        return client.progress(project_id)

    outbox.add(payloads(1))
    with Outbox(outbox.path, Scripted(client, progress=late)) as other:
        assert other.run(**FAST).complete
    assert (next(looks), outbox.rows()[0].note) == (4, "")


def test_a_project_that_the_service_lost_keeps_its_id_and_counts_as_asked_for(outbox, client, sandbox):
    def lost(project_id):
        raise ApiError("not found", status=404)

    outbox.add(payloads(1))
    with Outbox(outbox.path, Scripted(client, progress=lost)) as other:
        assert other.run(**FAST).counts == {"unknown": 1}
    [row] = outbox.rows()
    assert row.project_id == sandbox.ledger()[0]["projectId"]
    assert row.project_id in row.note
    assert outbox.candidates()["1"][0]["id"] == row.project_id
    shown = aistudios(sandbox, "status", "--journal", outbox.path).stdout
    assert f"it was made as {row.project_id}, and is charged if it exists" in shown
    freed = outbox.mark("1", not_sent=True)
    assert (freed.state, freed.project_id, freed.note) == ("queued", "", f"to be sent again; it was {row.project_id}")
    assert outbox.run(**FAST, max_renders=1).stopped == "the budget of 1 renders is spent"


def test_a_lost_project_that_turned_up_is_found_by_the_next_run(outbox, client, sandbox):
    def lost(project_id):
        raise ApiError("not found", status=404)

    outbox.add(payloads(1))
    with Outbox(outbox.path, Scripted(client, progress=lost)) as other:
        other.run(**FAST)
    assert outbox.run(**FAST).complete
    assert sandbox.creates() == 1


def test_a_key_that_is_refused_with_http_200_stops_the_run_as_well(outbox, client):
    def refuse(project, *, export):
        raise ApiError("invalid token", status=200, code="key-refused")

    outbox.add(payloads(8))
    with Outbox(outbox.path, Scripted(client, create=refuse)) as other:
        summary = other.run(**FAST)
    assert (summary.stopped, dict(summary.counts)) == ("invalid token", {"queued": 8})


def test_an_id_that_another_row_has_is_noticed(outbox, client):
    made = []

    def one_for_all(project, *, export):
        made.append(made[0] if made else client.create(project, export=export))
        return made[0]

    outbox.add(payloads(2))
    with Outbox(outbox.path, Scripted(client, create=one_for_all)) as other:
        other.run(**FAST, concurrency=1)
    assert outbox.counts() == {"done": 1, "unknown": 1}
    [unknown] = outbox.rows("unknown")
    assert unknown.note == f"the service called it {made[0].id}, which is row 1"


@pytest.mark.parametrize("sent", ["", " ", "..", "../x", "a b", "a\n", 5])
def test_a_mark_with_what_is_no_project_id_is_refused_and_nothing_is_written(outbox, sandbox, sent):
    sandbox.faults("create:reset-before:x1")
    outbox.add(payloads(1))
    outbox.run(**FAST)
    with pytest.raises(BuildError, match="is not a project id"):
        outbox.mark("1", sent=sent)
    assert outbox.rows()[0].state == "unknown"
    assert outbox.mark(1, not_sent=True).state == "queued"


def test_a_burst_of_refusals_is_one_trouble(outbox, sandbox, client):
    class Busy:
        base_url = client.base_url
        progress, download, list = client.progress, client.download, client.list
        refused = threading.Barrier(8, timeout=60)
        asked = itertools.count()

        def create(self, project, *, export):
            if next(self.asked) < 8:
                self.refused.wait()
                raise ApiError("too many requests", status=429)
            return client.create(project, export=export)

    outbox.add(payloads(20))
    with Outbox(outbox.path, Busy()) as other:
        assert other.run(**FAST, concurrency=8).complete
    assert sandbox.creates() == 20


def test_a_service_out_of_reach_stops_the_run_after_some_patience(outbox, client):
    class OutOfReach:
        base_url = client.base_url
        asked = 0

        def create(self, project, *, export):
            self.asked += 1
            raise ApiError("cannot be reached")

    outbox.add(payloads(20))
    with Outbox(outbox.path, OutOfReach()) as other:
        summary = other.run(**FAST, concurrency=1)
    assert (summary.stopped, dict(summary.counts)) == ("cannot be reached", {"queued": 20})


def test_a_video_that_is_gone_is_told_and_asked_for_again(outbox, sandbox, client, tmp_path):
    outbox.add(payloads(1))
    outbox.run(**FAST)
    [row] = outbox.rows()
    client.delete(row.project_id)
    summary = outbox.run(**FAST, download=tmp_path / "videos")
    assert (summary.complete, summary.stopped) == (False, "1 videos could not be saved")
    assert "there is no project" in outbox.rows("done")[0].note


def test_only_a_regular_file_is_taken_for_a_video_that_was_saved_before(outbox, sandbox, tmp_path):
    outbox.add(payloads(2))
    outbox.run(**FAST)
    taken, free = outbox.rows()
    (tmp_path / "videos" / f"{taken.key}-{taken.project_id}.mp4").mkdir(parents=True)
    summary = outbox.run(**FAST, download=tmp_path / "videos")
    assert (summary.counts, summary.stopped) == ({"done": 1, "downloaded": 1}, "1 videos could not be saved")
    assert "is not a regular file" in outbox.rows("done")[0].note
    assert outbox.rows("downloaded")[0].key == free.key


@pytest.mark.parametrize("fault", ["cut", "short", "503"])
def test_a_broken_download_is_whole_in_the_end(outbox, sandbox, tmp_path, fault):
    outbox.add(payloads(2))
    sandbox.faults(f"download:{fault}:x2")
    assert outbox.run(**FAST, download=tmp_path / "videos").complete
    files = list((tmp_path / "videos").iterdir())
    assert [path.read_bytes() == kill_outbox.VIDEO.read_bytes() for path in files] == [True, True]


def test_a_folder_that_cannot_be_is_told_before_anything_is_sent(outbox, sandbox, tmp_path):
    outbox.add(payloads(1))
    (tmp_path / "file").touch()
    with pytest.raises(DslError, match="cannot make the folder"):
        outbox.run(**FAST, download=tmp_path / "file")
    assert sandbox.creates() == 0


@pytest.mark.parametrize(
    ("how", "words"),
    [({"export": "yes"}, "export is 'yes'"), ({"rate": 0}, "rate more than 0"), ({"concurrency": 0}, "1 or more")],
)
def test_wrong_terms_are_refused(outbox, how, words):
    with pytest.raises(BuildError, match=words):
        outbox.run(**FAST | how)


def test_without_a_client_nothing_can_be_sent(tmp_path):
    with Outbox(tmp_path / "videos.outbox") as outbox, pytest.raises(BuildError, match="has no client"):
        outbox.run(**FAST)


def test_the_key_is_in_no_file_of_the_journal(outbox, sandbox, tmp_path):
    outbox.add(payloads(3))
    sandbox.faults("create:expired:x1")
    outbox.run(**FAST)
    held = b"".join(path.read_bytes() for path in tmp_path.glob("videos.outbox*"))
    assert b"Video 1" in held
    assert KEY.encode() not in held


# Never twice, whatever the journal is called


def by_link(path):
    link = path.with_name("link.outbox")
    link.symlink_to(path)
    return link


def by_hard_link(path):
    link = path.with_name("other.outbox")
    link.hardlink_to(path)
    return link


def moved(path):
    return path.rename(path.with_name("moved.outbox"))


def without_its_lock_file(path):
    Path(f"{path}.lock").unlink()
    return path


OTHER_NAMES = [by_link, by_hard_link, moved, without_its_lock_file, Path]


@pytest.mark.parametrize("unlocked", [False, True], ids=["locked", "unlocked"])
@pytest.mark.parametrize("name", OTHER_NAMES, ids=lambda name: name.__name__)
def test_a_run_by_any_name_out_of_a_run_sends_no_row_twice(client, sandbox, tmp_path, monkeypatch, name, unlocked):
    path, names, changes = tmp_path / "videos.outbox", [], itertools.count(1)

    def no_hold(self):
        self._lock = sqlite3.connect(self._lock_name)
        self._held = journal._identity(self._lock_name)

    def another_run(row):
        if next(changes) == 5:
            names.append(name(path))
            with contextlib.suppress(DslError), Outbox(names[0], client) as other:
                other.run(**FAST)

    if unlocked:
        monkeypatch.setattr(journal.Journal, "_hold", no_hold)
    with Outbox(path, client) as outbox:
        outbox.add(payloads(30))
        with contextlib.suppress(DslError):
            outbox.run(**FAST, on_change=another_run)
    if name is by_hard_link:
        path.unlink()
    with Outbox(names[0], client) as outbox:
        outbox.run(**FAST)
        rows = outbox.rows()
    made = [entry["name"] for entry in sandbox.ledger()]
    assert len(set(made)) == len(made)
    assert {row.name for row in rows if row.state == "done"} <= set(made)
    assert {row.name for row in rows if row.state == "unknown"} | set(made) == {row.name for row in rows}
    assert {row.state for row in rows} <= {"done", "unknown"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (by_link, "another process is working on .*link.outbox"),
        (Path, "another process is working on .*videos.outbox"),
        (by_hard_link, "other.outbox is one of 2 hard links to the journal"),
    ],
    ids=lambda name: getattr(name, "__name__", ""),
)
def test_a_journal_in_use_is_refused_by_every_name_and_can_be_read(outbox, client, name, words):
    def look(row):
        with Outbox(other, client) as second:
            seen.append(len(second.rows()))
            with pytest.raises(journal.InUse, match=words):
                second.run(**FAST)

    seen = []
    outbox.add(payloads(2))
    other = name(outbox.path)
    with contextlib.suppress(journal.InUse):
        outbox.run(**FAST, on_change=look)
    if name is by_hard_link:
        look(None)
    assert set(seen) == {2}


def test_the_same_outbox_is_not_run_or_changed_out_of_its_own_run(outbox, sandbox):
    def nested(row):
        for call in (lambda: outbox.run(**FAST), lambda: outbox.add(payloads(9)), lambda: outbox.mark(1, again=True)):
            with pytest.raises(DslError, match="a run is working on"):
                call()

    outbox.add(payloads(6))
    assert outbox.run(**FAST, on_change=nested).complete
    assert sandbox.creates() == 6


def test_where_a_journal_was_none_is_begun_until_a_person_says_so(outbox, client, tmp_path):
    outbox.add(payloads(2))
    moved(outbox.path)
    with Outbox(outbox.path, client) as other:
        for call in (lambda: other.add(payloads(2)), other.ensure_unused, lambda: other.run(**FAST)):
            with pytest.raises(
                DslError, match=r"was a journal, and was moved or deleted\n  hint: run it by its new name"
            ):
                call()
        Path(f"{outbox.path}.lock").unlink()
        assert other.add(payloads(2)) == 2


def test_the_rest_of_a_commit_that_was_cut_short_moves_with_the_journal(tmp_path):
    path, rest = tmp_path / "videos.outbox", tmp_path / "videos.outbox-journal"
    with Outbox(path) as outbox:
        outbox.add(payloads(1))
    rest.touch()
    other = moved(path)
    with pytest.raises(DslError, match=rf"without {rest}.*\n  hint: move that file to {other}-journal"):
        Outbox(other)
    rest.rename(f"{other}-journal")
    with Outbox(other) as outbox:
        assert outbox.counts() == {"queued": 1}


FORKED = """
import os, sys
from aistudios_dsl import DslError
from aistudios_dsl.service import Client, Outbox
with Client() as client, Outbox(sys.argv[1], client) as outbox:
    child = os.fork()
    if child == 0:
        try:
            outbox.run(export=False)
        except DslError as fault:
            print(fault, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print(dict(outbox.run(export=False, rate=1000.0).counts))
"""


def test_an_outbox_is_not_used_after_a_fork_and_its_owner_goes_on(sandbox, tmp_path):
    path = tmp_path / "videos.outbox"
    with Outbox(path) as outbox:
        outbox.add(payloads(2))
    command = [sys.executable, "-c", FORKED, path]
    environment = sandbox.environment | {"PYTHONPATH": str(ROOT)}
    found = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "was opened before this process was forked\n  hint: open an Outbox in each process" in found
    assert found.endswith("{'done': 2}\n")


# Odd answers and faults


@pytest.mark.parametrize("odd", ["a\tb", "..", "a\0", "\ud800", "", "x" * 10_000, 7], ids=ascii)
def test_an_odd_id_fails_its_row_alone(outbox, client, sandbox, odd):
    def create(project, *, export):
        job = client.create(project, export=export)
        return Job(odd) if job.name == "Video 2" else job

    outbox.add(payloads(4))
    with Outbox(outbox.path, Scripted(client, create=create)) as other:
        other.run(**FAST)
    [row] = outbox.rows("unknown")
    assert (row.name, outbox.counts()) == ("Video 2", {"done": 3, "unknown": 1})
    assert "which is not a project id" in row.note
    assert row.note.isprintable()
    assert outbox.run(**FAST).counts == {"done": 3, "unknown": 1}
    assert sandbox.creates() == 4


def test_an_id_in_the_journal_that_cannot_be_asked_for_holds_up_no_other_row(outbox):
    outbox.add(payloads(3))
    with contextlib.closing(sqlite3.connect(outbox.path)) as base:
        base.execute("UPDATE rows SET state = 'submitted', project_id = char(9) WHERE number = 1")
        base.commit()
    assert outbox.run(**FAST).counts == {"done": 2, "unknown": 1}


class Together(Scripted):
    """A client whose creates, so many, come back together."""

    def __init__(self, client, parties):
        super().__init__(client)
        barrier = threading.Barrier(parties, timeout=60)

        def create(project, *, export):
            job = client.create(project, export=export)
            barrier.wait()
            return job

        self.create = create


def test_answers_in_flight_are_written_when_one_cannot_be(outbox, client, sandbox):
    outbox.add(payloads(8))
    with contextlib.closing(sqlite3.connect(outbox.path)) as base:
        refuse = "WHEN NEW.project_id != '' AND NEW.number IN (2, 3) BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        base.execute(f"CREATE TRIGGER refuse BEFORE UPDATE ON rows {refuse}")
    with (
        Outbox(outbox.path, Together(client, 4)) as other,
        pytest.raises(DslError, match=r"row (2|3) was sent as \w+, but .*; row (2|3) was sent as \w+, but .*full"),
    ):
        other.run(**FAST, concurrency=4, max_renders=4)
    assert [row.number for row in outbox.rows() if row.project_id] == [1, 4]
    assert sandbox.creates() == 4


def test_answers_in_flight_are_written_when_the_callback_fails(outbox, client):
    def failing(row):
        if row.state == "submitted":
            raise ZeroDivisionError

    outbox.add(payloads(8))
    with Outbox(outbox.path, Together(client, 4)) as other, pytest.raises(ZeroDivisionError):
        other.run(**FAST, concurrency=4, max_renders=4, on_change=failing)
    assert outbox.counts() == {"queued": 4, "submitted": 4}


@pytest.mark.parametrize("levels", [300, 900, 100_000])
def test_what_is_nested_too_deeply_is_refused_with_its_row(outbox, tmp_path, levels):
    text = json.dumps(payload(1, extra="HERE")).replace('"HERE"', "[" * levels + "1" + "]" * levels)
    (tmp_path / "rows.jsonl").write_text(f"{json.dumps(payload(2))}\n{text}\n", encoding="utf-8")
    for source in (tmp_path / "rows.jsonl", [payload(2), text]):
        with pytest.raises(LoadError, match=r"row 2.*deep"):
            outbox.add(source)


def test_a_refused_key_is_marked_on_the_error(client, sandbox):
    for fault, refused in [("expired", True), ("refused", False), ("429", False)]:
        sandbox.faults(f"create:{fault}")
        with pytest.raises(ApiError) as caught:
            client.create(payload(1), export=False)
        assert (caught.value.code == "key-refused") is refused


# The journal's file


def spoil_version(path):
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA user_version = 7")


def spoil_pages(path):
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)


def other_database(path):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE songs (title)")


SPOILT = [
    (spoil_version, "is a journal of version 7; this release reads version 2"),
    (spoil_pages, "is damaged|malformed"),
    (other_database, "is a database, but not an outbox journal"),
    (lambda path: path.write_text("name,price\n" * 20, encoding="utf-8"), "file is not a database"),
]


@pytest.mark.parametrize(("spoil", "words"), SPOILT, ids=[words for _, words in SPOILT])
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(tmp_path, spoil, words):
    path = tmp_path / "videos.outbox"
    with Outbox(path) as outbox:
        outbox.add(payloads(30))
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(DslError, match=words):
        Outbox(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("spoilt", "words"), [(b"Viewo 2", "payload of row 2 is not the one that was added"), (b"Vi\xffeo 2", "UTF-8")]
)
def test_a_payload_that_changed_in_the_file_stops_the_run_before_anything_is_sent(
    client, sandbox, tmp_path, spoilt, words
):
    path = tmp_path / "videos.outbox"
    with Outbox(path) as outbox:
        outbox.add(payloads(3))
    path.write_bytes(path.read_bytes().replace(b'"name":"Video 2"', b'"name":"' + spoilt + b'"'))
    with Outbox(path, client) as outbox, pytest.raises(DslError, match=words) as caught:
        outbox.run(**FAST)
    assert "look on the dashboard for what was sent" in caught.value.hint
    assert sandbox.creates() == 0


def make_device(path):
    # What can be linked to is enough: nobody but root may make a device.
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, make_device], ids=["folder", "pipe", "device"])
def test_a_journal_is_a_regular_file_and_nothing_is_left_beside_anything_else(tmp_path, make):
    path = tmp_path / "videos.outbox"
    make(path)
    with pytest.raises(DslError, match=r"videos.outbox is not a regular file\n  hint: give the journal another name"):
        Outbox(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_journal_without_a_folder_is_told(tmp_path):
    with pytest.raises(DslError, match=r"unable to open database file\n  hint: is its folder there"):
        Outbox(tmp_path / "no" / "videos.outbox")


def test_a_full_disk_is_told_and_nothing_is_sent(sandbox, tmp_path):
    file = jsonl(tmp_path / "videos.jsonl", [payload(n, extra="x" * 5000) for n in range(100)])

    def small_disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    result = aistudios(sandbox, "run", file, "--export", "--yes", preexec_fn=small_disk)
    assert result.returncode == 1
    assert "error: " in result.stderr
    assert "Traceback" not in result.stderr
    assert sandbox.creates() == 0


# Processes


@contextlib.contextmanager
def running(sandbox, file, *flags, requests=1):
    """A run in a process of its own, from when the sandbox met so many of its requests."""
    command = [sys.executable, "-m", "aistudios_dsl.cli", "outbox", "run", str(file), "--export", "--yes", *flags]
    with subprocess.Popen(command, env=sandbox.environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            while len(sandbox.requests()) < requests:
                assert process.poll() is None
                time.sleep(0.02)
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_and_a_reader_is_not(sandbox, tmp_path):
    sandbox.faults("create:delay=60")
    file = jsonl(tmp_path / "videos.jsonl", payloads(4))
    with running(sandbox, file, "--rate", "1000/s", requests=4):
        result = aistudios(sandbox, "run", file, "--export", stdin=subprocess.DEVNULL)
        assert result.returncode == 1, "told before anybody is asked"
        assert f"another process is working on {tmp_path}" in result.stderr
        shown = aistudios(sandbox, "status", "--journal", file.with_suffix(".outbox"))
        assert (shown.returncode, shown.stdout) == (0, "submitting       4\n")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_lets_what_is_in_flight_finish(sandbox, tmp_path, name):
    sandbox.settings(render_seconds=0)
    sandbox.faults("create:delay=1:x2")
    file = jsonl(tmp_path / "videos.jsonl", payloads(10))
    with running(sandbox, file, "--concurrency", "2", "--rate", "100/s") as process:
        process.send_signal(getattr(signal, name))
        _, said = process.communicate()
    assert process.returncode == 1
    assert "interrupted; what was in flight is finished" in said
    with Outbox(file.with_suffix(".outbox")) as outbox:
        assert outbox.counts() == {"queued": 10 - sandbox.creates(), "submitted": sandbox.creates()}
    assert 1 <= sandbox.creates() <= 2


def test_a_signal_that_is_ignored_stays_ignored():
    """`nohup` ignores the hang-up, and the run goes on."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with runner.stop_on_signal(lambda: None):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_ctrl_c_ends_at_once_and_what_was_in_flight_is_unknown(sandbox, tmp_path):
    sandbox.faults("create:delay=60")
    file = jsonl(tmp_path / "videos.jsonl", payloads(3))
    with running(sandbox, file, "--rate", "1000/s", requests=3) as process:
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        process.communicate(timeout=30)
    assert process.returncode == 1
    with Outbox(file.with_suffix(".outbox")) as outbox:
        assert outbox.counts() == {"unknown": 3}


DAMAGE = [
    "UPDATE rows SET state = 'lost'",
    "UPDATE rows SET name = x'00ff'",
    "UPDATE rows SET percent = 'half'",
    "UPDATE payloads SET text = x'7b7d'",
    "UPDATE payloads SET text = cast(x'ff' AS TEXT)",
    "UPDATE rows SET note = cast(x'ff' AS TEXT)",
    "DROP TABLE terms",
    "ALTER TABLE rows RENAME TO lines",
    "ALTER TABLE rows DROP COLUMN percent",
]
CALLS = {
    "rows": lambda box: box.rows(),
    "counts": lambda box: box.counts(),
    "add": lambda box: box.add(payloads(4)),
    "mark": lambda box: box.mark(1, again=True),
    "run": lambda box: box.run(**FAST, max_renders=4),
    "candidates": lambda box: box.candidates(),
}


def only_our_errors(box):
    """Make every call, and return how many end in an error of ours; any other is raised."""
    failed = 0
    for call in CALLS.values():
        try:
            call(box)
        except DslError:
            failed += 1
    return failed


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_journal_damaged_while_it_is_open_is_always_our_error(outbox, damage):
    outbox.add(payloads(3))
    with contextlib.closing(sqlite3.connect(outbox.path)) as base:
        base.execute("PRAGMA ignore_check_constraints = 1")
        base.execute(damage)
        base.commit()
    assert only_our_errors(outbox) > 0


def test_bytes_that_change_at_any_moment_are_never_an_error_that_is_not_ours(client, tmp_path):
    failed = 0
    for seed in range(16):
        chance, path = random.Random(seed), tmp_path / f"{seed}.outbox"
        with Outbox(path, client) as outbox:
            outbox.add(payloads(30))
            with path.open("r+b") as file:
                for _ in range(chance.choice([1, 30])):
                    file.seek(chance.randrange(path.stat().st_size))
                    file.write(chance.randbytes(chance.choice([1, 200])))
                if chance.random() < 0.2:
                    file.truncate(chance.randrange(path.stat().st_size))
            failed += only_our_errors(outbox)
        with contextlib.suppress(DslError), Outbox(path, client) as outbox:
            failed += only_our_errors(outbox)
    assert failed > 16


@pytest.mark.parametrize("spoil", [Path.mkdir, lambda path: path.write_text("no database" * 99, encoding="utf-8")])
def test_a_lock_file_that_is_none_is_our_error(outbox, spoil):
    outbox.add(payloads(1))
    Path(f"{outbox.path}.lock").unlink()
    spoil(Path(f"{outbox.path}.lock"))
    with pytest.raises(DslError, match=r"cannot lock|unable to open"):
        outbox.run(**FAST)


def without_rights(sandbox, *args):
    """The command as one that the file's modes bind, as they do not bind root."""
    command = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []
    command += [sys.executable, "-m", "aistudios_dsl.cli", "outbox", *map(str, args)]
    return subprocess.run(command, env=sandbox.environment, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o555), (0o444, 0o755), (0o644, 0o555)])
def test_status_needs_no_write_access(sandbox, tmp_path, file, folder):
    place = tmp_path / "read only"
    place.mkdir()
    path = place / "50%?#.outbox"
    with Outbox(path) as outbox:
        outbox.add(payloads(3))
    Path(f"{path}.lock").unlink()
    path.chmod(file)
    place.chmod(folder)
    try:
        shown = without_rights(sandbox, "status", "--journal", path)
        refused = without_rights(sandbox, "mark", "1", "--not-sent", "--journal", path)
        assert [one.name for one in place.iterdir() if one.suffix != ".lock"] == [path.name]
    finally:
        place.chmod(0o755)
    assert (shown.returncode, shown.stdout) == (0, "queued           3\n"), shown.stderr
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert "error: " in refused.stderr


def test_status_without_write_access_sees_what_a_run_is_doing(sandbox, tmp_path):
    sandbox.faults("create:delay=60")
    file = jsonl(tmp_path / "videos.jsonl", payloads(4))
    with running(sandbox, file, "--rate", "1000/s", requests=4):
        tmp_path.chmod(0o555)
        try:
            shown = without_rights(sandbox, "status", "--journal", file.with_suffix(".outbox"))
        finally:
            tmp_path.chmod(0o755)
    assert (shown.returncode, shown.stdout) == (0, "submitting       4\n")


def test_nothing_is_sent_under_a_lock_that_cannot_be_written_and_so_does_not_exclude(sandbox, tmp_path):
    file = jsonl(tmp_path / "videos.jsonl", payloads(2))
    journal = file.with_suffix(".outbox")
    with Outbox(journal) as outbox:
        outbox.add(file)
    Path(f"{journal}.lock").chmod(0o444)
    refused = without_rights(sandbox, "run", file, "--draft")
    assert (refused.returncode, "readonly database" in refused.stderr) == (1, True), refused.stderr
    assert sandbox.creates() == 0
    assert without_rights(sandbox, "status", "--journal", journal).stdout == "queued           2\n"


# The command


def test_the_commands_from_run_to_mark(sandbox, tmp_path):
    sandbox.settings(render_seconds=0)
    sandbox.faults("create:reset-after:x1")
    file = jsonl(tmp_path / "videos.jsonl", payloads(2))
    flags = ["--export", "--yes", "--concurrency", "1", "--rate", "600/min", "--download", tmp_path / "videos"]
    first = aistudios(sandbox, "run", file, *flags, cwd=tmp_path)
    assert (first.returncode, first.stdout) == (1, "1 downloaded, 1 unknown\n")
    assert "2 rows: 2 new\nto be rendered at http://127.0.0.1" in first.stderr
    assert "row 1 (Video 1): unknown: " in first.stderr
    shown = aistudios(sandbox, "status", cwd=tmp_path).stdout
    [listed] = [line for line in shown.splitlines() if "--sent" in line]
    project_id = listed.split()[-1]
    rows = json.loads(aistudios(sandbox, "status", "--json", cwd=tmp_path).stdout)["rows"]
    assert rows[0]["candidates"][0]["id"] == project_id
    marked = aistudios(sandbox, "mark", "1", "--sent", project_id, cwd=tmp_path)
    assert marked.stdout == "row 1 (Video 1): submitted\n"
    last = aistudios(sandbox, "run", file, *flags, cwd=tmp_path)
    assert (last.returncode, last.stdout) == (0, "2 downloaded\n")
    assert sandbox.creates() == 2


WRONG_USE = [
    (["run", "videos.jsonl"], 2, "choose one: --export (renders, spends credits) or --draft"),
    (["run", "videos.jsonl", "--export"], 2, "there is no terminal to ask on: add --yes"),
    (["run", "videos.jsonl", "--export", "--rate", "fast"], 2, "'fast' is not a rate of requests: write 2/s or 90/min"),
    (["run", "videos.jsonl", "--export", "--rate", "2/"], 2, "'2/' is not a rate of requests"),
    (["run", "other.jsonl", "--draft"], 1, "cannot read other.jsonl"),
    (["run", ".", "--draft"], 1, "cannot read .: Is a directory"),
    (["run", "vidoes.jsonl", "--draft"], 1, "did you mean 'videos.jsonl'?"),
    (["run", "braces.jsonl", "--draft"], 1, "row 1 name: holds Jinja that was not rendered"),
    (["run", "braces.jsonl", "--draft"], 1, "fill them first, with aistudios build; if the braces are text: --literal"),
    (["mark", "1"], 2, "choose one: --sent ID, --not-sent"),
    (["mark", "1", "--not-sent", "--journal", "x.outbox"], 1, "there is no journal x.outbox"),
    (["status"], 1, "there is no journal (*.outbox) in this folder"),
]


@pytest.mark.parametrize(("args", "code", "words"), WRONG_USE, ids=[" ".join(args) for args, _, _ in WRONG_USE])
def test_wrong_use_is_told_with_the_way_out(sandbox, tmp_path, args, code, words):
    jsonl(tmp_path / "videos.jsonl", payloads(1))
    jsonl(tmp_path / "braces.jsonl", [payload("{{ name }}")])
    result = aistudios(sandbox, *args, cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert (result.returncode, "Traceback" in result.stderr) == (code, False)
    assert words in result.stderr
    assert sandbox.creates() == 0
    assert list(tmp_path.glob("*.outbox*")) == []


def test_every_payload_is_checked_before_the_first_is_sent(sandbox, tmp_path):
    sandbox.settings(render_seconds=0)
    bad = Project("Video 2").scene().image("https://x.example/a.png", natural=(9, 9)).to_dict()
    bad["scenes"][0]["clips"][0] |= {"source_url": "C:/pictures/a.png", "opacity": 900}
    file = jsonl(tmp_path / "videos.jsonl", [payload(1), bad, payload(3)])
    stopped = aistudios(sandbox, "run", file, "--draft", "--rate", "1000/s")
    assert (stopped.returncode, stopped.stdout, sandbox.creates()) == (1, "", 0)
    assert "line 2\n  error   bad-value" in stopped.stderr
    assert "C:/pictures/a.png is a path on your own machine" in stopped.stderr
    assert "nothing is sent: the checks found errors in 1 of 3 lines" in stopped.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["videos.jsonl"]
    sent = aistudios(sandbox, "run", file, "--draft", "--rate", "1000/s", "--despite-errors")
    assert "url-unreachable" in sent.stderr
    assert (sent.stdout, sandbox.creates()) == ("2 done, 1 failed\n", 2)
    again = aistudios(sandbox, "run", file, "--draft")
    assert "url-unreachable" not in again.stderr, "what was sent is not checked again"


def test_braces_that_are_meant_are_no_finding(sandbox, tmp_path):
    file = jsonl(tmp_path / "videos.jsonl", [payload("{{ name }}")])
    result = aistudios(sandbox, "run", file, "--draft", "--literal")
    assert (result.returncode, "leftover-braces" in result.stderr) == (0, False)


def test_the_way_on_names_the_journal_and_every_row_as_the_shell_reads_it(sandbox, tmp_path):
    sandbox.settings(render_seconds=0)
    sandbox.faults("create:reset-before:x1", "progress:failed")
    file, journal = jsonl(tmp_path / "videos.jsonl", payloads(2)), tmp_path / "my journal"
    flags = ["--export", "--yes", "--key", "name", "--concurrency", "1", "--journal", journal]
    ended = aistudios(sandbox, "run", file, *flags)
    assert f"hint: aistudios outbox status --journal '{journal}'" in ended.stderr
    shown = aistudios(sandbox, "status", "--journal", journal).stdout
    assert "a create that was cut off may still arrive: look again in a minute\n  if it was not sent: " in shown
    assert f"if it was not sent: aistudios outbox mark 'Video 1' --not-sent --journal '{journal}'" in shown
    [line] = [line for line in shown.splitlines() if "--again" in line]
    assert "to send it again as a new project, which may cost again: " in line
    marked = aistudios(sandbox, *shlex.split(line.partition("aistudios outbox ")[2]))
    assert marked.stdout == "row Video 2 (Video 2): queued\n"
    refused = aistudios(sandbox, "mark", "Video 2", "--not-sent", "--journal", journal)
    assert "row Video 2 is queued: there is nothing to mark" in refused.stderr


def test_a_terminal_shows_a_bar(sandbox, tmp_path):
    sandbox.settings(render_seconds=0)
    file = jsonl(tmp_path / "videos.jsonl", payloads(3))
    reader, terminal = pty.openpty()
    command = [sys.executable, "-m", "aistudios_dsl.cli", "outbox", "run", str(file), "--draft"]
    subprocess.run(command, env=sandbox.environment | {"TERM": "xterm"}, stderr=terminal, check=True)
    os.close(terminal)
    assert "3/3" in os.read(reader, 100_000).decode()
    os.close(reader)


# Kills: a short slice of tests/tools/kill_outbox.py


def test_killed_at_a_few_moments_it_sends_nothing_twice(start_sandbox, tmp_path):
    campaign = kill_outbox.Campaign(start_sandbox("--render-seconds", "1"), tmp_path, 60)
    campaign.kill(["submitting after", "submitted inside", "file named", "create accepted"])
    counts = campaign.finish()
    assert campaign.kills.total() == 4
    assert counts.total() == 60
    assert len(set(campaign.creates())) == len(campaign.creates())
    campaign.answer_for_the_rest()
    assert campaign.finish() == {"downloaded": 60}
    assert len(set(campaign.creates())) == len(campaign.creates()) == 60
    assert campaign.wrong_files() == []


# Tricks: a short slice of tests/tools/trick_outbox.py


def test_under_tricks_nothing_is_sent_twice_on_a_ledger_that_is_not_the_sandbox(tmp_path):
    seen, twice, lost = trick_outbox.rounds(2, 12, 16, tmp_path)
    assert (twice, lost) == ([], [])
    assert seen["row: done"] > 0
