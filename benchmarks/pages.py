"""HTML pages to articles: ours and the tools people use, one scorer, one run, one table.

    python benchmarks/pages.py --peers /tmp/bench-pages/bin/python --cache /tmp/bench-pages-outputs --json pages.json

The peers live in an environment of their own (`benchmarks/notes.md` says how it is made); without `--peers` only the
toolkit is measured. Every extractor runs in a process of its own. What a peer found is kept in `--cache` under
its name, its version and the page's hash, so that scoring again takes seconds; a page that takes a peer longer than
`--page-limit` counts as empty. Speed is not cached: toolkit and trafilatura run `--rounds` times in turns.
"""

import argparse
import gzip
import hashlib
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from toolkit.articles.pages.extraction import Page

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("STANCE_DATA", ROOT.parent / "shared/data")) / "article_extraction_benchmark"
HELD_OUT = Path(__file__).with_name("pages_held_out.txt")
PEERS = ("trafilatura", "trafilatura-precision", "readability-leaves", "newspaper4k", "news-please")
PACKAGES = {
    "toolkit": "stance-toolkit",
    "trafilatura-precision": "trafilatura",
    "readability-leaves": "readability-lxml",
}
ITEMS = "toolkit, items apart"
MARK = re.compile(r"^\s*[-*\u2022\u00b7\u2013]\s+")
# The toolkit asks trafilatura about it.
UNSURE = "<div class=popup><p>{0}</p></div><p>{0}</p>".format("The dyke held for another night, and nobody was hurt.")
LEAVES = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "pre", "blockquote", "div", "td", "figcaption", "dd", "dt")

Extract = Callable[[str], list[str]]
Triple = tuple[float, float, float]  # true positives, false positives, false negatives


# --- extractors: HTML to paragraphs -----------------------------------------------------------------------------------


def _toolkit(paths: Counter[str], pieces: "Callable[[Page], list[str]]") -> Extract:
    from toolkit.articles.pages.extraction import read_page

    def extract(html: str) -> list[str]:
        page = read_page(html, None)
        paths[page.path] += 1
        return pieces(page)

    return extract


def _paragraphs(page: "Page") -> list[str]:
    """The text between blank lines: a list or a table is one paragraph, as in the gold."""
    from toolkit.articles.pages.extraction import body_paragraphs

    return body_paragraphs(page)


def _items(page: "Page") -> list[str]:
    """Every block by itself: a list item or a row of a table is a paragraph."""
    return [line for text in _paragraphs(page) for line in _lines(text)]


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


def _extractor(name: str, paths: Counter[str]) -> Extract:
    if name.startswith("toolkit"):
        return _toolkit(paths, _items if name == ITEMS else _paragraphs)
    makers = (_trafilatura, _trafilatura_precision, _readability, _newspaper, _news_please)
    return dict(zip(PEERS, makers, strict=True))[name]()


def _work(name: str, limit: int) -> None:
    """In the process of an extractor: all pages from stdin, an object to stdout."""
    pages: dict[str, str] = json.load(sys.stdin)
    socket.getaddrinfo = _no_network  # a peer that asks a host for each page would wait for it in vain
    paths: Counter[str] = Counter()
    extract = _extractor(name, paths)
    for html in (*list(pages.values())[:2], UNSURE):  # what is loaded at first use is not a page's cost
        _attempt(extract, html, limit)
    paths.clear()
    start = time.process_time()
    outcomes = {key: _attempt(extract, html, limit) for key, html in pages.items()}
    cpu = time.process_time() - start
    failed = {key: outcome for key, outcome in outcomes.items() if isinstance(outcome, str)}
    found = {key: [] if key in failed else outcome for key, outcome in outcomes.items()}
    json.dump({"cpu": cpu, "pages": len(pages), "failed": failed, "paths": paths, "found": found}, sys.stdout)


def _attempt(extract: Extract, html: str, limit: int) -> list[str] | str:
    """What is found on a page, or why nothing: a peer that fails or does not end has found nothing there."""
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.alarm(limit)
    try:
        return extract(html)
    except Exception as error:
        return repr(error)[:200]
    finally:
        signal.alarm(0)


