"""A person withdraws from a campaign on a real Label Studio: no later pull brings them back."""

import json
import secrets

import pytest
from support.campaigns import CAMPAIGN
from support.workspace import Server

from toolkit.files import read_json, read_jsonl, write_json
from toolkit.people import PEOPLE
from toolkit.records import Adjudication, Annotation
from toolkit.runs import silent
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.pull.campaign import open_pull
from toolkit.workspace import read_campaign

pytestmark = pytest.mark.server


@pytest.fixture
def names():
    """People whom no other test knows: their keys are erased."""
    return [f"{name}-{secrets.token_hex(3)}" for name in ("gone", "stays")]


@pytest.fixture
def people(names, studio, studio_directory, tmp_path):
    """The server as each of them uses it; of the last one the toolkit has made no account."""
    ensure_annotators(studio, names, PEOPLE, studio_directory / "keys.json", lambda _: None)
    opened = [Server(studio_directory, name) for name in names]
    name = f"guest-{secrets.token_hex(3)}"
    guest = Server(studio_directory)
    guest.token = ensure_annotators(studio, [name], PEOPLE, tmp_path / "keys.json", lambda _: None)[name].token
    yield [*opened, guest]
    for each in [*opened, guest]:
        each.close()


@pytest.fixture
def campaign(stance, tmp_path, studio_directory, people, monkeypatch):
    """Five items that all of them have answered, pulled."""
    monkeypatch.setenv("STANCE_STUDIO", str(studio_directory))
    assert stance("init", tmp_path / "w").code == 0
    path = tmp_path / "w" / "schemas" / "desk.toml"
    text = CAMPAIGN.format(more="", name=f"desk-{secrets.token_hex(4)}").replace("items = 40", "items = 5")
    path.write_text(text.replace("votes = 3", "votes = 5"))
    for verb in ("segment", "plan", "push"):
        said = stance(verb, path)
        assert said.code == 0, said.err
    made = read_campaign(path)
    for task in tasks(made, people):
        for who in people:
            vote(who, task, "neutral")
    assert stance("pull", path, "--json").facts["new"] == 15
    return made


def tasks(campaign, people):
    (project,) = read_json(campaign.at("studio.json"))["projects"]
    return [task["id"] for task in people[0].export(project["id"])]


def part(question, label):
    return {"from_name": question, "to_name": "text", "type": "choices", "value": {"choices": [label]}}


def vote(who, task, label, path="annotations/"):
    return who.post(f"/api/tasks/{task}/{path}", {"result": [part("stance", label)], "lead_time": 2.0})["id"]


def people_in_ledger(campaign):
    return {row.annotator for row in read_jsonl(campaign.at("annotations.jsonl"), Annotation)}


def pull(stance, campaign, *words):
    said = stance("pull", campaign.path, "--json", *words)
    assert said.code == 0, said.err
    return said.facts


def test_no_pull_brings_back_what_was_forgotten(stance, campaign, people, names):
    gone, stays = names
    assert people_in_ledger(campaign) == {gone, stays, "person-1"}
    with open_pull(campaign) as following:  # as `--follow` does: it goes on while somebody is forgotten
        following.since_last(silent)
        said = stance("forget", campaign.path, gone)
        assert "which later pulls leave out (`--server` deletes them there)" in said.out
        pulled = following.since_last(silent)
        assert (pulled.new, pulled.withdrawn, pulled.incomplete) == (0, 5, {})
        again = following.since_last(silent)
        assert (again.new, again.withdrawn, again.full_reread) == (0, 5, {})
    first = tasks(campaign, people)[0]
    vote(people[0], first, "opposition")
    vote(people[0], tasks(campaign, people)[1], "neutral", "drafts")
    vote(people[1], first, "mixed")  # somebody else's second vote is in the ledger as ever
    facts = pull(stance, campaign)
    assert (facts["new"], facts["withdrawn"], facts["full_reread"], facts["incomplete"]) == (1, 6, {}, {})
    assert pull(stance, campaign, "--full")["new"] == 0
    assert people_in_ledger(campaign) == {stays, "person-1"}
    said = stance("pull", campaign.path)
    assert "6 answers of people who withdrew left out" in said.out
    (project,) = read_json(campaign.at("studio.json"))["projects"]
    export = campaign.root / "export.json"
    export.write_text(people[0].text(f"/api/projects/{project['id']}/export?exportType=JSON"))
    assert pull(stance, campaign, "--from", export)["withdrawn"] >= 6
    assert people_in_ledger(campaign) == {stays, "person-1"}
    files = [path for path in campaign.root.joinpath("data").rglob("*") if path.is_file()]
    assert [path.name for path in files if gone.encode() in path.read_bytes()] == []


