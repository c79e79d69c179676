"""How far annotators agree beyond chance, with an interval by article."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct

from toolkit.records import Vote
from toolkit.statistics import Estimate, Floats, by_cluster, cluster_bootstrap, undefined

_NO_PAIRS = "no item has two votes"


class Coefficient(Struct, frozen=True, kw_only=True):
    """Krippendorff's alpha at a level of measurement, with the interval of *same annotators, new articles*."""

    value: float | None
    low: float | None
    high: float | None
    level: str
    n: int  # items with two votes or more
    clusters: int  # resampled articles or clusters
    why: str = ""  # why value, low or high is None


class QuestionAgreement(Struct, frozen=True, kw_only=True):
    """Agreement on one question."""

    n_items: int
    n_annotators: int
    n_votes: int  # without the no-answer ones
    no_answers: int  # votes that are no answer: missing for agreement
    alpha: Coefficient
    raw: Estimate  # the chance that two votes on an item are equal
    shares: dict[str, float]  # of each label among the votes
    per_label: dict[str, Coefficient]  # one label against the rest


def agreement(votes: Iterable[Vote], labels: Sequence[str], no_answers: Sequence[str], seed: int) -> QuestionAgreement:
    """Agreement on one question, over all but the no-answer labels.

    Args:
        votes: on one question; their order does not matter.
        labels: those that count, in codebook order.
        no_answers: labels that are missing for agreement.
        seed: of the bootstrap.
    """
    given = list(votes)
    kept = [vote for vote in given if vote.label not in set(no_answers)]
    counts, clusters = _count(kept, labels)
    total = Counter(vote.label for vote in kept)
    return QuestionAgreement(
        n_items=len({vote.item_id for vote in kept}),
        n_annotators=len({vote.annotator for vote in kept}),
        n_votes=len(kept),
        no_answers=len(given) - len(kept),
        alpha=nominal_alpha(counts, clusters, seed),
        raw=raw_agreement(counts, clusters, seed),
        shares={label: total[label] / len(kept) for label in labels} if kept else {},
        per_label={
            label: nominal_alpha(_one_against_rest(counts, number), clusters, seed)
            for number, label in enumerate(labels)
        },
    )


def _count(votes: Sequence[Vote], labels: Sequence[str]) -> tuple[Floats, list[str]]:
    """How often each item was given each label [items, labels], and the cluster of each item; items sorted."""
    position = {label: number for number, label in enumerate(labels)}
    rows: defaultdict[str, Floats] = defaultdict(lambda: np.zeros(len(labels)))
    cluster = {}
    for vote in votes:
        rows[vote.item_id][position[vote.label]] += 1
        cluster[vote.item_id] = vote.cluster
    items = sorted(rows)
    counts = np.array([rows[item] for item in items]).reshape(len(items), len(labels))
    return counts, [cluster[item] for item in items]


def _one_against_rest(counts: Floats, number: int) -> Floats:
    one = counts[:, number]
    return np.stack([one, counts.sum(axis=1) - one], axis=1)


def _coincidences(counts: Floats) -> Floats:
    """The coincidence matrix of each item, [items, labels, labels]; zero for items with fewer than two votes.

    An item with m votes holds m (m - 1) ordered pairs, each of weight 1 / (m - 1).
    """
    m = counts.sum(axis=1)
    pairs = counts[:, :, np.newaxis] * counts[:, np.newaxis, :]
    diagonal = np.arange(counts.shape[1])
    pairs[:, diagonal, diagonal] -= counts
    weight = np.divide(1.0, m - 1, out=np.zeros_like(m), where=m >= 2)
    return np.asarray(pairs * weight[:, np.newaxis, np.newaxis])


def _alpha_of(coincidences: Floats) -> Floats:
    """Nominal alpha of coincidence matrices, [draws, labels, labels] -> [draws]; nan where undefined.

    ``1 - (n - 1) (n - Σ o_cc) / (n² - Σ n_c²)``, with n_c the margins and n their sum.
    """
    margins = coincidences.sum(axis=2)
    n = margins.sum(axis=1)
    observed = n - np.trace(coincidences, axis1=1, axis2=2)
    expected = n**2 - (margins**2).sum(axis=1)
    defined = expected > 1e-9 * np.maximum(n**2, 1)
    return np.asarray(1 - np.divide((n - 1) * observed, expected, out=np.full_like(n, np.nan), where=defined))


def nominal_alpha(counts: Floats, clusters: Sequence[str], seed: int) -> Coefficient:
    """Krippendorff's alpha for nominal labels; missing votes are allowed.

    Args:
        counts: how often each item was given each label, [items, labels].
        clusters: what is resampled: the article of each item, [items].
        seed: of the bootstrap.

    Returns:
        The coefficient; undefined, with the reason, where no item has two votes or all votes are equal.

    Source:
        Krippendorff, Content Analysis, 4th ed. (2018), section 12.3; interval: clusters resampled, percentiles.
    """
    paired = counts.sum(axis=1) >= 2
    n = int(paired.sum())
    kept = [cluster for cluster, pair in zip(clusters, paired, strict=True) if pair]
    if not n:
        return _coefficient(undefined(_NO_PAIRS, 0, 0))
    sums = by_cluster(kept, _coincidences(counts[paired]))
    why = "all votes are equal, so agreement beyond chance is undefined"
    return _coefficient(cluster_bootstrap(sums, _alpha_of, n, seed, why))


def _coefficient(estimate: Estimate) -> Coefficient:
    return Coefficient(
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        level="nominal",
        n=estimate.n,
        clusters=estimate.clusters,
        why=estimate.why,
    )


def raw_agreement(counts: Floats, clusters: Sequence[str], seed: int) -> Estimate:
    """The chance that two votes on one item are equal, items weighted by their votes as in alpha."""
    paired = counts.sum(axis=1) >= 2
    if not paired.any():
        return undefined(_NO_PAIRS, 0, 0)
    kept = [cluster for cluster, pair in zip(clusters, paired, strict=True) if pair]
    sums = by_cluster(kept, _coincidences(counts[paired]))
    return cluster_bootstrap(sums, _equal_share, int(paired.sum()), seed)


def _equal_share(coincidences: Floats) -> Floats:
    return np.asarray(np.trace(coincidences, axis1=1, axis2=2) / coincidences.sum(axis=(1, 2)))
