"""Gold labels from votes by majority, and the reasons why items have none."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from toolkit.codebook import Codebook, Question
from toolkit.records import Gold, GoldStatus, Vote


class FitFacts(Struct, frozen=True, kw_only=True):
    """How the estimation of a model ended; None where the model does not report it."""

    about: str  # "label", or "applicability" where a question has answers off its scale
    items: int
    annotators: int
    log_likelihood: float | None  # of the votes, natural logarithm
    rounds: int | None
    converged: bool | None
    starts: int
    agreeing_starts: int | None  # that ended at the same likelihood
    shares: dict[str, float]  # of each label, by the model


class Aggregated(Struct, frozen=True, kw_only=True):
    """The gold of a question, the reason of each item without a label, and how the models were fitted."""

    gold: list[Gold]  # in item order
    reasons: dict[str, str]  # unresolved item -> reason
    fits: tuple[FitFacts, ...] = ()

    @property
    def reason_counts(self) -> dict[str, int]:
        """The number of unresolved items by reason."""
        return dict(sorted(Counter(self.reasons.values()).items()))


# The votes on a question, the items shown to annotators, and by item the number of answers that a label needs.
Method = Callable[[Sequence[Vote], Question, Sequence[str], Mapping[str, int]], Aggregated]


def default_min_votes(expected: int) -> int:
    """The number of answers that a label needs: two, or one where one vote is expected."""
    return min(2, expected)


# --- majority --------------------------------------------------------------------------------------------------------


def majority(
    votes: Iterable[Vote], question: Question, item_ids: Iterable[str], min_votes: Mapping[str, int]
) -> list[Gold]:
    """Return the gold of each item by majority, in item order.

    A label needs more than half of the answers, and at least ``min_votes`` answers. A tied item stays unresolved; the
    order of the input decides nothing.

    A question with off-scale labels is decided in two steps: whether the scale applies, by all answers, and, if it
    does, the label, by the answers on the scale.

    Args:
        votes: on the question.
        question: its labels decide which votes are answers, and which are off the scale.
        item_ids: the items shown to annotators.
        min_votes: by item, the number of answers that a label needs.
    """
    by_item: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for vote in votes:
        by_item[vote.item_id][vote.label] += 1
    return [_decide(item, by_item[item], question, min_votes[item]) for item in sorted(item_ids)]


def _decide(item_id: str, counts: Counter[str], question: Question, min_votes: int) -> Gold:
    answers = {label: counts[label] for label in question.gold_labels if counts[label]}
    n = sum(answers.values())
    winner = _winner(answers, question) if n >= min_votes else None
    return Gold(
        item_id=item_id,
        question=question.name,
        label=winner,
        status=_status(winner, answers, counts.total()),
        method="majority",
        n_votes=counts.total(),
        votes={label: counts[label] for label in question.label_names if counts[label]},
        soft={label: count / n for label, count in answers.items()},
        confidence=answers[winner] / n if winner else None,
    )


def _winner(answers: Mapping[str, int], question: Question) -> str | None:
    off = {label: count for label, count in answers.items() if label in question.off_scale}
    on = {label: count for label, count in answers.items() if label not in off}
    return _more_than_half(on) if sum(on.values()) > sum(off.values()) else _more_than_half(answers)


def _more_than_half(answers: Mapping[str, int]) -> str | None:
    n = sum(answers.values())
    return next((label for label, count in answers.items() if 2 * count > n), None)


def _status(winner: str | None, answers: Mapping[str, int], n_votes: int) -> GoldStatus:
    if winner is None:
        return "unresolved"
    if n_votes == 1:
        return "single"
    return "unanimous" if answers[winner] == n_votes else "majority"


def by_majority(
    votes: Iterable[Vote], question: Question, item_ids: Iterable[str], min_votes: Mapping[str, int]
) -> Aggregated:
    """Gold by majority, with the reason of each item without a label."""
    gold = majority(votes, question, item_ids, min_votes)
    reasons = {row.item_id: _reason(row, question, min_votes[row.item_id]) for row in gold if row.label is None}
    return Aggregated(gold=gold, reasons=reasons)


def _reason(gold: Gold, question: Question, min_votes: int) -> str:
    answers = sorted((count for label, count in gold.votes.items() if label in question.gold_labels), reverse=True)
    if not answers:
        return "no answer"
    if sum(answers) < min_votes:
        return f"fewer than {min_votes} answers"
    tied = len(answers) > 1 and answers[0] == answers[1]
    return "a tie" if tied else "no label with more than half of the votes"


# --- all questions ---------------------------------------------------------------------------------------------------


def aggregate(
    votes: Mapping[str, Sequence[Vote]],
    codebook: Codebook,
    expected: Mapping[str, int],
    method: Method = by_majority,
    adjudicated: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Aggregated]:
    """The gold of every question that is answered with one label, by question.

    A question that is shown only after certain labels of an earlier question has no row for items whose gold is another
    label of that question. An optional question has rows only for items with an answer.

    Args:
        votes: by question.
        codebook: the questions, in their order.
        expected: by item, the number of votes that the plan asks for.
        method: how votes become a label.
        adjudicated: by question and item, the labels of adjudicators; votes and soft labels stay as they are.
    """
    aggregated: dict[str, Aggregated] = {}
    golds: dict[str, dict[str, Gold]] = {}
    for question in codebook.choices:
        given = votes.get(question.name, ())
        decided = (adjudicated or {}).get(question.name, {})
        answered = {vote.item_id for vote in given} | decided.keys()
        shown = [item for item in expected if _shown(question, item, golds) and (question.required or item in answered)]
        limits = {item: default_min_votes(expected[item]) for item in shown}
        relevant = [vote for vote in given if vote.item_id in limits]
        aggregated[question.name] = settle_adjudicated(method(relevant, question, shown, limits), decided)
        golds[question.name] = {row.item_id: row for row in aggregated[question.name].gold}
    return aggregated


def settle_adjudicated(aggregated: Aggregated, labels: Mapping[str, str]) -> Aggregated:
    """Gold in which adjudicated items have the label of their adjudication."""
    gold = [
        msgspec.structs.replace(
            row, label=labels[row.item_id], status="adjudicated", method="adjudication", confidence=None
        )
        if row.item_id in labels
        else row
        for row in aggregated.gold
    ]
    reasons = {item: reason for item, reason in aggregated.reasons.items() if item not in labels}
    return Aggregated(gold=gold, reasons=reasons, fits=aggregated.fits)


def all_gold(aggregated: Mapping[str, Aggregated]) -> list[Gold]:
    """The gold of all questions, in the order of question and item."""
    return [row for of_question in aggregated.values() for row in of_question.gold]


def _shown(question: Question, item_id: str, golds: Mapping[str, Mapping[str, Gold]]) -> bool:
    for earlier, labels in question.when.items():
        gold = golds.get(earlier, {}).get(item_id)
        if gold is None or (gold.label is not None and gold.label not in labels):
            return False
    return True


# --- a summary -------------------------------------------------------------------------------------------------------


class GoldSummary(Struct, frozen=True, kw_only=True):
    """Counts of the gold of some questions."""

    items: int
    resolved: int  # pairs of item and question with a label
    unresolved: int
    questions: dict[str, dict[str, int]]  # by status
    unresolved_reasons: dict[str, dict[str, int]]
    models: dict[str, tuple[FitFacts, ...]]  # of the questions that a model decides


def gold_summary(aggregated: Mapping[str, Aggregated]) -> GoldSummary:
    """The counts of the gold of some questions."""
    gold = all_gold(aggregated)
    resolved = sum(row.label is not None for row in gold)
    return GoldSummary(
        items=len({row.item_id for row in gold}),
        resolved=resolved,
        unresolved=len(gold) - resolved,
        questions={name: dict(Counter(row.status for row in q.gold)) for name, q in aggregated.items()},
        unresolved_reasons={name: q.reason_counts for name, q in aggregated.items()},
        models={name: q.fits for name, q in aggregated.items() if q.fits},
    )


def format_gold(
    question: str, statuses: Mapping[str, int], reasons: Mapping[str, int], fits: Sequence[FitFacts]
) -> str:
    """The counts of the gold of one question in a line.

    Args:
        question: its name.
        statuses: the number of items by status.
        reasons: the number of unresolved items by reason.
        fits: how the models were fitted.
    """
    items, unresolved = sum(statuses.values()), statuses.get("unresolved", 0)
    counts = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    detail = f" ({counts})" if counts else ""
    models = "".join(f"; {_fit_text(fit)}" for fit in fits)
    return f"{question}: {items - unresolved} of {items} items have gold, {unresolved} unresolved{detail}{models}"


def _fit_text(fit: FitFacts) -> str:
    likelihood = "" if fit.log_likelihood is None else f" log-likelihood {fit.log_likelihood:.2f},"
    ends = {True: f"converged after {fit.rounds} rounds", False: f"NOT CONVERGED after {fit.rounds} rounds"}
    end = f"{fit.rounds} rounds" if fit.converged is None else ends[fit.converged]
    starts = "" if fit.agreeing_starts is None else f", {fit.agreeing_starts} of {fit.starts} starts end there"
    return f"model of {fit.about}:{likelihood} {end}{starts}"
