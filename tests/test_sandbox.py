"""The sandbox answers and refuses as the vendor's pages say, and breaks in the ways it is told to."""

import copy
import json
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from aistudios_dsl.sandbox.bodies import objections
from tests.conftest import KEY

DATA = Path(__file__).parent / "data"
API = "/api/odin/v3"
PROJECT = f"{API}/editor/project"
SEED = json.loads((DATA / "seed_project.json").read_text(encoding="utf-8"))
SCRIPTS = json.loads((DATA / "scene_scripts_project.json").read_text(encoding="utf-8"))


@pytest.fixture
def http(sandbox):
    headers = {"Authorization": sandbox.key}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, trust_env=False, timeout=10) as client:
        yield client


def data(response):
    answer = response.json()
    assert answer["success"] is True, answer
    return answer["data"]


def error(response):
    answer = response.json()
    assert answer["success"] is False
    return response.status_code, answer["error"]["msg"]


def quiet(document):
    """The document without its webhook."""
    return {key: value for key, value in document.items() if key != "webhookUrl"}


def changed(**scene):
    document = copy.deepcopy(quiet(SEED))
    document["scenes"][0] |= scene
    return document


def created(http, **more):
    return data(http.post(PROJECT, json=quiet(SEED) | more))["projectId"]


def finished(http, project_id):
    for _ in range(100):
        told = data(http.get(f"{API}/editor/progress/{project_id}"))
        if told["progress"] == 100:
            return told
        time.sleep(0.05)
    raise AssertionError(told)


# The token


def test_the_raw_token_is_let_in_and_nothing_else(http):
    assert data(http.get(f"{API}/auth")) == {"isAuthenticated": True}
    for sent, words in [(f"Bearer {KEY}", "without Bearer"), ("other", "not known"), ("", "missing")]:
        status, message = error(http.get(f"{API}/auth", headers={"Authorization": sent}))
        assert status == 401
        assert words in message
        assert KEY not in message


def test_a_fetched_token_expires(http, sandbox):
    pair = {"appId": sandbox.app_id, "userKey": sandbox.user_key}
    token = data(http.post(f"{API}/auth/token", json=pair))["token"]
    sandbox.settings(token_seconds=0.3)
    time.sleep(0.3)
    status, message = error(http.get(f"{API}/auth", headers={"Authorization": token}))
    assert (status, message) == (401, "this token has expired; get a new one")
    assert error(http.post(f"{API}/auth/token", json=pair | {"userKey": "x"}))[0] == 401


# Bodies


@pytest.mark.parametrize("document", [SEED, SCRIPTS], ids=["1.4", "1.6"])
def test_the_vendors_samples_are_accepted(http, document):
    assert len(created(http, **quiet(document))) == 24


