"""`stance predict`: labels for new texts."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import Common, Output, new_app, verb
from toolkit.cli._output import emit, emit_rows, note
from toolkit.steps import train as baseline

app = new_app()


@verb(app, "predict", example="stance predict data/labeled/demo/baseline/model.skops article.txt")
def _predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model.skops that `stance train` wrote.")],
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A .txt article, .jsonl articles, or a table.")],
    output: Output = None,
    text: Annotated[str, typer.Option("--text", help="The column with the text, of a table.")] = "text",
    ident: Annotated[str | None, typer.Option("--id", help="The column with the id, of a table.")] = None,
    *,
    common: Common,
) -> None:
    """Label new texts: an article paragraph by paragraph, a table row by row."""
    outcome, rows = baseline.predict_step(model, source, text, ident, output)
    if output is None and not common.as_json:
        emit_rows(rows)
        note(outcome, common)
    else:
        emit(outcome, common)
