"""A plan says what an outbox would make, apply makes exactly that, and what was made is found by its key."""

import contextlib
import csv
import io
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from aistudios_dsl import BuildError, DslError, LoadError
from aistudios_dsl.check.summary import spoken
from aistudios_dsl.service import Client, Outbox, OutboxPlan, runner
from aistudios_dsl.service.drift import differences
from aistudios_dsl.service.intake import split, with_row
from tests.test_outbox import FAST, SCENE, aistudios, jsonl, payload, payloads
from tests.tools import drift_at_service, kill_plan
from tests.tools.witness import witness

DATA = Path(__file__).parent / "data"
SPOKEN = {
    "id": "aiModel-1",
    "type": "aiModel",
    "layer": 1,
    "left": 0,
    "top": 0,
    "width": 10,
    "height": 10,
    "model": {"ai_name": "M000045058", "emotion": "BG00002320"},
}


def speaking(number, words):
    """A payload with an avatar that says so."""
    clip = SPOKEN | {"script": {"org": f"<p>{words}</p>", "tts": None}}
    return {"name": f"Video {number}", "scenes": [SCENE | {"clips": [clip]}]}


def with_columns(number, document, **columns):
    return {"row": {"id": f"c{number}"} | columns, "payload": document}


@pytest.fixture
def client(sandbox, monkeypatch):
    sandbox.settings(render_seconds=0)
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(runner, "LONGEST_PAUSE", 0.05)
    with Client(sandbox.key, base_url=sandbox.base_url) as found:
        yield found


@pytest.fixture
def outbox(client, tmp_path):
    with Outbox(tmp_path / "videos.outbox", client) as found:
        yield found


def actions(plan):
    return {row.key: row.action for row in plan.rows}


# What a plan says


def test_each_key_is_new_changed_same_gone_unknown_or_failed(outbox, sandbox):
    outbox.add(payloads(3), key="name")
    outbox.run(**FAST)
    sandbox.faults("create:refused:x1", "create:reset-after:x1")
    outbox.add(payloads(5), key="name")
    outbox.run(**FAST, concurrency=1)
    plan = outbox.plan([payload(1), payload(2, resolution="720"), payload(4), payload(5), payload(6)], key="name")
    states = {row.key: row.state for row in outbox.rows()}
    found = {f"Video {number}": states[f"Video {number}"] for number in (4, 5)}
    assert sorted(found.values()) == ["failed", "unknown"]
    assert actions(plan) == {"Video 2": "changed", "Video 3": "gone", "Video 6": "new"} | found
    assert plan.counts == {"new": 1, "changed": 1, "same": 1, "gone": 1, "unknown": 1, "failed": 1}
    assert [row.key for row in plan.made] == ["Video 2", "Video 6"]


def test_a_plan_writes_nothing_and_the_journal_begins_when_it_is_applied(tmp_path, client):
    with Outbox(tmp_path / "videos.outbox", client) as outbox:
        plan = outbox.plan(payloads(2))
        assert list(tmp_path.iterdir()) == []
        assert outbox.apply(plan, payloads(2), **FAST_APPLY).counts == {"done": 2}


FAST_APPLY = {"rate": 1000.0}


def test_only_what_is_new_or_changed_is_made_and_a_second_apply_makes_nothing(outbox, sandbox):
    outbox.apply(outbox.plan(payloads(5), key="name"), **FAST_APPLY)
    source = [payload(1), payload(2, resolution="720"), payload(3), payload(4), payload(9)]
    plan = outbox.plan(source, key="name")
    for _ in range(2):
        assert outbox.apply(plan, source, **FAST_APPLY).complete
        assert sandbox.creates() == 7
    made = [entry["name"] for entry in sandbox.ledger()[5:]]
    assert sorted(made) == ["Video 2", "Video 9"]
    assert outbox.plan(source, key="name").counts == plan.counts | {"new": 0, "changed": 0, "same": 5}


def test_the_earlier_video_of_a_key_is_still_found_and_is_current_again_without_a_render(outbox, sandbox):
    outbox.apply(outbox.plan(payloads(1)), **FAST_APPLY)
    [first] = outbox.rows()
    outbox.apply(outbox.plan([payload(1, resolution="720")]), **FAST_APPLY)
    assert [row.project_id for row in outbox.rows(versions=True) if not row.current] == [first.project_id]
    assert [(one.version, one.current) for one in outbox.results(versions=True)] == [(1, False), (2, True)]
    back = outbox.plan(payloads(1))
    assert (back.made, back.counts["same"]) == ((), 1)
    for _ in range(2):
        assert outbox.apply(back, payloads(1), **FAST_APPLY).complete
    assert (outbox.rows()[0].project_id, sandbox.creates()) == (first.project_id, 2)


