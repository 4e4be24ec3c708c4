"""The client: what it sends, what it sends again, what it makes of each answer, and what it never shows."""

import ast
import asyncio
import contextlib
import inspect
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest
import stamina
import trustme
from attrs import evolve

from aistudios_dsl import ApiError, BuildError, DslError, Project, SubmissionUnknown
from aistudios_dsl.errors import RenderFailed, StillRendering
from aistudios_dsl.service import AsyncClient, Client, client, flow
from aistudios_dsl.service.download import PartialFile
from aistudios_dsl.service.flow import Calls, Job, Progress
from aistudios_dsl.service.login import Login, Secret, Token
from aistudios_dsl.service.requests import Answer, Failure, Pause, Send
from aistudios_dsl.wire.jsontext import canonical
from tests.small_server import good, refused, small_server
from tests.tools import fuzz_download

KEY = "s3cret-key"
BODY = {"name": "Rehearsal", "scenes": []}
VIDEO = bytes(range(256)) * 400
LINK = {"progress": 100}
CALLS = [name for name, call in vars(Calls).items() if inspect.isgeneratorfunction(call) and not name.startswith("_")]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Retries and looks that do not wait."""
    for name in ("AISTUDIOS_API_KEY", "AISTUDIOS_APP_ID", "AISTUDIOS_USER_KEY", "AISTUDIOS_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(flow, "FIRST_PAUSE", 0.01)
    stamina.set_testing(True, attempts=4, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def server():
    with small_server() as started:
        yield started


@pytest.fixture
def elsewhere():
    with small_server() as started:
        yield started


@pytest.fixture(params=[Client, AsyncClient])
def call(request, server):
    """Makes one call, with either client."""

    def made(method, *args, keys=None, url=None, **more):
        client = request.param(**(keys or {"api_key": KEY}), base_url=url or server.url, timeout=5)
        if isinstance(client, Client):
            with client:
                return getattr(client, method)(*args, **more)

        async def awaited():
            async with client:
                return await getattr(client, method)(*args, **more)

        return asyncio.run(awaited())

    return made


def offering(server, *answers, path="/video"):
    """The server's one project is rendered, and its video gives these answers."""
    server.answers["/editor/progress/p1"] = [good({"progress": 100, "downloadUrl": server.url + path})]
    server.answers[path] = list(answers)


def whole(headers=(), body=VIDEO):
    return 200, {"Content-Type": "video/mp4", "ETag": '"1"'} | dict(headers), body


def rest(request):
    """What a server that knows ranges answers."""
    start = int(request["headers"]["Range"].removeprefix("bytes=").removesuffix("-"))
    assert request["headers"]["If-Range"] == '"1"'
    return 206, {"Content-Range": f"bytes {start}-{len(VIDEO) - 1}/{len(VIDEO)}", "ETag": '"1"'}, VIDEO[start:]


# One flow, two drivers


def test_both_clients_have_every_call_with_one_signature_and_one_text():
    assert len(CALLS) == 14
    for name in CALLS:
        blocking, awaited = getattr(Client, name), getattr(AsyncClient, name)
        assert inspect.signature(blocking) == inspect.signature(awaited)
        assert blocking.__doc__ == awaited.__doc__ == getattr(Calls, name).__doc__
        assert inspect.iscoroutinefunction(awaited)
        assert not inspect.iscoroutinefunction(blocking)


def test_no_call_has_a_body_in_either_client():
    tree = ast.parse(Path(client.__file__).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in ("Client", "AsyncClient"):
            defined = {inner.name for inner in node.body if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert defined & set(CALLS) == set()
            made = {inner.target.id for inner in node.body if isinstance(inner, ast.AnnAssign)}
            assert made == set(CALLS)


def test_help_shows_what_a_call_returns():
    assert str(inspect.signature(Client.create)).endswith("-> 'Job'")


# What is sent


def test_the_token_is_sent_raw_in_its_header_alone(server, call):
    server.answers["*"] = [good({"isAuthenticated": True})]
    call("whoami")
    assert server.requests[0]["headers"]["Authorization"] == KEY
    assert KEY not in server.requests[0]["path"]


@pytest.mark.parametrize("export", [True, False])
def test_create_posts_the_project_and_says_whether_to_render(server, call, export):
    server.answers["/editor/project"] = [good({"projectId": "p1"})]
    project = Project("Hello").scene()
    assert call("create", project, export=export) == Job("p1", "Hello", export)
    sent = server.requests[0]
    assert (sent["method"], json.loads(sent["body"])) == ("POST", project.to_dict() | {"isExport": export})


def test_a_project_from_the_service_is_posted_without_what_only_answers_hold(server, call):
    server.answers["/editor/project"] = [good({"projectId": "p1"})]
    stored = dict.fromkeys(flow.ANSWER_ONLY, 1) | BODY | {"__v": 3, "isExport": True, "newKey": "dropped"}
    call("create", json.dumps(stored), export=False)
    assert json.loads(server.requests[0]["body"]) == BODY | {"isExport": False}


@pytest.mark.parametrize("mark", ["_id", "userId", "projectId", "createdAt"])
def test_of_a_stored_project_only_what_a_create_takes_is_posted(server, call, mark):
    server.answers["/editor/project"] = [good({"projectId": "p2"})]
    scenes = [{"_id": "s1", "sceneIdx": 0, "background": {}, "clips": [{"_id": "c1", "type": "text"}]}]
    stored = {mark: "1", "name": "x", "scenes": scenes, "status": "done", "credit": 3, "thumbnail": "t"}
    call("create", stored | {"exportedAt": "now", "webhookUrl": "https://x.example"}, export=False)
    clean = [{"sceneIdx": 0, "background": {}, "clips": [{"type": "text"}]}]
    expected = {"name": "x", "scenes": clean, "webhookUrl": "https://x.example", "isExport": False}
    assert json.loads(server.requests[0]["body"]) == expected


def test_keys_of_your_own_are_posted(server, call):
    server.answers["/editor/project"] = [good({"projectId": "p1"})]
    call("create", BODY | {"newKey": "kept"}, export=False)
    assert json.loads(server.requests[0]["body"]) == BODY | {"isExport": False, "newKey": "kept"}


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "cannot be sent as list"),
        (3, "cannot be sent as int"),
        ({"name": "x"}, "it has no scenes"),
        ({"scenes": [{"clips": {1, 2}}]}, r"scenes\[0\]\.clips: must be JSON, not set"),
        ({"scenes": ["\ud800"]}, "an unpaired surrogate"),
        (Project("{{ name }}").scene(), "templates to render first"),
    ],
)
def test_what_is_no_project_is_not_sent(server, call, payload, words):
    with pytest.raises(DslError, match=words):
        call("create", payload, export=False)
    assert server.requests == []


def test_whether_to_render_must_be_said(call):
    with pytest.raises(TypeError, match="export"):
        call("create", BODY)
    with pytest.raises(BuildError, match="export is 'yes'"):
        call("create", BODY, export="yes")


