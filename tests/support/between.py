"""A way to a server of which a test decides what is answered, or does something while a request is on its way."""

import contextlib
import http.server
import threading

import httpx
from msgspec import Struct

_OURS = ("content-length", "connection", "transfer-encoding", "content-encoding", "server", "date")


class Exchange(Struct):
    """A request, and what the server answered to it; a test may change the answer."""

    method: str
    path: str
    status: int
    content: bytes
    kind: str  # the type of the content
    date: str


class Between(http.server.ThreadingHTTPServer):
    """Forwards to a server. `before` is told each request, `after` each exchange before its answer goes back.

    Where `before` gives an answer (status, content, type), the server is not asked.
    """

    daemon_threads = True

    def __init__(self, target):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.before = lambda _method, _path: None
        self.after = lambda exchange: exchange
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        """Say nothing: a client that is killed leaves broken connections."""


class _Handler(http.server.BaseHTTPRequestHandler):
    def handle_any(self):
        between = self.server
        between.asked.append((self.command, self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answered = between.before(self.command, self.path)
        if answered is None:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
            try:
                found = httpx.request(
                    self.command, between.target + self.path, content=body, headers=headers, trust_env=False, timeout=60
                )
            except httpx.HTTPError:
                self.close_connection = True
                self.connection.close()
                return
            exchange = Exchange(
                method=self.command, path=self.path, status=found.status_code, content=found.content,
                kind=found.headers.get("content-type", ""), date=found.headers.get("date", ""),
            )  # fmt: skip
        else:
            status, content, kind = answered
            exchange = Exchange(method=self.command, path=self.path, status=status, content=content, kind=kind, date="")
        self._answer(between.after(exchange))

    def _answer(self, exchange):
        self.send_response_only(exchange.status)
        self.send_header("Content-Type", exchange.kind)
        if exchange.date:
            self.send_header("Date", exchange.date)
        if 300 <= exchange.status < 400:
            self.send_header("Location", "https://sign-in.example/")
        self.send_header("Content-Length", str(len(exchange.content)))
        self.end_headers()
        self.wfile.write(exchange.content)
        self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_any  # noqa: N815 - named by the standard library

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def between(target):
    """A `Between` while it is needed."""
    with Between(target) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
