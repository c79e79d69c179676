"""How fast `ingest` reads: articles per CPU second for each kind of input, start-up of the program included.

    python benchmarks/ingest.py [--articles 6000] [--pages 600] [--json ingest.json] [--profile KIND]

The articles are public ones (`news_corpus.py`), written as often as the number asks for, each time under another id;
the pages are those of the extraction benchmark that are not kept aside. Nothing says the language: it is told.
"""

import argparse
import csv
import gzip
import itertools
import json
import resource
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from news_corpus import DATA, HELD_OUT, ROOT, articles

Rows = Sequence[dict[str, str]]
PROGRAM = "import sys; sys.path.insert(0, {root!r}); from toolkit.cli import main; main()"


def rows_of(count: int) -> Rows:
    found = [article for some in articles().values() for article in some if article.text.strip()]
    return [
        {"id": f"{n}", "title": article.title, "text": f"{n}. {article.text}"}
        for n, article in enumerate(itertools.islice(itertools.cycle(found), count))
    ]


def pages() -> list[bytes]:
    held = HELD_OUT.read_text(encoding="utf-8").split()
    with tarfile.open(DATA / "article_extraction_benchmark/html.tar.xz") as archive:
        named = {Path(m.name).name.removesuffix(".html"): archive.extractfile(m) for m in archive if m.isfile()}
        return [handle.read() for name, handle in sorted(named.items()) if handle and name not in held]


def as_lines(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def as_csv(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, ["id", "title", "text"])
        writer.writeheader()
        writer.writerows(rows)


def as_parquet(path: Path, rows: Rows) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)


def as_folder(path: Path, rows: Rows) -> None:
    path.mkdir()
    for row in rows:
        (path / f"{row['id']}.txt").write_text(row["text"], encoding="utf-8")


def as_crawl(path: Path, some: Iterator[tuple[int, bytes]]) -> None:
    with path.open("wb") as handle:
        for number, page in some:
            http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
            head = (
                "WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2026-11-24T08:00:00Z\r\n"
                "Content-Type: application/http\r\n"
                f"WARC-Target-URI: https://post.example/{number}\r\nContent-Length: {len(http)}\r\n\r\n"
            )
            handle.write(gzip.compress(head.encode() + http + b"\r\n\r\n", 6))


def timed(source: Path, folder: Path) -> dict[str, float]:
    """One reading in a process of its own."""
    output = folder / "out.jsonl"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-c", PROGRAM.format(root=str(ROOT)), "ingest", str(source), "-o", str(output), "--json"]
    done = subprocess.run(words, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    facts = json.loads(done.stdout)
    read = facts["articles"] + sum(facts["dropped"].values())
    size = output.stat().st_size / 1e6
    return {
        "articles": facts["articles"],
        "read": read,
        "cpu_seconds": cpu,
        "mb_of_text": size,
        "per_second": read / cpu,
    }


def profile(source: Path, folder: Path) -> None:
    program = PROGRAM.format(root=str(ROOT)).replace(
        "main()", "import cProfile; cProfile.run('main()', sort='tottime')"
    )
    words = [sys.executable, "-c", program, "ingest", str(source), "-o", str(folder / "out.jsonl"), "-q"]
    print(subprocess.run(words, capture_output=True, text=True).stdout[:6000])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=6000)
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3, help="the least CPU time counts")
    parser.add_argument("--only", nargs="*", help="these kinds alone")
    parser.add_argument("--profile", metavar="KIND", help="print where the time of one kind goes, and nothing else")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = rows_of(given.articles)
    captured = enumerate(itertools.islice(itertools.cycle(pages()), given.pages))
    makers: dict[str, tuple[str, Callable[[Path], None]]] = {
        "json lines": ("a.jsonl", lambda path: as_lines(path, rows)),
        "csv": ("a.csv", lambda path: as_csv(path, rows)),
        "parquet": ("a.parquet", lambda path: as_parquet(path, rows)),
        "folder of texts": ("texts", lambda path: as_folder(path, rows)),
        "crawl": ("a.warc.gz", lambda path: as_crawl(path, captured)),
    }
    kinds = [given.profile] if given.profile else given.only or list(makers)
    facts: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for kind in kinds:
            file, make = makers[kind]
            source = Path(name) / file
            make(source)
            if given.profile:
                profile(source, Path(name))
                return
            fact = min((timed(source, Path(name)) for _ in range(given.rounds)), key=lambda run: run["cpu_seconds"])
            facts[kind] = fact
            print(
                f"{kind:16} {fact['read']:6} read, {fact['articles']:6} kept, {fact['cpu_seconds']:6.2f} CPU s: "
                f"{fact['per_second']:6.0f} a second"
            )
    if given.json:
        given.json.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
