"""Turns votes into gold, in a campaign or in a table, and compares methods of aggregation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from toolkit.baselines.training import ScoresFile
from toolkit.campaigns.simulation import simulation_note
from toolkit.errors import DataError
from toolkit.files import read_json
from toolkit.labels.aggregation.gold import GoldSummary, all_gold, format_gold, gold_summary
from toolkit.labels.aggregation.methods import (
    MethodComparison,
    TableOptions,
    campaign_gold,
    campaign_golds,
    compare_golds,
    comparison_lines,
    gold_of_columns,
    gold_rows,
    golds_of_columns,
)
from toolkit.labels.agreement.headline import QuestionAgreement
from toolkit.labels.agreement.questions import AgreementFile, agreement_by_question, alpha_line
from toolkit.labels.vote_tables import Columns, VoteRules
from toolkit.labels.votes import campaign_votes
from toolkit.records import Gold
from toolkit.runs import Result
from toolkit.statistics import DRAWS
from toolkit.store import Store
from toolkit.tables import write_table
from toolkit.tables.columns import read_columns
from toolkit.words import format_left_out
from toolkit.workspace import CampaignConfig


class AggregateResult(Result, GoldSummary, frozen=True, kw_only=True):
    """Counts of the gold."""

    method: str
    agreement: dict[str, QuestionAgreement]  # of a campaign; the facts have alpha alone
    left_out: dict[str, int]  # annotations or rows that do not count, by reason
    cautions: tuple[str, ...] = ()  # of a table
    is_simulated: bool = False

    def facts(self) -> dict[str, Any]:
        """The fields, with the alpha of each question as its agreement."""
        return {**super().facts(), "agreement": {n: msgspec.to_builtins(a.alpha) for n, a in self.agreement.items()}}

    def line(self) -> str:
        """The gold and the agreement of the first question."""
        name = next(iter(self.questions))
        gold = format_gold(name, self.questions[name], self.unresolved_reasons[name], self.models.get(name, ()))
        if not self.agreement:
            return gold + format_left_out(self.left_out) + "".join(f"\n  caution: {text}" for text in self.cautions)
        return f"{gold}; {alpha_line(name, self.agreement[name])}" + "; SIMULATED answers" * self.is_simulated


class SensitivityResult(Result, MethodComparison, frozen=True, kw_only=True):
    """The labels, and the order of baselines, that depend on the method of aggregation."""

    def line(self) -> str:
        """The labels that differ between each two methods, by question."""
        return "\n".join(comparison_lines(self))


def aggregate_campaign(campaign: CampaignConfig) -> AggregateResult:
    """Write the agreement and the gold of a campaign, both or neither."""
    store = Store(campaign)
    votes = campaign_votes(store)
    agreement = agreement_by_question(votes.by_question, campaign.codebook, campaign.file.seed)
    aggregated = campaign_gold(store)
    note = simulation_note(store.annotations, store.annotators)
    file = AgreementFile(
        seed=campaign.file.seed,
        draws=DRAWS,
        codebook=campaign.codebook.ref,
        left_out=votes.ledger.left_out,
        questions=agreement,
        simulated=note,
    )
    result = AggregateResult(
        **msgspec.structs.asdict(gold_summary(aggregated)),
        method=campaign.file.aggregate.method,
        agreement=agreement,
        left_out=votes.ledger.left_out,
        is_simulated=bool(note),
    )
    with store.lock():
        store.write_fact("agreement.json", file)
        store.write_rows("gold.jsonl", all_gold(aggregated))
        return store.record("aggregate", aggregate_inputs(campaign), aggregate_outputs(campaign), result)


def aggregate_inputs(campaign: CampaignConfig) -> list[Path]:
    """The files that gold and agreement depend on."""
    votes = ("items.jsonl", "annotations.jsonl", "withdrawn.jsonl", "annotators.jsonl")
    names = (*votes, "clusters.jsonl", "adjudications.jsonl")
    return [campaign.beside(campaign.file.codebook), *(campaign.at(name) for name in names)]


def aggregate_outputs(campaign: CampaignConfig) -> list[Path]:
    """The files that are written."""
    return [campaign.at("agreement.json"), campaign.at("gold.jsonl")]


def aggregate_table(
    path: Path, columns: Columns, rules: VoteRules, options: TableOptions, output: Path | None
) -> tuple[AggregateResult, list[dict[str, Any]]]:
    """Return the gold of a table of votes, and its rows; write the rows where an output is named."""
    gold = gold_of_columns(read_columns(path, columns.required, columns.optional), columns, rules, options)
    rows = gold_rows(gold)
    if output is not None:
        write_table(output, rows)
    result = AggregateResult(
        **msgspec.structs.asdict(gold_summary({gold.question.name: gold.aggregated})),
        method=options.method.method,
        agreement={},
        left_out=gold.left_out,
        cautions=gold.cautions,
    )
    return result, rows


def sensitivity_campaign(campaign: CampaignConfig, scores: Mapping[str, Path]) -> SensitivityResult:
    """Compare the gold of a campaign between methods, without adjudications; nothing is written."""
    return _sensitivity(campaign_golds(Store(campaign)), scores)


def sensitivity_table(
    path: Path, columns: Columns, rules: VoteRules, options: TableOptions, scores: Mapping[str, Path]
) -> SensitivityResult:
    """Compare the gold of a table of votes between methods; nothing is written."""
    table = read_columns(path, columns.required, columns.optional)
    return _sensitivity(golds_of_columns(table, columns, rules, options), scores)


def _sensitivity(golds: Mapping[str, Mapping[str, list[Gold]]], scores: Mapping[str, Path]) -> SensitivityResult:
    figures = {method: _figures(path) for method, path in scores.items()}
    return SensitivityResult(**msgspec.structs.asdict(compare_golds(golds, figures)))


def _figures(path: Path) -> dict[str, float | None]:
    """The macro-F1 of each baseline in a file of scores: on test, or cross-validated where there is no test set."""
    try:
        return msgspec.convert(read_json(path), ScoresFile).main_figures
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}; a scores.json that `stance train` wrote is needed") from error
