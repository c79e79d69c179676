import stat

import msgspec
import pytest

from toolkit.errors import StudioError
from toolkit.studio.accounts import (
    PEOPLE,
    SIMULATED,
    Keys,
    ensure_annotators,
    logged_in,
    new_account,
    read_keys,
    write_keys,
)
from toolkit.studio.client import Studio

pytestmark = pytest.mark.server


def test_accounts_are_made_once(studio, accounts, studio_directory):
    lines: list[str] = []
    again = ensure_annotators(studio, accounts, PEOPLE, studio_directory / "keys.json", lines.append)
    assert (again, lines) == (accounts, [])
    for pseudonym, account in accounts.items():
        with Studio(studio.url, account.token) as theirs:
            assert theirs.whoami().email == f"{pseudonym}@annotators.invalid"
            assert theirs.whoami().id == account.user_id


def test_a_token_that_was_lost_before_it_was_kept_is_replaced(studio, studio_directory):
    keys_file = studio_directory / "keys.json"
    made = ensure_annotators(studio, ["lost"], PEOPLE, keys_file, lambda _: None)["lost"]
    users = len(studio.users())
    # What a kill between the sign-up and the writing of the token leaves behind.
    keys = read_keys(keys_file)
    halfway = msgspec.structs.replace(made, token="", user_id=None)
    write_keys(keys_file, msgspec.structs.replace(keys, annotators={**keys.annotators, "lost": halfway}))
    resumed = ensure_annotators(studio, ["lost"], PEOPLE, keys_file, lambda _: None)["lost"]
    assert resumed.user_id == made.user_id
    assert resumed.token != made.token
    assert len(studio.users()) == users
    with Studio(studio.url, resumed.token) as theirs:
        assert theirs.whoami().id == made.user_id


def test_a_server_of_ones_own_needs_a_token_only(studio, tmp_path):
    keys_file = tmp_path / "keys.json"
    account = ensure_annotators(studio, ["guest"], PEOPLE, keys_file, lambda _: None)["guest"]
    assert read_keys(keys_file) == Keys(admin=None, annotators={"guest": account})
    assert stat.S_IMODE(keys_file.stat().st_mode) == 0o600


def test_an_account_that_somebody_else_made_is_left_alone(studio, tmp_path):
    ensure_annotators(studio, ["taken"], PEOPLE, tmp_path / "first.json", lambda _: None)
    with pytest.raises(StudioError, match=r"taken@annotators\.invalid has an account there") as refusal:
        ensure_annotators(studio, ["taken"], PEOPLE, tmp_path / "second.json", lambda _: None)
    tried = read_keys(tmp_path / "second.json").annotators["taken"]
    assert tried.password not in str(refusal.value)


def test_a_wrong_password_is_not_accepted_and_not_repeated(studio):
    stranger = new_account("admin@studio.invalid")
    with pytest.raises(StudioError, match="not accepted") as refusal:
        logged_in(studio.url, stranger)
    assert stranger.password not in str(refusal.value)


def test_no_server_is_said_plainly():
    with pytest.raises(StudioError, match="cannot be reached"):
        logged_in("http://127.0.0.1:9", new_account("a@b.invalid"))


def test_a_pseudonym_is_a_person_or_simulated_and_never_both(studio, accounts, studio_directory):
    name = next(iter(accounts))
    with pytest.raises(StudioError, match=f"{name} is {name}@annotators.invalid already; choose another pseudonym"):
        ensure_annotators(studio, [name], SIMULATED, studio_directory / "keys.json", lambda _: None)
