"""Audits of labels: is stance only sentiment, did suggestions anchor, which labels look wrong."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from toolkit.statistics import Estimate, Floats, by_cluster, cluster_bootstrap, undefined

_FOLDS = 5


class Pair(Struct, frozen=True, kw_only=True):
    """The two labels of one row."""

    id: str
    stance: str
    sentiment: str
    cluster: str
    group: Mapping[str, str] = {}  # of what it is part: {"outlet": "...", "annotator": "..."}


class StanceSentiment(Struct, frozen=True, kw_only=True):
    """How much of stance is sentiment."""

    rows: int
    table: dict[str, dict[str, int]]  # stance -> sentiment -> rows
    association: Estimate  # Cramér's V; for two by two labels with its sign: phi
    kappa: Estimate  # Cohen's, of labels paired by place; undefined where they do not pair
    rule: dict[str, str]  # sentiment -> the stance that is most frequent with it
    rule_f1: Estimate  # macro-F1 over the stances of the rule that only sees sentiment, cross-fitted by cluster
    majority_f1: Estimate  # of always saying the most frequent stance, for comparison
    by_group: dict[str, dict[str, Estimate]]  # "outlet" -> outlet -> association
    off_diagonal: tuple[str, ...]  # ids of the rows on which the rule is wrong: read these


def stance_sentiment(
    pairs: Sequence[Pair], stances: Sequence[str], sentiments: Sequence[str], seed: int
) -> StanceSentiment:
    """How much of stance is sentiment, with intervals by cluster.

    Args:
        pairs: the rows with both labels.
        stances: in the order of their scale.
        sentiments: in the order of their scale.
        seed: of the intervals and folds.

    Source:
        Bestvater and Monroe, Sentiment is not stance (2023), the comparison of section 3; V: Cramér, Mathematical
        methods of statistics (1946), section 21.9; kappa: Cohen, A coefficient of agreement for nominal scales (1960).
    """
    rows = sorted(pairs, key=lambda pair: pair.id)
    counts = _cells(rows, stances, sentiments)
    clusters = [row.cluster for row in rows]
    said = _cross_fitted(rows, clusters, seed)
    common = Counter(row.stance for row in rows)
    most = min(stances, key=lambda name: (-common[name], name)) if rows else ""
    table = counts.sum(axis=0).astype(int)
    return StanceSentiment(
        rows=len(rows),
        table={s: {t: int(table[i, j]) for j, t in enumerate(sentiments)} for i, s in enumerate(stances)},
        association=_association(rows, counts, clusters, seed),
        kappa=_kappa(counts, clusters, seed),
        rule=_rule(rows),
        rule_f1=_f1(rows, said, stances, clusters, seed),
        majority_f1=_f1(rows, [most] * len(rows), stances, clusters, seed),
        by_group=_by_group(rows, counts, seed),
        off_diagonal=tuple(row.id for row, guess in zip(rows, said, strict=True) if row.stance != guess),
    )


def _cells(rows: Sequence[Pair], stances: Sequence[str], sentiments: Sequence[str]) -> Floats:
    cells = np.zeros((len(rows), len(stances), len(sentiments)))
    for number, row in enumerate(rows):
        cells[number, stances.index(row.stance), sentiments.index(row.sentiment)] = 1
    return cells


def cramers_v(tables: Floats) -> Floats:
    """Cramér's V of tables of counts, [n, r, c] -> [n]; of two by two labels with the sign of phi.

    >>> cramers_v(np.array([[[2.0, 0], [0, 2]]]))
    array([1.])
    """
    total = tables.sum(axis=(1, 2), keepdims=True)
    rows, columns = tables.sum(axis=2, keepdims=True), tables.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = rows * columns / total
        chi = np.where(expected > 0, (tables - expected) ** 2 / expected, 0).sum(axis=(1, 2))
        least = np.minimum((rows[:, :, 0] > 0).sum(axis=1), (columns[:, 0] > 0).sum(axis=1)) - 1
        found = np.sqrt(chi / (total[:, 0, 0] * np.where(least > 0, least, np.nan)))
    if tables.shape[1:] == (2, 2):
        found = found * np.sign(tables[:, 0, 0] * tables[:, 1, 1] - tables[:, 0, 1] * tables[:, 1, 0])
    return np.asarray(found)


def _association(rows: Sequence[Pair], counts: Floats, clusters: Sequence[str], seed: int) -> Estimate:
    sums = by_cluster(clusters, counts) if rows else counts
    return cluster_bootstrap(sums, cramers_v, len(rows), seed, "all rows have one stance or one sentiment")


def _kappa(counts: Floats, clusters: Sequence[str], seed: int) -> Estimate:
    if counts.shape[1] != counts.shape[2]:
        return undefined("stance and sentiment have not equally many labels, so they do not pair", len(counts), 0)

    def kappa(tables: Floats) -> Floats:
        shares = tables / tables.sum(axis=(1, 2), keepdims=True)
        agreed = np.trace(shares, axis1=1, axis2=2)
        chance = (shares.sum(axis=2) * shares.sum(axis=1)).sum(axis=1)
        return np.asarray(np.divide(agreed - chance, 1 - chance, out=np.full(len(shares), np.nan), where=chance < 1))

    return cluster_bootstrap(by_cluster(clusters, counts), kappa, len(counts), seed, "one label only")


def _rule(rows: Sequence[Pair]) -> dict[str, str]:
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        seen[row.sentiment][row.stance] += 1
    return {tone: min(each, key=lambda name: (-each[name], name)) for tone, each in sorted(seen.items())}


def _cross_fitted(rows: Sequence[Pair], clusters: Sequence[str], seed: int) -> list[str]:
    """The stance that the rule says of each row, as the rule is without the row's fold."""
    names = sorted(set(clusters))
    order = np.random.default_rng(seed).permutation(len(names))
    fold = {names[n]: place % _FOLDS for place, n in enumerate(order)}
    said = [""] * len(rows)
    for number in range(_FOLDS):
        inside = [n for n, name in enumerate(clusters) if fold[name] == number]
        outside = [row for row, name in zip(rows, clusters, strict=True) if fold[name] != number] or rows
        rule = _rule(outside)
        for n in inside:
            said[n] = rule.get(rows[n].sentiment, "")
    return said


