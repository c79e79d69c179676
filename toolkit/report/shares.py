"""How the gold labels of a question are distributed, with intervals by article."""

from collections.abc import Mapping, Sequence

import numpy as np

from toolkit.records import Gold
from toolkit.statistics import Estimate, Floats, by_cluster, cluster_bootstrap, undefined


def label_shares(
    gold: Sequence[Gold], labels: Sequence[str], clusters: Mapping[str, str], chances: Mapping[str, float], seed: int
) -> dict[str, Estimate]:
    """The share of each label among the items that have one.

    Each item counts with the inverse of its chance of being chosen, so that the shares are those of the
    paragraphs that were sampled from.

    Args:
        gold: of one question.
        labels: those that can become gold.
        clusters: what is resampled: the article, or its cluster, of each item.
        chances: each item's chance of being chosen.
        seed: of the bootstrap.
    """
    resolved = sorted((row for row in gold if row.label is not None), key=lambda row: row.item_id)
    return {
        label: _share([row.label == label for row in resolved], resolved, clusters, chances, seed) for label in labels
    }


def unresolved_share(
    gold: Sequence[Gold], clusters: Mapping[str, str], chances: Mapping[str, float], seed: int
) -> Estimate:
    """The share of items that the votes left without a label, weighted as the shares of labels are.

    Args:
        gold: of one question.
        clusters: what is resampled: the article, or its cluster, of each item.
        chances: each item's chance of being chosen.
        seed: of the bootstrap.
    """
    rows = sorted(gold, key=lambda row: row.item_id)
    return _share([row.label is None for row in rows], rows, clusters, chances, seed)


def _share(
    hits: Sequence[bool], rows: Sequence[Gold], clusters: Mapping[str, str], chances: Mapping[str, float], seed: int
) -> Estimate:
    if not rows:
        return undefined("no items to count", 0, 0)
    weights = np.array([1 / chances[row.item_id] for row in rows])
    sums = by_cluster([clusters[row.item_id] for row in rows], np.stack([weights * np.array(hits), weights], axis=1))
    return cluster_bootstrap(sums, _ratio, len(rows), seed)


def _ratio(sums: Floats) -> Floats:
    return np.asarray(sums[:, 0] / sums[:, 1])
