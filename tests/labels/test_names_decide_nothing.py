"""The order of rows, and the names of items, annotators, labels and clusters, never matter."""

import msgspec
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


def figures(found):
    """All numbers of agreement, without names."""
    numbers = []

    def walk(value):
        if isinstance(value, dict):
            for part in value.values():
                walk(part)
        elif isinstance(value, list | tuple):
            for part in value:
                walk(part)
        elif isinstance(value, int | float):
            numbers.append(value)

    walk(msgspec.to_builtins(msgspec.structs.replace(found, per_annotator=(), per_pair=())))
    by_annotator = sorted([a.alpha.value, a.alpha.low, a.alpha.high] for a in found.per_annotator if a.alpha.low)
    by_pair = sorted([p.kappa.value, p.kappa.low, p.kappa.high] for p in found.per_pair if p.kappa.low)
    walk(by_annotator)
    walk(by_pair)
    return numbers


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["nominal", "ordinal", "interval"]))
def test_renaming_and_shuffling_change_no_figure(seed, level):
    rng = np.random.default_rng(seed)
    rows = rows_of(rng)
    one = measured(rows, list("abc"), level)
    names = [
        dict(zip((name := sorted({row[k] for row in rows})), rng.permutation(name), strict=True)) for k in (0, 1, 3)
    ]
    other_labels = dict(zip("abc", rng.permutation(["x", "y", "z"]), strict=True))
    renamed = [(names[0][i], names[1][w], other_labels[label], names[2][c]) for i, w, label, c in rows]
    shuffled = [renamed[place] for place in rng.permutation(len(renamed))]
    other = measured(shuffled, [str(other_labels[label]) for label in "abc"], level)
    assert figures(other) == pytest.approx(figures(one), abs=1e-9)
