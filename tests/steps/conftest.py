import subprocess

import pytest
from support.proxy import FaultyProxy
from support.stance_fixture import stance
from support.workspace import STANCE, Server, Workspace

from toolkit.studio.server.local import start_server, stop_server

__all__ = ["stance"]


@pytest.fixture(scope="session")
def server(studio_server, studio_directory):
    assert studio_server.pid
    reading = Server(studio_directory)
    yield reading
    reading.close()


@pytest.fixture(scope="session")
def make_workspace(tmp_path_factory, studio_server, studio_directory):
    """Write a workspace with a campaign of a name that no other test uses on the server."""

    assert studio_server.pid

    def make(name, campaign, **files):
        root = tmp_path_factory.mktemp(name) / "w"
        subprocess.run([STANCE, "init", str(root)], check=True, capture_output=True)
        (root / "schemas" / f"{name}.toml").write_text(campaign)
        for place, text in files.items():
            (root / place.replace("__", "/").replace("_toml", ".toml").replace("_jsonl", ".jsonl")).write_text(text)
        return Workspace(root, name, studio_directory)

    return make


SMALL = """
name = "{name}"
title = "A small campaign"
articles = ["../data/raw/sample.jsonl"]
codebook = "stance.toml"
targets = ["government-xs"]
seed = 7
[sample]
items = {items}
[plan]
votes = 3
test_share = 0.4
[studio]
batch = {batch}
[simulate]
intended = ["../data/raw/sample.intended.jsonl"]
skip_rate = 0.05
annotators = [
  {{ pseudonym = "sim-ada", accuracy = 0.9 }},
  {{ pseudonym = "sim-bo", accuracy = 0.8, leaning = 0.5, speeding = 0.1 }},
  {{ pseudonym = "sim-cleo", accuracy = 0.8, leaning = -0.5 }},
]
"""


@pytest.fixture(scope="session")
def small(make_workspace):
    def make(name, items=40, batch=200):
        return make_workspace(name, SMALL.format(name=name, items=items, batch=batch))

    return make


@pytest.fixture
def make_proxy(studio_server):
    """A faulty proxy before the session's server."""
    opened = []

    def make(seed, rate=0.25, hold=5.0):
        opened.append(FaultyProxy(studio_server.port, seed=seed, rate=rate, hold=hold))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory, studio_server):
    """A server that may be killed; the session's has made sure that there is a migrated database."""
    assert studio_server.pid
    directory = tmp_path_factory.mktemp("accidents") / "server"
    start_server(directory, lambda _: None)
    yield directory
    stop_server(directory)