def test_the_other_calls_ask_for_what_the_api_documents(server, call):
    server.answers["*"] = [good({"projectId": "p:1", "deletedCount": 2, "project": {"name": "x"}})]
    call("get", "p:1")
    call("export", Job("p:1"), resolution="720", webhook_url="https://x.example")
    assert call("delete", ["a", "b"]) == 2
    asked = [
        (request["method"], request["path"], json.loads(request["body"] or b"null")) for request in server.requests
    ]
    body = {"projectId": "p:1", "resolution": "720", "webhookUrl": "https://x.example"}
    assert asked == [
        ("GET", "/editor/project/p%3A1", None),
        ("POST", "/editor/project/export", body),
        ("DELETE", "/editor/project", {"ids": ["a", "b"]}),
    ]


ODD_IDS = [
    "",
    " ",
    ".",
    "..",
    "/",
    "a/b",
    "a\\b",
    "a?b",
    "a#b",
    "a%2fb",
    "a\tb",
    "a\nb",
    "a\0b",
    "\ud800",
    "ä",
    "x" * 10_000,
]
ODD_IDS += [None, 3, True, ["p1"], {"id": "p1"}]


@pytest.mark.parametrize("id", ODD_IDS)
def test_what_is_no_id_is_not_put_into_an_address(server, call, id):
    for method, args in (("get", ()), ("progress", ()), ("wait", ()), ("export", ()), ("download", (".",))):
        with pytest.raises(BuildError, match="is not a project id") as caught:
            call(method, id, *args)
        assert len(str(caught.value)) < 400
    assert server.requests == []


@pytest.mark.parametrize("id", [*ODD_IDS, KEY])
def test_a_create_whose_id_is_none_to_use_was_perhaps_made(server, call, id):
    server.answers["/editor/project"] = [good({"projectId": id})]
    with pytest.raises(SubmissionUnknown, match="it was made, and maybe charged, but") as caught:
        call("create", BODY, export=True, keys={"api_key": KEY})
    assert "look for 'Rehearsal' on the dashboard" in caught.value.hint
    server.answers["/editor/project/export"] = [good({"projectId": id})]
    assert call("export", "p1").id == "p1"


def test_what_is_nested_too_deeply_is_not_sent_and_not_read(server, call):
    deep = json.loads("[" * 900 + "]" * 900)
    for body in ({"scenes": deep}, json.dumps({"scenes": deep})):
        with pytest.raises(DslError, match="nested too deeply"):
            call("create", body, export=True)
    assert server.requests == []
    server.answers["*"] = [refused(400, msg=deep), good({"projectId": deep})]
    with pytest.raises(ApiError, match="not an answer in the service's form"):
        call("get", "p1")
    with pytest.raises(SubmissionUnknown, match="not an answer in the service's form"):
        call("create", BODY, export=True)


def test_lists_are_found_under_whatever_name_they_have(server, call):
    server.answers["/editor/project"] = [good([{"id": "p1"}])]
    server.answers["/model"] = [good({"models": [{"id": "M1"}]})]
    server.answers["/dropdown/workspaces"] = [good({"list": [{"workspaceId": "w"}]})]
    server.answers["/dropdown/models"] = [good([{"id": "M1", "label": "Ann", "avatarType": "studio"}])]
    server.answers["/dropdown/templates_business"] = [good([{"id": "t1", "name": "Sale"}])]
    assert call("list") == ({"id": "p1"},)
    assert call("avatars") == ({"id": "M1"},)
    assert call("workspaces") == ({"workspaceId": "w"},)
    assert call("models") == ({"id": "M1", "label": "Ann", "avatarType": "studio"},)
    assert call("templates") == ({"id": "t1", "name": "Sale"},)


# What an answer means


def test_http_200_with_success_false_is_a_failure(server, call):
    server.answers["*"] = [refused(200, code=4004, msg="no such\n project \x1b[31m")]
    with pytest.raises(ApiError) as caught:
        call("get", "p1")
    fault = caught.value
    assert (fault.status, fault.vendor_code, fault.project_id) == (200, "4004", "p1")
    assert str(fault) == "project p1: the service refused: no such project [31m (HTTP 200, code 4004)"


ANSWERS = [
    (good({}), "sent no id", SubmissionUnknown),
    ((200, {}, b'{"success": true, "data": {"proj'), "may have been made", SubmissionUnknown),
    ((200, {}, b'{"data": {"projectId": "p1"}}'), "may have been made", SubmissionUnknown),
    ((500, {}, b'{"success": false}'), "may have been made", SubmissionUnknown),
    ((408, {}, b""), "may have been made", SubmissionUnknown),
    (refused(400, msg="bad body"), "bad body", ApiError),
    (refused(429, msg="slowly"), "slowly", ApiError),
    ((302, {"Location": "/elsewhere"}, b""), "is AISTUDIOS_BASE_URL the service's address", ApiError),
]


@pytest.mark.parametrize(("answer", "words", "kind"), ANSWERS)
def test_a_create_is_sent_once_and_a_doubtful_answer_says_where_to_look(server, call, answer, words, kind):
    server.answers["*"] = [answer]
    with pytest.raises(ApiError, match=words) as caught:
        call("create", BODY, export=True)
    assert type(caught.value) is kind
    assert [request["method"] for request in server.requests] == ["POST"]
    if kind is SubmissionUnknown:
        assert "look for 'Rehearsal' on the dashboard" in caught.value.hint


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {}),
        ({"name": "Ann"}, {"name": "Ann"}),
        ({"avatar": "M1", "cloth": "B1"}, {"aiName": "M1", "clothId": "B1"}),
        ({"name": "Ann", "workspace_id": "w"}, {"name": "Ann", "workspaceId": "w"}),
    ],
)
def test_a_template_is_asked_for_in_the_words_of_the_table(server, call, given, sent):
    server.answers["/editor/template/t1"] = [good({"projectId": "p1"})]
    assert call("create_from_template", "t1", **given) == Job("p1", given.get("name", ""), export=False)
    [request] = server.requests
    assert (request["method"], json.loads(request["body"])) == ("POST", sent)


@pytest.mark.parametrize(("answer", "words", "kind"), ANSWERS)
def test_a_project_from_a_template_is_asked_for_once_and_costs_nothing(server, call, answer, words, kind):
    server.answers["*"] = [answer]
    with pytest.raises(ApiError, match=words) as caught:
        call("create_from_template", "t1", name="Rehearsal")
    assert type(caught.value) is kind
    assert [request["method"] for request in server.requests] == ["POST"]
    assert "charged" not in str(caught.value) + caught.value.hint
    if kind is SubmissionUnknown:
        assert "look for 'Rehearsal' on the dashboard" in caught.value.hint


@pytest.mark.parametrize("id", ["", "a/b", "t 1", None, 7, Job("p1")])
def test_what_is_no_id_of_a_template_is_not_sent(server, call, id):
    with pytest.raises(BuildError, match="is not a template id"):
        call("create_from_template", id)
    assert server.requests == []


@pytest.mark.parametrize("given", [{"name": 3}, {"avatar": b"M1"}, {"cloth": ["B1"]}, {"workspace_id": {}}])
def test_only_words_are_sent_for_a_template(server, call, given):
    [keyword] = given
    with pytest.raises(BuildError, match=f"{keyword} must be a string, not"):
        call("create_from_template", "t1", **given)
    with pytest.raises(BuildError, match="resolution must be a string, not int"):
        call("export", "p1", resolution=1080)
    assert server.requests == []


