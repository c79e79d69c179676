"""Who is asked for which item where no server shares them out: the division of items among named people."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from toolkit.errors import DataError
from toolkit.files import digest
from toolkit.records import Assignment, Item


def share_items(
    items: Mapping[str, Item], annotators: Sequence[str], given: Iterable[Assignment], seed: int
) -> list[Assignment]:
    """What is to be added so that each item has as many people as it is to get votes, and all have alike much to do.

    What was given to somebody stays; whoever has least is next. Each person has the items in an order of their own.

    Args:
        items: by id.
        annotators: pseudonyms.
        given: what has been shared out before.
        seed: of the division; the order of items and annotators is of no account.

    Raises:
        DataError: an item is to get more votes than there are people.
    """
    people: dict[str, set[str]] = defaultdict(set)
    load: Counter[str] = Counter(dict.fromkeys(annotators, 0))
    position: Counter[str] = Counter()
    for row in given:
        people[row.item_id].add(row.annotator)
        load[row.annotator] += 1
        position[row.annotator] = max(position[row.annotator], row.position + 1)
    new: dict[str, list[str]] = defaultdict(list)
    for item in sorted(items.values(), key=lambda item: digest(f"{seed} {item.id}")):
        for annotator in _chosen(item, annotators, people[item.id], load, seed):
            new[annotator].append(item.id)
            load[annotator] += 1
    return [
        Assignment(item_id=item_id, annotator=annotator, position=position[annotator] + place)
        for annotator in sorted(new)
        for place, item_id in enumerate(_shuffled(new[annotator], f"{seed} {annotator}"))
    ]


def _chosen(item: Item, annotators: Sequence[str], has: set[str], load: Counter[str], seed: int) -> list[str]:
    free = [annotator for annotator in annotators if annotator not in has]
    needed = item.votes - len(has)
    if needed > len(free):
        raise DataError(
            f"item {item.id} is to get {item.votes} votes, but only {len(has) + len(free)} people are named; "
            "name more with --annotators, or plan fewer votes"
        )
    free.sort(key=lambda annotator: (load[annotator], digest(f"{seed} {item.id} {annotator}")))
    return free[: max(0, needed)]


def _shuffled(item_ids: Sequence[str], seed: str) -> list[str]:
    order = sorted(item_ids)
    random.Random(seed).shuffle(order)  # noqa: S311 - an order of work, no secret
    return order
