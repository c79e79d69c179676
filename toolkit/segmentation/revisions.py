"""Comparison of the paragraphs of two versions of an article: same, moved, changed, new or gone."""

import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.articles.duplicates.shingling import words
from toolkit.articles.reading.reader import ArticleStream, TemporaryStore
from toolkit.errors import DataError
from toolkit.records import Article, Item, Paragraph, Revision
from toolkit.records import RevisionKind as Kind
from toolkit.segmentation.lengths import Limits
from toolkit.segmentation.segmenter import limits_for, segment_article
from toolkit.segmentation.shape import normalised

REVISION_KINDS: tuple[Kind, ...] = ("same", "moved", "changed", "new", "gone")
_NUMBERS = {"similarity": float, **dict.fromkeys(("before_start", "before_end", "after_start", "after_end"), int)}
REVISION_COLUMNS: dict[str, type] = {
    name: _NUMBERS.get(name, str) for name in Revision.__struct_fields__ if name != "observed"
}

_LIKE = 0.5  # minimum share of words that a paragraph and its changed version have in common
_RARE = 20  # a word in more paragraphs does not distinguish paragraphs


class ParagraphChange(Struct, frozen=True, kw_only=True):
    """The change of one paragraph between two versions."""

    kind: Kind
    before: str | None  # id; None for a new paragraph
    after: str | None  # id; None for a paragraph that is gone
    similarity: float  # share of words in common, 0 to 1 (Dice, repeated words counted)


def compare_versions(before: Sequence[Paragraph], after: Sequence[Paragraph]) -> list[ParagraphChange]:
    """Return the change of each paragraph of an article, in the order of the new text, paragraphs that are gone last.

    A paragraph with the same words is the same, regardless of its punctuation and line breaks. It has moved if its
    position among the same paragraphs differs. The remaining paragraphs are paired by the greatest share of common
    words, at least half.
    """
    pairs = _equal(before, after)
    moved = _moved(pairs)
    changes = {
        new: ParagraphChange(
            kind="moved" if new in moved else "same", before=before[old].id, after=after[new].id, similarity=1.0
        )
        for old, new in pairs
    }
    left = sorted(set(range(len(before))) - {old for old, _ in pairs})
    unmatched = sorted(set(range(len(after))) - changes.keys())
    for share, old, new in _likest(before, left, after, unmatched):
        changes[new] = ParagraphChange(kind="changed", before=before[old].id, after=after[new].id, similarity=share)
    followed = {change.before for change in changes.values()}
    added = {new: ParagraphChange(kind="new", before=None, after=after[new].id, similarity=0.0) for new in unmatched}
    gone = [
        ParagraphChange(kind="gone", before=before[old].id, after=None, similarity=0.0)
        for old in left
        if before[old].id not in followed
    ]
    return [(added | changes)[new] for new in range(len(after))] + gone


def word_overlap(a: str, b: str) -> float:
    """Return the share of words that two texts have in common, 0 to 1 (Dice).

    >>> word_overlap("The ferry sailed at noon.", "the ferry sailed, late")
    0.6666666666666666
    """
    if normalised(a) == normalised(b):
        return 1.0
    counts, others = Counter(words(a)), Counter(words(b))
    return _share(counts, others) if counts or others else 0.0


def revisions(article_id: str, before: Sequence[Paragraph], after: Sequence[Paragraph]) -> list[Revision]:
    """Return the revision of each paragraph with both positions and both texts, in the order of the new text."""
    old, new = {p.id: p for p in before}, {p.id: p for p in after}
    return [
        _revision(article_id, change, old.get(change.before or ""), new.get(change.after or ""))
        for change in compare_versions(before, after)
    ]


def _revision(article_id: str, change: ParagraphChange, old: Paragraph | None, new: Paragraph | None) -> Revision:
    return Revision(
        article_id=article_id,
        kind=change.kind,
        similarity=round(change.similarity, 3),
        before=change.before,
        after=change.after,
        before_version=None if old is None else old.article_version,
        after_version=None if new is None else new.article_version,
        before_start=None if old is None else old.start,
        before_end=None if old is None else old.end,
        after_start=None if new is None else new.start,
        after_end=None if new is None else new.end,
        before_text=None if old is None else old.text,
        after_text=None if new is None else new.text,
    )


