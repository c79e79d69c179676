"""How good predicted labels are, with intervals by cluster and a signature that says how it was counted."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from toolkit.codebook import Question
from toolkit.errors import DataError
from toolkit.runs import versions
from toolkit.statistics import DRAWS, Estimate, Floats, by_cluster, cluster_bootstrap, undefined

_OTHER = "other"
_NO_ROWS = "no row has one of the labels"
_NOT_POLAR = "no polar labels are named"


class MacroF1(Estimate, frozen=True, kw_only=True):
    """The mean of the labels' F1, and the labels that it is the mean over."""

    labels: tuple[str, ...]


class LabelScores(Struct, frozen=True, kw_only=True):
    """How well one label is found."""

    precision: float | None  # None: it was never predicted
    recall: float | None  # None: no row has it
    f1: Estimate
    support: int  # rows that have it


class Confusion(Struct, frozen=True, kw_only=True):
    """Which label was taken for which."""

    gold: tuple[str, ...]  # what the rows of the matrix stand for
    predicted: tuple[str, ...]  # what its columns stand for; a last one `other` where something else was predicted
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
    """The labels at the two ends of a question's scale, or None where it has no two ends."""
    by_place = sorted((label.scale, label.name) for label in question.labels if label.scale is not None)
    if not by_place or by_place[0][0] == by_place[-1][0]:
        return None
    return by_place[0][1], by_place[-1][1]


def score(
    gold: Sequence[str],
    predicted: Sequence[str],
    clusters: Sequence[str],
    labels: Sequence[str],
    polar: Sequence[str] | None,
    seed: int,
) -> Scores:
    """Compare predicted labels with gold ones, on the rows whose gold is among the labels.

    The macro-F1 is the mean over all labels named; one that no row has counts 0 and is named in ``absent``,
    in each resample too. A prediction that is not among the labels is wrong.

    Args:
        gold: [n].
        predicted: [n].
        clusters: what the intervals resample, [n].
        labels: those that count, in the order in which they are shown.
        polar: the labels of ``f_avg``; None where the labels have no poles.
        seed: of the bootstrap.

    Raises:
        DataError: the labels are none or name one twice, or a polar label is not among them.

    Source:
        Sokolova and Lapalme, A systematic analysis of performance measures for classification tasks (2009),
        table 3, for F1; macro-averaged as the mean of the F1, not as the F1 of the means.
    """
    _check_labels(labels, polar)
    kept = [number for number, label in enumerate(gold) if label in labels]
    left_out = len(gold) - len(kept)
    if not kept:
        return _empty(labels, polar, left_out, _NO_ROWS, seed)
    sums = by_cluster([clusters[number] for number in kept], _one_hot(gold, predicted, labels, kept))

    def estimate(statistic: Callable[[Floats], Floats]) -> Estimate:
        return cluster_bootstrap(sums, statistic, len(kept), seed)

    table = sums.sum(axis=0)
    poles = [labels.index(label) for label in polar or ()]
    f1s = [estimate(_mean_f1([number])) for number in range(len(labels))]
    return Scores(
        macro_f1=_macro(estimate(_mean_f1(range(len(labels)))), labels),
        accuracy=estimate(_accuracy),
        f_avg=estimate(_mean_f1(poles)) if poles else undefined(_NOT_POLAR, len(kept), len(sums)),
        polar=tuple(polar or ()),
        per_label=_per_label(table, f1s, labels),
        confusion=_confusion(table, labels),
        absent=tuple(label for label, support in zip(labels, table.sum(axis=1), strict=True) if not support),
        off_labels=left_out,
        signature=_signature(labels, polar, "row" if len(sums) == len(kept) else "cluster", seed),
    )


def no_scores(labels: Sequence[str], polar: Sequence[str] | None, why: str, seed: int) -> Scores:
    """The scores of nothing: every figure undefined, for the reason given."""
    _check_labels(labels, polar)
    return _empty(labels, polar, 0, why, seed)


def paired_difference(
    gold: Sequence[str],
    predicted_a: Sequence[str],
    predicted_b: Sequence[str],
    clusters: Sequence[str],
    labels: Sequence[str],
    seed: int,
) -> Estimate:
    """How much higher the macro-F1 of ``a`` is than that of ``b``, both on the same resampled clusters."""
    kept = [number for number, label in enumerate(gold) if label in labels]
    if not kept:
        return undefined(_NO_ROWS, 0, 0)
    pair = np.stack([_one_hot(gold, predicted, labels, kept) for predicted in (predicted_a, predicted_b)], axis=1)
    sums = by_cluster([clusters[number] for number in kept], pair)
    macro_f1 = _mean_f1(range(len(labels)))
    return cluster_bootstrap(sums, lambda tables: macro_f1(tables[:, 0]) - macro_f1(tables[:, 1]), len(kept), seed)


def _check_labels(labels: Sequence[str], polar: Sequence[str] | None) -> None:
    if not labels:
        raise DataError("labels: none are named; name those that count")
    if len(set(labels)) < len(labels):
        raise DataError(f"labels: one is named twice in {', '.join(labels)}; name each once")
    for label in polar or ():
        if label not in labels:
            raise DataError(f"polar label {label!r}: not among the labels {', '.join(labels)}; name two of these")


def _one_hot(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str], kept: Sequence[int]) -> Floats:
    """The confusion matrix of each kept row, [kept, labels, labels + 1]; the last column is any other label."""
    position = {label: number for number, label in enumerate(labels)}
    matrices = np.zeros((len(kept), len(labels), len(labels) + 1))
    rows = [position[gold[number]] for number in kept]
    columns = [position.get(predicted[number], len(labels)) for number in kept]
    matrices[np.arange(len(kept)), rows, columns] = 1
    return matrices


def _mean_f1(numbers: Sequence[int]) -> Callable[[Floats], Floats]:
    """The mean F1 of some labels, as a function from confusion matrices [draws, labels, labels + 1] to [draws].

    The F1 of a label that is neither in the gold nor predicted is 0.
    """
    chosen = list(numbers)

    def statistic(tables: Floats) -> Floats:
        hits = np.diagonal(tables, axis1=1, axis2=2)
        both = tables.sum(axis=2) + tables[:, :, :-1].sum(axis=1)
        f1s = np.divide(2 * hits, both, out=np.zeros_like(both), where=both > 0)
        return np.asarray(f1s[:, chosen].mean(axis=1))

    return statistic


def _accuracy(tables: Floats) -> Floats:
    return np.asarray(np.trace(tables, axis1=1, axis2=2) / tables.sum(axis=(1, 2)))


def _macro(estimate: Estimate, labels: Sequence[str]) -> MacroF1:
    return MacroF1(**msgspec.structs.asdict(estimate), labels=tuple(labels))


def _per_label(table: Floats, f1s: Sequence[Estimate], labels: Sequence[str]) -> dict[str, LabelScores]:
    scores = {}
    for number, label in enumerate(labels):
        hits, support, said = table[number, number], table[number].sum(), table[:, number].sum()
        scores[label] = LabelScores(
            precision=float(hits / said) if said else None,
            recall=float(hits / support) if support else None,
            f1=f1s[number],
            support=int(support),
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


def _empty(labels: Sequence[str], polar: Sequence[str] | None, off_labels: int, why: str, seed: int) -> Scores:
    nothing = undefined(why, 0, 0)
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
    """The settings that a figure depends on, so that two papers can see whether theirs differ in kind."""
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