def test_a_project_may_be_larger_than_other_answers(server, call):
    large = {"scenes": [{"text": "x" * 2_000_000}]}
    server.answers["/editor/project/p1"] = [good({"project": large})]
    server.answers["/auth"] = [good({"isAuthenticated": True, "more": "x" * 2_000_000})]
    assert call("get", "p1") == large
    with pytest.raises(ApiError, match="more than 1,000,000 bytes"):
        call("whoami")


def test_a_create_is_tried_again_where_nothing_can_have_been_sent(server, call):
    tries = []

    class Refusing(httpx.BaseTransport, httpx.AsyncBaseTransport):
        def handle_request(self, request):
            tries.append(request)
            raise httpx.ConnectError("[Errno 111] Connection refused")

        async def handle_async_request(self, request):
            return self.handle_request(request)

    with Client(KEY, base_url=server.url, transport=Refusing()) as refusing, pytest.raises(ApiError) as caught:
        refusing.create(BODY, export=True)
    assert type(caught.value) is ApiError
    assert "nothing was sent" in caught.value.hint
    assert len(tries) == 4


SAFE, SPENDING = Send("GET", "http://x.example"), Send("POST", "http://x.example", safe=False)
LOST, UNSENT = Failure("broke"), Failure("refused", sent=False)


@pytest.mark.parametrize(
    ("send", "answer", "again"),
    [
        (SAFE, Answer(failure=LOST), True),
        (SAFE, Answer(failure=evolve(LOST, transient=False)), False),
        (SAFE, Answer(200, body=b"{}"), False),
        (SAFE, Answer(200, body=b'{"cut'), True),
        (SAFE, Answer(503), True),
        (SAFE, Answer(404), False),
        (SAFE, Answer(429), True),
        (SAFE, Answer(429, {"retry-after": "7"}), 7.0),
        (SAFE, Answer(429, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}), 0.0),
        (SAFE, Answer(429, {"retry-after": "soon"}), True),
        (SAFE, Answer(429, {"retry-after": "²"}), True),
        (SAFE, Answer(429, {"retry-after": "Wed, 21 Oct 99999 07:28:00 GMT"}), True),
        (SAFE, Answer(429, {"retry-after": "3600"}), False),
        (SPENDING, Answer(failure=UNSENT), True),
        (SPENDING, Answer(failure=LOST), False),
        (SPENDING, Answer(503), False),
        (SPENDING, Answer(429, {"retry-after": "7"}), False),
    ],
)
def test_what_is_sent_again_and_after_how_many_seconds(send, answer, again):
    found = send.retry(answer)
    assert (found, type(found)) == (again, type(again))


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ({"title": "Bad body", "detail": "no scenes", "status": 400}, r"Bad body: no scenes \(HTTP 400\)"),
        ({"title": "Bad body", "code": "E7"}, r"the service refused: Bad body \(HTTP 400\)"),
        ({"type": "about:blank"}, r"the service refused: HTTP 400$"),
    ],
)
def test_a_problem_of_a_gateway_is_a_clear_no(server, call, problem, words):
    server.answers["*"] = [(400, {"Content-Type": "application/problem+json"}, json.dumps(problem).encode())]
    with pytest.raises(ApiError, match=words) as caught:
        call("create", BODY, export=True)
    assert type(caught.value) is ApiError


@pytest.mark.parametrize("answer", [(404, {}, b'{"detail": "Not Found"}'), (404, {}, b"<h1>"), (200, {}, b"<h1>")])
def test_a_path_in_the_base_url_is_doubted_where_nothing_answers_there(server, call, answer):
    server.answers["*"] = [answer]
    with pytest.raises(ApiError) as caught:
        call("whoami", url=server.url + "/v1")
    assert "the base URL has a path, '/v1', and the client appends /api/odin/v3" in caught.value.hint


# Its own connections, and an end to every wait


