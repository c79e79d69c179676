import json

import pytest

from toolkit.tables import read_table, write_table

WORDS = [f"w{n}" for n in range(400)]
ROWS = [
    {"key": "a", "body": " ".join(WORDS[:200])},
    {"key": "b", "body": " ".join(WORDS[:180])},
    {"key": "c", "body": " ".join(WORDS[100:140])},
    {"key": "d", "body": " ".join(WORDS[200:])},
    {"key": "e", "body": ""},
]


def write(path, rows):
    write_table(path, rows)
    return path


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet"])
def test_a_table_of_any_kind_is_clustered(stance, tmp_path, name):
    said = stance("duplicates", write(tmp_path / name, ROWS), "--text", "body", "--id", "key")
    assert [(row["article_id"], row["kind"]) for row in said.rows] == [("a", "near"), ("b", "near"), ("c", "contained")]
    assert len({row["cluster"] for row in said.rows}) == 1


def test_rows_without_ids_are_known_by_their_number(stance, tmp_path):
    rows = [{"text": row["body"]} for row in ROWS]
    assert [row["article_id"] for row in stance("duplicates", write(tmp_path / "t.csv", rows)).rows] == ["1", "2", "3"]


def test_the_threshold_decides_what_is_near(stance, tmp_path):
    rows = [{"id": "a", "text": ROWS[0]["body"]}, {"id": "b", "text": " ".join(WORDS[100:300])}]
    table = write(tmp_path / "t.csv", rows)  # 96 of 296 shingles shared
    assert stance("duplicates", table).rows == []
    assert len(stance("duplicates", table, "--threshold", "0.3").rows) == 2
    assert stance("duplicates", table, "--threshold", "2").code == 2


def test_facts_count_articles_clusters_and_kinds(stance, tmp_path):
    said = stance("duplicates", write(tmp_path / "t.csv", ROWS), "--text", "body", "--id", "key", "--json")
    assert said.facts == {
        "schema": 2,
        "articles": 5,
        "empty": 1,
        "threshold": 0.5,
        "clustered": 3,
        "kinds": {"contained": 1, "near": 2},
        "clusters": 1,
    }


def test_the_output_is_what_its_name_says(stance, tmp_path):
    source = write(tmp_path / "t.csv", ROWS)
    for name in ("c.csv", "c.jsonl", "c.parquet"):
        said = stance("duplicates", source, "--text", "body", "--id", "key", "-o", tmp_path / name)
        assert said.out == "3 of 5 articles in 1 cluster\n"
        assert [row["article_id"] for row in read_table(tmp_path / name)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no column 'text'; the table has key, body"),
        (("--text", "body", "--id", "nr"), "no column 'nr'; the table has key, body"),
        (("--text", "body", "--id", "body"), "row 5: no id; name the column with ids by --id"),
    ],
)
def test_a_column_that_is_not_there_is_named(stance, tmp_path, options, message):
    said = stance("duplicates", write(tmp_path / "t.csv", ROWS), *options)
    assert (said.code, said.out) == (1, "")
    assert message in said.err


def test_a_second_row_with_an_id_is_refused(stance, tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps({"nr": 7, "text": text}) + "\n" for text in "ab"))
    said = stance("duplicates", path, "--id", "nr")
    assert said.code == 1
    assert "row 2: a second row with the id '7'" in said.err


def test_a_text_that_is_a_number_is_refused(stance, tmp_path):
    said = stance("duplicates", write(tmp_path / "t.parquet", [{"id": "a", "text": 5}]))
    assert said.code == 1
    assert "row 1: the text is 5; name the column with texts by --text" in said.err
