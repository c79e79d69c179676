"""Estimates and bootstrap intervals by cluster, shared by all packages.

Paragraphs of one article are not independent. The unit of resampling is therefore the article (or the cluster that
the caller names), never the row.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 2000  # bootstrap draws; they give the ends of a 95 % interval to about 2 % of its width
LEVEL = 0.95
_BLOCK = 4_000_000  # numbers of draws that are held in memory at a time
_MOST_UNDEFINED = 0.05  # a larger share of undefined draws makes the interval's ends arbitrary


class Estimate(Struct, frozen=True, kw_only=True):
    """A value with its interval, or the reason why it is undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int  # rows behind the value
    clusters: int  # resampled units
    reason: str = ""  # reason why value, low or high is None, in words


def undefined(reason: str, n: int, clusters: int) -> Estimate:
    """Return an estimate without a value, with the reason."""
    return Estimate(value=None, low=None, high=None, n=n, clusters=clusters, reason=reason)


def by_cluster(clusters: Sequence[str], rows: Floats) -> Floats:
    """Sum rows within clusters; clusters are in sorted order.

    Args:
        clusters: the cluster of each row, [n].
        rows: [n, ...].

    Returns:
        [number of clusters, ...].
    """
    names, position = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    return sums_of(position, rows, len(names))


def sums_of(position: NDArray[np.int64], rows: Floats, count: int) -> Floats:
    """Sum rows with the same position, [n] and [n, ...] -> [count, ...]."""
    if len(rows) == count and (position[1:] > position[:-1]).all():  # one row per position
        return rows
    flat = rows.reshape(len(rows), math.prod(rows.shape[1:]))
    sums = np.zeros((count, flat.shape[1]))
    for number, column in enumerate(flat.T):
        sums[:, number] = np.bincount(position, column, minlength=count)
    return sums.reshape(count, *rows.shape[1:])


class Resamples(Struct, frozen=True, kw_only=True):
    """The sum over all clusters and the sums of resamples; a statistic of sums applies to both."""

    whole: Floats  # [...]
    draws: Floats  # [draws, ...]
    clusters: int


def resample(sums: Floats, seed: int, draws: int = DRAWS) -> Resamples:
    """Draw clusters with replacement, as many as there are, and sum their rows.

    Clusters with equal sums are drawn together: only their number in a resample is random. A resample of hundreds of
    thousands of items therefore costs no more than the few distinct vote patterns.

    Args:
        sums: the sum of each cluster, [clusters, ...].
        seed: seed of the generator.
        draws: number of resamples.
    """
    count = len(sums)
    patterns, _, often = _patterns(sums.reshape(count, -1))
    flat = np.empty((draws, patterns.shape[1]))
    for start, counts in _pattern_counts(often, seed, draws):
        flat[start : start + len(counts)] = counts.astype(np.float64) @ patterns
    return Resamples(whole=sums.sum(axis=0), draws=flat.reshape(draws, *sums.shape[1:]), clusters=count)