FORKED = """
import os, sys, threading
from aistudios_dsl.service import AsyncClient, Client
import asyncio

def created(client, name):
    made = client.create({"name": name, "scenes": []}, export=False)
    return (asyncio.run(made) if asyncio.iscoroutine(made) else made).id

def forked(client):
    children = []
    for child in range(4):
        if not (process := os.fork()):
            names = [f"c{child}-{number}" for number in range(12)]
            os._exit(sum(created(client, name) != name for name in names))
        children.append(process)
    wrong = sum(created(client, f"p-{number}") != f"p-{number}" for number in range(12))
    return wrong, *(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in children)

for make in (Client, AsyncClient):
    client = make(app_id="app-1", user_key="user-key-1", base_url=sys.argv[1])
    created(client, "before")
    print(*forked(client))
    client._calls._login.token = None
    threading.Thread(target=created, args=(client, "meanwhile")).start()
    while client._calls._login.lock.acquire(blocking=False):
        client._calls._login.lock.release()
    print(*forked(client))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_reads_only_its_own_answers(server):
    def slowly(request):
        time.sleep(0.3)
        return good({"token": "t-1"})

    server.answers["/auth/token"] = [slowly]
    server.answers["*"] = [lambda request: good({"projectId": json.loads(request["body"])["name"]})]
    command = [sys.executable, "-W", "ignore", "-c", FORKED, server.url]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.splitlines() == ["0 0 0 0 0"] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_transport_of_your_own_is_not_shared_with_a_forked_process(server):
    with Client(KEY, base_url=server.url, transport=httpx.HTTPTransport()) as client:
        process = os.fork()
        if not process:
            try:
                client.whoami()
            except BuildError as fault:
                os._exit("belongs to the process that was forked" in fault.message)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 1
    assert server.requests == []


def test_waiting_keeps_its_time_while_an_answer_drips(server, call):
    def drip(request):
        time.sleep(0.05)
        return 200, {"X-Drip": "0.1"}, b" " * 1000

    server.answers["*"] = [drip]
    began = time.monotonic()
    with pytest.raises(StillRendering, match="did not answer in time"):
        call("wait", "p1", 0.5)
    assert time.monotonic() - began < 3


# The token


PAIR = {"app_id": "app-1", "user_key": "user-key-1"}


def test_a_prepared_payload_is_sent_as_its_body_is(server, call):
    """What the outbox has already parsed goes out as the same bytes, for both values of `export`."""
    server.answers["*"] = [good({"projectId": "p1"})]
    for export in (True, False):
        job = call("create", BODY, export=export)
        assert call("create", flow.PreparedPayload(canonical(BODY), job.name), export=export) == job
    bodies = [request["body"] for request in server.requests]
    assert bodies[::2] == bodies[1::2]
    assert len(set(bodies)) == 2


def test_a_token_is_fetched_once_and_used_for_every_call(server):
    server.answers["/auth/token"] = [good({"token": "t-1"})]
    server.answers["*"] = [good({"isAuthenticated": True})]
    with Client(**PAIR, base_url=server.url) as client:
        client.whoami()
        client.whoami()
    assert [request["path"] for request in server.requests] == ["/auth/token", "/auth", "/auth"]
    assert json.loads(server.requests[0]["body"]) == {"appId": "app-1", "userKey": "user-key-1"}
    assert server.requests[2]["headers"]["Authorization"] == "t-1"


def test_a_token_is_renewed_before_its_day_is_over(server):
    server.answers["/auth/token"] = [good({"token": "t-1"}), good({"token": "t-2"})]
    server.answers["*"] = [good({"isAuthenticated": True})]
    login = Login(Secret("a"), Secret("u"))
    login.renew(Secret("x"))
    assert 22 * 3600 < login.token.until - time.monotonic() <= 23 * 3600
    with Client(**PAIR, base_url=server.url) as client:
        client.whoami()
        client._calls._login.token = evolve(client._calls._login.token, until=0.0)
        client.whoami()
    assert server.requests[-1]["headers"]["Authorization"] == "t-2"


@pytest.mark.parametrize("no", [refused(401, msg="no"), refused(200, code="TOKEN_EXPIRED", msg="token expired")])
def test_a_refused_token_is_renewed_once_and_the_create_sent_again(server, call, no):
    server.answers["/auth/token"] = [good({"token": "t-1"}), good({"token": "t-2"})]
    server.answers["/editor/project"] = [no, good({"projectId": "p1"})]
    assert call("create", BODY, export=True, keys=PAIR).id == "p1"
    assert [request["path"] for request in server.requests] == ["/auth/token", "/editor/project"] * 2


def test_a_token_that_is_refused_twice_ends_the_call(server, call):
    server.answers["/auth/token"] = [good({"token": "t-1"})]
    server.answers["/editor/project"] = [refused(401, msg="no t-1 here")]
    with pytest.raises(ApiError, match=r"no \*\*\* here"):
        call("create", BODY, export=True, keys=PAIR)
    assert len(server.requests) == 4


def test_a_lack_of_credits_called_tokens_is_no_reason_for_a_new_token(server, call):
    server.answers["/auth/token"] = [good({"token": "t-1"})]
    server.answers["/editor/project"] = [refused(200, msg="you have 0 tokens left")]
    with pytest.raises(ApiError, match="0 tokens left"):
        call("create", BODY, export=True, keys=PAIR)
    assert len(server.requests) == 2


def test_of_many_calls_at_once_one_fetches_the_token(server):
    def slowly(request):
        time.sleep(0.2)
        return good({"token": "t-1"})

    server.answers["/auth/token"] = [slowly]
    server.answers["*"] = [good({"isAuthenticated": True})]
    with Client(**PAIR, base_url=server.url) as client, ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(lambda _: client.whoami(), range(8)))) == 8

    async def together():
        async with AsyncClient(**PAIR, base_url=server.url) as client:
            await asyncio.gather(*(client.whoami() for _ in range(8)))

    asyncio.run(together())
    assert [request["path"] for request in server.requests].count("/auth/token") == 2
    assert len(server.requests) == 18


def test_a_token_that_another_call_renewed_meanwhile_is_taken():
    login = Login(Secret("a"), Secret("u"), Token(Secret("new"), float("inf")))
    steps = Calls(login, "https://x.example")._renewed(Secret("old"))
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value.reveal() == "new"


@pytest.mark.parametrize("data", [{}, {"token": ""}, {"token": 3}, {"token": "two words"}, {"token": "line\nbreak"}])
def test_an_answer_without_a_usable_token_is_an_error(server, call, data):
    server.answers["/auth/token"] = [good(data)]
    with pytest.raises(ApiError, match="sent no token"):
        call("whoami", keys=PAIR)


def test_the_token_follows_no_redirect(server, elsewhere, call):
    server.answers["*"] = [(307, {"Location": elsewhere.url + "/auth"}, b"")]
    with pytest.raises(ApiError, match="HTTP 307"):
        call("whoami")
    assert elsewhere.requests == []


# Keys and addresses


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "there is no API key"),
        ({"api_key": ""}, "the API key is empty"),
        ({"api_key": " \n"}, "the API key is empty"),
        ({"api_key": "Bearer s3cret-key"}, 'begins with "Bearer"'),
        ({"api_key": "s3cret key"}, "contains a space or a character that no key has"),
        ({"api_key": "s3cret-kéy"}, "contains a space or a character that no key has"),
        ({"api_key": 3}, "a key must be text, not int"),
        ({"app_id": "s3cret"}, "an app id is given without its user key"),
        ({"user_key": "s3cret"}, "a user key is given without its app id"),
        ({"api_key": "s3cret", "user_key": "s3cret"}, "two ways to log in"),
        ({"api_key": "s3cret", "base_url": "app.aistudios.com"}, "does not begin with https://"),
        ({"api_key": "s3cret", "base_url": "https://"}, "has no host"),
        ({"api_key": "s3cret", "base_url": "https://x.example?a=1"}, "has more than a host and a path"),
        ({"api_key": "s3cret", "base_url": "https://x.example\\.org"}, "has more than a host and a path"),
        ({"api_key": "s3cret", "base_url": "https://x.exa mple"}, "has more than a host and a path"),
        ({"api_key": "s3cret", "base_url": "http://x.example"}, "is not https"),
        ({"api_key": "s3cret", "base_url": "HTTP://127.0.0.1.x.example:80/v1"}, "is not https"),
        ({"api_key": "s3cret", "base_url": "http://127.0.0.1%2ex.example"}, "has more than a host and a path"),
        (
            {"api_key": "s3cret", "base_url": "http://[::1]x.example"},
            "has more than a host and a path|is not a valid address",
        ),
        ({"api_key": "s3cret", "base_url": "http://10.0.0.1"}, "is not https"),
        ({"api_key": "s3cret", "base_url": "http://0.0.0.0"}, "is not https"),
        ({"api_key": "s3cret", "base_url": "https://x.example:port"}, "is not a valid address"),
        ({"api_key": "s3cret", "base_url": "https://me:password@x.example"}, "contains a user name or password"),
    ],
)
@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_a_key_or_address_that_cannot_be_right_is_refused_without_being_shown(make, given, words):
    with pytest.raises(BuildError, match=words) as caught:
        make(**given)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if "aistudios_dsl" in frame.filename]
    assert ours
    assert "s3cret" not in f"{caught.value} {[frame.locals for frame in ours]}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_plain_http_is_for_this_machine(host, monkeypatch):
    monkeypatch.setenv("AISTUDIOS_BASE_URL", f"http://{host}:8765/v1/")
    with Client(KEY) as client:
        assert client.base_url == f"http://{host}:8765/v1"
    monkeypatch.setenv("AISTUDIOS_BASE_URL", "http://app.aistudios.com")
    with pytest.raises(BuildError, match="is not https"):
        Client(KEY)


def test_a_key_goes_through_no_proxy_in_clear(server, elsewhere, call, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, elsewhere.url)
    server.answers["*"] = [good({"isAuthenticated": True})]
    assert call("whoami")
    assert elsewhere.requests == []


@pytest.mark.parametrize(("name", "value"), [("ALL_PROXY", "socks9://x"), ("SSL_CERT_FILE", "/no/such/file")])
@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_an_environment_that_allows_no_connection_is_told(make, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(BuildError, match="the environment describes an impossible connection"):
        make(KEY)


def test_what_the_service_puts_into_cookies_goes_nowhere(server, call, tmp_path):
    offering(server, whole())
    status, headers, body = server.answers["/editor/progress/p1"][0]
    server.answers["/editor/progress/p1"] = [(status, headers | {"Set-Cookie": f"token={KEY}"}, body)]
    call("download", "p1", tmp_path)
    assert [request["headers"].get("Cookie") for request in server.requests] == [None, None]


def test_keys_and_address_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("AISTUDIOS_APP_ID", "a")
    monkeypatch.setenv("AISTUDIOS_USER_KEY", "u")
    monkeypatch.setenv("AISTUDIOS_BASE_URL", "https://x.example/api/odin/v3/")
    with Client() as client:
        assert (client.base_url, client._calls._login.renews) == ("https://x.example", True)
    monkeypatch.setenv("AISTUDIOS_API_KEY", "k\n")
    with Client() as client:
        assert client._calls._login.current().reveal() == "k"
    monkeypatch.setenv("AISTUDIOS_API_KEY", "")
    with pytest.raises(BuildError, match="the API key is empty"):
        Client()


def test_a_host_that_cannot_be_reached_is_named(call):
    with pytest.raises(ApiError, match=r"127\.0\.0\.1:1 cannot be reached") as caught:
        call("whoami", url="http://127.0.0.1:1")
    assert (caught.value.status, caught.value.__context__) == (0, None)


def test_a_host_name_that_is_none_is_named(call):
    with pytest.raises(ApiError, match=r"x\.\.example (is not a valid host|cannot be reached)"):
        call("whoami", url="https://x..example")


def test_a_certificate_that_is_not_trusted_is_told_at_once(call):
    certificate = trustme.CA().issue_cert("127.0.0.1")
    with small_server(certificate) as server, pytest.raises(ApiError) as caught:
        call("create", BODY, export=True, url=server.url)
    assert type(caught.value) is ApiError
    assert "is not trusted: unable to get local issuer certificate" in str(caught.value)
    assert "SSL_CERT_FILE" in caught.value.hint


def test_a_server_without_tls_is_told(server, call):
    with pytest.raises(ApiError, match="the TLS handshake with") as caught:
        call("whoami", url=server.url.replace("http:", "https:"))
    assert "is it http:// at this port?" in caught.value.hint


# Waiting


def test_waiting_ends_when_the_video_is_there_and_tells_each_look(server, call):
    looks = [good({"progress": value}) for value in (0, 30.5)]
    done = good({"progress": 100, "downloadUrl": "https://x.example/v.mp4"})
    server.answers["/editor/progress/p1"] = [*looks, good({"progress": 100}), done]
    seen = []
    ended = call("wait", "p1", on_progress=seen.append)
    assert ended == Progress("p1", 100, "https://x.example/v.mp4")
    assert [look.percent for look in seen] == [0, 30.5, 100, 100]


def test_waiting_tells_each_look_that_failed(server, call):
    page, done = (200, {}, b"<html>"), good({"progress": 100, "downloadUrl": "https://x.example/v.mp4"})
    server.answers["/editor/progress/p1"] = [good({"progress": 7}), page, (503, {}, b""), done]
    seen = []
    assert call("wait", "p1", on_progress=seen.append).trouble == ""
    told = [(look.percent, look.trouble) for look in seen]
    words = "the service refused: HTTP {}, not an answer in the service's form"
    hint = "; is AISTUDIOS_BASE_URL the service's address?"
    assert told == [(7, ""), (7, words.format(200) + hint), (7, words.format(503)), (100, "")]
    seen.clear()
    with pytest.raises(StillRendering, match="cannot be reached"):
        call("wait", "p1", 0.05, seen.append, url="http://127.0.0.1:1")
    assert "127.0.0.1:1 cannot be reached" in seen[0].trouble


def test_waiting_ends_with_the_id_to_go_on_with(server, call):
    server.answers["/editor/progress/p1"] = [good({"progress": 12})]
    with pytest.raises(StillRendering, match=r"not done after 0\.05 s: 12 %") as caught:
        call("wait", "p1", 0.05)
    assert (caught.value.project_id, "aistudios wait p1" in caught.value.hint) == ("p1", True)


@pytest.mark.parametrize("state", ["failed", "ERROR"])
def test_waiting_ends_when_the_service_gives_up(server, call, state):
    server.answers["/editor/progress/p1"] = [good({"progress": 40, "state": state})]
    with pytest.raises(RenderFailed, match=f"gave up at 40 %: {state}") as caught:
        call("wait", "p1")
    assert caught.value.project_id == "p1"


def test_nobody_waits_for_a_draft(server, call):
    with pytest.raises(ApiError, match="this is a draft"):
        call("wait", Job("p1", export=False))
    assert server.requests == []


def test_looks_at_a_rendering_grow_apart_up_to_half_a_minute(monkeypatch):
    monkeypatch.setattr(flow, "FIRST_PAUSE", 2.0)
    calls = Calls(Login(token=Token(Secret("k"), float("inf"))), "https://x.example")
    steps, pauses = calls.wait("p1"), []
    step = next(steps)
    while len(pauses) < 12:
        pauses += [step.seconds] if isinstance(step, Pause) else []
        step = steps.send(None if isinstance(step, Pause) else Answer(200, body=good({"progress": 1})[2]))
    assert 1.6 <= pauses[0] <= 2.4
    assert all(24 <= pause <= 36 for pause in pauses[-4:])


@pytest.mark.parametrize(("value", "percent"), [("40", 40), ("12.5", 12.5), (None, 0)])
def test_a_progress_may_be_told_as_text_or_not_at_all(server, call, value, percent):
    server.answers["*"] = [good({"progress": value})]
    assert call("progress", "p1").percent == percent


@pytest.mark.parametrize("value", ["soon", "", [1], True, float("nan"), float("inf"), "nan", 10**400])
def test_a_progress_that_is_no_number_is_an_error(server, call, value):
    server.answers["*"] = [good({"progress": value})]
    with pytest.raises(ApiError, match="not a number"):
        call("progress", "p1")


@pytest.mark.parametrize(
    "trouble",
    [(500, {}, b""), (429, {"Retry-After": "8"}, b""), (429, {"Retry-After": "600"}, b""), (200, {}, b"<html>")],
)
def test_waiting_rides_out_trouble_until_its_own_time_is_over(server, call, trouble):
    server.answers["/editor/progress/p1"] = [good({"progress": 12}), trouble]
    with pytest.raises(StillRendering, match=r"not done after 0\.5 s: 12 %; the last request failed: ") as caught:
        call("wait", "p1", 0.5)
    assert (caught.value.project_id, "aistudios wait p1" in caught.value.hint) == ("p1", True)


def test_waiting_goes_on_after_more_faults_than_a_read_has_attempts(server, call):
    done = good({"progress": 100, "downloadUrl": "https://x.example/v.mp4"})
    server.answers["/editor/progress/p1"] = [*[(503, {}, b"")] * 6, done]
    assert call("wait", "p1").done


def test_waiting_keeps_its_time_while_the_service_hangs(server, call):
    ended = threading.Event()
    server.answers["*"] = [lambda request: ended.wait(20) and good({"progress": 1})]
    try:
        with pytest.raises(StillRendering, match="did not answer in time"):
            call("wait", "p1", 0.2)
    finally:
        ended.set()
    assert len(server.requests) == 1


def test_waiting_rides_out_a_token_that_is_not_to_be_had(server, call):
    done = good({"progress": 100, "downloadUrl": "https://x.example/v.mp4"})
    server.answers["/auth/token"] = [*[(503, {}, b"")] * 6, good({"token": "t-1"})]
    server.answers["/editor/progress/p1"] = [done]
    assert call("wait", "p1", keys=PAIR).done


def test_waiting_ends_at_once_where_the_service_says_no(server, call):
    server.answers["*"] = [refused(404, msg="no such project")]
    with pytest.raises(ApiError, match="no such project") as caught:
        call("wait", "p1")
    assert (type(caught.value), len(server.requests)) == (ApiError, 1)


@pytest.mark.parametrize("timeout", [None, "5", -1, True, float("nan")])
def test_a_time_to_wait_is_a_number_of_seconds(server, call, timeout):
    with pytest.raises(BuildError, match="timeout is"):
        call("wait", "p1", timeout)
    assert server.requests == []


@pytest.mark.parametrize(
    "given", [{"timeout": 0}, {"timeout": -1}, {"timeout": "5"}, {"timeout": 1e12}, {"base_url": 5}]
)
@pytest.mark.parametrize("make", [Client, AsyncClient])
def test_a_client_that_could_not_work_is_not_made(make, given):
    with pytest.raises(BuildError, match=r"timeout is|base URL is int"):
        make("k", **given)


def test_a_missing_argument_is_told_with_the_name_of_the_call(call):
    with pytest.raises(TypeError, match=r"^wait\(\) missing 1 required positional argument: 'job'"):
        call("wait")


# Downloading


def test_a_download_is_streamed_without_a_token_and_named_by_the_service(server, call, tmp_path):
    offering(server, whole({"Content-Disposition": 'attachment; filename="my film.mp4"'}))
    path = call("download", "p1", tmp_path)
    assert (path, path.read_bytes()) == (tmp_path / "my film.mp4", VIDEO)
    assert "Authorization" not in server.requests[-1]["headers"]
    assert [file.name for file in tmp_path.iterdir()] == ["my film.mp4"]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="../../evil.sh"', "evil.sh.mp4"),
        ('attachment; filename="..\\\\..\\\\evil.exe"', "evil.exe.mp4"),
        ('attachment; filename="/etc/passwd"', "passwd.mp4"),
        ("attachment; filename*=UTF-8''..%2F..%2Fevil", "evil.mp4"),
        ("attachment; filename*=UTF-8''%EB%B9%84%EB%94%94%EC%98%A4.mp4", "비디오.mp4"),
        ('attachment; filename=".bashrc"', "bashrc.mp4"),
        ('attachment; filename="film.MOV"', "film.MOV"),
        ('attachment; filename=".."', "p1.mp4"),
        ('attachment; filename="con.mp4"', "p1.mp4"),
        ('attachment; filename=""', "p1.mp4"),
        ("", "p1.mp4"),
        (f'attachment; filename="{"x" * 300}.mp4"', "x" * 41 + "-f900ddb3.mp4"),
        ("attachment; filename=plain.mp4; filename*=UTF-8''r%C3%A9sum%C3%A9.mp4", "résumé.mp4"),
        ("attachment; filename*=iso-8859-1'en'r%E9sum%E9.mp4; filename=plain.mp4", "résumé.mp4"),
        ("attachment; filename=plain.mp4; filename*=idna''%ff", "plain.mp4"),
        (r'attachment; FileName = "a \"b\".mp4"', "a _b_.mp4"),
    ],
)
def test_a_name_from_the_service_stays_in_the_folder(server, call, tmp_path, header, name):
    (tmp_path / "inner").mkdir()
    offering(server, whole({"Content-Disposition": header}))
    assert call("download", "p1", tmp_path / "inner") == tmp_path / "inner" / name
    assert [file.name for file in tmp_path.rglob("*")] == ["inner", name]


@pytest.mark.parametrize("title", ["A long title that many videos share, and then {}.mp4", "v.a suffix that is {}"])
def test_two_long_names_from_the_service_stay_two(server, call, tmp_path, title):
    for last in ("Ann", "Jörg"):
        offering(server, whole({"Content-Disposition": f'attachment; filename="{title.format(last)}"'}))
        assert call("download", "p1", tmp_path).read_bytes() == VIDEO
    assert len(list(tmp_path.iterdir())) == 2


def test_a_download_that_breaks_goes_on_where_it_broke(server, call, tmp_path):
    offering(server, whole({"X-Cut": "50000"}), lambda request: (*rest(request)[:2], rest(request)[2]))
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO
    assert server.requests[-1]["headers"]["Range"] == "bytes=50000-"


ENDS = f"{len(VIDEO) - 1}/{len(VIDEO)}"
SAME, REST = {"ETag": '"1"'}, VIDEO[50000:]
DISAGREEING = [
    whole(body=VIDEO + b"more"),
    (416, {}, b""),
    (206, {"Content-Range": f"bytes 7-{ENDS}"} | SAME, VIDEO[7:]),
    (200, {"Content-Range": f"bytes 7-{ENDS}"} | SAME, VIDEO[7:]),
    (200, {"Content-Range": "bytes 7-8, 9-10"} | SAME, VIDEO[::-1]),
    (206, SAME, REST),
    (206, {"Content-Type": "multipart/byteranges; boundary=x"} | SAME, b"--x"),
    (206, {"Content-Type": "multipart/byteranges; boundary=x", "Content-Range": f"bytes 50000-{ENDS}"} | SAME, REST),
    (206, {"Content-Range": f"bytes 50000-{len(VIDEO) - 1}/{len(VIDEO) + 1}"} | SAME, REST),
    (206, {"Content-Range": f"bytes 50000-{len(VIDEO)}/{len(VIDEO)}"} | SAME, REST + b"x"),
    (206, {"Content-Range": f"bytes 50000-{len(VIDEO) - 1}/*"} | SAME, REST),
    (206, {"Content-Range": f"bytes 50000-49999/{len(VIDEO)}"} | SAME, REST),
    (206, {"Content-Range": f"bytes 50000-{ENDS}"} | SAME, REST[:-1]),
    (206, {"Content-Range": f"bytes 50000-{ENDS}", "Transfer-Encoding": "chunked"} | SAME, REST + b"more"),
    (206, {"Content-Range": f"bytes 50000-{ENDS}", "ETag": '"2"'}, REST[::-1]),
    (206, {"Content-Range": f"bytes 50000-{ENDS}"}, REST[::-1]),
    (206, {"Content-Range": f"bytes 50000-{ENDS}", "Last-Modified": "yesterday"} | SAME, REST[::-1]),
]


@pytest.mark.parametrize("second", DISAGREEING)
def test_an_answer_that_disagrees_with_what_is_known_is_never_joined(server, call, tmp_path, second):
    offering(server, whole({"X-Cut": "50000"}), second, whole(body=VIDEO[::-1]))
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO[::-1]
    assert len(server.requests) == 4


def test_another_version_that_comes_whole_after_a_break_is_taken(server, call, tmp_path):
    offering(server, whole({"X-Cut": "50000"}), whole({"ETag": '"2"'}, VIDEO[::-1]))
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO[::-1]
    assert len(server.requests) == 3


@pytest.mark.parametrize("first", DISAGREEING[2:14])
def test_a_part_is_not_taken_for_the_answer_to_a_first_request(server, call, tmp_path, first):
    offering(server, first, whole())
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO


def test_a_200_with_the_range_that_was_asked_for_is_taken_as_a_part(server, call, tmp_path):
    offering(server, whole({"X-Cut": "50000"}), lambda request: (200, *rest(request)[1:]))
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO
    assert len(server.requests) == 3


RUN_OUT = [(status, {"Content-Type": "application/xml"}, b"<E><M>has expired</M></E>") for status in flow._EXPIRED]


@pytest.mark.parametrize("no", RUN_OUT, ids=lambda answer: str(answer[0]))
def test_an_address_that_runs_out_midway_is_asked_for_anew(server, call, tmp_path, no):
    offering(server, whole({"X-Cut": "50000"}), no)
    fresh = good({"progress": 100, "downloadUrl": server.url + "/fresh"})
    server.answers["/editor/progress/p1"].append(fresh)
    server.answers["/fresh"] = [rest]
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO
    asked = ["/editor/progress/p1", "/video", "/video"]
    assert [request["path"] for request in server.requests] == [*asked, "/editor/progress/p1", "/fresh"]


@pytest.mark.parametrize("no", RUN_OUT, ids=lambda answer: str(answer[0]))
@pytest.mark.parametrize("before", [[], [whole({"X-Cut": "50000"})]], ids=["at first", "after a break"])
def test_a_refusal_of_the_videos_host_is_told_at_once(server, call, tmp_path, no, before):
    offering(server, *before, no)
    with pytest.raises(ApiError, match=f'answers HTTP {no[0]}: "has expired"\n  hint: its address may have') as caught:
        call("download", "p1", tmp_path / "v.mp4")
    assert (caught.value.status, caught.value.project_id) == (no[0], "p1")
    assert len(server.requests) == (5 if before else 2)
    assert list(tmp_path.iterdir()) == []


def test_a_redirect_after_every_break_is_followed(server, call, tmp_path):
    def either(other):
        def answer(request):
            turn = len(server.requests) % 2
            return parts(9000, SAME)(request) if turn else (302, {"Location": other}, b"over there")

        return answer

    offering(server, either("/other"))
    server.answers["/other"] = [either("/video")]
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO
    assert len(server.requests) == 1 + 2 * -(-len(VIDEO) // 9000)


def parts(step, headers=(), more=0):
    """The server gives ranges, asked or not, and at most `step` bytes at a time."""

    def part(request):
        start = int(request["headers"].get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        end = min(start + step, len(VIDEO))
        return 206, {"Content-Range": f"bytes {start}-{end - 1}/{len(VIDEO) + more}"} | dict(headers), VIDEO[start:end]

    return part


def test_a_part_that_was_not_asked_for_is_not_taken_for_the_whole(server, call, tmp_path):
    offering(server, parts(50000, SAME))
    assert call("download", "p1", tmp_path).read_bytes() == VIDEO
    assert [request["headers"].get("Range") for request in server.requests[1:]] == [
        None,
        "bytes=50000-",
        "bytes=100000-",
    ]


def test_a_part_that_never_becomes_the_whole_leaves_no_file(server, call, tmp_path):
    offering(server, (206, {"Content-Range": f"bytes 0-4999/{len(VIDEO)}"}, VIDEO[:5000]))
    with pytest.raises(ApiError, match=r"continued at another place|broke off"):
        call("download", "p1", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_attempts_that_bring_more_of_a_video_are_not_counted(server, call, tmp_path):
    offering(server, parts(6000, {"ETag": '"1"'}))
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO
    assert len(server.requests) == 1 + -(-len(VIDEO) // 6000)


def test_a_time_of_change_long_ago_proves_that_a_part_is_of_the_same_file(server, call, tmp_path):
    changed = {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}
    offering(server, whole({"ETag": "", "X-Cut": "50000"} | changed), parts(len(VIDEO), changed))
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO
    sent = server.requests[-1]["headers"]
    assert (sent["Range"], sent["If-Range"]) == ("bytes=50000-", changed["Last-Modified"])


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": ""},
        {"ETag": 'W/"1"'},
        {"ETag": "1"},
        {"ETag": '"é"'},
        {"ETag": 'W/"1"', "Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"},
        {"ETag": "", "Last-Modified": formatdate(time.time() + 3600, usegmt=True)},
        {"ETag": "", "Last-Modified": "yesterday"},
    ],
)
def test_without_a_strong_validator_a_download_begins_anew(server, call, tmp_path, headers):
    offering(server, whole(headers | {"X-Cut": "50000"}), whole(headers, VIDEO[::-1]))
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO[::-1]
    assert "Range" not in server.requests[-1]["headers"]


def test_a_link_under_the_name_of_the_part_is_not_followed(server, call, tmp_path):
    offering(server, whole())
    (tmp_path / "precious").write_text("mine")
    (tmp_path / ".v.mp4.part").symlink_to(tmp_path / "precious")
    with pytest.raises(DslError, match="cannot write"):
        call("download", "p1", tmp_path / "v.mp4")
    assert (tmp_path / "precious").read_text() == "mine"
    assert (tmp_path / ".v.mp4.part").is_symlink()


def test_a_second_name_of_a_finished_file_is_not_written_into(server, call, tmp_path):
    offering(server, whole())
    (tmp_path / "precious").write_text("mine")
    os.link(tmp_path / "precious", tmp_path / ".v.mp4.part")
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO
    assert (tmp_path / "precious").read_text() == "mine"


def test_the_longest_name_that_a_folder_takes_is_taken(server, call, tmp_path):
    offering(server, whole())
    assert call("download", "p1", tmp_path / ("v" * 251 + ".mp4")).read_bytes() == VIDEO
    with pytest.raises(DslError, match="File name too long"):
        call("download", "p1", tmp_path / ("v" * 252 + ".mp4"))


@pytest.mark.parametrize("path", [None, 5, "", "a\0b"])
def test_what_is_no_path_is_told_before_anything_is_asked(server, call, path):
    with pytest.raises(DslError, match="is not a path"):
        call("download", "p1", path)
    assert server.requests == []


@pytest.mark.parametrize(
    "url", ["https://[bad/v.mp4", "https://x.example:port/v.mp4", "https://x.example/\x01", "v.mp4"]
)
def test_a_video_at_no_address_is_not_blamed_on_the_settings(server, call, tmp_path, url):
    server.answers["*"] = [good({"progress": 100, "downloadUrl": url})]
    with pytest.raises(ApiError, match="not a web address") as caught:
        call("download", "p1", tmp_path)
    assert "AISTUDIOS_BASE_URL" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (whole({"X-Cut": "50000"}), "broke"),
        (whole(body=b""), "the video is empty"),
        (whole({"Transfer-Encoding": "chunked"}, b""), "the video is empty"),
        ((206, {"Content-Range": "bytes 0-4/5", "Content-Type": "text/plain"}, b"sorry"), 'not a video: "sorry"'),
        ((200, {"Content-Type": "application/problem+json"}, b'{"title": "Gone"}'), 'not a video: "{"title": "Gone"}"'),
        ((404, {"Content-Type": "application/problem+json"}, b'{"title": "Gone"}'), 'HTTP 404: "{"title": "Gone"}"'),
        (whole({"Content-Type": "application/octet-stream"}, b'{"error": "Gone"}'), 'a page, .*: "{"error": "Gone"}"'),
        (whole({}, "\ufeff<html><p>Gone</p>".encode("utf-16-le")), 'a page, .*: "Gone"'),
        (whole({}, "\ufeff<html><p>Gone</p>".encode("utf-16-be")), 'a page, .*: "Gone"'),
        ((200, {}, b"\xef\xbb\xbf\n<!doctype html><style>p {}</style><p>Sign in"), 'not a video: "Sign in"'),
        ((200, {"Transfer-Encoding": "chunked"}, b"[1]"), 'not a video: "\\[1]"'),
        (whole({"X-No-Length": "1"}), "does not say how long it is"),
        (
            whole({"Content-Type": "Text/HTML; charset=utf-8", "X-Cut": "50000"}),
            "sends text/html, which is not a video",
        ),
        (whole({"Content-Encoding": "gzip"}), "compresses it as gzip"),
        ((403, {}, b"expired"), "answers HTTP 403"),
        ((302, {"Location": "http://video.example/v.mp4"}, b""), "http://video.example, which is not https"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "not a web address"),
        ((302, {"Location": "//[bad"}, b""), "not a web address"),
        ((302, {"Location": "/video"}, b""), "redirects more than 5 times"),
    ],
)
def test_what_is_no_whole_video_leaves_no_file(server, call, tmp_path, answer, words):
    offering(server, answer)
    with pytest.raises(ApiError, match=words):
        call("download", "p1", tmp_path / "v.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_redirected_download_is_followed_without_a_token(server, elsewhere, call, tmp_path):
    offering(server, (302, {"Location": elsewhere.url + "/film"}, b""))
    elsewhere.answers["/film"] = [whole()]
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO
    assert "Authorization" not in elsewhere.requests[0]["headers"]


def test_a_video_that_is_not_ready_is_told_with_how_far_it_is(server, call, tmp_path):
    server.answers["*"] = [good({"progress": 12.5})]
    with pytest.raises(ApiError, match=r"not ready: 12\.5 %"):
        call("download", "p1", tmp_path / "v.mp4")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept_unless_told(server, call, tmp_path):
    (tmp_path / "p1.mp4").write_text("mine")
    offering(server, whole())
    for target in (tmp_path / "p1.mp4", tmp_path):
        with pytest.raises(DslError, match=r"already exists\n  hint: give another name, or overwrite=True"):
            call("download", "p1", target)
    assert (tmp_path / "p1.mp4").read_text() == "mine"
    assert call("download", "p1", tmp_path, overwrite=True).read_bytes() == VIDEO
    assert [file.name for file in tmp_path.iterdir()] == ["p1.mp4"]


def test_what_is_replaced_keeps_its_permissions(server, call, tmp_path):
    (tmp_path / "v.mp4").touch(0o640)
    offering(server, whole({"Content-Encoding": "Identity"}))
    assert call("download", "p1", tmp_path / "v.mp4", overwrite=True).read_bytes() == VIDEO
    assert (tmp_path / "v.mp4").stat().st_mode & 0o777 == 0o640


IRREGULAR = {
    "pipe": os.mkfifo,
    "link to a device": lambda path: path.symlink_to("/dev/null"),
    "link to itself": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("made", IRREGULAR.values(), ids=IRREGULAR)
def test_what_is_no_regular_file_is_not_replaced(server, call, tmp_path, made):
    offering(server, whole())
    made(tmp_path / "p1.mp4")
    before = (tmp_path / "p1.mp4").lstat()
    for target, asked in [(tmp_path / "p1.mp4", 0), (tmp_path, 2)]:
        server.requests.clear()
        with pytest.raises(DslError, match=r"is not a regular file|Too many levels of symbolic links"):
            call("download", "p1", target, overwrite=True)
        assert len(server.requests) == asked
    assert os.path.samestat((tmp_path / "p1.mp4").lstat(), before)
    assert [file.name for file in tmp_path.iterdir()] == ["p1.mp4"]


def test_what_came_meanwhile_and_is_no_file_is_not_replaced(server, call, tmp_path):
    def meanwhile(request):
        (tmp_path / "v.mp4").mkdir()
        return whole()

    offering(server, meanwhile)
    with pytest.raises(DslError, match="is not a regular file"):
        call("download", "p1", tmp_path / "v.mp4", overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["v.mp4"]


def test_a_file_that_came_meanwhile_is_kept(server, call, tmp_path):
    def meanwhile(request):
        (tmp_path / "v.mp4").write_text("mine")
        return whole()

    offering(server, meanwhile)
    with pytest.raises(DslError, match="already exists"):
        call("download", "p1", tmp_path / "v.mp4")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["mine"]


def test_two_downloads_of_one_file_do_not_write_into_each_other(server, call, tmp_path):
    offering(server, whole())
    filling = contextlib.closing(PartialFile.beside(tmp_path / "v.mp4", "p1", False)._file)
    with filling, pytest.raises(DslError, match="being filled by another download"):
        call("download", "p1", tmp_path / "v.mp4")
    assert call("download", "p1", tmp_path / "v.mp4").read_bytes() == VIDEO
    assert [file.name for file in tmp_path.iterdir()] == ["v.mp4"]


@pytest.mark.parametrize("folder", ["no/such/folder/v.mp4", "/proc/v.mp4"])
def test_a_place_that_takes_no_file_is_told(server, call, tmp_path, folder):
    offering(server, whole())
    with pytest.raises(DslError, match=r"there is no folder|cannot write"):
        call("download", "p1", tmp_path / folder)


def test_a_folder_that_is_not_there_is_no_file_name(server, call, tmp_path):
    offering(server, whole())
    with pytest.raises(DslError, match=r"there is no folder .*/videos/\n  hint: make it first"):
        call("download", "p1", f"{tmp_path}/videos/")
    assert list(tmp_path.iterdir()) == []


FULL_DISK = """
import resource, sys
from aistudios_dsl.service import Client
resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))
try:
    Client("k", base_url=sys.argv[1]).download("p1", sys.argv[2])
