"""Steps around the baseline: train, evaluate, predict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.articles.reading.reader import read_articles, read_lone_article
from toolkit.baselines.evaluation import Scores, ends_of_scale, score
from toolkit.baselines.models import predict
from toolkit.baselines.persistence import describe, load_model, save_model
from toolkit.baselines.rows import TextRow
from toolkit.baselines.training import ScoresFile, Trained, TrainFacts, train_baseline
from toolkit.errors import DataError
from toolkit.files import column, read_table, suffix_of, write_json, write_table
from toolkit.records import Example, Paragraph, Prediction
from toolkit.segmentation.segmenter import segment_article
from toolkit.statistics import Estimate
from toolkit.steps.build import build_inputs, build_outputs, examples_of
from toolkit.steps.common import Outcome, annotations_of, annotators_of, finish, simulation_note
from toolkit.workspace import CampaignConfig

_ASKED_ROLES = ("body", "quote", "list")


# --- a campaign ------------------------------------------------------------------------------------------------------


def train_step(campaign: CampaignConfig) -> Outcome:
    """Fit the baselines on the dataset of a campaign, score them, and keep the text model."""
    question = campaign.codebook.question(campaign.file.train.question or campaign.codebook.choices[0].name)
    labels = question.on_scale or question.gold_labels
    rows = [_row(example, question.name) for example in examples_of(campaign)]
    trained = train_baseline(rows, labels, ends_of_scale(question), campaign.file.seed)
    note = simulation_note(annotations_of(campaign), annotators_of(campaign))
    scores = _keep(campaign.at("baseline"), trained, question.name, note)
    outcome = Outcome(line=_line(scores), facts=msgspec.to_builtins(scores))
    return finish(campaign, "train", train_inputs(campaign), train_outputs(campaign), outcome)


def train_inputs(campaign: CampaignConfig) -> list[Path]:
    """What training depends on."""
    return [*build_inputs(campaign), *build_outputs(campaign)]


def train_outputs(campaign: CampaignConfig) -> list[Path]:
    """What training writes."""
    return [campaign.at("baseline") / name for name in ("model.skops", "predictions.parquet", "scores.json")]


def _row(example: Example, question: str) -> TextRow:
    return TextRow(
        id=example.id,
        text=example.text,
        label=example.answers[question].label,
        cluster=example.cluster,
        group=example.cluster,
        split=example.split,
    )


def _keep(directory: Path, trained: Trained, question: str, note: str) -> ScoresFile:
    metadata = describe(trained, question, simulated=bool(note))
    facts = {name: getattr(trained.facts, name) for name in TrainFacts.__struct_fields__}
    scores = ScoresFile(**facts, question=question, labels=metadata.labels, simulated=note)
    save_model(directory / "model.skops", trained.model, metadata)
    write_table(directory / "predictions.parquet", [_prediction_row(row) for row in trained.predictions])
    write_json(directory / "scores.json", scores)
    return scores


def _prediction_row(prediction: Prediction) -> dict[str, Any]:
    return {
        "id": prediction.id,
        "label": prediction.label,
        "fold": prediction.fold,
        **{f"p_{label}": share for label, share in prediction.scores.items()},
    }


def _line(scores: ScoresFile) -> str:
    said = [f"{rung.name} {_said(rung.test.macro_f1)}" for rung in scores.rungs]
    crossed = [f"{rung.name} {_said(rung.cross_validated.macro_f1)}" for rung in scores.rungs]
    over = scores.rungs[0].cross_validated.macro_f1
    kind = "grouped " if over.clusters < over.n else ""
    on_test = f"macro-F1 on test (n {scores.test.macro_f1.n}): {', '.join(said)}; " if scores.test.macro_f1.n else ""
    simulated = "; SIMULATED labels" if scores.simulated else ""
    return f"{on_test}macro-F1, {kind}{scores.folds}-fold (n {over.n}): {', '.join(crossed)}{simulated}"


def _said(figure: Estimate) -> str:
    if figure.value is None:
        return f"undefined ({figure.reason})"
    interval = "" if figure.low is None or figure.high is None else f" [{figure.low:.3f}, {figure.high:.3f}]"
    return f"{figure.value:.3f}{interval}"


# --- tables of a user's own -----------------------------------------------------------------------------------------


class TableOptions(Struct, frozen=True, kw_only=True):
    """How a table of labelled texts is read."""

    text: str = "text"
    label: str = "label"
    ident: str | None = None  # None: the number of the row
    group: str | None = None  # None: each row is its own
    cluster: str | None = None  # None: the group
    split: str | None = None  # None: all rows are learnt from, and only folds are scored
    labels: tuple[str, ...] = ()  # none: all that occur
    polar: tuple[str, ...] = ()


def train_table(path: Path, options: TableOptions, directory: Path, seed: int) -> Outcome:
    """Fit the baselines on a table of labelled texts, score them, and keep the text model."""
    rows = _table_rows(path, options)
    labels = options.labels or tuple(sorted({row.label for row in rows if row.label is not None}))
    trained = train_baseline(rows, labels, options.polar or None, seed)
    scores = _keep(directory, trained, options.label, "")
    return Outcome(line=_line(scores), facts=msgspec.to_builtins(scores))


def _table_rows(path: Path, options: TableOptions) -> list[TextRow]:
    table = read_table(path)
    numbers = [str(number) for number in range(1, len(table) + 1)]
    ids = list(map(str, column(table, options.ident, path))) if options.ident else numbers
    groups = list(map(str, column(table, options.group, path))) if options.group else ids
    clusters = list(map(str, column(table, options.cluster, path))) if options.cluster else groups
    splits = column(table, options.split, path) if options.split else [None] * len(table)
    texts, labels = column(table, options.text, path), column(table, options.label, path)
    rows = []
    for n, (ident, text, label, cluster, group, split) in enumerate(
        zip(ids, texts, labels, clusters, groups, splits, strict=True), 1
    ):
        if split not in (None, "", "train", "validation", "test"):
            raise DataError(f"{path}, row {n}: split {split!r}; train, validation, test or nothing is allowed")
        known = None if label in (None, "") else str(label)
        row = TextRow(id=ident, text=str(text or ""), label=known, cluster=cluster, group=group, split=split or None)
        rows.append(row)
    return rows


class EvaluateOptions(Struct, frozen=True, kw_only=True):
    """How predictions and gold are read."""

    ident: str = "id"
    label: str = "label"
    cluster: str | None = None  # a column of the gold; None: each row is its own
    labels: tuple[str, ...] = ()  # none: all that occur in the gold
    polar: tuple[str, ...] = ()


def evaluate_table(predictions: Path, gold: Path, options: EvaluateOptions, seed: int) -> Outcome:
    """Score a table of predicted labels against a table of gold ones; rows of gold without a prediction are wrong."""
    said = _by_id(predictions, options)
    rows = read_table(gold)
    column(rows, options.label, gold)
    table = [row for row in rows if row[options.label] not in (None, "")]
    ids = list(map(str, column(table, _gold_id(table, options), gold)))
    truth = list(map(str, column(table, options.label, gold)))
    clusters = list(map(str, column(table, options.cluster, gold))) if options.cluster else ids
    labels = options.labels or tuple(sorted(set(truth)))
    missing = sum(ident not in said for ident in ids)
    if ids and missing == len(ids):
        raise DataError(
            f"{predictions}: none of its ids is in {gold} ({next(iter(said), 'none')!r} here, {ids[0]!r} there); "
            "name the column with the common id with --id"
        )
    found = score(truth, [said.get(ident, "") for ident in ids], clusters, labels, options.polar or None, seed)
    facts = {
        "schema": 1,
        "test": msgspec.to_builtins(found),
        "rungs": [],
        "shortcuts": [],
        "excluded": {"without_prediction": missing, "without_gold": len(rows) - len(table)},
        "signature": found.signature,
    }
    left_out = f"{missing} rows without a prediction, {len(rows) - len(table)} without gold"
    return Outcome(line=f"{_scores_line(found)}; {left_out}", facts=facts)


def _gold_id(table: Sequence[dict[str, Any]], options: EvaluateOptions) -> str:
    """The id column of the gold: `stance aggregate` calls it `item`."""
    known = table[0] if table else {}
    return "item" if options.ident not in known and "item" in known else options.ident


def _by_id(path: Path, options: EvaluateOptions) -> dict[str, str]:
    table = read_table(path)
    ids, labels = column(table, options.ident, path), column(table, options.label, path)
    found: dict[str, str] = {}
    for ident, label in zip(map(str, ids), labels, strict=True):
        if ident in found:
            raise DataError(f"{path}: the id {ident!r} stands twice; give one prediction for each")
        found[ident] = str(label)
    return found


def _scores_line(found: Scores) -> str:
    return f"macro-F1 {_said(found.macro_f1)}, accuracy {_said(found.accuracy)} (n {found.macro_f1.n})"


# --- predict ---------------------------------------------------------------------------------------------------------


def predict_step(
    model_path: Path, source: Path, text: str, ident: str | None, output: Path | None
) -> tuple[Outcome, list[dict[str, Any]]]:
    """Labels for new texts: of an article, paragraph by paragraph; of a table, row by row."""
    saved = load_model(model_path)
    known = _texts(source, text, ident)
    predictions = predict(saved.model, {key: value["text"] for key, value in known.items()})
    rows = [{**known[row.id], **_without_fold(row)} for row in predictions]
    if output is not None:
        write_table(output, rows)
    simulated = " (learnt from simulated labels)" if saved.metadata.simulated else ""
    counts = {label: sum(row.label == label for row in predictions) for label in saved.metadata.labels}
    told = ", ".join(f"{label} {count}" for label, count in counts.items())
    facts = {
        "schema": 1,
        "question": saved.metadata.question,
        "simulated": saved.metadata.simulated,
        "rows": len(rows),
        "labels": counts,
    }
    return Outcome(line=f"{len(rows)} texts{simulated}: {told}", facts=facts), rows


def _without_fold(prediction: Prediction) -> dict[str, Any]:
    return {name: value for name, value in _prediction_row(prediction).items() if name != "fold"}


def _texts(source: Path, text: str, ident: str | None) -> dict[str, dict[str, Any]]:
    if suffix_of(source) == ".txt":
        return _paragraph_texts(segment_article(read_lone_article(source)))
    if suffix_of(source) == ".jsonl" and ident is None and text == "text":
        return _paragraph_texts([p for article in read_articles([source]) for p in segment_article(article)])
    table = read_table(source)
    texts = column(table, text, source)
    known = ident or ("id" if table and "id" in table[0] else None)
    ids = list(map(str, column(table, known, source))) if known else [str(n) for n in range(1, len(table) + 1)]
    if len(set(ids)) < len(ids):
        raise DataError(f"{source}: the ids in {known!r} are not distinct; name a column whose values are with --id")
    return {key: {"id": key, "text": str(value or "")} for key, value in zip(ids, texts, strict=True)}


def _paragraph_texts(paragraphs: Sequence[Paragraph]) -> dict[str, dict[str, Any]]:
    return {
        paragraph.id: {
            "id": paragraph.id,
            "article_id": paragraph.article_id,
            "start": paragraph.start,
            "end": paragraph.end,
            "text": paragraph.text,
        }
        for paragraph in paragraphs
        if paragraph.role in _ASKED_ROLES
    }
