"""The baseline on public data: the stance of sentences from news on global warming."""

import os
from pathlib import Path

import pytest

from toolkit.baselines.rows import TextRow
from toolkit.baselines.training import train_baseline
from toolkit.tables import read_table

DATA = Path(os.environ.get("STANCE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "gwstance"
LABELS = ("disagrees", "neutral", "agrees")
HELD_OUT_LABELS = {"disagree": "disagrees", "neutral": "neutral", "agree": "agrees"}

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA}: no such folder; STANCE_DATA names the public data"),
]


def _row(row_id, text, label, split):
    return TextRow(id=row_id, text=text, label=label, cluster=row_id, group=text, split=split)


@pytest.fixture(scope="module")
def rows():
    learning = [
        _row(row["guid"], row["sentence"], row["mace_pred"], "train")
        for row in read_table(DATA / "gwsd.csv.gz")
        if row["is_screen"] == "False" and row["in_held_out_test"] == "False"
    ]
    held_out = [
        _row(row["guid"], row["sentence"], HELD_OUT_LABELS[row["stance"]], "test")
        for row in read_table(DATA / "held_out_balanced_test.csv")
    ]
    return learning + held_out


def test_the_text_model_reaches_its_floor_on_the_held_out_sentences(rows):
    facts = train_baseline(rows, LABELS, ("disagrees", "agrees"), seed=0).facts
    majority, text = facts.rungs
    assert facts.learnt_from == {"train": 1850}
    assert (facts.test.macro_f1.n, facts.test.absent) == (200, ())
    assert facts.test.macro_f1.value >= 0.60
    assert facts.test.macro_f1.low < facts.test.macro_f1.value < facts.test.macro_f1.high
    assert majority.test.accuracy.value == 85 / 200
    assert text.over_majority.low > 0.3
    assert text.cross_validated.macro_f1.value >= 0.57
