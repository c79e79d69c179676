"""Scores of predicted labels, with intervals by cluster and a signature of the settings."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np
from msgspec import Struct

from toolkit import metrics
from toolkit.baselines.rows import LabelTable
from toolkit.codebook import Question
from toolkit.errors import DataError
from toolkit.labels.resemblance import Resemblance, nearest
from toolkit.runs import versions
from toolkit.statistics import DRAWS, Estimate, Floats, by_cluster, cluster_bootstrap, undefined
from toolkit.words import plural

_OTHER = "other"
_ITEMS, _QUESTION, _FOLD = ("item", "item_id"), "question", "fold"  # columns of files that the toolkit writes
_NO_ROWS = "no row has one of the labels"
_NO_POLES = "no polar labels are given"


class MacroF1(Estimate, frozen=True, kw_only=True):
    """The mean of the labels' F1, and the labels that it is the mean of."""

    labels: tuple[str, ...]


class LabelScores(Struct, frozen=True, kw_only=True):
    """Precision, recall and F1 of one label."""

    precision: float | None  # None: it was never predicted
    recall: float | None  # None: no row has it
    f1: Estimate
    support: int  # rows that have it


class Confusion(Struct, frozen=True, kw_only=True):
    """How often each gold label was predicted as each label."""

    gold: tuple[str, ...]  # labels of the rows
    predicted: tuple[str, ...]  # labels of the columns; `other` is last where another label was predicted
    counts: tuple[tuple[int, ...], ...]


class Scores(Struct, frozen=True, kw_only=True):
    """Figures on the rows whose gold is among the labels."""

    macro_f1: MacroF1
    accuracy: Estimate
    f_avg: Estimate  # mean F1 of the polar labels
    polar: tuple[str, ...]
    per_label: dict[str, LabelScores]
    confusion: Confusion
    absent: tuple[str, ...]  # labels that no row has; their F1 counts 0
    off_labels: int  # rows left out because their gold is not among the labels
    signature: str


def ends_of_scale(question: Question) -> tuple[str, ...] | None:
    """The labels at the two ends of a question's scale; None where the scale has fewer than two places."""
    by_scale = sorted((label.scale, label.name) for label in question.labels if label.scale is not None)
    if not by_scale or by_scale[0][0] == by_scale[-1][0]:
        return None
    return by_scale[0][1], by_scale[-1][1]


def score(
    gold: Sequence[str],
    predicted: Sequence[str | None],
    clusters: Sequence[str],
    labels: Sequence[str],
    polar: Sequence[str] | None,
    seed: int,
) -> Scores:
    """Scores of predicted labels on the rows whose gold is among the labels.

    The macro-F1 is the mean over all given labels. A label that no row has counts 0, in each resample too, and is
    listed in ``absent``. A prediction that is not among the labels is wrong.

    Args:
        gold: [n].
        predicted: [n]; None where there is no prediction, which counts as wrong.
        clusters: the units that the intervals resample, [n].
        labels: those that count, in the order in which they are shown.
        polar: the labels of ``f_avg``; None where the labels have no poles.
        seed: of the bootstrap.

    Raises:
        DataError: there are no labels, a label is repeated, or a polar label is not among the labels.
    """
    _check_labels(labels, polar)
    rows = _rows_on(labels, gold)
    off_labels = len(gold) - len(rows)
    if not rows:
        return _empty(labels, polar, off_labels, _NO_ROWS, seed)
    sums = by_cluster([clusters[number] for number in rows], _one_hot(gold, predicted, labels, rows))

    estimate = partial(cluster_bootstrap, sums, n=len(rows), seed=seed)
    table = sums.sum(axis=0)
    poles = [labels.index(label) for label in polar or ()]
    f1s = [estimate(partial(metrics.mean_f1, labels=[number])) for number in range(len(labels))]
    return Scores(
        macro_f1=_macro(estimate(_macro_f1), labels),
        accuracy=estimate(metrics.accuracy),
        f_avg=estimate(partial(metrics.mean_f1, labels=poles)) if poles else undefined(_NO_POLES, len(rows), len(sums)),
        polar=tuple(polar or ()),
        per_label=_per_label(table, f1s, labels),
        confusion=_confusion(table, labels),
        absent=tuple(label for label, support in zip(labels, table.sum(axis=1), strict=True) if not support),
        off_labels=off_labels,
        signature=_signature(labels, polar, "row" if len(sums) == len(rows) else "cluster", seed),
    )


def no_scores(labels: Sequence[str], polar: Sequence[str] | None, reason: str, seed: int) -> Scores:
    """Scores without rows: every figure is undefined for the given reason."""
    _check_labels(labels, polar)
    return _empty(labels, polar, 0, reason, seed)


