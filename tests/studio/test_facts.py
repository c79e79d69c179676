"""What we know about Label Studio and build on: a new version that changes one of these facts fails here, by name."""

import contextlib
import datetime
import http.server
import json
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from toolkit.people import PEOPLE, Account
from toolkit.studio.accounts import browsing, ensure_annotators, logged_in, new_account, posted
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import ProjectSettings
from toolkit.studio.push.items import push_items
from toolkit.studio.server.postgres import free_port
from toolkit.studio.server.program import SQLITE, environment, installed, prepared_directory

pytestmark = pytest.mark.server


@pytest.fixture
def project(studio, push_request) -> int:
    """A project of four items that want two votes each."""
    (pushed,) = push_items(studio, push_request(4), lambda _d, _t: None).projects
    return pushed.id


@pytest.fixture
def ann(raw, accounts):
    """The server's own interface for the three annotators."""
    return [raw(name) for name in accounts]


# --- who may do what -----------------------------------------------------------------------------------------------


def test_every_member_may_change_and_delete_the_votes_of_others_and_the_project(ann, project, choice):
    task = ann[0].tasks(project)[0]["id"]
    vote = ann[0].vote(task, choice("stance", "neutral"))
    ann[1].change(vote, choice("stance", "opposition"))
    assert ann[1].get(f"/api/projects/{project}/export", exportType="JSON")[0]["annotations"]
    ann[1].http.patch(f"/api/projects/{project}/", json={"title": "Mine now"}).raise_for_status()
    ann[1].delete(f"/api/annotations/{vote}/")
    assert ann[0].tasks(project)[0]["annotations"] == []


def test_every_member_reads_the_votes_of_others(ann, project, choice):
    task = ann[0].tasks(project)[0]["id"]
    ann[0].vote(task, choice("stance", "neutral"))
    assert ann[1].get(f"/api/tasks/{task}/")["annotations"][0]["result"][0]["value"] == {"choices": ["neutral"]}


def test_the_queue_shows_nobody_the_votes_of_others(ann, project, choice):
    task = ann[0].tasks(project)[0]["id"]
    ann[0].vote(task, choice("stance", "neutral"))
    offered = ann[1].get(f"/api/projects/{project}/next/")
    assert (offered["id"], offered.get("annotations", [])) == (task, [])


def test_a_vote_can_be_sent_in_the_name_of_another_and_only_the_last_change_tells(ann, accounts, project, choice):
    first, second = (account.user_id for account in list(accounts.values())[:2])
    task = ann[0].tasks(project)[0]["id"]
    ann[1].vote(task, choice("stance", "neutral"), completed_by=first)
    (vote,) = ann[0].tasks(project)[0]["annotations"]
    assert (vote["completed_by"], vote["updated_by"]) == (first, second)


def test_deleting_a_user_takes_the_name_off_the_votes(studio, studio_directory, raw, project, choice):
    made = ensure_annotators(studio, ["gone"], PEOPLE, studio_directory / "keys.json", lambda _: None)["gone"]
    theirs = raw("gone")
    theirs.vote(theirs.tasks(project)[0]["id"], choice("stance", "neutral"))
    raw().delete(f"/api/users/{made.user_id}/")
    assert raw().tasks(project)[0]["annotations"][0]["completed_by"] is None


def test_switching_an_account_off_has_no_effect(studio, studio_directory, raw):
    made = ensure_annotators(studio, ["off"], PEOPLE, studio_directory / "keys.json", lambda _: None)["off"]
    theirs = raw("off")
    raw().http.patch(f"/api/users/{made.user_id}/", json={"is_active": False}).raise_for_status()
    assert theirs.get("/api/current-user/whoami")["id"] == made.user_id


