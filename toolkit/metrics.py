"""Formulas of agreement and of classification on confusion matrices: each formula stands here once."""

from collections.abc import Sequence

import numpy as np

from toolkit.statistics import Floats

# --- classification --------------------------------------------------------------------------------------------------
#
# A confusion matrix is [labels, labels + 1]: gold labels in rows, predicted labels in columns; the last column counts
# predictions that are none of the labels. `tables` are several of them, [draws, labels, labels + 1].


def f1_by_label(tables: Floats) -> Floats:
    """The F1 of each label, [draws, labels]; 0 for a label that is neither in the gold nor predicted.

    Source:
        Sokolova and Lapalme, A systematic analysis of performance measures for classification tasks (2009), table 3.
    """
    hits = np.diagonal(tables, axis1=1, axis2=2)
    both = tables.sum(axis=2) + tables[:, :, :-1].sum(axis=1)
    return np.asarray(np.divide(2 * hits, both, out=np.zeros_like(both), where=both > 0))


def mean_f1(tables: Floats, labels: Sequence[int]) -> Floats:
    """The mean F1 of some labels, given by their positions, [draws].

    Over all labels it is the macro-F1: the mean of the F1, not the F1 of the means.

    Source:
        Opitz and Burst, Macro F1 and Macro F1 (2019), equation 1.
    """
    return np.asarray(f1_by_label(tables)[:, list(labels)].mean(axis=1))


def accuracy(tables: Floats) -> Floats:
    """The share of rows whose predicted label is the gold one, [draws]."""
    return np.asarray(np.trace(tables, axis1=1, axis2=2) / tables.sum(axis=(1, 2)))


def precision(table: Floats, label: int) -> float | None:
    """The share of a label's predictions that are right; None where it was never predicted.

    Args:
        table: one confusion matrix, [labels, labels + 1].
        label: the position of the label.
    """
    predicted = table[:, label].sum()
    return float(table[label, label] / predicted) if predicted else None


def recall(table: Floats, label: int) -> float | None:
    """The share of a label's rows that were predicted to have it; None where no row has it.

    Args:
        table: one confusion matrix, [labels, labels + 1].
        label: the position of the label.
    """
    support = table[label].sum()
    return float(table[label, label] / support) if support else None
