"""JSON_MIN, CSV and TSV, made of tasks by Label Studio's own converter."""

import itertools
import json

import pytest
from support.command import stance

from toolkit.tables import read_table

CONFIG = """<View><Text name="t" value="$body"/>
<Choices name="stance" toName="t"><Choice value="for"/></Choices>
<Labels name="marks" toName="t"><Label value="Who"/></Labels>
<TextArea name="note" toName="t" perRegion="true"/>
<TextArea name="reason" toName="t"/>
<Choices name="NAME" toName="t"><Choice value="for"/></Choices></View>"""
KINDS = {"json": "", "min.json": "JSON_MIN", "csv": "CSV", "tsv": "TSV"}
FLAT = ("min.json", "csv", "tsv")


def part(name, kind="choices", **value):
    return {"from_name": name, "to_name": "t", "type": kind, "value": value, "id": "r1"}


def choice(name, *labels):
    return part(name, choices=list(labels))


class Project:
    """Tasks and their annotations, as files of every kind."""

    def __init__(self, folder):
        self._folder = folder
        self._numbers = itertools.count(1)
        self._files = itertools.count(1)

    def annotation(self, account, *parts, **more):
        number = next(self._numbers)
        times = {"created_at": f"2026-03-01T10:{number:02}:00Z", "updated_at": f"2026-03-01T11:{number:02}:00Z"}
        return {"id": number, "completed_by": account, "result": list(parts), "lead_time": 3.0, **times, **more}

    def files(self, *tasks, name="other"):
        converter = pytest.importorskip("label_studio_sdk.converter").Converter
        folder = self._folder / str(next(self._files))
        folder.mkdir()
        source = folder / "e.json"
        source.write_text(json.dumps(tasks))
        for suffix, kind in KINDS.items():
            if kind:
                made = converter(CONFIG.replace("NAME", name), str(folder))
                made.convert(str(source), str(folder / kind), kind, is_dir=False)
                (file,) = (path for path in (folder / kind).iterdir() if path.is_file())
                file.rename(folder / f"e.{suffix}")
        return {suffix: folder / f"e.{suffix}" for suffix in KINDS}


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def task(number, data, *annotations):
    return {"id": number, "data": data, "annotations": list(annotations), "drafts": [], "predictions": []}


def pulled(tmp_path, *files, words=()):
    output = tmp_path / "votes.jsonl"
    output.unlink(missing_ok=True)
    result = stance("pull", *itertools.chain(*(("--from", file) for file in files)), *words, "-o", output)
    rows = read_table(output) if output.exists() else []
    return result, [(row["item"], row["annotator"], row["label"]) for row in rows]


def two_tasks(project, name, data):
    """Two people who disagree on the first of two tasks."""

    def annotated(number, *labels):
        annotations = [project.annotation(account, choice(name, label)) for account, label in enumerate(labels, 2)]
        return task(number, {"body": f"Ferry {number}", **data(number)}, *annotations)

    return project.files(annotated(1, "for", "against"), annotated(2, "for", "for"), name=name)


VOTES = [("1", "person-1", "for"), ("1", "person-2", "against"), ("2", "person-1", "for"), ("2", "person-2", "for")]


@pytest.mark.parametrize("name", ["label", "text", "state", "item", "item_id", "seconds", "created"])
def test_a_question_named_like_any_column_is_read_from_every_format(project, tmp_path, name):
    for suffix, file in two_tasks(project, name, lambda _: {}).items():
        assert pulled(tmp_path, file, words=("--question", name))[1] == VOTES, suffix
    for suffix, file in two_tasks(project, name, lambda number: {name: f"data {number}"}).items():
        votes = [row[1:] for row in pulled(tmp_path, file, words=("--question", name))[1]]
        assert votes == [row[1:] for row in VOTES], suffix


def test_answers_to_a_question_named_id_leave_the_tasks_apart(project, tmp_path):
    for data in (lambda _: {}, lambda number: {"id": f"p{number}"}):
        files = two_tasks(project, "id", data)
        votes = pulled(tmp_path, files["min.json"], words=("--question", "id"))[1]
        assert [row[1:] for row in votes] == [row[1:] for row in VOTES]
        assert len({item for item, *_ in votes}) == 2
    assert pulled(tmp_path, files["csv"], words=("--question", "id"))[1][0] == ("p1", "person-1", "for")


