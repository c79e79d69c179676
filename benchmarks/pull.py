"""What a pull costs the server and us, against the server's own export, on a real Label Studio.

    python benchmarks/pull.py                  5,000 items, two votes each
    python benchmarks/pull.py --items 50000    the size for which goals are set

Starts a server of its own on SQLite, fills a project with a campaign's items and imported votes, and measures the
processor time of the server process (`/proc/PID/stat`) for: its own JSON export, our first pull (`stance pull`, a
process of its own, whose peak memory is measured too), and the pull after 500 new votes. Needs Linux.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from toolkit.campaigns.display import Shown, ShownItem
from toolkit.files import write_json, write_jsonl
from toolkit.people import PEOPLE, Account, read_keys
from toolkit.records import Item, StudioFile, Target
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.http.client import Studio
from toolkit.studio.pull.ledger_index import MARGIN
from toolkit.studio.push.items import PushRequest, push_items
from toolkit.studio.server.local import open_studio, start_server, stop_server
from toolkit.workspace import read_campaign

GOALS = {"first / export, server CPU": 0.65, "client MB": 300.0, "first / incremental, server CPU": 20.0}
ANNOTATORS = ("ann-1", "ann-2", "ann-3")
NEW_VOTES = 500
BATCH = 500
WORDS = (
    "Причальные сборы в порту Варн растут третий год подряд, и лодочники ждут ответа совета. "  # about 90 characters
)

CAMPAIGN = """
name = "load"
title = "Load"
articles = ["../data/raw/sample.jsonl"]
codebook = "stance.toml"
targets = ["government-xs"]
"""


def items_of(count: int) -> list[Item]:
    target = Target(id="government-xs", title="the government of Selmara")
    return [
        Item(
            id=f"item-{number:012d}", unit_id=f"p{number}", article_id=f"a{number // 5}", target=target, votes=2,
            selection="all", propensity=1.0,
        )
        for number in range(count)
    ]  # fmt: skip


def result(label: str = "neutral") -> list[dict[str, object]]:
    return [{"from_name": "stance", "to_name": "text", "type": "choices", "value": {"choices": [label]}}]


class Bench:
    """A workspace and its server."""

    def __init__(self, root: Path, count: int) -> None:
        subprocess.run([stance(), "init", str(root)], check=True, capture_output=True)
        self.path = root / "schemas" / "load.toml"
        self.path.write_text(CAMPAIGN)
        self.campaign = read_campaign(self.path)
        self.server = root / ".studio"
        self.state = start_server(self.server, lambda line: print(line, file=sys.stderr))
        self.items = items_of(count)

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.state.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def server_peak(self) -> float:
        status = Path(f"/proc/{self.state.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def fill(self, studio: Studio, accounts: dict[str, Account]) -> int:
        """A project as push makes it, its items with two votes each: imported, since 100,000 votes take hours."""
        shown = tuple(ShownItem(item=item, shown=Shown(text=WORDS)) for item in self.items[:1])
        request = PushRequest(
            campaign="load", title="Load", codebook=self.campaign.codebook, language="en", items=shown
        )
        report = push_items(studio, request, lambda _d, _t: None)
        project = report.projects[0]
        (first,) = studio.stored_tasks(project.id)
        studio.delete_untouched(project.id, first.id)
        voters = [accounts[name].user_id for name in ANNOTATORS[:2]]
        for start in range(0, len(self.items), BATCH):
            rows = [self.task(item, voters) for item in self.items[start : start + BATCH]]
            with self.api() as api:
                api.post(f"/api/projects/{project.id}/import", json=rows).raise_for_status()
        file = StudioFile(
            server=report.server, campaign="load", codebook=self.campaign.codebook.ref, projects=report.projects
        )
        write_jsonl(self.campaign.at("items.jsonl"), self.items)
        write_json(self.campaign.at("studio.json"), file)
        return project.id

    def task(self, item: Item, voters: list[int]) -> dict[str, object]:
        text = WORDS * 7
        data = {
            "item_id": item.id,
            "headline": WORDS,
            "previous": text,
            "text": text,
            "next": text,
            "target": "",
            "note": "",
        }
        data |= {f"q_{question.name}": "?" for question in self.campaign.codebook.questions}
        votes = [
            {"completed_by": voter, "ground_truth": False, "lead_time": 7.5, "result": result()} for voter in voters
        ]
        return {"data": data, "annotations": votes}

    @contextlib.contextmanager
    def api(self, account: Account | None = None) -> Iterator[httpx.Client]:
        """The server's own interface, as the administrator or as an annotator; its pass is good for five minutes."""
        account = account or read_keys(self.server / "keys.json").admin
        assert account is not None
        with httpx.Client(base_url=self.state.url, trust_env=False, timeout=1200) as api:
            answer = api.post("/api/token/refresh/", json={"refresh": account.token}).raise_for_status()
            api.headers["Authorization"] = f"Bearer {answer.json()['access']}"
            yield api

    def export(self, project: int) -> int:
        """The server's own export, read as its client reads it; what it costs us is not measured."""
        path = f"/api/projects/{project}/export?exportType=JSON&download_all_tasks=true"
        with self.api() as api:
            return len(api.get(path).raise_for_status().content)

    def vote(self, project: int, account: Account) -> None:
        """New votes by a third annotator, spread over the project."""
        with open_studio(self.server) as studio:
            numbers = [number for page in studio.task_numbers(project) for number in page]
        chosen = numbers[:: max(1, len(numbers) // NEW_VOTES)][:NEW_VOTES]
        with self.api(account) as api, ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda task: self.send(api, task), chosen))

    def send(self, api: httpx.Client, task: int) -> None:
        body = {"unique_id": str(uuid.uuid4()), "lead_time": 3.0, "result": result("unclear")}
        api.post(f"/api/tasks/{task}/annotations/", json=body).raise_for_status()

    def pull(self) -> tuple[dict[str, object], float]:
        """`stance pull` in a process of its own: its facts and its peak memory in MB."""
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, "pull", str(self.path), "--json", "-q"],
            env=os.environ | {"STANCE_STUDIO": str(self.server)}, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        facts, peak = done.stdout.strip().splitlines()
        return json.loads(facts), float(peak) / 1024


