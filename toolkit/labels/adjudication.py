"""Adjudications: a layer of their own above the votes, which stay as they are and alone make agreement."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from toolkit.codebook import Codebook, Question
from toolkit.errors import DataError
from toolkit.records import Annotation, Gold, Origin, Record

Reason = Literal["ambiguous", "guideline_gap", "slip", "disagreement"]
REASONS: dict[Reason, str] = {
    "ambiguous": "The text can be read in both ways",
    "guideline_gap": "The guidelines do not say",
    "slip": "An annotator slipped",
    "disagreement": "A true disagreement: both read well",
}


class Adjudication(Record, frozen=True, kw_only=True):
    """What an adjudicator decided on one item and one question, and why."""

    item_id: str
    question: str
    label: str | None  # None: the item has no label for good reasons
    reason: Reason
    adjudicator: str  # pseudonym
    comment: str = ""
    before: str | None = None  # the gold label until then
    blind: bool  # whether the votes were hidden
    codebook: str  # name@version#hash that the adjudicator saw
    observed: str  # ISO 8601, UTC
    origin: Origin | None = None  # where it was given on a server; None: it came in a file


class AdjudicationRequest(Record, frozen=True, kw_only=True):
    """An item and a question that somebody was asked to decide on a server, and what was known then."""

    item_id: str
    question: str
    adjudicator: str  # pseudonym
    blind: bool
    below: float | None  # asked for since its label has a lower confidence; None: since it has none
    votes: dict[str, int]  # that there were
    codebook: str  # name@version#hash
    sent: str  # ISO 8601, UTC


class AdjudicationFacts(Struct, frozen=True, kw_only=True):
    """What a reader of the dataset must know about adjudication."""

    adjudicated: int  # items and questions
    changed: int  # that had another label before
    settled: int  # that had none before and have one now
    left_open: int  # without a label afterwards
    blind: int  # decided without seeing the votes
    reasons: dict[str, int]
    by: dict[str, int]  # adjudicator -> decisions
    own: int  # decisions on items on which the adjudicator had voted


def standing(adjudications: Iterable[Adjudication]) -> list[Adjudication]:
    """The last word on each item and question, in their order."""
    last: dict[tuple[str, str], Adjudication] = {}
    for number, row in sorted(enumerate(adjudications), key=lambda pair: (pair[1].observed, pair[0])):
        del number
        last[row.question, row.item_id] = row
    return [last[key] for key in sorted(last)]


def labels_of(adjudications: Iterable[Adjudication], codebook: Codebook) -> dict[str, dict[str, str]]:
    """By question and item the labels that stand, under their present names.

    Raises:
        DataError: a label is not in the codebook any more.
    """
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in standing(adjudications):
        if row.label is None:
            continue
        label = str(codebook.migrated({row.question: row.label})[row.question])
        if problem := problem_with(label, codebook.question(row.question)):
            raise DataError(
                f"item {row.item_id}: adjudicated {problem}; a migration in the codebook says what it became"
            )
        found[row.question][row.item_id] = label
    return dict(found)


def to_adjudicate(
    gold: Iterable[Gold], done: Iterable[Adjudication], questions: Sequence[str], below: float | None
) -> dict[str, list[str]]:
    """The items that wait for an adjudicator, with their questions; items in order.

    Those that are unresolved although somebody voted, and, where a bound is given, those whose label has a share or a
    chance below it.
    """
    over = {(row.item_id, row.question) for row in standing(done)}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in gold:
        if row.question in questions and _is_in_doubt(row, below) and (row.item_id, row.question) not in over:
            found[row.item_id].append(row.question)
    return {item: found[item] for item in sorted(found)}


def _is_in_doubt(row: Gold, below: float | None) -> bool:
    unsure = below is not None and row.confidence is not None and row.confidence < below
    return unsure or (row.label is None and row.n_votes > 0)


def waiting_requests(
    requests: Iterable[AdjudicationRequest], gold: Iterable[Gold], done: Iterable[Adjudication]
) -> list[AdjudicationRequest]:
    """The requests that nobody has met yet and whose item is still in doubt, in the order of item and question.

    Of several requests on an item and a question the last one stands: whoever was asked last is to decide.
    """
    over = {(row.item_id, row.question) for row in standing(done)}
    last = {(row.item_id, row.question): row for row in requests}
    known = {(row.item_id, row.question): row for row in gold}
    open_ = [key for key in sorted(last) if key not in over and key in known]
    return [last[key] for key in open_ if _is_in_doubt(known[key], last[key].below)]


def problem_with(label: str, question: Question) -> str:
    """What is wrong with an adjudicated label, or ""."""
    if label in question.label_names:
        return ""
    return f"{label!r} for {question.name!r}; the codebook has {', '.join(question.label_names)}"


def adjudication_facts(
    adjudications: Iterable[Adjudication], annotations: Iterable[Annotation]
) -> AdjudicationFacts | None:
    """The facts of the adjudications that stand; None where there is none."""
    rows = standing(adjudications)
    voted = {(row.item_id, row.annotator) for row in annotations}
    if not rows:
        return None
    return AdjudicationFacts(
        adjudicated=len(rows),
        changed=sum(row.before is not None and row.label != row.before for row in rows),
        settled=sum(row.before is None and row.label is not None for row in rows),
        left_open=sum(row.label is None for row in rows),
        blind=sum(row.blind for row in rows),
        reasons=dict(sorted(Counter(row.reason for row in rows).items())),
        by=dict(sorted(Counter(row.adjudicator for row in rows).items())),
        own=sum((row.item_id, row.adjudicator) in voted for row in rows),
    )


class Disagreement(Struct, frozen=True, kw_only=True):
    """An item on which annotators differ, as a meeting needs it."""

    item_id: str
    question: str
    votes: dict[str, int]
    who: dict[str, str]  # annotator -> label
    comments: dict[str, str]  # annotator -> what they wrote
    gold: str | None
    adjudication: Adjudication | None


def disagreements(
    annotations: Sequence[Annotation], gold: Iterable[Gold], adjudications: Iterable[Adjudication], codebook: Codebook
) -> list[Disagreement]:
    """The items with more than one label, by question; the most divided first.

    Args:
        annotations: those that count.
        gold: of the same campaign.
        adjudications: of the same campaign.
        codebook: the questions, in their order.
    """
    by_item: defaultdict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        by_item[annotation.item_id].append(annotation)
    ruled = {(row.item_id, row.question): row for row in standing(adjudications)}
    texts = [question.name for question in codebook.questions if question.kind == "text"]
    place = {question.name: number for number, question in enumerate(codebook.choices)}
    found = [
        Disagreement(
            item_id=row.item_id,
            question=row.question,
            votes=row.votes,
            who=_said(by_item[row.item_id], row.question),
            comments=_comments(by_item[row.item_id], texts),
            gold=row.label,
            adjudication=ruled.get((row.item_id, row.question)),
        )
        for row in gold
        if len(row.votes) > 1 and row.question in place
    ]
    return sorted(found, key=lambda one: (place[one.question], _largest_share(one.votes), one.item_id))


def _said(annotations: Iterable[Annotation], question: str) -> dict[str, str]:
    return {a.annotator: str(a.answers[question]) for a in annotations if question in a.answers}


def _comments(annotations: Iterable[Annotation], texts: Sequence[str]) -> dict[str, str]:
    found = {
        a.annotator: " / ".join(str(a.answers[name]) for name in texts if a.answers.get(name)) for a in annotations
    }
    return {name: text for name, text in found.items() if text}


def _largest_share(votes: Mapping[str, int]) -> float:
    return max(votes.values()) / sum(votes.values())
