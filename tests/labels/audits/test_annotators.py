import msgspec
import numpy as np
import pytest

from toolkit.labels.audits.annotators import confidence_of, profiles
from toolkit.labels.audits.answers import AnnotatorAnswer, repeated_pairs
from toolkit.labels.audits.leaning import leaning_audit

LABELS = ["against", "neutral", "pro"]
SCALE = {"against": -1.0, "neutral": 0.0, "pro": 1.0}


def crowd(seed=0, items=150, skills=(0.9, 0.9, 0.85, 0.6), lean=0.0, quick=(), tired=()):
    """Answers of people with known skill; the first leans, some hurry, some tire half-way."""
    rng = np.random.default_rng(seed)
    found = []
    for n in range(items):
        truth = rng.integers(3)
        for who, skill in enumerate(skills):
            sure = skill if who not in tired or n < items / 2 else 0.34
            label = truth if rng.random() < sure else rng.integers(3)
            if who == 0 and rng.random() < lean:
                label = 2
            seconds = 1.0 if who in quick and rng.random() < 0.5 else float(rng.gamma(8, 2.5))
            found.append(
                AnnotatorAnswer(
                    item=f"i{n:03}",
                    annotator=f"r{who}",
                    label=LABELS[label],
                    seconds=seconds,
                    time=f"2024-03-01T{n // 60:02}:{n % 60:02}:00",
                    confidence=(3 if label == truth else 2) - (who == 1),
                )
            )
    return found


def of(answers, repeats=()):
    return {one.annotator: one for one in profiles(answers, LABELS, SCALE, repeats, seed=0)}


def test_skill_comes_out_as_it_was_simulated():
    found = of(crowd())
    expected = {"r0": 0.9 + 0.1 / 3, "r1": 0.9 + 0.1 / 3, "r2": 0.85 + 0.15 / 3, "r3": 0.6 + 0.4 / 3}
    for who, skill in expected.items():
        assert found[who].accuracy == pytest.approx(skill, abs=0.06)
    assert found["r0"].agreement.value > found["r3"].agreement.value
    assert not any(one.flags for one in found.values())


def test_agreement_with_the_others_by_hand():
    rows = [("a", "pro", "pro", "neutral"), ("b", "pro", "against", "against")]
    answers = [
        AnnotatorAnswer(item=item, annotator=f"r{n}", label=label)
        for item, *labels in rows
        for n, label in enumerate(labels)
    ]
    found = of(answers)
    assert found["r0"].agreement.value == pytest.approx((1 / 2 + 0) / 2)
    assert found["r1"].agreement.value == pytest.approx((1 / 2 + 1 / 2) / 2)
    # others' means: a: (1 + 0) / 2 = 1/2; b: (-1 - 1) / 2 = -1
    assert found["r0"].bias.value == pytest.approx(((1 - 1 / 2) + (1 + 1)) / 2)


def test_whoever_leans_is_flagged_with_the_evidence():
    found = of(crowd(lean=0.35))
    (flag,) = found["r0"].flags
    assert flag.code == "direction"
    assert "150 answers" in flag.evidence
    assert not found["r1"].flags


def test_haste_and_drift_are_flagged():
    found = of(crowd(quick=(1,), tired=(2,)))
    assert [flag.code for flag in found["r1"].flags] == ["speeding"]
    assert [flag.code for flag in found["r2"].flags] == ["drift"]
    assert found["r2"].drift.first > found["r2"].drift.last


def test_flags_are_rare_where_nothing_is_wrong():
    flags = [flag for seed in range(10) for one in of(crowd(seed, items=80)).values() for flag in one.flags]
    assert len(flags) <= 2  # 40 people


def test_who_was_alone_has_no_agreement():
    one = of([AnnotatorAnswer(item="a", annotator="r", label="pro")])["r"]
    assert (one.agreement.value, one.agreement.reason) == (None, "nobody else voted on these items")


def test_self_consistency_counts_pairs_of_the_same_item():
    answers = [
        AnnotatorAnswer(item="a", annotator="r", label="pro", time="1"),
        AnnotatorAnswer(item="a2", annotator="r", label="pro", time="2"),
        AnnotatorAnswer(item="b", annotator="r", label="pro", time="1"),
        AnnotatorAnswer(item="b2", annotator="r", label="neutral", time="2"),
    ]
    pairs = repeated_pairs(answers, {"a2": "a", "b2": "b"})
    assert pairs == [("r", "pro", "pro"), ("r", "pro", "neutral")]
    assert of(answers, pairs)["r"].intra_annotator_agreement.value == 1 / 2


def test_confidence_is_counted_from_each_persons_own_mean():
    found = confidence_of(crowd(), LABELS)
    assert found.agreed > 0 > found.alone
    shifted = [msgspec.structs.replace(a, confidence=a.confidence + 5 * (a.annotator == "r3")) for a in crowd()]
    assert confidence_of(shifted, LABELS).agreed == pytest.approx(found.agreed)


def test_the_order_of_answers_changes_nothing():
    answers = crowd(items=40)
    assert of(answers) == of(answers[::-1])


# --- leaning ---------------------------------------------------------------------------------------------------------


def people(count):
    return {f"r{n:02}": str(n - count / 2) for n in range(count)}


def test_under_ten_people_there_is_a_description_and_no_p_value():
    found = leaning_audit(people(9), {f"r{n:02}": n / 10 for n in range(9)}, seed=0)
    assert found.p is None
    assert found.correlation == pytest.approx(1)
    assert "fewer than 10" in found.reason


def test_leaning_that_predicts_labels_has_a_small_p():
    found = leaning_audit(people(12), {f"r{n:02}": n / 10 for n in range(12)}, seed=0)
    assert found.p < 0.001


@pytest.mark.slow
def test_the_p_value_is_even_where_leaning_means_nothing():
    rng = np.random.default_rng(0)
    ps = [leaning_audit(people(10), {f"r{n:02}": v for n, v in enumerate(rng.normal(size=10))}, s).p for s in range(12)]
    assert 0.25 < np.mean(ps) < 0.75


def test_groups_of_fewer_than_five_are_not_shown():
    leanings = {f"r{n:02}": "left" if n < 6 else "right" for n in range(10)}
    found = leaning_audit(leanings, {f"r{n:02}": 0.1 * (n < 6) for n in range(10)}, seed=0)
    assert [(group.leaning, group.people) for group in found.groups] == [("left", 6)]
    assert found.withheld == 4
    assert found.correlation is None
    assert found.p is not None


def test_of_fewer_than_five_people_nothing_is_said():
    found = leaning_audit(people(4), {f"r{n:02}": n / 10 for n in range(4)}, seed=0)
    assert (found.correlation, found.groups, found.p) == (None, (), None)
