import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from toolkit.people import read_keys
from toolkit.studio.config import task_data
from toolkit.studio.push.items import PushReport, PushRequest, find_projects, push_items

pytestmark = pytest.mark.server


def push(studio, request: PushRequest) -> PushReport:
    return push_items(studio, request, lambda _done, _total: None)


def item_ids(raw, report: PushReport) -> Counter[str]:
    return Counter(task["data"]["item_id"] for project in report.projects for task in raw().tasks(project.id))


def test_every_item_is_pushed_once_however_often(studio, raw, push_request):
    first = push(studio, push_request(5))
    again = push(studio, push_request(5))
    assert (first.created, first.present, again.created, again.present) == (5, 0, 0, 5)
    assert (first.removed, first.twins, first.unknown) == (0, (), 0)
    assert first.projects == again.projects
    assert item_ids(raw, again) == {f"item-{n}": 1 for n in range(5)}


def test_a_task_shows_what_the_item_says(studio, raw, push_request):
    request = push_request(1)
    (project,) = push(studio, request).projects
    (task,) = raw().tasks(project.id)
    (each,) = request.items
    assert task["data"] == task_data(each.item, each.shown, request.codebook, "en")


def test_the_project_is_set_up_for_blind_votes_of_the_number_asked_for(studio, raw, push_request):
    (project,) = push(studio, push_request(1, votes=3)).projects
    settings = raw().get(f"/api/projects/{project.id}/")
    assert project.votes == settings["maximum_annotations"] == 3
    assert settings["enable_empty_annotation"] is False
    assert settings["show_instruction"] is True
    assert "Judge the paragraph &lt;as printed&gt;" in settings["expert_instruction"]
    assert settings["skip_queue"] == "REQUEUE_FOR_OTHERS"
    assert project.url == f"{studio.url}/projects/{project.id}/data"


def test_items_that_come_later_join_those_that_are_there(studio, raw, push_request):
    push(studio, push_request(2))
    later = push(studio, push_request(5))
    assert (later.created, later.present) == (3, 2)
    assert item_ids(raw, later) == {f"item-{n}": 1 for n in range(5)}


def test_items_that_want_another_number_of_votes_have_a_project_of_their_own(studio, raw, push_request):
    two, three = push_request(2, votes=2), push_request(5, votes=3)
    report = push(studio, msgspec.structs.replace(two, items=two.items + three.items[2:]))
    assert [(project.votes, project.items) for project in report.projects] == [(2, 2), (3, 3)]
    assert item_ids(raw, report) == {f"item-{n}": 1 for n in range(5)}
    assert len({raw().get(f"/api/projects/{project.id}/")["title"] for project in report.projects}) == 2


def test_the_progress_counts_what_is_there(studio, push_request):
    seen: list[tuple[int, int]] = []
    push_items(studio, push_request(2), lambda done, total: seen.append((done, total)))
    push_items(studio, push_request(5, batch=2), lambda done, total: seen.append((done, total)))
    assert seen == [(0, 2), (2, 2), (2, 5), (4, 5), (5, 5)]


def test_a_batch_that_was_imported_twice_is_put_right(studio, raw, push_request):
    request = push_request(3)
    (project,) = push(studio, request).projects
    # What a push leaves behind that was killed while the server went on with its batch.
    rows = [task_data(each.item, each.shown, request.codebook, "en") for each in request.items]
    studio.import_tasks(project.id, rows)
    second_of_two = raw().tasks(project.id)[5]
    raw().vote(second_of_two["id"])
    report = push(studio, request)
    assert (report.created, report.removed, report.merged, report.twins) == (0, 2, 1, ())
    left = raw().tasks(project.id)
    assert item_ids(raw, report) == {f"item-{n}": 1 for n in range(3)}
    assert [len(task["annotations"]) for task in left] == [0, 0, 1]


def test_tasks_that_others_put_there_are_counted_and_left_alone(studio, raw, push_request):
    (project,) = push(studio, push_request(2)).projects
    studio.import_tasks(project.id, [{**raw().tasks(project.id)[0]["data"], "item_id": "stranger"}])
    report = push(studio, push_request(2))
    assert (report.created, report.removed, report.unknown) == (0, 0, 1)


def test_another_campaign_has_another_project(studio, push_request):
    one = push(studio, push_request(1))
    other = push(studio, msgspec.structs.replace(push_request(1), campaign=f"{push_request(1).campaign}-b"))
    assert one.projects[0].id != other.projects[0].id


def test_a_project_that_is_gone_is_made_anew(studio, raw, push_request):
    first = push(studio, push_request(2))
    raw().delete(f"/api/projects/{first.projects[0].id}/")
    assert push(studio, push_request(2)).created == 2


@pytest.mark.parametrize("title", ["", "x", "y" * 200, "a\0 b\nc", "Gdańsk → Selmara " * 10])
def test_any_title_becomes_one_that_the_server_takes(studio, push_request, title):
    request = msgspec.structs.replace(push_request(1), title=title)
    assert push(studio, request).created == 1
    assert push(studio, request).present == 1


# --- killed --------------------------------------------------------------------------------------------------------

KILLED = """
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
def push_elsewhere(studio, studio_directory: Path, tmp_path: Path):
    """Start the pushing of a request in a process of its own."""
    admin = read_keys(studio_directory / "keys.json").admin

    def start(request: PushRequest) -> subprocess.Popen[bytes]:
        path = tmp_path / "request.json"
        path.write_bytes(msgspec.json.encode(request))
        return subprocess.Popen([sys.executable, "-c", KILLED, studio.url, admin.token, str(path)])

    return start


def tasks_of(raw_client, campaign: str) -> list[str]:
    """What the server has of a campaign, asked without our client; nothing where it has no project yet."""
    listed = raw_client.get("/api/projects/", page_size=1000)["results"]
    ids = [project["id"] for project in listed if campaign in (project["description"] or "")]
    assert len(ids) <= 1
    return [task["data"]["item_id"] for number in ids for task in raw_client.tasks(number)]


def test_a_push_that_is_killed_again_and_again_ends_with_each_item_once(
    studio, raw, push_request, push_elsewhere, campaign
):
    count = 60
    request = push_request(count, batch=1)
    server = raw()
    reached = []
    for at_least in (1, 15, 35):
        process = push_elsewhere(request)
        end = time.monotonic() + 120
        while len(there := tasks_of(server, campaign)) < at_least:
            assert process.poll() is None, "the push was over before it could be killed"
            assert time.monotonic() < end
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        reached.append(len(there))
    assert 0 < reached[0] < reached[1] < reached[2] < count
    report = push(studio, push_request(count))
    assert Counter(tasks_of(server, campaign)) == {f"item-{n}": 1 for n in range(count)}
    assert report.created + report.present == count
    assert report.present >= reached[2]
    assert len(find_projects(studio, campaign)) == 1


def test_two_pushes_at_once_end_with_each_item_once(studio, raw, push_request, push_elsewhere, campaign):
    request = push_request(30, batch=3)
    both = [push_elsewhere(request), push_elsewhere(request)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    push(studio, request)
    assert Counter(tasks_of(raw(), campaign)) == {f"item-{n}": 1 for n in range(30)}
