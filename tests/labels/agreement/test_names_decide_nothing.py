"""The order of rows changes nothing; names change no value, only which resamples an interval rests on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.labels.agreement.headline import agreement_of_votes
from toolkit.labels.agreement.intervals import Scale
from toolkit.labels.agreement.per_annotator import with_details
from toolkit.labels.votes import code_columns

VALUES = {"a": 0.0, "b": 1.0, "c": 3.0}


def rows_of(rng):
    """Some votes of six people on twelve items in five articles."""
    cells = [(f"i{item}", f"r{who}") for item in range(12) for who in range(6) if rng.random() < 0.6]
    return [(item, who, "abc"[rng.integers(3)], f"t{int(item[1:]) % 5}") for item, who in cells]


def measured(rows, labels, level):
    columns = list(zip(*rows, strict=True))
    values = dict(zip(labels, VALUES.values(), strict=True))
    scale = Scale(level=level, values=values)
    coded = code_columns(*columns, scale.ordered(labels))
    return with_details(agreement_of_votes(coded, labels, 0, scale, 7), coded, scale, 7)


def values(agreement):
    """The values of agreement without names and intervals."""
    annotators, pairs = agreement.per_annotator, agreement.per_pair
    by_annotator = [(a.alpha.value, a.percent_agreement) for a in annotators if a.alpha.value is not None]
    by_pair = [(p.kappa.value, p.percent_agreement) for p in pairs if p.kappa.value is not None]
    return {
        "alpha": agreement.alpha.value,
        "percent agreement": agreement.percent_agreement.value,
        "coefficients": [coefficient.value for coefficient in agreement.coefficients],
        "per label": [coefficient.value for coefficient in agreement.per_label.values()],
        "per annotator": sorted(tuple(np.round(row, 9)) for row in by_annotator),
        "per pair": sorted(tuple(np.round(row, 9)) for row in by_pair),
    }


def renamed(rows, rng):
    """The same rows under other names, with the new labels in the order of the old ones."""
    new = [dict(zip((old := sorted({row[k] for row in rows})), rng.permutation(old), strict=True)) for k in (0, 1, 3)]
    labels = dict(zip("abc", rng.permutation(["x", "y", "z"]).tolist(), strict=True))
    return [(new[0][i], new[1][w], labels[label], new[2][c]) for i, w, label, c in rows], list(labels.values())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["nominal", "ordinal", "interval"]))
def test_shuffling_rows_changes_no_figure(seed, level):
    rng = np.random.default_rng(seed)
    rows = rows_of(rng)
    shuffled = [rows[place] for place in rng.permutation(len(rows))]
    assert measured(shuffled, list("abc"), level) == measured(rows, list("abc"), level)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["nominal", "ordinal", "interval"]))
def test_renaming_changes_no_value(seed, level):
    rng = np.random.default_rng(seed)
    rows = rows_of(rng)
    one = values(measured(rows, list("abc"), level))
    other = values(measured(*renamed(rows, rng), level))
    for name, value in one.items():
        assert np.allclose(np.array(other[name], dtype=float), np.array(value, dtype=float), atol=2e-9, equal_nan=True)


def test_renaming_moves_an_interval_by_no_more_than_another_seed_does():
    rng = np.random.default_rng(3)
    rows = [
        (f"i{item:03}", f"r{who}", "ab"[int(rng.random() < 0.3 + 0.4 * (item % 2))], f"t{item // 2:03}")
        for item in range(400)
        for who in range(5)
    ]
    one, (others, labels) = measured(rows, list("abc"), "nominal").alpha, renamed(rows, rng)
    other = measured(others, labels, "nominal").alpha
    assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=0.1 * (one.high - one.low))
