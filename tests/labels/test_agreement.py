import json
import os
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.labels.agreement import agreement, nominal_alpha
from toolkit.records import Vote

SHARED = Path(os.environ.get("STANCE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))


def vote(item, annotator, label, cluster=None):
    return Vote(question="q", item_id=item, annotator=annotator, label=label, cluster=cluster or item)


def votes_of(table, cluster=lambda item: item):
    """Votes from rows of labels, a row an annotator, "." where there is none."""
    return [
        vote(f"i{n}", f"r{a}", label, cluster(f"i{n}"))
        for a, row in enumerate(table)
        for n, label in enumerate(row)
        if label != "."
    ]


def measure(table, labels):
    return agreement(votes_of(table), labels, (), seed=0)


def test_alpha_of_a_table_that_can_be_checked_by_hand():
    # Four items, two annotators: aa aa ab bb. Coincidences: aa 4, bb 2, ab 1, ba 1; n = 8, n_a = 5, n_b = 3.
    # D_o = 2/8, D_e = 2 * 5 * 3 / (8 * 7)
    found = measure(["aaab", "aabb"], ["a", "b"])
    assert found.alpha.value == pytest.approx(1 - (2 / 8) / (30 / 56))
    assert found.raw.value == pytest.approx(3 / 4)


def test_published_alphas_come_out_to_the_digits_printed():
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), sections C and B
    four_by_twelve = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    two_by_twelve = ["aabbdcccedda", "babbbccceddd"]
    assert measure(four_by_twelve, list("12345")).alpha.value == pytest.approx(0.743, abs=0.0005)
    assert measure(two_by_twelve, list("abcde")).alpha.value == pytest.approx(0.692, abs=0.0005)


@given(st.integers(0, 10_000))
def test_alpha_is_that_of_an_independent_implementation(seed):
    rng = np.random.default_rng(seed)
    table = rng.choice([0.0, 1.0, 2.0, np.nan], size=(4, 12), p=[0.4, 0.3, 0.1, 0.2])
    rows = ["".join("." if np.isnan(v) else "abc"[int(v)] for v in row) for row in table]
    found = measure(rows, list("abc")).alpha
    paired = (~np.isnan(table)).sum(axis=0) >= 2
    if not paired.any() or len(np.unique(table[:, paired][~np.isnan(table[:, paired])])) < 2:
        assert found.value is None
    else:
        oracle = krippendorff.alpha(table, level_of_measurement="nominal", value_domain=[0.0, 1.0, 2.0])
        assert found.value == pytest.approx(oracle, abs=1e-12)


def test_one_sided_votes_leave_alpha_undefined_with_a_reason():
    found = measure(["aaa", "aaa"], ["a", "b"])
    assert found.alpha.value is None
    assert found.alpha.why == "all votes are equal, so agreement beyond chance is undefined"
    assert found.raw.value == 1.0


def test_items_with_one_vote_leave_alpha_undefined_with_a_reason():
    found = measure(["ab.", "..a"], ["a", "b"])
    assert (found.alpha.value, found.alpha.why) == (None, "no item has two votes")


def test_no_votes_at_all_is_a_value_too():
    found = agreement([], ["a"], (), seed=0)
    assert (found.alpha.value, found.n_votes, found.shares) == (None, 0, {})


def test_votes_that_are_no_answer_are_missing_and_counted():
    with_unclear = agreement([*votes_of(["aab", "abb"]), vote("i0", "r9", "unclear")], ["a", "b"], ["unclear"], seed=0)
    without = measure(["aab", "abb"], ["a", "b"])
    assert with_unclear.alpha.value == without.alpha.value
    assert (with_unclear.no_answers, with_unclear.n_votes) == (1, 6)


def test_the_order_of_votes_changes_nothing():
    votes = votes_of(["aabbcab.", "abbbcaac", "aacb.abc"], cluster=lambda item: str(int(item[1:]) // 2))
    assert agreement(votes, list("abc"), (), 5) == agreement(votes[::-1], list("abc"), (), 5)


def test_the_interval_is_by_cluster():
    # Each item stands ten times in its article: ten times the items, no more evidence.
    rng = np.random.default_rng(0)
    counts = np.array([[3.0, 0], [0, 3], [2, 1], [1, 2]])[rng.integers(0, 4, 40)]
    once = nominal_alpha(counts, [f"{i:03}" for i in range(40)], seed=1)
    tenfold = np.repeat(counts, 10, axis=0)
    by_article = nominal_alpha(tenfold, [f"{i // 10:03}" for i in range(400)], seed=1)
    by_row = nominal_alpha(tenfold, [f"{i:03}" for i in range(400)], seed=1)
    assert by_article.high - by_article.low == pytest.approx(once.high - once.low, rel=0.05)
    assert by_row.high - by_row.low < 0.5 * (once.high - once.low)


def test_per_label_is_one_against_the_rest():
    found = measure(["aabbc", "abbbc"], list("abc"))
    two = measure(["xxooo", "xoooo"], list("xo"))
    assert found.per_label["a"].value == pytest.approx(two.alpha.value)


@pytest.mark.shared
def test_the_nominal_alpha_of_every_published_table_comes_out():
    path = SHARED / "agreement_reference" / "cases.json"
    if not path.exists():
        pytest.skip(f"{path} is absent; set STANCE_DATA")
    seen = 0
    for case in json.loads(path.read_text()):
        published = case.get("published", {}).get("alpha_nominal")
        if published is None:
            continue
        table = case["data"] if case["format"].startswith("raters") else list(zip(*case["data"], strict=True))
        votes = [
            vote(f"i{n}", f"r{a}", str(label))
            for a, row in enumerate(table)
            for n, label in enumerate(row)
            if label is not None
        ]
        found = agreement(votes, sorted({v.label for v in votes}), (), seed=0)
        assert found.alpha.value == pytest.approx(published, abs=0.0006), case["name"]
        seen += 1
    assert seen >= 2
