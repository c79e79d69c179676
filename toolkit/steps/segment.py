"""`segment`: the articles of a campaign, or of a user's own file, into paragraphs."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from toolkit.articles.duplicates.clusters import cluster_articles
from toolkit.articles.reading.journal import dropped_path
from toolkit.articles.reading.reader import ArticleStream, Progress, articles_with_text, read_articles
from toolkit.campaigns.label_transfer import TransferCounts, carry_over
from toolkit.errors import DataError
from toolkit.files import mend_jsonl
from toolkit.runs import Result
from toolkit.segmentation.lengths import Limits, limits_of, refuse_other_limits
from toolkit.segmentation.revisions import FileComparison, SegmentationChanges, compare_segmentations, format_changes
from toolkit.segmentation.segmenter import ParagraphRows, segment_articles
from toolkit.store import Store
from toolkit.times import now
from toolkit.words import plural, tally
from toolkit.workspace import CampaignConfig

PutRow = Callable[[Mapping[str, Any]], None]  # takes one row of a table


class SegmentResult(Result, frozen=True, kw_only=True, omit_defaults=True):
    """What segmenting a campaign gives."""

    articles: int
    paragraphs: int
    roles: dict[str, int]
    clustered: int  # articles that have a near-duplicate
    dropped: dict[str, int]  # reason -> articles
    limits: Limits
    versions: SegmentationChanges | None = None  # absent in the first segmentation
    items: TransferCounts | None = None  # absent before `plan`

    def line(self) -> str:
        """The counts, the changes since the last segmentation, and what happens to labels."""
        body, dropped = self.roles.get("body", 0), plural(sum(self.dropped.values()), "article")
        counts = f"{plural(self.articles, 'article')}, {plural(self.paragraphs, 'paragraph')} ({body} body)"
        details = [part.line() for part in (self.versions, self.items) if part]
        return "; ".join(filter(None, [f"{counts}, {dropped} left out", *details]))


def segment_campaign(campaign: CampaignConfig, progress: Progress) -> SegmentResult:
    """Cut the articles of a campaign into paragraphs, find near-duplicates, and record revisions of paragraphs."""
    store, options = Store(campaign), campaign.file.paragraphs
    limits = limits_of(options)
    if store.was_shown and store.has("paragraphs.jsonl") and (run := store.last_run("segment")):
        refuse_other_limits(run.facts.get("limits"), limits, campaign.path)
    articles, dropped = articles_with_text(read_articles(campaign.article_files), campaign.article_files)
    if not articles:
        raise DataError(f"{campaign.path}: no article with a text; add some with `stance ingest`")
    with store.lock():
        before = store.paragraphs if store.has("paragraphs.jsonl") else None
        items = list(store.items.values()) if store.has("items.jsonl") else None
        paragraphs = segment_articles(articles, limits, progress)
        changes, revisions = compare_segmentations(before, paragraphs, items or (), now())
        mend_jsonl(store.path("versions.jsonl"))
        store.append_rows("versions.jsonl", revisions)  # first: after an interruption it is repeated, which is harmless
        store.write_rows("paragraphs.jsonl", paragraphs)
        progress(f"comparing {len(articles)} articles", 0, 0)
        clusters = cluster_articles(articles)
        store.write_rows("clusters.jsonl", clusters)
        store.write_rows("dropped.jsonl", dropped)
        carried = None if items is None else carry_over(items, store.revisions, paragraphs, options.follow_changed)
        result = SegmentResult(
            articles=len(articles),
            paragraphs=len(paragraphs),
            roles=dict(sorted(Counter(paragraph.role for paragraph in paragraphs).items())),
            clustered=len(clusters),
            dropped=dict(Counter(row.reason for row in dropped)),
            limits=limits,
            versions=changes,
            items=carried.counts if carried else None,
        )
        return store.record("segment", segment_inputs(campaign), segment_outputs(campaign), result)


def segment_inputs(campaign: CampaignConfig) -> list[Path]:
    """The files that segmenting depends on."""
    return [*campaign.article_files, *map(dropped_path, campaign.article_files)]


def segment_outputs(campaign: CampaignConfig) -> list[Path]:
    """The files that segmenting writes; ``versions.jsonl`` is history and no output."""
    return [campaign.at(name) for name in ("paragraphs.jsonl", "clusters.jsonl", "dropped.jsonl")]


class FileSegmentResult(Result, frozen=True, kw_only=True):
    """What segmenting a file gives, besides the rows."""

    articles: int
    paragraphs: int
    roles: dict[str, int]
    dropped: dict[str, int]

    def line(self) -> str:
        """The counts."""
        return f"{plural(self.articles, 'article')}, {plural(self.paragraphs, 'paragraph')}{_left_out(self.dropped)}"


def segment_file(stream: ArticleStream, limits: Limits, put: PutRow) -> FileSegmentResult:
    """Put a row for each paragraph of a text, a page or a table of articles."""
    paragraphs = ParagraphRows(stream.articles(), limits)
    return _put_paragraphs(stream, paragraphs, paragraphs.rows(), put)


def explain_file(stream: ArticleStream, limits: Limits, put: PutRow) -> FileSegmentResult:
    """Put a row for each paragraph as `segment_file` does, with the rule behind its role."""
    paragraphs = ParagraphRows(stream.articles(), limits)
    return _put_paragraphs(stream, paragraphs, paragraphs.explained_rows(), put)


def _put_paragraphs(
    stream: ArticleStream, paragraphs: ParagraphRows, rows: Iterable[Mapping[str, Any]], put: PutRow
) -> FileSegmentResult:
    for row in rows:
        put(row)
    roles = dict(sorted(paragraphs.roles.items()))
    total, dropped = sum(roles.values()), dict(stream.dropped)
    return FileSegmentResult(articles=stream.count, paragraphs=total, roles=roles, dropped=dropped)


class FileComparisonResult(Result, frozen=True, kw_only=True):
    """What comparing two versions of a file gives, besides the rows."""

    articles: dict[str, int]  # in both, new, gone
    paragraphs: dict[str, int]  # by kind of revision
    dropped: dict[str, int]

    def line(self) -> str:
        """The counts; a hint where no article is in both."""
        both, new, gone = (self.articles[kind] for kind in ("both", "new", "gone"))
        hint = "" if both or not new or not gone else "; no article has an id that is in both: name it by --id"
        counts = f"articles: {both} in both, {new} new, {gone} gone"
        return f"{format_changes(self.paragraphs)}; {counts}{_left_out(self.dropped)}{hint}"


def compare_files(comparison: FileComparison, put: PutRow) -> FileComparisonResult:
    """Put a row for each paragraph of two versions of a file, article by article; articles that are gone come last."""
    for row in comparison.rows():
        put(row)
    articles, dropped = comparison.articles, dict(comparison.current.dropped)
    return FileComparisonResult(articles=articles, paragraphs=comparison.paragraphs, dropped=dropped)


def _left_out(dropped: Mapping[str, int]) -> str:
    return f"; left out: {tally(dropped)}" if dropped else ""
