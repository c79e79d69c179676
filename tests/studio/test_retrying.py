"""What is asked again; the failures are those of a server of our own, since a real one does not fail at will."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from toolkit.studio.http import retrying
from toolkit.studio.http.retrying import Retrying


class _Failing(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        failure = self.server.failures.pop(0) if self.server.failures else "none"
        if failure == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
        elif failure == "silent":
            self.close_connection = True
        else:
            self.send_response(200 if failure == "none" else int(failure))
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

    do_POST = do_GET  # noqa: N815 - the name that the server looks for

    def log_message(self, *_):
        pass


@pytest.fixture
def failing():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Failing)
    server.failures, server.asked = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(failing, monkeypatch):
    monkeypatch.setattr(retrying, "WAITS", (0.0, 0.0, 0.0, 0.0))
    url = f"http://127.0.0.1:{failing.server_port}"
    with httpx.Client(base_url=url, transport=Retrying(), trust_env=False, timeout=5) as opened:
        yield opened


@pytest.mark.parametrize("failure", ["cut", "silent", "502", "503", "504", "429"])
def test_what_changes_nothing_is_asked_again(client, failing, failure):
    failing.failures = [failure] * 3
    assert client.get("/x").text == "ok"
    assert len(failing.asked) == 4


def test_in_the_end_a_failure_is_a_failure(client, failing):
    failing.failures = ["503"] * 9
    assert client.get("/x").status_code == 503
    failing.failures = ["silent"] * 9
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/x")


@pytest.mark.parametrize("failure", ["500", "404", "401"])
def test_a_refusal_is_not_asked_about_again(client, failing, failure):
    failing.failures = [failure]
    assert client.get("/x").status_code == int(failure)
    assert len(failing.asked) == 1


def test_what_changes_something_is_sent_once(client, failing):
    failing.failures = ["silent"]
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/api/tasks/1/annotations/", json={})
    failing.failures = ["503"]
    assert client.post("/api/projects/1/import", json={}).status_code == 503
    assert len(failing.asked) == 2


def test_a_token_is_asked_for_again_though_that_is_a_post(client, failing):
    failing.failures = ["silent"]
    assert client.post("/api/token/refresh/", json={}).text == "ok"


def test_a_server_that_is_not_there_is_said_at_once():
    with httpx.Client(transport=Retrying(), trust_env=False) as opened, pytest.raises(httpx.ConnectError):
        opened.get("http://127.0.0.1:9/")
