"""HTML pages to articles: ours and the tools people use, one scorer, one run, one table.

    python benchmarks/pages.py --peers /tmp/bench-pages/bin/python --json pages.json

The peers live in an environment of their own (`docs/pages.md` says how it is made); without `--peers` only the
toolkit is measured. Every extractor runs in a process of its own, `--rounds` times in turns; the least CPU time counts.
"""

import argparse
import gzip
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("STANCE_DATA", ROOT.parent / "shared/data")) / "article_extraction_benchmark"
HELD_OUT = Path(__file__).with_name("pages_held_out.txt")
PEERS = ("trafilatura", "trafilatura-precision", "readability-leaves", "newspaper4k", "news-please")
PACKAGES = {
    "toolkit": "stance-toolkit",
    "trafilatura-precision": "trafilatura",
    "readability-leaves": "readability-lxml",
}
LEAVES = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "pre", "blockquote", "div", "td", "figcaption", "dd", "dt")

Extract = Callable[[str], list[str]]
Triple = tuple[float, float, float]  # true positives, false positives, false negatives


# --- extractors: HTML to paragraphs -----------------------------------------------------------------------------------


def _toolkit() -> tuple[Extract, Counter[str]]:
    from toolkit.articles.pages import body_paragraphs, read_page

    paths: Counter[str] = Counter()

    def extract(html: str) -> list[str]:
        page = read_page(html, None)
        paths[page.path] += 1
        return body_paragraphs(page)

    return extract, paths


def _trafilatura() -> Extract:
    from trafilatura import extract

    return lambda html: _lines(extract(html, include_comments=False))


def _trafilatura_precision() -> Extract:
    from trafilatura import extract

    return lambda html: _lines(extract(html, include_comments=False, favor_precision=True))


def _readability() -> Extract:
    from lxml import html as lxml_html
    from readability import Document

    def extract(html: str) -> list[str]:
        tree = lxml_html.fromstring(Document(html).summary(html_partial=True))
        leaves = [e for e in tree.iter(*LEAVES) if next(e.iterdescendants(*LEAVES), None) is None]
        return [e.text_content() for e in leaves]

    return extract


def _newspaper() -> Extract:
    import newspaper

    def extract(html: str) -> list[str]:
        article = newspaper.Article("https://page.example/article", fetch_images=False)
        article.download(input_html=html)
        article.parse()
        return re.split(r"\n\n+", article.text or "")

    return extract


def _news_please() -> Extract:
    from newsplease import NewsPlease

    return lambda html: _lines(NewsPlease.from_html(html, url="https://page.example/article").maintext)


def _lines(text: str | None) -> list[str]:
    return (text or "").split("\n")


def _extractor(name: str) -> tuple[Extract, Counter[str]]:
    if name == "toolkit":
        return _toolkit()
    makers = dict(
        zip(PEERS, (_trafilatura, _trafilatura_precision, _readability, _newspaper, _news_please), strict=True)
    )
    return makers[name](), Counter()


def _work(name: str) -> None:
    """In the process of an extractor: all pages from stdin, an object to stdout."""
    pages: dict[str, str] = json.load(sys.stdin)
    extract, paths = _extractor(name)
    for html in list(pages.values())[:2]:  # what is loaded at first use is not a page's cost
        extract(html)
    paths.clear()
    found: dict[str, list[str]] = {}
    failed = 0
    start = time.process_time()
    for key, html in pages.items():
        try:
            found[key] = extract(html)
        except Exception as error:  # a peer that fails on a page has found nothing there
            print(f"{name}: {key}: {error!r}", file=sys.stderr)
            found[key] = []
            failed += 1
    cpu = time.process_time() - start
    facts = {"cpu": cpu, "failed": failed, "paths": paths, "version": version(PACKAGES.get(name, name)), "found": found}
    json.dump(facts, sys.stdout)


# --- scores -----------------------------------------------------------------------------------------------------------


