"""Methods of aggregation, applied to a campaign or a table, and compared with each other."""

import importlib.util
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations, permutations
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.codebook import Label, Question
from toolkit.errors import DataError, UsageError
from toolkit.labels.adjudication import labels_of
from toolkit.labels.aggregation.gold import Aggregated, Method, aggregate, by_majority, default_min_votes
from toolkit.labels.aggregation.models import HardLabels, Model, ModelOptions, by_model, fit, glad, mace
from toolkit.labels.vote_tables import Columns, VoteRules, coded_votes, is_no_answer
from toolkit.labels.votes import OF_GOLD, campaign_votes
from toolkit.records import Gold, Vote
from toolkit.store import Store
from toolkit.tables.columns import ColumnTable
from toolkit.words import plural
from toolkit.workspace import AggregateOptions

_SHOWN = 3  # changes of label in a line


def method_of(options: AggregateOptions, seed: int) -> Method:
    """The method that turns the votes on a question into gold.

    Raises:
        UsageError: an option has no meaning for the method.
    """
    _check(options)
    if options.method == "majority":
        return by_majority if options.min_votes is None else partial(_majority_of, options.min_votes)
    return by_model(options.method, _model(options, seed), _hard(options))


def _majority_of(
    min_votes: int, votes: Sequence[Vote], question: Question, item_ids: Sequence[str], _: Mapping[str, int]
) -> Aggregated:
    return by_majority(votes, question, item_ids, dict.fromkeys(item_ids, min_votes))


def _check(options: AggregateOptions) -> None:
    plain = AggregateOptions()
    of_models = ("threshold", "min_shared", "pooling", "restarts")
    unknown = {"majority": of_models, "mace": of_models[2:], "glad": of_models[2:]}.get(options.method, ())
    for name in unknown:
        if getattr(options, name) != getattr(plain, name):
            raise UsageError(f"{name.replace('_', '-')} has no meaning for the method {options.method}; leave it out")


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
    """The methods that sensitivity compares: majority and Dawid-Skene, and those of crowd-kit where it is installed."""
    options = [AggregateOptions(), AggregateOptions(method="dawid-skene")]
    if importlib.util.find_spec("crowdkit"):
        options += [AggregateOptions(method="mace"), AggregateOptions(method="glad")]
    return {option.method: method_of(option, seed) for option in options}


# --- a campaign ------------------------------------------------------------------------------------------------------


def campaign_gold(store: Store) -> dict[str, Aggregated]:
    """The gold of a campaign by the method that its file names, with its adjudications, by question."""
    campaign, withdrawn = store.campaign, store.withdrawn
    expected = {item.id: item.votes for item in store.items.values() if item.id not in withdrawn}
    method = method_of(campaign.file.aggregate, campaign.file.seed)
    adjudicated = labels_of(store.adjudications, campaign.codebook)
    votes = campaign_votes(store, OF_GOLD).by_question
    return aggregate(votes, campaign.codebook, expected, method, adjudicated)


def campaign_golds(store: Store) -> dict[str, dict[str, list[Gold]]]:
    """The gold of a campaign by each method, without adjudications, by question and method."""
    campaign, votes = store.campaign, campaign_votes(store).by_question
    expected = {item.id: item.votes for item in store.items.values()}
    by_method = {
        name: aggregate(votes, campaign.codebook, expected, method)
        for name, method in compared_methods(campaign.file.seed).items()
    }
    questions = [question.name for question in campaign.codebook.choices if votes[question.name]]
    return {name: {method: gold[name].gold for method, gold in by_method.items()} for name in questions}


# --- a table ---------------------------------------------------------------------------------------------------------


class TableOptions(Struct, frozen=True, kw_only=True):
    """How the votes of a table become gold."""

    method: AggregateOptions = AggregateOptions()
    order: tuple[str, ...] = ()  # the labels on a scale, from low to high; the others are off it. Empty: no scale
    no_answer: tuple[str, ...] = ()  # labels that are no answer
    seed: int = 0


def question_of(name: str, votes: Sequence[Vote], options: TableOptions) -> Question:
    """The question that a column of labels answers: its labels are those that occur, in alphabetical order.

    Raises:
        DataError: there are no votes.
        UsageError: an option names a label that does not occur.
    """
    if not votes:
        raise DataError(f"column {name!r}: no votes, so there is nothing to aggregate; name another column")
    names = sorted({vote.label for vote in votes})
    unknown = [label for label in options.order if label not in names]
    unknown += [label for label in options.no_answer if not any(is_no_answer(name, [label]) for name in names)]
    for label in unknown:
        raise UsageError(f"no label {label!r} in the column {name!r}; it has {', '.join(names)}")
    place = {label: float(number) for number, label in enumerate(options.order)}
    labels = tuple(
        Label(name=label, title={}, scale=place.get(label), no_answer=is_no_answer(label, options.no_answer))
        for label in names
    )
    return Question(name=name, text={}, labels=labels)


class TableGold(Struct, frozen=True, kw_only=True):
    """The gold of a table of votes."""

    question: Question
    aggregated: Aggregated
    left_out: dict[str, int]  # rows (of a wide table: cells) that are no votes, by reason
    cautions: tuple[str, ...]


def gold_of_columns(table: ColumnTable, columns: Columns, rules: VoteRules, options: TableOptions) -> TableGold:
    """The gold of the columns of a table of votes; an item expects as many votes as it has.

    Args:
        table: the columns, read from a file or taken from a DataFrame.
        columns: their names.
        rules: how cells become votes.
        options: how votes become gold.

    Raises:
        DataError: as `coded_votes` raises it, or there are no votes.
        UsageError: an option names a label that does not occur, or has no meaning for the method.
    """
    coded = coded_votes(table, columns, msgspec.structs.replace(rules, missing=options.no_answer))
    votes = coded.records()
    question = question_of(coded.name, votes, options)
    aggregated = _gold_by(method_of(options.method, options.seed), votes, question)
    return TableGold(question=question, aggregated=aggregated, left_out=coded.left_out, cautions=coded.notes)


def golds_of_columns(
    table: ColumnTable, columns: Columns, rules: VoteRules, options: TableOptions
) -> dict[str, dict[str, list[Gold]]]:
    """The gold of the columns of a table of votes by each method, by question and method."""
    coded = coded_votes(table, columns, rules)
    votes = coded.records()
    question = question_of(coded.name, votes, options)
    methods = compared_methods(options.seed)
    return {coded.name: {name: _gold_by(method, votes, question).gold for name, method in methods.items()}}


def _gold_by(method: Method, votes: Sequence[Vote], question: Question) -> Aggregated:
    expected = Counter(vote.item_id for vote in votes)
    limits = {item: default_min_votes(count) for item, count in expected.items()}
    return method(votes, question, list(expected), limits)


def gold_rows(gold: TableGold) -> list[dict[str, Any]]:
    """Gold as rows of a table: item, label, status, ..., reason, and a soft column a label."""
    columns = ("label", "status", "method", "n_votes", "confidence")
    return [
        {
            "item": row.item_id,
            **{column: getattr(row, column) for column in columns},
            "reason": gold.aggregated.reasons.get(row.item_id, ""),
            **{f"soft_{label}": row.soft.get(label, 0.0) for label in gold.question.gold_labels},
        }
        for row in gold.aggregated.gold
    ]


# --- sensitivity: the labels that depend on the method ---------------------------------------------------------------


class MethodPair(Struct, frozen=True, kw_only=True):
    """The gold of two methods on the same items."""

    first: str
    second: str
    both: int  # items with a label by both
    only_first: int  # items with a label by the first alone
    only_second: int
    neither: int
    changed: int  # of those with a label by both: with another label
    share: float | None  # changed / both; None where no item has a label by both
    labels: dict[str, int]  # "pro -> neutral": items, the most frequent first


class Swap(Struct, frozen=True, kw_only=True):
    """Two baselines whose order depends on the method."""

    first: str  # the method under which `better` is better
    second: str
    better: str
    worse: str


