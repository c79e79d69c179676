import msgspec
import pytest
from sklearn.metrics import f1_score

from toolkit.baselines.rows import TextRow
from toolkit.baselines.training import train_baseline
from toolkit.errors import DataError

LABELS = ("pro_government", "neutral", "opposition")
POLAR = ("pro_government", "opposition")


@pytest.fixture(scope="module")
def trained(selmara):
    return train_baseline(selmara, LABELS, POLAR, seed=0)


def _rung(trained, name):
    return next(rung for rung in trained.facts.rungs if rung.name == name)


def _macro_f1(rows, predictions):
    labels = {found.id: found.label for found in predictions}
    return f1_score([row.label for row in rows], [labels[row.id] for row in rows], labels=LABELS, average="macro")


def test_the_text_model_is_scored_on_the_test_rows(trained, selmara):
    test = [row for row in selmara if row.split == "test"]
    predictions = [found for found in trained.predictions if found.fold is None]
    assert {found.id for found in predictions} == {row.id for row in test}
    assert trained.facts.test.macro_f1.value == pytest.approx(_macro_f1(test, predictions))
    assert trained.facts.test.macro_f1.n == len(test)
    assert trained.facts.test.macro_f1.clusters == len({row.cluster for row in test})
    assert trained.facts.test == _rung(trained, "tfidf").test


def test_all_labelled_rows_are_cross_validated(trained, selmara):
    crossed = [found for found in trained.predictions if found.fold is not None]
    assert [found.id for found in crossed] == [row.id for row in selmara]
    assert _rung(trained, "tfidf").cross_validated.macro_f1.value == pytest.approx(_macro_f1(selmara, crossed))
    assert trained.facts.folds == 5


def test_the_test_rows_are_predicted_by_a_model_that_did_not_learn_from_them(trained, selmara):
    turned = {"pro_government": "opposition", "opposition": "pro_government", "neutral": "neutral"}
    changed = [msgspec.structs.replace(row, label=turned[row.label]) if row.split == "test" else row for row in selmara]
    again = train_baseline(changed, LABELS, POLAR, seed=0)
    assert [f for f in again.predictions if f.fold is None] == [f for f in trained.predictions if f.fold is None]
    assert again.training_hash == trained.training_hash


def test_validation_rows_are_learnt_from_and_that_is_said(trained, selmara):
    assert trained.facts.learnt_from == {"train": 60, "validation": 20}
    assert "fitted on the validation rows" in trained.facts.validation
    without = train_baseline([row for row in selmara if row.split != "validation"], LABELS, POLAR, seed=0)
    assert without.facts.learnt_from == {"train": 60}
    assert without.training_hash != trained.training_hash


def test_the_majority_rule_stands_beside_the_text_model(trained):
    majority, text = trained.facts.rungs
    assert (majority.name, majority.reads_text, majority.over_majority) == ("majority", False, None)
    assert (text.name, text.reads_text) == ("tfidf", True)
    assert text.over_majority.value == pytest.approx(text.test.macro_f1.value - majority.test.macro_f1.value)
    assert text.over_majority.low > 0


def test_two_trainings_give_the_same(trained, selmara):
    again = train_baseline(selmara, LABELS, POLAR, seed=0)
    assert again.facts == trained.facts
    assert again.predictions == trained.predictions


def test_the_order_of_the_rows_does_not_matter(trained, selmara):
    again = train_baseline(selmara[::-1], LABELS, POLAR, seed=0)
    assert again.facts == trained.facts
    assert again.predictions == trained.predictions


def test_another_seed_leaves_the_values_on_the_test_rows(trained, selmara):
    again = train_baseline(selmara, LABELS, POLAR, seed=1)
    assert again.facts.test.macro_f1.value == trained.facts.test.macro_f1.value
    assert again.facts.signature != trained.facts.signature


def test_the_facts_have_the_shape_that_others_read(trained):
    facts = msgspec.json.decode(msgspec.json.encode(trained.facts))
    assert {"test", "rungs", "shortcuts", "excluded", "signature"} <= set(facts)
    assert {"value", "low", "high", "labels", "n"} <= set(facts["test"]["macro_f1"])
    assert {"accuracy", "f_avg", "per_label", "confusion"} <= set(facts["test"])
    assert facts["shortcuts"] == []
    assert facts["signature"].endswith(
        "|model:tfidf(word1-2+char_wb2-4,sublinear,min_df2)+logistic-regression(C1,balanced)"
    )


