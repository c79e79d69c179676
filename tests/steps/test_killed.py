"""The server or the client killed with SIGKILL in the middle of pushing, answering and pulling."""

import os
import random
import signal
import threading
from collections import Counter
from itertools import islice

import pytest
from support.accident import Accident
from support.between import between
from support.workspace import Workspace

from toolkit.files import read_json, read_jsonl
from toolkit.labels.ledger import latest
from toolkit.records import Item
from toolkit.studio.server.local import start_server

pytestmark = [pytest.mark.server, pytest.mark.soak]

KILLS = int(os.environ.get("STANCE_SOAK_KILLS", "3"))
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


def accident(make_workspace, own_server, name):
    made = make_workspace(name, CAMPAIGN.format(name=name, items=ITEMS, votes=VOTES))
    workspace = Workspace(made.root, name, own_server)
    for verb in ("segment", "plan"):
        workspace.run(verb)
    return Accident(own_server, workspace)


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


# The server dies while the vote is being moved, and when it has been moved and nobody has heard of it.
@pytest.mark.parametrize("moment", ["inside", "behind"])
def test_a_server_that_dies_while_a_vote_is_moved(make_workspace, own_server, moment):
    found = accident(make_workspace, own_server, f"moved-{moment}")
    workspace = found.workspace
    workspace.run("push")
    with found.reader() as server:
        (project,) = server.projects(found.marker)
        rows = [{"data": task["data"]} for task in server.export(project)]
        server.post(f"/api/projects/{project}/import", rows)  # what a second push leaves that overlaps the first
        tasks = [task["id"] for task in server.export(project)]
        part = {"from_name": "stance", "to_name": "text", "type": "choices", "value": {"choices": ["neutral"]}}
        for task in tasks:
            server.post(f"/api/tasks/{task}/annotations/", {"result": [part], "lead_time": 1})
        before = votes(server, project)
        url, token = server.url, server.token
    struck = []

    def strike():
        if not struck:
            struck.append(read_json(own_server / "server.json")["pid"])
            os.kill(struck[0], signal.SIGKILL)

    def behind(exchange):
        if moment == "behind" and exchange.method == "PATCH":
            strike()
        return exchange

    def inside(method, path):
        if moment == "inside" and method == "PATCH" and path.startswith("/api/annotations/") and not struck:
            threading.Timer(0.005, strike).start()

    with between(url) as proxy:
        proxy.before, proxy.after = inside, behind
        said = workspace.refused("push", LABEL_STUDIO_URL=proxy.url, LABEL_STUDIO_API_KEY=token)
    assert "Traceback" not in said.stderr
    assert struck
    start_server(own_server, lambda _: None)
    with found.reader() as server:
        assert votes(server, project) == before
        assert len(server.export(project)) > ITEMS
        workspace.run("push")
        assert votes(server, project) == before
        assert len(server.export(project)) == ITEMS
    workspace.run("pull")
    lines = latest(workspace.ledger())
    assert Counter((line.item_id, line.origin.annotation) for line in lines) == before
    workspace.run("pull", "--full")
    assert len(workspace.ledger()) == len(lines)


def votes(server, project):
    """The votes by item and number, read from the server itself."""
    return Counter((t["data"]["item_id"], a["id"]) for t in server.export(project) for a in t["annotations"])


def endure(found, verb, victim, share):
    """Strike one of the steps, run all of them, and say whether the blow fell into the middle of it."""
    middle = False
    for step in ("push", "simulate", "pull"):
        if step == verb:
            whole = ITEMS if step == "push" else ITEMS * VOTES
            middle = 0 < found.strike(verb, victim, max(1, int(share * whole))) < whole
        found.workspace.run(step)
    check(found)
    return middle


@pytest.mark.parametrize(("number", "verb", "victim", "share"), list(islice(points(), KILLS)))
def test_nothing_is_lost_or_doubled_by_a_sudden_end(make_workspace, own_server, number, verb, victim, share):
    # On a busy machine a step can be at its end before we know how far it is: then it is struck once more.
    names = [f"accident-{number}-{attempt}" for attempt in range(3)]
    assert any(endure(accident(make_workspace, own_server, name), verb, victim, share) for name in names)
