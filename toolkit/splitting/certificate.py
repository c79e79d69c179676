"""Checks of a split: overlap between splits, and differences of their label distributions."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from msgspec import Struct

from toolkit.records import Example


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
