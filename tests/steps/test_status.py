"""`stance status` on a campaign that people are at work on: what is stuck, and how each round goes."""

import contextlib
import datetime
import json
import sqlite3

import pytest

from toolkit.files import read_json
from toolkit.store import Store
from toolkit.studio.server.connection import campaign_key
from toolkit.studio.server.program import SQLITE

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def answered(small):
    workspace = small("status", items=6)
    for verb in ("segment", "plan", "push", "simulate", "pull"):
        workspace.run(verb)
    return workspace


def locked(directory, task, user, minutes):
    """Have somebody open a task so many minutes ago; nobody can wait for that long here."""
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=60 - minutes)
    with contextlib.closing(sqlite3.connect(directory / "data" / SQLITE, timeout=60)) as database, database:
        database.execute(
            "insert into tasks_tasklock (task_id, user_id, expire_at) values (?, ?, ?)",
            (task, user, ends.strftime("%Y-%m-%d %H:%M:%S.%f")),
        )


def test_a_task_that_was_opened_and_left_is_named(answered, server, studio_directory):
    (project,) = server.projects(campaign_key(Store(answered.campaign)))
    task, working, over = server.export(project)[:3]
    name, account = next(iter(read_json(studio_directory / "keys.json")["annotators"].items()))
    locked(studio_directory, task["id"], account["user_id"], 30)
    locked(studio_directory, working["id"], account["user_id"], 5)  # is at work
    locked(studio_directory, over["id"], account["user_id"], 70)  # has ended by itself
    (left,) = json.loads(answered.run("status", "--json"))["opened_and_left"]
    assert (left["item_id"], left["annotator"]) == (task["data"]["item_id"], name)
    assert left["since"] < datetime.datetime.now(datetime.UTC).isoformat() < left["until"]
    assert "1 task was opened and left, and hidden from others until the lock ends: " in answered.run("status")


def test_on_a_server_of_ones_own_it_is_not_known_what_was_opened(answered, tmp_path):
    facts = json.loads(answered.run("status", "--json", STANCE_STUDIO=str(tmp_path)))
    assert facts["opened_and_left"] is None
    assert facts["votes"] > 0


def test_rounds_have_figures_of_their_own(answered):
    path = answered.directory / "items.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows[:3]:
        row["round"] = "pilot"
    before = path.read_text()
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    answered.run("check", "--accept", "items.jsonl")
    facts, said = json.loads(answered.run("status", "--json")), answered.run("status")
    path.write_text(before)
    answered.run("check", "--accept", "items.jsonl")
    assert {one["round"]: one["items"] for one in facts["pace"]["rounds"]} == {"pilot": 3, "main": 3}
    assert sum(one["votes"] for one in facts["pace"]["rounds"]) == facts["votes"]
    assert facts["agreement_by_round"].keys() == {"pilot", "main"}
    alpha = facts["agreement_by_round"]["main"]["stance"]
    assert (alpha["value"] is None) == bool(alpha["reason"])
    assert any(row.split()[:3] == ["round", "items", "votes"] for row in said.splitlines())
    assert "pilot: stance: alpha" in said
