"""Tie-breaks: which items have all their votes and no majority, and who is asked for one more vote."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from toolkit.codebook import Codebook
from toolkit.labels.aggregation.gold import aggregate, all_gold
from toolkit.labels.ledger import Ledger, votes_of
from toolkit.records import Annotation, Annotator, Item


class Tiebreak(Struct, frozen=True, kw_only=True):
    """An item that needs one more vote."""

    item_id: str
    annotator: str | None  # who is asked; None: everybody has seen it, so whoever comes first


def tiebreaks(
    ledger: Ledger, states: Iterable[Annotation], codebook: Codebook, items: Mapping[str, Item], people: Sequence[str]
) -> list[Tiebreak]:
    """The items that need one more vote, each with somebody who has not seen it.

    Args:
        ledger: the votes that count.
        states: the latest state of each annotation: who has seen what.
        codebook: its required questions need a majority.
        items: by id.
        people: who can be asked.
    """
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for state in states:
        seen[state.item_id].add(state.annotator)
    chosen = tie_breakers(disputed_items(ledger, codebook, items), seen, people)
    return [Tiebreak(item_id=item, annotator=annotator) for item, annotator in chosen]


def tiebreak_people(
    named: Sequence[str],
    states: Iterable[Annotation],
    annotators: Mapping[str, Annotator],
    accounts: Container[str] | None,
) -> list[str]:
    """Who can be asked: the annotators that the campaign names, or else the people who have answered on the server.

    Args:
        named: in the campaign file.
        states: the latest state of each annotation.
        annotators: by pseudonym.
        accounts: those that can sign in on the server; None: not known, so everybody.
    """
    answered = {state.annotator for state in states if state.origin is not None}
    people = (name for name in answered if name in annotators and annotators[name].kind in ("human", "simulated"))
    return [name for name in named or sorted(people) if accounts is None or name in accounts]


def disputed_items(ledger: Ledger, codebook: Codebook, items: Mapping[str, Item]) -> list[str]:
    """The items that have all the votes that were asked for, and no majority on a required question.

    Items that one annotator is asked for cannot be disputed.
    """
    counts = Counter(annotation.item_id for annotation in ledger.counted)
    complete = {name: item for name, item in items.items() if item.votes > 1 and counts[name] >= item.votes}
    counted = [annotation for annotation in ledger.counted if annotation.item_id in complete]
    migrated = tuple(msgspec.structs.replace(row, answers=codebook.migrated(row.answers)) for row in counted)
    settled = Ledger(counted=migrated, left_out={})
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