def _equal(before: Sequence[Paragraph], after: Sequence[Paragraph]) -> list[tuple[int, int]]:
    """Return the positions of paragraphs with the same words, the first with the first, in the new order."""
    places: dict[str, list[int]] = {}
    for place in reversed(range(len(before))):
        places.setdefault(normalised(before[place].text), []).append(place)
    pairs = []
    for new, paragraph in enumerate(after):
        same = places.get(normalised(paragraph.text))
        if same:
            pairs.append((same.pop(), new))
    return pairs


def _moved(pairs: Sequence[tuple[int, int]]) -> set[int]:
    """Return the new positions of the pairs outside the longest run that keeps its order."""
    ends: list[int] = []  # the old position that ends the best run of each length
    lengths = []
    for old, _ in pairs:
        length = bisect.bisect_left(ends, old)
        ends[length : length + 1] = [old]
        lengths.append(length)
    length_to_reach = len(ends) - 1
    moved = set()
    above = float("inf")
    for (old, new), length in zip(reversed(pairs), reversed(lengths), strict=True):
        if length == length_to_reach and old < above:
            length_to_reach, above = length_to_reach - 1, old
        else:
            moved.add(new)
    return moved


def _likest(
    before: Sequence[Paragraph], left: Sequence[int], after: Sequence[Paragraph], unmatched: Sequence[int]
) -> Iterator[tuple[float, int, int]]:
    """Yield pairs of the remaining paragraphs, most common words first; each paragraph occurs at most once."""
    counted = {new: Counter(words(after[new].text)) for new in unmatched}
    holders: dict[str, list[int]] = {}
    for new, counts in counted.items():
        for word in counts:
            holders.setdefault(word, []).append(new)
    candidates = []
    for old in left:
        counts = Counter(words(before[old].text))
        near = {new for word in counts for new in holders.get(word, ()) if len(holders[word]) <= _RARE}
        candidates += [(_share(counts, counted[new]), old, new) for new in near]
    taken_old, taken_new = set(), set()
    for share, old, new in sorted(candidates, key=lambda c: (-c[0], abs(c[1] - c[2]), c[1], c[2])):
        if share >= _LIKE and old not in taken_old and new not in taken_new:
            taken_old.add(old)
            taken_new.add(new)
            yield share, old, new


def _share(counts: Counter[str], others: Counter[str]) -> float:
    return 2 * (counts & others).total() / (counts.total() + others.total())


# --- two segmentations of a campaign ---------------------------------------------------------------------------------


class SegmentationChanges(Struct, frozen=True, kw_only=True):
    """Counts of articles and paragraphs by their change between two segmentations."""

    articles: dict[str, int]  # same, changed, new, gone
    paragraphs: dict[str, int]  # by kind of revision

    def line(self) -> str:
        """Return the counts of paragraphs as text; "" if nothing changed."""
        is_changed = any(count for kind, count in self.paragraphs.items() if kind != "same")
        return f"since the last segmentation {format_changes(self.paragraphs)}" if is_changed else ""


def compare_segmentations(
    before: Iterable[Paragraph] | None, after: Iterable[Paragraph], items: Iterable[Item], observed: str
) -> tuple[SegmentationChanges | None, list[Revision]]:
    """Count the changes between two segmentations of a campaign, and list the revisions for its history.

    Paragraphs that are the same and paragraphs of new articles are counted and not listed. A revision has the texts
    only if an item asks about the paragraph.

    Args:
        before: the earlier paragraphs; None for the first segmentation, which has no changes.
        after: the present paragraphs.
        items: the items of the plan.
        observed: the time of the comparison, ISO 8601.
    """
    if before is None:
        return None, []
    earlier, current = _by_article(before), _by_article(after)
    articles: Counter[str] = Counter()
    paragraphs: Counter[str] = Counter()
    edited: list[Revision] = []
    for article_id in [*current, *(name for name in earlier if name not in current)]:
        old, new = earlier.get(article_id), current.get(article_id, [])
        if old is None or old == new:
            kind = "new" if old is None else "same"
            articles[kind] += 1
            paragraphs[kind] += len(new)
            continue
        rows = revisions(article_id, old, new)
        paragraphs.update(row.kind for row in rows)
        listed = [row for row in rows if row.kind != "same"]
        articles["gone" if not new else "changed" if listed else "same"] += 1
        edited += listed
    changes = SegmentationChanges(
        articles={kind: articles[kind] for kind in ("same", "changed", "new", "gone")},
        paragraphs={kind: paragraphs[kind] for kind in REVISION_KINDS},
    )
    units = {item.unit_id for item in items}
    return changes, [_observed(row, row.before in units, observed) for row in edited]