except Exception as fault:
    print(type(fault).__name__, fault)
"""


def test_a_full_disk_is_told_and_leaves_nothing(server, tmp_path):
    offering(server, whole())
    command = [sys.executable, "-c", FULL_DISK, server.url, str(tmp_path / "v.mp4")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"DslError cannot write {tmp_path}/v.mp4: File too large")
    assert "free some space" in said
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_download_leaves_nothing(server, call, tmp_path, monkeypatch):
    offering(server, whole())

    def interrupted(part, chunk):
        raise KeyboardInterrupt

    monkeypatch.setattr(PartialFile, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        call("download", "p1", tmp_path / "v.mp4")
    assert list(tmp_path.iterdir()) == []


# Breaks, wrong ranges, changed files and refusals, at random; `tests/tools/fuzz_download.py` runs more of them


def test_of_random_sequences_a_whole_file_comes_or_none():
    outcomes, deeds = fuzz_download.run(25, seed=1)
    assert outcomes["Client", "whole"] == outcomes["AsyncClient", "whole"] > 10
    assert outcomes.total() == 50
    assert len(deeds) > 15


def test_the_random_sequences_find_parts_that_are_joined_by_their_place_alone(monkeypatch):
    monkeypatch.setattr(PartialFile, "_continues", lambda part, span, headers: span.start == part._size)
    with pytest.raises(AssertionError, match="neither version, but a mixture"):
        fuzz_download.run(25, seed=1)
