"""What became of each paragraph when an article was edited: same, moved, changed, new or gone."""

import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from toolkit.articles.duplicates.shingling import words
from toolkit.records import Paragraph, Revision
from toolkit.records import RevisionKind as Kind
from toolkit.segmentation.shape import normalised

_LIKE = 0.5  # share of words that a paragraph and its changed self have in common, at least
_RARE = 20  # a word in more paragraphs than that tells none apart


class Change(Struct, frozen=True, kw_only=True):
    """What became of one paragraph."""

    kind: Kind
    before: str | None  # id; None: there was none
    after: str | None  # id; None: there is none
    similarity: float  # share of words in common, 0 to 1 (Dice, words counted as often as they come)


def compare_versions(before: Sequence[Paragraph], after: Sequence[Paragraph]) -> list[Change]:
    """What became of each paragraph of an article, in the order of the new text; those that are gone come last.

    A paragraph with the same words is the same, whatever its marks and its line breaks; it has moved if it stands
    elsewhere among those that are the same. Of the rest those are paired that share most words, at least half.
    """
    pairs = _equal(before, after)
    moved = _moved(pairs)
    changes = {
        new: Change(
            kind="moved" if new in moved else "same", before=before[old].id, after=after[new].id, similarity=1.0
        )
        for old, new in pairs
    }
    left = sorted(set(range(len(before))) - {old for old, _ in pairs})
    found = sorted(set(range(len(after))) - changes.keys())
    for share, old, new in _likest(before, left, after, found):
        changes[new] = Change(kind="changed", before=before[old].id, after=after[new].id, similarity=share)
    kept = {change.before for change in changes.values()}
    added = {new: Change(kind="new", before=None, after=after[new].id, similarity=0.0) for new in found}
    gone = [
        Change(kind="gone", before=before[old].id, after=None, similarity=0.0)
        for old in left
        if before[old].id not in kept
    ]
    return [(added | changes)[new] for new in range(len(after))] + gone


def successors(changes: Iterable[Change], kinds: Sequence[Kind] = ("same", "moved")) -> dict[str, str]:
    """The new id of each paragraph whose labels may follow it, by its old id.

    A label of a changed paragraph was given to other words; it follows only where ``changed`` is among the kinds.
    """
    return {c.before: c.after for c in changes if c.kind in kinds and c.before is not None and c.after is not None}


def likeness(a: str, b: str) -> float:
    """The share of words that two texts have in common, 0 to 1 (Dice).

    >>> likeness("The ferry sailed at noon.", "the ferry sailed, late")
    0.6666666666666666
    """
    if normalised(a) == normalised(b):
        return 1.0
    counts, others = Counter(words(a)), Counter(words(b))
    return _share(counts, others) if counts or others else 0.0


def revisions(article_id: str, before: Sequence[Paragraph], after: Sequence[Paragraph]) -> list[Revision]:
    """What became of each paragraph of an article, with both places and both texts, in the order of the new text."""
    old, new = {p.id: p for p in before}, {p.id: p for p in after}
    return [
        _revision(article_id, change, old.get(change.before or ""), new.get(change.after or ""))
        for change in compare_versions(before, after)
    ]


def _revision(article_id: str, change: Change, old: Paragraph | None, new: Paragraph | None) -> Revision:
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
    """Places of paragraphs with the same words, the first with the first, in the new order."""
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
    """New places of those outside the longest run that kept its order."""
    ends: list[int] = []  # the old place that ends the best run of each length
    lengths = []
    for old, _ in pairs:
        length = bisect.bisect_left(ends, old)
        ends[length : length + 1] = [old]
        lengths.append(length)
    wanted = len(ends) - 1
    moved = set()
    above = float("inf")
    for (old, new), length in zip(reversed(pairs), reversed(lengths), strict=True):
        if length == wanted and old < above:
            wanted, above = wanted - 1, old
        else:
            moved.add(new)
    return moved


def _likest(
    before: Sequence[Paragraph], left: Sequence[int], after: Sequence[Paragraph], found: Sequence[int]
) -> Iterator[tuple[float, int, int]]:
    """Pairs of the rest, those with most words in common first; each paragraph at most once."""
    counted = {new: Counter(words(after[new].text)) for new in found}
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
