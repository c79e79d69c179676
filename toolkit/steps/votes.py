"""Votes as steps have them: those of a campaign that count, or those in a table of a user's own."""

from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct

from toolkit.labels.ledger import Ledger, votes_of
from toolkit.labels.vote_tables import CodedTable, Columns, Rules, coded_votes
from toolkit.records import Vote
from toolkit.steps.common import clusters_of, counted_of, items_of
from toolkit.tables.columns import read_columns
from toolkit.workspace import CampaignConfig

__all__ = [
    "Columns",
    "Rules",
    "TableVotes",
    "all_votes",
    "counted_votes",
    "gold_votes",
    "left_out_line",
    "read_votes",
    "table_votes",
]

_OF_DESIGN = ("design",)
_OF_GOLD = ("design", "tiebreak")
_OF_ALL = ("design", "tiebreak", "selection")  # adjudicators have seen votes: theirs never count


def counted_votes(campaign: CampaignConfig) -> tuple[Ledger, dict[str, list[Vote]]]:
    """The annotations of a campaign that count, and the votes on each question."""
    return _votes(campaign, _OF_DESIGN)


def gold_votes(campaign: CampaignConfig) -> dict[str, list[Vote]]:
    """The votes on each question that decide its labels: those of tie-breaks too."""
    return _votes(campaign, _OF_GOLD)[1]


def all_votes(campaign: CampaignConfig) -> tuple[int, dict[str, list[Vote]]]:
    """The votes on each question with those that were asked for where others disagreed, and how many those are.

    They bias agreement, which is why `counted_votes` leaves them out.
    """
    (ledger, votes), (counted, _) = _votes(campaign, _OF_ALL), counted_votes(campaign)
    return len(ledger.counted) - len(counted.counted), votes


def _votes(campaign: CampaignConfig, layers: Collection[str]) -> tuple[Ledger, dict[str, list[Vote]]]:
    items = items_of(campaign)
    clusters = {row.article_id: row.cluster for row in clusters_of(campaign)}
    ledger = counted_of(campaign, layers)
    questions = campaign.codebook.choices
    return ledger, {question.name: votes_of(ledger, question, items, clusters) for question in questions}


# --- tables of a user's own -----------------------------------------------------------------------------------------


class TableVotes(Struct, frozen=True, kw_only=True):
    """The votes in a table, and how many of its rows are none, by reason."""

    votes: list[Vote]
    left_out: dict[str, int]
    notes: tuple[str, ...] = ()  # what a reader should look at


def read_votes(path: Path, columns: Columns, rules: Rules) -> CodedTable:
    """The votes in a table, as `coded_votes` takes them from its columns.

    Raises:
        DataError: as `coded_votes` and `read_columns` raise it.
    """
    return coded_votes(read_columns(path, columns.required, columns.optional), columns, rules)


def table_votes(path: Path, columns: Columns, rules: Rules | None = None) -> TableVotes:
    """The votes in a table, one record each, as `read_votes` reads them.

    Raises:
        DataError: a column is missing or empty, a label is not allowed, or one annotator has two votes on an item of
            which neither is the later.
    """
    table = read_votes(path, columns, rules or Rules())
    cells = [[column.names[code] for code in column.codes] for column in (table.item, table.annotator, table.label)]
    clusters = [table.cluster.names[code] for code in table.cluster.codes]
    weights = [1.0] * len(clusters) if table.weight is None else table.weight.tolist()
    votes = [
        Vote(question=table.name, item_id=item, annotator=annotator, label=label, cluster=cluster, weight=weight)
        for item, annotator, label, cluster, weight in zip(*cells, clusters, weights, strict=True)
    ]
    return TableVotes(votes=votes, left_out=table.left_out, notes=table.notes)


def left_out_line(left_out: Mapping[str, int]) -> str:
    """What was left out, for the end of a line."""
    rows = ", ".join(f"{number} {reason}" for reason, number in left_out.items())
    return f"; rows left out: {rows}" if rows else ""
