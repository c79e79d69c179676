"""`stance train`: baselines and their scores."""

from typing import Annotated

import typer

from toolkit.baselines.rows import TrainColumns
from toolkit.cli._options import (
    ClusterColumn,
    Common,
    Labels,
    Output,
    Polar,
    Source,
    campaign_at,
    is_campaign,
    new_app,
    values_of,
    verb,
)
from toolkit.cli._output import emit
from toolkit.errors import UsageError
from toolkit.steps.train import train_campaign, train_table

app = new_app()


@verb(app, "train", example="stance train schemas/demo.toml")
def _train(
    source: Source,
    output: Output = None,
    text: Annotated[str, typer.Option("--text", help="The column with the text.")] = "text",
    label: Annotated[str, typer.Option("--label", help="The column with the label.")] = "label",
    ident: Annotated[str | None, typer.Option("--id", help="The column with the id of a row.")] = None,
    labels: Labels = None,
    polar: Polar = None,
    group: Annotated[str | None, typer.Option("--group", help="The column of rows that stay together.")] = None,
    cluster: ClusterColumn = None,
    split: Annotated[str | None, typer.Option("--split", help="The column with train, validation or test.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a table whose splits share groups or texts.")
    ] = False,
    *,
    common: Common,
) -> None:
    """Train baselines on a campaign or a table of labelled texts, and score them.

    -o is the directory for the model and the scores of a table.
    """
    if is_campaign(source):
        if strict:
            raise UsageError("--strict is for a table; the splits of a campaign are made by `stance plan`")
        if output:
            raise UsageError("-o is for a table; a campaign writes its own directory baseline/")
        emit(train_campaign(campaign_at(source)), common)
        return
    if output is None:
        raise UsageError("-o DIR is missing: the directory for the model and the scores")
    columns = TrainColumns(
        text=text,
        label=label,
        id=ident,
        group=group,
        cluster=cluster,
        split=split,
        labels=values_of(labels),
        polar=values_of(polar),
    )
    emit(train_table(source, columns, output, common.seed, is_strict=strict), common)
