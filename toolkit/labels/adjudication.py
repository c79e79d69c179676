"""Adjudications: decisions in a layer above the votes, which stay as they are and alone make agreement."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence

from msgspec import Struct

from toolkit.codebook import Codebook, Question
from toolkit.errors import DataError, UsageError
from toolkit.records import Adjudication, AdjudicationReason, AdjudicationRequest, Annotation, Gold, Origin, Vote
from toolkit.runs import Result
from toolkit.words import plural, tally

Labelled = tuple[str, str]  # item id and question

REASONS: dict[AdjudicationReason, str] = {
    "ambiguous": "The text can be read in both ways",
    "guideline_gap": "The guidelines do not say",
    "slip": "An annotator slipped",
    "disagreement": "A true disagreement: both read well",
}


class AdjudicationFacts(Struct, frozen=True, kw_only=True):
    """What a reader of the dataset must know about adjudication."""

    adjudicated: int  # items and questions
    changed: int  # that had another label by the votes
    settled: int  # that had no label and have one now
    left_open: int  # without a label afterwards
    blind: int  # decided without seeing the votes
    reasons: dict[str, int]
    by: dict[str, int]  # adjudicator -> decisions
    own: int  # decisions on items on which the adjudicator had voted


class AdjudicationOptions(Struct, frozen=True, kw_only=True):
    """Who adjudicates what."""

    adjudicator: str  # pseudonym
    questions: tuple[str, ...] = ()  # none: all that have gold
    max_confidence: float | None = None  # labels of a lower confidence too
    show_votes: bool = False


def standing(adjudications: Iterable[Adjudication]) -> list[Adjudication]:
    """The latest adjudication of each item and question, in the order of question and item."""
    last: dict[Labelled, Adjudication] = {}
    for _, row in sorted(enumerate(adjudications), key=lambda pair: (pair[1].observed, pair[0])):
        last[row.question, row.item_id] = row
    return [last[key] for key in sorted(last)]


def labels_of(adjudications: Iterable[Adjudication], codebook: Codebook) -> dict[str, dict[str, str]]:
    """By question and item the labels that stand, under their present names.

    Raises:
        DataError: a label is not in the codebook any more.
    """
    labels: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in standing(adjudications):
        if row.label is None:
            continue
        label = str(codebook.migrated({row.question: row.label})[row.question])
        if problem := label_problem(label, codebook.question(row.question)):
            raise DataError(
                f"item {row.item_id}: adjudicated {problem}; a migration in the codebook says what it became"
            )
        labels[row.question][row.item_id] = label
    return dict(labels)


def label_problem(label: str, question: Question) -> str:
    """What is wrong with an adjudicated label, or ""."""
    if label in question.label_names:
        return ""
    return f"{label!r} for {question.name!r}; the codebook has {', '.join(question.label_names)}"


# --- what waits ------------------------------------------------------------------------------------------------------


def questions_to_adjudicate(codebook: Codebook, named: Sequence[str]) -> list[str]:
    """The questions that are adjudicated: those that are named, or all that have gold.

    Raises:
        UsageError: a named question has no gold.
    """
    names = [question.name for question in codebook.choices]
    unknown = [name for name in named if name not in names]
    if unknown:
        raise UsageError(f"--question {unknown[0]}: the questions with gold are {', '.join(names)}")
    return list(named) or names


def to_adjudicate(
    gold: Iterable[Gold], done: Iterable[Adjudication], questions: Sequence[str], below: float | None
) -> dict[str, list[str]]:
    """The items that wait for an adjudicator, with their questions; items in order.

    An item waits where it has votes and no label, and, where a bound is given, where the share or probability of its
    label is below it.
    """
    decided = {(row.item_id, row.question) for row in standing(done)}
    waiting: defaultdict[str, list[str]] = defaultdict(list)
    for row in gold:
        if row.question in questions and _is_in_doubt(row, below) and (row.item_id, row.question) not in decided:
            waiting[row.item_id].append(row.question)
    return {item: waiting[item] for item in sorted(waiting)}


def _is_in_doubt(row: Gold, below: float | None) -> bool:
    is_unsure = below is not None and row.confidence is not None and row.confidence < below
    return is_unsure or (row.label is None and row.n_votes > 0)


def waiting_requests(
    requests: Iterable[AdjudicationRequest], gold: Iterable[Gold], done: Iterable[Adjudication]
) -> list[AdjudicationRequest]:
    """The requests without a decision whose item is still in doubt, in the order of item and question.

    Of several requests on an item and a question the last one stands.
    """
    decided = {(row.item_id, row.question) for row in standing(done)}
    last = {(row.item_id, row.question): row for row in requests}
    gold_of = {(row.item_id, row.question): row for row in gold}
    open_keys = [key for key in sorted(last) if key not in decided and key in gold_of]
    return [last[key] for key in open_keys if _is_in_doubt(gold_of[key], last[key].below)]


def votes_in_words(gold: Iterable[Gold], questions: Sequence[str]) -> dict[str, str]:
    """The votes on each item as a text: ``stance: neutral 2, opposition 1``."""
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for row in gold:
        if row.question in questions and row.votes:
            parts[row.item_id].append(f"{row.question}: {tally(row.votes)}")
    return {item: "; ".join(texts) for item, texts in parts.items()}


# --- decisions -------------------------------------------------------------------------------------------------------


class AdjudicatorDecision(Struct, frozen=True, kw_only=True):
    """An adjudicator's answers to one item."""

    where: str  # the place in the source, for messages
    item_id: str
    labels: dict[str, str]  # question -> label, as the source names it
    reason: AdjudicationReason
    comment: str = ""
    origin: Origin | None = None


