"""A whole campaign on real paragraphs, with what happens to campaigns: careless people, a late one, a revised codebook,
a server that dies."""

import json
from collections import Counter

import pytest
from support.accident import Accident
from support.persent import BOOK, needed, persent_files
from support.workspace import Workspace

from toolkit.files import read_json, read_jsonl
from toolkit.labels.ledger import latest, settle
from toolkit.records import Gold, Item
from toolkit.tables import write_table

pytestmark = [pytest.mark.shared, pytest.mark.server]

CAMPAIGN = """
name = "eventful"
title = "Sentiment towards persons"
articles = ["../data/raw/persent.jsonl"]
codebook = "person.toml"
target_from = "meta.person"
seed = 11
[sample]
items = 300
roles = ["body", "headline", "subhead", "caption", "list", "quote", "credit", "byline", "boilerplate"]
stratify = []
[plan]
votes = 1
overlap_votes = 3
overlap_share = 0.2
test_share = 0.3
[simulate]
intended = ["../data/raw/persent.intended.jsonl"]
skip_rate = 0
annotators = [{people}]
"""
SIX = (
    ("sim-ada", "accuracy = 0.95, speeding = 0.0"),
    ("sim-bo", "accuracy = 0.9"),
    ("sim-cleo", "accuracy = 0.9"),
    ("sim-dov", "accuracy = 0.5, speeding = 0.6"),
    ("sim-eve", "accuracy = 0.5, speeding = 0.6"),
    ("sim-fay", "accuracy = 0.5, leaning = 1.0"),
)
SEVENTH = ("sim-gus", "accuracy = 0.9")
MIXED = '  { name = "mixed", title.en = "Mixed", covers = ["positive", "negative"], hotkey = "5" },\n]'


def campaign(*people):
    rows = ", ".join(f'{{ pseudonym = "{name}", {error} }}' for name, error in people)
    return CAMPAIGN.format(people=rows)


@pytest.fixture
def eventful(make_workspace, own_server):
    articles, intended = persent_files(needed("persent/dev.jsonl.gz"))
    labelled = {row["article_id"] for row in intended}
    made = make_workspace("eventful", campaign(*SIX), schemas__person_toml=BOOK)
    write_table(made.root / "data/raw/persent.jsonl", [row for row in articles if row["id"] in labelled])
    write_table(made.root / "data/raw/persent.intended.jsonl", intended)
    return Accident(own_server, Workspace(made.root, "eventful", own_server))


def test_an_eventful_campaign_runs_from_items_to_gold(eventful):
    workspace = eventful.workspace
    for verb in ("segment", "plan", "push"):
        workspace.run(verb)
    items = {item.id: item for item in read_jsonl(workspace.directory / "items.jsonl", Item)}
    assert Counter(item.votes for item in items.values()) == {1: 240, 3: 60}

    assert 0 < eventful.strike("simulate", "server", 120) < 420
    workspace.run("pull")
    before = {state.origin.annotation for state in latest(workspace.ledger())}
    codebook = workspace.root / "schemas" / "person.toml"
    codebook.write_text(
        codebook.read_text().replace('version = "1"', 'version = "2"').replace("\n]\n", "\n" + MIXED + "\n")
    )
    workspace.path.write_text(campaign(*SIX, SEVENTH))
    workspace = eventful.workspace = Workspace(workspace.root, "eventful", workspace.server)
    workspace.run("push")
    assert eventful.strike("simulate", "server", 300) < 420
    for verb in ("simulate", "pull", "aggregate", "build"):
        workspace.run(verb)

    with eventful.reader() as server:
        tasks = [task for project in server.projects(eventful.marker) for task in server.export(project)]
    assert Counter(task["data"]["item_id"] for task in tasks) == dict.fromkeys(items, 1)
    given = {(t["data"]["item_id"], a["id"], a["completed_by"]) for t in tasks for a in t["annotations"]}
    assert Counter(item for item, _, _ in given) == {item.id: item.votes for item in items.values()}
    assert max(Counter((item, person) for item, _, person in given).values()) == 1

    states = latest(workspace.ledger())
    assert {(state.item_id, state.origin.annotation) for state in states} == {
        (item, number) for item, number, _ in given
    }
    assert len(settle(states, items).counted) == 420
    versions = Counter((state.codebook.split("#")[0], state.origin.annotation in before) for state in states)
    assert set(versions) == {("persent@1", True), ("persent@2", False)}
    assert {state.annotator for state in states} == {name for name, _ in (*SIX, SEVENTH)}

    gold = read_jsonl(workspace.directory / "gold.jsonl", Gold)
    assert len(gold) == 300
    assert {row.status for row in gold} <= {"single", "unanimous", "majority", "unresolved"}
    alpha = read_json(workspace.directory / "agreement.json")["questions"]["sentiment"]["alpha"]
    assert 50 < alpha["n"] <= 60  # "cannot say" is no answer, and missing for agreement
    assert alpha["low"] < alpha["value"] < alpha["high"]
    status = json.loads(workspace.run("status", "--json"))
    assert status["votes"] == 420
    assert sum(status["stale"].values()) == len(before)
