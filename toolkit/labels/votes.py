"""The votes of a campaign that count, and votes as arrays for computation."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from toolkit.errors import DataError
from toolkit.labels.ledger import Ledger, settle, votes_of
from toolkit.records import Vote
from toolkit.statistics import Floats
from toolkit.store import Store
from toolkit.tables.columns import Coded, Ints, renumbered

# --- the votes of a campaign ------------------------------------------------------------------------------------------

OF_DESIGN = ("design",)  # for agreement
OF_GOLD = ("design", "tiebreak")
OF_ALL = ("design", "tiebreak", "selection")  # adjudicators see the votes of others, so their votes never count


class CampaignVotes(Struct, frozen=True, kw_only=True):
    """The annotations of a campaign that count, and their votes."""

    ledger: Ledger
    by_question: dict[str, list[Vote]]  # questions that are answered with one label


def campaign_votes(store: Store, layers: Collection[str] = OF_DESIGN) -> CampaignVotes:
    """Return the votes of a campaign that count, under the present label names and without withdrawn items.

    Args:
        store: the files of the campaign.
        layers: the kinds of assignment whose answers count: `OF_DESIGN` for agreement, `OF_GOLD` for gold. Votes that
            were requested because annotators disagreed bias agreement.
    """
    codebook, items, clusters = store.campaign.codebook, store.items, store.clusters
    ledger = settle(store.annotations, items, codebook, store.withdrawn, layers)
    by_question = {question.name: votes_of(ledger, question, items, clusters) for question in codebook.choices}
    return CampaignVotes(ledger=ledger, by_question=by_question)


def selected_annotations(store: Store) -> int:
    """Return the number of annotations that were requested because annotators disagreed; only `OF_ALL` counts them."""
    return len(campaign_votes(store, OF_ALL).ledger.counted) - len(campaign_votes(store).ledger.counted)


# --- votes as arrays --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Votes:
    """Votes on one question. Items, annotators and clusters are sorted by name, so the order of rows has no effect."""

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
        """Return the number of votes for each label on each item, [items, labels]."""
        shape = len(self.items), len(self.labels)
        flat = np.bincount(self.item * shape[1] + self.label, minlength=shape[0] * shape[1])
        return flat.reshape(shape).astype(np.float64)

    @cached_property
    def per_item(self) -> Ints:
        """Return the number of votes on each item, [items]."""
        return np.bincount(self.item, minlength=len(self.items))

    def of(self, chosen: NDArray[np.bool_]) -> "Votes":
        """Return some of the votes, by a mask [votes]; items, annotators and clusters without a vote are dropped."""
        items, item = renumbered(self.item[chosen], len(self.items))
        annotators, annotator = renumbered(self.annotator[chosen], len(self.annotators))
        names, cluster = renumbered(self.cluster[items], len(self.clusters))
        return Votes(
            labels=self.labels,
            items=_chosen(self.items, items),
            annotators=_chosen(self.annotators, annotators),
            clusters=_chosen(self.clusters, names),
            item=item,
            annotator=annotator,
            label=self.label[chosen],
            cluster=cluster,
            weight=self.weight[items],
        )

    def in_order(self, labels: Sequence[str]) -> "Votes":
        """Return the same votes with the same labels in another order."""
        code = np.array([labels.index(label) for label in self.labels], dtype=np.int64)
        return Votes(**{**vars_of(self), "labels": tuple(labels), "label": code[self.label]})

    def relabelled(self, labels: Sequence[str], new: Mapping[str, str]) -> "Votes":
        """Return the votes under other labels; votes whose label has no new label are dropped."""
        position = {label: number for number, label in enumerate(labels)}
        code = np.array([position[new[label]] if label in new else -1 for label in self.labels], dtype=np.int64)
        coded = code[self.label] if len(self.label) else self.label
        remaining = self.of(coded >= 0)
        return Votes(**{**vars_of(remaining), "labels": tuple(labels), "label": coded[coded >= 0]})


def vars_of(votes: Votes) -> dict[str, Any]:
    """Return the fields of votes, without the derived properties."""
    return {name: getattr(votes, name) for name in Votes.__dataclass_fields__}


def code_votes(votes: Iterable[Vote], labels: Sequence[str]) -> Votes:
    """Return votes as arrays.

    Raises:
        DataError: a label is not among the labels, or an item is in two clusters.
    """
    rows = list(votes)
    return code_columns(
        [vote.item_id for vote in rows],
        [vote.annotator for vote in rows],
        [vote.label for vote in rows],
        [vote.cluster for vote in rows],
        labels,
        [vote.weight for vote in rows],
    )


def code_columns(
    items: Sequence[str],
    annotators: Sequence[str],
    votes: Sequence[str],
    clusters: Sequence[str],
    labels: Sequence[str],
    weights: Sequence[float] | None = None,
) -> Votes:
    """Return the columns of a table of votes as arrays, each [votes].

    Raises:
        DataError: a label is not among the labels, or an item is in two clusters or has two weights.
    """
    columns = Coded.of(items), Coded.of(annotators), Coded.of(votes), Coded.of(clusters)
    weight = None if weights is None else np.asarray(weights, dtype=np.float64)
    return code_coded(*columns, labels, weight)


def code_coded(
    items: Coded, annotators: Coded, votes: Coded, clusters: Coded, labels: Sequence[str], weights: Floats | None
) -> Votes:
    """Return coded columns as votes, each [votes].

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
        cluster=_by_item(items.codes, clusters.codes, items.names, "clusters"),
        weight=ones if weights is None else _by_item(items.codes, weights, items.names, "weights"),
    )


def _chosen(names: tuple[str, ...], numbers: Ints) -> tuple[str, ...]:
    return names if len(names) == len(numbers) else tuple(map(names.__getitem__, numbers.tolist()))


def _by_item(item: Ints, values: Any, names: Sequence[str], what: str) -> Any:  # noqa: ANN401 - of either kind
    """Return the value of each item; all votes on an item must have the same value."""
    by_item = np.zeros(len(names), dtype=values.dtype)
    by_item[item] = values
    wrong = np.flatnonzero(by_item[item] != values)
    if len(wrong):
        raise DataError(f"item {names[item[wrong[0]]]}: its votes are in different {what}; give the item one of them")
    return by_item
