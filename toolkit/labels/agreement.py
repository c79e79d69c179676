"""How far annotators agree beyond chance, with the intervals that say what they mean."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from toolkit.codebook import Level, Question
from toolkit.errors import DataError
from toolkit.labels.coding import Votes, code_votes
from toolkit.labels.coefficients import Distance, alpha_of, coincidences, interval, nominal, ordinal, ratio
from toolkit.labels.pigeonhole import draws_worth, pigeonhole
from toolkit.records import Vote
from toolkit.statistics import (
    Estimate,
    Floats,
    Resamples,
    estimate,
    percentile_interval,
    resample,
    sums_of,
    undefined,
)

_NO_PAIRS = "no item has two votes"
_ALL_EQUAL = "all votes are equal, so agreement beyond chance is undefined"
_FEW_ANNOTATORS, _FEW_CLUSTERS = 8, 30  # below these an interval is itself uncertain
_PRECISE = 0.05  # half the width of an interval that tells something


class Interval(Struct, frozen=True, kw_only=True):
    """An interval of 95 %, or why there is none."""

    low: float | None
    high: float | None
    why: str = ""


class Coefficient(Struct, frozen=True, kw_only=True):
    """A coefficient with the interval of *same annotators, new articles*."""

    name: str = "alpha"
    value: float | None
    low: float | None
    high: float | None
    level: str
    n: int  # items with two votes or more
    clusters: int  # resampled articles or clusters
    why: str = ""  # why value, low or high is None
    new_annotators: Interval | None = None  # of *new annotators, new articles*


class QuestionAgreement(Struct, frozen=True, kw_only=True):
    """Agreement on one question."""

    n_items: int
    n_annotators: int
    n_votes: int  # without the no-answer ones
    no_answers: int  # votes that are no answer: missing for agreement
    alpha: Coefficient
    raw: Estimate  # the chance that two votes on an item are equal
    shares: dict[str, float]  # of each label among the votes
    per_label: dict[str, Coefficient]  # one label against the rest
    coefficients: tuple[Coefficient, ...] = ()  # what was asked for besides
    cautions: tuple[str, ...] = ()  # what a reader must know of these figures


class Scale(Struct, frozen=True, kw_only=True):
    """How labels are compared."""

    level: Level = "nominal"
    values: dict[str, float] = {}  # of the labels; needed for all levels but nominal

    def distance(self, labels: Sequence[str]) -> Distance:
        """The squared difference of labels, which must be in the order of `ordered`.

        Raises:
            DataError: a label has no value, or a ratio has a negative one.
        """
        if self.level == "nominal":
            return nominal
        missing = [label for label in labels if label not in self.values]
        if missing:
            raise DataError(
                f"label {missing[0]!r} has no place on the scale that level {self.level} needs; name the labels from "
                "low to high (`--order`), or measure at level nominal"
            )
        values = [self.values[label] for label in labels]
        if self.level == "ordinal":
            return ordinal
        if self.level == "ratio" and min(values, default=0) < 0:
            raise DataError("level ratio needs values from 0 up; measure at level interval")
        return interval(values) if self.level == "interval" else ratio(values)

    def ordered(self, labels: Sequence[str]) -> list[str]:
        """The labels from low to high, or as they come where they have no values."""
        return sorted(labels, key=lambda label: self.values.get(label, 0.0)) if self.values else list(labels)


def scale_of(question: Question) -> Scale:
    """The scale of a question's labels at the question's level."""
    values = {label.name: label.scale for label in question.labels if label.scale is not None}
    return Scale(level=question.level, values=values)


def agreement(votes: Iterable[Vote], labels: Sequence[str], no_answers: Sequence[str], seed: int) -> QuestionAgreement:
    """Agreement on one question at level nominal, over all but the no-answer labels.

    Args:
        votes: on one question; their order does not matter.
        labels: those that count, in codebook order.
        no_answers: labels that are missing for agreement.
        seed: of the bootstraps.
    """
    return agreement_at(votes, labels, no_answers, Scale(), seed)


def agreement_at(
    votes: Iterable[Vote], labels: Sequence[str], no_answers: Sequence[str], scale: Scale, seed: int
) -> QuestionAgreement:
    """Agreement on one question at a level, as `agreement` gives it at level nominal."""
    given = list(votes)
    missing = set(no_answers)
    coded = code_votes((vote for vote in given if vote.label not in missing), scale.ordered(labels))
    return agreement_of_votes(coded, labels, len(given) - len(coded.item), scale, seed)


def agreement_of_votes(
    coded: Votes, labels: Sequence[str], no_answers: int, scale: Scale, seed: int
) -> QuestionAgreement:
    """Agreement of votes that are arrays already, their labels in the order of the scale.

    Args:
        coded: votes that are answers.
        labels: the order in which they are reported.
        no_answers: how many votes were none.
        scale: how labels are compared.
        seed: of the bootstraps.
    """
    total = Counter(dict(zip(coded.labels, np.bincount(coded.label, minlength=len(coded.labels)), strict=True)))
    n_votes = len(coded.item)
    alpha, per_label, raw = _headline(coded, scale, seed)
    return QuestionAgreement(
        n_items=len(coded.items),
        n_annotators=len(coded.annotators),
        n_votes=n_votes,
        no_answers=no_answers,
        alpha=alpha,
        raw=raw,
        shares={label: float(total[label] / n_votes) for label in labels} if n_votes else {},
        per_label={label: per_label[label] for label in labels},
        cautions=tuple(_cautions(alpha, len(coded.annotators))),
    )


def _headline(coded: Votes, scale: Scale, seed: int) -> tuple[Coefficient, dict[str, Coefficient], Estimate]:
    """Alpha, alpha of each label against the rest, and raw agreement, all on the same resamples."""
    n = int((coded.per_item >= 2).sum())
    if not n:
        nothing = undefined(_NO_PAIRS, 0, 0)
        per_label = {label: as_coefficient(nothing, "nominal") for label in coded.labels}
        return as_coefficient(nothing, scale.level), per_label, nothing
    drawn = coincidence_resamples(coded, seed)
    statistic = alpha_statistic(scale.distance(coded.labels))
    alpha = as_coefficient(estimate(drawn, statistic, n, _ALL_EQUAL), scale.level)
    if alpha.value is not None:
        alpha = msgspec.structs.replace(alpha, new_annotators=new_annotators(coded, statistic, seed))
    per_label = {
        label: as_coefficient(estimate(drawn, _one_against_rest(number), n, _ALL_EQUAL), "nominal")
        for number, label in enumerate(coded.labels)
    }
    return alpha, per_label, estimate(drawn, _equal_share, n)


def coincidence_resamples(coded: Votes, seed: int) -> Resamples:
    """The coincidence matrix of some votes, and those of resampled clusters; items with a single vote have no part."""
    paired = np.flatnonzero(coded.per_item >= 2)
    names, cluster = np.unique(coded.cluster[paired], return_inverse=True)
    matrices = coincidences(coded.counts[paired]) * coded.weight[paired][:, np.newaxis, np.newaxis]
    return resample(sums_of(cluster, matrices, len(names)), seed)


def alpha_statistic(distance: Distance) -> Callable[[Floats], Floats]:
    """Alpha as a function of coincidence matrices, [draws, labels, labels] -> [draws]."""
    return lambda tables: alpha_of(tables, distance)


def new_annotators(coded: Votes, statistic: Callable[[Floats], Floats], seed: int) -> Interval:
    """The interval of *new annotators, new articles* for a function of coincidence matrices."""
    if len(coded.annotators) < 3:
        return Interval(low=None, high=None, why="fewer than three annotators say nothing about others")
    low, high = percentile_interval(statistic(pigeonhole(coded, seed, draws_worth(len(coded.item)))))
    return Interval(low=low, high=high, why="" if low is not None else "too many resamples in which it is undefined")


def as_coefficient(found: Estimate, level: str, name: str = "alpha") -> Coefficient:
    """An estimate as a coefficient at a level."""
    return Coefficient(name=name, level=level, **msgspec.structs.asdict(found))


def _one_against_rest(number: int) -> Callable[[Floats], Floats]:
    def statistic(tables: Floats) -> Floats:
        both, one, all_ = tables[:, number, number], tables[:, number].sum(axis=1), tables.sum(axis=(1, 2))
        merged = np.stack([np.stack([both, one - both], 1), np.stack([one - both, all_ - 2 * one + both], 1)], 1)
        return alpha_of(merged, nominal)

    return statistic


def _equal_share(tables: Floats) -> Floats:
    return np.asarray(np.trace(tables, axis1=1, axis2=2) / tables.sum(axis=(1, 2)))


# --- what a reader must know -----------------------------------------------------------------------------------------


def _cautions(alpha: Coefficient, n_annotators: int) -> Iterable[str]:
    if alpha.value is None:
        return
    if n_annotators < _FEW_ANNOTATORS:
        yield f"{n_annotators} annotators: what others would agree on is known roughly at best"
    if alpha.clusters < _FEW_CLUSTERS:
        yield f"{alpha.clusters} articles: the interval itself is uncertain"
    if alpha.low is None or alpha.high is None:
        return
    more = _more(alpha.n, alpha.low, alpha.high)
    if more:
        yield f"cannot say yet: about {more} more items would bring the interval to ± {_PRECISE}"
    others = alpha.new_annotators
    if others and others.low is not None and others.high is not None:
        people = _more(n_annotators, others.low, others.high)
        if people:
            yield f"about {people} more annotators would bring the interval of new annotators to ± {_PRECISE}"


def _more(n: int, low: float, high: float) -> int:
    """How many more make an interval narrow enough, if its width falls with the root of their number."""
    return max(math.ceil(n * ((high - low) / 2 / _PRECISE) ** 2) - n, 0)