def test_an_unknown_key_is_not_made_again_even_where_its_payload_changed(outbox, sandbox):
    outbox.add(payloads(1))
    sandbox.faults("create:reset-after:x1")
    outbox.run(**FAST)
    changed = [payload(1, resolution="720")]
    plan = outbox.plan(changed)
    assert (actions(plan), plan.made) == ({"1": "unknown"}, ())
    assert outbox.apply(plan, changed, **FAST_APPLY).counts == {"unknown": 1}
    assert sandbox.creates() == 1
    outbox.mark("1", sent=outbox.candidates()["1"][0]["id"])
    assert actions(outbox.plan(changed)) == {"1": "changed"}


def test_the_earlier_project_of_a_key_is_no_candidate_for_its_unknown_version(outbox, sandbox):
    outbox.apply(outbox.plan(payloads(1)), **FAST_APPLY)
    sandbox.faults("create:reset-before:x1")
    outbox.apply(outbox.plan([payload(1, resolution="720")]), **FAST_APPLY)
    assert outbox.candidates() == {"1": ()}


def test_a_failed_key_waits_for_a_person_or_for_another_payload(outbox, sandbox):
    outbox.add(payloads(1))
    sandbox.faults("create:refused:x1")
    outbox.run(**FAST)
    assert outbox.plan(payloads(1)).made == ()
    mended = [payload(1, resolution="720")]
    assert outbox.apply(outbox.plan(mended), mended, **FAST_APPLY).complete
    outbox.plan(payloads(1))
    assert sandbox.creates() == 1


def test_what_left_the_source_before_it_was_sent_is_not_sent_and_can_come_back(outbox, sandbox):
    outbox.add(payloads(3), key="name")
    kept = payloads(2)
    plan = outbox.plan(kept, key="name")
    assert actions(plan) == {"Video 1": "new", "Video 2": "new", "Video 3": "gone"}
    outbox.apply(plan, kept, **FAST_APPLY)
    assert sorted(entry["name"] for entry in sandbox.ledger()) == ["Video 1", "Video 2"]
    outbox.apply(outbox.plan(payloads(3), key="name"), payloads(3), **FAST_APPLY)
    assert sandbox.creates() == 3


def test_a_line_taken_out_in_the_middle_is_not_a_change_of_all_that_follow(outbox):
    outbox.apply(outbox.plan(payloads(4)), **FAST_APPLY)
    with pytest.raises(LoadError, match=r"a line taken out moves all that follow\n.*: is the same payload as row 3"):
        outbox.plan([payload(1), payload(3), payload(4)])


def test_rows_named_otherwise_than_in_the_journal_are_told_the_right_key(outbox):
    """A plan that names the rows by another column names the one of the journal, and does not send to itself."""
    outbox.apply(outbox.plan(payloads(3), key="name"), payloads(3), **FAST_APPLY)
    with pytest.raises(LoadError, match="names its rows by 'name': give the same key\n") as caught:
        outbox.plan(payloads(3))
    assert "outbox plan" not in str(caught.value)
    with pytest.raises(LoadError, match="this source has rows twice\n  hint: name rows by a column that is different"):
        outbox.plan([payload(number, resolution="720") for number in (1, 2, 3)], key="resolution")


@pytest.mark.parametrize(
    ("count", "shown", "words"), [(2, 2, "cannot be sent\n"), (9, 3, r"\(9 rows, the first 3:\)")], ids=["few", "many"]
)
def test_bad_rows_that_say_the_same_are_shown_a_few_times(outbox, count, shown, words):
    with pytest.raises(LoadError, match=words) as caught:
        outbox.plan(payloads(count), key="idd")
    assert len(caught.value.problems) == str(caught.value).count("'idd'") == shown


