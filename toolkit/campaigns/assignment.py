"""Assignment of items to named annotators, each of whom works through a list of their own."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence

from toolkit.codebook import Codebook
from toolkit.errors import DataError, UsageError
from toolkit.labels.ledger import latest, settle
from toolkit.records import Annotation, Assignment, Item
from toolkit.store import Store
from toolkit.words import plural


def assign(
    items: Sequence[Item],
    annotators: Sequence[str],
    seed: int,
    before: Iterable[Assignment] = (),
    answered: Collection[tuple[str, str]] = (),
) -> list[Assignment]:
    """The assignments to add, so that each item has as many annotators as votes.

    Loads stay level; of the annotators with the lightest load, pairs that share the fewest items are preferred, so that
    all pairs meet. Within a list the order is random, and differs between annotators. Items of an annotator who has
    left go to others, unless they are answered.

    Args:
        items: all of the campaign.
        annotators: those who work now.
        seed: of the order in which items are assigned and shown.
        before: the earlier assignments, which stay.
        answered: (item, annotator) that need nobody else.

    Raises:
        DataError: an item needs more votes than there are annotators.
    """
    _refuse_too_few(items, annotators)
    earlier = list(before)
    held: defaultdict[str, set[str]] = defaultdict(set)
    for row in current_assignments(earlier, annotators, answered):
        held[row.item_id].add(row.annotator)
    met = {(row.item_id, row.annotator) for row in earlier}
    balance = _Balance(annotators, held, seed)
    added: defaultdict[str, list[str]] = defaultdict(list)
    for item in sorted(items, key=lambda item: _rank(seed, "give", item.id)):
        free = [name for name in annotators if name not in held[item.id] and (item.id, name) not in met]
        for name in balance.choose(item.id, free, item.votes - len(held[item.id])):
            added[name].append(item.id)
    return _in_order(added, earlier, seed)


def current_assignments(
    rows: Iterable[Assignment], annotators: Collection[str], answered: Collection[tuple[str, str]]
) -> list[Assignment]:
    """The assignments that hold: of annotators who work now, and what others have answered."""
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


def still_asked(
    rows: Iterable[Assignment], items: Mapping[str, Item], done: Collection[tuple[str, str]]
) -> list[Assignment]:
    """The assignments that are still needed: an item that has all its votes asks nobody, whoever was to give them.

    Args:
        rows: who is asked for what, in the order in which they were divided.
        items: by id.
        done: pairs of item and annotator that need no answer any more; a vote of somebody without an assignment
            takes the place of the last assignment that is open.
    """
    held = list(rows)
    missing = {name: item.votes for name, item in items.items()}
    for item_id, _ in done:
        if item_id in missing:
            missing[item_id] -= 1
    kept = []
    for row in held:
        if (row.item_id, row.annotator) in done:
            kept.append(row)
        elif missing.get(row.item_id, 0) > 0:
            missing[row.item_id] -= 1
            kept.append(row)
    return kept


def campaign_assignments(store: Store) -> list[Assignment]:
    """The assignments of a campaign that hold.

    Raises:
        MissingFileError: the plan assigns no items.
    """
    rows = store.rows("assignments.jsonl", Assignment, "plan")
    return current_assignments(rows, store.campaign.file.studio.annotators, answered_pairs(store.ledger))


def answered_pairs(ledger: Iterable[Annotation]) -> set[tuple[str, str]]:
    """The (item, annotator) of each answer or skip in a ledger."""
    return {(row.item_id, row.annotator) for row in latest(ledger) if row.state in ("submitted", "skipped")}


def shared_out(store: Store, annotators: Sequence[str]) -> list[Assignment]:
    """The division of the items among people, with what has to be added to it, which is recorded.

    Raises:
        UsageError: nobody is named, in the options or in the campaign file.
    """
    before = store.sheets
    people = sorted({*(annotators or store.campaign.file.studio.annotators), *(row.annotator for row in before)})
    if not people:
        raise UsageError("--annotators says for whom: pseudonyms, e.g. --annotators ann-1,ann-2,ann-3")
    new = assign(list(store.items.values()), people, store.campaign.file.seed, before)
    store.append_rows("sheets.jsonl", new)
    return [*before, *new]


def done_pairs(
    ledger: Sequence[Annotation], items: Mapping[str, Item], codebook: Codebook, withdrawn: Container[str]
) -> set[tuple[str, str]]:
    """The pairs of item and annotator that need no answer any more: those with a vote that counts, or a skip.

    Args:
        ledger: its lines.
        items: by id.
        codebook: as it is now.
        withdrawn: items that were taken out.
    """
    counted = settle(ledger, items, codebook, withdrawn).counted
    skipped = (line for line in latest(ledger) if line.state == "skipped")
    return {(line.item_id, line.annotator) for line in (*counted, *skipped)}


def _refuse_too_few(items: Sequence[Item], annotators: Sequence[str]) -> None:
    most = max((item.votes for item in items), default=0)
    if most > len(set(annotators)):
        raise DataError(
            f"[studio] annotators: an item needs {plural(most, 'vote')}, and "
            f"{plural(len(set(annotators)), 'annotator is', 'annotators are')} named; name more, or lower [plan] votes"
        )


class _Balance:
    """The load of each annotator, and how many items two of them share."""

    def __init__(self, annotators: Sequence[str], held: Mapping[str, set[str]], seed: int) -> None:
        self._seed = seed
        self._load = Counter(dict.fromkeys(annotators, 0))
        self._meets: Counter[tuple[str, str]] = Counter()
        self._on = {item: set(names) for item, names in held.items()}
        for names in held.values():
            for name in names:
                self._add(name, names - {name}, both=False)

    def choose(self, item_id: str, free: Sequence[str], count: int) -> list[str]:
        """The annotators for an item, the best first."""
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
