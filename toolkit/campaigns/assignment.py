"""Which named annotator is asked for which item, and in what order: where each works through a list of their own."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence

from toolkit.errors import DataError
from toolkit.records import Assignment, Item


def assign(
    items: Sequence[Item],
    annotators: Sequence[str],
    seed: int,
    before: Iterable[Assignment] = (),
    answered: Collection[tuple[str, str]] = (),
) -> list[Assignment]:
    """The assignments that are to be added, so that each item is asked of as many annotators as it wants votes.

    Loads stay level; among those with the lightest load, pairs that share the fewest items are preferred, so that
    everybody meets everybody. Within a list the order is random, and another one for each annotator. What was assigned
    to somebody who is no longer among the annotators is given to others, unless it was answered.

    Args:
        items: all of the campaign.
        annotators: who works now.
        seed: of the order in which items are given out and shown.
        before: what was assigned earlier; it stays.
        answered: (item, annotator) that need nobody else.

    Raises:
        DataError: an item wants more votes than there are annotators.
    """
    _refuse_too_few(items, annotators)
    earlier = list(before)
    held: defaultdict[str, set[str]] = defaultdict(set)
    for row in in_force(earlier, annotators, answered):
        held[row.item_id].add(row.annotator)
    met = {(row.item_id, row.annotator) for row in earlier}
    balance = _Balance(annotators, held, seed)
    added: defaultdict[str, list[str]] = defaultdict(list)
    for item in sorted(items, key=lambda item: _rank(seed, "give", item.id)):
        free = [name for name in annotators if name not in held[item.id] and (item.id, name) not in met]
        for name in balance.choose(item.id, free, item.votes - len(held[item.id])):
            added[name].append(item.id)
    return _in_order(added, earlier, seed)


def in_force(
    rows: Iterable[Assignment], annotators: Collection[str], answered: Collection[tuple[str, str]]
) -> list[Assignment]:
    """The assignments that still hold: of those who work now, and what others have answered."""
    working, done = set(annotators), set(answered)
    return [row for row in rows if row.annotator in working or (row.item_id, row.annotator) in done]


def open_lots(
    rows: Iterable[Assignment],
    items: Container[str],
    done: Container[tuple[str, str]],
    annotators: Sequence[str] = (),
) -> dict[str, list[str]]:
    """The items that each annotator has still to answer, in the annotator's own order.

    Args:
        rows: who is asked for what.
        items: ids of those that are asked about.
        done: pairs of item and annotator that need no answer any more.
        annotators: only these; all where none is named.

    Raises:
        DataError: nothing is planned for a named annotator.
    """
    lots: defaultdict[str, list[str]] = defaultdict(list)
    planned = set()
    for row in sorted(rows, key=lambda row: (row.annotator, row.position)):
        planned.add(row.annotator)
        is_asked = not annotators or row.annotator in annotators
        if is_asked and row.item_id in items and (row.item_id, row.annotator) not in done:
            lots[row.annotator].append(row.item_id)
    absent = [name for name in annotators if name not in planned]
    if absent:
        raise DataError(f"{', '.join(absent)}: nothing is planned for them; there are {', '.join(sorted(planned))}")
    return dict(lots)


def _refuse_too_few(items: Sequence[Item], annotators: Sequence[str]) -> None:
    most = max((item.votes for item in items), default=0)
    if most > len(set(annotators)):
        raise DataError(
            f"{most} votes are wanted for an item and {len(set(annotators))} annotators are named; name more in "
            "`[studio] annotators`, or ask for fewer votes in `[plan]`"
        )


class _Balance:
    """How much each annotator has, and how often two of them meet."""

    def __init__(self, annotators: Sequence[str], held: Mapping[str, set[str]], seed: int) -> None:
        self._seed = seed
        self._load = Counter(dict.fromkeys(annotators, 0))
        self._meets: Counter[tuple[str, str]] = Counter()
        self._on = {item: set(names) for item, names in held.items()}
        for names in held.values():
            for name in names:
                self._add(name, names - {name}, both=False)

    def choose(self, item_id: str, free: Sequence[str], count: int) -> list[str]:
        """The annotators that get an item, the best first."""
        others = self._on.setdefault(item_id, set())
        left, chosen = list(free), []
        for _ in range(min(count, len(left))):
            best = min(left, key=lambda name: self._cost(name, others, item_id))
            left.remove(best)
            self._add(best, others, both=True)
            others.add(best)
            chosen.append(best)
        return chosen

    def _cost(self, name: str, others: set[str], item_id: str) -> tuple[int, int, bytes]:
        return self._load[name], sum(self._meets[name, other] for other in others), _rank(self._seed, name, item_id)

    def _add(self, name: str, others: set[str], *, both: bool) -> None:
        self._load[name] += 1
        for other in others:
            self._meets[name, other] += 1
            if both:
                self._meets[other, name] += 1


def _in_order(added: Mapping[str, Sequence[str]], earlier: Iterable[Assignment], seed: int) -> list[Assignment]:
    start: Counter[str] = Counter()
    for row in earlier:
        start[row.annotator] = max(start[row.annotator], row.position + 1)
    return [
        Assignment(item_id=item, annotator=name, position=position)
        for name in sorted(added)
        for position, item in enumerate(sorted(added[name], key=lambda item: _rank(seed, name, item)), start[name])
    ]


def _rank(seed: int, what: str, item_id: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{what}\n{item_id}".encode()).digest()
