"""`evaluate` on tables of other programs and on files that the toolkit wrote."""

import json

import pyarrow
import pyarrow.parquet
from support.command import stance

from toolkit.tables import read_table


def _csv(path, text):
    path.write_text(text)
    return path


def _evaluated(predictions, gold, *words):
    return json.loads(stance("evaluate", predictions, "--gold", gold, *words, "--json").out)


def _parquet(path, columns, features=None):
    table = pyarrow.table(columns)
    if features:
        named = {"info": {"features": {name: {"names": n, "_type": "ClassLabel"} for name, n in features.items()}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(named)})
    pyarrow.parquet.write_table(table, path)
    return path


def test_no_prediction_is_not_the_label_none(tmp_path):
    gold = _csv(tmp_path / "g.csv", "id,label\n1,None\n2,favour\n3,None\n")
    predictions = _parquet(tmp_path / "p.parquet", {"id": [1, 2, 3], "label": [None, "favour", " "]})
    facts = _evaluated(predictions, gold)
    assert facts["excluded"]["without_prediction"] == 2
    assert facts["test"]["accuracy"]["value"] == 1 / 3


def test_doubled_ids_of_the_gold_are_refused(tmp_path):
    gold = _csv(tmp_path / "g.csv", "id,label\n1,favour\n1,against\n2,favour\n")
    result = stance("evaluate", _csv(tmp_path / "p.csv", "id,label\n1,favour\n2,favour\n"), "--gold", gold)
    assert result.code == 1
    assert "1 id repeated, first '1'" in result.err


def test_labels_that_the_gold_does_not_know_are_named_with_the_nearest(tmp_path):
    gold = _csv(tmp_path / "g.csv", "id,label\n1,favour\n2,against\n")
    predictions = _csv(tmp_path / "p.csv", "id,label\n1,Favour\n2,agianst\n")
    line = stance("evaluate", predictions, "--gold", gold).out
    assert "'Favour' (1) for 'favour', 'agianst' (1) for 'against'" in line
    assert _evaluated(predictions, gold)["unknown_labels"] == {"Favour": 1, "agianst": 1}


def test_whole_numbers_are_one_label_in_every_format(tmp_path):
    gold = _csv(tmp_path / "g.csv", "id,label\n1,0\n2,1\n")
    predictions = _parquet(tmp_path / "p.parquet", {"id": [1.0, 2.0], "label": [0.0, 1.0]})
    assert _evaluated(predictions, gold)["test"]["accuracy"]["value"] == 1


def test_each_file_may_have_an_id_column_of_its_own(tmp_path):
    gold = _csv(tmp_path / "g.csv", "paragraph,label\n1,favour\n2,against\n")
    predictions = _csv(tmp_path / "p.csv", "row,label\n1,favour\n2,against\n")
    facts = _evaluated(predictions, gold, "--id", "row", "--gold-id", "paragraph")
    assert facts["test"]["accuracy"]["value"] == 1


def test_a_gold_of_several_questions_needs_one(tmp_path):
    rows = [
        {"item": item, "question": question, "label": label}
        for item, question, label in (("a", "stance", "favour"), ("a", "tone", "calm"), ("b", "stance", "against"))
    ]
    gold = tmp_path / "gold.jsonl"
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows))
    predictions = _csv(tmp_path / "p.csv", "id,label\na,favour\nb,favour\n")
    assert "it holds the questions stance, tone; choose one with --question" in (
        stance("evaluate", predictions, "--gold", gold).err
    )
    assert "no question 'mood'" in stance("evaluate", predictions, "--gold", gold, "--question", "mood").err
    assert _evaluated(predictions, gold, "--question", "stance")["test"]["accuracy"]["value"] == 1 / 2


def test_predictions_of_train_are_judged_on_numbered_labels(tmp_path):
    columns = {"id": ["a", "b", "b"], "label": ["favour", "against", "favour"], "fold": [1, None, 0]}
    predictions = _parquet(tmp_path / "p.parquet", columns)
    gold = _parquet(tmp_path / "g.parquet", {"id": ["a", "b"], "stance": [1, 0]}, {"stance": ["against", "favour"]})
    facts = _evaluated(predictions, gold, "--label", "stance")
    assert set(facts["test"]["per_label"]) == {"against", "favour"}
    assert facts["test"]["accuracy"]["value"] == 1  # b is judged by the final model, not by a fold


def test_numbered_labels_of_a_parquet_are_learnt_by_name(tmp_path):
    texts = ["splendid ferry", "ruined mill"] * 6
    columns = {"id": list(range(12)), "text": texts, "stance": [1, 0] * 6}
    table = _parquet(tmp_path / "t.parquet", columns, {"stance": ["against", "favour"]})
    words = ("train", table, "--label", "stance", "--id", "id", "-o", tmp_path / "m", "--json")
    assert json.loads(stance(*words).out)["labels"] == ["against", "favour"]
    assert _evaluated(tmp_path / "m" / "predictions.parquet", table, "--label", "stance")["test"]["macro_f1"]["n"] == 12


def test_a_column_may_be_missing_in_the_first_row(tmp_path):
    rows = [{"id": 0, "text": "ferry"}] + [
        {"id": n, "text": "ab"[n % 2] * 3, "label": "xy"[n % 2]} for n in range(1, 9)
    ]
    table = tmp_path / "t.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert json.loads(stance("train", table, "-o", tmp_path / "m", "--json").out)["excluded"] == {"unresolved": 1}


def test_numbered_labels_beside_nested_columns_are_read_by_name(tmp_path):
    path = tmp_path / "t.parquet"
    features = {
        "votes": {"favour": {"dtype": "int32", "_type": "Value"}},  # a struct has no `_type`, as `build` writes it
        "flags": [{"dtype": "string", "_type": "Value"}],  # nor has a list of older versions
        "stance": {"names": ["against", "favour"], "_type": "ClassLabel"},
    }
    table = pyarrow.table({"votes": [{"favour": 2}], "stance": [1]})
    pyarrow.parquet.write_table(
        table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})}), path
    )
    assert [row["stance"] for row in read_table(path)] == ["favour"]
