"""A coefficient with its intervals, and the scale that compares labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from toolkit.codebook import Level, Question
from toolkit.errors import DataError
from toolkit.labels.agreement.coefficients import Distance, coincidences, interval, nominal, ordinal, ratio
from toolkit.labels.votes import Votes
from toolkit.statistics import DRAWS, LEVEL, Estimate, Floats, resized_interval, sums_of
from toolkit.tables.columns import Ints


class Interval(Struct, frozen=True, kw_only=True):
    """A 95 % interval, or the reason why there is none."""

    low: float | None
    high: float | None
    reason: str = ""


class Coefficient(Struct, frozen=True, kw_only=True):
    """A coefficient with the interval of *same annotators, new articles*."""

    name: str = "alpha"
    value: float | None
    low: float | None
    high: float | None
    level: str
    n: int  # items with two votes or more
    clusters: int  # resampled articles or clusters
    reason: str = ""  # reason why value, low or high is None
    new_annotators: Interval | None = None  # of *new annotators, new articles*
    lost: int = 0  # items that would count if all their votes had a place on the scale


class Scale(Struct, frozen=True, kw_only=True):
    """The scale that compares labels."""

    level: Level = "nominal"
    values: dict[str, float] = {}  # value of each label; needed for all levels but nominal

    def distance(self, labels: Sequence[str]) -> Distance:
        """Return the squared difference of labels, which must be in the order of `ordered`.

        Raises:
            DataError: a label has no value, or a ratio has a negative one.
        """
        if self.level == "nominal":
            return nominal
        missing = [label for label in labels if label not in self.values]
        if missing:
            raise DataError(
                f"label {missing[0]!r} has no place on the scale that level {self.level} needs; name the labels from "
                "low to high (`--order`), or measure at level nominal"
            )
        values = [self.values[label] for label in labels]
        if self.level == "ordinal":
            return ordinal
        if self.level == "ratio" and min(values, default=0) < 0:
            raise DataError("level ratio needs values from 0 up; measure at level interval")
        return interval(values) if self.level == "interval" else ratio(values)

    def ordered(self, labels: Sequence[str]) -> list[str]:
        """Return the labels from low to high, or in the given order if they have no values."""
        return sorted(labels, key=lambda label: self.values.get(label, 0.0)) if self.values else list(labels)


def scale_of(question: Question) -> Scale:
    """Return the scale of a question's labels at the question's level."""
    values = {label.name: label.scale for label in question.labels if label.scale is not None}
    return Scale(level=question.level, values=values)


def as_coefficient(estimate: Estimate, level: str, name: str = "alpha") -> Coefficient:
    """Convert an estimate to a coefficient at a level."""
    return Coefficient(name=name, level=level, **msgspec.structs.asdict(estimate))


# --- resamples of annotators and articles ----------------------------------------------------------------------------


_WORK = 120_000_000  # limit on votes × draws, for running time
_FEWEST = 200
_RESAMPLE_BLOCK = 1_000_000  # numbers of resamples that are held in memory at a time


def n_draws(votes: Votes) -> int:
    """Return the number of resamples for some votes: fewer if each takes long, none if too few would remain."""
    affordable = _WORK // max(len(votes.item) + len(votes.annotators), 1)
    return min(affordable, DRAWS) if affordable >= _FEWEST else 0


def pigeonhole(votes: Votes, seed: int, draws: int) -> Floats:
    """Return coincidence matrices of resamples of both annotators and clusters, [draws, labels, labels].

    Annotators and clusters are drawn independently. An annotator who is drawn twice acts as two annotators who always
    agree; such pairs contain no information about agreement and are left out. An item keeps the weight of its votes,
    which the remaining pairs share.

    Args:
        votes: votes on one question.
        seed: seed of the generator.
        draws: number of resamples.

    Source:
        Owen, The pigeonhole bootstrap (2007), section 3; the interval is wider than needed rather than too narrow.
    """
    paired = votes.of((votes.per_item >= 2)[votes.item])
    people, articles, labels = len(paired.annotators), len(paired.clusters), len(votes.labels)
    tables = np.zeros((draws, labels, labels))
    if not people:
        return tables
    generator = np.random.default_rng(seed)
    counts = _label_counts(paired)
    block = max(1, _RESAMPLE_BLOCK // max(len(paired.items) * labels, people, articles))
    for start in range(0, draws, block):
        size = min(block, draws - start)
        tables[start : start + size] = _weighted(
            paired,
            counts,
            drawn_with_replacement(generator, people, size),
            drawn_with_replacement(generator, articles, size),
        )
    return tables


def drawn_with_replacement(generator: np.random.Generator, count: int, draws: int) -> Floats:
    """Return how often each of ``count`` units is drawn when ``count`` are drawn with replacement, [count, draws]."""
    chosen = generator.integers(0, count, (draws, count)) + np.arange(draws)[:, np.newaxis] * count
    often = np.bincount(chosen.ravel(), minlength=draws * count).reshape(draws, count)
    return np.ascontiguousarray(often.T.astype(np.float64))


def weighted_coincidences(votes: Votes, annotator_weight: Floats, cluster_weight: Floats) -> Floats:
    """Return the coincidence matrix under annotator and cluster weights, [labels, labels]; all ones: unweighted."""
    weights = annotator_weight[:, np.newaxis], cluster_weight[:, np.newaxis]
    return np.asarray(_weighted(votes, _label_counts(votes), *weights)[0])


def _label_counts(votes: Votes) -> Any:  # noqa: ANN401 - a sparse matrix
    """Return the number of votes per annotator, item and label, [items × labels, annotators]."""
    from scipy.sparse import csr_array

    place = votes.item * len(votes.labels) + votes.label
    shape = len(votes.items) * len(votes.labels), len(votes.annotators)
    return csr_array((np.ones(len(place)), (place, votes.annotator)), shape=shape)


def _weighted(votes: Votes, counts: Any, annotator_weight: Floats, cluster_weight: Floats) -> Floats:  # noqa: ANN401
    """Return coincidence matrices of resamples with weights [annotators, draws] and [clusters, draws]."""
    shape = len(votes.items), len(votes.labels), annotator_weight.shape[1]
    total, own = (counts @ annotator_weight).reshape(shape), (counts @ annotator_weight**2).reshape(shape)
    m = total.sum(axis=1)
    pairs = m**2 - own.sum(axis=1)
    share = np.divide(m, pairs, out=np.zeros_like(m), where=pairs > 1e-9)
    share *= cluster_weight[votes.cluster] * votes.weight[:, np.newaxis]
    tables = np.empty((shape[2], shape[1], shape[1]))
    for label in range(shape[1]):
        weighted = total[:, label] * share
        tables[:, label] = (weighted[:, np.newaxis] * total).sum(axis=0).T
        tables[:, label, label] -= (share * own[:, label]).sum(axis=0)
    return tables


# --- the interval of new annotators ----------------------------------------------------------------------------------


_TABLE_BLOCK = 2_000_000  # numbers of tables that are held in memory at a time

Statistic = Callable[[Floats], Floats]  # coincidence matrices [draws, labels, labels] -> [draws], nan where undefined


@dataclass(frozen=True)
class Spread:
    """A statistic, its variance over annotators and articles, and the precision of that variance."""

    value: float
    variance: float
    freedom: float  # degrees of freedom: effective number of units, minus one


def two_way_interval(votes: Votes, statistic: Statistic, draws: Floats) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a coefficient of agreement over annotators and articles, or None twice.

    Resamples of both at once count the residual variance about three times, so they are too wide. They determine the
    shape of the interval, and the variance determines its width. Without resamples the interval is symmetric, which is
    right for very many votes. No coefficient of agreement is above 1.

    Args:
        votes: votes on one question.
        statistic: the coefficient.
        draws: the coefficient of resamples of both annotators and articles, [draws].

    Source:
        Owen and Eckles, Bootstrapping data arrays of arbitrary order (2012): why the resamples vary too much;
        Cameron, Gelbach and Miller, Robust inference with multiway clustering (2011), the quantile of t.
    """
    from scipy.special import stdtrit

    spread = two_way_spread(votes, statistic)
    half = float(stdtrit(spread.freedom, (1 + LEVEL) / 2)) * spread.variance**0.5
    low, high = resized_interval(spread.value, draws if len(draws) else spread.value + np.array([-half, half]), half)
    return low, high if high is None else min(high, 1.0)


