"""`stance pull` with its options, on a campaign that people are at work on."""

import json
import re
import signal
import threading
import time

import httpx
import pytest
from support.between import between

from toolkit.files import read_json
from toolkit.people import Account, AccountNames, Keys, write_keys
from toolkit.studio.server.local import start_server, stop_server

pytestmark = pytest.mark.server
PATIENCE = 120  # seconds


class Listened:
    """A command that goes on, and what it has said on stderr so far."""

    def __init__(self, process):
        self.process = process
        self.said = []
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        for line in self.process.stderr:
            self._hear(line)

    def _hear(self, line):
        if not line.startswith("pulled"):
            self.said.append(line.rstrip("\n"))

    def wait_for(self, pattern, count=1):
        self.wait_until(lambda: sum(bool(re.search(pattern, line)) for line in self.said) >= count)

    def wait_until(self, condition):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            if condition():
                return
            time.sleep(0.05)
        raise AssertionError((self.said, self.process.poll()))

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        out = self.process.stdout.read()
        code = self.process.wait(PATIENCE)
        self.close()
        return code, out

    def close(self):
        self._thread.join()
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.fixture
def following():
    begun = []

    def follow(workspace, *options):
        listened = Listened(workspace.start("pull", "--follow", "--interval", "1", *options))
        begun.append(listened)
        return listened

    yield follow
    for listened in begun:
        if listened.process.poll() is None:
            listened.process.kill()
            listened.process.wait()
            listened.close()


@pytest.fixture(scope="module")
def pushed(small):
    workspace = small("follow", items=8)
    for verb in ("segment", "plan", "push"):
        workspace.run(verb)
    return workspace


def test_pull_follows_people_at_work_and_ends_with_a_full_pull(pushed, following, server):
    listened = following(pushed, "--json")
    listened.wait_for("following at each answer, and every 1 s; Ctrl-C ends it")
    pushed.run("simulate")
    exported = [a["id"] for p in pushed.projects() for task in server.export(p) for a in task["annotations"]]
    listened.wait_until(lambda: len(pushed.ledger()) == len(exported))
    code, out = listened.interrupt()
    assert code == 0
    facts = json.loads(out)
    assert (facts["new"], facts["incomplete"]) == (0, {})
    assert list(facts["full_reread"].values()) == [""]
    assert "reading everything once more, as a check" in listened.said
    assert sorted(a.origin.annotation for a in pushed.ledger()) == sorted(exported)


def test_a_pull_says_what_it_read_and_a_full_one_reads_all(pushed):
    first = json.loads(pushed.run("pull", "--json", "-q"))
    again = json.loads(pushed.run("pull", "--full", "--json", "-q"))
    assert (first["full_reread"], again["full_reread"]) == ({}, {str(number): "" for number in pushed.projects()})
    assert (first["new"], again["new"]) == (0, 0)
    (pushed.directory / "pull.json").unlink()
    assert json.loads(pushed.run("pull", "--json", "-q"))["new"] == 0


def test_following_needs_a_server_to_begin_with(small):
    workspace = small("follow-nowhere", items=4)
    for verb in ("segment", "plan", "push"):
        workspace.run(verb)
    env = {"LABEL_STUDIO_URL": "http://127.0.0.1:9", "LABEL_STUDIO_API_KEY": "abc"}
    refused = workspace.refused("pull", "--follow", **env)
    assert "127.0.0.1:9: cannot be reached" in refused.stderr


def test_where_the_server_may_not_call_it_is_asked_now_and_then(small, following, studio_server, server):
    """The refusal is a proxy's, word for word that of a server that was not told that it may call this machine."""
    workspace = small("follow-poll", items=4)
    for verb in ("segment", "plan", "push"):
        workspace.run(verb)

    def refuse(method, path):
        hook = method == "POST" and path.startswith("/api/webhooks")
        return (403, b'{"detail": "The provided URL was not valid."}', "application/json") if hook else None

    with between(studio_server.url) as proxy:
        proxy.before = refuse
        workspace.env |= {"LABEL_STUDIO_URL": proxy.url, "LABEL_STUDIO_API_KEY": server.token}
        listened = following(workspace)
        listened.wait_for("^following every 1 s; Ctrl-C ends it")
        hooked = {path for method, path in proxy.asked if "webhooks" in path}
        workspace.run("simulate", LABEL_STUDIO_URL="", LABEL_STUDIO_API_KEY="")
        exported = [a["id"] for p in workspace.projects() for task in server.export(p) for a in task["annotations"]]
        listened.wait_until(lambda: len(workspace.ledger()) == len(exported))
        asked = len(proxy.asked)
        listened.wait_until(lambda: len(proxy.asked) > asked)  # nobody calls, and it looks again
        assert listened.interrupt()[0] == 0
    assert sorted(a.origin.annotation for a in workspace.ledger()) == sorted(exported)
    assert hooked


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """A server of its own, which may be stopped."""
    directory = tmp_path_factory.mktemp("own") / "server"
    yield lambda: start_server(directory, lambda _: None), directory
    stop_server(directory)


def test_a_server_that_may_call_rings_and_one_that_is_away_is_waited_for(small, own_server, following):
    start, directory = own_server
    start()
    workspace = small("follow-hook", items=4)
    workspace.env["STANCE_STUDIO"] = str(directory)
    for verb in ("segment", "plan", "push"):
        workspace.run(verb)
    listened = following(workspace, "--interval", "3600")
    listened.wait_for("following at each answer, and every 3600 s")
    workspace.run("simulate")
    listened.wait_for(r"^\d+ new lines? in the ledger", 2)
    assert listened.interrupt()[0] == 0
    listened = following(workspace)
    listened.wait_for("following at each answer")
    stop_server(directory)
    listened.wait_for("cannot be reached")
    time.sleep(2)  # time for more complaints than one
    start()
    listened.wait_for("is there again")
    assert listened.interrupt()[0] == 0
    assert sum("cannot be reached" in line for line in listened.said) == 1
    state = read_json(directory / "server.json")
    token = read_json(directory / "keys.json")["admin"]["token"]
    with httpx.Client(base_url=state["url"], trust_env=False) as api:
        access = api.post("/api/token/refresh/", json={"refresh": token}).json()["access"]
        assert api.get("/api/webhooks/", headers={"Authorization": f"Bearer {access}"}).json() == []


# --- names ---------------------------------------------------------------------------------------------------------


def test_addresses_that_differ_by_case_are_one_person(pushed, tmp_path):
    keys = tmp_path / "keys.json"
    account = Account(email="Ann-9@Annotators.invalid", password="x", token="", user_id=1)
    write_keys(keys, Keys(admin=None, annotators={"ann-9": account}))
    naming = AccountNames(pushed.campaign.directory, keys)
    assert naming.pseudonym_of(7, "ANN-9@annotators.INVALID") == "ann-9"
    stranger = naming.pseudonym_of(8, "Someone@Example.org")
    naming.save()
    again = AccountNames(pushed.campaign.directory, keys)
    assert again.pseudonym_of(8, "someone@example.ORG") == stranger
