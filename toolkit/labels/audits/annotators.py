"""The figures and flags of each annotator, compared with the others; they are not a verdict.

A flag states an observation and its number of answers. No answer is removed for a flag, and no vote is weighted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from toolkit.errors import UsageError
from toolkit.labels.aggregation.models import Fitted, ModelOptions, fit
from toolkit.labels.audits.answers import AnnotatorAnswer, AuditedAnswers, SuggestedVote
from toolkit.labels.audits.leaning import Leaning, format_leaning, leaning_audit
from toolkit.labels.votes import Votes, code_columns
from toolkit.statistics import Estimate, Floats, by_cluster, cluster_bootstrap, undefined
from toolkit.words import format_figure, plural

_FAST = 0.25  # share of a median: an answer that took less time is fast
_MANY = 0.10  # share of fast answers, or change of agreement, that raises a flag
_SURE = 0.01  # p-value of a drift below which a flag is raised
_DRAWS = 2000
_FEW = 20  # answers below which neither drift nor speeding is judged


class Drift(Struct, frozen=True, kw_only=True):
    """Agreement with the others in the first and in the second half of an annotator's answers."""

    first: float
    last: float
    n: int
    p: float  # chance of a change this large if order had no effect (permutations of the annotator's answers)


class Speeding(Struct, frozen=True, kw_only=True):
    """The answering speed of an annotator."""

    median: float  # seconds
    others: float  # the median of the others' medians
    fast: int  # answers in less than a quarter of the annotator's own median and of the others'
    n: int


class AuditFlag(Struct, frozen=True, kw_only=True):
    """A warning about an annotator's answers, for review."""

    code: str
    evidence: str


class Profile(Struct, frozen=True, kw_only=True):
    """An annotator compared with the others; None for a figure without data."""

    annotator: str
    answers: int
    accuracy: float  # chance of the true label under the Dawid-Skene model, labels weighted by their shares
    confusion: dict[str, dict[str, float]]  # true label -> given label -> chance, under the same model
    agreement: Estimate  # share of the others' votes on the same items that are equal
    bias: Estimate | None  # distance up the scale from the others' mean on the same items; None without a scale
    drift: Drift | None
    speeding: Speeding | None
    intra_annotator_agreement: Estimate | None  # share of equal pairs of answers to an item that was shown twice
    confidence: float | None  # mean confidence, as the annotator uses the scale
    flags: tuple[AuditFlag, ...]


class Confidence(Struct, frozen=True, kw_only=True):
    """Whether annotators are more confident if others agree; confidence is centred on each annotator's own mean."""

    agreed: float  # mean centred confidence of answers that at least half of the others share
    alone: float  # mean centred confidence of the other answers
    n: int


def profiles(
    answers: Sequence[AnnotatorAnswer],
    labels: Sequence[str],
    scale: Mapping[str, float],
    repeats: Iterable[tuple[str, str, str]],
    seed: int,
) -> list[Profile]:
    """Return the profile of each annotator, sorted by name.

    Args:
        answers: one per annotator and item, without the no-answer labels.
        labels: all labels.
        scale: the scale value of each label that has one.
        repeats: annotator, first and second label of answers to an item that was shown twice.
        seed: seed of intervals and permutations.
    """
    rows = sorted(answers, key=lambda row: (row.item, row.annotator, row.time, row.label))
    votes = _coded(rows, labels)
    twice: dict[str, list[bool]] = defaultdict(list)
    for who, first, second in repeats:
        twice[who].append(first == second)
    context = _AuditContext(
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
        _profile(number, [rows[n] for n in mine], mine, context, twice[who])
        for number, who in enumerate(votes.annotators)
        for mine in [np.flatnonzero(votes.annotator == number)]
    ]


class _AuditContext(NamedTuple):
    """The model and the figures of all answers, in the order of the answers."""

    same: Floats  # share of the others with the same answer
    away: Floats  # distance up the scale from the others' mean
    clusters: NDArray[np.str_]
    medians: Mapping[str, float]  # median seconds by annotator
    scale: Mapping[str, float]
    labels: Sequence[str]
    model: Fitted
    seed: int


def _profile(
    number: int, own: Sequence[AnnotatorAnswer], mine: NDArray[np.int64], context: _AuditContext, twice: Sequence[bool]
) -> Profile:
    model, labels = context.model, context.labels
    agreement = _mean(context.same[mine], context.clusters[mine], context.seed)
    bias = _mean(context.away[mine], context.clusters[mine], context.seed) if len(context.scale) > 1 else None
    drift, speeding = _drift(own, context.same[mine], context.seed), _speeding(own, context.medians)
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
        intra_annotator_agreement=_consistency(twice, context.seed) if twice else None,
        confidence=float(np.mean(confident)) if confident else None,
        flags=_flags(bias, drift, speeding, context.scale),
    )


def _coded(rows: Sequence[AnnotatorAnswer], labels: Sequence[str]) -> Votes:
    items = [row.item for row in rows]
    return code_columns(items, [row.annotator for row in rows], [row.label for row in rows], items, labels)


