"""The verb `predict`: labels of new texts by a trained model."""

from pathlib import Path
from typing import Any

from msgspec import Struct

from toolkit.articles.reading.reader import read_articles, read_text_article
from toolkit.baselines.models import predict
from toolkit.baselines.persistence import load_model, prediction_row
from toolkit.baselines.rows import LabelTable, TextCells, article_texts, table_texts
from toolkit.files import suffix_of
from toolkit.runs import Result
from toolkit.tables import read_table, write_table
from toolkit.words import plural, tally


class PredictResult(Result, frozen=True, kw_only=True):
    """How many texts got which label."""

    question: str
    simulated: bool  # whether the model was trained on simulated labels
    rows: int
    labels: dict[str, int]  # label -> texts

    def line(self) -> str:
        """The texts, and the number of each label."""
        note = " (trained on simulated labels)" if self.simulated else ""
        return f"{plural(self.rows, 'text')}{note}: {tally(self.labels)}"


class Predictions(Struct, frozen=True, kw_only=True):
    """The predicted rows, and their summary."""

    result: PredictResult
    rows: list[dict[str, Any]]


def predict_files(model: Path, source: Path, text: str, row_id: str | None, output: Path | None) -> Predictions:
    """Predict the labels of an article, paragraph by paragraph, or of a table, row by row.

    Args:
        model: a file that `train` wrote.
        source: a text file, articles in JSONL, or a table.
        text: the column of the text, of a table.
        row_id: the column of the id, of a table; None: the column ``id``, or the number of the row.
        output: a table for the rows; None: nothing is written.
    """
    saved = load_model(model)
    texts = _texts(source, text, row_id)
    predicted = predict(saved.model, {key: cells["text"] for key, cells in texts.items()})
    rows = [{**texts[row.id], **prediction_row(row)} for row in predicted]
    for row in rows:
        del row["fold"]
    if output is not None:
        write_table(output, rows)
    result = PredictResult(
        question=saved.metadata.question,
        simulated=saved.metadata.simulated,
        rows=len(rows),
        labels={label: sum(row.label == label for row in predicted) for label in saved.metadata.labels},
    )
    return Predictions(result=result, rows=rows)


def _texts(source: Path, text: str, row_id: str | None) -> dict[str, TextCells]:
    if suffix_of(source) == ".txt":
        return article_texts([read_text_article(source)])
    if suffix_of(source) == ".jsonl" and row_id is None and text == "text":
        return article_texts(read_articles([source]))
    return table_texts(LabelTable(source=str(source), rows=read_table(source)), text, row_id)
