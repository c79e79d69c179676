"""The step that measures agreement, in a campaign or in a table of votes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from toolkit.codebook import Codebook, Level, Question
from toolkit.errors import ConfigError, DataError
from toolkit.labels.agreement.headline import (
    QuestionAgreement,
    Slices,
    agreement_of_votes,
    item_values,
    majority_values,
    sliced,
)
from toolkit.labels.agreement.intervals import Scale, scale_of
from toolkit.labels.agreement.per_annotator import with_details
from toolkit.labels.agreement.questions import off_scale_coefficients
from toolkit.labels.vote_tables import CodedTable, Columns, Rules
from toolkit.labels.votes import Votes, code_votes
from toolkit.records import Vote
from toolkit.steps.agreement_words import agreement_lines, alpha_line, meaning
from toolkit.steps.common import Outcome, articles_of, items_of, paragraphs_of
from toolkit.steps.votes import all_votes, counted_votes, left_out_line, read_votes
from toolkit.workspace import CampaignConfig

__all__ = [
    "AgreementFile",
    "Asked",
    "agreement_campaign",
    "agreement_of",
    "agreement_table",
    "alpha_line",
]


class AgreementFile(Struct, frozen=True, kw_only=True):
    """``agreement.json``."""

    schema: int = 1
    seed: int
    draws: int
    codebook: str
    left_out: dict[str, int]  # annotations that do not count, by reason
    questions: dict[str, QuestionAgreement]
    simulated: str = ""  # what a reader must know where answers were simulated


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked of agreement."""

    level: Level = "nominal"
    order: tuple[str, ...] = ()  # labels from low to high
    details: bool = False  # all coefficients, annotators and pairs
    by: tuple[str, ...] = ()  # of a campaign: what is sliced
    all_votes: bool = False  # of a campaign: those that were asked for because others disagreed count too


# --- of a campaign ---------------------------------------------------------------------------------------------------


def agreement_of(votes: Mapping[str, Sequence[Vote]], codebook: Codebook, seed: int) -> dict[str, QuestionAgreement]:
    """Agreement on each question that is answered with one label, at level nominal, without details."""
    return {
        question.name: _of_question(_coded(votes[question.name], question), question, Asked(), seed)
        for question in codebook.choices
    }


def agreement_campaign(campaign: CampaignConfig, asked: Asked) -> Outcome:
    """Agreement in a campaign, question by question; nothing is written."""
    biased = 0
    if asked.all_votes:
        biased, votes = all_votes(campaign)
    else:
        _, votes = counted_votes(campaign)
    coded = {question.name: _coded(votes[question.name], question) for question in campaign.codebook.choices}
    cuts = _cuts(campaign, asked, coded)
    found = {}
    for question in campaign.codebook.choices:
        one = _of_question(coded[question.name], question, asked, campaign.file.seed)
        slices = _sliced(coded[question.name].answers, question, cuts, asked, campaign.file.seed)
        found[question.name] = structs.replace(one, slices=slices, cautions=(*_bias(biased), *one.cautions))
    return _outcome(found, {"votes_of_disputed_items": biased} if asked.all_votes else {})


def _bias(votes: int) -> Iterator[str]:
    if votes:
        yield (
            f"{votes} annotations count that were asked for because others disagreed: agreement is biased by them, "
            "mostly upwards"
        )


class _Answers(Struct, frozen=True, kw_only=True):
    answers: Votes
    no_answers: int


def _coded(votes: Sequence[Vote], question: Question) -> _Answers:
    answers = [vote for vote in votes if vote.label not in question.no_answers]
    return _Answers(answers=code_votes(answers, question.gold_labels), no_answers=len(votes) - len(answers))


def _of_question(given: _Answers, question: Question, asked: Asked, seed: int) -> QuestionAgreement:
    labels = question.gold_labels
    scale = Scale(level=asked.level, values=scale_of(question).values)
    missing = [label for label in labels if asked.level != "nominal" and label not in scale.values]
    if missing:
        found = _of_question(given, question, structs.replace(asked, level="nominal"), seed)
        reason = f"{missing[0]} has no place on the scale that level {asked.level} needs; see alpha_direction"
        undefined = structs.replace(
            found.alpha, value=None, low=None, high=None, new_annotators=None, level=asked.level, reason=reason
        )
        return structs.replace(found, alpha=undefined, cautions=())
    votes = given.answers.in_order(scale.ordered(labels)) if asked.level != "nominal" else given.answers
    found = agreement_of_votes(votes, labels, given.no_answers, scale, seed)
    found = structs.replace(found, coefficients=off_scale_coefficients(given.answers, question, seed))
    return with_details(found, votes, scale, seed) if asked.details else found


