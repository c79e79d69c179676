"""The verb `evaluate`: a table of predicted labels against a table of gold labels."""

from pathlib import Path

from toolkit.baselines.evaluation import EvaluateOptions, Scores, score_tables
from toolkit.baselines.rows import LabelTable
from toolkit.baselines.training import Rung
from toolkit.labels.resemblance import listed
from toolkit.runs import Result
from toolkit.tables import read_table
from toolkit.words import plural, scored


class EvaluateResult(Result, frozen=True, kw_only=True):
    """The scores of the predictions; the fields are those of training, without rungs."""

    test: Scores
    rungs: tuple[Rung, ...] = ()
    shortcuts: tuple[Rung, ...] = ()
    excluded: dict[str, int]  # rows without prediction (counted as wrong) and without gold
    unknown_labels: dict[str, int]  # predicted labels that the gold does not know -> rows
    signature: str
    unknown_note: str = ""  # the same in words, each with the nearest label of the gold

    def line(self) -> str:
        """Macro-F1 and accuracy, and the rows that could not be compared."""
        test, excluded = self.test, self.excluded
        line = (
            f"macro-F1 {scored(test.macro_f1)}, accuracy {scored(test.accuracy)} (n {test.macro_f1.n}); "
            f"{plural(excluded['without_prediction'], 'row')} without a prediction, "
            f"{excluded['without_gold']} without gold"
        )
        return f"{line}\ncaution: {self.unknown_note}" if self.unknown_note else line


def evaluate_tables(predictions: Path, gold: Path, options: EvaluateOptions, seed: int) -> EvaluateResult:
    """Score predicted labels against gold labels; rows of the gold without a prediction count as wrong."""
    tables = [LabelTable(source=str(path), rows=read_table(path)) for path in (predictions, gold)]
    result = score_tables(tables[0], tables[1], options, seed)
    return EvaluateResult(
        test=result.scores,
        excluded={"without_prediction": result.without_prediction, "without_gold": result.without_gold},
        unknown_labels={row.label: row.votes for row in result.unknown},
        unknown_note=f"predicted labels that the gold does not know, counted as wrong: {listed(result.unknown)}"
        if result.unknown
        else "",
        signature=result.scores.signature,
    )
