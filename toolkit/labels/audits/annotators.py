"""What each annotator's answers look like beside those of the others: figures and flags, never a verdict.

A flag says what was seen and on how many answers; nothing is removed for it, and no vote is weighted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from toolkit.labels.aggregation.models import Fitted, ModelOptions, fit
from toolkit.labels.votes import Votes, code_columns
from toolkit.statistics import Estimate, Floats, by_cluster, cluster_bootstrap, undefined

_FAST = 0.25  # of a median: an answer that took less than that share of it is fast
_MANY = 0.10  # share of fast answers, or change of agreement, from which a flag is raised
_SURE = 0.01  # chance of so large a drift by luck, below which a flag is raised
_DRAWS = 2000
_FEW = 20  # answers below which neither drift nor speeding is judged


class Answer(Struct, frozen=True, kw_only=True):
    """One person's label for one item, with what is known of how it came about."""

    item: str
    annotator: str
    label: str
    cluster: str = ""  # "": the item
    seconds: float | None = None
    time: str = ""  # when it was given, ISO 8601; "": unknown
    confidence: float | None = None


class Drift(Struct, frozen=True, kw_only=True):
    """Agreement with the others in the first and in the last half of a person's answers."""

    first: float
    last: float
    n: int
    p: float  # chance of so large a change if the order meant nothing (permutations of the person's answers)


class Speeding(Struct, frozen=True, kw_only=True):
    """How fast a person answers."""

    median: float  # seconds
    others: float  # the median of the others' medians
    fast: int  # answers in less than a quarter of the person's own median and of the others'
    n: int


class Flag(Struct, frozen=True, kw_only=True):
    """Something to look at."""

    code: str
    evidence: str


class Profile(Struct, frozen=True, kw_only=True):
    """An annotator beside the others; None where there is nothing to tell from."""

    annotator: str
    answers: int
    accuracy: float  # the chance of the true label by the model of Dawid and Skene, labels by their shares
    confusion: dict[str, dict[str, float]]  # true label -> given label -> chance, by the same model
    agreement: Estimate  # share of the others' votes on the same items that are the same
    bias: Estimate | None  # how far up the scale of the others' mean on the same items; None without a scale
    drift: Drift | None
    speeding: Speeding | None
    intra_annotator_agreement: (
        Estimate | None
    )  # share of pairs of answers to the same item, put twice, that are the same
    confidence: float | None  # mean, as the person uses the scale
    flags: tuple[Flag, ...]


class Confidence(Struct, frozen=True, kw_only=True):
    """Whether people are surer where others agree with them; confidence counted from each person's own mean."""

    agreed: float  # mean centred confidence of answers that at least half of the others share
    alone: float  # of the other answers
    n: int


def profiles(
    answers: Sequence[Answer],
    labels: Sequence[str],
    scale: Mapping[str, float],
    repeats: Iterable[tuple[str, str, str]],
    seed: int,
) -> list[Profile]:
    """Every annotator beside the others, by name.

    Args:
        answers: one a person and item; the labels that are no answer left out.
        labels: all of them.
        scale: the place of the labels that have one.
        repeats: annotator, first and second label of answers to the same item put twice.
        seed: of intervals and permutations.
    """
    rows = sorted(answers, key=lambda row: (row.item, row.annotator, row.time, row.label))
    votes = _coded(rows, labels)
    twice: dict[str, list[bool]] = defaultdict(list)
    for who, first, second in repeats:
        twice[who].append(first == second)
    beside = _Beside(
        same=agreement_with_others(votes),
        away=distance_from_others(votes, scale),
        clusters=np.array([row.cluster or row.item for row in rows]),
        medians=_medians(rows),
        scale=scale,
        labels=labels,
        model=fit(votes, ModelOptions(seed=seed)),
        seed=seed,
    )
    return [
        _profile(number, [rows[n] for n in mine], mine, beside, twice[who])
        for number, who in enumerate(votes.annotators)
        for mine in [np.flatnonzero(votes.annotator == number)]
    ]


