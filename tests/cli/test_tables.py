"""Verbs on files of a user's own."""

import csv

import pytest

from toolkit.tables import read_table

TEXT = """Ferry returns to Vesper Bay after nine years

The ferry came back on Monday, an hour late and half empty, to applause from the quay.

“We had stopped waiting,” said Ida Renn, who keeps the kiosk at the landing stage.
"""


def write_csv(path, rows):
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def votes(tmp_path):
    table = {"r1": "aabb", "r2": "aabb", "r3": "ab b"}
    rows = [
        {"item": str(n), "annotator": who, "label": label, "article": str(n // 2)}
        for who, labels in table.items()
        for n, label in enumerate(labels)
    ]
    return write_csv(tmp_path / "votes.csv", rows)


def test_segment_prints_paragraphs_with_offsets(stance, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    rows = stance("segment", path).rows
    assert [row["role"] for row in rows] == ["headline", "body", "body"]
    assert all(TEXT[row["start"] : row["end"]] == row["text"] for row in rows)


def test_segment_names_the_rule_behind_each_role(stance, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    assert all(row["rule"] for row in stance("segment", path, "--explain").rows)


def test_segment_writes_a_table_and_says_one_line(stance, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(TEXT)
    said = stance("segment", path, "-o", tmp_path / "p.csv")
    assert said.out == f"1 article, 3 paragraphs: {tmp_path / 'p.csv'}\n"
    assert len(read_table(tmp_path / "p.csv")) == 3


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "empty; nothing to segment"), (b"\x89PNG\0\0", "a binary file, not a text")]
)
def test_what_cannot_be_an_article_is_refused(stance, tmp_path, content, message):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    said = stance("segment", path)
    assert (said.code, said.out) == (1, "")
    assert message in said.err


def test_ingest_counts_what_it_leaves_out(stance, tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT)
    (folder / "b.txt").write_text("")
    said = stance("ingest", folder, "-o", tmp_path / "out.jsonl", "--set", "outlet=coast_weekly", "--json")
    assert said.facts["articles"] == 1
    assert said.facts["dropped"] == {"empty": 1}
    assert read_table(tmp_path / "out.jsonl")[0]["outlet"] == "coast_weekly"
    assert read_table(tmp_path / "out.dropped.jsonl")[0]["reason"] == "empty"


def test_ingest_that_finds_no_article_writes_nothing(stance, tmp_path):
    (tmp_path / "b.txt").write_text("")
    said = stance("ingest", tmp_path / "b.txt", "-o", tmp_path / "out.jsonl")
    assert said.code == 1
    assert "no article found; left out: 1 empty" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_a_set_without_a_value_is_wrong_usage(stance, tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    said = stance("ingest", tmp_path / "a.txt", "-o", tmp_path / "o.jsonl", "--set", "outlet")
    assert said.code == 2


def test_agreement_of_a_table(stance, votes):
    said = stance("agreement", votes, "--cluster", "article", "--json")
    found = said.facts["questions"]["label"]
    # items: aaa aab b?b bbb -> coincidences aa 3+1, bb 2+3, ab 1 each; n = 11
    alpha = 1 - (11 - 1) * 2 / (11**2 - 5**2 - 6**2)
    assert found["alpha"]["value"] == pytest.approx(alpha)
    assert (found["n_items"], found["n_votes"], found["alpha"]["clusters"]) == (4, 11, 2)


def test_aggregate_of_a_table(stance, votes, tmp_path):
    said = stance("aggregate", votes, "-o", tmp_path / "gold.csv", "--json")
    assert (said.facts["resolved"], said.facts["unresolved"]) == (4, 0)
    assert [row["label"] for row in read_table(tmp_path / "gold.csv")] == ["a", "a", "b", "b"]


def test_a_second_vote_is_refused_with_its_row(stance, tmp_path):
    rows = [{"item": "1", "annotator": "r", "label": label} for label in "ab"]
    said = stance("agreement", write_csv(tmp_path / "v.csv", rows))
    assert said.code == 1
    assert "v.csv, row 2: a second vote of annotator r on item 1" in said.err


def test_a_missing_column_names_those_that_there_are(stance, votes):
    said = stance("agreement", votes, "--item", "unit")
    assert said.code == 1
    assert "no column 'unit'; the table has item, annotator, label, article" in said.err


def test_aggregate_without_a_file_prints_rows(stance, votes):
    rows = stance("aggregate", votes).rows
    assert [(row["item"], row["label"]) for row in rows][:2] == [("0", "a"), ("1", "a")]


def test_duplicates_of_the_sample(stance):
    from pathlib import Path

    rows = stance("duplicates", Path(__file__).parents[2] / "data/raw/sample.jsonl").rows
    assert [row["kind"] for row in rows] == ["near", "near"]
