import datetime
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx
import msgspec
import pytest
from support.between import between

from toolkit.files import read_jsonl
from toolkit.people import read_keys
from toolkit.records import Annotation, PushedProject
from toolkit.studio.config import task_data
from toolkit.studio.http.client import Studio
from toolkit.studio.pull.annotations import pull_annotations
from toolkit.studio.pull.ledger_index import LedgerFile
from toolkit.studio.pull.reading import PullRequest
from toolkit.studio.push.items import PushReport, PushRequest, push_items
from toolkit.studio.push.reconcile import DRAFT_REST

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("accounts")]


def push(studio, request: PushRequest) -> PushReport:
    return push_items(studio, request, lambda _done, _total: None)


@pytest.fixture
def pulled(studio, tmp_path):
    """Read everything into a ledger; the lines that it has more than before."""
    path = tmp_path / "annotations.jsonl"

    def pull(request: PushRequest, project: int):
        before = len(read_jsonl(path, Annotation)) if path.exists() else 0
        wanted = PullRequest(
            server="s",
            projects=(PushedProject(id=project, url="", unit="paragraph", votes=2, items=len(request.items)),),
            items={each.item.id: each.item for each in request.items},
            codebook=request.codebook,
            codebook_ref=request.codebook.ref,
        )
        names = lambda _number, email: email.partition("@")[0]  # noqa: E731
        pull_annotations(studio, wanted, LedgerFile(path, 100, lambda: None), None, names, lambda _d, _t: None)
        return read_jsonl(path, Annotation)[before:] if path.exists() else []

    return pull


@pytest.fixture
def twins(studio, raw, push_request):
    """A project with every item of a request twice, what a second push leaves that overlaps the first."""

    def make(count: int) -> tuple[PushRequest, int, list[list[int]]]:
        request = push_request(count)
        (project,) = push(studio, request).projects
        rows = [task_data(each.item, each.shown, request.codebook, "en") for each in request.items]
        studio.import_tasks(project.id, rows)
        numbers: dict[str, list[int]] = {each.item.id: [] for each in request.items}
        for task in raw().tasks(project.id):
            numbers[task["data"]["item_id"]].append(task["id"])
        return request, project.id, list(numbers.values())

    return make


def votes_of(raw, project: int) -> Counter[tuple[str, int, int, str]]:
    """Item, number, annotator and answers of each annotation, read from the server itself."""
    return Counter(
        (task["data"]["item_id"], vote["id"], vote["completed_by"], str(vote["result"]))
        for task in raw().tasks(project)
        for vote in task["annotations"]
    )


def test_answered_twins_become_one_task_with_all_their_votes(studio, raw, twins, choice):
    request, project, ((one, two),) = twins(1)
    raw("ann-1").vote(one, choice("stance", "neutral"))
    raw("ann-2").vote(two, choice("stance", "unclear"))
    before = votes_of(raw, project)
    created = {vote["id"]: vote["created_at"] for task in raw().tasks(project) for vote in task["annotations"]}
    report = push(studio, request)
    assert (report.created, report.removed, report.merged, report.twins) == (0, 0, 1, ())
    (task,) = raw().tasks(project)
    assert task["id"] == one
    assert task["is_labeled"] is True
    assert votes_of(raw, project) == before
    assert {vote["id"]: vote["created_at"] for vote in task["annotations"]} == created
    assert raw("ann-3").http.get(f"/api/projects/{project}/next").status_code == 404


def test_a_pull_sees_moved_votes_once_and_finds_no_forgery(studio, raw, twins, choice, pulled):
    request, project, ((one, two),) = twins(1)
    raw("ann-1").vote(one, choice("stance", "neutral"))
    moved = raw("ann-2").vote(two, choice("stance", "unclear"))
    known = pulled(request, project)
    raw("ann-3").vote(two, choice("stance", "unclear"))  # nobody has pulled this one before it is moved
    push(studio, request)
    new = pulled(request, project)
    assert len(known) == 2
    assert [(line.annotator, [flag.code for flag in line.flags]) for line in new] == [("ann-3", ["beyond_overlap"])]
    assert moved in {line.origin.annotation for line in known if line.origin}


def test_a_forged_vote_is_forged_after_it_was_moved(studio, raw, twins, choice, pulled):
    request, project, ((_, two),) = twins(1)
    victim = raw("ann-1").get("/api/current-user/whoami")["id"]
    raw("ann-2").vote(two, choice("stance", "neutral"), completed_by=victim, import_id=-victim)
    push(studio, request)
    push(studio, request)
    (line,) = pulled(request, project)
    assert [(flag.code, flag.reason) for flag in line.flags] == [
        ("forged", "in the name of ann-1, but sent or changed by ann-2")
    ]


