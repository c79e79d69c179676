"""`stance duplicates`: texts that are the same, nearly the same, or one within the other."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from toolkit.cli._options import Common, Output, new_app, verb
from toolkit.cli._output import bar_beside_rows, emit, emit_rows, note
from toolkit.steps import ingest as corpus

app = new_app()


@verb(app, "duplicates", example="stance duplicates data/raw/sample.jsonl -o clusters.jsonl")
def _duplicates(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Articles (.jsonl), or a table: .csv, .tsv, .jsonl, .parquet.")
    ],
    output: Output = None,
    text: Annotated[str | None, typer.Option("--text", help="The table's column with the text.")] = None,
    ident: Annotated[str | None, typer.Option("--id", help="The column with the id; else the row's number.")] = None,
    threshold: Annotated[
        float, typer.Option(min=0.2, max=1.0, help="The Jaccard index of word 5-grams from which two texts are near.")
    ] = 0.5,
    *,
    common: Common,
) -> None:
    """Find articles that are the same, nearly the same, or one within the other."""
    columns = {field: name for field, name in (("text", text), ("id", ident)) if name}
    outcome, rows = corpus.duplicates_source(source, output, columns, threshold, bar_beside_rows(output, common))
    if output is None and not common.as_json:
        emit_rows([msgspec.to_builtins(row) for row in rows])
        note(outcome, common)
    else:
        emit(outcome, common)
