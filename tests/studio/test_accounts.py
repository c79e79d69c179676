import stat

import msgspec
import pytest

from toolkit.errors import DataError, StudioError
from toolkit.people import PEOPLE, SIMULATED, Keys, read_keys, write_keys
from toolkit.studio.accounts import (
    AccountRequest,
    ensure_accounts,
    ensure_annotators,
    logged_in,
    new_account,
    people_in,
)
from toolkit.studio.http.client import Studio

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


# --- people from a table -------------------------------------------------------------------------------------------


def test_people_get_their_languages_and_an_address_that_receives_no_mail():
    rows = [
        {"pseudonym": "ann-9", "languages": "en, ru", "email": ""},
        {"pseudonym": "bo", "email": " Bo@Uni.Example "},
    ]
    assert people_in(rows, "people.csv") == [
        AccountRequest(pseudonym="ann-9", email="ann-9@annotators.invalid", languages=("en", "ru")),
        AccountRequest(pseudonym="bo", email="bo@uni.example"),
    ]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"pseudonym": ""}, "''"), ({"name": "x"}, "''"), ({"pseudonym": "Ann Lee"}, "'Ann Lee'"),
        ({"pseudonym": "c", "email": "nobody"}, "'nobody' is no e-mail"),
        ({"pseudonym": "a"}, "an earlier line"), ({"pseudonym": "c", "email": "A@B.example"}, "an earlier line"),
    ],
)  # fmt: skip
def test_rows_that_are_nobody_or_somebody_twice_are_named(row, complaint):
    with pytest.raises(DataError, match=r"people\.csv:3: ") as refusal:
        people_in([{"pseudonym": "a", "email": "a@b.example"}, row], "people.csv")
    assert complaint in str(refusal.value)


def test_addresses_that_differ_by_case_are_one_account(studio, tmp_path):
    keys_file = tmp_path / "keys.json"
    (made,) = ensure_accounts(
        studio, [AccountRequest(pseudonym="mo", email="Mo@Uni.Example")], keys_file, lambda _: None
    ).values()
    users = len(studio.users())
    again = ensure_accounts(
        studio, [AccountRequest(pseudonym="mo", email="mo@uni.example")], keys_file, lambda _: None
    )["mo"]
    assert (again.user_id, len(studio.users())) == (made.user_id, users)
    assert studio.users()[made.user_id or 0] == "mo@uni.example"
    with pytest.raises(StudioError, match="is mo already; an address is one account"):
        ensure_accounts(studio, [AccountRequest(pseudonym="other", email="MO@uni.example")], keys_file, lambda _: None)


def test_languages_are_kept_and_may_be_added_later(studio, studio_directory):
    keys_file = studio_directory / "keys.json"
    for languages in (("en",), (), ("en", "ru")):
        person = AccountRequest(pseudonym="poly", email="poly@annotators.invalid", languages=languages)
        ensure_accounts(studio, [person], keys_file, lambda _: None)
        assert read_keys(keys_file).annotators["poly"].languages == (languages or ("en",))


def test_a_key_file_that_others_may_read_is_closed_and_that_is_said(tmp_path, caplog):
    path = tmp_path / "keys.json"
    write_keys(path, Keys(admin=new_account("a@b.invalid")))
    assert read_keys(path).admin
    assert caplog.messages == []
    path.chmod(0o644)
    read_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert caplog.messages == [f"{path}: others could read the passwords in it; it has mode 600 now"]
