"""A real server on a thread that answers what a test tells it to, and remembers what it was asked."""

import contextlib
import json
import ssl
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


def good(data):
    """The envelope of a success."""
    return 200, {"Content-Type": "application/json"}, json.dumps({"success": True, "data": data}).encode()


def refused(status=200, **error):
    """The envelope of a failure."""
    return status, {"Content-Type": "application/json"}, json.dumps({"success": False, "error": error}).encode()


class Server:
    """Give it `answers`: for a path (or "*"), what to answer each time, the last for ever after.

    An answer is (status, headers, body), or a function from the request to one. A header "X-Cut" closes the connection
    after so many bytes of the body, "X-No-Length" at its end, without saying so before; "X-Drip" waits after each byte.
    "Transfer-Encoding: chunked" sends the body as one chunk.
    """

    def __init__(self, http, scheme):
        self.http, self.scheme = http, scheme
        self.answers, self.requests = {}, []

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.http.server_port}"

    def answer(self, handler):
        """What the request gets."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        path = handler.path.removeprefix("/api/odin/v3")
        request = {"method": handler.command, "path": path, "headers": dict(handler.headers), "body": body}
        self.requests.append(request)
        waiting = self.answers.get(path) or self.answers.get("*") or [refused(404, msg="nothing here")]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return answer(request) if callable(answer) else answer


@contextlib.contextmanager
def small_server(certificate=None):
    """Start one on a free port; `certificate` (of trustme) makes it speak TLS."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self):
            status, headers, body = server.answer(self)
            headers = dict(headers)
            chunked = "Transfer-Encoding" in headers
            if chunked:
                body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
            cut = int(headers.pop("X-Cut", len(body)))
            endless = headers.pop("X-No-Length", None)
            pause = float(headers.pop("X-Drip", 0))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if not (endless or chunked):
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for piece in (body[at : at + 1] for at in range(cut)) if pause else (body[:cut],):
                self.wfile.write(piece)
                time.sleep(pause)
            self.close_connection = bool(endless) or cut < len(body)

        do_GET = do_POST = do_DELETE = reply  # noqa: N815

        def log_message(self, *args):
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *args):
            """A client that hangs up is no news."""

    http = Quiet(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        http.socket = context.wrap_socket(http.socket, server_side=True)
    server = Server(http, "https" if certificate else "http")
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
