"""Checks of a split: overlap between splits, and differences of their label distributions."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from toolkit.articles.duplicates.clusters import near_duplicate_pairs
from toolkit.records import Article, Example
from toolkit.words import listed, plural


class Certificate(Struct, frozen=True, kw_only=True):
    """Verifiable facts about a split."""

    sizes: dict[str, int]  # rows by split; "none" for rows without one
    articles: dict[str, int]  # articles by split
    shared: dict[str, int]  # column -> number of values in more than one split
    label_shares: dict[str, dict[str, dict[str, float]]]  # question -> split -> label -> share of the labelled rows
    label_drift: dict[str, float]  # question -> largest difference of one label's share between two splits


def certify(examples: Iterable[Example]) -> Certificate:
    """Return the certificate of a dataset's split."""
    rows = list(examples)
    split_of = [row.split or "none" for row in rows]
    shares = _label_shares(rows)
    articles: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        articles[row.split or "none"].add(row.article_id)
    return Certificate(
        sizes=dict(sorted(Counter(split_of).items())),
        articles={split: len(article_ids) for split, article_ids in sorted(articles.items())},
        shared={
            "article_id": _shared((row.article_id, row.split) for row in rows),
            "cluster": _shared((row.cluster, row.split) for row in rows),
            "text": _shared((row.text, row.split) for row in rows),
        },
        label_shares=shares,
        label_drift={question: _drift(list(by_split.values())) for question, by_split in shares.items()},
    )


_ALIKE = 0.4  # Jaccard index of word 5-grams; one word of sixteen replaced in the middle leaves .41


class Overlap(Struct, frozen=True, kw_only=True):
    """What stands in more than one split, so that scores on the test rows may be too high."""

    groups: int  # groups with rows in two splits or more
    texts: int  # identical texts in two splits or more
    near_texts: int  # rows of one split with a near-identical text in another, identical ones apart

    def line(self) -> str:
        """The counts in words; "" where nothing overlaps."""
        counts = ((self.groups, "group"), (self.texts, "identical text"), (self.near_texts, "near-identical row"))
        parts = [plural(count, noun) for count, noun in counts if count]
        return f"in more than one split: {listed(parts)}; scores on test may be too high" if parts else ""


def overlap(texts: Sequence[str], groups: Sequence[str], splits: Sequence[str | None]) -> Overlap:
    """What the splits of rows share; rows without a split are left out. All arguments are of one length."""
    rows = [row for row in zip(texts, groups, splits, strict=True) if row[2] is not None]
    kept = {str(number): (" ".join(text.split()).casefold(), split) for number, (text, _, split) in enumerate(rows)}
    near: set[str] = set()
    articles = [Article(id=number, text=text) for number, (text, _) in kept.items() if text]
    for pair in near_duplicate_pairs(articles, _ALIKE):
        (text_a, split_a), (text_b, split_b) = kept[pair.a], kept[pair.b]
        if split_a != split_b and text_a != text_b:
            near |= {pair.a, pair.b}
    return Overlap(
        groups=_shared((group, split) for _, group, split in rows),
        texts=_shared((text, split) for text, split in kept.values() if text),
        near_texts=len(near),
    )


def _shared(pairs: Iterable[tuple[str, str | None]]) -> int:
    splits: defaultdict[str, set[str]] = defaultdict(set)
    for value, split in pairs:
        if split is not None:
            splits[value].add(split)
    return sum(len(held_by) > 1 for held_by in splits.values())


def _label_shares(rows: list[Example]) -> dict[str, dict[str, dict[str, float]]]:
    counts: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in rows:
        for question, answered in row.answers.items():
            if answered.label is not None and row.split is not None:
                counts[question][row.split][answered.label] += 1
    return {
        question: {
            split: {label: n / label_counts.total() for label, n in sorted(label_counts.items())}
            for split, label_counts in sorted(by_split.items())
        }
        for question, by_split in sorted(counts.items())
    }


def _drift(shares: list[dict[str, float]]) -> float:
    labels = {label for share in shares for label in share}
    spread = (
        max(share.get(label, 0.0) for share in shares) - min(share.get(label, 0.0) for share in shares)
        for label in labels
    )
    return max(spread, default=0.0)
