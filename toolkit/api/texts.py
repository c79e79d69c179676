"""Paragraphs and duplicates of texts, and the models that label them, from Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from toolkit.api.frames import (
    Printable,
    articles_in,
    articles_of,
    as_result,
    frame_of,
    is_table,
    label_table,
    path_of,
    text_table,
    with_given_ids,
)
from toolkit.baselines.evaluation import EvaluateOptions, Scores, score_tables
from toolkit.baselines.models import predict
from toolkit.baselines.persistence import SavedModel, describe, save_model
from toolkit.baselines.persistence import load_model as read_model
from toolkit.baselines.rows import TrainColumns, table_rows, table_texts
from toolkit.baselines.training import ScoresFile, scores_file, train_baseline
from toolkit.errors import DataError, UsageError
from toolkit.words import scored

PARAGRAPH_COLUMNS = ("article_id", "start", "end", "role", "text", "id")

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.api.frames import Labels, Table, Texts


def segment(texts: "Texts", text: str = "text", id: str = "id") -> "pd.DataFrame":
    """The paragraphs of some texts: ``article_id start end role text id``, a row each.

    Args:
        texts: a DataFrame or the path of a table or a text; a Series or a list of texts.
        text: the column of the text.
        id: the column of the id; without such a column the number of the row.

    Raises:
        DataError: a row has no text, or an id is repeated.
    """
    from toolkit.segmentation.segmenter import segment_article

    articles = articles_in(Path(texts), text, id) if isinstance(texts, str | Path) else articles_of(texts, text, id)
    paragraphs = [paragraph for article in articles for paragraph in segment_article(article)]
    frame = frame_of(
        [{name: getattr(row, name) for name in PARAGRAPH_COLUMNS} for row in paragraphs], PARAGRAPH_COLUMNS
    )
    return with_given_ids(frame, "article_id", texts, id)


def duplicates(
    texts: "Texts",
    text: str = "text",
    id: str = "id",
    threshold: float = 0.5,
) -> "pd.DataFrame":
    """The texts that are the same, nearly the same, or one within the other: ``article_id cluster kind``, a row each.

    Args:
        texts: a DataFrame or the path of a table; a Series or a list of texts.
        text: the column of the text.
        id: the column of the id; without such a column the number of the row.
        threshold: the Jaccard index of word 5-grams from which two texts are near.

    Raises:
        DataError: a row has no text, or an id is repeated.
    """
    from toolkit.articles.duplicates.clusters import cluster_articles

    if not 0.2 <= threshold <= 1:
        raise UsageError(f"threshold {threshold}: a number from .2 to 1 is needed")
    articles = articles_in(Path(texts), text, id) if isinstance(texts, str | Path) else articles_of(texts, text, id)
    clusters = cluster_articles(articles, threshold)
    frame = frame_of([dict(msgspec.to_builtins(row)) for row in clusters], ("article_id", "cluster", "kind"))
    return with_given_ids(frame, "article_id", texts, id)


class LabelModel:
    """A text model that `train` fitted or `load_model` read."""

    def __init__(self, saved: SavedModel, scores: ScoresFile | None = None) -> None:
        self._saved = saved
        self.scores = scores  # None: of a model that was loaded
        self.labels = saved.metadata.labels

    def predict(self, texts: "Texts", text: str = "text", id: str | None = None) -> "pd.DataFrame":
        """The label of each text: ``id text label score_LABEL...``, a row each, in the order given.

        Args:
            texts: a DataFrame or the path of a table; a Series or a list of texts.
            text: the column of the text.
            id: the column of the id; by default the column ``id``, or the number of the row.
        """
        rows = table_texts(text_table(texts, text), text, id)
        predictions = predict(self._saved.model, {key: row["text"] for key, row in rows.items()})
        scores = [{f"score_{name}": row.scores[name] for name in self.labels} for row in predictions]
        cells = zip(predictions, scores, strict=True)
        frame = frame_of([{**rows[row.id], "label": row.label, **chances} for row, chances in cells])
        return with_given_ids(frame, "id", texts, id or "id")

    def save(self, path: str | Path) -> None:
        """Write the model to a ``.skops`` file."""
        save_model(path_of(path), self._saved.model, self._saved.metadata)

    def __repr__(self) -> str:
        """The labels, and the scores where the model was just trained."""
        head = f"Model of {self._saved.metadata.question!r}: {', '.join(self.labels)}"
        if self.scores is None:
            return head
        rows = [f"{rung.name}: macro-F1 {scored(rung.cross_validated.macro_f1)}" for rung in self.scores.rungs]
        return "\n".join([head, *rows])


def train(
    rows: "Table",
    text: str = "text",
    label: str = "label",
    group: str | None = None,
    split: str | None = None,
    labels: Sequence[str] = (),
    seed: int = 0,
) -> LabelModel:
    """The text baseline fitted on labelled texts, with its scores; the verb `stance train` fits the same.

    Args:
        rows: labelled texts; a row without a label is left out.
        text: the column of the text.
        label: the column of the label.
        group: the column of rows that stay together in folds, and that intervals resample.
        split: the column with train, validation or test; without one all rows are fitted on and folds are scored.
        labels: those that count; by default all.
        seed: of folds and bootstraps.

    Raises:
        DataError: a column is missing, or there is too little to learn from.
    """
    texts = table_rows(text_table(rows), TrainColumns(text=text, label=label, group=group, split=split))
    names = tuple(labels) or tuple(sorted({row.label for row in texts if row.label is not None}))
    trained = train_baseline(texts, names, None, seed)
    metadata = describe(trained, label, simulated=False)
    scores = scores_file(trained.facts, label, metadata.labels, "")
    return LabelModel(SavedModel(model=trained.model, metadata=metadata), scores)


def load_model(path: str | Path) -> LabelModel:
    """A model that `LabelModel.save` or `stance train` wrote.

    Raises:
        DataError: the file is no such model.
        MissingFileError: there is no such file.
    """
    return LabelModel(read_model(path_of(path)))


class Evaluation(Printable, Scores, frozen=True, kw_only=True):
    """The scores of some predictions."""

    def __str__(self) -> str:
        """Macro-F1 and accuracy."""
        return f"macro-F1 {scored(self.macro_f1)}, accuracy {scored(self.accuracy)} (n {self.macro_f1.n})"


def evaluate(
    predictions: "Labels",
    gold: "Labels",
    id: str = "id",
    label: str = "label",
    cluster: str | None = None,
    seed: int = 0,
) -> Evaluation:
    """The scores of predicted labels on gold labels, with intervals.

    Args:
        predictions: a table with ids and labels; or a Series or list of labels, in the order of the gold.
        gold: a table with the same ids; or a Series or list of labels.
        id: the column of the id, in both tables.
        label: the column of the label, in both tables.
        cluster: the column of the gold that intervals resample; by default the row.
        seed: of the bootstraps.

    Raises:
        DataError: a column is missing, an id is repeated, or predictions and gold do not go together.
    """
    tables = [label_table(values, id, label, name) for values, name in ((predictions, "predictions"), (gold, "gold"))]
    if not (is_table(predictions) or is_table(gold)) and len(tables[0].rows) != len(tables[1].rows):
        raise DataError(f"{len(tables[0].rows)} predictions and {len(tables[1].rows)} gold labels; give one for each")
    options = EvaluateOptions(id=id, label=label, cluster=cluster)
    return as_result(Evaluation, score_tables(tables[0], tables[1], options, seed).scores)
