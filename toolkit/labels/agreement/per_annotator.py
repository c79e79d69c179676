"""All coefficients other than alpha, overall, per annotator and per pair, on the resamples of alpha."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from toolkit.codebook import Level
from toolkit.labels.agreement.coefficients import (
    Distance,
    fleiss_kappa,
    gwet,
    item_rows,
)
from toolkit.labels.agreement.headline import (
    ALL_EQUAL,
    AnnotatorAgreement,
    PairAgreement,
    PairedSums,
    QuestionAgreement,
    paired_sums,
)
from toolkit.labels.agreement.intervals import Coefficient, Scale, as_coefficient
from toolkit.labels.votes import Votes
from toolkit.metrics import cohen_kappa, scott_pi
from toolkit.statistics import (
    DRAWS,
    Floats,
    estimate_of,
    mirrored,
    resample,
    resample_weights,
    sums_of,
)
from toolkit.tables.columns import Ints

# --- tables of annotators and pairs ----------------------------------------------------------------------------------


FEWEST_SHARED = 5  # items that two annotators must share; kappa on fewer is meaningless
_MOST_VOTE_PAIRS = 3_000_000  # pairs of votes; above this limit, pairs of annotators are not computed


@dataclass(frozen=True)
class Tables:
    """Tables of labels, several in each cluster."""

    sums: Any  # sparse, [clusters, tables × labels × labels]
    which: Ints  # key of each table: the annotator, or first × annotators + second, [tables]
    often: Ints  # votes of the annotator, or items that both annotators labelled, [tables]
    clusters: Ints  # number of clusters with votes, [tables]
    labels: int

    def drawn(self, weights: Floats) -> Floats:
        """Return the tables of resamples, [draws, tables, labels, labels], from the cluster counts of each resample."""
        flat = (self.sums.T @ weights.T).T
        return np.asarray(flat.reshape(len(weights), len(self.which), self.labels, self.labels))

    @property
    def size(self) -> int:
        """The number of values that a resample must process."""
        return int(self.sums.nnz) + 6 * int(self.sums.shape[1])


def annotator_tables(votes: Votes, most: int) -> Tables:
    """Return tables of each annotator's labels against the labels of the others on the same items.

    A vote on an item with m votes is compared with m - 1 others, each with weight 1 / (m - 1), so the tables of all
    annotators together are the coincidence matrix.

    Args:
        votes: votes on one question.
        most: maximum number of annotators; those with the most comparable votes are kept, in order.
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
    """Return the contingency table of each two annotators who share enough items, or None above the size limit."""
    m = votes.per_item
    if int((m * (m - 1) // 2).sum()) > _MOST_VOTE_PAIRS:
        return None
    first, second = _vote_pairs(votes)
    swap = votes.annotator[first] > votes.annotator[second]
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    apart = votes.annotator[first] != votes.annotator[second]
    first, second = first[apart], second[apart]
    key = votes.annotator[first] * len(votes.annotators) + votes.annotator[second]
    pairs, place, often = np.unique(key, return_inverse=True, return_counts=True)
    enough = (often >= FEWEST_SHARED)[place]
    first, second = first[enough], second[enough]
    pairs, place, often = np.unique(key[enough], return_inverse=True, return_counts=True)
    labels = len(votes.labels)
    if len(pairs) * labels**2 > 2 * _MOST_VOTE_PAIRS:
        return None
    cell = (place * labels + votes.label[first]) * labels + votes.label[second]
    item = votes.item[first]
    cluster = votes.cluster[item]
    sums = _sparse(votes, cluster, cell, votes.weight[item], len(pairs))
    return Tables(sums, pairs, often, _clusters_of(place, cluster, len(pairs)), labels)


def _vote_pairs(votes: Votes) -> tuple[Ints, Ints]:
    """Return each pair of votes on the same item, once."""
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
    """Return the number of clusters in which each table has votes."""
    count = int(cluster.max(initial=0)) + 1
    return np.bincount(np.unique(table * count + cluster) // count, minlength=tables)


def _sparse(votes: Votes, cluster: Ints, cell: Ints, weight: Floats, tables: int) -> Any:  # noqa: ANN401
    from scipy.sparse import csr_array

    shape = len(votes.clusters), tables * len(votes.labels) ** 2
    return csr_array((weight, (cluster, cell)), shape=shape)


# --- all coefficients ------------------------------------------------------------------------------------------------

_MOST_ANNOTATORS, _MOST_PAIRS = 200, 50  # listed in a result
_WORK, _FEWEST = 150_000_000, 100  # numbers that resamples may look at; draws
_BLOCK = 4_000_000
_TOO_MANY = "too many pairs of votes to work out who is paired with whom"
_ONE_LABEL = "both gave one and the same label throughout, so agreement beyond chance is undefined"
_NO_COMMON = f"no two annotators share {FEWEST_SHARED} items or more on which kappa is defined"


def with_details(agreement: QuestionAgreement, votes: Votes, scale: Scale, seed: int) -> QuestionAgreement:
    """Return the agreement with all coefficients, and with the agreement of each annotator and each pair.

    Args:
        agreement: as `agreement_of_votes` returns it for the same votes, scale and seed.
        votes: votes that are answers, with labels in the order of the scale.
        scale: the scale that compares labels.
        seed: seed of the bootstraps.
    """
    paired = paired_sums(votes)
    if not paired.items:
        return agreement
    work = _Work.of(votes, paired, scale)
    figures = work.figures(seed)
    annotators = sorted(_annotators(work, figures), key=lambda row: row.annotator)
    return msgspec.structs.replace(
        agreement,
        coefficients=(*agreement.coefficients, *_coefficients(work, figures)),
        per_annotator=tuple(annotators),
        per_pair=tuple(_pairs(work, figures)),
        not_listed=_not_listed(work, len(annotators)),
    )


@dataclass(frozen=True)
class _Figures:
    """The coefficients in all draws; the first row holds the coefficients of the votes themselves."""

    of_items: Floats  # Fleiss, AC1, AC2, [1 + draws, 3]
    of_pairs: Floats  # mean of Cohen and of Scott, [1 + draws, 2]
    annotators: Floats  # alpha, raw, [1 + draws, annotators, 2]
    pairs: Floats  # Cohen's kappa of the listed pairs, [1 + draws, pairs]


@dataclass(frozen=True)
class _Work:
    """The sums and tables that resamples use."""

    votes: Votes
    paired: PairedSums
    scale: Scale
    distance: Distance  # distance of alpha
    disagreement: Floats  # disagreement of kappa: 1 minus weights, [labels, labels]
    rows: Floats  # item rows, summed in clusters with comparable votes
    single: Floats  # the same for clusters without comparable votes
    annotators: Tables
    pairs: Tables | None
    listed: Ints  # the pairs with the most common items

    @classmethod
    def of(cls, votes: Votes, paired: PairedSums, scale: Scale) -> "_Work":
        """Return the sums and tables of the votes."""
        weights = agreement_weights(scale, votes.labels)
        rows = item_rows(votes.counts, np.eye(len(votes.labels)))
        weighted = item_rows(votes.counts, weights)[:, :1]
        rows = np.column_stack([rows, weighted]) * votes.weight[:, np.newaxis]
        sums = sums_of(votes.cluster, rows, len(votes.clusters))
        alone = np.ones(len(votes.clusters), dtype=np.bool_)
        alone[paired.clusters] = False
        pairs = pair_tables(votes)
        shared = np.zeros(0, dtype=np.int64) if pairs is None else pairs.often
        return cls(
            votes=votes,
            paired=paired,
            scale=scale,
            distance=scale.distance(votes.labels),
            disagreement=1.0 - weights,
            rows=sums[paired.clusters],
            single=sums[alone],
            annotators=annotator_tables(votes, _MOST_ANNOTATORS),
            pairs=pairs,
            listed=np.argsort(-shared, kind="stable")[:_MOST_PAIRS],
        )

    def draws(self) -> int:
        """The number of bootstrap draws that the size of the tables allows."""
        size = self.annotators.size + (self.pairs.size if self.pairs else 0) + len(self.rows)
        return int(np.clip(_WORK // max(size, 1), _FEWEST, DRAWS))

    def figures(self, seed: int) -> _Figures:
        """Return all coefficients of the votes, and of the draws behind alpha's interval."""
        draws = self.draws()
        whole = self._figures(np.ones((1, len(self.rows))), self.single.sum(axis=0)[np.newaxis])
        alone = resample(self.single, seed + 1, draws).draws if len(self.single) else np.zeros((draws, 1))
        parts, done = [whole], 0
        for weights in self._weights(seed, draws):
            parts.append(self._figures(weights, alone[done : done + len(weights)]))
            done += len(weights)
        columns = zip(*((p.of_items, p.of_pairs, p.annotators, p.pairs) for p in parts), strict=True)
        return _Figures(*(np.concatenate(column) for column in columns))

    def _weights(self, seed: int, draws: int) -> Iterator[Floats]:
        if self.paired.sums.shape[0] < 2:
            return
        cells = self.annotators.sums.shape[1] + (self.pairs.sums.shape[1] if self.pairs else 0)
        block = max(1, _BLOCK // max(cells, 1))
        for weights in resample_weights(self.paired.sums, seed, draws):
            for start in range(0, len(weights), block):
                yield weights[start : start + block]

    def _figures(self, weights: Floats, alone: Floats) -> _Figures:
        rows = weights @ self.rows + alone
        everywhere = np.zeros((len(weights), len(self.votes.clusters)))
        everywhere[:, self.paired.clusters] = weights
        nominal_rows, weighted_rows = rows[:, :-1], np.column_stack([rows[:, -1], rows[:, 1:-1]])
        identity = np.eye(len(self.votes.labels))
        of_items = [fleiss_kappa(nominal_rows), gwet(identity)(nominal_rows)]
        of_items.append(gwet(1.0 - self.disagreement)(weighted_rows))
        kappas, means = self._pair_figures(everywhere)
        return _Figures(
            of_items=np.column_stack(of_items),
            of_pairs=means,
            annotators=self._annotator_figures(everywhere, weights),
            pairs=kappas,
        )

    def _pair_figures(self, everywhere: Floats) -> tuple[Floats, Floats]:
        """Return Cohen's kappa of the listed pairs, and the means of Cohen's and Scott's over all pairs."""
        draws = len(everywhere)
        if self.pairs is None:
            return np.zeros((draws, 0)), np.full((draws, 2), np.nan)
        tables = self.pairs.drawn(everywhere)
        flat = tables.reshape(-1, *tables.shape[2:])
        n = tables.sum(axis=(2, 3))
        cohen = cohen_kappa(self.disagreement)(flat).reshape(draws, -1)
        scott = scott_pi(self.disagreement)(flat).reshape(draws, -1)
        return cohen[:, self.listed], np.column_stack([_mean(cohen, n), _mean(scott, n)])

    def _annotator_figures(self, everywhere: Floats, weights: Floats) -> Floats:
        labels = len(self.votes.labels)
        all_ = (weights @ self.paired.sums.reshape(len(self.rows), -1)).reshape(-1, labels, labels)
        margins = all_.sum(axis=2)
        square = self.distance(margins)
        n = margins.sum(axis=1)
        expected = (margins[:, :, np.newaxis] * margins[:, np.newaxis, :] * square).sum(axis=(1, 2))
        chance = np.divide(expected, n * (n - 1), out=np.full_like(n, np.nan), where=expected > 1e-9 * n)
        tables = self.annotators.drawn(everywhere)
        own = tables.sum(axis=(2, 3))
        differ = (tables * square[:, np.newaxis]).sum(axis=(2, 3))
        same = np.trace(tables, axis1=2, axis2=3)
        alpha = 1 - _ratio(differ, own) / chance[:, np.newaxis]
        return np.stack([alpha, _ratio(same, own)], axis=2)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0))


def _mean(values: Floats, weights: Floats) -> Floats:
    """Return the mean of the defined values, [draws, pairs] -> [draws]."""
    weight = np.where(np.isnan(values), 0.0, weights)
    return _ratio((np.nan_to_num(values) * weight).sum(axis=1), weight.sum(axis=1))


# --- agreement weights at each level ---------------------------------------------------------------------------------


def agreement_weights(scale: Scale, labels: tuple[str, ...]) -> Floats:
    """Return the similarity of labels for weighted kappa and AC2, 1 on the diagonal, [labels, labels].

    Source:
        Gwet, Handbook of Inter-Rater Reliability, 4th ed. (2014), section 3.5: identity, ordinal, quadratic and
        ratio weights.
    """
    count = len(labels)
    if scale.level == "nominal" or count < 2:
        return np.eye(count)
    if scale.level == "ordinal":
        apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
        return np.asarray(1.0 - (apart + 1) * apart / (count * (count - 1)))
    at = np.array([scale.values[label] for label in labels])
    difference = np.abs(np.subtract.outer(at, at))
    if scale.level == "ratio":
        total = np.add.outer(at, at)
        difference = np.divide(difference, total, out=np.zeros_like(total), where=total != 0)
    most = _widest(at, scale.level)
    return np.asarray(1.0 - (difference / most) ** 2) if most else np.ones((count, count))


def _widest(at: Floats, level: Level) -> float:
    low, high = float(at.min()), float(at.max())
    if level == "interval":
        return high - low
    return (high - low) / (high + low) if high + low else 0.0


# --- records ---------------------------------------------------------------------------------------------------------


def _coefficients(work: _Work, figures: _Figures) -> Iterator[Coefficient]:
    level = work.scale.level
    pair_reason = _TOO_MANY if work.pairs is None else _NO_COMMON
    for place, name in enumerate(("cohen_kappa", "scott_pi")):
        # Drawing the few items of a pair twice lowers its kappa on average, and so the mean over pairs.
        values = figures.of_pairs[:, place]
        values = np.append(values[:1], mirrored(float(values[0]), values[1:]))
        yield _coefficient(work, values, name, level, pair_reason)
    yield _coefficient(work, figures.of_items[:, 0], "fleiss_kappa", "nominal", ALL_EQUAL)
    yield _coefficient(work, figures.of_items[:, 1], "gwet_ac1", "nominal", ALL_EQUAL)
    if level != "nominal":
        yield _coefficient(work, figures.of_items[:, 2], "gwet_ac2", level, ALL_EQUAL)


def _coefficient(work: _Work, values: Floats, name: str, level: str, reason: str) -> Coefficient:
    estimate = estimate_of(float(values[0]), values[1:], work.paired.items, len(work.rows), reason)
    return as_coefficient(estimate, level, name)


def _annotators(work: _Work, figures: _Figures) -> Iterator[AnnotatorAgreement]:
    tables = work.annotators
    for place, number in enumerate(tables.which):
        values, often, clusters = figures.annotators[:, place], int(tables.often[place]), int(tables.clusters[place])
        estimate = estimate_of(float(values[0, 0]), values[1:, 0], often, clusters, ALL_EQUAL)
        raw = float(values[0, 1])
        yield AnnotatorAgreement(
            annotator=work.votes.annotators[number],
            n_votes=often,
            alpha=as_coefficient(estimate, work.scale.level),
            percent_agreement=None if np.isnan(raw) else raw,
        )


def _pairs(work: _Work, figures: _Figures) -> Iterator[PairAgreement]:
    if work.pairs is None:
        return
    names = work.votes.annotators
    whole = work.pairs.drawn(np.ones((1, len(work.votes.clusters))))[0]
    for place, number in enumerate(work.listed):
        first, second = divmod(int(work.pairs.which[number]), len(names))
        values, table, shared = figures.pairs[:, place], whole[number], int(work.pairs.often[number])
        clusters = int(work.pairs.clusters[number])
        estimate = estimate_of(float(values[0]), values[1:], shared, clusters, _ONE_LABEL)
        pair = sorted((names[first], names[second]))
        yield PairAgreement(
            annotators=(pair[0], pair[1]),
            n_items=shared,
            kappa=as_coefficient(estimate, work.scale.level, "cohen_kappa"),
            percent_agreement=float(np.trace(table) / table.sum()),
        )


def _not_listed(work: _Work, annotators: int) -> dict[str, int]:
    pairs = len(work.pairs.which) if work.pairs else 0
    left = {"annotators": len(work.votes.annotators) - annotators, "pairs": pairs - len(work.listed)}
    return {what: number for what, number in left.items() if number > 0}