def compare_methods(golds: Mapping[str, Sequence[Gold]]) -> list[MethodPair]:
    """The comparison of each two methods on one question."""
    return [_method_pair(first, second, golds[first], golds[second]) for first, second in combinations(golds, 2)]


def _method_pair(first: str, second: str, gold: Sequence[Gold], other_gold: Sequence[Gold]) -> MethodPair:
    by_item = {row.item_id: row.label for row in other_gold}
    pairs = [(row.label, by_item[row.item_id]) for row in gold if row.item_id in by_item]
    labelled = [(a, b) for a, b in pairs if a is not None and b is not None]
    changes = Counter(f"{a} -> {b}" for a, b in labelled if a != b)
    return MethodPair(
        first=first,
        second=second,
        both=len(labelled),
        only_first=sum(a is not None and b is None for a, b in pairs),
        only_second=sum(a is None and b is not None for a, b in pairs),
        neither=sum(a is None and b is None for a, b in pairs),
        changed=changes.total(),
        share=changes.total() / len(labelled) if labelled else None,
        labels=dict(sorted(changes.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def swapped_baselines(scores: Mapping[str, Mapping[str, float | None]]) -> list[Swap]:
    """The pairs of baselines whose order depends on the method; a baseline without a score is in no pair.

    Args:
        scores: by method and baseline.
    """
    swaps = []
    for first, second in combinations(scores, 2):
        for better, worse in permutations(sorted(scores[first].keys() & scores[second].keys()), 2):
            if _is_better(scores[first], better, worse) and _is_better(scores[second], worse, better):
                swaps.append(Swap(first=first, second=second, better=better, worse=worse))
    return swaps


def _is_better(scores: Mapping[str, float | None], better: str, worse: str) -> bool:
    a, b = scores[better], scores[worse]
    return a is not None and b is not None and a > b


def format_method_pair(pair: MethodPair) -> str:
    """The comparison of two methods in a line."""
    share = "" if pair.share is None else f" ({pair.share:.1%})"
    changes = ", ".join(f"{count} {change}" for change, count in list(pair.labels.items())[:_SHOWN])
    detail = f": {changes}" if changes else ""
    alone = (
        f"{pair.only_first} only by {pair.first}, {pair.only_second} only by {pair.second}, {pair.neither} by neither"
    )
    return (
        f"{pair.first} and {pair.second}: {pair.changed} of {plural(pair.both, 'label')} differ{share}{detail}; "
        f"labels {alone}, {pair.neither} by neither"
    )


def format_swaps(swaps: Sequence[Swap], methods: int) -> str:
    """The baselines whose order depends on the method, in a line."""
    if not swaps:
        return f"baselines: the same order under all {methods} methods"
    pairs = "; ".join(f"{s.better} beats {s.worse} under {s.first}, not under {s.second}" for s in swaps)
    return f"baselines: {pairs}"


class MethodComparison(Struct, frozen=True, kw_only=True):
    """The labels, and the order of baselines, that depend on the method of aggregation."""

    questions: dict[str, list[MethodPair]]
    methods: tuple[str, ...] = ()  # with scores of baselines
    swapped: tuple[Swap, ...] = ()


def compare_golds(
    golds: Mapping[str, Mapping[str, Sequence[Gold]]], scores: Mapping[str, Mapping[str, float | None]]
) -> MethodComparison:
    """Compare methods by their gold, by question, and by the scores of the baselines trained on it."""
    return MethodComparison(
        questions={name: compare_methods(by_method) for name, by_method in golds.items()},
        methods=tuple(scores),
        swapped=tuple(swapped_baselines(scores)),
    )


def comparison_lines(comparison: MethodComparison) -> list[str]:
    """A comparison of methods as text."""
    questions = comparison.questions.items()
    lines = [f"{name}: {format_method_pair(pair)}" for name, pairs in questions for pair in pairs]
    swaps = [format_swaps(comparison.swapped, len(comparison.methods))] if comparison.methods else []
    return [*lines, *swaps]
