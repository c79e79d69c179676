"""How far a figure of agreement would move with other annotators and other articles."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toolkit.labels.agreement.coefficients import coincidences
from toolkit.labels.votes import Ints, Votes
from toolkit.statistics import LEVEL, Floats, resized_interval, sums_of

_BLOCK = 2_000_000  # numbers of tables that are held at a time

Statistic = Callable[[Floats], Floats]  # coincidence matrices [draws, labels, labels] -> [draws], nan where undefined


@dataclass(frozen=True)
class Spread:
    """A figure, its variance over annotators and articles, and how well that variance is known."""

    value: float
    variance: float
    freedom: float  # degrees of freedom: how many units speak for it, less one


def two_way_interval(votes: Votes, statistic: Statistic, draws: Floats) -> tuple[float | None, float | None]:
    """The 95 % interval of a coefficient of agreement over annotators and articles, or None twice.

    Resamples of both at once count what neither explains about three times, so they are too wide; they lend the
    interval its shape, and the variance lends it its width. Without any it is symmetrical, as is right for very many
    votes. No coefficient of agreement is above 1.

    Args:
        votes: on one question.
        statistic: the coefficient.
        draws: what it is of resamples of both annotators and articles, [draws].

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
    """The variance of a function of coincidence matrices where both annotators and clusters are drawn at random.

    The variance between clusters and that between annotators, less that between the shares of annotators in clusters,
    which both hold; never less than that between clusters. Each is a jackknife: the squared changes as one unit after
    the other is left out, with all pairs of votes that it takes part in. Annotators count towards the degrees of
    freedom by their votes: one with a hundredth of another's hardly does.

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
    """How many annotators with equally many votes are worth as much."""
    load = np.bincount(votes.annotator, votes.weight[votes.item], minlength=len(votes.annotators))
    return float(load.sum() ** 2 / (load**2).sum()) if load.any() else 0.0


class _Pairs:
    """The pairs of votes on the same item, vote by vote, in an order that the order of rows has no part in."""

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
        """The sum of squared changes as each of some tables, [units, labels, labels], is left out.

        Where the rest has no value, nothing can be said; an interval then fails for its resamples too.
        """
        return float(np.nansum((self.statistic(self.whole - left_out) - self.value) ** 2))

    def squares_of(self, unit: Ints, count: int) -> float:
        """The same for units of votes, given by the number of each vote's."""
        unit = unit[self.order]
        order = np.argsort(unit, kind="stable")
        unit, label, others = unit[order], self.label[order], self.others[order]
        labels = others.shape[1]
        block = max(1, _BLOCK // labels**2)
        found = 0.0
        for first in range(0, count, block):
            start, end = np.searchsorted(unit, [first, first + block])
            size = min(block, count - first)
            cell = (unit[start:end] - first) * labels + label[start:end]
            tables = np.empty((size, labels, labels))
            for other in range(labels):
                sums = np.bincount(cell, others[start:end, other], minlength=size * labels)
                tables[:, :, other] = sums.reshape(size, labels)
            found += self.squares(tables + np.swapaxes(tables, 1, 2))
        return found
