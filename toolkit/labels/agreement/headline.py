"""Agreement of annotators beyond chance, with intervals, and the cautions that a reader needs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec import Struct

from toolkit.labels.agreement.coefficients import alpha_of, coincidences, nominal
from toolkit.labels.agreement.intervals import (
    Coefficient,
    Interval,
    Scale,
    Statistic,
    as_coefficient,
    n_draws,
    pigeonhole,
    scale_of,
    two_way_interval,
)
from toolkit.labels.votes import Votes, code_votes
from toolkit.records import Vote
from toolkit.statistics import Estimate, Floats, estimate, resample, sums_of, undefined
from toolkit.tables.columns import Coded, Ints, renumbered
from toolkit.words import plural

__all__ = ["Coefficient", "Interval", "QuestionAgreement", "Scale", "agreement", "agreement_at", "scale_of"]

NO_PAIRS = "no item has two votes"
ALL_EQUAL = "all votes are equal, so agreement beyond chance is undefined"


class AnnotatorAgreement(Struct, frozen=True, kw_only=True):
    """The agreement of an annotator with the others on the same items."""

    annotator: str
    n_votes: int  # votes on items that others also labelled
    alpha: Coefficient
    percent_agreement: float | None  # the chance that a vote of this annotator equals a vote of another


class PairAgreement(Struct, frozen=True, kw_only=True):
    """The agreement of two annotators on the items that both labelled."""

    annotators: tuple[str, str]
    n_items: int
    kappa: Coefficient
    percent_agreement: float


class SliceAgreement(Struct, frozen=True, kw_only=True):
    """Agreement on a part of the votes."""

    value: str
    n_votes: int
    alpha: Coefficient
    percent_agreement: Estimate


class Slices(Struct, frozen=True, kw_only=True):
    """Agreement by the values of one column."""

    listed: tuple[SliceAgreement, ...]
    not_listed: int = 0  # number of values that are not listed


class QuestionAgreement(Struct, frozen=True, kw_only=True):
    """Agreement on one question."""

    n_items: int
    n_annotators: int
    n_votes: int  # without no-answer votes
    no_answers: int  # no-answer votes, which are missing for agreement
    alpha: Coefficient
    percent_agreement: Estimate  # the chance that two votes on an item are equal
    shares: dict[str, float]  # share of each label among the votes
    per_label: dict[str, Coefficient]  # alpha of one label against the rest
    coefficients: tuple[Coefficient, ...] = ()  # further coefficients, and those of off-scale labels
    per_annotator: tuple[AnnotatorAgreement, ...] = ()  # the annotators with the most votes
    per_pair: tuple[PairAgreement, ...] = ()  # the pairs with the most common items
    not_listed: dict[str, int] = {}  # numbers of annotators and pairs that are not listed
    slices: dict[str, Slices] = {}  # by fact or question
    cautions: tuple[str, ...] = ()  # the limits of these figures


def agreement(votes: Iterable[Vote], labels: Sequence[str], no_answers: Sequence[str], seed: int) -> QuestionAgreement:
    """Return the agreement on one question at level nominal, over all labels except the no-answer labels.

    Args:
        votes: votes on one question; their order has no effect.
        labels: the labels that count, in codebook order.
        no_answers: labels that are missing for agreement.
        seed: seed of the bootstraps.
    """
    return agreement_at(votes, labels, no_answers, Scale(), seed)


def agreement_at(
    votes: Iterable[Vote], labels: Sequence[str], no_answers: Sequence[str], scale: Scale, seed: int
) -> QuestionAgreement:
    """Return the agreement on one question at a level, as `agreement` returns it at level nominal."""
    given = list(votes)
    missing = set(no_answers)
    coded = code_votes((vote for vote in given if vote.label not in missing), scale.ordered(labels))
    return agreement_of_votes(coded, labels, len(given) - len(coded.item), scale, seed)


def agreement_of_votes(
    coded: Votes, labels: Sequence[str], no_answers: int, scale: Scale, seed: int
) -> QuestionAgreement:
    """Return the agreement of coded votes with labels in the order of the scale.

    Args:
        coded: votes that are answers.
        labels: the labels in the order of the report.
        no_answers: number of no-answer votes.
        scale: the scale that compares labels.
        seed: seed of the bootstraps.
    """
    number = np.bincount(coded.label, minlength=len(coded.labels)).tolist()
    total = dict(zip(coded.labels, number, strict=True))
    n_votes = len(coded.item)
    alpha, per_label, raw = _headline(coded, scale, seed)
    return QuestionAgreement(
        n_items=len(coded.items),
        n_annotators=len(coded.annotators),
        n_votes=n_votes,
        no_answers=no_answers,
        alpha=alpha,
        percent_agreement=raw,
        shares={label: total[label] / n_votes for label in labels} if n_votes else {},
        per_label={label: per_label[label] for label in labels},
        cautions=tuple(cautions(alpha, len(coded.annotators))),
    )


def _headline(coded: Votes, scale: Scale, seed: int) -> tuple[Coefficient, dict[str, Coefficient], Estimate]:
    """Return alpha, alpha of each label against the rest, and percent agreement, all on the same resamples."""
    paired = paired_sums(coded)
    if not paired.items:
        nothing = undefined(NO_PAIRS, 0, 0)
        per_label = {label: as_coefficient(nothing, "nominal") for label in coded.labels}
        return as_coefficient(nothing, scale.level), per_label, nothing
    drawn = resample(paired.sums, seed)
    statistic = alpha_at(scale, coded.labels)
    alpha = as_coefficient(estimate(drawn, statistic, paired.items, ALL_EQUAL), scale.level)
    if alpha.value is not None:
        alpha = msgspec.structs.replace(alpha, new_annotators=new_annotators(coded, statistic, seed))
    per_label = {
        label: as_coefficient(estimate(drawn, _one_against_rest(number), paired.items, ALL_EQUAL), "nominal")
        for number, label in enumerate(coded.labels)
    }
    return alpha, per_label, estimate(drawn, equal_share, paired.items)


@dataclass(frozen=True)
class PairedSums:
    """The sums of the clusters with comparable votes; an item with a single vote is excluded."""

    sums: Floats  # coincidence matrices, [clusters, labels, labels]
    clusters: Ints  # the indexes of these clusters
    items: int


def paired_sums(coded: Votes) -> PairedSums:
    """Return the coincidence matrix of each cluster that has an item with two votes."""
    paired = np.flatnonzero(coded.per_item >= 2)
    clusters, cluster = renumbered(coded.cluster[paired], len(coded.clusters))
    matrices = coincidences(coded.counts[paired])
    if not (coded.weight == 1).all():
        matrices *= coded.weight[paired][:, np.newaxis, np.newaxis]
    return PairedSums(sums_of(cluster, matrices, len(clusters)), clusters, len(paired))


def alpha_at(scale: Scale, labels: Sequence[str]) -> Statistic:
    """Return alpha as a function of coincidence matrices."""
    distance = scale.distance(labels)
    return lambda tables: alpha_of(tables, distance)


def simple_alpha(coded: Votes, statistic: Statistic, seed: int) -> tuple[Estimate, Estimate]:
    """Return alpha and percent agreement with only the interval of *same annotators, new articles*."""
    paired = paired_sums(coded)
    if not paired.items:
        return undefined(NO_PAIRS, 0, 0), undefined(NO_PAIRS, 0, 0)
    drawn = resample(paired.sums, seed)
    return estimate(drawn, statistic, paired.items, ALL_EQUAL), estimate(drawn, equal_share, paired.items)


def new_annotators(coded: Votes, statistic: Statistic, seed: int) -> Interval:
    """Return the interval of *new annotators, new articles* for a function of coincidence matrices."""
    if len(coded.annotators) < 4:  # with three, one in nine resamples is a single annotator
        return Interval(low=None, high=None, reason="fewer than four annotators say too little about others")
    if len(np.unique(coded.cluster[coded.per_item >= 2])) < 2:
        return Interval(low=None, high=None, reason="one cluster has no interval")
    draws = statistic(pigeonhole(coded, seed, n_draws(coded)))
    low, high = two_way_interval(coded, statistic, draws)
    return Interval(low=low, high=high, reason="" if low is not None else "too many resamples in which it is undefined")


def equal_share(tables: Floats) -> Floats:
    """Return percent agreement from coincidence matrices: the chance that two votes on an item are equal."""
    total = tables.sum(axis=(1, 2))
    same = np.trace(tables, axis1=1, axis2=2)
    return np.asarray(np.divide(same, total, out=np.full_like(total, np.nan), where=total > 0))


def _one_against_rest(number: int) -> Statistic:
    def statistic(tables: Floats) -> Floats:
        """Return nominal alpha of each table, its labels merged into this label and all others."""
        both, label, total = tables[:, number, number], tables[:, number].sum(axis=1), tables.sum(axis=(1, 2))
        merged = np.stack([np.stack([both, label - both], 1), np.stack([label - both, total - 2 * label + both], 1)], 1)
        return alpha_of(merged, nominal)

    return statistic


# --- cautions --------------------------------------------------------------------------------------------------------


_FEW_ANNOTATORS, _FEW_CLUSTERS = 8, 30  # below these counts an interval is itself uncertain
_PRECISE = 0.05  # half the width of an informative interval


def cautions(alpha: Coefficient, n_annotators: int) -> Iterable[str]:
    """Yield the limits of an alpha: few annotators, few articles, a wide interval."""
    if alpha.value is None:
        return
    if n_annotators < _FEW_ANNOTATORS:
        yield f"{plural(n_annotators, 'annotator')}: agreement of other annotators is known roughly at best"
    if alpha.clusters < _FEW_CLUSTERS:
        yield f"{plural(alpha.clusters, 'article')}: the interval itself is uncertain"
    if alpha.low is None or alpha.high is None:
        return
    more = _more(alpha.n, alpha.low, alpha.high)
    if more:
        yield f"wide interval: about {more} more items would bring it to ± {_PRECISE}"
    others = alpha.new_annotators
    if others and others.low is not None and others.high is not None:
        people = _more(n_annotators, others.low, others.high)
        if people:
            yield f"wide interval of new annotators: about {people} more annotators would bring it to ± {_PRECISE}"


def _more(n: int, low: float, high: float) -> int:
    """Return how many more make an interval narrow enough, if its width falls with the square root of their number."""
    return max(math.ceil(n * ((high - low) / 2 / _PRECISE) ** 2) - n, 0)


# --- parts of the votes ----------------------------------------------------------------------------------------------


_MOST = 50  # number of listed values


def sliced(votes: Votes, values: Coded, scale: Scale, seed: int) -> Slices:
    """Return alpha and percent agreement for each value of a column, the values with the most votes, sorted by name.

    Args:
        votes: votes that are answers, with labels in the order of the scale.
        values: the value of each vote, [votes].
        scale: the scale that compares labels.
        seed: seed of the bootstraps; each slice is resampled separately.
    """
    often = np.bincount(values.codes, minlength=len(values.names))
    chosen = np.sort(np.argsort(-often, kind="stable")[:_MOST])
    listed = tuple(_slice(votes.of(values.codes == number), values.names[number], scale, seed) for number in chosen)
    return Slices(listed=listed, not_listed=len(values.names) - len(listed))


def _slice(votes: Votes, value: str, scale: Scale, seed: int) -> SliceAgreement:
    alpha, raw = simple_alpha(votes, alpha_at(scale, votes.labels), seed)
    return SliceAgreement(
        value=value, n_votes=len(votes.item), alpha=as_coefficient(alpha, scale.level), percent_agreement=raw
    )


def item_values(votes: Votes, values: Mapping[str, str]) -> Coded:
    """Return the value of each vote's item, [votes]; "(none)" for an item without a value."""
    names: Sequence[str] = [values.get(item) or "(none)" for item in votes.items]
    column = Coded.of(names)
    return Coded(codes=_of(column.codes, votes.item), names=column.names)


def majority_values(votes: Votes) -> dict[str, str]:
    """Return the most frequent label of each item, for slices by another question; "(tied)" if no label leads."""
    counts = votes.counts
    most = counts.max(axis=1, initial=0)
    tied = (counts == most[:, np.newaxis]).sum(axis=1) > 1
    leading = counts.argmax(axis=1) if counts.size else np.zeros(0, dtype=np.int64)
    return {
        item: "(tied)" if tie else votes.labels[label]
        for item, tie, label in zip(votes.items, tied, leading, strict=True)
    }


def _of(codes: Ints, item: Ints) -> Ints:
    return codes[item] if len(codes) else codes