def test_rows_off_the_scale_and_without_label_are_counted_and_predicted_where_they_are_test_rows(trained, selmara):
    extra = [
        TextRow(id="zz/1", text="The mills closed.", label="mixed", cluster="zz", group="zz", split="test"),
        TextRow(id="zz/2", text="The mills opened.", label=None, cluster="zz", group="zz", split="test"),
    ]
    again = train_baseline([*selmara, *extra], LABELS, POLAR, seed=0)
    assert again.facts.excluded == {"off_scale": 1, "unresolved": 1}
    assert again.facts.test.macro_f1 == trained.facts.test.macro_f1
    assert again.facts.test.off_labels == 1
    assert {"zz/1", "zz/2"} <= {found.id for found in again.predictions if found.fold is None}


def test_without_test_rows_their_scores_are_undefined_and_say_why(selmara):
    trained = train_baseline([row for row in selmara if row.split != "test"], LABELS, POLAR, seed=0)
    assert trained.facts.test.macro_f1.value is None
    assert trained.facts.test.macro_f1.reason == "no row has the split test"
    assert _rung(trained, "tfidf").over_majority.reason == "no row has the split test"
    assert _rung(trained, "tfidf").cross_validated.macro_f1.value > 0.5


def test_test_rows_without_a_label_have_no_scores_and_that_is_said(selmara):
    rows = [msgspec.structs.replace(row, label=None) if row.split == "test" else row for row in selmara]
    trained = train_baseline(rows, LABELS, POLAR, seed=0)
    assert trained.facts.test.macro_f1.reason == "no row has one of the labels"
    assert _rung(trained, "tfidf").over_majority.value is None


def test_a_table_without_splits_is_learnt_from_and_cross_validated(selmara):
    trained = train_baseline([msgspec.structs.replace(row, split=None) for row in selmara], LABELS, POLAR, seed=0)
    assert trained.facts.learnt_from == {"none": len(selmara)}
    assert trained.facts.test.macro_f1.value is None
    assert _rung(trained, "tfidf").cross_validated.macro_f1.n == len(selmara)


def test_fewer_groups_than_folds_are_said(selmara):
    rows = [msgspec.structs.replace(row, group=str(n % 3)) for n, row in enumerate(selmara)]
    facts = train_baseline(rows, LABELS, POLAR, seed=0).facts
    assert facts.folds == 3
    assert "3 groups" in facts.folds_reason


def test_one_group_cannot_be_cross_validated_and_says_why(selmara):
    rows = [msgspec.structs.replace(row, group="one") for row in selmara]
    trained = train_baseline(rows, LABELS, POLAR, seed=0)
    assert "two groups" in _rung(trained, "tfidf").cross_validated.macro_f1.reason
    assert all(found.fold is None for found in trained.predictions)
    assert trained.facts.test.macro_f1.value is not None


def test_a_fold_that_leaves_one_label_costs_the_text_models_cross_validation_alone():
    texts = {"x": ("the mills", "the ferry", "the harbour"), "y": ("the wise mills", "the ruined mills")}
    labels = {"x": ("neutral",) * 3, "y": ("neutral", "opposition")}
    rows = [
        TextRow(id=f"{group}{n}", text=text, label=label, cluster=group, group=group, split="train")
        for group in texts
        for n, (text, label) in enumerate(zip(texts[group], labels[group], strict=True))
    ]
    trained = train_baseline(rows, LABELS, POLAR, seed=0)
    assert _rung(trained, "majority").cross_validated.macro_f1.n == 5
    why = _rung(trained, "tfidf").cross_validated.macro_f1.reason
    assert why.startswith("cross-validation in 2 folds: training rows: 1 label in 3 rows")


def test_what_cannot_be_learnt_is_refused(selmara):
    with pytest.raises(DataError, match="training rows: none"):
        train_baseline([row for row in selmara if row.split == "test"], LABELS, POLAR, seed=0)
    with pytest.raises(DataError, match="have the label 'neutral'"):
        train_baseline([msgspec.structs.replace(row, label="neutral") for row in selmara], LABELS, POLAR, seed=0)