def test_whoever_is_no_member_any_more_signs_in_and_sees_projects_and_people(studio, studio_directory, project):
    made = ensure_annotators(studio, ["out"], PEOPLE, studio_directory / "keys.json", lambda _: None)["out"]
    studio.remove_member(made.user_id)
    with browsing(studio.url) as browser:
        assert posted(browser, "/user/login/", made)
        listed = browser.get("/api/projects/", params={"page_size": 1000}).json()["results"]
        people = browser.get("/api/users/").json()
        closed = browser.get(f"/api/projects/{project}/").status_code
    assert project in {each["id"] for each in listed}
    assert len(people) > 1
    assert closed == 403


def test_nobody_signs_up_without_an_invitation(studio):
    with browsing(studio.url) as browser:
        assert browser.get("/user/login/").is_success
        stranger = {"email": "stranger@uni.example", "password": "0123456789", "allow_newsletters": "false"}
        form = {**stranger, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        answer = browser.post("/user/signup/", data=form, headers={"Referer": studio.url})
    assert answer.status_code == 403
    assert stranger["email"] not in studio.users().values()


def test_the_server_writes_addresses_in_small_letters(studio):
    for email in studio.users().values():
        assert email == email.lower()


# --- what it takes -------------------------------------------------------------------------------------------------


def test_the_server_takes_a_second_vote_of_one_annotator_and_one_too_many(ann, project, choice):
    task = ann[0].tasks(project)[0]["id"]
    for who in (0, 0, 1, 2):
        ann[who].vote(task, choice("stance", "neutral"))
    assert len(ann[0].tasks(project)[0]["annotations"]) == 4


def test_the_server_takes_unknown_labels_and_questions_no_answer_and_missing_ones(ann, project, choice):
    task = ann[0].tasks(project)[0]["id"]
    for parts in (
        [choice("stance", "nonsense")],
        [choice("nonsense", "neutral")],
        [],
        [choice("topics", "tax")],  # `stance` is required
    ):
        ann[0].vote(task, *parts)
    assert len(ann[0].tasks(project)[0]["annotations"]) == 4


def test_no_vote_is_lost_where_many_come_at_once_whatever_the_counters_say(ann, project, choice):
    tasks = [task["id"] for task in ann[0].tasks(project)]
    with ThreadPoolExecutor(6) as pool:
        votes = list(
            pool.map(
                lambda pair: pair[0].vote(pair[1], choice("stance", "neutral")), [(a, t) for t in tasks for a in ann]
            )
        )
    stored = ann[0].tasks(project)
    assert sorted(vote["id"] for task in stored for vote in task["annotations"]) == sorted(votes)
    # `total_annotations` and `is_labeled` may lag behind: nothing of ours reads them.


def test_the_queue_gives_a_task_to_as_many_annotators_as_are_wanted(ann, project):
    first = [each.get(f"/api/projects/{project}/next/")["id"] for each in ann]
    assert first[0] == first[1] != first[2]
    assert ann[0].get(f"/api/projects/{project}/next/")["id"] == first[0]


def test_a_task_that_others_have_begun_comes_first(ann, project, choice):
    third = ann[0].tasks(project)[2]["id"]
    ann[0].vote(third, choice("stance", "neutral"))
    assert ann[1].get(f"/api/projects/{project}/next/")["id"] == third


def test_a_vote_that_is_sent_twice_under_one_name_is_taken_once(ann, project, choice):
    task = ann[0].tasks(project)[0]["id"]
    body = {"result": [choice("stance", "neutral")], "unique_id": "5b0f9a52-7c55-4a0e-9a53-2f2b7f3d6d99"}
    sent = [ann[0].http.post(f"/api/tasks/{task}/annotations/", json=body).status_code for _ in range(2)]
    assert sent == [201, 409]


def test_imported_votes_count_as_reference_unless_told_otherwise(raw, accounts, project, choice):
    vote = {"result": [choice("stance", "neutral")], "completed_by": next(iter(accounts.values())).user_id}
    data = raw().tasks(project)[0]["data"]
    tasks = [
        {"data": data, "annotations": [vote]},
        {"data": data, "annotations": [{**vote, "ground_truth": False}]},
    ]
    raw().http.post(f"/api/projects/{project}/import", json=tasks).raise_for_status()
    assert [task["annotations"][0]["ground_truth"] for task in raw().tasks(project)[-2:]] == [True, False]


def test_fields_that_are_asked_for_are_cut_from_the_votes_too(ann, project, choice):
    ann[0].vote(ann[0].tasks(project)[0]["id"], choice("stance", "neutral"))
    listed = ann[0].get("/api/tasks", project=project, fields="all", include="id,annotations")["tasks"]
    (vote,) = next(task["annotations"] for task in listed if task["annotations"])
    assert set(vote) == {"id"}


def test_a_changed_configuration_is_taken_in_silence_though_it_takes_away_a_used_label(raw, ann, project, choice):
    ann[0].vote(ann[0].tasks(project)[0]["id"], choice("stance", "neutral"))
    config = raw().get(f"/api/projects/{project}/")["label_config"]
    less = "\n".join(line for line in config.splitlines() if 'alias="neutral"' not in line)
    assert less != config
    assert raw().http.patch(f"/api/projects/{project}/", json={"label_config": less}).status_code == 200


# --- how ours is set up --------------------------------------------------------------------------------------------


def test_a_task_that_was_opened_and_left_is_free_again_after_an_hour(studio_directory, ann, project):
    before = datetime.datetime.now(datetime.UTC)
    task = ann[0].get(f"/api/projects/{project}/next/")["id"]
    with sqlite3.connect(f"file:{studio_directory / 'data' / SQLITE}?mode=ro", uri=True) as database:
        ((ends,),) = database.execute("select expire_at from tasks_tasklock where task_id = ?", (task,)).fetchall()
    database.close()
    lasts = datetime.datetime.fromisoformat(ends).replace(tzinfo=datetime.UTC) - before
    assert datetime.timedelta(minutes=59) < lasts < datetime.timedelta(minutes=61)


def test_a_hook_may_call_a_program_on_this_machine(raw, ann, project, choice):
    heard = threading.Event()

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if body["action"] == "ANNOTATION_CREATED":
                heard.set()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as listener:
        threading.Thread(target=listener.serve_forever).start()
        try:
            url = f"http://127.0.0.1:{listener.server_port}/"
            hook = {"project": project, "url": url, "send_payload": True, "send_for_all_actions": True, "headers": {}}
            assert raw().http.post("/api/webhooks/", json=hook).status_code == 201
            ann[0].vote(ann[0].tasks(project)[0]["id"], choice("stance", "neutral"))
            assert heard.wait(30)
        finally:
            listener.shutdown()


# --- a server that is started without care -------------------------------------------------------------------------


@contextlib.contextmanager
def started(data: Path, changes: dict[str, str | None], *options: str) -> Iterator[tuple[int, Account]]:
    """A server of whose precautions some are changed or missing: the port that it took, and its administrator."""
    (data / SQLITE).write_bytes((prepared_directory(print) / SQLITE).read_bytes())
    admin = new_account("careless@studio.invalid")
    variables = environment(data, None) | changes
    variables |= {"LABEL_STUDIO_USERNAME": admin.email, "LABEL_STUDIO_PASSWORD": admin.password}
    kept = {name: value for name, value in variables.items() if value is not None}
    command = [str(installed()[0]), "start", "--no-browser", *options]
    log = data / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=kept, cwd=data, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        try:
            yield _port_in(log, process), admin
        finally:
            process.terminate()
            process.wait(20)


class Careless:
    """A server that was started on a port that is taken: what it wanted, where it went, its first page, and whether
    it would call a program on this machine."""

    def __init__(self, wanted: int, port: int, page: str, calls: bool) -> None:
        self.wanted, self.port, self.page, self.calls = wanted, port, page, calls


@pytest.fixture(scope="module")
def careless(tmp_path_factory) -> Iterator[Careless]:
    data = tmp_path_factory.mktemp("careless")
    missing = {"FRONTEND_SENTRY_DSN": None, "SENTRY_DSN": None, "SSRF_PROTECTION_ENABLED": None}
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        wanted = taken.getsockname()[1]
        with started(data, missing, "--port", str(wanted)) as (port, admin):
            url = f"http://127.0.0.1:{port}"
            yield Careless(wanted, port, _first_page(url, admin), _calls_this_machine(url, admin))


def _calls_this_machine(url: str, account: Account) -> bool:
    with Studio(url, logged_in(url, account).token) as studio:
        config = "<View><Text name='text' value='$text'/></View>"
        settings = ProjectSettings(
            title="Calls", description="", label_config=config, maximum_annotations=1, expert_instruction=""
        )
        return studio.add_hook(studio.create_project(settings).id, "http://127.0.0.1:9/") is not None


def _first_page(url: str, account: Account) -> str:
    with browsing(url) as browser:
        assert posted(browser, "/user/login/", account)
        return browser.get("/projects/").raise_for_status().text


def _port_in(log: Path, process: subprocess.Popen) -> int:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        _, found, rest = log.read_text().partition("Starting development server at http://")
        if found and "/" in rest:
            return int(rest.split("/")[0].rsplit(":", 1)[1])
        time.sleep(0.1)
    raise AssertionError(log.read_text()[-500:])


def test_a_server_that_is_not_told_otherwise_calls_no_program_on_this_machine(careless):
    assert careless.calls is False


def test_a_port_that_is_taken_is_left_for_another_without_a_word(careless):
    assert careless.port != careless.wanted


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="no /proc/net/tcp to read sockets from")
def test_a_server_that_is_not_told_otherwise_listens_on_all_addresses(careless):
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert f"00000000:{careless.port:04X}" in {row[1] for row in rows if row[3] == "0A"}


