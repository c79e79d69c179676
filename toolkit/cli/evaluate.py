"""`stance evaluate`: predicted labels against gold ones."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.baselines.evaluation import EvaluateOptions
from toolkit.cli._options import ClusterColumn, Common, Labels, Polar, new_app, values_of, verb
from toolkit.cli._output import emit
from toolkit.steps.evaluate import evaluate_tables

app = new_app()


@verb(app, "evaluate", example="stance evaluate predicted.csv --gold gold.csv --labels for,against")
def _evaluate(
    predictions: Annotated[Path, typer.Argument(metavar="PREDICTIONS", help="A table with ids and labels.")],
    gold: Annotated[Path, typer.Option("--gold", metavar="TABLE", help="A table with the same ids and true labels.")],
    ident: Annotated[str, typer.Option("--id", help="The column with the id, in both.")] = "id",
    gold_id: Annotated[
        str | None, typer.Option("--gold-id", help="The column with the id of the gold, if another.")
    ] = None,
    label: Annotated[str, typer.Option("--label", help="The column with the label, in both.")] = "label",
    question: Annotated[
        str | None, typer.Option("--question", help="The question, of a campaign's gold.jsonl.")
    ] = None,
    labels: Labels = None,
    polar: Polar = None,
    cluster: ClusterColumn = None,
    *,
    common: Common,
) -> None:
    """Score predicted labels against gold labels, with intervals."""
    options = EvaluateOptions(
        id=ident,
        gold_id=gold_id,
        label=label,
        question=question,
        cluster=cluster,
        labels=values_of(labels),
        polar=values_of(polar),
    )
    emit(evaluate_tables(predictions, gold, options, common.seed), common)
