"""Files and the server of a campaign together: nothing is counted twice, whichever came first."""

import json
from contextlib import closing

import pytest
from support.workspace import Server

from toolkit.labels.ledger import latest, settle
from toolkit.store import Store

pytestmark = pytest.mark.server


def votes(workspace):
    """What counts: who said what of which item."""
    counted = settle(workspace.ledger(), Store(workspace.campaign).items).counted
    return sorted((line.item_id, line.annotator, line.answers["stance"]) for line in counted)


@pytest.fixture(scope="module")
def answered(small, server, tmp_path_factory):
    """A campaign whose answers are on the server and not yet pulled, and an export of it made by hand."""
    workspace = small("by-hand", items=8)
    for verb in ("segment", "plan", "push", "simulate"):
        workspace.run(verb)
    (project,) = workspace.projects()
    export = tmp_path_factory.mktemp("export") / "export.json"
    export.write_text(json.dumps(server.export(project)))
    flat = export.with_name("flat.csv")
    flat.write_text(server.text(f"/api/projects/{project}/export?exportType=CSV"))
    return workspace, export, flat


def test_an_export_made_by_hand_is_what_a_pull_brings(answered):
    workspace, export, flat = answered
    first = json.loads(workspace.run("pull", "--from", str(export), "--json"))
    assert first["new"] == len(workspace.ledger()) > 0
    by_hand = votes(workspace)
    assert len(by_hand) == first["state"]["votes"] >= 16  # of 24, and some skipped
    assert json.loads(workspace.run("pull", "--from", str(flat), "--json"))["new"] == 0
    workspace.run("pull")
    assert votes(workspace) == by_hand
    assert json.loads(workspace.run("pull", "--from", str(export), "--json"))["new"] == 0
    (workspace.directory / "annotations.jsonl").unlink()
    workspace.run("pull")
    assert votes(workspace) == by_hand


def flags_of(ledger):
    """The flags of each annotation on the server, with their reasons, and what asked for it."""
    return {line.origin.annotation: (line.assigned_by, line.flags) for line in latest(ledger) if line.origin.annotation}


def test_the_same_answers_pulled_or_imported_get_the_same_flags(small, server, studio_directory):
    workspace = small("doubtful", items=4)
    for verb in ("segment", "plan", "push", "simulate"):
        workspace.run(verb)
    (project,) = workspace.projects()
    with closing(Server(studio_directory, "sim-ada")) as ada, closing(Server(studio_directory, "sim-bo")) as bo:
        answer_doubtfully(server, project, ada, bo)
    export = workspace.root / "export.json"
    export.write_text(json.dumps(server.export(project)))
    workspace.run("pull")
    pulled = flags_of(workspace.ledger())
    codes = {flag.code for _, flags in pulled.values() for flag in flags}
    assert codes >= {"second_vote", "forged"}
    for name in ("annotations.jsonl", "pull.json"):
        (workspace.directory / name).unlink()
    workspace.run("pull", "--from", str(export))
    assert flags_of(workspace.ledger()) == pulled
    before = votes(workspace)
    assert json.loads(workspace.run("pull", "--json"))["new"] == 0
    assert (votes(workspace), flags_of(workspace.ledger())) == (before, pulled)


def stance(label):
    return {"from_name": "stance", "to_name": "text", "type": "choices", "value": {"choices": [label]}}


def number_of(account):
    return account.get("/api/current-user/whoami")["id"]


def answer_doubtfully(server, project, ada, bo):
    """Second votes, a vote of nobody who was asked, one in another's name, and an edit that is marked as right."""
    first, second, third, *_ = (task["id"] for task in server.export(project))
    for who, task, label in ((ada, first, "neutral"), (bo, second, "splendid"), (server, third, "neutral")):
        who.post(f"/api/tasks/{task}/annotations/", {"result": [stance(label)]})
    ada.post(f"/api/tasks/{third}/annotations/", {"result": [stance("neutral")], "completed_by": number_of(bo)})
    given = next(vote["id"] for task in server.export(project) for vote in task["annotations"] if task["id"] == second)
    bo.patch(f"/api/annotations/{given}/", {"result": [stance("neutral")], "ground_truth": True})
