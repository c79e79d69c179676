"""Intervals by cluster, in one place for every room.

Paragraphs of one article are not independent, so what is resampled is the article (or the cluster that the
caller names), never the row.
"""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 2000  # bootstrap draws: the ends of a 95 % interval are then known to about 2 % of its width
LEVEL = 0.95
_MOST_UNDEFINED = 0.05  # a larger share of undefined draws makes the interval's ends arbitrary


class Estimate(Struct, frozen=True, kw_only=True):
    """A number with its interval, or the reason why there is none."""

    value: float | None
    low: float | None
    high: float | None
    n: int  # rows that the value rests on
    clusters: int  # resampled units
    why: str = ""  # why value, low or high is None, in words


def undefined(why: str, n: int, clusters: int) -> Estimate:
    """No value, and the reason."""
    return Estimate(value=None, low=None, high=None, n=n, clusters=clusters, why=why)


def by_cluster(clusters: Sequence[str], rows: Floats) -> Floats:
    """Sum rows within clusters, clusters in sorted order.

    Args:
        clusters: the cluster of each row, [n].
        rows: [n, ...].

    Returns:
        [number of clusters, ...].
    """
    names, position = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    sums = np.zeros((len(names), *rows.shape[1:]))
    np.add.at(sums, position, rows)
    return sums


def resample(sums: Floats, seed: int, draws: int = DRAWS) -> Floats:
    """Draw clusters with replacement, as many as there are, and sum what they hold.

    Args:
        sums: what each cluster holds, [clusters, ...].
        seed: of the generator.
        draws: how many times.

    Returns:
        [draws, ...].
    """
    count = len(sums)
    weights = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=draws)
    flat = weights.astype(np.float64) @ sums.reshape(count, -1)
    return flat.reshape(draws, *sums.shape[1:])


def cluster_bootstrap(
    sums: Floats, statistic: Callable[[Floats], Floats], n: int, seed: int, why_undefined: str = "undefined"
) -> Estimate:
    """A statistic of summed rows, with the percentile interval of the cluster bootstrap.

    Args:
        sums: what each cluster holds, [clusters, ...]; the statistic is a function of its sum.
        statistic: from [draws, ...] to [draws]; nan where it is undefined.
        n: rows, for the record.
        seed: of the generator.
        why_undefined: the reason that is given where the statistic is undefined on the data.

    Source:
        Davison and Hinkley, Bootstrap Methods and their Application (1997), sections 2.4 and 3.8.
    """
    clusters = len(sums)
    if not clusters:
        return undefined("no rows", n, 0)
    value = float(statistic(sums.sum(axis=0)[np.newaxis])[0])
    if np.isnan(value):
        return undefined(why_undefined, n, clusters)
    if clusters == 1:
        return Estimate(value=value, low=None, high=None, n=n, clusters=1, why="one cluster has no interval")
    low, high = percentile_interval(statistic(resample(sums, seed)))
    why = "" if low is not None else "too many resamples in which it is undefined"
    return Estimate(value=value, low=low, high=high, n=n, clusters=clusters, why=why)


def percentile_interval(draws: Floats) -> tuple[float | None, float | None]:
    """The central 95 % of bootstrap draws, or None twice where more than 5 % of them are undefined."""
    defined = draws[~np.isnan(draws)]
    if len(defined) < (1 - _MOST_UNDEFINED) * len(draws):
        return None, None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
