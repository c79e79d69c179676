"""Precision and recall of the origin that `ingest` finds, against a reading by hand.

    python benchmarks/origins.py [--misses] [--print FIRST LAST] [--json origins.json]

`origins_reading.jsonl` holds for each of the articles that were drawn its source, its id, whether it looks like wire
copy by a loose expression, and the agency that wrote it, or null; the texts come from STANCE_DATA. Development was on
the articles that were not drawn.
"""

import argparse
import json
import math
import random
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct
from news_corpus import agencies, articles

from toolkit.articles.origins import Agencies, find_origin
from toolkit.records import Article

READING = Path(__file__).with_name("origins_reading.jsonl")
SEED = 20261124
ADDED = ("r_sport", "sputnik")  # agencies that came into the table only after the reading
# How many are drawn: of those that look like wire copy, and of the others.
QUOTA = {
    "persent": (28, 28),
    "hyperpartisan": (24, 24),
    "allsides": (24, 24),
    "ria": (10, 4),
    "malay": (8, 4),
    "ud": (6, 12),
    "pages": (14, 24),
}
LOOSE = re.compile(
    r"\b(AAP|AFP|ANSA|AP|Associated Press|Bernama|BERNAMA|Bloomberg|CNN|dpa|EFE|IANS|Interfax|Kyodo|McClatchy|PA"
    r"|PTI|Reuters|REUTERS|TASS|UPI|Xinhua)\b|(?i:риа новости|бел\s?та\b|интерфакс|тасс\b|рейтер|wire|news agency"
    r"|contributed to this|reporting by|additional reporting|copyright)"
)


class Drawn(Struct, frozen=True, kw_only=True):
    source: str
    looks: bool  # like wire copy, by the loose expression
    article: Article
    origin: str | None = None  # as it was read


def looks_like_wire(article: Article) -> bool:
    return bool(LOOSE.search(" ".join((article.author or "", article.text[:500], article.text[-400:]))))


def draw() -> list[Drawn]:
    """The articles that are read, in an order that says nothing."""
    chosen = []
    for source, found in articles().items():
        for looks, quota in zip((True, False), QUOTA[source], strict=True):
            stratum = sorted((a for a in found if looks_like_wire(a) is looks), key=lambda a: a.id)
            rng = random.Random(f"{SEED} {source} {looks}")  # noqa: S311 - a sample, not a secret
            chosen += [
                Drawn(source=source, looks=looks, article=a) for a in rng.sample(stratum, min(quota, len(stratum)))
            ]
    random.Random(SEED).shuffle(chosen)  # noqa: S311
    return chosen


def reading() -> tuple[list[Drawn], dict[tuple[str, bool], int]]:
    """The articles as they were read, and how many the collection has of each kind."""
    every = articles()
    known = {(source, article.id): article for source, found in every.items() for article in found}
    rows = [json.loads(line) for line in READING.read_text(encoding="utf-8").splitlines()]
    if absent := [row for row in rows if (row["source"], row["id"]) not in known]:
        sys.exit(f"{READING}: {len(absent)} articles are not there, the first is {absent[0]}; is STANCE_DATA the same?")
    drawn = [
        Drawn(source=row["source"], looks=row["looks"], article=known[row["source"], row["id"]], origin=row["origin"])
        for row in rows
    ]
    sizes = Counter((source, looks_like_wire(article)) for source, found in every.items() for article in found)
    return drawn, sizes


def told(article: Article, table: Agencies) -> str | None:
    found = find_origin(article.text, article.author, table)
    return found.agency if found else None


def show(drawn: Sequence[Drawn], first: int, last: int) -> None:
    """The heads and tails that the reader reads; nothing that the program found."""
    for number, one in enumerate(drawn[first:last], first):
        text = re.sub(r"\s*\n\s*", " ¶ ", one.article.text.strip())
        print(f"#{number} {one.source} {one.article.id[:12]} [{one.article.author or ''}] {one.article.title[:90]}")
        print("  " + (text if len(text) < 560 else f"{text[:280]} ..... {text[-270:]}"))


# --- figures -------------------------------------------------------------------------------------------------------


