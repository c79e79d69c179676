"""How much hangs on the method of aggregation: which items and labels change, and whether baselines change places."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from toolkit.records import Gold


class MethodPair(Struct, frozen=True, kw_only=True):
    """The gold of two methods, side by side, over the same items."""

    one: str
    other: str
    both: int  # items that have a label by both
    only_one: int  # items that have a label by the first alone
    only_other: int
    neither: int
    changed: int  # of those with a label by both: another one
    share: float | None  # changed / both; None where no item has a label by both
    labels: dict[str, int]  # "pro -> neutral": items, the most frequent first


class Swap(Struct, frozen=True, kw_only=True):
    """Two baselines that stand in another order under another method."""

    one: str  # the method under which `better` is better
    other: str
    better: str
    worse: str


def compare_methods(golds: Mapping[str, Sequence[Gold]]) -> list[MethodPair]:
    """Every two methods, by what they make of one question."""
    return [_pair(one, other, golds[one], golds[other]) for one, other in itertools.combinations(golds, 2)]


def _pair(one: str, other: str, gold: Sequence[Gold], other_gold: Sequence[Gold]) -> MethodPair:
    second = {row.item_id: row.label for row in other_gold}
    pairs = [(row.label, second[row.item_id]) for row in gold if row.item_id in second]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    changes = Counter(f"{a} -> {b}" for a, b in known if a != b)
    return MethodPair(
        one=one,
        other=other,
        both=len(known),
        only_one=sum(a is not None and b is None for a, b in pairs),
        only_other=sum(a is None and b is not None for a, b in pairs),
        neither=sum(a is None and b is None for a, b in pairs),
        changed=changes.total(),
        share=changes.total() / len(known) if known else None,
        labels=dict(sorted(changes.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def swapped_baselines(scores: Mapping[str, Mapping[str, float | None]]) -> list[Swap]:
    """The baselines that change places, by method and baseline their scores; what has no score has no place."""
    found = []
    for one, other in itertools.combinations(scores, 2):
        for first, second in itertools.permutations(sorted(scores[one].keys() & scores[other].keys()), 2):
            if _is_better(scores[one], first, second) and _is_better(scores[other], second, first):
                found.append(Swap(one=one, other=other, better=first, worse=second))
    return found


def _is_better(scores: Mapping[str, float | None], first: str, second: str) -> bool:
    a, b = scores[first], scores[second]
    return a is not None and b is not None and a > b
