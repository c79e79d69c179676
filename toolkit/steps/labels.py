"""Steps from votes to gold: agreement and aggregate, for a campaign or for a table of a user's own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.codebook import Codebook, Label, Question
from toolkit.errors import DataError
from toolkit.files import column, read_table, write_json, write_jsonl, write_table
from toolkit.labels.aggregation import aggregate, default_min_votes, majority
from toolkit.labels.agreement import QuestionAgreement, agreement
from toolkit.labels.ledger import Ledger, settle, votes_of
from toolkit.records import Gold, Vote
from toolkit.statistics import DRAWS
from toolkit.steps.common import (
    Outcome,
    annotations_of,
    annotators_of,
    clusters_of,
    finish,
    items_of,
    simulation_note,
    withdrawn_of,
)
from toolkit.workspace import Campaign


class AgreementFile(Struct, frozen=True, kw_only=True):
    """``agreement.json``."""

    schema: int = 1
    seed: int
    draws: int
    codebook: str
    left_out: dict[str, int]  # annotations that do not count, by reason
    questions: dict[str, QuestionAgreement]
    simulated: str = ""  # what a reader must know where answers were simulated


class Columns(Struct, frozen=True, kw_only=True):
    """The columns of a table of votes."""

    item: str = "item"
    annotator: str = "annotator"
    label: str = "label"
    cluster: str | None = None  # None: each item is its own


def counted_votes(campaign: Campaign) -> tuple[Ledger, dict[str, list[Vote]]]:
    """The annotations of a campaign that count, and the votes on each question."""
    items = items_of(campaign)
    clusters = {row.article_id: row.cluster for row in clusters_of(campaign)}
    ledger = settle(annotations_of(campaign), items, campaign.codebook, withdrawn_of(campaign))
    questions = campaign.codebook.choices
    return ledger, {question.name: votes_of(ledger, question, items, clusters) for question in questions}


def agreement_of(votes: Mapping[str, Sequence[Vote]], codebook: Codebook, seed: int) -> dict[str, QuestionAgreement]:
    """Agreement on each question that is answered with one label."""
    return {
        question.name: agreement(votes[question.name], question.gold_labels, question.no_answers, seed)
        for question in codebook.choices
    }


def aggregate_step(campaign: Campaign) -> Outcome:
    """Votes into agreement and gold, both or neither."""
    items = items_of(campaign)
    ledger, votes = counted_votes(campaign)
    found = agreement_of(votes, campaign.codebook, campaign.file.seed)
    gold = aggregate(votes, campaign.codebook, {item.id: item.votes for item in items.values()})
    said = simulation_note(annotations_of(campaign), annotators_of(campaign))
    file = AgreementFile(
        seed=campaign.file.seed,
        draws=DRAWS,
        codebook=campaign.codebook.ref,
        left_out=ledger.left_out,
        questions=found,
        simulated=said,
    )
    write_json(campaign.at("agreement.json"), file)
    write_jsonl(campaign.at("gold.jsonl"), gold)
    facts = {**_gold_facts(gold), "agreement": {name: msgspec.to_builtins(a.alpha) for name, a in found.items()}}
    first = campaign.codebook.choices[0].name
    line = f"{_gold_line(gold, first)}; {alpha_line(first, found[first])}{'; SIMULATED answers' if said else ''}"
    outcome = Outcome(line=line, facts=facts)
    return finish(campaign, "aggregate", aggregate_inputs(campaign), aggregate_outputs(campaign), outcome)


def aggregate_inputs(campaign: Campaign) -> list[Path]:
    """What aggregation depends on."""
    names = ("items.jsonl", "annotations.jsonl", "withdrawn.jsonl", "annotators.jsonl", "clusters.jsonl")
    return [campaign.beside(campaign.file.codebook), *(campaign.at(name) for name in names)]


def aggregate_outputs(campaign: Campaign) -> list[Path]:
    """What aggregation writes."""
    return [campaign.at("agreement.json"), campaign.at("gold.jsonl")]


def _gold_facts(gold: Sequence[Gold]) -> dict[str, Any]:
    resolved = sum(row.label is not None for row in gold)
    statuses: dict[str, dict[str, int]] = {}
    for row in gold:
        counts = statuses.setdefault(row.question, {})
        counts[row.status] = counts.get(row.status, 0) + 1
    return {
        "schema": 1,
        "items": len({row.item_id for row in gold}),
        "resolved": resolved,
        "unresolved": len(gold) - resolved,
        "method": "majority",
        "questions": statuses,
    }


def _gold_line(gold: Sequence[Gold], question: str) -> str:
    rows = [row for row in gold if row.question == question]
    unresolved = sum(row.label is None for row in rows)
    return f"{question}: {len(rows) - unresolved} of {len(rows)} items have gold, {unresolved} unresolved"


def alpha_line(name: str, found: QuestionAgreement) -> str:
    """Agreement on a question in words: the coefficient, its interval and its n, or why there is none."""
    alpha = found.alpha
    if alpha.value is None:
        return f"{name}: alpha undefined: {alpha.why}"
    known = alpha.low is not None and alpha.high is not None
    interval = f" [{alpha.low:.3f}, {alpha.high:.3f}]" if known else f" ({alpha.why})"
    rests_on = f"{alpha.n} items, {alpha.clusters} clusters, {found.n_annotators} annotators"
    return f"{name}: alpha {alpha.value:.3f}{interval} (nominal, {rests_on})"


# --- tables of a user's own -----------------------------------------------------------------------------------------


def table_votes(path: Path, columns: Columns) -> list[Vote]:
    """The votes in a table; an empty label is no vote.

    Raises:
        DataError: a column is missing, or one annotator has two votes on an item.
    """
    rows = read_table(path)
    cells = [column(rows, name, path) for name in (columns.item, columns.annotator, columns.label)]
    clusters = column(rows, columns.cluster, path) if columns.cluster else cells[0]
    votes: dict[tuple[str, str], Vote] = {}
    for number, (item, annotator, label, cluster) in enumerate(zip(*cells, clusters, strict=True), 1):
        if label is None or not str(label).strip():
            continue
        key = str(item), str(annotator)
        if key in votes:
            raise DataError(
                f"{path}, row {number}: a second vote of annotator {annotator} on item {item}; "
                "keep one vote for each person and item"
            )
        votes[key] = Vote(
            question=columns.label, item_id=key[0], annotator=key[1], label=str(label), cluster=str(cluster)
        )
    return list(votes.values())


def agreement_campaign(campaign: Campaign) -> Outcome:
    """Agreement in a campaign, question by question; nothing is written."""
    _, votes = counted_votes(campaign)
    found = agreement_of(votes, campaign.codebook, campaign.file.seed)
    return _agreement_outcome(found)


def agreement_table(path: Path, columns: Columns, seed: int) -> Outcome:
    """Agreement in a table of votes."""
    votes = table_votes(path, columns)
    labels = sorted({vote.label for vote in votes})
    return _agreement_outcome({columns.label: agreement(votes, labels, (), seed)})


def _agreement_outcome(found: Mapping[str, QuestionAgreement]) -> Outcome:
    facts = {"schema": 1, "questions": msgspec.to_builtins(dict(found))}
    return Outcome(line="\n".join(alpha_line(name, one) for name, one in found.items()), facts=facts)


def aggregate_table(path: Path, columns: Columns, output: Path | None) -> tuple[Outcome, list[dict[str, Any]]]:
    """Gold of a table of votes, by majority, as rows; to a file if one is named."""
    votes = table_votes(path, columns)
    labels = tuple(Label(name=label, title={}) for label in sorted({vote.label for vote in votes}))
    question = Question(name=columns.label, text={}, labels=labels)
    asked = Counter(vote.item_id for vote in votes)
    limits = {item: default_min_votes(count) for item, count in asked.items()}
    gold = majority(votes, question, list(asked), limits)
    keys = ("label", "status", "method", "n_votes", "confidence")
    rows = [{"item": row.item_id, **{key: getattr(row, key) for key in keys}} for row in gold]
    if output is not None:
        write_table(output, rows)
    return Outcome(line=_gold_line(gold, columns.label), facts=_gold_facts(gold)), rows
