"""`stance train`: baselines and their scores."""

from typing import Annotated

import typer

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
from toolkit.steps import train as baseline

app = new_app()


@verb(app, "train", example="stance train schemas/demo.toml")
def _train(
    source: Source,
    output: Output = None,
    text: Annotated[str, typer.Option("--text", help="The column with the text.")] = "text",
    label: Annotated[str, typer.Option("--label", help="The column with the label.")] = "label",
    labels: Labels = None,
    polar: Polar = None,
    group: Annotated[str | None, typer.Option("--group", help="The column of rows that stay together.")] = None,
    cluster: ClusterColumn = None,
    split: Annotated[str | None, typer.Option("--split", help="The column with train, validation or test.")] = None,
    *,
    common: Common,
) -> None:
    """Fit the baselines and score them, on a campaign or on a table of labelled texts.

    -o names a directory.
    """
    if is_campaign(source):
        if output:
            raise UsageError("-o goes with a table; a campaign writes its baseline/ directory")
        emit(baseline.train_step(campaign_at(source)), common)
        return
    if output is None:
        raise UsageError("-o DIR is needed: where the model and the scores go")
    options = baseline.TableOptions(
        text=text,
        label=label,
        group=group,
        cluster=cluster,
        split=split,
        labels=values_of(labels),
        polar=values_of(polar),
    )
    emit(baseline.train_table(source, options, output, common.seed), common)
