"""Coefficients of agreement, each a function of sums, so that any resample of articles is a matrix product.

The input is the number of votes per item and label, so missing votes need no special case. Sums are taken over items
first, within clusters. A resample adds weighted clusters and never rereads the votes.
"""

from collections.abc import Callable, Sequence

import numpy as np

from toolkit.statistics import Floats

Distance = Callable[[Floats], Floats]  # margins [draws, labels] -> squared differences [draws or 1, labels, labels]


# --- Krippendorff's alpha --------------------------------------------------------------------------------------------


def coincidences(counts: Floats) -> Floats:
    """Return the coincidence matrix of each item, [items, labels, labels]; zero for items with fewer than two votes.

    An item with m votes holds m (m - 1) ordered pairs, each of weight 1 / (m - 1).

    Args:
            counts: number of votes per item and label, [items, labels].
    """
    m = counts.sum(axis=1)
    shared = counts * np.divide(1.0, m - 1, out=np.zeros_like(m), where=m >= 2)[:, np.newaxis]
    pairs = shared[:, :, np.newaxis] * counts[:, np.newaxis, :]
    diagonal = np.arange(counts.shape[1])
    pairs[:, diagonal, diagonal] -= shared
    return np.asarray(pairs)


def alpha_of(coincidence: Floats, distance: Distance) -> Floats:
    """Return Krippendorff's alpha of coincidence matrices, [draws, labels, labels] -> [draws]; nan where undefined.

    ``1 - (n - 1) Σ o_ck δ²_ck / Σ n_c n_k δ²_ck``, with n_c the margins, n their sum and δ² the squared difference.

    Source:
        Krippendorff, Content Analysis, 4th ed. (2018), section 12.3.
    """
    margins = coincidence.sum(axis=2)
    n = margins.sum(axis=1)
    square = distance(margins)
    observed = (coincidence * square).sum(axis=(1, 2))
    expected = (margins[:, :, np.newaxis] * margins[:, np.newaxis, :] * square).sum(axis=(1, 2))
    defined = expected > 1e-9 * np.maximum(n**2, 1) * np.maximum(square.max(axis=(1, 2)), 1e-300)
    return np.asarray(1 - np.divide((n - 1) * observed, expected, out=np.full_like(n, np.nan), where=defined))


def nominal(margins: Floats) -> Floats:
    """Return distance 1 for any two different labels."""
    return (1.0 - np.eye(margins.shape[1]))[np.newaxis]


def ordinal(margins: Floats) -> Floats:
    """Return distances by the number of votes between two labels, half of their own included; depends on the data."""
    rank = np.cumsum(margins, axis=1) - margins / 2
    return np.asarray((rank[:, :, np.newaxis] - rank[:, np.newaxis, :]) ** 2)


def interval(values: Sequence[float]) -> Distance:
    """Return distances by the difference of the labels' values."""
    at = np.asarray(values, dtype=np.float64)
    square = ((at[:, np.newaxis] - at[np.newaxis, :]) ** 2)[np.newaxis]
    return lambda _: square


def ratio(values: Sequence[float]) -> Distance:
    """Return distances by the difference of the labels' values relative to their sum."""
    at = np.asarray(values, dtype=np.float64)
    difference, total = at[:, np.newaxis] - at[np.newaxis, :], at[:, np.newaxis] + at[np.newaxis, :]
    square = (np.divide(difference, total, out=np.zeros_like(total), where=total != 0) ** 2)[np.newaxis]
    return lambda _: square


def masi(sets: Sequence[frozenset[str]]) -> Distance:
    """Return distances between labels that are sets: 1 - Jaccard × (1, 2/3, 1/3 or 0).

    The second factor is 1 for equal sets, 2/3 if one contains the other, 1/3 if they overlap, 0 otherwise. As in the
    source, the distance itself replaces the squared difference.

    Source:
        Passonneau, Measuring Agreement on Set-valued Items (MASI) for Semantic and Pragmatic Annotation (2006),
        section 3.
    """
    table = np.array([[1.0 - _masi_weight(first, second) for second in sets] for first in sets]).reshape(
        1, len(sets), len(sets)
    )
    return lambda _: table


def _masi_weight(first: frozenset[str], second: frozenset[str]) -> float:
    if first == second:
        return 1.0
    shared = len(first & second)
    monotony = 2 / 3 if first <= second or second <= first else 1 / 3
    return monotony * shared / len(first | second) if shared else 0.0


# --- coefficients that average over items ----------------------------------------------------------------------------


def item_rows(counts: Floats, weights: Floats) -> Floats:
    """Return each item's contribution to the averages of Fleiss' kappa and Gwet's coefficients, [items, labels + 3].

    The columns: agreement of its pairs of votes (weighted by weights), whether it has two votes, whether it has any,
    and the share of each label among its votes.

    Args:
        counts: number of votes per item and label, [items, labels].
        weights: weight of each pair of labels, 1 on the diagonal, [labels, labels].
    """
    m = counts.sum(axis=1)
    paired = m >= 2
    alike = (counts * (counts @ weights)).sum(axis=1) - m
    agreement = np.divide(alike, m * (m - 1), out=np.zeros_like(m), where=paired)
    shares = np.divide(counts, m[:, np.newaxis], out=np.zeros_like(counts), where=m[:, np.newaxis] > 0)
    return np.column_stack([agreement, paired, m > 0, shares])


def observed_and_shares(sums: Floats) -> tuple[Floats, Floats]:
    """Return mean agreement [draws] and mean shares of the labels [draws, labels], from sums of `item_rows`."""
    observed = np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.nan), where=sums[:, 1] > 0)
    shares = np.divide(sums[:, 3:], sums[:, 2:3], out=np.full_like(sums[:, 3:], np.nan), where=sums[:, 2:3] > 0)
    return observed, shares


def fleiss_kappa(sums: Floats) -> Floats:
    """Return Fleiss' kappa of sums of `item_rows`, [draws]; items may have different numbers of votes.

    Source:
        Fleiss, Measuring nominal scale agreement among many raters (1971); with missing votes: Gwet, Handbook of
        Inter-Rater Reliability, 4th ed. (2014), section 2.5.
    """
    observed, shares = observed_and_shares(sums)
    return _beyond(observed, (shares**2).sum(axis=1))


def gwet(weights: Floats) -> Callable[[Floats], Floats]:
    """Return Gwet's AC1 (weights is the identity) or AC2, a function of sums of `item_rows`, [draws, ...] -> [draws].

    Source:
        Gwet, Computing inter-rater reliability and its variance in the presence of high agreement (2008); AC2 and
        missing votes: Handbook of Inter-Rater Reliability, 4th ed. (2014), sections 4.3 and 4.4.
    """
    labels = len(weights)

    def coefficient(sums: Floats) -> Floats:
        """Return AC1 or AC2 of each draw."""
        observed, shares = observed_and_shares(sums)
        spread = (shares * (1 - shares)).sum(axis=1)
        return _beyond(observed, weights.sum() * spread / (labels * (labels - 1)) if labels > 1 else spread)

    return coefficient


def _beyond(observed: Floats, expected: Floats) -> Floats:
    """Return agreement beyond chance agreement; nan where chance agreement is 1."""
    left = 1 - expected
    return np.asarray(np.divide(observed - expected, left, out=np.full_like(left, np.nan), where=left > 1e-12))
