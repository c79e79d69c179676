"""Clusters of articles whose texts are identical, near-duplicates, or contained in one another."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import combinations, product
from math import ceil, comb, log, log1p
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from toolkit.articles.duplicates.shingling import (
    Flags,
    Hashes,
    Numbers,
    ShingleSets,
    shingle_sequences,
    shingle_sets,
    shingles,
)
from toolkit.files import digest
from toolkit.records import Article, Clustered

# --- candidates ------------------------------------------------------------------------------------------------------

_PERMUTATIONS = 128
_ROWS = 3  # minimum rows per band
_MISSED = 0.005  # maximum probability that a pair exactly at the threshold is not a candidate
_SAMPLE = 24  # shingles of each text that are searched for in all others
_PARTNERS = 64  # maximum candidates of a text per shingle or band; a larger group is still one chain of candidates
_CHUNK = 4_000_000  # pairs in memory at once
_ESTIMATED = 50_000  # pairs whose digests are compared in one batch
_SEED = 1

Pairs = NDArray[np.int64]  # one row per pair of text indices
Digests = NDArray[np.uint32]  # one row per text


def alike(sets: ShingleSets, threshold: float) -> Pairs:
    """Return pairs whose Jaccard index may reach the threshold, the lower index first.

    A pair at the threshold is missed with probability .005 at most.
    """
    from rensa import RMinHash, RMinHashLSH

    bands, rows = _bands(threshold)

    def sketched(some: ShingleSets) -> object:
        """Return the MinHash digests, one row per text."""
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
    candidates = [
        _likely(digests, _partners(_same_band(band), own), threshold) for band in np.split(digests, bands, axis=1)
    ]
    return flagged[np.unique(np.sort(np.concatenate(candidates), axis=1), axis=0)]


def _bands(threshold: float) -> tuple[int, int]:
    """Return the number of bands and of rows per band: the longest bands that 128 permutations allow, at least 3 rows.

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
    """Return the pairs whose estimated index is at most four standard errors below the threshold."""
    width = digests.shape[1]
    least = width * threshold - 4 * (width * threshold * (1 - threshold)) ** 0.5
    likely = [pairs[:0]]
    for some in np.array_split(pairs, 1 + len(pairs) // _ESTIMATED):
        equal = np.count_nonzero(digests[some[:, 0]] == digests[some[:, 1]], axis=1)
        likely.append(some[equal >= least])
    return np.concatenate(likely)


def _same_band(band: Digests) -> Numbers:
    """Return a group number for each row; equal rows have the same number."""
    return np.unique(band, axis=0, return_inverse=True)[1].reshape(-1)


def within(sets: ShingleSets, containment: float) -> Pairs:
    """Return pairs whose first text may have that share of its shingles in the second, which is at least as long.

    The sample of a text is its shingles with the lowest hashes: a random but reproducible sample. All other texts are
    searched for the sample. The required number of hits is the largest that misses at most .005 of the pairs at the
    threshold.
    """
    keys, texts, sampled = _shared_samples(sets)
    sizes = sets.sizes
    drawn = np.minimum(sizes, _SAMPLE)
    needed = np.array([_fewest(count, containment) for count in range(_SAMPLE + 1)])
    candidates = [np.empty((0, 2), np.int64)]
    for pairs in _sampled_pairs(keys, texts, sampled):
        fitting = pairs[sizes[pairs[:, 0]] <= sizes[pairs[:, 1]]]
        codes, counts = np.unique(fitting[:, 0] * len(sizes) + fitting[:, 1], return_counts=True)
        first, second = np.divmod(codes, len(sizes))
        sufficient = counts >= needed[drawn[first]]
        candidates.append(np.stack([first[sufficient], second[sufficient]], axis=1))
    return np.concatenate(candidates)


def _fewest(drawn: int, share: float) -> int:
    """Return the largest number of hits, at least 1, that a text with that share misses with probability ≤ .005."""
    missed = 0.0
    for hits in range(drawn):
        missed += comb(drawn, hits) * share**hits * (1 - share) ** (drawn - hits)
        if missed > _MISSED:
            return max(1, hits)
    return max(1, drawn)


def _shared_samples(sets: ShingleSets) -> tuple[Numbers, Numbers, Flags]:
    """Return the sampled shingles that several texts share: shingle, text, and whether that text sampled it."""
    place = np.arange(len(sets.hashes)) - np.repeat(sets.bounds[:-1], sets.sizes)
    sampled = place < _SAMPLE
    at = holders(sets, np.unique(sets.hashes[sampled]))
    texts = np.repeat(np.arange(len(sets.sizes)), sets.sizes)[at]
    _, keys, counts = np.unique(sets.hashes[at], return_inverse=True, return_counts=True)
    several = counts[keys] > 1
    order = np.lexsort((texts[several], keys[several]))
    return keys[several][order], texts[several][order], sampled[at][several][order]


def holders(sets: ShingleSets, hashes: Hashes) -> Numbers:
    """Return the positions of the given shingles, which are sorted and unique, in all texts."""
    if len(hashes) == 0:
        return np.empty(0, np.int64)
    bits = min(28, max(16, len(hashes).bit_length() + 4))
    mask = np.uint64((1 << bits) - 1)
    table = np.zeros(1 << bits, dtype=bool)  # one lookup excludes most shingles
    table[hashes & mask] = True
    likely = np.flatnonzero(table[sets.hashes & mask])
    place = np.minimum(np.searchsorted(hashes, sets.hashes[likely]), len(hashes) - 1)
    places: Numbers = likely[hashes[place] == sets.hashes[likely]]
    return places


def _sampled_pairs(keys: Numbers, texts: Numbers, sampled: Flags) -> Iterator[Pairs]:
    """Pair each text with the holders of its sampled shingles, once per shingle; a batch has all pairs of a text."""
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
    """Pair every text with at most 64 texts of the same key: those that follow it, cyclically."""
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


# --- boilerplate -----------------------------------------------------------------------------------------------------

_MANY = 10  # minimum number of texts that contain boilerplate
_ASKED = 32  # number of these texts that are examined
_OWN_RUN = 20  # minimum consecutive shingles, rare among the other holders, for a story of its own
_OWN_STORIES = 5  # minimum run, as a multiple of text length / number of holders: 1/2 of a text for 10, 1/10 for 50
_HARDLY = 4  # a rare shingle is in at most a quarter of the holders


def widespread(sets: ShingleSets, ties: Pairs) -> Hashes:
    """Return the shingles of tied texts that many texts contain, boilerplate or not; sorted."""
    return _popular(sets, ties)[0]


def boilerplate(sets: ShingleSets, texts: Sequence[str], ties: Pairs) -> Hashes:
    """Return the shared shingles of ties that many texts contain and most of these texts have their own story; sorted.

    Wire copy is not boilerplate, however many outlets publish it: its versions differ only in scattered edits.
    """
    popular, shares, counts = _popular(sets, ties)
    if len(popular) == 0:
        return popular
    rank = np.arange(len(shares)) - np.repeat(np.cumsum(counts) - counts, counts)
    sampled = rank < _ASKED
    owner, level = shares[sampled], np.repeat(_level(counts), counts)[sampled]
    questions, which = np.unique(np.stack([owner, level], axis=1), axis=0, return_inverse=True)
    own_story = _tell_their_own(sets, texts, questions)[which.reshape(-1)]
    number = np.repeat(np.arange(len(popular)), counts)[sampled]
    votes = np.bincount(number, weights=own_story, minlength=len(popular))
    return popular[2 * votes > np.bincount(number, minlength=len(popular))]


def _popular(sets: ShingleSets, ties: Pairs) -> tuple[Hashes, Numbers, Numbers]:
    """Return the shingles of tied texts that many texts contain, their concatenated holders, and the counts."""
    hashes, counts = np.unique(sets.some(np.unique(ties)).hashes, return_counts=True)
    at = holders(sets, hashes[counts > 1])
    shared, which, counts = np.unique(sets.hashes[at], return_inverse=True, return_counts=True)
    many = counts >= _MANY
    popular = many[which]
    owners = (np.searchsorted(sets.bounds, at[popular], side="right") - 1).astype(np.int64)
    return shared[many], owners[np.lexsort((owners, which[popular]))], counts[many]


def _level(counts: Numbers) -> Numbers:
    """Round down to a power of two, so that each text is evaluated at few levels."""
    return (1 << np.log2(counts).astype(np.int64)).astype(np.int64)


def _tell_their_own(sets: ShingleSets, texts: Sequence[str], questions: Pairs) -> Numbers:
    """Return 1 for each (text, level) whose text has a long stretch that is rare among that many texts, else 0."""
    owners = np.unique(questions[:, 0])
    sequences = dict(zip(owners.tolist(), shingle_sequences([texts[n] for n in owners]), strict=True))
    hashes, counts = np.unique(sets.hashes[holders(sets, sets.some(owners).hashes_once())], return_counts=True)
    spread = {text: counts[np.searchsorted(hashes, sequence)] for text, sequence in sequences.items()}
    answers = []
    for text, level in questions.tolist():
        own = _longest_run(spread[text] * _HARDLY <= level)
        answers.append(own >= max(_OWN_RUN, _OWN_STORIES * len(spread[text]) / level))
    return np.array(answers, dtype=np.int64)


def _longest_run(flags: Flags) -> int:
    edges = np.flatnonzero(np.diff(np.r_[0, flags, 0]))
    return int((edges[1::2] - edges[::2]).max(initial=0))


# --- clusters --------------------------------------------------------------------------------------------------------

__all__ = ["Kind", "NearDuplicatePair", "cluster_articles", "joined", "near_duplicate_pairs", "shingles"]

_CONTAINED = 0.8  # minimum share of the shorter text's shingles
_OWN_SHARE = 0.5  # minimum share of the shorter text's shingles that a tie shares without boilerplate

Kind = Literal["exact", "near", "contained"]
_CLOSEST: tuple[Kind, ...] = ("exact", "near", "contained")


class NearDuplicatePair(Struct, frozen=True, kw_only=True):
    """Two articles that share text, with exact similarities."""

    a: str
    b: str
    kind: Kind
    jaccard: float
    containment: float  # share of the smaller set of shingles


class _Distinct(Struct, frozen=True, kw_only=True):
    """The distinct texts of a collection, each with the sorted ids of its copies."""

    copies: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]
    sets: ShingleSets