def test_a_skip_moves_and_is_not_offered_to_its_annotator_again(studio, raw, twins):
    request, project, ((_, two),) = twins(1)
    raw("ann-2").vote(two, was_cancelled=True)
    assert push(studio, request).merged == 1
    (task,) = raw().tasks(project)
    assert [vote["was_cancelled"] for vote in task["annotations"]] == [True]
    assert raw("ann-2").http.get(f"/api/projects/{project}/next").status_code == 404
    assert raw("ann-1").http.get(f"/api/projects/{project}/next").status_code == 200


def test_what_somebody_is_at_work_on_is_left_and_reported(studio, raw, twins, choice):
    request, project, ((one, two),) = twins(1)
    raw("ann-1").http.post(f"/api/tasks/{two}/drafts", json={"result": [choice("stance", "neutral")]})
    raw("ann-2").vote(two, choice("stance", "neutral"))
    report = push(studio, request)
    assert (report.merged, report.twins) == (0, ("item-0",))
    counts = {task["id"]: len(task["annotations"]) for task in raw().tasks(project)}
    assert counts == {one: 1, two: 0}
    # The annotator submits, and the next push makes one of two.
    raw("ann-1").vote(two, choice("stance", "neutral"))
    for draft in raw().get(f"/api/tasks/{two}/drafts"):
        raw().delete(f"/api/drafts/{draft['id']}/")
    report = push(studio, request)
    assert (report.merged, report.twins) == (1, ())
    assert [len(task["annotations"]) for task in raw().tasks(project)] == [2]


def test_a_draft_that_rests_moves_with_the_task(studio, raw, twins, choice, monkeypatch):
    request, project, ((one, two),) = twins(1)
    raw("ann-1").http.post(f"/api/tasks/{two}/drafts", json={"result": [choice("stance", "neutral")]})
    later = datetime.datetime.fromisoformat(studio.time()) + DRAFT_REST + datetime.timedelta(minutes=1)
    monkeypatch.setattr(type(studio), "time", lambda _: later.isoformat())  # nobody can wait for an hour here
    assert push(studio, request).merged == 1
    assert [task["id"] for task in raw().tasks(project)] == [one]
    assert [draft["user"].partition("@")[0] for draft in raw().get(f"/api/tasks/{one}/drafts")] == ["ann-1"]


MERGING = """
import sys
from pathlib import Path
import msgspec
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import PushRequest, push_items

url, token, path = sys.argv[1:]
request = msgspec.json.decode(Path(path).read_bytes(), type=PushRequest)
with Studio(url, token) as studio:
    push_items(studio, request, lambda done, total: None)
"""


@pytest.fixture
def merge_elsewhere(studio, studio_directory: Path, tmp_path: Path):
    """Start the putting right in a process of its own."""
    admin = read_keys(studio_directory / "keys.json").admin

    def start(request: PushRequest) -> subprocess.Popen[bytes]:
        path = tmp_path / "request.json"
        path.write_bytes(msgspec.json.encode(request))
        return subprocess.Popen([sys.executable, "-c", MERGING, studio.url, admin.token, str(path)])

    return start


def test_a_merging_that_is_killed_loses_and_doubles_nothing(studio, raw, twins, choice, merge_elsewhere):
    request, project, pairs = twins(6)
    for one, two in pairs:
        raw("ann-1").vote(one, choice("stance", "neutral"))
        raw("ann-2").vote(two, choice("stance", "unclear"))
    before = votes_of(raw, project)
    reader = raw()
    left = []
    for aim in (11, 8):
        process = merge_elsewhere(request)
        while (there := reader.get(f"/api/projects/{project}/")["task_number"]) > aim:
            assert process.poll() is None, "the merging was over before it could be killed"
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        left.append(there)
        assert votes_of(raw, project) == before
    assert 6 < left[1] < left[0] < 12
    assert push(studio, request).twins == ()
    assert votes_of(raw, project) == before
    assert [task["data"]["item_id"] for task in raw().tasks(project)] == [each.item.id for each in request.items]