def _by_article(paragraphs: Iterable[Paragraph]) -> dict[str, list[Paragraph]]:
    groups: dict[str, list[Paragraph]] = {}
    for paragraph in paragraphs:
        groups.setdefault(paragraph.article_id, []).append(paragraph)
    return groups


def _observed(row: Revision, with_texts: bool, observed: str) -> Revision:
    if with_texts:
        return msgspec.structs.replace(row, observed=observed)
    return msgspec.structs.replace(row, observed=observed, before_text=None, after_text=None)


def format_changes(counts: Mapping[str, int]) -> str:
    """Format counts of revisions as text.

    >>> format_changes({"same": 3, "new": 1})
    '3 same, 0 moved, 0 changed, 1 new, 0 gone'
    """
    return ", ".join(f"{counts.get(kind, 0)} {kind}" for kind in REVISION_KINDS)


# --- two versions of a file ------------------------------------------------------------------------------------------


class FileComparison:
    """Compares the articles of a file with an earlier version, or with paragraphs cut from it, and counts changes."""

    def __init__(self, current: ArticleStream, previous: ArticleStream, limits: Limits) -> None:
        self.current = current
        self._previous, self._limits = previous, limits
        self._earlier = 0
        self._in_both = 0
        self._paragraphs: Counter[str] = Counter()

    @property
    def articles(self) -> dict[str, int]:
        """Return counts of articles: in both files, new, gone."""
        both = self._in_both
        return {"both": both, "new": self.current.count - both, "gone": self._earlier - both}

    @property
    def paragraphs(self) -> dict[str, int]:
        """Return counts of revisions by kind."""
        return {kind: self._paragraphs[kind] for kind in REVISION_KINDS}

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the revisions as rows with `REVISION_COLUMNS`."""
        return ({name: getattr(row, name) for name in REVISION_COLUMNS} for row in self.revisions())

    def revisions(self) -> Iterator[Revision]:
        """Yield the revisions in the order of the current file; revisions of articles that are gone come last."""
        with TemporaryStore() as store:
            self._store_previous(store)
            for article in self.current.articles():
                stored = store.take(self.current.key(article))
                self._in_both += stored is not None
                before = _decoded(stored) if stored is not None else []
                after = segment_article(article, limits_for(article, self._limits))
                yield from self._counted(revisions(article.id, before, after))
            for stored in store.values():
                before = _decoded(stored)
                yield from self._counted(revisions(before[0].article_id if before else "", before, []))

    def _counted(self, rows: list[Revision]) -> list[Revision]:
        self._paragraphs.update(row.kind for row in rows)
        return rows

    def _store_previous(self, store: TemporaryStore) -> None:
        stream = self._previous
        rows = stream.rows()
        first = next(rows, None)
        if first is None:
            return
        for key, paragraphs in self._previous_paragraphs(first, chain([first], rows)):
            if store.get(key) is not None:
                raise DataError(f"{stream.path}: the paragraphs of article {key!r} are not adjacent; sort by article")
            store.put(key, msgspec.json.encode(paragraphs))
            self._earlier += 1

    def _previous_paragraphs(self, first: Article, rows: Iterator[Article]) -> Iterator[tuple[str, list[Paragraph]]]:
        if {"article_id", "start", "end"} <= first.meta.keys():  # the file holds paragraphs
            paragraphs = (_paragraph_in(row, self._previous) for row in rows)
            for key, group in groupby(paragraphs, key=lambda paragraph: paragraph.article_id):
                yield key, list(group)
            return
        for article in self._previous.unique(rows):
            yield self._previous.key(article), segment_article(article, limits_for(article, self._limits))


def _decoded(stored: bytes) -> list[Paragraph]:
    return msgspec.json.decode(stored, type=list[Paragraph])


def _paragraph_in(row: Article, stream: ArticleStream) -> Paragraph:
    fields = {name: row.meta.get(name) for name in ("article_id", "start", "end", "role")}
    try:
        given = {"id": row.id, "text": row.text, "article_version": "", "index": 0, **fields}
        return msgspec.convert(given, Paragraph, strict=False)
    except msgspec.ValidationError as error:
        raise DataError(f"{stream.path}: paragraph {row.id!r}: {error}") from error
