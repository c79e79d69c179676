"""What annotators left open, decided by a named adjudicator on a real Label Studio."""

import json
import secrets
from collections import Counter

import pytest
from support.campaigns import answered_campaign
from support.workspace import Server

from toolkit.files import read_json, read_jsonl
from toolkit.people import PEOPLE
from toolkit.records import Adjudication, Gold
from toolkit.studio.accounts import ensure_annotators
from toolkit.tables import read_table, write_table

pytestmark = pytest.mark.server

JUDGES = ("judge-1", "judge-2", "ann-1")


@pytest.fixture
def campaign(stance, tmp_path, studio, studio_directory, monkeypatch):
    """A campaign whose votes came from a file, on the session's server."""
    monkeypatch.setenv("STANCE_STUDIO", str(studio_directory))
    ensure_annotators(studio, JUDGES, PEOPLE, studio_directory / "keys.json", lambda _: None)
    return answered_campaign(stance, tmp_path / "w", skill=0.45, name=f"desk-{secrets.token_hex(4)}")


@pytest.fixture
def people(studio_directory, campaign):
    """The server as each of them uses it, without our client."""
    assert campaign.path.exists()  # their accounts are made before it
    opened = {name: Server(studio_directory, name) for name in ("admin", *JUDGES)}
    yield opened
    for each in opened.values():
        each.close()


def open_items(campaign, question="stance"):
    rows = read_jsonl(campaign.at("gold.jsonl"), Gold)
    return sorted(row.item_id for row in rows if row.question == question and row.label is None and row.n_votes)


def push(stance, campaign, *words, by="judge-1"):
    said = stance("adjudicate", "push", campaign.path, "--by", by, "--question", "stance", "--json", *words)
    assert said.code == 0, said.err
    return said.facts


def pull(stance, campaign):
    said = stance("adjudicate", "pull", campaign.path, "--json")
    assert said.code == 0, said.err
    return said.facts


def tasks_of(people, project):
    return {task["data"]["item_id"]: task["id"] for task in people["admin"].export(project)}


def part(question, value, kind="choices"):
    return {"from_name": question, "to_name": "text", "type": kind, "value": value}


def verdict(label="mixed", reason="guideline_gap", comment=""):
    parts = [part("stance", {"choices": [label]})] if label else []
    parts += [part("adjudication_reason", {"choices": [reason]})] if reason else []
    return parts + ([part("adjudication_comment", {"text": [comment]}, "textarea")] if comment else [])


def answer(who, task, parts, **more):
    return who.post(f"/api/tasks/{task}/annotations/", {"result": parts, "lead_time": 3.0, **more})["id"]


def decisions(campaign):
    return read_jsonl(campaign.at("adjudications.jsonl"), Adjudication)


def test_what_is_open_stands_once_in_a_project_of_the_adjudicators_own(stance, campaign, people):
    waiting = open_items(campaign)
    first = push(stance, campaign)
    (project,) = first["projects"]
    assert (first["created"], first["present"], first["blind"]) == (len(waiting), 0, True)
    assert sorted(people["admin"].item_ids(project["id"])) == waiting
    again = push(stance, campaign)
    assert (again["created"], again["present"], again["twins"]) == (0, len(waiting), [])
    assert sorted(people["admin"].item_ids(project["id"])) == waiting
    shown = people["admin"].get(f"/api/projects/{project['id']}/")
    assert "judge-1" in shown["title"]
    assert 'name="adjudication_reason" toName="text" required="true"' in shown["label_config"]
    # Blind: nothing of the votes is there, not even in the data behind the page.
    notes = [task["data"]["note"] for task in people["admin"].export(project["id"])]
    assert all("In doubt: stance" in note and "Votes" not in note for note in notes)
    # The project is gone, as after a push that was killed early: it is made again.
    people["admin"].delete(f"/api/projects/{project['id']}/")
    assert push(stance, campaign)["created"] == len(waiting)


