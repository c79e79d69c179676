"""Agreement on the questions of a codebook and on the label column of a table, with the options of a caller."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec import Struct

from toolkit.codebook import Codebook, Level, Question
from toolkit.errors import ConfigError, DataError
from toolkit.labels.agreement.coefficients import alpha_of, masi
from toolkit.labels.agreement.headline import (
    QuestionAgreement,
    Slices,
    agreement_of_votes,
    alpha_at,
    item_values,
    majority_values,
    new_annotators,
    simple_alpha,
    sliced,
)
from toolkit.labels.agreement.intervals import Coefficient, Scale, as_coefficient, scale_of
from toolkit.labels.agreement.per_annotator import with_details
from toolkit.labels.vote_tables import CodedTable, Columns, VoteRules, coded_votes
from toolkit.labels.votes import Votes, code_votes
from toolkit.records import Article, Item, Paragraph, Vote
from toolkit.tables.columns import ColumnTable
from toolkit.words import format_alpha, format_alpha_meaning, format_figure, format_interval, format_ranking, plural

_APPLIES, _OFF_SCALE = "applies", "off_scale"
_ITEM_FACTS = ("outlet", "month", "role", "round")
_SHOWN = 10  # labels, annotators, pairs and values in the text; the facts have more
_SAME, _NEW = "same annotators, new articles", "new annotators, new articles"


class AgreementOptions(Struct, frozen=True, kw_only=True):
    """The options of an agreement computation."""

    level: Level = "nominal"
    order: tuple[str, ...] = ()  # of a table: labels from low to high
    details: bool = False  # all coefficients, annotators and pairs
    by: tuple[str, ...] = ()  # of a campaign: the facts and questions that define slices
    all_votes: bool = False  # of a campaign: also count votes that were requested because annotators disagreed


class AgreementFile(Struct, frozen=True, kw_only=True):
    """``agreement.json``."""

    schema: int = 2
    seed: int
    draws: int
    codebook: str
    left_out: dict[str, int]  # annotations that do not count, by reason
    questions: dict[str, QuestionAgreement]
    simulated: str = ""  # warning to the reader if answers are simulated


# --- a campaign ------------------------------------------------------------------------------------------------------


def agreement_by_question(
    votes: Mapping[str, Sequence[Vote]],
    codebook: Codebook,
    seed: int,
    options: AgreementOptions | None = None,
    item_facts: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, QuestionAgreement]:
    """Return the agreement on each question that is answered with one label.

    Args:
        votes: votes by question.
        codebook: the questions.
        seed: seed of the bootstraps.
        options: by default level nominal, without details and slices.
        item_facts: the value of each item by fact, as `facts_of_items` returns it; facts without a slice are ignored.
    """
    options = options or AgreementOptions()
    answers = {question.name: _answers(votes[question.name], question) for question in codebook.choices}
    values = {name: by_item for name, by_item in (item_facts or {}).items() if name in options.by}
    values |= {name: majority_values(given.votes) for name, given in answers.items() if name in options.by}
    agreement = {}
    for question in codebook.choices:
        given = answers[question.name]
        measured = _of_question(given, question, options, seed)
        slices = _sliced(given.votes, question, values, options.level, seed)
        agreement[question.name] = msgspec.structs.replace(measured, slices=slices)
    return agreement


def possible_slices(codebook: Codebook) -> tuple[str, ...]:
    """Return the facts and questions that can slice the agreement of a campaign."""
    return (*_ITEM_FACTS, *(question.name for question in codebook.choices))


def check_slices(names: Sequence[str], codebook: Codebook) -> None:
    """Refuse names that cannot slice the agreement of a campaign.

    Raises:
        ConfigError: a name is neither a fact of items nor a question with one label.
    """
    allowed = possible_slices(codebook)
    for name in names:
        if name not in allowed:
            raise ConfigError(f"--by {name}: unknown; a campaign has {', '.join(allowed)}")


def needs_item_facts(names: Sequence[str]) -> bool:
    """Whether a slice uses a fact of the items, so that articles and paragraphs must be read."""
    return bool(set(names) & set(_ITEM_FACTS))


def facts_of_items(
    items: Mapping[str, Item], articles: Mapping[str, Article], paragraphs: Sequence[Paragraph]
) -> dict[str, dict[str, str]]:
    """Return the outlet, month, role and round of each item, by fact and item."""
    roles = {paragraph.id: paragraph.role for paragraph in paragraphs}
    pairs = [(item, articles.get(item.article_id)) for item in items.values()]
    return {
        "outlet": {item.id: article.outlet or "" for item, article in pairs if article},
        "month": {item.id: (article.published or "")[:7] for item, article in pairs if article},
        "role": {item.id: roles.get(item.unit_id, item.unit) for item, _ in pairs},
        "round": {item.id: item.round for item, _ in pairs},
    }


def with_selected_votes(agreement: Mapping[str, QuestionAgreement], selected: int) -> dict[str, QuestionAgreement]:
    """Return the agreement with a caution about votes on disputed items; unchanged if there are none.

    Args:
        agreement: agreement by question.
        selected: the number of annotations that were requested because annotators disagreed.
    """
    caution = f"{plural(selected, 'annotation')} of disputed items count; they bias agreement, mostly upwards"
    first = (caution,) if selected else ()
    return {
        name: msgspec.structs.replace(measured, cautions=(*first, *measured.cautions))
        for name, measured in agreement.items()
    }


@dataclass(frozen=True)
class _Answers:
    """The votes on a question without the no-answer votes."""

    votes: Votes
    no_answers: int


def _answers(votes: Sequence[Vote], question: Question) -> _Answers:
    answers = [vote for vote in votes if vote.label not in question.no_answers]
    return _Answers(code_votes(answers, question.gold_labels), len(votes) - len(answers))


def _of_question(answers: _Answers, question: Question, options: AgreementOptions, seed: int) -> QuestionAgreement:
    labels = question.gold_labels
    scale = Scale(level=options.level, values=scale_of(question).values)
    unplaced = [label for label in labels if options.level != "nominal" and label not in scale.values]
    if unplaced:
        reason = f"{unplaced[0]} has no place on the scale that level {options.level} needs; see alpha_direction"
        return _without_alpha(answers, question, options, reason, seed)
    votes = answers.votes.in_order(scale.ordered(labels)) if options.level != "nominal" else answers.votes
    measured = agreement_of_votes(votes, labels, answers.no_answers, scale, seed)
    measured = msgspec.structs.replace(measured, coefficients=off_scale_coefficients(answers.votes, question, seed))
    return with_details(measured, votes, scale, seed) if options.details else measured


def _without_alpha(
    answers: _Answers, question: Question, options: AgreementOptions, reason: str, seed: int
) -> QuestionAgreement:
    """Return the agreement on a question if some label has no place at the level."""
    nominal = _of_question(answers, question, msgspec.structs.replace(options, level="nominal"), seed)
    alpha = msgspec.structs.replace(
        nominal.alpha, value=None, low=None, high=None, new_annotators=None, level=options.level, reason=reason
    )
    return msgspec.structs.replace(nominal, alpha=alpha, cautions=())


def _sliced(
    votes: Votes, question: Question, values: Mapping[str, Mapping[str, str]], level: Level, seed: int
) -> dict[str, Slices]:
    # A slice whose labels have no common scale is measured at level nominal.
    places = scale_of(question).values
    on_scale = set(question.gold_labels) <= set(places)
    scale = Scale(level=level if on_scale else "nominal", values=places)
    votes = votes.in_order(scale.ordered(question.gold_labels)) if scale.level != "nominal" else votes
    return {
        name: sliced(votes, item_values(votes, by_item), scale, seed)
        for name, by_item in values.items()
        if name != question.name
    }


# --- off-scale labels ------------------------------------------------------------------------------------------------


def off_scale_coefficients(votes: Votes, question: Question, seed: int) -> tuple[Coefficient, ...]:
    """Return three coefficients for a question that has off-scale labels; none for other questions.

    ``alpha_applicability`` is binary: whether the scale applies at all. ``alpha_direction`` is ordinal, over the votes
    on the scale alone; an item with two answers but fewer than two on the scale is lost, and counted. ``alpha_sets`` is
    over all answers, with the distance of sets: a label that covers others is the set of these, any other label a set
    of one.

    Args:
        votes: the answers, under the labels of the question.
        question: the question.
        seed: seed of the bootstraps.
    """
    if not question.on_scale or set(question.on_scale) == set(question.gold_labels):
        return ()
    coefficients = (_direction(votes, question, seed), _sets(votes, question, seed))
    return (_applicability(votes, question, seed), *coefficients) if question.off_scale else coefficients


def _applicability(votes: Votes, question: Question, seed: int) -> Coefficient:
    sides = {label: _OFF_SCALE if label in question.off_scale else _APPLIES for label in question.gold_labels}
    return _measured(votes.relabelled((_APPLIES, _OFF_SCALE), sides), Scale(), "alpha_applicability", seed)


def _direction(votes: Votes, question: Question, seed: int) -> Coefficient:
    values = {label.name: label.scale for label in question.labels if label.scale is not None}
    scale = Scale(level="ordinal", values=values)
    ordered = scale.ordered(question.on_scale)
    on_scale = votes.relabelled(ordered, {label: label for label in ordered})
    coefficient = _measured(on_scale, scale, "alpha_direction", seed)
    return msgspec.structs.replace(coefficient, lost=int(np.sum(votes.per_item >= 2)) - coefficient.n)


def _sets(votes: Votes, question: Question, seed: int) -> Coefficient:
    covers = {label.name: frozenset(label.covers or (label.name,)) for label in question.labels}
    distance = masi([covers[label] for label in votes.labels])
    estimate, _ = simple_alpha(votes, lambda tables: alpha_of(tables, distance), seed)
    coefficient = as_coefficient(estimate, "set", "alpha_sets")
    if coefficient.value is None:
        return coefficient
    others = new_annotators(votes, lambda tables: alpha_of(tables, distance), seed)
    return msgspec.structs.replace(coefficient, new_annotators=others)


def _measured(votes: Votes, scale: Scale, name: str, seed: int) -> Coefficient:
    statistic = alpha_at(scale, votes.labels)
    estimate, _ = simple_alpha(votes, statistic, seed)
    coefficient = as_coefficient(estimate, scale.level, name)
    if coefficient.value is None:
        return coefficient
    return msgspec.structs.replace(coefficient, new_annotators=new_annotators(votes, statistic, seed))


# --- a table ---------------------------------------------------------------------------------------------------------


class TableAgreement(Struct, frozen=True, kw_only=True):
    """Agreement in a table of votes."""

    question: str  # the name of the label column
    agreement: QuestionAgreement
    left_out: dict[str, int]  # rows (of a wide table: cells) without a vote, by reason


def agreement_of_columns(
    table: ColumnTable, columns: Columns, rules: VoteRules, options: AgreementOptions, seed: int
) -> TableAgreement:
    """Return the agreement in the columns of a table of votes.

    Args:
        table: the columns, from a file or a DataFrame.
        columns: the names of the columns.
        rules: the conversion of cells to votes; if they allow any label and `options` order some, those are allowed.
        options: the options of the computation.
        seed: seed of the bootstraps.

    Raises:
            DataError: as `coded_votes` raises it, or the labels do not fit the level.
    """
    coded = coded_votes(table, columns, msgspec.structs.replace(rules, labels=rules.labels or options.order))
    scale, labels = _scale_of_table(coded, options)
    votes = coded.votes(scale.ordered(labels))
    measured = agreement_of_votes(votes, labels, coded.no_answers, scale, seed)
    if options.details:
        measured = with_details(measured, votes, scale, seed)
    slices = {name: sliced(votes, values, scale, seed) for name, values in coded.by.items()}
    measured = msgspec.structs.replace(measured, slices=slices, cautions=(*coded.notes, *measured.cautions))
    return TableAgreement(question=coded.name, agreement=measured, left_out=coded.left_out)


def _scale_of_table(table: CodedTable, options: AgreementOptions) -> tuple[Scale, list[str]]:
    """Return the scale of the labels of a table, and the labels in the order of the report."""
    labels = list(options.order) or list(table.label.names)
    if options.level == "nominal":
        return Scale(), labels
    if options.order and options.level == "ordinal":
        return Scale(level="ordinal", values={label: float(place) for place, label in enumerate(labels)}), labels
    values = {label: _number(label) for label in labels}
    not_numbers = [label for label, value in values.items() if value is None]
    if not_numbers:
        remedy = "list them from low to high (`--order`)" if options.level == "ordinal" else "map them (`--map`)"
        raise DataError(
            f"column {table.name!r}: level {options.level} needs numbers, "
            f"and {not_numbers[0]!r} is not a number; {remedy}"
        )
    numbers = {label: value for label, value in values.items() if value is not None}
    return Scale(level=options.level, values=numbers), sorted(labels, key=numbers.__getitem__)


def _number(label: str) -> float | None:
    try:
        value = float(label)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


# --- as text ---------------------------------------------------------------------------------------------------------


def alpha_line(name: str, agreement: QuestionAgreement) -> str:
    """Return the alpha of a question with its interval and counts, or the reason why it is undefined, as text."""
    return format_alpha(name, agreement.alpha, agreement.n_annotators)


def agreement_lines(name: str, agreement: QuestionAgreement) -> Iterator[str]:
    """Yield the agreement on a question as text: alpha with both intervals, its meaning, the details, the cautions."""
    alpha = agreement.alpha
    yield alpha_line(name, agreement)
    if alpha.value is not None:
        yield f"  {_SAME}: {format_interval(alpha)}"
        if alpha.new_annotators is not None:
            yield f"  {_NEW}: {format_interval(alpha.new_annotators)}"
    yield f"  {format_alpha_meaning(alpha)}"
    if agreement.n_votes:
        shares = ", ".join(f"{label} {share:.2f}" for label, share in list(agreement.shares.items())[:_SHOWN])
        none = f", {agreement.no_answers} without an answer" if agreement.no_answers else ""
        percent = format_figure(agreement.percent_agreement)
        yield f"  percent agreement {percent}; {agreement.n_votes} votes{none}: {shares}"
    yield from (f"  {_coefficient_text(coefficient)}" for coefficient in agreement.coefficients)
    yield from _detail_lines(agreement)
    yield from (f"  caution: {caution}" for caution in agreement.cautions)


def _detail_lines(agreement: QuestionAgreement) -> Iterator[str]:
    not_listed = agreement.not_listed
    if agreement.per_annotator or agreement.per_pair or agreement.slices:
        per_label = {label: format_figure(alpha) for label, alpha in agreement.per_label.items()}
        yield from format_ranking("label against the rest", per_label, 0, _SHOWN)
    annotators = {row.annotator: f"{format_figure(row.alpha)}, n {row.n_votes}" for row in agreement.per_annotator}
    yield from format_ranking("annotator against the others", annotators, not_listed.get("annotators", 0), _SHOWN)
    pairs = {" - ".join(row.annotators): f"{format_figure(row.kappa)}, n {row.n_items}" for row in agreement.per_pair}
    yield from format_ranking("pair, Cohen's kappa", pairs, not_listed.get("pairs", 0), _SHOWN)
    for name, slices in agreement.slices.items():
        figures = {row.value: f"{format_figure(row.alpha)}, n {row.alpha.n}" for row in slices.listed}
        yield from format_ranking(name, figures, slices.not_listed, _SHOWN)


def _coefficient_text(coefficient: Coefficient) -> str:
    is_direction = coefficient.name == "alpha_direction"
    lost = f"; {coefficient.n} items used, {coefficient.lost} lost" if is_direction else ""
    return f"{coefficient.name} {format_figure(coefficient)} ({coefficient.level}{lost})"