class _Beside(NamedTuple):
    """What is known of all answers, in their order."""

    same: Floats  # share of the others who say the same
    away: Floats  # from the others' mean, up the scale
    clusters: NDArray[np.str_]
    medians: Mapping[str, float]  # seconds, by annotator
    scale: Mapping[str, float]
    labels: Sequence[str]
    model: Fitted
    seed: int


def _profile(
    number: int, own: Sequence[Answer], mine: NDArray[np.int64], beside: _Beside, twice: Sequence[bool]
) -> Profile:
    model, labels = beside.model, beside.labels
    agreement = _mean(beside.same[mine], beside.clusters[mine], beside.seed)
    bias = _mean(beside.away[mine], beside.clusters[mine], beside.seed) if len(beside.scale) > 1 else None
    drift, speeding = _drift(own, beside.same[mine], beside.seed), _speeding(own, beside.medians)
    confident = [row.confidence for row in own if row.confidence is not None]
    return Profile(
        annotator=own[0].annotator,
        answers=len(own),
        accuracy=float((model.prior * np.diagonal(model.confusion[number])).sum()),
        confusion=_confusion(model, number, labels),
        agreement=agreement,
        bias=bias,
        drift=drift,
        speeding=speeding,
        intra_annotator_agreement=_consistency(twice, beside.seed) if twice else None,
        confidence=float(np.mean(confident)) if confident else None,
        flags=_flags(bias, drift, speeding, beside.scale),
    )


def _coded(rows: Sequence[Answer], labels: Sequence[str]) -> Votes:
    items = [row.item for row in rows]
    return code_columns(items, [row.annotator for row in rows], [row.label for row in rows], items, labels)


def agreement_with_others(votes: Votes) -> Floats:
    """For each vote the share of the others' votes on its item that are the same; nan where there is none."""
    others, alike = votes.per_item[votes.item] - 1, votes.counts[votes.item, votes.label] - 1
    return np.asarray(np.divide(alike, others, out=np.full(len(votes.item), np.nan), where=others > 0))


def distance_from_others(votes: Votes, scale: Mapping[str, float]) -> Floats:
    """For each vote how far up the scale of the others' mean on its item it lies; nan where that has no meaning."""
    place = np.array([scale.get(label, np.nan) for label in votes.labels])
    on = ~np.isnan(place)
    counts = votes.counts[:, on]
    number, total = counts.sum(axis=1), counts @ place[on]
    own = place[votes.label] if len(votes.label) else np.empty(0)
    others = number[votes.item] - 1
    mean = np.divide(total[votes.item] - own, others, out=np.full(len(own), np.nan), where=others > 0)
    return np.asarray(own - mean)


def _mean(values: Floats, clusters: NDArray[np.str_], seed: int) -> Estimate:
    known = ~np.isnan(values)
    if not known.any():
        return undefined("nobody else voted on these items", 0, 0)
    sums = by_cluster(list(clusters[known]), np.column_stack([values[known], np.ones(known.sum())]))
    return cluster_bootstrap(sums, lambda draws: draws[:, 0] / draws[:, 1], int(known.sum()), seed)


def _consistency(same: Sequence[bool], seed: int) -> Estimate:
    values = np.array(same, dtype=np.float64)
    return _mean(values, np.arange(len(values)).astype(str), seed)


def _confusion(model: Fitted, number: int, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    return {
        true: {given: round(float(model.confusion[number, i, j]), 4) for j, given in enumerate(labels)}
        for i, true in enumerate(labels)
    }


def _drift(own: Sequence[Answer], same: Floats, seed: int) -> Drift | None:
    """None where times are unknown, or too few answers have others' beside them."""
    known = [n for n in range(len(own)) if own[n].time and not np.isnan(same[n])]
    known.sort(key=lambda n: (own[n].time, own[n].item))
    if len(known) < _FEW:
        return None
    values, half = same[known], len(known) // 2
    change = float(values[-half:].mean() - values[:half].mean())
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(values, (_DRAWS, 1)), axis=1)
    by_luck = shuffled[:, -half:].mean(axis=1) - shuffled[:, :half].mean(axis=1)
    p = (1 + int(np.sum(np.abs(by_luck) >= abs(change) - 1e-12))) / (_DRAWS + 1)
    return Drift(first=float(values[:half].mean()), last=float(values[-half:].mean()), n=len(known), p=p)