# The peak that the kernel remembers of a process, not `ru_maxrss`: that one is inherited from whoever started it.
MEASURED = """
import atexit, sys
from toolkit.cli import main

def peak():
    with open("/proc/self/status") as status:
        print(status.read().split("VmHWM:")[1].split()[0], flush=True)

atexit.register(peak)
sys.argv = ["stance", *sys.argv[1:]]
main()
"""


def stance() -> str:
    return str(Path(sys.executable).with_name("stance"))


def measured(bench: Bench, what: str, work: Callable[[], object]) -> tuple[float, object]:
    began, wall = bench.cpu(), time.monotonic()
    done = work()
    cost = bench.cpu() - began
    print(f"{what}: {cost:.1f} s of the server's processor, {time.monotonic() - wall:.1f} s by the clock; its peak "
          f"{bench.server_peak():.0f} MB", file=sys.stderr)  # fmt: skip
    return cost, done


def wait_until_quiet(studio: Studio, project: int) -> None:
    """Until a minute has passed since the import: before, a pull reads again what was imported last."""
    changed = studio.newest(project).changed
    assert changed
    while datetime.now(UTC) - datetime.fromisoformat(changed) <= MARGIN + timedelta(seconds=2):
        time.sleep(1)


def run(count: int, root: Path) -> dict[str, float]:
    bench = Bench(root / "w", count)
    try:
        with open_studio(bench.server) as studio:
            accounts = ensure_annotators(studio, ANNOTATORS, PEOPLE, bench.server / "keys.json", lambda _: None)
            _, project = measured(
                bench, f"import of {count} items and {2 * count} votes", lambda: bench.fill(studio, accounts)
            )
            assert isinstance(project, int)
            wait_until_quiet(studio, project)
        first, pulled = measured(bench, "first pull", bench.pull)
        facts, peak = pulled
        assert (facts["new"], facts["incomplete"]) == (2 * count, {}), facts
        measured(bench, f"{NEW_VOTES} votes", lambda: bench.vote(project, accounts["ann-3"]))
        later, pulled = measured(bench, "incremental pull", bench.pull)
        facts, later_peak = pulled
        assert (facts["new"], facts["full_reread"], facts["incomplete"]) == (NEW_VOTES, {}, {}), facts
        export, size = measured(bench, "export by the server", lambda: bench.export(project))
        print(f"the export has {size / 1e6:.0f} MB", file=sys.stderr)
    finally:
        stop_server(bench.server)
    return {
        "items": count, "first s": first, "export s": export, "incremental s": later,
        "first / export, server CPU": first / export, "client MB": max(peak, later_peak),
        "first / incremental, server CPU": first / later,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=5000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stance-pull-") as scratch:
        facts = run(options.items, Path(scratch))
    for name, value in facts.items():
        goal = GOALS.get(name)
        print(f"{name}: {value:.2f}" + (f" (goal for 50,000 items: {goal:g})" if goal else ""))


if __name__ == "__main__":
    main()
