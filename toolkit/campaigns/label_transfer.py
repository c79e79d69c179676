"""Where the paragraphs that people were asked about stand now, after all edits of their articles."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from toolkit.records import Item, Outdated, Revision
from toolkit.segmentation.revisions import likeness


class Placed(Struct, frozen=True, kw_only=True):
    """The items of a campaign beside the paragraphs as they are now."""

    items: tuple[Item, ...]  # whose labels stand; `unit_id` is the paragraph as it is now
    outdated: tuple[Outdated, ...]  # whose paragraph changed or is gone, whether its labels follow or not


class _Lines(Struct, frozen=True, kw_only=True):
    """What is known of the paragraphs that were asked about."""

    now: Mapping[str, str | None]  # the paragraph that stands in the place of each; None: gone
    texts: Mapping[str, str]  # their words as they were asked about


def place_items(
    items: Sequence[Item], revisions: Iterable[Revision], present: Mapping[str, str], follow_from: float | None
) -> Placed:
    """Say of each item whether its paragraph is there, and let labels follow where that is asked for.

    An item whose paragraph is among those present keeps its labels, wherever the paragraph stands. One whose paragraph
    changed keeps them if at least a given share of the words that were asked about is still there, and no other item
    with its target asks about the paragraph as it is now.

    Args:
        items: what was asked.
        revisions: what became of paragraphs, oldest first.
        present: the text of each paragraph as it is now, by id.
        follow_from: share of words (Dice); None: labels of changed paragraphs do not follow.
    """
    lines = _trace({item.unit_id for item in items}, revisions)
    direct = {(item.unit_id, item.target.id) for item in items if item.unit_id in present}
    placed, outdated = [], []
    for item in items:
        if item.unit_id in present:
            placed.append(item)
            continue
        row = _outdated(item, lines, present)
        taken = (row.after, item.target.id) in direct
        if follow_from is not None and row.after is not None and row.similarity >= follow_from and not taken:
            row = msgspec.structs.replace(row, follows=True)
            placed.append(msgspec.structs.replace(item, unit_id=row.after))
        outdated.append(row)
    return Placed(items=tuple(placed), outdated=tuple(outdated))


def _outdated(item: Item, lines: _Lines, present: Mapping[str, str]) -> Outdated:
    after = lines.now[item.unit_id]
    after = after if after in present else None
    asked = lines.texts.get(item.unit_id)
    similarity = likeness(asked, present[after]) if after is not None and asked is not None else 0.0
    return Outdated(
        item_id=item.id,
        article_id=item.article_id,
        kind="gone" if after is None else "changed",
        follows=False,
        similarity=round(similarity, 3),
        before=item.unit_id,
        after=after,
    )


def _trace(units: Iterable[str], revisions: Iterable[Revision]) -> _Lines:
    """Follow each paragraph from one version to the next; one that came back is at its own place again."""
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
    return _Lines(now=now, texts=texts)
