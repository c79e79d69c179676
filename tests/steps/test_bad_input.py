"""What goes wrong on the way: one clear message with the remedy, exit 1, nothing half-written."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.files import read_json

pytestmark = pytest.mark.server
STANCE = Path(sys.executable).with_name("stance")


@pytest.fixture
def pushed(small, request):
    # a name of its own for each test: some of them break what stands on the server
    workspace = small(f"bad-{request.node.name.replace('_', '-')[5:35].strip('-')}", items=5)
    for verb in ("segment", "plan", "push"):
        workspace.run(verb)
    return workspace


def one_line(done):
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    message = done.stderr.strip().splitlines()[-1]
    assert message.startswith("stance: ")
    return message


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_server_that_is_down(pushed):
    env = {"LABEL_STUDIO_URL": f"http://127.0.0.1:{free_port()}", "LABEL_STUDIO_API_KEY": "x" * 40}
    message = one_line(pushed.refused("pull", **env))
    assert env["LABEL_STUDIO_URL"] in message
    assert "running" in message
    assert pushed.ledger() == []


def test_no_server_at_all(pushed, tmp_path):
    message = one_line(pushed.refused("push", STANCE_STUDIO=str(tmp_path / "none")))
    assert "stance studio start" in message


def test_a_wrong_key_is_refused_and_not_shown(pushed, server):
    key = "0123456789abcdef" * 2 + "01234567"
    message = one_line(pushed.refused("pull", LABEL_STUDIO_URL=server.url, LABEL_STUDIO_API_KEY=key))
    assert "LABEL_STUDIO_API_KEY" in message
    assert key not in message


def test_a_url_without_a_key(pushed, server):
    assert "LABEL_STUDIO_API_KEY" in one_line(
        pushed.refused("pull", LABEL_STUDIO_URL=server.url, LABEL_STUDIO_API_KEY="")
    )


def test_a_project_that_was_deleted_on_the_server(pushed, server):
    pushed.run("simulate")
    pushed.run("pull")
    before = (pushed.directory / "annotations.jsonl").read_bytes()
    project = pushed.projects()[0]
    server.delete(f"/api/projects/{project}/")
    message = one_line(pushed.refused("pull"))
    assert str(project) in message
    assert "stance push" in message
    assert (pushed.directory / "annotations.jsonl").read_bytes() == before


def test_a_label_that_the_codebook_has_not_is_kept_flagged_and_not_counted(pushed, server):
    project = pushed.projects()[0]
    task = server.export(project)[0]
    result = [{"from_name": "stance", "to_name": "text", "type": "choices", "value": {"choices": ["martian"]}}]
    server.post(f"/api/tasks/{task['id']}/annotations/", {"result": result, "lead_time": 1})
    pushed.run("pull")
    annotation = pushed.ledger()[0]
    assert annotation.answers == {"stance": "martian"}
    assert [flag.code for flag in annotation.flags] == ["unknown_label"]
    assert "martian" in annotation.flags[0].reason
    assert pushed.run("status").startswith("0 of 15 votes")


def test_a_codebook_with_two_equal_labels_stops_every_verb(make_workspace):
    book = """
name = "twice"
version = "1"
title.en = "T"
[[questions]]
name = "q"
text.en = "Q"
labels = [{ name = "a", title.en = "A" }, { name = "a", title.en = "B" }]
"""
    campaign = """
name = "twice"
title = "T"
articles = ["../data/raw/sample.jsonl"]
codebook = "book.toml"
targets = ["government-xs"]
"""
    workspace = make_workspace("twice", campaign, schemas__book_toml=book)
    for verb in ("segment", "plan"):
        assert "two labels are named 'a'" in one_line(workspace.refused(verb))
    assert not (workspace.directory / "items.jsonl").exists()


def test_a_plan_that_was_pushed_loses_nothing(pushed):
    before = (pushed.directory / "items.jsonl").read_bytes()
    pushed.path.write_text(pushed.path.read_text().replace("items = 5", "items = 3"))
    message = one_line(pushed.refused("plan"))
    assert "pushed already, and the new one takes items away" in message
    assert (pushed.directory / "items.jsonl").read_bytes() == before


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [STANCE, "studio", "start", str(tmp_path), "--port", port]
        done = subprocess.run(command, env={**os.environ, "STANCE_STUDIO": ""}, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"port {port} is taken" in one_line(done)
    assert not (tmp_path / ".studio" / "server.json").exists()


def test_no_secret_is_in_what_push_writes(pushed, studio_directory):
    keys = read_json(studio_directory / "keys.json")
    secrets = [
        account[name] for account in [keys["admin"], *keys["annotators"].values()] for name in ("token", "password")
    ]
    written = b"".join(path.read_bytes() for path in pushed.directory.rglob("*") if path.is_file())
    assert not any(secret.encode() in written for secret in secrets if secret)