def test_two_who_merge_at_once_mean_the_same_task(raw, twins, choice, merge_elsewhere, studio):
    request, project, pairs = twins(5)
    for one, two in pairs:
        raw("ann-1").vote(one, choice("stance", "neutral"))
        raw("ann-2").vote(two, choice("stance", "unclear"))
    before = votes_of(raw, project)
    both = [merge_elsewhere(request), merge_elsewhere(request)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert push(studio, request).twins == ()
    assert votes_of(raw, project) == before
    assert [task["id"] for task in raw().tasks(project)] == [one for one, _ in pairs]


@pytest.fixture
def interrupted(studio, studio_directory):
    """The server by a way on which something happens at a moment of the test's choice."""
    with between(studio.url) as proxy, Studio(proxy.url, read_keys(studio_directory / "keys.json").admin.token) as way:
        yield way, proxy


def test_a_task_that_somebody_else_deletes_while_we_look_at_it_is_gone(interrupted, raw, twins):
    request, project, ((one, two),) = twins(1)
    way, proxy = interrupted
    path = f"/api/tasks/{two}/"
    failed = []

    def meanwhile(method, asked):
        """The server fails so where a task goes while it is read, which no test can time."""
        if (method, asked) != ("GET", path) or failed:
            return None
        failed.append(asked)
        raw().delete(path)
        return 500, b"{\"detail\": \"'NoneType' object has no attribute 'id'\"}", "application/json"

    proxy.before = meanwhile
    report = push(way, request)
    assert failed == [path]
    assert (report.merged, report.twins) == (0, ())
    assert [task["id"] for task in raw().tasks(project)] == [one]


HAPPENS = {
    "vote": lambda ann, task, choice: ann.vote(task, choice("stance", "unclear")),
    "skip": lambda ann, task, _: ann.vote(task, was_cancelled=True),
    "draft": lambda ann, task, choice: ann.http.post(
        f"/api/tasks/{task}/drafts", json={"result": [choice("stance", "neutral")]}
    ).raise_for_status(),
}


@pytest.mark.parametrize("what", HAPPENS)
def test_what_comes_between_the_look_and_the_deletion_keeps_its_task(interrupted, raw, twins, choice, what):
    request, project, ((one, two),) = twins(1)
    way, proxy = interrupted
    came = []

    def meanwhile(_method, path):
        if path.startswith("/api/dm/actions") and not came:
            came.append(HAPPENS[what](raw("ann-1"), two, choice))

    proxy.before = meanwhile
    report = push(way, request)
    assert len(came) == 1
    assert (report.removed, report.merged, report.twins) == (0, 0, ("item-0",))
    assert [task["id"] for task in raw().tasks(project)] == [one, two]
    if what == "draft":
        assert len(raw().get(f"/api/tasks/{two}/drafts")) == 1
        return
    before = votes_of(raw, project)
    assert [number for _, number, _, _ in before] == came
    report = push(way, request)
    assert (report.merged, report.twins) == (1, ())
    assert votes_of(raw, project) == before
    assert [task["id"] for task in raw().tasks(project)] == [one]


def test_an_item_that_is_answered_while_it_is_taken_out_stays(interrupted, raw, push_request, choice):
    way, proxy = interrupted
    (project,) = push(way, push_request(2)).projects
    first, _ = (task["id"] for task in raw().tasks(project.id))
    came = []

    def meanwhile(_method, path):
        if path.startswith("/api/dm/actions") and not came:
            came.append(raw("ann-1").vote(first, choice("stance", "neutral")))

    proxy.before = meanwhile
    request = msgspec.structs.replace(push_request(2), withdrawn=("item-0", "item-1"))
    report = push(way, request)
    assert (report.taken_out, report.kept) == (1, ("item-0",))
    assert [number for _, number, _, _ in votes_of(raw, project.id)] == came


def test_a_vote_on_a_task_that_is_gone_is_refused_to_whoever_gives_it(studio, raw, twins, choice):
    request, _, ((_, two),) = twins(1)
    push(studio, request)
    body = {"result": [choice("stance", "neutral")]}
    assert raw("ann-1").http.post(f"/api/tasks/{two}/annotations/", json=body).status_code == httpx.codes.NOT_FOUND


def test_a_copy_of_the_project_keeps_its_answers_and_is_reported(studio, raw, push_request, choice):
    request = push_request(2)
    (project,) = push(studio, request).projects
    settings = raw().get(f"/api/projects/{project.id}/")
    body = {name: settings[name] for name in ("title", "description", "label_config")}
    copy = raw().http.post("/api/projects/", json=body).raise_for_status().json()["id"]
    data = [{"data": task["data"]} for task in raw().tasks(project.id)]
    raw().http.post(f"/api/projects/{copy}/import", json=data).raise_for_status()
    first, second = (task["id"] for task in raw().tasks(copy))
    raw("ann-1").vote(first, choice("stance", "neutral"))
    raw("ann-2").vote(raw().tasks(project.id)[0]["id"], choice("stance", "neutral"))
    report = push(studio, request)
    assert (report.created, report.removed, report.twins) == (0, 1, ("item-0",))
    assert [each.id for each in report.projects] == [project.id, copy]
    assert [task["id"] for task in raw().tasks(copy)] == [first]
    assert raw().http.get(f"/api/tasks/{second}/").status_code == httpx.codes.NOT_FOUND
