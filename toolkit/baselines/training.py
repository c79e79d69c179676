"""Fits the baselines, and scores them on the test set and across folds."""

import shlex
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from toolkit.baselines.evaluation import Scores, no_scores, paired_difference, score
from toolkit.baselines.folds import Folds, cross_predict, grouped_folds
from toolkit.baselines.models import MAJORITY, TFIDF, FittedModel, Learner, TextModel
from toolkit.baselines.rows import RowsByUse, TextRow, divide_rows
from toolkit.dataset.card import BaselineScore, BaselineScores
from toolkit.errors import DataError
from toolkit.labels.resemblance import listed, near_duplicates, words_for_nothing
from toolkit.records import Prediction
from toolkit.splitting.certificate import Overlap, overlap
from toolkit.statistics import Estimate, undefined
from toolkit.words import plural

_FEW_ROWS, _FEW_GROUPS = 100, 15
_NO_TEST = "no row has the split test"
_VALIDATION = "nothing is tuned, so the models are fitted on the validation rows like on the train rows"


class Rung(Struct, frozen=True, kw_only=True):
    """The scores of one baseline."""

    name: str
    reads_text: bool
    settings: str
    test: Scores
    cross_validated: Scores  # all labelled rows; each is predicted by a model fitted without its group
    over_majority: Estimate | None  # difference in macro-F1 on the test rows; None for the majority itself


class TrainFacts(Struct, frozen=True, kw_only=True):
    """The scores of all baselines; intervals take the fitted models as given and resample clusters."""

    test: Scores  # of the text model
    rungs: tuple[Rung, ...] = ()
    shortcuts: tuple[Rung, ...] = ()  # rules that read no text
    excluded: dict[str, int]  # reason -> rows
    signature: str
    learnt_from: dict[str, int]  # split -> rows
    validation: str  # the use of the validation rows
    folds: int
    folds_reason: str = ""  # of no folds, or fewer than five
    overlap: Overlap | None = None  # of the splits; None where no row has one
    cautions: tuple[str, ...] = ()  # what a reader of the scores should know


class ScoresFile(TrainFacts, frozen=True, kw_only=True):
    """``scores.json``: the scores of all baselines, and the question and labels that they learnt."""

    question: str
    labels: tuple[str, ...]
    simulated: str = ""  # the note on simulated labels; "" where all labels came from people

    @property
    def main_figures(self) -> dict[str, float | None]:
        """The macro-F1 of each baseline: on test, or cross-validated where there is no test set."""
        on_test = any(rung.test.macro_f1.value is not None for rung in self.rungs)
        return {rung.name: (rung.test if on_test else rung.cross_validated).macro_f1.value for rung in self.rungs}


def scores_file(facts: TrainFacts, question: str, labels: Sequence[str], simulated: str) -> ScoresFile:
    """The record of ``scores.json``."""
    fields = {name: getattr(facts, name) for name in TrainFacts.__struct_fields__}
    return ScoresFile(**fields, question=question, labels=tuple(labels), simulated=simulated)


def card_scores(scores: ScoresFile | None) -> BaselineScores | None:
    """The scores as the dataset card shows them; None before training."""
    if scores is None:
        return None
    return BaselineScores(
        question=scores.question,
        folds=scores.folds,
        folds_reason=scores.folds_reason,
        labels=scores.labels,
        scores=tuple(
            BaselineScore(
                name=rung.name,
                reads_text=rung.reads_text,
                test=rung.test.macro_f1,
                cross_validated=rung.cross_validated.macro_f1,
            )
            for rung in scores.rungs
        ),
    )


class Trained(Struct, frozen=True, kw_only=True):
    """The text model, its predictions and the scores."""

    model: TextModel
    facts: TrainFacts
    predictions: tuple[Prediction, ...]  # of the test rows (no fold), then of all labelled rows by cross-fitting
    training_hash: str  # SHA-256 of the rows that the model was fitted on


class _RungPredictions(Struct, frozen=True, kw_only=True):
    """A learner's predictions, before they are scored."""

    learner: Learner[FittedModel]
    test: tuple[Prediction, ...]
    crossed: tuple[Prediction, ...]
    reason: str  # of no cross-validated predictions


class _ScoringRules(Struct, frozen=True, kw_only=True):
    """The rows, folds and labels that all rungs are scored with."""

    divided: RowsByUse
    folds: Folds
    polar: tuple[str, ...] | None
    seed: int


def train_baseline(rows: Sequence[TextRow], labels: Sequence[str], polar: Sequence[str] | None, seed: int) -> Trained:
    """The fitted text model, and the scores of it and of the majority rule on the test rows and across grouped folds.

    Without test rows or folds the scores are undefined and give the reason.

    Args:
        rows: in any order.
        labels: those that count, in the order in which they are shown.
        polar: the labels of ``f_avg``; None where the labels have no poles.
        seed: of the folds and the intervals; the models themselves have no randomness.

    Raises:
        DataError: two rows share an id, or there is nothing to learn from.
    """
    divided = divide_rows(rows, labels)
    rules = _ScoringRules(
        divided=divided,
        folds=grouped_folds(divided.labelled, seed),
        polar=tuple(polar) if polar else None,
        seed=seed,
    )
    model = TFIDF.learn(divided.learning, labels)
    majority = _try(MAJORITY, MAJORITY.learn(divided.learning, labels), rules)
    text = _try(TFIDF, model, rules)
    rungs = (_rung(majority, None, rules), _rung(text, majority, rules))
    return Trained(
        model=model,
        facts=_facts(rungs, rungs[1], rules, _split_facts(rows, divided)),
        predictions=text.test + text.crossed,
        training_hash=divided.training_hash,
    )


def _try(learner: Learner[FittedModel], model: FittedModel, rules: _ScoringRules) -> _RungPredictions:
    """The predictions of the test rows by the model, and of all labelled rows across the folds."""
    test = tuple(model.predict(rules.divided.test))
    crossed, reason = _crossed(learner, rules)
    return _RungPredictions(learner=learner, test=test, crossed=crossed, reason=reason)


def _crossed(learner: Learner[FittedModel], rules: _ScoringRules) -> tuple[tuple[Prediction, ...], str]:
    if not rules.folds.n:
        return (), rules.folds.reason
    try:
        return tuple(cross_predict(learner, rules.divided.labelled, rules.divided.labels, rules.folds)), ""
    except DataError as error:  # the rest of a fold is too small to fit a model: the other scores do not depend on it
        return (), f"cross-validation in {rules.folds.n} folds: {error}"


def _rung(predictions: _RungPredictions, majority: _RungPredictions | None, rules: _ScoringRules) -> Rung:
    return Rung(
        name=predictions.learner.name,
        reads_text=predictions.learner.reads_text,
        settings=predictions.learner.settings,
        test=_scored(rules.divided.test, predictions.test, _NO_TEST, rules),
        cross_validated=_scored(rules.divided.labelled, predictions.crossed, predictions.reason, rules),
        over_majority=_over(predictions, majority, rules) if majority else None,
    )


def _scored(rows: Sequence[TextRow], predicted: Sequence[Prediction], reason: str, rules: _ScoringRules) -> Scores:
    labels = rules.divided.labels
    if not predicted:
        return no_scores(labels, rules.polar, reason, rules.seed)
    return score(*_answers(rows, predicted), labels, rules.polar, rules.seed)


def _answers(rows: Sequence[TextRow], predictions: Sequence[Prediction]) -> tuple[list[str], list[str], list[str]]:
    """Gold, prediction and cluster of the rows that have a label."""
    pairs = [(row, prediction) for row, prediction in zip(rows, predictions, strict=True) if row.label]
    gold = [row.label for row, _ in pairs if row.label]
    return gold, [prediction.label for _, prediction in pairs], [row.cluster for row, _ in pairs]


def _over(predictions: _RungPredictions, majority: _RungPredictions, rules: _ScoringRules) -> Estimate:
    if not predictions.test:
        return undefined(_NO_TEST, 0, 0)
    gold, predicted, clusters = _answers(rules.divided.test, predictions.test)
    _, by_majority, _ = _answers(rules.divided.test, majority.test)
    return paired_difference(gold, predicted, by_majority, clusters, rules.divided.labels, rules.seed)


def _facts(rungs: tuple[Rung, ...], text: Rung, rules: _ScoringRules, splits: "_SplitFacts") -> TrainFacts:
    return TrainFacts(
        test=text.test,
        rungs=rungs,
        excluded=rules.divided.excluded,
        signature=f"{text.test.signature}|model:{text.settings}",
        learnt_from=rules.divided.learning_splits,
        validation=_VALIDATION,
        folds=rules.folds.n,
        folds_reason=rules.folds.reason,
        overlap=splits.overlap,
        cautions=splits.cautions,
    )


class _SplitFacts(Struct, frozen=True, kw_only=True):
    """What the splits share, and the cautions about the rows."""

    overlap: Overlap | None
    cautions: tuple[str, ...]


def _split_facts(rows: Sequence[TextRow], divided: RowsByUse) -> _SplitFacts:
    """What the splits share, and cautions: overlap, labels that may be misspelt, and few rows or groups."""
    shared = None
    if any(row.split for row in rows):
        ordered = sorted(rows, key=lambda row: row.id)
        shared = overlap([row.text for row in ordered], [row.group for row in ordered], [row.split for row in ordered])
    frequencies = Counter(row.label for row in rows if row.label is not None)
    missing = words_for_nothing(frequencies)
    alike = near_duplicates({label: number for label, number in frequencies.items() if label not in missing})
    n, groups = len(divided.labelled), len({row.group for row in divided.labelled})
    cautions = [shared.line() if shared else ""]
    if missing:
        shown, others = ", ".join(map(repr, missing)), ",".join(sorted(frequencies.keys() - set(missing)))
        cautions.append(f"labels that may mean no answer: {shown}; if so, --labels {shlex.quote(others)}")
    if alike:
        cautions.append(f"labels that may be others: {listed(alike)}; write each label in one way")
    if n < _FEW_ROWS or groups < _FEW_GROUPS:
        counts = f"{plural(n, 'labelled row')} in {plural(groups, 'group')}"
        cautions.append(f"{counts} are few: under {_FEW_ROWS} rows or {_FEW_GROUPS} groups scores vary widely")
    return _SplitFacts(overlap=shared, cautions=tuple(filter(None, cautions)))
