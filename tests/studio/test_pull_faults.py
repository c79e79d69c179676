"""What no server says by itself: a proxy of ours stands before the real one and spoils an answer of a kind."""

import http.server
import json
import threading
from contextlib import contextmanager

import httpx
import pytest

from toolkit.errors import StudioError
from toolkit.people import PEOPLE, read_keys
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.http.client import Studio

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("accounts")]


@contextmanager
def proxy(url, spoil):
    """A server that asks another one, and lets `spoil` change what it answers to a path."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
            body = self.rfile.read(length)
            found = httpx.request(self.command, url + self.path, content=body, headers=headers, trust_env=False)
            status, content = spoil(self.path, found.status_code, found.content)
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Date", found.headers["Date"])
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # noqa: N815 - named by the standard library

        def log_message(self, *_):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as between:
        threading.Thread(target=between.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{between.server_port}"
        finally:
            between.shutdown()


@pytest.fixture
def answered(make_campaign, raw, choice, studio_directory):
    """Three items with a vote each, pulled once, and a new vote that is not."""
    campaign = make_campaign(3, 2)
    campaign.token = read_keys(studio_directory / "keys.json").admin.token
    tasks = raw().tasks(campaign.project)
    for task in tasks:
        raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    campaign.pull()
    raw("ann-2").vote(tasks[0]["id"], choice("stance", "neutral"))
    return campaign


def is_list(path):
    return path.startswith("/api/tasks/?") and "fields=all" in path


@contextmanager
def spoiled(campaign, spoil):
    honest, campaign.in_full = campaign.studio, True
    with proxy(honest.url, spoil) as url, Studio(url, campaign.token) as studio:
        campaign.studio = studio
        yield
    campaign.studio, campaign.in_full = honest, False


def html(path, status, content):
    return (200, b"<html><body>Please log in to the network</body></html>") if is_list(path) else (status, content)


def html_counts(path, status, content):
    return (200, b"<html>") if path.startswith("/api/projects/counts/") else (status, content)


def without(name):
    def spoil(path, status, content):
        if not is_list(path):
            return status, content
        page = json.loads(content)
        for task in page["tasks"]:
            for annotation in task["annotations"]:
                annotation.pop(name, None)
            task.pop(name, None)
        return status, json.dumps(page).encode()

    return spoil


@pytest.mark.parametrize("spoil", [html, html_counts, without("annotations"), without("result"), without("data")])
def test_an_answer_of_something_else_is_recognised_and_loses_nothing(answered, spoil):
    before = answered.ledger
    with spoiled(answered, spoil), pytest.raises(StudioError, match=r"is not (that of )?Label Studio"):
        answered.pull()
    assert answered.ledger == before
    assert [line.annotator for line in answered.pull().annotations] == ["ann-2"]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refusal_in_the_middle_loses_nothing(answered, status):
    before = answered.ledger

    def refuse(path, usual, content):
        return (status, b"{}") if is_list(path) else (usual, content)

    with spoiled(answered, refuse), pytest.raises(StudioError, match=r"token|may not|gone|failed"):
        answered.pull()
    assert answered.ledger == before
    assert [line.annotator for line in answered.pull().annotations] == ["ann-2"]


def test_what_is_left_out_of_a_list_is_not_taken_for_deleted(answered):
    def leave_out(path, status, content):
        if not is_list(path):
            return status, content
        page = json.loads(content)
        page["tasks"] = [task for task in page["tasks"] if task["data"]["item_id"] != "item-1"]
        return status, json.dumps(page).encode()

    with spoiled(answered, leave_out):
        found = answered.pull()
    assert [(line.state, line.annotator) for line in found.annotations] == [("submitted", "ann-2")]
    assert found.pulled.incomplete == {
        answered.project: "the server counts 3 tasks with 4 annotations, and we 2 with 3"
    }
    assert found.pulled.cursor.projects == {}
    again = answered.pull()
    assert (again.annotations, again.pulled.incomplete) == ([], {})


def test_an_account_without_rights_is_told_so(answered, studio, studio_directory, raw):
    gone = ensure_annotators(studio, ("ann-gone",), PEOPLE, studio_directory / "keys.json", lambda _: None)["ann-gone"]
    raw().delete(f"/api/organizations/1/memberships/{gone.user_id}/")
    before, honest = answered.ledger, answered.studio
    with Studio(studio.url, gone.token) as stranger:
        answered.studio = stranger
        with pytest.raises(StudioError, match=studio.url):
            answered.pull()
    answered.studio = honest
    assert answered.ledger == before
