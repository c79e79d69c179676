"""Resamples of annotators and articles at once: what agreement would be with other people on other articles."""

from typing import Any

import numpy as np

from toolkit.labels.votes import Votes
from toolkit.statistics import DRAWS, Floats

_WORK = 120_000_000  # votes × draws that are worth their time
_FEWEST = 200
_BLOCK = 1_000_000  # numbers of resamples that are held at a time


def draws_worth(votes: Votes) -> int:
    """How many resamples are drawn of some votes: fewer where each takes long, and none where too few would be left."""
    worth = _WORK // max(len(votes.item) + len(votes.annotators), 1)
    return min(worth, DRAWS) if worth >= _FEWEST else 0


def pigeonhole(votes: Votes, seed: int, draws: int) -> Floats:
    """Coincidence matrices of resamples of both annotators and clusters, [draws, labels, labels].

    The two are drawn independently of each other. An annotator who is drawn twice is two who always agree; such pairs
    say nothing about agreement and are left out. An item keeps the weight of its votes, which the
    pairs that are left share.

    Args:
        votes: on one question.
        seed: of the generator.
        draws: how many resamples.

    Source:
        Owen, The pigeonhole bootstrap (2007), section 3; the interval is wider than needed rather than too narrow.
    """
    paired = votes.of((votes.per_item >= 2)[votes.item])
    people, articles, labels = len(paired.annotators), len(paired.clusters), len(votes.labels)
    found = np.zeros((draws, labels, labels))
    if not people:
        return found
    generator = np.random.default_rng(seed)
    said = _said(paired)
    block = max(1, _BLOCK // max(len(paired.items) * labels, people, articles))
    for start in range(0, draws, block):
        size = min(block, draws - start)
        found[start : start + size] = _weighted(
            paired,
            said,
            drawn_with_replacement(generator, people, size),
            drawn_with_replacement(generator, articles, size),
        )
    return found


def drawn_with_replacement(generator: np.random.Generator, count: int, draws: int) -> Floats:
    """How often each of so many is drawn when as many are drawn with replacement, [count, draws]."""
    chosen = generator.integers(0, count, (draws, count)) + np.arange(draws)[:, np.newaxis] * count
    often = np.bincount(chosen.ravel(), minlength=draws * count).reshape(draws, count)
    return np.ascontiguousarray(often.T.astype(np.float64))


def weighted_coincidences(votes: Votes, annotator_weight: Floats, cluster_weight: Floats) -> Floats:
    """The coincidence matrix where annotators and clusters count so often, [labels, labels]; all ones: as usual."""
    weights = annotator_weight[:, np.newaxis], cluster_weight[:, np.newaxis]
    return np.asarray(_weighted(votes, _said(votes), *weights)[0])


def _said(votes: Votes) -> Any:  # noqa: ANN401 - a sparse matrix
    """How often each annotator gave each label to each item, [items × labels, annotators]."""
    from scipy.sparse import csr_array

    place = votes.item * len(votes.labels) + votes.label
    shape = len(votes.items) * len(votes.labels), len(votes.annotators)
    return csr_array((np.ones(len(place)), (place, votes.annotator)), shape=shape)


def _weighted(votes: Votes, said: Any, annotator_weight: Floats, cluster_weight: Floats) -> Floats:  # noqa: ANN401
    """Coincidence matrices of resamples, their weights [annotators, draws] and [clusters, draws]."""
    shape = len(votes.items), len(votes.labels), annotator_weight.shape[1]
    total, own = (said @ annotator_weight).reshape(shape), (said @ annotator_weight**2).reshape(shape)
    m = total.sum(axis=1)
    pairs = m**2 - own.sum(axis=1)
    share = np.divide(m, pairs, out=np.zeros_like(m), where=pairs > 1e-9)
    share *= cluster_weight[votes.cluster] * votes.weight[:, np.newaxis]
    found = np.empty((shape[2], shape[1], shape[1]))
    for label in range(shape[1]):
        weighted = total[:, label] * share
        found[:, label] = (weighted[:, np.newaxis] * total).sum(axis=0).T
        found[:, label, label] -= (share * own[:, label]).sum(axis=0)
    return found
