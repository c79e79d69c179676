"""A campaign is finished when its votes are there; who has answered says nothing about who may still be asked."""

import json

import pytest
from support.command import stance

from toolkit.campaigns.simulation import Response
from toolkit.files import append_jsonl, read_json, read_jsonl
from toolkit.people import PEOPLE
from toolkit.records import Annotator, Item
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.simulated_annotators import AnswerRequest, answer_queue
from toolkit.tables import read_table, write_table
from toolkit.workspace import read_campaign

CAMPAIGN = """
name = "{name}"
title = "Three people"
articles = ["../data/raw/sample.jsonl"]
codebook = "minimal.toml"
targets = ["government-xs"]
seed = 5
[sample]
items = 24
[plan]
votes = 3
test_share = 0.4
{more}
"""
LABELS = ("pro_government", "neutral", "opposition")


def label_of(item):
    """The label that everybody gives to an item."""
    return LABELS[int(item, 16) % 3]


# --- on a server -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def three(make_workspace, studio, studio_directory):
    """A campaign on the server, and who answers its queue through an account of their own."""
    workspace = make_workspace("three", CAMPAIGN.format(name="three", more="[studio]\ntiebreak = true"))
    accounts = ensure_annotators(
        studio, ("odile", "per", "quentin", "rolf"), PEOPLE, studio_directory / "keys.json", lambda _: None
    )

    def answer(name, label_for):
        file = read_json(workspace.directory / "studio.json")
        request = AnswerRequest(
            campaign=file["campaign"],
            codebook=workspace.campaign.codebook,
            projects=tuple(project["id"] for project in file["projects"]),
            tokens={name: accounts[name].token},
        )
        return answer_queue(
            studio.url,
            request,
            lambda item, _: Response(answers={"stance": label_for(item)}, seconds=9.0),
            lambda _: None,
        ).submitted

    return workspace, answer


def facts_of(workspace, *words):
    return json.loads(workspace.run("run", "--json", *words))


@pytest.mark.server
def test_a_run_waits_after_one_after_two_and_with_a_tie_break_open(three):
    workspace, answer = three
    assert not facts_of(workspace)["finished"]
    disputed = read_jsonl(workspace.directory / "items.jsonl", Item)[0].id
    for number, name in enumerate(("odile", "per", "quentin")):
        assert answer(name, lambda item, n=number: LABELS[n] if item == disputed else label_of(item)) == 24
        facts = facts_of(workspace)
        assert not facts["finished"], name
        assert not (workspace.directory / "gold.jsonl").exists()
        if number < 2:
            assert f"{24 * (number + 1)} of 72 votes" in facts["next"]
            assert "nobody left" not in facts["next"]
    assert "72 of 72 votes by 3 annotators, 0 items open, 1 tie-break open" in facts["next"]
    assert json.loads(workspace.run("status", "--json"))["open_tiebreaks"] == 1
    # A model's answers beside those of people change nothing.
    append_jsonl(workspace.directory / "annotators.jsonl", [Annotator(pseudonym="parrot", kind="model")])
    assert not facts_of(workspace)["finished"]
    assert answer("rolf", label_of) == 1
    done = facts_of(workspace)
    assert done["finished"]
    assert "Partial" not in (workspace.directory / "dataset" / "README.md").read_text()


@pytest.mark.server
def test_no_simulated_annotator_answers_beside_people(three):
    workspace, _ = three
    refused = workspace.refused("simulate", code=2)
    assert "simulated answers never stand beside people's" in refused.stderr


@pytest.mark.server
def test_a_campaign_goes_to_another_server_only_when_it_is_told_to(three):
    """The files say that the campaign is elsewhere, as after a change of LABEL_STUDIO_URL."""
    workspace, _ = three
    kept = {}
    url = read_json(workspace.directory / "studio.json")["server"]
    for name in ("studio.json", "annotations.jsonl"):
        path = workspace.directory / name
        kept[path] = path.read_text()
        text = kept[path].replace(url, "https://studio.elsewhere.example")
        path.write_text(
            text.replace('"campaign": "three-', '"campaign": "elsewhere-').replace(
                url.replace("127.0.0.1", "localhost"), "https://studio.elsewhere.example"
            )
        )
    try:
        workspace.run("check", "--accept", "annotations.jsonl")
        refused = workspace.refused("push", code=2)
        assert "the campaign is on https://studio.elsewhere.example" in refused.stderr
        assert "--to-new-server" in refused.stderr
        # The 24 items, and the item of the tie-break: the new server has none of their answers.
        assert "25 items pushed" in workspace.run("push", "--to-new-server")
    finally:
        for path, text in kept.items():
            path.write_text(text)
        workspace.run("check", "--accept", "annotations.jsonl")


