"""The essentials on PostgreSQL: a private cluster, and on it push, queue and pull."""

import datetime
import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from toolkit.errors import StudioError
from toolkit.files import read_jsonl
from toolkit.labels.ledger import latest
from toolkit.people import PEOPLE, read_keys
from toolkit.records import Annotation
from toolkit.studio.accounts import ensure_annotators, lock_out, logged_in
from toolkit.studio.http.client import Studio
from toolkit.studio.pull.annotations import pull_annotations
from toolkit.studio.pull.ledger_index import LedgerFile
from toolkit.studio.pull.reading import PullRequest
from toolkit.studio.push.items import push_items
from toolkit.studio.server.local import open_studio, server_status, start_server, stop_server
from toolkit.studio.server.postgres import (
    Database,
    database_of,
    execute,
    parse_database,
    rows_of,
    use_cluster,
    use_database,
)
from toolkit.studio.server.program import environment, held_tasks, release_spent_locks, set_password

INSTALLED = bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))

on_postgres = [
    pytest.mark.server,
    pytest.mark.postgres,
    pytest.mark.skipif(not INSTALLED, reason="no PostgreSQL; `apt-get install postgresql` adds it"),
]

# --- which database ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", ["", "mysql://a:b@c/d", "postgresql://h/d", "postgresql://u:s3cret@h", "postgresql://u:s3cret@/d"]
)
def test_what_is_no_address_of_a_database_is_refused_and_its_password_not_shown(wrong):
    with pytest.raises(StudioError, match="postgresql://USER:PASSWORD@HOST:5432/NAME") as refusal:
        parse_database(wrong)
    assert "s3cret" not in str(refusal.value)


def test_an_address_of_a_database_is_read(tmp_path):
    database = parse_database("postgresql://ls:p%40ss@db.example:5433/studio")
    assert database == Database(host="db.example", port=5433, name="studio", user="ls", password="p@ss")
    use_database(tmp_path, database)
    assert database_of(tmp_path) == database
    assert stat.S_IMODE((tmp_path / "database.json").stat().st_mode) == 0o600
    variables = environment(tmp_path, database)
    assert variables["DJANGO_DB"] == "default"
    assert (variables["POSTGRE_HOST"], variables["POSTGRE_PORT"]) == ("db.example", "5433")


def test_data_that_are_there_are_not_left_behind_in_another_database(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(StudioError, match="keeps its data in SQLite already"):
        use_database(tmp_path, parse_database("postgresql://u:p@h/d"))
    (tmp_path / "data").rmdir()
    use_database(tmp_path, parse_database("postgresql://u:p@h/d"))
    use_database(tmp_path, parse_database("postgresql://u:p@h/d"))
    with pytest.raises(StudioError, match="another PostgreSQL database"):
        use_database(tmp_path, parse_database("postgresql://u:p@h/other"))


@pytest.mark.server
@pytest.mark.skipif(not INSTALLED, reason="no PostgreSQL; `apt-get install postgresql` adds it")
def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path):
    use_database(tmp_path, parse_database("postgresql://u:s3cret@127.0.0.1:9/d"))
    with pytest.raises(StudioError, match=r"postgresql://127\.0\.0\.1:9/d: .*Check the address") as refusal:
        start_server(tmp_path, lambda _: None)
    assert "s3cret" not in str(refusal.value)


# --- a server on it ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Iterator[Path]:
    """A server on a cluster of its own."""
    directory = tmp_path_factory.mktemp("postgres") / "server"
    use_cluster(directory)
    start_server(directory, lambda _: None)
    yield directory
    stop_server(directory)
    database = database_of(directory)
    assert database is not None
    shutil.rmtree(database.cluster or "")


@pytest.fixture
def there(directory) -> Iterator[Studio]:
    with open_studio(directory) as studio:
        yield studio