CLIP = SEED["scenes"][0]["clips"][0]
MOVE = {"type": "fade-in", "duration": 30, "delay": 0}
IMAGE = {"id": "image-1hgur0eiu11", "type": "image", "layer": 1, "left": 1, "top": 1, "width": 9, "height": 9} | {
    "source_url": "https://x.example/a.png"
}
BROKEN = [
    ({"scenes": None}, "scenes must not be null"),
    ({"scenes": [{"clips": []}]}, "scenes[0].sceneIdx is required; scenes[0].background is required"),
    (changed(sceneIdx="0"), "scenes[0].sceneIdx must be int"),
    (changed(clips=[{**CLIP, "width": None}]), "clips[0].width must not be null"),
    (changed(clips=[{k: v for k, v in CLIP.items() if k != "height"}]), "clips[0].height is required"),
    (changed(clips=[CLIP, CLIP]), "is given twice"),
    (changed(clips=[{**CLIP, "type": "subtitle"}]), "clips[0].type must be one of aiModel"),
    (changed(clips=[{**CLIP, "model": {"ai_name": "M"}}]), "clips[0].model.emotion is required"),
    (changed(scripts=[{"org": "x", "isTTS": False, "tts": None, "modelId": "M", "clothId": "B"}]), "no avatar clip"),
    (changed(clips=[CLIP | {"model": CLIP["model"] | {"ai_name": "M999"}}]), "the avatar M999 is not among those"),
    *[(changed(clips=[IMAGE | {"opacity": value}]), "opacity must be number1..100") for value in (0, 101)],
    *[(changed(clips=[IMAGE | {"source_url": url}]), "source_url must be an address") for url in ("C:/a.png", "a.png")],
    (changed(clips=[IMAGE | {"animation": MOVE | {"duration": 31}}]), "animation.duration must be int1..30"),
    (changed(clips=[IMAGE | {"animation": MOVE | {"delay": -1}}]), "animation.delay must be int0..30"),
    (changed(clips=[IMAGE | {"shadow": {"blur": 11}}]), "shadow.blur must be number0..10"),
    (changed(clips=[IMAGE | {"shadow": {"offsetX": 0}}]), "shadow.offsetX must be number0.1..10"),
    (changed(clips=[IMAGE | {"type": "audio", "label": "x", "volume": 0}]), "volume must be number1..100"),
    (changed(background={"source_url": "C:/a.png"}), "background.source_url must be an address or a path"),
    ({**SEED, "isExport": "false"}, "isExport must be bool"),
    ({**SEED, "orientation": "square"}, "orientation must be landscape|portrait"),
    *[(changed(clips=[{**CLIP, "type": odd}]), "clips[0].type must be str") for odd in ([], {})],
    *[(changed(clips=[{**CLIP, "model": {"ai_name": odd}}]), "model.ai_name must be str") for odd in ([], {})],
    *[(changed(scripts=[{"modelId": odd}]), "scripts[0].modelId must be str") for odd in ([], {})],
    ({"scenes": [{"AIModel": {"script": "x"}, "clips": []}]}, "old V2 API"),
]