def wilson(hits: int, n: int) -> tuple[float, float]:
    if not n:
        return 0.0, 1.0
    z, p = 1.96, hits / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, (middle - half) / (1 + z * z / n)), (middle + half) / (1 + z * z / n)


def share(hits: int, n: int) -> dict[str, float | int]:
    low, high = wilson(hits, n)
    return {"hits": hits, "n": n, "value": hits / n if n else math.nan, "low": low, "high": high}


def weighted(rows: np.ndarray, strata: Sequence[str]) -> dict[str, float]:
    """A ratio of weighted sums, in the whole collection: columns are weight, hit, counted; strata are resampled."""
    rng = np.random.default_rng(SEED)
    groups = [rows[[s == name for s in strata]] for name in sorted(set(strata))]
    values = []
    for _ in range(2000):
        some = np.concatenate([group[rng.integers(len(group), size=len(group))] for group in groups])
        counted = (some[:, 0] * some[:, 2]).sum()
        values.append((some[:, 0] * some[:, 1]).sum() / counted if counted else np.nan)
    value = (rows[:, 0] * rows[:, 1]).sum() / (rows[:, 0] * rows[:, 2]).sum()
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return {"value": float(value), "low": float(low), "high": float(high)}


def measure(drawn: Sequence[Drawn], sizes: Mapping[tuple[str, bool], int], found: Sequence[str | None]) -> dict:
    truth = [one.origin for one in drawn]
    counts = Counter((one.source, one.looks) for one in drawn)
    right = [bool(t) and t == f for t, f in zip(truth, found, strict=True)]
    hits = sum(right)
    strata = [f"{one.source} {one.looks}" for one in drawn]
    weights = [sizes[one.source, one.looks] / counts[one.source, one.looks] for one in drawn]
    facts = {
        "articles": len(drawn),
        "look_like_wire": sum(one.looks for one in drawn),
        "wire": sum(map(bool, truth)),
        "precision": share(hits, sum(map(bool, found))),
        "recall": share(hits, sum(map(bool, truth))),
        "recall_without_added_agencies": share(
            sum(r and t not in ADDED for r, t in zip(right, truth, strict=True)),
            sum(bool(t) and t not in ADDED for t in truth),
        ),
        "precision_of_the_collection": weighted(
            np.array([*zip(weights, right, map(bool, found), strict=True)]), strata
        ),
        "recall_of_the_collection": weighted(np.array([*zip(weights, right, map(bool, truth), strict=True)]), strata),
        "by_source": {},
    }
    for source in dict.fromkeys(one.source for one in drawn):
        at = [n for n, one in enumerate(drawn) if one.source == source]
        facts["by_source"][source] = {
            "articles": len(at),
            "wire": sum(bool(truth[n]) for n in at),
            "found": sum(bool(found[n]) for n in at),
            "right": sum(right[n] for n in at),
        }
    return facts


def told_range(fact: dict) -> str:
    of = f" ({fact['hits']} of {fact['n']})" if "hits" in fact else ""
    return f"{fact['value']:.3f} [{fact['low']:.3f}, {fact['high']:.3f}]{of}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="list where reading and program differ, by id")
    parser.add_argument("--print", nargs=2, type=int, metavar=("FIRST", "LAST"), help="heads and tails to be read")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.print:
        show(draw(), *given.print)
        return
    drawn, sizes = reading()
    table = agencies()
    found = [told(one.article, table) for one in drawn]
    facts = measure(drawn, sizes, found)
    print(f"{facts['articles']} articles, {facts['look_like_wire']} look like wire copy, {facts['wire']} are")
    for name, fact in facts.items():
        if isinstance(fact, dict) and "low" in fact:
            print(f"{name:30} {told_range(fact)}")
    for source, row in facts["by_source"].items():
        print(f"  {source:14} {row}")
    print(f"  agencies read: {dict(Counter(one.origin for one in drawn if one.origin).most_common())}")
    if given.misses:
        for one, got in zip(drawn, found, strict=True):
            if one.origin != got:
                print(f"{one.source} {one.article.id}: read {one.origin}, found {got}")
    if given.json:
        given.json.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
