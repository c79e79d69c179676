import gzip
import json

import pytest

from toolkit.errors import DataError, MissingFileError
from toolkit.exchange import exports
from toolkit.exchange.exports import ColumnMap, read_submissions
from toolkit.exchange.submissions import label_text


def read(path, **columns):
    return read_submissions(path, ColumnMap(**columns), lambda path: pytest.fail(f"{path} is no sheet"))


def told(submissions, question="label"):
    return [(s.item, s.annotator, label_text(s.answers.get(question, ())), s.state) for s in submissions]


@pytest.fixture
def file(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


TASK = {
    "id": 5,
    "data": {"text": "The ferry is back.", "ref": "p9"},
    "annotations": [
        {
            "id": 31,
            "completed_by": 2,
            "result": [{"from_name": "stance", "type": "choices", "value": {"choices": ["for"]}}],
            "was_cancelled": False,
            "lead_time": 3.5,
            "created_at": "2024-07-03T10:00:00Z",
            "updated_at": "2024-07-03T10:00:00Z",
        },
        {
            "id": 32,
            "completed_by": {"id": 4, "email": "bo@studio.example"},
            "result": [],
            "was_cancelled": True,
            "created_at": "2024-07-03T11:00:00Z",
            "updated_at": "2024-07-03T11:00:00Z",
        },
    ],
    "drafts": [
        {"user": "cleo@studio.example", "created_username": "Cleo cleo@studio.example, 6", "annotation": None,
         "result": [], "created_at": "2024-07-03T12:00:00Z", "updated_at": "2024-07-03T12:00:00Z"},
        {"user": "ann@studio.example", "annotation": 31, "result": [], "created_at": "2024-07-03T12:00:00Z",
         "updated_at": "2024-07-03T12:00:00Z"},
    ],
}  # fmt: skip


def test_an_export_with_its_tasks_holds_skips_and_drafts_too(file):
    found = read(file("e.json", json.dumps([TASK])))
    assert told(found, "stance") == [
        ("5", "account 2", "for", "submitted"),
        ("5", "account 4", None, "skipped"),
        ("5", "account 6", None, "draft"),
    ]
    assert (found[0].number, found[0].seconds, found[0].text) == (31, 3.5, "The ferry is back.")
    assert told(read(file("e.json", json.dumps([TASK])), item="ref"), "stance")[0][0] == "p9"


def test_what_our_own_screens_carry_unseen_is_no_answer(file):
    unseen = [
        {"from_name": name, "type": "choices", "value": {"choices": ["v0123456789ab"]}}
        for name in ("screen-shown", "definitions-shown")
    ]
    task = json.loads(json.dumps(TASK))
    task["annotations"][0]["result"] += unseen
    head = "id,annotation_id,annotator,lead_time,text,stance,screen-shown,definitions-shown"
    flat = f"{head}\n5,31,2,3.5,x,for,v01,open\n"
    for found in (read(file("e.json", json.dumps([task]))), read(file("e.csv", flat))):
        assert found[0].answers == {"stance": ["for"]}


def test_a_packed_file_is_read_like_any_other(file):
    assert len(read(file("e.json.gz", gzip.compress(json.dumps([TASK]).encode())))) == 3
    assert told(read(file("v.csv.gz", gzip.compress(b"item,annotator,label\n1,r,a\n")))) == [
        ("1", "r", "a", "submitted")
    ]


def test_a_long_table(file):
    found = read(
        file("v.csv", "unit,rater,code\n1,r1, a\n1,r2,\n2,r1,b\n"), item="unit", annotator="rater", label="code"
    )
    assert told(found, "code") == [("1", "r1", " a", "submitted"), ("2", "r1", "b", "submitted")]


def test_a_list_of_votes_in_json(file):
    rows = [{"item": 1, "annotator": 27, "label": True}, {"item": 2, "annotator": "r", "label": ["b", "a"]}]
    assert told(read(file("v.json", json.dumps(rows)))) == [
        ("1", "27", "true", "submitted"), ("2", "r", "b | a", "submitted"),
    ]  # fmt: skip


def test_a_wide_table(file):
    found = read(file("v.tsv", "item\tann\tbo\n1\ta\tb\n2\t\ta\n"), wide=("ann", "bo"))
    assert told(found) == [("1", "ann", "a", "submitted"), ("1", "bo", "b", "submitted"), ("2", "bo", "a", "submitted")]


def test_a_table_of_ours_keeps_its_states_and_times(file):
    rows = [
        {"item": "1", "annotator": "person-1", "label": "a", "text": "t", "seconds": 2.5,
         "created": "2024-07-03T10:00:00.000000Z", "updated": "2024-07-03T10:00:00.000000Z", "state": "submitted"},
        {"item": "1", "annotator": "person-2", "label": None, "text": "t", "seconds": None, "created": None,
         "updated": None, "state": "skipped"},
    ]  # fmt: skip
    found = read(file("v.jsonl", "\n".join(map(json.dumps, rows))))
    assert told(found) == [("1", "person-1", "a", "submitted"), ("1", "person-2", None, "skipped")]
    assert (found[0].created, found[0].seconds) == ("2024-07-03T10:00:00.000000Z", 2.5)


def test_a_column_named_state_that_means_something_else_is_no_state(file):
    found = read(file("v.csv", "item,annotator,label,state\n1,r,a,Ohio\n"))
    assert told(found) == [("1", "r", "a", "submitted")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.json", "<!DOCTYPE html><html>Log in</html>", "a web page, not an export"),
        ("e.csv", "  <html><body>502 Bad Gateway", "a web page, not an export"),
        ("e.json", '[{"id": 1, "annotations": [', "was the download cut off"),
        ("e.json", '{"detail": "not found"}', "no export: it holds no list"),
        ("e.json", "[]", "an empty list"),
        ("e.json", "[1, 2]", "neither a task nor an annotation"),
        ("e.json", '[{"id": 1, "data": {}}]', "tasks without annotations"),
        ("e.json", '[{"id": 1, "data": {}, "annotations": [{"id": "x"}]}]', "not as Label Studio exports a task"),
        ("v.csv", b"item,annotator,label\n1,r,caf\xe9\n", r"v.csv:2: not UTF-8 \(byte 0xe9\)"),
        ("v.csv", "item,annotator,label\n1,r,a\n".encode("utf-16"), "UTF-16; save it as UTF-8"),
        ("v.csv", "item;annotator;label\n1;r;a\n", "';' parts the cells"),
        ("v.csv", "item,annotator,label\n1,r\n", "v.csv:2: 2 cells, but the header has 3"),
        ("v.csv", "item,item,label\n1,r,a\n", "two columns are named 'item'"),
        ("v.csv", "", "empty; a first line with the names"),
        ("v.csv", "item,annotator,label\n", "a header and nothing below it"),
        ("v.csv", "unit,annotator,label\n1,r,a\n", "no column 'item'; the table has unit, annotator, label"),
        ("v.csv", "item,annotator,label,seconds\n1,r,a,soon\n", "row 2: 'soon' is no number of seconds"),
        ("v.csv", "item,annotator,label,created\n1,r,a,soon\n", "row 2: 'soon' is no time"),
        ("v.jsonl", "<html><body>Log in", "a web page, not an export"),
        ("v.jsonl", "{'item': 1}", "v.jsonl:1: not a JSON object"),
        ("v.parquet", "PAR0", "not Parquet"),
        ("v.docx", "x", "no file of votes that is known"),
        ("v.csv.gz", "x", "broken gzip"),
    ],
)
def test_what_is_no_export_is_refused_with_the_reason(file, name, content, message):
    with pytest.raises(DataError, match=message):
        read(file(name, content))


def test_a_file_that_is_too_large_is_refused_before_it_fills_the_memory(file, monkeypatch):
    monkeypatch.setattr(exports, "LIMIT", 1 << 20)
    packed = file("v.csv.gz", gzip.compress(b"item,annotator,label\n" + b"1,r,a\n" * 1_000_000))
    with pytest.raises(DataError, match="more than 1 MB; pull the project from its server, or split"):
        read(packed)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(MissingFileError, match="no such file"):
        read(tmp_path / "no.csv")
