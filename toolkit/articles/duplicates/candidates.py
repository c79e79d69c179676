"""Pairs of texts that may share much: MinHash for texts alike, a sample of shingles for a text within another."""

from collections.abc import Iterator
from math import ceil, comb, log, log1p

import numpy as np
from numpy.typing import NDArray

from toolkit.articles.duplicates.shingling import Flags, Hashes, Numbers, ShingleSets

_PERMUTATIONS = 128
_ROWS = 3  # of a band at least
_MISSED = 0.005  # the probability, at most, that a pair at the very threshold is no candidate
_SAMPLE = 24  # shingles of each text that are looked for in all others
_PARTNERS = 64  # candidates of a text through one shingle or band; a larger group is still one chain of candidates
_CHUNK = 4_000_000  # pairs that are in memory at once
_ESTIMATED = 50_000  # pairs whose digests are compared at once
_SEED = 1

Pairs = NDArray[np.int64]  # a row a pair of text numbers
Digests = NDArray[np.uint32]  # a row a text


def alike(sets: ShingleSets, threshold: float) -> Pairs:
    """Pairs whose Jaccard index may reach the threshold, the lower number first.

    A pair at the threshold is missed with probability .005 at most.
    """
    from rensa import RMinHash, RMinHashLSH

    bands, rows = _bands(threshold)

    def sketched(some: ShingleSets) -> object:
        return RMinHash.digest_matrix_from_flat_token_hashes(
            some.hashes, some.bounds.astype(np.uint64), bands * rows, _SEED
        )

    index = RMinHashLSH(threshold=threshold, num_perm=bands * rows, num_bands=bands)
    flags = np.array(index.query_duplicate_flags_matrix_one_shot(sketched(sets)), dtype=bool)
    flagged = np.flatnonzero(flags & (sets.sizes > 0))
    if len(flagged) == 0:
        return np.empty((0, 2), np.int64)
    digests = np.array(sketched(sets.some(flagged)).to_rows(), dtype=np.uint32)  # type: ignore[attr-defined]
    own = np.arange(len(flagged))
    found = [_likely(digests, _partners(_same_band(band), own), threshold) for band in np.split(digests, bands, axis=1)]
    return flagged[np.unique(np.sort(np.concatenate(found), axis=1), axis=0)]


def _bands(threshold: float) -> tuple[int, int]:
    """How many bands of how many rows: as long as 128 permutations allow, and never so short that strangers meet.

    >>> _bands(0.5), _bands(0.8)
    ((40, 3), (18, 6))
    """
    for rows in range(8, _ROWS, -1):
        bands = _enough(threshold, rows)
        if bands * rows <= _PERMUTATIONS:
            return bands, rows
    return _enough(threshold, _ROWS), _ROWS


def _enough(threshold: float, rows: int) -> int:
    return ceil(log(_MISSED) / log1p(-(min(threshold, 0.999) ** rows)))


