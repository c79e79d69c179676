"""The accounts of a server by the command line: on the workspace's own server and on one of the user's own."""

import base64
import json
import stat

import httpx
import pytest

from toolkit.people import read_keys
from toolkit.studio.accounts import browsing as browser_at
from toolkit.studio.accounts import logged_in, new_account, posted
from toolkit.studio.http.transport import plain_url

pytestmark = pytest.mark.server

TABLE = "pseudonym,languages,email\n{0}-a,en;ru,\n{0}-b,,{0}.B@Uni.Example\n"


@pytest.fixture
def here(studio_server, studio_directory, monkeypatch):
    """The shared server as the workspace's own."""
    monkeypatch.setenv("STANCE_STUDIO", str(studio_directory))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    return studio_server


@pytest.fixture(params=["legacy", "personal"])
def elsewhere(request, studio_server, studio_directory, tmp_path, monkeypatch):
    """The shared server as one of the user's own, by either kind of token."""
    admin = read_keys(studio_directory / "keys.json").admin
    assert admin is not None
    token = admin.token
    if request.param == "legacy":
        refreshed = httpx.post(f"{studio_server.url}/api/token/refresh/", json={"refresh": token}, trust_env=False)
        with httpx.Client(base_url=studio_server.url, trust_env=False) as http:
            http.headers["Authorization"] = f"Bearer {refreshed.json()['access']}"
            both = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": True}
            http.post("/api/jwt/settings", json=both).raise_for_status()
            token = http.get("/api/current-user/token").raise_for_status().json()["token"]
        assert len(token) == 40
    monkeypatch.setenv("STANCE_STUDIO", str(tmp_path / "studio"))
    monkeypatch.setenv("LABEL_STUDIO_URL", studio_server.url + "/")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", token)
    return tmp_path / "studio"


def secrets_of(keys_file):
    keys = read_keys(keys_file)
    accounts = [*keys.annotators.values(), *([keys.admin] if keys.admin else [])]
    return [secret for account in accounts for secret in (account.password, account.token) if secret]


@pytest.mark.usefixtures("here")
def test_people_are_added_listed_and_locked_out_on_the_workspaces_own_server(stance, tmp_path, studio_directory):
    table = tmp_path / "people.csv"
    table.write_text(TABLE.format("own"))
    keys_file = studio_directory / "keys.json"
    added = stance("studio", "users", "add", table, "--json")
    assert [user["email"] for user in added.facts["users"]] == ["own-a@annotators.invalid", "own.b@uni.example"]
    assert added.facts["users"][0]["languages"] == ["en", "ru"]
    again = stance("studio", "users", "add", table)
    listed, told = stance("studio", "users", "--json"), stance("studio", "users", "--show-passwords")
    for said in (added, again, listed):
        assert said.code == 0
        assert not any(secret in said.out + said.err for secret in secrets_of(keys_file))
    account = read_keys(keys_file).annotators["own-a"]
    assert f"own-a\town-a@annotators.invalid\t{account.password}\n" in told.out
    assert account.token not in told.out

    gone = stance("studio", "users", "lock", "own-a")
    assert (gone.code, gone.out) == (0, "own-a@annotators.invalid is locked out for good; its answers stay\n")
    assert "own-a\town-a@annotators.invalid\tlocked out\n" in stance("studio", "users", "--show-passwords").out
    refused = stance("studio", "users", "add", table)
    assert (refused.code, refused.out) == (1, "")
    assert "own-a is locked out for good; choose another pseudonym" in refused.err


def test_people_are_added_and_locked_out_on_a_server_of_ones_own(stance, tmp_path, elsewhere, request):
    name = f"far{request.node.callspec.params['elsewhere']}"
    table = tmp_path / "people.csv"
    table.write_text(TABLE.format(name))
    assert stance("studio", "users").out.startswith("no accounts yet; `stance studio users add")
    assert stance("studio", "users", "add", table).code == 0
    (keys_file,) = elsewhere.glob("keys.*.json")
    assert stat.S_IMODE(keys_file.stat().st_mode) == 0o600
    assert list(read_keys(keys_file).annotators) == [f"{name}-a", f"{name}-b"]
    assert len(stance("studio", "users", "--json").facts["users"]) == 2
    partly = stance("studio", "users", "lock", f"{name}-b")
    assert (partly.code, partly.out) == (1, "")
    assert f"`label-studio reset_password --username {name}.b@uni.example`" in partly.err


def test_an_invitation_makes_an_account_with_a_password_of_ones_own(stance, here):
    link = stance("studio", "users", "invite").out.strip()
    assert link.startswith(f"{plain_url(here.url)}/user/signup")
    guest = new_account("invited@uni.example")
    with browser_at(here.url) as browser:
        assert posted(browser, link.removeprefix(here.url), guest, allow_newsletters="false")
    assert logged_in(here.url, guest).token
    gone = stance("studio", "users", "lock", "Invited@Uni.example", "--json")
    assert gone.facts["locked"] == "invited@uni.example"


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("text", "code"), [("pseudonym\n", 1), ("name\nx\n", 1), ("pseudonym\nNot A Name\n", 1)])
def test_a_table_of_nobody_is_refused(stance, tmp_path, text, code):
    table = tmp_path / "people.csv"
    table.write_text(text)
    said = stance("studio", "users", "add", table)
    assert (said.code, said.out) == (code, "")
    assert str(table) in said.err


def test_a_token_without_its_server_or_expired_is_said(stance, tmp_path, monkeypatch, studio_server):
    table = tmp_path / "people.csv"
    table.write_text("pseudonym\nx\n")
    monkeypatch.setenv("LABEL_STUDIO_URL", studio_server.url)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    assert "LABEL_STUDIO_API_KEY is not" in stance("studio", "users", "add", table).err
    claims = base64.urlsafe_b64encode(json.dumps({"token_type": "refresh", "exp": 1_600_000_000}).encode()).decode()
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", f"head.{claims.rstrip('=')}.sign")
    said = stance("studio", "users", "add", table)
    assert said.code == 1
    assert "the token has expired; make a new one" in said.err


def test_one_kind_of_postgres_is_asked_for_at_a_time(stance, tmp_path):
    said = stance("studio", "start", tmp_path, "--postgres", "--database", "postgresql://u:s3cret@h/d")
    assert said.code == 2
    assert "s3cret" not in said.err