@pytest.mark.parametrize(("body", "words"), BROKEN, ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_a_broken_body_is_refused_and_not_in_the_ledger(http, sandbox, body, words):
    status, message = error(http.post(PROJECT, json=body))
    assert status == 400
    assert words in message
    assert sandbox.ledger() == []


@pytest.mark.parametrize(
    "golden", sorted((Path(__file__).parent / "golden").glob("*.json")), ids=lambda path: path.stem
)
def test_what_the_examples_build_passes_the_handwritten_tables(golden):
    assert objections(json.loads(golden.read_text(encoding="utf-8"))) == []


def test_the_limits_themselves_are_taken(http):
    edges = {"opacity": 1, "animation": MOVE | {"delay": 30}, "shadow": {"blur": 10, "offsetX": 0.1, "offsetY": 10}}
    assert data(http.post(PROJECT, json=changed(clips=[IMAGE | edges, IMAGE | {"id": "b", "opacity": 100}])))


def test_any_avatar_is_taken_where_that_was_said(start_sandbox):
    own = changed(clips=[CLIP | {"model": CLIP["model"] | {"ai_name": "M999"}}])
    running = start_sandbox("--any-avatar")
    headers = {"Authorization": running.key}
    assert data(httpx.post(running.base_url + PROJECT, json=own, headers=headers, trust_env=False))["projectId"]


@pytest.mark.parametrize(
    ("verb", "path", "status"), [("GET", "/nope", 404), ("GET", f"{API}/nope", 404), ("PUT", PROJECT, 405)]
)
def test_a_call_that_there_is_not_is_refused_in_the_envelope(http, verb, path, status):
    assert error(http.request(verb, path)) == (status, f"{verb} {path} is not part of this sandbox")


def test_a_number_beyond_all_floats_is_no_int(http):
    body = json.dumps(changed(sceneIdx="HUGE")).replace('"HUGE"', "1e999")
    status, message = error(http.post(PROJECT, content=body, headers={"Content-Type": "application/json"}))
    assert (status, message.startswith("scenes[0].sceneIdx must be int")) == (400, True)


def test_no_json_and_no_object_are_refused(http):
    headers = {"Content-Type": "application/json"}
    assert "ends in the middle" in error(http.post(PROJECT, content='{"scenes"', headers=headers))[1]
    assert "must be an object" in error(http.post(PROJECT, json=[]))[1]
    assert "Content-Type" in error(http.post(PROJECT, content=json.dumps(SEED)))[1]


# Lifecycle


def test_a_render_makes_progress_and_ends_in_a_file(http, sandbox):
    sandbox.settings(render_seconds=0.6)
    project_id = created(http, name="Film")
    assert data(http.get(f"{API}/editor/progress/{project_id}"))["state"] == "exporting"
    url = finished(http, project_id)["downloadUrl"]
    [listed] = data(http.get(PROJECT))
    assert listed == {"id": project_id, "name": "Film", "state": "exported", "download_url": url}
    assert httpx.get(url, trust_env=False).content[4:8] == b"ftyp"
    shown = data(http.get(f"{PROJECT}/{project_id}"))["project"]
    assert (shown["_id"], shown["progress"], shown["scenes"]) == (project_id, 100, SEED["scenes"])


def test_a_draft_is_stored_and_not_rendered_until_it_is_exported(http, sandbox):
    sandbox.settings(render_seconds=0)
    project_id = created(http, isExport=False)
    assert data(http.get(f"{API}/editor/progress/{project_id}")) == {"progress": 0.0, "state": "draft"}
    assert data(http.get(PROJECT)) == []
    assert data(http.post(f"{PROJECT}/export", json={"projectId": project_id})) == {"projectId": project_id}
    assert "downloadUrl" in finished(http, project_id)
    assert [(entry["call"], entry["export"]) for entry in sandbox.ledger()] == [("create", False), ("export", True)]


def test_an_update_changes_clips_and_exports(http):
    project_id = created(http)
    value = [{"sceneIdx": 0, "type": "aiModel", "values": {"script": "New words"}}]
    assert data(http.post(f"{PROJECT}/{project_id}", json={"updates": {"value": value}}))["projectId"] == project_id
    clip = data(http.get(f"{PROJECT}/{project_id}"))["project"]["scenes"][0]["clips"][0]
    assert clip["script"] == {"org": "New words", "tts": None}
    audio = http.post(f"{PROJECT}/{project_id}", json={"updates": {"backgroundAudio": {"volume": 50}, "value": value}})
    assert error(audio) == (501, "updates.backgroundAudio is not part of this sandbox")
    value[0]["sceneIdx"] = 9
    assert "no scene has the sceneIdx 9" in error(http.post(f"{PROJECT}/{project_id}", json={"updates": value}))[1]


def test_a_deleted_project_is_not_found(http):
    project_id = created(http)
    assert data(http.request("DELETE", PROJECT, json={"ids": [project_id, "x"]})) == {"deletedCount": 1}
    assert error(http.get(f"{PROJECT}/{project_id}")) == (404, f"there is no project {project_id}")


def test_avatars_and_workspaces_are_listed(http):
    [first, *_] = data(http.get(f"{API}/model"))["models"]
    assert first["id"] == "M000045058"
    assert first["clothes"][0]["id"] == "BG00002320"
    assert data(http.get(f"{API}/dropdown/models"))[0]["avatarType"] == "studio"
    assert set(data(http.get(f"{API}/dropdown/workspaces"))[0]) == {"workspaceId", "workspaceName"}


@pytest.mark.parametrize(
    "sent", [{}, {"aiName": "M000320746", "clothId": "BG00006160"}, {"model": "M000320746", "clothes": "BG00006160"}]
)
def test_a_template_becomes_a_draft_with_the_avatar_that_is_named(http, sandbox, sent):
    [listed] = data(http.get(f"{API}/dropdown/templates_business"))
    path = f"{API}/editor/template/{listed['id']}"
    project_id = data(http.post(path, json=sent | {"name": "Welcome"}))["projectId"]
    made = data(http.get(f"{PROJECT}/{project_id}"))["project"]
    model = made["scenes"][0]["clips"][0]["model"]
    assert (made["name"], made["state"], model["ai_name"]) == (
        "Welcome",
        "draft",
        "M000320746" if sent else "M000045058",
    )
    assert [(entry["call"], entry["export"]) for entry in sandbox.ledger()] == [("template", False)]
    assert error(http.post(f"{API}/editor/template/nope", json={})) == (404, "there is no template nope")
    assert "M999 is not among those" in error(http.post(path, json={"aiName": "M999"}))[1]


def test_an_export_names_a_resolution_that_there_is(http):
    project_id = created(http, isExport=False)
    status, message = error(http.post(f"{PROJECT}/export", json={"projectId": project_id, "resolution": "8k"}))
    assert (status, "resolution must be 4k|1080|720|480" in message) == (400, True)


def test_the_ledger_hash_is_that_of_the_payload_and_survives_in_its_file(start_sandbox, tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    running = start_sandbox("--ledger", ledger)
    for flag in (True, False):
        headers = {"Authorization": KEY}
        httpx.post(running.base_url + PROJECT, json=quiet(SEED) | {"isExport": flag}, headers=headers, trust_env=False)
    written = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    assert written == running.ledger()
    assert written[0]["sha256"] == written[1]["sha256"]


# Webhooks


def test_webhooks_come_with_the_progress_and_the_file_at_the_end(http, sandbox):
    heard = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        project_id = created(http, webhookUrl=f"http://127.0.0.1:{server.server_port}/hook")
        for _ in range(100):
            if len(heard) == 4:
                break
            time.sleep(0.05)
        server.shutdown()
    assert [told["progress"] for told in heard] == [25, 50, 75, 100]
    assert heard[-1]["download_url"].endswith(f"/files/{project_id}.mp4")
    assert set(heard[-1]) == {"progress", "credit", "download_url", "backendTaskId"}


def test_no_webhook_leaves_this_machine(http, sandbox):
    created(http, webhookUrl="https://example.com/hook")
    for _ in range(100):
        if len(sandbox.hooks()) == 4:
            break
        time.sleep(0.05)
    assert [hook["status"] for hook in sandbox.hooks()] == [0] * 4


# Files


@pytest.fixture
def film(http, sandbox):
    sandbox.settings(render_seconds=0)
    url = finished(http, created(http))["downloadUrl"]
    return url, httpx.get(url, trust_env=False)


def test_ranges_are_served_and_only_of_the_same_version(film, sandbox):
    url, whole = film
    ask = {"Range": "bytes=1000-"}
    part = httpx.get(url, headers=ask | {"If-Range": whole.headers["ETag"]}, trust_env=False)
    assert (part.status_code, part.content) == (206, whole.content[1000:])
    assert httpx.get(url, headers=ask | {"If-Range": '"other"'}, trust_env=False).content == whole.content
    for beyond in ("bytes=999999-", "bytes=-0"):
        assert httpx.get(url, headers={"Range": beyond}, trust_env=False).status_code == 416
    sandbox.faults("download:changed")
    assert httpx.get(url, trust_env=False).headers["ETag"] != whole.headers["ETag"]


@pytest.mark.parametrize(
    ("asked", "status", "piece"),
    [
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=-9999999", 206, slice(None)),
        ("bytes=2-5", 206, slice(2, 6)),
        ("bytes=0-9999999", 206, slice(None)),
        ("bytes=5-2", 200, slice(None)),
        ("bytes=0-0,5-6", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("bytes=²-", 200, slice(None)),
    ],
)
def test_a_range_is_read_as_http_says(film, asked, status, piece):
    url, whole = film
    answer = httpx.get(url, headers={"Range": asked.encode()}, trust_env=False)
    assert (answer.status_code, answer.content) == (status, whole.content[piece])
    size, part = len(whole.content), range(len(whole.content))[piece]
    span = f"bytes {part[0]}-{part[-1]}/{size}" if status == 206 else None
    assert answer.headers.get("Content-Range") == span


def test_a_token_is_not_taken_by_the_host_of_the_files(film):
    url, _ = film
    assert error(httpx.get(url, headers={"Authorization": KEY}, trust_env=False))[0] == 400


@pytest.mark.parametrize("fault", ["cut", "short"])
def test_a_download_breaks_in_the_middle(film, sandbox, fault):
    url, whole = film
    sandbox.faults(f"download:{fault}:x1")
    got = []
    with httpx.stream("GET", url, trust_env=False) as response:
        chunks = response.iter_bytes()
        with pytest.raises(httpx.TransportError):
            got.extend(chunks)
    assert whole.content.startswith(b"".join(got))
    assert len(b"".join(got)) < len(whole.content)
    assert httpx.get(url, trust_env=False).content == whole.content


# Faults


@pytest.mark.parametrize("fault", ["reset-before", "429", "500", "502", "503", "504", "refused", "expired"])
def test_faults_before_the_deed_leave_nothing_in_the_ledger(http, sandbox, fault):
    sandbox.faults(f"create:{fault}:x1")
    try:
        answer = http.post(PROJECT, json=quiet(SEED))
        assert answer.status_code == {"refused": 200, "expired": 401}.get(fault) or int(fault)
    except httpx.TransportError:
        assert fault == "reset-before"
    assert sandbox.creates() == 0
    created(http)
    assert sandbox.creates() == 1


@pytest.mark.parametrize("fault", ["reset-after", "500-after", "503-after", "truncated", "not-json", "cut", "short"])
def test_faults_after_the_deed_are_in_the_ledger(http, sandbox, fault):
    sandbox.faults(f"create:{fault}:x1")
    try:
        answer = http.post(PROJECT, json=quiet(SEED))
        assert answer.status_code in (200, 500, 503)
        assert b'"success":true' not in answer.content or fault == "truncated"
    except httpx.TransportError:
        assert fault in ("reset-after", "cut", "short")
    assert sandbox.creates() == 1


def test_a_429_says_when_to_come_back(http, sandbox):
    sandbox.faults("list:429=7")
    assert http.get(PROJECT).headers["Retry-After"] == "7"


def test_slow_and_delayed_answers_arrive_whole(http, sandbox):
    sandbox.faults("whoami:slow=0.2", "whoami:delay=0.1")
    assert data(http.get(f"{API}/auth")) == {"isAuthenticated": True}


def test_a_render_that_fails_stays_failed(http, sandbox):
    project_id = created(http)
    sandbox.faults("progress:failed:x1")
    told = [data(http.get(f"{API}/editor/progress/{project_id}"))["state"] for _ in range(2)]
    assert told == ["failed", "failed"]


# The command


def test_two_exports_are_printed_before_it_serves(sandbox):
    assert sandbox.base_url.startswith("http://127.0.0.1:")
    assert sandbox.environment["AISTUDIOS_API_KEY"] == KEY


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--fault", "craete:500"], "did you mean 'create'?"),
        (["--fault", "create:reset-aftr"], "did you mean 'reset-after'?"),
        (["--fault", "create:500:often"], "write CALL:KIND[=NUMBER]"),
        (["--ledger", "no/such/folder/ledger.jsonl"], "cannot write the ledger"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1:8765"),
    ],
)
def test_wrong_use_is_told(flags, words):
    command = [sys.executable, "-m", "aistudios_dsl.cli", "sandbox", *flags]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_extra_is_named_with_the_way_to_get_it():
    code = "import sys; sys.modules['uvicorn'] = None; from aistudios_dsl.cli import main; main(['sandbox'])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "uvicorn" in result.stderr
    assert "pip install 'aistudios-dsl[sandbox]'" in result.stderr
