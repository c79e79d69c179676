import http.server
import secrets
import socket
import threading
import uuid

import pytest

from toolkit.errors import StudioError
from toolkit.studio.http.client import Studio
from toolkit.studio.http.listing import UNREADABLE
from toolkit.studio.http.schemas import NewAnnotation, ProjectSettings
from toolkit.studio.server.local import open_studio

pytestmark = pytest.mark.server

CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="stance" toName="text"><Choice value="A"/></Choices></View>'
)


def settings(description: str = "", label_config: str = CONFIG) -> ProjectSettings:
    return ProjectSettings(
        title="Harbours", description=description, label_config=label_config, maximum_annotations=2,
        expert_instruction="<p>Read it.</p>",
    )  # fmt: skip


def test_a_project_is_as_it_was_wanted(studio):
    wanted = settings("of a test")
    made = studio.create_project(wanted)
    for name in wanted.__struct_fields__:
        assert getattr(made, name) == getattr(wanted, name)


def test_a_project_is_found_by_a_text_in_its_description(studio):
    marker = f"[{secrets.token_hex(6)}]"
    first = studio.create_project(settings(f"one {marker}"))
    second = studio.create_project(settings(f"two {marker} and more"))
    assert [project.id for project in studio.projects_described(marker)] == [first.id, second.id]


def test_a_setting_that_the_server_changes_is_noticed(studio):
    # The server cuts blanks off the ends of a description.
    with pytest.raises(StudioError, match=r"has description = 'cut' where ' cut ' was set"):
        studio.create_project(settings(" cut "))


def test_an_annotation_is_taken_once(studio):
    project = studio.create_project(settings())
    studio.import_tasks(project.id, [{"text": "Boats wait.", "item_id": "i1"}])
    task = studio.next_task(project.id)
    assert task is not None
    annotation = NewAnnotation(unique_id=str(uuid.uuid4()), result=[], lead_time=2.5)
    assert [studio.submit(task.id, annotation), studio.submit(task.id, annotation)] == [True, False]
    assert studio.next_task(project.id) is None
    (stored,) = studio.stored_tasks(project.id)
    assert (stored.item_id, stored.annotations) == ("i1", 1)


def test_many_tasks_are_listed_over_several_pages(studio):
    project = studio.create_project(settings())
    studio.import_tasks(project.id, [{"text": "Boats wait.", "item_id": f"i{n}"} for n in range(1203)])
    assert [task.item_id for task in studio.stored_tasks(project.id)] == [f"i{n}" for n in range(1203)]
    assert len(list(studio.tasks(project.id))) == 1203


def test_both_kinds_of_token_open_the_server(studio, raw):
    raw().http.post("/api/jwt/settings", json={"api_tokens_enabled": True, "legacy_api_tokens_enabled": True})
    legacy = raw().get("/api/current-user/token")["token"]
    with Studio(studio.url, legacy) as other:
        assert other.whoami() == studio.whoami()
        assert other.users() == studio.users()


@pytest.mark.usefixtures("studio_server")
def test_a_proxy_in_the_environment_is_not_asked(studio_directory, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with open_studio(studio_directory) as studio:
        assert studio.users()


# --- what goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token", ["0123456789abcdef0123", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.xxxx"]
)
def test_a_wrong_token_is_refused_and_never_shown(studio_server, token):
    with Studio(studio_server.url, token) as stranger:
        for ask in (stranger.whoami, stranger.users, lambda: stranger.projects_described("x")):
            with pytest.raises(StudioError, match="token is not accepted; set LABEL_STUDIO_API_KEY") as refusal:
                ask()
            assert token not in str(refusal.value)


@pytest.mark.parametrize("token", ["", " ", "schlüssel"])
def test_what_is_no_token_is_refused_at_once(token):
    with pytest.raises(StudioError, match="set LABEL_STUDIO_API_KEY"):
        Studio("http://127.0.0.1:1", token)