def agreement_with_others(votes: Votes) -> Floats:
    """Return for each vote the share of the others' votes on its item that are equal; nan without other votes."""
    others, alike = votes.per_item[votes.item] - 1, votes.counts[votes.item, votes.label] - 1
    return np.asarray(np.divide(alike, others, out=np.full(len(votes.item), np.nan), where=others > 0))


def distance_from_others(votes: Votes, scale: Mapping[str, float]) -> Floats:
    """Return for each vote its distance up the scale from the others' mean on its item; nan where undefined."""
    place = np.array([scale.get(label, np.nan) for label in votes.labels])
    on = ~np.isnan(place)
    counts = votes.counts[:, on]
    number, total = counts.sum(axis=1), counts @ place[on]
    own = place[votes.label] if len(votes.label) else np.empty(0)
    others = number[votes.item] - 1
    mean = np.divide(total[votes.item] - own, others, out=np.full(len(own), np.nan), where=others > 0)
    return np.asarray(own - mean)


def _mean(values: Floats, clusters: NDArray[np.str_], seed: int) -> Estimate:
    defined = ~np.isnan(values)
    if not defined.any():
        return undefined("nobody else voted on these items", 0, 0)
    sums = by_cluster(list(clusters[defined]), np.column_stack([values[defined], np.ones(defined.sum())]))
    return cluster_bootstrap(sums, lambda draws: draws[:, 0] / draws[:, 1], int(defined.sum()), seed)


def _consistency(same: Sequence[bool], seed: int) -> Estimate:
    values = np.array(same, dtype=np.float64)
    return _mean(values, np.arange(len(values)).astype(str), seed)


def _confusion(model: Fitted, number: int, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    return {
        true: {given: round(float(model.confusion[number, i, j]), 4) for j, given in enumerate(labels)}
        for i, true in enumerate(labels)
    }


def _drift(own: Sequence[AnnotatorAnswer], same: Floats, seed: int) -> Drift | None:
    """Return the drift; None if times are unknown, or too few items have answers of others."""
    timed = [n for n in range(len(own)) if own[n].time and not np.isnan(same[n])]
    timed.sort(key=lambda n: (own[n].time, own[n].item))
    if len(timed) < _FEW:
        return None
    values, half = same[timed], len(timed) // 2
    change = float(values[-half:].mean() - values[:half].mean())
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(values, (_DRAWS, 1)), axis=1)
    by_luck = shuffled[:, -half:].mean(axis=1) - shuffled[:, :half].mean(axis=1)
    p = (1 + int(np.sum(np.abs(by_luck) >= abs(change) - 1e-12))) / (_DRAWS + 1)
    return Drift(first=float(values[:half].mean()), last=float(values[-half:].mean()), n=len(timed), p=p)


def _medians(rows: Iterable[AnnotatorAnswer]) -> dict[str, float]:
    seconds: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.seconds is not None:
            seconds[row.annotator].append(row.seconds)
    return {who: float(np.median(durations)) for who, durations in seconds.items()}


def _speeding(own: Sequence[AnnotatorAnswer], medians: Mapping[str, float]) -> Speeding | None:
    seconds = np.array([row.seconds for row in own if row.seconds is not None])
    others = [median for who, median in medians.items() if who != own[0].annotator]
    if len(seconds) < _FEW or not others:
        return None
    median, theirs = float(np.median(seconds)), float(np.median(others))
    fast = int(np.sum(seconds < _FAST * min(median, theirs)))
    return Speeding(median=median, others=theirs, fast=fast, n=len(seconds))


def _flags(
    bias: Estimate | None, drift: Drift | None, speeding: Speeding | None, scale: Mapping[str, float]
) -> tuple[AuditFlag, ...]:
    flags = []
    if bias and bias.value is not None and bias.low is not None and bias.high is not None:
        width = max(scale.values()) - min(scale.values())
        if not bias.low <= 0 <= bias.high and abs(bias.value) >= _MANY * width:
            evidence = f"{bias.value:+.2f} [{bias.low:+.2f}, {bias.high:+.2f}] of the others' mean, {bias.n} answers"
            flags.append(AuditFlag(code="direction", evidence=evidence))
    if drift and abs(drift.last - drift.first) >= _MANY and drift.p < _SURE:
        evidence = f"agreement {drift.first:.2f} in the first half, {drift.last:.2f} in the last, {drift.n} answers"
        flags.append(AuditFlag(code="drift", evidence=f"{evidence}, p {drift.p:.4f}"))
    if speeding and speeding.fast >= _MANY * speeding.n:
        medians = f"own {speeding.median:.0f} s, others {speeding.others:.0f} s"
        evidence = f"{speeding.fast} of {speeding.n} answers in less than a quarter of the medians"
        flags.append(AuditFlag(code="speeding", evidence=f"{evidence} ({medians})"))
    elif speeding and speeding.median < _FAST * speeding.others:
        evidence = f"median {speeding.median:.1f} s, the others' {speeding.others:.1f} s, {speeding.n} answers"
        flags.append(AuditFlag(code="speeding", evidence=evidence))
    return tuple(flags)