class DecisionSource(Struct, frozen=True, kw_only=True):
    """Who decided, and what they saw."""

    adjudicator: str
    blind: bool
    codebook: str  # name@version#hash
    observed: str


def prior_labels(gold: Iterable[Gold], adjudications: Iterable[Adjudication]) -> dict[Labelled, str | None]:
    """The label of each item and question by the votes alone.

    Gold may hold the label of an earlier adjudication; then the label before that one counts.
    """
    labels = {(row.item_id, row.question): row.label for row in gold}
    return labels | {(row.item_id, row.question): row.before for row in standing(adjudications)}


def adjudications_from(
    decision: AdjudicatorDecision, source: DecisionSource, prior: Mapping[Labelled, str | None], codebook: Codebook
) -> list[Adjudication]:
    """The adjudications that a decision makes, one a question; a no-answer label leaves the item without a label."""
    rows = []
    for name, label in decision.labels.items():
        present = codebook.migrated({name: label})[name]
        rows.append(
            Adjudication(
                item_id=decision.item_id,
                question=name,
                label=None if present in codebook.question(name).no_answers else label,
                reason=decision.reason,
                adjudicator=source.adjudicator,
                comment=decision.comment,
                before=prior.get((decision.item_id, name)),
                blind=source.blind,
                codebook=source.codebook,
                observed=source.observed,
                origin=decision.origin,
            )
        )
    return rows


def adjudications_of(
    decisions: Iterable[AdjudicatorDecision],
    source: DecisionSource,
    gold: Sequence[Gold],
    before: Iterable[Adjudication],
    codebook: Codebook,
) -> list[Adjudication]:
    """The adjudications of all decisions of a source.

    Raises:
        DataError: a decision is on an item without gold.
    """
    items = {row.item_id for row in gold}
    prior = prior_labels(gold, before)
    rows: list[Adjudication] = []
    for decision in decisions:
        if decision.item_id not in items:
            raise DataError(f"{decision.where}: no item {decision.item_id!r} with gold in this campaign")
        rows += adjudications_from(decision, source, prior, codebook)
    return rows


def unrecorded(rows: Iterable[Adjudication], before: Iterable[Adjudication]) -> list[Adjudication]:
    """The adjudications that do not stand already, whoever reads their file again."""
    recorded = {_decided(row) for row in standing(before)}
    return [row for row in rows if _decided(row) not in recorded]


def _decided(row: Adjudication) -> tuple[str | None, ...]:
    return row.item_id, row.question, row.label, row.reason, row.adjudicator, row.comment


def items_with_other_votes(
    rows: Iterable[Adjudication | AdjudicationRequest],
    requests: Iterable[AdjudicationRequest],
    votes: Mapping[str, Iterable[Vote]],
    codebook: Codebook,
) -> list[str]:
    """The items among the rows whose votes are not those of the time when an adjudicator was asked.

    Args:
        rows: decisions or requests.
        requests: all requests, in their order.
        votes: by question, those that count for gold.
        codebook: gives labels their present names.
    """
    shown = {(row.item_id, row.question): row.votes for row in requests}
    present: defaultdict[Labelled, Counter[str]] = defaultdict(Counter)
    for name, cast_votes in votes.items():
        for vote in cast_votes:
            present[vote.item_id, name][vote.label] += 1
    keys = {(row.item_id, row.question) for row in rows} & shown.keys()
    return sorted({key[0] for key in keys if _under_present_names(shown[key], key[1], codebook) != present[key]})


def _under_present_names(votes: Mapping[str, int], question: str, codebook: Codebook) -> Counter[str]:
    present: Counter[str] = Counter()
    for label, count in votes.items():
        present[str(codebook.migrated({question: label})[question])] += count
    return present


def new_adjudications(rows: Iterable[Adjudication], before: Iterable[Adjudication]) -> list[Adjudication]:
    """The adjudications that are not the last ones of their item, question and project; an edit is a new one."""
    last = {_place(row): row for row in before if row.origin is not None}
    return [row for row in rows if _content(row) != _content(last.get(_place(row)))]


def gone_items(rows: Iterable[Adjudication], before: Iterable[Adjudication], projects: Container[int]) -> list[str]:
    """The items of earlier decisions that are no longer on the server, in projects that are there."""
    present = {_place(row) for row in rows}
    earlier = {_place(row): row.origin for row in before if row.origin is not None}
    return sorted({str(place[0]) for place, at in earlier.items() if place not in present and at.project in projects})