class _Tie(Struct, frozen=True, kw_only=True):
    """Two distinct texts, by index, that belong to one cluster."""

    first: int
    second: int
    kind: Kind
    jaccard: float
    containment: float


def near_duplicate_pairs(articles: Sequence[Article], threshold: float = 0.5) -> list[NearDuplicatePair]:
    """Return all pairs whose Jaccard index of word 5-grams reaches the threshold or one of which contains the other.

    Pairs are sorted by id. Candidates come from MinHash and from a sample of each text. Each candidate is verified
    exactly. Pairs that share little but boilerplate are excluded. For more than 64 versions of a text, the result has
    the pairs that connect them.
    """
    distinct = _distinct(articles)
    pairs = [
        NearDuplicatePair(a=a, b=b, kind="exact", jaccard=1.0, containment=1.0)
        for copies in distinct.copies
        for a, b in combinations(copies, 2)
    ]
    for tie in _ties(distinct, threshold):
        for names in product(distinct.copies[tie.first], distinct.copies[tie.second]):
            a, b = sorted(names)
            pairs.append(NearDuplicatePair(a=a, b=b, kind=tie.kind, jaccard=tie.jaccard, containment=tie.containment))
    return sorted(pairs, key=lambda pair: (pair.a, pair.b))


def cluster_articles(articles: Sequence[Article], threshold: float = 0.5) -> list[Clustered]:
    """Return the articles that have a near-duplicate, with their cluster, sorted by id.

    The kind of an article is that of its closest tie: exact before near before contained. A cluster is named after the
    first of its ids, so the name does not depend on unrelated articles.
    """
    distinct = _distinct(articles)
    ties = _ties(distinct, threshold)
    first = [copies[0] for copies in distinct.copies]
    links = [(copies[0], name) for copies in distinct.copies for name in copies[1:]]
    root = joined([*links, *((first[tie.first], first[tie.second]) for tie in ties)])
    kinds: dict[str, Kind] = {name: "exact" for copies in distinct.copies if len(copies) > 1 for name in copies}
    for tie in sorted(ties, key=lambda tie: _CLOSEST.index(tie.kind)):
        for name in (*distinct.copies[tie.first], *distinct.copies[tie.second]):
            kinds.setdefault(name, tie.kind)
    return [
        Clustered(article_id=name, cluster="c" + digest(root[name], 12), kind=kind)
        for name, kind in sorted(kinds.items())
    ]


def _distinct(articles: Sequence[Article]) -> _Distinct:
    """Return the distinct non-empty texts; texts with equal sets of shingles count as identical."""
    ordered = sorted(articles, key=lambda article: article.id)
    sets = shingle_sets([article.text for article in ordered])
    copies: dict[bytes, list[int]] = {}
    for number in np.flatnonzero(sets.sizes).tolist():
        copies.setdefault(blake2b(sets.of(number).tobytes(), digest_size=16).digest(), []).append(number)
    return _Distinct(
        copies=tuple(tuple(ordered[n].id for n in numbers) for numbers in copies.values()),
        texts=tuple(ordered[numbers[0]].text for numbers in copies.values()),
        sets=sets.some(np.array([numbers[0] for numbers in copies.values()], dtype=np.int64)),
    )


def _ties(distinct: _Distinct, threshold: float) -> list[_Tie]:
    sets = distinct.sets
    candidates = candidate_pairs(sets, threshold)
    ties = [tie for tie in _judged(sets, candidates, threshold) if tie is not None]
    common = widespread(sets, _numbers(ties))
    doubtful = [tie for tie in ties if len(common) and not _holds_without(sets, tie, common)]
    if not doubtful:
        return ties
    carried = boilerplate(sets, distinct.texts, _numbers(doubtful))
    chained = {(tie.first, tie.second) for tie in doubtful if not _holds_without(sets, tie, carried)}
    return [tie for tie in ties if (tie.first, tie.second) not in chained]


