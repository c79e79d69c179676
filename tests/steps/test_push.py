"""Pushing a campaign by the command line: layouts, tie-break, withdrawal, and a codebook that changes in the middle."""

import json
import re
from collections import Counter, defaultdict

import pytest

from toolkit.codebook import Codebook
from toolkit.files import read_json, read_jsonl
from toolkit.records import Assignment, Item

pytestmark = pytest.mark.server


def facts(workspace, *options):
    return json.loads(workspace.run("push", "--json", "--quiet", *options))


def items_of(workspace):
    return read_jsonl(workspace.directory / "items.jsonl", Item)


def configure(workspace, **tables):
    """Add lines to tables of the campaign file."""
    text = workspace.path.read_text()
    for table, line in tables.items():
        text = text.replace(f"[{table}]\n", f"[{table}]\n{line}\n")
    workspace.path.write_text(text)


def planned(small, name, items, **tables):
    workspace = small(name, items=items, batch=5)
    configure(workspace, **tables)
    workspace.run("segment")
    workspace.run("plan")
    return workspace


def votes(server, project):
    """Who answered what in a project, skips left out, read from the server itself."""
    found = defaultdict(list)
    for task in server.export(project):
        for given in task["annotations"]:
            if not given["was_cancelled"]:
                found[task["data"]["item_id"]].append(given["completed_by"])
    return found


def assigned(workspace):
    """Who is asked for what, in which order, by the plan."""
    rows = read_jsonl(workspace.directory / "assignments.jsonl", Assignment)
    names = {row.annotator for row in rows}
    ordered = sorted(rows, key=lambda row: row.position)
    return {name: [row.item_id for row in ordered if row.annotator == name] for name in names}


def test_in_the_blind_layout_each_answers_what_is_assigned_and_nothing_else(small, server):
    workspace = small("blind", items=6, batch=4)
    configure(workspace, studio='layout = "blind"\nannotators = ["sim-ada", "sim-bo"]')
    workspace.path.write_text(workspace.path.read_text().replace("votes = 3", "votes = 2"))
    for verb in ("segment", "plan", "push", "simulate"):
        workspace.run(verb)
    projects = read_json(workspace.directory / "studio.json")["projects"]
    assert {project["annotator"]: server.item_ids(project["id"]) for project in projects} == assigned(workspace)
    assert {project["annotator"] for project in projects} == {"sim-ada", "sim-bo"}
    for project in projects:
        assert len({person for people in votes(server, project["id"]).values() for person in people}) == 1
    # Somebody joins late, and so does work.
    text = workspace.path.read_text().replace('"sim-bo"]', '"sim-bo", "sim-cleo"]').replace("items = 6", "items = 9")
    workspace.path.write_text(text)
    workspace.run("plan")
    report = facts(workspace)
    assert (report["created"], report["present"], report["taken_out"]) == (6, 12, 0)
    held = {project["annotator"]: server.item_ids(project["id"]) for project in report["projects"]}
    assert held == assigned(workspace)
    assert held["sim-cleo"]
    workspace.run("simulate")
    workspace.run("pull")
    given = {(a.item_id, a.annotator) for a in workspace.ledger()}
    assert given == {(item, name) for name, items in assigned(workspace).items() for item in items}
    assert not [a.flags for a in workspace.ledger() if a.flags]


def test_disputed_items_are_asked_of_somebody_who_has_not_seen_them(small, server):
    workspace = planned(small, "tiebreak", 25, studio="tiebreak = true")
    workspace.path.write_text(workspace.path.read_text().replace("votes = 3", "votes = 2").replace("0.05", "0"))
    for verb in ("plan", "push", "simulate", "pull"):
        workspace.run(verb)
    report = facts(workspace)
    breaks = [project for project in report["projects"] if project["kind"] == "tiebreak"]
    assert breaks
    assert report["created"] == sum(project["items"] for project in breaks) > 0
    (main,) = (project for project in report["projects"] if project["kind"] == "queue")
    asked = votes(server, main["id"])
    workspace.run("simulate")
    for project in breaks:
        given = votes(server, project["id"])
        assert given.keys() == set(server.item_ids(project["id"]))
        assert all(len({*people, *asked[item]}) == 3 for item, people in given.items())
        assert project["annotator"] is not None
    again = facts(workspace)
    assert (again["created"], again["twins"]) == (0, [])
    disputed = [item for project in breaks for item in server.item_ids(project["id"])]
    assert max(Counter(disputed).values()) == 1


