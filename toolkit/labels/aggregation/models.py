"""Models of annotators: soft labels always, a hard label only where the model may be believed.

In the model of Dawid and Skene each annotator mistakes one label for another at rates of their own. The chances of each
item's label, the share of each label and each annotator's confusion matrix are estimated together. Annotators with few
votes borrow from the others (partial pooling) unless the plain model is asked for.

Where a question has off-scale labels, two things are estimated one after the other: whether the scale applies, by all
votes, and the label, on the items to which it does, by the votes of those who used the scale. The chances are
multiplied.
"""

import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from toolkit.codebook import Question
from toolkit.errors import ConfigError
from toolkit.labels.aggregation.gold import Aggregated, FitFacts, Method
from toolkit.labels.votes import Votes, code_votes
from toolkit.records import Gold, Vote
from toolkit.runs import install_command
from toolkit.statistics import Floats
from toolkit.tables.columns import Ints

# --- Dawid and Skene -------------------------------------------------------------------------------------------------

Pooling = Literal["partial", "none"]

_STRENGTH = 10.0  # how many votes the others' confusions weigh in an annotator's row
_TINY = 1e-12


class ModelOptions(Struct, frozen=True, kw_only=True):
    """How the model is fitted."""

    pooling: Pooling = "partial"
    restarts: int | None = None  # besides the start from the votes; None: 4, and in the plain model, as its source, 0
    rounds: int = 500  # at most
    tolerance: float = 1e-7  # relative change of the log-likelihood at which the estimate has settled
    seed: int = 0


@dataclass(frozen=True)
class Posterior:
    """The probabilities of the labels of items, and how the estimation ended; None where a model does not report it."""

    posterior: Floats  # the chance of each label, [items, labels]
    log_likelihood: float | None  # of the votes, natural logarithm
    rounds: int | None
    converged: bool | None
    agreeing_starts: int | None  # how many starts, this one included, ended at this likelihood
    starts: int


@dataclass(frozen=True)
class Fitted(Posterior):
    """The estimate of the model of Dawid and Skene."""

    prior: Floats  # the share of each label, [labels]
    confusion: Floats  # of each annotator: true label to given label, rows sum to 1, [annotators, labels, labels]


def fit(votes: Votes, options: ModelOptions) -> Fitted:
    """The estimate of the highest likelihood among several starts.

    The first start takes the votes as chances; each other one weighs the annotators by chance. Several votes of one
    annotator on one item count as so many judgements.

    Source:
        Dawid and Skene, Maximum likelihood estimation of observer error-rates using the EM algorithm (1979), section 3;
        pooling: the prior of an annotator's rows is the confusion of all, as in Paun et al., Comparing Bayesian models
        of annotation (2018), section 3.3, here at a fixed strength.
    """
    model = _Model(votes, options.pooling)
    generator = np.random.default_rng(options.seed)
    people = len(votes.annotators)
    restarts = (4 if options.pooling == "partial" else 0) if options.restarts is None else options.restarts
    rank = _ranked(votes)
    starts = [np.ones(people), *(generator.gamma(1.0, size=people)[rank] for _ in range(restarts))]
    ends = [model.run(model.soft_votes(weight), options) for weight in starts]
    best = max(ends, key=lambda end: end.objective)
    near = sum(abs(end.objective - best.objective) <= 1e-6 * max(abs(best.objective), 1.0) for end in ends)
    return Fitted(
        posterior=best.posterior,
        prior=best.prior,
        confusion=best.confusion,
        log_likelihood=best.log_likelihood,
        rounds=best.rounds,
        converged=best.converged,
        agreeing_starts=near,
        starts=len(ends),
    )


def _ranked(votes: Votes) -> Ints:
    """The place of each annotator by what they did, so that starts by chance do not hang on names."""
    people = len(votes.annotators)
    alike = votes.counts[votes.item, votes.label] / votes.per_item[votes.item]
    n_votes = np.bincount(votes.annotator, minlength=people)
    agreement = np.bincount(votes.annotator, alike, minlength=people)
    rank = np.empty(people, dtype=np.int64)
    rank[np.lexsort((np.round(agreement, 9), n_votes))] = np.arange(people)
    return rank


