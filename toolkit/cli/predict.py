"""`stance predict`: labels for new texts."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli._options import Common, Output, new_app, verb
from toolkit.cli._output import emit, emit_rows, note
from toolkit.steps.predict import predict_files

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
    """Predict the labels of new texts: an article paragraph by paragraph, a table row by row."""
    predictions = predict_files(model, source, text, ident, output)
    if output is None and not common.as_json:
        emit_rows(predictions.rows)
        note(predictions.result, common)
    else:
        emit(predictions.result, common)
