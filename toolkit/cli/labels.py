"""Verbs from votes to a dataset."""

from typing import Annotated

import typer

from toolkit.cli.common import (
    AsJson,
    CampaignPath,
    Quiet,
    Seed,
    Source,
    campaign_at,
    emit,
    example,
    is_campaign,
)
from toolkit.steps import agreeing, dataset
from toolkit.steps.votes import Columns

Item = Annotated[str, typer.Option("--item", help="The column with the item.")]
Annotator = Annotated[str, typer.Option("--annotator", help="The column with the annotator.")]
LabelColumn = Annotated[str, typer.Option("--label", help="The column with the label.")]
Cluster = Annotated[
    str | None, typer.Option("--cluster", help="The column of what intervals resample; default: the item.")
]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command("agreement", epilog=example("stance agreement schemas/demo.toml"))(_agreement)
    app.command("build", epilog=example("stance build schemas/demo.toml"))(_build)
    app.command("card", epilog=example("stance card schemas/demo.toml"))(_card)


def _agreement(
    source: Source,
    item: Item = "item",
    annotator: Annotator = "annotator",
    label: LabelColumn = "label",
    cluster: Cluster = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Krippendorff's alpha with an interval by article, of a campaign or of a table of votes."""
    if is_campaign(source):
        outcome = agreeing.agreement_campaign(campaign_at(source))
    else:
        columns = Columns(item=item, annotator=annotator, label=label, cluster=cluster)
        outcome = agreeing.agreement_table(source, columns, seed)
    emit(outcome, as_json, quiet)


def _build(source: CampaignPath, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Gold and votes into a dataset that `datasets.load_dataset` opens offline."""
    emit(dataset.build_step(campaign_at(source)), as_json, quiet)


def _card(source: CampaignPath, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Write the dataset card anew, from facts."""
    emit(dataset.card_step(campaign_at(source)), as_json, quiet)
