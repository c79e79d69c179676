"""The verb `train`: baselines of a campaign's dataset or of a table, their predictions and scores."""

from pathlib import Path
from typing import Any

from toolkit.baselines.evaluation import ends_of_scale
from toolkit.baselines.persistence import describe, prediction_row, save_model
from toolkit.baselines.rows import LabelTable, TrainColumns, example_rows, table_rows
from toolkit.baselines.training import ScoresFile, Trained, scores_file, train_baseline
from toolkit.campaigns.simulation import simulation_note
from toolkit.errors import DataError
from toolkit.files import write_json
from toolkit.runs import Result
from toolkit.steps.build import build_inputs, build_outputs, read_records
from toolkit.store import Store
from toolkit.tables import read_table, write_table
from toolkit.words import scored
from toolkit.workspace import CampaignConfig


class TrainResult(Result, frozen=True, kw_only=True):
    """The scores of the baselines; the facts are those of ``scores.json``."""

    scores: ScoresFile

    def facts(self) -> dict[str, Any]:
        """The scores, with the version of their names."""
        facts = super().facts()
        return {"schema": facts["schema"], **facts["scores"]}

    def line(self) -> str:
        """The macro-F1 of each baseline, on the test rows and across folds."""
        rungs, test = self.scores.rungs, self.scores.test.macro_f1
        crossed = rungs[0].cross_validated.macro_f1
        kind = "grouped " if crossed.clusters < crossed.n else ""
        on_test = ", ".join(f"{rung.name} {scored(rung.test.macro_f1)}" for rung in rungs)
        across = ", ".join(f"{rung.name} {scored(rung.cross_validated.macro_f1)}" for rung in rungs)
        line = f"macro-F1, {kind}{self.scores.folds}-fold (n {crossed.n}): {across}"
        if test.n:
            line = f"macro-F1 on test (n {test.n}): {on_test}; {line}"
        line = f"{line}; SIMULATED labels" if self.scores.simulated else line
        return "\n".join([line, *(f"caution: {caution}" for caution in self.scores.cautions)])


def train_campaign(campaign: CampaignConfig) -> TrainResult:
    """Train the baselines on the dataset of a campaign, score them, and keep the text model."""
    store = Store(campaign)
    question = campaign.codebook.question(campaign.file.train.question or campaign.codebook.choices[0].name)
    with store.lock():
        store.check_recorded("dataset/data")
        rows = example_rows(read_records(store).examples, question.name)
        labels = question.on_scale or question.gold_labels
        trained = train_baseline(rows, labels, ends_of_scale(question), campaign.file.seed)
        note = simulation_note(store.annotations, store.annotators)
        result = _write(store.path("baseline"), trained, question.name, note)
        return store.record("train", train_inputs(campaign), train_outputs(campaign), result)


def train_inputs(campaign: CampaignConfig) -> list[Path]:
    """The files that training depends on."""
    return [*build_inputs(campaign), *build_outputs(campaign)]


def train_outputs(campaign: CampaignConfig) -> list[Path]:
    """The files that training writes."""
    return [campaign.at(f"baseline/{name}") for name in ("model.skops", "predictions.parquet", "scores.json")]


def train_table(
    path: Path, columns: TrainColumns, directory: Path, seed: int, *, is_strict: bool = False
) -> TrainResult:
    """Train the baselines on a table of labelled texts, score them, and keep the text model in a directory.

    Raises:
        DataError: it is strict, and groups or texts stand in more than one split; nothing is written.
    """
    rows = table_rows(LabelTable(source=str(path), rows=read_table(path)), columns)
    labels = columns.labels or tuple(sorted({row.label for row in rows if row.label is not None}))
    trained = train_baseline(rows, labels, columns.polar or None, seed)
    if is_strict and trained.facts.overlap and (shared := trained.facts.overlap.line()):
        raise DataError(f"{path}: {shared}; keep each group and text in one split, or leave out --strict")
    return _write(directory, trained, columns.label, "")


def _write(directory: Path, trained: Trained, question: str, note: str) -> TrainResult:
    metadata = describe(trained, question, simulated=bool(note))
    result = TrainResult(scores=scores_file(trained.facts, question, metadata.labels, note))
    save_model(directory / "model.skops", trained.model, metadata)
    write_table(directory / "predictions.parquet", [prediction_row(row) for row in trained.predictions])
    write_json(directory / "scores.json", result.facts())
    return result
