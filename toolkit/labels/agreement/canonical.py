"""An order of items, annotators and clusters that rests on who said what, so that names decide nothing.

A bootstrap draws clusters and annotators by number. Were they numbered by name, renaming them would move the ends of
an interval by a hair; numbered by what they hold, nothing moves.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from toolkit.labels.votes import Votes, vars_of
from toolkit.tables.columns import Ints

Keys = NDArray[np.uint64]

_ROUNDS = 4


def canonical(votes: Votes, place: Callable[[str], float] | None) -> Votes:
    """The same votes, with items, annotators and clusters numbered by what they hold.

    Each starts with the same key, and every round mixes into it the keys of those it meets, so after a few rounds
    two have equal keys only where they play the same part; those stay in the order of their names.

    Args:
        votes: on one question.
        place: where a label lies on its scale; None where labels have no order, so that their names decide nothing
            either.
    """
    keys = _Keys(votes, place)
    for _ in range(_ROUNDS):
        keys.refine()
    item, annotator, cluster = (np.argsort(each, kind="stable") for each in (keys.item, keys.annotator, keys.cluster))
    ranks = [_inverse(order) for order in (item, annotator, cluster)]
    return Votes(
        **{
            **vars_of(votes),
            "items": tuple(map(votes.items.__getitem__, item.tolist())),
            "annotators": tuple(map(votes.annotators.__getitem__, annotator.tolist())),
            "clusters": tuple(map(votes.clusters.__getitem__, cluster.tolist())),
            "item": ranks[0][votes.item],
            "annotator": ranks[1][votes.annotator],
            "cluster": ranks[2][votes.cluster][item],
            "weight": votes.weight[item],
        }
    )


class _Keys:
    """The keys of all that votes join."""

    def __init__(self, votes: Votes, place: Callable[[str], float] | None) -> None:
        self.votes = votes
        known = np.array([place(label) + 0.0 if place else 0.0 for label in votes.labels], dtype=np.float64)
        self.label: Keys = _mixed(known.view(np.uint64))
        self.item: Keys = _mixed(np.ascontiguousarray(votes.weight + 0.0).view(np.uint64))
        self.annotator: Keys = np.ones(len(votes.annotators), dtype=np.uint64)
        self.cluster: Keys = np.ones(len(votes.clusters), dtype=np.uint64)

    def refine(self) -> None:
        votes = self.votes
        item, annotator, label = self.item[votes.item], self.annotator[votes.annotator], self.label[votes.label]
        vote = _mixed(item * _ODD[0] + annotator * _ODD[1] + label * _ODD[2])
        cluster = _sums(votes.cluster, _mixed(self.item * _ODD[2]), len(self.cluster))
        self.item = _mixed(self.item * _ODD[0] + _sums(votes.item, vote, len(self.item)) + self.cluster[votes.cluster])
        self.annotator = _mixed(self.annotator * _ODD[1] + _sums(votes.annotator, vote, len(self.annotator)))
        self.label = _mixed(self.label * _ODD[2] + _sums(votes.label, vote, len(self.label)))
        self.cluster = _mixed(self.cluster * _ODD[0] + cluster)


_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


def _mixed(keys: Keys) -> Keys:
    """Keys scattered over all 64 bits; the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(keys ^ (keys >> np.uint64(31)))


def _sums(place: Ints, keys: Keys, count: int) -> Keys:
    """Keys added up by place; whole numbers that wrap around, so their order is nothing."""
    sums = np.zeros(count, dtype=np.uint64)
    np.add.at(sums, place, keys)
    return sums


def _inverse(order: Ints) -> Ints:
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank
