"""Clusters of articles that are the same text, nearly the same, or one within the other."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import combinations, product
from typing import Literal

import numpy as np
from msgspec import Struct

from toolkit.articles.duplicates.boilerplate import boilerplate, widespread
from toolkit.articles.duplicates.candidates import Pairs, alike, within
from toolkit.articles.duplicates.shingling import Flags, Hashes, ShingleSets, shingle_sets, shingles
from toolkit.files import digest
from toolkit.records import Article, Clustered

__all__ = ["Kind", "Pair", "cluster_articles", "joined", "near_duplicate_pairs", "shingles"]

_CONTAINED = 0.8  # share of the shorter text's shingles
_OWN = 0.5  # share of the shorter text's shingles that a tie keeps when boilerplate is taken away

Kind = Literal["exact", "near", "contained"]
_CLOSEST: tuple[Kind, ...] = ("exact", "near", "contained")


class Pair(Struct, frozen=True, kw_only=True):
    """Two articles that share text, with the exact figures."""

    a: str
    b: str
    kind: Kind
    jaccard: float
    containment: float  # share of the smaller set of shingles


class _Distinct(Struct, frozen=True, kw_only=True):
    """The different texts of a collection, each with the ids of its copies in order."""

    copies: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]
    sets: ShingleSets


class _Tie(Struct, frozen=True, kw_only=True):
    """Two different texts that belong together, by their numbers."""

    first: int
    second: int
    kind: Kind
    jaccard: float
    containment: float


def near_duplicate_pairs(articles: Sequence[Article], threshold: float = 0.5) -> list[Pair]:
    """All pairs whose Jaccard index of word 5-grams reaches the threshold, or of which one holds the other, by id.

    Candidates come from MinHash and from a sample of each text; each is verified exactly. A pair that shares little but
    boilerplate is left out. Of more than 64 versions of a text those pairs are named that hold them together.
    """
    distinct = _distinct(articles)
    pairs = [
        Pair(a=a, b=b, kind="exact", jaccard=1.0, containment=1.0)
        for copies in distinct.copies
        for a, b in combinations(copies, 2)
    ]
    for tie in _ties(distinct, threshold):
        for names in product(distinct.copies[tie.first], distinct.copies[tie.second]):
            a, b = sorted(names)
            pairs.append(Pair(a=a, b=b, kind=tie.kind, jaccard=tie.jaccard, containment=tie.containment))
    return sorted(pairs, key=lambda pair: (pair.a, pair.b))


def cluster_articles(articles: Sequence[Article], threshold: float = 0.5) -> list[Clustered]:
    """The articles that have a near-duplicate, with the cluster that they belong to, in id order.

    The kind of an article is that of its closest tie: exact before near before contained. A cluster is named after the
    first of its ids, so that other articles may come and go.
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
    """The different texts that have words; two texts are the same if their sets of shingles are."""
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
    """The pairs that are worth a verification, the lower number first, in order."""
    found = np.concatenate([alike(sets, threshold), np.sort(within(sets, _CONTAINED), axis=1)])
    once: Pairs = np.unique(found, axis=0)
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
    """Which of some sorted numbers are among others, sorted too."""
    if len(others) == 0:
        return np.zeros(len(some), dtype=bool)
    found: Flags = others[np.minimum(np.searchsorted(others, some), len(others) - 1)] == some
    return found


def _holds_without(sets: ShingleSets, tie: _Tie, carried: Hashes) -> bool:
    a, b = sets.of(tie.first), sets.of(tie.second)
    a, b = a[~_among(a, carried)], b[~_among(b, carried)]
    return _shared(a, b) >= max(1, _OWN * min(len(a), len(b)))


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Join pairs to groups; each name maps to the first name of its group.

    >>> joined([("b", "c"), ("a", "b"), ("x", "y")])
    {'b': 'a', 'c': 'a', 'a': 'a', 'x': 'x', 'y': 'x'}
    """
    parent: dict[str, str] = {}

    def top(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for a, b in pairs:
        first, second = sorted((top(a), top(b)))
        parent[second] = first
    return {name: top(name) for name in parent}