def two_way_spread(votes: Votes, statistic: Statistic) -> Spread:
    """Return the variance of a function of coincidence matrices where both annotators and clusters are random.

    The variance is that between clusters plus that between annotators, minus that between the annotators' shares of
    clusters, which both contain. It is never less than that between clusters. Each term is a jackknife: the squared
    changes as each unit in turn is left out, with all pairs of votes that include it. Annotators contribute to the
    degrees of freedom by their votes: an annotator with a hundredth of another's votes hardly contributes.

    Source:
        Cameron, Gelbach and Miller, Robust inference with multiway clustering (2011), section 2; the jackknife:
        MacKinnon, Nielsen and Webb, Fast and reliable jackknife and bootstrap methods for cluster-robust inference
        (2023); how many equal units unequal ones are worth: Kish, Survey Sampling (1965).
    """
    paired = votes.of((votes.per_item >= 2)[votes.item])
    items = coincidences(paired.counts) * paired.weight[:, np.newaxis, np.newaxis]
    articles = sums_of(paired.cluster, items, len(paired.clusters))
    pairs = _Pairs(paired, statistic, articles.sum(axis=0))
    people, clusters = len(paired.annotators), len(articles)
    of_articles = (clusters - 1) / clusters * pairs.squares(articles)
    of_annotators = (people - 1) / people * pairs.squares_of(paired.annotator, people)
    shares, share = np.unique(paired.cluster[paired.item] * people + paired.annotator, return_inverse=True)
    variance = of_articles + of_annotators - pairs.squares_of(share, len(shares))
    freedom = max(min(_worth(paired), clusters) - 1, 1.0)
    return Spread(pairs.value, max(variance, of_articles), freedom)


