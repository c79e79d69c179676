import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import DataError
from toolkit.labels.agreement.coefficients import coincidences
from toolkit.labels.agreement.headline import Scale, agreement, agreement_at
from toolkit.labels.agreement.intervals import pigeonhole, weighted_coincidences
from toolkit.labels.votes import code_votes
from toolkit.records import Vote


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
    assert found.percent_agreement.value == pytest.approx(3 / 4)


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
    assert found.alpha.reason == "all votes are equal, so agreement beyond chance is undefined"
    assert found.percent_agreement.value == 1.0


def test_items_with_one_vote_leave_alpha_undefined_with_a_reason():
    found = measure(["ab.", "..a"], ["a", "b"])
    assert (found.alpha.value, found.alpha.reason) == (None, "no item has two votes")


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
    table = np.random.default_rng(0).integers(0, 2, (3, 40))
    table[1] = np.where(np.arange(40) % 3, table[0], table[1])
    rows = ["".join("ab"[label] for label in row) for row in table]
    once = measure(rows, "ab").alpha
    tenfold = ["".join(label * 10 for label in row) for row in rows]
    by_article = agreement(votes_of(tenfold, lambda item: str(int(item[1:]) // 10)), "ab", (), seed=1).alpha
    by_row = agreement(votes_of(tenfold), "ab", (), seed=1).alpha
    assert by_article.high - by_article.low == pytest.approx(once.high - once.low, rel=0.05)
    assert by_row.high - by_row.low < 0.5 * (once.high - once.low)


LEVELS = ("nominal", "ordinal", "interval", "ratio")


@pytest.mark.parametrize("level", LEVELS)
def test_published_alphas_of_every_level_come_out(level):
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), sections C and D
    rows = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    published = dict(zip(LEVELS, (0.743, 0.815, 0.849, 0.797), strict=True))
    scale = Scale(level=level, values={label: float(label) for label in "12345"})
    found = agreement_at(votes_of(rows), "12345", (), scale, seed=0)
    assert found.alpha.value == pytest.approx(published[level], abs=0.0005)
    assert found.alpha.level == level


@given(st.integers(0, 10_000), st.sampled_from(LEVELS))
def test_alpha_at_every_level_is_that_of_an_independent_implementation(seed, level):
    rng = np.random.default_rng(seed)
    table = rng.choice([1.0, 2.0, 4.0, np.nan], size=(4, 12), p=[0.4, 0.3, 0.1, 0.2])
    rows = ["".join("." if np.isnan(v) else str(int(v)) for v in row) for row in table]
    scale = Scale(level=level, values={"1": 1.0, "2": 2.0, "4": 4.0})
    found = agreement_at(votes_of(rows), ("4", "1", "2"), (), scale, seed=0).alpha
    if found.value is not None:
        oracle = krippendorff.alpha(table, level_of_measurement=level, value_domain=[1.0, 2.0, 4.0])
        assert found.value == pytest.approx(oracle, abs=1e-12)


def test_a_level_that_needs_an_order_says_which_label_has_none():
    with pytest.raises(DataError, match=r"label 'b' has no place on the scale that level ordinal needs"):
        agreement_at(votes_of(["ab", "ab"]), "ab", (), Scale(level="ordinal", values={"a": 1.0}), seed=0)


# --- new annotators --------------------------------------------------------------------------------------------------


def test_the_interval_for_new_annotators_is_wider_where_annotators_differ():
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 200)
    careful = [np.where(rng.random(200) < 0.95, truth, 1 - truth) for _ in range(4)]
    careless = [np.where(rng.random(200) < 0.6, truth, 1 - truth) for _ in range(4)]
    rows = ["".join("ab"[label] for label in row) for row in (*careful, *careless)]
    alpha = measure(rows, "ab").alpha
    others = alpha.new_annotators
    assert others.high - others.low > 2 * (alpha.high - alpha.low)


def test_weights_of_one_give_the_coincidences_themselves():
    coded = code_votes(votes_of(["aabbcab.", "abbbcaac", "aacb.abc"]), "abc")
    ones = weighted_coincidences(coded, np.ones(3), np.ones(len(coded.clusters)))
    paired = coded.counts[coded.per_item >= 2]
    assert ones == pytest.approx(coincidences(paired).sum(axis=0))


def test_copies_of_one_annotator_are_no_pair():
    coded = code_votes(votes_of(["aabb", "abab"]), "ab")
    assert not weighted_coincidences(coded, np.array([2.0, 0.0]), np.ones(4)).any()


def test_two_annotators_say_too_little_of_others():
    alpha = measure(["aabb", "abab"], "ab").alpha
    assert alpha.new_annotators.low is None
    assert alpha.new_annotators.reason == "fewer than four annotators say too little about others"


def test_one_item_has_no_interval_over_annotators_either():
    found = measure(["a", "b", "a", "a", "a"], "ab").alpha
    assert (found.new_annotators.low, found.new_annotators.reason) == (None, "one cluster has no interval")


def test_few_annotators_and_few_articles_are_said_in_words():
    found = measure(["aabbab", "ababab", "aabbbb"], "ab")
    assert any("3 annotators" in caution for caution in found.cautions)
    assert any("6 articles" in caution for caution in found.cautions)
    assert any("more items would bring it to" in caution for caution in found.cautions)


def test_renaming_annotators_and_labels_changes_no_value():
    rows = ["aabbcab.", "abbbcaac", "aacb.abc"]
    renamed = [row.translate(str.maketrans("abc", "zyx")) for row in rows]
    one = measure(rows, "abc")
    other = agreement(votes_of(renamed[::-1]), "zyx", (), seed=0)
    assert (one.alpha.value, one.alpha.low, one.alpha.high) == pytest.approx(
        (other.alpha.value, other.alpha.low, other.alpha.high)
    )


def test_a_resample_is_a_table_of_votes_in_which_articles_stand_several_times():
    votes = votes_of(["aabbcab.", "abbbcaac", "aacb.abc"])
    coded = code_votes(votes, "abc")
    draws = pigeonhole(coded, seed=3, draws=5)
    assert draws.shape == (5, 3, 3)
    assert np.allclose(draws, np.swapaxes(draws, 1, 2))


def test_per_label_is_one_against_the_rest():
    found = measure(["aabbc", "abbbc"], list("abc"))
    two = measure(["xxooo", "xoooo"], list("xo"))
    assert found.per_label["a"].value == pytest.approx(two.alpha.value)