def shingle_counts(true: str, found: str) -> Triple:
    """Matches of 4-grams of words as counted by the benchmark, normalised to sum 1.

    Source: scrapinghub/article-extraction-benchmark, evaluate.py, string_shingle_matching.
    """
    a, b = _shingles(true), _shingles(found)
    both = (a & b).total()
    counts = (both, b.total() - both, a.total() - both)
    total = sum(counts)
    return tuple(x / total for x in counts) if total else (0.0, 0.0, 0.0)  # type: ignore[return-value]


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    grams = (tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3)))
    return Counter(gram for gram in grams if gram)


def shingle_f1(counts: Sequence[Triple]) -> float:
    """F1 of the mean precision and the mean recall over pages."""
    precision = statistics.fmean(tp / (tp + fp) for tp, fp, _ in counts if tp + fp > 0)
    recall = statistics.fmean(tp / (tp + fn) for tp, _, fn in counts if tp + fn > 0)
    return 2 * precision * recall / (precision + recall)


def normal(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def paragraph_counts(true: Iterable[str], found: Iterable[str]) -> Triple:
    """Exact matches of whitespace-normalised paragraphs as multisets."""
    a, b = (Counter(filter(None, map(normal, side))) for side in (true, found))
    both = (a & b).total()
    return both, b.total() - both, a.total() - both


def micro_f1(counts: Sequence[Triple]) -> float:
    """F1 of the sums over pages."""
    tp, fp, fn = (sum(c[i] for c in counts) for i in range(3))
    return 2 * tp / max(2 * tp + fp + fn, 1)


def mean_f1(counts: Sequence[Triple]) -> float:
    """Mean of the pages' F1."""
    return statistics.fmean(2 * tp / max(2 * tp + fp + fn, 1e-9) for tp, fp, fn in counts)


Metric = Callable[[Sequence[Triple]], float]
METRICS: dict[str, tuple[str, Metric]] = {
    "shingles": ("shingles", shingle_f1),
    "paragraphs": ("paragraphs", micro_f1),
    "paragraphs_mean": ("paragraphs", mean_f1),
}


def resamples(n: int, times: int, seed: int) -> list[list[int]]:
    """Pages drawn with replacement, the same for all extractors."""
    rng = random.Random(seed)  # noqa: S311 - a bootstrap
    return [rng.choices(range(n), k=n) for _ in range(times)]


def interval(values: Iterable[float]) -> tuple[float, float]:
    """The middle 95 %."""
    ordered = sorted(values)
    return ordered[int(0.025 * len(ordered))], ordered[min(int(0.975 * len(ordered)), len(ordered) - 1)]


# --- the run ----------------------------------------------------------------------------------------------------------


def load() -> tuple[dict[str, str], dict[str, str], set[str]]:
    """HTML and gold of every page, and the ids kept aside."""
    with gzip.open(DATA / "ground_truth.jsonl.gz", "rt", encoding="utf-8") as lines:
        gold = {row["id"]: row["articleBody"] for row in map(json.loads, lines)}
    pages: dict[str, str] = {}
    with tarfile.open(DATA / "html.tar.xz") as archive:
        for member in archive:
            if handle := archive.extractfile(member):
                pages[Path(member.name).name.removesuffix(".html")] = handle.read().decode("utf-8", "replace")
    held = {line.strip() for line in HELD_OUT.read_text().splitlines() if line and not line.startswith("#")}
    return {key: pages[key] for key in sorted(gold)}, gold, held


def _run(name: str, python: str, pages: dict[str, str]) -> dict:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [python, __file__, "--work", name],
        input=json.dumps(pages),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-2000:]}")
    sys.stderr.write("".join(line + "\n" for line in done.stderr.splitlines() if line.startswith(name + ":"))[:2000])
    return json.loads(done.stdout[done.stdout.index("{") :])


def measure(names: Sequence[str], pythons: dict[str, str], pages: dict[str, str], rounds: int) -> dict[str, dict]:
    """Every extractor's paragraphs, with its least CPU time over the rounds."""
    runs: dict[str, dict] = {}
    for _ in range(rounds):
        for name in names:
            run = _run(name, pythons[name], pages)
            run["cpu"] = min(run["cpu"], runs.get(name, run)["cpu"])
            runs[name] = run
    return runs


