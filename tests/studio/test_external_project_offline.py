"""Addresses and servers that are none, without a Label Studio."""

import contextlib
import http.server
import threading

import pytest

from toolkit.errors import StudioError, UsageError
from toolkit.exchange.vote_files import ImportOptions
from toolkit.steps.pull import pull_project
from toolkit.studio.pull.external_project import project_address


@contextlib.contextmanager
def page(body):
    """A server that answers everything with a page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/projects/3"
        server.shutdown()
        thread.join()


def test_a_page_where_label_studio_should_be_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "legacy")
    with page(b"<html>Welcome</html>") as address, pytest.raises(StudioError, match="a page of HTML came in place"):
        pull_project(address, ImportOptions(), tmp_path / "v.jsonl", lambda *_: None)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("http://127.0.0.1:8080/projects/12", ("http://127.0.0.1:8080", 12)),
        ("https://studio.example/ls/projects/7/data?tab=1&task=3", ("https://studio.example/ls", 7)),
        ("https://studio.example/projects/7/settings#x ", ("https://studio.example", 7)),
    ],
)
def test_the_address_bar_of_a_browser_is_understood(address, place):
    assert project_address(address) == place


@pytest.mark.parametrize("address", ["http://studio.example", "http://studio.example/projects/", "projects/3"])
def test_an_address_without_a_project_is_wrong_usage(address):
    with pytest.raises(UsageError, match="the address of a project is needed"):
        project_address(address)