def _likely(digests: Digests, pairs: Pairs, threshold: float) -> Pairs:
    """The pairs whose estimated index is less than four standard errors below the threshold."""
    width = digests.shape[1]
    least = width * threshold - 4 * (width * threshold * (1 - threshold)) ** 0.5
    kept = [pairs[:0]]
    for some in np.array_split(pairs, 1 + len(pairs) // _ESTIMATED):
        equal = np.count_nonzero(digests[some[:, 0]] == digests[some[:, 1]], axis=1)
        kept.append(some[equal >= least])
    return np.concatenate(kept)


def _same_band(band: Digests) -> Numbers:
    """A number for each row, the same for equal rows."""
    return np.unique(band, axis=0, return_inverse=True)[1].reshape(-1)


def within(sets: ShingleSets, containment: float) -> Pairs:
    """Pairs of which the first, no longer than the second, may have that share of its shingles in the second.

    Of each text the shingles with the lowest hashes are looked for in all others: a random sample, the same of the same
    text. As many must be found as all but .005 of the pairs at the very threshold have.
    """
    keys, texts, sampled = _shared_samples(sets)
    sizes = sets.sizes
    drawn = np.minimum(sizes, _SAMPLE)
    needed = np.array([_fewest(count, containment) for count in range(_SAMPLE + 1)])
    found = [np.empty((0, 2), np.int64)]
    for pairs in _sampled_pairs(keys, texts, sampled):
        fitting = pairs[sizes[pairs[:, 0]] <= sizes[pairs[:, 1]]]
        codes, counts = np.unique(fitting[:, 0] * len(sizes) + fitting[:, 1], return_counts=True)
        first, second = np.divmod(codes, len(sizes))
        kept = counts >= needed[drawn[first]]
        found.append(np.stack([first[kept], second[kept]], axis=1))
    return np.concatenate(found)


def _fewest(drawn: int, share: float) -> int:
    """The most hits of so many draws that a text with that share misses with probability .005 at most; at least one."""
    missed = 0.0
    for hits in range(drawn):
        missed += comb(drawn, hits) * share**hits * (1 - share) ** (drawn - hits)
        if missed > _MISSED:
            return max(1, hits)
    return max(1, drawn)


def _shared_samples(sets: ShingleSets) -> tuple[Numbers, Numbers, Flags]:
    """Where sampled shingles of several texts stand: shingle, text, and whether it is of that text's own sample."""
    place = np.arange(len(sets.hashes)) - np.repeat(sets.bounds[:-1], sets.sizes)
    sampled = place < _SAMPLE
    at = holders(sets, np.unique(sets.hashes[sampled]))
    texts = np.repeat(np.arange(len(sets.sizes)), sets.sizes)[at]
    _, keys, counts = np.unique(sets.hashes[at], return_inverse=True, return_counts=True)
    several = counts[keys] > 1
    order = np.lexsort((texts[several], keys[several]))
    return keys[several][order], texts[several][order], sampled[at][several][order]


def holders(sets: ShingleSets, wanted: Hashes) -> Numbers:
    """The places of the wanted shingles, sorted and each once, in all texts."""
    if len(wanted) == 0:
        return np.empty(0, np.int64)
    bits = min(28, max(16, len(wanted).bit_length() + 4))
    mask = np.uint64((1 << bits) - 1)
    table = np.zeros(1 << bits, dtype=bool)  # most shingles are ruled out by one look
    table[wanted & mask] = True
    likely = np.flatnonzero(table[sets.hashes & mask])
    place = np.minimum(np.searchsorted(wanted, sets.hashes[likely]), len(wanted) - 1)
    found: Numbers = likely[wanted[place] == sets.hashes[likely]]
    return found


def _sampled_pairs(keys: Numbers, texts: Numbers, sampled: Flags) -> Iterator[Pairs]:
    """Every text with those that hold a shingle of its sample, once a shingle; all pairs of a text in one batch."""
    owners = texts[sampled]
    order = np.argsort(owners, kind="stable")
    at = np.flatnonzero(sampled)[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    group = np.searchsorted(starts, at, side="right") - 1
    lengths = np.diff(np.r_[starts, len(keys)])
    partners = np.minimum(lengths[group] - 1, _PARTNERS)
    ends = np.flatnonzero(np.r_[owners[order][1:] != owners[order][:-1], True]) + 1 if len(at) else at
    batch = np.cumsum(partners)[ends - 1] // _CHUNK
    low = 0
    for high in ends[np.flatnonzero(np.r_[batch[1:] != batch[:-1], True])] if len(at) else ():
        some = slice(low, high)
        yield _round(texts, at[some], starts[group[some]], lengths[group[some]], partners[some])
        low = high


def _partners(keys: Numbers, texts: Numbers) -> Pairs:
    """Every text with those of the same key, at most 64 that follow it, round the group."""
    order = np.lexsort((texts, keys))
    keys, texts = keys[order], texts[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    lengths = np.diff(np.r_[starts, len(keys)])
    group = np.repeat(np.arange(len(starts)), lengths)
    return _round(texts, np.arange(len(keys)), starts[group], lengths[group], np.minimum(lengths[group] - 1, _PARTNERS))


def _round(texts: Numbers, at: Numbers, starts: Numbers, lengths: Numbers, partners: Numbers) -> Pairs:
    step = np.arange(partners.sum()) - np.repeat(np.cumsum(partners) - partners, partners) + 1
    start, length, own = (np.repeat(values, partners) for values in (starts, lengths, at))
    return np.stack([texts[own], texts[start + (own - start + step) % length]], axis=1)
