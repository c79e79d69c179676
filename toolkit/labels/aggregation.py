"""Votes into gold, or into the plain statement that there is none."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from toolkit.codebook import Codebook, Question
from toolkit.records import Gold, GoldStatus, Vote


def majority(
    votes: Iterable[Vote], question: Question, item_ids: Iterable[str], min_votes: Mapping[str, int]
) -> list[Gold]:
    """Give each item its label by majority, in item order.

    More than half of the votes that are answers are needed, and at least ``min_votes`` of them. A tie is
    nobody's label: the item stays unresolved, and the order of the input never decides.

    Args:
        votes: on the question.
        question: its labels say which votes are no answer.
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
    winner = next((label for label, count in answers.items() if 2 * count > n), None) if n >= min_votes else None
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


def _status(winner: str | None, answers: Mapping[str, int], n_votes: int) -> GoldStatus:
    if winner is None:
        return "unresolved"
    if n_votes == 1:
        return "single"
    return "unanimous" if answers[winner] == n_votes else "majority"


def default_min_votes(asked: int) -> int:
    """How many answers a label needs: two, or one where only one annotator was asked."""
    return min(2, asked)


def aggregate(votes: Mapping[str, Sequence[Vote]], codebook: Codebook, asked: Mapping[str, int]) -> list[Gold]:
    """The gold of every question that is answered with one label, in the order of question and item.

    A question that is shown only after certain labels has gold only for items whose gold could lead there:
    where the earlier question has another label nobody was to answer, and no row is made. Of an optional question only
    items that somebody answered have a row.

    Args:
        votes: by question.
        codebook: the questions, in their order.
        asked: by item, how many annotators were asked.
    """
    golds: dict[str, dict[str, Gold]] = {}
    for question in codebook.choices:
        given = votes.get(question.name, ())
        answered = {vote.item_id for vote in given}
        shown = [item for item in asked if _shown(question, item, golds) and (question.required or item in answered)]
        limits = {item: default_min_votes(asked[item]) for item in shown}
        relevant = [vote for vote in given if vote.item_id in limits]
        golds[question.name] = {gold.item_id: gold for gold in majority(relevant, question, shown, limits)}
    return [gold for by_item in golds.values() for gold in by_item.values()]


def _shown(question: Question, item_id: str, golds: Mapping[str, Mapping[str, Gold]]) -> bool:
    for earlier, labels in question.when.items():
        gold = golds.get(earlier, {}).get(item_id)
        if gold is None or (gold.label is not None and gold.label not in labels):
            return False
    return True
