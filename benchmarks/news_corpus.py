"""Public news articles as `ingest` would take them in, for the benchmarks that need real ones.

Data: `STANCE_DATA` (default `../shared/data`). Of the pages, those that `pages_held_out.txt` keeps aside are left out.
"""

import csv
import gzip
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from toolkit.articles.origins import Agencies, agencies_of
from toolkit.articles.reading.normalise import article_from_page, clean, clean_line
from toolkit.records import Article

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("STANCE_DATA") or ROOT.parent / "shared/data")
HELD_OUT = Path(__file__).with_name("pages_held_out.txt")


def articles() -> dict[str, list[Article]]:
    """Every article by its source, cleaned; its id is that of the source, and of two with one id the first is kept."""
    return {name: [*{a.id: a for a in reversed([*source()])}.values()][::-1] for name, source in SOURCES.items()}


def agencies() -> Agencies:
    """The agencies that the toolkit brings along."""
    with (ROOT / "schemas/agencies.csv").open(encoding="utf-8", newline="") as handle:
        return agencies_of(csv.DictReader(handle))


def _rows(name: str) -> list[dict[str, Any]]:
    path = DATA / name
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _article(ident: object, text: str, title: str | None) -> Article:
    return Article(id=str(ident), text=clean(text).text, title=clean_line(title or ""))


def _persent() -> Iterator[Article]:
    for row in _rows("persent/dev.jsonl.gz"):
        yield _article(row["doc_id"], "\n\n".join(row["paragraphs"]), row["title"])


def _hyperpartisan() -> Iterator[Article]:
    for row in _rows("hyperpartisan_byarticle/articles.jsonl.gz"):
        yield _article(row["id"], row["body_xml"], row["title"])


def _allsides() -> Iterator[Article]:
    for row in _rows("allsides_near_dup/docs.jsonl.gz"):
        yield _article(row["doc"], row["text"], row["title"])


def _ria() -> Iterator[Article]:
    for row in _rows("ria_news_20/ria_20.jsonl"):
        yield _article(row["id"], row["text"], row["title"])


def _malay() -> Iterator[Article]:
    for row in _rows("malay_politics/awani_articles.jsonl.gz"):
        yield _article(row["id"], row["body_raw"], row["title"])


def _ud() -> Iterator[Article]:
    for row in _rows("ud_paragraphs/docs.jsonl.gz"):
        yield _article(row["id"], "\n\n".join(row["paragraphs"]), row["title"])


def _pages() -> Iterator[Article]:
    lines = HELD_OUT.read_text(encoding="utf-8").splitlines()
    held = {line.strip() for line in lines if line and not line.startswith("#")}
    found = {}
    with tarfile.open(DATA / "article_extraction_benchmark/html.tar.xz") as archive:
        for member in archive:
            name = Path(member.name).name.removesuffix(".html")
            if name not in held and (handle := archive.extractfile(member)):
                made = article_from_page(handle.read(), None, None, name)
                if isinstance(made, Article):
                    found[name] = msgspec.structs.replace(made, id=name)
    yield from (found[name] for name in sorted(found))


SOURCES = {
    "persent": _persent,
    "hyperpartisan": _hyperpartisan,
    "allsides": _allsides,
    "ria": _ria,
    "malay": _malay,
    "ud": _ud,
    "pages": _pages,
}
