"""Near-duplicates: recall on planted pairs, candidates, speed beside the peers, cost by size.

    python benchmarks/near_duplicates.py --data ../shared/data [--json results.json]

Needs numpy, msgspec, rensa, datasketch and gaoya; a peer that is not installed is left out of the table. The articles
are real ones (Hyperpartisan, PerSenT, AllSides). To reach the size they are dressed anew: words beyond the hundred most
frequent are exchanged for others of like frequency, by another rule in each article, so that length, sentences and
function words stay those of news. Pairs and containments are planted by cutting, changing and inserting, and measured
exactly.
"""

import argparse
import csv
import gzip
import json
import math
import random
import re
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from toolkit.articles.duplicates.clusters import candidate_pairs, near_duplicate_pairs
from toolkit.articles.duplicates.shingling import shingle_sets
from toolkit.records import Article

BINS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
KEPT = 100  # most frequent words that are never exchanged
WORD = re.compile(r"\w+")


def real_texts(data: Path) -> list[str]:
    texts = []
    for name in ("hyperpartisan_byarticle/articles", "persent/dev"):
        with gzip.open(data / f"{name}.jsonl.gz", "rt") as handle:
            texts += ["\n\n".join(json.loads(line)["paragraphs"]) for line in handle]
    with gzip.open(data / "allsides_near_dup/docs.jsonl.gz", "rt") as handle:
        twins = paired(data)
        texts += [row["text"] for row in map(json.loads, handle) if str(row["doc"]) not in twins]
    return [text for text in dict.fromkeys(texts) if 60 <= len(text.split()) <= 3000]


def paired(data: Path) -> set[str]:
    with gzip.open(data / "allsides_near_dup/pairs_exact.csv.gz", "rt") as handle:
        return {row["b"] for row in csv.DictReader(handle)}


class Dresser:
    """Gives out any number of articles with the lengths and the words of real ones."""

    def __init__(self, texts: list[str]) -> None:
        counts = Counter(word for text in texts for word in text.split())
        self.words = [word for word, _ in counts.most_common()]
        rank = {word: n for n, word in enumerate(self.words)}
        self.lows = KEPT * 2 ** np.arange(int(math.log2(len(self.words) / KEPT)) + 1)
        self.sizes = np.minimum(self.lows, len(self.words) - self.lows)
        self.texts = [np.array([rank[word] for word in text.split()]) for text in texts]

    def article(self, seed: int) -> list[str]:
        ranks = self.texts[seed % len(self.texts)]
        shifts = np.random.default_rng([7, seed]).integers(len(self.words), size=len(self.lows))
        octave = np.searchsorted(self.lows, ranks, side="right") - 1
        low, size = self.lows[octave], self.sizes[octave]
        exchanged = np.where(octave < 0, ranks, low + (ranks - low + shifts[octave]) % size)
        return [self.words[n] for n in exchanged.tolist()]


def grams(words: list[str]) -> set[tuple[str, ...]]:
    plain = WORD.findall(" ".join(words).lower())
    return {tuple(plain[n : n + 5]) for n in range(max(1, len(plain) - 4))}


def jaccard(a: set, b: set) -> float:
    return len(a & b) / len(a | b)


def edited(base: list[str], other: list[str], low: float, high: float, draw: random.Random) -> list[str] | None:
    """The article as another outlet prints it, at a Jaccard index between the two."""
    target, theirs, words = draw.uniform(low, high), grams(base), list(base)
    for _ in range(200):
        at, length = draw.randrange(len(words)), max(1, len(base) // 40)
        match draw.randrange(4):
            case 0:
                words = words[: -draw.randint(1, length)] or words
            case 1:
                del words[at : at + length]
            case 2:
                words[at:at] = other[at : at + length]
            case 3:
                words[at] = draw.choice(other)
        if len(words) < 30:
            return None
        found = jaccard(theirs, grams(words))
        if found <= target:
            return words if low <= found < high else None
    return None


def brief(base: list[str], draw: random.Random) -> list[str] | None:
    """A passage of the article, a few words changed: at least .8 of its shingles are the article's."""
    length = draw.randint(40, 150)
    start = draw.randrange(len(base) - length)
    words = base[start : start + length]
    for _ in range(draw.randrange(4)):
        words[draw.randrange(length)] = "moreover"
    mine, theirs = grams(words), grams(base)
    return words if len(mine & theirs) >= 0.8 * len(mine) and jaccard(mine, theirs) < 0.4 else None


def planted(
    dresser: Dresser, size: int, pairs: int, briefs: int
) -> tuple[list[Article], dict[int, list[tuple[str, str]]]]:
    """A collection, and its planted pairs by bin; those of -1 are containments."""
    draw = random.Random(3)  # noqa: S311 - a benchmark, not a secret
    found: dict[int, list[tuple[str, str]]] = {n: [] for n in range(-1, len(BINS) - 1)}
    articles, seed = [], 0

    def add(base: list[str], twin: list[str], group: int) -> None:
        names = f"{seed:07}a", f"{seed:07}b"
        found[group].append(names)
        articles.extend(Article(id=name, text=" ".join(words)) for name, words in zip(names, (base, twin), strict=True))

    for group in range(-1, len(BINS) - 1):
        while len(found[group]) < (briefs if group < 0 else pairs // (len(BINS) - 1)):
            seed += 1
            base = dresser.article(seed)
            if group >= 0:
                twin = edited(base, dresser.article(-seed % 10**9), BINS[group], BINS[group + 1], draw)
            else:
                twin = brief(base, draw) if len(base) > 400 else None
            if twin is not None:
                add(base, twin, group)
    while len(articles) < size:
        seed += 1
        articles.append(Article(id=f"{seed:07}", text=" ".join(dresser.article(seed))))
    draw.shuffle(articles)
    return articles, found


def wilson(hits: int, n: int) -> tuple[float, float]:
    z, p = 1.96, hits / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def cpu(work: Callable[[], object]) -> tuple[float, object]:
    start = time.process_time()
    value = work()
    return time.process_time() - start, value


# --- peers: candidates by theirs, the same exact verification --------------------------------------------------------


def verified(articles: list[Article], candidates: Iterator[tuple[int, int]], threshold: float) -> set[tuple[str, str]]:
    sets: dict[int, frozenset[str]] = {}

    def of(n: int) -> frozenset[str]:
        if n not in sets:
            sets[n] = frozenset(tokens(articles[n].text))
        return sets[n]

    unordered = {(min(pair), max(pair)) for pair in candidates if pair[0] != pair[1]}
    kept = [(a, b) for a, b in unordered if len(of(a) & of(b)) >= threshold * len(of(a) | of(b))]
    return {tuple(sorted((articles[a].id, articles[b].id))) for a, b in kept}


def tokens(text: str) -> list[str]:
    words = WORD.findall(text.lower())
    return [" ".join(words[n : n + 5]) for n in range(max(1, len(words) - 4))]


def by_datasketch(articles: list[Article], threshold: float) -> set[tuple[str, str]]:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=128)
    sketches = MinHash.bulk([[t.encode() for t in set(tokens(a.text))] for a in articles], num_perm=128)
    for n, sketch in enumerate(sketches):
        index.insert(n, sketch)
    return verified(articles, ((n, m) for n, s in enumerate(sketches) for m in index.query(s)), threshold)


def by_gaoya(articles: list[Article], threshold: float) -> set[tuple[str, str]]:
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(32, threshold, 42, 3, None, "word", True, (5, 5))
    texts = [article.text for article in articles]
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    return verified(articles, ((n, m) for n, row in enumerate(index.par_bulk_query(texts)) for m in row), threshold)


def by_rensa(articles: list[Article], threshold: float) -> set[tuple[str, str]]:
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=threshold, num_perm=126, num_bands=42)
    sketches = RMinHash.from_token_sets([tokens(a.text) for a in articles], 126, 1)
    index.insert_many(sketches)
    return verified(articles, ((n, m) for n, row in enumerate(index.query_all(sketches)) for m in row), threshold)


def ours(articles: list[Article], threshold: float) -> set[tuple[str, str]]:
    return {(pair.a, pair.b) for pair in near_duplicate_pairs(articles, threshold)}


# --- the three measurements ----------------------------------------------------------------------------------------


def recall(dresser: Dresser, size: int) -> dict:
    articles, plants = planted(dresser, size, 2000, 300)
    facts: dict = {"articles": size}
    for threshold in (0.4, 0.5):
        seconds, pairs = cpu(lambda t=threshold: near_duplicate_pairs(articles, t))
        found = {(pair.a, pair.b) for pair in pairs}
        sets = shingle_sets([article.text for article in articles])
        candidates = len(candidate_pairs(sets, threshold))
        known = {names for row in plants.values() for names in row}
        print(f"\nthreshold {threshold}, {size} articles: {seconds:.1f} CPU s; {len(pairs)} pairs, of them not planted")
        print(f"{len(found - known)}; {candidates} candidates = {candidates / len(pairs):.2f} a pair")
        rows = {}
        for group, names in plants.items():
            if group >= 0 and BINS[group] < threshold:
                continue
            hits = sum(pair in found for pair in names)
            low, high = wilson(hits, len(names))
            label = "contained" if group < 0 else f"{BINS[group]}-{BINS[group + 1]}"
            rows[label] = {"found": hits, "n": len(names), "low": low, "high": high}
            print(f"  {label:10} {hits:4} of {len(names):4}  {hits / len(names):.4f} [{low:.4f}, {high:.4f}]")
        facts[str(threshold)] = {
            "cpu_seconds": seconds,
            "pairs": len(pairs),
            "not_planted": len(found - known),
            "candidates": candidates,
            "recall": rows,
        }
    return facts


def speed(dresser: Dresser, size: int) -> dict:
    articles, plants = planted(dresser, size, 500, 75)
    near = [names for group, row in plants.items() if group >= 1 for names in row]
    facts = {}
    print(f"\n{size} articles, threshold .5, with verification")
    for name, method in (("ours", ours), ("gaoya", by_gaoya), ("rensa", by_rensa), ("datasketch", by_datasketch)):
        try:
            seconds, found = cpu(lambda m=method: m(articles, 0.5))
        except ImportError:
            print(f"  {name:10} is not installed")
            continue
        hits, inside = (sum(pair in found for pair in some) for some in (near, plants[-1]))
        facts[name] = {"cpu_seconds": seconds, "near": hits, "contained": inside}
        times = seconds / facts["ours"]["cpu_seconds"]
        print(
            f"  {name:10} {seconds:7.2f} CPU s = {times:5.2f} x ours; "
            f"near {hits} of {len(near)}, contained {inside} of {len(plants[-1])}"
        )
    return {"articles": size, "methods": facts}


def growth(dresser: Dresser, sizes: tuple[int, ...]) -> dict:
    facts = {}
    print()
    for size in sizes:
        articles, _ = planted(dresser, size, 100, 20)
        repeats = [cpu(lambda some=articles: near_duplicate_pairs(some))[0] for _ in range(3 if size <= 10_000 else 1)]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        facts[size] = {"cpu_microseconds_an_article": 1e6 * min(repeats) / size, "peak_mb": peak}
        print(
            f"  {size:7} articles: {1e6 * min(repeats) / size:.0f} CPU us an article; peak of the process {peak:.0f} MB"
        )
    first, last = (facts[size]["cpu_microseconds_an_article"] for size in (sizes[0], sizes[-1]))
    print(f"  {last / first:.2f} x")
    return {str(size): row for size, row in facts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--recall", type=int, default=50_000, help="articles; 0 leaves the measurement out")
    parser.add_argument("--speed", type=int, default=5_000)
    parser.add_argument("--growth", type=int, default=200_000, help="beside 10,000")
    given = parser.parse_args()
    dresser = Dresser(real_texts(given.data))
    print(f"{len(dresser.texts)} real articles, {sum(map(len, dresser.texts)) / len(dresser.texts):.0f} words each")
    facts = {}
    if given.speed:
        facts["speed"] = speed(dresser, given.speed)
    if given.recall:
        facts["recall"] = recall(dresser, given.recall)
    if given.growth:
        facts["growth"] = growth(dresser, (10_000, given.growth))
    if given.json:
        given.json.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