def test_decisions_come_back_once_and_an_edit_is_a_later_line(stance, campaign, people):
    ledger, agreement = campaign.at("annotations.jsonl").read_bytes(), read_json(campaign.at("agreement.json"))
    before = {row.item_id: row for row in read_jsonl(campaign.at("gold.jsonl"), Gold) if row.question == "stance"}
    (project,) = push(stance, campaign)["projects"]
    tasks = tasks_of(people, project["id"])
    first, second, third, fourth, *_ = sorted(tasks)
    given = answer(people["judge-1"], tasks[first], verdict(comment="say what a heading is"))
    answer(people["judge-1"], tasks[second], verdict("unclear", "ambiguous"))
    answer(people["judge-1"], tasks[third], [], was_cancelled=True)
    facts = pull(stance, campaign)
    assert (facts["new"], facts["skipped"], facts["refused"]) == (2, [third], [])
    assert facts["waiting"] == sorted(tasks.keys() - {first, second})
    assert (facts["all"]["settled"], facts["all"]["left_open"], facts["all"]["blind"]) == (1, 1, 2)
    assert facts["all"]["by"] == {"judge-1": 2}
    again = pull(stance, campaign)
    assert (again["new"], again["known"], len(decisions(campaign))) == (0, 2, 2)
    people["judge-1"].patch(f"/api/annotations/{given}/", {"result": verdict("neutral", "slip")})
    assert pull(stance, campaign)["new"] == 1
    stance("aggregate", campaign.path)
    assert pull(stance, campaign)["all"]["settled"] == 1
    assert [(row.label, row.before) for row in decisions(campaign) if row.item_id == first] == [
        ("mixed", None),
        ("neutral", None),
    ]
    after = {row.item_id: row for row in read_jsonl(campaign.at("gold.jsonl"), Gold) if row.question == "stance"}
    assert (after[first].label, after[first].status) == ("neutral", "adjudicated")
    assert (after[second].label, after[fourth].status) == (None, "unresolved")
    assert all((after[item].votes, after[item].soft) == (row.votes, row.soft) for item, row in before.items())
    assert read_json(campaign.at("agreement.json")) == agreement
    assert campaign.at("annotations.jsonl").read_bytes() == ledger
    # A later decision in a file is the last word, and what is on the server does not come in front of it again.
    sheet = campaign.root / "open.csv"
    write_table(sheet, [{"item_id": first, "stance": "opposition", "reason": "slip"}])
    assert stance("adjudicate", "import", campaign.path, "--from", sheet, "--by", "judge-2").code == 0
    assert pull(stance, campaign)["new"] == 0
    people["judge-1"].delete(f"/api/annotations/{given}/")
    assert pull(stance, campaign)["gone"] == [first]


def test_gaps_are_listed_and_the_card_says_who_decided(stance, campaign, people):
    (project,) = push(stance, campaign)["projects"]
    tasks = tasks_of(people, project["id"])
    for number, item in enumerate(sorted(tasks)):
        gap = verdict(comment="what of <headings>?") if number == 0 else verdict("neutral", "slip")
        answer(people["judge-1"], tasks[item], gap)
    pull(stance, campaign)
    (gap,) = read_table(campaign.at("guideline_gaps.csv"))
    assert (gap["item_id"], gap["comment"], gap["label"]) == (min(tasks), "what of <headings>?", "mixed")
    stance("aggregate", campaign.path)
    said = stance("build", campaign.path)
    assert said.code == 0, said.err
    card = (campaign.at("dataset") / "README.md").read_text()
    assert f"({len(tasks)} judge-1)" in card
    facts = push(stance, campaign)
    assert (facts["created"], facts["taken_out"]) == (0, 0)