def _f1(
    rows: Sequence[Pair], said: Sequence[str], stances: Sequence[str], clusters: Sequence[str], seed: int
) -> Estimate:
    """Macro-F1 over the stances, by true positives, said and there."""
    cells = np.zeros((len(rows), len(stances), 3))
    for number, (row, guess) in enumerate(zip(rows, said, strict=True)):
        cells[number, stances.index(row.stance), 2] = 1
        if guess in stances:
            cells[number, stances.index(guess), 1] = 1
            cells[number, stances.index(guess), 0] = row.stance == guess

    def f1(sums: Floats) -> Floats:
        both = sums[..., 1] + sums[..., 2]
        return np.asarray(np.divide(2 * sums[..., 0], both, out=np.zeros(both.shape), where=both > 0).mean(axis=1))

    return cluster_bootstrap(by_cluster(clusters, cells) if rows else cells, f1, len(rows), seed)


def _by_group(rows: Sequence[Pair], counts: Floats, seed: int) -> dict[str, dict[str, Estimate]]:
    found: dict[str, dict[str, Estimate]] = {}
    for kind in sorted({name for row in rows for name in row.group}):
        found[kind] = {}
        for value in sorted({row.group.get(kind, "") for row in rows}):
            chosen = [n for n, row in enumerate(rows) if row.group.get(kind, "") == value]
            some = [rows[n] for n in chosen]
            found[kind][value] = _association(some, counts[chosen], [row.cluster for row in some], seed)
    return found


