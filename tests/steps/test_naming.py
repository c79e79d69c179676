import stat

import pytest

from toolkit.errors import DataError
from toolkit.steps.naming import Names


def names(path, server="http://studio.example", **emails):
    return Names(path, "person", server, emails)


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