def test_what_cannot_be_taken_is_said_and_left(stance, campaign, people):
    (project,) = push(stance, campaign)["projects"]
    tasks = tasks_of(people, project["id"])
    items = sorted(tasks)[:6]
    number = people["judge-1"].get("/api/current-user/whoami")["id"]
    answer(people["judge-1"], tasks[items[0]], verdict("leaning"))
    answer(people["judge-1"], tasks[items[1]], verdict(reason=None))
    answer(people["judge-1"], tasks[items[2]], verdict(label=None))
    answer(people["judge-2"], tasks[items[3]], verdict())
    answer(people["judge-2"], tasks[items[4]], verdict(), completed_by=number)
    answer(people["judge-1"], tasks[items[5]], verdict(reason="whim"))
    facts = pull(stance, campaign)
    assert (facts["new"], facts["waiting"]) == (0, sorted(tasks))
    assert not campaign.at("adjudications.jsonl").exists()
    said = {int(line.partition("task ")[2].partition(":")[0]): line.partition(": ")[2] for line in facts["refused"]}
    assert said[tasks[items[0]]].startswith("unknown label 'leaning' for 'stance'; the codebook has pro_government")
    assert said[tasks[items[1]]].startswith("no reason; each decision needs one of ambiguous")
    assert said[tasks[items[2]]] == "a reason and no label"
    assert said[tasks[items[3]]] == "answered by judge-2, not by judge-1: delete it, so that the queue asks judge-1"
    assert said[tasks[items[4]]] == "in the name of judge-1, but sent or changed by judge-2"
    assert said[tasks[items[5]]].startswith("an unknown reason")
    assert len(said) == 6


def test_votes_are_shown_as_titles_and_counts_and_new_ones_are_said(stance, campaign, people):
    (project,) = push(stance, campaign, "--show-votes")["projects"]
    exported = people["admin"].export(project["id"])
    notes = {task["data"]["item_id"]: task["data"]["note"] for task in exported}
    assert all("Votes: stance: " in note for note in notes.values())
    assert not [name for name in ("ann-1", "ann-2", "ann-3") if name in json.dumps(exported)]
    first, second, *_ = sorted(notes)
    answer(people["judge-1"], tasks_of(people, project["id"])[first], verdict())
    # One of the annotators changes their mind after the push, on two items.
    rows = read_table(campaign.root / "votes.csv")
    for row in rows:
        if row["item"] in (first, second) and row["annotator"] == "ann-3":
            row |= {"stance": "unclear", "voice": ""}
    write_table(campaign.root / "later.csv", rows)
    assert stance("pull", campaign.path, "--from", campaign.root / "later.csv").code == 0
    facts = pull(stance, campaign)
    assert (facts["new"], facts["other_votes"]) == (1, [first, second])
    assert decisions(campaign)[0].blind is False
    stance("aggregate", campaign.path)
    assert push(stance, campaign, "--show-votes")["refreshed"] == 1
    later = {task["data"]["item_id"]: task["data"]["note"] for task in people["admin"].export(project["id"])}
    assert [item for item in notes if later[item] != notes[item]] == [second]


def test_what_votes_have_settled_meanwhile_is_taken_out_unless_it_was_answered(stance, campaign, people):
    (project,) = push(stance, campaign)["projects"]
    tasks = tasks_of(people, project["id"])
    first, second, *_ = sorted(tasks)
    answer(people["judge-1"], tasks[first], verdict())
    rows = read_table(campaign.root / "votes.csv")
    for row in rows:
        if row["item"] in (first, second):
            row |= {"stance": "neutral", "voice": ""}
    write_table(campaign.root / "later.csv", rows)
    assert stance("pull", campaign.path, "--from", campaign.root / "later.csv").code == 0
    stance("aggregate", campaign.path)
    assert push(stance, campaign)["taken_out"] == 1
    assert sorted(people["admin"].item_ids(project["id"])) == sorted(tasks.keys() - {second})