def test_a_pseudonym_that_was_forgotten_is_given_to_nobody_else(stance, campaign, people, studio, tmp_path):
    assert stance("forget", campaign.path, "person-1", "--json").facts["keys"] == 1
    assert "annotators.invalid" not in campaign.at("keys.json").read_text()
    other = f"other-{secrets.token_hex(3)}"
    account = ensure_annotators(studio, [other], PEOPLE, tmp_path / "keys.json", lambda _: None)[other]
    people[2].token = account.token
    vote(people[2], tasks(campaign, people)[0], "mixed")
    facts = pull(stance, campaign)
    assert (facts["new"], facts["withdrawn"]) == (1, 5)
    assert "person-2" in people_in_ledger(campaign)
    assert "person-1" not in people_in_ledger(campaign)


def test_the_answers_can_be_deleted_on_the_server_too(stance, campaign, people, names):
    gone, stays = names
    stance("aggregate", campaign.path)
    pushed = stance("adjudicate", "push", campaign.path, "--by", gone, "--max-confidence", "1", "--json")
    assert pushed.code == 0 or "no item waits" in pushed.err
    vote(people[0], tasks(campaign, people)[0], "neutral", "drafts")
    said = stance("forget", campaign.path, gone, "--server", "--json")
    assert said.code == 0, said.err
    assert (said.facts["annotations"], said.facts["deleted"]["annotations"]) == (5, 5)
    assert said.facts["deleted"]["drafts"] == 1
    (project,) = read_json(campaign.at("studio.json"))["projects"]
    left = json.dumps([task["annotations"] for task in people[1].export(project["id"])])
    assert left.count('"completed_by"') == 10
    facts = pull(stance, campaign)
    assert (facts["new"], facts["withdrawn"], facts["incomplete"]) == (0, 0, {})
    again = stance("forget", campaign.path, gone, "--server")
    assert again.code == 1
    assert "nothing of the person was found there; the campaign's files are erased" in again.err
    assert people_in_ledger(campaign) == {stays, "person-1"}


def test_what_an_adjudicator_decided_is_forgotten_and_stays_so(stance, campaign, people, names):
    gone, stays = names
    item = tasks(campaign, people)[0]
    # They come to differ on an item.
    labels = {gone: (people[0], "unclear"), "person-1": (people[2], "not_applicable"), stays: (people[1], "neutral")}
    for row in read_jsonl(campaign.at("annotations.jsonl"), Annotation):
        if row.origin.task == item:
            who, label = labels[row.annotator]
            who.patch(f"/api/annotations/{row.origin.annotation}/", {"result": [part("stance", label)]})
    pull(stance, campaign)
    stance("aggregate", campaign.path)
    facts = stance("adjudicate", "push", campaign.path, "--by", gone, "--question", "stance", "--json").facts
    (project,) = facts["projects"]
    (task,) = (each["id"] for each in people[0].export(project["id"]))
    result = [part("stance", "mixed"), part("adjudication_reason", "slip")]
    people[0].post(f"/api/tasks/{task}/annotations/", {"result": result, "lead_time": 2.0})
    assert stance("adjudicate", "pull", campaign.path, "--json").facts["new"] == 1
    assert stance("forget", campaign.path, gone, "--json").facts["adjudications"] == 1
    later = stance("adjudicate", "pull", campaign.path, "--json").facts
    assert (later["new"], later["withdrawn"]) == (0, 1)
    assert read_jsonl(campaign.at("adjudications.jsonl"), Adjudication) == []
    assert stance("adjudicate", "push", campaign.path, "--by", gone).code == 2
    assert stance("forget", campaign.path, gone, "--server", "--json").facts["deleted"]["projects"] == 1


def test_another_server_is_refused_before_anything_is_erased(stance, campaign, names):
    gone, _ = names
    keys = (campaign.root / "data").rglob("*")
    before = {path: path.read_bytes() for path in keys if path.is_file()}
    file = read_json(campaign.at("studio.json"))
    write_json(campaign.at("studio.json"), file | {"server": "http://other.example", "address": ""})
    refused = stance("forget", campaign.path, gone, "--server")
    assert refused.code == 1
    assert "the campaign is on http://other.example; set LABEL_STUDIO_URL. Nothing was erased" in refused.err
    write_json(campaign.at("studio.json"), file)
    assert {path: path.read_bytes() for path in before if path.name != "studio.json"} == {
        path: content for path, content in before.items() if path.name != "studio.json"
    }
