"""The variance over annotators and articles, beside the same written out pair by pair."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.labels.agreement.coefficients import alpha_of, nominal, ordinal
from toolkit.labels.agreement.headline import new_annotators
from toolkit.labels.agreement.intervals import pigeonhole, two_way_interval, two_way_spread
from toolkit.labels.votes import code_columns


def nominal_alpha(tables):
    return alpha_of(tables, nominal)


def ordinal_alpha(tables):
    return alpha_of(tables, ordinal)


def random_rows(seed, people=6, items=20):
    """Votes as rows, in a third of the cells none, two items an article."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, items)
    return [
        (f"i{i}", f"r{a}", "abc"[truth[i] if rng.random() < 0.6 else rng.integers(3)], f"t{i // 2}")
        for i in range(items)
        for a in range(people)
        if rng.random() < 2 / 3
    ]


def coded(rows):
    items, annotators, labels, clusters = zip(*rows, strict=True)
    return code_columns(items, annotators, labels, clusters, "abc")


def table_without(rows, left_out):
    """The coincidence matrix of all pairs of votes but those in which one is left out."""
    table = np.zeros((3, 3))
    for item in {row[0] for row in rows}:
        votes = [row for row in rows if row[0] == item]
        for one, other in permutations(votes, 2):
            if not (left_out(one) or left_out(other)):
                table["abc".index(one[2]), "abc".index(other[2])] += 1 / (len(votes) - 1)
    return table


@pytest.mark.parametrize("statistic", [nominal_alpha, ordinal_alpha])
@pytest.mark.parametrize("seed", range(3))
def test_the_variance_is_that_of_a_walk_that_leaves_out_one_after_the_other(statistic, seed):
    rows = random_rows(seed)

    def change(left_out):
        tables = np.stack([table_without(rows, left_out), table_without(rows, lambda _: False)])
        without, value = statistic(tables)
        return (without - value) ** 2

    people, articles = ({row[place] for row in rows} for place in (1, 3))
    of_people = sum(change(lambda row, a=a: row[1] == a) for a in people) * (len(people) - 1) / len(people)
    of_articles = sum(change(lambda row, t=t: row[3] == t) for t in articles) * (len(articles) - 1) / len(articles)
    shares = {(row[1], row[3]) for row in rows}
    of_shares = sum(change(lambda row, s=s: (row[1], row[3]) == s) for s in shares)
    found = two_way_spread(coded(rows), statistic)
    assert found.variance == pytest.approx(max(of_people + of_articles - of_shares, of_articles), rel=1e-9)
    compared = [row for row in rows if sum(other[0] == row[0] for other in rows) > 1]
    loads = np.array([sum(row[1] == a for row in compared) for a in people])
    assert found.freedom == pytest.approx(loads.sum() ** 2 / (loads**2).sum() - 1)


@given(st.integers(0, 1000), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_order_of_rows_changes_no_bit(seed, random):
    rows = random_rows(seed, people=5, items=10)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert two_way_spread(coded(shuffled), nominal_alpha) == two_way_spread(coded(rows), nominal_alpha)


def test_blocks_of_units_add_up_to_the_same(monkeypatch):
    votes = coded(random_rows(4))
    whole = two_way_spread(votes, nominal_alpha)
    monkeypatch.setattr("toolkit.labels.agreement.intervals._TABLE_BLOCK", 18)  # two tables of nine at a time
    assert two_way_spread(votes, nominal_alpha).variance == pytest.approx(whole.variance)


def test_items_with_one_vote_change_nothing():
    rows = random_rows(5)
    alone = [(f"alone{n}", "r0", "a", f"alone{n}") for n in range(30)]
    assert two_way_spread(coded(rows + alone), nominal_alpha).variance == pytest.approx(
        two_way_spread(coded(rows), nominal_alpha).variance
    )


def test_an_interval_never_says_more_than_one():
    rows = [(f"i{n}", f"r{a}", "a" if n % 2 else "b", f"i{n}") for n in range(40) for a in range(5)]
    rows[7] = (*rows[7][:2], "b", rows[7][3])  # one slip, which most resamples do not see
    interval = new_annotators(coded(rows), nominal_alpha, 0)
    value = two_way_spread(coded(rows), nominal_alpha).value
    assert 0.8 < interval.low < value < interval.high <= 1
    _, high = two_way_interval(coded(rows), nominal_alpha, np.linspace(0.97999, 1, 200))
    assert high == 1


def test_it_is_narrower_than_the_resamples_where_articles_matter():
    votes = coded(random_rows(0, people=20, items=60))
    draws = nominal_alpha(pigeonhole(votes, 0, 400))
    low, high = two_way_interval(votes, nominal_alpha, draws)
    wide = np.quantile(draws, [0.025, 0.975])
    assert wide[0] < low < nominal_alpha(pigeonhole(votes, 0, 400)).mean() < high < wide[1]


def test_it_covers_what_other_people_on_other_articles_would_reach():
    hits = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        skill = rng.beta(6, 2, 15)
        rows = []
        for item in range(60):
            truth = rng.integers(3)
            for a in rng.choice(15, 3, replace=False):
                label = "abc"[truth if rng.random() < skill[a] else rng.integers(3)]
                rows.append((f"i{item:02}", f"r{a:02}", label, f"i{item:02}"))
        votes = coded(rows)
        low, high = two_way_interval(votes, nominal_alpha, nominal_alpha(pigeonhole(votes, seed, 200)))
        hits.append(low <= 0.75**2 <= high)  # two who know are right; whoever guesses agrees by chance
    assert 0.89 <= np.mean(hits) <= 0.99  # .95, three standard errors
