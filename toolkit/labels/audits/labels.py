"""Audits of labels: the association of stance and sentiment, and the labels that are likely wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from toolkit.errors import DataError, UsageError
from toolkit.labels.audits.answers import is_filled, votes_in
from toolkit.labels.votes import campaign_votes
from toolkit.metrics import cohen_kappa, cramers_v, mean_f1
from toolkit.records import Example
from toolkit.statistics import Estimate, Floats, by_cluster, cluster_bootstrap, share_interval, undefined
from toolkit.store import Store
from toolkit.tables import Row, cell_texts, column
from toolkit.words import format_figure, plural, tally

_SHOWN = 8  # groups in one line of text
_FOLDS = 5


class LabelPair(Struct, frozen=True, kw_only=True):
    """The two labels of one row."""

    id: str
    stance: str
    sentiment: str
    cluster: str
    group: Mapping[str, str] = {}  # groups that contain the row: {"outlet": "...", "annotator": "..."}


class StanceSentiment(Struct, frozen=True, kw_only=True):
    """The association of stance and sentiment."""

    rows: int
    table: dict[str, dict[str, int]]  # stance -> sentiment -> rows
    association: Estimate  # Cramér's V; for two by two labels the signed phi
    kappa: Estimate  # Cohen's kappa of labels paired by position; undefined if they do not pair
    rule: dict[str, str]  # sentiment -> its most frequent stance
    rule_f1: Estimate  # macro-F1 over the stances of the rule that sees only sentiment, cross-fitted by cluster
    majority_f1: Estimate  # macro-F1 of always predicting the most frequent stance, for comparison
    by_group: dict[str, dict[str, Estimate]]  # "outlet" -> outlet -> association
    off_diagonal: tuple[str, ...]  # ids of the rows on which the rule is wrong, for reading


def stance_sentiment(
    pairs: Sequence[LabelPair], stances: Sequence[str], sentiments: Sequence[str], seed: int
) -> StanceSentiment:
    """Return the association of stance and sentiment, with intervals by cluster.

    Args:
        pairs: the rows with both labels.
        stances: the stances in the order of their scale.
        sentiments: the sentiments in the order of their scale.
        seed: seed of the intervals and folds.

    Source:
        Bestvater and Monroe, Sentiment is not stance (2023), the comparison of section 3.
    """
    rows = sorted(pairs, key=lambda pair: pair.id)
    counts = _cells(rows, stances, sentiments)
    clusters = [row.cluster for row in rows]
    predicted = _cross_fitted(rows, clusters, seed)
    common = Counter(row.stance for row in rows)
    most = min(stances, key=lambda name: (-common[name], name)) if rows else ""
    table = counts.sum(axis=0).astype(int)
    return StanceSentiment(
        rows=len(rows),
        table={s: {t: int(table[i, j]) for j, t in enumerate(sentiments)} for i, s in enumerate(stances)},
        association=_association(rows, counts, clusters, seed),
        kappa=_kappa(counts, clusters, seed),
        rule=_rule(rows),
        rule_f1=_f1(rows, predicted, stances, clusters, seed),
        majority_f1=_f1(rows, [most] * len(rows), stances, clusters, seed),
        by_group=_by_group(rows, counts, seed),
        off_diagonal=tuple(row.id for row, stance in zip(rows, predicted, strict=True) if row.stance != stance),
    )


def _cells(rows: Sequence[LabelPair], stances: Sequence[str], sentiments: Sequence[str]) -> Floats:
    cells = np.zeros((len(rows), len(stances), len(sentiments)))
    for number, row in enumerate(rows):
        cells[number, stances.index(row.stance), sentiments.index(row.sentiment)] = 1
    return cells


def _association(rows: Sequence[LabelPair], counts: Floats, clusters: Sequence[str], seed: int) -> Estimate:
    sums = by_cluster(clusters, counts) if rows else counts
    return cluster_bootstrap(sums, cramers_v, len(rows), seed, "all rows have one stance or one sentiment")


def _kappa(counts: Floats, clusters: Sequence[str], seed: int) -> Estimate:
    if counts.shape[1] != counts.shape[2]:
        return undefined("stance and sentiment have not equally many labels, so they do not pair", len(counts), 0)

    kappa = cohen_kappa(1.0 - np.eye(counts.shape[1]))
    return cluster_bootstrap(by_cluster(clusters, counts), kappa, len(counts), seed, "one label only")


def _rule(rows: Sequence[LabelPair]) -> dict[str, str]:
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        seen[row.sentiment][row.stance] += 1
    return {
        sentiment: min(counts, key=lambda name: (-counts[name], name)) for sentiment, counts in sorted(seen.items())
    }


def _cross_fitted(rows: Sequence[LabelPair], clusters: Sequence[str], seed: int) -> list[str]:
    """Return the stance that the rule predicts for each row, with the rule fitted without the row's fold."""
    names = sorted(set(clusters))
    order = np.random.default_rng(seed).permutation(len(names))
    fold = {names[n]: place % _FOLDS for place, n in enumerate(order)}
    predicted = [""] * len(rows)
    for number in range(_FOLDS):
        held_out = [n for n, name in enumerate(clusters) if fold[name] == number]
        rule = _rule([row for row, name in zip(rows, clusters, strict=True) if fold[name] != number] or rows)
        for n in held_out:
            predicted[n] = rule.get(rows[n].sentiment, "")
    return predicted