def _no_network(*_: object, **__: object) -> NoReturn:
    raise OSError("no extractor needs the network")


def _out_of_time(*_: object) -> NoReturn:
    raise TimeoutError("took longer than a page may")


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
    "items": ("items", micro_f1),
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


def _run(name: str, python: str, pages: dict[str, str], limit: int) -> dict:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [python, __file__, "--work", name, "--page-limit", str(limit)],
        input=json.dumps(pages),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-2000:]}")
    return json.loads(done.stdout[done.stdout.index('{"cpu"') :])


def _version(name: str, python: str) -> str:
    asked = f"from importlib.metadata import version; print(version({PACKAGES.get(name, name)!r}))"
    return subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


def peer(name: str, python: str, pages: dict[str, str], options: argparse.Namespace) -> dict:
    """What a peer found, from the cache where this version of it has seen these pages."""
    seen = hashlib.sha256(json.dumps(pages).encode()).hexdigest()[:16]
    release = _version(name, python)
    kept = options.cache and options.cache / f"{name}-{release}-{options.page_limit}s-{seen}.json"
    if kept and kept.exists():
        return {**json.loads(kept.read_text()), "version": release}
    run = _run(name, python, pages, options.page_limit)
    for key, why in run["failed"].items():
        print(f"{name}: {key}: {why}", file=sys.stderr)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(run))
    return {**run, "version": release}


def speeds(pythons: dict[str, str], pages: dict[str, str], options: argparse.Namespace) -> dict[str, list[float]]:
    """Pages per CPU second of every round, the extractors in turns."""
    found: dict[str, list[float]] = {name: [] for name in pythons}
    for number in range(options.rounds):
        for name in list(pythons)[:: -1 if number % 2 else 1]:
            run = _run(name, pythons[name], pages, options.page_limit)
            found[name].append(run["pages"] / run["cpu"])
    return found


def score(runs: dict[str, dict], gold: dict[str, str], keys: Sequence[str], times: int) -> dict[str, dict]:
    """Points, intervals and paired differences (toolkit minus peer) on some pages."""
    counts = {name: _counts(run["found"], gold, keys) for name, run in runs.items()}
    draws = resamples(len(keys), times, 0)
    facts: dict[str, dict] = {name: {} for name in runs}
    for metric, (kind, function) in METRICS.items():
        drawn = {name: [function([c[kind][i] for i in draw]) for draw in draws] for name, c in counts.items()}
        for name, values in drawn.items():
            facts[name][metric] = {"point": function(counts[name][kind]), "interval": interval(values)}
            if not name.startswith("toolkit"):
                ours = function(counts["toolkit"][kind])
                facts[name][metric]["difference"] = ours - facts[name][metric]["point"]
                paired = (a - b for a, b in zip(drawn["toolkit"], values, strict=True))
                facts[name][metric]["difference_interval"] = interval(paired)
    return facts


def _counts(found: dict[str, list[str]], gold: dict[str, str], keys: Sequence[str]) -> dict[str, list[Triple]]:
    return {
        "shingles": [shingle_counts(gold[key], "\n".join(found[key])) for key in keys],
        "paragraphs": [paragraph_counts(re.split(r"\n\s*\n", gold[key]), found[key]) for key in keys],
        "items": [paragraph_counts(_single_lines([gold[key]]), _single_lines(found[key])) for key in keys],
    }


def _single_lines(texts: Iterable[str]) -> list[str]:
    """Every line by itself, without the mark before an item: so a list is cut alike on both sides."""
    return [MARK.sub("", line) for text in texts for line in text.split("\n")]