class TestOnPostgres:
    pytestmark = on_postgres

    def test_the_cluster_serves_this_machine_alone_and_runs_as_nobody_of_rank(self, directory):
        database = database_of(directory)
        assert database is not None
        cluster = Path(database.cluster or "")
        assert (cluster / "data").stat().st_uid != 0
        assert stat.S_IMODE((cluster / "data").stat().st_mode) == 0o700
        assert not (cluster / "password").exists()
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        listening = {row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{database.port:04X}")}
        assert listening == {f"0100007F:{database.port:04X}"}
        assert not (directory / "data" / "label_studio.sqlite3").exists()

    def test_votes_go_there_and_come_back_once(self, there, directory, push_request, book, choice, tmp_path):
        request = push_request(5, votes=2)
        assert push_items(there, request, lambda _d, _t: None).created == 5
        report = push_items(there, request, lambda _d, _t: None)
        assert (report.created, report.present) == (0, 5)
        (project,) = report.projects
        people = ensure_annotators(there, ["pg-1", "pg-2"], PEOPLE, directory / "keys.json", lambda _: None)
        for number, account in enumerate(people.values()):
            with Studio(there.url, account.token) as theirs:
                while task := theirs.next_task(project.id):
                    parts = [choice("stance", "neutral" if number else "unclear")]
                    body = {"result": parts, "lead_time": 2.0}
                    theirs._request("POST", f"/api/tasks/{task.id}/annotations/", body=body)
        wanted = PullRequest(
            server=there.url,
            projects=(project,),
            items={each.item.id: each.item for each in request.items},
            codebook=book,
            codebook_ref=book.ref,
        )
        names = {account.user_id: name for name, account in people.items()}
        ledger = LedgerFile(tmp_path / "annotations.jsonl", 100, lambda: None)
        pull_annotations(there, wanted, ledger, None, lambda number, _: names[number], lambda _d, _t: None)
        lines = read_jsonl(tmp_path / "annotations.jsonl", Annotation)
        assert len(latest(lines)) == 10
        assert {line.annotator for line in lines} == {"pg-1", "pg-2"}
        assert not any(line.flags for line in lines)

    def test_characters_that_the_database_refuses_do_not_stop_a_push(self, there, push_request):
        request = push_request(1)
        (each,) = request.items
        odd = msgspec.structs.replace(each.shown, text="a\0b\ud800\N{SPEEDBOAT}")
        changed = msgspec.structs.replace(request, items=(msgspec.structs.replace(each, shown=odd),))
        (project,) = push_items(there, changed, lambda _d, _t: None).projects
        assert [task.data["text"] for task in there.tasks(project.id)] == ["a\ufffdb\ufffd\N{SPEEDBOAT}"]

    def test_who_is_locked_out_stays_out(self, there, directory):
        before = ensure_annotators(there, ["pg-3"], PEOPLE, directory / "keys.json", lambda _: None)["pg-3"]
        database = database_of(directory)
        lock_out(there, "pg-3", directory / "keys.json", lambda e, p: set_password(directory, database, e, p))
        with pytest.raises(StudioError, match="not accepted"):
            logged_in(there.url, before)
        answer = httpx.post(f"{there.url}/api/token/refresh/", json={"refresh": before.token}, trust_env=False)
        assert answer.status_code == 401

    def test_secrets_lie_in_two_files_of_mode_600(self, directory):
        database = database_of(directory)
        assert database is not None
        state = json.loads((directory / "server.json").read_text())
        assert database.password not in json.dumps(state) + (directory / "server.log").read_text()
        assert stat.S_IMODE((directory / "database.json").stat().st_mode) == 0o600

    def test_a_stopped_server_comes_back_with_its_data(self, directory):
        with open_studio(directory) as studio:
            users = studio.users()
        assert stop_server(directory) is True
        assert server_status(directory) is None
        start_server(directory, lambda _: None)
        assert read_keys(directory / "keys.json").admin is not None
        with open_studio(directory) as studio:
            assert studio.users() == users

    def test_a_task_that_was_left_is_named_and_a_spent_lock_goes(self, there, directory, push_request, choice):
        (project,) = push_items(there, push_request(2, votes=2), lambda _d, _t: None).projects
        people = ensure_annotators(there, ["pg-left", "pg-there"], PEOPLE, directory / "keys.json", lambda _: None)
        opened = []
        for account in people.values():
            with Studio(there.url, account.token) as theirs:
                opened.append(theirs.next_task(project.id).id)
        later = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=20)).isoformat()
        held = held_tasks(directory, [project.id], later)
        assert held is not None
        assert [(each.task, each.email) for each in held] == [
            (task, account.email) for task, account in zip(opened, people.values(), strict=True)
        ]
        database = database_of(directory)
        assert database is not None
        # What a server leaves that dies between saving an answer and letting go of the task.
        with Studio(there.url, people["pg-left"].token) as theirs:
            body = {"result": [choice("stance", "unclear")]}
            theirs._request("POST", f"/api/tasks/{opened[0]}/annotations/", body=body)
        statement = "insert into tasks_tasklock (task_id, user_id, expire_at) select {}, {}, now() + interval '1 hour'"
        execute(database, statement.format(opened[0], people["pg-left"].user_id))
        release_spent_locks(directory, database)
        query = "select user_id from tasks_tasklock where task_id in ({}, {})"
        kept = rows_of(database, query.format(*opened))
        assert kept == [(str(people["pg-there"].user_id),)]