def _sliced(
    votes: Votes, question: Question, cuts: Mapping[str, Mapping[str, str]], asked: Asked, seed: int
) -> dict[str, Slices]:
    # A slice whose labels have no common scale is measured as they come.
    values = scale_of(question).values
    on_scale = set(question.gold_labels) <= set(values)
    scale = Scale(level=asked.level if on_scale else "nominal", values=values)
    votes = votes.in_order(scale.ordered(question.gold_labels)) if scale.level != "nominal" else votes
    wanted = {name: values for name, values in cuts.items() if name != question.name}
    return {name: sliced(votes, item_values(votes, values), scale, seed) for name, values in wanted.items()}


_ITEM_CUTS = ("outlet", "month", "role", "round")


def _cuts(campaign: CampaignConfig, asked: Asked, coded: Mapping[str, _Answers]) -> dict[str, Mapping[str, str]]:
    """The value of each item for all that is sliced: facts of the item, or what most say to another question."""
    known = (*_ITEM_CUTS, *coded)
    for name in asked.by:
        if name not in known:
            raise ConfigError(f"--by {name}: unknown; a campaign has {', '.join(known)}")
    cuts: dict[str, Mapping[str, str]] = {}
    if set(asked.by) & set(_ITEM_CUTS):
        cuts |= {name: values for name, values in _item_cuts(campaign).items() if name in asked.by}
    cuts |= {name: majority_values(given.answers) for name, given in coded.items() if name in asked.by}
    return cuts


def _item_cuts(campaign: CampaignConfig) -> dict[str, dict[str, str]]:
    articles, items = articles_of(campaign), items_of(campaign).values()
    roles = {paragraph.id: paragraph.role for paragraph in paragraphs_of(campaign)}
    here = [(item, articles.get(item.article_id)) for item in items]
    return {
        "outlet": {item.id: article.outlet or "" for item, article in here if article},
        "month": {item.id: (article.published or "")[:7] for item, article in here if article},
        "role": {item.id: roles.get(item.unit_id, item.unit) for item, _ in here},
        "round": {item.id: item.round for item, _ in here},
    }


def every_cut(campaign: CampaignConfig) -> tuple[str, ...]:
    """All that a campaign can be sliced by."""
    return (*_ITEM_CUTS, *(question.name for question in campaign.codebook.choices))


# --- of a table ------------------------------------------------------------------------------------------------------


def agreement_table(path: Path, columns: Columns, rules: Rules, asked: Asked, seed: int) -> Outcome:
    """Agreement in a table of votes.

    Raises:
        DataError: as `read_votes` raises it, or the labels do not go with the level.
    """
    table = read_votes(path, columns, structs.replace(rules, labels=rules.labels or asked.order))
    scale, labels = _scale_of_table(path, table, asked)
    votes = table.votes(scale.ordered(labels))
    found = agreement_of_votes(votes, labels, table.no_answers, scale, seed)
    if asked.details:
        found = with_details(found, votes, scale, seed)
    slices = {name: sliced(votes, values, scale, seed) for name, values in table.by.items()}
    found = structs.replace(found, slices=slices, cautions=(*table.notes, *found.cautions))
    outcome = _outcome({table.name: found}, {"left_out": table.left_out})
    first, *others = outcome.line.split("\n")
    return structs.replace(outcome, line="\n".join([first + left_out_line(table.left_out), *others]))


def _scale_of_table(path: Path, table: CodedTable, asked: Asked) -> tuple[Scale, list[str]]:
    """How the labels of a table are compared, and in what order they are shown."""
    labels = list(asked.order) or list(table.label.names)
    if asked.level == "nominal":
        return Scale(), labels
    if asked.order and asked.level == "ordinal":
        return Scale(level="ordinal", values={label: float(place) for place, label in enumerate(labels)}), labels
    values = {label: _number(label) for label in labels}
    wrong = [label for label, value in values.items() if value is None]
    if wrong:
        remedy = "list them from low to high (`--order`)" if asked.level == "ordinal" else "map them (`--map`)"
        raise DataError(f"{path}: level {asked.level} needs numbers, and {wrong[0]!r} is none; {remedy}")
    numbers = {label: value for label, value in values.items() if value is not None}
    return Scale(level=asked.level, values=numbers), sorted(labels, key=numbers.__getitem__)


def _number(label: str) -> float | None:
    try:
        value = float(label)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


# --- out -------------------------------------------------------------------------------------------------------------


def _outcome(found: Mapping[str, QuestionAgreement], more: Mapping[str, Any]) -> Outcome:
    questions = {name: {**msgspec.to_builtins(one), "meaning": meaning(one)} for name, one in found.items()}
    lines = [line for name, one in found.items() for line in agreement_lines(name, one)]
    return Outcome(line="\n".join(lines), facts={"schema": 1, "questions": questions, **more})
