"""Verbs around the baseline, and the report."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.common import (
    AsJson,
    CampaignPath,
    Output,
    Quiet,
    Seed,
    Source,
    campaign_at,
    emit,
    emit_rows,
    example,
    is_campaign,
    note,
)
from toolkit.errors import UsageError
from toolkit.steps import report
from toolkit.steps import train as baseline

Many = Annotated[list[str] | None, typer.Option("--labels", help="Labels that count, comma-separated or repeated.")]
Polar = Annotated[list[str] | None, typer.Option("--polar", help="The labels of f_avg.")]
ClusterColumn = Annotated[str | None, typer.Option("--cluster", help="The column of what intervals resample.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command."""
    app.command("train", epilog=example("stance train schemas/demo.toml"))(_train)
    app.command("evaluate", epilog=example("stance evaluate predicted.csv --gold gold.csv --labels for,against"))(
        _evaluate
    )
    app.command("predict", epilog=example("stance predict data/labeled/demo/baseline/model.skops article.txt"))(
        _predict
    )
    app.command("report", epilog=example("stance report schemas/demo.toml"))(_report)


def _split_up(given: list[str] | None) -> tuple[str, ...]:
    return tuple(part.strip() for value in given or () for part in value.split(",") if part.strip())


def _train(
    source: Source,
    output: Output = None,
    text: Annotated[str, typer.Option("--text", help="The column with the text.")] = "text",
    label: Annotated[str, typer.Option("--label", help="The column with the label.")] = "label",
    labels: Many = None,
    polar: Polar = None,
    group: Annotated[str | None, typer.Option("--group", help="The column of rows that stay together.")] = None,
    cluster: ClusterColumn = None,
    split: Annotated[str | None, typer.Option("--split", help="The column with train, validation or test.")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Fit the baselines and score them, on a campaign or on a table of labelled texts (-o names a directory)."""
    if is_campaign(source):
        if output:
            raise UsageError("-o goes with a table; a campaign writes its baseline/ directory")
        emit(baseline.train_step(campaign_at(source)), as_json, quiet)
        return
    if output is None:
        raise UsageError("-o DIR is needed: where the model and the scores go")
    options = baseline.TableOptions(
        text=text,
        label=label,
        group=group,
        cluster=cluster,
        split=split,
        labels=_split_up(labels),
        polar=_split_up(polar),
    )
    emit(baseline.train_table(source, options, output, seed), as_json, quiet)


def _evaluate(
    predictions: Annotated[Path, typer.Argument(metavar="PREDICTIONS", help="A table with ids and labels.")],
    gold: Annotated[Path, typer.Option("--gold", metavar="TABLE", help="A table with the same ids and true labels.")],
    ident: Annotated[str, typer.Option("--id", help="The column with the id, in both.")] = "id",
    label: Annotated[str, typer.Option("--label", help="The column with the label, in both.")] = "label",
    labels: Many = None,
    polar: Polar = None,
    cluster: ClusterColumn = None,
    seed: Seed = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Score predicted labels against gold ones, with intervals."""
    options = baseline.EvaluateOptions(
        ident=ident, label=label, cluster=cluster, labels=_split_up(labels), polar=_split_up(polar)
    )
    emit(baseline.evaluate_table(predictions, gold, options, seed), as_json, quiet)


def _predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model.skops that `stance train` wrote.")],
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A .txt article, .jsonl articles, or a table.")],
    output: Output = None,
    text: Annotated[str, typer.Option("--text", help="The column with the text, of a table.")] = "text",
    ident: Annotated[str | None, typer.Option("--id", help="The column with the id, of a table.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Label new texts: an article paragraph by paragraph, a table row by row."""
    outcome, rows = baseline.predict_step(model, source, text, ident, output)
    if output is None and not as_json:
        emit_rows(rows)
        note(outcome, quiet)
    else:
        emit(outcome, as_json, quiet)


def _report(source: CampaignPath, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Write one offline page about a campaign."""
    emit(report.report_step(campaign_at(source)), as_json, quiet)
