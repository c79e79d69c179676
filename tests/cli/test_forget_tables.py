"""A person withdraws from a table of votes."""

import gzip
import json

import pytest

from toolkit.files import read_jsonl
from toolkit.people import ErasureRecord
from toolkit.tables import read_table, write_table

LONG = 'item,annotator,label,note\r\n1,ann,a,"says ""bo"",\r\nand more"\r\n1,bo,b,\r\n2, bo ,a,"x,y"\r\n2,cy,a,bo\r\n'
ROWS = [
    {"item": "1", "annotator": "ann", "label": "a"},
    {"item": "1", "annotator": "bo", "label": "b"},
    {"item": "2", "annotator": "bo", "label": "a"},
]


def test_rows_go_and_all_others_stay_byte_by_byte(stance, tmp_path):
    table = tmp_path / "votes.csv"
    table.write_bytes(b"\xef\xbb\xbf" + LONG.encode())
    table.chmod(0o640)
    said = stance("forget", table, "bo")
    assert (said.code, f"erased: 2 rows of {table}, 0 keys" in said.out) == (0, True), said.err
    kept = 'item,annotator,label,note\r\n1,ann,a,"says ""bo"",\r\nand more"\r\n2,cy,a,bo\r\n'
    assert table.read_bytes() == b"\xef\xbb\xbf" + kept.encode()
    assert table.stat().st_mode & 0o777 == 0o640
    (record,) = read_jsonl(tmp_path / "votes.withdrawals.jsonl", ErasureRecord)
    assert record.rows == 2
    assert "bo" not in (tmp_path / "votes.withdrawals.jsonl").read_text().replace("marks", "")
    again = stance("forget", table, "bo")
    assert (again.code, "nobody is called 'bo' in it" in again.err) == (1, True)


@pytest.mark.parametrize("name", ["votes.tsv", "votes.jsonl", "votes.parquet", "votes.csv.gz", "votes.jsonl.gz"])
@pytest.mark.parametrize("column", ["annotator", "worker"])
def test_every_kind_of_table_is_cleaned(stance, tmp_path, name, column):
    rows = [{column if key == "annotator" else key: value for key, value in row.items()} for row in ROWS]
    plain = tmp_path / name.removesuffix(".gz")
    write_table(plain, rows)
    if name.endswith(".gz"):
        (tmp_path / name).write_bytes(gzip.compress(plain.read_bytes()))
    facts = stance("forget", tmp_path / name, "bo", "--annotator", column, "--json").facts
    assert (facts["rows"], facts["wide"]) == (2, False)
    assert read_table(tmp_path / name) == rows[:1]


@pytest.mark.parametrize("name", ["wide.csv", "wide.jsonl", "wide.parquet"])
def test_of_a_wide_table_the_column_goes(stance, tmp_path, name):
    rows = [{"item": "1", "ann": "a", "bo": "b"}, {"item": "2", "ann": "a", "bo": ""}]
    write_table(tmp_path / name, rows)
    said = stance("forget", tmp_path / name, "bo")
    assert "erased: 1 cells of the person's column" in said.out
    assert read_table(tmp_path / name) == [{"item": "1", "ann": "a"}, {"item": "2", "ann": "a"}]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["votes.csv", "bo", "--annotator", "who"], "no column 'who', and none called 'bo'; the table has item, annot"),
        (["votes.csv", "zed"], "nobody is called 'zed' in it"),
        (["votes.txt", "bo"], "unknown kind of table '.txt'"),
        (["none.csv", "bo"], "no such file"),
        (["empty.csv", "bo"], "empty; a first line with the names of the columns is needed"),
    ],
)
def test_what_cannot_be_done_changes_nothing(stance, tmp_path, words, message):
    (tmp_path / "votes.csv").write_bytes(LONG.encode())
    (tmp_path / "votes.txt").write_text("bo")
    (tmp_path / "empty.csv").write_text("")
    said = stance("forget", tmp_path / words[0], *words[1:])
    assert (said.code, message in said.err) == (1, True), said.err
    assert (tmp_path / "votes.csv").read_bytes() == LONG.encode()
    assert {path.name for path in tmp_path.iterdir()} == {"votes.csv", "votes.txt", "empty.csv"}


def test_the_same_table_made_again_leaves_the_person_out(stance, tmp_path):
    source = tmp_path / "given.csv"
    write_table(source, [row | {"annotator": "Bea Holm"} if row["annotator"] == "bo" else row for row in ROWS])
    table = tmp_path / "votes.jsonl"
    assert stance("pull", "--from", source, "-o", table).code == 0
    keys = tmp_path / "votes.keys.json"
    assert {row["annotator"] for row in read_table(table)} == {"ann", "person-1"}
    facts = stance("forget", table, "person-1", "--json").facts
    assert (facts["rows"], facts["keys"]) == (2, 1)
    assert json.loads(keys.read_text())["people"] == []
    assert keys.stat().st_mode & 0o777 == 0o600
    rows = read_table(source)
    write_table(source, [*rows, {"item": "3", "annotator": "Cy Ode", "label": "a"}])
    facts = stance("pull", "--from", source, "-o", table, "--json").facts
    assert (facts["rows"], facts["withdrawn"]) == (2, 2)
    # Nobody else is ever given the name.
    assert {row["annotator"] for row in read_table(table)} == {"ann", "person-2"}
