import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from toolkit.baselines.evaluation import ends_of_scale, no_scores, paired_difference, score
from toolkit.codebook import Label, Question
from toolkit.errors import DataError

LABELS = ("a", "b", "c")

# rows of gold a: 2 right, 1 taken for b; of b: 1 right, 1 taken for c; of c: 1 taken for something else
GOLD = ["a", "a", "a", "b", "b", "c"]
PREDICTED = ["a", "a", "b", "b", "c", "x"]
ROWS = ["1", "2", "3", "4", "5", "6"]


def _random_table(seed, n=60):
    drawn = np.random.default_rng(seed).integers(0, 3, size=(2, n))
    clusters = [str(number // 4) for number in range(n)]
    return [LABELS[i] for i in drawn[0]], [LABELS[i] for i in drawn[1]], clusters


def test_each_figure_can_be_counted_by_hand():
    scores = score(GOLD, PREDICTED, ROWS, LABELS, ("a", "c"), seed=0)
    assert scores.per_label["a"].f1.value == 4 / 5
    assert scores.per_label["b"].f1.value == 1 / 2
    assert scores.per_label["c"].f1.value == 0
    assert scores.macro_f1.value == pytest.approx((4 / 5 + 1 / 2 + 0) / 3)
    assert scores.accuracy.value == 3 / 6
    assert scores.f_avg.value == pytest.approx((4 / 5 + 0) / 2)
    assert (scores.per_label["a"].precision, scores.per_label["a"].recall) == (2 / 2, 2 / 3)
    assert [scores.per_label[label].support for label in LABELS] == [3, 2, 1]


def test_a_prediction_outside_the_labels_has_a_column_of_its_own():
    confusion = score(GOLD, PREDICTED, ROWS, LABELS, None, seed=0).confusion
    assert confusion.gold == LABELS
    assert confusion.predicted == (*LABELS, "other")
    assert confusion.counts == ((2, 1, 0, 0), (0, 1, 1, 0), (0, 0, 0, 1))


def test_the_column_of_others_is_there_only_where_it_is_needed():
    confusion = score(["a", "b"], ["a", "a"], ["1", "2"], ("a", "b"), None, seed=0).confusion
    assert confusion.predicted == ("a", "b")
    assert confusion.counts == ((1, 0), (1, 0))


def test_a_label_that_no_row_has_counts_zero_and_is_named():
    scores = score(["a", "a"], ["a", "b"], ["1", "2"], LABELS, None, seed=0)
    assert scores.absent == ("b", "c")
    assert scores.macro_f1.value == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert scores.macro_f1.labels == LABELS
    assert scores.per_label["c"].precision is None
    assert scores.per_label["c"].recall is None
    assert scores.per_label["b"].precision == 0


def test_rows_whose_gold_is_off_the_labels_are_left_out_and_counted():
    scores = score([*GOLD, "mixed"], [*PREDICTED, "a"], [*ROWS, "7"], LABELS, ("a", "c"), seed=0)
    alone = score(GOLD, PREDICTED, ROWS, LABELS, ("a", "c"), seed=0)
    assert scores.off_labels == 1
    assert scores.macro_f1 == alone.macro_f1
    assert scores.per_label == alone.per_label


@pytest.mark.parametrize("seed", range(20))
def test_values_are_those_of_scikit_learn(seed):
    gold, predicted, clusters = _random_table(seed)
    scores = score(gold, predicted, clusters, LABELS, ("a", "b"), seed=0)
    settings = {"labels": list(LABELS), "average": "macro", "zero_division": 0}
    assert scores.macro_f1.value == pytest.approx(f1_score(gold, predicted, **settings), abs=1e-12)
    assert scores.accuracy.value == pytest.approx(accuracy_score(gold, predicted), abs=1e-12)
    polar = f1_score(gold, predicted, labels=["a", "b"], average="macro", zero_division=0)
    assert scores.f_avg.value == pytest.approx(polar, abs=1e-12)
    precisions = precision_score(gold, predicted, labels=list(LABELS), average=None)
    recalls = recall_score(gold, predicted, labels=list(LABELS), average=None)
    assert [scores.per_label[label].precision for label in LABELS] == pytest.approx(list(precisions))
    assert [scores.per_label[label].recall for label in LABELS] == pytest.approx(list(recalls))


@pytest.mark.parametrize("seed", range(5))
def test_values_with_labels_left_out_are_those_of_scikit_learn_on_the_rows_that_stay(seed):
    gold, predicted, clusters = _random_table(seed)
    kept = [(g, p) for g, p in zip(gold, predicted, strict=True) if g != "c"]
    expected = f1_score(*zip(*kept, strict=True), labels=["a", "b"], average="macro", zero_division=0)
    scores = score(gold, predicted, clusters, ("a", "b"), None, seed=0)
    assert scores.macro_f1.value == pytest.approx(expected, abs=1e-12)
    assert scores.macro_f1.n == len(kept)


def test_the_order_of_the_rows_does_not_matter():
    gold, predicted, clusters = _random_table(1)
    order = np.random.default_rng(2).permutation(len(gold))
    shuffled = ([column[i] for i in order] for column in (gold, predicted, clusters))
    assert score(*shuffled, LABELS, ("a", "c"), seed=3) == score(gold, predicted, clusters, LABELS, ("a", "c"), seed=3)


def test_the_interval_is_that_of_resampled_clusters():
    gold, predicted, clusters = _random_table(4)
    names = sorted(set(clusters))
    rows = {name: [i for i, cluster in enumerate(clusters) if cluster == name] for name in names}
    generator = np.random.default_rng(0)
    draws = []
    for _ in range(1000):
        taken = [i for name in generator.choice(names, len(names)) for i in rows[name]]
        settings = {"labels": list(LABELS), "average": "macro", "zero_division": 0}
        draws.append(f1_score([gold[i] for i in taken], [predicted[i] for i in taken], **settings))
    found = score(gold, predicted, clusters, LABELS, None, seed=1).macro_f1
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=0.02)
    assert found.clusters == 15


def test_rows_that_stand_or_fall_together_make_the_interval_wider():
    gold = [LABELS[number % 3] for number in range(240)]
    articles = [str(number // 12) for number in range(240)]
    right = np.random.default_rng(0).random(20) < 0.5  # whole articles are got right, or wrong
    predicted = [label if right[number // 12] else "b" for number, label in enumerate(gold)]
    by_article = score(gold, predicted, articles, LABELS, None, seed=0).macro_f1
    by_row = score(gold, predicted, [str(number) for number in range(240)], LABELS, None, seed=0).macro_f1
    assert by_article.value == by_row.value
    assert by_article.high - by_article.low > 1.5 * (by_row.high - by_row.low)


def test_one_cluster_has_a_value_and_no_interval():
    scores = score(GOLD, PREDICTED, ["1"] * 6, LABELS, None, seed=0)
    assert scores.macro_f1.value == pytest.approx(13 / 30)
    assert scores.macro_f1.low is None
    assert scores.macro_f1.reason


def test_no_poles_means_no_f_avg_and_the_reason():
    f_avg = score(GOLD, PREDICTED, ROWS, LABELS, None, seed=0).f_avg
    assert f_avg.value is None
    assert f_avg.reason == "no polar labels are given"


@pytest.mark.parametrize("gold", [[], ["mixed"]])
def test_scores_of_no_rows_are_undefined_with_the_reason(gold):
    scores = score(gold, gold, gold, LABELS, ("a", "c"), seed=0)
    assert scores.macro_f1.value is None
    assert scores.macro_f1.reason == "no row has one of the labels"
    assert scores.absent == LABELS
    assert scores.off_labels == len(gold)
    assert scores.confusion.counts == ((0, 0, 0),) * 3


def test_the_scores_of_nothing_give_the_reason_that_they_are_given():
    scores = no_scores(LABELS, None, "no row has the split test", seed=0)
    assert {scores.macro_f1.reason, scores.accuracy.reason, scores.f_avg.reason, scores.per_label["a"].f1.reason} == {
        "no row has the split test"
    }


def test_the_signature_says_what_a_figure_depends_on():
    by_row = score(GOLD, PREDICTED, ROWS, LABELS, ("a", "c"), seed=7).signature
    settings = dict(part.split(":", 1) for part in by_row.split("|"))
    assert settings["labels"] == "a,b,c"
    assert settings["average"] == "macro"
    assert settings["polar"] == "a,c"
    assert settings["unit"] == "row"
    assert settings["draws"] == "2000"
    assert settings["seed"] == "7"
    assert settings["toolkit"]
    assert settings["sklearn"]
    assert "|unit:cluster|" in score(GOLD, PREDICTED, ["1", "1", "2", "2", "3", "3"], LABELS, None, seed=7).signature


@pytest.mark.parametrize(
    ("labels", "polar", "complaint"),
    [
        ((), None, "none are given"),
        (("a", "b", "a"), None, "a label is repeated in a, b, a"),
        (LABELS, ("a", "z"), "polar label 'z': not among the labels a, b, c"),
    ],
)
def test_labels_that_cannot_be_scored_are_refused(labels, polar, complaint):
    with pytest.raises(DataError, match=complaint):
        score(GOLD, PREDICTED, ROWS, labels, polar, seed=0)


def test_a_paired_difference_can_be_counted_by_hand():
    always_a = ["a"] * 6  # F1 of a: 2 * 3 / (3 + 6) = 2/3
    found = paired_difference(GOLD, PREDICTED, always_a, ROWS, LABELS, seed=0)
    assert found.value == pytest.approx(13 / 30 - 2 / 9)
    assert found.n == 6


def test_a_paired_difference_of_equals_is_exactly_zero():
    gold, predicted, clusters = _random_table(5)
    found = paired_difference(gold, predicted, predicted, clusters, LABELS, seed=0)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_a_paired_difference_turns_its_sign_when_the_two_change_places():
    gold, one, clusters = _random_table(6)
    _, other, _ = _random_table(7)
    forth = paired_difference(gold, one, other, clusters, LABELS, seed=0)
    back = paired_difference(gold, other, one, clusters, LABELS, seed=0)
    assert (forth.value, forth.low, forth.high) == pytest.approx((-back.value, -back.high, -back.low))


def test_a_paired_difference_is_known_better_than_the_two_values_where_both_err_on_the_same_rows():
    gold, one, clusters = _random_table(8, n=200)
    other = [*one[:-2], *gold[-2:]]
    paired = paired_difference(gold, other, one, clusters, LABELS, seed=0)
    alone = score(gold, one, clusters, LABELS, None, seed=0).macro_f1
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)


def test_a_paired_difference_of_no_rows_is_undefined():
    assert paired_difference(["mixed"], ["a"], ["b"], ["1"], LABELS, seed=0).value is None


def _question(**scales):
    labels = tuple(Label(name=name, title={"en": name}, scale=scale) for name, scale in scales.items())
    return Question(name="stance", text={"en": "?"}, labels=labels)


def test_the_ends_of_a_scale_are_its_poles():
    assert ends_of_scale(_question(pro=2, mild=1, neutral=0, contra=-2, mixed=None)) == ("contra", "pro")


@pytest.mark.parametrize("scales", [{}, {"yes": None}, {"only": 1, "mixed": None}])
def test_a_scale_without_two_ends_has_no_poles(scales):
    assert ends_of_scale(_question(**scales)) is None
