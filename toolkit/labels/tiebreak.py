"""Items on which the annotators that were asked do not agree, and who could decide."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from toolkit.codebook import Codebook
from toolkit.labels.aggregation.gold import aggregate, all_gold
from toolkit.labels.ledger import Ledger, votes_of
from toolkit.records import Item


def disputed_items(ledger: Ledger, codebook: Codebook, items: Mapping[str, Item]) -> list[str]:
    """The items that have all the votes they were to get, and still no majority on a required question.

    Items that were asked of one annotator only cannot be disputed.
    """
    counts = Counter(annotation.item_id for annotation in ledger.counted)
    complete = {name: item for name, item in items.items() if item.votes > 1 and counts[name] >= item.votes}
    counted = [annotation for annotation in ledger.counted if annotation.item_id in complete]
    named = tuple(msgspec.structs.replace(one, answers=codebook.migrated(one.answers)) for one in counted)
    settled = Ledger(counted=named, left_out={})
    votes = {question.name: votes_of(settled, question, items, {}) for question in codebook.choices}
    gold = all_gold(aggregate(votes, codebook, {name: item.votes for name, item in complete.items()}))
    required = {question.name for question in codebook.choices if question.required}
    unresolved = {row.item_id for row in gold if row.question in required and row.status == "unresolved"}
    return [name for name in items if name in unresolved]


def tie_breakers(
    disputed: Iterable[str], seen: Mapping[str, set[str]], people: Sequence[str]
) -> list[tuple[str, str | None]]:
    """Who is asked for one more vote on each item: somebody who has not seen it, None where everybody has.

    Whoever has the fewest comes first, so that the work is shared; among equals the name decides.

    >>> tie_breakers(["i1", "i2"], {"i1": {"ann"}, "i2": {"ann", "bo", "cy"}}, ["ann", "bo", "cy"])
    [('i1', 'bo'), ('i2', None)]
    """
    load = Counter(dict.fromkeys(people, 0))
    chosen: list[tuple[str, str | None]] = []
    for item in disputed:
        free = [name for name in people if name not in seen.get(item, ())]
        name = min(free, key=lambda name: (load[name], name), default=None)
        load.update([name] if name else [])
        chosen.append((item, name))
    return chosen