def score(runs: dict[str, dict], gold: dict[str, str], keys: Sequence[str], times: int) -> dict[str, dict]:
    """Points, intervals and paired differences (toolkit minus peer) on some pages."""
    counts = {name: _counts(run["found"], gold, keys) for name, run in runs.items()}
    draws = resamples(len(keys), times, 0)
    facts: dict[str, dict] = {name: {} for name in runs}
    for metric, (kind, function) in METRICS.items():
        drawn = {name: [function([c[kind][i] for i in draw]) for draw in draws] for name, c in counts.items()}
        for name, values in drawn.items():
            facts[name][metric] = {"point": function(counts[name][kind]), "interval": interval(values)}
            if name != "toolkit":
                ours = facts["toolkit"][metric]["point"]
                facts[name][metric]["difference"] = ours - facts[name][metric]["point"]
                paired = (a - b for a, b in zip(drawn["toolkit"], values, strict=True))
                facts[name][metric]["difference_interval"] = interval(paired)
    return facts


def _counts(found: dict[str, list[str]], gold: dict[str, str], keys: Sequence[str]) -> dict[str, list[Triple]]:
    return {
        "shingles": [shingle_counts(gold[key], "\n".join(found[key])) for key in keys],
        "paragraphs": [paragraph_counts(re.split(r"\n\s*\n", gold[key]), found[key]) for key in keys],
    }


def table(part: str, n: int, facts: dict[str, dict], runs: dict[str, dict], pages: int) -> str:
    """One part as lines of text."""
    head = (
        "shingle F1",
        "exact paragraphs, micro F1",
        "mean of pages",
        "toolkit - it: shingles",
        "paragraphs",
        "pages/CPU s",
    )
    lines = [f"{part} (n = {n} pages)", " | ".join(("extractor", *head))]
    for name, metrics in facts.items():
        points = [_range(metrics[m]["point"], metrics[m]["interval"]) for m in METRICS]
        pairs = [metrics[m] for m in ("shingles", "paragraphs")]
        paired = [_range(p["difference"], p["difference_interval"]) if "difference" in p else "" for p in pairs]
        speed = f"{pages / runs[name]['cpu']:.1f}"
        lines.append(" | ".join((f"{name} {runs[name]['version']}", *points, *paired, speed)))
    return "\n".join(lines)


def _range(point: float, bounds: tuple[float, float]) -> str:
    return f"{point:.3f} [{bounds[0]:.3f}, {bounds[1]:.3f}]"


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="python of the environment with the peers")
    parser.add_argument("--only", nargs="+", choices=PEERS, default=PEERS, help="these peers alone")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bootstrap", type=int, default=2000)
    parser.add_argument("--development", action="store_true", help="leave the pages kept aside out")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = _parsed()
    if options.work:
        return _work(options.work)
    pages, gold, held = load()
    if options.development:
        pages = {key: html for key, html in pages.items() if key not in held}
    names = ("toolkit", *(options.only if options.peers else ()))
    runs = measure(
        names, {n: sys.executable if n == "toolkit" else options.peers for n in names}, pages, options.rounds
    )
    parts = {
        "development": [k for k in pages if k not in held],
        "held out": [k for k in pages if k in held],
        "all": [*pages],
    }
    scored = {part: score(runs, gold, keys, options.bootstrap) for part, keys in parts.items() if keys}
    for part, facts in scored.items():
        print(table(part, len(parts[part]), facts, runs, len(pages)), end="\n\n")
    speed = {name: len(pages) / run["cpu"] for name, run in runs.items()}
    ratio = speed["toolkit"] / speed["trafilatura"] if "trafilatura" in speed else None
    print(f"paths of the toolkit: {runs['toolkit']['paths']}; speed / trafilatura: {ratio and round(ratio, 2)}")
    if options.json:
        report = {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "pages": len(pages),
            "bootstrap": options.bootstrap,
            "speed": speed,
            "ratio_to_trafilatura": ratio,
            "paths": runs["toolkit"]["paths"],
            "failed": {name: run["failed"] for name, run in runs.items()},
            "versions": {name: run["version"] for name, run in runs.items()},
            "parts": scored,
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return None


if __name__ == "__main__":
    main()
