"""`stance duplicates`: clusters of exact, near and contained texts."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import Common, Output, new_app, verb
from toolkit.cli._output import bar_beside_rows, emit, note, rows_out
from toolkit.steps.duplicates import CLUSTER_COLUMNS, duplicates_table

app = new_app()


@verb(app, "duplicates", example="stance duplicates data/raw/sample.jsonl -o clusters.jsonl")
def _duplicates(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Articles (.jsonl), or a table: .csv, .tsv, .jsonl, .parquet.")
    ],
    output: Output = None,
    text: Annotated[str | None, typer.Option("--text", help="The table's column with the text.")] = None,
    ident: Annotated[str | None, typer.Option("--id", help="The column with the id; else rows are numbered.")] = None,
    threshold: Annotated[
        float, typer.Option(min=0.2, max=1.0, help="Least Jaccard index of word 5-grams of near-duplicates.")
    ] = 0.5,
    *,
    common: Common,
) -> None:
    """Find exact and near-duplicates, and articles that contain one another."""
    columns = {field: name for field, name in (("text", text), ("id", ident)) if name}
    with rows_out(output, common.as_json, CLUSTER_COLUMNS) as put:
        result = duplicates_table(source, columns, threshold, put, bar_beside_rows(output, common))
    if output is None and not common.as_json:
        note(result, common)
    else:
        emit(result, common)
