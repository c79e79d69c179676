"""Published tables, independent implementations, and references that go from pair to pair."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.labels.agreement.coefficients import alpha_of, coincidences, fleiss_kappa, gwet, item_rows, masi, nominal
from toolkit.labels.agreement.intervals import Scale
from toolkit.labels.agreement.per_annotator import agreement_weights
from toolkit.metrics import cohen_kappa, scott_pi

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from statsmodels.stats import inter_rater

# Fleiss (1971), Table 1: thirty patients, six psychiatrists, five diagnoses; how often each was given
FLEISS = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 00501 30012
51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""
# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C; four observers, twelve units
FOUR_BY_TWELVE = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
# Cohen (1960), Table 1: two judges, N 200; Cohen (1968): how serious each disagreement is
COHEN = np.array([[88.0, 10, 2], [14, 40, 6], [18, 10, 12]])
SERIOUS = np.array([[0.0, 1, 3], [1, 0, 6], [3, 6, 0]])


def counts_of(rows, labels):
    return np.array([[column.count(label) for label in labels] for column in zip(*rows, strict=True)], dtype=float)


def sums(counts, weights=None):
    return item_rows(counts, np.eye(counts.shape[1]) if weights is None else weights).sum(axis=0)[np.newaxis]


def test_fleiss_1971():
    counts = np.array([[int(digit) for digit in row] for row in FLEISS.split()], dtype=float)
    assert fleiss_kappa(sums(counts))[0] == pytest.approx(0.430, abs=0.0005)
    # one label against the rest, his Table 2
    for label, published in enumerate((0.245, 0.245, 0.520, 0.471, 0.566)):
        two = np.column_stack([counts[:, label], 6 - counts[:, label]])
        assert fleiss_kappa(sums(two))[0] == pytest.approx(published, abs=0.0006)


def test_cohen_1960_and_1968():
    unweighted = 1 - np.eye(3)
    assert cohen_kappa(unweighted)(COHEN[np.newaxis])[0] == pytest.approx(0.492, abs=0.0005)
    assert cohen_kappa(SERIOUS)(COHEN[np.newaxis])[0] == pytest.approx(0.348, abs=0.0005)


def test_gwet_with_missing_votes():
    # Gwet's cac.raw4raters, the same table as Krippendorff's: percent agreement, AC1 and Fleiss' kappa as the
    # package irrCAC of its author prints them
    rows = sums(counts_of(FOUR_BY_TWELVE, "12345"))
    assert rows[0, 0] / rows[0, 1] == pytest.approx(0.81818, abs=0.00001)
    assert gwet(np.eye(5))(rows)[0] == pytest.approx(0.77544, abs=0.00001)
    assert fleiss_kappa(rows)[0] == pytest.approx(0.76117, abs=0.00001)


tables = st.integers(0, 10_000).map(np.random.default_rng)


@given(tables)
def test_kappa_is_that_of_an_independent_implementation(rng):
    table = rng.integers(0, 9, (3, 3)) + 1.0
    assert cohen_kappa(1 - np.eye(3))(table[np.newaxis])[0] == pytest.approx(
        inter_rater.cohens_kappa(table, return_results=False), abs=1e-12
    )
    for weights, power in (("linear", 1), ("quadratic", 2)):
        apart = np.abs(np.subtract.outer(np.arange(3), np.arange(3))) ** power
        oracle = inter_rater.cohens_kappa(table, wt=weights, return_results=False)
        assert cohen_kappa(apart)(table[np.newaxis])[0] == pytest.approx(oracle, abs=1e-12)


@given(tables)
def test_fleiss_is_that_of_an_independent_implementation(rng):
    counts = rng.multinomial(5, [0.5, 0.3, 0.2], 15).astype(float)
    assert fleiss_kappa(sums(counts))[0] == pytest.approx(inter_rater.fleiss_kappa(counts), abs=1e-12)


def items_of(rng):
    """Votes item by item, some with few or none."""
    return [list(rng.integers(0, 3, rng.integers(0, 5))) for _ in range(12)]


def by_pairs(items, weights):
    """Mean agreement of items with two votes, mean shares of items with any: by going through them."""
    agreements = [
        np.mean([weights[a][b] for a, b in itertools.permutations(item, 2)]) for item in items if len(item) > 1
    ]
    shares = np.mean([[item.count(label) / len(item) for label in range(3)] for item in items if item], axis=0)
    return np.mean(agreements), shares


@given(tables, st.sampled_from(["nominal", "ordinal", "interval", "ratio"]))
def test_gwet_and_fleiss_are_those_of_a_walk_from_pair_to_pair(rng, level):
    items = items_of(rng)
    if not any(len(item) > 1 for item in items):
        return
    scale = Scale(level=level, values={"a": 1.0, "b": 2.0, "c": 4.0})
    weights = agreement_weights(scale, ("a", "b", "c"))
    counts = np.array([[item.count(label) for label in range(3)] for item in items], dtype=float)
    observed, shares = by_pairs(items, weights)
    chance = weights.sum() / (3 * 2) * sum(share * (1 - share) for share in shares)
    assert gwet(weights)(sums(counts, weights))[0] == pytest.approx((observed - chance) / (1 - chance), abs=1e-12)
    observed, shares = by_pairs(items, np.eye(3))
    chance = sum(share**2 for share in shares)
    if chance < 1:
        assert fleiss_kappa(sums(counts))[0] == pytest.approx((observed - chance) / (1 - chance), abs=1e-12)


def test_weights_of_levels_are_those_of_gwet():
    # Gwet (2014), section 3.5: four ordered categories
    ordinal = agreement_weights(Scale(level="ordinal", values=dict(zip("abcd", range(4), strict=True))), tuple("abcd"))
    assert ordinal[0] == pytest.approx([1, 1 - 1 / 6, 1 - 3 / 6, 0])
    quadratic = agreement_weights(
        Scale(level="interval", values=dict(zip("abc", (1, 2, 4), strict=True))), tuple("abc")
    )
    assert quadratic[0] == pytest.approx([1, 1 - 1 / 9, 0])


@given(tables)
def test_scott_is_fleiss_of_two(rng):
    table = rng.integers(0, 9, (3, 3)) + 1.0
    counts = np.array(
        [np.eye(3)[a] + np.eye(3)[b] for a in range(3) for b in range(3) for _ in range(int(table[a, b]))]
    )
    assert scott_pi(1 - np.eye(3))(table[np.newaxis])[0] == pytest.approx(fleiss_kappa(sums(counts))[0], abs=1e-12)


SETS = [frozenset("a"), frozenset("b"), frozenset("ab"), frozenset("c"), frozenset("bc"), frozenset("abc")]


def masi_by_words(one, other):
    """Passonneau (2006), section 3, in her words: Jaccard times monotonicity."""
    if one == other:
        return 0.0
    jaccard = len(one & other) / len(one | other)
    if one < other or other < one:
        return 1 - jaccard * 2 / 3
    return 1 - jaccard / 3 if one & other else 1.0


@given(tables)
def test_masi_is_that_of_a_walk_from_pair_to_pair(rng):
    items = [[int(label) for label in rng.integers(0, len(SETS), rng.integers(0, 5))] for _ in range(12)]
    votes = [label for item in items if len(item) > 1 for label in item]
    if len(set(votes)) < 2:
        return
    differ = [
        masi_by_words(SETS[a], SETS[b]) / (len(item) - 1)
        for item in items
        if len(item) > 1
        for a, b in itertools.permutations(item, 2)
    ]
    by_chance = [masi_by_words(SETS[a], SETS[b]) for a, b in itertools.permutations(votes, 2)]
    expected = 1 - (sum(differ) / len(votes)) / np.mean(by_chance)
    counts = np.array([[item.count(label) for label in range(len(SETS))] for item in items], dtype=float)
    found = alpha_of(coincidences(counts).sum(axis=0)[np.newaxis], masi(SETS))[0]
    assert found == pytest.approx(expected, abs=1e-12)


def test_both_directions_at_once_are_a_third_of_each():
    distance = masi([frozenset("a"), frozenset("b"), frozenset("ab")])(np.zeros((1, 3)))[0]
    assert distance == pytest.approx(np.array([[0, 1, 2 / 3], [1, 0, 2 / 3], [2 / 3, 2 / 3, 0]]))


def test_alpha_where_nothing_can_differ_is_undefined():
    assert np.isnan(alpha_of(coincidences(np.array([[3.0, 0], [2, 0]])).sum(axis=0)[np.newaxis], nominal)[0])
