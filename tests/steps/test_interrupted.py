"""Push and pull killed in the middle, and run again."""

import signal
import time
from collections import Counter

import pytest

from toolkit.files import read_jsonl
from toolkit.records import Item
from toolkit.store import Store
from toolkit.studio.server.connection import campaign_key

pytestmark = pytest.mark.server
PATIENCE = 120  # seconds until a test gives up waiting for its moment


def kill_when(process, ready):
    """Kill a process with SIGKILL as soon as a condition holds while it runs."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        if ready():
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return
    raise AssertionError(f"the moment never came: {process.communicate()}")


@pytest.mark.parametrize("k", [1, 20, 40])
def test_a_push_that_was_killed_leaves_each_item_once(small, server, k):
    n = 60
    workspace = small(f"push-{k}", items=n, batch=1)
    workspace.run("segment")
    workspace.run("plan")
    wanted = sorted(item.id for item in read_jsonl(workspace.directory / "items.jsonl", Item))
    marker = campaign_key(Store(workspace.campaign))

    def there():
        return sorted(item for project in server.projects(marker) for item in server.item_ids(project))

    kill_when(workspace.start("push"), lambda: server.count_tasks(marker) >= k)
    assert 0 < len(there()) < n

    for _ in range(2):
        workspace.run("push")
        assert len(server.projects(marker)) == 1
        assert there() == wanted


@pytest.fixture(scope="module")
def answered(small):
    workspace = small("pull", items=20, batch=2)
    for verb in ("segment", "plan", "push", "simulate"):
        workspace.run(verb)
    return workspace


def test_a_pull_that_was_killed_leaves_each_answer_once(answered, server):
    expected = Counter(
        (task["data"]["item_id"], annotation["id"])
        for project in answered.projects()
        for task in server.export(project)
        for annotation in task["annotations"]
    )
    assert set(expected.values()) == {1}
    ledger = answered.directory / "annotations.jsonl"

    def lines():
        return ledger.read_bytes().count(b"\n") if ledger.exists() else 0

    for k in (1, 15, 35):
        kill_when(answered.start("pull"), lambda k=k: lines() >= k)
        assert 0 < lines() < len(expected)

    answered.run("pull")
    found = Counter((a.item_id, a.origin.annotation) for a in answered.ledger())
    assert found == expected
    answered.run("pull")
    assert Counter((a.item_id, a.origin.annotation) for a in answered.ledger()) == expected


def test_a_torn_last_line_of_the_ledger_is_mended_by_the_next_pull(answered):
    answered.run("pull")
    ledger = answered.directory / "annotations.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + whole.splitlines()[-1][:-40])
    answered.run("pull")
    assert sorted(a.origin.annotation for a in answered.ledger()) == sorted(
        int(line.split(b'"annotation":')[1].split(b"}")[0]) for line in whole.splitlines()
    )