def test_another_adjudicator_takes_over_what_the_first_has_not_touched(stance, campaign, people):
    (project,) = push(stance, campaign)["projects"]
    tasks = tasks_of(people, project["id"])
    answered, skipped, *_ = sorted(tasks)
    answer(people["judge-1"], tasks[answered], verdict())
    answer(people["judge-1"], tasks[skipped], [], was_cancelled=True)
    facts = push(stance, campaign, "--show-votes", by="judge-2")
    assert facts["kept_by"] == {"judge-1": [answered]}
    assert (facts["moved"], facts["created"]) == (len(tasks) - 1, len(tasks) - 1)
    (other,) = facts["projects"]
    assert sorted(people["admin"].item_ids(other["id"])) == sorted(tasks.keys() - {answered})
    assert sorted(people["admin"].item_ids(project["id"])) == sorted([answered, skipped])
    answer(people["judge-2"], tasks_of(people, other["id"])[skipped], verdict("neutral", "slip"))
    back = pull(stance, campaign)
    assert (back["new"], back["skipped"], back["all"]["by"]) == (2, [], {"judge-1": 1, "judge-2": 1})
    assert Counter(row.blind for row in decisions(campaign)) == {True: 1, False: 1}


def test_several_questions_share_a_screen_and_labels_of_low_confidence_can_be_asked_for(stance, campaign, people):
    words = ["--by", "judge-1", "--json"]
    first = stance("adjudicate", "push", campaign.path, *words, "--question", "stance").facts
    both = stance("adjudicate", "push", campaign.path, *words, "--max-confidence", "0.7").facts
    (project,) = both["projects"]
    assert [each["id"] for each in first["projects"]] == [project["id"]]
    exported = {task["data"]["item_id"]: task for task in people["admin"].export(project["id"])}
    item = next(item for item, task in exported.items() if "In doubt: stance, voice" in task["data"]["note"])
    assert exported.keys() >= set(open_items(campaign))
    assert both["created"] == len(exported) - first["created"] > 0
    config = people["admin"].get(f"/api/projects/{project['id']}/")["label_config"]
    assert config.count('required="true"') == 1  # the reason: of the questions only those in doubt are to be decided
    answer(people["judge-1"], exported[item]["id"], [part("voice", {"choices": ["author"]}), *verdict("neutral")])
    facts = pull(stance, campaign)
    assert facts["new"] == 2
    # A push for fewer questions leaves what was asked for before.
    assert push(stance, campaign)["taken_out"] == 0
    assert sorted(people["admin"].item_ids(project["id"])) == sorted(exported)


def test_pulling_votes_never_takes_what_adjudicators_answered(stance, campaign, people):
    assert stance("push", campaign.path).code == 0
    (project,) = push(stance, campaign, by="ann-1")["projects"]
    assert push(stance, campaign, by="ann-1")["own"] == len(open_items(campaign))
    tasks = tasks_of(people, project["id"])
    answer(people["ann-1"], tasks[min(tasks)], verdict())
    ledger = campaign.at("annotations.jsonl").read_bytes()
    assert stance("pull", campaign.path, "--json").facts["new"] == 0
    assert stance("push", campaign.path, "--json").facts["present"] == 40
    export = campaign.root / "export.json"
    export.write_text(people["admin"].text(f"/api/projects/{project['id']}/export?exportType=JSON"))
    refused = stance("pull", campaign.path, "--from", export)
    assert (refused.code, "it holds decisions of adjudicators; run `stance adjudicate pull" in refused.err) == (
        1,
        True,
    ), refused.err
    assert campaign.at("annotations.jsonl").read_bytes() == ledger
    assert pull(stance, campaign)["all"]["own"] == 1


def test_a_name_without_an_account_and_a_campaign_without_adjudicators_are_said(stance, campaign):
    said = stance("adjudicate", "pull", campaign.path)
    assert (said.code, "no adjudicator of this campaign is asked there" in said.err) == (1, True)
    refused = stance("adjudicate", "push", campaign.path, "--by", "judge-9")
    assert (refused.code, "has no account judge-9; `stance studio users add` makes one" in refused.err) == (2, True)
    assert stance("adjudicate", "push", campaign.path).code == 2  # nobody is named