def _place(row: Adjudication) -> tuple[object, ...]:
    """The place where a decision can be edited."""
    origin = row.origin
    return row.item_id, row.question, origin and origin.server, origin and origin.project


def _content(row: Adjudication | None) -> tuple[str | None, ...] | None:
    return None if row is None else (row.label, row.reason, row.comment)


# --- summaries -------------------------------------------------------------------------------------------------------


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


_NAMED = 5  # items that a line names; the facts have all


class ImportSummary(Result, frozen=True, kw_only=True):
    """The decisions that came in, and what all decisions amount to."""

    new: int
    known: int
    gaps: str  # the table of guideline gaps
    guideline_gaps: int
    all: AdjudicationFacts | None
    skipped: tuple[str, ...] = ()  # items
    waiting: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()  # answers, each with its place and the reason
    other_votes: tuple[str, ...] = ()  # items whose votes have changed since they were pushed
    gone: tuple[str, ...] = ()  # items whose decision is no longer on the server, and stands
    withdrawn: int = 0  # answers of people who withdrew
    next_command: str

    def line(self) -> str:
        """The decisions by what became of them."""
        parts = [plural(self.new, "new decision"), f"{self.known} recorded before"]
        for items, what in (
            (self.skipped, "skipped"),
            (self.waiting, "still waiting"),
            (self.refused, "not accepted"),
            (self.other_votes, "with other votes than when they were pushed: push again"),
            (self.gone, "deleted on the server, and kept"),
        ):
            if items:
                named = ", ".join(items[:_NAMED]) + (", …" if len(items) > _NAMED else "")
                parts.append(f"{len(items)} {what} ({named})")
        if self.withdrawn:
            parts.append(f"{plural(self.withdrawn, 'answer')} of people who withdrew left out")
        parts.append(f"{plural(self.guideline_gaps, 'guideline gap')} ({self.gaps})")
        if self.all:
            parts.append(
                f"in all {self.all.settled} settled, {self.all.changed} changed, {self.all.left_open} left open"
            )
            if self.all.own:
                parts.append(f"{self.all.own} on items on which the adjudicator had voted")
        return "; ".join([*parts, f"next: `{self.next_command}`"])


def guideline_gaps(
    adjudications: Iterable[Adjudication], gold: Iterable[Gold], texts: Mapping[str, str]
) -> list[dict[str, str]]:
    """The decisions whose reason is a gap in the guidelines, as rows of a table.

    Args:
        adjudications: all of a campaign.
        gold: of the same campaign.
        texts: by item id, as annotators see them.
    """
    votes = {(row.item_id, row.question): row.votes for row in gold}
    return [
        {
            "item_id": row.item_id,
            "question": row.question,
            "votes": tally(votes.get((row.item_id, row.question), {})),
            "label": row.label or "",
            "comment": row.comment,
            "text": texts.get(row.item_id, ""),
        }
        for row in standing(adjudications)
        if row.reason == "guideline_gap"
    ]


class Disagreement(Struct, frozen=True, kw_only=True):
    """An item on which annotators differ, as a meeting needs it."""

    item_id: str
    question: str
    votes: dict[str, int]  # counts of the labels in `labels`
    labels: dict[str, str]  # by annotator
    comments: dict[str, str]  # by annotator
    gold: str | None
    adjudication: Adjudication | None


def disagreements(
    annotations: Sequence[Annotation], gold: Iterable[Gold], adjudications: Iterable[Adjudication], codebook: Codebook
) -> list[Disagreement]:
    """The items with more than one label, by question; the most divided first.

    Votes are counted and annotators are named from the same annotations.

    Args:
        annotations: those that count for gold, tie-breaks included.
        gold: of the same campaign.
        adjudications: of the same campaign.
        codebook: the questions, in their order.
    """
    by_item: defaultdict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        by_item[annotation.item_id].append(annotation)
    decided = {(row.item_id, row.question): row for row in standing(adjudications)}
    gold_labels = {(row.item_id, row.question): row.label for row in gold}
    text_questions = [question.name for question in codebook.questions if question.kind == "text"]
    rows = []
    for question in codebook.choices:
        divided = []
        for item_id, members in by_item.items():
            labels = {a.annotator: str(a.answers[question.name]) for a in members if question.name in a.answers}
            disagreement = Disagreement(
                item_id=item_id,
                question=question.name,
                votes=dict(sorted(Counter(labels.values()).items())),
                labels=labels,
                comments=_comments(members, text_questions),
                gold=gold_labels.get((item_id, question.name)),
                adjudication=decided.get((item_id, question.name)),
            )
            divided += [disagreement] if len(disagreement.votes) > 1 else []
        rows += sorted(divided, key=lambda row: (_largest_share(row.votes), row.item_id))
    return rows


def _comments(annotations: Iterable[Annotation], text_questions: Sequence[str]) -> dict[str, str]:
    comments = {
        a.annotator: " / ".join(str(a.answers[name]) for name in text_questions if a.answers.get(name))
        for a in annotations
    }
    return {name: text for name, text in comments.items() if text}


def _largest_share(votes: Mapping[str, int]) -> float:
    return max(votes.values()) / sum(votes.values())
