"""The model of Dawid and Skene: each annotator mistakes one label for another at rates of their own.

True labels are unknown; what is estimated together are the chances of each item's label, the share of each label, and
each annotator's confusion matrix. Annotators with few votes borrow from the others (partial pooling) unless the plain
model is asked for.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from msgspec import Struct

from toolkit.labels.votes import Votes
from toolkit.statistics import Floats
from toolkit.tables.columns import Ints

Pooling = Literal["partial", "none"]

_STRENGTH = 10.0  # how many votes the others' confusions weigh in an annotator's row
_TINY = 1e-12


class ModelOptions(Struct, frozen=True, kw_only=True):
    """How the model is fitted."""

    pooling: Pooling = "partial"
    restarts: int | None = None  # besides the start from the votes; None: 4, and in the plain model, as its source, 0
    rounds: int = 500  # at most
    tolerance: float = 1e-7  # relative change of the log-likelihood at which the estimate has settled
    seed: int = 0


@dataclass(frozen=True)
class Posterior:
    """What a model says of the items, and how it came out; None where the model does not tell."""

    posterior: Floats  # the chance of each label, [items, labels]
    log_likelihood: float | None  # of the votes, natural logarithm
    rounds: int | None
    converged: bool | None
    agreeing_starts: int | None  # how many starts, this one included, ended at this likelihood
    starts: int


@dataclass(frozen=True)
class Fitted(Posterior):
    """What the model of Dawid and Skene says besides."""

    prior: Floats  # the share of each label, [labels]
    confusion: Floats  # of each annotator: true label to given label, rows sum to 1, [annotators, labels, labels]


def fit(votes: Votes, options: ModelOptions) -> Fitted:
    """The estimate of the highest likelihood among several starts.

    The first start takes the votes as chances; each other one weighs the annotators by chance. Several votes of one
    annotator on one item count as so many judgements.

    Source:
        Dawid and Skene, Maximum likelihood estimation of observer error-rates using the EM algorithm (1979), section 3;
        pooling: the prior of an annotator's rows is the confusion of all, as in Paun et al., Comparing Bayesian models
        of annotation (2018), section 3.3, here at a fixed strength.
    """
    model = _Model(votes, options.pooling)
    generator = np.random.default_rng(options.seed)
    people = len(votes.annotators)
    restarts = (4 if options.pooling == "partial" else 0) if options.restarts is None else options.restarts
    rank = _ranked(votes)
    starts = [np.ones(people), *(generator.gamma(1.0, size=people)[rank] for _ in range(restarts))]
    found = [model.run(model.soft_votes(weight), options) for weight in starts]
    best = max(found, key=lambda one: one.objective)
    near = sum(abs(one.objective - best.objective) <= 1e-6 * max(abs(best.objective), 1.0) for one in found)
    return Fitted(
        posterior=best.posterior,
        prior=best.prior,
        confusion=best.confusion,
        log_likelihood=best.log_likelihood,
        rounds=best.rounds,
        converged=best.converged,
        agreeing_starts=near,
        starts=len(found),
    )


def _ranked(votes: Votes) -> Ints:
    """The place of each annotator by what they did, so that starts by chance do not hang on names."""
    people = len(votes.annotators)
    alike = votes.counts[votes.item, votes.label] / votes.per_item[votes.item]
    told = np.bincount(votes.annotator, minlength=people), np.bincount(votes.annotator, alike, minlength=people)
    rank = np.empty(people, dtype=np.int64)
    rank[np.lexsort((np.round(told[1], 9), told[0]))] = np.arange(people)
    return rank


@dataclass(frozen=True)
class _Run:
    posterior: Floats
    prior: Floats
    confusion: Floats
    log_likelihood: float
    objective: float  # the log-likelihood, and under pooling the log-density of the confusions besides
    rounds: int
    converged: bool


class _Model:
    """The steps of the estimation on the same votes."""

    def __init__(self, votes: Votes, pooling: Pooling) -> None:
        from scipy.sparse import coo_array

        self._shape = len(votes.items), len(votes.annotators), len(votes.labels)
        items, annotators, labels = self._shape
        cell = votes.annotator * labels + votes.label
        table = coo_array((np.ones(len(cell)), (votes.item, cell)), shape=(items, annotators * labels)).tocsr()
        table.sort_indices()  # so that sums are taken in the same order, whatever that of the rows was
        self._given = table  # how often each annotator gave each label, [items, annotators * labels]
        self._taken = table.T.tocsr()
        self._pooled = pooling == "partial"

    def soft_votes(self, weight: Floats) -> Floats:
        """The shares of the labels among an item's votes, annotators weighted, [items, labels]."""
        _, annotators, labels = self._shape
        one_each = np.tile(np.eye(labels), (annotators, 1))
        found = self._given @ (one_each * np.repeat(weight + _TINY, labels)[:, np.newaxis])
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def run(self, posterior: Floats, options: ModelOptions) -> _Run:
        """Estimate from these chances on until nothing changes any more."""
        before = -np.inf
        for number in range(1, options.rounds + 1):
            prior, confusion, density = self._maximise(posterior)
            posterior, log_likelihood = self._expect(prior, confusion)
            objective = log_likelihood + density
            if abs(objective - before) <= options.tolerance * max(abs(objective), 1.0):
                return _Run(posterior, prior, confusion, log_likelihood, objective, number, converged=True)
            before = objective
        return _Run(posterior, prior, confusion, log_likelihood, objective, options.rounds, converged=False)

    def _maximise(self, posterior: Floats) -> tuple[Floats, Floats, float]:
        _, annotators, labels = self._shape
        cells = (self._taken @ posterior).reshape(annotators, labels, labels)
        counts = np.moveaxis(cells, 1, 2)  # true label to given label
        prior = posterior.mean(axis=0)
        if not self._pooled:
            total = counts.sum(axis=2, keepdims=True)
            return prior, np.divide(counts, total, out=np.full(counts.shape, 1 / labels), where=total > _TINY), 0.0
        common = counts.sum(axis=0) + 1 / labels
        share = _STRENGTH * common / common.sum(axis=1, keepdims=True)
        confusion = (counts + share) / (counts.sum(axis=2, keepdims=True) + _STRENGTH)
        return prior, confusion, float((share * np.log(confusion + _TINY)).sum())

    def _expect(self, prior: Floats, confusion: Floats) -> tuple[Floats, float]:
        _, annotators, labels = self._shape
        by_cell = np.log(np.moveaxis(confusion, 1, 2).reshape(annotators * labels, labels) + _TINY)
        score = self._given @ by_cell + np.log(prior + _TINY)
        top = score.max(axis=1, keepdims=True)
        chance = np.exp(score - top)
        total = chance.sum(axis=1, keepdims=True)
        return chance / total, float((np.log(total) + top).sum())