def _f1(
    rows: Sequence[LabelPair], predicted: Sequence[str], stances: Sequence[str], clusters: Sequence[str], seed: int
) -> Estimate:
    """Return the macro-F1 over the stances."""
    place = {stance: number for number, stance in enumerate(stances)}
    tables = np.zeros((len(rows), len(stances), len(stances) + 1))
    for number, (row, stance) in enumerate(zip(rows, predicted, strict=True)):
        tables[number, place[row.stance], place.get(stance, len(stances))] = 1
    sums = by_cluster(clusters, tables) if rows else tables
    return cluster_bootstrap(sums, partial(mean_f1, labels=range(len(stances))), len(rows), seed)


def _by_group(rows: Sequence[LabelPair], counts: Floats, seed: int) -> dict[str, dict[str, Estimate]]:
    association: dict[str, dict[str, Estimate]] = {}
    for kind in sorted({name for row in rows for name in row.group}):
        association[kind] = {}
        for value in sorted({row.group.get(kind, "") for row in rows}):
            chosen = [n for n, row in enumerate(rows) if row.group.get(kind, "") == value]
            some = [rows[n] for n in chosen]
            association[kind][value] = _association(some, counts[chosen], [row.cluster for row in some], seed)
    return association


def halo(
    same: Sequence[LabelPair], apart: Sequence[LabelPair], stances: Sequence[str], sentiments: Sequence[str], seed: int
) -> Estimate:
    """Return the association on the same screen minus that with sentiment from a separate pass, on rows with both.

    A value above 0 means that one answer influences the other when an annotator gives both.
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


# --- labels that are likely wrong ------------------------------------------------------------------------------------


class Doubtful(Struct, frozen=True, kw_only=True):
    """A row to review."""

    id: str
    label: str
    instead: str  # the label that the model considers more likely
    margin: float  # its probability minus that of the label
    drawn: str  # "ranked" or "random"


class Scored(Struct, frozen=True, kw_only=True):
    """A row of the training data with the scores of a model that was fitted without it."""

    id: str
    label: str
    scores: Mapping[str, float]


def doubtful_labels(rows: Sequence[Scored], number: int, seed: int) -> list[Doubtful]:
    """Return the rows with the least likely labels under a cross-fitted model, and as many rows drawn at random.

    The random rows give the base rate of wrong labels; without it the ranked rows mean nothing.

    Source:
        Northcutt, Jiang and Chuang, Confident learning (2021), section 4: the margin, here without class thresholds.
    """
    by_margin = sorted((_doubt(row) for row in rows), key=lambda row: (-row.margin, row.id))
    ranked = by_margin[: min(number, len(by_margin) // 2)]
    rest = sorted(by_margin[len(ranked) :], key=lambda row: row.id)
    rng = np.random.default_rng(seed)
    chosen = [rest[n] for n in sorted(rng.choice(len(rest), size=min(len(ranked), len(rest)), replace=False))]
    mixed = [*ranked, *(msgspec.structs.replace(row, drawn="random") for row in chosen)]
    return [mixed[n] for n in rng.permutation(len(mixed))]


def _doubt(row: Scored) -> Doubtful:
    others = {label: score for label, score in row.scores.items() if label != row.label}
    instead = min(others, key=lambda label: (-others[label], label)) if others else row.label
    margin = others.get(instead, 0.0) - row.scores.get(row.label, 0.0)
    return Doubtful(id=row.id, label=row.label, instead=instead, margin=margin, drawn="ranked")


def scored_rows(examples: Iterable[tuple[str, str | None]], predictions: Sequence[Row], path: Path) -> list[Scored]:
    """Return the labelled rows that have a cross-fitted prediction, with the scores of their labels.

    Args:
        examples: id and label of each row of the training data.
        predictions: rows with the columns id, fold and p_LABEL.
        path: path of the predictions, for messages.

    Raises:
            DataError: the predictions are not cross-fitted, or fewer than two rows have a prediction.
    """
    if predictions and "fold" not in predictions[0]:
        raise DataError(f"{path}: no column 'fold'; cross-fitted predictions are needed, as `stance train` writes them")
    by_id = {str(row["id"]): row for row in predictions if row["fold"] not in (None, "")}
    rows = []
    for ident, label in examples:
        row = by_id.get(ident) if label is not None else None
        scores = {name[2:]: float(cell) for name, cell in row.items() if name.startswith("p_")} if row else {}
        if label in scores:
            rows.append(Scored(id=ident, label=str(label), scores=scores))
    if len(rows) < 2:
        raise DataError(
            f"{path}: {plural(len(rows), 'row')} of the training data with a cross-fitted prediction; 2 are needed"
        )
    return rows


class ReviewCount(Struct, frozen=True, kw_only=True):
    """Counts of reviewed labels."""

    wrong: int
    checked: int


def reviewed_labels(rows: Sequence[Row], key: Sequence[Row], path: Path) -> dict[str, ReviewCount]:
    """Return the counts of wrong labels in a reviewed sheet, for the ranked rows and for the random rows.

    Args:
        rows: the rows of the sheet, with the columns id and wrong.
        key: how each row was drawn, with the columns id and drawn.
        path: path of the sheet, for messages.

    Raises:
            DataError: a cell is not yes, no or empty.
        UsageError: no random row is reviewed.
    """
    drawn = {str(row["id"]): str(row["drawn"]) for row in key}
    counts: dict[str, Counter[str]] = {"ranked": Counter(), "random": Counter()}
    for number, (ident, cell) in enumerate(zip(column(rows, "id", path), column(rows, "wrong", path), strict=True), 1):
        word = str(cell or "").strip().lower()
        if word not in ("yes", "no", ""):
            raise DataError(f"{path}, row {number}: {cell!r} in column 'wrong'; write yes, no or nothing")
        if word:
            counts[drawn[str(ident)]][word] += 1
    if not counts["random"]:
        raise UsageError(f"{path}: no random row is reviewed yet; review some, they give the base rate")
    return {kind: ReviewCount(wrong=words["yes"], checked=words.total()) for kind, words in counts.items()}


def format_review(kind: str, count: ReviewCount) -> str:
    """Format the share of wrong labels among the ranked or the random rows, with its interval."""
    if not count.checked:
        return f"{kind}: none checked"
    low, high = share_interval(count.wrong, count.checked)
    return f"{kind} {count.wrong} of {count.checked} wrong [{low:.3f}, {high:.3f}]"


# --- stance and sentiment: sources of pairs, and text ----------------------------------------------------------------


class SentimentColumns(Struct, frozen=True, kw_only=True):
    """The columns, or questions, to compare."""

    stance: str
    sentiment: str
    separate: str | None = None  # the sentiment of a separate pass
    id: str | None = None  # of a table; None: the number of the row
    text: str = "text"
    cluster: str | None = None
    by: tuple[str, ...] = ()


class SentimentPairs(Struct, frozen=True, kw_only=True):
    """The pairs of labels to compare, and their texts."""

    pairs: list[LabelPair]
    separate: list[LabelPair]  # pairs with the sentiment of a separate pass
    stances: tuple[str, ...]
    sentiments: tuple[str, ...]
    texts: dict[str, str]  # text by id of the pair


def pairs_in_table(rows: Sequence[Row], columns: SentimentColumns, path: Path) -> SentimentPairs:
    """Return the rows of a table that have both labels, labels in alphabetical order.

    Raises:
            DataError: a column is missing, or no row has both labels.
    """
    left_out: Counter[str] = Counter()
    numbered = votes_in(rows, left_out)
    if rows and not numbered:
        raise DataError(f"{path}: no votes: {tally(left_out)}")
    numbers, rows = [str(number) for number, _ in numbered], [row for _, row in numbered]

    def texts(name: str) -> list[str]:
        return cell_texts(column(rows, name, path), f"{path}: column {name!r}")

    ids = texts(columns.id) if columns.id else numbers
    clusters = texts(columns.cluster) if columns.cluster else ids
    stance, sentiment = texts(columns.stance), texts(columns.sentiment)
    separate = texts(columns.separate) if columns.separate else [""] * len(rows)
    groups = {name: texts(name) for name in columns.by}
    pairs, second = [], []
    for n, ident in enumerate(ids):
        if is_filled(stance[n]) and is_filled(sentiment[n]):
            group = {name: cells[n] for name, cells in groups.items()}
            labels = {"stance": stance[n], "sentiment": sentiment[n]}
            pairs.append(LabelPair(id=ident, **labels, cluster=clusters[n], group=group))
            if is_filled(separate[n]):
                second.append(msgspec.structs.replace(pairs[-1], sentiment=separate[n]))
    if not pairs:
        raise DataError(f"{path}: no row has both {columns.stance!r} and {columns.sentiment!r}")
    return SentimentPairs(
        pairs=pairs,
        separate=second,
        stances=tuple(sorted({pair.stance for pair in pairs})),
        sentiments=tuple(sorted({pair.sentiment for pair in (*pairs, *second)})),
        texts={ident: str(row.get(columns.text) or "") for ident, row in zip(ids, rows, strict=True)},
    )


def pairs_in_campaign(store: Store, columns: SentimentColumns, examples: Iterable[Example]) -> SentimentPairs:
    """Return the annotations of a campaign that answer both questions, labels in codebook order.

    Raises:
            DataError: no annotation answers both questions.
    """
    codebook, items, clusters = store.campaign.codebook, store.items, store.clusters
    stance, sentiment = codebook.question(columns.stance), codebook.question(columns.sentiment)
    by_id = {example.id: example for example in examples}
    pairs, texts = [], {}
    for annotation in campaign_votes(store).ledger.counted:
        labels = annotation.answers.get(stance.name), annotation.answers.get(sentiment.name)
        if labels[0] not in stance.gold_labels or labels[1] not in sentiment.gold_labels:
            continue
        article, example = items[annotation.item_id].article_id, by_id.get(annotation.item_id)
        pair = LabelPair(
            id=f"{annotation.item_id} {annotation.annotator}",
            stance=str(labels[0]),
            sentiment=str(labels[1]),
            cluster=clusters.get(article, article),
            group={"annotator": annotation.annotator, "outlet": (example and example.outlet) or "unknown"},
        )
        pairs.append(pair)
        if example:
            texts[pair.id] = example.text
    if not pairs:
        raise DataError(f"{store.campaign.path}: no annotation answers both {stance.name} and {sentiment.name}")
    return SentimentPairs(
        pairs=pairs,
        separate=[],
        stances=tuple(stance.gold_labels),
        sentiments=tuple(sentiment.gold_labels),
        texts=texts,
    )


def off_diagonal_rows(pairs: SentimentPairs, ids: Iterable[str]) -> list[Row]:
    """Return the pairs on which the sentiment rule is wrong, as rows of a table."""
    wrong = set(ids)
    return [
        {"id": p.id, "stance": p.stance, "sentiment": p.sentiment, "text": pairs.texts.get(p.id, ""), **p.group}
        for p in pairs.pairs
        if p.id in wrong
    ]


def stance_sentiment_lines(comparison: StanceSentiment) -> list[str]:
    """Format the association of stance and sentiment as text."""
    table = "; ".join(
        f"{stance}: {', '.join(f'{sentiment} {count}' for sentiment, count in cells.items())}"
        for stance, cells in comparison.table.items()
    )
    lines = [
        f"{plural(comparison.rows, 'row')}, stance: sentiment: {table}",
        f"association {format_figure(comparison.association)}, kappa {format_figure(comparison.kappa)}",
        f"macro-F1 of a rule that only sees sentiment {format_figure(comparison.rule_f1)}, of the most frequent stance "
        f"{format_figure(comparison.majority_f1)}; the rule is wrong on {plural(len(comparison.off_diagonal), 'row')}",
    ]
    return lines + [f"by {kind}: {_groups_text(by_value)}" for kind, by_value in comparison.by_group.items()]


def _groups_text(by_value: Mapping[str, Estimate]) -> str:
    ordered = sorted(by_value.items(), key=lambda pair: (-pair[1].n, pair[0]))
    shown = ", ".join(f"{value} {format_figure(figure, '.2f')} (n {figure.n})" for value, figure in ordered[:_SHOWN])
    return shown + (f", and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else "")
