import json

from hypothesis import given
from hypothesis import strategies as st

from toolkit.labels.withdrawal import without_key, without_lines, without_mentions

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