def _worth(votes: Votes) -> float:
    """Return the effective number of annotators: how many with equally many votes would be equivalent."""
    load = np.bincount(votes.annotator, votes.weight[votes.item], minlength=len(votes.annotators))
    return float(load.sum() ** 2 / (load**2).sum()) if load.any() else 0.0


class _Pairs:
    """The pairs of votes on the same item, vote by vote, in an order independent of the order of rows."""

    def __init__(self, votes: Votes, statistic: Statistic, whole: Floats) -> None:
        self.statistic, self.whole = statistic, whole
        self.value = float(statistic(whole[np.newaxis])[0])
        place = (votes.item * len(votes.annotators) + votes.annotator) * len(votes.labels) + votes.label
        self.order = np.argsort(place, kind="stable")
        item, self.label = votes.item[self.order], votes.label[self.order]
        self.others = votes.counts[item]
        self.others[np.arange(len(item)), self.label] -= 1
        self.others *= (votes.weight[item] / (votes.per_item[item] - 1))[:, np.newaxis]

    def squares(self, left_out: Floats) -> float:
        """Return the sum of squared changes as each of some tables, [units, labels, labels], is left out.

        A unit without which the statistic is undefined adds nothing; the interval then fails for its resamples too.
        """
        return float(np.nansum((self.statistic(self.whole - left_out) - self.value) ** 2))

    def squares_of(self, unit: Ints, count: int) -> float:
        """Return the same sum for units of votes, given by the unit number of each vote."""
        unit = unit[self.order]
        order = np.argsort(unit, kind="stable")
        unit, label, others = unit[order], self.label[order], self.others[order]
        labels = others.shape[1]
        block = max(1, _TABLE_BLOCK // labels**2)
        total = 0.0
        for first in range(0, count, block):
            start, end = np.searchsorted(unit, [first, first + block])
            size = min(block, count - first)
            cell = (unit[start:end] - first) * labels + label[start:end]
            tables = np.empty((size, labels, labels))
            for other in range(labels):
                sums = np.bincount(cell, others[start:end, other], minlength=size * labels)
                tables[:, :, other] = sums.reshape(size, labels)
            total += self.squares(tables + np.swapaxes(tables, 1, 2))
        return total