@pytest.mark.parametrize("name", ["label", "text", "id", "state", "item", "annotator", "lead_time", "created_at"])
def test_a_column_of_the_data_hides_no_answer(project, tmp_path, name):
    files = two_tasks(project, "stance", lambda number: {name: f"data {number}"})
    assert pulled(tmp_path, files["min.json"])[1] == VOTES
    result, _ = pulled(tmp_path, files["min.json"], words=("--question", name))
    assert result.code == 2
    assert "are in the export as JSON" in result.err
    for suffix in ("csv", "tsv"):
        assert pulled(tmp_path, files[suffix])[0].code == 2
        assert [row[1:] for row in pulled(tmp_path, files[suffix], words=("--question", "stance"))[1]] == [
            row[1:] for row in VOTES
        ]


def test_data_is_not_taken_for_the_answers_that_an_export_has_lost(project, tmp_path):
    files = two_tasks(project, "annotator", lambda _: {})  # the account stands in place of the answer
    assert pulled(tmp_path, files["json"])[1] == VOTES
    assert "no question in it" in pulled(tmp_path, files["min.json"])[0].err
    assert "'body' may be data; if it holds answers, give --question body" in pulled(tmp_path, files["csv"])[0].err


def test_deleted_accounts_are_left_out_of_every_format(project, tmp_path):
    given = [(None, "for"), (None, "against"), (3, "for")]
    files = project.files(task(1, {"body": "A"}, *(project.annotation(who, choice("stance", x)) for who, x in given)))
    for suffix, file in files.items():
        result, votes = pulled(tmp_path, file, words=("--question", "stance"))
        assert votes == [("1", "person-1", "for")], suffix
        assert "not counted: 2 of deleted accounts" in result.out, suffix


def test_a_note_about_a_region_is_refused_in_every_format(project, tmp_path):
    marks = [part("marks", "labels", start=n, end=n + 4, text="x", labels=["Who"]) for n in (0, 6)]
    notes = [part("note", "textarea", start=n, end=n + 4, text=[f"note {n}"]) for n in (0, 6)]
    files = project.files(task(1, {"body": "Anna met Bo."}, project.annotation(2, *marks, *notes)))
    for file in files.values():
        assert "'note' is asked about each marked region" in pulled(tmp_path, file, words=("--question", "note"))[0].err
        assert len(pulled(tmp_path, file, words=("--question", "marks"))[1]) == 1


def test_a_text_that_looks_like_a_list_is_a_text_in_json(project, tmp_path):
    files = project.files(
        task(1, {"body": "A"}, project.annotation(2, part("reason", "textarea", text=['["one", "two"]'])))
    )
    for suffix in ("json", "min.json"):
        assert pulled(tmp_path, files[suffix], words=("--question", "reason"))[1][0][2] == '["one", "two"]'


def test_a_place_inside_a_column_is_an_item_and_a_text_in_every_format(project, tmp_path):
    data = {"doc": {"body": "A", "key": "p9"}}
    files = project.files(task(1, data, project.annotation(2, choice("stance", "for"))))
    for suffix, file in files.items():
        words = ("--question", "stance", "--item", "doc.key", "--text", "doc.body")
        assert pulled(tmp_path, file, words=words)[1] == [("p9", "person-1", "for")], suffix
        assert read_table(tmp_path / "votes.jsonl")[0]["text"] == "A"
        assert "no column 'doc.title'" in pulled(tmp_path, file, words=(*words, "--text", "doc.title"))[0].err


def test_two_servers_are_told_apart_in_every_format_and_one_is_one(tmp_path):
    first, second = Project(tmp_path), Project(tmp_path)
    second._files = itertools.count(10)
    here = first.files(task(1, {"body": "A"}, first.annotation(2, choice("stance", "for"))))
    later = first.files(task(1, {"body": "A"}, first.annotation(3, choice("stance", "against"))))
    there = second.files(
        task(1, {"body": "A"}, second.annotation(2, choice("stance", "against"), created_at="2020-01-01T00:00:00Z"))
    )
    for one, other in itertools.product(KINDS, KINDS):
        words = ("--question", "stance")
        assert {row[0] for row in pulled(tmp_path, here[one], there[other], words=words)[1]} == {"1#1", "1#2"}
        assert {row[0] for row in pulled(tmp_path, here[one], later[other], words=words)[1]} == {"1"}
