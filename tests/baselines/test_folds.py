from collections import Counter, defaultdict

import msgspec
import pytest

from toolkit.baselines.folds import cross_predict, grouped_folds
from toolkit.baselines.models import MAJORITY, TFIDF, Learner, MajorityModel
from toolkit.baselines.rows import TextRow
from toolkit.errors import DataError


def _rows(labels_by_group):
    return [
        TextRow(id=f"{group}/{n}", text=f"text {n}", label=label, cluster=group, group=group)
        for group, labels in labels_by_group.items()
        for n, label in enumerate(labels)
    ]


def test_no_group_is_in_two_folds(selmara):
    folds = grouped_folds(selmara, seed=0)
    folds_of_group = defaultdict(set)
    for row in selmara:
        folds_of_group[row.group].add(folds.of_row[row.id])
    assert folds.n == 5
    assert folds.reason == ""
    assert all(len(found) == 1 for found in folds_of_group.values())
    assert set(folds.of_row) == {row.id for row in selmara}


@pytest.mark.parametrize("seed", range(5))
def test_no_fold_is_empty_and_labels_are_dealt_evenly(selmara, seed):
    folds = grouped_folds(selmara, seed)
    for label in ("pro_government", "neutral", "opposition"):
        sizes = Counter(folds.of_row[row.id] for row in selmara if row.label == label)
        assert set(sizes) == {0, 1, 2, 3, 4}
        assert max(sizes.values()) <= 2 * min(sizes.values()) + 2


def test_folds_follow_the_seed(selmara):
    assert grouped_folds(selmara, seed=1) == grouped_folds(selmara, seed=1)
    assert grouped_folds(selmara, seed=1) != grouped_folds(selmara, seed=2)


def test_fewer_groups_make_fewer_folds_and_say_so():
    folds = grouped_folds(_rows({"x": "aab", "y": "abb", "z": "ab"}), seed=0)
    assert folds.n == 3
    assert set(folds.of_row.values()) == {0, 1, 2}
    assert folds.reason == "fewer than 5 folds: the labelled rows are of 3 groups"


@pytest.mark.parametrize(("groups", "labels"), [("uvwxyz", "aabbcc"), ("wxyz", "aabc")])
def test_few_rows_of_every_label_make_fewer_folds_and_say_so(groups, labels):
    folds = grouped_folds(_rows(dict(zip(groups, labels, strict=True))), seed=0)
    assert folds.n == 2
    assert folds.reason == "fewer than 5 folds: no label has more than 2 rows"


@pytest.mark.parametrize(
    ("labels_by_group", "reason"),
    [({"x": "aabb"}, "folds need two groups"), ({"x": "a", "y": "b"}, "folds need a label with two rows")],
)
def test_where_there_can_be_no_folds_the_reason_is_given(labels_by_group, reason):
    folds = grouped_folds(_rows(labels_by_group), seed=0)
    assert folds.n == 0
    assert folds.of_row == {}
    assert folds.reason.startswith(reason)


def test_a_rare_label_is_no_obstacle():
    folds = grouped_folds(_rows({str(group): "aab" for group in range(9)} | {"rare": "c"}), seed=0)
    assert folds.n == 5


def test_each_row_is_predicted_by_a_model_that_met_nothing_of_its_group(selmara):
    met = []

    def learn(rows, labels):
        met.append({row.group for row in rows})
        return MajorityModel(label=labels[0], shares={})

    folds = grouped_folds(selmara, seed=0)
    learner = Learner(name="watched", reads_text=False, settings="", learn=learn)
    found = cross_predict(learner, selmara, ("neutral",), folds)
    assert [prediction.id for prediction in found] == [row.id for row in selmara]
    for row, prediction in zip(selmara, found, strict=True):
        assert prediction.fold == folds.of_row[row.id]
        assert row.group not in met[prediction.fold]


def test_a_cross_fitted_prediction_does_not_depend_on_the_label_of_its_own_row(selmara):
    folds = grouped_folds(selmara, seed=0)
    changed = (msgspec.structs.replace(selmara[0], label="opposition"), *selmara[1:])
    labels = ("pro_government", "neutral", "opposition")
    assert cross_predict(TFIDF, selmara, labels, folds)[0] == cross_predict(TFIDF, changed, labels, folds)[0]


def test_a_fold_that_leaves_one_label_is_refused_by_the_text_model_alone():
    rows = _rows({"x": "aaa", "y": "ab"})
    folds = grouped_folds(rows, seed=0)
    assert len(cross_predict(MAJORITY, rows, ("a", "b"), folds)) == 5
    with pytest.raises(DataError, match="1 label in 3 rows"):
        cross_predict(TFIDF, rows, ("a", "b"), folds)
