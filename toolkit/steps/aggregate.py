"""The step from votes to gold, in a campaign or in a table of votes."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.codebook import Label, Question
from toolkit.errors import DataError, UsageError
from toolkit.files import write_json, write_jsonl
from toolkit.labels.adjudication import labels_of
from toolkit.labels.aggregation.gold import Aggregated, aggregate, all_gold, default_min_votes
from toolkit.labels.aggregation.methods import fit_line, method_of, reasons_line
from toolkit.records import Gold, Vote
from toolkit.statistics import DRAWS
from toolkit.steps.agreement import AgreementFile, agreement_of, alpha_line
from toolkit.steps.common import Outcome, annotations_of, annotators_of, finish, items_of, simulation_note, withdrawn_of
from toolkit.steps.votes import Columns, Rules, counted_votes, gold_votes, left_out_line, table_votes
from toolkit.store import Store
from toolkit.tables import write_table
from toolkit.workspace import AggregateOptions, CampaignConfig


def aggregate_step(campaign: CampaignConfig) -> Outcome:
    """Votes into agreement and gold, both or neither."""
    ledger, votes = counted_votes(campaign)
    found = agreement_of(votes, campaign.codebook, campaign.file.seed)
    aggregated = aggregated_campaign(campaign, gold_votes(campaign))
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
    write_jsonl(campaign.at("gold.jsonl"), all_gold(aggregated))
    facts = {
        **_gold_facts(aggregated, campaign.file.aggregate.method),
        "agreement": {name: msgspec.to_builtins(a.alpha) for name, a in found.items()},
    }
    first = campaign.codebook.choices[0].name
    simulated = "; SIMULATED answers" if said else ""
    line = f"{_gold_line(aggregated[first], first)}; {alpha_line(first, found[first])}{simulated}"
    outcome = Outcome(line=line, facts=facts)
    return finish(campaign, "aggregate", aggregate_inputs(campaign), aggregate_outputs(campaign), outcome)


def aggregated_campaign(campaign: CampaignConfig, votes: Mapping[str, list[Vote]]) -> dict[str, Aggregated]:
    """The gold of a campaign by the method that its file names, adjudications included."""
    gone = withdrawn_of(campaign)
    asked = {item.id: item.votes for item in items_of(campaign).values() if item.id not in gone}
    method = method_of(campaign.file.aggregate, campaign.file.seed)
    adjudicated = labels_of(Store(campaign).adjudications, campaign.codebook)
    return aggregate(votes, campaign.codebook, asked, method, adjudicated)


def aggregate_inputs(campaign: CampaignConfig) -> list[Path]:
    """What aggregation depends on."""
    votes = ("items.jsonl", "annotations.jsonl", "withdrawn.jsonl", "annotators.jsonl")
    names = (*votes, "clusters.jsonl", "adjudications.jsonl")
    return [campaign.beside(campaign.file.codebook), *(campaign.at(name) for name in names)]


def aggregate_outputs(campaign: CampaignConfig) -> list[Path]:
    """What aggregation writes."""
    return [campaign.at("agreement.json"), campaign.at("gold.jsonl")]


def _gold_facts(found: Mapping[str, Aggregated], method: str) -> dict[str, Any]:
    gold = all_gold(found)
    resolved = sum(row.label is not None for row in gold)
    return {
        "schema": 1,
        "items": len({row.item_id for row in gold}),
        "resolved": resolved,
        "unresolved": len(gold) - resolved,
        "method": method,
        "questions": {name: dict(Counter(row.status for row in one.gold)) for name, one in found.items()},
        "unresolved_reasons": {name: one.reason_counts for name, one in found.items()},
        "models": {name: msgspec.to_builtins(one.fits) for name, one in found.items() if one.fits},
    }


def _gold_line(found: Aggregated, question: str) -> str:
    unresolved = len(found.reasons)
    resolved = f"{len(found.gold) - unresolved} of {len(found.gold)} items have gold"
    return f"{question}: {resolved}, {unresolved} unresolved{reasons_line(found)}{fit_line(found.fits)}"


# --- tables of a user's own -----------------------------------------------------------------------------------------


class TableRules(Struct, frozen=True, kw_only=True):
    """How the votes of a table become gold."""

    options: AggregateOptions = AggregateOptions()
    cells: Rules = Rules()  # how its cells become votes
    order: tuple[str, ...] = ()  # the labels on a scale, from low to high; those not named are off it. None: no scale
    no_answer: tuple[str, ...] = ()  # labels that are no answer
    seed: int = 0


_BY_MAJORITY = TableRules()


def aggregate_table(
    path: Path, columns: Columns, output: Path | None, rules: TableRules = _BY_MAJORITY
) -> tuple[Outcome, list[dict[str, Any]]]:
    """Gold of a table of votes, as rows; to a file if one is named."""
    table = table_votes(path, columns, rules.cells)
    question = question_of(columns.label, table.votes, rules)
    found = aggregated_table(table.votes, question, rules)
    rows = [_row(row, found.reasons.get(row.item_id, ""), question) for row in found.gold]
    if output is not None:
        write_table(output, rows)
    cautions = "".join(f"\n  caution: {each}" for each in table.notes)
    line = _gold_line(found, columns.label) + left_out_line(table.left_out) + cautions
    facts = {
        **_gold_facts({columns.label: found}, rules.options.method),
        "left_out": table.left_out,
        "cautions": list(table.notes),
    }
    return Outcome(line=line, facts=facts), rows


def question_of(name: str, votes: list[Vote], rules: TableRules = _BY_MAJORITY) -> Question:
    """The question that a column of labels answers: its labels are those that occur, in alphabetical order.

    Raises:
        DataError: there are no votes.
        UsageError: a label that is named does not occur.
    """
    if not votes:
        raise DataError(f"no votes in the column {name!r}; nothing to aggregate")
    found = sorted({vote.label for vote in votes})
    for label in (*rules.order, *rules.no_answer):
        if label not in found:
            raise UsageError(f"no label {label!r} in the column {name!r}; it has {', '.join(found)}")
    place = {label: float(number) for number, label in enumerate(rules.order)}
    labels = tuple(
        Label(name=label, title={}, scale=place.get(label), no_answer=label in rules.no_answer) for label in found
    )
    return Question(name=name, text={}, labels=labels)


def aggregated_table(votes: list[Vote], question: Question, rules: TableRules) -> Aggregated:
    """The gold of the votes in a table."""
    asked = Counter(vote.item_id for vote in votes)
    limits = {item: default_min_votes(count) for item, count in asked.items()}
    return method_of(rules.options, rules.seed)(votes, question, list(asked), limits)


def _row(gold: Gold, reason: str, question: Question) -> dict[str, Any]:
    keys = ("label", "status", "method", "n_votes", "confidence")
    soft = {f"soft_{label}": gold.soft.get(label, 0.0) for label in question.gold_labels}
    return {"item": gold.item_id, **{key: getattr(gold, key) for key in keys}, "reason": reason, **soft}
