"""Files and the server of a campaign together: nothing is counted twice, whichever came first."""

import json

import pytest

from toolkit.labels.ledger import settle
from toolkit.steps.common import items_of

pytestmark = pytest.mark.server


def votes(workspace):
    """What counts: who said what of which item."""
    counted = settle(workspace.ledger(), items_of(workspace.campaign)).counted
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