@dataclass(frozen=True)
class _Estimation:
    posterior: Floats
    prior: Floats
    confusion: Floats
    log_likelihood: float
    objective: float  # the log-likelihood, and under pooling the log-density of the confusions besides
    rounds: int
    converged: bool


class _Model:
    """The steps of the estimation on the same votes."""

    def __init__(self, votes: Votes, pooling: Pooling) -> None:
        from scipy.sparse import coo_array

        self._shape = len(votes.items), len(votes.annotators), len(votes.labels)
        items, annotators, labels = self._shape
        cell = votes.annotator * labels + votes.label
        table = coo_array((np.ones(len(cell)), (votes.item, cell)), shape=(items, annotators * labels)).tocsr()
        table.sort_indices()  # so that sums are taken in the same order, whatever that of the rows was
        self._given = table  # how often each annotator gave each label, [items, annotators * labels]
        self._taken = table.T.tocsr()
        self._pooled = pooling == "partial"

    def soft_votes(self, weight: Floats) -> Floats:
        """The shares of the labels among an item's votes, annotators weighted, [items, labels]."""
        _, annotators, labels = self._shape
        one_each = np.tile(np.eye(labels), (annotators, 1))
        shares = self._given @ (one_each * np.repeat(weight + _TINY, labels)[:, np.newaxis])
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def run(self, posterior: Floats, options: ModelOptions) -> _Estimation:
        """Estimate from these chances on until nothing changes any more."""
        before = -np.inf
        for number in range(1, options.rounds + 1):
            prior, confusion, density = self._maximise(posterior)
            posterior, log_likelihood = self._expect(prior, confusion)
            objective = log_likelihood + density
            if abs(objective - before) <= options.tolerance * max(abs(objective), 1.0):
                return _Estimation(posterior, prior, confusion, log_likelihood, objective, number, converged=True)
            before = objective
        return _Estimation(posterior, prior, confusion, log_likelihood, objective, options.rounds, converged=False)

    def _maximise(self, posterior: Floats) -> tuple[Floats, Floats, float]:
        _, annotators, labels = self._shape
        cells = (self._taken @ posterior).reshape(annotators, labels, labels)
        counts = np.moveaxis(cells, 1, 2)  # true label to given label
        prior = posterior.mean(axis=0)
        if not self._pooled:
            total = counts.sum(axis=2, keepdims=True)
            return prior, np.divide(counts, total, out=np.full(counts.shape, 1 / labels), where=total > _TINY), 0.0
        common = counts.sum(axis=0) + 1 / labels
        share = _STRENGTH * common / common.sum(axis=1, keepdims=True)
        confusion = (counts + share) / (counts.sum(axis=2, keepdims=True) + _STRENGTH)
        return prior, confusion, float((share * np.log(confusion + _TINY)).sum())

    def _expect(self, prior: Floats, confusion: Floats) -> tuple[Floats, float]:
        _, annotators, labels = self._shape
        by_cell = np.log(np.moveaxis(confusion, 1, 2).reshape(annotators * labels, labels) + _TINY)
        score = self._given @ by_cell + np.log(prior + _TINY)
        top = score.max(axis=1, keepdims=True)
        chance = np.exp(score - top)
        total = chance.sum(axis=1, keepdims=True)
        return chance / total, float((np.log(total) + top).sum())


# --- MACE and GLAD, through crowd-kit --------------------------------------------------------------------------------

_MACE_STARTS = 10


def mace(votes: Votes, seed: int = 0) -> Posterior:
    """Chances by MACE: an annotator either knows, or answers by a habit of their own.

    Source:
        Hovy, Berg-Kirkpatrick, Vaswani and Hovy, Learning whom to trust with MACE (2013), sections 2 and 3; crowd-kit's
        variational estimate with its own defaults.

    Raises:
        ConfigError: crowd-kit is not installed.
    """
    library = _library()
    chances = _run(library.MACE(n_restarts=_MACE_STARTS, random_state=seed), votes)
    return Posterior(chances, log_likelihood=None, rounds=50, converged=None, agreeing_starts=None, starts=_MACE_STARTS)


