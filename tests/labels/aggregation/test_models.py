from functools import partial

import numpy as np
import pytest

from toolkit.codebook import Label, Question
from toolkit.labels.aggregation.gold import by_majority, settle_adjudicated
from toolkit.labels.aggregation.models import HardLabels, ModelOptions, by_model, fit, glad, mace
from toolkit.records import Vote

STANCE = Question(
    name="stance",
    text={},
    labels=(
        Label(name="pro", title={}, scale=1),
        Label(name="neutral", title={}, scale=0),
        Label(name="against", title={}, scale=-1),
        Label(name="mixed", title={}, covers=("pro", "against")),
        Label(name="not_applicable", title={}),
        Label(name="unclear", title={}, no_answer=True),
    ),
)
PLAIN = HardLabels(threshold=0, min_votes=1, min_shared=0)


def votes(**by_item):
    return [
        Vote(question="stance", item_id=item, annotator=f"r{n}", label=label, cluster=item)
        for item, labels in by_item.items()
        for n, label in enumerate(labels.split())
    ]


def modelled(given, hard=None, items=None):
    method = by_model("dawid-skene", partial(fit, options=ModelOptions()), hard or HardLabels())
    found = method(given, STANCE, items or sorted({vote.item_id for vote in given}), {})
    return {row.item_id: row for row in found.gold}, found


def crowd(seed, items=200, skill=0.85, people=4):
    """People of equal skill, who also know whether the scale applies."""
    rng = np.random.default_rng(seed)
    labels = ["pro", "neutral", "against", "not_applicable"]
    given, truth = {}, {}
    for n in range(items):
        truth[f"i{n:03}"] = str(rng.choice(labels))
        said = [truth[f"i{n:03}"] if rng.random() < skill else str(rng.choice(labels)) for _ in range(people)]
        given[f"i{n:03}"] = " ".join(said)
    return truth, votes(**given)


def test_majority_first_asks_whether_the_scale_applies():
    decide = lambda labels: by_majority(votes(i=labels), STANCE, ["i"], {"i": 2}).gold[0].label  # noqa: E731
    assert decide("pro pro not_applicable not_applicable neutral") == "pro"  # 3 to 2 that it applies, then 2 of 3
    assert decide("not_applicable not_applicable pro") == "not_applicable"
    assert decide("pro not_applicable") is None
    assert decide("pro against mixed") is None  # it applies, and nobody's direction has more than half


def test_majority_says_why_an_item_has_no_label():
    given = votes(a="pro against", b="pro", c="unclear", d="pro pro against neutral", e="pro pro")
    found = by_majority(given, STANCE, ["a", "b", "c", "d", "e", "f"], dict.fromkeys("abcdef", 2))
    assert found.reasons == {
        "a": "a tie",
        "b": "fewer than 2 answers",
        "c": "no answer",
        "d": "no label with more than half of the votes",
        "f": "no answer",
    }
    assert found.reason_counts == {
        "a tie": 1,
        "fewer than 2 answers": 1,
        "no answer": 2,
        "no label with more than half of the votes": 1,
    }


def test_the_model_finds_both_applicability_and_direction():
    truth, given = crowd(1)
    rows, found = modelled(given)
    labelled = [row for row in rows.values() if row.label]
    assert len(labelled) > 150
    assert np.mean([row.label == truth[row.item_id] for row in labelled]) > 0.97
    assert [one.about for one in found.fits] == ["applicability", "label"]
    assert all(row.status == "model" and row.confidence >= 0.8 for row in labelled)


def test_soft_labels_are_there_for_every_item_and_sum_to_one():
    _, given = crowd(2)
    rows, _ = modelled(given)
    for row in rows.values():
        assert sum(row.soft.values()) == pytest.approx(1)
        assert list(row.soft) == list(STANCE.gold_labels)


def test_what_does_not_qualify_is_unresolved_with_the_reason():
    _, given = crowd(3)
    rows, found = modelled([*given, *votes(few="pro pro")], items=[*{vote.item_id for vote in given}, "few", "never"])
    assert found.reasons["few"] == "fewer than 3 answers"
    assert found.reasons["never"] == "no answer"
    assert rows["few"].label is None
    assert rows["few"].soft["pro"] > 0.5
    assert sum(found.reason_counts.values()) == sum(row.label is None for row in rows.values())


def test_annotators_who_share_little_with_others_are_not_believed():
    given = votes(**{f"i{n}": "pro pro pro against" for n in range(10)})
    rows, found = modelled(given)
    assert set(found.reasons.values()) == {"annotators who share fewer than 30 items with others"}
    assert all(row.label is None for row in rows.values())
    rows, _ = modelled(given, HardLabels(min_shared=5))
    assert all(row.label == "pro" for row in rows.values())


def test_a_tie_of_the_model_is_nobodys_label():
    given = votes(a="pro against", b="against pro")
    rows, found = modelled(given, PLAIN)
    assert all(row.label is None for row in rows.values())
    assert set(found.reasons.values()) == {"a tie"}


def test_labels_in_another_order_give_the_same_gold():
    _, given = crowd(4)
    flipped = Question(name="stance", text={}, labels=STANCE.labels[::-1])
    rows, _ = modelled(given)
    method = by_model("dawid-skene", partial(fit, options=ModelOptions()), HardLabels())
    other = {row.item_id: row for row in method(given[::-1], flipped, sorted(rows), {}).gold}
    assert {item: row.label for item, row in other.items()} == {item: row.label for item, row in rows.items()}


def test_nobody_voted_on_anything():
    rows, found = modelled(votes(i="unclear unclear"))
    assert (rows["i"].label, rows["i"].n_votes, found.fits) == (None, 2, ())


def test_many_annotators_with_one_vote_each_get_an_answer():
    given = [
        Vote(question="stance", item_id=f"i{n % 700}", annotator=f"r{n}", label=("pro", "against")[n % 2], cluster="c")
        for n in range(2100)
    ]
    _, found = modelled(given)
    assert set(found.reasons.values()) == {"annotators who share fewer than 30 items with others"}


def test_adjudication_sets_the_label_and_leaves_the_votes():
    found = by_majority(votes(a="pro against", b="pro pro"), STANCE, ["a", "b"], {"a": 2, "b": 2})
    settled = settle_adjudicated(found, {"a": "mixed"})
    assert [(row.label, row.status) for row in settled.gold] == [("mixed", "adjudicated"), ("pro", "unanimous")]
    assert settled.gold[0].votes == {"pro": 1, "against": 1}
    assert settled.gold[0].soft == {"pro": 1 / 2, "against": 1 / 2}
    assert settled.reasons == {}


@pytest.mark.slow
@pytest.mark.parametrize("model", [mace, glad])
def test_the_models_of_crowd_kit_find_what_was_meant(model):
    pytest.importorskip("crowdkit")
    truth, given = crowd(5, items=60)
    found = by_model("crowd", model, HardLabels(min_shared=5))(given, STANCE, sorted(truth), {})
    labelled = [row for row in found.gold if row.label]
    assert len(labelled) > 35
    assert np.mean([row.label == truth[row.item_id] for row in labelled]) > 0.9
    assert found.fits[0].log_likelihood is None