def paired_difference(
    gold: Sequence[str],
    predicted_a: Sequence[str],
    predicted_b: Sequence[str],
    clusters: Sequence[str],
    labels: Sequence[str],
    seed: int,
) -> Estimate:
    """The macro-F1 of ``a`` minus that of ``b``, both on the same resampled clusters."""
    rows = _rows_on(labels, gold)
    if not rows:
        return undefined(_NO_ROWS, 0, 0)
    pair = np.stack([_one_hot(gold, predicted, labels, rows) for predicted in (predicted_a, predicted_b)], axis=1)
    sums = by_cluster([clusters[number] for number in rows], pair)
    return cluster_bootstrap(sums, lambda tables: _macro_f1(tables[:, 0]) - _macro_f1(tables[:, 1]), len(rows), seed)


def _rows_on(labels: Sequence[str], gold: Sequence[str]) -> list[int]:
    """The positions of the rows whose gold is among the labels."""
    return [number for number, label in enumerate(gold) if label in labels]


def _check_labels(labels: Sequence[str], polar: Sequence[str] | None) -> None:
    if not labels:
        raise DataError("labels: none are given; give at least one label")
    if len(set(labels)) < len(labels):
        raise DataError(f"labels: a label is repeated in {', '.join(labels)}; give each label once")
    for label in polar or ():
        if label not in labels:
            raise DataError(f"polar label {label!r}: not among the labels {', '.join(labels)}; give two of these")


def _one_hot(
    gold: Sequence[str], predicted: Sequence[str | None], labels: Sequence[str], rows: Sequence[int]
) -> Floats:
    """The confusion matrix of each row, [rows, labels, labels + 1]; the last column is any other label."""
    position = {label: number for number, label in enumerate(labels)}
    matrices = np.zeros((len(rows), len(labels), len(labels) + 1))
    of_gold = [position[gold[number]] for number in rows]
    answers = [predicted[number] for number in rows]
    of_prediction = [position.get(answer, len(labels)) if answer else len(labels) for answer in answers]
    matrices[np.arange(len(rows)), of_gold, of_prediction] = 1
    return matrices


def _macro_f1(tables: Floats) -> Floats:
    return metrics.mean_f1(tables, range(tables.shape[1]))


def _macro(estimate: Estimate, labels: Sequence[str]) -> MacroF1:
    return MacroF1(**msgspec.structs.asdict(estimate), labels=tuple(labels))


def _per_label(table: Floats, f1s: Sequence[Estimate], labels: Sequence[str]) -> dict[str, LabelScores]:
    scores = {}
    for number, label in enumerate(labels):
        scores[label] = LabelScores(
            precision=metrics.precision(table, number),
            recall=metrics.recall(table, number),
            f1=f1s[number],
            support=int(table[number].sum()),
        )
    return scores


def _confusion(table: Floats, labels: Sequence[str]) -> Confusion:
    has_other = bool(table[:, -1].any())
    columns = table if has_other else table[:, :-1]
    return Confusion(
        gold=tuple(labels),
        predicted=(*labels, _OTHER) if has_other else tuple(labels),
        counts=tuple(tuple(int(count) for count in row) for row in columns),
    )


def _empty(labels: Sequence[str], polar: Sequence[str] | None, off_labels: int, reason: str, seed: int) -> Scores:
    nothing = undefined(reason, 0, 0)
    table = np.zeros((len(labels), len(labels) + 1))
    return Scores(
        macro_f1=_macro(nothing, labels),
        accuracy=nothing,
        f_avg=nothing,
        polar=tuple(polar or ()),
        per_label=_per_label(table, [nothing] * len(labels), labels),
        confusion=_confusion(table, labels),
        absent=tuple(labels),
        off_labels=off_labels,
        signature=_signature(labels, polar, "none", seed),
    )


def _signature(labels: Sequence[str], polar: Sequence[str] | None, unit: str, seed: int) -> str:
    """The settings that a figure depends on, so that readers can see whether two figures are comparable."""
    installed = versions()
    parts = {
        "labels": ",".join(labels),
        "average": "macro",
        "polar": ",".join(polar or ()) or "none",
        "rows": "gold-on-labels",
        "absent": "0",
        "interval": "percentile95",
        "unit": unit,
        "draws": str(DRAWS),
        "seed": str(seed),
        "toolkit": installed["stance-toolkit"],
        "sklearn": installed["scikit-learn"],
    }
    return "|".join(f"{name}:{value}" for name, value in parts.items())


# --- tables of predictions and of gold -------------------------------------------------------------------------------


