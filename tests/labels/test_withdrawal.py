import json

from hypothesis import given
from hypothesis import strategies as st

from toolkit.labels.erasure import (
    Tombstone,
    Tombstones,
    account_trace,
    address_trace,
    mark_of,
    traces_in,
    without_annotations,
    without_key,
    without_lines,
    without_mentions,
)

NAMES = st.sampled_from(["ann-1", "ann-11", "ann", "bo"])


@given(st.lists(st.tuples(NAMES, st.text(max_size=5))), NAMES)
def test_all_lines_of_the_person_go_and_no_others(rows, gone):
    lines = [json.dumps({"annotator": who, "text": text}).encode() for who, text in rows]
    found = without_lines(b"".join(line + b"\n" for line in lines), "annotator", gone)
    kept = [line for line, (who, _) in zip(lines, rows, strict=True) if who != gone]
    assert found.data == b"".join(line + b"\n" for line in kept)
    assert found.removed == len(rows) - len(kept)


def test_a_torn_line_that_names_the_person_goes_too():
    torn = b'{"annotator": "bo"}\n{"annotator": "ann", "answ'
    assert without_lines(torn, "annotator", "ann").data == b'{"annotator": "bo"}\n'


def test_a_key_file_of_another_person_stays_byte_by_byte():
    data = b'{"annotators": {"bo": {"email": "b"}}}'
    assert without_key(data, "ann").data == data
    found = without_key(data, "bo")
    assert (json.loads(found.data), found.removed) == ({"annotators": {}}, 1)


def test_a_mention_is_a_whole_name():
    line = json.dumps({"facts": {"files": {"ann": "out/ann.xlsx", "ann-1": "out/ann-1.xlsx"}}, "people": ["ann"]})
    found = without_mentions(line.encode(), "ann")
    assert json.loads(found.data) == {
        "facts": {"files": {"withdrawn": "out/withdrawn.xlsx", "ann-1": "out/ann-1.xlsx"}},
        "people": ["withdrawn"],
    }
    assert found.removed == 3


def test_flags_on_the_lines_of_others_name_nobody_any_more():
    flag = {"code": "forged", "reason": "in the name of bo, but sent or changed by ann"}
    forged = {"annotator": "bo", "answers": {"comment": "as ann said"}, "flags": [flag]}
    plain = json.dumps({"annotator": "bo", "answers": {"comment": "ann"}, "flags": []}).encode() + b"\n"
    data = json.dumps(forged).encode() + b"\n" + plain + b'{"annotator": "ann"}\n'
    found = without_annotations(data, "annotator", "ann")
    first, second = found.data.splitlines(keepends=True)
    assert (found.removed, found.redacted, second) == (1, 1, plain)
    assert json.loads(first)["flags"][0]["reason"] == "in the name of bo, but sent or changed by withdrawn"
    assert json.loads(first)["answers"] == forged["answers"]  # what others wrote stays as they wrote it


def test_a_campaigns_key_file_loses_the_address_and_its_number():
    file = {"pseudonyms": {"a@x.example": "person-1", "b@x.example": "person-2"}, "addresses": {"7": "a@x.example"}}
    found = without_key(json.dumps(file).encode(), "person-1")
    assert json.loads(found.data) == {"pseudonyms": {"b@x.example": "person-2"}, "addresses": {}}
    traces = traces_in(json.dumps(file).encode(), "person-1", "http://s")
    assert traces == {account_trace("http://s", 7), address_trace("A@x.example ")}


def test_an_account_of_the_same_number_on_another_server_is_somebody_else():
    salt = "00" * 16
    marks = (mark_of(account_trace("http://s", 7), salt),)
    tombstones = Tombstones(
        [Tombstone(time="", annotations=0, adjudications=0, keys=0, backups=0, salt=salt, marks=marks)]
    )
    assert tombstones.hold_account("http://s", 7, "")
    assert not tombstones.hold_account("http://other", 7, "a@x.example")
