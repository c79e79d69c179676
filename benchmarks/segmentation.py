"""Measures the segmenter: paragraphs of wrapped text, sentences, speed beside peers, growth, memory.

`python benchmarks/segmentation.py [wrapping sentences speed growth memory] [--peers PYTHON] [--articles N] [-o FILE]`

The peers (`pip install pysbd syntok blingfire nltk`) live in an environment of their own, whose Python is named by
`--peers`; without it they are left out. Data: `STANCE_DATA` (default `../shared/data`).
"""

import argparse
import gzip
import itertools
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from segmentation_peers import PEERS, seconds

from toolkit.records import Article
from toolkit.segmentation.lengths import sentences_of
from toolkit.segmentation.segmenter import segment_article, segment_text
from toolkit.statistics import cluster_bootstrap

Facts = dict[Any, Any]
HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("STANCE_DATA") or HERE.parents[2] / "shared/data")
SECTIONS = ("wrapping", "sentences", "speed", "growth", "memory")
SOURCES = {
    "persent": "persent/dev.jsonl.gz",
    "hyperpartisan": "hyperpartisan_byarticle/articles.jsonl.gz",
    "ud": "ud_paragraphs/docs.jsonl.gz",
}
PYSBD_SHARE = 8  # the slowest peer reads every eighth article


def rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / SOURCES[name], "rt") as lines:
        return [json.loads(line) for line in lines]


def paragraphs(name: str) -> list[list[str]]:
    """The paragraphs of each article, each on one line, blank ones left out."""
    found = [[" ".join(p.split()) if name != "persent" else p.strip() for p in row["paragraphs"]] for row in rows(name)]
    return [[p for p in article if p] for article in found]


def estimate(per_article: Sequence[Sequence[float]], statistic: Callable[[Any], Any]) -> Facts:
    """A statistic of summed rows with its interval, articles resampled."""
    sums = np.array(per_article, float)
    found = cluster_bootstrap(sums, statistic, int(sums[:, -1].sum()), seed=1)
    return {"value": found.value, "low": found.low, "high": found.high, "n": found.n, "articles": found.clusters}


def told(fact: Facts) -> str:
    return f"{fact['value']:.4f} [{fact['low']:.4f}, {fact['high']:.4f}] (n {fact['n']}, {fact['articles']} articles)"


# --- paragraphs of wrapped text ------------------------------------------------------------------------------------


def dresses(width: int) -> dict[str, tuple[Callable[[str], str], str]]:
    def wrapped(**how: str) -> Callable[[str], str]:
        return lambda p: textwrap.fill(p, width, **how)

    return {
        "one line a paragraph, blank lines": (lambda p: p, "\n\n"),
        "one line a paragraph": (lambda p: p, "\n"),
        "wrapped, blank lines": (wrapped(), "\n\n"),
        "wrapped, first lines indented": (wrapped(initial_indent="    "), "\n"),
        "wrapped, other lines indented": (wrapped(subsequent_indent="   "), "\n"),
        "wrapped, neither": (wrapped(), "\n"),
    }


def bounds(pieces: Sequence[str], separator: str) -> Iterator[tuple[int, int]]:
    start = 0
    for piece in pieces:
        yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        start += len(piece) + len(separator)


def ours(text: str) -> set[tuple[int, int]]:
    return {(span.start, span.end) for span in segment_text(text)}


def would_fit(text: str) -> set[tuple[int, int]]:
    """The rule to beat: a line with room for the next line's first word ends a paragraph."""
    lines = text.split("\n")
    margin = max(map(len, lines))
    found, start, position = set(), 0, 0
    for line, after in itertools.pairwise([*lines, ""]):
        end = position + len(line)
        if len(line) + 1 + len((after.split() or [""])[0]) <= margin or not after:
            found.add((start, end))
            start = end + 1
        position = end + 1
    return found


def wrapping() -> Facts:
    facts = {}
    for name in SOURCES:
        for dress, (fill, separator) in dresses(72).items():
            rules = {"ours": ours} | ({"would fit": would_fit} if dress == "wrapped, neither" else {})
            for rule, cut in rules.items():
                counts = []
                for article in paragraphs(name):
                    pieces = [fill(p) for p in article]
                    right = set(bounds(pieces, separator)) & cut(separator.join(pieces))
                    counts.append((len(right), len(pieces)))
                facts[f"{name}: {dress}: {rule}"] = fact = estimate(counts, lambda s: s[..., 0] / s[..., 1])
                exact = sum(right == every for right, every in counts)
                fact["articles_exact"] = exact
                print(f"{name:14} {dress:34} {rule:9} {told(fact)}; {exact} articles exact")
    return facts


# --- sentences -----------------------------------------------------------------------------------------------------


def gold_sentences(paragraph: str, sentences: Sequence[str]) -> set[tuple[int, int]]:
    found, start = set(), 0
    for sentence in sentences:
        start = paragraph.index(sentence, start)
        found.add((start, start + len(sentence)))
        start += len(sentence)
    return found


def stripped(text: str, spans: Iterable[Sequence[int]]) -> set[tuple[int, int]]:
    found = set()
    for start, end in spans:
        bare = text[start:end].strip()
        first = start + text[start:end].index(bare)
        found.add((first, first + len(bare)))
    return found


