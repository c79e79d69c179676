"""Resamples of annotators and articles at once: what agreement would be with other people on other articles."""

import numpy as np

from toolkit.labels.coding import Votes
from toolkit.statistics import DRAWS, Floats

_WORK = 400_000_000  # votes × draws that are worth their time
_FEWEST = 200


def draws_worth(votes: int) -> int:
    """How many resamples are drawn of so many votes: fewer where each takes long."""
    return int(np.clip(_WORK // max(votes, 1), _FEWEST, DRAWS))


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
    generator = np.random.default_rng(seed)
    people, articles = len(paired.annotators), len(paired.clusters)
    found = np.zeros((draws, len(votes.labels), len(votes.labels)))
    for number in range(draws if people else 0):
        annotator_weight = generator.multinomial(people, np.full(people, 1 / people)).astype(np.float64)
        cluster_weight = generator.multinomial(articles, np.full(articles, 1 / articles)).astype(np.float64)
        found[number] = weighted_coincidences(paired, annotator_weight, cluster_weight)
    return found


def weighted_coincidences(votes: Votes, annotator_weight: Floats, cluster_weight: Floats) -> Floats:
    """The coincidence matrix where annotators and clusters count so often, [labels, labels]; all ones: as usual."""
    shape = len(votes.items), len(votes.labels)
    place, weight = votes.item * shape[1] + votes.label, annotator_weight[votes.annotator]
    total = np.bincount(place, weight, minlength=shape[0] * shape[1]).reshape(shape)
    own = np.bincount(place, weight**2, minlength=shape[0] * shape[1]).reshape(shape)
    m = total.sum(axis=1)
    pairs = m**2 - own.sum(axis=1)
    share = np.divide(m, pairs, out=np.zeros_like(m), where=pairs > 1e-9)
    share *= cluster_weight[votes.cluster] * votes.weight
    return np.asarray((total * share[:, np.newaxis]).T @ total - np.diag(share @ own))
