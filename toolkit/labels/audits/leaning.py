"""Whether the political leaning of annotators predicts their labels; the unit is the annotator, never the answer.

Annotators state their leaning with consent, in a separate file. No row of a dataset contains a leaning, and no group
of fewer than five annotators is described.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct

from toolkit.labels.audits.answers import is_yes
from toolkit.statistics import Floats
from toolkit.tables import Row, column
from toolkit.words import plural

SMALLEST = 5  # annotators in a group that may be described
ENOUGH = 10  # annotators for a p-value
_DRAWS = 10_000


class LeaningGroup(Struct, frozen=True, kw_only=True):
    """The annotators of one leaning."""

    leaning: str
    people: int
    bias: float  # mean of the annotators' mean distances up the scale from the others on the same items


class Leaning(Struct, frozen=True, kw_only=True):
    """The association of annotators' leaning with the direction of their labels."""

    people: int
    correlation: float | None  # of numeric leaning and bias; None: names, or fewer than five annotators
    groups: tuple[LeaningGroup, ...]  # groups of five annotators or more
    withheld: int  # annotators in smaller groups
    p: float | None  # from permuted leanings; None below ten annotators
    reason: str  # reason why there is no p-value


def leaning_audit(leanings: Mapping[str, str], bias: Mapping[str, float], seed: int) -> Leaning:
    """Return whether the leaning of annotators predicts the scale position of their labels.

    Args:
        leanings: leaning by annotator, for annotators who gave consent: numbers or names.
        bias: mean distance from the others on the same items, by annotator.
        seed: seed of the permutations.

    Source:
        Good, Permutation, Parametric and Bootstrap Tests of Hypotheses (2005), section 3.2; 10,000 permutations.
    """
    people = sorted(leanings.keys() & bias.keys())
    names, values = [leanings[name] for name in people], np.array([bias[name] for name in people])
    numbers = _numbers(names)
    groups, withheld = _groups(names if numbers is None else _signs(numbers), values)
    statistic = None
    if len(people) >= SMALLEST:
        statistic = _between(names, values) if numbers is None else _correlation(numbers, values)
    p = _p_value(names, numbers, values, seed) if len(people) >= ENOUGH and statistic is not None else None
    reason = "" if p is not None else _reason(len(people), statistic)
    return Leaning(
        people=len(people),
        correlation=statistic if numbers is not None else None,
        groups=groups,
        withheld=withheld,
        p=p,
        reason=reason,
    )


def _reason(people: int, statistic: float | None) -> str:
    if people < ENOUGH:
        return f"{people} people, fewer than {ENOUGH}: a description, no test"
    return "all have the same leaning or the same direction" if statistic is None else ""


def _numbers(names: Sequence[str]) -> Floats | None:
    try:
        return np.array([float(value) for value in names])
    except ValueError:
        return None


def _signs(numbers: Floats) -> list[str]:
    return ["negative" if value < 0 else "positive" if value > 0 else "zero" for value in numbers]


def _groups(names: Sequence[str], values: Floats) -> tuple[tuple[LeaningGroup, ...], int]:
    by_leaning: dict[str, list[float]] = defaultdict(list)
    for leaning, value in zip(names, values, strict=True):
        by_leaning[leaning].append(float(value))
    shown = tuple(
        LeaningGroup(leaning=name, people=len(biases), bias=float(np.mean(biases)))
        for name, biases in sorted(by_leaning.items())
        if len(biases) >= SMALLEST
    )
    return shown, len(names) - sum(group.people for group in shown)


def _correlation(numbers: Floats, values: Floats) -> float | None:
    if np.ptp(numbers) == 0 or np.ptp(values) == 0:
        return None
    return float(np.corrcoef(numbers, values)[0, 1])


def _between(names: Sequence[str], values: Floats) -> float | None:
    """Return the share of the variance of bias that lies between leanings."""
    of_annotator = np.array(names)
    total = float(((values - values.mean()) ** 2).sum())
    if len(set(names)) < 2 or total == 0:
        return None
    groups = [values[of_annotator == name] for name in sorted(set(names))]
    return float(sum(len(group) * (group.mean() - values.mean()) ** 2 for group in groups)) / total


def _p_value(names: Sequence[str], numbers: Floats | None, values: Floats, seed: int) -> float:
    """Return the chance of an association this strong if leanings were permuted among annotators."""
    from scipy.stats import permutation_test

    def strength(biases: Floats) -> float:
        """Return the absolute association of the biases with the leanings; 0 where it is undefined."""
        association = _between(names, biases) if numbers is None else _correlation(numbers, biases)
        return abs(association or 0.0)

    test = permutation_test(
        (values,),
        strength,
        permutation_type="pairings",
        vectorized=False,
        n_resamples=_DRAWS,
        alternative="greater",
        random_state=np.random.default_rng(seed),
    )
    return float(test.pvalue)


def format_leaning(leaning: Leaning) -> str:
    """Format the association of leaning and direction of labels as one line."""
    groups = ", ".join(f"{g.leaning} {g.bias:+.2f} ({plural(g.people, 'annotator')})" for g in leaning.groups)
    text = f"leaning: {plural(leaning.people, 'annotator')} who gave consent"
    text += f", correlation with direction {leaning.correlation:+.2f}" if leaning.correlation is not None else ""
    text += f"; {groups}" if groups else ""
    text += (
        f"; {plural(leaning.withheld, 'annotator')} in groups of fewer than five not shown" if leaning.withheld else ""
    )
    return text + (f"; p {leaning.p:.4f} (permuted annotators)" if leaning.p is not None else f"; {leaning.reason}")


def leanings_in_table(rows: Sequence[Row], path: Path) -> dict[str, str]:
    """Return the leaning of each annotator who gave consent, from the columns annotator, leaning and consent."""
    cells = (column(rows, name, path) for name in ("annotator", "leaning", "consent"))
    return {str(name): str(leaning) for name, leaning, consent in zip(*cells, strict=True) if is_yes(consent)}
