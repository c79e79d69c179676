"""The model of Dawid and Skene: published figures, an independent implementation, and annotators of known skill."""

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from toolkit.labels.aggregation.models import ModelOptions, fit
from toolkit.labels.votes import code_columns

SHARED = Path(os.environ.get("STANCE_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))
PLAIN = ModelOptions(pooling="none")

# Dawid and Skene (1979), table 1: 45 patients, each judged by five observers, by the first three times; digits are
# labels 1 to 4, observers apart by spaces.
PATIENTS = """
111 1 1 1 1|333 4 3 3 4|112 2 1 2 2|222 3 1 2 1|222 3 2 2 2|222 3 3 2 2|122 2 1 1 1|333 3 4 3 3|222 2 2 2 3|232 2 2 2 3
444 4 4 4 4|222 3 3 4 3|111 1 1 1 1|222 3 2 1 2|121 1 1 1 1|111 2 1 1 1|111 1 1 1 1|111 1 1 1 1|222 2 2 2 1|222 1 3 2 2
222 2 2 2 2|222 2 2 2 1|222 3 2 2 2|221 2 2 2 2|111 1 1 1 1|111 1 1 1 1|232 2 2 2 2|111 1 1 1 1|111 1 1 1 1|112 1 1 2 1
111 1 1 1 1|333 3 2 3 3|111 1 1 1 1|222 2 2 2 2|222 3 2 3 2|433 4 3 4 3|221 2 2 3 2|232 3 2 3 3|333 3 4 3 2|111 1 1 1 1
111 1 1 1 1|121 2 1 1 1|232 2 2 2 2|121 1 1 1 1|222 2 2 2 2
"""


def table(rows, labels):
    items, people, votes = zip(*rows, strict=True)
    return code_columns(list(items), list(people), list(votes), list(items), labels)


def patients():
    cells = [cell for line in PATIENTS.split("\n") for cell in line.split("|") if cell]
    return table(
        [
            (f"p{n:02}", f"observer {o}", label)
            for n, cell in enumerate(cells)
            for o, labels in enumerate(cell.split(), 1)
            for label in labels
        ],
        list("1234"),
    )


def shared_table(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not there; STANCE_DATA names the folder with the public data")
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as handle:
        return list(csv.DictReader(handle))


def simulated(seed, skills, items=400, labels=3, votes=5):
    """Votes of annotators with given confusions on items with known labels."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(labels, size=items)
    rows = [
        (f"i{item:04}", f"a{who:02}", str(rng.choice(labels, p=skills[who][truth[item]])))
        for item in range(items)
        for who in rng.choice(len(skills), size=votes, replace=False)
    ]
    return truth, table(rows, [str(n) for n in range(labels)])


def even(skill, labels=3):
    return np.full((labels, labels), (1 - skill) / (labels - 1)) + np.eye(labels) * (skill - (1 - skill) / (labels - 1))


def test_the_patients_come_out_as_published():
    votes = patients()
    assert (len(votes.item), len(votes.items)) == (315, 45)
    found = fit(votes, PLAIN)
    assert found.prior == pytest.approx([0.40, 0.42, 0.11, 0.07], abs=0.005)
    assert found.log_likelihood == pytest.approx(-192.89, abs=0.005)
    assert found.converged


@pytest.mark.shared
def test_the_patients_in_the_test_are_those_that_were_published():
    rows = shared_table("agreement_reference/dawid_skene_1979.csv")
    read = table(
        [(f"p{int(r['patient']) - 1:02}", f"observer {r['observer']}", r["label"]) for r in rows], list("1234")
    )
    assert np.array_equal(read.counts, patients().counts)
    assert fit(read, PLAIN).log_likelihood == fit(patients(), PLAIN).log_likelihood


@pytest.mark.shared
def test_textual_entailment_comes_out_as_published():
    # Snow et al., Cheap and fast (2008); .9275 by the plain model in Zheng et al., Truth inference (2017)
    rows = shared_table("snow2008/rte.csv.gz")
    votes = table([(r["task"], r["worker"], r["label"]) for r in rows], ["0", "1"])
    truth = {r["task"]: int(r["truth"]) for r in rows}
    best = fit(votes, PLAIN).posterior.argmax(axis=1)
    assert np.mean(best == [truth[item] for item in votes.items]) == pytest.approx(0.9275, abs=0.00005)


@pytest.mark.shared
def test_products_come_out_as_published():
    rows = shared_table("crowd_product/answers.csv.gz")
    votes = table([(r["task"], r["worker"], r["label"]) for r in rows], ["0", "1"])
    known = {
        r["task"]: int(r["label"] if "label" in r else r["truth"]) for r in shared_table("crowd_product/truth.csv")
    }
    truth = np.array([known[item] for item in votes.items])
    best = fit(votes, PLAIN).posterior.argmax(axis=1)
    assert np.mean(best == truth) == pytest.approx(0.9397, abs=0.0001)
    assert f1_score(truth, best) == pytest.approx(0.7209, abs=0.0005)


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_the_order_of_the_votes_changes_no_bit(seed):
    rng = np.random.default_rng(seed)
    rows = [(f"i{i}", f"a{a}", rng.choice(["x", "y", "z"])) for i in range(15) for a in range(4) if rng.random() < 0.8]
    shuffled = [rows[n] for n in rng.permutation(len(rows))]
    for options in (PLAIN, ModelOptions()):
        one, other = fit(table(rows, ["x", "y", "z"]), options), fit(table(shuffled, ["x", "y", "z"]), options)
        assert np.array_equal(one.posterior, other.posterior)
        assert one.log_likelihood == other.log_likelihood


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_other_names_give_the_same_chances(seed):
    rng = np.random.default_rng(seed)
    skills = [even(s) for s in rng.uniform(0.6, 0.95, size=6)]
    _, votes = simulated(seed, skills, items=60, votes=4)
    renamed_labels = {"0": "n", "1": "a", "2": "g"}
    people = dict(zip(votes.annotators, rng.permutation([f"r{n}" for n in range(6)]), strict=True))
    rows = [
        (votes.items[i], votes.annotators[a], votes.labels[v])
        for i, a, v in zip(votes.item, votes.annotator, votes.label, strict=True)
    ]
    other = table([(i, people[a], renamed_labels[v]) for i, a, v in rows], ["a", "g", "n"])
    for options in (PLAIN, ModelOptions()):
        one, two = fit(votes, options), fit(other, options)
        assert two.posterior[:, [2, 0, 1]] == pytest.approx(one.posterior, abs=1e-4)
        assert two.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning")  # crowd-kit's own, about pandas
@given(st.integers(0, 10_000))
@settings(max_examples=5)
def test_the_plain_model_is_that_of_crowd_kit(seed):
    aggregation = pytest.importorskip("crowdkit.aggregation")
    import pandas as pd

    rng = np.random.default_rng(seed)
    _, votes = simulated(seed, [even(s) for s in rng.uniform(0.6, 0.9, size=8)], items=80, votes=5)
    frame = pd.DataFrame({"task": votes.item, "worker": votes.annotator, "label": votes.label})
    theirs = aggregation.DawidSkene(n_iter=2000, tol=1e-12).fit_predict_proba(frame).sort_index()[[0, 1, 2]].to_numpy()
    ours = fit(votes, ModelOptions(pooling="none", rounds=5000, tolerance=1e-12))
    # Theirs stops a little before ours where a chance goes to 0, and now and then at a lower top of the likelihood.
    assert np.abs(ours.posterior - theirs).max() < 1e-3 or ours.log_likelihood > likelihood(votes, theirs)


def likelihood(votes, posterior):
    """The log-likelihood after one more round of the estimation, written out vote by vote."""
    n = len(votes.labels)
    confusion = np.full((len(votes.annotators), n, n), 1e-12)
    for item, annotator, label in zip(votes.item, votes.annotator, votes.label, strict=True):
        confusion[annotator, :, label] += posterior[item]
    confusion /= confusion.sum(axis=2, keepdims=True)
    joint = np.tile(posterior.mean(axis=0), (len(votes.items), 1))
    for item, annotator, label in zip(votes.item, votes.annotator, votes.label, strict=True):
        joint[item] *= confusion[annotator, :, label]
    return np.log(joint.sum(axis=1)).sum()


@pytest.mark.parametrize("seed", range(3))
def test_confusions_of_known_annotators_are_recovered(seed):
    skills = [even(0.9), even(0.8), even(0.7), even(0.6), even(0.85), even(0.75)]
    _, votes = simulated(seed, skills, items=1500, votes=4)
    error = np.abs(fit(votes, ModelOptions()).confusion - skills)
    assert error.mean() < 0.025  # 1,000 votes each, some 330 a row: a binomial error of .022 at a half
    assert error.max() < 0.10


def test_it_beats_majority_where_skills_differ():
    gains = []
    for seed in range(5):
        truth, votes = simulated(seed, [even(0.95)] * 2 + [even(0.45)] * 6)
        majority = (votes.counts + np.random.default_rng(seed).uniform(0, 1e-6, votes.counts.shape)).argmax(axis=1)
        gains.append(np.mean(fit(votes, ModelOptions()).posterior.argmax(axis=1) == truth) - np.mean(majority == truth))
    assert min(gains) > 0.03


def test_it_does_not_beat_majority_where_all_are_alike():
    gains = []
    for seed in range(5):
        truth, votes = simulated(seed, [even(0.75)] * 8)
        majority = (votes.counts + np.random.default_rng(seed).uniform(0, 1e-6, votes.counts.shape)).argmax(axis=1)
        gains.append(np.mean(fit(votes, ModelOptions()).posterior.argmax(axis=1) == truth) - np.mean(majority == truth))
    assert abs(np.mean(gains)) < 0.02


def test_it_says_when_it_has_not_settled():
    assert not fit(patients(), ModelOptions(pooling="none", rounds=2)).converged


def test_a_person_with_one_vote_is_not_believed_beyond_measure_under_pooling():
    _, votes = simulated(0, [even(0.8)] * 6, items=60)
    rows = [
        (votes.items[i], votes.annotators[a], votes.labels[v])
        for i, a, v in zip(votes.item, votes.annotator, votes.label, strict=True)
    ]
    other = table([*rows, ("i0000", "once", "0")], ["0", "1", "2"])
    once = other.annotators.index("once")
    assert fit(other, ModelOptions()).confusion[once].max() < 0.95
    assert fit(other, PLAIN).confusion[once].max() > 0.99
