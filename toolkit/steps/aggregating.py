"""The step from votes to gold, in a campaign or in a table of votes."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from toolkit.codebook import Label, Question
from toolkit.files import write_json, write_jsonl, write_table
from toolkit.labels.aggregation import aggregate, default_min_votes, majority
from toolkit.records import Gold
from toolkit.statistics import DRAWS
from toolkit.steps.agreeing import AgreementFile, agreement_of, alpha_line
from toolkit.steps.common import Outcome, annotations_of, annotators_of, finish, items_of, simulation_note
from toolkit.steps.votes import Columns, counted_votes, left_out_line, table_votes
from toolkit.workspace import Campaign


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
    names = ("items.jsonl", "annotations.jsonl", "annotators.jsonl", "clusters.jsonl")
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


def aggregate_table(path: Path, columns: Columns, output: Path | None) -> tuple[Outcome, list[dict[str, Any]]]:
    """Gold of a table of votes, by majority, as rows; to a file if one is named."""
    table = table_votes(path, columns)
    votes = table.votes
    labels = tuple(Label(name=label, title={}) for label in sorted({vote.label for vote in votes}))
    question = Question(name=columns.label, text={}, labels=labels)
    asked = Counter(vote.item_id for vote in votes)
    limits = {item: default_min_votes(count) for item, count in asked.items()}
    gold = majority(votes, question, list(asked), limits)
    keys = ("label", "status", "method", "n_votes", "confidence")
    rows = [{"item": row.item_id, **{key: getattr(row, key) for key in keys}} for row in gold]
    if output is not None:
        write_table(output, rows)
    line = _gold_line(gold, columns.label) + left_out_line(table.left_out)
    return Outcome(line=line, facts={**_gold_facts(gold), "left_out": table.left_out}), rows
