import contextlib
import importlib.metadata
import json
import os
import socket
import sqlite3
import stat
from pathlib import Path

import msgspec
import pytest

from toolkit.errors import StudioError
from toolkit.people import PEOPLE, Keys, read_keys, write_keys
from toolkit.studio.accounts import ensure_annotators
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import push_items
from toolkit.studio.server import local as server
from toolkit.studio.server.local import (
    ServerState,
    open_studio,
    server_status,
    start_server,
    stop_server,
)
from toolkit.studio.server.program import SQLITE, prepared_directory

pytestmark = pytest.mark.server


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_server_that_runs_is_found_and_not_started_again(studio_server, studio_directory):
    lines: list[str] = []
    assert start_server(studio_directory, lines.append) == studio_server
    assert server_status(studio_directory) == studio_server
    assert lines == []


def test_another_port_for_a_running_server_is_refused(studio_server, studio_directory):
    with pytest.raises(StudioError, match=f"runs already, on port {studio_server.port}"):
        start_server(studio_directory, print, port=studio_server.port + 1)


def test_a_stopped_server_comes_back_with_its_port_its_accounts_and_its_data(tmp_path):
    first = start_server(tmp_path, lambda _: None)
    keys = read_keys(tmp_path / "keys.json")
    assert stop_server(tmp_path) is True
    assert server_status(tmp_path) is None
    assert stop_server(tmp_path) is False
    with pytest.raises(StudioError, match="stance studio start"):
        open_studio(tmp_path)
    again = start_server(tmp_path, lambda _: None)
    try:
        assert (again.url, again.pid == first.pid) == (first.url, False)
        assert read_keys(tmp_path / "keys.json") == keys
        assert keys.admin is not None
        with open_studio(tmp_path) as studio:
            assert studio.whoami().email == keys.admin.email
        # What an interrupted start leaves behind: a server that runs, and keys without its token.
        tokenless = msgspec.structs.replace(keys.admin, token="", user_id=None)
        write_keys(tmp_path / "keys.json", Keys(admin=tokenless))
        assert server_status(tmp_path) is None
        assert start_server(tmp_path, lambda _: None) == again
        assert server_status(tmp_path) == again
    finally:
        stop_server(tmp_path)


def test_a_signing_key_that_cannot_be_read_again_is_replaced_for_good(tmp_path):
    (tmp_path / "data").mkdir()
    # One in fifty of those that Label Studio draws begins so, and is another one at each start.
    (tmp_path / "data" / ".env").write_text("\nOTHER=1\nSECRET_KEY=$ab#c\n")
    start_server(tmp_path, lambda _: None)
    try:
        before = read_keys(tmp_path / "keys.json")
        assert (tmp_path / "data" / ".env").read_text().count("SECRET_KEY=") == 1
        assert mode(tmp_path / "data" / ".env") == 0o600
        stop_server(tmp_path)
        start_server(tmp_path, lambda _: None)
        assert read_keys(tmp_path / "keys.json") == before
        assert (tmp_path / "data" / ".env").read_text().startswith("\nOTHER=1\nSECRET_KEY=")
    finally:
        stop_server(tmp_path)


def test_a_task_that_a_dying_server_left_locked_goes_to_the_next_again(tmp_path, push_request, choice):
    start_server(tmp_path, lambda _: None)
    try:
        with open_studio(tmp_path) as studio:
            (pushed,) = push_items(studio, push_request(1, votes=2), lambda _d, _t: None).projects
            people = ensure_annotators(studio, ["first", "second"], PEOPLE, tmp_path / "keys.json", lambda _: None)
        with Studio(studio.url, people["first"].token) as first:
            task = first.next_task(pushed.id)
            body = {"result": [choice("stance", "unclear")]}
            first._request("POST", f"/api/tasks/{task.id}/annotations/", body=body)
        # A server that dies between saving an answer and letting go of the task; no test can kill it just there.
        stop_server(tmp_path)
        with contextlib.closing(sqlite3.connect(tmp_path / "data" / SQLITE)) as database, database:
            lock = (task.id, people["first"].user_id, "2999-01-01 00:00:00")
            database.execute("insert into tasks_tasklock (task_id, user_id, expire_at) values (?, ?, ?)", lock)
        start_server(tmp_path, lambda _: None)
        with Studio(studio.url, people["second"].token) as second:
            offered = second.next_task(pushed.id)
        assert offered is not None
        assert offered.id == task.id
    finally:
        stop_server(tmp_path)