def test_pages_report_to_a_third_party_unless_they_are_told_not_to(careless, studio, accounts):
    ours = _first_page(studio.url, accounts["ann-3"])
    assert "sentry.io" in careless.page
    assert "sentry.io" not in ours


# --- a server for a team -------------------------------------------------------------------------------------------


def test_behind_a_proxy_with_tls_people_sign_in_and_are_invited_by_its_name(tmp_path):
    team = {
        "LABEL_STUDIO_HOST": "https://studio.example",
        "LABEL_STUDIO_ALLOWED_HOSTS": "studio.example",
        "CSRF_TRUSTED_ORIGINS": "https://studio.example",
        "SESSION_COOKIE_SECURE": "1",
        "CSRF_COOKIE_SECURE": "1",
    }
    port = str(free_port())
    with started(tmp_path, team, "--internal-host", "127.0.0.1", "--port", port) as (taken, admin):
        # What a proxy passes on, and a browser that believes to be there.
        proxied = {"Host": "studio.example", "X-Forwarded-Proto": "https", "Origin": "https://studio.example"}
        with httpx.Client(base_url=f"http://127.0.0.1:{taken}", trust_env=False, timeout=60, headers=proxied) as http:
            token = http.get("/user/login/").raise_for_status().cookies["csrftoken"]
            http.headers["Cookie"] = f"csrftoken={token}"
            form = {"email": admin.email, "password": admin.password, "csrfmiddlewaretoken": token}
            signed = http.post("/user/login/", data=form, headers={"Referer": "https://studio.example/user/login/"})
            assert signed.is_redirect
            cookie = signed.headers["set-cookie"]
            assert "Secure" in cookie
            session = signed.cookies["sessionid"]
            invited = http.get("/api/invite", headers={"Cookie": f"sessionid={session}"}).json()["invite_url"]
            strange = http.get("/user/login/", headers={"Host": "elsewhere.example"})
    assert "/user/signup/?token=" in invited
    assert strange.status_code == 400
