"""Formulas of agreement and of classification on confusion matrices: each formula stands here once."""

from collections.abc import Callable, Sequence

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


# --- contingency tables of two annotators, or of two questions -------------------------------------------------------


def cohen_kappa(distance: Floats) -> Callable[[Floats], Floats]:
    """Cohen's kappa of contingency tables, [draws, labels, labels] -> [draws], weighted by a table of disagreement.

    ``1 - Σ p_ij d_ij / Σ p_i. p_.j d_ij``; with d_ij = 1 for all that differ it is the unweighted one.

    Source:
        Cohen, A coefficient of agreement for nominal scales (1960); Weighted kappa (1968).
    """

    def coefficient(tables: Floats) -> Floats:
        rows, columns = tables.sum(axis=2), tables.sum(axis=1)
        return _one_minus(tables, rows[:, :, np.newaxis] * columns[:, np.newaxis, :], distance)

    return coefficient


def scott_pi(distance: Floats) -> Callable[[Floats], Floats]:
    """Scott's pi of contingency tables: as Cohen's kappa, with the margins of both annotators taken together.

    Source:
        Scott, Reliability of content analysis: the case of nominal scale coding (1955).
    """

    def coefficient(tables: Floats) -> Floats:
        both = (tables.sum(axis=2) + tables.sum(axis=1)) / 2
        return _one_minus(tables, both[:, :, np.newaxis] * both[:, np.newaxis, :], distance)

    return coefficient


def _one_minus(tables: Floats, chance: Floats, distance: Floats) -> Floats:
    n = tables.sum(axis=(1, 2))
    observed = n * (tables * distance).sum(axis=(1, 2))
    expected = (chance * distance).sum(axis=(1, 2))
    return np.asarray(
        1 - np.divide(observed, expected, out=np.full_like(n, np.nan), where=expected > 1e-12 * np.maximum(n**2, 1))
    )


def cramers_v(tables: Floats) -> Floats:
    """Cramér's V of contingency tables, [draws, rows, columns] -> [draws]; of two by two labels with the sign of phi.

    Source:
        Cramér, Mathematical methods of statistics (1946), section 21.9.

    >>> cramers_v(np.array([[[2.0, 0], [0, 2]]]))
    array([1.])
    """
    total = tables.sum(axis=(1, 2), keepdims=True)
    rows, columns = tables.sum(axis=2, keepdims=True), tables.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = rows * columns / total
        chi = np.where(expected > 0, (tables - expected) ** 2 / expected, 0).sum(axis=(1, 2))
        least = np.minimum((rows[:, :, 0] > 0).sum(axis=1), (columns[:, 0] > 0).sum(axis=1)) - 1
        v = np.sqrt(chi / (total[:, 0, 0] * np.where(least > 0, least, np.nan)))
    if tables.shape[1:] == (2, 2):
        v = v * np.sign(tables[:, 0, 0] * tables[:, 1, 1] - tables[:, 0, 1] * tables[:, 1, 0])
    return np.asarray(v)