# --- with spreadsheets -----------------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path):
    root = tmp_path / "w"
    assert stance("init", root).code == 0
    path = root / "schemas" / "desk.toml"
    path.write_text(CAMPAIGN.format(name="desk", more=""))
    for verb in ("segment", "plan"):
        assert stance(verb, path).code == 0
    return read_campaign(path)


def filled(path):
    write_table(path, [row | {"stance": label_of(row["item_id"])} for row in read_table(path)])


def send(campaign, *people):
    to = campaign.root / "sheets"
    result = stance("push", campaign.path, "--to", to, "--annotators", ",".join(people), "--format", "csv")
    assert result.code == 0, result.err
    return to


def test_a_run_waits_for_each_sheet_that_was_sent(desk):
    sheets = send(desk, "ann", "ben", "cleo")
    for number, name in enumerate(("ann", "ben", "cleo"), 1):
        filled(sheets / f"{name}.csv")
        assert stance("pull", desk.path, "--from", sheets / f"{name}.csv").code == 0
        facts = json.loads(stance("run", desk.path, "--json").out)
        assert facts["finished"] == (number == 3)
        if number < 3:
            assert f"{24 * number} of 72 votes" in facts["next"]
            assert "nobody left" not in facts["next"]


def test_nobody_is_left_only_where_every_sheet_came_back(desk):
    sheets = send(desk, "ann", "ben", "cleo")
    for name in ("ann", "ben", "cleo"):
        rows = read_table(sheets / f"{name}.csv")
        rows = [
            row | ({"state": "skipped"} if n == 0 and name == "ann" else {"stance": label_of(row["item_id"])})
            for n, row in enumerate(rows)
        ]
        write_table(sheets / f"{name}.csv", rows)
    assert stance("pull", desk.path, "--from", sheets).code == 0
    facts = json.loads(stance("run", desk.path, "--json").out)
    assert not facts["finished"]
    assert "1 short of votes with nobody left to ask" in facts["next"]
    assert "--partial" in facts["next"]
    assert json.loads(stance("run", desk.path, "--json", "--partial").out)["finished"]
    card = desk.at("dataset/README.md").read_text()
    assert "**Partial.** 71 of 72 votes that the design asks for are there: 1 item has fewer than asked for." in card
    assert "Partial: 1 item has fewer votes than asked for;" in desk.at("report.html").read_text()


def test_the_answers_of_models_are_not_votes_that_were_asked_for(desk):
    items = read_jsonl(desk.at("items.jsonl"), Item)
    append_jsonl(desk.at("annotators.jsonl"), [Annotator(pseudonym="parrot", kind="model")])
    names = ("ann", "ben", "parrot")
    rows = [{"item": item.id, "annotator": name, "stance": "neutral"} for item in items for name in names]
    write_table(desk.root / "votes.csv", rows)
    assert stance("pull", desk.path, "--from", desk.root / "votes.csv").code == 0
    facts = json.loads(stance("run", desk.path, "--json").out)
    assert not facts["finished"]
    assert "48 of 72 votes by 2 annotators" in facts["next"]


def test_a_sheet_asks_only_for_what_is_still_missing(desk):
    items = read_jsonl(desk.at("items.jsonl"), Item)
    full, half = items[0].id, items[1].id
    votes = [(full, name) for name in ("dora", "emil", "finn")] + [(half, name) for name in ("dora", "emil")]
    rows = [{"item": item, "annotator": name, "stance": "neutral"} for item, name in votes]
    write_table(desk.root / "votes.csv", rows)
    assert stance("pull", desk.path, "--from", desk.root / "votes.csv").code == 0
    sheets = send(desk, "ann", "ben", "cleo")
    asked = [row["item_id"] for path in sheets.glob("*.csv") for row in read_table(path)]
    assert (asked.count(full), asked.count(half), len(asked)) == (0, 1, 1 + 22 * 3)