def halo(
    same: Sequence[Pair], apart: Sequence[Pair], stances: Sequence[str], sentiments: Sequence[str], seed: int
) -> Estimate:
    """Association on the same screen minus that with sentiment from a separate pass, over the rows that have both.

    Above 0: whoever answers both questions lets one colour the other.
    """
    second = {row.id: row for row in apart}
    both = sorted((row for row in same if row.id in second), key=lambda row: row.id)
    if not both:
        return undefined("no row has a sentiment from both passes", 0, 0)
    cells = np.stack([_cells(both, stances, sentiments), _cells([second[r.id] for r in both], stances, sentiments)], 1)
    sums = by_cluster([row.cluster for row in both], cells)
    return cluster_bootstrap(
        sums, lambda draws: cramers_v(draws[:, 0]) - cramers_v(draws[:, 1]), len(both), seed, "one label only"
    )


# --- anchoring -------------------------------------------------------------------------------------------------------


class Suggested(Struct, frozen=True, kw_only=True):
    """A vote on an item for which a model had suggested a label."""

    item: str
    cluster: str
    label: str
    suggestion: str
    shown: bool  # to this annotator


def anchoring(votes: Sequence[Suggested], seed: int) -> Estimate:
    """How much more often votes equal the suggestion where it was shown than where it was not, on the same items."""
    seen: dict[str, set[bool]] = defaultdict(set)
    for vote in votes:
        seen[vote.item].add(vote.shown)
    both = sorted((v for v in votes if len(seen[v.item]) == 2), key=lambda v: (v.item, v.shown, v.label))
    if not both:
        return undefined("no item was answered both with the suggestion shown and without", 0, 0)
    cells = np.zeros((len(both), 2, 2))
    for number, vote in enumerate(both):
        cells[number, int(vote.shown)] = vote.label == vote.suggestion, 1

    def difference(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            share = sums[:, :, 0] / sums[:, :, 1]
        return np.asarray(share[:, 1] - share[:, 0])

    return cluster_bootstrap(by_cluster([v.cluster for v in both], cells), difference, len(both), seed)


# --- labels that look wrong ------------------------------------------------------------------------------------------


class Doubtful(Struct, frozen=True, kw_only=True):
    """A row to be looked at again."""

    id: str
    label: str
    instead: str  # what the model holds for likelier
    margin: float  # its chance minus that of the label
    drawn: str  # "ranked" or "random"


class Scored(Struct, frozen=True, kw_only=True):
    """A row of the training data and what a model that had not seen it says."""

    id: str
    label: str
    scores: Mapping[str, float]


def doubtful_labels(rows: Sequence[Scored], number: int, seed: int) -> list[Doubtful]:
    """The rows whose label a cross-fitted model holds for least likely, and as many drawn at random, mixed.

    The random ones say how often labels are wrong anyway: without that base rate a list of finds means nothing.

    Source:
        Northcutt, Jiang and Chuang, Confident learning (2021), section 4: the margin, here without class thresholds.
    """
    found = sorted((_doubt(row) for row in rows), key=lambda one: (-one.margin, one.id))
    ranked = found[: min(number, len(found) // 2)]
    rest = sorted(found[len(ranked) :], key=lambda one: one.id)
    rng = np.random.default_rng(seed)
    chosen = [rest[n] for n in sorted(rng.choice(len(rest), size=min(len(ranked), len(rest)), replace=False))]
    mixed = [*ranked, *(msgspec.structs.replace(one, drawn="random") for one in chosen)]
    return [mixed[n] for n in rng.permutation(len(mixed))]


def _doubt(row: Scored) -> Doubtful:
    others = {label: score for label, score in row.scores.items() if label != row.label}
    instead = min(others, key=lambda label: (-others[label], label)) if others else row.label
    margin = others.get(instead, 0.0) - row.scores.get(row.label, 0.0)
    return Doubtful(id=row.id, label=row.label, instead=instead, margin=margin, drawn="ranked")
