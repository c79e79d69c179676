"""Transfer of labels after edits: items that keep their paragraph, labels that follow a change, outdated items."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from toolkit.records import Item, Outdated, Paragraph, Revision
from toolkit.segmentation.revisions import word_overlap
from toolkit.store import Store


class CarriedItems(Struct, frozen=True, kw_only=True):
    """The items of a campaign whose labels stand with the present paragraphs, and those whose paragraph changed."""

    items: tuple[Item, ...]  # whose labels stand; `unit_id` is the present paragraph
    outdated: tuple[Outdated, ...]  # whose paragraph changed or is gone, whether the labels follow or not

    @property
    def counts(self) -> "TransferCounts":
        """The numbers of items by what happens to their labels."""
        kinds = Counter(row.kind for row in self.outdated if not row.follows)
        followed = sum(row.follows for row in self.outdated)
        return TransferCounts(
            kept=len(self.items) - followed, followed=followed, changed=kinds["changed"], gone=kinds["gone"]
        )


class TransferCounts(Struct, frozen=True, kw_only=True):
    """Numbers of items by what happens to their labels."""

    kept: int  # the paragraph is there
    followed: int  # the paragraph changed and the labels follow
    changed: int  # the paragraph changed and the labels do not follow
    gone: int

    @property
    def total(self) -> int:
        """The number of items."""
        return self.kept + self.followed + self.changed + self.gone

    def line(self) -> str:
        """The counts as text; "" where all labels stay.

        >>> TransferCounts(kept=8, followed=0, changed=1, gone=0).line()
        '8 of 9 items keep their labels; 1 changed: labels do not follow unless `follow_changed` in [paragraphs] is set'
        """
        if self.kept == self.total:
            return ""
        parts = [f"{self.kept} of {self.total} items keep their labels"]
        if self.followed:
            parts.append(f"{self.followed} changed and labels follow")
        if self.changed:
            parts.append(f"{self.changed} changed: labels do not follow unless `follow_changed` in [paragraphs] is set")
        if self.gone:
            parts.append(f"{self.gone} gone")
        return "; ".join(parts)


class _Successors(Struct, frozen=True, kw_only=True):
    """The history of the paragraphs that items ask about."""

    now: Mapping[str, str | None]  # the present paragraph of each unit; None: gone
    texts: Mapping[str, str]  # the words that annotators saw


def carry_over(
    items: Iterable[Item], revisions: Iterable[Revision], paragraphs: Iterable[Paragraph], follow_from: float | None
) -> CarriedItems:
    """Assign each item to its present paragraph, and let labels follow changes where that is allowed.

    An item whose paragraph is present keeps its labels, wherever the paragraph stands. An item whose paragraph changed
    keeps them if the words that were asked about overlap enough with the present ones, and no other item with the same
    target asks about the present paragraph.

    Args:
        items: those of the plan.
        revisions: the history of the campaign, oldest first.
        paragraphs: the present ones.
        follow_from: least share of common words (Dice); None: labels of changed paragraphs do not follow.
    """
    planned = list(items)
    present = {paragraph.id: paragraph.text for paragraph in paragraphs}
    history = _trace({item.unit_id for item in planned}, revisions)
    direct = {(item.unit_id, item.target.id) for item in planned if item.unit_id in present}
    carried, outdated = [], []
    for item in planned:
        if item.unit_id in present:
            carried.append(item)
            continue
        row = _outdated(item, history, present)
        is_taken = (row.after, item.target.id) in direct
        if follow_from is not None and row.after is not None and row.similarity >= follow_from and not is_taken:
            row = msgspec.structs.replace(row, follows=True)
            carried.append(msgspec.structs.replace(item, unit_id=row.after))
        outdated.append(row)
    return CarriedItems(items=tuple(carried), outdated=tuple(outdated))


def carried_items(store: Store, items: Iterable[Item] | None = None) -> CarriedItems:
    """`carry_over` for the files of a campaign: for all its items, or for some of them."""
    follow_from = store.campaign.file.paragraphs.follow_changed
    chosen = store.items.values() if items is None else items
    return carry_over(chosen, store.revisions, store.paragraphs, follow_from)


def _outdated(item: Item, history: _Successors, present: Mapping[str, str]) -> Outdated:
    after = history.now[item.unit_id]
    after = after if after in present else None
    seen = history.texts.get(item.unit_id)
    similarity = word_overlap(seen, present[after]) if after is not None and seen is not None else 0.0
    return Outdated(
        item_id=item.id,
        article_id=item.article_id,
        kind="gone" if after is None else "changed",
        follows=False,
        similarity=round(similarity, 3),
        before=item.unit_id,
        after=after,
    )


def _trace(units: Iterable[str], revisions: Iterable[Revision]) -> _Successors:
    """Follow each paragraph through all revisions; a paragraph that came back is its own successor."""
    now: dict[str, str | None] = {unit: unit for unit in units}
    standing: defaultdict[str | None, set[str]] = defaultdict(set, {unit: {unit} for unit in now})
    texts: dict[str, str] = {}
    for revision in revisions:
        if revision.before is None or revision.kind in ("same", "moved"):
            continue
        affected = standing.pop(revision.before, set())
        if revision.before in now:
            if revision.before_text is not None:
                texts[revision.before] = revision.before_text
            standing[now[revision.before]].discard(revision.before)
            affected.add(revision.before)
        for unit in affected:
            now[unit] = revision.after
        standing[revision.after] |= affected
    return _Successors(now=now, texts=texts)