def glad(votes: Votes) -> Posterior:
    """Chances by GLAD: annotators have skill and items have difficulty.

    Source:
        Whitehill, Ruvolo, Wu, Bergsma and Movellan, Whose vote should count more (2009), sections 2 and 3; crowd-kit's
        estimate with its own defaults.

    Raises:
        ConfigError: crowd-kit is not installed.
    """
    library = _library()
    model = library.GLAD()
    chances = _run(model, votes)
    losses = model.loss_history_
    settled = len(losses) > 1 and abs(losses[-1] - losses[-2]) < model.tol
    return Posterior(chances, None, rounds=len(losses), converged=bool(settled), agreeing_starts=None, starts=1)


def _library() -> Any:  # noqa: ANN401 - crowd-kit has no types that hold
    try:
        from crowdkit import aggregation
    except ImportError as error:
        raise ConfigError(
            "the methods mace and glad need crowd-kit, which is not installed; take dawid-skene or majority, "
            f"or type: {install_command('crowd')}"
        ) from error
    return aggregation


def _run(model: Any, votes: Votes) -> Any:  # noqa: ANN401 - crowd-kit has no types that hold
    """The chances of all labels; those that nobody gave have none."""
    import pandas as pd

    order = np.lexsort((votes.label, votes.annotator, votes.item))
    columns = {"task": votes.item[order], "worker": votes.annotator[order], "label": votes.label[order]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # crowd-kit's own, about pandas
        probabilities = model.fit_predict_proba(pd.DataFrame(columns))
    table = probabilities.reindex(index=range(len(votes.items)), columns=range(len(votes.labels)), fill_value=0.0)
    chances = np.nan_to_num(table.to_numpy(dtype=np.float64))
    return chances / chances.sum(axis=1, keepdims=True)


# --- gold by a model -------------------------------------------------------------------------------------------------

Model = Callable[[Votes], Posterior]

_OFF_SCALE, _APPLIES = "off_scale", "applies"
_EQUAL = 1e-9  # chances that differ by less are a tie


class HardLabels(Struct, frozen=True, kw_only=True):
    """When the most likely label becomes a label."""

    threshold: float = 0.8  # the chance that the label needs
    min_votes: int = 3  # answers that the item needs
    min_shared: int = 30  # items that an annotator shares with others before their votes are believed


class _Soft(NamedTuple):
    chances: Floats  # [items, labels]
    fits: tuple[FitFacts, ...]


def by_model(name: str, model: Model, hard: HardLabels) -> Method:
    """A method of aggregation: a model of annotators under its name."""

    def method(votes: Sequence[Vote], question: Question, item_ids: Sequence[str], _: Mapping[str, int]) -> Aggregated:
        """The gold labels by the model."""
        return _aggregate(name, model, hard, votes, question, item_ids)

    return method


def _aggregate(
    name: str, model: Model, hard: HardLabels, votes: Sequence[Vote], question: Question, item_ids: Iterable[str]
) -> Aggregated:
    coded = code_votes([vote for vote in votes if vote.label in question.gold_labels], question.gold_labels)
    soft = _soft(coded, question, model)
    against = _reasons(coded, soft.chances, hard)
    counts = _counted(votes)
    place = {item: number for number, item in enumerate(coded.items)}
    gold, reasons = [], {}
    for item in sorted(item_ids):
        number = place.get(item)
        reason = "no answer" if number is None else against[number]
        if reason:
            reasons[item] = reason
        chances = None if number is None else soft.chances[number]
        gold.append(_gold(name, question, item, counts.get(item, Counter()), chances, reason))
    return Aggregated(gold=gold, reasons=reasons, fits=soft.fits)


def _counted(votes: Iterable[Vote]) -> dict[str, Counter[str]]:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for vote in votes:
        counts[vote.item_id][vote.label] += 1
    return counts


def _gold(name: str, question: Question, item: str, counts: Counter[str], chances: Floats | None, reason: str) -> Gold:
    labels = question.gold_labels
    best = None if chances is None or reason else int(chances.argmax())
    return Gold(
        item_id=item,
        question=question.name,
        label=None if best is None else labels[best],
        status="unresolved" if best is None else "model",
        method=name,
        n_votes=counts.total(),
        votes={label: counts[label] for label in question.label_names if counts[label]},
        soft={} if chances is None else {label: float(chances[n]) for n, label in enumerate(labels)},
        confidence=None if best is None or chances is None else float(chances[best]),
    )


def _reasons(coded: Votes, chances: Floats, hard: HardLabels) -> list[str]:
    """Why an item has no label, "" where it has one, [items]."""
    if not len(coded.items):
        return []
    # An annotator's votes on items that others voted on too: what a confusion can be learned from.
    pairs = np.unique(coded.item * len(coded.annotators) + coded.annotator)
    item, annotator = pairs // len(coded.annotators), pairs % len(coded.annotators)
    people = np.bincount(item, minlength=len(coded.items))
    shared = np.bincount(annotator, people[item] >= 2, minlength=len(coded.annotators))
    believed = np.bincount(coded.item, shared[coded.annotator] >= hard.min_shared, minlength=len(coded.items))
    top = np.sort(chances, axis=1)
    tied = top[:, -1] - top[:, -2] < _EQUAL if chances.shape[1] > 1 else np.zeros(len(chances), dtype=bool)
    checks = [
        (coded.per_item < hard.min_votes, f"fewer than {hard.min_votes} answers"),
        (believed < hard.min_votes, f"annotators who share fewer than {hard.min_shared} items with others"),
        (tied, "a tie"),
        (top[:, -1] < hard.threshold, f"no label with a chance of {hard.threshold:g}"),
    ]
    chosen = np.select([check for check, _ in checks], range(1, len(checks) + 1), 0)
    words = ["", *(reason for _, reason in checks)]
    return [words[number] for number in chosen]


# --- soft labels -----------------------------------------------------------------------------------------------------


def _soft(coded: Votes, question: Question, model: Model) -> _Soft:
    """The chance of each label that can be gold."""
    labels = question.gold_labels
    off = np.array([label in question.off_scale for label in labels])
    if not len(coded.items):
        return _Soft(np.zeros((0, len(labels))), ())
    if not coded.counts[:, off].any():
        used = [label for label, there in zip(labels, ~off, strict=True) if there] if off.any() else labels
        on_scale = coded.relabelled(used, {label: label for label in used})
        result = model(on_scale)
        return _Soft(_spread(result.posterior, used, labels), (_facts("label", on_scale, result),))
    return _in_two_steps(coded, off, question, model)


def _in_two_steps(coded: Votes, off: NDArray[np.bool_], question: Question, model: Model) -> _Soft:
    labels = question.gold_labels
    names = {label: _OFF_SCALE if away else _APPLIES for label, away in zip(labels, off, strict=True)}
    about = coded.relabelled((_APPLIES, _OFF_SCALE), names)
    first = model(about)
    applies = first.posterior[:, :1]
    fits = [_facts("applicability", about, first)]
    placed = _shares(coded.counts * ~off, ~off)
    chosen = ~off[coded.label] & (applies[coded.item, 0] > 1 / 2)
    if chosen.any():
        some, applicable = coded.of(chosen), [label for label in labels if label in question.applicable]
        some = some.relabelled(applicable, {label: label for label in applicable})
        second = model(some)
        rows = np.unique(coded.item[chosen])
        placed[rows] = _spread(second.posterior, applicable, labels)
        fits.append(_facts("label", some, second))
    return _Soft(applies * placed + (1 - applies) * _shares(coded.counts * off, off), tuple(fits))


def _shares(counts: Floats, allowed: NDArray[np.bool_]) -> Floats:
    """Counts as shares of their rows; of a row without any, those of all rows together."""
    total = counts.sum(axis=1, keepdims=True)
    everybody = counts.sum(axis=0)
    fallback = everybody / everybody.sum() if everybody.any() else allowed / allowed.sum()
    return np.where(total > 0, counts / np.maximum(total, 1), fallback)


def _spread(chances: Floats, some: Sequence[str], labels: Sequence[str]) -> Floats:
    """Columns of some labels among those of all."""
    columns = np.zeros((len(chances), len(labels)))
    columns[:, [labels.index(label) for label in some]] = chances
    return columns


def _facts(about: str, votes: Votes, result: Posterior) -> FitFacts:
    return FitFacts(
        about=about,
        items=len(votes.items),
        annotators=len(votes.annotators),
        log_likelihood=result.log_likelihood,
        rounds=result.rounds,
        converged=result.converged,
        starts=result.starts,
        agreeing_starts=result.agreeing_starts,
        shares=_share_of_labels(votes, result.posterior.mean(axis=0)),
    )


def _share_of_labels(votes: Votes, shares: Floats) -> dict[str, float]:
    return {label: float(share) for label, share in zip(votes.labels, shares, strict=True)}
