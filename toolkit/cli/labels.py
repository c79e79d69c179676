"""Verbs from votes to a dataset."""

from typing import Annotated

import typer

from toolkit.cli.common import (
    AsJson,
    CampaignPath,
    Output,
    Quiet,
    Source,
    campaign_at,
    emit,
    emit_rows,
    example,
    is_campaign,
    note,
)
from toolkit.errors import UsageError
from toolkit.steps import aggregating, dataset
from toolkit.steps.votes import Columns

Item = Annotated[str, typer.Option("--item", help="The column with the item.")]
Annotator = Annotated[str, typer.Option("--annotator", help="The column with the annotator.")]
LabelColumn = Annotated[str, typer.Option("--label", help="The column with the label.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command("aggregate", epilog=example("stance aggregate schemas/demo.toml"))(_aggregate)
    app.command("build", epilog=example("stance build schemas/demo.toml"))(_build)
    app.command("card", epilog=example("stance card schemas/demo.toml"))(_card)


def _aggregate(
    source: Source,
    output: Output = None,
    item: Item = "item",
    annotator: Annotator = "annotator",
    label: LabelColumn = "label",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Votes into gold by majority; a tie stays unresolved."""
    if is_campaign(source):
        if output:
            raise UsageError("-o goes with a table of votes; a campaign writes gold.jsonl and agreement.json")
        outcome = aggregating.aggregate_step(campaign_at(source))
    else:
        columns = Columns(item=item, annotator=annotator, label=label)
        outcome, rows = aggregating.aggregate_table(source, columns, output)
        if output is None and not as_json:
            emit_rows(rows)
            note(outcome, quiet)
            return
    emit(outcome, as_json, quiet)


def _build(source: CampaignPath, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Gold and votes into a dataset that `datasets.load_dataset` opens offline."""
    emit(dataset.build_step(campaign_at(source)), as_json, quiet)


def _card(source: CampaignPath, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Write the dataset card anew, from facts."""
    emit(dataset.card_step(campaign_at(source)), as_json, quiet)
