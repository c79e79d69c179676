"""All coefficients, each annotator, each pair, each slice."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.codebook import Label, Question
from toolkit.labels.agreement.coefficients import alpha_of, nominal, ordinal
from toolkit.labels.agreement.coefficients import interval as interval_of
from toolkit.labels.agreement.headline import agreement_of_votes, item_values, majority_values, paired_sums, sliced
from toolkit.labels.agreement.intervals import Scale, drawn_with_replacement, pigeonhole
from toolkit.labels.agreement.per_annotator import with_details
from toolkit.labels.agreement.questions import off_scale_coefficients
from toolkit.labels.votes import code_columns
from toolkit.statistics import resample, resample_weights
from toolkit.tables.columns import Coded


def coded_of(table, labels, cluster=lambda item: item):
    """Votes from rows of labels, a row an annotator, "." where there is none."""
    cells = [(f"i{n}", f"r{a}", label) for a, row in enumerate(table) for n, label in enumerate(row) if label != "."]
    items, annotators, votes = zip(*cells, strict=True)
    return code_columns(items, annotators, votes, [cluster(item) for item in items], labels)


def detailed(coded, scale=None):
    scale = scale or Scale()
    return with_details(agreement_of_votes(coded, coded.labels, 0, scale, 0), coded, scale, 0)


def random_rows(rng, annotators=4, items=12):
    table = rng.choice(list("abc."), size=(annotators, items), p=[0.4, 0.3, 0.1, 0.2])
    return ["".join(row) for row in table]


def by_name(found):
    return {one.name: one for one in found.coefficients}


def test_all_coefficients_of_two_annotators_by_hand():
    # aa aa ab bb, twice: observed 3/4; kappa's margins 3/4 and 2/4, pi's 5/8
    found = by_name(detailed(coded_of(["aaab" * 2, "aabb" * 2], "ab")))
    kappa_chance, pi_chance = 3 / 4 * 2 / 4 + 1 / 4 * 2 / 4, (5 / 8) ** 2 + (3 / 8) ** 2
    assert found["cohen_kappa"].value == pytest.approx((3 / 4 - kappa_chance) / (1 - kappa_chance))
    assert found["scott_pi"].value == pytest.approx((3 / 4 - pi_chance) / (1 - pi_chance))
    assert found["fleiss_kappa"].value == pytest.approx((3 / 4 - pi_chance) / (1 - pi_chance))
    chance = 5 / 8 * 3 / 8 + 3 / 8 * 5 / 8
    assert found["gwet_ac1"].value == pytest.approx((3 / 4 - chance) / (1 - chance))


def test_a_level_with_distances_adds_ac2_and_weighs_kappa():
    scale = Scale(level="interval", values={"a": 0.0, "b": 1.0, "c": 2.0})
    found = by_name(detailed(coded_of(["aabcab", "abbcac"], "abc"), scale))
    assert found["gwet_ac2"].level == found["cohen_kappa"].level == "interval"
    # aa ab bb cc aa bc, d = 1/4 once for ab and once for bc: margins 3 2 1 and 2 2 2
    chance = (3 * 2 * 1 + 3 * 2 * 4 + 2 * 2 * 1 + 2 * 2 * 1 + 1 * 2 * 4 + 1 * 2 * 1) / 36
    assert found["cohen_kappa"].value == pytest.approx(1 - (2 / 6) / chance)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["nominal", "ordinal", "interval"]))
def test_the_alphas_of_annotators_weighted_by_votes_are_alpha(seed, level):
    scale = Scale(level=level, values={"a": 0.0, "b": 1.0, "c": 3.0})
    found = detailed(coded_of(random_rows(np.random.default_rng(seed)), "abc"), scale)
    if found.alpha.value is None:
        return
    number = sum(one.n_votes for one in found.per_annotator)
    mean = sum(one.alpha.value * one.n_votes for one in found.per_annotator) / number
    assert mean == pytest.approx(found.alpha.value, abs=1e-12)


def test_a_careless_annotator_stands_out():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 300)
    rows = [np.where(rng.random(300) < skill, truth, 1 - truth) for skill in (0.9, 0.9, 0.9, 0.5)]
    found = detailed(coded_of(["".join("ab"[label] for label in row) for row in rows], "ab"))
    alphas = [one.alpha for one in found.per_annotator]
    assert alphas[3].high < min(one.low for one in alphas[:3])
    kappas = {one.annotators: one.kappa.value for one in found.per_pair}
    assert kappas["r0", "r3"] == pytest.approx(0, abs=0.15)
    assert kappas["r0", "r1"] == pytest.approx(0.64, abs=0.1)


def test_what_is_too_long_to_list_is_counted():
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ab"), 5)) for _ in range(210)]
    found = detailed(coded_of(rows, "ab"))
    assert (len(found.per_annotator), len(found.per_pair)) == (200, 50)
    assert found.not_listed == {"annotators": 10, "pairs": 210 * 209 // 2 - 50}


def test_two_who_share_few_items_are_no_pair():
    found = detailed(coded_of(["aabb", "abab"], "ab"))
    assert found.per_pair == ()
    assert by_name(found)["cohen_kappa"].reason.startswith("no two annotators share 5 items or more")


def test_pairs_that_are_too_many_are_a_reason_and_no_crash():
    items, people = ["i0"] * 3000 + ["i1"] * 3000, [f"r{n}" for n in range(6000)]
    coded = code_columns(items, people, ["a", "b", "b"] * 2000, items, "ab")
    found = by_name(detailed(coded))
    assert found["cohen_kappa"].value is None
    assert "too many pairs" in found["cohen_kappa"].reason
    assert found["fleiss_kappa"].value is not None


# --- the resamples ---------------------------------------------------------------------------------------------------

SCALES = {
    "nominal": nominal,
    "ordinal": ordinal,
    "interval": interval_of([0.0, 1.0, 3.0]),
}


def replicated(rows, times):
    """The table in which each item stands so often."""
    matrix = np.array(
        [[np.nan if label == "." else (0.0, 1.0, 3.0)["abc".index(label)] for label in row] for row in rows]
    )
    return np.repeat(matrix, times, axis=1)


@pytest.mark.parametrize("level", SCALES)
def test_each_replicate_is_alpha_of_the_resample_as_a_table(level):
    rng = np.random.default_rng(4)
    rows = random_rows(rng, annotators=3, items=25)
    coded = coded_of(rows, "abc", lambda item: f"t{int(item[1:]) // 3}")
    paired = paired_sums(coded)
    replicates = alpha_of(resample(paired.sums, 9, 60).draws, SCALES[level])
    weights = np.concatenate(list(resample_weights(paired.sums, 9, 60)))
    for replicate, weight in zip(replicates, weights, strict=True):
        often = np.zeros(len(coded.clusters))
        often[paired.clusters] = weight
        times = {coded.items[n]: int(often[coded.cluster[n]]) for n in range(len(coded.items))}
        table = replicated(rows, [times.get(f"i{n}", 0) for n in range(25)])
        oracle = krippendorff.alpha(table, level_of_measurement=level, value_domain=[0.0, 1.0, 3.0])
        assert replicate == pytest.approx(oracle, abs=1e-12)


def test_the_weights_of_clusters_are_those_of_the_sums():
    sums = np.random.default_rng(0).integers(0, 2, (30, 2)).astype(float)
    drawn = resample(sums, 3, 500)
    weights = np.concatenate(list(resample_weights(sums, 3, 500)))
    assert weights.sum(axis=1) == pytest.approx(np.full(500, 30.0))
    assert weights @ sums == pytest.approx(drawn.draws)
    assert weights.mean(axis=0) == pytest.approx(np.ones(30), abs=0.25)


def test_as_many_are_drawn_as_there_are():
    drawn = drawn_with_replacement(np.random.default_rng(0), 7, 3000)
    assert drawn.sum(axis=0) == pytest.approx(np.full(3000, 7))
    assert drawn.mean(axis=1) == pytest.approx(np.ones(7), abs=0.06)


def test_resamples_of_annotators_are_those_of_a_walk_over_copies():
    rows = ["aabbcab.", "abbbcaac", "aacb.abc"]
    coded = coded_of(rows, "abc")
    generator = np.random.default_rng(3)
    people = drawn_with_replacement(generator, 3, 4).T.astype(int)
    articles = drawn_with_replacement(generator, 8, 4).T.astype(int)
    for found, who, which in zip(pigeonhole(coded, 3, 4), people, articles, strict=True):
        expected = np.zeros((3, 3))
        for item in range(8):
            votes = [(a, "abc".index(rows[a][item])) for a in range(3) for _ in range(who[a]) if rows[a][item] != "."]
            pairs = [(one[1], other[1]) for one in votes for other in votes if one[0] != other[0]]
            for one, other in pairs:
                expected[one, other] += which[item] * len(votes) / len(pairs)
        assert found == pytest.approx(expected)


# --- labels off the scale --------------------------------------------------------------------------------------------


def question():
    labels = (
        Label(name="pro", title={}, scale=1.0),
        Label(name="neutral", title={}, scale=0.0),
        Label(name="contra", title={}, scale=-1.0),
        Label(name="mixed", title={}, covers=("pro", "contra")),
        Label(name="elsewhere", title={}),
        Label(name="unclear", title={}, no_answer=True),
    )
    return Question(name="q", text={}, labels=labels)


def long(table, labels):
    cells = [(f"i{n}", f"r{a}", label) for a, row in enumerate(table) for n, label in enumerate(row.split())]
    items, annotators, votes = zip(*cells, strict=True)
    return code_columns(items, annotators, votes, items, labels)


def test_labels_off_the_scale_give_three_figures():
    asked = question()
    votes = long(
        ["pro pro neutral contra mixed elsewhere", "pro contra neutral contra pro elsewhere"], asked.gold_labels
    )
    found = {one.name: one for one in off_scale_coefficients(votes, asked, 0)}
    assert found["alpha_applicability"].value == 1.0  # both say of the same item that the scale does not apply
    direction = found["alpha_direction"]
    assert (direction.level, direction.n, direction.lost) == ("ordinal", 4, 2)  # mixed-pro and elsewhere drop out
    table = np.array([[1, 1, 0, -1], [1, -1, 0, -1]], dtype=float)
    assert direction.value == pytest.approx(krippendorff.alpha(table, level_of_measurement="ordinal"))
    assert found["alpha_sets"].level == "set"


def test_mixed_is_nearer_to_a_direction_than_the_other_direction_is():
    asked = question()
    first = "pro pro contra contra neutral pro"
    mixed = long([first, "mixed pro contra contra neutral pro"], asked.gold_labels)
    other = long([first, "contra pro contra contra neutral pro"], asked.gold_labels)
    sets = [
        next(one.value for one in off_scale_coefficients(votes, asked, 0) if one.name == "alpha_sets")
        for votes in (mixed, other)
    ]
    assert sets[0] > sets[1]


def test_a_label_that_covers_others_is_the_set_of_them():
    # pro-mixed, pro-pro, contra-contra: observed 2/3 in 2 of 6; by chance of 30 ordered pairs 2 × 3 pro-mixed and
    # 2 × 2 contra-mixed at 2/3, 2 × 6 pro-contra at 1
    asked = question()
    votes = long(["pro pro contra", "mixed pro contra"], asked.gold_labels)
    found = {one.name: one.value for one in off_scale_coefficients(votes, asked, 0)}
    expected = (10 * 2 / 3 + 12) / 30
    assert found["alpha_sets"] == pytest.approx(1 - (2 * 2 / 3 / 6) / expected)


def test_a_question_whose_labels_are_all_on_the_scale_has_none_of_them():
    plain = Question(name="q", text={}, labels=question().labels[:3])
    assert off_scale_coefficients(long(["pro contra", "pro contra"], plain.gold_labels), plain, 0) == ()


# --- slices ----------------------------------------------------------------------------------------------------------


def test_a_slice_is_agreement_on_its_votes():
    rows = ["aabbcabb", "abbbcaac", "aacbaabc"]
    coded = coded_of(rows, "abc")
    outlets = {f"i{n}": "east" if n < 4 else "west" for n in range(8)}
    found = sliced(coded, item_values(coded, outlets), Scale(), 0)
    east = agreement_of_votes(coded_of([row[:4] for row in rows], "abc"), "abc", 0, Scale(), 0)
    assert [one.value for one in found.listed] == ["east", "west"]
    assert found.listed[0].alpha.value == pytest.approx(east.alpha.value)


def test_slices_beyond_fifty_are_counted():
    coded = coded_of(["ab" * 30, "aabb" * 15], "ab")
    found = sliced(coded, Coded.of([coded.items[n] for n in coded.item]), Scale(), 0)
    assert (len(found.listed), found.not_listed) == (50, 10)


def test_what_most_say_of_an_item_is_its_slice_and_a_tie_is_none():
    coded = coded_of(["ab", "ab", "ba"], "ab")
    assert majority_values(coded) == {"i0": "a", "i1": "b"}
    assert majority_values(coded_of(["a", "b"], "ab")) == {"i0": "(tied)"}


# --- votes that were asked for because others disagreed --------------------------------------------------------------


def test_a_third_vote_on_disagreement_makes_agreement_look_better_than_it_is():
    # Two people each, and a third where they differ: .43 reads .48.
    rng = np.random.default_rng(0)
    items, shares = 20_000, [0.4, 0.35, 0.25]
    truth = rng.choice(3, items, p=shares)

    def says():
        slip = rng.random(items) < 0.345
        return np.where(slip, rng.choice(3, items, p=shares), truth)

    first, second, third = says(), says(), says()
    differ = first != second
    two = agreement_of_rows([first, second])
    three = agreement_of_rows([first, second, np.where(differ, third, -1)])
    honest = agreement_of_rows([says(), says(), says()])
    assert (two, honest) == (pytest.approx(0.43, abs=0.01), pytest.approx(0.43, abs=0.01))
    assert three == pytest.approx(0.48, abs=0.01)


def agreement_of_rows(rows):
    table = ["".join("abc"[label] if label >= 0 else "." for label in row) for row in rows]
    coded = coded_of(table, "abc")
    return float(alpha_of(paired_sums(coded).sums.sum(axis=0)[np.newaxis], nominal)[0])
