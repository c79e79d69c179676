"""Many people at once: each vote that the server took is in the ledger once, and nobody sees an error."""

import os
import shutil
import sys
import threading
import time
import uuid
from collections import Counter
from pathlib import Path

import httpx
import pytest
from support.workspace import Workspace

from toolkit.files import read_json
from toolkit.labels.ledger import latest
from toolkit.people import PEOPLE
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.server.local import open_studio, start_server, stop_server
from toolkit.studio.server.postgres import use_cluster
from toolkit.tables import write_table

SECONDS = float(os.environ.get("STANCE_LOAD_SECONDS", "4"))
ON_SQLITE = int(os.environ.get("STANCE_LOAD_SQLITE", "4"))
ON_POSTGRES = int(os.environ.get("STANCE_LOAD_POSTGRES", "6"))
ITEMS = int(os.environ.get("STANCE_LOAD_ITEMS", "600"))
BEARER_SECONDS = 120  # a bearer is good for 300
HAS_POSTGRES = bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))

CAMPAIGN = """
name = "{name}"
title = "Many people at once"
articles = ["../data/raw/load.jsonl"]
codebook = "minimal.toml"
targets = ["government-xs"]
[sample]
stratify = []
[plan]
votes = 2
"""


def article(number):
    """An article of words that no other has."""
    words = [f"w{number}x{place}" for place in range(60)]
    return {"id": f"a{number}", "text": "\n".join(" ".join(words[at : at + 20]) + "." for at in (0, 20, 40))}


class AccountRequest(threading.Thread):
    """Somebody who answers one item after the other, as fast as the server lets them."""

    def __init__(self, url, token, projects, end):
        super().__init__()
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=60, headers={"Connection": "close"})
        self._token, self._projects, self._end = token, projects, end
        self.acknowledged, self.seconds, self.errors = [], [], []

    def run(self):
        with self._http:
            while time.monotonic() < self._end:
                self._sign_in()
                until = min(self._end, time.monotonic() + BEARER_SECONDS)
                while time.monotonic() < until:
                    if not self._answer_one():
                        return

    def _sign_in(self):
        access = self._http.post("/api/token/refresh/", json={"refresh": self._token}).json()["access"]
        self._http.headers["Authorization"] = f"Bearer {access}"

    def _answer_one(self):
        for project in self._projects:
            found = self._asked("GET", f"/api/projects/{project}/next", (200, 404))
            if found is None:
                return True
            if found.status_code == 404:
                continue
            part = {"from_name": "stance", "to_name": "text", "type": "choices", "value": {"choices": ["neutral"]}}
            body = {"result": [part], "lead_time": 1.0, "unique_id": str(uuid.uuid4())}
            given = self._asked("POST", f"/api/tasks/{found.json()['id']}/annotations/", (201,), json=body)
            if given is not None:
                self.acknowledged.append(given.json()["id"])
            return True
        return False

    def _asked(self, method, path, wanted, **more):
        begin = time.monotonic()
        reply = self._http.request(method, path, **more)
        self.seconds.append(time.monotonic() - begin)
        if reply.status_code not in wanted:
            self.errors.append((path, reply.status_code))
            return None
        return reply


def bear(make_workspace, directory, name, count):
    """Let so many people work on a campaign of their own at once, and check what is left of it."""
    made = make_workspace(name, CAMPAIGN.format(name=name))
    write_table(made.root / "data/raw/load.jsonl", [article(number) for number in range(ITEMS // 3)])
    workspace = Workspace(made.root, name, directory)
    for verb in ("segment", "plan", "push"):
        workspace.run(verb)
    with open_studio(directory) as studio:
        names = [f"{name}-{number}" for number in range(count)]
        accounts = ensure_annotators(studio, names, PEOPLE, directory / "keys.json", lambda _: None)
    url, end = read_json(directory / "server.json")["url"], time.monotonic() + SECONDS
    people = [AccountRequest(url, accounts[name].token, workspace.projects(), end) for name in names]
    for person in people:
        person.start()
    for person in people:
        person.join()
    workspace.run("pull")
    check(workspace, people, name)


def check(workspace, people, name):
    assert [person.errors for person in people] == [[]] * len(people)
    acknowledged = Counter(number for person in people for number in person.acknowledged)
    states = Counter(state.origin.annotation for state in latest(workspace.ledger()))
    assert states == acknowledged
    assert set(acknowledged.values()) == {1}
    times = sorted(second for person in people for second in person.seconds)
    total, late = len(acknowledged), times[int(len(times) * 0.99)]
    told = (
        f"{name}: {len(people)} people, {total} votes, {total / SECONDS:.1f} a second, 99 % of replies in {late:.2f} s"
    )
    sys.stderr.write(f"{told}\n")


@pytest.mark.load
@pytest.mark.server
def test_many_people_at_once_on_sqlite(make_workspace, own_server):
    bear(make_workspace, own_server, "load-sqlite", ON_SQLITE)


@pytest.mark.load
@pytest.mark.server
@pytest.mark.postgres
@pytest.mark.skipif(not HAS_POSTGRES, reason="no PostgreSQL; `apt-get install postgresql` adds it")
def test_many_people_at_once_on_postgres(make_workspace, tmp_path):
    directory = tmp_path / "server"
    directory.mkdir()
    use_cluster(directory)
    start_server(directory, lambda _: None)
    try:
        bear(make_workspace, directory, "load-postgres", ON_POSTGRES)
    finally:
        stop_server(directory)