def _numbers(ties: Sequence[_Tie]) -> Pairs:
    return np.array([(tie.first, tie.second) for tie in ties], dtype=np.int64).reshape(-1, 2)


def candidate_pairs(sets: ShingleSets, threshold: float) -> Pairs:
    """Return the sorted candidate pairs for exact verification, the lower index first."""
    pairs = np.concatenate([alike(sets, threshold), np.sort(within(sets, _CONTAINED), axis=1)])
    once: Pairs = np.unique(pairs, axis=0)
    return once


def _judged(sets: ShingleSets, candidates: Pairs, threshold: float) -> Iterator[_Tie | None]:
    for first, second in candidates.tolist():
        a, b = sets.of(first), sets.of(second)
        shared = _shared(a, b)
        jaccard, containment = shared / (len(a) + len(b) - shared), shared / min(len(a), len(b))
        kind: Kind | None = "near" if jaccard >= threshold else "contained" if containment >= _CONTAINED else None
        yield kind and _Tie(first=first, second=second, kind=kind, jaccard=jaccard, containment=containment)


def _shared(a: Hashes, b: Hashes) -> int:
    return int(_among(*sorted((a, b), key=len)).sum())


def _among(some: Hashes, others: Hashes) -> Flags:
    """Flag which of some sorted numbers occur in other sorted numbers."""
    if len(others) == 0:
        return np.zeros(len(some), dtype=bool)
    flags: Flags = others[np.minimum(np.searchsorted(others, some), len(others) - 1)] == some
    return flags


def _holds_without(sets: ShingleSets, tie: _Tie, carried: Hashes) -> bool:
    a, b = sets.of(tie.first), sets.of(tie.second)
    a, b = a[~_among(a, carried)], b[~_among(b, carried)]
    return _shared(a, b) >= max(1, _OWN_SHARE * min(len(a), len(b)))


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Join pairs into groups; each name maps to the first name of its group.

    >>> joined([("b", "c"), ("a", "b"), ("x", "y")])
    {'b': 'a', 'c': 'a', 'a': 'a', 'x': 'x', 'y': 'x'}
    """
    parent: dict[str, str] = {}

    def top(name: str) -> str:
        """Return the root of the name's group and shorten the path to it."""
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for a, b in pairs:
        first, second = sorted((top(a), top(b)))
        parent[second] = first
    return {name: top(name) for name in parent}
