"""Votes as arrays: who said what about which item, as numbers, for whatever is computed from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.errors import DataError
from toolkit.records import Vote
from toolkit.statistics import Floats
from toolkit.tables.columns import Coded, Ints, renumbered


@dataclass(frozen=True)
class Votes:
    """Votes on one question; items, annotators and clusters are sorted by name, so the order of rows is forgotten."""

    labels: tuple[str, ...]  # in codebook order
    items: tuple[str, ...]
    annotators: tuple[str, ...]
    clusters: tuple[str, ...]
    item: Ints  # of each vote, [votes]
    annotator: Ints  # [votes]
    label: Ints  # [votes]
    cluster: Ints  # of each item, [items]
    weight: Floats  # of each item, [items]

    @cached_property
    def counts(self) -> Floats:
        """How often each item was given each label, [items, labels]."""
        shape = len(self.items), len(self.labels)
        flat = np.bincount(self.item * shape[1] + self.label, minlength=shape[0] * shape[1])
        return flat.reshape(shape).astype(np.float64)

    @cached_property
    def per_item(self) -> Ints:
        """How many votes each item has, [items]."""
        return np.bincount(self.item, minlength=len(self.items))

    def of(self, chosen: NDArray[np.bool_]) -> "Votes":
        """Some of the votes, [votes], without what nobody of them voted on."""
        items, item = renumbered(self.item[chosen], len(self.items))
        people, annotator = renumbered(self.annotator[chosen], len(self.annotators))
        names, cluster = renumbered(self.cluster[items], len(self.clusters))
        return Votes(
            labels=self.labels,
            items=_chosen(self.items, items),
            annotators=_chosen(self.annotators, people),
            clusters=_chosen(self.clusters, names),
            item=item,
            annotator=annotator,
            label=self.label[chosen],
            cluster=cluster,
            weight=self.weight[items],
        )

    def in_order(self, labels: Sequence[str]) -> "Votes":
        """The same votes with the same labels in another order."""
        code = np.array([labels.index(label) for label in self.labels], dtype=np.int64)
        return Votes(**{**vars_of(self), "labels": tuple(labels), "label": code[self.label]})

    def relabelled(self, labels: Sequence[str], new: Mapping[str, str]) -> "Votes":
        """The votes under other labels; those whose label has no new one are left out."""
        position = {label: number for number, label in enumerate(labels)}
        code = np.array([position[new[label]] if label in new else -1 for label in self.labels], dtype=np.int64)
        coded = code[self.label] if len(self.label) else self.label
        kept = self.of(coded >= 0)
        return Votes(**{**vars_of(kept), "labels": tuple(labels), "label": coded[coded >= 0]})


def vars_of(votes: Votes) -> dict[str, Any]:
    """The fields of some votes, without what was derived from them."""
    return {name: getattr(votes, name) for name in Votes.__dataclass_fields__}


def code_votes(votes: Iterable[Vote], labels: Sequence[str]) -> Votes:
    """Votes as arrays.

    Raises:
        DataError: a label is not among the labels, or an item is in two clusters.
    """
    given = list(votes)
    return code_columns(
        [vote.item_id for vote in given],
        [vote.annotator for vote in given],
        [vote.label for vote in given],
        [vote.cluster for vote in given],
        labels,
        [vote.weight for vote in given],
    )


def code_columns(
    items: Sequence[str],
    annotators: Sequence[str],
    votes: Sequence[str],
    clusters: Sequence[str],
    labels: Sequence[str],
    weights: Sequence[float] | None = None,
) -> Votes:
    """Columns of a table of votes as arrays, each [votes].

    Raises:
        DataError: a label is not among the labels, or an item is in two clusters or has two weights.
    """
    columns = Coded.of(items), Coded.of(annotators), Coded.of(votes), Coded.of(clusters)
    weight = None if weights is None else np.asarray(weights, dtype=np.float64)
    return code_coded(*columns, labels, weight)


def code_coded(
    items: Coded, annotators: Coded, votes: Coded, clusters: Coded, labels: Sequence[str], weights: Floats | None
) -> Votes:
    """Columns that are numbers already as votes, each [votes].

    Raises:
        DataError: a label is not among the labels, or an item is in two clusters or has two weights.
    """
    position = {name: number for number, name in enumerate(labels)}
    unknown = [name for name in votes.names if name not in position]
    if unknown:
        raise DataError(f"unknown label {unknown[0]!r}; the labels are {', '.join(labels)}")
    code = np.array([position[name] for name in votes.names], dtype=np.int64)
    ones = np.ones(len(items.names))
    return Votes(
        labels=tuple(labels),
        items=items.names,
        annotators=annotators.names,
        clusters=clusters.names,
        item=items.codes,
        annotator=annotators.codes,
        label=code[votes.codes] if len(code) else votes.codes,
        cluster=_one_each(items.codes, clusters.codes, items.names, "clusters"),
        weight=ones if weights is None else _one_each(items.codes, weights, items.names, "weights"),
    )


def _chosen(names: tuple[str, ...], numbers: Ints) -> tuple[str, ...]:
    return names if len(names) == len(numbers) else tuple(map(names.__getitem__, numbers.tolist()))


def _one_each(item: Ints, values: Any, names: Sequence[str], what: str) -> Any:  # noqa: ANN401 - of either kind
    """The value of each item, where all its votes must have the same."""
    found = np.zeros(len(names), dtype=values.dtype)
    found[item] = values
    wrong = np.flatnonzero(found[item] != values)
    if len(wrong):
        raise DataError(f"item {names[item[wrong[0]]]}: its votes are in different {what}; an item has one")
    return found