def sentences(peers: str | None) -> Facts:
    facts = {}
    articles = rows("ud")
    texts = {lang: [p for a in articles if a["lang"] == lang for p in a["paragraphs"]] for lang in ("be", "en")}
    found = {"ours": {lang: [sentences_of(text, 0, len(text)) for text in texts[lang]] for lang in texts}}
    for name in ("pysbd", "syntok") if peers else ():
        found[name] = asked(peers, name, "offsets", texts)["offsets"]
    for lang, (name, offsets) in itertools.product(texts, found.items()):
        counts, spans = [], iter(offsets[lang])
        for article in (a for a in articles if a["lang"] == lang):
            count = np.zeros(3)
            for paragraph, meant in zip(article["paragraphs"], article["sentences"], strict=True):
                gold, got = gold_sentences(paragraph, meant), stripped(paragraph, next(spans))
                count += (len(gold & got), len(got), len(gold))
            counts.append(count)
        facts[f"{lang}: {name}"] = fact = estimate(counts, lambda s: 2 * s[..., 0] / (s[..., 1] + s[..., 2]))
        print(f"sentence F1 {lang} {name:7} {told(fact)}")
    return facts


# --- speed ---------------------------------------------------------------------------------------------------------


def asked(peers: str, name: str, task: str, given: Mapping[str, Sequence[str]]) -> Facts:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(given, file)
        file.flush()
        program = [peers, str(HERE.with_name("segmentation_peers.py")), name, task, file.name]
        clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(program, capture_output=True, text=True, check=True, env=clean)
    return json.loads(done.stdout)


def corpus() -> list[str]:
    return ["\n\n".join(article) for name in ("persent", "hyperpartisan") for article in paragraphs(name) if article]


def megabytes(texts: Iterable[str]) -> float:
    return sum(len(text.encode()) for text in texts) / 1e6


def speed(peers: str | None) -> Facts:
    texts = corpus()

    def whole(text: str) -> None:
        segment_article(Article(id="a", text=text))

    def own(name: str, task: Callable[[str], Any]) -> None:
        facts[name] = {"mb_per_second": size / seconds(task, texts, 5), "mb": size}
        print(f"{name:22} {facts[name]['mb_per_second']:8.2f} MB per CPU second")

    facts: Facts = {}
    size = megabytes(texts)
    own("paragraphs and roles", whole)
    own("paragraphs alone", segment_text)
    own("sentences alone", lambda text: sentences_of(text, 0, len(text)))
    for name in PEERS if peers else ():
        share = texts[::PYSBD_SHARE] if name == "pysbd" else texts
        before = seconds(whole, share, 5)  # beside each peer, because a shared machine is not always as fast
        spent = asked(peers, name, "speed", {"texts": share})["seconds"]
        ratio = 2 * spent / (before + seconds(whole, share, 5))
        facts[name] = {"mb_per_second": megabytes(share) / spent, "mb": megabytes(share), "ours_is_times": ratio}
        print(f"{name:22} {facts[name]['mb_per_second']:8.2f} MB per CPU second; ours is {ratio:6.2f} x that")
    return facts


def growth() -> Facts:
    prose = " ".join(itertools.chain.from_iterable(paragraphs("hyperpartisan") * 2))
    wrapped, short = "\n".join(textwrap.wrap(prose, 72)), "\n\n".join(textwrap.wrap(prose, 300))
    kinds = {
        "one huge line": lambda n: prose[:n],
        "paragraphs": lambda n: short[:n],
        "wrapped lines": lambda n: wrapped[:n],
        "one word without a space": lambda n: "x" * n,
        "one line full of quotations": lambda n: ("“A,” said Ida. “b” " * (n // 19 + 1))[:n],
        "one-character lines": lambda n: "x\n" * (n * 200_000 // 3_500_000),  # 200,000 lines at most
    }
    facts = {}
    for kind, made in kinds.items():
        spent = {}
        for size in (350_000, 1_750_000, 3_500_000):
            text = made(size)
            spent[len(text)] = seconds(lambda given: segment_article(Article(id="a", text=given)), [text], 2)
        (small, first), *_, (large, last) = spent.items()
        facts[kind] = {"seconds": spent, "ratio_of_cost_per_character": last / large / (first / small)}
        line = ", ".join(f"{size:,} characters {took:.2f} s" for size, took in spent.items())
        print(f"{kind:28} {line}; cost a character {facts[kind]['ratio_of_cost_per_character']:.2f} x")
    return facts


# --- memory --------------------------------------------------------------------------------------------------------


def stream(count: int) -> None:
    """Segment so many articles one after the other and print the peak of memory; runs in a process of its own."""
    texts = corpus()
    started = time.process_time()
    for number in range(count):
        segment_article(Article(id=str(number), text=texts[number % len(texts)]))
    spent = time.process_time() - started
    status = Path("/proc/self/status").read_text()  # `getrusage` would count the process that started this one
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"peak_mb": peak / 1024, "seconds": spent}))


def memory(articles: int) -> Facts:
    facts = {}
    for count in (articles // 10, articles):
        done = subprocess.run(
            [sys.executable, str(HERE), "--stream", str(count)], capture_output=True, text=True, check=True
        )
        facts[count] = fact = json.loads(done.stdout)
        print(f"{count:,} articles streamed: peak {fact['peak_mb']:.0f} MB, {fact['seconds']:.1f} CPU seconds")
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", default=SECTIONS, choices=[*SECTIONS, SECTIONS])
    parser.add_argument("--peers", help="the Python of the environment that has the peers")
    parser.add_argument("--articles", type=int, default=20_000, help="of the larger of the two streams")
    parser.add_argument("--stream", type=int, help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    if given.stream:
        stream(given.stream)
        return
    run = {
        "wrapping": wrapping,
        "sentences": lambda: sentences(given.peers),
        "speed": lambda: speed(given.peers),
        "growth": growth,
        "memory": lambda: memory(given.articles),
    }
    facts = {name: run[name]() for name in given.sections}
    if given.output:
        given.output.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
