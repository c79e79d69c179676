"""The server or the client killed with SIGKILL in the middle of pushing, answering and pulling."""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from itertools import islice

import pytest
from support.workspace import Server, Workspace

from toolkit.files import read_json, read_jsonl
from toolkit.labels.ledger import latest
from toolkit.records import Item
from toolkit.steps.studio import campaign_key
from toolkit.studio.server import start_server, stop_server

pytestmark = [pytest.mark.server, pytest.mark.soak]

KILLS = int(os.environ.get("STANCE_SOAK_KILLS", "3"))
PATIENCE = 120.0  # seconds until a test gives up waiting for its moment
ITEMS, VOTES = 30, 2
# A pull changes nothing on the server, whose count cannot tell the middle of it: there only the client is struck.
FIRST = (("push", "server"), ("simulate", "server"), ("pull", "client"))
ALL = (*FIRST, ("push", "client"), ("simulate", "client"))

CAMPAIGN = """
name = "{name}"
title = "A campaign of accidents"
articles = ["../data/raw/sample.jsonl"]
codebook = "minimal.toml"
targets = ["government-xs"]
[sample]
items = {items}
[plan]
votes = {votes}
[studio]
batch = 1
[simulate]
annotators = [{{ pseudonym = "sim-ada" }}, {{ pseudonym = "sim-bo" }}]
"""


class Accident:
    """A server of its own, a campaign on it, and a way to kill either in the middle."""

    def __init__(self, directory, workspace):
        self.directory, self.workspace = directory, workspace
        self.marker = ""

    def reader(self):
        """The server as it is now, without our client."""
        return contextlib.closing(Server(self.directory))

    def count(self, server, verb):
        """How far a verb is, by the server's own count, or the ledger's where the server changes nothing."""
        if verb == "pull":
            path = self.workspace.directory / "annotations.jsonl"
            return path.read_bytes().count(b"\n") if path.exists() else 0
        key = "task_number" if verb == "push" else "total_annotations_number"
        return sum(server.get(f"/api/projects/{project}/")[key] for project in server.projects(self.marker))

    def strike(self, verb, victim, k):
        """Kill the victim as soon as the count is k, and have the server back; the count then."""
        process = self.workspace.start(verb)
        end = time.monotonic() + PATIENCE
        with self.reader() as server:
            while self.count(server, verb) < k:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < end
        pid = process.pid if victim == "client" else read_json(self.directory / "server.json")["pid"]
        os.kill(pid, signal.SIGKILL)
        _, err = process.communicate()
        assert process.returncode == (-signal.SIGKILL if victim == "client" else 1), err
        assert "Traceback" not in err
        start_server(self.directory, lambda _: None)
        with self.reader() as server:
            return self.count(server, verb)


@pytest.fixture(scope="module")
def own_server(tmp_path_factory, studio_server):
    """A server that may be killed; the session's has made sure that there is a migrated database."""
    assert studio_server.pid
    directory = tmp_path_factory.mktemp("accidents") / "server"
    start_server(directory, lambda _: None)
    yield directory
    stop_server(directory)


def accident(make_workspace, own_server, name):
    made = make_workspace(name, CAMPAIGN.format(name=name, items=ITEMS, votes=VOTES))
    workspace = Workspace(made.root, name, own_server)
    for verb in ("segment", "plan"):
        workspace.run(verb)
    found = Accident(own_server, workspace)
    found.marker = campaign_key(workspace.campaign)
    return found


def points():
    """Which verb is struck, who is killed, and after what share of the work: by a seed."""
    generator = random.Random(1)  # noqa: S311 - a seeded draw
    for number in range(KILLS):
        verb, victim = FIRST[number] if number < len(FIRST) else generator.choice(ALL)
        yield number, verb, victim, generator.uniform(0.1, 0.7)


def check(found):
    """Server and ledger, read by other ways than ours, hold what they should."""
    items = {item.id for item in read_jsonl(found.workspace.directory / "items.jsonl", Item)}
    with found.reader() as server:
        tasks = [task for project in server.projects(found.marker) for task in server.export(project)]
    assert Counter(task["data"]["item_id"] for task in tasks) == dict.fromkeys(items, 1)
    given = Counter((t["data"]["item_id"], a["id"]) for t in tasks for a in t["annotations"])
    assert Counter((s.item_id, s.origin.annotation) for s in latest(found.workspace.ledger())) == given
    people = Counter((t["data"]["item_id"], a["completed_by"]) for t in tasks for a in t["annotations"])
    assert set(people.values()) == {1}
    votes = Counter(t["data"]["item_id"] for t in tasks for a in t["annotations"] if not a["was_cancelled"])
    assert sum(votes.values()) + sum(a["was_cancelled"] for t in tasks for a in t["annotations"]) == ITEMS * VOTES


@pytest.mark.parametrize(("number", "verb", "victim", "share"), list(islice(points(), KILLS)))
def test_nothing_is_lost_or_doubled_by_a_sudden_end(make_workspace, own_server, number, verb, victim, share):
    found = accident(make_workspace, own_server, f"accident-{number}")
    for step in ("push", "simulate", "pull"):
        if step == verb:
            whole = ITEMS if step == "push" else ITEMS * VOTES
            assert 0 < found.strike(verb, victim, max(1, int(share * whole))) < whole
        found.workspace.run(step)
    check(found)