def test_a_plan_applied_in_another_folder_says_so_and_makes_no_journal(sandbox, tmp_path):
    """The paths in a plan are those of its folder; elsewhere nothing is made."""
    jsonl(tmp_path / "videos.jsonl", payloads(1))
    aistudios(sandbox, "plan", "videos.jsonl", "-o", "plan.json", cwd=tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    result = aistudios(sandbox, "apply", "../plan.json", "--yes", cwd=other)
    assert (
        "videos.jsonl, which the plan is for, is not there\n  hint: apply a plan in the folder where" in result.stderr
    )
    assert (result.returncode, sandbox.creates(), list(other.glob("*.outbox"))) == (1, 0, [])


def test_lines_that_were_never_sent_may_change_places(outbox, sandbox):
    outbox.add(payloads(3))
    source = payloads(3)[::-1]
    assert outbox.apply(outbox.plan(source), source, **FAST_APPLY).complete
    assert sandbox.creates() == 3


def test_seconds_of_speech_and_a_rate_give_a_price(outbox):
    said = [speaking(1, "one two three four five " * 30), speaking(2, "six")]
    plan = outbox.plan(said, rate=12, inspect=lambda number, project: spoken(project))
    assert plan.seconds == pytest.approx(150 / 2.5 + 1 / 2.5, abs=0.5)
    assert plan.price == pytest.approx(plan.seconds / 60 * 12)
    assert f"about {plan.price:.1f} credits (an estimate: 12 a minute of speech)" in str(plan)
    outbox.apply(plan, said, **FAST_APPLY)
    assert [one.seconds for one in outbox.results()] == [row.seconds for row in plan.rows]


def test_a_plan_for_drafts_of_a_journal_of_renders_is_refused_before_anything_is_taken_in(outbox):
    outbox.apply(outbox.plan(payloads(1)), **FAST_APPLY)
    with pytest.raises(DslError, match="was begun to render and continues so"):
        outbox.plan([payload(1, resolution="720")], export=False)
    assert outbox.plan(payloads(1)).counts["same"] == 1


# The file of a plan, and what it is held against


@pytest.fixture
def planned(outbox, tmp_path):
    """A source of three rows in its file, its plan in another, and the outbox of both."""
    source = jsonl(tmp_path / "videos.jsonl", payloads(3))
    file = tmp_path / "plan.json"
    file.write_text(outbox.plan(source).to_json(), encoding="utf-8")
    return source, file


def test_a_plan_is_what_its_file_says(outbox, planned):
    source, file = planned
    assert OutboxPlan.load(file) == outbox.plan(source)
    assert outbox.apply(OutboxPlan.load(file), **FAST_APPLY).counts == {"done": 3}


SPOILT = [
    (lambda text: text.replace('"new": 3', '"new": 2'), "plan.json was edited since it was planned"),
    (lambda text: text.replace('"export": true', '"export": false'), "was edited since it was planned"),
    (lambda text: text[: len(text) // 2], "it ends in the middle"),
    (lambda text: text.replace('"version": 1', '"version": 2'), "a plan of version 2; this release reads version 1"),
    (lambda text: "{}", "is not the plan of an outbox"),
    (lambda text: "[]", "is not the plan of an outbox"),
    (lambda text: "", "is empty"),
    (lambda text: text.replace('"rate": null', '"rate": 1, "rate": 2'), "'rate' twice"),
]


@pytest.mark.parametrize(("spoil", "words"), SPOILT, ids=[words for _, words in SPOILT])
def test_a_plan_that_is_not_as_it_was_written_is_refused(planned, spoil, words):
    _, file = planned
    file.write_text(spoil(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(LoadError, match=words):
        OutboxPlan.load(file)


def another_payload(outbox, source):
    jsonl(source, [*payloads(2), payload(3, resolution="720")])


def another_row(outbox, source):
    jsonl(source, payloads(4))


def sent_meanwhile(outbox, source):
    outbox.add([payload(7)])
    outbox.run(**FAST)


def another_version(outbox, source):
    changed = [payload(1, resolution="720"), *payloads(3)[1:]]
    outbox.apply(outbox.plan(changed), changed, **FAST_APPLY)


CHANGES = [
    (another_payload, "videos.jsonl has changed since the plan was made"),
    (another_row, "videos.jsonl has changed since the plan was made"),
    (sent_meanwhile, "videos.outbox has changed since the plan was made"),
    (another_version, r"videos.outbox has changed since the plan was made \(row 1\)"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_a_plan_is_refused_when_its_payloads_or_its_journal_have_changed(outbox, planned, sandbox, change, words):
    source, file = planned
    plan = OutboxPlan.load(file)
    change(outbox, source)
    before = sandbox.creates()
    with pytest.raises(DslError, match=words) as caught:
        outbox.apply(plan, **FAST_APPLY)
    assert (caught.value.code, sandbox.creates()) == ("plan-stale", before)


def test_a_plan_of_another_journal_or_service_is_refused(outbox, planned, client, tmp_path):
    _, file = planned
    with Outbox(tmp_path / "other.outbox", client) as other:
        other.apply(other.plan(payloads(1)), **FAST_APPLY)
        plan = other.plan([*payloads(1), payload(9)])
    outbox.apply(OutboxPlan.load(file), **FAST_APPLY)
    with pytest.raises(DslError, match=r"videos.outbox is not the journal of this plan\n  hint: it was .*other.outbox"):
        outbox.apply(plan, [*payloads(1), payload(9)])
    with (
        Client(client_key(), base_url="https://app.aistudios.com") as real,
        Outbox(outbox.path, real) as other,
        pytest.raises(DslError, match=r"the plan is for http://127.0.0.1:\d+, not for https://app"),
    ):
        other.apply(OutboxPlan.load(file))


def client_key():
    return "any-key"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_renders": 1}, "the plan makes 2 videos, and the limit is 1: nothing is sent"),
        ({"max_minutes": 0.01}, "minutes of speech, and the limit is 0.01: nothing is sent"),
    ],
)
def test_a_plan_over_a_limit_is_refused_whole(outbox, sandbox, limits, words):
    said = [speaking(1, "one two three"), speaking(2, "four five six")]
    plan = outbox.plan(said, inspect=lambda number, project: spoken(project))
    with pytest.raises(DslError, match=words):
        outbox.apply(plan, said, **limits)
    assert (sandbox.creates(), outbox.counts()) == (0, {})


def test_minutes_are_a_budget_over_all_runs(outbox, sandbox):
    said = [speaking(number, "one two three four five " * 10) for number in range(4)]
    outbox.accept(outbox.plan(said, inspect=lambda number, project: spoken(project)))
    for _ in range(2):
        assert outbox.run(**FAST, max_minutes=0.7).stopped == "the budget of 0.7 minutes of speech is spent"
    assert sandbox.creates() == 2


@pytest.mark.parametrize("rate", [-1, float("nan"), float("inf"), "12"])
def test_a_rate_that_is_no_price_is_refused(outbox, rate):
    with pytest.raises(BuildError, match="give the credits for a minute of speech, 0 or more"):
        outbox.plan(payloads(1), rate=rate)


def test_renders_are_counted_once_and_not_for_each_create(outbox, monkeypatch):
    """What a create costs does not grow with the rows of the journal."""
    counted = []
    renders = outbox._journal.renders
    monkeypatch.setattr(type(outbox._journal), "renders", lambda self: counted.append(1) or renders())
    outbox.add(payloads(20))
    assert outbox.run(**FAST, max_renders=15).counts == {"queued": 5, "done": 15}
    assert len(counted) == 1


# The row that travels with its payload


def test_a_line_with_its_row_sends_the_same_bytes_as_without(outbox, sandbox, tmp_path):
    text = json.dumps(payload(1), separators=(",", ":"))
    (tmp_path / "rows.jsonl").write_bytes(with_row({"id": 7, "Größe": None}, text.encode()) + b"\n")
    outbox.apply(outbox.plan(tmp_path / "rows.jsonl", key="id"), **FAST_APPLY)
    assert [row.key for row in outbox.rows()] == ["7"]
    with contextlib.closing(sqlite3.connect(outbox.path)) as base:
        assert base.execute("SELECT text FROM payloads").fetchall() == [(text,)]
        assert base.execute("SELECT sha256 FROM rows").fetchall() == [(sandbox.ledger()[0]["sha256"],)]


@pytest.mark.parametrize(
    "row", [{"id": 1, "gap": float("nan")}, {"id": 1, "far": float("inf")}, {"id": 1, 2: "x", "when": Path("a")}]
)
def test_any_row_can_travel(row):
    columns, document = split(with_row(row, b'{"scenes":[]}'))
    assert (columns["id"], document) in [(1, {"scenes": []}), ("1", {"scenes": []})]


def test_a_missing_key_column_is_told_with_the_nearest_name(outbox):
    with pytest.raises(LoadError, match=r"has no text or number under 'customer'\s.*\n.*did you mean 'Customer'"):
        outbox.plan([{"row": {"Customer": 1}, "payload": payload(1)}], key="customer")
    with pytest.raises(LoadError, match=r"under 'customer' to identify it by\n.*--with-rows"):
        outbox.plan(payloads(1), key="customer")
    with pytest.raises(LoadError, match="row c1: is the key of two rows"):
        outbox.plan([with_columns(1, payload(1)), with_columns(1, payload(2))], key="id")


def named(row):
    return f"{row['file']}.mp4"


def test_videos_are_named_by_their_rows_and_a_newer_one_takes_the_place_of_the_older(outbox, tmp_path):
    videos = tmp_path / "videos"
    first = [with_columns(1, payload(1), file="ann"), with_columns(2, payload(2), file="bob")]
    outbox.apply(outbox.plan(first, key="id"), download=videos, name=named, **FAST_APPLY)
    assert sorted(path.name for path in videos.iterdir()) == ["ann.mp4", "bob.mp4"]
    (videos / "ann.mp4").write_bytes(b"the older video")
    second = [with_columns(1, payload(1, resolution="720"), file="ann"), first[1]]
    assert outbox.apply(outbox.plan(second, key="id"), download=videos, name=named, **FAST_APPLY).complete
    assert (videos / "ann.mp4").read_bytes() == (videos / "bob.mp4").read_bytes()
    assert [(one.version, Path(one.file).name) for one in outbox.results(versions=True) if one.key == "c1"] == [
        (1, ""),
        (2, "ann.mp4"),
    ]


def test_a_file_that_the_outbox_did_not_save_is_not_replaced(outbox, tmp_path):
    (tmp_path / "ann.mp4").write_bytes(b"my own")
    source = [with_columns(1, payload(1), file="ann")]
    summary = outbox.apply(outbox.plan(source, key="id"), download=tmp_path, name=named, **FAST_APPLY)
    assert (summary.stopped, (tmp_path / "ann.mp4").read_bytes()) == ("1 videos could not be saved", b"my own")
    assert "was not saved by this outbox" in outbox.rows()[0].note


BAD_NAMES = ["../x", "a/b", "a\\b", "", ".", "..", ".hidden", "con", "nul", "a:b", "a\0b", "a\nb", "x" * 300, " a"]


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_a_name_that_is_not_one_file_of_the_folder_is_refused_before_anything_is_sent(outbox, sandbox, tmp_path, name):
    source = [with_columns(1, payload(1), file=name)]
    plan = outbox.plan(source, key="id")
    with pytest.raises(LoadError, match="row c1: the file name"):
        outbox.apply(plan, download=tmp_path / "videos", name=lambda row: row["file"])
    assert sandbox.creates() == 0


@pytest.mark.parametrize(("one", "other"), [("ann", "ann"), ("ann", "ANN"), ("é", "e\u0301")])
def test_two_rows_never_share_a_file(outbox, sandbox, tmp_path, one, other):
    source = [with_columns(1, payload(1), file=one), with_columns(2, payload(2), file=other)]
    plan = outbox.plan(source, key="id")
    with pytest.raises(LoadError, match=r"row c2: its file .* is that of row c1 too"):
        outbox.apply(plan, download=tmp_path / "videos", name=named)
    assert sandbox.creates() == 0


# Results


def test_results_tell_what_became_of_each_key_and_what_it_cost(outbox):
    outbox.apply(outbox.plan(payloads(2)), **FAST_APPLY)
    assert outbox.charge(1, 2.5) == 1
    assert outbox.charge(outbox.rows()[1].project_id, 3) == 1
    assert outbox.charge("nobody", 3) == 0
    found = list(outbox.results())
    assert [(one.key, one.state, one.credits) for one in found] == [("1", "done", 2.5), ("2", "done", 3.0)]
    assert all(one.sent.endswith("+00:00") for one in found)


def test_a_cell_that_a_spreadsheet_would_run_is_quoted_and_json_is_exact(sandbox, tmp_path):
    bad = ["=HYPERLINK(1)", "+49 30", "-5", "@sum", "plain"]
    file = jsonl(tmp_path / "videos.jsonl", [{"name": name, "scenes": [SCENE]} for name in bad])
    journal = tmp_path / "videos.outbox"
    with Outbox(journal) as outbox:
        outbox.add(file, key="name")
    table = aistudios(sandbox, "results", "--journal", journal).stdout
    found = [row["key"] for row in csv.DictReader(io.StringIO(table))]
    assert found == ["'=HYPERLINK(1)", "'+49 30", "-5", "'@sum", "plain"]
    lines = aistudios(sandbox, "results", "--json", "--journal", journal).stdout.splitlines()
    assert [json.loads(line)["key"] for line in lines] == bad


# Drift


def editor_like(number):
    clip = {"id": f"t-{number}", "type": "textImage", "layer": 1, "left": 1, "top": 2, "width": 3, "height": 4}
    clip |= {"text": f"Hello {number}", "fill": "#fff", "fontSize": 40, "opacity": 90}
    scene = SCENE | {"clips": [clip | SPOKEN | {"id": f"a-{number}"}, clip]}
    return {"name": f"Video {number}", "orientation": "portrait", "scenes": [scene, SCENE | {"sceneIdx": 1}]}


CHANGED = {
    "a text": lambda body: body["scenes"][0]["clips"][1].update(text="Hi"),
    "a number": lambda body: body["scenes"][0]["clips"][1].update(left=1.5),
    "a key taken out": lambda body: body["scenes"][0]["clips"][1].pop("opacity"),
    "a key put in": lambda body: body["scenes"][0]["clips"][1].update(angle=10),
    "an effect": lambda body: body["scenes"][0]["clips"][1].update(animation={"type": "fade-in", "duration": 1}),
    "a clip taken out": lambda body: body["scenes"][0]["clips"].pop(),
    "a scene put in": lambda body: body["scenes"].append(SCENE),
    "the name": lambda body: body.update(name="Another"),
    "the orientation": lambda body: body.update(orientation="landscape"),
    "true for 1": lambda body: body["scenes"][0]["clips"][1].update(layer=True),
}
ADDED = {
    "_id": "1", "userId": "u", "templateId": None, "state": "exported", "thumbnailUrl": None, "baseInfoId": None,
    "dictionary": None, "backendTaskId": "t", "exportType": "video", "progress": 100, "creditSubstracted": 1,
    "createdAt": "2026", "updatedAt": "2026", "download_url": "https://x.example",
}  # fmt: skip


def as_stored(document):
    """A project as the service gives it back: its own keys beside ours, at every level."""
    body = json.loads(json.dumps(document)) | ADDED
    for scene in body["scenes"]:
        scene |= {"_id": "s", "thumbnailUrl": "https://x.example/t.png", "watermark": False}
        for clip in scene["clips"]:
            clip |= {"_id": "c", "name": clip["id"], "lockMovementX": False, "angle": 0, "animation": None}
    return body


@pytest.mark.parametrize("change", CHANGED, ids=str)
def test_a_change_of_one_key_is_found_beside_what_the_service_adds(change):
    stored = as_stored(editor_like(1))
    assert list(differences(editor_like(1), stored)) == []
    CHANGED[change](stored)
    assert len(list(differences(editor_like(1), stored))) == 1


def test_what_a_create_takes_and_the_service_does_not_return_is_no_change():
    sent = editor_like(1) | {"webhookUrl": "https://x.example", "workspaceId": "w", "resolution": "720"}
    assert list(differences(sent, as_stored(editor_like(1)))) == []


def test_projects_changed_at_the_service_are_found_over_a_socket_and_no_other(sandbox, tmp_path):
    before, chosen, found, _ = drift_at_service.campaign(sandbox, tmp_path, 24, 8, seed=1)
    assert (before, set(found), len(found)) == ([], chosen, 8)


def test_a_project_that_is_gone_is_told(outbox, client):
    outbox.apply(outbox.plan(payloads(3), export=False), **FAST_APPLY)
    client.delete(outbox.rows()[1].project_id)
    assert [(one.key, one.fields) for one in outbox.drift()] == [("2", ())]


# The journal's versions


def old_journal(path):
    """A journal as the release before this one wrote it, with a row in every state."""
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.executescript((DATA / "outbox_version_1.sql").read_text(encoding="utf-8"))
    return path


def test_a_journal_of_the_earlier_version_is_upgraded_with_every_row_as_it_was(tmp_path):
    path = old_journal(tmp_path / "videos.outbox")
    with contextlib.closing(sqlite3.connect(path)) as base:
        columns = "number, key, name, sha256, state, project_id, percent, file, note, free"
        before = base.execute(f"SELECT {columns} FROM rows").fetchall()
        texts = base.execute("SELECT number, payload FROM rows").fetchall()
    with Outbox(path) as outbox:
        assert outbox.counts() == {
            "queued": 3, "submitted": 1, "rendering": 1, "done": 1, "downloaded": 1, "failed": 2, "unknown": 3
        }  # fmt: skip
        assert outbox._journal.renders() == 9
    with contextlib.closing(sqlite3.connect(path)) as base:
        after = base.execute(f"SELECT {columns} FROM rows").fetchall()
        assert base.execute("SELECT number, text FROM payloads").fetchall() == texts
        assert base.execute("PRAGMA user_version").fetchone() == (2,)
        assert base.execute("PRAGMA quick_check").fetchone() == ("ok",)
    crashed = (*before[1][:4], "unknown", *before[1][5:8], "the sending process ended before the service answered", 0)
    assert after == [crashed if row[0] == 2 else row for row in before]


def test_an_upgraded_journal_sends_what_was_queued_and_nothing_else(client, sandbox, tmp_path):
    path = old_journal(tmp_path / "videos.outbox")
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute("DELETE FROM terms WHERE name = 'service'")
        base.commit()
    with Outbox(path, client) as outbox:
        plan = outbox.plan(payloads(12))
        assert [row.key for row in plan.made] == ["1", "11", "12"]
        outbox.apply(plan, payloads(12), **FAST_APPLY | {"timeout": 2})
    assert sorted(entry["name"] for entry in sandbox.ledger()) == ["Video 1", "Video 11", "Video 12"]


def test_an_upgrade_that_is_killed_leaves_the_earlier_version(tmp_path):
    path = old_journal(tmp_path / "videos.outbox")
    code = """
import os, sys
from aistudios_dsl.service import Outbox, journal
journal._UPGRADE = journal._UPGRADE.replace("DROP TABLE rows_1", "SELECT die(); DROP TABLE rows_1")
hold = journal.Journal._upgrade
def dying(self):
    self.base.create_function("die", 0, lambda: os.kill(os.getpid(), 9))
    hold(self)
journal.Journal._upgrade = dying
Outbox(sys.argv[1])
"""
    root = str(Path(__file__).parent.parent)
    assert subprocess.run([sys.executable, "-c", code, path], cwd=root, check=False).returncode == -9
    with contextlib.closing(sqlite3.connect(path)) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (1,)
        assert base.execute("SELECT count(payload) FROM rows").fetchone() == (12,)
    with Outbox(path) as outbox:
        assert len(outbox.rows()) == 12


# The commands


def test_the_commands_from_plan_to_results(sandbox, tmp_path):
    sandbox.settings(render_seconds=0)
    file = tmp_path / "team.jsonl"
    people = {"c1": "one two three", "c2": "four five six"}

    def write():
        lines = [with_row({"id": key}, json.dumps(speaking(key, words)).encode()) for key, words in people.items()]
        file.write_bytes(b"\n".join(lines) + b"\n")

    write()
    flags = ["--yes", "--rate", "1000/s", "--download", "videos", "--name", "{{ id }}.mp4"]
    plan = ["plan", file, "--key", "id", "--rate", "60", "--despite-errors", "-o", "plan.json"]
    shown = aistudios(sandbox, *plan, cwd=tmp_path)
    assert "new      c1 (Video c1)\nnew      c2 (Video c2)\n2 rows: 2 new\n" in shown.stdout, shown.stderr
    assert "2 videos, 26 characters of speech, about 2.4 s, about 2.4 credits (an estimate: 60 a minute" in shown.stdout
    first = aistudios(sandbox, "apply", "plan.json", *flags, cwd=tmp_path)
    assert (first.returncode, first.stdout) == (0, "2 downloaded\n"), first.stderr
    people["c2"] = "seven"
    write()
    shown = aistudios(sandbox, *plan, "--check", cwd=tmp_path).stdout
    assert "changed  c2 (Video c2)\n           scenes[0]: speech of 'M000045058'" in shown
    assert "2 rows: 1 changed, 1 same" in shown
    assert "0 projects of 2 differ from what was sent" in shown
    for _ in range(2):
        again = aistudios(sandbox, "apply", "plan.json", *flags, cwd=tmp_path)
        assert (again.returncode, again.stdout) == (0, "2 downloaded\n"), again.stderr
    assert "; all were sent before" in again.stderr
    assert sorted(path.name for path in (tmp_path / "videos").iterdir()) == ["c1.mp4", "c2.mp4"]
    assert sandbox.creates() == 3
    aistudios(sandbox, "results", "--versions", "-o", "results.csv", cwd=tmp_path)
    with (tmp_path / "results.csv").open(encoding="utf-8") as table:
        rows = [(row["key"], row["version"], row["current"], row["file"]) for row in csv.DictReader(table)]
    c1, c2 = (str(tmp_path.resolve() / f"videos/{key}.mp4") for key in people)
    assert rows == [("c1", "1", "yes", c1), ("c2", "1", "no", ""), ("c2", "2", "yes", c2)]


def test_results_are_not_written_over_the_journal(sandbox, tmp_path):
    with Outbox(tmp_path / "a.outbox") as outbox:
        outbox.add(payloads(1))
    before = (tmp_path / "a.outbox").read_bytes()
    result = aistudios(sandbox, "results", "-o", "a.outbox", cwd=tmp_path)
    assert (result.returncode, (tmp_path / "a.outbox").read_bytes()) == (2, before)


def test_run_says_what_it_will_do_in_the_words_of_the_plan(sandbox, tmp_path):
    sandbox.settings(render_seconds=0)
    file = jsonl(tmp_path / "videos.jsonl", payloads(3))
    aistudios(sandbox, "run", file, "--draft", "--key", "name")
    jsonl(file, [payload(1), payload(2, resolution="720")])
    words = aistudios(sandbox, "plan", file, "--draft", "--key", "name").stdout.splitlines()[-2:]
    ran = aistudios(sandbox, "run", file, "--draft", "--key", "name")
    assert words[0] == "2 rows: 1 changed, 1 same, 1 gone"
    assert "\n".join(words) in ran.stderr
    assert (ran.stdout, sandbox.creates()) == ("3 done\n", 4)


WRONG_USE = [
    (["plan", "videos.jsonl", "--rate", "-1"], 2, "-1.0 is not in the range x>=0"),
    (["plan", "videos.jsonl", "--key", "nmae"], 1, "did you mean 'name'?"),
    (["plan", "vidoes.jsonl"], 1, "did you mean 'videos.jsonl'?"),
    (["apply", "plan.json", "--rate", "12"], 2, "'12' is not a rate of requests: write 2/s or 90/min"),
    (["apply", "plan.json"], 1, "cannot read plan.json: No such file or directory"),
    (["apply", "videos.jsonl"], 1, "videos.jsonl is not the plan of an outbox"),
    (["results"], 1, "there is no journal (*.outbox) in this folder"),
    (["results", "--journal", "videos.jsonl"], 1, "this file is not a journal"),
    (["plan", "videos.jsonl", "-o", "videos.jsonl"], 2, "videos.jsonl is an input, and would be overwritten"),
    (["apply", "."], 1, "cannot read .: Is a directory"),
    (["plan", "."], 1, "cannot read .: Is a directory"),
    (["run", "videos.jsonl", "--draft", "--name", "x"], 2, "--name names downloads: name their folder with --download"),
    (["run", "videos.jsonl", "--draft", "--name", "{{ x", "--download", "v"], 1, "--name: "),
]


@pytest.mark.parametrize(("args", "code", "words"), WRONG_USE, ids=[" ".join(args) for args, _, _ in WRONG_USE])
def test_wrong_use_is_told_with_the_way_out(sandbox, tmp_path, args, code, words):
    jsonl(tmp_path / "videos.jsonl", payloads(1))
    result = aistudios(sandbox, *args, cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert (result.returncode, "Traceback" in result.stderr) == (code, False)
    assert words in result.stderr
    assert sandbox.creates() == 0


# Kills: a short slice of tests/tools/kill_plan.py


def test_an_update_killed_at_a_few_moments_makes_exactly_the_plan(start_sandbox, tmp_path):
    sandbox = start_sandbox("--render-seconds", "0")
    with witness(sandbox.base_url) as seen:
        update = kill_plan.Update(sandbox, seen, tmp_path, 12)
        for moment in ["taking in inside", "submitting after", "submitted inside", "downloaded before"]:
            assert update.was_killed(moment), moment
            update.answer_for_the_rest()
        assert update.finish_plan() == {"downloaded": 13}
        assert update.made() == 8
        assert update.wrong_files() == []
