"""Fit the baselines, score them on the test set and across folds, and say what was left out."""

from collections.abc import Sequence

from msgspec import Struct

from toolkit.baselines.evaluation import Scores, no_scores, paired_difference, score
from toolkit.baselines.folds import Folds, cross_predict, grouped_folds
from toolkit.baselines.models import MAJORITY, TFIDF, Learner, Model, TextModel
from toolkit.baselines.rows import Material, Row, sort_out
from toolkit.errors import DataError
from toolkit.records import Prediction
from toolkit.statistics import Estimate, undefined

_NO_TEST = "no row has the split test"
_VALIDATION = "nothing is tuned, so the validation rows are learnt from like the train rows"


class Rung(Struct, frozen=True, kw_only=True):
    """What one baseline reaches."""

    name: str
    reads_text: bool
    settings: str
    test: Scores
    cross_validated: Scores  # over all labelled rows, each predicted by a model that met none of its group
    over_majority: Estimate | None  # difference in macro-F1 on the test rows; None for the majority itself


class TrainFacts(Struct, frozen=True, kw_only=True):
    """What training found, as others read it; intervals take the fitted models as given and resample clusters."""

    schema: int = 1
    test: Scores  # of the text model
    rungs: tuple[Rung, ...] = ()
    shortcuts: tuple[Rung, ...] = ()  # rules that read no text
    excluded: dict[str, int]  # reason -> rows
    signature: str
    learnt_from: dict[str, int]  # split -> rows
    validation: str  # what the validation rows were used for
    folds: int
    folds_why: str  # why there are none, or fewer than five


class Trained(Struct, frozen=True, kw_only=True):
    """The text model, what it predicts and how good that is."""

    model: TextModel
    facts: TrainFacts
    predictions: tuple[Prediction, ...]  # of the test rows (no fold), then of all labelled rows by cross-fitting
    training_hash: str  # SHA-256 of what the model was fitted on


class _Tried(Struct, frozen=True, kw_only=True):
    """A learner's predictions, before they are scored."""

    learner: Learner[Model]
    test: tuple[Prediction, ...]
    crossed: tuple[Prediction, ...]
    why_not_crossed: str


class _Judge(Struct, frozen=True, kw_only=True):
    """What all rungs are scored on, and by."""

    material: Material
    folds: Folds
    polar: tuple[str, ...] | None
    seed: int


def train_baseline(rows: Sequence[Row], labels: Sequence[str], polar: Sequence[str] | None, seed: int) -> Trained:
    """Fit the majority rule and the text model, and score both on the test rows and across grouped folds.

    Without test rows, or where no folds can be made, the scores concerned are undefined and say why.

    Args:
        rows: their order does not matter.
        labels: those that count, in the order in which they are shown; by default a question's on-scale labels.
        polar: the labels of ``f_avg``; None where the labels have no poles.
        seed: of the folds and the intervals; the models themselves have no randomness.

    Raises:
        DataError: two rows share an id, or there is nothing to learn from.
    """
    material = sort_out(rows, labels)
    judge = _Judge(
        material=material,
        folds=grouped_folds(material.labelled, seed),
        polar=tuple(polar) if polar else None,
        seed=seed,
    )
    model = TFIDF.learn(material.learning, labels)
    majority = _try(MAJORITY, MAJORITY.learn(material.learning, labels), judge)
    text = _try(TFIDF, model, judge)
    rungs = (_rung(majority, None, judge), _rung(text, majority, judge))
    return Trained(
        model=model,
        facts=_facts(rungs, rungs[1], judge),
        predictions=text.test + text.crossed,
        training_hash=material.training_hash,
    )


def _try(learner: Learner[Model], model: Model, judge: _Judge) -> _Tried:
    """Predict the test rows by the model, and all labelled rows across the folds where the learner can."""
    test = tuple(model.predict(judge.material.test))
    crossed, why = _crossed(learner, judge)
    return _Tried(learner=learner, test=test, crossed=crossed, why_not_crossed=why)


def _crossed(learner: Learner[Model], judge: _Judge) -> tuple[tuple[Prediction, ...], str]:
    if not judge.folds.n:
        return (), judge.folds.why
    try:
        return tuple(cross_predict(learner, judge.material.labelled, judge.material.labels, judge.folds)), ""
    except DataError as error:  # a fold leaves too little to learn from: the other figures stand without this one
        return (), f"cross-validation in {judge.folds.n} folds: {error}"


def _rung(tried: _Tried, majority: _Tried | None, judge: _Judge) -> Rung:
    return Rung(
        name=tried.learner.name,
        reads_text=tried.learner.reads_text,
        settings=tried.learner.settings,
        test=_scored(judge.material.test, tried.test, _NO_TEST, judge),
        cross_validated=_scored(judge.material.labelled, tried.crossed, tried.why_not_crossed, judge),
        over_majority=_over(tried, majority, judge) if majority else None,
    )


def _scored(rows: Sequence[Row], predictions: Sequence[Prediction], why_none: str, judge: _Judge) -> Scores:
    labels = judge.material.labels
    if not predictions:
        return no_scores(labels, judge.polar, why_none, judge.seed)
    answers = _answers(rows, predictions)
    return score(*answers, labels, judge.polar, judge.seed)


def _answers(rows: Sequence[Row], predictions: Sequence[Prediction]) -> tuple[list[str], list[str], list[str]]:
    """Gold, prediction and cluster of the rows that have a label."""
    known = [(row.label, found.label, row.cluster) for row, found in zip(rows, predictions, strict=True) if row.label]
    return [gold for gold, _, _ in known], [found for _, found, _ in known], [cluster for _, _, cluster in known]


def _over(tried: _Tried, majority: _Tried, judge: _Judge) -> Estimate:
    if not tried.test:
        return undefined(_NO_TEST, 0, 0)
    gold, found, clusters = _answers(judge.material.test, tried.test)
    _, by_majority, _ = _answers(judge.material.test, majority.test)
    return paired_difference(gold, found, by_majority, clusters, judge.material.labels, judge.seed)


def _facts(rungs: tuple[Rung, ...], text: Rung, judge: _Judge) -> TrainFacts:
    return TrainFacts(
        test=text.test,
        rungs=rungs,
        excluded=judge.material.excluded,
        signature=f"{text.test.signature}|model:{text.settings}",
        learnt_from=judge.material.learning_splits,
        validation=_VALIDATION,
        folds=judge.folds.n,
        folds_why=judge.folds.why,
    )