def resample_weights(sums: Floats, seed: int, draws: int = DRAWS) -> Iterator[Floats]:
    """Return how often each cluster occurs in the resamples that `resample` draws with the same arguments.

    Statistics of the same resamples that need the drawn clusters, not only their sums, use these weights. Clusters with
    equal sums divide their number of draws by a separate generator.

    Yields:
        [block, clusters] per block, as many rows in total as draws.
    """
    _, position, often = _patterns(sums.reshape(len(sums), -1))
    members = np.split(np.argsort(position, kind="stable"), np.cumsum(often.astype(np.int64))[:-1])
    alone = np.flatnonzero(often == 1)
    single = np.array([members[number][0] for number in alone], dtype=np.int64)
    generator = np.random.default_rng([seed, 1])
    block = max(1, _BLOCK // max(len(sums), 1))
    for _, many in _pattern_counts(often, seed, draws):
        for start in range(0, len(many), block):
            counts = many[start : start + block]
            row = np.arange(len(counts)) * len(sums)
            drawn = [
                np.repeat(row, counts[:, number])
                + members[number][generator.integers(0, len(members[number]), int(counts[:, number].sum()))]
                for number in np.flatnonzero(often > 1)
            ]
            cells = np.concatenate([np.zeros(0, dtype=np.int64), *drawn])
            weights = np.bincount(cells, minlength=len(counts) * len(sums)).reshape(len(counts), len(sums))
            weights[:, single] = counts[:, alone]
            yield weights.astype(np.float64)


def _pattern_counts(often: Floats, seed: int, draws: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield how often each pattern occurs in each resample, block by block, with the index of its first draw."""
    generator = np.random.default_rng(seed)
    total = int(often.sum())
    block = max(1, _BLOCK // max(len(often), 1))
    for start in range(0, draws, block):
        yield start, generator.multinomial(total, often / total, size=min(block, draws - start))


def _patterns(rows: Floats) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Return the distinct rows, the index of each row among them, and their counts; in order of first appearance."""
    # A fixed mixture of the columns separates rows at the cost of sorting numbers; a collision leads to a full sort.
    mixture = rows @ np.sin(np.arange(1.0, rows.shape[1] + 1))
    _, first, position, often = np.unique(mixture, return_index=True, return_inverse=True, return_counts=True)
    if not np.array_equal(rows[first][position], rows):
        _, first, position, often = np.unique(rows, axis=0, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rows[first[order]], rank[position.reshape(-1)], often[order].astype(np.float64)


def estimate(
    resamples: Resamples, statistic: Callable[[Floats], Floats], n: int, reason: str = "undefined"
) -> Estimate:
    """Return a statistic of sums, with the percentile interval of its resamples.

    Args:
        resamples: the resamples of the clusters' sums.
        statistic: from [draws, ...] to [draws]; nan where it is undefined.
        n: rows, for the record.
        reason: the reason to report if the statistic is undefined on the data.
    """
    value = float(statistic(resamples.whole[np.newaxis])[0])
    draws = statistic(resamples.draws) if resamples.clusters > 1 and not np.isnan(value) else np.zeros(0)
    return estimate_of(value, draws, n, resamples.clusters, reason)


def estimate_of(value: float, draws: Floats, n: int, clusters: int, reason: str) -> Estimate:
    """Return a value, nan if undefined, with the percentile interval of its draws, [draws]."""
    if np.isnan(value):
        return undefined(reason, n, clusters)
    if clusters == 1:
        return Estimate(value=value, low=None, high=None, n=n, clusters=1, reason="one cluster has no interval")
    low, high = percentile_interval(draws)
    reason = "" if low is not None else "too many resamples in which it is undefined"
    return Estimate(value=value, low=low, high=high, n=n, clusters=clusters, reason=reason)


def mirrored(value: float, draws: Floats) -> Floats:
    """Mirror draws at the value, for the basic interval: if draws are biased to one side, so is the value itself.

    Source:
        Davison and Hinkley, Bootstrap Methods and their Application (1997), section 5.2.1.
    """
    return 2 * value - draws


def cluster_bootstrap(
    sums: Floats, statistic: Callable[[Floats], Floats], n: int, seed: int, reason: str = "undefined"
) -> Estimate:
    """Return a statistic of summed rows, with the percentile interval of the cluster bootstrap.

    Args:
        sums: the sum of each cluster, [clusters, ...]; the statistic is a function of the total.
        statistic: from [draws, ...] to [draws]; nan where it is undefined.
        n: rows, for the record.
        seed: seed of the generator.
        reason: the reason to report if the statistic is undefined on the data.

    Source:
        Davison and Hinkley, Bootstrap Methods and their Application (1997), sections 2.4 and 3.8.
    """
    if not len(sums):
        return undefined("no rows", n, 0)
    return estimate(resample(sums, seed), statistic, n, reason)


def percentile_interval(draws: Floats) -> tuple[float | None, float | None]:
    """Return the central 95 % of bootstrap draws, or None twice if more than 5 % of them are undefined."""
    defined = draws[~np.isnan(draws)]
    if len(defined) < (1 - _MOST_UNDEFINED) * len(draws):
        return None, None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def resized_interval(value: float, draws: Floats, half: float) -> tuple[float | None, float | None]:
    """Return the central 95 % of draws, with their shape around a value but with a given width.

    For resamples that vary too much or too little where a variance gives the right width. The value is never outside.

    Args:
        value: the estimate.
        draws: [draws].
        half: half of the width.
    """
    low, high = percentile_interval(draws)
    if low is None or high is None or high == low:
        return low, high
    low, high = min(low, value), max(high, value)
    times = 2 * half / (high - low)
    return value + (low - value) * times, value + (high - value) * times


def share_interval(count: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of independent rows; it needs at least one row.

    Source:
        Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    from scipy.stats import binomtest

    interval = binomtest(count, n).proportion_ci(confidence_level=LEVEL, method="wilson")
    return float(interval.low), float(interval.high)
