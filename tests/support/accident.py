"""A server of a test's own that may be killed, and a campaign on it."""

import contextlib
import os
import signal
import time

from support.workspace import Server

from toolkit.files import read_json
from toolkit.store import Store
from toolkit.studio.server.connection import campaign_key
from toolkit.studio.server.local import start_server

PATIENCE = 300.0  # seconds until a test gives up waiting for its moment


class Accident:
    """A server of its own, a campaign on it, and a way to kill either in the middle."""

    def __init__(self, directory, workspace):
        self.directory, self.workspace = directory, workspace

    @property
    def marker(self):
        return campaign_key(Store(self.workspace.campaign))

    def reader(self):
        """The server as it is now, without our client."""
        return contextlib.closing(Server(self.directory))

    def count(self, server, verb):
        """How far a verb is, by the server's own count, or the ledger's where the server changes nothing."""
        if verb == "pull":
            path = self.workspace.directory / "annotations.jsonl"
            return path.read_bytes().count(b"\n") if path.exists() else 0
        key = "task_number" if verb == "push" else "total_annotations_number"
        return sum(server.get(f"/api/projects/{project}/")[key] for project in server.projects(self.marker))

    def strike(self, verb, victim, k):
        """Kill the victim as soon as the count is k, and have the server back; the count then.

        Nobody is killed where the verb ends before that is seen.
        """
        process = self.workspace.start(verb)
        end = time.monotonic() + PATIENCE
        with self.reader() as server:
            while self.count(server, verb) < k:
                if process.poll() is not None:
                    assert process.returncode == 0, process.communicate()
                    return self.count(server, verb)
                assert time.monotonic() < end
        pid = process.pid if victim == "client" else read_json(self.directory / "server.json")["pid"]
        os.kill(pid, signal.SIGKILL)
        _, err = process.communicate()
        assert process.returncode == (-signal.SIGKILL if victim == "client" else 1), err
        assert "Traceback" not in err
        start_server(self.directory, lambda _: None)
        with self.reader() as server:
            return self.count(server, verb)
