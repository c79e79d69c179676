"""`duplicates`: the articles of a file that have a near-duplicate."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from toolkit.articles.duplicates.clusters import cluster_articles
from toolkit.articles.reading.reader import Progress, read_articles, read_table_articles
from toolkit.files import suffix_of
from toolkit.records import Clustered
from toolkit.runs import Result
from toolkit.words import plural

CLUSTER_COLUMNS: dict[str, type] = dict.fromkeys(Clustered.__struct_fields__, str)


class DuplicatesResult(Result, frozen=True, kw_only=True):
    """What the search for near-duplicates gives, besides the rows."""

    articles: int
    empty: int  # articles without a text
    threshold: float
    clustered: int  # articles that are in a cluster
    kinds: dict[str, int]  # exact, near, contained -> articles
    clusters: int

    def line(self) -> str:
        """The counts."""
        return f"{self.clustered} of {plural(self.articles, 'article')} in {plural(self.clusters, 'cluster')}"


def duplicates_table(
    path: Path,
    columns: Mapping[str, str],
    threshold: float,
    put: Callable[[Mapping[str, Any]], None],
    progress: Progress,
) -> DuplicatesResult:
    """Put a row for each article of a file that has a near-duplicate.

    Args:
        path: a ``.jsonl`` file of articles, or a table.
        columns: ``text`` and ``id`` -> column of a table; rows without an id are numbered.
        threshold: Jaccard index of word 5-grams.
        put: takes a row.
        progress: gets what is being done.
    """
    progress(f"reading {path.name}", 0, 0)
    is_ingested = not columns and suffix_of(path) == ".jsonl"
    articles = read_articles([path]) if is_ingested else read_table_articles(path, columns)
    progress(f"comparing {plural(len(articles), 'article')}", 0, 0)
    rows = cluster_articles(articles, threshold)
    for row in rows:
        put(msgspec.to_builtins(row))
    return DuplicatesResult(
        articles=len(articles),
        empty=sum(not article.text.strip() for article in articles),
        threshold=threshold,
        clustered=len(rows),
        kinds=dict(sorted(Counter(row.kind for row in rows).items())),
        clusters=len({row.cluster for row in rows}),
    )