def test_a_port_that_is_taken_is_named_and_nothing_is_started(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StudioError, match=f"port {port} is taken by another program; name another"):
            start_server(tmp_path, lambda _: None, port=port)
    assert not (tmp_path / "server.json").exists()


def test_a_port_that_label_studio_left_for_another_is_noticed(tmp_path, studio_server):
    log = tmp_path / "server.log"
    log.write_text("Starting development server at http://127.0.0.1:8081/\n")
    moved = msgspec.structs.replace(studio_server, port=8080)
    assert server._is_listening(moved, log, log.stat().st_size) is False
    with pytest.raises(StudioError, match="port 8080 was taken by another program"):
        server._is_listening(moved, log, 0)


@pytest.mark.usefixtures("studio_server")
def test_secrets_lie_in_the_key_file_and_nowhere_else(studio_directory, accounts):
    assert mode(studio_directory / "keys.json") == 0o600
    assert mode(studio_directory / "server.log") == 0o600
    assert mode(studio_directory) == mode(studio_directory / "data") == 0o700
    keys = read_keys(studio_directory / "keys.json")
    assert keys.admin is not None
    elsewhere = (studio_directory / "server.log").read_text() + (studio_directory / "server.json").read_text()
    for account in (keys.admin, *accounts.values()):
        assert account.password not in elsewhere
        assert account.token not in elsewhere
    key = (studio_directory / "data" / ".env").read_text().split("SECRET_KEY=")[1].strip()
    assert key not in elsewhere


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="no /proc/net/tcp to read sockets from")
def test_the_server_listens_on_the_loopback_address_alone(studio_server):
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{studio_server.port:04X}")}
    assert listening == {f"0100007F:{studio_server.port:04X}"}
    assert f":{studio_server.port:04X} " not in Path("/proc/net/tcp6").read_text()


@pytest.mark.usefixtures("studio_server")
def test_what_is_shared_by_all_servers_of_a_machine_has_no_user_and_no_key():
    directory = prepared_directory(print)
    assert not (directory / ".env").exists()
    assert mode(directory / "label_studio.sqlite3") == 0o600
    # Immutable: a mere look must not leave files beside what everybody copies.
    with sqlite3.connect(f"file:{directory / 'label_studio.sqlite3'}?immutable=1", uri=True) as database:
        assert database.execute("select count(*) from htx_user").fetchone() == (0,)
    database.close()


def test_the_number_of_another_process_is_not_taken_for_the_server(tmp_path):
    state = ServerState(url="http://127.0.0.1:1", port=1, pid=os.getpid(), version="1", started="2026-01-01T00:00:00Z")
    (tmp_path / "server.json").write_bytes(msgspec.json.encode(state))
    assert server_status(tmp_path) is None
    assert stop_server(tmp_path) is False


@pytest.mark.usefixtures("studio_server")
def test_the_state_says_what_a_reader_needs(studio_directory):
    written = json.loads((studio_directory / "server.json").read_text())
    assert written.keys() == {"url", "port", "pid", "version", "started"}
    assert written["version"] == importlib.metadata.version("label-studio")


def test_a_machine_without_label_studio_is_told_how_to_get_it(tmp_path, monkeypatch):
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    # Faked: the program cannot be taken away from the environment that the tests run in.
    monkeypatch.setattr(importlib.metadata, "version", absent)
    with pytest.raises(StudioError, match=r"not installed for this Python; type: .* install .*label-studio"):
        start_server(tmp_path, lambda _: None)