@pytest.fixture(scope="module")
def running(small):
    workspace = planned(small, "running", 8)
    workspace.run("push")
    return workspace


def test_items_that_join_a_running_campaign_leave_its_key_as_it_is(running):
    before = read_json(running.directory / "studio.json")
    path = running.directory / "items.jsonl"
    known = items_of(running)
    first = min(item.id for item in known)
    joined = json.loads(path.read_text().splitlines()[0]) | {"id": "0" * len(first)}
    path.write_text(path.read_text() + json.dumps(joined) + "\n")
    report = facts(running)
    assert (report["created"], report["present"]) == (1, 8)
    assert read_json(running.directory / "studio.json")["campaign"] == before["campaign"]


def test_items_are_withdrawn_with_a_reason(running):
    name = items_of(running)[0].id
    assert "give it by --reason" in running.refused("push", "--withdraw", name, code=2).stderr
    assert "no item 'nothing'" in running.refused("push", "--withdraw", "nothing", "--reason", "x", code=2).stderr
    report = facts(running, "--withdraw", name, "--reason", "a caption, not a paragraph")
    assert (report["taken_out"], report["kept"]) == (1, [])
    (line,) = (running.directory / "withdrawn.jsonl").read_text().splitlines()
    assert json.loads(line)["reason"] == "a caption, not a paragraph"
    again = facts(running, "--withdraw", name, "--reason", "twice")
    assert again["taken_out"] == 0
    assert len((running.directory / "withdrawn.jsonl").read_text().splitlines()) == 1


def test_a_withdrawal_is_taken_back_with_a_reason(running, server):
    gone, kept = (item.id for item in items_of(running)[1:3])
    assert "is not withdrawn" in running.refused("push", "--restore", gone, "--reason", "x", code=2).stderr
    facts(running, "--withdraw", gone, "--withdraw", kept, "--reason", "twice in the paper")
    assert gone not in server.item_ids(running.projects()[0])
    assert "give it by --reason" in running.refused("push", "--restore", gone, code=2).stderr
    report = facts(running, "--restore", gone, "--reason", "it was not")
    assert (report["created"], report["taken_out"]) == (1, 0)
    asked = server.item_ids(running.projects()[0])
    assert asked.count(gone) == 1
    assert kept not in asked
    lines = [json.loads(line) for line in (running.directory / "withdrawn.jsonl").read_text().splitlines()]
    assert [(line["reason"], line.get("restored", False)) for line in lines if line["item_id"] == gone] == [
        ("twice in the paper", False), ("it was not", True),
    ]  # fmt: skip
    assert facts(running, "--withdraw", gone, "--reason", "it was after all")["taken_out"] == 1


def test_a_codebook_that_changes_in_the_middle_is_kept_told_and_dated(small, server):
    workspace = planned(small, "revised", 6)
    workspace.run("push")
    workspace.run("simulate")
    workspace.run("pull")
    path = workspace.root / "schemas" / "stance.toml"
    old = path.read_text()
    renamed = re.sub(r'(name = ")opposition(")', r"\1against\2", old)
    path.write_text(renamed)
    refused = workspace.refused("push", code=1).stderr
    assert "Traceback" not in refused
    path.write_text(old.replace('version = "1.', 'version = "2.', 1))
    assert "version" in old
    report = facts(workspace)
    assert report["versions"] == 2
    assert report["given_before"] == sum(a.state == "submitted" for a in workspace.ledger())
    books = read_jsonl(workspace.directory / "codebooks.jsonl", Codebook)
    screens = read_json(workspace.directory / "studio.json")["screens"]
    assert [screen["codebook"] for screen in screens] == [books[0].ref, books[-1].ref]
    settings = server.get(f"/api/projects/{workspace.projects()[0]}/")
    assert settings["expert_instruction"].startswith(f"<h3>What changed in version {books[-1].version}</h3>")
