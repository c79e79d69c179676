"""The answers of annotators as input to audits, from a campaign or from a table of votes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, compress
from pathlib import Path

from msgspec import Struct

from toolkit.errors import DataError, UsageError
from toolkit.labels.vote_tables import STATE_COLUMNS, Columns, as_set, cautions_about, is_no_answer, states_of_no_votes
from toolkit.labels.votes import campaign_votes
from toolkit.records import Annotation
from toolkit.store import Store
from toolkit.tables import Row, cell_text, cell_texts, column
from toolkit.words import tally


class AnnotatorAnswer(Struct, frozen=True, kw_only=True):
    """The label of an annotator for an item, with its time, duration and confidence."""

    item: str
    annotator: str
    label: str
    cluster: str = ""  # "": the item
    seconds: float | None = None
    time: str = ""  # time of the answer, ISO 8601; "": unknown
    confidence: float | None = None


class SuggestedVote(Struct, frozen=True, kw_only=True):
    """A vote on an item for which a model suggested a label."""

    item: str
    cluster: str
    label: str
    suggestion: str
    shown: bool  # whether this annotator saw the suggestion


def is_yes(cell: object) -> bool:
    """Whether a cell means yes."""
    return str(cell).strip().lower() in ("1", "1.0", "true", "yes", "y", "x")


def is_filled(cell: object) -> bool:
    """Whether a cell holds more than blanks."""
    return bool(cell_text(cell).strip())


class AnnotatorAuditOptions(Struct, frozen=True, kw_only=True):
    """The options of an audit of annotators."""

    columns: Columns = Columns()
    order: tuple[str, ...] = ()  # of a table: the labels on a scale, from low to high
    seconds: str | None = None  # columns of a table
    time: str | None = None
    confidence: str | None = None
    suggestion: str | None = None
    shown: str | None = None
    leaning: Path | None = None
    question: str | None = None  # of a campaign; None: the first
    seed: int = 0
    no_answers: tuple[str, ...] = ()  # labels of a table that are none
    sets: bool = False  # whether a label of a table such as ``a;b`` is the set of a and b


class AuditedAnswers(Struct, frozen=True, kw_only=True):
    """The answers to one question as input to an audit."""

    question: str
    answers: list[AnnotatorAnswer]
    labels: tuple[str, ...]
    scale: dict[str, float]
    repeats: list[tuple[str, str, str]]
    suggested: list[SuggestedVote]
    cautions: tuple[str, ...] = ()


def answers_of_campaign(store: Store, name: str | None) -> AuditedAnswers:
    """Return the answers to a question of a campaign that count; by default to its first question.

    Raises:
        DataError: the question has no answers.
    """
    codebook, items, clusters = store.campaign.codebook, store.items, store.clusters
    question = codebook.question(name) if name else codebook.choices[0]
    rating = next((q.name for q in codebook.questions if q.kind == "rating"), None)
    rows = []
    for annotation in campaign_votes(store).ledger.counted:
        label = annotation.answers.get(question.name)
        if label in question.gold_labels:
            article = items[annotation.item_id].article_id
            rows.append((annotation, str(label), clusters.get(article, article)))
    answers = [_campaign_answer(annotation, label, cluster, rating) for annotation, label, cluster in rows]
    same_as = {item.id: f"{item.unit_id} {item.target.id}" for item in items.values()}
    has_repeats = any(item.purpose == "repeat" for item in items.values())
    return AuditedAnswers(
        question=question.name,
        answers=_some(answers, question.name),
        labels=question.gold_labels,
        scale={label.name: label.scale for label in question.labels if label.scale is not None},
        repeats=repeated_pairs(answers, same_as) if has_repeats else [],
        suggested=_suggested(rows),
    )


def _some(answers: list[AnnotatorAnswer], question: str) -> list[AnnotatorAnswer]:
    if not answers:
        raise DataError(f"{question}: no answers, so there is nothing to audit")
    return answers


def _campaign_answer(annotation: Annotation, label: str, cluster: str, rating: str | None) -> AnnotatorAnswer:
    confidence = annotation.answers.get(rating) if rating else None
    return AnnotatorAnswer(
        item=annotation.item_id,
        annotator=annotation.annotator,
        label=label,
        cluster=cluster,
        seconds=annotation.seconds,
        time=annotation.created,
        confidence=float(confidence) if isinstance(confidence, int | float) else None,
    )


def _suggested(rows: Sequence[tuple[Annotation, str, str]]) -> list[SuggestedVote]:
    """Return the votes on items for which a suggestion was shown to an annotator."""
    by_item = {annotation.item_id: annotation.suggestion for annotation, _, _ in rows if annotation.suggestion}
    return [
        SuggestedVote(
            item=annotation.item_id,
            cluster=cluster,
            label=label,
            suggestion=by_item[annotation.item_id] or "",
            shown=annotation.suggestion is not None,
        )
        for annotation, label, cluster in rows
        if annotation.item_id in by_item
    ]


def answers_of_table(rows: Sequence[Row], options: AnnotatorAuditOptions, path: Path) -> AuditedAnswers:
    """Return the answers in a table of votes; an annotator's second vote on an item is a repeat.

    Raises:
            DataError: a column is missing or holds a wrong value, or there are no votes.
        UsageError: `options` order a label that does not occur.
    """
    names = options.columns
    used = (names.item, names.annotator, names.label, names.cluster, options.seconds, options.time, options.confidence)
    for name in (*used, options.suggestion, options.shown):
        if name:
            cell_texts(column(rows, name, path), f"{path}: column {name!r}")
    left_out: Counter[str] = Counter()
    numbered = [(number, row) for number, row in votes_in(rows, left_out) if is_filled(row[names.label])]
    given = [_table_answer(row, options, f"{path}, row {number}") for number, row in numbered]
    is_answer = [not is_no_answer(answer.label, options.no_answers) for answer in given]
    left_out["no answer"] = is_answer.count(False)
    numbered, answers = list(compress(numbered, is_answer)), list(compress(given, is_answer))
    latest = {(answer.item, answer.annotator): answer for answer in sorted(answers, key=lambda a: (a.time, a.label))}
    labels = tuple(sorted({answer.label for answer in answers}))
    unknown = [label for label in options.order if label not in labels]
    if answers and unknown:
        raise UsageError(f"--order {unknown[0]}: no such label; the table has {', '.join(labels)}")
    pairs = zip((row for _, row in numbered), answers, strict=True)
    return AuditedAnswers(
        question=names.label,
        answers=_some(list(latest.values()), f"{path}, column {names.label!r}"),
        labels=labels,
        scale={label: float(place) for place, label in enumerate(options.order)},
        repeats=repeated_pairs(answers, {}),
        suggested=[_suggested_vote(row, answer, options) for row, answer in pairs if _has_suggestion(row, options)],
        cautions=tuple(_cautions(answers, left_out)),
    )


def votes_in(rows: Sequence[Row], left_out: Counter[str]) -> list[tuple[int, Row]]:
    """The rows of a table whose state, if they have one, is that of a vote, with their numbers from 1.

    Args:
        rows: all rows.
        left_out: is given the count of the others, by state.
    """
    names = {name for row in rows for name in row}
    state = next((name for name in STATE_COLUMNS if name in names), None)
    states = states_of_no_votes([cell_text(row.get(state)) for row in rows]) if state else [""] * len(rows)
    left_out.update(filter(None, states))
    return [(number, row) for number, (row, state) in enumerate(zip(rows, states, strict=True), 1) if not state]


def _cautions(answers: Sequence[AnnotatorAnswer], left_out: Mapping[str, int]) -> Iterator[str]:
    counts = {reason: number for reason, number in left_out.items() if number}
    if counts:
        yield f"rows left out: {tally(counts)}"
    if answers:
        roles = ("item", "annotator", "label")
        yield from cautions_about({role: [getattr(answer, role) for answer in answers] for role in roles})


def _has_suggestion(row: Row, options: AnnotatorAuditOptions) -> bool:
    return options.suggestion is not None and bool(row[options.suggestion])


def _suggested_vote(row: Row, answer: AnnotatorAnswer, options: AnnotatorAuditOptions) -> SuggestedVote:
    return SuggestedVote(
        item=answer.item,
        cluster=answer.cluster,
        label=answer.label,
        suggestion=cell_text(row[options.suggestion or ""]),
        shown=is_yes(row[options.shown]) if options.shown else True,
    )


def _table_answer(row: Row, options: AnnotatorAuditOptions, where: str) -> AnnotatorAnswer:
    names = options.columns
    item, label = cell_text(row[names.item]), cell_text(row[names.label])
    return AnnotatorAnswer(
        item=item,
        annotator=cell_text(row[names.annotator]),
        label=as_set(label) if options.sets else label,
        cluster=cell_text(row[names.cluster]) if names.cluster else item,
        seconds=_number(row, options.seconds, where),
        time=str(row[options.time] or "") if options.time else "",
        confidence=_number(row, options.confidence, where),
    )


def _number(row: Row, name: str | None, where: str) -> float | None:
    if name is None or row[name] in (None, ""):
        return None
    try:
        return float(row[name])
    except ValueError as error:
        raise DataError(f"{where}: {row[name]!r} in column {name!r} is not a number") from error


def repeated_pairs(answers: Iterable[AnnotatorAnswer], same_as: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return annotator, first and second label of answers to items with the same content.

    Args:
        answers: the answers in any order.
        same_as: from item to its content.
    """
    answers_to: dict[tuple[str, str], list[AnnotatorAnswer]] = defaultdict(list)
    for row in answers:
        answers_to[row.annotator, same_as.get(row.item, row.item)].append(row)
    pairs = []
    for (who, _), rows in sorted(answers_to.items()):
        ordered = sorted(rows, key=lambda row: (row.time, row.item, row.label))
        pairs += [(who, first.label, second.label) for first, second in combinations(ordered, 2)]
    return pairs
