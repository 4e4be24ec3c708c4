"""A server between a client and a sandbox that writes down every create the sandbox answered: a ledger of its own."""

import contextlib
import hashlib
import json
import sys
import threading
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = {"connection", "transfer-encoding", "content-length", "date", "server", "keep-alive"}


class Witness(BaseHTTPRequestHandler):
    """Hands each request on, and the answer back. A create counts once it was answered with the id of a project."""

    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with contextlib.closing(HTTPConnection(self.server.behind, timeout=60)) as sandbox:
            sandbox.request(self.command, self.path, body, dict(self.headers))
            answer = sandbox.getresponse()
            content = answer.read()
        if self.command == "POST" and answer.status == 200:
            self.note(body, content)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.casefold() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        self.pass_on()

    def do_POST(self):
        self.pass_on()

    def note(self, body, content):
        sent, data = json.loads(body), json.loads(content).get("data")
        if "scenes" in sent and isinstance(data, dict) and "projectId" in data:
            sent.pop("isExport", None)
            same = json.dumps(sent, sort_keys=True)  # whatever the order of its keys, it is one video
            self.server.creates.append((sent["name"], hashlib.sha256(same.encode()).hexdigest(), data["projectId"]))

    def log_message(self, *_):
        pass


class WitnessServer(ThreadingHTTPServer):
    """The witness at work. Its askers may be killed.

    `creates`: the name, a digest and the project id of each create.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, base_url):
        super().__init__(("127.0.0.1", 0), Witness)
        self.behind = urlsplit(base_url).netloc
        self.creates = []

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), OSError | HTTPException):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def witness(base_url):
    """A witness before this sandbox, on a free port."""
    server = WitnessServer(base_url)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
