import gzip
import json

import pytest

from toolkit.errors import DataError, MissingFileError, UsageError
from toolkit.exchange import exports
from toolkit.exchange.exports import read_submissions
from toolkit.exchange.results import label_text
from toolkit.exchange.submissions import write_vote_table
from toolkit.exchange.task_data import ColumnMap
from toolkit.exchange.vote_files import merged_submissions, read_vote_files, table_question


def read(path, **columns):
    return read_submissions(path, ColumnMap(**columns))


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


@pytest.mark.parametrize("content", ["item;annotator;label\n1;r;a\n", "item\tannotator\tlabel\n1\tr\ta\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_table_as_spreadsheet_programs_save_it_is_read(file, content, encoding):
    assert told(read(file("v.csv", content.encode(encoding)))) == [("1", "r", "a", "submitted")]


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
        ("v.csv", "item,annotator,label\n1,r\n", "v.csv:2: 2 cells, but the header has 3"),
        ("v.csv", "item,item,label\n1,r,a\n", "two columns are named 'item'"),
        ("v.csv", "", "empty; a first line with the names"),
        ("v.csv", "item,annotator,label\n", "no rows; the table needs at least one row"),
        ("v.csv", "unit,annotator,label\n1,r,a\n", "no column 'item'; the table has unit, annotator, label"),
        ("v.csv", "item,annotator,label,seconds\n1,r,a,soon\n", "v.csv:2: 'soon' is no number of seconds"),
        ("v.csv", "item,annotator,label,created\n1,r,a,soon\n", "v.csv:2: 'soon' is no time"),
        ("v.jsonl", "<html><body>Log in", "a web page, not an export"),
        ("v.jsonl", "{'item': 1}", "v.jsonl:1: not a JSON object"),
        ("v.parquet", "PAR0", "not Parquet"),
        ("v.docx", "x", "unknown kind of file; known are"),
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


# --- what tells answers, items and people apart ----------------------------------------------------------------------


def annotation(number, account, label="for", **more):
    result = [{"from_name": "stance", "type": "choices", "value": {"choices": [label]}}]
    times = {"created_at": f"2024-07-03T10:00:{number % 60:02}Z", "updated_at": "2024-07-03T12:00:00Z"}
    return {"id": number, "completed_by": account, "result": result, **times, **more}


def task(number, text, *annotations, **data):
    return {"id": number, "data": {"text": text, **data}, "annotations": list(annotations)}


def flat(*rows, keys=("text", "label", "id", "stance", "annotator", "annotation_id", "lead_time", "created_at")):
    return json.dumps([dict(zip(keys, row, strict=True)) for row in rows])


def test_a_column_of_the_data_is_never_an_answer(file):
    rows = [("A ferry.", "neg", 5, "for", 2, 31, 1.0, "2024-07-03"), ("A ferry.", "neg", 5, "against", 3, 32, 1.0, "")]
    (first,) = read_vote_files([file("e.min.json", flat(*rows))], ColumnMap(), None)
    assert first.questions == ["stance"]
    assert table_question([first], ColumnMap(), ()) == "stance"
    table = "annotation_id,annotator,created_at,id,label,lead_time,stance,text\n31,2,,5,neg,1,for,A ferry.\n"
    (second,) = read_vote_files([file("e.csv", table)], ColumnMap(), None)
    with pytest.raises(UsageError, match="one question at a time; name it with --question: label, stance"):
        table_question([second], ColumnMap(), ())  # CSV sorts its columns, so that nothing tells data from answers


def test_a_question_may_be_named_like_a_fixed_column_of_a_table(file):
    keys = ("body", "id", "text", "state", "annotator", "annotation_id", "lead_time", "created_at")
    (submission,) = read(file("e.json", flat(("One", 5, "for", "Ohio", 2, 31, 1.0, ""), keys=keys)))
    assert submission.answers == {"text": ["for"], "state": ["Ohio"]}
    assert submission.text == ""


def test_tasks_without_an_item_are_items_of_their_own(file):
    tasks = [task(5, "A", annotation(1, 2), item_id=None), task(6, "B", annotation(2, 2), item_id="")]
    assert [row.item for row in read(file("e.json", json.dumps(tasks)))] == ["5", "6"]
    keys = ("item_id", "id", "stance", "annotator", "annotation_id", "lead_time")
    rows = flat((None, 5, "for", 2, 1, 1.0), (None, 6, "for", 2, 2, 1.0), keys=keys)
    assert [row.item for row in read(file("e.min.json", rows))] == ["5", "6"]


def test_a_place_inside_a_column_names_the_text(file):
    nested = {"id": 5, "data": {"doc": {"body": "A"}, "turns": [{"text": "B"}]}, "annotations": [annotation(1, 2)]}
    path = file("e.json", json.dumps([nested]))
    assert [read(path, text=name)[0].text for name in ("doc.body", "turns[0].text")] == ["A", "B"]
    with pytest.raises(DataError, match=r"no column 'doc.title'; its data has doc, turns"):
        read(path, text="doc.title")


def test_pages_of_the_api_target_storage_and_exports_before_1_0_are_read(file):
    one = task(5, "A", annotation(1, 2, was_cancelled=None), annotation(2, 3))
    assert len(read(file("page.json", json.dumps({"total": 1, "tasks": [one]})))) == 2
    stored = {**annotation(7, {"id": 4, "email": "Bo@studio.example"}), "task": {"id": 5, "data": {"text": "A"}}}
    (submission,) = read(file("9.json", json.dumps(stored)))
    assert (submission.item, submission.annotator, submission.text) == ("5", "account 4", "A")
    result = [{"from_name": "stance", "type": "choices", "value": {"choices": ["for"]}}]
    old = [{"id": n, "result": result, "created_at": 1600000000, "lead_time": 3} for n in (9, 10)]
    rows = read(file("old.json", json.dumps([{"id": 5, "data": {"text": "A"}, "completions": old}])))
    assert [(row.annotator, row.created) for row in rows] == [
        ("unknown-1", "2020-09-13T12:26:40.000000Z"), ("unknown-2", "2020-09-13T12:26:40.000000Z"),
    ]  # fmt: skip


def test_tasks_of_two_projects_with_one_number_are_two_items(file):
    first, second = ({**task(5, text, annotation(1, 2, project=n))} for n, text in ((3, "A"), (77, "B")))
    files = [file("a.json", json.dumps([first])), file("b.json", json.dumps([second]))]
    rows, doubles = merged_submissions(read_vote_files(files, ColumnMap(), None))
    assert (sorted(row.item for row in rows), doubles) == (["3/5", "77/5"], 0)


def test_tasks_of_two_servers_with_one_number_are_told_apart_by_their_texts(file):
    earlier = annotation(1, 2, "against") | {"created_at": "2020-01-01T00:00:00Z"}
    files = [
        file("a.json", json.dumps([task(5, "A", annotation(1, 2))])),
        file("b.json", json.dumps([task(5, "B", earlier)])),
    ]
    rows, doubles = merged_submissions(read_vote_files(files, ColumnMap(), None))
    assert (sorted((row.item, row.text) for row in rows), doubles) == ([("5#1", "A"), ("5#2", "B")], 0)
    edited = file("c.json", json.dumps([task(5, "A, edited", annotation(1, 2))]))  # the same annotation
    rows, doubles = merged_submissions(read_vote_files([files[0], edited], ColumnMap(), None))
    assert ([row.item for row in rows], doubles) == (["5"], 1)


def test_a_person_is_one_as_an_object_a_number_and_an_address(file):
    account = {"id": 2, "email": "Ann@Studio.example"}
    rows = [("A", "x", 5, "for", "ann@studio.EXAMPLE", 31, 1.0, "2024-07-03T10:00:31Z")]
    files = [
        file("a.json", json.dumps([task(5, "A", annotation(31, account), annotation(32, 2))])),
        file("b.min.json", flat(*rows)),
    ]
    submissions, doubles = merged_submissions(read_vote_files(files, ColumnMap(), None))
    assert ({row.annotator for row in submissions}, len(submissions), doubles) == ({"account 2"}, 2, 1)


def test_files_of_target_storage_need_no_suffix(tmp_path):
    folder = tmp_path / "storage"
    folder.mkdir()
    for number, account in ((7, 2), (8, 3)):
        stored = {**annotation(number, account), "task": {"id": 5, "data": {"text": "A"}}}
        (folder / str(number)).write_text(json.dumps(stored))
    files = read_vote_files([folder], ColumnMap(), None)
    assert [row.annotator for file in files for row in file.submissions] == ["account 2", "account 3"]


def test_a_skip_before_1_0_is_a_skip_and_people_without_a_name_are_said(file, tmp_path):
    result = [{"from_name": "stance", "type": "choices", "value": {"choices": ["for"]}}]
    old = [{"id": 9, "skipped": True, "result": None}, {"id": 10, "result": result, "created_at": 1600000000}]
    tasks = [{"id": 5, "data": {"text": "A"}, "completions": old}, {"id": 6, "data": {}, "completions": None}]
    rows = read(file("old.json", json.dumps(tasks)))
    assert [(row.state, row.has_author) for row in rows] == [("skipped", False), ("submitted", False)]
    table = write_vote_table(tmp_path / "v.csv", rows, "stance", str)
    assert "2 annotations without an author, so that unknown-1, unknown-2, … are places on an item" in table.line()
