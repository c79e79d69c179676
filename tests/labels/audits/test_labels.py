import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.stats.contingency import association

from toolkit.labels.audits.annotators import anchoring
from toolkit.labels.audits.answers import SuggestedVote
from toolkit.labels.audits.labels import LabelPair, Scored, doubtful_labels, halo, stance_sentiment
from toolkit.metrics import cramers_v

SHARED = Path(os.environ.get("STANCE_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))


def pairs(table):
    """Rows from {(stance, sentiment): count}."""
    cells = [cell for cell, count in sorted(table.items()) for _ in range(count)]
    return [
        LabelPair(id=f"{n:04}", stance=s, sentiment=t, cluster=f"c{n}", group={"outlet": f"o{n % 2}"})
        for n, (s, t) in enumerate(cells)
    ]


@pytest.mark.shared
def test_stance_is_not_sentiment_as_published():
    # Bestvater and Monroe, Sentiment is not stance (2023): tweets about a nomination, labelled twice
    path = SHARED / "kavanaugh_stance_sentiment" / "kavanaugh.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there; STANCE_DATA names the folder with the public data")
    with gzip.open(path, "rt") as handle:
        rows = [row for row in csv.DictReader(handle) if row["stance"] and row["sentiment"]]
    given = [LabelPair(id=r["uid"], stance=r["stance"], sentiment=r["sentiment"], cluster=r["uid"]) for r in rows]
    found = stance_sentiment(given, ["0.0", "1.0"], ["0.0", "1.0"], 0)
    assert [n for cells in found.table.values() for n in cells.values()] == [498, 148, 493, 197]
    assert found.association.value == pytest.approx(0.064, abs=0.0005)
    assert found.association.low > 0


def test_the_association_is_that_of_scipy():
    rng = np.random.default_rng(0)
    for shape in ((2, 3), (3, 3), (4, 2)):
        table = rng.integers(1, 30, size=shape)
        assert cramers_v(table[np.newaxis].astype(float))[0] == pytest.approx(association(table, method="cramer"))


def test_stance_that_is_only_sentiment_is_found_out():
    found = stance_sentiment(pairs({("pro", "up"): 50, ("against", "down"): 50}), ["against", "pro"], ["down", "up"], 0)
    assert (found.association.value, found.kappa.value, found.rule_f1.value) == pytest.approx((1, 1, 1))
    assert found.rule == {"down": "against", "up": "pro"}
    assert found.off_diagonal == ()


def test_the_rows_to_read_are_those_on_which_the_rule_is_wrong():
    table = {("pro", "up"): 40, ("against", "down"): 40, ("pro", "down"): 3}
    found = stance_sentiment(pairs(table), ["against", "pro"], ["down", "up"], 0)
    assert len(found.off_diagonal) == 3
    assert found.majority_f1.value < found.rule_f1.value < 1
    assert sum(figure.n for figure in found.by_group["outlet"].values()) == 83


def test_labels_that_do_not_pair_have_no_kappa():
    found = stance_sentiment(pairs({("pro", "up"): 3, ("mixed", "up"): 2}), ["mixed", "pro", "against"], ["up"], 0)
    assert found.kappa.value is None
    assert "not equally many labels" in found.kappa.reason
    assert found.association.value is None


def test_halo_is_the_association_that_a_separate_pass_does_not_have():
    rng = np.random.default_rng(0)
    stances = rng.choice(["against", "pro"], size=300)
    same = [
        LabelPair(id=str(n), stance=s, sentiment={"pro": "up"}.get(s, "down"), cluster=str(n))
        for n, s in enumerate(stances)
    ]
    apart = [
        LabelPair(id=str(n), stance=s, sentiment=str(rng.choice(["down", "up"])), cluster=str(n))
        for n, s in enumerate(stances)
    ]
    found = halo(same, apart, ["against", "pro"], ["down", "up"], 0)
    assert found.low > 0.7
    assert halo(same, [], ["against", "pro"], ["down", "up"], 0).value is None


def test_anchoring_compares_the_same_items():
    votes = [
        SuggestedVote(
            item=f"i{n}", cluster=f"i{n}", label="pro" if shown or n % 2 else "con", suggestion="pro", shown=shown
        )
        for n in range(60)
        for shown in (True, False)
    ]
    only_shown = [SuggestedVote(item="x", cluster="x", label="con", suggestion="pro", shown=True)]
    found = anchoring([*votes, *only_shown], 0)
    assert found.value == pytest.approx(1 / 2)
    assert found.low > 0.3
    assert anchoring(only_shown, 0).value is None


def test_doubtful_labels_stand_among_as_many_at_random():
    rows = [Scored(id=f"{n:03}", label="a", scores={"a": n / 100, "b": 1 - n / 100}) for n in range(100)]
    found = doubtful_labels(rows, 10, seed=1)
    ranked = {one.id for one in found if one.drawn == "ranked"}
    random = {one.id for one in found if one.drawn == "random"}
    assert ranked == {f"{n:03}" for n in range(10)}
    assert len(random) == 10
    assert not ranked & random
    assert [one.drawn for one in found] != ["ranked"] * 10 + ["random"] * 10
    assert doubtful_labels(rows[::-1], 10, seed=1) == found
