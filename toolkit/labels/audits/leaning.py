"""Whether annotators' political leaning predicts their labels; the unit is the annotator, never the answer.

Leanings are given with consent, in a file that stays apart: no row of a dataset ever has one, and no group of fewer
than five people is described.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from toolkit.statistics import Floats

SMALLEST = 5  # people in a group that may be described
ENOUGH = 10  # people for a p-value
_EXACT = 5040  # permutations up to which all are taken
_DRAWS = 10_000


class Group(Struct, frozen=True, kw_only=True):
    """People of one leaning."""

    leaning: str
    people: int
    bias: float  # mean of their mean distances up the scale from the others on the same items


class Leaning(Struct, frozen=True, kw_only=True):
    """Leaning against the direction of labels."""

    people: int
    correlation: float | None  # of leaning, where it is a number, and bias; None: names, or fewer than five people
    groups: tuple[Group, ...]  # of five people or more
    withheld: int  # people in smaller groups
    p: float | None  # of permuted leanings; None under ten people
    reason: str  # why there is no p-value


def leaning_audit(leanings: Mapping[str, str], bias: Mapping[str, float], seed: int) -> Leaning:
    """Whether the leaning of annotators predicts how far up the scale their labels lie.

    Args:
        leanings: by annotator, of those who agreed: numbers or names.
        bias: by annotator, the mean distance from the others on the same items.
        seed: of the permutations.

    Source:
        Good, Permutation, Parametric and Bootstrap Tests of Hypotheses (2005), section 3.2; exact up to seven people,
        10,000 permutations beyond.
    """
    people = sorted(leanings.keys() & bias.keys())
    told, values = [leanings[who] for who in people], np.array([bias[who] for who in people])
    numbers = _numbers(told)
    groups, withheld = _groups(told if numbers is None else _signs(numbers), values)
    known = len(people) >= SMALLEST
    statistic = None if not known else _correlation(numbers, values) if numbers is not None else _between(told, values)
    p = _chance(told, numbers, values, seed) if len(people) >= ENOUGH and statistic is not None else None
    reason = "" if p is not None else _why(len(people), statistic)
    return Leaning(
        people=len(people),
        correlation=statistic if numbers is not None else None,
        groups=groups,
        withheld=withheld,
        p=p,
        reason=reason,
    )


def _why(people: int, statistic: float | None) -> str:
    if people < ENOUGH:
        return f"{people} people, fewer than {ENOUGH}: a description, no test"
    return "all have the same leaning or the same direction" if statistic is None else ""


def _numbers(told: Sequence[str]) -> Floats | None:
    try:
        return np.array([float(value) for value in told])
    except ValueError:
        return None


def _signs(numbers: Floats) -> list[str]:
    return ["negative" if value < 0 else "positive" if value > 0 else "zero" for value in numbers]


def _groups(told: Sequence[str], values: Floats) -> tuple[tuple[Group, ...], int]:
    by_leaning: dict[str, list[float]] = defaultdict(list)
    for leaning, value in zip(told, values, strict=True):
        by_leaning[leaning].append(float(value))
    shown = tuple(
        Group(leaning=name, people=len(each), bias=float(np.mean(each)))
        for name, each in sorted(by_leaning.items())
        if len(each) >= SMALLEST
    )
    return shown, len(told) - sum(group.people for group in shown)


def _correlation(numbers: Floats, values: Floats) -> float | None:
    if np.ptp(numbers) == 0 or np.ptp(values) == 0:
        return None
    return float(np.corrcoef(numbers, values)[0, 1])


def _between(told: Sequence[str], values: Floats) -> float | None:
    """The share of the variance of bias that lies between leanings."""
    names = np.array(told)
    total = float(((values - values.mean()) ** 2).sum())
    if len(set(told)) < 2 or total == 0:
        return None
    groups = [values[names == name] for name in sorted(set(told))]
    return float(sum(len(each) * (each.mean() - values.mean()) ** 2 for each in groups)) / total


def _chance(told: Sequence[str], numbers: Floats | None, values: Floats, seed: int) -> float:
    def size(order: Sequence[int]) -> float:
        chosen = values[list(order)]
        found = _between(told, chosen) if numbers is None else _correlation(numbers, chosen)
        return abs(found or 0.0)

    observed = size(range(len(values))) - 1e-12
    if math.factorial(len(values)) <= _EXACT:
        every = [size(order) for order in itertools.permutations(range(len(values)))]
        return float(np.mean([found >= observed for found in every]))
    rng = np.random.default_rng(seed)
    at_least = sum(size(rng.permutation(len(values)).tolist()) >= observed for _ in range(_DRAWS))
    return (1 + at_least) / (_DRAWS + 1)
