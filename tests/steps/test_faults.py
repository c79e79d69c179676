"""Requests and replies that are lost, late, doubled, cut off or held: server and ledger hold what they should."""

import json
import os
import sys
import uuid
from collections import Counter

import httpx
import pytest
from support.proxy import KINDS

from toolkit.errors import StudioError
from toolkit.files import read_json, read_jsonl
from toolkit.labels.ledger import latest, settle
from toolkit.people import PEOPLE
from toolkit.records import Item
from toolkit.runs import silent
from toolkit.steps.pull import pull_campaign
from toolkit.steps.push import push_campaign
from toolkit.store import Store
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.server.connection import campaign_key

pytestmark = [pytest.mark.server, pytest.mark.soak]

FAULTS = int(os.environ.get("STANCE_SOAK", "20"))
PEOPLE_AT_WORK = ("soak-1", "soak-2")
PATIENCE = 4.0  # seconds that a client waits
ATTEMPTS = 200


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    for name in ("http.transport", "http.client", "accounts"):
        monkeypatch.setattr(f"toolkit.studio.{name}.TIMEOUT", httpx.Timeout(PATIENCE))


@pytest.fixture(scope="module")
def tokens(studio, studio_directory):
    accounts = ensure_annotators(studio, PEOPLE_AT_WORK, PEOPLE, studio_directory / "keys.json", lambda _: None)
    return {name: account.token for name, account in accounts.items()}


def persist(step):
    """Run a step again until it succeeds, as a user would."""
    for _ in range(ATTEMPTS):
        try:
            return step()
        except StudioError:
            continue
    raise AssertionError(f"no success in {ATTEMPTS} attempts")


class Voter:
    """A person at work: presses the button again until the server says that it has the answer."""

    def __init__(self, url, token, name):
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE, headers={"Connection": "close"})
        self._token = token
        self.name = name
        self.acknowledged = []  # (item, label)

    def _insist(self, method, path, **more):
        for _ in range(ATTEMPTS):
            try:
                bearer = self._http.post("/api/token/refresh/", json={"refresh": self._token}).json()["access"]
                headers = {"Authorization": f"Bearer {bearer}"}
                reply = self._http.request(method, path, headers=headers, **more)
                if reply.status_code in (200, 201, 404, 409):
                    return reply
            except (httpx.HTTPError, ValueError, KeyError):
                continue
        raise AssertionError(f"{path}: no answer in {ATTEMPTS} attempts")

    def answer_one(self, project, label):
        reply = self._insist("GET", f"/api/projects/{project}/next")
        if reply.status_code == 404:
            return False
        task = reply.json()
        part = {"from_name": "stance", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
        body = {"result": [part], "lead_time": 3.0, "unique_id": str(uuid.uuid4())}
        self._insist("POST", f"/api/tasks/{task['id']}/annotations/", json=body)
        self.acknowledged.append((task["data"]["item_id"], label))
        return True


def everybody_answers(url, tokens, projects):
    people = [Voter(url, token, name) for name, token in tokens.items()]
    for number, person in enumerate(people):
        for project in projects:
            turn = 0
            while person.answer_one(project, ("neutral", "not_applicable")[(turn + number) % 2]):
                turn += 1
    return people


def one_round(make_workspace, server, proxy, tokens, monkeypatch, name):
    monkeypatch.setenv("LABEL_STUDIO_URL", proxy.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.token)
    workspace = make_workspace(name, CAMPAIGN.format(name=name))
    for verb in ("segment", "plan"):
        workspace.run(verb)
    campaign = workspace.campaign
    persist(lambda: push_campaign(campaign, silent))
    people = everybody_answers(proxy.url, tokens, workspace.projects())
    persist(lambda: push_campaign(campaign, silent))
    persist(lambda: pull_campaign(campaign, silent))
    proxy.on = False  # what was held still arrives; then all is read
    proxy.settle()
    push_campaign(campaign, silent)
    pull_campaign(campaign, silent)
    proxy.on = True
    check(workspace, server, people)


def check(workspace, server, people):
    marker = campaign_key(Store(workspace.campaign))
    items = {item.id: item for item in read_jsonl(workspace.directory / "items.jsonl", Item)}
    tasks = [task for project in server.projects(marker) for task in server.export(project)]
    assert Counter(task["data"]["item_id"] for task in tasks) == dict.fromkeys(items, 1)

    on_server = Counter(
        (task["data"]["item_id"], annotation["id"], json.dumps(annotation["result"][0]["value"]["choices"]))
        for task in tasks
        for annotation in task["annotations"]
    )
    states = [state for state in latest(workspace.ledger()) if state.state == "submitted"]
    in_ledger = Counter((s.item_id, s.origin.annotation, json.dumps([s.answers["stance"]])) for s in states)
    assert in_ledger == on_server

    given = Counter((s.item_id, s.annotator, s.answers["stance"]) for s in states)
    pseudonyms = read_json(workspace.directory / "keys.json")["pseudonyms"]
    for person in people:
        for item, label in person.acknowledged:
            assert given[item, pseudonyms[f"{person.name}@{PEOPLE}"], label] == 1
    counted = settle(workspace.ledger(), items).counted
    assert max(Counter((a.item_id, a.annotator) for a in counted).values()) == 1
    assert len(counted) == sum(item.votes for item in items.values())


CAMPAIGN = """
name = "{name}"
title = "A campaign behind a bad line"
articles = ["../data/raw/sample.jsonl"]
codebook = "stance.toml"
targets = ["government-xs"]
[sample]
items = 8
[plan]
votes = 2
[studio]
batch = 3
"""


def test_nothing_is_lost_or_doubled_on_a_bad_line(
    make_workspace, server, make_proxy, tokens, monkeypatch, record_property
):
    proxy = make_proxy(seed=FAULTS, hold=PATIENCE + 1)
    least = FAULTS // 10  # of each kind
    number = 0
    while sum(proxy.spoiled.values()) < FAULTS or min(proxy.spoiled[kind] for kind in KINDS) < least:
        number += 1
        one_round(make_workspace, server, proxy, tokens, monkeypatch, f"soak-{number}")
    told = f"{number} campaigns, {proxy.requests} requests, spoiled: {dict(proxy.spoiled)}"
    record_property("soak", told)
    sys.stderr.write(f"{told}\n")