def table(part: str, n: int, facts: dict[str, dict], runs: dict[str, dict]) -> str:
    """One part as a table in Markdown."""
    compared = ("shingles", "paragraphs", "items")
    head = (
        "extractor",
        "shingles",
        "paragraphs, micro",
        "mean of pages",
        "lines, micro",
        *(f"toolkit minus it: {name}" for name in compared),
        "failed",
    )
    lines = [f"{part} (n = {n} pages)", _row(head), _row(["---"] * len(head))]
    for name, metrics in facts.items():
        points = [_range(metrics[m]["point"], metrics[m]["interval"]) for m in METRICS]
        pairs = [metrics[m] for m in compared]
        paired = [_range(p["difference"], p["difference_interval"]) if "difference" in p else "" for p in pairs]
        lines.append(_row((f"{name} {runs[name]['version']}", *points, *paired, str(len(runs[name]["failed"])))))
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _range(point: float, bounds: tuple[float, float]) -> str:
    return f"{point:.3f} [{bounds[0]:.3f}, {bounds[1]:.3f}]"


def speed_lines(rounds: dict[str, list[float]]) -> list[str]:
    """Pages per CPU second, and of the rounds the ratio to trafilatura."""
    lines = [f"{name}: {statistics.median(values):.1f} pages per CPU second" for name, values in rounds.items()]
    if rounds.get("trafilatura"):
        ratios = _ratios(rounds)
        middle = statistics.median(ratios)
        lines.append(f"toolkit / trafilatura: {middle:.2f} (rounds {', '.join(f'{ratio:.2f}' for ratio in ratios)})")
    return lines


def _ratios(rounds: dict[str, list[float]]) -> list[float]:
    return [ours / its for ours, its in zip(rounds["toolkit"], rounds["trafilatura"], strict=True)]


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="python of the environment with the peers")
    parser.add_argument("--only", nargs="*", choices=PEERS, default=PEERS, help="these peers alone")
    parser.add_argument("--cache", type=Path, help="folder where what the peers found is kept")
    parser.add_argument("--page-limit", type=int, default=60, help="seconds after which a page counts as empty")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--rounds", type=int, default=5, help="of the measurement of speed")
    parser.add_argument("--bootstrap", type=int, default=2000)
    parser.add_argument("--development", action="store_true", help="leave the pages kept aside out")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(pages: dict[str, str], options: argparse.Namespace) -> dict[str, dict]:
    """What the toolkit (lists as one paragraph, and item by item) and the peers found."""
    release = _version("toolkit", sys.executable)
    ours = ("toolkit", ITEMS)
    runs = {name: {**_run(name, sys.executable, pages, options.page_limit), "version": release} for name in ours}
    for name in options.only if options.peers else ():
        runs[name] = peer(name, options.peers, pages, options)
    return runs


def main() -> None:
    options = _parsed()
    if options.work:
        return _work(options.work, options.page_limit)
    pages, gold, held = load()
    if options.development:
        pages = {key: html for key, html in pages.items() if key not in held}
    runs = measured(pages, options)
    parts = {
        "development": [k for k in pages if k not in held],
        "held out": [k for k in pages if k in held],
        "all": [*pages],
    }
    scored = {part: score(runs, gold, keys, options.bootstrap) for part, keys in parts.items() if keys}
    for part, facts in scored.items():
        print(table(part, len(parts[part]), facts, runs), end="\n\n")
    pythons = {"toolkit": sys.executable} | ({"trafilatura": options.peers} if options.peers else {})
    rounds = speeds(pythons, pages, options)
    print("\n".join(speed_lines(rounds)))
    paths = runs["toolkit"]["paths"]
    print(
        f"paths of the toolkit: {paths}; trafilatura taken on {paths.get('trafilatura', 0) / len(pages):.1%} of pages"
    )
    if options.json:
        options.json.write_text(json.dumps(_report(runs, scored, rounds, options), indent=1) + "\n")
    return None


def _report(runs: dict, scored: dict, rounds: dict[str, list[float]], options: argparse.Namespace) -> dict:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "bootstrap": options.bootstrap,
        "speed": rounds,
        "ratios_to_trafilatura": _ratios(rounds) if "trafilatura" in rounds else None,
        "paths": runs["toolkit"]["paths"],
        "failed": {name: run["failed"] for name, run in runs.items()},
        "versions": {name: run["version"] for name, run in runs.items()},
        "parts": scored,
    }


if __name__ == "__main__":
    main()
