"""A workspace that is driven by the command line, and a server that is read without our client."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from toolkit.files import read_json, read_jsonl
from toolkit.records import Annotation
from toolkit.workspace import read_campaign

STANCE = Path(sys.executable).with_name("stance")


class Workspace:
    """A workspace of its own on the server that all tests share, driven by the command line."""

    def __init__(self, root, campaign, server):
        self.root = root
        self.path = root / "schemas" / f"{campaign}.toml"
        self.campaign = read_campaign(self.path)
        self.directory = self.campaign.directory
        self.server = server
        self.env = {**os.environ, "STANCE_STUDIO": str(server), "HF_HUB_OFFLINE": "1"}

    def start(self, verb, *options, **env):
        """Begin a command and do not wait for it."""
        return subprocess.Popen(
            [STANCE, verb, str(self.path), *options],
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # heeded also where our own run does not
        )

    def run(self, verb, *options, **env):
        """Run a command that must do what it should."""
        done = self.refused(verb, *options, code=0, **env)
        return done.stdout

    def refused(self, verb, *options, code=1, **env):
        process = self.start(verb, *options, **env)
        out, err = process.communicate()
        assert process.returncode == code, err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def ledger(self):
        path = self.directory / "annotations.jsonl"
        return read_jsonl(path, Annotation) if path.exists() else []

    def projects(self):
        return [project["id"] for project in read_json(self.directory / "studio.json")["projects"]]


class Server:
    """What the server has, read without our client."""

    def __init__(self, directory, who="admin"):
        self.url = read_json(directory / "server.json")["url"]
        keys = read_json(directory / "keys.json")
        self.token = (keys["admin"] if who == "admin" else keys["annotators"][who])["token"]
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=60)

    def close(self):
        self._http.close()

    def get(self, path):
        bearer = self._http.post("/api/token/refresh/", json={"refresh": self.token}).json()["access"]
        return self._http.get(path, headers={"Authorization": f"Bearer {bearer}"}).raise_for_status().json()

    def text(self, path):
        bearer = self._http.post("/api/token/refresh/", json={"refresh": self.token}).json()["access"]
        return self._http.get(path, headers={"Authorization": f"Bearer {bearer}"}).raise_for_status().text

    def delete(self, path):
        bearer = self._http.post("/api/token/refresh/", json={"refresh": self.token}).json()["access"]
        self._http.delete(path, headers={"Authorization": f"Bearer {bearer}"}).raise_for_status()

    def post(self, path, body):
        bearer = self._http.post("/api/token/refresh/", json={"refresh": self.token}).json()["access"]
        return self._http.post(path, json=body, headers={"Authorization": f"Bearer {bearer}"}).raise_for_status().json()

    def patch(self, path, body):
        bearer = self._http.post("/api/token/refresh/", json={"refresh": self.token}).json()["access"]
        self._http.patch(path, json=body, headers={"Authorization": f"Bearer {bearer}"}).raise_for_status()

    def projects(self, marker):
        """The numbers of the projects whose description holds a text."""
        listed = self.get("/api/projects/?page_size=1000")["results"]
        return [project["id"] for project in listed if marker in (project["description"] or "")]

    def count_tasks(self, marker):
        """How many tasks these projects have: quicker than reading them."""
        return sum(self.get(f"/api/projects/{project}/")["task_number"] for project in self.projects(marker))

    def export(self, project):
        """All tasks of a project with their annotations, as the server exports them."""
        return self.get(f"/api/projects/{project}/export?exportType=JSON&download_all_tasks=true")

    def item_ids(self, project):
        return [task["data"]["item_id"] for task in self.export(project)]
