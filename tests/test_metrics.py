import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from toolkit import metrics

LABELS = ("a", "b", "c")


def table_of(gold, predicted):
    table = np.zeros((len(LABELS), len(LABELS) + 1))
    for truth, answer in zip(gold, predicted, strict=True):
        table[LABELS.index(truth), LABELS.index(answer) if answer in LABELS else len(LABELS)] += 1
    return table


@pytest.fixture
def answers():
    generator = np.random.default_rng(5)
    return [LABELS[n] for n in generator.integers(3, size=60)], [
        ("a", "b", "c", "x")[n] for n in generator.integers(4, size=60)
    ]


def test_f1_precision_recall_and_accuracy_are_those_of_scikit_learn(answers):
    table = table_of(*answers)
    options = {"labels": LABELS, "average": None, "zero_division": 0}
    assert metrics.f1_by_label(table[np.newaxis])[0] == pytest.approx(f1_score(*answers, **options))
    assert metrics.mean_f1(table[np.newaxis], range(3))[0] == pytest.approx(
        f1_score(*answers, labels=LABELS, average="macro")
    )
    assert [metrics.precision(table, n) for n in range(3)] == pytest.approx(precision_score(*answers, **options))
    assert [metrics.recall(table, n) for n in range(3)] == pytest.approx(recall_score(*answers, **options))
    assert metrics.accuracy(table[np.newaxis])[0] == pytest.approx(accuracy_score(*answers))


def test_a_label_that_neither_gold_nor_prediction_has_counts_0_and_has_no_precision_and_no_recall():
    table = table_of("ab", "ab")
    assert metrics.f1_by_label(table[np.newaxis])[0].tolist() == [1, 1, 0]
    assert metrics.mean_f1(table[np.newaxis], range(3))[0] == pytest.approx(2 / 3)
    assert metrics.precision(table, 2) is None
    assert metrics.recall(table, 2) is None


def test_a_prediction_that_is_none_of_the_labels_is_wrong_for_its_gold_label_alone():
    table = table_of("aab", "axb")
    assert metrics.recall(table, 0) == 1 / 2
    assert metrics.precision(table, 0) == 1
    assert metrics.accuracy(table[np.newaxis])[0] == pytest.approx(2 / 3)
