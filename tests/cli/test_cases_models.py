"""The inputs of ../shared/cases/models, on which `train` and `evaluate` were wrong, with the right values."""

import json
from pathlib import Path

import pytest
from support.command import stance

from toolkit.tables import read_table

CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "models"
if not CASES.is_dir():
    CASES = Path(__file__).parents[3].parent / "shared" / "cases" / "models"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="../shared/cases/models is not there")


def _evaluated(predictions, gold):
    return json.loads(stance("evaluate", CASES / predictions, "--gold", CASES / gold, "--json").out)


def _macro_f1(name, directory, *words):
    facts = json.loads(stance("train", CASES / name, *words, "-o", directory, "--json").out)
    return facts["rungs"][1]["cross_validated"]["macro_f1"]


def test_predictions_are_judged_as_they_are():
    assert _evaluated("pred_nullstr.parquet", "gold_none.csv")["excluded"]["without_prediction"] == 40
    assert _evaluated("pred_empty.csv", "gold.csv")["excluded"]["without_prediction"] == 40
    assert set(_evaluated("pred_case.csv", "gold.csv")["unknown_labels"]) == {"For", "Against"}
    assert set(_evaluated("pred_ws.csv", "gold.csv")["unknown_labels"]) == {"for ", "against "}
    assert _evaluated("pred_float.parquet", "gold_int.parquet")["test"]["accuracy"]["value"] == 39 / 40
    doubled = stance("evaluate", CASES / "gold.csv", "--gold", CASES / "gold_dup_conflict.csv")
    assert doubled.code == 1
    assert "40 ids repeated, first '000'" in doubled.err


def test_tables_of_any_script_and_shape_are_learnt_from(tmp_path):
    assert _macro_f1("chinese_unique_clauses.csv", tmp_path)["n"] == 60
    assert _macro_f1("hindi_matra_pair.csv", tmp_path)["value"] == 1
    assert _macro_f1("first_row_without_label.jsonl", tmp_path, "--id", "id")["n"] == 59
    assert _macro_f1("utf16.csv", tmp_path)["n"] == 60
    assert "two columns are named 'label'" in stance("train", CASES / "dup_header.csv", "-o", tmp_path).err
    assert "no rows" in stance("train", CASES / "header_only.csv", "-o", tmp_path).err


def test_a_lone_carriage_return_makes_no_row(tmp_path):
    stance("train", CASES / "utf16.csv", "-o", tmp_path)
    stance("predict", tmp_path / "model.skops", CASES / "t.csv", "-o", tmp_path / "p.csv")
    assert [row["id"] for row in read_table(tmp_path / "p.csv")] == ["007", "1e5", "NA"]


def test_what_splits_share_and_what_labels_resemble_is_said(tmp_path):
    words = ("--split", "split", "--group", "article", "-o", tmp_path)
    for name, facts in (("split_leaks_text.csv", "identical text"), ("group_straddles_split.csv", "group")):
        assert facts in stance("train", CASES / name, *words).out.split("in more than one split: ")[1]
        refused = stance("train", CASES / name, *words, "--strict")
        assert refused.code == 1
        assert "leave out --strict" in refused.err
    line = stance("train", CASES / "case_labels.csv", "-o", tmp_path).out
    assert "labels that may be others" in line
    assert "'AGAINST'" in line
    assert "'for '" in line
