"""Pseudonyms, key files, and who withdrew."""

import json
import stat

import pytest

from toolkit.errors import DataError
from toolkit.people import (
    Account,
    AccountNames,
    ErasureRecord,
    ErasureRecords,
    Keys,
    KnownPerson,
    SourceKeys,
    SourceNames,
    WithdrawnPeople,
    account_id,
    address_id,
    hash_ids,
    ids_in_key_file,
    key_file_without,
    mention_of,
    name_id,
    read_erasure_records,
    write_keys,
)
from toolkit.records import Annotator
from toolkit.store import Store
from toolkit.workspace import CampaignConfig, CampaignFile


def names(path, server="http://studio.example", **emails):
    return SourceNames(path, "person", server, emails)


def test_a_name_stays_the_same_whoever_comes_first(tmp_path):
    path = tmp_path / "keys.json"
    first = names(path)
    assert [first.name_of(who) for who in ("account 7", "Ann Ode", "account 7")] == ["person-1", "person-2", "person-1"]
    assert first.save()
    again = names(path)
    assert [again.name_of(who) for who in ("bo@studio.example", "Ann Ode")] == ["person-3", "person-2"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_account_of_another_server_is_another_person(tmp_path):
    names_here = names(tmp_path / "keys.json")
    names_here.name_of("account 7")
    names_here.save()
    there = names(tmp_path / "keys.json", "http://other.example")
    assert there.name_of("account 7") == "person-2"


def test_what_is_a_pseudonym_stays_and_is_never_given_to_another(tmp_path):
    given = names(tmp_path / "keys.json")
    given.reserve(["Ann Ode", "r7", "person-1"])
    assert [given.name_of(who) for who in ("Ann Ode", "person-1", "r7")] == ["person-2", "person-1", "r7"]


def test_where_all_are_pseudonyms_there_is_nothing_to_keep(tmp_path):
    given = names(tmp_path / "keys.json")
    given.name_of("r7")
    assert not given.save()
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_that_is_none_is_not_written_over(tmp_path):
    (tmp_path / "keys.json").write_text('{"people": 3}')
    with pytest.raises(DataError, match="restore the file, or move it away"):
        names(tmp_path / "keys.json")


# --- one person and those with like names ----------------------------------------------------------------------------

OTHERS = ("ann_2", "ann-2", "ann.b", "Ann", "joann", "anna", "x.ann", "-ann")


@pytest.mark.parametrize("name", OTHERS)
def test_a_name_within_another_name_is_no_mention(name):
    for text in (name, f"'{name}'", f"by {name}, twice", f'{{"{name}": 1}}', f"out/{name}.xlsx"):
        assert not mention_of("ann").search(text), text


@pytest.mark.parametrize(
    "text", ["ann", "by ann.", '{"ann": 1}', "out/ann.xlsx", "ann@annotators.invalid", "(ann)", "ann's"]
)
def test_a_whole_name_is_a_mention(text):
    assert mention_of("ann").search(text)


def record(*identities):
    salt, hashed = hash_ids(identities, [])
    return ErasureRecord(time="", annotations=0, adjudications=0, keys=0, backups=0, salt=salt, hashed_ids=hashed)


def test_a_record_of_an_erasure_recognises_the_person_and_nobody_else():
    records = ErasureRecords([record(name_id("ann"), name_id("Bea Holm"), address_id("a@x.example"))])
    people = WithdrawnPeople(records, "")
    assert [people.has(name) for name in ("ann", " ann ", "bea HOLM", "A@X.example")] == [True] * 4
    assert [people.has(name) for name in OTHERS] == [False] * len(OTHERS)


def test_an_account_of_the_same_number_on_another_server_is_somebody_else():
    records = ErasureRecords([record(account_id("http://s", 7))])
    assert records.has_account("http://s", 7, "")
    assert not records.has_account("http://other", 7, "a@x.example")


def test_a_record_of_the_first_version_is_read(tmp_path):
    made = record(name_id("ann"))
    old = {"time": "", "annotations": 1, "adjudications": 0, "keys": 0, "backups": 0, "salt": made.salt}
    (tmp_path / "w.jsonl").write_text(json.dumps(old | {"marks": list(made.hashed_ids)}) + "\n")
    assert read_erasure_records(tmp_path / "w.jsonl").has_name("ann")


# --- key files -------------------------------------------------------------------------------------------------------


def test_a_key_file_of_another_person_stays_byte_by_byte(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text('{"annotators": {"ann_2": {"email": "b"}}}')
    for name in ("ann", "Ann_2"):
        assert key_file_without(path, name) == (path.read_bytes(), 0)
    data, removed = key_file_without(path, "ann_2")
    assert (json.loads(data), removed) == ({"annotators": {}}, 1)


def test_a_campaigns_key_file_loses_the_address_and_its_number(tmp_path):
    file = {"pseudonyms": {"a@x.example": "person-1", "b@x.example": "person-2"}, "addresses": {"7": "a@x.example"}}
    (tmp_path / "keys.json").write_text(json.dumps(file))
    data, removed = key_file_without(tmp_path / "keys.json", "person-1")
    assert (json.loads(data), removed) == ({"pseudonyms": {"b@x.example": "person-2"}, "addresses": {}}, 1)
    ids = ids_in_key_file(tmp_path / "keys.json", "person-1", "http://s")
    assert ids == {account_id("http://s", 7), address_id("A@x.example ")}


def test_a_key_file_of_answers_by_file_knows_names_and_addresses(tmp_path):
    people = (
        KnownPerson(pseudonym="person-1", account="Bea Holm"),
        KnownPerson(pseudonym="person-2", account="account 7", server="http://s", email="b@x.example"),
    )
    write_keys(tmp_path / "keys.json", SourceKeys(people=people))
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    assert ids_in_key_file(tmp_path / "keys.json", "person-1", "") == {name_id("Bea Holm")}
    assert ids_in_key_file(tmp_path / "keys.json", "person-2", "") == {
        account_id("http://s", 7),
        address_id("b@x.example"),
    }


def test_a_key_file_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "keys.json").write_text("null")
    with pytest.raises(DataError, match="no key file; restore it"):
        key_file_without(tmp_path / "keys.json", "ann")


# --- accounts of a server --------------------------------------------------------------------------------------------


def campaign_in(tmp_path):
    file = CampaignFile(name="c", title="C", articles=("a.jsonl",), codebook="c.toml", targets=("t",))
    return CampaignConfig(path=tmp_path / "schemas" / "c.toml", file=file)


def test_people_keep_their_pseudonyms_when_the_server_hides_who_they_are(tmp_path):
    campaign, keys_file = campaign_in(tmp_path), tmp_path / "keys.json"
    ours = Account(email="ann@annotators.invalid", password="x", user_id=7)
    write_keys(keys_file, Keys(annotators={"ann": ours}))
    naming = AccountNames(campaign.directory, keys_file)
    known = {7: "ann@annotators.invalid", 8: "x@uni.example", 9: "y@uni.example"}
    before = {number: naming.pseudonym_of(number, email) for number, email in known.items()}
    naming.save()
    later = AccountNames(campaign.directory, keys_file)
    assert {number: later.pseudonym_of(number, "") for number in known} == before
    assert len(set(before.values())) == 3
    assert before[7] == "ann"
    later.save()
    assert Store(campaign).annotators == {name: Annotator(pseudonym=name, kind="human") for name in before.values()}


def test_two_accounts_of_whom_nothing_is_known_are_two_people(tmp_path):
    naming = AccountNames(campaign_in(tmp_path).directory, tmp_path / "keys.json")
    assert naming.pseudonym_of(3, "") != naming.pseudonym_of(4, "")
