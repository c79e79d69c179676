"""Baselines on tables of the user's own: `train`, `evaluate`, `predict`."""

import csv
import json

import pytest
from support.command import stance

from toolkit.tables import read_table

TEXT = """Ferry returns to Vesper Bay after nine years

The ferry came back on Monday, an hour late and half empty, to applause from the quay.

“We had stopped waiting,” said Ida Renn, who keeps the kiosk at the landing stage.
"""


def facts_of(*words):
    return json.loads(stance(*words, "--json").out)


def write_csv(path, rows):
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def labelled(tmp_path):
    words = {"for": "splendid proud gain", "against": "scandal failure anger"}
    rows = [
        {"text": f"{words[label]} day {n}", "label": label, "article": f"a{n // 4}", "split": split}
        for split, count in (("train", 40), ("test", 16))
        for n in range(count)
        for label in [("for", "against")[n % 2]]
    ]
    rows = [row | {"article": row["split"] + row["article"]} for row in rows]
    return write_csv(tmp_path / "labelled.csv", rows)


def test_a_model_of_separable_labels_predicts_and_scores_them_without_error(labelled, tmp_path):
    model = tmp_path / "model"
    facts = facts_of("train", labelled, "--split", "split", "--group", "article", "-o", model)
    assert facts["test"]["macro_f1"]["value"] == 1.0
    assert [rung["name"] for rung in facts["rungs"]] == ["majority", "tfidf"]
    assert facts["test"]["macro_f1"]["clusters"] == 4
    facts = facts_of("predict", model / "model.skops", labelled, "-o", tmp_path / "p.csv")
    assert facts["labels"] == {"against": 28, "for": 28}
    gold = write_csv(tmp_path / "g.csv", [{"item": n, **row} for n, row in enumerate(read_table(labelled), 1)])
    facts = facts_of("evaluate", tmp_path / "p.csv", "--gold", gold, "--cluster", "article")
    assert facts["test"]["accuracy"]["value"] == 1.0


def test_ids_of_a_table_are_kept_and_ids_that_do_not_meet_are_an_error(labelled, tmp_path):
    stance("train", labelled, "-o", tmp_path / "model")
    rows = [{"id": f"x{n}", **row} for n, row in enumerate(read_table(labelled))]
    table = write_csv(tmp_path / "t.csv", rows)
    stance("predict", tmp_path / "model" / "model.skops", table, "-o", tmp_path / "p.csv")
    assert [row["id"] for row in read_table(tmp_path / "p.csv")] == [row["id"] for row in rows]
    gold = write_csv(tmp_path / "g.csv", [{"id": n, **row} for n, row in enumerate(read_table(labelled))])
    result = stance("evaluate", tmp_path / "p.csv", "--gold", gold)
    assert result.code == 1
    assert "none of its ids is in" in result.err


def test_folds_are_called_grouped_only_where_rows_are(labelled, tmp_path):
    alone = stance("train", labelled, "-o", tmp_path / "m").out
    grouped = stance("train", labelled, "--group", "article", "-o", tmp_path / "m").out
    assert "macro-F1, 5-fold (n 56)" in alone
    assert "on test" not in alone
    assert "macro-F1, grouped 5-fold (n 56)" in grouped


def test_predict_labels_an_article_paragraph_by_paragraph(labelled, tmp_path):
    stance("train", labelled, "-o", tmp_path / "model")
    (tmp_path / "a.txt").write_text(TEXT.replace("applause", "scandal and anger"))
    out = stance("predict", tmp_path / "model" / "model.skops", tmp_path / "a.txt").out
    rows = [json.loads(line) for line in out.splitlines()]
    assert next(row["label"] for row in rows) == "against"
    assert len(rows) == 2
    assert all(row["p_for"] + row["p_against"] == pytest.approx(1) for row in rows)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "m.skops").write_text("no model")
    (tmp_path / "a.txt").write_text(TEXT)
    result = stance("predict", tmp_path / "m.skops", tmp_path / "a.txt")
    assert result.code == 1
    assert "not a model of the toolkit" in result.err


def test_training_without_a_place_for_the_model_is_wrong_usage(labelled):
    assert stance("train", labelled).code == 2


def test_rows_of_the_gold_without_a_prediction_count_as_wrong(tmp_path):
    predictions = write_csv(tmp_path / "p.csv", [{"id": "1", "label": "for"}])
    gold = write_csv(
        tmp_path / "g.csv", [{"id": n, "label": label} for n, label in zip("123", ("for", "for", ""), strict=True)]
    )
    facts = facts_of("evaluate", predictions, "--gold", gold)
    assert facts["test"]["accuracy"]["value"] == 1 / 2
    assert facts["excluded"] == {"without_prediction": 1, "without_gold": 1}
    line = stance("evaluate", predictions, "--gold", gold).out
    assert "(n 2); 1 row without a prediction, 1 without gold" in line


def test_a_repeated_id_of_the_predictions_is_refused_with_its_file(tmp_path):
    predictions = write_csv(tmp_path / "p.csv", [{"id": "1", "label": "for"}] * 2)
    gold = write_csv(tmp_path / "g.csv", [{"id": "1", "label": "for"}])
    result = stance("evaluate", predictions, "--gold", gold)
    assert result.code == 1
    assert f"{predictions}: the id '1' is repeated" in result.err


def test_a_split_that_is_none_is_refused_with_its_row(labelled, tmp_path):
    rows = read_table(labelled)
    rows[2]["split"] = "dev"
    result = stance("train", write_csv(tmp_path / "t.csv", rows), "--split", "split", "-o", tmp_path / "m")
    assert result.code == 1
    assert "row 3: split 'dev'; allowed: train, validation, test" in result.err


def test_a_split_that_shares_groups_and_texts_is_said_and_refused_where_strict(tmp_path):
    words = {"for": "splendid proud gain", "against": "scandal failure anger"}
    rows = [
        {"text": f"{words[label]} at the ferry {n % 20}", "label": label, "article": n % 20, "split": split}
        for n in range(40)
        for label, split in [(("for", "against")[n % 2], "train" if n < 20 else "test")]
    ]
    table = write_csv(tmp_path / "t.csv", rows)
    line = stance("train", table, "--split", "split", "--group", "article", "-o", tmp_path / "m").out
    assert "caution: in more than one split: 20 groups" in line
    assert "20 identical texts" in line
    assert "40 labelled rows in 20 groups are few" in line
    facts = json.loads((tmp_path / "m" / "scores.json").read_text())
    assert facts["overlap"]["groups"] == facts["overlap"]["texts"] == 20
    words_strict = ("train", table, "--split", "split", "--group", "article", "-o", tmp_path / "n", "--strict")
    assert stance(*words_strict).code == 1
    assert not (tmp_path / "n").exists()
