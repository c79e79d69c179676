"""Methods of aggregation, from what a campaign file or a command line says of them."""

import importlib.util
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct

from toolkit.codebook import Question
from toolkit.errors import UsageError
from toolkit.labels.aggregation.gold import Aggregated, FitFacts, Method, by_majority
from toolkit.labels.aggregation.models import HardLabels, Model, ModelOptions, by_model, fit, glad, mace
from toolkit.records import Gold, Vote
from toolkit.workspace import AggregateOptions


def method_of(options: AggregateOptions, seed: int) -> Method:
    """How the label of an item is found.

    Raises:
        UsageError: something is said that the method does not know.
    """
    _check(options)
    if options.method == "majority":
        return by_majority if options.min_votes is None else partial(_majority_of, options.min_votes)
    return by_model(options.method, _model(options, seed), _hard(options))


def _majority_of(
    least: int, votes: Sequence[Vote], question: Question, item_ids: Sequence[str], _: Mapping[str, int]
) -> Aggregated:
    return by_majority(votes, question, item_ids, dict.fromkeys(item_ids, least))


def _check(options: AggregateOptions) -> None:
    plain = AggregateOptions()
    of_models = ("threshold", "min_shared", "pooling", "restarts")
    unknown = {"majority": of_models, "mace": of_models[2:], "glad": of_models[2:]}.get(options.method, ())
    for name in unknown:
        if getattr(options, name) != getattr(plain, name):
            raise UsageError(f"{name.replace('_', '-')} means nothing to the method {options.method}; leave it out")


def _model(options: AggregateOptions, seed: int) -> Model:
    if options.method == "mace":
        return partial(mace, seed=seed)
    if options.method == "glad":
        return glad
    return partial(fit, options=ModelOptions(pooling=options.pooling, restarts=options.restarts, seed=seed))


def _hard(options: AggregateOptions) -> HardLabels:
    plain = HardLabels()
    return HardLabels(
        threshold=plain.threshold if options.threshold is None else options.threshold,
        min_votes=options.min_votes or plain.min_votes,
        min_shared=plain.min_shared if options.min_shared is None else options.min_shared,
    )


def compared_methods(seed: int) -> dict[str, Method]:
    """The methods that sensitivity compares: those of ours, and crowd-kit's where it is installed."""
    options = [AggregateOptions(), AggregateOptions(method="dawid-skene")]
    if importlib.util.find_spec("crowdkit"):
        options += [AggregateOptions(method="mace"), AggregateOptions(method="glad")]
    return {each.method: method_of(each, seed) for each in options}


def fit_line(fits: Sequence[FitFacts]) -> str:
    """How the models came out, for the end of a line."""
    return "".join(f"; {_said(one)}" for one in fits)


def _said(one: FitFacts) -> str:
    about = f"model of {one.about}"
    likelihood = "" if one.log_likelihood is None else f" log-likelihood {one.log_likelihood:.2f},"
    ended = {True: f"settled after {one.rounds} rounds", False: f"NOT SETTLED after {one.rounds} rounds"}
    end = f"{one.rounds} rounds" if one.converged is None else ended[one.converged]
    starts = "" if one.agreeing_starts is None else f", {one.agreeing_starts} of {one.starts} starts end there"
    return f"{about}:{likelihood} {end}{starts}"


def reasons_line(found: Aggregated) -> str:
    """Why items are unresolved, in brackets; "" where none is."""
    said = ", ".join(f"{number} {reason}" for reason, number in found.reason_counts.items())
    return f" ({said})" if said else ""


# --- how much hangs on the method ------------------------------------------------------------------------------------


class MethodPair(Struct, frozen=True, kw_only=True):
    """The gold of two methods, side by side, over the same items."""

    one: str
    other: str
    both: int  # items that have a label by both
    only_one: int  # items that have a label by the first alone
    only_other: int
    neither: int
    changed: int  # of those with a label by both: another one
    share: float | None  # changed / both; None where no item has a label by both
    labels: dict[str, int]  # "pro -> neutral": items, the most frequent first


class Swap(Struct, frozen=True, kw_only=True):
    """Two baselines that stand in another order under another method."""

    one: str  # the method under which `better` is better
    other: str
    better: str
    worse: str


def compare_methods(golds: Mapping[str, Sequence[Gold]]) -> list[MethodPair]:
    """Every two methods, by what they make of one question."""
    return [_pair(one, other, golds[one], golds[other]) for one, other in itertools.combinations(golds, 2)]


def _pair(one: str, other: str, gold: Sequence[Gold], other_gold: Sequence[Gold]) -> MethodPair:
    second = {row.item_id: row.label for row in other_gold}
    pairs = [(row.label, second[row.item_id]) for row in gold if row.item_id in second]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    changes = Counter(f"{a} -> {b}" for a, b in known if a != b)
    return MethodPair(
        one=one,
        other=other,
        both=len(known),
        only_one=sum(a is not None and b is None for a, b in pairs),
        only_other=sum(a is None and b is not None for a, b in pairs),
        neither=sum(a is None and b is None for a, b in pairs),
        changed=changes.total(),
        share=changes.total() / len(known) if known else None,
        labels=dict(sorted(changes.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def swapped_baselines(scores: Mapping[str, Mapping[str, float | None]]) -> list[Swap]:
    """The baselines that change places, by method and baseline their scores; what has no score has no place."""
    found = []
    for one, other in itertools.combinations(scores, 2):
        for first, second in itertools.permutations(sorted(scores[one].keys() & scores[other].keys()), 2):
            if _is_better(scores[one], first, second) and _is_better(scores[other], second, first):
                found.append(Swap(one=one, other=other, better=first, worse=second))
    return found


def _is_better(scores: Mapping[str, float | None], first: str, second: str) -> bool:
    a, b = scores[first], scores[second]
    return a is not None and b is not None and a > b
