"""Votes into gold, or into the plain statement that there is none."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from toolkit.codebook import Codebook, Question
from toolkit.records import Gold, GoldStatus, Vote


class FitFacts(Struct, frozen=True, kw_only=True):
    """How a model came out, for whoever has to believe it; None where the model does not tell."""

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
    """The gold of a question, why some items have no label, and how the model came out if there was one."""

    gold: list[Gold]  # in item order
    reasons: dict[str, str]  # unresolved item -> reason
    fits: tuple[FitFacts, ...] = ()

    @property
    def reason_counts(self) -> dict[str, int]:
        """How many items are unresolved for each reason."""
        return dict(sorted(Counter(self.reasons.values()).items()))


# Votes on a question, the items that were put to annotators, and by item how many answers a label needs.
Method = Callable[[Sequence[Vote], Question, Sequence[str], Mapping[str, int]], Aggregated]


def default_min_votes(asked: int) -> int:
    """How many answers a label needs: two, or one where only one annotator was asked."""
    return min(2, asked)


# --- majority --------------------------------------------------------------------------------------------------------


def majority(
    votes: Iterable[Vote], question: Question, item_ids: Iterable[str], min_votes: Mapping[str, int]
) -> list[Gold]:
    """Give each item its label by majority, in item order.

    More than half of the votes that are answers are needed, and at least ``min_votes`` of them. A tie is
    nobody's label: the item stays unresolved, and the order of the input never decides.

    Where a question has answers off its scale, two things are decided one after the other: whether the scale applies at
    all, by all votes, and, if it does, the label, by the votes of those who said so.

    Args:
        votes: on the question.
        question: its labels say which votes are no answer, and which are off the scale.
        item_ids: the items that were put to annotators.
        min_votes: by item, how many answers a label needs behind the decision.
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
    """Gold by majority, with the reasons why some items have no label."""
    gold = majority(votes, question, item_ids, min_votes)
    reasons = {row.item_id: _why(row, question, min_votes[row.item_id]) for row in gold if row.label is None}
    return Aggregated(gold=gold, reasons=reasons)


def _why(gold: Gold, question: Question, min_votes: int) -> str:
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
    asked: Mapping[str, int],
    method: Method = by_majority,
    adjudicated: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Aggregated]:
    """The gold of every question that is answered with one label, by question.

    A question that is shown only after certain labels has gold only for items whose gold could lead there:
    where the earlier question has another label nobody was to answer, and no row is made. Of an optional question only
    items that somebody answered have a row.

    Args:
        votes: by question.
        codebook: the questions, in their order.
        asked: by item, how many annotators were asked.
        method: how the label of an item is found.
        adjudicated: by question and item, the labels that an adjudicator set; votes and soft labels stay as they are.
    """
    found: dict[str, Aggregated] = {}
    golds: dict[str, dict[str, Gold]] = {}
    for question in codebook.choices:
        given = votes.get(question.name, ())
        settled = (adjudicated or {}).get(question.name, {})
        answered = {vote.item_id for vote in given} | settled.keys()
        shown = [item for item in asked if _shown(question, item, golds) and (question.required or item in answered)]
        limits = {item: default_min_votes(asked[item]) for item in shown}
        relevant = [vote for vote in given if vote.item_id in limits]
        found[question.name] = settle_adjudicated(method(relevant, question, shown, limits), settled)
        golds[question.name] = {row.item_id: row for row in found[question.name].gold}
    return found


def settle_adjudicated(found: Aggregated, labels: Mapping[str, str]) -> Aggregated:
    """Gold in which adjudicated items bear the label that they were given there."""
    gold = [
        msgspec.structs.replace(
            row, label=labels[row.item_id], status="adjudicated", method="adjudication", confidence=None
        )
        if row.item_id in labels
        else row
        for row in found.gold
    ]
    reasons = {item: reason for item, reason in found.reasons.items() if item not in labels}
    return Aggregated(gold=gold, reasons=reasons, fits=found.fits)


def all_gold(found: Mapping[str, Aggregated]) -> list[Gold]:
    """The gold of all questions, in the order of question and item."""
    return [row for one in found.values() for row in one.gold]


def _shown(question: Question, item_id: str, golds: Mapping[str, Mapping[str, Gold]]) -> bool:
    for earlier, labels in question.when.items():
        gold = golds.get(earlier, {}).get(item_id)
        if gold is None or (gold.label is not None and gold.label not in labels):
            return False
    return True
