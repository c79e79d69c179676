"""Votes into gold, or into the plain statement that there is none."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from toolkit.codebook import Codebook, Question
from toolkit.labels.coding import code_votes
from toolkit.labels.dawid_skene import Fitted, ModelOptions, fit
from toolkit.records import Gold, GoldStatus, Vote

# Votes on a question, the items that were put to annotators, and by item how many answers a label needs -> gold.
Method = Callable[[Sequence[Vote], Question, Sequence[str], Mapping[str, int]], list[Gold]]

_ELSEWHERE, _APPLIES = "elsewhere", "applies"


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
    off = {label: count for label, count in answers.items() if label in question.elsewhere}
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


# --- Dawid and Skene -------------------------------------------------------------------------------------------------


class HardLabels(Struct, frozen=True, kw_only=True):
    """When the model's best guess becomes a label."""

    threshold: float = 0.8  # the chance that the label needs
    min_votes: int = 3  # answers that the item needs
    min_shared: int = 30  # items that an annotator shares with others before their confusions are believed


class ModelFacts(Struct, frozen=True, kw_only=True):
    """How the model came out, for whoever has to believe it."""

    question: str
    log_likelihood: float
    rounds: int
    converged: bool
    starts: int
    agreeing_starts: int  # that ended at the same likelihood
    shares: dict[str, float]  # of each label, by the model
    unresolved: dict[str, int]  # why an item has no label -> items


def dawid_skene(
    votes: Iterable[Vote], question: Question, item_ids: Iterable[str], model: ModelOptions, hard: HardLabels
) -> tuple[list[Gold], list[ModelFacts]]:
    """Give each item its label by the model of Dawid and Skene, where the model may be believed; in item order.

    Where a question has answers off its scale, the model is fitted twice: to whether the scale applies, by all votes,
    and to the label, on the items to which it does.
    """
    given = list(votes)
    answers = [vote for vote in given if vote.label in question.gold_labels]
    if not set(question.elsewhere) & {vote.label for vote in answers}:
        gold, facts = _modelled(answers, question.gold_labels, question, model, hard)
        return _completed(gold, given, question, item_ids), [facts]
    applies = [_as(vote, _ELSEWHERE if vote.label in question.elsewhere else _APPLIES) for vote in answers]
    first, first_facts = _modelled(applies, (_APPLIES, _ELSEWHERE), question, model, hard)
    on = {item for item, row in first.items() if row.label == _APPLIES}
    second, second_facts = _modelled(
        [vote for vote in answers if vote.item_id in on and vote.label in question.applicable],
        question.applicable,
        question,
        model,
        hard,
    )
    gold = {item: second[item] if item in second else _off_scale(row, question) for item, row in first.items()}
    return _completed(gold, given, question, item_ids), [first_facts, second_facts]


def _as(vote: Vote, label: str) -> Vote:
    return msgspec.structs.replace(vote, label=label)


def _off_scale(row: Gold, question: Question) -> Gold:
    """The label of an item to which the scale does not apply: the only one that says so, or none."""
    only = question.elsewhere[0] if len(question.elsewhere) == 1 and row.label == _ELSEWHERE else None
    status: GoldStatus = "model" if only else "unresolved"
    return msgspec.structs.replace(row, label=only, status=status, confidence=row.confidence if only else None)


def _modelled(
    votes: Sequence[Vote], labels: Sequence[str], question: Question, model: ModelOptions, hard: HardLabels
) -> tuple[dict[str, Gold], ModelFacts]:
    coded = code_votes(votes, labels)
    fitted = fit(coded, model)
    shared = np.bincount(
        coded.annotator, coded.per_item[coded.item] >= 2, minlength=len(coded.annotators)
    )  # votes on items that others voted on too
    believed = np.bincount(coded.item, shared[coded.annotator] >= hard.min_shared, minlength=len(coded.items))
    why: Counter[str] = Counter()
    rows = {}
    for number, item in enumerate(coded.items):
        best = int(fitted.posterior[number].argmax())
        chance = float(fitted.posterior[number, best])
        reason = _reason(int(coded.per_item[number]), int(believed[number]), chance, hard)
        why[reason] += 1
        rows[item] = Gold(
            item_id=item,
            question=question.name,
            label=None if reason else labels[best],
            status="unresolved" if reason else "model",
            method="dawid-skene",
            n_votes=0,
            votes={},
            soft={label: float(fitted.posterior[number, place]) for place, label in enumerate(labels)},
            confidence=None if reason else chance,
        )
    del why[""]
    return rows, _facts(question, labels, fitted, why)


def _reason(n: int, believed: int, chance: float, hard: HardLabels) -> str:
    if n < hard.min_votes:
        return f"fewer than {hard.min_votes} votes"
    if believed < min(hard.min_votes, n):
        return f"annotators who share fewer than {hard.min_shared} items with others"
    return f"no label with a chance of {hard.threshold}" if chance < hard.threshold else ""


def _facts(question: Question, labels: Sequence[str], fitted: Fitted, why: Counter[str]) -> ModelFacts:
    return ModelFacts(
        question=question.name,
        log_likelihood=fitted.log_likelihood,
        rounds=fitted.rounds,
        converged=fitted.converged,
        starts=fitted.starts,
        agreeing_starts=fitted.agreeing_starts,
        shares={label: float(share) for label, share in zip(labels, fitted.prior, strict=True)},
        unresolved=dict(sorted(why.items())),
    )


def _completed(
    gold: Mapping[str, Gold], votes: Iterable[Vote], question: Question, item_ids: Iterable[str]
) -> list[Gold]:
    """A row for every item, with the votes as they were given; an item without an answer is unresolved."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for vote in votes:
        counts[vote.item_id][vote.label] += 1
    nothing = Gold(
        item_id="", question=question.name, label=None, status="unresolved", method="dawid-skene", n_votes=0, votes={},
        soft={},
    )  # fmt: skip
    return [
        msgspec.structs.replace(
            gold.get(item, nothing),
            item_id=item,
            n_votes=counts[item].total(),
            votes={label: counts[item][label] for label in question.label_names if counts[item][label]},
        )
        for item in sorted(item_ids)
    ]


# --- all questions ---------------------------------------------------------------------------------------------------


def aggregate(
    votes: Mapping[str, Sequence[Vote]], codebook: Codebook, asked: Mapping[str, int], method: Method = majority
) -> list[Gold]:
    """The gold of every question that is answered with one label, in the order of question and item.

    A question that is shown only after certain labels has gold only for items whose gold could lead there:
    where the earlier question has another label nobody was to answer, and no row is made. Of an optional question only
    items that somebody answered have a row.

    Args:
        votes: by question.
        codebook: the questions, in their order.
        asked: by item, how many annotators were asked.
        method: how the label of an item is found.
    """
    golds: dict[str, dict[str, Gold]] = {}
    for question in codebook.choices:
        given = votes.get(question.name, ())
        answered = {vote.item_id for vote in given}
        shown = [item for item in asked if _shown(question, item, golds) and (question.required or item in answered)]
        limits = {item: default_min_votes(asked[item]) for item in shown}
        relevant = [vote for vote in given if vote.item_id in limits]
        golds[question.name] = {gold.item_id: gold for gold in method(relevant, question, shown, limits)}
    return [gold for by_item in golds.values() for gold in by_item.values()]


def _shown(question: Question, item_id: str, golds: Mapping[str, Mapping[str, Gold]]) -> bool:
    for earlier, labels in question.when.items():
        gold = golds.get(earlier, {}).get(item_id)
        if gold is None or (gold.label is not None and gold.label not in labels):
            return False
    return True
