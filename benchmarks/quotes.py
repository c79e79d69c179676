"""Precision and recall of quotations against readings by hand: ``python benchmarks/quotes.py``.

The readings hold ids and offsets only; the texts come from ``data/raw/sample.jsonl`` and STANCE_DATA. Intervals are
95 %, by bootstrap over articles (2,000 draws). Where ``quotes_reading_b.jsonl`` exists, the agreement of the readings
is printed too.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct
from quotes_corpus import Cut, corpus, draw

from toolkit.records import Quote
from toolkit.segmentation.quotes.quotations import find_quotes
from toolkit.statistics import Floats, by_cluster, cluster_bootstrap

HERE = Path(__file__).resolve().parent
SEED = 7


class Span(Struct, frozen=True, kw_only=True):
    start: int
    end: int
    speaker: str | None
    verb: str | None
    scare: bool
    continued: bool


class Row(Struct, frozen=True, kw_only=True):
    source: str
    article: str
    start: int
    end: int
    quotes: tuple[Span, ...]

    @property
    def key(self) -> tuple[str, str, int]:
        return self.source, self.article, self.start


def read(path: Path, cuts: dict[tuple[str, str], Cut]) -> list[Row]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = cuts[row["source"], row["article"]].text
        spans = tuple(
            Span(
                start=q["start"],
                end=q["end"],
                speaker=text[slice(*q["speaker"])] if q["speaker"] else None,
                verb=text[slice(*q["verb"])] if q["verb"] else None,
                scare=q["scare"],
                continued=q["continued"],
            )
            for q in row["quotes"]
        )
        rows.append(Row(source=row["source"], article=row["article"], start=row["start"], end=row["end"], quotes=spans))
    return rows


def detect(rows: Sequence[Row], cuts: dict[tuple[str, str], Cut]) -> list[Row]:
    """What the toolkit finds in the paragraphs that were read, each in its whole article."""
    found = {}
    for source, article in sorted({(row.source, row.article) for row in rows}):
        cut = cuts[source, article]
        starts = [start for start, _ in cut.spans]
        before: set[int] = set()
        for start, quotes in zip(starts, find_quotes(cut.texts, starts), strict=True):
            found[source, article, start] = tuple(_span(quote, before) for quote in quotes)
            before |= {quote.run for quote in quotes if quote.run is not None}
    return [
        Row(source=row.source, article=row.article, start=row.start, end=row.end, quotes=found[row.key]) for row in rows
    ]


def _span(quote: Quote, before: set[int]) -> Span:
    return Span(
        start=quote.start,
        end=quote.end,
        speaker=quote.speaker,
        verb=quote.verb,
        scare=quote.scare,
        continued=quote.run in before,
    )


Pair = tuple[Span, Span]
Match = Callable[[Span, Span], bool]


def exact(a: Span, b: Span) -> bool:
    return (a.start, a.end) == (b.start, b.end)


def overlap(a: Span, b: Span) -> bool:
    return min(a.end, b.end) - max(a.start, b.start) > 0.5 * max(a.end - a.start, b.end - b.start)


def pairs(a: Sequence[Span], b: Sequence[Span], same: Match) -> list[Pair]:
    """Pairs of spans, each used once, in order."""
    left = list(b)
    matched = []
    for span in a:
        other = next((candidate for candidate in left if same(span, candidate)), None)
        if other is not None:
            left.remove(other)
            matched.append((span, other))
    return matched


def same_speaker(a: str | None, b: str | None) -> bool:
    """The same words, or one a part of the other: ``Tice`` and ``Sister Ramona Tice``."""
    if a is None or b is None:
        return a is b
    first, second = (re.findall(r"\w+", name.lower()) for name in (a, b))
    return set(first) <= set(second) or set(second) <= set(first)


Counted = tuple[str, float, float]  # cluster, hits, of


def ratio(rows: Sequence[Counted]) -> str:
    kept = [row for row in rows if row[2]]
    if not kept:
        return "none"
    sums = by_cluster([row[0] for row in kept], np.asarray([row[1:] for row in kept], dtype=float))
    n = int(sum(row[2] for row in kept))
    estimate = cluster_bootstrap(sums, _share, n, SEED)
    low, high = estimate.low, estimate.high
    interval = f" [{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
    return f"{estimate.value:.3f}{interval} ({sum(row[1] for row in kept):.0f} of {n})"


def _share(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[:, 0] / sums[:, 1]


def compare(truth: Sequence[Row], found: Sequence[Row], names: tuple[str, str]) -> None:
    both = list(zip(truth, found, strict=True))
    for label, keep in (("all marks", lambda _: True), ("speech", lambda s: not s.scare), ("scare", lambda s: s.scare)):
        for kind, same in (("exact", exact), ("overlap", overlap)):
            hits = [
                (
                    t.article,
                    len(pairs(*[[s for s in r.quotes if keep(s)] for r in (t, f)], same)),
                    sum(map(keep, t.quotes)),
                    sum(map(keep, f.quotes)),
                )
                for t, f in both
            ]
            print(f"{label:9} {kind:8} {names[0]} {ratio([(a, h, n) for a, h, _, n in hits])}")
            print(f"{label:9} {kind:8} {names[1]} {ratio([(a, h, n) for a, h, n, _ in hits])}")
    attributions(both, names)


def attributions(both: Sequence[tuple[Row, Row]], names: tuple[str, str]) -> None:
    """Speakers and verbs of speech that both have; a later part of a quotation that runs on is left out of
    precision where the reader, who takes only what its paragraph says, has none."""
    matched = [
        (t.article, a, b) for t, f in both for a, b in pairs(t.quotes, f.quotes, overlap) if not (a.scare or b.scare)
    ]
    fields: tuple[tuple[str, Callable[[Span, Span], bool], Callable[[Span], str | None]], ...] = (
        ("speaker, same words", lambda a, b: a.speaker == b.speaker, lambda s: s.speaker),
        ("speaker, or part", lambda a, b: same_speaker(a.speaker, b.speaker), lambda s: s.speaker),
        ("verb", lambda a, b: a.verb == b.verb, lambda s: s.verb),
    )
    for label, same, field in fields:
        judged = [(c, a, b) for c, a, b in matched if field(a) is not None or not (_in_a_run(a) or _in_a_run(b))]
        told = [(c, float(same(a, b)), 1.0) for c, a, b in judged if field(b) is not None]
        wanted = [(c, float(same(a, b)), 1.0) for c, a, b in matched if field(a) is not None]
        agreed = [(c, float(same(a, b)), 1.0) for c, a, b in judged]
        print(f"{label:20} {names[0]} {ratio(told)}")
        print(f"{label:20} {names[1]} {ratio(wanted)}")
        print(f"{label:20} the same, none included {ratio(agreed)}")


def _in_a_run(span: Span) -> bool:
    return span.continued


def agreement(a: Sequence[Row], b: Sequence[Row]) -> None:
    others = {row.key: row for row in b}
    shared = [(row, others[row.key]) for row in a if row.key in others]
    print(f"\nTwo readings, {len(shared)} paragraphs read by both")
    same = [
        (t.article, float([(s.start, s.end) for s in t.quotes] == [(s.start, s.end) for s in u.quotes]), 1.0)
        for t, u in shared
    ]
    print(f"paragraphs with the same spans {ratio(same)}")
    compare([t for t, _ in shared], [u for _, u in shared], ("share of B's in A", "share of A's in B"))
    kinds = [
        (t.article, float(x.scare == y.scare), 1.0) for t, u in shared for x, y in pairs(t.quotes, u.quotes, overlap)
    ]
    print(f"scare or speech, the same {ratio(kinds)}")


def misses(truth: Sequence[Row], found: Sequence[Row]) -> None:
    """Where they differ, by id and offsets."""
    for t, f in zip(truth, found, strict=True):
        if [(s.start, s.end, s.scare) for s in t.quotes] != [(s.start, s.end, s.scare) for s in f.quotes]:
            print(t.key, [(s.start, s.end, s.scare) for s in t.quotes], [(s.start, s.end, s.scare) for s in f.quotes])


def speed(cuts: Sequence[Cut]) -> None:
    """Bytes of whole articles per CPU second, quotations only."""
    prepared = [(cut.texts, [start for start, _ in cut.spans]) for cut in cuts]
    size = sum(len(cut.text.encode()) for cut in cuts)
    began = time.process_time()
    for texts, starts in prepared:
        find_quotes(texts, starts)
    rate = size / (time.process_time() - began) / 1e6
    print(f"\n{rate:.2f} MB per CPU second ({len(cuts)} articles, {size / 1e6:.1f} MB)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="list the paragraphs that differ, by offsets")
    options = parser.parse_args()
    sources = corpus()
    cuts = {(cut.source, cut.id): cut for articles in sources.values() for cut in articles}
    truth = read(HERE / "quotes_reading_a.jsonl", cuts)
    drawn = {(row.source, row.article, row.start, row.end) for row in draw(sources)}
    if {(row.source, row.article, row.start, row.end) for row in truth} != drawn:
        sys.exit("benchmarks/quotes_reading_a.jsonl: not the paragraphs that are drawn; is STANCE_DATA the same?")
    found = detect(truth, cuts)
    articles = len({row.key[:2] for row in truth})
    print(f"{len(truth)} paragraphs of {articles} articles, {sum(len(row.quotes) for row in truth)} stretches in marks")
    compare(truth, found, ("precision", "recall"))
    for source in sources:
        both = [(t, f) for t, f in zip(truth, found, strict=True) if t.source == source]
        hits = [(t.article, len(pairs(t.quotes, f.quotes, exact)), len(t.quotes), len(f.quotes)) for t, f in both]
        print(f"{source:13} exact precision {ratio([(a, h, n) for a, h, _, n in hits])}")
        print(f"{source:13} exact recall    {ratio([(a, h, n) for a, h, n, _ in hits])}")
    if options.misses:
        misses(truth, found)
    second = HERE / "quotes_reading_b.jsonl"
    if second.exists():
        agreement(truth, read(second, cuts))
    speed([cut for articles in sources.values() for cut in articles])


if __name__ == "__main__":
    main()