def confidence_of(answers: Sequence[AnnotatorAnswer], labels: Sequence[str]) -> Confidence | None:
    """Return whether annotators are more confident if others agree; None if no annotator stated a confidence."""
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


# --- suggestions of a model ------------------------------------------------------------------------------------------


def anchoring(votes: Sequence[SuggestedVote], seed: int) -> Estimate:
    """Return the share of votes equal to the suggestion if shown, minus the share if not shown, on the same items."""
    seen: dict[str, set[bool]] = defaultdict(set)
    for vote in votes:
        seen[vote.item].add(vote.shown)
    both = sorted((v for v in votes if len(seen[v.item]) == 2), key=lambda v: (v.item, v.shown, v.label))
    if not both:
        return undefined("no item was answered both with the suggestion shown and without", 0, 0)
    cells = np.zeros((len(both), 2, 2))
    for number, vote in enumerate(both):
        cells[number, int(vote.shown)] = vote.label == vote.suggestion, 1

    def difference(sums: Floats) -> Floats:
        """Return, for each draw, the share equal to a shown suggestion minus the share without it."""
        with np.errstate(invalid="ignore", divide="ignore"):
            share = sums[:, :, 0] / sums[:, :, 1]
        return np.asarray(share[:, 1] - share[:, 0])

    return cluster_bootstrap(by_cluster([v.cluster for v in both], cells), difference, len(both), seed)


# --- as text ---------------------------------------------------------------------------------------------------------


def format_profile(profile: Profile) -> str:
    """Format the figures and flags of one annotator as one line."""
    parts = [
        plural(profile.answers, "answer"),
        f"accuracy {profile.accuracy:.2f}",
        f"agreement with others {format_figure(profile.agreement)}",
    ]
    if profile.bias:
        parts.append(f"direction {format_figure(profile.bias, '+.2f')}")
    if profile.intra_annotator_agreement:
        intra = profile.intra_annotator_agreement
        parts.append(f"intra-annotator agreement {format_figure(intra, '.2f')} ({plural(intra.n, 'pair')})")
    parts += [f"LOOK: {flag.code}: {flag.evidence}" for flag in profile.flags]
    return f"{profile.annotator}: {', '.join(parts)}"


def format_confidence(confidence: Confidence) -> str:
    """Format whether annotators are more confident if others agree, as one line."""
    return (
        f"confidence, from each annotator's own mean: {confidence.agreed:+.2f} where half of the others agree, "
        f"{confidence.alone:+.2f} where fewer do ({plural(confidence.n, 'answer')}); it weighs no vote"
    )


# --- the whole audit -------------------------------------------------------------------------------------------------


class AnnotatorAudit(Struct, frozen=True, kw_only=True):
    """The figures and flags of each annotator on one question."""

    question: str
    annotators: list[Profile]
    confidence: Confidence | None  # None: no annotator stated a confidence
    anchoring: Estimate | None  # None: no suggestions were shown
    leaning: Leaning | None  # None: no leanings are given
    cautions: tuple[str, ...] = ()  # about the table of votes


def audit_answers(audited: AuditedAnswers, leanings: Mapping[str, str] | None, seed: int) -> AnnotatorAudit:
    """Audit the annotators of some answers.

    Args:
        audited: the answers.
        leanings: leaning by annotator, for annotators who gave consent; None: leaning is not audited.
        seed: seed of intervals and permutations.

    Raises:
        UsageError: leanings are given, and the labels have no scale.
    """
    annotators = profiles(audited.answers, audited.labels, audited.scale, audited.repeats, seed)
    return AnnotatorAudit(
        question=audited.question,
        annotators=annotators,
        confidence=confidence_of(audited.answers, audited.labels),
        anchoring=anchoring(audited.suggested, seed) if audited.suggested else None,
        leaning=None if leanings is None else _leaning(leanings, annotators, audited, seed),
        cautions=audited.cautions,
    )


def _leaning(leanings: Mapping[str, str], annotators: Iterable[Profile], audited: AuditedAnswers, seed: int) -> Leaning:
    if not audited.scale:
        raise UsageError("--leaning needs labels on a scale; for a table, --order lists them from low to high")
    bias = {row.annotator: row.bias.value for row in annotators if row.bias and row.bias.value is not None}
    return leaning_audit(leanings, bias, seed)


def audit_lines(audit: AnnotatorAudit) -> list[str]:
    """Format the audit as text: one line per annotator and one per further figure."""
    lines = [format_profile(profile) for profile in audit.annotators]
    if audit.confidence:
        lines.append(format_confidence(audit.confidence))
    if audit.anchoring:
        figure = format_figure(audit.anchoring, "+.3f")
        lines.append(f"anchoring: votes equal the suggestion {figure} more often where it was shown")
    lines += [format_leaning(audit.leaning)] if audit.leaning else []
    return [*lines, *(f"  caution: {caution}" for caution in audit.cautions)]
