"""Pushing through a network that loses answers, and to projects that somebody has changed by hand."""

import http.server
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import httpx
import msgspec
import pytest

from toolkit.errors import StudioError, UnansweredError
from toolkit.people import read_keys
from toolkit.studio.config import task_data
from toolkit.studio.http import retrying
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import PushReport, PushRequest, push_items

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("accounts")]

Fault = Callable[[str, str, int], str]  # method, path and how often that was asked -> what goes wrong, "" nothing


def push(studio, request: PushRequest) -> PushReport:
    return push_items(studio, request, lambda _done, _total: None)


def item_ids(raw, report: PushReport) -> Counter[str]:
    return Counter(task["data"]["item_id"] for project in report.projects for task in raw().tasks(project.id))


class Proxy(http.server.ThreadingHTTPServer):
    """A way to the server on which things go wrong: `lose` the answer, `drop` the request, `cut` the answer short,
    `busy`, `double` the request, or answer with a `page` of HTML."""

    daemon_threads = True

    def __init__(self, target: str, fault: Fault) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.fault = fault
        self.asked: Counter[tuple[str, str]] = Counter()
        self.done: Counter[str] = Counter()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Say nothing: connections are broken on purpose."""


class _Handler(http.server.BaseHTTPRequestHandler):
    def handle_any(self) -> None:
        proxy = self.server
        kind = self.command, self.path.partition("?")[0]
        proxy.asked[kind] += 1
        fault = proxy.fault(*kind, proxy.asked[kind])
        proxy.done[fault] += 1
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = httpx.Response(503 if fault == "busy" else 200, content=b"<html>Welcome to the hotel</html>")
        for _ in range({"drop": 0, "busy": 0, "page": 0, "double": 2}.get(fault, 1)):
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")
            }
            with httpx.Client(trust_env=False, timeout=60) as client:
                answer = client.request(self.command, proxy.target + self.path, content=body, headers=headers)
        if fault in ("drop", "lose"):
            self.connection.close()
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "text/html"))
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content[: len(answer.content) // 2] if fault == "cut" else answer.content)
        self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - named by the standard library

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def through(studio, studio_directory, monkeypatch) -> Iterator[Callable[[Fault], tuple[Studio, Proxy]]]:
    """The server, reached through a proxy with faults."""
    monkeypatch.setattr(retrying, "WAITS", (0.01, 0.02, 0.04, 0.08))
    admin = read_keys(studio_directory / "keys.json").admin
    opened = []

    def start(fault: Fault) -> tuple[Studio, Proxy]:
        proxy = Proxy(studio.url, fault)
        threading.Thread(target=proxy.serve_forever).start()
        opened.append((Studio(proxy.url, admin.token), proxy))
        return opened[-1]

    yield start
    for each, proxy in opened:
        each.close()
        proxy.shutdown()
        proxy.server_close()


def on(what: str, path: str, *turns: int, method: str = "POST") -> Fault:
    """A fault at certain turns of a request."""
    return lambda asked, where, turn: what if asked == method and path in where and turn in turns else ""


@pytest.mark.parametrize("fault", ["lose", "drop", "cut", "busy", "double"])
def test_a_batch_whose_answer_is_lost_is_there_once(through, raw, push_request, fault):
    studio, proxy = through(on(fault, "/import", 1, 3))
    report = push(studio, push_request(7, batch=2))
    assert proxy.done[fault] == 2
    assert item_ids(raw, report) == {f"item-{n}": 1 for n in range(7)}
    assert report.created == 7


@pytest.mark.parametrize("fault", ["lose", "drop", "cut", "busy"])
def test_a_project_whose_answer_is_lost_is_made_once(through, raw, push_request, campaign, fault):
    studio, proxy = through(
        lambda method, path, turn: fault if (method, path, turn) == ("POST", "/api/projects/", 1) else ""
    )
    report = push(studio, push_request(2))
    assert proxy.done[fault] == 1
    listed = raw().get("/api/projects/", page_size=1000)["results"]
    assert [each["id"] for each in listed if campaign in (each["description"] or "")] == [report.projects[0].id]


@pytest.mark.parametrize("fault", ["lose", "drop", "cut", "busy"])
def test_every_question_that_goes_unanswered_is_asked_again(through, raw, push_request, fault, choice, studio):
    request = push_request(3)
    (project,) = push(studio, request).projects
    studio.import_tasks(project.id, [task_data(x.item, x.shown, request.codebook, "en") for x in request.items])
    for task in raw().tasks(project.id)[2:5]:
        raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    raw().http.patch(f"/api/projects/{project.id}/", json={"title": "Changed"}).raise_for_status()
    faulty, proxy = through(lambda method, _path, turn: fault if method != "POST" and turn == 1 else "")
    report = push(faulty, request)
    assert proxy.done[fault] > 10
    assert (report.removed, report.merged, report.twins) == (1, 2, ())
    assert [len(task["annotations"]) for task in raw().tasks(project.id)] == [1, 1, 1]


def test_a_server_that_never_answers_is_given_up(through, push_request):
    studio, proxy = through(lambda method, path, _turn: "drop" if method == "POST" and "/import" in path else "")
    with pytest.raises(UnansweredError, match="cannot be reached"):
        push(studio, push_request(1))
    assert proxy.done["drop"] == len(retrying.WAITS) + 1


def test_a_page_of_html_in_place_of_an_answer_is_an_error_that_names_the_address(through, push_request):
    studio, _ = through(lambda _method, path, _turn: "page" if path.startswith("/api/projects") else "")
    with pytest.raises(StudioError, match=studio.url):
        push(studio, push_request(1))


# --- changed by hand -------------------------------------------------------------------------------------------------


def test_settings_that_somebody_changed_are_put_back(studio, raw, push_request, choice):
    (project,) = push(studio, push_request(2)).projects
    raw("ann-1").vote(raw().tasks(project.id)[0]["id"], choice("stance", "neutral"))
    before = raw().get(f"/api/projects/{project.id}/")
    changed = {
        "title": "Mine",
        "maximum_annotations": 5,
        "sampling": "Uniform sampling",
        "show_instruction": False,
        "skip_queue": "REQUEUE_FOR_ME",
        "enable_empty_annotation": True,
        "overlap_cohort_percentage": 40,
        "show_overlap_first": True,
        "expert_instruction": "Be quick.",
        "label_config": before["label_config"].replace("Neutral, plain", "Whatever"),
    }
    raw().http.patch(f"/api/projects/{project.id}/", json=changed).raise_for_status()
    report = push(studio, push_request(2))
    after = raw().get(f"/api/projects/{project.id}/")
    assert report.reset == 1
    assert {name: after[name] for name in changed} == {name: before[name] for name in changed}
    assert {task["overlap"] for task in raw().tasks(project.id)} == {2}


def test_labels_that_somebody_added_and_used_are_told_and_stay(studio, raw, push_request, choice):
    (project,) = push(studio, push_request(1)).projects
    config = raw().get(f"/api/projects/{project.id}/")["label_config"]
    added = config.replace('alias="neutral"', 'alias="fine"')
    raw().http.patch(f"/api/projects/{project.id}/", json={"label_config": added}).raise_for_status()
    raw("ann-1").vote(raw().tasks(project.id)[0]["id"], choice("stance", "fine"))
    with pytest.raises(StudioError, match=r"'stance' = 'fine' \(1 annotations\)"):
        push(studio, push_request(1))
    assert len(raw().tasks(project.id)[0]["annotations"]) == 1


def test_a_label_that_no_interface_offers_does_not_stand_in_the_way(studio, raw, push_request, choice, book):
    (project,) = push(studio, push_request(1)).projects
    raw("ann-1").vote(raw().tasks(project.id)[0]["id"], choice("stance", "nonsense"))
    shorter = msgspec.structs.replace(book, questions=book.questions[:-1])
    assert push(studio, push_request(1, codebook=shorter)).reset == 1


def test_deleted_tasks_come_back_and_answers_that_went_with_them_are_told(studio, raw, push_request, choice):
    (project,) = push(studio, push_request(3)).projects
    first, second, _ = (task["id"] for task in raw().tasks(project.id))
    raw("ann-1").vote(first, choice("stance", "neutral"))
    for task in (first, second):
        raw().delete(f"/api/tasks/{task}/")
    request = msgspec.structs.replace(push_request(3), answered=((project.id, "item-0"), (project.id, "item-2")))
    report = push(studio, request)
    assert (report.created, report.present, report.vanished) == (2, 1, ("item-0",))
    assert item_ids(raw, report) == {f"item-{n}": 1 for n in range(3)}


def test_texts_that_somebody_changed_are_put_back(studio, raw, push_request, choice):
    (project,) = push(studio, push_request(2)).projects
    task = raw().tasks(project.id)[1]
    raw("ann-1").vote(task["id"], choice("stance", "neutral"))
    data = {**task["data"], "text": "Something else."}
    raw().http.patch(f"/api/tasks/{task['id']}/", json={"data": data}).raise_for_status()
    assert push(studio, push_request(2)).refreshed == 1
    after = raw().tasks(project.id)[1]
    assert (after["data"], len(after["annotations"])) == (task["data"], 1)
    assert push(studio, push_request(2)).refreshed == 0


def test_tasks_without_our_ids_are_counted_and_left_alone(studio, raw, push_request):
    (project,) = push(studio, push_request(1)).projects
    strange = [{"data": {**raw().tasks(project.id)[0]["data"], "item_id": value}} for value in (7, None, "")]
    raw().http.post(f"/api/projects/{project.id}/import", json=strange).raise_for_status()
    report = push(studio, push_request(1))
    assert (report.created, report.removed, report.twins, report.unknown) == (0, 0, (), 3)
    assert len(raw().tasks(project.id)) == 4


def test_a_description_that_somebody_changed_is_put_back(studio, raw, push_request, choice):
    first = push(studio, push_request(2))
    (project,) = first.projects
    raw("ann-1").vote(raw().tasks(project.id)[0]["id"], choice("stance", "neutral"))
    raw().http.patch(f"/api/projects/{project.id}/", json={"description": "mine"}).raise_for_status()
    known = msgspec.structs.replace(push_request(2), earlier_projects=(project,), screens=first.screens)
    report = push(studio, known)
    assert (report.created, report.projects, report.screens) == (0, first.projects, first.screens)


def test_a_project_of_somebody_else_is_never_taken_for_ours(studio, raw, push_request):
    (project,) = push(studio, push_request(1)).projects
    body = {"title": "Others", "description": "theirs", "label_config": "<View/>"}
    other = raw().http.post("/api/projects/", json=body).raise_for_status().json()["id"]
    raw().http.post(
        f"/api/projects/{other}/import", json=[{"data": {"text": "Theirs.", "item_id": "their-1"}}]
    ).raise_for_status()
    known = msgspec.structs.replace(
        push_request(1),
        earlier_projects=tuple(msgspec.structs.replace(project, id=number) for number in (other, 10**9)),
    )
    assert [each.id for each in push(studio, known).projects] == [project.id]
    assert raw().get(f"/api/projects/{other}/")["description"] == "theirs"
