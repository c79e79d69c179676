import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.labels.erasure import (
    PERSON_FIELDS,
    erase_from_table,
    erased_file,
    files_naming,
    without_annotations,
    without_lines,
    without_mentions,
)
from toolkit.people import erasure_records_in
from toolkit.tables import read_table, write_table

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


OTHERS = ("ann_2", "ann-2", "ann.b", "Ann", "joann", "anna")


def test_people_whose_names_contain_the_name_stay_in_every_file(tmp_path):
    names = ["ann", *OTHERS]
    rows = [
        {"annotator": name, "adjudicator": name, "pseudonym": name, "answers": {"comment": "as ann"}} for name in names
    ]
    for file in PERSON_FIELDS:
        (tmp_path / file).write_text("".join(json.dumps(row) + "\n" for row in rows))
        erased = erased_file(tmp_path / file, "ann")
        left = [json.loads(line) for line in erased.data.splitlines()]
        assert (left, erased.removed) == (rows[1:], 1), file


def test_mentions_of_others_stay_in_the_record_of_runs(tmp_path):
    row = {
        "outputs": {f"out/{name}.xlsx": "x" for name in ("ann", *OTHERS)},
        "facts": dict.fromkeys(("ann", *OTHERS), 1),
    }
    (tmp_path / "runs.jsonl").write_text(json.dumps(row) + "\n")
    erased = erased_file(tmp_path / "runs.jsonl", "ann")
    left = json.loads(erased.data)
    assert list(left["facts"]) == ["withdrawn", *OTHERS]
    assert list(left["outputs"]) == ["out/withdrawn.xlsx", *(f"out/{name}.xlsx" for name in OTHERS)]
    assert erased.removed == 2


def test_two_people_who_withdrew_are_two_entries_of_one_object():
    data = json.dumps({"facts": {"withdrawn": 3, "ann": 4}}).encode()
    assert json.loads(without_mentions(data, "ann").data) == {"facts": {"withdrawn": 3, "withdrawn (2)": 4}}


def test_a_torn_line_of_the_record_of_runs_is_cleaned_too():
    torn = b'{"facts": {"bo": 1}}\n{"facts": {"ann": 1, "ann_2": 2'
    assert without_mentions(torn, "ann").data == b'{"facts": {"bo": 1}}\n{"facts": {"withdrawn": 1, "ann_2": 2\n'


def test_a_spreadsheet_that_names_the_person_is_found(tmp_path):
    for name in ("ann", "ann_2"):
        write_table(tmp_path / f"sheet of {name}.xlsx", [{"annotator": name}])
        write_table(tmp_path / f"{name}.csv", [{"annotator": "x"}])
    (tmp_path / "notes.txt").write_text("ann_2 and Ann and ann.b")
    found = files_naming(sorted(tmp_path.iterdir()), "ann")
    assert [Path(path).name for path in found] == ["ann.csv", "sheet of ann.xlsx"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_a_table_loses_the_rows_of_the_person_alone(tmp_path, suffix):
    rows = [{"item": "1", "annotator": name, "label": "x"} for name in ("ann", *OTHERS)]
    path = tmp_path / f"v{suffix}"
    write_table(path, rows)
    assert erase_from_table(path, "ann", None).rows == 1
    assert read_table(path) == rows[1:]
    wide = tmp_path / f"w{suffix}"
    write_table(wide, [{"item": "1"} | dict.fromkeys(("ann", *OTHERS), "x")])
    erased = erase_from_table(wide, "ann", None)
    assert (erased.rows, erased.wide, list(read_table(wide)[0])) == (1, True, ["item", *OTHERS])
    assert len(erasure_records_in(tmp_path / "w.withdrawals.jsonl")) == 1


def test_a_person_whom_a_format_calls_10_point_0_is_10(tmp_path):
    write_table(
        tmp_path / "v.parquet", [{"item": 1, "annotator": 10.0, "label": 1}, {"item": 1, "annotator": 11.0, "label": 1}]
    )
    assert erase_from_table(tmp_path / "v.parquet", "10", None).rows == 1