class EvaluateOptions(Struct, frozen=True, kw_only=True):
    """The columns of a table of predictions and a table of gold, and the labels to score."""

    id: str = "id"
    gold_id: str | None = None  # of the gold; None: as in the predictions
    label: str = "label"
    question: str | None = None  # of a gold with several questions
    cluster: str | None = None  # a column of the gold; None: each row is its own cluster
    labels: tuple[str, ...] = ()  # none: all labels in the gold
    polar: tuple[str, ...] = ()


class TableScores(Struct, frozen=True, kw_only=True):
    """The scores of a table of predictions, and the rows that could not be compared."""

    scores: Scores
    without_prediction: int  # rows of the gold; their prediction counts as wrong
    without_gold: int  # rows of the gold without a label, left out
    unknown: tuple[Resemblance, ...]  # predicted labels that the gold does not know


def score_tables(predictions: LabelTable, gold: LabelTable, options: EvaluateOptions, seed: int) -> TableScores:
    """Scores of a table of predicted labels on a table of gold labels; the ids join them.

    Raises:
        DataError: a column is missing, an id is repeated, the gold has several questions and none is chosen, or the
            tables share no id.
    """
    gold = _of_question(gold, options.question)
    if options.question and predictions.has(_QUESTION):
        predictions = _of_question(predictions, options.question)
    predicted = _label_by_id(predictions, options)
    ids, truth, clusters = _labelled(gold, options)
    labels = options.labels or tuple(sorted(set(truth)))
    missing = sum(predicted.get(row_id) is None for row_id in ids)
    if ids and not any(row_id in predicted for row_id in ids):
        raise DataError(
            f"{predictions.source}: none of its ids is in {gold.source} ({next(iter(predicted), 'none')!r} here, "
            f"{ids[0]!r} there); name the column with the common id with --id, that of the gold with --gold-id"
        )
    answers = [predicted.get(row_id) for row_id in ids]
    counts = Counter(answer for answer in answers if answer is not None)
    return TableScores(
        scores=score(truth, answers, clusters, labels, options.polar or None, seed),
        without_prediction=missing,
        without_gold=len(gold.rows) - len(ids),
        unknown=tuple(nearest(counts, sorted({*truth, *labels}))),
    )


def _of_question(table: LabelTable, question: str | None) -> LabelTable:
    """The rows of one question of a table in long form, as ``gold.jsonl`` of a campaign is."""
    if question is None and not table.has(_QUESTION):
        return table
    names = table.texts(_QUESTION)
    present = sorted(set(names))
    if question is None and len(present) > 1:
        raise DataError(f"{table.source}: it holds the questions {', '.join(present)}; choose one with --question")
    if question is not None and question not in present:
        raise DataError(f"{table.source}: no question {question!r}; it holds {', '.join(present)}")
    return table.only(question is None or name == question for name in names)


def _id_column(table: LabelTable, name: str) -> str:
    """The column of the id; ``item`` in files of a campaign, which have no ``id``."""
    if name != "id" or table.has(name):
        return name
    return next((column for column in _ITEMS if table.has(column)), name)


def _labelled(gold: LabelTable, options: EvaluateOptions) -> tuple[list[str], list[str], list[str]]:
    """The ids, labels and clusters of the rows of the gold that have a label."""
    ids = gold.texts(_id_column(gold, options.gold_id or options.id))
    repeated = [row_id for row_id, count in Counter(ids).items() if count > 1]
    if repeated:
        raise DataError(
            f"{gold.source}: {plural(len(repeated), 'id')} repeated, first {repeated[0]!r}; give one gold label for "
            "each id"
        )
    clusters = gold.texts(options.cluster) if options.cluster else ids
    rows = [row for row in zip(ids, gold.labels(options.label), clusters, strict=True) if row[1] is not None]
    return [row[0] for row in rows], [row[1] or "" for row in rows], [row[2] for row in rows]


def _label_by_id(predictions: LabelTable, options: EvaluateOptions) -> dict[str, str | None]:
    """The predicted label of each id; None where there is none.

    Of two predictions in a table of `train`, that of the final model counts for a test row, not that of a fold.
    """
    ids = predictions.texts(_id_column(predictions, options.id))
    name = "label" if predictions.has("label") and not predictions.has(options.label) else options.label
    folds = predictions.texts(_FOLD) if predictions.has(_FOLD) else [""] * len(ids)
    final = {row_id for row_id, fold in zip(ids, folds, strict=True) if not fold}
    labels: dict[str, str | None] = {}
    for row_id, label, fold in zip(ids, predictions.labels(name), folds, strict=True):
        if fold and row_id in final:
            continue
        if row_id in labels:
            raise DataError(f"{predictions.source}: the id {row_id!r} is repeated; give one prediction for each id")
        labels[row_id] = label
    return labels
