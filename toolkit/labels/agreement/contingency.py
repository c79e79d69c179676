"""Who gave which label against whose: tables of annotators and of pairs of annotators, cluster by cluster."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from toolkit.labels.votes import Ints, Votes
from toolkit.statistics import Floats

FEWEST_SHARED = 5  # items that two annotators must share: on fewer, kappa says nothing
_MOST_PAIRS = 3_000_000  # pairs of votes; beyond these, who is paired with whom is not worked out


@dataclass(frozen=True)
class Tables:
    """Tables of labels, several in each cluster."""

    sums: Any  # sparse, [clusters, tables × labels × labels]
    which: Ints  # what each table is of: the annotator, or first × annotators + second, [tables]
    often: Ints  # votes of the annotator, or items that both voted on, [tables]
    clusters: Ints  # in which there are any, [tables]
    labels: int

    def drawn(self, weights: Floats) -> Floats:
        """The tables of resamples, [draws, tables, labels, labels], from how often each cluster is in them."""
        flat = (self.sums.T @ weights.T).T
        return np.asarray(flat.reshape(len(weights), len(self.which), self.labels, self.labels))

    @property
    def size(self) -> int:
        """How many numbers a resample must look at."""
        return int(self.sums.nnz) + 6 * int(self.sums.shape[1])


def annotator_tables(votes: Votes, most: int) -> Tables:
    """The labels of each annotator against those of the others on the same items.

    A vote on an item with m votes is compared with m - 1 others, each with weight 1 / (m - 1), so the tables of all
    annotators together are the coincidence matrix.

    Args:
        votes: on one question.
        most: how many annotators; those with the most comparable votes, in their order.
    """
    labels = len(votes.labels)
    comparable = np.flatnonzero(votes.per_item[votes.item] >= 2)
    often = np.bincount(votes.annotator[comparable], minlength=len(votes.annotators))
    chosen = np.sort(np.argsort(-often, kind="stable")[:most])
    chosen = chosen[often[chosen] > 0]
    place = np.full(len(votes.annotators), -1)
    place[chosen] = np.arange(len(chosen))
    mine = comparable[place[votes.annotator[comparable]] >= 0]
    item, label = votes.item[mine], votes.label[mine]
    others = votes.counts[item]
    others[np.arange(len(mine)), label] -= 1
    others *= (votes.weight[item] / (votes.per_item[item] - 1))[:, np.newaxis]
    row, other = np.nonzero(others)
    table = place[votes.annotator[mine]]
    cell = (table[row] * labels + label[row]) * labels + other
    sums = _sparse(votes, votes.cluster[item][row], cell, others[row, other], len(chosen))
    return Tables(sums, chosen, often[chosen], _clusters_of(table, votes.cluster[item], len(chosen)), labels)


def pair_tables(votes: Votes) -> Tables | None:
    """The contingency table of each two annotators who share enough items, or None where that would be too much."""
    m = votes.per_item
    if int((m * (m - 1) // 2).sum()) > _MOST_PAIRS:
        return None
    one, other = _vote_pairs(votes)
    swap = votes.annotator[one] > votes.annotator[other]
    one, other = np.where(swap, other, one), np.where(swap, one, other)
    apart = votes.annotator[one] != votes.annotator[other]
    one, other = one[apart], other[apart]
    key = votes.annotator[one] * len(votes.annotators) + votes.annotator[other]
    pairs, place, often = np.unique(key, return_inverse=True, return_counts=True)
    enough = (often >= FEWEST_SHARED)[place]
    one, other = one[enough], other[enough]
    pairs, place, often = np.unique(key[enough], return_inverse=True, return_counts=True)
    labels = len(votes.labels)
    if len(pairs) * labels**2 > 2 * _MOST_PAIRS:
        return None
    cell = (place * labels + votes.label[one]) * labels + votes.label[other]
    item = votes.item[one]
    cluster = votes.cluster[item]
    sums = _sparse(votes, cluster, cell, votes.weight[item], len(pairs))
    return Tables(sums, pairs, often, _clusters_of(place, cluster, len(pairs)), labels)


def _vote_pairs(votes: Votes) -> tuple[Ints, Ints]:
    """Each two votes on one item, once."""
    order = np.argsort(votes.item, kind="stable")
    starts = np.cumsum(votes.per_item) - votes.per_item
    ones, others = [], []
    for m in np.unique(votes.per_item[votes.per_item >= 2]):
        rows = order[starts[votes.per_item == m][:, np.newaxis] + np.arange(m)]
        first, second = np.triu_indices(m, 1)
        ones.append(rows[:, first].ravel())
        others.append(rows[:, second].ravel())
    empty = np.zeros(0, dtype=np.int64)
    return np.concatenate([empty, *ones]), np.concatenate([empty, *others])


def _clusters_of(table: Ints, cluster: Ints, tables: int) -> Ints:
    """In how many clusters each table has votes."""
    count = int(cluster.max(initial=0)) + 1
    return np.bincount(np.unique(table * count + cluster) // count, minlength=tables)


def _sparse(votes: Votes, cluster: Ints, cell: Ints, weight: Floats, tables: int) -> Any:  # noqa: ANN401
    from scipy.sparse import csr_array

    shape = len(votes.clusters), tables * len(votes.labels) ** 2
    return csr_array((weight, (cluster, cell)), shape=shape)
