import httpx
import msgspec
import pytest

from toolkit.errors import StudioError
from toolkit.people import PEOPLE, read_keys
from toolkit.studio.accounts import browsing, ensure_annotators, lock_out, logged_in, posted
from toolkit.studio.http.client import Studio
from toolkit.studio.push.items import push_items
from toolkit.studio.server.program import set_password

pytestmark = pytest.mark.server


def changing(directory):
    return lambda email, password: set_password(directory, None, email, password)


def test_who_is_locked_out_gets_in_by_no_way_and_keeps_the_votes(studio, studio_directory, raw, push_request, choice):
    keys_file = studio_directory / "keys.json"
    before = ensure_annotators(studio, ["leaver"], PEOPLE, keys_file, lambda _: None)["leaver"]
    (project,) = push_items(studio, push_request(1), lambda _d, _t: None).projects
    theirs = raw("leaver")
    (task,) = theirs.tasks(project.id)
    vote = theirs.vote(task["id"], choice("stance", "neutral"))
    with browsing(studio.url) as session:
        assert posted(session, "/user/login/", before)
        assert session.get("/api/current-user/whoami").is_success

        locked = lock_out(studio, "leaver", keys_file, changing(studio_directory))

        assert session.get("/api/current-user/whoami").status_code == 401  # the session
        assert session.get(f"/api/projects/{project.id}/").status_code == 401
    with pytest.raises(StudioError, match="not accepted"):  # the password
        logged_in(studio.url, before)
    refreshed = httpx.post(f"{studio.url}/api/token/refresh/", json={"refresh": before.token}, trust_env=False)
    assert refreshed.status_code == 401  # the token
    # A bearer of five minutes that was handed out before opens nothing either.
    for path in (f"/api/projects/{project.id}/next/", f"/api/tasks/{task['id']}/", "/api/projects/"):
        assert theirs.http.get(path).status_code >= 400
    assert theirs.http.post(f"/api/tasks/{task['id']}/annotations/", json={"result": []}).status_code >= 400

    (kept,) = raw().tasks(project.id)[0]["annotations"]
    assert (kept["id"], kept["completed_by"]) == (vote, before.user_id)
    assert (locked.locked, locked.password, locked.token) == (True, "", "")
    assert read_keys(keys_file).annotators["leaver"] == locked
    with pytest.raises(StudioError, match="leaver is locked out for good"):
        ensure_annotators(studio, ["leaver"], PEOPLE, keys_file, lambda _: None)
    assert lock_out(studio, "leaver", keys_file, changing(studio_directory)) == locked  # once more does no harm


def test_on_a_server_of_ones_own_the_rest_is_done_and_the_command_for_the_password_is_said(studio, tmp_path):
    keys_file = tmp_path / "keys.json"
    made = ensure_annotators(studio, ["far"], PEOPLE, keys_file, lambda _: None)["far"]
    with pytest.raises(StudioError, match=r"label-studio reset_password --username far@annotators\.invalid"):
        lock_out(studio, "FAR@annotators.invalid", keys_file, None)
    with Studio(studio.url, made.token) as theirs, pytest.raises(StudioError, match="not accepted"):
        theirs.whoami()
    assert read_keys(keys_file).annotators["far"].locked


def test_nobody_locks_out_a_stranger_or_the_account_in_use(studio, tmp_path):
    with pytest.raises(StudioError, match="no account 'ghost'"):
        lock_out(studio, "ghost", tmp_path / "keys.json", None)
    with pytest.raises(StudioError, match="the account that you use"):
        lock_out(studio, "admin@studio.invalid", tmp_path / "keys.json", None)


def test_a_lock_that_was_interrupted_can_be_run_again(studio, studio_directory):
    keys_file = studio_directory / "keys.json"
    made = ensure_annotators(studio, ["half"], PEOPLE, keys_file, lambda _: None)["half"]

    def killed(email: str, password: str) -> None:
        set_password(studio_directory, None, email, password)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lock_out(studio, "half", keys_file, killed)
    assert read_keys(keys_file).annotators["half"] == made
    assert lock_out(studio, "half", keys_file, changing(studio_directory)).locked
    with Studio(studio.url, made.token) as theirs, pytest.raises(StudioError, match="not accepted"):
        theirs.whoami()
    assert msgspec.structs.replace(made, password="", token="", locked=True) == read_keys(keys_file).annotators["half"]


def test_the_server_hides_the_address_of_who_was_taken_out(studio, studio_directory, raw):
    keys_file = studio_directory / "keys.json"
    made = ensure_annotators(studio, ["hidden"], PEOPLE, keys_file, lambda _: None)["hidden"]
    lock_out(studio, "hidden", keys_file, changing(studio_directory))
    (listed,) = (user for user in raw().get("/api/users/") if user["id"] == made.user_id)
    assert listed["email"] == "Deleted"
    assert made.user_id not in studio.users()
