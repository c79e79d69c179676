"""Clusters of articles that are the same text, nearly the same, or one within the other."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from toolkit.files import digest
from toolkit.records import Article, Clustered

_WORD = re.compile(r"\w+")
_SHINGLE = 5  # words
_PERMUTATIONS = 128
_BANDS = 32  # of four rows: a pair with Jaccard .5 becomes a candidate with probability .87, one with .6 with .99
_CONTAINED = 0.8  # share of the shorter text's shingles
_SEED = 1

Kind = Literal["exact", "near", "contained"]


class Pair(Struct, frozen=True, kw_only=True):
    """Two articles that share text, with the exact figures."""

    a: str
    b: str
    kind: Kind
    jaccard: float
    containment: float  # share of the smaller set of shingles


def shingles(text: str) -> frozenset[str]:
    """The word 5-grams of a text, lower case; of a shorter text, all its words as one.

    >>> sorted(shingles("One two three four five six"))
    ['one two three four five', 'two three four five six']
    """
    words = _WORD.findall(text.lower())
    if not words:
        return frozenset()
    last = max(1, len(words) - _SHINGLE + 1)
    return frozenset(" ".join(words[start : start + _SHINGLE]) for start in range(last))


def near_duplicate_pairs(articles: Sequence[Article], threshold: float = 0.5) -> list[Pair]:
    """All pairs whose Jaccard index of word 5-grams reaches the threshold, or of which one holds the other.

    Candidates come from MinHash; each is verified exactly.
    """
    sets = {article.id: shingles(article.text) for article in articles}
    pairs = (_judge(a, b, sets, threshold) for a, b in sorted(_candidates(sets, threshold)))
    return [pair for pair in pairs if pair is not None]


def _candidates(sets: Mapping[str, frozenset[str]], threshold: float) -> set[tuple[str, str]]:
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=threshold, num_perm=_PERMUTATIONS, num_bands=_BANDS)
    names = sorted(name for name, grams in sets.items() if grams)
    found: set[tuple[str, str]] = set()
    for number, name in enumerate(names):
        sketch = RMinHash(num_perm=_PERMUTATIONS, seed=_SEED)
        sketch.update(sorted(sets[name]))
        found.update((names[other], name) for other in index.query(sketch))
        index.insert(number, sketch)
    return found


def _judge(a: str, b: str, sets: Mapping[str, frozenset[str]], threshold: float) -> Pair | None:
    shared = len(sets[a] & sets[b])
    jaccard = shared / len(sets[a] | sets[b])
    containment = shared / min(len(sets[a]), len(sets[b]))
    kind: Kind | None = None
    if sets[a] == sets[b]:
        kind = "exact"
    elif jaccard >= threshold:
        kind = "near"
    elif containment >= _CONTAINED:
        kind = "contained"
    return kind and Pair(a=a, b=b, kind=kind, jaccard=jaccard, containment=containment)


def cluster_articles(articles: Sequence[Article], threshold: float = 0.5) -> list[Clustered]:
    """The articles that have a near-duplicate, with the cluster that they belong to, in id order.

    The kind of an article is that of its closest tie: exact before near before contained.
    """
    pairs = near_duplicate_pairs(articles, threshold)
    root = joined([(pair.a, pair.b) for pair in pairs])
    kinds: dict[str, Kind] = {}
    rank: tuple[Kind, ...] = ("exact", "near", "contained")
    for pair in sorted(pairs, key=lambda pair: rank.index(pair.kind)):
        kinds.setdefault(pair.a, pair.kind)
        kinds.setdefault(pair.b, pair.kind)
    return [
        Clustered(article_id=name, cluster="c" + digest(root[name], 12), kind=kind)
        for name, kind in sorted(kinds.items())
    ]


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