def test_a_server_that_is_down_is_named_with_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with Studio(f"{url.replace('//', '//ann:s3cret@')}", "token") as studio:
        for ask in (studio.whoami, studio.users, lambda: list(studio.tasks(1))):
            with pytest.raises(StudioError, match="is it running\\? `stance studio start`") as refusal:
                ask()
            assert str(refusal.value).startswith(f"{url}: ")
            assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize("token", ["legacy", "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.xxxx"])
def test_a_program_that_is_not_label_studio_is_recognised(token):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        do_POST = do_GET  # noqa: N815 - named by the standard library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever).start()
        try:
            with Studio(f"http://127.0.0.1:{other.server_port}", token) as studio:
                for ask in (studio.whoami, studio.users, lambda: studio.next_task(1)):
                    with pytest.raises(StudioError, match=f"127.0.0.1:{other.server_port}"):
                        ask()
        finally:
            other.shutdown()


def test_a_project_that_is_gone_is_said_to_be_gone(studio):
    project = studio.create_project(settings())
    studio.delete_project(project.id)
    asks = (
        lambda: studio.project(project.id),
        lambda: list(studio.tasks(project.id)),
        lambda: studio.next_task(project.id),
        lambda: studio.import_tasks(project.id, [{"text": "x"}]),
    )
    for ask in asks:
        with pytest.raises(StudioError, match=f"project.{project.id} is gone from the server; .*`stance push`"):
            ask()


HALF = b'{"result": [{"from_name": "stance", "value": {"choices": ["\\ud83d"]}}]}'


def send_half_a_character(http, task: int) -> None:
    """The server stores such an answer, and from then on cannot show it."""
    headers = {"Content-Type": "application/json"}
    sent = http.post(f"/api/tasks/{task}/annotations/", content=HALF, headers=headers)
    assert sent.status_code == 500


def test_a_server_that_fails_is_told_in_one_line(studio, raw):
    project = studio.create_project(settings())
    studio.import_tasks(project.id, [{"text": "x"}])
    (task,) = studio.stored_tasks(project.id)
    send_half_a_character(raw().http, task.id)
    with pytest.raises(StudioError, match=r"the server failed \(500\)") as failure:
        studio.delete_untouched(project.id, task.id)
    assert "<" not in str(failure.value)


def test_an_answer_that_the_server_cannot_show_hides_no_other(studio, raw, choice):
    project = studio.create_project(settings())
    studio.import_tasks(project.id, [{"text": f"Boat {n}."} for n in range(9)])
    stored = studio.stored_tasks(project.id)
    for task in stored:
        raw().vote(task.id, choice("stance", "A"))
    for task in stored[2], stored[5]:
        send_half_a_character(raw().http, task.id)
    assert [task.annotations for task in studio.stored_tasks(project.id)] == [1, 1, 2, 1, 1, 2, 1, 1, 1]
    read = list(studio.tasks(project.id))
    assert [task.id for task in read] == [task.id for task in stored]
    unreadable = {task.id: sum(vote.result == [UNREADABLE] for vote in task.annotations) for task in read}
    assert unreadable == {task.id: int(task in (stored[2], stored[5])) for task in stored}
    assert sum(vote.result[0]["from_name"] == "stance" for task in read for vote in task.annotations) == 9


def test_a_config_that_is_refused_comes_with_the_servers_reason(studio):
    with pytest.raises(StudioError, match=r"400.*no element found"):
        studio.check_config("<View>")


def test_a_task_is_deleted_unless_somebody_has_answered_it(studio, raw):
    project = studio.create_project(settings())
    studio.import_tasks(project.id, [{"text": "x"}, {"text": "y"}])
    answered, untouched = (task.id for task in studio.stored_tasks(project.id))
    raw().vote(answered)
    assert [studio.delete_untouched(project.id, answered), studio.delete_untouched(project.id, untouched)] == [
        False,
        True,
    ]
    assert studio.delete_untouched(project.id, untouched) is True
    assert [task.id for task in studio.stored_tasks(project.id)] == [answered]
