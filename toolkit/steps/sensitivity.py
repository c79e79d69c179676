"""The step that says how much of the gold hangs on the method of aggregation."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from toolkit.baselines.persistence import read_scores
from toolkit.labels.aggregation.gold import aggregate, default_min_votes
from toolkit.labels.aggregation.methods import MethodPair, Swap, compare_methods, compared_methods, swapped_baselines
from toolkit.records import Gold
from toolkit.steps.aggregate import TableRules, question_of
from toolkit.steps.common import Outcome, items_of
from toolkit.steps.votes import Columns, counted_votes, table_votes
from toolkit.workspace import CampaignConfig

_SHOWN = 3  # changes of label in a line


def sensitivity_campaign(campaign: CampaignConfig, scores: Mapping[str, Path]) -> Outcome:
    """How the gold of a campaign changes between methods, adjudications aside; nothing is written."""
    _, votes = counted_votes(campaign)
    asked = {item.id: item.votes for item in items_of(campaign).values()}
    methods = compared_methods(campaign.file.seed)
    by_method = {name: aggregate(votes, campaign.codebook, asked, method) for name, method in methods.items()}
    questions = [question.name for question in campaign.codebook.choices if votes[question.name]]
    golds = {name: {method: found[name].gold for method, found in by_method.items()} for name in questions}
    return _outcome(golds, scores)


def sensitivity_table(path: Path, columns: Columns, scores: Mapping[str, Path], rules: TableRules) -> Outcome:
    """How the gold of a table of votes changes between methods."""
    table = table_votes(path, columns, rules.cells)
    question = question_of(columns.label, table.votes, rules)
    asked = Counter(vote.item_id for vote in table.votes)
    limits = {item: default_min_votes(count) for item, count in asked.items()}
    golds = {
        name: method(table.votes, question, list(asked), limits).gold
        for name, method in compared_methods(rules.seed).items()
    }
    return _outcome({columns.label: golds}, scores)


def _outcome(golds: Mapping[str, Mapping[str, Sequence[Gold]]], scores: Mapping[str, Path]) -> Outcome:
    found = {name: compare_methods(by_method) for name, by_method in golds.items()}
    swaps = swapped_baselines({method: read_scores(path).main_figures for method, path in scores.items()})
    facts: dict[str, Any] = {"schema": 1, "questions": msgspec.to_builtins(found)}
    lines = [f"{name}: {_pair_line(pair)}" for name, pairs in found.items() for pair in pairs]
    if scores:
        facts["baselines"] = {"methods": list(scores), "swapped": msgspec.to_builtins(swaps)}
        lines.append(_swap_line(swaps, len(scores)))
    return Outcome(line="\n".join(lines), facts=facts)


def _pair_line(pair: MethodPair) -> str:
    share = "" if pair.share is None else f" ({pair.share:.1%})"
    changes = ", ".join(f"{number} {change}" for change, number in list(pair.labels.items())[:_SHOWN])
    alone = f"only by {pair.one} {pair.only_one}, only by {pair.other} {pair.only_other}, by neither {pair.neither}"
    told = f": {changes}" if changes else ""
    return f"{pair.one} or {pair.other}: {pair.changed} of {pair.both} labels change{share}{told}; {alone}"


def _swap_line(swaps: Sequence[Swap], methods: int) -> str:
    if not swaps:
        return f"baselines: the same order under all {methods} methods"
    told = "; ".join(f"{s.better} beats {s.worse} under {s.one}, not under {s.other}" for s in swaps)
    return f"baselines: {told}"
