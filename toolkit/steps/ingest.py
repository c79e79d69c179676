"""Steps from files to articles and their near-duplicates: ingest, duplicates."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.articles.duplicates.clusters import cluster_articles
from toolkit.articles.origins import agencies_of
from toolkit.articles.outlets import outlets_of
from toolkit.articles.reading.journal import Tally, dropped_beside
from toolkit.articles.reading.normalise import Rules
from toolkit.articles.reading.reader import Request, ingest, ingest_anew, read_articles
from toolkit.errors import DataError, UsageError
from toolkit.files import suffix_of
from toolkit.records import Article, Clustered
from toolkit.steps.common import Outcome, Progress
from toolkit.steps.init import carried
from toolkit.tables import column as table_column
from toolkit.tables import read_table, write_table


class Wanted(Struct, frozen=True, kw_only=True):
    """What a user wants read, and as what."""

    inputs: tuple[Path, ...]  # files and folders
    columns: dict[str, str] = {}  # field of an article -> column of a table
    constants: dict[str, str] = {}  # field -> value for articles that have none of their own
    languages: tuple[str, ...] = ()  # (): any
    min_words: int = 0


def ingest_step(wanted: Wanted, output: Path, restart: bool, progress: Progress) -> Outcome:
    """Read files and folders into one file of articles, with what was left out beside it.

    Args:
        wanted: what is read, and as what.
        output: a ``.jsonl`` file.
        restart: forget what an interrupted reading left, instead of going on with it.
        progress: is told how far the reading is.
    """
    if output.suffix != ".jsonl":
        raise UsageError(f"{output}: articles are written as .jsonl; name the file so")
    tables = _tables_of(output)
    rules = Rules(
        constants=wanted.constants,
        languages=wanted.languages,
        min_words=wanted.min_words,
        outlets=outlets_of(read_table(path) if (path := tables / "outlets.csv").exists() else ()),
        agencies=agencies_of(
            read_table(path if (path := tables / "agencies.csv").exists() else carried("agencies.csv"))
        ),
    )
    request = Request(inputs=wanted.inputs, columns=wanted.columns, rules=rules)
    tally = (ingest_anew if restart else ingest)(request, output, progress)
    return Outcome(line=_ingested(tally, output), facts=_ingest_facts(tally, output))


def _tables_of(output: Path) -> Path:
    """The schemas of the workspace that an output lies in, else of the one we are in."""
    above = [parent / "schemas" for parent in output.resolve().parents]
    return next((path for path in above if (path / "outlets.csv").exists()), Path("schemas"))


def _ingest_facts(tally: Tally, output: Path) -> dict[str, Any]:
    counts = {
        name: dict(sorted(getattr(tally, name).items())) for name in ("dropped", "repairs", "languages", "origins")
    }
    return {"schema": 1, "articles": tally.articles, **counts, "resumed": tally.resumed, "output": str(output)}


def _ingested(tally: Tally, output: Path) -> str:
    repairs = f"; repaired: {_told(tally.repairs)}" if tally.repairs else ""
    resumed = " (gone on with after an interruption)" if tally.resumed else ""
    listed = f" (listed in {dropped_beside(output)})" if tally.dropped else ""
    return f"{output}: {tally.articles} articles{resumed}; left out: {_told(tally.dropped)}{repairs}{listed}"


def _told(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {reason}" for reason, n in sorted(reasons.items())) or "none"


def duplicates_source(
    path: Path, output: Path | None, columns: Mapping[str, str], threshold: float, progress: Progress
) -> tuple[Outcome, list[Clustered]]:
    """The articles of a file that have a near-duplicate; to a file if one is named.

    Args:
        path: a ``.jsonl`` file of articles, or a table.
        output: ``.jsonl``, ``.csv``, ``.tsv`` or ``.parquet``.
        columns: ``text`` and ``id`` -> column of a table; rows without an id are known by their number.
        threshold: Jaccard index of word 5-grams.
        progress: is told what is being done.
    """
    progress(f"reading {path.name}", 0, 0)
    lone = not columns and suffix_of(path) == ".jsonl"
    articles = read_articles([path]) if lone else _articles_of_table(path, columns)
    progress(f"comparing {len(articles)} articles", 0, 0)
    clusters = cluster_articles(articles, threshold)
    if output is not None:
        write_table(output, [msgspec.to_builtins(row) for row in clusters])
    count = len({row.cluster for row in clusters})
    facts = {
        "schema": 1,
        "articles": len(articles),
        "empty": sum(not article.text.strip() for article in articles),
        "threshold": threshold,
        "clustered": len(clusters),
        "kinds": dict(sorted(Counter(row.kind for row in clusters).items())),
        "clusters": count,
    }
    return Outcome(line=f"{len(clusters)} of {len(articles)} articles in {count} clusters", facts=facts), clusters


def _articles_of_table(path: Path, columns: Mapping[str, str]) -> list[Article]:
    rows = read_table(path)
    texts = table_column(rows, columns.get("text", "text"), path)
    numbered = "id" not in columns and bool(rows) and "id" not in rows[0]
    names = range(1, len(rows) + 1) if numbered else table_column(rows, columns.get("id", "id"), path)
    found: dict[str, Article] = {}
    for number, (name, text) in enumerate(zip(names, texts, strict=True), 1):
        if name in (None, ""):
            raise DataError(f"{path}, row {number}: no id; name a column with ids by --id")
        if not isinstance(text, str | None):
            raise DataError(f"{path}, row {number}: the text is {text!r}; name the column with texts by --text")
        if str(name) in found:
            raise DataError(
                f"{path}, row {number}: a second row with the id {str(name)!r}; name another column by --id"
            )
        found[str(name)] = Article(id=str(name), text=text or "")
    return list(found.values())