def _medians(rows: Iterable[Answer]) -> dict[str, float]:
    seconds: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.seconds is not None:
            seconds[row.annotator].append(row.seconds)
    return {who: float(np.median(each)) for who, each in seconds.items()}


def _speeding(own: Sequence[Answer], medians: Mapping[str, float]) -> Speeding | None:
    seconds = np.array([row.seconds for row in own if row.seconds is not None])
    others = [median for who, median in medians.items() if who != own[0].annotator]
    if len(seconds) < _FEW or not others:
        return None
    median, theirs = float(np.median(seconds)), float(np.median(others))
    fast = int(np.sum(seconds < _FAST * min(median, theirs)))
    return Speeding(median=median, others=theirs, fast=fast, n=len(seconds))


def _flags(
    bias: Estimate | None, drift: Drift | None, speeding: Speeding | None, scale: Mapping[str, float]
) -> tuple[Flag, ...]:
    found = []
    if bias and bias.value is not None and bias.low is not None and bias.high is not None:
        width = max(scale.values()) - min(scale.values())
        if not bias.low <= 0 <= bias.high and abs(bias.value) >= _MANY * width:
            told = f"{bias.value:+.2f} [{bias.low:+.2f}, {bias.high:+.2f}] of the others' mean, {bias.n} answers"
            found.append(Flag(code="direction", evidence=told))
    if drift and abs(drift.last - drift.first) >= _MANY and drift.p < _SURE:
        told = f"agreement {drift.first:.2f} in the first half, {drift.last:.2f} in the last, {drift.n} answers"
        found.append(Flag(code="drift", evidence=f"{told}, p {drift.p:.4f}"))
    if speeding and speeding.fast >= _MANY * speeding.n:
        told = f"{speeding.fast} of {speeding.n} answers in less than a quarter of the medians"
        found.append(
            Flag(code="speeding", evidence=f"{told} (own {speeding.median:.0f} s, others {speeding.others:.0f} s)")
        )
    elif speeding and speeding.median < _FAST * speeding.others:
        told = f"median {speeding.median:.1f} s, the others' {speeding.others:.1f} s, {speeding.n} answers"
        found.append(Flag(code="speeding", evidence=told))
    return tuple(found)


def confidence_of(answers: Sequence[Answer], labels: Sequence[str]) -> Confidence | None:
    """Whether people are surer where others agree with them; None where nobody said how sure they were."""
    rows = sorted(answers, key=lambda row: (row.item, row.annotator, row.time, row.label))
    by_person: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.confidence is not None:
            by_person[row.annotator].append(row.confidence)
    if not by_person:
        return None
    mean = {who: float(np.mean(given)) for who, given in by_person.items()}
    same = agreement_with_others(_coded(rows, labels))
    shared: dict[bool, list[float]] = {True: [], False: []}
    for row, share in zip(rows, same, strict=True):
        if row.confidence is not None and not np.isnan(share):
            shared[bool(share >= 1 / 2)].append(row.confidence - mean[row.annotator])
    if not shared[True] or not shared[False]:
        return None
    number = len(shared[True]) + len(shared[False])
    return Confidence(agreed=float(np.mean(shared[True])), alone=float(np.mean(shared[False])), n=number)


def repeated_pairs(answers: Iterable[Answer], same_as: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Annotator, first and second label of answers to items that put the same thing twice.

    Args:
        answers: in any order.
        same_as: from item to what it puts.
    """
    found: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    for row in answers:
        found[row.annotator, same_as.get(row.item, row.item)].append(row)
    pairs = []
    for (who, _), rows in sorted(found.items()):
        ordered = sorted(rows, key=lambda row: (row.time, row.item, row.label))
        pairs += [(who, one.label, other.label) for one, other in combinations(ordered, 2)]
    return pairs
